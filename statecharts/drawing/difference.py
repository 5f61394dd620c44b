"""Difference: two versions of a chart in one picture, with what was added, removed and changed."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from statecharts.drawing.overlay import Kind, Mark, Overlay, Source
from statecharts.model.chart import ROOT, Chart, StateNode, Transition, as_chart
from statecharts.model.fields import fields_of
from statecharts.model.labels import call_text, hooks_text, transition_label

_LEGEND = (Mark(Kind.ADDED, "added"), Mark(Kind.REMOVED, "removed"), Mark(Kind.CHANGED, "changed"))


def difference(old: Source, new: Source) -> tuple[Chart, Overlay]:
    """Return a chart with the states and lines of both, and the overlay that tells them apart.

    States are the same by their ids, lines by source, targets and trigger, or by name. What only
    ``old`` has comes after its neighbours there. The chart is for a picture; it does not run.

    >>> from machines.pipeline import Pipeline
    >>> both, marks = difference(Pipeline.chart, Pipeline.chart)
    >>> both == Pipeline.chart, marks
    (True, Overlay(states={}, lines={}, calls={}, legend=()))
    """
    old, new = as_chart(old, "difference"), as_chart(new, "difference")
    states: dict[str, tuple[Mark, ...]] = {}
    told: dict[int, tuple[Mark, ...]] = {}
    nodes: dict[str, StateNode] = {}
    for state in dict.fromkeys((*new.nodes, *old.nodes)):
        before, now = old.nodes.get(state), new.nodes.get(state)
        node = now or before
        assert node is not None  # noqa: S101 - it is in one of them
        lines = tuple(_lines(old, new, state, told))
        if before is None or now is None:
            kind = Kind.ADDED if before is None else Kind.REMOVED
            states[state] = (Mark(kind, "", kind.value.capitalize()),)
        else:
            said = "; ".join(_changes(before, now))
            if said:
                states[state] = (Mark(Kind.CHANGED, "", f"Changed: {said}"),)
            node = evolve(now, children=_children(before, now))
        nodes[state] = evolve(node, transitions=lines)
    both = evolve(new, root=nodes[ROOT], states=tuple(_ordered(nodes, ROOT)))
    marked = {name: told[id(line)] for name, line in both.lines.items() if id(line) in told}
    kinds = {mark.kind for marks in (*states.values(), *marked.values()) for mark in marks}
    return both, Overlay(states, marked, legend=tuple(m for m in _LEGEND if m.kind in kinds))


def _ordered(nodes: dict[str, StateNode], state: str) -> Iterator[StateNode]:
    """Yield the states inside a state in document order."""
    for child in nodes[state].children:
        yield nodes[child]
        yield from _ordered(nodes, child)


def _children(before: StateNode, now: StateNode) -> tuple[str, ...]:
    """Return the children of both, those that are gone behind those that they followed."""
    found = list(now.children)
    for number, child in enumerate(before.children):
        if child not in found:
            earlier = [one for one in before.children[:number] if one in found]
            found.insert(found.index(earlier[-1]) + 1 if earlier else 0, child)
    return tuple(found)


def _lines(
    old: Chart, new: Chart, state: str, told: dict[int, tuple[Mark, ...]]
) -> Iterator[Transition]:
    """Yield the lines of a state in both charts, and tell of each what became of it."""
    first, nows = _own(old, state), _own(new, state)
    for name, line in nows.items():
        earlier = first.get(name)
        moved = earlier is not None and earlier.targets != line.targets
        if earlier is None or moved:
            told[id(line)] = (Mark(Kind.ADDED, "", "Added"),)
        elif _says(earlier) != _says(line):
            was = transition_label(earlier) or "without a label"
            told[id(line)] = (Mark(Kind.CHANGED, "", f"Changed; it was: {was}"),)
        yield line
    for name, line in first.items():
        if name not in nows or nows[name].targets != line.targets:
            gone = evolve(line, name="")  # its name may go on, with another target
            told[id(gone)] = (Mark(Kind.REMOVED, "", "Removed"),)
            yield gone


def _own(chart: Chart, state: str) -> dict[str, Transition]:
    return {name: line for name, line in chart.lines.items() if line.source == state}


def _says(line: Transition) -> tuple[object, ...]:
    """Return what people see of a line."""
    return (transition_label(line), line.kind, None if line.make is None else line.make.name)


def _changes(before: StateNode, now: StateNode) -> Iterator[str]:
    """Yield what is different about a state, without its lines and children."""
    if before.kind is not now.kind:
        yield f"{before.kind.value} is now {now.kind.value}"
    if before.initial != now.initial:
        yield f"its initial state was {', '.join(before.initial) or 'not set'}"
    fields, others = _fields(before), _fields(now)
    for name in dict.fromkeys((*fields, *others)):
        was, is_now = fields.get(name), others.get(name)
        if was != is_now:
            yield f"data {name}: {was or 'new'} → {is_now or 'gone'}"
    for what in ("entry", "exit"):
        was, is_now = hooks_text(getattr(before, what)), hooks_text(getattr(now, what))
        if was != is_now:
            yield f"{what}: {was or 'nothing'} → {is_now or 'nothing'}"
    calls, later = ([call_text(one) for one in node.invoke] for node in (before, now))
    if calls != later:
        yield f"calls: {', '.join(calls) or 'none'} → {', '.join(later) or 'none'}"


def _fields(node: StateNode) -> dict[str, str]:
    return {} if node.data is None else {one.name: one.type for one in fields_of(node.data)}
