"""Running: an investigation round by round, saved after each, and stopped on request."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, Protocol, Self, TypeVar, final

from machines.investigation import Investigation
from machines.investigation.session import protocol
from machines.investigator.command.progress import Tally
from machines.investigator.command.state import Carried, Folder, Run
from machines.investigator.runtime import CallEnded, Progress

P = ParamSpec("P")
T = TypeVar("T")

INTERRUPTED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@final
class Interruption:
    """Turns the first signal to stop into a clean stop, and the second into an immediate one."""

    def __init__(self, leave: Callable[[], None]) -> None:
        """Keep the function that restores the terminal before an immediate stop."""
        self.came = False
        """Whether a signal came."""
        self._leave = leave
        self._before: dict[int, Any] = {}
        self._stop: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for one in _SIGNALS:
                self._before[one] = signal.signal(one, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def stops(self, stop: Callable[[], object] | None) -> None:
        """Set the effect of the first signal; None for KeyboardInterrupt."""
        self._stop = stop

    def _take(self, *_: object) -> None:
        if self.came:
            self._leave()
            os._exit(INTERRUPTED)
        self.came = True
        if self._stop is None:
            raise KeyboardInterrupt
        self._stop()


class Threads(ThreadPoolExecutor):
    """Runs each function in a thread of its own, which does not keep the process alive.

    An ordinary executor waits for its threads at the end, however long an answer takes.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function."""
        future = Future[T]()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised when the result is read
                future.set_exception(error)

        threading.Thread(target=work, daemon=True, name="investigation-thread").start()
        return future


@final
class Recorder:
    """Writes progress into the state of a run, and passes it on."""

    def __init__(
        self,
        run: Run,
        investigation: Investigation,
        pass_on: Callable[[Progress], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._pass_on = pass_on
        self._before = dict(run.phases)
        self._tally = Tally(investigation, clock)

    def __call__(self, progress: Progress) -> None:
        """Record a piece of progress."""
        self._tally.add(progress)
        if isinstance(progress, CallEnded):
            seconds = round(progress.took.total_seconds(), 6)
            self._run.calls[progress.call.call_id] = Carried(seconds, progress.failure)
        for phase, seconds in self._tally.seconds.items():
            self._run.phases[phase.value] = round(self._before.get(phase.value, 0.0) + seconds, 6)
        self._pass_on(progress)


class Stepping(Protocol):
    """Runs an investigation step by step."""

    @property
    def investigation(self) -> Investigation:
        """The investigation as far as it has come."""
        ...

    async def step(self) -> object:
        """Take it further, if only by one step."""
        ...


def save(run: Run, investigation: Investigation, folder: Folder) -> None:
    """Save the state of a run."""
    run.snapshot = protocol().dump_snapshot(investigation.snapshot)
    folder.write(folder.state, run.dumps())


def carry_on(investigator: Stepping, kept: Callable[[], None], interruption: Interruption) -> bool:
    """Run to the end, or until it is stopped; return whether it was stopped.

    Calls ``kept`` after each round. A stopped round leaves no trace: its calls are stopped, and the
    investigation stays as it was before.
    """
    try:
        asyncio.run(_rounds(investigator, kept, interruption))
    except asyncio.CancelledError:
        return True
    return not investigator.investigation.is_terminal


async def _rounds(
    investigator: Stepping, kept: Callable[[], None], interruption: Interruption
) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in a task
    loop.set_default_executor(Threads())
    interruption.stops(lambda: loop.call_soon_threadsafe(task.cancel))
    if interruption.came:
        raise asyncio.CancelledError
    while not investigator.investigation.is_terminal:
        before = investigator.investigation.current_step
        await investigator.step()
        if investigator.investigation.current_step == before:
            return
        kept()
