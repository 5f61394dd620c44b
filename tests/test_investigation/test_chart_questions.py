"""Questions to the user: any working phase may ask one, and goes on where it was."""

from __future__ import annotations

import pytest

from machines.investigation import (
    Call,
    CallResult,
    FailureKind,
    Idle,
    Investigation,
    InvestigationChart,
    Phase,
    Question,
    RequestUser,
)
from statecharts import step
from tests.test_investigation.runs import (
    ASKED,
    FITTING,
    FOUND,
    HYPOTHESES,
    RESULT,
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
Active = InvestigationChart.active.working


def asking(phase: Phase) -> Investigation:
    """Return an investigation whose first call in a phase has asked the user."""
    investigation = within(phase)
    first = investigation.case.ledger.pending[0]
    [intent] = investigation.ingest(CallResult(first.id, ASKED))
    assert intent == RequestUser("request-1", ASKED.prompt, ASKED.choices)  # type: ignore[arg-type]
    assert investigation.current_phase is Phase.AWAITING_USER
    return investigation


@working
def test_every_working_phase_asks_and_comes_back_with_its_data(phase: Phase) -> None:
    """History leads back to the phase that asked, which carries what it carried before."""
    before = within(phase).snapshot
    investigation = asking(phase)
    [again] = investigation.ingest(response("request-1"))
    assert investigation.current_phase is phase
    state = investigation.snapshot.configuration[-1]
    assert investigation.snapshot.data[state] == before.data[state]
    assert isinstance(again, Call)
    first = before.context.ledger.pending[0]
    assert again.call_id not in [one.id for one in before.context.ledger.pending]
    assert (again.name, again.arguments) == (first.request.name, first.request.arguments)
    assert (again.phase, again.hypothesis, again.attempt) == (phase, first.hypothesis, 1)
    assert [(one.prompt, one.text) for one in again.answers] == [(ASKED.prompt, "UTC")]
    investigation.ingest(CallResult(again.call_id, FITTING[phase]))
    assert not investigation.current_phase.is_terminal or phase is Phase.SYNTHESIZING


@pytest.mark.parametrize("request_id", ["request-2", "call-1", "Request-1"])
def test_an_answer_to_another_question_is_ignored(request_id: str) -> None:
    """Only the question that stands can be answered."""
    investigation = asking(Phase.GATHERING_CONTEXT)
    then = step(InvestigationChart, investigation.snapshot, response(request_id))
    assert not then.handled


@working
def test_an_answer_given_twice_is_ignored(phase: Phase) -> None:
    """A signal that is delivered twice does what it does once."""
    investigation = asking(phase)
    investigation.ingest(response("request-1"))
    before = investigation.snapshot
    assert investigation.ingest(response("request-1", "local")) == (Idle(),)
    assert investigation.snapshot is before


def test_an_answer_that_nobody_asked_for_is_ignored() -> None:
    """There is no question, so there is no answer."""
    investigation = begun()
    assert not step(InvestigationChart, investigation.snapshot, response("request-1")).handled


def test_results_that_come_while_the_user_is_asked_are_kept_for_the_phase() -> None:
    """Calls side by side go on; the phase that asked takes what they brought, once it is back."""
    investigation = asking(Phase.EVALUATING_HYPOTHESES)
    assert investigation.ingest(result("call-5")) == (Idle(),)
    assert investigation.ingest(result("call-4")) == (Idle(),)
    assert pending(investigation) == ("call-4", "call-5")
    assert calls(investigation.ingest(response("request-1"))) == ("call-6",)
    assert pending(investigation) == ("call-6",)
    evidence = investigation.snapshot[Active.evaluating_hypotheses].evidence
    assert [one.call_id for one in evidence] == ["call-1", "call-5", "call-4"]
    assert calls(investigation.ingest(result("call-6"))) == ("call-7",)
    assert investigation.current_phase is Phase.SYNTHESIZING


def test_failures_that_come_while_the_user_is_asked_are_kept_for_the_phase() -> None:
    """A call that has failed meanwhile is tried again when the phase is back."""
    investigation = asking(Phase.EVALUATING_HYPOTHESES)
    assert investigation.ingest(failure("call-4")) == (Idle(),)
    again = investigation.ingest(response("request-1"))
    assert calls(again) == ("call-6", "call-7")
    assert [one.attempt for one in again if isinstance(one, Call)] == [1, 2]


def test_a_duplicate_of_what_is_kept_fails_the_investigation() -> None:
    """Waiting for the user is no excuse: two results under one id are an error."""
    investigation = asking(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(result("call-4"))
    message = "'call-4' has been answered already"
    fails(investigation, result("call-4"), FailureKind.UNEXPECTED_CALL, message)


@working
def test_the_call_that_asked_cannot_answer_as_well(phase: Phase) -> None:
    """A question is what that call came back with; anything more under its id is an error."""
    asked = within(phase).case.ledger.pending[0].id
    message = f"{asked!r} has been answered already"
    for outcome in (ASKED, FITTING[phase]):
        event = CallResult(asked, outcome)
        fails(asking(phase), event, FailureKind.UNEXPECTED_CALL, message)
        resumed = asking(phase)
        resumed.ingest(response("request-1"))
        fails(resumed, event, FailureKind.UNEXPECTED_CALL, message)


def test_questions_that_come_side_by_side_are_asked_one_after_the_other() -> None:
    """The second question stands as soon as the first is answered, in the same step."""
    investigation = asking(Phase.EVALUATING_HYPOTHESES)
    other = Question("Which day?")
    assert investigation.ingest(result("call-4", other)) == (Idle(),)
    assert investigation.ingest(result("call-5")) == (Idle(),)
    [again, next_one] = investigation.ingest(response("request-1"))
    assert isinstance(again, Call)
    assert (again.call_id, again.name) == ("call-6", "query")
    assert next_one == RequestUser("request-2", "Which day?")  # type: ignore[arg-type]
    assert calls(investigation.ingest(response("request-2", "Monday"))) == ("call-7",)
    assert investigation.current_phase is Phase.EVALUATING_HYPOTHESES
    assert pending(investigation) == ("call-6", "call-7")
    assert [one.text for one in investigation.case.answers] == ["UTC", "Monday"]
    [seventh] = [one for one in investigation.case.ledger.pending if one.id == "call-7"]
    assert [one.text for one in seventh.answers] == ["Monday"]


def test_a_call_may_ask_again() -> None:
    """The answer may raise a new question; the call is then given both answers."""
    investigation = asking(Phase.GENERATING_HYPOTHESES)
    send(investigation, response("request-1"), result("call-3", Question("Really?")))
    [again] = investigation.ingest(response("request-2", "yes"))
    assert isinstance(again, Call)
    assert [one.text for one in again.answers] == ["UTC", "yes"]
    assert len(calls(investigation.ingest(result("call-4", HYPOTHESES)))) == 3


def test_a_result_that_was_kept_and_does_not_fit_fails_when_it_is_taken() -> None:
    """What is kept is judged by the phase that asked, when that is back."""
    investigation = asking(Phase.EVALUATING_HYPOTHESES)
    assert investigation.ingest(result("call-4", RESULT)) == (Idle(),)
    message = "call-4 (describe) gave Concluded; evaluating_hypotheses takes "
    message += "Observed or Planned or Question"
    # The call that asked is not made anew: what it might bring is of no use any more.
    fails(investigation, response("request-1"), FailureKind.UNFIT_RESULT, message)


def test_history_forgets_an_earlier_question() -> None:
    """Asked in one phase, and again in the next: the way back is to the latter."""
    investigation = asking(Phase.GATHERING_CONTEXT)
    send(investigation, response("request-1"), result("call-2", FOUND))
    investigation.ingest(result("call-3", ASKED))
    investigation.ingest(response("request-2"))
    assert investigation.current_phase is Phase.GENERATING_HYPOTHESES
