"""The words that the samples share: data, events, effects and contexts."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.validators import ge

from statecharts import Effect

# Data


@frozen
class Merge:
    """A branch to merge."""

    feature_branch: str
    commits_ahead: int = field(validator=ge(1))


@frozen
class Done:
    """A merge that was made."""

    merged_at: datetime


@frozen
class Blocked:
    """Why a story waits."""

    reason: str


@frozen
class Archived:
    """A story off the board."""

    archived_at: datetime
    reason: Blocked | None = None


@frozen
class Work:
    """What a superstate carries."""

    title: str = "untitled"


# Events


@frozen
class DepsMet:
    """All that the story waits for is there."""


@frozen
class GatesPassed:
    """The gates have passed a branch."""

    feature_branch: str
    commits_ahead: int


@frozen
class QaSkipped:
    """A branch needs no gates."""

    feature_branch: str
    commits_ahead: int


@frozen
class MergeSucceeded:
    """The branch is merged."""


@frozen
class Block:
    """Something stands in the way."""

    reason: str


@frozen
class Unblock:
    """Nothing stands in the way."""


# Effects and contexts


@frozen
class Notify(Effect):
    """Asks that somebody be told."""

    text: str


@frozen
class Budget:
    """What a chart may spend in its life."""

    left: int = 3
