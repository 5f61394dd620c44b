"""Arguments: what the functions that users call are given, told at once where it cannot be meant.

    check("rollback", to=(to, optional(NUMBER)))

A value of the wrong kind would else fail somewhere inside, with an error that names neither the
argument nor the remedy, or be taken for something that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, final

from attrs import frozen

from statecharts.model.errors import ArgumentError
from statecharts.model.values import repr_of

_SHOWN: Final = 60
"""The longest value that a message shows whole."""


@final
@frozen
class Sort:
    """A sort of values that an argument takes.

    Attributes:
        told: What it is, in words that follow "Pass".
        fits: Tells whether a value is of it.
    """

    told: str
    fits: Callable[[Any], object]


def check(where: str, /, **given: tuple[Any, Sort]) -> None:
    """Refuse arguments that are not of their sort.

    Args:
        where: The function that was called.
        given: Each argument, and its sort, by its name.

    Raises:
        ArgumentError: One is not (SC221).

    >>> check("suspend", reason=("", TEXT))
    >>> check("suspend", reason=(3, TEXT))
    Traceback (most recent call last):
        ...
    statecharts.model.errors.ArgumentError: [SC221] suspend: reason=3 does not fit. Pass a text.
    """
    for name, (value, sort) in given.items():
        if not sort.fits(value):
            found = f"{name}={shown(value)} does not fit"
            raise ArgumentError("SC221", where, found, f"Pass {sort.told}")


def valid(sort: Sort) -> Any:
    """Return the validator of an attrs field that takes only what is of a sort."""

    def validate(owner: Any, attribute: Any, value: Any) -> None:
        check(type(owner).__name__, **{attribute.name: (value, sort)})

    return validate


def shown(value: object) -> str:
    """Return a value as a message shows it: not more than a line of it.

    >>> shown("a" * 99)
    'an instance of str'
    """
    text = repr_of(value)
    return text if text and len(text) <= _SHOWN else f"an instance of {type(value).__name__}"


def instance(of: type, told: str) -> Sort:
    """Return the sort of the instances of a class; classes themselves are none."""
    return Sort(told, lambda value: isinstance(value, of) and not isinstance(value, type))


def optional(sort: Sort) -> Sort:
    """Return a sort to which None belongs as well.

    >>> optional(TEXT).told
    'a text, or None'
    """
    return Sort(f"{sort.told}, or None", lambda value: value is None or sort.fits(value))


def classes(of: type, told: str) -> Sort:
    """Return the sort of collections of classes that derive from one.

    >>> classes(Exception, "classes of errors").fits((ValueError, OSError))
    True
    """

    def fits(value: Any) -> bool:
        if isinstance(value, type | str | Mapping) or not isinstance(value, Iterable):
            return False
        return all(isinstance(one, type) and issubclass(one, of) for one in value)

    return Sort(told, fits)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TEXT: Final = instance(str, "a text")
KEY: Final = Sort("a text that is not empty", lambda value: isinstance(value, str) and value)
EVENT: Final = Sort(
    "an event: an instance, such as Paid()",
    lambda value: value is not None and not isinstance(value, type),
)
FLAG: Final = instance(bool, "True or False")
ENTRY: Final = Sort("the number of an entry, a whole number", _is_whole)
NUMBER: Final = Sort("a whole number from 0 on", lambda value: _is_whole(value) and value >= 0)
COUNT: Final = Sort("a whole number from 1 on", lambda value: _is_whole(value) and value >= 1)
AMOUNT: Final = Sort(
    "a number from 0 on",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= 0,
)
FUNCTION: Final = Sort("a function", callable)
DURATION: Final = instance(timedelta, "a timedelta, such as timedelta(seconds=30)")
SPAN: Final = Sort(
    "a time above 0, such as timedelta(seconds=30)",
    lambda value: isinstance(value, timedelta) and value > timedelta(),
)
WAIT: Final = Sort(
    "a time that is not negative, such as timedelta(seconds=30)",
    lambda value: isinstance(value, timedelta) and value >= timedelta(),
)
TIME: Final = Sort(
    "a datetime with a time zone, such as datetime(2026, 1, 31, tzinfo=UTC)",
    lambda value: isinstance(value, datetime) and value.utcoffset() is not None,
)
