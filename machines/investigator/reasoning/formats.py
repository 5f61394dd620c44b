"""Formats of dates: recognized by the values of a column, with SQL that extracts the day.

The database groups the rows by day, so a format has to be SQL; a library that reads dates in Python
could tell a format, but not make the query.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from attrs import evolve, frozen

from machines.investigation.calls import Scalar

VALID_DAY: Final = "[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
"""The pattern of a day for GLOB."""

_FIRST_EPOCH: Final = 820_454_400  # 1996: smaller numbers are amounts and ids more often than times
_LAST_EPOCH: Final = 2_524_608_000  # 2050
_SERIAL_DAYS: Final = (2_450_083, 2_465_424)  # 1996 to 2037, of numbers that a name makes days
_FIRST_JULIAN: Final = 2_415_020  # 1900
_LAST_JULIAN: Final = 2_470_000  # 2050
_SERIALS: Final = {
    "excel": 2_415_018.5,
    "mjd": 2_400_000.5,
    "epoch_d": 2_440_587.5,
    "ordinal": 1_721_424.5,
}
"""The Julian day of day 0: of spreadsheets, astronomers, days since 1970, and since the year 1."""
_OLDEST: Final = -2_208_988_800  # 1900
_NAMED: Final = re.compile(
    r"(?i)date|stamp|excel|serial|julian|mjd|ordinal|month|period|(?:^|_)(?:day|at|on|when|dt|ts)$"
)
"""The names by which a number is a day that could be anything else."""
_YEARS: Final = range(1950, 2101)  # of eight digits, which may be a number as well
_YEAR_NAMES: Final = frozenset(map(str, _YEARS))
_DIRT: Final = 0.1  # part of the cells that may be something else, if dates could be, too
_AMOUNTS: Final = ("epoch", "julian", "compact", "excel", "mjd", "ordinal")
_MOST: Final = 0.5  # part of the cells that must have one format, if others have another
_CLEAR: Final = 12  # a larger number is a day of the month, not a month
_NEVER: Final = ("9999-", "0000-", "0001-", "1900-01-01", "9999/", "2999-")
"""Beginnings of dates that mean "no date"."""
_UNITS: Final = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
_MONTHS: Final = (
    "january januari janvier enero gennaio janeiro",
    "february februari février fevrier febrero febbraio fevereiro",
    "march marzo märz mars maart mrt março marco",
    "april avril abril aprile",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august augustus août aout agosto",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre decembre diciembre dicembre dezembro",
)
"""The names of months in English, German, French, Spanish, Italian, Portuguese and Dutch."""
_WIDE: Final = max(map(len, _MONTHS)) + 1
_NAMES_OF_MONTHS: Final = "".join(f" {names:<{_WIDE}}" for names in _MONTHS)
"""The names, each after a blank, those of each month in as many letters: SQL finds them as well."""
_SHORTEST: Final = 3  # letters of a name: Mar., Sept.
_WEEKDAYS: Final = (
    " monday tuesday wednesday thursday friday saturday sunday"
    " montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag"
    " lundi mardi mercredi jeudi vendredi samedi dimanche"
    " lunes martes miércoles miercoles jueves viernes sábado sabado domingo"
    " lunedì martedì mercoledì giovedì venerdì sabato domenica"
    " segunda terça quarta quinta sexta"
    " maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)


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

    @property
    def coarse(self) -> bool:
        """Whether it tells weeks, months or quarters, and no days."""
        return self.name in ("month", "compact6", "bY", "week", "quarter", "quarterY")


@frozen
class _Seen:
    """A date as it is written: its format, and its day as a number with a fraction.

    Attributes:
        name: The format, without the order of day, month and year.
        at: The days since 1970, by each order that it may have; by an empty one if there is one.
        timed: Whether it has a time of day.
    """

    name: str
    at: Mapping[str, float]
    timed: bool = False


def format_of(values: Sequence[Scalar], name: str = "") -> DateFormat | None:
    """Return the format of some dates; None if the values are not dates.

    Of several formats it is the one that most values have, if more than half of them do. Numbers
    that count days are dates if the name of their column says so.

    >>> format_of(["2026-03-02T10:00:00", "2026-03-03T11:30:00"]).name
    'iso_time'
    >>> format_of(["3/2/2026", "3/13/2026"]).name, format_of([17, 4, 2026])
    ('mdy/4_date', None)
    """
    given = [one for one in values if one is not None and one != ""]
    given = [one for one in given if not (isinstance(one, str) and one.startswith(_NEVER))]
    named = bool(_NAMED.search(name))
    seen = [one for value in given if (one := _seen(value, named=named)) is not None]
    # Text with the marks of a date is nothing else, even if other text is beside it.
    sure = all("b" not in one.name and not one.name.startswith(_AMOUNTS) for one in seen)
    dirt = _MOST if sure else _DIRT
    if not seen or len(seen) < (1 - dirt) * len(given):
        return None
    # Days and months of one figure make all of them numbers of any width.
    names = {one.name for one in seen}
    found = [loose if (loose := _loose(one.name)) in names else one.name for one in seen]
    most_of, most = Counter(found).most_common(1)[0]
    mine = [one for one, is_ in zip(seen, found, strict=True) if is_ == most_of]
    if most <= _MOST * len(given):
        return None
    order = _order(mine)
    # A moment at midnight may be written as a date.
    dates = _format(most_of, order, timed=any(one.timed for one in mine))
    if dates is None or all(not isinstance(one, str) or one == _plain(one) for one in given):
        return dates
    day, moment, hour = (
        one.replace("{}", "replace(trim({}), ' de ', ' ')")
        for one in (dates.day, dates.moment, dates.hour or "")
    )
    return DateFormat(dates.name, day, moment, hour or None)


def _order(seen: Sequence[_Seen]) -> str:
    """Return the order of the parts that most dates may have; of several, that of fewest years.

    >>> format_of(["26-03-02", "26-03-19"]).name, format_of(["02-03-26", "19-03-26"]).name
    ('ymd-2_date', 'dmy-2_date')
    """
    orders = Counter(order for one in seen for order in one.at)
    years = {
        order: {one.at[order] // 365.25 for one in seen if order in one.at} for order in orders
    }
    return max(orders, key=lambda one: (orders[one], -len(years[one]), one == "dmy"))


def unread(values: Sequence[Scalar], name: str) -> str | None:
    """Return why a column is not read by day that seems to have dates; None if it does not.

    >>> unread([2024, 2025], "year"), unread(["2 de março"], "sold_on"), unread([7], "sold_on")
    ('has years alone', 'has dates in a form that is not read', None)
    """
    if "year" in name.lower() and values and all(str(one) in _YEAR_NAMES for one in values):
        return "has years alone"
    texts = [one for one in values if isinstance(one, str) and any(map(str.isdigit, one))]
    if _NAMED.search(name) and values and len(texts) > _MOST * len(values):
        return "has dates in a form that is not read"
    return None


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

    >>> timed_by(format_of(["2026-03-02"]), 't."at"').hour
    'CAST(substr(t."at", 1, 2) AS INTEGER)'
    """
    moment = f"julianday({dates.day} || ' ' || {clock})"
    return evolve(dates, moment=moment, hour=f"CAST(substr({clock}, 1, 2) AS INTEGER)")


def of_parts(year: str, month: str, day: str) -> DateFormat:
    """Return the format of days whose year, month and day have columns of their own."""
    return _untimed("parts", _padded(year, month, day))


def order_of(value: Scalar, fmt: DateFormat) -> float | None:
    """Return a number of days by which values of one format can be ordered.

    >>> dates = format_of(["2026-03-02"])
    >>> order_of("2026-03-02", dates) - order_of("2026-03-01", dates)
    1.0
    """
    seen = _seen(value, named=True)
    if seen is None or fmt.name not in _names(seen):
        return None
    return seen.at.get(fmt.name[:3], next(iter(seen.at.values())))


# One value.

_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?", re.ASCII)
_ZONE: Final = re.compile(r"[T ]\d\d:\d\d.*?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_TEXT: Final = re.compile(
    r"(?P<w>[A-Za-zÀ-ÿ]{3,10},? )?(?P<a>\d{1,4}|[A-Za-zÀ-ÿ]{3,10})\.?(?P<s>[-/. ])"
    r"(?P<b>\d{1,2}|[A-Za-zÀ-ÿ]{3,10}\.?),?(?P=s)(?P<c>\d{4}|\d{1,2})"
    r"(?:(?:T|:|,? )(?P<h>\d{1,2}):(?P<m>\d\d)(?::\d\d(?:\.\d+)?)?(?P<p> ?[AaPp]\.?[Mm]\.?)?"
    r"(?: ?(?:Z|[A-Z]{3,4}|[+-]\d\d:?\d\d)(?: \([A-Z]{3,4}\))?)?)?",
    re.ASCII,
)
_DIGITS: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(?:\d\d)?Z?)?", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?", re.ASCII)
_NTH: Final = re.compile(r"(\d{4})-([0-3]\d\d)", re.ASCII)
_FRACTION: Final = re.compile(r"\d{9,}\.\d+", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_COMPACT_MONTH: Final = re.compile(r"(\d{4})(0[1-9]|1[0-2])", re.ASCII)
_NAMED_MONTH: Final = re.compile(r"([A-Za-zÀ-ÿ]{3,10})\.?[-/. ](\d{4})", re.ASCII)
_QUARTER: Final = re.compile(r"(?i)(\d{4})[-/ ]?q([1-4])|q([1-4])[-/ ]?(\d{4})", re.ASCII)
_JOINED: Final = re.compile(
    r"(\d\d)([A-Za-z]{3})(\d{4})(?:[: ](\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?)?", re.ASCII
)


def _seen(value: Scalar, *, named: bool) -> _Seen | None:
    match value:
        case bool():
            return None
        case int() | float():
            return _of_number(value, named=named)
        case str():
            return _of_text(_plain(value), named=named)
        case _:
            return None


def _plain(text: str) -> str:
    return text.strip().replace(" de ", " ")  # 2 de mayo de 2026


def _of_number(value: float, *, named: bool = False) -> _Seen | None:
    for name, unit in _UNITS.items():
        if _FIRST_EPOCH * unit <= value <= _LAST_EPOCH * unit:
            return _dated(name, value / unit / 86_400, timed=True)
    if not isinstance(value, int) and _FIRST_JULIAN <= value <= _LAST_JULIAN:
        return _dated("julian", value - 2_440_587.5, timed=True)
    if isinstance(value, int) and (seen := _of_digits(str(value), named=named)):
        return seen
    if not named:
        return None
    if _OLDEST <= value <= -_FIRST_EPOCH // 10:
        return _dated("epoch_s", value / 86_400, timed=True)
    for name, zero in {"julian": 0.0, **_SERIALS}.items():
        if _SERIAL_DAYS[0] <= value + zero <= _SERIAL_DAYS[1]:
            return _dated(name, value + zero - 2_440_587.5, timed=isinstance(value, float))
    return None


def _of_digits(text: str, *, named: bool = True) -> _Seen | None:
    if named and (found := _COMPACT_MONTH.fullmatch(text)) and int(found[1]) in _YEARS:
        return _dated("compact6", _days(int(found[1]), int(found[2]), 1))
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute = (int(one or 0) for one in found.groups())
    if year not in _YEARS:
        return None
    name = "compact" if found[4] is None else "compactT" if "T" in text else "compact14"
    return _dated(name, _days(year, month, day, hour, minute), timed=found[4] is not None)


def _of_text(text: str, *, named: bool) -> _Seen | None:
    if found := _TEXT.fullmatch(text):
        return _of_parts(found)
    if text.isascii() and text.isdigit():
        seconds = _of_number(int(text)) if len(text) >= 9 else None  # noqa: PLR2004 - or more
        return _of_digits(text, named=named) or seconds
    if _FRACTION.fullmatch(text):
        return _of_number(float(text))
    if found := _MONTH.fullmatch(text):
        return _dated("month", _days(int(found[1]), int(found[2]), 1))
    if found := _NAMED_MONTH.fullmatch(text):
        return _dated("bY", _days(int(found[2]), _month(found[1]), 1))
    if found := _QUARTER.fullmatch(text):
        first, last = found[1] or found[4], found[2] or found[3]
        name = "quarter" if found[1] else "quarterY"
        return _dated(name, _days(int(first), 3 * int(last) - 2, 1))
    if found := _JOINED.fullmatch(text):
        day, month, year, hour, minute = found.groups()
        at = _days(int(year), _month(month), int(day), int(hour or 0), int(minute or 0))
        return _dated("dbY", at, timed=hour is not None)
    if found := _WEEK.fullmatch(text):
        first = _days(int(found[1]), 1, 1)
        day = int(found[3] or 1) - 1
        at = None if first is None else first + 7 * (int(found[2]) - 1) + day
        return _dated("weekday" if found[3] else "week", at)
    if found := _NTH.fullmatch(text):
        first = _days(int(found[1]), 1, 1)
        return _dated("nth", None if first is None else first + int(found[2]) - 1)
    return _of_digits(text)


def _dated(name: str, at: float | None, *, timed: bool = False) -> _Seen | None:
    return None if at is None else _Seen(name, {"": at}, timed)


def _of_parts(found: re.Match[str]) -> _Seen | None:
    a, mark, b, c = found["a"], found["s"], found["b"], found["c"]
    hour, minute = int(found["h"] or 0), int(found["m"] or 0)
    if found["w"] and _named(found["w"], _WEEKDAYS) < 0:
        return None
    if found["p"]:
        hour = hour % 12 + 12 * ("p" in found["p"].lower())
    clock = "p" if found["p"] else ""
    rest = (hour, minute)
    timed = found["h"] is not None
    start = "w" if found["w"] else ""
    if len(a) == 4 and a.isdigit():  # noqa: PLR2004 - a year
        at = _days(int(a), _month(b), int(c), *rest)
        wide = len(b) == len(c) == 2 and mark in "-/" and not clock and not start  # noqa: PLR2004
        name = {"-": "iso", "/": "slashed"}[mark] if wide else f"{start}ymd{mark}{clock}"
        return _dated(name, at, timed=timed)
    if len(c) not in (2, 4):
        return None
    year = int(c) if len(c) == 4 else _century(c)  # noqa: PLR2004 - the whole of it
    kind = f"{mark}{len(c)}{clock}"
    b = b.rstrip(".")
    if a.isalpha() or b.isalpha():
        first, word = (b, a) if a.isalpha() else (a, b)
        at = _days(year, _month(word), int(first), *rest) if first.isdigit() else None
        name = f"{start}{'bdy' if a.isalpha() else 'dby'}{kind}"
        return _dated(name, at, timed=timed)
    orders = {"dmy": (year, b, a), "mdy": (year, a, b)}
    if len(a) == len(c) == 2:  # noqa: PLR2004 - either may be the year
        orders["ymd"] = (_century(a), b, c)
    days = {order: _days(y, int(m), int(d), *rest) for order, (y, m, d) in orders.items()}
    known = {order: at for order, at in days.items() if at is not None}
    return _Seen(f"{start}{kind}", known, timed) if known else None


def _century(year: str) -> int:
    """Return the year of two figures, as POSIX has it."""
    return int(year) + (2000 if int(year) < 70 else 1900)  # noqa: PLR2004 - see above


def _month(text: str) -> int:
    """Return the number of a month, given as a number or as a name or its beginning; 0 if none."""
    if text.isdigit():
        return int(text)
    at = _named(text, _NAMES_OF_MONTHS)
    return at // (_WIDE + 1) + 1 if at >= 0 else 0


def _named(text: str, names: str) -> int:
    """Return the place of a name among names after blanks, be it cut short; -1 if it is not there.

    Letters are the same in either case if SQLite says so: those without an accent.
    """
    lower = "".join(one.lower() if one.isascii() else one for one in text.rstrip("., "))
    return names.find(f" {lower}") if len(lower) >= _SHORTEST else -1


def _days(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> float | None:
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return (at.date() - date(1970, 1, 1)).days + (hour * 60 + minute) / 1440


# A format.


def _names(seen: _Seen) -> set[str]:
    """Return the names of the formats that a value may have."""
    names = {f"{order}{one}" for order in seen.at for one in (seen.name, _loose(seen.name))}
    return {f"{name}{end}" for name in names for end in ("_date", "_time", "")}


def _loose(name: str) -> str:
    """Return the name of a format whose days and months may have one figure."""
    return {"iso": "ymd-", "slashed": "ymd/"}.get(name, name)


def _format(name: str, order: str, *, timed: bool) -> DateFormat | None:
    full = f"{order}{name}"
    if name in _UNITS:
        seconds = f"(CAST({{}} AS INTEGER) / {_UNITS[name]})"
        hour = f"CAST(strftime('%H', {seconds}, 'unixepoch') AS INTEGER)"
        day, moment = f"date({seconds}, 'unixepoch')", f"({seconds} / 86400.0 + 2440587.5)"
        return DateFormat(full, day, moment, hour)
    if name == "julian" or name in _SERIALS:
        # A part of a second more: fractions of a day are rounded.
        moment = f"({{}} + {_SERIALS.get(name, 0.0) + 1e-5})"
        clock = f"CAST(strftime('%H', {moment}) AS INTEGER)" if timed else None
        return DateFormat(full, f"date({moment})", moment, clock)
    if name in ("compact", "compactT", "compact14"):
        day = "(substr({}, 1, 4) || '-' || substr({}, 5, 2) || '-' || substr({}, 7, 2))"
        at = 10 if name == "compactT" else 9
        return _clocked(
            full, day, f"substr({{}}, {at}, 2)", f"substr({{}}, {at + 2}, 2)", timed=timed
        )
    if name == "month":
        return _untimed(full, "({} || '-01')")
    if name == "compact6":
        return _untimed(full, "(substr({}, 1, 4) || '-' || substr({}, 5, 2) || '-01')")
    if name == "bY":
        return _untimed(
            full, _padded("substr({}, -4)", _word("substr({}, 1, length({}) - 5)"), "1")
        )
    if name == "dbY":
        day = _padded("substr({}, 6, 4)", _word("substr({}, 3, 3)"), "substr({}, 1, 2)")
        return _clocked(full, day, "substr({}, 11, 2)", "substr({}, 14, 2)", timed=timed)
    if name in ("quarter", "quarterY"):
        year = "substr({}, -4)" if name == "quarterY" else "substr({}, 1, 4)"
        month = "(3 * substr({}, instr(upper({}), 'Q') + 1, 1) - 2)"
        return _untimed(full, _padded(year, month, "1"))
    if name == "nth":
        return _untimed(
            full, "date(substr({}, 1, 4) || '-01-01', (substr({}, 6, 3) - 1) || ' days')"
        )
    if name in ("week", "weekday"):
        # The Monday of a week: the fourth of January is always in the first.
        fourth = "(substr({}, 1, 4) || '-01-04')"
        week = "substr({}, instr({}, 'W') + 1, 2)"
        more = " + substr({}, -1) - 1" if name == "weekday" else ""
        days = f"7 * {week} - 7{more} - (strftime('%w', {fourth}) + 6) % 7"
        return _untimed(full, f"date({fourth}, ({days}) || ' days')")
    if name in ("iso", "slashed"):
        day = "substr({}, 1, 10)" if name == "iso" else "replace(substr({}, 1, 10), '/', '-')"
        ends = f"{name}_{'time' if timed else 'date'}"
        return _clocked(ends, day, "substr({}, 12, 2)", "substr({}, 15, 2)", timed=timed)
    return _separated(full, timed=timed)


def _separated(name: str, *, timed: bool) -> DateFormat:
    """Return the format of dates whose parts are separated, be they of any width."""
    weekday, rest = name.startswith("w") or name[3:4] == "w", name.replace("w", "", 1)
    order, mark = rest[:3], rest[3]
    half = rest.endswith("p")
    # Names of week days end with the first blank; a number ends where no digit follows.
    first = "substr({}, instr({}, ' ') + 1)" if weekday else "{}"
    second = f"substr({first}, instr({first}, '{mark}') + 1)"
    third = f"ltrim(substr({second}, instr({second}, '{mark}') + 1))"
    cells = dict(zip(order, (first, second, third), strict=True))
    year, day = f"CAST({cells['y']} AS INTEGER)", f"CAST({cells['d']} AS INTEGER)"
    if "b" in cells:
        month = _word(f"substr({cells['b']}, 1, instr({cells['b']}, '{mark}') - 1)")
    else:
        month = f"CAST({cells['m']} AS INTEGER)"
    if rest[4:5] == "2":
        year = f"({year} + CASE WHEN {year} < 70 THEN 2000 ELSE 1900 END)"
    clock = f"substr({third}, instr(replace({third}, 'T', ' '), ' ') + 1)"
    if order[2] == "y":
        clock = f"ltrim(substr({third}, {3 if rest[4] == '2' else 5}), ' ,:T')"
    hour = f"CAST({clock} AS INTEGER)"
    if half:
        hour = f"({hour} % 12 + 12 * ({clock} LIKE '%p%'))"
    minute = f"CAST(substr({clock}, instr({clock}, ':') + 1, 2) AS INTEGER)"
    ends = f"{name}_{'time' if timed else 'date'}"
    return _clocked(ends, _padded(year, month, day), hour, minute, timed=timed)


def _word(name: str) -> str:
    """Return the SQL for the number of a month, from its name as SQL; 0 if it is none."""
    word = f"rtrim(lower({name}), '.,')"
    at = f"instr('{_NAMES_OF_MONTHS}', ' ' || {word})"
    return f"(({at} + {_WIDE}) / {_WIDE + 1} * (length({word}) >= {_SHORTEST}))"


def _padded(year: str, month: str, day: str) -> str:
    two = "substr('0' || {}, -2)".format
    return f"(substr('000' || {year}, -4) || '-' || {two(month)} || '-' || {two(day)})"


def _untimed(name: str, day: str) -> DateFormat:
    return DateFormat(name, day, f"julianday({day})")


def _clocked(name: str, day: str, hour: str, minute: str, *, timed: bool) -> DateFormat:
    if not timed:
        return _untimed(name, day)
    whole = hour if hour.startswith(("CAST", "(CAST")) else f"CAST({hour} AS INTEGER)"
    return DateFormat(name, day, f"(julianday({day}) + {whole} / 24.0 + {minute} / 1440.0)", whole)
