"""Notation: from a chart to a picture, in the symbols of UML.

This module alone reads the `Chart`; everything after it takes the picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, final

from attrs import evolve, field, frozen

from statecharts.checks.places import line_ids
from statecharts.drawing.labels import (
    call_lines,
    compartment_lines,
    data_lines,
    effect_lines,
    internal_lines,
    one_line,
    transition_lines,
)
from statecharts.drawing.marks import Marks, codes_text, mark_lines
from statecharts.drawing.model import (
    HISTORY_LETTERS,
    Arrow,
    Box,
    Line,
    Part,
    Picture,
    Role,
    Run,
    Shape,
    encoded,
    part_of,
)
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    Chart,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.errors import Fault

_SHAPES: Final = {
    StateKind.ATOMIC: Shape.STATE,
    StateKind.COMPOUND: Shape.COMPOSITE,
    StateKind.PARALLEL: Shape.PARALLEL,
    StateKind.FINAL: Shape.FINAL,
    StateKind.SHALLOW_HISTORY: Shape.HISTORY,
    StateKind.DEEP_HISTORY: Shape.DEEP_HISTORY,
}


def picture_of(chart: Chart, faults: Iterable[Fault] = ()) -> Picture:
    """Return the picture of a chart whose states form a tree.

    Args:
        chart: The chart. A target that it does not have gets a box of its own.
        faults: The faults to mark.
    """
    notation = _Notation(chart, Marks(chart, tuple(faults)))
    # Arrows come first: they say which boxes hold a fork, and which states are missing.
    arrows = tuple(notation.arrows())
    root, marked = notation.root(), notation.marks.faults
    return Picture(chart.name, chart.doc, root, arrows, chart.hash, marked)


def in_words(picture: Picture, arrows: Collection[str]) -> Picture:
    """Return a picture with some of its arrows, by id, as text in the states that they leave."""
    told: dict[str, list[Line]] = {}
    faults: dict[str, list[Fault]] = {}
    before = {arrow.target: arrow for arrow in picture.arrows}
    for arrow in picture.arrows:
        if arrow.id not in arrows:
            continue
        source, label = picture.boxes[arrow.source], arrow.label
        teller, runs = source.id, list[Run]()
        if source.shape is Shape.FORK:  # the state before it tells
            teller, label = before[source.id].source, before[source.id].label
        elif source.shape in HISTORY_LETTERS:  # the state around it tells
            teller = str(source.parent)
            runs.append(Run(Role.INTERNAL, f"{HISTORY_LETTERS[source.shape]} "))
        runs += label[-1] if label else ()
        ends = [arrow.target or picture.name]
        if picture.boxes[arrow.target].shape is Shape.FORK:
            ends = [one.target for one in picture.arrows if one.source == arrow.target]
        runs.append(Run(Role.ACTION, f" → {', '.join(ends)}"))
        lines = _told_by(compartment_lines(runs), part_of(runs))
        told.setdefault(teller, []).extend((*label[:-1], *lines))
        faults.setdefault(teller, []).extend(arrow.faults)

    def telling(box: Box) -> Box:
        lines = (*box.behaviour, *told.get(box.id, ()))
        marked = (*box.faults, *faults.get(box.id, ()))
        inside = tuple(map(telling, box.children))
        return evolve(box, behaviour=lines, children=inside, faults=marked)

    rest = tuple(arrow for arrow in picture.arrows if arrow.id not in arrows)
    return evolve(picture, root=telling(picture.root), arrows=rest)


def _kind(node: StateNode) -> StateKind:
    """Return the kind that a state is drawn as: with children, compound or parallel."""
    composite = node.kind in COMPOSITE or not (node.children or node.id == ROOT)
    return node.kind if composite else StateKind.COMPOUND


@final
@frozen
class _Merged:
    """The transitions that one arrow stands for."""

    location: str | None
    label: list[Line] = field(factory=list)
    faults: list[Fault] = field(factory=list)
    lines: list[str] = field(factory=list)


def _told_by(lines: Iterable[Line], of: Part | None) -> tuple[Line, ...]:
    """Return lines of text as those that tell a part of the chart."""
    return tuple(tuple(evolve(run, of=of) for run in line) for line in lines)


@final
@frozen
class _Notation:
    """A chart on its way to a picture; making the arrows finds forks and missing states."""

    chart: Chart
    marks: Marks
    forks: dict[str, list[str]] = field(factory=dict)
    missing: dict[str, list[Fault]] = field(factory=dict)

    def root(self) -> Box:
        """Return the chart itself; a parallel one gets a box for its regions."""
        node = self.chart.root
        behaviour = tuple(self._behaviour(node))
        children: tuple[Box, ...] = tuple(self._pseudo(node))
        regions = self.chart.children(ROOT)
        if _kind(node) is StateKind.PARALLEL:
            around = self._own_id("#regions")
            inside = tuple(self.box(region, around) for region in regions)
            whole = Box(around, Shape.PARALLEL, "", ROOT, (), behaviour, inside, is_state=False)
            children += (whole,)
            behaviour = ()
        else:
            children += tuple(map(self.box, regions))
        children += tuple(self._ghosts())
        name, data = one_line(self.chart.name), data_lines(self.chart.context)
        return Box(
            ROOT,
            Shape.COMPOSITE,
            name,
            None,
            data,
            behaviour,
            children,
            doc=node.doc,
            faults=self._faults(node),
            location=node.location,
        )

    def _ghosts(self) -> Iterator[Box]:
        """Yield a box for each target that the chart does not have."""
        for target, faults in self.missing.items():
            name, marked = one_line(target) or repr(target), mark_lines(codes_text(faults))
            yield Box(
                self._missing_id(target),
                Shape.STATE,
                name,
                ROOT,
                behaviour=marked,
                doc="There is no such state.",
                faults=tuple(faults),
                is_state=False,
            )

    def _own_id(self, name: str) -> str:
        """Return a name, lengthened until it is the id of no state of the chart."""
        while name in self.chart:
            name += "#"
        return name

    def _initial(self, parent: str) -> str:
        return self._own_id(f"{encoded(parent)}#initial")

    def box(self, node: StateNode, parent: str | None = None) -> Box:
        children = (*self._pseudo(node), *map(self.box, self.chart.children(node.id)))
        return Box(
            id=node.id,
            shape=_SHAPES[_kind(node)],
            name=one_line(node.name),
            parent=node.parent if parent is None else parent,
            data=data_lines(node.data),
            behaviour=tuple(self._behaviour(node)),
            children=children,
            doc=node.doc,
            faults=self._faults(node),
            location=node.location,
        )

    def _faults(self, node: StateNode) -> tuple[Fault, ...]:
        """Return the faults of a state and of its lines without an arrow."""
        hidden = (line for line in node.transitions if not self._is_arrow(line))
        inner = (fault for line in hidden for fault in self.marks.of_line(line))
        return (*self.marks.of_state(node.id), *inner)

    def _pseudo(self, node: StateNode) -> Iterator[Box]:
        if node.default is not None and _kind(node) is StateKind.COMPOUND:
            yield Box(self._initial(node.id), Shape.INITIAL, "", node.id, is_state=False)
        for fork in self.forks.get(node.id, ()):
            yield Box(fork, Shape.FORK, "", node.id, is_state=False)

    def _behaviour(self, node: StateNode) -> Iterator[Line]:
        yield from effect_lines(Role.ENTRY, node.entry)
        yield from effect_lines(Role.EXIT, node.exit)
        for call in node.invoke:
            yield from _told_by(call_lines(call), ("call", node.call_name(call)))
        for transition in node.transitions:
            if not self._is_arrow(transition):
                names = ", ".join(target or self.chart.name for target in transition.targets)
                lines = internal_lines(transition, f" → {one_line(names)}" if names else "")
                yield from _told_by(lines, ("line", self._name(transition)))
                yield from mark_lines(self.marks.text_of_line(transition))
        yield from mark_lines(self.marks.text_of_state(node.id))

    def _name(self, transition: Transition) -> str:
        return line_ids(self.chart)[id(transition)]

    def _is_arrow(self, transition: Transition) -> bool:
        return bool(transition.targets) and not self._undrawable(transition)

    def _undrawable(self, transition: Transition) -> bool:
        """Whether there is no room for an arrow.

        It would go from a parallel state to its own regions, or from the chart around the chart.
        """
        source, targets = self.chart[transition.source], set(transition.targets)
        regions = _kind(source) is StateKind.PARALLEL and targets <= set(source.children)
        return regions or (source.id == ROOT and targets == {ROOT})

    def arrows(self) -> Iterator[Arrow]:
        for node in self.chart.nodes.values():
            kind = _kind(node)
            if node.default is not None and (kind is StateKind.COMPOUND or kind in HISTORY):
                compound = kind is StateKind.COMPOUND
                pseudo = self._initial(node.id) if compound else node.id
                name = pseudo if compound else f"{encoded(pseudo)}~default"
                label, faults = transition_lines(node.default), self.marks.of_state(node.id)
                for target in dict.fromkeys(node.default.targets):
                    end = self._end(target, faults)
                    yield Arrow(f"{name}:{encoded(target)}", pseudo, end, label)
                    label = ()
            yield from self._outgoing(node)

    def _outgoing(self, node: StateNode) -> Iterator[Arrow]:
        merged: dict[tuple[tuple[str, ...], bool], _Merged] = {}
        for transition in node.transitions:
            if self._is_arrow(transition):
                internal = transition.kind is TransitionKind.INTERNAL
                targets = tuple(dict.fromkeys(transition.targets))
                local = internal and targets != (node.id,)
                one = merged.setdefault((targets, local), _Merged(transition.location))
                name = self._name(transition)
                one.label.extend(_told_by(transition_lines(transition), ("line", name)))
                one.label.extend(mark_lines(self.marks.text_of_line(transition)))
                one.faults.extend(self.marks.of_line(transition))
                one.lines.append(name)
        whole = node.id == ROOT and _kind(node) is StateKind.PARALLEL
        source = self._own_id("#regions") if whole else node.id
        for (targets, local), one in merged.items():
            name = ":".join(map(encoded, (node.id, *targets))) + ("~local" if local else "")
            told, lines, place = tuple(one.faults), tuple(one.lines), one.location
            ends = [self._end(target, told) for target in targets]
            if len(ends) == 1:
                yield Arrow(name, source, ends[0], tuple(one.label), local, told, lines, place)
                continue
            fork = self._own_id(f"#{name}")
            self.forks.setdefault(self._fork_parent(node.id, targets), []).append(fork)
            yield Arrow(name, source, fork, tuple(one.label), local, told, lines, place)
            for target, end in zip(targets, ends, strict=True):
                onwards = f"{fork}:{encoded(target)}"
                yield Arrow(onwards, fork, end, faults=told, lines=lines, location=place)

    def _end(self, target: str, faults: Iterable[Fault]) -> str:
        """Return the box of a target; a missing one collects the faults of the arrows to it."""
        if target in self.chart:
            return target
        told = (fault for fault in faults if fault.code == "SC101")
        self.missing.setdefault(target, []).extend(told)
        return self._missing_id(target)

    def _missing_id(self, target: str) -> str:
        """Return the id of the box of a state that the chart does not have."""
        return self._own_id(f"{encoded(target)}#missing")

    def _fork_parent(self, source: str, targets: tuple[str, ...]) -> str:
        """Return the state that a fork is drawn in: the one around the source and all targets."""
        holders = [
            [node.id for node in self.chart.ancestors(state)]
            for state in targets
            if state in self.chart
        ]
        for node in self.chart.ancestors(source) or (self.chart.root,):
            everywhere = all(node.id in held for held in holders)
            if everywhere and _kind(node) is not StateKind.PARALLEL:
                return node.id
        return ROOT
