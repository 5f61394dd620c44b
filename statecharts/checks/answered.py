"""Answered: which events some lines without a guard answer to, together.

The same question as whether one line covers another, asked of many at once: an answer is looked up
by its class, its exact text and the dotted prefixes of its name.
"""

from __future__ import annotations

from typing import Final, final

from statecharts.model.events import wire_name

ALWAYS: Final = "(always)"
"""The answer of an eventless transition."""

Covered = type | str
"""One thing that a transition answers to: an event class, a descriptor, or `ALWAYS`."""


@final
class Answered:
    """A set of answers that tells whether it includes another."""

    def __init__(self) -> None:
        self._classes: set[type] = set()
        self._exact: set[str] = set()
        self._prefixes: set[str] = set()

    def add(self, own: Covered) -> None:
        """Note something that is answered to."""
        if isinstance(own, type):
            self._classes.add(own)
            return
        self._exact.add(own)
        if own != ALWAYS and not own.startswith("done.state."):
            self._prefixes.add(own.removesuffix(".*").removesuffix("."))

    def includes(self, answer: Covered) -> bool:
        """Tell whether everything that something answers to is answered already."""
        if isinstance(answer, type):
            inherited = any(cls in self._classes for cls in answer.__mro__)
            return inherited or (bool(self._prefixes) and self._names(wire_name(answer)))
        name = answer.removesuffix(".*")
        if answer in self._exact:
            return True
        special = answer == ALWAYS or name == "*" or name.startswith("done.state.")
        return not special and self._names(name)

    def _names(self, name: str) -> bool:
        """Tell whether a descriptor matches a name (SCXML 3.12.1)."""
        if "*" in self._prefixes or name in self._prefixes:
            return True
        cut = name.rfind(".")
        while cut >= 0:
            if name[:cut] in self._prefixes:
                return True
            cut = name.rfind(".", 0, cut)
        return False
