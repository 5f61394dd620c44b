"""Rows by day: a day without any, a day cut short, a day whose rows came in on the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.probes import Finding, Probe, Reading, probe_by_day
from machines.investigation.reasoning.series import Daily, spread, surely, usual
from machines.investigation.reasoning.tables import Table

_BUSY = 10  # rows that a day has usually; of fewer, none may be there by chance
_MANY = 20  # of fewer rows, a part may be missing by chance
_SHORT = 0.6  # of the usual


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table: one for each column that has days."""
    return [
        probe_by_day(
            "counts",
            f"{table.name} lacks rows of some day, by {day.name}",
            table,
            day,
            [("rows", "count(*)")],
        )
        for day in table.days[:3]
    ]


def busy_until(reading: Reading) -> date | None:
    """Return the last day of a table that has rows on most days; None when it has not."""
    counts = reading.daily.counts("rows")
    if len(counts) < 14 or sum(one >= _BUSY / 2 for one in counts) < len(counts) / 2:  # noqa: PLR2004
        return None
    return reading.daily.days[-1]


def find(
    reading: Reading, end: date | None, hinted: Sequence[date], *, alone: bool
) -> list[Finding]:
    """Find the days that lack rows.

    Args:
        reading: Rows by day.
        end: The last day of all tables that have rows on most days.
        hinted: The days that the question names.
        alone: Whether no other table tells that the last day is whole.
    """
    daily = reading.daily
    counts = daily.counts("rows")
    if len(counts) < 14:  # noqa: PLR2004 - two weeks tell what a week is like
        return []
    expected = usual(counts)
    noise = max(
        spread(
            [math.log((n + 0.5) / (e + 0.5)) for n, e in zip(counts, expected, strict=True) if e]
        ),
        0.04,
    )
    found = []
    last = len(counts) - 1
    for place, (count, usually) in enumerate(zip(counts, expected, strict=True)):
        if usually < _BUSY or place == 0:
            continue
        sigma = max(noise, 1.1 / math.sqrt(usually))
        strength = -math.log((count + 0.5) / (usually + 0.5)) / sigma
        if count and usually < _MANY:
            continue
        if count > _SHORT * usually or strength < 4:  # noqa: PLR2004
            continue
        if place == last and alone and daily.days[place] not in hinted:
            continue  # the data may have been taken in the middle of that day
        made_up = _made_up(counts, expected, place, noise)
        found.append(_lacking(reading, place, usually, strength, made_up))
    return _once(found) + _tail(reading, end, expected)


def _lacking(
    reading: Reading, place: int, usually: float, strength: float, made_up: float
) -> Finding:
    day, count = reading.daily.days[place], reading.daily.counts("rows")[place]
    words = f"{count:.0f} rows on {day}, where {usually:.0f} are usual"
    probes = (reading.probe,)
    if made_up >= 0.5:  # noqa: PLR2004 - more than half of them
        words += ", and many more on the next"
        score = surely(strength, 0.75)
        kind = CauseKind.LATE_DATA
    elif count == 0:
        score, kind = surely(strength, 0.8), CauseKind.MISSING_DAY
    else:
        score, kind = surely(strength, 0.6), CauseKind.TRUNCATED_BATCH
    return Finding(kind, reading.probe.table, None, day, score * 0.95, words, probes, last=day)


def _made_up(counts: Sequence[float], expected: Sequence[float], place: int, noise: float) -> float:
    """Return what part of the rows that a day lacks the next has too many."""
    lack = expected[place] - counts[place]
    surplus = 0.0
    for other in range(place + 1, min(place + 2, len(counts))):
        more = counts[other] - expected[other]
        usually = max(expected[other], 1.0)
        if more > 2.5 * usually * math.hypot(noise, 1 / math.sqrt(usually)):
            surplus += more
    return surplus / lack if lack > 0 else 0.0


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Leave one of several findings of one kind: the strongest; its days may be several."""
    best: dict[CauseKind, Finding] = {}
    for one in found:
        if one.kind not in best or one.score > best[one.kind].score + 1e-9:
            best[one.kind] = one
    # Rows are short here and there in any small shop; that is no batch cut short.
    many = sum(one.kind is CauseKind.TRUNCATED_BATCH for one in found)
    if many > 4 and CauseKind.TRUNCATED_BATCH in best:  # noqa: PLR2004
        del best[CauseKind.TRUNCATED_BATCH]
    return list(best.values())


def _tail(reading: Reading, end: date | None, expected: Sequence[float]) -> list[Finding]:
    """Find the days that a busy table lacks at its end."""
    daily: Daily = reading.daily
    if end is None or busy_until(reading) is None or end <= daily.days[-1]:
        return []
    recent = expected[-7:]
    if min(recent) < _BUSY:
        return []
    first = date.fromordinal(daily.days[-1].toordinal() + 1)
    words = f"no rows from {first} on, while other tables go on until {end}"
    return [
        Finding(
            CauseKind.MISSING_DAY,
            reading.probe.table,
            None,
            first,
            0.85,
            words,
            (reading.probe,),
            last=end,
        )
    ]
