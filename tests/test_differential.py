"""The kernel against the oracle: the same random charts, the same events, the same results."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts.model.chart import Chart
from statecharts.model.errors import StepError
from tests.oracle.appendix_d import EPOCH, SECOND, Interpreter
from tests.oracle.campaign import Findings, compare_seed, compare_seeds
from tests.oracle.compare import (
    BOUND,
    Result,
    Subject,
    actual_results,
    expected_results,
    forgetful_kernel_of,
    kernel_of,
    reference_of,
)
from tests.oracle.coverage import FEATURES
from tests.oracle.mutants import MUTANTS, InternalIsExternal
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.replica import Replica
from tests.oracle.shrink import shrink
from tests.oracle.validity import faults
from tests.oracle.vocabulary import Counters, addressed
from tests.proof import shards

CHARTS = 10_000
SAMPLE = range(240)
"""Seeds of the fixed sample; all that charts can have comes up in it."""
EVENTS = 25


@functools.cache
def findings(seeds: range) -> Findings:
    """Return what the charts of some seeds bring to light."""
    return compare_seeds(seeds, EVENTS)


def _report(seed: int) -> str:
    mismatch = compare_seed(seed, EVENTS)
    again = f"python -m tests.oracle --charts 1 --events {EVENTS} --seed {seed}"
    return f"{again}\n\n{None if mismatch is None else shrink(mismatch, kernel_of)}"


@pytest.mark.parametrize("seeds", shards(CHARTS, 190, sample=SAMPLE.stop))
def test_kernel_agrees_with_the_standard(seeds: range) -> None:
    """Configurations, effects, contexts and verdicts are those of SCXML's Appendix D."""
    failed = findings(seeds).failed
    assert not failed, _report(failed[0])


@pytest.mark.parametrize("feature", FEATURES)
def test_sample_exercises(feature: str) -> None:
    """The fixed sample meets every feature that the charts can have."""
    assert findings(SAMPLE).counts[feature] > 0


@given(seed=st.integers(min_value=CHARTS, max_value=2**32))
def test_kernel_agrees_on_further_charts(seed: int) -> None:
    """What holds for the fixed sample holds for charts from anywhere."""
    assert compare_seed(seed, EVENTS) is None, _report(seed)


@pytest.mark.parametrize("seeds", shards(600, 40, sample=8))
def test_forgetting_changes_nothing(seeds: range) -> None:
    """A kernel that keeps a single plan gives the same results, only later."""
    assert compare_seeds(seeds, EVENTS, forgetful_kernel_of).failed == ()


@pytest.mark.parametrize("seeds", shards(CHARTS, 190, sample=12))
def test_reference_agrees_with_the_standard(seeds: range) -> None:
    """The operations that moves are written from do what Appendix D says, without any moves."""
    assert compare_seeds(seeds, EVENTS, reference_of).failed == ()


@pytest.mark.parametrize("seeds", shards(2_000, 100, sample=12))
def test_moves_and_reference_give_equal_steps(seeds: range) -> None:
    """Steps are equal in all that they hold: data, history, timers, counters, lines, microsteps."""
    for seed in seeds:
        chart = random_chart(seed)
        events = random_events(seed, chart, EVENTS)
        moves, reference = kernel_of(chart), reference_of(chart)
        expected = results(reference, events)
        assert [results(moves, events) for _ in range(4)] == [expected] * 4, _report(seed)


def results(subject: Subject, events: Sequence[object]) -> list[object]:
    """Return each step of a run, or the error that ends it."""
    found: list[Any] = []
    try:
        found.append(subject.start(Counters(), at=EPOCH))
        for number, event in enumerate(events, 1):
            seen = [effect for step in found for effect in step.effects]
            at = EPOCH + number * SECOND
            sent = addressed(event, seen)
            found.append(subject.step(found[-1].snapshot, sent, at=at))
    except StepError as error:
        found.append(str(error))
    return found


@pytest.mark.parametrize("seeds", shards(CHARTS, 480, sample=40))
def test_random_charts_are_valid_and_reproducible(seeds: range) -> None:
    """Every random chart is a valid document, and its seed gives it again."""
    for seed in seeds:
        assert faults(random_chart(seed)) == []
        assert random_chart(seed) == random_chart(seed)


@functools.cache
def expected(seed: int) -> tuple[Chart, Sequence[object], tuple[Result, ...]]:
    """Return a chart, its events, and what the oracle makes of them."""
    chart = random_chart(seed)
    events = random_events(seed, chart, EVENTS)
    return chart, events, expected_results(chart, events)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_comparison_finds_a_defect(mutant: type[Interpreter]) -> None:
    """An interpreter with a single defect does not pass for the standard."""

    def replica(chart: Chart) -> Subject:
        return Replica(chart, mutant, BOUND)

    def parts(seed: int) -> bool:
        chart, events, results = expected(seed)
        return actual_results(replica(chart), events) != results

    seed = next(filter(parts, SAMPLE))
    assert compare_seed(seed, EVENTS, replica) is not None


def test_shrunk_mismatch_still_fails() -> None:
    """Shrinking ends with a small chart on which the same two sides part."""
    mutant = InternalIsExternal
    found = (
        compare_seed(seed, EVENTS, lambda chart: Replica(chart, mutant, BOUND)) for seed in SAMPLE
    )
    mismatch = next(m for m in found if m is not None)
    small = shrink(mismatch, lambda chart: Replica(chart, mutant, BOUND))
    assert small.expected[-1] != small.got[-1]
    assert len(small.chart.states) < 8
    assert faults(small.chart) == []
