"""Rewinding: a run goes back to an entry of its history, or a fork of it begins there."""

from __future__ import annotations

import asyncio
import json
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts.runtime import (
    HandlerError,
    Happened,
    LiveRun,
    Retry,
    RolledBack,
    RunError,
    RunExistsError,
    Runs,
    Runtime,
    SimulatedClock,
    Task,
    UnknownRunError,
    handle,
)
from statecharts.store import Store
from statecharts.store.memory import MemoryStore
from statecharts.store.transfer import exported, imported
from tests.proof import cases
from tests.test_runtime.conftest import PAID, Bank, run_async, until
from tests.test_runtime.orders import (
    Asked,
    Charge,
    Mail,
    Order,
    Ordered,
    Paid,
    Polite,
    Queued,
    Settled,
    Tick,
    Withdrawn,
)

DAY = timedelta(days=1)


@pytest.fixture
def runs(store: Store, clock: SimulatedClock) -> Runs:
    return Runs(store, Order, Polite, effects=(Mail,), clock=clock)


def states(run: Any) -> list[str]:
    """Return the states after each entry, the innermost alone."""
    return [past.configuration[-1] for past in run.history()]


# --- Back to where it was -------------------------------------------------------------------------


def test_run_goes_back_to_an_entry(runs: Runs) -> None:
    """It has the states, the data and the timers of then; the history keeps what was undone."""
    run = runs.start(Order, key="a")
    run.send(Asked())
    run.send(Asked())
    assert run.snapshot[Order.open.basket].reminders == 2
    taken = run.rollback(to=1)
    assert taken.sequence == 5
    assert run.snapshot[Order.open.basket].reminders == 0
    assert run.snapshot.timers == run.at(1).timers
    last = run.history(tail=1)[0]
    assert last.kind == "rollback"
    assert last.event == {"to": 1, "made": [], "dropped": [], "undone": []}
    assert [past.kind for past in run.history()] == ["start", *["event"] * 4, "rollback"]
    assert runs.verify() == []


def test_each_rollback_goes_back_by_one_event(runs: Runs) -> None:
    run: Any = runs.start(Polite, key="a")
    for _ in range(3):
        run.send(Tick())
    assert states(run) == ["work.a", "work.b", "paused", "work.b"]
    run.rollback()
    assert run.configuration == ("paused",)
    run.rollback()
    assert run.configuration == ("work", "work.b")
    run.send(Tick())
    run.rollback()
    assert run.configuration == ("work", "work.b")
    run.rollback()
    assert run.configuration == ("work", "work.a")
    with pytest.raises(RunError, match=r"\[SC830\] a: no event comes before its present state"):
        run.rollback()


def test_history_that_was_rolled_back_can_be_seen(runs: Runs) -> None:
    """Each point has the snapshot of then, before and after the rollback."""
    run = runs.start(Polite, key="a")
    seen = [run.snapshot]
    for number in range(12):
        if number % 4 == 3:
            run.rollback()
        else:
            run.send(Tick())
        seen.append(run.snapshot)
    assert [run.at(number) for number in range(13)] == seen
    for tail in (1, 5, 13, 99):
        points = run.points(tail=tail)
        assert [snapshot for _, snapshot in points] == seen[-tail:]
        assert [past for past, _ in points] == run.history(tail=tail)
    assert runs.verify() == []


def test_remembered_states_are_those_of_then(runs: Runs) -> None:
    run = runs.start(Polite, key="a")
    run.send(Tick())
    run.send(Tick())
    run.send(Tick())
    run.rollback(to=2)
    run.send(Tick())
    assert run.configuration == ("work", "work.b")


def test_ids_are_never_used_twice(runs: Runs) -> None:
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    assert list(run.calls) == ["open.paying.charge#1"]
    run.rollback(to=0)
    assert list(run.calls) == []
    run.send(Ordered("1"))
    assert list(run.calls) == ["open.paying.charge#2"]
    assert run.answer("open.paying.charge#1", PAID).handled is False


def test_rollback_makes_calls_anew(runs: Runs) -> None:
    """The call of then gets a new id: an answer to the old one is late."""
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    run.answer("open.paying.charge#1", Queued(7), last=False)
    run.rollback(to=1)
    assert list(run.calls) == ["open.paying.charge#2"]
    assert run.snapshot[Order.open.paying].place == 0
    run.answer("open.paying.charge#2", PAID)
    assert run.snapshot[Order.settled] == Settled("r-1")


def test_timers_run_on_and_those_past_fire(store: Store, clock: SimulatedClock) -> None:
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    run = runs.start(Order, key="a")
    clock.advance(DAY)
    run.send(Ordered("1"))
    assert [name.rpartition("#")[0] for name in run.snapshot.timers] == ["open.expired"]
    clock.advance(DAY)
    run.rollback(to=0)
    assert sorted(name.rpartition("#")[0] for name in run.snapshot.timers) == [
        "open.basket.patience",
        "open.expired",
    ]
    run.send(Ordered("1"))
    clock.advance(DAY * 5)
    run.rollback(to=0)
    assert [past.kind for past in run.history(tail=2)] == ["rollback", "event"]
    assert "open.basket.patience" not in str(run.snapshot.timers)


def test_run_that_has_ended_goes_on(runs: Runs) -> None:
    run = runs.start(Order, key="a")
    run.send(Withdrawn())
    assert run.ended
    run.rollback(to=0)
    assert run.status == "running"
    run.send(Ordered("1"))
    assert run.configuration[-1] == "open.paying"


def test_run_that_was_cancelled_goes_on(runs: Runs) -> None:
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    run.cancel("a mistake")
    run.rollback(to=1)
    assert (run.status, run.reason) == ("running", "")
    assert list(run.calls) == ["open.paying.charge#2"]


def test_suspended_run_stays_suspended(runs: Runs) -> None:
    run = runs.start(Polite, key="a")
    run.send(Tick())
    run.suspend("wait")
    run.send(Tick())
    run.rollback(to=0)
    assert (run.status, run.reason, run.configuration[-1]) == ("suspended", "wait", "work.a")
    run.resume()
    assert run.configuration[-1] == "work.b"


@pytest.mark.parametrize(
    ("to", "text"),
    [
        (-1, "its history goes from entry 0 to 1, and not to -1"),
        (2, "its history goes from entry 0 to 1, and not to 2"),
        (1, "entry 1 is its last one"),
    ],
)
def test_entry_that_is_not_there_is_refused(runs: Runs, to: int, text: str) -> None:
    run = runs.start(Polite, key="a")
    run.send(Tick())
    with pytest.raises(RunError, match=rf"\[SC830\] a: {text}"):
        run.rollback(to=to)
    assert len(run.history()) == 2


def test_pruned_history_is_refused(runs: Runs) -> None:
    run = runs.start(Polite, key="a")
    for _ in range(4):
        run.send(Tick())
    run.checkpoint()
    run.send(Tick())
    run.prune(before=4)
    with pytest.raises(RunError, match="SC830"):
        run.rollback(to=3)
    run.rollback(to=4)
    assert run.configuration == run.at(4).configuration
    assert [snapshot for _, snapshot in run.points(tail=9)] == [run.at(n) for n in (4, 5, 6)]


# --- Effects --------------------------------------------------------------------------------------


def test_effect_that_nobody_has_begun_is_dropped(store: Store, clock: SimulatedClock) -> None:
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    run.fail("open.paying.charge#1", "no")
    kept = store.read("a")
    assert kept is not None
    assert [one.name for one in kept.owed] == ["mail"]
    with pytest.raises(RunError, match=r"\[SC834\] a: the effect 1 \(charge\) comes after entry 0"):
        run.rollback(to=0)
    run.rollback(to=1)
    kept = store.read("a")
    assert kept is not None
    assert [(one.name, one.number) for one in kept.owed] == [("charge", 3)]


def begin(store: Store, clock: SimulatedClock) -> tuple[Runs, Bank]:
    """Let a run owe a charge that nobody has begun."""
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    runs.start(Order, key="a").send(Ordered("1"))
    return runs, Bank("wait")


BEGUN = r"\[SC834\] a: the effect 1 \(charge\) comes after entry 0, has been begun"


@run_async
async def test_effect_that_was_begun_by_who_found_it_in_the_store_is_not_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    """Not here, where its run is kept in memory as it was before, nor anywhere else."""
    runs, bank = begin(store, clock)
    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=timedelta()) as rt:
        await rt.get("a").send(Asked())
        await until(lambda: bank.tasks != [])
        with pytest.raises(RunError, match=BEGUN):
            await rt.get("a").rollback(to=0)
        with pytest.raises(RunError, match=BEGUN):
            await asyncio.to_thread(runs.get("a").rollback, to=0)


@run_async
async def test_effect_that_a_shutdown_has_stopped_is_not_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    runs, bank = begin(store, clock)
    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=timedelta()):
        await until(lambda: bank.tasks != [])
    with pytest.raises(RunError, match=BEGUN):
        runs.get("a").rollback(to=0)
    other = MemoryStore()
    lines = list(exported(store, ["a"]))
    assert list(imported(other, lines)) == ["a"]
    assert list(exported(other, ["a"])) == lines
    with pytest.raises(RunError, match=BEGUN):
        Runs(other, Order, effects=(Mail,), clock=clock).get("a").rollback(to=0)


@run_async
async def test_effect_that_only_waited_in_line_can_be_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    runs, bank = begin(store, clock)
    clock.advance(timedelta(seconds=1))
    runs.start(Order, key="b").send(Ordered("2"))
    handlers = [handle(Charge, bank.charge, at_once=1), handle(Mail, bank.mail)]
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=timedelta()):
        await until(lambda: bank.tasks != [])
    assert bank.keys == ["a/1"]
    runs.get("b").rollback(to=0)
    assert runs.get("b").configuration[-1] == "open.basket"


@run_async
async def test_effect_that_a_pause_has_stopped_is_not_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    runs, bank = begin(store, clock)
    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=timedelta()) as rt:
        await until(lambda: bank.tasks != [])
        await rt.get("a").suspend("an incident")
        await until(lambda: bank.cancelled == 1)
    runs.get("a").resume()
    with pytest.raises(RunError, match=BEGUN):
        runs.get("a").rollback(to=0)


@run_async
async def test_effect_that_has_failed_and_is_tried_again_is_not_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    runs.start(Order, key="a").send(Ordered("1"))
    runs.get("a").fail("open.paying.charge#1", "no")

    def mail(_: Mail) -> None:
        raise OSError("no post")

    handlers = [handle(Mail, mail, retry=Retry(attempts=1)), handle(Charge, Bank("wait").charge)]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await until(lambda: rt.get("a").status == "stuck")
    runs.get("a").retry()
    assert runs.get("a").owed[0].attempts == 0
    with pytest.raises(RunError, match=r"the effect 2 \(mail\) comes after entry 1"):
        runs.get("a").rollback(to=1)


def test_call_that_is_only_owed_can_be_gone_past(runs: Runs) -> None:
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    run.send(Ordered("1"))
    run.rollback(to=0)
    assert run.configuration[-1] == "open.basket"


class Shop:
    """Charges cards, refunds them, and keeps a list of both."""

    def __init__(self, *, refuses: int = 0) -> None:
        self.done: list[tuple[str, str, str]] = []
        self.refuses = refuses

    async def charge(self, call: Charge, task: Task[Any]) -> Paid:
        self.done.append(("charge", call.card, task.key))
        return PAID

    async def refund(self, call: Charge, task: Task[Any]) -> None:
        if self.refuses:
            self.refuses -= 1
            raise OSError("the bank is closed")
        self.done.append(("refund", call.card, task.key))

    def mail(self, mail: Mail) -> None:
        self.done.append(("mail", mail.to, mail.text))

    def regret(self, mail: Mail) -> None:
        self.done.append(("regret", mail.to, mail.text))

    def runtime(self, store: Store, clock: SimulatedClock, *, undo: bool = True) -> Runtime:
        retry = Retry(delay=timedelta(milliseconds=1), backoff="fixed", jitter=0)
        handlers = [
            handle(Charge, self.charge, retry=retry, undo=self.refund if undo else None),
            handle(Mail, self.mail, undo=self.regret if undo else None),
        ]
        return Runtime(store, Order, Polite, handlers=handlers, clock=clock)


async def paid(rt: Runtime) -> LiveRun[Any, Any]:
    run = await rt.start(Order, key="a")
    await run.send(Ordered("4711"))
    await run.wait(Order.settled)
    await rt.settle()
    return run


@run_async
async def test_rollback_past_what_was_done_is_refused(store: Store, clock: SimulatedClock) -> None:
    async with Shop().runtime(store, clock, undo=False) as rt:
        run = await paid(rt)
        text = r"\[SC834\] a: the effect 1 \(charge\) comes after entry 0.*undo="
        with pytest.raises(RunError, match=text):
            await run.rollback(to=0)
        assert run.ended


@run_async
async def test_what_was_done_is_undone(store: Store, clock: SimulatedClock) -> None:
    """Undoing gets the effect under its own key, the last effect first, and is tried again."""
    shop = Shop(refuses=2)
    async with shop.runtime(store, clock) as rt:
        run = await paid(rt)
        await run.rollback(to=0)
        assert run.configuration[-1] == "open.basket"
        for _ in range(3):
            await rt.settle()
            clock.advance(timedelta(seconds=1))
        await until(lambda: len(shop.done) == 4)
        assert shop.done[:2] == [("charge", "4711", "a/1"), ("mail", "customer", "r-1")]
        assert sorted(shop.done[2:]) == [
            ("refund", "4711", "a/1"),
            ("regret", "customer", "r-1"),
        ]
        await rt.settle()
        stored = store.read("a")
        assert stored is not None
        assert stored.owed == ()
        assert await rt.verify() == []
        await run.send(Ordered("12"))
        await run.wait(Order.settled)
        assert ("charge", "12", "a/5") in shop.done
        await rt.settle()
        await run.rollback(to=0)
        await until(lambda: len(shop.done) == 8)
        await rt.settle()
        assert sorted(shop.done[6:]) == [("refund", "12", "a/5"), ("regret", "customer", "r-1")]


@run_async
async def test_what_has_been_undone_cannot_be_gone_past(
    store: Store, clock: SimulatedClock
) -> None:
    async with Shop().runtime(store, clock) as rt:
        run = await paid(rt)
        await run.rollback(to=0)
        await rt.settle()
        with pytest.raises(
            RunError, match=r"\[SC834\] a: an effect of before entry 1 has been undone"
        ):
            await run.rollback(to=1)
        assert run.configuration[-1] == "open.basket"


@run_async
async def test_handler_at_work_is_stopped(store: Store, clock: SimulatedClock) -> None:
    """A call that is under way then and now is cancelled, and made anew under a new key."""
    bank = Bank("wait")
    handlers = [handle(Charge, bank.charge), handle(Mail, bank.mail)]
    async with Runtime(
        store, Order, handlers=handlers, clock=clock, grace=timedelta(milliseconds=5)
    ) as rt:
        run = await rt.start(Order, key="a")
        await run.send(Ordered("1"))
        await until(lambda: bank.tasks != [])
        await run.answer("open.paying.charge#1", Queued(3), last=False)
        await run.rollback(to=1)
        await until(lambda: len(bank.tasks) == 2)
        assert bank.cancelled == 1
        assert bank.keys == ["a/1", "a/2"]


@run_async
async def test_observers_see_a_rollback(store: Store, clock: SimulatedClock) -> None:
    seen: list[Happened] = []
    async with Runtime(store, Polite, clock=clock) as rt:
        rt.subscribe(seen.append)
        run = await rt.start(Polite, key="a")
        await run.send(Tick())
        await run.rollback()
        await until(lambda: len(seen) == 3)
    assert seen[-1].cause == RolledBack(0)
    assert seen[-1].step.snapshot.configuration == ("work", "work.a")


@pytest.mark.parametrize("undo", [lambda: None, lambda a, b, c: None])
def test_undo_that_does_not_fit_is_refused(undo: Any) -> None:
    with pytest.raises(HandlerError, match=r"\[SC828\].*the handler of undo= of Charge takes"):
        handle(Charge, lambda call: PAID, undo=undo)


# --- Many at once ---------------------------------------------------------------------------------


@run_async
async def test_rollbacks_in_one_batch_see_each_other(store: Store, clock: SimulatedClock) -> None:
    """Jobs that read the history wait for what comes before them to be on disk."""
    async with Runtime(store, Polite, clock=clock) as rt:
        run = await rt.start(Polite, key="a")
        await asyncio.gather(
            run.send(Tick()),
            run.send(Tick()),
            run.rollback(),
            run.rollback(),
            run.send(Tick()),
            run.rollback(),
            run.send(Tick()),
        )
        kinds = [past.kind for past in run.history()]
        assert kinds == [
            "start", "event", "event", "rollback", "rollback", "event", "rollback", "event",
        ]  # fmt: skip
        assert states(run) == [
            "work.a", "work.b", "paused", "work.b", "work.a", "work.b", "work.a", "work.b",
        ]  # fmt: skip
        assert await rt.verify() == []


def _refused(run: Any, to: int) -> bool:
    """Roll a run back; tell whether an effect that was taken back since forbids it."""
    try:
        run.rollback(to=to)
    except RunError as error:
        if error.code != "SC834":
            raise
        return True
    return False


@pytest.mark.parametrize("seed", cases(range(20), long=lambda seed: seed >= 5))
def test_random_walks_and_rollbacks(store: Store, clock: SimulatedClock, seed: int) -> None:
    """Whatever is done, the run has what the entry had that it went back to, and verifies."""
    rng = random.Random(seed)
    runs = Runs(store, Polite, Order, effects=(Mail,), clock=clock)
    polite = rng.random() < 0.5
    walk: list[Any] = [Tick()] if polite else [Asked(), Ordered("1"), Withdrawn(), Asked()]
    run: Any = runs.start(Polite, key="a") if polite else runs.start(Order, key="a")
    for _ in range(40):
        clock.advance(timedelta(minutes=rng.randrange(300)))
        last = run.history(tail=1)[0].sequence
        if last and rng.random() < 0.3:
            to = rng.randrange(last)
            then, before = run.at(to), run.snapshot
            refused = _refused(run, to)
            if refused:
                assert run.snapshot == before
                continue
            if run.history(tail=1)[0].kind == "rollback":
                now = run.snapshot
                assert now.configuration == then.configuration
                assert now.data == then.data
                assert now.timers == then.timers
                assert list(now.calls.values()) == list(then.calls.values())
        elif not run.ended:
            run.send(rng.choice(walk))
    assert runs.verify() == []
    opened = Runs(store, Polite, Order, effects=(Mail,), clock=clock)
    assert opened.get("a").snapshot == run.snapshot


# --- Forks ----------------------------------------------------------------------------------------


def test_fork_tries_something_out(runs: Runs, store: Store) -> None:
    """Its effects are off; its calls wait for an answer; the other run knows nothing of it."""
    run = runs.start(Order, key="a")
    run.send(Ordered("1"), id="click")
    run.send(Withdrawn())
    trial = runs.fork("a", at=1, to="what-if")
    assert trial.configuration[-1] == "open.paying"
    assert [past.kind for past in trial.history()] == ["start", "event", "fork"]
    assert trial.history()[-1].event == {"from": "a", "at": 1, "made": []}
    trial.answer("open.paying.charge#1", PAID)
    assert trial.snapshot[Order.settled] == Settled("r-1")
    kept = store.read("what-if")
    assert kept is not None
    assert kept.owed == ()
    assert run.configuration == ("given_up",)
    assert runs.verify() == []
    assert trial.at(1) == run.at(1)


def test_fork_takes_ids_that_its_history_has(runs: Runs) -> None:
    run = runs.start(Order, key="a")
    run.send(Ordered("1"), id="click")
    trial = runs.fork("a", to="b")
    assert trial.send(Ordered("1"), id="click").sequence == 1


def test_fork_of_the_present_with_effects(runs: Runs, store: Store) -> None:
    run = runs.start(Order, key="a")
    run.send(Ordered("1"))
    twin = runs.fork("a", to="b", effects=True)
    assert list(twin.calls) == ["open.paying.charge#2"]
    kept = store.read("b")
    assert kept is not None
    assert [(one.name, one.call) for one in kept.owed] == [("charge", "open.paying.charge#2")]
    twin.answer("open.paying.charge#2", PAID)
    kept = store.read("b")
    assert kept is not None
    assert [one.name for one in kept.owed] == ["mail"]
    with pytest.raises(RunError, match=r"\[SC834\] b: it was forked at entry 2"):
        twin.rollback(to=0)


@run_async
async def test_fork_that_tries_something_out_carries_nothing_out(
    store: Store, clock: SimulatedClock
) -> None:
    shop = Shop()
    async with shop.runtime(store, clock) as rt:
        await paid(rt)
        before = list(shop.done)
        trial = await rt.fork("a", at=0, to="b")
        await trial.send(Ordered("1"))
        await trial.rollback(to=0)
        await trial.send(Ordered("2"))
        await rt.settle()
        assert shop.done == before
        await rt.fork("a", at=1, to="c", effects=True)
        await rt.get("c").wait(Order.settled)
        assert ("charge", "4711", "c/3") in shop.done


def test_fork_of_a_fork_and_timers(store: Store, clock: SimulatedClock) -> None:
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    runs.start(Order, key="a").send(Asked())
    runs.fork("a", to="b")
    runs.fork("b", to="c", at=1)
    clock.advance(DAY * 31)
    with pytest.raises(RunError, match="SC825"):
        runs.get("c").send(Asked())
    Runs(store, Order, effects=(Mail,), clock=clock)
    assert runs.get("c").configuration == ("given_up",)
    assert runs.get("c").at(1) == runs.get("a").at(1)
    assert runs.verify() == []


def test_fork_after_rollback_and_pruning(runs: Runs) -> None:
    run = runs.start(Polite, key="a")
    for _ in range(3):
        run.send(Tick())
    run.rollback(to=1)
    run.checkpoint()
    run.send(Tick())
    run.prune(before=4)
    twin = runs.fork("a", to="b")
    assert twin.at(4) == run.at(4)
    assert runs.verify() == []


def test_fork_that_cannot_be_is_refused(runs: Runs) -> None:
    runs.start(Polite, key="a")
    with pytest.raises(RunExistsError):
        runs.fork("a", to="a")
    with pytest.raises(UnknownRunError):
        runs.fork("b", to="c")
    with pytest.raises(RunError, match=r"\[SC830\] a: its history goes from entry 0 to 0"):
        runs.fork("a", to="c", at=3)
    with pytest.raises(RunError, match="SC822"):
        runs.fork("a", to="")


def test_fork_is_exported_and_imported(runs: Runs, store: Store) -> None:
    runs.start(Order, key="a").send(Ordered("1"))
    runs.fork("a", to="b")
    lines = list(exported(store, ["b"]))
    assert json.loads(lines[0])["muted"] == 1
    other = MemoryStore()
    assert list(imported(other, lines)) == ["b"]
    assert other.read("b") == store.read("b")


@pytest.mark.long(at=0.1)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@run_async
async def test_nothing_is_carried_out_that_another_process_has_rolled_back(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Who claims an effect, and who goes back past it, cannot both succeed, however close."""
    server: Any = request.getfixturevalue("postgres") if kind == "postgres" else None
    address = f"sqlite:///{tmp_path / 'runs.db'}" if server is None else server.database()
    chance, bank = random.Random(7), Bank("wait")
    gone = []

    def go_back() -> None:
        with Runs(address, Order, effects=(Mail,)) as runs:
            for number in range(150):
                run = runs.start(Order, key=f"k{number}")
                run.send(Ordered("1"))
                time.sleep(chance.random() * 0.06)
                try:
                    run.rollback(to=0)
                except RunError as error:
                    if error.code != "SC834":
                        raise
                    run.cancel("enough")
                else:
                    gone.append(f"{run.key}/1")

    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(address, Order, handlers=handlers, grace=timedelta()):
        await asyncio.to_thread(go_back)
    assert len(gone) > 10
    assert len(bank.keys) > 10
    assert not {*gone} & {*bank.keys}
