"""The JSON Schema: valid itself, it takes what we write and refuses what we refuse."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import Kernel
from statecharts.codec import CodecError, Protocol
from tests.oracle.vocabulary import Log
from tests.proof import rarely
from tests.test_codec.runs import in_merge, named_chart
from tests.test_codec.test_codec_fuzz import mutated, plant_snapshot
from tests.test_codec.vocabulary import AT, Lab, Noted, events
from tests.test_kernel.test_kernel_hashseeds import Called, Plant
from tests.test_properties import SEEDS, plant_events, plant_steps, random_steps

LAB: Protocol[Any, Any] = Protocol(Lab, effects=(Noted,))
PLANT: Protocol[Any, Any] = Protocol(Plant, effects=(Called,))


def validator(protocol: Protocol[Any, Any], name: str) -> Draft202012Validator:
    """Return what validates one of the definitions of a protocol's schema."""
    return Draft202012Validator({**protocol.schema(), "anyOf": [{"$ref": f"#/$defs/{name}"}]})


@cache
def lab(name: str) -> Draft202012Validator:
    """Return a validator of the chart with everything."""
    return validator(LAB, name)


@cache
def plant(name: str) -> Draft202012Validator:
    """Return a validator of the plant."""
    return validator(PLANT, name)


@pytest.mark.parametrize("chart", [Pipeline, Execution, Lab, Plant, named_chart()])
def test_schema_is_one(chart: Any) -> None:
    """The document is valid by the meta-schema of 2020-12, and is plain JSON."""
    schema = Protocol(chart).schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema)) == schema


@given(events)
def test_schema_takes_the_events_that_we_write(event: Any) -> None:
    """Fields of every kind are what the schema says they are."""
    dumped = LAB.dump_event(event)
    lab("event").validate(dumped)
    Draft202012Validator(LAB.schema()).validate(dumped)


@given(st.lists(events, max_size=5))
def test_schema_takes_the_snapshots_and_steps_that_we_write(sent: list[Any]) -> None:
    """Snapshots, effects and steps of typed runs are what the schema says they are."""
    kernel = Kernel(Lab.chart)
    step = kernel.start(at=AT)
    for event in sent:
        step = kernel.step(step.snapshot, event, at=AT)
        dumped = LAB.dump_step(step)
        lab("step").validate(dumped)
        lab("snapshot").validate(dumped["snapshot"])


@given(plant_events)
def test_schema_takes_timers_history_and_counters(sent: list[object]) -> None:
    """Whatever a run carries besides its data has its place in the schema."""
    for step in plant_steps(Kernel(Plant), sent[:10]):
        plant("step").validate(PLANT.dump_step(step))


@rarely
@given(SEEDS)
def test_schema_takes_runs_of_random_charts(seed: int) -> None:
    """Charts of any structure have a schema that fits their runs."""
    chart, steps = random_steps(seed)
    protocol: Protocol[Any, Any] = Protocol(chart, effects=(Log,))
    checked = validator(protocol, "step")
    for step in steps:
        checked.validate(protocol.dump_step(step))


@given(events, st.randoms(use_true_random=False))
def test_what_the_schema_refuses_is_refused_by_us(event: Any, rng: Random) -> None:
    """The schema is not stricter than the loader: whatever it refuses, the loader refuses."""
    value = mutated(LAB.dump_event(event), rng)
    if value and not lab("event").is_valid(value):
        with pytest.raises(CodecError):
            LAB.load_event(value)


@given(st.randoms(use_true_random=False))
def test_snapshot_that_the_schema_refuses_is_refused_by_us(rng: Random) -> None:
    """Likewise for snapshots."""
    value = mutated(PLANT.dump_snapshot(plant_snapshot().snapshot), rng)
    if not plant("snapshot").is_valid(value):
        with pytest.raises(CodecError):
            PLANT.load_snapshot(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("configuration",), ["active", "active.mrege"]),
        (("data", "active.merge", "commits_ahead"), "3"),
        (("data", "active.merge", "commits"), 3),
        (("data", "nowhere"), {}),
        (("parts",), "0"),
        (("parts", "state:active.merge"), 1),
        (("calls",), [{"id": "x#1"}]),
        (("waiting",), [{"type": "merge"}]),
        (("protocol",), 1),
        (("clock",), -1),
        (("context",), {}),
        (("more",), 1),
    ],
)
def test_schema_refuses_wrong_snapshots(path: tuple[str, ...], value: Any) -> None:
    """The schema refuses every mistake that a schema can express."""
    protocol = Protocol(Pipeline)
    checked = validator(protocol, "snapshot")
    dumped = protocol.dump_snapshot(in_merge())
    checked.validate(dumped)
    inner = dumped
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert not checked.is_valid(dumped)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "gates_past"},
        {"type": "block"},
        {"type": "block", "reason": 1},
        {"type": "block", "reason": "x", "more": 1},
        {"type": "gates_passed", "feature_branch": {"value": "x"}, "commits_ahead": 1},
    ],
)
def test_schema_refuses_wrong_events(event: dict[str, Any]) -> None:
    """Each event has its fields, and no others."""
    assert not validator(Protocol(Pipeline), "event").is_valid(event)


def test_schema_of_a_chart_from_a_file_takes_any_event_by_name() -> None:
    """If only names of events are known, an event is an object with a type."""
    checked = validator(Protocol(named_chart()), "event")
    assert checked.is_valid({"type": "ring", "times": 2})
    assert checked.is_valid({"type": "error.timeout"})
    assert not checked.is_valid({"type": "timer_fired", "id": "x"})
    assert not checked.is_valid({"type": "done.state.idle"})
    message = validator(Protocol(named_chart()), "message")
    assert message.is_valid({"type": "timer_fired", "id": "x"})
    assert not message.is_valid({"type": "timer_fired"})
    assert message.is_valid({"type": "done.state.idle"})
    assert message.is_valid({"type": "ring"})
    assert not checked.is_valid({"times": 2})
