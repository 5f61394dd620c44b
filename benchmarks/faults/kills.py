"""Kills: at every boundary, at pairs of boundaries, and at random instants."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import define, field, frozen

from benchmarks.faults.charts import Book, Ledger, Sum
from benchmarks.faults.journal import Journal
from benchmarks.faults.oracle import Verdict, judge
from benchmarks.faults.places import address_of, clear, journal_of, put_on, served
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
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

RANDOM: Final = 10_000
"""Kills at random instants."""

GENERATION: Final = 50
"""Kills of the processes that use one store, one after the other."""

SENDERS: Final = 6
"""Senders of a process, each with a run of its own."""

LATEST: Final = 0.05
"""Seconds in which a process is killed: from its birth, or from its first line in the journal."""

AT_WORK: Final = 0.7
"""The part of the processes that are killed at work, and not while they begin."""


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
        verdict = judge(path, journal_of(path), CHARTS)
        if end.error or verdict.wrong:
            text = f"{name} fails without a kill: {end.error or verdict.wrong}"
            raise RuntimeError(text)
        found[name] = (end.result, sorted(verdict.runs[RUN].events))
        clear([path], server)
    return found


def singles(passed: dict[str, tuple[int, list[str]]], effort: Effort) -> list[Plan]:
    """Return a plan for each boundary of each chart, or every so many of them."""
    return [
        Plan(name, (kill,))
        for name, (count, _) in passed.items()
        for kill in range(0, count, effort.every)
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
            verdict = judge(path, journal_of(path), CHARTS)
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
        plans = singles(passed, effort) + pairs(passed, effort, PAIRS // 3)
        how = (
            "The same on a server of Postgres, where what runs say to each other is two commits: "
            "the process dies before or after each statement that writes, BEGIN and COMMIT "
            "included, and at pairs of them; with the five charts, and with children and messages."
        )
        return _row("Killed on Postgres", how, plans, effort, directory, passed, server)


def _booking(path: Path, incarnation: int) -> None:
    """Book on some runs at once, for ever."""
    clock = SimulatedClock(EPOCH + timedelta(minutes=incarnation))
    journal = Journal(journal_of(path))

    async def book(runtime: Runtime, key: str) -> None:
        run = await runtime.start(Ledger, key=key, context=Sum(), exist_ok=True)
        for amount in range(1_000_000):
            name = f"{incarnation}-{amount}"
            taken = await run.send(Book(amount), id=name)
            journal.acknowledged(key, name, taken.sequence)

    async def main() -> None:
        async with Runtime(
            address_of(path), Ledger, handlers=handlers(journal), clock=clock
        ) as runtime:
            await asyncio.gather(*(book(runtime, f"r{place}") for place in range(SENDERS)))

    asyncio.run(main())


def _await_growth(journal: Path) -> None:
    """Return when somebody has written to a journal; after a while even without that."""
    before = journal.stat().st_size if journal.exists() else 0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(0.002)
        if journal.exists() and journal.stat().st_size > before:
            return


def generations(seeds: Sequence[tuple[int, int]], directory: Path) -> Tally:
    """Kill the processes of some stores at random instants, and judge each store in the end.

    Args:
        seeds: For each store its number, and how many processes are killed.
        directory: The directory of the stores.
    """
    tally = Tally()
    for seed, kills in seeds:
        chance = random.Random(seed)
        path = directory / f"random-{seed}.db"
        tally.trials += 1
        where = f"store {seed}"
        for incarnation in range(kills):
            process, result = begin(partial(_booking, path, incarnation), directory)
            if chance.random() < AT_WORK:
                _await_growth(journal_of(path))
            time.sleep(chance.uniform(0, LATEST))
            os.kill(process, signal.SIGKILL)
            ended = end(process, result)
            tally.kills += ended.killed
            tally.note(ended, f"{where}, process {incarnation}")
        ended = forked(partial(deliver, path, Ledger, timedelta(minutes=kills)), directory)
        tally.note(ended, f"{where}, at the end")
        tally.add(judge(path, journal_of(path), CHARTS), where)
        clear([path])
    return tally


def at_random(effort: Effort, directory: Path) -> Row:
    """Kill at random instants."""
    kills = effort.of(RANDOM)
    plans = [(start, min(GENERATION, kills - start)) for start in range(0, kills, GENERATION)]
    how = (
        f"{SENDERS} senders at once; each event that is acknowledged is noted outside. The "
        f"process dies at a random instant within {LATEST * 1000:.0f} ms of its birth, or of its "
        f"first line in the journal; {GENERATION} follow each other on one store."
    )
    tally = tallied(generations, plans, effort.jobs, directory)
    return Row("Killed at random", how, tally.figures(), tuple(tally.wrong))
