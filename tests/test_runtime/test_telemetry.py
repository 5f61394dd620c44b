"""Telemetry: what OpenTelemetry is told of steps, attempts and states."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statecharts.runtime import Retry, Runtime, SimulatedClock, handle
from statecharts.store import Store
from tests.test_runtime.conftest import PAID, Bank, run_async
from tests.test_runtime.orders import Charge, Mail, Order, Ordered

pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from statecharts.runtime.telemetry import Telemetry


def points(reader: InMemoryMetricReader) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield the name, the attributes and the value (or count and sum) of all that was measured."""
    data = reader.get_metrics_data()
    assert data is not None
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    value = getattr(point, "value", None)
                    if value is None:
                        value = (point.count, point.sum)  # type: ignore[union-attr]
                    yield metric.name, dict(point.attributes or {}), value


@run_async
async def test_steps_attempts_and_states_are_told(store: Store, clock: SimulatedClock) -> None:
    """Each step and attempt is a span and is counted; states are counted when somebody asks."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    telemetry = Telemetry(tracers, meters, clock)
    bank = Bank(OSError("down"), PAID)
    retry = Retry(delay=timedelta(seconds=1), jitter=0)
    handlers = [handle(Charge, bank.charge, retry=retry), handle(Mail, bank.mail)]
    async with Runtime(store, Order, handlers=handlers, clock=clock, observe=telemetry) as rt:
        telemetry.watch(rt)
        run = await rt.start(Order, key="a")
        await rt.start(Order, key="b")
        await run.send(Ordered("1"))
        await rt.settle()
        counted = list(points(reader))
        clock.advance(timedelta(seconds=1))
        await rt.settle()
    paying = [(at, n) for what, at, n in counted if what == "statecharts.runs"]
    assert ({"chart": "Order", "state": "open"}, 2) in paying
    assert ({"chart": "Order", "state": "open.paying"}, 1) in paying
    assert ({"chart": "Order", "state": "open.basket"}, 1) in paying
    steps = {at["event"]: n for _, at, n in points_after(reader, "statecharts.steps")}
    assert steps == {"start": 2, "ordered": 1, "answer": 1}
    attempts = {
        (at["effect"], at["outcome"]): n
        for _, at, n in points_after(reader, "statecharts.attempts")
    }
    assert attempts == {("charge", "retried"): 1, ("charge", "done"): 1, ("mail", "done"): 1}
    ((_, at, (count, seconds)),) = points_after(reader, "statecharts.step.latency")
    assert (at, count, seconds) == ({"chart": "Order"}, 4, 0.0)
    named = [(span.name, span.status.status_code.name) for span in spans.get_finished_spans()]
    assert sorted(named) == [
        ("Order answer", "UNSET"),
        ("Order charge", "ERROR"),
        ("Order charge", "UNSET"),
        ("Order mail", "UNSET"),
        ("Order ordered", "UNSET"),
        ("Order start", "UNSET"),
        ("Order start", "UNSET"),
    ]
    (failed,) = (span for span in spans.get_finished_spans() if not span.status.is_ok)
    assert failed.attributes is not None
    assert (failed.attributes["key"], failed.attributes["attempt"]) == ("a/1", 1)
    assert failed.start_time == int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**9
    (event,) = failed.events
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "OSError"


def points_after(reader: InMemoryMetricReader, name: str) -> list[tuple[str, dict[str, Any], Any]]:
    """Return the points of one instrument."""
    return [point for point in points(reader) if point[0] == name]


def test_without_opentelemetry_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "statecharts.runtime.telemetry")
    with pytest.raises(
        ModuleNotFoundError, match=r"Install the extra 'otel': `.*opentelemetry-api"
    ):
        importlib.import_module("statecharts.runtime.telemetry")
