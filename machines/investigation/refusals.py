"""Refusals: why an investigation fails, in words that name what was found and what was expected."""

from __future__ import annotations

from typing import Any

from machines.investigation.calls import CallEnd, Phase
from machines.investigation.rules import PLACES, TAKEN, Failure, Result, asked_for
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
    """Say that the investigation was called off."""
    message = f"called off: {m.event.reason}" if m.event.reason else "called off"
    return Failed(FailureKind.CANCELLED, message, _phase(m))


def refused(m: Result) -> Failed:
    """Say why a result cannot be taken: its call is not under way, or it does not fit."""
    event, ledger = m.event, m.context.ledger
    call = ledger.get(event.call_id)
    if call is None or Phase.AWAITING_USER in _active(m):
        return _unexpected(m)
    gave = type(event.outcome).__name__
    if isinstance(event.outcome, TAKEN[call.phase]):
        found = f"{call.id} asks for {asked_for(event.outcome)} more calls, after {ledger.count}"
        message = f"{found}; {m.context.policy.calls} are allowed in all"
        return Failed(FailureKind.TOO_MANY_CALLS, message, _phase(m))
    takes = " or ".join(cls.__name__ for cls in (*TAKEN[call.phase], Question))
    message = f"{call.id} ({call.request.name}) gave {gave}; {call.phase} takes {takes}"
    return Failed(FailureKind.UNFIT_RESULT, message, _phase(m))


def given_up(m: Failure) -> Failed:
    """Say that a call has failed for good, and is needed; or that it is not under way."""
    call = m.context.ledger.get(m.event.call_id)
    if call is None or Phase.AWAITING_USER in _active(m):
        return _unexpected(m)
    times = "once" if call.attempt == 1 else f"{call.attempt} times"
    message = f"{call.id} ({call.request.name}) failed, tried {times}: {m.event.reason}"
    return Failed(FailureKind.CALL_FAILED, message, _phase(m))


def _unexpected(m: Moment[Any, CallResult | CallFailed, Case]) -> Failed:
    """Say that an event is about a call that is not under way, and what became of that call."""
    shown = repr(m.event.call_id)
    match m.context.ledger.end_of(m.event.call_id):
        case None if m.context.ledger.get(m.event.call_id) is None:
            message = f"{shown} is no call of this investigation"
        case CallEnd.FAILED:
            message = f"{shown} comes too late: it had failed"
        case _:
            message = f"{shown} has been answered already"
    return Failed(FailureKind.UNEXPECTED_CALL, message, _phase(m))


def _phase(m: Moment[Any, Any, Case]) -> Phase:
    return next(iter(_active(m)))


def _active(m: Moment[Any, Any, Case]) -> tuple[Phase, ...]:
    """Return the phase, as the one member of a tuple."""
    return tuple(phase for phase, state in PLACES.items() if state in m)
