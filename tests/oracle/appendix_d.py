"""The interpreter of Appendix D of the SCXML recommendation, function by function.

Every method bears the name of its function in the appendix and follows its pseudo-code line by
line; speed is of no concern. States are handled by their ids. The differences are those that the
library settles otherwise:

- A run waits outside the algorithm: `Interpreter.interpret` and `Interpreter.send` each return when
  the macrostep is complete, and ``exitInterpreter`` is not performed, so that a finished machine
  keeps its final configuration.
- A completion event is matched by ``Done`` transitions of the completed state, and by descriptors
  of its name.
- The entry content of the chart itself, if it has any, is executed before anything is entered.
- Executable content is a transition's ``update`` and ``emit`` and a state's ``entry`` and ``exit``.
  Invocations, finalisation, data binding and delays do not occur.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from statecharts.model.chart import (
    ROOT,
    Always,
    Chart,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Effect, Raise
from statecharts.model.events import NamedEvent, matches, wire_name
from statecharts.model.hooks import Hook
from tests.oracle.records import DoneState, EntrySet, Outcome, Seen
from tests.oracle.structure import Document, OrderedSet
from tests.oracle.vocabulary import donedata

BOUND = 1_000
"""Microsteps that one macrostep may take, unless it is said otherwise."""


class EndlessMacrostepError(Exception):
    """A macrostep that has gone past its bound."""


class Interpreter(Document):
    """One run of a chart, by Appendix D.

    Attributes:
        context: The extended state, as it is now.
        configuration: The active states, in the order in which they were entered.
        history_value: By history state, the states that it remembers.
        running: Whether no outermost final state has been entered.
        bound: Microsteps that one macrostep may take.
    """

    def __init__(self, chart: Chart, context: object = None, bound: int = BOUND) -> None:
        super().__init__(chart)
        self.context: Any = context
        self.bound = bound
        self.configuration: OrderedSet[str] = OrderedSet()
        self.history_value: dict[str, list[str]] = {}
        self.internal_queue: deque[object] = deque()
        self.running = False
        self._event: object = None
        self._effects: list[Effect] = []
        self._microsteps = 0

    # -- interpret, mainEventLoop ------------------------------------------------------------------

    def interpret(self) -> Outcome:
        """Enter the initial configuration and complete the first macrostep."""
        assert self.chart.root.default is not None
        self._begin(None)
        self.running = True
        self._microsteps = 1  # entering the chart counts towards the bound
        self.execute_hooks(self.chart.root.entry)
        self.enter_states([self.chart.root.default])
        self.complete_macrostep()
        return self._outcome(handled=True)

    def send(self, event: object) -> Outcome:
        """Process one external event: the lower half of ``mainEventLoop``, then its upper half."""
        self._begin(event)
        if not self.running:
            return self._outcome(handled=False)
        enabled_transitions = self.select_transitions(event)
        if not enabled_transitions.is_empty():
            self.microstep(enabled_transitions.to_list())
        self.complete_macrostep()
        return self._outcome(handled=not enabled_transitions.is_empty())

    def complete_macrostep(self) -> None:
        """Take eventless transitions and internal events until none is left."""
        macrostep_done = False
        while self.running and not macrostep_done:
            enabled_transitions = self.select_eventless_transitions()
            if enabled_transitions.is_empty():
                if not self.internal_queue:
                    macrostep_done = True
                else:
                    internal_event = self.internal_queue.popleft()
                    self._event = internal_event
                    enabled_transitions = self.select_transitions(internal_event)
            if not enabled_transitions.is_empty():
                self.microstep(enabled_transitions.to_list())

    # -- selection ---------------------------------------------------------------------------------

    def select_eventless_transitions(self) -> OrderedSet[Transition]:
        """Select, for each atomic state, the first enabled transition that needs no event."""
        enabled_transitions: OrderedSet[Transition] = OrderedSet()
        for state in self.in_document_order(filter(self.is_atomic_state, self.configuration)):
            t = self._first(
                state,
                lambda t: isinstance(t.trigger, Always) and self.condition_match(t),
            )
            if t is not None:
                enabled_transitions.add(t)
        return self.remove_conflicting_transitions(enabled_transitions)

    def select_transitions(self, event: object) -> OrderedSet[Transition]:
        """Select, for each atomic state, the first enabled transition that the event matches."""
        enabled_transitions: OrderedSet[Transition] = OrderedSet()
        for state in self.in_document_order(filter(self.is_atomic_state, self.configuration)):
            t = self._first(state, lambda t: self.name_match(t, event) and self.condition_match(t))
            if t is not None:
                enabled_transitions.add(t)
        return self.remove_conflicting_transitions(enabled_transitions)

    def remove_conflicting_transitions(
        self, enabled_transitions: OrderedSet[Transition]
    ) -> OrderedSet[Transition]:
        """Of transitions whose exit sets intersect keep the descendant's, else the earlier one."""
        filtered_transitions: OrderedSet[Transition] = OrderedSet()
        for t1 in enabled_transitions.to_list():
            t1_preempted = False
            transitions_to_remove: OrderedSet[Transition] = OrderedSet()
            for t2 in filtered_transitions.to_list():
                if self.compute_exit_set([t1]).has_intersection(self.compute_exit_set([t2])):
                    if self.is_descendant(t1.source, t2.source):
                        transitions_to_remove.add(t2)
                    else:
                        t1_preempted = True
                        break
            if not t1_preempted:
                for t3 in transitions_to_remove.to_list():
                    filtered_transitions.delete(t3)
                filtered_transitions.add(t1)
        return filtered_transitions

    def name_match(self, t: Transition, event: object) -> bool:
        """Tell whether an event is one that the transition waits for."""
        if isinstance(event, DoneState):
            if isinstance(t.trigger, OnEvent):
                name = f"done.state.{self.chart[event.state].name}"
                return any(isinstance(w, str) and matches(w, name) for w in t.trigger.events)
            return isinstance(t.trigger, Done) and t.source == event.state
        if not isinstance(t.trigger, OnEvent):
            return False
        name = event.name if isinstance(event, NamedEvent) else wire_name(type(event))
        return any(
            matches(wanted, name) if isinstance(wanted, str) else isinstance(event, wanted)
            for wanted in t.trigger.events
        )

    def condition_match(self, t: Transition) -> bool:
        """Evaluate the guard of a transition; no guard always holds."""
        return t.guard is None or bool(t.guard.function(self._seen()))

    # -- microstep ---------------------------------------------------------------------------------

    def microstep(self, enabled_transitions: list[Transition]) -> None:
        """Take a set of transitions in lock step."""
        self._microsteps += 1
        if self._microsteps > self.bound:
            raise EndlessMacrostepError(f"{self.chart.name}: more than {self.bound} microsteps")
        self.exit_states(enabled_transitions)
        self.execute_transition_content(enabled_transitions)
        self.enter_states(enabled_transitions)

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Record history, then leave the states of the exit set in exit order."""
        states_to_exit = self.in_document_order(self.compute_exit_set(enabled_transitions))[::-1]
        for s in states_to_exit:
            for h in self.chart[s].children:
                if self.kinds[h] is StateKind.DEEP_HISTORY:
                    self.history_value[h] = [
                        s0
                        for s0 in self.configuration
                        if self.is_atomic_state(s0) and self.is_descendant(s0, s)
                    ]
                elif self.kinds[h] is StateKind.SHALLOW_HISTORY:
                    self.history_value[h] = [
                        s0 for s0 in self.configuration if self.parents[s0] == s
                    ]
        for s in states_to_exit:
            self.execute_hooks(self.chart[s].exit)
            self.configuration.delete(s)

    def compute_exit_set(self, transitions: list[Transition]) -> OrderedSet[str]:
        """Return the active states inside the domains of the transitions."""
        states_to_exit: OrderedSet[str] = OrderedSet()
        for t in transitions:
            if t.targets:
                domain = self.get_transition_domain(t)
                for s in self.configuration:
                    if domain is not None and self.is_descendant(s, domain):
                        states_to_exit.add(s)
        return states_to_exit

    def execute_transition_content(self, enabled_transitions: list[Transition]) -> None:
        """Execute the content of each transition, in order."""
        for t in enabled_transitions:
            self.execute_content(t)

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter the states of the entry set in entry order, and raise completion events."""
        entry_set = self.compute_entry_set(enabled_transitions)
        for s in self.in_document_order(entry_set.states_to_enter):
            self.configuration.add(s)
            self.execute_hooks(self.chart[s].entry)
            if entry_set.states_for_default_entry.is_member(s):
                self.execute_content(self.default_transition(s))
            if s in entry_set.default_history_content:
                self.execute_content(entry_set.default_history_content[s])
            if self.kinds[s] is StateKind.FINAL:
                parent = self.parents[s]
                if parent is None or parent == ROOT:
                    self.running = False
                else:
                    self.internal_queue.append(DoneState(parent, donedata(self.chart[s].entry)))
                    grandparent = self.parents[parent]
                    if (
                        grandparent is not None
                        and self.is_parallel_state(grandparent)
                        and all(
                            map(
                                self.is_in_final_state,
                                self.get_child_states(grandparent),
                            )
                        )
                    ):
                        self.internal_queue.append(DoneState(grandparent))

    def compute_entry_set(self, transitions: list[Transition]) -> EntrySet:
        """Return the states that the transitions enter, and how they are entered."""
        entry_set = EntrySet()
        for t in transitions:
            for s in t.targets:
                self.add_descendant_states_to_enter(s, entry_set)
            ancestor = self.get_transition_domain(t)
            for s in self.get_effective_target_states(t):
                self.add_ancestor_states_to_enter(s, ancestor, entry_set)
        return entry_set

    def add_descendant_states_to_enter(self, state: str, entry_set: EntrySet) -> None:
        """Add a state and the descendants that entering it enters; follow a history state."""
        if self.is_history_state(state):
            parent = self.parents[state]
            assert parent is not None
            if self.history_value.get(state):
                for s in self.history_value[state]:
                    self.add_descendant_states_to_enter(s, entry_set)
                for s in self.history_value[state]:
                    self.add_ancestor_states_to_enter(s, parent, entry_set)
            else:
                entry_set.default_history_content[parent] = self.default_transition(state)
                for s in self.default_transition(state).targets:
                    self.add_descendant_states_to_enter(s, entry_set)
                for s in self.default_transition(state).targets:
                    self.add_ancestor_states_to_enter(s, parent, entry_set)
            return
        entry_set.states_to_enter.add(state)
        if self.is_compound_state(state):
            entry_set.states_for_default_entry.add(state)
            for s in self.default_transition(state).targets:
                self.add_descendant_states_to_enter(s, entry_set)
            for s in self.default_transition(state).targets:
                self.add_ancestor_states_to_enter(s, state, entry_set)
        elif self.is_parallel_state(state):
            self._add_missing_children(state, entry_set)

    def add_ancestor_states_to_enter(
        self, state: str, ancestor: str | None, entry_set: EntrySet
    ) -> None:
        """Add the ancestors of a state below another, and what their parallel ones need."""
        for above in self.get_proper_ancestors(state, ancestor):
            entry_set.states_to_enter.add(above)
            if self.is_parallel_state(above):
                self._add_missing_children(above, entry_set)

    def _add_missing_children(self, parallel: str, entry_set: EntrySet) -> None:
        for child in self.get_child_states(parallel):
            if not any(self.is_descendant(s, child) for s in entry_set.states_to_enter):
                self.add_descendant_states_to_enter(child, entry_set)

    # -- domains and ancestors ---------------------------------------------------------------------

    def is_in_final_state(self, s: str) -> bool:
        """Tell whether a compound or parallel state has completed."""
        if self.is_compound_state(s):
            return any(
                self.kinds[child] is StateKind.FINAL and self.configuration.is_member(child)
                for child in self.get_child_states(s)
            )
        if self.is_parallel_state(s):
            return all(map(self.is_in_final_state, self.get_child_states(s)))
        return False

    def get_transition_domain(self, t: Transition) -> str | None:
        """Return the compound state inside which everything that the transition changes lies."""
        tstates = self.get_effective_target_states(t)
        if tstates.is_empty():
            return None
        if t is self.chart.root.default:
            return ROOT  # its source is the <initial> element, whose parent is <scxml>
        if (
            t.kind is TransitionKind.INTERNAL
            and self.is_compound_state(t.source)
            and tstates.every(lambda s: self.is_descendant(s, t.source))
        ):
            return t.source
        return self.find_lcca([t.source, *tstates])

    def find_lcca(self, state_list: list[str]) -> str:
        """Return the innermost compound state that is a proper ancestor of all the states."""
        for above in self.get_proper_ancestors(state_list[0], None):
            if self.is_compound_state(above) and all(
                self.is_descendant(s, above) for s in state_list[1:]
            ):
                return above
        raise AssertionError(f"no common ancestor of {state_list}")

    def get_effective_target_states(self, t: Transition) -> OrderedSet[str]:
        """Return the targets of a transition, history states replaced by what they stand for."""
        targets: OrderedSet[str] = OrderedSet()
        for s in t.targets:
            if self.is_history_state(s):
                if self.history_value.get(s):
                    targets.union(self.history_value[s])
                else:
                    targets.union(self.get_effective_target_states(self.default_transition(s)))
            else:
                targets.add(s)
        return targets

    # -- executable content ------------------------------------------------------------------------

    def execute_content(self, t: Transition) -> None:
        """Execute the content of a transition: first its ``update``, then each ``emit``."""
        if t.update is not None:
            self.context = t.update.function(self._seen())
        self.execute_hooks(t.emit)

    def execute_hooks(self, hooks: tuple[Hook, ...]) -> None:
        """Call hooks and keep the effects that they give."""
        for hook in hooks:
            given = hook.function(self._seen())
            effects = [given] if isinstance(given, Effect) else list(given or ())
            for effect in effects:
                if isinstance(effect, Raise):
                    self.internal_queue.append(effect.event)
                else:
                    self._effects.append(effect)

    # -- plumbing ----------------------------------------------------------------------------------

    def _begin(self, event: object) -> None:
        self._event, self._effects, self._microsteps = event, [], 0

    def _outcome(self, *, handled: bool) -> Outcome:
        configuration = tuple(self.in_document_order(self.configuration))
        return Outcome(configuration, self.context, tuple(self._effects), handled)

    def _seen(self) -> Seen:
        return Seen(self._event, self.context, tuple(self.configuration))

    def _first(self, state: str, enabled: Callable[[Transition], bool]) -> Transition | None:
        for s in [state, *self.get_proper_ancestors(state, None)]:
            for t in self.chart[s].transitions:
                if enabled(t):
                    return t
        return None
