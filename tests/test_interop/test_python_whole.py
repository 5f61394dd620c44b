"""Python written from charts of everything that a chart can hold: it can always be declared."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from statecharts import Chart, Statechart
from statecharts.interop import python, xstate
from statecharts.model.chart import After
from tests.proof import shards
from tests.test_interop.whole_charts import whole_charts


def declared(text: str, name: str) -> Chart:
    """Return the chart that a module declares; it is run from memory."""
    module = sys.modules[name] = ModuleType(name)
    try:
        exec(compile(text, name, "exec"), vars(module))
    finally:
        del sys.modules[name]
    (made,) = (
        one.chart
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Statechart) and one.__module__ == name
    )
    return made


def is_filled_by_names(chart: Chart) -> bool:
    """Tell whether typed data would be filled from events that have no types."""
    typed = any(node.data is not None for node in chart.states)
    return typed and any(event.cls is None for event in chart.events)


@pytest.mark.parametrize("odd", [0.0, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("seeds", shards(1_500, 135, sample=20))
def test_whatever_is_written_can_be_declared(odd: float, seeds: range) -> None:
    """No chart makes a module that Python or a definition refuses; each state is there."""
    seen = 0
    for seed, chart in whole_charts(seeds, odd):
        if is_filled_by_names(chart):
            continue
        text = python.dumps(chart, allow="*")
        made = declared(text.encode().decode(), f"whole_{seed}")
        kinds = [node.kind for node in chart.states]
        assert [node.kind for node in made.states] == kinds, seed
        seen += 1
    assert seen


def test_delays_that_lead_to_one_state_have_names() -> None:
    """Two delays of one state to the same target are told apart, in Python by their names."""
    delays = '{"1000": "b", "LONG": "b"}'
    chart = xstate.loads(
        f'{{"id": "m", "initial": "a", "states": {{"a": {{"after": {delays}}}, "b": {{}}}}}}'
    )
    text = python.dumps(chart)
    made = declared(text, "twins")

    assert "    a.after(timedelta(seconds=1), b)\n    a_after = a.after(long, b)\n" in text
    timers = [line.trigger.timer for line in made.transitions if isinstance(line.trigger, After)]
    assert timers == ["a.after.b", "a.a_after"]
