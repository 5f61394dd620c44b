"""Investigations to record: they find, they ask, they fail, and they are called off."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from machines.investigation import (
    CallFailed,
    CallId,
    CallKind,
    CallResult,
    Cancel,
    Cause,
    CauseKind,
    Concluded,
    EvidenceId,
    FailureKind,
    Observed,
    Outcome,
    Planned,
    Policy,
    Proposal,
    Proposed,
    Question,
    Request,
    RequestId,
    Scope,
    Start,
    Synthesis,
    UserResponse,
    Verdict,
)

_SCOPE: Final = Scope(
    "ada",
    "acme",
    tools=["list_tables", "describe", "row_counts_by_day", "null_rates", "query"],
    tables=["orders", "refunds"],
)
_START: Final = Start("why did orders drop on 2026-03-02?", _SCOPE)
_LIST: Final = Request(CallKind.TOOL, "list_tables")
_DESCRIBE: Final = Request(CallKind.TOOL, "describe", {"table": "orders"})
_DAYS: Final = Request(
    CallKind.TOOL, "row_counts_by_day", {"table": "orders", "column": "ordered_at"}
)
_NULLS: Final = Request(CallKind.TOOL, "null_rates", {"table": "orders", "columns": ("id", "sum")})
_COUNT: Final = Request(
    CallKind.TOOL, "query", {"sql": "SELECT count(*) FROM orders WHERE day = '2026-03-02'"}
)
_PLAN: Final = Planned((_DESCRIBE, _DAYS))
_HYPOTHESES: Final = Proposed(
    (
        Proposal("the day was not loaded", _COUNT),
        Proposal("the dates are in another time zone", _DAYS),
        Proposal("sums are missing", _NULLS),
    )
)
_COLUMNS: Final = Observed(
    "orders has 3 columns",
    columns=("name", "type", "nullable"),
    rows=(("id", "INTEGER", False), ("ordered_at", "TEXT", True), ("sum", "REAL", True)),
)
_BY_DAY: Final = Observed(
    "no rows on 2026-03-02",
    "SELECT day, count(*) AS n FROM orders GROUP BY day",
    ("day", "n"),
    (("2026-03-01", 80), ("2026-03-02", 0), ("2026-03-03", 79), (None, 1)),
)
_RATES: Final = Observed(
    "sum is null in 1.25 %",
    "SELECT 'sum', avg(sum IS NULL) FROM orders",
    ("column", "rate"),
    (("id", 0.0), ("sum", 0.0125)),
)
_MISSING: Final = Concluded(
    Synthesis(
        Verdict.ANOMALY,
        "Nothing was loaded on 2026-03-02.",
        (
            Cause(
                CauseKind.MISSING_DAY,
                "orders",
                "ordered_at",
                date(2026, 3, 2),
                0.9375,
                (EvidenceId("evidence-2"), EvidenceId("evidence-3")),
            ),
            Cause(CauseKind.NULL_SPIKE, "orders", "sum", score=0.125),
        ),
    )
)
_NOTHING: Final = Concluded(Synthesis(Verdict.NO_ANOMALY, "Shops are closed on Mondays."))
_ZONE: Final = Question("Which time zone are the dates in? \N{SNOWMAN}", ("UTC", "local"))


def _back(call: int, outcome: Outcome) -> CallResult:
    return CallResult(CallId(f"call-{call}"), outcome)


def _lost(call: int, *, permanent: bool = False) -> CallFailed:
    return CallFailed(CallId(f"call-{call}"), "the database is locked", permanent)


def _said(request: int, text: str) -> UserResponse:
    return UserResponse(RequestId(f"request-{request}"), text)


RUNS: Final[dict[str, tuple[Any, ...]]] = {
    # Finds a cause; what evaluates side by side comes back in another order, and looks further.
    "investigation-1": (
        *(_START, _back(1, _PLAN), _back(3, _BY_DAY), _back(2, _COLUMNS), _back(4, _HYPOTHESES)),
        *(_back(7, _RATES), _back(5, Planned((_LIST,))), _back(6, _BY_DAY), _back(8, _COLUMNS)),
        *(_back(9, _MISSING), Cancel("too late")),
    ),
    # Asks the user, in two phases, and comes back to each; what came in meanwhile is taken then.
    "investigation-2": (
        *(_START, _back(1, _ZONE), _said(7, "of nobody"), _said(1, "UTC"), _said(1, "again")),
        *(_back(2, _BY_DAY), _back(3, _HYPOTHESES), _back(5, _ZONE), _back(4, _BY_DAY), _lost(6)),
        *(_said(2, "local"), _START, _back(7, _BY_DAY), _back(8, _RATES), _back(9, _NOTHING)),
    ),
    # Tries again what has failed, goes on without what fails for good, and fails itself when a call
    # comes back that was never made.
    "investigation-3": (
        *(_START, _lost(1), _back(2, _PLAN), _lost(3), _lost(4, permanent=True), _lost(5)),
        *(_back(6, _COLUMNS), _back(7, _HYPOTHESES), _back(9, _BY_DAY)),
        *(_back(99, _BY_DAY), _back(8, _BY_DAY), _said(1, "no"), Cancel()),
    ),
    # Cannot conclude: the one call that synthesizing consists of has failed for good.
    "investigation-4": (
        Start(_START.question, _SCOPE, Policy(attempts=2, calls=9, gather_anyway=False)),
        *(_back(1, _COLUMNS), _back(2, Proposed((Proposal("the day is missing", _DAYS),)))),
        *(_back(3, _BY_DAY), _lost(4), _lost(5)),
    ),
    # Is called off while calls are under way.
    "investigation-5": (
        *(_START, _back(1, _BY_DAY), _back(2, _HYPOTHESES), _back(3, _BY_DAY)),
        *(Cancel("no longer needed"), _back(4, _BY_DAY)),
    ),
    # Is given up by whoever runs it, while the user is asked; keeps what came in meanwhile.
    "investigation-6": (
        *(_START, _back(1, _BY_DAY), _back(2, _HYPOTHESES), _back(3, _ZONE), _back(5, _RATES)),
        Cancel("the user could not be asked: EOFError was raised", FailureKind.NO_ANSWER),
    ),
    # Fails when a call that had failed, and was made anew, comes back all the same.
    "investigation-7": (_START, _lost(1), _back(1, _PLAN), _back(2, _PLAN)),
}
"""The events of each run, by the name of its recording."""
