"""Machine: a chart that runs, with its snapshot held for you.

It adds nothing to what the kernel means. It keeps the present snapshot, puts events in line, tells
subscribers of each step, and knows what time it is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar, cast, overload

from statecharts.kernel import Kernel, kernel_of
from statecharts.model.chart import Chart, Declaration, OnEvent
from statecharts.model.durations import duration_text
from statecharts.model.effects import Effect, Send
from statecharts.model.errors import (
    RunawayError,
    StatechartError,
    SubscriberError,
    UnhandledEventError,
)
from statecharts.model.events import NamedEvent, Own, TimerFired
from statecharts.model.generics import E, defaulting
from statecharts.model.generics import K as C
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.snapshot import Snapshot, Step

F = TypeVar("F")

OnUnhandled = Literal["ignore", "raise"]
Subscriber = Callable[[Step[E, C]], object]


@defaulting
class Sent(Generic[E, C]):
    """An event in line; what `Machine.send` returns to a subscriber.

    Once its turn has come it reads as the step that it made; before that, reading it is an error.
    """

    def __init__(self, event: E | Own, at: datetime | None, chart: str) -> None:
        self.event = event
        self.at = at
        self.chart = chart
        self.not_before: datetime | None = None
        self.own = False
        self.failed = False
        self.step: Step[E, C] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in Step._fields:
            raise AttributeError(name)
        if self.failed:
            found = f"the step of {self.event!r} could not be taken"
            remedy = "What the first send raises says why"
            raise StatechartError("SC502", self.chart, found, remedy)
        if self.step is None:
            found = f"the step of {self.event!r} was read before its turn had come"
            remedy = "Events sent from a subscriber wait; subscribe to see their steps"
            raise StatechartError("SC502", self.chart, found, remedy)
        return getattr(self.step, name)


class Time:
    """What time it is for a machine: it stands still where it was set, or follows a clock."""

    def __init__(self, at: datetime | None, clock: Callable[[], datetime] | None) -> None:
        self._at = at
        self._clock = clock or _utc_now
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the machine's time."""
        return self._clock() + self._ahead if self._at is None else self._at

    def set(self, at: datetime) -> None:
        """Move to a time; a time that follows a clock goes on following it."""
        if self._at is not None:
            self._at = at

    def advance(self, by: timedelta) -> None:
        """Move ahead, of the clock where there is one."""
        if self._at is None:
            self._ahead += by
        else:
            self._at += by


def _utc_now() -> datetime:
    return datetime.now(UTC)


@defaulting
class Machine(Generic[E, C]):
    """Runs a chart, one event at a time.

    Sending from several threads is serialised. A subscriber that sends waits its turn: its event is
    taken when all subscribers have been told of the present step. When a callback of the chart
    fails, the error is raised and the machine stays where it was.

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
        snapshot: Snapshot[Any] | None = None,
    ) -> None:
        self._kernel: Kernel[E, C] = chart if isinstance(chart, Kernel) else kernel_of(chart)
        name = self._kernel.chart.name
        if on_unhandled not in ("ignore", "raise"):
            remedy = did_you_mean(str(on_unhandled), ("ignore", "raise"), "Say 'ignore' or 'raise'")
            raise StatechartError("SC501", name, f"on_unhandled is {on_unhandled!r}", remedy)
        if snapshot is not None and context is not None:
            remedy = "Leave the context out: the snapshot has one"
            raise StatechartError("SC501", name, "both a snapshot and a context were given", remedy)
        self._time = Time(at, clock)
        self._on_unhandled = on_unhandled
        self._lock = threading.RLock()
        self._subscribers: list[Subscriber[E, C]] = []
        self._waiting: deque[Sent[E, C]] = deque()
        self._busy = False
        self._present: datetime | None = None
        self._started: Step[E, C] | None = None
        if snapshot is None:
            now = self._time.now()
            started: Step[E, C] = cast("Any", self._kernel).start(context, at=now)
            self._started = started
            self._snapshot: Snapshot[E, C] = started.snapshot
            self._begin(started, now)
        else:
            self._snapshot = snapshot

    @property
    def chart(self) -> Chart:
        """The chart that runs."""
        return self._kernel.chart

    @property
    def snapshot(self) -> Snapshot[E, C]:
        """Where the machine is."""
        return self._snapshot

    @property
    def configuration(self) -> tuple[str, ...]:
        """Ids of the active states, in document order."""
        return self._snapshot.configuration

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

        Called from inside a subscriber, it puts the event in line and returns at once; what it then
        returns can be read when the event has had its turn. Unless told otherwise, such an event
        happens no earlier than the one that the subscriber was told of.

        Args:
            event: An instance of an event class, or a `NamedEvent`.
            at: When the event happens; the machine's time by default.

        Raises:
            StepError: The step could not be taken; the machine is where it was.
            UnhandledEventError: Nothing handles the event, and ``on_unhandled="raise"``.
            SubscriberError: A subscriber failed. The step stands, and all have been told of it.
        """
        with self._lock:
            sent: Sent[E, C] = Sent(event, at, self.chart.name)
            sent.not_before = self._present if self._busy else None
            self._waiting.append(sent)
            if self._busy:
                return cast("Step[E, C]", sent)
            self._drain([])
            return cast("Step[E, C]", sent.step)

    def subscribe(self, subscriber: Subscriber[E, C]) -> Callable[[], None]:
        """Have a function told of every step from now on, handled or not.

        Returns:
            A function that ends the subscription.
        """
        with self._lock:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

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
        if by < timedelta(0):
            found = f"time was to advance by {duration_text(by)}"
            raise StatechartError("SC503", self.chart.name, found, "Give a timedelta of 0 or more")
        with self._lock:
            if self._busy:
                found = "a subscriber asked for time to advance"
                remedy = "Advance time from outside the subscribers"
                raise StatechartError("SC503", self.chart.name, found, remedy)
            begin = moment = self._time.now()
            end = begin + by
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

    def _begin(self, started: Step[E, C], now: datetime) -> None:
        """Take the events that the start sends."""
        with self._lock:
            self._present = now
            self._queue_own(started.effects)
            self._drain([])

    def _queue_own(self, effects: tuple[Effect, ...]) -> None:
        """Put in line what the run sends to itself."""
        for effect in effects:
            if isinstance(effect, Send) and effect.own:
                sent: Sent[E, C] = Sent(effect.event, None, self.chart.name)
                sent.not_before, sent.own = self._present, True
                self._waiting.append(sent)

    def _drain(self, failures: list[Exception]) -> None:
        """Take the events in line, one after the other; raise what went wrong at the end."""
        own = 0
        self._busy = True
        try:
            while self._waiting:
                sent = self._waiting.popleft()
                own += sent.own
                if own > self._kernel.microsteps:
                    self._waiting.clear()
                    found = f"the run has sent itself {own - 1} events, and has not come to rest"
                    remedy = "Send with a delay, or guard one of the sends so that the circle ends"
                    failures.append(RunawayError("SC203", self.chart.name, found, remedy))
                    break
                try:
                    self._take(sent, failures)
                except Exception as error:
                    failures.append(error)
        finally:
            self._busy = False
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup(f"{self.chart.name}: {len(failures)} failures", failures)

    def _take(self, sent: Sent[E, C], failures: list[Exception]) -> None:
        at = sent.at
        if at is None:
            at = self._time.now()
            if sent.not_before is not None and sent.not_before > at:
                at = sent.not_before
        else:
            self._time.set(at)
        self._present = at
        sent.failed = True
        step = self._kernel.step(self._snapshot, sent.event, at=at)
        sent.failed = False
        sent.step = step
        self._snapshot = step.snapshot
        if step.effects:
            self._queue_own(step.effects)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(step)
            except Exception as error:
                failures.append(self._subscriber_error(subscriber, sent.event, error))
        if not step.handled and self._on_unhandled == "raise":
            raise self._unhandled(sent.event)

    def _unhandled(self, event: object) -> UnhandledEventError:
        shown = event.name if isinstance(event, NamedEvent) else type(event).__name__
        active = ", ".join(self.configuration)
        taken = _answered(self.chart, self.configuration)
        remedy = f"It answers to {', '.join(taken) or 'no event'}"
        found = f"nothing in ({active}) handles {shown}"
        return UnhandledEventError(
            "SC209",
            self.chart.name,
            found,
            remedy,
            event=event,
            configuration=self.configuration,
        )

    def _subscriber_error(
        self, subscriber: Subscriber[E, C], event: object, cause: Exception
    ) -> SubscriberError:
        name = getattr(subscriber, "__qualname__", repr(subscriber))
        found = f"subscriber {name} failed on {event!r}: {type(cause).__name__}: {cause}"
        error = SubscriberError("SC504", self.chart.name, found, "The step stands; mend it")
        error.__cause__ = cause
        return error


def _answered(chart: Chart, configuration: tuple[str, ...]) -> list[str]:
    """Return the events that some active state has a transition for, in document order."""
    names = [
        event if isinstance(event, str) else event.__name__
        for state in configuration
        for transition in chart[state].transitions
        if isinstance(transition.trigger, OnEvent)
        for event in transition.trigger.events
    ]
    return list(dict.fromkeys(names))
