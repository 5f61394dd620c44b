"""What strangers would do to their databases: each kind of incident, in several ways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import frozen

from machines.investigation import CauseKind
from tests.test_investigator.strangers_worlds import DAY, Column, Row, World, number, start_of


@frozen
class Planted:
    """What was done, and what an answer may name.

    Attributes:
        way: In which way it was done.
        dates: Days that would be right; none where no day is.
        columns: Columns that would be right.
    """

    kind: CauseKind
    way: str
    table: str
    dates: frozenset[date]
    columns: frozenset[str | None] = frozenset({None})


def _day(world: World, rng: Random, *, late: bool = False) -> date:
    """Return a day in the latter part that has rows as usual."""
    counts: dict[date, int] = {}
    for row in world.fact.rows:
        counts[row["at"].date()] = counts.get(row["at"].date(), 0) + 1
    usual = sorted(counts.values())[len(counts) // 2]
    days = [day for day in world.days if counts.get(day, 0) > usual / 2]
    if late:
        return days[-1]
    return rng.choice(days[int(len(days) * 0.55) : -3])


def _hit(world: World, rng: Random, day: date, *, shape: str, share: float = 1.0) -> list[Row]:
    """Return the rows that are hit: those of one day, from a day on, or of one segment."""
    rows = [
        row
        for row in world.fact.rows
        if (row["at"].date() >= day if "from" in shape else row["at"].date() == day)
    ]
    if "segment" in shape and world.segment:
        values = [row[world.segment] for row in rows]
        chosen = max(sorted(set(values)), key=values.count)
        rows = [row for row in rows if row[world.segment] == chosen]
    return [row for row in rows if rng.random() < share]


def _shape(world: World, rng: Random, *shapes: str) -> str:
    fit = [one for one in shapes if world.segment or "segment" not in one]
    return rng.choice(fit)


def null_spike(world: World, rng: Random) -> Planted:
    """A column lacks its values."""
    column = rng.choice(world.optional)
    shape = _shape(world, rng, "day", "day", "from", "from segment", "day segment")
    share = 1.0 if "segment" in shape else rng.choice([1.0, 1.0, 0.8, 0.5, 0.3])
    day = _day(world, rng)
    for row in _hit(world, rng, day, shape=shape, share=share):
        row[column] = None
    return _said(world, CauseKind.NULL_SPIKE, f"{shape} {share:.0%}", day, column)


def missing_day(world: World, rng: Random) -> Planted:
    """A day or two have no rows."""
    way = rng.choice(["one", "one", "one", "two", "last"])
    if way == "last" and len(world.tables) < 3:
        way = "one"
    day = _day(world, rng, late=way == "last")
    gone = {day} | ({day + DAY} if way == "two" else set())
    _gone(world, lambda row: row["at"].date() in gone, rng)
    if way == "last":
        # The other tables go on: only so can it be seen.
        beside = [one for one in world.tables.values() if one is not world.fact]
        times = [row.get("at", row.get("up")) for one in beside for row in one.rows]
        if not any(time is not None and time.date() >= day for time in times):
            audit = beside[0]
            audit.columns.append(Column("seen_at", "TEXT", "text", "seen"))
            for row in audit.rows:
                row["seen"] = _at(rng.choice(world.days[-7:]))
            audit.rows[0]["seen"] = _at(world.days[-1])
    return _said(world, CauseKind.MISSING_DAY, way, day, None, more=gone)


def _gone(world: World, gone: Callable[[Row], bool], rng: Random) -> None:
    """Take rows away; those of other tables that refer to them go as well, or are left behind."""
    table, also = world.fact, rng.random() < 0.5
    keys = {row.get(table.key or "") for row in table.rows if gone(row)} - {None}
    table.rows = [row for row in table.rows if not gone(row)]
    if not world.referred:
        if rng.random() < 0.6:
            number(table.rows, table.key)
    elif also:
        for other in world.tables.values():
            if other is not table:
                other.rows = [row for row in other.rows if row.get(table.key or "") not in keys]


def _at(day: date) -> datetime:
    return start_of(day) + timedelta(hours=23, minutes=5)


def duplicate_load(world: World, rng: Random) -> Planted:
    """The rows of a day are there twice."""
    way = rng.choice(["day", "day", "part", "tail", "later", "two days"])
    day = _day(world, rng)
    rows = _hit(world, rng, day, shape="day")
    if way == "two days":
        rows += _hit(world, rng, day + DAY, shape="day")
    if way == "part":
        rows = rows[: max(3, int(len(rows) * rng.uniform(0.3, 0.7)))]
    copies = [dict(row) for row in rows]
    if way == "later":
        for row in copies:
            row["in"] += timedelta(hours=rng.choice([1, 2, 6]))
    table = world.fact
    if way in ("tail", "later"):
        table.rows += copies
    else:
        last = max(n for n, row in enumerate(table.rows) if row is rows[-1]) + 1
        table.rows[last:last] = copies
    if world.referred and table.key:
        number(copies, table.key, len(table.rows) + 1)
    else:
        number(table.rows, table.key)
    more = {day + DAY} if way == "two days" else set()
    return _said(world, CauseKind.DUPLICATE_LOAD, way, day, None, more=more)


def schema_change(world: World, rng: Random) -> Planted:
    """From a day on a column is called, typed or spelt otherwise."""
    ways = ["renamed", "comma", "currency", "json", "swapped"]
    ways += ["upper", "upper", "coded", "coded"] if world.enums else []
    way, day = rng.choice(ways), _day(world, rng)
    rows, table = _hit(world, rng, day, shape="from"), world.fact
    if way in ("upper", "coded"):
        column = rng.choice(world.enums)
        values = sorted({row[column] for row in table.rows} - {None})
        change = (
            {one: one.upper() if one.upper() != one else one.lower() for one in values}
            if way == "upper"
            else {one: str(n) for n, one in enumerate(values, 1)}
        )
        for row in rows:
            row[f"!{column}"] = change.get(row[column])
        return _said(world, CauseKind.SCHEMA_CHANGE, way, day, column)
    column = rng.choice(world.amounts)
    if way == "swapped":
        other = world.joins[0].column
        for row in rows:
            row[f"!{column}"], row[f"!{other}"] = row[other], row[column]
        return _said(world, CauseKind.SCHEMA_CHANGE, way, day, column, other)
    if way == "renamed":
        new = f"{column}_v2" if rng.random() < 0.5 else f"new_{column}"
        declared = next(one.declared for one in table.columns if one.name == column)
        table.columns.append(Column(new, declared, source="renamed"))
        for row in rows:
            row["renamed"], row[column] = row[column], None
        return _said(world, CauseKind.SCHEMA_CHANGE, way, day, column, new)
    for row in rows:
        if row[column] is None:
            continue
        text = f"{row[column]:.2f}"
        row[f"!{column}"] = {
            "comma": text.replace(".", ","),
            "currency": f"${text}",
            "json": f'{{"value": {text}}}',
        }[way]
    # A column of numbers would make numbers of some of them again.
    for one in table.columns:
        if one.name == column:
            one.declared = rng.choice(["", "BLOB"])
    return _said(world, CauseKind.SCHEMA_CHANGE, way, day, column)


def broken_join(world: World, rng: Random) -> Planted:
    """Keys find no partner any more."""
    join = rng.choice(world.joins)
    parent = world.tables[join.table]
    texts = isinstance(parent.rows[0][join.key], str)
    way = rng.choice(
        ["orphans", "prefix", "case", "stripped", "deleted"]
        if texts
        else ["orphans", "orphans", "prefix", "deleted", "zero"]
    )
    if join.table == "stores" and way == "deleted":
        way = "prefix"
    day = _day(world, rng)
    if way == "deleted":
        keys = [row[join.key] for row in parent.rows]
        gone = set(rng.sample(keys, max(1, len(keys) // rng.choice([3, 5]))))
        parent.rows = [row for row in parent.rows if row[join.key] not in gone]
        return Planted(
            CauseKind.BROKEN_JOIN, way, world.fact.name, frozenset(), frozenset({join.column})
        )
    share, shape = rng.choice([1.0, 1.0, 0.6, 0.4]), rng.choice(["from", "day"])
    for row in _hit(world, rng, day, shape=shape, share=share):
        key = row[join.column]
        if key is None:
            continue
        text = str(key)
        made: Any = {
            "orphans": f"X{rng.randrange(10**6)}" if texts else 900000 + int(key),
            "prefix": f"new-{text}",
            "case": text.upper() if text.upper() != text else text.lower(),
            "stripped": text.lstrip("0"),
            "zero": 0,
        }[way]
        row[join.column] = made if made != key else f"{text} "
    return _said(world, CauseKind.BROKEN_JOIN, f"{way} {shape} {share:.0%}", day, join.column)


def late_data(world: World, rng: Random) -> Planted:
    """Rows arrive days after what they tell of, or have not arrived yet."""
    if not world.arrives:
        # All that can be seen is that the newest days are thin.
        last = world.days[-1]
        kept = {last: rng.uniform(0.1, 0.3), last - DAY: rng.uniform(0.4, 0.55)}
        if rng.random() < 0.5:
            kept[last - 2 * DAY] = rng.uniform(0.6, 0.7)
        lost = {id(row) for row in world.fact.rows if rng.random() > kept.get(row["at"].date(), 1)}
        _gone(world, lambda row: id(row) in lost, rng)
        return _said(world, CauseKind.LATE_DATA, "thin", min(kept), None, more=set(kept))
    way, day = rng.choice(["day", "part", "from", "growing"]), _day(world, rng)
    late = rng.randint(2, 6)
    for row in _hit(world, rng, day, shape="day" if way in ("day", "part") else "from"):
        if way == "part" and rng.random() < 0.5:
            continue
        more = (row["at"].date() - day).days * 0.5 if way == "growing" else 0
        row["in"] += DAY * late + timedelta(hours=24 * more)
    if rng.random() < 0.5:
        world.fact.rows.sort(key=lambda row: row["in"])
    return _said(world, CauseKind.LATE_DATA, way, day, None, "in", "at")


FACTORS: Final[dict[str, tuple[float, ...]]] = {
    "temperature": (-1.0,),
    "weight": (2.20462, 1000.0),
    "weight_kg": (2.20462, 1000.0),
    "duration_ms": (0.001, 1000.0),
    "distance_km": (0.621371, 1000.0),
    "minutes": (60.0, 1 / 60),
    "amount_cents": (0.01,),
}


def unit_change(world: World, rng: Random) -> Planted:
    """Numbers are given in another unit."""
    column = rng.choice(world.amounts)
    factor = rng.choice(FACTORS.get(column, (100.0, 100.0, 1000.0, 0.01)))
    shape = _shape(world, rng, "from", "from", "day", "from segment")
    day = _day(world, rng)
    for row in _hit(world, rng, day, shape=shape):
        value = row[column]
        if value is not None:
            row[column] = round(value * 1.8 + 32 if factor < 0 else value * factor, 3)
    return _said(world, CauseKind.UNIT_CHANGE, f"{shape} x{factor:g}", day, column)


def truncated_batch(world: World, rng: Random) -> Planted:
    """The rows of a day stop midway."""
    way = rng.choice(["hour", "first", "round", "last day", "segment"])
    if way == "segment" and not world.segment:
        way = "first"
    day = _day(world, rng, late=way == "last day")
    rows = _hit(world, rng, day, shape="day")
    kept = max(1, int(len(rows) * rng.uniform(0.2, 0.55)))
    if way == "round":
        fits = [
            one for one in (1000, 500, 250, 200, 100, 50, 25, 20, 10, 5) if one <= len(rows) * 0.6
        ]
        kept = fits[0] if fits else kept
    segment = world.segment
    if way == "segment" and segment is not None:
        rows.sort(key=lambda row: str(row[segment]))
    gone = {id(row) for row in rows[kept:]}
    _gone(world, lambda row: id(row) in gone, rng)
    return _said(world, CauseKind.TRUNCATED_BATCH, way, day, None)


def time_zone(world: World, rng: Random) -> Planted:
    """The clock is that of another place."""
    hours = rng.choice([-11, -9, -8, -7, -6, -5, -4, -3, 2, 3, 4, 5, 6, 8, 9, 10])
    shape = _shape(world, rng, "from", "from", "day", "from segment")
    day = _day(world, rng)
    for row in _hit(world, rng, day, shape=shape):
        row["at"] += timedelta(hours=hours)
    near = {day - DAY, day + DAY} if shape == "day" else {day - DAY}
    return _said(world, CauseKind.TIME_ZONE, f"{shape} {hours:+d}h", day, "at", more=near)


def stale_dimension(world: World, rng: Random) -> Planted:
    """A table beside the facts is not kept up."""
    day = _day(world, rng)
    way = rng.choice(sorted(world.dated))
    name, column = world.dated[way]
    table = world.tables[name]
    if way == "rates" and rng.random() < 0.5:
        way = "repeated"
        last: dict[Any, Any] = {}
        for row in table.rows:
            if row[column].date() >= day:
                row["rate"] = last[row["currency"]]
            last[row["currency"]] = row["rate"]
    elif way in ("rates", "created"):
        table.rows = [row for row in table.rows if row[column].date() < day]
    else:
        way = rng.choice(["updated", "at once"])
        once = _at(day - DAY)
        for row in table.rows:
            if way == "at once":
                row[column] = once
            elif row[column] > once:
                row[column] = once - timedelta(hours=rng.randrange(1, 60))
    shown = next(one.name for one in table.columns if one.source == column)
    near = frozenset({day - DAY, day})
    return Planted(CauseKind.STALE_DIMENSION, way, name, near, frozenset({None, shown, "rate"}))


def _said(
    world: World,
    kind: CauseKind,
    way: str,
    day: date,
    *columns: str | None,
    more: set[date] | None = None,
) -> Planted:
    shown = {one.source: one.name for one in world.fact.columns if one.source in columns}
    names = {shown.get(one or "", one) for one in columns}
    if kind is CauseKind.TIME_ZONE or kind is CauseKind.LATE_DATA:
        names = {None} | {one.name for one in world.fact.columns if one.source in ("at", "in")}
    return Planted(kind, way, world.fact.name, frozenset({day} | (more or set())), frozenset(names))


FAULTS: Final[dict[CauseKind, Callable[[World, Random], Planted]]] = {
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


def fits(world: World, kind: CauseKind) -> bool:
    """Tell whether a kind of incident can happen in a world at all."""
    if kind is CauseKind.TIME_ZONE:
        return world.timed
    if kind is CauseKind.STALE_DIMENSION:
        return bool(world.dated)
    per_day = len(world.fact.rows) / len(world.days)
    return kind not in (CauseKind.TRUNCATED_BATCH, CauseKind.LATE_DATA) or per_day > 5
