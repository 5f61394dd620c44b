"""The cost of declaring a chart as class bodies, all checks included."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Final

from attrs import make_class

from benchmarks.contestant import ContestantError, version_of
from benchmarks.results import Column, Row, Section
from benchmarks.sections.effort import Plan
from benchmarks.shapes.ours import kernel_of
from benchmarks.shapes.outline import ring
from benchmarks.timing import Subject, measure
from statecharts import Compound, State, Statechart

OURS: Final = "statecharts"
COLUMNS: Final = (
    Column("states", "states", digits=0),
    Column("lines", "lines", digits=0),
    Column("s", "s of CPU", digits=3),
    Column("each", "µs a line"),
)
CAPTION: Final = "Class bodies included: states, lines, all checks, the chart."


def ringed(size: int) -> Any:
    """Declare so many states in a ring."""
    return kernel_of(ring(size)).chart


def crossed(size: int) -> Any:
    """Declare so many regions, each with as many lines that leave it and enter it again."""
    events = [make_class(f"Event{number}", (), frozen=True) for number in range(size)]

    def region(_number: int) -> Callable[[dict[str, Any]], None]:
        def fill(namespace: dict[str, Any]) -> None:
            a, b = namespace["a"], namespace["b"] = State(initial=True), State()
            a.to(b, on=events[0])
            b.to(a, on=events[0])

        return fill

    def fill(namespace: dict[str, Any]) -> None:
        for number in range(size):
            name = f"r{number}"
            one: Any = types.new_class(name, (Compound,), {}, region(number))
            namespace[name] = one
            for event in events:
                one.to(one.b, on=event)

    keywords = {"parallel": True, "allow": "*"}
    chart: Any = types.new_class("Crossed", (Statechart,), keywords, fill)
    return chart.chart


def run(plan: Plan) -> list[Section]:
    """Declare charts of growing size, interleaved."""
    largest = f"ring of {plan.ring:,} states"
    shapes: dict[str, Callable[[], Any]] = {largest: lambda: ringed(plan.ring)}
    for size in plan.regions:
        shapes[f"{size} regions with {size} lines each"] = lambda size=size: crossed(size)  # type: ignore[misc]
    charts = {name: build() for name, build in shapes.items()}
    found = len(charts[largest].states)
    if found != plan.ring:
        raise ContestantError(OURS, "states of the ring", plan.ring, found)
    subjects = [
        Subject(name, lambda build=build: build, most_calls=1)  # type: ignore[misc]
        for name, build in shapes.items()
    ]
    samples = measure(subjects, plan.walks)
    rows = []
    for name, chart in charts.items():
        lines = len(chart.transitions)
        values = {
            "states": float(len(chart.states)),
            "lines": float(lines),
            "s": samples[name].median_us / 1_000_000,
            "each": samples[name].median_us / lines,
        }
        rows.append(Row(name, version_of("statecharts"), values))
    return [Section("definition", "Declaring a chart", COLUMNS, tuple(rows), CAPTION)]
