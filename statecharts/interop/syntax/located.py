"""Located: objects of a document that know the lines of their keys."""

from __future__ import annotations

from typing import Any, final


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
