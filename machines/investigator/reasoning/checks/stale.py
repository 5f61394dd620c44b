"""Dimensions: tables that are not updated after some day."""

# ruff: noqa: PLR2004 - each threshold is written where it applies

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from attrs import frozen

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.level import Level
from machines.investigator.reasoning.probes import Finding, Reading
from machines.investigator.reasoning.series import surely


@frozen
class Span:
    """The days of the tables that refer to a dimension: from the first to the last."""

    first: date
    last: date


def find(readings: Sequence[Reading], facts: Span, *, referred: bool) -> Finding | None:
    """Find a dimension that is not updated any more.

    Args:
        readings: Its rows by day, by each of its columns that has days.
        facts: The days of the rows that refer to it.
        referred: Whether its key is referred to; else it must be a series, such as rates by day.
    """
    lasts = [day for one in readings if (day := _last(one, facts)) is not None]
    if not lasts or max(lasts) >= facts.last - timedelta(1):
        return None
    found = [_ended(one, facts, referred=referred) for one in readings]
    return max((one for one in found if one), key=lambda one: one.score, default=None)


def _last(reading: Reading, facts: Span) -> date | None:
    """Return the last day of a column, without days in the future."""
    daily, near = reading.daily, facts.last + timedelta(1)
    days = zip(daily.days, daily.counts("rows"), strict=True)
    return max((day for day, n in days if n and day <= near), default=None)


def _ended(reading: Reading, facts: Span, *, referred: bool) -> Finding | None:
    daily, last = reading.daily, _last(reading, facts)
    if last is None or last < facts.first:
        return None
    rows = dict(zip(daily.days, daily.counts("rows"), strict=True))
    known = [day for day in daily.days if rows[day] and facts.first <= day <= last]
    silence, whole = (facts.last - last).days, sum(rows.values())
    longest = max(((later - one).days for one, later in pairwise(known)), default=0)
    told = [day for day, n in rows.items() if n]
    recent = sum(last - timedelta(silence) < day <= last for day in told)
    regular = len(known) >= 6 and silence >= max(rule.SILENCE * longest, rule.SILENCE)
    score = surely(silence / max(longest, 1), rule.SILENT) if regular else 0.0
    series = regular and Level.of([rows.get(day, 0.0) for day in known]).steady
    if silence > rule.ENDED * (facts.last - facts.first).days:
        return None  # what ended long ago is whole
    if not referred:
        return _finding(reading, last, facts, score) if series else None
    usually = len(told) * silence / ((last - daily.days[0]).days + 1)
    if silence >= rule.SILENCE and min(recent, usually) >= 8 and len(known) >= 2:
        # It was kept up on so many days in a time as long as that in which it is not.
        score = max(score, surely(recent, rule.SILENT_OFTEN))
    if silence >= rule.SILENCE and whole >= 3 and rows[last] > 0.9 * whole and last > facts.first:
        score = max(score, rule.WHOLE_SCORE)  # it is written as a whole each time
    span = (known[-1] - known[0]).days + 1 if known else 0
    if silence >= max(3, 2 * span) and whole >= 3 and sum(rows[day] for day in known) > 0.9 * whole:
        score = max(score, rule.WHOLE_SCORE)  # or in some days
    return _finding(reading, last, facts, score) if score else None


def _finding(reading: Reading, last: date, facts: Span, score: float) -> Finding:
    probe, silence = reading.probe, (facts.last - last).days
    words = f"{probe.table}.{probe.day} ends on {last}, {silence} days before the rest"
    days = last + timedelta(1), facts.last
    return reading.shows(CauseKind.STALE_DIMENSION, probe.day, days, score, words)


def frozen_since(reading: Reading) -> Finding | None:
    """Find a series whose numbers changed from day to day, and then do not any more.

    Args:
        reading: Sizes of numbers by day.
    """
    best: Finding | None = None
    for name in reading.probe.columns:
        means = reading.daily.values[f"{name} mean"]
        known = [n for n, one in enumerate(means) if one is not None]
        same = 1
        while same < len(known) and means[known[-same - 1]] == means[known[-same]]:
            same += 1
        before = known[: len(known) - same + 1]
        changes = sum(means[later] != means[one] for one, later in pairwise(before))
        if same < 4 or len(before) < 8 or changes < 0.8 * (len(before) - 1):
            continue
        day, last = reading.daily.days[known[1 - same]], reading.daily.days[known[-1]]
        words = f"{name} does not change any more from {day} on"
        kind, score = CauseKind.STALE_DIMENSION, surely(same, rule.SILENT)
        found = reading.shows(kind, name, (day, last), score, words)
        best = found if best is None or found.score > best.score else best
    return best
