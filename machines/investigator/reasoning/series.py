"""Series by day: the usual level, anomalies, and their first and last days."""

# ruff: noqa: PLR2004 - each threshold is written where it applies

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise, zip_longest
from statistics import median
from typing import Final, Self

from attrs import frozen

from machines.investigation.calls import Scalar
from machines.investigator.reasoning import thresholds as rule

WEEK: Final = rule.WEEK
_FAR: Final = 1000  # days from the middle that a series may reach
_TO_SIGMA: Final = 1.4826  # of the median absolute deviation, for a normal distribution


@frozen
class Daily:
    """Numbers by day, without a gap from the first day to the last.

    Attributes:
        days: The days.
        values: For each label a number by day; None on days without one.
    """

    days: tuple[date, ...]
    values: Mapping[str, tuple[float | None, ...]]

    @classmethod
    def read(cls, columns: Sequence[str], rows: Sequence[Sequence[Scalar]]) -> Self:
        """Read rows whose first cell is a day; rows without a day are left out.

        >>> Daily.read(["day", "n"], [["2026-03-01", 2], ["2026-03-03", 4]]).values["n"]
        (2.0, None, 4.0)
        """
        found = {day: row for row in rows if (day := _day(row[0] if row else None))}
        if not found:
            return cls((), dict.fromkeys(columns[1:], ()))
        first, last = min(found), max(found)
        # A stray value (the year 1970, the year 9999) must not make millions of days.
        if (last - first).days > 8 * len(found) + 400:
            found = _dense(found)
            first, last = min(found), max(found)
        days = tuple(first + timedelta(n) for n in range((last - first).days + 1))
        values = {
            label: tuple(_number(found[day][place]) if day in found else None for day in days)
            for place, label in enumerate(columns)
            if place
        }
        return cls(days, values)

    def until(self, last: date) -> Daily:
        """Return the numbers up to a day."""
        length = bisect_right(self.days, last)
        values = {label: found[:length] for label, found in self.values.items()}
        return Daily(self.days[:length], values)

    def through(self, last: date) -> Daily:
        """Return the numbers up to a later day, none on the days since."""
        more = (last - self.days[-1]).days
        days = (*self.days, *(self.days[-1] + timedelta(n + 1) for n in range(more)))
        return Daily(
            days, {label: (*found, *[None] * more) for label, found in self.values.items()}
        )

    def weekly(self) -> Daily:
        """Return the sums of whole weeks, each under its first day, where days have few rows."""
        starts = range(0, len(self.days) - WEEK + 1, WEEK)
        values = {
            label: tuple(float(sum(n or 0.0 for n in found[at : at + WEEK])) for at in starts)
            for label, found in self.values.items()
        }
        return Daily(tuple(self.days[at] for at in starts), values)

    def counts(self, label: str) -> list[float]:
        """Return a number by day, zero on days without one."""
        return [one or 0.0 for one in self.values.get(label, ())]

    def rates(self, label: str, of: str) -> list[float | None]:
        """Return by day the ratio of two numbers; None if the second is zero."""
        pairs = zip(self.counts(label), self.counts(of), strict=True)
        return [part / whole if whole else None for part, whole in pairs]


def _dense(found: dict[date, Sequence[Scalar]]) -> dict[date, Sequence[Scalar]]:
    ordered = sorted(found)
    middle = ordered[len(ordered) // 2]
    return {day: row for day, row in found.items() if abs((day - middle).days) <= _FAR}


def _day(cell: Scalar) -> date | None:
    try:
        return date.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return None


def _number(cell: Scalar) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def around(
    values: Sequence[float | None], first: int, last: int
) -> tuple[list[float], list[float]]:
    """Return the numbers of the two weeks before some days, and those of the days.

    >>> around([1.0, None, 3.0, 4.0], 2, 9)
    ([1.0], [3.0, 4.0])
    """
    before, here = slice(max(first - 2 * WEEK, 0), max(first, 0)), slice(max(first, 0), last + 1)
    return [n for n in values[before] if n is not None], [n for n in values[here] if n is not None]


def spread(values: Sequence[float]) -> float:
    """Return the robust standard deviation of some values; zero without values.

    >>> spread([1, 2, 3, 100])
    1.4826
    """
    if not values:
        return 0.0
    middle = median(values)
    return _TO_SIGMA * median(abs(one - middle) for one in values)


def quantile(values: Sequence[float], part: float) -> float:
    """Return a quantile of some values."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def usual(counts: Sequence[float]) -> list[float]:
    """Return the values that days of the week nearby, and the trend, predict for each day.

    >>> [round(one) for one in usual([10, 10, 10, 10, 10, 2, 2] * 4)[:7]]
    [10, 10, 10, 10, 10, 2, 2]
    """
    slope = _slope(counts)
    sides = [
        [(sign * weeks * WEEK, math.exp(slope * (-sign * weeks * WEEK))) for weeks in (1, 2, 3, 4)]
        for sign in (-1, 1)
    ]
    found = []
    for place in range(len(counts)):
        before, after = (
            [
                counts[other] * growth
                for days, growth in side
                if 0 <= (other := place + days) < len(counts)
            ]
            for side in sides
        )
        near = [one for pair in zip_longest(before, after) for one in pair if one is not None][:5]
        if len(near) < 3:  # a median of two is no better than their mean
            around = range(max(place - WEEK, 0), min(place + WEEK + 1, len(counts)))
            beside = [counts[other] for other in around if other != place]
            near += [median(beside)] if beside else []
        expected = median(near) if near else counts[place]
        if counts[place] and len(before) > 2 and len(after) > 2:
            # Where a new level begins, the days after it are as usual as those before.
            levels = median(before[:3]), median(after[:3])
            if max(levels) > rule.NEW_LEVEL * min(levels):
                expected = min(levels, key=lambda one: abs(one - counts[place]))
        found.append(expected)
    return found


def _slope(counts: Sequence[float]) -> float:
    """Return the growth by day, as the logarithm of a factor; robust to a few odd days."""
    weeks = [median(counts[at : at + WEEK]) for at in range(0, len(counts) - WEEK + 1, WEEK)]
    logs = [(at, math.log(one)) for at, one in enumerate(weeks) if one > 0]
    slopes = [(b - a) / ((j - i) * WEEK) for i, a in logs for j, b in logs if j > i]
    return max(-0.05, min(0.05, median(slopes))) if slopes else 0.0


@frozen
class Run:
    """Days with an anomaly.

    Attributes:
        first: Index of the first day.
        last: Index of the last day.
        before: The usual value.
        during: The value on those days.
        strength: Distance beyond chance, in standard deviations.
        weight: The amount of it.
        record: The difference as a multiple of the largest one on other days.
    """

    first: int
    last: int
    before: float
    during: float
    strength: float
    weight: float
    record: float = math.inf


def risen(parts: Sequence[float], wholes: Sequence[float], least: float = rule.RISE) -> Run | None:
    """Find the days on which a part of the whole is larger than usual, beyond chance.

    It is compared with the days before; days as strong that come again and again are usual.

    >>> risen([0, 1, 0, 0, 1, 30, 0], [50] * 7).first
    5
    """
    fewest = enough(wholes)
    full = [n for n, whole in enumerate(wholes) if whole > 0 and whole >= fewest]
    if len(full) < WEEK:
        return None
    rates = [parts[n] / wholes[n] for n in full]
    if not any(rates[:WEEK]) and not quantile(rates, 0.3):
        least = min(least, rule.RISE_NEW)  # little is enough of a value that never was there before
    best, most = None, 0.0
    place = 1
    while place < len(full):
        level = median(rates[max(0, place - 2 * WEEK) : place])
        # What never was there before is less likely, the more rows were without it.
        seen = rule.RATE_NOISE
        if not any(rates[:place]):
            seen = min(seen, 1 / sum(wholes[n] for n in full[:place]))
        noise = math.sqrt(max(level * (1 - level), seen) / wholes[full[place]])
        if rates[place] - level < max(least, 5 * noise):
            place += 1
            continue
        end, slipped = place, 0
        half = level + (rates[place] - level) / 2
        for n in range(place + 1, len(full)):
            slipped = slipped + 1 if rates[n] < half else 0
            if slipped > 1:  # one day may slip
                break
            end = n if not slipped else end
        weight = sum(parts[full[n]] - level * wholes[full[n]] for n in range(place, end + 1))
        if weight > most:
            best, most = (place, end), weight
        place = end + 1
    if best is None:
        return None
    first, end = best
    here = full[first : end + 1]
    rest = rates[:first] + rates[end + 1 :]
    if len(rest) < 5:  # too little to be the usual
        return None
    whole = sum(wholes[n] for n in here)
    during = sum(parts[n] for n in here) / whole
    before = median(rates[max(0, first - 4 * WEEK) : first])
    # Other days of the kind are usual if there are many of them, and if they are as strong.
    swing = max(spread(rest), quantile(rest, 0.95) - before)
    noise = max(math.sqrt(max(before * (1 - before), rule.RATE_NOISE) / whole), swing, 0.01)
    strength = (during - before) / noise
    if strength < 3 or during - before < least:
        return None
    record = (during - before) / max(max(rest) - before, 0.01)
    return Run(here[0], here[-1], before, during, strength, most, record)


def enough(wholes: Sequence[float]) -> float:
    """Return how many rows of a day are enough for a rate: few, if each day has just as many.

    >>> enough([1, 1, 1, 0, 1, 1, 1, 1, 1, 1]), enough([1, 3, 2, 0, 1, 4])
    (1, 5.0)
    """
    known = [one for one in wholes if one > 0]
    if not known:
        return rule.FULL
    middle = median(known)
    same = sum(one == middle for one in known)
    places = [n for n, one in enumerate(wholes) if one > 0]
    gaps = Counter(later - n for n, later in pairwise(places))
    always = max(gaps.values(), default=0) >= 0.75 * len(places)  # each day, or each week
    return min(middle, rule.FULL) if always and same >= 0.9 * len(known) else rule.FULL


@frozen
class Step:
    """A span of days on which a value is on another level.

    Attributes:
        first: Index of the first day.
        last: Index of the last day.
        change: The difference.
        strength: Distance from the usual, in standard deviations.
        record: The difference as a multiple of the largest one on other days.
    """

    first: int
    last: int
    change: float
    strength: float
    record: float

    @property
    def happens(self) -> bool:
        """Whether other days differ nearly as much: a single day has to differ by more."""
        return self.record < (rule.RECORD_OF_MANY if self.first == self.last else rule.RECORD)


def stepped(
    values: Sequence[float | None], least: float, beyond: float = 6.0, *, growing: bool = False
) -> Step | None:
    """Find the days on which a value is on another level than before and after.

    Args:
        values: A value by day; None on days without one.
        least: Least difference of another level.
        beyond: Least difference in standard deviations of the usual.
        growing: Whether the new level may move on, and only the usual one is steady.

    >>> stepped([1.0, 1.1, 1.0, 0.9] * 5 + [5.0, 5.1, 4.9], 1.0).first
    20
    """
    known = _without_week([(n, one) for n, one in enumerate(values) if one is not None])
    if len(known) < WEEK + 2:
        return None
    overall = _noise([one for _, one in known])
    best: Step | None = None
    back: tuple[int, float, float] | None = None
    for start in range(1, len(known)):
        before = [one for _, one in known[max(0, start - 14) : start]]
        if len(before) < 4:  # too little to be the usual
            continue
        level = median(before)
        if back and start <= back[0] and abs(known[start][1] - back[1]) < back[2]:
            continue  # the end of other days, and the usual again
        jump = known[start][1] - level
        noise = overall
        if growing and len(before) >= 10:
            noise = min(max(_noise(before), spread(before)), overall)
        if (
            abs(jump) < max(least / 2, 3 * noise)
            or abs(known[start - 1][1] - level) > abs(jump) / 2
        ):
            continue
        end = start
        while end + 1 < len(known) and (known[end + 1][1] - level) / jump > 0.5:
            end += 1
        change = median(one - level for _, one in known[start : end + 1])
        # On a single day chance may do more than on several.
        length = end - start + 1
        own = _noise_on(known, start) if length < 3 else noise
        limit = beyond * max(noise, own) / (1.5 if length >= 5 else 1)
        if _unseen(known, start, end):
            limit = beyond / 2 * noise
        if abs(change) < max(least, limit) or (not growing and not _at_once(known, start, change)):
            continue
        if len(before) >= WEEK:
            back = end + 3, level, abs(change) / 2
        strength = abs(change) / max(noise, least / 20)
        if best is None or strength > best.strength:
            record = abs(change) / max(largest(known, start, end), least / 20)
            best = Step(known[start][0], known[end][0], change, strength, record)
    return best


def largest(known: Sequence[tuple[int, float]], start: int, end: int) -> float:
    """Return the largest difference between as many days and those before, on other days."""
    length = min(end - start + 1, WEEK)
    spans = known[:start], known[start : end + 1], known[end + 1 :]
    return max(
        (
            abs(median(near[at : at + length]) - median(near[max(0, at - 14) : at]))
            for near in ([one for _, one in span] for span in spans)
            for at in range(4, len(near) - length + 1)
        ),
        default=0.0,
    )


def _at_once(known: Sequence[tuple[int, float]], start: int, change: float) -> bool:
    """Tell whether a value changed from one day to the next, and did not drift."""
    before = median(one for _, one in known[max(0, start - 3) : start])
    after = median(one for _, one in known[start : start + 3])
    return (
        max(after - before, known[start][1] - before, key=lambda one: one / change) / change
        > rule.AT_ONCE
    )


def _unseen(known: Sequence[tuple[int, float]], start: int, end: int) -> bool:
    """Tell whether some values are far beyond all others."""
    here = [one for _, one in known[start : end + 1]]
    rest = [one for _, one in (*known[:start], *known[end + 1 :])]
    if len(rest) < 4 * WEEK:
        return False
    far = (max(rest) - min(rest)) / rule.UNSEEN
    return max(here) < min(rest) - far or min(here) > max(rest) + far


def _without_week(known: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Subtract the usual effect of the day of the week; with few weeks, nothing."""
    if len(known) < 5 * WEEK:
        return list(known)
    around = [median([one for _, one in known[max(0, n - 3) : n + 4]]) for n in range(len(known))]
    rest: dict[int, list[float]] = {}
    for (n, one), middle in zip(known, around, strict=True):
        rest.setdefault(n % WEEK, []).append(one - middle)
    usually = {day: median(found) if len(found) > 3 else 0.0 for day, found in rest.items()}
    return [(n, one - usually[n % WEEK]) for n, one in known]


def _noise_on(known: Sequence[tuple[int, float]], start: int) -> float:
    """Return the variation of a value on one day of the week."""
    place = known[start][0]
    same = [one for n, one in known if n % WEEK == place % WEEK and n != place]
    return 1.2 * spread(same) if len(same) >= 6 else 0.0


def _noise(values: Sequence[float]) -> float:
    """Return the variation of a value from day to day, and between days of one week."""
    steps = [later - earlier for earlier, later in pairwise(values)]
    # From the days before or from those after, whichever are nearer: a new level is no noise.
    around = [
        min(
            (one - median(near) for near in (values[max(0, n - 6) : n + 1], values[n : n + WEEK])),
            key=abs,
        )
        for n, one in enumerate(values)
    ]
    # The nearer of the two is nearer than chance would have it; so they are scaled to one.
    ordinary = quantile([abs(one) for one in around], 0.8) / 0.89
    return max(min(spread(steps) / math.sqrt(2), ordinary), 2.5 * spread(around), ordinary / 1.5)


def surely(strength: float, scale: rule.Scale) -> float:
    """Return the score of a strength.

    >>> surely(0.0, rule.EMPTY), round(surely(60.0, rule.EMPTY), 3)
    (0.5, 1.0)
    """
    beyond = math.exp(-max(strength, 0.0) / scale.scale)
    return (scale.floor + (1 - scale.floor) * (1 - beyond)) * scale.most
