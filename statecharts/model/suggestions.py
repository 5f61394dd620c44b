"""Suggestions: the known name that a misspelt one was most likely meant to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, final

from statecharts.model.values import repr_of

LONGEST: Final = 100
"""Longer words get no suggestion."""

EFFORT: Final = 30_000
"""Names that one `Suggestions` compares: a file with thousands of mistakes gets no more."""


@final
class Suggestions:
    """Suggests names within a budget, so that a document full of mistakes is still read quickly.

    Args:
        effort: How many names may be compared in all.

    >>> Suggestions().remedy("transiton", ("state", "transition"), "Remove it")
    "Did you mean 'transition'?"
    >>> Suggestions(effort=1).nearest("transiton", ("state", "transition")) is None
    True
    """

    __slots__ = ("_found", "left")

    def __init__(self, effort: int = EFFORT) -> None:
        self.left = effort
        self._found: dict[tuple[str, int], tuple[Collection[str], str | None]] = {}

    def afford(self, word: str, known: Collection[str]) -> bool:
        """Tell whether the budget allows one more comparison, and charge it."""
        if len(word) > LONGEST or len(known) > self.left:
            return False
        self.left -= len(known)
        return True

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """Return the nearest known name; None when none is near, or the budget is spent."""
        key = (word, id(known))
        found = self._found.get(key)
        if found is None:
            if not self.afford(word, known):
                return None
            # Holding on to `known` keeps its id from being given to another object.
            found = self._found[key] = known, nearest(word, known)
        return found[1]

    def remedy(self, word: str, known: Collection[str], otherwise: str) -> str:
        """Return a remedy that names the nearest known name, or ``otherwise``."""
        return _remedy(self.nearest(word, known), otherwise)


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to a misspelt one; None when none is near.

    The last part of a dotted name counts as well as the whole of it; case does not count.

    >>> nearest("active.mrege", ["active", "active.merge", "done"])
    'active.merge'
    >>> nearest("zebra", ["active", "done"]) is None, nearest("GO", ["stop", "go"])
    (True, 'go')
    """
    import difflib  # noqa: PLC0415 - needed only when something is misspelt

    text = word if isinstance(word, str) else repr_of(word)
    if len(text) > LONGEST:
        return None
    folded = text.casefold()
    candidates = {one.casefold(): one for one in reversed(list(known))}
    whole = difflib.get_close_matches(folded, reversed(candidates), n=1, cutoff=0.6)
    if whole:
        return candidates[whole[0]]
    tails = {one.rpartition(".")[2]: candidate for one, candidate in candidates.items()}
    close = difflib.get_close_matches(folded.rpartition(".")[2], tails, n=1, cutoff=0.6)
    return tails[close[0]] if close else None


def did_you_mean(word: object, known: Iterable[str], otherwise: str) -> str:
    """Return a remedy that names the nearest known name, or ``otherwise`` when none is near.

    >>> did_you_mean("opne", ["open", "closed"], "Name one of its states")
    "Did you mean 'open'?"
    """
    return _remedy(nearest(word, known), otherwise)


def _remedy(near: str | None, otherwise: str) -> str:
    return otherwise if near is None else f"Did you mean {near!r}?"
