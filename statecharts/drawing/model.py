"""The neutral model of a picture: what is to be seen, in UML's notation, and nothing of where.

Every writer takes it: the layout that leads to SVG, PNG and PDF, and those of DOT and Mermaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final, final

from attrs import field, frozen


class Shape(Enum):
    """What a box is drawn as."""

    STATE = "state"
    COMPOSITE = "composite"
    PARALLEL = "parallel"
    FINAL = "final"
    INITIAL = "initial"
    HISTORY = "history"
    DEEP_HISTORY = "deep history"
    FORK = "fork"


PSEUDO: Final = frozenset({Shape.INITIAL, Shape.HISTORY, Shape.DEEP_HISTORY, Shape.FORK})


class Role(Enum):
    """What a piece of text says, which decides how it is set."""

    NAME = "name"
    DATA = "data"
    ENTRY = "entry"
    EXIT = "exit"
    INTERNAL = "internal"
    TRIGGER = "trigger"
    GUARD = "guard"
    ACTION = "action"


@final
@frozen
class Run:
    """A piece of text in one role."""

    role: Role
    text: str


Line = tuple[Run, ...]
"""One line of text: runs that follow each other without a gap."""


def line_text(line: Line) -> str:
    """Return the plain text of a line."""
    return "".join(run.text for run in line)


@final
@frozen
class Box:
    """A state or pseudo-state.

    Attributes:
        id: Id of the state; of a pseudo-state, its parent's id with ``#`` and a word.
        shape: What it is drawn as.
        name: What is written on it.
        parent: Id of the box around it; None for the chart itself.
        data: Its data fields, ``name: type``.
        behaviour: Its entry and exit effects and internal transitions.
        children: The boxes in it, in document order; the regions of a parallel state.
        active: Whether it belongs to the configuration that is highlighted.
        doc: What it is for.
    """

    id: str
    shape: Shape
    name: str
    parent: str | None
    data: tuple[Line, ...] = ()
    behaviour: tuple[Line, ...] = ()
    children: tuple[Box, ...] = ()
    active: bool = False
    doc: str = ""

    def walk(self) -> Iterator[Box]:
        """Give the box and all boxes in it, a parent before its children."""
        yield self
        for child in self.children:
            yield from child.walk()


@final
@frozen
class Arrow:
    """One arrow: the transitions of one kind between the same two boxes.

    Attributes:
        id: Stable id, such as ``transition-active.qa-1``.
        source: Id of the box that it leaves.
        target: Id of the box that it ends at.
        label: Its lines, each transition on its own.
        local: Whether the source stays active, which UML draws inside its border.
    """

    id: str
    source: str
    target: str
    label: tuple[Line, ...] = ()
    local: bool = False


@final
@frozen
class Picture:
    """All that is to be seen of a chart.

    Attributes:
        name: Name of the chart.
        doc: What the chart is for.
        root: The chart itself; its data are the fields of the context.
        arrows: The arrows, in document order of their sources.
        chart_hash: Hash of the chart that is shown.
    """

    name: str
    doc: str
    root: Box
    arrows: tuple[Arrow, ...]
    chart_hash: str
    _boxes: dict[str, Box] = field(factory=dict, init=False, eq=False, repr=False)

    @property
    def boxes(self) -> dict[str, Box]:
        """Every box by its id, in document order."""
        if not self._boxes:
            self._boxes.update((box.id, box) for box in self.root.walk())
        return self._boxes
