"""PlantUML: a chart as a state diagram in its language.

Names and labels are plain text: what PlantUML would read as markup is written as Unicode numbers.
PlantUML has no arrows over the border of a region: there, a transition is text in its source.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Final, final

from attrs import frozen

from statecharts.drawing.labels import one_line
from statecharts.drawing.marks import count_text, marks_among
from statecharts.drawing.model import (
    COMPOSITE,
    Arrow,
    Box,
    Line,
    Picture,
    Shape,
    line_text,
    short_names,
)
from statecharts.drawing.notation import in_words
from statecharts.drawing.overlay import PLAIN, Overlay
from statecharts.drawing.theme import Theme

_MARKUP: Final = re.compile(r"[^\w ().,:;\[\]/=+-]|__|--|//|==|\.\.|\[\[|^[-=+.;:\[/]")
_STEREOTYPES: Final = {
    Shape.FORK: " <<fork>>",
    Shape.HISTORY: " <<history>>",
    Shape.DEEP_HISTORY: " <<history*>>",
}


def to_plantuml(
    picture: Picture, theme: Theme, overlay: Overlay = PLAIN, *, right: bool = False
) -> str:
    """Return a picture in PlantUML's language for state diagrams."""
    crossing = {arrow.id for arrow in picture.arrows if _home(picture, arrow) is None}
    shown = in_words(picture, crossing)
    return "\n".join(_Writer(shown, theme, overlay, short_names(shown), right).lines()) + "\n"


def _home(picture: Picture, arrow: Arrow) -> str | None:
    """Return the region, or the chart, that both ends are inside; None if there is none."""
    homes = []
    for end in (arrow.source, arrow.target):
        around = [end, *picture.around(end)]
        regions = [
            inner
            for inner, outer in itertools.pairwise(around)
            if picture.boxes[outer].shape is Shape.PARALLEL
        ]
        homes.append(regions[0] if regions else picture.root.id)
    one, other = homes
    inside = one == other and (one == picture.root.id or one not in (arrow.source, arrow.target))
    return one if inside else None


def escaped(text: str) -> str:
    """Write what PlantUML gives a meaning to as Unicode numbers.

    >>> print(escaped('a < "b"__'))
    a <U+003C> <U+0022>b<U+0022><U+005F><U+005F>
    """
    return _MARKUP.sub(lambda found: "".join(f"<U+{ord(c):04X}>" for c in found[0]), text)


@final
@frozen
class _Writer:
    picture: Picture
    theme: Theme
    overlay: Overlay
    names: dict[str, str]
    right: bool

    def lines(self) -> Iterator[str]:
        picture, root = self.picture, self.picture.root
        yield "@startuml"
        yield "hide empty description"  # which makes it a state diagram whatever comes first
        if self.right:
            yield "left to right direction"
        for fault in picture.faults:
            yield f"' {one_line(str(fault))}"
        told = f" ! {count_text(picture.faults)}" if picture.faults else ""
        yield f"title {escaped(one_line(picture.name) + told)}"
        if any(root.id in (arrow.source, arrow.target) for arrow in picture.arrows):
            yield f'state "{escaped(root.name)}" as {self.names[root.id]}'
        yield from self.inside(root, "")
        yield "@enduml"

    @functools.cached_property
    def starts(self) -> frozenset[str]:
        """The arrows from initial dots to states beside them, which braces hold."""
        boxes = self.picture.boxes
        return frozenset(
            arrow.id
            for arrow in self.picture.arrows
            if boxes[arrow.source].shape is Shape.INITIAL
            and boxes[arrow.source].parent == boxes[arrow.target].parent
        )

    def inside(self, box: Box, indent: str) -> Iterator[str]:
        """Yield the lines between the braces of a composite state."""
        parallel = box.shape is Shape.PARALLEL
        for number, child in enumerate(box.children):
            if parallel and number:
                yield f"{indent}--"
            yield from self.box(child, indent)
        for arrow in self.picture.arrows:
            if arrow.id in self.starts and self.picture.boxes[arrow.source].parent == box.id:
                yield f"{indent}[*] --> {self.names[arrow.target]}{_label(arrow)}"
            elif arrow.id not in self.starts and _home(self.picture, arrow) == box.id:
                yield f"{indent}{self.arrow(arrow)}"

    def box(self, box: Box, indent: str) -> Iterator[str]:
        name = self.names[box.id]
        if box.shape is Shape.INITIAL:
            dots = [arrow for arrow in self.picture.arrows if arrow.source == box.id]
            if any(arrow.id not in self.starts for arrow in dots):
                yield f"{indent}state {name} <<choice>>"
                yield f"{indent}[*] --> {name}"
            return
        if box.shape in _STEREOTYPES:
            yield f"{indent}state {name}{_STEREOTYPES[box.shape]}"
            return
        title = " ".join((box.name or self.picture.name, *self.marks(box)))
        brace = " {" if box.shape in COMPOSITE else ""
        yield f'{indent}state "{escaped(title)}" as {name}{self.look(box)}{brace}'
        if brace:
            yield from self.inside(box, indent + "  ")
            yield f"{indent}}}"
        for line in (*box.data, *box.behaviour):
            yield f"{indent}{name} : {_plain(line)}"
        if box.shape is Shape.FINAL:
            yield f"{indent}{name} --> [*]"

    def marks(self, box: Box) -> list[str]:
        """Return the codes of faults, where a state has no lines that hold them."""
        return marks_among(box.behaviour) if box.shape in COMPOSITE else []

    def look(self, box: Box) -> str:
        """Return the colours of what is marked, or has faults."""
        tone = self.theme.tone(self.overlay.states.get(box.id, ()))
        if tone is None:
            return f" #line:{self.theme.fault[1:]};line.dashed" if box.faults else ""
        style = "dashed" if tone.dashes else "bold"
        return f" {tone.state};line:{tone.line[1:]};line.{style};text:{tone.ink[1:]}"

    def arrow(self, arrow: Arrow) -> str:
        tone = self.theme.tone(self.overlay.of_arrow(arrow.lines))
        look = ""
        if tone is not None:
            look = f"[{tone.line},{'dashed' if tone.dashes else 'bold'}]"
        return f"{self.names[arrow.source]} -{look}-> {self.names[arrow.target]}{_label(arrow)}"


def _label(arrow: Arrow) -> str:
    text = "\\n".join(_plain(line) for line in arrow.label)
    return f" : {text}" if text else ""


def _plain(line: Line) -> str:
    return escaped(line_text(line).strip())
