"""The chart itself as a state: parallel, with transitions, entry effects and timers of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from statecharts import Chart, Kernel, Machine, NamedEvent, StartTimer
from statecharts.checks import accept
from statecharts.model.chart import (
    After,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import Give

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def on(source: str, event: str, *targets: str, **known: Any) -> Transition:
    return Transition(source, OnEvent((event,)), targets, **known)


def region(
    name: str, *transitions: Transition, own: tuple[Transition, ...] = ()
) -> list[StateNode]:
    """Return a region of two states, the first of which has these transitions."""
    x, y = f"{name}.x", f"{name}.y"
    return [
        StateNode(
            name,
            StateKind.COMPOUND,
            name,
            children=(x, y),
            default=Transition(name, Default(), (x,)),
            transitions=own,
        ),
        StateNode(x, StateKind.ATOMIC, "x", name, transitions=transitions),
        StateNode(y, StateKind.ATOMIC, "y", name),
    ]


def parallel(*transitions: Transition, **known: Any) -> Chart:
    """Return a chart that is parallel: regions ``a`` and ``b``, with transitions of the chart's."""
    states = [
        *region("a", on("a.x", "go", "a.y"), own=(on("a", "again", "a"),)),
        *region("b", on("b.x", "go", "b.y")),
    ]
    root = StateNode(
        "", StateKind.PARALLEL, "Two", None, ("a", "b"), transitions=transitions, **known
    )
    return accept(Chart("Two", root, tuple(states)), "*")


def test_parallel_chart_starts_in_all_of_its_regions() -> None:
    """A chart of regions needs no default: it is in each of them from the start."""
    first = Kernel(parallel()).start()
    assert first.snapshot.configuration == ("a", "a.x", "b", "b.x")


def test_parallel_chart_keeps_its_regions_when_one_is_left() -> None:
    """A region that leads to itself leaves the whole, and all regions are entered again."""
    machine = Machine(parallel())
    machine.send(NamedEvent("go"))
    assert machine.configuration == ("a", "a.y", "b", "b.y")
    machine.send(NamedEvent("again"))
    assert machine.configuration == ("a", "a.x", "b", "b.x")


def test_transition_of_a_parallel_chart_leads_into_several_regions() -> None:
    """A transition of the chart itself can set each region; others restart."""
    machine = Machine(parallel(on("", "set", "a.y", "b.y"), on("", "part", "b.y")))
    machine.send(NamedEvent("set"))
    assert machine.configuration == ("a", "a.y", "b", "b.y")
    machine.send(NamedEvent("part"))
    assert machine.configuration == ("a", "a.x", "b", "b.y")


def test_targetless_transition_of_the_chart_changes_no_state() -> None:
    """What the chart itself handles without a target leaves every state as it is."""
    log = Hook(Give(Action("log")))
    chart = parallel(on("", "note", kind=TransitionKind.INTERNAL, emit=(log,)))
    kernel = Kernel(chart)
    noted = kernel.step(kernel.start().snapshot, NamedEvent("note"))
    assert noted.effects == (Action("log"),)
    assert noted.snapshot.configuration == ("a", "a.x", "b", "b.x")


def test_chart_itself_can_have_a_timer() -> None:
    """A delayed transition of the chart counts from the start, whatever happens inside."""
    late = Transition("", After(timedelta(minutes=1), ".after.1"), ("a.y", "b.y"))
    chart = parallel(late, entry=(Hook(Give(Action("begin"))),))
    first = Kernel(chart).start(at=NOW)
    assert first.effects == (
        Action("begin"),
        StartTimer(".after.1#1", NOW + timedelta(minutes=1)),
    )
    machine = Machine(chart, at=NOW)
    machine.advance(timedelta(minutes=1))
    assert machine.configuration == ("a", "a.y", "b", "b.y")
