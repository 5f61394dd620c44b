"""Migration: what a new version of the charts makes of the runs that are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from statecharts.codec.parts import name_of
from statecharts.codec.snapshots import timer_sources
from statecharts.model.errors import StatechartError
from statecharts.runtime.commit import (
    CANCEL,
    OUTCOME,
    PARENT,
    Draft,
    Program,
    effect_of,
    revived,
)
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.port import Store, heads_of
from statecharts.store.rows import OVER, Head


@frozen
class Outlook:
    """The outlook of one run: whether the charts of today can go on with it.

    Attributes:
        run: The key of the run.
        chart: The name of its chart.
        version: The version that it is stored in.
        to: The version that it is read as.
        fault: The reason why it cannot go on; empty if it can.
        notes: What goes on, but may not be meant so: delayed transitions whose timer does not run.
    """

    run: str
    chart: str
    version: int
    to: int
    fault: str = ""
    notes: tuple[str, ...] = ()


def outlooks(store: Store, programs: Mapping[str, Program], now: datetime) -> Iterator[Outlook]:
    """Yield what the charts make of each run that is not over; nothing is written."""
    for head in heads_of(store):
        if head.status not in OVER:
            yield _outlook(store, programs.get(head.chart), head, now)


def _outlook(store: Store, program: Program | None, head: Head, now: datetime) -> Outlook:
    if program is None:
        fault = f"none of the charts here is called {head.chart}"
        return Outlook(head.run, head.chart, head.version, head.version, fault)
    version = program.protocol.version
    stored = store.read(head.run)
    if stored is None:  # removed meanwhile
        return Outlook(head.run, head.chart, head.version, version)
    fault = ""
    notes: tuple[str, ...] = ()
    try:
        draft = Draft(program, revived(program, stored), head.run, careful=True)
        if head.version < version:
            draft.migrate(now)
            draft.change()
        notes = tuple(_silent_timers(program, draft.snapshot))
        for owed in draft.owed.values():
            if owed.name.startswith(OUTCOME):
                program.protocol.loads_event(owed.body)
            elif owed.name not in (PARENT, CANCEL):
                effect_of(program, owed)
        for waiting in draft.waiting.values():
            program.protocol.loads_message(waiting.body)
    except StatechartError as error:
        fault = str(error)
    return Outlook(head.run, head.chart, head.version, version, fault, notes)


def _silent_timers(program: Program, snapshot: Snapshot[Any, Any]) -> Iterator[str]:
    """Yield the delayed transitions of the active states whose timers do not run."""
    running = {name_of(name) for name, _ in snapshot.memory.timers}
    active = {"", *snapshot.configuration}
    for name, source in timer_sources(program.kernel.chart).items():
        if source in active and name not in running:
            yield f"the timer {name} does not run; Upcaster(start=…) can start it"
