"""The same pure step with a ``match`` for each state: quicker, but it repeats what is shared."""

from __future__ import annotations

from datetime import datetime

from benchmarks.cycle.domain import (
    Block,
    Blocked,
    DepsMet,
    Event,
    GatesFailed,
    GatesStarted,
    QaSkipped,
    Unblock,
)
from benchmarks.cycle.handwritten import Archived, Backlog, Coding, Merge, PureStep, Qa, State


def step(state: State, event: Event, at: datetime) -> State:  # noqa: C901, PLR0912
    """Return the state that an event leads to; an unhandled event leaves it as it is."""
    match state:
        case Backlog():
            match event:
                case DepsMet():
                    return Coding()
                case Block(reason):
                    return Archived(at, Blocked(reason))
        case Coding():
            match event:
                case GatesStarted():
                    return Qa()
                case QaSkipped(feature_branch, commits_ahead):
                    return Merge(feature_branch, commits_ahead)
                case Block(reason):
                    return Archived(at, Blocked(reason))
        case Qa():
            match event:
                case GatesFailed():
                    return Coding()
                case Block(reason):
                    return Archived(at, Blocked(reason))
        case Merge():
            match event:
                case Block(reason):
                    return Archived(at, Blocked(reason))
        case Archived(_, Blocked()):
            match event:
                case Unblock():
                    return Backlog()
    return state


CONTESTANT = PureStep("match nested by state", step)
