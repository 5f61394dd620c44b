"""The vocabulary of an investigation: events, intents, data of the phases, and the context."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, ge, in_, instance_of, le, optional

from machines.investigation.calls import (
    Answer,
    Argument,
    CallId,
    CallKind,
    CallMeta,
    HypothesisId,
    Ledger,
    Phase,
    Request,
    RequestId,
    Scalar,
    is_scalar,
    text,
)
from machines.investigation.findings import Evidence, Hypothesis, Proposal, Synthesis
from machines.investigation.scope import Scope
from statecharts import Effect

# Results of a call.


def _rows(instance: object, attribute: Attribute[Any], value: tuple[tuple[Any, ...], ...]) -> None:
    """Refuse a cell that JSON does not have."""
    for number, row in enumerate(value):
        for cell in row:
            if not is_scalar(cell):
                # The value is somebody's data, and stays out of the message.
                kind = type(cell).__name__
                raise TypeError(f"row {number} holds a {kind} that JSON does not have")


@frozen
class Observed:
    """Evidence. Gathering and evaluating take it."""

    summary: str
    sql: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = field(default=(), validator=_rows)


@frozen
class Planned:
    """Further calls to make. Gathering and evaluating take it, and make them."""

    requests: tuple[Request, ...] = field(
        validator=deep_iterable(instance_of(Request), instance_of(tuple))
    )


@frozen
class Proposed:
    """Hypotheses; empty if nothing seems wrong. Generating takes it."""

    hypotheses: tuple[Proposal, ...] = field(
        validator=deep_iterable(instance_of(Proposal), instance_of(tuple))
    )


@frozen
class Concluded:
    """The result. Synthesizing takes it."""

    synthesis: Synthesis = field(validator=instance_of(Synthesis))


@frozen
class Question:
    """A question to the user. Every working phase takes it.

    Attributes:
        prompt: The question.
        choices: The answers to offer; empty for a free answer.
    """

    prompt: str = field(validator=text)
    choices: tuple[str, ...] = ()


Outcome: TypeAlias = Observed | Planned | Proposed | Concluded | Question


# Events.


@frozen
class Policy:
    """The limits of an investigation, and its tolerance of failed calls.

    Attributes:
        attempts: Number of attempts at a call before it has failed for good.
        calls: Greatest number of calls, at most 500; a result that asks for more is refused.
        gather_anyway: Whether gathering goes on without a call that has failed for good.
        evaluate_anyway: Whether evaluating does, and leaves that hypothesis untested. Generating
            and synthesizing cannot: they consist of one call.
    """

    attempts: int = field(default=3, validator=[instance_of(int), ge(1)])
    calls: int = field(default=200, validator=[instance_of(int), ge(1), le(500)])
    gather_anyway: bool = True
    evaluate_anyway: bool = True


@frozen
class Start:
    """Start with a question, within a scope."""

    question: str = field(validator=text)
    scope: Scope = field(validator=instance_of(Scope))
    policy: Policy = field(factory=Policy, validator=instance_of(Policy))


@frozen
class CallResult:
    """A call has come back. A result of a call that is not under way ends the investigation."""

    call_id: CallId = field(validator=text)
    outcome: Outcome = field(
        validator=instance_of((Observed, Planned, Proposed, Concluded, Question))
    )


@frozen
class CallFailed:
    """A call could not be carried out.

    Attributes:
        call_id: Id of the call.
        reason: The reason, in words that may be shown.
        permanent: Whether another attempt is useless, for example because security forbids it.
    """

    call_id: CallId = field(validator=text)
    reason: str
    permanent: bool = False


@frozen
class UserResponse:
    """The user has answered. Ignored unless it answers the open question."""

    request_id: RequestId = field(validator=text)
    text: str


class FailureKind(StrEnum):
    """The reason why an investigation failed.

    `Cancel` brings the first four; the investigation finds the others.
    """

    CANCELLED = "cancelled"
    TOO_MANY_STEPS = "too_many_steps"
    NO_ANSWER = "no_answer"
    INTERNAL = "internal"
    UNEXPECTED_CALL = "unexpected_call"
    UNFIT_RESULT = "unfit_result"
    TOO_MANY_CALLS = "too_many_calls"
    CALL_FAILED = "call_failed"


CANCELLING: Final = (
    FailureKind.CANCELLED,
    FailureKind.TOO_MANY_STEPS,
    FailureKind.NO_ANSWER,
    FailureKind.INTERNAL,
)
"""The kinds that `Cancel` can have."""


@frozen
class Cancel:
    """The investigation is cancelled, or cannot go on.

    Attributes:
        reason: The reason, in words that may be shown.
        kind: ``CANCELLED`` on request, ``TOO_MANY_STEPS`` at the bound of the run, ``NO_ANSWER`` if
            the user could not be asked or gave an invalid answer, ``INTERNAL`` if the chart failed
            to take an event.
    """

    reason: str = ""
    kind: FailureKind = field(default=FailureKind.CANCELLED, validator=in_(CANCELLING))


InvestigationEvent: TypeAlias = Start | CallResult | CallFailed | UserResponse | Cancel


# Intents.


@frozen
class Idle(Effect):
    """Nothing to do until an event comes: the start, an awaited result, an answer."""


@frozen
class Call(Effect):
    """Make a call, and report with `CallResult` or `CallFailed` under its id.

    Attributes:
        call_id: The id to report under.
        kind: The receiver.
        name: Name of the tool, or of a task for the reasoner.
        arguments: The arguments by name.
        phase: The phase that asks.
        attempt: Number of attempts, this one included.
        hypothesis: The hypothesis that it tests, if it tests one.
        answers: Answers of the user to the questions that it asked before.
    """

    call_id: CallId
    kind: CallKind
    name: str
    arguments: Mapping[str, Argument] = field(hash=False)
    phase: Phase
    attempt: int = 1
    hypothesis: HypothesisId | None = None
    answers: tuple[Answer, ...] = ()

    @property
    def tool(self) -> str:
        """Name of the tool; empty, which no scope permits, for a call of the reasoner."""
        return self.name if self.kind is CallKind.TOOL else ""

    @classmethod
    def of(cls, call: CallMeta) -> Self:
        """Return the intent to make a call."""
        request = call.request
        return cls(
            call.id,
            request.kind,
            request.name,
            request.arguments,
            call.phase,
            call.attempt,
            call.hypothesis,
            call.answers,
        )


@frozen
class RequestUser(Effect):
    """Ask the user, and report with `UserResponse` under the same id."""

    request_id: RequestId
    prompt: str
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, asking: AwaitingUser) -> Self:
        """Return the intent to ask the open question."""
        return cls(asking.request_id, asking.question.prompt, asking.question.choices)


@frozen
class Finish(Effect):
    """Report the result; the investigation is over."""

    synthesis: Synthesis


@frozen
class Error(Effect):
    """Report the failure; the investigation is over."""

    kind: FailureKind
    message: str


Intent: TypeAlias = Idle | Call | RequestUser | Finish | Error


# Data of the phases.


@frozen
class Gathering:
    """The evidence gathered so far."""

    evidence: tuple[Evidence, ...] = ()


@frozen
class Generating:
    """The evidence to form hypotheses from."""

    evidence: tuple[Evidence, ...]


@frozen
class Evaluating:
    """Hypotheses under test, and the evidence, including that of the tests."""

    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class Synthesizing:
    """Everything that the result rests on."""

    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class AwaitingUser:
    """An open question.

    Attributes:
        request_id: The id that the answer must have.
        question: The question.
        call: The call that asked; it is repeated once the user has answered.
        deferred: Events that came in meanwhile; the phase that asked takes them when it resumes.
        evidence: The evidence of the phase that asked.
        hypotheses: The hypotheses of the phase that asked.
    """

    request_id: RequestId
    question: Question
    call: CallMeta
    deferred: tuple[CallResult | CallFailed, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()


@frozen
class Finished:
    """The result, with its evidence and hypotheses."""

    synthesis: Synthesis
    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class Failed:
    """The reason for the failure, its phase, and the evidence and hypotheses until then."""

    kind: FailureKind
    message: str
    phase: Phase = field(validator=instance_of(Phase))
    evidence: tuple[Evidence, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()


# The context.


@frozen
class Case:
    """The context: question, scope, policy, calls, and the answers of the user.

    Attributes:
        question: The question; empty before the start.
        scope: The scope; None before the start, and None permits nothing.
        policy: The limits.
        ledger: Every call.
        answers: The answers of the user.
    """

    question: str = ""
    scope: Scope | None = field(default=None, validator=optional(instance_of(Scope)))
    policy: Policy = field(factory=Policy)
    ledger: Ledger = field(factory=Ledger)
    answers: tuple[Answer, ...] = ()
