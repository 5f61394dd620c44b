"""Faults of data: fields that nothing supplies, or that are supplied with the wrong type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from statecharts.checks.places import fault, listed, place
from statecharts.model.chart import Default, OnEvent, StateKind
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
    yield from _called(tree, 0, None)  # the calls of the chart itself, made at the start


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
    carrying = any(tree.data(state) is not None for state in entry.states)
    left = _left(tree, edge, recall) if carrying else []
    for state in entry.states:
        made = transition.make is not None and edge.targets == (state,)
        yield from _called(tree, state, transition.trigger)
        if tree.data(state) is None or made or state in entry.restored:
            continue
        if isinstance(transition.trigger, OnEvent):
            for event in transition.trigger.events:
                yield from _unsupplied(tree, edge, state, event, left)
                yield from _unfits(tree, edge, state, event, recall)
                for kind in _kinds(tree, event):
                    yield from _unfits(tree, edge, state, kind, recall)
        else:
            yield from _unsupplied(tree, edge, state, None, left)
            yield from _unfits(tree, edge, state, None, recall)


def _kinds(tree: Tree, event: type | str) -> Iterator[type]:
    """Yield the events of the chart that are special kinds of an event."""
    for known in tree.chart.events:
        if isinstance(event, type) and known.cls is not None and known.cls is not event:
            if issubclass(known.cls, event):
                yield known.cls


def _unsupplied(
    tree: Tree, edge: Edge, state: int, event: type | str | None, left: Left
) -> Iterator[Fault]:
    """Yield the fault of a state whose data has fields that nothing supplies."""
    if isinstance(event, str):
        return  # a named event may have any payload
    cls, context = tree.data(state), names_of(tree.chart.context)
    offered = names_of(event)
    missing = [
        field.name
        for field in (() if cls is None else fields_of(cls))
        if supply(field, offered, left, context)[0] is Supply.NOTHING
    ]
    if missing:
        yield _missing(tree, edge, state, event, missing)


def _unfits(
    tree: Tree, edge: Edge, state: int, event: type | str | None, recall: Recall
) -> Iterator[Fault]:
    """Yield the fields of a state that something may supply with a wrong type."""
    cls = tree.data(state)
    for field in () if cls is None else fields_of(cls):
        for giver in dict.fromkeys(_givers(tree, edge, event, field, recall)):
            yield from _unfit(tree, edge, state, event, field, giver)


def _givers(
    tree: Tree, edge: Edge, event: type | str | None, field: Field, recall: Recall
) -> list[type]:
    """Return the classes that may supply a field: of what is active, only the innermost does."""
    name = field.name
    if field.occurred:
        return []
    if isinstance(event, type) and name in names_of(event):
        return [event]
    found: list[type] = []
    inside = _leaves(tree, edge, recall)
    if inside is not None:
        found += _inner(tree, edge.source, name)
        if name in _certain(tree, edge.source, whole=False):
            return found
        for state in _line(tree, edge, inside):
            cls = tree.data(state)
            if cls is not None and name in names_of(cls):
                return [*found, cls]
        for region in _beside(tree, edge, inside):
            found += _possible(tree, region, name)
        if any(name in _certain(tree, r, whole=True) for r in _beside(tree, edge, inside)):
            return found
    context = tree.chart.context
    return [*found, context] if context is not None and name in names_of(context) else found


def _possible(tree: Tree, state: int, name: str) -> list[type]:
    """Return the classes of data by which a state, if it is active, may supply a field."""
    found = _inner(tree, state, name)
    cls = tree.data(state)
    own = cls is not None and name in names_of(cls)
    return (
        [*found, cls] if cls and own and name not in _certain(tree, state, whole=False) else found
    )


def _inner(tree: Tree, state: int, name: str) -> list[type]:
    children = tree.children[state]
    return [cls for child in children for cls in _possible(tree, child, name)]


def _called(tree: Tree, state: int, trigger: object) -> Iterator[Fault]:
    """Yield the faults of the calls that a state makes when it is entered."""
    node, chart = tree.nodes[state], tree.chart
    data, context = names_of(node.data), names_of(chart.context)
    events = trigger.events if isinstance(trigger, OnEvent) else (None,)
    for call in node.invoke:
        if call.make is not None:
            continue
        cls: type = call.call
        for event in events:
            if isinstance(event, str):
                continue
            offered = names_of(event)
            missing = [
                field.name
                for field in fields_of(cls)
                if supply_call(field, offered, data, context)[0] is Supply.NOTHING
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
                yield fault(chart, "SC104", found, remedy, node, call.location)


def _missing(tree: Tree, edge: Edge, state: int, event: type | None, missing: list[str]) -> Fault:
    goes = _goes(tree, edge, state, event)
    it = "it" if len(missing) == 1 else "them"
    found = f"{goes}, which needs {listed(missing)}"
    defaults = f"Give {it} a default"
    if event is not None:
        found += f"; {event.__name__} does not supply {it}"
        remedy = f"{defaults}, add {it} to {event.__name__}"
    else:
        found += f"; nothing supplies {it}"
        remedy = f"{defaults}, add {it} to the context"
    direct = edge.targets == (state,) and edge.source != 0
    remedy += ", or pass make=" if direct else ""
    return fault(tree.chart, "SC104", found, remedy, edge.transition)


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
    yield fault(tree.chart, "SC117", found, remedy, edge.transition)


def _goes(tree: Tree, edge: Edge, state: int, event: type | str | None) -> str:
    """Describe where a transition goes; a target beside its source goes by its short name."""
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


def _left(tree: Tree, edge: Edge, recall: Recall) -> Left:
    """Return which fields the states being left supply for certain, innermost first.

    A transition of a superstate leaves one of several children: only what each of them has counts.
    """
    inside = _leaves(tree, edge, recall)
    if inside is None:
        return []
    left: Left = [("", _certain(tree, edge.source, whole=False))]
    line = _line(tree, edge, inside)
    left.extend((tree.nodes[state].id, names_of(tree.data(state))) for state in line)
    regions = _beside(tree, edge, inside)
    left.extend((tree.nodes[region].id, _certain(tree, region, whole=True)) for region in regions)
    return left


def _leaves(tree: Tree, edge: Edge, recall: Recall) -> int | None:
    """Return the state inside which a transition leaves what is active; None leaves nothing."""
    started = isinstance(edge.transition.trigger, Default)
    return None if started else domain(tree, edge, recall)


def _line(tree: Tree, edge: Edge, inside: int) -> list[int]:
    """Return the source and the states around it that a transition leaves, innermost first."""
    if edge.source in (0, inside):
        return []
    return [edge.source, *tree.ancestors(edge.source, inside)]


def _beside(tree: Tree, edge: Edge, inside: int) -> list[int]:
    """Return the regions beside a transition's source that it leaves as well."""
    line = _line(tree, edge, inside)
    return [
        region
        for state in line[1:]
        if tree.kind(state) is StateKind.PARALLEL
        for region in tree.children[state]
        if region not in line
    ]


def _certain(tree: Tree, state: int, *, whole: bool) -> frozenset[str]:
    """Return the field names that an active state's subtree has whichever children are active."""
    own = names_of(tree.data(state)) if whole else frozenset[str]()
    inner = [_certain(tree, child, whole=True) for child in tree.children[state]]
    if tree.kind(state) is StateKind.PARALLEL:
        return own.union(*inner)
    return own | frozenset.intersection(*inner) if inner else own
