"""statecharts: a ``Machine`` that asks the clock itself, as one does in a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import AT, EVENTS, Archived, Visit
from benchmarks.cycle.ours import Pipeline, visit
from statecharts import Machine


class StatechartsClock:
    """``Machine.send`` without a time."""

    name = "… by the clock"
    version = version_of("statecharts")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        send, events = Machine(Pipeline).send, EVENTS

        def run() -> None:
            for event in events:
                send(event)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn; the time that the clock told counts as that of all."""
        machine = Machine(Pipeline)
        found = []
        for event in EVENTS:
            machine.send(event)
            seen = visit(machine.snapshot)
            if isinstance(seen.data, Archived) and isinstance(seen.data.archived_at, datetime):
                seen = evolve(seen, data=evolve(seen.data, archived_at=AT))
            found.append(seen)
        return found

    def creator(self) -> Callable[[], object]:
        """Return a function that makes and starts a machine."""
        return lambda: Machine(Pipeline)


CONTESTANT = StatechartsClock()
