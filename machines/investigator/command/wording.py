"""Wording: the names of phases, calls and causes for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from machines.investigation.calls import CallKind, Phase, Request
from machines.investigation.findings import Cause, CauseKind

DOING: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        Phase.INIT: "beginning",
        Phase.GATHERING_CONTEXT: "gathering context",
        Phase.GENERATING_HYPOTHESES: "forming hypotheses",
        Phase.EVALUATING_HYPOTHESES: "testing hypotheses",
        Phase.SYNTHESIZING: "drawing conclusions",
        Phase.AWAITING_USER: "waiting for an answer",
        Phase.FINISHED: "finished",
        Phase.FAILED: "failed",
    }
)
"""The work of each phase."""

WORK: Final = (
    Phase.GATHERING_CONTEXT,
    Phase.GENERATING_HYPOTHESES,
    Phase.EVALUATING_HYPOTHESES,
    Phase.SYNTHESIZING,
)
"""The phases that make calls, in their order."""

NEXT: Final[Mapping[CauseKind, str]] = MappingProxyType(
    {
        CauseKind.NULL_SPIKE: "Check what fills this column, and whether its source changed or"
        " failed that day; then fill the rows again.",
        CauseKind.MISSING_DAY: "Check whether the load of that day ran, and whether its source had"
        " any rows; then load the day again.",
        CauseKind.DUPLICATE_LOAD: "Check whether the load of that day ran twice; then remove one"
        " copy of each row, and make the load refuse rows that it has loaded.",
        CauseKind.SCHEMA_CHANGE: "Ask the source what it changed in this column that day; then"
        " adapt the load, and convert the rows since.",
        CauseKind.BROKEN_JOIN: "Compare the keys before and since that day with those of the table"
        " that they refer to; then fix their form, or load the missing rows there.",
        CauseKind.LATE_DATA: "Check what delayed the load of that day; then repeat the reports"
        " that were made before it arrived.",
        CauseKind.UNIT_CHANGE: "Ask the source for the unit of this column since that day; then"
        " convert the rows since.",
        CauseKind.TRUNCATED_BATCH: "Check whether the load of that day broke off, and compare the"
        " number of its rows with the source's; then load the day again.",
        CauseKind.TIME_ZONE: "Ask the source which time zone it writes since that day; then"
        " convert the times since.",
        CauseKind.STALE_DIMENSION: "Check why this table is not loaded any more; then load the"
        " missing rows, and rebuild the tables that join it.",
    }
)
"""The remedy for each kind of cause."""


def kind_of(cause: Cause) -> str:
    """Return the name of a kind of cause.

    >>> kind_of(Cause(CauseKind.NULL_SPIKE, "orders"))
    'null spike'
    """
    return cause.kind.value.replace("_", " ")


def place_of(cause: Cause) -> str:
    """Return the table of a cause, with its column if it has one.

    >>> place_of(Cause(CauseKind.NULL_SPIKE, "orders", "amount"))
    'orders.amount'
    """
    return cause.table if cause.column is None else f"{cause.table}.{cause.column}"


def request_text(request: Request) -> str:
    """Return a request on one line.

    >>> request_text(Request(CallKind.TOOL, "describe", {"table": "orders"}))
    'describe orders'
    """
    if request.kind is CallKind.LLM:
        return request.name.replace("_", " ")
    given = [
        ", ".join(one) if isinstance(one, tuple) else str(one)
        for one in request.arguments.values()
        if one is not None
    ]
    return " ".join(" ".join([request.name.replace("_", " "), *given]).split())


def seconds_text(seconds: float) -> str:
    """Return a span of time in a short form.

    >>> seconds_text(0.0042), seconds_text(3.21), seconds_text(75), seconds_text(3725)
    ('4 ms', '3.2 s', '1:15 min', '1:02:05 h')
    """
    if seconds < 0.9995:  # noqa: PLR2004 - less is shown in thousandths
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def bar(share: float, width: int = 10) -> str:
    """Return a bar for a share of the whole.

    >>> bar(1.0, 4), bar(0.5, 4), bar(0.3, 4), bar(0.0, 4)
    ('████', '██', '█▎', '')
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
