"""What an investigation finds: evidence, hypotheses, causes, and the result."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, ge, instance_of, le

from machines.investigation.calls import CallId, EvidenceId, HypothesisId, Request, Scalar, text


@frozen
class Evidence:
    """Something that a call has found, kept for good.

    Attributes:
        id: Its id.
        call_id: The call that found it.
        hypothesis: The hypothesis that it speaks to; None for mere context.
        summary: What it is, in words.
        sql: The query that found it, if one did.
        columns: Names of the columns of ``rows``.
        rows: What was found.
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
    """What may be the cause, and the call that would tell."""

    claim: str = field(validator=text)
    test: Request = field(validator=instance_of(Request))


@frozen
class Hypothesis:
    """A proposal that has been taken up."""

    id: HypothesisId
    claim: str
    test: Request


class CauseKind(StrEnum):
    """What can go wrong with data."""

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
    """What an investigation comes to."""

    ANOMALY = "anomaly"
    NO_ANOMALY = "no_anomaly"


@frozen
class Cause:
    """A cause that was found, and what speaks for it.

    Attributes:
        kind: What went wrong.
        table: Where.
        column: In which column, if it is one column.
        date: On which day, if it is one day.
        score: How well the evidence supports it, from 0 to 1.
        evidence: What speaks for it.
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
    """The result of an investigation; there is an anomaly exactly if there is a cause.

    Attributes:
        verdict: Whether something went wrong.
        summary: What was found, in words.
        causes: The causes, the best supported first.
    """

    verdict: Verdict = field(validator=[instance_of(Verdict), _as_found])
    summary: str
    causes: tuple[Cause, ...] = field(
        default=(), validator=deep_iterable(instance_of(Cause), instance_of(tuple))
    )
