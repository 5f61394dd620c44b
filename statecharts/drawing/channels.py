"""Channels: lines routed between placed nodes, upright and level, with round corners.

An engine places nodes and labels in ranks. Here a line is upright in a rank and level in the
channel between two ranks: as in the third phase of Sugiyama, Tagawa and Toda, "Methods for Visual
Understanding of Hierarchical System Structures" (IEEE SMC 11, 1981), with channels as in Hashimoto
and Stevens, "Wire routing by optimizing channel assignment" (DAC 1971).

1. Nodes move to a grid of lines, `PITCH` apart, so that places either are the same or clearly are
   not, and no line has to bend by a point or two.
2. Each line takes the cheapest way through the ranks, by dynamic programming over the free places
   of each: bends, crossings and detours cost. Then each is taken up and routed again, now that the
   others are known.
3. In each channel the level pieces get tracks, in the order that crosses least. The channel is as
   high as its tracks need.

No two lines share a place in a rank, or a track where they meet. So ends are apart, arrive upright,
and no line runs through a node or a label.
"""

from __future__ import annotations

import itertools
import math
import sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

from attrs import define, evolve, field

from statecharts.drawing.geometry import Point, Rect, cornered
from statecharts.drawing.sketch import (
    LABEL_GAP,
    LOOP,
    PITCH,
    Edge,
    Node,
    Placement,
    Route,
    Sketch,
    beside,
    height_beside,
)

_CLEAR: Final = 7.0
"""Distance of lines from nodes and labels."""
_RADIUS: Final = 7.0
_HEAD: Final = 15.0
"""Height of a channel between a track and a node; the head of an arrow fits in."""
_FAR: Final = 4.0
"""Distance of other tracks from arrows that hang at a node."""
_LEAST: Final = 23.0
"""Height of a channel without tracks."""
ROUNDS: Final = 8
"""How often each line is routed."""
_IDLE: Final = 2
_PAIRS: Final = 600
"""Pairs of crossing lines that are routed anew, over the number of lines."""
_WIDE: Final = 24
_COMMON: Final = 16
"""Places that are tried in each rank."""

CROSS: Final = 32.0
"""The cost of a crossing."""

_BEND: Final = 7.0
_JOG: Final = 12.0
_CLOSE: Final = 2.0
_STEP: Final = 0.5
_ASIDE: Final = 0.25
_SHARED: Final = 60.0

_BEYOND: Final = 1e6
"""Where lines go on beside a sketch, as long as its width is not known."""
_FARTHEST: Final = _BEYOND / 4
_REACH: Final = 400
"""Steps to the side in which a free place is looked for."""
_SIDES: Final = ("left", "right")

_Places = list[float]


@final
@define
class Work:
    """The budget of a drawing for optional improvements; the first routing is never cut short.

    Attributes:
        left: The pieces of lines, from rank to rank, that may still be routed.
    """

    left: int


def route(
    sketch: Sketch, placed: Placement, rounds: int = ROUNDS, work: Work | None = None
) -> Placement:
    """Return a placement with lines of its own between the nodes that an engine has placed.

    Args:
        sketch: What is drawn.
        placed: Where the engine has placed it.
        rounds: How often each line is routed at most.
        work: What may be tried; without, there is no limit.
    """
    return _Router(sketch, placed, work or Work(sys.maxsize)).placement(rounds)


@final
@define(eq=False)
class _Item:
    """A node or a label in its rank.

    Attributes:
        x: Its left edge; for a label, the place of its line.
        left: Where it begins, with what is beside it.
        right: Where it ends.
        height: Its height.
        node: The node; None for a label.
        line: The line of a label.
    """

    x: float
    left: float
    right: float
    height: float
    node: Node | None = None
    line: _Line | None = None


@final
class _Channel:
    """The cost of a step through the space between two ranks, given the lines that are there.

    Args:
        pairs: Where the pieces of the other lines begin and end.
        jog: What it costs to turn aside by one place.
    """

    def __init__(self, pairs: list[tuple[float, float]], jog: float) -> None:
        self.pairs, self.jog = pairs, jog
        self.ins, self.outs = {a for a, _ in pairs}, {b for _, b in pairs}
        self.ends: dict[float, tuple[list[float], list[float]]] = {}

    def cost(self, start: float, end: float, most: float = math.inf) -> float:
        """Return what a step costs; what costs more than the most need not be exact."""
        bent = _bent(start, end, self.jog)
        if bent > most:
            return bent
        found = self.ends.get(start)
        if found is None:
            left = sorted(b for a, b in self.pairs if a < start)
            right = sorted(b for a, b in self.pairs if a > start)
            found = self.ends[start] = left, right
        left, right = found
        crossed = len(left) - bisect_right(left, end) + bisect_left(right, end)
        close = (start in self.outs) + (end in self.ins) if start != end else 0
        return crossed * CROSS + close * _CLOSE + bent


@final
@define(eq=False)
class _Rank:
    """The nodes and labels at one height."""

    at: float
    items: list[_Item] = field(factory=list)
    above: dict[float, _Line] = field(factory=dict)
    """Lines at the upper side, by place: those that pass, and those that end at a node."""
    below: dict[float, _Line] = field(factory=dict)
    top: float = 0.0
    height: float = 0.0

    _walls: dict[float, tuple[list[float], list[float]]] = field(factory=dict)

    def is_free(self, x: float, width: float = 0.0) -> bool:
        """Tell whether a line can pass at a place, with a label of some width at its right."""
        lows, highs = self._walls.get(width) or self._walled(width)
        at = bisect_left(lows, x) - 1
        if at >= 0 and x < highs[at]:
            return False
        high = x + LABEL_GAP + width + _CLEAR
        return not width or not any(x < other < high for other in (*self.above, *self.below))

    def next_free(self, x: float, way: float, width: float) -> float | None:
        """Return the first place from one on, in steps, that is free and that no line has."""
        lows, highs = self._walls.get(width) or self._walled(width)
        above, below, steps = self.above, self.below, 0
        while steps < _REACH:
            at = x + steps * way
            wall = bisect_left(lows, at) - 1
            if wall >= 0 and at < highs[wall]:
                edge = highs[wall] if way > 0 else lows[wall]
                steps += max(1, math.ceil((edge - at) / way))
            elif at in above or at in below or (width and not self.is_free(at, width)):
                steps += 1
            else:
                return at
        return None

    def _walled(self, width: float) -> tuple[list[float], list[float]]:
        """Return where stretches begin and end in which items are in the way."""
        left = _CLEAR + (LABEL_GAP + width if width else 0.0)
        lows: list[float] = []
        highs: list[float] = []
        for low, high in sorted((one.left - left, one.right + _CLEAR) for one in self.items):
            if highs and low < highs[-1]:
                highs[-1] = max(high, highs[-1])
            else:
                lows.append(low)
                highs.append(high)
        self._walls[width] = lows, highs
        return lows, highs

    def moved(self) -> None:
        """Forget where items were."""
        self._walls.clear()


@final
@define(eq=False)
class _Line:
    """A line, from its upper to its lower node.

    Attributes:
        edge: The arrow.
        first: The rank of its upper node.
        last: The rank of its lower node.
        rank: The rank of its label.
        item: Its label.
        hints: Places that the engine chose.
        above: Where a line that comes from the upper border comes from, if that is known.
        below: Where a line that leaves at the lower border goes to.
        ways: Its place in each rank from the first to the last.
        levels: The height of its level piece below each rank, where it has one.
    """

    edge: Edge
    first: int
    last: int
    rank: int | None
    item: _Item | None
    hints: list[float]
    above: float | None = None
    below: float | None = None
    sides: tuple[bool, bool] = (False, False)
    """Whether it goes on beside the sketch, at its upper and at its lower end."""
    ways: list[float] = field(factory=list)
    levels: dict[int, float] = field(factory=dict)

    def is_aside(self, *, lower: bool) -> bool:
        """Tell whether one of its ends is beside the sketch."""
        return self.sides[lower]


@define(eq=False)
class Piece:
    """A piece of a line in a channel: level between two places, or upright at one."""

    start: float
    end: float
    track: int = 0


@final
@define(eq=False)
class _Piece(Piece):
    line: _Line = field(kw_only=True)

    def is_inside(self, number: int) -> bool:
        """Tell whether the channel below a rank is inside the sketch."""
        return self.line.first <= number < self.line.last


@final
@define(eq=False)
class _Back:
    """An arrow that hangs below or above a composite state, from one of its ports to another."""

    edge: Edge
    a: float
    b: float
    level: float = 0.0
    label: Rect | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Its left and its right end."""
        return min(self.a, self.b), max(self.a, self.b)

    @property
    def width(self) -> float:
        """The distance of its ends."""
        return abs(self.a - self.b)

    def bottom(self, left: float, right: float) -> float | None:
        """Return how low it comes between two places; None if it is beside them."""
        a, b = self.ends
        if a < right and left < b:
            return max(self.level, self.label.bottom if self.label else 0.0)
        if self.label and self.label.x < right and left < self.label.right:
            return self.label.bottom
        return None


@final
@define(eq=False)
class _State:
    """The places of all items and lines at one time, and what they cost."""

    cost: float
    inner: float
    """What they cost without the channels around the sketch."""
    crossings: int
    crossed: int
    """The crossings without those around the sketch."""
    items: dict[int, tuple[float, float, float]]
    ways: list[list[float]]


@final
class _Router:
    def __init__(self, sketch: Sketch, placed: Placement, work: Work) -> None:
        self.sketch, self.placed, self.work = sketch, placed, work
        self.nodes = {node.id: node for node in sketch.nodes}
        self.ranks: list[_Rank] = []
        self.rank_of: dict[str, int] = {}
        self.items: dict[str, _Item] = {}
        self.loops: dict[str, list[Edge]] = {}
        self.lines: list[_Line] = []
        self.backs: list[Edge] = []
        self.cost = 0.0
        self.crossed = 0
        self.jog = _JOG
        self._rank_nodes()

    def placement(self, rounds: int) -> Placement:
        """Return nodes, lines and labels in their places."""
        begin = self._state()
        short = sorted(self.lines, key=lambda line: (line.last - line.first, -line.edge.weight))
        best: _State | None = None
        for order in (short, short[::-1], self.lines):
            if best is not None:
                if rounds < ROUNDS or best.crossings == 0 or self.work.left <= 0:
                    break
                self._restore(begin)
            found = self._improved(order, rounds)
            best = found if best is None or found.cost < best.cost else best
        if best is not None:
            self._restore(best)
            if rounds == ROUNDS:
                best = self._straightened(self._untangled(best))
            self.cost, self.crossed = best.inner, best.crossed
        return self._drawn()

    def _improved(self, order: Sequence[_Line], rounds: int) -> _State:
        """Route each line, and again while that helps; return the best that was found."""
        best, idle = self._routed(order), 0
        for _ in range(rounds - 1):
            if self.work.left <= 0:
                break
            self._shift_nodes()
            now = self._routed(order)
            idle = 0 if now.cost < best.cost - 0.5 else idle + 1
            best = now if now.cost < best.cost else best
            if idle == _IDLE:
                break
        return best

    def _untangled(self, best: _State) -> _State:
        """Route lines that cross anew, two at a time, while that helps."""
        left = _PAIRS // max(1, len(self.lines))
        pairs = self._crossing()
        while pairs and left and self.work.left > 0:
            left -= 1
            for line in (pair := pairs.pop(0)):
                self._take_up(line)
            for line in pair:
                self._lay(line)
            self._sort_ends()
            now = self._state()
            if now.cost < best.cost - 0.5:
                best, pairs = now, self._crossing()
            else:
                self._restore(best)
        return best

    def _straightened(self, best: _State) -> _State:
        """Route lines that jog anew, so that they do not, where no more cross for that."""
        jogs = self._jogs()
        for line in [line for line in self.lines if _jogs(line)]:
            self._take_up(line)
            self.jog = CROSS * len(self.lines)
            self._lay(line)
            self.jog = _JOG
            self._sort_ends()
            now = self._state()
            if now.crossings <= best.crossings and self._jogs() < jogs:
                best, jogs = now, self._jogs()
            else:
                self._restore(best)
        return best

    def _jogs(self) -> int:
        return sum(map(_jogs, self.lines))

    def _crossing(self) -> list[tuple[_Line, _Line]]:
        """Return the pairs of lines that cross, each in both orders."""
        found: dict[tuple[int, int], tuple[_Line, _Line]] = {}
        for number in range(-1, len(self.ranks)):
            for one, two in itertools.combinations(self._pieces(number), 2):
                if (one.start - two.start) * (one.end - two.end) < 0:
                    found[id(one.line), id(two.line)] = one.line, two.line
                    found[id(two.line), id(one.line)] = two.line, one.line
        return list(found.values())

    def _routed(self, order: Sequence[_Line]) -> _State:
        """Route each line, given where the others are."""
        for line in order:
            self._take_up(line)
            self._lay(line)
        self._sort_ends()
        return self._state()

    def _state(self) -> _State:
        """Return where everything is, and what it costs."""
        costs, counts = [], []
        for number in range(-1, len(self.ranks)):
            cost, crossings = 0.0, 0
            pairs = sorted((piece.start, piece.end) for piece in self._pieces(number))
            ends: list[float] = []
            for start, end in pairs:
                crossed = len(ends) - bisect_right(ends, end)
                crossings += crossed
                cost += CROSS * crossed
                insort(ends, end)
                cost += _bent(start, end)
            costs.append(cost)
            counts.append(crossings)
        close = (
            sum(
                self._beside(number, x)
                for line in self.lines
                for number, x in enumerate(line.ways, line.first)
            )
            / 2
        )
        xs = {
            id(item): (item.x, item.left, item.right) for rank in self.ranks for item in rank.items
        }
        ways = [list(line.ways) for line in self.lines]
        inner = sum(costs[1:-1]) + close
        return _State(sum(costs) + close, inner, sum(counts), sum(counts[1:-1]), xs, ways)

    def _restore(self, state: _State) -> None:
        for rank in self.ranks:
            rank.above.clear()
            rank.below.clear()
            rank.moved()
            for item in rank.items:
                item.x, item.left, item.right = state.items[id(item)]
        for line, ways in zip(self.lines, state.ways, strict=True):
            line.ways = list(ways)
            self._occupy(line)

    def _shift_nodes(self) -> None:
        """Move each node to where the fewest of its lines bend, if there is room."""
        attached: dict[str, list[tuple[_Line, bool]]] = {}
        for line in self.lines:
            attached.setdefault(line.edge.upper, []).append((line, False))
            attached.setdefault(line.edge.lower, []).append((line, True))
        for name, lines in attached.items():
            if not self.nodes[name].border:
                self._shift(self.items[name], self.ranks[self.rank_of[name]], lines)

    def _shift(self, item: _Item, rank: _Rank, lines: list[tuple[_Line, bool]]) -> None:
        ends = [
            (line.ways[-1], line.ways[-2]) if low else (line.ways[0], line.ways[1])
            for line, low in lines
        ]
        ends = [(x, other) for x, other in ends if abs(other) < _FARTHEST]

        def cost(by: float) -> float:
            return sum(_bent(x + by, other) for x, other in ends)

        own = {id(line) for line, _ in lines}
        passing = {
            x
            for side in (rank.above, rank.below)
            for x, line in side.items()
            if id(line) not in own
        }

        def fits(by: float) -> bool:
            low, high = item.left + by - _CLEAR, item.right + by + _CLEAR
            return not any(low < x < high for x in passing) and not any(
                other is not item and other.left < high + _CLEAR and low - _CLEAR < other.right
                for other in rank.items
            )

        moves = sorted({other - x for x, other in ends}, key=lambda by: (cost(by), abs(by)))
        by = next((by for by in moves if cost(by) < cost(0.0) - 0.1 and fits(by)), 0.0)
        if not by:
            return
        item.x, item.left, item.right = item.x + by, item.left + by, item.right + by
        rank.moved()
        for side in (rank.above, rank.below):
            for x in [x for x, line in side.items() if id(line) in own]:
                del side[x]
        for line, low in lines:
            at = -1 if low else 0
            line.ways[at] += by
            (rank.above if low else rank.below)[line.ways[at]] = line

    def _sort_ends(self) -> None:
        """Exchange the ends at each side of a node, so that their lines do not cross beside it."""
        sides: dict[tuple[str, bool], list[_Line]] = {}
        for line in self.lines:
            for name, port, lower in (
                (line.edge.upper, line.edge.upper_port, False),
                (line.edge.lower, line.edge.lower_port, True),
            ):
                node = self.nodes[name]
                fixed = node.top if lower else node.bottom
                if not node.border and (port is None or port >= len(fixed)):
                    sides.setdefault((name, lower), []).append(line)
        for (_, lower), found in sides.items():
            at, beside = (-1, -2) if lower else (0, 1)
            places = sorted(line.ways[at] for line in found)
            found.sort(key=lambda line: (line.ways[beside], line.ways[at]))
            rank = self.ranks[found[0].last if lower else found[0].first]
            side = rank.above if lower else rank.below
            for line, place in zip(found, places, strict=True):
                line.ways[at] = place
                side[place] = line

    # Ranks.

    def _rank_nodes(self) -> None:
        """Sort nodes and labels into ranks, on the grid."""
        edges = []
        for edge in self.sketch.edges:
            if edge.upper == edge.lower and edge.upper_port is None:
                self.loops.setdefault(edge.upper, []).append(edge)
            else:
                edges.append(edge)
        heights = {node.id: self.placed.nodes[node.id].centre[1] for node in self.sketch.nodes}
        labels = {
            edge.id: rect
            for edge in edges
            if edge.upper != edge.lower and (rect := self.placed.routes[edge.id].label) is not None
        }
        for at in sorted({*heights.values(), *(rect.centre[1] for rect in labels.values())}):
            if not self.ranks or at - self.ranks[-1].at > 1.5:
                self.ranks.append(_Rank(at))
        ats = [rank.at for rank in self.ranks]
        for node in self.sketch.nodes:
            self.rank_of[node.id] = bisect_right(ats, heights[node.id] + 0.01) - 1
            if not node.border:
                self._add(node)
        for edge in edges:
            if self.rank_of[edge.upper] == self.rank_of[edge.lower]:
                self.backs.append(edge)
                continue
            label = labels.get(edge.id)
            rank = None if label is None else bisect_right(ats, label.centre[1] + 0.01) - 1
            self._begin(edge, label, rank)
        for one in self.ranks:
            _part(one.items)

    def _begin(self, edge: Edge, label: Rect | None, rank: int | None) -> None:
        """Add a line, with its label in a rank."""
        item = None
        if label is not None and rank is not None:
            x = _snapped(label.x - LABEL_GAP - 1)
            item = _Item(x, x, x + LABEL_GAP + 1 + label.width, label.height)
            self.ranks[rank].items.append(item)
        first, last = self.rank_of[edge.upper], self.rank_of[edge.lower]
        above, below = (self.nodes[end].want for end in (edge.upper, edge.lower))
        sides = self.nodes[edge.upper].border == "left", self.nodes[edge.lower].border == "right"
        line = _Line(edge, first, last, rank, item, self._hints(edge, item), above, below, sides)
        if item is not None:
            item.line = line
        self.lines.append(line)

    def _add(self, node: Node) -> None:
        rect = self.placed.nodes[node.id]
        handle = node.handle
        x = _snapped(rect.x + handle) - handle
        loops = self.loops.get(node.id, ())
        beyond = max(
            (LOOP * 1.3 + (LABEL_GAP + e.label[0] if e.label else 0) for e in loops), default=0.0
        )
        height = max(node.height, height_beside(loops))
        item = _Item(x, x, x + node.width + beyond, height, node)
        self.items[node.id] = item
        self.ranks[self.rank_of[node.id]].items.append(item)

    def _hints(self, edge: Edge, item: _Item | None) -> list[float]:
        """Return the places of a line as the engine drew it, and those of its ends."""
        found = [] if item is None else [item.x]
        path = self.placed.routes[edge.id].path
        for rank in self.ranks[self.rank_of[edge.upper] : self.rank_of[edge.lower] + 1]:
            near = min(path[::3], key=lambda point: abs(point[1] - rank.at), default=None)
            if near is not None:
                found.append(_snapped(near[0]))
        return list(dict.fromkeys(found))

    # Ways.

    def _ends(self, line: _Line, *, lower: bool) -> _Places:
        """Return the places at which a line can meet a node."""
        edge = line.edge
        node = self.nodes[edge.lower if lower else edge.upper]
        port = edge.lower_port if lower else edge.upper_port
        rank = self.ranks[self.rank_of[node.id]]
        taken = rank.above if lower else rank.below
        if line.is_aside(lower=lower):
            return [self.placed.nodes[node.id].x + (_BEYOND if lower else -_BEYOND)]
        if node.border:
            return []
        item = self.items[node.id]
        fixed = node.top if lower else node.bottom
        if node.circle:
            middle = item.x + node.handle
            reach = PITCH * int((node.circle / 2 - 2) / PITCH)
            return [x for x in _steps(middle - reach, middle + reach) if x not in taken] or [middle]
        if port is not None and port < len(fixed):
            return [item.x + fixed[port]]
        held = {item.x + x for x in fixed}
        inset = min(11.0, node.width / 4)
        free = [
            x
            for x in _steps(item.x + node.inset + inset, item.x + node.width - inset)
            if x not in taken and all(abs(x - other) >= PITCH for other in held)
        ]
        return free or [_snapped(item.x + node.width / 2)]

    def _places(self, line: _Line, number: int, wanted: Sequence[float]) -> _Places:
        """Return free places in a rank near to wanted ones."""
        rank = self.ranks[number]
        width = _label_width(line, number)
        found: list[float] = []
        for x in wanted:
            for way in (PITCH, -PITCH):
                at = rank.next_free(x, way, width)
                if at is not None and at not in found:
                    found.append(at)
            if len(found) >= _WIDE:
                break
        return sorted(found)

    def _lay(self, line: _Line) -> None:
        """Give a line the cheapest way."""
        self.work.left -= line.last - line.first + 1
        layers = self._layers(line)
        costs = [self._at_end(line, x, lower=False) for x in layers[0]]
        if line.above is not None:
            outer, above = self._channel(line, -1), _snapped(line.above)
            costs = [cost + outer.cost(above, x) for cost, x in zip(costs, layers[0], strict=True)]
        backs: list[list[int]] = []
        for number, (here, there) in enumerate(itertools.pairwise(layers), line.first):
            channel = self._channel(line, number)
            new, back = [], []
            order = sorted(range(len(here)), key=costs.__getitem__)
            straight = {x: at for at, x in reversed([*enumerate(here)])}
            for x in there:
                best, origin = math.inf, len(here)
                if x in straight:
                    origin = straight[x]
                    best = costs[origin] + channel.cost(x, x)
                for at in order:
                    if costs[at] + _BEND > best:  # so do the others, whatever they cross
                        break
                    if here[at] != x:
                        cost = costs[at] + channel.cost(here[at], x, best - costs[at])
                        if cost < best or (cost == best and at < origin):
                            best, origin = cost, at
                new.append(best + self._beside(number + 1, x))
                back.append(origin)
            costs = new
            backs.append(back)
        last = layers[-1]
        costs = [
            cost + self._at_end(line, x, lower=True) for cost, x in zip(costs, last, strict=True)
        ]
        if line.below is not None:
            outer, below = self._channel(line, len(self.ranks) - 1), _snapped(line.below)
            costs = [cost + outer.cost(x, below) for cost, x in zip(costs, last, strict=True)]
        at = costs.index(min(costs))
        found = [last[at]]
        for layer, back in zip(layers[-2::-1], backs[::-1], strict=True):
            at = back[at]
            found.append(layer[at])
        line.ways = found[::-1]
        self._put_down(line)

    def _layers(self, line: _Line) -> list[_Places]:
        """Return the places that a line may take in each rank."""
        starts, ends = self._ends(line, lower=False), self._ends(line, lower=True)
        between = range(line.first + 1, line.last)
        inner = [
            [] if line.is_aside(lower=lower) else _middle_first(places)
            for places, lower in ((starts, False), (ends, True))
        ]
        at_ends = [*inner[0], *inner[1]]
        through = [x for x in at_ends if all(self._free(line, n, x) for n in between)]
        both = [x for x in through if x in starts and x in ends]
        outside = [_snapped(x) for x in (line.above, line.below) if x is not None]
        middles = [*at_ends[:3], *inner[1][:3]]
        # A line that is not to jog may turn aside by two places instead.
        aside = [x + by for x in line.ways for by in (2 * PITCH, -2 * PITCH) if abs(x) < _FARTHEST]
        aside = aside if self.jog > _JOG else []
        wanted = list(
            dict.fromkeys([*aside, *both, *outside, *line.hints, *through[: _WIDE // 2], *middles])
        )
        layers: list[_Places] = []
        for number in range(line.first, line.last + 1):
            places = {line.first: starts, line.last: ends}.get(number)
            if places:
                layers.append(_near(places, wanted))
            else:
                layers.append(self._places(line, number, wanted) or [line.hints[0]])
        if len(layers) > 3:
            # A place beside an obstacle is one to be at before and after it, too.
            seen = Counter(x for layer in layers[1:-1] for x in layer)
            common = [x for x, _ in seen.most_common(_COMMON)]
            for number, layer in enumerate(layers[1:-1], line.first + 1):
                known = set(layer)
                layer += [x for x in common if x not in known and self._free(line, number, x)]
        return layers

    def _free(self, line: _Line, number: int, x: float) -> bool:
        rank = self.ranks[number]
        width = _label_width(line, number)
        return x not in rank.above and x not in rank.below and rank.is_free(x, width)

    def _channel(self, line: _Line, number: int) -> _Channel:
        """Return what is in a channel besides a line."""
        pairs = [(one.start, one.end) for one in self._pieces(number) if one.line is not line]
        return _Channel(pairs, self.jog)

    def _beside(self, number: int, x: float) -> float:
        above, below = self.ranks[number].above, self.ranks[number].below
        one, two = x + PITCH, x - PITCH
        return _CLOSE * ((one in above) + (two in above) + (one in below) + (two in below))

    def _at_end(self, line: _Line, x: float, *, lower: bool) -> float:
        node = self.nodes[line.edge.lower if lower else line.edge.upper]
        cost = self._beside(line.last if lower else line.first, x)
        if node.border:
            return cost
        item = self.items[node.id]
        middle = item.x + (node.handle if node.circle else node.width / 2)
        return cost + abs(x - middle) * _ASIDE / PITCH + (3.0 if node.circle and x != middle else 0)

    def _occupy(self, line: _Line) -> None:
        for number, x in enumerate(line.ways, line.first):
            rank = self.ranks[number]
            if number > line.first:
                rank.above[x] = line
            if number < line.last:
                rank.below[x] = line

    def _put_down(self, line: _Line) -> None:
        self._occupy(line)
        if line.item is not None and line.rank is not None:
            x = line.ways[line.rank - line.first]
            width = line.item.right - line.item.x
            line.item.x = line.item.left = x
            line.item.right = x + width
            if line.item not in self.ranks[line.rank].items:
                self.ranks[line.rank].items.append(line.item)
            self.ranks[line.rank].moved()

    def _take_up(self, line: _Line) -> None:
        for number, x in enumerate(line.ways, line.first):
            rank = self.ranks[number]
            for side in (rank.above, rank.below):
                if side.get(x) is line:
                    del side[x]
        if line.item is not None and line.rank is not None:
            self.ranks[line.rank].items.remove(line.item)
            self.ranks[line.rank].moved()

    # Tracks.

    def _pieces(self, number: int) -> list[_Piece]:
        """Return the pieces of lines in the channel below a rank; -1 is above the first.

        The outermost channels are around the sketch, as far as it is known what comes there.
        """
        found = []
        for line in self.lines:
            if not line.ways:
                continue
            if line.first <= number < line.last:
                at = number - line.first
                found.append(_Piece(line.ways[at], line.ways[at + 1], line=line))
            elif number == -1 and line.above is not None:
                found.append(_Piece(line.above, line.ways[0], line=line))
            elif number == len(self.ranks) - 1 and line.below is not None:
                found.append(_Piece(line.ways[-1], line.below, line=line))
        return found

    def _drawn(self) -> Placement:
        """Give level pieces their tracks and ranks their heights; return what comes of it."""
        hung = list(self._hung())
        y = 0.0
        for number, rank in enumerate(self.ranks):
            over, under = hung[number]
            if over:
                passing = [x for x, line in rank.above.items() if line.first < number]
                deep = _hang(over, passing, _HEAD)
                y += deep + _FAR
            rank.top = y
            rank.height = max((item.height for item in rank.items), default=0.0)
            for back in over:
                back.level = y - back.level
                if back.label is not None:
                    back.label = evolve(back.label, y=y - back.label.bottom)
            y += rank.height
            if under:
                passing = [x for x, line in rank.below.items() if line.last > number]
                y = _hang(under, passing, y + _HEAD) + _FAR
            if number + 1 == len(self.ranks):
                break
            pieces = [p for p in self._pieces(number) if p.start != p.end and p.is_inside(number)]
            count = tracked(pieces)
            for piece in pieces:
                piece.line.levels[number] = y + _HEAD + piece.track * PITCH
            y += max(_LEAST, 2 * _HEAD + (count - 1) * PITCH) if count else _LEAST
        return self._assembled([one for pair in hung for side in pair for one in side], y)

    def _hung(self) -> Iterator[tuple[list[_Back], list[_Back]]]:
        """Yield the arrows that hang above and below the nodes of each rank."""
        found = [(list[_Back](), list[_Back]()) for _ in self.ranks]
        for edge in self.backs:
            item, node = self.items[edge.upper], self.nodes[edge.upper]
            ports = node.top if edge.over else node.bottom
            a, b = (item.x + ports[port or 0] for port in (edge.upper_port, edge.lower_port))
            found[self.rank_of[edge.upper]][not edge.over].append(_Back(edge, a, b))
        yield from found

    def _assembled(self, hung: Iterable[_Back], height: float) -> Placement:
        nodes: dict[str, Rect] = {}
        routes: dict[str, Route] = {}
        for name, item in self.items.items():
            node, rank = self.nodes[name], self.ranks[self.rank_of[name]]
            y = rank.top + (rank.height - node.height) / 2
            nodes[name] = Rect(item.x, y, node.width, node.height)
        for name, loops in self.loops.items():
            routes |= beside(loops, nodes[name])
        for line in self.lines:
            points = [
                self._end(line.edge.upper, line.ways[0], nodes, 0.0),
                self._end(line.edge.lower, line.ways[-1], nodes, height),
            ]
            for number, (a, b) in enumerate(itertools.pairwise(line.ways), line.first):
                if a != b:
                    y = line.levels[number]
                    points[-1:-1] = [(a, y), (b, y)]
            points = points[line.sides[0] : len(points) - line.sides[1]]
            label = None
            if line.item is not None and line.rank is not None and line.edge.label:
                rank = self.ranks[line.rank]
                y = rank.top + (rank.height - line.edge.label[1]) / 2
                label = Rect(line.item.x + LABEL_GAP + 1, y, *line.edge.label)
            routes[line.edge.id] = Route(cornered(points, _RADIUS), label)
        for back in hung:
            y, a, b, rect = back.level, back.a, back.b, nodes[back.edge.upper]
            low = rect.y if back.edge.over else rect.bottom
            path = cornered([(a, low), (a, y), (b, y), (b, low)], _RADIUS)
            routes[back.edge.id] = Route(path, back.label)
        return self._shifted(nodes, routes, height)

    def _end(self, name: str, x: float, nodes: dict[str, Rect], border: float) -> Point:
        """Return the point where a line ends at a node; a point on the border comes to it."""
        node = self.nodes[name]
        if node.border:
            nodes[name] = Rect(x - 1.5, border - 1.5, 3.0, 3.0)
            return x, border
        return x, _border(node, nodes[name], x, lower=border > 0)

    def _shifted(
        self, nodes: dict[str, Rect], routes: dict[str, Route], height: float
    ) -> Placement:
        """Move everything into the first quadrant, along the grid."""
        lefts = [rect.x for name, rect in nodes.items() if self.nodes[name].border not in _SIDES]
        rights = [rect.right for name, rect in nodes.items() if not self.nodes[name].border]
        for one in routes.values():
            inside = [x for x, _ in one.path if abs(x) < _FARTHEST]
            lefts += inside
            rights += inside
            if one.label is not None:
                lefts.append(one.label.x)
                rights.append(one.label.right)
        low, high = min(lefts, default=0.0), max(rights, default=0.0)
        dx = math.ceil(-low / PITCH) * PITCH

        def held(x: float) -> float:
            return min(max(x, low), high)  # a line beside the sketch ends at its edge

        return Placement(
            {name: rect.moved(dx, 0) for name, rect in nodes.items()},
            {
                name: Route(
                    tuple((held(x) + dx, y) for x, y in one.path),
                    None if one.label is None else one.label.moved(dx, 0),
                )
                for name, one in routes.items()
            },
            (high + dx, height),
            {
                line.edge.id: (held(b) - held(a), held(c) - held(d))
                for line in self.lines
                for a, b, c, d in ((*line.ways[:2], *line.ways[-2:]),)
            },
            self.cost,
            self.crossed,
        )


def tracked(pieces: Sequence[Piece]) -> int:
    """Give level pieces tracks, in the order that crosses least; return how many there are."""
    count = len(pieces)
    wins = [[0.0] * count for _ in pieces]
    for i, j in itertools.combinations(range(count), 2):
        wins[i][j], wins[j][i] = _cost(pieces[i], pieces[j]), _cost(pieces[j], pieces[i])
    order: list[int] = []
    for i in sorted(range(count), key=lambda i: min(pieces[i].start, pieces[i].end)):
        # Insertion at the best place, as in a linear ordering by insertion.
        costs = [sum(wins[i][j] for j in order)]
        for j in order:
            costs.append(costs[-1] - wins[i][j] + wins[j][i])
        order.insert(costs.index(min(costs)), i)
    improved = True
    while improved:
        improved = False
        for k in range(count - 1):
            i, j = order[k], order[k + 1]
            if wins[j][i] < wins[i][j]:
                order[k], order[k + 1] = j, i
                improved = True
    used = 0
    placed: list[int] = []
    for i in order:
        a, b = sorted((pieces[i].start, pieces[i].end))
        track = 0
        for j in placed:
            c, d = sorted((pieces[j].start, pieces[j].end))
            if a <= d + 1 and c <= b + 1:
                track = max(track, pieces[j].track + 1)
        pieces[i].track = track
        used = max(used, track + 1)
        placed.append(i)
    return used


def crossed(upper: Piece, lower: Piece) -> int:
    """Return how often two pieces cross if one is above the other.

    The lower piece's line comes down through the upper piece's track, and the upper's goes down
    through the lower's.
    """
    a, b = sorted((upper.start, upper.end))
    c, d = sorted((lower.start, lower.end))
    return (a < lower.start < b) + (c < upper.end < d)


def _cost(upper: Piece, lower: Piece) -> float:
    """Return what it costs if one piece is above another: crossings, and lines on each other."""
    cost = float(crossed(upper, lower))
    a, b = sorted((upper.start, upper.end))
    c, d = sorted((lower.start, lower.end))
    if lower.start == upper.end:
        cost += _SHARED
    elif lower.start in (a, b) or upper.end in (c, d):
        cost += 0.5
    return cost


def _hang(backs: list[_Back], passing: Iterable[float], top: float) -> float:
    """Give arrows below a node their levels and labels; return how low they come.

    For those above a node, all is measured upwards from its upper side.

    Of two that are one inside the other, the outer one is lower, so that they do not cross. A label
    is below its line, between the lines that go on downwards there; if it has no room, below all.

    Args:
        backs: The arrows.
        passing: Where other lines go on downwards.
        top: The highest level.
    """
    backs.sort(key=lambda one: (one.width, one.ends))
    others = list(passing)
    below: list[_Back] = []
    for number, back in enumerate(backs):
        left, right = back.ends
        lows = [low for one in backs[:number] if (low := one.bottom(left - 1, right + 1))]
        back.level = max([top - PITCH, *lows]) + PITCH
        if back.edge.label is None:
            continue
        deeper = [
            x
            for one in (*backs[:number], *backs[number + 1 :])
            if one.level > back.level or not one.level
            for x in one.ends
        ]
        width, height = back.edge.label
        beside = [one.label for one in backs[:number] if one.label is not None]
        beside += [
            Rect(one.ends[0], one.level - 1, one.width, 2)
            for one in backs[:number]
            if one.level > back.level
        ]
        y = back.level + 3.0
        x = _gap(back, [*others, *deeper], beside, y)
        if x is None:
            below.append(back)
        else:
            back.label = Rect(x, y, width, height)
    low = max(one.bottom(-math.inf, math.inf) or top for one in backs)
    if not below:
        return low
    under = low + 3.0
    taken: list[Rect] = []
    for back in sorted(below, key=lambda one: sum(one.ends)):
        width, height = back.edge.label or (0.0, 0.0)
        x = sum(back.ends) / 2 - width / 2
        x = _clear(x, width, others)
        rect = Rect(x, under, width, height)
        while any(rect.grown(2.0).overlaps(one) for one in taken):
            rect = rect.moved(0.0, height + 2)
        back.label = rect
        taken.append(rect)
    return max(rect.bottom for rect in taken)


def _gap(back: _Back, lines: list[float], rects: list[Rect], y: float) -> float | None:
    """Return the place for a label below a line, as near to its middle as others let it."""
    width, height = back.edge.label or (0.0, 0.0)
    left, right = back.ends
    middle = (left + right - width) / 2
    tries = [middle, *(x + way for x in lines for way in (LABEL_GAP, -LABEL_GAP - width))]
    for x in sorted(tries, key=lambda x: abs(x - middle)):
        if abs(x - middle) > (back.width + width) / 2 - min(16.0, width):
            return None
        rect = Rect(x, y, width, height).grown(4.0)
        free = not any(rect.x < other < rect.right for other in lines)
        if free and not any(rect.overlaps(other) for other in rects):
            return x
    return None


def _clear(x: float, width: float, lines: list[float]) -> float:
    """Return the place nearest to one at which a label is between lines."""
    tries = [x, *(at + way for at in lines for way in (LABEL_GAP, -LABEL_GAP - width))]
    return min(
        (at for at in tries if not any(at - 4 < other < at + width + 4 for other in lines)),
        key=lambda at: abs(at - x),
    )


def _border(node: Node, rect: Rect, x: float, *, lower: bool) -> float:
    """Return the height at which a line meets a node."""
    if not node.circle:
        return rect.y if lower else rect.bottom
    r = node.circle / 2
    dx = x - rect.x - node.handle
    dy = math.sqrt(max(0.0, r * r - dx * dx))
    middle = rect.y + node.at[1]
    return middle - dy if lower else middle + dy


def _bent(start: float, end: float, jog: float = _JOG) -> float:
    """Return what it costs to get from one place to another in a channel."""
    away = abs(start - end)
    if not away:
        return 0.0
    return _BEND + away * _STEP / PITCH + (jog if away < 1.5 * PITCH else 0.0)


def _label_width(line: _Line, number: int) -> float:
    """Return how wide the label is that a line has in a rank; 0 where it has none."""
    if number != line.rank or line.item is None:
        return 0.0
    return line.item.right - line.item.x - LABEL_GAP


def _jogs(line: _Line) -> int:
    """Return how often a line turns aside by one place."""
    return sum(0 < abs(start - end) < 1.5 * PITCH for start, end in itertools.pairwise(line.ways))


def _snapped(x: float) -> float:
    return round(x / PITCH) * PITCH


def _steps(low: float, high: float) -> Iterator[float]:
    for i in range(math.ceil(low / PITCH - 1e-6), math.floor(high / PITCH + 1e-6) + 1):
        yield i * PITCH


def _middle_first(places: Sequence[float]) -> list[float]:
    middle = (places[0] + places[-1]) / 2 if places else 0.0
    return sorted(places, key=lambda x: abs(x - middle))


def _near(places: Sequence[float], wanted: Iterable[float]) -> _Places:
    """Return the places to try at an end: those in the middle, and those that are wanted."""
    if len(places) <= _WIDE:
        return list(places)
    found = set(_middle_first(places)[: _WIDE // 2])
    for x in wanted:
        at = bisect_left(places, x)
        found.update(places[max(0, at - 1) : at + 1])
    return sorted(found)


def _part(items: list[_Item]) -> None:
    """Move the items of a rank apart where the grid has brought them together."""
    items.sort(key=lambda item: item.left)
    for one, two in itertools.pairwise(items):
        if two.left < one.right + _CLEAR:
            by = math.ceil((one.right + _CLEAR - two.left) / PITCH) * PITCH
            two.x, two.left, two.right = two.x + by, two.left + by, two.right + by
