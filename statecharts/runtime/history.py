"""History: what has happened to a run, and how it was at any point."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from statecharts.runtime.clock import moment
from statecharts.runtime.commit import Program, place_of
from statecharts.runtime.errors import RunError
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.port import Store, entries_of
from statecharts.store.rows import Entry, Head, Kind


@frozen
class Past:
    """One entry of the history of a run.

    Attributes:
        sequence: Its number; the start is 0.
        at: When it happened.
        kind: ``start``, ``event``, ``cancel``, ``suspend``, ``resume`` or ``skip``.
        id: The id that its sender gave.
        event: The event; for other kinds what is known of them: a reason, or None.
        configuration: The active states after it.
        lasted: The time until the next entry; None for the last entry.
    """

    sequence: int
    at: datetime
    kind: str
    id: str | None
    event: Any
    configuration: tuple[str, ...]
    lasted: timedelta | None


def told(entries: Iterable[Entry], program: Program | None) -> Iterator[Past]:
    """Yield entries as they are told; without the chart, events are plain dicts."""
    previous: Past | None = None
    for entry in entries:
        at = moment(entry.at)
        if previous is not None:
            yield evolve(previous, lasted=at - previous.at)
        previous = Past(
            entry.sequence,
            at,
            entry.kind,
            entry.id,
            _event(entry, program),
            place_of(entry.configuration),
            None,
        )
    if previous is not None:
        yield previous


def _event(entry: Entry, program: Program | None) -> Any:
    if not entry.body:
        return None
    if program is None or entry.kind != Kind.EVENT:
        return json.loads(entry.body)
    return program.protocol.loads_message(entry.body)


def times(pasts: Iterable[Past], until: datetime) -> dict[str, timedelta]:
    """Return how long each state has been active, by its id."""
    total: dict[str, timedelta] = {}
    for past in pasts:
        lasted = until - past.at if past.lasted is None else past.lasted
        for state in past.configuration:
            total[state] = total.get(state, timedelta()) + lasted
    return total


def snapshot_at(store: Store, head: Head, program: Program, sequence: int) -> Snapshot[Any, Any]:
    """Return the snapshot after an entry: from the last checkpoint before it, step by step.

    Raises:
        RunError: There is no such entry any more, or not yet (SC830).
        StatechartError: The chart of today does not take an event of then.
    """
    if not head.cut <= sequence <= head.sequence:
        found = f"its history goes from entry {head.cut} to {head.sequence}, and not to {sequence}"
        raise RunError("SC830", head.run, found, "Ask for one of these")
    if sequence == head.sequence:
        return program.protocol.loads_snapshot(head.snapshot)
    kept = store.checkpoint(head.run, sequence)
    snapshot: Snapshot[Any, Any] | None = None
    after = -1
    if kept is not None:
        snapshot, after = program.protocol.loads_snapshot(kept.snapshot), kept.sequence
    for entry in entries_of(store, head.run, after):
        if entry.sequence > sequence:
            break
        snapshot = replayed(program, snapshot, entry)
    if snapshot is None:
        found = f"neither its start nor a checkpoint before entry {sequence} is kept"
        raise RunError("SC830", head.run, found, "Ask for a later one")
    return program.kernel.adopt(snapshot)


def replayed(
    program: Program, snapshot: Snapshot[Any, Any] | None, entry: Entry
) -> Snapshot[Any, Any] | None:
    """Return what an entry makes of a snapshot."""
    at = moment(entry.at)
    if entry.kind == Kind.START:
        context = program.protocol.loads_context(entry.body) if entry.body else None
        return program.kernel.start(context, at=at).snapshot
    if entry.kind != Kind.EVENT or snapshot is None:
        return snapshot
    return program.kernel.step(snapshot, program.protocol.loads_message(entry.body), at=at).snapshot
