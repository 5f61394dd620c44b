"""What an attrs class of data, of an event or of a context is made of.

Read once for each class: the names that fields are filled by, their types as text and as objects,
and which of them do without a value.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, cast

import attrs
from attrs import field, frozen

OCCURRED: Final = "statecharts.occurred"


def occurred() -> datetime:
    """Declare a field that takes the time of the moment at which its state is entered.

    The kernel fills it; code that builds the class by hand passes the time itself.

    >>> from attrs import frozen
    >>> @frozen
    ... class Running:
    ...     started_at: datetime = occurred()
    >>> fields_of(Running)[0].occurred
    True
    """
    return cast("datetime", attrs.field(metadata={OCCURRED: True}))


@frozen
class Field:
    """One field of an attrs class, as filling by name and pictures need it.

    Attributes:
        name: Name under which instances bear it.
        argument: Name under which ``__init__`` takes it (attrs strips leading underscores).
        type: The annotation as text, in its shortest form.
        optional: Whether it has a default.
        occurred: Whether it takes the time of the moment.
        keyword: Whether ``__init__`` takes it by keyword only.
        annotation: The annotation as an object, or Any when it cannot be resolved.
    """

    name: str
    argument: str
    type: str
    optional: bool
    occurred: bool
    keyword: bool
    annotation: Any = field(default=Any, eq=False, repr=False)


@functools.cache
def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields of an attrs class that ``__init__`` takes, in order.

    Returns an empty tuple for a class that is not an attrs class.

    >>> fields_of(int)
    ()
    """
    if not attrs.has(cls):
        return ()
    hints = _hints(cls)
    return tuple(
        Field(
            attribute.name,
            attribute.alias,
            type_text(hints.get(attribute.name, attribute.type)),
            attribute.default is not attrs.NOTHING,
            bool(attribute.metadata.get(OCCURRED)),
            attribute.kw_only,
            hints.get(attribute.name, Any),
        )
        for attribute in attrs.fields(cls)
        if attribute.init
    )


def names_of(cls: type | None) -> frozenset[str]:
    """Return the names of the fields of an attrs class; none for None."""
    return frozenset() if cls is None else frozenset(f.name for f in attrs.fields(cls))


def field_type(cls: type, name: str) -> Any:
    """Return the resolved annotation of one field, or Any when it cannot be told."""
    return _hints(cls).get(name, Any)


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except (NameError, TypeError, AttributeError):
        # A name that lives in a function, or behind TYPE_CHECKING: its text has to do.
        return {}


def type_text(annotation: object) -> str:
    """Return an annotation as short text, without the modules of its names.

    >>> type_text(dict[str, int] | None), type_text(datetime), type_text("list[Story]")
    ('dict[str, int] | None', 'datetime', 'list[Story]')
    """
    if annotation is None or annotation is types.NoneType:
        return "None"
    if isinstance(annotation, str):
        return annotation
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):
        return f"[{', '.join(map(type_text, annotation))}]"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(type_text, arguments))
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None and arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    name = getattr(annotation, "__name__", None)
    return name if isinstance(name, str) else str(annotation).removeprefix("typing.")


def fits(given: Any, wanted: Any) -> bool:
    """Tell whether a value of one annotation may fill a field of another.

    Errs on the side of yes: only two annotations that plainly exclude each other do not fit.

    >>> fits(bool, int), fits(str, int), fits(str, str | None), fits(str | None, str)
    (True, False, True, False)
    """
    given_members, wanted_members = _members(given), _members(wanted)
    if given_members is None or wanted_members is None:
        return True
    numbers = {float: (int,), complex: (int, float)}
    accepted = tuple(cls for wide in wanted_members for cls in (wide, *numbers.get(wide, ())))
    return all(issubclass(member, accepted) for member in given_members)


def _members(annotation: Any) -> tuple[type, ...] | None:
    """Return the plain classes that an annotation stands for, or None when it is not that plain."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        parts = [_members(argument) for argument in typing.get_args(annotation)]
        return None if None in parts else tuple(c for part in parts if part for c in part)
    if annotation is None:
        return (types.NoneType,)
    if annotation is Any:
        return None
    plain = isinstance(annotation, type) and origin is None and annotation is not object
    if plain and not getattr(annotation, "_is_protocol", False):
        return (annotation,)
    return None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, flattened; of anything else, that thing alone.

    >>> union_members(int | str | None)
    (<class 'int'>, <class 'str'>, <class 'NoneType'>)
    """
    annotation = getattr(annotation, "__value__", annotation)  # of a ``type`` statement
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(m for part in typing.get_args(annotation) for m in union_members(part))
    return (annotation,)


def build_default(cls: type) -> Callable[[], Any] | None:
    """Return what builds an instance without arguments, or None when a field needs a value."""
    needs = any(not f.optional for f in fields_of(cls))
    return None if needs else cls
