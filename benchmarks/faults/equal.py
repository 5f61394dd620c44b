"""Equality: the same script leaves the same state in every store, for any hash seed."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.faults.charts import Book, Done, Go, Half, Hold, Mail, Sum
from benchmarks.faults.places import clear, served
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
    EPOCH,
    SCRIPTS,
    spread,
)
from statecharts.runtime import Run, RunError, Runs, SimulatedClock
from statecharts.store.port import Store

if TYPE_CHECKING:
    from tests.postgres import Server

SEEDS: Final = 32
"""Hash seeds."""

SCRIPTED: Final = 100
"""Random scripts that are carried out in each store."""

ACTS: Final = 40
"""Acts of a script."""


def state(store: Store) -> str:
    """Return the hash of everything in a store but its claims."""
    said: list[Any] = []
    for head in store.heads(limit=1_000_000):
        stored = store.read(head.run)
        if stored is None:
            continue
        owed = [(one.number, one.name, one.call, one.body, one.attempts) for one in stored.owed]
        said.append((head, owed, stored.timers, stored.waiting))
        checkpoints = store.checkpoints(head.run)
        said += [store.entries(head.run), checkpoints]
        said += [one.snapshot for one in checkpoints]
        said += [head.snapshot, head.seal, head.link, head.total]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def played(address: str | Path, seed: int, *, again: bool = False) -> str:
    """Carry a random script out; return the hash of the state that it leaves.

    Args:
        address: The store.
        seed: The number of the script.
        again: Whether the store is closed and opened on the way, so that nothing is kept in memory.
    """
    chance = random.Random(seed)
    clock = SimulatedClock(EPOCH)

    def opened() -> Runs:
        return Runs(address, *CHARTS.values(), effects=(Mail,), clock=clock)

    runs = opened()
    for name, chart in CHARTS.items():
        context = SCRIPTS[name].context if name in SCRIPTS else Sum()
        given: dict[str, Any] = {} if context is None else {"context": context}
        runs.start(chart, key=name, **given)
    for number in range(ACTS):
        if again and number % 5 == 0:
            runs.close()
            runs = opened()
        run: Run[Any, Any] = runs.get(chance.choice([*CHARTS]))
        with contextlib.suppress(RunError):  # a timer may end it at that moment
            _act(runs, run, chance, f"id-{number}")
        clock.advance(timedelta(hours=chance.choice((0, 0, 1, 30))))
    found = state(runs._operations.store)  # noqa: SLF001 - what is stored is what is compared
    runs.close()
    return found


def _act(runs: Runs, run: Run[Any, Any], chance: random.Random, name: str) -> None:
    calls = list(run.snapshot.calls)
    kind = chance.random()
    if run.ended:
        return
    if calls and kind < 0.4:
        last = chance.random() < 0.8
        event = Done("it") if last or run.key == "Approval" else Half("it")
        run.answer(chance.choice(calls), event, last=last)
    elif kind < 0.5:
        if run.status == "suspended":
            run.resume()
        else:
            run.suspend("for a while")
    elif kind < 0.6:
        operations = runs._operations  # noqa: SLF001 - as a worker does
        operations.writer.do(operations.fire(run.key))
    elif run.key == "Ledger":
        run.send(Book(chance.randrange(9)), id=name)
    elif run.key != "Subscription":
        wish = chance.choice((Go(), Hold()))
        if not (isinstance(wish, Hold) and run.key in {"Order", "Build"}):
            run.send(wish, id=name)


def hashes(effort: Effort, directory: Path) -> Row:
    """Carry a script out with each hash seed."""
    del directory
    found: dict[str, list[int]] = {}
    seeds = range(effort.of(SEEDS, 2))
    program = (
        "from benchmarks.faults.equal import played\n"
        "print(*(played('memory:', number) for number in range(5)))"
    )

    def seeded(seed: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        line = [sys.executable, "-c", program]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves

    with ThreadPoolExecutor(effort.jobs) as pool:
        ends = list(pool.map(seeded, seeds))
    wrong = [done.stderr for done in ends if done.returncode]
    for seed, done in zip(seeds, ends, strict=True):
        found.setdefault(done.stdout, []).append(seed)
    if len(found) != 1:
        wrong.append(f"the hash seeds leave {len(found)} different states: {[*found.values()]}")
    how = (
        "The same script leaves the same state, to the last byte, whatever the hash seed of Python."
    )
    return Row(
        "Hash seeds", how, {"hash seeds": len(seeds), "different states": len(found)}, tuple(wrong)
    )


def stores(effort: Effort, directory: Path) -> Row:
    """Carry scripts out in memory, in SQLite and on Postgres."""
    scripts = range(effort.of(SCRIPTED, 2))
    with served() as server:
        act = partial(_compared, directory=directory, server=server)
        wrong = spread(act, scripts, effort.jobs, directory)
    how = (
        "A random script leaves the same state, to the last byte, in memory, in SQLite, on "
        "Postgres, and in both of these when the store is closed and opened again every five acts."
    )
    figures = {"scripts": len(scripts)}
    return Row("Memory, SQLite and Postgres", how, figures, tuple(itertools.chain(*wrong)))


def _compared(scripts: Sequence[int], directory: Path, server: Server) -> list[str]:
    wrong = []
    for seed in scripts:
        found = {played("memory:", seed)}
        for again in (False, True):
            path = directory / f"equal-{seed}-{again}.db"
            address = server.database()
            found |= {played(path, seed, again=again), played(address, seed, again=again)}
            clear([path])
            server.drop(address)
        if len(found) != 1:
            wrong.append(f"script {seed} leaves {len(found)} different states")
    return wrong
