"""Days that end early: how unlikely it is that nothing came after some hour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from machines.investigator.reasoning.checks.hours import LABELS
from machines.investigator.reasoning.probes import Reading


def unlikely(reading: Reading) -> Mapping[date, float]:
    """Return for each day how unlikely its end is: the negative logarithm of the probability.

    Each row is taken to fall on the hours as the rows of all days do.
    """
    columns = [reading.daily.counts(label) for label in LABELS]
    totals = [sum(one) for one in columns]
    whole, below = sum(totals), 0.0
    shares = []
    for one in totals:
        below += one
        shares.append((below + 1) / (whole + 2))
    days = zip(reading.daily.days, zip(*columns, strict=True), strict=True)
    return {day: _end(hours, shares) for day, hours in days}


def _end(hours: Sequence[float], shares: Sequence[float]) -> float:
    last = max((hour for hour, n in enumerate(hours) if n), default=None)
    return 0.0 if last is None else -sum(hours) * math.log(shares[last])
