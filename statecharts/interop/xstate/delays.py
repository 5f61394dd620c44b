"""Delays: numbers of milliseconds, and names that stand for them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, final

from attrs import frozen

from statecharts.model.errors import StepError

SOON: Final = timedelta(microseconds=1)
"""What a delay of nothing becomes: the event comes when the macrostep is over."""

_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,2})?\s*")
_MILLISECOND: Final = timedelta(milliseconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST: Final = 20


@final
@frozen
class NamedDelay:
    """A delay that is known by its name alone.

    Attributes:
        name: The name; whoever loads the chart can say what it stands for.
    """

    name: str

    def __call__(self, moment: Any) -> timedelta:
        """Refuse: nobody has said how long it is."""
        found = f"nobody has said how long the delay {self.name!r} is"
        remedy = f"Load the chart with delays={{{self.name!r}: timedelta(…)}}"
        raise StepError("SC214", moment.chart, found, remedy)

    @property
    def __name__(self) -> str:
        return self.name


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, or a text that JavaScript takes for one.

    >>> is_number("1000"), is_number(2.5), is_number("patience"), is_number(True)
    (True, True, False, False)
    """
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def duration(value: Any) -> timedelta | None:
    """Return the time that a number of milliseconds stands for; None when it is out of reach.

    >>> duration("1000") == timedelta(seconds=1), duration(1e300) is None
    (True, True)
    """
    number = Decimal(str(value).strip())
    if number and not -_MOST <= number.adjusted() <= _MOST:
        return None
    try:
        return timedelta(microseconds=round(number * 1000))
    except OverflowError:
        return None


def milliseconds(time: timedelta) -> int | float:
    """Return a time as a number of milliseconds.

    >>> milliseconds(timedelta(seconds=2)), milliseconds(timedelta(microseconds=1500))
    (2000, 1.5)
    """
    if time % _MILLISECOND:
        return (time // _MICROSECOND) / 1000
    return time // _MILLISECOND
