"""Joins: how many rows find their partner in another table."""

# ruff: noqa: S608 - names and values are quoted, and every query is checked before it runs

from __future__ import annotations

from typing import Final

from machines.investigation.vocabulary import Observed
from machines.investigator.security.tools import JoinCoverage
from machines.investigator.tools.cells import Source, counted, observe
from machines.investigator.tools.days import by_day, day_of
from machines.investigator.tools.naming import column_name, table_name

_MEASURES: Final = (
    'count(*) AS "rows", sum(d.lost) AS nulls, sum(d.found) AS matched,'
    " round(avg(d.found), 6) AS coverage"
)


def join_coverage(call: JoinCoverage, source: Source) -> Observed:
    """Tell what part of a table's rows finds its partner in another.

    One row of ``(rows, nulls, matched, coverage)``; by day, rows of those after ``day``. A row
    whose own column is null, which ``nulls`` counts, has no partner; ``coverage`` is ``matched`` of
    ``rows``, from 0 to 1. Several partners count as one.
    """
    key, other = column_name(call.column), column_name(call.other_column, of="o")
    day = f"{day_of(call.day_column)} AS day, " if call.day_column is not None else ""
    # Each key of the other table once, so that SQLite builds an index of them, whatever it has.
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
    """Take the null that a sum of nothing is for nothing."""
    return value if isinstance(value, int) else 0
