"""The words of an investigation: events, intents, what the phases carry, and the context."""

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

# How a call can turn out.


def _rows(instance: object, attribute: Attribute[Any], value: tuple[tuple[Any, ...], ...]) -> None:
    """Refuse a cell that JSON cannot carry."""
    for number, row in enumerate(value):
        for cell in row:
            if not is_scalar(cell):
                # What the cell holds is somebody's data, and stays out of the message.
                kind = type(cell).__name__
                raise TypeError(f"row {number} holds a {kind} that JSON does not have")


@frozen
class Observed:
    """The call found something: evidence. Gathering and evaluating take it."""

    summary: str
    sql: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = field(default=(), validator=_rows)


@frozen
class Planned:
    """The call says what else to look at. Gathering and evaluating take it, and call for that."""

    requests: tuple[Request, ...] = field(
        validator=deep_iterable(instance_of(Request), instance_of(tuple))
    )


@frozen
class Proposed:
    """The call gives hypotheses, none when nothing seems wrong. Generating takes it."""

    hypotheses: tuple[Proposal, ...] = field(
        validator=deep_iterable(instance_of(Proposal), instance_of(tuple))
    )


@frozen
class Concluded:
    """The call gives the result. Synthesizing takes it."""

    synthesis: Synthesis = field(validator=instance_of(Synthesis))


@frozen
class Question:
    """The call cannot tell without the user. Every working phase takes it.

    Attributes:
        prompt: What to ask.
        choices: The answers to offer; none for a free one.
    """

    prompt: str = field(validator=text)
    choices: tuple[str, ...] = ()


Outcome: TypeAlias = Observed | Planned | Proposed | Concluded | Question


# What happens to an investigation.


@frozen
class Policy:
    """What an investigation bears.

    Attributes:
        attempts: How often the same is tried before it has failed for good.
        calls: How many calls there may be in all; a result that asks for more is refused. At most
            500.
        gather_anyway: Whether gathering goes on without a call that has failed for good.
        evaluate_anyway: Whether evaluating does, and leaves that hypothesis untested. Generating
            and synthesizing cannot: without their one call there is nothing to go on with.
    """

    attempts: int = field(default=3, validator=[instance_of(int), ge(1)])
    calls: int = field(default=200, validator=[instance_of(int), ge(1), le(500)])
    gather_anyway: bool = True
    evaluate_anyway: bool = True


@frozen
class Start:
    """A question is to be investigated, for somebody, within a scope."""

    question: str = field(validator=text)
    scope: Scope = field(validator=instance_of(Scope))
    policy: Policy = field(factory=Policy, validator=instance_of(Policy))


@frozen
class CallResult:
    """A call has come back. Any but the calls under way is refused: that is the end."""

    call_id: CallId = field(validator=text)
    outcome: Outcome = field(
        validator=instance_of((Observed, Planned, Proposed, Concluded, Question))
    )


@frozen
class CallFailed:
    """A call could not be carried out.

    Attributes:
        call_id: Which one.
        reason: Why, in words that may be shown.
        permanent: Whether it is of no use to try again, as when security forbids it.
    """

    call_id: CallId = field(validator=text)
    reason: str
    permanent: bool = False


@frozen
class UserResponse:
    """The user has answered. It is ignored unless it answers the question that stands."""

    request_id: RequestId = field(validator=text)
    text: str


class FailureKind(StrEnum):
    """Why an investigation has failed.

    The first four are told to it, by `Cancel`; the others it finds out by itself.
    """

    CANCELLED = "cancelled"
    TOO_MANY_STEPS = "too_many_steps"
    NO_ANSWER = "no_answer"
    INTERNAL = "internal"
    UNEXPECTED_CALL = "unexpected_call"
    UNFIT_RESULT = "unfit_result"
    TOO_MANY_CALLS = "too_many_calls"
    CALL_FAILED = "call_failed"


TOLD: Final = (
    FailureKind.CANCELLED,
    FailureKind.TOO_MANY_STEPS,
    FailureKind.NO_ANSWER,
    FailureKind.INTERNAL,
)
"""What whoever runs an investigation may end it for."""


@frozen
class Cancel:
    """The investigation is called off, or cannot go on.

    Attributes:
        reason: Why, in words that may be shown.
        kind: What it is told as: that somebody wished it (``CANCELLED``), that the run had a bound
            (``TOO_MANY_STEPS``), that the user could not be asked, or gave what is no answer
            (``NO_ANSWER``), that the chart stumbled over an event (``INTERNAL``).
    """

    reason: str = ""
    kind: FailureKind = field(default=FailureKind.CANCELLED, validator=in_(TOLD))


InvestigationEvent: TypeAlias = Start | CallResult | CallFailed | UserResponse | Cancel


# What an investigation asks of the outside.


@frozen
class Idle(Effect):
    """Nothing to do until an event comes: the start, a result that is awaited, an answer."""


@frozen
class Call(Effect):
    """Make a call, and report with `CallResult` or `CallFailed` under its id.

    Attributes:
        call_id: The id to report under.
        kind: Who is called.
        name: What it is to do.
        arguments: With what.
        phase: The phase that asks.
        attempt: How often the same has been tried, this time included.
        hypothesis: The hypothesis that it is to test, if it is to test one.
        answers: What the user has said to the questions that it asked before.
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
        """Name of the tool; none, which no scope permits, when it is no tool that is called."""
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
        """Return the intent to ask what stands."""
        return cls(asking.request_id, asking.question.prompt, asking.question.choices)


@frozen
class Finish(Effect):
    """Report the result; nothing follows."""

    synthesis: Synthesis


@frozen
class Error(Effect):
    """Report the failure; nothing follows."""

    kind: FailureKind
    message: str


Intent: TypeAlias = Idle | Call | RequestUser | Finish | Error


# What the phases carry.


@frozen
class Gathering:
    """What has been gathered so far."""

    evidence: tuple[Evidence, ...] = ()


@frozen
class Generating:
    """What there is to think about."""

    evidence: tuple[Evidence, ...]


@frozen
class Evaluating:
    """Hypotheses under test, and the evidence, that of the tests included."""

    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class Synthesizing:
    """All that the result has to rest on."""

    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class AwaitingUser:
    """A question that stands.

    Attributes:
        request_id: The id that the answer bears.
        question: What is asked.
        call: The call that asked; it is made anew once the user has answered.
        deferred: What has come in meanwhile; the phase that asked takes it when it is resumed.
        evidence: What the phase that asked had found.
        hypotheses: What it had supposed.
    """

    request_id: RequestId
    question: Question
    call: CallMeta
    deferred: tuple[CallResult | CallFailed, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()


@frozen
class Finished:
    """The result, and what it rests on."""

    synthesis: Synthesis
    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]


@frozen
class Failed:
    """Why there is no result, the phase in which that showed, and what was known by then."""

    kind: FailureKind
    message: str
    phase: Phase = field(validator=instance_of(Phase))
    evidence: tuple[Evidence, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()


# What it has all along.


@frozen
class Case:
    """The context: what is asked, for whom, the calls, and what the user has said.

    Attributes:
        question: What is asked; empty before the start.
        scope: What may be touched; None before the start, and None permits nothing.
        policy: What the investigation bears.
        ledger: Every call.
        answers: What the user has said.
    """

    question: str = ""
    scope: Scope | None = field(default=None, validator=optional(instance_of(Scope)))
    policy: Policy = field(factory=Policy)
    ledger: Ledger = field(factory=Ledger)
    answers: tuple[Answer, ...] = ()
