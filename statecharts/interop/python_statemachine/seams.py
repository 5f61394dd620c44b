"""Seams: what a callback of python-statemachine knows, and a moment does not say.

There, a callback is told which transition is being taken, and it can send events to the machine
that runs. Here the kernel's plan says the one, and whoever runs an action the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from statecharts.kernel.operations import Emit, Enter, Exit
from statecharts.model.effects import RUNNER
from statecharts.model.hooks import Hook


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
    return RUNNER.get()
