"""Hours of the day: clocks that went wrong."""

# ruff: noqa: PLR2004 - each threshold stands where it is applied

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Final, TypeAlias

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.probes import Finding, Probe, Reading, probe_by_day
from machines.investigation.reasoning.series import surely, usual
from machines.investigation.reasoning.tables import Table

_HOURS: Final = 24
_LABELS: Final = tuple(f"h{hour:02}" for hour in range(_HOURS))
_SHIFTS: Final = tuple(one for one in range(-12, 13) if one)

_Days: TypeAlias = Sequence[Sequence[float]]


def probes(table: Table) -> list[Probe]:
    """Return the probe of a table whose day comes with the hour."""
    day = table.day
    if day is None or day.dates is None or day.dates.hour is None:
        return []
    hour = day.fill(day.dates.hour)
    cells = [(label, f"sum({hour} = {n})") for n, label in enumerate(_LABELS)]
    claim = f"times of {table.name} are of another time zone, by {day.name}"
    return [probe_by_day("hours", claim, table, day, cells, [day.name])]


def find(reading: Reading) -> list[Finding]:
    """Find the days on which everything happens some hours later, or earlier, than usual."""
    columns = [reading.daily.counts(label) for label in _LABELS]
    days = [list(one) for one in zip(*columns, strict=True)]
    if len(days) < 14 or not any(map(sum, days)):
        return []
    if sum(map(sum, days)) == sum(day[0] for day in days):
        return []  # the hour is never given
    found = _shifted(days)
    if found is None and _is_flat(days):
        found = _at_the_edge(days)
    if found is None:
        return []
    first, last, shift, strength = found
    if first == 0 and last < len(days) - 1:
        # Most days are after the change; the few before it look like the odd ones.
        first, last, shift = last + 1, len(days) - 1, -shift
    day = reading.daily.days[first]
    words = f"from {day} on, everything happens {shift:+d} hours later than usual"
    probe = reading.probe
    return [
        Finding(
            CauseKind.TIME_ZONE,
            probe.table,
            probe.day,
            day,
            surely(strength, 0.75, 15.0) * 0.985,
            words,
            (probe,),
            last=reading.daily.days[last],
        )
    ]


def _shifted(days: _Days) -> tuple[int, int, int, float] | None:
    """Find the days whose hours fit what is usual much better once they are shifted."""
    outside = list(range(len(days)))
    best: tuple[int, int, int, float] | None = None
    for _ in range(2):
        best = _best(days, _profile([days[n] for n in outside]))
        if best is None:
            return None
        first, last, *_rest = best
        outside = [n for n in range(len(days)) if not first <= n <= last]
        if len(outside) < 5:
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


def _best(days: _Days, profile: Sequence[float]) -> tuple[int, int, int, float] | None:
    logs = [math.log(one) for one in profile]
    expected = usual([sum(day) for day in days])
    best: tuple[int, int, int, float] | None = None
    for shift in _SHIFTS:
        gains = [
            sum(n * (logs[(hour - shift) % _HOURS] - logs[hour]) for hour, n in enumerate(day))
            for day in days
        ]
        rows = [sum(day) for day in days]
        rates = [gain / n if n else 0.0 for gain, n in zip(gains, rows, strict=True)]
        # A Sunday is compared with other Sundays.
        excess = [
            gain - n * max(median(rates[at % 7 :: 7]), -1e9)
            if median(rates[at % 7 :: 7]) > 0
            else gain
            for at, (gain, n) in enumerate(zip(gains, rows, strict=True))
        ]
        first, last, total = _densest(excess)
        n = sum(rows[first : last + 1])
        if total < 25 or n == 0 or total / n < 0.05:
            continue
        # Hours that are cut off look like a shift; a shift leaves the number of rows as it is.
        if last == first and n < 0.8 * expected[first]:
            continue
        agree = sum(one > 0 for one in excess[first : last + 1]) / (last - first + 1)
        if agree > 0.8 and (best is None or total > best[3]):
            best = (first, last, shift, total)
    return best


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


def _at_the_edge(days: _Days) -> tuple[int, int, int, float] | None:
    """Find the gap that a shift leaves where it begins, if every hour is like every other.

    Shifted to later, the first hours of the first day are empty. Shifted to earlier, its rows begin
    on the day before, whose last hours have twice their rows.
    """
    profile = _profile(days)
    usually = [[one * share for share in profile] for one in usual([sum(day) for day in days])]
    best: tuple[int, int, int, float] | None = None
    for place in range(1, len(days)):
        shift, lack = 0, 0.0
        while shift < 12 and days[place][shift] <= 0.1 * usually[place][shift]:
            lack += usually[place][shift]
            shift += 1
        rest = sum(days[place][shift:]) / max(sum(usually[place][shift:]), 1)
        if shift and lack >= 12 and rest > 0.75 and (best is None or lack > best[3]):
            best = (place, len(days) - 1, shift, lack)
        early = _doubled(days[place - 1], usually[place - 1])
        if early is not None and (best is None or early[1] > best[3]):
            best = (place, len(days) - 1, -early[0], early[1])
    return best


def _doubled(day: Sequence[float], usually: Sequence[float]) -> tuple[int, float] | None:
    """Return how many hours at the end of a day have twice their rows, and how many those are."""
    best: tuple[int, float] | None = None
    for shift in range(1, 13):
        expected = sum(usually[-shift:])
        more = sum(day[-shift:]) - expected
        rest = sum(day[:-shift]) / max(sum(usually[:-shift]), 1)
        strength = more / math.sqrt(max(expected, 1))
        if (
            expected >= 8
            and 0.7 * expected < more < 1.5 * expected
            and more >= 12
            and strength > 6
            and rest < 1.25
        ):
            best = (shift, more)
    return best
