"""One suite for both runtimes: what a script comes to does not depend on the engine."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from statecharts.runtime import Runtime
from statecharts.temporal import TemporalRun, TemporalRuntime
from tests.temporal import Server
from tests.test_temporal.scripts import CHARTS, SCRIPTS, Script, World, until


async def play(script: Script, world: World, runtime: Any) -> str:
    async with asyncio.timeout(60), runtime as world.runtime:
        await script(world)
        await until(lambda: world.rests)
        return world.digest()


async def on_a_store(script: Script, address: str) -> str:
    world = World(prefix="a-")
    return await play(script, world, Runtime(address, *CHARTS, handlers=world.handlers))


@pytest.mark.sampled(10)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.__name__)
def test_a_script_comes_to_the_same_in_any_store(script: Script, tmp_path: Path) -> None:
    """A script holds in memory and in SQLite, and comes to the same state."""
    sqlite = asyncio.run(on_a_store(script, f"sqlite:///{tmp_path}/runs.db"))
    assert asyncio.run(on_a_store(script, "memory:")) == sqlite


@pytest.mark.temporal
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.__name__)
def test_a_script_comes_to_the_same_on_temporal(script: Script, temporal: Server) -> None:
    """A script holds on Temporal, and comes to the same state as in a store."""

    async def run() -> str:
        queue = uuid.uuid4().hex[:8]
        world = World(prefix=f"{queue}-")
        client = await temporal.connect()
        runtime = TemporalRuntime(client, *CHARTS, handlers=world.handlers, queue=queue)
        return await play(script, world, runtime)

    assert asyncio.run(run()) == asyncio.run(on_a_store(script, "memory:"))


def test_both_runtimes_have_the_same_names() -> None:
    """Whatever a program says to a Runtime or a run, it can say on Temporal."""
    from statecharts.runtime import LiveRun

    for ours, theirs in ((TemporalRuntime, Runtime), (TemporalRun, LiveRun)):
        missing = {name for name in dir(theirs) if name[0] != "_"} - {*dir(ours)}
        assert not missing, (ours, missing)
