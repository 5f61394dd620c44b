"""Progress: messages to the observer of a local run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from attrs import frozen

from machines.investigation.calls import Phase
from machines.investigation.findings import Evidence
from machines.investigation.vocabulary import Call, Error, Finish, RequestUser


@frozen
class PhaseEntered:
    """The investigation is in another phase, at a step of its logical clock."""

    phase: Phase
    step: int


@frozen
class CallDelayed:
    """A call is repeated after a pause."""

    call: Call
    pause: timedelta


@frozen
class CallStarted:
    """A call has started."""

    call: Call


@frozen
class CallEnded:
    """A call has come back.

    Attributes:
        call: The call.
        took: Time of the attempt, without the pause before it.
        failure: The reason of a failure, in words that may be shown; None if it succeeded.
    """

    call: Call
    took: timedelta
    failure: str | None = None


@frozen
class EvidenceFound:
    """A piece of evidence was found and kept."""

    evidence: Evidence


@frozen
class UserAsked:
    """The user is asked a question."""

    request: RequestUser


@frozen
class Ended:
    """The investigation is over, with a result or a failure."""

    intent: Finish | Error


Progress: TypeAlias = (
    PhaseEntered | CallDelayed | CallStarted | CallEnded | EvidenceFound | UserAsked | Ended
)

Observer: TypeAlias = Callable[[Progress], object]
"""A function that takes progress, in the thread of the run; it should return soon."""
