"""The baseline: one ``match`` for each case, over frozen data classes with slots."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from benchmarks.cycle.domain import AT
from benchmarks.features import cases
from benchmarks.features.cases import DELAY, Case, Turn, shown
from benchmarks.features.domain import (
    Back,
    Begin,
    Cancel,
    Go,
    Grade,
    Message,
    Pause,
    Reset,
    Resume,
    Tick,
    events,
)


@dataclass(frozen=True, slots=True)
class A:
    """The first state of the work."""


@dataclass(frozen=True, slots=True)
class B:
    """The second one, with its number."""

    n: int


@dataclass(frozen=True, slots=True)
class Away:
    """Not at work; keeps the state to return to."""

    was: A | B


@dataclass(frozen=True, slots=True)
class Idle:
    """Idle; counts the timers started so far."""

    timers: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A timer is running."""

    timers: int


@dataclass(frozen=True, slots=True)
class S0:
    """The first state that is passed through."""


@dataclass(frozen=True, slots=True)
class S1:
    """The second one."""


@dataclass(frozen=True, slots=True)
class S2:
    """The third one."""


@dataclass(frozen=True, slots=True)
class S3:
    """The last one."""


@dataclass(frozen=True, slots=True)
class S4:
    """The state that is reached."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade below the best."""


@dataclass(frozen=True, slots=True)
class D(Graded):
    """The last grade."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """An effect."""

    id: str
    due: datetime


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """An effect."""

    id: str


@dataclass(frozen=True, slots=True)
class Regions:
    """The states of three regions."""

    x: str
    y: str
    z: str


OTHER: Final = {"xa": "xb", "xb": "xa", "ya": "yb", "yb": "ya", "za": "zb", "zb": "za"}


def history(state: Any, event: Any, at: datetime) -> Any:
    """Remember the state that is left."""
    del at
    match state, event:
        case A(), Go(n):
            return B(n)
        case B(), Back():
            return A()
        case A() | B(), Pause():
            return Away(state)
        case Away(was), Resume():
            return was
        case _:
            return state


def always(state: Any, event: Any, at: datetime) -> Any:
    """Take the eventless transitions too."""
    del at
    match state, event:
        case Idle(), Go():
            state = S0()
        case S4(), Reset():
            return Idle()
        case _:
            return state
    while True:
        match state:
            case S0():
                state = S1()
            case S1():
                state = S2()
            case S2():
                state = S3()
            case S3():
                state = S4()
            case _:
                return state


def timer(state: Any, event: Any, at: datetime) -> Any:
    """Return the next state and the effects."""
    match state, event:
        case Idle(count), Begin():
            return Waiting(count + 1), (StartTimer(f"waiting.after#{count + 1}", at + DELAY),)
        case Waiting(count), Cancel():
            return Idle(count), (CancelTimer(f"waiting.after#{count}"),)
        case _:
            return state, ()


def named(state: Any, event: Any, at: datetime) -> Any:
    """Tell events by their names."""
    del at
    match state, event:
        case A(), Message("go", {"n": n}):
            return B(n)
        case B(), Message("back"):
            return A()
        case _:
            return state


def guards(state: Any, event: Any, at: datetime) -> Any:
    """Ask up to four guards."""
    del at
    match state, event:
        case Idle(), Grade(score) if score > 90:
            return A()
        case Idle(), Grade(score) if score > 60:
            return B(score)
        case Idle(), Grade(score) if score > 40:
            return Graded()
        case Idle(), Grade(score) if score > 30:
            return D()
        case A() | B() | Graded(), Reset():
            return Idle()
        case _:
            return state


def regions(state: Any, event: Any, at: datetime) -> Any:
    """Move all regions."""
    del at
    match state, event:
        case Regions(x, y, z), Tick():
            return Regions(OTHER[x], OTHER[y], OTHER[z])
        case _:
            return state


Step = Callable[[Any, Any, datetime], Any]

START: Final[dict[Case, object]] = {
    cases.HISTORY: A(),
    cases.ALWAYS: Idle(),
    cases.TIMER: Idle(),
    cases.UNHANDLED: Idle(),
    cases.NAMED: A(),
    cases.GUARDS: Idle(),
    cases.REGIONS: Regions("xa", "ya", "za"),
}

STEPS: Final[dict[Case, Step]] = {
    cases.HISTORY: history,
    cases.ALWAYS: always,
    cases.TIMER: timer,
    cases.UNHANDLED: guards,
    cases.NAMED: named,
    cases.GUARDS: guards,
    cases.REGIONS: regions,
}


def where(state: Any) -> str:
    """Name a state as all contestants name it."""
    if isinstance(state, Regions):
        return f"{state.x} {state.y} {state.z}"
    return shown(type(state).__name__.lower(), getattr(state, "n", None))


def pure(case: Case, step: Step) -> Turn:
    """Return the turn of a step function."""
    start, at = START[case], AT
    sent: Sequence[Any] = (
        tuple(Message(*one) for one in case.turn) if case is cases.NAMED else events(case)
    )

    def run() -> None:
        state = start
        for event in sent:
            state = step(state, event, at)

    def run_with_effects() -> None:
        state = start
        for event in sent:
            state, _ = step(state, event, at)

    def visits() -> list[str]:
        state, found = start, []
        for event in sent:
            state = step(state, event, at)
            state = state[0] if isinstance(state, tuple) else state
            found.append(where(state))
        return found

    return Turn(run_with_effects if case is cases.TIMER else run, visits)


class Handwritten:
    """Step functions, one for each case."""

    version = platform.python_version()

    def __init__(self, name: str, steps: dict[Case, Step]) -> None:
        self.name = name
        self.turns = {case: partial(pure, case, step) for case, step in steps.items()}


CONTESTANT = Handwritten("hand-written match", STEPS)
