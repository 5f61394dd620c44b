"""Trees: whether the states of a chart form one, and the nearest tree where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attrs import evolve

from statecharts.checks.places import fault
from statecharts.model.chart import ROOT, Chart, StateNode, Transition
from statecharts.model.errors import Fault


def tree_faults(chart: Chart) -> Iterator[Fault]:
    """Yield the faults of a chart whose states do not form a tree."""
    if _is_tree(chart):
        return
    seen: set[str] = {ROOT}
    for node in chart.states:
        if node.id in seen:
            found = f"two states have the id {node.id!r}"
            yield fault(chart, "SC102", found, "Rename one of them", node)
        seen.add(node.id)
    root, nodes = chart.root, _by_id(chart)
    if root.id != ROOT or root.parent is not None:
        found = f"the chart itself has the id {root.id!r} and the parent {root.parent!r}"
        yield fault(chart, "SC144", found, f"Give it the id {ROOT!r}, and the parent None", root)
    for state, node in nodes.items():
        if state != ROOT:
            yield from _place(chart, node, nodes)
        yield from _contents(chart, state, node, nodes)
    order = _order(_children(nodes))
    late = next((one for one, due in zip(nodes, order, strict=True) if one != due), None)
    if late is not None:
        found = f"{late!r} is out of document order"
        remedy = "Put each state after its parent, and what is inside it right after it"
        yield fault(chart, "SC144", found, remedy, nodes[late])


def as_tree(chart: Chart) -> Chart:
    """Return the nearest chart whose states form a tree; the same one where they do already.

    Of two states with one id the first stays. A state with an impossible parent becomes one of the
    outermost.
    """
    if _is_tree(chart):
        return chart
    nodes = _by_id(chart)
    children = _children(nodes)
    parents = {child: parent for parent, inner in children.items() for child in inner}
    root, *states = (
        evolve(_sourced(nodes[one], one), id=one, parent=parents.get(one), children=children[one])
        for one in _order(children)
    )
    return evolve(chart, root=root, states=tuple(states))


def _is_tree(chart: Chart) -> bool:
    """Tell whether the states form a tree, in document order, whose lines know their sources."""
    found: bool | None = chart._memo.get("is_tree")
    if found is None:
        found = chart._memo["is_tree"] = _walks(chart)
    return found


def _walks(chart: Chart) -> bool:
    nodes = chart.nodes
    if len(nodes) != len(chart.states) + 1 or chart.root.id != ROOT or chart.root.parent:
        return False
    due: list[tuple[str, str | None]] = [(ROOT, None)]
    for node in nodes.values():
        if not due or due.pop() != (node.id, node.parent):
            return False
        if any(line.source != node.id for line in _lines(node)):
            return False
        due.extend((child, node.id) for child in reversed(node.children))
    return not due


def _lines(node: StateNode) -> tuple[Transition, ...]:
    return node.transitions if node.default is None else (*node.transitions, node.default)


def _sourced(node: StateNode, state: str) -> StateNode:
    """Return a state whose lines start at it."""

    def own(line: Transition) -> Transition:
        return line if line.source == state else evolve(line, source=state)

    default = None if node.default is None else own(node.default)
    return evolve(node, default=default, transitions=tuple(map(own, node.transitions)))


def _by_id(chart: Chart) -> dict[str, StateNode]:
    """Return the states by id, the root first; of two with one id the first."""
    found = {ROOT: chart.root}
    for node in chart.states:
        found.setdefault(node.id, node)
    return found


def _place(chart: Chart, node: StateNode, nodes: dict[str, StateNode]) -> Iterator[Fault]:
    """Yield what is wrong with the parent of a state."""
    remedy = "Name the state around it"
    if node.parent not in nodes:
        found = f"the parent of {node.id!r} is {node.parent!r}, and there is no such state"
        yield fault(chart, "SC144", found, remedy, node)
    elif _is_inside_itself(node, nodes):
        found = f"{node.id!r} has the parent {node.parent!r}, and so is inside itself"
        yield fault(chart, "SC144", found, remedy, node)
    elif node.id not in nodes[node.parent].children:
        shown = repr(node.parent) if node.parent else "the chart"
        found = f"{node.id!r} has the parent {node.parent!r}, which does not list it as a child"
        yield fault(chart, "SC144", found, f"Add it to the children of {shown}", node)


def _contents(
    chart: Chart, state: str, node: StateNode, nodes: dict[str, StateNode]
) -> Iterator[Fault]:
    """Yield what is wrong with the children and the lines of a state."""
    shown = repr(state) if state else "the chart"
    for child, count in Counter(node.children).items():
        parent = nodes[child].parent if child in nodes else None
        if child not in nodes:
            found = f"{shown} lists the child {child!r}, and there is no such state"
            yield fault(chart, "SC144", found, "Remove it from the children", node)
        elif parent in nodes and parent != state:
            found = f"{shown} lists the child {child!r}, whose parent is {parent!r}"
            yield fault(chart, "SC144", found, "Remove it from the children", node)
        elif count > 1:
            found = f"{shown} lists the child {child!r} twice"
            yield fault(chart, "SC144", found, "Keep one of them", node)
    for line in _lines(node):
        if line.source != state:
            found = f"a line of {shown} has the source {line.source!r}"
            yield fault(chart, "SC144", found, f"Give it the source {state!r}", node)


def _is_inside_itself(node: StateNode, nodes: dict[str, StateNode]) -> bool:
    """Tell whether the parents of a state never end at the root, and name only states."""
    seen: set[str] = set()
    state: str | None = node.id
    while state and state in nodes and state not in seen:
        seen.add(state)
        state = nodes[state].parent
    return state in seen


def _children(nodes: dict[str, StateNode]) -> dict[str, tuple[str, ...]]:
    """Return the children of each state: as it lists them, and then those that only name it."""
    parents = {
        state: node.parent if node.parent in nodes and not _is_inside_itself(node, nodes) else ROOT
        for state, node in nodes.items()
        if state != ROOT
    }
    found: dict[str, dict[str, None]] = {
        state: dict.fromkeys(child for child in node.children if parents.get(child) == state)
        for state, node in nodes.items()
    }
    for state, parent in parents.items():
        found[parent or ROOT].setdefault(state)
    return {state: tuple(inner) for state, inner in found.items()}


def _order(children: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the states in document order."""
    waiting = [ROOT]
    while waiting:
        state = waiting.pop()
        yield state
        waiting.extend(reversed(children[state]))
