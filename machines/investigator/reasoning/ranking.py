"""Ranking: findings in order, without those that others explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.probes import Finding

LEAST: Final = 0.5
"""Least score of a finding that is reported."""
_WEAKER: Final = 0.15
"""A wrong clock that scores less by this does not explain another finding."""
_NAMED: Final = 0.25
"""How much less sure a finding of a kind that the question suggests may be, to go first."""
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
    kept = [_weigh(one, found, hints, pairs) for one in found]
    kept = [one for one in kept if one.score >= LEAST]
    kept.sort(key=lambda one: (-one.score, one.kind.value, one.table, one.column or ""))
    best: list[Finding] = []
    for one in kept:
        same = next((other for other in best if _same(one, other)), None)
        if same is None:
            best.append(one)
            continue
        probes = tuple(dict.fromkeys((*same.probes, *one.probes)))
        # A finding of two checks is surer than a finding of one.
        more = one.score * 0.5 if one.part is None else 0.0
        score = 1 - (1 - same.score) * (1 - more)
        best[best.index(same)] = evolve(same, probes=probes, score=score)
    return sorted(best, key=lambda one: (-_aim(one, hints), -_fit(one, hints)))


def _fit(one: Finding, hints: Hints) -> float:
    return one.score + (_NAMED if one.kind in hints.kinds else 0.0)


def _aim(one: Finding, hints: Hints) -> int:
    """Return how well a finding fits the day of the question: it goes before any score."""
    if not hints.days:
        return 0
    return 2 if hints.near(one.day) else 1 if hints.near(one.day, one.last) else 0


def _same(one: Finding, other: Finding) -> bool:
    if one.kind is not other.kind or one.table != other.table or not _near(one, other):
        return False
    return one.column == other.column or one.kind is CauseKind.STALE_DIMENSION


def _weigh(
    one: Finding, found: Sequence[Finding], hints: Hints, refers: frozenset[tuple[str, str]]
) -> Finding:
    """Lower the score of explained findings; raise it if the question names them."""
    score = one.score
    for other in found:
        if other is one or other.score < LEAST:
            continue
        weak = other.kind is CauseKind.TIME_ZONE and other.score < one.score - _WEAKER
        if not weak and _explains(other, one, refers):
            score *= 0.6
            break
    if one.day in hints.days:
        score += (1 - score) * 0.4
    elif hints.near(one.day, one.last):
        score += (1 - score) * 0.2
    if one.table in hints.tables:
        score += (1 - score) * 0.1
    if one.kind in hints.kinds:
        score += (1 - score) * 0.15
    return evolve(one, score=round(score, 6))


def _explains(  # noqa: C901, PLR0912 - one case for each pair
    cause: Finding, seen: Finding, refers: frozenset[tuple[str, str]]
) -> bool:
    """Tell whether one finding explains another."""
    pair = (cause.kind, seen.kind)
    same_table, same_column = cause.table == seen.table, cause.column == seen.column
    kinds = CauseKind
    match pair:
        case (kinds.BROKEN_JOIN, kinds.SCHEMA_CHANGE):
            return same_table and same_column and not seen.others
        case (kinds.UNIT_CHANGE, kinds.BROKEN_JOIN):
            return same_table and same_column
        case (kinds.SCHEMA_CHANGE, kinds.BROKEN_JOIN):
            # Keys that are spelt in another way are a matter of that column only; two columns that
            # change at once are one of the table.
            two = cause.others or not same_column
            return same_table and bool(two) and _near(cause, seen)
        case (kinds.SCHEMA_CHANGE, kinds.UNIT_CHANGE | kinds.NULL_SPIKE):
            return same_table and _near(cause, seen)
        case (kinds.TIME_ZONE, kinds.LATE_DATA | kinds.TRUNCATED_BATCH | kinds.MISSING_DAY):
            return same_table and not (seen.kind is kinds.LATE_DATA and _moved(seen))
        case (kinds.LATE_DATA, kinds.TRUNCATED_BATCH | kinds.MISSING_DAY | kinds.TIME_ZONE) if (
            same_table
        ):
            # Lags that could be either are a clock's where the clock is seen to be wrong.
            return not _clock(seen) or (_moved(cause) and _near(cause, seen))
        case (kinds.DUPLICATE_LOAD, kinds.LATE_DATA):
            return same_table and _near(cause, seen) and seen.probes[0].check == "lags"
        case (kinds.LATE_DATA, kinds.DUPLICATE_LOAD):
            # Rows that came a day later may be like those of that day.
            return same_table and _near(cause, seen) and _moved(cause)
        case (kinds.MISSING_DAY, kinds.TRUNCATED_BATCH) if cause.part is not None:
            return same_table and _near(cause, seen)
        case (kinds.NULL_SPIKE, kinds.MISSING_DAY) if seen.part is not None:
            # The rows of a part are there, but do not say that they are of it.
            return same_table and cause.column in seen.others and _near(cause, seen)
        case (kinds.STALE_DIMENSION, kinds.BROKEN_JOIN):
            return cause.table == seen.parent
        case (kinds.STALE_DIMENSION, kinds.MISSING_DAY):
            return same_table
        case (kinds.TIME_ZONE, kinds.TIME_ZONE):
            # Rows that follow others come later if those do.
            return (seen.table, cause.table) in refers and _near(cause, seen)
        case (one, kinds.BROKEN_JOIN) if one in _ROWS:
            return cause.table == seen.parent and _near(cause, seen)
        case (kinds.MISSING_DAY | kinds.TRUNCATED_BATCH, kinds.STALE_DIMENSION):
            return same_table and _near(cause, seen)
        case (one, another) if one in _ROWS and another in _ROWS:
            # Rows that refer to missing rows are missing as well.
            return (seen.table, cause.table) in refers and _near(cause, seen)
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
