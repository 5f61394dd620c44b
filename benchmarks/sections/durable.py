"""Stored runs: the rate of events to the disk, their size there, and the time to recover a run.

Everything here waits for the disk, so it is wall time, beside a raw append of the same bytes to the
same disk in the same run.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from benchmarks.apart.environments import STORED, answer
from benchmarks.apart.stored import SENDERS
from benchmarks.contestant import Missing
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from statecharts import State, Statechart
from statecharts.runtime import Runs, Runtime, SystemClock
from statecharts.runtime.history import replayed
from statecharts.runtime.operations import Operations
from statecharts.runtime.writer import BATCH
from statecharts.store.rows import fields
from statecharts.store.sqlite import SQLiteStore

THREADS: Final = SENDERS
TASKS: Final = 256
OURS: Final = "statecharts"

RATE: Final = (
    Column("rate", "events a second", digits=0),
    Column("ratio", "to raw append", suffix=" ×"),
)
RATE_CAPTION: Final = (
    "SQLite, WAL, synchronous=FULL: each event is on disk before its sender goes on. The raw "
    "append inserts a row and updates another, with as many bytes, by one connection; it is timed "
    "before and after each contestant, and the ratio is to these two. What a sender is promised: "
    "statecharts, that the event is taken once, its effects are owed, and its history is kept. "
    "harel, that the state after its actions is saved; they have acted before. "
    "xstate-statemachine, the same, at FULL where it asks for NORMAL, and without a history. DBOS, "
    "that the outcome of a step is kept; each event is a step of a workflow."
)
SIZE: Final = (
    Column("run", "bytes a run", digits=0),
    Column("transition", "bytes a transition, MB a million", digits=0),
    Column("replay", "replayed a second of CPU", digits=0),
    Column("p50", "recovery p50, ms"),
    Column("p99", "p99, ms"),
)
SIZE_CAPTION: Final = (
    "Bytes of the file, over runs that have only begun, and over events of one run, "
    "hundreds of which are written at once. Recovery: a "
    "run is read from the file and ready for its next event, in a process that has read none yet."
)


@frozen
class Go:
    """An event with a number."""

    n: int


@frozen
class Counted:
    """Data with the number of the last event."""

    n: int


class Ring(Statechart[Go]):
    """Two states with data, between which each event goes."""

    begun = State(initial=True)
    left = State(Counted)
    right = State(Counted)
    begun.to(left, on=Go)
    left.to(right, on=Go)
    right.to(left, on=Go)


def run(plan: Plan) -> list[Section]:
    """Time senders, weigh the file, replay a history, and read runs back."""
    events = plan.durable_events
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = _rows(place, events)
        size = _sizes(place / "size.db", plan.durable_sized, plan.durable_runs)
    return [
        Section("durable_ratio", "Events to the disk", RATE, tuple(rows), RATE_CAPTION),
        Section("durable", "Stored runs", SIZE, (Row(OURS, "", size),), SIZE_CAPTION),
    ]


def _rows(place: Path, events: int) -> list[Row]:
    """Time each contestant, and raw appends before and after it: a disk has its moods."""
    numbers = count()

    def raw() -> float:
        return _raw(place / f"raw-{next(numbers)}.db", events)

    before = raw()
    raws, rows = [before], []

    def row(name: str, version: str, rate: float, raw_rate: float) -> None:
        rows.append(Row(name, version, {"rate": rate, "ratio": rate / raw_rate}))

    ours: dict[str, Callable[[], float]] = {
        OURS: lambda: _alone(place / "one.db", events),
        f"{OURS}, {THREADS} threads": lambda: _threads(place / "threads.db", events),
        f"{OURS}, {TASKS} tasks": lambda: asyncio.run(_tasks(place / "tasks.db", events)),
    }
    for name, measured in ours.items():
        rate, after = measured(), raw()
        row(name, "", rate, (before + after) / 2)
        raws.append(after)
        before = after
    for peer in STORED:
        found = answer(peer, peer.module, peer.name, str(events), str(place))
        if isinstance(found, Missing):
            rows += missing_rows([found])
            continue
        after = raw()
        row(peer.name, found["version"], found["one"], (before + after) / 2)
        many = f"{peer.name}, {SENDERS} threads"
        if found["many"] is None:
            rows.append(Row(many, note=found["failed"]))
        else:
            row(many, found["version"], found["many"], (before + after) / 2)
        raws.append(after)
        before = after
    middle = statistics.median(raws)
    return [Row("raw append", "", {"rate": middle, "ratio": 1.0}), *rows]


def _rate(count: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def _raw(path: Path, events: int) -> float:
    """Append rows of the size that one of our events takes."""
    store = SQLiteStore(path.with_suffix(".sample"))
    with Runs(store, Ring) as sample:
        sample.start(Ring, key="run").send(Go(1))
    row, whole = map(_bytes, (store.tail("run", 1)[0], store.head("run")))
    store.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE entries (run, number, body, PRIMARY KEY (run, number)) WITHOUT ROWID")
    db.execute("CREATE TABLE runs (run PRIMARY KEY, body)")
    db.execute("INSERT INTO runs VALUES (1, x'')")

    def work() -> None:
        for number in range(events):
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO entries VALUES (1, ?, ?)", (number, row))
            db.execute("UPDATE runs SET body = ? WHERE run = 1", (whole,))
            db.execute("COMMIT")

    rate = _rate(events, work)
    db.close()
    return rate


def _bytes(row: Any) -> bytes:
    return b"".join(
        value if isinstance(value, bytes) else str(value).encode() for value in fields(row)
    )


def _alone(path: Path, events: int) -> float:
    with Runs(path, Ring) as runs:
        one = runs.start(Ring, key="run")
        return _rate(events, lambda: [one.send(Go(number)) for number in range(events)])


def _threads(path: Path, events: int) -> float:
    each = max(events // THREADS, 1) * 2
    with Runs(path, Ring) as runs:
        mine = [runs.start(Ring, key=f"run-{number}") for number in range(THREADS)]

        def send(one: Any) -> None:
            for number in range(each):
                one.send(Go(number))

        def work() -> None:
            threads = [threading.Thread(target=send, args=(one,)) for one in mine]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        return _rate(each * THREADS, work)


async def _tasks(path: Path, events: int) -> float:
    each = max(events // TASKS, 1) * 4
    async with Runtime(path, Ring) as runtime:
        starts = (runtime.start(Ring, key=f"run-{number}") for number in range(TASKS))
        mine = await asyncio.gather(*starts)

        async def send(one: Any) -> None:
            for number in range(each):
                await one.send(Go(number))

        begun = time.perf_counter()
        await asyncio.gather(*map(send, mine))
        return each * TASKS / (time.perf_counter() - begun)


def _weight(path: Path) -> int:
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))


def _sizes(path: Path, events: int, runs: int) -> dict[str, float]:
    store = SQLiteStore(path, synchronous="OFF")
    kept = Operations(store, [Ring], clock=SystemClock(), options={})
    for number in range(runs):
        kept.writer.do(kept.start(Ring, f"run-{number}", None, exist_ok=False))
    _settled(path)
    begun = _weight(path)
    for number in range(events):
        kept.writer.put(kept.send("run-0", Go(number), None))
        if number % BATCH == 0:
            kept.writer.drain()
    while kept.writer.drain():
        pass
    _settled(path)
    grown = _weight(path)
    cpu = time.process_time()
    replay = sum(1 for _ in replayed(store, kept.head("run-0"), kept.programs["Ring"], None, -1))
    cpu = time.process_time() - cpu
    store.close()
    again = Operations(path, [Ring], clock=SystemClock(), options={})
    waits = []
    for number in range(runs):
        before = time.perf_counter()
        again.live(f"run-{number}")
        waits.append((time.perf_counter() - before) * 1_000)
    again.close()
    hundredths = statistics.quantiles(waits, n=100)
    return {
        "run": begun / runs,
        "transition": (grown - begun) / events,
        "replay": replay / cpu,
        "p50": hundredths[49],
        "p99": hundredths[98],
    }


def _settled(path: Path) -> None:
    """Move the content of the log into the file."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
