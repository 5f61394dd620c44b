"""Activities: carry out, on a worker, what runs ask for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, final

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from statecharts.model.errors import StatechartError
from statecharts.model.events import wire_name
from statecharts.runtime.attempts import (
    attempt_once,
    given_of,
    is_stopped,
    judge,
    text_of,
)
from statecharts.runtime.commit import Program
from statecharts.runtime.handlers import Attempted, Handler, Task
from statecharts.store.rows import Owed
from statecharts.temporal.messages import (
    CARRY_OUT,
    LOOK_UP,
    Answered,
    Carried,
    Errand,
    Known,
    clipped,
)
from statecharts.temporal.registry import Charts
from statecharts.temporal.sizes import check_size
from statecharts.temporal.updates import Updates

LOG: Final = logging.getLogger("statecharts.temporal")
"""Tells of each attempt that has failed."""

BEAT: Final = 1.0
"""The most seconds between two heartbeats; a call that is taken back is told so with the next."""

NOBODY: Final = timedelta(seconds=30)
"""The wait until an effect or a call is offered again that a worker had no handler for."""


@final
class Carrier:
    """Carries effects out, with the handlers of a worker.

    Args:
        charts: The charts of the worker.
        handlers: The handlers, by class of effects.
        observe: Gets each attempt when it is over.
        loop: The loop that handlers run in; None for the worker's own.
    """

    def __init__(
        self,
        charts: Charts,
        handlers: Mapping[type, Handler],
        observe: Callable[[Attempted], None] = lambda _: None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._charts = charts
        self._handlers = {wire_name(cls): handler for cls, handler in handlers.items()}
        self._observe = observe
        self._loop = loop
        self._updates = Updates()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self.at_work = 0

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """The activities of a worker."""
        return [self.carry_out, self.look_up]

    @activity.defn(name=CARRY_OUT)
    async def carry_out(self, errand: Errand) -> Carried:
        """Carry out an effect, and return the answer, if there is one."""
        handler = self._handlers.get(errand.name)
        if handler is None:
            text = f"no handler for {errand.name} here"
            raise ApplicationError(text, next_retry_delay=NOBODY)
        program = self._charts.find(errand.chart)
        row = Owed(errand.number, errand.name, errand.call, errand.body.encode())
        try:
            given, number = given_of(program, row)
        except StatechartError as error:
            raise ApplicationError(clipped(str(error)), non_retryable=True) from None
        key = f"{errand.run}/{number}"
        inner = _Reporter(activity.client(), self._updates, asyncio.get_running_loop())
        work = self._attempt(handler, given, key, errand, inner)
        self.at_work += 1
        beating = asyncio.create_task(_beat(min(errand.lease_s / 4, BEAT)))
        try:
            if self._loop is None:
                outcome = await work
            else:
                there = asyncio.run_coroutine_threadsafe(work, self._loop)
                outcome = await asyncio.wrap_future(there)
            return _written(program, key, outcome)
        finally:
            beating.cancel()
            self.at_work -= 1

    async def _attempt(
        self,
        handler: Handler,
        given: Any,
        key: str,
        errand: Errand,
        reporter: _Reporter,
    ) -> Any:
        """Try once, in the loop of the handlers.

        Raises:
            ApplicationError: The attempt has failed. It says when the next is due, if there is one:
                the run counts attempts, and so a failure ends the activity.
        """
        loop = asyncio.get_running_loop()
        gate = self._gates.setdefault(errand.name, asyncio.Semaphore(handler.at_once))
        async with gate:
            began, clock = datetime.now(UTC), loop.time()
            attempt = errand.attempts + 1
            task: Task[Any] = Task(key, errand.run, errand.call, attempt, reporter, loop)
            failed: BaseException | None = None
            again: timedelta | None = None
            try:
                return await attempt_once(handler, given, task)
            except (Exception, asyncio.CancelledError) as error:
                if is_stopped(error):
                    task.cancel()
                    raise
                failed = error
                tried = (key, errand.name, attempt)
                text, again = judge(error, handler, lambda: given, tried, clipped, LOG)
                least = timedelta(milliseconds=1)
                said = ApplicationError(
                    text,
                    type=type(error).__name__,
                    non_retryable=True,
                    next_retry_delay=None if again is None else max(again, least),
                )
                # Temporal would write the error itself, whatever its text, as the cause.
                raise said.with_traceback(error.__traceback__) from None
            finally:
                took = timedelta(seconds=loop.time() - clock)
                whose = (errand.run, errand.chart, key, errand.name, attempt)
                self._observe(Attempted(*whose, began, took, failed, again))

    @activity.defn(name=LOOK_UP)
    async def look_up(self, key: str) -> Known:
        """Look whether a run is there."""
        try:
            found = await activity.client().get_workflow_handle(key).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return Known(exists=False)
            raise
        over = found.status != WorkflowExecutionStatus.RUNNING
        parent = (await found.memo()).get("statecharts:parent")
        return Known(exists=True, over=over, parent=None if parent is None else tuple(parent))


def _written(program: Program, key: str, outcome: Any) -> Carried:
    """Return an outcome as it is carried; one that cannot be written says so."""
    try:
        said = None if outcome is None else program.protocol.dump_event(outcome)
        check_size(key, "it", said)
        return Carried(said)
    except StatechartError as error:
        return Carried(refused=clipped(str(error)))
    except Exception as error:
        return Carried(refused=clipped(text_of(error)))


async def _beat(seconds: float) -> None:
    """Let the server hear of this worker until cancelled."""
    while True:
        activity.heartbeat()
        await asyncio.sleep(seconds)


@final
class _Reporter:
    """Takes the answers that a handler gives before the last one."""

    def __init__(self, client: Any, updates: Updates, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._updates = updates
        self._loop = loop

    def report(self, task: Task[Any], event: Any) -> None:
        """Take an answer that does not end the call; from any thread but the loops'."""
        if task.call is None:
            found = "only calls are answered"
            raise StatechartError("SC828", task.key, found, "Derive the effect from Call")
        said = Answered(task.call, event, last=False)
        told = self._updates.send(self._client, task.run, "answer", said)
        asyncio.run_coroutine_threadsafe(told, self._loop).result()
