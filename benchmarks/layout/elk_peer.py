"""ELK, by elkjs: its layered layout of the same boxes and labels, in the same sizes.

`npm install elkjs` in a folder outside the repository; the variable ``PEERS`` names that folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve

from benchmarks.layout.peers import Answer, Peer, Work, npm_version, run_node
from benchmarks.layout.scores import Line, Sheet
from statecharts.drawing.geometry import Point, Rect, flattened, straight
from statecharts.drawing.model import Drawing

NAME: Final = "ELK"

_OPTIONS: Final = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.json.edgeCoords": "ROOT",
    "elk.json.shapeCoords": "ROOT",
    "elk.edgeLabels.placement": "CENTER",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
}


def _draw(works: Sequence[Work]) -> list[Answer | None]:
    """Return ELK's layouts of our drawings; None for those that it refuses."""
    answers = run_node("elk.mjs", [_graph(work.drawing, work.sheet) for work in works])
    return [
        None if "error" in answer else Answer(_sheet(work.sheet, answer))
        for work, answer in zip(works, answers, strict=True)
    ]


def _graph(drawing: Drawing, sheet: Sheet) -> dict[str, Any]:
    def node(box: Any) -> dict[str, Any]:
        placed = next(one for one in drawing.boxes if one.box.id == box.id)
        found: dict[str, Any] = {"id": f"box {box.id}"}
        if not box.children:
            rect = sheet.leaves.get(box.id, placed.rect)
            return found | {"width": rect.width, "height": rect.height}
        top = sheet.bars[box.id].height + 14 if box.id in sheet.bars else 30
        found["layoutOptions"] = {"elk.padding": f"[top={top},left=16,bottom=16,right=16]"}
        found["children"] = [node(child) for child in box.children]
        return found

    edges = []
    for line in sheet.lines:
        edge: dict[str, Any] = {
            "id": line.name,
            "sources": [f"box {line.source}"],
            "targets": [f"box {line.target}"],
        }
        if line.label is not None:
            size = {"width": line.label.width, "height": line.label.height}
            edge["labels"] = [{"id": f"label {line.name}", "text": line.name, **size}]
        edges.append(edge)
    return node(drawing.picture.root) | {"layoutOptions": _OPTIONS, "edges": edges}


def _sheet(ours: Sheet, answer: dict[str, Any]) -> Sheet:
    rects: dict[str, Rect] = {}

    def read(node: dict[str, Any]) -> None:
        rects[node["id"].removeprefix("box ")] = Rect(
            node.get("x", 0.0), node.get("y", 0.0), node["width"], node["height"]
        )
        for child in node.get("children", ()):
            read(child)

    read(answer)
    lines = []
    for edge in answer["edges"]:
        points: list[Point] = []
        for part in edge.get("sections", ()):
            ends = [part["startPoint"], *part.get("bendPoints", ()), part["endPoint"]]
            points += [(end["x"], end["y"]) for end in ends]
        label = next(
            (
                Rect(one["x"], one["y"], one["width"], one["height"])
                for one in edge.get("labels", ())
            ),
            None,
        )
        path = tuple(flattened(straight(*points), 3.0)) if len(points) > 1 else ()
        old = next(line for line in ours.lines if line.name == edge["id"])
        lines.append(Line(old.name, old.source, old.target, path, label))
    frames = {box: rects[box] for box in ours.frames}
    bars = {
        box: Rect(rects[box].x, rects[box].y, rects[box].width, ours.bars[box].height)
        for box in frames
    }
    return evolve(
        ours,
        width=answer["width"],
        height=answer["height"],
        leaves={box: rects[box] for box in ours.leaves},
        frames=frames,
        bars=bars,
        texts=(),
        lines=tuple(lines),
    )


ELK: Final = Peer(NAME, lambda: npm_version(NAME, "elkjs"), _draw)
