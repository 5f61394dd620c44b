"""Blocks: parts of a drawing that are done, each a thing of fixed size to what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

from attrs import define, evolve, field

from statecharts.drawing.box_text import (
    CIRCLE,
    DOT,
    FORK,
    Face,
    composite_face,
    final_face,
    heading_face,
    region_face,
    state_face,
)
from statecharts.drawing.drawing import PlacedBox, Rule
from statecharts.drawing.geometry import Path, Rect, moved, straight, swung
from statecharts.drawing.model import PSEUDO, Box, Shape
from statecharts.drawing.plan import Key, Plan, Side
from statecharts.drawing.sketch import Route

PADDING: Final = 16.0
"""Distance of what is in a composite state from its border."""
EAR: Final = 22.0
"""How far an arrow from a state's own border to its inside swings out."""

_WIDE: Final = 2.2
_ABOVE: Final = 8.0
_STRIP: Final = _ABOVE + CIRCLE + 22.0


@final
@define
class Block:
    """A part of a drawing, measured from its own upper left corner.

    Attributes:
        box: What it shows.
        width: Its width.
        height: Its height.
        ports: Where arrows cross its upper or lower border.
        sides: At which of the two each does.
        boxes: All boxes in it with their places, its own first.
        pieces: Parts of arrows, each from inside outwards, inner parts first.
        routes: Arrows and labels that lie wholly in it.
        owners: Ports at which an arrow begins or ends at a border, by the box that has the border.
        ears: Where on the upper border arrows swing out before they go in.
        ear: Empty space that they need above the upper border.
        lands: Where all arrows end at the upper border, if it matters.
        centre: Where the middle of a region is in its parallel state.
        rigid: Whether its own box keeps its size when it is given more space.
    """

    box: Box
    width: float
    height: float
    ports: dict[Key, float] = field(factory=dict)
    sides: dict[Key, Side] = field(factory=dict)
    boxes: list[PlacedBox] = field(factory=list)
    pieces: list[tuple[Key, Path]] = field(factory=list)
    routes: dict[str, Route] = field(factory=dict)
    owners: dict[Key, str] = field(factory=dict)
    ears: list[float] = field(factory=list)
    ear: float = 0.0
    lands: float | None = None
    centre: float = 0.0
    rigid: bool = False

    def take(self, part: Block, x: float, y: float, deeper: int = 0) -> None:
        """Add all that is in another block, with its corner at (x, y)."""
        for box in part.boxes:
            placed = box.moved(x, y)
            self.boxes.append(evolve(placed, depth=placed.depth + deeper) if deeper else placed)
        self.pieces += [(key, moved(path, x, y)) for key, path in part.pieces]
        for arrow, route in part.routes.items():
            label = None if route.label is None else route.label.moved(x, y)
            self.routes[arrow] = Route(moved(route.path, x, y), label)

    def reach(self, key: Key) -> None:
        """Lengthen the arrow at a port up to the border."""
        x, y = next(path[-1] for found, path in reversed(self.pieces) if found == key)
        end = 0.0 if self.sides[key] is Side.TOP else self.height
        if y != end:
            self.pieces.append((key, straight((x, y), (x, end))))

    def swing(self, key: Key) -> None:
        """Let an arrow leave the upper border before it enters: its source is left, too."""
        if self.sides[key] is Side.TOP:
            x = self.ports[key]
            self.pieces.append((key, ((x, 0.0), (x, -EAR), (x - 26, -EAR), (x - 26, 0.0))))
            self.ears += [x, x - 26]
            self.ear = EAR

    def widen(self, width: float, height: float) -> None:
        """Give a region the size of its place; what is in it stays where it is."""
        self.width, self.height = width, height
        if not self.rigid:
            self.boxes[0] = evolve(self.boxes[0], rect=Rect(0, 0, width, height))
        for key in self.ports:
            self.reach(key)


def solid_block(box: Box) -> Block:
    """Return the block of a box with nothing in it."""
    if box.shape in PSEUDO:
        width, height = {Shape.INITIAL: (DOT, DOT), Shape.FORK: FORK}.get(
            box.shape, (CIRCLE, CIRCLE)
        )
        face = Face(width, height)
    elif box.shape is Shape.FINAL and not (box.data or box.behaviour):
        face = final_face(box)
    else:
        face = state_face(box)
    block = Block(box, face.width, face.height)
    if box.shape is Shape.FINAL and not (box.data or box.behaviour):
        block.lands = face.width / 2
    rect = Rect(0, 0, face.width, face.height)
    block.boxes.append(PlacedBox(box, rect, 0, face.texts, face.ruled(face.width), face.bar))
    return block


def framed_block(inner: Block, *, region: bool = False) -> Block:
    """Return what is in a composite state, a region or the chart, with its title and border."""
    box = inner.box
    root = box.parent is None
    bordered = not region and (not root or bool(inner.ports))
    if region:
        face = region_face(box)
    else:
        face = composite_face(box) if bordered else heading_face(box)
    pad = PADDING if bordered or region else 0.0
    left = pad
    entering = [x for key, x in inner.ports.items() if inner.sides[key] is Side.TOP]
    swinging = [key for key, owner in inner.owners.items() if owner == box.id and bordered]
    if entering:
        # What enters from above passes to the right of the title.
        left = max(pad, face.width + (30.0 if swinging else 8.0) - min(entering))
    width = max(face.width, left + inner.width + pad)
    if not entering and not root:
        left = (width - inner.width) / 2
    empty = not box.children
    top = face.height + (0.0 if empty else 14.0 if pad else 8.0)
    height = top + inner.height + pad * (0.5 if empty else 1.0)
    block = Block(box, float(round(width)), float(round(height)))
    rect = Rect(0, 0, block.width, block.height)
    rules = face.ruled(block.width) if bordered else ()
    bar = face.bar if bordered else 0.0
    block.boxes.append(PlacedBox(box, rect, 0, face.texts, rules, bar, region, bordered))
    block.take(inner, left, top, deeper=1)
    block.owners = dict(inner.owners)
    for key, at in inner.ports.items():
        block.ports[key], block.sides[key] = left + at, inner.sides[key]
        block.reach(key)
        if key in swinging:
            block.swing(key)
    return block


def stacked_block(box: Box, parts: Sequence[Block], plan: Plan) -> Block:
    """Return a parallel state: its title, and its regions side by side or one above the other."""
    face = composite_face(box)
    regions = [
        _padded(part) if part.box.shape is Shape.PARALLEL else part
        for part in parts
        if part.box.shape not in PSEUDO
    ]
    pseudo = [part for part in parts if part.box.shape in PSEUDO]
    top = face.height + (_STRIP if pseudo else 0.0)
    block = Block(box, face.width, top)
    crossed = bool(plan.ports.get(box.id)) or any(part.ports for part in regions)
    dividers = _stack_regions(block, regions, face, rows=not crossed and _is_wide(regions))
    rect = Rect(0, 0, block.width, block.height)
    rules = (*face.ruled(block.width), *dividers)
    block.boxes.insert(0, PlacedBox(box, rect, 0, face.texts, rules, face.bar))
    centres = {part.box.id: part.centre for part in regions}
    passing = [x for key, x in block.ports.items() if block.sides[key] is Side.TOP]
    x = block.width - PADDING - CIRCLE / 2
    for part in pseudo:
        while any(abs(x - other) < CIRCLE for other in passing) and x > face.width + CIRCLE:
            x -= CIRCLE / 2
        block.take(part, x - CIRCLE / 2, face.height + _ABOVE, deeper=1)
        centres[part.box.id] = x
        x -= 2 * CIRCLE
    for key in plan.ports.get(box.id, {}):
        if key not in block.ports and plan.ends.get(key) in centres:
            end = plan.ends[key]
            block.ports[key] = centres[end]
            block.sides[key] = plan.ports[box.id][key]
            if block.sides[key] is Side.TOP and end in {part.box.id for part in pseudo}:
                y = face.height + _ABOVE
                block.pieces.append((key, straight((centres[end], y), (centres[end], 0.0))))
    strips = {arrow.id: centres[arrow.source] for arrow in plan.strips.get(box.id, ())}
    for key in [key for key in block.ports if key in _reached(block)]:
        if key[0] in strips:
            down = face.height + _ABOVE + CIRCLE
            block.pieces.append((key, swung((block.ports[key], top), (strips[key[0]], down))))
            continue
        block.reach(key)
        if block.owners.get(key) == box.id:
            block.swing(key)
    return block


def _padded(part: Block) -> Block:
    """Return a parallel state that is itself a region, with space around it."""
    block = Block(part.box, part.width + 2 * PADDING, part.height + 2 * PADDING)
    block.rigid = True
    block.take(part, PADDING, PADDING)
    block.owners = dict(part.owners)
    for key, x in part.ports.items():
        block.ports[key], block.sides[key] = x + PADDING, part.sides[key]
        block.reach(key)
    return block


def _reached(block: Block) -> set[Key]:
    return {key for key, _ in block.pieces}


def _is_wide(regions: Sequence[Block]) -> bool:
    width = sum(part.width for part in regions)
    return len(regions) > 1 and width > max(900.0, _WIDE * max(part.height for part in regions))


def _stack_regions(block: Block, regions: Sequence[Block], face: Face, *, rows: bool) -> list[Rule]:
    """Tile the regions of a parallel state below its title; return the lines between them."""
    x, y, dividers = 0.0, block.height, list[Rule]()
    if not rows:
        entering = (
            [at for key, at in regions[0].ports.items() if regions[0].sides[key] is Side.TOP]
            if regions
            else []
        )
        x = max(0.0, face.width + 30 - min(entering)) if entering else 0.0
    width = max(face.width, x + sum(part.width for part in regions))
    extra = (width - x - sum(part.width for part in regions)) / max(1, len(regions))
    tallest = max((part.height for part in regions), default=PADDING)
    if rows:
        width = max(face.width, *(part.width for part in regions))
    for number, part in enumerate(regions):
        if rows:
            if number:
                dividers.append(Rule((0.0, y), (width, y), dashed=True))
            part.widen(width, part.height)
            block.take(part, 0.0, y, deeper=1)
            y += part.height
            continue
        if number:
            dividers.append(Rule((x, y), (x, y + tallest), dashed=True))
        part.widen(part.width + extra, tallest)
        part.centre = x + part.width / 2
        at = len(block.boxes)
        block.take(part, x, y, deeper=1)
        if not number and not part.rigid:
            # What was left free for the title belongs to the first region.
            own = block.boxes[at]
            rect = Rect(0.0, y, part.width + x, tallest)
            texts = tuple(text.moved(-x, 0.0) for text in own.texts)
            block.boxes[at] = evolve(own, rect=rect, texts=texts)
        block.owners |= part.owners
        for key, port in part.ports.items():
            if part.owners.get(key) != part.box.id:
                block.ports[key], block.sides[key] = x + port, part.sides[key]
        x += part.width
    block.width = float(round(width))
    block.height = float(round(y if rows else y + tallest))
    return dividers
