"""The end of a run: when the outermost final state is reached, nothing moves the run any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Answer,
    Call,
    CallFailed,
    CancelInvoke,
    CancelTimer,
    Chart,
    Compound,
    Effect,
    Machine,
    NamedEvent,
    Parallel,
    Raise,
    Send,
    State,
    Statechart,
    StatechartError,
    Step,
    TimerFired,
    UnhandledEventError,
    start,
    step,
)
from statecharts.interop import scxml, xstate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@frozen
class Go:
    pass


@frozen
class Other:
    pass


@frozen
class Fault:
    pass


@frozen
class Work(Call[Other]):
    pass


@frozen
class Log(Effect):
    line: str


class ByLine(Statechart[Go | Fault | Other], allow="*"):
    """Has lines of the chart itself on everything that can happen."""

    a = State(initial=True)
    faulted = State(resting=True)
    done = State(final=True)
    a.to(done, on=Go)
    Statechart.to(faulted, on=Fault)
    Statechart.stay(on=Other, emit=lambda m: Log("other"))


class ByTimer(Statechart[Go], allow="*", entry=lambda m: Send(Go(), 3 * MINUTE)):
    """Has a timer of the chart itself, and has sent itself an event."""

    a = State(initial=True)
    late = State(resting=True)
    done = State(final=True)
    a.after(MINUTE, done)
    Statechart.after(2 * MINUTE, late)
    Statechart.to(late, on=Go)


class ByCall(Statechart[Go | Other], allow="*", invoke=Work):
    """Has a call of the chart itself."""

    a = State(initial=True)
    late = State(resting=True)
    done = State(final=True)
    a.to(done, on=Go)
    Statechart.to(late, on=Other | CallFailed)


class ByDeferral(Statechart[Go | Other], allow="*"):
    """Ends while an event waits that a line of the chart would take."""

    a = State(initial=True)
    late = State(resting=True)
    done = State(final=True)
    a.defer(on=Other)
    a.to(done, on=Go)
    Statechart.to(late, on=Other)


class ByRaising(Statechart[Go | Other], allow="*"):
    """Raises an event on the way to its end, which a line of the chart would take."""

    a = State(initial=True)
    late = State(resting=True)
    done = State(final=True, entry=lambda m: [Raise(Other()), Send(Other())])
    a.to(done, on=Go, emit=lambda m: Raise(Other()))
    Statechart.to(late, on=Other)
    Statechart.always(late, when=lambda m: ByRaising.done in m)


class ByRegions(Statechart[Go | Other | Fault], allow="*", parallel=True):
    """A chart that is itself parallel, and ends when all of its regions have."""

    class left(Compound):
        a = State(initial=True)
        z = State(final=True)
        a.to(z, on=Go)

    class right(Compound):
        a = State(initial=True)
        z = State(final=True)
        a.to(z, on=Other)

    Statechart.to(left.a, on=Fault)


class ByWholes(Statechart[Go | Other | Fault], allow="*", parallel=True):
    """A parallel chart of parallel states."""

    class upper(Parallel):
        class one(Compound):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Go)

        class two(Compound):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Other)

    class lower(Compound):
        a = State(initial=True)
        z = State(final=True)
        a.to(z, on=Go)

    Statechart.stay(on=Fault, emit=lambda m: Log("fault"))


XSTATE: Chart = xstate.loads(
    """{"id": "job", "initial": "a", "on": {"fault": ".faulted"}, "states": {
         "a": {"on": {"go": "done"}}, "faulted": {}, "done": {"type": "final"}}}"""
)

SCXML: Chart = scxml.loads(
    """<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="job">
         <state id="a"><transition event="go" target="done"/></state>
         <final id="done"/>
       </scxml>"""
)

CASES: list[tuple[Any, tuple[Any, ...], tuple[str, ...]]] = [
    (ByLine, (Go(),), ("done",)),
    (ByTimer, (TimerFired("a.after#2"),), ("done",)),
    (ByCall, (Go(),), ("done",)),
    (ByDeferral, (Other(), Go()), ("done",)),
    (ByRaising, (Go(),), ("done",)),
    (ByRegions, (Go(), Other()), ("left", "left.z", "right", "right.z")),
    (
        ByWholes,
        (Other(), Go()),
        (
            "upper",
            "upper.one",
            "upper.one.z",
            "upper.two",
            "upper.two.z",
            "lower",
            "lower.z",
        ),
    ),
    (XSTATE, (NamedEvent("go"),), ("done",)),
    (SCXML, (NamedEvent("go"),), ("done",)),
]

AFTERWARDS: list[Callable[[Step[Any, Any]], Any]] = [
    lambda last: Go(),
    lambda last: Fault(),
    lambda last: Other(),
    lambda last: NamedEvent("fault"),
    lambda last: NamedEvent("error.timeout"),
    lambda last: TimerFired("after#1"),
    lambda last: TimerFired("a.after#2"),
    lambda last: TimerFired("send#1"),
    lambda last: Answer("work#1", Other()),
    lambda last: Answer("work#1", Other(), last=False),
    lambda last: CallFailed("work#1"),
]


def ended(chart: Any, events: tuple[Any, ...]) -> list[Step[Any, Any]]:
    """Return the steps of a run to its end."""
    begun: Any = start(chart, at=NOW)
    steps: list[Step[Any, Any]] = [begun]
    for event in events:
        assert not steps[-1].snapshot.ended
        timers = [TimerFired(name) for name in steps[-1].snapshot.timers if name.startswith("a.")]
        sent = timers[0] if isinstance(event, TimerFired) else event
        steps.append(step(chart, steps[-1].snapshot, sent, at=NOW))
    return steps


@pytest.mark.parametrize("afterwards", range(len(AFTERWARDS)))
@pytest.mark.parametrize(("chart", "events", "end"), CASES)
def test_nothing_moves_a_run_that_has_ended(
    chart: Any, events: tuple[Any, ...], end: tuple[str, ...], afterwards: int
) -> None:
    """No event, timer, answer or failure, by whatever line, changes the snapshot of the end."""
    last = ended(chart, events)[-1]
    assert last.snapshot.configuration == end
    assert last.snapshot.ended

    after = step(chart, last.snapshot, AFTERWARDS[afterwards](last), at=NOW)

    assert after == Step(last.snapshot, (), (), handled=False, microsteps=())
    assert after.snapshot is last.snapshot


@pytest.mark.parametrize(("chart", "events", "end"), CASES)
def test_end_leaves_nothing_under_way(
    chart: Any, events: tuple[Any, ...], end: tuple[str, ...]
) -> None:
    """Each timer and call that a run has started is over or cancelled when it ends."""
    steps = ended(chart, events)
    last = steps[-1].snapshot
    assert (dict(last.timers), dict(last.calls), last.waiting) == ({}, {}, ())
    assert last.memory.sent == ()
    under_way = {*steps[-2].snapshot.timers, *steps[-2].snapshot.calls}
    cancelled = {e.id for e in steps[-1].effects if isinstance(e, CancelTimer | CancelInvoke)}
    spent = {one for one in under_way if one.startswith("a.")}
    assert cancelled == under_way - spent


@pytest.mark.parametrize(("chart", "events", "end"), CASES)
def test_ended_run_can_do_nothing(
    chart: Any, events: tuple[Any, ...], end: tuple[str, ...]
) -> None:
    """`can` says no to everything, and no event is enabled."""
    last = ended(chart, events)[-1].snapshot
    assert last.enabled == ()
    assert not any(last.can(make(None), at=NOW) for make in AFTERWARDS)  # type: ignore[arg-type]
    assert not any(last.can(event) for event in (Go, Other, Fault))


def test_machine_says_that_the_run_has_ended() -> None:
    """An event to a run that has ended is unhandled; the error says so and lists no events."""
    machine = Machine(ByLine, at=NOW, on_unhandled="raise")
    states = [machine.ended]
    machine.send(Go())
    states.append(machine.ended)
    assert states == [False, True]
    assert repr(machine) == "<Machine of ByLine ended in (done) at 1>"
    with pytest.raises(UnhandledEventError, match=r"the run has ended in \(done\)") as raised:
        machine.send(Fault())
    assert "answers to" not in str(raised.value)
    assert machine.advance(timedelta(days=1)) == ()


def test_machine_sends_nothing_to_itself_after_the_end() -> None:
    """What the last step sends is returned, and moves nothing."""
    machine = Machine(ByRaising, at=NOW, on_unhandled="ignore")
    last = machine.send(Go())
    assert Send(Other()) in last.effects
    assert machine.configuration == ("done",)
    assert machine.snapshot.clock == 1


def test_run_may_end_at_its_start() -> None:
    """A chart whose first state is final has ended when it has started."""

    class Short(Statechart[Go], allow="*"):
        done = State(initial=True, final=True, entry=lambda m: Log("done"))
        Statechart.stay(on=Go, emit=lambda m: Log("go"))

    begun = start(Short)
    assert begun.snapshot.ended
    assert begun.effects == (Log("done"),)
    assert not step(Short, begun.snapshot, Go()).handled


def test_inner_final_state_is_not_the_end() -> None:
    """Only the outermost level counts: a superstate in its final state goes on."""

    class Inner(Statechart[Go | Fault], allow="*"):
        class work(Compound, initial=True):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Go)

        faulted = State(final=True)
        Statechart.to(faulted, on=Fault)

    there = step(Inner, start(Inner).snapshot, Go()).snapshot
    assert not there.ended
    assert step(Inner, there, Fault()).snapshot.ended


def test_end_comes_before_completion_lines() -> None:
    """When the last region ends a parallel chart, no line of the chart is asked any more."""

    class Whole(Statechart[Go | Fault], allow="*", parallel=True):
        class one(Compound):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Go)

        class two(Compound):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Go)

        Statechart.always(one.a, when=lambda m: Whole.one.z in m and Whole.two.z in m)

    assert step(Whole, start(Whole).snapshot, Go()).snapshot.ended


def test_error_of_an_ended_run_is_no_error_for_late_messages() -> None:
    """Timers and answers that come after the end are late, and not an error."""
    machine = Machine(ByCall, at=NOW, on_unhandled="raise")
    (call,) = machine.snapshot.calls
    machine.send(Go())
    for late in (Answer(call, Other()), CallFailed(call), TimerFired("after#1")):
        assert not machine.send(late).handled
    with pytest.raises(StatechartError):
        machine.send(Go())
