"""JSON whose objects know the lines of their keys.

The standard library parses the text; a second pass over its tokens finds the lines. Objects end in
the same order in both passes, which pairs them up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from statecharts.interop import limits
from statecharts.interop.documents import Document
from statecharts.interop.syntax.located import Located

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:\n]', re.DOTALL)


def loads(document: Document) -> Any:
    """Return the value of a JSON document; its objects are `Located`.

    Raises:
        DocumentError: It is not JSON, is nested too deeply, or an object has the same key twice.
    """
    text = document.text.removeprefix("\ufeff")
    places = _places(text, document)

    def make(pairs: list[tuple[str, Any]]) -> Located:
        line, keys = next(places)
        lines: dict[str, int] = {}
        for (key, _), at in zip(pairs, keys, strict=True):
            if key in lines:
                found = f"line {lines[key]} of the same object has the key {key!r}, too"
                raise document.error("SC614", found, "Rename one of them, or remove it", at)
            lines[key] = at
        return Located(pairs, line, lines)

    def no_constant(name: str) -> Any:
        found = f"this is not JSON: it has no {name}"
        raise document.error("SC603", found, "Write a number, a string or null")

    try:
        return json.loads(text, object_pairs_hook=make, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        found = f"this is not JSON: {error.msg.lower()} (column {error.colno})"
        raise document.error("SC603", found, "Fix the syntax there", error.lineno) from None
    except (RecursionError, ValueError) as error:
        # Deeper than the parser goes, or a number of too many digits.
        found = f"this cannot be read: {error}"
        raise document.error("SC604", found, "Remove unrelated data") from None


def _places(text: str, document: Document) -> Iterator[tuple[int, list[int]]]:
    """Return, for each object in the order in which they end, its line and those of its keys."""
    ended: list[tuple[int, list[int]]] = []
    open_: list[tuple[int, list[int]]] = []
    line, last = 1, 1
    for match in _TOKENS.finditer(text):
        mark = match[0]
        if mark == "\n":
            line += 1
        elif mark == ":" and open_:
            open_[-1][1].append(last)
        elif mark in "{[":
            open_.append((line, []))
            if len(open_) > limits.VALUES_DEEP:
                found = f"objects and arrays are nested more than {limits.VALUES_DEEP} deep"
                raise document.error("SC604", found, "Flatten the chart", line)
        elif mark in "}]" and open_:
            closed = open_.pop()
            if mark == "}":
                ended.append(closed)
        else:
            last = line
            line += mark.count("\n")
    return iter(ended)
