"""Charts of many lines are checked in time near to their size; work is counted, never timed."""

from __future__ import annotations

import types
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from attrs import frozen, make_class

from statecharts import Call, CallFailed, Compound, DefinitionError, Parallel, State, Statechart
from statecharts.checks import faults
from statecharts.model.chart import (
    Always,
    Chart,
    Default,
    StateKind,
    StateNode,
    Transition,
)
from tests.work import counted

Fill = Callable[[dict[str, Any]], None]

EVENTS: list[Any] = [make_class(f"Event{number}", (), frozen=True) for number in range(32)]


@frozen
class Number:
    """The data of some states."""

    x: int = 0


@frozen
class Ask(Call[EVENTS[0]]):  # type: ignore[valid-type]
    """A call."""


def chart(fill: Fill, *, parallel: bool = False) -> Chart:
    """Return the chart that a class body declares."""
    keywords = {"allow": "*", "parallel": parallel}
    declared: Any = types.new_class("Many", (Statechart,), keywords, fill)
    found: Chart = declared.chart
    return found


def region(data: type | None) -> Any:
    """Return a region of two states, the first of which may carry data."""

    def fill(namespace: dict[str, Any]) -> None:
        a, b = namespace["a"], namespace["b"] = State(data, initial=True), State()
        a.to(b, on=EVENTS[0])
        b.to(a, on=EVENTS[0])

    return types.new_class("region", (Compound,), {}, fill)


def regions(n: int, data: type | None = None) -> Chart:
    """Every region has a line for each event, which leaves all regions and enters them again."""

    def fill(namespace: dict[str, Any]) -> None:
        for number in range(n):
            one = namespace[f"r{number}"] = region(data)
            for event in EVENTS[:n]:
                one.to(one.b, on=event)

    return chart(fill, parallel=True)


def outward(n: int, data: type | None = None) -> Chart:
    """Every region has lines out of the parallel state, and lines back into it."""

    def inside(namespace: dict[str, Any]) -> None:
        namespace.update((f"r{number}", region(data)) for number in range(n))

    def fill(namespace: dict[str, Any]) -> None:
        work: Any = types.new_class("work", (Parallel,), {"initial": True}, inside)
        namespace["work"] = work
        away = namespace["away"] = State(data)
        for number in range(n):
            one = getattr(work, f"r{number}")
            for event in EVENTS[:n]:
                one.to(away, on=event)
                away.to(one.b, on=event)

    return chart(fill)


def covered(n: int) -> Chart:
    """A superstate has the lines that all of its children have."""

    def inside(namespace: dict[str, Any]) -> None:
        states = [State(initial=number == 0) for number in range(n)]
        namespace.update((f"s{number}", state) for number, state in enumerate(states))
        for number, state in enumerate(states):
            for event in EVENTS[:n]:
                state.to(states[(number + 1) % n], on=event)

    def fill(namespace: dict[str, Any]) -> None:
        work: Any = types.new_class("work", (Compound,), {"initial": True}, inside)
        namespace["work"] = work
        done = namespace["done"] = State(final=True)
        for event in EVENTS[:n]:
            work.to(done, on=event)

    return chart(fill)


def eventless(n: int) -> Chart:
    """One eventless line leads to the next."""

    def fill(namespace: dict[str, Any]) -> None:
        states = [State(initial=number == 0, final=number == n * n) for number in range(n * n + 1)]
        namespace.update((f"s{number}", state) for number, state in enumerate(states))
        for state, following in pairwise(states):
            state.always(following)

    return chart(fill)


def deferring(n: int) -> Chart:
    """Each state takes half of the events, and defers the others."""

    def fill(namespace: dict[str, Any]) -> None:
        states = [State(initial=number == 0) for number in range(n)]
        namespace.update((f"s{number}", state) for number, state in enumerate(states))
        for number, state in enumerate(states):
            for event in EVENTS[: n // 2]:
                state.to(states[(number + 1) % n], on=event)
            state.defer(on=tuple(EVENTS[n // 2 : n]))

    return chart(fill)


def calling(n: int) -> Chart:
    """Each state makes a call, whose failure a line of the superstate takes, after many others."""
    count = n * n // 2

    def inside(namespace: dict[str, Any]) -> None:
        states = [State(initial=number == 0, invoke=Ask) for number in range(count)]
        namespace.update((f"s{number}", state) for number, state in enumerate(states))
        for number, state in enumerate(states):
            state.to(states[(number + 1) % count], on=EVENTS[0])

    def fill(namespace: dict[str, Any]) -> None:
        work: Any = types.new_class("work", (Compound,), {"initial": True}, inside)
        namespace["work"] = work
        for number in range(count):
            work.to(work.s0, on=EVENTS[number % n])
        work.to(work.s0, on=CallFailed)

    return chart(fill)


@pytest.mark.parametrize(
    "shape",
    [
        regions,
        lambda n: regions(n, Number),
        outward,
        lambda n: outward(n, Number),
        covered,
        eventless,
        deferring,
        calling,
    ],
    ids=[
        "regions",
        "regions with data",
        "outward",
        "outward with data",
        "covered",
        "eventless",
        "deferring",
        "calling",
    ],
)
@pytest.mark.parametrize("size", [8, pytest.param(16, marks=pytest.mark.long)])
def test_checks_take_work_in_proportion_to_lines(shape: Callable[[int], Chart], size: int) -> None:
    """Four times as many lines make about four times as much work."""
    small, large = shape(size), shape(2 * size)
    lines = len(large.transitions) / len(small.transitions)
    _, less = counted(lambda: faults(small))
    _, more = counted(lambda: faults(large))
    assert 3.5 < lines < 4.5
    assert more / less < 1.25 * lines


def test_region_that_lacks_data_is_told_for_every_line_that_enters_it() -> None:
    """What is sound is looked at once; what is not, for each of the lines, in its own words."""

    def inside(namespace: dict[str, Any]) -> None:
        namespace["x"] = region(make_class("Needy", ["lacking"], frozen=True))
        namespace["y"] = region(None)

    def fill(namespace: dict[str, Any]) -> None:
        idle = namespace["idle"] = State(initial=True)
        work: Any = types.new_class("work", (Parallel,), {}, inside)
        namespace["work"] = work
        idle.to(work.y.b, on=EVENTS[0])
        idle.to(work.y.a, on=EVENTS[1])

    with pytest.raises(DefinitionError) as caught:
        chart(fill)
    told = [fault.found for fault in caught.value.faults if "lacking" in fault.found]
    assert sum("idle on Event0" in one for one in told) == 1
    assert sum("idle on Event1" in one for one in told) == 1


def eventless_states(*moves: tuple[str, str]) -> Chart:
    """Return a chart of eventless lines without guards."""
    names = list(dict.fromkeys(name for move in moves for name in move))
    states = [
        StateNode(
            name,
            StateKind.ATOMIC,
            name,
            transitions=tuple(
                Transition(name, Always(), (target,)) for source, target in moves if source == name
            ),
        )
        for name in names
    ]
    default = Transition("", Default(), (names[0],))
    root = StateNode("", StateKind.COMPOUND, "Round", None, tuple(names), default)
    return Chart("Round", root, tuple(states))


def test_circle_is_told_once_wherever_it_is_entered() -> None:
    """Lines that lead into a circle are followed no further than to what is known of it."""
    found = [
        fault.found
        for fault in faults(eventless_states(("a", "b"), ("b", "c"), ("c", "b"), ("d", "c")))
        if fault.code == "SC110"
    ]
    assert len(found) == 1
    assert found[0].endswith(" b → c → b")
