"""The fleet: the executions of many nodes for many stories, in one store."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from machines.execution import (
    Execution,
    Exited,
    Heartbeat,
    SpawnAgent,
    SpawnedSuccessfully,
    WatchAgent,
)
from machines.fleet import Fleet, key_of
from machines.identifiers import AgentName, NodeKey, StoryId
from statecharts.cli import main
from statecharts.model.errors import ArgumentError
from statecharts.runtime import NEVER, Runtime, Task, handle

NODES = [NodeKey(bytes([number]) * 32) for number in range(6)]
STORIES = [StoryId("story-1"), StoryId("story-1/b"), StoryId("story-2")]
KEY = STORIES[0], NODES[0]


async def spawn(call: SpawnAgent) -> SpawnedSuccessfully:
    if call.agent == AgentName("broken"):
        raise OSError("no such agent")
    return SpawnedSuccessfully()


async def watch(call: WatchAgent, task: Task[Any]) -> Exited | None:
    await task.progress(Heartbeat())
    return Exited(0) if call.agent == AgentName("quick") else None


def test_fleet_is_kept_and_seen(tmp_path: Path) -> None:
    """Each node's execution goes its own way, survives, and is listed story by story."""
    address = f"sqlite:///{tmp_path / 'fleet.db'}"
    handlers = [handle(SpawnAgent, spawn, retry=NEVER), handle(WatchAgent, watch)]

    async def run() -> None:
        async with Runtime(address, Execution, handlers=handlers) as runtime:
            fleet = Fleet(runtime)
            for story in STORIES:
                for number, node in enumerate(NODES):
                    agent = AgentName(("quick", "slow", "broken")[number % 3])
                    await fleet.request(story, node, agent)
            await runtime.settle()
        async with Runtime(address, Execution, handlers=handlers) as runtime:
            fleet = Fleet(runtime)
            states = {"completed": 2, "running": 2, "failed": 2}
            assert fleet.overview() == dict.fromkeys(STORIES, states)
            found = dict(fleet.of_story(STORIES[0]))
            assert list(found) == NODES
            assert found[NODES[1]].configuration[-1] == "any.running"
            assert fleet[STORIES[2], NODES[2]].configuration[-1] == "any.failed"
            await fleet.request(STORIES[0], NODES[0], AgentName("quick"))

    asyncio.run(run())
    listed = ["runs", "list", "--chart", "Execution", "--db", address, "--json"]
    keys = [one["run"] for one in json.loads(CliRunner().invoke(main, listed).output)]
    assert keys == sorted(key_of(story, node) for story in STORIES for node in NODES)
    failed = CliRunner().invoke(main, [*listed, "--state", "any.failed"]).output
    assert len(json.loads(failed)) == 6


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda fleet: fleet["story-1", NODES[0]], "key_of: story='story-1' .* Pass a StoryId"),
        (lambda fleet: fleet[STORIES[0], bytes(32)], "key_of: node=.* Pass a NodeKey"),
        (lambda fleet: asyncio.run(fleet.request(*KEY, "coder")), "request: agent='coder' .* Pass"),
        (lambda _: Fleet("sqlite:///fleet.db"), "Fleet: runtime=.* Pass a Runtime"),  # type: ignore[arg-type]
    ],
)
def test_fleet_takes_what_is_typed_alone(ask: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        ask(Fleet(Runtime("memory:", Execution)))
