"""Scores: what is wrong with a drawing, counted from its geometry.

A `Sheet` is a drawing without colours, whoever laid it out. Hard faults are what no reader
forgives: things on each other, and lines that end nowhere. The rest is compared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import field, frozen

from statecharts.drawing.blocks import BULLSEYE
from statecharts.drawing.geometry import Point, Rect, flattened
from statecharts.drawing.model import PSEUDO, Drawing, PlacedBox, Shape

NEAR_HEADS: Final = 7.0
"""Distance below which two arrowheads cover each other."""
STEP: Final = 3.0
"""Distance of the points that stand for a line."""

_CELL: Final = 24.0
_TOGETHER: Final = 1.5
_RUN: Final = 12.0
_AT_ENDS: Final = 4.0
_SAME_PLACE: Final = 8.0
_JOG: Final = 12.0
_JOG_LENGTH: Final = 45.0
_BEND: Final = 15.0
_FLAT: Final = 45.0
_ORDER: Final = 8.0

Segment = tuple[int, Point, Point]


@frozen
class Line:
    """An arrow: its ends, points along it from source to target, and the place of its label."""

    name: str
    source: str
    target: str
    points: tuple[Point, ...]
    label: Rect | None = None


@frozen
class Sheet:
    """A drawing without colours.

    Attributes:
        width: Its width.
        height: Its height.
        leaves: Boxes without children, by id.
        frames: Boxes with children that have a border, by id.
        round: The boxes that are circles.
        regions: The boxes without a border, and the box that has it.
        rooms: The places of regions.
        texts: Text in frames, with the id of the frame.
        bars: Title bars and compartments of frames, by id.
        around: The boxes around each box, innermost first.
        lines: The arrows.
    """

    width: float
    height: float
    leaves: Mapping[str, Rect]
    frames: Mapping[str, Rect]
    round: frozenset[str]
    regions: Mapping[str, str]
    rooms: Mapping[str, Rect]
    texts: tuple[tuple[str, Rect], ...]
    bars: Mapping[str, Rect]
    around: Mapping[str, tuple[str, ...]]
    lines: tuple[Line, ...]
    index: dict[tuple[int, int], list[Segment]] = field(factory=dict, init=False, eq=False)

    @property
    def boxes(self) -> dict[str, Rect]:
        """All boxes with a border."""
        return {**self.leaves, **self.frames}

    def near(self, rect: Rect) -> Iterator[Segment]:
        """Yield the pieces of lines that are in or near a rectangle."""
        if not self.index:
            for number, line in enumerate(self.lines):
                for a, b in itertools.pairwise(line.points):
                    for cell in _cells(Rect(min(a[0], b[0]), min(a[1], b[1]), *_size(a, b))):
                        self.index.setdefault(cell, []).append((number, a, b))
        seen = set()
        for cell in _cells(rect):
            for segment in self.index.get(cell, ()):
                if segment not in seen:
                    seen.add(segment)
                    yield segment


def sheet_of(drawing: Drawing) -> Sheet:
    """Return one of our drawings as a sheet."""
    picture = drawing.picture
    placed = {one.box.id: one for one in drawing.boxes}
    leaves, frames, bars, texts = {}, {}, {}, []
    regions, rooms = {}, {}
    circles = set()
    for one in drawing.boxes:
        box, rect = one.box, one.rect
        if one.region:
            rooms[box.id] = rect
        if one.region or not one.framed:
            regions[box.id] = next(
                (o for o in picture.around(box.id) if placed[o].framed and not placed[o].region), ""
            )
        elif box.shape in (Shape.COMPOSITE, Shape.PARALLEL):
            frames[box.id] = rect
            bars[box.id] = Rect(rect.x, rect.y, rect.width, _bar(one))
        elif box.shape is Shape.FINAL and not one.bar and one.texts:
            circles.add(box.id)
            beside = rect.height <= BULLSEYE
            x = rect.x if beside else rect.centre[0] - BULLSEYE / 2
            leaves[box.id] = Rect(x, rect.y, BULLSEYE, BULLSEYE)
        else:
            leaves[box.id] = rect
            if box.shape in PSEUDO and box.shape is not Shape.FORK:
                circles.add(box.id)
        if box.id not in leaves or box.shape is Shape.FINAL:
            texts += [(box.id, text.rect) for text in one.texts]
    lines = tuple(
        Line(
            one.arrow.id,
            one.arrow.source,
            one.arrow.target,
            tuple(flattened(one.path, STEP)),
            one.label,
        )
        for one in drawing.arrows
    )
    around = {box: tuple(picture.around(box)) for box in picture.boxes}
    size = drawing.width, drawing.height
    round = frozenset(circles)
    return Sheet(*size, leaves, frames, round, regions, rooms, tuple(texts), bars, around, lines)


def _bar(one: PlacedBox) -> float:
    """Return the height of the title and the compartments of a composite state."""
    across = [rule.end[1] for rule in one.rules if not rule.dashed and rule.start[1] == rule.end[1]]
    return max([one.rect.y + one.bar, *across]) - one.rect.y


@frozen
class Score:
    """The counts of one drawing.

    Attributes:
        faults: A sentence for each hard fault.
        crossings: Places where two lines cross.
        merged: Pairs of lines that run in the same place for a while.
        wiggles: Jogs: two bends, there and back, within a few points.
        heads: Pairs of arrowheads that cover each other.
        flat: Arrows that arrive at a border in an angle of less than 45°.
        detour: Length of all lines over the distance of their ends.
        far: Distance of labels from the middles of their lines, in points; the mean.
        touched: Labels less than 4 points from a line of another arrow.
        aspect: Width over height.
        empty: Share of the area that shows nothing.
        area: Area in thousands of square points, for each state.
        states: Number of states.
    """

    faults: tuple[str, ...]
    crossings: int
    merged: int
    wiggles: int
    heads: int
    flat: int
    detour: float
    far: float
    touched: int
    aspect: float
    empty: float
    area: float
    states: int

    @property
    def badness(self) -> float:
        """One number for all, to order drawings by."""
        soft = self.crossings + 3 * self.merged + 2 * self.wiggles + 2 * self.heads
        shape = 4 * abs(math.log2(self.aspect)) if not 0.5 <= self.aspect <= 2 else 0.0
        return 20 * len(self.faults) + soft + 0.5 * (self.flat + self.touched) + shape


def score(sheet: Sheet) -> Score:
    """Return the score of a drawing."""
    lines = [line for line in sheet.lines if len(line.points) > 1]
    lengths = [_length(line.points) for line in lines]
    direct = [math.dist(line.points[0], line.points[-1]) for line in lines]
    apart = [(a, b) for a, b in zip(lengths, direct, strict=True) if b > 20]
    labels = [line for line in lines if line.label is not None]
    far = [math.dist(_middle(line.points), _centre(line.label)) for line in labels]
    states = max(1, len(sheet.leaves) + len(sheet.frames))
    shown = sum(rect.width * rect.height for rect in sheet.leaves.values())
    shown += sum(rect.width * rect.height for rect in sheet.bars.values())
    shown += sum(line.label.width * line.label.height for line in labels if line.label)
    whole = sheet.width * sheet.height
    return Score(
        faults=tuple(faults(sheet)),
        crossings=sum(1 for _ in crossings(sheet)),
        merged=sum(1 for _ in merged(sheet)),
        wiggles=sum(wiggles(line.points) for line in lines),
        heads=sum(1 for _ in close_heads(sheet)),
        flat=sum(1 for _ in flat(sheet)),
        detour=sum(a for a, _ in apart) / max(1.0, sum(b for _, b in apart)),
        far=sum(far) / max(1, len(far)),
        touched=sum(1 for _ in touched(sheet)),
        aspect=sheet.width / max(1.0, sheet.height),
        empty=1 - min(1.0, shown / max(1.0, whole)),
        area=whole / states / 1000,
        states=states,
    )


def faults(sheet: Sheet) -> Iterator[str]:
    """Yield a sentence for each hard fault."""
    labels = [(line.name, line.label) for line in sheet.lines if line.label is not None]
    for name, label in labels:
        yield from _covered(sheet, name, label)
    for (a, one), (b, other) in itertools.combinations(labels, 2):
        if one.overlaps(other.grown(-1.0)):
            yield f"the labels of {a} and {b} are on each other"
    for (a, one), (b, other) in itertools.combinations(sheet.leaves.items(), 2):
        if one.grown(-1.0).overlaps(other):
            yield f"{a} is on {b}"
    yield from _through(sheet)
    for line in sheet.lines:
        if not line.points:
            yield f"{line.name} has no line"
            continue
        for end, point in ((line.source, line.points[0]), (line.target, line.points[-1])):
            if not _at_border(sheet, end, point):
                yield f"the line of {line.name} does not end at the border of {end}"


def _covered(sheet: Sheet, name: str, label: Rect) -> Iterator[str]:
    """Yield a sentence for each thing that a label is on."""
    inner = label.grown(-1.0)
    if not _within(label, Rect(-0.5, -0.5, sheet.width + 1, sheet.height + 1)):
        yield f"the label of {name} is cut"
    for other, rect in (*sheet.leaves.items(), *sheet.texts):
        if inner.overlaps(rect):
            yield f"the label of {name} is on {other}"
    for other, rect in sheet.bars.items():
        if inner.overlaps(rect):
            yield f"the label of {name} is on the bar of {other}"
    for other, rect in sheet.frames.items():
        if inner.overlaps(rect) and not _within(inner, rect) and not _within(rect, inner):
            yield f"the label of {name} is on the border of {other}"
    for number in sorted({n for n, a, b in sheet.near(label) if _passes(a, b, inner)}):
        yield f"the label of {name} is on the line of {sheet.lines[number].name}"


def _through(sheet: Sheet) -> Iterator[str]:
    for name, rect in sheet.leaves.items():
        inner = rect.grown(-rect.width * 0.2 if name in sheet.round else -2.0)
        for number in sorted({n for n, a, b in sheet.near(rect) if _passes(a, b, inner)}):
            yield f"the line of {sheet.lines[number].name} runs through {name}"
    for name, rect in sheet.texts:
        inner = rect.grown(-0.5)
        for number in sorted({n for n, a, b in sheet.near(rect) if _passes(a, b, inner)}):
            yield f"the line of {sheet.lines[number].name} runs through text of {name}"
    for name, rect in sheet.bars.items():
        # A line on its way inside passes a bar beside the title, and upright; a state's own lines
        # begin inside, below the bar.
        inner = rect.grown(-1.5)
        found: dict[int, float] = {}
        for n, a, b in sheet.near(rect):
            if _passes(a, b, inner):
                found[n] = found.get(n, 0.0) + abs(a[0] - b[0])
        for number, along in sorted(found.items()):
            line = sheet.lines[number]
            own = name in (line.source, line.target)
            if own or along > rect.height:
                yield f"the line of {line.name} runs through the bar of {name}"


def crossings(sheet: Sheet) -> Iterator[tuple[str, str, Point]]:
    """Yield the places where two lines cross, each once."""
    found: dict[tuple[int, int], list[Point]] = {}
    seen = set()
    for number, a, b in _pieces(sheet):
        for other, c, d in sheet.near(Rect(min(a[0], b[0]), min(a[1], b[1]), *_size(a, b))):
            if other <= number:
                continue
            at = _meeting(a, b, c, d)
            if at is None or (number, a, other, c) in seen:
                continue
            seen.add((number, a, other, c))
            one, two = sheet.lines[number], sheet.lines[other]
            if _shared_end(one, two, at):
                continue
            places = found.setdefault((number, other), [])
            if all(math.dist(at, place) > _SAME_PLACE for place in places):
                places.append(at)
                yield one.name, two.name, at


def merged(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield the pairs of lines that run in the same place for a while."""
    runs: dict[tuple[int, int], float] = {}
    for number, a, b in _pieces(sheet):
        middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        length = math.dist(a, b)
        beside = set()
        around = Rect(min(a[0], b[0]), min(a[1], b[1]), *_size(a, b)).grown(_TOGETHER)
        for other, c, d in sheet.near(around):
            if other > number and other not in beside and _beside(a, b, middle, c, d):
                beside.add(other)
        for other in beside:
            runs[number, other] = runs.get((number, other), 0.0) + length
    for (one, two), length in sorted(runs.items()):
        if length >= _RUN:
            yield sheet.lines[one].name, sheet.lines[two].name


def wiggles(points: Sequence[Point]) -> int:
    """Return how often a line bends and bends back within a few points.

    >>> wiggles([(0, 0), (0, 40), (5, 45), (5, 90)])
    1
    """
    bends: list[list[float]] = []  # angle, first index, last index
    path = [points[0], *(b for a, b in itertools.pairwise(points) if math.dist(a, b) > 0.05)]
    for i in range(1, len(path) - 1):
        turn = _turn(path[i - 1], path[i], path[i + 1])
        if abs(turn) < 0.5:
            continue
        near = bends and _length(path[int(bends[-1][2]) : i + 1]) < 8.0
        if bends and near and (turn > 0) == (bends[-1][0] > 0):
            bends[-1][0] += turn
            bends[-1][2] = i
        else:
            bends.append([turn, i, i])
    count = 0
    bends = [bend for bend in bends if abs(bend[0]) >= _BEND]
    for one, two in itertools.pairwise(bends):
        first, last = int(one[1]), int(two[2])
        if (one[0] > 0) == (two[0] > 0) or abs(one[0] + two[0]) > 20:
            continue
        (x0, y0), (x1, y1) = path[first - 1], path[first]
        size = math.dist((x0, y0), (x1, y1))
        ux, uy = (x1 - x0) / size, (y1 - y0) / size
        dx, dy = path[last][0] - x1, path[last][1] - y1
        aside, along = abs(dx * uy - dy * ux), math.hypot(dx, dy)
        count += 0.7 < aside < _JOG and along < _JOG_LENGTH
    return count


def close_heads(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield the pairs of arrows whose heads cover each other."""
    for one, two in itertools.combinations(sheet.lines, 2):
        close = one.points and two.points and one.target == two.target
        if close and math.dist(one.points[-1], two.points[-1]) < NEAR_HEADS:
            yield one.name, two.name


def flat(sheet: Sheet) -> Iterator[str]:
    """Yield the arrows that arrive at a straight border in less than 45°."""
    boxes = sheet.boxes
    for line in sheet.lines:
        rect = boxes.get(line.target)
        if rect is None or line.target in sheet.round or len(line.points) < 2:
            continue
        (x, y) = line.points[-1]
        before = next(
            (p for p in reversed(line.points[:-1]) if math.dist(p, (x, y)) > 4), line.points[0]
        )
        dx, dy = abs(x - before[0]), abs(y - before[1])
        upright = min(abs(y - rect.y), abs(y - rect.bottom)) < 2
        along, across = (dx, dy) if upright else (dy, dx)
        if math.degrees(math.atan2(across, along)) < _FLAT:
            yield line.name


def touched(sheet: Sheet) -> Iterator[str]:
    """Yield the arrows whose labels are less than 4 points from a line of another arrow."""
    for number, line in enumerate(sheet.lines):
        if line.label is not None:
            wide = line.label.grown(4.0)
            if any(n != number and _passes(a, b, wide) for n, a, b in sheet.near(wide)):
                yield line.name


def turned(before: Sheet, after: Sheet) -> tuple[int, int]:
    """Return how many pairs of states turned their order round, and how many pairs there are.

    Both have the same state around them.
    """
    old, new = before.boxes, after.boxes
    kept = [box for box in old if box in new]
    count = pairs = 0
    for one, two in itertools.combinations(kept, 2):
        if before.around[one][:1] != before.around[two][:1]:
            continue
        pairs += 1
        for axis in (0, 1):
            was = old[one].centre[axis] - old[two].centre[axis]
            now = new[one].centre[axis] - new[two].centre[axis]
            if was * now < 0 and min(abs(was), abs(now)) > _ORDER:
                count += 1
                break
    return count, pairs


def _pieces(sheet: Sheet) -> Iterator[Segment]:
    for number, line in enumerate(sheet.lines):
        for a, b in itertools.pairwise(line.points):
            yield number, a, b


def _cells(rect: Rect) -> Iterable[tuple[int, int]]:
    xs = range(int(rect.x // _CELL), int(rect.right // _CELL) + 1)
    ys = range(int(rect.y // _CELL), int(rect.bottom // _CELL) + 1)
    return itertools.product(xs, ys)


def _size(a: Point, b: Point) -> tuple[float, float]:
    return abs(a[0] - b[0]), abs(a[1] - b[1])


def _length(points: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


def _middle(points: Sequence[Point]) -> Point:
    half = _length(points) / 2
    for a, b in itertools.pairwise(points):
        half -= math.dist(a, b)
        if half <= 0:
            return b
    return points[-1]


def _centre(rect: Rect | None) -> Point:
    return (0.0, 0.0) if rect is None else rect.centre


def _within(inner: Rect, outer: Rect) -> bool:
    across = outer.x <= inner.x and inner.right <= outer.right
    return across and outer.y <= inner.y and inner.bottom <= outer.bottom


def _passes(a: Point, b: Point, rect: Rect) -> bool:
    """Tell whether a straight piece runs through the inside of a rectangle."""
    if rect.width <= 0 or rect.height <= 0:
        return False
    low, high = 0.0, 1.0
    for axis, least, most in ((0, rect.x, rect.right), (1, rect.y, rect.bottom)):
        way = b[axis] - a[axis]
        if abs(way) < 1e-9:
            if not least < a[axis] < most:
                return False
            continue
        first, last = sorted(((least - a[axis]) / way, (most - a[axis]) / way))
        low, high = max(low, first), min(high, last)
    return low < high


def _meeting(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Return the point where two straight pieces cross; None where they do not, or run together."""
    ax, ay = b[0] - a[0], b[1] - a[1]
    bx, by = d[0] - c[0], d[1] - c[1]
    det = ax * by - ay * bx
    size = math.hypot(ax, ay) * math.hypot(bx, by)
    if abs(det) < 0.05 * size or not size:
        return None
    t = ((c[0] - a[0]) * by - (c[1] - a[1]) * bx) / det
    u = ((c[0] - a[0]) * ay - (c[1] - a[1]) * ax) / det
    if 0 <= t <= 1 and 0 <= u <= 1:
        return a[0] + t * ax, a[1] + t * ay
    return None


def _beside(a: Point, b: Point, middle: Point, c: Point, d: Point) -> bool:
    ax, ay, bx, by = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    size = math.hypot(ax, ay) * math.hypot(bx, by)
    if not size or abs(ax * by - ay * bx) > 0.26 * size:
        return False
    length = math.hypot(bx, by)
    along = ((middle[0] - c[0]) * bx + (middle[1] - c[1]) * by) / length
    aside = abs((middle[0] - c[0]) * by - (middle[1] - c[1]) * bx) / length
    return aside < _TOGETHER and -0.01 <= along <= length + 0.01


def _shared_end(one: Line, two: Line, at: Point) -> bool:
    return any(
        math.dist(at, a) < _AT_ENDS and math.dist(at, b) < _AT_ENDS
        for a in (one.points[0], one.points[-1])
        for b in (two.points[0], two.points[-1])
    )


def _turn(a: Point, b: Point, c: Point) -> float:
    first = math.atan2(b[1] - a[1], b[0] - a[0])
    second = math.atan2(c[1] - b[1], c[0] - b[0])
    return (math.degrees(second - first) + 180) % 360 - 180


def _at_border(sheet: Sheet, box: str, point: Point) -> bool:
    """Tell whether a point is on the border of a box, or of the box that has its border."""
    room = sheet.rooms.get(box)  # beside a strip of history states it has no line of its own
    if room and min(abs(edge - point[1]) for edge in (room.y, room.bottom)) < 1.5:
        return True
    if room and min(abs(edge - point[0]) for edge in (room.x, room.right)) < 1.5:
        return True
    while box in sheet.regions:
        box = sheet.regions[box]
    rect = sheet.boxes.get(box)
    if rect is None:
        return True  # the chart itself, which has no border
    if box in sheet.round:
        return abs(math.dist(rect.centre, point) - rect.width / 2) < 2.5
    (x, y) = point
    inside = rect.x - 1.5 <= x <= rect.right + 1.5 and rect.y - 1.5 <= y <= rect.bottom + 1.5
    sides = abs(x - rect.x), abs(x - rect.right), abs(y - rect.y), abs(y - rect.bottom)
    return inside and (min(sides) < 1.5 or _at_bar(sheet, box, point))


def _at_bar(sheet: Sheet, box: str, point: Point) -> bool:
    """Tell whether a point is on the lower edge of a title bar, where lines begin inside."""
    bar = sheet.bars.get(box)
    return bar is not None and abs(point[1] - bar.bottom) < 1.5
