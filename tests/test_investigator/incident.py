"""A database with an incident, small enough to know by heart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from machines.investigator.security import TOOLS, Scope

SCOPE: Final = Scope(
    "u-1", "t-1", tools=tuple(TOOLS), tables=["orders", "customers", "order items", "gone", "kinds"]
)

_SCHEMA: Final = '''
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, day TEXT, status TEXT, note TEXT);
    CREATE TABLE "order items" ("the ""day""" TEXT, "o'clock" INT, "from" TEXT);
    CREATE TABLE kinds (what BLOB);
    CREATE TABLE payroll (salary REAL);
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo');
    INSERT INTO orders VALUES
        (1, 1, '2026-03-01', 'paid', 'a'), (2, 2, '2026-03-01', 'open', 'b'),
        (3, 1, '2026-03-03', 'paid', NULL), (4, 9, '2026-03-03', 'void', 'c'),
        (5, NULL, '2026-03-03T10:00:00', 'paid', NULL), (6, 2, '2026-03-04', 'paid', 'd'),
        (7, 2, 'soon', 'lost', 'e');
    INSERT INTO "order items" VALUES ('2026-03-01', 1, NULL), ('2026-03-02', NULL, 'x');
    INSERT INTO kinds VALUES (x'00ff'), (9e999), (1.5), ('text'), (NULL), (7);
'''


def open_incident(folder: Path) -> Path:
    """Make the database, and return where it is."""
    path = folder / "incident.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_SCHEMA)
    return path
