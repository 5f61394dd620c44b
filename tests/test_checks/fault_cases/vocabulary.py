"""What the mistaken declarations are made of, and the list that they are kept in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from statecharts import Effect

CASES: Final[list[Callable[[], object]]] = []


@frozen
class Go:
    """An event without payload."""


@frozen
class Halt:
    """Another."""


@frozen
class Kick:
    """An event with payload."""

    force: int


@frozen
class Hurt:
    """Data that an event can fill."""

    force: int


@frozen
class Named:
    """Data that nothing fills by itself."""

    name: str
    colour: str


@frozen
class Text:
    """Data whose field another type of the same name would fill."""

    force: str


@frozen
class Bang(Effect):
    """An effect."""


class Plain:
    """Not an attrs class."""


def case(function: Callable[[], object]) -> Callable[[], object]:
    """Add a mistaken declaration to the cases."""
    CASES.append(function)
    return function


def loose(value: Any) -> Any:
    """Pass something where type checkers would refuse it."""
    return value
