"""Fixtures of the tests of runs: a store of each kind, a clock, a handler that does as told."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from statecharts.runtime import SimulatedClock, Task
from statecharts.store import Store
from statecharts.store.memory import MemoryStore
from statecharts.store.postgres import PostgresStore
from statecharts.store.sqlite import SQLiteStore
from tests.postgres import Server
from tests.test_runtime.orders import Charge, Mail, Paid


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.long(at=0.5))]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from opened(request, tmp_path)


def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Yield the store that a fixture is asked for, and close it."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        found: Any = PostgresStore(server.database())
    else:
        found = SQLiteStore(tmp_path / "runs.db", synchronous="OFF")
    yield found
    found.close()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


class Bank:
    """Charges cards as it is told: a list of outcomes, the last of which stays."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.tasks: list[Task[Any]] = []
        self.cancelled = 0
        self.mails: list[Mail] = []

    async def charge(self, call: Charge, task: Task[Any]) -> Any:
        self.tasks.append(task)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == "wait":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if callable(outcome):
            answered: Any = outcome
            return await answered(call, task)
        return outcome

    def mail(self, mail: Mail) -> None:
        self.mails.append(mail)

    @property
    def keys(self) -> list[str]:
        return [task.key for task in self.tasks]


PAID = Paid("r-1")


async def until(condition: Callable[[], bool]) -> None:
    """Return once something holds."""
    while not condition():  # noqa: ASYNC110 - handlers set no event
        await asyncio.sleep(0.001)


def run_async(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a coroutine function as a test, and no longer than a minute."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(bounded())

    wrapper.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return wrapper
