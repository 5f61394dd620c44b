"""Ranking: findings in order, without those that others explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning import thresholds as rule
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.probes import Finding

_ROWS: Final = (CauseKind.MISSING_DAY, CauseKind.TRUNCATED_BATCH, CauseKind.LATE_DATA)
"""The kinds of causes that leave fewer rows on a day."""


def rank(
    found: Sequence[Finding], hints: Hints, refers: Iterable[tuple[str, str]] = ()
) -> list[Finding]:
    """Leave out findings that others explain, and order the rest.

    Args:
        found: All findings.
        hints: The hints of the question.
        refers: Pairs of tables of which one refers to the other.
    """
    pairs = frozenset(refers)
    kept = [_weigh(one, found, pairs) for one in found]
    kept = [one for one in kept if one.score >= rule.LEAST]
    kept.sort(key=lambda one: (-one.score, one.kind.value, one.table, one.column or ""))
    best: list[Finding] = []
    for one in kept:
        same = next((other for other in best if _same(one, other)), None)
        if same is None:
            best.append(one)
            continue
        probes = tuple(dict.fromkeys((*same.probes, *one.probes)))
        # A finding of two checks is surer than a finding of one, be that of days or of weeks.
        again = one.part is not None or one.probes[0] in same.probes
        more = 0.0 if again else one.score * 0.5
        score = 1 - (1 - same.score) * (1 - more)
        best[best.index(same)] = evolve(same, probes=probes, score=score)
    return sorted(best, key=lambda one: (-_aim(one, hints), -_fit(one, hints)))


def _fit(one: Finding, hints: Hints) -> float:
    """Return the score, with a bonus for what the question names; the score itself stays."""
    kind, table = one.kind in hints.kinds, one.table in hints.tables
    return one.score + rule.NAMED_KIND * kind + rule.NAMED_TABLE * table


def _aim(one: Finding, hints: Hints) -> int:
    """Return how well a finding fits the day of the question: it goes before any score."""
    if not hints.days:
        return 0
    return 2 if hints.near(one.day) else 1 if hints.near(one.day, one.last) else 0


def _same(one: Finding, other: Finding) -> bool:
    if one.kind is not other.kind or one.table != other.table or not _near(one, other):
        return False
    return one.column == other.column or one.kind is CauseKind.STALE_DIMENSION


def _weigh(one: Finding, found: Sequence[Finding], refers: frozenset[tuple[str, str]]) -> Finding:
    """Lower the score of a finding that others explain."""
    score = one.score
    for other in found:
        if other is one or other.score < rule.LEAST:
            continue
        weak = other.kind is CauseKind.TIME_ZONE and other.score < one.score - rule.WEAKER
        if not weak and _explains(other, one, refers):
            score *= rule.EXPLAINED
            break
    return evolve(one, score=round(score, 6))


def _explains(  # noqa: C901, PLR0912 - one case for each pair
    cause: Finding, seen: Finding, refers: frozenset[tuple[str, str]]
) -> bool:
    """Tell whether one finding explains another."""
    pair = (cause.kind, seen.kind)
    same_table, same_column = cause.table == seen.table, cause.column == seen.column
    kinds = CauseKind
    near = _near(cause, seen)
    match pair:
        case (kinds.BROKEN_JOIN, kinds.SCHEMA_CHANGE) | (kinds.UNIT_CHANGE, kinds.BROKEN_JOIN):
            return same_table and same_column and not seen.others
        case (kinds.SCHEMA_CHANGE, kinds.BROKEN_JOIN):
            # Keys that are spelt in another way are a matter of that column only; two columns that
            # change at once are one of the table.
            return same_table and near and bool(cause.others or not same_column)
        case (kinds.SCHEMA_CHANGE, kinds.UNIT_CHANGE | kinds.NULL_SPIKE) | (
            kinds.MISSING_DAY | kinds.TRUNCATED_BATCH,
            kinds.STALE_DIMENSION,
        ):
            return same_table and near
        case (kinds.SCHEMA_CHANGE, one) if one in _ROWS and cause.probes[0].check == "dates":
            # Rows whose date cannot be read are there, on no day.
            return same_table and bool(cause.day and seen.day and cause.day <= seen.day)
        case (kinds.TIME_ZONE, kinds.LATE_DATA | kinds.TRUNCATED_BATCH | kinds.MISSING_DAY):
            return same_table and not (seen.kind is kinds.LATE_DATA and _moved(seen))
        case (kinds.LATE_DATA, kinds.TRUNCATED_BATCH | kinds.MISSING_DAY | kinds.TIME_ZONE) if (
            same_table
        ):
            # Lags that could be either are a clock's where the clock is seen to be wrong.
            return not _clock(seen) or (_moved(cause) and near)
        case (kinds.DUPLICATE_LOAD, kinds.LATE_DATA):
            return same_table and near and seen.probes[0].check == "lags"
        case (kinds.LATE_DATA, kinds.DUPLICATE_LOAD):
            # Rows that came a day later may be like those of that day.
            return same_table and near and _moved(cause)
        case (kinds.MISSING_DAY, kinds.TRUNCATED_BATCH) if cause.part is not None:
            return same_table and near
        case (kinds.NULL_SPIKE, kinds.MISSING_DAY) if seen.part is not None:
            # The rows of a part are there, but do not say that they are of it.
            return same_table and near and cause.column in seen.others
        case (kinds.STALE_DIMENSION, kinds.BROKEN_JOIN):
            return cause.table == seen.parent
        case (kinds.STALE_DIMENSION, kinds.MISSING_DAY):
            return same_table
        case (one, kinds.BROKEN_JOIN) if one in _ROWS:
            return cause.table == seen.parent and near
        case (kinds.TIME_ZONE, kinds.TIME_ZONE):
            # Rows that follow others come later if those do,
            return (seen.table, cause.table) in refers and near
        case (one, another) if one in _ROWS and another in _ROWS:
            # and are missing if those are.
            return (seen.table, cause.table) in refers and near
        case _:
            return False


def _moved(one: Finding) -> bool:
    """Tell whether rows that a day lacks are there on the next."""
    return one.probes[0].check == "counts"


def _clock(one: Finding) -> bool:
    return one.kind is CauseKind.TIME_ZONE and one.probes[0].check == "hours"


def _near(one: Finding, other: Finding) -> bool:
    if one.day is None or other.day is None:
        return True
    return abs(one.day - other.day) <= timedelta(days=1) or other.covers(one.day)
