"""Spans of time, as Python writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_UNITS: Final = (
    ("days", timedelta(days=1)),
    ("hours", timedelta(hours=1)),
    ("minutes", timedelta(minutes=1)),
    ("seconds", timedelta(seconds=1)),
    ("milliseconds", timedelta(milliseconds=1)),
    ("microseconds", timedelta(microseconds=1)),
)


def span(duration: timedelta) -> str:
    """Return a duration as code, in the largest unit of which it is a whole number.

    >>> span(timedelta(minutes=90)), span(timedelta(milliseconds=1500))
    ('timedelta(minutes=90)', 'timedelta(milliseconds=1500)')
    """
    if not duration:
        return "timedelta(0)"
    name, unit = next(pair for pair in _UNITS if not duration % pair[1])
    return f"timedelta({name}={duration // unit})"
