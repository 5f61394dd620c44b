"""Hierarchical statecharts: declared once as typed Python, run by a pure step, drawn from the code."""

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
