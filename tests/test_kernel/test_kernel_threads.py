"""Threads: one kernel, many users."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from statecharts import Kernel, Step, start
from statecharts.model.chart import Chart
from statecharts.model.errors import RunawayError
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.vocabulary import Counters, addressed
from tests.test_kernel.test_kernel_memory import Wheels, journey

THREADS = 8
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def restless_threads() -> Iterator[None]:
    """Has threads switch as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], Any]) -> list[Any]:
    """Run work in several threads that begin at the same instant; return the results."""
    gate = threading.Barrier(THREADS)

    def begin(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


@pytest.mark.parametrize("plans", [1, 3, 1000])
def test_shared_kernel_gives_each_thread_its_own_steps(plans: int) -> None:
    """Threads that hammer a kernel, however little it keeps, get what each would get alone."""
    shared = Kernel(Wheels, plans=plans)
    expected = [journey(Kernel(Wheels), seed, 60) for seed in range(THREADS)]
    assert together(lambda seed: journey(shared, seed, 60)) == expected
    assert shared.remembered <= plans


def test_shared_kernel_agrees_on_random_charts() -> None:
    """What holds for one chart holds for charts with all that a chart can have."""
    for seed in range(12):
        chart = random_chart(seed)
        events = random_events(seed, chart, 12)

        def attempt(
            kernel: Kernel[Any], _: int = 0, events: list[object] = events
        ) -> list[Step[Any]]:
            steps = [kernel.start(Counters(), at=NOW)]
            for event in events:
                seen = [effect for one in steps for effect in one.effects]
                sent = addressed(event, seen)
                steps.append(kernel.step(steps[-1].snapshot, sent, at=NOW))
            return steps

        try:
            expected = attempt(Kernel(chart, microsteps=50))
        except RunawayError:
            continue
        shared = Kernel(chart, plans=2, microsteps=50)
        assert together(partial(attempt, shared)) == [expected] * THREADS


def begin(chart: Chart, _: int) -> Step[Any]:
    """Return the start of a random chart."""
    return start(chart, Counters(), at=NOW)


def test_first_steps_of_a_chart_may_come_from_several_threads() -> None:
    """Threads that begin together on a chart that nobody has run before all get its start."""
    for seed in range(20):
        chart = random_chart(seed)
        try:
            expected = Kernel(random_chart(seed)).start(Counters(), at=NOW)
        except RunawayError:
            continue
        assert together(partial(begin, chart)) == [expected] * THREADS
