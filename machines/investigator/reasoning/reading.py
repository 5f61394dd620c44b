"""Reading: findings from all answers together, check by check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Final

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.checks import (
    amounts,
    counts,
    dates,
    duplicates,
    forms,
    hours,
    joins,
    lags,
    nulls,
    stale,
    swaps,
)
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.probes import Finding, Link, Probe, Reading, of_part
from machines.investigator.reasoning.ranking import rank
from machines.investigator.reasoning.series import WEEK
from machines.investigator.reasoning.tables import Table

_WEEKLY: Final = ("nulls", "forms", "hours")
"""The checks that look at weeks as well, where days have few rows."""
_FEW: Final = 20
"""Rows of a day that are so few that weeks are looked at, too."""


def findings_of(
    tables: Sequence[Table], readings: Sequence[Reading], hints: Hints
) -> list[Finding]:
    """Return the findings, the best supported first; empty if all is as usual."""
    by_name = {table.name: table for table in tables}
    by_check: dict[str, list[Reading]] = {}
    for one in readings:
        if one.daily.days:
            by_check.setdefault(one.probe.check, []).append(one)
    references = by_check.get("joins", [])
    held = {(one.probe.table, link) for one in references for link in joins.held(one)}
    found = _counted(by_name, by_check, held, hints) + _examined(by_name, by_check, hints)
    stopped = {
        one.table: one.day for one in found if one.kind is CauseKind.STALE_DIMENSION and one.day
    }
    for one in references:
        found += _sane(joins.find, one, stopped)
    found += swaps.find(found, by_check.get("amounts", []))
    columns = {(table, link.column) for table, link in held}
    found = [
        one
        for one in found
        if one.kind is not CauseKind.UNIT_CHANGE or (one.table, one.column) not in columns
    ]
    return rank(found, hints, ((table, link.parent) for table, link in held if link.akin))


def _examined(
    by_name: Mapping[str, Table], by_check: Mapping[str, Sequence[Reading]], hints: Hints
) -> list[Finding]:
    """Return what the checks find that look at one answer each."""
    split: dict[Probe, list[Reading]] = {}
    for one in by_check.get("parts", ()):
        split.setdefault(one.probe, []).append(one)
    found: list[Finding] = []
    for parts in split.values():
        found += _sane(counts.of_parts, parts, hints.days)
    looks: dict[str, Callable[[Reading, Table], list[Finding]]] = {
        "nulls": nulls.find,
        "forms": forms.find,
        "dates": lambda one, _: dates.find(one),
        "duplicates": lambda one, _: duplicates.find(one),
        "lags": lambda one, _: lags.find(one),
        "hours": lambda one, _: hours.find(one, hints.days),
        "amounts": lambda one, table: amounts.find(one, len(table.columns)),
    }
    for check, look in looks.items():
        for one in by_check.get(check, ()):
            for each in _by_week_too(one) if check in _WEEKLY else [one]:
                table = by_name[one.probe.table]
                found += [of_part(own, one) for own in _sane(look, each, table)]
    found = [nulls.weighed(one, by_check.get("parts", ())) for one in found]
    return [amounts.weighed(one, by_check.get("amounts", ())) for one in found]


def _sane(find: Callable[..., list[Finding]], *given: object) -> list[Finding]:
    """Return the findings of a check; numbers that break the arithmetic give none."""
    try:
        return find(*given)
    except (ArithmeticError, ValueError):
        return []


def _by_week_too(reading: Reading) -> list[Reading]:
    """Return a reading, and its weeks if a day has few rows: chance hides what a week shows."""
    labels = hours.LABELS if reading.probe.check == "hours" else reading.probe.labels[:1]
    rows = [sum(day) for day in zip(*map(reading.daily.counts, labels), strict=True)]
    known = [one for one in rows if one]
    if not known or median(known) >= _FEW:
        return [reading]
    return [reading, evolve(reading, daily=reading.daily.weekly())]


def _counted(
    by_name: Mapping[str, Table],
    by_check: Mapping[str, Sequence[Reading]],
    held: Iterable[tuple[str, Link]],
    hints: Hints,
) -> list[Finding]:
    """Return the findings from rows by day: days with missing rows, and stale dimensions."""
    readings = by_check.get("counts", ())
    first = {table.name: table.day.name for table in by_name.values() if table.day is not None}
    main = [one for one in readings if one.probe.day == first.get(one.probe.table)]
    busy = {one.probe.table: end for one in main if (end := counts.busy_until(one))}
    refers = [(table, link.parent) for table, link in held]
    parents = {parent for _, parent in refers}
    facts = _facts(main, busy, parents)
    # A series with the same number of rows each day shows the range of days as well.
    going = busy | {one.probe.table: one.daily.days[-1] for one in main if counts.is_series(one)}
    begin = min((one.daily.days[0] for one in facts), default=date.min)
    ends: dict[str, date] = {}  # of each table, in any of its columns
    for one in readings:
        ends[one.probe.table] = max(one.daily.days[-1], ends.get(one.probe.table, date.min))
    hourly = {one.probe.table: one for one in by_check.get("hours", ()) if one.probe.split is None}
    found: list[Finding] = []
    for one in main:
        table, last = one.probe.table, one.daily.days[-1]
        # Rows that refer to others come after them, so a later end means nothing.
        after = {name for name, parent in refers if parent == table}
        others = [day for name, day in going.items() if name != table and name not in after]
        # A later end of another date is a fault only if the question says so.
        named = [day for name, day in ends.items() if name != table and day in hints.days]
        alone = not any(day > last for day in (*others, ends[table])) and not any(
            day == last for day in others
        )
        end = max((*others, *named), default=None)
        over = last < begin and table not in hints.tables
        early = hours.unlikely(hourly[table]) if table in hourly else counts.NOTHING
        before = [busy[parent] for name, parent in refers if name == table and parent in busy]
        shown = _until(one, before, hints.days)
        found += counts.find(shown, end, hints.days, alone=alone, over=over, ends=early)
    if not facts:
        return found
    told = {one.probe.table for one in facts}
    for name in dict.fromkeys(one.probe.table for one in readings):
        if name in told:
            continue
        own = [one for one in readings if one.probe.table == name]
        children = {table for table, parent in refers if parent == name}
        span = _span([one for one in main if one.probe.table in children] or facts)
        left = stale.find(own, span, referred=name in parents)
        if left is not None:
            found.append(left)
        for one in by_check.get("amounts", ()):
            still = stale.frozen_since(one) if one.probe.table == name else None
            if still is not None and one.probe.split is None:
                found.append(still)
    return found


def _until(reading: Reading, before: Iterable[date], hinted: Collection[date]) -> Reading:
    """Leave out the last, thin days of rows that follow others, once those have ended.

    Args:
        reading: Rows by day.
        before: The last days of the tables that they follow.
        hinted: The days that the question names, which are never left out.
    """
    last = reading.daily.days[-1]
    end = min((day for day in before if 0 < (last - day).days <= WEEK), default=last)
    if any(end < day <= last for day in hinted):
        return reading
    return evolve(reading, daily=reading.daily.until(end))


def _facts(main: Sequence[Reading], busy: Mapping[str, date], parents: set[str]) -> list[Reading]:
    """Return the tables that show the range of days: busy ones, without dimensions."""
    facts = [one for one in main if one.probe.table in busy and one.probe.table not in parents]
    facts = facts or [one for one in main if one.probe.table in busy]
    most = sorted(main, key=lambda one: -sum(one.daily.counts("rows")))
    facts = facts or most[:1]
    # Tables that ended long before the others begin are of another time.
    latest = max(facts, key=lambda one: one.daily.days[-1], default=None)
    return [one for one in facts if latest and one.daily.days[-1] >= latest.daily.days[0]]


def _span(facts: Sequence[Reading]) -> stale.Span:
    days = [day for one in facts for day in (one.daily.days[0], one.daily.days[-1])]
    return stale.Span(min(days), max(days))
