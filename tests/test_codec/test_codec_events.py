"""Events, effects, context and steps: what is written, what is read, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from attrs import evolve, frozen

from machines.pipeline import Block, DepsMet, Pipeline
from statecharts import Kernel, NamedEvent, TimerFired
from statecharts.codec import CodecError, MismatchError, Protocol, UnwritableError
from statecharts.model.chart import EventType
from statecharts.model.events import Answer, CallFailed
from tests.test_codec.runs import LAB, PIPELINE, named_chart
from tests.test_codec.vocabulary import AT, Lab, Label, Noted, Point, Total
from tests.test_kernel.test_kernel_hashseeds import Called, Plant


def test_effects_of_the_library_are_written_by_name() -> None:
    """Effects come out as tagged objects, and come back."""
    chart = named_chart()
    protocol: Protocol[Any, Any] = Protocol(chart)
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
        {
            "type": "invoke",
            "id": "s",
            "call": {"type": "service", "source": "src", "data": {}},
        },
    ]
    assert protocol.load_step(dumped) == step


def test_effect_that_is_not_known_cannot_be_read() -> None:
    """Effects of one's own have to be named to be read; writing one makes it known as well."""
    protocol: Protocol[Any, Any] = Protocol(Plant)
    with pytest.raises(MismatchError, match=r"effects=\(SendMail,\)"):
        protocol.load_effect({"type": "called", "id": "call-1"})
    assert protocol.dumps_effect(Called("call-1")) == b'{"id":"call-1","type":"called"}'
    assert protocol.loads_effect(b'{"id":"call-1","type":"called"}') == Called("call-1")


def test_what_is_passed_in_is_not_changed_nor_shared() -> None:
    """A loaded value holds nothing of the dict that it came from."""
    protocol: Protocol[Any, Any] = Protocol(named_chart())
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
    with pytest.raises(CodecError, match="no event named 'block' that is a NamedEvent"):
        PIPELINE.dump_event(NamedEvent("block", {"reason": "x"}))
    protocol: Protocol[Any, Any] = Protocol(named_chart())
    assert protocol.load_event({"type": "error.timeout", "n": 1}) == NamedEvent(
        "error.timeout", {"n": 1}
    )


OWN: list[tuple[Any, dict[str, Any]]] = [
    (TimerFired("patience#1"), {"type": "timer_fired", "id": "patience#1"}),
    (
        CallFailed("a.ask#1", "no line"),
        {"type": "call_failed", "id": "a.ask#1", "reason": "no line"},
    ),
    (
        Answer("a.ask#1", Block("no keys")),
        {
            "type": "answer",
            "id": "a.ask#1",
            "event": {"type": "block", "reason": "no keys"},
            "last": True,
        },
    ),
]


@pytest.mark.parametrize(("message", "json"), OWN)
def test_what_answers_a_run_is_a_message_and_not_an_event(
    message: Any, json: dict[str, Any]
) -> None:
    """Only ``load_message`` lets anybody speak for the run itself; ``load_event`` refuses."""
    assert PIPELINE.dump_message(message) == json
    found = PIPELINE.loads_message(PIPELINE.dumps_message(message))
    assert found == message
    assert type(found) is type(message)
    with pytest.raises(MismatchError, match=r"\[SC405\] .* is for the run itself to say") as caught:
        PIPELINE.load_event(json)
    assert caught.value.path == "$.type"
    with pytest.raises(UnwritableError, match=r"Write it with dump_message"):
        PIPELINE.dump_event(message)


def test_event_is_a_message_too() -> None:
    """A runtime reads one column with one function."""
    event = Block("no keys")
    assert PIPELINE.dump_message(event) == PIPELINE.dump_event(event)
    assert type(PIPELINE.load_message(PIPELINE.dump_event(event))) is Block
    with pytest.raises(MismatchError, match="Did you mean 'block'"):
        PIPELINE.load_message({"type": "bloxk", "reason": "x"})


def test_answer_holds_an_event_of_the_chart() -> None:
    """An answer cannot smuggle in what the run says to itself, nor an event of somebody else."""
    answer = {"type": "answer", "id": "a.ask#1", "event": {"type": "timer_fired", "id": "x#1"}}
    with pytest.raises(MismatchError, match="for the run itself to say") as caught:
        PIPELINE.load_message(answer)
    assert caught.value.path == "$.event.type"
    with pytest.raises(
        UnwritableError, match="an instance of Point was found where an event"
    ) as put:
        PIPELINE.dump_message(Answer("a.ask#1", Point(1)))
    assert put.value.path == "$.event"


def test_event_named_like_a_message_keeps_its_name() -> None:
    """A chart's own ``answer`` stays what it is; the run's is then ``run:answer``."""
    own = frozen(type("Answer", (), {"__annotations__": {"text": str}}))
    chart = evolve(Lab.chart, events=(*Lab.chart.events, EventType.of(own)))
    protocol: Protocol[Any, Any] = Protocol(chart)
    assert protocol.load_event({"type": "answer", "text": "42"}) == own("42")
    assert protocol.dump_message(own("42")) == {"type": "answer", "text": "42"}
    message = Answer("a.ask#1", own("42"), last=False)
    dumped = protocol.dump_message(message)
    assert dumped["type"] == "run:answer"
    assert protocol.load_message(dumped) == message
    with pytest.raises(MismatchError, match="for the run itself to say"):
        protocol.load_event(dumped)
    assert "run:answer" in str(protocol.schema()["$defs"]["message"])


@pytest.mark.parametrize("name", ["done.state.idle", "done.invoke.bell", "timer_fired", "answer"])
def test_completion_is_not_an_event_from_outside(name: str) -> None:
    """In a chart from a file, too, nobody outside says what the run says to itself."""
    protocol: Protocol[Any, Any] = Protocol(named_chart())
    with pytest.raises(MismatchError, match="for the run itself to say"):
        protocol.load_event({"type": name, "id": "x#1"})
    with pytest.raises(UnwritableError, match=f"no event named '{name}'"):
        protocol.dump_event(NamedEvent(name))
    if name.startswith("done."):
        assert protocol.load_message({"type": name}) == NamedEvent(name)
        assert protocol.dump_message(NamedEvent(name)) == {"type": name}


def test_closed_chart_takes_the_names_that_it_declares() -> None:
    """If all events are declared by name, only these names are known."""
    protocol: Protocol[Any, Any] = Protocol(evolve(named_chart(), closed=True))
    event = NamedEvent("ring", {"times": 2})
    assert protocol.dump_event(event) == {"type": "ring", "times": 2}
    assert protocol.load_event({"type": "ring", "times": 2}) == event
    with pytest.raises(UnwritableError, match="no event named 'rang'"):
        protocol.dump_event(NamedEvent("rang"))
    with pytest.raises(MismatchError, match="Did you mean 'ring'"):
        protocol.load_event({"type": "rang"})
    assert protocol.schema()["$defs"]["event"]["anyOf"][0]["properties"] == {
        "type": {"enum": ["set", "ring"]}
    }


@frozen
class Louder(Block):
    """An event that is a `Block`, too, as the kernel sees it."""

    volume: int = 11


@frozen
class Loudest(Louder):
    pass


def test_subclass_of_an_event_is_carried_by_its_own_name() -> None:
    """Every event that the kernel accepts comes back as the same class."""
    for event, name in ((Louder("no keys", 12), "louder"), (Loudest("x"), "loudest")):
        dumped = PIPELINE.dump_event(event)
        assert dumped["type"] == name
        found = PIPELINE.load_event(dumped)
        assert found == event
        assert type(found) is type(event)
    with pytest.raises(MismatchError) as caught:
        PIPELINE.load_event({"type": "louder", "reason": "x", "volume": "12"})
    assert caught.value.path == "$.volume"
    assert "'louder'" in str(PIPELINE.schema()["$defs"]["louder"])


def test_subclass_whose_name_tells_nothing_is_not_written() -> None:
    """Two subclasses of one name, or one named like another event, could not be told apart."""
    twin = frozen(type("Twin", (Block,), {"__module__": "here"}))
    other = frozen(type("Twin", (Block,), {"__module__": "there"}))
    for event in (twin("x"), other("x")):
        with pytest.raises(UnwritableError, match="'twin' does not tell Twin from other events"):
            PIPELINE.dump_event(event)
    with pytest.raises(MismatchError, match='"twin" is not a type here'):
        PIPELINE.load_event({"type": "twin", "reason": "x"})
    named = frozen(type("DepsMet", (Block,), {}))
    with pytest.raises(UnwritableError, match="'deps_met' does not tell DepsMet from other events"):
        PIPELINE.dump_event(named("x"))


def test_context_alone_goes_to_json_and_back() -> None:
    """The extended state can be stored without a run; a chart without one has null."""
    context = LAB.load_context({"count": 2, "last": {"type": "label", "type_": "x"}})
    assert context == Total(2, Label("x"))
    text = LAB.dumps_context(context)
    assert text == b'{"count":2,"last":{"type":"label","type_":"x","type__":0}}'
    assert LAB.loads_context(text) == context
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
        ("$.snapshot.parts", {"snapshot": {**dumped["snapshot"], "parts": ""}}),
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
    protocol: Protocol[Any, Any] = Protocol(chart)
    assert protocol.dump_step(step)["fired"][0]["source"] == "idle"


def test_events_of_one_name_are_refused() -> None:
    """Two event classes that are called alike could not be told apart."""
    other = frozen(type("Back", (), {}))
    twice = evolve(Lab.chart, events=(*Lab.chart.events, EventType.of(other)))
    with pytest.raises(CodecError, match=r"\[SC422\] Lab at \$: two events have the name 'back'"):
        Protocol(twice)
    named = evolve(Lab.chart, events=(*Lab.chart.events, EventType("back")))
    with pytest.raises(CodecError, match="'back' is an event by name, and that of Back as well"):
        Protocol(named)
