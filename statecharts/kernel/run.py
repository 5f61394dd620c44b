"""Run: a step under way.

A run is a notebook that lives as long as one call of the kernel: it starts from a snapshot, lets
the operations write, and ends as the next snapshot. When an operation raises, it is thrown away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, final

from statecharts.effects import Effect
from statecharts.errors import StepError
from statecharts.events import StateDone
from statecharts.hooks import Hook
from statecharts.snapshot import Memory, Moment, Place, time_needed


@final
class Run:
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
        done: Completion events that wait, each with the number of its state.
    """

    __slots__ = (
        "_context",
        "_place",
        "_values",
        "at",
        "before",
        "counters",
        "done",
        "effects",
        "event",
        "fresh",
        "history",
        "old",
        "timers",
    )

    def __init__(
        self,
        event: Any,
        at: datetime | None,
        context: Any,
        place: Place,
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
        self.done: deque[tuple[int, StateDone]] = deque()
        # What moments look at: the configuration that stands, its data, and the context.
        self._place = place
        self._values: Any = values
        self._context = context

    @property
    def chart(self) -> str:
        """Name of the chart."""
        return self._place.chart

    @property
    def context(self) -> Any:
        """The chart's context, with the updates made so far."""
        return self._context

    def see(self, place: Place, values: Any) -> None:
        """Have callbacks see a configuration and its data."""
        self._place = place
        self._values = values

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
        result = hook.function(moment)
        if isinstance(result, Effect):
            self.effects.append(result)
        elif result is not None:
            self.effects.extend(self._checked(result))  # a generator makes its ids here
        self.keep_ids(moment)

    def _checked(self, result: Any) -> Iterable[Effect]:
        if not isinstance(result, Iterable):
            raise self._no_effect(result)
        for effect in result:
            if not isinstance(effect, Effect):
                raise self._no_effect(effect)
            yield effect

    def _no_effect(self, found: object) -> StepError:
        text = f"{found!r} is not an effect"
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
        ):
            return before
        return Memory(self.history, self.timers, self.counters)
