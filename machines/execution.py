"""Execution: the agent of one node of the platform for one story."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import evolve, field, frozen
from attrs.validators import instance_of

from machines.identifiers import AgentName, NodeKey, StoryId
from statecharts import (
    Answer,
    Call,
    CallFailed,
    Compound,
    Occurred,
    Snapshot,
    State,
    Statechart,
    Step,
    TimerFired,
    start,
    step,
)

__all__ = [
    "AgentName",
    "Completed",
    "Execution",
    "ExecutionEvent",
    "Executions",
    "Exited",
    "Failed",
    "Heartbeat",
    "HitRateLimit",
    "NodeKey",
    "Pending",
    "RateLimited",
    "Reset",
    "Running",
    "SpawnAgent",
    "SpawnRequested",
    "SpawnedSuccessfully",
    "Stopped",
    "StoryId",
    "WatchAgent",
]


# Data of the states.


@frozen
class Pending:
    """An agent that has been requested and has not started yet."""

    agent: AgentName
    since: Occurred


@frozen
class Running:
    """An agent whose process is alive."""

    agent: AgentName
    started_at: Occurred
    last_heartbeat: Occurred


@frozen
class RateLimited:
    """An agent that waits for its provider to answer again."""

    agent: AgentName
    resume_at: datetime


@frozen
class Completed:
    """An agent that has ended, and how."""

    agent: AgentName
    exit_code: int
    completed_at: Occurred


@frozen
class Failed:
    """An agent that could not be started, or is no longer heard of, and why."""

    agent: AgentName
    reason: str
    failed_at: Occurred


# Events.


@frozen
class SpawnRequested:
    """An agent is requested for the story."""

    agent: AgentName = field(validator=instance_of(AgentName))


@frozen
class SpawnedSuccessfully:
    """The agent's process has started."""


@frozen
class Heartbeat:
    """The agent's process is alive."""


@frozen
class HitRateLimit:
    """The agent's provider refuses to answer until some time."""

    resume_at: datetime = field(validator=instance_of(datetime))


@frozen
class Exited:
    """The agent's process has ended."""

    exit_code: int = field(validator=instance_of(int))


@frozen
class Stopped:
    """The agent has been stopped."""


@frozen
class Reset:
    """The node forgets the story."""


ExecutionEvent: TypeAlias = (
    SpawnRequested | SpawnedSuccessfully | Heartbeat | HitRateLimit | Exited | Stopped | Reset
)


# Calls.


@frozen
class SpawnAgent(Call[SpawnedSuccessfully | HitRateLimit | Exited]):
    """Start the agent's process."""

    agent: AgentName


@frozen
class WatchAgent(Call[Heartbeat | HitRateLimit | Exited]):
    """Tell how the agent's process is doing; cancelling it ends the process."""

    agent: AgentName


class Execution(Statechart[ExecutionEvent]):
    """What one node is doing about one story."""

    class any(Compound, initial=True):
        """Every state. Stopping and resetting are handled here, once."""

        idle = State(initial=True)
        pending = State(Pending, invoke=SpawnAgent)
        running = State(Running, invoke=WatchAgent)
        rate_limited = State(RateLimited)
        completed = State(Completed)
        failed = State(Failed)

        idle.to(pending, on=SpawnRequested)

        pending.to(running, on=SpawnedSuccessfully)
        pending.to(rate_limited, on=HitRateLimit)
        pending.to(completed, on=Exited)
        pending.to(failed, on=CallFailed)

        running.stay(on=Heartbeat, make=lambda m: evolve(m.data, last_heartbeat=m.at))
        running.to(rate_limited, on=HitRateLimit)
        running.to(completed, on=Exited)
        running.to(failed, on=CallFailed)

        resume = rate_limited.after(lambda m: m.data.resume_at, pending)
        rate_limited.to(running, on=SpawnedSuccessfully)
        rate_limited.to(completed, on=Exited)

    any.to(any.idle, on=Stopped | Reset)


@frozen
class Executions:
    """The executions of all nodes and stories: a value, keyed by node and story.

    A pair without events is idle, and is not stored.

    >>> from datetime import UTC, datetime
    >>> ours, theirs = NodeKey(bytes(32)), NodeKey(bytes(31) + b"x")
    >>> story, now = StoryId("story-1"), datetime(2026, 1, 1, tzinfo=UTC)
    >>> before = Executions()
    >>> after, _ = before.send(ours, story, SpawnRequested(AgentName("coder-1")), at=now)
    >>> Execution.any.pending in after[ours, story], Execution.any.idle in after[theirs, story]
    (True, True)
    """

    snapshots: Mapping[tuple[NodeKey, StoryId], Snapshot] = field(factory=dict)

    def __getitem__(self, key: tuple[NodeKey, StoryId]) -> Snapshot:
        """Return the execution of a story on a node."""
        return self.snapshots.get(key) or start(Execution).snapshot

    def send(
        self,
        node: NodeKey,
        story: StoryId,
        event: ExecutionEvent | Answer | CallFailed | TimerFired,
        *,
        at: datetime,
    ) -> tuple[Executions, Step]:
        """Return the executions after an event at one node, and the step that it made there."""
        key = (node, story)
        taken = step(Execution, self[key], event, at=at)
        if not taken.handled:
            return self, taken
        return Executions({**self.snapshots, key: taken.snapshot}), taken

    def of_story(self, story: StoryId) -> dict[NodeKey, Snapshot]:
        """Return the executions of a story on each node with events."""
        return {node: snapshot for (node, one), snapshot in self.snapshots.items() if one == story}
