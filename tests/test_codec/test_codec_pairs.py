"""Annotations in pairs: in unions, in optional fields, inside one another."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Final, Literal
from uuid import UUID

import attrs
import pytest
from attrs import frozen
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from statecharts import State, Statechart
from statecharts.codec import CodecError, Protocol
from statecharts.codec.errors import Misfit
from statecharts.codec.shapes import Definitions
from statecharts.codec.shaping import Shaper
from tests.test_codec.test_codec_exact import Cents
from tests.test_codec.vocabulary import AT, Box, Colour, Label, Name, Odd, Point, Right

SHAPER: Final = Shaper({}, lenient=False)


@dataclasses.dataclass(frozen=True)
class Bag:
    """A data class with a default that a function makes."""

    label: str
    things: list[int] = dataclasses.field(default_factory=list)


SAMPLES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "bool": (bool, (True, False)),
    "int": (int, (0, 1, -7, 10**20)),
    "float": (float, (0.0, 1.0, 2.5, -1e300)),
    "str": (str, ("", "1", "2026-01-31", "red", "a", "Infinity")),
    "bytes": (bytes, (b"", b"\xfb\xff")),
    "datetime": (datetime, (AT, datetime(1, 1, 1, microsecond=5, tzinfo=UTC))),
    "date": (date, (date(2026, 1, 31),)),
    "time": (time, (time(12), time(12, 30, tzinfo=UTC))),
    "timedelta": (timedelta, (timedelta(0), timedelta(days=1, seconds=-0.5))),
    "UUID": (UUID, (UUID(int=1),)),
    "Decimal": (Decimal, (Decimal("1.50"), Decimal("Infinity"))),
    "path": (PurePosixPath, (PurePosixPath("a/b"),)),
    "Colour": (Colour, tuple(Colour)),
    "Odd": (Odd, tuple(Odd)),
    "Right": (Right, (Right(0), Right.READ, Right.READ | Right.WRITE)),
    "Literal": (Literal["a", 3], ("a", 3)),
    "Name": (Name, (Name("x"), Name("1"))),
    "Point": (Point, (Point(1), Point(2, 0.5))),
    "Label": (Label, (Label("point", 3),)),
    "Cents": (Cents, (Cents(3, "x"),)),
    "Bag": (Bag, (Bag("a"), Bag("b", [1]))),
    "Box[int]": (Box[int], (Box(1, [2]),)),
    "list[int]": (list[int], ([], [1])),
    "list[Point]": (list[Point], ([], [Point(1)])),
    "tuple[int, ...]": (tuple[int, ...], ((), (1, 2))),
    "tuple[int, str]": (tuple[int, str], ((1, "a"),)),
    "set[str]": (set[str], (set(), {"a", "b"})),
    "frozenset[int]": (frozenset[int], (frozenset(), frozenset({1}))),
    "dict[str, int]": (dict[str, int], ({}, {"type": 1, "type_": 2})),
    "dict[int, str]": (dict[int, str], ({}, {1: "a"})),
    "dict[date, int]": (dict[date, int], ({}, {date(2026, 1, 31): 1})),
    "dict[tuple, str]": (dict[tuple[int, int], str], ({}, {(1, 2): "x"})),
}
"""Annotations, each with values of it."""

ALIKE: Final = (
    {"int", "Literal"},
    {"str", "Literal"},
    {"list[int]", "list[Point]"},
    {"tuple[int, ...]", "tuple[int, str]"},
    {"dict[str, int]", "dict[int, str]", "dict[date, int]", "dict[tuple, str]"},
)
"""Annotations whose values are of one class, so that no union can tell them apart."""

PAIRS: Final = list(itertools.combinations(SAMPLES, 2))


def alike(one: str, other: str) -> bool:
    """Tell whether Python cannot tell the values of two annotations apart."""
    return any({one, other} <= names for names in ALIKE)


def check_same(found: Any, value: Any) -> None:
    """Check that two values are equal, and of the same classes all the way down."""
    assert type(found) is type(value)
    assert found == value
    if isinstance(value, Mapping):
        for left, right in zip(found.items(), value.items(), strict=True):
            check_same(left, right)
    elif isinstance(value, list | tuple):
        for left, right in zip(found, value, strict=True):
            check_same(left, right)
    elif attrs.has(type(value)):
        check_same(attrs.astuple(found, recurse=False), attrs.astuple(value, recurse=False))


def check_journey(annotation: Any, value: Any) -> None:
    """Check that a value comes back from JSON as it was, and that the schema takes its JSON."""
    shape = SHAPER.of(annotation)
    dumped = shape.dump(value)
    text = json.dumps(dumped)
    assert json.loads(text) == dumped
    check_same(shape.load(json.loads(text)), value)
    assert _validator(annotation).is_valid(json.loads(text))


@cache
def _validator(annotation: Any) -> Draft202012Validator:
    definitions = Definitions()
    schema = SHAPER.of(annotation).schema(definitions)
    return Draft202012Validator({"allOf": [schema], "$defs": definitions.schemas})


def test_samples_are_worth_it() -> None:
    """Each comes back alone, and as something optional."""
    for annotation, values in SAMPLES.values():
        for value in values:
            check_journey(annotation, value)
            check_journey(annotation | None, value)
        check_journey(annotation | None, None)


@pytest.mark.parametrize("one", SAMPLES)
def test_union_of_any_two_tells_them_apart_or_is_refused(one: str) -> None:
    """Whatever the pair and its order, each value comes back as itself; SC422 says where not."""
    for pair in PAIRS:
        if one != pair[0]:
            continue
        (left, lefts), (right, rights) = SAMPLES[pair[0]], SAMPLES[pair[1]]
        for union in (left | right, right | left, left | right | None):
            if alike(*pair):
                with pytest.raises(Misfit, match="are the same to Python") as caught:
                    SHAPER.of(union)
                assert caught.value.code == "SC422"
                continue
            for value in (*lefts, *rights):
                check_journey(union, value)


@pytest.mark.parametrize("one", SAMPLES)
def test_container_of_any_annotation_keeps_its_values(one: str) -> None:
    """Lists, tuples, values of dicts, generic classes, and unions of these with others."""
    of: Any
    of, values = SAMPLES[one]
    cases: list[tuple[Any, Any]] = [
        (list[of], list(values)),
        (tuple[of, ...], tuple(values)),
        (dict[str, of], {str(n): value for n, value in enumerate(values)}),
        (Box[of], Box(values[0], [*values])),
        (list[of | None], [None, *values]),
        (list[of] | Point | None, list(values)),
    ]
    for outer, made in cases:
        check_journey(outer, made)


@pytest.mark.parametrize("one", SAMPLES)
def test_json_of_one_annotation_is_read_by_another_only_as_its_own(one: str) -> None:
    """JSON of one annotation is refused by every other, or read as a value written the same way."""
    annotation, values = SAMPLES[one]
    for other, _ in SAMPLES.values():
        for value in values:
            dumped = json.loads(json.dumps(SHAPER.of(annotation).dump(value)))
            shape = SHAPER.of(other)
            if not _validator(other).is_valid(dumped):
                with pytest.raises(Misfit):
                    shape.load(dumped)
            with contextlib.suppress(Misfit):
                found = shape.load(dumped)
                check_same(shape.load(shape.dump(found)), found)


@pytest.mark.parametrize(
    ("annotation", "given", "value"),
    [
        (float | str, 2, 2.0),
        (float | str, 2.0, 2.0),
        (str | float, "2", "2"),
        (float | None, 2, 2.0),
        (float | bool, 1, 1.0),
        (float | bool, True, True),
        (float | Point, 2, 2.0),
        (float | list[float], [2], [2.0]),
        (int | float, 2, 2),
        (int | float, 2.0, 2.0),
        (int | str, 2, 2),
        (list[float], [2, 2.5], [2.0, 2.5]),
        (dict[str, float], {"a": 2}, {"a": 2.0}),
        (Point, {"x": 1, "y": 2}, Point(1, 2.0)),
    ],
)
def test_number_is_read_as_javascript_writes_it(annotation: Any, given: Any, value: Any) -> None:
    """2.0 is written as 2 there: it is a float wherever no integer is possible."""
    found = SHAPER.of(annotation).load(given)
    check_same(found, value)
    if isinstance(value, Point):
        assert type(found.y) is float


@pytest.mark.parametrize(
    ("annotation", "given"),
    [
        (int | str, 2.0),
        (int | str, True),
        (int | None, 2.0),
        (bool | str, 1),
        (float | str, True),
        (float | str, math.inf),
        (float | Point, "Infinity1"),
        (Right | int, {"type": "right", "value": 1.0}),
    ],
)
def test_number_of_another_kind_is_not_guessed(annotation: Any, given: Any) -> None:
    """Beyond that, nothing is converted, in a union as outside of one."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(annotation).load(given)
    assert caught.value.code == "SC402"


def test_infinity_beside_other_members() -> None:
    """Infinity is a string in JSON; beside other strings it cannot be written."""
    check_journey(float | Point, math.inf)
    check_journey(float | int | None, -math.inf)
    for annotation in (float | str, float | date, float | Literal["x"]):
        with pytest.raises(Misfit, match="not finite"):
            SHAPER.of(annotation).dump(math.inf)


# -- data classes, and fields that share -----------------------------------------------------------


@frozen
class Packed:
    """An event with data classes in it."""

    bag: Bag
    more: tuple[Bag, ...] = ()
    either: Bag | Point | None = None


class Shop(Statechart, allow="*"):
    """A chart with such an event."""

    a = State(initial=True)
    b = State()
    a.to(b, on=Packed)


SHOP: Final[Protocol[Any, Any]] = Protocol(Shop)


def test_data_class_in_an_event_comes_back() -> None:
    """A data class is a record like any other, its default made by a function."""
    event = SHOP.load_event({"type": "packed", "bag": {"label": "a"}})
    check_same(event, Packed(Bag("a")))
    assert SHOP.load_event({"type": "packed", "bag": {"label": "a"}}).bag.things is not (
        event.bag.things
    )
    whole = Packed(Bag("a", [1]), (Bag("b"),), Bag("c"))
    dumped = SHOP.dump_event(whole)
    assert dumped == {
        "type": "packed",
        "bag": {"label": "a", "things": [1]},
        "more": [{"label": "b", "things": []}],
        "either": {"type": "bag", "label": "c", "things": []},
    }
    found = SHOP.load_event(dumped)
    check_same(found, whole)
    assert type(found.more[0]) is type(found.either) is Bag


def test_data_class_in_the_schema_needs_what_has_no_default() -> None:
    """A default that a function makes is a default."""
    schema = SHOP.schema()["$defs"]
    assert schema["Bag"]["required"] == ["label"]
    assert schema["packed"]["required"] == ["type", "bag"]
    assert schema["bag"]["required"] == ["type", "label"]


@pytest.mark.parametrize(
    ("bag", "code", "path"),
    [
        ({}, "SC403", "$.bag.label"),
        ({"things": []}, "SC403", "$.bag.label"),
        ({"label": "a", "thing": []}, "SC404", "$.bag.thing"),
        ({"label": "a", "things": [1, "2"]}, "SC402", "$.bag.things[1]"),
        ({"label": 1}, "SC402", "$.bag.label"),
        ([], "SC402", "$.bag"),
    ],
)
def test_data_class_is_checked_with_its_path(bag: Any, code: str, path: str) -> None:
    """Missing, unknown and wrong fields each have their code and place."""
    with pytest.raises(CodecError) as caught:
        SHOP.load_event({"type": "packed", "bag": bag})
    assert (caught.value.code, caught.value.path) == (code, path)


@frozen
class Shared:
    first: list[int]
    second: list[str]
    third: list[int]
    deep: dict[str, list[str]] = attrs.field(factory=dict)


def test_field_is_blamed_though_others_hold_the_same_object() -> None:
    """One list in several fields: the field whose annotation it does not fit is named."""
    ones: list[Any] = [1]
    texts: list[Any] = ["a"]
    shape = SHAPER.of(Shared)
    for value, path in (
        (Shared(ones, ones, ones), ["second", 0]),
        (Shared(texts, texts, ones), ["first", 0]),
        (Shared(ones, texts, texts), ["third", 0]),
        (Shared(ones, texts, ones, {"a": texts, "b": ones}), ["deep", "b", 0]),
    ):
        with pytest.raises(Misfit) as caught:
            shape.dump(value)
        assert caught.value.keys[::-1] == path
        with pytest.raises(Misfit) as caught:
            shape.load(attrs.asdict(value))
        assert caught.value.keys[::-1] == path
        given = {name: getattr(value, name) for name in ("first", "second", "third", "deep")}
        with pytest.raises(Misfit) as caught:
            shape.load(given)
        assert caught.value.keys[::-1] == path
