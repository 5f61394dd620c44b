"""SVG: a drawing in a theme, with real text, titles and an id for every state.

Every state is a group ``<g id="Pipeline-state-active.merge">`` with a ``<title>``, every arrow a
group ``<g id="Pipeline-transition-active.qa:active.merge">``, so that a page can style them, point
at them, or follow a running machine. The chart's name comes first, so that a page can hold many.
What an overlay marks has the kinds of its marks as classes. A picture has no script, and asks for
nothing from outside.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any, Final, final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from attrs import Factory, field, frozen

from statecharts.drawing.blocks import BULLSEYE
from statecharts.drawing.geometry import (
    Cell,
    Lines,
    Path,
    Point,
    Rect,
    cells,
    curves,
    direction,
    flattened,
)
from statecharts.drawing.labels import (
    LABEL_SIZE,
    LABEL_WIDTH,
    is_measured,
    one_line,
    text_width,
    wrap,
)
from statecharts.drawing.marks import count_text
from statecharts.drawing.model import (
    HISTORY_LETTERS,
    PSEUDO,
    Arrow,
    Box,
    Drawing,
    Part,
    Picture,
    PlacedArrow,
    PlacedBox,
    Role,
    Run,
    Shape,
    Text,
    count,
    encoded,
    line_text,
    part_of,
    unbroken,
)
from statecharts.drawing.overlay import HEATED, PLAIN, Kind, Mark, Overlay, first_kind
from statecharts.drawing.theme import FONT_STACK, Theme, Tone
from statecharts.model.arguments import Sort, check
from statecharts.model.errors import Fault

RADIUS: Final = 9.0
"""Radius of the corners of a state."""

_LEGEND: Final = 16.0
"""Height of the line below a picture that counts its faults."""
_LEGEND_X: Final = 24.0
_SWATCH: Final = 22.0
_BETWEEN: Final = 16.0
_REGULAR: Final = 0.9
"""Width of regular text over that of the same text in bold."""
_CLEAR: Final = 2.0
"""Room around a badge."""
_HALF: Final = 4.2
"""Half of the width of an arrowhead."""
_SLIM: Final = 3.0
"""The same of one that would else cover another."""
_NOTE_SIZE: Final = 8.5
"""Size of the text on a badge."""
_NOTE_LINE: Final = 10.0
"""Height of each further line of it."""

_UNTOLD: Final = {
    Kind.ACTIVE: "active",
    Kind.FIRED: "just taken",
    Kind.PENDING: "waited for",
}
"""The words of the legend for kinds of marks that bring none of their own."""
_TOLD_BEFORE: Final = frozenset({Kind.ACTIVE, Kind.PENDING})

_BEHAVIOUR: Final = frozenset({Role.ENTRY, Role.EXIT, Role.INVOKE, Role.INTERNAL})


def check_links(template: object) -> None:
    """Refuse what cannot be the address of declarations, and what would run as a script.

    Raises:
        ArgumentError: It is no text, has other names in braces than ``path``, ``file`` and
            ``line``, or the scheme of a script (SC221).
    """
    check("render", links=(template, _ADDRESS))


def _is_address(template: Any) -> bool:
    try:
        filled = str.format(template, path="", file="", line="")
    except (TypeError, KeyError, IndexError, ValueError, AttributeError):
        return False
    bare = "".join(one for one in filled if one > " ")  # browsers read it without spaces
    return not bare.lower().startswith(("data:", "javascript:", "vbscript:"))


_ADDRESS: Final = Sort(
    "an address, such as https://example.com/{file}#L{line}, with no other names than these"
    " and {path}, and no script",
    _is_address,
)


@final
@frozen
class Options:
    """The options of a document in SVG.

    Attributes:
        transparent: Whether the paper is left out.
        links: The address that each state and arrow links to, with ``{path}``, ``{file}`` (the path
            from the present folder) and ``{line}`` of its declaration; empty for no links.
        tabindex: Whether the tabulator key goes through states and arrows.
        apart: Whether each run of a line with odd characters has a place of its own: the converter
            to PNG and PDF fails at emoji and the like in the second run of a text.
    """

    transparent: bool = False
    links: str = field(default="", validator=lambda *given: check_links(given[2]))
    tabindex: bool = False
    apart: bool = False


@final
@frozen
class _Entry:
    """One text of the legend, with a swatch of what it explains."""

    text: str
    ink: str
    tone: Tone | None = None
    bold: bool = False

    @property
    def width(self) -> float:
        """Its width."""
        swatch = 0 if self.tone is None else _SWATCH
        return swatch + text_width(self.text, LABEL_SIZE, bold=self.bold)


@final
@frozen
class _Row:
    """One line of the legend."""

    kind: str
    title: str
    entries: tuple[_Entry, ...]

    @property
    def width(self) -> float:
        """Its width."""
        return sum(entry.width for entry in self.entries) + _BETWEEN * (len(self.entries) - 1)


def to_svg(
    drawing: Drawing, theme: Theme, overlay: Overlay = PLAIN, options: Options | None = None
) -> str:
    """Return a drawing as an SVG document."""
    return "\n".join(Writer(drawing, theme, overlay, options or Options()).lines()) + "\n"


def state_id(chart: str, state: str) -> str:
    """Return the id of the group of a state, given the names of both; see `encoded`.

    >>> state_id("Pipeline", "active.merge"), state_id("My chart", "")
    ('Pipeline-state-active.merge', 'My_x20_chart-chart')
    """
    return f"{_prefix(chart)}-state-{encoded(state)}" if state else f"{_prefix(chart)}-chart"


def transition_id(chart: str, arrow: Arrow) -> str:
    """Return the id of the group of an arrow."""
    return f"{_prefix(chart)}-transition-{arrow.id}"


def digest(text: str) -> str:
    """Return a part of an id that another text does not give."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]


def _prefix(chart: str) -> str:
    return encoded(chart).replace("-", "_x2d_")


@final
@frozen
class _Badge:
    """A badge, and where it may go.

    Attributes:
        lines: What it says.
        kind: The kind of the mark whose colour it has.
        places: Points for its middle, the best first.
        own: Id of the state or arrow that it is about.
    """

    lines: tuple[str, ...]
    kind: Kind
    places: tuple[Point, ...]
    own: str

    @property
    def width(self) -> float:
        """Its width."""
        return _badge_width(self.lines)

    @property
    def height(self) -> float:
        """Its height."""
        return 13.0 + _NOTE_LINE * (len(self.lines) - 1)


def _badges_of(writer: Writer) -> list[_Badge]:
    """Return the badges of what a writer draws."""
    return list(writer.asked())


def _lines_of(writer: Writer) -> Lines:
    """Return the lines of the arrows of what a writer draws."""
    return writer.drawing.lines


@final
@frozen
class Writer:
    """A drawing on its way to SVG, in parts that can be put together in several ways.

    Attributes:
        drawing: The drawing.
        theme: The theme.
        overlay: The marks.
        options: The options of the document.
        caption: A line below the picture.
    """

    drawing: Drawing
    theme: Theme
    overlay: Overlay = PLAIN
    options: Options = Options()
    caption: str = ""
    taken: list[Rect] = field(factory=list, init=False, eq=False)
    """The places of texts, arrowheads and badges, which no further badge comes near."""
    slim: set[str] = field(factory=set, init=False, eq=False)
    """The ids of the arrows whose heads are so near to each other that they are slim."""
    drawn: Lines = field(default=Factory(_lines_of, takes_self=True), init=False, eq=False)
    """The lines of the arrows."""
    noted: list[_Badge] = field(default=Factory(_badges_of, takes_self=True), init=False, eq=False)
    """The badges."""

    def __attrs_post_init__(self) -> None:
        self.taken.extend(
            _letter(box) for box in self.drawing.boxes if box.box.shape in HISTORY_LETTERS
        )
        self.taken.extend(text.rect for box in self.drawing.boxes for text in box.texts)
        self.taken.extend(text.rect for arrow in self.drawing.arrows for text in arrow.texts)
        heads: dict[Cell, list[tuple[str, Rect]]] = {}
        for arrow in self.drawing.arrows:
            if not arrow.path:
                continue
            rect = _head_rect(arrow.path)
            self.taken.append(rect)
            for cell in cells(rect):
                near = heads.setdefault(cell, [])
                met = [name for name, other in near if other.overlaps(rect)]
                self.slim.update((*met, arrow.arrow.id) if met else ())
                near.append((arrow.arrow.id, rect))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, the legend included."""
        rows = list(self._rows())
        width = max((self.room, *(_LEGEND_X + row.width + _LEGEND_X for row in rows)))
        height = self.drawing.height + _LEGEND * len(rows)
        return width, max((height, *(badge.height for badge in self.noted)))

    @property
    def room(self) -> float:
        """The width that badges keep to."""
        return max((self.drawing.width, *(badge.width for badge in self.noted)))

    def lines(self) -> Iterator[str]:
        """Yield the document."""
        drawing = self.drawing
        yield from self.opening(*self.size, self.description)
        yield '<g class="states">'
        for placed in drawing.boxes:
            yield from self.box(placed)
        yield "</g>"
        yield f'<g class="transitions" {self.stroke}>'
        for arrow in drawing.arrows:
            yield from self.arrow(arrow)
        yield "</g>"
        yield from self.badges()
        yield from self.legend()
        yield "</svg>"

    def parts(self) -> Iterator[str]:
        """Yield what is between the root's tags: as many parts, in one order, for each overlay."""
        for placed in self.drawing.boxes:
            yield "".join(self.box(placed))
        for arrow in self.drawing.arrows:
            yield f"<g {self.stroke}>{''.join(self.arrow(arrow))}</g>"
        yield "".join(self.badges())
        yield "".join(self.legend())

    @property
    def stroke(self) -> str:
        """The attributes of a group of arrows."""
        return f'fill="none" stroke="{self.theme.line}" stroke-width="1.25"'

    def opening(self, width: float, height: float, description: str) -> Iterator[str]:
        """Yield the root with title, description, colours and paper."""
        picture, theme, name = self.drawing.picture, self.theme, _prefix(self.drawing.picture.name)
        size = f'width="{_n(width)}" height="{_n(height)}"'
        told = f"{name}-desc-{digest(description)}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
            f'{size} role="graphics-document document" aria-roledescription="statechart" '
            f'aria-labelledby="{name}-title" aria-describedby="{told}" '
            f'data-chart-hash="{picture.chart_hash}" '
            f'data-theme="{theme.name}" font-family="{FONT_STACK}">'
        )
        yield f'<title id="{name}-title">{_text(picture.name)}</title>'
        yield f'<desc id="{told}">{_text(description)}</desc>'
        if theme.dark is not None:
            yield f"<style>{_dark(theme, theme.dark)}</style>"
        if not self.options.transparent:
            yield f'<rect class="paper" {size} fill="{theme.paper}"/>'

    def _rows(self) -> Iterator[_Row]:
        """Yield the lines below the picture: caption, faults, and what the marks mean."""
        theme, faults = self.theme, self.drawing.picture.faults
        room = max(self.drawing.width - 2 * _LEGEND_X, LABEL_WIDTH) * _REGULAR
        caption = [Run(Role.NAME, self.caption)] if self.caption else []
        for line in wrap(caption, LABEL_SIZE, room):
            yield _Row("caption", "", (_Entry(line_text(line), theme.ink, bold=True),))
        if faults:
            told = "\n".join(map(str, faults))
            yield _Row("legend", told, (_Entry(f"! {count_text(faults)}", theme.fault, bold=True),))
        legend = self.overlay.legend
        if legend:
            found = {mark.kind for mark in self.overlay.marks}
            untold = tuple(Mark(kind, text) for kind, text in _UNTOLD.items() if kind in found)
            shown = (*untold, *legend)
            entries = [_Entry(mark.note, theme.ink, theme.tones[mark.kind]) for mark in shown]
            yield _Row("legend", "", tuple(entries))

    def legend(self) -> Iterator[str]:
        """Yield the lines below the picture."""
        for number, row in enumerate(self._rows()):
            y = self.drawing.height + _LEGEND * number
            title = f"<title>{_text(row.title)}</title>" if row.title else ""
            yield f'<g class="{row.kind}">{title}'
            x = _LEGEND_X
            for entry in row.entries:
                yield from self.entry(entry, x, y)
                x += entry.width + _BETWEEN
            yield "</g>"

    def entry(self, entry: _Entry, x: float, y: float) -> Iterator[str]:
        """Yield one entry of the legend, from a left edge, on a base line."""
        tone = entry.tone
        if tone is not None:
            yield (
                f'<rect x="{_n(x)}" y="{_n(y - 8.5)}" width="16" height="10" rx="3" '
                f'fill="{tone.state}" stroke="{tone.line}" stroke-width="{_n(tone.width)}"'
                f"{_dashes(tone)}/>"
            )
            x += _SWATCH
        weight = ' font-weight="bold"' if entry.bold else ""
        yield (
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(LABEL_SIZE)}"{weight} '
            f'fill="{entry.ink}">{_text(entry.text)}</text>'
        )

    @property
    def description(self) -> str:
        """The picture in sentences, and why parts of it are in a grid."""
        fault = self.drawing.fault
        lacking = "" if fault is None else f" {fault.found[:1].upper()}{fault.found[1:]}."
        return describe(self.drawing.picture, self.overlay, lacking)

    def marks(self, box: Box) -> tuple[Mark, ...]:
        """Return the marks of a box."""
        return self.overlay.states.get(box.id, ()) if box.is_state else ()

    def tone(self, box: Box) -> Tone | None:
        """Return the look that the marks of a box give it; None for its usual one."""
        return self.theme.tone(self.marks(box))

    def arrow_marks(self, arrow: Arrow) -> tuple[Mark, ...]:
        """Return the marks of an arrow's lines; faded or unused only if all of them are."""
        return self.overlay.of_arrow(arrow.lines)

    def opened(self, location: str | None) -> tuple[str, str]:
        """Return what goes around a group that links to its declaration."""
        href = link(self.options.links, location)
        return (f"<a href={quoteattr(_text(href))}>", "</a>") if href else ("", "")

    def attributes(self, role: str) -> str:
        """Return role and tabindex of a group; its title is its name."""
        return f' role="{role}"' + (' tabindex="0"' if self.options.tabindex else "")

    def box(self, placed: PlacedBox) -> Iterator[str]:
        """Yield the group of a box."""
        box, marks = placed.box, self.marks(placed.box)
        classes = box.shape.value.replace(" ", "-") + _classes(marks)
        classes += " faulty" if box.faults else ""
        chart = self.drawing.picture.name
        name = state_id(chart, box.id) if box.is_state else f"{_prefix(chart)}-{box.id}"
        before, after = self.opened(box.location)
        group = f'id={quoteattr(name)} class="{classes}"{self.attributes("graphics-object")}'
        yield f"{before}<g {group}>"
        told = box.id if box.is_state else box.name or box.shape.value
        title = one_line(f"{told or box.name}: {box.doc}" if box.doc else told or box.name)
        yield f"<title>{_text(_told(title, box.faults, marks))}</title>"
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
        tone = self.tone(box)
        for text in placed.texts:
            yield self.text(text, self.theme.ink if tone is None else tone.ink)
        yield f"</g>{after}"

    def shape(self, placed: PlacedBox) -> Iterator[str]:
        """Yield the symbol of a box."""
        box, rect, theme = placed.box, placed.rect, self.theme
        x, y = rect.centre
        tone = self.tone(box)
        ink = theme.line if tone is None else tone.line
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
                yield from self.ground(rect, theme.state if tone is None else tone.state)

    def ground(self, rect: Rect, fill: str) -> Iterator[str]:
        """Yield the fill of a box."""
        yield f'<rect class="ground" {_place(rect)} rx="{_n(RADIUS)}" fill="{fill}"/>'

    def composite(self, placed: PlacedBox) -> Iterator[str]:
        """Yield fill and title bar of a composite state, or the frame of a region."""
        theme, rect, tone = self.theme, placed.rect, self.tone(placed.box)
        if placed.region:
            if placed.box.faults:
                yield (
                    f'<rect class="border" {_place(rect.grown(-4))} rx="5" fill="none" '
                    f'stroke="{theme.fault}" stroke-width="1.75" stroke-dasharray="6 3"/>'
                )
            if tone is not None:
                yield (
                    f'<rect class="ground" {_place(rect.grown(-4))} rx="5" '
                    f'fill="{tone.shade}" stroke="{tone.line}" stroke-width="1" '
                    f'stroke-dasharray="1 3" stroke-linecap="round"/>'
                )
            return
        if not placed.framed:
            return
        shade = theme.shades[min(max(0, placed.depth - 1), len(theme.shades) - 1)]
        yield from self.ground(rect, shade if tone is None else tone.shade)
        if placed.bar:
            x, y, right, low, r = rect.x, rect.y, rect.right, rect.y + placed.bar, RADIUS
            yield (
                f'<path class="bar" fill="{theme.bar if tone is None else tone.bar}" '
                f'd="M{_n(x)} {_n(low)}V{_n(y + r)}A{_n(r)} {_n(r)} 0 0 1 {_n(x + r)} {_n(y)}'
                f'H{_n(right - r)}A{_n(r)} {_n(r)} 0 0 1 {_n(right)} {_n(y + r)}V{_n(low)}Z"/>'
            )

    def border(self, placed: PlacedBox) -> str:
        """Return the border of a box."""
        theme, tone = self.theme, self.tone(placed.box)
        stroke, width, dashes = theme.border, 1.25, ""
        if tone is not None:
            stroke, width, dashes = tone.line, tone.width, _dashes(tone)
        if placed.box.faults:
            stroke, width, dashes = theme.fault, max(width, 1.75), ' stroke-dasharray="6 3"'
        return (
            f'<rect class="border" {_place(placed.rect)} rx="{_n(RADIUS)}" fill="none" '
            f'stroke="{stroke}" stroke-width="{_n(width)}"{dashes}/>'
        )

    def history(self, placed: PlacedBox) -> Iterator[str]:
        """Yield a circled H or H*."""
        theme, rect, tone = self.theme, placed.rect, self.tone(placed.box)
        x, y = rect.centre
        letter = HISTORY_LETTERS[placed.box.shape]
        stroke = theme.border if tone is None else tone.line
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
        """Yield a bull's-eye, in a box if the state has contents."""
        theme, rect, tone = self.theme, placed.rect, self.tone(placed.box)
        ink = theme.line if tone is None else tone.line
        if placed.rules:
            yield from self.ground(rect, theme.state if tone is None else tone.state)
            yield self.border(placed)
            name = placed.texts[0]
            yield from _bullseye(name.rect.x - 14, rect.y + placed.bar / 2, 7.0, ink, theme.paper)
        else:
            beside = rect.height <= BULLSEYE  # the name is beside it, not below
            x = rect.x + BULLSEYE / 2 if beside else rect.centre[0]
            yield from _bullseye(x, rect.y + BULLSEYE / 2, BULLSEYE / 2, ink, theme.paper)

    def arrow(self, placed: PlacedArrow) -> Iterator[str]:
        """Yield the group of an arrow."""
        arrow, marks = placed.arrow, self.arrow_marks(placed.arrow)
        name = transition_id(self.drawing.picture.name, arrow)
        kind, tone = first_kind(marks), self.theme.tone(marks)
        classes, look = "transition" + _classes(marks), ""
        if tone is not None:
            look = f' stroke="{tone.line}" stroke-width="{_n(tone.width)}"'
        if arrow.faults:
            classes, look = f"{classes} faulty", f' stroke="{self.theme.fault}"'
        if kind is Kind.DISABLED:
            look += ' opacity="0.45"'
        before, after = self.opened(arrow.location)
        yield (
            f'{before}<g id={quoteattr(name)} class="{classes}"{look}'
            f"{self.attributes('graphics-symbol')}>"
        )
        told = self.overlay.of_lines(arrow.lines)
        title = _told(sentence(arrow, self.drawing.picture), arrow.faults, told)
        yield f"<title>{_text(title)}</title>"
        if placed.path:
            dashes = "" if tone is None else _dashes(tone)
            yield f'<path class="line" d="{_path(placed.path)}"{dashes}/>'
            thin = ' stroke-width="2"' if tone is not None and tone.width > 2 else ""
            head = _head(placed.path, _SLIM if arrow.id in self.slim else _HALF)
            yield f'<path class="head" d="{head}" stroke-linejoin="round"{thin}/>'
        for text in placed.texts:
            yield self.text(text, self.theme.ink)
        yield f"</g>{after}"

    def badges(self) -> Iterator[str]:
        """Yield the notes of marks, each beside its state or on its arrow."""
        if self.noted:
            yield '<g class="badges" aria-hidden="true">'
            yield from map(self.badge, self.noted)
            yield "</g>"

    def asked(self) -> Iterator[_Badge]:
        """Yield the badges of states, of arrows, and of lines without an arrow."""
        yield from self._state_badges()
        yield from self._arrow_badges()
        yield from self._text_badges()

    def _state_badges(self) -> Iterator[_Badge]:
        for placed in self.drawing.boxes:
            marks, rect = self.marks(placed.box), placed.rect
            note, kind = self.note(marks), first_kind(marks)
            if note and kind is not None:
                half, (middle, low) = _badge_width(note) / 2, rect.centre
                right, left = rect.right - half - 4, rect.x + half + 4
                along = (right, left, middle, (right + middle) / 2, (left + middle) / 2)
                beside = (rect.right + half - RADIUS, rect.x - half + RADIUS)
                out = _NOTE_LINE * (len(note) - 1) / 2  # one line alone is in the state
                ys = (rect.y - out, rect.bottom + out)
                places = [(x, y) for y in ys for x in (*along, *beside)]
                places += [(rect.right, low), (rect.x, low)]
                yield _Badge(note, kind, tuple(places), placed.box.id)

    def _arrow_badges(self) -> Iterator[_Badge]:
        for placed in self.drawing.arrows:
            marks = self.arrow_marks(placed.arrow)
            note, kind = self.note(marks), first_kind(marks)
            split = self.drawing.picture.boxes[placed.arrow.source].shape is Shape.FORK
            if note and kind is not None and placed.path and not split:
                yield _Badge(note, kind, tuple(_along(placed.path)), placed.arrow.id)

    def _text_badges(self) -> Iterator[_Badge]:
        """Yield the notes of lines that have no arrow, behind their texts."""
        arrows = {line for arrow in self.drawing.picture.arrows for line in arrow.lines}
        seen = set[Part]()
        for placed in self.drawing.boxes:
            for text in placed.texts:
                of = part_of(text.line)
                if of is None or of[1] in arrows or of in seen:
                    continue
                seen.add(of)
                marks = self.told_of(of)
                note, kind = self.note(marks), first_kind(marks)
                if note and kind is not None:
                    half, rect = _badge_width(note) / 2, text.rect
                    y = rect.centre[1]
                    right, left = placed.rect.right, placed.rect.x
                    along = (rect.right + half + 4, right - half - 4, right, right + half + 4)
                    places = tuple((x, y) for x in (*along, left, left - half - 4))
                    yield _Badge(note, kind, places, placed.box.id)

    def note(self, marks: Iterable[Mark]) -> tuple[str, ...]:
        """Return the lines of a badge: the signs of the marks, and their notes."""
        found = [
            " ".join(part for part in (self.theme.tones[one.kind].sign, one.note) if part)
            for one in marks
        ]
        *before, last = dict.fromkeys(filter(None, found)) or [""]
        runs = [Run(Role.NAME, text) for text in (*(f"{one}, " for one in before), last) if text]
        broken = wrap(runs, _NOTE_SIZE, LABEL_WIDTH * _REGULAR)
        return tuple(line_text(line).strip() for line in broken)

    def badge(self, badge: _Badge) -> str:
        """Return a badge at the first of its places where it covers least.

        It is moved into the page. The line of its arrow, or the border of its state, may be
        covered.
        """
        width, height = badge.width, badge.height
        most, low = self.room - width, max(0.0, self.drawing.height - height)
        rects = [
            Rect(
                min(max(0.0, x + width * (aside - 0.5)), most),
                min(max(0.0, y - height / 2), low),
                width,
                height,
            )
            for aside in (0.0, 0.3, -0.3, 0.6, -0.6)
            for x, y in badge.places
        ]
        free = (one for one in rects if not self.covered(one, badge.own))
        rect = next(free, None) or min(rects, key=lambda one: self.covered(one, badge.own))
        self.taken.append(rect)
        x, theme = rect.centre[0], self.theme
        texts = "".join(
            f'<text x="{_n(x)}" y="{_n(rect.y + 9.7 + _NOTE_LINE * number)}" '
            f'font-size="{_n(_NOTE_SIZE)}" font-weight="bold" '
            f'text-anchor="middle" fill="{theme.state}">{_text(line)}</text>'
            for number, line in enumerate(badge.lines)
        )
        return (
            f'<g class="badge {badge.kind.value}"><rect {_place(rect)} rx="6.5" '
            f'fill="{theme.tones[badge.kind].line}" stroke="{theme.paper}" stroke-width="1"/>'
            f"{texts}</g>"
        )

    def covered(self, rect: Rect, own: str) -> int:
        """Return how much a badge would cover; one line or border of its own does not count."""
        near = rect.grown(_CLEAR)
        texts = sum(near.overlaps(other) + rect.overlaps(other) for other in self.taken)
        lines = self.drawn.through(near) - {own}
        borders = (
            near.overlaps(one.rect) and not (one.box.children and one.rect.encloses(near))
            for one in self.drawing.boxes
            if one.box.id != own and one.box.parent is not None
        )
        return 4 * texts + 2 * len(lines) + sum(borders)

    def told_of(self, of: Part | None) -> tuple[Mark, ...]:
        """Return the marks of a line or call that a text tells."""
        if of is None:
            return ()
        kind, name = of
        marked = self.overlay.lines if kind == "line" else self.overlay.calls
        return marked.get(name, ())

    def text(self, text: Text, ink: str) -> str:
        """Return a line of text, each run in the style of its role and in that of its marks."""
        measured = is_measured(line_text(text.line))
        apart = self.options.apart and not measured
        spans, x = [], text.rect.x
        for run in text.line:
            fill, style = self.style(run.role, ink)
            if apart:
                style += f' x="{_n(x)}"'
                x += text_width(run.text, text.size, bold=text.bold)
            kind = first_kind(self.told_of(run.of))
            if kind is Kind.DISABLED or kind is Kind.UNUSED:
                style += f' class="{kind.value}"'
            elif kind is not None and kind not in HEATED:
                tone = self.theme.tones[kind]
                fill = tone.line
                style += f' class="{kind.value}"'
                if kind is Kind.REMOVED:
                    style += ' text-decoration="line-through"'
            spans.append(f'<tspan fill="{fill}"{style}>{_text(run.text)}</tspan>')
        fit = ""
        if measured:
            fit = f' textLength="{_n(text.width)}" lengthAdjust="spacingAndGlyphs"'
        weight = ' font-weight="bold"' if text.bold else ""
        anchor = ' text-anchor="middle"' if text.centred and not apart else ""
        return (
            f'<text x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"{weight}{anchor}'
            f' stroke="none"{fit} xml:space="preserve">{"".join(spans)}</text>'
        )

    def style(self, role: Role, ink: str) -> tuple[str, str]:
        """Return colour and font of a role, given the colour of names."""
        theme = self.theme
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


def describe(picture: Picture, overlay: Overlay = PLAIN, lacking: str = "") -> str:
    """Describe a picture in words, for a reader who cannot see it.

    What is active comes first, then the states with what they hold, then the transitions.
    """
    boxes = [box for box in picture.boxes.values() if box.parent is not None and box.is_state]
    states, left_out = sum(box.shape not in PSEUDO for box in boxes), picture.left_out
    more = f"; {left_out} more {'is' if left_out == 1 else 'are'} left out" if left_out else ""
    parts = [f"Statechart {picture.name} with {count(states, 'state')}{more}.{lacking}"]
    if picture.doc:
        parts.append(one_line(picture.doc))
    if overlay.active:
        parts.append(f"Active: {', '.join(overlay.active)}.")
    told = dict.fromkeys(one.told for one in overlay.marks if one.kind is Kind.PENDING and one.told)
    parts += [f"{one}." for one in told]
    if picture.faults:
        parts.append(f"{count_text(picture.faults)}.")
    for box in (picture.root, *boxes):
        held = "; ".join(unbroken((*box.data, *box.behaviour)))
        kind = "" if box.shape is Shape.STATE or box is picture.root else f" ({box.shape.value})"
        marks = ", ".join(_kinds(overlay.states.get(box.id, ())))
        if box is not picture.root or held or marks:
            end = f": {held}" if held else ""
            parts.append(f"{box.id or picture.name}{kind}{f' [{marks}]' if marks else ''}{end}.")
    forks = {box.id for box in picture.boxes.values() if box.shape is Shape.FORK}
    for arrow in picture.arrows:
        if arrow.source in forks:  # the arrow before it tells
            continue
        source, target = picture.boxes[arrow.source], _target(arrow, picture)
        if source.shape is Shape.INITIAL:
            text = f"{source.parent or picture.name} starts in {target}"
        else:
            text = f"From {_source(arrow, picture)} to {target}"
        said = "; ".join(unbroken(arrow.label))
        marks = ", ".join(_kinds(overlay.of_lines(arrow.lines)))
        parts.append(f"{text}{f' [{marks}]' if marks else ''}{f': {said}' if said else ''}.")
    return " ".join(parts)


def _source(arrow: Arrow, picture: Picture) -> str:
    """Return the state that an arrow leaves, before the fork if there is one."""
    if picture.boxes[arrow.source].shape is Shape.FORK:
        for before in picture.arrows:
            if before.target == arrow.source:
                return _source(before, picture)
        return picture.boxes[arrow.source].parent or picture.name  # that arrow is told in words
    return _named(arrow.source, picture)


def _target(arrow: Arrow, picture: Picture) -> str:
    """Return the states that an arrow goes to, those after the fork if there is one."""
    if picture.boxes[arrow.target].shape is Shape.FORK:
        after = (one.target for one in picture.arrows if one.source == arrow.target)
        return ", ".join(_named(one, picture) for one in after)
    return _named(arrow.target, picture)


def _named(box: str, picture: Picture) -> str:
    """Return the id of a state, or the name of what the notation adds."""
    found = picture.boxes[box]
    return (found.id if found.is_state else found.name) or picture.name


def _kinds(marks: Iterable[Mark]) -> Iterator[str]:
    """Yield what marks say, in few words; what is active is told before."""
    said = (one.told or one.kind.value for one in marks if one.kind not in _TOLD_BEFORE)
    yield from dict.fromkeys(said)


def link(template: str, location: str | None) -> str:
    """Return the address of a declaration; empty without a template or a known place.

    >>> link("https://example.com/{file}#L{line}", "machines/pipeline.py:7")
    'https://example.com/machines/pipeline.py#L7'
    """
    file, _, line = (location or "").rpartition(":")
    if not template or not file:
        return ""
    path, here = FilePath(file), FilePath.cwd()
    short = path.relative_to(here) if path.is_relative_to(here) else path
    return template.format(path=quote(path.as_posix()), file=quote(short.as_posix()), line=line)


def sentence(arrow: Arrow, picture: Picture) -> str:
    """Return an arrow as text: source, target and label."""
    initial = picture.boxes[arrow.source].shape is Shape.INITIAL
    source, label = (
        "start" if initial else _source(arrow, picture),
        "; ".join(unbroken(arrow.label)),
    )
    return f"{source} → {_target(arrow, picture)}{f': {label}' if label else ''}"


def _told(title: str, faults: tuple[Fault, ...], marks: Iterable[Mark] = ()) -> str:
    """Return a tooltip: a title, what the marks say, and the faults below it."""
    said = dict.fromkeys(mark.told for mark in marks if mark.told)
    return "\n".join((title, *said, *map(str, faults)))


def _classes(marks: Iterable[Mark]) -> str:
    return "".join(f" {kind}" for kind in dict.fromkeys(mark.kind.value for mark in marks))


def _dashes(tone: Tone) -> str:
    return f' stroke-dasharray="{tone.dashes}"' if tone.dashes else ""


def _badge_width(lines: Iterable[str]) -> float:
    return max(text_width(line, _NOTE_SIZE, bold=True) for line in lines) + 9


def _letter(placed: PlacedBox) -> Rect:
    """Return the place of the letter of a history state."""
    x, y = placed.rect.centre
    width = text_width(HISTORY_LETTERS[placed.box.shape], 12, bold=True)
    return Rect(x - width / 2, y - 4.6, width, 9.2)


def _along(path: Path) -> list[Point]:
    """Return points on a path, those in its middle first."""
    points = list(flattened(path, 6.0))
    gone = [0.0, *itertools.accumulate(itertools.starmap(math.dist, itertools.pairwise(points)))]
    order = sorted(range(len(points)), key=lambda number: abs(gone[number] - gone[-1] / 2))
    return [points[number] for number in order]


def _dark(theme: Theme, dark: Theme) -> str:
    """Return rules that turn each colour of a theme into that of the same part in a dark one."""
    pairs = dict(zip(theme.colors(), dark.colors(), strict=True))
    scope = f'[data-theme="{theme.name}"]'
    rules = "".join(
        f'{scope} [{what}="{one}"]{{{what}:{other}}}'
        for one, other in pairs.items()
        for what in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _bullseye(x: float, y: float, r: float, ink: str, paper: str) -> Iterator[str]:
    yield (
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r - 0.7)}" fill="{paper}" stroke="{ink}" '
        f'stroke-width="1.4"/><circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r * 0.56)}" fill="{ink}"/>'
    )


def _head_points(path: Path, half: float = _HALF) -> tuple[Point, Point, Point]:
    """Return the corners of UML's open arrowhead: one side, the tip at the end, the other side."""
    (x, y), (dx, dy) = path[-1], direction(path)
    one, other = (
        (x - 8.5 * dx - side * half * dy, y - 8.5 * dy + side * half * dx) for side in (1, -1)
    )
    return one, (x, y), other


def _head_rect(path: Path) -> Rect:
    """Return the place of an arrowhead."""
    xs, ys = zip(*_head_points(path), strict=True)
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _head(path: Path, half: float) -> str:
    """Return UML's open arrowhead, its tip at the end of a path."""
    (ax, ay), (x, y), (bx, by) = _head_points(path, half)
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
