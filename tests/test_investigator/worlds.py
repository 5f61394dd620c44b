"""Worlds: rows of made-up businesses, seeded, in two styles, and under any names."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

Row = dict[str, Any]


@frozen
class World:
    """Rows by table, under the names that the generator knows them by.

    Attributes:
        rows: The rows of each table.
        fact: The busy table.
        at: Its column of events.
        loaded: Its column of loads.
        number: Its column of numbers.
        word: Its column of categories.
        parent: The table that it refers to.
        ref: The column that refers.
        key: The key that it refers to.
        born: The parent's column of days.
        first: The first day.
        days: How many days there are.
        names: What tables and columns are called in the file.
        write: How a moment is written.
    """

    rows: dict[str, list[Row]] = field(repr=False)
    fact: str
    at: str
    loaded: str
    number: str
    word: str
    number_id: str
    parent: str
    ref: str
    key: str
    born: str
    first: datetime
    days: int
    names: dict[str, str]
    write: Callable[[datetime], Any]
    types: dict[str, str]

    def day(self, n: int) -> datetime:
        return self.first + timedelta(days=n)

    def on(self, n: int, until: int | None = None) -> list[Row]:
        start, end = self.day(n), self.day((until if until is not None else n) + 1)
        return [row for row in self.rows[self.fact] if start <= row[self.at] < end]


SHOP_NAMES: Final[Sequence[dict[str, str]]] = (
    {},
    {
        "orders": "bestellungen",
        "created": "erfasst",
        "customer": "kunde",
        "customers": "kunden",
        "id": "nr",
    },
    {
        "orders": "t_17",
        "customers": "t_04",
        "products": "t_05",
        "created": "c3",
        "loaded": "c4",
        "customer": "c1",
        "id": "c0",
        "amount": "c7",
        "signup": "d2",
        "refunds": "t_18",
    },
    {
        "orders": "Sales Orders",
        "created": "Order Date",
        "customer": "CustomerID",
        "customers": "Customers",
        "id": "ID",
    },
)
GRID_NAMES: Final[Sequence[dict[str, str]]] = (
    {},
    {
        "readings": "messwerte",
        "taken": "zeit",
        "station": "ort",
        "stations": "orte",
        "code": "kuerzel",
    },
    {
        "readings": "f1",
        "stations": "d1",
        "station": "k1",
        "code": "k",
        "value": "m1",
        "taken": "a1",
        "received": "a2",
    },
)


def _moment_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _moment_iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment_epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def _hour(rng: random.Random, *, flat: bool) -> float:
    if flat:
        return rng.uniform(0, 24)
    return rng.gauss(11, 2.5) % 24 if rng.random() < 0.45 else rng.gauss(18, 2.0) % 24


def shop(rng: random.Random) -> World:
    """Make a shop: customers that come in by and by, products, orders with weeks and growth."""
    first = datetime(2026, 1, 1) + timedelta(days=rng.randrange(40))  # noqa: DTZ001
    days, base = rng.randrange(50, 95), rng.randrange(45, 140)
    growth, weekend = rng.uniform(-0.001, 0.008), rng.choice([0.4, 0.7, 1.0, 1.4])
    customers: list[Row] = []
    for n in range(rng.randrange(80, 200)):
        born = first - timedelta(days=rng.uniform(0.1, 300))
        customers.append({"id": 0, "name": f"n{n}", "region": rng.choice("NSEW"), "signup": born})
    customers.sort(key=lambda row: row["signup"])
    products: list[Row] = [
        {"sku": f"P-{n:03}", "title": f"product {n}", "price": round(rng.lognormvariate(3, 0.7), 2)}
        for n in range(30)
    ]
    orders: list[Row] = []
    refunds: list[Row] = []
    for n in range(days):
        day = first + timedelta(days=n)
        for _ in range(rng.randrange(2, 7)):
            born = day + timedelta(hours=rng.uniform(0, 23))
            customers.append(
                {
                    "id": 0,
                    "name": f"m{len(customers)}",
                    "region": rng.choice("NSEW"),
                    "signup": born,
                }
            )
        mean = (
            base
            * (1 + growth) ** n
            * (weekend if day.weekday() >= 5 else 1)
            * rng.lognormvariate(0, 0.08)
        )
        for _ in range(int(rng.gauss(mean, math.sqrt(mean)))):
            at = day + timedelta(hours=_hour(rng, flat=False))
            known = len(customers) - 1
            customer = (
                known - int(rng.expovariate(1 / 15)) if rng.random() < 0.3 else rng.randrange(known)
            )
            product = rng.choice(products)
            quantity = rng.choice([1, 1, 1, 2, 3])
            orders.append(
                {
                    "id": 0,
                    "customer": max(customer, 0) + 1,
                    "sku": product["sku"],
                    "quantity": quantity,
                    "amount": round(product["price"] * quantity * rng.uniform(0.9, 1.1), 2),
                    "status": rng.choice(["paid", "paid", "shipped", "open"]),
                    "note": None if rng.random() < 0.7 else rng.choice(["gift", "express", "call"]),
                    "created": at,
                    "loaded": at + timedelta(minutes=rng.uniform(5, 50)),
                }
            )
        for _ in range(rng.randrange(4)):
            refunds.append(
                {
                    "id": 0,
                    "reason": rng.choice(["broken", "late"]),
                    "amount": 5.0 + rng.randrange(40),
                    "refunded": day + timedelta(hours=rng.uniform(8, 20)),
                }
            )
    for n, row in enumerate(customers):
        row["id"] = n + 1
    for n, row in enumerate(refunds):
        row["id"] = n + 1
    orders.sort(key=lambda row: row["created"])
    for n, row in enumerate(orders):
        row["id"] = n + 1
    tables = {"customers": customers, "products": products, "orders": orders, "refunds": refunds}
    return World(
        tables,
        "orders",
        "created",
        "loaded",
        "amount",
        "status",
        "id",
        "customers",
        "customer",
        "id",
        "signup",
        first,
        days,
        rng.choice(SHOP_NAMES),
        rng.choice([_moment_text, _moment_iso]),
        {"id": "INTEGER", "amount": "REAL", "quantity": "INTEGER"} if rng.random() < 0.5 else {},
    )


def grid(rng: random.Random) -> World:
    """Make a grid of stations that report at any hour, without declared keys, in epoch seconds."""
    first = datetime(2025, 6, 1) + timedelta(days=rng.randrange(90))  # noqa: DTZ001
    days, base = rng.randrange(45, 80), rng.randrange(100, 260)
    flat = rng.random() < 0.5
    stations: list[Row] = []
    readings: list[Row] = []
    n_days = days
    for _ in range(40):
        stations.append(
            {
                "code": f"st{rng.randrange(16**6):06x}",
                "kind": rng.choice(["wind", "sun"]),
                "since": first - timedelta(days=rng.uniform(1, 900)),
            }
        )
    for n in range(n_days):
        day = first + timedelta(days=n)
        for _ in range(rng.randrange(1, 4)):
            stations.append(
                {
                    "code": f"st{rng.randrange(16**6):06x}",
                    "kind": rng.choice(["wind", "sun"]),
                    "since": day + timedelta(hours=rng.uniform(0, 12)),
                }
            )
        mean = base * (1 + 0.15 * math.sin(n / 9)) * rng.lognormvariate(0, 0.05)
        for _ in range(int(mean)):
            at = day + timedelta(hours=_hour(rng, flat=flat))
            pick = rng.choice(stations[-30:]) if rng.random() < 0.5 else rng.choice(stations)
            if pick["since"] > at:
                pick = stations[rng.randrange(40)]
            readings.append(
                {
                    "seq": 0,
                    "station": pick["code"],
                    "value": round(rng.gauss(20 + 5 * math.sin(n / 15), 4), 2),
                    "battery": rng.randrange(60, 100),
                    "flag": rng.choice(["ok", "ok", "ok", "warn"]),
                    "error": None if rng.random() < 0.9 else rng.choice(["E1", "E2"]),
                    "taken": at,
                    "received": at + timedelta(minutes=rng.expovariate(1 / 10)),
                }
            )
    readings.sort(key=lambda row: row["taken"])
    for n, row in enumerate(readings):
        row["seq"] = n + 1000
    tariffs = [
        {"day": first + timedelta(days=n), "tariff": round(rng.gauss(10, 0.3), 3)}
        for n in range(n_days)
    ]
    tables = {"stations": stations, "readings": readings, "tariffs": tariffs}
    return World(
        tables,
        "readings",
        "taken",
        "received",
        "value",
        "flag",
        "seq",
        "stations",
        "station",
        "code",
        "since",
        first,
        days,
        rng.choice(GRID_NAMES),
        rng.choice([_moment_epoch, _moment_text]),
        {},
    )


def clinic(rng: random.Random) -> World:
    """Make a clinic, closed at weekends, with random keys, whole cents, and days written first."""
    first = datetime(2024, 9, 2) + timedelta(days=rng.randrange(60))  # noqa: DTZ001
    days, base = rng.randrange(56, 84), rng.randrange(60, 110)
    patients: list[Row] = []
    visits: list[Row] = []
    lines: list[Row] = []

    def admit(born: datetime) -> None:
        patients.append(
            {"pid": f"{rng.randrange(16**12):012x}", "sex": rng.choice("mf"), "born": born}
        )

    for _ in range(150):
        admit(first - timedelta(days=rng.uniform(0.1, 700)))
    for n in range(days):
        day = first + timedelta(days=n)
        if day.weekday() >= 5:
            continue
        for _ in range(rng.randrange(3, 9)):
            admit(day + timedelta(hours=rng.uniform(6, 7)))
        for _ in range(int(rng.gauss(base, 7))):
            at = day + timedelta(hours=rng.triangular(7.5, 17.9, 10))
            recent = rng.random() < 0.3
            visits.append(
                {
                    "vid": f"V{rng.randrange(10**9):09}",
                    "patient": rng.choice(patients[-25:] if recent else patients)["pid"],
                    "fee": rng.choice([4000, 6500, 9000, 12500]) + rng.randrange(900),
                    "ward": rng.choice(["a1", "a2", "b1"]),
                    "remark": rng.choice([None, None, "x", "recall"]),
                    "seen": at,
                    "booked": at + timedelta(hours=rng.uniform(1, 5)),
                }
            )
            lines += [
                {"visit": visits[-1]["vid"], "code": rng.choice(["k", "l", "m"])}
            ] * rng.randrange(3)
    visits.sort(key=lambda row: row["seen"])
    return World(
        {"patients": patients, "visits": visits, "lines": lines},
        "visits",
        "seen",
        "booked",
        "fee",
        "ward",
        "vid",
        "patients",
        "patient",
        "pid",
        "born",
        first,
        days,
        rng.choice(
            [{}, {"visits": "x9", "patients": "x2", "patient": "b", "pid": "a", "seen": "q"}]
        ),
        lambda moment: moment.strftime("%d.%m.%Y %H:%M"),
        {},
    )


STYLES: Final = {"shop": shop, "grid": grid, "clinic": clinic}


def sparse(rng: random.Random) -> World:
    """Make a small shop: a few orders a day, closed on Sundays, with ever later shipments."""
    world = shop(rng)
    kept = [
        row for row in world.rows["orders"] if rng.random() < 0.12 and row["created"].weekday() != 6
    ]
    end = world.day(world.days)
    for row in kept:
        shipped = row["created"] + timedelta(days=rng.expovariate(1 / 3))
        row["shipped"] = shipped if shipped < end else None
    world.rows["orders"] = kept
    return world


def write(path: Path, world: World) -> tuple[str, ...]:
    """Write a world to a file, under the names that it has there."""
    named = world.names.get
    with closing(sqlite3.connect(path)) as connection:
        for table, rows in world.rows.items():
            columns = list(rows[0])
            declared = ", ".join(
                f'"{named(one, one)}" {world.types.get(one, "")}' for one in columns
            )
            connection.execute(f'CREATE TABLE "{named(table, table)}" ({declared})')
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f'INSERT INTO "{named(table, table)}" VALUES ({marks})',
                [[_cell(row.get(one), world, one) for one in columns] for row in rows],
            )
        connection.commit()
    return tuple(named(table, table) for table in world.rows)


def _cell(value: Any, world: World, column: str) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d") if column == "day" else world.write(value)
    return value
