"""Investigations to test with: what comes back from calls, and the way to each phase."""

from __future__ import annotations

from typing import Final

from machines.investigation import (
    Call,
    CallFailed,
    CallId,
    CallKind,
    CallResult,
    Cause,
    CauseKind,
    Concluded,
    Error,
    EvidenceId,
    FailureKind,
    Idle,
    Intent,
    Investigation,
    InvestigationEvent,
    Observed,
    Outcome,
    Phase,
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

SCOPE: Final = Scope("ada", "acme", tools=["describe", "query"], tables=["orders", "refunds"])
START: Final = Start("why did orders drop on 2026-03-02?", SCOPE)

QUERY: Final = Request(CallKind.TOOL, "query", {"sql": "SELECT count(*) FROM orders"})
DESCRIBE: Final = Request(CallKind.TOOL, "describe", {"table": "orders"})

FOUND: Final = Observed(
    "no orders on 2026-03-02",
    "SELECT day, n FROM counts",
    ("day", "n"),
    (("2026-03-01", 80), ("2026-03-02", 0), ("2026-03-03", None)),
)
PLAN: Final = Planned((DESCRIBE, QUERY))
HYPOTHESES: Final = Proposed(
    (
        Proposal("the day was not loaded", QUERY),
        Proposal("the dates are in another time zone", DESCRIBE),
        Proposal("the key of the customers has changed", QUERY),
    )
)
ASKED: Final = Question("Which time zone are the dates in?", ("UTC", "local"))
SYNTHESIS: Final = Synthesis(
    Verdict.ANOMALY,
    "The load of 2026-03-02 is missing.",
    (Cause(CauseKind.MISSING_DAY, "orders", score=0.9, evidence=(EvidenceId("evidence-1"),)),),
)
RESULT: Final = Concluded(SYNTHESIS)

FITTING: Final[dict[Phase, Outcome]] = {
    Phase.GATHERING_CONTEXT: FOUND,
    Phase.GENERATING_HYPOTHESES: HYPOTHESES,
    Phase.EVALUATING_HYPOTHESES: FOUND,
    Phase.SYNTHESIZING: RESULT,
}
"""What a call of each phase may bring."""

WORKING: Final = tuple(FITTING)
"""The phases that make calls."""


def result(call: str, outcome: Outcome = FOUND) -> CallResult:
    """Return the result of a call."""
    return CallResult(CallId(call), outcome)


def failure(call: str, *, permanent: bool = False) -> CallFailed:
    """Return the failure of a call."""
    return CallFailed(CallId(call), "no connection", permanent)


def response(request: str, text: str = "UTC") -> UserResponse:
    """Return what the user says to a question."""
    return UserResponse(RequestId(request), text)


def begun(policy: Policy | None = None) -> Investigation:
    """Return an investigation that gathers context; call-1 is under way."""
    investigation = Investigation()
    investigation.ingest(Start(START.question, SCOPE, policy or Policy()))
    return investigation


def within(phase: Phase, policy: Policy | None = None) -> Investigation:
    """Return an investigation that has just come to a phase, by results that fit."""
    investigation = begun(policy)
    while investigation.current_phase is not phase:
        call = investigation.case.ledger.pending[0]
        investigation.ingest(CallResult(call.id, FITTING[call.phase]))
    return investigation


def pending(investigation: Investigation) -> tuple[str, ...]:
    """Return the ids of the calls under way."""
    return tuple(call.id for call in investigation.case.ledger.pending)


def calls(intents: tuple[Intent, ...]) -> tuple[str, ...]:
    """Return the ids of the calls asked for; check that nothing else is asked."""
    ids = tuple(intent.call_id for intent in intents if isinstance(intent, Call))
    assert len(ids) == len(intents)
    return ids


def send(investigation: Investigation, *events: InvestigationEvent) -> tuple[Intent, ...]:
    """Send events; return what the last one asks for."""
    intents: tuple[Intent, ...] = (Idle(),)
    for event in events:
        intents = investigation.ingest(event)
    return intents


def fails(
    investigation: Investigation, event: InvestigationEvent, kind: FailureKind, message: str
) -> None:
    """Check that an event fails an investigation, and that it says why."""
    assert investigation.ingest(event) == (Error(kind, message),)
    assert investigation.current_phase is Phase.FAILED
    assert investigation.is_terminal
