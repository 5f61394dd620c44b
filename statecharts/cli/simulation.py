"""Simulation: a chart that takes events from lines of JSON, and an explanation of each step.

Only the kernel runs: no effect is carried out, except that the events that a chart sends to itself
come next, and that its timers fire when a line lets time pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, final

from attrs import frozen

from statecharts.codec import CodecError, MismatchError, Protocol
from statecharts.codec.errors import Misfit
from statecharts.codec.records import TAG, unknown_field
from statecharts.codec.texts import parse
from statecharts.codec.times import load_datetime, load_timedelta
from statecharts.kernel import Kernel
from statecharts.model.chart import ROOT, Chart, OnEvent, StateNode, Transition, TransitionKind
from statecharts.model.effects import Send
from statecharts.model.errors import RunawayError
from statecharts.model.events import TimerFired, matches
from statecharts.model.labels import ARROW, transition_label
from statecharts.model.named import event_name
from statecharts.semantics.snapshot import Snapshot, Step

ENVELOPE: Final = ("event", "at", "after")
"""The fields of a line with more than an event."""

BOUND: Final = 1_000
"""Greatest number of events that one line may cause."""


@final
@frozen
class Happening:
    """One step of a simulation.

    Attributes:
        line: Number of the line that caused it; 0 for the start.
        event: The event; None for the start.
        at: Its time.
        before: The snapshot before it; None for the start.
        step: The step.
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
        protocol: The protocol that reads the lines.
        at: The time of the start.
        snapshot: The snapshot to continue from; without one the chart is started.
        context: The extended state to start with.
    """

    def __init__(
        self,
        chart: Chart,
        protocol: Protocol[Any, Any],
        at: datetime,
        snapshot: Snapshot[Any] | None,
        context: Any,
    ) -> None:
        self.chart = chart
        self._protocol = protocol
        self._kernel: Any = Kernel(chart)
        self._now = at
        self._context = context
        self._waiting: deque[Any] = deque()
        self.snapshot = snapshot

    def begin(self) -> Iterator[Happening]:
        """Start the chart, unless it continues from a snapshot; yield the steps."""
        if self.snapshot is None:
            step = self._kernel.start(self._context, at=self._now)
            yield self._kept(0, None, None, step)
            yield from self._own(0)

    def feed(self, line: int, text: bytes) -> Iterator[Happening]:
        """Take one line; yield the steps that it causes, those of due timers first.

        Raises:
            CodecError: The line is not an event of the chart.
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
                return self._now, self._protocol.load_message(value)
            for key in value:
                if key not in ENVELOPE:
                    raise unknown_field(key, ENVELOPE, "a line", value)
            present = self._time(value)
            event = self._event(value["event"]) if "event" in value else None
        except Misfit as misfit:
            raise misfit.error(self.chart.name) from None
        else:
            return present, event

    def _time(self, value: dict[str, Any]) -> datetime:
        key = "at" if "at" in value else "after"
        try:
            if key == "at":
                if "after" in value:
                    found = "a line has both 'at' and 'after'"
                    raise Misfit("SC402", found, "Remove one of them", value)
                return load_datetime(value["at"])
            if "after" not in value:
                return self._now
            delay = load_timedelta(value["after"])
            if delay < timedelta(0):
                raise Misfit("SC402", "time does not run backwards", "Use 'at'", value)
            return self._now + delay
        except OverflowError:
            raise Misfit("SC402", "the calendar ends before that", "Use a shorter time").within(
                key, value
            ) from None
        except Misfit as misfit:
            raise misfit.within(key, value) from None

    def _event(self, value: Any) -> Any:
        try:
            return self._protocol.load_message(value)
        except CodecError as error:
            path = f"$.event{error.path[1:]}"
            where = f"{self.chart.name} at {path}"
            raise MismatchError(error.code, where, error.found, error.remedy, path=path) from None

    def _pass_time(self, line: int, until: datetime) -> Iterator[Happening]:
        """Fire the due timers, in order of due time."""
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
        """Take the events that the run sent to itself."""
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
        return RunawayError("SC203", self.chart.name, text, "Guard the circle so that it ends")


def explanation(chart: Chart, happening: Happening) -> str:
    """Say in a sentence which state handled an event, or why none did.

    >>> from datetime import UTC
    >>> from machines.pipeline import Pipeline
    >>> now, chart = datetime(2026, 1, 31, tzinfo=UTC), Pipeline.chart
    >>> run = Simulation(chart, Protocol(chart), now, None, None)
    >>> [explanation(chart, one) for one in run.begin()]
    ['the start: the initial states are entered']
    >>> [explanation(chart, one) for one in run.feed(1, b'{"type": "deps_met"}')]
    ['active.backlog handles it: DepsMet → active.coding']
    >>> [explanation(chart, one) for one in run.feed(2, b'{"type": "accepted"}')]
    ['no active state has a line for it; done has']
    """
    before, event, step = happening.before, happening.event, happening.step
    if before is None:
        return "the start: the initial states are entered"
    if step.fired:
        return "; then ".join(dict.fromkeys(_taken(line) for line in step.fired))
    if isinstance(event, TimerFired):
        if step.handled:
            return (
                "the timer fired, and no transition was taken: its event, or its guard, is not met"
            )
        return "no such timer runs"
    return _untaken(chart, before, event, handled=step.handled)


def _taken(line: Transition) -> str:
    name = f"{line.source or 'the chart'} handles it"
    label = transition_label(line) or "its default"
    if line.kind is TransitionKind.FORBIDDEN:
        return f"{line.source} swallows it: {label}"
    if not line.targets:
        return f"{name} and stays: {label}"
    return f"{name}: {label} {ARROW} {', '.join(line.targets)}"


def _untaken(chart: Chart, before: Snapshot[Any], event: Any, *, handled: bool) -> str:
    active = (ROOT, *before.configuration)
    asked = [line for state in reversed(active) for line in _lines(chart[state], event)]
    if handled:
        swallowing = [line for line in asked if line.kind is TransitionKind.FORBIDDEN]
        return _taken(swallowing[0]) if swallowing else "it is handled, and no transition is taken"
    if asked:
        refused = [
            f"the guard of {line.source or 'the chart'} does not hold: {transition_label(line)}"
            for line in asked
        ]
        return "; ".join(refused)
    waiting = [node.id for node in chart if any(_lines(node, event))]
    if waiting:
        verb = "has" if len(waiting) == 1 else "have"
        return f"no active state has a line for it; {', '.join(waiting)} {verb}"
    return "no state has a line for it"


def _lines(node: StateNode, event: Any) -> Iterator[Transition]:
    """Yield the transitions of a state that wait for an event."""
    for line in node.transitions:
        if isinstance(line.trigger, OnEvent):
            if any(_waits_for(one, event) for one in line.trigger.events):
                yield line


def _waits_for(awaited: type | str, event: Any) -> bool:
    if isinstance(awaited, str):
        return matches(awaited, event_name(event))
    return isinstance(event, awaited)
