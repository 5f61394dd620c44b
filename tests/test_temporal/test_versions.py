"""Versions: a run that continues as new may do so with the next version of its chart."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from statecharts.runtime import Runs, Task, handle
from statecharts.store.memory import MemoryStore
from statecharts.temporal import Beginning, Facts, TemporalRuntime
from statecharts.temporal.converter import write_entry, write_rows
from statecharts.temporal.messages import WORKFLOW, Kept
from tests.temporal import Server
from tests.test_runtime.versions import Begin, Close, Consult, Desk, Note, Reply, protocol

SECONDS = timedelta(seconds=20)


def left_by_the_first_version(key: str) -> Kept:
    """Return a run as a workflow of the first version hands it on: with a call and a timer."""
    store = MemoryStore()
    with Runs(store, protocol(1), effects=(Note,)) as runs:
        chart = runs._operations.programs["Ticket"].chart
        run: Any = runs.start(chart, key=key, context=Desk("ann"))
        run.send(Begin("rain"), id="begin")
        rows = store.read(key)
        assert rows is not None
        entries = [write_entry(one) for one in store.entries(key)]
    return Kept(write_rows(rows), entries, [], {})


@pytest.mark.temporal
def test_a_run_of_an_old_version_goes_on_in_the_new_one(temporal: Server) -> None:
    """Upcasters read its snapshot; its call, under the old key, goes to the handler of today."""
    asked: list[tuple[str, Consult]] = []
    notes: list[str] = []

    async def consult(call: Consult, task: Task[Any]) -> Reply:
        asked.append((task.key, call))
        return Reply("perhaps")

    async def play() -> None:
        client = await temporal.connect()
        queue = uuid.uuid4().hex
        runtime = TemporalRuntime(
            client,
            protocol(5),
            handlers=[handle(Consult, consult), handle(Note, lambda note: notes.append(note.text))],
            queue=queue,
        )
        async with runtime:
            given = Beginning("Ticket", facts=Facts(), kept=left_by_the_first_version(queue))
            await runtime._do(
                runtime._client.start_workflow(WORKFLOW, given, id=queue, task_queue=queue)
            )
            run: Any = runtime.get(queue)
            await run.wait("live.parked", timeout=SECONDS)
            assert run.snapshot.context.owners == ["ann"]
            assert [past.kind for past in run.history()] == ["start", "event", "migrate", "event"]
            assert (await run.send(Close())).configuration == ("closed",)
            await run.wait(timeout=SECONDS)

    asyncio.run(asyncio.wait_for(play(), 60))
    [(key, call)] = asked
    assert key.endswith("/2")
    assert call == Consult("rain", 1)
    assert notes == ["rain"]
