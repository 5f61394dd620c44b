"""A trial: a process that drives a run by a script, is killed, and is followed by another.

Time is simulated. Each incarnation of the process begins an hour after the last one, so that the
claims of the dead have run out; when nothing is left to do, time goes on to what falls due next.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import frozen

from benchmarks.faults.boundary import Boundaries
from benchmarks.faults.charts import (
    Approval,
    Ask,
    Build,
    Count,
    Deployment,
    Done,
    Go,
    Half,
    Hold,
    Ledger,
    Mail,
    Order,
    Subscription,
    Work,
)
from benchmarks.faults.family import FAMILY, Player, Tour
from benchmarks.faults.journal import ACKNOWLEDGED, Journal, lines
from benchmarks.faults.places import address_of, journal_of
from statecharts.runtime import LiveRun, Retry, Runtime, SimulatedClock, Task, handle
from statecharts.store import sqlite as _sqlite  # noqa: F401 - before processes are forked, not in each

T = TypeVar("T")
R = TypeVar("R")

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
RUN: Final = "r"
PATIENCE: Final = 60
"""Seconds after which a process that hangs is ended, and told as wrong."""


# -- scripts ---------------------------------------------------------------------------------------


@frozen
class Sends:
    """Send an event once the run is in a state."""

    event: Any
    state: str


@frozen
class Answers:
    """Answer the call of a person once the run is in a state, if nobody has."""

    event: Any
    state: str
    last: bool = True


@frozen
class Script:
    """The acts that drive a run to its end.

    Attributes:
        chart: Its chart.
        acts: The acts from outside, in order.
        context: The context that it begins with.
        others: The charts of the runs that it starts.
    """

    chart: Any
    acts: tuple[Sends | Answers, ...] = ()
    context: Any = None
    others: tuple[Any, ...] = ()


SCRIPTS: Final = {
    "Order": Script(Order, (Sends(Go(), "cart"),)),
    "Subscription": Script(Subscription, (), Count()),
    "Build": Script(Build, (Sends(Go(), "waiting"),)),
    "Approval": Script(
        Approval,
        (
            Sends(Go(), "drafted"),
            Sends(Hold(), "open.asked"),
            Sends(Go(), "open.held"),
            Answers(Done("yes"), "open.asked"),
        ),
    ),
    "Deployment": Script(
        Deployment,
        (Sends(Go(), "idle"), Sends(Hold(), "active.rest"), Sends(Go(), "held")),
        Count(),
    ),
}
RELATED: Final = {
    "Tour": Script(Tour, (Sends(Go(), "home"), Sends(Hold(), "left")), None, FAMILY),
}
"""Scripts of runs that start others, and that tell each other."""

CHARTS: Final = {script.chart.chart.name: script.chart for script in SCRIPTS.values()} | {
    Ledger.chart.name: Ledger
}
"""The charts whose runs have nothing to do with each other."""

ALL_CHARTS: Final = CHARTS | {one.chart.name: one for one in (Player, *FAMILY)}


# -- the process -----------------------------------------------------------------------------------


def handlers(journal: Journal) -> list[Any]:
    """Return handlers that note each effect they carry out."""

    async def work(call: Work, task: Task[Done | Half]) -> Done:
        journal.carried_out(task.key, call)
        if task.attempt == 1 and call.what in ("charge", "second", "renew 1"):
            text = "the first attempt fails"
            raise ConnectionError(text)
        if call.what in ("charge", "lint"):
            await task.progress(Half(call.what))
        return Done(call.what)

    def ask(call: Ask, task: Task[Done]) -> None:
        journal.carried_out(task.key, call)

    async def mail(effect: Mail, task: Task[Any]) -> None:
        journal.carried_out(task.key, effect)

    # No number of kills from outside, which hit the same effect each time, makes it a failure.
    retry = Retry(attempts=1_000_000, delay=timedelta(seconds=20), backoff="fixed")
    return [
        handle(Work, work, retry=retry),
        handle(Ask, ask, retry=retry),
        handle(Mail, mail, retry=retry),
    ]


async def drive(path: Path, journal: Journal, script: Script, incarnation: int) -> None:
    """Start the run or go on with it, until it has come to its end."""
    clock = SimulatedClock(EPOCH + timedelta(hours=incarnation))
    known = {line.name for line in lines(journal.path) if line.what == ACKNOWLEDGED}
    charts = dict.fromkeys((script.chart, *script.others))
    runtime = Runtime(address_of(path), *charts, handlers=handlers(journal), clock=clock)
    async with runtime:
        options = {} if script.context is None else {"context": script.context}
        run: LiveRun[Any, Any] = await runtime.start(
            script.chart, key=RUN, exist_ok=True, **options
        )
        if run.status == "suspended":
            await run.resume()
        for number, act in enumerate(script.acts):
            name = f"act-{number}"
            if isinstance(act, Sends):
                if name in known:
                    continue
                if name not in {past.id for past in run.history()}:
                    await until(runtime, clock, run, act.state)
                    if run.ended:  # its timers were quicker: the clock has been set ahead
                        continue
                taken = await run.send(act.event, id=name)
                journal.acknowledged(RUN, name, taken.sequence)
            elif not run.ended:
                await until(runtime, clock, run, act.state)
                for call in list(run.calls):
                    await run.answer(call, act.event, last=act.last)
        await until(runtime, clock, run, None)
        await settled(runtime, clock)


async def until(
    runtime: Runtime, clock: SimulatedClock, run: LiveRun[Any, Any], state: str | None
) -> None:
    """Let time pass until the run is in a state, or has ended."""
    for _ in range(1_000):
        await runtime.settle()
        if run.ended if state is None else (run.ended or state in run.configuration):
            return
        on(runtime, clock)
    text = f"the run never came to {state or 'its end'}; it is in {run.configuration}"
    raise AssertionError(text)


async def settled(runtime: Runtime, clock: SimulatedClock) -> None:
    """Let time pass until nothing is owed, by however many runs."""
    for _ in range(100_000):
        await runtime.settle()
        if runtime._operations.due_in(clock.now()) is None:  # noqa: SLF001 - asked as a worker asks
            return
        on(runtime, clock)
    text = "there is no end to what falls due"
    raise AssertionError(text)


def deliver(path: Path, charts: Sequence[Any], after: timedelta, epoch: datetime = EPOCH) -> None:
    """Carry out all that a store owes, by a clock that begins so long after the epoch."""
    journal = Journal(journal_of(path))
    clock = SimulatedClock(epoch + after)

    async def main() -> None:
        async with Runtime(
            address_of(path), *charts, handlers=handlers(journal), clock=clock
        ) as runtime:
            await settled(runtime, clock)

    asyncio.run(main())


def on(runtime: Runtime, clock: SimulatedClock) -> None:
    """Advance the clock to the next due time, or by a minute."""
    due = runtime._operations.due_in(clock.now())  # noqa: SLF001 - asked as a worker asks
    clock.advance(timedelta(minutes=1) if due is None else due - clock.now())


def child(
    path: Path, script: Script, incarnation: int, kill: int | None = None
) -> Callable[[], int]:
    """Return the work of a process that drives a run, and dies at a boundary.

    The work returns the number of boundaries passed.
    """

    def act() -> int:
        boundaries = Boundaries(kill)
        boundaries.install(of_postgres=isinstance(address_of(path), str))
        journal = Journal(journal_of(path))
        asyncio.run(drive(path, journal, script, incarnation))
        return boundaries.passed

    return act


# -- processes -------------------------------------------------------------------------------------


@frozen
class End:
    """The end of a process.

    Attributes:
        killed: Whether it was killed.
        result: Its result.
        error: Its traceback, or the signal that ended it unless that was SIGKILL; else empty.
    """

    killed: bool
    result: Any = None
    error: str = ""


def begin(act: Callable[[], object], directory: Path) -> tuple[int, Path]:
    """Fork a process; return its id, and the file that will hold its result."""
    number, name = tempfile.mkstemp(dir=directory, suffix=".result")
    os.close(number)
    result = Path(name)
    process = os.fork()
    if process:
        return process, result
    code = 1
    try:
        signal.alarm(PATIENCE)
        result.write_bytes(pickle.dumps(act()))
        code = 0
    except BaseException:  # noqa: BLE001 - told by the parent
        result.write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        sys.stdout.flush()
        os._exit(code)


def end(process: int, result: Path) -> End:
    """Await a process."""
    _, status = os.waitpid(process, 0)
    try:
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status))
            return End(name == signal.SIGKILL, None, "" if name == signal.SIGKILL else name.name)
        if os.WEXITSTATUS(status):
            return End(killed=False, error=result.read_text(encoding="utf-8"))
        return End(killed=False, result=pickle.loads(result.read_bytes()))  # noqa: S301 - our own
    finally:
        result.unlink()


def forked(act: Callable[[], object], directory: Path) -> End:
    """Do something in a process of its own."""
    return end(*begin(act, directory))


def spread(
    act: Callable[[Sequence[T]], R], given: Sequence[T], jobs: int, directory: Path
) -> list[R]:
    """Share work among processes; return the result of each."""
    shares = [given[start::jobs] for start in range(jobs)]
    begun = [begin(partial(_unalarmed, act, share), directory) for share in shares if share]
    ends = [end(*one) for one in begun]
    for one in ends:
        if one.error or one.killed:
            raise RuntimeError(one.error or "a worker was killed")
    return [one.result for one in ends]


def _unalarmed(act: Callable[[Sequence[T]], R], share: Sequence[T]) -> R:
    signal.alarm(0)
    return act(share)
