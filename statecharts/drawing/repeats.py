"""Repeats: the label of a long line, said again where the line ends far from it.

Where both ends are far, the label is said at both of them and no more between. Where there is no
free place beside the end of a line, nothing is said there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, final

from attrs import define, evolve, field

from statecharts.drawing.blocks import label_size, label_texts
from statecharts.drawing.geometry import Cell, Lines, Point, Rect, cells, flattened
from statecharts.drawing.model import Drawing, PlacedArrow
from statecharts.drawing.sketch import LABEL_GAP

FAR: Final = 640.0
"""Points along a line between its label and an end that has the label, too."""
_REACH: Final = 160.0
"""Points along a line, from its end, within which its label is said again."""
_HEAD: Final = 18.0
_STEP: Final = 6.0
_CLEAR: Final = 3.0


def with_repeats(drawing: Drawing) -> Drawing:
    """Return a drawing whose long lines have their labels at both ends; a grid stays as it is."""
    if drawing.fault is not None:
        return drawing
    page = _Page(drawing)
    return evolve(drawing, arrows=tuple(map(page.repeated, drawing.arrows)))


@final
@define(eq=False)
class _Page:
    drawing: Drawing
    lines: Lines = field(init=False)
    taken: dict[Cell, list[Rect]] = field(factory=dict, init=False)
    """The rectangles that a repeat must not cover, by the cells that they are in."""

    def __attrs_post_init__(self) -> None:
        self.lines = self.drawing.lines
        for placed in self.drawing.boxes:
            for text in placed.texts:
                self._take(text.rect)
            if not placed.box.children:
                self._take(placed.rect)
        for one in self.drawing.arrows:
            if one.label is not None:
                self._take(one.label)

    def _take(self, rect: Rect) -> None:
        for cell in cells(rect):
            self.taken.setdefault(cell, []).append(rect)

    def repeated(self, placed: PlacedArrow) -> PlacedArrow:
        """Return an arrow, with its label again at the ends that are far from it."""
        size = label_size(placed.arrow.label)
        if placed.label is None or size is None or not placed.path:
            return placed
        if sum(itertools.starmap(math.dist, itertools.pairwise(placed.path[::3]))) < FAR:
            return placed
        way = list(flattened(placed.path, _STEP))
        gone = [0.0, *itertools.accumulate(itertools.starmap(math.dist, itertools.pairwise(way)))]
        middle = placed.label.centre
        at = gone[min(range(len(way)), key=lambda n: math.dist(way[n], middle))]
        back = [gone[-1] - one for one in gone[::-1]]
        first = self._place(way, gone, size) if at > FAR else None
        last = self._place(way[::-1], back, size) if gone[-1] - at > FAR else None
        here = placed.label if first is None or last is None else None
        said = [rect for rect in (here, first, last) if rect is not None]
        texts = [label_texts(placed.arrow.label, rect.x + 2, rect.y + 1) for rect in said]
        return evolve(placed, label=said[0], texts=tuple(itertools.chain(*texts)))

    def _place(
        self, way: Sequence[Point], gone: Sequence[float], size: tuple[float, float]
    ) -> Rect | None:
        """Return a place for a label near the first point of a line; None without room."""
        near = [way[n] for n, far in enumerate(gone) if _HEAD < far < _REACH]
        found = next(filter(self._is_free, _beside(near, *size)), None)
        if found is not None:
            self._take(found)
        return found

    def _is_free(self, rect: Rect) -> bool:
        page = Rect(0.0, 0.0, self.drawing.width, self.drawing.height).grown(-_CLEAR)
        clear = rect.grown(_CLEAR)
        return (
            page.encloses(rect)
            and not any(
                clear.overlaps(other) for at in cells(clear) for other in self.taken.get(at, ())
            )
            and not any(self._cuts(clear))
            and not self.lines.through(clear)
        )

    def _cuts(self, rect: Rect) -> Iterator[bool]:
        """Yield whether a place lies on the border, or on a rule, of each state around."""
        for placed in self.drawing.boxes:
            box = placed.rect
            if placed.box.children and rect.overlaps(box):
                yield not box.encloses(rect)
                for rule in placed.rules:
                    low, high = min(rule.start, rule.end), max(rule.start, rule.end)
                    yield rect.overlaps(Rect(*low, high[0] - low[0] + 0.1, high[1] - low[1] + 0.1))


def _beside(points: Sequence[Point], width: float, height: float) -> Iterator[Rect]:
    """Yield places for a label beside a line, the right and the upper side first."""
    for (x0, y0), (x, y) in itertools.pairwise(points):
        if abs(x - x0) < abs(y - y0):
            yield Rect(x + LABEL_GAP, y - height / 2, width, height)
            yield Rect(x - LABEL_GAP - width, y - height / 2, width, height)
        else:
            yield Rect(x - width / 2, y - _CLEAR - 2 - height, width, height)
            yield Rect(x - width / 2, y + _CLEAR + 2, width, height)
