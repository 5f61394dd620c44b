"""Incidents as they happen to real data: ten kinds, each in several ways.

The generator knows the bases, and nothing of the rules that are to find what it plants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from attrs import evolve, frozen

from machines.investigation import CauseKind
from tests.reality.bases import Base, Row, Table

DAY: Final = timedelta(days=1)


@frozen
class Plant:
    """An incident in a base, which an answer has to name.

    Attributes:
        kind: The kind of the incident.
        way: The way in which it was planted.
        table: The table.
        first: Its first day; None where no day would be right.
        last: Its last day.
    """

    kind: CauseKind
    way: str
    table: str
    first: date | None
    last: date | None


class Unfit(Exception):  # noqa: N818 - it is no error
    """The kind cannot happen in the base."""


def _days(base: Base) -> list[date]:
    """Return the days with a usual number of rows, but for both ends."""
    counts = Counter(row[base.when].date() for row in base.facts.rows)
    usual = sorted(counts.values())[len(counts) // 2]
    days = sorted(day for day, n in counts.items() if n >= 0.8 * usual)
    return days[len(days) // 6 : -max(len(days) // 12, 3)]


def _on(base: Base, first: date, last: date, chosen: object = None) -> list[Row]:
    return [
        row
        for row in base.facts.rows
        if first <= row[base.when].date() <= last
        and (chosen is None or (base.segment and row[base.segment] == chosen))
    ]


def _span(base: Base, rng: Random, *lengths: int) -> tuple[date, date]:
    """Return the first and the last day; a length of 0 lasts to the end of the data."""
    day = rng.choice(_days(base))
    length = rng.choice(lengths)
    end = max(row[base.when] for row in base.facts.rows).date()
    if length == 0:
        return day, end
    scale = 7 if base.thin else 1
    return day, min(day + timedelta(days=(length - 1) * scale), end)


def _part(base: Base, rng: Random) -> object:
    """Return a large part of the rows at random, sometimes; else None."""
    if base.segment is None or rng.random() < 0.7:
        return None
    counts = Counter(row[base.segment] for row in base.facts.rows)
    large = [one for one, n in counts.items() if n > len(base.facts.rows) / 8 and one is not None]
    return rng.choice(sorted(large, key=str)) if large else None


def _columns(base: Base, fit: Callable[[list[object]], bool]) -> list[str]:
    table = base.facts
    taken = {table.key, base.when, base.loaded, *(link.column for link in base.links)}
    found = []
    for name in table.columns:
        values = [row[name] for row in table.rows if row.get(name) is not None]
        if name not in taken and len(values) > 0.7 * len(table.rows) and fit(values):
            found.append(name)
    return found


def _measures(values: list[object]) -> bool:
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == len(values) and len(set(numbers)) > 40


def _said(base: Base, kind: CauseKind, way: str, first: date | None, last: date | None) -> Plant:
    return Plant(kind, way, base.fact, first, last)


def null_spike(base: Base, rng: Random) -> Plant:
    """A column is empty, wholly or in part."""
    columns = _columns(base, lambda values: len(set(values)) > 1)
    columns += [link.column for link in base.links]
    column = rng.choice(columns) if columns else None
    if column is None:
        raise Unfit
    first, last = _span(base, rng, 1, 1, 3, 5, 14, 0)
    part = _part(base, rng)
    share = 1.0 if part is not None or base.thin else rng.choice([1.0, 1.0, 0.7, 0.4])
    empty = rng.choice([None, None, None, ""])
    for row in _on(base, first, last, part):
        if rng.random() < share:
            row[column] = empty
    return _said(base, CauseKind.NULL_SPIKE, f"{column} {share:.0%} of {part}", first, last)


def missing_day(base: Base, rng: Random) -> Plant:
    """One day or several have no rows, or those of one part."""
    first, last = _span(base, rng, *((2, 3) if base.thin else (1, 1, 1, 2, 3, 5)))
    part = _part(base, rng)
    _remove(base.facts, _on(base, first, last, part))
    return _said(base, CauseKind.MISSING_DAY, f"{(last - first).days + 1} of {part}", first, last)


def _remove(table: Table, rows: list[Row]) -> None:
    gone = {id(row) for row in rows}
    table.rows = [row for row in table.rows if id(row) not in gone]


def duplicate_load(base: Base, rng: Random) -> Plant:
    """The rows of a day are there twice, all of them or a part."""
    first, last = _span(base, rng, 1, 1, 1, 2)
    rows = _on(base, first, last)
    if rng.random() < 0.3 and not base.thin:
        rows = rows[: max(len(rows) // 2, 5)]
    again = [dict(row) for row in rows]
    table = base.facts
    if table.key is not None:
        highest = max(row[table.key] for row in table.rows)
        for n, row in enumerate(again, 1):
            row[table.key] = highest + n
    if base.loaded is not None:
        for row in again:
            row[base.loaded] += timedelta(hours=2)
    table.rows += again
    if table.key is None:
        table.rows.sort(key=lambda row: row[base.when])
    return _said(base, CauseKind.DUPLICATE_LOAD, f"{len(again)} rows", first, last)


def schema_change(base: Base, rng: Random) -> Plant:
    """A column is renamed, its numbers become text, its words are spelt anew, or its type is another."""
    numbers = _columns(base, _measures)
    texts = _columns(base, lambda values: all(isinstance(one, str) for one in values))
    ways = [
        "renamed",
        *(["comma", "unit"] if numbers else []),
        *(["upper", "code"] if texts else []),
    ]
    way = rng.choice(ways)
    column = rng.choice(
        numbers
        if way in ("comma", "unit")
        else texts
        if way in ("upper", "code")
        else numbers + texts or [""]
    )
    if not column:
        raise Unfit
    first, last = _span(base, rng, 0, 0, 7)
    codes = {
        value: n
        for n, value in enumerate(
            sorted({row[column] for row in base.facts.rows} - {None}, key=str), 1
        )
    }
    if way == "renamed":
        base.facts.columns.append(f"{column}_v2")
    for row in _on(base, first, last):
        value = row[column]
        match way:
            case _ if value is None:
                continue
            case "renamed":
                row[f"{column}_v2"], row[column] = value, None
            case "comma":
                row[column] = str(value).replace(".", ",")
            case "unit":
                row[column] = f"{value} u"
            case "upper":
                row[column] = str(value).upper() if not str(value).isupper() else str(value).lower()
            case _:
                row[column] = codes[value]
    return _said(base, CauseKind.SCHEMA_CHANGE, f"{way} {column}", first, last)


def broken_join(base: Base, rng: Random) -> Plant:
    """References have no partner: keys are written in another way, or rows of the other table are gone."""
    if not base.links:
        raise Unfit
    link = rng.choice(base.links)
    way = rng.choice(["shifted", "padded", "zero", "deleted"])
    if way == "deleted":
        used = Counter(row[link.column] for row in base.facts.rows)
        large = [one for one, _ in used.most_common(max(len(used) // 4, 1)) if one is not None]
        gone = set(rng.sample(large, max(len(large) // 2, 1)))
        parent = base.tables[link.parent]
        if len(parent.rows) < 3:
            raise Unfit
        parent.rows = [row for row in parent.rows if row[link.key] not in gone]
        return _said(base, CauseKind.BROKEN_JOIN, f"deleted {link.parent}", None, None)
    first, last = _span(base, rng, 1, 3, 7, 0)
    for row in _on(base, first, last):
        value = row[link.column]
        if isinstance(value, int):
            row[link.column] = {"shifted": value + 1_000_000, "padded": f"{value:08}", "zero": 0}[
                way
            ]
        elif value is not None:
            row[link.column] = {"shifted": f"X{value}", "padded": f"{value} ", "zero": "?"}[way]
    return _said(base, CauseKind.BROKEN_JOIN, f"{way} {link.column}", first, last)


def late_data(base: Base, rng: Random) -> Plant:
    """Rows are loaded a day later than usual, or are dated to the next day."""
    if base.loaded is None:
        if base.thin or len(_on(base, *(_days(base)[0],) * 2)) < 12:
            raise Unfit
        first, last = _span(base, rng, 1)
        rows = _on(base, first, first)
        for row in rows[len(rows) // rng.choice([2, 3, 10]) :]:
            row[base.when] += DAY
        base.facts.rows.sort(key=lambda row: row[base.when])
        return _said(base, CauseKind.LATE_DATA, "dated later", first, first)
    first, last = _span(base, rng, 1, 2, 4)
    hours = rng.choice([7.3, 26.1, 49.7])
    for row in _on(base, first, last, _part(base, rng)):
        row[base.loaded] += timedelta(hours=hours * (0.9 + 0.2 * rng.random()))
    return _said(base, CauseKind.LATE_DATA, f"loaded {hours} h later", first, last)


_FACTORS: Final = (100, 1000, 0.01, 0.001, 60, 1.609344, 0.621371, 2.20462, 0.3048, 3.28084)


def unit_change(base: Base, rng: Random) -> Plant:
    """A measure is in another unit."""
    columns = _columns(base, _measures)
    if not columns:
        raise Unfit
    column, factor = rng.choice(columns), rng.choice(_FACTORS)
    first, last = _span(base, rng, 1, 3, 7, 14, 0, 0)
    part = _part(base, rng)
    heat = "temp" in column.lower() and rng.random() < 0.5
    for row in _on(base, first, last, part):
        if row[column] is not None:
            row[column] = round((row[column] - 32) / 1.8 if heat else row[column] * factor, 4)
    way = f"{column} {'to Celsius' if heat else f'x {factor}'} of {part}"
    return _said(base, CauseKind.UNIT_CHANGE, way, first, last)


def truncated_batch(base: Base, rng: Random) -> Plant:
    """A day lacks many of its rows: those after some hour, or here and there."""
    if base.thin or len(_on(base, *(_days(base)[0],) * 2)) < 6:
        raise Unfit
    first, last = _span(base, rng, 1, 1, 1, 2)
    share = rng.choice([0.3, 0.45, 0.6])
    way = rng.choice(["end", "end", "anywhere"])
    day = first
    while day <= last:
        rows = _on(base, day, day)
        kept = max(int(len(rows) * (1 - share)), 1)
        chosen = rows[kept:] if way == "end" else rng.sample(rows, len(rows) - kept)
        _remove(base.facts, chosen)
        day += DAY
    return _said(base, CauseKind.TRUNCATED_BATCH, f"{share:.0%} at the {way}", first, last)


def time_zone(base: Base, rng: Random) -> Plant:
    """Moments are of another time zone, for all rows or for one part."""
    if not base.timed:
        raise Unfit
    first, last = _span(base, rng, 7, 14, 0, 0)
    shift = timedelta(hours=rng.choice([-8, -7, -5, 2, 3, 5, 9]))
    part = _part(base, rng)
    for row in _on(base, first, last, part):
        row[base.when] += shift
    if base.facts.key is None:
        base.facts.rows.sort(key=lambda row: row[base.when])
    return _said(base, CauseKind.TIME_ZONE, f"{shift} of {part}", first, last)


def stale_dimension(base: Base, rng: Random) -> Plant:
    """Another table is not kept up from some day on: what is new after that is not in it."""
    first = rng.choice(_days(base)[-max(len(_days(base)) // 3, 1) :])
    for link in base.links:
        seen: dict[object, datetime] = {}
        for row in base.facts.rows:
            at = seen.setdefault(row[link.column], row[base.when])
            seen[row[link.column]] = min(at, row[base.when])
        gone = {one for one, at in seen.items() if at >= datetime.combine(first, time())}
        if len(gone) >= 20:
            parent = base.tables[link.parent]
            parent.rows = [row for row in parent.rows if row[link.key] not in gone]
            end = max(row[base.when] for row in base.facts.rows).date()
            plant = _said(base, CauseKind.STALE_DIMENSION, f"{len(gone)} keys", first, end)
            return evolve(plant, table=link.parent)
    raise Unfit


PLANTS: Final[dict[CauseKind, Callable[[Base, Random], Plant]]] = {
    CauseKind(one.__name__): one
    for one in (
        null_spike, missing_day, duplicate_load, schema_change, broken_join,
        late_data, unit_change, truncated_batch, time_zone, stale_dimension,
    )
}  # fmt: skip

_SYMPTOMS: Final = {
    CauseKind.NULL_SPIKE: "why are values of {noun} empty",
    CauseKind.MISSING_DAY: "why are there no {noun}",
    CauseKind.DUPLICATE_LOAD: "why are there twice as many {noun}",
    CauseKind.SCHEMA_CHANGE: "why does the report on {noun} fail",
    CauseKind.BROKEN_JOIN: "why do {noun} not match",
    CauseKind.LATE_DATA: "why did {noun} arrive late",
    CauseKind.UNIT_CHANGE: "why did the average of {noun} jump",
    CauseKind.TRUNCATED_BATCH: "why are there too few {noun}",
    CauseKind.TIME_ZONE: "why are {noun} at odd hours",
    CauseKind.STALE_DIMENSION: "why is something about {noun} out of date",
}


def question(base: Base, plant: Plant | None, rng: Random) -> str:
    """Return what a person would ask: the symptom or nothing of it, with the day or without."""
    day = plant.first if plant and plant.first else rng.choice(_days(base))
    asked = ["what happened to the {noun}", "is something wrong with the {noun}"]
    if plant:
        asked += [_SYMPTOMS[plant.kind]] * 2
    when = rng.choice([f" on {day}", f" since {day}", f" around {day:%d %B %Y}", "", ""])
    return rng.choice(asked).format(noun=base.noun) + when + "?"
