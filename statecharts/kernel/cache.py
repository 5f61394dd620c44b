"""The cache of plans of one chart, within a bound.

A look-up takes no lock; working something out does, so that threads can share a kernel.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, final
from weakref import WeakValueDictionary

import attrs

from statecharts.kernel.planner import Key, Planner
from statecharts.kernel.plans import Candidate, Dispatch, Entry, Move, Node, Plan
from statecharts.model.calls import answers_of
from statecharts.model.chart import After, Always, Chart, StateKind, StateNode
from statecharts.model.effects import Call
from statecharts.model.errors import StepError
from statecharts.model.events import OWN, Answer, NamedEvent, StateDone, shown_name
from statecharts.model.fields import fields_of
from statecharts.model.suggestions import nearest
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import Configuration, Owner
from statecharts.semantics.snapshot import EMPTY, Memory, Snapshot
from statecharts.semantics.transitions import ends
from statecharts.semantics.tree import Edge, Tree

TRIAL: Final = 8
"""One in so many entries is on trial when there is no room for all of them."""


@final
class LRU:
    """The entries that have been worked out, at most ``bound`` of them.

    Using an entry marks it. A move is not marked each time that it is called: it is withdrawn when
    it is passed over, and its next use puts it back. When there is no more room, newcomers are on
    trial: they take one another's room, unless they are used again soon. So a circle through more
    than there is room for does not drive everything out. Of the others one is looked at for every
    few that fail; it goes if it has not been used since the last time, so that nothing stays for
    ever. Adding, which is rare, goes under the caller's lock.

    Args:
        bound: How many entries are kept.
    """

    __slots__ = ("_entries", "_failed", "_trial", "bound")

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._entries: deque[Entry] = deque()
        self._trial: deque[Entry] = deque()
        self._failed = 0

    def __len__(self) -> int:
        return len(self._entries) + len(self._trial)

    def add(self, entry: Entry) -> None:
        """Keep an entry; let another go when there are too many."""
        if len(self) < self.bound:
            self._entries.append(entry)
            return
        if len(self._trial) <= self.bound // TRIAL:
            self._release()
        else:
            first = self._trial.popleft()
            if first.used:
                self._entries.append(first)
                self._release()
            else:
                first.forget()
                self._failed += 1
                if self._entries and self._failed % TRIAL == 0:
                    self._pass_over()
        self._trial.append(entry)

    def _release(self) -> None:
        """Let the oldest go that has not been used since it was last passed over."""
        while self._pass_over():
            pass

    def _pass_over(self) -> bool:
        """Look at the oldest entry; tell whether it stays."""
        oldest = self._entries.popleft()
        if oldest.used:
            oldest.withdraw()
            self._entries.append(oldest)
            return True
        oldest.forget()
        return False


@final
class PlanCache:
    """The nodes, dispatches and plans of one chart, worked out when they are asked for.

    Args:
        chart: The chart.
        bound: How many plans are kept.
        owner: The kernel that its configurations belong to.

    Attributes:
        timers: The names of the timers of the chart.
        calls: The calls of the chart by name, each with the number of the state that makes it.
        lru: The plans that are kept, within their bound.
        blank: The memory of a run that has only begun.
        origin: The empty configuration that a run starts from.
        start: How the chart is entered.
    """

    def __init__(self, chart: Chart, bound: int, owner: Owner) -> None:
        self.chart = chart
        self.owner = owner
        self.lru = LRU(bound)
        self._tree = Tree.of(chart)
        self.timers = frozenset(
            line.trigger.timer for line in chart.transitions if isinstance(line.trigger, After)
        )
        self.calls = {
            node.call_name(one): (state, one)
            for state, node in enumerate(self._tree.nodes)
            for one in node.invoke
        }
        self._answers: dict[type, tuple[type, ...] | None] = {}
        self._known = tuple(node.id for node in chart.states)
        self._restless = frozenset(
            edge.source
            for edges in self._tree.outgoing
            for edge in edges
            if isinstance(edge.transition.trigger, Always)
        )
        self._finals = frozenset(
            state for state, node in enumerate(self._tree.nodes) if node.kind is StateKind.FINAL
        )
        self._lock = threading.RLock()
        self._nodes: WeakValueDictionary[tuple[int, ...], Node] = WeakValueDictionary()
        self._planner = Planner(self._tree, self.node, bound)
        slots = len(self._tree.slots)
        self.blank = Memory((None,) * slots) if slots else EMPTY
        self.origin = Node(chart.name, (), self._known, owner, (), False, False)
        self.start: Plan = self._planner.start()

    def node(self, states: tuple[int, ...]) -> Node:
        """Return the node of a configuration, the same one for as long as anybody holds it."""
        node = self._nodes.get(states)
        if node is not None:
            return node
        with self._lock:
            node = self._nodes.get(states)
            if node is None:  # pragma: no branch - else another thread was first
                final = not self._finals.isdisjoint(states) and ends(self._tree, states)
                restless = not final and not self._restless.isdisjoint((0, *states))
                ids = tuple([self._known[state - 1] for state in states])
                node = Node(self.chart.name, ids, self._known, self.owner, states, restless, final)
                self._nodes[states] = node
            return node

    def adopt(self, snapshot: Snapshot[Any, Any]) -> Node:
        """Return this cache's node for a snapshot that another kernel, or a pickle, has made.

        Raises:
            StepError: The snapshot does not belong to this chart (SC205).
        """
        place, tree = snapshot._place, self._tree
        if place.owner is not None and place.owner.chart is self.chart:
            # Another kernel of the chart has made sure of it.
            known = self._nodes.get(place.states)
            return self.node(place.states) if known is None else known
        if place.chart != self.chart.name:
            raise self._foreign(snapshot, f"it is a snapshot of {place.chart}")
        states = tuple([tree.index.get(state, -1) for state in place.ids])
        if not (
            states in self._nodes or (-1 not in states and tree.is_legal(states))
        ) or not self._same_states(place, place.ids):
            found = f"({', '.join(place.ids)}) is not a configuration of this chart"
            raise self._foreign(snapshot, found)
        remembering = len(snapshot._memory.history)
        if remembering != len(tree.slots):
            found = f"its chart has {remembering} history states, and this one {len(tree.slots)}"
            raise self._foreign(snapshot, found)
        for state, value in zip(states, snapshot._values, strict=True):
            self._carries(snapshot, tree.nodes[state], value)
        self._remembers(snapshot)
        self._under_way(snapshot)
        node, memory = self.node(states), snapshot._memory
        if node.final and (memory.timers or memory.calls or memory.waiting):
            raise self._foreign(snapshot, f"the run has ended in ({', '.join(place.ids)}) here")
        return node

    def _remembers(self, snapshot: Snapshot[Any, Any]) -> None:
        """Refuse a snapshot whose history remembers what this chart does not have."""
        tree = self._tree
        for slot, remembered in enumerate(snapshot._memory.history):
            if remembered is None:
                continue
            parent = tree.nodes[tree.parent[tree.remembering[slot]]].id
            for state, value in zip(remembered.ids, remembered.values, strict=True):
                if state not in tree.index or not self.chart.is_descendant(state, parent):
                    raise self._foreign(snapshot, f"{parent!r} does not remember {state!r} here")
                self._carries(snapshot, self.chart[state], value)

    def _under_way(self, snapshot: Snapshot[Any, Any]) -> None:
        """Refuse a snapshot with timers, calls or a context that this chart does not have."""
        memory = snapshot._memory
        sent = {timer for timer, _, _ in memory.sent}
        for timer, _ in memory.timers:
            if timer.rpartition("#")[0] not in self.timers and timer not in sent:
                raise self._foreign(snapshot, f"no line of this chart has the timer {timer!r}")
        for name, call in memory.calls:
            known = self.calls.get(name.rpartition("#")[0])
            if known is None or not isinstance(call, known[1].call):
                raise self._foreign(snapshot, f"no state of this chart makes the call {name!r}")
        for event in (*memory.waiting, *(sent for _, _, sent in memory.sent)):
            if not self._knows(event):
                raise self._foreign(
                    snapshot, f"{repr_of(event)} waits, which is not one of its events"
                )
        if not isinstance(snapshot._context, self.chart.context or type(None)):
            raise self._foreign(snapshot, f"its context is {repr_of(snapshot._context)}")

    def _knows(self, event: object) -> bool:
        """Tell whether an event can be one of this chart: of a closed one, which names them all."""
        if not self.chart.closed or isinstance(event, StateDone):
            return True
        if isinstance(event, NamedEvent):
            return any(known.name == event.name for known in self.chart.events)
        return any(known.cls and isinstance(event, known.cls) for known in self.chart.events)

    def _same_states(self, place: Configuration, ids: Iterable[str]) -> bool:
        """Tell whether states are of the same kind in the chart that a snapshot comes from."""
        other = None if place.owner is None else place.owner.chart
        return other is None or all(self.chart[i].kind is other[i].kind for i in ids)

    def _carries(self, snapshot: Snapshot[Any, Any], node: StateNode, value: object) -> None:
        if not isinstance(value, node.data or type(None)):
            raise self._foreign(
                snapshot, f"{node.id!r} does not carry {repr_of(value)} in this chart"
            )

    def _foreign(self, snapshot: Snapshot[Any, Any], found: str) -> StepError:
        remedy = f"Step it with the {snapshot._place.chart} that made it"
        text = f"the snapshot does not belong to this chart: {found}"
        return StepError("SC205", self.chart.name, text, remedy)

    def key(self, event: object) -> type | str:
        """Return the kind of an event: its class, or its name.

        Raises:
            StepError: It is not an event (SC204).
        """
        if isinstance(event, NamedEvent):
            return event.name
        if isinstance(event, type):
            arguments = "…" if any(not field.optional for field in fields_of(event)) else ""
            raise StepError(
                "SC204",
                self.chart.name,
                f"{event.__name__} is a class",
                f"Send an instance: {event.__name__}({arguments})",
            )
        cls = event.__class__
        if not attrs.has(cls) or cls in OWN:
            names = [known.cls.__name__ for known in self.chart.events if known.cls is not None]
            near = nearest(event, names)
            remedy = (
                f"Send an instance: {near}(…)" if near else "Send an instance of an attrs class"
            )
            raise StepError("SC204", self.chart.name, f"{repr_of(event)} is not an event", remedy)
        return cls

    def check_answer(self, answer: Answer, call: Call[Any]) -> None:
        """Refuse an answer that a call does not declare.

        Raises:
            StepError: It is of another class (SC204).
        """
        cls, event = type(call), answer.event
        known = self._answers.get(cls, ())
        if known == ():
            known = self._answers[cls] = answers_of(cls)
        if known is None or isinstance(event, known):
            return
        found = (
            f"{answer.id!r} is answered by {repr_of(event)}, which {cls.__name__} does not declare"
        )
        names = [one.__name__ for one in known]
        remedy = f"Answer with {' or '.join(names)}"
        if shown_name(event) in names:
            remedy += ": the class that the call was declared with, not one declared again"
        raise StepError("SC204", self.chart.name, found, remedy)

    def takes(self, edges: Iterable[Edge], sure: Iterable[Edge]) -> bool:
        """Tell whether one of some edges is a line that can be taken.

        Args:
            edges: What an event may select.
            sure: Those of them that it selects for certain; an ignoring one of these keeps the
                event from all superstates.
        """
        tree = self._tree
        ignoring = [edge.source for edge in sure if edge.forbids]
        return any(
            not edge.forbids
            and not edge.defers
            and not any(tree.is_descendant(source, edge.source) for source in ignoring)
            for edge in edges
        )

    def planned(
        self, dispatch: Dispatch, selected: tuple[Edge, ...], history: tuple[Any, ...]
    ) -> Plan:
        """Return the plan of a selection; where history matters, the one for what is remembered."""
        recalled = (selected, tuple(None if one is None else one.ids for one in history))
        plan = dispatch.plans.get(recalled)
        if plan is not None:
            plan.used = True
            return plan
        with self._lock:
            plan = dispatch.plans.get(selected) or dispatch.plans.get(recalled)
            if plan is None:  # pragma: no branch - else another thread was first
                states = dispatch.node.states
                plan, consulted = self._planner.plan(states, selected, dispatch.key, history)
                key: Any = recalled if consulted else selected
                dispatch.plans[key] = plan
                plan.home, plan.key = dispatch.plans, key
                self.lru.add(plan)
            return plan

    def publish(self, dispatch: Dispatch, move: Move) -> None:
        """Put the move of a dispatch where the next event of its kind finds it at once."""
        with self._lock:
            dispatch.used = True
            dispatch.move = move
            node, key = dispatch.node, dispatch.key
            if node.dispatches.get(key) is dispatch:  # else it was let go
                node.moves[key] = move

    def chains(self, node: Node, kind: type | str) -> tuple[tuple[Candidate, ...], ...]:
        """Return the candidates of a configuration for a kind of event that nobody sends now."""
        return () if node.final else self._planner.chains(node.states, kind)

    def dispatch(self, node: Node, key: Key) -> Dispatch:
        """Return what a configuration does with a kind of event, working it out if need be."""
        found = node.dispatches.get(key)
        if found is not None:
            return found
        with self._lock:
            found = node.dispatches.get(key)
            if found is not None:  # pragma: no cover - another thread was first
                return found
            chains = () if node.final else self._planner.chains(node.states, key)
            dispatch = Dispatch(node, key, chains)
            heads = [chain[0] for chain in chains]
            if heads and all(one.test is None and not one.edge.defers for one in heads):
                selected = tuple(dict.fromkeys([one.edge for one in heads]))
                blank = self.blank.history
                plan, consulted = self._planner.plan(node.states, selected, key, blank)
                if not consulted:
                    dispatch.plan = plan
            node.dispatches[key] = dispatch
            self.lru.add(dispatch)
            return dispatch
