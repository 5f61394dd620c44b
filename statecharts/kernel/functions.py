"""The kernel as functions, for those who do not hold a `Kernel`: one is kept with each chart."""

from __future__ import annotations

from datetime import datetime
from typing import Any, overload

from statecharts.kernel.kernel import Kernel, chart_of
from statecharts.model.chart import Chart, Declaration
from statecharts.model.generics import K as C
from statecharts.semantics.snapshot import Snapshot, Step


def kernel_of(source: Any) -> Kernel[Any]:
    """Return the kernel that is kept with a chart."""
    chart = chart_of(source)
    if "kernel" not in chart._memo:
        chart._memo.setdefault("kernel", Kernel(chart))
    kernel: Kernel[Any] = chart._memo["kernel"]
    return kernel


@overload
def start(
    chart: type[Declaration[C]], context: C | None = None, *, at: datetime | None = None
) -> Step[C]: ...
@overload
def start(chart: Chart, context: Any = None, *, at: datetime | None = None) -> Step[Any]: ...
def start(chart: Any, context: Any = None, *, at: datetime | None = None) -> Step[Any]:
    """Enter a chart (see `Kernel.start`).

    >>> from statecharts import State, Statechart, start
    >>> class Lamp(Statechart):
    ...     dark = State(initial=True, resting=True)
    >>> start(Lamp).snapshot.configuration
    ('dark',)
    """
    return kernel_of(chart).start(context, at=at)


@overload
def step(
    chart: type[Declaration[C]],
    snapshot: Snapshot[C],
    event: object,
    *,
    at: datetime | None = None,
) -> Step[C]: ...
@overload
def step(
    chart: Chart, snapshot: Snapshot[Any], event: object, *, at: datetime | None = None
) -> Step[Any]: ...
def step(
    chart: Any, snapshot: Snapshot[Any], event: object, *, at: datetime | None = None
) -> Step[Any]:
    """Return what an event makes of a snapshot (see `Kernel.step`).

    >>> from attrs import frozen
    >>> from statecharts import State, Statechart, start, step
    >>> @frozen
    ... class Flip: ...
    >>> class Lamp(Statechart, events=Flip):
    ...     dark = State(initial=True)
    ...     lit = State()
    ...     dark.to(lit, on=Flip)
    ...     lit.to(dark, on=Flip)
    >>> step(Lamp, start(Lamp).snapshot, Flip()).snapshot.configuration
    ('lit',)
    """
    return kernel_of(chart).step(snapshot, event, at=at)
