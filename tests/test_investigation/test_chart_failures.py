"""The end of an investigation that fails: what it is told as, and what it keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from machines.investigation import (
    Cancel,
    Error,
    FailureKind,
    Investigation,
    InvestigationChart,
    Phase,
    Policy,
    protocol,
)
from machines.investigation.vocabulary import CANCELLING
from machines.investigator.runtime import LocalInvestigator
from statecharts.codec import MismatchError
from tests.test_investigation.runs import (
    ASKED,
    FOUND,
    HYPOTHESES,
    PLAN,
    WORKING,
    begun,
    failure,
    result,
    send,
    within,
)
from tests.test_investigation.scripted import Scripted

FAILED = InvestigationChart.failed
THREE = ("hypothesis-1", "hypothesis-2", "hypothesis-3")
KNOWN: dict[Phase, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Phase.GATHERING_CONTEXT: ((), ()),
    Phase.GENERATING_HYPOTHESES: (("evidence-1",), ()),
    Phase.EVALUATING_HYPOTHESES: (("evidence-1",), THREE),
    Phase.SYNTHESIZING: (("evidence-1", "evidence-2", "evidence-3", "evidence-4"), THREE),
}
"""What is known as soon as a phase is entered."""


def known(investigation: Investigation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the evidence and of the hypotheses of an investigation."""
    return (
        tuple(one.id for one in investigation.evidence),
        tuple(one.id for one in investigation.hypotheses),
    )


@pytest.mark.parametrize("event", [Cancel("enough"), result("call-99"), failure("call-99")])
@pytest.mark.parametrize("phase", WORKING)
def test_failure_keeps_what_was_known(phase: Phase, event: Any) -> None:
    """Evidence and hypotheses are there after the failure, whatever the phase and the reason."""
    investigation = within(phase)
    before = (investigation.evidence, investigation.hypotheses)
    assert known(investigation) == KNOWN[phase]
    investigation.ingest(event)
    assert investigation.current_phase is Phase.FAILED
    assert (investigation.evidence, investigation.hypotheses) == before
    data = investigation.snapshot[FAILED]
    assert (data.evidence, data.hypotheses, data.phase) == (*before, phase)


@pytest.mark.parametrize("phase", WORKING)
def test_failure_while_the_user_is_asked_keeps_what_the_asking_phase_knew(phase: Phase) -> None:
    """A question that is never answered costs nothing of what was found before."""
    investigation = within(phase)
    asker = investigation.case.ledger.pending[0].id
    investigation.ingest(result(asker, ASKED))
    assert known(investigation) == KNOWN[phase]
    investigation.ingest(Cancel())
    assert known(investigation) == KNOWN[phase]
    assert investigation.snapshot[FAILED].phase is Phase.AWAITING_USER


def test_failure_while_the_user_is_asked_keeps_what_came_in_meanwhile() -> None:
    """What other calls found in the meantime is evidence, too, and for their hypotheses."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    send(investigation, result("call-3", ASKED), result("call-5"), failure("call-4"))
    assert len(investigation.evidence) == 1
    investigation.ingest(Cancel())
    found = [(one.id, one.call_id, one.hypothesis) for one in investigation.evidence]
    assert found == [
        ("evidence-1", "call-1", None),
        ("evidence-2", "call-5", "hypothesis-3"),
    ]
    assert investigation.evidence[-1].rows == FOUND.rows


def test_failure_before_the_start_has_nothing_to_keep() -> None:
    """An investigation that was called off before it began has found nothing."""
    investigation = Investigation()
    assert known(investigation) == ((), ())
    investigation.ingest(Cancel())
    assert known(investigation) == ((), ())


def test_failure_for_a_needed_call_keeps_what_was_known() -> None:
    """When the synthesis cannot be had, all that it would have rested on is still there."""
    investigation = within(Phase.SYNTHESIZING, Policy(attempts=1))
    investigation.ingest(failure("call-6"))
    assert known(investigation) == KNOWN[Phase.SYNTHESIZING]


def test_failure_is_kept_in_the_snapshot() -> None:
    """Restored somewhere else, a failed investigation still knows what it had found."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(Cancel())
    restored = Investigation.restore(investigation.dumps())
    assert restored.snapshot == investigation.snapshot
    assert known(restored) == KNOWN[Phase.EVALUATING_HYPOTHESES]
    local = LocalInvestigator(Scripted(), snapshot=investigation.dumps())
    assert local.evidence == investigation.evidence


def test_failure_written_without_what_was_known_is_read() -> None:
    """What has a default may be missing: then nothing is known."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(Cancel("enough"))
    written = json.loads(investigation.dumps())
    for name in ("evidence", "hypotheses"):
        del written["data"]["failed"][name]
    restored = Investigation.restore(written)
    assert restored.intents == investigation.intents
    assert known(restored) == ((), ())


def test_question_written_without_what_was_known_is_read_and_resumed() -> None:
    """The phase that asked keeps its own evidence, and goes on with that."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    investigation.ingest(result("call-3", ASKED))
    written = json.loads(investigation.dumps())
    for name in ("evidence", "hypotheses"):
        del written["data"]["active.awaiting_user"][name]
    restored = Investigation.restore(written)
    question = restored.snapshot[InvestigationChart.active.awaiting_user]
    restored.ingest(protocol().load_event(_answer(question.request_id)))
    assert known(restored) == KNOWN[Phase.EVALUATING_HYPOTHESES]


def _answer(request_id: str) -> dict[str, str]:
    return {"type": "user_response", "request_id": request_id, "text": "UTC"}


# What whoever runs it can tell it.


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Cancel(), "called off"),
        (Cancel("enough"), "called off: enough"),
        (Cancel(kind=FailureKind.TOO_MANY_STEPS), "too many steps"),
        (Cancel("it needs more than 9 steps", FailureKind.TOO_MANY_STEPS), None),
        (Cancel("the terminal is gone", FailureKind.NO_ANSWER), None),
        (Cancel("it stumbled", FailureKind.INTERNAL), None),
    ],
)
def test_cancel_says_what_the_failure_is_told_as(event: Cancel, message: str | None) -> None:
    """Only what somebody wished is told as called off; the rest is what it is."""
    investigation = begun()
    assert investigation.ingest(event) == (Error(event.kind, message or event.reason),)


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind not in CANCELLING])
def test_cancel_cannot_tell_what_the_chart_finds_out_by_itself(kind: FailureKind) -> None:
    """That a call was unexpected is for the chart to say: neither code nor JSON can claim it."""
    with pytest.raises(ValueError, match="'kind' must be in"):
        Cancel("because", kind)
    with pytest.raises(MismatchError, match="'kind' must be in"):
        protocol().load_event({"type": "cancel", "kind": kind.value})


@pytest.mark.parametrize("kind", CANCELLING)
def test_cancel_keeps_its_kind_on_the_wire(kind: FailureKind) -> None:
    """What is told here is told there."""
    written = protocol().dumps_event(Cancel("because", kind))
    assert json.loads(written) == {"type": "cancel", "reason": "because", "kind": kind.value}
    assert protocol().loads_event(written) == Cancel("because", kind)


def test_cancel_without_a_kind_is_a_cancellation() -> None:
    """Who wrote events before there were kinds meant that it was called off."""
    event = protocol().load_event({"type": "cancel", "reason": "enough"})
    assert event == Cancel("enough", FailureKind.CANCELLED)


def test_evidence_of_a_run_is_what_its_phase_carries() -> None:
    """From phase to phase nothing is lost, and nothing is there before it was found."""
    investigation = begun()
    seen = [len(investigation.evidence)]
    for event in (
        *(result("call-1", PLAN), result("call-2"), result("call-3"), result("call-4", HYPOTHESES)),
        *(result("call-5"), result("call-6"), result("call-7")),
    ):
        investigation.ingest(event)
        seen.append(len(investigation.evidence))
    assert seen == [0, 0, 1, 2, 2, 3, 4, 5]
    assert len(investigation.hypotheses) == 3
