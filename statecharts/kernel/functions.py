"""The kernel as functions, for those who do not hold a `Kernel`: one is kept with each chart."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast, overload

from statecharts.kernel.kernel import Kernel, chart_of
from statecharts.model.chart import Chart, Declaration
from statecharts.model.events import Own
from statecharts.model.generics import C, E
from statecharts.semantics.snapshot import Snapshot, Step


def kernel_of(source: Any) -> Kernel[Any, Any]:
    """Return the kernel that is kept with a chart."""
    try:
        kernel: Kernel[Any, Any] = getattr(source, "chart", source)._memo["kernel"]
    except (AttributeError, KeyError):
        chart = chart_of(source)
        kernel = chart._memo.setdefault("kernel", Kernel(chart))
    return kernel


def _adopted(chart: Chart, snapshot: Snapshot[Any, Any]) -> Snapshot[Any, Any]:
    return kernel_of(chart).adopt(snapshot)


Snapshot._adopted = staticmethod(_adopted)


@overload
def start(
    chart: type[Declaration[E, None]], context: None = None, *, at: datetime | None = None
) -> Step[E, None]: ...
@overload
def start(
    chart: type[Declaration[E, C]], context: C, *, at: datetime | None = None
) -> Step[E, C]: ...
@overload
def start(chart: Chart, context: Any = None, *, at: datetime | None = None) -> Step[Any, Any]: ...
def start(chart: Any, context: Any = None, *, at: datetime | None = None) -> Step[Any, Any]:
    """Enter a chart (see `Kernel.start`).

    >>> from statecharts import State, Statechart, start
    >>> class Lamp(Statechart):
    ...     dark = State(initial=True, resting=True)
    >>> start(Lamp).snapshot.configuration
    ('dark',)
    """
    started: Any = kernel_of(chart_of(chart)).start(context, at=at)
    return cast("Step[Any, Any]", started)


@overload
def step(
    chart: type[Declaration[E, C]],
    snapshot: Snapshot[E, C],
    event: E | Own,
    *,
    at: datetime | None = None,
) -> Step[E, C]: ...
@overload
def step(
    chart: Chart, snapshot: Snapshot[Any, Any], event: object, *, at: datetime | None = None
) -> Step[Any, Any]: ...
def step(
    chart: Any, snapshot: Snapshot[Any, Any], event: Any, *, at: datetime | None = None
) -> Step[Any, Any]:
    """Return what an event makes of a snapshot (see `Kernel.step`).

    >>> from attrs import frozen
    >>> from statecharts import State, Statechart, start, step
    >>> @frozen
    ... class Flip: ...
    >>> class Lamp(Statechart[Flip]):
    ...     dark = State(initial=True)
    ...     lit = State()
    ...     dark.to(lit, on=Flip)
    ...     lit.to(dark, on=Flip)
    >>> step(Lamp, start(Lamp).snapshot, Flip()).snapshot.configuration
    ('lit',)
    """
    return kernel_of(chart).step(snapshot, event, at=at)
