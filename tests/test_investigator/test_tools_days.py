"""Days: which day a cell means, however it is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from machines.investigator.security import GuardedConnection, ToolCall
from machines.investigator.tools import Toolbox
from tests.test_investigator.incident import SCOPE

SECONDS = 1_772_410_000  # 2026-03-02 00:06:40 UTC


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02 23:59:59.5", "2026-03-02"),
        ("2026-03-02T23:30:00Z", "2026-03-02"),
        ("2026-03-02T23:30:00-05:00", "2026-03-03"),
        ("2026/03/02", "2026-03-02"),
        ("2026/03/02 10:00", "2026-03-02"),
        ("20260302", "2026-03-02"),
        ("20260302T101500", "2026-03-02"),
        (20260302, "2026-03-02"),
        (SECONDS, "2026-03-02"),
        (float(SECONDS), "2026-03-02"),
        (SECONDS * 1000, "2026-03-02"),
        (0, "1970-01-01"),
        ("2026-03-02T10:00:00.000+0100", "2026-03-02"),
        ("soon", None),
        ("now", None),
        ("2026", None),
        ("10:00", None),
        ("", None),
        (None, None),
        (b"2026", None),
    ],
)
def test_day_of_a_cell(cell: object, day: str | None, tmp_path: Path) -> None:
    """Dates and times as texts and numbers come to a day; all else to none."""
    assert _days(tmp_path, [cell]) == [(day, 1)]


def test_days_of_many_years_are_the_latest(tmp_path: Path) -> None:
    """Of more days than are looked at, the latest are shown, in order."""
    cells = [86_400 * n for n in range(20_000, 21_200)]
    days = _days(tmp_path, cells)
    assert len(days) == 1_000
    assert days[-1] == ("2028-01-16", 1)
    assert days == sorted(days, key=str)


def test_days_that_are_far_apart_do_not_fill_the_summary(tmp_path: Path) -> None:
    """A mistyped century names no missing days; ten are named of many."""
    _days(tmp_path, ["0026-03-02", "2026-03-02"])
    assert _told(tmp_path) == "orders.day: 2 days from 0026-03-02 to 2026-03-02"
    _days(tmp_path, ["2026-03-01", "2026-03-31"])
    assert _told(tmp_path).endswith("29 days between without rows: " + _named(2, 11) + ", …")
    _days(tmp_path, [-100_000_000_000_000, "2026-03-01"])
    assert "without rows" not in _told(tmp_path)


def _named(first: int, last: int) -> str:
    return ", ".join(f"2026-03-{n:02}" for n in range(first, last + 1))


def _days(folder: Path, cells: Sequence[object]) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "days.sqlite")) as database, database:
        database.execute("DROP TABLE IF EXISTS orders")
        database.execute("CREATE TABLE orders (day)")
        database.executemany("INSERT INTO orders VALUES (?)", [(cell,) for cell in cells])
    with GuardedConnection(folder / "days.sqlite", SCOPE) as connection:
        call = ToolCall("row_counts_by_day", {"table": "orders", "column": "day"})
        return list(Toolbox(connection).call(call).rows)


def _told(folder: Path) -> str:
    with GuardedConnection(folder / "days.sqlite", SCOPE) as connection:
        call = ToolCall("row_counts_by_day", {"table": "orders", "column": "day"})
        return Toolbox(connection).call(call).summary
