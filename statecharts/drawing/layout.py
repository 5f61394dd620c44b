"""Layout: from a picture to a drawing, one composite state at a time, innermost first.

Graphviz lays out each composite state, each region and the chart itself as a flat graph of
fixed-size nodes; the finished state is one node of that size in the graph around it. So every
border is where its box ends, regions tile, and a route inside a state never meets one outside it.
One graph with nested clusters, which Graphviz offers too, keeps no such promise.

A graph goes to the engine twice if arrows end at a border that others pass through: only the first
layout shows where they come from. It goes again, with more room, if an arrow does not get past a
label.

An engine aims every arrow at the middle of a node and is a point or two off. So each end is put
on the border, away from the corners and the other ends, and almost straight lines are straightened.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Final, final

from attrs import define, field, frozen

from statecharts.drawing.blocks import (
    APART,
    Block,
    framed_block,
    label_size,
    label_texts,
    solid_block,
    stacked_block,
)
from statecharts.drawing.engine import Engine, EngineError
from statecharts.drawing.excerpt import depth_for
from statecharts.drawing.geometry import (
    Path,
    Point,
    Rect,
    bounds,
    direction,
    flattened,
    joined,
    meets,
    starting_at,
    straight,
    tamed,
)
from statecharts.drawing.grid import place_in_grid
from statecharts.drawing.model import PSEUDO, Box, Drawing, Picture, PlacedArrow, Shape
from statecharts.drawing.notation import in_words
from statecharts.drawing.plan import HEAD, TAIL, Course, Crossing, Key, Plan, Side, plan
from statecharts.drawing.sketch import LARGE, Edge, Node, Placement, Route, Sketch, place
from statecharts.model.errors import Fault

EDGE: Final = 24.0
"""Empty space around the whole drawing."""

_ROOMIER: Final = (1.6, 2.4, 3.5)
"""Multiples of the usual distance between ranks, to try when arrows do not get past labels."""

_ROUND: Final = frozenset({Shape.INITIAL, Shape.HISTORY, Shape.DEEP_HISTORY})
_ROOMY: Final = 26.0
"""Distance between arrows at a border, if there is room."""

CORNER: Final = 11.0
"""Distance between arrows and the corners."""

_LEFT, _RIGHT, _TOP, _BOTTOM = range(4)
_NAMED: Final = 3
_MANY: Final = 200_000
"""Comparisons above which places are not weighed against each other."""
_NEARLY: Final = 3.0
_CLOSE: Final = 22.0
_FAR: Final = 110.0


def draw(picture: Picture, seconds: float = 10.0) -> Drawing:
    """Return a picture, laid out.

    Graphs that the engine does not finish in time are placed in a grid, and the drawing has a fault
    that says so.

    Args:
        picture: The picture.
        seconds: Time for the engine.
    """
    planned = plan(picture)
    if planned.wordy:
        picture = in_words(picture, planned.wordy)
        planned = plan(picture)
    return _Layout(picture, planned, Engine(seconds)).draw()


@final
@define
class _Layout:
    picture: Picture
    plan: Plan
    engine: Engine
    blocks: dict[str, Block] = field(factory=dict)
    failures: dict[str, EngineError] = field(factory=dict)
    """The errors of the engine, by the box that it has no layout of."""

    def draw(self) -> Drawing:
        for boxes in self._generations():
            for box in boxes:
                graph = Graph(box, self.plan, self.blocks, self._is_region(box))
                self.blocks[box.id] = self._lay_out(graph)
        root = self.blocks[self.picture.root.id]
        arrows = self._arrows(root)
        # Curves may swing out of the graph that they belong to.
        points = [point for arrow in arrows for point in arrow.path]
        whole = bounds([(0.0, 0.0), (root.width, root.height), *points])
        dx, dy = EDGE - whole.x, EDGE - whole.y
        return Drawing(
            self.picture,
            whole.width + 2 * EDGE,
            whole.height + 2 * EDGE,
            tuple(box.moved(dx, dy) for box in root.boxes),
            tuple(arrow.moved(dx, dy) for arrow in arrows),
            self._fault(),
        )

    def _fault(self) -> Fault | None:
        """Return the reason why some boxes are in a grid; None if none is."""
        if not self.failures:
            return None
        boxes = [box or "the chart itself" for box in self.failures]
        more = len(boxes) - _NAMED
        named = ", ".join(boxes[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        error = next(iter(self.failures.values()))
        found = f"the layout engine {error.why}, so a simple grid takes its place in {named}"
        remedy = error.remedy
        fits = depth_for(self.picture)
        if fits is not None and fits[1] < len(self.picture.boxes) / 2:
            remedy += f": depth={fits[0]} (--depth {fits[0]}) shows {fits[1]} states"
        return Fault(error.code, f"picture of {self.picture.name}", found, remedy)

    def _lay_out(self, graph: Graph) -> Block:
        sketch = graph.sketch()
        if not sketch.nodes:
            return graph.block(place_in_grid(sketch))
        try:
            placement = place(sketch, self.engine)
        except EngineError as error:
            self.failures[graph.box.id] = error
            return graph.block(place_in_grid(sketch))
        block = None
        with contextlib.suppress(EngineError):  # the first layout will do
            if graph.is_crowded:
                # Once more, now that the origins of the arrows at crowded borders are known.
                placement = place(graph.sketch(placement), self.engine)
            block = graph.block(placement)
            for spacing in _ROOMIER:
                if not graph.is_tangled:
                    break
                placement = place(graph.sketch(placement), self.engine, spacing)
                block = graph.block(placement)
        return block or graph.block(placement)

    def _generations(self) -> list[list[Box]]:
        """Return the boxes that are graphs of their own, innermost first, by depth."""
        found: list[list[Box]] = []
        level = [self.picture.root]
        while level:
            found.append([b for b in level if b.shape is Shape.COMPOSITE or self._is_region(b)])
            level = [child for box in level for child in box.children]
        return found[::-1]

    def _is_region(self, box: Box) -> bool:
        around = None if box.parent is None else self.picture.boxes[box.parent]
        inner = box.shape not in PSEUDO and box.shape is not Shape.PARALLEL
        return inner and around is not None and around.shape is Shape.PARALLEL

    def _arrows(self, root: Block) -> tuple[PlacedArrow, ...]:
        pieces: dict[Key, list[Path]] = {}
        for key, path in root.pieces:
            pieces.setdefault(key, []).append(path)
        found = []
        for arrow in self.picture.arrows:
            route = root.routes.get(arrow.id)
            middle = () if route is None or not route.path else (route.path,)
            inward = [path[::-1] for path in reversed(pieces.get((arrow.id, HEAD), []))]
            path = joined(*pieces.get((arrow.id, TAIL), []), *middle, *inward)
            label = route.label if route is not None else None
            texts = () if label is None else label_texts(arrow.label, label.x + 2, label.y + 1)
            found.append(PlacedArrow(arrow, path, label, texts))
        return tuple(found)


@final
@frozen
class _Aim:
    """An arrow that ends at the border of a node, and the x of its other end."""

    key: Key
    side: Side
    x: float | None


@final
@define
class Graph:
    """One composite state, region or chart, on its way from boxes to a block."""

    box: Box
    plan: Plan
    blocks: dict[str, Block]
    region: bool
    parts: dict[str, Block] = field(factory=dict)
    ports: dict[tuple[str, Key], int] = field(factory=dict)
    slotted: bool = False
    is_tangled: bool = False

    def sketch(self, first: Placement | None = None) -> Sketch:
        """Return the graph for the engine; a first placement gives arrows their places at nodes."""
        aims = self._aims(first)
        for child in self.box.children:
            sides = Counter(aim.side for aim in aims.get(child.id, ()))
            self.parts[child.id] = self._part(child, max(sides.values(), default=0))
        nodes = [self._node(child, aims.get(child.id, []), first) for child in self.box.children]
        edges = [self._edge(course) for course in self._courses()]
        for crossing in self._crossings():
            point = _point(crossing.key)
            if crossing.side is Side.TOP:
                nodes.append(Node(point, 3.0, 3.0, bottom=(1.5,), border="source"))
            else:
                nodes.append(Node(point, 3.0, 3.0, top=(1.5,), border="sink"))
            edges.append(self._crossing(crossing, point))
        return Sketch(tuple(nodes), tuple(edges))

    @property
    def is_crowded(self) -> bool:
        """Whether arrows end at a border that others pass."""
        return self.slotted and len(self.box.children) <= LARGE

    @property
    def _looped(self) -> set[str]:
        """The nodes with self-transitions, which need the space at their right."""
        return {course.tail for course in self._courses() if course.tail == course.head}

    def _courses(self) -> list[Course]:
        return self.plan.courses.get(self.box.id, [])

    def _crossings(self) -> list[Crossing]:
        return self.plan.crossings.get(self.box.id, [])

    def _part(self, child: Box, arrows: int = 0) -> Block:
        if child.shape is Shape.PARALLEL and child.id not in self.blocks:
            regions = [self._region(region) for region in child.children]
            self.blocks[child.id] = stacked_block(child, regions, self.plan)
        if child.id not in self.blocks:
            self.blocks[child.id] = solid_block(child, arrows)
        return self.blocks[child.id]

    def _region(self, region: Box) -> Block:
        if region.shape is Shape.PARALLEL or region.shape in PSEUDO:
            return self._part(region)
        return self.blocks[region.id]

    def _aims(self, first: Placement | None) -> dict[str, list[_Aim]]:
        """Return the arrows that end at the border of each node, with their origins."""
        found: dict[str, list[_Aim]] = {}

        def add(node: str, key: Key, side: Side, edge: str, other: str) -> None:
            x = None
            if first is not None:
                label = first.routes[edge].label
                x = label.x if label is not None else first.nodes[other].centre[0]
            found.setdefault(node, []).append(_Aim(key, side, x))

        for course in self._courses():
            name, down = course.arrow.id, (Side.BOTTOM, Side.TOP)
            if course.tail == course.head:
                continue
            tail_side, head_side = down if course.forward else down[::-1]
            if not course.tail_port:
                add(course.tail, (name, TAIL), tail_side, name, course.head)
            if not course.head_port:
                add(course.head, (name, HEAD), head_side, name, course.tail)
        for crossing in self._crossings():
            if not crossing.port:
                point = _point(crossing.key)
                add(crossing.node, crossing.key, crossing.side, point, point)
        return found

    def _node(self, child: Box, aims: list[_Aim], first: Placement | None) -> Node:
        part = self.parts[child.id]
        height = part.height + part.ear
        if part.lands is not None:
            return Node(child.id, part.width, height, top=(part.lands,))
        if child.shape in _ROUND:
            return Node(child.id, part.width, height, round=True)
        left = 0.0 if first is None else first.nodes[child.id].x
        crossing = self.plan.ports.get(child.id, {})
        rows: dict[Side, tuple[float, ...]] = {}
        for side in Side:
            places = [(part.ports[key], key) for key in crossing if crossing[key] is side]
            used = [x for x, _ in places]
            if side is Side.TOP:
                used += part.ears
            wanted = [aim for aim in aims if aim.side is side]
            if wanted and (used or child.id in self._looped):
                self.slotted = True
                middle = left + part.width / 2
                aimed = sorted(((aim.x or middle), aim.key) for aim in wanted)
                found = _slots([x - left for x, _ in aimed], used, part.width)
                places += [(x, key) for x, (_, key) in zip(found, aimed, strict=True)]
            places.sort()
            for index, (_, key) in enumerate(places):
                self.ports[child.id, key] = index
            rows[side] = tuple(x for x, _ in places)
        return Node(child.id, part.width, height, rows[Side.TOP], rows[Side.BOTTOM])

    def _edge(self, course: Course) -> Edge:
        arrow, tail, head = course.arrow, course.tail, course.head
        label = label_size(arrow.label)
        tail_port = self._port(tail, (arrow.id, TAIL))
        head_port = self._port(head, (arrow.id, HEAD))
        weight = 3 if self.parts[tail].box.shape is Shape.INITIAL else 1
        if course.forward or tail == head:
            return Edge(arrow.id, tail, head, tail_port, head_port, label, weight)
        return Edge(arrow.id, head, tail, head_port, tail_port, label, weight, upward=True)

    def _port(self, node: str, key: Key) -> int | None:
        return 0 if self.parts[node].lands is not None else self.ports.get((node, key))

    def _crossing(self, crossing: Crossing, point: str) -> Edge:
        name = _point(crossing.key)
        label = None if crossing.arrow is None else label_size(crossing.arrow.label)
        port = self._port(crossing.node, crossing.key)
        if crossing.side is Side.TOP:
            return Edge(name, point, crossing.node, 0, port, label)
        return Edge(name, crossing.node, point, port, 0, label)

    def block(self, placement: Placement) -> Block:
        """Return the placed graph as a block for the graph around it."""
        inner = Block(self.box, *placement.size)
        for child in self.box.children:
            rect = placement.nodes[child.id]
            part = self.parts[child.id]
            inner.take(part, rect.x, rect.y + part.ear)
        points = self._settled(placement)
        for course in self._courses():
            inner.routes[course.arrow.id] = self._route(course, placement, points)
        for crossing in self._crossings():
            self._cross(crossing, placement, points, inner)
        if not placement.settled:
            self._clear(inner, placement)
        return framed_block(inner, region=self.region)

    def _clear(self, inner: Block, placement: Placement) -> None:
        """Tame the arrows that swing out over labels and nodes."""
        self.is_tangled = False
        own = {course.arrow.id: (course.tail, course.head) for course in self._courses()}
        labels = {name: r.label for name, r in placement.routes.items() if r.label}

        def obstacles(name: str, nodes: tuple[str, ...]) -> list[Rect]:
            others = [rect for label, rect in labels.items() if label != name]
            boxes = [rect for node, rect in placement.nodes.items() if node not in nodes]
            return others + [rect.grown(-1) for rect in boxes]

        for name, nodes in own.items():
            route = inner.routes[name]
            inner.routes[name] = Route(
                self._cleared(route.path, obstacles(name, nodes)), route.label
            )
        crossings = {crossing.key: crossing.node for crossing in self._crossings()}
        for i, (key, path) in enumerate(inner.pieces):
            if key in crossings:
                found = obstacles(_point(key), (crossings[key], _point(key)))
                inner.pieces[i] = key, self._cleared(path, found)

    def _cleared(self, path: Path, obstacles: list[Rect]) -> Path:
        if not meets(path, obstacles):
            return path
        for share in (0.7, 0.45, 0.2, 0.05):
            found = tamed(path, share)
            if not meets(found, obstacles):
                return found
        self.is_tangled = len(self.box.children) <= LARGE
        return path

    def _settled(self, placement: Placement) -> dict[Key, Point]:
        """Return the points at which the arrows meet the nodes."""
        paths: dict[str, dict[Key, Path]] = {}
        for course in self._courses():
            path, name = placement.routes[course.arrow.id].path, course.arrow.id
            path = path if course.forward else path[::-1]
            if course.tail != course.head or course.tail_port:
                paths.setdefault(course.tail, {})[name, TAIL] = path
                paths.setdefault(course.head, {})[name, HEAD] = path[::-1]
        for crossing in self._crossings():
            path = placement.routes[_point(crossing.key)].path
            outward = path if crossing.side is Side.BOTTOM else path[::-1]
            paths.setdefault(crossing.node, {})[crossing.key] = outward
        points: dict[Key, Point] = {}
        for node, found in paths.items():
            part, rect = self.parts[node], placement.nodes[node]
            if placement.settled or part.box.shape in _ROUND:
                points |= {key: path[0] for key, path in found.items()}
                continue
            fixed = {
                key: rect.x + (part.ports[key] if part.lands is None else part.lands)
                for key in found
                if part.lands is not None or key in part.ports
            }
            points |= settle(found, fixed, rect)
        return points

    def _route(self, course: Course, placement: Placement, points: dict[Key, Point]) -> Route:
        name, route = course.arrow.id, placement.routes[course.arrow.id]
        path = route.path if course.forward else route.path[::-1]
        if (name, TAIL) not in points:
            return route
        path = self._adjusted(path, course.tail, (name, TAIL), points, placement)
        path = self._adjusted(path[::-1], course.head, (name, HEAD), points, placement)[::-1]
        return Route(path, route.label)

    def _cross(
        self, crossing: Crossing, placement: Placement, points: dict[Key, Point], inner: Block
    ) -> None:
        key, arrow = crossing.key, crossing.arrow
        route = placement.routes[_point(key)]
        path = route.path if crossing.side is Side.BOTTOM else route.path[::-1]
        path = self._adjusted(path, crossing.node, key, points, placement)
        inner.pieces.append((key, path))
        inner.sides[key] = crossing.side
        inner.ports[key] = path[-1][0]
        if arrow is not None:
            inner.routes[arrow.id] = Route((), route.label)
            inner.owners[key] = arrow.source if crossing.side is Side.TOP else arrow.target
            if not arrow.local:
                inner.swings.add(key)

    def _adjusted(
        self, path: Path, node: str, key: Key, points: dict[Key, Point], placement: Placement
    ) -> Path:
        """Return a path from a node, moved to the point where it meets the node."""
        part = self.parts[node]
        path = starting_at(path, points[key])
        if part.lands is None and key not in part.ports and not placement.settled:
            path = straightened(path)
        return self._let_in(node, path, placement)

    def _let_in(self, node: str, path: Path, placement: Placement) -> Path:
        """Lengthen a path that begins at the space above a node down to the node itself."""
        part = self.parts[node]
        x, y = path[0]
        if not part.ear or abs(y - placement.nodes[node].y) > 0.5:
            return path
        return joined(straight((x, y + part.ear), (x, y)), path)


def _slots(wanted: list[float], used: list[float], width: float) -> list[float]:
    """Return places, in order, for arrows that end at a border which others pass at ``used``.

    Each is as near to the origin of the arrow as possible; if there are many, they are spread
    evenly over what is free.
    """
    inset = min(20.0, width / 4)
    steps = max(8, int((width - 2 * inset) / 6))
    step = (width - 2 * inset) / steps
    places = [inset + (width - 2 * inset) * i / steps for i in range(steps + 1)]
    if len(wanted) * len(places) * (len(wanted) + len(used)) > _MANY:
        taken_steps = {round((x - inset) / step) for x in used}
        free = [x for i, x in enumerate(places) if i not in taken_steps]
        if len(free) < len(wanted):
            free = [inset + (width - 2 * inset) * i / len(wanted) for i in range(len(wanted))]
        return [free[i * len(free) // len(wanted)] for i in range(len(wanted))]
    taken = list(used)
    apart = _ROOMY if used else min(_ROOMY, (width - 2 * inset) / max(1, len(wanted) - 1))
    for x in wanted:
        costs = [
            abs(place - x) + 100 * max([0.0, *(apart - abs(place - t) for t in taken)])
            for place in places
        ]
        taken.append(places[costs.index(min(costs))])
    return sorted(taken[len(used) :])


def _point(key: Key) -> str:
    return f"{key[0]}|{key[1]}"


def settle(paths: Mapping[Key, Path], fixed: Mapping[Key, float], rect: Rect) -> dict[Key, Point]:
    """Return the points at which arrows meet a node.

    Args:
        paths: The arrows as the engine routed them, each from the node outwards.
        fixed: The x of those that must meet the upper or lower border at one place.
        rect: The node.
    """
    points: dict[Key, Point] = {}
    sides: dict[int, list[tuple[float, Key]]] = {}
    for key, path in paths.items():
        side = _side(path[0], rect)
        if key in fixed:
            upper = abs(path[0][1] - rect.y) < abs(path[0][1] - rect.bottom)
            points[key] = fixed[key], rect.y if upper else rect.bottom
        else:
            sides.setdefault(side, []).append((_approach(path, side), key))
    for side, found in sides.items():
        found.sort()
        across = side in (_TOP, _BOTTOM)
        start, length = (rect.x, rect.width) if across else (rect.y, rect.height)
        wanted = [_wanted(paths[key], across=across) - start for _, key in found]
        held = [
            x - rect.x
            for key, x in fixed.items()
            if across and key in points and points[key][1] == (rect.y, rect.bottom)[side == _BOTTOM]
        ]
        places = _beside(wanted, held, length) if held else spread(wanted, length)
        edge = {_LEFT: rect.x, _RIGHT: rect.right, _TOP: rect.y, _BOTTOM: rect.bottom}[side]
        for (_, key), at in zip(found, places, strict=True):
            points[key] = (start + at, edge) if across else (edge, start + at)
    return points


def spread(wanted: list[float], length: float) -> list[float]:
    """Return places along a side, in order, as near to the wanted ones as distances allow.

    The distances squared come out least: it is an isotonic regression, by pooling neighbours.

    >>> spread([30.0, 31.0], 60.0), spread([2.0], 60.0)
    ([23.0, 38.0], [11.0])
    """
    count = len(wanted)
    corner = min(CORNER, length / 4)
    apart = min(APART, (length - 2 * corner) / max(1, count - 1))
    pools: list[tuple[float, int]] = []
    for i, x in enumerate(wanted):
        total, size = x - i * apart, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            before, members = pools.pop()
            total, size = total + before, size + members
        pools.append((total, size))
    level = [total / size for total, size in pools for _ in range(size)]
    most = length - corner - (count - 1) * apart
    return [min(max(y, corner), most) + i * apart for i, y in enumerate(level)]


def straightened(path: Path) -> Path:
    """Return a path whose first stretch is made upright if it almost is."""
    last = 0
    for i in range(3, len(path), 3):
        x = path[i][0]
        bent = any(abs(p[0] - x) > _NEARLY for p in path[: i + 1 : 3])
        if bent or any(abs(p[0] - x) > _CLOSE for p in path[: i + 1]):
            break
        if _goes_on_upright(path[i:]):
            last = i
    if last == 0 or abs(path[last][1] - path[0][1]) < 12:
        return path
    x, y = path[last]
    return (*straight((x, path[0][1]), (x, y)), *path[last + 1 :])


def _goes_on_upright(rest: Path) -> bool:
    """Tell whether a path may follow an upright line without a bend."""
    dx, dy = direction(rest[::-1])
    return len(rest) == 1 or abs(dx) <= 0.2 * abs(dy)


def _wanted(path: Path, *, across: bool) -> float:
    """Return the place along a side for a path: straight ahead, if it soon runs upright."""
    here = path[0][0 if across else 1]
    if not across:
        return here
    for i in range(3, len(path) - 3, 3):
        (x, y), (next_x, next_y) = path[i], path[i + 3]
        if abs(next_x - x) < 0.5 and abs(next_y - y) > 8:
            return x if abs(x - here) <= _CLOSE else here
    end = path[-1][0]
    return end if len(path) == 4 and abs(end - here) <= _CLOSE else here


def _beside(wanted: list[float], held: list[float], length: float) -> list[float]:
    """Return the wanted places, moved off those that are held."""
    found: list[float] = []
    for x in wanted:
        place = min(max(x, CORNER), length - CORNER)
        for other in (*held, *found):
            if abs(place - other) < APART:
                place = other + (APART if place >= other else -APART)
        found.append(min(max(place, CORNER), length - CORNER))  # at a full side, on each other
    return found


def _side(point: Point, rect: Rect) -> int:
    (x, y) = point
    distances = (abs(x - rect.x), abs(x - rect.right), abs(y - rect.y), abs(y - rect.bottom))
    nearest = min(distances)
    # At a corner, the upper and lower side win: they have more room.
    return next(side for side in (_TOP, _BOTTOM, _LEFT, _RIGHT) if distances[side] <= nearest + 2)


def _approach(path: Path, side: int) -> float:
    """Return the position along a side from which an arrow comes to it."""
    axis = 0 if side in (_TOP, _BOTTOM) else 1
    return _near(path)[-1][axis] + path[0][axis] * 0.001


def _near(path: Path) -> list[Point]:
    """Return the points of a path's first stretch."""
    x0, y0 = path[0]
    return [p for p in flattened(path, 4.0) if abs(p[0] - x0) + abs(p[1] - y0) <= _FAR]
