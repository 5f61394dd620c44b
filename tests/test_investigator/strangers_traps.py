"""What stands beside the facts in any database, and looks odd without being wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from tests.test_investigator.strangers_worlds import DAY, Column, Table, World, start_of


def _start(world: World, number: int = 0) -> datetime:
    return start_of(world.days[number])


def _feedback(world: World, rng: Random) -> Table:
    """Few rows, now and then none."""
    columns = [Column("id", "INTEGER PRIMARY KEY"), Column("given_at", "TEXT", "text", "at")]
    table = Table("feedback", [*columns, Column("stars", "INTEGER"), Column("remark", "TEXT")])
    at = _start(world)
    end, every = _start(world, -1) + DAY, rng.uniform(0.5, 2)
    while (at := at + timedelta(days=rng.expovariate(every))) < end:
        row = {"id": len(table.rows) + 1, "at": at, "stars": rng.randint(1, 5)}
        table.rows.append(row | {"remark": "fine" if rng.random() < 0.4 else None})
    return table


def _archive(world: World, rng: Random) -> Table:
    """A table that came to its end before the facts begin."""
    columns = [
        Column("entry", "INTEGER"),
        Column("stamp", "TEXT", rng.choice(["text", "date"]), "at"),
    ]
    table = Table("archive", [*columns, Column("value", "REAL")])
    for n in range(60 * 8):
        at = _start(world) - DAY * 90 + timedelta(hours=3 * n, minutes=rng.randrange(60))
        table.rows.append({"entry": n, "at": at, "value": round(rng.gauss(10, 2), 2)})
    return table


def _settings(world: World, rng: Random) -> Table:
    """Words and values that somebody set long ago."""
    table = Table(
        "settings", [Column("name"), Column("value"), Column("updated_at", "TEXT", "text", "up")]
    )
    for n in range(rng.randint(3, 9)):
        up = _start(world) - DAY * rng.randint(3, 600)
        table.rows.append({"name": f"option_{n}", "value": str(n), "up": up})
    return table


def _empty(world: World, rng: Random) -> Table:
    """A table without a row."""
    return Table("staging", [Column("id", "INTEGER"), Column("created_at", "TEXT")])


def _launched(world: World, rng: Random) -> Table:
    """A product that there has been only since a day."""
    columns = [Column("id", "INTEGER PRIMARY KEY"), Column("sold_on", "TEXT", "date", "at")]
    table = Table("subscriptions", [*columns, Column("price", "REAL")], key="id")
    first, rate = rng.randrange(len(world.days) // 3, len(world.days) // 2), rng.randint(5, 20)
    for number in range(first, len(world.days)):
        for _ in range(max(1, round(rng.gauss(rate, rate**0.5)))):
            row = {"id": len(table.rows) + 1, "at": _start(world, number)}
            table.rows.append(row | {"price": rng.choice([9.9, 19.9, 49.0])})
    return table


def _weekly(world: World, rng: Random) -> Table:
    """One row on each Monday."""
    table = Table(
        "weekly_report", [Column("week_start", "TEXT", "date", "at"), Column("total", "REAL")]
    )
    for number, day in enumerate(world.days):
        if day.weekday() == 0:
            table.rows.append({"at": _start(world, number), "total": round(rng.gauss(900, 60), 1)})
    return table


def _campaigns(world: World, rng: Random) -> Table:
    """A handful of rows with a beginning and an end."""
    columns = [
        Column("name"),
        Column("starts", "TEXT", "date", "at"),
        Column("ends", "TEXT", "date", "to"),
    ]
    table = Table("campaigns", columns)
    for n in range(4):
        at = _start(world, rng.randrange(len(world.days)))
        table.rows.append({"name": f"campaign {n}", "at": at, "to": at + DAY * 14})
    return table


def _lookup(world: World, rng: Random) -> Table:
    """A list that was loaded once."""
    table = Table("currencies", [Column("code"), Column("loaded_at", "TEXT", "text", "up")])
    up = _start(world) - DAY * rng.randint(10, 400)
    table.rows += [{"code": code, "up": up} for code in ("EUR", "USD", "GBP", "CHF")]
    return table


BESIDE: Final[tuple[Callable[[World, Random], Table], ...]] = (
    _feedback,
    _archive,
    _settings,
    _empty,
    _launched,
    _weekly,
    _campaigns,
    _lookup,
)


def surround(world: World, rng: Random) -> None:
    """Put up to three tables beside those of a world, and a column that is never filled."""
    for make in rng.sample(BESIDE, rng.choice([0, 0, 1, 2, 3])):
        table = make(world, rng)
        world.tables[table.name] = table
    if rng.random() < 0.3:
        world.fact.columns.append(Column("remarks", "TEXT", source="never"))


def stir(world: World, rng: Random) -> None:
    """Let something happen that is no fault: a good day, a quiet one, a new product."""
    rows, what = world.fact.rows, rng.choice(["nothing", "nothing", "good", "quiet", "new", "jump"])
    day = rng.choice(world.days[len(world.days) // 3 : -3])
    today = [row for row in rows if row["at"].date() == day]
    rest = [row for row in rows if row["at"].date() != day]
    if (
        what == "quiet"
        and not world.referred
        and world.fact.name not in ("daily_sales", "readings")
    ):
        gone = {id(row) for row in rng.sample(today, int(len(today) * 0.2))}
        world.fact.rows = [row for row in rows if id(row) not in gone]
    if what == "good" and world.fact.name != "readings" and world.fact.key and world.segment:
        extra = [dict(row) for row in rng.choices(rest, k=int(len(today) * 0.6))]
        for row in extra:
            at = start_of(day) + (row["at"] - start_of(row["at"].date()))
            row |= {"at": at + timedelta(seconds=rng.randrange(50)), "in": at}
            for one in world.amounts:
                row[one] = round(row[one] * rng.uniform(0.9, 1.1), 2)
        rows += extra
        rows.sort(key=lambda row: row["at"])
        for n, row in enumerate(rows, 1):
            row[world.fact.key] = n
    if what == "new" and world.enums:
        column = world.enums[-1]
        for row in rows:
            if row["at"].date() >= day and rng.random() < 0.12:
                row[column] = "novel"
    if what == "jump" and world.amounts and world.fact.name != "readings":
        # Prices go up by a tenth.
        for row in rows:
            if row["at"].date() >= day and row[world.amounts[0]] is not None:
                row[world.amounts[0]] = round(row[world.amounts[0]] * 1.1, 2)
