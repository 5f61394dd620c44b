"""The errors of runs: SC821 to SC839."""

from __future__ import annotations

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
