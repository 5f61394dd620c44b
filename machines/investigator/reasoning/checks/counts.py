"""Rows by day: missing days, truncated days, and late days."""

# ruff: noqa: PLR2004 - each threshold is written where it applies

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise, takewhile
from types import MappingProxyType
from typing import Final

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.level import Level
from machines.investigator.reasoning.probes import Finding, Probe, Reading, of_part, probe_by_day
from machines.investigator.reasoning.series import WEEK, surely
from machines.investigator.reasoning.tables import Table

NOTHING: Final[Mapping[date, float]] = MappingProxyType({})


def probes(table: Table) -> list[Probe]:
    """Return the probes of a table: one for each column that has days."""
    return [
        probe_by_day(
            "counts",
            f"{table.name} has a day with missing rows, by {day.name}",
            table,
            day,
            [("rows", "count(*)")],
            whole=True,
        )
        for day in table.days[:3]
    ] + [
        probe_by_day(
            "parts",
            f"{table.name} has a day with missing rows, where {part.name} has one of its values",
            table,
            table.days[0],
            [("rows", "count(*)")],
            split=part,
            whole=True,
        )
        for part in table.parts
        if table.days
    ]


def busy_until(reading: Reading) -> date | None:
    """Return the last day of a table with rows on most days; None for another table."""
    counts = reading.daily.counts("rows")
    if (
        len(counts) < rule.FORTNIGHT
        or sum(one >= rule.BUSY / 2 for one in counts) < len(counts) / 2
    ):
        return None
    return reading.daily.days[-1]


def is_series(reading: Reading) -> bool:
    """Tell whether a table has the same number of rows on each day, as rates by day have."""
    rows = reading.daily.counts("rows")
    return len(rows) >= rule.FORTNIGHT and all(rows) and Level.of(rows).steady


def find(
    reading: Reading,
    end: date | None,
    hinted: Collection[date],
    *,
    alone: bool,
    over: bool = False,
    ends: Mapping[date, float] = NOTHING,
) -> list[Finding]:
    """Find the days that lack rows.

    Args:
        reading: Rows by day.
        end: The last day of all tables that have rows on most days.
        hinted: The days that the question names.
        alone: Whether nothing in the database is later than the last day.
        over: Whether the table ended before the others begin.
        ends: Improbability of the end of each day, as a negative logarithm.
    """
    counts = reading.daily.counts("rows")
    if len(counts) < rule.FORTNIGHT:  # two weeks show a usual week
        return []
    level = Level.of(counts)
    daily, last = reading.daily, reading.daily.days[-1]
    # A table that ended long ago misses nothing, unless the question says so.
    silence = 0 if end is None or over else (end - last).days
    ended = silence > max(rule.FEW_DAYS, len(counts) / rule.END_OF_TABLE)
    named = silence <= len(counts) and any(0 < (one - last).days <= silence for one in hinted)
    if end is not None and silence > 0 and (named or not ended):
        daily = daily.through(end)
    through = level if daily is reading.daily else Level.of(daily.counts("rows"))
    gaps = _gaps(evolve(reading, daily=daily), through, len(daily.days) - int(over), hinted)
    most = rule.DOUBT if ended else 1.0
    found = [
        one if one.day and one.day <= last else evolve(one, last=end, score=min(one.score, most))
        for one, _ in gaps
    ]
    short: dict[int, Finding] = {}
    for place in range(1, len(counts) - int(over)):
        day = reading.daily.days[place]
        one = _lacking(reading, level, place, ends.get(day, 0.0), named=day in hinted)
        if one is None or _is_usual(place, level):
            continue
        if place == len(counts) - 1 and alone and day not in hinted:
            # The data may have been taken in the middle of that day.
            words = f"{one.words}; or the data was taken in the middle of that day"
            one = evolve(one, score=min(one.score, rule.OPEN_SCORE), words=words)
        short[place] = one
    return _strongest(found + _on_the_way(short, reading), hinted)


def _on_the_way(short: Mapping[int, Finding], reading: Reading) -> list[Finding]:
    """Return the findings of short days; of the last days next to each other, the rest is late."""
    days = reading.daily.days
    late = list(takewhile(short.__contains__, range(len(days) - 1, 0, -1)))
    if len(late) < 2:
        return list(short.values())
    words = f"fewer rows each day from {days[late[-1]]} to {days[-1]}, as if they were on the way"
    score = max(short[n].score for n in late)
    one = evolve(short[late[-1]], kind=CauseKind.LATE_DATA, last=days[-1], score=score, words=words)
    return [*(short[n] for n in short if n not in late), one]


def of_parts(readings: Sequence[Reading], hinted: Collection[date]) -> list[Finding]:
    """Find the days on which one part of the rows is missing, and the others are there.

    Args:
        readings: Rows by day of each part.
        hinted: The days that the question names.
    """
    totals: Counter[date] = Counter()
    for one in readings:
        totals.update(dict(zip(one.daily.days, one.daily.counts("rows"), strict=True)))
    if not totals:
        return []
    first, last = min(totals), max(totals)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    whole = Level.of([totals[day] for day in days])
    lack = {day: e - n for day, n, e in zip(days, whole.counts, whole.expected, strict=True)}
    found = []
    for one in readings:
        longer = evolve(one, daily=one.daily.through(last))
        counts = longer.daily.counts("rows")
        if len(counts) < rule.FORTNIGHT:
            continue
        for gap, rows in _gaps(longer, Level.of(counts), len(counts), hinted):
            # Rows that another part has instead are not missing; nor is it this part if all are.
            gone = sum(n for day, n in lack.items() if gap.covers(day))
            if (
                rule.ALONE[0] * rows < gone < rule.ALONE[1] * rows
                and gap.kind is CauseKind.MISSING_DAY
            ):
                found.append(of_part(gap, one))
    return found


def _gaps(
    reading: Reading, level: Level, stop: int, hinted: Collection[date]
) -> list[tuple[Finding, float]]:
    """Find days without any row, next to each other, that are more than the usual gap.

    Each comes with the number of rows that it lacks.
    """
    counts, expected, days = level.counts, level.expected, reading.daily.days
    empty = [
        n
        for n in range(1, stop)
        if not counts[n] and expected[n] >= min(rule.ONE, 0.3 * max(expected))
    ]
    runs: list[list[int]] = []
    for n in empty:
        if runs and not any(counts[runs[-1][-1] : n]):
            runs[-1].append(n)
        else:
            runs.append([n])
    lost = [sum(expected[n] for n in run) for run in runs]
    full = [-1, *(n for n, one in enumerate(counts) if one), len(counts)]
    gaps = [range(n + 1, later) for n, later in pairwise(full)]
    found = []
    for run, rows in zip(runs, lost, strict=True):
        first, last = days[run[0]], days[run[-1]]
        named = any(first <= one <= last for one in hinted)
        like = sum(other >= rule.LIKE * rows for other in lost) - 1
        long = _is_longest(run[0], gaps, rule.RECORD_NAMED if named else rule.RECORD)
        if rows < (rule.ONE if level.steady else 0.6 * rule.BUSY if named else rule.BUSY):
            continue
        if like > max(rule.FEW_GAPS, rule.USUAL_GAPS * len(counts)) and not long:
            continue
        strength = math.sqrt(sum(max(level.lack(n), 0.0) ** 2 for n in run if expected[n]))
        alone = like == 0 and len(run) > 1
        by_chance = _comes_by_chance(len(run), len(empty) - len(run), level)
        if strength < (rule.WEAK if named or alone else rule.STRONG) and not long:
            continue
        when = f"on {first}" if first == last else f"from {first} to {last}"
        words = f"0 rows {when}, where {rows:.0f} are usual"
        score, kind = surely(strength, rule.MISSING), CauseKind.MISSING_DAY
        if level.made_up(run[-1]) >= rule.MADE_UP:
            score, kind = surely(strength, rule.MOVED), CauseKind.LATE_DATA
            words += ", and many more on the next day"
        rests, gap = _rests(level), _gap_of(run[0], gaps)
        holiday = rests and (len(run) <= rule.HOLIDAYS or gap >= WEEK + rests)
        over = reading.probe.split and (gap > WEEK or run[-1] == len(counts) - 1)
        # A part that is quiet for weeks, or to the end, may have had its season.
        if by_chance or holiday or over or _turn_of_the_year(first, last):
            score = min(score, rule.DOUBT)
        found.append((reading.shows(kind, None, (first, last), score, words), rows))
    return found


def _is_longest(place: int, gaps: Sequence[range], times: float) -> bool:
    """Tell whether the gap around an empty day is so many times as long as each other."""
    others = max((len(gap) for gap in gaps if place not in gap), default=0)
    return _gap_of(place, gaps) >= max(rule.LONG_GAP, times * others)


def _gap_of(place: int, gaps: Sequence[range]) -> int:
    return next(len(gap) for gap in gaps if place in gap)


def _comes_by_chance(length: int, others: int, level: Level) -> bool:
    """Tell whether so many empty days follow each other now and then, where others are empty."""
    days = sum(one >= rule.ONE for one in level.expected)
    share = min(others / max(days, 1), 1.0)
    return days * share**length > rule.BY_CHANCE


def _turn_of_the_year(first: date, last: date) -> bool:
    """Tell whether days are among those on which most of the world does not work."""
    ends = [(day.month, day.day) for day in (first, last)]
    return (last - first).days < rule.FORTNIGHT and all(
        one >= rule.YEAR_ENDS[0] or one <= rule.YEAR_ENDS[1] for one in ends
    )


def _rests(level: Level) -> int:
    """Return on how many days of the week there are no rows; then none may be on holidays, too."""
    weekly = [level.counts[at::WEEK] for at in range(WEEK)]
    return sum(sum(map(bool, one)) < rule.RESTS * len(one) for one in weekly)


def _lacking(
    reading: Reading, level: Level, place: int, end: float, *, named: bool
) -> Finding | None:
    """Return the finding of missing rows on a day; less is enough if the question names it."""
    count, usually = level.counts[place], level.expected[place]
    many = 4 if level.steady else 0.6 * rule.MANY if named else rule.MANY
    busy = rule.ONE if level.steady else 0.6 * rule.BUSY if named else rule.BUSY
    if usually < busy or not count:
        return None
    strength = level.lack(place)
    # Fewer rows than usual, and none of them late in the day: the one makes the other less likely.
    together = math.sqrt(2 * (strength**2 / 2 + end)) if strength > 1 else strength
    if together < (rule.TOGETHER_NAMED if named else rule.TOGETHER) or count > rule.CUT * usually:
        most = rule.SHORT_NAMED if named else rule.SHORT
        short = count > (rule.SHORT_STEADY if level.steady else most) * usually
        if usually < many or short or strength < (rule.WEAK if named else rule.STRONG):
            return None
    strength = max(strength, together)
    day = reading.daily.days[place]
    words = f"{count:.0f} rows on {day}, where {usually:.0f} are usual"
    score, kind = surely(strength, rule.TRUNCATED), CauseKind.TRUNCATED_BATCH
    if end < rule.UNLIKELY and not level.steady:
        score = min(score, rule.HOLIDAY_SCORE * rule.TRUNCATED.most)
    if level.made_up(place) >= rule.MADE_UP:
        words += ", and many more on the next"
        score, kind = surely(strength, rule.MOVED), CauseKind.LATE_DATA
    return reading.shows(kind, None, (day, day), score, words)


def _is_usual(place: int, level: Level) -> bool:
    """Tell whether as much is missing on many other days, apart from those next to it."""
    pairs = zip(level.counts, level.expected, strict=True)
    lack = [1 - count / usually if usually >= 1 else 0.0 for count, usually in pairs]
    like = [
        n
        for n, part in enumerate(lack)
        if part >= rule.LIKE * lack[place] and abs(n - place) > WEEK
    ]
    runs = len(like) - sum(later - n == 1 for n, later in pairwise(like))
    return runs > max(rule.FEW_DAYS, rule.USUAL_DAYS * len(lack))


def _strongest(found: Sequence[Finding], hinted: Collection[date]) -> list[Finding]:
    """Return the strongest finding of each kind, and that of the day of the question."""
    best: dict[tuple[CauseKind, bool], Finding] = {}
    for one in found:
        named = any(one.covers(hint) for hint in hinted)
        key = one.kind, named
        if key not in best or one.score > best[key].score + 1e-9:
            best[key] = one
    return list(best.values())
