"""Errors across Temporal's border: they arrive as what they were raised as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from temporalio.exceptions import ApplicationError

from statecharts.model.errors import StatechartError
from statecharts.runtime.errors import RunError

ENGINE: Final = "SC841"
"""The code of what Temporal does not do, or does in its own way."""


def packed(error: StatechartError) -> ApplicationError:
    """Return an error as Temporal carries it; it is not worth another attempt."""
    said = (error.code, error.where, error.found, error.remedy)
    return ApplicationError(str(error), *said, type=type(error).__name__, non_retryable=True)


def unpacked(error: BaseException | None) -> StatechartError | None:
    """Return the error of ours that Temporal's error carries; None if it carries none."""
    while error is not None:
        if isinstance(error, ApplicationError) and len(error.details) == 4:  # noqa: PLR2004 - its parts
            classes = {cls.__name__: cls for cls in _classes(StatechartError)}
            cls = classes.get(str(error.type), StatechartError)
            try:
                return cls(*error.details)
            except TypeError:  # one that is made of other parts
                return StatechartError(*error.details)
        error = error.__cause__ or getattr(error, "cause", None)
    return None


def _classes(cls: type[StatechartError]) -> Iterator[type[StatechartError]]:
    yield cls
    for one in cls.__subclasses__():
        yield from _classes(one)


def not_here(what: str, remedy: str) -> RunError:
    """Return the error of what a `TemporalRuntime` does not do."""
    return RunError(ENGINE, "temporal", f"{what} is not to be had on Temporal", remedy)
