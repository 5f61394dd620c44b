"""Findings of an investigation: evidence, hypotheses, causes, and the result."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, ge, instance_of, le

from machines.investigation.calls import CallId, EvidenceId, HypothesisId, Request, Scalar, text


@frozen
class Evidence:
    """A finding of a call, kept for good.

    Attributes:
        id: Its id.
        call_id: The call that found it.
        hypothesis: The hypothesis that it tests; None for context.
        summary: The finding in words.
        sql: The query that found it, if there was one.
        columns: Names of the columns of ``rows``.
        rows: The rows of the query.
    """

    id: EvidenceId
    call_id: CallId
    hypothesis: HypothesisId | None
    summary: str
    sql: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = ()


@frozen
class Proposal:
    """A possible cause, and the call that tests it."""

    claim: str = field(validator=text)
    test: Request = field(validator=instance_of(Request))


@frozen
class Hypothesis:
    """A proposal that was accepted."""

    id: HypothesisId
    claim: str
    test: Request


class CauseKind(StrEnum):
    """The kinds of faults in data."""

    NULL_SPIKE = "null_spike"
    MISSING_DAY = "missing_day"
    DUPLICATE_LOAD = "duplicate_load"
    SCHEMA_CHANGE = "schema_change"
    BROKEN_JOIN = "broken_join"
    LATE_DATA = "late_data"
    UNIT_CHANGE = "unit_change"
    TRUNCATED_BATCH = "truncated_batch"
    TIME_ZONE = "time_zone"
    STALE_DIMENSION = "stale_dimension"


class Verdict(StrEnum):
    """The verdict of an investigation."""

    ANOMALY = "anomaly"
    NO_ANOMALY = "no_anomaly"
    INCONCLUSIVE = "inconclusive"


@frozen
class Cause:
    """A cause, with its evidence.

    Attributes:
        kind: The kind of fault.
        table: The table.
        column: The column, if it is one column.
        date: The day, if it is one day.
        score: Support by the evidence, from 0 to 1.
        evidence: Ids of the evidence.
    """

    kind: CauseKind = field(validator=instance_of(CauseKind))
    table: str = field(validator=text)
    column: str | None = None
    date: datetime.date | None = None
    score: float = field(default=0.0, validator=[ge(0), le(1)])
    evidence: tuple[EvidenceId, ...] = ()


def _as_found(instance: Any, attribute: Attribute[Any], value: Verdict) -> None:
    """Refuse a verdict that its causes contradict."""
    if (value is Verdict.ANOMALY) != bool(instance.causes):
        raise ValueError(
            f"the verdict is {value.value!r}, and there are {len(instance.causes)} causes"
        )


@frozen
class Synthesis:
    """The result of an investigation: an anomaly exactly if there is a cause.

    Attributes:
        verdict: The verdict.
        summary: The result in words.
        causes: The causes, the best supported first.
    """

    verdict: Verdict = field(validator=[instance_of(Verdict), _as_found])
    summary: str
    causes: tuple[Cause, ...] = field(
        default=(), validator=deep_iterable(instance_of(Cause), instance_of(tuple))
    )
