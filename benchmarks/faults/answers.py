"""Answers and clocks: answers twice, in another order or late; clocks a year off."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.faults.charts import Build, Count, Deployment, Done, Go, Half, Hold, Mail
from benchmarks.faults.journal import Journal
from benchmarks.faults.kills import Tally, tallied, undisturbed
from benchmarks.faults.oracle import judge
from benchmarks.faults.places import clear, journal_of
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
    EPOCH,
    RUN,
    SCRIPTS,
    Script,
    child,
    forked,
    handlers,
    spread,
)
from statecharts.runtime import Run, RunError, Runs, Runtime, SimulatedClock

SCRIPTED: Final = 1_000
"""Random orders in which answers come."""

ACTS: Final = 30
"""Answers and events of each of them."""

NEVER: Final = ("active.second.work#99", "nothing.at.all#1")
"""Calls that no run has made."""


def _shuffled(seeds: Sequence[int], directory: Path) -> dict[str, Any]:
    """Answer calls at random: those under way, those that are over, and some that never were."""
    counts: dict[str, Any] = {"taken": 0, "late": 0, "never made": 0, "wrong": []}
    for seed in seeds:
        chance = random.Random(seed)
        path = directory / f"answers-{seed}.db"
        chart: Any = (Deployment, Build)[seed % 2]
        context: dict[str, Any] = {"context": Count()} if chart is Deployment else {}
        clock = SimulatedClock(EPOCH)
        journal = Journal(journal_of(path))
        where = f"order {seed}"
        with Runs(path, chart, effects=(Mail,), clock=clock) as runs:
            run: Run[Any, Any] = runs.start(chart, key=RUN, **context)
            known = [*NEVER]
            for number in range(ACTS):
                under_way = list(run.calls)
                known += [call for call in under_way if call not in known]
                if chance.random() < 0.3:
                    name = f"id-{chance.randrange(number + 1)}"
                    event = chance.choice((Go(), Hold()) if chart is Deployment else (Go(),))
                    if not run.ended:
                        with contextlib.suppress(RunError):  # a timer may end it at that moment
                            taken = run.send(event, id=name)
                            if taken.handled:
                                journal.acknowledged(RUN, name, taken.sequence)
                    clock.advance(timedelta(minutes=chance.randrange(4)))
                    continue
                call = chance.choice(under_way if under_way and chance.random() < 0.3 else known)
                last = chance.random() < 0.7
                answer = Done("it") if last else Half("it")
                if call in NEVER:
                    if not _refused(run, call, answer):
                        counts["wrong"].append(f"{where}: {call} was never made, and was answered")
                    counts["never made"] += 1
                    continue
                taken = run.answer(call, answer, last=last)
                if taken.handled and call not in under_way:
                    counts["wrong"].append(f"{where}: {call} was not under way, and was answered")
                if not taken.handled and last and call in list(run.calls):
                    counts["wrong"].append(f"{where}: {call} is under way, and was not answered")
                counts["taken" if taken.handled else "late"] += 1
        journal.close()
        verdict = judge(path, journal_of(path), CHARTS, finished=False)
        counts["wrong"] += [f"{where}: {text}" for text in verdict.wrong]
        clear([path])
    return counts


def _refused(run: Run[Any, Any], call: str, answer: Any) -> bool:
    """Tell whether an answer to a call that was never made is an error that says so."""
    try:
        run.answer(call, answer)
    except RunError as error:
        return error.code == "SC835"
    return False


def answers(effort: Effort, directory: Path) -> Row:
    """Answer calls in any order, twice, and late."""
    seeds = range(effort.of(SCRIPTED))
    parts = spread(lambda share: _shuffled(share, directory), seeds, effort.jobs, directory)
    how = (
        f"{ACTS} answers and events come at random: to calls under way, to calls that are over, "
        "to calls that never were; ids of events are used again. Each call is answered once, and "
        "an answer to one that was never made is refused."
    )
    figures = {
        "orders": len(seeds),
        "answers taken": sum(part["taken"] for part in parts),
        "answers twice or late": sum(part["late"] for part in parts),
        "answers to nobody": sum(part["never made"] for part in parts),
    }
    wrong = tuple(text for part in parts for text in part["wrong"])
    return Row("Answers twice, in another order, late", how, figures, wrong)


# -- clocks ----------------------------------------------------------------------------------------

YEAR: Final = 365 * 24
"""Hours."""

KILLS: Final = 40
"""Kills of each chart, in each direction."""


def _owed(path: Path, script: Script, hours: int) -> Any:
    """Return the work of a process that goes on while time stands still: it tells what is owed."""

    def act() -> list[str]:
        journal = Journal(journal_of(path))
        clock = SimulatedClock(EPOCH + timedelta(hours=hours))

        async def main() -> list[str]:
            async with Runtime(
                path, script.chart, handlers=handlers(journal), clock=clock
            ) as runtime:
                await runtime.settle()
                store = runtime._operations.store  # noqa: SLF001 - what is stored is what is tried
                stored = store.read(RUN)
                return [
                    f"{one.name} {one.number}"
                    for one in (() if stored is None else stored.owed)
                    if not one.attempts and not one.handed
                ]

        return asyncio.run(main())

    return act


def _shifted(plans: Sequence[tuple[str, int, int]], directory: Path) -> Tally:
    tally = Tally()
    for name, kill, years in plans:
        script = SCRIPTS[name]
        path = directory / f"clock-{name}-{kill}-{years}.db"
        where = f"{name}, killed at {kill}, the clock then set by {years} years"
        tally.trials += 1
        first = forked(child(path, script, 0, kill), directory)
        tally.kills += first.killed
        left = forked(_owed(path, script, years * YEAR + 1), directory)
        last = forked(child(path, script, years * YEAR + 2), directory)
        for ended in (first, left, last):
            tally.note(ended, where)
        tally.wrong += [f"{where}: {one} waits for the clock" for one in left.result or ()]
        verdict = judge(path, journal_of(path), CHARTS)
        tally.add(verdict, where)
        if RUN not in verdict.runs or not verdict.runs[RUN].ended:
            tally.wrong.append(f"{where}: the run has not come to its end")
        clear([path])
    return tally


def clocks(effort: Effort, directory: Path) -> Row:
    """Set the clock by a year while nobody runs."""
    passed = undisturbed(directory)
    plans = [
        (name, round(place * count / effort.of(KILLS)), years)
        for name, (count, _) in passed.items()
        for place in range(effort.of(KILLS))
        for years in (-1, 1)
    ]
    tally = tallied(_shifted, plans, effort.jobs, directory)
    how = (
        "The process is killed, the clock is set a year back or ahead, and another process goes "
        "on: what has never been tried is carried out at once, and the run comes to its end."
    )
    return Row("The clock a year off", how, tally.figures(), tuple(tally.wrong))
