"""Lags between two dates of a row: late data, and wrong clocks."""

from __future__ import annotations

from statistics import median

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import MOST_DAYS, Finding, Probe, Reading
from machines.investigator.reasoning.series import Step, stepped, surely
from machines.investigator.reasoning.tables import Column, Table

_CLOCKS = 14.5  # hours that two places on earth may differ


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table: from its day to at most two other dates."""
    day = table.day
    if day is None:
        return []
    return [_probe(table, day, other) for other in table.days[1:3]]


def _probe(table: Table, day: Column, other: Column) -> Probe:
    expression, lag = day.day, f"({other.moment} - {day.moment}) * 24"
    inner = (
        f'SELECT {expression} AS "day", {lag} AS "lag", '  # noqa: S608
        f'row_number() OVER (PARTITION BY {expression} ORDER BY {lag}) AS "place", '
        f'count(*) OVER (PARTITION BY {expression}) AS "rows" FROM {table.source} AS t '
        f"WHERE {table.has(expression)} AND {lag} IS NOT NULL{table.some}"
    )
    cells = ", ".join(
        f'max(CASE WHEN q."place" = (q."rows" * {part} + 9) / 10 THEN q."lag" END) AS "{label}"'
        for label, part in (("low", 1), ("middle", 5), ("high", 9))
    )
    sql = (
        f'SELECT q."day" AS "day", max(q."rows") AS "rows", {cells} FROM ({inner}) AS q '  # noqa: S608
        f"GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"rows of {table.name} came late, by the hours from {day.name} to {other.name}"
    labels = ("rows", "low", "middle", "high")
    return Probe("lags", table.name, day.name, claim, sql, labels, (other.name,))


def find(reading: Reading) -> list[Finding]:
    """Find the days on which the lag between two dates is longer, or shifted."""
    values = reading.daily.values
    rows = reading.daily.counts("rows")
    enough = [n >= 8 for n in rows]  # noqa: PLR2004
    parts = {
        label: [one if ok else None for one, ok in zip(values[label], enough, strict=True)]
        for label in ("low", "middle", "high")
    }
    widths = [
        high - low
        for low, high in zip(parts["low"], parts["high"], strict=True)
        if low is not None and high is not None
    ]
    if not widths:
        return []
    width = median(widths)
    found = []
    for label, times in (("middle", 0.75), ("high", 1.5)):
        step = stepped(parts[label], max(0.75, times * width), 7.0, growing=True)
        if step is not None:
            found.append(_finding(reading, step, parts, width))
    return [max(found, key=lambda one: one.score)] if found else []


def _finding(
    reading: Reading, step: Step, parts: dict[str, list[float | None]], width: float
) -> Finding:
    day, last = days = reading.span(step)
    name = reading.probe.columns[0]
    low, high = parts["low"][step.first], parts["high"][step.first]
    here = (high or 0) - (low or 0)
    shift = step.change
    whole = abs(shift * 2 - round(shift * 2)) < 0.25 + min(width, 0.2)
    level = median([one for one in parts["middle"] if one is not None])
    kept = here < 1.4 * width + 0.25
    clock = kept and whole and 0.75 <= abs(shift) <= _CLOCKS and width < 6  # noqa: PLR2004
    before = level + shift < 0 <= level
    words = f"{name} is {shift:+.1f} hours later from {day} to {last} than usual"
    score = surely(step.strength, rule.LAG)
    if width > rule.PLANNED or step.happens:
        score = min(score, rule.DOUBT)
    if clock:
        # It is the clock for certain if things happened before they began. Later by whole hours is
        # a clock as well, unless nothing else speaks for it; the ranking sees to that.
        score *= 0.97 if before else 0.8 if shift < 0 else 0.7
        return reading.shows(CauseKind.TIME_ZONE, reading.probe.day, days, score, words)
    if shift < 0:
        score *= 0.4
    return reading.shows(CauseKind.LATE_DATA, name, days, score * 0.97, words)
