"""Which states are left and entered: the set algebra of the SCXML algorithm (Appendix D).

Pure functions over a `Tree`. What depends on remembered history asks ``recall`` for it, so that the
caller sees whether history mattered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias, final

from statecharts.model.chart import HISTORY, StateKind
from statecharts.semantics.tree import Edge, Tree

Recall: TypeAlias = Callable[[int], tuple[int, ...] | None]
"""Gives the states that a history state remembers, or None when it remembers nothing."""


def nothing_remembered(history: int) -> None:
    """Recall for a run that has only begun."""


def effective_targets(tree: Tree, edge: Edge, recall: Recall) -> list[int]:
    """Return the states that a transition leads to, history resolved (getEffectiveTargetStates)."""
    if not any(target in tree.slots for target in edge.targets):
        return list(dict.fromkeys(edge.targets))
    found: list[int] = []
    for target in edge.targets:
        if target not in tree.slots:
            found.append(target)
            continue
        remembered, default = recall(target), tree.defaults[target]
        if remembered is not None:
            found.extend(remembered)
        elif default is not None:
            found.extend(effective_targets(tree, default, recall))
    return list(dict.fromkeys(found))


def domain(tree: Tree, edge: Edge, recall: Recall) -> int | None:
    """Return the state inside which everything is left and entered (getTransitionDomain).

    None when the transition has no target and leaves nothing.
    """
    try:
        return tree.domains[edge]
    except KeyError:
        found = _domain(tree, edge, effective_targets(tree, edge, recall))
    if not any(target in tree.slots for target in edge.targets):
        tree.domains[edge] = found
    return found


def _domain(tree: Tree, edge: Edge, targets: list[int]) -> int | None:
    if not targets:
        return None
    first, last = min(targets), max(targets)
    if edge.internal and tree.kind(edge.source) is StateKind.COMPOUND:
        if edge.source < first and last <= tree.last[edge.source]:
            return edge.source
    for ancestor in tree.ancestors(edge.source):
        compound = ancestor == 0 or tree.kind(ancestor) is StateKind.COMPOUND
        if compound and ancestor < first and last <= tree.last[ancestor]:
            return ancestor
    return 0  # only for the chart's own transitions


def exit_set(tree: Tree, edge: Edge, configuration: Sequence[int], recall: Recall) -> list[int]:
    """Return the active states that a transition leaves, in document order (computeExitSet)."""
    inside = domain(tree, edge, recall)
    if inside is None:
        return []
    return [state for state in configuration if tree.is_descendant(state, inside)]


def remove_conflicting(
    tree: Tree, enabled: Iterable[Edge], configuration: Sequence[int], recall: Recall
) -> tuple[Edge, ...]:
    """Return the transitions that can be taken together (removeConflictingTransitions).

    Of two that leave a common state the one with the inner source wins, else the earlier. One that
    forbids its event keeps it from the ancestors of its source, whichever region asks them.
    """
    kept: dict[Edge, frozenset[int]] = {}
    several = tuple(enabled)
    if len(several) == 1:
        return several
    forbidding = [edge.source for edge in several if edge.forbids]
    for edge in several:
        if any(tree.is_descendant(source, edge.source) for source in forbidding):
            continue
        leaves = frozenset(exit_set(tree, edge, configuration, recall))
        rivals = [other for other, left in kept.items() if left & leaves]
        if all(tree.is_descendant(edge.source, other.source) for other in rivals):
            for other in rivals:
                del kept[other]
            kept[edge] = leaves
    return tuple(kept)


def to_record(
    tree: Tree, configuration: Sequence[int], exits: Iterable[int]
) -> dict[int, tuple[int, ...]]:
    """Return what each history state of the states being left will remember (exitStates).

    A deep one remembers all active states inside its parent, so that their data comes back as well.
    """
    found: dict[int, tuple[int, ...]] = {}
    for state in exits:
        for history in tree.histories[state]:
            inside = [s for s in configuration if tree.is_descendant(s, state)]
            if tree.kind(history) is StateKind.SHALLOW_HISTORY:
                inside = [s for s in inside if tree.parent[s] == state]
            found[history] = tuple(inside)
    return found


def recalled(tree: Tree, history: int, recorded: tuple[int, ...]) -> tuple[int, ...]:
    """Return the states that a history state leads to, out of all that it has recorded."""
    if tree.kind(history) is StateKind.SHALLOW_HISTORY:
        return recorded
    return tuple(filter(tree.is_leaf, recorded))


@final
class EntrySet:
    """The states to enter, and why (computeEntrySet).

    Args:
        tree: The chart's tree.
        recall: What history states remember.
        regions: The regions of each parallel state that are entered along with it; all of them,
            but for a reader that knows already what some of them bring.

    Attributes:
        causes: The transition that each state is entered by.
        defaults: The default transitions that are taken along, by the state they belong to: a
            compound state's own first, then that of a history state inside it.
        restored: The history state that each remembered state comes back through.
    """

    def __init__(
        self, tree: Tree, recall: Recall, regions: Mapping[int, Sequence[int]] | None = None
    ) -> None:
        self.tree = tree
        self.recall = recall
        self._regions = tree.children if regions is None else regions
        self.causes: dict[int, Edge] = {}
        self._around: set[int] = set()  # the proper ancestors of the states to enter
        self.defaults: dict[int, list[Edge]] = {}
        self.restored: dict[int, int] = {}

    @property
    def states(self) -> list[int]:
        """The states to enter, in document order."""
        return sorted(self.causes)

    def add(self, edge: Edge) -> None:
        """Add what one transition enters."""
        for target in edge.targets:
            self._add_descendants(target, edge)
        inside = domain(self.tree, edge, self.recall)
        if inside is not None:
            for target in effective_targets(self.tree, edge, self.recall):
                self._add_ancestors(target, inside, edge)

    def _add_descendants(self, state: int, cause: Edge) -> None:
        tree = self.tree
        if tree.kind(state) in HISTORY:
            self._add_history(state, cause)
            return
        self._enter(state, cause)
        if tree.kind(state) is StateKind.COMPOUND:
            default = tree.defaults[state]
            if default is not None:
                own = self.defaults.setdefault(state, [])
                if default not in own:
                    own.insert(0, default)
                self._add_all(default.targets, state, cause)
        elif tree.kind(state) is StateKind.PARALLEL:
            self._add_regions(state, cause)

    def _add_history(self, history: int, cause: Edge) -> None:
        parent = self.tree.parent[history]
        remembered, default = self.recall(history), self.tree.defaults[history]
        if remembered is not None:
            before = set(self.causes)
            self._add_all(remembered, parent, cause)
            for state in remembered:
                path = (state, *self.tree.ancestors(state, parent))
                self.restored.update((s, history) for s in path if s not in before)
        elif default is not None:
            taken = self.defaults.setdefault(parent, [])
            if default not in taken:
                taken.append(default)
            self._add_all(default.targets, parent, cause)

    def _add_all(self, targets: Iterable[int], inside: int, cause: Edge) -> None:
        for target in targets:
            self._add_descendants(target, cause)
        for target in targets:
            self._add_ancestors(target, inside, cause)

    def _add_ancestors(self, state: int, inside: int, cause: Edge) -> None:
        for ancestor in self.tree.ancestors(state, inside):
            self._enter(ancestor, cause)
            if self.tree.kind(ancestor) is StateKind.PARALLEL:
                self._add_regions(ancestor, cause)
        if inside == 0 and self.tree.kind(0) is StateKind.PARALLEL:
            self._add_regions(0, cause)  # a chart of regions, which SCXML's root cannot be

    def _add_regions(self, parallel: int, cause: Edge) -> None:
        for region in self._regions[parallel]:
            if region not in self._around:
                self._add_descendants(region, cause)

    def _enter(self, state: int, cause: Edge) -> None:
        if state not in self.causes:
            self.causes[state] = cause
            parent = self.tree.parent[state]
            while parent > 0 and parent not in self._around:
                self._around.add(parent)
                parent = self.tree.parent[parent]


def ends(tree: Tree, active: Collection[int]) -> bool:
    """Tell whether a run has ended: in a final state of the outermost level.

    A chart that is parallel itself has ended when all of its regions have.
    """
    if tree.kind(0) is StateKind.PARALLEL:
        return bool(active) and is_done(tree, 0, frozenset(active))
    return any(tree.parent[s] == 0 and tree.kind(s) is StateKind.FINAL for s in active)


def is_done(tree: Tree, state: int, active: frozenset[int] | set[int]) -> bool:
    """Tell whether a state has reached its final states (isInFinalState)."""
    if tree.kind(state) is StateKind.COMPOUND:
        return any(c in active and tree.kind(c) is StateKind.FINAL for c in tree.children[state])
    if tree.kind(state) is StateKind.PARALLEL:
        return all(is_done(tree, child, active) for child in tree.children[state])
    return False
