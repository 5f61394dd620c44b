"""The terminal: one way to print for all commands, in colour on a terminal that shows it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from attrs import asdict
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from statecharts.cli.modules import Failure, short_location
from statecharts.model.errors import Fault
from statecharts.model.suggestions import nearest

if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:  # a class without parameters before click 8.2
    _Choice = click.Choice

F = TypeVar("F", bound=Callable[..., Any])

_UNBOUNDED: Final = 100_000
"""Width of a pipe or a file, where nothing may be cut or wrapped."""


class Choice(_Choice):
    """A choice of texts that suggests the nearest one for a misspelt one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice that a value means."""
        try:
            found: str = super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = nearest(value, self.choices)
            if near is None:
                raise
            told = f"{error.message} Did you mean {near!r}?"
            raise click.BadParameter(told, ctx, param) from None
        return found


def json_option(function: F) -> F:
    """Give a command the option `--json`, which it takes as ``as_json``."""
    option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
    return option(function)


def file_option(name: str, dest: str, text: str) -> Callable[[F], F]:
    """Return an option that takes a file that exists, with its help."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option(name, dest, type=kind, metavar="FILE", help=text)


def visible(text: str) -> str:
    r"""Return a text in which no character but the line feed controls a terminal.

    Escape sequences, carriage returns, and marks that change the direction of writing lose their
    first character; other white space is a space.

    >>> visible("\x1b[31mred\r\u202e\n"), visible("größer\t表\xa0✓")
    ('�[31mred �\n', 'größer 表 ✓')
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one == "\n" else " " if one.isspace() else "�" for one in text
    )


class _Safe(Console):
    """A console whose sequences are all its own: what it prints holds none."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


def console(*, err: bool = False) -> Console:
    """Return a console on standard output, or on standard error.

    It writes plain text if ``NO_COLOR`` is set, and plain text of any width without a terminal. No
    text that it prints can control the terminal.
    """
    made = _Safe(
        file=sys.stderr if err else sys.stdout,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )
    if not made.file.isatty():
        made.width = _UNBOUNDED
    return made


def plain_table(first: str) -> Table:
    """Return an empty table with a rule under its header, and the first of its columns."""
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )
    table.add_column(first, overflow="fold")
    return table


def json_text(value: Any, indent: int = 2) -> str:
    r"""Return a value as indented JSON, in which characters that do not print are escaped.

    >>> json_text(["größer", "\x9b\u202e", "\U000e0001"], 0).splitlines()
    ['[', '"größer",', '"\\u009b\\u202e",', '"\\udb40\\udc01"', ']']
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def print_json(value: Any) -> None:
    """Print a value as indented JSON on standard output."""
    click.echo(json_text(value))


def print_error(out: Console, message: str) -> None:
    """Print an error of the command line in one line."""
    out.print(Text.assemble(("Error:", "bold red"), f" {message}"), soft_wrap=True)


def print_warning(out: Console, message: str) -> None:
    """Print a warning of the command line in one line."""
    out.print(Text.assemble(("Warning:", "bold yellow"), f" {message}"), soft_wrap=True)


def print_failures(failures: Iterable[Failure]) -> None:
    """Print failures to import, with the faults of charts, to standard error."""
    out = console(err=True)
    for failure in failures:
        print_error(out, str(failure))
        print_faults(out, failure.faults)


def print_faults(out: Console, faults: Iterable[Fault], *, accepted: bool = False) -> None:
    """Print the faults of a chart, or the accepted ones, each with its place."""
    kind, style = ("warning", "yellow") if accepted else ("fault", "red")
    for fault in faults:
        out.print(Text.assemble("  ", (kind, style), f" {fault}"), soft_wrap=True)
        location = short_location(fault.location)
        if location is not None:
            out.print(Text(f"    {location}", "dim"), soft_wrap=True)


def print_note(out: Console, message: str) -> None:
    """Print a note in one line."""
    out.print(Text.assemble(("Note:", "bold yellow"), f" {message}"), soft_wrap=True)


def count_text(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, whose plural ends in s unless another is given.

    >>> count_text(1, "fault"), count_text(0, "fault"), count_text(2, "hypothesis", "hypotheses")
    ('1 fault', '0 faults', '2 hypotheses')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {plural or f'{noun}s'}"


def first_line(doc: str) -> str:
    """Return the first line of a docstring.

    >>> first_line("A lamp.\\n\\nIt has two states."), first_line("")
    ('A lamp.', '')
    """
    return doc.strip().partition("\n")[0].rstrip()


def failures_json(failures: Iterable[Failure]) -> list[dict[str, Any]]:
    """Return failures as plain JSON values."""
    return [
        {
            **asdict(failure, filter=lambda one, _: one.name != "definitions"),
            "faults": [fault_json(fault) for fault in failure.faults],
        }
        for failure in failures
    ]


def fault_json(fault: Fault) -> dict[str, Any]:
    """Return a fault as plain JSON values."""
    return {**asdict(fault), "location": short_location(fault.location)}
