"""The tables as rich shows them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.results import Environment, Report, Section, Verdict

WORDS = {True: "[green]met[/]", False: "[red]not met[/]", None: "[dim]–[/]"}


def section_table(section: Section) -> Table:
    """Lay out one section: a row per contestant, blanks where nothing was measured.

    Headings wrap before a number is ever cut.
    """
    caption = escape(section.caption)
    table = Table(title=escape(section.title), caption=caption, title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("version", style="dim", no_wrap=True)
    lines = [
        [
            column.show(row.values[column.key]) if column.key in row.values else ""
            for column in section.columns
        ]
        for row in section.rows
    ]
    for number, column in enumerate(section.columns):
        width = max((len(line[number]) for line in lines), default=0)
        table.add_column(column.heading, justify="right", min_width=width)
    for row, cells in zip(section.rows, lines, strict=True):
        version = f"[italic]{escape(row.note)}[/]" if row.note else escape(row.version)
        table.add_row(escape(row.name), version, *cells)
    return table


def verdict_table(verdicts: Iterable[Verdict]) -> Table:
    """Lay out the targets beside what was measured."""
    table = Table(title="Targets", title_justify="left")
    table.add_column("what")
    for heading in ("target", "measured", ""):
        table.add_column(heading, justify="right")
    for each in verdicts:
        table.add_row(escape(each.what), each.target, each.measured, WORDS[each.met])
    return table


def headline(environment: Environment) -> str:
    """Say where and when the numbers were taken, in one line."""
    effort = "quick run, rough numbers" if environment.quick else "full run"
    cores = f"{environment.cores} core{'' if environment.cores == 1 else 's'}"
    where = f"{environment.python} · {environment.cpu} · {cores}"
    return f"{environment.date} · {where} · {effort}"


def show(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print(headline(report.environment), highlight=False)
    for section in report.sections:
        console.print()
        console.print(section_table(section))
    console.print()
    console.print(verdict_table(report.verdicts))
