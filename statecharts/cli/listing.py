"""`statecharts list`: one line for each chart."""

from __future__ import annotations

from typing import Any

import click

from statecharts.cli.files import set_option
from statecharts.cli.targets import Found, survey
from statecharts.cli.terminal import (
    console,
    failures_json,
    first_line,
    plain_table,
    print_failures,
    print_json,
)


@click.command("list")
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@set_option
@click.pass_context
def list_charts(
    context: click.Context, target: str, as_json: bool, variables: dict[str, str]
) -> None:
    """List the charts of TARGET.

    Prints the name of each chart, the target that names it, how many states and events it has, and
    what it is for.

    \b
    Example:
      statecharts list machines
    """
    found = survey(target, variables)
    rows = [_row(one) for one in found.charts]
    if as_json:
        print_json({"charts": rows, "failures": failures_json(found.failures)})
    else:
        _print_table(rows)
        print_failures(found.failures)
    if found.failures:
        context.exit(1)


def _row(one: Found) -> dict[str, Any]:
    chart = one.chart
    return {
        "name": chart.name,
        "target": one.address,
        "states": len(chart.states),
        "events": len(chart.events),
        "doc": first_line(chart.doc),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = plain_table("name")
    table.add_column("target", overflow="fold", style="cyan")
    table.add_column("states", justify="right")
    table.add_column("events", justify="right")
    table.add_column("doc", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console().print(table)
