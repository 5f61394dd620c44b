"""Forms of values by day: types, spellings and categories that change."""

from __future__ import annotations

from collections.abc import Sequence

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import Finding, Probe, Reading, grouped, probe_by_day
from machines.investigator.reasoning.series import Run, risen, surely
from machines.investigator.reasoning.tables import Column, Table
from machines.investigator.tools.naming import literal

_AT_ONCE = 7
_FORMS = ("text", "digit", "upper", "lower", "mark", "known")


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table, of at most seven columns each."""
    day = table.day
    if day is None:
        return []
    columns = [one for one in table.columns if one is not day]

    def probe(group: Sequence[Column]) -> Probe:
        cells = [cell for one in group for cell in _cells(one)]
        claim = f"values of {table.name} have another type or form than before"
        return probe_by_day("forms", claim, table, day, cells, [one.name for one in group])

    return grouped(columns, _AT_ONCE, probe)


def _cells(column: Column) -> list[tuple[str, str]]:
    name = column.sql()
    cells = [
        (f"{column.name} set", f"sum({name} <> '')"),
        (f"{column.name} text", f"sum(typeof({name}) = 'text' AND {name} <> '')"),
    ]
    if not column.numbers:
        cells += [
            (f"{column.name} {form}", f"sum({name} GLOB '{pattern}')")
            for form, pattern in (
                ("digit", "*[0-9]*"),
                ("upper", "*[A-Z]*"),
                ("lower", "*[a-z]*"),
                ("mark", "*[^A-Za-z0-9]*"),
            )
        ]
    if column.categories:
        listed = ", ".join(literal(one) for one in column.categories)
        cells.append((f"{column.name} known", f"sum({name} IN ({listed}))"))
    return cells


def find(reading: Reading, table: Table) -> list[Finding]:
    """Find the columns whose values change their form."""
    daily, probe = reading.daily, reading.probe
    found = []
    for name in probe.columns:
        whole = daily.counts(f"{name} set")
        runs = [run for form in _FORMS for run in _turned(daily.counts(f"{name} {form}"), whole)]
        column = table.column(name)
        if not runs or column is None:
            continue
        run = max(runs, key=lambda one: (one.during - one.before, one.strength))
        day, last = reading.span(run)
        words = (
            f"{run.during:.0%} of {name} has another form from {day} on, {run.before:.0%} before"
        )
        score = surely(run.strength * run.during, rule.FORM)
        if run.weight < 2:  # noqa: PLR2004 - a single value
            score = min(score, rule.DOUBT)
        found.append(reading.shows(CauseKind.SCHEMA_CHANGE, name, (day, last), score, words))
    return found


def _turned(parts: Sequence[float], whole: Sequence[float]) -> list[Run]:
    """Return the days on which a form of all values, or of no value, is reversed."""
    if not parts or not any(whole):
        return []
    rest = [n - part for n, part in zip(whole, parts, strict=True)]
    runs = [risen(parts, whole, rule.RISE_FORM), risen(rest, whole, rule.RISE_FORM)]
    return [run for run in runs if run and run.before < 0.08 and run.during > 0.45]  # noqa: PLR2004
