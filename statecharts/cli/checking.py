"""`statecharts check`: faults, warnings, and a summary of each chart."""

from __future__ import annotations

from typing import Any, final

import click
from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from statecharts.cli.targets import Survey, survey, target_argument
from statecharts.cli.terminal import (
    console,
    count_text,
    failures_json,
    fault_json,
    json_option,
    plain_table,
    print_error,
    print_faults,
    print_json,
)
from statecharts.model.chart import Chart
from statecharts.model.errors import Fault


@click.command()
@click.option("--strict", is_flag=True, help="Count warnings as faults.")
@json_option
@target_argument
def check(target: str, strict: bool, as_json: bool, variables: dict[str, str]) -> None:
    """Look for faults in the charts of TARGET.

    Prints every fault with its code, its place and its remedy, then a summary of each chart. A
    fault that a chart accepts with 'allow=' is a warning, and so is a harmless difference in a
    file. The exit status is 1 if there are faults.

    \b
    Examples:
      statecharts check machines --strict
      statecharts check door.scxml
    """
    found = survey(target, variables)
    verdicts = _verdicts(found, strict)
    if as_json:
        charts = [_verdict_json(verdict) for verdict in verdicts if verdict.chart is not None]
        print_json({"charts": charts, "failures": failures_json(found.failures)})
    else:
        _print_report(found, verdicts)
    if found.failures or any(verdict.faults for verdict in verdicts):
        raise click.exceptions.Exit(1)


@final
@frozen
class _Verdict:
    """The faults and warnings of one chart; a chart that is None could not be built."""

    name: str
    module: str
    chart: Chart | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()


def _verdicts(found: Survey, strict: bool) -> list[_Verdict]:
    """Return the verdicts on all charts, first on those that could not be built."""
    from statecharts.checks import shown_faults  # noqa: PLC0415 - other commands work without it

    verdicts = [
        _Verdict(failure.chart, failure.module, None, failure.faults)
        for failure in found.failures
        if failure.chart is not None
    ]
    for one in found.charts:
        accepted = one.chart.warnings
        faults, warnings = (accepted, ()) if strict else ((), accepted)
        # A chart that is made by hand is checked here for the first time.
        faults = (*shown_faults(one.chart), *faults)
        verdicts.append(_Verdict(one.chart.name, one.module, one.chart, faults, warnings))
    return verdicts


def _measures(chart: Chart) -> dict[str, int]:
    """Return the size of a chart: numbers of states, transitions, events, and its depth."""
    return {
        "states": len(chart.states),
        "transitions": len(chart.transitions),
        "events": len(chart.events),
        "depth": max((len(chart.ancestors(node.id)) for node in chart), default=0),
    }


def _verdict_json(verdict: _Verdict) -> dict[str, Any]:
    chart = verdict.chart
    return {
        "name": verdict.name,
        "module": verdict.module,
        **({} if chart is None else {**_measures(chart), "hash": chart.hash}),
        "faults": [fault_json(fault) for fault in verdict.faults],
        "warnings": [fault_json(fault) for fault in verdict.warnings],
    }


def _print_report(found: Survey, verdicts: list[_Verdict]) -> None:
    out = console()
    errors = [failure for failure in found.failures if failure.chart is None]
    for failure in errors:
        print_error(out, str(failure))
    for verdict in verdicts:
        if verdict.faults or verdict.warnings:
            out.print(Text(f"{verdict.name} ({verdict.module})", "bold"), soft_wrap=True)
            print_faults(out, verdict.faults)
            print_faults(out, verdict.warnings, accepted=True)
            out.print()
    if verdicts:
        _print_summary(out, verdicts)
        out.print()
    counts = [
        count_text(len(verdicts), "chart"),
        count_text(sum(len(verdict.faults) for verdict in verdicts), "fault"),
        count_text(sum(len(verdict.warnings) for verdict in verdicts), "warning"),
    ]
    if errors:
        counts.append(f"{count_text(len(errors), found.of)} not imported")
    out.print(", ".join(counts))


def _print_summary(out: Console, verdicts: list[_Verdict]) -> None:
    table = plain_table("chart")
    for name in ("states", "transitions", "events", "depth", "faults", "warnings"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    table.add_column("hash", no_wrap=True, min_width=12, style="dim")
    for verdict in verdicts:
        _add_row(table, verdict)
    out.print(table)


def _add_row(table: Table, verdict: _Verdict) -> None:
    chart = verdict.chart
    sizes = ["-"] * 4 if chart is None else [str(size) for size in _measures(chart).values()]
    faults, warnings = len(verdict.faults), len(verdict.warnings)
    table.add_row(
        verdict.name,
        *sizes,
        Text(str(faults), "red" if faults else ""),
        Text(str(warnings), "yellow" if warnings else ""),
        "-" if chart is None else chart.hash[:12],
    )
