"""Layout: from a picture to a drawing, one composite state at a time, innermost first.

Graphviz lays out each composite state, each region and the chart itself as a flat graph of
fixed-size nodes; the finished state is one node of that size in the graph around it. So every
border is where its box ends, regions tile, and a route inside a state never meets one outside it.
One graph with nested clusters, which Graphviz offers too, keeps no such promise.

Graphviz places the nodes; the lines between them are ours (`channels`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final, final

from attrs import define, evolve, field

from statecharts.drawing import Direction
from statecharts.drawing.blocks import (
    EAR,
    Block,
    framed_block,
    label_size,
    label_texts,
    padded_to_grid,
    solid_block,
    stacked_block,
    up,
)
from statecharts.drawing.channels import CROSS, ROUNDS, Work, route
from statecharts.drawing.columns import route_in_columns
from statecharts.drawing.engine import Engine, EngineError
from statecharts.drawing.excerpt import depth_for
from statecharts.drawing.geometry import (
    Path,
    bounds,
    joined,
)
from statecharts.drawing.grid import place_in_grid
from statecharts.drawing.model import PSEUDO, Arrow, Box, Drawing, Picture, PlacedArrow, Shape
from statecharts.drawing.notation import in_words
from statecharts.drawing.plan import HEAD, TAIL, Course, Crossing, Key, Plan, Side, plan
from statecharts.drawing.repeats import with_repeats
from statecharts.drawing.sketch import LARGE, PITCH, Edge, Node, Placement, Route, Sketch, place
from statecharts.model.errors import Fault, StatechartError

EDGE: Final = 24.0
"""Empty space around the whole drawing."""

_NAMED: Final = 3
_TRIES: Final = 6
_PASSES: Final = 3
_SMALL: Final = 8
"""States from which on a picture is to have the shape of a page."""
_HUGE: Final = 600
"""Boxes of a picture that is laid out in one pass, with its lines routed twice."""
_NARROWEST: Final = 0.52
_MANY: Final = 4
"""Crossings in a graph from which other placements are tried."""
_TANGLED: Final = 8
"""Crossings in a picture from which other orders are tried of what crosses borders."""
_SWEEPS: Final = 8
_SHARED: Final = 0.4
"""The part of the work that is left which a graph may take in such a picture."""
_SHAPE: Final = 8.0
"""The crossings that a shape twice as long or as wide as the limit counts for."""
_CROWD: Final = 600
"""States above which a picture says how to draw a part of it."""
_WORK: Final = 12_000
"""The pieces of lines that are routed at most, where a page is only made better by it."""


def draw(
    picture: Picture,
    seconds: float = 10.0,
    direction: Direction | Mapping[str, Direction] = "auto",
) -> Drawing:
    """Return a picture, laid out.

    Graphs that the engine does not finish in time are placed in a grid, and the drawing has a fault
    that says so.

    Args:
        picture: The picture.
        seconds: Time for the engine.
        direction: ``down``; ``right``; or ``auto``, which chooses, and sets what is tall in
            columns; or one for each of some composite states by their ids, the chart's id being
            empty.

    Raises:
        StatechartError: A state cannot have the direction that it is given (SC708).
    """
    planned = plan(picture)
    if planned.wordy:
        picture = in_words(picture, planned.wordy)
        planned = plan(picture)
    asked: dict[str, Direction] = {"": direction} if isinstance(direction, str) else {**direction}
    drawing = with_repeats(_Layout(picture, planned, Engine(seconds), asked).draw())
    return evolve(drawing, height=round(drawing.low) + EDGE)


@final
@define
class _Layout:
    picture: Picture
    plan: Plan
    engine: Engine
    asked: dict[str, Direction]
    blocks: dict[str, Block] = field(factory=dict)
    failures: dict[str, EngineError] = field(factory=dict)
    """The errors of the engine, by the box that it has no layout of."""

    turns: dict[tuple[str, Key], float] = field(factory=dict)
    """How far each line turns aside beyond a border that it crosses, by the box."""
    cost: float = 0.0
    crossings: int = 0

    across: frozenset[str] = frozenset()
    columns: dict[str, int] = field(factory=dict)
    """The number of columns of each graph, where it is not one."""
    rows: dict[str, int] = field(factory=dict)
    """The number of rows of the boxes without arrows of each graph, where it is not one."""
    alone: dict[str, int] = field(factory=dict)
    """The number of boxes without arrows of each graph."""
    rounds: int = ROUNDS
    work: Work = field(factory=lambda: Work(_WORK))
    share: float = 1.0
    routed: dict[tuple[Sketch, int, int], Placement] = field(factory=dict)
    """The graphs with their lines so far, by number of columns and rounds."""

    @property
    def _is_huge(self) -> bool:
        return len(self.picture.boxes) > _HUGE

    def _choose(self) -> None:
        """Choose the direction of each composite state, and the number of columns."""
        self.across = self._turned(right=self.asked.get("") == "right")
        if self._is_huge:
            self.rounds = 2
        if self.asked.get("", "auto") != "auto" or len(self.picture.boxes) > LARGE:
            return
        self.rounds = 1
        shape = self._fold()
        if shape > 1 / _NARROWEST:
            shape = self._stack()
        if shape > 1 / _NARROWEST:
            first = self.across, self.columns, self.rows
            self.across, self.columns, self.rows = self._turned(right=True), {}, {}
            if abs(math.log(1 / self._fold())) >= math.log(shape):
                self.across, self.columns, self.rows = first
        self.rounds = ROUNDS
        self.turns = {}

    def _turned(self, *, right: bool) -> frozenset[str]:
        """Return the boxes whose contents run to the right."""
        found: set[str] = set()

        def turn(box: Box, *, around: bool) -> None:
            own = self.asked.get(box.id, "auto") if box.id else "auto"
            here = around if own == "auto" or not self._is_closed(box) else own == "right"
            if here:
                found.add(box.id)
            for child in box.children:
                turn(child, around=here)

        turn(self.picture.root, around=right)
        return frozenset(found)

    def _is_closed(self, box: Box) -> bool:
        """Tell whether no line crosses the border of a box, or touches it from inside."""
        inside = {one.id for one in box.walk()} - {box.id}
        ends = [(arrow.source, arrow.target) for arrow in self.picture.arrows]
        touched = any(box.id in pair and inside.intersection(pair) for pair in ends)
        return not (touched or self.plan.ports.get(box.id) or self.plan.crossings.get(box.id))

    def _crossing(self, box: Box) -> str:
        """Say which arrow keeps a box from being closed."""
        inside = {one.id for one in box.walk()} - {box.id}
        for arrow in self.picture.arrows:
            if (arrow.source in inside) != (arrow.target in inside):
                touches = box.id in (arrow.source, arrow.target)
                shown = f"the arrow {arrow.source!r} → {arrow.target!r}"
                if arrow.lines:
                    shown = f"the line {arrow.lines[0]!r}"
                return f"{shown} {'touches' if touches else 'crosses'}"
        return "arrows cross"

    def _check_directions(self) -> None:
        """Refuse a direction of a state that has to have that of the state around it.

        Raises:
            StatechartError: There is such a direction (SC708).
        """
        boxes = self.picture.boxes
        for state, own in self.asked.items():
            if not state or own == "auto" or state not in boxes or self._is_closed(boxes[state]):
                continue
            around = (one for one in self.picture.around(state) if boxes[one].is_state)
            outer = next(one for one in around if not one or self._is_closed(boxes[one]))
            ways = (self.asked.get(one) for one in (outer, *self.picture.around(outer)))
            if next(filter(None, ways), "auto") != own:
                which = self._crossing(boxes[state])
                found = f"{which} the border of {state!r}, so it runs as what is around it"
                whole = repr(outer) if outer else "the chart, whose id is empty"
                remedy = f"Leave its direction out, or give {own!r} to {whole}"
                raise StatechartError("SC708", f"picture of {self.picture.name}", found, remedy)

    @property
    def _column(self) -> int:
        """The most boxes that stay in one column, however high that is.

        Lines have to climb from the end of a column to the next; a small picture is read with more
        ease if it is high.
        """
        states = sum(box.shape not in PSEUDO for box in self.picture.boxes.values())
        return 2 if states >= _SMALL else 5

    def _fold(self) -> float:
        """Set what is long in columns, until the whole has a shape for a page.

        Returns:
            Its width over its height, or for a layout to the right, its height over its width.
        """
        shape = 0.0
        for _ in range(_TRIES):
            self._lay_out_all(self._wants())
            shape, box = self._shape, self._tallest(self.blocks[self.picture.root.id])
            if shape >= _NARROWEST or box is None:
                break
            self.columns[box] = self.columns.get(box, 1) + 1
        return shape

    def _stack(self) -> float:
        """Set boxes without arrows in rows, until the whole is not too wide; return its shape."""
        shape = math.inf
        for _ in range(_TRIES):
            shape, box = self._shape, self._widest(self.blocks[self.picture.root.id])
            if shape <= 1 / _NARROWEST or box is None:
                break
            self.rows[box] = self.rows.get(box, 1) + 1
            self._lay_out_all(self._wants())
        return shape

    def _widest(self, root: Block) -> str | None:
        """Return the graph that makes the whole so wide; None if it has no such boxes."""
        box: Box | None = root.box
        best = None
        while box is not None:
            if self.alone.get(box.id, 0) > 2 * self.rows.get(box.id, 1):
                best = box.id
            block = self.blocks[box.id]
            inner = [one for one in box.children if one.children and one.id in self.blocks]
            box = max(inner, key=lambda one: self.blocks[one.id].width, default=None)
            if box is not None and self.blocks[box.id].width < 0.6 * block.width:
                break
        return best

    def _tallest(self, root: Block) -> str | None:
        """Return the graph that makes the whole so tall; None if it has nothing to cut."""
        box, best = root.box, None
        while True:
            if box.shape is not Shape.PARALLEL and self._each(box) > self._column:
                best = box.id
            inner = [
                child
                for child in box.children
                if child.id in self.blocks
                and child.children
                and (child.id in self.across) == (box.id in self.across)
            ]
            # Regions are all as high as the highest: the one with the most in a column is.
            tall = max(inner, key=lambda c: (self.blocks[c.id].height, self._each(c)), default=None)
            most = 0.6 * self.blocks[box.id].height
            if tall is None or (best is not None and self.blocks[tall.id].height < most):
                return best
            box = tall

    def _each(self, box: Box) -> float:
        """Return the number of boxes in each column of a graph."""
        return len(box.children) / self.columns.get(box.id, 1)

    def draw(self) -> Drawing:
        self._check_directions()
        self._choose()
        blocks, worth, across = self._finish(), self._worth(), self.across
        shaped = self.columns or self.rows or across
        if self.crossings and self.asked.get("", "auto") == "auto" and shaped:
            # A page of a better shape is not worth any number of crossings.
            self.across, self.turns = self._turned(right=False), {}
            self.columns, self.rows = {}, {}
            self.work = Work(_WORK)
            plain = self._finish()
            if self._worth() < worth:
                blocks, across = plain, self.across
        self.blocks = blocks
        root = self.blocks[self.picture.root.id]
        if self.picture.root.id in across:
            root = root.turned()
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

    def _finish(self) -> dict[str, Block]:
        """Return all blocks, laid out until it is known where lines go outside."""
        self._lay_out_all({} if self._is_huge else self._swept())
        best = self.blocks, self.cost, self.crossings
        for _ in range(0 if self._is_huge else _PASSES):
            if not self.turns or self.work.left <= 0:
                break
            self._lay_out_all(self._wants())
            if self.cost < best[1]:
                best = self.blocks, self.cost, self.crossings
        self.blocks, self.cost, self.crossings = best
        return self.blocks

    def _worth(self) -> float:
        """Return the crossings, and how far the page is from a good shape, as one number."""
        return self.crossings + _SHAPE * max(0.0, abs(math.log2(self._shape)) - 1)

    @property
    def _shape(self) -> float:
        """The width of the page over its height."""
        root = self.blocks[self.picture.root.id]
        return (root.width + 2 * EDGE) / (root.height + 2 * EDGE)

    def _swept(self) -> dict[tuple[str, Key], float]:
        """Return where lines should cross borders, so that few lines cross on both sides of them.

        While many cross, all graphs are laid out again, quickly, with what crosses the border of
        each in the order that it had outside: a layer sweep through the hierarchy, after Schulze,
        Spönemann and von Hanxleden, "Drawing layered graphs with port constraints" (JVLC 25, 2014).
        """
        rounds, self.rounds, self.turns = self.rounds, 1, {}
        fewest, wants = math.inf, dict[tuple[str, Key], float]()
        found = wants
        for _ in range(_SWEEPS):
            self._lay_out_all(wants)
            if self.crossings < fewest:
                fewest, found = self.crossings, wants
            if fewest < _TANGLED or not self.turns or not self.engine.is_fresh:
                break
            wants = self._wants(inside=True)
        self.rounds, self.turns = rounds, {}
        self.share = _SHARED if fewest >= _TANGLED else 1.0
        return found

    def _wants(self, *, inside: bool = False) -> dict[tuple[str, Key], float]:
        """Return where lines go outside each box; or the places there, in that order, at the box.

        Else boxes that want to reach far aside grow wider each time. Lines that swing out at the
        left are the leftmost.
        """
        found = {
            (box, key): self.blocks[box].inner[key] + by
            for (box, key), by in self.turns.items()
            if box in self.blocks and key in self.blocks[box].inner
        }
        if not inside:
            return found
        found |= {
            (box, one.key): -EAR
            for box, crossings in self.plan.crossings.items()
            for one in crossings
            if one.side is Side.TOP and one.arrow is not None and not one.arrow.local
        }
        order = sorted(found, key=lambda one: found[one])
        seen = Counter[str]()
        for one in order:
            found[one] = max(found[one], PITCH * seen[one[0]])
            seen[one[0]] += 1
        seen.clear()
        for one in reversed(order):
            found[one] = min(found[one], self.blocks[one[0]].width - PITCH * seen[one[0]])
            seen[one[0]] += 1
        return found

    def _lay_out_all(self, wants: dict[tuple[str, Key], float]) -> None:
        self.blocks, self.turns, self.cost, self.crossings = {}, {}, 0.0, 0
        for boxes in self._generations():
            for box in boxes:
                graph = Graph(box, self.plan, self.blocks, self._is_region(box), self.across, wants)
                self.blocks[box.id] = self._lay_out(graph)
                self.turns |= graph.turns
        crossed = sum(block.crossed for block in self.blocks.values())
        self.cost += CROSS * crossed
        self.crossings += crossed

    def _fault(self) -> Fault | None:
        """Return the reason why some boxes are in a grid, or what is too large to be read."""
        fits = depth_for(self.picture)
        if not self.failures:
            return self._crowd(fits)
        boxes = [box or "the chart itself" for box in self.failures]
        more = len(boxes) - _NAMED
        named = ", ".join(boxes[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        error = next(iter(self.failures.values()))
        found = f"the layout engine {error.why}, so a simple grid takes its place in {named}"
        remedy = error.remedy
        if fits is not None and fits[1] < len(self.picture.boxes) / 2:
            remedy += f": depth={fits[0]} (--depth {fits[0]}) shows {fits[1]} states"
        return Fault(error.code, f"picture of {self.picture.name}", found, remedy)

    def _crowd(self, fits: tuple[int, int] | None) -> Fault | None:
        """Return that there are more states than anybody reads, if there are."""
        states = sum(box.shape not in PSEUDO for box in self.picture.boxes.values()) - 1
        if states <= _CROWD:
            return None
        remedy = "Draw a part of it: focus=STATE (--focus STATE) shows what is around a state"
        if fits is not None:
            remedy = f"Draw less of it: depth={fits[0]} (--depth {fits[0]}) shows {fits[1]} states"
        found = f"it has {states:,} states, and some sixty can be read"
        return Fault("SC710", f"picture of {self.picture.name}", found, remedy)

    def _lay_out(self, graph: Graph) -> Block:
        sketch = evolve(graph.sketch(), rows=self.rows.get(graph.box.id, 1))
        if not sketch.nodes:
            return graph.block(place_in_grid(sketch))
        self.alone[graph.box.id] = len(sketch.alone)
        given = sketch, self.columns.get(graph.box.id, 1), self.rounds
        placement = self.routed.get(given)
        if placement is None:
            try:
                placed = place(sketch, self.engine)
            except EngineError as error:
                self.failures[graph.box.id] = error
                return graph.block(place_in_grid(sketch))
            # Where many lines cross, the inner graphs leave work for those around them.
            own = Work(int(self.work.left * self.share))
            self.work.left -= own.left
            placement = route_in_columns(sketch, placed, *given[1:], own)
            if self.rounds == ROUNDS and given[1] == 1:
                placement = self._fewest(placement, sketch, own)
            self.work.left += own.left
            self.routed[given] = placement
        self.cost += placement.cost
        self.crossings += placement.crossings
        return graph.block(placement)

    def _fewest(self, first: Placement, sketch: Sketch, work: Work) -> Placement:
        """Return the best of several placements of a graph in which many lines cross."""
        best = first
        for other in sketch.others():
            if best.crossings < _MANY or work.left <= 0:
                break
            try:
                placed = place(other, self.engine)
            except EngineError:
                break
            found = route(sketch, placed, work=work)
            best = found if found.cost < best.cost else best
        return best

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
@define
class Graph:
    """One composite state, region or chart, on its way from boxes to a block."""

    box: Box
    plan: Plan
    blocks: dict[str, Block]
    region: bool
    across: frozenset[str] = frozenset()
    """The boxes whose contents are laid out to the right, with across and down exchanged."""
    wants: dict[tuple[str, Key], float] = field(factory=dict)
    turns: dict[tuple[str, Key], float] = field(factory=dict)
    parts: dict[str, Block] = field(factory=dict)
    ports: dict[tuple[str, Key], int] = field(factory=dict)

    def sketch(self) -> Sketch:
        """Return the graph for the engine."""
        ends = self._ends()
        for child in self.box.children:
            above, below = (ends[child.id, side] for side in Side)
            arrows = max(above, below)
            self.parts[child.id] = self._part(child, self.box, arrows, beside=below > 0)
        nodes = [self._node(child) for child in self.box.children]
        edges = [self._edge(course) for course in self._courses()]
        for crossing in self._crossings():
            point = _point(crossing.key)
            want = self.wants.get((self.box.id, crossing.key))
            if crossing.side is Side.TOP:
                node = Node(point, 3.0, 3.0, bottom=(1.5,), border="source", want=want)
            else:
                node = Node(point, 3.0, 3.0, top=(1.5,), border="sink", want=want)
            nodes.append(node)
            edges.append(self._crossing(crossing, point))
        return Sketch(tuple(nodes), tuple(edges))

    def _courses(self) -> list[Course]:
        return self.plan.courses.get(self.box.id, [])

    def _crossings(self) -> list[Crossing]:
        return self.plan.crossings.get(self.box.id, [])

    def _part(self, child: Box, around: Box, arrows: int = 0, *, beside: bool = False) -> Block:
        """Return the block of a box as the graph or the parallel state around it sees it."""
        if child.shape is Shape.PARALLEL and child.id not in self.blocks:
            parts = [self._part(part, child) for part in child.children]
            self.blocks[child.id] = stacked_block(
                child, parts, self.plan, self.wants, across=child.id in self.across
            )
        across = around.id in self.across
        block = self.blocks.get(child.id)
        if block is None:
            block = solid_block(child, arrows, beside=beside, across=across)
            self.blocks[child.id] = block
        if not child.children or (child.id in self.across) == across:
            return block
        block = block.turned()
        if around is self.box:
            return padded_to_grid(block)
        block.width = up(block.width)  # a region takes all of its place
        return block

    def _label(self, arrow: Arrow) -> tuple[float, float] | None:
        size = label_size(arrow.label)
        return (size[1], size[0]) if size and self.box.id in self.across else size

    def _ends(self) -> Counter[tuple[str, Side]]:
        """Return the number of arrows that end at each side of each node."""
        found: Counter[tuple[str, Side]] = Counter()
        for course in self._courses():
            if course.tail != course.head:
                down = (Side.BOTTOM, Side.TOP) if course.forward else (Side.TOP, Side.BOTTOM)
                found.update(zip((course.tail, course.head), down, strict=True))
        found.update((crossing.node, crossing.side) for crossing in self._crossings())
        return found

    def _node(self, child: Box) -> Node:
        part = self.parts[child.id]
        height = part.height
        if part.circle:
            return Node(child.id, part.width, height, circle=part.circle, at=part.at)
        crossing = self.plan.ports.get(child.id, {})
        rows: dict[Side, tuple[float, ...]] = {}
        for side in Side:
            places = sorted((part.ports[key], key) for key in crossing if crossing[key] is side)
            self.ports |= {(child.id, key): index for index, (_, key) in enumerate(places)}
            rows[side] = tuple(x for x, _ in places)
        top, bottom = rows[Side.TOP], rows[Side.BOTTOM]
        return Node(child.id, part.width, height, top, bottom, inset=part.ear)

    def _edge(self, course: Course) -> Edge:
        arrow, tail, head = course.arrow, course.tail, course.head
        label = self._label(arrow)
        tail_port = self._port(tail, (arrow.id, TAIL))
        head_port = self._port(head, (arrow.id, HEAD))
        weight = 3 if self.parts[tail].box.shape is Shape.INITIAL else 1
        if tail == head:
            over = self.plan.ports.get(tail, {}).get((arrow.id, TAIL)) is Side.TOP
            return Edge(arrow.id, tail, head, tail_port, head_port, label, weight, over=over)
        if course.forward:
            return Edge(arrow.id, tail, head, tail_port, head_port, label, weight)
        return Edge(arrow.id, head, tail, head_port, tail_port, label, weight, upward=True)

    def _port(self, node: str, key: Key) -> int | None:
        return self.ports.get((node, key))

    def _crossing(self, crossing: Crossing, point: str) -> Edge:
        name = _point(crossing.key)
        label = None if crossing.arrow is None else self._label(crossing.arrow)
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
            inner.take(part, rect.x, rect.y)
        for course in self._courses():
            inner.routes[course.arrow.id] = self._route(course, placement)
        for crossing in self._crossings():
            self._cross(crossing, placement, inner)
        self._note_turns(placement)
        block = framed_block(inner, region=self.region, across=self.box.id in self.across)
        block.inner = inner.ports
        return block

    def _note_turns(self, placement: Placement) -> None:
        """Note how far lines turn aside beside the ports of nodes, for the graphs in these."""
        ends = [
            (course.arrow.id, node, (course.arrow.id, end), tail == course.forward)
            for course in self._courses()
            for node, end, tail in ((course.tail, TAIL, True), (course.head, HEAD, False))
        ]
        ends += [(_point(c.key), c.node, c.key, c.side is Side.BOTTOM) for c in self._crossings()]
        for edge, node, key, upper in ends:
            if edge in placement.turns and key in self.plan.ports.get(node, ()):
                for box in self._inside(node):
                    self.turns[box, key] = placement.turns[edge][not upper]

    def _inside(self, node: str) -> list[str]:
        """Return a node, and the regions of a parallel one."""
        box = self.parts[node].box
        if box.shape is not Shape.PARALLEL:
            return [node]
        return [node, *(inner for child in box.children for inner in self._regions(child))]

    def _regions(self, region: Box) -> list[str]:
        if region.shape is Shape.PARALLEL:
            return [inner for child in region.children for inner in self._regions(child)]
        return [region.id]

    def _route(self, course: Course, placement: Placement) -> Route:
        route = placement.routes[course.arrow.id]
        path = route.path if course.forward else route.path[::-1]
        return Route(path, route.label)

    def _cross(self, crossing: Crossing, placement: Placement, inner: Block) -> None:
        key, arrow = crossing.key, crossing.arrow
        route = placement.routes[_point(key)]
        path = route.path if crossing.side is Side.BOTTOM else route.path[::-1]
        inner.pieces.append((key, path))
        inner.sides[key] = crossing.side
        inner.ports[key] = path[-1][0]
        if arrow is not None:
            inner.routes[arrow.id] = Route((), route.label)
            inner.owners[key] = arrow.source if crossing.side is Side.TOP else arrow.target
            if not arrow.local:
                inner.swings.add(key)


def _point(key: Key) -> str:
    return f"{key[0]}|{key[1]}"
