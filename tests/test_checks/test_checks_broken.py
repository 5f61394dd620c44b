"""Definition checks on charts that are broken in any way: they say so, and never fail."""

from __future__ import annotations

import pytest

from statecharts.checks import faults
from statecharts.checks.trees import as_tree
from tests.proof import shards
from tests.test_checks.broken_charts import broken_chart


@pytest.mark.parametrize("tree", [False, True], ids=["standing", "fallen"])
@pytest.mark.parametrize("seeds", shards(20_000, 2_000, sample=200))
def test_broken_charts_are_told_what_is_wrong(seeds: range, tree: bool) -> None:
    """Whatever is broken, the checks give faults, each about a state and a line that there is."""
    for seed in seeds:
        chart = broken_chart(seed, tree=tree)
        shown = as_tree(chart)
        for found in faults(chart):
            assert found.state is None or found.state in shown, seed
            assert found.line is None or found.line in shown.lines, seed
            if found.line is not None:
                assert shown.line(found.line).source == found.state, seed
