"""Sizes of numbers by day: amounts that are in another unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.formats import VALID_DAY
from machines.investigation.reasoning.probes import MOST_DAYS, Finding, Probe, Reading
from machines.investigation.reasoning.series import Step, stepped, surely
from machines.investigation.reasoning.tables import Column, Table, quote

_AT_ONCE = 5
_QUARTERS = ("low", "middle", "high")
_UNITS = (
    10,
    100,
    1000,
    10_000,
    1_000_000,
    60,
    3600,
    24,
    12,
    1024,
    1.609,
    2.2046,
    2.54,
    3.2808,
    28.35,
)


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table, of at most five columns each."""
    day = table.day
    if day is None:
        return []
    columns = [
        one for one in table.columns if one.numbers and one.dates is None and not one.identifies
    ]
    return [
        _probe(table, day, columns[at : at + _AT_ONCE]) for at in range(0, len(columns), _AT_ONCE)
    ]


def _probe(table: Table, day: Column, columns: Sequence[Column]) -> Probe:
    assert day.dates is not None  # noqa: S101 - a day column has dates
    expression = day.fill(day.dates.day)
    inner, outer, labels = [], [], list[str]()
    for n, column in enumerate(columns):
        value = f"CASE WHEN typeof({column.sql()}) <> 'text' THEN {column.sql()} END"
        by = f"PARTITION BY {expression}"
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
    cells = ", ".join(f"{sql} AS {quote(label)}" for sql, label in zip(outer, labels, strict=True))
    sql = (
        f'SELECT q."day" AS "day", {cells} FROM (SELECT {expression} AS "day", '  # noqa: S608
        f"{', '.join(inner)} FROM {quote(table.name)} AS t "
        f"WHERE {expression} GLOB '{VALID_DAY}') AS q GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"numbers of {table.name} are in another unit than before"
    names = tuple(one.name for one in columns)
    return Probe("amounts", table.name, day.name, claim, sql, tuple(labels), names)


def find(reading: Reading) -> list[Finding]:
    """Find the columns whose numbers are another size from some day on."""
    found = []
    for name in reading.probe.columns:
        one = _of_column(reading, name)
        if one is not None:
            found.append(one)
    return found


def _of_column(reading: Reading, name: str) -> Finding | None:
    daily = reading.daily
    enough = [n >= 5 for n in daily.counts(f"{name} set")]  # noqa: PLR2004
    logs = {
        label: [
            math.log(one) if one is not None and one > 0 and ok else None
            for one, ok in zip(daily.values[f"{name} {label}"], enough, strict=True)
        ]
        for label in (*_QUARTERS, "mean")
    }
    middle = stepped(logs["middle"], math.log(1.35), 7.0)
    if middle is not None and _throughout(logs, middle):
        factor = math.exp(middle.change)
        if _is_unit(middle.change) or not 0.5 < factor < 2:  # noqa: PLR2004
            return _finding(reading, name, middle, factor, 0.8)
    mean = stepped(logs["mean"], math.log(3), 8.0)
    high = stepped(logs["high"], math.log(3), 8.0)
    for step in (high, mean):
        if step is not None:
            return _finding(reading, name, step, math.exp(step.change), 0.7)
    return None


def _finding(reading: Reading, name: str, step: Step, factor: float, floor: float) -> Finding:
    day, last = reading.daily.days[step.first], reading.daily.days[step.last]
    words = f"{name} is {factor:.3g} times the usual from {day} to {last}"
    score = surely(step.strength, floor) * 0.99
    return Finding(
        CauseKind.UNIT_CHANGE,
        reading.probe.table,
        name,
        day,
        score,
        words,
        (reading.probe,),
        last=last,
    )


def _throughout(logs: dict[str, list[float | None]], step: Step) -> bool:
    """Tell whether small and large numbers have changed by a like factor."""
    for label in ("low", "high"):
        values = logs[label]
        here = [one for one in values[step.first : step.last + 1] if one is not None]
        before = [one for one in values[max(0, step.first - 14) : step.first] if one is not None]
        if not here or not before:
            continue
        change = sorted(here)[len(here) // 2] - sorted(before)[len(before) // 2]
        if change / step.change < 0.5:  # noqa: PLR2004
            return False
    return True


def _is_unit(change: float) -> bool:
    return any(abs(abs(change) - math.log(unit)) < 0.1 for unit in _UNITS)  # noqa: PLR2004
