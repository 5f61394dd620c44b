"""Grid: a layout that costs next to nothing, for graphs that the engine does not finish in time.

States come in rows, in document order. The arrows that leave a state are listed at it with their
labels, one below the other. Each turns off there, runs in a lane between two columns to the row of
its target, along a track to the target, and in. So no arrow runs through a state or a label, no two
run in the same place, and where two cross, they cross at right angles.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from typing import Final, final

from attrs import define, field

from statecharts.drawing.geometry import Rect, cornered
from statecharts.drawing.sketch import (
    LABEL_GAP,
    LOOP,
    Edge,
    Node,
    Placement,
    Route,
    Sketch,
    beside,
    height_beside,
)

_LANE: Final = 7.0
"""Distance between two lines."""
_CLEAR: Final = 10.0
"""Distance of lines from states."""
_HEAD: Final = 13.0
"""Distance of the first track from a state: the head of the arrow is longer than a lane's width."""
_RADIUS: Final = 3.0
"""Radius of the corners of a line."""
_BARE: Final = 9.0
"""Height of an entry without a label."""
_OVER: Final = 2.0
"""Distance of a label from its line."""
_SHAPE: Final = 1.5
"""Width of a grid over its height, about."""


def place_in_grid(sketch: Sketch) -> Placement:
    """Return a placement of a sketch."""
    return _Grid(sketch).placement()


@final
@define(eq=False)
class _Slot:
    """A node in the grid, the ends of lines at it, and its self-transitions at the right."""

    node: Node
    row: int
    column: int
    top: list[_End] = field(factory=list)
    bottom: list[_End] = field(factory=list)
    loops: list[Edge] = field(factory=list)

    @property
    def height(self) -> float:
        """The height that it takes in its row."""
        return max(self.node.height, height_beside(self.loops))

    @property
    def width(self) -> float:
        """The width that it takes in its column."""
        widths = [self.node.width]
        widths += [self.node.width + 2 * LOOP + _width(edge) for edge in self.loops]
        for ends in (self.top, self.bottom):
            widths += [end.label_at + _width(end.edge) + _LANE for end in ends if end.listed]
        return max(widths)


@final
@define(eq=False)
class _End:
    """One end of a line at a node.

    Attributes:
        edge: The line.
        slot: The node.
        port: Its place among those that the node prescribes, if any.
        is_top: Whether it is at the upper side.
        listed: Whether the line turns off in the list of the node, where its label is.
        at: Its distance from the left border of the node.
        label_at: Distance of the labels in the list from there: to the right of all lines.
        level: Where it turns off: its distance from the row; for an end that is not listed, from
            the lists of the row.
        back: For a line that comes back to its node, the end that it comes from.
    """

    edge: Edge
    slot: _Slot
    port: int | None
    is_top: bool = False
    listed: bool = False
    at: float = 0.0
    label_at: float = 0.0
    level: float = 0.0
    back: _End | None = None

    @property
    def gap(self) -> int:
        """The gap between rows that it is in; the first is above the first row."""
        return self.slot.row + (not self.is_top)


@final
@define(eq=False)
class _Line:
    """An edge between two nodes, or a node and the border, with its lane."""

    edge: Edge
    upper: _End | None
    lower: _End | None
    lane: int = 0

    @property
    def ends(self) -> list[_End]:
        return [end for end in (self.upper, self.lower) if end is not None]

    @property
    def column(self) -> int:
        """The column at whose right its lane is."""
        return next(end.slot.column for end in self.ends if end.listed)


@final
class _Grid:
    def __init__(self, sketch: Sketch) -> None:
        nodes = [node for node in sketch.nodes if not node.border]
        self.columns = _columns(nodes, sketch.edges)
        self.slots = {n.id: _Slot(n, *divmod(i, self.columns)) for i, n in enumerate(nodes)}
        self.rows = math.ceil(len(nodes) / self.columns)
        self.lefts: list[float] = []  # of the columns
        self.rights: list[float] = []  # of the columns: where their lanes begin
        self.tops: list[float] = []  # of the rows
        self.heights = [0.0] * self.rows
        self.lists = [0.0] * (2 * self.rows)  # heights of the lists above and below each row
        self.lines: list[_Line] = []
        self.hammocks: list[tuple[_End, _End]] = []
        for edge in sketch.edges:
            self._sort(edge)

    def _sort(self, edge: Edge) -> None:
        upper, lower = self.slots.get(edge.upper), self.slots.get(edge.lower)
        if upper is not None and upper is lower:
            if edge.upper_port is None:
                upper.loops.append(edge)
                return
            first = _End(edge, upper, edge.upper_port, is_top=edge.over)
            second = _End(edge, upper, edge.lower_port, is_top=edge.over, listed=True, back=first)
            (upper.top if edge.over else upper.bottom).extend([first, second])
            self.hammocks.append((first, second))
            return
        # The label is at the state that the arrow leaves; at the other if it leaves the border.
        low = lower is not None and (edge.upward or upper is None)
        line = _Line(
            edge,
            None if upper is None else _End(edge, upper, edge.upper_port, listed=not low),
            None if lower is None else _End(edge, lower, edge.lower_port, is_top=True, listed=low),
        )
        for end in line.ends:
            (end.slot.top if end.is_top else end.slot.bottom).append(end)
        self.lines.append(line)

    def placement(self) -> Placement:
        """Return the nodes and lines in their places."""
        width = self._across(self._lanes())
        height = self._down(self._tracks())
        nodes: dict[str, Rect] = {}
        routes: dict[str, Route] = {}
        for slot in self.slots.values():
            node, middle = slot.node, self.tops[slot.row] + self.heights[slot.row] / 2
            rect = Rect(self.lefts[slot.column], middle - node.height / 2, node.width, node.height)
            nodes[node.id] = rect
            routes |= beside(slot.loops, rect)
        for first, second in self.hammocks:
            rect = nodes[second.slot.node.id]
            routes[second.edge.id] = _hammock(first, second, rect, self._turn(second))
        for line in self.lines:
            x = self._lane(line)
            for name, y in ((line.edge.upper, 0.0), (line.edge.lower, height)):
                if name not in self.slots:
                    nodes[name] = Rect(x - 1.5, y - 1.5, 3.0, 3.0)
            ways, label = [[(x, 0.0)], [(x, height)]], None
            for end in line.ends:
                rect, y = nodes[end.slot.node.id], self._turn(end)
                at = rect.x + end.at
                ways[end.is_top] = [(at, rect.y if end.is_top else rect.bottom), (at, y), (x, y)]
                if end.listed:
                    label = _label(end, rect, y)
            path = cornered([*ways[0], *reversed(ways[1])], _RADIUS)
            routes[line.edge.id] = Route(path, label)
        return Placement(nodes, routes, (width, height))

    def _lane(self, line: _Line) -> float:
        return self.rights[line.column] + line.lane * _LANE

    def _turn(self, end: _End) -> float:
        """Return the y at which a line turns off on its way from a node."""
        row, away = end.slot.row, end.level
        if not end.listed:
            away += self.lists[2 * row + (not end.is_top)]
        return self.tops[row] - away if end.is_top else self.tops[row] + self.heights[row] + away

    def _lanes(self) -> list[int]:
        """Give each line a lane at the right of a column; return how many each column has.

        Lines share a lane if they are never between the same rows.
        """
        found: list[list[tuple[int, int, int]]] = [[] for _ in range(self.columns)]
        for number, line in enumerate(self.lines):
            gaps = [end.gap for end in line.ends]
            first = 0 if line.upper is None else min(gaps)
            last = self.rows if line.lower is None else max(gaps)
            found[line.column].append((first, last, number))
        counts = []
        for spans in found:
            spans.sort()
            lanes = _packed((first, last) for first, last, _ in spans)
            for (_, _, number), lane in zip(spans, lanes, strict=True):
                self.lines[number].lane = lane
            counts.append(max(lanes, default=-1) + 1)
        return counts

    def _across(self, lanes: Sequence[int]) -> float:
        """Put the columns beside each other; return the whole width."""
        widths = [0.0] * self.columns
        for slot in self.slots.values():
            _spread(slot.node, slot.top, slot.node.top)
            _spread(slot.node, slot.bottom, slot.node.bottom)
            widths[slot.column] = max(widths[slot.column], slot.width)
        x = 0.0
        for width, count in zip(widths, lanes, strict=True):
            self.lefts.append(x)
            self.rights.append(x + width + _CLEAR)
            x = self.rights[-1] + count * _LANE + _CLEAR
        return x

    def _down(self, tracks: Sequence[float]) -> float:
        """Put the rows below each other; return the whole height."""
        for slot in self.slots.values():
            self.heights[slot.row] = max(self.heights[slot.row], slot.height)
            for below, ends in enumerate((slot.top, slot.bottom)):
                number = 2 * slot.row + below
                self.lists[number] = max(self.lists[number], _listed(ends))
        y = 0.0
        # Between two rows are the lists of the upper, the tracks of both, the lists of the lower.
        for row in range(self.rows):
            above, below = 2 * row, 2 * row + 1
            self.tops.append(y + _CLEAR + tracks[above] + self.lists[above])
            y = self.tops[row] + self.heights[row] + self.lists[below] + tracks[below] + _CLEAR
        return y

    def _tracks(self) -> list[float]:
        """Give each line that arrives at a row a track; return the heights of all of a row's.

        Lines share a track where they run beside each other.
        """
        found: list[list[tuple[float, float, _End]]] = [[] for _ in range(2 * self.rows)]
        for line in self.lines:
            x = self._lane(line)
            for end in line.ends:
                if not end.listed:
                    at = self.lefts[end.slot.column] + end.at
                    number = 2 * end.slot.row + (not end.is_top)
                    found[number].append((min(at, x), max(at, x) + _LANE - 1, end))
        heights = []
        for spans in found:
            spans.sort(key=lambda span: span[:2])
            tracks = _packed((first, last) for first, last, _ in spans)
            for (_, _, end), track in zip(spans, tracks, strict=True):
                end.level = _HEAD + track * _LANE
            heights.append(_HEAD + max(tracks) * _LANE if tracks else 0.0)
        return heights


def _columns(nodes: Sequence[Node], edges: Sequence[Edge]) -> int:
    """Return the number of columns that gives a grid its shape."""
    count = max(1, len(nodes))
    labels = [edge.label for edge in edges if edge.label]
    label = sum(width for width, _ in labels) / max(1, len(labels))
    # Each column has lanes for about a third of the lines that begin in its rows.
    width = max(sum(node.width for node in nodes) / count, label) + 3 * _CLEAR
    lanes = len(edges) * _LANE / 3
    height = sum(node.height for node in nodes) / count + 3 * _CLEAR
    height += (len(edges) * _LANE + sum(height for _, height in labels)) / count
    # With n columns: (n * width + lanes) = shape * count / n * height.
    found = math.sqrt(lanes * lanes + 4 * width * _SHAPE * count * height) - lanes
    return max(1, min(count, round(found / (2 * width))))


def _packed(spans: Iterable[tuple[float, float]]) -> list[int]:
    """Return a number for each span, which no span that it meets has; spans come by their starts.

    >>> _packed([(0, 2), (1, 1), (2, 3), (3, 4)])
    [0, 1, 1, 0]
    """
    numbers: list[int] = []
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    for first, last in spans:
        while taken and taken[0][0] < first:
            heapq.heappush(free, heapq.heappop(taken)[1])
        numbers.append(heapq.heappop(free) if free else len(taken))
        heapq.heappush(taken, (last, numbers[-1]))
    return numbers


def _spread(node: Node, ends: list[_End], ports: Sequence[float]) -> None:
    """Give the ends at one side of a node their places: first those that arrive."""
    ends.sort(key=lambda end: end.listed)
    apart = min(_CLEAR, (node.width - 2 * _CLEAR) / max(1, len(ends) - 1))
    first = (node.width - apart * (len(ends) - 1)) / 2
    for number, end in enumerate(ends):
        if end.port is not None and end.port < len(ports):
            end.at = ports[end.port]
        else:
            end.at = node.handle if node.circle else first + number * apart
    last = max((end.at for end in ends), default=0.0)
    for end in ends:
        end.label_at = last + LABEL_GAP


def _listed(ends: Sequence[_End]) -> float:
    """Give the entries of a list their levels, the rightmost first; return the list's height."""
    level = _CLEAR
    entries = [end for end in ends if end.listed]
    for end in sorted(entries, key=lambda end: -max(end.at, end.back.at if end.back else 0.0)):
        tall = end.edge.label[1] + 2 * _OVER if end.edge.label else _BARE
        if end.back is not None:
            tall += _BARE
        # Labels are above their lines, also in lists above a state.
        end.level = level if end.is_top else level + tall
        level += tall
    return level if entries else 0.0


def _width(edge: Edge) -> float:
    return edge.label[0] if edge.label else 0.0


def _label(end: _End, node: Rect, y: float) -> Rect | None:
    """Return the place of a label in a list, above its line."""
    if end.edge.label is None:
        return None
    width, height = end.edge.label
    return Rect(node.x + end.label_at, y - _OVER - height, width, height)


def _hammock(back: _End, end: _End, node: Rect, y: float) -> Route:
    """Draw an arrow that comes back to its state, from below or above, around its label."""
    label = _label(end, node, y)
    high = y - (label.height + 2 * _OVER if label else _BARE - _OVER)
    right = (label.right if label else node.x + end.label_at) + _OVER
    a, b = node.x + back.at, node.x + end.at
    border = node.y if end.is_top else node.bottom
    first, second = (y, high) if (a <= b) is not end.is_top else (high, y)
    stations = [(a, border), (a, first), (right, first), (right, second), (b, second)]
    return Route(cornered([*stations, (b, border)], _RADIUS), label)
