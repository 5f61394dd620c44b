"""Hierarchical statecharts: declared once as typed Python, run by a pure step, drawn from the code.

The names of the front door are imported when they are first asked for: to declare a chart loads
nothing of what runs one, and to run one nothing of what draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statecharts.chart import Chart
    from statecharts.declare import Compound, History, Parallel, State, Statechart
    from statecharts.effects import CancelTimer, Effect, StartTimer
    from statecharts.errors import DefinitionError, StatechartError, UnhandledEventError
    from statecharts.events import NamedEvent, TimerFired
    from statecharts.kernel import Kernel, start, step
    from statecharts.machine import Machine
    from statecharts.schema import occurred
    from statecharts.snapshot import Moment, Snapshot, Step

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

_HOMES = {
    "CancelTimer": "statecharts.effects",
    "Chart": "statecharts.chart",
    "Compound": "statecharts.declare",
    "DefinitionError": "statecharts.errors",
    "Effect": "statecharts.effects",
    "History": "statecharts.declare",
    "Kernel": "statecharts.kernel",
    "Machine": "statecharts.machine",
    "Moment": "statecharts.snapshot",
    "NamedEvent": "statecharts.events",
    "Parallel": "statecharts.declare",
    "Snapshot": "statecharts.snapshot",
    "StartTimer": "statecharts.effects",
    "State": "statecharts.declare",
    "Statechart": "statecharts.declare",
    "StatechartError": "statecharts.errors",
    "Step": "statecharts.snapshot",
    "TimerFired": "statecharts.events",
    "UnhandledEventError": "statecharts.errors",
    "occurred": "statecharts.schema",
    "start": "statecharts.kernel",
    "step": "statecharts.kernel",
}


def __getattr__(name: str) -> Any:
    """Import a name of the front door from its home (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'statecharts' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 - only this function needs it

    found = globals()[name] = getattr(importlib.import_module(home), name)
    return found


def __dir__() -> list[str]:
    """List the front door, imported already or not."""
    return sorted({*globals(), *__all__})
