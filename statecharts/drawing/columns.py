"""Columns: a tall graph, cut between ranks and set in columns, as a newspaper sets text.

The ranks keep their order. A line that is cut leaves its column at the right and enters another at
the left, beside its states, or by the foot of the one or the top of the other if fewer lines cross
then. Lines to the border around the graph keep to the column of their state.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, final

from attrs import define, evolve

from statecharts.drawing.channels import CROSS, ROUNDS, Piece, Work, crossed, route, tracked
from statecharts.drawing.geometry import Path, Point, Rect, cornered, flattened, joined, moved
from statecharts.drawing.sketch import PITCH, Edge, Node, Placement, Route, Sketch

_BETWEEN: Final = 2 * PITCH
"""Distance between a column and the lines beside it."""
_RADIUS: Final = 7.0
_ABOVE: Final = 12.0
"""Distance of a cut from the rank below it."""
_AWAY: Final = 40.0
"""Distance of the ends of lines on the border from the ranks of a column."""
_CUT: Final = 60.0
"""How much farther from the middle a cut may be for each line less that it cuts."""
_APART: Final = 1.5
"""Distance of two heights from which they are two ranks."""
_LENGTH: Final = 0.015
"""What a line costs for each point of its length; see `CROSS`."""
_QUICK: Final = 1
"""Rounds of routing in each trial of which lines go around."""
_STEP: Final = 12.0
"""The least distance by which a line goes up or down between columns."""

_End = tuple[str, bool]
"""The upper end of a line, or its lower one."""


def route_in_columns(
    sketch: Sketch, placed: Placement, columns: int, rounds: int, work: Work
) -> Placement:
    """Return a placement with lines, in so many columns, or in as many as there can be."""
    tower = route(sketch, placed, rounds, work)
    cutter = _Cutter(sketch, tower)
    cutter.cut(columns)
    if not cutter.cuts:
        return tower
    return _Chooser(cutter, rounds, work).best()


@final
class _Chooser:
    """Chooses which lines turn beside their states, and which go around their columns."""

    def __init__(self, cutter: _Cutter, rounds: int, work: Work) -> None:
        self.cutter, self.rounds, self.work = cutter, rounds, work
        self.done: dict[tuple[object, ...], Placement] = {}

    def best(self) -> Placement:
        """Return the columns with the lines that cross least, and of those, the shortest.

        At first, all lines turn beside their states. Where they cross, those that go around both of
        their columns do not cross more than they would in one column.
        """
        first = self._set(frozenset(), self.rounds)
        if first.crossings <= self.cutter.placed.crossings or self.rounds < ROUNDS:
            return first
        cut = [name for name, (one, two) in self.cutter.spans.items() if one != two]
        every = frozenset((name, lower) for name in cut for lower in (False, True))
        found = {one: _cost(self._set(one, _QUICK)) for one in (frozenset[_End](), every)}
        best = min(found, key=found.__getitem__)
        least, improved, reserve = found[best], True, self.work.left // 2
        while improved:
            improved = False
            for name in cut:
                own = {(name, False), (name, True)}
                for ends in (set[_End](), {(name, False)}, {(name, True)}, own):
                    around = best - own | ends
                    if around not in found and self.work.left > reserve:
                        found[around] = _cost(self._set(around, _QUICK))
                        if found[around] < least:
                            best, least, improved = around, found[around], True
        tried = (best, every) if self.work.left > 0 else (best,)
        return min(first, *(self._set(around, self.rounds) for around in tried), key=_cost)

    def _set(self, around: frozenset[_End], rounds: int) -> Placement:
        """Return the columns, given the ends of lines that go around."""
        self.cutter.around = around
        parts = []
        for number in range(len(self.cutter.cuts) + 1):
            part, at = self.cutter.part(number)
            key = part, rounds, *at.nodes.values()
            if key not in self.done:
                self.done[key] = route(part, at, rounds, self.work)
            parts.append(_Part(part, self.done[key]))
        return _Columns(self.cutter, parts).placement()


def _cost(placed: Placement) -> float:
    """Return what lines cost: crossings, and length."""
    points = (point for one in placed.routes.values() for point in itertools.pairwise(one.path))
    return CROSS * placed.crossings + _LENGTH * sum(itertools.starmap(math.dist, points))


@final
@define(eq=False)
class _Part:
    """The ranks of one column.

    Attributes:
        sketch: The nodes and pieces of lines; a piece has the name of its arrow.
        done: The column with its lines.
        left: The x of its left edge.
        top: The y of its upper edge.
    """

    sketch: Sketch
    done: Placement
    left: float = 0.0
    top: float = 0.0

    @property
    def right(self) -> float:
        """The x of its right edge, on the grid."""
        return self.left - (-self.done.size[0] // PITCH) * PITCH

    def path(self, name: str) -> Path:
        """Return the piece of a line, where it is on the page."""
        return moved(self.done.routes[name].path, self.left, self.top)


@final
class _Columns:
    def __init__(self, cutter: _Cutter, parts: list[_Part]) -> None:
        self.sketch, self.spans, self.parts = cutter.sketch, cutter.spans, parts
        self.lanes: dict[tuple[str, int], Path] = {}
        self.crossed = 0
        for number in range(len(parts) - 1):
            self._join(number)

    def placement(self) -> Placement:
        """Return the columns beside each other, joined."""
        height = max(part.top + part.done.size[1] for part in self.parts)
        return Placement(
            {name: rect for part in self.parts for name, rect in _nodes(part, height)},
            {edge.id: self._route(edge, height) for edge in self.sketch.edges},
            (self.parts[-1].right, height),
            {name: self._turns(name) for name in self.spans},
            CROSS * self.crossed + sum(part.done.cost for part in self.parts),
            self.crossed + sum(part.done.crossings for part in self.parts),
        )

    def _join(self, number: int) -> None:
        """Place a column, and the lines between it and the one before."""
        one, two = self.parts[number : number + 2]
        between = [name for name, (a, b) in self.spans.items() if a <= number < b]
        ends = {name: (one.path(name)[-1][1], two.path(name)[0][1]) for name in between}
        two.top = _settled([end - start for start, end in ends.values()])
        heights = {name: (start, end + two.top) for name, (start, end) in ends.items()}
        # What is nearly as high is not to be on one track.
        pieces = {
            name: Piece(round(start / PITCH) * PITCH, round(end / PITCH) * PITCH)
            for name, (start, end) in heights.items()
        }
        count = tracked([pieces[name] for name, (y, end) in heights.items() if y != end])
        order = sorted(pieces.values(), key=lambda piece: piece.track)
        self.crossed += sum(crossed(a, b) for a, b in itertools.combinations(order, 2))
        two.left = one.right + 2 * _BETWEEN + PITCH * max(0, count - 1)
        for name, (start, end) in heights.items():
            lane = one.right + _BETWEEN + PITCH * pieces[name].track
            corners: list[Point] = [(one.right, start), (lane, start), (lane, end), (two.left, end)]
            self.lanes[name, number] = cornered(corners, _RADIUS)

    def _route(self, edge: Edge, height: float) -> Route:
        first, last = self.spans[edge.id]
        path = self.parts[first].path(edge.id)
        for number in range(first, last):
            path = joined(path, self.lanes[edge.id, number], self.parts[number + 1].path(edge.id))
        borders = {node.border for node in self.sketch.nodes if node.id in (edge.upper, edge.lower)}
        if "source" in borders:
            path = joined(((path[0][0], 0.0),), path)
        if "sink" in borders:
            path = joined(path, ((path[-1][0], height),))
        for part in (self.parts[first], self.parts[last]):
            label = part.done.routes[edge.id].label
            if label is not None:
                return Route(path, label.moved(part.left, part.top))
        return Route(path)

    def _turns(self, name: str) -> tuple[float, float]:
        first, last = (self.parts[number].done.turns.get(name) for number in self.spans[name])
        return (first[0] if first else 0.0, last[1] if last else 0.0)


def _nodes(part: _Part, height: float) -> Iterator[tuple[str, Rect]]:
    """Yield the nodes of a column; points on the border are at that of the whole."""
    borders = {"source": -1.5, "sink": height - 1.5}
    for node in part.sketch.nodes:
        if node.border in borders:
            yield node.id, Rect(part.done.nodes[node.id].x + part.left, borders[node.border], 3, 3)
        elif not node.border:
            yield node.id, part.done.nodes[node.id].moved(part.left, part.top)


def _settled(steps: Sequence[float]) -> float:
    """Return how much lower a column gets, so that lines to it go straight on or clearly do not."""
    lower = {0.0, *(-step for step in steps), *(_STEP - step for step in steps)}
    return min(
        (by for by in lower if 0 <= by <= 2 * _STEP),
        key=lambda by: (sum(0.01 < abs(step + by) < _STEP - 0.01 for step in steps), by),
    )


@final
@define
class _Levels:
    """The heights of a column: of ranks, of those of labels alone, above all, and below all."""

    ranks: set[float]
    texts: set[float]
    high: float
    low: float

    def next_to(self, y: float, *, up: bool) -> float:
        """Return the height of the next rank above or below."""
        if up:
            return max((other for other in self.ranks if other < y - _APART), default=self.high)
        return min((other for other in self.ranks if other > y + _APART), default=self.low)


@final
class _Cutter:
    def __init__(self, sketch: Sketch, placed: Placement) -> None:
        self.sketch, self.placed = sketch, placed
        self.nodes = {node.id: node for node in sketch.nodes}
        self.heights = {name: rect.centre[1] for name, rect in placed.nodes.items()}
        self.labels = {n: one.label.centre[1] for n, one in placed.routes.items() if one.label}
        self.cuts: list[float] = []
        self.columns: dict[str, int] = {}
        """The column of each node; a point on the border is in that of its line's other end."""
        self.spans: dict[str, tuple[int, int]] = {}
        """The first and the last column of each line."""
        self.at: dict[str, float] = {}
        """The x of each line where it is cut."""
        self.around = frozenset[_End]()
        """The ends of lines that go to the foot of their column first, or come from its top."""

    def _column(self, y: float) -> int:
        return sum(y > cut for cut in self.cuts)

    def cut(self, columns: int) -> None:
        """Choose where to cut: where few lines are, near to where the graph is divided evenly."""
        spans = [
            (self.heights[edge.upper], self.heights[edge.lower])
            for edge in self.sketch.edges
            if not self.nodes[edge.upper].border and not self.nodes[edge.lower].border
        ]
        inner = [rect for name, rect in self.placed.nodes.items() if not self.nodes[name].border]
        bottom = max((rect.bottom for rect in inner), default=0.0)
        top = min((rect.y for rect in inner), default=0.0)
        above = (rect.y - _ABOVE for rect in inner)
        places = [y for y in above if y > top and not any(r.y <= y <= r.bottom for r in inner)]
        for number in range(1, columns):
            ideal = bottom * number / columns

            def cost(y: float, ideal: float = ideal) -> float:
                return _CUT * sum(a < y < b for a, b in spans) + abs(y - ideal)

            least = self.cuts[-1] + bottom / columns / 3 if self.cuts else 0.0
            free = [y for y in places if y > least]
            if free:
                self.cuts.append(min(free, key=cost))
        self.columns = {name: self._column(y) for name, y in self.heights.items()}
        for edge in self.sketch.edges:
            for one, other in ((edge.upper, edge.lower), (edge.lower, edge.upper)):
                if self.nodes[one].border:
                    self.columns[one] = self.columns[other]
            self.spans[edge.id] = self.columns[edge.upper], self.columns[edge.lower]
            cut = next((y for y in self.cuts if y > self.heights[edge.upper]), 0.0)
            path = flattened(self.placed.routes[edge.id].path)
            self.at[edge.id] = min(((abs(y - cut), x) for x, y in path), default=(0, 0.0))[1]

    def part(self, number: int) -> tuple[Sketch, Placement]:
        """Return one of the columns, where the engine has placed it."""
        nodes = [node for node in self.sketch.nodes if self.columns[node.id] == number]
        rects = {node.id: self.placed.nodes[node.id] for node in nodes if not node.border}
        ranks = {rect.centre[1] for rect in rects.values()}
        texts = {y for y in self.labels.values() if self._column(y) == number} - ranks
        high = min([*(rect.y for rect in rects.values()), *texts], default=0.0) - _AWAY
        low = max([*(rect.bottom for rect in rects.values()), *texts], default=0.0) + _AWAY
        for node in nodes:
            if node.border:
                y = high - _AWAY if node.border == "source" else low
                rects[node.id] = Rect(self.placed.nodes[node.id].x, y - 1.5, 3.0, 3.0)
        levels = _Levels(ranks | texts, texts, high, low)
        edges, routes = [], {}
        for edge in self.sketch.edges:
            if self.spans[edge.id][0] <= number <= self.spans[edge.id][1]:
                piece, routes[edge.id], ends = self._piece(edge, number, levels)
                for border, y in ends.items():
                    node = Node(f"|{border} {edge.id}", 3.0, 3.0, border=border)
                    nodes.append(node)
                    x = PITCH * self._order(edge, lower=border == "left")
                    rects[node.id] = Rect(x, y - 1.5, 3.0, 3.0)
                    if border == "left":
                        piece = evolve(piece, upper=node.id, upper_port=None)
                    else:
                        piece = evolve(piece, lower=node.id, lower_port=None)
                edges.append(piece)
        return Sketch(tuple(nodes), tuple(edges)), Placement(rects, routes, self.placed.size)

    def _piece(
        self, edge: Edge, number: int, levels: _Levels
    ) -> tuple[Edge, Route, dict[str, float]]:
        """Return what is in a column of a line, and how high it is at the column's sides."""
        first, last = self.spans[edge.id]
        path, label = self.placed.routes[edge.id].path, self.placed.routes[edge.id].label
        own = last if self._column(self.labels.get(edge.id, 0.0)) >= last else first
        if label is None or own != number:
            edge, label = evolve(edge, label=None), None
        if first < number < last:  # above all else
            high = levels.high - _ABOVE
            return edge, Route(path), {"left": high - _ABOVE, "right": high}
        if first == last:
            if label is not None:  # that of a line to the border may be beside another column
                y = min(max(label.centre[1], levels.high + _ABOVE), levels.low - _ABOVE)
                label = evolve(label, y=y - label.height / 2)
            return edge, Route(path, label), {}
        # Beside the state, below the first rank with room for a label, it turns.
        lower = number == last
        y = self.heights[edge.lower if lower else edge.upper]
        beyond = levels.next_to(y, up=lower)
        if label or beyond in levels.texts:  # all lines from one rank turn below the same labels
            label = label and evolve(label, y=beyond - label.height / 2)
            y = beyond
        y = levels.next_to(y, up=lower)
        if (edge.id, lower) in self.around:
            y = levels.high if lower else levels.low
        return edge, Route(path, label), {"left" if lower else "right": y}

    def _order(self, edge: Edge, *, lower: bool) -> int:
        """Return the place of a line among all at one side of a column, the lowest first.

        They have the order of their other ends: those of one channel do not cross beside it.
        """

        def key(one: Edge) -> tuple[float, ...]:
            x = self.at[one.id]
            if self.spans[one.id][1] - self.spans[one.id][0] > 1:
                return 2.0, -self.heights[one.upper], x
            other = one.upper if lower else one.lower
            if (one.id, not lower) in self.around:
                return (-1.0 if lower else 1.0), x
            return 0.0, -self.heights[other], x

        return sorted(self.sketch.edges, key=key).index(edge)
