"""The pipeline: the way of a story from the backlog to the archive."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen
from attrs.validators import ge, instance_of

from machines.identifiers import BranchName, GitSha, StoryId
from statecharts import Compound, Occurred, State, Statechart

__all__ = [
    "Abandon",
    "Abandoned",
    "Accepted",
    "ArchiveReason",
    "Archived",
    "Block",
    "Blocked",
    "BranchName",
    "Completed",
    "DepsMet",
    "Done",
    "GatesFailed",
    "GatesPassed",
    "GatesStarted",
    "GitSha",
    "Merge",
    "MergeFailed",
    "MergeFailedFinal",
    "MergeSucceeded",
    "Pipeline",
    "PipelineEvent",
    "QaSkipped",
    "ReviewHeld",
    "ReviewHold",
    "StoryId",
    "Supersede",
    "Superseded",
    "Unblock",
]


# Why a story is in the archive.


@frozen
class Completed:
    """Merged and accepted."""


@frozen
class Abandoned:
    """Given up."""


@frozen
class Superseded:
    """Another story took its place."""

    by: StoryId


@frozen
class Blocked:
    """It is blocked; `Unblock` brings the story back."""

    reason: str


@frozen
class MergeFailed:
    """The merge could not be made."""

    reason: str


@frozen
class ReviewHeld:
    """A reviewer has put it on hold."""

    reason: str


ArchiveReason: TypeAlias = Completed | Abandoned | Superseded | Blocked | MergeFailed | ReviewHeld


# Data of the states.


@frozen
class Merge:
    """A branch to merge; it always has a commit to merge."""

    feature_branch: BranchName = field(validator=instance_of(BranchName))
    commits_ahead: int = field(validator=[instance_of(int), ge(1)])


@frozen
class Done:
    """A merge that has been made."""

    merged_at: Occurred
    merge_commit: GitSha


@frozen
class Archived:
    """A story off the board, and why."""

    archived_at: Occurred
    reason: ArchiveReason


# Events.


@frozen
class DepsMet:
    """The dependencies of the story are met."""


@frozen
class GatesStarted:
    """The quality gates have begun."""


@frozen
class GatesPassed:
    """The quality gates have passed a branch."""

    feature_branch: BranchName = field(validator=instance_of(BranchName))
    commits_ahead: int = field(validator=[instance_of(int), ge(1)])


@frozen
class GatesFailed:
    """The quality gates have refused the work."""

    reason: str


@frozen
class QaSkipped:
    """The work goes to merge without the gates."""

    feature_branch: BranchName = field(validator=instance_of(BranchName))
    commits_ahead: int = field(validator=[instance_of(int), ge(1)])


@frozen
class MergeSucceeded:
    """The branch is merged."""

    merge_commit: GitSha = field(validator=instance_of(GitSha))


@frozen
class MergeFailedFinal:
    """The branch cannot be merged, and there will be no further attempt."""

    reason: str


@frozen
class Accepted:
    """The merged work has been accepted."""


@frozen
class Block:
    """The story is blocked."""

    reason: str


@frozen
class Unblock:
    """The story is not blocked any more."""


@frozen
class Abandon:
    """The story is given up."""


@frozen
class Supersede:
    """Another story takes its place."""

    by: StoryId = field(validator=instance_of(StoryId))


@frozen
class ReviewHold:
    """A reviewer puts the story on hold."""

    reason: str


PipelineEvent: TypeAlias = (
    DepsMet
    | GatesStarted
    | GatesPassed
    | GatesFailed
    | QaSkipped
    | MergeSucceeded
    | MergeFailedFinal
    | Accepted
    | Block
    | Unblock
    | Abandon
    | Supersede
    | ReviewHold
)


class Pipeline(Statechart[PipelineEvent]):
    """A story's way from the backlog to the archive."""

    class active(Compound, initial=True):
        """Work under way. Blocking, holding, abandoning and superseding are handled here, once."""

        backlog = State(initial=True)
        coding = State()
        qa = State()
        merge = State(Merge)

        backlog.to(coding, on=DepsMet)
        coding.to(qa, on=GatesStarted)
        coding.to(merge, on=QaSkipped)
        qa.to(merge, on=GatesPassed)
        qa.to(coding, on=GatesFailed)

    done = State(Done)
    archived = State(Archived)

    active.merge.to(done, on=MergeSucceeded)
    active.merge.to(
        archived, on=MergeFailedFinal, make=lambda m: Archived(m.at, MergeFailed(m.event.reason))
    )

    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.event.reason)))
    active.to(archived, on=ReviewHold, make=lambda m: Archived(m.at, ReviewHeld(m.event.reason)))
    active.to(archived, on=Abandon, make=lambda m: Archived(m.at, Abandoned()))
    active.to(archived, on=Supersede, make=lambda m: Archived(m.at, Superseded(m.event.by)))

    done.to(archived, on=Accepted, make=lambda m: Archived(m.at, Completed()))
    done.to(archived, on=Abandon, make=lambda m: Archived(m.at, Abandoned()))
    done.to(archived, on=Supersede, make=lambda m: Archived(m.at, Superseded(m.event.by)))

    archived.to(active, on=Unblock, when=lambda m: isinstance(m.data.reason, Blocked))
