"""Artifacts: values that are kept by the SHA-256 of their canonical JSON (RFC 8785).

Equal values have equal bytes, whoever wrote them: keys are sorted by their UTF-16 code units,
numbers are written as JavaScript writes them.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from statecharts.store.errors import StoreError

_LARGEST: Final = (1 << 53) - 1
"""The largest integer that every reader of JSON takes exactly."""

_LONGEST: Final = 21
"""Digits before the point that are written without an exponent."""

_SMALLEST: Final = -6
"""Zeros after the point, as a negative number, that need an exponent."""

_PLAIN: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


def canonical(value: Any) -> bytes:
    """Return a JSON value as canonical bytes (RFC 8785).

    Args:
        value: A dict with texts as keys, list, tuple, text, number, boolean or None, and so on
            inside.

    Raises:
        StoreError: It has no canonical form (SC809): an integer beyond 2**53, a number that is not
            finite, half of a surrogate pair, another type, something nested too deeply.

    >>> canonical({"b": [1.0, 1e21, 0.1], "a": "ä"}).decode()
    '{"a":"ä","b":[1,1e+21,0.1]}'
    """
    # Where nothing needs JavaScript's rules, the encoder of the standard library writes the same.
    try:
        text = _PLAIN(value) if _is_plain(value) else "".join(_parts(value))
        return text.encode("utf-8")
    except RecursionError:
        raise _refused("it is nested too deeply, or holds itself") from None
    except UnicodeEncodeError:
        raise _refused("a text holds half of a surrogate pair") from None


def _is_plain(value: Any) -> bool:
    """Return whether a value has no floats and no keys whose order depends on UTF-16."""
    cls = type(value)
    if cls is str or value is None or cls is bool:
        return True
    if cls is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    if cls is list:
        return all(map(_is_plain, value))
    if cls is dict:
        return all(type(key) is str and key.isascii() for key in value) and all(
            map(_is_plain, value.values())
        )
    return False


def _parts(value: Any) -> list[str]:
    match value:
        case None | bool() | str():
            return [_PLAIN(value)]
        case int():
            if abs(value) > _LARGEST:
                raise _refused("an integer is beyond 2**53; write it as a text")
            return [str(int(value))]
        case float():
            return [number_text(value)]
        case dict():
            wrong = next((key for key in value if not isinstance(key, str)), None)
            if wrong is not None:
                raise _refused(f"the key {wrong!r} is not a text")
            parts = ["{"]
            for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass")):
                if len(parts) > 1:
                    parts.append(",")
                parts += [_PLAIN(key), ":", *_parts(value[key])]
            return [*parts, "}"]
        case list() | tuple():
            parts = ["["]
            for one in value:
                if len(parts) > 1:
                    parts.append(",")
                parts += _parts(one)
            return [*parts, "]"]
        case _:
            raise _refused(f"a value is of the class {type(value).__name__}")


def number_text(value: float) -> str:
    """Return a number as JavaScript writes it (ECMA-262, Number::toString).

    >>> number_text(1e21), number_text(1e-7), number_text(-0.0), number_text(123456.789)
    ('1e+21', '1e-7', '0', '123456.789')
    """
    if not math.isfinite(value):
        raise _refused(f"{value} is not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction if fraction != "0" else ""
    point = len(whole) + int(exponent or 0)  # where the point stands, from the first digit
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= _LONGEST:
        text = digits + "0" * (point - count)
    elif 0 < point <= _LONGEST:
        text = f"{digits[:point]}.{digits[point:]}"
    elif _SMALLEST < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        rest = f".{digits[1:]}" if count > 1 else ""
        text = f"{digits[0]}{rest}e{point - 1:+d}"
    return sign + text


def _refused(found: str) -> StoreError:
    remedy = "Keep plain JSON values"
    return StoreError("SC809", "artifact", found, remedy)
