"""Twins of what the description of the beginning tests end to end: brain steps, signals, queries.

`tests.test_investigation.seed` says which test of ours stands for which of those named there.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any, Final

import pytest

from machines.investigation import (
    Call,
    CallId,
    CallResult,
    Case,
    Error,
    FailureKind,
    Finish,
    Idle,
    Investigation,
    InvestigationChart,
    Phase,
    RequestUser,
    UserResponse,
    protocol,
)
from machines.investigation.calls import RequestId
from statecharts import start, step
from statecharts.codec import CodecError
from tests.test_investigation.runs import (
    ASKED,
    FOUND,
    PLAN,
    START,
    begun,
    failure,
    response,
    result,
)
from tests.test_investigation.scripted import Log, Scripted, ready
from tests.test_investigation.test_session_surface import CYCLE

BRAIN: Final = InvestigationChart


def brain_step(snapshot: bytes | None, event: bytes | None) -> tuple[bytes, list[Any]]:
    """Take JSON, and return JSON: the next snapshot, and what is asked for."""
    if snapshot is None or event is None:
        taken = start(BRAIN, Case())
    else:
        taken = step(BRAIN, protocol().loads_snapshot(snapshot), protocol().loads_event(event))
    asked = [protocol().dump_effect(effect) for effect in taken.effects]
    return protocol().dumps_snapshot(taken.snapshot), asked


def test_brain_step_starts() -> None:
    """Without a snapshot it begins, and waits."""
    snapshot, intents = brain_step(None, None)
    assert Investigation.restore(snapshot).current_phase is Phase.INIT
    assert intents == [{"type": "idle"}]


def test_brain_step_is_pure() -> None:
    """The same input gives the same output, any number of times, and nothing else changes."""
    snapshot, _ = brain_step(None, None)
    event = protocol().dumps_event(START)
    kept = copy.copy(snapshot)
    first = brain_step(snapshot, event)
    assert [brain_step(snapshot, event) for _ in range(3)] == [first] * 3
    assert snapshot == kept
    assert [one["call_id"] for one in first[1]] == ["call-1"]


def test_brain_step_refuses_a_bad_event() -> None:
    """It raises, and whoever asked still has the snapshot."""
    snapshot, _ = brain_step(None, None)
    with pytest.raises(CodecError, match=r"\[SC405\]"):
        brain_step(snapshot, b'{"type": "begin"}')


def test_brain_steps_make_a_whole_investigation() -> None:
    """Step by step, by JSON alone, it comes to where the small surface comes."""
    snapshot, _ = brain_step(None, None)
    whole = Investigation()
    for event in CYCLE:
        snapshot, _ = brain_step(snapshot, protocol().dumps_event(event))
        whole.ingest(event)
        assert snapshot == whole.dumps()


def test_full_investigation_lifecycle() -> None:
    """A runtime takes it from the question, by way of the user, to the result."""
    log = Log()

    def gather(call: Call) -> Any:
        return PLAN if call.answers else ASKED

    run = ready(Scripted(gather_context=gather), ask_user=lambda _: "UTC", observer=log)
    assert isinstance(asyncio.run(run.run()), Investigation)
    phases = [one.phase for one in log.told if type(one).__name__ == "PhaseEntered"]  # type: ignore[union-attr]
    assert phases == [
        *(Phase.GATHERING_CONTEXT, Phase.AWAITING_USER, Phase.GATHERING_CONTEXT),
        *(Phase.GENERATING_HYPOTHESES, Phase.EVALUATING_HYPOTHESES, Phase.SYNTHESIZING),
        Phase.FINISHED,
    ]
    assert isinstance(run.intents[0], Finish)


def test_query_status() -> None:
    """At any moment it can be asked where it is, how far it has come, and what it waits for."""
    run = ready(Scripted(gather_context=ASKED))
    asyncio.run(run.run())
    for one in (run.investigation, Investigation.restore(run.dumps())):
        before = one.dumps()
        assert (one.current_phase, one.current_step) == (Phase.AWAITING_USER, 2)
        assert not one.is_terminal
        assert one.intents == (RequestUser(RequestId("request-1"), ASKED.prompt, ASKED.choices),)
        assert one.dumps() == before


def test_cancel_signal() -> None:
    """It is called off while it waits for the user, and says so."""
    run = ready(Scripted(gather_context=ASKED))
    asyncio.run(run.run())
    run.cancel("no longer needed")
    assert run.intents == (Error(FailureKind.CANCELLED, "called off: no longer needed"),)
    assert run.investigation.is_terminal


def test_deterministic_replay() -> None:
    """The same events, read again from their JSON, give the same bytes after each of them."""
    recorded = [protocol().dumps_event(event) for event in CYCLE]
    runs = [Investigation() for _ in range(3)]
    for text in recorded:
        for one in runs:
            one.ingest(protocol().loads_event(text))
        assert len({one.dumps() for one in runs}) == 1
    assert runs[0].current_phase is Phase.FINISHED


def test_signal_deduplication() -> None:
    """An answer that is delivered again, at once or later, changes nothing."""
    investigation = begun()
    investigation.ingest(result("call-1", ASKED))
    investigation.ingest(response("request-1"))
    before = investigation.dumps()
    for again in (response("request-1"), response("request-1", "something else")):
        assert investigation.ingest(again) == (Idle(),)
        assert investigation.dumps() == before
    investigation.ingest(result("call-2"))
    after = investigation.dumps()
    investigation.ingest(UserResponse(RequestId("request-1"), "late"))
    assert investigation.dumps() == after


@pytest.mark.parametrize("threshold", [1, 2, 3, 5, 100])
def test_continue_as_new_at_a_step_threshold(threshold: int) -> None:
    """Cut every so many steps, and gone on from the snapshot, it comes to the same bytes."""
    whole, current = Investigation(), Investigation()
    cuts = 0
    for event in CYCLE:
        assert current.ingest(event) == whole.ingest(event)
        if current.current_step % threshold == 0:
            current, cuts = Investigation.restore(current.dumps()), cuts + 1
    assert current.dumps() == whole.dumps()
    assert cuts == len(CYCLE) // threshold


def test_error_intent_ends_a_run() -> None:
    """Whatever fails, the run ends with the intent that says why, and raises nothing."""
    run = ready(Scripted(generate_hypotheses=ValueError("secret data")))
    asyncio.run(run.run())
    [error] = run.intents
    assert isinstance(error, Error)
    assert error.kind is FailureKind.CALL_FAILED
    assert "secret data" not in error.message


def test_call_metadata_is_recorded() -> None:
    """Every call is kept, with what was asked, by which phase, and how it ended."""
    investigation = begun()
    investigation.ingest(failure("call-1"))
    investigation.ingest(result("call-2", PLAN))
    settled = investigation.case.ledger.settled
    assert [(one.call.id, one.call.attempt, one.end.value) for one in settled] == [
        ("call-1", 1, "failed"),
        ("call-2", 2, "answered"),
    ]
    assert {one.phase for one in investigation.case.ledger.pending} == {Phase.GATHERING_CONTEXT}


def test_call_result_of_an_unexpected_id_fails() -> None:
    """The strict rule of the description: an id that is not pending is the end, and said."""
    investigation = begun()
    [error] = investigation.ingest(CallResult(CallId("call-2"), FOUND))
    assert error == Error(FailureKind.UNEXPECTED_CALL, "'call-2' is no call of this investigation")
