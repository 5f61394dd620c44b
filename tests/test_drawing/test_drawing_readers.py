"""Readers of our texts: Mermaid's own parser and Graphviz's `dot` take them as they are meant."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import Chart, drawing
from statecharts.drawing.dot import quoted
from statecharts.drawing.engine import Engine
from statecharts.drawing.model import Box, Picture, Shape
from statecharts.drawing.notation import picture_of
from tests.proof import shards
from tests.test_drawing import charts
from tests.test_interop.fetched import node, node_package, plantuml

MERMAID = "11.17.2"
RUNNER = Path(__file__).parent / "mermaid_runner.mjs"

MACHINES: tuple[Chart, ...] = (Pipeline.chart, Execution.chart)
MADE: dict[str, Callable[[int], Chart]] = {
    "hand": lambda seed: [*(make() for make in charts.CHARTS.values()), *MACHINES][seed],
    "random": charts.at_random,
    "any": charts.anything,
}


def _charts(kind: str, seeds: range) -> list[Chart]:
    count = len(charts.CHARTS) + len(MACHINES)
    return [MADE[kind](seed) for seed in (range(count) if kind == "hand" else seeds)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "seeds"),
    [("hand", range(1)), ("random", range(60)), ("any", range(60)), ("any", range(60, 150))],
)
def test_mermaid_reads_the_chart_that_was_written(kind: str, seeds: range) -> None:
    """Mermaid's parser finds each state in the state around it, and each arrow between its ends."""
    given = _charts(kind, seeds)
    module = node_package("mermaid", MERMAID) / "dist" / "mermaid.esm.min.mjs"
    texts = json.dumps([drawing.render(chart, "mermaid", faults=()) for chart in given])
    command = [node(), str(RUNNER), str(module)]
    done = subprocess.run(
        command, input=texts, capture_output=True, text=True, timeout=500, check=True
    )
    for chart, answer in zip(given, json.loads(done.stdout), strict=True):
        assert "error" not in answer, (chart.name, answer)
        picture = picture_of(chart)
        ids = {box.id: f"s{number}" for number, box in enumerate(picture.root.walk())}
        boxes = [box for box in picture.root.walk() if _is_written(box)]
        inside = {ids[box.id]: ids[str(box.parent)] if box.parent else None for box in boxes}
        found = _parents(answer["nodes"])
        assert {name: found[name] for name in inside} == inside, chart.name
        read = Counter((start, end) for start, end in answer["edges"])
        assert Counter(_edges(picture, ids)) - read == Counter(), chart.name


@pytest.mark.long
def test_plantuml_reads_the_charts_that_were_written(tmp_path: Path) -> None:
    """PlantUML's own parser takes every chart as a state diagram without an error."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("there is no java")
    given = [*_charts("hand", range(1)), *_charts("random", range(40)), *_charts("any", range(40))]
    for number, chart in enumerate(given):
        text = drawing.render(chart, "plantuml", faults=())
        (tmp_path / f"{number}.puml").write_text(text, "utf-8")
    command = [java, "-Djava.awt.headless=true", "-jar", str(plantuml()), "-checkonly"]
    done = subprocess.run(
        [*command, *map(str, sorted(tmp_path.glob("*.puml")))],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (tmp_path / "wrong.puml").write_text(
        "@startuml\nstate a\nno line of a diagram\n@enduml\n", "utf-8"
    )
    wrong = subprocess.run(
        [*command, str(tmp_path / "wrong.puml")], capture_output=True, timeout=60, check=False
    )
    assert wrong.returncode != 0


def _is_written(box: Box) -> bool:
    return box.parent is not None and box.shape is not Shape.INITIAL


def _edges(picture: Picture, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Return the arrows between states, as pairs of names."""
    return [
        (ids[arrow.source], ids[arrow.target])
        for arrow in picture.arrows
        if picture.boxes[arrow.source].shape is not Shape.INITIAL
    ]


def _parents(nodes: list[list[Any]]) -> dict[str, str | None]:
    """Return the state around each state; what divides regions does not count."""
    found = {name: (parent, shape) for name, parent, shape in nodes}

    def around(name: str) -> str | None:
        parent: str | None = found[name][0]
        while parent is not None and found[parent][1] == "divider":
            parent = found[parent][0]
        return parent

    return {name: around(name) for name in found}


@pytest.mark.parametrize(
    ("kind", "seeds"),
    [
        ("hand", range(1)),
        *(
            pytest.param("any", *part.values, marks=part.marks, id=part.id)
            for part in shards(200, 50, sample=5)
        ),
    ],
)
def test_graphviz_lays_out_the_text(kind: str, seeds: range) -> None:
    """Graphviz takes the text of every chart: `dot` where it is on PATH, else as we bring it."""
    program = shutil.which("dot")
    for chart in _charts(kind, seeds):
        if len(chart.states) > 60:
            continue  # Graphviz takes minutes
        text = drawing.render(chart, "dot", faults=())
        if program is None:
            names = [one["name"] for one in Engine(60).lay_out(text)["objects"]]
        else:
            done = subprocess.run(
                [program, "-Tjson0"], input=text, capture_output=True, text=True, check=True
            )
            assert done.stderr == "", chart.name
            names = [one["name"] for one in json.loads(done.stdout)["objects"]]
        found = {name.removeprefix("cluster_") for name in names}
        # Graphviz keeps a backslash in a name as it is written: as two.
        written = {quoted(node.id)[1:-1].replace('\\"', '"') for node in chart.states}
        assert written <= found, chart.name
