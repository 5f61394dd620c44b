"""Generic classes: each field has the type that its class, and the classes around it, are given."""

from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

import pytest
from attrs import frozen

from statecharts.codec.errors import Misfit
from statecharts.codec.shaping import Shaper

T = TypeVar("T")
U = TypeVar("U")


@frozen
class Base(Generic[T]):
    x: T


@frozen
class Mid(Base[list[T]], Generic[T]):
    y: T


@frozen
class Low(Mid[tuple[T, int]], Generic[T]):
    z: dict[str, T]


@frozen
class Pair(Generic[T, U]):
    left: T
    right: U | None


@frozen
class Swapped(Pair[U, T], Generic[T, U]):
    """Passes its arguments on the other way round."""


@frozen
class Renamed(Base[U], Generic[U, T]):
    """Has the variable of its base mean something else."""

    w: T


@frozen
class Other(Base[list[T]], Generic[T]):
    """Another way to the same base."""


@frozen
class Both(Mid[T], Other[T], Generic[T]):
    """Inherits one field by two ways."""


@frozen
class Fixed(Mid[str]):
    """Generic no more."""


@dataclasses.dataclass(frozen=True)
class Plain(Generic[T]):
    x: T


@dataclasses.dataclass(frozen=True)
class PlainMid(Plain[list[T]], Generic[T]):
    y: T


CASES: dict[str, tuple[Any, Any, Any]] = {
    "base": (Base[int], Base(1), {"x": 1}),
    "mid": (Mid[int], Mid([1], 2), {"x": [1], "y": 2}),
    "low": (Low[str], Low([("a", 1)], ("b", 2), {"c": "d"}), None),
    "nested": (Mid[Mid[int]], Mid([Mid([1], 2)], Mid([3], 4)), None),
    "nested low": (Low[Base[str]], Low([(Base("a"), 1)], (Base("b"), 2), {}), None),
    "swapped": (Swapped[int, str], Swapped("a", 1), {"left": "a", "right": 1}),
    "renamed": (Renamed[int, str], Renamed(1, "a"), {"x": 1, "w": "a"}),
    "both": (Both[int], Both([1], 2), {"x": [1], "y": 2}),
    "fixed": (Fixed, Fixed(["a"], "b"), {"x": ["a"], "y": "b"}),
    "list": (list[Mid[int]], [Mid([1], 2)], None),
    "data class": (PlainMid[int], PlainMid([1], 2), {"x": [1], "y": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_generic_class_comes_back_as_it_was(name: str) -> None:
    """The arguments that a class passes to its bases are substituted once, whatever their names."""
    annotation, value, written = CASES[name]
    shape = Shaper({}, lenient=False).of(annotation)
    dumped = shape.dump(value)
    assert written is None or dumped == written
    assert shape.load(dumped) == value


@pytest.mark.parametrize(
    ("annotation", "value", "path"),
    [
        (Mid[int], {"x": 1, "y": 1}, ["x"]),
        (Mid[int], {"x": ["a"], "y": 1}, [0, "x"]),
        (Low[str], {"x": [["a", "b"]], "y": ["a", 1], "z": {}}, [1, 0, "x"]),
        (Swapped[int, str], {"left": 1, "right": 1}, ["left"]),
        (Renamed[int, str], {"x": "a", "w": "a"}, ["x"]),
    ],
)
def test_generic_class_refuses_what_its_arguments_exclude(
    annotation: Any, value: Any, path: list[str | int]
) -> None:
    """Each field is read as strictly as its type says once the arguments are known."""
    with pytest.raises(Misfit) as caught:
        Shaper({}, lenient=False).of(annotation).load(value)
    assert caught.value.keys == path
