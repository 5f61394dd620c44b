"""Columns: a tall graph, cut between ranks and set in columns, as a newspaper sets text.

The ranks keep their order. A line that is cut leaves its column below, runs up between the columns,
and enters the next one from above. All such lines turn together, one inside the other, so that
setting in columns adds no crossing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, final

from attrs import define, evolve

from statecharts.drawing.channels import CROSS, ROUNDS, Work, route
from statecharts.drawing.geometry import Path, Point, Rect, cornered, joined, moved
from statecharts.drawing.sketch import PITCH, Edge, Node, Placement, Route, Sketch

_BETWEEN: Final = 2 * PITCH
"""Distance between a column and the lines beside it."""
_RADIUS: Final = 7.0
_ABOVE: Final = 12.0
"""Distance of a cut from the rank below it."""
_AWAY: Final = 40.0
"""Distance of the ends of lines that are cut from the ranks of a column."""
_SWEEPS: Final = 2
_CUT: Final = 40.0
"""How much farther from the middle a cut may be for each line less that it cuts."""


def route_in_columns(
    sketch: Sketch, placed: Placement, columns: int, rounds: int, work: Work
) -> Placement:
    """Return a placement with lines, in so many columns, or in as many as there can be."""
    parts = list(_parts(sketch, placed, columns))
    if len(parts) < 2:
        return route(sketch, placed, rounds, work)
    return _Columns(sketch, parts, rounds, work).placement()


@final
@define(eq=False)
class _Part:
    """The ranks of one column, with the pieces of lines in it.

    Attributes:
        sketch: The nodes and pieces; a piece has the name of its arrow.
        placed: Where the engine put them.
        done: The column with its lines.
        left: The x of its left edge.
        top: The y of its upper edge.
    """

    sketch: Sketch
    placed: Placement
    done: Placement | None = None
    left: float = 0.0
    top: float = 0.0


@final
class _Columns:
    def __init__(self, sketch: Sketch, parts: list[_Part], rounds: int, work: Work) -> None:
        self.sketch = sketch
        self.parts = parts
        self.rounds = rounds
        self.work = work
        for number in range(len(parts)):
            self._lay_out(number, number - 1)
        best = self._cost, [part.done for part in parts]
        for back in (True, False) * _SWEEPS:
            if not self._crossed or rounds < ROUNDS or work.left <= 0:
                break
            for number in range(len(parts))[:: -1 if back else 1]:
                self._lay_out(number, number + 1 if back else number - 1)
            now = self._cost, [part.done for part in parts]
            if now[0] >= best[0]:
                break
            best = now
        for part, done in zip(parts, best[1], strict=True):
            part.done = done

    def _lay_out(self, number: int, other: int) -> None:
        """Route a column whose lines go on in the order that they have in the one beside it."""
        part = self.parts[number]
        if 0 <= other < len(self.parts):
            part.sketch = _wanting(part.sketch, self.parts[other], after=other < number)
        part.done = route(part.sketch, part.placed, self.rounds, self.work)

    @property
    def _crossed(self) -> int:
        """The number of crossings between columns."""
        found = 0
        for one, two in itertools.pairwise(self.parts):
            ends, starts = _ports(one, "sink"), _ports(two, "source")
            order = [starts[name] for name in sorted(ends, key=lambda name: ends[name])]
            found += sum(a > b for a, b in itertools.combinations(order, 2))
        return found

    @property
    def _cost(self) -> float:
        return CROSS * self._crossed + sum(_routed(part).cost for part in self.parts)

    def placement(self) -> Placement:
        """Return the columns beside each other, joined."""
        x = height = 0.0
        turns: list[dict[str, Path]] = []
        for number, part in enumerate(self.parts):
            done = _routed(part)
            cut = _ports(part, "sink")
            if number:
                part.left, part.top = x, _BETWEEN + PITCH * len(_ports(part, "source"))
            width = -(-done.size[0] // PITCH) * PITCH
            x = part.left + width + 2 * _BETWEEN + PITCH * max(0, len(cut) - 1)
            last = number + 1 == len(self.parts)
            below = 0.0 if last else _BETWEEN + PITCH * len(cut)
            height = max(height, part.top + done.size[1] + below)
        for one, two in itertools.pairwise(self.parts):
            turns.append(dict(self._turned(one, two)))
        width = x - 2 * _BETWEEN
        return Placement(
            {name: rect for part in self.parts for name, rect in self._nodes(part, height)},
            {edge.id: self._route(edge, turns, height) for edge in self.sketch.edges},
            (width, height),
            {edge.id: self._turns(edge) for edge in self.sketch.edges},
            self._cost,
            self._crossed + sum(_routed(part).crossings for part in self.parts),
        )

    def _nodes(self, part: _Part, height: float) -> Iterator[tuple[str, Rect]]:
        for node in part.sketch.nodes:
            if node.id.startswith("|"):
                continue
            rect = _routed(part).nodes[node.id].moved(part.left, part.top)
            yield node.id, Rect(rect.x, height - 1.5, 3.0, 3.0) if node.border == "sink" else rect

    def _turned(self, one: _Part, two: _Part) -> Iterator[tuple[str, Path]]:
        """Yield the turns from one column to the next, by arrow."""
        ends = {name: one.left + x for name, x in _ports(one, "sink").items()}
        starts = {name: two.left + x for name, x in _ports(two, "source").items()}
        bottom, top = one.top + _routed(one).size[1], two.top
        right = one.left + -(-_routed(one).size[0] // PITCH) * PITCH + _BETWEEN
        order = sorted(ends, key=lambda name: -ends[name])
        rights = sorted(starts, key=lambda name: -starts[name])
        for number, name in enumerate(order):
            lane = right + PITCH * number
            low = bottom + PITCH * (number + 1)
            high = top - PITCH * (len(order) - rights.index(name))
            x0, x1 = ends[name], starts[name]
            corners: list[Point] = [(x0, bottom), (x0, low), (lane, low), (lane, high), (x1, high)]
            yield name, cornered([*corners, (x1, top)], _RADIUS)

    def _route(self, edge: Edge, turns: Sequence[dict[str, Path]], height: float) -> Route:
        whole: list[Path] = []
        label = None
        for number, part in enumerate(self.parts):
            found = _routed(part).routes.get(edge.id)
            if found is None:
                continue
            if whole:
                whole.append(turns[number - 1][edge.id])
            whole.append(moved(found.path, part.left, part.top))
            if found.label is not None:
                label = found.label.moved(part.left, part.top)
        path = joined(*whole)
        lower = next(node for node in self.sketch.nodes if node.id == edge.lower)
        if lower.border == "sink":
            x = path[-1][0]
            path = joined(path, ((x, height),))
        return Route(path, label)

    def _turns(self, edge: Edge) -> tuple[float, float]:
        found = [
            _routed(part).turns[edge.id] for part in self.parts if edge.id in _routed(part).turns
        ]
        return (found[0][0], found[-1][1]) if found else (0.0, 0.0)


def _routed(part: _Part) -> Placement:
    assert part.done is not None  # noqa: S101 - each part is routed when the columns are made
    return part.done


def _ports(part: _Part, border: str) -> dict[str, float]:
    """Return the x at which lines are cut, by arrow, in a column as it is routed."""
    at = -1 if border == "sink" else 0
    return {
        edge.id: _routed(part).routes[edge.id].path[at][0]
        for edge in part.sketch.edges
        if (edge.lower if at else edge.upper).startswith(f"|{border}")
    }


def _wanting(sketch: Sketch, other: _Part, *, after: bool) -> Sketch:
    """Return a column whose lines have the order that they have in the one before or after it."""
    here, there = ("source", "sink") if after else ("sink", "source")
    ports = _ports(other, there)
    aside = 0.0 if after else other.placed.size[0]
    wants = {
        f"|{here} {name}": aside + PITCH * number
        for number, name in enumerate(sorted(ports, key=lambda name: ports[name]))
    }
    nodes = tuple(
        evolve(node, want=wants[node.id]) if node.id in wants else node for node in sketch.nodes
    )
    return Sketch(nodes, sketch.edges)


def _parts(sketch: Sketch, placed: Placement, columns: int) -> Iterator[_Part]:
    """Yield the parts of a graph, cut where few lines are, near to where it is divided evenly."""
    cutter = _Cutter(sketch, placed)
    cutter.cut(columns)
    for number in range(len(cutter.cuts) + 1):
        yield cutter.part(number)


@final
class _Cutter:
    def __init__(self, sketch: Sketch, placed: Placement) -> None:
        self.sketch, self.placed = sketch, placed
        self.nodes = {node.id: node for node in sketch.nodes}
        self.heights = {name: rect.centre[1] for name, rect in placed.nodes.items()}
        self.labels = {
            name: one.label.centre[1]
            for name, one in placed.routes.items()
            if one.label is not None
        }
        self.cuts: list[float] = []

    def cut(self, columns: int) -> None:
        """Choose where to cut."""
        edges = self.sketch.edges
        spans = [(self.heights[e.upper], self.heights[e.lower]) for e in edges]
        bottom = max((self.placed.nodes[name].bottom for name in self._inner()), default=0.0)
        places = list(self._places())
        for number in range(1, columns):
            ideal = bottom * number / columns

            def cost(y: float, ideal: float = ideal) -> float:
                return _CUT * sum(a < y < b for a, b in spans) + abs(y - ideal)

            least = self.cuts[-1] + bottom / columns / 3 if self.cuts else 0.0
            free = [y for y in places if y > least]
            if free:
                self.cuts.append(min(free, key=cost))

    def _inner(self) -> list[str]:
        return [name for name, node in self.nodes.items() if not node.border]

    def _places(self) -> Iterator[float]:
        """Yield the heights at which a cut goes through lines alone."""
        sizes: dict[float, float] = {}
        for name in self._inner():
            y = self.heights[name]
            sizes[y] = max(sizes.get(y, 0.0), self.nodes[name].height)
        for high, low in itertools.pairwise(sorted(sizes)):
            y = low - sizes[low] / 2 - _ABOVE
            if y > high + sizes[high] / 2:
                yield y

    def _column(self, y: float) -> int:
        return sum(y > cut for cut in self.cuts)

    def part(self, number: int) -> _Part:
        """Return one of the parts."""
        nodes = [n for n in self.sketch.nodes if self._column(self.heights[n.id]) == number]
        rects = {node.id: self.placed.nodes[node.id] for node in nodes}
        high = min((rect.y for rect in rects.values()), default=0.0) - _AWAY
        low = max((rect.bottom for rect in rects.values()), default=0.0) + _AWAY
        edges, routes = [], {}
        for edge in self.sketch.edges:
            first, last = (self._column(self.heights[end]) for end in (edge.upper, edge.lower))
            if not first <= number <= last:
                continue
            path, label = self.placed.routes[edge.id].path, self.placed.routes[edge.id].label
            size = edge.label
            if edge.id in self.labels and self._column(self.labels[edge.id]) != number:
                label = size = None
            if label is not None:  # it stays between the ends, wherever the cut is
                y = min(max(label.y, high + 4), low - 4 - label.height)
                label = evolve(label, y=y)
            routes[edge.id] = Route(path, label)
            upper, lower = edge.upper, edge.lower
            for border, y in (("source", high), ("sink", low)):
                if not (first < number if border == "source" else number < last):
                    continue
                name = f"|{border} {edge.id}"
                x = min(path[::3], key=lambda point, y=y: abs(point[1] - y))[0]  # type: ignore[misc]
                rects[name] = Rect(x - 1.5, y - 1.5, 3.0, 3.0)
                nodes.append(Node(name, 3.0, 3.0, border=border))
                upper, lower = (name, lower) if border == "source" else (upper, name)
            edges.append(
                evolve(
                    edge,
                    upper=upper,
                    lower=lower,
                    upper_port=edge.upper_port if upper == edge.upper else None,
                    lower_port=edge.lower_port if lower == edge.lower else None,
                    label=size,
                )
            )
        sketch = Sketch(tuple(nodes), tuple(edges))
        return _Part(sketch, Placement(rects, routes, self.placed.size))
