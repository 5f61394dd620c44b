"""Servers: a database that goes away under load, and transactions that belong to somebody else."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.faults.charts import Book, Go, Ledger, Mail, Order, Sum
from benchmarks.faults.family import Player, Score, Serve
from benchmarks.faults.journal import Journal
from benchmarks.faults.kills import LATEST, WAITING, Tally, await_growth, tallied
from benchmarks.faults.oracle import judge
from benchmarks.faults.places import address_of, clear, journal_of, put_on, served
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    ALL_CHARTS,
    EPOCH,
    PATIENCE,
    begin,
    deliver,
    end,
    forked,
    handlers,
)
from statecharts import StatechartError
from statecharts.runtime import LiveRun, Runs, Runtime, SimulatedClock, SystemClock

if TYPE_CHECKING:
    from tests.postgres import Server

RESTARTS: Final = 30
"""Times that the server is stopped or killed."""

EVERY: Final = 1.5
"""Seconds between two of them."""

ROUND: Final = 10
"""Restarts that one store lives through."""

WORKERS: Final = 3
"""Processes that send and deliver all the time."""

RUNS: Final = 3
"""Runs that all of them send to."""

AWAY: Final = 0.02
"""Seconds after which a sender tries again, whose server is away."""


async def patiently(act: Callable[[], Awaitable[Any]]) -> Any:
    """Do something, again and again as long as the server is away."""
    deadline = time.time() + PATIENCE
    while True:
        try:
            return await act()
        except StatechartError as error:
            if error.code != "SC801" or time.time() > deadline:
                raise
        await asyncio.sleep(AWAY)


def counted_until(until: float) -> Iterator[int]:
    """Yield numbers until a point of time."""
    return itertools.takewhile(lambda _: time.time() < until, itertools.count())


def _work(path: Path, name: str, until: float) -> None:
    """Send to the same runs as others do, and deliver, until a point of time."""
    journal = Journal(journal_of(path))

    async def book(runtime: Runtime, number: int) -> None:
        key = f"r{number}"
        start = partial(runtime.start, Ledger, key=key, context=Sum(), exist_ok=True)
        run: LiveRun[Any, Any] = await patiently(start)
        for amount in counted_until(until):
            id = f"{name}-{amount}"
            taken = await patiently(partial(run.send, Book(amount), id=id))
            journal.acknowledged(key, id, taken.sequence)

    async def serve(runtime: Runtime, key: str, other: str) -> None:
        start = partial(runtime.start, Player, context=Score(), exist_ok=True)
        await patiently(partial(start, key=other))
        run: LiveRun[Any, Any] = await patiently(partial(start, key=key))
        for number in counted_until(until):
            id = f"{name}-{number}"
            taken = await patiently(partial(run.send, Serve(id, 3, other), id=id))
            journal.acknowledged(key, id, taken.sequence)

    async def main() -> None:
        options: dict[str, Any] = {"clock": SystemClock(), "lease": timedelta(seconds=1)}
        runtime = Runtime(address_of(path), Ledger, Player, handlers=handlers(journal), **options)
        async with runtime:
            senders = [book(runtime, number) for number in range(RUNS)]
            senders += [serve(runtime, "left", "right"), serve(runtime, "right", "left")]
            await asyncio.gather(*senders)

    while time.time() < until:
        try:
            asyncio.run(main())
        except StatechartError as error:  # the server is away while it opens the store
            if error.code != "SC801":
                raise
            time.sleep(AWAY)


def _restarted(server: Server, path: Path, restarts: int, chance: random.Random) -> Tally:
    """Let workers work on one store, kill them, and take the server away from them."""
    tally = Tally()
    tally.trials = restarts
    directory = path.parent
    put_on(server, path)
    until = time.time() + EVERY * 1.4 * restarts + 1
    names = (f"w{number}" for number in itertools.count())
    working = [begin(partial(_work, path, next(names), until), directory) for _ in range(WORKERS)]
    for number in range(restarts):
        time.sleep(EVERY * chance.uniform(0.5, 1))
        server.stop(kill=number % 2 == 1)
        time.sleep(EVERY * chance.uniform(0, 0.3))
        server.start()
        time.sleep(EVERY * chance.uniform(0, 0.2))
        victim = chance.randrange(WORKERS)
        os.kill(working[victim][0], signal.SIGKILL)
        ended = end(*working[victim])
        tally.kills += ended.killed
        tally.note(ended, f"worker, restart {number}")
        working[victim] = begin(partial(_work, path, next(names), until), directory)
    for one in working:
        tally.note(end(*one), "worker, at the end")
    later = partial(deliver, path, (Ledger, Player), timedelta(hours=1), datetime.now(UTC))
    tally.note(forked(later, directory), "at the end")
    tally.add(judge(path, journal_of(path), ALL_CHARTS), path.stem)
    clear([path], server)
    return tally


def restarts(effort: Effort, directory: Path) -> Row:
    """Take the server away again and again, under load."""
    tally = Tally()
    count = effort.of(RESTARTS, 2)
    with served(own=True) as server:
        for number, start in enumerate(range(0, count, ROUND)):
            path = directory / f"restarts-{number}.db"
            chance = random.Random(number)
            tally.join(_restarted(server, path, min(ROUND, count - start), chance))
    how = (
        f"{WORKERS} workers on one server of Postgres, which is stopped or killed every "
        f"{EVERY:g} seconds and started again; after each time one of the workers is killed, too. "
        f"All send to the same {RUNS} runs, and to two more that tell each other; a sender whose "
        "server is away sends again under the same id."
    )
    figures = {"restarts of the server": tally.trials, "workers killed": tally.kills}
    figures |= {
        name: number for name, number in tally.figures().items() if name not in ("trials", "kills")
    }
    return Row("A server that goes away", how, figures, tuple(tally.wrong))


# -- somebody else's transactions ------------------------------------------------------------------

CALLERS: Final = 300
"""Processes that are killed between what they write and the run that belongs to it."""

GENERATION: Final = 30
"""Of them, those that use one database."""


def _engine(path: Path) -> Any:
    import sqlalchemy as sa  # noqa: PLC0415 - most rows need none

    address = address_of(path)
    if isinstance(address, Path):
        return sa.create_engine(f"sqlite:///{address}")
    return sa.create_engine(address.replace("postgresql://", "postgresql+psycopg://"))


def _order(path: Path, name: str) -> None:
    """Write orders and their runs, each in one transaction, for ever."""
    import sqlalchemy as sa  # noqa: PLC0415 - most rows need none

    journal = Journal(journal_of(path))
    engine = _engine(path)
    clock = SimulatedClock(EPOCH)
    with Runs(address_of(path), Order, effects=(Mail,), clock=clock) as runs:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS bought (name VARCHAR(99))"))
        for number in itertools.count():
            key = f"{name}-{number}"
            with engine.begin() as connection:
                values = {"name": key}
                connection.execute(sa.text("INSERT INTO bought VALUES (:name)"), values)
                run = runs.start(Order, key=key, connection=connection)
                taken = run.send(Go(), id="go", connection=connection)
            journal.acknowledged(key, "go", taken.sequence)


def _bought(path: Path) -> set[str]:
    import sqlalchemy as sa  # noqa: PLC0415 - most rows need none

    engine = _engine(path)
    with engine.connect() as connection:
        found = {name for (name,) in connection.execute(sa.text("SELECT name FROM bought"))}
    engine.dispose()
    return found


def _bothered(plans: Sequence[tuple[int, int, bool]], directory: Path, server: Server) -> Tally:
    tally = Tally()
    for seed, kills, of_postgres in plans:
        chance = random.Random(seed)
        path = directory / f"callers-{seed}.db"
        put_on(server if of_postgres else None, path)
        where = f"callers {seed}"
        for number in range(kills):
            process, result = begin(partial(_order, path, f"{number}"), directory)
            await_growth(journal_of(path))
            time.sleep(chance.uniform(0, LATEST))
            os.kill(process, signal.SIGKILL)
            ended = end(process, result)
            tally.kills += ended.killed
            tally.note(ended, where)
        ended = forked(partial(deliver, path, (Order,), timedelta(hours=1)), directory)
        tally.note(ended, f"{where}, at the end")
        verdict = judge(path, journal_of(path), ALL_CHARTS)
        tally.add(verdict, where)
        bought = _bought(path)
        tally.trials += len(bought)
        for key in sorted(bought ^ verdict.runs.keys()):
            which = "the order" if key in bought else "the run"
            tally.wrong.append(f"{where}: {key} has {which} alone")
        clear([path], server)
    return tally


def callers(effort: Effort, directory: Path) -> Row:
    """Kill processes that write a run in a transaction of their own."""
    kills = effort.of(CALLERS, 2)
    size = min(GENERATION, max(kills // 2, 1))
    plans = [
        (place, min(size, kills - start), place % 2 == 1)
        for place, start in enumerate(range(0, kills, size))
    ]
    with served() as server:
        tally = tallied(partial(_bothered, server=server), plans, effort.jobs * WAITING, directory)
    how = (
        "A caller writes an order in its own table, and starts the run of the order by "
        "connection= in the same transaction; the process dies at a random instant. SQLite and "
        "Postgres. Each order has its run and each run its order, and what the run owes is "
        "carried out."
    )
    figures = {
        "orders": tally.trials,
        "kills": tally.kills,
        "acknowledged sends": tally.acknowledged,
        "effects owed": tally.effects,
    }
    return Row("In the caller's transaction", how, figures, tuple(tally.wrong))
