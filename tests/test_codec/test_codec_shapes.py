"""Unions, enums, containers, wrappers and classes: how each is written, and what is refused."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Generic, Literal, NamedTuple, NewType, Optional, TypeVar, Union

import attrs
import pytest
from attrs import field, frozen

from statecharts.codec.errors import Misfit
from statecharts.codec.shaping import Shaper
from tests.test_codec.vocabulary import AT, Box, Colour, Label, Name, Odd, Point, Right

SHAPER = Shaper({}, lenient=False)
UserId = NewType("UserId", str)
T = TypeVar("T")


class Small(enum.Enum):
    RED = "red"


@frozen
class Private:
    _secret: int
    made: int = field(init=False, default=7)
    later: int = field(kw_only=True, default=1)


@frozen
class Converted:
    items: tuple[int, ...] = field(converter=tuple[int, ...])


@frozen
class Base(Generic[T]):
    value: T
    other: int


@frozen
class Inherited(Base[list[str]]):
    more: bool


@frozen
class Loop:
    value: Loop | None


@frozen
class Special(Point):
    z: int = 0


@frozen
class Under:
    type_: str


@frozen
class Deeper:
    type__: str


class Mode(enum.Flag, boundary=enum.STRICT):
    FAST = 1


class Row(NamedTuple):
    a: int


WRITTEN: list[tuple[Any, Any, Any]] = [
    (Optional[int], None, None),  # noqa: UP045
    (int | None, 3, 3),
    (Point | None, Point(1), {"x": 1, "y": 0.0}),
    (Point | Label, Point(1), {"type": "point", "x": 1, "y": 0.0}),
    (Union[Point, Label, None], None, None),  # noqa: UP007
    (Point | Label, Label("a", 2), {"type": "label", "type_": "a", "type__": 2}),
    (Label, Label("a", 2), {"type": "a", "type_": 2}),
    (Point | Under, Under("a"), {"type": "under", "type__": "a"}),
    (Point | Deeper, Deeper("a"), {"type": "deeper", "type___": "a"}),
    (Point | int, 3, 3),
    (Name, Name("x"), "x"),
    (Name | None, Name("x"), "x"),
    (Name | Point, Name("x"), {"type": "name", "value": "x"}),
    (int | float, 1, 1),
    (int | float, 1.0, 1.0),
    (str | date, "2026-01-31", {"type": "str", "value": "2026-01-31"}),
    (str | date, date(2026, 1, 31), {"type": "date", "value": "2026-01-31"}),
    (datetime | date | int, AT, {"type": "datetime", "value": "2026-01-31T12:00:00Z"}),
    (datetime | date | int, 5, 5),
    (dict[str, int] | list[int], {"a": 1}, {"a": 1}),
    (dict[str, int] | Point, {"a": 1}, {"type": "dict[str, int]", "value": {"a": 1}}),
    (Literal["a", 1], 1, 1),
    (Literal["a"] | str, "b", "b"),  # noqa: PYI051
    (Literal["a"] | Literal["b"] | None, "b", "b"),  # noqa: PYI030
    (Literal[Colour.RED], Colour.RED, "red"),
    (Small | str, Small.RED, {"type": "small", "value": "red"}),
    (Small | int, Small.RED, "red"),
    (Colour, Colour.BLUE, 2),
    (Odd, Odd.PAIR, "PAIR"),
    (Right, Right.READ | Right.WRITE, 3),
    (UserId | None, "u", "u"),
    (list[Point], [Point(1)], [{"x": 1, "y": 0.0}]),
    (tuple[int, ...], (1, 2), [1, 2]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (tuple[()], (), []),
    (tuple, (1, "a"), [1, "a"]),
    (list, [1], [1]),
    (dict, {"a": [1]}, {"a": [1]}),
    (set[int], {10, 9}, [10, 9]),
    (frozenset[str], frozenset("ba"), ["a", "b"]),
    (dict[int, str], {1: "a", -2: "b"}, {"1": "a", "-2": "b"}),
    (dict[Name, int], {Name("x"): 1}, {"x": 1}),
    (dict[tuple[int, int], str], {(1, 2): "x"}, [[[1, 2], "x"]]),
    (Mapping[str, int], MappingProxyType({"a": 1}), {"a": 1}),
    (Sequence[int], (1,), [1]),
    (Any, {"a": [1, None, True, 1.5, "x"]}, {"a": [1, None, True, 1.5, "x"]}),
    (Box[int], Box(1, [2]), {"content": 1, "spare": [2]}),
    (Box[Box[str]], Box(Box("a")), {"content": {"content": "a", "spare": []}, "spare": []}),
    (Inherited, Inherited(["a"], 1, True), {"value": ["a"], "other": 1, "more": True}),
    (Private, Private(5, later=2), {"secret": 5, "made": 7, "later": 2}),
    (Converted, Converted((1, 2)), {"items": [1, 2]}),
    (Loop, Loop(Loop(None)), {"value": {"value": None}}),
]

REFUSED: list[tuple[Any, Any, str, list[str | int]]] = [
    (Point | Label, {"x": 1}, "'type' is missing", ["type"]),
    (Point | Label, {"type": 1}, "1 is not the name of a type", ["type"]),
    (Point | Label, {"type": "pint", "x": 1}, '"pint" is not a type here', ["type"]),
    (Point | Label, {"type": "point", "x": "1"}, '"1" is not an integer', ["x"]),
    (Point | Label, 3, "3 is not one of point, label", []),
    (str | date, "2026-01-31", "is not one of str, date", []),
    (str | date, {"type": "date"}, "date needs 'value'", ["value"]),
    (str | date, {"type": "date", "value": 1, "x": 1}, "date has no field 'x'", ["x"]),
    (str | date, {"type": "date", "value": "x"}, '"x" is not a date', ["value"]),
    (int | None, "1", '"1" is not an integer', []),
    (Colour, "green", '"green" is not one of "red", 2', []),
    (Colour, [], "an array is not one of", []),
    (Colour, 2.0, "2.0 is not one of", []),
    (Literal[1], True, "true is not one of 1", []),
    (Mode, 64, "64 is not the number of a Mode", []),
    (Right, "1", '"1" is not the number of a Right', []),
    (Name, {"value": "x"}, "an object is not a string", []),
    (Name, "", "Name refuses it: a name must not be empty", []),
    (list[int], "12", '"12" is not an array', []),
    (list[int], [1, "2"], '"2" is not an integer', [1]),
    (tuple[int, str], [1], "an array is not an array of 2", []),
    (tuple[int, str], [1, 2], "2 is not a string", [1]),
    (set[int], [1, 1], "an item appears twice", []),
    (set[Any], [[1]], "an item cannot be in a set", []),
    (dict[int, str], {"01": "a"}, '"01" is not an integer', ["01"]),
    (dict[int, str], {"-0": "a"}, '"-0" is not an integer', ["-0"]),
    (dict[int, str], {"9" * 5000: "a"}, "is not an integer", ["9" * 5000]),
    (dict[str, int], [["a", 1]], "an array is not an object", []),
    (dict[str, int], {"a": "1"}, '"1" is not an integer', ["a"]),
    (dict[tuple[int, int], str], {}, "an object is not an array", []),
    (dict[tuple[int, int], str], [[[1, 2], "x"], [[1, 2], "y"]], "two keys mean the same", []),
    (dict[tuple[Any, ...], str], [[[[]], "x"]], "a key cannot be one of a dict", []),
    (dict[date, int], {"2026-01-31": 1, "x": 1}, '"x" is not a date', ["x"]),
    (
        dict[datetime, int],
        {"2026-01-31T12:00:00Z": 1, "2026-01-31T13:00:00+01:00": 2},
        "two keys mean the same",
        [],
    ),
    (Box[int], {"content": "x"}, '"x" is not an integer', ["content"]),
    (Point, [], "an array is not an object (Point)", []),
    (Private, {"_secret": 1}, "Private has no field '_secret'", ["_secret"]),
    (Private, {"secret": 1, "made": "1"}, '"1" is not an integer', ["made"]),
    (Private, {"later": 1, "made": 1}, "Private needs 'secret'", ["secret"]),
    (Private, {"later": 1}, "Private needs 'secret'", ["secret"]),
]

UNWRITABLE: list[tuple[Any, Any, list[str | int]]] = [
    (Point, Special(1), []),
    (Point | Label, Special(1), []),
    (Point | Label, Name("x"), []),
    (Name, "x", []),
    (Name, Name(7), []),  # type: ignore[arg-type]
    (list[int], (1,), []),
    (tuple[int, ...], [1], []),
    (tuple[int, int], (1, "x"), [1]),
    (tuple[int, int], (1,), []),
    (Sequence[int], [1], []),
    (set[int], [1], []),
    (dict[str, int], MappingProxyType({"a": 1}), []),
    (dict[str, int], {1: 1}, []),
    (dict[str, int], {"a": "b"}, ["a"]),
    (dict[tuple[int, int], str], {(1, 2): 3}, [0, 1]),
    (Any, (1,), []),
    (Any, {"a": {1: 2}}, ["a"]),
    (Any, [float("nan")], [0]),
    (Any, AT, []),
    (Colour, "red", []),
    (Literal["a"], "b", []),
    (Literal["a"], [], []),
    (Right, 1, []),
    (float | str, float("inf"), []),
]

IMPOSSIBLE: list[tuple[Any, str]] = [
    (Callable[[], int], "cannot be carried by JSON"),
    (type[int], "cannot be carried by JSON"),
    (Row, "Row cannot be carried by JSON"),
    (collections.OrderedDict[str, int], "cannot be carried by JSON"),
    (list[int] | list[str], "are the same to Python"),
    (Box[int] | Box[str], "are the same to Python"),
    (Literal[b"x"], "is not one of JSON"),
    (Iterable[Callable[[], int]], "cannot be carried"),
]


@pytest.mark.parametrize(("annotation", "value", "json"), WRITTEN)
def test_value_is_written_and_comes_back(annotation: Any, value: Any, json: Any) -> None:
    """Each annotation has one form in JSON, which reads as an equal value of the same class."""
    shape = SHAPER.of(annotation)
    assert shape.dump(value) == json
    found = shape.load(json)
    assert found == value
    assert type(found) is type(value) or isinstance(value, MappingProxyType)


@pytest.mark.parametrize(("annotation", "json", "text", "path"), REFUSED)
def test_json_that_does_not_fit_is_refused_with_its_path(
    annotation: Any, json: Any, text: str, path: list[str | int]
) -> None:
    """A misfit is refused at its place."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(annotation).load(json)
    assert text in caught.value.found
    assert caught.value.keys[::-1] == path
    assert caught.value.value is json


@pytest.mark.parametrize(("annotation", "value", "path"), UNWRITABLE)
def test_value_that_would_not_come_back_is_not_written(
    annotation: Any, value: Any, path: list[str | int]
) -> None:
    """A value that its annotation does not allow is refused when it is written."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(annotation).dump(value)
    assert caught.value.code == "SC421"
    assert caught.value.keys[::-1] == path


@pytest.mark.parametrize(("annotation", "text"), IMPOSSIBLE)
def test_annotation_that_cannot_be_carried_is_refused_at_once(annotation: Any, text: str) -> None:
    """Types that JSON cannot carry or tell apart are refused before there is a value."""
    with pytest.raises(Misfit) as caught:
        Shaper({}, lenient=False).of(annotation)
    assert caught.value.code == "SC422"
    assert text in caught.value.found


def test_two_classes_of_one_name_in_a_union_are_refused() -> None:
    """A tag names one class."""
    other = attrs.make_class("Point", {"a": attrs.field(type=int)})
    with pytest.raises(Misfit, match="two members of one union have the name 'point'"):
        SHAPER.of(Point | other)


def test_annotation_that_cannot_be_resolved_is_refused() -> None:
    """A name that only a function knows is said to be out of reach, with its field."""

    @frozen
    class Inner:
        x: int

    @frozen
    class Outer:
        count: int
        inner: Inner

    with pytest.raises(Misfit, match="the annotation 'Inner' cannot be resolved") as caught:
        SHAPER.record(Outer)
    assert caught.value.keys == ["inner"]


def test_fields_not_known_are_dropped_leniently_at_every_depth() -> None:
    """Leniency goes all the way down, and changes nothing else."""
    lenient = Shaper({}, lenient=True)
    assert lenient.of(list[Point]).load([{"x": 1, "new": 2}]) == [Point(1)]
    assert lenient.of(Point | Label).load({"type": "point", "x": 1, "new": 2}) == Point(1)
    with pytest.raises(Misfit, match="Point needs 'x'"):
        lenient.of(Point).load({"new": 1})
    with pytest.raises(Misfit, match='"1" is not an integer'):
        lenient.of(Point).load({"x": "1"})


def test_class_of_ones_own_is_carried_as_one_says() -> None:
    """A carrier writes and reads a class that is not an attrs class; its errors get a path."""

    def read(value: Any) -> complex:
        return complex(value)

    shape = Shaper({complex: (str, read)}, lenient=False).of(list[complex])
    assert shape.dump([1j]) == ["1j"]
    assert shape.load(["1j"]) == [1j]
    with pytest.raises(Misfit, match="complex refuses it: complex") as caught:
        shape.load(["1j", "x"])
    assert caught.value.keys == [1]


def test_carrier_that_fails_or_writes_no_json_is_told() -> None:
    """A mistake of a carrier is reported as one of its class, with a path."""

    def fail(_: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(Misfit, match="complex cannot be written: by nothing"):
        Shaper({complex: (fail, complex)}, lenient=False).of(complex).dump(1j)
    with pytest.raises(Misfit, match="an instance of complex is not JSON"):
        Shaper({complex: (complex, complex)}, lenient=False).of(complex).dump(1j)
