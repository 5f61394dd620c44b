"""`statecharts render`: pictures of charts, as files."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import click
from attrs import frozen
from rich.progress import Progress

from statecharts.cli.targets import (
    Found,
    TargetError,
    print_faulty,
    survey_faulty,
    target_argument,
)
from statecharts.cli.terminal import console, print_error, print_failures, print_warning
from statecharts.model.errors import StatechartError
from statecharts.model.events import snake_case
from statecharts.model.suggestions import did_you_mean

if TYPE_CHECKING:
    from statecharts.drawing import Format

_SUFFIXES: Final = {"svg": "svg", "png": "png", "pdf": "pdf", "dot": "dot", "mermaid": "mmd"}
_THEMES: Final = ("light", "dark", "print")


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    required=True,
    help="Directory for the pictures; created if it does not exist.",
)
@click.option(
    "-f",
    "--format",
    "formats",
    type=click.Choice(list(_SUFFIXES)),
    multiple=True,
    default=("svg",),
    show_default=True,
    help="Format of the pictures; can be repeated.",
)
@click.option(
    "--theme",
    type=click.Choice(_THEMES),
    default="light",
    show_default=True,
    help="Colours of the pictures.",
)
@click.option(
    "--highlight",
    metavar="STATE",
    multiple=True,
    help="Id of a state to highlight, such as active.merge; can be repeated.",
)
@click.option("--strict", is_flag=True, help="Refuse charts with faults instead of marking them.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    metavar="S",
    help="Time for the layout of each picture; a simpler layout is used when it is over.",
)
@target_argument
def render(
    target: str,
    output: Path,
    formats: tuple[Format, ...],
    theme: str,
    highlight: tuple[str, ...],
    strict: bool,
    seconds: float,
    variables: dict[str, str],
) -> None:
    """Draw the charts of TARGET into files.

    Writes one file for each chart and format, named after the chart, and prints their paths. A
    chart with faults is drawn as well, its faults marked by their codes.

    \b
    Examples:
      statecharts render machines -o gallery
      statecharts render machines.pipeline -o . -f png --highlight active.merge
      statecharts render door.scxml -o .
    """
    found = survey_faulty(target, variables, strict=strict)
    _check_highlight(found.charts, highlight)
    stems = file_stems(found.charts)
    pictures = [
        _Picture(one, name, output / f"{stems[one]}.{_SUFFIXES[name]}", theme, highlight, seconds)
        for one in found.charts
        for name in dict.fromkeys(formats)
    ]
    written, warned, errors = _draw_all(pictures)
    for path in written:
        click.echo(path)
    print_faulty(found)
    print_failures(found.failures)
    for warning in warned:
        print_warning(console(err=True), warning)
    for error in errors:
        print_error(console(err=True), error)
    if found.failures or errors:
        raise click.exceptions.Exit(1)


@final
@frozen
class _Picture:
    """One file to write, with what `render` takes."""

    of: Found
    format: Format
    path: Path
    theme: str
    highlight: tuple[str, ...]
    seconds: float

    def draw(self) -> None:
        """Write the file, and the directory around it."""
        from statecharts import drawing  # noqa: PLC0415 - other commands work without it

        chart = self.of.chart
        shown = [state for state in self.highlight if state in chart]
        picture = drawing.render(
            chart,
            format=self.format,
            highlight=shown,
            theme=self.theme,
            seconds=self.seconds,
            faults=self.of.faults,
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, str):
            picture = picture.encode()
        self.path.write_bytes(picture)


def file_stems(charts: Sequence[Found]) -> dict[Found, str]:
    """Return the file name of each picture without its extension: the chart's in snake case.

    If two charts have the same name, each file is named after the module and the name there.
    """
    stems = {one: _stem(one.chart.name) for one in charts}
    counts = Counter(stems.values())
    return {
        one: f"{one.module}.{one.name}" if counts[stem] > 1 else stem for one, stem in stems.items()
    }


def _stem(name: str) -> str:
    return re.sub(r"\W+", "_", snake_case(name)).strip("_") or "chart"


def _check_highlight(charts: Sequence[Found], highlight: Iterable[str]) -> None:
    """Refuse a state that is in no chart."""
    known = list(dict.fromkeys(node.id for one in charts for node in one.chart))
    for state in highlight:
        if charts and state not in known:
            remedy = did_you_mean(state, known, "'statecharts show' lists the states.")
            raise TargetError(f"there is no state {state!r} in these charts. {remedy}")


def _draw_all(pictures: Sequence[_Picture]) -> tuple[list[Path], list[str], list[str]]:
    """Draw pictures; return the paths written, the warnings and the errors, each once."""
    written: list[Path] = []
    errors: list[str] = []
    err = console(err=True)
    from statecharts.drawing import LayoutWarning  # noqa: PLC0415 - other commands work without it

    with (
        warnings.catch_warnings(record=True, action="always", category=LayoutWarning) as warned,
        Progress(console=err, transient=True, disable=not err.file.isatty()) as progress,
    ):
        for picture in progress.track(pictures, description="Drawing"):
            try:
                picture.draw()
            except (StatechartError, OSError) as error:
                errors.append(str(error))
            else:
                written.append(picture.path)
    told = [str(warning.message) for warning in warned]
    return written, list(dict.fromkeys(told)), list(dict.fromkeys(errors))
