"""`statecharts import`: charts of other formats as declarations in Python, or the other way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, TypeAlias

import click
from click.core import ParameterSource
from rich.text import Text

from statecharts.cli.targets import TargetError, all_charts, chart_named, target_argument
from statecharts.cli.terminal import Choice, console, print_error, print_faults
from statecharts.interop.codes import LOST
from statecharts.interop.findings import LossError
from statecharts.model.chart import Chart
from statecharts.model.errors import Fault

Write: TypeAlias = Callable[[Sequence[str]], str]
"""A function that writes charts, with some losses accepted."""

_WRITERS: Final = {".scxml": "scxml", ".xml": "scxml", ".json": "xstate"}
"""The writers besides Python, by extension."""

_TOLD: Final = frozenset({"SC674", "SC675"})
"""Losses of wording, which are printed and always accepted."""


@click.command("import")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="File to write instead of standard output; its extension sets the format: "
    ".py (Python), .scxml (SCXML), .json (XState).",
)
@click.option(
    "--name",
    "names",
    metavar="CHART",
    multiple=True,
    help="Chart to write, if TARGET has several; can be repeated.",
)
@click.option(
    "--allow",
    type=Choice([*LOST, "*"]),
    metavar="CODE",
    multiple=True,
    help="Loss to accept, such as SC673; can be repeated.",
)
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@click.option(
    "--to-xstate",
    "version",
    type=Choice(["4", "5"]),
    default="5",
    help="Version of XState to write; 5 by default.",
)
@target_argument
def import_chart(
    target: str,
    output: Path | None,
    names: tuple[str, ...],
    allow: tuple[str, ...],
    force: bool,
    version: str,
    variables: dict[str, str],
) -> None:
    """Write the charts of TARGET as declarations in Python.

    Events and actions become classes, guards become functions for you to write, states and
    transitions read as if you had declared them. '-o machine.scxml' and '-o machine.json' write the
    chart as SCXML or as XState JSON instead. TARGET is a chart file, or names a class of
    python-statemachine, a chart or a module, as for the other commands.

    Warnings about the chart, and lost names and documentation, go to standard error. Any other loss
    stops the command, unless '--allow' accepts it.

    \b
    Examples:
      statecharts import door.scxml -o door.py
      statecharts import workflows.toml --name approval
      statecharts import machine.json -o machine.scxml
      statecharts import orders.machines:OrderControl -o order.json
    """
    if output is not None and output.suffix.lower() not in (".py", *_WRITERS):
        raise TargetError(f"{str(output)!r} has no known format. End it in .py, .scxml or .json.")
    context = click.get_current_context()
    if output is None and force:
        raise TargetError("--force is about a file. Add -o OUT.")
    versioned = context.get_parameter_source("version") is ParameterSource.COMMANDLINE
    if versioned and (output is None or output.suffix.lower() != ".json"):
        raise TargetError("--to-xstate is for a file in .json. Add -o OUT.json.")
    if output is not None and output.exists() and not force:
        raise TargetError(f"{str(output)!r} exists. Pass --force to replace it.")
    found = {one.name: one.chart for one in all_charts(target, variables)}
    chosen = [chart_named(name, found, target) for name in dict.fromkeys(names)]
    charts = chosen or list(found.values())
    err = console(err=True)
    for chart in charts:
        print_faults(err, chart.warnings, accepted=True)
    try:
        text, losses = _written(_writer(charts, output, target, int(version)), allow)
    except LossError as error:
        _print_losses(error.losses)
        codes = dict.fromkeys(loss.code for loss in error.losses if loss.code not in _TOLD)
        flags = " ".join(f"--allow {code}" for code in codes)
        print_error(err, f"a part of {target} would be lost. Pass {flags} to accept that.")
        raise click.exceptions.Exit(1) from None
    _print_losses(losses)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        print_error(err, str(error))
        raise click.exceptions.Exit(1) from None
    click.echo(output)


def _writer(charts: Sequence[Chart], output: Path | None, source: str, version: int) -> Write:
    """Return the function that writes charts in the format of the output."""
    writer = _WRITERS.get("" if output is None else output.suffix.lower())
    if writer is None:
        from statecharts.interop import python  # noqa: PLC0415 - only the writer in use is imported

        return lambda allow: python.write(charts, allow=allow, source=Path(source).name)[0]
    if len(charts) > 1:
        known = ", ".join(chart.name for chart in charts)
        raise TargetError(f"{str(output)!r} takes one chart. Choose it with --name: {known}.")
    dumps: Callable[..., str] = import_module(f"statecharts.interop.{writer}").dumps
    more = {"version": version} if writer == "xstate" else {}
    return lambda allow: dumps(charts[0], allow=allow, **more)


def _written(write: Write, allow: Iterable[str]) -> tuple[str, tuple[Fault, ...]]:
    """Return the text, and its losses.

    Raises:
        LossError: A loss is not accepted.
    """
    accepted = {*allow, *_TOLD}
    try:
        return write(()), ()
    except LossError as error:
        if not all({loss.code, "*"} & accepted for loss in error.losses):
            raise
        return write(("*",)), error.losses


def _print_losses(losses: Iterable[Fault]) -> None:
    err = console(err=True)
    for loss in losses:
        err.print(Text.assemble("  ", ("loss", "yellow"), f" {loss}"), soft_wrap=True)
        if loss.location is not None:
            err.print(Text(f"    {loss.location}", "dim"), soft_wrap=True)
