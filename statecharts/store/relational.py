"""Relational: what all stores do alike that keep their rows in the tables of a database."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from attrs import fields as attrs_fields

from statecharts.store.errors import StoreError
from statecharts.store.fairness import fairly
from statecharts.store.rows import (
    SCHEMA,
    Change,
    Checkpoint,
    Entry,
    Head,
    Owed,
    Run,
    Timer,
    Waiting,
    claimed_row,
    fields,
)
from statecharts.store.statements import OF_A_RUN

T = TypeVar("T")

PATIENCE: Final = 60.0
"""Seconds that a write waits for others."""

ALL: Final = 1 << 62
"""A limit that nothing reaches."""


class Relational(ABC):
    """Reads and writes rows by the statements of `statecharts.store.statements`."""

    prefix: str
    """The prefix of the names of its tables."""
    _places: dict[str, int]
    """The numbers of configurations, as far as they are kept in memory."""
    _writes: int
    """The writes of this store."""

    @abstractmethod
    def _do(self, name: str, *values: object) -> Any:
        """Run a statement; return its cursor."""

    @abstractmethod
    def _do_many(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each of some rows."""

    @abstractmethod
    def _whole(self, action: Callable[[], T], *, quietly: bool = False) -> T:
        """Do something in a transaction of its own; tell errors as ours.

        Args:
            action: What to do.
            quietly: Whether it is nothing that others wait for.
        """

    @abstractmethod
    def _rows(self, name: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Return the rows that a statement finds."""

    @abstractmethod
    def within(self, connection: Any) -> Relational:
        """Return this store, writing through somebody's own connection."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[None]:
        """See one instant, in all statements of a block."""

    def read(self, run: str) -> Run | None:
        """Return a run; see the port."""
        with self._reading():
            heads = self._rows("head", run)
            if not heads:
                return None
            return Run(
                Head(*heads[0]),
                tuple(map(owed_row, self._rows("owed", run))),
                tuple(Timer(*row) for row in self._rows("timers", run)),
                tuple(Waiting(*row) for row in self._rows("waiting", run)),
            )

    def head(self, run: str) -> Head | None:
        """Return the head of a run; see the port."""
        rows = self._rows("head", run)
        return Head(*rows[0]) if rows else None

    def heads(
        self, chart: str | None = None, status: str | None = None, after: str = "", limit: int = 500
    ) -> list[Head]:
        """Return heads in the order of their keys; see the port."""
        return [Head(*row) for row in self._rows("heads", after, chart, status, limit)]

    def taken(self, run: str, id: str, since: int) -> Entry | None:
        """Return the entry of an id; see the port."""
        rows = self._rows("taken", run, id, since)
        return Entry(*rows[0]) if rows else None

    def entries(self, run: str, after: int = -1, limit: int | None = None) -> list[Entry]:
        """Return entries in order; see the port."""
        most = ALL if limit is None else limit
        return [Entry(*row) for row in self._rows("entries", run, after, most)]

    def tail(self, run: str, count: int) -> list[Entry]:
        """Return the last entries; see the port."""
        return [Entry(*row) for row in reversed(self._rows("tail", run, max(count, 0)))]

    def checkpoint(self, run: str, sequence: int) -> Checkpoint | None:
        """Return the last checkpoint at or before an entry; see the port."""
        rows = self._rows("checkpoint", run, sequence)
        return Checkpoint(*rows[0]) if rows else None

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """Return all checkpoints of a run; see the port."""
        return [Checkpoint(*row) for row in self._rows("checkpoints", run)]

    def artifact(self, name: bytes) -> bytes | None:
        """Return the bytes of an artifact; see the port."""
        rows = self._rows("artifact", name)
        return rows[0][0] if rows else None

    def artifacts(self, run: str) -> list[bytes]:
        """Return the names of a run's artifacts; see the port."""
        return [name for (name,) in self._rows("artifacts", run)]

    def _check_version(self, where: str, instead: str) -> None:
        """Refuse tables of a newer release, and tables that are not ours.

        Args:
            where: The address of the database.
            instead: The remedy where they are not ours.
        """
        row = self._do("get_version").fetchone()
        version = int(row[0]) if row is not None and row[0].isdigit() else 0
        if version > SCHEMA:
            found = f"its schema is version {version}, and this release knows up to {SCHEMA}"
            raise StoreError("SC802", where, found, "Install a newer release")
        if version < SCHEMA:
            found = f"its table {self.prefix}meta does not tell the version of the schema"
            raise StoreError("SC805", where, found, instead)

    # -- writing -----------------------------------------------------------------------------------

    def _write(self, change: Change) -> int | None:
        """Write a change, in a transaction; return the number of its run, None if it missed."""
        for one in change.unbegun:
            if self._do("unbegun", change.head.run, one).fetchone() is None:
                return None
        values = head_row(change.head, self._place)
        if change.fence is None:
            row = self._do("begin", *values).fetchone()
        else:
            row = self._do("go_on", *values, *change.fence).fetchone()
        if row is None:
            return None
        number: int = row[0]
        for name, rows in other_rows(change, number, self._place):
            self._do_many(name, rows)
        return number

    def _place(self, states: str) -> int:
        """Return the number of a configuration, which gets one if it has none."""
        number = self._places.get(states)
        if number is None:
            name = hashlib.sha256(states.encode()).digest()
            row = self._do("place", name).fetchone()
            if row is None:
                self._do("add_place", states, name)
                row = self._do("place", name).fetchone()
            number = self._places[states] = int(row[0])
            if len(self._places) > _PLACES:
                self._places.clear()
        return number

    def claim(
        self, worker: str, now: int, until: int, names: Iterable[tuple[str, str]], limit: int
    ) -> list[tuple[str, Owed, bool]]:
        """Claim effects; see the port."""
        pairs = json.dumps(sorted(names))

        def free(room: int, but: Collection[int]) -> Sequence[tuple[Any, ...]]:
            found: Sequence[tuple[Any, ...]]
            found = self._do("free", now, pairs, json.dumps([*but]), room).fetchall()
            return found

        def take(row: tuple[Any, ...]) -> None:
            self._do("claim", worker, until, row[0], row[2])

        # Look before asking for the right to write: mostly there is nothing to claim.
        if not self._rows("look", now, pairs, "[]", 1):
            return []
        rows = self._whole(lambda: fairly(limit, free, take), quietly=True)
        rows.sort(key=lambda row: (row[7], row[1], row[2]))
        return [claimed_row(run, owed_row(owed), worker, until) for _, run, *owed in rows]

    def prune(self, change: Change, before: int) -> bool:
        """Remove old entries and checkpoints; see the port."""

        def prune() -> bool:
            number = self._write(change)
            if number is None:
                return False
            self._do("prune_entries", number, before)
            self._do("prune_checkpoints", number, before)
            self._writes += 1
            return True

        return self._whole(prune)

    def remove(self, run: str, fence: tuple[int, int]) -> bool:
        """Remove a run whole; see the port."""

        def remove() -> bool:
            row = self._do("remove", run, *fence).fetchone()
            if row is None:
                return False
            for table in OF_A_RUN:
                self._do(f"remove_{table}", *row)
            self._writes += 1
            return True

        return self._whole(remove)


def foreign(where: str, connection: object, wanted: str) -> StoreError:
    """Return the error for a connection that a store cannot write through."""
    found = f"connection= is {type(connection).__name__}, and the store needs a connection {wanted}"
    return unfit(where, found)


def unfit(where: str, found: str) -> StoreError:
    """Return the error for a connection that does not fit a store."""
    remedy = "Pass one of engine.begin(), of an engine to the same database"
    return StoreError("SC810", where, found, remedy)


def head_row(head: Head, place: Callable[[str], int]) -> list[Any]:
    """Return the values of a head, its configuration by its number."""
    values = [*fields(head)]
    values[_CONFIGURATION] = place(head.configuration)
    return values


def other_rows(
    change: Change, number: int, place: Callable[[str], int]
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield the statements that write all rows of a change but its head, with their values.

    Args:
        change: The change.
        number: The number of its run.
        place: Gives the number of a configuration.
    """
    if change.entries:
        yield (
            "enter",
            [
                (
                    *(number, one.sequence, one.at, one.kind, one.id),
                    *(place(one.configuration), one.body, one.link),
                )
                for one in change.entries
            ],
        )
    for name, rows in (
        ("owe", change.owed),
        ("wait", change.waiting),
        ("check", change.checkpoints),
    ):
        if rows:
            yield name, [(number, *fields(one)) for one in rows]
    for name, keys in (
        ("settle", change.settled),
        ("stop", change.stopped),
        ("take", change.taken),
        ("attach", change.artifacts),
    ):
        if keys:
            yield name, [(number, one) for one in keys]
    if change.timers:
        yield "start", [(number, one.id, one.due) for one in change.timers]
    if change.bodies:
        # In one order everywhere: two writers that keep the same bytes wait, and do not deadlock.
        yield "put", sorted((hashlib.sha256(one).digest(), one) for one in change.bodies)


_PLACES: Final = 10_000
"""The configurations whose numbers are kept in memory."""

_CONFIGURATION: Final = [one.name for one in attrs_fields(Head)].index("configuration")


def owed_row(row: Sequence[Any]) -> Owed:
    """Return the effect that a row says."""
    number, name, call, body, attempts, due, handed, *claim_and_reason = row
    return Owed(number, name, call, body, attempts, due, bool(handed), *claim_and_reason)
