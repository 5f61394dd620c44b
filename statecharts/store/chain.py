"""The chain: how damage to a stored run is found.

Each entry carries a link: the digest of the link before it and of all that the entry says. The head
carries a seal: the digest of all that it says, the last link and the sum of the digests of the
run's other rows among it. A sum can be kept up to date by one addition a row.

Nothing here is keyed. It finds damage, not forgery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from statecharts.store.rows import Checkpoint, Entry, Head, Owed, Timer, Waiting, values_of

if TYPE_CHECKING:
    from statecharts.store.port import Store

_MODULUS: Final = 1 << 256

Covered = Owed | Timer | Waiting | Checkpoint | bytes
"""The rows that a head is sealed with; bytes are the digest of an artifact."""


_Said = str | int | bytes | None


def _framed(values: Iterable[_Said]) -> bytes:
    """Return values one after the other, each with its length, so that none runs into the next."""
    parts = []
    for value in values:
        if isinstance(value, str):
            parts.append(_framed_text(value))
        elif value is None:
            parts.append(b"-;")
        else:
            text = value if isinstance(value, bytes) else b"%d" % value
            parts.append(b"%d:%b;" % (len(text), text))
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _framed_text(value: str) -> bytes:
    """Return a text as `_framed` has it; most of them come again and again."""
    text = value.encode("utf-8", "surrogatepass")
    return b"%d:%b;" % (len(text), text)


def link(previous: bytes, entry: Entry) -> bytes:
    """Return the link of an entry, 32 bytes."""
    said = (entry.sequence, entry.at, entry.kind, entry.id, entry.configuration, entry.body)
    return hashlib.sha256(previous + _framed(said)).digest()


def digest(row: Covered) -> int:
    """Return the digest of a row, as a number that can be summed."""
    match row:
        case Owed():
            said: tuple[_Said, ...] = (
                "owed",
                row.number,
                row.name,
                row.call,
                row.body,
                row.attempts,
                row.due,
                int(row.handed),
                row.reason,
            )
        case Timer():
            said = ("timer", row.id, row.due)
        case Waiting():
            said = ("waiting", row.number, row.at, row.id, row.body)
        case Checkpoint():
            said = ("checkpoint", row.sequence, row.snapshot)
        case bytes():
            said = ("artifact", row)
    return int.from_bytes(hashlib.sha256(_framed(said)).digest(), "big")


def summed(total: bytes, more: Iterable[Covered], less: Iterable[Covered]) -> bytes:
    """Return a sum with some rows added and some removed."""
    value = int.from_bytes(total, "big") + sum(map(digest, more)) - sum(map(digest, less))
    return (value % _MODULUS).to_bytes(32, "big")


def seal(head: Head) -> bytes:
    """Return the seal of a head, 32 bytes."""
    return hashlib.sha256(_framed(values_of(head)[:-1])).digest()


def sealed(head: Head, **changes: Any) -> Head:
    """Return a head with some fields changed, and with its seal."""
    values = values_of(head, **changes)
    values[-1] = hashlib.sha256(_framed(values[:-1])).digest()
    return Head(*values)


@frozen
class Damage:
    """Something stored that is not what was written.

    Attributes:
        run: The key of the run; empty for what belongs to no run.
        what: A sentence that describes the damage.
    """

    run: str
    what: str


def verify(store: Store, run: str) -> Iterator[Damage]:
    """Yield what is damaged of a run."""
    stored = store.read(run)
    if stored is None:
        yield Damage(run, "the run is not there")
        return
    head = stored.head
    if seal(head) != head.seal:
        yield Damage(run, "its head does not match its seal")
    yield from _broken_links(store, head)
    artifacts = store.artifacts(run)
    rows: tuple[Covered, ...] = (
        *stored.owed,
        *stored.timers,
        *stored.waiting,
        *store.checkpoints(run),
        *artifacts,
    )
    if summed(bytes(32), rows, ()) != head.total:
        yield Damage(run, "its effects, timers, waiting events or checkpoints are not those sealed")
    for name in artifacts:
        body = store.artifact(name)
        if body is None:
            yield Damage(run, f"artifact {name.hex()} is missing")
        elif hashlib.sha256(body).digest() != name:
            yield Damage(run, f"artifact {name.hex()} is not what its name says")


def _broken_links(store: Store, head: Head) -> Iterator[Damage]:
    run = head.run
    previous, sequence, number = head.cut_link, head.cut - 1, head.cut
    configuration = None
    for entry in store.entries(run):
        if entry.sequence != number:
            yield Damage(run, f"entry {number} is missing")
            number = entry.sequence
        found = link(previous, entry)
        if found != entry.link:
            yield Damage(run, f"entry {entry.sequence} does not match its link")
        previous, sequence, configuration = entry.link, entry.sequence, entry.configuration
        number += 1
    if sequence != head.sequence:
        yield Damage(run, f"its history ends at entry {sequence}, its head at {head.sequence}")
    elif previous != head.link:
        yield Damage(run, "its last entry is not the one that its head names")
    elif configuration is not None and configuration != head.configuration:
        yield Damage(run, "its head and its last entry have different active states")
