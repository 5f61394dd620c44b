"""Processes: many that write one run, one that is stopped and wakes up, many tasks in one store."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.faults.charts import (
    Book,
    Build,
    Count,
    Deployment,
    Done,
    Go,
    Half,
    Ledger,
    Mail,
    Order,
    Sum,
    Work,
)
from benchmarks.faults.journal import CARRIED_OUT, Journal, lines
from benchmarks.faults.kills import Tally, tallied
from benchmarks.faults.oracle import judge
from benchmarks.faults.places import clear, journal_of
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
    EPOCH,
    PATIENCE,
    RUN,
    begin,
    deliver,
    end,
    forked,
    handlers,
    settled,
)
from statecharts.runtime import Runs, Runtime, SimulatedClock, SystemClock, Task, handle

WRITERS: Final = (2, 4, 8)
SENDS: Final = 150
"""Events that each writer sends."""

ROUNDS: Final = 4
"""Stores that are written by each number of writers."""


def _write(path: Path, writer: int, sends: int) -> None:
    """Open a store that may not be there yet, and book on one run."""
    journal = Journal(journal_of(path))
    with Runs(path, Ledger, effects=(Mail,), clock=SimulatedClock(EPOCH)) as runs:
        run = runs.start(Ledger, key=RUN, context=Sum(), exist_ok=True)
        for amount in range(sends):
            name = f"{writer}-{amount}"
            journal.acknowledged(RUN, name, run.send(Book(amount), id=name).sequence)
            again = run.send(Book(amount), id=name)  # as a client does that has lost its answer
            journal.acknowledged(RUN, name, again.sequence)


def writers(effort: Effort, directory: Path) -> Row:
    """Let processes write one run at once."""
    figures: dict[str, int] = {}
    tally = Tally()
    rounds = effort.of(ROUNDS)
    sends = effort.of(SENDS * ROUNDS, 20) // rounds
    for count in WRITERS:
        for number in range(rounds):
            path = directory / f"writers-{count}-{number}.db"
            begun = [
                begin(partial(_write, path, writer, sends), directory) for writer in range(count)
            ]
            where = f"{count} writers"
            for ended in [end(*one) for one in begun]:
                tally.note(ended, where)
            ended = forked(partial(deliver, path, (Ledger,), timedelta(hours=1)), directory)
            tally.note(ended, f"{where}, at the end")
            verdict = judge(path, journal_of(path), CHARTS)
            tally.add(verdict, where)
            taken = len(verdict.runs[RUN].ids)
            what = f"events of {count} processes"
            figures[what] = figures.get(what, 0) + taken
            if taken != count * sends:
                tally.wrong.append(f"{where}: {taken} of {count * sends} events were taken")
            clear([path])
    figures["acknowledged sends"] = tally.acknowledged
    figures["effects owed"] = tally.effects
    how = (
        "Two, four and eight processes open a file that is not there yet, all at once, and send "
        "to one run, each event twice under its id. No error, no gap, nothing twice."
    )
    return Row("Many processes on one run", how, figures, tuple(tally.wrong))


# -- one that is stopped ---------------------------------------------------------------------------

STOPS: Final = 40
"""Deliverers that are stopped."""

LEASE: Final = timedelta(seconds=0.6)


def _slowly(path: Path, name: str, seconds: float) -> str:
    """Carry out the call of an order, by the clock of the machine; say how the run is then."""
    journal = Journal(journal_of(path))

    async def work(call: Work, task: Task[Done | Half]) -> Done:
        journal.carried_out(task.key, call)
        await asyncio.sleep(seconds)
        return Done(name)

    def mail(effect: Mail, task: Task[Any]) -> None:
        journal.carried_out(task.key, effect)

    async def main() -> str:
        options: dict[str, Any] = {"clock": SystemClock(), "lease": LEASE}
        given = [handle(Work, work), handle(Mail, mail)]
        async with Runtime(path, Order, handlers=given, **options) as runtime:
            run = await runtime.start(Order, key=RUN, exist_ok=True)
            if run.configuration == ("cart",):
                await run.send(Go(), id="go")
            snapshot = await run.wait(Order.paid, timeout=timedelta(seconds=20))
            await asyncio.sleep(0.2)
            return snapshot[Order.paid].what

    return asyncio.run(main())


def _stopped(numbers: Sequence[int], directory: Path) -> Tally:
    tally = Tally()
    for number in numbers:
        path = directory / f"stopped-{number}.db"
        journal = journal_of(path)
        where = f"stop {number}"
        tally.trials += 1
        first = begin(partial(_slowly, path, "first", 0.3), directory)
        deadline = time.monotonic() + PATIENCE
        while not any(lines(journal)) and time.monotonic() < deadline:
            time.sleep(0.001)
        os.kill(first[0], signal.SIGSTOP)
        time.sleep(LEASE.total_seconds())
        second = forked(partial(_slowly, path, "second", 0.0), directory)
        os.kill(first[0], signal.SIGCONT)
        ends = [second, end(*first)]
        for ended in ends:
            tally.note(ended, where)
            if not ended.error and ended.result != "second":
                tally.wrong.append(f"{where}: the answer is that of the {ended.result} deliverer")
        verdict = judge(path, journal, CHARTS)
        tally.add(verdict, where)
        done = [line.name for line in lines(journal) if line.what == CARRIED_OUT]
        tally.kills += done.count("1") == 2
        clear([path])
    return tally


def stopped(effort: Effort, directory: Path) -> Row:
    """Stop a deliverer past its lease."""
    tally = tallied(_stopped, range(effort.of(STOPS, 2)), effort.jobs * 4, directory)
    how = (
        "A process is stopped (SIGSTOP) while its handler is at work. Another one claims the "
        "call once the lease is over, carries it out under the same key, and answers. The first "
        "one wakes up and answers, too: it is late, and changes nothing."
    )
    figures = {
        "stopped processes": tally.trials,
        "calls carried out by both, under one key": tally.kills,
        "effects owed": tally.effects,
    }
    return Row("A deliverer stopped", how, figures, tuple(tally.wrong))


# -- many tasks ------------------------------------------------------------------------------------

TASKS: Final = 256
CROWDS: Final = 8
"""Stores that are used by so many tasks each."""


def _crowd(path: Path, process: int, tasks: int) -> None:
    """Drive runs of three charts, each in a task of its own."""
    journal = Journal(journal_of(path))
    clock = SimulatedClock(EPOCH)

    async def task(runtime: Runtime, number: int) -> None:
        key = f"{process}-{number}"
        if number % 3 == 0:
            build = await runtime.start(Build, key=key)
            journal.acknowledged(key, "go", (await build.send(Go(), id="go")).sequence)
        elif number % 3 == 1:
            ledger = await runtime.start(Ledger, key=key, context=Sum())
            for amount in range(6):
                name = f"id-{amount}"
                taken = await ledger.send(Book(amount), id=name)
                journal.acknowledged(key, name, taken.sequence)
        else:
            deployment = await runtime.start(Deployment, key=key, context=Count())
            journal.acknowledged(key, "go", (await deployment.send(Go(), id="go")).sequence)

    async def main() -> None:
        charts = (Build, Ledger, Deployment)
        async with Runtime(path, *charts, handlers=handlers(journal), clock=clock) as runtime:
            await asyncio.gather(*(task(runtime, number) for number in range(tasks)))
            await settled(runtime, clock)

    asyncio.run(main())


def crowds(effort: Effort, directory: Path) -> Row:
    """Let many tasks use one store."""
    tally = Tally()
    ended_runs = 0
    stores = effort.of(CROWDS)
    tasks = min(effort.of(CROWDS * TASKS, 24) // stores, TASKS)
    for number in range(stores):
        path = directory / f"crowd-{number}.db"
        begun = [begin(partial(_crowd, path, one, tasks // 2), directory) for one in range(2)]
        for ended in [end(*one) for one in begun]:
            tally.note(ended, f"crowd {number}")
        verdict = judge(path, journal_of(path), CHARTS)
        tally.add(verdict, f"crowd {number}")
        for key, history in verdict.runs.items():
            ended_runs += history.ended
            if not history.ended and int(key.partition("-")[2]) % 3 != 1:
                tally.wrong.append(f"crowd {number}: {key} has not come to its end")
        clear([path])
    how = (
        f"Two processes with {TASKS // 2} tasks each drive runs of three charts in one store, "
        "regions and history among them, and carry out each other's effects."
    )
    figures = {
        "stores": stores,
        "tasks": stores * tasks,
        "runs that came to their end": ended_runs,
        "acknowledged sends": tally.acknowledged,
        "effects owed": tally.effects,
        "effects carried out again under their key": tally.again,
    }
    return Row("Many tasks, charts and regions", how, figures, tuple(tally.wrong))
