"""SVG: a drawing in a theme, with real text, titles and an id for every state.

Every state is a group ``<g id="Pipeline-state-active.merge">`` with a ``<title>``, every arrow a
group ``<g id="Pipeline-transition-active.qa:active.merge">``, so that a page can style them, point
at them, or follow a running machine. The chart's name comes first, so that a page can hold many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final
from xml.sax.saxutils import escape, quoteattr

from attrs import frozen

from statecharts.drawing.geometry import Path, Rect, curves, direction
from statecharts.drawing.labels import LABEL_SIZE, is_measured, one_line, text_width
from statecharts.drawing.marks import count_text
from statecharts.drawing.model import (
    HISTORY_LETTERS,
    Arrow,
    Drawing,
    Picture,
    PlacedArrow,
    PlacedBox,
    Role,
    Shape,
    Text,
    encoded,
    line_text,
)
from statecharts.drawing.theme import FONT_STACK, Theme
from statecharts.model.errors import Fault

RADIUS: Final = 9.0
"""Radius of the corners of a state."""

_LEGEND: Final = 16.0
"""Height of the line below a picture that counts its faults."""
_LEGEND_X: Final = 24.0

_BEHAVIOUR: Final = frozenset({Role.ENTRY, Role.EXIT, Role.INVOKE, Role.INTERNAL})


def to_svg(drawing: Drawing, theme: Theme) -> str:
    """Return a drawing as an SVG document."""
    return "\n".join(_Writer(drawing, theme).lines()) + "\n"


def state_id(chart: str, state: str) -> str:
    """Return the id of the group of a state, given the names of both; see `encoded`.

    >>> state_id("Pipeline", "active.merge"), state_id("My chart", "")
    ('Pipeline-state-active.merge', 'My_x20_chart-chart')
    """
    return f"{_prefix(chart)}-state-{encoded(state)}" if state else f"{_prefix(chart)}-chart"


def transition_id(chart: str, arrow: Arrow) -> str:
    """Return the id of the group of an arrow."""
    return f"{_prefix(chart)}-transition-{arrow.id}"


def _prefix(chart: str) -> str:
    return encoded(chart).replace("-", "_x2d_")


@final
@frozen
class _Writer:
    drawing: Drawing
    theme: Theme

    def lines(self) -> Iterator[str]:
        drawing, theme, picture = self.drawing, self.theme, self.drawing.picture
        name, legend = _prefix(picture.name), count_text(picture.faults) if picture.faults else ""
        least = 2 * _LEGEND_X + text_width(f"! {legend}", LABEL_SIZE, bold=True) if legend else 0
        width = _n(max(drawing.width, least))
        height = _n(drawing.height + (_LEGEND if legend else 0))
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" '
            f'aria-labelledby="{name}-title {name}-desc" data-chart-hash="{picture.chart_hash}" '
            f'data-theme="{theme.name}" font-family="{FONT_STACK}">'
        )
        yield f'<title id="{name}-title">{_text(picture.name)}</title>'
        yield f'<desc id="{name}-desc">{_text(self.description)}</desc>'
        yield f'<rect class="paper" width="{width}" height="{height}" fill="{theme.paper}"/>'
        yield '<g class="states">'
        for placed in drawing.boxes:
            yield from self.box(placed)
        yield "</g>"
        yield f'<g class="transitions" fill="none" stroke="{theme.line}" stroke-width="1.25">'
        for arrow in drawing.arrows:
            yield from self.arrow(arrow)
        yield "</g>"
        if legend:
            told = "\n".join(map(str, picture.faults))
            yield f'<g class="legend"><title>{_text(told)}</title>'
            yield (
                f'<text x="{_n(_LEGEND_X)}" y="{_n(drawing.height)}" font-size="{_n(LABEL_SIZE)}" '
                f'font-weight="bold" fill="{theme.fault}">! {_text(legend)}</text></g>'
            )
        yield "</svg>"

    @property
    def description(self) -> str:
        """The picture in sentences, and why parts of it are in a grid."""
        fault = self.drawing.fault
        lacking = "" if fault is None else f" {fault.found[:1].upper()}{fault.found[1:]}."
        return describe(self.drawing.picture) + lacking

    def box(self, placed: PlacedBox) -> Iterator[str]:
        box, active = placed.box, placed.box.active
        classes = f"{box.shape.value.replace(' ', '-')}{' active' if active else ''}"
        classes += " faulty" if box.faults else ""
        chart = self.drawing.picture.name
        name = state_id(chart, box.id) if box.is_state else f"{_prefix(chart)}-{box.id}"
        yield f'<g id={quoteattr(name)} class="{classes}">'
        title = one_line(f"{box.id or box.name}: {box.doc}" if box.doc else box.id or box.name)
        yield f"<title>{_text(_told(title, box.faults))}</title>"
        yield from self.shape(placed)
        for rule in placed.rules:
            (x0, y0), (x1, y1) = rule.start, rule.end
            stroke = self.theme.border if rule.dashed else self.theme.rule
            dashes = ' class="divider" stroke-dasharray="6 4"' if rule.dashed else ' class="rule"'
            yield (
                f'<path{dashes} d="M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}" fill="none" '
                f'stroke="{stroke}"/>'
            )
        if placed.framed and not placed.region and box.shape not in _ROUND:
            yield self.border(placed)
        for text in placed.texts:
            yield self.text(text, active=active)
        yield "</g>"

    def shape(self, placed: PlacedBox) -> Iterator[str]:
        box, rect, theme = placed.box, placed.rect, self.theme
        x, y = rect.centre
        ink = theme.active if box.active else theme.line
        match box.shape:
            case Shape.INITIAL:
                yield f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(rect.width / 2)}" fill="{ink}"/>'
            case Shape.FORK:
                yield f'<rect {_place(rect)} rx="1.5" fill="{ink}"/>'
            case Shape.HISTORY | Shape.DEEP_HISTORY:
                yield from self.history(placed)
            case Shape.FINAL:
                yield from self.final(placed)
            case _ if placed.region or box.shape is not Shape.STATE:
                yield from self.composite(placed)
            case _:
                yield from self.ground(rect, theme.active_state if box.active else theme.state)

    def ground(self, rect: Rect, fill: str) -> Iterator[str]:
        yield f'<rect class="ground" {_place(rect)} rx="{_n(RADIUS)}" fill="{fill}"/>'

    def composite(self, placed: PlacedBox) -> Iterator[str]:
        theme, rect, active = self.theme, placed.rect, placed.box.active
        if placed.region:
            if placed.box.faults:
                yield (
                    f'<rect class="border" {_place(rect.grown(-4))} rx="5" fill="none" '
                    f'stroke="{theme.fault}" stroke-width="1.75" stroke-dasharray="6 3"/>'
                )
            if active:
                yield (
                    f'<rect class="ground" {_place(rect.grown(-4))} rx="5" '
                    f'fill="{theme.active_shade}" stroke="{theme.active}" stroke-width="1" '
                    f'stroke-dasharray="1 3" stroke-linecap="round"/>'
                )
            return
        if not placed.framed:
            return
        shade = theme.shades[min(max(0, placed.depth - 1), len(theme.shades) - 1)]
        yield from self.ground(rect, theme.active_shade if active else shade)
        if placed.bar:
            x, y, right, low, r = rect.x, rect.y, rect.right, rect.y + placed.bar, RADIUS
            yield (
                f'<path class="bar" fill="{theme.active_bar if active else theme.bar}" '
                f'd="M{_n(x)} {_n(low)}V{_n(y + r)}A{_n(r)} {_n(r)} 0 0 1 {_n(x + r)} {_n(y)}'
                f'H{_n(right - r)}A{_n(r)} {_n(r)} 0 0 1 {_n(right)} {_n(y + r)}V{_n(low)}Z"/>'
            )

    def border(self, placed: PlacedBox) -> str:
        theme, active = self.theme, placed.box.active
        stroke, width = (theme.active, theme.active_width) if active else (theme.border, 1.25)
        dashes = ""
        if placed.box.faults:
            stroke, width, dashes = theme.fault, max(width, 1.75), ' stroke-dasharray="6 3"'
        return (
            f'<rect class="border" {_place(placed.rect)} rx="{_n(RADIUS)}" fill="none" '
            f'stroke="{stroke}" stroke-width="{_n(width)}"{dashes}/>'
        )

    def history(self, placed: PlacedBox) -> Iterator[str]:
        theme, rect, active = self.theme, placed.rect, placed.box.active
        x, y = rect.centre
        letter = HISTORY_LETTERS[placed.box.shape]
        stroke = theme.active if active else theme.border
        if placed.box.faults:
            stroke = theme.fault
            yield (
                f'<text x="{_n(rect.right + 1)}" y="{_n(rect.y + 8)}" font-size="12" '
                f'font-weight="bold" fill="{stroke}">!</text>'
            )
        yield (
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(rect.width / 2 - 0.6)}" '
            f'fill="{theme.state}" stroke="{stroke}" stroke-width="1.25"/>'
        )
        yield (
            f'<text x="{_n(x)}" y="{_n(y + 4.2)}" font-size="12" text-anchor="middle" '
            f'font-weight="bold" fill="{theme.ink}">{letter}</text>'
        )

    def final(self, placed: PlacedBox) -> Iterator[str]:
        theme, rect, active = self.theme, placed.rect, placed.box.active
        ink = theme.active if active else theme.line
        if placed.rules:
            yield from self.ground(rect, theme.active_state if active else theme.state)
            yield self.border(placed)
            name = placed.texts[0]
            yield from _bullseye(name.rect.x - 14, rect.y + placed.bar / 2, 7.0, ink, theme.paper)
        else:
            yield from _bullseye(rect.centre[0], rect.y + 11, 11.0, ink, theme.paper)

    def arrow(self, placed: PlacedArrow) -> Iterator[str]:
        arrow = placed.arrow
        name = transition_id(self.drawing.picture.name, arrow)
        look = f'transition faulty" stroke="{self.theme.fault}' if arrow.faults else "transition"
        yield f'<g id={quoteattr(name)} class="{look}">'
        title = _told(sentence(arrow, self.drawing.picture), arrow.faults)
        yield f"<title>{_text(title)}</title>"
        if placed.path:
            yield f'<path class="line" d="{_path(placed.path)}"/>'
            yield f'<path class="head" d="{_head(placed.path)}" stroke-linejoin="round"/>'
        for text in placed.texts:
            yield self.text(text)
        yield "</g>"

    def text(self, text: Text, *, active: bool = False) -> str:
        """Return a line of text, each run in the style of its role."""
        spans = []
        for run in text.line:
            fill, style = self.style(run.role, active=active)
            spans.append(f'<tspan fill="{fill}"{style}>{_text(run.text)}</tspan>')
        fit = ""
        if is_measured(line_text(text.line)):
            fit = f' textLength="{_n(text.width)}" lengthAdjust="spacingAndGlyphs"'
        weight = ' font-weight="bold"' if text.bold else ""
        anchor = ' text-anchor="middle"' if text.centred else ""
        return (
            f'<text x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"{weight}{anchor}'
            f' stroke="none"{fit} xml:space="preserve">{"".join(spans)}</text>'
        )

    def style(self, role: Role, *, active: bool) -> tuple[str, str]:
        theme = self.theme
        ink = theme.active_ink if active else theme.ink
        if role in (Role.NAME, Role.TRIGGER):
            return ink, ""
        if role is Role.FAULT:
            return theme.fault, ' font-weight="bold"'
        if role in _BEHAVIOUR:
            return theme.soft, ' font-style="italic"'
        return theme.soft, ""


_ROUND: Final = frozenset(
    {Shape.INITIAL, Shape.FINAL, Shape.HISTORY, Shape.DEEP_HISTORY, Shape.FORK}
)


def describe(picture: Picture) -> str:
    """Describe a picture in sentences, for a reader who cannot see it."""
    boxes = [box for box in picture.boxes.values() if box.parent is not None and box.is_state]
    active = [box.id for box in boxes if box.active]
    parts = [f"Statechart {picture.name} with {len(boxes)} states."]
    if picture.doc:
        parts.append(one_line(picture.doc))
    if active:
        parts.append(f"Active: {', '.join(active)}.")
    if picture.faults:
        parts.append(f"{count_text(picture.faults)}.")
    return " ".join(parts)


def sentence(arrow: Arrow, picture: Picture) -> str:
    """Return an arrow as text: source, target and label."""
    ends = [
        "start" if picture.boxes[end].shape is Shape.INITIAL else end or picture.name
        for end in (arrow.source, arrow.target)
    ]
    label = " ".join(one_line(line_text(line)) for line in arrow.label)
    return f"{ends[0]} → {ends[1]}{f': {label}' if label else ''}"


def _told(title: str, faults: tuple[Fault, ...]) -> str:
    """Return a tooltip: a title, and the faults below it."""
    return "\n".join((title, *map(str, faults)))


def _bullseye(x: float, y: float, r: float, ink: str, paper: str) -> Iterator[str]:
    yield (
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r - 0.7)}" fill="{paper}" stroke="{ink}" '
        f'stroke-width="1.4"/><circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r * 0.56)}" fill="{ink}"/>'
    )


def _head(path: Path) -> str:
    """Return UML's open arrowhead, its tip at the end of a path."""
    (x, y), (dx, dy) = path[-1], direction(path)
    points = []
    for side in (1, -1):
        points.append((x - 8.5 * dx - side * 4.2 * dy, y - 8.5 * dy + side * 4.2 * dx))
    (ax, ay), (bx, by) = points
    return f"M{_n(ax)} {_n(ay)}L{_n(x)} {_n(y)}L{_n(bx)} {_n(by)}"


def _path(path: Path) -> str:
    parts = [f"M{_n(path[0][0])} {_n(path[0][1])}"]
    for _, *rest in curves(path):
        parts.append("C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in rest))
    return "".join(parts)


def _place(rect: Rect) -> str:
    return f'x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"'


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _text(text: str) -> str:
    """Escape a string for XML, without the characters that XML cannot hold."""
    legal = "".join(
        c
        for c in text
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
    return escape(legal)
