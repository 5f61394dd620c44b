"""Macrostep: a step under way.

It lives as long as one call of the kernel: it starts from a snapshot, lets the operations write,
and ends as the next snapshot. When an operation raises, it is thrown away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, final

from statecharts.model.durations import duration_text
from statecharts.model.effects import (
    Call,
    CancelInvoke,
    CancelSend,
    CancelTimer,
    Effect,
    Invoke,
    Raise,
    Send,
    StartTimer,
)
from statecharts.model.errors import StepError
from statecharts.model.events import OWN
from statecharts.model.hooks import Hook
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.snapshot import Memory, Moment, count, time_needed

TIMERS: Final = "timer"
"""The prefix that runs of timers are counted under."""

CALLS: Final = "call"
"""The prefix that calls are counted under."""


NONE: Final[frozenset[str]] = frozenset()
"""No states are hidden."""


def checked_delay(chart: str, delay: Any) -> timedelta:
    """Return a delay that a callback has given.

    Raises:
        StepError: It is not a timedelta of 0 or more (SC208).
    """
    if isinstance(delay, timedelta) and delay >= timedelta(0):
        return delay
    told = duration_text(delay) if isinstance(delay, timedelta) else repr_of(delay)
    found = f"the delay is {told}; a timedelta of 0 or more is expected"
    raise StepError("SC208", chart, found, "Return one, such as timedelta(seconds=30)")


@final
class Macrostep:
    """A step under way.

    Attributes:
        event: The event being handled; None at the start.
        at: The caller's time, if it gave one.
        before: The configuration before the present microstep.
        old: Data before the present microstep, aligned with it.
        fresh: Data after the present microstep, as far as it is known.
        history: What each history state remembers.
        timers: The timers that run.
        counters: The counters of ids.
        effects: The effects so far, in order.
        queue: Events of the run's own that wait, each with the number of the state that is done, or
            None for one that was raised.
        sent: The events that wait for their timers.
        calls: The calls under way.
        waiting: The deferred events.
        recalled: How many of them have been taken in this step.
        entered: The states that were entered and make calls, each with what makes these and the
            event that it was entered by; they are made when the run comes to rest.
    """

    __slots__ = (
        "_call",
        "_context",
        "_hidden",
        "_place",
        "_values",
        "at",
        "before",
        "calls",
        "counters",
        "effects",
        "entered",
        "event",
        "fresh",
        "history",
        "old",
        "queue",
        "recalled",
        "sent",
        "timers",
        "waiting",
    )

    def __init__(
        self,
        event: Any,
        at: datetime | None,
        context: Any,
        place: Configuration,
        values: tuple[Any, ...],
        memory: Memory,
    ) -> None:
        self.event = event
        self.at = at
        self.before = place
        self.old: tuple[Any, ...] = values
        self.fresh: list[Any] = []
        self.history = memory.history
        self.timers = memory.timers
        self.counters = memory.counters
        self.effects: list[Effect] = []
        self.queue: deque[tuple[int | None, Any]] = deque()
        self.sent = memory.sent
        self.calls = memory.calls
        self.waiting = memory.waiting
        self.recalled = 0
        self.entered: dict[str, tuple[Any, Any]] = {}
        # What moments look at: the configuration that stands, its data, and the context.
        self._place = place
        self._values: Any = values
        self._context = context
        self._hidden: frozenset[str] = NONE
        self._call: Call[Any] | None = None

    @property
    def chart(self) -> str:
        """Name of the chart."""
        return self._place.chart

    @property
    def context(self) -> Any:
        """The chart's context, with the updates made so far."""
        return self._context

    def see(self, place: Configuration, values: Any, hidden: frozenset[str] = NONE) -> None:
        """Have callbacks see a configuration and its data; some of its states may be hidden."""
        self._place = place
        self._values = values
        self._hidden = hidden

    def hide(self, states: frozenset[str]) -> None:
        """Have callbacks not see states that are left already, or not entered yet."""
        self._hidden = states

    def update(self, context: Any) -> None:
        """Give the chart its next context."""
        self._context = context

    def call(self, function: Callable[[Any], Any], data: Any) -> Any:
        """Call a callback with the present moment, and keep the ids that it made."""
        moment = self.moment(data)
        result = function(moment)
        self.keep_ids(moment)
        return result

    def moment(self, data: Any) -> Moment[Any, Any, Any]:
        """Return the present moment for a callback of a state with some data."""
        return Moment(data, self.event, self.at, self, self.counters)

    def keep_ids(self, moment: Moment[Any, Any, Any]) -> None:
        """Keep the ids that were made of a moment."""
        self.counters = moment._counters or ()

    def emit(self, hook: Hook, data: Any) -> None:
        """Call a callback for its effects, and add them."""
        moment = self.moment(data)
        self.take_in(hook.function(moment), moment)

    def take_in(self, result: Any, moment: Moment[Any, Any, Any]) -> None:
        """Add the effects that a callback has given at a moment."""
        if isinstance(result, Effect):
            given = [result]
        elif result is None:
            given = []
        else:
            given = list(self._checked(result))  # a generator makes its ids here
        self.keep_ids(moment)
        for effect in given:
            self.give(effect)

    def give(self, effect: Effect) -> None:
        """Add an effect; what is about the run itself is carried out."""
        if isinstance(effect, Raise):
            self.queue.append((None, effect.event))
        elif isinstance(effect, Send) and effect.own and isinstance(effect.event, OWN):
            found = f"{repr_of(effect.event)} is for whoever carries out timers and calls to send"
            raise StepError("SC208", self.chart, found, "Send an event of the chart")
        elif isinstance(effect, Send) and effect.delay is not None and effect.own:
            due = self.time("a delayed send") + checked_delay(self.chart, effect.delay)
            name = effect.id or ""
            timer = self.start_timer(f"send:{name}", due)
            self.sent = (*self.sent, (timer, name, effect.event))
        elif isinstance(effect, CancelSend):
            mine = [timer for timer, name, _ in self.sent if name == effect.id]
            self.sent = tuple(one for one in self.sent if one[0] not in mine)
            self.stop_timers(mine)
        else:
            self.effects.append(effect)

    def start_timer(self, name: str, due: datetime) -> str:
        """Start a run of a timer; return its id."""
        number, self.counters = count(self.counters, TIMERS)
        timer = f"{name}#{number}"
        self.timers = (*self.timers, (timer, due))
        self.effects.append(StartTimer(timer, due))
        return timer

    def stop_timers(self, timers: Sequence[str]) -> None:
        """Stop runs of timers."""
        if timers:
            self.effects.extend(map(CancelTimer, timers))
            gone = set(timers)
            self.timers = tuple(pair for pair in self.timers if pair[0] not in gone)

    def start_call(self, name: str, call: Call[Any]) -> None:
        """Make a call."""
        number, self.counters = count(self.counters, CALLS)
        started = f"{name}#{number}"
        self.calls = (*self.calls, (started, call))
        self.effects.append(Invoke(started, call))

    def stop_calls(self, calls: Sequence[str]) -> None:
        """Take calls back."""
        if calls:
            self.effects.extend(map(CancelInvoke, calls))
            gone = set(calls)
            self.calls = tuple(pair for pair in self.calls if pair[0] not in gone)

    def end(self) -> None:
        """Take back all that is under way: the run is over."""
        self.stop_timers([timer for timer, _ in self.timers])
        self.stop_calls([call for call, _ in self.calls])
        self.sent, self.waiting = (), ()

    def _checked(self, result: Any) -> Iterable[Effect]:
        if not isinstance(result, Iterable):
            raise self._no_effect(result)
        for effect in result:
            if not isinstance(effect, Effect):
                raise self._no_effect(effect)
            yield effect

    def _no_effect(self, found: object) -> StepError:
        text = f"{repr_of(found)} is not an effect"
        remedy = "Give an instance of a class derived from Effect, several of them, or none"
        return StepError("SC208", self.chart, text, remedy)

    def time(self, reader: str) -> datetime:
        """Return the caller's time; raise `TimeNeededError` when it gave none."""
        if self.at is None:
            raise time_needed(self.chart, reader)
        return self.at

    def memory(self, before: Memory) -> Memory:
        """Return what the run carries on, the same object when nothing of it has changed."""
        if (
            self.history is before.history
            and self.timers is before.timers
            and self.counters is before.counters
            and self.sent is before.sent
            and self.calls is before.calls
            and self.waiting is before.waiting
        ):
            return before
        return Memory(self.history, self.timers, self.counters, self.sent, self.calls, self.waiting)
