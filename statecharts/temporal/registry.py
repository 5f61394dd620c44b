"""Registry: the charts of a worker, with kernel and protocol, made before any workflow runs.

A workflow looks its chart up by the task queue that it runs on and the name of the chart. What is
looked up is made when the worker is, so that a workflow never compiles, imports or waits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, field

from statecharts.runtime.commit import Happened, Program
from statecharts.runtime.errors import RunError, unknown_chart
from statecharts.runtime.operations import programs_of

Listener = Callable[[Happened], None]


@define
class Charts:
    """The charts of one task queue.

    Attributes:
        programs: Their kernels and protocols, by name.
        listener: Gets each step that is taken here for the first time; replays tell nothing.
    """

    programs: dict[str, Program] = field(factory=dict)
    listener: Listener | None = None

    @classmethod
    def of(cls, charts: Iterable[Any], effects: Iterable[type] = ()) -> Charts:
        """Make kernels and protocols of charts.

        Args:
            charts: Classes, charts, or protocols, for charts with upcasters.
            effects: Classes of effects to read, beside the calls of the charts.

        Raises:
            RunError: Two charts have one name (SC829).
        """
        return cls(programs_of(charts, tuple(effects)))

    def find(self, chart: Any) -> Program:
        """Return a chart by its name, or by the class that declares it.

        Raises:
            RunError: It is not among these (SC829).
        """
        name = getattr(getattr(chart, "chart", chart), "name", chart)
        program = self.programs.get(str(name))
        if program is None:
            remedy = "Name it where the worker is made"
            raise unknown_chart("charts", repr(chart), self.programs, remedy)
        return program


Place = tuple[str, str]
"""A namespace and a task queue."""

_AT_WORK: Final[dict[Place, list[Charts]]] = {}
_REPLAYED: Final[list[Charts]] = []


def check_free(place: Place, charts: Charts) -> None:
    """Refuse a second worker of a queue in this process whose charts are others.

    Raises:
        RunError: There is one (SC829).
    """
    wanted = {name: one.kernel.chart for name, one in charts.programs.items()}
    for other in _AT_WORK.get(place, ()):
        if {name: one.kernel.chart for name, one in other.programs.items()} != wanted:
            told = f"a worker of this process has it, with {', '.join(sorted(other.programs))}"
            raise RunError("SC829", f"queue {place[1]}", told, "Name another queue")


@contextmanager
def registered(place: Place, charts: Charts) -> Generator[None, None, None]:
    """Let the workflows of a queue find their charts while a worker runs."""
    at_work = _AT_WORK.setdefault(place, [])
    at_work.append(charts)
    try:
        yield
    finally:
        at_work[:] = [one for one in at_work if one is not charts]


def replaying(charts: Charts) -> None:
    """Let workflows that are replayed find their charts."""
    _REPLAYED[:] = [charts]


def charts_of(namespace: str, queue: str) -> Charts:
    """Return the charts of a task queue: those of the last worker, else those of a replay.

    Raises:
        RunError: Nobody has named any (SC829).
    """
    found: list[Charts] = [*_REPLAYED, *_AT_WORK.get((namespace, queue), ())]
    if not found:
        told = "no charts are registered here"
        raise RunError("SC829", queue, told, "Give the worker a ChartPlugin with its charts")
    return found[-1]
