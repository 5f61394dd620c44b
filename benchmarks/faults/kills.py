"""Kills: at every boundary, at pairs of boundaries, and at random instants."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import define, field, frozen

from benchmarks.faults.charts import Book, Ledger, Sum
from benchmarks.faults.family import Player, Score, Serve
from benchmarks.faults.journal import Journal
from benchmarks.faults.oracle import Verdict, judge
from benchmarks.faults.places import address_of, clear, journal_of, put_on, served
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    ALL_CHARTS,
    EPOCH,
    PATIENCE,
    RELATED,
    RUN,
    SCRIPTS,
    End,
    Script,
    begin,
    child,
    deliver,
    end,
    forked,
    handlers,
    spread,
)
from statecharts.runtime import Runtime, SimulatedClock

if TYPE_CHECKING:
    from tests.postgres import Server

T = TypeVar("T")

ALL: Final = {**SCRIPTS, **RELATED}
"""The scripts of all trials."""

PAIRS: Final = 150
"""Pairs of boundaries that are tried with each chart."""

SPARSE: Final = 5
"""Of so many boundaries and pairs one is tried on Postgres; odd, so that both sides of a statement
are."""

RANDOM: Final = 10_000
"""Kills at random instants."""

GENERATION: Final = 50
"""Kills of the processes that use one store, one after the other."""

SENDERS: Final = 6
"""Senders of a process, each with a run of its own."""

LATEST: Final = 0.05
"""Seconds in which a process is killed: from its birth, or from its first line in the journal."""

WAITING: Final = 2
"""Stores that a job has at once, whose processes mostly wait to be killed."""

AT_WORK: Final = 0.7
"""The part of the processes that are killed at work, and not while they begin."""


TALKS: Final = 600
"""Kills of processes in which two runs tell each other, half of them on Postgres."""

RALLY: Final = 5
"""Times that a ball comes back."""

ON_POSTGRES: Final = 500
"""Kills at random instants on Postgres."""


@frozen
class Generations:
    """One store, and how many processes are killed on it, one after the other.

    Attributes:
        seed: The number of the store.
        kills: How many are killed.
        talking: Whether its runs tell each other; else they book.
        of_postgres: Whether it is on Postgres.
    """

    seed: int
    kills: int
    talking: bool = False
    of_postgres: bool = False


@frozen
class Plan:
    """One trial: a chart, and the boundaries at which one process after the other dies."""

    chart: str
    kills: tuple[int, ...]


@define
class Tally:
    """The findings of some trials."""

    trials: int = 0
    kills: int = 0
    acknowledged: int = 0
    effects: int = 0
    again: int = 0
    told: int = 0
    started: int = 0
    wrong: list[str] = field(factory=list)

    def add(self, verdict: Verdict, where: str) -> None:
        """Add the oracle's findings on a store."""
        self.acknowledged += verdict.acknowledged
        self.effects += verdict.effects
        self.again += verdict.again
        self.told += verdict.told
        self.started += verdict.started
        self.wrong += [f"{where}: {text}" for text in verdict.wrong]

    def note(self, ended: End, where: str) -> None:
        """Count the error of a process as wrong, if it ended with one."""
        if ended.error:
            self.wrong.append(f"{where}: {ended.error}")

    def join(self, other: Tally) -> None:
        """Add the findings of other trials."""
        self.trials += other.trials
        self.kills += other.kills
        self.acknowledged += other.acknowledged
        self.effects += other.effects
        self.again += other.again
        self.told += other.told
        self.started += other.started
        self.wrong += other.wrong

    def figures(self) -> dict[str, int]:
        """Return the counts."""
        found = {
            "trials": self.trials,
            "kills": self.kills,
            "acknowledged sends": self.acknowledged,
            "effects owed": self.effects,
            "effects carried out again under their key": self.again,
        }
        if self.started:
            found["runs that others started"] = self.started
        if self.told:
            found["messages from run to run"] = self.told
        return found


def tallied(
    act: Callable[[Sequence[T], Path], Tally], given: Sequence[T], jobs: int, directory: Path
) -> Tally:
    """Spread trials over some processes; return the tally of them all."""
    total = Tally()
    for part in spread(lambda share: act(share, directory), given, jobs, directory):
        total.join(part)
    return total


def undisturbed(
    directory: Path, scripts: Mapping[str, Script] = SCRIPTS, server: Server | None = None
) -> dict[str, tuple[int, list[str]]]:
    """Return for each chart how many boundaries a run passes, and the events that it takes."""
    found = {}
    for name, script in scripts.items():
        path = directory / f"{name}.db"
        put_on(server, path)
        end = forked(child(path, script, 0), directory)
        verdict = judge(path, journal_of(path), ALL_CHARTS)
        if end.error or verdict.wrong:
            text = f"{name} fails without a kill: {end.error or verdict.wrong}"
            raise RuntimeError(text)
        found[name] = (end.result, sorted(verdict.runs[RUN].events))
        clear([path], server)
    return found


def singles(passed: dict[str, tuple[int, list[str]]], effort: Effort, every: int = 1) -> list[Plan]:
    """Return a plan for each boundary of each chart, or every so many of them."""
    return [
        Plan(name, (kill,))
        for name, (count, _) in passed.items()
        for kill in range(0, count, effort.every * every)
    ]


def pairs(
    passed: dict[str, tuple[int, list[str]]], effort: Effort, whole: int = PAIRS
) -> list[Plan]:
    """Return plans with two kills, spread evenly over all pairs."""
    found = []
    for name, (count, _) in passed.items():
        wanted = effort.of(whole)
        step = count * count / wanted
        found += [Plan(name, divmod(round(place * step), count)) for place in range(wanted)]
    return found


def tried(
    plans: Sequence[Plan],
    directory: Path,
    expected: dict[str, tuple[int, list[str]]],
    server: Server | None = None,
) -> Tally:
    """Carry plans out, and judge the stores they leave."""
    tally = Tally()
    for plan in plans:
        script = ALL[plan.chart]
        where = f"{plan.chart}, killed at {', '.join(map(str, plan.kills))}"
        path = directory / f"{plan.chart}-{'-'.join(map(str, plan.kills))}.db"
        put_on(server, path)
        tally.trials += 1
        error = ""
        for incarnation, kill in enumerate((*plan.kills, None)):
            end = forked(child(path, script, incarnation, kill), directory)
            tally.kills += end.killed
            error = end.error
            if error or not end.killed:
                break
        if error:
            tally.wrong.append(f"{where}: {error}")
        else:
            verdict = judge(path, journal_of(path), ALL_CHARTS)
            tally.add(verdict, where)
            history = verdict.runs.get(RUN)
            if history is None or not history.ended:
                tally.wrong.append(f"{where}: the run has not come to its end")
            elif sorted(history.events) != expected[plan.chart][1]:
                tally.wrong.append(f"{where}: other events than without a kill: {history.events}")
        clear([path], server)
    return tally


def _row(
    name: str,
    how: str,
    plans: list[Plan],
    effort: Effort,
    directory: Path,
    expected: dict[str, tuple[int, list[str]]],
    server: Server | None = None,
) -> Row:
    act = partial(tried, expected=expected, server=server)
    tally = tallied(act, plans, effort.jobs, directory)
    return Row(name, how, tally.figures(), tuple(tally.wrong))


def boundaries(effort: Effort, directory: Path) -> Row:
    """Kill at every boundary."""
    passed = undisturbed(directory)
    how = (
        "The process dies by SIGKILL before or after each statement with which it writes, the "
        "making of the tables included; another one goes on. Five charts with calls, retries and "
        "timers."
    )
    return _row("Killed at every boundary", how, singles(passed, effort), effort, directory, passed)


def doubles(effort: Effort, directory: Path) -> Row:
    """Kill at pairs of boundaries."""
    passed = undisturbed(directory)
    how = "The process that goes on is killed at a boundary of its own; a third one goes on."
    return _row("Killed twice", how, pairs(passed, effort), effort, directory, passed)


def family(effort: Effort, directory: Path) -> Row:
    """Kill runs that start others, at every boundary and at pairs of them."""
    passed = undisturbed(directory, RELATED)
    plans = singles(passed, effort) + pairs(passed, effort)
    how = (
        "A run starts children and awaits them, one and many; it leaves some, which are cancelled; "
        "it starts another run, tells it things and hears of them. The process dies at each "
        "boundary, and at pairs of them. Each message is in the history of whom it was for, once, "
        "after the one before it; each child has ended as its parent was told, once; none goes on "
        "that nobody waits for."
    )
    return _row("Killed with children and messages", how, plans, effort, directory, passed)


def on_postgres(effort: Effort, directory: Path) -> Row:
    """Kill at every boundary, and at pairs, of a store in Postgres."""
    with served() as server:
        passed = undisturbed(directory, ALL, server)
        plans = singles(passed, effort, SPARSE) + pairs(passed, effort, PAIRS // SPARSE)
        how = (
            "The same on a server of Postgres, where what runs say to each other is two commits: "
            "the process dies before or after every fifth of the statements that write, BEGIN and "
            "COMMIT included, and at pairs of them; with the five charts, and with children and "
            "messages."
        )
        return _row("Killed on Postgres", how, plans, effort, directory, passed, server)


def _booking(path: Path, incarnation: int) -> None:
    """Book on some runs at once, for ever."""

    async def book(runtime: Runtime, journal: Journal, place: int) -> None:
        key = f"r{place}"
        run = await runtime.start(Ledger, key=key, context=Sum(), exist_ok=True)
        for amount in range(1_000_000):
            name = f"{incarnation}-{amount}"
            taken = await run.send(Book(amount), id=name)
            journal.acknowledged(key, name, taken.sequence)

    _drive(path, incarnation, Ledger, book)


def _playing(path: Path, incarnation: int) -> None:
    """Let two runs send each other balls, for ever."""

    async def serve(runtime: Runtime, journal: Journal, place: int) -> None:
        key, other = ("left", "right") if place % 2 else ("right", "left")
        await runtime.start(Player, key=other, context=Score(), exist_ok=True)
        run = await runtime.start(Player, key=key, context=Score(), exist_ok=True)
        for number in range(1_000_000):
            name = f"{incarnation}-{place}-{number}"
            taken = await run.send(Serve(name, RALLY, other), id=name)
            journal.acknowledged(key, name, taken.sequence)

    _drive(path, incarnation, Player, serve)


def _drive(
    path: Path,
    incarnation: int,
    chart: Any,
    sender: Callable[[Runtime, Journal, int], Awaitable[None]],
) -> None:
    """Let some senders send at once."""
    clock = SimulatedClock(EPOCH + timedelta(minutes=incarnation))
    journal = Journal(journal_of(path))

    async def main() -> None:
        runtime = Runtime(address_of(path), chart, handlers=handlers(journal), clock=clock)
        async with runtime:
            await asyncio.gather(*(sender(runtime, journal, place) for place in range(SENDERS)))

    asyncio.run(main())


def await_growth(journal: Path) -> None:
    """Return when somebody has written to a journal; after a while even without that."""
    before = journal.stat().st_size if journal.exists() else 0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(0.002)
        if journal.exists() and journal.stat().st_size > before:
            return


def generations(
    plans: Sequence[Generations], directory: Path, server: Server | None = None
) -> Tally:
    """Kill the processes of some stores at random instants, and judge each store in the end.

    Args:
        plans: The stores.
        directory: The directory of the stores.
        server: A server of Postgres, for those that are there.
    """
    tally = Tally()
    for plan in plans:
        chance = random.Random(plan.seed)
        path = directory / f"random-{plan.seed}.db"
        put_on(server if plan.of_postgres else None, path)
        tally.trials += 1
        where = f"store {plan.seed}"
        act = _playing if plan.talking else _booking
        for incarnation in range(plan.kills):
            process, result = begin(partial(act, path, incarnation), directory)
            if chance.random() < AT_WORK:
                await_growth(journal_of(path))
            time.sleep(chance.uniform(0, LATEST))
            os.kill(process, signal.SIGKILL)
            ended = end(process, result)
            tally.kills += ended.killed
            tally.note(ended, f"{where}, process {incarnation}")
        charts = (Ledger, Player)
        ended = forked(partial(deliver, path, charts, timedelta(minutes=plan.kills)), directory)
        tally.note(ended, f"{where}, at the end")
        tally.add(judge(path, journal_of(path), ALL_CHARTS), where)
        clear([path], server)
    return tally


def at_random(effort: Effort, directory: Path) -> Row:
    """Kill at random instants."""
    kills = effort.of(RANDOM)
    plans = [
        Generations(start, min(GENERATION, kills - start)) for start in range(0, kills, GENERATION)
    ]
    how = (
        f"{SENDERS} senders at once; each event that is acknowledged is noted outside. The "
        f"process dies at a random instant within {LATEST * 1000:.0f} ms of its birth, or of its "
        f"first line in the journal; {GENERATION} follow each other on one store."
    )
    tally = tallied(generations, plans, effort.jobs * WAITING, directory)
    return Row("Killed at random", how, tally.figures(), tuple(tally.wrong))


def talks(effort: Effort, directory: Path) -> Row:
    """Kill two runs that tell each other, at random instants."""
    kills = effort.of(TALKS, 2)
    size = min(GENERATION, max(kills // 2, 1))
    plans = [
        Generations(place, min(size, kills - start), talking=True, of_postgres=place % 2 == 1)
        for place, start in enumerate(range(0, kills, size))
    ]
    with served() as server:
        act = partial(generations, server=server)
        tally = tallied(act, plans, effort.jobs * WAITING, directory)
    how = (
        f"{SENDERS} senders let two runs send each other balls, each {RALLY + 1} times over the "
        "net, in a file of SQLite and on a server of Postgres. The process dies as in the row "
        "before. No ball is lost, none comes twice, and none overtakes another."
    )
    return Row("Two runs that tell each other", how, tally.figures(), tuple(tally.wrong))


def at_random_on_postgres(effort: Effort, directory: Path) -> Row:
    """Kill at random instants, on Postgres."""
    kills = effort.of(ON_POSTGRES, 2)
    plans = [
        Generations(start, min(GENERATION, kills - start), of_postgres=True)
        for start in range(0, kills, GENERATION)
    ]
    with served() as server:
        act = partial(generations, server=server)
        tally = tallied(act, plans, effort.jobs * WAITING, directory)
    how = f"As in the row on SQLite: {SENDERS} senders at once, and the process dies at random."
    return Row("Killed at random, on Postgres", how, tally.figures(), tuple(tally.wrong))
