"""The rules of an investigation: guards and actions of the chart, each a function of one moment.

Ids are made from the snapshot, so that equal runs give equal ids; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import evolve

from machines.investigation.calls import (
    Answer,
    CallEnd,
    CallId,
    CallKind,
    CallMeta,
    EvidenceId,
    HypothesisId,
    Phase,
    Request,
    RequestId,
)
from machines.investigation.findings import Evidence, Hypothesis, Proposal
from machines.investigation.vocabulary import (
    AwaitingUser,
    Call,
    CallFailed,
    CallResult,
    Case,
    Concluded,
    Evaluating,
    Finished,
    Gathering,
    Generating,
    Idle,
    Intent,
    Observed,
    Outcome,
    Planned,
    Proposed,
    Question,
    Start,
    Synthesizing,
    UserResponse,
)
from statecharts import Effect, Moment
from statecharts.model.effects import Raise

Result: TypeAlias = Moment[Any, CallResult, Case]
Failure: TypeAlias = Moment[Any, CallFailed, Case]


TAKEN: Final[MappingProxyType[Phase, tuple[type[Outcome], ...]]] = MappingProxyType(
    {
        Phase.GATHERING_CONTEXT: (Observed, Planned),
        Phase.GENERATING_HYPOTHESES: (Proposed,),
        Phase.EVALUATING_HYPOTHESES: (Observed, Planned),
        Phase.SYNTHESIZING: (Concluded,),
    }
)
"""The results that the calls of each phase may have, besides a question to the user."""


# Guards.


def fits(m: Result) -> bool:
    """Tell whether a result is of a call under way, is taken by its phase, and leaves room."""
    call = m.context.ledger.get(m.event.call_id)
    return call is not None and isinstance(m.event.outcome, TAKEN[call.phase]) and _has_room(m)


def asks(m: Result) -> bool:
    """Tell whether a call under way asks the user."""
    under_way = m.context.ledger.get(m.event.call_id) is not None
    return under_way and isinstance(m.event.outcome, Question)


def may_retry(m: Failure) -> bool:
    """Tell whether a failed call is repeated."""
    call = m.context.ledger.get(m.event.call_id)
    return call is not None and not m.event.permanent and call.attempt < m.context.policy.attempts


def dispensable(m: Failure) -> bool:
    """Tell whether the phase goes on without a call that has failed for good."""
    call, policy = m.context.ledger.get(m.event.call_id), m.context.policy
    if call is None:
        return False
    if call.phase is Phase.GATHERING_CONTEXT:
        return policy.gather_anyway
    return call.phase is Phase.EVALUATING_HYPOTHESES and policy.evaluate_anyway


def can_wait(m: Moment[AwaitingUser, Any, Case]) -> bool:
    """Tell whether a call under way has come back, for the first time, while the user is asked."""
    under_way = m.context.ledger.get(m.event.call_id) is not None
    return under_way and all(one.call_id != m.event.call_id for one in m.data.deferred)


def answered(m: Moment[AwaitingUser, UserResponse, Case]) -> bool:
    """Tell whether a response answers the open question."""
    return m.event.request_id == m.data.request_id


def all_in(m: Moment[Any, Any, Case]) -> bool:
    """Tell whether no call is under way."""
    return not m.context.ledger.pending


def _has_room(m: Result) -> bool:
    return m.context.ledger.count + asked_for(m.event.outcome) <= m.context.policy.calls


def asked_for(outcome: Outcome) -> int:
    """Return the number of calls that a result asks for."""
    match outcome:
        case Planned(requests):
            return len(requests)
        case Proposed(hypotheses):
            return len(hypotheses)
        case _:
            return 0


# The next context.


def begin(m: Moment[Any, Start, Case]) -> Case:
    """Take the question, and ask the reasoner for context."""
    case = Case(m.event.question, m.event.scope, m.event.policy)
    return _task(m, case, Phase.GATHERING_CONTEXT, "gather_context")


def record(m: Result) -> Case:
    """End a call, and make the calls that its result asks for."""
    call_id, outcome = m.event.call_id, m.event.outcome
    ledger = m.context.ledger.ended(call_id, CallEnd.ANSWERED)
    call = m.context.ledger.get(call_id)
    new: Iterable[CallMeta] = ()
    if isinstance(outcome, Planned) and call is not None:
        new = [_new(m, one, call.phase, call.hypothesis) for one in outcome.requests]
    elif isinstance(outcome, Proposed):
        new = [_test(m, one) for one in outcome.hypotheses]
    return evolve(m.context, ledger=ledger.made(new))


def retry(m: Failure) -> Case:
    """End a call, and repeat it under a new id."""
    ledger = m.context.ledger
    again = [
        evolve(call, id=_call_id(m), attempt=call.attempt + 1)
        for call in ledger.pending
        if call.id == m.event.call_id
    ]
    ledger = ledger.ended(m.event.call_id, CallEnd.FAILED)
    return evolve(m.context, ledger=ledger.made(again))


def do_without(m: Failure) -> Case:
    """End a call without repeating it."""
    ledger = m.context.ledger.ended(m.event.call_id, CallEnd.FAILED)
    return evolve(m.context, ledger=ledger)


def leave_open(m: Result) -> Case:
    """End a call that asks the user."""
    ledger = m.context.ledger.ended(m.event.call_id, CallEnd.ASKED)
    return evolve(m.context, ledger=ledger)


def ask_again(m: Moment[AwaitingUser, UserResponse, Case]) -> Case:
    """Keep the answer of the user, and repeat the call that asked with it."""
    answer = Answer(m.data.request_id, m.data.question.prompt, m.event.text)
    call = m.data.call
    again = evolve(call, id=_call_id(m), attempt=1, answers=(*call.answers, answer))
    return evolve(
        m.context,
        ledger=m.context.ledger.made([again]),
        answers=(*m.context.answers, answer),
    )


def generate(m: Moment[Any, Any, Case]) -> Case:
    """Ask for hypotheses."""
    return _task(m, m.context, Phase.GENERATING_HYPOTHESES, "generate_hypotheses")


def synthesize(m: Moment[Any, Any, Case]) -> Case:
    """Ask for the result."""
    return _task(m, m.context, Phase.SYNTHESIZING, "synthesize")


def _task(m: Moment[Any, Any, Case], case: Case, phase: Phase, name: str) -> Case:
    """Make the only call of a phase to the reasoner."""
    request = Request(CallKind.LLM, name, {"question": case.question})
    return evolve(case, ledger=case.ledger.made([_new(m, request, phase)]))


def _test(m: Result, proposal: Proposal) -> CallMeta:
    """Accept a proposal, and make the call that tests it."""
    hypothesis = HypothesisId(m.new_id("hypothesis"))
    return _new(m, proposal.test, Phase.EVALUATING_HYPOTHESES, hypothesis)


def _new(
    m: Moment[Any, Any, Case],
    request: Request,
    phase: Phase,
    hypothesis: HypothesisId | None = None,
) -> CallMeta:
    return CallMeta(_call_id(m), request, phase, hypothesis=hypothesis)


def _call_id(m: Moment[Any, Any, Case]) -> CallId:
    return CallId(m.new_id("call"))


# Intents.


def calls(m: Moment[Any, Any, Case]) -> tuple[Intent, ...]:
    """Return the calls that have just been made; Idle if others are still awaited."""
    ledger = m.context.ledger
    if ledger.latest:
        return tuple(map(Call.of, ledger.calls))
    return (Idle(),) if ledger.pending else ()


def resume(m: Moment[AwaitingUser, UserResponse, Case]) -> tuple[Effect, ...]:
    """Return the repeated call that asked, and pass on the deferred events."""
    return (*calls(m), *map(Raise, m.data.deferred))


# Data of the phases.


def gathered(m: Moment[Gathering, CallResult, Case]) -> Gathering:
    """Add the evidence of a call."""
    return evolve(m.data, evidence=(*m.data.evidence, *_found(m)))


def proposed(m: Moment[Generating, CallResult, Case]) -> Evaluating:
    """Accept the proposals; the calls that test them have been made, in their order."""
    proposals = m.event.outcome.hypotheses if isinstance(m.event.outcome, Proposed) else ()
    hypotheses = tuple(
        Hypothesis(call.hypothesis, one.claim, one.test)
        for call, one in zip(m.context.ledger.calls, proposals, strict=True)
        if call.hypothesis is not None
    )
    return Evaluating(m.data.evidence, hypotheses)


def evaluated(m: Moment[Evaluating, CallResult, Case]) -> Evaluating:
    """Add the evidence of a test."""
    return evolve(m.data, evidence=(*m.data.evidence, *_found(m)))


def concluded(m: Moment[Synthesizing, CallResult, Case]) -> Finished:
    """Keep the result, with its evidence and hypotheses."""
    assert isinstance(m.event.outcome, Concluded)  # noqa: S101 - the guard `fits` says so
    return Finished(m.event.outcome.synthesis, m.data.evidence, m.data.hypotheses)


def standing(m: Result) -> AwaitingUser:
    """Keep the question, and the call that asked."""
    assert isinstance(m.event.outcome, Question)  # noqa: S101 - the guard `asks` says so
    call = m.context.ledger.settled[-1].call
    evidence, hypotheses = known(m)
    return AwaitingUser(
        RequestId(m.new_id("request")),
        m.event.outcome,
        call,
        evidence=evidence,
        hypotheses=hypotheses,
    )


def deferred(m: Moment[AwaitingUser, Any, Case]) -> AwaitingUser:
    """Keep an event for the phase that will be resumed."""
    return evolve(m.data, deferred=(*m.data.deferred, m.event))


def present(m: Moment[Any, Any, Case]) -> Any:
    """Return the data of the phase that is active."""
    return m[m.configuration[-1]]


def known(m: Moment[Any, Any, Case]) -> tuple[tuple[Evidence, ...], tuple[Hypothesis, ...]]:
    """Return the evidence and the hypotheses of the active phase, as far as it has any."""
    data = present(m)
    return getattr(data, "evidence", ()), getattr(data, "hypotheses", ())


def observed(m: Moment[Any, Any, Case], call: CallMeta, outcome: Outcome) -> tuple[Evidence, ...]:
    """Return the evidence of a call; empty if its result is another one."""
    if not isinstance(outcome, Observed):
        return ()
    evidence = Evidence(
        EvidenceId(m.new_id("evidence")),
        call.id,
        call.hypothesis,
        outcome.summary,
        outcome.sql,
        outcome.columns,
        outcome.rows,
    )
    return (evidence,)


def _found(m: Result) -> tuple[Evidence, ...]:
    return observed(m, m.context.ledger.settled[-1].call, m.event.outcome)
