"""Single features, each beside a ``match`` written for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from benchmarks.features.cases import CASES, Case, Turn, check
from benchmarks.features.contestants import HAND_WRITTEN, FeatureContestant, contestants
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.apart import apart
from benchmarks.sections.effort import Plan
from benchmarks.timing import Effort, Sample, Subject, measure

CAPTION: Final = (
    "Times that of the match, whose µs per event are in the first row; medians of the ratios "
    "within each round. Blank: the library does not have it, or not without a thread or a wait."
)

MICROSECONDS: Final = "match, µs"


def turns(
    found: Iterable[FeatureContestant], case: Case
) -> Iterable[tuple[FeatureContestant, Turn]]:
    """Yield the turn of each contestant that has a case, checked."""
    for each in found:
        build: Callable[[], Turn] | None = each.turns.get(case)
        if build is not None:
            turn = build()
            check(each.name, case, turn)
            yield each, turn


def timed(found: list[FeatureContestant], case: Case, effort: Effort) -> dict[str, Sample]:
    """Time all contestants that have a case, in the same rounds."""
    subjects = [
        Subject.ready(each.name, turn.run, len(case.turn)) for each, turn in turns(found, case)
    ]
    return dict(measure(subjects, effort))


def run(plan: Plan) -> list[Section]:
    """Check every contestant, then time them, case by case."""
    found, missing = contestants()
    values: dict[str, dict[str, float]] = {each.name: {} for each in found}
    baseline: dict[str, float] = {}
    for case in CASES:
        samples = timed(found, case, plan.steps)
        baseline[case.key] = samples[HAND_WRITTEN].median_us
        for name, sample in samples.items():
            values[name][case.key] = sample.ratio_to(samples[HAND_WRITTEN])
    rows = [Row(MICROSECONDS, values=baseline)]
    rows += [Row(each.name, each.version, values[each.name]) for each in found]
    peers, missing_peers = apart(plan.steps)
    for peer in peers:
        ratios = {key: numbers["ratio"] for key, numbers in peer["features"].items()}
        rows.append(Row(peer["name"], peer["version"], ratios))
    rows.extend(missing_rows([*missing, *missing_peers]))
    columns = tuple(Column(case.key, case.heading) for case in CASES)
    return [Section("features", "Single features", columns, tuple(rows), CAPTION)]
