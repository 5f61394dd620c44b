"""Notes: what is wrong with a file or done otherwise, and the nearest name for a misspelt one."""

from __future__ import annotations

from typing import Any, Final, final

from statecharts.interop import notes
from statecharts.interop.drafts import Draft
from statecharts.interop.syntax.located import plain

DEEPEST: Final = 64
"""How deep plain data may be nested."""


@final
class Notes(notes.Notes):
    """What is noted about a machine while it is read.

    Args:
        document: What is being read.
    """

    def wrong(self, wanted: str, value: Any, line: int | None, element: str) -> None:
        """Note a value that is not of the kind that stands there."""
        found = f"{shown(value)} stands here, where XState takes {wanted}"
        self.add("SC612", found, f"Write {wanted}", line, element)

    def plain(self, value: Any, line: int | None, element: str) -> Any:
        """Return a value as ordinary dictionaries and lists; None for one that lies too deep."""
        if depth(value) > DEEPEST:
            found = f"data lies more than {DEEPEST} deep one in the other"
            self.add("SC612", found, "Flatten it, or take it out", line, element)
            return None
        return plain(value)


def depth(value: Any) -> int:
    """Return how deep a value is nested."""
    level, found = [value], 0
    while level:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list | tuple):
                inner.extend(one)
        level = inner
        found += 1
    return found - 1


def shown(value: Any) -> str:
    """Return a value as messages show it.

    >>> shown(None), shown({"a": 1}), shown("x"), shown(True)
    ('null', 'an object', "the text 'x'", 'true')
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"the text {value!r}"
        case _:
            return f"the number {value}"


def element(draft: Draft, key: str = "") -> str:
    """Return how messages call a state, and a key of it."""
    name = repr(draft.id) if draft.id else "the machine"
    return f"{name} {key}".rstrip()
