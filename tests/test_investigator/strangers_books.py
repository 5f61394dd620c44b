"""How those who count money and goods build their databases, without a fault."""

from __future__ import annotations

from datetime import timedelta
from random import Random

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


def payments(rng: Random) -> World:
    """Payments in milliseconds, accounts with leading zeros, and a rate for each day."""
    days = days_of(rng, 45, 90)
    rate, week = rng.randint(30, 110), rng.choice(["office", "office", "level"])
    table = Table(
        "payments",
        [
            Column("reference", "TEXT"),
            Column("account_no", "TEXT"),
            Column("amount_cents", "INTEGER"),
            Column("currency", "TEXT"),
            Column("method", "TEXT"),
            Column("created_at", "INTEGER", "millis", "at"),
            Column("loaded_at", "INTEGER", "millis", "in"),
            Column("fee", "REAL"),
        ],
    )
    accounts = [f"{rng.randrange(1, 9999):07d}" for _ in range(80)]
    for number, day in enumerate(days):
        load = start_of(day) + DAY + timedelta(hours=3, seconds=rng.randrange(900))
        for at in moments(rng, day, count_of(rng, day, number, rate, week, 0.002, 1), "office"):
            cents = int(rng.lognormvariate(8, 0.8))
            row: Row = {"reference": f"P{len(table.rows) + 1:08d}", "at": at, "in": load}
            row |= {"account_no": rng.choice(accounts), "amount_cents": cents}
            row["currency"] = rng.choices(["EUR", "USD", "GBP"], [6, 3, 1])[0]
            row["method"] = rng.choices(["card", "sepa", "wallet"], [5, 3, 2])[0]
            row["fee"] = round(0.3 + cents * 0.0002, 2)
            table.rows.append(row)
    columns = [Column("account_no", "TEXT"), Column("owner", "TEXT")]
    book = Table("accounts", [*columns, Column("opened", "TEXT", "date", "up")])
    for n, account in enumerate(sorted(set(accounts))):
        up = start_of(days[0]) - DAY * rng.randint(30, 900)
        book.rows.append({"account_no": account, "owner": f"Owner {n}", "up": up})
    rates = Table(
        "fx_rates",
        [Column("rate_date", "TEXT", "date", "up"), Column("currency"), Column("rate", "REAL")],
    )
    level = {"USD": 0.92, "GBP": 1.17}
    for day in days:
        for currency, rate_before in level.items():
            level[currency] = now = rate_before * rng.gauss(1, 0.004)
            row = {"up": start_of(day), "currency": currency, "rate": round(now, 5)}
            rates.rows.append(row)
    return World(
        {"payments": table, "accounts": book, "fx_rates": rates},
        table,
        days,
        ("payments", "payment"),
        True,
        True,
        ("amount_cents", "fee"),
        ("currency", "method"),
        ("account_no", "method", "fee"),
        "method",
        (Join("account_no", "accounts", "account_no"),),
        {"rates": ("fx_rates", "up")},
    )


def warehouse(rng: Random) -> World:
    """A star: sales with the day as a number, products and stores with keys of their own."""
    days = days_of(rng, 40, 80)
    rate, week = rng.randint(60, 140), rng.choice(["leisure", "level", "sundays"])
    table = Table(
        "fact_sales",
        [
            Column("date_key", "INTEGER", rng.choice(["number", "number", "date"]), "at"),
            Column("product_key", "INTEGER"),
            Column("store_key", "INTEGER"),
            Column("quantity", "INTEGER"),
            Column("net_amount", "REAL"),
            Column("discount", "REAL"),
            Column("receipt_no", "TEXT"),
            Column("load_ts", "TEXT", "text", "in"),
        ],
    )
    products, stores = rng.randint(40, 80), rng.randint(4, 8)
    for number, day in enumerate(days):
        load = start_of(day) + DAY + timedelta(hours=4, minutes=rng.randrange(20))
        for at in moments(rng, day, count_of(rng, day, number, rate, week, 0, 1), "shop"):
            row: Row = {"at": at, "in": load, "product_key": 1000 + rng.randint(1, products)}
            row |= {"store_key": rng.randint(1, stores), "quantity": rng.choice([1, 1, 1, 2, 3])}
            row["net_amount"] = round(row["quantity"] * rng.lognormvariate(2.5, 0.5), 2)
            row["discount"] = round(rng.random() * 5, 2) if rng.random() < 0.3 else None
            row["receipt_no"] = f"R-{len(table.rows) + 100000}"
            table.rows.append(row)
    columns = [Column("product_key", "INTEGER PRIMARY KEY"), Column("sku"), Column("price", "REAL")]
    columns.append(Column("updated_at", "TEXT", "text", "up"))
    goods = Table("dim_product", columns)
    for n in range(1, products + 1):
        up = start_of(days[-1]) - DAY * int(rng.expovariate(1 / 8)) + timedelta(hours=1)
        row = {"product_key": 1000 + n, "sku": f"SKU-{n:04d}", "up": up}
        goods.rows.append(row | {"price": round(rng.lognormvariate(2.5, 0.5), 2)})
    shops = Table("dim_store", [Column("store_key", "INTEGER PRIMARY KEY"), Column("city")])
    for n in range(1, stores + 1):
        shops.rows.append({"store_key": n, "city": f"City {n}"})
    return World(
        {"dim_product": goods, "dim_store": shops, "fact_sales": table},
        table,
        days,
        ("fact_sales", "sales", "sale"),
        False,
        True,
        ("net_amount",),
        (),
        ("net_amount", "quantity", "product_key"),
        "store_key",
        (
            Join("product_key", "dim_product", "product_key"),
            Join("store_key", "dim_store", "store_key"),
        ),
        {"updated": ("dim_product", "up")},
    )


def daily(rng: Random) -> World:
    """A table of totals: one row for each store and day, over most of a year."""
    days = days_of(rng, 90, 330)
    stores = [f"store-{n:02d}" for n in range(1, rng.choice([2, 9, 13, 21]))]
    table = Table(
        "daily_sales",
        [
            Column("day", "TEXT", "date", "at"),
            Column("store", "TEXT"),
            Column("revenue", "REAL"),
            Column("tickets", "INTEGER"),
            Column("returns", "INTEGER"),
        ],
    )
    size = {store: rng.lognormvariate(4, 0.3) for store in stores}
    week = rng.choice(["leisure", "office", "level"])
    for number, day in enumerate(days):
        for store in stores:
            tickets = count_of(rng, day, number, size[store], week, 0.0005, 1)
            row: Row = {"at": start_of(day), "in": start_of(day), "store": store}
            row |= {"tickets": tickets, "returns": rng.randrange(4)}
            row["revenue"] = round(tickets * rng.gauss(24, 1.5), 2)
            table.rows.append(row)
    shops = Table("stores", [Column("store", "TEXT PRIMARY KEY"), Column("manager", "TEXT")])
    shops.rows += [{"store": store, "manager": None} for store in stores]
    return World(
        {"daily_sales": table, "stores": shops},
        table,
        days,
        ("daily_sales", "sales", "revenue"),
        False,
        False,
        ("revenue",),
        (),
        ("revenue", "tickets"),
        None,
        (Join("store", "stores", "store"),),
    )


def shipments(rng: Random) -> World:
    """Shipments over a year, with an offset in the time, batches by night, and codes as keys."""
    days = days_of(rng, 120, 365)
    rate = rng.randint(15, 40)
    table = Table(
        "shipments",
        [
            Column("order_no", "TEXT"),
            Column("warehouse_code", "TEXT"),
            Column("carrier", "TEXT"),
            Column("weight_kg", "REAL"),
            Column("shipped_at", "TIMESTAMP", rng.choice(["local", "text", "offset"]), "at"),
            Column("batch_id", "INTEGER"),
            Column("ingested_at", "TIMESTAMP", "text", "in"),
            Column("comment", "TEXT"),
        ],
    )
    codes = [f"WH-{place}" for place in ("HAM", "MUC", "CGN", "LEJ", "BER", "STR")]
    week = rng.choice(["weekends", "office", "sundays"])
    for number, day in enumerate(days):
        load = start_of(day) + DAY + timedelta(hours=1, minutes=rng.randrange(9))
        for at in moments(rng, day, count_of(rng, day, number, rate, week, 0.001, 1), "office"):
            row: Row = {"order_no": f"ORD-{len(table.rows) + 1:06d}", "at": at, "in": load}
            row |= {"warehouse_code": rng.choice(codes), "batch_id": number + 1, "comment": None}
            row["carrier"] = rng.choices(["DHL", "UPS", "GLS"], [4, 2, 1])[0]
            row["weight_kg"] = round(rng.lognormvariate(1.2, 0.5), 2)
            table.rows.append(row)
    columns = [Column("code", "TEXT PRIMARY KEY"), Column("town", "TEXT")]
    places = Table("warehouses", columns)
    places.rows += [{"code": code, "town": code[3:].title()} for code in codes]
    old = Table("legacy_log", [Column("logged", "TEXT", "text", "at"), Column("line", "TEXT")])
    for n in range(400):
        at = start_of(days[0]) + timedelta(hours=2 * n) - DAY * 60
        old.rows.append({"at": at, "line": f"line {n}"})
    return World(
        {"legacy_log": old, "shipments": table, "warehouses": places},
        table,
        days,
        ("shipments", "shipment", "deliveries"),
        True,
        True,
        ("weight_kg",),
        ("carrier",),
        ("weight_kg", "carrier", "warehouse_code"),
        "carrier",
        (Join("warehouse_code", "warehouses", "code"),),
    )
