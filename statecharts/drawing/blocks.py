"""Blocks: finished parts of a drawing, each of a fixed size to the graph around it.

The text of a box is set into compartments first; that gives the box its size.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, final

from attrs import define, evolve, field, frozen

from statecharts.drawing.geometry import Path, Rect, cornered, moved, straight, turned
from statecharts.drawing.labels import LABEL_SIZE, SMALL_SIZE, line_width, text_width
from statecharts.drawing.model import PSEUDO, Box, Line, PlacedBox, Role, Rule, Run, Shape, Text
from statecharts.drawing.plan import Key, Plan, Side
from statecharts.drawing.sketch import PITCH, Route

PADDING: Final = 16.0
"""Distance between the border of a composite state and its children."""
EAR: Final = 16.0
"""Distance by which an arrow from a state's own border to its inside swings out at the left."""

NAME_SIZE: Final = 13.0
REGION_SIZE: Final = 11.5
HEADING_SIZE: Final = 18.0
APART: Final = 2 * PITCH
"""Distance between arrows that end at one side of a region, if there is room."""
LEADING: Final = 14.0
"""Distance between the base lines of small text."""
MARGIN: Final = 11.0
"""Distance of text from the left and right border."""
BULLSEYE: Final = 22.0
"""Width of a final state without data and effects."""
DOT: Final = 13.0
"""Width of an initial pseudo-state."""
CIRCLE: Final = 25.0
"""Width of a history pseudo-state."""
FORK: Final = (64.0, 5.0)
"""Size of a fork."""

_TITLE: Final = 28.0
_LEAST: Final = (76.0, 36.0)
_ICON: Final = 20.0
_WIDE: Final = 2.2
_ABOVE: Final = 14.0
_STRIP: Final = _ABOVE + CIRCLE + 22.0


@final
@frozen
class BoxText:
    """The text of a box in its compartments, measured from the upper left corner of the box.

    Attributes:
        width: The least width that it needs.
        height: The height that it takes.
        texts: The lines of text.
        rules: Heights at which a thin rule runs from border to border.
        bar: Height of the title.
    """

    width: float
    height: float
    texts: tuple[Text, ...] = ()
    rules: tuple[float, ...] = ()
    bar: float = 0.0

    def ruled(self, width: float) -> tuple[Rule, ...]:
        """Return the rules of a box of some width."""
        return tuple(Rule((0, y), (width, y)) for y in self.rules)


def state_text(box: Box, least: float = 0.0, lowest: float = 0.0) -> BoxText:
    """Return the text of a simple state, or of a final state with data or effects.

    ``least`` is the least width that it gets, ``lowest`` the least height.
    """
    icon = _ICON if box.shape is Shape.FINAL else 0.0
    name = _name(box.name, NAME_SIZE, centred=True)
    bare = not (box.data or box.behaviour)
    below, inner, rules = _compartments(box, _TITLE)
    width = up(max(name.width + 2 * MARGIN + 8 + icon, inner + 2 * MARGIN, _LEAST[0], least))
    if bare:
        height = max(_LEAST[1], lowest)
        title = name.moved(width / 2 + icon / 2, height / 2 + NAME_SIZE * 0.36)
        return BoxText(width, height, (title,))
    title = name.moved(width / 2 + icon / 2, _TITLE / 2 + NAME_SIZE * 0.36)
    low = below[-1].y + 9
    height = max(low, lowest)
    spare = (height - low) / 2  # half of it above, half below what is there
    texts = (text.moved(0.0, spare) for text in below)
    return BoxText(width, height, (title, *texts), (_TITLE, *(y + spare for y in rules)), _TITLE)


def final_text(box: Box, *, beside: bool = False) -> BoxText:
    """Return the text of a bull's-eye with its name below, or beside it."""
    name = _name(box.name, LABEL_SIZE, centred=not beside)
    if beside:
        width = BULLSEYE + 4 + name.width
        return BoxText(width, BULLSEYE, (name.moved(BULLSEYE + 4, BULLSEYE / 2 + 4),))
    width = max(BULLSEYE, name.width + 2)
    return BoxText(width, BULLSEYE + 17, (name.moved(width / 2, BULLSEYE + 13),))


def composite_text(box: Box) -> BoxText:
    """Return the title bar and the compartments of a composite state; no bar without a name."""
    name = _name(box.name, NAME_SIZE)
    bar = _TITLE if box.name else 0.0
    below, inner, rules = _compartments(box, bar)
    width = max(name.width, inner) + 2 * MARGIN
    height = below[-1].y + 8 if below else bar
    if not box.name:
        return BoxText(width, height, tuple(below), (*rules, *([height] if below else [])), bar)
    texts = (name.moved(MARGIN, _TITLE / 2 + NAME_SIZE * 0.36), *below)
    return BoxText(width, height, texts, (_TITLE, *rules, *([height] if below else [])), _TITLE)


def region_text(box: Box) -> BoxText:
    """Return the name of a region with its data and effects, without rules."""
    name = _name(box.name, REGION_SIZE)
    below, inner, _ = _compartments(box, 22.0, gap=0.0)
    width = max(name.width, inner) + 2 * MARGIN
    height = below[-1].y + 6 if below else 26.0
    return BoxText(width, height, (name.moved(MARGIN, 19.0), *below))


def heading_text(box: Box) -> BoxText:
    """Return the name of the chart with its context, above everything else."""
    name = _name(box.name, HEADING_SIZE)
    below, inner, _ = _compartments(box, 26.0, gap=0.0, margin=0.0)
    width = max(name.width, inner)
    height = below[-1].y + 12 if below else 34.0
    return BoxText(width, height, (name.moved(0.0, 18.0), *below))


def label_texts(lines: tuple[Line, ...], x: float, y: float) -> tuple[Text, ...]:
    """Return the lines of an arrow's label, from their upper left corner."""
    return tuple(
        Text(x, y + i * LEADING + 10.5, line, LABEL_SIZE, line_width(line, LABEL_SIZE))
        for i, line in enumerate(lines)
    )


def label_size(lines: tuple[Line, ...]) -> tuple[float, float] | None:
    """Return the width and height that the label of an arrow takes; None without one."""
    if not lines:
        return None
    width = max(line_width(line, LABEL_SIZE) for line in lines)
    return width + 4, len(lines) * LEADING + 2


def _name(name: str, size: float, *, centred: bool = False) -> Text:
    """Return a name in bold, at the origin."""
    width = text_width(name, size, bold=True)
    return Text(0.0, 0.0, (Run(Role.NAME, name),), size, width, bold=True, centred=centred)


def _compartments(
    box: Box, top: float, *, gap: float = 5.0, margin: float = MARGIN
) -> tuple[list[Text], float, list[float]]:
    texts: list[Text] = []
    rules: list[float] = []
    y = top
    for lines in (box.data, box.behaviour):
        if not lines:
            continue
        if texts:
            y += 3 + gap / 2
            if gap:
                rules.append(y)
        y += gap / 2 - (0 if gap else 1)
        for line in lines:
            y += LEADING
            texts.append(Text(margin, y - 1, line, SMALL_SIZE, line_width(line, SMALL_SIZE)))
    return texts, max((text.width for text in texts), default=0.0), rules


@final
@define
class Block:
    """A part of a drawing, measured from its own upper left corner.

    Attributes:
        box: The box that it shows.
        width: Its width.
        height: Its height.
        ports: The x at which arrows cross its upper or lower border.
        inner: The x at which they leave what is inside, measured from there.
        sides: The border that each of them crosses.
        boxes: All boxes in it with their places, its own first.
        pieces: Parts of arrows, each from inside outwards, inner parts first.
        routes: Arrows and labels that are wholly inside it.
        owners: The box at whose border an arrow begins or ends, by port.
        swings: Ports of such arrows that leave the box and swing out over its border.
        ear: Width of the space at its left, outside its border, for arrows that swing out there.
        circle: Diameter of the circle that arrows end at; 0 for a rectangle.
        at: The middle of that circle.
        centre: The x of the middle of a region in its parallel state.
        rigid: Whether its own box keeps its size when it is given more space.
        crossed: How often arrows that swing out cross others between the title and what is inside.
    """

    box: Box
    width: float
    height: float
    ports: dict[Key, float] = field(factory=dict)
    inner: dict[Key, float] = field(factory=dict)
    sides: dict[Key, Side] = field(factory=dict)
    boxes: list[PlacedBox] = field(factory=list)
    pieces: list[tuple[Key, Path]] = field(factory=list)
    routes: dict[str, Route] = field(factory=dict)
    owners: dict[Key, str] = field(factory=dict)
    swings: set[Key] = field(factory=set)
    ear: float = 0.0
    circle: float = 0.0
    at: tuple[float, float] = (0.0, 0.0)
    centre: float = 0.0
    rigid: bool = False
    crossed: int = 0

    def take(self, part: Block, x: float, y: float, deeper: int = 0) -> None:
        """Add the contents of another block, with its corner at (x, y)."""
        for box in part.boxes:
            placed = box.moved(x, y)
            self.boxes.append(evolve(placed, depth=placed.depth + deeper) if deeper else placed)
        self.pieces += [(key, moved(path, x, y)) for key, path in part.pieces]
        for arrow, route in part.routes.items():
            label = None if route.label is None else route.label.moved(x, y)
            self.routes[arrow] = Route(moved(route.path, x, y), label)

    def reach(self, key: Key, start: float | None = None) -> None:
        """Lengthen the arrow at a port up to the border.

        An arrow that is not drawn yet begins at the height ``start``; without it, at the border.
        """
        drawn = (path[-1] for found, path in reversed(self.pieces) if found == key)
        x, y = next(drawn, (self.ports[key], start))
        end = 0.0 if self.sides[key] is Side.TOP else self.height
        if y is not None and y != end:
            self.pieces.append((key, straight((x, y), (x, end))))

    def begin(self, keys: Sequence[Key], bar: float, low: float) -> None:
        """Let the arrows from the box itself to its inside begin below its title.

        Local ones begin at the lower edge of the title, and others at the border, from where they
        swing out and come in again below it, one around the other: they exit the state.

        Args:
            keys: The arrows, each drawn up to ``low``.
            bar: The lower edge of the title.
            low: The upper edge of what is inside.
        """
        swinging = sorted((key for key in keys if key in self.swings), key=lambda k: self.ports[k])
        for number, key in enumerate(swinging):
            x, inward = self.ports[key], len(swinging) - number
            y = bar + PITCH * inward
            out = self.ear - EAR - PITCH * (inward - 1) + 2.0
            start = _TITLE / 2 - 4.0 + 6.0 * number / len(swinging)
            corners = [(x, low), (x, y), (out, y), (out, start), (self.ear, start)]
            self.pieces.append((key, cornered(corners, 6.0)))
            self.crossed += sum(
                self.ports[other] < x and side is Side.TOP and other not in swinging
                for other, side in self.sides.items()
            )
        for key in keys:
            if key not in swinging:
                self.pieces.append((key, straight((self.ports[key], low), (self.ports[key], bar))))

    def turned(self) -> Block:
        """Return the block with across and down exchanged; no line crosses its border."""
        block = Block(self.box, self.height, self.width)
        block.boxes = [box.turned() for box in self.boxes]
        block.pieces = [(key, turned(path)) for key, path in self.pieces]
        block.routes = {
            name: Route(turned(one.path), None if one.label is None else one.label.turned())
            for name, one in self.routes.items()
        }
        return block

    def widen(self, width: float, height: float) -> None:
        """Give a region the size of its place; its contents stay where they are."""
        self.width, self.height = width, height
        if not self.rigid:
            self.boxes[0] = evolve(self.boxes[0], rect=Rect(0, 0, width, height))
        for key in self.ports:
            self.reach(key)


def solid_block(box: Box, arrows: int = 0, *, beside: bool = False, across: bool = False) -> Block:
    """Return the block of a box without children.

    Args:
        box: The box.
        arrows: Number of arrows at its busier side, which has room for them.
        beside: Whether a bull's-eye has its name beside it, so that arrows get to it from below.
        across: Whether the layout runs to the right; the block has across and down exchanged.
    """
    bullseye = box.shape is Shape.FINAL and not (box.data or box.behaviour)
    room = 2 * MARGIN + PITCH * arrows
    if box.shape in PSEUDO:
        size = {Shape.INITIAL: (DOT, DOT), Shape.FORK: FORK}.get(box.shape, (CIRCLE, CIRCLE))
        width, height = (size[1], size[0]) if across else size
        text = BoxText(width, height)
    elif bullseye:
        text = final_text(box, beside=beside and not across)
    elif across:
        text = state_text(box, 0.0, room)
        text = state_text(box, 0.0, up(text.height))
    else:
        text = state_text(box, room)
    rect = Rect(0, 0, text.width, text.height)
    placed = PlacedBox(box, rect, 0, text.texts, text.ruled(text.width), text.bar)
    placed = placed.turned() if across else placed
    block = Block(box, placed.rect.width, placed.rect.height)
    if bullseye:
        block.circle = BULLSEYE
        x, y = BULLSEYE / 2 if text.height <= BULLSEYE else text.width / 2, BULLSEYE / 2
        block.at = (y, x) if across else (x, y)
    elif box.shape in PSEUDO and box.shape is not Shape.FORK:
        block.circle = text.width
        block.at = text.width / 2, text.width / 2
    block.boxes.append(placed)
    return block


def framed_block(inner: Block, *, region: bool = False, across: bool = False) -> Block:
    """Return the contents of a composite state, a region or the chart with title and border.

    ``across`` tells that the layout runs to the right, with across and down exchanged.
    """
    box = inner.box
    root = box.parent is None
    bordered = not region and (not root or bool(inner.ports))
    if region:
        text = region_text(box)
    else:
        text = composite_text(box) if bordered else heading_text(box)
    pad = PADDING if bordered or region else 0.0
    if across:
        return _framed_across(inner, text, pad, region=region, bordered=bordered)
    own = [
        key
        for key in inner.ports
        if bordered and inner.owners.get(key) == box.id and inner.sides[key] is Side.TOP
    ]
    ears = sum(key in inner.swings for key in own)
    entering = [
        x for key, x in inner.ports.items() if inner.sides[key] is Side.TOP and key not in own
    ]
    left = pad
    if entering:
        # Arrows that enter from above pass to the right of the title.
        left = max(pad, up(text.width + 8.0 - min(entering), PITCH))
    width = up(max(text.width, left + inner.width + pad))
    if not entering and not root:
        left = (width - inner.width) // (2 * PITCH) * PITCH
    empty = not box.children
    top = text.height + (0.0 if empty else 14.0 if pad else 8.0) + PITCH * ears
    height = top + inner.height + pad * (0.5 if empty else 1.0)
    ear = up(EAR + PITCH * (ears - 1)) if ears else 0.0
    block = Block(box, width + ear, float(round(height)), ear=ear)
    rect = Rect(ear, 0, width, block.height)
    placed = PlacedBox(
        box,
        rect.moved(-ear, 0),
        0,
        text.texts,
        text.ruled(width) if bordered else (),
        text.bar if bordered else 0.0,
        region,
        bordered,
    )
    block.boxes.append(placed.moved(ear, 0))
    block.take(inner, ear + left, top, deeper=1)
    block.owners, block.swings = dict(inner.owners), set(inner.swings)
    for key, at in inner.ports.items():
        block.ports[key], block.sides[key] = ear + left + at, inner.sides[key]
        if key not in own:
            block.reach(key)
    block.begin(own, text.height, top)
    return block


def _framed_across(
    inner: Block, text: BoxText, pad: float, *, region: bool, bordered: bool
) -> Block:
    """Return a frame in a layout to the right: its title is at the left, beside all lines."""
    box = inner.box
    gap = 0.0 if not box.children else 14.0 if pad else 8.0
    left = up(text.height + gap, PITCH)
    width = up(left + inner.width + pad * (1.0 if box.children else 0.5))
    height = up(max(text.width, pad + inner.height + pad))
    block = Block(box, width, height)
    rules = text.ruled(height) if bordered else ()
    bar = text.bar if bordered else 0.0
    rect = Rect(0, 0, height, width)
    placed = PlacedBox(box, rect, 0, text.texts, rules, bar, region, bordered)
    block.boxes.append(placed.turned())
    block.take(inner, left, pad, deeper=1)
    block.owners, block.swings = dict(inner.owners), set(inner.swings)
    for key, at in inner.ports.items():
        block.ports[key], block.sides[key] = left + at, inner.sides[key]
        block.reach(key)
    return block


def stacked_block(
    box: Box,
    parts: Sequence[Block],
    plan: Plan,
    wants: Mapping[tuple[str, Key], float],
    *,
    across: bool = False,
) -> Block:
    """Return a parallel state: its title, and its regions side by side or one above the other.

    Its history states are above the regions, or below them if their arrows come from there.

    Args:
        box: The state.
        parts: The blocks of its regions and history states.
        plan: The routes.
        wants: The x at which arrows to its history states would be straight, where that is known.
        across: Whether the layout runs to the right.
    """
    text = composite_text(box)
    regions = [
        _padded(part) if part.box.shape is Shape.PARALLEL else part
        for part in parts
        if part.box.shape not in PSEUDO
    ]
    rooms = _rooms(box, plan)
    for part in regions:
        part.width = max(part.width, rooms[part.box.id])
    pseudo = [part for part in parts if part.box.shape in PSEUDO]
    low = [part for part in pseudo if part.box.id in plan.low]
    high = [part for part in pseudo if part.box.id not in plan.low]
    own = [
        key
        for part in regions
        for key in part.ports
        if not across and part.owners.get(key) == box.id and part.sides[key] is Side.TOP
    ]
    ears = sum(any(key in part.swings for part in regions) for key in own)
    bar = 0.0 if across else text.height
    top = bar + (_STRIP if high else 0.0) + (PITCH * (ears + 1) if ears else 0.0)
    block = Block(box, text.width, top)
    above, below = (sum(max(3 * CIRCLE, rooms[p.box.id]) for p in row) for row in (high, low))
    # Arrows into a history state pass to the right of the title.
    begin = up(text.height, PITCH) if across else text.width
    if across:
        dividers = _stack_across(block, regions, text, begin + max(above, below))
    else:
        crossed = bool(plan.ports.get(box.id)) or any(part.ports for part in regions)
        least = max(begin + above, below)
        dividers = _stack_regions(block, regions, text, least, crossed=crossed)
    end, block.height = block.height, block.height + (_STRIP if low else 0.0)
    wide, tall = (block.height, block.width) if across else (block.width, block.height)
    rules = (*text.ruled(wide), *dividers)
    placed = PlacedBox(box, Rect(0, 0, wide, tall), 0, text.texts, rules, text.bar)
    block.boxes.insert(0, placed.turned() if across else placed)
    spans = {part.box.id: (part.centre, part.width) for part in regions}
    _stop(block, {**spans, box.id: (block.width / 2, block.width)}, plan)
    centres = _place_pseudo(block, high, plan, rooms, wants, (begin, bar + _ABOVE))
    corner = begin if across else 0.0, end + _STRIP - _ABOVE - CIRCLE
    centres |= _place_pseudo(block, low, plan, rooms, wants, corner)
    strips = {arrow.id: centres[arrow.source] for arrow in plan.strips.get(box.id, ())}
    reached = {key for key, _ in block.pieces}
    for key in [key for key in block.ports if key in reached]:
        if key[0] in strips:
            x, y = strips[key[0]]
            inner, outer = (end, y) if block.sides[key] is Side.BOTTOM else (top, y + CIRCLE)
            at, middle = block.ports[key], (inner + outer) / 2
            corners = [(at, inner), (at, middle), (x, middle), (x, outer)]
            block.pieces.append((key, cornered(corners, 6.0)))
        elif key not in own:
            block.reach(key)
    if not ears:
        block.begin(own, text.height, top)
        return block
    ear = up(EAR + PITCH * (ears - 1))
    whole = Block(box, block.width + ear, block.height, ear=ear)
    whole.take(block, ear, 0.0)
    whole.owners, whole.swings, whole.sides = block.owners, block.swings, block.sides
    whole.ports, whole.inner = {key: x + ear for key, x in block.ports.items()}, block.inner
    whole.begin(own, text.height, top)
    return whole


def _place_pseudo(
    block: Block,
    parts: Sequence[Block],
    plan: Plan,
    rooms: Mapping[str, float],
    wants: Mapping[tuple[str, Key], float],
    corner: tuple[float, float],
) -> dict[str, tuple[float, float]]:
    """Place history states beside each other, near where their arrows come from.

    Args:
        block: The parallel state, with its regions and their ports.
        parts: The history states that are above the regions, or those below them.
        plan: The routes.
        rooms: The width that the arrows of each need.
        wants: The x at which arrows would be straight, where that is known.
        corner: The least x, and the y.

    Returns:
        The middle of the upper edge of each.
    """
    begin, y = corner
    centres: dict[str, tuple[float, float]] = {}
    taken: list[tuple[float, float]] = []
    for part in parts:
        state, room = part.box.id, max(3 * PITCH, rooms.get(part.box.id, 0.0) / 2)
        side = Side.BOTTOM if state in plan.low else Side.TOP
        passing = [x for key, x in block.ports.items() if block.sides[key] is side]
        passing = [x for x in passing if all(x != one for one, _ in taken)]
        wanted = [
            wants[block.box.id, key]
            for key, stop in plan.stops.items()
            if stop == state and (block.box.id, key) in wants
        ]
        want = sum(wanted) / len(wanted) if wanted else block.width
        last = block.width - max(2 * PADDING, room)
        places = range(int(up(begin + CIRCLE, PITCH)), int(last) + 1, int(PITCH))

        def crowd(
            x: float, room: float = room, passing: Sequence[float] = tuple(passing)
        ) -> tuple[int, int]:
            others = sum(abs(x - other) < room + wide for other, wide in taken)
            return others, sum(abs(x - other) < max(CIRCLE, room) for other in passing)

        x = float(min(places, key=lambda x: (crowd(x), abs(x - want)), default=last))
        taken.append((x, room))
        block.take(part, x - CIRCLE / 2, y, deeper=1)
        before = set(block.ports)
        _stop(block, {state: (x, 0.0)}, plan, y)
        block.inner |= {key: at for key, at in block.ports.items() if key not in before}
        centres[state] = x, y
    return centres


def _rooms(box: Box, plan: Plan) -> defaultdict[str, float]:
    """Return the width that arrows need which stop above or below parts of a parallel state."""
    ports = plan.ports.get(box.id, {}).items()
    stops = Counter((plan.stops[key], side) for key, side in ports if key in plan.stops)
    rooms: defaultdict[str, float] = defaultdict(float)
    for (part, _), count in stops.items():
        rooms[part] = max(rooms[part], up(PITCH * (count + 1)))
    return rooms


def _stop(
    block: Block, spans: dict[str, tuple[float, float]], plan: Plan, top: float = 0.0
) -> None:
    """Give ports to the arrows that end at what has no border in a parallel state.

    Those that end at a region stop above or below it, beside each other, those at a history state
    there.

    Args:
        block: The parallel state.
        spans: The middle of each region or history state, and the width of regions.
        plan: The routes.
        top: The height of history states.
    """
    stops: dict[tuple[str, Side], list[Key]] = {}
    for key, side in plan.ports.get(block.box.id, {}).items():
        if key not in block.ports and plan.stops.get(key) in spans:
            stops.setdefault((plan.stops[key], side), []).append(key)
    for (stop, side), keys in stops.items():
        middle, width = spans[stop]
        apart = max(PITCH, min(APART, width / (len(keys) + 1)) // PITCH * PITCH)
        first = up(middle - apart * (len(keys) - 1) / 2 - PITCH / 2, PITCH)
        taken = {x for key, x in block.ports.items() if block.sides[key] is side}
        places: list[float] = []
        for number in range(len(keys)):
            places.append(next(x for x in _around(first + apart * number) if x not in taken))
            taken.add(places[-1])
        for key, x in zip(keys, sorted(places), strict=True):
            block.ports[key], block.sides[key] = x, side
            if not width:
                ends = (top, 0.0) if side is Side.TOP else (top + CIRCLE, block.height)
                block.pieces.append((key, straight((x, ends[0]), (x, ends[1]))))


def _around(x: float) -> Iterator[float]:
    """Yield a place of the grid, and then those at both sides, farther and farther away."""
    yield x
    for away in itertools.count(PITCH, PITCH):
        yield from (x + away, x - away)


def _padded(part: Block) -> Block:
    """Return a parallel state that is itself a region, with space around it."""
    block = Block(part.box, part.width + 2 * PADDING, part.height + 2 * PADDING)
    block.rigid = True
    block.take(part, PADDING, PADDING)
    block.owners, block.swings = dict(part.owners), set(part.swings)
    for key, x in part.ports.items():
        if part.owners.get(key) == part.box.id:
            continue  # it ends here
        block.ports[key], block.sides[key] = x + PADDING, part.sides[key]
        top = part.sides[key] is Side.TOP
        block.reach(key, PADDING if top else PADDING + part.height)
    return block


def _rows(regions: Sequence[Block]) -> list[Sequence[Block]]:
    """Return regions in rows, of which there are several where one would be a ribbon."""
    whole = sum(part.width for part in regions)
    if whole <= max(900.0, _WIDE * max((part.height for part in regions), default=0.0)):
        return [regions]

    def cut(each: int) -> list[Sequence[Block]]:
        return [regions[at : at + each] for at in range(0, len(regions), each)]

    def shape(rows: list[Sequence[Block]]) -> float:
        width = max(sum(part.width for part in row) for row in rows)
        height = sum(max(part.height for part in row) for row in rows)
        return abs(math.log(width / height))

    evenly = {len(cut(each)): cut(each) for each in range(len(regions), 0, -1)}
    return min((rows for rows in evenly.values() if len(rows) > 1), key=shape, default=[regions])


def _stack_rows(block: Block, rows: Sequence[Sequence[Block]], least: float) -> list[Rule]:
    """Tile regions that no arrow enters or leaves in rows; return the lines between them."""
    y, dividers = block.height, list[Rule]()
    width = up(max(least, *(sum(part.width for part in row) for row in rows)))
    for number, row in enumerate(rows):
        if number:
            dividers.append(Rule((0.0, y), (width, y), dashed=True))
        x, height = 0.0, max(part.height for part in row)
        spare = width - sum(part.width for part in row)
        share = spare / len(row) // (2 * PITCH) * (2 * PITCH)
        for part in row:
            if x:
                dividers.append(Rule((x, y), (x, y + height), dashed=True))
            part.widen(width - x if part is row[-1] else part.width + share, height)
            block.take(part, x, y, deeper=1)
            x += part.width
        y += height
    block.width, block.height = width, float(round(y))
    return dividers


def _stack_across(
    block: Block, regions: Sequence[Block], text: BoxText, least: float
) -> list[Rule]:
    """Tile the regions of a parallel state one below the other, in a layout to the right."""
    y, x = block.height, up(text.height, PITCH)
    tallest = up(max(text.width - y, *(part.height for part in regions), PADDING))
    whole = up(max(least, x + sum(part.width for part in regions)))
    dividers = []
    for number, part in enumerate(regions):
        if number:
            dividers.append(Rule((y, x), (y + tallest, x), dashed=True))
        part.widen(whole - x if part is regions[-1] else part.width, tallest)
        part.centre = x + part.width / 2
        _take_region(block, part, x, y)
        x += part.width
    block.width, block.height = whole, y + tallest
    return dividers


def _take_region(block: Block, part: Block, x: float, y: float) -> None:
    """Add a region to a parallel state, with the ports of what goes on outside."""
    block.take(part, x, y, deeper=1)
    block.owners |= part.owners
    block.swings |= part.swings
    for key, port in part.ports.items():
        if part.owners.get(key) != part.box.id:
            block.ports[key], block.sides[key] = x + port, part.sides[key]


def _stack_regions(
    block: Block, regions: Sequence[Block], text: BoxText, least: float, *, crossed: bool
) -> list[Rule]:
    """Tile the regions of a parallel state below its title; return the lines between them."""
    rows = [regions] if crossed else _rows(regions)
    if len(rows) > 1:
        return _stack_rows(block, rows, least)
    y, dividers = block.height, list[Rule]()
    entering = (
        [at for key, at in regions[0].ports.items() if regions[0].sides[key] is Side.TOP]
        if regions
        else []
    )
    x = up(max(0.0, text.width + 8 - min(entering)), PITCH) if entering else 0.0
    width = up(max(least, x + sum(part.width for part in regions)))
    spare = width - x - sum(part.width for part in regions)
    extra = spare / max(1, len(regions)) // (2 * PITCH) * (2 * PITCH)
    tallest = max((part.height for part in regions), default=PADDING)
    for number, part in enumerate(regions):
        if number:
            dividers.append(Rule((x, y), (x, y + tallest), dashed=True))
        last = number + 1 == len(regions)
        part.widen(width - x if last else part.width + extra, tallest)
        part.centre = x + part.width / 2
        at = len(block.boxes)
        _take_region(block, part, x, y)
        if not number and not part.rigid:
            # The space that was left free for the title belongs to the first region.
            own = block.boxes[at]
            rect = Rect(0.0, y, part.width + x, tallest)
            texts = tuple(text.moved(-x, 0.0) for text in own.texts)
            block.boxes[at] = evolve(own, rect=rect, texts=texts)
        x += part.width
    block.width = width
    block.height = float(round(y + tallest))
    return dividers


def up(x: float, step: float = 2 * PITCH) -> float:
    """Return the next place of the grid.

    >>> up(33.0), up(33.0, PITCH)
    (48.0, 40.0)
    """
    return math.ceil(x / step - 1e-9) * step


def padded_to_grid(block: Block) -> Block:
    """Return a block that is as wide as the grid wants it, its contents in the middle."""
    whole = Block(block.box, up(block.width), block.height)
    whole.take(block, (whole.width - block.width) / 2, 0.0)
    return whole
