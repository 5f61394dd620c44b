"""Our kernel against python-statemachine, on charts where the two are to agree.

A sample of what ``python -m tests.test_interop.psm_charts --charts 5000`` runs.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from attrs import evolve

from statecharts.checks import accept
from statecharts.interop.python_statemachine import from_class
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import Give, Holds
from tests.proof import shards
from tests.test_interop import psm_classes
from tests.test_interop.psm_charts import difference, ours, random_chart, theirs

CHARTS = 300


@pytest.mark.parametrize("seeds", shards(10 * CHARTS, 50, sample=8))
def test_both_do_the_same_with_charts_of_ours(seeds: range) -> None:
    """Configurations and the order of actions are the same, event by event."""
    for seed in seeds:
        chart = random_chart(seed)
        assert difference(ours(chart, seed), theirs(chart, seed)) is None, seed


@pytest.mark.parametrize("seeds", shards(10 * CHARTS, 50, sample=8))
def test_both_do_the_same_with_classes_of_theirs(seeds: range) -> None:
    """A class of theirs and the chart that it becomes do the same, callbacks and all."""
    for seed in seeds:
        subject = psm_classes.random_class(seed)
        there = psm_classes.theirs(subject, seed)
        chart = from_class(subject.cls)
        assert difference(psm_classes.ours(subject, chart, seed), there) is None, seed


@pytest.mark.long
def test_the_charts_are_sound_and_use_what_they_can() -> None:
    """Random charts have no structural faults, and every construct comes up often."""
    seen: Counter[str] = Counter()
    for seed in range(CHARTS):
        chart = accept(random_chart(seed), "*")
        for node in chart.states:
            seen[node.kind.value] += 1
            seen.update(type(hook.function).__name__ for hook in node.hooks)
        seen.update(transition.kind.value for transition in chart.transitions)
        seen.update(type(transition.trigger).__name__ for transition in chart.transitions)
    wanted = (
        *("compound", "atomic", "final", "external", "internal", "forbidden"),
        *("OnEvent", "Always", "Done", "Give", "Tell", "Named", "In", "Not", "AllOf", "AnyOf"),
        *("Holds", "Bit"),
    )
    assert {name: count for name, count in seen.items() if name in wanted and count < 30} == {}
    assert set(wanted) <= set(seen)


@pytest.mark.long
def test_the_runs_go_somewhere() -> None:
    """Charts move and act in their runs, or agreement would mean nothing."""
    traces = [ours(random_chart(seed), seed) for seed in range(CHARTS // 3)]
    moves = sum(a[0] != b[0] for trace in traces for a, b in itertools.pairwise(trace))
    actions = sum(len(told) for trace in traces for _, told in trace)
    assert moves > len(traces)
    assert actions > 10 * len(traces)


@pytest.mark.long
def test_a_difference_is_seen() -> None:
    """If one side has another guard or another action, the runs differ."""
    seeds = [seed for seed in range(CHARTS) if random_chart(seed).transitions]
    changed = 0
    for seed in seeds[:40]:
        chart = random_chart(seed)
        nodes = [
            evolve(
                node,
                transitions=tuple(
                    evolve(line, guard=Hook(Holds(value=False))) for line in node.transitions
                ),
            )
            for node in chart.states
        ]
        still = evolve(chart, states=tuple(nodes))
        changed += difference(ours(chart, seed), theirs(still, seed)) is not None
    assert changed > 20
    louder = random_chart(1)
    first = evolve(louder.states[0], entry=(Hook(Give(Action("more"))),))
    told = evolve(louder, states=(first, *louder.states[1:]))
    assert difference(ours(louder, 1), theirs(told, 1)) is not None
