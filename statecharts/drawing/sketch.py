"""Sketches: graphs of fixed-size nodes for Graphviz to place, and the placements that it returns.

A sketch holds no text. Every size is known beforehand, labels are nodes of their own, and the
points at which arrows meet a border are cells of a record. So an engine has nothing to measure,
every engine gives the same layout, and labels have room of their own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, final

from attrs import field, frozen

from statecharts.drawing.engine import Engine
from statecharts.drawing.geometry import Path, Rect, direction, joined, straight, swung

PITCH: Final = 8.0
"""Distance between two lines: a grid that nodes, their ports and all upright lines are on."""
LABEL_GAP: Final = 7.0
"""Distance between a label and its line."""
LOOP: Final = 20.0
"""Width of a self-transition beside its state."""
LARGE: Final = 150
"""Number of nodes above which the engine is told to try less hard."""
WORK: Final = 400
"""Weight for each second above which the engine is known not to finish in time."""

_POINT: Final = 72.0
_CELL: Final = 5.0
_NARROW: Final = 48.0


@final
@frozen
class Node:
    """A rectangle or circle to place.

    Attributes:
        id: Its name in the sketch.
        width: Its width.
        height: Its height.
        top: The x of arrows at its upper edge, from the left; empty lets the engine choose.
        bottom: The x of arrows at its lower edge, from the left.
        circle: Diameter of the circle that arrows end at; 0 for a rectangle.
        at: The middle of that circle.
        inset: Where its left border is.
        want: The x that the line of a point on the border turns to outside, if that is known.
        border: ``source`` or ``sink`` for a point on the border above or below the sketch, ``left``
            or ``right`` for one beside it, where a line goes on to another column; else empty.
    """

    id: str
    width: float
    height: float
    top: tuple[float, ...] = ()
    bottom: tuple[float, ...] = ()
    circle: float = 0.0
    at: tuple[float, float] = (0.0, 0.0)
    inset: float = 0.0
    want: float | None = None
    border: str = ""

    @property
    def handle(self) -> float:
        """The part of it that is on the grid, from its left edge: the middle of a circle."""
        return self.at[0]


@final
@frozen
class Edge:
    """An arrow to route from an upper node to a lower one, or back to the same.

    Attributes:
        id: Its name in the sketch.
        upper: The node that it starts at; the engine keeps it above the other.
        lower: The node that it ends at.
        upper_port: Index into the upper node's ``bottom``.
        lower_port: Index into the lower node's ``top``.
        label: Width and height of its label, if it has one.
        weight: Graphviz's weight: a heavier edge is shorter and straighter.
        upward: Whether the arrow leaves the lower node.
        over: Whether an arrow that leaves a node at a port and comes back to it is above it, both
            ports being indices into ``top``; else both are into ``bottom``.
    """

    id: str
    upper: str
    lower: str
    upper_port: int | None = None
    lower_port: int | None = None
    label: tuple[float, float] | None = None
    weight: int = 1
    upward: bool = False
    over: bool = False


@final
@frozen
class Route:
    """The path of an arrow, from its upper to its lower node, and the place of its label."""

    path: Path
    label: Rect | None = None


@final
@frozen
class Sketch:
    """A graph to lay out.

    Attributes:
        nodes: The nodes, in the order wanted from the left.
        edges: The edges; those between different nodes form no cycle.
        rows: The number of rows for nodes that no edge ends at.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: int = 1
    _names: dict[str, str] = field(factory=dict, init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._names.update((node.id, f"n{i}") for i, node in enumerate(self.nodes))

    @property
    def weight(self) -> int:
        """The sum of the distances that the arrows span, in nodes: about the work of routing."""
        place = {node.id: i for i, node in enumerate(self.nodes)}
        return sum(abs(place[edge.upper] - place[edge.lower]) for edge in self.edges)

    def others(self) -> Iterator[Sketch]:
        """Yield the same graph with its nodes in other orders, for which engines find others."""
        for nodes in (self.nodes[::-1], self.nodes[::2] + self.nodes[1::2][::-1]):
            yield Sketch(nodes, self.edges, self.rows)

    @property
    def alone(self) -> list[str]:
        """The nodes that no edge ends at, which an engine puts into one row."""
        bound = {node for edge in self.edges for node in (edge.upper, edge.lower)}
        return [node.id for node in self.nodes if node.id not in bound]

    def dot(self, spacing: float = 1.0) -> str:
        """Return the graph in DOT."""
        return "\n".join(["digraph {", *self._statements(spacing), "}"])

    def _statements(self, spacing: float) -> Iterator[str]:
        limits = ""
        if len(self.nodes) + len(self.edges) > LARGE:
            limits = " nslimit=2 nslimit1=2 mclimit=0.5"
        yield f"graph [nodesep=0.36 ranksep={0.32 * spacing:.3f}{limits}]"
        yield 'node [shape=box fixedsize=true label="" margin=0 fontsize=1]'
        yield "edge [arrowhead=none]"
        for node in self.nodes:
            yield f"{self._names[node.id]} [{_look(node)}]"
        for rank in ("source", "sink"):
            held = [self._names[node.id] for node in self.nodes if node.border == rank]
            if held:
                yield f"{{rank={rank}; {'; '.join(held)}}}"
            known = sorted(
                (node.want, self._names[node.id])
                for node in self.nodes
                if node.border == rank and node.want is not None
            )
            for (_, one), (_, other) in itertools.pairwise(known):
                yield f"{one} -> {other} [style=invis]"
        alone = [self._names[one] for one in self.alone]
        for one, other in zip(alone, alone[-(-len(alone) // self.rows) :], strict=False):
            yield f"{one} -> {other} [style=invis]"
        for i, edge in enumerate(self.edges):
            yield from self._edge(i, edge)

    def _edge(self, number: int, edge: Edge) -> Iterator[str]:
        upper, lower = self._names[edge.upper], self._names[edge.lower]
        tail = f"{upper}:b{edge.upper_port}:s" if edge.upper_port is not None else upper
        head = f"{lower}:t{edge.lower_port}:n" if edge.lower_port is not None else lower
        weight = f" weight={edge.weight}" if edge.weight != 1 else ""
        if edge.upper == edge.lower:
            if edge.upper_port is None:  # others hang at their node, where the engine has no say
                yield f'{tail} -> {head} [id="e{number}"{_loop_label(edge)}]'
        elif edge.label:
            width, height = edge.label[0] + LABEL_GAP, edge.label[1]
            cells = f"<p>{'|' * max(1, round(width / _CELL) - 1)}"
            yield f'l{number} [{_size(width, height)} shape=record label="{cells}"]'
            yield f'{tail} -> l{number}:p:n [id="e{number}"{weight}]'
            yield f'l{number}:p:s -> {head} [id="f{number}"{weight}]'
        else:
            yield f'{tail} -> {head} [id="e{number}"{weight}]'


@final
@frozen
class Placement:
    """A sketch, placed by an engine.

    Attributes:
        nodes: The place of each node.
        routes: The route of each arrow.
        size: Width and height of the whole; everything is between (0, 0) and it.
        turns: How far each line that is joined to another one at a node's port turns aside beside
            it, by edge, at its upper and its lower end.
        cost: What the lines cost.
        crossings: How often they cross.
    """

    nodes: dict[str, Rect]
    routes: dict[str, Route]
    size: tuple[float, float]
    turns: dict[str, tuple[float, float]] = field(factory=dict)
    cost: float = 0.0
    crossings: int = 0


def place(sketch: Sketch, engine: Engine, spacing: float = 1.0) -> Placement:
    """Return the placement of a sketch.

    ``spacing`` multiplies the usual distance between ranks.

    Raises:
        EngineError: There is no layout, or the engine is known not to finish in time.
    """
    if sketch.weight > engine.seconds * WORK:
        raise engine.over
    return _read(sketch, engine.lay_out(sketch.dot(spacing)))


def _look(node: Node) -> str:
    if node.circle == node.width:
        return f"{_size(node.width, node.height)} shape=circle"
    if not node.top and not node.bottom:
        return _size(node.width, node.height)
    top, bottom = _cells("t", node.top, node), _cells("b", node.bottom, node)
    return f'{_size(node.width, node.height)} shape=record label="{{{{{top}}}|{{{bottom}}}}}"'


def _cells(prefix: str, ports: Sequence[float], node: Node) -> str:
    """Return a row of equal cells, narrow enough to put each port where it belongs, or beside."""
    count = max(len(ports), 3, min(800, round(node.width / 2)))
    names = [""] * count
    at = -1
    for i, x in enumerate(ports):
        at = min(max(at + 1, int(x / node.width * count)), count - len(ports) + i)
        names[at] = f"<{prefix}{i}>"
    return "|".join(names)


def _size(width: float, height: float) -> str:
    return f"width={width / _POINT:.4f} height={height / _POINT:.4f}"


def _loop_label(edge: Edge) -> str:
    """Return a label of about the right size: in Courier, every letter is 0.6 em wide anywhere."""
    width, height = edge.label or (0.0, 0.0)
    columns = math.ceil((width + LABEL_GAP + LOOP) / 6)
    rows = max(1, math.ceil(height / 11))
    text = "\\n".join(["x" * columns] * rows)
    return f' fontname=Courier fontsize=10 label="{text}"'


def _read(sketch: Sketch, answer: dict[str, Any]) -> Placement:
    left, low, right, high = (float(part) for part in answer["bb"].split(","))

    def point(text: str) -> tuple[float, float]:
        x, y = text.split(",")
        return float(x) - left, high - float(y)

    rects: dict[str, Rect] = {}
    for found in answer.get("objects", ()):
        if "pos" in found:
            x, y = point(found["pos"])
            width, height = float(found["width"]) * _POINT, float(found["height"]) * _POINT
            rects[found["name"]] = Rect(x - width / 2, y - height / 2, width, height)
    edges = {found["id"]: found for found in answer.get("edges", ()) if "id" in found}
    nodes = {node.id: _exact(node, rects[f"n{i}"]) for i, node in enumerate(sketch.nodes)}
    paths = {
        name: _level(tuple(point(p) for p in found["pos"].split(" ") if p[0] not in "se"))
        for name, found in edges.items()
    }
    routes: dict[str, Route] = {}
    loops: dict[str, list[Edge]] = {}
    for i, edge in enumerate(sketch.edges):
        path = paths.get(f"e{i}", ())
        label = rects.get(f"l{i}")
        if edge.upper == edge.lower and edge.upper_port is None:
            loops.setdefault(edge.upper, []).append(edge)
        elif edge.upper == edge.lower:
            routes[edge.id] = Route(())
        elif label is not None:
            routes[edge.id] = _labelled(edge, path, paths[f"f{i}"], label)
        else:
            routes[edge.id] = Route(path)
    for node, found in loops.items():
        routes |= beside(found, nodes[node])
    return Placement(nodes, routes, (right - left, high - low))


def _exact(node: Node, found: Rect) -> Rect:
    """Return a node's rectangle in its own size: engines make records a point too large."""
    x, y = found.centre
    return Rect(x - node.width / 2, y - node.height / 2, node.width, node.height)


def _level(path: Path) -> Path:
    """Keep a curve between the heights of its ends; engines overshoot them in a narrow gap."""
    (_, low), (_, high) = path[0], path[-1]
    if low >= high or all(low - 0.5 <= y <= high + 0.5 for _, y in path):
        return path
    upright = [abs(dy) > abs(dx) for dx, dy in (direction(path), direction(path[::-1]))]
    if high - low < _NARROW and all(upright):
        return swung(path[0], path[-1])
    return tuple((x, min(max(y, low), high)) for x, y in path)


def _labelled(edge: Edge, first: Path, second: Path, node: Rect) -> Route:
    width, height = edge.label or (0.0, 0.0)
    top, bottom = first[-1], second[0]
    label = Rect(node.x + LABEL_GAP + 1, node.centre[1] - height / 2, width, height)
    return Route(joined(first, straight(top, bottom), second), label)


def beside(edges: Sequence[Edge], node: Rect) -> dict[str, Route]:
    """Draw the self-transitions of a node at its right, one below the other."""
    top = node.centre[1] - height_beside(edges) / 2
    found = {}
    for edge in edges:
        height = height_beside([edge])
        x, y = node.right, top + height / 2
        half = min(9.0, node.height / 4)
        out = x + LOOP * 1.3
        at = min(max(y, node.y + half), node.bottom - half)  # at the node, however long its labels
        path = ((x, at - half), (out, y - half * 2.2), (out, y + half * 2.2), (x, at + half))
        label = None
        if edge.label:
            width, tall = edge.label
            label = Rect(x + LOOP + LABEL_GAP, y - tall / 2, width, tall)
        found[edge.id] = Route(path, label)
        top += height
    return found


def height_beside(edges: Sequence[Edge]) -> float:
    """Return the height that the self-transitions of a node take."""
    return sum(max(24.0, edge.label[1] if edge.label else 0.0) for edge in edges)
