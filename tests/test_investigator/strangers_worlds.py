"""Databases as strangers would build them: tables of rows that know how they are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from attrs import define, field

Row = dict[str, Any]
"""A row: what it holds, by name. A moment is a datetime until it is written."""

Writer = Callable[[datetime], Any]

DAY: Final = timedelta(days=1)


def _iso(at: datetime, sep: str = "T", end: str = "") -> str:
    return at.strftime(f"%Y-%m-%d{sep}%H:%M:%S") + end


def epoch(at: datetime) -> int:
    """Return the seconds since 1970 of a moment in UTC."""
    return int(at.replace(tzinfo=UTC).timestamp())


WRITERS: Final[dict[str, Writer]] = {
    "date": lambda at: at.strftime("%Y-%m-%d"),
    "text": lambda at: _iso(at, " "),
    "minute": lambda at: at.strftime("%Y-%m-%d %H:%M"),
    "iso": _iso,
    "zulu": lambda at: _iso(at, end="Z"),
    "micro": lambda at: _iso(at, end=f".{at.microsecond // 1000:03d}Z"),
    "offset": lambda at: _iso(at, end="+00:00"),
    "local": lambda at: _iso(at, " ", "+01:00"),
    "epoch": epoch,
    "millis": lambda at: epoch(at) * 1000 + at.microsecond // 1000,
    "number": lambda at: int(at.strftime("%Y%m%d")),
    "clock": lambda at: at.strftime("%H:%M"),
    "compact": lambda at: at.strftime("%Y%m%d"),
}
"""How a moment can be written in a cell."""


@define
class Column:
    """A column: its name, how it is declared, and how a moment is written in it.

    Attributes:
        source: Which value of the row it shows, if not that of its own name.
    """

    name: str
    declared: str = ""
    writer: str = "text"
    source: str = ""

    def cell(self, row: Row) -> Any:
        """Return what is written for a row."""
        value = row.get(f"!{self.name}", row.get(self.source or self.name))
        return WRITERS[self.writer](value) if isinstance(value, datetime) else value


@define
class Table:
    """A table: its columns, and its rows in the order in which they were put in."""

    name: str
    columns: list[Column]
    rows: list[Row] = field(factory=list)
    key: str | None = None
    ends: str = ""

    def write(self, database: sqlite3.Connection) -> None:
        """Make the table in a database."""
        names = [f'"{one.name}" {one.declared}'.strip() for one in self.columns]
        database.execute(f'CREATE TABLE "{self.name}" ({", ".join(names)}){self.ends}')
        places = ", ".join("?" * len(self.columns))
        found = ([one.cell(row) for one in self.columns] for row in self.rows)
        database.executemany(f'INSERT INTO "{self.name}" VALUES ({places})', found)


@define
class Join:
    """A column of the facts that names rows of another table."""

    column: str
    table: str
    key: str


@define
class World:
    """A database without a fault, and what its parts are for.

    Attributes:
        fact: The table that the days fill.
        days: Its days.
        timed: Whether its moments have an hour.
        amounts: Its numbers that have a unit.
        enums: Its columns of few values.
        optional: Columns that may lack a value, by how often they do.
        segment: A column that splits it into sources, shops, regions.
        joins: Where it refers to other tables.
        dated: How a dimension says that it is kept up: ``rates`` (a row per day), ``updated``
            (a moment per row), ``created`` (new rows for new facts), with the columns.
        words: What people call it.
        referred: Whether other tables refer to it by its key, which must not be given anew.
    """

    tables: dict[str, Table]
    fact: Table
    days: list[date]
    words: tuple[str, ...]
    timed: bool = True
    arrives: bool = False
    amounts: tuple[str, ...] = ()
    enums: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    segment: str | None = None
    joins: tuple[Join, ...] = ()
    dated: dict[str, tuple[str, str]] = field(factory=dict)
    referred: bool = False

    def write(self, path: Path) -> None:
        """Write the database."""
        with closing(sqlite3.connect(path)) as database, database:
            for one in self.tables.values():
                one.write(database)


def days_of(rng: Random, least: int, most: int) -> list[date]:
    """Return some days in a row."""
    first = date(2025, 12, 1) + DAY * rng.randrange(90)
    return [first + DAY * n for n in range(rng.randint(least, most))]


WEEKS: Final = {
    "level": (1.0,) * 7,
    "office": (1.1, 1.2, 1.15, 1.1, 1.0, 0.35, 0.25),
    "leisure": (0.8, 0.8, 0.85, 0.9, 1.1, 1.4, 1.2),
    "sundays": (1.0, 1.0, 1.0, 1.1, 1.2, 1.3, 0.0),
    "weekends": (1.1, 1.1, 1.0, 1.0, 0.9, 0.0, 0.0),
}


def count_of(
    rng: Random, day: date, number: int, rate: float, week: str, growth: float, noise: float
) -> int:
    """Return how many rows a day has: a level, a week, growth, and noise around it."""
    mean = rate * WEEKS[week][day.weekday()] * (1 + growth * number)
    if not mean:
        return 0
    if not noise:
        return round(mean)
    return max(1, round(rng.gauss(mean, noise * mean**0.5)))


HOURS: Final[dict[str, tuple[int, ...]]] = {
    "always": (1,) * 24,
    "shop": (0,) * 8 + (2, 4, 6, 7, 8, 8, 7, 7, 8, 9, 8, 5, 2) + (0,) * 3,
    "web": (2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 10, 10, 9, 9, 9, 10, 11, 12, 12, 10, 7, 4),
    "office": (0,) * 9 + (6, 8, 8, 4, 6, 8, 8, 7, 5) + (0,) * 6,
    "rush": (1, 1, 0, 0, 1, 2, 5, 9, 9, 5, 4, 4, 5, 5, 4, 5, 7, 9, 9, 7, 5, 4, 3, 2),
}


def moments(rng: Random, day: date, count: int, hours: str) -> list[datetime]:
    """Return the moments of a day in order."""
    start = start_of(day)
    found = rng.choices(range(24), HOURS[hours], k=count)
    return sorted(start + timedelta(hours=hour, seconds=rng.random() * 3600) for hour in found)


def start_of(day: date) -> datetime:
    """Return the first moment of a day, on the clock of the place."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - databases have no zone either


def number(rows: Iterable[Row], key: str | None, first: int = 1) -> None:
    """Number rows anew, as an autoincrement does."""
    if key is not None:
        for at, row in enumerate(rows, first):
            row[key] = at
