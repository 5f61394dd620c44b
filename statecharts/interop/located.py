"""Located: JSON whose objects know the lines that they and their keys stand on.

The text is parsed by the standard library; one more pass over its tokens finds the places. Objects
end in the same order for both, and that is how the two are put together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, final

from statecharts.interop.documents import Document

DEEPEST: Final = 600
"""How many objects and arrays may lie one inside the other; more than any readable chart has."""

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:\n]', re.DOTALL)


@final
class Located(dict[str, Any]):
    """An object of a document.

    Attributes:
        line: The line that it begins on, from 1.
        lines: The line of each key.
    """

    __slots__ = ("line", "lines")

    def __init__(self, pairs: Any = (), line: int = 1, lines: dict[str, int] | None = None) -> None:
        super().__init__(pairs)
        self.line = line
        self.lines = lines or {}

    def at(self, key: str) -> int:
        """Return the line of a key; that of the object for a key that is not there."""
        return self.lines.get(key, self.line)


def plain(value: Any) -> Any:
    """Return what a document holds as ordinary dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def unplaced(value: Any) -> Any:
    """Return ordinary dictionaries and lists as a document that is all on one line."""
    if isinstance(value, dict):
        return Located({key: unplaced(inner) for key, inner in value.items()})
    return [unplaced(inner) for inner in value] if isinstance(value, list) else value


def loads(document: Document) -> Any:
    """Return what a JSON document holds; its objects are `Located`.

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
                found = f"the key {key!r} stands here, and on line {lines[key]} of the same object"
                raise document.error("SC614", found, "Rename one of them, or take it away", at)
            lines[key] = at
        return Located(pairs, line, lines)

    try:
        return json.loads(text, object_pairs_hook=make, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        found = f"this is not JSON: {error.msg.lower()} (column {error.colno})"
        raise document.error("SC603", found, "Mend the text there", error.lineno) from None
    except _ConstantError as error:
        found = f"this is not JSON: it has no {error}"
        raise document.error("SC603", found, "Write a number, a text or null") from None
    except (RecursionError, ValueError) as error:
        # Deeper than the parser goes, or a number of too many digits.
        found = f"this cannot be taken in: {error}"
        raise document.error("SC604", found, "Take out what is no chart") from None


class _ConstantError(Exception):
    """A constant that JSON does not have: NaN or an infinity."""


def _no_constant(name: str) -> Any:
    raise _ConstantError(name)


def _places(text: str, document: Document) -> Iterator[tuple[int, list[int]]]:
    """Return, for each object in the order in which they end, its line and those of its keys."""
    ended: list[tuple[int, list[int]]] = []
    open_: list[tuple[int, list[int]]] = []
    line, last = 1, 1
    for match in _TOKENS.finditer(text):
        mark = match[0]
        if mark == "\n":
            line += 1
        elif mark == ":":
            if open_:
                open_[-1][1].append(last)
        elif mark in "{[":
            open_.append((line, []))
            if len(open_) > DEEPEST:
                found = f"objects and arrays lie more than {DEEPEST} deep one in the other"
                remedy = "Flatten the chart: nobody can read it"
                raise document.error("SC604", found, remedy, line)
        elif mark in "}]":
            if open_:
                closed = open_.pop()
                if mark == "}":
                    ended.append(closed)
        else:
            last = line
            line += mark.count("\n")
    return iter(ended)
