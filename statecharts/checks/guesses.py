"""Guesses: which state a name that no state has was most likely meant to be."""

from __future__ import annotations

from typing import Final, final

from statecharts.model.chart import Chart
from statecharts.model.errors import nearest

_EFFORT: Final = 30_000
"""How many ids are looked at for one chart: a file with thousands of mistakes gets no more."""


@final
class Guesses:
    """Guesses about one chart, each made once, and only so many of them.

    Args:
        chart: The chart.
    """

    def __init__(self, chart: Chart) -> None:
        self._ids = [node.id for node in chart.states]
        self._left = _EFFORT
        self._made: dict[str, str | None] = {}

    def nearest(self, name: str) -> str | None:
        """Return the id that a name is nearest to; None when none is near, or none is sought."""
        if name not in self._made:
            self._left -= len(self._ids) * (1 + len(name) // 64)
            self._made[name] = nearest(name, self._ids) if self._left > 0 else None
        return self._made[name]

    def remedy(self, name: str, otherwise: str) -> str:
        """Return a remedy that names the nearest id, or ``otherwise``."""
        near = self.nearest(name)
        return otherwise if near is None else f"Did you mean {near!r}?"
