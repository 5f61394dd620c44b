"""Ends: where exactly arrows meet the border of a node.

An engine aims every arrow at the middle of a node and is a point or two off. Here each end is put
on the border, away from the corners and the other ends, and what is almost straight becomes so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from statecharts.drawing.geometry import Path, Point, Rect, direction, flattened, straight
from statecharts.drawing.plan import Key

APART: Final = 15.0
"""Distance of arrows at one side of a small state."""
CORNER: Final = 11.0
"""Distance of arrows from the corners."""

_LEFT, _RIGHT, _TOP, _BOTTOM = range(4)
_NEARLY: Final = 3.0
_CLOSE: Final = 22.0
_FAR: Final = 110.0


def settle(paths: Mapping[Key, Path], fixed: Mapping[Key, float], rect: Rect) -> dict[Key, Point]:
    """Return where arrows meet a node.

    Args:
        paths: The arrows as the engine routed them, each from the node outwards.
        fixed: The x of those that must meet the upper or lower border there.
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
        for (_, key), place in zip(found, places, strict=True):
            points[key] = (start + place, edge) if across else (edge, start + place)
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
    """Return a path whose first stretch, if it is almost upright, is made upright."""
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
    """Return where along a side a path wants to begin: straight ahead, if it soon runs upright."""
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
        found.append(place)
    return found


def _side(point: Point, rect: Rect) -> int:
    (x, y) = point
    distances = (abs(x - rect.x), abs(x - rect.right), abs(y - rect.y), abs(y - rect.bottom))
    nearest = min(distances)
    # At a corner, the upper and lower side win: there is more room.
    return next(side for side in (_TOP, _BOTTOM, _LEFT, _RIGHT) if distances[side] <= nearest + 2)


def _approach(path: Path, side: int) -> float:
    """Return from where, along a side, an arrow comes to it."""
    axis = 0 if side in (_TOP, _BOTTOM) else 1
    return _near(path)[-1][axis] + path[0][axis] * 0.001


def _near(path: Path) -> list[Point]:
    """Return the points of a path's first stretch."""
    x0, y0 = path[0]
    return [p for p in flattened(path, 4.0) if abs(p[0] - x0) + abs(p[1] - y0) <= _FAR]
