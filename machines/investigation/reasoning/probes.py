"""Probes: queries that each test a hypothesis, and findings, what is read from their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from attrs import field, frozen

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.formats import VALID_DAY
from machines.investigation.reasoning.series import Daily
from machines.investigation.reasoning.tables import Column, Table, quote

MOST_DAYS: Final = 400
"""So many days are looked at, the latest ones."""


@frozen
class Link:
    """A column that may refer to the key of another table.

    Attributes:
        column: The column.
        parent: The other table.
        key: Its key.
        akin: Whether their names say that they belong together.
    """

    column: str
    parent: str
    key: str
    akin: bool


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
    """

    check: str
    table: str
    day: str
    claim: str
    sql: str = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    columns: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@frozen
class Reading:
    """The answer to a probe."""

    probe: Probe
    daily: Daily


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


def by_day(table: Table, day: Column, cells: Sequence[tuple[str, str]]) -> str:
    """Return a query of some aggregates by day, the latest days first."""
    assert day.dates is not None  # noqa: S101 - a day column has dates
    expression = day.fill(day.dates.day)
    found = ", ".join(f"{sql} AS {quote(label)}" for label, sql in cells)
    return (
        f'SELECT {expression} AS "day", {found} FROM {quote(table.name)} AS t '  # noqa: S608
        f"WHERE {expression} GLOB '{VALID_DAY}' GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )


def probe_by_day(
    check: str,
    claim: str,
    table: Table,
    day: Column,
    cells: Sequence[tuple[str, str]],
    columns: Sequence[str] = (),
    links: Sequence[Link] = (),
) -> Probe:
    """Return a probe of some aggregates by day."""
    return Probe(
        check,
        table.name,
        day.name,
        claim,
        by_day(table, day, cells),
        tuple(label for label, _ in cells),
        tuple(columns),
        tuple(links),
    )
