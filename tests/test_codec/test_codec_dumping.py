"""Dumping what cannot be loaded again: refused, with the path to it."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

import pytest
from attrs import evolve, field, frozen
from attrs.validators import instance_of

from statecharts import (
    Effect,
    Kernel,
    NamedEvent,
    Parallel,
    State,
    Statechart,
    StatechartError,
)
from statecharts.codec import CodecError, MismatchError, Protocol, UnwritableError
from statecharts.codec.errors import Misfit
from statecharts.codec.shaping import Shaper
from statecharts.model.effects import Send
from statecharts.semantics.snapshot import Memory, Remembered, Snapshot
from tests.test_codec.runs import LAB, PIPELINE, in_merge, named_chart
from tests.test_codec.vocabulary import AT, Lab, Leave, Point, Total

B = TypeVar("B", bound=int)
C = TypeVar("C", int, str)
U = TypeVar("U")


@frozen
class Bounded(Generic[B, C, U]):
    b: B
    c: C
    u: U


@frozen
class Strict:
    count: int = field(validator=instance_of(int))
    limit: int = 9

    def __attrs_post_init__(self) -> None:
        if self.count > self.limit:
            raise RuntimeError("more than the limit")


@dataclasses.dataclass
class Picky:
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("below zero")


@frozen
class Quiet:
    count: int

    def __attrs_post_init__(self) -> None:
        if self.count < 0:
            raise KeyError


@frozen
class Foreign:
    note: str


@frozen
class Odd(Effect):
    what: complex


@frozen
class Go:
    pass


def replaced(snapshot: Snapshot[Any], **parts: Any) -> Snapshot[Any]:
    """Return a snapshot with some of its parts replaced, as no kernel would."""
    given = {
        "place": snapshot._place,
        "values": snapshot._values,
        "context": snapshot.context,
        "memory": snapshot.memory,
        "clock": snapshot.clock,
        **parts,
    }
    return Snapshot(**given)


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
LEFT = Kernel(Lab.chart).step(Kernel(Lab.chart).start(at=AT).snapshot, Leave(), at=AT).snapshot
MERGE = in_merge()

SNAPSHOTS: list[tuple[Protocol[Any, Any], Snapshot[Any], str]] = [
    (PIPELINE, replaced(MERGE, values=(None, Point(1))), "$.data['active.merge']"),
    (PIPELINE, replaced(MERGE, values=(Point(1), None)), "$.data.active"),
    (PIPELINE, replaced(MERGE, context=Total()), "$.context"),
    (LAB, replaced(LEFT, context=Total(count="1")), "$.context.count"),  # type: ignore[arg-type]
    (LAB, replaced(LEFT, memory=evolve(LEFT.memory, timers=(("a", NAIVE),))), "$.timers[0].due"),
    (
        LAB,
        replaced(LEFT, memory=evolve(LEFT.memory, sent=(("a", "", Foreign("x")),))),
        "$.sent[0].event",
    ),
    (
        LAB,
        replaced(LEFT, memory=Memory((Remembered(("work.filled",), (Point(1),)),))),
        "$.history['work.past'].data['work.filled']",
    ),
]


@pytest.mark.parametrize(
    ("protocol", "snapshot", "path"), SNAPSHOTS, ids=[row[2] for row in SNAPSHOTS]
)
def test_snapshot_that_could_not_be_loaded_is_not_written(
    protocol: Protocol[Any, Any], snapshot: Snapshot[Any], path: str
) -> None:
    """Each part is checked when it is written, and the error says which."""
    with pytest.raises(CodecError) as caught:
        protocol.dump_snapshot(snapshot)
    assert caught.value.path == path


def test_effect_that_cannot_be_written_is_named_by_its_place() -> None:
    """An effect of a class that JSON cannot carry is told with its number in the step."""
    step = Kernel(Lab.chart).start(at=AT)
    wrong = step._replace(effects=(Send(NamedEvent("x")), Odd(1j)))
    with pytest.raises(UnwritableError, match="complex cannot be carried") as caught:
        LAB.dump_step(wrong)
    assert caught.value.path == "$.effects[1].what"


def test_send_may_hold_an_event_of_somebody_else() -> None:
    """An event sent elsewhere may belong to another chart; then it can be written, but not read."""
    sent = Send(Foreign("x"), target="elsewhere")
    dumped = LAB.dump_effect(sent)
    assert dumped["event"] == {"type": "foreign", "note": "x"}
    with pytest.raises(MismatchError, match=r'\$\.event\.type: "foreign" is not a type here'):
        LAB.load_effect(dumped)
    assert LAB.dump_effect(Send(Leave()))["event"] == {"type": "leave"}
    with pytest.raises(UnwritableError, match=r"\$\.event: an instance of int was found where"):
        LAB.dump_effect(Send(3))


def test_named_event_with_odd_data_is_not_written() -> None:
    """The data of an event by name is plain JSON."""
    protocol: Protocol[Any, Any] = Protocol(named_chart())
    with pytest.raises(UnwritableError, match=r"\$\.when: an instance of datetime is not JSON"):
        protocol.dump_event(NamedEvent("set", {"when": AT}))
    with pytest.raises(UnwritableError, match="a dict of data"):
        protocol.dump_event(NamedEvent("set", [1]))  # type: ignore[arg-type]


def test_half_a_surrogate_pair_comes_back() -> None:
    """A text that UTF-8 cannot spell is escaped, so that any text can be carried."""
    protocol: Protocol[Any, Any] = Protocol(named_chart())
    event = NamedEvent("set", {"text": "ä\ud800"})
    text = protocol.dumps_event(event)
    assert text == b'{"text":"\\u00e4\\ud800","type":"set"}'
    assert protocol.loads_event(text) == event


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"type": NaN}'])
def test_numbers_that_json_lacks_are_refused(text: str) -> None:
    """Texts that Python's parser accepts beyond JSON are refused."""
    with pytest.raises(CodecError, match=r"\[SC401\].*is not a number of JSON"):
        PIPELINE.loads_event(text)


@pytest.mark.parametrize("text", [b"\xff", b"\xef\xbb\xbf{}", 3, None])
def test_what_is_no_text_of_json_is_refused(text: Any) -> None:
    """Bytes must be UTF-8 without a byte order mark."""
    with pytest.raises(CodecError, match=r"\[SC401\]"):
        PIPELINE.loads_event(text)


def test_whatever_a_class_raises_becomes_our_error() -> None:
    """Validators, hooks after them and data classes may refuse in their own ways."""
    shaper = Shaper({}, lenient=False)
    for annotation, value, text in (
        (Strict, {"count": 10}, "Strict refuses it: more than the limit"),
        (Picky, {"count": -1}, "Picky refuses it: below zero"),
        (Quiet, {"count": -1}, "Quiet refuses it: KeyError"),
    ):
        with pytest.raises(Misfit, match=text) as caught:
            shaper.of(annotation).load(value)
        assert caught.value.keys == []


def test_type_parameters_without_arguments_are_what_they_are_bound_to() -> None:
    """A bare generic class is carried by the bounds and constraints of its parameters."""
    shape = Shaper({}, lenient=False).of(Bounded)
    value = {"b": 1, "c": "x", "u": [1]}
    assert shape.load(value) == Bounded(1, "x", [1])
    assert shape.dump(Bounded(1, "x", [1])) == value
    with pytest.raises(Misfit, match='"1" is not an integer'):
        shape.load({**value, "b": "1"})


def test_annotation_without_a_hash_is_carried() -> None:
    """The metadata of ``Annotated`` is ignored."""
    shape = Shaper({}, lenient=False).of(Annotated[int, ["unhashable"]])
    assert shape.load(1) == 1


def test_nothing_but_none_is_carried_as_null() -> None:
    """None as an annotation means None."""
    shape = Shaper({}, lenient=False).of(None)
    assert shape.load(None) is shape.dump(None) is None


def test_regions_with_data_of_one_class_are_told_apart() -> None:
    """Data is by state, so two regions may carry the same class."""

    class Twins(Statechart[Go]):
        """Two regions with data of one class."""

        class both(Parallel, initial=True):
            """Side by side."""

            left = State(Total, resting=True)
            right = State(Total, resting=True)
            left.stay(on=Go, make=lambda _: Total(7))

    protocol: Protocol[Any, Any] = Protocol(Twins)
    kernel: Kernel[Any] = Kernel(Twins)
    snapshot = kernel.step(kernel.start().snapshot, Go(), at=AT + timedelta(1)).snapshot
    dumped = protocol.dump_snapshot(snapshot)
    assert {state: data["count"] for state, data in dumped["data"].items()} == {
        "both.left": 7,
        "both.right": 0,
    }
    assert protocol.load_snapshot(dumped) == snapshot


@frozen
class Twice:
    pass


@frozen
class Holds:
    it: Twice = Twice()


class Double(Statechart[Twice, Holds]):
    on = State(Holds, initial=True, resting=True)
    on.stay(on=Twice, make=lambda m: TWICE["made"])


def again(cls: type) -> Any:
    """Return an instance of a class that was declared again."""
    return frozen(type(cls.__name__, (), {}))()


TWICE: dict[str, Any] = {"made": again(Holds)}


def test_class_declared_again_is_told() -> None:
    """The error says that the class of an event, context, data or field was declared again."""
    protocol, kernel = Protocol(Double), Kernel(Double)
    told = "declared first, not one declared again"
    for write in (protocol.dump_event, protocol.dumps_message):
        with pytest.raises(UnwritableError, match=told):
            write(again(Twice))
    with pytest.raises(UnwritableError, match=told):
        protocol.dump_context(Holds(again(Twice)))
    with pytest.raises(UnwritableError, match=told):
        protocol.dump_context(again(Holds))
    told = "Use the Holds that the chart was declared with, not one declared again"
    with pytest.raises(StatechartError, match=r"\[SC212\].*" + told):
        kernel.start(again(Holds))
    snapshot = kernel.start(Holds()).snapshot
    for _ in range(3):
        with pytest.raises(StatechartError, match=r"\[SC208\].*" + told):
            kernel.step(snapshot, Twice())
