"""Containers: lists, tuples, sets and mappings, and values that are JSON already.

Sets are written in order of their JSON, so that equal sets give equal text. A mapping whose keys
are strings or integers is an object; any other is an array of pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count, islice, repeat
from typing import Any, Final

from statecharts.codec.errors import Misfit
from statecharts.codec.scalars import key_of, load_str
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
        if isinstance(value, cls):
            return each(dump_item, value, value)  # type: ignore[arg-type]
        raise unwritable(text, value)

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
        return tuple(each(_applied, zip(loads, value, strict=True), value))

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != len(dumps):
            raise unwritable(text, value)
        return each(_applied, zip(dumps, value, strict=True), value)

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
        names = list(value)
        keys = each(load_key, names, value, names)
        found = dict(zip(keys, each(load_item, value.values(), value, names), strict=True))
        if len(found) != len(value):
            raise Misfit("SC402", "two keys mean the same", "Give each key once", value)
        return found

    def dump(value: Any) -> dict[str, Any]:
        if not isinstance(value, accepted):
            raise unwritable(text, value)
        given: Mapping[Any, Any] = value  # type: ignore[assignment]
        names = each(dump_key, given, value, repeat(None))
        return dict(zip(names, each(dump_item, given.values(), value, names), strict=True))

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


def each(
    function: Load | Callable[[Any], Any],
    values: Iterable[Any],
    owner: Any,
    keys: Iterable[Any] | None = None,
) -> list[Any]:
    """Return the results of a function for each value.

    A mistake in one gets its index, or its key where there are keys.
    """
    made: list[Any] = []
    try:
        for value in values:
            made.append(function(value))
    except Misfit as misfit:
        misfit.within(next(islice(count() if keys is None else keys, len(made), None)), owner)
        raise
    return made


def each_of(function: Load | Callable[[Any], Any], value: Any) -> list[Any]:
    """Return the results of a function for each item of an array."""
    if value.__class__ is not list:
        raise wrong("an array", value)
    return each(function, value, value)


def _applied(pair: tuple[Callable[[Any], Any], Any]) -> Any:
    return pair[0](pair[1])


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# -- what is JSON already --------------------------------------------------------------------------


def load_json(value: Any, _: Any = None) -> Any:
    """Return JSON as it is; containers are copied."""
    kind = value.__class__
    if kind is dict:
        names = each(load_str, value, value, value)  # a parser gives nothing but strings
        return dict(zip(names, each(load_json, value.values(), value, names), strict=True))
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
        return dict(zip(value, each(dump_json, value.values(), value, value), strict=True))
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


ANY: Final = Shape(
    "JSON", load_json, dump_json, lambda _definitions: {}, frozenset(KINDS.values()), (object,)
)
"""The shape of values without a type: plain JSON."""
