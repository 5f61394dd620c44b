"""The command ``python -m benchmarks``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from benchmarks.contestant import ContestantError
from benchmarks.environment import environment
from benchmarks.report import show
from benchmarks.results import Report, Section
from benchmarks.sections import (
    codec,
    cycle,
    definition,
    durable,
    features,
    growth,
    imports,
    instances,
    layout,
    nodes,
    parallel,
    plans,
)
from benchmarks.sections.effort import FULL, QUICK, Plan
from benchmarks.targets import judge

SECTIONS: Final[Mapping[str, Callable[[Plan], list[Section]]]] = {
    "cycle": cycle.run,
    "features": features.run,
    "plans": plans.run,
    "definition": definition.run,
    "instances": instances.run,
    "parallel": parallel.run,
    "growth": growth.run,
    "codec": codec.run,
    "imports": imports.run,
    "durable": durable.run,
    "nodes": nodes.run,
    "layout": layout.run,
}

FILE_WIDTH: Final = 110
"""Columns to fill when the output goes to a file or a pipe."""


def gather(names: tuple[str, ...], console: Console, *, quick: bool) -> Report:
    """Measure the named tables, all of them when none is named."""
    plan = QUICK if quick else FULL
    where = environment(quick=quick)
    sections: list[Section] = []
    for name in names or SECTIONS:
        with console.status(f"measuring: {name}"):
            sections.extend(SECTIONS[name](plan))
    return Report(where, tuple(sections), judge(sections))


@click.command()
@click.option("--quick", is_flag=True, help="A few repetitions only: rough numbers, soon.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the numbers to this file.",
)
@click.option(
    "--only",
    "names",
    multiple=True,
    type=click.Choice(list(SECTIONS)),
    help="Measure this table only; may be given several times.",
)
@click.argument("tables", nargs=-1, type=click.Choice(list(SECTIONS)))
def main(
    names: tuple[str, ...], tables: tuple[str, ...], json_file: Path | None, *, quick: bool
) -> None:
    """Measure statecharts beside hand-written code and other libraries, all in one run.

    TABLES are measured alone, as with --only.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_WIDTH)
    try:
        report = gather((*names, *tables), console, quick=quick)
    except ContestantError as error:
        raise click.ClickException(str(error)) from error
    show(report, console)
    if json_file is not None:
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
