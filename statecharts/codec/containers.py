"""Containers: lists, tuples, sets and mappings, and values that are JSON already.

Sets are written in order of their JSON, so that equal sets give equal text. A mapping whose keys
are strings or integers is an object; any other is an array of pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from statecharts.codec.errors import Misfit
from statecharts.codec.scalars import key_of
from statecharts.codec.shapes import (
    KINDS,
    Definitions,
    JsonSchema,
    Key,
    Load,
    Shape,
    is_never_written,
    never_written,
    unwritable,
    wrong,
)


def array_shape(item: Shape, cls: type, text: str) -> Shape:
    """Return the shape of a list, or of a tuple of any length."""
    load_item, dump_item = item.load, item.dump

    def load(value: Any, _: Any = None) -> Any:
        if value.__class__ is not list:
            raise wrong("an array", value)
        made = each(load_item, value, value)
        return made if cls is list else tuple(made)

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, cls):
            raise unwritable(text, value)
        return each(dump_item, value, value)

    def schema(definitions: Definitions) -> JsonSchema:
        return {"type": "array", "items": item.schema(definitions)}

    return Shape("an array", load, dump, schema, frozenset({"array"}), (cls,), text)


def tuple_shape(items: Sequence[Shape], text: str) -> Shape:
    """Return the shape of a tuple of known length."""
    loads, dumps = [item.load for item in items], [item.dump for item in items]
    expected = f"an array of {len(items)}"

    def load(value: Any, _: Any = None) -> tuple[Any, ...]:
        if value.__class__ is not list or len(value) != len(loads):
            raise wrong(expected, value)
        return tuple(_zipped(loads, value))

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != len(dumps):
            raise unwritable(text, value)
        return _zipped(dumps, value)

    def schema(definitions: Definitions) -> JsonSchema:
        found: JsonSchema = {"type": "array", "minItems": len(items), "maxItems": len(items)}
        if items:
            found["prefixItems"] = [item.schema(definitions) for item in items]
        return found

    return Shape(expected, load, dump, schema, frozenset({"array"}), (tuple,), text)


def set_shape(item: Shape, cls: type, text: str) -> Shape:
    """Return the shape of a set."""
    load_item, dump_item = item.load, item.dump

    def load(value: Any, _: Any = None) -> Any:
        if value.__class__ is not list:
            raise wrong("an array", value)
        made = each(load_item, value, value)
        try:
            found = cls(made)
        except TypeError:
            raise Misfit("SC402", "an item cannot be in a set", "", value) from None
        if len(found) == len(made):
            return found
        raise Misfit("SC402", "an item appears twice in a set", "Give each item once", value)

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, AbstractSet):
            raise unwritable(text, value)
        return sorted(each(dump_item, value, value), key=_order)

    def schema(definitions: Definitions) -> JsonSchema:
        return {"type": "array", "uniqueItems": True, "items": item.schema(definitions)}

    return Shape("an array", load, dump, schema, frozenset({"array"}), (cls,), text)


def mapping_shape(key: Shape, item: Shape, abstract: bool, text: str) -> Shape:  # noqa: FBT001
    """Return the shape of a mapping; it is read as a dict.

    Args:
        key: The keys.
        item: The values.
        abstract: Whether any mapping may be written, or a dict alone.
        text: The annotation.
    """
    accepted: type = Mapping if abstract else dict
    written = key_of(key)
    if written is None:
        return _pairs_shape(key, item, accepted, text)
    return _object_shape(written, item, accepted, text)


def _object_shape(key: Key, item: Shape, accepted: type, text: str) -> Shape:
    load_key, dump_key, load_item, dump_item = key.load, key.dump, item.load, item.dump

    def load(value: Any, _: Any = None) -> dict[Any, Any]:
        if value.__class__ is not dict:
            raise wrong("an object", value)
        found: dict[Any, Any] = {}
        name = None
        try:
            for name, inner in value.items():
                found[load_key(name)] = load_item(inner)
        except Misfit as misfit:
            misfit.within(name, value)
            raise
        if len(found) != len(value):
            raise Misfit("SC402", "two keys mean the same", "Give each key once", value)
        return found

    def dump(value: Any) -> dict[str, Any]:
        if not isinstance(value, accepted):
            raise unwritable(text, value)
        found: dict[str, Any] = {}
        name = None
        try:
            for one, inner in value.items():  # type: ignore[attr-defined]
                name = None
                name = dump_key(one)
                found[name] = dump_item(inner)
        except Misfit as misfit:
            misfit.within(name, value)
            raise
        return found

    def schema(definitions: Definitions) -> JsonSchema:
        found: JsonSchema = {
            "type": "object",
            "additionalProperties": item.schema(definitions),
        }
        return {**found, "propertyNames": key.schema} if key.schema else found

    return Shape("an object", load, dump, schema, frozenset({"object"}), (dict,), text)


def _pairs_shape(key: Shape, item: Shape, accepted: type, text: str) -> Shape:
    pairs = array_shape(tuple_shape((key, item), "a pair"), list, "an array of pairs")

    def load(value: Any, _: Any = None) -> dict[Any, Any]:
        loaded = pairs.load(value)
        try:
            found = dict(loaded)
        except TypeError:
            raise Misfit("SC402", "a key cannot be one of a dict", "", value) from None
        if len(found) != len(loaded):
            raise Misfit("SC402", "two keys mean the same", "Give each key once", value)
        return found

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, accepted):
            raise unwritable(text, value)
        try:
            return sorted(pairs.dump(list(value.items())), key=_order)  # type: ignore[attr-defined]
        except Misfit as misfit:
            misfit.within(None, value)
            raise

    return Shape("pairs", load, dump, pairs.schema, frozenset({"array"}), (dict,), text)


def each(function: Load | Callable[[Any], Any], values: Any, owner: Any) -> list[Any]:
    """Return what a function makes of each value; a mistake gets the index."""
    made: list[Any] = []
    try:
        for value in values:
            made.append(function(value))
    except Misfit as misfit:
        misfit.within(len(made), owner)
        raise
    return made


def _zipped(functions: Sequence[Callable[..., Any]], values: Sequence[Any]) -> list[Any]:
    made: list[Any] = []
    try:
        for function, value in zip(functions, values, strict=True):
            made.append(function(value))
    except Misfit as misfit:
        misfit.within(len(made), values)
        raise
    return made


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# -- what is JSON already --------------------------------------------------------------------------


def load_json(value: Any, _: Any = None) -> Any:
    """Return JSON as it is; containers are copied."""
    kind = value.__class__
    if kind is dict:
        for name in value:
            if name.__class__ is not str:  # a parser gives nothing but strings
                raise wrong("a string", name).within(name, value)
        return _copied(load_json, value)
    if kind is list:
        return each(load_json, value, value)
    if kind in KINDS and (kind is not float or math.isfinite(value)):
        return value
    raise wrong("JSON", value)


def dump_json(value: Any) -> Any:
    """Write what is JSON already; anything else would not come back as it was."""
    kind = value.__class__
    if kind is dict:
        for name in value:
            if name.__class__ is not str:
                found = f"a key of a dict is an instance of {type(name).__name__}"
                raise Misfit("SC421", found, "Use strings as keys", value)
        return _copied(dump_json, value)
    if kind is list:
        return each(dump_json, value, value)
    if kind not in KINDS or (kind is float and not math.isfinite(value)):
        if is_never_written(kind):
            raise never_written(kind, value)
        found = f"an instance of {kind.__name__} is not JSON, and no annotation says what it is"
        if kind is float:
            found = "a number that is not finite is not JSON"
        raise Misfit("SC421", found, "Give plain JSON, or annotate the field", value)
    return value


def _copied(function: Load | Callable[[Any], Any], value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    name = None
    try:
        for name, inner in value.items():
            found[name] = function(inner)
    except Misfit as misfit:
        misfit.within(name, value)
        raise
    return found


ANY: Final = Shape(
    "JSON", load_json, dump_json, lambda _definitions: {}, frozenset(KINDS.values()), (object,)
)
"""What carries no type: plain JSON."""
