"""Effects whose process dies: how often they are begun again, and beside what."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts.runtime import Retry, Runs, Runtime, SimulatedClock, Task, handle
from statecharts.runtime.attempts import DIED, LOSSES
from statecharts.runtime.clock import microseconds
from statecharts.runtime.writer import Job
from statecharts.store import Store
from statecharts.store.memory import MemoryStore
from tests.test_runtime.conftest import PAID, Bank, run_async, until
from tests.test_runtime.orders import Charge, Mail, Order, Ordered

NAMES = [("Order", "charge"), ("Order", "mail")]


def lose(store: Store, clock: SimulatedClock, count: int = 9) -> None:
    """Let a worker claim what is owed, and die."""
    now = microseconds(clock.now())
    assert store.claim("dead", now, now + 9_000_000, NAMES, count)
    assert store.forsake(lambda worker: worker == "dead")


def ordered(store: Store, clock: SimulatedClock, *keys: str, deaths: int = 0) -> None:
    """Let runs owe the charge of a card, of which some processes have died already."""
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    for key in keys:
        runs.start(Order, key=key).send(Ordered(key))
        if deaths:
            note = Job(key, lambda draft: draft.note(1, attempts=deaths, reason=DIED))
            runs._operations.writer.do(note)


def attempts(store: Store, key: str) -> int:
    """Return the attempts that are counted on disk."""
    stored = store.read(key)
    assert stored is not None
    return stored.owed[0].attempts


@run_async
async def test_attempt_after_a_death_counts_before_it_is_made(
    store: Store, clock: SimulatedClock
) -> None:
    """The count is on disk, so it is still there if this process dies too."""
    ordered(store, clock, "a")
    lose(store, clock)
    seen: list[Any] = []

    async def charge(call: Charge, task: Task[Any]) -> Any:
        stored = store.read("a")
        assert stored is not None
        seen.append((task.attempt, [(one.attempts, one.reason) for one in stored.owed]))
        if len(seen) == 1:
            text = "no"
            raise OSError(text)
        return PAID

    handlers = [handle(Charge, charge), handle(Mail, print)]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await until(lambda: len(seen) == 1)
        await rt.settle()
        assert rt.get("a").owed[0].attempts == 1
        clock.advance(timedelta(hours=1))
        await rt.get("a").wait(Order.settled, timeout=timedelta(seconds=30))
    assert seen == [(1, [(1, DIED)]), (2, [(1, "OSError: no")])]


@run_async
async def test_call_of_which_too_many_processes_died_has_failed(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    ordered(store, clock, "a", deaths=LOSSES)
    lose(store, clock)
    bank = Bank(PAID)
    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await rt.get("a").wait(Order.open.basket, timeout=timedelta(seconds=30))
        await rt.settle()
    assert bank.tasks == []
    reason = f"{LOSSES} processes have died, one after the other, while it was tried"
    assert bank.mails == [Mail("shop", reason)]
    assert caplog.messages == [f"a/1 charge: {reason}; given up"]


@run_async
async def test_next_attempt_comes_after_a_wait(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A `Retry` of more attempts than `LOSSES` allows as many deaths."""
    ordered(store, clock, "a", deaths=LOSSES)
    lose(store, clock)
    bank = Bank(PAID)
    most, wait = LOSSES + 1, timedelta(hours=1)
    retry = Retry(attempts=most, delay=wait, backoff="fixed", jitter=0)
    handlers = [handle(Charge, bank.charge, retry=retry), handle(Mail, bank.mail)]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await rt.settle()
        (owed,) = rt.get("a").owed
        assert (owed.attempts, owed.reason, owed.due) == (LOSSES, DIED, clock.now() + wait)
        assert bank.tasks == []
        clock.advance(wait)
        await rt.get("a").wait(Order.settled, timeout=timedelta(seconds=30))
    assert [task.attempt for task in bank.tasks] == [most]
    assert caplog.messages == [
        f"a/1 charge: {DIED} ({LOSSES} of {most} times at most); the next attempt in 1:00:00"
    ]


@run_async
async def test_broken_retry_leaves_the_usual_wait(clock: SimulatedClock) -> None:
    store = MemoryStore()
    ordered(store, clock, "a", deaths=1)
    lose(store, clock)
    bank = Bank(PAID)
    retry: Any = lambda _: "soon"  # noqa: E731
    handlers = [handle(Charge, bank.charge, retry=retry), handle(Mail, bank.mail)]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await rt.settle()
        assert timedelta(seconds=1) <= rt.get("a").owed[0].due - clock.now() < timedelta(seconds=2)


@run_async
async def test_effect_of_which_too_many_processes_died_makes_its_run_stuck(
    clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody may look, and try again: then it is as if it were new."""
    store = MemoryStore()
    ordered(store, clock, "a")
    runs = Runs(store, Order, effects=(Mail,), clock=clock)
    runs.get("a").answer("open.paying.charge#1", PAID)
    note = Job("a", lambda draft: draft.note(2, attempts=LOSSES, reason=DIED))
    runs._operations.writer.do(note)
    lose(store, clock)
    bank = Bank(PAID)
    handlers = {Charge: bank.charge, Mail: bank.mail}
    caplog.set_level(logging.CRITICAL)
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        run = rt.get("a")
        await until(lambda: run.status == "stuck")
        assert f"{LOSSES} processes have died" in run.reason
        assert bank.mails == []
        await run.retry()
        await until(lambda: bank.mails != [])
        await rt.settle()
    assert runs.get("a").owed == ()


@run_async
async def test_what_only_waits_in_line_does_not_count(clock: SimulatedClock) -> None:
    store = MemoryStore()
    ordered(store, clock, "a", "b", "c")
    lose(store, clock)
    bank = Bank("wait")
    handlers = [handle(Charge, bank.charge, at_once=1), handle(Mail, bank.mail)]
    grace = timedelta()
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=grace) as rt:
        await until(lambda: bank.tasks != [])
        counted = [attempts(store, key) for key in "abc"]
        assert rt.get("a").owed[0].attempts == 0  # what is under way has not failed
    assert counted == [1, 0, 0]


@run_async
async def test_what_may_be_deadly_is_tried_alone(clock: SimulatedClock) -> None:
    """Else those beside it would be counted for its deaths; the others need not wait for it."""
    store = MemoryStore()
    ordered(store, clock, "a", "b", deaths=2)
    ordered(store, clock, "c", deaths=1)
    ordered(store, clock, "d")
    bank = Bank("wait")
    handlers = {Charge: bank.charge, Mail: bank.mail}
    grace = timedelta()
    async with Runtime(store, Order, handlers=handlers, clock=clock, grace=grace) as rt:
        await until(lambda: len(bank.tasks) == 3)
        assert [attempts(store, key) for key in "abcd"] == [3, 2, 2, 0]
        assert sorted(bank.keys) == ["a/1", "c/1", "d/1"]
        await rt.get("a").cancel("no more")
        await until(lambda: len(bank.tasks) == 4)
        assert bank.keys[-1] == "b/1"


@pytest.mark.long(at=0.3)
def test_handler_that_ends_its_process_does_so_a_few_times_and_no_more(tmp_path: Path) -> None:
    """Its neighbour, which was at work each time, goes on and is done in the end."""
    script = """
        import asyncio, os, sys
        from datetime import timedelta
        from statecharts.runtime import Retry, Runtime, handle
        from tests.test_runtime.orders import Charge, Mail, Order, Ordered
        from tests.test_runtime.conftest import PAID

        async def charge(call):
            if call.card == "poison":
                os._exit(9)
            await asyncio.sleep(0.3)
            return PAID

        async def main():
            store = f"sqlite:///{sys.argv[1]}"
            soon = Retry(delay=timedelta(milliseconds=1), backoff="fixed")
            handlers = [handle(Charge, charge, retry=soon), handle(Mail, print)]
            async with Runtime(store, Order, handlers=handlers) as rt:
                for key in ("poison", "sound"):
                    run = await rt.start(Order, key=key, exist_ok=True)
                    if run.history()[-1].kind == "start":
                        await run.send(Ordered(key))
                await rt.get("poison").wait(Order.open.basket, timeout=timedelta(seconds=60))
                await rt.get("sound").wait(Order.settled, timeout=timedelta(seconds=60))

        asyncio.run(main())
    """
    file = str(tmp_path / "runs.db")
    command = [sys.executable, "-c", textwrap.dedent(script), file]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    # The first death is not counted, for the effect might have been in line.
    ended = [
        subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        for _ in range(LOSSES + 2)
    ]
    assert [one.returncode for one in ended] == [*[9] * (LOSSES + 1), 0]
    assert f"{LOSSES} processes have died" in ended[-1].stderr
    runs = Runs(f"sqlite:///{file}", Order, effects=(Mail,))
    assert [run.configuration[-1] for run in map(runs.get, ("poison", "sound"))] == [
        "open.basket",
        "settled",
    ]
    runs.close()
