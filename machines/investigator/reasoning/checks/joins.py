"""References by day: keys without a partner, and stale dimensions."""

# ruff: noqa: PLR2004 - each threshold is written where it applies

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.probes import (
    MOST_DAYS,
    Finding,
    Link,
    Probe,
    Reading,
    grouped,
)
from machines.investigator.reasoning.series import WEEK, Run, quantile, risen, surely
from machines.investigator.reasoning.tables import Column, Table, words
from machines.investigator.tools.naming import quoted, table_name

_AT_ONCE = 8


def links(table: Table, tables: Iterable[Table]) -> list[Link]:
    """Return what a table may refer to: keys of other tables, alike in type, values or name."""
    found = []
    for other in tables:
        for key in other.columns:
            unique = key.unique and (key.whole or key.texts) and other.sampled > 1
            if other.name == table.name or not (key.key or unique):
                continue
            for column in table.columns:
                akin = _akin(column, other, key)
                if column.identifies and not (akin and (key.key or not column.key)):
                    continue
                if _comparable(column, key) and (akin or _included(column, other, key)):
                    found.append(Link(column.name, other.name, key.name, akin, column.identifies))
    # If names match, similar numbers of other columns mean nothing.
    sure = {link.column for link in found if link.akin}
    kept = [link for link in found if link.akin or link.column not in sure]
    return sorted(kept, key=lambda link: not link.akin)


def _comparable(column: Column, key: Column) -> bool:
    if not column.values or (column.dates is None) != (key.dates is None):
        return False
    if column.dates is not None and key.dates is not None:
        return column.dates.name == key.dates.name and column.dates.hour is None and key.unique
    return (column.whole and key.whole) or (column.texts and key.texts)


def _akin(column: Column, other: Table, key: Column) -> bool:
    mine = words(column.name)
    if not mine:
        return False
    theirs = words(other.name)
    alike = any(
        len(one) >= 4 and len(two) >= 4 and (one.startswith(two) or two.startswith(one))
        for one in mine
        for two in theirs
    )
    return alike or bool(mine & theirs) or (bool(words(key.name)) and mine == words(key.name))


def _included(column: Column, other: Table, key: Column) -> bool:
    """Tell whether the values of a column are among the keys, as far as a sample can tell."""
    values, keys = column.values, set(key.values)
    if len(set(values)) < 2:
        return False
    # Of rows, not of different values: those of a few odd days are many.
    if other.sampled < 150:
        return sum(one in keys for one in values) > rule.WITHIN * len(values)
    if column.texts:
        # Strings that refer are as long as those that they refer to.
        lengths = {len(str(one)) for one in keys}
        return sum(len(str(one)) in lengths for one in values) > rule.WITHIN * len(values)
    return True


def probes(table: Table, tables: Sequence[Table]) -> list[Probe]:
    """Return the probes of a table, of at most eight links each."""
    found = links(table, tables)[: 2 * _AT_ONCE]
    source = _source(table, tables, found)
    if source is None:
        return []
    return grouped(found, _AT_ONCE, partial(_probe, table, source))


def _source(
    table: Table, tables: Sequence[Table], found: Sequence[Link]
) -> tuple[str, str, str] | None:
    """Return the FROM clause, the day as SQL, and the name of its column.

    A table without a day has that of the rows that it belongs to.
    """
    own = table.day
    if own is not None:
        return f"{table.source} AS t", own.day, own.name
    for link in found:
        other = next(one for one in tables if one.name == link.parent)
        if link.akin and other.day is not None and other.day.dates is not None:
            on = f"t.{quoted(link.column)} = p.{quoted(link.key)}"
            source = f"{table.source} AS t JOIN {other.source} AS p ON {on}"
            return source, other.day.fill(other.day.dates.day, "p"), other.day.name
    return None


def _probe(table: Table, source: tuple[str, str, str], found: Sequence[Link]) -> Probe:
    tables, day, name = source
    cells, labels = ['count(*) AS "rows"'], ["rows"]
    for n, link in enumerate(found):
        column, key = f"t.{quoted(link.column)}", f"k.{quoted(link.key)}"
        parent = f"{table_name(link.parent)} AS k"
        lost = (
            f"{column} <> '' AND {column} NOT IN "  # noqa: S608
            f"(SELECT {key} FROM {parent} WHERE {key} IS NOT NULL)"
        )
        highest = f"(SELECT max({key}) FROM {parent})"  # noqa: S608
        for label, sql in (
            ("set", f"sum({column} <> '')"),
            ("lost", f"sum({lost})"),
            ("beyond", f"sum({lost} AND {column} > {highest})"),
            ("most", f"max({column})"),
            ("highest", highest),
        ):
            cells.append(f'{sql} AS "{label} {n + 1}"')
            labels.append(f"{label} {n + 1}")
    sql = (
        f'SELECT {day} AS "day", {", ".join(cells)} FROM {tables} '  # noqa: S608
        f"WHERE {table.has(day)}{table.some} GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"rows of {table.name} refer to rows that do not exist"
    columns = tuple(dict.fromkeys(link.column for link in found))
    return Probe("joins", table.name, name, claim, sql, tuple(labels), columns, tuple(found))


def find(reading: Reading, stopped: Mapping[str, date]) -> list[Finding]:
    """Find the references that are lost from some day on.

    Args:
        reading: References by day.
        stopped: The first day without updates of each stale table.
    """
    found = []
    for n, link in enumerate(reading.probe.links, 1):
        run = _lost(reading, n, link)
        began = _began(reading, n, link)
        if began is not None and (run is None or began.first <= run.first):
            found.append(_left(reading, link, began))
        elif run is not None:
            found.append(_finding(reading, n, link, run, stopped))
        elif gone := _gone(reading, n, link):
            found.append(gone)
    return found


def _gone(reading: Reading, n: int, link: Link) -> Finding | None:
    """Find references of which some are lost from the first day to the last: their rows are gone.

    Only names tell that a column that is often lost refers to another table at all.
    """
    daily = reading.daily
    whole, lost = daily.counts(f"set {n}"), daily.counts(f"lost {n}")
    rate = sum(lost) / max(sum(whole), 1)
    if (
        not link.akin
        or link.own
        or sum(lost) < rule.GONE_ROWS
        or not rule.GONE[0] < rate < rule.GONE[1]
        or not _spans(reading, n)
    ):
        return None
    if sum(daily.counts(f"beyond {n}")) > 0.05 * sum(lost):
        return None
    rates = _thirds(lost, whole)
    if len(lost) < 12 or min(rates) < 0.5 * rate or max(rates) > 2 * rate:
        return None
    words_ = f"{rate:.0%} of {link.column} has no {link.parent}, on all days alike"
    days, kind = (None, daily.days[-1]), CauseKind.BROKEN_JOIN
    return reading.shows(kind, link.column, days, rule.GONE_SCORE, words_, link.parent)


def held(reading: Reading) -> list[Link]:
    """Return the links that hold: nearly all rows have a partner on nearly all days."""
    found = []
    for n, link in enumerate(reading.probe.links, 1):
        rates = reading.daily.rates(f"lost {n}", f"set {n}")
        known = [one for one in rates if one is not None]
        # A reference that breaks midway held before.
        if known and quantile(known, 0.3) < rule.HELD and (link.akin or _spans(reading, n, 0.9)):
            found.append(link)
    return found


def _runs_on(reading: Reading, n: int) -> bool:
    """Tell whether a column counts on day by day, like the number of a batch, and is not a key."""
    most = [one for one in reading.daily.values[f"most {n}"] if one is not None]
    return sum(later > one for one, later in pairwise(most)) >= 0.97 * max(len(most) - 1, 1)


def _sizes(reading: Reading, n: int) -> tuple[list[float], float] | None:
    """Return the largest numbers of a column by day, and the highest key; strings have none."""
    most = [one for one in reading.daily.values[f"most {n}"] if one is not None]
    highest = [one for one in reading.daily.values[f"highest {n}"] if one is not None]
    return (most, highest[0]) if most and highest and highest[0] > 0 else None


def _spans(reading: Reading, n: int, part: float = 0.5) -> bool:
    """Tell whether a column of numbers goes as far as the keys do: a quantity does not."""
    sizes = _sizes(reading, n)
    if sizes is None:
        return True
    most, highest = sizes
    within = [one for one in most if one <= highest]
    return bool(within) and max(within) > part * highest


def _lost(reading: Reading, n: int, link: Link) -> Run | None:
    daily = reading.daily
    whole, lost = daily.counts(f"set {n}"), daily.counts(f"lost {n}")
    run = risen(lost, whole, rule.RISE_LOST)
    usual = rule.HELD if link.akin or not _sizes(reading, n) else rule.HELD_NUMBERS
    if run is None or run.before > usual:
        return None
    return run if _refers(reading, n, link) else None


def _refers(reading: Reading, n: int, link: Link) -> bool:
    """Tell whether a column refers to keys by its name or, if need be, by its numbers."""
    return link.akin or (not _runs_on(reading, n) and _spans(reading, n, 0.9))


def _began(reading: Reading, n: int, link: Link) -> Run | None:
    """Find the day from which on some references are lost, where none ever was before.

    They may be few: keys that are new since a table is not kept up.
    """
    whole, lost = reading.daily.counts(f"set {n}"), reading.daily.counts(f"lost {n}")
    known = [n for n, one in enumerate(whole) if one]
    first = next((at for at, n in enumerate(known) if lost[n]), len(known))
    after = known[first:]
    if (
        first < 2 * WEEK
        or len(after) < 3
        or sum(bool(lost[n]) for n in after) < rule.BEGAN_DAYS * len(after)
    ):
        return None
    rows, before = sum(lost[n] for n in after), sum(whole[n] for n in known[:first])
    during = rows / sum(whole[n] for n in after)
    # The chance of none before, if as many were usual.
    strength = math.sqrt(during * before)
    few = rows < rule.BEGAN_ROWS or strength < rule.BEGAN_STRENGTH
    if few or during > rule.BEGAN_SHARE or link.own or not _refers(reading, n, link):
        return None
    return Run(after[0], after[-1], 0.0, during, strength, rows)


def _left(reading: Reading, link: Link, run: Run) -> Finding:
    """Return the finding that the table of some keys is not kept up."""
    day, last = reading.span(run)
    words_ = (
        f"{run.during:.0%} of {link.column} has no {link.parent} from {day} to {last}, "
        "which is not kept up"
    )
    kind, score = CauseKind.STALE_DIMENSION, surely(run.strength, rule.NOT_KEPT_UP)
    probe = reading.probe
    return Finding(kind, link.parent, None, day, score, words_, (probe,), last, probe.table)


def _newer(reading: Reading, n: int, here: slice) -> float:
    """Return the part of the lost keys that is a little higher than all known keys."""
    daily = reading.daily
    highest = max((one for one in daily.values[f"highest {n}"] if one is not None), default=0.0)
    most = max((one for one in daily.values[f"most {n}"][here] if one is not None), default=0.0)
    if not 0 < highest < most < 3 * highest:
        return 0.0
    return sum(daily.counts(f"beyond {n}")[here]) / max(sum(daily.counts(f"lost {n}")[here]), 1)


def _thirds(lost: Sequence[float], whole: Sequence[float]) -> list[float]:
    """Return the rate of loss in each third of some days."""
    third = max(len(lost) // 3, 1)
    parts = slice(0, third), slice(third, -third), slice(-third, None)
    return [sum(lost[part]) / max(sum(whole[part]), 1) for part in parts]


def _finding(
    reading: Reading, n: int, link: Link, run: Run, stopped: Mapping[str, date]
) -> Finding:
    daily = reading.daily
    here = slice(run.first, run.last + 1)
    lost = daily.counts(f"lost {n}")
    beyond = _newer(reading, n, here)
    rates = [one or 0.0 for one in daily.rates(f"lost {n}", f"set {n}")]
    to_the_end = run.last >= len(rates) - 3
    # The loss grows, day by day or from one half of the days to the other.
    early, _, late = _thirds(lost[here], daily.counts(f"set {n}")[here])
    creeping = to_the_end and early < 0.6 * late and sum(lost[here]) >= 10
    day, last = reading.span(run)
    since = stopped.get(link.parent)
    left = since is not None and since <= day + timedelta(1) and (last - day).days >= 2
    words_ = f"{run.during:.0%} of {link.column} has no {link.parent} from {day} to {last}"
    score = surely(run.strength * run.during, rule.LOST) * (1.0 if link.akin else 0.965)
    signs = (
        1.2 * (left and to_the_end)
        + 1.0 * (creeping and to_the_end)
        + 0.8 * (beyond > 0.8 and to_the_end)
    )
    if signs > 1:
        first = next((k for k, one in enumerate(lost[here], run.first) if one), run.first)
        while first > 0 and lost[first - 1] > 0 and rates[first - 1] > run.before + 0.01:
            first -= 1
        return evolve(_left(reading, link, evolve(run, first=first)), score=score)
    return reading.shows(
        CauseKind.BROKEN_JOIN, link.column, (day, last), score, words_, link.parent
    )
