"""Files: workflows of Swarm TOML, run with functions as their agents."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from os import PathLike
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from machines.workflow.orchestrator import Orchestrator, WorkflowError
from statecharts import Chart, NamedEvent, Service
from statecharts.interop import swarm
from statecharts.model.arguments import check, instance
from statecharts.model.effects import Action
from statecharts.model.named import Give
from statecharts.runtime import Handler, Retry, Task, handle

__all__ = ["Agent", "orchestrate"]

Agent: TypeAlias = Callable[[Mapping[str, Any], Task[Any]], Awaitable[NamedEvent | str | None]]
"""Does what a state asks of it: given what the file says of the agent, answers with an event.

A text is the name of an event without data. None hands the work over: somebody answers later.
"""

POLL: Final = 0.02
"""Seconds between two looks whether the agent before has answered."""

_BY_NAME: Final = instance(Mapping, "a dict, by the names in the file")
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


def orchestrate(
    path: str | PathLike[str],
    store: Any = "memory:",
    *,
    agents: Mapping[str, Agent],
    guards: Mapping[str, Callable[[Any], bool]] = _NONE,
    actions: Mapping[str, Callable[[Mapping[str, Any]], Any]] = _NONE,
    variables: Mapping[str, str] = _NONE,
    **options: Any,
) -> tuple[Orchestrator, dict[str, Chart]]:
    """Return an orchestrator of the workflows of a file, and their charts by name.

    The time limits of the file are those of its states. An agent that raises is tried again as
    often as ``max_retries`` says, first after ``retry_backoff_seconds``, then after twice as long
    each time; then ``next_on_failure`` is taken. Agents of a state that work in turn wait for the
    one before. Any workflow can be cancelled, by ``orchestrator.get(…).run.cancel()``.

    Args:
        path: The file.
        store: The address of the store.
        agents: The agents, by the names in the file.
        guards: What the guards ask of a moment, by name.
        actions: What is done on entry and exit, by name; given the data of the action.
        variables: The values of ``${NAME}`` in the file.
        options: The options of `Orchestrator`.

    Raises:
        ArgumentError: What is by name is no dict (SC221).
        WorkflowError: An agent, a guard or an action of the file has no function (SC828).
        DefinitionError: Something is wrong with the file.
    """
    check(
        "orchestrate",
        agents=(agents, _BY_NAME),
        guards=(guards, _BY_NAME),
        actions=(actions, _BY_NAME),
        variables=(variables, _BY_NAME),
    )
    charts = {
        name: chart.bind(guards={one: guards[one] for one in chart.unbound_guards if one in guards})
        for name, chart in swarm.load(path, variables).items()
    }
    _check(str(path), charts, agents, actions)
    opened: list[Orchestrator] = []

    async def work(call: Service, task: Task[Any]) -> NamedEvent | None:
        before = call.data.get("after")
        calls = opened[0].get(task.run).run.calls
        while before is not None and _at_work(calls, before):
            await asyncio.sleep(POLL)  # the answer may come from another process
            calls = opened[0].get(task.run).run.calls
        if task.call not in calls:
            return None  # its state was left while it waited
        answer = await agents[call.source](call.data, task)
        return NamedEvent(answer) if isinstance(answer, str) else answer

    async def act(action: Action, task: Task[Any]) -> None:
        if action.name in actions:
            done = actions[action.name](action.data)
            if inspect.isawaitable(done):
                await done
        else:  # an agent of a final state, whose answer nobody waits for
            await agents[action.name](action.data, task)

    handlers: list[Handler] = [handle(Service, work, retry=_retry), handle(Action, act)]
    orchestrator = Orchestrator(store, *charts.values(), handlers=handlers, **options)
    opened.append(orchestrator)
    return orchestrator, charts


def _retry(call: Service) -> Retry:
    """Return how often an agent is tried, as the file says."""
    again: int = call.data.get("max_retries", 0)
    wait: float = call.data.get("retry_backoff_seconds", 1)
    return Retry(attempts=again + 1, delay=timedelta(seconds=wait))


def _at_work(calls: Mapping[str, Any], agent: str) -> bool:
    return any(isinstance(call, Service) and call.source == agent for call in calls.values())


def _check(
    path: str, charts: Mapping[str, Chart], agents: Mapping[str, Any], actions: Mapping[str, Any]
) -> None:
    """Refuse a file that asks for what nobody does."""
    for name, agent in agents.items():
        try:
            fits = inspect.iscoroutinefunction(agent)
            inspect.signature(agent).bind({}, None)
        except TypeError:
            fits = False
        if not fits:
            found = f"the agent {name} is {agent!r}"
            remedy = (
                "Give async def agent(data, task), which returns the event that it answers with"
            )
            raise WorkflowError("SC828", path, found, remedy)
    missing: dict[str, list[str]] = {"agents": [], "guards": [], "actions": []}
    for chart in charts.values():
        missing["guards"] += chart.unbound_guards
        for node in chart.nodes.values():
            wanted = node.meta.get("agents", ())
            missing["agents"] += [one for one in wanted if one not in agents]
            hooks = [hook.function for hook in (*node.entry, *node.exit)]
            given = [hook.effect for hook in hooks if isinstance(hook, Give)]
            done = [effect.name for effect in given if isinstance(effect, Action)]
            missing["actions"] += [one for one in done if one not in {*actions, *wanted}]
    for kind, names in missing.items():
        if names:
            found = f"nobody gives the {kind} {', '.join(sorted(set(names)))}"
            remedy = f"Pass {kind}={{name: function}}"
            raise WorkflowError("SC828", path, found, remedy)
