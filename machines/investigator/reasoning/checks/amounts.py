"""Sizes of numbers by day: amounts that are in another unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from statistics import median

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import (
    MOST_DAYS,
    MOST_ROWS,
    Finding,
    Probe,
    Reading,
    grouped,
    labelled,
)
from machines.investigator.reasoning.series import Step, around, enough, largest, stepped, surely
from machines.investigator.reasoning.tables import Column, Table

_AT_ONCE = 5
_QUARTERS = ("low", "middle", "high")
_UNITS = (
    *(10, 100, 1000, 10_000, 1_000_000, 12, 24, 60, 3600, 1024),
    *(1.609, 2.2046, 2.54, 3.2808, 28.35),
)


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table, of at most five columns each."""
    day = table.day
    if day is None:
        return []
    columns = [
        one
        for one in table.columns
        if one.numbers and one.dates is None and not one.identifies and not _counts_few(one)
    ]
    found = grouped(columns, _AT_ONCE, partial(_probe, table, day, None))
    for part in table.parts:
        rest = [one for one in columns if one is not part]
        found += grouped(rest, _AT_ONCE, partial(_probe, table, day, part))
    return found


def _counts_few(column: Column) -> bool:
    """Tell whether a column has a few whole numbers: a month, an hour, a grade measures nothing."""
    return column.whole and len(set(column.values)) <= rule.MEASURE


def _probe(table: Table, day: Column, part: Column | None, columns: Sequence[Column]) -> Probe:
    expression = day.day
    inner, outer, labels = [], [], list[str]()
    for n, column in enumerate(columns):
        value = f"CASE WHEN typeof({column.sql()}) <> 'text' THEN {column.sql()} END"
        by = f"PARTITION BY {expression}{f', {part.sql()}' if part else ''}"
        inner += [
            f'{value} AS "v{n}"',
            f'row_number() OVER ({by} ORDER BY {value} DESC) AS "r{n}"',
            f'count({value}) OVER ({by}) AS "n{n}"',
        ]
        for quarter, label in enumerate(_QUARTERS, 1):
            # Nulls come last in descending order, so that they stay out of the way.
            place = f'(q."n{n}" * {4 - quarter} + 3) / 4'
            outer.append(f'max(CASE WHEN q."r{n}" = {place} THEN q."v{n}" END)')
            labels.append(f"{column.name} {label}")
        outer += [f'max(q."n{n}")', f'avg(q."v{n}")']
        labels += [f"{column.name} set", f"{column.name} mean"]
    cells = labelled(list(zip(labels, outer, strict=True)))
    own, outer_part, groups, most = "", "", "1", MOST_DAYS
    if part is not None:
        own, outer_part = f'{part.sql()} AS "part", ', ' q."part" AS "part",'
        groups, most = "1, 2", MOST_ROWS
    sql = (
        f'SELECT q."day" AS "day",{outer_part} {cells} FROM (SELECT {expression} AS "day", {own}'  # noqa: S608
        f"{', '.join(inner)} FROM {table.source} AS t WHERE {table.has(expression)}"
        f"{table.some}) AS q "
        f"GROUP BY {groups} ORDER BY 1 DESC LIMIT {most}"
    )
    claim = f"numbers of {table.name} are in another unit than before"
    names = tuple(one.name for one in columns)
    split = None if part is None else part.name
    return Probe("amounts", table.name, day.name, claim, sql, tuple(labels), names, split=split)


def find(reading: Reading, columns: int = 1) -> list[Finding]:
    """Find the columns whose numbers have another size from some day on.

    Args:
        reading: Sizes of numbers by day.
        columns: Number of columns of the table; among many, more happens by chance.
    """
    more = 2 * math.log10(max(columns / 10, 1))
    found = (_of_column(reading, name, more) for name in reading.probe.columns)
    return [one for one in found if one is not None]


def weighed(one: Finding, readings: Sequence[Reading]) -> Finding:
    """Return a change of size, less sure if something else than the unit may have changed.

    Another unit is one of a single column, or the same of several. Where something happened, there
    are more rows or fewer, or other numbers change as never before, by a factor of their own. Where
    other goods are sold, or each has another price, parts of the rows do not share a change.
    """
    if one.kind is not CauseKind.UNIT_CHANGE or one.column is None:
        return one
    own = one.part, one.others[-1] if one.others else None
    parts: dict[str | None, list[tuple[float, float]]] = {}
    others = list[float]()
    whole = rows = 0.0
    for each in readings:
        if each.probe.table != one.table:
            continue
        same = own == ((each.part or "", each.probe.split) if each.probe.split else (None, None))
        for name in each.probe.columns if same else ():
            if name != one.column and _is_record(each, name, one):
                others.append(_move(each, f"{name} middle", one))
        if one.column in each.probe.columns:
            before, here = each.around(f"{one.column} set", one)
            moved = _move(each, f"{one.column} middle", one)
            if same:
                whole, rows = moved, _move(each, f"{one.column} set", one)
            elif before and here:
                parts.setdefault(each.probe.split, []).append((moved, sum(here)))
    event = abs(rows) > math.log(rule.MIX) or any(
        abs(move - whole) > rule.NEAR_UNIT for move in others
    )
    one = evolve(one, score=one.score * rule.EVENT) if event else one
    for moves in parts.values() if whole and one.part is None else ():
        alike = [n for move, n in moves if rule.ALIKE[0] < move / whole < rule.ALIKE[1]]
        if sum(alike) < sum(n for _, n in moves) / 2:
            return evolve(one, score=min(one.score, rule.DOUBT))
    return one


def _move(reading: Reading, label: str, one: Finding) -> float:
    """Return the logarithm by which a number has moved on the days of a finding; 0 if unknown."""
    before, here = reading.around(label, one)
    return math.log(median(here) / median(before)) if here and before else 0.0


def _is_record(reading: Reading, name: str, one: Finding) -> bool:
    """Tell whether a number moves on the days of a finding as on no others."""
    pairs = zip(reading.daily.days, reading.daily.values[f"{name} middle"], strict=True)
    known = [(day, math.log(size)) for day, size in pairs if size is not None and size > 0]
    here = [n for n, (day, _) in enumerate(known) if one.covers(day)]
    move = abs(_move(reading, f"{name} middle", one))
    if not here or move < math.log(rule.FACTOR):
        return False
    return move > largest([(n, log) for n, (_, log) in enumerate(known)], here[0], here[-1])


def _of_column(reading: Reading, name: str, more: float) -> Finding | None:
    """Return the change of a column."""
    daily = reading.daily
    if _runs_on(reading, name):
        return None
    rows = daily.counts(f"{name} set")
    least = max(enough(rows), 0.4 * median([n for n in rows if n] or [0]))
    full = [n >= least for n in rows]
    unit = _unit(daily.values, name)
    logs = {
        label: [
            math.asinh(one / unit) if one is not None and ok else None
            for one, ok in zip(daily.values[f"{name} {label}"], full, strict=True)
        ]
        for label in (*_QUARTERS, "mean")
    }
    beyond = more + (rule.BEYOND if reading.probe.split is None else rule.BEYOND_IN_PART)
    middle = stepped(logs["middle"], math.log(rule.FACTOR), beyond)
    if middle is not None and (
        _wobbles(daily.values[f"{name} middle"], middle)
        or (_signed(daily.values, name) and not _beyond(daily.values, name, middle))
    ):
        middle = None
    if middle is not None and _throughout(logs, middle) and _is_new(logs, middle):
        large = abs(middle.change) > math.log(rule.FACTOR_OF_MANY)
        if large or _is_unit(middle.change):
            even = large or _throughout(logs, middle, rule.EVEN)
            return _finding(reading, name, middle, rule.UNIT, sure=even)
    if reading.probe.split is not None or _signed(daily.values, name):
        return None  # of a part of the rows, a part of the numbers is too little
    mean = stepped(logs["mean"], math.log(rule.FACTOR_IN_PART), rule.BEYOND + 1 + more)
    high = stepped(logs["high"], math.log(rule.FACTOR_IN_PART), rule.BEYOND + 1 + more)
    for step in (high, mean):
        if step is not None and _is_new(logs, step):
            # Only some of the numbers changed: a part that changed as a whole is surer.
            return _finding(reading, name, step, rule.UNIT_IN_PART)
    return None


def _unit(values: Mapping[str, Sequence[float | None]], name: str) -> float:
    """Return what numbers are divided by, so that the inverse of sinh is a logarithm.

    That of positive numbers differs by a constant alone; around zero it goes on smoothly.
    """
    known = [abs(one) for label in _QUARTERS for one in values[f"{name} {label}"] if one]
    if not known:
        return 1.0
    return median(known) / 4 if _signed(values, name) else min(known) / 1000


def _runs_on(reading: Reading, name: str) -> bool:
    """Tell whether a column counts on from day to day, as the number of a batch does."""
    lows, highs = reading.daily.values[f"{name} low"], reading.daily.values[f"{name} high"]
    days = [(a, b) for a, b in zip(lows, highs, strict=True) if a is not None and b is not None]
    on = sum(later[0] >= one[1] for one, later in pairwise(days))
    moves = sum(later != one for one, later in pairwise(days))
    return on >= 0.9 * (len(days) - 1) and moves > 0.5 * (len(days) - 1)


def _finding(
    reading: Reading, name: str, step: Step, scale: rule.Scale, *, sure: bool = True
) -> Finding:
    day, last = reading.span(step)
    words = f"{name} is {math.exp(step.change):.3g} times the usual from {day} to {last}"
    score = surely(step.strength, scale)
    score = score if sure and not _may_be_chance(reading, name, step) else min(score, rule.DOUBT)
    return reading.shows(CauseKind.UNIT_CHANGE, name, (day, last), score, words)


def _may_be_chance(reading: Reading, name: str, step: Step) -> bool:
    """Tell whether a change is like others of the same numbers, or one of a day that goes on."""
    alone, part = step.first == step.last, reading.probe.split is not None
    if alone and step.change < 0 and not any(reading.daily.counts(f"{name} set")[step.last + 1 :]):
        return True
    small = rule.FACTOR_OF_MANY if part else rule.FACTOR_IN_PART
    exact = max(abs(step.change) / step.strength, rule.EXACT)  # as exact as the numbers are
    if abs(step.change) < math.log(small) and (part or not _is_unit(step.change, exact)):
        return True
    return step.happens or (part and step.record < rule.RECORD_OF_MANY)


def _signed(values: Mapping[str, Sequence[float | None]], name: str) -> bool:
    return any(one is not None and one <= 0 for one in values[f"{name} low"])


def _beyond(values: Mapping[str, Sequence[float | None]], name: str, step: Step) -> bool:
    """Tell whether numbers around zero, whose ratios say little, leave the range of all others."""
    middle = values[f"{name} middle"]
    _, here = around(middle, step.first, step.last)
    rest = [n for n in (*middle[: step.first], *middle[step.last + 1 :]) if n is not None]
    if not here or not rest or min(rest) <= median(here) <= max(rest):
        return False
    # A number that is now below zero and now above has no size that could change.
    return max(sum(one > 0 for one in rest), sum(one < 0 for one in rest)) > 0.9 * len(rest)


def _wobbles(values: Sequence[float | None], step: Step) -> bool:
    """Tell whether whole numbers have changed by less than two, as those of a few rows may."""
    before, here = around(values, step.first, step.last)
    if not before or not here or any(one % 1 for one in values if one is not None):
        return False
    return abs(median(here) - median(before)) < 2  # noqa: PLR2004 - see above


def _throughout(
    logs: dict[str, list[float | None]], step: Step, like: tuple[float, float] = rule.ALIKE
) -> bool:
    """Tell whether small and large numbers have changed by a like factor."""
    sides = [around(logs[label], step.first, step.last) for label in ("low", "high")]
    return all(
        like[0] < (median(here) - median(before)) / step.change < like[1]
        for before, here in sides
        if here and before
    )


def _is_new(logs: dict[str, list[float | None]], step: Step) -> bool:
    """Tell whether the numbers are others than before: of a few prices, each may be the usual."""
    before = {one for label in _QUARTERS for one in logs[label][: step.first]}
    here = slice(step.first, step.last + 1)
    during = [one for label in ("middle", "high") for one in logs[label][here] if one is not None]
    return sum(one not in before for one in during) >= max(len(during) / 2, 1)


def _is_unit(change: float, near: float = rule.NEAR_UNIT) -> bool:
    near = min(near, rule.NEAR_UNIT)
    return any(abs(abs(change) - math.log(unit)) < near for unit in _UNITS)
