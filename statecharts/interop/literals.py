"""Literals: constants in expressions of a data model, read and never evaluated."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from statecharts.interop import limits
from statecharts.interop.css_times import css_time
from statecharts.model.effects import Action, CancelSend, Send
from statecharts.model.events import NamedEvent

NOTHING: Final = object()  # returned for a text that is not a literal

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<word>true|false|null|True|False|None)\b
      | (?P<mark>[\[\]{},:])
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPES.update({mark: mark for mark in "\\/'\""})
_DIGITS: Final = 400
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|true|false|null')
_PYTHON: Final = {"true": "True", "false": "False", "null": "None"}


def literal(text: str) -> Any:
    """Return the value of a constant in Python or ECMAScript; else `NOTHING`.

    >>> literal("'red'"), literal("[1, -2.5, True, null]"), literal('{"a": {}}')
    ('red', [1, -2.5, True, None], {'a': {}})
    >>> literal("Var1 + 1") is NOTHING
    True
    """
    value = _from_json(text)
    return _from_json(_as_json(text)) if value is NOTHING else value


def _as_json(text: str) -> str:
    """Return a constant as JSON writes it; an empty text where one of its parts is unknown."""
    pieces: list[str] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            return ""
        position = match.end()
        piece: str = match[match.lastgroup or 0]
        match match.lastgroup:
            case "number" if len(piece) > _DIGITS // 4:
                return ""
            case "number":
                piece = repr(float(piece) if set(piece) & set(".eE") else int(piece))
            case "string":
                try:
                    piece = json.dumps(_ESCAPE.sub(_unescaped, piece[1:-1]))
                except LookupError:  # an escape that neither language has
                    return ""
            case "word":
                piece = {"true": "true", "false": "false"}.get(piece.lower(), "null")
            case _ if pieces[-1:] == [","] and piece in ("]", "}"):
                if len(pieces) > 1 and pieces[-2] not in ("[", "{", ","):
                    pieces.pop()  # both languages allow a comma behind the last item
        pieces.append(piece)
    return " ".join(pieces)


def payload_value(payload: Mapping[str, Any]) -> Any:
    """Return the value of params, or of some content, when all of it is literal; else `NOTHING`.

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


def param_value(said: Mapping[str, Any]) -> Any:
    """Return the value of a param: that of a literal, else what the document says."""
    value = literal(said["expr"]) if [*said] == ["expr"] else NOTHING
    return said if value is NOTHING else value


def sent(
    said: Mapping[str, Any], payload: Mapping[str, Any], default_unit: str = ""
) -> Send | Action:
    """Return a ``send`` of a document; an action where it lacks a name or needs a data model."""
    known, whole = dict(said), Action("send", {**said, **payload})
    for name in ("event", "target", "type", "delay"):
        expression = known.pop(f"{name}expr", None)
        if expression is not None:
            known[name] = literal(expression)
            if not isinstance(known[name], str):
                return whole
    event, wait = str(known.get("event", "")).strip(), str(known.get("delay", "0s"))
    data, delay = payload_value(payload), css_time(wait)
    delay = css_time(f"{wait}{default_unit}") if delay is None else delay
    opaque = {"idlocation", "namelist", "content"} & known.keys()
    if data is NOTHING or delay is None or opaque or not event:
        return whole
    sending = NamedEvent(event, data if isinstance(data, dict) else {"content": data})
    return Send(sending, delay or None, known.get("id"), known.get("target"), known.get("type"))


def cancelled(said: Mapping[str, Any]) -> CancelSend | Action | None:
    """Return the effect of a ``cancel`` in a document; None if it names nothing."""
    expression, name = said.get("sendidexpr"), said.get("sendid")
    name = name if expression is None else literal(expression)
    if isinstance(name, str):
        return CancelSend(name)
    return None if name is None else Action("cancel", said)


def literal_text(value: Any, *, python: bool = False) -> str | None:
    """Return the text of a constant, as `literal` reads it; None where JSON cannot hold it.

    >>> literal_text({"on": True}), literal_text({"on": True}, python=True)
    ('{"on": true}', '{"on": True}')
    """
    if not is_plain(value):
        return None
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():  # what XML cannot hold, JSON can write in ASCII
        text = json.dumps(value)
    return _WORD.sub(lambda found: _PYTHON.get(found[0], found[0]), text) if python else text


def is_plain(value: Any, depth: int = limits.DATA_DEEP) -> bool:
    """Tell whether JSON can hold a value, and gives the same one back."""
    if depth == 0:
        return False
    if isinstance(value, list):
        return type(value) is list and all(is_plain(one, depth - 1) for one in value)
    if isinstance(value, dict):
        keys = all(type(key) is str for key in value)
        return type(value) is dict and keys and all(is_plain(v, depth - 1) for v in value.values())
    if type(value) is int:
        return value.bit_length() < _DIGITS
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, str)


def _from_json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING
    return value if is_plain(value) else NOTHING


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPES[match[3]]
