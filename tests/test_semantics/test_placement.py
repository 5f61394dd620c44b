"""Placement: the timers of a run that a test begins in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import Kernel, Moment, Snapshot, State, Statechart, TimerFired, step
from statecharts.model.errors import TimeNeededError

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@frozen
class Go:
    pass


@frozen
class Patience:
    minutes: int = 3


def patience(m: Moment[Patience, Any]) -> timedelta:
    """Return how long the state waits, by its data."""
    return m.data.minutes * MINUTE


def until(m: Moment[Patience, Any]) -> datetime:
    """Return the same as a time."""
    return m.at + m.data.minutes * MINUTE


class Waiting(Statechart[Go], allow="*"):
    idle = State(initial=True)
    fixed = State(Patience)
    lengthy = State(Patience)
    dated = State(Patience)
    late = State(resting=True)

    idle.to(fixed, on=Go)
    fixed.after(MINUTE, late)
    lengthy.after(patience, late)
    dated.after(until, late)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (Waiting.fixed, T0 + MINUTE),
        (Waiting.lengthy, T0 + 7 * MINUTE),
        (Waiting.dated, T0 + 7 * MINUTE),
    ],
)
def test_placed_timers_are_due_after_their_delays(state: State[Patience], due: datetime) -> None:
    """A delay that is worked out sees the data that is given; the timer fires like any other."""
    snapshot = Snapshot.of(state, Patience(7), at=T0)
    ((timer, when),) = snapshot.timers.items()
    assert when == due
    assert Waiting.late in step(Waiting, snapshot, TimerFired(timer), at=due).snapshot


def test_placed_timers_are_those_that_entering_starts() -> None:
    """A snapshot that is placed equals one that was reached, up to the clock."""
    kernel = Kernel(Waiting)
    reached = kernel.step(kernel.start().snapshot, Go(), at=T0).snapshot
    placed = Snapshot.of(Waiting.fixed, Patience(), at=T0)
    assert placed.memory == reached.memory
    assert placed.data == reached.data


def test_placed_timer_needs_the_time() -> None:
    """When it is due cannot be told without; a state without timers asks for no time."""
    expected = r"\[SC201\] Waiting: the timer 'fixed\.after\.late' reads the time.*Pass at="
    with pytest.raises(TimeNeededError, match=expected):
        Snapshot.of(Waiting.fixed, Patience())
    assert not Snapshot.of(Waiting.idle).timers
