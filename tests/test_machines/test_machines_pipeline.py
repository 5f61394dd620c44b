"""The pipeline: a story's way from the backlog to the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from machines.pipeline import (
    Abandon,
    Abandoned,
    Accepted,
    Archived,
    ArchiveReason,
    Block,
    Blocked,
    BranchName,
    Completed,
    DepsMet,
    Done,
    GatesFailed,
    GatesPassed,
    GatesStarted,
    GitSha,
    Merge,
    MergeFailed,
    MergeFailedFinal,
    MergeSucceeded,
    Pipeline,
    PipelineEvent,
    QaSkipped,
    ReviewHeld,
    ReviewHold,
    StoryId,
    Supersede,
    Superseded,
    Unblock,
)
from statecharts import Machine, Snapshot, Step, UnhandledEventError, start, step
from statecharts.model.chart import OnEvent
from statecharts.model.fields import union_members

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)

BRANCH = BranchName("feature/story-1")
SHA = GitSha("abc123")
RIVAL = StoryId("story-2")

TO_CODING = (DepsMet(),)
TO_QA = (DepsMet(), GatesStarted())
TO_MERGE = (DepsMet(), QaSkipped(BRANCH, 3))
TO_DONE = (*TO_MERGE, MergeSucceeded(SHA))

EVERY_EVENT: tuple[PipelineEvent, ...] = (
    DepsMet(),
    GatesStarted(),
    GatesPassed(BRANCH, 1),
    GatesFailed("red"),
    QaSkipped(BRANCH, 1),
    MergeSucceeded(SHA),
    MergeFailedFinal("conflict"),
    Accepted(),
    Block("stuck"),
    Unblock(),
    Abandon(),
    Supersede(RIVAL),
    ReviewHold("look"),
)

ACTIVE: dict[str, tuple[PipelineEvent, ...]] = {
    "backlog": (),
    "coding": TO_CODING,
    "qa": TO_QA,
    "merge": TO_MERGE,
}
"""The way to each active state."""

CROSS_CUTTING: tuple[tuple[PipelineEvent, ArchiveReason], ...] = (
    (Block("stuck"), Blocked("stuck")),
    (ReviewHold("TBD"), ReviewHeld("TBD")),
    (Abandon(), Abandoned()),
    (Supersede(RIVAL), Superseded(RIVAL)),
)
"""What the superstate answers to, and the reason it archives with."""


def after(*events: PipelineEvent) -> Snapshot:
    """Return the pipeline after some events, all of them handled."""
    snapshot = start(Pipeline, at=NOW).snapshot
    for event in events:
        taken = step(Pipeline, snapshot, event, at=NOW)
        assert taken.handled
        snapshot = taken.snapshot
    return snapshot


def send(snapshot: Snapshot, event: PipelineEvent) -> Step:
    """Return the step of an event that happens later."""
    return step(Pipeline, snapshot, event, at=LATER)


def test_happy_path_backlog_through_done() -> None:
    """A story goes from the backlog through coding and merge to done, and is archived."""
    machine = Machine(Pipeline, at=NOW, on_unhandled="raise")
    assert Pipeline.active.backlog in machine.snapshot

    machine.send(DepsMet())
    assert Pipeline.active.coding in machine.snapshot

    machine.send(QaSkipped(BRANCH, 3))
    assert machine.snapshot[Pipeline.active.merge] == Merge(BRANCH, 3)

    machine.send(MergeSucceeded(SHA))
    assert machine.snapshot[Pipeline.done] == Done(NOW, SHA)

    machine.send(Accepted(), at=LATER)
    assert machine.snapshot[Pipeline.archived] == Archived(LATER, Completed())


def test_way_through_the_gates_fills_merge_from_the_event() -> None:
    """Gates that pass lead to merge, with the branch and the commits that they passed."""
    snapshot = after(*TO_QA, GatesPassed(BRANCH, 7))

    assert snapshot.configuration == ("active", "active.merge")
    assert snapshot[Pipeline.active.merge] == Merge(BRANCH, 7)


def test_qa_retry_loop() -> None:
    """Gates that fail lead back to coding, from where they can be started again."""
    snapshot = after(*TO_QA, GatesFailed("tests failed"))
    assert Pipeline.active.coding in snapshot

    assert Pipeline.active.qa in send(snapshot, GatesStarted()).snapshot


@pytest.mark.parametrize("commits", [0, -1])
def test_merge_with_zero_commits_is_unrepresentable(commits: int) -> None:
    """A merge with nothing ahead cannot be built, and neither can an event that leads to one."""
    for build in (Merge, GatesPassed, QaSkipped):
        with pytest.raises(ValueError, match=f"'commits_ahead' must be >= 1: {commits}"):
            build(BRANCH, commits)
    with pytest.raises(ValueError, match="commits_ahead"):
        evolve(Merge(BRANCH, 1), commits_ahead=commits)


def test_merge_takes_no_bare_text_for_a_branch() -> None:
    """A branch is a branch name: text, a number of text or a change of the data is refused."""
    for build in (Merge, GatesPassed, QaSkipped):
        with pytest.raises(TypeError, match="feature_branch"):
            build("feature/story-1", 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="commits_ahead"):
            build(BRANCH, "1")  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        Merge(BRANCH, 1).commits_ahead = 0  # type: ignore[misc]


@pytest.mark.parametrize("state", ACTIVE)
@pytest.mark.parametrize(("event", "reason"), CROSS_CUTTING)
def test_active_states_share_what_the_superstate_handles(
    state: str, event: PipelineEvent, reason: ArchiveReason
) -> None:
    """From every active state, each of the four events archives the story for its reason."""
    before = after(*ACTIVE[state])
    assert f"active.{state}" in before

    taken = send(before, event)

    assert taken.handled
    assert taken.snapshot.configuration == ("archived",)
    assert taken.snapshot[Pipeline.archived] == Archived(LATER, reason)
    assert [fired.source for fired in taken.fired] == ["active"]


@pytest.mark.parametrize("event", [event for event, _ in CROSS_CUTTING])
def test_superstate_handles_its_events_once(event: PipelineEvent) -> None:
    """Each of the four events is named by one line of the superstate and by no line inside it."""
    sources = [
        transition.source
        for transition in Pipeline.chart.transitions
        if isinstance(transition.trigger, OnEvent) and type(event) in transition.trigger.events
    ]
    assert sources.count("active") == 1
    assert not any(source.startswith("active.") for source in sources)


def test_block_from_backlog_via_superstate() -> None:
    """A story can be blocked before it has begun."""
    assert after(Block("stuck"))[Pipeline.archived].reason == Blocked("stuck")


def test_block_from_coding_via_superstate() -> None:
    """A story can be blocked while it is coded."""
    assert after(*TO_CODING, Block("stuck"))[Pipeline.archived].reason == Blocked("stuck")


def test_block_from_qa_via_superstate() -> None:
    """A story can be blocked while the gates run."""
    assert after(*TO_QA, Block("stuck"))[Pipeline.archived].reason == Blocked("stuck")


def test_block_from_merge_via_superstate() -> None:
    """A story can be blocked while it is merged."""
    assert after(*TO_MERGE, Block("stuck"))[Pipeline.archived].reason == Blocked("stuck")


@pytest.mark.parametrize("event", [Block("stuck"), ReviewHold("TBD")])
def test_block_from_done_is_ignored(event: PipelineEvent) -> None:
    """What is merged can be neither blocked nor held: the same snapshot comes back."""
    before = after(*TO_DONE)

    taken = send(before, event)

    assert not taken.handled
    assert taken.snapshot is before
    assert (taken.fired, taken.effects) == ((), ())


@pytest.mark.parametrize(
    ("event", "reason"), [(Abandon(), Abandoned()), (Supersede(RIVAL), Superseded(RIVAL))]
)
def test_abandon_from_done_works(event: PipelineEvent, reason: ArchiveReason) -> None:
    """What is merged can still be abandoned, and superseded."""
    taken = send(after(*TO_DONE), event)

    assert taken.handled
    assert taken.snapshot[Pipeline.archived] == Archived(LATER, reason)


def test_merge_that_fails_for_good_is_archived() -> None:
    """A merge that cannot be made archives the story with what went wrong."""
    snapshot = after(*TO_MERGE, MergeFailedFinal("conflict"))

    assert snapshot[Pipeline.archived] == Archived(NOW, MergeFailed("conflict"))


def test_unblock_returns_to_backlog() -> None:
    """A blocked story that is unblocked begins again in the backlog, and its reason is gone."""
    taken = send(after(*TO_QA, Block("test")), Unblock())

    assert taken.snapshot.configuration == ("active", "active.backlog")
    assert dict(taken.snapshot.data) == {}


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ((ReviewHold("TBD"),), ReviewHeld("TBD")),
        ((Abandon(),), Abandoned()),
        ((Supersede(RIVAL),), Superseded(RIVAL)),
        ((*TO_MERGE, MergeFailedFinal("conflict")), MergeFailed("conflict")),
        ((*TO_DONE, Accepted()), Completed()),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else "",
)
def test_unblock_from_review_held_does_nothing(
    way: tuple[PipelineEvent, ...], reason: ArchiveReason
) -> None:
    """Unblocking is for what is blocked: with any other reason the story stays in the archive."""
    before = after(*way)
    assert before[Pipeline.archived].reason == reason

    taken = send(before, Unblock())

    assert not taken.handled
    assert taken.snapshot is before


def test_unblock_from_done_is_refused_aloud_where_that_is_asked() -> None:
    """A machine that is to raise says where it is and what it would have answered to."""
    machine = Machine(Pipeline, at=NOW, on_unhandled="raise")
    for event in TO_DONE:
        machine.send(event)

    with pytest.raises(UnhandledEventError) as unhandled:
        machine.send(Unblock())
    assert str(unhandled.value) == (
        "[SC209] Pipeline: nothing in (done) handles Unblock. "
        "It answers to Accepted, Abandon, Supersede."
    )
    assert machine.configuration == ("done",)


HANDLED: dict[str, tuple[type, ...]] = {
    "backlog": (DepsMet, Block, Abandon, Supersede, ReviewHold),
    "coding": (GatesStarted, QaSkipped, Block, Abandon, Supersede, ReviewHold),
    "qa": (GatesPassed, GatesFailed, Block, Abandon, Supersede, ReviewHold),
    "merge": (MergeSucceeded, MergeFailedFinal, Block, Abandon, Supersede, ReviewHold),
    "done": (Accepted, Abandon, Supersede),
    "blocked": (Unblock,),
    "held": (),
}
"""The events that each state answers to, as the seed has them: all others change nothing."""

WAYS: dict[str, tuple[PipelineEvent, ...]] = {
    **ACTIVE,
    "done": TO_DONE,
    "blocked": (Block("stuck"),),
    "held": (ReviewHold("TBD"),),
}


@pytest.mark.parametrize("state", HANDLED)
def test_state_answers_to_its_events_and_to_no_others(state: str) -> None:
    """The whole table of states and events, with nothing between the lines."""
    before = after(*WAYS[state])

    taken = {type(event): send(before, event) for event in EVERY_EVENT}

    assert {kind for kind, one in taken.items() if one.handled} == set(HANDLED[state])
    assert all(one.snapshot is before for one in taken.values() if not one.handled)


def test_pipeline_knows_its_events() -> None:
    """The chart's events are the union's, in its order, and there are no others."""
    assert Pipeline.chart.closed
    assert [known.cls for known in Pipeline.chart.events] == list(union_members(PipelineEvent))
    assert [type(event) for event in EVERY_EVENT] == list(union_members(PipelineEvent))


def test_pipeline_has_no_faults() -> None:
    """The chart is accepted without one fault being allowed."""
    assert Pipeline.chart.warnings == ()
    assert [state.id for state in Pipeline.chart] == [
        "active",
        "active.backlog",
        "active.coding",
        "active.qa",
        "active.merge",
        "done",
        "archived",
    ]
