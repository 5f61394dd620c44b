"""`statecharts schema`: the JSON Schema of a chart's events and snapshots."""

from __future__ import annotations

import click

from statecharts.cli.choosing import one_chart
from statecharts.cli.files import set_option
from statecharts.cli.terminal import console, print_error, print_json
from statecharts.model.errors import StatechartError


@click.command()
@click.argument("target")
@set_option
@click.pass_context
def schema(context: click.Context, target: str, variables: dict[str, str]) -> None:
    """Print the JSON Schema (2020-12) of the events and snapshots of TARGET.

    TARGET means one chart. The document stands for an event or a snapshot of it; its '$defs' has
    'event', 'effect', 'snapshot' and 'step' for each alone.

    \b
    Examples:
      statecharts schema machines.pipeline:Pipeline
      statecharts schema door.scxml > door.schema.json
    """
    from statecharts.codec import Protocol  # noqa: PLC0415 - other commands do without

    chart = one_chart(context, target, variables).chart
    try:
        print_json(Protocol(chart).schema())
    except StatechartError as error:
        print_error(console(err=True), str(error))
        context.exit(1)
