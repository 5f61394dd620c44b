"""What the kernel remembers, within a bound: what was least recently used goes first."""

from __future__ import annotations

from typing import final

from statecharts.kernel.plans import Entry


@final
class Recollection:
    """The entries that have been worked out, at most ``bound`` of them.

    Time is counted in things worked out: using an entry stamps it with the present epoch, which is
    one assignment and needs no lock. Adding, which is rare, goes under the caller's lock.

    Args:
        bound: How many entries are kept.
    """

    __slots__ = ("_entries", "bound", "epoch")

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.epoch = 0
        self._entries: dict[Entry, None] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Keep an entry; let the least recently used go when there are too many."""
        self.epoch += 1
        entry.epoch = self.epoch
        self._entries[entry] = None
        if len(self._entries) > self.bound:
            self._make_room(max(1, self.bound // 8))

    def _make_room(self, count: int) -> None:
        oldest = sorted(self._entries, key=lambda entry: entry.epoch)
        for entry in oldest[:count]:
            del self._entries[entry]
            entry.forget()
