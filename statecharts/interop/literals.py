"""Literals: constants as expressions of a data model write them, read and never evaluated."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

NOTHING: Final = object()
"""What is returned for a text that is no literal."""

DEEPEST: Final = 40
"""How many lists and objects may lie one inside the other."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<word>true|false|null|True|False|None)\b
      | (?P<mark>[\[\]{},:])
    )""",
    re.VERBOSE,
)
_WORDS: Final = {"true": True, "false": False, "True": True, "False": False}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPES.update({mark: mark for mark in "\\/'\""})
_DIGITS: Final = 400


def literal(text: str) -> Any:
    """Return what a constant stands for, as Python or ECMAScript writes it; else `NOTHING`.

    >>> literal("'red'"), literal("[1, -2.5, True, null]"), literal('{"a": {}}')
    ('red', [1, -2.5, True, None], {'a': {}})
    >>> literal("Var1 + 1") is NOTHING
    True
    """
    if (found := _from_json(text)) is not NOTHING:
        return found
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            return NOTHING
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    try:
        value, end = _value(tokens, 0, DEEPEST)
    except (LookupError, ValueError):
        return NOTHING
    return value if end == len(tokens) else NOTHING


def payload_value(payload: Mapping[str, Any]) -> Any:
    """Return what params, or some content, stand for when all of it is literal; else `NOTHING`.

    >>> payload_value({"params": {"n": {"expr": "1"}}}), payload_value({"content": "[2]"})
    ({'n': 1}, [2])
    >>> payload_value({"contentexpr": "Var1"}) is NOTHING
    True
    """
    if "contentexpr" in payload:
        return literal(str(payload["contentexpr"]))
    if "content" in payload:
        text = str(payload["content"])
        value = NOTHING if text.startswith("<") else literal(text)
        return text if value is NOTHING and not text.startswith("<") else value
    said = payload.get("params", {}).items()
    found = {key: literal(one["expr"]) if [*one] == ["expr"] else NOTHING for key, one in said}
    return NOTHING if NOTHING in found.values() else found


def literal_text(value: Any, *, python: bool = False) -> str | None:
    """Return the text of a constant, as `literal` reads it; None for what is not plain data.

    >>> literal_text({"on": True}), literal_text({"on": True}, python=True)
    ('{"on": true}', '{"on": True}')
    """
    if not plain(value):
        return None
    if not python:
        return _json(value)
    if isinstance(value, list):
        return f"[{', '.join(literal_text(one, python=True) or '' for one in value)}]"
    if isinstance(value, dict):
        pairs = (f"{_json(key)}: {literal_text(one, python=True)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value) if value is None or isinstance(value, bool) else _json(value)


def plain(value: Any, depth: int = DEEPEST) -> bool:
    """Tell whether a value is plain data: what JSON can say, and says again the same."""
    if depth == 0:
        return False
    if isinstance(value, list):
        return type(value) is list and all(plain(one, depth - 1) for one in value)
    if isinstance(value, dict):
        keys = all(type(key) is str for key in value)
        return type(value) is dict and keys and all(plain(v, depth - 1) for v in value.values())
    if type(value) is int:
        return value.bit_length() < _DIGITS
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, str)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # What XML cannot hold, JSON can say in ASCII.
    return text if text.isprintable() else json.dumps(value)


def _from_json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING
    return value if plain(value) else NOTHING


def _value(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    """Return a value and where the next token stands; raise where there is none."""
    kind, text = tokens[at]
    if depth == 0:
        raise ValueError(text)
    if kind == "number":
        if len(text) > _DIGITS // 4:
            raise ValueError(text)
        number = float(text) if set(text) & set(".eE") else int(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number, at + 1
    if kind == "string":
        return _ESCAPE.sub(_unescaped, text[1:-1]), at + 1
    if kind == "word":
        return _WORDS.get(text), at + 1
    if text == "[":
        return _list(tokens, at + 1, depth - 1)
    if text == "{":
        return _object(tokens, at + 1, depth - 1)
    raise ValueError(text)


def _list(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while tokens[at][1] != "]" or tokens[at][0] != "mark":
        value, at = _value(tokens, at, depth)
        found.append(value)
        at = _next(tokens, at, "]")
    return found, at + 1


def _object(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while tokens[at] != ("mark", "}"):
        if tokens[at][0] != "string" or tokens[at + 1] != ("mark", ":"):
            raise ValueError(tokens[at][1])
        key, at = _value(tokens, at, 1)
        found[key], at = _value(tokens, at + 1, depth)
        at = _next(tokens, at, "}")
    return found, at + 1


def _next(tokens: list[tuple[str, str]], at: int, end: str) -> int:
    if tokens[at] == ("mark", ","):
        return at + 1
    if tokens[at] != ("mark", end):
        raise ValueError(tokens[at][1])
    return at


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return _ESCAPES[match[3]]
