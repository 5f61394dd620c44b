"""Databases with a planted cause, and clean ones: seeded, in two styles, under any names."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from attrs import frozen

from machines.investigation import CauseKind
from tests.test_investigator.worlds import STYLES, World, sparse, write


@frozen
class Planted:
    """What was done to a database.

    Attributes:
        path: The file.
        tables: The names of its tables.
        question: What to ask.
        kind: The cause; None when there is none.
        table: Where it is.
        day: When.
    """

    path: Path
    tables: tuple[str, ...]
    question: str
    kind: CauseKind | None = None
    table: str | None = None
    day: date | None = None


# Causes.


def null_spike(world: World, rng: random.Random, n: int) -> None:
    column = rng.choice([world.number, world.word, world.ref])
    share, length = rng.uniform(0.35, 1.0), rng.choice([1, 1, 2, 4])
    for row in world.on(n, min(n + length - 1, world.days - 1)):
        if rng.random() < share:
            row[column] = None


def missing_day(world: World, rng: random.Random, n: int) -> None:
    gone = {id(row) for row in world.on(n)}
    world.rows[world.fact] = [row for row in world.rows[world.fact] if id(row) not in gone]


def duplicate_load(world: World, rng: random.Random, n: int) -> None:
    rows = world.on(n)
    again = [dict(row) for row in rows if rng.random() < rng.choice([0.6, 1.0])]
    top = len(world.rows[world.fact]) + 5000
    renumber = rng.random() < 0.5
    for place, row in enumerate(again):
        if renumber:
            row[world.number_id] = top + place
        row[world.loaded] += timedelta(minutes=rng.uniform(0, 5))
    world.rows[world.fact] += again


def schema_change(world: World, rng: random.Random, n: int) -> None:
    variant = rng.randrange(4)
    for row in world.rows[world.fact]:
        row.setdefault("extra", None)
    for row in world.on(n, world.days):
        if variant == 0:
            row[world.number] = f"{row[world.number]} EUR"
        elif variant == 1:
            row["extra"], row[world.number] = row[world.number], None
        elif variant == 2:
            row[world.word] = str(row[world.word]).upper()
        else:
            row[world.word] = rng.choice([1, 2, 3])
    if variant != 1:
        for row in world.rows[world.fact]:
            del row["extra"]


def broken_join(world: World, rng: random.Random, n: int) -> None:
    share, length = rng.uniform(0.4, 1.0), rng.choice([1, 2, 5, 100])
    variant = rng.randrange(3)
    for row in world.on(n, min(n + length - 1, world.days - 1)):
        if rng.random() < share:
            value = row[world.ref]
            if variant == 0:
                row[world.ref] = value + 900_000 if isinstance(value, int) else value.upper()
            elif variant == 1:
                row[world.ref] = f"X-{value}"
            else:
                row[world.ref] = -value if isinstance(value, int) else f" {value}"


def late_data(world: World, rng: random.Random, n: int) -> None:
    hours = rng.uniform(20, 70)
    for row in world.on(n, min(n + rng.choice([0, 0, 1]), world.days - 1)):
        row[world.loaded] += timedelta(hours=hours + rng.uniform(-1, 1))


def late_arrival(world: World, rng: random.Random, n: int) -> None:
    n = min(n, world.days - 3)
    share = rng.uniform(0.5, 0.9)
    for row in world.on(n):
        if rng.random() < share:
            row[world.at] += timedelta(days=1)
            row[world.loaded] += timedelta(days=1)


def unit_change(world: World, rng: random.Random, n: int) -> None:
    factor = rng.choice([100, 1000, 0.01, 0.001, 60, 10])
    length = rng.choice([1, 3, 100, 100])
    for row in world.on(n, min(n + length - 1, world.days - 1)):
        row[world.number] = round(row[world.number] * factor, 4)


def truncated_batch(world: World, rng: random.Random, n: int) -> None:
    rows = world.on(n)
    keep = rng.uniform(0.08, 0.5)
    gone = (
        rows[int(len(rows) * keep) :]
        if rng.random() < 0.6
        else rng.sample(rows, int(len(rows) * (1 - keep)))
    )
    away = set(map(id, gone))
    world.rows[world.fact] = [row for row in world.rows[world.fact] if id(row) not in away]


def time_zone(world: World, rng: random.Random, n: int) -> None:
    hours = rng.choice([-9, -8, -6, -5, -3, 2, 3, 5, 6, 8, 9])
    length, both = rng.choice([2, 5, 100]), rng.random() < 0.4
    for row in world.on(n, min(n + length - 1, world.days - 1)):
        row[world.at] += timedelta(hours=hours)
        if both:
            row[world.loaded] += timedelta(hours=hours)


def stale_dimension(world: World, rng: random.Random, n: int) -> None:
    start = world.day(min(n, world.days - 12))
    world.rows[world.parent] = [row for row in world.rows[world.parent] if row[world.born] < start]


PLANTS: Final[dict[CauseKind, Callable[[World, random.Random, int], None]]] = {
    CauseKind.NULL_SPIKE: null_spike,
    CauseKind.MISSING_DAY: missing_day,
    CauseKind.DUPLICATE_LOAD: duplicate_load,
    CauseKind.SCHEMA_CHANGE: schema_change,
    CauseKind.BROKEN_JOIN: broken_join,
    CauseKind.LATE_DATA: late_data,
    CauseKind.UNIT_CHANGE: unit_change,
    CauseKind.TRUNCATED_BATCH: truncated_batch,
    CauseKind.TIME_ZONE: time_zone,
    CauseKind.STALE_DIMENSION: stale_dimension,
}


def plant(path: Path, kind: CauseKind, seed: int, style: str = "shop") -> Planted:
    """Write a database with one cause in it."""
    rng = random.Random(f"{kind}-{seed}-{style}")
    world = STYLES[style](rng)
    n = rng.randrange(int(world.days * 0.4), world.days - 2)
    while not world.on(n):
        n -= 1  # nothing goes wrong while it is closed
    action = PLANTS[kind]
    if kind is CauseKind.LATE_DATA and seed % 3 == 2:
        action = late_arrival
        n = min(n, world.days - 4)
    if kind is CauseKind.STALE_DIMENSION:
        n = min(n, world.days - 12)
    action(world, rng, n)
    tables = write(path, world)
    fact = world.names.get(world.fact, world.fact)
    day = world.day(n).date()
    table = world.parent if kind is CauseKind.STALE_DIMENSION else world.fact
    question = f"why did {fact} look odd on {day}?" if seed % 2 else f"what is wrong with {fact}?"
    return Planted(path, tables, question, kind, world.names.get(table, table), day)


def clean(path: Path, name: str, seed: int) -> Planted:
    """Write a database without a cause: ``shop``, ``grid``, or ``sparse``."""
    rng = random.Random(f"{name}-{seed}")
    world = sparse(rng) if name == "sparse" else STYLES[name](rng)
    tables = write(path, world)
    day = world.day(rng.randrange(world.days)).date()
    fact = world.names.get(world.fact, world.fact)
    return Planted(path, tables, f"why did {fact} drop on {day}?")
