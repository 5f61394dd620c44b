"""The datatypes of Appendix D, and what it asks of the document alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from statecharts.model.chart import HISTORY, Chart, StateKind, Transition

T = TypeVar("T")


class OrderedSet(Generic[T]):
    """The ordered set of the appendix: its order is that in which members were added."""

    def __init__(self, members: Iterable[T] = ()) -> None:
        self._members: list[T] = []
        self.union(members)

    def __iter__(self) -> Iterator[T]:
        return iter(self.to_list())

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: T) -> None:
        """Add a member, unless it is one already."""
        if not self.is_member(member):
            self._members.append(member)

    def delete(self, member: T) -> None:
        """Take a member out."""
        self._members.remove(member)

    def union(self, members: Iterable[T]) -> None:
        """Add all members of another collection, in its order."""
        for member in members:
            self.add(member)

    def is_member(self, member: object) -> bool:
        """Tell whether something is a member."""
        return member in self._members

    def some(self, predicate: Callable[[T], bool]) -> bool:
        """Tell whether a member satisfies a predicate."""
        return any(predicate(member) for member in self._members)

    def every(self, predicate: Callable[[T], bool]) -> bool:
        """Tell whether all members satisfy a predicate."""
        return all(predicate(member) for member in self._members)

    def has_intersection(self, other: OrderedSet[T]) -> bool:
        """Tell whether two sets have a member in common."""
        return self.some(other.is_member)

    def is_empty(self) -> bool:
        """Tell whether there are no members."""
        return not self._members

    def to_list(self) -> list[T]:
        """Return the members in the order in which they were added."""
        return list(self._members)


class Document:
    """The tree of states, as the functions of the appendix ask about it.

    Attributes:
        chart: The chart; its root plays the part of ``<scxml>``.
        kinds: What each state is made of, by its id.
        parents: The parent of each state; None for the chart itself.
    """

    def __init__(self, chart: Chart) -> None:
        nodes = (chart.root, *chart.states)
        self.chart = chart
        self.kinds = {node.id: node.kind for node in nodes}
        self.parents = {node.id: node.parent for node in nodes}
        self._positions = {node.id: position for position, node in enumerate(nodes)}

    def get_proper_ancestors(self, state1: str, state2: str | None) -> list[str]:
        """Return the ancestors of a state, innermost first, up to but without another."""
        ancestors: list[str] = []
        if state1 == state2 or (state2 is not None and self.is_descendant(state2, state1)):
            return ancestors
        parent = self.parents[state1]
        while parent is not None and parent != state2:
            ancestors.append(parent)
            parent = self.parents[parent]
        return ancestors

    def is_descendant(self, state1: str, state2: str) -> bool:
        """Tell whether a state lies properly inside another."""
        parent = self.parents[state1]
        while parent is not None:
            if parent == state2:
                return True
            parent = self.parents[parent]
        return False

    def get_child_states(self, state: str) -> list[str]:
        """Return the children that are states: history states are none."""
        return [s for s in self.chart[state].children if not self.is_history_state(s)]

    def is_atomic_state(self, state: str) -> bool:
        """Tell whether a state has no child states."""
        return self.kinds[state] in (StateKind.ATOMIC, StateKind.FINAL)

    def is_compound_state(self, state: str) -> bool:
        """Tell whether a state is compound, or the chart itself."""
        return self.kinds[state] is StateKind.COMPOUND

    def is_parallel_state(self, state: str) -> bool:
        """Tell whether a state is parallel."""
        return self.kinds[state] is StateKind.PARALLEL

    def is_history_state(self, state: str) -> bool:
        """Tell whether a state is a history state of either depth."""
        return self.kinds[state] in HISTORY

    def default_transition(self, state: str) -> Transition:
        """Return the initial transition of a compound state, or the default one of a history."""
        default = self.chart[state].default
        assert default is not None, f"{state} has no default transition"
        return default

    def in_document_order(self, states: Iterable[str]) -> list[str]:
        """Return states in document order, which is entry order; exit order is the reverse."""
        return sorted(states, key=self._positions.__getitem__)
