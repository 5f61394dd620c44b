"""`statecharts render`: pictures of charts, as files."""

from __future__ import annotations

import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import click
from attrs import frozen
from click.core import ParameterSource
from rich.progress import Progress

from statecharts.cli import emphasis
from statecharts.cli.simulating import InputError
from statecharts.cli.targets import (
    Found,
    TargetError,
    print_faulty,
    survey_faulty,
    target_argument,
)
from statecharts.cli.terminal import (
    Choice,
    console,
    file_option,
    print_error,
    print_failures,
    print_warning,
)
from statecharts.model.errors import StatechartError
from statecharts.model.events import snake_case
from statecharts.model.suggestions import did_you_mean

if TYPE_CHECKING:
    from statecharts.drawing import Format
    from statecharts.model.chart import Chart

_SUFFIXES: Final = {
    "svg": "svg",
    "png": "png",
    "pdf": "pdf",
    "dot": "dot",
    "mermaid": "mmd",
    "plantuml": "puml",
}
_ENDINGS: Final = {
    **{f".{suffix}": form for form, suffix in _SUFFIXES.items()},
    ".gv": "dot",
    ".mermaid": "mermaid",
    ".plantuml": "plantuml",
}
"""The format of a picture by the ending of its file."""
_ALIEN: Final = frozenset(
    {".bmp", ".eps", ".gif", ".html", ".ico", ".jpeg", ".jpg", ".svgz", ".tif", ".tiff", ".webp"}
)
"""The endings of pictures that are not drawn: no names of directories."""
_DIRECTIONS: Final = ("auto", "down", "right")
_THEMES: Final = ("auto", "light", "dark", "print")


def _links(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse an address that cannot be filled in."""
    if value:
        from statecharts.drawing.svg import check_links  # noqa: PLC0415 - takes long to import

        try:
            check_links(value)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None
    return value


def _seconds(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse what is no number."""
    if math.isnan(value):
        raise click.BadParameter("nan is no number of seconds.", context, parameter)
    return value


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    required=True,
    help="Directory for the pictures, created if it does not exist; or a file for one picture.",
)
@click.option(
    "-f",
    "--format",
    "formats",
    type=Choice(list(_SUFFIXES)),
    multiple=True,
    default=("svg",),
    show_default=True,
    help="Format of the pictures; can be repeated.",
)
@click.option(
    "--theme",
    type=Choice(_THEMES),
    default="auto",
    show_default=True,
    help="Colours of the pictures; 'auto' is light, and dark in SVG where readers prefer that.",
)
@click.option("--transparent", is_flag=True, help="Leave the paper out.")
@click.option(
    "--links",
    default="",
    callback=_links,
    metavar="ADDRESS",
    help="Link states and arrows to their source, at this address with {file} and {line}.",
)
@click.option("--tabindex", is_flag=True, help="Let the tabulator key go through an SVG.")
@click.option(
    "--highlight",
    metavar="STATE",
    multiple=True,
    help="Id of a state to highlight, or a file with a snapshot; can be repeated.",
)
@click.option("--disabled", is_flag=True, help="Fade what no event takes in that snapshot.")
@file_option("--heat", "heat", "Show counts: JSON, or what 'simulate --json' printed.")
@click.option("--diff", "old", metavar="OLD", help="Show what has changed since this TARGET.")
@file_option("--path", "path", "Show the way of a run with these events, as 'simulate' takes them.")
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="Time of the start of --path; default: the first time in the file, or now.",
)
@click.option("--strip", is_flag=True, help="Show the way as a strip of pictures, not moving.")
@click.option("--run", "run", metavar="KEY", help="Show a stored run: its states, and how long.")
@click.option("--db", envvar="STATECHARTS_DB", metavar="STORE", help="The store of the run.")
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show N levels of states; with --focus, inside that state.",
)
@click.option(
    "--focus", metavar="STATE", help="Show a state, and what is inside, around and next to it."
)
@click.option("--compact", is_flag=True, help="Show names of states and events alone.")
@click.option(
    "--direction",
    "directions",
    multiple=True,
    metavar="WAY",
    help="down, right or auto; STATE=right for a state alone. Can be repeated.",
)
@click.option("--strict", is_flag=True, help="Refuse charts with faults instead of marking them.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    callback=_seconds,
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
    transparent: bool,
    links: str,
    tabindex: bool,
    highlight: tuple[str, ...],
    disabled: bool,
    heat: Path | None,
    old: str | None,
    path: Path | None,
    moment: str | None,
    strip: bool,
    run: str | None,
    db: str | None,
    depth: int | None,
    focus: str | None,
    compact: bool,
    directions: tuple[str, ...],
    strict: bool,
    seconds: float,
    variables: dict[str, str],
) -> None:
    """Draw the charts of TARGET into files.

    Writes one file for each chart and format, named after the chart, and prints their paths. With
    -o door.png, the one picture is that file, and its format the one that it is called after. A
    chart with faults is drawn as well, its faults marked by their codes.

    \b
    Examples:
      statecharts render machines -o gallery
      statecharts render machines.pipeline -o . -f png --highlight active.merge
      statecharts render door.scxml -o door.pdf
      statecharts render machines.pipeline -o . --path events.jsonl
      statecharts render door.scxml -o . --diff old/door.scxml
    """
    alone = "--strip" if strip else "--at" if moment is not None else ""
    if alone and path is None:
        remedy = "Add --path FILE." if run is None else "--run shows where a run is; leave one out."
        raise TargetError(f"{alone} is about the steps of --path. {remedy}")
    formats, single = _file_named(output, formats)
    _check_options(click.get_current_context(), formats)
    found = survey_faulty(target, variables, strict=strict)
    if single and len(found.charts) > 1:
        told = f"{str(output)!r} is one file, and {target!r} has {len(found.charts)} charts."
        listed = ", ".join(one.address for one in found.charts)
        raise TargetError(f"{told} Name a directory, or one of: {listed}.")
    files = [one for one in highlight if _is_snapshot(found.charts, one)]
    states = tuple(one for one in highlight if one not in files)
    if states and path is not None:
        raise TargetError("--path shows what each step did. Leave --highlight out.")
    ways = directions_of(directions)
    asked = emphasis.Asked(tuple(map(Path, files)), disabled, heat, old, path, moment, run, db)
    how = _How(
        states, theme, transparent, links, tabindex, seconds, strip, depth, focus, compact, ways
    )
    shown = [_shown(one, asked, target, len(found.charts), variables) for one in found.charts]
    _check_highlight([one.chart for one in shown], (*states, *filter(None, [focus, *ways])))
    if focus is not None:
        for sight in shown:
            _check_shown(sight.chart, states, focus, depth)
    stems = file_stems(found.charts)
    pictures = [
        _Picture(
            one,
            name,
            output if single else output / f"{stems[one]}.{_SUFFIXES[name]}",
            how,
            sight,
        )
        for one, sight in zip(found.charts, shown, strict=True)
        for name in dict.fromkeys(formats)
    ]
    written, warned, errors = _draw_all(pictures)
    for one in written:
        click.echo(one)
    print_faulty(found)
    print_failures(found.failures)
    for warning in warned:
        print_warning(console(err=True), warning)
    for error in errors:
        print_error(console(err=True), error)
    if found.failures or errors:
        raise click.exceptions.Exit(1)


def _file_named(output: Path, formats: tuple[Format, ...]) -> tuple[tuple[Format, ...], bool]:
    """Return the formats to draw, and whether what is named is the file of a picture.

    It is if it ends like one; a directory that is there already is none, whatever it is called.

    Raises:
        BadParameter: It is another file, or that of a picture in another format.
    """
    form: Any = _ENDINGS.get(output.suffix.lower())
    hint = "'-o' / '--output'"
    if str(output) == "-":
        told = "pictures are not written to standard output. Name a directory, or a file."
        raise click.BadParameter(told, param_hint=hint)
    if output.is_dir() or (form is None and not output.exists() and output.suffix not in _ALIEN):
        return formats, False
    if form is None:
        told = f"{str(output)!r} is a file, not a directory."
        if output.suffix in _ALIEN:
            told = f"there is no format {output.suffix[1:]!r}."
        known = ", ".join(f".{one}" for one in _SUFFIXES.values())
        raise click.BadParameter(f"{told} Name a directory, or a file in {known}.", param_hint=hint)
    source = click.get_current_context().get_parameter_source("formats")
    if source is not ParameterSource.DEFAULT and set(formats) != {form}:
        told = f"{str(output)!r} is a picture in {form}, and --format says {', '.join(formats)}."
        raise click.BadParameter(
            f"{told} Leave --format out, or name a directory.", param_hint=hint
        )
    return (form,), True


_DRAWN: Final = frozenset({"svg", "png", "pdf"})
"""The formats that are laid out here; texts are laid out by whoever draws them."""


def _check_options(context: click.Context, formats: tuple[Format, ...]) -> None:
    """Refuse options that would change nothing, given the others.

    Raises:
        TargetError: Some would not.
    """
    values = context.params
    given = {
        name
        for name in values
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and values[name]
    }
    kinds = set(formats)
    moving = "path" in given and not values["strip"]
    ways = [way for way in values["directions"] if "=" in way]
    for name, useless, told in (
        ("db", "run" not in given, "--db is the store of a run. Add --run KEY."),
        ("path", moving and kinds & {"png", "pdf"}, "only SVG moves. Add --strip, or use -f svg."),
        ("links", "svg" not in kinds, "--links is for SVG. Add -f svg."),
        ("tabindex", "svg" not in kinds, "--tabindex is for SVG. Add -f svg."),
        ("transparent", not kinds & {*_DRAWN, "dot"}, "--transparent is not for such texts."),
        ("seconds", not kinds & _DRAWN, "--seconds is for svg, png and pdf. Leave it out."),
        (
            "directions",
            ways and not kinds & _DRAWN,
            "--direction STATE=WAY is for svg, png and pdf. Give the WAY alone.",
        ),
    ):
        if name in given and useless:
            raise TargetError(told)


def _shown(
    one: Found, asked: emphasis.Asked, target: str, count: int, variables: dict[str, str]
) -> emphasis.Sight:
    """Return what to draw of a chart; options about one chart refuse several."""
    if asked.of_one and count > 1:
        told = f"{target!r} has {count} charts, and {asked.of_one} is about one. Name it."
        raise TargetError(told)
    try:
        return emphasis.sight(one.chart, asked, variables)
    except StatechartError as error:
        raise InputError(str(error)) from None


def directions_of(given: Iterable[str]) -> dict[str, str]:
    """Return directions by the ids of states, the chart's own by an empty one.

    Raises:
        BadParameter: There is no such direction, or no state before the sign.
    """
    found = {}
    for one in given:
        state, equals, way = one.rpartition("=")
        if equals and not state:
            told = f"{one!r} names no state. Write {way!r} for the whole chart."
            raise click.BadParameter(told)
        if way not in _DIRECTIONS:
            remedy = did_you_mean(way, _DIRECTIONS, "Use down, right or auto.")
            raise click.BadParameter(f"there is no direction {way!r}. {remedy}")
        found[state] = way
    return found


def _is_snapshot(charts: Iterable[Found], name: str) -> bool:
    """Tell whether a name to highlight is that of a file, and not of a state."""
    return not any(name in one.chart for one in charts) and Path(name).is_file()


@final
@frozen
class _How:
    """The options of all pictures of one call."""

    states: tuple[str, ...]
    theme: str
    transparent: bool
    links: str
    tabindex: bool
    seconds: float
    strip: bool
    depth: int | None
    focus: str | None
    compact: bool
    ways: Mapping[str, Any]


@final
@frozen
class _Picture:
    """One file to write, with what `render` takes."""

    of: Found
    format: Format
    path: Path
    how: _How
    sight: emphasis.Sight

    def draw(self) -> None:
        """Write the file, and the directory around it."""
        picture = self.drawn()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, str):
            picture = picture.encode()
        self.path.write_bytes(picture)

    def drawn(self) -> str | bytes:
        """Return the picture."""
        from statecharts import drawing  # noqa: PLC0415 - other commands work without it

        how, sight = self.how, self.sight
        options: Any = {
            "depth": how.depth,
            "focus": how.focus if how.focus in sight.chart else None,
            "compact": how.compact,
            "direction": {k: way for k, way in how.ways.items() if k in (*sight.chart.nodes, "")},
            "theme": how.theme,
            "transparent": how.transparent,
            "links": how.links,
            "tabindex": how.tabindex,
            "seconds": how.seconds,
        }
        if sight.steps:
            film: Any = self.format
            return drawing.render_film(sight.chart, sight.steps, film, strip=how.strip, **options)
        shown = [state for state in how.states if state in sight.chart]
        return drawing.render(
            sight.chart,
            format=self.format,
            highlight=shown or None,
            overlay=sight.overlay,
            faults=self.of.faults,
            **options,
        )


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


def _check_highlight(charts: Sequence[Chart], highlight: Iterable[str]) -> None:
    """Refuse a state that is in no chart."""
    known = list(dict.fromkeys(node.id for one in charts for node in one))
    for state in highlight:
        if charts and state not in known:
            remedy = did_you_mean(state, known, "'statecharts show' lists the states.")
            nor = ", and no such file" if Path(state).suffix == ".json" else ""
            raise TargetError(f"there is no state {state!r} in these charts{nor}. {remedy}")


def _check_shown(chart: Chart, states: Iterable[str], focus: str, depth: int | None) -> None:
    """Refuse states to highlight that are in no state of a part of a chart."""
    from statecharts.checks import as_tree  # noqa: PLC0415 - other commands work without it
    from statecharts.drawing.excerpt import Excerpt  # noqa: PLC0415
    from statecharts.drawing.notation import picture_of  # noqa: PLC0415

    asked = [state for state in states if focus in chart and state in chart]
    if not asked:
        return
    whole = as_tree(chart)
    boxes = Excerpt(depth, focus).of(picture_of(whole, ())).boxes
    for state in asked:
        around = [node.id for node in whole.ancestors(state)]
        if not any(one in boxes for one in (state, *filter(None, around))):
            told = f"--focus {focus} does not show {state!r}. Leave that out of --highlight."
            raise TargetError(told)


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
