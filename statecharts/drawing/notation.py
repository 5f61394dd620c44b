"""Notation: from a chart to a picture, in the symbols of UML.

This module alone reads the `Chart`; everything after it takes the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from attrs import field, frozen

from statecharts.drawing.labels import (
    call_lines,
    data_lines,
    effect_lines,
    internal_lines,
    one_line,
    transition_lines,
)
from statecharts.drawing.model import Arrow, Box, Line, Picture, Role, Shape
from statecharts.model.chart import (
    ROOT,
    Chart,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)

_SHAPES: Final = {
    StateKind.ATOMIC: Shape.STATE,
    StateKind.COMPOUND: Shape.COMPOSITE,
    StateKind.PARALLEL: Shape.PARALLEL,
    StateKind.FINAL: Shape.FINAL,
    StateKind.SHALLOW_HISTORY: Shape.HISTORY,
    StateKind.DEEP_HISTORY: Shape.DEEP_HISTORY,
}


REGIONS: Final = "#regions"
"""Id of the box that holds the regions of a chart that is itself parallel."""


def picture_of(chart: Chart, active: frozenset[str] = frozenset()) -> Picture:
    """Return the picture of a chart, with the states in ``active`` highlighted."""
    notation = _Notation(chart, active)
    # Arrows come first: they say which boxes hold a fork.
    arrows = tuple(notation.arrows())
    return Picture(chart.name, chart.doc, notation.root(), arrows, chart.hash)


def initial_id(parent: str) -> str:
    """Return the id of the filled dot in a compound state."""
    return f"{parent}#initial"


@final
@frozen
class _Notation:
    """A chart on its way to a picture; making the arrows finds the forks, which become boxes."""

    chart: Chart
    active: frozenset[str]
    forks: dict[str, list[str]] = field(factory=dict)

    def root(self) -> Box:
        """Return the chart itself; a parallel one gets a box for its regions."""
        node = self.chart.root
        behaviour = tuple(self._behaviour(node))
        children: tuple[Box, ...] = tuple(self._pseudo(node))
        regions = self.chart.children(ROOT)
        if node.kind is StateKind.PARALLEL:
            inside = tuple(self.box(region, REGIONS) for region in regions)
            children += (Box(REGIONS, Shape.PARALLEL, "", ROOT, (), behaviour, inside),)
            behaviour = ()
        else:
            children += tuple(map(self.box, regions))
        name, data = one_line(self.chart.name), data_lines(self.chart.context)
        return Box(ROOT, Shape.COMPOSITE, name, None, data, behaviour, children, doc=node.doc)

    def box(self, node: StateNode, parent: str | None = None) -> Box:
        children = (*self._pseudo(node), *map(self.box, self.chart.children(node.id)))
        return Box(
            id=node.id,
            shape=_SHAPES[node.kind],
            name=one_line(node.name),
            parent=node.parent if parent is None else parent,
            data=data_lines(node.data),
            behaviour=tuple(self._behaviour(node)),
            children=children,
            active=node.id in self.active,
            doc=node.doc,
        )

    def _pseudo(self, node: StateNode) -> Iterator[Box]:
        if node.default is not None and node.kind is StateKind.COMPOUND:
            yield Box(initial_id(node.id), Shape.INITIAL, "", node.id)
        for fork in self.forks.get(node.id, ()):
            yield Box(fork, Shape.FORK, "", node.id)

    def _behaviour(self, node: StateNode) -> Iterator[Line]:
        yield from effect_lines(Role.ENTRY, node.entry)
        yield from effect_lines(Role.EXIT, node.exit)
        for call in node.invoke:
            yield from call_lines(call)
        for transition in node.transitions:
            if not transition.targets:
                yield from internal_lines(transition)
            elif self._undrawable(transition):
                yield from internal_lines(transition, " → " + ", ".join(transition.targets))

    def _undrawable(self, transition: Transition) -> bool:
        """Whether there is no room for an arrow: from a parallel state to its own regions."""
        source = self.chart[transition.source]
        return source.kind is StateKind.PARALLEL and set(transition.targets) <= set(source.children)

    def arrows(self) -> Iterator[Arrow]:
        for node in self.chart.nodes.values():
            if node.default is not None and node.kind is not StateKind.PARALLEL:
                pseudo = initial_id(node.id) if node.kind is StateKind.COMPOUND else node.id
                label = transition_lines(node.default)
                for number, target in enumerate(node.default.targets):
                    yield Arrow(f"{pseudo}-{number}", pseudo, target, () if number else label)
            yield from self._outgoing(node)

    def _outgoing(self, node: StateNode) -> Iterator[Arrow]:
        merged: dict[tuple[tuple[str, ...], bool], list[Line]] = {}
        for transition in node.transitions:
            if transition.targets and not self._undrawable(transition):
                internal = transition.kind is TransitionKind.INTERNAL
                local = internal and transition.targets != (node.id,)
                lines = merged.setdefault((transition.targets, local), [])
                lines.extend(transition_lines(transition))
        whole = node.id == ROOT and node.kind is StateKind.PARALLEL
        source = REGIONS if whole else node.id
        for number, ((targets, local), lines) in enumerate(merged.items(), start=1):
            name = f"{node.id}-{number}"
            if len(targets) == 1:
                yield Arrow(name, source, targets[0], tuple(lines), local)
                continue
            fork = f"{node.id}#fork{number}"
            self.forks.setdefault(self._fork_parent(node.id, targets), []).append(fork)
            yield Arrow(name, source, fork, tuple(lines), local)
            for part, target in enumerate(targets, start=1):
                yield Arrow(f"{name}-{part}", fork, target)

    def _fork_parent(self, source: str, targets: tuple[str, ...]) -> str:
        """Return the state that a fork is drawn in: the one around the source and all targets."""
        holders = [[node.id for node in self.chart.ancestors(state)] for state in targets]
        for node in self.chart.ancestors(source) or (self.chart.root,):
            everywhere = all(node.id in held for held in holders)
            if everywhere and node.kind is not StateKind.PARALLEL:
                return node.id
        return ROOT
