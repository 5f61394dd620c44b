"""Generic classes whose type parameters have defaults, on every Python."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from statecharts.model.generics import C, defaulting

T = TypeVar("T")


class Pair(Generic[T, C]):
    pass


Filled: Any = defaulting(Pair)


def test_arguments_that_have_a_default_may_be_left_out() -> None:
    """What is left out at the end stands for its default."""
    assert Filled[int] == Filled[int, None]


def test_arguments_without_a_default_are_asked_for() -> None:
    """A parameter that has no default cannot be left out; Python says so in its own words."""
    with pytest.raises(TypeError):
        Filled[()]
