"""Notation: what UML shows of a chart, and as what.

The only reader of `Chart` in this package; everything after it sees the neutral model alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from attrs import field, frozen

from diagrams.labels import data_lines, effect_lines, internal_lines, one_line, transition_lines
from diagrams.model import Arrow, Box, Line, Picture, Role, Shape
from statecharts.chart import (
    COMPOSITE,
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


def picture_of(chart: Chart, active: frozenset[str] = frozenset()) -> Picture:
    """Return what is to be seen of a chart, with the states in ``active`` highlighted."""
    drawing = _Reading(chart, active)
    arrows = tuple(drawing.arrows())
    return Picture(chart.name, chart.doc, drawing.box(chart.root), arrows, chart.hash)


def initial_id(parent: str) -> str:
    """Return the id of the filled dot in a compound state."""
    return f"{parent}#initial"


@final
@frozen
class _Reading:
    """One reading of a chart; forks are found while arrows are made, then drawn as boxes."""

    chart: Chart
    active: frozenset[str]
    forks: dict[str, list[str]] = field(factory=dict)

    def box(self, node: StateNode) -> Box:
        return Box(
            id=node.id,
            shape=Shape.COMPOSITE if node.id == ROOT else _SHAPES[node.kind],
            name=one_line(self.chart.name if node.id == ROOT else node.name),
            parent=node.parent,
            data=data_lines(self.chart.context if node.id == ROOT else node.data),
            behaviour=tuple(self._behaviour(node)),
            children=tuple(self._children(node)),
            active=node.id in self.active,
            doc=node.doc,
        )

    def _children(self, node: StateNode) -> Iterator[Box]:
        if node.default is not None and node.kind in COMPOSITE:
            yield Box(initial_id(node.id), Shape.INITIAL, "", node.id)
        for fork in self.forks.get(node.id, ()):
            yield Box(fork, Shape.FORK, "", node.id)
        for child in self.chart.children(node.id):
            yield self.box(child)

    def _behaviour(self, node: StateNode) -> Iterator[Line]:
        yield from effect_lines(Role.ENTRY, node.entry)
        yield from effect_lines(Role.EXIT, node.exit)
        for transition in node.transitions:
            if not transition.targets:
                yield from internal_lines(transition)
            elif self._undrawable(transition):
                yield from internal_lines(transition, " → " + ", ".join(transition.targets))

    def _undrawable(self, transition: Transition) -> bool:
        """Whether an arrow has no room: from a parallel state to one of its own regions."""
        source = self.chart[transition.source]
        return source.kind is StateKind.PARALLEL and set(transition.targets) <= set(source.children)

    def arrows(self) -> Iterator[Arrow]:
        for node in self.chart.nodes.values():
            if node.default is not None:
                pseudo = initial_id(node.id) if node.kind in COMPOSITE else node.id
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
        for number, ((targets, local), lines) in enumerate(merged.items(), start=1):
            name = f"{node.id}-{number}"
            if len(targets) == 1:
                yield Arrow(name, node.id, targets[0], tuple(lines), local)
                continue
            fork = f"{node.id}#fork{number}"
            self.forks.setdefault(self._place(node.id, targets), []).append(fork)
            yield Arrow(name, node.id, fork, tuple(lines), local)
            for part, target in enumerate(targets, start=1):
                yield Arrow(f"{name}-{part}", fork, target)

    def _place(self, source: str, targets: tuple[str, ...]) -> str:
        """Return the state that a fork is drawn in: it holds the source and all targets."""
        holders = [[node.id for node in self.chart.ancestors(state)] for state in targets]
        for node in self.chart.ancestors(source) or (self.chart.root,):
            everywhere = all(node.id in held for held in holders)
            if everywhere and node.kind is not StateKind.PARALLEL:
                return node.id
        return ROOT
