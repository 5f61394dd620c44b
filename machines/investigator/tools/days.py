"""Days: the day that a cell means, and the number of rows of each day."""

# ruff: noqa: S608 - names and values are quoted, and every query is checked before it runs

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from machines.investigation.vocabulary import Observed
from machines.investigator.security.connection import Rows
from machines.investigator.security.tools import RowCountsByDay
from machines.investigator.tools.cells import Source, counted, observe
from machines.investigator.tools.naming import column_name, literal, table_name

MAX_DAYS: Final = 1_000
"""Number of days that are read; of more, the latest."""
MAX_NAMED: Final = 10
"""Number of missing days that are named."""


def day_of(column: str) -> str:
    """Return the SQL for the day that a column of the table ``t`` means; null if it means none.

    A string is a date or a time in ISO 8601, converted to UTC if it has an offset; slashes and
    20260302 are accepted. A number is 20260302, or seconds or milliseconds since 1970.

    >>> print(day_of("day").splitlines()[-2])
    WHEN t."day" GLOB '[0-9][0-9][0-9][0-9]/*' THEN date(replace(substr(t."day", 1, 10), '/', '-'))
    """
    it = column_name(column)
    digits = f"date(substr({it}, 1, 4) || '-' || substr({it}, 5, 2) || '-' || substr({it}, 7, 2))"
    year = "[0-9]" * 4
    # SQLite accepts too much as a date: '2026' is day 2026 of the Julian calendar, '10:00' is in
    # the year 2000, and 'now' is today. So the form of a string is checked first.
    return (
        f"CASE WHEN typeof({it}) IN ('integer', 'real') THEN CASE\n"
        f"  WHEN {it} BETWEEN 19000101 AND 21001231 AND {it} % 100 BETWEEN 1 AND 31\n"
        f"    AND {it} / 100 % 100 BETWEEN 1 AND 12\n"
        f"  THEN {digits}\n"
        f"  WHEN abs({it}) >= 100000000000 THEN date({it} / 1000, 'unixepoch')\n"
        f"  ELSE date({it}, 'unixepoch') END\n"
        f"WHEN {it} GLOB '{year}-*' THEN coalesce(date({it}), date(substr({it}, 1, 10)))\n"
        f"WHEN {it} GLOB '{year}/*' THEN date(replace(substr({it}, 1, 10), '/', '-'))\n"
        f"WHEN {it} GLOB '{year * 2}*' THEN {digits} END"
    )


def by_day(measures: str, source: str, where: str = "") -> str:
    """Return the SQL for some measures of the rows of each day, in order; of many, the latest.

    Args:
        measures: The columns of a SELECT, of which ``d.day`` is the first.
        source: A SELECT with a column ``day``.
        where: A condition on days; empty for all.
    """
    condition = f"\n  WHERE {where}" if where else ""
    return (
        f"SELECT * FROM (\n  SELECT {measures}\n  FROM (\n{source}) AS d{condition}\n"
        f"  GROUP BY d.day ORDER BY d.day DESC LIMIT {MAX_DAYS}\n) AS daily ORDER BY daily.day"
    )


def row_counts_by_day(call: RowCountsByDay, source: Source) -> Observed:
    """Count the rows of each day: rows of ``(day, rows)``, in order of the days.

    Rows whose day is null or cannot be read come first, under null, unless the days are limited.
    Days without rows are missing; the summary names the first few of them.
    """
    days = f"SELECT {day_of(call.column)} AS day FROM {table_name(call.table)} AS t"
    bounds = [
        *([f"d.day >= {literal(call.first)}"] if call.first else []),
        *([f"d.day <= {literal(call.last)}"] if call.last else []),
    ]
    sql = by_day('d.day AS day, count(*) AS "rows"', days, " AND ".join(bounds))
    found = source.query(sql)
    return observe(_told(call, found), sql, found)


def _told(call: RowCountsByDay, found: Rows) -> str:
    """Return the range of days, and the missing ones, in words."""
    counts = {day: number for day, number in found.rows if isinstance(day, str)}
    without = sum(number for day, number in found.rows if day is None and isinstance(number, int))
    summary = f"{call.table}.{call.column}: {counted(len(counts), 'day')}"
    if counts:
        summary += f" from {min(counts)} to {max(counts)}"
        missing = [day for day in _between(min(counts), max(counts)) if day not in counts]
        if missing:
            named = ", ".join(missing[:MAX_NAMED]) + (", …" if len(missing) > MAX_NAMED else "")
            summary += f"; {counted(len(missing), 'day')} between without rows: {named}"
    if without:
        summary += f"; {counted(without, 'row')} without a day"
    return summary


def _between(first: str, last: str) -> list[str]:
    """Return all days from one to another; none if they are centuries apart, hence mistaken."""
    try:
        start, span = (
            date.fromisoformat(first),
            date.fromisoformat(last) - date.fromisoformat(first),
        )
    except ValueError:  # SQLite has years that Python has not
        return []
    if span.days > 10 * MAX_DAYS:
        return []
    return [(start + timedelta(days=n)).isoformat() for n in range(span.days + 1)]
