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
        return f"{cls.__qualname__}({', '.join(f'{n}={repr_of(getattr(self, n))}' for n in shown)})"


def repr_of(value: object) -> str:
    """Return the repr of a value of somebody else, or what it is where that raises.

    Python refuses to write long integers, and a ``__repr__`` may have a defect: no message, picture
    or repr of ours fails for that.

    >>> repr_of("a"), repr_of(10**5000), repr_of((1, 10**5000))
    ("'a'", 'an instance of int', '(1, an instance of int)')
    """
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - whatever it is, the message has to come out
        if type(value) is tuple:
            return f"({', '.join(map(repr_of, value))})"
        return f"an instance of {type(value).__name__}"


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
