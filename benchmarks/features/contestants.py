"""The contestants that play single features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from benchmarks.contestant import Entry, Missing, Named, load_all
from benchmarks.features.cases import REGIONS, Case, Turn
from benchmarks.shapes.contestants import ShapeContestant
from benchmarks.shapes.outline import regions

HAND_WRITTEN: Final = "hand-written match"
OURS: Final = "statecharts"


class FeatureContestant(Named, Protocol):
    """One way of playing the cases, or some of them."""

    @property
    def turns(self) -> Mapping[Case, Callable[[], Turn]]:
        """A builder of the turn for each case that it has."""
        ...


ENTRIES: Final = (
    Entry(HAND_WRITTEN, "benchmarks.features.handwritten"),
    Entry("dict table", "benchmarks.features.table"),
    Entry(OURS, "benchmarks.features.ours"),
    Entry("statecharts Machine", "benchmarks.features.ours_machine"),
    Entry("Automat (flat)", "benchmarks.features.automat_peer", "automat"),
    Entry("xstate-statemachine", "benchmarks.features.xstate_peer", "xstate_statemachine"),
    Entry("transitions", "benchmarks.features.transitions_peer", "transitions"),
    Entry("sismic", "benchmarks.features.sismic_peer", "sismic"),
    Entry("python-statemachine", "benchmarks.features.python_statemachine_peer", "statemachine"),
)


def contestants() -> tuple[list[FeatureContestant], list[Missing]]:
    """Return the contestants that can run here, and the missing ones."""
    return load_all(ENTRIES, FeatureContestant)  # type: ignore[type-abstract]


def of_regions(shapes: ShapeContestant) -> Callable[[], Turn]:
    """Return a builder of the regions' turn, made from a contestant for outlines."""

    def build() -> Turn:
        run = shapes.prepare(regions(), ticks=len(REGIONS.turn))
        ticks = range(1, len(REGIONS.turn) + 1)
        return Turn(run, lambda: [" ".join(shapes.leaves(regions(), n)) for n in ticks])

    return build
