"""Following: what is told of a workflow's life, durably and in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any, Final

from machines.workflow.vocabulary import Moved, WorkflowEvent
from statecharts.runtime import Handler, Retry, Task, handle

__all__ = ["Follower", "following"]


USUAL: Final = Retry()
"""The attempts and waits unless told otherwise."""


class Follower:
    """Is told of each workflow: derive from it, and write the methods that you need.

    Each of them is called after the event is on disk, and in the order of the events of a workflow.
    If one raises, all of them are called again for this event, later; so they are called at least
    once, and whoever they call can tell a second attempt by ``workflow`` and the event's place.
    """

    async def on_event(self, workflow: str, state: str, event: WorkflowEvent) -> None:
        """Take note of an event that came in a state."""

    async def on_exit(self, workflow: str, state: str) -> None:
        """Take note that a state was left."""

    async def on_transition(
        self, workflow: str, source: str, target: str, event: WorkflowEvent | None
    ) -> None:
        """Take note of a change of states; the event is None if time has brought it about."""

    async def on_enter(self, workflow: str, state: str) -> None:
        """Take note that a state was entered."""

    async def on_rollback(
        self, workflow: str, source: str, target: str, event: WorkflowEvent | None
    ) -> None:
        """Take note that something that was told has been rolled back."""


def following(follower: Follower, retry: Retry = USUAL) -> Handler:
    """Return the handler that tells a follower of workflows.

    Args:
        follower: Who is told.
        retry: The attempts and waits after one of its methods raises.
    """
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def tell(moved: Moved, task: Task[Any]) -> None:
        async with turns[task.run]:  # first come, first served: events are told in their order
            await _told(follower, task.run, moved)

    async def take_back(moved: Moved, task: Task[Any]) -> None:
        async with turns[task.run]:
            await follower.on_rollback(task.run, moved.source, moved.target, moved.event)

    return handle(Moved, tell, retry=retry, undo=take_back)


async def _told(follower: Follower, workflow: str, moved: Moved) -> None:
    source, target, event = moved.source, moved.target, moved.event
    if source and event is not None:
        await follower.on_event(workflow, source, event)
    if source != target:
        if source:
            await follower.on_exit(workflow, source)
            await follower.on_transition(workflow, source, target, event)
        await follower.on_enter(workflow, target)
