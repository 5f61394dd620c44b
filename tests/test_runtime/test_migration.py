"""Migration: stored runs go on after their chart has changed, or are told beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from types import new_class
from typing import Any

import pytest
from attrs import make_class

from statecharts import State, Statechart, StatechartError
from statecharts.codec import Protocol, Upcaster
from statecharts.runtime import Runs, Runtime, SimulatedClock, Task, handle
from statecharts.runtime.commit import Draft
from statecharts.runtime.writer import Job
from statecharts.store import Store
from statecharts.store.memory import MemoryStore
from tests.test_runtime.conftest import run_async
from tests.test_runtime.orders import Polite
from tests.test_runtime.versions import (
    CHARTS,
    DAY,
    NEW_YEAR,
    UPCASTERS,
    Ask,
    Begin,
    Close,
    Consult,
    Desk,
    Note,
    Nudge,
    Open,
    Reply,
    Subject,
    protocol,
)


def opened(store: Store, clock: SimulatedClock, version: int) -> Runs:
    return Runs(store, protocol(version), effects=(Note,), clock=clock)


def stored(store: Store, clock: SimulatedClock, count: int) -> Runs:
    """Store runs of the first version in each state that they can be in."""
    runs = opened(store, clock, 1)
    (program,) = runs._operations.programs.values()
    for number in range(count):
        run: Any = runs.start(program.chart, key=f"t-{number:04}", context=Desk("ann"))
        match number % 6:
            case 0:
                pass
            case 1:
                run.send(Begin("a"))
            case 2:
                run.send(Begin("b"))
                run.answer(next(iter(run.calls)), Reply("yes"))
            case 3:
                run.send(Begin("c"))
                run.suspend("a holiday")
                run.send(Nudge())
                run.send(Close())
            case 4:
                run.suspend("a holiday")
                run.send(Begin("d"))
            case _:
                run.send(Close())
    return runs


def living(runs: Runs) -> Iterator[Any]:
    return (run for run in runs.list() if not run.ended)


# --- Five changes under live runs -----------------------------------------------------------------


@pytest.mark.sampled(2)
@pytest.mark.parametrize("eager", [True, False], ids=["migrated at once", "when they are moved"])
@pytest.mark.parametrize("count", [60, pytest.param(1_200, marks=pytest.mark.long(at=0.5))])
def test_runs_live_through_five_changes(
    store: Store, clock: SimulatedClock, eager: bool, count: int
) -> None:
    """None is lost, none is stuck; each answers to its next event."""
    runs = stored(store, clock, count)
    for version in range(2, 7):
        runs = opened(store, clock, version)
        assert [one.fault for one in runs.outlook()] == [""] * (count * 5 // 6)
        assert runs.recover() == []
        if eager:
            assert {error for _, error in runs.migrate()} == {None}
            assert runs.migrate() == []
            assert {one.version for one in runs.outlook()} == {version}
        assert runs.verify() == []
    assert len(list(living(runs))) == count * 5 // 6
    for run in living(runs):
        if run.status == "suspended":
            run.resume()
        if not run.ended:
            run.send(Close())
        assert run.status == "ended"
        assert run.history()[-1].configuration == ("closed",)
    assert runs.verify() == []


def test_what_was_stored_is_brought_along(store: Store, clock: SimulatedClock) -> None:
    """Data, context, timer, call and what waits are those of the new version."""
    stored(store, clock, 6)
    runs = opened(store, clock, 4)
    run = runs.get("t-0003")
    run.resume()
    assert run.configuration == ("waiting",)
    assert run.snapshot.context.owners == ["ann"]
    run = runs.get("t-0001")
    assert run.snapshot.data["waiting"] == Subject("a", urgent=False)
    runs.migrate()
    kept = store.read("t-0001")
    assert kept is not None
    assert [one.name for one in kept.owed] == ["note", "consult"]
    assert kept.owed[1].call == "waiting.consult#1"
    assert [one.id for one in kept.timers] == ["waiting.expiry#1"]
    assert run.calls == {"waiting.consult#1": Consult("a", 1)}
    run.answer("waiting.consult#1", Reply("fine"))
    assert run.configuration == ("parked",)
    run = runs.get("t-0004")
    run.resume()
    assert run.snapshot.data["waiting"] == Subject("d", urgent=False)


def test_timer_that_is_new_is_started_and_one_that_moved_fires(
    store: Store, clock: SimulatedClock
) -> None:
    stored(store, clock, 6)
    runs = opened(store, clock, 5)
    runs.migrate()
    assert runs.get("t-0002").snapshot.timers == {"live.parked.forgotten#2": NEW_YEAR}
    clock.advance(DAY * 2)
    assert not runs.get("t-0001").send(Open("late")).handled
    assert runs.get("t-0001").configuration == ("live", "live.parked")


def test_what_is_dropped_is_gone(store: Store, clock: SimulatedClock) -> None:
    """An upcaster drops a call, a timer, and an event that waits: none of them is left."""
    stored(store, clock, 6)
    runs = opened(store, clock, 6)
    runs.migrate()
    kept = store.read("t-0003")
    assert kept is not None
    assert [one.name for one in kept.owed] == ["note"]
    assert [one.id for one in kept.timers] == ["live.parked.forgotten#2"]
    assert [one.body for one in kept.waiting] == [b'{"type":"close"}']
    run = runs.get("t-0003")
    run.resume()
    assert run.ended


# --- History --------------------------------------------------------------------------------------


def test_history_is_read_across_versions(store: Store, clock: SimulatedClock) -> None:
    """Events of before are told as events of today; what is gone is told as it was stored."""
    stored(store, clock, 4)
    run = opened(store, clock, 2).get("t-0001")
    run.answer("waiting.ask#1", Reply("yes"))
    run.send(Nudge())
    told = [(past.kind, past.event) for past in run.history()]
    assert told[0] == ("start", run.at(0).context)
    assert told[1] == ("event", Open("a"))
    assert told[2] == ("migrate", {"from": 1, "to": 2})
    assert told[4] == ("event", Nudge())
    run = opened(store, clock, 6).get("t-0001")
    run.send(Close())
    told = [(past.kind, past.event) for past in run.history()]
    assert told[1] == ("event", Open("a"))
    assert told[4] == ("event", {"type": "nudge"})
    assert [kind for kind, _ in told] == [
        "start", "event", "migrate", "event", "event", "migrate", "event",
    ]  # fmt: skip


def test_entry_that_cannot_be_read_any_more_is_named() -> None:
    """Which of many it is, is said with what it lacks."""
    store, clock = MemoryStore(), SimulatedClock()

    def door(push: Any) -> Any:
        def body(inside: dict[str, Any]) -> None:
            inside["shut"] = State(initial=True, resting=True)
            inside["shut"].stay(on=push)

        return new_class("Door", (Statechart[push],), {}, body)

    with Runs(store, door(make_class("Push", [], frozen=True)), clock=clock) as runs:
        (program,) = runs._operations.programs.values()
        run = runs.start(program.chart, key="a")
        push: Any = program.kernel.chart.events[0].cls
        for _ in range(3):
            run.send(push())
    with Runs(store, door(make_class("Push", ["force"], frozen=True)), clock=clock) as runs:
        text = r"\[SC403\] entry 1 of a, Door.*force"
        with pytest.raises(StatechartError, match=text):
            runs.get("a").at(2)
        with pytest.raises(StatechartError, match=text):
            runs.get("a").points(tail=1)


def test_points_of_the_past_are_seen_with_the_chart_of_today(
    store: Store, clock: SimulatedClock
) -> None:
    stored(store, clock, 2)
    run = opened(store, clock, 3).get("t-0001")
    run.answer("waiting.ask#1", Reply("yes"))
    assert run.at(0).configuration == ("new",)
    assert run.at(1).data["waiting"] == Subject("a", urgent=False)
    assert run.at(1).context.owners == ["ann"]
    assert run.at(3).configuration == ("parked",)


def test_rollback_across_a_migration(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 2)
    runs = opened(store, clock, 2)
    run = runs.get("t-0001")
    run.rollback(to=1)
    assert [past.kind for past in run.history()] == ["start", "event", "migrate", "rollback"]
    assert list(run.calls) == ["waiting.ask#2"]
    trial = runs.fork("t-0001", at=1, to="x")
    assert trial.configuration == ("waiting",)
    assert [past.event for past in trial.history()][1] == Open("a")
    assert runs.verify() == []


def test_fork_of_a_run_that_nobody_has_moved_yet(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 2)
    runs = opened(store, clock, 2)
    trial = runs.fork("t-0001", at=1, to="x")
    assert trial.at(1) == runs.get("t-0001").at(1)
    assert [past.event for past in trial.history()][1] == Open("a")


# --- What breaks is told --------------------------------------------------------------------------


def test_outlook_writes_nothing(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 6)
    before = store.token(), [store.read(f"t-000{n}") for n in range(6)]
    found = opened(store, clock, 6).outlook()
    assert [(one.version, one.to) for one in found] == [(1, 6)] * 5
    assert (store.token(), [store.read(f"t-000{n}") for n in range(6)]) == before


def test_outlook_tells_what_would_break(store: Store, clock: SimulatedClock) -> None:
    """A state that the chart does not have any more, without an upcaster."""
    stored(store, clock, 6)
    upcasters = {number: UPCASTERS.get(number, Upcaster()) for number in range(1, 2)}
    broken = Protocol(
        CHARTS[1](), effects=(Note,), upcasters={1: Upcaster(events={"begin": "open"})}
    )
    assert upcasters
    runs = Runs(store, broken, clock=clock)
    faults = {one.run: one.fault for one in runs.outlook()}
    assert faults["t-0000"] == faults["t-0002"] == ""
    assert "asking" in faults["t-0001"]
    assert "asking" in faults["t-0003"]
    assert [run for run, error in runs.migrate() if error is not None] == ["t-0001", "t-0003"]


def test_run_that_was_stuck_on_a_wrong_upcaster_goes_on(
    store: Store, clock: SimulatedClock
) -> None:
    stored(store, clock, 2)
    wrong = Protocol(CHARTS[1](), effects=(Note,), upcasters={1: Upcaster()})
    assert [run for run, error in Runs(store, wrong, clock=clock).migrate() if error] == ["t-0001"]
    head = store.head("t-0001")
    assert head is not None
    assert head.status == "stuck"
    runs = opened(store, clock, 2)
    assert ("t-0001", None) in runs.migrate()
    assert runs.get("t-0001").status == "running"
    assert runs.get("t-0001").answer("waiting.ask#1", Reply("yes")).handled


def test_outlook_tells_of_timers_that_do_not_run(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 3)
    silent = Protocol(
        CHARTS[4](),
        effects=(Note,),
        upcasters={
            **{number: UPCASTERS[number] for number in (1, 2, 3)},
            4: Upcaster(states=UPCASTERS[4].states, place=UPCASTERS[4].place),
        },
    )
    notes = {one.run: one.notes for one in Runs(store, silent, clock=clock).outlook()}
    assert notes["t-0000"] == ()
    assert notes["t-0002"] == (
        "the timer live.parked.forgotten does not run; Upcaster(start=…) can start it",
    )


def test_outlook_tells_of_charts_that_are_not_there(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 1)
    (found,) = Runs(store, Polite, clock=clock).outlook()
    assert found.fault == "none of the charts here is called Ticket"


def test_outlook_tells_of_effects_that_nobody_can_read(store: Store, clock: SimulatedClock) -> None:
    stored(store, clock, 2)
    unread = Protocol(CHARTS[1](), upcasters={1: UPCASTERS[1]})
    faults = {one.run: one.fault for one in Runs(store, unread, clock=clock).outlook()}
    assert faults["t-0000"] == ""
    assert "note" in faults["t-0001"]


def test_newer_version_is_left_alone(store: Store, clock: SimulatedClock) -> None:
    """A process that has not been upgraded yet does not touch what a newer one has written."""
    stored(store, clock, 2)
    opened(store, clock, 2).migrate()
    old = opened(store, clock, 1)
    assert [error.code for _, error in old.recover()] == ["SC413", "SC413"]
    assert [run.status for run in old.list()] == ["running", "running"]
    assert all("newer" in one.fault for one in old.outlook())


# --- With handlers --------------------------------------------------------------------------------


@run_async
async def test_runtime_goes_on_with_the_next_version(store: Store, clock: SimulatedClock) -> None:
    """A call that the old version began is made again, by its new name; timers fire."""
    asked: list[Any] = []
    async with Runtime(
        store,
        protocol(1),
        handlers=[handle(Ask, asked.append), handle(Note, lambda _: None)],
        clock=clock,
    ) as rt:
        (program,) = rt._operations.programs.values()
        run = await rt.start(program.chart, key="a", context=Desk("ann"))
        await run.send(Begin("tea"))
        await rt.settle()
    assert asked == [Ask("tea")]

    async def consult(call: Consult) -> Reply:
        asked.append(call)
        return Reply("green")

    async with Runtime(
        store,
        protocol(4),
        handlers=[handle(Consult, consult), handle(Note, lambda _: None)],
        clock=clock,
    ) as rt:
        assert [one.fault for one in await rt.outlook()] == [""]
        assert await rt.migrate() == [("a", None)]
        live = rt.get("a")
        await rt.settle()
        assert asked == [Ask("tea")], "it was handed over, and waits for its answer"
        await live.fail("waiting.consult#1", "nobody knows")
        await live.wait("parked")
        assert await rt.verify() == []


@run_async
async def test_what_an_old_worker_has_begun_is_done_again_by_a_new_one(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Both are at work while a deploy rolls out; the old one cannot write what came of it."""
    begun, go, asked = asyncio.Event(), asyncio.Event(), list[Any]()

    async def ask(call: Ask, task: Task[Any]) -> Reply:
        begun.set()
        await go.wait()
        asked.append((task.key, call))
        return Reply("black")

    async def consult(call: Consult, task: Task[Any]) -> Reply:
        asked.append((task.key, call))
        return Reply("green")

    note = handle(Note, lambda _: None)
    old = Runtime(store, protocol(1), handlers=[handle(Ask, ask), note], clock=clock)
    new = Runtime(store, protocol(4), handlers=[handle(Consult, consult), note], clock=clock)
    async with old, new:
        (program,) = old._operations.programs.values()
        run = await old.start(program.chart, key="a", context=Desk("ann"))
        await run.send(Begin("tea"))
        await begun.wait()
        assert await new.migrate() == [("a", None)]
        go.set()
        await old.settle()
        assert new.get("a").configuration == ("waiting",)
        clock.advance(timedelta(seconds=31))
        await new.get("a").wait("parked", timeout=timedelta(seconds=30))
        assert await new.verify() == []
    assert asked == [("a/2", Ask("tea")), ("a/2", Consult("tea", 1))]
    assert "outcome not written: [SC413]" in caplog.text


def test_stuck_timer_keeps_its_cause(store: Store, clock: SimulatedClock) -> None:
    """What a run is stuck on has another name in the new version, and can be skipped by it."""
    runs = stored(store, clock, 2)

    def stick(draft: Draft) -> None:
        draft.stick("it failed", "timer asking.late#1")

    runs._operations.writer.do(Job("t-0001", stick))
    again = opened(store, clock, 2)
    again.migrate()
    head = store.head("t-0001")
    assert head is not None
    assert (head.status, head.blocked) == ("stuck", "timer waiting.expiry#1")
    again.get("t-0001").skip()
    assert dict(again.get("t-0001").snapshot.timers) == {}
    assert again.get("t-0001").fail("waiting.ask#1").handled
