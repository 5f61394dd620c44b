"""Excerpt: a part of a picture, for charts that are too large for one.

What is left out is counted where it was, and arrows at their ends. An arrow to or from what is left
out ends at the innermost state around it that is shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, final

from attrs import evolve, frozen

from statecharts.drawing.model import (
    COMPOSITE,
    PSEUDO,
    Arrow,
    Box,
    Line,
    Picture,
    Role,
    Run,
    Shape,
    count,
    encoded,
    part_of,
)
from statecharts.drawing.overlay import HEATED, QUIET, Kind, Mark, Overlay, first_kind
from statecharts.model.chart import ROOT

READABLE: Final = 60
"""States that one picture shows well."""

_NAME: Final = re.compile(r"\(.*\)$")
"""The fields of an event, after its name in a label."""
_WHOLE: Final = frozenset({Role.TRIGGER, Role.FAULT})


@final
@frozen
class Excerpt:
    """The part of a chart that a picture shows.

    Attributes:
        depth: How many levels of states are shown: 1 for the outermost alone; inside ``focus``, if
            that is given. None for all.
        focus: The state that is shown, with what is inside it, around it, and one arrow away from
            these; None for the whole chart.
        compact: Whether states show their names alone, and arrows their events.
    """

    depth: int | None = None
    focus: str | None = None
    compact: bool = False

    def of(self, picture: Picture) -> Picture:
        """Return what is shown of a picture."""
        if self.compact:
            picture = _brief(picture)
        if self.focus is not None:
            picture = _around(picture, self.focus)
        if self.depth is not None:
            begin = 0 if self.focus is None else _level(picture, self.focus) + 1
            shown = _shallow(picture, begin + self.depth, self.focus)
            picture = _kept(picture, shown, picture.arrows)
        return picture


def folded(overlay: Overlay, whole: Picture, part: Picture) -> Overlay:
    """Return an overlay for a part of a picture: states tell what is marked and left out in them.

    What came or went there is a change of the state, and what is faded or was never used there says
    nothing about it. Counts inside a state that has its own are for the tooltip.
    """
    if part is whole:
        return overlay
    shown = {thing for thing, _ in _things(part)}
    found: dict[str, list[Mark]] = {}
    for thing, holder in dict(_things(whole)).items():
        state = holder
        while state not in part.boxes:
            state = str(whole.boxes[state].parent)
        if thing not in shown and (state == holder or state != ROOT):
            marks = overlay.states.get(state, ())
            told = _told_at(overlay, thing, first_kind(marks), inside=state != holder)
            found.setdefault(state, [*marks]).extend(told)
    return evolve(overlay, states={**overlay.states, **{s: tuple(m) for s, m in found.items()}})


def _things(picture: Picture) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the states, lines and calls of a picture, each with the state that holds it."""

    def state(box: str) -> str:
        return box if picture.boxes[box].is_state else state(str(picture.boxes[box].parent))

    for box in picture.boxes.values():
        yield ("state", box.id), state(box.id)
        yield from ((of, state(box.id)) for of in map(part_of, box.behaviour) if of is not None)
    for arrow in picture.arrows:
        yield from ((("line", line), state(arrow.source)) for line in arrow.lines)


def _told_at(
    overlay: Overlay, thing: tuple[str, str], own: Kind | None, *, inside: bool
) -> Iterator[Mark]:
    """Yield the marks that a state has for a thing that is left out in it.

    Args:
        overlay: The marks of everything.
        thing: The sort and the id of the thing.
        own: The first kind of the marks that the state has anyway.
        inside: Whether the thing belongs to a state inside that one.
    """
    sort, name = thing
    marked = {"state": overlay.states, "line": overlay.lines, "call": overlay.calls}[sort]
    quiet = own is None or own in QUIET
    for mark in marked.get(name, ()):
        kind, note = mark.kind, mark.note
        if kind in QUIET or kind is Kind.ACTIVE or (kind in HEATED and inside and not quiet):
            continue
        if kind in HEATED and (inside or not quiet):
            kind, note = own if own and not quiet else kind, ""
        if kind in (Kind.ADDED, Kind.REMOVED):
            kind = Kind.CHANGED
        if kind is not Kind.CHANGED or own not in (Kind.ADDED, Kind.REMOVED):
            note = f"{name.rpartition('.')[2]}: {note}" if note and inside else note
            yield Mark(kind, note, f"{name}: {mark.told or mark.kind.value}")


def depth_for(picture: Picture, most: int = READABLE) -> tuple[int, int] | None:
    """Return the largest depth that shows no more states than fit, and how many it shows.

    None where even the outermost level has more.
    """
    levels = [
        _level(picture, box.id)
        for box in picture.boxes.values()
        if box.parent is not None and _counts(box)
    ]
    found = None
    for depth in range(1, max(levels, default=0) + 2):
        shown = sum(level < depth for level in levels)
        if shown <= most:
            found = (depth, shown)
    return found


def _level(picture: Picture, box: str) -> int:
    """Return how many states are around a box, the chart itself and what is added not counted."""
    around = picture.around(box)
    return sum(one != ROOT and picture.boxes[one].is_state for one in around)


def _shallow(picture: Picture, most: int, inside: str | None) -> set[str]:
    """Return the boxes with fewer states around them than a number.

    Args:
        picture: The picture.
        most: The number.
        inside: The state that alone is looked at; None for all.
    """
    return {
        box
        for box in picture.boxes
        if _level(picture, box) < most or (inside is not None and inside not in picture.around(box))
    }


def _around(picture: Picture, focus: str) -> Picture:
    """Return a state with what is inside it, around it, and one arrow away."""
    boxes = picture.boxes
    subtree = {box.id for box in boxes[focus].walk()}
    above = set(picture.around(focus))
    forks: set[str] = set()
    near: list[Arrow] = []
    for _ in range(2):  # a fork brings all its arrows
        near = [
            one for one in picture.arrows if {one.source, one.target} & (subtree | above | forks)
        ]
        ends = {end for one in near for end in (one.source, one.target)}
        forks = {end for end in ends if boxes[end].shape is Shape.FORK}
    near = [one for one in near if boxes[one.source].shape is not Shape.INITIAL]
    kept = subtree | above
    kept |= {end for one in near for end in (one.source, one.target)}
    kept |= {one for end in tuple(kept) for one in picture.around(end)}
    starts = [
        one
        for one in picture.arrows
        if boxes[one.source].shape is Shape.INITIAL
        and one.target in kept
        and boxes[one.source].parent in kept
    ]
    kept |= {one.source for one in starts}
    shown = {one.id for one in (*near, *starts)}
    return _kept(picture, kept, [one for one in picture.arrows if one.id in shown])


def _kept(picture: Picture, kept: set[str], arrows: Iterable[Arrow]) -> Picture:
    """Return a picture of some of its boxes, and of the boxes around these."""
    boxes = picture.boxes
    left_out = [box for box in boxes.values() if box.id not in kept and _counts(box)]

    def visible(box: str) -> str:
        while box not in kept:
            box = str(boxes[box].parent)
        return box

    arrows = tuple(arrows)
    left = {arrow.id for arrow in picture.arrows} - {arrow.id for arrow in arrows}
    ending = Counter[str]()
    for arrow in picture.arrows:
        ends = {visible(arrow.source), visible(arrow.target)}
        inside = len(ends) == 1 and not kept >= {arrow.source, arrow.target}
        if arrow.id in left and not inside and boxes[arrow.source].shape is not Shape.INITIAL:
            ending.update(ends)

    def shown(box: Box) -> Box:
        children = tuple(shown(child) for child in box.children if child.id in kept)
        gone = sum(
            _counts(inner)
            for child in box.children
            if child.id not in kept
            for inner in child.walk()
        )
        told = []
        if gone:
            folded = not any(map(_counts, children))
            text = count(gone, "state")
            told.append(f"… {text} inside" if folded else f"… and {text} more")
        if ending[box.id] and box.shape not in PSEUDO:
            told.append(f"… and {count(ending[box.id], 'arrow')} more")
        notes = [(Run(Role.INTERNAL, text),) for text in told]
        bare = gone and not children and box.shape in COMPOSITE and box.id != ROOT
        shape = Shape.STATE if bare else box.shape
        return evolve(box, shape=shape, children=children, behaviour=(*box.behaviour, *notes))

    merged: dict[tuple[str, str, bool], Arrow] = {}
    for arrow in arrows:
        source, target = visible(arrow.source), visible(arrow.target)
        if source == target and source != arrow.source:
            continue  # it goes on inside of what is left out
        if (source, target) != (arrow.source, arrow.target):
            name = f"{encoded(source)}:{encoded(target)}{'~local' if arrow.local else ''}"
            arrow = evolve(arrow, id=name, source=source, target=target)  # noqa: PLW2901
        before = merged.get((source, target, arrow.local))
        merged[source, target, arrow.local] = arrow if before is None else _one(before, arrow)
    return evolve(
        picture,
        root=shown(picture.root),
        arrows=tuple(merged.values()),
        left_out=picture.left_out + len(left_out),
    )


def _counts(box: Box) -> bool:
    """Tell whether a box is counted as a state."""
    return box.is_state and box.shape not in PSEUDO


def _one(first: Arrow, second: Arrow) -> Arrow:
    """Return one arrow that tells what two do."""
    return evolve(
        first,
        label=tuple(dict.fromkeys((*first.label, *second.label))),
        faults=tuple(dict.fromkeys((*first.faults, *second.faults))),
        lines=(*first.lines, *second.lines),
    )


def _brief(picture: Picture) -> Picture:
    """Return a picture without data, behaviour, guards and actions; faults stay."""

    def brief(box: Box) -> Box:
        lines = tuple(line for line in box.behaviour if any(run.role is Role.FAULT for run in line))
        children = tuple(map(brief, box.children))
        return evolve(box, data=(), behaviour=lines, children=children)

    arrows = tuple(evolve(one, label=_events(one.label)) for one in picture.arrows)
    return evolve(picture, root=brief(picture.root), arrows=arrows)


def _events(label: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the events of a label, each once; the whole label where it has none."""
    if not any(run.role is Role.TRIGGER for line in label for run in line):
        return label
    found = (
        tuple(evolve(run, text=_NAME.sub("", run.text)) for run in line if run.role in _WHOLE)
        for line in label
    )
    return tuple(dict.fromkeys(line for line in found if line))
