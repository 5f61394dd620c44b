"""Times: points in time of RFC 3339 in UTC, dates, times of day, and durations of ISO 8601.

A point in time without a zone is refused in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from operator import methodcaller
from typing import Any, Final

from statecharts.codec.errors import Misfit
from statecharts.codec.shapes import Shape, unwritable, wrong

_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = "[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?"
_ZONE: Final = "(Z|[+-][0-9]{2}:[0-9]{2})"
_MICROSECONDS: Final = {
    "W": 604_800_000_000,
    "D": 86_400_000_000,
    "H": 3_600_000_000,
    "M": 60_000_000,
    "S": 1_000_000,
}


def formed(
    cls: type,
    pattern: str,
    make: Callable[[str], Any],
    text_of: Callable[[Any], str],
    *texts: str,
) -> Shape:
    """Return the shape of a class whose values are strings of a form.

    Args:
        cls: The class.
        pattern: The form, as a regular expression that JSON Schema takes as well.
        make: Makes a value of such a string; raises whatever arithmetic raises.
        text_of: Makes a string of a value, which is checked.
        texts: What messages call such a value, such a string, how to write one, and what to hold.
    """
    match = re.compile(pattern).fullmatch
    text, expected, remedy, declared = texts

    def load(value: Any, _: Any = None) -> Any:
        try:
            if match(value):
                return make(value)
        except (TypeError, ValueError, ArithmeticError):
            pass
        raise wrong(expected, value, remedy)

    def dump(value: Any) -> str:
        if isinstance(value, cls):
            found = text_of(value)
            if match(found):
                return found
        raise unwritable(declared, value)

    schema = {"type": "string", "pattern": pattern}
    name = cls.__name__.lower()
    return Shape(text, load, dump, lambda _: dict(schema), frozenset({"string"}), (cls,), name)


def _in_utc(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def dump_datetime(value: Any) -> str:
    """Write a point in time in UTC."""
    if value.__class__ is datetime and value.tzinfo is UTC:
        return f"{value.isoformat()[:-6]}Z"
    if not isinstance(value, datetime):
        raise unwritable("a datetime", value)
    if value.tzinfo is None or value.utcoffset() is None:
        remedy = "Use times with a zone, such as datetime.now(UTC)"
        raise Misfit("SC421", "a datetime has no time zone", remedy, value)
    try:
        return f"{value.astimezone(UTC).isoformat()[:-6]}Z"
    except OverflowError:
        remedy = "Use a time between the years 1 and 9999"
        raise Misfit("SC421", "a datetime is out of range in UTC", remedy, value) from None


def _duration(text: str) -> timedelta:
    """Return the exact time of the text of a duration."""
    days, _, clock = text.removeprefix("-")[1:].partition("T")
    total = 0
    for number, unit in re.findall("([0-9]+)(.)", days):
        total += int(number) * _MICROSECONDS[unit]
    for number, fraction, unit in re.findall("([0-9]+)(?:[.]([0-9]+))?(.)", clock):
        total += int(number) * _MICROSECONDS[unit] + int(fraction.ljust(6, "0"))
    return timedelta(microseconds=-total if text[0] == "-" else total)


def _duration_text(value: timedelta) -> str:
    total = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    sign = "-" if total < 0 else ""
    seconds, micros = divmod(abs(total), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    clock = "".join(
        f"{number}{unit}"
        for number, unit in ((hours, "H"), (minutes, "M"), (f"{seconds}{fraction}", "S"))
        if number not in (0, "0")
    )
    head = f"{days}D" if days else ""
    return f"{sign}P{head}T{clock}" if clock else f"{sign}P{head or 'T0S'}"


DATETIME: Final = formed(
    datetime,
    f"^{_DATE}T{_TIME}{_ZONE}$",
    _in_utc,
    dump_datetime,
    "a point in time",
    "a point in time of RFC 3339",
    "Give date, time and zone, such as 2026-01-31T12:00:00Z",
    "a datetime",
)
DATETIME.dump = dump_datetime
DATETIME.write = lambda value: f'"{dump_datetime(value)}"'
DURATION: Final = formed(
    timedelta,
    "^-?P(?=[0-9T])([0-9]+W)?([0-9]+D)?"
    "(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]{1,6})?S)?)?$",
    _duration,
    _duration_text,
    "a duration",
    "a duration of ISO 8601",
    "Give a duration such as PT5M, P1DT2H or PT0.25S",
    "a timedelta",
)
DATE: Final = formed(
    *(date, f"^{_DATE}$", date.fromisoformat, methodcaller("isoformat"), "a date"),
    *("a date", "Give a date such as 2026-01-31", "a date"),
)
TIME: Final = formed(
    *(time, f"^{_TIME}{_ZONE}?$", time.fromisoformat, methodcaller("isoformat"), "a time of day"),
    "a time of day",
    "Give a time such as 12:00:00",
    "a time of day with a zone of whole minutes",
)

load_datetime: Final[Callable[[Any], datetime]] = DATETIME.load
load_timedelta: Final[Callable[[Any], timedelta]] = DURATION.load
