"""Plan: the level of the hierarchy at which each arrow is routed, and the borders that it crosses.

Each composite state, each region and the chart itself is laid out as a graph of its own, in which a
composite child is one node. An arrow belongs to the graph in which both of its ends, or states
around them, are nodes. Where an end is deeper, the arrow crosses the border of the node at a port
and goes on inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, final

from attrs import evolve, field, frozen

from statecharts.drawing.model import PSEUDO, Arrow, Box, Picture, Shape

TAIL: Final = "tail"
HEAD: Final = "head"
_FEWER: Final = 2
"""Arrows between regions go above a state if that side has at least so many lines fewer."""

Key = tuple[str, str]
"""One end of an arrow: the arrow's id, and `TAIL` or `HEAD`."""
Level = tuple[str, str]
"""A graph and the node in it that is or holds a box."""


class Side(Enum):
    """The border of a composite state that an arrow crosses."""

    TOP = "top"
    BOTTOM = "bottom"


@final
@frozen
class Course:
    """An arrow in the graph that it belongs to.

    Attributes:
        arrow: The arrow.
        tail: The node that it leaves.
        head: The node that it ends at; the same for a self-transition.
        tail_port: Whether it comes from inside the tail.
        head_port: Whether it goes on inside the head.
        forward: Whether it runs downwards.
    """

    arrow: Arrow
    tail: str
    head: str
    tail_port: bool
    head_port: bool
    forward: bool = True

    @property
    def is_loop(self) -> bool:
        """Whether it ends at the node that it leaves."""
        return self.tail == self.head


@final
@frozen
class Crossing:
    """An arrow on its way between a node and the border of the graph around it.

    Attributes:
        key: The end of the arrow.
        node: The node.
        port: Whether it goes on inside the node.
        side: The side of the border.
        arrow: The arrow, where it begins or ends at this border and so has its label here.
    """

    key: Key
    node: str
    port: bool
    side: Side
    arrow: Arrow | None = None


@final
@frozen
class Plan:
    """The routes of all arrows, graph by graph.

    Attributes:
        courses: The arrows of each graph.
        crossings: The arrows that cross or touch the border of each graph.
        ports: The ports of each node that the graph around it must connect to, with their sides.
        stops: The region or history state at which an arrow into a parallel node stops, where it
            goes no deeper.
        strips: Arrows from a history state in a parallel node into one of its regions, by the node.
        low: History states in parallel nodes that are below the regions, as their arrows are.
        wordy: Ids of arrows that have no place, all of them at regions and history states in
            parallel nodes: from one to itself or around it, to a history state from its other side,
            or with a label where there is no room for one.
    """

    courses: dict[str, list[Course]] = field(factory=dict)
    crossings: dict[str, list[Crossing]] = field(factory=dict)
    ports: dict[str, dict[Key, Side]] = field(factory=dict)
    stops: dict[Key, str] = field(factory=dict)
    strips: dict[str, list[Arrow]] = field(factory=dict)
    low: set[str] = field(factory=set)
    wordy: list[str] = field(factory=list)


def plan(picture: Picture) -> Plan:
    """Return the routes of the arrows of a picture."""
    return _Planner(picture).plan()


@final
@frozen
class _Planner:
    picture: Picture
    result: Plan = field(factory=Plan)

    def plan(self) -> Plan:
        drafts: dict[str, list[tuple[Course, list[Level], list[Level], int]]] = {}
        for arrow in self.picture.arrows:
            self._sort(arrow, drafts)
        for graph, found in drafts.items():
            back = _back_edges([(c.tail, c.head) for c, *_ in found], self._order(graph))
            # What comes back to its node hangs at the side at which fewer others are.
            for course, tails, heads, at in sorted(found, key=lambda one: one[0].is_loop):
                self._draw(graph, course, tails, heads, at, back=(course.tail, course.head) in back)
        self._settle()
        return self.result

    def _settle(self) -> None:
        """Choose the side of each history state in a parallel node, and route what leaves it."""
        boxes, stops = self.picture.boxes, self.result.stops
        ends = [key for key, stop in stops.items() if boxes[stop].shape in PSEUDO]
        sides = {key: self.result.ports[str(boxes[stops[key]].parent)][key] for key in ends}
        for stop in dict.fromkeys(stops[key] for key in ends):
            own = [sides[key] for key in ends if stops[key] == stop]
            if own.count(Side.BOTTOM) > own.count(Side.TOP):
                self.result.low.add(stop)
        for key in ends:
            if (sides[key] is Side.BOTTOM) != (stops[key] in self.result.low):
                self.result.wordy.append(key[0])
        for node, arrows in self.result.strips.items():
            for arrow in arrows:
                side = Side.BOTTOM if arrow.source in self.result.low else Side.TOP
                target = boxes[arrow.target]
                heads = self._levels(target)
                start = next(j for j, level in enumerate(heads) if level[1] == node) + 1
                self._cross(heads, start, (arrow.id, HEAD), side, target)

    def _order(self, graph: str) -> list[str]:
        return [box.id for box in self.picture.boxes[graph].children]

    def _levels(self, box: Box) -> list[Level]:
        """Return the graphs that hold a box or one around it, outermost first, with the node."""
        boxes, around = self.picture.boxes, self.picture.around(box.id)
        levels = zip(around, (box.id, *around), strict=False)
        return [level for level in levels if boxes[level[0]].shape is not Shape.PARALLEL][::-1]

    def _sort(
        self, arrow: Arrow, drafts: dict[str, list[tuple[Course, list[Level], list[Level], int]]]
    ) -> None:
        boxes = self.picture.boxes
        source, target = boxes[arrow.source], boxes[arrow.target]
        tails, heads = self._levels(source), self._levels(target)
        if source is not target and self._holds(source, target):
            inside = self._inside(source, heads)
            if inside == len(heads):
                self.result.wordy.append(arrow.id)
            else:
                self._cross(heads, inside, (arrow.id, HEAD), Side.TOP, target, arrow)
            return
        if source is not target and self._holds(target, source):
            inside = self._inside(target, tails)
            if inside == len(tails):
                self.result.wordy.append(arrow.id)
            else:
                self._cross(tails, inside, (arrow.id, TAIL), Side.BOTTOM, source, arrow)
            return
        at = 0
        while at + 1 < min(len(tails), len(heads)) and tails[at] == heads[at]:
            if tails[at + 1][0] != heads[at + 1][0]:
                break
            at += 1
        graph, tail = tails[at]
        head = heads[at][1]
        if source is target and tail != source.id:
            self.result.wordy.append(arrow.id)
            return
        if source.shape in PSEUDO and source.parent == tail == head:
            if arrow.label or at + 1 == len(heads):
                self.result.wordy.append(arrow.id)
                return
            self.result.strips.setdefault(tail, []).append(arrow)
            return
        tail_port = at + 1 < len(tails) or tail != source.id
        head_port = at + 1 < len(heads) or head != target.id
        if source is target:
            tail_port = head_port = False
        course = Course(arrow, tail, head, tail_port, head_port)
        drafts.setdefault(graph, []).append((course, tails, heads, at))

    def _draw(
        self,
        graph: str,
        course: Course,
        tails: list[Level],
        heads: list[Level],
        at: int,
        *,
        back: bool,
    ) -> None:
        arrow = course.arrow
        down, up = (Side.TOP, Side.BOTTOM) if back else (Side.BOTTOM, Side.TOP)
        if course.is_loop:
            down = up = self._emptier(graph, course.tail)
        self.result.courses.setdefault(graph, []).append(evolve(course, forward=not back))
        boxes = self.picture.boxes
        if course.tail_port:
            self._port(course.tail, (arrow.id, TAIL), down)
            self._cross(tails, at + 1, (arrow.id, TAIL), down, boxes[arrow.source])
        if course.head_port:
            self._port(course.head, (arrow.id, HEAD), up)
            self._cross(heads, at + 1, (arrow.id, HEAD), up, boxes[arrow.target])

    def _emptier(self, graph: str, node: str) -> Side:
        """Return the side of a node at which fewer lines are that go elsewhere."""
        below = above = 0
        for course in self.result.courses.get(graph, ()):
            if not course.is_loop:
                below += node == (course.tail if course.forward else course.head)
                above += node == (course.head if course.forward else course.tail)
        for crossing in self.result.crossings.get(graph, ()):
            below += node == crossing.node and crossing.side is Side.BOTTOM
            above += node == crossing.node and crossing.side is Side.TOP
        return Side.TOP if below > above + _FEWER else Side.BOTTOM

    def _cross(
        self,
        levels: Sequence[Level],
        start: int,
        key: Key,
        side: Side,
        goal: Box,
        arrow: Arrow | None = None,
    ) -> None:
        """Route an arrow from a border inwards to the box that it begins or ends at."""
        for j in range(start, len(levels)):
            graph, node = levels[j]
            deeper = j + 1 < len(levels) or node != goal.id
            crossing = Crossing(key, node, deeper, side, arrow if j == start else None)
            self.result.crossings.setdefault(graph, []).append(crossing)
            if deeper:
                self._port(node, key, side)
        if not levels or levels[-1][1] != goal.id:
            self.result.stops[key] = goal.id
            node = levels[-1][1] if levels else ""
            for around in (goal.id, *self.picture.around(goal.id)):
                if around == node:
                    break
                if self.picture.boxes[around].shape is Shape.PARALLEL:
                    self._port(around, key, side)

    def _port(self, node: str, key: Key, side: Side) -> None:
        self.result.ports.setdefault(node, {})[key] = side

    def _holds(self, outer: Box, inner: Box) -> bool:
        return outer.id in self.picture.around(inner.id)

    def _inside(self, outer: Box, levels: Sequence[Level]) -> int:
        """Return the first level that is inside a box."""
        boxes = self.picture.boxes
        for j, (graph, _) in enumerate(levels):
            if graph == outer.id or self._holds(outer, boxes[graph]):
                return j
        return len(levels)


def _back_edges(edges: Sequence[tuple[str, str]], order: Sequence[str]) -> set[tuple[str, str]]:
    """Return the edges that close a cycle, as depth-first search from the first node finds them."""
    following: dict[str, list[str]] = {}
    for tail, head in edges:
        if tail != head:
            following.setdefault(tail, []).append(head)
    back: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    for root in order:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(following.get(root, ())))]
        while stack:
            node, rest = stack[-1]
            for head in rest:
                if state.get(head) == 1:
                    back.add((node, head))
                elif head not in state:
                    state[head] = 1
                    stack.append((head, iter(following.get(head, ()))))
                    break
            else:
                state[node] = 2
                stack.pop()
    return back
