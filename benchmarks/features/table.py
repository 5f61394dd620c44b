"""The same pure steps as look-ups: functions keyed by the classes of state and event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from benchmarks.features import cases
from benchmarks.features.cases import DELAY, Case
from benchmarks.features.domain import Back, Begin, Cancel, Go, Grade, Pause, Reset, Resume, Tick
from benchmarks.features.handwritten import (
    OTHER,
    S4,
    A,
    Away,
    B,
    CancelTimer,
    D,
    Graded,
    Handwritten,
    Idle,
    Regions,
    StartTimer,
    Step,
    Waiting,
)


def grade(state: Any, event: Grade, _at: datetime) -> Any:
    """Ask up to four guards."""
    if event.score > 90:
        return A()
    if event.score > 60:
        return B(event.score)
    if event.score > 40:
        return Graded()
    return D() if event.score > 30 else state


TABLE: Final[dict[tuple[type, type], Step]] = {
    (A, Go): lambda _s, e, _at: B(e.n),
    (B, Back): lambda _s, _e, _at: A(),
    (A, Pause): lambda s, _e, _at: Away(s),
    (B, Pause): lambda s, _e, _at: Away(s),
    (Away, Resume): lambda s, _e, _at: s.was,
    (Idle, Go): lambda _s, _e, _at: S4(),
    (S4, Reset): lambda _s, _e, _at: Idle(),
    (D, Reset): lambda _s, _e, _at: Idle(),
    (Idle, Grade): grade,
    (Regions, Tick): lambda s, _e, _at: Regions(OTHER[s.x], OTHER[s.y], OTHER[s.z]),
}

NAMED: Final[dict[tuple[type, str], Step]] = {
    (A, "go"): lambda _s, e, _at: B(e.data["n"]),
    (B, "back"): lambda _s, _e, _at: A(),
}

TIMED: Final[dict[tuple[type, type], Step]] = {
    (Idle, Begin): lambda s, _e, at: (
        Waiting(s.timers + 1),
        (StartTimer(f"waiting.after#{s.timers + 1}", at + DELAY),),
    ),
    (Waiting, Cancel): lambda s, _e, _at: (
        Idle(s.timers),
        (CancelTimer(f"waiting.after#{s.timers}"),),
    ),
}


def step(state: Any, event: Any, at: datetime) -> Any:
    """Return the next state; an unhandled event leaves it as it is."""
    handler = TABLE.get((type(state), type(event)))
    return state if handler is None else handler(state, event, at)


def named(state: Any, event: Any, at: datetime) -> Any:
    """Tell events by their names."""
    handler = NAMED.get((type(state), event.name))
    return state if handler is None else handler(state, event, at)


def timed(state: Any, event: Any, at: datetime) -> Any:
    """Return the next state and the effects."""
    handler = TIMED.get((type(state), type(event)))
    return (state, ()) if handler is None else handler(state, event, at)


STEPS: Final[dict[Case, Step]] = {
    cases.HISTORY: step,
    cases.ALWAYS: step,
    cases.TIMER: timed,
    cases.UNHANDLED: step,
    cases.NAMED: named,
    cases.GUARDS: step,
    cases.REGIONS: step,
}

CONTESTANT = Handwritten("dict table", STEPS)
