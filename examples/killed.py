"""A run that is killed in the middle of a call, and goes on in another process.

    python -m examples.killed

The run is the execution of an agent. One process starts it and is killed while it starts the agent;
another finds the unfinished call in the store, and makes it again under the same key.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from machines.execution import (
    Execution,
    Exited,
    SpawnAgent,
    SpawnedSuccessfully,
    SpawnRequested,
    WatchAgent,
)
from machines.identifiers import AgentName
from statecharts.runtime import Runs, Runtime, Task

ROOT: Final = Path(__file__).parent.parent
KEY: Final = "story-7"
PATIENCE: Final = 30.0
"""Seconds that anything here may take."""

LEASE: Final = timedelta(seconds=1)
"""Time before another process takes over the calls of a dead one."""


async def first(store: Path) -> None:
    """Start the run, print the key of the call that starts the agent, and wait to be killed."""

    async def spawn(_: SpawnAgent, task: Task[Any]) -> None:
        print(task.key, flush=True)
        await asyncio.Event().wait()

    async with Runtime(store, Execution, handlers={SpawnAgent: spawn}, lease=LEASE) as runtime:
        run = await runtime.start(Execution, key=KEY)
        await run.send(SpawnRequested(AgentName("coder-1")))
        await asyncio.Event().wait()


async def second(store: Path) -> list[str]:
    """Continue the runs of the store; return the keys of the calls that were carried out."""
    keys: list[str] = []

    async def spawn(_: SpawnAgent, task: Task[Any]) -> SpawnedSuccessfully:
        keys.append(task.key)
        return SpawnedSuccessfully()

    async def watch(_: WatchAgent, task: Task[Any]) -> Exited:
        keys.append(task.key)
        return Exited(0)

    handlers: dict[Any, Any] = {SpawnAgent: spawn, WatchAgent: watch}
    async with Runtime(store, Execution, handlers=handlers, lease=LEASE) as runtime:
        run = runtime.get(KEY, Execution)
        await run.wait(Execution.any.completed, timeout=timedelta(seconds=PATIENCE))
        await runtime.settle()
    return keys


def story(store: Path) -> Iterator[str]:
    """Run the story, and yield a line for each event.

    Args:
        store: The file of the store; it must not exist.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "examples.killed", "first", str(store)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        key = "".join(islice(process.stdout or (), 1)).strip()
        yield f"process {process.pid} starts the run {KEY}, and carries out call {key}"
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.wait(PATIENCE)
    yield f"kill -9 {process.pid}, in the middle of the call"
    with Runs(store, Execution) as runs:
        run = runs.get(KEY, Execution)
        (call,) = run.calls
        yield f"on disk: {len(run.history())} entries, in {run.configuration[-1]}, {call} under way"
    keys = asyncio.run(second(store))
    yield f"process {os.getpid()} goes on with it, and carries out {' and '.join(keys)}"
    with Runs(store, Execution) as runs:
        run = runs.get(KEY, Execution)
        for past in run.history():
            cause = "start" if past.event is None else type(past.event).__name__
            event = getattr(past.event, "event", None)
            said = cause if event is None else f"{cause} {type(event).__name__}"
            yield f"  {past.sequence}  {said:32} → {past.configuration[-1]}"
        damages = runs.verify()
        found = "no damage" if not damages else f"{len(damages)} damages"
        yield f"nothing is lost; {key} was begun twice, under the same key; {found} in the store"


def main() -> None:
    """Run the story in a store of its own, or only its first process."""
    if sys.argv[1:2] == ["first"]:
        asyncio.run(first(Path(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory() as folder:
        for line in story(Path(folder) / "runs.db"):
            print(line, flush=True)


if __name__ == "__main__":
    main()
