"""Situations in which other libraries lose or invent something, with them and with ours."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from benchmarks.apart.environments import STORED, make
from benchmarks.faults.boundary import Boundaries, die
from benchmarks.faults.charts import Build, Done, Go, Half, Ledger, Mail, Order, Sum, Work
from benchmarks.faults.journal import CARRIED_OUT, Journal, lines
from benchmarks.faults.oracle import judge
from benchmarks.faults.places import journal_of, workplace
from benchmarks.faults.rows import Effort
from benchmarks.faults.trial import (
    CHARTS,
    EPOCH,
    RUN,
    begin,
    end,
    forked,
)
from statecharts import CallFailed, Compound, Parallel, State, Statechart
from statecharts.runtime import Runs, Runtime, SimulatedClock, Task, handle

TRIALS: Final = 20
THEIRS: Final = Path(__file__).with_name("theirs.py")
OURS: Final = "statecharts"


@frozen
class Outcome:
    """The outcome of a situation for one library.

    Attributes:
        library: Its name and version.
        wrong: The number of trials in which something went wrong.
        trials: The number of trials.
        said: The meaning of the figures, in a few words.
        missing: The reason for having no trials; else empty.
    """

    library: str
    wrong: int = 0
    trials: int = 0
    said: str = ""
    missing: str = ""


@frozen
class Situation:
    """A situation, and its outcome for each library."""

    name: str
    how: str
    outcomes: tuple[Outcome, ...]

    @property
    def ours_wrong(self) -> bool:
        """Whether anything went wrong with ours."""
        return any(one.library == OURS and one.wrong for one in self.outcomes)


class Twins(Statechart[Go | Done]):
    """Two regions that take the same event."""

    idle = State(initial=True)

    class both(Parallel):
        """Both at once."""

        class left(Compound):
            """One of them."""

            a = State(initial=True)
            b = State()
            a.to(b, on=Go)
            b.ignore(on=Go)

        class right(Compound):
            """The other one."""

            c = State(initial=True)
            d = State()
            c.to(d, on=Go)
            d.ignore(on=Go)

    over = State(final=True)
    idle.to(both, on=Go)
    both.to(over, on=Done)


def _before() -> Any:
    class Shop(Statechart[Go | Done | Half]):
        """The version that is running."""

        idle = State(initial=True)
        working = State(invoke={Work: lambda _: Work("charge")})
        over = State(final=True)
        idle.to(working, on=Go)
        working.to(over, on=Done)
        working.to(over, on=CallFailed)
        working.ignore(on=Half)

    return Shop


def _after() -> Any:
    class Shop(Statechart[Go | Done | Half]):
        """The version that is deployed over it: work is checked."""

        idle = State(initial=True)
        working = State(invoke={Work: lambda _: Work("charge")})
        checking = State(invoke={Work: lambda _: Work("check")})
        over = State(final=True)
        idle.to(working, on=Go)
        working.to(checking, on=Done)
        working.to(over, on=CallFailed)
        working.ignore(on=Half)
        checking.to(over, on=Done)
        checking.to(over, on=CallFailed)
        checking.ignore(on=Half)

    return Shop


# -- ours ------------------------------------------------------------------------------------------


def _run(path: Path, chart: Any, hours: int, *, dying: bool = False, meeting: bool = False) -> Any:
    """Return the work of a process that sends to a run and carries out its calls."""

    def act() -> tuple[str, ...]:
        journal = Journal(journal_of(path))

        async def work(call: Work, task: Task[Done | Half]) -> Done:
            journal.carried_out(task.key, call)
            if dying:
                die()
            return Done(call.what)

        clock = SimulatedClock(EPOCH + timedelta(hours=hours))

        async def main() -> tuple[str, ...]:
            given = [handle(Work, work)]
            options: dict[str, Any] = {"handlers": given, "effects": (Mail,), "clock": clock}
            async with Runtime(path, chart, **options) as runtime:
                run: Any = await runtime.start(chart, key=RUN, exist_ok=True)
                if meeting:
                    _meet(path)
                if not hours:
                    await run.send(Go())
                await runtime.settle()
                return run.configuration  # type: ignore[no-any-return]

        return asyncio.run(main())

    return act


def _meet(path: Path) -> None:
    (path.parent / f"{path.stem}.ready-{os.getpid()}").touch()
    deadline = time.monotonic() + 30
    while len(list(path.parent.glob(f"{path.stem}.ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.0005)


def _ours_dies(directory: Path, number: int) -> bool:
    path = directory / f"dies-{number}.db"
    forked(_run(path, Order, 0, dying=True), directory)
    verdict = judge(path, journal_of(path), CHARTS, finished=False)
    acted = [line for line in lines(journal_of(path)) if line.what == CARRIED_OUT]
    return bool(verdict.wrong) or len(acted) != 1


def _ours_races(directory: Path, number: int) -> bool:
    path = directory / f"races-{number}.db"
    with Runs(path, Order, effects=(Mail,), clock=SimulatedClock(EPOCH)) as runs:
        runs.start(Order, key=RUN)
    begun = [begin(_run(path, Order, 0, meeting=True), directory) for _ in range(2)]
    errors = [ended.error for ended in [end(*one) for one in begun] if ended.error]
    verdict = judge(path, journal_of(path), CHARTS, finished=False)
    keys = {line.name for line in lines(journal_of(path)) if line.what == CARRIED_OUT}
    return bool(verdict.wrong or errors) or keys != {"1"}


def _sending(open_runs: Callable[[], Runs], number: int) -> Callable[[], None]:
    """Return the work of a process that sends to a run and dies at a boundary on the way."""

    def act() -> None:
        boundaries = Boundaries()
        boundaries.install()
        with open_runs() as runs:
            run = runs.get(RUN)
            boundaries.kill = boundaries.passed + number
            run.send(Go())

    return act


def _ours_regions(directory: Path, number: int) -> bool | None:
    path = directory / f"regions-{number}.db"
    open_runs = partial(Runs, path, Twins, clock=SimulatedClock(EPOCH))
    with open_runs() as runs:
        runs.start(Twins, key=RUN).send(Go())
    if not forked(_sending(open_runs, number), directory).killed:
        return None
    with Runs(path, Twins) as runs:
        active = [one.rpartition(".")[2] for one in runs.get(RUN).configuration]
        return ("b" in active) != ("d" in active) or bool(runs.verify())


def _ours_charts(directory: Path, number: int) -> bool | None:
    path = directory / f"charts-{number}.db"
    open_runs = partial(Runs, path, Build, effects=(Mail,), clock=SimulatedClock(EPOCH))
    with open_runs() as runs:
        runs.start(Build, key=RUN)
    if not forked(_sending(open_runs, number), directory).killed:
        return None
    with Runs(path, Ledger, effects=(Mail,), clock=SimulatedClock(EPOCH)) as runs:
        runs.start(Ledger, key="s", context=Sum())
        runs.recover()
    return bool(judge(path, journal_of(path), CHARTS, finished=False).wrong)


def _ours_upgrades(directory: Path, number: int) -> bool:
    path = directory / f"upgrades-{number}.db"
    forked(_run(path, _before(), 0, dying=True), directory)
    ended = forked(_run(path, _after(), 1), directory)
    return bool(ended.error) or ended.result != ("over",)


def _ours(trial: Callable[[Path, int], bool | None], count: int, said: str) -> Outcome:
    directory = workplace()
    try:
        found = [trial(directory, number) for number in range(count)]
    finally:
        shutil.rmtree(directory)
    return _outcome(OURS, found, said)


def _outcome(library: str, found: Sequence[bool | None], said: str) -> Outcome:
    """Count the trials that took place; None is one that did not."""
    counted = [one for one in found if one is not None]
    return Outcome(library, sum(counted), len(counted), said)


# -- theirs ----------------------------------------------------------------------------------------


class MissingError(Exception):
    """The library cannot be had."""


def _played(
    python: Path, library: str, situation: str, role: str, directory: Path, kill: str = ""
) -> Any:
    environment = {**os.environ, **({"KILL": kill} if kill else {})}
    done = subprocess.run(  # noqa: S603 - our own program
        [str(python), str(THEIRS), library, situation, role, str(directory)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        return None
    try:
        said = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        text = f"{library} failed: {done.stderr[-2000:]}"
        raise RuntimeError(text) from None
    if isinstance(said, dict) and "missing" in said:
        raise MissingError(said["missing"])
    return said


def _acted(directory: Path) -> int:
    file = directory / "acted"
    return len(file.read_text().splitlines()) if file.exists() else 0


def _theirs_dies(python: Path, library: str, directory: Path, number: int) -> bool | None:
    del number
    _played(python, library, "dies", "begin", directory, "act")
    left = _played(python, library, "dies", "look", directory)
    return _acted(directory) > 0 and "Cart" in str(left)


def _theirs_races(python: Path, library: str, directory: Path, number: int) -> bool | None:
    del number
    _played(python, library, "races", "begin", directory)
    command = [str(python), str(THEIRS), library, "races", "race", str(directory)]
    racers = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for _ in range(2)
    ]
    for racer in racers:
        racer.wait()
    return _acted(directory) > 1


def _theirs_regions(python: Path, library: str, directory: Path, number: int) -> bool | None:
    _played(python, library, "regions", "begin", directory)
    if _played(python, library, "regions", "kill", directory, str(number)) is not None:
        return None
    left = str(_played(python, library, "regions", "look", directory))
    return (".B" in left) != (".D" in left)


def _theirs_charts(python: Path, library: str, directory: Path, number: int) -> bool | None:
    _played(python, library, "charts", "begin", directory)
    if _played(python, library, "charts", "kill", directory, str(number)) is not None:
        return None
    left = _played(python, library, "charts", "other", directory)
    return any(parent == "r" and chart != "m" for parent, chart in left)


def _theirs_upgrades(python: Path, library: str, directory: Path, number: int) -> bool | None:
    del number
    _played(python, library, "upgrades", "begin", directory)
    return bool(_played(python, library, "upgrades", "look", directory) != "SUCCESS")


def _theirs(
    python: Path,
    library: str,
    trial: Callable[[Path, str, Path, int], bool | None],
    count: int,
    said: str,
) -> Outcome:
    name = NAMES[library]
    found = []
    for number in range(count):
        directory = workplace()
        try:
            found.append(trial(python, library, directory, number))
        except MissingError:
            return Outcome(name, missing="not installed where this was run")
        finally:
            shutil.rmtree(directory)
    return _outcome(f"{name} {_version(python, name)}", found, said)


NAMES: Final = {"harel": "harel", "xstate": "xstate-statemachine", "dbos": "dbos"}


def _python(library: str) -> Path:
    """Return the Python that has a library; ours, which need not have it, if none can be made."""
    (peer,) = (one for one in STORED if one.name == NAMES[library])
    missing = make(peer)
    if missing is not None:
        click.echo(missing.reason, err=True)
        return Path(sys.executable)
    return peer.python


def _version(python: Path, name: str) -> str:
    program = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run(  # noqa: S603 - a program of one line
        [str(python), "-c", program], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def compared(effort: Effort, peers: Path | None) -> list[Situation]:
    """Carry each situation out with each library that has it.

    Args:
        effort: The share of the trials to carry out.
        peers: A Python that has the other libraries; by default each has an environment of its
            own, which is made when it is not there.
    """
    pythons = {library: peers or _python(library) for library in NAMES}
    count = effort.of(TRIALS, 2)
    few = effort.of(3)
    acted = "acted on, and not in the store after a restart"
    twice = "both acted, one of them was committed"
    return [
        Situation(
            "Killed after acting",
            "The process dies right after its handler (or action) has acted on the outside world.",
            (
                _ours(
                    _ours_dies, count, "committed before it acts; acts again, under the same key"
                ),
                _theirs(pythons["harel"], "harel", _theirs_dies, count, acted),
                _theirs(pythons["xstate"], "xstate", _theirs_dies, count, acted),
            ),
        ),
        Situation(
            "Two senders race",
            "Two processes send a run the same event; only one of them can be the first.",
            (
                _ours(_ours_races, count, "one transition, one effect, one key"),
                _theirs(pythons["harel"], "harel", _theirs_races, count, twice),
                _theirs(
                    pythons["xstate"], "xstate", _theirs_races, count, f"{twice} (its default lock)"
                ),
            ),
        ),
        Situation(
            "Killed while two regions take an event",
            "The process dies before each commit in turn. After a restart, one region has taken "
            "the event and the other has not.",
            (
                _ours(_ours_regions, 20, "one commit for all regions"),
                _theirs(
                    pythons["harel"],
                    "harel",
                    _theirs_regions,
                    8,
                    "half an event, until it is sent again",
                ),
            ),
        ),
        Situation(
            "Two charts in one store",
            "The process dies between entering a state and beginning its regions; a process of "
            "another chart uses the store next.",
            (
                _ours(_ours_charts, 20, "regions are part of the run"),
                _theirs(
                    pythons["harel"],
                    "harel",
                    _theirs_charts,
                    5,
                    "regions begun as those of the other chart",
                ),
            ),
        ),
        Situation(
            "A new version goes on",
            "The process dies at work; a version with one more step is started over its store.",
            (
                _ours(_ours_upgrades, count, "goes on in the new version"),
                _theirs(
                    pythons["dbos"],
                    "dbos",
                    _theirs_upgrades,
                    few,
                    "PENDING until the old version runs again",
                ),
            ),
        ),
    ]
