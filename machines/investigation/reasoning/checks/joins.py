"""References by day: keys that find no partner, and dimensions that are no longer kept up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from machines.investigation.findings import CauseKind
from machines.investigation.reasoning.formats import VALID_DAY
from machines.investigation.reasoning.probes import MOST_DAYS, Finding, Link, Probe, Reading
from machines.investigation.reasoning.series import Run, quantile, risen, surely
from machines.investigation.reasoning.tables import Column, Table, quote, words

_AT_ONCE = 8


def links(table: Table, tables: Iterable[Table]) -> list[Link]:
    """Return what a table may refer to: keys of other tables, alike in type, values or name."""
    found = []
    for other in tables:
        for key in other.columns:
            if other.name == table.name or not _is_key(key, other):
                continue
            for column in table.columns:
                akin = _akin(column, other, key)
                if column.key and not akin:
                    continue
                if _comparable(column, key) and (akin or _included(column, other, key)):
                    found.append(Link(column.name, other.name, key.name, akin))
    return sorted(found, key=lambda link: not link.akin)


def _is_key(key: Column, table: Table) -> bool:
    return key.key or (key.unique and (key.whole or key.texts) and table.sampled > 1)


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
        len(one) >= 4 and len(two) >= 4 and (one.startswith(two) or two.startswith(one))  # noqa: PLR2004
        for one in mine
        for two in theirs
    )
    return alike or bool(mine & theirs) or (bool(words(key.name)) and mine == words(key.name))


def _included(column: Column, other: Table, key: Column) -> bool:
    """Tell whether the values of a column are among the keys, as far as a sample can tell."""
    values, keys = set(column.values), set(key.values)
    if len(values) < 2:  # noqa: PLR2004 - one value is in many columns by chance
        return False
    if other.sampled < 150:  # noqa: PLR2004 - all keys are known
        return len(values & keys) > 0.7 * len(values)
    if column.texts:
        # Whatever the texts are, those that refer are as long as those that are referred to.
        lengths = {len(str(one)) for one in keys}
        return sum(len(str(one)) in lengths for one in values) > 0.7 * len(values)
    return True


def probes(table: Table, tables: Sequence[Table]) -> list[Probe]:
    """Return the probes of a table, of at most eight links each."""
    found = links(table, tables)[: 2 * _AT_ONCE]
    source = _source(table, tables, found)
    if source is None:
        return []
    return [
        _probe(table, source, found[at : at + _AT_ONCE]) for at in range(0, len(found), _AT_ONCE)
    ]


def _source(
    table: Table, tables: Sequence[Table], found: Sequence[Link]
) -> tuple[str, str, str] | None:
    """Return what to read from, the day as SQL, and the name of its column.

    A table without a day has that of the rows that it belongs to.
    """
    own = table.day
    if own is not None and own.dates is not None:
        return f"{quote(table.name)} AS t", own.fill(own.dates.day), own.name
    for link in found:
        other = next(one for one in tables if one.name == link.parent)
        if link.akin and other.day is not None and other.day.dates is not None:
            on = f"t.{quote(link.column)} = p.{quote(link.key)}"
            source = f"{quote(table.name)} AS t JOIN {quote(other.name)} AS p ON {on}"
            return source, other.day.fill(other.day.dates.day, "p"), other.day.name
    return None


def _probe(table: Table, source: tuple[str, str, str], found: Sequence[Link]) -> Probe:
    tables, day, name = source
    cells, labels = ['count(*) AS "rows"'], ["rows"]
    for n, link in enumerate(found):
        column, key = f"t.{quote(link.column)}", f"k.{quote(link.key)}"
        parent = f"{quote(link.parent)} AS k"
        lost = (
            f"{column} IS NOT NULL AND {column} NOT IN "  # noqa: S608
            f"(SELECT {key} FROM {parent} WHERE {key} IS NOT NULL)"
        )
        highest = f"(SELECT max({key}) FROM {parent})"  # noqa: S608
        for label, sql in (
            ("set", f"count({column})"),
            ("lost", f"sum({lost})"),
            ("beyond", f"sum({lost} AND {column} > {highest})"),
            ("most", f"max({column})"),
            ("highest", highest),
        ):
            cells.append(f'{sql} AS "{label} {n + 1}"')
            labels.append(f"{label} {n + 1}")
    sql = (
        f'SELECT {day} AS "day", {", ".join(cells)} FROM {tables} '  # noqa: S608
        f"WHERE {day} GLOB '{VALID_DAY}' GROUP BY 1 ORDER BY 1 DESC LIMIT {MOST_DAYS}"
    )
    claim = f"rows of {table.name} refer to what is not there"
    columns = tuple(dict.fromkeys(link.column for link in found))
    return Probe("joins", table.name, name, claim, sql, tuple(labels), columns, tuple(found))


def find(reading: Reading, ends: dict[str, date]) -> list[Finding]:
    """Find the references that are lost from some day on.

    Args:
        reading: References by day.
        ends: The last day of each table that has days.
    """
    found = []
    for n, link in enumerate(reading.probe.links, 1):
        run = _lost(reading, n, link)
        if run is not None:
            found.append(_finding(reading, n, link, run, ends))
    return found


def held(reading: Reading) -> list[Link]:
    """Return the links that do hold: nearly all rows find their partner, on nearly all days."""
    found = []
    for n, link in enumerate(reading.probe.links, 1):
        rates = reading.daily.rates(f"lost {n}", f"set {n}")
        known = [one for one in rates if one is not None]
        # A reference that breaks half-way has held before.
        if known and quantile(known, 0.3) < 0.08 and (link.akin or _spans(reading, n)):  # noqa: PLR2004
            found.append(link)
    return found


def _spans(reading: Reading, n: int) -> bool:
    """Tell whether a column of numbers goes as far as the keys do: a quantity does not."""
    most = [one for one in reading.daily.values[f"most {n}"] if one is not None]
    highest = [one for one in reading.daily.values[f"highest {n}"] if one is not None]
    if not most or not highest or highest[0] <= 0:
        return True  # texts, which have no such thing
    within = [one for one in most if one <= highest[0]]
    return bool(within) and max(within) > 0.5 * highest[0]


def _lost(reading: Reading, n: int, link: Link) -> Run | None:
    daily = reading.daily
    whole, lost = daily.counts(f"set {n}"), daily.counts(f"lost {n}")
    run = risen(lost, whole, 0.1)
    if run is None or run.before > 0.08 or not (link.akin or _spans(reading, n)):  # noqa: PLR2004
        return None
    return run


def _finding(reading: Reading, n: int, link: Link, run: Run, ends: dict[str, date]) -> Finding:
    daily, probe = reading.daily, reading.probe
    here = slice(run.first, run.last + 1)
    lost = daily.counts(f"lost {n}")
    beyond = sum(daily.counts(f"beyond {n}")[here]) / max(sum(lost[here]), 1)
    rates = [one or 0.0 for one in daily.rates(f"lost {n}", f"set {n}")]
    to_the_end = run.last >= len(rates) - 3
    creeping = to_the_end and rates[run.first] < 0.6 * max(rates[here])
    day, last = daily.days[run.first], daily.days[run.last]
    ended = ends.get(link.parent)
    stopped = to_the_end and ended is not None and ended <= day and (last - day).days >= 2  # noqa: PLR2004
    words_ = f"{run.during:.0%} of {link.column} has no {link.parent} from {day} to {last}"
    score = surely(run.strength * run.during, 0.78) * (0.985 if link.akin else 0.95)
    signs = 1.2 * stopped + 1.0 * (creeping and to_the_end) + 0.8 * (beyond > 0.8 and to_the_end)  # noqa: PLR2004
    if signs > 1:
        words_ += ", which is not kept up"
        first = next((k for k, one in enumerate(lost[here], run.first) if one), run.first)
        while first > 0 and lost[first - 1] > 0 and rates[first - 1] > run.before + 0.01:
            first -= 1
        return Finding(
            CauseKind.STALE_DIMENSION,
            link.parent,
            None,
            daily.days[first],
            score,
            words_,
            (probe,),
            last,
            probe.table,
        )
    return Finding(
        CauseKind.BROKEN_JOIN,
        probe.table,
        link.column,
        day,
        score,
        words_,
        (probe,),
        last,
        link.parent,
    )


def stale(counts: Reading, end: date, start: date) -> Finding | None:
    """Find a dimension that was kept up until some day, and no longer.

    Args:
        counts: Its rows by day.
        end: The last day of the tables that refer to it.
        start: The first day of those.
    """
    daily = counts.daily
    rows = daily.counts("rows")
    known = [day for day, n in zip(daily.days, rows, strict=True) if n and day >= start]
    if not known or known[-1] >= end:
        return None
    silence = (end - known[-1]).days
    gaps = [(later - earlier).days for earlier, later in pairwise(known)]
    probe = counts.probe
    day = date.fromordinal(known[-1].toordinal() + 1)
    text = f"{probe.table}.{probe.day} ends on {known[-1]}, {silence} days before the rest"
    if len(gaps) >= 5 and silence >= max(3 * max(gaps), 3):  # noqa: PLR2004
        score = surely(silence / max(gaps), 0.75) * 0.97
    elif (
        silence >= 3  # noqa: PLR2004
        and rows[-1] > 0.9 * sum(rows)
        and (known[-1] - start).days > 2 * silence
    ):
        score = 0.75  # the whole of it is written anew each time, and the last time is long ago
    else:
        return None
    return Finding(
        CauseKind.STALE_DIMENSION, probe.table, probe.day, day, score, text, (probe,), last=end
    )
