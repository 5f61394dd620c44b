"""Rows: what a store keeps of a run, as plain values.

Times are microseconds since 1970 in UTC, configurations are JSON arrays of state ids, bodies and
snapshots are bytes that the store never reads.
"""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

import attrs
from attrs import field, frozen

SCHEMA: Final = 1
"""The version of the tables that a database keeps rows in."""

CHECKPOINT_EVERY: Final = 256
"""Entries from one checkpoint of a run to the next."""

LONGEST_CLAIM: Final = 86_400_000_000
"""Microseconds that a claim may hold; one for longer was made, or is read, by a wrong clock."""


LOST: Final = 1
"""The end of a claim whose worker has died; 0 is that of one that was given back."""


class Status(StrEnum):
    """The status of a run."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    STUCK = "stuck"
    ENDED = "ended"
    CANCELLED = "cancelled"


OVER: Final = frozenset({Status.ENDED, Status.CANCELLED})
"""The statuses of runs that never go on."""

PAUSED: Final = frozenset({Status.SUSPENDED, Status.STUCK})
"""The statuses of runs whose effects are not carried out for now."""


class Kind(StrEnum):
    """The kind of an entry of the history."""

    START = "start"
    EVENT = "event"
    CANCEL = "cancel"
    SUSPEND = "suspend"
    RESUME = "resume"
    SKIP = "skip"
    ROLLBACK = "rollback"
    FORK = "fork"
    MIGRATE = "migrate"


@frozen
class Head:
    """The present of a run: one row, written whole with each commit.

    Attributes:
        run: The key of the run.
        chart: The name of its chart.
        version: The version of its snapshots.
        status: Its `Status`.
        reason: The reason why it is stuck, suspended or cancelled; else empty.
        blocked: The cause of a stuck run: ``timer ID``, ``event NUMBER`` or ``effect NUMBER``;
            empty when its snapshot cannot be read.
        sequence: The number of its last entry; the start is 0.
        epoch: The number of writes without an entry, counted from the time of its start, so that a
            run that is made again under its key has another fence; with ``sequence`` it is that.
        counter: The number of the last effect; it never goes back.
        began: The time of its start.
        changed: The time of its last entry.
        configuration: The active states.
        snapshot: The whole snapshot.
        muted: 1 if its effects are dropped and nobody makes its calls, as in a fork that only tries
            something out; else 0.
        before: The `Status` of a run that was over when an effect of it got stuck; else empty.
        cut: The number of its first entry; more than 0 once its history has been pruned.
        cut_link: The link before that entry.
        link: The link of the last entry.
        total: The sum of the digests of its other rows (see `statecharts.store.chain`).
        seal: The digest of all the above.
    """

    run: str
    chart: str
    version: int
    status: str
    reason: str
    blocked: str
    sequence: int
    epoch: int
    counter: int
    began: int
    changed: int
    configuration: str
    snapshot: bytes = field(repr=False)
    muted: int = 0
    before: str = ""
    cut: int = 0
    cut_link: bytes = field(default=b"", repr=False)
    link: bytes = field(default=b"", repr=False)
    total: bytes = field(default=bytes(32), repr=False)
    seal: bytes = field(default=b"", repr=False)

    @property
    def fence(self) -> tuple[int, int]:
        """Sequence and epoch; they are unchanged if nobody else has written since the read."""
        return self.sequence, self.epoch


def changed(head: Head, **changes: Any) -> Head:
    """Return a head with some fields changed; `attrs.evolve`, but quicker."""
    return Head(*values_of(head, **changes))


def values_of(head: Head, **changes: Any) -> list[Any]:
    """Return the values of a head, in the order of its fields, some of them changed."""
    values = [*_said(head)]
    for name, value in changes.items():
        values[_HEAD[name]] = value
    return values


_NAMES: Final[list[str]] = [one.name for one in attrs.fields(Head)]
_HEAD: Final = {name: place for place, name in enumerate(_NAMES)}
_said: Final = attrgetter(*_NAMES)


@frozen
class Entry:
    """One entry of a run's history.

    Attributes:
        sequence: Its number.
        at: When it happened.
        kind: Its `Kind`.
        id: The id that its sender gave; None without one.
        configuration: The active states after it.
        body: The event, as JSON; of a start, the context.
        link: The digest that chains it to the entry before.
    """

    sequence: int
    at: int
    kind: str
    id: str | None
    configuration: str
    body: bytes
    link: bytes = field(repr=False)


@frozen
class Owed:
    """One effect that is owed to the outside.

    Attributes:
        number: Its number in the run; ``run/number`` is the key that handlers get.
        name: The name of its class, or of the class of its call.
        call: The id of the call; None for an effect that nobody answers.
        body: The effect, as JSON.
        attempts: The number of failed attempts.
        due: The time of the next attempt.
        handed: Whether a handler has handed it over: it waits for somebody to answer it.
        worker: The worker that has claimed it last, and may have begun it; None if there is none.
            Not sealed. A row that is written without one keeps the one that is stored.
        until: The time at which that claim ends, 0 if it was given back, or `LOST`. Not sealed.
        reason: The reason of the last failure; empty without one.
    """

    number: int
    name: str
    call: str | None
    body: bytes
    attempts: int = 0
    due: int = 0
    handed: bool = False
    worker: str | None = None
    until: int = 0
    reason: str = ""

    @property
    def held(self) -> bool:
        """Whether a worker has claimed it, and not given it back or died."""
        return self.worker is not None and self.until > LOST


def claimed_row(run: str, row: Owed, worker: str, until: int) -> tuple[str, Owed, bool]:
    """Return a row once it is claimed, with its run, and whether a claim on it was lost."""
    lost = row.worker is not None and row.until > 0
    return run, attrs.evolve(row, worker=worker, until=until), lost


@frozen
class Timer:
    """A timer that is running: the index of a fact in the snapshot."""

    id: str
    due: int


@frozen
class Waiting:
    """An event that waits while its run is suspended.

    Attributes:
        number: Its place in the line.
        at: When it was sent.
        id: The id that its sender gave; None without one.
        body: The event, as JSON.
    """

    number: int
    at: int
    id: str | None
    body: bytes


@frozen
class Checkpoint:
    """A snapshot of the past: the one after an entry."""

    sequence: int
    snapshot: bytes = field(repr=False)


@frozen
class Run:
    """A run as it is stored: its head, and the rows that its head is sealed with."""

    head: Head
    owed: tuple[Owed, ...] = ()
    timers: tuple[Timer, ...] = ()
    waiting: tuple[Waiting, ...] = ()


@frozen
class Change:
    """All that one commit writes for one run.

    Attributes:
        head: The head afterwards.
        fence: The fence of the head that it was worked out from; None for a new run.
        entries: New entries, in order.
        owed: Effects that are new, or have changed.
        settled: Numbers of effects that are not owed any more.
        unbegun: Those that nobody has ever claimed: if somebody has, nothing is written.
        timers: Timers that were started.
        stopped: Ids of timers that run no more.
        waiting: Events that wait from now on.
        taken: Numbers of events that wait no more.
        checkpoints: Snapshots that are kept for the history.
        artifacts: Digests of the artifacts that the run refers to from now on.
        bodies: Bytes of artifacts that are kept in the same commit.
    """

    head: Head
    fence: tuple[int, int] | None
    entries: tuple[Entry, ...] = ()
    owed: tuple[Owed, ...] = ()
    settled: tuple[int, ...] = ()
    unbegun: tuple[int, ...] = ()
    timers: tuple[Timer, ...] = ()
    stopped: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    taken: tuple[int, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    artifacts: tuple[bytes, ...] = ()
    bodies: tuple[bytes, ...] = ()


def fields(row: Any) -> tuple[Any, ...]:
    """Return the values of a row, in the order of its class."""
    values: tuple[Any, ...] = _values[type(row)](row)
    return values


_values: Final = {
    cls: attrgetter(*[one.name for one in attrs.fields(cls)])
    for cls in (Head, Entry, Owed, Timer, Waiting, Checkpoint)
}
