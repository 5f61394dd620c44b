"""Ranking: what the findings come to, once those are left out that others explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.checks import (
    amounts,
    counts,
    duplicates,
    forms,
    hours,
    joins,
    lags,
    nulls,
)
from machines.investigation.reasoning.plan import Hints
from machines.investigation.reasoning.probes import Finding, Link, Reading
from machines.investigation.reasoning.tables import Table

_LEAST = 0.5


def findings_of(
    tables: Sequence[Table], readings: Sequence[Reading], hints: Hints
) -> list[Finding]:
    """Return what is wrong, the best supported first; nothing when all is as usual."""
    by_name = {table.name: table for table in tables}
    by_check: dict[str, list[Reading]] = {}
    for one in readings:
        if one.daily.days:
            by_check.setdefault(one.probe.check, []).append(one)
    held = [link for one in by_check.get("joins", ()) for link in joins.held(one)]
    found = _counted(by_name, by_check.get("counts", []), held, hints)
    for one in by_check.get("nulls", ()):
        found += nulls.find(one, by_name[one.probe.table])
    for one in by_check.get("forms", ()):
        found += forms.find(one, by_name[one.probe.table])
    for check, find in (
        ("duplicates", duplicates.find),
        ("hours", hours.find),
        ("lags", lags.find),
        ("amounts", amounts.find),
    ):
        for one in by_check.get(check, ()):
            found += find(one)
    ends = _ends(by_check.get("counts", []))
    for one in by_check.get("joins", ()):
        found += joins.find(one, ends)
    held_columns = {
        (one.probe.table, link.column)
        for one in by_check.get("joins", ())
        for link in joins.held(one)
    }
    found = [
        one
        for one in found
        if one.kind is not CauseKind.UNIT_CHANGE or (one.table, one.column) not in held_columns
    ]
    return rank(found, hints)


def _ends(readings: Sequence[Reading]) -> dict[str, date]:
    """Return the last day of each table, by whichever of its columns goes furthest."""
    ends: dict[str, date] = {}
    for one in readings:
        last = one.daily.days[-1]
        ends[one.probe.table] = max(last, ends.get(one.probe.table, last))
    return ends


def _counted(
    by_name: dict[str, Table], readings: Sequence[Reading], held: Sequence[Link], hints: Hints
) -> list[Finding]:
    """Return what the rows by day tell: days that lack some, and dimensions left behind."""
    main = [one for one in readings if one.probe.day == _day_of(by_name[one.probe.table])]
    busy = {one.probe.table: end for one in main if (end := counts.busy_until(one))}
    parents = {link.parent for link in held}
    facts = [one for one in main if one.probe.table in busy and one.probe.table not in parents]
    facts = facts or [one for one in main if one.probe.table in busy]
    end = max((one.daily.days[-1] for one in facts), default=None)
    found: list[Finding] = []
    for one in main:
        others = [day for name, day in busy.items() if name != one.probe.table]
        found += counts.find(one, end, hints.days, alone=not others)
    if end is None:
        return found
    start = min(one.daily.days[0] for one in facts)
    for one in readings:
        if one.probe.table in parents:
            left = joins.stale(one, end, start)
            if left is not None:
                found.append(left)
    return found


def _day_of(table: Table) -> str | None:
    return table.day.name if table.day else None


def rank(found: Sequence[Finding], hints: Hints) -> list[Finding]:
    """Leave out what others explain, and put the rest in order."""
    kept = [_weigh(one, found, hints) for one in found]
    kept = [one for one in kept if one.score >= _LEAST]
    kept.sort(key=lambda one: (-one.score, one.kind.value, one.table, one.column or ""))
    best: list[Finding] = []
    for one in kept:
        same = [
            other
            for other in best
            if (other.kind, other.table, other.column) == (one.kind, one.table, one.column)
            or (other.kind is one.kind is CauseKind.STALE_DIMENSION and other.table == one.table)
        ]
        if same:
            place = best.index(same[0])
            probes = tuple(dict.fromkeys((*same[0].probes, *one.probes)))
            # What two checks say is surer than what one says.
            score = 1 - (1 - same[0].score) * (1 - one.score * 0.5)
            best[place] = evolve(same[0], probes=probes, score=score)
        else:
            best.append(one)
    return sorted(best, key=lambda one: -one.score)


def _weigh(one: Finding, found: Sequence[Finding], hints: Hints) -> Finding:
    """Lower the score of what others explain; raise it a little where the question points."""
    score = one.score
    for other in found:
        if other is not one and other.score >= _LEAST and _explains(other, one):
            score *= 0.6
            break
    if one.day in hints.days:
        score += (1 - score) * 0.1
    if one.table in hints.tables:
        score += (1 - score) * 0.05
    return evolve(one, score=round(score, 6))


def _explains(cause: Finding, seen: Finding) -> bool:
    """Tell whether one finding is what another comes from."""
    pair = (cause.kind, seen.kind)
    same_table, same_column = cause.table == seen.table, cause.column == seen.column
    kinds = CauseKind
    match pair:
        case (kinds.BROKEN_JOIN, kinds.SCHEMA_CHANGE):
            return same_table and same_column
        case (kinds.UNIT_CHANGE, kinds.BROKEN_JOIN):
            return same_table and same_column
        case (kinds.SCHEMA_CHANGE, kinds.UNIT_CHANGE | kinds.NULL_SPIKE):
            return same_table and _near(cause, seen)
        case (kinds.TIME_ZONE, kinds.LATE_DATA | kinds.TRUNCATED_BATCH | kinds.MISSING_DAY):
            return same_table
        case (kinds.LATE_DATA, kinds.TRUNCATED_BATCH | kinds.MISSING_DAY | kinds.TIME_ZONE):
            # Lags that could be either are a clock's where the clock is seen to be wrong.
            return same_table and not _clock(seen)
        case (kinds.STALE_DIMENSION, kinds.BROKEN_JOIN):
            return cause.table == seen.parent
        case (kinds.STALE_DIMENSION, kinds.MISSING_DAY):
            return same_table
        case (kinds.MISSING_DAY | kinds.TRUNCATED_BATCH, kinds.BROKEN_JOIN):
            return cause.table == seen.parent and _near(cause, seen)
        case (kinds.MISSING_DAY | kinds.TRUNCATED_BATCH, kinds.STALE_DIMENSION):
            return same_table and _near(cause, seen)
        case _:
            return False


def _clock(one: Finding) -> bool:
    return one.kind is CauseKind.TIME_ZONE and one.probes[0].check == "hours"


def _near(one: Finding, other: Finding) -> bool:
    if one.day is None or other.day is None:
        return True
    return abs(one.day - other.day) <= timedelta(days=1)
