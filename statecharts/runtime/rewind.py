"""Rewinding: the point of its history that a run goes back to, and what it has done since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from statecharts.codec import Protocol
from statecharts.model.effects import Effect, Invoke
from statecharts.runtime.commit import (
    Made,
    Program,
    name_of_effect,
    owed_outside,
    place_text,
    spread,
)
from statecharts.runtime.errors import RunError
from statecharts.runtime.history import replayed
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.port import Store, entries_of
from statecharts.store.rows import Entry, Head, Kind


def before(store: Store, head: Head) -> int:
    """Return the number of the entry before the last event that still counts.

    An event that was rolled back does not count any more: to roll back twice goes back by two.

    Raises:
        RunError: There is none before it (SC830).
    """
    number = head.sequence
    while number > head.cut:
        entry = store.entries(head.run, number - 1, 1)[0]
        if entry.kind == Kind.ROLLBACK:
            number = json.loads(entry.body)["to"]
        elif entry.kind == Kind.EVENT:
            return number - 1
        else:
            number -= 1
    found = "no event comes before its present state, as far as its history is kept"
    raise RunError("SC830", head.run, found, "See its history")


def made_since(
    store: Store, head: Head, program: Program, past: Snapshot[Any, Any], to: int
) -> list[Made]:
    """Return the effects that a run has made after an entry, in order.

    Args:
        store: The store.
        head: The head of the run.
        program: Its chart.
        past: The snapshot after the entry.
        to: The number of the entry.

    Raises:
        RunError: The history since then cannot be followed by the chart of today, or the run is a
            fork that begins later (SC834).
    """
    if head.muted:
        return []
    settled: list[int] = []
    undone: list[tuple[int, int]] = []
    found: list[tuple[str, bytes]] = []
    for entry, made in _followed(store, head, program, past, to):
        found += made
        if entry.kind == Kind.ROLLBACK:
            said = json.loads(entry.body)
            settled += said["dropped"]
            undone += said["undone"]
    first = head.counter - len(found) + 1
    # What was made and undone since then is as if it had never been.
    settled += [number for pair in undone if pair[0] >= first for number in pair]
    made_now = (Made(number, *one) for number, one in enumerate(found, first))
    return [one for one in made_now if one.number not in settled]


def _followed(
    store: Store, head: Head, program: Program, past: Snapshot[Any, Any], to: int
) -> Iterator[tuple[Entry, list[tuple[str, bytes]]]]:
    """Yield the entries after one with the effects that each made: their names and bodies."""
    for entry, step, snapshot in replayed(store, head, program, past, to):
        if entry.kind == Kind.FORK:
            found = f"it was forked at entry {entry.sequence}, and what came before is not its own"
            raise RunError("SC834", head.run, found, f"Go back to {entry.sequence} at most")
        place = () if snapshot is None else snapshot.configuration
        if place_text(place) != entry.configuration:
            found = (
                f"entry {entry.sequence} led to {entry.configuration}, and the chart of today "
                f"leads to {place_text(place)}; what the run has done since cannot be told"
            )
            raise RunError("SC834", head.run, found, "Go back to a later entry")
        if step is not None:
            yield entry, [_said(program.protocol, one) for one in owed_outside(step)]
        elif entry.kind == Kind.ROLLBACK and snapshot is not None:
            yield entry, list(_made_anew(program.protocol, entry, snapshot))


def _said(protocol: Protocol[Any, Any], effect: Effect) -> tuple[str, bytes]:
    return name_of_effect(effect), protocol.dumps_effect(effect)


def _made_anew(
    protocol: Protocol[Any, Any], entry: Entry, snapshot: Snapshot[Any, Any]
) -> Iterator[tuple[str, bytes]]:
    """Yield what a rollback made: the calls that were under way then, and what undid effects."""
    said = json.loads(entry.body)
    kept = said.get("kept", ())
    made = (Invoke(*one) for one in snapshot.memory.calls if one[0] not in kept)
    calls = list(spread(made))
    yield from (_said(protocol, one) for one in calls)
    yield from ((name, b"{}") for name in said["made"][len(calls) :])


def history_until(store: Store, head: Head, at: int) -> list[Entry]:
    """Return the entries of a run up to a number."""
    found = []
    for entry in entries_of(store, head.run):
        if entry.sequence > at:
            break
        found.append(entry)
    return found
