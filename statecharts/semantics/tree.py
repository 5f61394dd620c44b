"""The tree of a chart, numbered: states in document order, so that questions are comparisons.

State 0 is the chart itself. The descendants of a state are exactly the numbers that follow it up to
`Tree.last`, so "is a descendant of" is two comparisons and document order is the order of numbers.
"""

from __future__ import annotations

from typing import final

from attrs import field, frozen

from statecharts.model.chart import (
    HISTORY,
    ROOT,
    Chart,
    Default,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)


@final
@frozen(eq=False, repr=False)
class Edge:
    """A transition between numbered states.

    Attributes:
        index: Its number, in document order.
        transition: What it stands for.
        source: The state that it leaves.
        targets: The states that it names.
    """

    index: int
    transition: Transition
    source: int
    targets: tuple[int, ...]

    @property
    def internal(self) -> bool:
        """Whether its source may stay active."""
        return self.transition.kind is TransitionKind.INTERNAL

    @property
    def forbids(self) -> bool:
        """Whether it swallows its event."""
        return self.transition.kind is TransitionKind.FORBIDDEN

    @property
    def defers(self) -> bool:
        """Whether it keeps its event for later."""
        return self.transition.kind is TransitionKind.DEFERRED


@final
@frozen(eq=False, repr=False)
class Tree:
    """A chart with its states numbered in document order.

    Attributes:
        chart: The chart.
        nodes: The state of each number.
        index: The number of each id.
        parent: The parent of each state; -1 for the chart itself.
        last: The last descendant of each state, itself when it has none.
        children: The children of each state that are not history states.
        histories: The history states among the children of each state.
        outgoing: The transitions that leave each state.
        defaults: The default transition of each state that has one.
        slots: Where the memory of each history state stands in `Memory.history`.
        domains: The transition domain of each transition that asked for one and targets no history
            state, so that it is the same whatever is remembered.
        leaves: Whether each state is atomic or final.
    """

    chart: Chart
    nodes: tuple[StateNode, ...]
    index: dict[str, int]
    parent: tuple[int, ...]
    last: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    histories: tuple[tuple[int, ...], ...]
    outgoing: tuple[tuple[Edge, ...], ...]
    defaults: tuple[Edge | None, ...]
    slots: dict[int, int]
    leaves: tuple[bool, ...]
    domains: dict[Edge, int | None] = field(factory=dict, init=False)

    @classmethod
    def of(cls, chart: Chart) -> Tree:
        """Number the states of a chart whose structure is sound."""
        nodes = tuple(chart.nodes.values())
        index = {node.id: i for i, node in enumerate(nodes)}
        parent = tuple(-1 if n.parent is None else index[n.parent] for n in nodes)
        last = list(range(len(nodes)))
        for i in range(len(nodes) - 1, 0, -1):
            last[parent[i]] = max(last[parent[i]], last[i])
        children: list[tuple[int, ...]] = []
        histories: list[tuple[int, ...]] = []
        for node in nodes:
            inner = [index[child] for child in node.children]
            children.append(tuple(i for i in inner if nodes[i].kind not in HISTORY))
            histories.append(tuple(i for i in inner if nodes[i].kind in HISTORY))
        count = iter(range(2 * len(chart.transitions) + len(nodes)))

        def edge(transition: Transition) -> Edge:
            targets = tuple(index[target] for target in transition.targets)
            return Edge(next(count), transition, index[transition.source], targets)

        outgoing = tuple(tuple(map(edge, node.transitions)) for node in nodes)
        defaults = tuple(None if n.default is None else edge(n.default) for n in nodes)
        if nodes[0].kind is StateKind.PARALLEL and defaults[0] is None:
            regions = tuple(nodes[i].id for i in children[0])
            defaults = (edge(Transition(ROOT, Default(), regions)), *defaults[1:])
        remembering = [i for i, node in enumerate(nodes) if node.kind in HISTORY]
        slots = {state: slot for slot, state in enumerate(remembering)}
        return cls(
            chart,
            nodes,
            index,
            parent,
            tuple(last),
            tuple(children),
            tuple(histories),
            outgoing,
            defaults,
            slots,
            tuple(node.kind in (StateKind.ATOMIC, StateKind.FINAL) for node in nodes),
        )

    @property
    def remembering(self) -> tuple[int, ...]:
        """The history states, in document order: in the order of `Memory.history`."""
        return tuple(self.slots)

    def kind(self, state: int) -> StateKind:
        """Return what a state is made of."""
        return self.nodes[state].kind

    def data(self, state: int) -> type | None:
        """Return the class of a state's data."""
        return self.nodes[state].data

    def is_descendant(self, state: int, ancestor: int) -> bool:
        """Tell whether a state lies properly inside another."""
        return ancestor < state <= self.last[ancestor]

    def is_leaf(self, state: int) -> bool:
        """Tell whether a state is atomic or final."""
        return self.leaves[state]

    def depth(self, state: int) -> int:
        """Return how many ancestors a state has."""
        return len(self.ancestors(state))

    def ancestors(self, state: int, below: int = -1) -> list[int]:
        """Return the proper ancestors of a state, innermost first, up to ``below`` (excluded)."""
        found = []
        state = self.parent[state]
        while state not in (below, -1):
            found.append(state)
            state = self.parent[state]
        return found

    def is_legal(self, configuration: tuple[int, ...]) -> bool:
        """Tell whether states make up a legal configuration (SCXML 3.11), in document order."""
        active = set(configuration)
        if len(active) != len(configuration) or list(configuration) != sorted(active):
            return False
        for state in (0, *configuration):
            if self.parent[state] not in active | {0, -1}:
                return False
            inside = sum(child in active for child in self.children[state])
            if inside != {
                StateKind.COMPOUND: 1,
                StateKind.PARALLEL: len(self.children[state]),
            }.get(self.kind(state), 0):
                return False
        return not any(self.kind(state) in HISTORY or state == 0 for state in configuration)
