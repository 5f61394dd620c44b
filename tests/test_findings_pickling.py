"""Pickling and copying: what comes back is equal, or an error says what to pickle instead."""

from __future__ import annotations

import copy
import functools
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import (
    Answer,
    Call,
    CallFailed,
    Chart,
    Compound,
    Effect,
    History,
    Kernel,
    Machine,
    Moment,
    Occurred,
    Parallel,
    State,
    Statechart,
    StatechartError,
    Step,
    TimerFired,
    start,
    step,
)
from statecharts.codec import Protocol
from statecharts.interop import scxml
from statecharts.model.hooks import Hook

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Go:
    by: int = 1


@frozen
class Halt:
    pass


@frozen
class Done:
    pass


@frozen
class Log(Effect):
    line: str


@frozen
class Work(Call[Done]):
    amount: int


@frozen
class Counted:
    amount: int
    since: Occurred


def enough(m: Moment[Counted, Go]) -> bool:
    """Tell whether it was counted far enough."""
    return m.data.amount >= 3


def longer(m: Moment[Any, Any], by: int) -> timedelta:
    """Return a delay."""
    return timedelta(minutes=by)


def within(limit: int) -> Any:
    """Return a guard that no pickle can name."""

    def small(m: Moment[Any, Go]) -> bool:
        return m.event.by <= limit

    return small


class Limit:
    """A guard that is an object."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, m: Moment[Any, Go]) -> bool:
        """Tell whether the event keeps within the limit."""
        return m.event.by <= self.most

    def holds(self, m: Moment[Any, Go]) -> bool:
        """Tell the same, as a method."""
        return self(m)


class Counter(Statechart[Go | Halt | Done], allow="*"):
    """Has hooks of every kind: lambdas, closures, methods, partials, objects, functions."""

    class on(Compound, initial=True):
        idle = State(initial=True)
        counting = State(Counted, invoke=Work, entry=lambda m: Log(f"from {m.data.amount}"))
        back = History(default=idle)

        idle.to(counting, on=Go, when=within(9), make=lambda m: Counted(m.event.by, m.at))
        counting.stay(
            on=Go,
            when=lambda m: m.data.amount < 3,
            make=lambda m: Counted(m.data.amount + m.event.by, m.data.since),
            emit=lambda m: [Log("one more")],
        )
        counting.to(idle, on=Go, when=enough)
        late = counting.after(functools.partial(longer, by=5), idle)

    off = State()
    on.to(off, on=Halt, emit=lambda m: Log("halted"))
    off.to(on.back, on=Go, when=Limit(9))


def steps() -> list[Step[Any, Any]]:
    """Return one step for each kind of line and event."""
    found: list[Step[Any, Any]] = [start(Counter, at=NOW)]
    events = (Go(2), Go(2), Go(1), Go(1), Halt(), Go(1), TimerFired("on.counting.after#2"), Halt())
    for event in events:
        found.append(step(Counter, found[-1].snapshot, event, at=NOW))
    return found


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_step_pickles_whatever_its_lines_call(protocol: int) -> None:
    """Each step comes back equal, in every protocol, with equal lines that show the same names."""
    for before in steps():
        after = pickle.loads(pickle.dumps(before, protocol))
        assert isinstance(after, Step)
        assert after == before
        assert before == after
        assert hash(after) == hash(before)
        assert repr(after) == repr(before)
        names = [[hook.name for hook in line.hooks] for line in before.fired]
        assert [[hook.name for hook in line.hooks] for line in after.fired] == names
        same = [line in Counter.chart.transitions for line in after.fired]
        assert same == [
            not isinstance(line.guard and line.guard.function, Limit) for line in before.fired
        ]


def test_step_pickles_twice() -> None:
    """A step that comes from a pickle pickles again, and is still equal."""
    for before in steps():
        once = pickle.loads(pickle.dumps(before))
        assert pickle.loads(pickle.dumps(once)) == before


def test_steps_of_other_lines_stay_different() -> None:
    """Coming from a pickle makes no step equal to that of another line."""
    found = steps()
    again = [pickle.loads(pickle.dumps(one)) for one in found]
    assert [[one == other for other in again] for one in found] == [
        [one is other for other in found] for one in found
    ]


def test_function_that_was_lost_says_so() -> None:
    """A lambda does not come along; calling what stands in for it is a clear error."""
    counted = pickle.loads(pickle.dumps(steps()[2]))
    (line,) = counted.fired
    with pytest.raises(StatechartError, match=r"\[SC220\] .*'data.amount < 3' was lost when"):
        line.guard.function(None)


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (enough, True),
        (functools.partial(longer, by=5), True),
        (Limit.holds, True),
        (len, True),
        (lambda m: True, False),
        (within(3), False),
        (functools.partial(lambda m, by: by, by=5), False),
        (functools.partial(within(3)), False),
    ],
)
def test_hook_keeps_the_functions_that_can_be_imported(function: Any, *, kept: bool) -> None:
    """What pickle can name comes back itself; anything else as an equal stand-in."""
    hook = Hook(function)
    again = pickle.loads(pickle.dumps(hook))
    assert hook.portable is kept
    assert again.portable is kept
    assert again.name == hook.name
    if isinstance(function, functools.partial) and kept:
        assert again.function(None) == timedelta(minutes=5)
    elif kept:
        assert again.function is function
        assert again == hook
    else:
        assert again == hook
        assert hook == again


def test_hooks_of_different_functions_stay_different() -> None:
    """Two lambdas, two closures, a lambda and a function: none equals another's stand-in."""
    functions: tuple[Any, ...] = (enough, within(3), lambda m: m.data.x, lambda m: m.data.y, longer)
    hooks = [Hook(one) for one in functions]
    again = [pickle.loads(pickle.dumps(hook)) for hook in hooks]
    for i, one in enumerate(hooks):
        assert [one == other for other in again] == [i == j for j in range(len(hooks))]


@pytest.mark.parametrize("events", [(Go(1),), (Go(1), Halt()), (Go(1), Halt(), Go(1))])
def test_snapshot_from_a_pickle_goes_on(events: tuple[Any, ...]) -> None:
    """Calls, timers, data and history are in the pickle: the run goes on as if nothing was."""
    machine = Machine(Counter, at=NOW)
    for event in events:
        machine.send(event)
    again = Machine(Counter, snapshot=pickle.loads(pickle.dumps(machine.snapshot)), at=NOW)
    assert again.snapshot == machine.snapshot
    for event in (Go(1), Answer("on.counting.work#1", Done()), Halt(), Go(1)):
        assert again.send(event) == machine.send(event)


@pytest.mark.parametrize("event", [Answer("a#1", Done()), CallFailed("a#1", "no"), Go(3)])
def test_events_pickle(event: Any) -> None:
    """What is sent across processes comes back equal."""
    assert pickle.loads(pickle.dumps(event)) == event


@pytest.mark.parametrize("chart", [Counter.chart, Execution.chart, Pipeline.chart])
def test_declared_chart_pickles_by_the_name_of_its_class(chart: Chart) -> None:
    """A chart of a module comes back as the very same chart, with all its functions."""
    assert pickle.loads(pickle.dumps(chart)) is chart


def test_declared_chart_is_found_in_another_process(tmp_path: Path) -> None:
    """The class is imported where the pickle is read."""
    path = tmp_path / "pipeline.pickle"
    path.write_bytes(pickle.dumps((Pipeline.chart, start(Pipeline, at=NOW))))
    program = (
        "import pickle, sys; chart, begun = pickle.load(open(sys.argv[1], 'rb'));"
        "from machines.pipeline import Pipeline; print(chart is Pipeline.chart);"
        "print(begun.snapshot.configuration)"
    )
    command = [sys.executable, "-c", program, str(path)]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "True\n('active', 'active.backlog')\n"


def test_chart_of_a_file_pickles_by_value() -> None:
    """A chart that no class declares comes back equal, as long as all it calls comes along."""
    door = scxml.loads(
        """<scxml name="door"><state id="shut">
             <transition event="push" cond="In('shut')" target="open"/>
             <transition event="kick" cond="strong" target="open"/></state>
           <final id="open"/></scxml>"""
    )
    bound = door.bind(guards={"strong": enough})
    for chart in (door, bound):
        again = pickle.loads(pickle.dumps(chart))
        assert again is not chart
        assert again == chart
        assert again.hash == chart.hash


def test_chart_that_would_lose_a_function_says_so() -> None:
    """A chart that cannot be imported and calls a lambda is refused, with what to do."""

    class Local(Statechart):
        a = State(initial=True)
        b = State(final=True)
        a.to(b, on=Go, when=lambda m: m.event.by > 1)

    class Delayed(Statechart):
        a = State(initial=True)
        b = State(final=True)
        a.after(lambda m: timedelta(1), b)

    for chart, name in ((Local.chart, "event.by > 1"), (Delayed.chart, "timedelta(1)")):
        with pytest.raises(StatechartError, match=r"\[SC216\] .* cannot be pickled") as refused:
            pickle.dumps(chart)
        assert repr(name) in str(refused.value)


def test_class_that_has_lost_its_name_does_not_stand_for_the_chart() -> None:
    """A class that was declared again is not the class of the old chart."""
    old = Counter.chart
    again = type("Counter", (Counter,), {"__module__": __name__, "__qualname__": "Counter"})
    with pytest.raises(StatechartError, match=r"\[SC216\]"):
        pickle.dumps(again.chart)  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(old)) is old


@pytest.mark.parametrize(
    ("value", "code", "instead"),
    [
        (Kernel(Counter), "SC216", "Kernel(Chart)"),
        (Machine(Counter, at=NOW), "SC507", "Machine(Chart, snapshot=snapshot)"),
        (Protocol(Pipeline), "SC216", "Protocol(Chart)"),
    ],
    ids=["kernel", "machine", "protocol"],
)
def test_what_does_not_pickle_says_what_to_pickle_instead(
    value: object, code: str, instead: str
) -> None:
    """A kernel, a machine and a protocol are made anew; the error shows how."""
    with pytest.raises(StatechartError) as refused:
        pickle.dumps(value)
    assert refused.value.code == code
    assert instead in refused.value.remedy
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_what_never_changes_copies_as_itself(copied: Any) -> None:
    """Charts, kernels and hooks are their own copies, inside other things as well."""
    kernel = Kernel(Counter)
    assert copied(Counter.chart) is Counter.chart
    assert copied(kernel) is kernel
    hook = Hook(lambda m: True)
    assert copied(hook) is hook
    assert copy.deepcopy({"kernel": [kernel]})["kernel"][0] is kernel
    protocol = Protocol(Pipeline)
    assert copy.deepcopy(protocol) is protocol


def test_copies_of_steps_and_snapshots_are_equal_and_go_on() -> None:
    """A deep copy of a step equals it, and its snapshot can be stepped."""
    for before in steps():
        after = copy.deepcopy(before)
        assert after == before
        assert step(Counter, after.snapshot, Halt(), at=NOW) == step(
            Counter, before.snapshot, Halt(), at=NOW
        )


def test_machine_cannot_be_copied() -> None:
    """A copy of a machine would share its lock and subscribers: its snapshot is what to copy."""
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(StatechartError, match=r"\[SC507\]"):
            copied(Machine(Counter, at=NOW))


class Sides(Statechart[Go]):
    class both(Parallel, initial=True):
        class left(Compound):
            a = State(initial=True)
            b = State(final=True)
            a.to(b, on=Go, when=lambda m: m.event.by == 1)

        class right(Compound):
            c = State(initial=True)
            d = State(final=True)
            c.to(d, on=Go, when=lambda m: m.event.by == 1)

    end = State(final=True)
    both.when_done(end, emit=lambda m: Log("both"))


def test_step_of_several_microsteps_pickles() -> None:
    """Lines of several regions and of completion are kept, microstep by microstep."""
    before = step(Sides, start(Sides).snapshot, Go())
    after = pickle.loads(pickle.dumps(before))
    assert after == before
    assert after.microsteps == before.microsteps
    assert [len(one.fired) for one in after.microsteps] == [2, 1]
