"""The same pure step as a look-up: functions keyed by the types of state and event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

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

Handler = Callable[[Any, Any, datetime], State]


def code(_state: State, _event: Event, _at: datetime) -> State:
    """Begin, or begin again, to write."""
    return Coding()


def examine(_state: Coding, _event: GatesStarted, _at: datetime) -> State:
    """Begin to check."""
    return Qa()


def skip(_state: Coding, event: QaSkipped, _at: datetime) -> State:
    """Go on to merging without a check."""
    return Merge(event.feature_branch, event.commits_ahead)


def archive(_state: State, event: Block, at: datetime) -> State:
    """Put aside."""
    return Archived(at, Blocked(event.reason))


def resume(state: Archived, _event: Unblock, _at: datetime) -> State:
    """Take up again what was blocked."""
    return Backlog() if isinstance(state.reason, Blocked) else state


TABLE: Final[dict[tuple[type[State], type[Event]], Handler]] = {
    (Backlog, DepsMet): code,
    (Coding, GatesStarted): examine,
    (Coding, QaSkipped): skip,
    (Qa, GatesFailed): code,
    (Backlog, Block): archive,
    (Coding, Block): archive,
    (Qa, Block): archive,
    (Merge, Block): archive,
    (Archived, Unblock): resume,
}


def step(state: State, event: Event, at: datetime) -> State:
    """Return the state that an event leads to; an unhandled event leaves it as it is."""
    handler = TABLE.get((type(state), type(event)))
    return state if handler is None else handler(state, event, at)


CONTESTANT = PureStep("dict table", step)
