"""A shop's database, the scope of whoever investigates it, and the corpus of queries about it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from machines.investigator.security import Dialect, Scope

CORPUS: Final = Path(__file__).parent / "corpus"

CANARY: Final = "c4n4ry"
"""What stands for data wherever it must not show."""

SCOPE: Final = Scope(
    "u-1",
    "t-1",
    tools=["describe", "join_coverage", "list_tables", "null_rates", "query", "row_counts_by_day"],
    tables=[
        "Ledger",
        "customers",
        "open_payroll",
        "order items",
        "orders",
        "paid_orders",
        "refunds",
        "sales.invoices",
    ],
)
"""`open_payroll` is a view of a table that is not listed."""

_SCHEMA: Final = f"""
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT, amount REAL, status TEXT,
        currency TEXT, day TEXT, created_at TEXT, note TEXT, payload TEXT);
    CREATE TABLE refunds (id INTEGER PRIMARY KEY, amount REAL, day TEXT);
    CREATE TABLE "order items" (order_id INT, sku TEXT, qty INT);
    CREATE TABLE payroll (employee TEXT, salary REAL);
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, hash TEXT);
    CREATE TABLE secrets (k TEXT, v TEXT);
    CREATE VIEW paid_orders AS SELECT * FROM orders WHERE status = 'paid';
    CREATE VIEW payroll_view AS SELECT * FROM payroll;
    CREATE VIEW open_payroll AS SELECT * FROM payroll;
    CREATE VIEW all_orders AS SELECT * FROM orders;
    INSERT INTO customers VALUES (1, 'Ada', 'DE'), (2, 'Bo', 'FR');
    INSERT INTO orders VALUES
        (1, 1, 20.0, 'paid', 'EUR', '2026-03-01', '2026-03-01T08:00:00', 'n', '{{"source": "x"}}'),
        (2, 2, 30.0, 'open', 'EUR', '2026-03-02', '2026-03-02T09:00:00', NULL, '{{}}'),
        (3, 1, 40.0, 'paid', 'USD', '2026-03-02', '2026-03-02T10:00:00', 'late', '{{}}');
    INSERT INTO refunds VALUES (1, 20.0, '2026-03-05');
    INSERT INTO "order items" VALUES (1, 'cup', 2);
    INSERT INTO payroll VALUES ('{CANARY}', 90000);
    INSERT INTO users VALUES (1, 'admin', '{CANARY}');
    INSERT INTO secrets VALUES ('key', '{CANARY}');
"""


@frozen
class Attack:
    """A query that has to be refused.

    Attributes:
        sql: The query.
        dialects: In which dialects it has to be refused.
        rule: The rule that refuses it; by dialect, where they differ.
        run: What SQLite under guard makes of it when nobody has checked it: ``deny``; ``fail``,
            when SQLite has no answer in any case; ``harmless``, when it touches nothing forbidden.
    """

    sql: str
    dialects: tuple[Dialect, ...]
    rule: str | Mapping[Dialect, str]
    run: str | None = None

    def rule_in(self, dialect: Dialect) -> str:
        """Return the rule that refuses it in a dialect."""
        return self.rule if isinstance(self.rule, str) else self.rule[dialect]


@frozen
class Honest:
    """A query that has to be allowed, in these dialects."""

    sql: str
    dialects: tuple[Dialect, ...]


@cache
def attacks() -> tuple[Attack, ...]:
    """Return the queries that have to be refused."""
    return tuple(
        Attack(each["sql"], tuple(each["dialects"]), each["rule"], each.get("run"))
        for each in _lines("attacks.jsonl")
    )


@cache
def honest() -> tuple[Honest, ...]:
    """Return the queries that have to be allowed."""
    return tuple(Honest(each["sql"], tuple(each["dialects"])) for each in _lines("honest.jsonl"))


def open_shop(folder: Path) -> Path:
    """Make the shop's database, and return where it is."""
    path = folder / "shop.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_SCHEMA)
    return path


def _lines(name: str) -> list[dict[str, Any]]:
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]
