"""Nulls by day: missing values, and renamed columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import Finding, Probe, Reading, grouped, probe_by_day
from machines.investigator.reasoning.series import WEEK, Run, risen, surely
from machines.investigator.reasoning.tables import Column, Table

_AT_ONCE = 20


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table, of at most twenty columns each."""
    day = table.day
    if day is None:
        return []
    columns = [one for one in table.columns if one is not day and not one.key]

    def probe(group: Sequence[Column]) -> Probe:
        null = "sum({0} IS NULL OR {0} = '')".format
        cells = [("rows", "count(*)"), *((f"{one.name} null", null(one.sql())) for one in group)]
        claim = f"values of {table.name} are missing"
        return probe_by_day("nulls", claim, table, day, cells, [one.name for one in group])

    return grouped(columns, _AT_ONCE, probe)


def find(reading: Reading, table: Table) -> list[Finding]:
    """Find the columns with missing values."""
    daily, probe = reading.daily, reading.probe
    whole = daily.counts("rows")
    runs: dict[str, Run] = {}
    for name in probe.columns:
        run = risen(daily.counts(f"{name} null"), whole, rule.RISE_NULL)
        column = table.column(name)
        if run and column and not _still_open(run, daily.counts(f"{name} null"), whole, column):
            runs[name] = run
    found = []
    for name, run in runs.items():
        day, last = reading.span(run)
        heir = _heir(reading, name, run)
        share = f"{run.during:.0%} of {name} is null from {day} to {last}"
        words = f"{share}, and {run.before:.0%} otherwise"
        kind, score = CauseKind.NULL_SPIKE, surely(run.strength * run.during, rule.EMPTY)
        happens = run.during < rule.RENAMED and run.record < rule.RECORD
        if run.weight < 2 or happens:  # noqa: PLR2004 - a single value, or a part as now and then
            score = min(score, rule.DOUBT)
        if heir:
            kind, score = CauseKind.SCHEMA_CHANGE, 0.99
            words += f"; {heir} is filled instead"
        found.append(reading.shows(kind, name, (day, last), score, words))
    return found


def weighed(one: Finding, parts: Sequence[Reading]) -> Finding:
    """Return a finding of missing values, less sure if the rows are of a kind that begins with it.

    Where another system writes the rows, with a sign of its own, it may have no such values.
    """
    if one.kind is not CauseKind.NULL_SPIKE or one.day is None or one.part is not None:
        return one
    mine = [each for each in parts if each.probe.table == one.table]
    for split in {each.probe.split for each in mine} - {one.column}:
        same = [each for each in mine if each.probe.split == split]
        first = min(each.daily.days[0] for each in same) + timedelta(WEEK)
        late = [each for each in same if each.daily.days[0] > first and each.part is not None]
        # Parts that begin again and again, as months do, are no sign.
        if all(abs(each.daily.days[0] - one.day) <= timedelta(1) for each in late):
            new, whole = (sum(_rows(each, one) for each in some) for some in (late, same))
            if late and new > rule.RENAMED * whole:
                return evolve(one, score=min(one.score, rule.DOUBT))
    return one


def _rows(part: Reading, one: Finding) -> float:
    rows = zip(part.daily.days, part.daily.counts("rows"), strict=True)
    return sum(n for day, n in rows if one.covers(day))


def _heir(reading: Reading, name: str, run: Run) -> str | None:
    """Return the column that is filled from the day on which another is empty."""
    daily = reading.daily
    if run.during < rule.RENAMED:
        return None
    rows = daily.counts("rows")
    for other in reading.probe.columns:
        nulls = daily.counts(f"{other} null")
        before = sum(nulls[: run.first]) / max(sum(rows[: run.first]), 1)
        during = sum(nulls[run.first : run.last + 1]) / max(sum(rows[run.first : run.last + 1]), 1)
        if other != name and before > rule.HEIR[0] and during < rule.HEIR[1]:
            return other
    return None


def _still_open(run: Run, parts: Sequence[float], whole: Sequence[float], column: Column) -> bool:
    """Tell whether values have only not come in yet: towards the end, more of them are null."""
    if run.last < len(whole) - 3:
        return False
    if column.dates is not None:
        return True
    first = parts[run.first] / max(whole[run.first], 1)
    return first - run.before < 0.6 * (run.during - run.before)
