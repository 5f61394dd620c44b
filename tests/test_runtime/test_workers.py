"""Workers: a killed one is followed by another at once, and each run gets its share of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from statecharts import Effect, State, Statechart
from statecharts.runtime import Runtime, Task, handle, workers
from statecharts.runtime.clock import microseconds
from statecharts.runtime.workers import has_died, worker_name
from statecharts.store import Store
from tests.test_runtime.conftest import PAID, Bank, run_async, until
from tests.test_runtime.orders import Charge, Mail, Order, Ordered

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


@needs_proc
def test_a_worker_is_dead_once_its_process_is() -> None:
    """Stopped it is alive; killed it is dead, even before anybody has waited for it."""
    process = sleeping()
    try:
        worker = worker_name(process.pid)
        assert not has_died(worker)
        process.send_signal(signal.SIGSTOP)
        assert not has_died(worker)
    finally:
        process.kill()
    deadline = time.monotonic() + 60
    while not has_died(worker) and time.monotonic() < deadline:
        time.sleep(0.001)
    assert has_died(worker)
    process.wait()
    assert has_died(worker)


@needs_proc
def test_another_process_of_the_same_number_is_another_worker() -> None:
    """The time of the start tells them apart."""
    process, _, name = worker_name().rpartition("#")
    place, number, start = process.split("/")
    assert number == str(os.getpid())
    assert has_died(f"{place}/{number}/{int(start) - 1}#{name}")
    assert not has_died(f"{place}/{number}/{start}#{name}")


@pytest.mark.parametrize("worker", ["", "me", "#me", "boot+1/1/1#me", "a/b/c/d#me"])
def test_nobody_else_is_said_to_be_dead(worker: str) -> None:
    """Of another machine, of another boot and of names that tell nothing, nothing is known."""
    assert not has_died(worker)


@needs_proc
def test_a_process_of_another_user_is_not_said_to_be_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be hidden from us; that it may not be asked says that it is there."""

    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    process, _, name = worker_name().rpartition("#")
    place, number, start = process.split("/")
    monkeypatch.setattr(os, "kill", refuse)
    assert not has_died(f"{place}/{number}/{int(start) - 1}#{name}")


def test_without_proc_nobody_is_said_to_be_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a process cannot be known, its name says nothing, and leases alone count."""
    known = worker_name()
    workers._place.cache_clear()
    monkeypatch.setattr(workers, "_PROC", tmp_path)
    try:
        assert worker_name().startswith("#")
        assert not has_died(worker_name())
        assert not has_died(known)
    finally:
        workers._place.cache_clear()


@needs_proc
@run_async
async def test_what_a_killed_process_had_claimed_is_taken_over_at_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The next worker does not wait for the lease, of an hour here."""
    process = sleeping()
    worker = worker_name(process.pid)
    bank, patient = Bank(PAID), timedelta(hours=1)
    async with Runtime(store, Order, lease=patient, effects=(Mail,)) as rt:
        run = await rt.start(Order, key="a")
        await run.send(Ordered("1"))
    now = microseconds(datetime.now(UTC))
    assert len(store.claim(worker, now, now + 3_600_000_000, [("Order", "charge")], 9)) == 1
    process.kill()
    process.wait()
    handlers = {Charge: bank.charge, Mail: bank.mail}
    async with Runtime(store, Order, lease=patient, handlers=handlers) as rt:
        await rt.get("a").wait(Order.settled, timeout=timedelta(seconds=60))
    assert bank.keys == ["a/1"]
    assert caplog.messages == ["1 effect is taken over from workers that have died"]


# --- Fairness -------------------------------------------------------------------------------------


@frozen
class Many:
    count: int


@frozen
class Post(Effect):
    number: int


@frozen
class Ring(Effect):
    pass


class Sender(Statechart[Many]):
    """Owes as many effects as it is told, of a slow kind, and then one of a quick kind."""

    on = State(initial=True, resting=True)
    on.stay(on=Many, emit=lambda m: [*map(Post, range(m.event.count)), Ring()])


@run_async
async def test_what_one_run_owes_does_not_keep_others_waiting(store: Store) -> None:
    """The one letter of a run goes out among the first of another one's 400; so does its bell."""
    done: list[str] = []
    rung: list[int] = []
    all_owed = asyncio.Event()

    async def post(_: Post, task: Task[Any]) -> None:
        await all_owed.wait()
        await asyncio.sleep(0.001)
        done.append(task.run)

    handlers = [
        handle(Post, post, at_once=4),
        handle(Ring, lambda _: rung.append(len(done))),
    ]
    async with Runtime(store, Sender, handlers=handlers) as rt:
        big, small = await rt.start(Sender, key="big"), await rt.start(Sender, key="small")
        await big.send(Many(400))
        await small.send(Many(1))
        all_owed.set()
        await until(lambda: len(done) == 401)
        await rt.settle()
    assert done.index("small") < 40
    assert len(rung) == 2
    assert max(rung) < 40
    assert done.count("big") == 400
