"""Hours of the day: wrong clocks, and days that end early."""

# ruff: noqa: PLR2004 - each threshold is written where it applies

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import accumulate
from operator import mul
from statistics import median
from typing import Final, TypeAlias

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.formats import order_of, zone_of
from machines.investigator.reasoning.level import Level
from machines.investigator.reasoning.probes import Finding, Probe, Reading, probe_by_day
from machines.investigator.reasoning.series import risen, surely, usual
from machines.investigator.reasoning.tables import Column, Table

_HOURS: Final = 24
LABELS: Final = tuple(f"h{hour:02}" for hour in range(_HOURS))
_SHIFTS: Final = tuple(one for one in range(-12, 13) if one)

_SUMMER_TIME: Final = {3, 4, 10, 11}
"""The months in which clocks are put forward or back, somewhere on earth."""

_Days: TypeAlias = Sequence[Sequence[float]]
_Shift: TypeAlias = tuple[int, int, int, float, float]
"""The first and last day, the hours, the strength, and the part of the difference they explain."""


def probes(table: Table) -> list[Probe]:
    """Return the probe of a table whose day comes with the hour, be it in another column."""
    day = _timed(table)
    if day is None or day.dates is None or day.dates.hour is None:
        return []
    hour = day.fill(day.dates.hour)
    cells = [(label, f"sum({hour} = {n})") for n, label in enumerate(LABELS)]
    claim = f"times of {table.name} are of another time zone, by {day.name}"
    other = [("rows", "count(*)"), ("zone", zone)] if (zone := _other_zone(day)) else []
    found = [probe_by_day("hours", claim, table, day, [*cells, *other], [day.name])]
    for part in table.parts:
        words = f"{claim}, where {part.name} has one of its values"
        found.append(probe_by_day("hours", words, table, day, cells, [day.name], part))
    return found


def _timed(table: Table) -> Column | None:
    """Return the column of the hour of a row."""
    main = table.day
    if main is None or main.dates is None or main.dates.hour is not None:
        return main
    days = _ordinals(main)
    for other in table.days[1:]:
        if other.dates is None or other.dates.hour is None:
            continue
        both = list(zip(days, _ordinals(other), strict=False))
        same = len(other.values) == len(days) == table.sampled
        if same and sum(a == b for a, b in both) > rule.SAME_DAY * len(both):
            return other
    return main


def _ordinals(column: Column) -> list[int | None]:
    dates = column.dates
    assert dates is not None  # noqa: S101 - it holds dates
    found = (order_of(one, dates) for one in column.values)
    return [None if one is None else math.floor(one) for one in found]


def _other_zone(day: Column) -> str | None:
    """Return the SQL that counts the times that end with another offset than usual.

    An hour more or less is summer time, and usual.
    """
    name, zone = day.sql(), zone_of(day.values)
    if zone is None or day.dates is None or not day.dates.name.endswith("_time"):
        return None
    marked = f"({name} GLOB '*Z' OR {name} GLOB '*:*[+-][0-9][0-9]:[0-9][0-9]')"
    if not zone:
        return f"sum({marked})"
    hours = 0 if zone == "Z" else int(zone[:3])
    usual_ones = {
        zone,
        *(f"{near:+03d}{zone[3:] or ':00'}" for near in range(hours - 1, hours + 2)),
    }
    usual_ones |= {"Z"} if "+00:00" in usual_ones else set()
    same = " OR ".join(f"{name} LIKE '%{one}'" for one in sorted(usual_ones))
    return f"sum({marked} AND NOT ({same}))"


def find(reading: Reading, hinted: Collection[date] = ()) -> list[Finding]:
    """Find the days on which everything happens some hours later, or earlier, than usual.

    Args:
        reading: Rows by day and hour.
        hinted: The days that the question names, for which less is enough.
    """
    columns = [reading.daily.counts(label) for label in LABELS]
    days = [list(one) for one in zip(*columns, strict=True)]
    # If everything is at midnight, the hour is not given.
    days = [[0.0] * _HOURS if day[0] == sum(day) else day for day in days]
    if len(days) < rule.FORTNIGHT or not any(map(sum, days)):
        return []
    if marked := _marked(reading):
        return [marked]
    steady = Level.of([sum(day) for day in days]).steady
    always, named, else_ = rule.CLOCK_ROWS
    enough = [always if steady else named if day in hinted else else_ for day in reading.daily.days]
    found, scale = _shifted(days, enough), rule.CLOCK
    if found is None and _is_flat(days):
        found, scale = _at_the_edge(days), rule.GAP_OF_CLOCK
    if found is None:
        return []
    first, last, shift, strength, fit = found
    if first == 0 and last < len(days) - 1:
        # Most days are after the change; the few before it look like the odd ones.
        first, last, shift = last + 1, len(days) - 1, -shift
    day = reading.daily.days[first]
    end = reading.daily.days[last]
    if abs(shift) == 1 and {day.month, end.month} & _SUMMER_TIME:
        return []
    score = surely(strength, scale)
    if fit < rule.CLOCK_FIT:
        score = min(score, rule.DOUBT)
    words = f"from {day} on, everything happens {shift:+d} hours later than usual"
    kind = CauseKind.TIME_ZONE
    return [reading.shows(kind, reading.probe.day, (day, end), score, words)]


def _marked(reading: Reading) -> Finding | None:
    """Find the days from which on times are given with the offset of another place."""
    run = risen(reading.daily.counts("zone"), reading.daily.counts("rows"), 0.1)
    if run is None or run.before > 0.02:
        return None
    (day, last), column = reading.span(run), reading.probe.day
    words = f"{run.during:.0%} of {column} has another offset from {day} to {last}"
    kind, score = CauseKind.TIME_ZONE, surely(run.strength, rule.OFFSET)
    return reading.shows(kind, column, (day, last), score, words)


def _shifted(days: _Days, enough: Sequence[float]) -> _Shift | None:
    """Find the days whose hours fit the usual ones much better once they are shifted."""
    outside = list(range(len(days)))
    best: _Shift | None = None
    for _ in range(2):
        best = _best(days, _profile([days[n] for n in outside]), enough)
        if best is None:
            return None
        first, last, *_rest = best
        outside = [n for n in range(len(days)) if not first <= n <= last]
        told = [n for n in outside if sum(days[n]) >= 5]
        if len(outside) < 5 or len(told) < 5 or sum(sum(days[n]) for n in told) < 80:
            return None
    return best


def _profile(days: _Days) -> list[float]:
    """Return the usual share of each hour."""
    shares = [[n / sum(day) for n in day] for day in days if sum(day) >= 5]
    if not shares:
        return [1 / _HOURS] * _HOURS
    total = [sum(hour) / len(hour) for hour in zip(*shares, strict=True)]
    middle = [median(hour) for hour in zip(*shares, strict=True)]
    found = [max(0.8 * m + 0.2 * t, 0) + 0.004 for m, t in zip(middle, total, strict=True)]
    return [one / sum(found) for one in found]


def _best(days: _Days, profile: Sequence[float], enough: Sequence[float]) -> _Shift | None:
    logs = [math.log(one) for one in profile]
    rows = [sum(day) for day in days]
    expected: list[float] = []
    best, most = None, 0.0
    for shift in _SHIFTS:
        moved = [logs[(hour - shift) % _HOURS] - logs[hour] for hour in range(_HOURS)]
        gains = [sum(map(mul, day, moved)) for day in days]
        rates = [gain / n if n else 0.0 for gain, n in zip(gains, rows, strict=True)]
        # A Sunday is compared with other Sundays.
        weekly = [_ordinary(rates[at::7]) for at in range(7)]
        excess = [
            gain - n * weekly[at % 7] for at, (gain, n) in enumerate(zip(gains, rows, strict=True))
        ]
        first, last, total = _densest(excess)
        n = sum(rows[first : last + 1])
        if total < enough[first] or n == 0 or total / n < 0.05:
            continue
        # Hours that are cut off look like a shift; but a shift fills hours that are else empty.
        if last == first and total < n:
            expected = expected or usual(rows)
            if n < 0.8 * expected[first]:
                continue
        agree = sum(one > 0 for one in excess[first : last + 1]) / (last - first + 1)
        # Rows that come in clusters vary from day to day, beyond chance.
        apart = [at for at in range(len(days)) if rows[at] and not first <= at <= last]
        if not apart:
            continue
        level = sum(excess[at] for at in apart) / sum(rows[at] for at in apart)
        odd = [(excess[at] - level * rows[at]) / math.sqrt(rows[at]) for at in apart]
        sigma = max(math.sqrt(sum(one**2 for one in odd) / len(odd)), rule.CLOCK_SIGMA)
        strength = (total - level * n) / (sigma * math.sqrt(n))
        if strength > rule.CLOCK_STRENGTH and agree > 0.8 and total > most:
            hours = [sum(hour) for hour in zip(*days[first : last + 1], strict=True)]
            whole = sum(
                k * (math.log(k / n) - log) for k, log in zip(hours, logs, strict=True) if k
            )
            fit = sum(map(mul, hours, moved)) / max(whole - _HOURS / 2, 1.0)
            best, most = (first, last, shift, strength, fit), total
    return best


def _ordinary(rates: Sequence[float]) -> float:
    """Return the usual gain of a day of the week by a shift; with few weeks, zero."""
    return max(median(rates), 0.0) if len(rates) >= 5 else 0.0


def _densest(gains: Sequence[float]) -> tuple[int, int, float]:
    """Return the stretch with the largest sum (Kadane's algorithm)."""
    best, start, total = (0, 0, 0.0), 0, 0.0
    for place, gain in enumerate(gains):
        if total <= 0:
            start, total = place, 0.0
        total += gain
        if total > best[2]:
            best = (start, place, total)
    return best


def _is_flat(days: _Days) -> bool:
    """Tell whether there is about as much in any hour as in any other."""
    total = [sum(hour) for hour in zip(*days, strict=True)]
    mean = sum(total) / _HOURS
    return bool(min(total) > 0.5 * mean and max(total) < 2 * mean)


def _at_the_edge(days: _Days) -> _Shift | None:
    """Find the gap that a shift leaves where it begins, if every hour is like every other.

    Shifted to later, the first hours of the first day are empty. Shifted to earlier, its rows begin
    on the day before, whose last hours have twice their rows.
    """
    profile = _profile(days)
    usually = [[one * share for share in profile] for one in usual([sum(day) for day in days])]
    # If all days are alike, a few rows show it.
    least = rule.EDGE_ROWS[not Level.of([sum(day) for day in days]).steady]
    found = []
    for place in range(1, len(days)):
        shift, lack = 0, 0.0
        while shift < 12 and days[place][shift] <= 0.1 * usually[place][shift]:
            lack += usually[place][shift]
            shift += 1
        if not shift and (early := _doubled(days[place - 1], usually[place - 1], least)):
            shift, lack = -early[0], early[1]
        if shift and lack >= least:
            found.append((lack, place, shift))
    # Hours that have twice their rows are seldom anything else; so are not gaps.
    found = [one for one in found if one[2] < 0] or found
    found.sort(reverse=True)
    # Where gaps come again and again, one more of them shows no shift.
    if not found or (len(found) > 1 and found[1][0] > rule.EDGE_LIKE * found[0][0]):
        return None
    lack, place, shift = found[0]
    if shift > 0:
        rest = sum(days[place][shift:]) / max(sum(usually[place][shift:]), 1)
        if rest < 0.75 or not _keeps_rows(days, usually, place, shift):
            return None
    return place, len(days) - 1, shift, rule.CLOCK_STRENGTH * lack / least, 1.0


def _keeps_rows(days: _Days, usually: _Days, place: int, shift: int) -> bool:
    """Tell whether the rows that a shift takes from a day are in excess on the day when it ends.

    A shift that goes on to the last day has no such day.
    """
    return not sum(days[-1][shift + 1 :]) or any(
        sum(days[n][:shift]) > 1.7 * sum(usually[n][:shift]) for n in range(place + 1, len(days))
    )


def _doubled(
    day: Sequence[float], usually: Sequence[float], least: float
) -> tuple[int, float] | None:
    """Return how many hours at the end of a day have twice their rows, and how many those are."""
    best: tuple[int, float] | None = None
    for shift in range(1, 13):
        if day[-shift] < 1.4 * usually[-shift]:
            break
        expected = sum(usually[-shift:])
        more = sum(day[-shift:]) - expected
        rest = sum(day[:-shift]) / max(sum(usually[:-shift]), 1)
        strength = more / math.sqrt(max(expected, 1))
        if (
            expected >= min(least, 8)
            and 0.7 * expected < more < 1.5 * expected
            and more >= least
            and (strength > 6 or least < 12)
            and rest < 1.25
        ):
            best = (shift, more)
    return best


def unlikely(reading: Reading) -> Mapping[date, float]:
    """Return for each day the improbability of its end: the negative logarithm.

    Each row is taken to fall on the hours as the rows of the same day of all weeks do.
    """
    days = list(zip(*map(reading.daily.counts, LABELS), strict=True))
    found: dict[date, float] = {}
    for at in range(7):
        below = list(accumulate(map(sum, zip(*days[at::7], strict=True))))
        shares = [(one + 1) / (below[-1] + 2) for one in below]
        alike = zip(reading.daily.days[at::7], days[at::7], strict=True)
        found |= {day: _end(hours, shares) for day, hours in alike}
    return found


def _end(hours: Sequence[float], shares: Sequence[float]) -> float:
    last = max((hour for hour, n in enumerate(hours) if n), default=None)
    return 0.0 if last is None else -sum(hours) * math.log(shares[last])
