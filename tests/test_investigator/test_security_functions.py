"""The functions: each that is listed can be called, and its name opens nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from machines.investigator.security import (
    Dialect,
    GuardedConnection,
    SecurityViolation,
    validate_query,
)
from machines.investigator.security.functions import FUNCTIONS, RUNNING
from tests.test_investigator.shop import SCOPE

LISTED: list[tuple[Dialect, str]] = [
    (dialect, name) for dialect, names in FUNCTIONS.items() for name in sorted(names)
]

WRITTEN = {
    "cast": "cast(id AS text)",
    "date_part": "date_part('hour', created_at)",
    "date_trunc": "date_trunc('day', created_at)",
    "extract": "extract(year FROM created_at)",
    "mode": "mode() WITHIN GROUP (ORDER BY id)",
    "percentile_cont": "percentile_cont(0.5) WITHIN GROUP (ORDER BY id)",
    "percentile_disc": "percentile_disc(0.5) WITHIN GROUP (ORDER BY id)",
    "position": "position('a' IN note)",
}


def forms(name: str) -> list[str]:
    """Return ways to call a function: with no arguments up to four, and over a window."""
    if name in WRITTEN:
        return [WRITTEN[name]]
    calls = [f"{name}({', '.join(['id'] * count)})" for count in range(5)]
    return [*calls, *(f"{call} OVER (ORDER BY id)" for call in calls)]


def is_allowed(sql: str, dialect: Dialect) -> bool:
    try:
        validate_query(sql, SCOPE, dialect)
    except SecurityViolation:
        return False
    return True


def test_listed_functions_can_be_called() -> None:
    """No name is on the list in vain."""
    assert [
        (dialect, name)
        for dialect, name in LISTED
        if not any(is_allowed(f"SELECT {form} FROM orders", dialect) for form in forms(name))
    ] == []


@pytest.mark.long
def test_listed_functions_are_called_by_their_plain_names() -> None:
    """Quoted or out of a schema, a name may be another function's; as a table, it is none."""
    for dialect, name in LISTED:
        call = forms(name)[0].removeprefix(name)
        for other in (f'"{name}"{call}', f"public.{name}{call}", f"main . {name}{call}"):
            assert not is_allowed(f"SELECT {other} FROM orders", dialect), (dialect, other)
        assert not is_allowed(f"SELECT * FROM {name}(id)", dialect), (dialect, name)
        assert not is_allowed(f"SELECT * FROM orders, {name}(id) AS x", dialect), (dialect, name)


def test_guard_runs_no_function_that_is_not_listed(guarded: GuardedConnection) -> None:
    """Of all that SQLite has, only what is listed gets past the guard."""
    with closing(sqlite3.connect(":memory:")) as db:
        everything = db.execute("SELECT name FROM pragma_function_list").fetchall()
    names = {name for (name,) in everything if name.isidentifier()}
    assert len(names - RUNNING) > 50
    for name in sorted(names - RUNNING):
        for form in forms(name):
            with pytest.raises(Exception, match="SC51"):
                guarded.execute(f"SELECT {form} FROM orders")
