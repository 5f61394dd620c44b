"""Times: points in time of RFC 3339 in UTC, dates, times of day, and durations of ISO 8601.

A point in time without a zone is refused in both directions.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from statecharts.codec.errors import Misfit
from statecharts.codec.shapes import unwritable, wrong

_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = "[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?"
_ZONE: Final = "(Z|[+-][0-9]{2}:[0-9]{2})"
PATTERNS: Final = {
    "datetime": f"^{_DATE}T{_TIME}{_ZONE}$",
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}{_ZONE}?$",
    "timedelta": (
        "^-?P(?=[0-9T])([0-9]+W)?([0-9]+D)?"
        "(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]{1,6})?S)?)?$"
    ),
}
"""The forms of these strings, as regular expressions that JSON Schema takes as well."""

_COMPILED: Final = {name: re.compile(text).fullmatch for name, text in PATTERNS.items()}
_MICROSECONDS: Final = {
    "W": 604_800_000_000,
    "D": 86_400_000_000,
    "H": 3_600_000_000,
    "M": 60_000_000,
    "S": 1_000_000,
}


def load_datetime(value: Any, _: Any = None) -> datetime:
    """Read a point in time of RFC 3339; what it is in UTC."""
    try:
        if _COMPILED["datetime"](value):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo is UTC else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    remedy = "Give date, time and zone, such as 2026-01-31T12:00:00Z"
    raise wrong("a point in time of RFC 3339", value, remedy)


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
        return value.astimezone(UTC).isoformat()[:-6] + "Z"
    except OverflowError:
        remedy = "Use a time between the years 1 and 9999"
        raise Misfit("SC421", "a datetime is out of range in UTC", remedy, value) from None


def load_date(value: Any, _: Any = None) -> date:
    """Read a date of ISO 8601."""
    try:
        if _COMPILED["date"](value):
            return date.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise wrong("a date", value, "Give a date such as 2026-01-31")


def dump_date(value: Any) -> str:
    """Write a date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise unwritable("a date", value)


def load_time(value: Any, _: Any = None) -> time:
    """Read a time of day of ISO 8601."""
    try:
        if _COMPILED["time"](value):
            return time.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise wrong("a time of day", value, "Give a time such as 12:00:00")


def dump_time(value: Any) -> str:
    """Write a time of day."""
    if isinstance(value, time):
        text = value.isoformat()
        if _COMPILED["time"](text):
            return text
    raise unwritable("a time of day with a zone of whole minutes", value)


def load_timedelta(value: Any, _: Any = None) -> timedelta:
    """Read a duration of ISO 8601, of weeks, days, hours, minutes and seconds."""
    try:
        found = _COMPILED["timedelta"](value)
        if found:
            return timedelta(microseconds=_microseconds(value))
    except (TypeError, ValueError, OverflowError):
        pass
    remedy = "Give a duration such as PT5M, P1DT2H or PT0.25S"
    raise wrong("a duration of ISO 8601", value, remedy)


def _microseconds(text: str) -> int:
    """Return the microseconds of a duration, exactly."""
    days, _, clock = text.removeprefix("-")[1:].partition("T")
    total = 0
    for number, unit in re.findall("([0-9]+)(.)", days):
        total += int(number) * _MICROSECONDS[unit]
    for number, fraction, unit in re.findall("([0-9]+)(?:[.]([0-9]+))?(.)", clock):
        total += int(number) * _MICROSECONDS[unit] + int(fraction.ljust(6, "0"))
    return -total if text[0] == "-" else total


def dump_timedelta(value: Any) -> str:
    """Write a duration in days, hours, minutes and seconds."""
    if not isinstance(value, timedelta):
        raise unwritable("a timedelta", value)
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
