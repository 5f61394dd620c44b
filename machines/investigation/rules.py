"""The rules of an investigation: what a call may bring, what is asked next, and what is an error.

Guards and actions of the chart, each a function of one moment. Ids are made from the snapshot, so
that equal runs give equal ids; nothing here reads a clock.
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

PLACES: Final = MappingProxyType(
    {
        Phase.INIT: "active.init",
        Phase.GATHERING_CONTEXT: "active.working.gathering_context",
        Phase.GENERATING_HYPOTHESES: "active.working.generating_hypotheses",
        Phase.EVALUATING_HYPOTHESES: "active.working.evaluating_hypotheses",
        Phase.SYNTHESIZING: "active.working.synthesizing",
        Phase.AWAITING_USER: "active.awaiting_user",
        Phase.FINISHED: "finished",
        Phase.FAILED: "failed",
    }
)
"""The state of the chart that each phase is."""

TAKEN: Final[MappingProxyType[Phase, tuple[type[Outcome], ...]]] = MappingProxyType(
    {
        Phase.GATHERING_CONTEXT: (Observed, Planned),
        Phase.GENERATING_HYPOTHESES: (Proposed,),
        Phase.EVALUATING_HYPOTHESES: (Observed, Planned),
        Phase.SYNTHESIZING: (Concluded,),
    }
)
"""What the calls of each phase may bring, besides a question to the user."""


# Guards.


def fits(m: Result) -> bool:
    """Tell whether a result is of a call under way, is what its phase takes, and leaves room."""
    call = m.context.ledger.get(m.event.call_id)
    return call is not None and isinstance(m.event.outcome, TAKEN[call.phase]) and _has_room(m)


def asks(m: Result) -> bool:
    """Tell whether a call under way asks the user."""
    under_way = m.context.ledger.get(m.event.call_id) is not None
    return under_way and isinstance(m.event.outcome, Question)


def may_retry(m: Failure) -> bool:
    """Tell whether a failed call is to be tried again."""
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
    """Tell whether a response answers the question that stands."""
    return m.event.request_id == m.data.request_id


def all_in(m: Moment[Any, Any, Case]) -> bool:
    """Tell whether no call is under way."""
    return not m.context.ledger.pending


def _has_room(m: Result) -> bool:
    return m.context.ledger.count + asked_for(m.event.outcome) <= m.context.policy.calls


def asked_for(outcome: Outcome) -> int:
    """Return how many calls a result asks for."""
    match outcome:
        case Planned(requests):
            return len(requests)
        case Proposed(hypotheses):
            return len(hypotheses)
        case _:
            return 0


# The next context.


def begin(m: Moment[Any, Start, Case]) -> Case:
    """Take up the question, and ask what to look at."""
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
    """End a call, and make it once more, under a new id."""
    ledger = m.context.ledger
    again = [
        evolve(call, id=_call_id(m), attempt=call.attempt + 1)
        for call in ledger.pending
        if call.id == m.event.call_id
    ]
    ledger = ledger.ended(m.event.call_id, CallEnd.FAILED)
    return evolve(m.context, ledger=ledger.made(again))


def do_without(m: Failure) -> Case:
    """End a call, and make no other in its stead."""
    ledger = m.context.ledger.ended(m.event.call_id, CallEnd.FAILED)
    return evolve(m.context, ledger=ledger)


def leave_open(m: Result) -> Case:
    """End a call that asks the user."""
    ledger = m.context.ledger.ended(m.event.call_id, CallEnd.ASKED)
    return evolve(m.context, ledger=ledger)


def ask_again(m: Moment[AwaitingUser, UserResponse, Case]) -> Case:
    """Keep what the user said, and make the call that asked once more, with the answer."""
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
    """Make the one call of a phase to the reasoner."""
    request = Request(CallKind.LLM, name, {"question": case.question})
    return evolve(case, ledger=case.ledger.made([_new(m, request, phase)]))


def _test(m: Result, proposal: Proposal) -> CallMeta:
    """Take up a proposal, and make the call that tests it."""
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
    """Give the calls that have just been made; Idle when others are still awaited."""
    ledger = m.context.ledger
    if ledger.latest:
        return tuple(map(Call.of, ledger.calls))
    return (Idle(),) if ledger.pending else ()


def resume(m: Moment[AwaitingUser, UserResponse, Case]) -> tuple[Effect, ...]:
    """Give the call that asked, made anew, and hand on what has come in meanwhile."""
    return (*calls(m), *map(Raise, m.data.deferred))


# What the phases carry.


def gathered(m: Moment[Gathering, CallResult, Case]) -> Gathering:
    """Add what a call has found."""
    return evolve(m.data, evidence=(*m.data.evidence, *_found(m)))


def proposed(m: Moment[Generating, CallResult, Case]) -> Evaluating:
    """Take up the proposals; the calls that test them have been made, in their order."""
    proposals = m.event.outcome.hypotheses if isinstance(m.event.outcome, Proposed) else ()
    hypotheses = tuple(
        Hypothesis(call.hypothesis, one.claim, one.test)
        for call, one in zip(m.context.ledger.calls, proposals, strict=True)
        if call.hypothesis is not None
    )
    return Evaluating(m.data.evidence, hypotheses)


def evaluated(m: Moment[Evaluating, CallResult, Case]) -> Evaluating:
    """Add what a test has found."""
    return evolve(m.data, evidence=(*m.data.evidence, *_found(m)))


def concluded(m: Moment[Synthesizing, CallResult, Case]) -> Finished:
    """Keep the result, with what it rests on."""
    assert isinstance(m.event.outcome, Concluded)  # noqa: S101 - it fits, or we would not be here
    return Finished(m.event.outcome.synthesis, m.data.evidence, m.data.hypotheses)


def standing(m: Result) -> AwaitingUser:
    """Keep what is asked, and who asked."""
    assert isinstance(m.event.outcome, Question)  # noqa: S101 - it asks, or we would not be here
    call = m.context.ledger.settled[-1].call
    evidence, hypotheses = known(m, call.phase)
    return AwaitingUser(
        RequestId(m.new_id("request")),
        m.event.outcome,
        call,
        evidence=evidence,
        hypotheses=hypotheses,
    )


def deferred(m: Moment[AwaitingUser, Any, Case]) -> AwaitingUser:
    """Keep what has come in for the phase that will be resumed."""
    return evolve(m.data, deferred=(*m.data.deferred, m.event))


def known(
    m: Moment[Any, Any, Case], phase: Phase
) -> tuple[tuple[Evidence, ...], tuple[Hypothesis, ...]]:
    """Return the evidence and the hypotheses that an active phase has, as far as it has any."""
    data = m[PLACES[phase]]
    return getattr(data, "evidence", ()), getattr(data, "hypotheses", ())


def observed(m: Moment[Any, Any, Case], call: CallMeta, outcome: Outcome) -> tuple[Evidence, ...]:
    """Return what a call has found as evidence; nothing when it brought something else."""
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
