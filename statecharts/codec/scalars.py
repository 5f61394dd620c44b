"""Scalars: the values that JSON carries as one number, string or boolean.

Reading is strict: ``"12"`` is not an integer, ``1`` is not true, and a time needs its zone. Times
are RFC 3339 in UTC, durations ISO 8601, bytes base64url without padding.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Final
from uuid import UUID

from statecharts.codec import times
from statecharts.codec.errors import Misfit
from statecharts.codec.shapes import JsonSchema, Key, Shape, unwritable, wrong
from statecharts.codec.texts import quoted

_PATTERNS: Final = {
    "bytes": "^[A-Za-z0-9_-]*$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "decimal": "^-?([0-9]+([.][0-9]+)?(E[+-]?[0-9]+)?|Infinity|NaN)$",
}
_COMPILED: Final = {name: re.compile(text).fullmatch for name, text in _PATTERNS.items()}
_NOT_FINITE: Final = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
_INTEGER_KEY: Final = re.compile("-?(0|[1-9][0-9]*)").fullmatch


def _constant(schema: JsonSchema) -> Callable[[Any], JsonSchema]:
    return lambda _definitions: dict(schema)


def _shape(
    text: str,
    name: str,
    cls: type,
    load: Callable[..., Any],
    dump: Callable[[Any], Any],
    schema: JsonSchema,
) -> Shape:
    types = schema.get("type", "string")
    kinds = frozenset({types} if isinstance(types, str) else types)
    return Shape(text, load, dump, _constant(schema), kinds, (cls,), name)


# -- what JSON has itself --------------------------------------------------------------------------


def load_bool(value: Any, _: Any = None) -> bool:
    """Read a boolean."""
    if value is True or value is False:
        return bool(value)
    raise wrong("true or false", value)


def dump_bool(value: Any) -> bool:
    """Write a boolean."""
    if value is True or value is False:
        return bool(value)
    raise unwritable("a bool", value)


def load_int(value: Any, _: Any = None) -> int:
    """Read an integer."""
    if value.__class__ is int:
        return value
    raise wrong("an integer", value)


def dump_int(value: Any) -> int:
    """Write an integer; members of an ``IntEnum`` are written as what they equal."""
    if value.__class__ is int:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise unwritable("an int", value)


def load_finite(value: Any, _: Any = None) -> float:
    """Read a number."""
    if value.__class__ is float and math.isfinite(value):
        return value
    if value.__class__ is int:
        try:
            return float(value)
        except OverflowError:
            pass
    raise wrong("a number", value)


def dump_finite(value: Any) -> float:
    """Write a number that JSON has."""
    number = dump_number(value)
    if math.isfinite(number):
        return number
    found = "a number that is not finite cannot be told from a string here"
    raise Misfit("SC421", found, "Give a finite number", value)


def dump_number(value: Any) -> float:
    """Return a number as a float; refuse an int that no float equals."""
    if value.__class__ is float:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.nan
        if number == value:
            return number
    raise unwritable("a float", value)


def load_float(value: Any, _: Any = None) -> float:
    """Read a number, or the name of one that is not finite."""
    if value.__class__ is str and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    return load_finite(value)


def dump_float(value: Any) -> float | str:
    """Write a number; one that is not finite by its name, which JSON has no number for."""
    number = value if value.__class__ is float else dump_number(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def load_str(value: Any, _: Any = None) -> str:
    """Read a string."""
    if value.__class__ is str:
        return value
    raise wrong("a string", value)


def dump_str(value: Any) -> str:
    """Write a string; members of a ``StrEnum`` are written as what they equal."""
    if value.__class__ is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise unwritable("a str", value)


def load_none(value: Any, _: Any = None) -> None:
    """Read null."""
    if value is not None:
        raise wrong("null", value)


def dump_none(value: Any) -> None:
    """Write null."""
    if value is not None:
        raise unwritable("None", value)


# -- other strings --------------------------------------------------------------------------------


def load_bytes(value: Any, _: Any = None) -> bytes:
    """Read bytes of base64url, without padding."""
    try:
        if _COMPILED["bytes"](value):
            found = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            if dump_bytes(found) == value:  # the bits that no byte takes must be zero
                return found
    except (TypeError, binascii.Error):
        pass
    raise wrong("bytes in base64url", value, "Give them in base64url without padding")


def dump_bytes(value: Any) -> str:
    """Write bytes as base64url, without padding."""
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
    raise unwritable("bytes", value)


def load_uuid(value: Any, _: Any = None) -> UUID:
    """Read a UUID in its canonical form."""
    if value.__class__ is str and _COMPILED["uuid"](value):
        return UUID(value)
    raise wrong("a UUID", value, "Give it in lower case with hyphens")


def dump_uuid(value: Any) -> str:
    """Write a UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise unwritable("a UUID", value)


def load_decimal(value: Any, _: Any = None) -> Decimal:
    """Read a decimal number out of a string, digit for digit."""
    try:
        if _COMPILED["decimal"](value):
            return Decimal(value)
    except (TypeError, InvalidOperation):
        pass
    raise wrong("a decimal number in a string", value, 'Give a number such as "12.50"')


def dump_decimal(value: Any) -> str:
    """Write a decimal number as a string, digit for digit."""
    if isinstance(value, Decimal):
        text = str(value)
        if _COMPILED["decimal"](text):
            return text
    raise unwritable("a Decimal", value)


def _path_shape(cls: type[PurePath]) -> Shape:
    def load(value: Any, _: Any = None) -> PurePath:
        return cls(load_str(value))

    def dump(value: Any) -> str:
        if isinstance(value, cls):
            return str(value)
        raise unwritable("a path", value)

    return _shape("a path", "path", cls, load, dump, {"type": "string"})


def _pattern(name: str) -> JsonSchema:
    return {"type": "string", "pattern": _PATTERNS.get(name) or times.PATTERNS[name]}


STRING: Final = _shape("a string", "str", str, load_str, dump_str, {"type": "string"})
INTEGER: Final = _shape("an integer", "int", int, load_int, dump_int, {"type": "integer"})
FINITE: Final = _shape("a number", "float", float, load_finite, dump_finite, {"type": "number"})
FLOAT: Final = _shape(
    "a number",
    "float",
    float,
    load_float,
    dump_float,
    {"type": ["number", "string"], "pattern": f"^({'|'.join(_NOT_FINITE)})$"},
)
NULL: Final = _shape("null", "none", type(None), load_none, dump_none, {"type": "null"})
DATETIME: Final = _shape(
    "a point in time",
    "datetime",
    datetime,
    times.load_datetime,
    times.dump_datetime,
    _pattern("datetime"),
)

INTEGER.write = lambda value: repr(value if value.__class__ is int else dump_int(value))
STRING.write = lambda value: quoted(value if value.__class__ is str else dump_str(value))
DATETIME.write = lambda value: f'"{times.dump_datetime(value)}"'

SCALARS: Final[dict[type, Shape]] = {
    bool: _shape("true or false", "bool", bool, load_bool, dump_bool, {"type": "boolean"}),
    int: INTEGER,
    float: FLOAT,
    str: STRING,
    type(None): NULL,
    datetime: DATETIME,
    date: _shape("a date", "date", date, times.load_date, times.dump_date, _pattern("date")),
    time: _shape("a time of day", "time", time, times.load_time, times.dump_time, _pattern("time")),
    timedelta: _shape(
        "a duration",
        "timedelta",
        timedelta,
        times.load_timedelta,
        times.dump_timedelta,
        _pattern("timedelta"),
    ),
    bytes: _shape("bytes", "bytes", bytes, load_bytes, dump_bytes, _pattern("bytes")),
    UUID: _shape("a UUID", "uuid", UUID, load_uuid, dump_uuid, _pattern("uuid")),
    Decimal: _shape(
        "a decimal number", "decimal", Decimal, load_decimal, dump_decimal, _pattern("decimal")
    ),
    **{cls: _path_shape(cls) for cls in (PurePath, Path, PurePosixPath, PureWindowsPath)},
}
"""The scalar classes."""


def key_of(shape: Shape) -> Key | None:
    """Return how values of a shape are the keys of an object, or None when they cannot be."""
    if shape is INTEGER:
        return Key(_load_integer_key, lambda value: str(dump_int(value)), _KEY_SCHEMA)
    if shape.kinds == {"string"}:
        return Key(shape.load, shape.dump, {})
    return None


_KEY_SCHEMA: Final = {"pattern": "^-?(0|[1-9][0-9]*)$"}


def _load_integer_key(value: str) -> int:
    if _INTEGER_KEY(load_str(value)) and value != "-0":
        try:
            return int(value)
        except ValueError:  # more digits than Python turns into a number
            pass
    raise wrong("an integer", value)
