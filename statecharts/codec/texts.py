"""Texts: plain values as the bytes of JSON, keys sorted, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from statecharts.codec.errors import Misfit, at, reason, too_long

__all__ = ["encode", "parse", "quoted", "text_of"]


_encoder: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def _made_once() -> Callable[[Any], str]:
    """Return a function that encodes as ``_encoder.encode`` does, with parts that are made once."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter other than CPython
        return _encoder.encode
    options = {"key_separator": ":", "item_separator": ",", "sort_keys": True, "skipkeys": False}
    parts = make(None, _encoder.default, quoted, None, **options, allow_nan=False)
    return lambda value: "".join(parts(value, 0))


text_of: Final = _made_once()
"""Returns plain values as text."""


def encode(value: Any) -> bytes:
    """Return plain JSON values as bytes, keys sorted.

    Raises:
        Misfit: An integer in it is longer than Python writes.

    >>> encode({"b": 1, "a": "ä"}).decode()
    '{"a":"ä","b":1}'
    """
    try:
        return text_of(value).encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which has to be escaped
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("ascii")
    except ValueError:
        _refuse_long(value)
        raise


def _refuse_long(value: Any) -> None:
    """Refuse an integer in a value that is longer than Python writes."""
    if isinstance(value, dict):
        for key, one in value.items():
            at(key, _refuse_long, one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            at(number, _refuse_long, one)
    elif isinstance(value, int):
        try:
            str(value)
        except ValueError:
            raise too_long(value) from None


def parse(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        Misfit: It is not JSON, or an integer in it is longer than Python reads.
    """
    try:
        text = text if isinstance(text, str) else bytes(text).decode("utf-8")
        try:
            found, end = _decoder.raw_decode(text)
        except ValueError:  # it may begin with a space
            found, end = None, -1
        return found if end == len(text) else _decoder.decode(text)
    except (ValueError, TypeError) as error:
        if type(error) is ValueError:  # neither of JSON nor of UTF-8
            raise too_long() from None
        raise _no_json(reason(error)) from None


def _no_constant(name: str) -> Any:
    raise _no_json(f"{name} is not a number of JSON")


def _no_json(why: str) -> Misfit:
    remedy = "Give one value of JSON, in UTF-8"
    return Misfit("SC401", f"the text is not JSON: {why}", remedy)


_decoder: Final = json.JSONDecoder(parse_constant=_no_constant)
