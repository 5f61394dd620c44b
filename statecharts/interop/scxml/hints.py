"""Hints: what a misspelt word was most likely meant to be, within a bound of work."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, final

from statecharts.model.errors import did_you_mean

WORK: Final = 20_000
"""How many words are looked at for one document; beyond that nothing is suggested."""

LONGEST: Final = 100
"""How long a word may be that something is suggested for."""


@final
class Hints:
    """Suggests words for one document.

    A document may be wrong in ten thousand places, and looking for the nearest of ten thousand
    names takes its time.
    """

    def __init__(self) -> None:
        self.work = WORK
        self._known: dict[tuple[str, str], str] = {}

    def affordable(self, word: str, known: Collection[str]) -> bool:
        """Tell whether there is work left for looking a word up; count it when there is."""
        cost = len(known) + 1
        if len(word) > LONGEST or cost > self.work:
            return False
        self.work -= cost
        return True

    def of(self, word: str, known: Collection[str], otherwise: str) -> str:
        """Return a remedy that names the nearest known word, or ``otherwise``.

        >>> Hints().of("transiton", ("state", "transition"), "Take it away")
        "Did you mean 'transition'?"
        """
        key = (word, otherwise)
        found = self._known.get(key)
        if found is None:
            found = did_you_mean(word, known, "") if self.affordable(word, known) else ""
            self._known[key] = found = found or otherwise
        return found
