"""An incident: the database of a shop in which the batch of one day stopped midway.

    python -m examples.incident build/shop.sqlite

The demonstration investigates it. The numbers come from a fixed seed, so that each run makes the
same database.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import click

QUESTION: Final = "why did orders drop on 2026-03-02?"
BROKEN: Final = date(2026, 3, 2)
STOPPED: Final = time(11, 40)
"""Time at which the batch of that day stopped; later orders never came in."""

_FIRST: Final = date(2026, 1, 5)
_DAYS: Final = 70
_CUSTOMERS: Final = 400
_COUPONS: Final = 0.12  # the share of orders with one
_SCHEMA: Final = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, country TEXT NOT NULL, joined TEXT NOT NULL);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    ordered_at TEXT NOT NULL,
    amount REAL NOT NULL,
    coupon TEXT
);
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    shipped_on TEXT NOT NULL
);
"""


def plant(path: Path) -> None:
    """Write the database, and replace an existing one.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp(), "shop.sqlite")
    >>> plant(place)
    >>> with closing(sqlite3.connect(place)) as shop:
    ...     shop.execute("SELECT count(*), max(ordered_at) FROM orders WHERE date(ordered_at) = ?",
    ...                  [str(BROKEN)]).fetchone()
    (61, '2026-03-02 11:38:00')
    """
    rng = random.Random(20260302)  # noqa: S311 - a seed, so that each run is the same
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.executescript(_SCHEMA)
        shop.executemany("INSERT INTO customers VALUES (?, ?, ?)", _customers(rng))
        number = 0
        for day in range(_DAYS):
            orders = list(_orders(rng, _FIRST + timedelta(days=day)))
            for at, amount, coupon in orders:
                number += 1
                who = rng.randint(1, _CUSTOMERS)
                order = (number, who, f"{at:%Y-%m-%d %H:%M:%S}", amount, coupon)
                shop.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", order)
                shipped = at.date() + timedelta(days=rng.choice((1, 1, 2)))
                shop.execute(
                    "INSERT INTO shipments (order_id, shipped_on) VALUES (?, ?)",
                    (number, str(shipped)),
                )


def _customers(rng: random.Random) -> Iterator[tuple[int, str, str]]:
    for number in range(1, _CUSTOMERS + 1):
        joined = _FIRST - timedelta(days=rng.randint(1, 900))
        yield number, rng.choice(("DE", "DE", "FR", "NL", "SE")), str(joined)


def _orders(rng: random.Random, day: date) -> Iterator[tuple[datetime, float, str | None]]:
    """Yield the orders of a day that come in, in order of time."""
    weekend = day.weekday() >= 5  # noqa: PLR2004 - Saturday
    count = round(rng.gauss(130 if weekend else 180, 7))
    minutes = sorted(min(1439, max(0, round(rng.gauss(13.5, 4.2) * 60))) for _ in range(count))
    for minute in minutes:
        at = datetime.combine(day, time(minute // 60, minute % 60))
        if day == BROKEN and at.time() > STOPPED:
            return
        coupon = rng.choice(("SPRING", "WELCOME")) if rng.random() < _COUPONS else None
        yield at, round(rng.lognormvariate(3.4, 0.5), 2), coupon


def investigate(database: Path, folder: Path) -> int:
    """Run ``statecharts investigate``; return its exit status.

    Args:
        database: The database that `plant` wrote.
        folder: Folder for the report and the state of the run.
    """
    # The parser of SQL takes a while to import, and nothing else here needs it.
    from machines.investigator.command import investigate as command  # noqa: PLC0415

    asked = ["--db", str(database), "--question", QUESTION, "--output", str(folder)]
    return int(command.main(asked, prog_name="statecharts investigate", standalone_mode=False) or 0)


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def main(path: Path) -> None:
    """Write the database to PATH."""
    plant(path)


if __name__ == "__main__":
    main(prog_name="python -m examples.incident")
