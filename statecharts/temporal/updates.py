"""Updates: requests to a run that get through once, however busy its server is."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final, final
from weakref import WeakValueDictionary

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from statecharts.runtime.commit import Taken
from statecharts.runtime.writer import unknown
from statecharts.temporal.errors import unpacked
from statecharts.temporal.sizes import check_size

AT_ONCE: Final = 8
"""Requests to one run that are under way at once from here; a server takes ten from all."""

PAUSES: Final = (0.01, 1.0)
"""Seconds until a request is sent again that did not get through: at first, and at most."""

PATIENCE: Final = 60.0
"""Seconds after which a server that takes no request is told of as it says so itself."""


@final
class Updates:
    """Sends requests to runs, few at once to each; in one loop."""

    def __init__(self) -> None:
        self._doors: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def send(self, client: Client, key: str, name: str, message: Any) -> Taken | None:
        """Send a request; None if the run is over.

        Raises:
            StatechartError: The run refuses it, or it is too large (SC841).
            UnknownRunError: There is no such run (SC822).
        """
        check_size(key, f"the request {name!r}", message)
        door = self._doors.get(key)
        if door is None:
            door = self._doors[key] = asyncio.Semaphore(AT_ONCE)
        async with door:
            return await _send(client, key, name, message)


async def _send(client: Client, key: str, name: str, message: Any) -> Taken | None:
    # One name for all attempts: whichever of them gets through, it happens once.
    request = uuid.uuid4().hex
    handle = client.get_workflow_handle(key)
    now = asyncio.get_running_loop().time
    until = now() + PATIENCE
    pause, longest = PAUSES
    while True:
        try:
            taken: Taken = await handle.execute_update(name, message, id=request, result_type=Taken)
        except WorkflowUpdateFailedError as error:
            ours = unpacked(error.cause)
            if ours is not None:
                raise ours from None
            if not _is_passing(error):
                raise
        except RPCError as error:
            busy = _is_busy(error) and now() < until
            if not (busy or error.status == RPCStatusCode.NOT_FOUND):
                raise
            if busy:
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)
                continue
        else:
            return taken
        if not await _goes_on(client, key):
            return None
        await asyncio.sleep(PAUSES[0])  # it continues as new just now


async def _goes_on(client: Client, key: str) -> bool:
    try:
        found = await client.get_workflow_handle(key).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise unknown(key) from None
        raise
    return found.status == WorkflowExecutionStatus.RUNNING


def _is_busy(error: RPCError) -> bool:
    """Return whether a server takes the same request a little later.

    Something may happen while a workflow continues as new: then its step is taken again, and
    requests that came with it are refused.
    """
    if error.status in (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.UNAVAILABLE):
        return True
    taken_again = "workflow task failure" in error.message
    return error.status == RPCStatusCode.FAILED_PRECONDITION and taken_again


def _is_passing(error: WorkflowUpdateFailedError) -> bool:
    """Return whether an update failed because its workflow was closing, and not by itself."""
    cause: Any = error.cause
    return getattr(cause, "type", "") == "AcceptedUpdateCompletedWorkflow"
