"""Difference: two versions of a chart in one picture, with what was added, removed and changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve

from statecharts.checks import spare
from statecharts.drawing.overlay import Kind, Mark, Overlay, Source, says
from statecharts.model.chart import (
    COMPOSITE,
    ROOT,
    Chart,
    Default,
    StateNode,
    Transition,
    as_chart,
)
from statecharts.model.events import matches_kind
from statecharts.model.fields import fields_of
from statecharts.model.labels import call_text, hooks_text, transition_label

_LEGEND = (Mark(Kind.ADDED, "added"), Mark(Kind.REMOVED, "removed"), Mark(Kind.CHANGED, "changed"))


def difference(old: Source, new: Source) -> tuple[Chart, Overlay]:
    """Return a chart with the states and lines of both, and the overlay that tells them apart.

    States are the same by their ids, lines by source, targets and trigger, or by name; of several
    such lines, those that say the same. What only ``old`` has comes after its neighbours there. The
    chart is for a picture; it does not run.

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
        lines = _lines(before, now, told)
        if before is None or now is None:
            kind = Kind.ADDED if before is None else Kind.REMOVED
            states[state] = (Mark(kind, "", kind.value.capitalize()),)
        else:
            said = [*_changes(before, now)]
            if state == ROOT:
                said += _changed_fields("context", old.context, new.context)
            if said:
                states[state] = (Mark(Kind.CHANGED, "", f"Changed: {'; '.join(said)}"),)
            node = _holding(before, now, new)
        nodes[state] = evolve(node, transitions=lines)
    both = evolve(new, root=nodes[ROOT], states=tuple(_ordered(nodes, ROOT)))
    spare(both, old, new)
    marked = {name: told[id(line)] for name, line in both.lines.items() if id(line) in told}
    kinds = {mark.kind for marks in (*states.values(), *marked.values()) for mark in marks}
    return both, Overlay(states, marked, legend=tuple(m for m in _LEGEND if m.kind in kinds))


def _ordered(nodes: dict[str, StateNode], state: str) -> Iterator[StateNode]:
    """Yield the states inside a state in document order."""
    for child in nodes[state].children:
        yield nodes[child]
        yield from _ordered(nodes, child)


def _holding(before: StateNode, now: StateNode, new: Chart) -> StateNode:
    """Return a state with the children of both, those that are gone behind what they followed.

    Where only its old kind can have children, it is shown as that.
    """
    found = list(now.children)
    for number, child in enumerate(before.children):
        if child not in new:
            earlier = [one for one in before.children[:number] if one in found]
            found.insert(found.index(earlier[-1]) + 1 if earlier else 0, child)
    if found and now.kind not in COMPOSITE:
        return evolve(now, children=tuple(found), kind=before.kind, default=before.default)
    return evolve(now, children=tuple(found))


def _lines(
    before: StateNode | None, now: StateNode | None, told: dict[int, tuple[Mark, ...]]
) -> tuple[Transition, ...]:
    """Return the lines of a state in both charts, and tell of each what became of it."""
    olds, nows = (() if node is None else node.transitions for node in (before, now))
    pairs = _pairs(olds, nows)
    for number, line in enumerate(nows):
        if number not in pairs:
            told[id(line)] = (Mark(Kind.ADDED, "", "Added"),)
            continue
        earlier = olds[pairs[number]]
        said = [*_overtaken(number, nows, pairs)]
        if says(earlier) != says(line):
            said.insert(0, f"it was: {transition_label(earlier) or 'without a label'}")
        if said:
            told[id(line)] = (Mark(Kind.CHANGED, "", f"Changed; {'; '.join(said)}"),)
    # The name of a line that is gone may go on, with another target.
    gone = [evolve(one, name="") for i, one in enumerate(olds) if i not in pairs.values()]
    told.update((id(line), (Mark(Kind.REMOVED, "", "Removed"),)) for line in gone)
    return (*nows, *gone)


def _pairs(olds: Sequence[Transition], nows: Sequence[Transition]) -> dict[int, int]:
    """Return which line was which before, by their places: those that say the same come first."""
    found: dict[int, int] = {}
    for same in (says, lambda _: None):
        taken = set(found.values())
        free: dict[object, list[int]] = {}
        for place, old in enumerate(olds):
            if place not in taken:
                free.setdefault((old.id, old.targets, same(old)), []).append(place)
        for number, line in enumerate(nows):
            places = free.get((line.id, line.targets, same(line)))
            if places and number not in found:
                found[number] = places.pop(0)
    return found


def _overtaken(number: int, nows: Sequence[Transition], pairs: dict[int, int]) -> Iterator[str]:
    """Yield the lines on the same event that a line is now asked before, or after."""
    for other, place in pairs.items():
        if (number < other) != (pairs[number] < place) and _compete(nows[number], nows[other]):
            what = transition_label(nows[other]) or "the line"
            where = f"{what} → {', '.join(nows[other].targets) or 'stays'}"
            yield f"now asked {'before' if number < other else 'after'} {where}"


def _compete(one: Transition, other: Transition) -> bool:
    """Tell whether one event may be for both lines, so that their order decides."""
    if not (one.events or other.events):
        return one.trigger == other.trigger
    pairs = [(a, b) for a in one.events for b in other.events]
    return any(matches_kind(a, b) or matches_kind(b, a) for a, b in pairs)


def _changes(before: StateNode, now: StateNode) -> Iterator[str]:
    """Yield what is different about a state, without its lines and children."""
    if before.kind is not now.kind:
        yield f"{before.kind.value} is now {now.kind.value}"
    if before.initial != now.initial:
        yield f"its initial state was {', '.join(before.initial) or 'not set'}"
    nothing = Transition(now.id, Default())
    first, later = before.default or nothing, now.default or nothing
    if says(first) != says(later):
        texts = (transition_label(one) or "nothing" for one in (first, later))
        yield f"on its initial transition: {' → '.join(texts)}"
    yield from _changed_fields("data", before.data, now.data)
    for what in ("entry", "exit"):
        was, is_now = hooks_text(getattr(before, what)), hooks_text(getattr(now, what))
        if was != is_now:
            yield f"{what}: {was or 'nothing'} → {is_now or 'nothing'}"
    calls, others = ([call_text(one) for one in node.invoke] for node in (before, now))
    if calls != others:
        yield f"calls: {', '.join(calls) or 'none'} → {', '.join(others) or 'none'}"


def _changed_fields(what: str, before: Any, now: Any) -> Iterator[str]:
    """Yield how a class of data differs from the one before: field by field, else by its name."""
    fields, others = (
        {} if cls is None else {one.name: one.type for one in fields_of(cls)}
        for cls in (before, now)
    )
    for name in dict.fromkeys((*fields, *others)):
        was, is_now = fields.get(name), others.get(name)
        if was != is_now:
            yield f"{what} {name}: {was or 'new'} → {is_now or 'gone'}"
    names = ["none" if cls is None else cls.__name__ for cls in (before, now)]
    if fields == others and names[0] != names[1]:
        yield f"{what}: {' → '.join(names)}"
