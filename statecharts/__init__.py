"""Hierarchical statecharts: declared once as typed Python, run by a pure step, drawn from the code.

What declares a chart is imported with the package; what runs one, when it is first used: to draw or
to check a chart needs none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statecharts.chart import Chart
from statecharts.declare import Compound, History, Parallel, State, Statechart
from statecharts.effects import CancelTimer, Effect, StartTimer
from statecharts.errors import DefinitionError, StatechartError, UnhandledEventError
from statecharts.events import NamedEvent, TimerFired
from statecharts.schema import occurred
from statecharts.snapshot import Moment, Snapshot, Step

if TYPE_CHECKING:
    from statecharts.kernel import Kernel, start, step
    from statecharts.machine import Machine

__all__ = [
    "CancelTimer",
    "Chart",
    "Compound",
    "DefinitionError",
    "Effect",
    "History",
    "Kernel",
    "Machine",
    "Moment",
    "NamedEvent",
    "Parallel",
    "Snapshot",
    "StartTimer",
    "State",
    "Statechart",
    "StatechartError",
    "Step",
    "TimerFired",
    "UnhandledEventError",
    "occurred",
    "start",
    "step",
]

_RUNNING = {
    "Kernel": "statecharts.kernel",
    "start": "statecharts.kernel",
    "step": "statecharts.kernel",
    "Machine": "statecharts.machine",
}


def __getattr__(name: str) -> Any:
    """Import what runs a chart when it is first asked for (PEP 562)."""
    module = _RUNNING.get(name)
    if module is None:
        raise AttributeError(f"module 'statecharts' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - only this function needs it

    found = globals()[name] = getattr(importlib.import_module(module), name)
    return found


def __dir__() -> list[str]:
    """List the front door, imported already or not."""
    return sorted({*globals(), *__all__})
