"""Dates that are written in another way than most: their rows are on no day."""

from __future__ import annotations

from datetime import timedelta

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.formats import VALID_DAY, order_of
from machines.investigator.reasoning.probes import MOST_DAYS, Finding, Probe, Reading
from machines.investigator.reasoning.series import risen, surely
from machines.investigator.reasoning.tables import Table


def probes(table: Table) -> list[Probe]:
    """Return the probe of a table in whose sample some date has another form than most.

    A row without a day is counted on the latest day of the rows before it.
    """
    day = table.day
    if day is None or day.dates is None or day.dates.name == "parts":
        return []
    dates, sql = day.dates, day.day
    if all(order_of(one, dates) is not None for one in day.values):
        return []
    read = f"coalesce({sql} GLOB '{VALID_DAY}', 0)"
    inner = (
        f'SELECT max(CASE WHEN {read} THEN {sql} END) OVER (ROWS UNBOUNDED PRECEDING) AS "day", '  # noqa: S608
        f"{day.sql()} <> '' AND NOT {read} AS \"other\" FROM {table.source} AS t"
    )
    until = f"AND q.\"day\" <= '{table.until}' " if table.until else ""
    query = (
        'SELECT q."day" AS "day", count(*) AS "rows", sum(q."other") AS "other" '  # noqa: S608
        f'FROM ({inner}) AS q WHERE q."day" IS NOT NULL {until}'
        f"GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"{day.name} of {table.name} has dates in another form"
    return [Probe("dates", table.name, day.name, claim, query, ("rows", "other"), (day.name,))]


def left_out(reading: Reading) -> int:
    """Return how many rows have a date that cannot be read as the others."""
    return round(sum(reading.daily.counts("other")))


def find(reading: Reading) -> list[Finding]:
    """Find the day from which on dates have another form."""
    daily, probe = reading.daily, reading.probe
    rates = daily.rates("other", "rows")
    run = risen(daily.counts("other"), daily.counts("rows"), rule.RISE_NULL)
    if run is None:
        return []
    # The first rows of a day may be counted on the day before, and all where none has a day.
    here = range(run.first, run.last + 1)
    first = next(n for n in here if (rates[n] or 0.0) > run.during / 2)
    day, last = daily.days[first], daily.days[run.last]
    day += timedelta(first == run.last and run.during > 0.5)  # noqa: PLR2004 - most of them
    words = f"{run.weight:.0f} rows from {day} on have a {probe.day} in another form than before"
    score, kind = surely(run.strength * run.during, rule.FORM), CauseKind.SCHEMA_CHANGE
    return [reading.shows(kind, probe.day, (day, max(day, last)), score, words)]
