"""Formats of dates: recognized by the values of a column, with SQL that extracts the day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen

from machines.investigation.calls import Scalar

VALID_DAY: Final = "[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
"""The pattern of a day for GLOB."""

_FIRST_EPOCH: Final = 820_454_400  # 1996
_LAST_EPOCH: Final = 2_524_608_000  # 2050
_FIRST_JULIAN: Final = 2_450_000  # 1995
_LAST_JULIAN: Final = 2_470_000  # 2050
_FAR: Final = "far"
_DIRT: Final = 0.1  # part of the cells that may be something else
_FAMILIES: Final = tuple(
    frozenset(names.split())
    for names in (
        "iso_date iso_time",
        "slashed_date slashed_time",
        "day_first_date either_date month_first_date day_first_time either_time month_first_time",
    )
)
_NEVER: Final = ("9999-", "0000-", "0001-", "1900-01-01", "9999/", "2999-")
"""Beginnings of dates that mean "no date"."""
_CLEAR: Final = 12  # a larger number is a day of the month, not a month


@frozen
class DateFormat:
    """A format of dates.

    Attributes:
        name: Its name.
        day: SQL for the day, ``2026-03-02``, with ``{}`` for the column.
        moment: SQL for the Julian day with its fraction, in the same way.
        hour: SQL for the hour; None without one.
    """

    name: str
    day: str
    moment: str
    hour: str | None = None


def _iso(name: str, rest: str) -> DateFormat:
    day = (
        "replace(substr({}, 1, 10), '/', '-')"
        if name.startswith("slashed")
        else "substr({}, 1, 10)"
    )
    if not rest:
        return DateFormat(name, day, f"julianday({day})")
    moment = f"julianday({day} || ' ' || substr({{}}, 12, 8))"
    return DateFormat(name, day, moment, "CAST(substr({}, 12, 2) AS INTEGER)")


_COMPACT: Final = "(substr({}, 1, 4) || '-' || substr({}, 5, 2) || '-' || substr({}, 7, 2))"
_DAY_FIRST: Final = "(substr({}, 7, 4) || '-' || substr({}, 4, 2) || '-' || substr({}, 1, 2))"
_MONTH_FIRST: Final = "(substr({}, 7, 4) || '-' || substr({}, 1, 2) || '-' || substr({}, 4, 2))"


def _turned(name: str, day: str, rest: str) -> DateFormat:
    if not rest:
        return DateFormat(name, day, f"julianday({day})")
    moment = f"julianday({day} || ' ' || substr({{}}, 12, 5))"
    return DateFormat(name, day, moment, "CAST(substr({}, 12, 2) AS INTEGER)")


def _counted(name: str, seconds: str) -> DateFormat:
    return DateFormat(
        name,
        f"date({seconds}, 'unixepoch')",
        f"({seconds} / 86400.0 + 2440587.5)",
        f"CAST(strftime('%H', {seconds}, 'unixepoch') AS INTEGER)",
    )


FORMATS: Final[Mapping[str, DateFormat]] = MappingProxyType(
    {
        one.name: one
        for one in (
            _iso("iso_date", ""),
            _iso("iso_time", "time"),
            _iso("slashed_date", ""),
            _iso("slashed_time", "time"),
            DateFormat("compact", _COMPACT, f"julianday({_COMPACT})"),
            _turned("day_first_date", _DAY_FIRST, ""),
            _turned("day_first_time", _DAY_FIRST, "time"),
            _turned("month_first_date", _MONTH_FIRST, ""),
            _turned("month_first_time", _MONTH_FIRST, "time"),
            _counted("epoch_s", "{}"),
            _counted("epoch_ms", "({} / 1000)"),
            DateFormat("julian", "date({})", "({} + 0.0)", "CAST(strftime('%H', {}) AS INTEGER)"),
        )
    }
)
"""Every known format by its name."""

_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?", re.ASCII)
_ZONE: Final = re.compile(r"[T ]\d\d:\d\d.*?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_ISO: Final = re.compile(r"(\d{4})([-/])(\d\d)\2(\d\d)(?:[T ](\d\d):\d\d(?::\d\d)?.*)?", re.ASCII)
_TURNED: Final = re.compile(r"(\d\d)[./-](\d\d)[./-](\d{4})(?: (\d\d):\d\d.*)?", re.ASCII)
_DIGITS: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)


def format_of(values: Sequence[Scalar]) -> DateFormat | None:
    """Return the format of some dates; None if the values are not dates.

    >>> format_of(["2026-03-02T10:00:00", "2026-03-03T11:30:00"]).name
    'iso_time'
    >>> format_of([1772445600, 1772449200]).name, format_of([17, 4, 2026])
    ('epoch_s', None)
    """
    given = [one for one in values if one is not None and one != ""]
    found = Counter(_name_of(one) for one in given)
    found.pop(_FAR, None)
    strange = found.pop(None, 0)
    kinds = set(found)
    # A few cells that are not dates are dirt.
    if not kinds or strange > _DIRT * sum(found.values()):
        return None
    for family in _FAMILIES:
        if kinds <= family:
            return _of_family(kinds)
    name, most = found.most_common(1)[0]
    return FORMATS.get(str(name)) if most >= (1 - _DIRT) * len(given) else None


def clock_like(values: Sequence[Scalar]) -> bool:
    """Tell whether values are times of day, ``10:15`` or ``10:15:00``, without a date.

    >>> clock_like(["09:15", "23:59:59"]), clock_like(["2026-03-02"]), clock_like([])
    (True, False, False)
    """
    return bool(values) and all(isinstance(one, str) and _CLOCK.fullmatch(one) for one in values)


def zone_of(values: Sequence[Scalar]) -> str | None:
    """Return the zone of times, ``Z`` or ``+01:00``: empty without one, None if they differ.

    >>> zone_of(["2026-03-02T10:00:00Z"]), zone_of(["2026-03-02 10:00"]), zone_of([1772445600])
    ('Z', '', None)
    """
    texts = [one for one in values if isinstance(one, str)]
    ends = {found[1] if (found := _ZONE.search(one)) else "" for one in texts}
    return ends.pop() if len(ends) == 1 else None


def timed_by(dates: DateFormat, clock: str) -> DateFormat:
    """Return a format of days with the time of day in another column, given as SQL.

    >>> timed_by(FORMATS["iso_date"], 't."at"').hour
    'CAST(substr(t."at", 1, 2) AS INTEGER)'
    """
    moment = f"julianday({dates.day} || ' ' || {clock})"
    return evolve(dates, moment=moment, hour=f"CAST(substr({clock}, 1, 2) AS INTEGER)")


def _of_family(kinds: set[str | None]) -> DateFormat | None:
    names = {str(one) for one in kinds}
    if len(names) == 1 and names <= set(FORMATS):
        return FORMATS[names.pop()]
    if any(one.startswith(("iso", "slashed")) for one in names):
        # A moment at midnight may be written as a date.
        return FORMATS["iso_time" if "iso_time" in names else "slashed_time"]
    return _of_turned(names)


def _of_turned(kinds: set[str]) -> DateFormat | None:
    suffix = "time" if any(kind.endswith("time") for kind in kinds) else "date"
    first = any(kind.startswith("day") for kind in kinds)
    if first and any(kind.startswith("month") for kind in kinds):
        return None
    month = any(kind.startswith("month") for kind in kinds)
    return FORMATS[f"{'month' if month else 'day'}_first_{suffix}"]


def _name_of(value: Scalar) -> str | None:
    match value:
        case bool():
            return None
        case int() | float():
            return _of_number(value)
        case str():
            return _of_text(value)
        case _:
            return None


def _of_number(value: float) -> str | None:
    if _FIRST_EPOCH <= value <= _LAST_EPOCH:
        return "epoch_s"
    if _FIRST_EPOCH * 1000 <= value <= _LAST_EPOCH * 1000:
        return "epoch_ms"
    if not isinstance(value, int) and _FIRST_JULIAN <= value <= _LAST_JULIAN:
        return "julian"
    if found := _DIGITS.fullmatch(str(value)):
        return "compact" if _is_day(*map(int, found.groups())) else None
    return None


def _of_text(text: str) -> str | None:
    if text.startswith(_NEVER) and _ISO.fullmatch(text):
        return _FAR
    if found := _ISO.fullmatch(text):
        year, mark, month, day, hour = found.groups()
        kind = "iso" if mark == "-" else "slashed"
        good = _is_day(int(year), int(month), int(day))
        return f"{kind}_{'time' if hour else 'date'}" if good else None
    if found := _TURNED.fullmatch(text):
        first, second, _, hour = found.groups()
        suffix = "time" if hour else "date"
        if int(first) > _CLEAR:
            return f"day_first_{suffix}"
        return f"{'month_first' if int(second) > _CLEAR else 'either'}_{suffix}"
    if found := _DIGITS.fullmatch(text):
        return "compact" if _is_day(*map(int, found.groups())) else None
    return None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1950 <= year <= 2100  # noqa: PLR2004 - years likely in a database


def order_of(value: Scalar, fmt: DateFormat) -> float | None:
    """Return a number of days by which values of one format can be ordered.

    >>> order_of("2026-03-02", FORMATS["iso_date"]) - order_of("2026-03-01", FORMATS["iso_date"])
    1.0
    """
    read: Callable[[], float]
    if fmt.name == "epoch_s" and isinstance(value, int | float):
        read = lambda: value / 86400  # noqa: E731
    elif fmt.name == "epoch_ms" and isinstance(value, int | float):
        read = lambda: value / 86_400_000  # noqa: E731
    elif fmt.name == "julian" and isinstance(value, int | float):
        read = lambda: float(value) - 2440587.5  # noqa: E731
    else:
        read = lambda: _ordinal(str(value), fmt.name)  # noqa: E731
    try:
        return read()
    except (ValueError, IndexError):
        return None


def _ordinal(text: str, name: str) -> float:
    if name == "compact":
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    elif name.startswith("day_first"):
        text = f"{text[6:10]}-{text[3:5]}-{text[:2]}{text[10:]}"
    elif name.startswith("month_first"):
        text = f"{text[6:10]}-{text[:2]}-{text[3:5]}{text[10:]}"
    text = text.replace("/", "-")[:19]
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return moment.timestamp() / 86400
