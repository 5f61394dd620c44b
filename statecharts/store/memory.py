"""A store in memory, for tests: it ends with the process."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import final

from attrs import define, evolve, field

from statecharts.store.chain import Damage
from statecharts.store.fairness import fairly
from statecharts.store.rows import (
    LONGEST_CLAIM,
    LOST,
    PAUSED,
    Change,
    Checkpoint,
    Entry,
    Head,
    Owed,
    Run,
    Status,
    Timer,
    Waiting,
    claimed_row,
)


@define
class _Kept:
    """All that is kept of one run."""

    head: Head
    entries: list[Entry] = field(factory=list)
    owed: dict[int, Owed] = field(factory=dict)
    timers: dict[str, Timer] = field(factory=dict)
    waiting: dict[int, Waiting] = field(factory=dict)
    checkpoints: list[Checkpoint] = field(factory=list)
    artifacts: list[bytes] = field(factory=list)


@final
class MemoryStore:
    """A store in memory (see `statecharts.store.port.Store`)."""

    joint = True

    def __init__(self) -> None:
        self._runs: dict[str, _Kept] = {}
        self._artifacts: dict[bytes, bytes] = {}
        self._lock = threading.RLock()
        self._writes = 0

    def write(self, changes: Sequence[Change], together: int = 0) -> list[bool]:
        """Write changes; see the port."""
        with self._lock:
            self._writes += 1
            first = 0 if all(map(self._meets, changes[:together])) else together
            return [False] * first + [self._write(change) for change in changes[first:]]

    def _meets(self, change: Change) -> bool:
        """Tell whether a change was worked out from what is stored."""
        kept = self._runs.get(change.head.run)
        if kept is None:
            return change.fence is None
        owed = map(kept.owed.get, change.unbegun)
        return kept.head.fence == change.fence and all(one and one.worker is None for one in owed)

    def _write(self, change: Change) -> bool:
        if not self._meets(change):
            return False
        kept = self._runs.get(change.head.run)
        if kept is None:
            kept = self._runs[change.head.run] = _Kept(change.head)
        kept.head = change.head
        kept.entries += change.entries
        for one in change.owed:
            old = kept.owed.get(one.number)
            worker = one.worker or (None if old is None else old.worker)
            kept.owed[one.number] = evolve(one, worker=worker)
        kept.timers |= {one.id: one for one in change.timers}
        kept.waiting |= {one.number: one for one in change.waiting}
        for number in change.settled:
            kept.owed.pop(number, None)
        for timer in change.stopped:
            kept.timers.pop(timer, None)
        for number in change.taken:
            kept.waiting.pop(number, None)
        kept.checkpoints += change.checkpoints
        kept.artifacts += change.artifacts
        self._artifacts |= {hashlib.sha256(one).digest(): one for one in change.bodies}
        return True

    def read(self, run: str) -> Run | None:
        """Return a run; see the port."""
        with self._lock:
            kept = self._runs.get(run)
            if kept is None:
                return None
            owed = tuple(kept.owed[number] for number in sorted(kept.owed))
            timers = tuple(sorted(kept.timers.values(), key=lambda timer: (timer.due, timer.id)))
            return Run(kept.head, owed, timers, tuple(kept.waiting.values()))

    def head(self, run: str) -> Head | None:
        """Return the head of a run; see the port."""
        kept = self._runs.get(run)
        return None if kept is None else kept.head

    def heads(
        self, chart: str | None = None, status: str | None = None, after: str = "", limit: int = 500
    ) -> list[Head]:
        """Return heads in the order of their keys; see the port."""
        with self._lock:
            found = (
                kept.head
                for run, kept in sorted(self._runs.items())
                if run > after
                and chart in (None, kept.head.chart)
                and status in (None, kept.head.status)
            )
            return list(islice(found, limit))

    def taken(self, run: str, id: str, since: int) -> Entry | None:
        """Return the entry of an id; see the port."""
        with self._lock:
            for entry in reversed(self._entries(run)):
                if entry.sequence < since:
                    break
                if entry.id == id:
                    return entry
            return None

    def _entries(self, run: str) -> list[Entry]:
        kept = self._runs.get(run)
        return [] if kept is None else kept.entries

    def entries(self, run: str, after: int = -1, limit: int | None = None) -> list[Entry]:
        """Return entries in order; see the port."""
        with self._lock:
            return [one for one in self._entries(run) if one.sequence > after][:limit]

    def tail(self, run: str, count: int) -> list[Entry]:
        """Return the last entries; see the port."""
        with self._lock:
            return self._entries(run)[-count:] if count > 0 else []

    def checkpoint(self, run: str, sequence: int) -> Checkpoint | None:
        """Return the last checkpoint at or before an entry; see the port."""
        return max(
            (one for one in self.checkpoints(run) if one.sequence <= sequence),
            key=lambda one: one.sequence,
            default=None,
        )

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """Return all checkpoints of a run; see the port."""
        with self._lock:
            kept = self._runs.get(run)
            return [] if kept is None else list(kept.checkpoints)

    def claim(
        self, worker: str, now: int, until: int, names: Iterable[tuple[str, str]], limit: int
    ) -> list[tuple[str, Owed, bool]]:
        """Claim effects; see the port."""
        wanted = frozenset(names)
        with self._lock:
            free = [
                (one.due, run, one)
                for run, kept in self._runs.items()
                if kept.head.status not in PAUSED
                for one in kept.owed.values()
                if (kept.head.chart, one.name) in wanted
                and not one.handed
                and (one.due <= now or not one.attempts)
                and (one.worker is None or not now < one.until <= now + LONGEST_CLAIM)
            ]
            free.sort(key=lambda row: (row[0], row[1], row[2].number))
            left = {(run, one.number): (run, one) for _, run, one in free}
            rows = fairly(
                limit,
                lambda room, but: [
                    *islice((row for row in left.values() if row[0] not in but), room)
                ],
                lambda row: left.pop((row[0], row[1].number)),
            )
            rows.sort(key=lambda row: (row[1].due, row[0], row[1].number))
            claimed = [claimed_row(run, one, worker, until) for run, one in rows]
            for run, mine, _ in claimed:
                self._runs[run].owed[mine.number] = mine
            return claimed

    def renew(
        self, worker: str, until: int, claims: Iterable[tuple[str, int]]
    ) -> set[tuple[str, int]]:
        """Let claims hold longer; see the port."""
        with self._lock:
            held = self._held(worker, claims)
            for run, number in held:
                owed = self._runs[run].owed
                owed[number] = evolve(owed[number], until=until)
            return held

    def held(self, worker: str, claims: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return the claims that a worker still has; see the port."""
        with self._lock:
            held = self._held(worker, claims)
            return {one for one in held if self._runs[one[0]].head.status not in PAUSED}

    def release(
        self, worker: str, claims: Iterable[tuple[str, int]], *, begun: bool = False
    ) -> None:
        """Give claims back; see the port."""
        with self._lock:
            for run, number in self._held(worker, claims):
                owed = self._runs[run].owed
                owed[number] = evolve(owed[number], worker=worker if begun else None, until=0)

    def forsake(self, dead: Callable[[str], bool]) -> int:
        """Give back all claims of the dead; see the port."""
        with self._lock:
            claims = [
                (kept.owed, one) for kept in self._runs.values() for one in kept.owed.values()
            ]
            held = [(owed, one) for owed, one in claims if one.held]
            gone = {worker for worker in {one.worker for _, one in held} if worker and dead(worker)}
            freed = [(owed, one) for owed, one in held if one.worker in gone]
            for owed, one in freed:
                owed[one.number] = evolve(one, until=LOST)
            return len(freed)

    def _held(self, worker: str, claims: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        found = set()
        for run, number in claims:
            kept = self._runs.get(run)
            one = None if kept is None else kept.owed.get(number)
            if one is not None and one.held and one.worker == worker:
                found.add((run, number))
        return found

    def due(self, now: int, charts: Iterable[str], limit: int) -> list[tuple[str, Timer]]:
        """Return timers that are due; see the port."""
        with self._lock:
            found = [
                (timer.due, run, timer)
                for run, kept in self._running(charts)
                for timer in kept.timers.values()
                if timer.due <= now
            ]
            found.sort(key=lambda row: (row[0], row[1]))
            return [(run, timer) for _, run, timer in found[:limit]]

    def _running(self, charts: Iterable[str]) -> list[tuple[str, _Kept]]:
        wanted = frozenset(charts)
        return [
            (run, kept)
            for run, kept in self._runs.items()
            if kept.head.status == Status.RUNNING and kept.head.chart in wanted
        ]

    def next(self, now: int, charts: Iterable[str]) -> int | None:
        """Return when the next timer or effect falls due; see the port."""
        with self._lock:
            wanted = frozenset(charts)
            later: list[int] = []
            for _, kept in self._running(wanted):
                later += [timer.due for timer in kept.timers.values() if timer.due > now]
            for kept in self._runs.values():
                if kept.head.chart not in wanted or kept.head.status in PAUSED:
                    continue
                for one in kept.owed.values():
                    when = max(one.due, one.until)
                    if not one.handed and when > now:
                        later.append(when)
            return min(later, default=None)

    def token(self) -> int:
        """Return the number of writes; see the port."""
        return self._writes

    def put(self, body: bytes) -> bytes:
        """Keep an artifact; see the port."""
        name = hashlib.sha256(body).digest()
        self._artifacts[name] = body
        return name

    def artifact(self, name: bytes) -> bytes | None:
        """Return the bytes of an artifact; see the port."""
        return self._artifacts.get(name)

    def artifacts(self, run: str) -> list[bytes]:
        """Return the names of a run's artifacts; see the port."""
        with self._lock:
            kept = self._runs.get(run)
            return [] if kept is None else list(kept.artifacts)

    def prune(self, change: Change, before: int) -> bool:
        """Remove old entries and checkpoints; see the port."""
        with self._lock:
            self._writes += 1
            if not self._write(change):
                return False
            kept = self._runs[change.head.run]
            kept.entries = [one for one in kept.entries if one.sequence >= before]
            kept.checkpoints = [one for one in kept.checkpoints if one.sequence >= before]
            return True

    def remove(self, run: str, fence: tuple[int, int]) -> bool:
        """Remove a run whole; see the port."""
        with self._lock:
            kept = self._runs.get(run)
            if kept is None or kept.head.fence != fence:
                return False
            self._writes += 1
            del self._runs[run]
            return True

    def check(self) -> list[Damage]:
        """Return nothing: memory has no damage of its own."""
        return []

    def close(self) -> None:
        """Do nothing: another runtime of the process may use it on."""
