"""Relational: what all stores do alike that keep their rows in the tables of a database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from attrs import fields as attrs_fields

from statecharts.store.errors import StoreError
from statecharts.store.rows import (
    Change,
    Checkpoint,
    Entry,
    Head,
    Owed,
    Run,
    Timer,
    Waiting,
    fields,
)

ALL: Final = 1 << 62
"""A limit that nothing reaches."""


class Relational(ABC):
    """Reads rows by the statements of `statecharts.store.statements`."""

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


def foreign(where: str, connection: object, wanted: str) -> StoreError:
    """Return the error for a connection that a store cannot write through."""
    found = f"connection= is {type(connection).__name__}, and the store needs a connection {wanted}"
    return StoreError("SC810", where, found, "Pass a connection of an engine to the same database")


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
    for name, rows in (
        (
            "enter",
            [
                (
                    *(number, one.sequence, one.at, one.kind, one.id),
                    *(place(one.configuration), one.body, one.link),
                )
                for one in change.entries
            ],
        ),
        ("owe", [(number, *fields(one)) for one in change.owed]),
        ("settle", [(number, one) for one in change.settled]),
        ("start", [(number, one.id, one.due) for one in change.timers]),
        ("stop", [(number, one) for one in change.stopped]),
        ("wait", [(number, *fields(one)) for one in change.waiting]),
        ("take", [(number, one) for one in change.taken]),
        ("check", [(number, *fields(one)) for one in change.checkpoints]),
        ("attach", [(number, one) for one in change.artifacts]),
    ):
        if rows:
            yield name, rows


_CONFIGURATION: Final = [one.name for one in attrs_fields(Head)].index("configuration")


def owed_row(row: Sequence[Any]) -> Owed:
    """Return the effect that a row says."""
    number, name, call, body, attempts, due, handed, *claim_and_reason = row
    return Owed(number, name, call, body, attempts, due, bool(handed), *claim_and_reason)
