"""Probes: queries that each test a hypothesis, and findings, what is read from their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from attrs import field, frozen

from machines.investigation.calls import Scalar
from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.formats import VALID_DAY
from machines.investigator.reasoning.series import Daily
from machines.investigator.reasoning.tables import Column, Table, quote

MOST_DAYS: Final = 400
"""So many days are looked at, the latest ones."""
MOST_ROWS: Final = 1_000
"""So many rows the answer has at most, if each day is split into parts."""


@frozen
class Link:
    """A column that may refer to the key of another table.

    Attributes:
        column: The column.
        parent: The other table.
        key: Its key.
        akin: Whether their names say that they belong together.
        own: Whether the column tells the rows of its own table apart.
    """

    column: str
    parent: str
    key: str
    akin: bool
    own: bool = False


@frozen
class Probe:
    """A query by day, and the hypothesis that it tests.

    Attributes:
        check: The check that reads the answer.
        table: The table that it is about.
        day: The column that has the day.
        claim: The hypothesis, in words.
        sql: The query; its first column is the day.
        labels: What its columns are called, the day left out.
        columns: The columns that it is about.
        links: The links that it is about.
        split: The column that splits the rows; its value follows the day.
    """

    check: str
    table: str
    day: str
    claim: str
    sql: str = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    columns: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    split: str | None = None


@frozen
class Reading:
    """The answer to a probe: of all rows, or of those of one part of them."""

    probe: Probe
    daily: Daily
    part: Scalar = None


def read_probe(probe: Probe, rows: Sequence[Sequence[Scalar]]) -> list[Reading]:
    """Return the readings of an answer: one, or one for each part that the rows are split into."""
    columns = ("day", *probe.labels)
    if probe.split is None:
        return [Reading(probe, Daily.read(columns, rows))]
    if len(rows) >= MOST_ROWS:
        # Of the earliest day some parts may have been left out.
        rows = [row for row in rows if row[0] != rows[-1][0]]
    parts: dict[Scalar, list[Sequence[Scalar]]] = {}
    for row in rows:
        parts.setdefault(row[1], []).append((row[0], *row[2:]))
    return [Reading(probe, Daily.read(columns, own), part) for part, own in parts.items()]


@frozen
class Finding:
    """Something that is not as usual, and what may have caused it.

    Attributes:
        kind: The cause.
        table: Where.
        column: In which column, if it is one.
        day: From which day on, if that is known.
        score: From 0 to 1.
        words: What was seen.
        probes: The probes that speak for it.
        last: The last day of it.
        parent: Another table that it has to do with.
        part: The part of the rows that it is about, if not all are.
        others: Further columns that it is about.
    """

    kind: CauseKind
    table: str
    column: str | None
    day: date | None
    score: float
    words: str
    probes: tuple[Probe, ...]
    last: date | None = None
    parent: str | None = None
    part: Scalar = None
    others: tuple[str, ...] = ()


def by_day(
    table: Table,
    day: Column,
    cells: Sequence[tuple[str, str]],
    split: Column | None = None,
    *,
    whole: bool = False,
) -> str:
    """Return a query of some aggregates by day, and by part, the latest days first.

    Unless the ``whole`` of it is to be counted, of very many rows only some are looked at.
    """
    assert day.dates is not None  # noqa: S101 - a day column has dates
    expression = day.fill(day.dates.day)
    found = ", ".join(f"{sql} AS {quote(label)}" for label, sql in cells)
    part, groups, most = "", "1", MOST_DAYS
    if split is not None:
        part, groups, most = f' {split.sql()} AS "part",', "1, 2", MOST_ROWS
    some = "" if whole else table.some
    return (
        f'SELECT {expression} AS "day",{part} {found} FROM {table.source} AS t '  # noqa: S608
        f"WHERE {expression} GLOB '{VALID_DAY}'{some} "
        f"GROUP BY {groups} ORDER BY 1 DESC LIMIT {most}"
    )


def probe_by_day(
    check: str,
    claim: str,
    table: Table,
    day: Column,
    cells: Sequence[tuple[str, str]],
    columns: Sequence[str] = (),
    split: Column | None = None,
    *,
    whole: bool = False,
) -> Probe:
    """Return a probe of some aggregates by day."""
    return Probe(
        check,
        table.name,
        day.name,
        claim,
        by_day(table, day, cells, split, whole=whole),
        tuple(label for label, _ in cells),
        tuple(columns),
        split=split.name if split is not None else None,
    )
