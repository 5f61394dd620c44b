"""Columns: their nulls, values that come and go, and rows with a partner in another table."""

# ruff: noqa: S608 - names and values are quoted, and every query is checked before it runs

from __future__ import annotations

from typing import Final

from machines.investigation.vocabulary import Observed
from machines.investigator.security.connection import Rows
from machines.investigator.security.tools import DistinctDrift, JoinCoverage, NullRates
from machines.investigator.tools.cells import Source, counted, observe
from machines.investigator.tools.days import by_day, day_of
from machines.investigator.tools.naming import column_name, literal, quoted, table_name

MAX_COLUMNS: Final = 40
"""Greatest number of columns measured by day."""
PART: Final = 25
"""Number of columns that one query measures otherwise, since the length of queries is limited."""
MAX_VALUES: Final = 200
"""Greatest number of values listed."""


def null_rates(call: NullRates, source: Source) -> Observed:
    """Measure the part of columns that is null.

    Rows of ``(column, rows, nulls, rate)``; by day, of ``(day, rows, …)`` with the rate of each
    column under its name, of at most 40. Without names, all columns are measured. A rate is from 0
    to 1, and null if there are no rows.
    """
    names = call.columns or tuple(each.name for each in source.describe(call.table))
    if call.day_column is not None:
        if not call.columns:
            names = tuple(name for name in names if name != call.day_column)
        return _by_day(call, names[:MAX_COLUMNS], len(names), call.day_column, source)
    parts = [names[i : i + PART] for i in range(0, len(names), PART)]
    asked = [_rates(call.table, part) for part in parts]
    found = [source.query(sql) for sql in asked]
    rows = tuple(row for each in found for row in each.rows)
    columns = found[0].columns if found else ("column", "rows", "nulls", "rate")
    partly = sum(1 for row in rows if row[2])
    summary = f"{call.table}: {partly} of {counted(len(rows), 'column')} with nulls"
    return observe(summary, ";\n".join(asked), Rows(columns, rows))


def _rates(table: str, names: tuple[str, ...]) -> str:
    """Return the SQL that measures all columns in one pass over the table."""
    counts = ", ".join(f"count({column_name(name)}) AS c{i}" for i, name in enumerate(names))
    rates = "\nUNION ALL ".join(
        f'SELECT {literal(name)} AS "column", m.n AS "rows", m.n - m.c{i} AS nulls,'
        f" round(1.0 * (m.n - m.c{i}) / nullif(m.n, 0), 6) AS rate FROM m"
        for i, name in enumerate(names)
    )
    return f"WITH m AS (SELECT count(*) AS n, {counts} FROM {table_name(table)} AS t)\n{rates}"


def _by_day(
    call: NullRates, names: tuple[str, ...], count: int, day_column: str, source: Source
) -> Observed:
    measured = ", ".join(f"{column_name(name)} IS NULL AS c{i}" for i, name in enumerate(names))
    rows = f"SELECT {day_of(day_column)} AS day, {measured} FROM {table_name(call.table)} AS t"
    rates = ",\n    ".join(f"round(avg(d.c{i}), 6) AS {quoted(n)}" for i, n in enumerate(names))
    sql = by_day(f'd.day AS day, count(*) AS "rows",\n    {rates}', rows)
    found = source.query(sql)
    summary = f"{call.table}: null rates of {counted(len(names), 'column')}"
    if count > len(names):
        summary += f", the first of {count},"
    return observe(f"{summary} on {counted(len(found.rows), 'day')}", sql, found)


def distinct_drift(call: DistinctDrift, source: Source) -> Observed:
    """List the values of a column that come and go.

    Rows of ``(value, first_day, last_day, days, rows)``. Values that were not there from the first
    day to the last come first, then the frequent ones; at most 200. Rows without a day are left
    out.
    """
    values = (
        f"SELECT {day_of(call.day_column)} AS day, {column_name(call.column)} AS value"
        f" FROM {table_name(call.table)} AS t"
    )
    sql = (
        f"WITH d AS (\n{values}),\n"
        "ends AS (SELECT min(d.day) AS first, max(d.day) AS last FROM d),\n"
        "v AS (SELECT d.value AS value, min(d.day) AS first_day, max(d.day) AS last_day,\n"
        '    count(DISTINCT d.day) AS days, count(*) AS "rows"\n'
        "  FROM d WHERE d.day IS NOT NULL GROUP BY d.value)\n"
        'SELECT v.value, v.first_day, v.last_day, v.days, v."rows" FROM v, ends\n'
        "ORDER BY v.first_day > ends.first OR v.last_day < ends.last DESC,"
        f' v."rows" DESC, v.value\nLIMIT {MAX_VALUES}'
    )
    found = source.query(sql)
    whole = f"{call.table}.{call.column}"
    if not found.rows:
        return observe(f"{whole}: no rows with a day", sql, found)
    if len(found.rows) == MAX_VALUES:
        # The first and last day of all rows may not be among those shown.
        return observe(f"{whole}: {MAX_VALUES} values or more, a key or a measure", sql, found)
    first = min(str(row[1]) for row in found.rows)
    last = max(str(row[2]) for row in found.rows)
    come = sum(1 for row in found.rows if str(row[1]) > first)
    go = sum(1 for row in found.rows if str(row[2]) < last)
    summary = f"of {counted(len(found.rows), 'value')}, {come} came after {first}, {go} went before"
    return observe(f"{whole}: {summary} {last}", sql, found)


_MEASURES: Final = (
    'count(*) AS "rows", sum(d.lost) AS nulls, sum(d.found) AS matched,'
    " round(avg(d.found), 6) AS coverage"
)


def join_coverage(call: JoinCoverage, source: Source) -> Observed:
    """Measure the part of a table's rows with a partner in another table.

    One row of ``(rows, nulls, matched, coverage)``; by day, rows of those after ``day``. A row
    whose own column is null, which ``nulls`` counts, has no partner; ``coverage`` is ``matched`` of
    ``rows``, from 0 to 1. Several partners count as one.
    """
    key, other = column_name(call.column), column_name(call.other_column, of="o")
    day = f"{day_of(call.day_column)} AS day, " if call.day_column is not None else ""
    # Each key of the other table once, so that SQLite builds an index of them in any case.
    pairs = (
        f"SELECT {day}{key} IS NULL AS lost, p.k IS NOT NULL AS found\n"
        f"FROM {table_name(call.table)} AS t\n"
        f"LEFT JOIN (SELECT DISTINCT {other} AS k FROM {table_name(call.other_table)} AS o) AS p\n"
        f"ON p.k = {key}"
    )
    if day:
        sql = by_day(f"d.day AS day, {_MEASURES}", pairs)
    else:
        sql = f"SELECT {_MEASURES} FROM (\n{pairs}) AS d"
    found = source.query(sql)
    keys = f"{call.table}.{call.column} in {call.other_table}.{call.other_column}"
    count = sum(_number(row[-4]) for row in found.rows)
    matched = sum(_number(row[-2]) for row in found.rows)
    return observe(f"{keys}: {matched:,} of {counted(count, 'row')} found", sql, found)


def _number(value: object) -> int:
    """Return the number, or 0 for null, the sum of no rows."""
    return value if isinstance(value, int) else 0
