"""Python, door out: a chart as a module that declares it in our own DSL.

The module is for its reader to own: events and actions become attrs classes, guards become
functions of one `Moment` that raise until somebody writes them, and the rest reads as if a person
had declared it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from statecharts.interop.findings import Losses
from statecharts.interop.python.writer import Module
from statecharts.model.chart import Chart, Declaration, as_chart
from statecharts.model.errors import Fault

__all__ = ["dumps", "write"]


def dumps(
    chart: Chart | type[Declaration[Any, Any]],
    *,
    allow: Iterable[str] = (),
    source: str | None = None,
) -> str:
    """Return the text of a module that declares a chart.

    Args:
        chart: The chart, from a file or declared.
        allow: Codes of the losses that are accepted knowingly, or ``*`` for all of them.
        source: Where the chart comes from, for the docstring of the module.

    Raises:
        LossError: The DSL cannot hold all of the chart, and ``allow`` does not name what is lost.

    >>> from statecharts.interop import scxml
    >>> door = scxml.loads('<scxml name="door"><state id="shut"/><final id="open"/></scxml>')
    >>> print(dumps(door)[-82:].partition("    shut")[2])
     = State(initial=True)
        open = State(final=True)
    <BLANKLINE>
    """
    return write([as_chart(chart, "python.dumps")], allow=allow, source=source)[0]


def write(
    charts: Sequence[Chart], *, allow: Iterable[str] = (), source: str | None = None
) -> tuple[str, tuple[Fault, ...]]:
    """Return the text of a module that declares several charts, and the losses.

    Charts that share the names of events, effects and guards share their classes and functions.

    Raises:
        LossError: Something is lost that ``allow`` does not name.
    """
    codes = tuple(allow)
    noted = [(chart, Losses(chart, "a declaration in Python")) for chart in charts]
    text = Module(noted, source).text()
    return text, tuple(loss for _, losses in noted for loss in losses.settle(codes))
