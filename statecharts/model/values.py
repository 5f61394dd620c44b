"""Values: attrs classes of this library whose comparison, hash and text are written once.

attrs writes and compiles these methods anew for each class, which is most of what declaring a class
costs, and so of what importing this library costs. Classes that are compared in passing only derive
from `Value` and leave the methods out.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

import attrs

GETTERS: Final = "__value_getters__"
"""The attribute of a class that caches what its instances are compared, hashed and shown by."""


class Value:
    """What ``@frozen(eq=False, repr=False)`` leaves out: equality by fields, the hash, the text.

    >>> from attrs import field, frozen
    >>> @frozen(eq=False, repr=False)
    ... class Point(Value):
    ...     x: int
    ...     label: str = field(default="", eq=False, repr=False)
    >>> Point(1, "here") == Point(1), hash(Point(1, "here")) == hash(Point(1)), Point(1, "here")
    (True, True, Point(x=1))
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        compared, _, _ = _getters(self.__class__)
        return bool(compared(self) == compared(other))

    def __hash__(self) -> int:
        _, hashed, _ = _getters(self.__class__)
        return hash((self.__class__, hashed(self)))

    def __repr__(self) -> str:
        cls: Any = self.__class__
        _, _, shown = _getters(cls)
        return f"{cls.__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _getters(cls: Any) -> tuple[Any, Any, tuple[str, ...]]:
    """Return what gives the fields compared and those hashed, and the names of those shown."""
    found: tuple[Any, Any, tuple[str, ...]] | None = vars(cls).get(GETTERS)
    if found is None:
        fields = attrs.fields(cls)
        compared = [one.name for one in fields if one.eq]
        hashed = [one.name for one in fields if (one.eq if one.hash is None else one.hash)]
        shown = tuple(one.name for one in fields if one.repr)
        found = (_getter(compared), _getter(hashed), shown)
        setattr(cls, GETTERS, found)
    return found


def _getter(names: list[str]) -> Any:
    return attrgetter(*names) if names else _nothing


def _nothing(_: object) -> tuple[()]:
    return ()
