"""Progress: what an observer of a local run is told, while it happens."""

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
    """A call is to be tried again, after a while."""

    call: Call
    pause: timedelta


@frozen
class CallStarted:
    """A call is under way."""

    call: Call


@frozen
class CallEnded:
    """A call has come back.

    Attributes:
        call: Which one.
        took: How long the attempt took, its waiting not counted.
        failure: Why it has failed, in words that may be shown; None when it has not.
    """

    call: Call
    took: timedelta
    failure: str | None = None


@frozen
class EvidenceFound:
    """Something was found, and kept."""

    evidence: Evidence


@frozen
class UserAsked:
    """A question to the user stands."""

    request: RequestUser


@frozen
class Ended:
    """The investigation has come to its end, with a result or a failure."""

    intent: Finish | Error


Progress: TypeAlias = (
    PhaseEntered | CallDelayed | CallStarted | CallEnded | EvidenceFound | UserAsked | Ended
)

Observer: TypeAlias = Callable[[Progress], object]
"""Is told of progress, in the thread of the run; it should return soon."""
