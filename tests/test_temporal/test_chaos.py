"""Chaos: workers and the server are killed, and every request is sent twice."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from statecharts.runtime import Taken
from tests.temporal import NAMED, Server
from tests.test_temporal.rounds import Begin, Close, Poke, Rounds, Tally, runtime

RUNS = 20
ROUNDS = 6
POKES = 10
KILLS = 50
SERVER_KILLS = 0 if NAMED else 3
PROCESSES = 3


class Workers:
    """Processes that are killed and started again."""

    def __init__(self, address: str, queue: str, log: Path) -> None:
        self._command = [
            *(sys.executable, "-m", "tests.test_temporal.rounds", address, queue, str(log))
        ]
        self._found = [self._start() for _ in range(PROCESSES)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        return subprocess.Popen(
            self._command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill_one(self) -> None:
        """Kill the one that has run longest, and start another."""
        oldest = self._found.pop(0)
        oldest.kill()
        oldest.wait(30)
        self.kills += 1
        self._found.append(self._start())

    def close(self) -> None:
        for one in self._found:
            one.kill()
            one.wait(30)


async def insist(run: Any, event: Any, id: str) -> Taken:
    """Send until it is acknowledged: under one id, it is taken once."""
    while True:
        try:
            async with asyncio.timeout(10):
                taken: Taken = await run.send(event, id=id)
                return taken
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            await asyncio.sleep(0.2)


@pytest.mark.temporal
def test_nothing_is_lost_or_done_twice_while_workers_and_the_server_are_killed(
    tmp_path: Path,
) -> None:
    """Every key is carried out, every answer counts once, every run comes to its end."""
    log = tmp_path / "carried-out"
    log.touch()
    dice = random.Random(7)
    queue = uuid.uuid4().hex[:8]
    server = Server()
    workers = Workers(server.address, queue, log)

    async def drive(run: Any) -> int:
        again = 0
        for number in range(POKES):
            first = await insist(run, Poke(), f"poke-{number}")
            second = await insist(run, Poke(), f"poke-{number}")
            assert first.handled
            assert second.handled
            again += (first.sequence, first.at) == (second.sequence, second.at)
            await asyncio.sleep(dice.random() * 8)
        return again

    async def kill() -> None:
        pauses = KILLS // (SERVER_KILLS + 1)
        for number in range(1, KILLS + 1):
            await asyncio.sleep(0.5 + dice.random())
            await asyncio.to_thread(workers.kill_one)
            if SERVER_KILLS and number % pauses == 0 and number // pauses <= SERVER_KILLS:
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(0.5)
                server.start()

    async def play() -> tuple[list[int], list[Any]]:
        client = await server.connect()
        async with runtime(client, queue, cap=12, searched=False) as rt:
            runs = [
                await rt.start(Rounds, key=f"{queue}-{n}", context=Tally()) for n in range(RUNS)
            ]
            killing = asyncio.create_task(kill())
            await asyncio.gather(*(insist(run, Begin(ROUNDS), "begin") for run in runs))
            again = await asyncio.gather(*map(drive, runs))
            await killing

            async def ended(run: Any) -> Any:
                while not (await insist(run, Close(), "close")).handled:  # noqa: ASYNC110 - rounds
                    await asyncio.sleep(0.3)
                return (await rt._read(run.key))[1].snapshot

            return again, await asyncio.gather(*map(ended, runs))

    try:
        again, ends = asyncio.run(asyncio.wait_for(play(), 210))
    finally:
        workers.close()
        server.close()
    counts = Counter(line.split()[0] for line in log.read_text().splitlines())
    wanted = {f"{queue}-{run}/{number}" for run in range(RUNS) for number in range(1, ROUNDS + 1)}
    more = sum(count > 1 for count in counts.values())
    print(f"{workers.kills} kills, {len(counts)} keys, {more} of them carried out more than once")
    assert workers.kills == KILLS
    assert {*counts} == wanted
    assert [one.context for one in ends] == [Tally(POKES, tuple(range(1, ROUNDS + 1)))] * RUNS
    assert [one.configuration for one in ends] == [("closed",)] * RUNS
    assert again == [POKES] * RUNS
