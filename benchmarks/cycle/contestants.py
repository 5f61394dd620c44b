"""The contestants of the cycle, and the check that each passes before it is timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from benchmarks.contestant import ContestantError, Entry, Missing, Named, Run, load_all
from benchmarks.cycle.domain import EVENTS, EXPECTED, Visit

HAND_WRITTEN: Final = "hand-written match"
OURS: Final = "statecharts"
ORACLE: Final = "python-statemachine"


class CycleContestant(Named, Protocol):
    """One way of writing the pipeline."""

    def prepare(self) -> Run:
        """Start an instance and return what leads it once around, back to its start."""
        ...

    def visits(self) -> list[Visit]:
        """Lead a new instance around once and say what each event led to."""
        ...

    def creator(self) -> Callable[[], object]:
        """Return what makes one new instance; called anew for each batch of instances."""
        ...


ENTRIES: Final = (
    Entry(HAND_WRITTEN, "benchmarks.cycle.handwritten"),
    Entry("match nested by state", "benchmarks.cycle.nested"),
    Entry("dict table", "benchmarks.cycle.table"),
    Entry(OURS, "benchmarks.cycle.ours"),
    Entry("statecharts Machine", "benchmarks.cycle.ours_machine"),
    Entry("… by the clock", "benchmarks.cycle.ours_clock"),
    Entry("Automat (flat)", "benchmarks.cycle.automat_peer", "automat"),
    Entry("xstate-statemachine", "benchmarks.cycle.xstate_peer", "xstate_statemachine"),
    Entry("transitions", "benchmarks.cycle.transitions_peer", "transitions"),
    Entry("sismic", "benchmarks.cycle.sismic_peer", "sismic"),
    Entry(ORACLE, "benchmarks.cycle.python_statemachine_peer", "statemachine"),
)


def contestants() -> tuple[list[CycleContestant], list[Missing]]:
    """Return the contestants that can run here, and the missing ones."""
    return load_all(ENTRIES, CycleContestant)  # type: ignore[type-abstract]


def check(contestant: CycleContestant) -> None:
    """Make sure that a contestant visits the expected states with the expected data.

    Raises:
        ContestantError: At the first event that leads elsewhere.
    """
    visits: Sequence[Visit] = contestant.visits()
    if len(visits) != len(EXPECTED):
        raise ContestantError(contestant.name, "number of visits", len(EXPECTED), len(visits))
    for event, expected, found in zip(EVENTS, EXPECTED, visits, strict=True):
        if found != expected:
            raise ContestantError(contestant.name, type(event).__name__, expected, found)
