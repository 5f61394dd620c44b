"""Telemetry: spans and metrics of a runtime, by OpenTelemetry's API. It needs the extra ``otel``.

``telemetry = Telemetry()`` is what `Runtime` takes as ``observe=``; ``telemetry.watch(runtime)``
adds how many runs are in each state. Where they go is the business of OpenTelemetry's SDK.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from statecharts.model.errors import missing
from statecharts.model.events import wire_name
from statecharts.runtime.clock import EPOCH, MICROSECOND, Clock, SystemClock
from statecharts.runtime.commit import Happened
from statecharts.runtime.handlers import Attempted

try:
    from opentelemetry import metrics, trace
    from opentelemetry.trace import Status, StatusCode
except ModuleNotFoundError as error:
    told = ". ".join(missing("telemetry", "opentelemetry-api"))
    raise ModuleNotFoundError(told, name=error.name) from None

if TYPE_CHECKING:
    from statecharts.runtime.runs import Runs
    from statecharts.runtime.runtime import Runtime

SCOPE: Final = "statecharts"
"""The name of the instrumentation."""


@final
class Telemetry:
    """An observer that records spans and metrics.

    | instrument | what | attributes |
    |---|---|---|
    | ``statecharts.steps`` | steps taken | chart, event |
    | ``statecharts.step.latency`` | s from when it happened until it was on disk | chart |
    | ``statecharts.attempts`` | attempts of handlers | chart, effect, outcome |
    | ``statecharts.attempt.duration`` | s that an attempt took | chart, effect |
    | ``statecharts.runs`` | runs in a state now, those over left out | chart, state |

    ``outcome`` is ``done``, ``retried`` or ``given_up``. Each step and each attempt is a span, with
    the key of its run; an attempt that has failed has its exception.

    Args:
        tracers: Where spans go; OpenTelemetry's own provider by default.
        meters: Where metrics go; likewise.
        clock: The clock of the runtime.
    """

    def __init__(
        self,
        tracers: trace.TracerProvider | None = None,
        meters: metrics.MeterProvider | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)
        self._meter = metrics.get_meter(SCOPE, meter_provider=meters)
        self._clock = clock or SystemClock()
        self._steps = self._meter.create_counter("statecharts.steps", "1", "Steps taken")
        self._latency = self._meter.create_histogram(
            "statecharts.step.latency", "s", "From when a step happened until it was on disk"
        )
        self._attempts = self._meter.create_counter(
            "statecharts.attempts", "1", "Attempts of handlers"
        )
        self._duration = self._meter.create_histogram(
            "statecharts.attempt.duration", "s", "The time that an attempt took"
        )

    def __call__(self, seen: Happened | Attempted) -> None:
        """Record a step, or an attempt."""
        if isinstance(seen, Happened):
            self._step(seen)
        else:
            self._attempt(seen)

    def watch(self, runtime: Runtime | Runs) -> None:
        """Tell how many runs of a runtime are in each state, whenever metrics are collected."""

        def observed(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
            for (chart, state), count in runtime.occupancy().items():
                yield metrics.Observation(count, {"chart": chart, "state": state})

        self._meter.create_observable_gauge(
            "statecharts.runs", [observed], "1", "Runs that are in a state"
        )

    def _step(self, step: Happened) -> None:
        event = "start" if step.cause is None else wire_name(type(step.cause))
        now = max(self._clock.now(), step.at)
        self._steps.add(1, {"chart": step.chart, "event": event})
        self._latency.record((now - step.at).total_seconds(), {"chart": step.chart})
        attributes: dict[str, str | int] = {"chart": step.chart, "run": step.run}
        attributes["sequence"] = step.sequence
        span = self._tracer.start_span(
            f"{step.chart} {event}", attributes=attributes, start_time=_nanoseconds(step.at)
        )
        span.end(_nanoseconds(now))

    def _attempt(self, attempt: Attempted) -> None:
        of = {"chart": attempt.chart, "effect": attempt.name}
        outcome = "done"
        if attempt.error is not None:
            outcome = "given_up" if attempt.again is None else "retried"
        self._attempts.add(1, {**of, "outcome": outcome})
        self._duration.record(attempt.took.total_seconds(), of)
        span = self._tracer.start_span(
            f"{attempt.chart} {attempt.name}",
            attributes={**of, "run": attempt.run, "key": attempt.key, "attempt": attempt.attempt},
            start_time=_nanoseconds(attempt.began),
        )
        if attempt.error is not None:
            span.record_exception(attempt.error)
            span.set_status(Status(StatusCode.ERROR, str(attempt.error)))
        span.end(_nanoseconds(attempt.began + attempt.took))


def _nanoseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND * 1_000
