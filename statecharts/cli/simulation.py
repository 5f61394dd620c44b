"""Simulation: a chart stepped through by events that come as lines of JSON.

Only the kernel runs: effects are shown and nothing is done about them, but that the events that a
chart sends to itself come next, and that its timers fire when time is said to pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, final

from attrs import frozen

from statecharts.codec import CodecError, MismatchError, Protocol
from statecharts.codec.errors import Misfit
from statecharts.codec.protocol import parse
from statecharts.codec.records import TAG, unknown_field
from statecharts.codec.times import load_datetime, load_timedelta
from statecharts.kernel import Kernel
from statecharts.model.chart import Chart
from statecharts.model.effects import Send
from statecharts.model.errors import RunawayError
from statecharts.model.events import TimerFired
from statecharts.semantics.snapshot import Snapshot, Step

ENVELOPE: Final = ("event", "at", "after")
"""The fields of a line that is more than an event."""

BOUND: Final = 1_000
"""How many events may follow one line by themselves."""


@final
@frozen
class Happening:
    """One step of a simulation.

    Attributes:
        line: The line that brought it about; 0 for the start.
        event: The event; None for the start.
        at: When it happened.
        before: Where the run was; None for the start.
        step: What came of it.
    """

    line: int
    event: Any
    at: datetime
    before: Snapshot[Any] | None
    step: Step[Any]


@final
class Simulation:
    """A run of a chart, fed with lines.

    Args:
        chart: The chart.
        protocol: What reads the lines.
        at: The time at the beginning.
        snapshot: Where to go on from; without it the chart is started.
        context: The extended state to start with.
    """

    def __init__(
        self,
        chart: Chart,
        protocol: Protocol[Any],
        at: datetime,
        snapshot: Snapshot[Any] | None,
        context: Any,
    ) -> None:
        self._chart = chart
        self._protocol = protocol
        self._kernel: Kernel[Any] = Kernel(chart)
        self._now = at
        self._context = context
        self._waiting: deque[Any] = deque()
        self.snapshot = snapshot

    def begin(self) -> Iterator[Happening]:
        """Start the chart, unless it goes on from a snapshot; yield what comes of it."""
        if self.snapshot is None:
            step = self._kernel.start(self._context, at=self._now)
            yield self._kept(0, None, None, step)
            yield from self._own(0)

    def feed(self, line: int, text: bytes) -> Iterator[Happening]:
        """Take one line; yield the steps that it brings about, timers that fall due first.

        Raises:
            CodecError: The line is no event of the chart.
            StepError: A step could not be taken.
        """
        present, event = self._read(text)
        if present > self._now:
            yield from self._pass_time(line, present)
        self._now = present
        if event is not None:
            yield self._taken(line, event)
            yield from self._own(line)

    def _read(self, text: bytes) -> tuple[datetime, Any]:
        """Return the time of a line, and its event if it has one."""
        try:
            value = parse(text)
            if not isinstance(value, dict) or TAG in value or value.keys().isdisjoint(ENVELOPE):
                return self._now, self._protocol.load_event(value)
            for key in value:
                if key not in ENVELOPE:
                    raise unknown_field(key, ENVELOPE, "a line", value)
            present = self._time(value)
            event = self._event(value["event"]) if "event" in value else None
        except Misfit as misfit:
            raise misfit.error(self._chart.name) from None
        else:
            return present, event

    def _time(self, value: dict[str, Any]) -> datetime:
        key = "at" if "at" in value else "after"
        try:
            if key == "at":
                if "after" in value:
                    found = "a line says both 'at' and 'after'"
                    raise Misfit("SC402", found, "Leave one of them out", value)
                return load_datetime(value["at"])
            if "after" not in value:
                return self._now
            delay = load_timedelta(value["after"])
            if delay < timedelta(0):
                raise Misfit("SC402", "time does not pass backwards", "Give 'at'", value)
            return self._now + delay
        except OverflowError:
            raise Misfit("SC402", "no calendar reaches that far", "Give less").within(
                key, value
            ) from None
        except Misfit as misfit:
            raise misfit.within(key, value) from None

    def _event(self, value: Any) -> Any:
        try:
            return self._protocol.load_event(value)
        except CodecError as error:
            path = f"$.event{error.path[1:]}"
            where = f"{self._chart.name} at {path}"
            raise MismatchError(error.code, where, error.found, error.remedy, path=path) from None

    def _pass_time(self, line: int, until: datetime) -> Iterator[Happening]:
        """Fire the timers that fall due, in order of due time."""
        fired = 0
        while self.snapshot is not None:
            due = [timer for timer in self.snapshot.timers.items() if timer[1] <= until]
            if not due:
                return
            fired += 1
            if fired > BOUND:
                raise self._runaway(f"{BOUND} timers have fired")
            name, moment = min(due, key=lambda timer: timer[1])
            self._now = max(self._now, moment)
            yield self._taken(line, TimerFired(name))
            yield from self._own(line)

    def _own(self, line: int) -> Iterator[Happening]:
        """Take the events that the run has sent to itself."""
        taken = 0
        while self._waiting:
            taken += 1
            if taken > BOUND:
                raise self._runaway(f"the run has sent itself {BOUND} events")
            yield self._taken(line, self._waiting.popleft())

    def _taken(self, line: int, event: Any) -> Happening:
        before = self.snapshot
        if before is None:  # pragma: no cover - `begin` comes first
            raise AssertionError
        return self._kept(line, event, before, self._kernel.step(before, event, at=self._now))

    def _kept(
        self, line: int, event: Any, before: Snapshot[Any] | None, step: Step[Any]
    ) -> Happening:
        self.snapshot = step.snapshot
        for effect in step.effects:
            if isinstance(effect, Send) and effect.target is None:
                self._waiting.append(effect.event)
        return Happening(line, event, self._now, before, step)

    def _runaway(self, found: str) -> RunawayError:
        text = f"{found}, and it has not come to rest"
        return RunawayError("SC203", self._chart.name, text, "Guard the circle so that it ends")
