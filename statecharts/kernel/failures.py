"""Failures: what a callback raised, with the chart, state, transition and event."""

from __future__ import annotations

from statecharts.kernel.operations import Operation
from statecharts.model.chart import Chart, Transition
from statecharts.model.errors import CallbackError, StepError, TimeNeededError
from statecharts.model.events import shown_name
from statecharts.semantics.snapshot import MOMENT_HAS, Moment
from statecharts.semantics.tree import Edge


def failure(chart: Chart, culprit: Operation | Edge, event: object, error: Exception) -> StepError:
    """Return the error that tells where a callback failed.

    What the library itself found wrong keeps its code and its remedy.
    """
    role, state, transition = _parts(culprit)
    name = None if event is None else shown_name(event)
    place = f"{role} of {state!r}"
    if transition is not None and transition.targets:
        place += f" on the way to {', '.join(map(repr, transition.targets))}"
    place += f" on {name}" if name else " at the start"
    if isinstance(error, TimeNeededError):
        return TimeNeededError(error.code, chart.name, f"{place}: {error.found}", error.remedy)
    code, found, remedy = (
        "SC202",
        f"{type(error).__name__}: {_said(error)}",
        "The old snapshot is still good",
    )
    if isinstance(error, StepError) and error.where == chart.name:
        code, found, remedy = error.code, error.found, error.remedy
    return CallbackError(
        code,
        chart.name,
        f"{place}: {found}",
        remedy,
        chart=chart.name,
        state=state,
        event=name,
        role=role,
    )


def _said(error: Exception) -> object:
    """Return what an error says; of an attribute that a moment lacks, what a moment has."""
    if isinstance(error, AttributeError) and isinstance(error.obj, Moment):
        return MOMENT_HAS.format(error.name)
    return error


def _parts(culprit: Operation | Edge) -> tuple[str, str, Transition | None]:
    if isinstance(culprit, Edge):
        return "when", culprit.transition.source, culprit.transition
    return culprit.role, culprit.state, culprit.transition
