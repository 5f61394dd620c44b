"""Machine: a chart that runs, with its snapshot held for you.

It adds nothing to what the kernel means. It keeps the present snapshot, queues events, tells
subscribers of each step, and knows what time it is.
"""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar, cast, overload

from statecharts.kernel import Kernel, kernel_of
from statecharts.kernel.kernel import chart_of
from statecharts.model.chart import Chart, Declaration
from statecharts.model.durations import duration_text
from statecharts.model.effects import Effect, Send
from statecharts.model.errors import (
    RunawayError,
    StatechartError,
    StepError,
    SubscriberError,
    UnhandledEventError,
)
from statecharts.model.events import Answer, CallFailed, Own, TimerFired, shown_name
from statecharts.model.generics import E, defaulting
from statecharts.model.generics import K as C
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of
from statecharts.semantics.snapshot import Snapshot, Step

F = TypeVar("F")

_NO_TIME: Final = timedelta(0)

_NOT_RUN: Final = (
    ("a coroutine", inspect.iscoroutinefunction, "awaits"),
    ("a generator", inspect.isgeneratorfunction, "iterates over"),
    ("an async generator", inspect.isasyncgenfunction, "iterates over"),
)
"""The functions that do nothing when they are called."""

OnUnhandled = Literal["ignore", "raise"]
Subscriber = Callable[[Step[E, C]], object]
Notice = tuple[Step[E, C], object, tuple[tuple[Subscriber[E, C]], ...]]


@defaulting
class Queued(Generic[E, C]):
    """An event in the queue; what `Machine.send` returns to a subscriber.

    Once its turn has come it reads as the step that it made; before that, reading it is an error.
    """

    def __init__(self, event: E | Own, at: datetime | None, chart: str) -> None:
        self.event = event
        self.at = at
        self.chart = chart
        self.not_before: datetime | None = None
        self.own = False
        self.step: Step[E, C] | None = None
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in Step._fields:
            raise AttributeError(name)
        if self.step is not None:
            return getattr(self.step, name)
        if self.error is not None:
            found = f"the step of {repr_of(self.event)} could not be taken"
            remedy = "The first send raises the reason"
            raise StatechartError("SC502", self.chart, found, remedy)
        found = f"the step of {repr_of(self.event)} was read before its turn had come"
        remedy = "Events sent from a subscriber wait; subscribe to see their steps"
        raise StatechartError("SC502", self.chart, found, remedy)


class Time:
    """The time of a machine: fixed until it is set or advanced, or read from a clock."""

    def __init__(
        self, at: datetime | None, clock: Callable[[], datetime] | None, chart: str
    ) -> None:
        self.fixed = at
        self._chart = chart
        self._clock = clock or partial(datetime.now, UTC)
        self._ahead = _NO_TIME

    def now(self) -> datetime:
        """Return the machine's time."""
        if self.fixed is not None:
            return self.fixed
        told = self._clock()
        if self._ahead is _NO_TIME and type(told) is datetime:
            return told
        try:
            return told + self._ahead
        except TypeError:
            found = f"the clock gives {repr_of(told)}, not a datetime"
            remedy = "Pass clock=lambda: datetime.now(UTC), or another that gives datetimes"
            raise StatechartError("SC503", self._chart, found, remedy) from None

    def set(self, at: datetime) -> None:
        """Move to a time; a time that follows a clock goes on following it.

        Raises:
            StatechartError: It cannot be compared with the machine's (SC503).
        """
        given: object = at
        if not isinstance(given, datetime):
            return  # the kernel says so
        present = self.fixed or self.now()
        if (given.tzinfo is None) != (present.tzinfo is None):
            found = f"at= is {at}, and the machine's time is {present}"
            remedy = "Give all times a time zone, or none"
            raise StatechartError("SC503", self._chart, found, remedy)
        if self.fixed is not None:
            self.fixed = at

    def advance(self, by: timedelta) -> None:
        """Move ahead, of the clock where there is one."""
        if self.fixed is None:
            self._ahead += by
        else:
            self.fixed += by


@defaulting
class Machine(Generic[E, C]):
    """Runs a chart, one event at a time.

    Steps from several threads are serialised. Subscribers are told outside the lock, one thread at
    a time and in the order of the steps, so that machines may send to each other. A subscriber that
    sends waits its turn: its event is taken when all subscribers have been told of the present
    step. When a callback of the chart fails, the error is raised and the machine stays where it
    was.

    Args:
        chart: The class that declares the chart, the chart, or a kernel to share.
        context: The extended state to begin with.
        at: The time at the start. The machine's time then stands still but for `advance` and for
            the ``at`` of `send`; without it, the clock tells the time.
        clock: Tells the time; UTC by default.
        on_unhandled: Whether an event that nothing handles is ignored, or raised as
            `UnhandledEventError`.
        snapshot: Where to go on from, instead of starting.

    >>> from attrs import frozen
    >>> from statecharts import Machine, State, Statechart
    >>> @frozen
    ... class Flip: ...
    >>> class Lamp(Statechart[Flip]):
    ...     dark = State(initial=True)
    ...     lit = State()
    ...     dark.to(lit, on=Flip)
    ...     lit.to(dark, on=Flip)
    >>> machine = Machine(Lamp)
    >>> machine.send(Flip()).handled, machine.configuration
    (True, ('lit',))
    """

    @overload
    def __init__(
        self: Machine[F, None],
        chart: type[Declaration[F, None]] | Kernel[F, None],
        context: None = None,
        *,
        at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
        on_unhandled: OnUnhandled = "ignore",
        snapshot: Snapshot[F, None] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        chart: type[Declaration[E, C]] | Kernel[E, C],
        context: C,
        *,
        at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
        on_unhandled: OnUnhandled = "ignore",
        snapshot: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        chart: type[Declaration[E, C]] | Kernel[E, C],
        *,
        at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
        on_unhandled: OnUnhandled = "ignore",
        snapshot: Snapshot[E, C],
    ) -> None: ...
    @overload
    def __init__(
        self: Machine[Any, Any],
        chart: Chart,
        context: Any = None,
        *,
        at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
        on_unhandled: OnUnhandled = "ignore",
        snapshot: Snapshot[Any, Any] | None = None,
    ) -> None: ...
    def __init__(
        self,
        chart: Any,
        context: Any = None,
        *,
        at: datetime | None = None,
        clock: Callable[[], datetime] | None = None,
        on_unhandled: OnUnhandled = "ignore",
        snapshot: Snapshot[Any, Any] | None = None,
    ) -> None:
        given = chart if isinstance(chart, Kernel) else kernel_of(chart_of(chart))
        self._kernel: Kernel[E, C] = given
        self._take_event = self._kernel.step
        name = self._kernel.chart.name
        if on_unhandled not in ("ignore", "raise"):
            remedy = did_you_mean(on_unhandled, ("ignore", "raise"), "Say 'ignore' or 'raise'")
            raise StatechartError("SC501", name, f"on_unhandled is {repr_of(on_unhandled)}", remedy)
        if snapshot is not None and context is not None:
            remedy = "Leave the context out: the snapshot has one"
            raise StatechartError("SC501", name, "both a snapshot and a context were given", remedy)
        self._time = Time(at, clock, name)
        self._on_unhandled = on_unhandled
        self._lock = threading.RLock()
        self._subscribers: list[tuple[Subscriber[E, C]]] = []
        self._queue: deque[Queued[E, C]] = deque()
        self._notices: deque[Notice[E, C]] = deque()
        self._teller: int | None = None
        """The thread that tells subscribers now: one at a time, so that they hear in order."""
        self._failures: list[Exception] = []
        self._present: datetime | None = None
        self._stepping = False
        self._started: Step[E, C] | None = None
        if snapshot is None:
            now = self._time.now()
            started: Step[E, C] = cast("Any", self._kernel).start(context, at=now)
            self._started = started
            self._snapshot: Snapshot[E, C] = started.snapshot
            self._present = now
            self._queue_own(started.effects)
            with self._lock:
                self._drain(None)
            self._settle(None)
        else:
            self._snapshot = self._kernel.adopt(snapshot)
            if self._snapshot.timers and isinstance(self._time.now(), datetime):
                self._next_due(self._time.now())  # which refuses times that cannot be compared

    @property
    def chart(self) -> Chart:
        """The chart that runs."""
        return self._kernel.chart

    @property
    def snapshot(self) -> Snapshot[E, C]:
        """The present snapshot."""
        return self._snapshot

    @property
    def configuration(self) -> tuple[str, ...]:
        """Ids of the active states, in document order."""
        return self._snapshot.configuration

    @property
    def ended(self) -> bool:
        """Whether the run is over: nothing moves it any more."""
        return self._snapshot.ended

    @property
    def started(self) -> Step[E, C] | None:
        """The step of the start, with its effects; None when a snapshot was given."""
        return self._started

    @property
    def now(self) -> datetime:
        """The machine's time."""
        return self._time.now()

    def send(self, event: E | Own, *, at: datetime | None = None) -> Step[E, C]:
        """Take an event, and tell the subscribers of the step that it makes.

        Called from inside a subscriber, it queues the event and returns at once; what it then
        returns can be read when the event has had its turn. Unless told otherwise, such an event
        happens no earlier than the one that the subscriber was told of.

        Args:
            event: An instance of an event class, or a `NamedEvent`.
            at: When the event happens; the machine's time by default.

        Raises:
            StepError: The step could not be taken; the machine is where it was. A callback of the
                chart that sends to the machine fails, too (SC508).
            UnhandledEventError: Nothing handles the event, and ``on_unhandled="raise"``.
            SubscriberError: A subscriber failed. The step counts, and all have been told of it.
        """
        with self._lock:
            if self._stepping:  # only this thread can be in here, and a callback has called
                found = f"a callback of the chart sends {shown_name(event)} to its own machine"
                remedy = "Give the effect Send(…) or Raise(…), or send it from a subscriber"
                raise StepError("SC508", self.chart.name, found, remedy)
            if self._subscribers or self._queue or self._teller is not None:
                queued: Queued[E, C] = Queued(event, at, self.chart.name)
                self._queue.append(queued)
                if self._teller == threading.get_ident():
                    queued.not_before = self._present
                    return cast("Step[E, C]", queued)
                self._drain(queued)
                mine, step = queued, queued.step
            else:  # nobody waits, and nobody is to be told: the step is all there is to do
                if at is None:
                    at = self._time.now()
                elif at is not self._time.fixed:
                    self._time.set(at)
                self._present = at
                before = self._snapshot
                self._stepping = True
                try:
                    step = self._take_event(before, event, at=at)
                finally:
                    self._stepping = False
                self._snapshot = step.snapshot
                if step.handled and not step.effects:
                    return step
                self._follow(step, event, before)
                if not self._queue:
                    return step
                self._drain(None)
                mine = None
        self._settle(mine)
        return cast("Step[E, C]", step)

    def subscribe(self, subscriber: Subscriber[E, C]) -> Callable[[], None]:
        """Have a function told of every step from now on, handled or not.

        Returns:
            A function that ends the subscription.
        """
        given: object = subscriber
        if not callable(given):
            found, remedy = (
                f"subscriber {repr_of(given)} cannot be called",
                "Pass a function of a step",
            )
            raise StatechartError("SC506", self.chart.name, found, remedy)
        called = inspect.unwrap(subscriber)
        for kind, tells, done in _NOT_RUN:
            if any(map(tells, (called, type(called).__call__))):
                found = f"subscriber {_name(subscriber)} is {kind} function, which nobody {done}"
                remedy = "Pass a plain function; let it hand the step to your event loop"
                raise StatechartError("SC506", self.chart.name, found, remedy)
        one = (subscriber,)
        with self._lock:
            self._subscribers.append(one)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = [other for other in self._subscribers if other is not one]

        return unsubscribe

    def advance(self, by: timedelta) -> tuple[Step[E, C], ...]:
        """Let time pass: fire the timers that fall due, in order of due time.

        Timers that are due at the same time fire in the order in which they were started. A timer
        that is started on the way fires as well when it falls due on the way.

        Args:
            by: How much time passes; zero fires what is due already.

        Returns:
            The steps of the timers that fired.
        """
        given: object = by
        if not isinstance(given, timedelta):
            found = f"time was to advance by {repr_of(by)}"
            remedy = "Give a timedelta, such as timedelta(seconds=30)"
            raise StatechartError("SC503", self.chart.name, found, remedy)
        if by < timedelta(0):
            found = f"time was to advance by {duration_text(by)}"
            raise StatechartError("SC503", self.chart.name, found, "Give a timedelta of 0 or more")
        if self._teller == threading.get_ident():
            found = "a subscriber asked for time to advance"
            remedy = "Advance time from outside the subscribers"
            raise StatechartError("SC503", self.chart.name, found, remedy)
        begin = moment = self._time.now()
        try:
            end = begin + by
        except OverflowError:
            found = f"time was to advance by {duration_text(by)} from {begin}"
            remedy = "Give a shorter time: datetimes end with the year 9999"
            raise StatechartError("SC503", self.chart.name, found, remedy) from None
        steps: list[Step[E, C]] = []
        same = 0
        while (timer := self._next_due(end)) is not None:
            name, due = timer
            if due > moment:
                moment, same = due, 0
            same += 1
            if same > self._kernel.microsteps:
                found = f"{same - 1} timers have fired at {moment}, and more are due"
                remedy = "Give the delayed transitions of the circle a delay that takes time"
                raise RunawayError("SC203", self.chart.name, found, remedy)
            steps.append(self.send(TimerFired(name), at=moment))
        self._time.set(begin)
        self._time.advance(by)
        return tuple(steps)

    def _next_due(self, end: datetime) -> tuple[str, datetime] | None:
        try:
            due = [timer for timer in self._snapshot.timers.items() if timer[1] <= end]
            return min(due, key=lambda timer: timer[1], default=None)
        except TypeError:
            found = "of the machine's time and its timers, some have a time zone and some do not"
            raise StatechartError(
                "SC503", self.chart.name, found, "Give all times a time zone, or none"
            ) from None

    def _queue_own(self, effects: tuple[Effect, ...]) -> None:
        """Queue what the run sends to itself."""
        for effect in effects:
            if isinstance(effect, Send) and effect.own:
                queued: Queued[E, C] = Queued(effect.event, None, self.chart.name)
                queued.not_before, queued.own = self._present, True
                self._queue.append(queued)

    def _drain(self, mine: Queued[E, C] | None) -> None:
        """Take the events in the queue, in order; note what goes wrong.

        Args:
            mine: The event whose error the caller raises itself.
        """
        own = 0
        while self._queue:
            queued = self._queue.popleft()
            own += queued.own
            if own > self._kernel.microsteps:
                self._queue.clear()
                found = f"the run has sent itself {own - 1} events, and has not come to rest"
                remedy = "Send with a delay, or guard one of the sends so that the circle ends"
                self._failures.append(RunawayError("SC203", self.chart.name, found, remedy))
                break
            try:
                self._take(queued)
            except Exception as error:
                queued.error = error
                if queued is not mine:
                    self._failures.append(error)

    def _take(self, queued: Queued[E, C]) -> None:
        at = queued.at
        if at is None:
            at = self._time.now()
            if queued.not_before is not None and queued.not_before > at:
                at = queued.not_before
        else:
            self._time.set(at)
        self._present = at
        before = self._snapshot
        self._stepping = True
        try:
            queued.step = step = self._take_event(before, queued.event, at=at)
        finally:
            self._stepping = False
        self._snapshot = step.snapshot
        if self._subscribers:
            self._notices.append((step, queued.event, tuple(self._subscribers)))
        self._follow(step, queued.event, before)

    def _follow(self, step: Step[E, C], event: object, before: Snapshot[E, C]) -> None:
        """Queue what the run sends to itself; refuse an event that nothing has handled."""
        if step.effects:
            self._queue_own(step.effects)
        if not step.handled and self._on_unhandled == "raise" and not _late(event, before):
            raise self._unhandled(event, self._present)

    def _settle(self, mine: Queued[E, C] | None) -> None:
        """Tell subscribers what happened, outside the lock and in order; raise what went wrong.

        While another thread tells, it tells of this thread's steps as well. What would end the
        program, such as KeyboardInterrupt, is raised when all have been told of the present step.
        """
        failures: list[Exception] = [] if mine is None or mine.error is None else [mine.error]
        stops: list[BaseException] = []
        while not stops:
            with self._lock:
                if self._teller is not None:
                    break
                self._drain(None)
                failures += self._failures
                self._failures = []
                if not self._notices:
                    break
                step, event, subscribers = self._notices.popleft()
                self._teller = threading.get_ident()
            try:
                raised = list(self._told(step, event, subscribers))
            finally:
                self._teller = None
            failures += [one for one in raised if isinstance(one, Exception)]
            stops += [one for one in raised if not isinstance(one, Exception)]
        for stop in stops:
            for error in failures:
                stop.add_note(str(error))
            raise stop
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup(f"{self.chart.name}: {len(failures)} failures", failures)

    def _told(
        self, step: Step[E, C], event: object, subscribers: tuple[tuple[Subscriber[E, C]], ...]
    ) -> Iterator[BaseException]:
        """Tell subscribers of a step, and yield how they failed."""
        for (subscriber,) in subscribers:
            try:
                answer = subscriber(step)
                if inspect.iscoroutine(answer):
                    answer.close()
                    raise TypeError("it returned a coroutine, which nobody awaits")
                if inspect.isgenerator(answer) or inspect.isasyncgen(answer):
                    raise TypeError("it returned a generator, which nobody iterates over")
            except Exception as error:
                yield self._subscriber_error(subscriber, event, error)
            except BaseException as stop:  # raised when all have been told
                yield stop

    def _unhandled(self, event: object, at: datetime | None) -> UnhandledEventError:
        active = ", ".join(self.configuration)
        if self.ended:
            found = f"the run has ended in ({active}), and nothing moves it any more"
            remedy = "Start a new run"
        else:
            found = f"nothing in ({active}) handles {shown_name(event)}"
            remedy = self._why_not(event, at)
        return UnhandledEventError(
            "SC209",
            self.chart.name,
            found,
            remedy,
            event=event,
            configuration=self.configuration,
        )

    def _why_not(self, event: object, at: datetime | None) -> str:
        """Return what to do about an event that nothing handles."""
        name = shown_name(event)
        known = [one.cls for one in self.chart.events if one.cls is not None]
        if type(event) not in known and name in {cls.__name__ for cls in known}:
            return (
                f"The chart knows another class of the name {name}: "
                "use the class that it was declared with, not one declared again"
            )
        refused = self._kernel.refused(self._snapshot, event, at)
        if refused:
            guards = ", ".join(
                f"{line.guard.name!r} of {line.source or 'the chart'!r}"
                for line in refused
                if line.guard is not None
            )
            return f"Its guards refused: {guards}"
        answers = (
            one if isinstance(one, str) else one.__name__
            for one in self._kernel.enabled(self._snapshot)
        )
        return f"It answers to {', '.join(answers) or 'no event'}"

    def _subscriber_error(
        self, subscriber: Subscriber[E, C], event: object, cause: Exception
    ) -> SubscriberError:
        said = f"{type(cause).__name__}: {cause}"
        found = f"subscriber {_name(subscriber)} failed on {repr_of(event)}: {said}"
        remedy = "The step counts; fix the subscriber"
        error = SubscriberError("SC504", self.chart.name, found, remedy)
        error.__cause__ = cause
        return error

    def _repr_svg_(self) -> str | None:
        """Return a picture of where the run is, which notebooks show."""
        return self._snapshot._repr_svg_()

    def __repr__(self) -> str:
        state = "ended in" if self.ended else "in"
        active = ", ".join(self.configuration)
        return f"<Machine of {self.chart.name} {state} ({active}) at {self._snapshot.clock}>"

    def __reduce__(self) -> Any:
        found = "a machine cannot be pickled or copied"
        remedy = "Pickle its snapshot, and go on from it: Machine(Chart, snapshot=snapshot)"
        raise StatechartError("SC507", self.chart.name, found, remedy)


def _late(event: object, snapshot: Snapshot[Any, Any]) -> bool:
    """Tell whether an event is about a timer or a call that is over: that is no mistake."""
    if isinstance(event, TimerFired):
        return event.id not in snapshot.timers
    return isinstance(event, Answer | CallFailed) and event.id not in snapshot.calls


def _name(subscriber: object) -> str:
    return getattr(subscriber, "__qualname__", None) or repr_of(subscriber)
