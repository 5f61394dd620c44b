"""Interpreters with one defect each, on which a comparison proves that it is sharp."""

from __future__ import annotations

from collections import deque
from typing import Final

from attrs import evolve

from statecharts.model.chart import ROOT, Always, OnEvent, StateKind, Transition, TransitionKind
from statecharts.model.hooks import Hook
from tests.oracle.appendix_d import Interpreter
from tests.oracle.records import DoneState, EntrySet
from tests.oracle.structure import OrderedSet


class ShallowHistoryIsDeep(Interpreter):
    """Remembers atomic states where it should remember children."""

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Leave states."""
        self.kinds = _with(self.kinds, StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY)
        super().exit_states(enabled_transitions)


class DeepHistoryIsShallow(Interpreter):
    """Remembers children where it should remember atomic states."""

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Leave states."""
        self.kinds = _with(self.kinds, StateKind.DEEP_HISTORY, StateKind.SHALLOW_HISTORY)
        super().exit_states(enabled_transitions)


class HistoryKeepsItsFirst(Interpreter):
    """Remembers only once."""

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Leave states."""
        remembered = dict(self.history_value)
        super().exit_states(enabled_transitions)
        self.history_value |= remembered


class NoHistoryContent(Interpreter):
    """Leaves out the content of default transitions of histories."""

    def compute_entry_set(self, transitions: list[Transition]) -> EntrySet:
        """Return the states that are entered."""
        return evolve(super().compute_entry_set(transitions), default_history_content={})


class HistoryContentAlwaysRuns(Interpreter):
    """Executes the default content of a history although its parent stays active."""

    def compute_entry_set(self, transitions: list[Transition]) -> EntrySet:
        """Return the states that are entered."""
        entry_set = super().compute_entry_set(transitions)
        for parent, default in entry_set.default_history_content.items():
            if not entry_set.states_to_enter.is_member(parent):
                self.execute_content(default)
        return entry_set


class NoInitialContent(Interpreter):
    """Leaves out the content of initial transitions."""

    def compute_entry_set(self, transitions: list[Transition]) -> EntrySet:
        """Return the states that are entered."""
        none: OrderedSet[str] = OrderedSet()
        return evolve(super().compute_entry_set(transitions), states_for_default_entry=none)


class InternalIsExternal(Interpreter):
    """Leaves the source of internal transitions."""

    def get_transition_domain(self, t: Transition) -> str | None:
        """Return the domain."""
        external = t.kind is TransitionKind.EXTERNAL
        return super().get_transition_domain(
            t if external else evolve(t, kind=TransitionKind.EXTERNAL)
        )


class InternalFromParallel(Interpreter):
    """Keeps the source of an internal transition even when it is parallel."""

    def get_transition_domain(self, t: Transition) -> str | None:
        """Return the domain."""
        domain = super().get_transition_domain(t)
        inside = self.get_effective_target_states(t).every(
            lambda s: self.is_descendant(s, t.source)
        )
        kept = t.kind is TransitionKind.INTERNAL and self.is_parallel_state(t.source) and inside
        return t.source if kept and domain is not None else domain


class ParallelIsADomain(Interpreter):
    """Takes a parallel state for a possible least common ancestor."""

    def find_lcca(self, state_list: list[str]) -> str:
        """Return the innermost common ancestor."""
        for above in self.get_proper_ancestors(state_list[0], None):
            if all(self.is_descendant(s, above) for s in state_list[1:]):
                return above
        return ROOT


class DocumentOrderWins(Interpreter):
    """Prefers the earlier of two conflicting transitions even to a descendant's."""

    def remove_conflicting_transitions(
        self, enabled_transitions: OrderedSet[Transition]
    ) -> OrderedSet[Transition]:
        """Return the transitions that are taken."""
        kept: OrderedSet[Transition] = OrderedSet()
        for t in enabled_transitions:
            exits = self.compute_exit_set([t])
            if not any(self.compute_exit_set([k]).has_intersection(exits) for k in kept):
                kept.add(t)
        return kept


class AncestorWins(Interpreter):
    """Examines the ancestors of an atomic state from the outermost inwards."""

    def get_proper_ancestors(self, state1: str, state2: str | None) -> list[str]:
        """Return the ancestors of a state."""
        ancestors = super().get_proper_ancestors(state1, state2)
        atomic = state2 is None and self.is_atomic_state(state1)
        return ancestors[::-1] if atomic else ancestors


class ExitsInDocumentOrder(Interpreter):
    """Leaves ancestors before descendants."""

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Leave states."""
        before = len(self._effects)
        super().exit_states(enabled_transitions)
        self._effects[before:] = self._effects[before:][::-1]


class CompletionIsForgotten(Interpreter):
    """Drops completion events of parallel states."""

    def is_in_final_state(self, s: str) -> bool:
        """Tell whether a state has completed."""
        return False


class CompletionTwice(Interpreter):
    """Raises every completion event twice."""

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter states."""
        queued = len(self.internal_queue)
        super().enter_states(enabled_transitions)
        self.internal_queue.extend(list(self.internal_queue)[queued:])


class CompletionInReverse(Interpreter):
    """Takes the latest completion event first."""

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter states."""
        waiting = self.internal_queue
        self.internal_queue = deque[object]()
        super().enter_states(enabled_transitions)
        self.internal_queue.reverse()
        self.internal_queue.extendleft(reversed(waiting))


class CompletionIsNotAwaited(Interpreter):
    """Rests, though events wait, when a microstep raises none where nothing is eventless."""

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter states."""
        queued = len(self.internal_queue)
        super().enter_states(enabled_transitions)
        eventless = any(
            isinstance(t.trigger, Always)
            for s in self.configuration
            for t in self.chart[s].transitions
        )
        if len(self.internal_queue) == queued and not eventless:
            self.internal_queue.clear()


class CompletionBringsNothing(Interpreter):
    """Forgets what final states bring to the completion of their parents."""

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter states."""
        super().enter_states(enabled_transitions)
        self.internal_queue = deque(
            DoneState(event.state) if isinstance(event, DoneState) else event
            for event in self.internal_queue
        )


class CompletionBringsOn(Interpreter):
    """Has the completion of a parallel state bring what that of its last region brought."""

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Enter states."""
        super().enter_states(enabled_transitions)
        brought: object = None
        for number, event in enumerate(self.internal_queue):
            if isinstance(event, DoneState):
                brought = event.data if event.data is not None else brought
                self.internal_queue[number] = DoneState(event.state, brought)


class EmitsBeforeUpdating(Interpreter):
    """Lets effects see the old context."""

    def execute_content(self, t: Transition) -> None:
        """Execute the content."""
        self.execute_hooks(t.emit)
        super().execute_content(evolve(t, emit=()))


class ForbidsNothing(Interpreter):
    """Passes over forbidden transitions."""

    def condition_match(self, t: Transition) -> bool:
        """Evaluate the guard."""
        return t.kind is not TransitionKind.FORBIDDEN and super().condition_match(t)


class SubclassesDoNotMatch(Interpreter):
    """Wants an event to be exactly of the class that a transition names."""

    def name_match(self, t: Transition, event: object) -> bool:
        """Tell whether an event matches."""
        return type(event).__base__ is object and super().name_match(t, event)


class RaisedEventsJumpTheQueue(Interpreter):
    """Handles the event raised last before those that wait."""

    def execute_hooks(self, hooks: tuple[Hook, ...]) -> None:
        """Call hooks."""
        waiting = self.internal_queue.copy()
        super().execute_hooks(hooks)
        raised = list(self.internal_queue)[len(waiting) :]
        self.internal_queue = deque([*raised, *waiting])


class DescriptorsMissCompletion(Interpreter):
    """Has only completion transitions meet completion events."""

    def name_match(self, t: Transition, event: object) -> bool:
        """Tell whether an event is one that the transition waits for."""
        if isinstance(event, DoneState) and isinstance(t.trigger, OnEvent):
            return False
        return super().name_match(t, event)


MUTANTS: Final[tuple[type[Interpreter], ...]] = (
    ShallowHistoryIsDeep,
    DeepHistoryIsShallow,
    HistoryKeepsItsFirst,
    NoHistoryContent,
    HistoryContentAlwaysRuns,
    NoInitialContent,
    InternalIsExternal,
    InternalFromParallel,
    ParallelIsADomain,
    DocumentOrderWins,
    AncestorWins,
    ExitsInDocumentOrder,
    CompletionIsForgotten,
    CompletionTwice,
    CompletionInReverse,
    CompletionIsNotAwaited,
    CompletionBringsNothing,
    CompletionBringsOn,
    RaisedEventsJumpTheQueue,
    DescriptorsMissCompletion,
    EmitsBeforeUpdating,
    ForbidsNothing,
    SubclassesDoNotMatch,
)
"""The defective interpreters."""


def _with(kinds: dict[str, StateKind], old: StateKind, new: StateKind) -> dict[str, StateKind]:
    return {state: new if kind is old else kind for state, kind in kinds.items()}
