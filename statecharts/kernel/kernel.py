"""The kernel: one pure function from a snapshot and an event to the next snapshot.

No clock, no randomness, no input or output, no mutation of what is passed in. What it works out it
remembers, within a bound; that changes how fast it is, never what it returns.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Generic, TypeVar, overload

from statecharts.kernel.cache import PlanCache
from statecharts.kernel.failures import failure
from statecharts.kernel.macrostep import Macrostep
from statecharts.kernel.operations import Prepare, again
from statecharts.kernel.planner import ALWAYS, Heard, Key
from statecharts.kernel.plans import Dispatch, Move, Node, Plan, blank_values
from statecharts.model.chart import Chart, Declaration, Transition
from statecharts.model.effects import Call
from statecharts.model.errors import RunawayError, StepError
from statecharts.model.events import OWN, Answer, CallFailed, NamedEvent, Own, TimerFired
from statecharts.model.fields import build_default
from statecharts.model.generics import E, defaulting
from statecharts.model.generics import K as C
from statecharts.model.values import repr_of
from statecharts.semantics.snapshot import (
    Memory,
    Moment,
    Scene,
    Snapshot,
    Step,
    check_time,
    not_bool,
)
from statecharts.semantics.tree import Edge

F = TypeVar("F")

PLANS: Final = 65_536
"""How many plans a kernel keeps unless told otherwise."""

MICROSTEPS: Final = 1_000
"""How many microsteps a macrostep may take unless told otherwise."""

WAITING: Final = 1_000
"""How many deferred events a run may keep unless told otherwise."""

DEFER: Final[Plan] = object.__new__(Plan)
"""Stands for the plan of an event that is kept for later."""


@defaulting
class Kernel(Generic[E, C]):
    """Runs one chart: the same as `start` and `step`, for hot loops.

    Safe to share between threads.

    Args:
        chart: The chart, or the class that declares it.
        plans: How many worked-out plans are kept; what is not used again goes first.
        microsteps: How many microsteps a macrostep may take before it is held to be endless.
        waiting: How many deferred events a run may keep.
    """

    @overload
    def __init__(
        self: Kernel[Any, Any],
        chart: Chart,
        *,
        plans: int = PLANS,
        microsteps: int = MICROSTEPS,
        waiting: int = WAITING,
    ) -> None: ...
    @overload
    def __init__(
        self,
        chart: type[Declaration[E, C]],
        *,
        plans: int = PLANS,
        microsteps: int = MICROSTEPS,
        waiting: int = WAITING,
    ) -> None: ...
    def __init__(
        self,
        chart: Any,
        *,
        plans: int = PLANS,
        microsteps: int = MICROSTEPS,
        waiting: int = WAITING,
        _moves: bool = True,
    ) -> None:
        self.chart: Chart = chart_of(chart)
        self.microsteps = microsteps
        self.waiting = waiting
        self._cache = PlanCache(self.chart, max(1, plans), self)
        self._lru = self._cache.lru
        self._blank = self._cache.blank
        self._start = self._cache.start
        self._unbound = self.chart.unbound_guards
        self._moves = _moves
        """Whether moves are written; without them a kernel is the reference that they copy."""
        self._rarely = self._follow_plan

    @property
    def remembered(self) -> int:
        """How many plans are kept now."""
        return len(self._lru)

    @property
    def bound(self) -> int:
        """How many plans are kept at most."""
        return self._lru.bound

    @overload
    def start(self, context: C, *, at: datetime | None = None) -> Step[E, C]: ...
    @overload
    def start(
        self: Kernel[F, None], context: None = None, *, at: datetime | None = None
    ) -> Step[F, None]: ...
    def start(self, context: Any = None, *, at: datetime | None = None) -> Step[Any, Any]:
        """Enter the chart.

        Args:
            context: The extended state to begin with; may be left out when its class can be built
                without arguments.
            at: The time of the start.

        Raises:
            StepError: The context is missing or of the wrong class, or a callback failed.
        """
        if self._unbound:
            names = ", ".join(map(repr, self._unbound))
            found = f"its guards {names} have no functions"
            remedy = "Bind them: chart.bind(guards={…}), or bind(default=True) for all of them"
            raise StepError("SC214", self.chart.name, found, remedy)
        check_time(self.chart.name, at)
        begin = self._context(context)
        run = Macrostep(None, at, begin, self._cache.origin, (), self._blank)
        return self._macrostep(self._start, run, None)

    def step(
        self, snapshot: Snapshot[E, C], event: E | Own, *, at: datetime | None = None
    ) -> Step[E, C]:
        """Return what an event makes of a snapshot.

        Args:
            snapshot: Where the run is; it is not changed.
            event: An instance of an event class, or a `NamedEvent`; `TimerFired`, `Answer` and
                `CallFailed` for the timers and calls of the run.
            at: The time at which the event happens.

        Returns:
            The next snapshot with the effects, or the same snapshot when nothing handles the event.

        Raises:
            StepError: A callback failed, the time was needed, the macrostep does not end, the
                snapshot is not one of this chart, or the event is not an event.
        """
        move: Move | None = None
        try:
            node: Any = snapshot._place
            if node.owner is self and (type(at) is datetime or at is None):
                timers = snapshot._memory.timers
                if not timers or at is None or _of_a_kind(timers[0][1], at):
                    move = node.moves[type(event)]
        except (AttributeError, KeyError):
            pass  # no snapshot, or an event that is new here: all of that is told apart below
        return self._meet(snapshot, event, at) if move is None else move(snapshot, event, at)

    def _meet(self, snapshot: Snapshot[E, C], event: Any, at: datetime | None) -> Step[E, C]:
        """Take an event that has no move here yet, or make sure of what was passed."""
        try:
            node: Any = snapshot._place
        except AttributeError:
            found = f"{repr_of(snapshot)} is not a snapshot"
            raise StepError("SC205", self.chart.name, found, "Pass step(…).snapshot") from None
        if node.owner is not self:
            node = self._cache.adopt(snapshot)
        if type(at) is not datetime:
            check_time(self.chart.name, at)
        if snapshot._memory.timers:
            self.check_zone(snapshot, at)
        dispatch: Dispatch | None = node.dispatches.get(type(event))
        if dispatch is None:
            if isinstance(event, OWN):
                node.moves[type(event)] = self._take_own
                return self._addressed(node, snapshot, event, at)
            if isinstance(event, NamedEvent):
                node.moves[type(event)] = self._take_named
            dispatch = self._cache.dispatch(node, self._cache.key(event))
        if not dispatch.met or not self._moves:
            dispatch.used = dispatch.met
            dispatch.met = True
            return self._follow_plan(dispatch, snapshot, event, at)
        move = dispatch.move
        if move is None:
            from statecharts.kernel.moves import answer  # noqa: PLC0415 - the second event needs it

            move = answer(self, dispatch)
            dispatch.plan = None  # the move says it all
        if node.moves.get(dispatch.key) is not move:
            self._cache.publish(dispatch, move)
        return move(snapshot, event, at)

    def check_zone(self, snapshot: Snapshot[Any, Any], at: datetime | None) -> None:
        """Refuse a time that cannot be compared with the timers of a snapshot.

        Raises:
            StepError: One has a time zone, and the other has none (SC208).
        """
        timers = snapshot._memory.timers
        if timers and at is not None and not _of_a_kind(timers[0][1], at):
            found = f"at= is {at}, and the timer {timers[0][0]!r} is due at {timers[0][1]}"
            remedy = "Give all times a time zone, or none"
            raise StepError("SC208", self.chart.name, found, remedy)

    def _follow_plan(
        self,
        dispatch: Dispatch,
        snapshot: Snapshot[Any, Any],
        event: object,
        at: datetime | None,
    ) -> Step[Any, Any]:
        """Take an event by its plan: what moves do quicker."""
        plan = dispatch.plan
        if plan is None:
            history = snapshot._memory.history
            plan = self._select(dispatch, event, at, snapshot, snapshot._values, history)
            if plan is None:
                return Step(snapshot, (), (), False, ())
        return self._macrostep(plan, self._begin(dispatch.node, snapshot, event, at), snapshot)

    def _take_named(
        self, snapshot: Snapshot[Any, Any], event: Any, at: datetime | None
    ) -> Step[Any, Any]:
        """Take a named event: its move is kept by its name."""
        node: Any = snapshot._place
        move: Move = node.moves.get(event.name, self._meet)
        return move(snapshot, event, at)

    def _take_own(
        self, snapshot: Snapshot[Any, Any], event: Any, at: datetime | None
    ) -> Step[Any, Any]:
        """Take what is addressed to a timer or a call."""
        node: Any = snapshot._place
        return self._addressed(node, snapshot, event, at)

    def _chosen(self, dispatch: Dispatch) -> Move:
        """Return the move that asks the guards of several regions one by one."""

        def move(snapshot: Snapshot[Any, Any], event: Any, at: datetime | None) -> Step[Any, Any]:
            selected = self._choose(dispatch, event, at, snapshot, snapshot._values)
            if not selected:
                return Step(snapshot, (), (), False, ())
            return self._take(dispatch, selected, snapshot, event, at)

        return move

    def _take(
        self,
        dispatch: Dispatch,
        selected: tuple[Edge, ...],
        snapshot: Snapshot[Any, Any],
        event: Any,
        at: datetime | None,
    ) -> Step[Any, Any]:
        """Take the transitions that guards have selected."""
        if selected[0].defers:
            return self._carried_out(dispatch.node, DEFER)(snapshot, event, at)
        plan = dispatch.plans.get(selected)
        if plan is None:
            plan = self._cache.planned(dispatch, selected, snapshot._memory.history)
        plan.used = plan.met
        if plan.move is not None:
            return plan.move(snapshot, event, at)
        if plan.met:
            from statecharts.kernel.moves import answer, taken  # noqa: PLC0415 - as above

            plan.move = taken(self, dispatch.node, plan)
            if len(dispatch.chains) == 1:
                self._cache.publish(dispatch, answer(self, dispatch))
        plan.met = True
        return self._macrostep(plan, self._begin(dispatch.node, snapshot, event, at), snapshot)

    def _carried_out(self, node: Node, plan: Plan) -> Move:
        """Return the move that carries a plan out operation by operation."""

        def move(snapshot: Snapshot[Any, Any], event: Any, at: datetime | None) -> Step[Any, Any]:
            return self._macrostep(plan, self._begin(node, snapshot, event, at), snapshot)

        return move

    def _eventless(self, node: Node) -> Plan | None:
        """Return what surely follows in a configuration without an event."""
        return self._cache.dispatch(node, ALWAYS).plan

    def adopt(self, snapshot: Snapshot[E, C]) -> Snapshot[E, C]:
        """Return a snapshot as one of this kernel: it then knows what it `can` do.

        Raises:
            StepError: The snapshot does not belong to this chart (SC205).
        """
        given: object = snapshot
        if not isinstance(given, Snapshot):
            found = f"{repr_of(snapshot)} is not a snapshot"
            raise StepError("SC205", self.chart.name, found, "Pass step(…).snapshot")
        if snapshot._place.owner is self:
            return snapshot
        node = self._cache.adopt(snapshot)
        return Snapshot(
            node, snapshot._values, snapshot._context, snapshot._memory, snapshot._clock
        )

    def place(self, states: tuple[int, ...]) -> Node:
        """Return the configuration of some states, by their numbers in document order."""
        return self._cache.node(states)

    def can(self, snapshot: Snapshot[E, C], event: object, at: datetime | None = None) -> bool:
        """Tell whether some line would take an event (see `Snapshot.can`)."""
        check_time(self.chart.name, at)
        node: Any = self.adopt(snapshot)._place
        if isinstance(event, type | str):
            chains = self._cache.chains(node, event)
            edges = tuple(one.edge for chain in chains for one in chain)
            sure = tuple(one.edge for chain in chains for one in chain if one.test is None)
            return self._cache.takes(edges, sure)
        edges = self._selected(snapshot, event, at)
        return self._cache.takes(edges, edges)

    def selected(
        self, snapshot: Snapshot[E, C], event: object, at: datetime | None = None
    ) -> tuple[Transition, ...]:
        """Return the lines that an event selects (see `Snapshot.selected`)."""
        check_time(self.chart.name, at)
        return tuple(one.transition for one in self._selected(snapshot, event, at))

    def _selected(
        self, snapshot: Snapshot[E, C], event: object, at: datetime | None
    ) -> tuple[Edge, ...]:
        """Return what an event selects, without taking it."""
        node: Any = self.adopt(snapshot)._place
        self.check_zone(snapshot, at)
        run = self._begin(node, snapshot, event, at)
        if isinstance(event, OWN):
            address = self._address(snapshot._memory, event)
            if address is None:
                return ()
            key, run.event, run._call = address
        else:
            key = self._cache.key(event)
        return self._choose(self._cache.dispatch(node, key), run.event, at, run, run.old)

    def enabled(self, snapshot: Snapshot[E, C]) -> tuple[type | str, ...]:
        """Return the events that an active state has a line for (see `Snapshot.enabled`)."""
        node: Any = self.adopt(snapshot)._place
        named = (
            event
            for state in reversed(("", *node.ids))
            for line in self.chart[state].transitions
            for event in line.events
            if event not in OWN
        )
        return tuple(event for event in dict.fromkeys(named) if self.can(snapshot, event))

    def refused(
        self, snapshot: Snapshot[E, C], event: object, at: datetime | None = None
    ) -> tuple[Transition, ...]:
        """Return the lines on an event that are not taken because their guards refuse.

        Raises:
            StepError: A guard failed.
        """
        node: Any = self.adopt(snapshot)._place
        if isinstance(event, OWN):
            return ()
        dispatch = self._cache.dispatch(node, self._cache.key(event))
        if self._choose(dispatch, event, at, snapshot, snapshot._values):
            return ()
        chains = dispatch.chains
        return tuple(dict.fromkeys(one.edge.transition for chain in chains for one in chain))

    def __repr__(self) -> str:
        return f"<Kernel of {self.chart.name}>"

    def __reduce__(self) -> Any:
        remedy = "Pickle the snapshot, and make the kernel anew: Kernel(Chart).step(snapshot, …)"
        raise StepError("SC216", self.chart.name, "a kernel cannot be pickled", remedy)

    def __copy__(self) -> Kernel[E, C]:
        """Return itself: what it remembers changes nothing that it returns."""
        return self

    def __deepcopy__(self, memo: object) -> Kernel[E, C]:
        """Return itself: what it remembers changes nothing that it returns."""
        return self

    def _begin(
        self, node: Node, snapshot: Snapshot[Any, Any], event: Any, at: datetime | None
    ) -> Macrostep:
        memory = snapshot._memory
        return Macrostep(event, at, snapshot._context, node, snapshot._values, memory)

    def _addressed(
        self, node: Node, snapshot: Snapshot[Any, Any], event: Any, at: datetime | None
    ) -> Step[Any, Any]:
        """Take what is addressed to one timer or call; what comes late is unhandled."""
        memory = snapshot._memory
        late: Step[Any, Any] = Step(snapshot, (), (), False, ())
        address = None if node.final else self._address(memory, event)
        if address is None:
            return late
        run = self._begin(node, snapshot, event, at)
        key, run.event, run._call = address
        last = not isinstance(event, Answer) or event.last
        if isinstance(event, TimerFired):
            run.timers = tuple(pair for pair in memory.timers if pair[0] != event.id)
            run.sent = tuple(one for one in memory.sent if one[0] != event.id)
        elif last:
            run.calls = tuple(pair for pair in memory.calls if pair[0] != event.id)
        dispatch = self._cache.dispatch(node, key)
        plan = self._select(dispatch, run.event, at, run, run.old, run.history)
        if plan is None and not last:
            return late
        return self._macrostep(plan, run, snapshot)

    def _address(self, memory: Memory, event: Own) -> tuple[Key, Any, Call[Any] | None] | None:
        """Return what lines are to see of an event that is addressed to a timer or a call.

        Returns:
            Its kind, the event that it stands for, and the call; None when it comes late.
        """
        given: object = event.id
        if not isinstance(given, str):
            found = f"{repr_of(event)} has the id {repr_of(given)}, which is not a string"
            remedy = "Give the id of StartTimer or Invoke"
            raise StepError("SC204", self.chart.name, found, remedy)
        name = given.rpartition("#")[0]
        if isinstance(event, TimerFired):
            if all(timer != event.id for timer, _ in memory.timers):
                return None
            for timer, _, sent in memory.sent:
                if timer == event.id:  # the timer of an event that was sent with a delay
                    return self._cache.key(sent), sent, None
            return ("after", name), event, None
        call, holder = dict(memory.calls).get(event.id), self._cache.calls.get(name)
        if call is None or holder is None:
            return None
        if isinstance(event, Answer):
            key = self._cache.key(event.event)
            self._cache.check_answer(event, call)
            return Heard(holder[0], key), event.event, call
        return Heard(holder[0], CallFailed), event, call

    def _resume(
        self,
        plan: Plan,
        number: int,
        result: Any,
        moment: Moment[Any, Any, Any],
        snapshot: Snapshot[Any, Any],
        present: Macrostep,
    ) -> Step[Any, Any]:
        """Go on by operations where a move has met effects that are about the run itself.

        Args:
            plan: What the move was written from.
            number: The operation that has been called.
            result: What its callback gave.
            moment: The moment at which it was called.
            snapshot: The snapshot before the step.
            present: The step as far as the move has come.
        """
        performs = (*plan.leaving, *plan.entering)
        for perform in performs[:number]:
            operation: Any = perform.__self__  # type: ignore[attr-defined]
            if isinstance(operation, Prepare):
                operation.perform(present)
        if number >= len(plan.leaving):
            present.see(plan.next, present.fresh)
        perform = performs[number]
        try:
            present.take_in(result, moment)
            for at, perform in enumerate(performs[number + 1 :], number + 1):
                if at == len(plan.leaving):
                    present.see(plan.next, present.fresh)
                perform(present)
        except Exception as error:
            culprit: Any = perform.__self__  # type: ignore[attr-defined]
            raise failure(self.chart, culprit, present.event, error) from error
        self._arrive(plan, present)
        return self._macrostep(plan, present, snapshot, performed=True)

    def _macrostep(
        self,
        plan: Plan | None,
        run: Macrostep,
        before: Snapshot[Any, Any] | None,
        *,
        performed: bool = False,
    ) -> Step[Any, Any]:
        """Carry out a microstep and all that follows: eventless, internal and deferred events.

        Without a plan nothing happens but that a timer or a call is over. A first microstep that
        has been performed already is not performed again.
        """
        taken: list[Plan] = []
        if plan is DEFER:
            self._defer(run)
            plan = None
        while plan is not None:
            self._settle(plan, run, taken, performed=performed)
            performed = False
            plan = None if run.before.final else self._recall(run, taken)
        last: Any = run.before
        if last.final:
            run.end()
        elif run.entered:
            self._make_calls(last, run)
        memory = run.memory(self._blank if before is None else before._memory)
        clock = 0 if before is None else before._clock + 1
        after: Snapshot[Any, Any] = Snapshot(last, run.old, run.context, memory, clock)
        if len(taken) == 1:
            fired, microsteps = taken[0].outcome
        else:
            fired = tuple([transition for one in taken for transition in one.outcome[0]])
            microsteps = tuple([one.outcome[1][0] for one in taken])
        return Step(after, tuple(run.effects), fired, True, microsteps)

    def _settle(self, plan: Plan, run: Macrostep, taken: list[Plan], *, performed: bool) -> None:
        """Carry out a microstep, then eventless transitions and the run's own events."""
        bound = len(taken) + self.microsteps
        taken.append(plan)
        if not performed:
            self._perform(plan, run)
        while (run.queue or not taken[-1].settled) and not taken[-1].next.final:
            follow = self._follow(taken[-1].next, run)
            if follow is None:
                break
            if len(taken) >= bound:
                raise self._runaway(taken)
            taken.append(follow)
            self._perform(follow, run)

    def _perform(self, plan: Plan, run: Macrostep) -> None:
        """Carry out one microstep."""
        perform: Any = None
        old = run.old
        run.fresh = [old[i] if i >= 0 else None for i in plan.carry]
        try:
            for perform in plan.leaving:
                perform(run)
            run.see(plan.next, run.fresh)
            for perform in plan.entering:
                perform(run)
        except Exception as error:
            raise failure(self.chart, perform.__self__, run.event, error) from error
        self._arrive(plan, run)

    def _arrive(self, plan: Plan, run: Macrostep) -> None:
        """End a microstep."""
        values: tuple[Any, ...] = tuple(run.fresh)
        if all(value is None for value in values):
            values = blank_values(len(values))
        run.before, run.old = plan.next, values
        run.see(run.before, run.old)

    def _follow(self, node: Node, run: Macrostep) -> Plan | None:
        """Return the microstep that follows: eventless first, then the run's own events."""
        if node.restless:
            plan = self._internal(node, ALWAYS, run)
            if plan is not None:
                return plan
        while run.queue:
            state, event = run.queue.popleft()
            run.event, run._call = event, None
            key = self._cache.key(event) if state is None else state
            plan = self._internal(node, key, run)
            if plan is DEFER:
                self._defer(run)
            elif plan is not None:
                return plan
        return None

    def _internal(self, node: Node, key: Key, run: Macrostep) -> Plan | None:
        dispatch = self._cache.dispatch(node, key)
        dispatch.used = dispatch.met
        dispatch.met = True
        return dispatch.plan or self._select(dispatch, run.event, run.at, run, run.old, run.history)

    def _defer(self, run: Macrostep) -> None:
        """Keep the present event for later."""
        if len(run.waiting) >= self.waiting:
            found = f"{self.waiting:,} deferred events wait already, and {repr_of(run.event)} came"
            remedy = "Reach a state that takes them, or allow more: Kernel(…, waiting=…)"
            raise StepError("SC217", self.chart.name, found, remedy)
        run.waiting = (*run.waiting, run.event)

    def _recall(self, run: Macrostep, taken: list[Plan]) -> Plan | None:
        """Return what the first deferred event does that nothing defers any more.

        Events that nothing handles by now are dropped, as they would have been.
        """
        node: Any = run.before
        still: list[Any] = []
        waiting = run.waiting
        for number, event in enumerate(waiting):
            run.event, run._call = event, None
            plan = self._internal(node, self._cache.key(event), run)
            if plan is DEFER:
                still.append(event)
            elif plan is not None:
                run.recalled += 1
                if run.recalled > self.waiting:
                    raise self._runaway(taken)
                run.waiting = (*still, *waiting[number + 1 :])
                return plan
        run.waiting = tuple(still)
        return None

    def _make_calls(self, node: Node, run: Macrostep) -> None:
        """Make the calls of the states that were entered and are active still."""
        positions = node.positions
        order = sorted(run.entered.items(), key=lambda pair: positions.get(pair[0], -1))
        for state, (prepared, event) in order:
            position = positions.get(state, -1)
            data = run.old[position] if position >= 0 else None
            try:
                prepared.make(run, event, data)
            except Exception as error:
                raise failure(self.chart, prepared, event, error) from error

    def _select(
        self,
        dispatch: Dispatch,
        event: Any,
        at: datetime | None,
        scene: Scene,
        values: tuple[Any, ...],
        history: tuple[Any, ...],
    ) -> Plan | None:
        """Return the plan of the transitions that an event takes.

        None when there are none; `DEFER` when the event is kept for later.
        """
        selected = self._choose(dispatch, event, at, scene, values)
        if not selected:
            return None
        if dispatch.defers and selected[0].defers:
            return DEFER
        plan = dispatch.plans.get(selected)
        if plan is None:
            plan = self._cache.planned(dispatch, selected, history)
        plan.used = plan.met
        plan.met = True
        return plan

    def _choose(
        self,
        dispatch: Dispatch,
        event: Any,
        at: datetime | None,
        scene: Scene,
        values: tuple[Any, ...],
    ) -> tuple[Edge, ...]:
        """Ask the guards: for each atomic state, from the inside out, the first that holds.

        One that defers the event is returned alone: the event then waits as a whole.
        """
        refused: list[Edge] = []
        selected: tuple[Edge, ...] = ()
        for chain in dispatch.chains:
            for candidate in chain:
                edge, test = candidate.edge, candidate.test
                if test is None or edge in selected:
                    pass
                elif edge in refused:
                    continue
                else:
                    position = candidate.position
                    data = values[position] if position >= 0 else None
                    moment: Moment[Any, Any, Any] = Moment(data, event, at, scene, None)
                    try:
                        holds = test(moment)
                        if holds is not True:
                            if holds is not False:
                                raise not_bool(self.chart.name, holds)
                            refused.append(edge)
                            continue
                    except Exception as error:
                        raise failure(self.chart, edge, event, error) from error
                if dispatch.defers and edge.defers:
                    return candidate.alone
                if not selected:
                    selected = candidate.alone
                elif edge not in selected:
                    selected = (*selected, edge)
                break
        return selected

    def _context(self, context: Any) -> Any:
        wanted = self.chart.context
        if wanted is None:
            if context is None:
                return None
            found = f"the chart has no context, and {repr_of(context)} was given"
            remedy = f"Declare it: class {self.chart.name}(Statechart[Events, Context])"
            raise StepError("SC212", self.chart.name, found, remedy)
        if isinstance(context, wanted):
            return context
        if context is None:
            default = build_default(wanted)
            if default is not None:
                return default()
        found = f"the chart's context is a {wanted.__name__}, and {repr_of(context)} was given"
        remedy = again(context, wanted) or f"Start it with a {wanted.__name__}"
        raise StepError("SC212", self.chart.name, found, remedy)

    def _runaway(self, taken: list[Plan]) -> RunawayError:
        last = taken[-8:]
        cycle = " → ".join(", ".join(plan.next.ids) for plan in last)
        found = f"the macrostep has not come to rest after {len(taken)} microsteps: … {cycle}"
        remedy = "Guard one of its eventless or completion transitions so that the cycle ends"
        return RunawayError("SC203", self.chart.name, found, remedy)


def _of_a_kind(one: datetime, other: datetime) -> bool:
    """Tell whether two times can be compared: both have a time zone, or neither has."""
    return (one.tzinfo is None) is (other.tzinfo is None)


def chart_of(source: Any) -> Chart:
    """Return the chart that is meant by a chart or by the class that declares one."""
    chart = getattr(source, "chart", source)
    if isinstance(source, Declaration):
        name = type(source).__name__
        raise StepError("SC213", "Kernel", f"an instance of {name} was given", f"Pass {name}")
    if isinstance(chart, Chart):
        return chart
    remedy = "Pass a Chart, or a class derived from Statechart"
    raise StepError("SC213", "Kernel", f"{repr_of(source)} has no chart", remedy)
