"""Regions: which ones a check still has to enter, so that many lines cost no more than few.

A line that enters a parallel state enters all of its regions, most of them by default. What a check
learns from a region that is entered by default it need not learn again from the next line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import final

from statecharts.model.chart import StateKind
from statecharts.semantics.transitions import EntrySet, effective_targets, nothing_remembered
from statecharts.semantics.tree import Edge, Tree


@final
class Regions(dict[int, tuple[int, ...]]):
    """The regions of each parallel state that have not been entered by default yet.

    Args:
        tree: The chart's tree.
        wanted: Tells whether anything is to be learnt from a region at all.
    """

    def __init__(self, tree: Tree, wanted: Callable[[int], bool] | None = None) -> None:
        super().__init__()
        self._tree = tree
        self._wanted = wanted

    def __missing__(self, parallel: int) -> tuple[int, ...]:
        children = self._tree.children[parallel]
        found = children if self._wanted is None else tuple(filter(self._wanted, children))
        self[parallel] = found
        return found

    def entry(self, edge: Edge) -> EntrySet:
        """Return what a transition enters when nothing is remembered, but for known regions."""
        entry = EntrySet(self._tree, nothing_remembered, self)
        entry.add(edge)
        return entry

    def reached(
        self, known: set[int], edges: Iterable[Edge], but: Callable[[Edge], bool] | None = None
    ) -> set[int]:
        """Add the states that some run may enter, every guard taken to hold at some time.

        Args:
            known: The states that are reached already; it is added to, and returned.
            edges: The transitions to begin with.
            but: Tells which transitions are never taken; None if all may be.
        """
        tree, waiting = self._tree, list(edges)
        while waiting:
            edge = waiting.pop()
            if but is not None and but(edge):
                continue
            entry = self.entry(edge)
            self.note(edge, entry)
            named = [target for target in edge.targets if target in tree.slots]
            named += [d.source for defaults in entry.defaults.values() for d in defaults]
            for state in (*entry.causes, *named):
                if state not in known and state != 0:
                    known.add(state)
                    waiting.extend(tree.outgoing[state])
        return known

    def note(self, edge: Edge, entry: EntrySet) -> None:
        """Note that what an entry has entered by default is known from now on."""
        tree = self._tree
        parallel = [s for s in (0, *entry.causes) if tree.kind(s) is StateKind.PARALLEL]
        if not parallel:
            return
        aimed = set[int]()
        for target in effective_targets(tree, edge, nothing_remembered):
            aimed.update((target, *tree.ancestors(target)))
        for defaults in entry.defaults.values():
            for default in defaults:
                source = default.source
                below = tree.parent[source] if source in tree.slots else source
                for target in default.targets:
                    aimed.update((target, *tree.ancestors(target, below)))
        for state in parallel:
            self[state] = tuple(r for r in self[state] if r in aimed or r not in entry.causes)


def beginning(tree: Tree) -> Iterator[Edge]:
    """Yield what a run can begin with: the start, and the chart's own lines."""
    start = tree.defaults[0]
    if start is not None:
        yield start
    yield from tree.outgoing[0]
