"""The port: what a store does, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol

from statecharts.store.chain import Damage
from statecharts.store.rows import Change, Checkpoint, Entry, Head, Owed, Run, Timer

PAGE: Final = 1_000
"""Entries that are read at once."""


class Store(Protocol):
    """Keeps runs. Every method may be called from any thread.

    A store keeps bytes: it knows nothing of charts. ``statecharts.testing`` has the tests that
    each store must pass.
    """

    @property
    def joint(self) -> bool:
        """Whether it writes what belongs together all or not at all.

        Runs then say in one commit what they say to each other; else the sender notes in a second
        one that the recipient has heard it.
        """
        ...

    def write(self, changes: Sequence[Change], together: int = 0) -> list[bool]:
        """Write changes in one transaction; when it returns, they are on disk.

        A change whose fence is not that of the stored head (or whose new run exists) is left out
        whole, and the others are written.

        Args:
            changes: The changes.
            together: How many of the first belong together: where one of them is left out, all of
                them are. Only a joint store is asked for that.

        Returns:
            For each change whether it was written.

        Raises:
            StoreError: None of them was written.
        """
        ...

    def read(self, run: str) -> Run | None:
        """Return a run, all its rows of one instant; None when there is none of that key."""
        ...

    def head(self, run: str) -> Head | None:
        """Return the head of a run; None when there is none of that key."""
        ...

    def heads(
        self, chart: str | None = None, status: str | None = None, after: str = "", limit: int = 500
    ) -> list[Head]:
        """Return heads in the order of their keys, those after one of them."""
        ...

    def taken(self, run: str, id: str, since: int) -> Entry | None:
        """Return the entry that an id was taken with, if its number is at least ``since``."""
        ...

    def entries(self, run: str, after: int = -1, limit: int | None = None) -> list[Entry]:
        """Return entries in order, those after a number."""
        ...

    def tail(self, run: str, count: int) -> list[Entry]:
        """Return the last entries, in order."""
        ...

    def checkpoint(self, run: str, sequence: int) -> Checkpoint | None:
        """Return the last checkpoint at or before an entry."""
        ...

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """Return all checkpoints of a run, in order."""
        ...

    def claim(
        self, worker: str, now: int, until: int, names: Iterable[tuple[str, str]], limit: int
    ) -> list[tuple[str, Owed, bool]]:
        """Claim effects that are due and that nobody has claimed, or whose claim is over.

        One that has never been tried is due whatever its time, which a wrong clock may have given;
        so is over a claim for longer than `LONGEST_CLAIM`.

        Only those of running runs, and of the given pairs of chart and name: the longest due first,
        but of one run no more than its share as long as others wait (see
        `statecharts.store.fairness`).

        Returns:
            Of each the key of its run, the effect as claimed, and whether a claim on it was lost:
            its worker has died, or has not renewed it.
        """
        ...

    def renew(
        self, worker: str, until: int, claims: Iterable[tuple[str, int]]
    ) -> set[tuple[str, int]]:
        """Let claims hold longer; return those that the worker still has."""
        ...

    def held(self, worker: str, claims: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return the claims that a worker still has, of runs that are not paused."""
        ...

    def release(
        self, worker: str, claims: Iterable[tuple[str, int]], *, begun: bool = False
    ) -> None:
        """Give claims back; who has ``begun`` is kept in mind (`Owed.worker`)."""
        ...

    def forsake(self, dead: Callable[[str], bool]) -> int:
        """Give back all claims of the workers that are dead; return how many there were."""
        ...

    def due(self, now: int, charts: Iterable[str], limit: int) -> list[tuple[str, Timer]]:
        """Return timers of running runs that are due, the longest due first."""
        ...

    def next(self, now: int, charts: Iterable[str]) -> int | None:
        """Return when the next timer or effect after now falls due; None without one."""
        ...

    def token(self) -> int:
        """Return a number that grows with every write: by one for a call of `write` here.

        Cheap to ask for: it tells whether anybody else has written.
        """
        ...

    def put(self, body: bytes) -> bytes:
        """Keep an artifact; return its name, the SHA-256 of its bytes."""
        ...

    def artifact(self, name: bytes) -> bytes | None:
        """Return the bytes of an artifact."""
        ...

    def artifacts(self, run: str) -> list[bytes]:
        """Return the names of the artifacts that a run refers to."""
        ...

    def prune(self, change: Change, before: int) -> bool:
        """Remove the entries and checkpoints before a number, and write the head that says so."""
        ...

    def remove(self, run: str, fence: tuple[int, int]) -> bool:
        """Remove a run whole; False when somebody has written it meanwhile."""
        ...

    def check(self) -> list[Damage]:
        """Return what the storage itself finds damaged."""
        ...

    def close(self) -> None:
        """Close it; closing twice is harmless."""
        ...


def heads_of(store: Store, chart: str | None = None, status: str | None = None) -> Iterator[Head]:
    """Yield heads in the order of their keys, page by page."""
    after = ""
    while page := store.heads(chart, status, after):
        yield from page
        after = page[-1].run


def entries_of(store: Store, run: str, after: int = -1) -> Iterator[Entry]:
    """Yield the entries of a run after a number, page by page."""
    while page := store.entries(run, after, PAGE):
        yield from page
        after = page[-1].sequence
