"""The memory of a kernel: snapshots that were just loaded, and more plans than it has room for."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import ContestantError, Run, version_of
from benchmarks.cycle.domain import AT, DepsMet
from benchmarks.cycle.ours import KERNEL, Pipeline
from benchmarks.results import Column, Row, Section
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure
from statecharts import Compound, Kernel, Snapshot, State, Statechart
from statecharts.codec import Protocol

OURS: Final = "statecharts"
FIRST: Final = "first step of a loaded snapshot"
PAIRS: Final = "all pairs in turn, with the default bound"

COLUMNS: Final = (
    Column("warm", "µs, warm"),
    Column("us", "µs"),
    Column("ratio", "to warm", suffix=" ×"),
)

CAPTION: Final = (
    "Loading itself is not timed. Warm, for pairs: a kernel with room for all of them. Going in "
    "a circle through more pairs than there is room for is the worst case: all are new each time."
)

WARM: Final = 3
LOADED: Final = 1_000
LARGEST_BOUND: Final = 1_000_000


@frozen
class TurnX:
    """Moves the first wheel."""


@frozen
class TurnY:
    """Moves the second wheel."""


@frozen
class TurnZ:
    """Moves the third wheel."""


WHEELS: Final = {"x": (TurnX, 40), "y": (TurnY, 40), "z": (TurnZ, 40)}
"""Regions of a chart of few states that has 64,000 configurations."""


def wheel(name: str, event: type, size: int) -> type[Compound[None]]:
    """Return a region: so many states in a ring."""

    def fill(namespace: dict[str, Any]) -> None:
        states = [State(initial=number == 0) for number in range(size)]
        namespace.update((f"{name}{number}", state) for number, state in enumerate(states))
        for number, state in enumerate(states):
            state.to(states[(number + 1) % size], on=event)

    found: type[Compound[None]] = types.new_class(name, (Compound,), {}, fill)
    return found


def odometer() -> Any:
    """Declare the chart of all wheels."""

    def fill(namespace: dict[str, Any]) -> None:
        for name, (event, size) in WHEELS.items():
            namespace[name] = wheel(name, event, size)

    keywords = {"parallel": True}
    return types.new_class("Odometer", (Statechart,), keywords, fill)


def turns(length: int) -> Iterator[Any]:
    """Yield the events that meet so many different pairs in turn."""
    (_, x), (_, y), _ = WHEELS.values()
    for number in range(1, length + 1):
        if number % (x * y) == 0:
            yield TurnZ()
        elif number % x == 0:
            yield TurnY()
        else:
            yield TurnX()


def walk(kernel: Kernel[Any], length: int) -> Run:
    """Return a walk that meets so many pairs, none of them twice."""
    start = kernel.start(at=AT).snapshot
    step, events = kernel.step, list(turns(length))

    def run() -> None:
        snapshot = start
        for event in events:
            snapshot = step(snapshot, event, at=AT).snapshot

    return run


def check_walk(length: int) -> None:
    """Make sure that no pair is met twice.

    Raises:
        ContestantError: One is.
    """
    kernel: Kernel[Any] = Kernel(odometer())
    snapshot, met = kernel.start(at=AT).snapshot, set[Any]()
    for event in turns(length):
        met.add((snapshot.configuration, type(event)))
        snapshot = kernel.step(snapshot, event, at=AT).snapshot
    if len(met) != length:
        raise ContestantError(OURS, "pairs met in turn", length, len(met))


def loaded() -> tuple[Callable[[], Run], Callable[[], Run]]:
    """Return functions that prepare first steps of loaded snapshots, and warm steps."""
    protocol: Protocol[Any, None] = Protocol(Pipeline)
    start: Snapshot[Any, None] = KERNEL.start(at=AT).snapshot
    text, step, event = protocol.dumps_snapshot(start), KERNEL.step, DepsMet()
    expected = step(start, event, at=AT).snapshot
    if step(protocol.loads_snapshot(text), event, at=AT).snapshot != expected:
        raise ContestantError(OURS, "a loaded snapshot", expected, "another step")

    def stepping(snapshots: Iterator[Any]) -> Run:
        return lambda: step(next(snapshots), event, at=AT)

    def fresh() -> Run:
        return stepping(iter([protocol.loads_snapshot(text) for _ in range(LOADED)]))

    return fresh, lambda: stepping(repeat(start))


def run(plan: Plan) -> list[Section]:
    """Time loaded snapshots, then walks past the bound."""
    fresh, warm = loaded()
    subjects = [Subject("loaded", fresh, most_calls=LOADED), Subject("warm", warm)]
    samples = measure(subjects, plan.creation)
    first = {
        "warm": samples["warm"].median_us,
        "us": samples["loaded"].median_us,
        "ratio": samples["loaded"].ratio_to(samples["warm"]),
    }
    check_walk(plan.pairs)
    chart = odometer()
    bound = plan.pairs // 3
    within, default, past = (
        walk(kernel, plan.pairs)
        for kernel in (
            Kernel(chart, plans=LARGEST_BOUND),
            Kernel(chart),
            Kernel(chart, plans=bound),
        )
    )
    for _ in range(WARM):  # what is met again and again is written out in the end
        within()
        default()
        past()
    subjects = [
        Subject(key, lambda turn=turn: turn, plan.pairs, most_calls=1)  # type: ignore[misc]
        for key, turn in (("within", within), ("default", default), ("past", past))
    ]
    samples = measure(subjects, plan.walks)
    many, beyond = (
        {
            "warm": samples["within"].median_us,
            "us": samples[key].median_us,
            "ratio": samples[key].ratio_to(samples["within"]),
        }
        for key in ("default", "past")
    )
    version = version_of("statecharts")
    rows = (
        Row(FIRST, version, first),
        Row(PAIRS, version, many),
        Row(f"the same, room for {bound:,} plans", version, beyond),
    )
    title = f"What a kernel remembers: {plan.pairs:,} pairs of a configuration and an event"
    return [Section("plans", title, COLUMNS, rows, CAPTION)]
