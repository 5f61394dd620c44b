"""The drawing: a picture with a place for everything; y grows downwards, the unit is a point."""

from __future__ import annotations

from typing import final

from attrs import evolve, frozen

from statecharts.drawing.geometry import Path, Point, Rect, moved
from statecharts.drawing.model import Arrow, Box, Line, Picture


@final
@frozen
class Text:
    """One line of text.

    Attributes:
        x: Its left edge, or its middle when it is centred.
        y: Its base line.
        line: What it says.
        size: Its size.
        width: How wide it is in Helvetica.
        bold: Whether it is bold.
        centred: Whether ``x`` is its middle.
    """

    x: float
    y: float
    line: Line
    size: float
    width: float
    bold: bool = False
    centred: bool = False

    def moved(self, dx: float, dy: float) -> Text:
        """Return the text, moved."""
        return evolve(self, x=self.x + dx, y=self.y + dy)

    @property
    def rect(self) -> Rect:
        """The room that it takes."""
        left = self.x - self.width / 2 if self.centred else self.x
        return Rect(left, self.y - self.size * 0.8, self.width, self.size)


@final
@frozen
class Rule:
    """A straight line that belongs to a box: thin, or dashed between regions."""

    start: Point
    end: Point
    dashed: bool = False

    def moved(self, dx: float, dy: float) -> Rule:
        """Return the rule, moved."""
        (x0, y0), (x1, y1) = self.start, self.end
        return Rule((x0 + dx, y0 + dy), (x1 + dx, y1 + dy), self.dashed)


@final
@frozen
class PlacedBox:
    """A box with its place.

    Attributes:
        box: The box.
        rect: Where it is.
        depth: How many composite states are around it.
        texts: What is written in it.
        rules: The lines in it.
        bar: Height of its title bar; 0 without one.
        region: Whether it is a region of a parallel state, which has no border of its own.
        framed: Whether it has a border.
    """

    box: Box
    rect: Rect
    depth: int
    texts: tuple[Text, ...] = ()
    rules: tuple[Rule, ...] = ()
    bar: float = 0.0
    region: bool = False
    framed: bool = True

    def moved(self, dx: float, dy: float) -> PlacedBox:
        """Return the box, moved with all that is written in it."""
        return evolve(
            self,
            rect=self.rect.moved(dx, dy),
            texts=tuple(text.moved(dx, dy) for text in self.texts),
            rules=tuple(rule.moved(dx, dy) for rule in self.rules),
        )


@final
@frozen
class PlacedArrow:
    """An arrow with its course, and the room and lines of its label."""

    arrow: Arrow
    path: Path
    label: Rect | None = None
    texts: tuple[Text, ...] = ()

    def moved(self, dx: float, dy: float) -> PlacedArrow:
        """Return the arrow, moved with its label."""
        return evolve(
            self,
            path=moved(self.path, dx, dy),
            label=None if self.label is None else self.label.moved(dx, dy),
            texts=tuple(text.moved(dx, dy) for text in self.texts),
        )


@final
@frozen
class Drawing:
    """A picture with a place for everything, boxes before those inside them."""

    picture: Picture
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]
