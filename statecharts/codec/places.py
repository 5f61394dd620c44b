"""Places: the configurations of a chart, each checked once, and what history may remember."""

from __future__ import annotations

from typing import Any, Final, final

from statecharts.codec.errors import Misfit, shown
from statecharts.codec.shapes import wrong
from statecharts.kernel import kernel_of
from statecharts.model.chart import Chart, StateKind
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.tree import Tree

KEPT: Final = 1024
"""The number of configurations to remember; a chart with many regions has too many of them."""


@final
class Places:
    """The configurations of a chart.

    Args:
        chart: The chart, whose structure is sound.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._tree = Tree.of(chart)
        self._kernel = kernel_of(chart)
        self._kept: dict[tuple[str | None, ...], Any] = {}
        nodes = self._tree.nodes
        self.histories: dict[str, int] = {
            nodes[state].id: slot for state, slot in self._tree.slots.items()
        }
        """The index in `Memory.history` of each history state."""

    def place(self, value: object) -> Configuration:
        """Return the place of a configuration, as JSON has it.

        Raises:
            Misfit: It is not one of the chart's.
        """
        known: Configuration | None = self._known(None, value)
        if known is not None:
            return known
        ids = self._ids(value)
        states = tuple(map(self._tree.index.__getitem__, ids))
        if not self._tree.is_legal(states):
            raise self._impossible(ids, value)
        found = self._kernel.place(states)
        self._keep(None, ids, found)
        return found

    def remembered(self, history: str, value: object) -> tuple[str, ...]:
        """Return the states that a history state remembers, as JSON has them.

        Raises:
            Misfit: It can never have remembered these.
        """
        found: tuple[str, ...] | None = self._known(history, value)
        if found is None:
            found = self._ids(value)
            tree = self._tree
            state = tree.index[history]
            states = [tree.index[one] for one in found]
            shallow = tree.kind(state) is StateKind.SHALLOW_HISTORY
            if not self._fit(tree.parent[state], states, shallow=shallow):
                text = f"({', '.join(found)}) is not what {history!r} can remember"
                raise Misfit("SC415", text, "Take it as a run has written it", value)
            self._keep(history, found, found)
        return found

    def _known(self, history: str | None, value: Any) -> Any:
        """Return the result of an earlier check of a configuration; None if there was none."""
        try:
            return self._kept.get((history, *value)) if value.__class__ is list else None
        except TypeError:  # a value without a hash is not an id
            return None

    def _keep(self, history: str | None, ids: tuple[str, ...], found: object) -> None:
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[history, *ids] = found

    def _fit(self, parent: int, states: list[int], *, shallow: bool) -> bool:
        """Tell whether states can be active together inside a parent, in document order."""
        tree, active = self._tree, {parent, *states}
        if states != sorted(active - {parent}):
            return False
        looked_at = (parent,) if shallow else (parent, *states)
        for state in states:
            if tree.parent[state] not in looked_at:
                return False
        return all(
            sum(child in active for child in tree.children[state]) == self._wanted(state)
            for state in looked_at
        ) and not any(state in tree.slots for state in states)

    def _wanted(self, state: int) -> int:
        """Return how many children of an active state are active."""
        kind = self._tree.kind(state)
        if kind is StateKind.PARALLEL:
            return len(self._tree.children[state])
        return 1 if kind is StateKind.COMPOUND else 0

    def _ids(self, value: object) -> tuple[str, ...]:
        """Return state ids out of an array of them."""
        if not isinstance(value, list):
            raise wrong("an array", value, "Give the ids of states")
        index = self._tree.index
        for number, state in enumerate(value):
            if state.__class__ is not str:
                found = f"{shown(state)} is not the id of a state"
                misfit = Misfit("SC402", found, "Give ids as strings", value)
                raise misfit.within(number, value)
            if state not in index or not state:
                known = (one for one in index if one)
                remedy = did_you_mean(state, known, "Name one of the chart's states by its id")
                found = f"there is no state {shown(state)}"
                raise Misfit("SC415", found, remedy, value).within(number, value)
        return tuple(value)

    def _impossible(self, ids: tuple[str, ...], value: object) -> Misfit:
        remedy = "Give a whole one, in document order, as a run has written it"
        if not ids:
            return Misfit("SC415", "no state is active", remedy, value)
        found = f"({', '.join(ids)}) cannot be active together"
        return Misfit("SC415", found, remedy, value)
