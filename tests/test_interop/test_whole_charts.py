"""Writers: whatever a chart holds, what is written is read, and what is lost is told."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from statecharts import Chart
from statecharts.interop import scxml, xstate
from statecharts.interop.findings import LossError
from statecharts.model.chart import Always, Default, StateKind, StateNode, Transition
from statecharts.model.hooks import Hook
from statecharts.model.named import Branch, Choose, Named, Not
from tests.proof import shards
from tests.test_interop.whole_charts import whole_charts


class XState4:
    """XState of version 4, as a door."""

    dumps = partial(xstate.dumps, version=4)
    loads = partial(xstate.loads, version=4)


DOORS: dict[str, Any] = {"scxml": scxml, "xstate": xstate, "xstate 4": XState4}
DEEP = 200


def again(door: Any, chart: Chart) -> Chart:
    """Return a chart after writing and reading it, whatever it loses."""
    found: Chart = door.loads(door.dumps(chart, allow="*").encode().decode())
    return found


def loses(door: Any, chart: Chart) -> bool:
    try:
        door.dumps(chart)
    except LossError:
        return True
    return False


@pytest.mark.sampled(4)
@pytest.mark.parametrize("odd", [0.0, 0.005, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("seeds", shards(2_000, 180, sample=20))
def test_whatever_is_written_is_read(name: str, odd: float, seeds: range) -> None:
    """No chart makes a file that is refused; without a loss, it comes back equal."""
    door, seen = DOORS[name], 0
    for seed, chart in whole_charts(seeds, odd):
        read = again(door, chart)
        seen += 1
        assert read == chart or loses(door, chart), seed
    assert seen >= len(seeds) / 20


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("seeds", shards(1_500, 135, sample=10))
def test_what_has_been_read_is_written_again(name: str, seeds: range) -> None:
    """A chart from a file is written and read again unchanged, or with a reported loss."""
    door = DOORS[name]
    for seed, chart in whole_charts(seeds, 0.05):
        left = again(door, chart)
        assert again(door, left) == left or loses(door, left), seed


def nested(depth: int) -> Chart:
    """Return a chart whose states lie one inside the other."""
    ids = ["s" + ".s" * i for i in range(depth)]
    states = [
        StateNode(
            state,
            StateKind.COMPOUND,
            "s",
            state.rpartition(".")[0],
            (inner,),
            Transition(state, Default(), (inner,)),
        )
        for state, inner in pairwise(ids)
    ]
    last = StateNode(ids[-1], StateKind.ATOMIC, "s", ids[-2])
    chart = scxml.loads('<scxml name="deep"><state id="s"/></scxml>')
    return evolve(chart, states=(*states, last))


def choosing(depth: int) -> Chart:
    """Return a chart that chooses inside of what it has chosen."""
    action = Hook(Choose(()))
    for _ in range(depth):
        action = Hook(Choose((Branch(Hook(Named("ready")), (action,)),)))
    chart = scxml.loads('<scxml name="deep"><state id="s"/></scxml>')
    return evolve(chart, states=(evolve(chart["s"], entry=(action,)),))


@pytest.mark.parametrize("name", DOORS)
def test_charts_that_are_too_deep_are_not_written(name: str) -> None:
    """A chart that nobody could read is refused, whatever is allowed, and never written halfway."""
    with pytest.raises(LossError, match=r"^\[SC673\] deep: .* hold this chart: states are nested "):
        DOORS[name].dumps(nested(DEEP), allow="*")


def test_scxml_choices_that_are_too_deep_are_not_written() -> None:
    """So are choices that lie too deep one in the other."""
    with pytest.raises(
        LossError, match=r"^\[SC673\] deep: .*: conditions are nested more than 48 deep"
    ):
        scxml.dumps(choosing(60), allow="*")


@pytest.mark.parametrize("depth", [10, 47, 60])
def test_xstate_choices_that_are_too_deep_are_named(depth: int) -> None:
    """XState's are written as far as they are read, and the rest by its name."""
    chart = choosing(depth)
    read = again(xstate, chart)
    assert again(xstate, read) == read
    assert (read["s"].entry == chart["s"].entry) == (depth < 48)


@pytest.mark.parametrize("depth", [10, 31, 60])
@pytest.mark.parametrize("name", DOORS)
def test_guards_that_are_too_deep_are_named(name: str, depth: int) -> None:
    """Guards come back the same, or by their name."""
    guard = Hook(Named("ready"))
    for _ in range(depth):
        guard = Hook(Not(guard))
    chart = choosing(0)
    line = Transition("s", Always(), ("s",), guard=guard)
    chart = evolve(chart, states=(evolve(chart["s"], transitions=(line,)),))
    read = again(DOORS[name], chart)
    assert again(DOORS[name], read) == read
    assert loses(DOORS[name], chart) or read == chart
