"""Targets: which states a spelling means, and how a state is spelt.

XState resolves ``b`` and ``b.c`` from the parent, ``.c`` from the state itself, and ``#id`` and
``#id.c`` from the state of that id; the id of a state that has none of its own is the path of keys
from the machine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, final

from statecharts.interop.drafts import Draft

MACHINE: Final = "(machine)"
"""The id of a machine that has none."""

_LONGEST: Final = 10_000


@final
class Targets:
    """Resolves the names of states.

    Args:
        root: The machine.
        ids: The states that have an id of their own.
        version: 4 or 5; in v4, the machine's own targets may leave out the dot.
        delimiter: What stands between keys; v4 lets a machine choose.
    """

    def __init__(
        self, root: Draft, ids: Mapping[str, Draft], version: int = 5, delimiter: str = "."
    ) -> None:
        self.root = root
        self.ids = {MACHINE: root, root.name: root, **ids}
        self.version = version
        self.delimiter = delimiter
        self._children: dict[int, dict[str, Draft]] = {}
        self._count = sum(1 for _ in root.walk())

    def find(self, source: Draft, text: str) -> Draft | None:
        """Return the state that a target of a state means; None when there is none."""
        if not text or len(text) > _LONGEST:
            return None
        if text[0] == "#" and (found := self.by_id(text)) is not None:
            return found
        if text.startswith(self.delimiter):
            return self.down(source, keys(text[len(self.delimiter) :], self.delimiter))
        if source.parent is None:
            path = keys(text, self.delimiter)
            return self.down(source, path) if self.version == 4 else None  # noqa: PLR2004
        return self.down(source.parent, keys(text, self.delimiter))

    def by_id(self, text: str) -> Draft | None:
        """Return the state that ``#id`` or ``#id.child`` means."""
        name = text.removeprefix("#")
        if name in self.ids:
            return self.ids[name]
        path = keys(name, self.delimiter)
        for count in range(min(len(path), 64), 0, -1):
            start = self.ids.get(self.delimiter.join(path[:count]))
            found = None if start is None else self.down(start, path[count:])
            if found is not None:
                return found
        return None

    def down(self, draft: Draft, path: list[str]) -> Draft | None:
        """Return the state that keys lead to."""
        found: Draft | None = draft
        for key in path:
            if found is None:
                return None
            found = self.children(found).get(key)
        return found

    def active(self, value: Any) -> list[Draft] | None:
        """Return the states that a state value names, each the innermost; None for no such.

        A state value is ``#id``, a path of keys from the machine, or an object of objects.
        """
        if isinstance(value, str):
            found = self.by_id(value) if value.startswith("#") else None
            found = found or self.down(self.root, keys(value, self.delimiter))
            return None if found is None else [found]
        return self._within(self.root, value) if isinstance(value, dict) else None

    def _within(self, draft: Draft, value: Any) -> list[Draft] | None:
        if isinstance(value, str):
            found = self.down(draft, keys(value, self.delimiter)) if value else draft
            return None if found is None else [found]
        if not isinstance(value, dict):
            return None
        states: list[Draft] = []
        for key, inner in value.items():
            child = self.children(draft).get(key)
            deeper = None if child is None else self._within(child, inner)
            if deeper is None:
                return None
            states += deeper
        return states or [draft]

    def children(self, draft: Draft) -> dict[str, Draft]:
        """Return the children of a state by their keys."""
        found = self._children.get(id(draft))
        if found is None:
            found = self._children[id(draft)] = {child.name: child for child in draft.children}
        return found

    def spellings(self, source: Draft, most: int) -> list[str]:
        """Return how all states could be spelt as targets of a state, the likely ones first.

        There are none where there would be more of them than one wants.
        """
        if self._count * 2 > most:
            return []
        siblings = [] if source.parent is None else [c.name for c in source.parent.children]
        inside = [f".{child.name}" for child in source.children]
        return [*siblings, *inside, *(f"#{i}" for i in self.ids), *map(self.spelt, self._rest())]

    def _rest(self) -> Iterator[Draft]:
        walk = self.root.walk()
        next(walk)
        return walk

    def spelt(self, draft: Draft) -> str:
        """Return a state as a target that means the same everywhere."""
        return absolute(self.root.name, path_of(draft))


def path_of(draft: Draft) -> list[str]:
    """Return the keys that lead from the machine to a state."""
    path: list[str] = []
    at = draft
    while at.parent is not None:
        path.append(at.name)
        at = at.parent
    return path[::-1]


def absolute(machine: str, path: list[str]) -> str:
    r"""Return the target that leads from a machine along some keys.

    >>> absolute("door", ["open", "v1.5"])
    '#door.open.v1\\.5'
    """
    return "#" + ".".join(map(escaped, [machine, *path]))


def escaped(key: str) -> str:
    """Return a key as it stands in a path."""
    return key.replace("\\", "\\\\").replace(".", "\\.")


def keys(text: str, delimiter: str = ".") -> list[str]:
    r"""Return the keys of a path; a backslash takes the next character as it is.

    >>> keys(r"open.v1\.5"), keys("open/shut", "/")
    (['open', 'v1.5'], ['open', 'shut'])
    """
    if "\\" not in text or delimiter != ".":
        return text.split(delimiter)
    found: list[str] = []
    key: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == ".":
            found.append("".join(key))
            key = []
        else:
            key.append(next(characters, "") if character == "\\" else character)
    return [*found, "".join(key)]
