"""Levels: rows by day compared with the usual, and their ordinary variation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from attrs import field, frozen

from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.series import quantile, spread, usual


@frozen
class Level:
    """Rows by day, the usual number, and the variation around it.

    Attributes:
        counts: Rows by day.
        expected: The number that its neighbours predict for each day.
        noise: Their variation, as a part of the usual.
        chance: The same as a multiple of random variation: 0 if all days are alike.
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
        return cls(
            counts, expected, max(spread(logs), rule.LEAST_NOISE), max(spread(odds), ordinary)
        )

    @property
    def steady(self) -> bool:
        """Whether there is no random variation: each day has the expected rows."""
        return self.chance < rule.STEADY

    def sigma(self, place: int) -> float:
        """Return the ordinary variation of a day, as a part of the usual."""
        chance = min(max(self.chance, rule.STEADY), 1.0) * 1.1
        return max(self.noise, chance / math.sqrt(self.expected[place]))

    def lack(self, place: int) -> float:
        """Return the distance of a day below the usual, in standard deviations."""
        count, usually = self.counts[place], self.expected[place]
        ratio = (count + 0.5) / (usually + 0.5)
        if self.steady and count == 0:
            ratio = min(ratio, 0.1)
        by_size = -math.log(ratio) / self.sigma(place)
        # For few rows, the root has an even variation.
        roots = 2 * (math.sqrt(usually + 0.375) - math.sqrt(count + 0.375))
        return min(by_size, roots / max(self.chance, rule.STEADY))

    def made_up(self, place: int) -> float:
        """Return the part of a day's missing rows that the next day has in excess."""
        lack, after = self.expected[place] - self.counts[place], place + 1
        if after >= len(self.counts) or lack <= 0:
            return 0.0
        more, usually = self.counts[after] - self.expected[after], max(self.expected[after], 1.0)
        beyond = rule.MADE_UP_NOISE * usually * math.hypot(self.noise, 1 / math.sqrt(usually))
        return more / lack if more > beyond else 0.0
