"""The interpreter of Appendix D of the SCXML recommendation, function by function.

Every method bears the name of its function in the appendix and follows its pseudo-code line by
line; speed is of no concern. States are handled by their ids. The differences are those that the
library settles otherwise:

- A run waits outside the algorithm: `Interpreter.interpret` and `Interpreter.send` each return when
  the macrostep is complete. Of ``exitInterpreter`` only the timers and calls are taken back, so
  that a finished machine keeps its final configuration.
- A completion event is matched by ``Done`` transitions of the completed state, and by descriptors
  of its name.
- The entry content of the chart itself, if it has any, is executed before anything is entered.
- Executable content is a transition's ``update`` and ``emit`` and a state's ``entry`` and ``exit``.
  Finalisation and data binding do not occur.
- A parallel state that completes may complete the parallel state around it, and so on outwards.
- A transition that forbids its event keeps it from the ancestors of its source in all regions.
- A delayed transition starts a timer when its source is entered, and leaving the source stops it.
- An answer to an invocation is offered to the state that made it, what is active inside that state,
  and its ancestors. The last answer ends the invocation.
- A deferred event (UML 2.5.1, 14.2.3.4.4) waits until a macrostep ends in a configuration that does
  not defer it; it then begins a macrostep of its own. Invocations begin when none is left to take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from statecharts.model.chart import (
    ROOT,
    After,
    Always,
    Chart,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import (
    Call,
    CancelInvoke,
    CancelTimer,
    Effect,
    Invoke,
    Raise,
    StartTimer,
)
from statecharts.model.events import (
    Answer,
    CallFailed,
    NamedEvent,
    TimerFired,
    matches,
    wire_name,
)
from statecharts.model.hooks import Hook
from tests.oracle.records import DoneState, EntrySet, Outcome, Seen
from tests.oracle.structure import Document, OrderedSet
from tests.oracle.vocabulary import donedata

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When every run starts; each event is a second later."""
SECOND = timedelta(seconds=1)

BOUND = 1_000
"""Microsteps that one macrostep may take, unless it is said otherwise."""


RECALLS = 1_000
"""Deferred events that one event may bring back."""


class EndlessMacrostepError(Exception):
    """A macrostep that has gone past its bound."""


class Interpreter(Document):
    """One run of a chart, by Appendix D.

    Attributes:
        context: The extended state, as it is now.
        configuration: The active states, in the order in which they were entered.
        history_value: By history state, the states that it remembers.
        running: Whether no outermost final state has been entered.
        timers: The timers that run, by id.
        invocations: The invocations under way, by id.
        deferred: The events that wait.
        at: The time of the present event.
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
        self.timers: dict[str, datetime] = {}
        self.invocations: dict[str, Call[Any]] = {}
        self.deferred: list[object] = []
        self.at = EPOCH
        self._states_to_invoke: dict[str, object] = {}
        self._numbers = {"timer": 0, "call": 0}
        self._call: Call[Any] | None = None
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
        self.start_timers(ROOT)
        self._states_to_invoke[ROOT] = None
        self.enter_states([self.chart.root.default])
        self.complete_macrostep()
        self.take_deferred()
        self.come_to_rest()
        return self._outcome(handled=True)

    def send(self, event: object) -> Outcome:
        """Process one external event: the lower half of ``mainEventLoop``, then its upper half."""
        self._begin(event)
        self.at += SECOND
        if not self.running:
            return self._outcome(handled=False)
        if isinstance(event, TimerFired):
            if event.id not in self.timers:
                return self._outcome(handled=False)
            del self.timers[event.id]
            return self._process(self.select_delayed(event.id.partition("#")[0]), ended=True)
        if isinstance(event, Answer | CallFailed):
            return self._answered(event)
        return self._process(self.select_transitions(event), ended=False)

    def _answered(self, event: Answer | CallFailed) -> Outcome:
        if event.id not in self.invocations:
            return self._outcome(handled=False)
        self._call = self.invocations[event.id]
        self._event = event.event if isinstance(event, Answer) else event
        ended = isinstance(event, CallFailed) or event.last
        if ended:
            del self.invocations[event.id]
        holder = event.id.partition("#")[0].rpartition(".")[0]
        return self._process(self.select_transitions(self._event, holder), ended=ended)

    def _process(self, enabled: OrderedSet[Transition] | None, *, ended: bool) -> Outcome:
        """Take what an event has selected, if it has selected anything.

        Args:
            enabled: The transitions; None when the event is deferred.
            ended: Whether the event has ended a timer or an invocation, whatever it has selected.
        """
        if enabled is None:
            self.deferred.append(self._event)
            return self._outcome(handled=True)
        if enabled.is_empty():
            return self._outcome(handled=ended)
        self.microstep(enabled.to_list())
        self.complete_macrostep()
        self.take_deferred()
        self.come_to_rest()
        return self._outcome(handled=True)

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
                    self._event, self._call = internal_event, None
                    selected = self.select_transitions(internal_event)
                    if selected is None:
                        self.deferred.append(internal_event)
                    else:
                        enabled_transitions = selected
            if not enabled_transitions.is_empty():
                self.microstep(enabled_transitions.to_list())

    def take_deferred(self) -> None:
        """Take the deferred events that nothing defers any more, the oldest first."""
        position = taken = 0
        while self.running and position < len(self.deferred):
            self._event, self._call = self.deferred[position], None
            selected = self.select_transitions(self._event)
            if selected is None:
                position += 1
                continue
            del self.deferred[position]
            if not selected.is_empty():
                taken += 1
                if taken > RECALLS:
                    raise EndlessMacrostepError(f"{self.chart.name}: deferred events go round")
                self._microsteps = 0
                self.microstep(selected.to_list())
                self.complete_macrostep()
                position = 0

    def come_to_rest(self) -> None:
        """Invoke what the states that were entered invoke; take all back at the end of the run."""
        if not self.running:
            self.cancel([*self.timers], [*self.invocations])
            self.deferred.clear()
            return
        for s in self.in_document_order(self._states_to_invoke):
            self._event = self._states_to_invoke[s]
            self._call = None
            for invocation in self.chart[s].invoke:
                self._numbers["call"] += 1
                assert invocation.make is not None
                started = f"{s}.{invocation.name}".lstrip(".") + f"#{self._numbers['call']}"
                call = invocation.make.function(self._seen())
                self.invocations[started] = call
                self._effects.append(Invoke(started, call))
        self._states_to_invoke.clear()

    def start_timers(self, s: str) -> None:
        """Start a timer for each delayed transition of a state."""
        for t in self.chart[s].transitions:
            if isinstance(t.trigger, After):
                assert isinstance(t.trigger.delay, timedelta)
                self._numbers["timer"] += 1
                timer = f"{t.trigger.timer}#{self._numbers['timer']}"
                self.timers[timer] = self.at + t.trigger.delay
                self._effects.append(StartTimer(timer, self.timers[timer]))

    def cancel(self, timers: list[str], invocations: list[str]) -> None:
        """Take back timers, then invocations."""
        for timer in timers:
            del self.timers[timer]
            self._effects.append(CancelTimer(timer))
        for invocation in invocations:
            del self.invocations[invocation]
            self._effects.append(CancelInvoke(invocation))

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

    def select_delayed(self, timer: str) -> OrderedSet[Transition]:
        """Select the transitions that a timer takes."""
        enabled_transitions: OrderedSet[Transition] = OrderedSet()
        for state in self.in_document_order(filter(self.is_atomic_state, self.configuration)):
            t = self._first(
                state,
                lambda t: (
                    isinstance(t.trigger, After)
                    and t.trigger.timer == timer
                    and self.condition_match(t)
                ),
            )
            if t is not None:
                enabled_transitions.add(t)
        return self.remove_conflicting_transitions(enabled_transitions)

    def select_transitions(
        self, event: object, holder: str | None = None
    ) -> OrderedSet[Transition] | None:
        """Select, for each atomic state, the first enabled transition that the event matches.

        Args:
            event: The event.
            holder: The state that hears it, with what is inside and around it; None for all.

        Returns:
            The transitions; None when one of them defers the event.
        """
        enabled_transitions: OrderedSet[Transition] = OrderedSet()
        for state in self.in_document_order(filter(self.is_atomic_state, self.configuration)):
            if holder is not None and state != holder and not self.is_descendant(state, holder):
                continue
            t = self._first(
                state,
                lambda t: (
                    self.name_match(t, event)
                    and not (holder is not None and t.kind is TransitionKind.DEFERRED)
                    and self.condition_match(t)
                ),
            )
            if t is not None:
                if t.kind is TransitionKind.DEFERRED:
                    return None
                enabled_transitions.add(t)
        return self.remove_conflicting_transitions(enabled_transitions)

    def remove_conflicting_transitions(
        self, enabled_transitions: OrderedSet[Transition]
    ) -> OrderedSet[Transition]:
        """Of transitions whose exit sets intersect keep the descendant's, else the earlier one."""
        filtered_transitions: OrderedSet[Transition] = OrderedSet()
        forbidding = [t for t in enabled_transitions if t.kind is TransitionKind.FORBIDDEN]
        for t1 in enabled_transitions.to_list():
            t1_preempted = any(self.is_descendant(t.source, t1.source) for t in forbidding)
            if t1_preempted:
                continue
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
            if t.kind is TransitionKind.DEFERRED:
                return False
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
            self.cancel(
                [timer for timer in self.timers if self._belongs(timer, s)],
                [
                    call
                    for call in self.invocations
                    if call.partition("#")[0].rpartition(".")[0] == s
                ],
            )
            self._states_to_invoke.pop(s, None)
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
            fresh = not self.configuration.is_member(s)
            self.configuration.add(s)
            if fresh:
                self._states_to_invoke[s] = self._event
            self.execute_hooks(self.chart[s].entry)
            if entry_set.states_for_default_entry.is_member(s):
                self.execute_content(self.default_transition(s))
            if s in entry_set.default_history_content:
                self.execute_content(entry_set.default_history_content[s])
            if fresh:
                self.start_timers(s)
            if self.kinds[s] is StateKind.FINAL:
                parent = self.parents[s]
                if parent is None or parent == ROOT:
                    self.running = False
                else:
                    self.internal_queue.append(DoneState(parent, donedata(self.chart[s].entry)))
                    around = self.parents[parent]
                    while (
                        around is not None
                        and around != ROOT
                        and self.is_parallel_state(around)
                        and self.is_in_final_state(around)
                    ):
                        self.internal_queue.append(DoneState(around))
                        around = self.parents[around]

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
        self._call = None

    def _outcome(self, *, handled: bool) -> Outcome:
        configuration = tuple(self.in_document_order(self.configuration))
        return Outcome(
            configuration,
            self.context,
            tuple(self._effects),
            handled,
            (*self.timers, *self.invocations),
            tuple(self.deferred),
        )

    def _seen(self) -> Seen:
        return Seen(self._event, self.context, tuple(self.configuration), self._call)

    def _belongs(self, timer: str, s: str) -> bool:
        name = timer.partition("#")[0]
        triggers = (t.trigger for t in self.chart[s].transitions)
        return any(isinstance(trigger, After) and trigger.timer == name for trigger in triggers)

    def _first(self, state: str, enabled: Callable[[Transition], bool]) -> Transition | None:
        for s in [state, *self.get_proper_ancestors(state, None)]:
            for t in self.chart[s].transitions:
                if enabled(t):
                    return t
        return None
