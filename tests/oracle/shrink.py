"""Makes a failing chart small: leaves things out while it still fails."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from statecharts.model.chart import HISTORY, Chart, StateKind, StateNode, Transition
from statecharts.model.hooks import Hook
from tests.oracle.compare import RUNAWAY, MakeSubject, Mismatch, expected_results, find_mismatch
from tests.oracle.structure import Document
from tests.oracle.validity import faults
from tests.oracle.vocabulary import In, Not

LIVELY = 100
"""Microsteps past which a smaller chart is taken to run away, which would hide the difference."""


def shrink(mismatch: Mismatch, make: MakeSubject) -> Mismatch:
    """Return a mismatch that is as small as leaving things out one at a time makes it."""
    smallest = mismatch
    endless = RUNAWAY in mismatch.expected
    while True:
        for chart, events in _smaller(smallest):
            if faults(chart):
                continue
            if not endless and RUNAWAY in expected_results(chart, events, bound=LIVELY):
                continue
            found = find_mismatch(chart, events, make)
            if found is not None:
                smallest = found
                break
        else:
            return smallest


def _smaller(mismatch: Mismatch) -> Iterator[tuple[Chart, tuple[object, ...]]]:
    events = mismatch.events
    for n in range(len(events)):
        yield mismatch.chart, events[:n] + events[n + 1 :]
    for chart in _smaller_charts(mismatch.chart):
        yield chart, events


def _smaller_charts(chart: Chart) -> Iterator[Chart]:
    for node in chart.states:
        if node.children:
            yield _without(chart, frozenset(node.children))
        yield _without(chart, frozenset({node.id}))
    for node in chart.states:
        for n, transition in enumerate(node.transitions):
            before, after = node.transitions[:n], node.transitions[n + 1 :]
            yield _replace(chart, evolve(node, transitions=before + after))
            for simpler in _simpler(transition):
                yield _replace(chart, evolve(node, transitions=(*before, simpler, *after)))
        if node.default is not None:
            for simpler in _simpler(node.default):
                yield _replace(chart, evolve(node, default=simpler))
        if node.entry:
            yield _replace(chart, evolve(node, entry=()))
        if node.exit:
            yield _replace(chart, evolve(node, exit=()))
        for n in range(len(node.invoke)):
            yield _replace(chart, evolve(node, invoke=node.invoke[:n] + node.invoke[n + 1 :]))


def _simpler(transition: Transition) -> Iterator[Transition]:
    if transition.guard is not None:
        yield evolve(transition, guard=None)
    if transition.update is not None:
        yield evolve(transition, update=None)
    if transition.emit:
        yield evolve(transition, emit=transition.emit[1:])
    if len(transition.targets) > 1:
        for target in transition.targets:
            yield evolve(transition, targets=tuple(t for t in transition.targets if t != target))


def _replace(chart: Chart, changed: StateNode) -> Chart:
    states = tuple(changed if node.id == changed.id else node for node in chart.states)
    return evolve(chart, states=states)


def _without(chart: Chart, tops: frozenset[str]) -> Chart:
    """Leave out states with all that is inside them, and mend what pointed at them."""
    document = Document(chart)
    gone = {
        node.id
        for node in chart.states
        if node.id in tops or any(document.is_descendant(node.id, top) for top in tops)
    }
    bare = {node.id for node in chart.states if set(document.get_child_states(node.id)) <= gone}
    gone |= {h for node in chart.states if node.id in bare for h in node.children}
    states = [_mended(document, node, gone) for node in chart.states if node.id not in gone]
    return evolve(chart, root=_mended(document, chart.root, gone), states=tuple(states))


def _mended(document: Document, node: StateNode, gone: set[str]) -> StateNode:
    children = tuple(child for child in node.children if child not in gone)
    transitions = tuple(_without_targets(t, gone) for t in node.transitions)
    kind, default = node.kind, node.default
    if node.children and not children:
        kind, default = StateKind.ATOMIC, None
    if default is not None:
        scope = (document.parents[node.id] or "") if node.kind in HISTORY else node.id
        first = [s for s in document.get_child_states(scope) if s not in gone][:1]
        targets = tuple(t for t in default.targets if t not in gone)
        default = evolve(default, targets=targets or tuple(first))
    return evolve(
        node,
        kind=kind,
        children=children,
        default=default,
        transitions=tuple(t for t in transitions if t is not None),
    )


def _without_targets(transition: Transition, gone: set[str]) -> Transition | None:
    targets = tuple(t for t in transition.targets if t not in gone)
    guard = None if _asks_for(transition.guard, gone) else transition.guard
    return (
        None
        if transition.targets and not targets
        else evolve(transition, targets=targets, guard=guard)
    )


def _asks_for(guard: Hook | None, gone: set[str]) -> bool:
    function = None if guard is None else guard.function
    if isinstance(function, Not):
        function = function.guard
    return isinstance(function, In) and function.state in gone
