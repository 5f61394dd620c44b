"""Seams: what a callback of python-statemachine knows, and a moment does not say.

There, a callback is told which transition is being taken, and it can send events to the machine
that runs. Here the kernel and `Machine` know both while they call; it is read from them where they
stand on the stack, and nowhere else in this package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, Final

from statecharts.hooks import Hook
from statecharts.kernel.operations import Emit, Enter, Exit
from statecharts.kernel.plans import Plan
from statecharts.snapshot import Moment

_KERNEL: Final = ("statecharts.kernel.kernel", "_perform")
_MACHINE: Final = ("statecharts.machine.machine", "_carry_out")
_DEEPEST: Final = 1_000
"""How far up the stack is looked."""


def plan() -> Plan | None:
    """Return what the kernel is carrying out; None while it asks guards."""
    frame = _frame(*_KERNEL)
    return None if frame is None else frame.f_locals["plan"]


def hooks(operations: Iterable[Any]) -> Iterator[Hook]:
    """Yield the hooks that operations of a plan call, in their order."""
    for perform in operations:
        operation = perform.__self__
        if isinstance(operation, Emit):
            yield operation.hook
        elif isinstance(operation, Enter | Exit):
            yield from operation.hooks


def runner() -> Any:
    """Return the machine that is carrying out the effects of a step; None when none is."""
    frame = _frame(*_MACHINE)
    return None if frame is None else frame.f_locals["self"]


def active(moment: Moment[Any, Any, Any]) -> tuple[str, ...]:
    """Return the states that are active now, in document order: a step may be under way."""
    return tuple(state for state in moment._scene._place.ids if state in moment)  # noqa: SLF001


def _frame(module: str, function: str) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as lines find where they stand
    for _ in range(_DEEPEST):
        if frame is None:
            return None
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            return frame
        frame = frame.f_back
    return None
