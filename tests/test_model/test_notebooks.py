"""Notebooks: charts and snapshots show a picture of themselves, drawn by the front door."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from attrs import field, frozen

import statecharts
from statecharts import Kernel, State, Statechart, step


def even(instance: object, attribute: object, value: int) -> None:
    """Refuse odd numbers, as a validator of one's own."""
    if value % 2:
        raise ValueError("odd")


@frozen
class Go:
    number: int


@frozen
class On:
    number: int = field(validator=even)


class Lamp(Statechart[Go]):
    off = State(initial=True)
    on = State(On)
    off.to(on, on=Go)
    on.to(off, on=Go)


def test_charts_and_snapshots_have_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that no kernel has yet does not know its chart."""

    def render(chart: Any, *, highlight: Any = None) -> str:
        return f"{chart.name}: {highlight.configuration if highlight else None}"

    monkeypatch.setattr(statecharts, "render", render)
    snapshot = Kernel(Lamp).start().snapshot
    assert Lamp.chart._repr_svg_() == "Lamp: None"
    assert snapshot._repr_svg_() == "Lamp: ('off',)"
    assert pickle.loads(pickle.dumps(snapshot))._repr_svg_() is None


def test_validators_of_ones_own_are_asked() -> None:
    """Again and again: moves are generated after the first steps."""
    snapshot = Kernel(Lamp).start().snapshot
    for _ in range(5):
        on = step(Lamp, snapshot, Go(2)).snapshot
        assert on[Lamp.on] == On(2)
        with pytest.raises(statecharts.StatechartError, match="odd"):
            step(Lamp, snapshot, Go(3))
        snapshot = step(Lamp, on, Go(0)).snapshot
