"""The contract of stores, as tests: derive a class, and let pytest collect it.

>>> from statecharts.store.memory import MemoryStore
>>> class TestMemory(StoreContract):
...     def make(self) -> MemoryStore:
...         return MemoryStore()
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from typing import Any

from attrs import evolve

from statecharts.store.chain import link, sealed, summed, verify
from statecharts.store.port import Store
from statecharts.store.rows import (
    LONGEST_CLAIM,
    Change,
    Checkpoint,
    Entry,
    Head,
    Kind,
    Owed,
    Run,
    Status,
    Timer,
    Waiting,
)

NOW = 1_000_000


class StoreContract:
    """The tests. `make` returns a new, empty store each time."""

    def make(self) -> Store:
        """Return a new, empty store."""
        raise NotImplementedError

    def opened(self) -> Store:
        """Return a new store, which is closed when the test is over."""
        store = self.make()
        self._opened.append(store)
        return store

    def setup_method(self) -> None:
        """Begin a test with no store open."""
        self._opened: list[Store] = []

    def teardown_method(self) -> None:
        """Close what the test has opened."""
        for store in self._opened:
            store.close()

    # -- writing -----------------------------------------------------------------------------------

    def test_what_is_written_is_read(self) -> None:
        store = self.opened()
        change = begun(
            "a", owed=[owed(1)], timers=[Timer("t#1", 5)], waiting=[Waiting(1, 2, "w", b"x")]
        )
        assert store.write([change]) == [True]
        assert store.read("a") == Run(change.head, change.owed, change.timers, change.waiting)
        assert store.head("a") == change.head
        assert store.entries("a") == list(change.entries)

    def test_a_key_that_is_not_there_has_nothing(self) -> None:
        store = self.opened()
        assert store.read("a") is None
        assert store.head("a") is None
        assert store.entries("a") == []
        assert store.tail("a", 5) == []
        assert store.taken("a", "x", 0) is None
        assert store.checkpoint("a", 9) is None
        assert store.checkpoints("a") == []
        assert store.artifacts("a") == []

    def test_a_run_is_begun_once(self) -> None:
        store = self.opened()
        first, second = begun("a"), begun("a", at=7)
        assert store.write([first]) == [True]
        assert store.write([second]) == [False]
        assert store.head("a") == first.head

    def test_a_run_that_is_not_there_cannot_go_on(self) -> None:
        store = self.opened()
        change = begun("a")
        assert store.write([evolve(change, fence=(0, 0))]) == [False]
        assert store.read("a") is None

    def test_a_change_that_misses_the_fence_writes_nothing(self) -> None:
        store = self.opened()
        first = begun("a", owed=[owed(1)])
        store.write([first])
        won = further(first, owed=[owed(2)], timers=[Timer("t#1", 5)])
        lost = further(first, owed=[owed(3)], timers=[Timer("t#2", 5)], settled=[owed(1)])
        assert store.write([won]) == [True]
        assert store.write([lost]) == [False]
        stored = store.read("a")
        assert stored is not None
        assert stored.head == won.head
        assert [one.number for one in stored.owed] == [1, 2]
        assert [one.id for one in stored.timers] == ["t#1"]
        assert store.entries("a") == [*first.entries, *won.entries]

    def test_the_epoch_is_part_of_the_fence(self) -> None:
        store = self.opened()
        first = begun("a")
        store.write([first])
        noted = evolve(first, head=sealed(evolve(first.head, epoch=1)), fence=(0, 0), entries=())
        assert store.write([noted]) == [True]
        assert store.write([further(first)]) == [False]
        assert store.write([further(noted)]) == [True]

    def test_the_others_of_a_batch_are_written(self) -> None:
        store = self.opened()
        first = begun("a")
        store.write([first])
        batch = [begun("b"), begun("a"), further(first), further(first, at=9), begun("c")]
        assert store.write(batch) == [True, False, True, False, True]
        assert [head.run for head in store.heads()] == ["a", "b", "c"]
        assert verified(store, "a", "b", "c") == []

    def test_what_belongs_together_is_written_or_left_out_together(self) -> None:
        store = self.opened()
        if not store.joint:
            return
        first = begun("a")
        store.write([first])
        missing = further(first, at=9)
        assert store.write([further(first), begun("b", id="x"), begun("c")], 2) == [True] * 3
        batch = [begun("d", configuration='["new"]'), missing, begun("e"), begun("f")]
        assert store.write(batch, 3) == [False, False, False, True]
        again = begun("g", configuration='["new"]', owed=[owed(1)])
        assert store.write([again, begun("d")], 2) == [True, True]
        assert [head.run for head in store.heads()] == list("abcdfg")
        assert verified(store, *"abcdfg") == []

    def test_rows_change_and_go(self) -> None:
        store = self.opened()
        first = begun(
            "a",
            owed=[owed(1), owed(2)],
            timers=[Timer("s#1", 1), Timer("t#1", 5)],
            waiting=[Waiting(1, 2, None, b"x"), Waiting(2, 2, None, b"y")],
        )
        store.write([first])
        then = further(
            first,
            owed=[evolve(owed(1), attempts=3, due=77, handed=True, reason="no")],
            changed=[owed(1)],
            settled=[owed(2)],
            stopped=[Timer("s#1", 1)],
            taken=[Waiting(1, 2, None, b"x")],
        )
        assert store.write([then]) == [True]
        stored = store.read("a")
        assert stored is not None
        assert stored.owed == (evolve(owed(1), attempts=3, due=77, handed=True, reason="no"),)
        assert stored.timers == (Timer("t#1", 5),)
        assert stored.waiting == (Waiting(2, 2, None, b"y"),)
        assert verified(store, "a") == []

    def test_texts_and_bytes_come_back_as_they_were(self) -> None:
        store = self.opened()
        key = "Bestellung 7/ä€😀\n'\";--"
        change = begun(
            key, body=bytes(range(256)), configuration='["a b","\\u0000"]', id="\N{BELL}'"
        )
        assert store.write([change]) == [True]
        assert store.entries(key) == list(change.entries)
        found = store.taken(key, "\N{BELL}'", 0)
        assert found == change.entries[0]
        assert verified(store, key) == []

    def test_many_threads_write_and_nothing_is_lost(self) -> None:
        store = self.opened()
        store.write([begun("a")])

        def work() -> None:
            for _ in range(20):
                while True:
                    head = store.head("a")
                    assert head is not None
                    if store.write([further(evolve(begun("a"), head=head))]) == [True]:
                        break

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [entry.sequence for entry in store.entries("a")] == list(range(81))
        assert verified(store, "a") == []

    # -- reading -----------------------------------------------------------------------------------

    def test_entries_come_in_pages(self) -> None:
        store = self.opened()
        change = begun("a")
        store.write([change])
        for _ in range(9):
            change = further(change)
            store.write([change])
        numbers = [entry.sequence for entry in store.entries("a", 3, 4)]
        assert numbers == [4, 5, 6, 7]
        assert [entry.sequence for entry in store.tail("a", 3)] == [7, 8, 9]
        assert [entry.sequence for entry in store.tail("a", 99)] == list(range(10))
        assert store.tail("a", 0) == []

    def test_heads_are_found_by_chart_and_status_page_by_page(self) -> None:
        store = self.opened()
        for number in range(5):
            change = begun(f"r{number}", chart="A" if number % 2 else "B")
            store.write([change])
        stuck = begun("s", chart="A", status=Status.STUCK)
        store.write([stuck])
        assert [head.run for head in store.heads("A")] == ["r1", "r3", "s"]
        assert [head.run for head in store.heads("A", Status.STUCK)] == ["s"]
        assert [head.run for head in store.heads(None, Status.RUNNING, "r1", 2)] == ["r2", "r3"]

    def test_an_id_is_remembered_as_far_back_as_asked(self) -> None:
        store = self.opened()
        first = begun("a")
        second = further(first, id="x")
        third = further(second)
        store.write([first])
        store.write([second])
        store.write([third])
        assert store.taken("a", "x", 1) == second.entries[0]
        assert store.taken("a", "x", 2) is None
        assert store.taken("a", "y", 0) is None
        assert store.taken("b", "x", 0) is None

    def test_checkpoints_are_found_at_or_before_an_entry(self) -> None:
        store = self.opened()
        three(store)
        for sequence, expected in ((0, 0), (1, 0), (2, 2), (99, 2)):
            found = store.checkpoint("a", sequence)
            assert found is not None
            assert found.sequence == expected
        assert store.checkpoint("a", -1) is None
        assert [one.sequence for one in store.checkpoints("a")] == [0, 2]
        assert verified(store, "a") == []

    # -- delivery ----------------------------------------------------------------------------------

    def test_what_is_due_is_claimed_once(self) -> None:
        store = self.opened()
        later = owed(3, due=99, attempts=1)
        store.write([begun("a", owed=[owed(1, due=3), owed(2, due=2), later])])
        names = [("Chart", "mail")]
        found = store.claim("me", 10, 20, names, 9)
        assert [(run, one.number, one.worker, one.until) for run, one, _ in found] == [
            ("a", 2, "me", 20),
            ("a", 1, "me", 20),
        ]
        assert store.claim("you", 10, 20, names, 9) == []
        stored = store.read("a")
        assert stored is not None
        assert [one.worker for one in stored.owed] == ["me", "me", None]

    def test_what_was_never_tried_is_due_and_no_claim_holds_for_ever(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1, due=99)])])
        names = [("Chart", "mail")]
        assert len(store.claim("ahead", 10, 11 + LONGEST_CLAIM, names, 9)) == 1
        assert len(store.claim("me", 10, 10 + LONGEST_CLAIM, names, 9)) == 1
        assert store.claim("you", 10, 20, names, 9) == []

    def test_a_claim_that_is_over_is_free(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1)])])
        names = [("Chart", "mail")]
        assert len(store.claim("me", 10, 20, names, 9)) == 1
        assert store.claim("you", 19, 30, names, 9) == []
        assert len(store.claim("you", 20, 30, names, 9)) == 1

    def test_no_more_is_claimed_than_asked_and_only_what_is_known(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1), owed(2), owed(3)])])
        store.write([begun("b", chart="Other", owed=[owed(1)])])
        store.write([begun("c", owed=[owed(1, name="fax")])])
        assert len(store.claim("me", 10, 20, [("Chart", "mail")], 2)) == 2
        assert [run for run, _, _ in store.claim("me", 10, 20, [("Other", "mail")], 9)] == ["b"]
        assert [run for run, _, _ in store.claim("me", 10, 20, [("Chart", "fax")], 9)] == ["c"]
        assert store.claim("me", 10, 20, [("Chart", "letter")], 9) == []

    def test_one_run_with_much_does_not_keep_others_waiting(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(number) for number in range(1, 31)])])
        store.write([begun(run, owed=[owed(1, due=5), owed(2, due=5)]) for run in "bcd"])
        names = [("Chart", "mail")]
        first = [run for run, _, _ in store.claim("me", 10, 20, names, 8)]
        assert sorted(first) == ["a", "a", "b", "b", "c", "c", "d", "d"]
        assert [run for run, _, _ in store.claim("me", 10, 20, names, 8)] == ["a"] * 8
        assert [one.number for _, one, _ in store.claim("me", 10, 20, names, 99)] == [
            *range(11, 31)
        ]

    def test_paused_runs_and_effects_that_were_handed_over_are_not_claimed(self) -> None:
        store = self.opened()
        for status in Status:
            store.write([begun(status.value, status=status, owed=[owed(1)])])
        store.write([begun("handed", owed=[evolve(owed(1), handed=True)])])
        found = store.claim("me", 10, 20, [("Chart", "mail")], 9)
        assert sorted(run for run, _, _ in found) == ["cancelled", "ended", "running"]

    def test_claims_are_renewed_and_given_back_by_who_has_them(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1), owed(2)])])
        names = [("Chart", "mail")]
        store.claim("me", 10, 20, names, 1)
        claims = [("a", 1), ("a", 2), ("b", 1)]
        assert store.renew("me", 90, claims) == {("a", 1)}
        assert [one.number for _, one, _ in store.claim("you", 50, 60, names, 9)] == [2]
        store.release("me", claims)
        assert [one.number for _, one, _ in store.claim("you", 50, 60, names, 9)] == [1]

    def test_claims_are_told_of_runs_that_are_not_paused(self) -> None:
        store = self.opened()
        first = begun("a", owed=[owed(1), owed(2), owed(3)])
        store.write([first, begun("b", owed=[owed(1)])])
        store.claim("me", 10, 20, [("Chart", "mail")], 9)
        claims = [("a", 1), ("a", 2), ("b", 1), ("c", 1), ("a", 4)]
        assert store.held("me", claims) == {("a", 1), ("a", 2), ("b", 1)}
        assert store.held("you", claims) == set()
        assert store.held("me", []) == set()
        store.release("me", [("a", 1)], begun=True)
        assert store.held("me", claims) == {("a", 2), ("b", 1)}
        then = further(first, settled=[owed(2)])
        paused = sealed(evolve(then.head, status=Status.SUSPENDED.value))
        assert store.write([evolve(then, head=paused)]) == [True]
        assert store.held("me", [("a", 3), *claims]) == {("b", 1)}

    def test_the_claims_of_the_dead_are_given_back(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1), owed(2)]), begun("b", owed=[owed(1), owed(2)])])
        names = [("Chart", "mail")]
        first = store.claim("dead", 10, 90, names, 3)
        assert len(store.claim("me", 10, 90, names, 9)) == 1
        assert store.forsake(lambda worker: worker not in ("dead", "me")) == 0
        assert store.forsake(lambda worker: worker == "dead") == 3
        assert store.forsake(lambda worker: worker == "dead") == 0
        assert store.renew("dead", 99, [("a", 1)]) == set()
        found = store.claim("me", 10, 90, names, 9)
        assert [(run, one.number, lost) for run, one, lost in found] == [
            (run, one.number, True) for run, one, _ in first
        ]

    def test_only_a_claim_that_was_not_given_back_is_lost(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(number) for number in range(1, 5)])])
        names = [("Chart", "mail")]
        assert [lost for *_, lost in store.claim("you", 10, 20, names, 3)] == [False] * 3
        store.release("you", [("a", 1)])
        store.release("you", [("a", 2)], begun=True)
        stored = store.read("a")
        assert stored is not None
        assert [(one.worker, one.until) for one in stored.owed] == [
            (None, 0),
            ("you", 0),
            ("you", 20),
            (None, 0),
        ]
        assert store.renew("you", 99, [("a", 2)]) == set()
        found = store.claim("me", 20, 30, names, 9)
        assert [(one.number, lost) for _, one, lost in found] == [
            (1, False),
            (2, False),
            (3, True),
            (4, False),
        ]

    def test_a_row_written_without_a_worker_keeps_the_one_that_may_have_begun(self) -> None:
        store = self.opened()
        first = begun("a", owed=[owed(1)])
        store.write([first])
        store.claim("me", 10, 20, [("Chart", "mail")], 1)
        then = further(first, owed=[owed(1, attempts=1)], changed=[owed(1)])
        assert store.write([then]) == [True]
        stored = store.read("a")
        assert stored is not None
        assert stored.owed == (evolve(owed(1, attempts=1), worker="me"),)

    def test_nothing_is_written_if_somebody_has_begun_what_nobody_was_to_have_begun(self) -> None:
        store = self.opened()
        first = begun("a", owed=[owed(1), owed(2)])
        store.write([first])
        store.claim("me", 10, 20, [("Chart", "mail")], 1)
        store.release("me", [("a", 1)], begun=True)
        before = store.read("a")
        change = further(first, settled=[owed(1), owed(2)])
        assert store.write([evolve(change, unbegun=(2, 1))]) == [False]
        assert store.write([evolve(change, unbegun=(3,))]) == [False]
        assert store.read("a") == before
        assert store.write([evolve(change, unbegun=(2,))]) == [True]
        assert verified(store, "a") == []

    def test_a_claim_is_no_part_of_the_seal(self) -> None:
        store = self.opened()
        store.write([begun("a", owed=[owed(1)])])
        store.claim("me", 10, 20, [("Chart", "mail")], 9)
        assert verified(store, "a") == []

    def test_timers_that_are_due_come_in_order(self) -> None:
        store = self.opened()
        store.write([begun("a", timers=[Timer("x#1", 5), Timer("y#1", 9)])])
        store.write([begun("b", timers=[Timer("x#1", 3)])])
        store.write([begun("c", chart="Other", timers=[Timer("x#1", 1)])])
        store.write([begun("d", status=Status.SUSPENDED, timers=[Timer("x#1", 1)])])
        assert store.due(6, ["Chart"], 9) == [("b", Timer("x#1", 3)), ("a", Timer("x#1", 5))]
        assert store.due(6, ["Chart"], 1) == [("b", Timer("x#1", 3))]
        assert store.due(6, ["Other", "Chart"], 9)[0] == ("c", Timer("x#1", 1))

    def test_the_next_that_falls_due_is_told(self) -> None:
        store = self.opened()
        assert store.next(0, ["Chart"]) is None
        store.write([begun("a", owed=[owed(1, due=7)], timers=[Timer("x#1", 5), Timer("y#1", 9)])])
        assert store.next(0, ["Chart"]) == 5
        assert store.next(5, ["Chart"]) == 7
        assert store.next(7, ["Chart"]) == 9
        assert store.next(9, ["Chart"]) is None
        assert store.next(0, ["Other"]) is None
        store.claim("me", 7, 20, [("Chart", "mail")], 9)
        assert store.next(9, ["Chart"]) == 20

    # -- artifacts, pruning, removing --------------------------------------------------------------

    def test_artifacts_are_kept_by_their_digest(self) -> None:
        store = self.opened()
        name = store.put(b"body")
        assert name == hashlib.sha256(b"body").digest()
        assert store.put(b"body") == name
        assert store.artifact(name) == b"body"
        assert store.artifact(bytes(32)) is None
        store.write([begun("a", artifacts=[name])])
        assert store.artifacts("a") == [name]
        assert verified(store, "a") == []

    def test_an_artifact_is_kept_in_the_commit_that_refers_to_it(self) -> None:
        store = self.opened()
        name = hashlib.sha256(b"body").digest()
        change = evolve(begun("a", artifacts=[name]), bodies=(b"body",))
        assert store.write([change]) == [True]
        assert store.write([change]) == [False]
        assert store.artifact(name) == b"body"
        assert verified(store, "a") == []

    def test_an_artifact_that_is_missing_is_damage(self) -> None:
        store = self.opened()
        store.write([begun("a", artifacts=[bytes(32)])])
        assert verified(store, "a") == [f"artifact {bytes(32).hex()} is missing"]

    def test_entries_are_pruned_with_a_head_that_says_so(self) -> None:
        store = self.opened()
        _, second, third = three(store)
        gone = store.checkpoints("a")[:1]
        head = third.head
        cut = evolve(
            head,
            cut=2,
            cut_link=second.head.link,
            epoch=1,
            total=summed(head.total, (), gone),
        )
        assert not store.prune(Change(sealed(cut), (0, 0)), 2)
        assert store.prune(Change(sealed(cut), head.fence), 2)
        assert [entry.sequence for entry in store.entries("a")] == [2]
        assert [one.sequence for one in store.checkpoints("a")] == [2]
        assert verified(store, "a") == []

    def test_a_run_is_removed_whole(self) -> None:
        store = self.opened()
        first = begun("a", owed=[owed(1)], timers=[Timer("t#1", 5)], checkpoint=True)
        store.write([first, begun("b")])
        assert not store.remove("a", (0, 5))
        assert store.remove("a", (0, 0))
        assert not store.remove("a", (0, 0))
        assert store.read("a") is None
        assert store.entries("a") == []
        assert store.checkpoints("a") == []
        assert store.due(99, ["Chart"], 9) == []
        assert [head.run for head in store.heads()] == ["b"]
        assert store.write([begun("a")]) == [True]

    def test_a_sound_store_has_no_damage(self) -> None:
        store = self.opened()
        store.write([begun("a")])
        assert store.check() == []
        store.close()
        store.close()


def owed(number: int, *, due: int = 0, name: str = "mail", attempts: int = 0) -> Owed:
    """Return an effect that is owed."""
    return Owed(number, name, f"call#{number}", b'{"type":"mail"}', attempts, due)


def begun(
    run: str,
    *,
    chart: str = "Chart",
    status: str = Status.RUNNING,
    at: int = NOW,
    body: bytes = b"",
    configuration: str = '["open"]',
    id: str | None = None,
    owed: Iterable[Owed] = (),
    timers: Iterable[Timer] = (),
    waiting: Iterable[Waiting] = (),
    artifacts: Iterable[bytes] = (),
    checkpoint: bool = False,
) -> Change:
    """Return the change that begins a run."""
    entry = Entry(0, at, Kind.START.value, id, configuration, body, b"")
    entry = evolve(entry, link=link(b"", entry))
    kept = (Checkpoint(0, b'{"n":0}'),) if checkpoint else ()
    rows: list[Any] = [*owed, *timers, *waiting, *artifacts, *kept]
    head = Head(
        run,
        chart,
        1,
        str(status),
        "",
        "",
        0,
        0,
        0,
        at,
        at,
        configuration,
        b'{"n":0}',
        link=entry.link,
        total=summed(bytes(32), rows, ()),
    )
    return Change(
        sealed(head),
        None,
        (entry,),
        tuple(owed),
        timers=tuple(timers),
        waiting=tuple(waiting),
        checkpoints=kept,
        artifacts=tuple(artifacts),
    )


def further(
    before: Change,
    *,
    at: int = NOW + 1,
    id: str | None = None,
    owed: Iterable[Owed] = (),
    changed: Iterable[Owed] = (),
    settled: Iterable[Owed] = (),
    timers: Iterable[Timer] = (),
    stopped: Iterable[Timer] = (),
    taken: Iterable[Waiting] = (),
    checkpoint: bool = False,
) -> Change:
    """Return a change of one entry that follows another."""
    head = before.head
    entry = Entry(head.sequence + 1, at, Kind.EVENT.value, id, '["shut"]', b'{"type":"go"}', b"")
    entry = evolve(entry, link=link(head.link, entry))
    kept = (Checkpoint(entry.sequence, b'{"n":1}'),) if checkpoint else ()
    more: list[Any] = [*owed, *timers, *kept]
    less: list[Any] = [*changed, *settled, *stopped, *taken]
    after = evolve(
        head,
        sequence=entry.sequence,
        changed=at,
        configuration=entry.configuration,
        link=entry.link,
        total=summed(head.total, more, less),
    )
    return Change(
        sealed(after),
        head.fence,
        (entry,),
        tuple(owed),
        tuple(one.number for one in settled),
        timers=tuple(timers),
        stopped=tuple(one.id for one in stopped),
        taken=tuple(one.number for one in taken),
        checkpoints=kept,
    )


def three(store: Store) -> tuple[Change, Change, Change]:
    """Write a run of three entries, with checkpoints after the first and the last."""
    first = begun("a", checkpoint=True)
    second = further(first)
    third = further(second, checkpoint=True)
    for change in (first, second, third):
        store.write([change])
    return first, second, third


def verified(store: Store, *runs: str) -> list[str]:
    """Return what is damaged of some runs."""
    return [damage.what for run in runs for damage in verify(store, run)]
