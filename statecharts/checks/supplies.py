"""Faults of data: fields that nothing supplies, or that are supplied with the wrong type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from statecharts.checks.places import fault, listed, place
from statecharts.model.chart import OnEvent, StateKind
from statecharts.model.errors import Fault
from statecharts.model.fields import Field, field_type, fields_of, fits, names_of, type_text
from statecharts.semantics.filling import Supply, supply, supply_call
from statecharts.semantics.transitions import EntrySet, Recall, domain, nothing_remembered
from statecharts.semantics.tree import Edge, Tree

Left = list[tuple[str, frozenset[str]]]


def supply_faults(tree: Tree) -> Iterator[Fault]:
    """Yield the faults of every entry that any transition, or the start, can make."""
    seen: set[tuple[str, str]] = set()
    for edge in _edges(tree):
        for recall in _recalls(tree, edge):
            for found in _entered(tree, edge, recall):
                key = (found.code, found.found)
                if key not in seen:
                    seen.add(key)
                    yield found
    yield from _begun(tree)


def _edges(tree: Tree) -> Iterator[Edge]:
    start = tree.defaults[0]
    if start is not None:
        yield start
    for outgoing in tree.outgoing:
        yield from outgoing


def _recalls(tree: Tree, edge: Edge) -> Iterator[Recall]:
    """Yield the memories to check a transition with: none, and each child of a history's parent."""
    yield nothing_remembered
    for target in edge.targets:
        if tree.kind(target) is StateKind.SHALLOW_HISTORY:
            for child in tree.children[tree.parent[target]]:
                yield _only(target, child)


def _only(history: int, child: int) -> Recall:
    """Return a memory in which one history state remembers one child."""
    return lambda asked: (child,) if asked == history else None


def _entered(tree: Tree, edge: Edge, recall: Recall) -> Iterator[Fault]:
    entry = EntrySet(tree, recall)
    entry.add(edge)
    transition = edge.transition
    for state in entry.states:
        made = transition.make is not None and edge.targets == (state,)
        yield from _called(tree, state, transition.trigger)
        if tree.data(state) is None or made or state in entry.restored:
            continue
        if isinstance(transition.trigger, OnEvent):
            for event in transition.trigger.events:
                yield from _filled(tree, edge, state, event, recall)
        else:
            yield from _filled(tree, edge, state, None, recall)


def _filled(
    tree: Tree, edge: Edge, state: int, event: type | str | None, recall: Recall
) -> Iterator[Fault]:
    chart, cls = tree.chart, tree.data(state)
    left, suppliers = _left(tree, edge, recall)
    offered = names_of(event) if isinstance(event, type) else frozenset[str]()
    missing: list[str] = []
    for field in () if cls is None else fields_of(cls):
        kind, key = supply(field, offered, left, names_of(chart.context))
        if kind is Supply.NOTHING and not isinstance(event, str):
            missing.append(field.name)
        giver: type | None = None
        if kind is Supply.EVENT and isinstance(event, type):
            giver = event
        elif kind is Supply.LEFT and key is not None:
            giver = suppliers.get(key)
        elif kind is Supply.CONTEXT:
            giver = chart.context
        if giver is not None:
            yield from _unfit(tree, edge, state, event, field, giver)
    if missing:
        yield _missing(tree, edge, state, event, missing)


def _begun(tree: Tree) -> Iterator[Fault]:
    """Yield the faults of the calls of the chart itself, which it makes at the start."""
    yield from _called(tree, 0, None)


def _called(tree: Tree, state: int, trigger: object) -> Iterator[Fault]:
    """Yield the faults of the calls that a state makes when it is entered."""
    node, chart = tree.nodes[state], tree.chart
    events = trigger.events if isinstance(trigger, OnEvent) else (None,)
    for call in node.invoke:
        if call.make is not None:
            continue
        cls: type = call.call
        for event in events:
            if isinstance(event, str):
                continue
            missing = [
                field.name
                for field in fields_of(cls)
                if supply_call(
                    field, names_of(event), names_of(node.data), names_of(chart.context)
                )[0]
                is Supply.NOTHING
            ]
            if missing:
                it = "it" if len(missing) == 1 else "them"
                entered = "" if event is None else f" entered by {event.__name__}"
                found = (
                    f"{node.id or 'the chart'}{entered} invokes {call.call.__name__}, "
                    f"which needs {listed(missing)}; nothing supplies {it}"
                )
                remedy = (
                    f"Add {it} to the state's data, give {it} a default, "
                    f"or pass invoke={{{call.call.__name__}: lambda m: …}}"
                )
                where = call.location or node.location
                yield fault(chart, "SC104", found, remedy, where)


def _missing(
    tree: Tree, edge: Edge, state: int, event: type | str | None, missing: list[str]
) -> Fault:
    goes = _goes(tree, edge, state, event)
    it = "it" if len(missing) == 1 else "them"
    found = f"{goes}, which needs {listed(missing)}"
    defaults = f"Give {it} a default"
    if isinstance(event, type):
        found += f"; {event.__name__} does not supply {it}"
        remedy = f"{defaults}, add {it} to {event.__name__}"
    else:
        found += f"; nothing supplies {it}"
        remedy = f"{defaults}, add {it} to the context"
    direct = edge.targets == (state,) and edge.source != 0
    remedy += ", or pass make=" if direct else ""
    return fault(tree.chart, "SC104", found, remedy, edge.transition.location)


def _unfit(
    tree: Tree, edge: Edge, state: int, event: type | str | None, field: Field, giver: type
) -> Iterator[Fault]:
    given: Any = field_type(giver, field.name)
    if field.converted or fits(given, field.annotation):
        return
    found = (
        f"{_goes(tree, edge, state, event)}, whose {field.name!r} is {field.type}; "
        f"{giver.__name__} supplies {type_text(given)}"
    )
    remedy = "Give both the same type, rename one of them, or pass make="
    yield fault(tree.chart, "SC117", found, remedy, edge.transition.location)


def _goes(tree: Tree, edge: Edge, state: int, event: type | str | None) -> str:
    """Say where a transition leads: to its target, by the short name when that is a sibling."""
    nodes = tree.nodes
    if edge.transition is nodes[0].default:
        return f"the start enters {nodes[state].id!r}"
    at = place(edge.transition, event)
    shown = [
        nodes[t].id.rpartition(".")[2]
        if tree.parent[t] == tree.parent[edge.source]
        else nodes[t].id
        for t in edge.targets
    ]
    if edge.targets == (state,):
        return f"{at} goes to {shown[0]!r}"
    return f"{at} goes to {listed(shown)} and enters {nodes[state].id!r}"


def _left(tree: Tree, edge: Edge, recall: Recall) -> tuple[Left, dict[str, type]]:
    """Return which fields the states being left supply for certain, innermost first.

    A transition of a superstate leaves one of several children: only what each of them has counts.
    """
    inside = domain(tree, edge, recall)
    if inside is None or edge.source in (0, inside):
        return [], {}
    line = [edge.source, *tree.ancestors(edge.source, inside)]
    below = _certain(tree, edge.source, whole=False)
    left: Left = [("", below)] if below else []
    suppliers: dict[str, type] = {}
    for state in line:
        cls = tree.data(state)
        if cls is not None:
            left.append((tree.nodes[state].id, names_of(cls)))
            suppliers[tree.nodes[state].id] = cls
    for state in line[1:]:
        if tree.kind(state) is StateKind.PARALLEL:
            beside = [
                region
                for region in tree.children[state]
                if region not in line and not tree.is_descendant(edge.source, region)
            ]
            left.extend((tree.nodes[r].id, _certain(tree, r, whole=True)) for r in beside)
    return left, suppliers


def _certain(tree: Tree, state: int, *, whole: bool) -> frozenset[str]:
    """Return the field names that an active state's subtree has whichever children are active."""
    own = names_of(tree.data(state)) if whole else frozenset[str]()
    inner = [_certain(tree, child, whole=True) for child in tree.children[state]]
    if tree.kind(state) is StateKind.PARALLEL:
        return own.union(*inner)
    return own | frozenset.intersection(*inner) if inner else own
