"""The peers of other environments: measured once in a run, for every table that shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.apart.environments import APART, measured
from benchmarks.contestant import Missing
from benchmarks.timing import Effort


@cache
def apart(effort: Effort) -> tuple[tuple[dict[str, Any], ...], tuple[Missing, ...]]:
    """Return the numbers of the peers that can be measured, and the missing ones."""
    found = [measured(peer, effort) for peer in APART]
    present = tuple(one for one in found if not isinstance(one, Missing))
    return present, tuple(one for one in found if isinstance(one, Missing))
