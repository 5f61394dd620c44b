"""Fairness: what one run owes does not keep what others owe waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

R = TypeVar("R", bound=tuple[Any, ...])

SHARES: Final = 4
"""One run gets at most such a part of what is claimed at once, unless nobody else waits."""


def fairly(
    limit: int, free: Callable[[int, Collection[Any]], Sequence[R]], take: Callable[[R], object]
) -> list[R]:
    """Take free effects, the longest due first, and of each run its share.

    Args:
        limit: How many to take at most.
        free: Returns so many that are free, the longest due first, but of some runs none. What an
            effect begins with is its run.
        take: Takes one; it is not free any more then.
    """
    share = max(1, limit // SHARES)
    counts: Counter[Any] = Counter()
    full: set[Any] = set()
    taken: list[R] = []
    while (room := limit - len(taken)) > 0:
        rows = free(room, full)
        for row in rows:
            if counts[row[0]] == share:
                full.add(row[0])
            else:
                counts[row[0]] += 1
                taken.append(row)
                take(row)
        if len(rows) < room:  # nobody else waits
            break
    room = limit - len(taken)
    if full and room > 0:
        for row in free(room, ()):
            taken.append(row)
            take(row)
    return taken
