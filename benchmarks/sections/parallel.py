"""Three parallel regions that all move on one event, against a flat toggle."""

from __future__ import annotations

from typing import Final

from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from benchmarks.shapes.contestants import ShapeContestant, check, contestants
from benchmarks.shapes.outline import Node, regions, toggle
from benchmarks.timing import Subject, measure

COLUMNS: Final = (
    Column("flat", "flat toggle, µs"),
    Column("us", "three regions, µs"),
    Column("ratio", "to own flat", suffix=" ×"),
)

CAPTION: Final = (
    "Per event. transitions runs the flat chart on its plain Machine, which is much lighter than "
    "its HierarchicalMachine."
)

TICKS: Final = 2


def subject(contestant: ShapeContestant, shape: Node, key: str) -> Subject:
    """Return what times one chart of one contestant, led there and back once to warm up."""
    there_and_back = contestant.prepare(shape, TICKS)
    there_and_back()
    return Subject.ready(f"{contestant.name} {key}", there_and_back, TICKS)


def run(plan: Plan) -> list[Section]:
    """Check every contestant that has parallel states, then time both charts."""
    shapes = {"flat": toggle(), "us": regions()}
    found, missing = contestants()
    present = [each for each in found if all(map(each.supports, shapes.values()))]
    for contestant in present:
        for shape in shapes.values():
            check(contestant, shape)
    subjects = [subject(each, shape, key) for each in present for key, shape in shapes.items()]
    samples = measure(subjects, plan.steps)
    rows = []
    for each in present:
        flat, regional = (samples[f"{each.name} {key}"] for key in shapes)
        values = {
            "flat": flat.median_us,
            "us": regional.median_us,
            "ratio": regional.ratio_to(flat),
        }
        rows.append(Row(each.name, each.version, values))
    rows.extend(missing_rows(missing))
    title = "Three parallel regions, all moving"
    return [Section("parallel", title, COLUMNS, tuple(rows), CAPTION)]
