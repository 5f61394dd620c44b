"""Schema: what an attrs class is made of, as filling and pictures read it."""

from __future__ import annotations

import enum
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, make_dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Optional, Protocol, Union, cast

import attrs
import pytest
from attrs import field, frozen

from statecharts import Occurred
from statecharts.model.events import matches, wire_name
from statecharts.model.fields import (
    Field,
    annotations_of,
    bare,
    build_default,
    field_type,
    fields_of,
    fits,
    misused_time,
    names_of,
    parameters,
    takes_the_time,
    type_text,
    union_members,
)
from statecharts.semantics.filling import Supply, supply

if typing.TYPE_CHECKING:
    from fractions import Fraction


class Named(Protocol):
    name: str


class Colour(enum.Enum):
    RED = 1


@frozen
class Order:
    sku: str
    placed_at: Occurred
    count: int | None = 1
    _secret: str = field(default="", kw_only=True)
    made: bool = field(default=True, init=False)


@frozen
class Ratio:
    part: Fraction


@frozen
class Easy:
    n: int = 3


ANY = frozenset[str]()


def test_fields_are_those_that_init_takes() -> None:
    """Fields come in order, without those that ``__init__`` does not take."""
    assert [f.name for f in fields_of(Order)] == ["sku", "placed_at", "count", "_secret"]


def test_field_tells_all_that_filling_needs() -> None:
    """Argument name, type, optionality and manner of passing are read once."""
    sku, placed_at, count, secret = fields_of(Order)
    assert sku == Field("sku", "sku", "str", optional=False, occurred=False, keyword=False)
    assert count == Field("count", "count", "int | None", True, False, False)
    assert secret == Field("_secret", "secret", "str", True, False, True)
    assert placed_at == Field("placed_at", "placed_at", "datetime", False, True, False)
    assert (sku.annotation, placed_at.annotation) == (str, datetime)


def test_fields_of_a_plain_class_are_none() -> None:
    """A class that is not an attrs class has no fields, and breaks nothing."""
    assert fields_of(int) == ()


def test_unresolvable_annotation_keeps_its_text() -> None:
    """A name behind TYPE_CHECKING is shown as written, and its type is taken to be anything."""
    (part,) = fields_of(Ratio)
    assert (part.type, part.annotation) == ("Fraction", Any)
    assert field_type(Ratio, "part") is Any


def test_field_type_resolves_annotations() -> None:
    """The annotation of one field is an object, or Any where there is no such field."""
    assert field_type(Order, "sku") is str
    assert field_type(Order, "nothing") is Any


def test_field_type_of_what_is_no_attrs_class_is_anything() -> None:
    """Fields are filled from attrs classes alone; a dataclass supplies nothing of a known type."""
    assert field_type(Plain, "n") is Any


def test_names_include_fields_that_init_does_not_take() -> None:
    """Whatever an instance bears can supply another; no class bears nothing."""
    assert names_of(Order) == {"sku", "count", "_secret", "made", "placed_at"}
    assert names_of(None) == frozenset()


def test_occurred_is_required_by_hand() -> None:
    """Code that builds the class by itself has to pass the time."""
    with pytest.raises(TypeError, match="placed_at"):
        cast("Any", Order)("tea")


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (None, "None"),
        (type(None), "None"),
        ("list[Story]", "list[Story]"),
        (int, "int"),
        (datetime, "datetime"),
        (Optional[int], "int | None"),  # noqa: UP045 - both spellings have to read the same
        (Union[int, str], "int | str"),  # noqa: UP007
        (int | str | None, "int | str | None"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, "metres"], "int"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Callable[[int, str], bool], "Callable[[int, str], bool]"),
        (Mapping[str, datetime], "Mapping[str, datetime]"),
        (Any, "Any"),
        (typing.TypeVar("T"), "T"),
        (Colour, "Colour"),
        (typing.ForwardRef("Late"), "ForwardRef('Late')"),
    ],
)
def test_type_text_is_short(annotation: object, text: str) -> None:
    """Annotations are shown without the modules of their names."""
    assert type_text(annotation) == text


@pytest.mark.parametrize(
    ("given", "wanted", "verdict"),
    [
        (bool, int, True),
        (int, bool, False),
        (int, float, True),
        (float, complex, True),
        (float, int, False),
        (int | None, int, False),
        (int, int | None, True),
        (None, int | None, True),
        (str | None, int | None, False),
        (Optional[str], Union[str, None, int], True),  # noqa: UP007, UP045
        (Annotated[int, "metres"], int, True),
        (Annotated[int, "metres"], str, False),
        (list[int], str, True),
        (str, list[int], True),
        (str, object, True),
        (object, str, True),
        (str, Named, True),
        (Any, int, True),
        (int, Any, True),
        (list[int] | None, int, True),
        ("int", str, True),
    ],
)
def test_fits_errs_on_the_side_of_yes(given: Any, wanted: Any, verdict: bool) -> None:
    """Only plain classes that exclude each other do not fit."""
    assert fits(given, wanted) is verdict


def test_union_members_are_flattened_in_order() -> None:
    """Unions of unions, old and new, and ``type`` statements give their members."""

    class Alias:
        __value__ = int | str

    assert union_members(int | (str | None)) == (int, str, type(None))
    assert union_members(Union[int, str]) == (int, str)  # noqa: UP007
    assert union_members(Alias) == (int, str)
    assert union_members(int) == (int,)


def test_build_default_needs_every_field_optional() -> None:
    """A class is its own builder when nothing needs a value, and has none otherwise."""
    builder = build_default(Easy)
    assert builder is not None
    assert builder() == Easy(3)
    assert build_default(Order) is None


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        ("Merge", "merge"),
        ("GatesPassed", "gates_passed"),
        ("HTTPError", "http_error"),
        ("PassedQA", "passed_qa"),
        ("Step2Done", "step2_done"),
        ("lower", "lower"),
    ],
)
def test_wire_name_is_snake_case(cls: str, name: str) -> None:
    """An event's name on the wire is its class name in snake case."""
    assert wire_name(attrs.make_class(cls, [])) == name


@pytest.mark.parametrize(
    ("descriptor", "name", "verdict"),
    [
        ("*", "anything.at.all", True),
        ("error", "error", True),
        ("error", "error.timeout", True),
        ("error", "errors", False),
        ("error.timeout", "error", False),
        ("error.*", "error", True),
        ("error.*", "error.timeout.late", True),
        ("error.", "error.timeout", True),
        ("error.*", "errors.timeout", False),
    ],
)
def test_descriptor_matches_by_tokens(descriptor: str, name: str, verdict: bool) -> None:
    """A descriptor matches when its dotted tokens are a prefix of the name's (SCXML 3.12.1)."""
    assert matches(descriptor, name) is verdict


def _supply(names: str, where: str, *, optional: bool = True) -> tuple[Supply, str | None]:
    """Ask for field ``n`` where the suppliers in ``where`` have a field of that name."""
    offered = {key: frozenset({"n"}) if key in where else ANY for key in names}
    inner, outer = offered.get("i", ANY), offered.get("o", ANY)
    return supply(
        Field("n", "n", "int", optional, "t" in where, False),
        offered.get("e", ANY),
        [("inner", inner), ("outer", outer)],
        offered.get("c", ANY),
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("teioc", (Supply.TIME, None)),
        ("eioc", (Supply.EVENT, None)),
        ("ioc", (Supply.LEFT, "inner")),
        ("oc", (Supply.LEFT, "outer")),
        ("c", (Supply.CONTEXT, None)),
        ("", (Supply.DEFAULT, None)),
    ],
)
def test_supply_follows_the_precedence(where: str, expected: tuple[Supply, str | None]) -> None:
    """Time, event, states left innermost first, context, default: the first that has the field."""
    assert _supply("eioc", where) == expected


def test_supply_of_a_field_that_none_has() -> None:
    """Without a default the field is told to be missing."""
    assert _supply("eioc", "", optional=False) == (Supply.NOTHING, None)


T = typing.TypeVar("T")
U = typing.TypeVar("U")


@frozen
class Crate(typing.Generic[T, U]):
    inside: T
    label: U | None = None
    labels: list[U] | None = None


@frozen
class Pallet(Crate[list[T], str]):
    height: int = 1


@frozen
class Load(Pallet[Order]):
    pass


@dataclass
class Plain:
    n: int


@dataclass
class Plainer(Plain):
    more: str = ""


def test_type_parameters_are_what_subclasses_pass() -> None:
    """They are replaced through every class between, inside of other annotations, too."""
    assert annotations_of(Load) == {
        "inside": list[Order],
        "label": str | None,
        "labels": list[str] | None,
        "height": int,
    }
    assert annotations_of(Crate)["inside"] is T


def test_parameters_of_a_class_that_is_no_base_are_none() -> None:
    """Only a base passes something on."""
    assert parameters(Load, Order) == {}


def test_annotations_of_dataclasses_come_from_the_class_that_declares_them() -> None:
    """A dataclass that is no attrs class is read likewise."""
    assert annotations_of(Plainer) == {"n": int, "more": str}


def test_annotations_of_fields_made_without_a_body_are_kept() -> None:
    """Fields that no class body declares belong to the class itself."""
    made = make_dataclass("made", [("n", int), ("void", None)])
    del made.__annotations__["n"]
    assert annotations_of(made) == {"n": int, "void": type(None)}


class Late:
    """Stands for the name of a ``type`` statement, which is worked out when it is read."""

    def __init__(self, value: object) -> None:
        self.value = value

    @property
    def __value__(self) -> object:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_time_is_known_by_any_name() -> None:
    """`Occurred` is known as text and behind an alias; an alias that fails is not the time."""
    assert takes_the_time("statecharts.Occurred")
    assert takes_the_time(Late(Occurred))
    assert not takes_the_time(Late(NameError("not yet")))
    assert "Occurred" in repr(Occurred)


def test_time_that_is_not_an_argument_is_misused() -> None:
    """What `__init__` does not take cannot be given the time of the event."""

    @frozen
    class Kept:
        at: Occurred = field(init=False)

    assert misused_time(Kept) == (("at", "is not an argument of __init__"),)


def test_annotation_that_cannot_be_taken_apart_is_kept() -> None:
    """A name inside of it that means nothing changes nothing."""
    missing: Any = typing.ForwardRef("Missing") | None
    assert bare(missing) == missing


class Moody(type):
    def __subclasscheck__(cls, other: type) -> bool:
        raise RuntimeError(other)


class Mood(metaclass=Moody):
    pass


def test_types_that_cannot_be_compared_fit() -> None:
    """Where a metaclass refuses to answer, nobody is told of a mistake."""
    assert fits(int, Mood)
