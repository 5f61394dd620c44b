"""Calls: requests to the outside, and the ledger that an investigation keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from math import isfinite
from typing import Any, NewType, Self, TypeAlias

from attrs import Attribute, evolve, field, frozen
from attrs.validators import ge, instance_of

CallId = NewType("CallId", str)
"""A call; made by the run, ``call-1``, ``call-2``, …, and never given twice."""

HypothesisId = NewType("HypothesisId", str)
"""A hypothesis: ``hypothesis-1``, …"""

EvidenceId = NewType("EvidenceId", str)
"""A piece of evidence: ``evidence-1``, …"""

RequestId = NewType("RequestId", str)
"""A question to the user: ``request-1``, …"""

Scalar: TypeAlias = str | int | float | bool | None
"""A cell of a result, as JSON has it; numbers are finite."""

Argument: TypeAlias = Scalar | tuple[str, ...]
"""An argument of a call: a scalar, or several strings."""


class Phase(StrEnum):
    """The state that an investigation is in, by its name in the chart; recorded with each call."""

    INIT = "init"
    GATHERING_CONTEXT = "gathering_context"
    GENERATING_HYPOTHESES = "generating_hypotheses"
    EVALUATING_HYPOTHESES = "evaluating_hypotheses"
    AWAITING_USER = "awaiting_user"
    SYNTHESIZING = "synthesizing"
    FINISHED = "finished"
    FAILED = "failed"

    @classmethod
    def of(cls, configuration: Sequence[str]) -> Self:
        """Return the phase of a configuration: the name of its innermost state.

        >>> Phase.of(("active", "active.working", "active.working.synthesizing"))
        <Phase.SYNTHESIZING: 'synthesizing'>
        """
        return cls(configuration[-1].rpartition(".")[2])

    @property
    def is_terminal(self) -> bool:
        """Whether the investigation is over."""
        return self in (Phase.FINISHED, Phase.FAILED)


class CallKind(StrEnum):
    """The receiver of a call: the reasoner or a tool."""

    LLM = "llm"
    TOOL = "tool"


class CallEnd(StrEnum):
    """The way in which a call ended."""

    ANSWERED = "answered"
    ASKED = "asked"
    FAILED = "failed"


def text(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a value that is not a string, or is empty."""
    if not isinstance(value, str):
        kind = type(instance).__name__
        raise TypeError(f"{attribute.name} of a {kind} must be a string, not {value!r}")
    if not value:
        raise ValueError(f"{attribute.name} of a {type(instance).__name__} must not be empty")


def is_scalar(value: object) -> bool:
    """Tell whether JSON has a value as it is.

    >>> is_scalar(0.5), is_scalar(float("nan")), is_scalar(b"blob")
    (True, False, False)
    """
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, str | int)


def _sorted(arguments: Mapping[str, Any]) -> dict[str, Argument]:
    """Copy arguments, sorted by name, so that equal ones are written equally."""
    found = sorted(arguments.items())
    return {name: tuple(one) if isinstance(one, list) else one for name, one in found}


def _arguments(instance: object, attribute: Attribute[Any], value: Mapping[str, Argument]) -> None:
    """Refuse an argument that JSON cannot carry."""
    for name, given in value.items():
        texts = isinstance(given, tuple) and all(isinstance(one, str) for one in given)
        if not texts and not is_scalar(given):
            found = f"argument {name!r} must be a scalar or a list of strings, not {given!r}"
            raise TypeError(found)


@frozen
class Request:
    """A request: its receiver, its name and its arguments.

    Attributes:
        kind: The receiver.
        name: Name of the tool, or of a task for the reasoner.
        arguments: The arguments by name.

    >>> Request(CallKind.TOOL, "describe", {"table": "orders"})
    Request(kind=<CallKind.TOOL: 'tool'>, name='describe', arguments={'table': 'orders'})
    """

    kind: CallKind = field(validator=instance_of(CallKind))
    name: str = field(validator=text)
    arguments: Mapping[str, Argument] = field(
        factory=dict, converter=_sorted, validator=_arguments, hash=False
    )


@frozen
class Answer:
    """An answer of the user.

    Attributes:
        request_id: Id of the question.
        prompt: The question.
        text: The answer.
    """

    request_id: RequestId
    prompt: str
    text: str


@frozen
class CallMeta:
    """A call that has been made.

    Attributes:
        id: Its id; a result names it.
        request: The request.
        phase: The phase that made it.
        attempt: Number of attempts, this one included.
        hypothesis: The hypothesis that it tests, if it tests one.
        answers: Answers of the user to the questions that it asked before.
    """

    id: CallId
    request: Request
    phase: Phase
    attempt: int = field(default=1, validator=ge(1))
    hypothesis: HypothesisId | None = None
    answers: tuple[Answer, ...] = ()


@frozen
class Settled:
    """A call that has ended, and how."""

    call: CallMeta
    end: CallEnd


@frozen
class Ledger:
    """Every call of an investigation: those under way, and those that have ended.

    Attributes:
        pending: The calls under way, in the order in which they were made.
        settled: The calls that have ended, in the order in which they did.
        latest: Number of pending calls made by the latest event; they come last.

    >>> request = Request(CallKind.LLM, "synthesize")
    >>> ledger = Ledger().made([CallMeta(CallId("call-1"), request, Phase.SYNTHESIZING)])
    >>> [call.id for call in ledger.calls]
    ['call-1']
    >>> done = ledger.ended(CallId("call-1"), CallEnd.ANSWERED)
    >>> done.pending, done.end_of(CallId("call-1")).value, done.end_of(CallId("call-2"))
    ((), 'answered', None)
    """

    pending: tuple[CallMeta, ...] = ()
    settled: tuple[Settled, ...] = ()
    latest: int = field(default=0, validator=ge(0))

    @property
    def calls(self) -> tuple[CallMeta, ...]:
        """The calls made by the latest event, which have to be carried out."""
        return self.pending[len(self.pending) - self.latest :]

    @property
    def count(self) -> int:
        """Number of calls made so far."""
        return len(self.pending) + len(self.settled)

    def get(self, call_id: CallId) -> CallMeta | None:
        """Return a call that is under way; None if it is not."""
        return next((call for call in self.pending if call.id == call_id), None)

    def end_of(self, call_id: CallId) -> CallEnd | None:
        """Return how a call ended; None if it has not, or was never made."""
        return next((one.end for one in self.settled if one.call.id == call_id), None)

    def ended(self, call_id: CallId, end: CallEnd) -> Self:
        """Return the ledger after the end of a call that is under way."""
        mine = tuple(Settled(call, end) for call in self.pending if call.id == call_id)
        pending = tuple(call for call in self.pending if call.id != call_id)
        return evolve(self, pending=pending, settled=(*self.settled, *mine), latest=0)

    def made(self, calls: Iterable[CallMeta]) -> Self:
        """Return the ledger after calls have been made."""
        new = tuple(calls)
        return evolve(self, pending=(*self.pending, *new), latest=len(new))
