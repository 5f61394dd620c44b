"""History: what has happened to a run, and how it was at any point."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve, frozen

from statecharts.model.errors import StatechartError
from statecharts.runtime.clock import moment
from statecharts.runtime.commit import Program, place_of
from statecharts.runtime.errors import RunError
from statecharts.semantics.snapshot import Snapshot, Step
from statecharts.store.port import Store, entries_of
from statecharts.store.rows import Entry, Head, Kind


@frozen
class Past:
    """One entry of the history of a run.

    Attributes:
        sequence: Its number; the start is 0.
        at: When it happened.
        kind: ``start``, ``event``, ``cancel``, ``suspend``, ``resume``, ``skip``, ``rollback``,
            ``fork`` or ``migrate``.
        id: The id that its sender gave.
        event: The event; of a start the context; of other kinds what is known of them: a reason,
            what a rewind did, or None.
        configuration: The active states after it.
        lasted: The time until the next entry, never less than none, whatever the clock has done;
            None for the last entry.
    """

    sequence: int
    at: datetime
    kind: str
    id: str | None
    event: Any
    configuration: tuple[str, ...]
    lasted: timedelta | None


def told(entries: Iterable[Entry], program: Program | None) -> Iterator[Past]:
    """Yield entries, the last of a run among them, as they are told.

    Without the chart, events and contexts are plain dicts; so are those that the chart of today
    cannot read.
    """
    previous: Past | None = None
    version: int | None = None
    if program is not None:
        entries = [*entries]
        version = _first_version(entries, program)
    for entry in entries:
        if entry.kind == Kind.MIGRATE:
            version = json.loads(entry.body)["to"]
        at = moment(entry.at)
        if previous is not None:
            yield evolve(previous, lasted=max(at - previous.at, timedelta()))
        previous = Past(
            entry.sequence,
            at,
            entry.kind,
            entry.id,
            _event(entry, program, version),
            place_of(entry.configuration),
            None,
        )
    if previous is not None:
        yield previous


def _first_version(entries: Iterable[Entry], program: Program) -> int:
    """Return the version of the first of some entries; the last of their run is among them."""
    migration = next((entry for entry in entries if entry.kind == Kind.MIGRATE), None)
    if migration is None:
        return program.protocol.version
    version: int = json.loads(migration.body)["from"]
    return version


def _event(entry: Entry, program: Program | None, version: int | None) -> Any:
    if not entry.body:
        return None
    if program is not None and entry.kind in (Kind.EVENT, Kind.START):
        protocol = program.protocol
        load = protocol.loads_context if entry.kind == Kind.START else protocol.loads_message
        try:
            return load(entry.body, version=version)
        except StatechartError:
            pass  # an event or a context of then that the chart of today does not have
    return json.loads(entry.body)


def times(pasts: Iterable[Past], until: datetime) -> dict[str, timedelta]:
    """Return how long each state has been active, by its id."""
    total: dict[str, timedelta] = {}
    for past in pasts:
        lasted = max(until - past.at, timedelta()) if past.lasted is None else past.lasted
        for state in past.configuration:
            total[state] = total.get(state, timedelta()) + lasted
    return total


def points(
    store: Store, head: Head, program: Program, tail: int
) -> list[tuple[Past, Snapshot[Any, Any] | None]]:
    """Return the last entries of a run with the snapshot after each, the oldest first.

    The history is followed once, from the last checkpoint before them. A snapshot is None that
    follows from what has been pruned.
    """
    pasts = list(told(store.tail(head.run, tail), program))
    if not pasts:
        return []
    snapshot, after = _kept(store, head, program, pasts[0].sequence)
    found = {after: snapshot}
    for entry, _, then in replayed(store, head, program, snapshot, after):
        found[entry.sequence] = then
    return [(past, found.get(past.sequence)) for past in pasts]


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
    snapshot, after = _kept(store, head, program, sequence)
    for entry, _, then in replayed(store, head, program, snapshot, after):
        if entry.sequence > sequence:
            break
        snapshot = then
    if snapshot is None:
        found = f"neither its start nor a checkpoint before entry {sequence} is kept"
        raise RunError("SC830", head.run, found, "Ask for a later one")
    return program.kernel.adopt(snapshot)


def entered(store: Store, head: Head, program: Program) -> Iterator[str]:
    """Yield the states that the steps of a run entered, those among them that it only passed.

    It ends early where the chart of today does not take an event of then.
    """
    with suppress(StatechartError):
        for _, step, _ in replayed(store, head, program, *_kept(store, head, program, head.cut)):
            for microstep in step.microsteps if step is not None else ():
                yield from microstep.entered


def _kept(
    store: Store, head: Head, program: Program, sequence: int
) -> tuple[Snapshot[Any, Any] | None, int]:
    """Return the last snapshot kept at or before an entry, and its number; None and -1 for none."""
    kept = store.checkpoint(head.run, sequence)
    if kept is None:
        return None, -1
    return program.protocol.loads_snapshot(kept.snapshot), kept.sequence


def replayed(
    store: Store, head: Head, program: Program, snapshot: Snapshot[Any, Any] | None, after: int
) -> Iterator[tuple[Entry, Step[Any, Any] | None, Snapshot[Any, Any] | None]]:
    """Yield the entries after one, with the step and the snapshot that each makes.

    What is no event has no step; the snapshot after it is kept with the history if it is another
    one than before.

    Args:
        store: The store.
        head: The head of the run.
        program: Its chart.
        snapshot: The snapshot after the entry to begin from; None for -1.
        after: The number of that entry.
    """
    protocol = program.protocol
    version = version_after(store, head, program, after)
    for entry in entries_of(store, head.run, after):
        try:
            step = _step_of(entry, program, snapshot, version)
        except StatechartError as error:  # of which of them it is, is not known any further out
            error.where = f"entry {entry.sequence} of {head.run}, {error.where}"
            raise
        if entry.kind in _APART:
            kept = store.checkpoint(head.run, entry.sequence)
            if kept is not None and kept.sequence == entry.sequence:
                snapshot = protocol.loads_snapshot(kept.snapshot)
        if entry.kind == Kind.MIGRATE:
            version = json.loads(entry.body)["to"]
        if step is not None:
            snapshot = step.snapshot
        yield entry, step, snapshot


def _step_of(
    entry: Entry, program: Program, snapshot: Snapshot[Any, Any] | None, version: int
) -> Step[Any, Any] | None:
    """Take the step of an entry again; None for one that is no event.

    Raises:
        StatechartError: The chart of today does not take it.
    """
    protocol, kernel, at = program.protocol, program.kernel, moment(entry.at)
    if entry.kind == Kind.START:
        body = entry.body
        return kernel.start(protocol.loads_context(body, version=version) if body else None, at=at)
    if entry.kind == Kind.EVENT and snapshot is not None:
        return kernel.step(snapshot, protocol.loads_message(entry.body, version=version), at=at)
    return None


_APART: Final = frozenset({Kind.SKIP, Kind.ROLLBACK, Kind.FORK, Kind.MIGRATE})
"""The kinds of entries whose snapshot does not follow from the one before."""


def version_after(store: Store, head: Head, program: Program, after: int) -> int:
    """Return the version of the snapshots when the entry after one was written."""
    if head.version == 1:
        return 1  # the first version: it has never been migrated
    return _first_version(entries_of(store, head.run, after), program)
