"""What makes a chart a valid document, by section 3 of the SCXML recommendation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from statecharts.model.chart import COMPOSITE, ROOT, Chart, StateKind, Transition
from tests.oracle.structure import Document


def faults(chart: Chart) -> list[str]:
    """Return what makes a chart invalid, as one line each; nothing for a valid chart."""
    document = Document(chart)
    if chart.root.kind is not StateKind.COMPOUND or not chart.root.children:
        return ["the chart itself has no states"]
    known = [chart.root.id, *(node.id for node in chart.states)]
    if len(set(known)) != len(known):
        return ["two states have the same id"]
    if _preorder(document, ROOT) != known:
        return ["the states are not in document order, or not all of them are somebody's child"]
    return [fault for state in known for fault in _faults(document, state)]


def is_legal_specification(document: Document, targets: Sequence[str]) -> bool:
    """Tell whether targets can all be entered at once (3.11, legal state specification).

    No two of them may exclude each other: the innermost ancestor that they share has to be
    parallel. A history state stands for its parent here.
    """
    entered = [document.parents[t] if document.is_history_state(t) else t for t in targets]
    pairs = [(a, b) for n, a in enumerate(entered) for b in entered[:n]]
    return all(_may_both_be_active(document, a, b) for a, b in pairs)


def _may_both_be_active(document: Document, a: str | None, b: str | None) -> bool:
    if a is None or b is None or a == b:
        return False
    if document.is_descendant(a, b) or document.is_descendant(b, a):
        return False
    shared = next(s for s in document.get_proper_ancestors(a, None) if document.is_descendant(b, s))
    return document.is_parallel_state(shared)


def _preorder(document: Document, state: str) -> list[str]:
    children = document.chart[state].children
    return [state, *(s for child in children for s in _preorder(document, child))]


def _faults(document: Document, state: str) -> Iterator[str]:
    node = document.chart[state]
    children = document.get_child_states(state)
    if any(document.parents[child] != state for child in node.children):
        yield f"{state}: a child names another parent"
    if (node.kind in COMPOSITE) != bool(children):
        yield f"{state}: {node.kind.value} with {len(children)} child states"
    if node.kind is StateKind.PARALLEL and any(
        document.kinds[child] is StateKind.FINAL for child in children
    ):
        yield f"{state}: a final state cannot be a region"
    if node.kind is StateKind.COMPOUND or document.is_history_state(state):
        yield from _default_faults(document, state)
    elif node.default is not None:
        yield f"{state}: {node.kind.value} with a default transition"
    if node.transitions and (
        node.kind is StateKind.FINAL or document.is_history_state(state) or state == ROOT
    ):
        yield f"{state}: {node.kind.value} with transitions"
    for transition in node.transitions:
        yield from _target_faults(document, state, transition)


def _default_faults(document: Document, state: str) -> Iterator[str]:
    default = document.chart[state].default
    if default is None or not default.targets:
        yield f"{state}: no default transition"
        return
    yield from _target_faults(document, state, default)
    scope = document.parents[state] if document.is_history_state(state) else state
    shallow = document.kinds[state] is StateKind.SHALLOW_HISTORY
    for target in default.targets:
        if target == state or scope is None or not document.is_descendant(target, scope):
            yield f"{state}: defaults to {target}, which is not inside {scope}"
        elif shallow and target not in document.get_child_states(scope):
            yield f"{state}: a shallow history defaults to {target}, no child of {scope}"
        elif document.is_history_state(target) and (
            document.is_history_state(state) and document.parents[target] == scope
        ):
            yield f"{state}: a history defaults to its sibling history {target}"


def _target_faults(document: Document, state: str, transition: Transition) -> Iterator[str]:
    if transition.source != state:
        yield f"{state}: has a transition of {transition.source}"
    unknown = [t for t in transition.targets if t not in document.kinds or t == ROOT]
    if unknown:
        yield f"{state}: unknown targets {unknown}"
    elif not is_legal_specification(document, transition.targets):
        yield f"{state}: {transition.targets} cannot be entered together"
