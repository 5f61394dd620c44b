"""The planner: works out, once, what a configuration does with an event.

It follows the SCXML algorithm (Appendix D) and writes down the outcome as a flat list of
operations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast, final

from statecharts.kernel.macrostep import NONE
from statecharts.kernel.operations import (
    Emit,
    Enter,
    Exit,
    Fill,
    Finish,
    Leave,
    Make,
    Operation,
    Prepare,
    Record,
    Restore,
    StartTimers,
    Update,
)
from statecharts.kernel.plans import Candidate, Node, Perform, Plan
from statecharts.model.chart import After, Always, Default, Done, OnEvent, StateKind, StateNode
from statecharts.model.events import (
    NamedEvent,
    StateDone,
    TimerFired,
    hears,
    matches_kind,
)
from statecharts.model.fields import names_of
from statecharts.semantics.filling import Recipe
from statecharts.semantics.snapshot import Microstep, Outcome, Remembered
from statecharts.semantics.transitions import (
    EntrySet,
    exit_set,
    is_done,
    recalled,
    remove_conflicting,
    to_record,
)
from statecharts.semantics.tree import Edge, Tree

ALWAYS: Final = ("always", "")
"""The key of eventless selection."""

Key: TypeAlias = "type | str | int | tuple[str, str] | Heard"
"""An event class, a named event's name, a state that is done, a timer, or what a call answers."""


class Heard(NamedTuple):
    """The kind of an event that answers a call.

    Attributes:
        holder: The state that made the call: no other region hears it.
        event: The kind of the event.
    """

    holder: int
    event: type | str


class Part(NamedTuple):
    """The operations of a transition inside its domain, whatever else is active.

    Attributes:
        states: The states that are active inside it afterwards.
        carry: Where each of their values stood before; -1 for one that is not carried over.
        leaving: The operations of the plan, as are ``entering`` and ``outcome``.
    """

    states: tuple[int, ...]
    carry: tuple[int, ...]
    leaving: tuple[Perform, ...]
    entering: tuple[Perform, ...]
    outcome: Outcome


Where: TypeAlias = "tuple[Edge, Key, int, tuple[int, ...]]"
"""A transition, the kind of its event, and the active states of its domain and their position."""

T = TypeVar("T")

SHARED: Final = 8_192
"""The most things that plans have in common that are kept."""

History: TypeAlias = tuple[Remembered | None, ...]


@final
class Planner:
    """Works out candidates and plans for the configurations of one chart.

    Where regions are active side by side, there are many more configurations than ways through one
    region. What a transition does inside its domain is then worked out once for all of them.

    Args:
        tree: The chart, numbered.
        intern: Gives the node of a configuration.
        bound: How many plans are kept.
    """

    def __init__(self, tree: Tree, intern: Callable[[tuple[int, ...]], Node], bound: int) -> None:
        self.tree = tree
        self.intern = intern
        self._bound = min(bound, SHARED)
        self._upward: dict[int, tuple[Edge, ...]] = {}
        self._shared: dict[Any, Any] = {}
        self._regions = any(node.kind is StateKind.PARALLEL for node in tree.nodes)
        self._carries = [node.data is not None for node in tree.nodes]

    def shared(self, key: Any, value: T) -> T:
        """Return a value that plans have in common, once for all of them."""
        if len(self._shared) >= self._bound:
            self._shared.clear()
        return cast("T", self._shared.setdefault(key, value))

    def candidates(self, leaf: int, key: Key) -> tuple[Edge, ...]:
        """Return the transitions that an atomic state asks, up to the first without a guard."""
        at_once = isinstance(key, Heard | int)
        done = f"done.state.{self.tree.nodes[key].name}" if isinstance(key, int) else None
        found: list[Edge] = []
        for edge in self._upward.get(leaf) or self.upward(leaf):
            if at_once and edge.defers:
                continue  # answers and completion are taken at once, or never
            if takes(edge, key, done):
                found.append(edge)
                if edge.transition.guard is None:
                    break
        return tuple(found)

    def upward(self, leaf: int) -> tuple[Edge, ...]:
        """Return the transitions that a state and its ancestors have, from the inside out."""
        found = self._upward.get(leaf)
        if found is None:
            states = (leaf, *self.tree.ancestors(leaf))
            found = tuple(edge for state in states for edge in self.tree.outgoing[state])
            self._upward[leaf] = found
        return found

    def chains(self, states: tuple[int, ...], key: Key) -> tuple[tuple[Candidate, ...], ...]:
        """Return, for each atomic state that has any, its candidate transitions inside out.

        A chain ends with its first transition without a guard: nothing beyond it is ever asked.
        An answer is offered to the state that made the call, to what is active inside it and to
        its ancestors.
        """
        holder = key.holder if isinstance(key, Heard) else 0
        position: dict[int, int] = {}
        found: list[tuple[Candidate, ...]] = []
        leaves, last = self.tree.leaves, self.tree.last[holder]
        for leaf in states:
            if not leaves[leaf] or not holder <= leaf <= last:
                continue
            edges = self._shared.get((leaf, key)) if self._regions else None
            if edges is None:
                edges = self.candidates(leaf, key)
                if self._regions:
                    self.shared((leaf, key), edges)
            if edges:
                position = position or {state: i for i, state in enumerate(states)}
                same = tuple([(edge, position.get(edge.source, -1)) for edge in edges])
                chain = self._shared.get(same)
                if chain is None:
                    chain = self.shared(same, tuple([Candidate(*one) for one in same]))
                found.append(chain)
        return tuple(found)

    def plan(
        self, states: tuple[int, ...], selected: tuple[Edge, ...], key: Key, history: History
    ) -> tuple[Plan, bool]:
        """Work out a microstep; tell as well whether remembered history mattered."""
        where = self._where(states, selected, key) if self._regions else None
        part: Part | None = None if where is None else self._shared.get(where)
        if where is not None and part is not None:
            return self._joined(states, where, part), False
        work = Work(self.tree, states, key, history)
        edges = remove_conflicting(self.tree, selected, states, work.recall)
        plan = work.plan(edges, self)
        if where is not None and not work.consulted and not work.finishes:
            _, _, begin, within = where
            new = slice(begin, begin + len(within) + len(plan.next.states) - len(states))
            inner = plan.next.states[new], plan.carry[new]
            self.shared(where, Part(*inner, plan.leaving, plan.entering, plan.outcome))
        return plan, work.consulted

    def _where(self, states: tuple[int, ...], selected: tuple[Edge, ...], key: Key) -> Where | None:
        """Return what decides how a transition that is taken alone goes; None if it is open.

        All that it leaves, enters and reads is in its domain, whose active states follow one
        another. So the same states at the same position take it by the same operations, unless
        history matters, or the completion of what is around them.
        """
        edge = selected[0]
        inside = self.tree.domains.get(edge) if edge.targets else edge.source
        if inside is None or len(selected) > 1:
            return None  # nobody has asked for its domain yet, or history decides
        begin = bisect_right(states, inside)
        end = bisect_right(states, self.tree.last[inside], begin)
        return edge, key, begin, states[begin:end]

    def _joined(self, states: tuple[int, ...], where: Where, part: Part) -> Plan:
        """Return the plan of a transition, joined from its part and the states around it."""
        begin, end = where[2], where[2] + len(where[3])
        node = self.intern((*states[:begin], *part.states, *states[end:]))
        around = [i if self._carries[state] else -1 for i, state in enumerate(states)]
        carry = (*around[:begin], *part.carry, *around[end:])
        settled = node.final or not node.restless
        return Plan(node, carry, part.leaving, part.entering, settled, part.outcome)

    def start(self) -> Plan:
        """Work out how the chart is entered."""
        default = self.tree.defaults[0]
        work = Work(self.tree, (), ALWAYS, (None,) * len(self.tree.slots))
        return work.plan(() if default is None else (default,), self)


@final
class Work:
    """One microstep being worked out."""

    def __init__(self, tree: Tree, states: tuple[int, ...], key: Key, history: History) -> None:
        self.tree = tree
        self.states = states
        self.key = key
        self.history = history
        self.before = {state: i for i, state in enumerate(states)}
        self.recorded: dict[int, tuple[int, ...]] = {}
        self.consulted = self.finishes = False

    def recall(self, history: int) -> tuple[int, ...] | None:
        """Return the states that a history state restores; this microstep's record comes first."""
        if history in self.recorded:
            return recalled(self.tree, history, self.recorded[history])
        self.consulted = True
        remembered = self.history[self.tree.slots[history]]
        if remembered is None:
            return None
        numbers = tuple(self.tree.index[state] for state in remembered.ids)
        return recalled(self.tree, history, numbers)

    def plan(self, edges: tuple[Edge, ...], planner: Planner) -> Plan:
        """Write down what taking some transitions does."""
        tree = self.tree
        left = {edge: exit_set(tree, edge, self.states, self.recall) for edge in edges}
        exits = sorted({state for states in left.values() for state in states}, reverse=True)
        self.recorded = to_record(tree, self.states, exits)
        entry = EntrySet(tree, self.recall)
        for edge in edges:
            entry.add(edge)
        gone = frozenset(exits)
        entered = entry.states
        states = tuple(sorted({s for s in self.states if s not in gone}.union(entered)))
        after = {state: i for i, state in enumerate(states)}
        node = planner.intern(states)
        leaving = [*self._leave(exits), *self._take(edges, after, gone)]
        entering = list(self._enter(entry, left, after, gone))
        carry = tuple(
            self.before[s]
            if s in self.before and s not in gone and tree.data(s) is not None
            else -1
            for s in states
        )
        self.finishes = any(isinstance(operation, Finish) for operation in entering)
        settled = node.final or not (node.restless or self.finishes)
        fired = tuple(edge.transition for edge in edges if not edge.forbids and self.states)
        microstep = Microstep(self._ids(exits), fired, self._ids(entered))
        outcome = planner.shared((edges, *exits, None, *entered), (fired, (microstep,)))
        first = tuple([operation.perform for operation in leaving])
        then = tuple([operation.perform for operation in entering])
        return Plan(node, carry, first, then, settled, outcome)

    def _ids(self, states: Iterable[int]) -> tuple[str, ...]:
        nodes = self.tree.nodes
        return tuple([nodes[state].id for state in states])

    def _leave(self, exits: list[int]) -> Iterable[Operation]:
        tree = self.tree
        for history, states in self.recorded.items():
            ids = tuple(tree.nodes[s].id for s in states)
            positions = tuple(self.before[s] for s in states)
            yield Record(tree.nodes[history].id, tree.slots[history], ids, positions)
        left: list[str] = []
        for state in exits:
            node = tree.nodes[state]
            timers = tuple(trigger.timer for trigger in _delays(tree, state))
            for hook in node.exit:
                yield Leave(node, hook, self.before[state], frozenset(left))
            if timers or node.invoke:
                yield Exit(node, timers)
            left.append(node.id)

    def _take(
        self, edges: tuple[Edge, ...], after: dict[int, int], gone: frozenset[int]
    ) -> Iterable[Operation]:
        hidden = frozenset(self.tree.nodes[state].id for state in gone)
        for edge in edges:
            transition, position = edge.transition, self.before.get(edge.source, -1)
            if not self.states:
                continue  # the chart's own default transition has no content (SCXML interpret)
            if transition.update is not None:
                kind = self.tree.chart.context
                yield Update(transition, transition.update, position, kind, hidden)
            for hook in transition.emit:
                yield Emit(transition, hook, position, hidden, entering=False)
            cls = self.tree.data(edge.source)
            stays = not edge.targets and edge.source not in gone
            if transition.make is not None and cls is not None and stays:
                yield Make(transition, transition.make, cls, position, after[edge.source])

    def _enter(
        self,
        entry: EntrySet,
        left: dict[Edge, list[int]],
        after: dict[int, int],
        gone: frozenset[int],
    ) -> Iterable[Operation]:
        tree = self.tree
        later = [tree.nodes[state].id for state in reversed(entry.states)]
        if not self.states:
            yield from self._begin(frozenset(later))
        active = {state for state in self.states if state not in gone}
        for state in entry.states:
            node, position = tree.nodes[state], after[state]
            active.add(state)
            later.pop()
            fresh = state not in self.before or state in gone
            if fresh:  # else it was not left, and keeps its data, timers and calls
                yield from self._data(state, entry, left, position)
            defaults = [d.transition for d in entry.defaults.get(state, ()) if d.transition.emit]
            delays = tuple(_delays(tree, state)) if fresh else ()
            hidden = frozenset(later) if node.entry or defaults or delays else NONE
            for hook in node.entry:
                yield Enter(node, hook, position, hidden)
            for default in defaults:
                for hook in default.emit:
                    yield Emit(default, hook, position, hidden, entering=True)
            if delays:
                yield StartTimers(node, position, delays, hidden)
            if node.invoke and fresh:
                yield Prepare(node, self._calls(node, entry.causes[state]), hidden)
            parent = tree.parent[state]
            if node.kind is StateKind.FINAL and parent > 0:
                yield Finish(tree.nodes[parent], parent, position, node.entry)
                # Completion goes up through parallel states, however deep they are nested.
                above = tree.parent[parent]
                while (
                    above > 0
                    and tree.kind(above) is StateKind.PARALLEL
                    and is_done(tree, above, active)
                ):
                    yield Finish(tree.nodes[above], above, -1, ())
                    above = tree.parent[above]

    def _begin(self, hidden: frozenset[str]) -> Iterable[Operation]:
        """Yield what the chart itself does at the start, when it has anything to do."""
        root, delays = self.tree.nodes[0], tuple(_delays(self.tree, 0))
        for hook in root.entry:
            yield Enter(root, hook, -1, hidden)
        if delays:
            yield StartTimers(root, -1, delays, hidden)
        if root.invoke:
            yield Prepare(root, self._calls(root, None), hidden)

    def _calls(self, node: StateNode, cause: Edge | None) -> tuple[Recipe | None, ...]:
        """Return how each call of a state is built by name; None for one that a callback gives."""
        event = None if cause is None else self._event(cause.transition.trigger)
        chart = self.tree.chart
        data = [(0, names_of(node.data))]
        return tuple(
            Recipe(chart.name, one.call, node.call_name(one), event, data, chart.context, call=True)
            if one.make is None
            else None
            for one in node.invoke
        )

    def _data(
        self, state: int, entry: EntrySet, left: dict[Edge, list[int]], position: int
    ) -> Iterable[Operation]:
        tree, node = self.tree, self.tree.nodes[state]
        if node.data is None:
            return
        if state in entry.restored:
            yield Restore(node, tree.slots[entry.restored[state]], position)
            return
        cause = entry.causes[state]
        transition = cause.transition
        if transition.make is not None and cause.targets == (state,):
            before = self.before.get(cause.source, -1)
            yield Make(transition, transition.make, node.data, before, position)
            return
        event = self._event(transition.trigger)
        supplies = [
            (self.before[s], names_of(tree.data(s)))
            for s in innermost(tree, cause, left.get(cause, ()))
        ]
        chart = tree.chart
        recipe = Recipe(chart.name, node.data, node.id, event, supplies, chart.context)
        yield Fill(node, transition, recipe, position)

    def _event(self, trigger: object) -> type | None:
        """Return the event class that fields are taken from."""
        if not isinstance(trigger, OnEvent):
            return None
        if isinstance(self.key, int):
            return StateDone
        key = self.key.event if isinstance(self.key, Heard) else self.key
        if isinstance(key, tuple):
            return TimerFired
        return key if isinstance(key, type) else NamedEvent


def innermost(tree: Tree, cause: Edge, states: Iterable[int]) -> list[int]:
    """Order the states that a transition leaves: the source's own line first, inner before outer.

    States without data are left out.
    """
    source = cause.source

    def rank(state: int) -> tuple[bool, int, int]:
        line = (
            state == source
            or tree.is_descendant(state, source)
            or tree.is_descendant(source, state)
        )
        return (not line, -tree.depth(state), state)

    return sorted((s for s in states if tree.data(s) is not None), key=rank)


def takes(edge: Edge, key: Key, done: str | None = None) -> bool:
    """Tell whether a transition answers to a kind of event.

    Args:
        edge: The transition.
        key: The kind of event.
        done: The name of a completion event, which descriptors match as well (SCXML 3.7).
    """
    if isinstance(key, Heard):
        return hears(edge.transition.events, key.event)
    match edge.transition.trigger:
        case OnEvent(events):
            if isinstance(key, tuple):
                return key != ALWAYS and TimerFired in events
            kind = key if done is None else done
            return not isinstance(kind, int) and any(matches_kind(one, kind) for one in events)
        case Always():
            return key == ALWAYS
        case Done():
            return key == edge.source
        case After(_, timer):
            return key == ("after", timer)
        case Default():  # pragma: no cover - default transitions do not leave their state
            return False


def _delays(tree: Tree, state: int) -> Iterable[After]:
    for edge in tree.outgoing[state]:
        if isinstance(edge.transition.trigger, After):
            yield edge.transition.trigger
