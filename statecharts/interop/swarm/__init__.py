"""Swarm TOML: files of workflows with their agents, resources and contracts.

Each workflow becomes a chart of its own.

| the file says | the chart has |
|---|---|
| `[workflows.states.NAME]`, `parent` | a state of that name, inside its parent |
| `handlers` | transitions on the events; all guards of one have to hold |
| `[workflows.guards]` | names to bind; what they mean is their ``doc`` |
| `entry_actions`, `exit_actions` | the effects `Action(name)` |
| `terminal` | a final state |
| `agents` | `Invoke` on entry, `CancelInvoke` on exit |
| `timeout_seconds`, `timeout_target` | a delayed transition |
| `timeout_seconds` alone | ``timeout`` raised when the time is over |
| `completion_timeout_seconds` | the same for the whole run, once |
| `next_on_success`, `next_on_failure` | transitions on ``success`` and ``failure`` |

The data of an `Invoke` is what the file says of the agent, the names of the resources that the
state needs, how often to try again, and for agents that work in turn which one comes before. A
timeout raises its event only where something handles that: the state, one around it or one inside
it; for the whole run, any state. Elsewhere it is kept, and a warning says so.

Everything else is kept as ``meta``: of a state what the file says of it, and of the chart itself
``metadata``, ``agents``, ``resources``, ``settings``, ``guards`` and ``contracts``. Values of
variables that are filled in there can be read there: name secrets, and pass none.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from types import MappingProxyType
from typing import Final

from statecharts.interop.documents import Document
from statecharts.interop.swarm.reader import read
from statecharts.model.chart import Chart

__all__ = ["load", "loads"]

NONE: Final[Mapping[str, str]] = MappingProxyType({})


def load(
    path: str | PathLike[str], variables: Mapping[str, str] = NONE, *, environment: bool = False
) -> dict[str, Chart]:
    """Return the charts of a Swarm file by the names of its workflows, in document order.

    Args:
        path: The file.
        variables: What ``${NAME}`` in texts stands for; ``$${`` stands for ``${`` itself.
        environment: Whether variables that are not passed are looked up in the environment.

    Raises:
        DocumentError: The file cannot be read, is not TOML, or holds no workflows.
        DefinitionError: Something is wrong with it; all of it is told, over all workflows.
    """
    return read(Document.read(path), _values(variables, environment))


def loads(
    text: str | bytes, variables: Mapping[str, str] = NONE, *, environment: bool = False
) -> dict[str, Chart]:
    r"""Return the charts of a Swarm text (see `load`).

    >>> charts = loads('''
    ... [[workflows]]
    ... name = "approval"
    ... [workflows.metadata]
    ... initial_state = "Pending"
    ... [workflows.states.Pending]
    ... handlers = [{ event = "approve", target = "${NEXT}" }]
    ... [workflows.states.Approved]
    ... terminal = true
    ... ''', {"NEXT": "Approved"})
    >>> [state.id for state in charts["approval"]]
    ['Pending', 'Approved']
    """
    return read(Document.of(text), _values(variables, environment))


def _values(variables: Mapping[str, str], environment: bool) -> Mapping[str, str]:  # noqa: FBT001
    if not environment:
        return variables
    import os  # noqa: PLC0415 - only for those who ask for it

    return {**os.environ, **variables}
