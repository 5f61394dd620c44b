"""Mermaid: a chart as a ``stateDiagram-v2``, which forges render in READMEs and issues.

Mermaid shows less than UML asks for: history is a state named H, and a composite state appears
without its data and its entry and exit effects. The title counts faults; comments tell them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final, final

from attrs import frozen

from statecharts.drawing.labels import one_line
from statecharts.drawing.marks import count_text, marks_among
from statecharts.drawing.model import (
    COMPOSITE,
    HISTORY_LETTERS,
    Arrow,
    Box,
    Line,
    Picture,
    Shape,
    line_text,
    short_names,
)
from statecharts.drawing.overlay import PLAIN, Kind, Overlay, first_kind
from statecharts.drawing.theme import Theme

_RESERVED: Final = re.compile(r"""[#;:"<>{}%&\\`$~^@]|--""")
_FAULTY: Final = "faulty"


def to_mermaid(
    picture: Picture, theme: Theme, overlay: Overlay = PLAIN, *, right: bool = False
) -> str:
    """Return a picture in Mermaid's language for state diagrams; arrows have no marks there."""
    writer = _Writer(picture, theme, overlay, short_names(picture), right)
    return "\n".join(writer.lines()) + "\n"


def escaped(text: str) -> str:
    """Escape every character that has a meaning in Mermaid.

    >>> print(escaped("a < b: #1"))
    a #60; b#58; #35;1
    """
    return _RESERVED.sub(lambda found: "".join(f"#{ord(c)};" for c in found[0]), text)


@final
@frozen
class _Writer:
    picture: Picture
    theme: Theme
    overlay: Overlay
    names: dict[str, str]
    right: bool

    def lines(self) -> Iterator[str]:
        if self.picture.faults:
            yield from ("---", f'title: "! {count_text(self.picture.faults)}"', "---")
        yield "stateDiagram-v2"
        for fault in self.picture.faults:
            yield f"    %% {one_line(str(fault))}"
        if self.right:
            yield "    direction LR"
        root = self.picture.root
        if any(root.id in (arrow.source, arrow.target) for arrow in self.picture.arrows):
            yield f'    state "{escaped(root.name)}" as {self.names[root.id]}'
        yield from self.inside(root, "    ")
        yield from self.classes()
        faulty = [
            box for box in self.picture.boxes.values() if box.faults and box.parent is not None
        ]
        if faulty:
            yield f"    classDef {_FAULTY} stroke:{self.theme.fault},stroke-dasharray:6 3"
            yield f"    class {','.join(self.names[box.id] for box in faulty)} {_FAULTY}"

    def classes(self) -> Iterator[str]:
        """Yield a class for each kind of mark that states have."""
        marked: dict[Kind, list[str]] = {}
        for box in self.picture.boxes.values():
            kind = first_kind(self.overlay.states.get(box.id, ()))
            if kind is not None and box.parent is not None:
                marked.setdefault(kind, []).append(self.names[box.id])
        for kind, names in marked.items():
            tone = self.theme.tones[kind]
            dashes = f",stroke-dasharray:{tone.dashes}" if tone.dashes else ""
            yield (
                f"    classDef {kind.value} fill:{tone.state},stroke:{tone.line},"
                f"stroke-width:{tone.width:g}px,color:{tone.ink}{dashes}"
            )
            yield f"    class {','.join(names)} {kind.value}"

    def inside(self, box: Box, indent: str) -> Iterator[str]:
        """Yield the lines between the braces of a composite state."""
        if box.shape is Shape.PARALLEL:
            regions = [child for child in box.children if child.shape is not Shape.INITIAL]
            for number, region in enumerate(regions):
                if number:
                    yield f"{indent}--"
                yield from self.box(region, indent)
        else:
            for child in box.children:
                yield from self.box(child, indent)
        for arrow in self.picture.arrows:
            if self.home(arrow) == box.id:
                yield self.arrow(arrow, indent)

    def box(self, box: Box, indent: str) -> Iterator[str]:
        name = self.names[box.id]
        if box.shape is Shape.INITIAL:
            if box.id in self.junctions:
                yield f"{indent}state {name} <<choice>>"
                yield f"{indent}[*] --> {name}"
            return
        if box.shape is Shape.FORK:
            yield f"{indent}state {name} <<fork>>"
            return
        name_of_box = box.name or self.picture.name
        title = HISTORY_LETTERS.get(box.shape, name_of_box)
        if box.shape in COMPOSITE:
            title = " ".join((title, *marks_among(box.behaviour)))
        yield f'{indent}state "{escaped(title)}" as {name}'
        if box.shape in COMPOSITE:
            yield f"{indent}state {name} {{"
            yield from self.inside(box, indent + "    ")
            yield f"{indent}}}"
        else:
            for line in (*box.data, *box.behaviour):
                yield f"{indent}{name} : {_plain(line)}"
        if box.shape is Shape.FINAL:
            yield f"{indent}{name} --> [*]"

    def arrow(self, arrow: Arrow, indent: str) -> str:
        initial = self.picture.boxes[arrow.source].shape is Shape.INITIAL
        plain = initial and arrow.source not in self.junctions
        source = "[*]" if plain else self.names[arrow.source]
        label = "<br/>".join(_plain(line) for line in arrow.label)
        colon = f" : {label}" if label else ""
        return f"{indent}{source} --> {self.names[arrow.target]}{colon}"

    def home(self, arrow: Arrow) -> str:
        """Return the composite state in whose braces an arrow is written, or the chart.

        Mermaid moves a state that is mentioned in other braces than its own into those; only the
        outermost level may mention any state.
        """
        boxes = self.picture.boxes
        parent = boxes[arrow.source].parent
        beside = parent is not None and parent == boxes[arrow.target].parent
        inside = beside and boxes[str(parent)].shape is Shape.COMPOSITE
        return str(parent) if inside else self.picture.root.id

    @functools.cached_property
    def junctions(self) -> frozenset[str]:
        """The initial dots with an arrow to a state that is not beside them.

        Such an arrow begins at a junction: ``[*]`` is in the braces that it is written in.
        """
        boxes, root = self.picture.boxes, self.picture.root.id
        dots = (
            arrow for arrow in self.picture.arrows if boxes[arrow.source].shape is Shape.INITIAL
        )
        deep = (arrow.source for arrow in dots if self.home(arrow) == root)
        return frozenset(dot for dot in deep if boxes[dot].parent != root)


def _plain(line: Line) -> str:
    return escaped(line_text(line).strip())
