"""Runs that survive: charts whose runs are kept in a store, and go on after a crash.

`Runtime` runs charts for asynchronous code and carries out what they ask for; `Runs` is the same
for synchronous code, without handlers of its own.
"""

from statecharts.model.family import (
    Child,
    ChildDone,
    ChildFailed,
    Each,
    Joined,
    Outcome,
    Spawn,
    Tell,
)
from statecharts.runtime.clock import Clock, SimulatedClock, SystemClock
from statecharts.runtime.commit import Happened, RolledBack, Taken
from statecharts.runtime.errors import (
    BusyError,
    HandlerError,
    RunError,
    RunExistsError,
    StuckError,
    UnknownRunError,
    WaitError,
)
from statecharts.runtime.handlers import NEVER, Attempted, Handler, Retry, Task, handle
from statecharts.runtime.history import Past
from statecharts.runtime.migration import Outlook
from statecharts.runtime.runs import Outstanding, Run, Runs
from statecharts.runtime.runtime import LiveRun, Runtime

__all__ = [
    "NEVER",
    "Attempted",
    "BusyError",
    "Child",
    "ChildDone",
    "ChildFailed",
    "Clock",
    "Each",
    "Handler",
    "HandlerError",
    "Happened",
    "Joined",
    "LiveRun",
    "Outcome",
    "Outlook",
    "Outstanding",
    "Past",
    "Retry",
    "RolledBack",
    "Run",
    "RunError",
    "RunExistsError",
    "Runs",
    "Runtime",
    "SimulatedClock",
    "Spawn",
    "StuckError",
    "SystemClock",
    "Taken",
    "Task",
    "Tell",
    "UnknownRunError",
    "WaitError",
    "handle",
]
