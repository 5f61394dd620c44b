"""The cases: the events of each turn, and the states they lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import ContestantError, Run

DELAY: Final = timedelta(seconds=5)


@frozen(eq=False)
class Case:
    """A turn of events that ends in the state where it began.

    Attributes:
        key: Its column in the JSON file.
        heading: Its column in the table.
        turn: The events, by name and payload.
        visits: The innermost states after each event; data that a state carries goes behind a
            colon.
    """

    key: str
    heading: str
    turn: tuple[tuple[str, dict[str, Any]], ...]
    visits: tuple[str, ...]


HISTORY: Final = Case(
    "history",
    "history\nwith data",
    (("go", {"n": 3}), ("pause", {}), ("resume", {}), ("back", {})),
    ("b:3", "away", "b:3", "a"),
)
"""``work`` holds ``a`` and ``b``, which has data; pausing leaves it, resuming brings it back."""

ALWAYS: Final = Case("always", "eventless\nchain of 4", (("go", {}), ("reset", {})), ("s4", "idle"))
"""``go`` leads to ``s0``, and four eventless transitions on to ``s4``."""

TIMER: Final = Case(
    "timer",
    "timer started\nand cancelled",
    (("begin", {}), ("cancel", {})),
    ("waiting", "idle"),
)
"""Entering ``waiting`` starts a timer of five seconds, leaving it cancels the timer."""

UNHANDLED: Final = Case("unhandled", "un-\nhandled", (("noise", {}),), ("idle",))
"""Nothing answers."""

NAMED: Final = Case("named", "named\nevent", (("go", {"n": 3}), ("back", {})), ("b:3", "a"))
"""Events are known by name, their payload is a dictionary."""

GUARDS: Final = Case(
    "guards",
    "chain of\n4 guards",
    (("grade", {"score": 35}), ("reset", {})),
    ("d", "idle"),
)
"""Four lines on one event ask for more than 90, 60, 40 and 30 points; the last one is taken."""

REGIONS: Final = Case(
    "regions", "three\nregions", (("tick", {}), ("tick", {})), ("xb yb zb", "xa ya za")
)
"""All regions move on each event."""

CASES: Final = (HISTORY, ALWAYS, TIMER, UNHANDLED, NAMED, GUARDS, REGIONS)


@frozen
class Turn:
    """A case as one contestant plays it.

    Attributes:
        run: Sends the events of one turn; it can be called again and again.
        visits: Starts anew, sends them one by one, and returns the states visited.
    """

    run: Run
    visits: Callable[[], Sequence[str]]


Started = tuple[Sequence[Callable[[], object]], Callable[[], str]]
"""Functions that send a turn's events to a new machine, and one that names its innermost states."""


def driven(start: Callable[[], Started]) -> Turn:
    """Return the turn of a machine that keeps its state to itself."""
    sends, _ = start()

    def run() -> None:
        for send in sends:
            send()

    def visits() -> list[str]:
        fresh, where = start()
        found = []
        for send in fresh:
            send()
            found.append(where())
        return found

    return Turn(run, visits)


def builders(
    among: Iterable[Case], start: Callable[[Case], Started]
) -> dict[Case, Callable[[], Turn]]:
    """Return a builder of the turn for each case, given a function that starts its machine."""
    return {case: partial(driven, partial(start, case)) for case in among}


def shown(state: str, number: object = None) -> str:
    """Return a state as `Case.visits` has it: only ``b`` carries data.

    >>> shown("a", 3), shown("b", 3)
    ('a', 'b:3')
    """
    return f"{state}:{number}" if state == "b" else state


def check(name: str, case: Case, turn: Turn) -> None:
    """Make sure that a contestant goes where the case goes.

    Raises:
        ContestantError: It goes elsewhere, the first time or after a turn.
    """
    for _ in range(2):
        found = tuple(turn.visits())
        if found != case.visits:
            raise ContestantError(name, case.key, case.visits, found)
        turn.run()
