"""Faces: the text of a box set into its compartments, and the size that this takes."""

from __future__ import annotations

from typing import Final, final

from attrs import frozen

from statecharts.drawing.drawing import Rule, Text
from statecharts.drawing.labels import LABEL_SIZE, SMALL_SIZE, line_width
from statecharts.drawing.metrics import text_width
from statecharts.drawing.model import Box, Line, Role, Run, Shape

NAME_SIZE: Final = 13.0
REGION_SIZE: Final = 11.5
HEADING_SIZE: Final = 18.0
LEADING: Final = 14.0
"""Distance between the base lines of small text."""
MARGIN: Final = 11.0
"""Distance of text from the left and right border."""
BULLSEYE: Final = 22.0
"""Width of a final state that carries nothing."""
DOT: Final = 13.0
"""Width of an initial pseudo-state."""
CIRCLE: Final = 25.0
"""Width of a history pseudo-state."""
FORK: Final = (64.0, 5.0)
"""Size of a fork."""

_TITLE: Final = 28.0
_LEAST: Final = (76.0, 36.0)
_ICON: Final = 20.0


@final
@frozen
class Face:
    """What is written on a box, from its upper left corner.

    Attributes:
        width: The least width that it needs.
        height: The height that it takes.
        texts: The lines of text.
        rules: Where a thin rule runs from border to border.
        bar: Height of the title.
    """

    width: float
    height: float
    texts: tuple[Text, ...] = ()
    rules: tuple[float, ...] = ()
    bar: float = 0.0

    def ruled(self, width: float) -> tuple[Rule, ...]:
        """Return the rules of a box of some width."""
        return tuple(Rule((0, y), (width, y)) for y in self.rules)


def state_face(box: Box) -> Face:
    """Return the face of a simple state, or of a final state that carries something."""
    icon = _ICON if box.shape is Shape.FINAL else 0.0
    name = name_text(box.name, NAME_SIZE)
    bare = not (box.data or box.behaviour)
    below, inner, rules = _compartments(box, _TITLE)
    width = max(name.width + 2 * MARGIN + 8 + icon, inner + 2 * MARGIN, _LEAST[0])
    if bare:
        height = _LEAST[1]
        title = name.moved(width / 2 + icon / 2, height / 2 + NAME_SIZE * 0.36)
        return Face(width, height, (title,))
    title = name.moved(width / 2 + icon / 2, _TITLE / 2 + NAME_SIZE * 0.36)
    height = _TITLE + below[-1].y - _TITLE + 9
    return Face(width, height, (title, *below), (_TITLE, *rules), _TITLE)


def final_face(box: Box) -> Face:
    """Return the face of a bull's-eye with its name below."""
    name = name_text(box.name, LABEL_SIZE)
    width = max(BULLSEYE, name.width + 2)
    return Face(width, BULLSEYE + 17, (name.moved(width / 2, BULLSEYE + 13),))


def composite_face(box: Box) -> Face:
    """Return the title bar and the compartments of a composite state; no bar without a name."""
    name = _left(box.name, NAME_SIZE)
    bar = _TITLE if box.name else 0.0
    below, inner, rules = _compartments(box, bar)
    width = max(name.width, inner) + 2 * MARGIN
    height = below[-1].y + 8 if below else bar
    if not box.name:
        return Face(width, height, tuple(below), (*rules, *([height] if below else [])), bar)
    texts = (name.moved(MARGIN, _TITLE / 2 + NAME_SIZE * 0.36), *below)
    return Face(width, height, texts, (_TITLE, *rules, *([height] if below else [])), _TITLE)


def region_face(box: Box) -> Face:
    """Return the name of a region and what it carries, without rules."""
    name = _left(box.name, REGION_SIZE)
    below, inner, _ = _compartments(box, 22.0, gap=0.0)
    width = max(name.width, inner) + 2 * MARGIN
    height = below[-1].y + 6 if below else 26.0
    return Face(width, height, (name.moved(MARGIN, 19.0), *below))


def heading_face(box: Box) -> Face:
    """Return the name of the chart with its context, above everything else."""
    name = _left(box.name, HEADING_SIZE)
    below, inner, _ = _compartments(box, 26.0, gap=0.0, margin=0.0)
    width = max(name.width, inner)
    height = below[-1].y + 12 if below else 34.0
    return Face(width, height, (name.moved(0.0, 18.0), *below))


def name_text(name: str, size: float) -> Text:
    """Return a name in bold, centred on the origin."""
    width = text_width(name, size, bold=True)
    return Text(0.0, 0.0, (Run(Role.NAME, name),), size, width, bold=True, centred=True)


def label_texts(lines: tuple[Line, ...], x: float, y: float) -> tuple[Text, ...]:
    """Return the lines of an arrow's label, from their upper left corner."""
    return tuple(
        Text(x, y + i * LEADING + 10.5, line, LABEL_SIZE, line_width(line, LABEL_SIZE))
        for i, line in enumerate(lines)
    )


def label_size(lines: tuple[Line, ...]) -> tuple[float, float] | None:
    """Return the width and height that the label of an arrow takes; None without one."""
    if not lines:
        return None
    width = max(line_width(line, LABEL_SIZE) for line in lines)
    return width + 4, len(lines) * LEADING + 2


def _left(name: str, size: float) -> Text:
    centred = name_text(name, size)
    return Text(0.0, 0.0, centred.line, size, centred.width, bold=True)


def _compartments(
    box: Box, top: float, *, gap: float = 5.0, margin: float = MARGIN
) -> tuple[list[Text], float, list[float]]:
    texts: list[Text] = []
    rules: list[float] = []
    y = top
    for lines in (box.data, box.behaviour):
        if not lines:
            continue
        if texts:
            y += 3 + gap / 2
            if gap:
                rules.append(y)
        y += gap / 2 - (0 if gap else 1)
        for line in lines:
            y += LEADING
            texts.append(Text(margin, y - 1, line, SMALL_SIZE, line_width(line, SMALL_SIZE)))
    return texts, max((text.width for text in texts), default=0.0), rules
