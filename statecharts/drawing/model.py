"""Pictures: what a chart shows in UML's notation, first without places, then with them.

A `Picture` is what every writer takes. A `Drawing` is a picture that has been laid out, for SVG,
PNG and PDF; y grows downwards, the unit is a point.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, Literal, final

from attrs import evolve, field, frozen

from statecharts.drawing.geometry import Lines, Path, Point, Rect, moved
from statecharts.model.errors import Fault


class Shape(Enum):
    """The symbol that a box is drawn as."""

    STATE = "state"
    COMPOSITE = "composite"
    PARALLEL = "parallel"
    FINAL = "final"
    INITIAL = "initial"
    HISTORY = "history"
    DEEP_HISTORY = "deep history"
    FORK = "fork"


COMPOSITE: Final = frozenset({Shape.COMPOSITE, Shape.PARALLEL})
PSEUDO: Final = frozenset({Shape.INITIAL, Shape.HISTORY, Shape.DEEP_HISTORY, Shape.FORK})
HISTORY_LETTERS: Final = {Shape.HISTORY: "H", Shape.DEEP_HISTORY: "H*"}
"""The text in the circle of a history state."""


class Role(Enum):
    """The part of the notation that a piece of text is, which decides its style."""

    NAME = "name"
    DATA = "data"
    ENTRY = "entry"
    EXIT = "exit"
    INVOKE = "invoke"
    INTERNAL = "internal"
    TRIGGER = "trigger"
    GUARD = "guard"
    ACTION = "action"
    FAULT = "fault"


Part = tuple[Literal["line", "call"], str]
"""A part of a chart: a line or a call, and its id (`StateNode.call_name` of a call)."""


@final
@frozen
class Run:
    """A piece of text in one role.

    Attributes:
        role: The role.
        text: The text.
        of: The part of the chart that it tells, if that is not the box or arrow that it is in.
        joint: Of the first run of a line that goes on with the one above, which begins with
            `INDENT`: the white space between them before they were broken.
    """

    role: Role
    text: str
    of: Part | None = None
    joint: str | None = None


INDENT: Final = "   "
"""Begins a line that continues the one above."""


def encoded(name: str) -> str:
    """Return a name as a part of an id for XML, HTML and URLs; different names stay different.

    >>> encoded("a_b"), encoded("a b"), encoded("a_x20_b")
    ('a_b', 'a_x20_b', 'a_x5f_x20_b')
    """
    return _ODD.sub(lambda found: f"_x{ord(found[0]):x}_", name)


_ODD: Final = re.compile(r"[^\w.-]|_(?=x[0-9a-f]+_)")

Line = tuple[Run, ...]
"""One line of text: runs that follow each other without a gap."""


def line_text(line: Line) -> str:
    """Return the plain text of a line."""
    return "".join(run.text for run in line)


def unbroken(lines: Iterable[Line]) -> list[str]:
    """Return the plain texts of lines as they were before they were broken.

    >>> first, second = Run(Role.GUARD, "a <"), Run(Role.GUARD, "   b", joint=" ")
    >>> unbroken([(first,), (second,), (first,)])
    ['a < b', 'a <']
    """
    found: list[str] = []
    for line in lines:
        text, joint = line_text(line), line[0].joint if line else None
        if joint is None or not found:
            found.append(text.strip())
        else:
            found[-1] += joint + text.removeprefix(INDENT)
    return found


def part_of(line: Iterable[Run]) -> Part | None:
    """Return the part of the chart that a line tells; None if it tells the thing it is in."""
    return next((run.of for run in line if run.of is not None), None)


@final
@frozen
class Box:
    """A state or pseudo-state.

    Attributes:
        id: Id of the state; for what the notation adds, an id with ``#`` that no state has, made of
            `encoded` ones.
        shape: The symbol.
        name: The name written on it.
        parent: Id of the box around it; None for the chart itself.
        data: Its data fields, ``name: type``.
        behaviour: Its entry and exit effects, calls and internal transitions.
        children: The boxes in it, in document order; the regions of a parallel state.
        doc: The docstring of the state.
        faults: The faults of the state, and of its lines without an arrow.
        is_state: Whether the chart has it; the notation adds initial dots, forks, targets that are
            missing and one box around the regions of a parallel chart.
        location: ``file:line`` where it is declared, when that is known.
    """

    id: str
    shape: Shape
    name: str
    parent: str | None
    data: tuple[Line, ...] = ()
    behaviour: tuple[Line, ...] = ()
    children: tuple[Box, ...] = ()
    doc: str = ""
    faults: tuple[Fault, ...] = ()
    is_state: bool = True
    location: str | None = None

    def walk(self) -> Iterator[Box]:
        """Yield the box and all boxes in it, a parent before its children."""
        yield self
        for child in self.children:
            yield from child.walk()


@final
@frozen
class Arrow:
    """One arrow: the transitions of one kind between the same two boxes.

    Attributes:
        id: Its source and targets, `encoded`: ``active.qa:active.merge``. Adding a state or another
            line changes none.
        source: Id of the box that it leaves.
        target: Id of the box that it ends at.
        label: The lines of its label, each transition on its own.
        local: Whether the source stays active; UML draws such an arrow inside its border.
        faults: The faults of its transitions.
        lines: The ids of its transitions in `Chart.lines`; none for a default transition.
        location: ``file:line`` of the first of them, when that is known.
    """

    id: str
    source: str
    target: str
    label: tuple[Line, ...] = ()
    local: bool = False
    faults: tuple[Fault, ...] = ()
    lines: tuple[str, ...] = ()
    location: str | None = None


@final
@frozen
class Picture:
    """A chart in UML's notation.

    Attributes:
        name: Name of the chart.
        doc: The docstring of the chart.
        root: The chart itself; its data are the fields of the context.
        arrows: The arrows, in document order of their sources.
        chart_hash: Hash of the chart.
        faults: The faults that are marked.
        left_out: Number of states that it does not show.
    """

    name: str
    doc: str
    root: Box
    arrows: tuple[Arrow, ...]
    chart_hash: str
    faults: tuple[Fault, ...] = ()
    left_out: int = 0
    _boxes: dict[str, Box] = field(factory=dict, init=False, eq=False, repr=False)

    @property
    def boxes(self) -> dict[str, Box]:
        """Every box by its id, in document order."""
        if not self._boxes:
            self._boxes.update((box.id, box) for box in self.root.walk())
        return self._boxes

    def around(self, box: str) -> list[str]:
        """Return the ids of the boxes around a box, innermost first."""
        found = []
        parent = self.boxes[box].parent
        while parent is not None:
            found.append(parent)
            parent = self.boxes[parent].parent
        return found


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short_names(picture: Picture) -> dict[str, str]:
    """Return a name for each box, for languages in which an id is one word: s0, s1, and so on."""
    return {box: f"s{number}" for number, box in enumerate(picture.boxes)}


@final
@frozen
class Text:
    """One line of text.

    Attributes:
        x: Its left edge, or its middle when it is centred.
        y: Its base line.
        line: The runs that it consists of.
        size: Its size.
        width: Its width in Helvetica.
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
        """The rectangle that it takes."""
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
        rect: Its place.
        depth: Number of composite states around it.
        texts: The text in it.
        rules: The rules in it.
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
        """Return the box, moved with the text and the rules in it."""
        return evolve(
            self,
            rect=self.rect.moved(dx, dy),
            texts=tuple(text.moved(dx, dy) for text in self.texts),
            rules=tuple(rule.moved(dx, dy) for rule in self.rules),
        )

    def turned(self) -> PlacedBox:
        """Return the box with across and down exchanged, for a layout that runs to the right.

        Texts keep their direction: only the points that they are at are exchanged.
        """
        return evolve(
            self,
            rect=self.rect.turned(),
            texts=tuple(evolve(text, x=text.y, y=text.x) for text in self.texts),
            rules=tuple(_turned(rule) for rule in self.rules),
        )


@final
@frozen
class PlacedArrow:
    """An arrow with its path, and the place and lines of its label."""

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
    """A picture with a place for everything, boxes before those inside them.

    Attributes:
        picture: The picture.
        width: Its width.
        height: Its height.
        boxes: The boxes in their places.
        arrows: The arrows in theirs.
        fault: The reason why some boxes have their contents in a grid; None if none has.
    """

    picture: Picture
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]
    fault: Fault | None = None

    @property
    def low(self) -> float:
        """The y of the lower edge of what is drawn; 0 for nothing."""
        boxes = (one.rect.bottom for one in self.boxes if one.box.parent is not None or one.framed)
        told = itertools.chain(*(one.texts for one in self.boxes), *(a.texts for a in self.arrows))
        texts = (text.rect.bottom for text in told)
        paths = (y for one in self.arrows for _, y in one.path)
        return max((*boxes, *texts, *paths), default=0.0)

    @property
    def lines(self) -> Lines:
        """The lines of its arrows, by the ids of these, to be found by place."""
        return Lines([(one.arrow.id, one.path) for one in self.arrows])


def _turned(rule: Rule) -> Rule:
    (x, y), (right, low) = rule.start, rule.end
    return Rule((y, x), (low, right), rule.dashed)
