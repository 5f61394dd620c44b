"""Shapes: how the values of one annotation are carried by JSON, in both directions.

A shape is worked out once for each annotation. It holds two functions without
look-ups in them, and the JSON Schema of the values that they write and read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from attrs import Factory, define, field, frozen

from statecharts.codec.errors import Misfit, shown
from statecharts.codec.texts import text_of

JsonSchema = dict[str, Any]

KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
"""The classes that a parser of JSON gives, and their names in JSON Schema."""


class Load(Protocol):
    """Makes a value from what the parser of JSON gives.

    cattrs calls it with the annotation as well, which a shape knows already.
    """

    def __call__(self, value: Any, annotation: Any = None, /) -> Any:
        """Return the value; raise `Misfit` when it is not one."""


Dump = Callable[[Any], Any]


class Definitions:
    """The named schemas of a document: each class once, so that classes may name each other."""

    def __init__(self) -> None:
        self.schemas: dict[str, JsonSchema] = {}
        self._names: dict[object, str] = {}

    def ref(self, owner: object, name: str, build: Callable[[Definitions], JsonSchema]) -> Any:
        """Return a reference to the schema of an owner, built when it is first asked for."""
        found = self._names.get(owner)
        if found is None:
            found = next(n for n in self._candidates(name) if n not in self.schemas)
            self._names[owner] = found
            self.schemas[found] = {}
            self.schemas[found] = build(self)
        return {"$ref": f"#/$defs/{found}"}

    @staticmethod
    def _candidates(name: str) -> Iterator[str]:
        yield name
        yield from (f"{name}{number}" for number in itertools.count(2))


def _written_by_dump(shape: Any) -> Callable[[Any], str]:
    return lambda value: text_of(shape.dump(value))


@define(eq=False)
class Shape:
    """Reads and writes the values of one annotation.

    Attributes:
        text: What messages call such a value: ``an integer``.
        load: Makes a value from what the parser of JSON gives.
        dump: Makes what the writer of JSON takes from a value.
        schema: Gives the JSON Schema of what is written and read.
        kinds: What it can be in JSON.
        classes: The classes of the values.
        name: What tells it apart in a union.
        write: Makes the text of JSON from a value at once; when it fails, ``dump`` says why.
    """

    text: str
    load: Load
    dump: Dump
    schema: Callable[[Definitions], JsonSchema]
    kinds: frozenset[str]
    classes: tuple[type, ...]
    name: str = field(default="")
    write: Callable[[Any], str] = field(default=Factory(_written_by_dump, takes_self=True))


@frozen
class Key:
    """Reads and writes the keys of a mapping that can be the keys of a JSON object."""

    load: Callable[[str], Any]
    dump: Callable[[Any], str]
    schema: JsonSchema


def wrong(text: str, value: Any, remedy: str = "") -> Misfit:
    """Return the mistake of a JSON value that is not what it should be."""
    return Misfit("SC402", f"{shown(value)} is not {text}", remedy or f"Give {text}", value)


def unwritable(text: str, value: Any) -> Misfit:
    """Return the mistake of a Python value that is not what its annotation says.

    The value itself stays out of the message: it may be anything, and of any size.
    """
    if is_never_written(type(value)):
        return never_written(type(value), value)
    name = type(value).__name__
    if text == f"a {name}":
        found = (
            f"an instance of another class of the name {name} was found where {text} is declared"
        )
        remedy = f"Use the {name} that was declared first, not one declared again"
        return Misfit("SC421", found, remedy, value)
    found = f"an instance of {name} was found where {text} is declared"
    return Misfit("SC421", found, f"Put {text} there, or correct the annotation", value)


def is_never_written(cls: Any) -> bool:
    """Tell whether a class says that nothing may write it, as a class of secrets does.

    It says so by an attribute ``__never_written__ = True``; no carrier helps against that.

    >>> is_never_written(str)
    False
    """
    return getattr(cls, "__never_written__", False) is True


def never_written(cls: type, value: Any) -> Misfit:
    """Return the mistake of writing what must not be written."""
    remedy = "Remove it, and hand it over in another way"
    return Misfit("SC424", f"a {cls.__name__} is never written", remedy, value)
