"""Durations, as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_UNITS: Final = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
)


def duration_text(duration: timedelta) -> str:
    """Return a duration in the units that people count in; never rounded.

    >>> duration_text(timedelta(minutes=90)), duration_text(timedelta(milliseconds=250))
    ('1 h 30 min', '250 ms')
    >>> duration_text(timedelta(days=1, seconds=1.5)), duration_text(timedelta(0))
    ('1 d 1.5 s', '0 s')
    """
    if duration < timedelta(0):
        return f"-{duration_text(-duration)}"
    parts: list[str] = []
    rest = duration
    for unit, symbol in _UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {symbol}")
    if rest >= _SECOND or (rest and parts):
        parts.append(f"{_decimal(rest, _SECOND)} s")
    elif rest >= _MILLISECOND:
        parts.append(f"{_decimal(rest, _MILLISECOND)} ms")
    elif rest:
        parts.append(f"{rest.microseconds} µs")
    return " ".join(parts) or "0 s"


def _decimal(duration: timedelta, unit: timedelta) -> str:
    whole, rest = divmod(duration, unit)
    digits = len(str(unit // timedelta(microseconds=1))) - 1
    fraction = f"{rest.microseconds:0{digits}d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)
