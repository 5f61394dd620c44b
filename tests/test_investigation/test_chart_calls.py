"""The calls of an investigation: which results count, and what becomes of failures."""

from __future__ import annotations

import pytest

from machines.investigation import (
    Answer,
    Call,
    CallEnd,
    CallFailed,
    CallId,
    CallResult,
    FailureKind,
    Idle,
    InvestigationChart,
    Phase,
    Policy,
)
from tests.test_investigation.runs import (
    ASKED,
    FITTING,
    FOUND,
    HYPOTHESES,
    PLAN,
    WORKING,
    begun,
    calls,
    fails,
    failure,
    pending,
    response,
    result,
    send,
    within,
)

working = pytest.mark.parametrize("phase", WORKING)
UNEXPECTED = FailureKind.UNEXPECTED_CALL


@pytest.mark.parametrize("phase", [Phase.INIT, *WORKING, Phase.AWAITING_USER])
@pytest.mark.parametrize("event", [result("call-99"), failure("call-99")])
def test_a_foreign_result_fails_the_investigation(
    phase: Phase, event: CallResult | CallFailed
) -> None:
    """A call that was never made cannot come back, neither with a result nor with a failure."""
    match phase:
        case Phase.INIT:
            from machines.investigation import Investigation

            investigation = Investigation()
        case Phase.AWAITING_USER:
            investigation = begun()
            investigation.ingest(result("call-1", ASKED))
        case _:
            investigation = within(phase)
    assert investigation.current_phase is phase
    fails(investigation, event, UNEXPECTED, "'call-99' is no call of this investigation")
    assert investigation.snapshot[InvestigationChart.failed].phase is phase


@pytest.mark.parametrize("text", ["CALL-1", " call-1", "call-01", "hypothesis-1", "1"])
def test_an_id_that_is_merely_alike_is_foreign(text: str) -> None:
    """Ids are compared to the letter."""
    fails(begun(), result(text), UNEXPECTED, f"{text!r} is no call of this investigation")


def test_a_duplicate_result_fails_the_investigation() -> None:
    """Of two results under one id the second is an error, in the phase that made the call."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(result("call-4"))
    fails(investigation, result("call-4"), UNEXPECTED, "'call-4' has been answered already")


@working
def test_a_result_of_an_earlier_phase_fails_the_investigation(phase: Phase) -> None:
    """So it is in any later phase, whether it is the same result or another."""
    if phase is Phase.GATHERING_CONTEXT:
        investigation = begun()
        investigation.ingest(result("call-1", PLAN))
    else:
        investigation = within(phase)
    outcome = FITTING[phase]
    message = "'call-1' has been answered already"
    fails(investigation, result("call-1", outcome), UNEXPECTED, message)


def test_a_late_result_fails_the_investigation() -> None:
    """A call that has failed, and was made anew, cannot bring a result after all."""
    investigation = begun()
    assert calls(investigation.ingest(failure("call-1"))) == ("call-2",)
    fails(investigation, result("call-1"), UNEXPECTED, "'call-1' comes too late: it had failed")


def test_a_late_failure_fails_the_investigation() -> None:
    """A call that has brought its result, or was given up, cannot fail after all."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(result("call-3"))
    fails(investigation, failure("call-3"), UNEXPECTED, "'call-3' has been answered already")
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(failure("call-3", permanent=True))
    fails(investigation, failure("call-3"), UNEXPECTED, "'call-3' comes too late: it had failed")


@working
def test_a_failed_call_is_tried_again_under_a_new_id(phase: Phase) -> None:
    """The same is asked once more, in the same phase, up to the bound of attempts."""
    investigation = within(phase)
    [first, *others] = investigation.case.ledger.pending
    [second] = investigation.ingest(CallFailed(first.id, "no connection"))
    assert isinstance(second, Call)
    assert second.call_id not in (first.id, *(one.id for one in others))
    assert (second.attempt, second.phase, second.name) == (2, phase, first.request.name)
    assert (second.arguments, second.hypothesis) == (first.request.arguments, first.hypothesis)
    assert investigation.current_phase is phase
    assert investigation.case.ledger.end_of(first.id) is CallEnd.FAILED
    [third] = investigation.ingest(CallFailed(second.call_id, "no connection"))
    assert isinstance(third, Call)
    assert third.attempt == 3


@pytest.mark.parametrize("phase", [Phase.GENERATING_HYPOTHESES, Phase.SYNTHESIZING])
@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_a_call_that_cannot_be_done_without_fails_the_investigation(
    phase: Phase, attempts: int
) -> None:
    """When the last attempt has failed, the investigation has, with the reason of that one."""
    investigation = within(phase, Policy(attempts=attempts))
    for _ in range(attempts - 1):
        [call] = pending(investigation)
        assert calls(investigation.ingest(failure(call)))
    [call] = pending(investigation)
    name = investigation.case.ledger.pending[0].request.name
    times = "once" if attempts == 1 else f"{attempts} times"
    message = f"{call} ({name}) failed, tried {times}: no connection"
    fails(investigation, failure(call), FailureKind.CALL_FAILED, message)


def test_a_permanent_failure_is_not_tried_again() -> None:
    """What security forbids today it forbids tomorrow."""
    investigation = within(Phase.SYNTHESIZING)
    message = "call-6 (synthesize) failed, tried once: no connection"
    fails(investigation, failure("call-6", permanent=True), FailureKind.CALL_FAILED, message)


def test_gathering_goes_on_without_a_call_that_has_failed_for_good() -> None:
    """What can be known is gathered; what cannot is left out."""
    investigation = begun(Policy(attempts=1))
    investigation.ingest(result("call-1", PLAN))
    assert investigation.ingest(failure("call-2")) == (Idle(),)
    assert calls(investigation.ingest(result("call-3"))) == ("call-4",)
    data = investigation.snapshot[InvestigationChart.active.working.generating_hypotheses]
    assert [one.call_id for one in data.evidence] == ["call-3"]


def test_evaluating_leaves_a_hypothesis_untested_whose_call_has_failed_for_good() -> None:
    """The other hypotheses are tested, and the synthesis sees which one was not."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    send(investigation, result("call-3"), result("call-5"))
    assert calls(investigation.ingest(failure("call-4", permanent=True))) == ("call-6",)
    data = investigation.snapshot[InvestigationChart.active.working.synthesizing]
    told = {one.hypothesis for one in data.evidence}
    assert [one.id for one in data.hypotheses if one.id not in told] == ["hypothesis-2"]


@pytest.mark.parametrize(
    ("phase", "policy"),
    [
        (Phase.GATHERING_CONTEXT, Policy(attempts=1, gather_anyway=False)),
        (Phase.EVALUATING_HYPOTHESES, Policy(attempts=1, evaluate_anyway=False)),
    ],
)
def test_the_policy_may_say_that_every_call_counts(phase: Phase, policy: Policy) -> None:
    """Where it does not bear a gap, a call that has failed for good ends the investigation."""
    investigation = within(phase, policy)
    first = investigation.case.ledger.pending[0]
    message = f"{first.id} ({first.request.name}) failed, tried once: no connection"
    fails(investigation, failure(first.id), FailureKind.CALL_FAILED, message)


def test_the_ledger_tells_how_every_call_ended() -> None:
    """Nothing that was ever asked for is forgotten."""
    investigation = begun()
    send(
        investigation,
        failure("call-1"),
        result("call-2", ASKED),
        response("request-1"),
        result("call-3", FOUND),
        result("call-4", HYPOTHESES),
    )
    ledger = investigation.case.ledger
    assert [(one.call.id, one.end) for one in ledger.settled] == [
        ("call-1", CallEnd.FAILED),
        ("call-2", CallEnd.ASKED),
        ("call-3", CallEnd.ANSWERED),
        ("call-4", CallEnd.ANSWERED),
    ]
    assert [one.attempt for one in ledger.calls] == [1, 1, 1]
    assert ledger.count == 7
    third = ledger.settled[2].call
    assert third.answers == (Answer(response("request-1").request_id, ASKED.prompt, "UTC"),)
    assert third.attempt == 1
    assert ledger.get(CallId("call-3")) is None
