"""Duplicate rows: a load that ran twice."""

from __future__ import annotations

import math

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import MOST_DAYS, Finding, Probe, Reading
from machines.investigator.reasoning.series import enough, quantile, surely, usual
from machines.investigator.reasoning.tables import Column, Table

_AT_MOST = 40  # columns by which rows are compared


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table: rows alike but for their number, and keys that recur."""
    day = table.day
    if day is None:
        return []
    found = []
    # Loaded again, a row may have a new number and a new time of loading; else it is the same.
    alike = [
        one for one in table.columns if not one.identifies and (one is day or one.dates is None)
    ][:_AT_MOST]
    if len(alike) >= 2:  # noqa: PLR2004 - the day and something else
        found.append(_probe(table, day, alike, "rows"))
    found.extend(
        _probe(table, day, [one], one.name)
        for one in [one for one in table.columns if one.identifies and not one.key][:3]
    )
    return found


def _probe(table: Table, day: Column, alike: list[Column], what: str) -> Probe:
    cells = ", ".join(str(one.sql()) for one in alike)
    sql = (
        f'SELECT q."day" AS "day", sum(q."times") AS "rows", sum(q."times" > 1) AS "extra" '  # noqa: S608
        f'FROM (SELECT max({day.day}) AS "day", count(*) AS "times" '
        f"FROM {table.source} AS t WHERE {table.has(day.day)} "
        f"AND {alike[0].sql()} IS NOT NULL{_some(table, alike)} GROUP BY {cells}) AS q "
        f"GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"rows of {table.name} were loaded twice, by {what}"
    names = tuple(one.name for one in alike)
    return Probe("duplicates", table.name, day.name, claim, sql, ("rows", "extra"), names)


def _some(table: Table, alike: list[Column]) -> str:
    """Return the SQL condition that selects some of very many rows, and all their duplicates."""
    numbers = [one for one in alike if one.numbers and one.dates is None]
    if not table.some or not numbers:
        return ""
    number = max(numbers, key=lambda one: len(set(one.values)))
    return f" AND CAST({number.sql()} * 100 AS INTEGER) % 17 = 0"


def find(reading: Reading) -> list[Finding]:
    """Find the day with duplicate rows."""
    daily = reading.daily
    rows, extra = daily.counts("rows"), daily.counts("extra")
    fewest = enough(rows)
    full = [n for n, one in enumerate(rows) if one >= fewest]
    if len(full) < 7:  # noqa: PLR2004 - too little to be the usual
        return []
    shares = {n: extra[n] / rows[n] for n in full}
    low, high = quantile(list(shares.values()), 0.5), quantile(list(shares.values()), 0.8)
    expected = usual(rows)
    best: Finding | None = None
    for n in full:
        more = (shares[n] - low) / (1 - low) if low < 1 else 0.0
        # Where nothing else is there twice, three rows are no chance.
        few = rule.TWICE_ROWS[sum(extra) - extra[n] > 1]
        if (
            extra[n] < min(few, fewest)
            or more < rule.TWICE_SHARE
            or shares[n] < high + rule.TWICE_MORE
        ):
            continue
        surplus = rows[n] / max(expected[n], 1)
        # If rows are alike by nature, only their number shows it.
        by_chance = rows[n] - expected[n] < 4 * math.sqrt(max(expected[n], 1))
        if low > 0.03 and (surplus < 1 + 0.6 * more or by_chance):  # noqa: PLR2004
            continue
        day = daily.days[n]
        words = f"{extra[n]:.0f} of {rows[n]:.0f} rows on {day} are there more than once"
        score = surely(extra[n] * more, rule.TWICE)
        one = reading.shows(CauseKind.DUPLICATE_LOAD, None, (day, day), score, words)
        if best is None or score > best.score:
            best = one
    return [best] if best else []
