"""The events of the cases as classes, for those who take objects; built before the clock starts."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from benchmarks.features.cases import Case


@frozen
class Go:
    """Goes on, with a number."""

    n: int = 0


@frozen
class Back:
    """Goes back."""


@frozen
class Pause:
    """Leaves the work."""


@frozen
class Resume:
    """Returns to where the work was left."""


@frozen
class Reset:
    """Returns to the start."""


@frozen
class Begin:
    """Begins to wait."""


@frozen
class Cancel:
    """Ends waiting."""


@frozen
class Noise:
    """Changes nothing."""


@frozen
class Grade:
    """Goes to one of several states, by its score."""

    score: int


@frozen
class Tick:
    """Moves every region."""


@frozen
class Message:
    """An event that is known by its name, for the hand-written contestants."""

    name: str
    data: dict[str, Any]


CLASSES: Final = (Go, Back, Pause, Resume, Reset, Begin, Cancel, Noise, Grade, Tick)


def events(case: Case) -> tuple[Any, ...]:
    """Return the events of a turn.

    >>> from benchmarks.features.cases import HISTORY
    >>> events(HISTORY)
    (Go(n=3), Pause(), Resume(), Back())
    """
    named = {cls.__name__.lower(): cls for cls in CLASSES}
    return tuple(named[name](**payload) for name, payload in case.turn)
