"""Ten ways to build a small database of what happens in a business, without a fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

from tests.test_investigator.strangers_books import daily, payments, shipments, warehouse
from tests.test_investigator.strangers_worlds import (
    DAY,
    Column,
    Join,
    Row,
    Table,
    World,
    count_of,
    days_of,
    moments,
    start_of,
)

COUNTRIES: Final = ("DE", "FR", "NL", "US", "IT")


def plain(rng: Random) -> World:
    """Orders as in a test: the same number each day, everything by the remainder of a count."""
    days = days_of(rng, 20, 45)
    per, people = rng.choice([20, 24, 30, 50, 100]), rng.choice([10, 20, 25])
    timed = rng.random() < 0.7
    writer = rng.choice(["text", "iso", "zulu"]) if timed else "date"
    orders = Table(
        "orders",
        [
            Column("id", "INTEGER PRIMARY KEY"),
            Column("customer_id", "INTEGER"),
            Column("amount", "REAL"),
            Column("status", "TEXT"),
            Column("created_at", "TEXT", writer, "at"),
        ],
        key="id",
    )
    arrives = rng.random() < 0.5
    if arrives:
        orders.columns.append(Column("loaded_at", "TEXT", "text", "in"))
    for day in days:
        for n in range(per):
            at = start_of(day) + timedelta(hours=8 + n % 12, minutes=n * 7 % 60)
            row: Row = {"id": len(orders.rows) + 1, "customer_id": 1 + n % people}
            row |= {"amount": 20.0 + n % 10 * 5, "status": ("paid", "open", "paid")[n % 3]}
            orders.rows.append(row | {"at": at, "in": start_of(day) + DAY + timedelta(hours=2)})
    names = [Column("id", "INTEGER PRIMARY KEY"), Column("name"), Column("country")]
    names.append(Column("updated_at", "TEXT", writer, "up"))
    customers = Table("customers", names, key="id")
    for n in range(people):
        row = {"id": n + 1, "name": f"Customer {n + 1}", "country": COUNTRIES[n % 3]}
        customers.rows.append(row | {"up": start_of(days[-1]) - DAY * (n % 5)})
    return World(
        {"customers": customers, "orders": orders},
        orders,
        days,
        ("orders", "order"),
        timed,
        arrives,
        ("amount",),
        ("status",),
        ("amount", "customer_id", "status"),
        None,
        (Join("customer_id", "customers", "id"),),
        {"updated": ("customers", "up")},
    )


def shop(rng: Random) -> World:
    """A shop: orders by day, customers, and payments beside them."""
    days = days_of(rng, 28, 60)
    rate, week = rng.randint(25, 90), rng.choice(["level", "leisure", "sundays", "office"])
    orders = Table(
        "orders",
        [
            Column("order_id", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            Column("customer_id", "INTEGER REFERENCES customers(id)"),
            Column("order_date", "TEXT NOT NULL", "date", "at"),
            Column("total", "NUMERIC"),
            Column("channel", "TEXT"),
            Column("coupon", "TEXT"),
            Column("country", "TEXT"),
        ],
        key="order_id",
    )
    payments = Table(
        "payments",
        [
            Column("id", "INTEGER PRIMARY KEY"),
            Column("order_id", "INTEGER"),
            Column("paid_on", "DATE", "date", "at"),
            Column("method", "TEXT"),
        ],
        key="id",
    )
    people = rng.randint(60, 200)
    growth = rng.choice([0, 0, 0.004])
    for number, day in enumerate(days):
        for at in moments(rng, day, count_of(rng, day, number, rate, week, growth, 1), "shop"):
            row: Row = {"order_id": len(orders.rows) + 1, "at": at, "in": at}
            row["customer_id"] = rng.randint(1, people)
            row["total"] = round(rng.lognormvariate(3.6, 0.6), 2)
            row["channel"] = rng.choices(["web", "app", "store"], [5, 3, 2])[0]
            row["coupon"] = rng.choice(["SAVE5", "HELLO"]) if rng.random() < 0.15 else None
            row["country"] = rng.choices(COUNTRIES, [5, 3, 2, 1, 1])[0]
            orders.rows.append(row)
            if rng.random() < 0.92:
                paid = {"order_id": row["order_id"], "method": rng.choice(["card", "cash"])}
                payments.rows.append(paid | {"id": len(payments.rows) + 1, "at": at})
    customers = Table(
        "customers",
        [
            Column("id", "INTEGER PRIMARY KEY"),
            Column("email", "TEXT"),
            Column("phone", "TEXT"),
            Column("signed_up", "TEXT", "date", "up"),
        ],
        key="id",
    )
    for n in range(people):
        up = start_of(days[0]) - DAY * rng.randint(1, 400)
        row = {"id": n + 1, "email": f"c{n}@example.com", "phone": None, "up": up}
        customers.rows.append(row)
    return World(
        {"customers": customers, "orders": orders, "payments": payments},
        orders,
        days,
        ("orders", "order"),
        False,
        False,
        ("total",),
        ("channel", "country"),
        ("total", "channel", "country"),
        "channel",
        (Join("customer_id", "customers", "id"),),
        referred=True,
    )


def events(rng: Random) -> World:
    """What visitors do: many events in few days, with the time at which they were received."""
    days = days_of(rng, 14, 24)
    rate = rng.randint(90, 200)
    writer = rng.choice(["zulu", "micro", "iso", "offset"])
    table = Table(
        "events",
        [
            Column("event_id", "TEXT"),
            Column("user_id", "TEXT"),
            Column("event_type", "TEXT"),
            Column("occurred_at", "TEXT", writer, "at"),
            Column("ingested_at", "TEXT", writer, "in"),
            Column("duration_ms", "INTEGER"),
            Column("platform", "TEXT"),
            Column("country", "TEXT"),
        ],
    )
    people = rng.randint(50, 120)
    for number, day in enumerate(days):
        for at in moments(rng, day, count_of(rng, day, number, rate, "leisure", 0, 1), "web"):
            row: Row = {"event_id": f"{rng.getrandbits(64):016x}", "at": at}
            row["in"] = at + timedelta(seconds=rng.expovariate(1 / 40))
            row["user_id"] = f"u_{rng.randint(1, people):04d}"
            kinds = ["page_view", "click", "signup", "purchase"]
            row["event_type"] = rng.choices(kinds, [10, 6, 1, 2])[0]
            row["duration_ms"] = int(rng.lognormvariate(6, 0.7))
            row["platform"] = rng.choices(["ios", "android", "web"], [3, 3, 4])[0]
            row["country"] = rng.choice(COUNTRIES) if rng.random() > 0.05 else None
            table.rows.append(row)
    columns = [Column("user_id", "TEXT PRIMARY KEY"), Column("plan", "TEXT")]
    users = Table("users", [*columns, Column("created_at", "TEXT", writer, "up")])
    last = start_of(days[-1])
    for n in range(people):
        up = min(last, start_of(days[0]) + DAY * (rng.randint(-200, len(days) - 1)))
        row = {"user_id": f"u_{n + 1:04d}", "plan": rng.choice(["free", "pro"]), "up": up}
        users.rows.append(row)
    return World(
        {"users": users, "events": table},
        table,
        days,
        ("events", "event", "visits"),
        True,
        True,
        ("duration_ms",),
        ("event_type", "platform"),
        ("user_id", "platform", "duration_ms"),
        "platform",
        (Join("user_id", "users", "user_id"),),
    )


def sensors(rng: Random) -> World:
    """Readings of sensors at even intervals, the time as a number of seconds."""
    days = days_of(rng, 14, 30)
    names = [f"S{n:02d}" for n in range(1, rng.randint(4, 7))]
    every = rng.choice([30, 60])
    table = Table(
        "readings",
        [
            Column("id", "INTEGER PRIMARY KEY"),
            Column("sensor_id", "TEXT"),
            Column("ts", "INTEGER", rng.choice(["epoch", "epoch", "millis", "text"]), "at"),
            Column("temperature", "REAL"),
            Column("weight", "REAL"),
            Column("status", "TEXT"),
        ],
        key="id",
    )
    for day in days:
        for minute in range(0, 24 * 60, every):
            for name in names:
                at = start_of(day) + timedelta(minutes=minute, seconds=rng.randrange(5))
                row: Row = {"id": len(table.rows) + 1, "sensor_id": name, "at": at, "in": at}
                warm = 6 * (1 - abs(minute - 840) / 840)
                row["temperature"] = round(17 + warm + rng.gauss(0, 0.7), 2)
                row["weight"] = round(rng.gauss(82, 3), 1)
                row["status"] = "ok" if rng.random() < 0.97 else "retry"
                table.rows.append(row)
    columns = [Column("id", "TEXT PRIMARY KEY"), Column("site", "TEXT")]
    columns.append(Column("last_seen", "TEXT", "text", "up"))
    devices = Table("sensors", columns)
    for name in names:
        up = start_of(days[-1]) + timedelta(hours=23, minutes=rng.randrange(60))
        devices.rows.append({"id": name, "site": rng.choice(["north", "south"]), "up": up})
    return World(
        {"sensors": devices, "readings": table},
        table,
        days,
        ("readings", "reading", "sensor readings"),
        True,
        False,
        ("temperature", "weight"),
        ("status",),
        ("temperature", "weight"),
        "sensor_id",
        (Join("sensor_id", "sensors", "id"),),
        {"updated": ("sensors", "up")},
    )


def rides(rng: Random) -> World:
    """Rides with the day and the clock in two columns, riders and drivers."""
    days = days_of(rng, 30, 70)
    rate, week = rng.randint(40, 150), rng.choice(["leisure", "office", "level"])
    table = Table(
        "rides",
        [
            Column("ride_id", "INTEGER PRIMARY KEY"),
            Column("rider_id", "INTEGER"),
            Column("driver_code", "TEXT"),
            Column("ride_date", "TEXT", "date", "at"),
            Column("ride_time", "TEXT", "clock", "at"),
            Column("distance_km", "REAL"),
            Column("fare", "REAL"),
            Column("city", "TEXT"),
            Column("rating", "INTEGER"),
        ],
        key="ride_id",
    )
    riders, drivers = rng.randint(80, 200), rng.randint(20, 50)
    for number, day in enumerate(days):
        for at in moments(rng, day, count_of(rng, day, number, rate, week, 0.001, 1), "rush"):
            far = round(rng.lognormvariate(1.6, 0.5), 2)
            row: Row = {"ride_id": len(table.rows) + 1, "at": at, "in": at, "distance_km": far}
            row |= {"rider_id": rng.randint(1, riders), "fare": round(3 + 1.9 * far, 2)}
            row["driver_code"] = f"DRV{rng.randint(1, drivers):03d}"
            row["city"] = rng.choices(["Lyon", "Paris", "Nice"], [2, 5, 1])[0]
            row["rating"] = rng.choice([3, 4, 5, 5]) if rng.random() < 0.6 else None
            table.rows.append(row)
    columns = [Column("id", "INTEGER PRIMARY KEY"), Column("name", "TEXT")]
    people = Table("riders", columns)
    people.rows += [{"id": n, "name": f"Rider {n}"} for n in range(1, riders + 1)]
    columns = [Column("code", "TEXT PRIMARY KEY"), Column("licence_checked", "TEXT", "date", "up")]
    crew = Table("drivers", columns)
    for n in range(1, drivers + 1):
        up = start_of(days[-1]) - DAY * rng.randint(0, 6)
        crew.rows.append({"code": f"DRV{n:03d}", "up": up})
    return World(
        {"rides": table, "riders": people, "drivers": crew},
        table,
        days,
        ("rides", "ride", "trips"),
        True,
        False,
        ("distance_km", "fare"),
        ("city",),
        ("fare", "rider_id", "city"),
        "city",
        (Join("rider_id", "riders", "id"), Join("driver_code", "drivers", "code")),
        {"updated": ("drivers", "up")},
    )


def grown(rng: Random) -> World:
    """Tickets, of which there are few, of customers that come in all the time."""
    days = days_of(rng, 40, 75)
    writer = rng.choice(["text", "minute", "iso"])
    table = Table(
        "tickets",
        [
            Column("id", "INTEGER PRIMARY KEY"),
            Column("customer_id", "INTEGER"),
            Column("opened_at", "TEXT", writer, "at"),
            Column("minutes", "REAL"),
            Column("priority", "TEXT"),
            Column("agent", "TEXT"),
        ],
        key="id",
    )
    columns = [Column("id", "INTEGER PRIMARY KEY"), Column("name", "TEXT")]
    people = Table("customers", [*columns, Column("created_at", "TEXT", writer, "up")], key="id")
    for n in range(60):
        people.rows.append({"up": start_of(days[0]) - DAY * (60 - n)})
    rate, new = rng.randint(20, 45), rng.randint(2, 6)
    for number, day in enumerate(days):
        hours = sorted(rng.randrange(8 * 3600, 12 * 3600) for _ in range(new))
        people.rows += [{"up": start_of(day) + timedelta(seconds=one)} for one in hours]
        known = len(people.rows)
        for at in moments(rng, day, count_of(rng, day, number, rate, "level", 0, 1), "shop"):
            row: Row = {"id": len(table.rows) + 1, "at": at, "in": at}
            who = (
                known - int(rng.expovariate(1 / 30))
                if rng.random() < 0.7
                else rng.randint(1, known)
            )
            row["customer_id"] = max(1, who if start_of(day) + DAY / 2 < at else who - new)
            row["minutes"] = round(rng.lognormvariate(3, 0.6), 1)
            row["priority"] = rng.choices(["low", "normal", "high"], [3, 5, 2])[0]
            row["agent"] = rng.choice(["kim", "lee", "max"]) if rng.random() > 0.1 else None
            table.rows.append(row)
    for n, row in enumerate(people.rows, 1):
        row |= {"id": n, "name": f"Customer {n}"}
    return World(
        {"customers": people, "tickets": table},
        table,
        days,
        ("tickets", "ticket"),
        True,
        False,
        ("minutes",),
        ("priority",),
        ("minutes", "priority", "customer_id"),
        "priority",
        (Join("customer_id", "customers", "id"),),
        {"created": ("customers", "up")},
    )


STYLES: Final[dict[str, Callable[[Random], World]]] = {
    one.__name__: one
    for one in (plain, shop, events, sensors, payments, warehouse, daily, rides, shipments, grown)
}
