"""The peers of other environments: measured once in a run, for every table that shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.apart.environments import APART, measured
from benchmarks.contestant import Missing
from benchmarks.timing import Effort


@cache
def apart(effort: Effort) -> tuple[dict[str, Any] | Missing, ...]:
    """Return the numbers of each peer, or why there are none."""
    return tuple(measured(peer, effort) for peer in APART)
