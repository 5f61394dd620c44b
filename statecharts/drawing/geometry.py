"""Geometry: rectangles, and the cubic Bézier curves that arrows are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, final

from attrs import define, field, frozen

_ROUND: Final = 0.55
"""Length of the handles of a quarter of a circle, over its radius."""

Point = tuple[float, float]
Path = tuple[Point, ...]
"""A start and three points for each cubic Bézier curve: 3n + 1 points."""

Cell = tuple[int, int]
"""A square of the page, by its column and its row."""
CELL: Final = 24.0
_STEP: Final = 3.0
"""Distance of the points by which it is told where a path runs."""


@final
@frozen
class Rect:
    """A rectangle: its upper left corner and its size; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def moved(self, dx: float, dy: float) -> Rect:
        """Return the rectangle, moved."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, by: float) -> Rect:
        """Return the rectangle with a margin around it; a negative one shrinks it."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def turned(self) -> Rect:
        """Return the rectangle with across and down exchanged."""
        return Rect(self.y, self.x, self.height, self.width)

    def overlaps(self, other: Rect) -> bool:
        """Tell whether the insides of two rectangles meet.

        >>> Rect(0, 0, 2, 2).overlaps(Rect(1, 1, 2, 2)), Rect(0, 0, 2, 2).overlaps(Rect(2, 0, 2, 2))
        (True, False)
        """
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def encloses(self, other: Rect) -> bool:
        """Tell whether another rectangle is strictly inside."""
        return self.contains((other.x, other.y)) and self.contains((other.right, other.bottom))

    def contains(self, point: Point) -> bool:
        """Tell whether a point is strictly inside."""
        return self.x < point[0] < self.right and self.y < point[1] < self.bottom


def moved(path: Path, dx: float, dy: float) -> Path:
    """Return a path, moved."""
    return tuple((x + dx, y + dy) for x, y in path)


def turned(path: Path) -> Path:
    """Return a path with across and down exchanged."""
    return tuple((y, x) for x, y in path)


def straight(*points: Point) -> Path:
    """Return the path that joins points by straight lines.

    >>> straight((0, 0), (3, 0))
    ((0, 0), (1.0, 0.0), (2.0, 0.0), (3, 0))
    """
    path: list[Point] = [points[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        dx, dy = (x1 - x0) / 3, (y1 - y0) / 3
        path += [(x0 + dx, y0 + dy), (x1 - dx, y1 - dy), (x1, y1)]
    return tuple(path)


def cornered(points: Sequence[Point], radius: float) -> Path:
    """Return the path that joins points by straight lines, with round corners.

    >>> cornered([(0, 0), (9, 0), (9, 9)], 5)[3:7]
    ((4.5, 0.0), (6.975, 0.0), (9.0, 2.025), (9.0, 4.5))
    """
    rest = [points[0], *(b for a, b in itertools.pairwise(points) if math.dist(a, b) > 0.01)]
    path: list[Point] = [rest[0]]
    for before, corner, after in zip(rest, rest[1:], rest[2:], strict=False):
        ends = []
        for other in (before, after):
            length = math.dist(corner, other)
            share = min(radius, length / 2) / length
            (x, y), (a, b) = corner, other
            ends.append((x + (a - x) * share, y + (b - y) * share))
        handles = [(x + (corner[0] - x) * _ROUND, y + (corner[1] - y) * _ROUND) for x, y in ends]
        path += [*straight(path[-1], ends[0])[1:], *handles, ends[1]]
    return tuple(path) if len(rest) == 1 else (*path, *straight(path[-1], rest[-1])[1:])


def swung(start: Point, end: Point) -> Path:
    """Return the curve that leaves one point upright and arrives at another upright.

    >>> swung((0, 0), (8, 10))
    ((0, 0), (0, 5.0), (8, 5.0), (8, 10))
    """
    middle = (start[1] + end[1]) / 2
    return (start, (start[0], middle), (end[0], middle), end)


def joined(*paths: Path) -> Path:
    """Return one path that runs through several; gaps between them become straight lines."""
    whole: list[Point] = []
    for path in paths:
        if not path:
            continue
        if whole and math.dist(whole[-1], path[0]) > 0.05:
            whole += straight(whole[-1], path[0])[1:]
        whole += path[1:] if whole else path
    return tuple(whole)


def starting_at(path: Path, point: Point) -> Path:
    """Return a path whose first point is moved, with its tangent, to a point nearby."""
    dx, dy = point[0] - path[0][0], point[1] - path[0][1]
    return (point, (path[1][0] + dx, path[1][1] + dy), *path[2:])


def flattened(path: Path, step: float = 2.0) -> Iterator[Point]:
    """Yield points along a path, no farther apart than about ``step``."""
    if path:
        yield path[0]
    for p0, p1, p2, p3 in curves(path):
        length = math.dist(p0, p1) + math.dist(p1, p2) + math.dist(p2, p3)
        count = max(2, math.ceil(length / step))
        for i in range(1, count + 1):
            yield point_on((p0, p1, p2, p3), i / count)


def point_on(curve: tuple[Point, Point, Point, Point], t: float) -> Point:
    """Return the point of a curve at ``t``, from 0 at its start to 1 at its end."""
    p0, p1, p2, p3 = curve
    u = 1 - t
    a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
    return (
        a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0],
        a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1],
    )


def curves(path: Path) -> Iterator[tuple[Point, Point, Point, Point]]:
    """Yield the curves that a path is made of."""
    for i in range(0, len(path) - 3, 3):
        yield path[i], path[i + 1], path[i + 2], path[i + 3]


def tamed(path: Path, share: float) -> Path:
    """Return a path through the same points that swings out less between them.

    The handles of its curves keep their directions, so that it stays smooth, and ``share`` of their
    length.
    """
    whole: list[Point] = [path[0]]
    for p0, p1, p2, p3 in curves(path):
        whole += [
            (p0[0] + (p1[0] - p0[0]) * share, p0[1] + (p1[1] - p0[1]) * share),
            (p3[0] + (p2[0] - p3[0]) * share, p3[1] + (p2[1] - p3[1]) * share),
            p3,
        ]
    return tuple(whole)


def meets(path: Path, rects: Sequence[Rect]) -> bool:
    """Tell whether a path runs through the inside of one of several rectangles."""
    # A curve stays between its four points: few rectangles are near it.
    return any(
        rect.contains(point)
        for curve in curves(path)
        for around in (bounds(curve).grown(1),)
        if (near := [rect for rect in rects if rect.overlaps(around)])
        for point in flattened(curve, _STEP)
        for rect in near
    )


def cells(rect: Rect) -> Iterator[Cell]:
    """Yield the cells of the page that a rectangle is in.

    >>> list(cells(Rect(20.0, 5.0, 10.0, 10.0)))
    [(0, 0), (1, 0)]
    """
    across = range(int(rect.x // CELL), int(rect.right // CELL) + 1)
    return itertools.product(across, range(int(rect.y // CELL), int(rect.bottom // CELL) + 1))


@final
@define(eq=False)
class Lines:
    """Paths by their names, found by the places that they run through.

    Where `meets` asks one path for many rectangles, this asks many paths for one after the other.
    """

    paths: Sequence[tuple[str, Path]]
    _points: dict[Cell, list[tuple[str, Point]]] = field(factory=dict, init=False)

    def through(self, rect: Rect) -> set[str]:
        """Return the names of the paths that run through the inside of a rectangle."""
        if not self._points:
            for name, path in self.paths:
                for x, y in flattened(path, _STEP):
                    cell = int(x // CELL), int(y // CELL)
                    self._points.setdefault(cell, []).append((name, (x, y)))
        near = (one for cell in cells(rect) for one in self._points.get(cell, ()))
        return {name for name, point in near if rect.contains(point)}


def direction(path: Path) -> Point:
    """Return the unit vector in which a path arrives at its end."""
    x1, y1 = path[-1]
    for x0, y0 in reversed(path[:-1]):
        length = math.hypot(x1 - x0, y1 - y0)
        if length > 0.5:
            return (x1 - x0) / length, (y1 - y0) / length
    return 0.0, 1.0


def bounds(points: Sequence[Point]) -> Rect:
    """Return the smallest rectangle around points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
