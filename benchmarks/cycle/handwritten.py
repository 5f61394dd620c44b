"""The baseline: what one writes without a library, a pure function over frozen data classes.

All of it is the standard library's: a data class per state, with slots, and one ``match``.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from attrs import frozen

from benchmarks.contestant import Run
from benchmarks.cycle import domain
from benchmarks.cycle.contestants import HAND_WRITTEN
from benchmarks.cycle.domain import (
    AT,
    EVENTS,
    Block,
    Blocked,
    DepsMet,
    Event,
    GatesFailed,
    GatesStarted,
    QaSkipped,
    Reason,
    Unblock,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Waiting for what it depends on."""


@dataclass(frozen=True, slots=True)
class Coding:
    """Being written."""


@dataclass(frozen=True, slots=True)
class Qa:
    """Being checked."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Ready to be merged."""

    feature_branch: str
    commits_ahead: int

    def __post_init__(self) -> None:
        """Refuse a branch without commits."""
        if self.commits_ahead < 1:
            msg = f"commits_ahead must be at least 1, not {self.commits_ahead}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Archived:
    """Put aside."""

    archived_at: datetime
    reason: Reason


State = Backlog | Coding | Qa | Merge | Archived


def step(state: State, event: Event, at: datetime) -> State:
    """Return the state that an event leads to; an unhandled event leaves it as it is."""
    match state, event:
        case Backlog(), DepsMet():
            return Coding()
        case Coding(), GatesStarted():
            return Qa()
        case Coding(), QaSkipped(feature_branch, commits_ahead):
            return Merge(feature_branch, commits_ahead)
        case Qa(), GatesFailed():
            return Coding()
        case Backlog() | Coding() | Qa() | Merge(), Block(reason):
            return Archived(at, Blocked(reason))
        case Archived(_, Blocked()), Unblock():
            return Backlog()
        case _:
            return state


def visit(state: State) -> Visit:
    """Say what a state is in the words that all contestants share."""
    match state:
        case Merge(feature_branch, commits_ahead):
            return Visit("active.merge", domain.Merge(feature_branch, commits_ahead))
        case Archived(archived_at, reason):
            return Visit("archived", domain.Archived(archived_at, reason))
        case _:
            return Visit(f"active.{type(state).__name__.lower()}")


@frozen
class PureStep:
    """A contestant that is nothing but a step function over the states above."""

    name: str
    step: Callable[[State, Event, datetime], State]
    version: str = platform.python_version()

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        start: State = Backlog()
        step, events, at = self.step, EVENTS, AT

        def run() -> None:
            state = start
            for event in events:
                state = step(state, event, at)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        state: State = Backlog()
        found = []
        for event in EVENTS:
            state = self.step(state, event, AT)
            found.append(visit(state))
        return found

    def creator(self) -> Callable[[], object]:
        """Return the class of the first state."""
        return Backlog


CONTESTANT = PureStep(HAND_WRITTEN, step)
