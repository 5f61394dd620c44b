"""Drawings of other tools are read as they are, and scored like ours."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from benchmarks.layout import dot_sheet, graphviz_peers, mermaid_peer
from benchmarks.layout.__main__ import beside
from benchmarks.layout.peers import Answer, Peer, Work
from benchmarks.layout.scores import Sheet, faults
from benchmarks.layout.trial import PEERS, Trial, columns, judged, theirs
from statecharts.drawing.geometry import Rect
from statecharts.drawing.model import Drawing, short_names
from statecharts.drawing.notation import picture_of
from statecharts.model.chart import Chart
from tests.test_drawing.charts import COMPOUND, DEEP, Builder

LAYOUTS = Path(__file__).parent / "layouts"
"""The answer of each tool for `door`, cut down to the parts that are read."""


def door() -> Chart:
    b = Builder("door").states("open").state("shut", COMPOUND).states("shut.free", "shut.locked")
    b.initial("", "open").initial("shut", "shut.free").move("open", "shut", "close")
    b.move("shut.free", "shut.locked", "lock").move("shut.locked", "shut.free", "unlock")
    return b.move("shut", "open", "open").move("open", "open", "paint").chart()


def answer_of(tool: str) -> Any:
    return json.loads((LAYOUTS / f"{tool}.json").read_text("utf-8"))


def sheet_by(tool: str) -> Sheet:
    answer = answer_of(tool)
    if tool == "mermaid":
        names = short_names(picture_of(door()))
        return mermaid_peer.read(answer, {name: box for box, name in names.items()})
    return dot_sheet.read(answer)


@pytest.mark.parametrize("tool", ["state_machine_cat", "python_statemachine", "transitions"])
def test_sheet_of_a_graph_has_states_frames_and_lines_that_end_at_them(tool: str) -> None:
    """Whoever wrote the graph: boxes, a frame with its title, and lines from border to border."""
    sheet = sheet_by(tool)
    names = {"open", "free", "locked"}
    assert names <= {name.rpartition(".")[2] for name in sheet.leaves}
    assert list(sheet.frames) == ["shut"]
    inside = {name for name, around in sheet.around.items() if around == ("shut",)}
    assert all(sheet.frames["shut"].encloses(sheet.leaves[name]) for name in inside)
    assert len(inside) == 3
    assert [name for name, _ in sheet.texts] == ["shut"]
    assert not [fault for fault in faults(sheet) if "does not end" in fault]
    labels = [line.label for line in sheet.lines if line.label is not None]
    assert len(labels) == 5
    page = Rect(0, 0, sheet.width, sheet.height)
    assert all(page.encloses(rect) for rect in (*labels, *sheet.boxes.values()))


def test_sheet_of_a_graph_names_lines_after_the_frames_they_are_cut_off_at() -> None:
    """A line that ends at the border of a composite state is one of that state."""
    lines = {line.name: line for line in sheet_by("state_machine_cat").lines}
    assert {"open:shut", "shut:open", "open:open", "shut.free:shut.locked"} <= set(lines)
    frame = sheet_by("state_machine_cat").frames["shut"]
    (x, y) = lines["open:shut"].points[-1]
    assert min(abs(y - frame.y), abs(x - frame.x), abs(x - frame.right)) < 1.5


def test_sheet_of_a_graph_joins_the_parts_of_a_line() -> None:
    """Two edges around an invisible node are one line, and labels have no spaces around them."""
    draw = [{"op": "c", "color": "#000000"}, {"op": "p", "points": [[0, 0], [40, 0], [40, 20]]}]
    text = [
        {"op": "F", "size": 10.0},
        {"op": "T", "pt": [50, 40], "align": "l", "width": 30.0, "text": "go   "},
    ]
    answer = {
        "bb": "0,0,100,100",
        "objects": [
            {"_gvid": 0, "name": "a", "pos": "20,10", "_draw_": draw},
            {"_gvid": 1, "name": "helper", "pos": "80,80"},
        ],
        "edges": [
            {"tail": 0, "head": 1, "arrowhead": "none", "pos": "40,10 60,10 80,40 80,80"},
            {"tail": 1, "head": 0, "pos": "e,20,20 80,80 60,80 20,60 20,30", "_ldraw_": text},
        ],
    }
    sheet = dot_sheet.read(answer)
    (line,) = sheet.lines
    assert (line.source, line.target) == ("a", "a")
    assert line.points[0] == (44.0, 94.0)
    assert line.points[-1] == (24.0, 84.0)
    assert line.label is not None
    assert line.label.width == pytest.approx(30 - 3 * 2.78)


def test_edge_that_graphviz_loses_is_a_line_that_is_not_there() -> None:
    """An edge without a place is in no picture, and a fault of it."""
    edge = {"tail": 0, "head": 0}
    answer = {"bb": "0,0,9,9", "objects": [{"_gvid": 0, "name": "a", "pos": "1,1"}]}
    assert list(faults(dot_sheet.read({**answer, "edges": [edge]}))) == ["a:a has no line"]


def test_graph_that_cuts_no_lines_has_them_end_at_the_dot_of_a_state() -> None:
    """The graphs of transitions ask for a border and do not get it; a dot stands for the state."""
    sheet = sheet_by("transitions")
    assert "open:shut dot" in [line.name for line in sheet.lines]
    assert "shut dot" in sheet.round
    assert list(faults(sheet)) == ["the label of open:shut dot is on the border of shut"]


def test_sheet_of_mermaid_is_in_points_and_has_our_ids() -> None:
    """Pixels become points, and the short names of the page our ids."""
    sheet, answer = sheet_by("mermaid"), answer_of("mermaid")
    assert sheet.width == pytest.approx(0.75 * answer["width"])
    assert set(sheet.frames) == {"shut"}
    assert {"open", "shut.free", "shut.locked", "root_start", "shut start"} == set(sheet.leaves)
    assert sheet.round == {"root_start", "shut start"}
    assert sheet.around["shut.free"] == ("shut",)
    assert not [fault for fault in faults(sheet) if "does not end" in fault]


def test_label_on_its_own_line_is_no_fault_where_the_line_passes_behind_it() -> None:
    """Mermaid's labels have a background; those of other tools have not."""
    chart, answer = door(), Answer(sheet_by("mermaid"))
    assert len(judged("door", chart, answer, None).score.faults) == 4
    assert not judged("door", chart, answer, None, inline=True).score.faults


def test_machine_of_a_chart_has_its_states_and_the_lines_inside_them() -> None:
    """state-machine-cat gets dots, history and composite states, and lines where they belong."""
    b = Builder("deck").state("on", COMPOUND).states("on.a", "on.b").state("on.last", DEEP)
    b.initial("", "on").initial("on", "on.a").move("on.a", "on.b", "next").move("on", "on", "reset")
    machine = graphviz_peers.machine_of(picture_of(b.move("on.b", "on.last", "back").chart()))
    types = [state["type"] for state in machine["states"]]
    assert sorted(types) == ["initial", "regular"]
    (on,) = (state for state in machine["states"] if state["name"] == "on")
    assert {one["type"] for one in on["statemachine"]["states"]} == {
        *("regular", "initial", "deephistory")
    }
    inside = [(one["from"], one["to"]) for one in on["statemachine"]["transitions"]]
    assert {("on.a", "on.b"), ("on.b", "on.last")} <= set(inside)
    assert ("on", "on") in [(one["from"], one["to"]) for one in machine["transitions"]]


def test_transitions_get_the_state_that_a_history_is_of() -> None:
    """Transitions has no history: a line to one is given as a line to the state around it."""
    b = Builder("deck").states("off").state("on", COMPOUND).states("on.a", "on.b")
    b.state("on.last", DEEP).initial("", "off").initial("on", "on.a").move("off", "on.last", "go")
    text = graphviz_peers._transitions_graph(work_of(b.chart()))
    assert "off -> on [lhead=cluster_on taillabel=go]" in text
    assert '"on.a"' in text
    assert "last" not in text


def test_python_statemachine_draws_the_class_that_we_write() -> None:
    """Its graph is that of the class which `to_class` makes of a chart."""
    pytest.importorskip("pydot")
    text = graphviz_peers._statemachine_graph(work_of(door()))
    assert "cluster_shut" in text
    assert "free -> locked" in text


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peer_that_is_not_installed_says_how_to_get_it(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on, and a line says what to do."""
    monkeypatch.delenv("PEERS", raising=False)
    found = theirs(peer, [])
    assert "install" in found.missing
    assert not found.drawn


def test_peer_that_fails_gets_a_row_that_says_so() -> None:
    """A tool that ends with an error does not end the run."""

    def draw(_: object) -> list[Answer | None]:
        raise subprocess.CalledProcessError(1, "node", stderr="in a line\nno memory\n")

    found = theirs(Peer("odd", lambda: "1", draw), [])
    assert found == Trial("odd", "1", missing="failed: no memory")


def test_tool_that_draws_fewer_charts_stands_beside_ours_of_the_same() -> None:
    """Sums are compared over the same charts; what a tool cannot draw counts on neither side."""
    chart = door()
    sheet = sheet_by("state_machine_cat")
    one = judged("one", chart, Answer(sheet, 1000, 0.5), Answer(sheet))
    two = evolve(one, name="two", lines=9)
    own = Trial("statecharts", "1", (one, two))
    told = columns([own, Trial("all", "2", (one, two)), Trial("few", "3", (one,))])
    assert [name for name, _, _ in told] == ["statecharts", "all", "statecharts, 1", "few"]
    assert [values["lines"] for _, _, values in told] == [16, 16, 7, 7]
    assert told[0][2]["kb"] == 1.0
    assert told[0][2]["turned"] == 0.0


def test_pages_have_a_table_of_all_tools() -> None:
    """Each number has a row, and what is not known a dash."""
    sheet = sheet_by("transitions")
    one = judged("one", door(), Answer(sheet), None)
    trials = [Trial("statecharts", "1", (evolve(one, size=2000, seconds=0.1),))]
    text = beside([*trials, Trial("ELK", "2", (one,))], date(2026, 1, 2))
    assert text.startswith("On 2026-01-02: statecharts 1, ELK 2.\n\n|  | statecharts | ELK |")
    assert "| hard faults | 1 | 1 |" in text
    assert "| kB of SVG | 2 | – |" in text


def work_of(chart: Chart) -> Work:
    return Work(chart, Drawing(picture_of(chart), 0, 0, (), ()), sheet_by("mermaid"))
