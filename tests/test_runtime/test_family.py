"""Runs that tell, spawn and wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from statecharts import Call, CallFailed, State, Statechart
from statecharts.model.errors import ArgumentError
from statecharts.runtime import (
    Child,
    ChildDone,
    ChildFailed,
    Each,
    Joined,
    Outcome,
    Runs,
    Runtime,
    SimulatedClock,
    Spawn,
    Tell,
    commit,
)
from statecharts.runtime.writer import HOPS
from statecharts.store import Store
from statecharts.store.memory import MemoryStore
from tests.test_runtime.conftest import opened, run_async


@frozen
class Go:
    count: int = 2
    need: Any = "all"


@frozen
class Ring:
    pass


@frozen
class Cancel:
    pass


@frozen
class Leave:
    pass


@frozen
class Dough:
    number: int


@frozen
class Loaf:
    name: str


class Oven(Statechart[Ring | Cancel, Dough]):
    """A child that ends with data, or is told to stop."""

    baking = State(initial=True)
    done = State(Loaf, final=True)
    off = State(final=True)
    baking.to(done, on=Ring, make=lambda m: Loaf(f"loaf {m.context.number}"))
    baking.to(off, on=Cancel)


@frozen
class Wanted:
    count: int
    need: Any


def ovens(wanted: Wanted) -> Each:
    return Each(lambda n: Child(Oven, f"oven-{n}", Dough(n)), wanted.need, over=range(wanted.count))


class Astray(Statechart[Go | Ring | ChildDone | ChildFailed]):
    """Asks for runs that are not there."""

    idle = State(initial=True)
    misspelt = State(invoke={Child: lambda _: Child("Ovn", "oven", Dough(1))})
    idle.to(misspelt, on=Go)
    misspelt.to(idle, on=(ChildDone, ChildFailed, CallFailed))
    idle.stay(on=Ring, emit=lambda _: Tell("nobody", Ring()))


class Bakery(Statechart[Go | Joined | Leave]):
    """A parent of many children."""

    idle = State(initial=True)
    busy = State(Wanted, invoke={Each: lambda m: ovens(m.data)})
    sold = State(final=True)
    idle.to(busy, on=Go)
    busy.to(sold, on=Joined)
    busy.to(idle, on=(Leave, CallFailed))


class Kitchen(Statechart[Go | ChildDone | ChildFailed | Leave]):
    """A parent of one child, under a key of its own."""

    idle = State(initial=True)
    busy = State(invoke={Child: lambda _: Child(Oven, context=Dough(7))})
    fed = State(final=True)
    hungry = State(final=True)
    idle.to(busy, on=Go)
    busy.to(fed, on=ChildDone)
    busy.to(hungry, on=(ChildFailed, CallFailed))
    busy.to(idle, on=Leave)


@frozen
class Ball:
    left: int


@frozen
class Asked:
    other: str
    left: int


@frozen
class Seen:
    taken: tuple[int, ...] = ()


class Player(Statechart[Ball | Asked, Seen]):
    """A player that answers each ball until none is left, and remembers what it has seen."""

    on = State(initial=True, resting=True)
    on.stay(
        on=Asked,
        update=lambda m: Seen((*m.context.taken, m.event.left)),
        emit=lambda m: Tell(m.event.other, Ball(m.event.left)),
    )
    on.stay(on=Ball, update=lambda m: Seen((*m.context.taken, m.event.left)))


class Ring2(Statechart[Asked]):
    """A run that passes each event on to another one, for ever."""

    on = State(initial=True, resting=True)
    on.stay(on=Asked, emit=lambda m: Tell(m.event.other, Asked("left", m.event.left)))


def dough(number: int) -> Any:
    return Dough(number) if number >= 0 else {"count": number}


class Starter(Statechart[Go]):
    on = State(initial=True, resting=True)
    on.stay(on=Go, emit=lambda m: Spawn(Oven, "spawned", dough(m.event.count)))


class Muddled(Statechart[Go | Ring]):
    """A run that emits calls, which belong to states."""

    here, there = State(initial=True), State(final=True)
    here.to(there, on=Go, emit=lambda _: Child(Oven, context=Dough(1)))
    here.to(there, on=Ring, emit=lambda _: Each([Child(Oven)]))


@frozen
class Level:
    name: str = ""


class Tank(Statechart[Ball, Level]):
    """A run whose context cannot be written after an unlucky number."""

    on = State(initial=True, resting=True)
    on.stay(on=Ball, update=lambda m: Level(m.event.left if m.event.left == UNLUCKY else "high"))  # type: ignore[arg-type]


UNLUCKY = 13

CHARTS = (Bakery, Oven, Kitchen, Player, Ring2, Starter, Tank, Muddled)


class Apart(MemoryStore):  # type: ignore[misc] # final for users; here it stands for Postgres
    """A store in memory that does not write together what belongs together."""

    joint = False


@pytest.fixture(
    params=["memory", "apart", "sqlite", pytest.param("postgres", marks=pytest.mark.long(at=0.5))]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "apart":
        yield Apart()
    else:
        yield from opened(request, tmp_path)


@pytest.fixture
def runs(store: Store, clock: SimulatedClock) -> Iterator[Runs]:
    with Runs(store, *CHARTS, clock=clock) as opened:
        yield opened


def last(run: Any) -> Any:
    return run.history()[-1].event.event


# --- Children -------------------------------------------------------------------------------------


def test_a_child_is_started_with_its_state_and_answers_with_its_final_data(runs: Runs) -> None:
    """`Child` runs under its own key, and its end is the answer to its parent."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    (key,) = run.children
    assert (key, runs.get(key).parent, run.parent) == ("k/1", "k", None)
    runs.get(key).send(Ring())
    assert (run.configuration, last(run)) == (("fed",), ChildDone({"name": "loaf 7"}))
    assert (run.children, runs.get(key).parent) == ((), None)
    assert list(runs.verify()) == []


def test_leaving_the_state_cancels_the_child_by_its_own_event(runs: Runs) -> None:
    """A child whose parent does not wait any more goes where its chart sends it."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    run.send(Leave())
    assert runs.get("k/1").configuration == ("off",)
    run.send(Go())
    assert run.children == ("k/2",)
    runs.get("k/2").send(Ring())
    assert run.configuration == ("fed",)


def test_a_cancelled_child_has_failed(runs: Runs) -> None:
    """A child that is cancelled from outside answers with `ChildFailed`, or as its chart ends."""
    run = runs.start(Bakery, key="b")
    run.send(Go(1))
    runs.get("oven-0").suspend()
    runs.get("oven-0").cancel("no flour")
    assert last(run) == Joined((Outcome("failed", ChildFailed("no flour")),), reached=False)


def test_a_key_that_another_run_has_fails_the_child_and_spares_that_run(runs: Runs) -> None:
    """A child is never another run by accident."""
    other = runs.start(Oven, key="oven-0", context=Dough(9))
    run = runs.start(Bakery, key="b")
    run.send(Go(1))
    (outcome,) = last(run).outcomes
    assert outcome.event == ChildFailed("a run of the key 'oven-0' exists already")
    assert (other.status, other.parent) == ("running", None)


# --- Many calls as one ----------------------------------------------------------------------------


def test_each_answers_in_the_order_of_its_calls(runs: Runs) -> None:
    """The order of the outcomes is that of the calls, whoever is done first."""
    run = runs.start(Bakery, key="b")
    run.send(Go(3))
    for n in (2, 0):
        runs.get(f"oven-{n}").send(Ring())
    assert (run.configuration, run.history()[-1].sequence) == (("busy",), 1)
    runs.get("oven-1").send(Ring())
    told = [outcome.event for outcome in last(run).outcomes]
    assert told == [ChildDone({"name": f"loaf {n}"}) for n in range(3)]
    assert list(runs.verify()) == []


@pytest.mark.parametrize(("need", "rung"), [("any", 1), (2, 2)])
def test_each_cancels_the_rest_once_enough_are_done(runs: Runs, need: Any, rung: int) -> None:
    """What is not needed any more is cancelled, and told as cancelled."""
    run = runs.start(Bakery, key="b")
    run.send(Go(4, need))
    for n in range(rung):
        assert run.configuration == ("busy",)
        runs.get(f"oven-{n}").send(Ring())
    assert [one.status for one in last(run).outcomes] == ["done"] * rung + ["cancelled"] * (
        4 - rung
    )
    assert [runs.get(f"oven-{n}").configuration for n in range(rung, 4)] == [("off",)] * (4 - rung)


def test_each_of_nothing_is_answered_at_once(runs: Runs) -> None:
    """A collection may be empty."""
    run = runs.start(Bakery, key="b")
    run.send(Go(0))
    assert last(run) == Joined(())


def test_leaving_the_state_cancels_all_children_of_each(runs: Runs) -> None:
    """The rows of the answers go with their call."""
    run = runs.start(Bakery, key="b")
    run.send(Go(3))
    runs.get("oven-1").send(Ring())
    run.send(Leave())
    assert [runs.get(f"oven-{n}").configuration[0] for n in range(3)] == ["off", "done", "off"]
    assert run.children == ()


@frozen
class Toasted:
    slice: int


@frozen
class Toast(Call[Toasted]):
    slice: int


class Toaster(Statechart[Go | Joined]):
    idle = State(initial=True)
    busy = State(Wanted, invoke={Each: lambda m: Each(map(Toast, range(m.data.count)))})
    over = State(final=True)
    idle.to(busy, on=Go)
    busy.to(over, on=(Joined, CallFailed))


@run_async
async def test_each_takes_calls_with_handlers(store: Store) -> None:
    """Any call may be one of many; its answer is kept for the join."""

    async def toast(call: Toast) -> Toasted:
        return Toasted(call.slice)

    handlers: Any = {Toast: toast}
    async with Runtime(store, Toaster, handlers=handlers) as runtime:
        run = await runtime.start(Toaster, key="t")
        await run.send(Go(20))
        await run.wait(Toaster.over)
        told = [one.event.data["slice"] for one in last(run).outcomes]
        assert told == list(range(20))


# --- Messages -------------------------------------------------------------------------------------


def test_a_told_event_is_taken_once_under_the_key_of_its_effect(runs: Runs) -> None:
    """The id of the entry is the key of the effect."""
    runs.start(Player, key="a", context=Seen())
    other = runs.start(Player, key="b", context=Seen())
    runs.get("a").send(Asked("b", 3))
    assert (other.snapshot.context, other.history()[-1].id) == (Seen((3,)), "a/1")


def test_a_recipient_that_fails_is_stuck_and_the_sender_goes_on(runs: Runs) -> None:
    """An event that its chart does not have blocks the recipient alone, and is not lost."""
    runs.start(Ring2, key="a")
    kitchen = runs.start(Kitchen, key="b")
    runs.get("a").send(Asked("b", 3))
    assert (runs.get("a").status, kitchen.status) == ("running", "stuck")
    assert "SC4" in kitchen.reason
    runs.get("a").send(Asked("b", 4))
    kitchen.skip()
    assert kitchen.status == "stuck"  # on the second one
    kitchen.skip()
    assert kitchen.status == "running"


def test_an_endless_circle_ends_for_its_sender(runs: Runs) -> None:
    """Two runs that tell each other for ever keep nobody waiting for ever."""
    runs.start(Ring2, key="left")
    taken = runs.get("left").send(Asked("left", 1))
    assert taken.handled
    assert len(runs.get("left").history()) > 100


def test_a_spawned_run_has_its_context_and_no_parent(runs: Runs) -> None:
    """`Spawn` starts a run that goes its own way; a second one leaves it as it is."""
    run = runs.start(Starter, key="s")
    run.send(Go(5))
    run.send(Go(6))
    spawned = runs.get("spawned", Oven)
    assert (spawned.snapshot.context, spawned.parent) == (Dough(5), None)
    assert run.status == "running"


@run_async
async def test_a_runtime_delivers_what_comes_too_early_once_its_run_is_there(
    store: Store, clock: SimulatedClock
) -> None:
    """A message to a run that does not exist yet waits for it."""
    async with Runtime(store, *CHARTS, clock=clock) as runtime:
        run = await runtime.start(Player, key="a", context=Seen())
        await run.send(Asked("b", 3))
        await runtime.settle()
        other = await runtime.start(Player, key="b", context=Seen())
        clock.advance(timedelta(seconds=5))
        await runtime.settle()
        assert other.snapshot.context == Seen((3,))


def test_what_runs_say_to_each_other_is_one_commit_of_a_joint_store(runs: Runs) -> None:
    """A message and its hearing, a child and its end: all of it is on disk, or nothing."""
    store = runs._operations.store
    if not store.joint:
        pytest.skip("it writes one after the other")
    runs.start(Player, key="a", context=Seen())
    runs.start(Player, key="b", context=Seen())
    run = runs.start(Kitchen, key="k")
    before = store.token()
    runs.get("a").send(Asked("b", 3))
    assert store.token() == before + 1
    run.send(Go())
    assert store.token() == before + 2
    runs.get(run.children[0]).send(Ring())
    assert (run.configuration, store.token()) == (("fed",), before + 3)


@pytest.mark.parametrize("number", [UNLUCKY, 7])
def test_a_recipient_that_cannot_be_written_is_stuck_alone(runs: Runs, number: int) -> None:
    """The sender, and what others do at the same time, are written all the same."""
    runs.start(Player, key="a", context=Seen())
    tank = runs.start(Tank, key="t", context=Level())
    taken = runs.get("a").send(Asked("t", number))
    assert taken.handled
    assert runs.get("a").snapshot.context == Seen((number,))
    assert tank.status == ("stuck" if number == UNLUCKY else "running")
    assert runs.get("a").owed == ()


@pytest.mark.parametrize("event", [Go(), Ring()])
def test_a_call_that_is_emitted_is_refused_and_nothing_is_written(runs: Runs, event: Any) -> None:
    """It would never be answered; the error says where it belongs."""
    run = runs.start(Muddled, key="m")
    with pytest.raises(ArgumentError, match=r"SC221.*is a call, and was emitted.*invoke="):
        run.send(event)
    assert (run.owed, run.configuration, len(run.history())) == ((), ("here",), 1)
    assert runs.verify() == []


def test_a_run_that_cannot_be_spawned_is_logged(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for it, so that nobody would hear of it."""
    run = runs.start(Starter, key="s")
    run.send(Go(-1))
    assert run.owed == ()
    assert "s/1: a run was not started: [SC4" in caplog.text


def test_a_circle_of_more_than_one_commit_takes_several(runs: Runs) -> None:
    """What is too much for one commit comes in the next ones, in order."""
    many = HOPS + 200
    runs.start(Bakery, key="many")
    runs.get("many").send(Go(many))
    keys = {run.key for run in runs.list(chart=Oven)}
    assert keys == {f"oven-{n}" for n in range(many)}
    assert len(runs.get("many").children) == many


@pytest.mark.long
def test_work_on_many_children_grows_with_their_number(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting and cancelling them looks at what each hears a few times, however many wait."""
    asked: list[int] = []
    recipient = commit.recipient_of

    def counted(run: str, row: Any) -> str:
        asked.append(row.number)
        return recipient(run, row)

    monkeypatch.setattr(commit, "recipient_of", counted)
    many = 2 * HOPS
    run = runs.start(Bakery, key="many")
    run.send(Go(many))
    run.send(Leave())
    assert {one.status for one in runs.list(chart=Oven)} == {"ended"}
    assert len(asked) <= 4 * many


@run_async
async def test_an_event_that_was_heard_before_its_sender_knew_is_heard_once(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies between the two commits of a message leaves nothing to be heard twice."""
    store = Apart()
    with Runs(store, *CHARTS, clock=clock) as runs:
        runs.start(Player, key="a", context=Seen())
        runs.start(Player, key="b", context=Seen())
        monkeypatch.setattr(runs._operations.between, "_done", lambda *_: None)
        runs.get("a").send(Asked("b", 3))
        assert runs.get("b").snapshot.context == Seen((3,))
    clock.advance(timedelta(seconds=6))
    async with Runtime(store, *CHARTS, clock=clock) as runtime:
        await runtime.settle()
        assert runtime.get("b", Player).snapshot.context == Seen((3,))
        assert runtime.get("a").owed == ()


@run_async
async def test_what_a_dead_process_has_not_passed_on_the_next_one_does(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit whose process dies right after it loses neither messages nor children."""
    store = Apart()
    with Runs(store, *CHARTS, clock=clock) as runs:
        runs.start(Bakery, key="b")
        monkeypatch.setattr(runs._operations.writer, "_pass_on", lambda _: None)
        runs.get("b").send(Go(3))
        assert [run.key for run in runs.list(chart=Oven)] == []
    clock.advance(timedelta(seconds=6))
    async with Runtime(store, *CHARTS, clock=clock) as runtime:
        await runtime.settle()
        assert len(list(runtime.list(chart=Oven))) == 3
        for n in range(3):
            await runtime.get(f"oven-{n}").send(Ring())
        await runtime.settle()
        assert runtime.get("b").configuration == ("sold",)


def test_what_another_process_has_not_said_yet_is_said_first(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message does not overtake an earlier one, whose process is slow or dead."""
    store = Apart()
    with Runs(store, *CHARTS, clock=clock) as slow, Runs(store, *CHARTS, clock=clock) as runs:
        runs.start(Player, key="a", context=Seen())
        runs.start(Player, key="b", context=Seen())
        monkeypatch.setattr(slow._operations.writer, "_pass_on", lambda _: None)
        slow.get("a").send(Asked("b", 1))
        slow.get("a").send(Asked("b", 2))
        runs.get("a").send(Asked("b", 3))
        assert runs.get("b").snapshot.context == Seen((1, 2, 3))
        assert runs.get("a").owed == ()


def test_what_is_said_to_a_run_that_waits_for_its_start_comes_in_order(
    store: Store, clock: SimulatedClock
) -> None:
    """What is said once it is there comes after what was said before."""
    with Runs(store, *CHARTS, clock=clock) as runs:
        runs.start(Player, key="a", context=Seen())
        runs.get("a").send(Asked("b", 1))
        runs.get("a").send(Asked("b", 2))
        runs.start(Player, key="b", context=Seen())
        runs.get("a").send(Asked("b", 3))
        assert runs.get("b").snapshot.context == Seen()
        clock.advance(timedelta(seconds=9))
        runs.get("a").send(Asked("b", 4))
        assert runs.get("b").snapshot.context == Seen((1, 2, 3, 4))
        assert runs.verify() == []


def test_a_message_that_a_slow_process_says_again_is_heard_once(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has taken it over meanwhile."""
    store = Apart()
    late: list[Any] = []
    with Runs(store, *CHARTS, clock=clock) as slow, Runs(store, *CHARTS, clock=clock) as runs:
        runs.start(Player, key="a", context=Seen())
        runs.start(Player, key="b", context=Seen())
        between = slow._operations.between
        monkeypatch.setattr(
            slow._operations.writer,
            "_pass_on",
            lambda draft: late.extend(between.passed(draft, row) for row in draft.outgoing()),
        )
        slow.get("a").send(Asked("b", 1))
        runs.get("a").send(Asked("b", 2))
        (job,) = late
        slow._operations.writer.do(job)
        assert runs.get("b").snapshot.context == Seen((1, 2))


@run_async
async def test_two_runs_that_tell_each_other_under_load_lose_nothing(store: Store) -> None:
    """Each gets all that the other says, in order."""
    async with Runtime(store, *CHARTS) as runtime:
        a = await runtime.start(Player, key="a", context=Seen())
        b = await runtime.start(Player, key="b", context=Seen())
        sends = [(a, Asked("b", n)) for n in range(100)] + [(b, Asked("a", -n)) for n in range(100)]
        await asyncio.gather(*(run.send(event) for run, event in sends))
        await runtime.settle()
        heard_a = [n for n in a.snapshot.context.taken if n < 0]
        heard_b = [n for n in b.snapshot.context.taken if n > 0]
        assert heard_b == list(range(1, 100))
        assert heard_a == [-n for n in range(1, 100)]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab"), st.integers(0, 9)), max_size=8)
)
def test_messages_are_those_of_a_simple_model_of_mailboxes(sends: list[Any]) -> None:
    """Each run has seen what it said and what it was told, in the order of the sends."""
    model: dict[str, tuple[int, ...]] = {"a": (), "b": ()}
    with Runs(MemoryStore(), *CHARTS) as runs:
        for key in model:
            runs.start(Player, key=key, context=Seen())
        for sender, other, number in sends:
            runs.get(sender).send(Asked(other, number))
            model[sender] += (number,)
            model[other] += (number,)
        assert {key: runs.get(key).snapshot.context.taken for key in model} == model


def test_what_cannot_get_there_waits_with_its_reason(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Who waits for a chart that is not open here, or for a run that is not there, is told why."""
    clock = SimulatedClock()
    with Runs(store, Astray, Oven, clock=clock) as runs:
        one = runs.start(Astray, key="one")
        one.send(Ring())
        one.send(Go())
        told, child = one.owed
        assert "[SC822] nobody: there is no run" in told.reason
        reason = "[SC829] oven: the chart Ovn is not one of the charts here: Astray, Oven. Did you"
        assert child.reason.startswith(reason)
        assert (child.attempts, child.handed, one.status) == (1, False, "running")
        assert [one.message.partition(":")[0] for one in caplog.records] == [
            "one/1 waits",
            "one/2 waits",
        ]


def test_child_that_got_there_at_last_has_no_reason(store: Store) -> None:
    """Once somebody has the chart, the run is started, and nothing is said of before."""
    clock = SimulatedClock()
    with Runs(store, Bakery, clock=clock) as runs:
        bakery = runs.start(Bakery, key="bakery")
        bakery.send(Go(1))
        assert "SC829" in bakery.owed[0].reason
    clock.advance(timedelta(minutes=1))

    async def take_over() -> None:
        async with Runtime(store, Bakery, Oven, clock=clock) as runtime:
            await runtime.settle()
            (row,) = runtime.get("bakery").owed
            assert (row.handed, row.reason) == (True, "")

    asyncio.run(take_over())
