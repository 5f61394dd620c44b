"""The errors of runs: SC821 to SC839."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from statecharts.model.errors import StatechartError


class RunError(StatechartError):
    """A run, or a runtime, cannot do what was asked; nothing has changed."""


class RunExistsError(RunError):
    """A run of that key exists already (SC821)."""


class UnknownRunError(RunError, KeyError):
    """There is no run of that key (SC822)."""

    __str__ = StatechartError.__str__


class StuckError(RunError):
    """The run is stuck, and somebody has to look at it (SC824)."""


class BusyError(RunError):
    """Too many events wait to be written (SC826)."""


class WaitError(RunError, TimeoutError):
    """The run has not come where it was waited for (SC827)."""


class HandlerError(RunError):
    """A handler does not fit what it is to handle (SC828)."""


def unknown_chart(where: str, given: str, known: Iterable[str], remedy: str) -> RunError:
    """Return the error for a chart that was not named when the store was opened (SC829)."""
    names = ", ".join(sorted(known)) or "none was named"
    return RunError("SC829", where, f"{given} is not one of the charts here: {names}", remedy)


def not_entered_so(found: str, remedy: str) -> Callable[..., Any]:
    """Return a method for the `with` that a runtime does not have, which says so (SC832).

    Type checkers do not see it: they refuse that `with` by themselves.
    """

    def refuse(self: Any, *_: object) -> Any:
        operations = getattr(self, "_operations", None)
        if operations is not None:
            operations.close()
        raise RunError("SC832", "runtime", found, remedy)

    return refuse
