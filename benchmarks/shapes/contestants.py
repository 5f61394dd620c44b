"""The contestants that build charts from outlines, and the check that each passes first."""

from __future__ import annotations

from typing import Final, Protocol

from benchmarks.contestant import ContestantError, Entry, Missing, Named, Run, load_all
from benchmarks.shapes import outline
from benchmarks.shapes.outline import Node

OURS: Final = "statecharts"


class ShapeContestant(Named, Protocol):
    """One library's way of building a chart from an outline."""

    def supports(self, shape: Node) -> bool:
        """Say whether the library has what the outline needs."""
        ...

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Build and start a chart, and return what sends it so many ticks.

        Each call goes on from where the one before it ended.
        """
        ...

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the innermost active states of a new chart after so many ticks, sorted."""
        ...


ENTRIES: Final = (
    Entry(OURS, "benchmarks.shapes.ours"),
    Entry("Automat (flat)", "benchmarks.shapes.automat_peer", "automat"),
    Entry("xstate-statemachine", "benchmarks.shapes.xstate_peer", "xstate_statemachine"),
    Entry("transitions", "benchmarks.shapes.transitions_peer", "transitions"),
    Entry("sismic", "benchmarks.shapes.sismic_peer", "sismic"),
    Entry("python-statemachine", "benchmarks.shapes.python_statemachine_peer", "statemachine"),
)


def contestants() -> tuple[list[ShapeContestant], list[Missing]]:
    """Return the contestants that can run here, and the missing ones."""
    return load_all(ENTRIES, ShapeContestant)  # type: ignore[type-abstract]


def check(contestant: ShapeContestant, shape: Node) -> None:
    """Make sure that a contestant moves through an outline as it should.

    Raises:
        ContestantError: At the first number of ticks after which it stands elsewhere.
    """
    for ticks in range(4):
        expected = outline.leaves(shape, ticks)
        found = contestant.leaves(shape, ticks)
        if found != expected:
            where = f"{shape.name} after {ticks} ticks"
            raise ContestantError(contestant.name, where, expected, found)
