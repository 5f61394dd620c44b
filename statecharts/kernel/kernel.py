"""The kernel: one pure function from a snapshot and an event to the next snapshot.

No clock, no randomness, no input or output, no mutation of what is passed in. What it works out it
remembers, within a bound; that changes how fast it is, never what it returns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, cast, overload

from statecharts.kernel.book import Book
from statecharts.kernel.failures import failure
from statecharts.kernel.planner import ALWAYS, Key
from statecharts.kernel.plans import Dispatch, Node, Plan
from statecharts.kernel.run import Run
from statecharts.model.chart import Chart, Declaration
from statecharts.model.errors import RunawayError, StepError
from statecharts.model.events import Own, TimerFired
from statecharts.model.fields import build_default
from statecharts.model.generics import E, defaulting
from statecharts.model.generics import K as C
from statecharts.semantics.snapshot import EMPTY, Memory, Microstep, Moment, Scene, Snapshot, Step
from statecharts.semantics.tree import Edge

F = TypeVar("F")

# Making an object and setting its slots in place saves a call each, on the hottest path there is.
_new_snapshot = object.__new__
_new_moment = object.__new__
_new_step: Callable[[Any, Any], Step[Any]] = cast("Any", tuple.__new__)

PLANS: Final = 16_384
"""How many plans a kernel keeps unless told otherwise."""

MICROSTEPS: Final = 1_000
"""How many microsteps a macrostep may take unless told otherwise."""


@defaulting
class Kernel(Generic[E, C]):
    """Runs one chart: the same as `start` and `step`, for hot loops.

    Safe to share between threads.

    Args:
        chart: The chart, or the class that declares it.
        plans: How many worked-out plans are kept; what was least recently used goes first.
        microsteps: How many microsteps a macrostep may take before it is held to be endless.
    """

    @overload
    def __init__(
        self: Kernel[Any, Any], chart: Chart, *, plans: int = PLANS, microsteps: int = MICROSTEPS
    ) -> None: ...
    @overload
    def __init__(
        self, chart: type[Declaration[E, C]], *, plans: int = PLANS, microsteps: int = MICROSTEPS
    ) -> None: ...
    def __init__(self, chart: Any, *, plans: int = PLANS, microsteps: int = MICROSTEPS) -> None:
        self.chart: Chart = chart_of(chart)
        self.microsteps = microsteps
        self._book = Book(self.chart, max(1, plans))
        self._recollection = self._book.recollection
        self._blank = self._book.blank
        self._start = self._book.start
        self._unbound = self.chart.unbound_guards

    @property
    def remembered(self) -> int:
        """How many plans are kept now."""
        return len(self._recollection)

    @property
    def bound(self) -> int:
        """How many plans are kept at most."""
        return self._recollection.bound

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
            found = f"no function stands behind its guards {names}"
            remedy = "Bind them: chart.bind(guards={…}), or bind(default=True) for all of them"
            raise StepError("SC214", self.chart.name, found, remedy)
        begin = self._context(context)
        plan = self._start
        if plan.brief and plan.gift is None and plan.blank is not None:
            snapshot: Snapshot[Any] = _new_snapshot(Snapshot)
            snapshot._place = plan.next
            snapshot._values = plan.blank
            snapshot._context = begin
            snapshot._memory = self._blank
            snapshot._clock = 0
            return _new_step(Step, (snapshot, (), (), True, plan.microsteps))
        run = Run(None, at, begin, self._book.origin, (), self._blank)
        return self._macrostep(self._start, run, None)

    def step(
        self, snapshot: Snapshot[E, C], event: E | Own, *, at: datetime | None = None
    ) -> Step[E, C]:
        """Return what an event makes of a snapshot.

        Args:
            snapshot: Where the run is; it is not changed.
            event: An instance of an event class, or a `NamedEvent`.
            at: The time at which the event happens.

        Returns:
            The next snapshot with the effects, or the same snapshot when nothing handles the event.

        Raises:
            StepError: A callback failed, the time was needed, the macrostep does not end, the
                snapshot is not one of this chart, or the event is not an event.
        """
        try:
            node: Any = snapshot._place
        except AttributeError:
            found = f"{snapshot!r} is not a snapshot"
            raise StepError("SC205", self.chart.name, found, "Pass step(…).snapshot") from None
        if node.owner is not self._book:
            node = self._book.adopt(snapshot)
        dispatch: Dispatch | None = node.dispatches.get(event.__class__)
        if dispatch is None:
            if isinstance(event, TimerFired) and snapshot._memory.sent:
                for timer, _, sent in snapshot._memory.sent:
                    if timer == event.id:
                        return self._deliver(snapshot, event, sent, at)
            dispatch = self._book.dispatch(node, self._book.key(event, snapshot._memory))
        dispatch.epoch = self._recollection.epoch
        plan = dispatch.plan
        if plan is None:
            memory = snapshot._memory
            plan = self._select(dispatch, event, at, snapshot, snapshot._values, memory.history)
            if plan is None:
                if isinstance(event, TimerFired):
                    return self._spend(snapshot, event)
                return _new_step(Step, (snapshot, (), (), False, ()))
        if not plan.brief:
            return self._macrostep(plan, self._run(snapshot, event, at), snapshot)
        memory = snapshot._memory
        gift = plan.gift
        if gift is None:
            values = plan.blank or plan.pick((*snapshot._values, None))
        else:
            old = snapshot._values
            try:
                build = gift.build
                if build is not None:
                    made = build(event, old, snapshot._context, at)
                else:
                    moment: Moment[Any, Any, Any] = _new_moment(Moment)
                    moment.data = old[gift.before] if gift.before >= 0 else None
                    moment.event = event
                    if at is not None:
                        moment.at = at
                    moment._scene = snapshot
                    moment._counters = memory.counters
                    made = gift.make(moment)
                    if made.__class__ is not gift.cls and not isinstance(made, gift.cls):
                        raise gift.wrong(self.chart.name, made)
                    if moment._counters is not memory.counters:
                        counters = moment._counters or ()
                        memory = Memory(memory.history, memory.timers, counters, memory.sent)
            except Exception as error:
                raise failure(self.chart, gift, event, error) from error
            if plan.blank is not None:
                values = (*plan.head, made, *plan.tail)
            else:
                fresh = list(plan.pick((*old, None)))
                fresh[gift.after] = made
                values = tuple(fresh)
        after: Snapshot[Any] = _new_snapshot(Snapshot)
        after._place = plan.next
        after._values = values
        after._context = snapshot._context
        after._memory = memory
        after._clock = snapshot._clock + 1
        return _new_step(Step, (after, (), plan.fired, True, plan.microsteps))

    def _run(self, snapshot: Snapshot[Any], event: Any, at: datetime | None) -> Run:
        memory = snapshot._memory
        place, values = snapshot._place, snapshot._values
        run = Run(event, at, snapshot._context, place, values, memory)
        if isinstance(event, TimerFired):
            run.timers = _without(memory, event)
        return run

    def _macrostep(self, plan: Plan, run: Run, before: Snapshot[Any] | None) -> Step[Any]:
        """Carry out a microstep and all that follow from it without an event."""
        taken = [plan]
        self._perform(plan, run)
        while run.queue or not taken[-1].settled:
            if taken[-1].next.final:
                break
            follow = self._follow(taken[-1].next, run)
            if follow is None:
                break
            if len(taken) >= self.microsteps:
                raise self._runaway(taken)
            taken.append(follow)
            self._perform(follow, run)
        last = taken[-1].next
        after: Snapshot[Any] = _new_snapshot(Snapshot)
        after._place = last
        after._values = run.old
        after._context = run.context
        after._memory = run.memory(self._blank if before is None else before._memory)
        after._clock = 0 if before is None else before._clock + 1
        effects = tuple(run.effects)
        if len(taken) == 1:
            return _new_step(Step, (after, effects, plan.fired, True, plan.microsteps))
        fired = tuple(transition for one in taken for transition in one.fired)
        microsteps: tuple[Microstep, ...] = tuple(one.microsteps[0] for one in taken)
        return _new_step(Step, (after, effects, fired, True, microsteps))

    def _perform(self, plan: Plan, run: Run) -> None:
        """Carry out one microstep."""
        perform: Any = None
        run.fresh = list(plan.pick((*run.old, None)))
        try:
            for perform in plan.leaving:
                perform(run)
            run.see(plan.next, run.fresh)
            for perform in plan.entering:
                perform(run)
        except Exception as error:
            raise failure(self.chart, perform.__self__, run.event, error) from error
        run.before, run.old = plan.next, tuple(run.fresh)
        run.see(run.before, run.old)

    def _follow(self, node: Node, run: Run) -> Plan | None:
        """Return the microstep that follows: eventless first, then the run's own events."""
        if node.restless:
            plan = self._internal(node, ALWAYS, run)
            if plan is not None:
                return plan
        while run.queue:
            state, event = run.queue.popleft()
            run.event = event
            key = self._book.key(event, EMPTY) if state is None else state
            plan = self._internal(node, key, run)
            if plan is not None:
                return plan
        return None

    def _internal(self, node: Node, key: Key, run: Run) -> Plan | None:
        dispatch = self._book.dispatch(node, key)
        dispatch.epoch = self._recollection.epoch
        return dispatch.plan or self._select(dispatch, run.event, run.at, run, run.old, run.history)

    def _select(
        self,
        dispatch: Dispatch,
        event: Any,
        at: datetime | None,
        scene: Scene,
        values: tuple[Any, ...],
        history: tuple[Any, ...],
    ) -> Plan | None:
        """Ask the guards: for each atomic state, from the inside out, the first that holds.

        Returns:
            The plan of the transitions selected; None when there are none.
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
                    moment: Moment[Any, Any, Any] = _new_moment(Moment)
                    position = candidate.position
                    moment.data = values[position] if position >= 0 else None
                    moment.event = event
                    if at is not None:
                        moment.at = at
                    moment._scene = scene
                    moment._counters = None
                    try:
                        holds = test(moment)
                        if not holds:
                            refused.append(edge)
                            continue
                    except Exception as error:
                        raise failure(self.chart, edge, event, error) from error
                if not selected:
                    selected = candidate.alone
                elif edge not in selected:
                    selected = (*selected, edge)
                break
        if not selected:
            return None
        plan = dispatch.plans.get(selected)
        if plan is None:
            return self._book.planned(dispatch, selected, history)
        plan.epoch = self._recollection.epoch
        return plan

    def _spend(self, snapshot: Snapshot[Any], event: TimerFired) -> Step[Any]:
        """Return the step of a timer whose transition is not taken: it no longer runs."""
        memory = snapshot._memory
        timers = _without(memory, event)
        if timers == memory.timers:
            return Step(snapshot, (), (), False, ())
        spent = Memory(memory.history, timers, memory.counters, memory.sent)
        after = Snapshot(
            snapshot._place, snapshot._values, snapshot._context, spent, snapshot._clock + 1
        )
        return Step(after, (), (), True, ())

    def _deliver(
        self, snapshot: Snapshot[Any], fired: TimerFired, sent: Any, at: datetime | None
    ) -> Step[Any]:
        """Return the step of an event that was sent with a delay: its timer has fired."""
        memory = snapshot._memory
        kept = tuple(one for one in memory.sent if one[0] != fired.id)
        spent = Memory(memory.history, _without(memory, fired), memory.counters, kept)
        place, values, context = snapshot._place, snapshot._values, snapshot._context
        before = Snapshot(place, values, context, spent, snapshot._clock)
        step = self.step(before, sent, at=at)
        if step.handled:
            return step
        after = Snapshot(place, values, context, spent, snapshot._clock + 1)
        return Step(after, (), (), True, ())

    def _context(self, context: Any) -> Any:
        wanted = self.chart.context
        if wanted is None:
            if context is None:
                return None
            found = f"the chart has no context, and {context!r} was given"
            remedy = f"Declare it: class {self.chart.name}(Statechart[Events, Context])"
            raise StepError("SC212", self.chart.name, found, remedy)
        if isinstance(context, wanted):
            return context
        if context is None:
            default = build_default(wanted)
            if default is not None:
                return default()
        found = f"the chart's context is a {wanted.__name__}, and {context!r} was given"
        raise StepError("SC212", self.chart.name, found, f"Start it with a {wanted.__name__}")

    def _runaway(self, taken: list[Plan]) -> RunawayError:
        last = taken[-8:]
        cycle = " → ".join(", ".join(plan.next.ids) for plan in last)
        found = f"the macrostep has not come to rest after {len(taken)} microsteps: … {cycle}"
        remedy = "Guard one of its eventless or completion transitions so that the cycle ends"
        return RunawayError("SC203", self.chart.name, found, remedy)


def _without(memory: Memory, event: TimerFired) -> tuple[tuple[str, datetime], ...]:
    return tuple(pair for pair in memory.timers if pair[0] != event.id)


def chart_of(source: Any) -> Chart:
    """Return the chart that is meant by a chart or by the class that declares one."""
    chart = getattr(source, "chart", source)
    if isinstance(chart, Chart):
        return chart
    remedy = "Pass a Chart, or a class derived from Statechart"
    raise StepError("SC213", "Kernel", f"{source!r} has no chart", remedy)
