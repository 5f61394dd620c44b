"""Two interpreters, one chart, the same events: finds where they part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, final

from attrs import frozen

from statecharts.kernel import Kernel
from statecharts.model.chart import Chart
from statecharts.model.errors import RunawayError
from tests.oracle.appendix_d import EPOCH, SECOND, EndlessMacrostepError
from tests.oracle.coverage import CountingInterpreter
from tests.oracle.outline import outline
from tests.oracle.records import Outcome
from tests.oracle.vocabulary import Counters, addressed

BOUND = 250
"""Microsteps in one macrostep: fewer than usual, for endless charts are slow to find out."""
RUNAWAY = "the macrostep does not come to rest"


class Subject(Protocol):
    """What is compared with the oracle: a pure step over snapshots, as the kernel has it."""

    def start(self, context: Any, *, at: datetime) -> Any:
        """Return the first step."""

    def step(self, snapshot: Any, event: Any, *, at: datetime) -> Any:
        """Return the step that an event leads to."""


def kernel_of(chart: Chart) -> Subject:
    """Return the kernel of a chart."""
    return Kernel(chart, microsteps=BOUND)


def forgetful_kernel_of(chart: Chart) -> Subject:
    """Return the kernel of a chart that keeps nearly nothing of what it works out."""
    return Kernel(chart, microsteps=BOUND, plans=1)


def reference_of(chart: Chart) -> Subject:
    """Return the kernel of a chart that carries its plans out and writes no moves."""
    make: Any = Kernel
    subject: Subject = make(chart, microsteps=BOUND, _moves=False)
    return subject


MakeSubject = Callable[[Chart], Subject]
Result = Outcome | str
"""What one event has led to: an outcome, or how the run came to its end."""


@final
@frozen
class Mismatch:
    """A run on which two interpreters part.

    Attributes:
        chart: The chart.
        events: The events up to the one at which they part; none when they part at the start.
        expected: What the oracle gives, for the start and for each event.
        got: What the subject gives.
        warm: Whether the subject had seen all events before, and only then went astray.
    """

    chart: Chart
    events: tuple[object, ...]
    expected: tuple[Result, ...]
    got: tuple[Result, ...]
    warm: bool

    def __str__(self) -> str:
        lines = [outline(self.chart), ""]
        for n, (expected, got) in enumerate(zip(self.expected, self.got, strict=False)):
            lines.append(f"{n}. {self.events[n - 1]!r}" if n else "0. start")
            if expected == got:
                lines += _shown("  both    ", expected)
            else:
                lines += [*_shown("  expected", expected), *_shown("  got     ", got)]
        if self.warm:
            lines.append("(only when the same events are sent again to the same kernel)")
        return "\n".join(lines)


def _shown(label: str, result: Result) -> list[str]:
    if isinstance(result, str):
        return [f"{label} {result}"]
    words = "" if result.handled else ", unhandled"
    return [
        f"{label} {' '.join(result.configuration)} | {result.context}{words}",
        *(f"           {effect}" for effect in result.effects),
        *(f"           under way: {one}" for one in result.under_way),
        *(f"           waiting: {one}" for one in result.waiting),
    ]


def expected_results(
    chart: Chart,
    events: Sequence[object],
    counts: Counter[str] | None = None,
    bound: int = BOUND,
) -> tuple[Result, ...]:
    """Return what the oracle gives for the start and each event; add what it counts."""
    run = CountingInterpreter(chart, Counters(), bound)
    results: list[Result] = []
    try:
        first = run.interpret()
        results.append(first)
        seen = [*first.effects]
        for event in events:
            outcome = run.send(addressed(event, seen))
            seen += outcome.effects
            results.append(outcome)
    except EndlessMacrostepError:
        results.append(RUNAWAY)
        run.counts = Counter(runaways=1)
    if counts is not None:
        counts.update(run.counts)
        counts["events"] += len(results) - 1
    return tuple(results)


def actual_results(subject: Subject, events: Sequence[object]) -> tuple[Result, ...]:
    """Return what a subject gives for the start and each event; an error ends the run."""
    return tuple(_actual(subject, events))


def _actual(subject: Subject, events: Sequence[object]) -> Iterator[Result]:
    try:
        at = EPOCH
        step = subject.start(Counters(), at=at)
        seen = [*step.effects]
        yield _outcome(step, handled=True)
        for event in events:
            at += SECOND
            step = subject.step(step.snapshot, addressed(event, seen), at=at)
            seen += step.effects
            yield _outcome(step, handled=step.handled)
    except RunawayError:
        yield RUNAWAY
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
        yield f"{type(error).__name__}: {error}"


def _outcome(step: Any, *, handled: bool) -> Outcome:
    snapshot = step.snapshot
    return Outcome(
        tuple(snapshot.configuration),
        snapshot.context,
        tuple(step.effects),
        handled,
        (*snapshot.timers, *snapshot.calls),
        tuple(snapshot.waiting),
    )


def find_mismatch(
    chart: Chart,
    events: Sequence[object],
    make: MakeSubject,
    counts: Counter[str] | None = None,
) -> Mismatch | None:
    """Run a chart on both sides, on the subject twice, and return the first difference.

    The second run finds what a subject that remembers its work remembers wrongly.
    """
    expected = expected_results(chart, events, counts)
    try:
        subject = make(chart)
    except Exception as error:  # noqa: BLE001 - a chart that is refused is a finding
        return Mismatch(chart, (), expected[:1], (f"{type(error).__name__}: {error}",), warm=False)
    for warm in (False, True):
        got = actual_results(subject, events)
        if got != expected:
            parting = next(
                (n for n, (e, g) in enumerate(zip(expected, got, strict=False)) if e != g),
                min(len(expected), len(got)) - 1,
            )
            return Mismatch(
                chart,
                tuple(events[:parting]),
                expected[: parting + 1],
                got[: parting + 1],
                warm,
            )
    return None
