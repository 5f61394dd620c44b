"""Fields: what the classes of a chart are made of, with their annotations resolved."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import attrs
from attrs import frozen

from statecharts.codec.errors import Misfit
from statecharts.model.fields import annotations_of, substituted


@frozen
class Member:
    """One field that ``__init__`` takes.

    Attributes:
        name: Name under which instances bear it.
        key: Name under which ``__init__`` takes it, which is its name in JSON.
        annotation: What it is declared to be.
        required: Whether it lacks a default.
    """

    name: str
    key: str
    annotation: Any
    required: bool


def is_record(cls: Any) -> bool:
    """Tell whether a class is made of fields: an attrs class, or a data class."""
    return isinstance(cls, type) and (attrs.has(cls) or dataclasses.is_dataclass(cls))


def members(annotation: Any) -> tuple[Member, ...]:
    """Return the fields of a class, or of a generic class with its arguments.

    Raises:
        Misfit: An annotation names something that cannot be found.
    """
    cls = typing.get_origin(annotation) or annotation
    hints = annotations_of(cls)
    arguments = dict(_arguments(annotation))
    found = []
    for name, key, declared, required in _declared(cls):
        hint = hints[name]
        if isinstance(hint, str):
            text = f"the annotation {declared!r} cannot be resolved"
            remedy = "Declare what it names at the top level of its module"
            raise Misfit("SC422", text, remedy, cls).within(key, cls)
        found.append(Member(name, key, substituted(hint, arguments), required))
    return tuple(found)


def _declared(cls: Any) -> Iterator[tuple[str, str, Any, bool]]:
    if attrs.has(cls):
        for one in attrs.fields(cls):
            if one.init:
                yield one.name, one.alias or one.name, one.type, one.default is attrs.NOTHING
    else:
        for other in dataclasses.fields(cls):
            if other.init:
                bare = other.default is dataclasses.MISSING
                required = bare and other.default_factory is dataclasses.MISSING
                yield other.name, other.name, other.type, required


def _arguments(annotation: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what the type parameters of a class and of its bases stand for."""
    origin = typing.get_origin(annotation)
    own = dict(zip(_parameters(origin), typing.get_args(annotation), strict=False))
    yield from own.items()
    for base in getattr(origin or annotation, "__orig_bases__", ()):
        inner = typing.get_origin(base)
        if isinstance(inner, type) and inner is not typing.Generic:
            for parameter, argument in _arguments(base):
                yield parameter, substituted(argument, own)


def _parameters(cls: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = getattr(cls, "__parameters__", ())
    return found
