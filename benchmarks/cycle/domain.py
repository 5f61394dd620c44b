"""Events, data and expected course of the six-event cycle.

The chart: ``active`` holds ``backlog``, ``coding``, ``qa`` and ``merge``, and beside it stands
``archived``. Six events lead around and back to the start; one carries data into a state, one is
handled by the superstate, one is guarded by the data of the state it leaves.

Events are built before the clock starts, and shared by every contestant whose API takes event
objects; the others are given the same payload as arguments.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen
from attrs.validators import ge


@frozen
class Blocked:
    """A reason for being archived that can be lifted."""

    why: str


@frozen
class Abandoned:
    """A reason for being archived that cannot be lifted."""


Reason = Blocked | Abandoned


@frozen
class Merge:
    """The data of the state ``merge``."""

    feature_branch: str
    commits_ahead: int = field(validator=ge(1))


@frozen
class Archived:
    """The data of the state ``archived``."""

    archived_at: datetime
    reason: Reason


@frozen
class DepsMet:
    """Moves backlog to coding."""


@frozen
class GatesStarted:
    """Moves coding to qa."""


@frozen
class GatesFailed:
    """Moves qa back to coding."""

    reason: str


@frozen
class QaSkipped:
    """Moves coding to merge, which takes both fields."""

    feature_branch: str
    commits_ahead: int = field(validator=ge(1))


@frozen
class Block:
    """Moves whatever is active to archived."""

    reason: str


@frozen
class Unblock:
    """Moves archived back to active, if the reason was a block."""


Event = DepsMet | GatesStarted | GatesFailed | QaSkipped | Block | Unblock

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
BRANCH: Final = "feature/benchmarks"
COMMITS: Final = 3
FAILURE: Final = "two tests failed"
OBSTACLE: Final = "waiting for a licence"

EVENTS: Final[tuple[Event, ...]] = (
    DepsMet(),
    GatesStarted(),
    GatesFailed(FAILURE),
    QaSkipped(BRANCH, COMMITS),
    Block(OBSTACLE),
    Unblock(),
)


@frozen
class Visit:
    """The innermost state reached by an event, and the data held while it is active."""

    state: str
    data: Merge | Archived | None = None


EXPECTED: Final[tuple[Visit, ...]] = (
    Visit("active.coding"),
    Visit("active.qa"),
    Visit("active.coding"),
    Visit("active.merge", Merge(BRANCH, COMMITS)),
    Visit("archived", Archived(AT, Blocked(OBSTACLE))),
    Visit("active.backlog"),
)
