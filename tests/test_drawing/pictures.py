"""Pictures of charts, which are looked at once it is sure that they show those very charts."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from typing import Any, Literal

import pytest

from statecharts import Chart, drawing
from statecharts.drawing import engine, layout
from statecharts.drawing.mermaid import escaped
from statecharts.drawing.model import Drawing, Picture
from statecharts.drawing.svg import state_id
from statecharts.model.chart import StateKind

SVG = "{http://www.w3.org/2000/svg}"
LETTERS = {StateKind.SHALLOW_HISTORY: "H", StateKind.DEEP_HISTORY: "H*"}
_DRAWN: dict[Any, Drawing] = {}


def lose_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the process forget the layout engine that it has, and find no other."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engine, "_compiled", engine._compiled.__wrapped__)
    monkeypatch.setitem(sys.modules, "wasmtime", None)


def lay_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay each picture out once in a process, for tests that ask what it looks like then."""

    def drawn(picture: Picture, seconds: float, ways: dict[str, drawing.Direction]) -> Drawing:
        key = (picture, seconds, *ways.items())
        if key not in _DRAWN:
            _DRAWN[key] = draw(picture, seconds, ways)
        return _DRAWN[key]

    draw = layout.draw
    monkeypatch.setattr(layout, "draw", drawn)


def picture_of(subject: Any, form: Literal["svg", "dot", "mermaid"] = "svg", **options: Any) -> str:
    """Return the picture of a chart, which shows the states of that chart, each of them once."""
    text = drawing.render(subject, form, **options)
    chart: Chart = subject if isinstance(subject, Chart) else subject.chart
    match form:
        case "svg":
            root = ET.fromstring(text)
            assert root.get("data-chart-hash") == chart.hash
            groups = [group.get("id", "") for group in root.iter(f"{SVG}g")]
            drawn = [name for name in groups if "-state-" in name and "#" not in name]
            assert sorted(drawn) == sorted(state_id(chart.name, node.id) for node in chart.states)
        case "dot":
            assert text.startswith(f"// chart {chart.hash}\n")
            drawn = re.findall(r'^ *(?:"|subgraph "cluster_)([^"#]+)" [\[{]', text, re.MULTILINE)
            assert sorted(drawn) == sorted(node.id for node in chart.states)
        case "mermaid":
            drawn = re.findall(r'^ *state "([^"]*)" as s\d+$', text, re.MULTILINE)
            names = [LETTERS.get(node.kind, node.name) for node in chart.states]
            if chart.root.kind is StateKind.PARALLEL:  # a diagram has no regions of its own
                names.append(chart.name)
            assert sorted(drawn) == sorted(map(escaped, names))
    return text
