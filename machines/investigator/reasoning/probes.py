"""Probes: queries that test hypotheses, and findings, read from their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar

from attrs import evolve, field, frozen

from machines.investigation.calls import Scalar
from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.series import Daily, Run, Step, around
from machines.investigator.reasoning.tables import Column, Table
from machines.investigator.security.spelling import MAX_LENGTH, MAX_NAME
from machines.investigator.tools.naming import quoted

MOST_DAYS: Final = 900
"""Number of days that are examined, the latest ones."""
MOST_ROWS: Final = 1_000
"""Greatest number of rows of an answer in which each day is split into parts."""


@frozen
class Link:
    """A column that may refer to the key of another table.

    Attributes:
        column: The column.
        parent: The other table.
        key: Its key.
        akin: Whether their names match.
        own: Whether the column identifies the rows of its own table.
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
        table: The table.
        day: The column of days.
        claim: The hypothesis, in words.
        sql: The query; its first column is the day.
        labels: Names of its columns, without the day.
        columns: The columns that it examines.
        links: The links that it examines.
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

    def span(self, days: Run | Step) -> tuple[date, date]:
        """Return the first and the last of some days."""
        return self.daily.days[days.first], self.daily.days[days.last]

    def around(self, label: str, one: Finding) -> tuple[list[float], list[float]]:
        """Return the numbers above zero of the two weeks before a finding, and of its days."""
        if one.day is None or one.last is None:
            return [], []
        first = self.daily.days[0]
        sizes = [n or None for n in self.daily.values.get(label, ())]
        before, here = around(sizes, (one.day - first).days, (one.last - first).days)
        return [n for n in before if n > 0], [n for n in here if n > 0]

    def shows(
        self,
        kind: CauseKind,
        column: str | None,
        days: tuple[date | None, date],
        score: float,
        words: str,
        parent: str | None = None,
    ) -> Finding:
        """Return what its table shows, from one day to another."""
        day, last = days
        table, probes = self.probe.table, (self.probe,)
        return Finding(kind, table, column, day, score, words, probes, last, parent)


def read_probe(probe: Probe, rows: Sequence[Sequence[Scalar]]) -> list[Reading]:
    """Return the readings of an answer: one, or one for each part that the rows are split into."""
    columns = ("day", *probe.labels)
    if probe.split is None:
        return [Reading(probe, Daily.read(columns, rows))]
    if len(rows) >= MOST_ROWS:
        # Some parts of the earliest day may have been left out.
        rows = [row for row in rows if row[0] != rows[-1][0]]
    parts: dict[Scalar, list[Sequence[Scalar]]] = {}
    for row in rows:
        parts.setdefault(row[1], []).append((row[0], *row[2:]))
    return [Reading(probe, Daily.read(columns, own), part) for part, own in parts.items()]


@frozen
class Finding:
    """An anomaly, and its possible cause.

    Attributes:
        kind: The cause.
        table: The table.
        column: The column, if it is one column.
        day: Its first day, if that is known.
        score: From 0 to 1.
        words: The anomaly in words.
        probes: The probes that show it.
        last: Its last day.
        parent: Another table that is involved.
        part: The part of the rows that it concerns, if it is not all.
        others: Further columns that it concerns.
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

    def covers(self, day: date) -> bool:
        """Tell whether a day is one of its days."""
        return self.day is not None and self.last is not None and self.day <= day <= self.last


T = TypeVar("T")


def grouped(items: Sequence[T], at_once: int, probe: Callable[[Sequence[T]], Probe]) -> list[Probe]:
    """Return the probes of some columns: of so many at once, or fewer where names are long."""
    found = []
    todo = [items[at : at + at_once] for at in range(0, len(items), at_once)]
    while todo:
        group = todo.pop(0)
        one = probe(group)
        if len(one.sql) > MAX_LENGTH and len(group) > 1:
            half = len(group) // 2
            todo[:0] = [group[:half], group[half:]]
        else:
            found.append(one)
    return found


_PART: Final = 0.97
"""Weight of a finding in a part of the rows only."""


def of_part(one: Finding, reading: Reading) -> Finding:
    """Return a finding in some rows, if they are a part of all, as one of this part."""
    if reading.probe.split is None:
        return one
    words = f"{one.words}, where {reading.probe.split} is {reading.part}"
    others = (*one.others, reading.probe.split)
    score = one.score * _PART
    return evolve(one, score=score, words=words, part=reading.part or "", others=others)


def labelled(cells: Sequence[tuple[str, str]]) -> str:
    """Return the columns of a query, each under its label, or a short one if that is too long."""
    most = MAX_NAME["sqlite"]
    return ", ".join(
        f"{sql} AS {quoted(label if len(label.encode()) <= most else f'column {n}')}"
        for n, (label, sql) in enumerate(cells)
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
    """Return a probe of some aggregates by day, and by part, the latest days first.

    Of very many rows only some are read, unless the ``whole`` is to be counted.
    """
    part, groups, most = "", "1", MOST_DAYS
    if split is not None:
        part, groups, most = f' {split.sql()} AS "part",', "1, 2", MOST_ROWS
    sql = (
        f'SELECT {day.day} AS "day",{part} {labelled(cells)} FROM {table.source} AS t '  # noqa: S608
        f"WHERE {table.has(day.day)}{'' if whole else table.some} "
        f"GROUP BY {groups} ORDER BY 1 DESC LIMIT {most}"
    )
    labels, by = tuple(label for label, _ in cells), split.name if split is not None else None
    return Probe(check, table.name, day.name, claim, sql, labels, tuple(columns), split=by)
