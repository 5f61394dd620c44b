"""Registry: the charts of a worker, with kernel and protocol, made before any workflow runs.

A workflow looks its chart up by the task queue that it runs on and the name of the chart. What is
looked up is made when the worker is, so that a workflow never compiles, imports or waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from attrs import define, field

from statecharts.runtime.commit import Happened, Program
from statecharts.runtime.errors import RunError
from statecharts.runtime.operations import program_of

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
        found = cls()
        classes = tuple(effects)
        for chart in charts:
            program = program_of(chart, classes)
            if program.name in found.programs:
                told = f"two charts are called {program.name}"
                raise RunError("SC829", "charts", told, "Rename one of them")
            found.programs[program.name] = program
        return found

    def find(self, chart: Any) -> Program:
        """Return a chart by its name, or by the class that declares it.

        Raises:
            RunError: It is not among these (SC829).
        """
        name = getattr(getattr(chart, "chart", chart), "name", chart)
        program = self.programs.get(str(name))
        if program is None:
            known = ", ".join(sorted(self.programs))
            told = f"{chart!r} is not one of the charts here: {known}"
            raise RunError("SC829", "charts", told, "Name it where the worker is made")
        return program


_QUEUES: Final[dict[str | None, Charts]] = {}


def register(queue: str | None, charts: Charts) -> None:
    """Let the workflows of a task queue find their charts; None is for replays."""
    _QUEUES[queue] = charts


def charts_of(queue: str) -> Charts:
    """Return the charts of a task queue.

    Raises:
        RunError: Nobody has named any (SC829).
    """
    found = _QUEUES.get(queue) or _QUEUES.get(None)
    if found is None:
        told = "no charts are registered here"
        raise RunError("SC829", queue, told, "Give the worker a ChartPlugin with its charts")
    return found
