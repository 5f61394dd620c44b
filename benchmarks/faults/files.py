"""Files: a log that is cut, bits that flip, a disk that is full."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.faults.charts import (
    Book,
    Count,
    Deployment,
    Done,
    Go,
    Hold,
    Ledger,
    Mail,
    Order,
    Sum,
)
from benchmarks.faults.journal import Journal
from benchmarks.faults.kills import Tally, tallied
from benchmarks.faults.oracle import judge
from benchmarks.faults.places import clear, journal_of
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
    EPOCH,
    RUN,
    SCRIPTS,
    child,
    forked,
    spread,
)
from statecharts.model.errors import StatechartError
from statecharts.runtime import Run, Runs, SimulatedClock
from statecharts.runtime.commit import Draft
from statecharts.runtime.writer import Job
from statecharts.store import StoreError, open_store, verify
from statecharts.store.rows import CHECKPOINT_EVERY, Entry
from statecharts.store.tables import NAMES

# -- the log ---------------------------------------------------------------------------------------

STEP: Final = 512
"""Bytes from one cut to the next."""

ONWARD: Final = 8
"""Of so many cuts, one run is driven to its end."""


def _recorded(path: Path) -> tuple[list[Entry], list[tuple[int, int]]]:
    """Drive a run by hand, without ever moving the log into the file.

    Returns:
        Its entries, and for each acknowledged event the number of its entry and how long the log
        was then.
    """
    log = path.with_name(f"{path.name}-wal")
    clock = SimulatedClock(EPOCH)
    with Runs(path, Deployment, effects=(Mail,), clock=clock) as runs:
        store: Any = runs._operations.store  # noqa: SLF001 - the file is what is tried
        store._db.execute("PRAGMA wal_autocheckpoint=0")  # noqa: SLF001
        run = runs.start(Deployment, key=RUN, context=Count())
        sizes = [(0, log.stat().st_size)]

        def sent(taken: Any) -> None:
            sizes.append((taken.sequence, log.stat().st_size))

        sent(run.send(Go(), id="act-0"))
        for _ in range(2):
            for call in list(run.calls):
                sent(run.answer(call, Done("it")))
        sent(run.send(Hold(), id="act-1"))
        sent(run.send(Go(), id="act-2"))
        clock.advance(timedelta(days=1))
        run.suspend()
        sent(run.resume())
        entries = store.entries(RUN)
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{path.with_name('kept.db')}{suffix}")
    return entries, sizes


def log(effort: Effort, directory: Path) -> Row:
    """Cut the log at every sector."""
    entries, sizes = _recorded(directory / "log.db")
    kept = directory / "kept.db"
    whole = kept.with_name("kept.db-wal").read_bytes()
    cuts = [*range(0, len(whole), STEP * effort.every), len(whole)]

    def cut(share: Sequence[int], directory: Path) -> Tally:
        tally = Tally()
        for size in share:
            tally.trials += 1
            path = directory / f"cut-{size}.db"
            shutil.copyfile(kept, path)
            path.with_name(f"{path.name}-wal").write_bytes(whole[:size])
            tally.wrong += [
                f"cut at {size}: {text}" for text in _after_cut(path, size, entries, sizes)
            ]
            tally.acknowledged += sum(length <= size for _, length in sizes)
            if size // STEP % ONWARD == 0:
                tally.kills += 1
                ended = forked(child(path, SCRIPTS["Deployment"], 1), directory)
                verdict = judge(path, journal_of(path), CHARTS, by_hand=True)
                tally.wrong += [f"after the cut at {size}: {text}" for text in verdict.wrong]
                if ended.error or not verdict.runs[RUN].ended:
                    tally.wrong.append(f"after the cut at {size}: no end: {ended.error}")
            clear([path])
        return tally

    total = tallied(cut, cuts, effort.jobs, directory)
    how = (
        f"The log (WAL) of a run is cut every {STEP} bytes, as if the rest had never come to the "
        "disk. The store opens, holds a beginning of the history with all that was acknowledged "
        "before the cut, and finds no damage; runs are driven on to their end from there."
    )
    figures = {
        "cuts": total.trials,
        "acknowledged before their cut": total.acknowledged,
        "runs driven on to their end": total.kills,
    }
    return Row("The log cut", how, figures, tuple(total.wrong))


def _after_cut(
    path: Path, size: int, entries: list[Entry], sizes: list[tuple[int, int]]
) -> Iterator[str]:
    store = open_store(path)
    try:
        yield from (damage.what for damage in store.check())
        found = store.entries(RUN)
        if found != entries[: len(found)]:
            yield "the history is another one"
        if found:
            yield from (damage.what for damage in verify(store, RUN))
        elif store.head(RUN) is not None:
            yield "there is a head without a history"
        for sequence, length in sizes:
            if length <= size and sequence >= len(found):
                yield f"entry {sequence} was acknowledged and is lost"
    finally:
        store.close()


# -- bits ------------------------------------------------------------------------------------------

FLIPS: Final = 2_000
"""Bits that are flipped, one at a time."""

_CLAIMS: Final = frozenset({"worker", "until"})
"""Columns that only say who is at work on an effect just now."""


def _filled(path: Path) -> None:
    """Make a store with something in each of its tables."""
    clock = SimulatedClock(EPOCH)
    with Runs(path, Ledger, Order, Deployment, effects=(Mail,), clock=clock) as runs:
        book = runs.start(Ledger, key="book", context=Sum())
        for amount in range(CHECKPOINT_EVERY + 20):
            book.send(Book(amount), id=f"id-{amount}" if amount % 2 else None)
            _answered(book)
        for place in range(5):
            order = runs.start(Order, key=f"order-{place}")
            order.send(Go())
            if place:
                _answered(order)
        for place in range(3):
            run = runs.start(Deployment, key=f"deployment-{place}", context=Count())
            run.send(Go())
            _answered(run)
            run.suspend("for a while")
            run.send(Hold(), id="waits")
        operations = runs._operations  # noqa: SLF001 - the store is what is tried
        store = operations.store
        name = store.put(b"an artifact " * 40)

        def attach(draft: Draft) -> None:
            draft.attach(name, tuple)

        operations.writer.do(Job("book", attach))
        names = [(chart, what) for chart in CHARTS for what in ("work", "mail")]
        store.claim("somebody", 2**60, 2**60 + 1, names, 5)
        wrong = runs.verify()
        if wrong:
            text = f"damage before any bit is flipped: {wrong}"
            raise RuntimeError(text)
    _truncate(path)


def _answered(run: Run[Any, Any]) -> None:
    for call in list(run.calls):
        run.answer(call, Done("it"))


def _truncate(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _content(path: Path) -> list[Any]:
    """Return the content of a store, read by SQLite alone."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
        db.text_factory = bytes
        found: list[Any] = []
        for table in NAMES:
            rows = db.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name out of the file
            kept = [
                place
                for place, column in enumerate(rows.description)
                if table != "owed" or column[0] not in _CLAIMS
            ]
            found.append((table, [[row[place] for place in kept] for row in rows]))
        return found


def _detected(path: Path) -> bool:
    """Return whether the store, or its verification, tells of damage."""
    try:
        with Runs(path, Ledger, Order, Deployment, effects=(Mail,)) as runs:
            return bool(runs.verify())
    except StatechartError:
        return True


def flips(effort: Effort, directory: Path) -> Row:
    """Flip bits of the file."""
    path = directory / "whole.db"
    _filled(path)
    truth = _content(path)
    whole = path.read_bytes()
    chance = random.Random(1)
    places = sorted(chance.sample(range(len(whole) * 8), effort.of(FLIPS, 20)))

    def flip(share: Sequence[int]) -> tuple[int, int, list[str]]:
        changed, found, wrong = 0, 0, []
        for place in share:
            bad = directory / f"flip-{place}.db"
            data = bytearray(whole)
            data[place // 8] ^= 1 << place % 8
            bad.write_bytes(data)
            try:
                same = _content(bad) == truth
            except (sqlite3.Error, UnicodeError, ValueError, OverflowError):
                same = False
            if not same:
                changed += 1
                try:
                    told = _detected(bad)
                except Exception as error:  # noqa: BLE001 - any is a fault of ours
                    wrong.append(f"bit {place}: verify raises {error!r}")
                    told = True
                found += told
                if not told:
                    wrong.append(f"bit {place}: the content has changed, and nothing tells of it")
            clear([bad])
        return changed, found, wrong

    parts = spread(flip, places, effort.jobs, directory)
    how = (
        "One bit of the file is flipped at a time. Where what SQLite reads from it is not what "
        "was written, or SQLite cannot read it, `verify` or the opening tells of it; who is at "
        "work on an effect just now does not count."
    )
    figures = {
        "flips": len(places),
        "that change content": sum(part[0] for part in parts),
        "of these found": sum(part[1] for part in parts),
    }
    return Row("Bits flipped", how, figures, tuple(text for part in parts for text in part[2]))


# -- the disk --------------------------------------------------------------------------------------

LIMITS: Final = 60
"""Sizes at which the disk is full."""

_PAGE: Final = 4096
SMALL: Final = "small"


def _until_full(
    path: Path,
    limit: Callable[[], None],
    lift: Callable[[], None],
    codes: Sequence[str] = ("SC803",),
) -> list[str]:
    """Book until the disk is full, and go on when there is room; return the faults."""
    wrong = []
    journal = Journal(_journal(path))
    with Runs(path, Ledger, effects=(Mail,), clock=SimulatedClock(EPOCH)) as runs:
        run = runs.start(Ledger, key=RUN, context=Sum(), exist_ok=True)
        limit()
        failed = ""
        amount = 0
        for amount in range(100_000):
            name = f"id-{amount}"
            try:
                taken = run.send(Book(amount), id=name)
            except StoreError as error:
                failed = error.code
                break
            journal.acknowledged(RUN, name, taken.sequence)
        if failed not in codes:
            wrong.append(f"the full disk is told as {failed or 'nothing'}")
        before = run.snapshot.context
        lift()
        for again in range(amount, amount + 3):
            name = f"id-{again}"
            journal.acknowledged(RUN, name, run.send(Book(again), id=name).sequence)
        if run.snapshot.context.booked != before.booked + 3:
            wrong.append("an event was taken although its sender was told that it was not")
    journal.close()
    return wrong


def _journal(path: Path) -> Path:
    """Return where the journal of a store is: beside a disk that is to be full, not on it."""
    return journal_of(path.parent.with_name(path.name) if path.parent.name == SMALL else path)


def _by_pages(path: Path, pages: int) -> list[str]:
    """Let the file grow by some pages at most."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def keeping(*args: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*args, **options))
        return connections[-1]

    sqlite3.connect = keeping  # type: ignore[assignment]

    def limit() -> None:
        (count,) = connections[-1].execute("PRAGMA page_count").fetchone()
        connections[-1].execute(f"PRAGMA max_page_count={count + pages}")

    def lift() -> None:
        connections[-1].execute("PRAGMA max_page_count=1000000")

    return _until_full(path, limit, lift)


def _by_size(path: Path, pages: int) -> list[str]:
    """Let no file grow beyond some bytes: the system refuses to write more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        log = path.with_name(f"{path.name}-wal")
        size = log.stat().st_size + pages * _PAGE // 2 + 100
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most[1]))

    def lift() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)

    return _until_full(path, limit, lift, ("SC801", "SC803"))


def _mounted(directory: Path) -> Path | None:
    """Return a small file system of its own, if one can be had."""
    place = directory / SMALL
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return None
    return place if done.returncode == 0 else None


def _by_disk(path: Path, pages: int) -> list[str]:
    """Fill a file system but for some pages."""
    ballast = path.with_name("ballast")

    def limit() -> None:
        room = os.statvfs(path.parent)
        ballast.write_bytes(bytes(max((room.f_bavail - pages) * room.f_frsize, 0)))

    return _until_full(path, limit, ballast.unlink)


def disk(effort: Effort, directory: Path) -> Row:
    """Fill the disk."""
    small = _mounted(directory)
    ways: dict[str, tuple[Callable[[Path, int], list[str]], Path]] = {
        "limits of the database": (_by_pages, directory),
        "limits of the file's size": (_by_size, directory),
    }
    if small is not None:
        ways["small disks"] = (_by_disk, small)
    figures = dict.fromkeys(ways, 0)
    acknowledged, wrong = 0, []
    try:
        for name, (way, place) in ways.items():
            for number in range(effort.of(LIMITS, 2)):
                path = place / f"full-{number}.db"
                ended = forked(partial(way, path, number), directory)
                where = f"{name}, {number} pages"
                wrong += [f"{where}: {text}" for text in (ended.result or [])]
                wrong += [f"{where}: {ended.error}"] if ended.error else []
                verdict = judge(path, _journal(path), CHARTS, finished=False)
                acknowledged += verdict.acknowledged
                wrong += [f"{where}: {text}" for text in verdict.wrong]
                figures[name] += 1
                clear([path, _journal(path)])
    finally:
        if small is not None:
            subprocess.run(["umount", str(small)], check=False)  # noqa: S603, S607 - its own mount
    how = (
        "Events are sent until there is no room: by a limit of SQLite, by a limit of the system "
        "on the size of files, and on a file system of 1 MB where one can be mounted. The sender "
        "is told, nothing of that event is kept, and it is taken once when there is room again."
    )
    figures["acknowledged sends"] = acknowledged
    return Row("The disk full", how, figures, tuple(wrong))
