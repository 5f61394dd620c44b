"""A report on the quality of a shop's data, as a plan that survives, and can be replayed.

    python -m examples.quality_report --db build/plans.db

Three tables of SQLite and an HTTP service are read, seven checks run side by side, and their
findings are joined into a report in Markdown and a picture in SVG. Then the run is replayed, with
the service gone and the database removed: the report is the same to the byte.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from machines.plan.vocabulary import COMPUTE, FETCH_DATA, REPORT
from machines.planner import Engine, Node, Plan, SideEffects, Work

TABLES: Final = ("customers", "orders", "shipments")

_SHOP: Final = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, country TEXT NOT NULL);
CREATE TABLE orders (id INTEGER, customer_id INTEGER, day TEXT, currency TEXT, amount REAL);
CREATE TABLE shipments (order_id INTEGER, day TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO customers SELECT i, iif(i % 40 = 0, NULL, 'c' || i || '@example.org'),
    iif(i % 3, 'DE', 'FR') FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
INSERT INTO orders SELECT i - (i % 199 = 0), 1 + i * 7 % 205,
    date('2026-01-01', (i / 10) || ' days'),
    CASE WHEN i % 97 = 0 THEN 'XXX' WHEN i % 4 THEN 'EUR' ELSE 'USD' END,
    iif(i % 120 = 0, -1, 1) * (10 + i % 90) FROM n;
INSERT INTO shipments SELECT id, date(day, iif(id % 83, '2 days', '-1 day')) FROM orders
    WHERE id % 10;
"""


@frozen
class Size:
    """The size of a table."""

    table: str
    rows: int


@frozen
class Finding:
    """The result of a check."""

    check: str
    bad: int
    of: int

    @property
    def share(self) -> float:
        """The part of the rows that is bad."""
        return self.bad / self.of if self.of else 0.0


_BAD_ROWS: Final = {
    "no_email": "customers WHERE email IS NULL",
    "unknown_customer": "orders LEFT JOIN customers AS c ON c.id = customer_id WHERE c.id IS NULL",
    "twice": "orders WHERE id IN (SELECT id FROM orders GROUP BY id HAVING count(*) > 1)",
    "negative": "orders WHERE amount < 0",
    "never_shipped": "orders LEFT JOIN shipments ON order_id = id WHERE order_id IS NULL",
    "shipped_too_soon": "shipments JOIN orders ON id = order_id WHERE shipments.day < orders.day",
}


def _ask(work: Work, key: str, query: str) -> list[dict[str, Any]]:
    return work.io.sql(work.parameters["shop"], query, tables=TABLES, key=key)


def _size(work: Work) -> Size:
    table = work.node.rpartition(".")[2]
    (row,) = _ask(work, f"size/{table}", f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - ours
    return Size(table, row["n"])


def _rates(work: Work) -> dict[str, float]:
    answer = work.io.http(f"{work.parameters['service']}/rates", key="rates")
    rates: dict[str, float] = answer.json()["rates"]
    return rates


def _check(work: Work, sizes: list[Size]) -> Finding:
    name = work.node.rpartition(".")[2]
    table, *_ = _BAD_ROWS[name].split()
    (row,) = _ask(work, f"check/{name}", f"SELECT count(*) AS n FROM {_BAD_ROWS[name]}")  # noqa: S608
    of = next(one.rows for one in sizes if one.table == table)
    work.emit("checked", {"check": name, "bad": row["n"]})
    return Finding(name, row["n"], of)


def _currencies(work: Work, rates: dict[str, float]) -> Finding:
    query = "SELECT currency, count(*) AS n FROM orders GROUP BY currency ORDER BY currency"
    rows = _ask(work, "check/currencies", query)
    bad = sum(row["n"] for row in rows if row["currency"] not in rates)
    return Finding("unknown_currency", bad, sum(row["n"] for row in rows))


def _join(_: Work, findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (-one.share, one.check))


def _report(work: Work, findings: list[Finding], sizes: list[Size]) -> str:
    looked_at = ", ".join(f"{one.rows} {one.table}" for one in sizes)
    lines = [
        "# Data quality",
        "",
        f"Checked at {work.io.now():%Y-%m-%d %H:%M:%S} UTC: {looked_at}.",
        "",
        "| check | bad | of | share |",
        "|---|---:|---:|---:|",
        *(f"| {one.check} | {one.bad} | {one.of} | {one.share:.1%} |" for one in findings),
    ]
    work.output("report.md", "\n".join(lines) + "\n", media="text/markdown")
    work.output("report.svg", _picture(findings), media="image/svg+xml")
    return findings[0].check


def _picture(findings: list[Finding]) -> str:
    most = max((one.share for one in findings), default=0) or 1
    height = 24 * len(findings) + 16
    bars = "".join(
        f'<text x="8" y="{24 + 24 * row}">{one.check}</text>'
        f'<rect x="160" y="{11 + 24 * row}" width="{300 * one.share / most:.1f}" height="16"/>'
        f'<text x="{168 + 300 * one.share / most:.1f}" y="{24 + 24 * row}">{one.share:.1%}</text>'
        for row, one in enumerate(findings)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="540" height="{height}"'
        f' font-family="sans-serif" font-size="13" fill="#4a6785">{bars}</svg>\n'
    )


def quality() -> Plan:
    """Return the plan.

    >>> len(quality().graph().order)
    13
    """
    plan = Plan("quality_report")
    reads = SideEffects.READ_ONLY
    sizes = [
        plan.node(f"quality.read.{table}", _size, tags=[FETCH_DATA], side_effects=reads)
        for table in TABLES
    ]
    rates = plan.node("quality.read.rates", _rates, tags=[FETCH_DATA], side_effects=reads)
    checks: list[Node[Finding]] = [
        plan.node(f"quality.check.{name}", _check, plan.many(sizes), side_effects=reads)
        for name in _BAD_ROWS
    ]
    currencies = plan.node("quality.check.currencies", _currencies, rates, side_effects=reads)
    joined = plan.node(
        "quality.report.join", _join, plan.many([*checks, currencies]), tags=[COMPUTE]
    )
    plan.node("quality.report.write", _report, joined, plan.many(sizes), tags=[REPORT])
    return plan


plan = quality()


def plant(path: Path) -> None:
    """Write the database of the shop, always the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as shop:
        shop.executescript(_SHOP)


class _Rates(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the rates of currencies."""
        body = json.dumps({"rates": {"EUR": 1.0, "USD": 1.08}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def sources(folder: Path) -> Generator[dict[str, str], None, None]:
    """Give the parameters of the plan, while its sources are there."""
    shop = folder / "shop.sqlite"
    plant(shop)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Rates) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield {"shop": str(shop), "service": f"http://127.0.0.1:{server.server_port}"}
        finally:
            server.shutdown()
            shop.unlink()


@click.command()
@click.option("--db", "store", type=click.Path(path_type=Path), required=True, metavar="FILE")
def main(store: Path) -> None:
    """Check a shop's data, and replay the run without its sources."""
    if not store.parent.is_dir():
        raise click.UsageError(f"There is no directory {str(store.parent)!r}. Make it.")
    with Engine(f"sqlite:///{store}") as engine:
        with sources(store.parent) as given:
            run = engine.start(plan, given, source=f"{__file__}:plan")
        again = engine.replay(run.run, plan)
        print(engine.output(run.run, "report.md"), end="")
        differs = engine.difference(run.run, again.run)
        print(f"\nrun     {run.run} {run.status}")
        print(f"replay  {again.run} {again.status}, {differs or 'equal to the byte'}")


if __name__ == "__main__":
    main()
