"""The book: what a kernel has worked out about its chart, and works out when it is asked.

Looking up needs no lock; working out goes under one, so that a kernel can be shared by threads.
"""

from __future__ import annotations

import threading
from typing import Any, final
from weakref import WeakValueDictionary

import attrs

from statecharts.kernel.planner import Key, Planner
from statecharts.kernel.plans import Dispatch, Node, Plan
from statecharts.kernel.recollection import Recollection
from statecharts.model.chart import Always, Chart, StateKind
from statecharts.model.errors import StepError
from statecharts.model.events import NamedEvent, TimerFired
from statecharts.model.suggestions import nearest
from statecharts.semantics.snapshot import EMPTY, Memory, Snapshot
from statecharts.semantics.tree import Edge, Tree


@final
class Book:
    """What is worked out about one chart.

    Args:
        chart: The chart.
        bound: How many plans are kept.

    Attributes:
        recollection: The plans that are kept, within their bound.
        blank: The memory of a run that has only begun.
        origin: The empty configuration that a run starts from.
        start: How the chart is entered.
    """

    def __init__(self, chart: Chart, bound: int) -> None:
        self.chart = chart
        self.recollection = Recollection(bound)
        self._tree = Tree.of(chart)
        self._known = tuple(node.id for node in chart.states)
        self._lock = threading.RLock()
        self._nodes: WeakValueDictionary[tuple[int, ...], Node] = WeakValueDictionary()
        self._planner = Planner(self._tree, self.node)
        slots = len(self._tree.slots)
        self.blank = Memory((None,) * slots) if slots else EMPTY
        self.origin = Node(chart.name, (), self._known, self, (), False, False)
        self.start: Plan = self._planner.start()

    def node(self, states: tuple[int, ...]) -> Node:
        """Return the node of a configuration, the same one for as long as anybody holds it."""
        with self._lock:
            node = self._nodes.get(states)
            if node is None:
                tree = self._tree
                final = any(tree.parent[s] == 0 and tree.kind(s) is StateKind.FINAL for s in states)
                restless = not final and any(
                    isinstance(edge.transition.trigger, Always)
                    for state in (0, *states)
                    for edge in tree.outgoing[state]
                )
                ids = tuple(tree.nodes[state].id for state in states)
                node = Node(self.chart.name, ids, self._known, self, states, restless, final)
                self._nodes[states] = node
            return node

    def adopt(self, snapshot: Snapshot[Any]) -> Node:
        """Return this book's node for a snapshot that another made."""
        ids = snapshot._place.ids
        states = tuple(self._tree.index.get(state, -1) for state in ids)
        slots = len(snapshot._memory.history)
        remedy = f"The snapshot is one of {snapshot._place.chart}: step it with that chart"
        if -1 in states or not self._tree.is_legal(states) or slots != len(self._tree.slots):
            found = f"({', '.join(ids)}) is not a configuration of this chart"
            raise StepError("SC205", self.chart.name, found, remedy)
        for state, value in zip(states, snapshot._values, strict=True):
            wanted = self._tree.data(state) or type(None)
            if not isinstance(value, wanted):
                found = f"{self._tree.nodes[state].id!r} does not carry {value!r} in this chart"
                raise StepError("SC205", self.chart.name, found, remedy)
        return self.node(states)

    def key(self, event: object, memory: Memory) -> Key:
        """Return the kind of an event: its class, its name, or the timer that has fired."""
        if isinstance(event, NamedEvent):
            return event.name
        if isinstance(event, TimerFired):
            running = any(timer == event.id for timer, _ in memory.timers)
            return ("after", event.id.rpartition("#")[0] if running else "")
        if isinstance(event, type):
            found = f"{event.__name__} is a class"
            raise StepError(
                "SC204", self.chart.name, found, f"Send an instance: {event.__name__}()"
            )
        if not attrs.has(event.__class__):
            names = [known.cls.__name__ for known in self.chart.events if known.cls is not None]
            near = nearest(str(event), names)
            remedy = (
                f"Send an instance: {near}(…)" if near else "Send an instance of an attrs class"
            )
            raise StepError("SC204", self.chart.name, f"{event!r} is not an event", remedy)
        return event.__class__

    def planned(
        self, dispatch: Dispatch, selected: tuple[Edge, ...], history: tuple[Any, ...]
    ) -> Plan:
        """Return the plan of a selection; where history matters, the one for what is remembered."""
        recalled = (selected, tuple(None if one is None else one.ids for one in history))
        plan = dispatch.plans.get(recalled)
        if plan is not None:
            plan.epoch = self.recollection.epoch
            return plan
        with self._lock:
            plan = dispatch.plans.get(selected) or dispatch.plans.get(recalled)
            if plan is None:  # pragma: no branch - else another thread was first
                states = dispatch.node.states
                plan, consulted = self._planner.plan(states, selected, dispatch.key, history)
                key: Any = recalled if consulted else selected
                dispatch.plans[key] = plan
                plan.home, plan.key = dispatch.plans, key
                self.recollection.add(plan)
            plan.epoch = self.recollection.epoch
            return plan

    def dispatch(self, node: Node, key: Key) -> Dispatch:
        """Return what a configuration does with a kind of event, working it out if need be."""
        found = node.dispatches.get(key)
        if found is not None:
            return found
        with self._lock:
            found = node.dispatches.get(key)
            if found is not None:  # pragma: no cover - another thread was first
                return found
            dispatch = Dispatch(node, key, self._planner.chains(node.states, key))
            if dispatch.chains and all(chain[0].test is None for chain in dispatch.chains):
                selected = tuple(dict.fromkeys(chain[0].edge for chain in dispatch.chains))
                blank = self.blank.history
                plan, consulted = self._planner.plan(node.states, selected, key, blank)
                if not consulted:
                    dispatch.plan = plan
            node.dispatches[key] = dispatch
            self.recollection.add(dispatch)
            return dispatch
