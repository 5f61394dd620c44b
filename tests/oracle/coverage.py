"""An interpreter that counts what it meets, so that a sample can prove what it exercised."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from statecharts.model.chart import (
    Always,
    Chart,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import CancelInvoke, CancelTimer, Invoke, StartTimer
from statecharts.model.events import Answer, CallFailed, TimerFired
from statecharts.model.hooks import Hook
from tests.oracle.appendix_d import BOUND, Interpreter
from tests.oracle.records import DoneState, EntrySet, Outcome
from tests.oracle.structure import OrderedSet

FEATURES: Final = (
    "microsteps",
    "lock steps of several transitions",
    "preempted by a descendant",
    "preempted by document order",
    "external transitions",
    "self transitions",
    "internal transitions that keep their source",
    "internal transitions that act as external",
    "targetless transitions",
    "forbidden transitions",
    "eventless transitions",
    "completion transitions",
    "transitions to several targets",
    "transitions to history from outside",
    "transitions to history from inside its parent",
    "shallow histories restored",
    "deep histories restored",
    "deep histories restored into parallel states",
    "histories taken by default",
    "history default content run",
    "history default content left out, the parent being active",
    "states entered by default",
    "initial transitions to history",
    "states entered while active",
    "completion events",
    "completion events of parallel states",
    "completion events that bring something",
    "completion events that wait over a microstep",
    "completion events met by a descriptor",
    "raised events",
    "raised events that are handled",
    "entry content of the chart itself",
    "events deferred",
    "deferred events taken",
    "deferred events dropped",
    "timers started",
    "timers stopped",
    "timers fired",
    "timers fired late",
    "calls made",
    "calls taken back",
    "calls ended",
    "calls that were never made, their state having been left",
    "answers heard",
    "answers that come late",
    "progress",
    "guards that hold",
    "guards that fail",
    "events handled",
    "events unhandled",
    "events sent to a finished chart",
    "charts finished",
)
"""What `CountingInterpreter` counts."""


class CountingInterpreter(Interpreter):
    """The interpreter, with a count of each feature that a run exercises.

    Attributes:
        counts: How often each of `FEATURES` occurred.
    """

    def __init__(self, chart: Chart, context: object = None, bound: int = BOUND) -> None:
        super().__init__(chart, context, bound)
        self.counts: Counter[str] = Counter()
        self._deferred_taken = 0

    def send(self, event: object) -> Outcome:
        """Process one external event."""
        self.counts["events sent to a finished chart"] += not self.running
        before, timers, calls = list(self.deferred), dict(self.timers), dict(self.invocations)
        outcome = super().send(event)
        self._count_addressed(event, timers, calls)
        effects = outcome.effects
        for name, cls in (
            ("timers started", StartTimer),
            ("timers stopped", CancelTimer),
            ("calls made", Invoke),
            ("calls taken back", CancelInvoke),
        ):
            self.counts[name] += sum(isinstance(effect, cls) for effect in effects)
        gone = sum(one not in self.deferred for one in before) if self.running else 0
        self.counts["deferred events dropped"] += max(0, gone - self._deferred_taken)
        self.counts["events handled" if outcome.handled else "events unhandled"] += 1
        return outcome

    def _count_addressed(
        self, event: object, timers: dict[str, Any], calls: dict[str, Any]
    ) -> None:
        if isinstance(event, TimerFired):
            self.counts["timers fired" if event.id in timers else "timers fired late"] += 1
        elif isinstance(event, Answer | CallFailed):
            last = isinstance(event, CallFailed) or event.last
            heard = ("calls ended" if last else "progress") if event.id in calls else None
            self.counts[heard or "answers that come late"] += 1

    def take_deferred(self) -> None:
        """Count the deferred events that are taken."""
        before = self.counts["microsteps"]
        super().take_deferred()
        self._deferred_taken = self.counts["microsteps"] - before
        self.counts["deferred events taken"] += bool(self._deferred_taken)

    def exit_states(self, enabled_transitions: list[Transition]) -> None:
        """Count the calls that are never made."""
        entered = set(self._states_to_invoke)
        super().exit_states(enabled_transitions)
        left = entered - set(self._states_to_invoke)
        name = "calls that were never made, their state having been left"
        self.counts[name] += sum(len(self.chart[s].invoke) for s in left)

    def interpret(self) -> Outcome:
        """Enter the initial configuration."""
        self.counts["entry content of the chart itself"] += len(self.chart.root.entry)
        return super().interpret()

    def execute_hooks(self, hooks: tuple[Hook, ...]) -> None:
        """Count the events that hooks raise."""
        queued = len(self.internal_queue)
        super().execute_hooks(hooks)
        self.counts["raised events"] += len(self.internal_queue) - queued

    def select_transitions(
        self, event: object, holder: str | None = None
    ) -> OrderedSet[Transition] | None:
        """Count which events of the run's own are met, and how."""
        selected = super().select_transitions(event, holder)
        if holder is not None:
            self.counts["answers heard"] += selected is not None and not selected.is_empty()
        if selected is None:
            self.counts["events deferred"] += 1
        elif isinstance(event, DoneState):
            self.counts["completion events met by a descriptor"] += any(
                isinstance(t.trigger, OnEvent) for t in selected
            )
        elif self._microsteps:
            self.counts["raised events that are handled"] += not selected.is_empty()
        return selected

    def condition_match(self, t: Transition) -> bool:
        """Evaluate the guard of a transition."""
        holds = super().condition_match(t)
        if t.guard is not None:
            self.counts["guards that hold" if holds else "guards that fail"] += 1
        return holds

    def remove_conflicting_transitions(
        self, enabled_transitions: OrderedSet[Transition]
    ) -> OrderedSet[Transition]:
        """Count the transitions that lose, and why."""
        kept = super().remove_conflicting_transitions(enabled_transitions)
        for t in enabled_transitions:
            if not kept.is_member(t):
                winners = [k for k in kept if self.is_descendant(k.source, t.source)]
                reason = "a descendant" if winners else "document order"
                self.counts[f"preempted by {reason}"] += 1
        return kept

    def microstep(self, enabled_transitions: list[Transition]) -> None:
        """Count the transitions that are taken."""
        self.counts["microsteps"] += 1
        self.counts["lock steps of several transitions"] += len(enabled_transitions) > 1
        for t in enabled_transitions:
            self._count_transition(t)
        super().microstep(enabled_transitions)

    def enter_states(self, enabled_transitions: list[Transition]) -> None:
        """Count the completion events that entering raises."""
        queued = len(self.internal_queue)
        waiting = sum(isinstance(event, DoneState) for event in self.internal_queue)
        self.counts["completion events that wait over a microstep"] += waiting
        super().enter_states(enabled_transitions)
        self.counts["charts finished"] += not self.running
        for event in list(self.internal_queue)[queued:]:
            if not isinstance(event, DoneState):
                continue
            self.counts["completion events"] += 1
            self.counts["completion events that bring something"] += event.data is not None
            self.counts["completion events of parallel states"] += self.is_parallel_state(
                event.state
            )

    def compute_entry_set(self, transitions: list[Transition]) -> EntrySet:
        """Count how states are entered."""
        entry_set = super().compute_entry_set(transitions)
        entered = entry_set.states_to_enter
        self.counts["states entered while active"] += sum(
            map(self.configuration.is_member, entered)
        )
        self.counts["states entered by default"] += len(entry_set.states_for_default_entry)
        for parent in entry_set.default_history_content:
            run = entered.is_member(parent)
            fate = "run" if run else "left out, the parent being active"
            self.counts[f"history default content {fate}"] += 1
        return entry_set

    def add_descendant_states_to_enter(self, state: str, entry_set: EntrySet) -> None:
        """Count how history states are followed."""
        if self.is_history_state(state):
            remembered = self.history_value.get(state)
            depth = "deep" if self.kinds[state] is StateKind.DEEP_HISTORY else "shallow"
            self.counts[f"{depth} histories restored"] += bool(remembered)
            self.counts["histories taken by default"] += not remembered
            self.counts["deep histories restored into parallel states"] += (
                depth == "deep" and len(remembered or ()) > 1
            )
        elif self.is_compound_state(state):
            targets = self.default_transition(state).targets
            self.counts["initial transitions to history"] += any(
                map(self.is_history_state, targets)
            )
        super().add_descendant_states_to_enter(state, entry_set)

    def _count_transition(self, t: Transition) -> None:
        for h in filter(self.is_history_state, t.targets):
            parent = self.parents[h] or ""
            inside = t.source == parent or self.is_descendant(t.source, parent)
            place = "inside its parent" if inside else "outside"
            self.counts[f"transitions to history from {place}"] += 1
        self.counts["eventless transitions"] += isinstance(t.trigger, Always)
        self.counts["completion transitions"] += isinstance(t.trigger, Done)
        self.counts["transitions to several targets"] += len(t.targets) > 1
        self.counts["self transitions"] += t.targets == (t.source,)
        if t.kind is TransitionKind.FORBIDDEN:
            self.counts["forbidden transitions"] += 1
        elif not t.targets:
            self.counts["targetless transitions"] += 1
        elif t.kind is TransitionKind.EXTERNAL:
            self.counts["external transitions"] += 1
        else:
            kept = self.get_transition_domain(t) == t.source
            manner = "keep their source" if kept else "act as external"
            self.counts[f"internal transitions that {manner}"] += 1
