"""The declaration of the design, and each line that it has, check without a word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from attrs import evolve

from statecharts import Compound, History, Moment, Parallel, State, Statechart
from tests.typing.vocabulary import (
    Archived,
    Block,
    Blocked,
    Budget,
    DepsMet,
    Done,
    GatesPassed,
    Merge,
    MergeSucceeded,
    Notify,
    QaSkipped,
    Unblock,
    Work,
)

PipelineEvent: TypeAlias = DepsMet | GatesPassed | QaSkipped | MergeSucceeded | Block | Unblock


class Pipeline(Statechart[PipelineEvent]):
    """A story's way from backlog to archive."""

    class active(Compound, initial=True):
        """Work under way."""

        backlog = State(initial=True)
        coding = State()
        merge = State(Merge)

        backlog.to(coding, on=DepsMet)
        coding.to(merge, on=QaSkipped)
        coding.to(merge, on=GatesPassed)

    done = State(Done, resting=True)
    archived = State(Archived)

    active.merge.to(done, on=MergeSucceeded, make=lambda m: Done(m.at))
    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.event.reason)))
    archived.to(active, on=Unblock, when=lambda m: isinstance(m.data.reason, Blocked))


def is_large(moment: Moment[Merge, GatesPassed]) -> bool:
    """Guard: tell whether more comes than was there."""
    return moment.event.commits_ahead > moment.data.commits_ahead


def is_ready(moment: Moment[Merge, GatesPassed | QaSkipped]) -> bool:
    """Guard of several events."""
    return moment.event.commits_ahead > moment.data.commits_ahead


def always_holds(moment: Moment) -> bool:
    """Guard of any source and any event."""
    return moment.at.year > 0


def spend(moment: Moment[Work, Block, Budget]) -> Budget:
    """Update: take one from the budget."""
    return Budget(moment.context.left - 1)


class Everything(Statechart[Any, Budget], allow="*"):
    """Each verb with each of its hooks."""

    class active(Compound[Work], initial=True, entry=lambda m: Notify("begun")):
        backlog = State(initial=True, exit=lambda m: None)
        merge = State(
            Merge,
            entry=lambda m: Notify(m.data.feature_branch),
            exit=lambda m: (Notify(str(n)) for n in range(m.data.commits_ahead)),
        )
        finished = State(Done, final=True)
        was = History(backlog)
        was_deeply = History(backlog, deep=True)
        was_there = History(default=(backlog,))

        backlog.to(merge, on=GatesPassed, emit=lambda m: [Notify(m.event.feature_branch)])
        backlog.to(
            merge,
            on=(GatesPassed, QaSkipped),
            make=lambda m: Merge(m.event.feature_branch, m.event.commits_ahead),
        )
        backlog.to(
            merge,
            on=GatesPassed | QaSkipped,
            make=lambda m: Merge(m.event.feature_branch, m.event.commits_ahead),
        )
        merge.stay(on=GatesPassed, when=is_large)
        merge.stay(on=(GatesPassed, QaSkipped), when=is_ready)
        merge.stay(on=GatesPassed | QaSkipped, when=is_ready)
        merge.stay(on=DepsMet, when=always_holds, make=lambda m: evolve(m.data, commits_ahead=2))
        merge.always(finished, when=lambda m: m.data.commits_ahead > 9, make=lambda m: Done(m.at))
        merge.after(timedelta(days=1), finished, make=lambda m: Done(m.at))
        merge.after(
            lambda m: timedelta(hours=m.data.commits_ahead),
            backlog,
            emit=lambda m: Notify(m.event.id),
        )
        hourly = merge.after(lambda m: m.at + timedelta(hours=1), backlog)
        merge.ignore(on=Unblock)
        merge.ignore(on=(Block, Unblock))
        merge.ignore(on=Block | Unblock)

    class both(Parallel[Work]):
        class left(Compound):
            begun = State(initial=True)
            ended = State(final=True)
            begun.to(ended, on=DepsMet)

        class right(Compound):
            begun = State(initial=True)
            ended = State(final=True)
            begun.to(ended, on=DepsMet)

    archived = State(Archived)

    active.to(archived, on=Block, update=spend, make=lambda m: Archived(m.at))
    active.to(active.was, on=Unblock)
    active.to(active.was_deeply, on=MergeSucceeded)
    active.to(active.backlog, on=DepsMet, internal=True)
    active.when_done(both, make=lambda m: Work(m.event.state))
    both.when_done(
        archived, when=lambda m: m.data.title == m.event.state, make=lambda m: Archived(m.at)
    )
    both.stay(on=Block, make=lambda m: Work(m.data.title + m.event.reason))
    archived.to(both, on=Unblock, make=lambda m: Work(str(m.data.archived_at)))
    archived.to(both.left.ended, on=DepsMet)


class Child(Everything, allow="*"):
    """A copy, to which its body adds."""

    class active(Everything.active):
        review = State(Merge)
        review.to(Everything.active.backlog, on=DepsMet, when=lambda m: m.data.commits_ahead > 1)

    Everything.active.merge.to(active.review, on=Unblock)
    active.review.to(Everything.archived, on=Block, make=lambda m: Archived(m.at))
