"""The kernel against the oracle: the same random charts, the same events, the same results."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.appendix_d import Interpreter
from tests.oracle.campaign import Findings, compare_seed, compare_seeds
from tests.oracle.compare import BOUND, forgetful_kernel_of, kernel_of
from tests.oracle.coverage import FEATURES
from tests.oracle.mutants import MUTANTS, InternalIsExternal
from tests.oracle.random_charts import random_chart
from tests.oracle.replica import Replica
from tests.oracle.shrink import shrink
from tests.oracle.validity import faults

SAMPLE = range(400)
"""Seeds of the fixed sample."""
EVENTS = 25


@pytest.fixture(scope="module")
def findings() -> Findings:
    """What the fixed sample brings to light."""
    return compare_seeds(SAMPLE, EVENTS)


def _report(seed: int) -> str:
    mismatch = compare_seed(seed, EVENTS)
    again = f"python -m tests.oracle --charts 1 --events {EVENTS} --seed {seed}"
    return f"{again}\n\n{None if mismatch is None else shrink(mismatch, kernel_of)}"


def test_kernel_agrees_with_the_standard(findings: Findings) -> None:
    """Configurations, effects, contexts and verdicts are those of SCXML's Appendix D."""
    assert not findings.failed, _report(findings.failed[0])


@pytest.mark.parametrize("feature", FEATURES)
def test_sample_exercises(feature: str, findings: Findings) -> None:
    """The fixed sample meets every feature that the charts can have."""
    assert findings.counts[feature] > 0


@given(seed=st.integers(min_value=SAMPLE.stop, max_value=2**32))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_kernel_agrees_on_further_charts(seed: int) -> None:
    """What holds for the fixed sample holds for charts from anywhere."""
    assert compare_seed(seed, EVENTS) is None, _report(seed)


def test_forgetting_changes_nothing() -> None:
    """A kernel that keeps a single plan gives the same results, only later."""
    assert compare_seeds(SAMPLE[:60], EVENTS, forgetful_kernel_of).failed == ()


def test_random_charts_are_valid_and_reproducible() -> None:
    """Every random chart is a valid document, and its seed gives it again."""
    for seed in SAMPLE:
        assert faults(random_chart(seed)) == []
        assert random_chart(seed) == random_chart(seed)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_comparison_finds_a_defect(mutant: type[Interpreter]) -> None:
    """An interpreter with a single defect does not pass for the standard."""
    assert any(
        compare_seed(seed, EVENTS, lambda chart: Replica(chart, mutant, BOUND)) for seed in SAMPLE
    )


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
