"""Faults of data: fields that nothing supplies, or that are supplied with the wrong type."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cache, partial
from typing import Any

from statecharts.checks.leaving import Leaving
from statecharts.checks.places import fault, listed, place, shown_state
from statecharts.checks.regions import Regions, beginning
from statecharts.model.chart import HISTORY, Default, Invocation, OnEvent, StateKind, StateNode
from statecharts.model.errors import Fault
from statecharts.model.fields import Field, field_type, fields_of, fits, names_of, type_text
from statecharts.semantics.filling import Supply, supply, supply_call
from statecharts.semantics.transitions import (
    EntrySet,
    Recall,
    domain,
    nothing_remembered,
    recalled,
    to_record,
)
from statecharts.semantics.tree import Edge, Tree


def supply_faults(tree: Tree) -> Iterator[Fault]:
    """Yield the faults of every entry that any transition, or the start, can make."""
    seen: set[tuple[str, str]] = set()
    leaving, filled = Leaving(tree), _filled(tree)
    known: dict[Hashable, Regions] = {}

    @cache
    def unleft(state: int) -> set[int]:
        return Regions(tree).reached({0}, beginning(tree), partial(_leaves_whole, tree, state))

    for edge in _edges(tree):
        inside = domain(tree, edge, nothing_remembered)
        remembers = any(target in tree.slots for target in edge.targets)
        if not remembers and (inside is None or not filled[inside]):
            continue  # nothing that it may enter has data or makes calls
        for recall in _recalls(tree, edge):
            regions = None
            if recall is nothing_remembered:
                key = _likeness(leaving, edge, recall)
                regions = known.setdefault(key, Regions(tree, filled.__getitem__))
            entry = EntrySet(tree, recall, regions)
            entry.add(edge)
            told = list(_entered(leaving, edge, entry))
            if not told and regions is not None:
                regions.note(edge, entry)
            if told and remembers and recall is nothing_remembered:
                entry = EntrySet(tree, _remembered(tree, edge, entry, unleft))
                entry.add(edge)
                told = list(_entered(leaving, edge, entry))
            for found in told:
                key = (found.code, found.found)
                if key not in seen:
                    seen.add(key)
                    yield found
    yield from _called(tree, 0, None)  # the calls of the chart itself, made at the start


def _filled(tree: Tree) -> list[bool]:
    """Tell of each state whether it, or one inside it, has data or makes calls."""
    found = [node.data is not None or bool(node.invoke) for node in tree.nodes]
    for state in range(len(found) - 1, 0, -1):
        if found[state]:
            found[tree.parent[state]] = True
    return found


def _likeness(leaving: Leaving, edge: Edge, recall: Recall) -> Hashable:
    """Return what is equal for transitions that fill alike what they enter by default."""
    tree, trigger = leaving.tree, edge.transition.trigger
    inside = _leaves(tree, edge, recall)
    left = None if inside is None else leaving.likeness(edge.source, inside)
    if not isinstance(trigger, OnEvent):
        return left, None
    kinds = (kind for event in trigger.events for kind in (event, *_kinds(tree, event)))
    return left, tuple(kind if isinstance(kind, str) or names_of(kind) else "" for kind in kinds)


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


def _remembered(
    tree: Tree, edge: Edge, entry: EntrySet, unleft: Callable[[int], set[int]]
) -> Recall:
    """Return a memory of what history states never lack: in it, that is their default.

    Args:
        tree: The chart's tree.
        edge: A transition to history states.
        entry: What it enters by their defaults.
        unleft: Gives the states that may be active while another one was never left.
    """
    parents = {tree.parent[one] for one in edge.targets if one in tree.slots}
    sure = [
        parent
        for parent in parents
        if _leaves_whole(tree, parent, edge) or edge.source not in unleft(parent)
    ]
    record = to_record(tree, entry.states, sure)
    return {one: recalled(tree, one, states) for one, states in record.items()}.get


def _leaves_whole(tree: Tree, state: int, edge: Edge) -> bool:
    """Tell whether a transition from a state, or from inside it, leaves that state."""
    inside = domain(tree, edge, nothing_remembered)
    return state <= edge.source <= tree.last[state] and inside is not None and inside < state


def _only(history: int, child: int) -> Recall:
    """Return a memory in which one history state remembers one child."""
    return lambda asked: (child,) if asked == history else None


def _entered(leaving: Leaving, edge: Edge, entry: EntrySet) -> Iterator[Fault]:
    tree, transition = leaving.tree, edge.transition
    inside = _leaves(tree, edge, entry.recall)
    past = any(tree.kind(target) in HISTORY for target in edge.targets)
    for state in entry.states:
        # What makes data for a history is told of already.
        made = transition.make is not None and (edge.targets == (state,) or past)
        yield from _called(tree, state, transition.trigger)
        if tree.data(state) is None or made or state in entry.restored:
            continue
        if isinstance(transition.trigger, OnEvent):
            for event in transition.trigger.events:
                yield from _unsupplied(leaving, edge, state, event, inside)
                yield from _unfits(leaving, edge, state, event, inside)
                for kind in _kinds(tree, event):
                    yield from _unfits(leaving, edge, state, kind, inside)
        else:
            yield from _unsupplied(leaving, edge, state, None, inside)
            yield from _unfits(leaving, edge, state, None, inside)


def _kinds(tree: Tree, event: type | str) -> Iterator[type]:
    """Yield the events of the chart that are special kinds of an event."""
    for known in tree.chart.events:
        if isinstance(event, type) and known.cls is not None and known.cls is not event:
            if issubclass(known.cls, event):
                yield known.cls


def _unsupplied(
    leaving: Leaving, edge: Edge, state: int, event: type | str | None, inside: int | None
) -> Iterator[Fault]:
    """Yield the fault of a state whose data has fields that nothing supplies."""
    if isinstance(event, str):
        return  # a named event may have any payload
    tree = leaving.tree
    cls, context = tree.data(state), names_of(tree.chart.context)
    offered = names_of(event)
    left = [] if inside is None else [("", leaving.left(edge.source, inside))]
    missing = [
        field.name
        for field in (() if cls is None else fields_of(cls))
        if supply(field, offered, left, context)[0] is Supply.NOTHING
    ]
    if missing:
        yield _missing(tree, edge, state, event, missing)


def _unfits(
    leaving: Leaving, edge: Edge, state: int, event: type | str | None, inside: int | None
) -> Iterator[Fault]:
    """Yield the fields of a state that something may supply with a wrong type."""
    tree = leaving.tree
    cls = tree.data(state)
    for field in () if cls is None else fields_of(cls):
        for giver in dict.fromkeys(_givers(leaving, edge, event, field, inside)):
            yield from _unfit(tree, edge, state, event, field, giver)


def _givers(
    leaving: Leaving, edge: Edge, event: type | str | None, field: Field, inside: int | None
) -> list[type]:
    """Return the classes that may supply a field: of what is active, only the innermost does."""
    name = field.name
    if field.occurred:
        return []
    if isinstance(event, type) and name in names_of(event):
        return [event]
    found, surely = ([], False) if inside is None else leaving.givers(edge.source, inside, name)
    context = leaving.tree.chart.context
    shared = context is not None and name in names_of(context) and not surely
    return [*found, context] if context is not None and shared else found


def _called(tree: Tree, state: int, trigger: object) -> Iterator[Fault]:
    """Yield the faults of the calls that a state makes when it is entered."""
    node, chart = tree.nodes[state], tree.chart
    data, context = names_of(node.data), names_of(chart.context)
    events = trigger.events if isinstance(trigger, OnEvent) else (None,)
    for call in node.invoke:
        if call.make is not None or node.kind is StateKind.FINAL:
            continue  # or what is a fault of its own
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
                    f"{shown_state(node)}{entered} invokes {cls.__name__}, "
                    f"which needs {listed(missing)}; nothing supplies {it}"
                )
                remedy = (
                    f"Add {it} to the state's data, give {it} a default, "
                    f"or pass invoke={{{cls.__name__}: lambda m: …}}"
                )
                yield fault(chart, "SC104", found, remedy, node, call.location)
            for kind in (event,) if event is None else (event, *_kinds(tree, event)):
                yield from _misfilled(tree, node, call, kind)


def _misfilled(
    tree: Tree, node: StateNode, call: Invocation, event: type | None
) -> Iterator[Fault]:
    """Yield the fields of a call that something supplies with a wrong type."""
    cls: type = call.call
    givers = {Supply.EVENT: event, Supply.LEFT: node.data, Supply.CONTEXT: tree.chart.context}
    known = [names_of(giver) for giver in givers.values()]
    for field in fields_of(cls):
        giver = givers.get(supply_call(field, *known)[0])
        if giver is None or field.converted:
            continue
        given = field_type(giver, field.name)
        if fits(given, field.annotation):
            continue
        found = (
            f"{shown_state(node)} invokes {cls.__name__}, whose {field.name!r} is {field.type}; "
            f"{giver.__name__} supplies {type_text(given)}"
        )
        remedy = (
            "Give both the same type, rename one of them, "
            f"or pass invoke={{{cls.__name__}: lambda m: …}}"
        )
        yield fault(tree.chart, "SC117", found, remedy, node, call.location)


def _missing(tree: Tree, edge: Edge, state: int, event: type | None, missing: list[str]) -> Fault:
    goes = _goes(tree, edge, state, event)
    it = "it" if len(missing) == 1 else "them"
    found = f"{goes}, which needs {listed(missing)}"
    if event is not None:
        found += f"; {event.__name__} does not supply {it}"
    else:
        found += f"; nothing supplies {it}"
    giver = "the context" if event is None else event.__name__
    direct = edge.targets == (state,) and edge.source != 0
    last = f"add {it} to {giver}, or pass make=" if direct else f"or add {it} to {giver}"
    remedy = f"Give {it} a default, {last}"
    if any(tree.kind(t) in HISTORY and tree.is_descendant(t, state) for t in edge.targets):
        shown = tree.nodes[state].id
        remedy += (
            f". A history inside {shown!r} does not bring its data back; one in a state around it "
            "does"
        )
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


def _leaves(tree: Tree, edge: Edge, recall: Recall) -> int | None:
    """Return the state inside which a transition leaves what is active; None leaves nothing."""
    started = isinstance(edge.transition.trigger, Default)
    return None if started else domain(tree, edge, recall)
