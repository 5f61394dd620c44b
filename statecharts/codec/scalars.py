"""Scalars: the values that JSON carries as one number, string or boolean.

Reading is strict: ``"12"`` is not an integer, ``1`` is not true, and a time needs its zone. Times
are RFC 3339 in UTC, durations ISO 8601, bytes base64url without padding.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Final, TypeVar
from uuid import UUID

from statecharts.codec.errors import Misfit, too_long
from statecharts.codec.shapes import JsonSchema, Key, Shape, unwritable, wrong
from statecharts.codec.texts import quoted
from statecharts.codec.times import DATE, DATETIME, DURATION, TIME, formed

T = TypeVar("T")

_NOT_FINITE: Final = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
_INTEGER_KEY: Final = re.compile("-?(0|[1-9][0-9]*)").fullmatch


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
    return Shape(text, load, dump, lambda _: dict(schema), kinds, (cls,), name)


# -- what JSON has itself --------------------------------------------------------------------------


def _exactly(
    cls: type[T], text: str, refused: Callable[[str, Any], Misfit] = wrong
) -> Callable[..., T]:
    """Return a function that returns the values of a class, and refuses all others."""

    def take(value: Any, _: Any = None) -> T:
        if value.__class__ is cls:
            return value
        raise refused(text, value)

    return take


load_int: Final = _exactly(int, "an integer")
load_str: Final = _exactly(str, "a string")


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


def dump_str(value: Any) -> str:
    """Write a string; members of a ``StrEnum`` are written as what they equal."""
    if value.__class__ is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise unwritable("a str", value)


# -- other strings --------------------------------------------------------------------------------


def _bytes(text: str) -> bytes:
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _bytes_text(found) != text:
        raise ValueError("the bits that no byte takes must be zero")
    return found


def _bytes_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


BYTES: Final = formed(
    *(bytes, "^[A-Za-z0-9_-]*$", _bytes, _bytes_text, "bytes"),
    *("bytes in base64url", "Give them in base64url without padding", "bytes"),
)
IDENTIFIER: Final = formed(
    UUID,
    "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    *(UUID, str, "a UUID", "a UUID", "Give it in lower case with hyphens", "a UUID"),
)
DECIMAL: Final = formed(
    Decimal,
    "^-?([0-9]+([.][0-9]+)?(E[+-]?[0-9]+)?|Infinity|NaN)$",
    *(Decimal, str, "a decimal number", "a decimal number in a string"),
    *('Give a number such as "12.50"', "a Decimal"),
)


def _path_shape(cls: type[PurePath]) -> Shape:
    def load(value: Any, _: Any = None) -> PurePath:
        return cls(load_str(value))

    def dump(value: Any) -> str:
        if isinstance(value, cls):
            return str(value)
        raise unwritable("a path", value)

    return _shape("a path", "path", cls, load, dump, {"type": "string"})


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
NULL: Final = _shape(
    *("null", "none", type(None), _exactly(type(None), "null")),
    *(_exactly(type(None), "None", unwritable), {"type": "null"}),
)
BOOLEAN: Final = _shape(
    *("true or false", "bool", bool, _exactly(bool, "true or false")),
    *(_exactly(bool, "a bool", unwritable), {"type": "boolean"}),
)

INTEGER.write = lambda value: repr(value if value.__class__ is int else dump_int(value))
STRING.write = lambda value: quoted(value if value.__class__ is str else dump_str(value))

SCALARS: Final[dict[type, Shape]] = {
    bool: BOOLEAN,
    int: INTEGER,
    float: FLOAT,
    str: STRING,
    type(None): NULL,
    **{one.classes[0]: one for one in (DATETIME, DATE, TIME, DURATION, BYTES, IDENTIFIER, DECIMAL)},
    **{cls: _path_shape(cls) for cls in (PurePath, Path, PurePosixPath, PureWindowsPath)},
}
"""The scalar classes."""


def key_of(shape: Shape) -> Key | None:
    """Return how values of a shape are the keys of an object, or None when they cannot be."""
    if shape is INTEGER:
        return Key(_load_integer_key, _dump_integer_key, _KEY_SCHEMA)
    if shape.kinds == {"string"}:
        return Key(shape.load, shape.dump, {})
    return None


def _dump_integer_key(value: Any) -> str:
    whole = dump_int(value)
    try:
        return str(whole)
    except ValueError:
        raise too_long(whole) from None


_KEY_SCHEMA: Final = {"pattern": "^-?(0|[1-9][0-9]*)$"}


def _load_integer_key(value: str) -> int:
    if _INTEGER_KEY(load_str(value)) and value != "-0":
        try:
            return int(value)
        except ValueError:  # more digits than Python turns into a number
            pass
    raise wrong("an integer", value)
