"""Refusals: the reasons why an investigation fails, in words."""

from __future__ import annotations

from typing import Any

from machines.investigation.calls import CallEnd, Phase
from machines.investigation.rules import (
    TAKEN,
    Failure,
    Result,
    asked_for,
    known,
    observed,
    present,
)
from machines.investigation.vocabulary import (
    CallFailed,
    CallResult,
    Cancel,
    Case,
    Failed,
    FailureKind,
    Question,
)
from statecharts import Moment


def cancelled(m: Moment[Any, Cancel, Case]) -> Failed:
    """Say that the investigation was cancelled, or why it cannot go on."""
    kind, reason = m.event.kind, m.event.reason
    if kind is FailureKind.CANCELLED:
        return _failed(m, kind, f"called off: {reason}" if reason else "called off")
    return _failed(m, kind, reason or kind.value.replace("_", " "))


def refused(m: Result) -> Failed:
    """Say why a result is refused: its call is not under way, or it does not fit."""
    event, ledger = m.event, m.context.ledger
    call = ledger.get(event.call_id)
    if call is None or Phase.of(m.configuration) is Phase.AWAITING_USER:
        return _unexpected(m)
    gave = type(event.outcome).__name__
    if isinstance(event.outcome, TAKEN[call.phase]):
        found = f"{call.id} asks for {asked_for(event.outcome)} more calls, after {ledger.count}"
        message = f"{found}; {m.context.policy.calls} are allowed in all"
        return _failed(m, FailureKind.TOO_MANY_CALLS, message)
    takes = " or ".join(cls.__name__ for cls in (*TAKEN[call.phase], Question))
    message = f"{call.id} ({call.request.name}) gave {gave}; {call.phase} takes {takes}"
    return _failed(m, FailureKind.UNFIT_RESULT, message)


def given_up(m: Failure) -> Failed:
    """Say that a call has failed for good, and is needed; or that it is not under way."""
    call = m.context.ledger.get(m.event.call_id)
    if call is None or Phase.of(m.configuration) is Phase.AWAITING_USER:
        return _unexpected(m)
    times = "once" if call.attempt == 1 else f"{call.attempt} times"
    message = f"{call.id} ({call.request.name}) failed, tried {times}: {m.event.reason}"
    return _failed(m, FailureKind.CALL_FAILED, message)


def _unexpected(m: Moment[Any, CallResult | CallFailed, Case]) -> Failed:
    """Say that the call of an event is not under way, and how that call ended."""
    shown = repr(m.event.call_id)
    match m.context.ledger.end_of(m.event.call_id):
        case None if m.context.ledger.get(m.event.call_id) is None:
            message = f"{shown} is no call of this investigation"
        case CallEnd.FAILED:
            message = f"{shown} comes too late: it had failed"
        case _:
            message = f"{shown} has been answered already"
    return _failed(m, FailureKind.UNEXPECTED_CALL, message)


def _failed(m: Moment[Any, Any, Case], kind: FailureKind, message: str) -> Failed:
    """Say why there is no result, and keep the evidence and hypotheses so far.

    Evidence in deferred events counts as well.
    """
    evidence, hypotheses = known(m)
    for one in getattr(present(m), "deferred", ()):
        call = m.context.ledger.get(one.call_id)
        if isinstance(one, CallResult) and call is not None:
            evidence += observed(m, call, one.outcome)
    return Failed(kind, message, Phase.of(m.configuration), evidence, hypotheses)
