"""The excerpt: the rows and columns of a piece of evidence that show the cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Final

from attrs import frozen

from machines.investigation import Evidence, Scalar
from machines.investigator.command.markdown import cell, plain, table
from machines.investigator.command.wording import bar

_AROUND: Final = timedelta(days=7)
_ROWS: Final = 15
_MOST_ROWS: Final = 24  # if a day has several
_COLUMNS: Final = 6  # beside the first


@frozen
class Excerpt:
    """An excerpt of a piece of evidence.

    Attributes:
        markdown: The table.
        told: The number of omitted rows and columns, in words; empty if there are none.
    """

    markdown: str
    told: str


def excerpt(evidence: Evidence, day: date | None, column: str | None) -> Excerpt:
    """Return the rows around a day, with the columns that differ most on it."""
    rows = list(evidence.rows)
    days = [_day(row[0]) if row else None for row in rows]
    daily = bool(rows) and sum(one is not None for one in days) >= 0.8 * len(rows)
    width = len(evidence.columns)
    if not daily:
        picked = list(range(min(width, _COLUMNS + 1)))
        shown = _plain(evidence, rows[:_ROWS], picked)
        return Excerpt(shown, _told(len(rows), min(len(rows), _ROWS), width, len(picked), "row"))
    series = sorted(
        ((when, row) for when, row in zip(days, rows, strict=True) if when), key=lambda one: one[0]
    )
    single = len({when for when, _ in series}) == len(series)
    picked, loudest = _columns(evidence.columns, series, day, column)
    near = _near(series, day)
    shown = _daily(evidence.columns, near, picked, loudest if single else None, day)
    noun = "day" if single else "row"
    told = _told(len(series), len(near), width, len(picked), noun)
    return Excerpt(shown, told)


def _plain(evidence: Evidence, rows: Sequence[Sequence[Scalar]], picked: Sequence[int]) -> str:
    head = [plain(evidence.columns[at]) for at in picked]
    numbers = [all(_is_number(row[at]) for row in rows) for at in picked]
    return table(head, ([cell(row[at]) for at in picked] for row in rows), numbers)


def _daily(
    columns: Sequence[str],
    series: Sequence[tuple[date, Sequence[Scalar]]],
    picked: Sequence[int],
    loudest: int | None,
    day: date | None,
) -> str:
    """Return a table by day, with a bar for the column that differs most."""
    head = [plain(columns[at]) for at in picked]
    numbers = [False, *[all(_is_number(row[at]) for _, row in series) for at in picked[1:]]]
    most = 0.0
    if loudest is not None:
        head.append(head[picked.index(loudest)])
        most = max((_number(row[loudest]) for _, row in series), default=0.0)
    lines: list[list[str]] = []
    for when, row in series:
        mark = "**" if when == day else ""
        line = [
            f"{mark}{when.isoformat()}{mark}",
            *[f"{mark}{cell(row[at])}{mark}" for at in picked[1:]],
        ]
        if loudest is not None:
            line.append(bar(_number(row[loudest]) / most, 16) if most > 0 else "")
        lines.append(line)
    missing = day is not None and all(when != day for when, _ in series)
    if day is not None and missing and series and series[0][0] < day < series[-1][0]:
        place = sum(when < day for when, _ in series)
        rest = len(head) - 2
        lines.insert(place, [f"**{day.isoformat()}**", "**no rows**", *[""] * rest])
    return table(head, lines, numbers)


def _near(
    series: Sequence[tuple[date, Sequence[Scalar]]], day: date | None
) -> Sequence[tuple[date, Sequence[Scalar]]]:
    """Return the days around a day; without one, the last days."""
    if day is None:
        return series[-_ROWS:]
    near = sorted(series, key=lambda one: abs(one[0] - day))
    inside = [one for one in near if abs(one[0] - day) <= _AROUND][:_MOST_ROWS]
    return sorted(inside or near[:_ROWS], key=lambda one: one[0])


def _columns(
    columns: Sequence[str],
    series: Sequence[tuple[date, Sequence[Scalar]]],
    day: date | None,
    column: str | None,
) -> tuple[list[int], int | None]:
    """Return the columns to show, and the one that differs most."""
    loud = {
        at: _loudness(series, at, day) * (4.0 if _is_about(columns[at], column) else 1.0)
        for at in range(1, len(columns))
        if all(_is_number(row[at]) for _, row in series)
    }
    best = sorted(loud, key=lambda at: (columns[at] != "rows", -loud[at], at))
    names = [at for at in range(1, len(columns)) if at not in loud][: max(1, _COLUMNS - len(loud))]
    if len(columns) <= _COLUMNS + 1:
        picked = list(range(len(columns)))
    else:
        picked = [0, *sorted([*names, *best][:_COLUMNS])]
    drawn = [at for at in picked if at in loud and _is_drawn(series, at)]
    # A count of rows says more than the largest value, however large.
    counts = [at for at in drawn if columns[at] != "rows" and _counts(columns, series, at)]
    return picked, max(counts or drawn, key=lambda at: loud[at], default=None)


def _is_drawn(series: Sequence[tuple[date, Sequence[Scalar]]], at: int) -> bool:
    """Tell whether a column can be drawn as bars."""
    values = [_number(row[at]) for _, row in series]
    return min(values) >= 0 and max(values) > 0


def _counts(
    columns: Sequence[str], series: Sequence[tuple[date, Sequence[Scalar]]], at: int
) -> bool:
    """Tell whether a column counts some of the rows."""
    if "rows" not in columns:
        return False
    rows = columns.index("rows")
    return all(_number(row[at]) <= _number(row[rows]) for _, row in series)


def _loudness(series: Sequence[tuple[date, Sequence[Scalar]]], at: int, day: date | None) -> float:
    """Return the deviation of a column on a day, in multiples of its usual deviation."""
    usual = [_number(row[at]) for when, row in series if when != day]
    if not usual:
        return 0.0
    middle = median(usual)
    spread = median(abs(one - middle) for one in usual)
    there = [_number(row[at]) for when, row in series if when == day]
    found = there[0] if there else 0.0 if day is not None else max(usual)
    return abs(found - middle) / (spread + 0.05 * abs(middle) + 0.01)


def _told(rows: int, shown: int, columns: int, picked: int, noun: str) -> str:
    """Return the number of omitted rows and columns, in words."""
    parts = []
    if rows > shown:
        parts.append(f"{rows - shown} of {rows} {noun}s")
    if columns > picked:
        parts.append(f"{columns - picked} of {columns} columns")
    return f"Not shown: {' and '.join(parts)}." if parts else ""


def _is_about(label: str, column: str | None) -> bool:
    return column is not None and (label == column or label.startswith(f"{column} "))


def _is_number(value: Scalar) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _number(value: Scalar) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _day(value: Scalar) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
