"""Diagrams: a chart as a picture in UML's statechart notation.

    drawing.render(Pipeline)                            # SVG, as text
    drawing.render(Pipeline, "png", highlight=snapshot) # with the active states highlighted
    drawing.render(Pipeline, "mermaid")                 # for a README

A picture shows the `Chart` alone. Graphviz lays it out, within a budget of time; what it does not
finish comes in a simpler layout, with a warning. The engine, and the converter to PNG and PDF, are
loaded when a call first needs them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from attrs import evolve

from statecharts.drawing.overlay import (
    PLAIN,
    STEPS,
    HasConfiguration,
    Overlay,
    highlighted,
    named_state,
    refuse_unknown,
)
from statecharts.model.arguments import AMOUNT, COUNT, FLAG, Sort, check, instance, optional
from statecharts.model.chart import Chart, Declaration, as_chart
from statecharts.model.errors import DefinitionError, Fault, StatechartError
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import StateName

if TYPE_CHECKING:
    from statecharts.drawing.excerpt import Excerpt
    from statecharts.drawing.model import Drawing, Picture
    from statecharts.drawing.theme import Theme
    from statecharts.semantics.snapshot import Step

__all__ = [
    "DIRECTIONS",
    "FORMATS",
    "SECONDS",
    "Direction",
    "Format",
    "HasConfiguration",
    "LayoutWarning",
    "render",
    "render_film",
]

Direction = Literal["auto", "down", "right"]
Format = Literal["svg", "png", "pdf", "dot", "mermaid", "plantuml"]
FORMATS: Final = ("svg", "png", "pdf", "dot", "mermaid", "plantuml")
_OVERLAY: Final = instance(Overlay, "an overlay, such as last_step(chart, step)")
DIRECTIONS: Final = ("auto", "down", "right")
_DIRECTION: Final = Sort('"auto", "down" or "right"', lambda value: value in DIRECTIONS)
_FAULTS: Final = Sort(
    "faults, such as those of a DefinitionError",
    lambda value: isinstance(value, tuple) and all(isinstance(one, Fault) for one in value),
)
SECONDS: Final = 10.0
"""Time that the layout may take."""


class LayoutWarning(UserWarning):
    """A picture is laid out simply, or too large to be read.

    The engine was not done or failed (SC704), or lacks (SC703); or it has too many states (SC710).
    """


@overload
def render(
    chart: Chart | type[Declaration[Any, Any]] | DefinitionError,
    format: Literal["svg", "dot", "mermaid", "plantuml"] = "svg",
    *,
    highlight: HasConfiguration | StateName | Iterable[StateName] | None = None,
    overlay: Overlay = PLAIN,
    depth: int | None = None,
    focus: StateName | None = None,
    compact: bool = False,
    direction: Direction | Mapping[Any, Direction] = "auto",
    theme: str | Theme = "auto",
    transparent: bool = False,
    links: str = "",
    tabindex: bool = False,
    seconds: float = SECONDS,
    faults: Iterable[Fault] | None = None,
    strict: bool = False,
) -> str: ...


@overload
def render(
    chart: Chart | type[Declaration[Any, Any]] | DefinitionError,
    format: Literal["png", "pdf"],
    *,
    highlight: HasConfiguration | StateName | Iterable[StateName] | None = None,
    overlay: Overlay = PLAIN,
    depth: int | None = None,
    focus: StateName | None = None,
    compact: bool = False,
    direction: Direction | Mapping[Any, Direction] = "auto",
    theme: str | Theme = "auto",
    transparent: bool = False,
    links: str = "",
    tabindex: bool = False,
    seconds: float = SECONDS,
    faults: Iterable[Fault] | None = None,
    strict: bool = False,
) -> bytes: ...


def render(
    chart: Chart | type[Declaration[Any, Any]] | DefinitionError,
    format: Format = "svg",
    *,
    highlight: HasConfiguration | StateName | Iterable[StateName] | None = None,
    overlay: Overlay = PLAIN,
    depth: int | None = None,
    focus: StateName | None = None,
    compact: bool = False,
    direction: Direction | Mapping[Any, Direction] = "auto",
    theme: str | Theme = "auto",
    transparent: bool = False,
    links: str = "",
    tabindex: bool = False,
    seconds: float = SECONDS,
    faults: Iterable[Fault] | None = None,
    strict: bool = False,
) -> str | bytes:
    """Return a picture of a chart.

    Faults are marked: states, arrows and their labels carry the codes, SVG's tooltips the texts,
    and a line below counts them. A target that does not exist gets a box of its own.

    Args:
        chart: The chart, or the class that declares it; or the error that refused it. Anything
            else is an error (SC213).
        format: ``svg``, ``dot``, ``mermaid`` and ``plantuml`` give text, ``png`` and ``pdf`` bytes.
        highlight: The active configuration: a snapshot, or one or several states, with the states
            around them. A state goes by its id, or as `Door.shut`. A snapshot also shows the timers
            that run, and the calls under way.
        overlay: Further marks; see `statecharts.drawing.overlay`.
        depth: How many levels of states to show, 1 for the outermost alone; with ``focus``, inside
            that state. What is left out is counted where it was, and what is marked in there is
            shown by the state around it.
        focus: A state to show, with what is inside it, around it, and one arrow away.
        compact: Whether states show their names alone, and arrows their events.
        direction: ``down`` or ``right``, in which most arrows run; ``auto`` chooses, and sets what
            is tall in columns, so that a picture suits a page. A mapping has one for each of some
            composite states, the chart's id being empty; a state whose border arrows
            cross can only have that of the state around it. Texts in DOT, Mermaid and PlantUML
            have that of the chart alone.
        theme: ``auto`` (light, and dark in SVG for readers who prefer that), ``light``, ``dark``,
            ``print`` (black on white), or a `Theme` of your own.
        transparent: Whether the paper is left out.
        links: Where states and arrows link to in SVG, such as
            ``https://example.com/blob/main/{file}#L{line}``; also ``{path}``, the whole path.
        tabindex: Whether the tabulator key goes through the states and arrows of an SVG.
        seconds: Time for the layout engine; 0 does without it. What it does not finish is drawn in
            a grid. Its instructions are counted, so that the same chart comes out the same on each
            machine that is not slow; the clock counts, too.
        faults: The faults to mark: by default those of the error; the structural ones of a chart
            that was never checked.
        strict: Whether to refuse a chart with faults instead of marking them.

    Raises:
        StatechartError: The format (SC701) or the theme (SC702) is unknown, or no converter to PNG
            or PDF is installed (SC705) or it fails (SC709), a state cannot have its direction
            (SC708), ``overlay`` marks a state or line that the chart does not have (SC706), or an
            argument is not what it should be (SC221).
        UnknownStateError: ``highlight`` or ``focus`` names a state that the chart does not have.
        DefinitionError: The chart has faults and ``strict`` is true, or ``chart`` is such an error
            and nothing could be made of the definition.

    Warns:
        LayoutWarning: Some or all of the picture is a grid: the engine was not done in time or
            failed (SC704), or there is none (SC703). Or it has too many states to be read (SC710).
            The description in the SVG says so, too.

    >>> from statecharts.model.chart import Chart, Default, StateKind, StateNode, Transition
    >>> start = Transition("", Default(), ("on",))
    >>> root = StateNode("", StateKind.COMPOUND, "Lamp", None, ("on",), start)
    >>> lamp = Chart("Lamp", root, (StateNode("on", StateKind.ATOMIC, "on"),))
    >>> print(render(lamp, "mermaid"))
    stateDiagram-v2
        state "on" as s2
        [*] --> s2
    <BLANKLINE>
    """
    if format not in FORMATS:
        remedy = did_you_mean(format, FORMATS, f"Use one of {', '.join(FORMATS)}")
        found = f"there is no format {repr_of(format)}, only {', '.join(FORMATS)}"
        raise StatechartError("SC701", "render", found, remedy)
    from statecharts.drawing.excerpt import folded
    from statecharts.drawing.notation import picture_of
    from statecharts.drawing.theme import theme_named

    check("render", strict=(strict, FLAG), overlay=(overlay, _OVERLAY))
    shown, marked = _shown(chart, faults, overlay)
    if strict and marked:
        raise DefinitionError(shown.name, marked, shown)
    _check("render", links, seconds, transparent=transparent, tabindex=tabindex)
    look = theme_named(theme)
    marks = overlay
    if highlight is not None:
        marks = highlighted(shown, highlight, "render", "highlight") | overlay
    whole = picture_of(shown, marked)
    picture = _excerpt(shown, depth, focus, compact=compact).of(whole)
    ways = _directions(shown, direction, picture)
    marks = folded(marks, whole, picture)
    right = ways.get("") == "right"
    if format == "mermaid":
        from statecharts.drawing.mermaid import to_mermaid

        return to_mermaid(picture, look, marks, right=right)
    if format == "plantuml":
        from statecharts.drawing.plantuml import to_plantuml

        return to_plantuml(picture, look, marks, right=right)
    if format == "dot":
        from statecharts.drawing.dot import to_dot

        return to_dot(picture, look, marks, transparent=transparent, right=right)
    from statecharts.drawing.layout import draw
    from statecharts.drawing.svg import Options, to_svg

    drawing = draw(picture, seconds, ways)
    _warn(drawing)
    options = Options(transparent, links, tabindex, apart=format != "svg")
    return _converted(to_svg(drawing, look, marks, options), format)


def render_film(
    chart: Chart | type[Declaration[Any, Any]],
    steps: Iterable[Step[Any, Any] | tuple[str, Step[Any, Any]]],
    format: Literal["svg", "png", "pdf"] = "svg",
    *,
    strip: bool = False,
    depth: int | None = None,
    focus: StateName | None = None,
    compact: bool = False,
    direction: Direction | Mapping[Any, Direction] = "auto",
    theme: str | Theme = "auto",
    transparent: bool = False,
    links: str = "",
    tabindex: bool = False,
    seconds: float = SECONDS,
) -> str | bytes:
    """Return a film of a run: one animated picture, or a strip of pictures.

    Args:
        chart: The chart, or the class that declares it.
        steps: The steps in their order, each alone or with the name of its event.
        format: ``svg`` gives text; ``png`` and ``pdf`` give bytes, and take a strip alone.
        strip: Whether it is a strip of pictures; else it is an SVG that is animated by CSS.
        depth: As for `render`, and so are all the others.
        focus: See ``depth``.
        compact: See ``depth``.
        direction: See ``depth``.
        theme: See ``depth``.
        transparent: See ``depth``.
        links: See ``depth``.
        tabindex: See ``depth``.
        seconds: See ``depth``.

    Raises:
        StatechartError: There are no steps (SC707), the format does not hold them (SC701), or as
            for `render`.

    Warns:
        LayoutWarning: As for `render`.
    """
    from statecharts.drawing.excerpt import folded
    from statecharts.drawing.film import frames, to_animation, to_strip
    from statecharts.drawing.layout import draw
    from statecharts.drawing.notation import picture_of
    from statecharts.drawing.svg import Options
    from statecharts.drawing.theme import theme_named

    if format not in ("svg", "png", "pdf"):
        raise StatechartError(
            "SC701", "render_film", f"{repr_of(format)} cannot hold a film", "Use svg, png or pdf"
        )
    if format != "svg" and not strip:
        remedy = "Pass strip=True, or use svg"
        raise StatechartError("SC701", "render_film", f"nothing moves in {repr_of(format)}", remedy)
    shown, marked = _shown(chart, None)
    check("render_film", steps=(steps, STEPS))
    _check("render_film", links, seconds, transparent=transparent, tabindex=tabindex)
    found = list(frames(shown, steps))
    if not found:
        remedy = "Pass the steps of a run, such as those that Machine.send returns"
        raise StatechartError("SC707", shown.name, "there are no steps to show", remedy)
    whole = picture_of(shown, marked)
    picture = _excerpt(shown, depth, focus, compact=compact).of(whole)
    ways = _directions(shown, direction, picture)
    found = [evolve(one, overlay=folded(one.overlay, whole, picture)) for one in found]
    drawing = draw(picture, seconds, ways)
    _warn(drawing)
    write = to_strip if strip else to_animation
    options = Options(transparent, links, tabindex, apart=format != "svg")
    return _converted(write(drawing, theme_named(theme), found, options), format)


def _check(where: str, links: object, seconds: object, **flags: object) -> None:
    """Refuse options of a picture that are not what they should be."""
    check(where, seconds=(seconds, AMOUNT), **{name: (flag, FLAG) for name, flag in flags.items()})
    if links != "":
        from statecharts.drawing.svg import check_links

        check_links(links)


def _warn(drawing: Drawing) -> None:
    """Warn the caller of a picture that it is laid out simply."""
    if drawing.fault is not None:
        warnings.warn(LayoutWarning(str(drawing.fault)), stacklevel=3)


def _converted(svg: str, format: Literal["svg", "png", "pdf"]) -> str | bytes:
    """Return an SVG in its own format or in another one."""
    if format == "svg":
        return svg
    from statecharts.drawing.raster import to_pdf, to_png

    return to_png(svg) if format == "png" else to_pdf(svg)


def _directions(
    chart: Chart,
    asked: Direction | Mapping[Any, Direction],
    picture: Picture,
) -> dict[str, Direction]:
    """Return directions by the ids of states.

    Raises:
        StatechartError: There is no such direction (SC221), or a state has none (SC708).
        UnknownStateError: There is no such state.
    """
    if not isinstance(asked, Mapping):
        check("render", direction=(asked, _DIRECTION))
        return {"": asked}
    found: dict[str, Direction] = {}
    for name, direction in asked.items():
        check("render", direction=(direction, _DIRECTION))
        state = "" if name == "" else named_state(chart, name)
        found[state] = direction
        if not state or (state in picture.boxes and picture.boxes[state].children):
            continue
        lacks, remedy = "has no states in it", "Leave its direction out, or name a composite state"
        if chart[state].children:
            lacks, remedy = "shows no states in this part", "Leave its direction out, or show them"
        raise StatechartError("SC708", f"picture of {chart.name}", f"{state!r} {lacks}", remedy)
    return found


def _excerpt(chart: Chart, depth: int | None, focus: StateName | None, *, compact: bool) -> Excerpt:
    """Return what to show of a chart."""
    from statecharts.drawing.excerpt import Excerpt

    check("render", depth=(depth, optional(COUNT)), compact=(compact, FLAG))
    return Excerpt(depth, None if focus is None else named_state(chart, focus), compact)


def _shown(
    chart: Chart | type[Declaration[Any, Any]] | DefinitionError,
    faults: Iterable[Fault] | None,
    overlay: Overlay = PLAIN,
) -> tuple[Chart, tuple[Fault, ...]]:
    """Return a chart whose states form a tree, and the faults to mark in it."""
    from statecharts.checks import as_tree, shown_faults

    given: Any = tuple(faults) if isinstance(faults, Iterable) else faults
    check("render", faults=(given, optional(_FAULTS)))
    if isinstance(chart, DefinitionError):
        if chart.definition is None:
            raise chart
        whole, told = chart.definition, chart.faults if given is None else given
    else:
        whole = as_chart(chart, "render")
        told = shown_faults(whole) if given is None else given
    refuse_unknown(whole, overlay)
    return as_tree(whole), tuple(told)
