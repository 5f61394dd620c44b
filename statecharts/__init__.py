"""Hierarchical statecharts: declared once as typed Python, run by a pure step, drawn from the code.

Each name of the front door is imported on first use. Declaring a chart does not load the kernel,
and running one does not load the drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statecharts.declare import Compound, History, Parallel, State, Statechart
    from statecharts.drawing import render
    from statecharts.kernel import Kernel, start, step
    from statecharts.machine import Machine
    from statecharts.model.chart import Chart
    from statecharts.model.effects import (
        Call,
        CancelInvoke,
        CancelTimer,
        Effect,
        Invoke,
        Raise,
        Send,
        Service,
        StartTimer,
    )
    from statecharts.model.errors import DefinitionError, StatechartError, UnhandledEventError
    from statecharts.model.events import Answer, CallFailed, NamedEvent, TimerFired
    from statecharts.model.fields import Occurred
    from statecharts.semantics.snapshot import Moment, Snapshot, Step

    __version__: str

__all__ = [
    "Answer",
    "Call",
    "CallFailed",
    "CancelInvoke",
    "CancelTimer",
    "Chart",
    "Compound",
    "DefinitionError",
    "Effect",
    "History",
    "Invoke",
    "Kernel",
    "Machine",
    "Moment",
    "NamedEvent",
    "Occurred",
    "Parallel",
    "Raise",
    "Send",
    "Service",
    "Snapshot",
    "StartTimer",
    "State",
    "Statechart",
    "StatechartError",
    "Step",
    "TimerFired",
    "UnhandledEventError",
    "render",
    "start",
    "step",
]

_HOMES = {
    "Answer": "statecharts.model.events",
    "Call": "statecharts.model.effects",
    "CallFailed": "statecharts.model.events",
    "CancelInvoke": "statecharts.model.effects",
    "CancelTimer": "statecharts.model.effects",
    "Chart": "statecharts.model.chart",
    "Compound": "statecharts.declare",
    "DefinitionError": "statecharts.model.errors",
    "Effect": "statecharts.model.effects",
    "History": "statecharts.declare",
    "Invoke": "statecharts.model.effects",
    "Kernel": "statecharts.kernel",
    "Machine": "statecharts.machine",
    "Moment": "statecharts.semantics.snapshot",
    "NamedEvent": "statecharts.model.events",
    "Occurred": "statecharts.model.fields",
    "Parallel": "statecharts.declare",
    "Raise": "statecharts.model.effects",
    "Send": "statecharts.model.effects",
    "Service": "statecharts.model.effects",
    "Snapshot": "statecharts.kernel",
    "StartTimer": "statecharts.model.effects",
    "State": "statecharts.declare",
    "Statechart": "statecharts.declare",
    "StatechartError": "statecharts.model.errors",
    "Step": "statecharts.semantics.snapshot",
    "TimerFired": "statecharts.model.events",
    "UnhandledEventError": "statecharts.model.errors",
    "render": "statecharts.drawing",
    "start": "statecharts.kernel",
    "step": "statecharts.kernel",
}


def __getattr__(name: str) -> Any:
    """Import a name of the front door from its home (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - only this name needs it

        return version("statecharts")
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'statecharts' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 - only this function needs it

    found = globals()[name] = getattr(importlib.import_module(home), name)
    return found


def __dir__() -> list[str]:
    """List all names of the front door, whether they are imported yet or not."""
    return sorted({*globals(), *__all__})
