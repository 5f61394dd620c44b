"""Versions: a run that continues as new may do so with the next version of its chart."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError

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


@pytest.mark.temporal
def test_runs_stay_with_their_version_until_they_are_migrated(temporal: Server) -> None:
    """Workers of two versions side by side: a run moves to the new one when it is told to."""
    queue = uuid.uuid4().hex[:8]
    workers: list[subprocess.Popen[bytes]] = []

    def start(version: str) -> None:
        module = [sys.executable, "-m", "tests.test_temporal.versioned"]
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        arguments = [temporal.address, queue, version]
        workers.append(subprocess.Popen([*module, *arguments], env=environment))

    async def make_current(client: Client, version: str) -> None:
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace, deployment_name=queue, build_id=version
        )
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(request)
            except RPCError:  # its worker is not up yet
                await asyncio.sleep(0.2)
            else:
                return

    async def play() -> None:
        client = await temporal.connect()
        start("1")
        await make_current(client, "1")
        old = protocol(1)
        async with TemporalRuntime(client, old, queue=queue, worker=False) as runtime:
            run: Any = await runtime.start(old.chart, key=queue, context=Desk("ann"))  # type: ignore[call-overload]
            await run.send(Begin("rain"))
            start("5")
            await make_current(client, "5")
            assert run.snapshot.configuration == ("asking",)
            [told] = [one for one in await runtime.migrate() if one[0] == queue]
            assert told == (queue, None)
        async with TemporalRuntime(client, protocol(5), queue=queue, worker=False) as runtime:
            run = runtime.get(queue)
            await run.wait("live.waiting", timeout=SECONDS)
            assert [past.kind for past in run.history()] == ["start", "event", "migrate"]
            assert (await run.send(Close())).configuration == ("closed",)

    try:
        asyncio.run(asyncio.wait_for(play(), 60))
    finally:
        for one in workers:
            one.kill()
            one.wait(30)
