"""What it takes to start an instance and to hold it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Final

from benchmarks.cycle.contestants import check, contestants
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure

COLUMNS: Final = (
    Column("us", "µs to start"),
    Column("bytes", "bytes held", digits=0),
    Column("held", "instances held", digits=0),
)

CAPTION: Final = (
    "A started instance of the pipeline; the chart itself is shared where the library can share "
    "it. Bytes: tracemalloc over instances held at once, fewer of them where one is slow to start."
)

MOST_CALLS: Final = 1_000
SLOW_US: Final = 30.0


def bytes_held(create: Callable[[], object], count: int) -> float:
    """Return the bytes that one of so many instances holds, on average.

    One instance is made and dropped first, so that what is only built once does not count.
    """
    create()
    held: list[object] = [None] * count
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for index in range(count):
            held[index] = create()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / count


def run(plan: Plan) -> list[Section]:
    """Check every contestant, time how it starts, then weigh it."""
    present, missing = contestants()
    for contestant in present:
        check(contestant)
    subjects = [Subject(each.name, each.creator, most_calls=MOST_CALLS) for each in present]
    samples = measure(subjects, plan.creation)
    rows = []
    for each in present:
        started_us = samples[each.name].median_us
        count = plan.held if started_us < SLOW_US else plan.held // 10
        weight = bytes_held(each.creator(), count)
        values = {"us": started_us, "bytes": weight, "held": float(count)}
        rows.append(Row(each.name, each.version, values))
    rows.extend(missing_rows(missing))
    return [Section("instances", "Starting an instance", COLUMNS, tuple(rows), CAPTION)]
