"""statecharts: a ``Machine``, which holds the snapshot as the peers' machines hold their state."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import AT, EVENTS, Visit
from benchmarks.cycle.ours import Pipeline, visit
from statecharts import Machine


class StatechartsMachine:
    """``Machine.send``."""

    name = "statecharts Machine"
    version = version_of("statecharts")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        send, events, at = Machine(Pipeline, at=AT).send, EVENTS, AT

        def run() -> None:
            for event in events:
                send(event, at=at)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        machine = Machine(Pipeline, at=AT)
        found = []
        for event in EVENTS:
            machine.send(event, at=AT)
            found.append(visit(machine.snapshot))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what makes and starts a machine."""
        return lambda: Machine(Pipeline, at=AT)


CONTESTANT = StatechartsMachine()
