"""Classes whose ``__init__`` does more than keep what it is given: they come back as they were."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import attrs
import pytest
from attrs import define, evolve, field, frozen
from attrs.validators import gt

from statecharts import Kernel, State, Statechart
from statecharts.codec import MalformedError, Protocol, UnwritableError
from statecharts.codec.errors import Misfit
from statecharts.codec.fields import keeps_what_it_is_given
from statecharts.codec.shaping import Shaper

SHAPER = Shaper({}, lenient=False)


def _hundredfold(value: int) -> int:
    return value * 100


@frozen
class Cents:
    """A converter that is not idempotent."""

    cents: int = field(converter=_hundredfold)
    note: str = ""


@frozen
class Price:
    """A wrapper of one value, with such a converter."""

    value: int = field(converter=_hundredfold, validator=gt(0))


@define
class Logged:
    """Fields that ``__init__`` does not take, with and without a default."""

    name: str
    log: list[str] = field(init=False, factory=list)
    size: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.size = len(self.name)
        self.log.append("made")


@define
class Own:
    """An ``__init__`` of its own."""

    low: int
    high: int

    def __init__(self, middle: int) -> None:
        self.low, self.high = middle - 1, middle + 1


@define(slots=False)
class Loose:
    """An ``__init__`` of its own that leaves something beside the fields."""

    low: int

    def __init__(self, middle: int) -> None:
        self.low = middle
        self.middle = middle


@frozen
class Scaled:
    """Code after ``__init__`` that changes a field, within a limit."""

    amount: int

    def __attrs_post_init__(self) -> None:
        if self.amount > 1000:
            raise ValueError("more than the limit")
        object.__setattr__(self, "amount", self.amount * 10)


@frozen(slots=False)
class Cached:
    """Code after ``__init__`` that sets what is not a field."""

    text: str

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.text))


@dataclasses.dataclass
class Plain:
    """A data class with code after ``__init__``, and a field that it does not take."""

    count: int
    double: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.count += 1
        self.double = self.count * 2


@dataclasses.dataclass
class PlainOwn:
    """A data class with an ``__init__`` of its own."""

    count: int

    def __init__(self, half: int) -> None:
        self.count = half * 2


@dataclasses.dataclass
class Given:
    """A data class with an argument that no field keeps."""

    count: int
    more: dataclasses.InitVar[int] = 0

    def __post_init__(self, more: int) -> None:
        self.count += more


@frozen
class Anew:
    """A class with a ``__new__`` of its own."""

    count: int = field(converter=int)

    def __new__(cls, *_: Any) -> Any:
        return object.__new__(cls)


@frozen
class Nested:
    inner: Cents
    price: Price


def _logged() -> Logged:
    made = Logged("ada")
    made.log.append("used")
    made.size = 7
    return made


CARRIED: list[tuple[Any, Any]] = [
    (Cents(3), {"cents": 300, "note": ""}),
    (Price(3), 300),
    (_logged(), {"name": "ada", "log": ["made", "used"], "size": 7}),
    (cast("Any", Own)(5), {"low": 4, "high": 6}),
    (Scaled(5), {"amount": 50}),
    (Cached("abc"), {"text": "abc"}),
    (Plain(1), {"count": 2, "double": 4}),
    (PlainOwn(3), {"count": 6}),
    (Nested(Cents(1, "x"), Price(1)), {"inner": {"cents": 100, "note": "x"}, "price": 100}),
]


@pytest.mark.parametrize(("value", "json"), CARRIED, ids=[type(v).__name__ for v, _ in CARRIED])
def test_value_comes_back_as_it_was(value: Any, json: Any) -> None:
    """Nothing is converted, counted or logged a second time."""
    shape = SHAPER.of(type(value))
    assert shape.dump(value) == json
    found = shape.load(json)
    assert found == value
    assert type(found) is type(value)
    assert shape.dump(shape.load(shape.dump(found))) == json


def test_what_is_not_a_field_is_made_again() -> None:
    """Code after ``__init__`` runs, for what it sets besides."""
    assert SHAPER.of(Cached).load({"text": "abc"}).length == 3


def test_fields_that_json_lacks_come_from_the_class() -> None:
    """A client that gives what ``__init__`` takes gets what it computes; what is given stays."""
    made = SHAPER.of(Logged).load({"name": "ada"})
    assert (made.log, made.size) == (["made"], 3)
    assert SHAPER.of(Logged).load({"name": "ada", "size": 9}).size == 9
    assert SHAPER.of(Cents).load({"cents": 5}).cents == 5
    assert SHAPER.of(Plain).load({"count": 1}).double == 4


REFUSED: list[tuple[Any, Any, str, list[str]]] = [
    (Cents, {"note": "x"}, "Cents needs 'cents'", ["cents"]),
    (Cents, {"cents": "5"}, '"5" is not an integer', ["cents"]),
    (Cents, {"cents": 5, "note": "", "more": 1}, "Cents has no field 'more'", ["more"]),
    (Price, -1, "Price refuses it: 'value' must be > 0: -1", []),
    (Scaled, {"amount": 1001}, "Scaled refuses it: more than the limit", []),
    (Own, {"low": 4}, "Own needs 'high'", ["high"]),
    (Logged, {"log": [], "size": 1}, "Logged needs 'name'", ["name"]),
    (Logged, {"name": "x", "log": [1], "size": 1}, "1 is not a string", ["log", 0]),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("annotation", "json", "text", "path"), REFUSED)
def test_json_is_checked_as_ever(
    annotation: Any, json: Any, text: str, path: list[str | int]
) -> None:
    """Validators run, and so do the checks of the class; fields are no more and no fewer."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(annotation).load(json)
    assert text in caught.value.found
    assert caught.value.keys[::-1] == path


def test_lenient_drops_unknown_fields() -> None:
    """Leniency is the same for these classes."""
    assert Shaper({}, lenient=True).of(Cents).load({"cents": 5, "note": "", "x": 1}).cents == 5


def test_validator_is_blamed_with_its_field() -> None:
    """A validator that refuses a held value is found with its field, defaults apart."""

    @frozen
    class Checked:
        note: str
        cents: int = field(converter=_hundredfold, validator=gt(10))

    with pytest.raises(Misfit, match="'cents' must be > 10: 5") as caught:
        Shaper({}, lenient=False).record(Checked).load({"note": "", "cents": 5})
    assert caught.value.keys == ["cents"]


def _unset() -> Logged:
    made = _logged()
    del made.size
    return made


def _over() -> Scaled:
    return evolve(Scaled(1), amount=200)


UNWRITABLE: list[tuple[Callable[[], Any], str]] = [
    (partial(Loose, 5), "a Loose holds 'middle', which is not a field. Declare it as a field"),
    (_unset, "'size' of a Logged has no value. Set it in __init__"),
    (_over, "Scaled would refuse to be read again: more than the limit"),
]


@pytest.mark.parametrize(("make", "text"), UNWRITABLE)
def test_value_that_would_not_come_back_is_not_written(make: Callable[[], Any], text: str) -> None:
    """A value that could not be read again is refused when it is written."""
    value = make()
    with pytest.raises(Misfit) as caught:
        SHAPER.of(type(value)).dump(value)
    assert caught.value.code == "SC421"
    assert text in f"{caught.value.found}. {caught.value.remedy}"


@frozen
class Counts:
    """An event with numbers deep inside."""

    by_name: dict[str, list[int]]
    names: dict[int, str] = field(factory=dict)


class Counting(Statechart[Counts]):
    """A state that keeps what an event brought."""

    begun = State(initial=True)
    told = State(Counts, resting=True)
    begun.to(told, on=Counts)


def test_integer_that_python_does_not_write_is_refused_with_its_path() -> None:
    """Python neither writes nor reads integers of more than 4,300 digits."""
    protocol = Protocol(Counting)
    event = Counts({"a": [1, 10**5000]})
    kernel = Kernel(Counting)
    snapshot = kernel.step(kernel.start().snapshot, event).snapshot
    cases: list[tuple[Callable[[Any], bytes], Any, str]] = [
        (protocol.dumps_event, event, "$.by_name.a[1]"),
        (protocol.dumps_message, event, "$.by_name.a[1]"),
        (protocol.dumps_event, Counts({}, {10**5000: "a"}), "$.names"),
        (protocol.dumps_snapshot, snapshot, "$.data.told.by_name.a[1]"),
    ]
    for write, value, path in cases:
        with pytest.raises(UnwritableError, match=r"SC421.*more than 4,300 digits") as caught:
            write(value)
        assert caught.value.path == path
    text = f'{{"type": "counts", "by_name": {{"a": [{"1" * 5000}]}}}}'
    with pytest.raises(MalformedError, match=r"SC401.*more than 4,300 digits.*does not read"):
        protocol.loads_event(text)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Given, "Given.more is an argument of __init__ that no field keeps"),
        (Anew, "Anew has a __new__, and its __init__ does not keep what it is given"),
    ],
)
def test_class_that_cannot_be_put_together_is_refused_at_once(annotation: Any, text: str) -> None:
    """A class whose values could come back changed unnoticed gets no protocol."""
    with pytest.raises(Misfit) as caught:
        Shaper({}, lenient=False).of(annotation)
    assert caught.value.code == "SC422"
    assert text in caught.value.found


@pytest.mark.parametrize("cls", [Cents, Price, Logged, Own, Loose, Scaled, Cached, Plain, PlainOwn])
def test_class_is_known_to_do_more(cls: type) -> None:
    """Only classes that do no more take the quick way."""
    assert not keeps_what_it_is_given(cls)


def test_class_that_does_no_more_takes_the_quick_way() -> None:
    """Generated ``__init__`` of attrs and data classes, inherited or not, keeps what it gets."""

    class Below(Nested):
        pass

    assert keeps_what_it_is_given(Nested)
    assert keeps_what_it_is_given(Below)
    assert keeps_what_it_is_given(attrs.make_class("Made", ["a", "b"]))
    assert keeps_what_it_is_given(dataclasses.make_dataclass("Made", ["a", ("b", int)]))
    assert not keeps_what_it_is_given(type("Deeper", (Own,), {}))


# -- in a chart ------------------------------------------------------------------------------------


@frozen
class Paid:
    euros: int


@frozen
class Done:
    cents: int = field(converter=_hundredfold)
    log: list[str] = field(init=False, factory=list)


@frozen
class DoneLate(Done):
    """Data that is a `Done`, too, as the kernel sees it."""

    days: int = 0


@frozen
class Typed:
    type: str


@frozen
class TypedLate(Typed):
    days: int = 0


class Till(Statechart[Paid], allow="*"):
    """A chart that holds data of a class and of its subclass."""

    a = State(initial=True)
    b = State(Done)
    c = State(Done)
    d = State(Typed)
    a.to(b, on=Paid, make=lambda m: Done(m.event.euros))
    b.to(c, on=Paid, make=lambda m: DoneLate(m.event.euros, 2))
    c.to(d, on=Paid, make=lambda _: TypedLate("x", 1))


def till(*euros: int) -> Any:
    """Return the snapshot of a till after some payments."""
    kernel: Kernel[Any] = Kernel(Till)
    snapshot = kernel.start().snapshot
    for one in euros:
        snapshot = kernel.step(snapshot, Paid(one)).snapshot
    return snapshot


def test_data_comes_back_as_it_was() -> None:
    """A snapshot equals itself after the journey, whatever its classes do when they are made."""
    protocol: Protocol[Any, Any] = Protocol(Till)
    snapshot = till(3)
    snapshot[Till.b].log.append("x")
    text = protocol.dumps_snapshot(snapshot)
    assert json.loads(text)["data"] == {"b": {"cents": 300, "log": ["x"]}}
    again = protocol.loads_snapshot(text)
    assert again == snapshot
    assert again[Till.b].cents == 300
    assert again[Till.b].log == ["x"]


def test_data_of_a_subclass_comes_back_as_one() -> None:
    """A subclass of a state's data is told by a tag; the class itself has none."""
    protocol: Protocol[Any, Any] = Protocol(Till)
    snapshot = till(1, 2)
    dumped = protocol.dump_snapshot(snapshot)
    assert dumped["data"] == {"c": {"type": "done_late", "cents": 200, "log": [], "days": 2}}
    again = protocol.load_snapshot(dumped)
    assert again == snapshot
    assert type(again[Till.c]) is DoneLate
    dumped["data"]["c"]["days"] = "2"
    with pytest.raises(Exception, match=r"\[SC402\] Till at \$\.data\.c\.days: \"2\" is not"):
        protocol.load_snapshot(dumped)
    dumped["data"]["c"]["type"] = "done_soon"
    text = r"\[SC405\] Till at \$\.data\.c\.type: \"done_soon\" is not a subclass of Done"
    with pytest.raises(Exception, match=text):
        protocol.load_snapshot(dumped)


def test_data_of_subclasses_of_one_name_is_not_written() -> None:
    """Two subclasses of one name could not be told apart when they are read."""
    twin: Any = frozen(type("Twin", (Done,), {"__module__": "here"}))
    other: Any = frozen(type("Twin", (Done,), {"__module__": "there"}))
    snapshot = till(1, 2)
    for cls in (twin, other):
        place = type(snapshot)(snapshot._place, (cls(1),), None, snapshot.memory, 0)
        with pytest.raises(UnwritableError, match="'twin' does not tell Twin from Done"):
            Protocol(Till).dump_snapshot(place)


def test_data_with_a_field_named_type_comes_back() -> None:
    """The field is never read as a tag, whatever it holds."""
    protocol: Protocol[Any, Any] = Protocol(Till)
    snapshot = till(1, 2)
    place = Kernel(Till).step(snapshot, Paid(0)).snapshot._place
    for text in ("x", "typed_late"):
        held = type(snapshot)(place, (Typed(text),), None, snapshot.memory, 0)
        dumped = protocol.dump_snapshot(held)
        assert dumped["data"] == {"d": {"type": text}}
        again: Any = protocol.load_snapshot(dumped)
        assert again["d"] == Typed(text)
        assert type(again["d"]) is Typed


def test_data_of_a_subclass_that_no_tag_can_tell_is_not_written() -> None:
    """If the class has a field ``type``, the kernel accepts the subclass, but JSON does not."""
    with pytest.raises(UnwritableError, match=r"\$\.data\.d: Typed has a field 'type'"):
        Protocol(Till).dump_snapshot(till(1, 2, 3))
