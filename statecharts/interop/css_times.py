"""Times: durations as in CSS 2, ``1.5s`` or ``200ms``, and in the schema of SCXML, ``5m``."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

_TIME: Final = re.compile(r"\s*\+?(\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})(ms|[smhd])\s*", re.IGNORECASE)
_SECOND: Final = timedelta(seconds=1)
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def css_time(text: str) -> timedelta | None:
    """Return the time of a text, or None when it is not a time.

    >>> css_time("1.5s") == timedelta(seconds=1.5), css_time("2m"), css_time("5 minutes")
    (True, datetime.timedelta(seconds=120), None)
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    scale = round(_UNITS[match[2].lower()] * 1_000_000)
    try:
        return timedelta(microseconds=round(Decimal(match[1]) * scale))
    except OverflowError:
        return None


def css_text(time: timedelta) -> str:
    """Return a time as text of CSS 2.

    >>> css_text(timedelta(minutes=5)), css_text(timedelta(milliseconds=250))
    ('300s', '250ms')
    """
    if time % _SECOND == timedelta(0):
        return f"{time // _SECOND}s"
    unit, scale = ("ms", 1_000) if abs(time) < _SECOND else ("s", 1_000_000)
    number = Decimal(time // timedelta(microseconds=1)) / scale
    return f"{number.normalize():f}{unit}"
