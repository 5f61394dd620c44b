"""Located: objects of a document that know the lines of their keys."""

from __future__ import annotations

import math
from datetime import date, time
from typing import Any, Final, final

from attrs import frozen


@final
@frozen
class Words:
    """The words of a format for its objects, its arrays, and the keys of an object; no articles."""

    object: str
    array: str
    key: str = "key"

    def told(self, text: str) -> str:
        """Return a text with these words put in for ``{object}``, ``{array}`` and their plurals.

        >>> YAML.told("{object} or {array} of {objects}")
        'a mapping or a list of mappings'
        """
        return text.format(object=a(self.object), objects=f"{self.object}s", array=a(self.array))


def a(noun: str) -> str:
    """Return a noun with its indefinite article.

    >>> a("object"), a("table")
    ('an object', 'a table')
    """
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


JSON: Final = Words("object", "array")
YAML: Final = Words("mapping", "list")
TOML: Final = Words("table", "array")
XML: Final = Words("element", "list", "attribute")


def shown(value: Any, words: Words) -> str:
    """Return a value as messages show it: itself when it is short, else what it is.

    >>> shown("approve", TOML), shown(True, TOML), shown(["a", 2], TOML), shown({}, TOML)
    ("'approve'", 'true', 'an array with 2', 'a table')
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return a(words.object)
        case list():
            strange = next((v for v in value if not (isinstance(v, str) and v.strip())), None)
            inner = strange is not None and not isinstance(strange, dict | list)
            return f"{a(words.array)} with {shown(strange, words)}" if inner else a(words.array)
        case str() if len(value) > 40:  # noqa: PLR2004 - what is easily read
            return f"{value[:40]!r}…"
        case date() | time():
            return value.isoformat()
        case _:
            return repr(value)


@final
class Located(dict[str, Any]):
    """An object of a document, with the line that it begins on and the line of each key."""

    __slots__ = ("line", "lines")

    def __init__(self, pairs: Any = (), line: int = 1, lines: dict[str, int] | None = None) -> None:
        super().__init__(pairs)
        self.line = line
        self.lines = lines or {}

    def at(self, key: str) -> int:
        """Return the line of a key; that of the object for a key that is not there."""
        return self.lines.get(key, self.line)


def plain(value: Any) -> Any:
    """Return what a document holds as JSON holds it: ordinary dictionaries and lists.

    Dates, and numbers that are not finite, become strings.

    >>> plain({"since": date(2025, 11, 23), "limits": [1, math.inf]})
    {'since': '2025-11-23', 'limits': [1, 'inf']}
    """
    match value:
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case date() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value


def unplaced(value: Any) -> Any:
    """Return ordinary dictionaries and lists as a document that is all on one line."""
    if isinstance(value, dict):
        return Located({key: unplaced(inner) for key, inner in value.items()})
    return [unplaced(inner) for inner in value] if isinstance(value, list) else value
