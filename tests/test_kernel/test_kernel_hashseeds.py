"""Determinism over processes: the seed of Python's hashes is never seen in a result.

``python -m tests.test_kernel.test_kernel_hashseeds`` prints a digest of runs of several charts.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Effect,
    History,
    Kernel,
    Moment,
    Occurred,
    Parallel,
    State,
    Statechart,
    StatechartError,
    Step,
    TimerFired,
)
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.vocabulary import Counters
from tests.proof import cases

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Go:
    n: int = 0


@frozen
class Leave:
    pass


@frozen
class Back:
    pass


@frozen
class Total:
    n: int = 0


@frozen
class Value:
    at: Occurred
    n: int = 0


@frozen
class Called(Effect):
    id: str


def call(m: Moment[Any, Any, Any]) -> list[Called]:
    """Ask for two calls, of ids of two prefixes."""
    return [Called(m.new_id("call")), Called(m.new_id(f"p{m.at.minute % 3}"))]


class Plant(Statechart[Go | Leave | Back, Total]):
    """Regions with data, timers, memory and completion."""

    class work(Parallel[Value], initial=True):
        past = History("work.mill", deep=True)

        class mill(Compound, entry=call):
            idle = State(Value, initial=True, exit=call)
            busy = State(Value)
            end = State(final=True)
            idle.to(busy, on=Go, update=lambda m: Total(m.context.n + m.event.n))
            busy.to(idle, on=Go, when=lambda m: m.context.n % 3 > 0)
            busy.to(end, on=Go)
            busy.after(timedelta(minutes=2), idle, emit=call)

        class kiln(Compound):
            last = History("cold")
            cold = State(initial=True)

            class hot(Compound[Value]):
                low = State(initial=True)
                high = State(Value)
                low.to(high, on=Go, emit=call)
                high.to(low, on=Go, when=lambda m: m.event.n < 7)

            end = State(final=True)
            cold.to(hot, on=Go, make=lambda m: Value(m.at, m.event.n))
            hot.to(end, on=Go)
            hot.after(lambda m: timedelta(minutes=1 + m.data.n), last)

    off = State(Value)
    work.to(off, on=Leave, emit=call)
    work.when_done(off)
    off.to(work.past, on=Back)
    off.to(work.kiln.hot.high, on=Go)


def described(step: Step[Any]) -> str:
    """Return all that can be seen of a step, as text."""
    snapshot = step.snapshot
    seen = (
        snapshot.configuration,
        list(snapshot.data.items()),
        snapshot.context,
        snapshot.memory,
        snapshot.clock,
        step.effects,
        step.handled,
        [(t.source, t.targets) for t in step.fired],
        [(microstep.exited, microstep.entered) for microstep in step.microsteps],
    )
    return repr(seen)


def plant_run(seed: int) -> Iterator[str]:
    """Yield the steps of a random run of the plant, timers among its events."""
    rng, kernel = Random(seed), Kernel(Plant, plans=seed % 40 + 1)
    step = kernel.start(Total(), at=T0)
    yield described(step)
    for minute in range(40):
        timers = [TimerFired(timer) for timer in step.snapshot.timers]
        event: Any = rng.choice(
            [Go(rng.randrange(10)), Go(rng.randrange(10)), Leave(), Back(), *timers]
        )
        step = kernel.step(step.snapshot, event, at=T0 + timedelta(minutes=minute))
        yield described(step)


def random_run(seed: int) -> Iterator[str]:
    """Yield the steps of a random chart."""
    chart = random_chart(seed)
    kernel = Kernel(chart, microsteps=40)
    yield chart.hash
    try:
        step = kernel.start(Counters())
        for event in random_events(seed, chart, 10):
            yield described(step)
            step = kernel.step(step.snapshot, event)
    except StatechartError as error:
        yield str(error)


def digest() -> str:
    """Return a digest of many runs of several charts."""
    total = hashlib.sha256(Plant.chart.hash.encode())
    for seed in range(5):
        for run in (plant_run(seed), random_run(seed)):
            total.update("\n".join(run).encode())
    return total.hexdigest()


def digest_under(seed: int) -> str:
    """Return the digest that a process with a seed of its own for hashes finds."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.test_kernel.test_kernel_hashseeds"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        text=True,
    )
    return found.stdout.strip()


@pytest.mark.long
@pytest.mark.parametrize("seeds", cases([range(4), range(4, 32)], long=lambda seeds: seeds.start))
def test_runs_do_not_depend_on_the_hash_seed(seeds: range) -> None:
    """Equal inputs give equal outputs under 32 seeds: no set's order can be seen."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        assert set(pool.map(digest_under, seeds)) == {digest()}


def test_runs_are_worth_comparing() -> None:
    """The runs visit memory, completion, timers and several regions."""
    text = "\n".join(line for seed in range(8) for line in plant_run(seed))
    for feature in ("work.kiln.hot.high", "Remembered", "StartTimer", "CancelTimer", "call-9"):
        assert feature in text
    assert "[('work', ('off',))]" in text


if __name__ == "__main__":
    print(digest())
