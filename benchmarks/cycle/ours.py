"""statecharts: the pure step of a kernel, the chart declared as any user would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import (
    AT,
    EVENTS,
    Archived,
    Block,
    Blocked,
    DepsMet,
    Event,
    GatesFailed,
    GatesStarted,
    Merge,
    QaSkipped,
    Unblock,
    Visit,
)
from statecharts import Compound, Kernel, Snapshot, State, Statechart


class Pipeline(Statechart[Event]):
    """A story's way from backlog to merging, and what puts it aside."""

    class active(Compound, initial=True):
        """Work under way."""

        backlog = State(initial=True)
        coding = State()
        qa = State()
        merge = State(Merge)

        backlog.to(coding, on=DepsMet)
        coding.to(qa, on=GatesStarted)
        coding.to(merge, on=QaSkipped)
        qa.to(coding, on=GatesFailed)

    archived = State(Archived)

    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.event.reason)))
    archived.to(active, on=Unblock, when=lambda m: isinstance(m.data.reason, Blocked))


KERNEL: Final = Kernel(Pipeline)


def visit(snapshot: Snapshot[Any]) -> Visit:
    """Say where a snapshot stands in the words that all contestants share."""
    if Pipeline.active.merge in snapshot:
        return Visit("active.merge", snapshot[Pipeline.active.merge])
    if Pipeline.archived in snapshot:
        return Visit("archived", snapshot[Pipeline.archived])
    return Visit(snapshot.configuration[-1])


class StatechartsKernel:
    """``Kernel.step``: snapshot and event in, step out."""

    name = "statecharts"
    version = version_of("statecharts")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        step, events, at = KERNEL.step, EVENTS, AT
        start = KERNEL.start(at=at).snapshot

        def run() -> None:
            snapshot = start
            for event in events:
                snapshot = step(snapshot, event, at=at).snapshot

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        snapshot = KERNEL.start(at=AT).snapshot
        found = []
        for event in EVENTS:
            snapshot = KERNEL.step(snapshot, event, at=AT).snapshot
            found.append(visit(snapshot))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what starts an instance and keeps its snapshot."""
        start, at = KERNEL.start, AT
        return lambda: start(at=at).snapshot


CONTESTANT = StatechartsKernel()
