"""DOT: the whole chart in one graph, for Graphviz and for every tool that reads its language.

Composite states are clusters, labels are text, and nothing depends on the machine. The gallery
compares this text, since it changes with the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, final
from xml.sax.saxutils import escape

from attrs import frozen

from statecharts.drawing.marks import count_text, marks_among
from statecharts.drawing.model import (
    COMPOSITE,
    HISTORY_LETTERS,
    Arrow,
    Box,
    Line,
    Picture,
    Role,
    Shape,
    line_text,
)
from statecharts.drawing.overlay import PLAIN, Overlay
from statecharts.drawing.theme import Theme, Tone
from statecharts.model.errors import Fault

_BLANK: Final = str.maketrans({chr(code): " " for code in (*range(32), 0xFFFE, 0xFFFF)})


def to_dot(
    picture: Picture,
    theme: Theme,
    overlay: Overlay = PLAIN,
    *,
    transparent: bool = False,
    right: bool = False,
) -> str:
    """Return a picture as a graph in DOT."""
    paper = "transparent" if transparent else theme.paper
    return "\n".join(_Writer(picture, theme, overlay, paper, right).lines()) + "\n"


@final
@frozen
class _Writer:
    picture: Picture
    theme: Theme
    overlay: Overlay
    paper: str
    right: bool

    def tone(self, box: Box) -> Tone | None:
        """Return the look that the marks of a state give it."""
        return self.theme.tone(self.overlay.states.get(box.id, ()))

    def lines(self) -> Iterator[str]:
        picture, theme = self.picture, self.theme
        yield f"// chart {picture.chart_hash}"
        for fault in picture.faults:
            yield f"// fault {str(fault).translate(_BLANK)}"
        yield f"digraph {quoted(picture.name)} {{"
        way = "LR" if self.right else "TB"
        yield (
            # Without `newrank`, Graphviz 2 fails on arrows between nested states.
            f'  graph [compound=true, newrank=true, rankdir={way}, bgcolor="{self.paper}", '
            f'fontname="Helvetica", fontcolor="{theme.ink}", labelloc=t, labeljust=l, '
            f"nodesep=0.4, ranksep=0.5]"
        )
        yield (
            f'  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, '
            f'color="{theme.border}", fillcolor="{theme.state}", fontcolor="{theme.ink}"]'
        )
        yield (
            f'  edge [fontname="Helvetica", fontsize=10, arrowhead=vee, arrowsize=0.7, '
            f'color="{theme.line}", fontcolor="{theme.ink}"]'
        )
        yield f"  label=<{_table(picture.root, 16, theme)}>"
        for child in picture.root.children:
            yield from self.box(child, "  ")
        for arrow in picture.arrows:
            yield self.arrow(arrow)
        if picture.faults:
            label, color = quoted(f"! {count_text(picture.faults)}"), theme.fault
            yield f'  "#legend" [shape=plaintext, style="", label={label}, fontcolor="{color}"]'
        yield "}"

    def box(self, box: Box, indent: str) -> Iterator[str]:
        if box.shape not in COMPOSITE:
            yield f"{indent}{quoted(box.id)} [{self.look(box)}]"
            return
        theme = self.theme
        region = box.parent is not None and self._shape(box.parent) is Shape.PARALLEL
        tone = self.tone(box)
        color = theme.border if tone is None else tone.line
        fill = theme.shades[0] if tone is None else tone.shade
        style = "dashed" if region else "rounded,filled"
        if box.faults:
            color, style = theme.fault, f"dashed,{style}".removesuffix(",dashed")
        yield f"{indent}subgraph {quoted(f'cluster_{box.id}')} {{"
        yield (
            f'{indent}  graph [style="{style}", color="{color}", fillcolor="{fill}", '
            f"penwidth={1 if tone is None else 2}, label=<{_table(box, 12, theme)}>"
            f"{_tooltip(box.faults)}]"
        )
        anchor = quoted(f"{box.id}#anchor")
        yield f"{indent}  {anchor} [shape=point, style=invis, width=0, height=0]"
        for child in box.children:
            yield from self.box(child, indent + "  ")
        yield f"{indent}}}"

    def look(self, box: Box) -> str:
        theme = self.theme
        tone = self.tone(box)
        ink = theme.line if tone is None else tone.line
        match box.shape:
            case Shape.INITIAL:
                return f'shape=circle, label="", width=0.18, style=filled, fillcolor="{ink}"'
            case Shape.FORK:
                return (
                    f'shape=box, label="", width=0.9, height=0.07, style=filled, fillcolor="{ink}"'
                )
            case Shape.HISTORY | Shape.DEEP_HISTORY:
                letter = HISTORY_LETTERS[box.shape]
                look = f'shape=circle, label="{letter}", width=0.35, fixedsize=true'
                if box.faults:
                    mark = quoted(" ".join(marks_among(box.behaviour)))
                    look += f', color="{theme.fault}", xlabel={mark}{_tooltip(box.faults)}'
                return look
            case Shape.FINAL if not (box.data or box.behaviour):
                return (
                    f'shape=doublecircle, label="", xlabel={quoted(box.name)}, width=0.15, '
                    f'style=filled, fillcolor="{ink}"'
                )
        parts = [f"label=<{_table(box, 12, theme)}>"]
        if box.shape is Shape.FINAL:
            parts.append("peripheries=2")
        if tone is not None:
            dashes = ', style="rounded,filled,dashed"' if tone.dashes else ""
            parts.append(
                f'color="{tone.line}", fillcolor="{tone.state}", penwidth={tone.width:g}, '
                f'fontcolor="{tone.ink}"{dashes}'
            )
        if box.faults:
            parts.append(f'style="rounded,filled,dashed", color="{theme.fault}"')
        return ", ".join(parts) + _tooltip(box.faults)

    def arrow(self, arrow: Arrow) -> str:
        options = [f"id={quoted(f'transition-{arrow.id}')}"]
        ends = []
        for end, clip in ((arrow.source, "ltail"), (arrow.target, "lhead")):
            composite = self._shape(end) in COMPOSITE
            ends.append(quoted(f"{end}#anchor" if composite else end))
            if composite and end and not self._within(arrow, end):
                options.append(f"{clip}={quoted(f'cluster_{end}')}")
        if arrow.label:
            text = "\\l".join(_escaped(line_text(line)) for line in arrow.label)
            options.append(f'label="{text}\\l"')
        tone = self.theme.tone(self.overlay.of_arrow(arrow.lines))
        if tone is not None and not arrow.faults:
            dashes = ", style=dashed" if tone.dashes else ""
            options.append(f'color="{tone.line}", penwidth={tone.width:g}{dashes}')
        if arrow.faults:
            color = self.theme.fault
            options.append(f'color="{color}", fontcolor="{color}"{_tooltip(arrow.faults)}')
        return f"  {ends[0]} -> {ends[1]} [{', '.join(options)}]"

    def _within(self, arrow: Arrow, outer: str) -> bool:
        """Whether the arrow stays inside a composite state, so that it cannot be clipped there."""
        other = arrow.target if arrow.source == outer else arrow.source
        return outer in (other, *self.picture.around(other))

    def _shape(self, box: str) -> Shape:
        return self.picture.boxes[box].shape


def quoted(text: str) -> str:
    """Quote a string for DOT.

    >>> print(quoted('say "hi"'))
    "say \\"hi\\""
    """
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.translate(_BLANK).replace("\\", "\\\\").replace('"', '\\"')


def _tooltip(faults: tuple[Fault, ...]) -> str:
    """Return an attribute with the texts of faults; empty without faults."""
    return f", tooltip={quoted(' '.join(map(str, faults)))}" if faults else ""


def _table(box: Box, size: int, theme: Theme) -> str:
    """Return name and compartments as an HTML-like label."""
    rows = [f'<TR><TD><FONT POINT-SIZE="{size}"><B>{_html(box.name)}</B></FONT></TD></TR>']
    for lines in (box.data, box.behaviour):
        if lines:
            rows.append(f'<HR/><TR><TD ALIGN="LEFT" BALIGN="LEFT">{_lines(lines, theme)}</TD></TR>')
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2">{"".join(rows)}</TABLE>'


def _lines(lines: Iterable[Line], theme: Theme) -> str:
    texts = []
    for line in lines:
        runs = []
        for run in line:
            text = _html(run.text)
            if run.role is Role.FAULT:
                runs.append(f'<FONT COLOR="{theme.fault}"><B>{text}</B></FONT>')
                continue
            plain = run.role in (Role.DATA, Role.ACTION, Role.TRIGGER, Role.GUARD)
            runs.append(text if plain else f"<I>{text}</I>")
        texts.append("".join(runs))
    return '<FONT POINT-SIZE="10">' + "<BR/>".join(texts) + "</FONT>"


def _html(text: str) -> str:
    return escape(text.translate(_BLANK), {'"': "&quot;"}) or " "
