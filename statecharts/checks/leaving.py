"""Leaving: which data transitions leave, and so may fill what they enter from.

What is left depends on the source of a transition and on the state inside which everything is left,
never on the rest of it: worked out once for each such pair, and once for each subtree.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import final

from statecharts.model.chart import StateKind
from statecharts.model.fields import names_of
from statecharts.semantics.tree import Tree


@final
class Leaving:
    """Answers what is left, out of what it has worked out of one tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.left = cache(self._left)
        self.givers = cache(self._givers)
        self.likeness = cache(self._likeness)
        self._inner_names = cache(self._certain_inside)
        self._possible = cache(self._possible_givers)
        self._shape = cache(self._shape_of)
        self._shapes: dict[Hashable, int] = {}

    def _left(self, source: int, inside: int) -> frozenset[str]:
        """Return which fields the states being left supply for certain.

        A transition of a superstate leaves one of several children: only what each of them has
        counts.
        """
        line = (names_of(self.tree.data(state)) for state in self._line(source, inside))
        beside = map(self._certain, self._beside(source, inside))
        return self._inner_names(source).union(*line, *beside)

    def _givers(self, source: int, inside: int, name: str) -> tuple[list[type], bool]:
        """Return the classes left that may supply a field, and whether one of them does so surely.

        Of what is active, only the innermost supplies it.
        """
        found = self._inner(source, name)
        if name in self._inner_names(source):
            return found, True
        for state in self._line(source, inside):
            cls = self.tree.data(state)
            if cls is not None and name in names_of(cls):
                return [*found, cls], True
        beside = self._beside(source, inside)
        for region in beside:
            found += self._possible(region, name)
        found = list(dict.fromkeys(found))
        return found, any(name in self._certain(region) for region in beside)

    def _likeness(self, source: int, inside: int) -> Hashable:
        """Return what is equal for pairs that leave data alike, whatever states carry it."""
        line = tuple(self.tree.data(state) for state in self._line(source, inside))
        beside = dict.fromkeys(map(self._shape, self._beside(source, inside)))
        return self._shape(source), line, tuple(beside)

    def _shape_of(self, state: int) -> int:
        """Return a number that subtrees share whose data are laid out alike."""
        tree = self.tree
        inner = tuple(map(self._shape, tree.children[state]))
        parallel = tree.kind(state) is StateKind.PARALLEL
        return self._shapes.setdefault((tree.data(state), parallel, inner), len(self._shapes))

    def _line(self, source: int, inside: int) -> list[int]:
        """Return the source and the states around it that are left, innermost first."""
        if source in (0, inside):
            return []
        return [source, *self.tree.ancestors(source, inside)]

    def _beside(self, source: int, inside: int) -> list[int]:
        """Return the regions beside the source that are left as well."""
        tree, line = self.tree, self._line(source, inside)
        return [
            region
            for state in line[1:]
            if tree.kind(state) is StateKind.PARALLEL
            for region in tree.children[state]
            if region not in line
        ]

    def _possible_givers(self, state: int, name: str) -> list[type]:
        """Return the classes of data by which a state, if it is active, may supply a field."""
        found, cls = self._inner(state, name), self.tree.data(state)
        own = cls is not None and name in names_of(cls) and name not in self._inner_names(state)
        return [*found, cls] if cls is not None and own else found

    def _inner(self, state: int, name: str) -> list[type]:
        children = self.tree.children[state]
        found = (cls for child in children for cls in self._possible(child, name))
        return list(dict.fromkeys(found))

    def _certain(self, state: int) -> frozenset[str]:
        """Return the field names that an active state's subtree has, whatever in it is active."""
        return names_of(self.tree.data(state)) | self._inner_names(state)

    def _certain_inside(self, state: int) -> frozenset[str]:
        inner = list(map(self._certain, self.tree.children[state]))
        if self.tree.kind(state) is StateKind.PARALLEL:
            return frozenset[str]().union(*inner)
        return frozenset.intersection(*inner) if inner else frozenset()
