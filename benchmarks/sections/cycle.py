"""The six-event cycle of the pipeline."""

from __future__ import annotations

from typing import Final

from benchmarks.cycle.contestants import HAND_WRITTEN, ORACLE, check, contestants
from benchmarks.cycle.domain import EVENTS
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.apart import apart
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure

COLUMNS: Final = (
    Column("us", "µs per event"),
    Column("spread", "spread", digits=0, suffix=" %"),
    Column("ratio", "to match", suffix=" ×"),
    Column("faster", f"faster than\n{ORACLE}", digits=1, suffix=" ×"),
)

CAPTION: Final = (
    "Superstate, guard and data included; states and data checked before timing. Events are "
    "built beforehand where a library takes objects. Spread: interquartile range. Ratios: "
    "medians of those within each round. Peers in environments of their own have a match of their "
    "own beside them."
)


def run(plan: Plan) -> list[Section]:
    """Check every contestant, then time them all."""
    present, missing = contestants()
    for contestant in present:
        check(contestant)
    subjects = [Subject(each.name, each.prepare, len(EVENTS)) for each in present]
    samples = measure(subjects, plan.steps)
    baseline = samples[HAND_WRITTEN]
    oracle = samples.get(ORACLE)
    rows = []
    for each in present:
        sample = samples[each.name]
        values = {
            "us": sample.median_us,
            "spread": sample.spread * 100,
            "ratio": sample.ratio_to(baseline),
        }
        if oracle is not None:
            values["faster"] = oracle.ratio_to(sample)
        rows.append(Row(each.name, each.version, values))
    peers, missing_peers = apart(plan.steps)
    for peer in peers:
        values = dict(peer["cycle"])
        if oracle is not None:
            values["faster"] = oracle.median_us / baseline.median_us / values["ratio"]
        rows.append(Row(peer["name"], peer["version"], values))
    rows.extend(missing_rows([*missing, *missing_peers]))
    return [Section("cycle", "Six-event cycle", COLUMNS, tuple(rows), CAPTION)]
