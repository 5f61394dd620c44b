"""Fleet: the executions of many nodes for many stories, kept in one store.

Each node's execution of a story is a run of its own, under a key that begins with the story. So
`statecharts runs list --chart Execution` shows the whole fleet, story by story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, final

from machines.execution import Execution, SpawnRequested
from machines.identifiers import AgentName, NodeKey, StoryId
from statecharts.model.arguments import check, instance
from statecharts.runtime import LiveRun, Runtime

__all__ = ["Fleet", "key_of"]

_BETWEEN: Final = "/"
_STORY: Final = instance(StoryId, "a StoryId, such as StoryId('story-1')")
_NODE: Final = instance(NodeKey, "a NodeKey, such as NodeKey(bytes(32))")
_AGENT: Final = instance(AgentName, "an AgentName, such as AgentName('coder')")


def key_of(story: StoryId, node: NodeKey) -> str:
    """Return the key of the run of a node's execution of a story.

    >>> key_of(StoryId("story-1"), NodeKey(bytes(32)))[:14]
    'story-1/000000'
    """
    check("key_of", story=(story, _STORY), node=(node, _NODE))
    return f"{story.value}{_BETWEEN}{node.value.hex()}"


@final
class Fleet:
    """The executions of all nodes, in the store of a runtime.

    Args:
        runtime: A runtime of `Execution`.
    """

    def __init__(self, runtime: Runtime) -> None:
        check("Fleet", runtime=(runtime, instance(Runtime, "a Runtime of Execution")))
        self._runtime = runtime

    def __getitem__(self, at: tuple[StoryId, NodeKey]) -> LiveRun[Any, None]:
        """Return the execution of a story on a node, which need not have begun."""
        return self._runtime.get(key_of(*at))

    async def request(self, story: StoryId, node: NodeKey, agent: AgentName) -> LiveRun[Any, None]:
        """Request an agent for a story on a node; return the execution there."""
        check("request", agent=(agent, _AGENT))
        key = key_of(story, node)
        run: LiveRun[Any, None] = await self._runtime.start(Execution, key=key, exist_ok=True)
        await run.send(SpawnRequested(agent))
        return run

    def of_story(self, story: StoryId) -> Iterator[tuple[NodeKey, LiveRun[Any, None]]]:
        """Yield the nodes that have an execution of a story, each with its execution."""
        for run in self._runtime.list(chart=Execution):
            name, _, node = run.key.rpartition(_BETWEEN)
            if name == story.value:
                yield NodeKey(bytes.fromhex(node)), run

    def overview(self) -> dict[StoryId, dict[str, int]]:
        """Return for each story how many nodes are in each state, by the state's name."""
        found: dict[StoryId, Counter[str]] = {}
        for run in self._runtime.list(chart=Execution):
            story = StoryId(run.key.rpartition(_BETWEEN)[0])
            state = run.configuration[-1].rpartition(".")[2]
            found.setdefault(story, Counter())[state] += 1
        return {story: dict(states) for story, states in found.items()}
