"""Events, effects, context and steps: what is written, what is read, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from attrs import evolve, frozen

from machines.pipeline import DepsMet, Pipeline
from statecharts import Kernel, NamedEvent, TimerFired
from statecharts.codec import CodecError, MismatchError, Protocol
from statecharts.model.chart import EventType
from tests.test_codec.runs import LAB, PIPELINE, named_chart
from tests.test_codec.vocabulary import AT, Lab, Noted, Point
from tests.test_kernel.test_kernel_hashseeds import Called, Plant


def test_effects_of_the_library_are_written_by_name() -> None:
    """Effects come out as tagged objects, and come back."""
    chart = named_chart()
    protocol: Protocol[Any] = Protocol(chart)
    kernel: Kernel[Any] = Kernel(chart)
    step = kernel.step(kernel.start(at=AT).snapshot, NamedEvent("set"), at=AT)
    dumped = protocol.dump_step(step)
    assert dumped["effects"] == [
        {"type": "start_timer", "id": "send:alarm#1", "due": "2026-01-31T12:05:00Z"},
        {
            "type": "send",
            "event": {"type": "tick"},
            "delay": None,
            "id": None,
            "target": "clock",
            "type_": "http",
        },
        {"type": "action", "name": "notify", "data": {"whom": "ada"}},
        {"type": "invoke", "id": "s", "source": "src", "data": {}},
    ]
    assert protocol.load_step(dumped) == step


def test_effect_that_is_not_known_cannot_be_read() -> None:
    """Effects of one's own have to be named to be read; writing one makes it known as well."""
    protocol: Protocol[Any] = Protocol(Plant)
    with pytest.raises(MismatchError, match=r"effects=\(SendMail,\)"):
        protocol.load_effect({"type": "called", "id": "call-1"})
    assert protocol.dumps_effect(Called("call-1")) == b'{"id":"call-1","type":"called"}'
    assert protocol.loads_effect(b'{"id":"call-1","type":"called"}') == Called("call-1")


def test_what_is_passed_in_is_not_changed_nor_shared() -> None:
    """A loaded value holds nothing of the dict that it came from."""
    protocol: Protocol[Any] = Protocol(named_chart())
    value = {"type": "set", "deep": {"list": [1]}}
    before = copy.deepcopy(value)
    event = protocol.load_event(value)
    event.data["deep"]["list"].append(2)
    assert value == before
    dumped = protocol.dump_event(event)
    dumped["deep"]["list"].append(3)
    assert event.data == {"deep": {"list": [1, 2]}}


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_is_refused(value: Any) -> None:
    """An event, an effect, a snapshot and a step are objects."""
    for load in (
        PIPELINE.load_event,
        PIPELINE.load_effect,
        PIPELINE.load_snapshot,
        PIPELINE.load_step,
    ):
        with pytest.raises(MismatchError, match=r"\$: .* is not an? (event|effect|snapshot|step)"):
            load(value)


@pytest.mark.parametrize("value", [None, 3, "x", object()])
def test_what_is_no_part_of_a_run_is_not_written(value: Any) -> None:
    """Dumping checks what it is given."""
    for dump in (
        PIPELINE.dump_event,
        PIPELINE.dump_effect,
        PIPELINE.dump_snapshot,
        PIPELINE.dump_step,
    ):
        with pytest.raises(CodecError, match=r"\[SC421\] Pipeline at \$: an instance of"):
            dump(value)


def test_name_is_no_event_of_a_chart_whose_events_are_classes() -> None:
    """A misspelt name in a typed chart is a mistake; a chart from a file takes any name."""
    with pytest.raises(MismatchError, match="Did you mean 'block'"):
        PIPELINE.load_event({"type": "bloxk", "reason": "x"})
    with pytest.raises(CodecError, match="no event that is called 'block' and is a NamedEvent"):
        PIPELINE.dump_event(NamedEvent("block", {"reason": "x"}))
    protocol: Protocol[Any] = Protocol(named_chart())
    assert protocol.load_event({"type": "error.timeout", "n": 1}) == NamedEvent(
        "error.timeout", {"n": 1}
    )


def test_timer_fired_is_an_event_of_every_chart() -> None:
    """The event that the library adds is written and read like the chart's own."""
    fired = TimerFired("patience#1")
    assert PIPELINE.dump_event(fired) == {"type": "timer_fired", "id": "patience#1"}
    assert PIPELINE.loads_event(PIPELINE.dumps_event(fired)) == fired


def test_context_alone_goes_to_json_and_back() -> None:
    """The extended state can be stored without a run; a chart without one has null."""
    context = LAB.load_context({"count": 2, "last": {"type": "label", "type_": "x"}})
    assert LAB.loads_context(LAB.dumps_context(context)) == context
    assert PIPELINE.dump_context(None) is None
    assert PIPELINE.load_context(None) is None


def test_step_parts_are_checked() -> None:
    """A step says what was taken by lines that exist, between states that exist."""
    kernel = Kernel(Pipeline)
    step = kernel.step(kernel.start(at=AT).snapshot, DepsMet(), at=AT)
    dumped = PIPELINE.dump_step(step)
    assert dumped["fired"] == [
        {
            "line": dumped["microsteps"][0]["fired"][0],
            "source": "active.backlog",
            "trigger": "DepsMet",
            "targets": ["active.coding"],
        }
    ]
    for path, change in (
        ("$.handled", {"handled": 1}),
        (
            "$.microsteps[0].fired[0]",
            {"microsteps": [{"exited": [], "fired": [99], "entered": []}]},
        ),
        (
            "$.microsteps[0].exited[0]",
            {"microsteps": [{"exited": ["x"], "fired": [], "entered": []}]},
        ),
        ("$.microsteps[0].entered", {"microsteps": [{"exited": [], "fired": []}]}),
        ("$.effects", {"effects": 1}),
        ("$.extra", {"extra": 1}),
        ("$.snapshot.hash", {"snapshot": {**dumped["snapshot"], "hash": ""}}),
    ):
        with pytest.raises(CodecError) as caught:
            PIPELINE.load_step({**dumped, **change})
        assert caught.value.path == path


def test_step_of_a_bound_chart_is_one_of_the_unbound() -> None:
    """Binding functions to names changes no line's number."""
    chart = named_chart()
    bound = chart.bind(actions={"notify": lambda _, whom: Noted(Point(len(whom)), AT)})
    kernel: Kernel[Any] = Kernel(bound)
    step = kernel.step(kernel.start(at=AT).snapshot, NamedEvent("set"), at=AT)
    protocol: Protocol[Any] = Protocol(chart)
    assert protocol.dump_step(step)["fired"][0]["source"] == "idle"


def test_events_of_one_name_are_refused() -> None:
    """Two event classes that are called alike could not be told apart."""
    other = frozen(type("Back", (), {}))
    twice = evolve(Lab.chart, events=(*Lab.chart.events, EventType.of(other)))
    with pytest.raises(CodecError, match=r"\[SC422\] Lab at \$: two events are called 'back'"):
        Protocol(twice)
    named = evolve(Lab.chart, events=(*Lab.chart.events, EventType("back")))
    with pytest.raises(CodecError, match="'back' is an event by name, and that of Back as well"):
        Protocol(named)
