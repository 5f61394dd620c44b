"""Levels: rows by day against what would be usual, and how far they waver by themselves."""

# ruff: noqa: PLR2004 - each threshold stands where it is applied

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from attrs import field, frozen

from machines.investigator.reasoning.series import quantile, spread, usual


@frozen
class Level:
    """Rows by day, what would be usual, and how far they waver around that.

    Attributes:
        counts: Rows by day.
        expected: What each day would be by its neighbours.
        noise: How far they waver, as a part of the usual.
        chance: The same as a multiple of what chance would do: 0 where each day is like the other.
    """

    counts: Sequence[float]
    expected: Sequence[float] = field(repr=False)
    noise: float
    chance: float

    @classmethod
    def of(cls, counts: Sequence[float]) -> Self:
        """Measure rows by day.

        >>> Level.of([8.0] * 20).chance
        0.0
        """
        expected = usual(counts)
        pairs = [(n, e) for n, e in zip(counts, expected, strict=True) if e]
        logs = [math.log((n + 0.5) / (e + 0.5)) for n, e in pairs]
        odds = [(n - e) / math.sqrt(e) for n, e in pairs]
        ordinary = quantile([abs(one) for one in odds], 0.8) / 1.28 if odds else 1.0
        return cls(counts, expected, max(spread(logs), 0.04), max(spread(odds), ordinary))

    @property
    def steady(self) -> bool:
        """Whether there is no chance in it: each day has the rows that it should have."""
        return self.chance < 0.25

    def sigma(self, place: int) -> float:
        """Return how far a day may waver, as a part of the usual."""
        chance = min(max(self.chance, 0.25), 1.0) * 1.1
        return max(self.noise, chance / math.sqrt(self.expected[place]))

    def lack(self, place: int) -> float:
        """Return how far a day lies below the usual, in standard deviations."""
        count, usually = self.counts[place], self.expected[place]
        ratio = (count + 0.5) / (usually + 0.5)
        if self.steady and count == 0:
            ratio = min(ratio, 0.1)
        by_size = -math.log(ratio) / self.sigma(place)
        # Of few rows, the root is what wavers evenly.
        roots = 2 * (math.sqrt(usually + 0.375) - math.sqrt(count + 0.375))
        return min(by_size, roots / min(max(self.chance, 0.25), 1.5))

    def made_up(self, place: int) -> float:
        """Return what part of the rows that a day lacks the next has too many."""
        lack, after = self.expected[place] - self.counts[place], place + 1
        if after >= len(self.counts) or lack <= 0:
            return 0.0
        more, usually = self.counts[after] - self.expected[after], max(self.expected[after], 1.0)
        beyond = 2.5 * usually * math.hypot(self.noise, 1 / math.sqrt(usually))
        return more / lack if more > beyond else 0.0
