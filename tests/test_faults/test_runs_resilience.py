"""One bad event, value or moment spoils nothing beyond itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from statecharts import Answer, Call, Compound, Effect, Moment, Send, State, Statechart
from statecharts.codec import Protocol
from statecharts.runtime import (
    LiveRun,
    Retry,
    RunError,
    Runs,
    Runtime,
    SimulatedClock,
    Task,
    handle,
)
from statecharts.runtime.commit import Draft, Taken
from statecharts.runtime.writer import Job, Writer
from statecharts.store import DamageError, StoreError
from statecharts.store.sqlite import SQLiteStore

START = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Put:
    value: Any


@frozen
class Go: ...


@frozen
class Finish: ...


@frozen
class Tell: ...


@frozen
class Held:
    value: Any


@frozen
class Note(Effect):
    text: str


@frozen
class Fetch(Call[Put]): ...


def held(moment: Moment[Any, Put, Any]) -> Held:
    """Return what JSON cannot carry for an event that it can."""
    return Held(object() if moment.event.value == "bad" else moment.event.value)


class Shelf(Statechart[Put | Go | Finish | Tell], allow="*"):
    class open(Compound, initial=True):
        empty = State(initial=True)
        full = State(Held)
        fetching = State(invoke=Fetch)
        left = State()
        right = State()
        late = State()
        empty.to(full, on=Put, make=held)
        empty.to(fetching, on=Go)
        fetching.to(full, on=Put, make=held)
        full.to(left, on=Go)
        left.after(timedelta(hours=1), right)
        full.after(timedelta(hours=1), late, when=lambda m: False)

    done = State(final=True, entry=lambda _: Note("done"))
    open.to(done, on=Finish)
    open.stay(on=Tell, emit=lambda _: Note("told"))


class Ties(Statechart[Go, None], allow="*"):
    """Two timers that are due at once: the one that was started first fires first."""

    idle = State(initial=True)

    class both(Compound):
        z_late = State(initial=True)
        idle_end = State()

    first = State()
    second = State()
    idle.to(both, on=Go)
    zebra = both.after(timedelta(hours=1), first)
    ant = both.z_late.after(timedelta(hours=1), second)
    first.after(timedelta(hours=9), second)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def at_once(runs: Runs, *jobs: Job[Any]) -> list[Any]:
    """Do jobs in one batch; return the result or the exception of each."""
    writer = runs._operations.writer
    for job in jobs:
        writer.put(job)
    while writer.drain():
        pass
    assert all(job.done for job in jobs)
    return [job.error or job.answer for job in jobs]


def send(runs: Runs, key: str, event: object, id: str | None = None) -> Job[Taken]:
    return runs._operations.send(key, event, id)


def test_value_that_json_cannot_carry_fails_its_own_event_alone(file: Path) -> None:
    """Of events in one batch, only the one whose data cannot be written fails."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        runs.start(Shelf, key="a")
        bad, good = at_once(runs, send(runs, "a", Put("bad")), send(runs, "a", Put(3)))
        assert isinstance(bad, Exception)
        assert good.configuration == ("open", "open.full")
        assert runs.get("a").snapshot[Shelf.open.full] == Held(3)


@pytest.mark.parametrize("name", ["\ud800", "a\udcff"])
def test_half_character_is_refused_by_itself(file: Path, name: str) -> None:
    """A key or an id that UTF-8 cannot carry is refused at once, and nobody else waits for it."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        with pytest.raises(RunError, match="SC822"):
            runs.start(Shelf, key=name)
        runs.start(Shelf, key="a")
        with pytest.raises(RunError, match="SC831"):
            runs.get("a").send(Put(1), id=name)
        assert runs.get("a").suspend(f"by {name}").sequence == 1
        assert runs.get("a").reason.startswith("by ")


def test_value_that_the_store_cannot_hold_fails_its_own_run_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the write of a batch raises an unforeseen error, each run is written by itself."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        for key in "abc":
            runs.start(Shelf, key=key)
        write = SQLiteStore.write

        def raising(store: SQLiteStore, changes: Any, together: int = 0) -> list[bool]:
            if any(change.head.run == "b" for change in changes):
                raise OverflowError("too large")
            return write(store, changes, together)

        monkeypatch.setattr(SQLiteStore, "write", raising)
        a, b, c = at_once(runs, *(send(runs, key, Put(1)) for key in "abc"))
        assert isinstance(b, OverflowError)
        assert a.handled
        assert c.handled
        assert runs.verify() == []


def test_interrupt_in_the_writer_leaves_nobody_waiting(file: Path) -> None:
    """Whatever interrupts the thread that writes, those who wait for the batch are told."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        runs.start(Shelf, key="a")

        def interrupted(_: Draft) -> None:
            raise KeyboardInterrupt

        writer = runs._operations.writer
        waiting = send(runs, "a", Put(1))
        writer.put(waiting)
        with pytest.raises(KeyboardInterrupt):
            writer.do(Job("a", interrupted))
        assert waiting.done
        assert isinstance(waiting.error, KeyboardInterrupt)
        assert runs.get("a").send(Put(2)).handled


def test_sender_that_gives_up_spoils_no_batch(file: Path) -> None:
    """A send whose task is cancelled before its turn is not taken; those after it are."""

    async def main() -> None:
        async with Runtime(file, Shelf, effects=(Note,)) as runtime:
            run = await runtime.start(Shelf, key="a")
            writer = runtime._operations.writer
            with writer._pen:
                given_up = asyncio.create_task(run.send(Put(1)))
                kept = asyncio.create_task(run.send(Put(2)))
                await asyncio.sleep(0.05)
                given_up.cancel()
                await asyncio.sleep(0)
            assert (await kept).handled
            assert run.snapshot[Shelf.open.full] == Held(2)

    asyncio.run(main())


def test_start_that_fails_leaves_its_chart_to_nobody(file: Path) -> None:
    """A start in the same batch as one that failed starts its own chart."""
    with Runs(file, Shelf, Ties, effects=(Note,)) as runs:
        operations = runs._operations
        bad = operations.start(Shelf, "a", "no context", exist_ok=False)
        good = operations.start(Ties, "a", None, exist_ok=False)
        first, second = at_once(runs, bad, good)
        assert isinstance(first, Exception)
        assert second.configuration == ("idle",)


def test_timers_due_at_once_fire_in_the_order_of_their_start(tmp_path: Path) -> None:
    """A run that is read anew fires timers that are due at once as one that was kept in memory."""
    ends = []
    for again in (False, True):
        clock = SimulatedClock(START)
        file = tmp_path / f"{again}.db"
        runs = Runs(file, Ties, clock=clock)
        run = runs.start(Ties, key="a")
        run.send(Go())
        if again:
            runs.close()
            runs = Runs(file, Ties, clock=clock)
        clock.advance(timedelta(hours=2))
        operations = runs._operations
        operations.writer.do(operations.fire("a"))
        ends.append([past.event for past in runs.get("a").history()])
        runs.close()
    assert len(ends[0]) == 3
    assert ends[0] == ends[1]


def test_same_id_gets_the_same_answer(file: Path) -> None:
    """An event that is sent again under its id gets the answer that it got at first."""

    class Hasty(Statechart[Go | Finish]):
        idle = State(initial=True)
        busy = State(entry=lambda _: Send(Finish()))
        done = State(final=True)
        idle.to(busy, on=Go)
        busy.to(done, on=Finish)

    with Runs(file, Hasty) as runs:
        run = runs.start(Hasty, key="a")
        first = run.send(Go(), id="x")
        assert run.ended
        assert (first.sequence, first.configuration) == (1, ("busy",))
        assert run.send(Go(), id="x") == first


def test_checkpoint_twice_is_no_damage(file: Path) -> None:
    """Two checkpoints at the same entry are one."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        run = runs.start(Shelf, key="a")
        run.checkpoint()
        run.checkpoint()
        assert runs.verify() == []


def test_suspended_twice_in_one_batch_keeps_what_waits(file: Path) -> None:
    """A run that is resumed and suspended in one batch keeps the events that wait then."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        run = runs.start(Shelf, key="a")
        run.suspend()
        run.send(Put(1), id="1")
        operations = runs._operations
        ends = at_once(
            runs,
            operations.resume("a"),
            operations.suspend("a", ""),
            send(runs, "a", Go(), "2"),
        )
        assert ends[2].waiting
        assert runs.verify() == []
        assert run.resume().configuration == ("open", "open.left")


def test_event_that_waits_and_cannot_be_taken_is_retried_or_skipped(file: Path) -> None:
    """A run that is stuck on an event that waited goes on with the others after it is skipped."""

    class Picky(Statechart[Put | Go], allow="*"):
        idle = State(initial=True)
        full = State()
        idle.to(full, on=Put, when=lambda m: 1 / m.event.value > 0)

    with Runs(file, Picky) as runs:
        run = runs.start(Picky, key="a")
        run.suspend()
        run.send(Put(0))
        run.send(Put(1))
        run.resume()
        assert run.status == "stuck"
        run.retry()
        assert run.status == "stuck"
        assert run.skip().configuration == ("full",)
        assert run.status == "running"
        assert runs.verify() == []


class Pulse(Statechart[Go], allow="*"):
    """A timer that starts itself anew each minute."""

    on = State(initial=True)
    on.after(timedelta(minutes=1), on)


def test_timers_of_a_long_absence_fire_in_parts(file: Path) -> None:
    """A run whose timer fell due 14,400 times takes no more than its part of each commit."""
    clock = SimulatedClock(START)
    with Runs(file, Pulse, clock=clock) as runs:
        run = runs.start(Pulse, key="a")
        clock.advance(timedelta(days=10))
        operations = runs._operations
        fired = []
        for _ in range(3):
            operations.writer.do(operations.fire("a"))
            fired.append(operations.head("a").sequence)
        assert fired == [10_000, 14_400, 14_400]
        assert [past.at for past in run.history(tail=2)] == [
            START + timedelta(days=10) - timedelta(minutes=1),
            START + timedelta(days=10),
        ]
        assert runs.verify() == []


def test_bytes_that_are_no_text_are_damage(file: Path) -> None:
    """Bytes that are not UTF-8 are reported as damage, in a row and in SQLite's own schema."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        runs.start(Shelf, key="a")
    for change in (
        "UPDATE runs SET reason = CAST(x'cc' AS TEXT)",
        "UPDATE sqlite_master SET sql = CAST(x'cc' || sql AS TEXT) WHERE name = 'waiting'",
    ):
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("PRAGMA writable_schema=ON")
            db.execute(change)
        with (
            pytest.raises(DamageError, match="SC804") as caught,
            Runs(file, Shelf, effects=(Note,)) as runs,
        ):
            runs.verify()
        descriptors = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        open_files = [one.readlink() for one in descriptors]
        assert file not in open_files, caught  # though the error is still there


def run_with(
    file: Path, act: Callable[[Runtime, SimulatedClock], Any], *handlers: Any, **options: Any
) -> Any:
    clock = SimulatedClock(START)

    async def main() -> Any:
        runtime = Runtime(file, Shelf, handlers=handlers, clock=clock, **options)
        async with runtime:
            return await act(runtime, clock)

    return asyncio.run(asyncio.wait_for(main(), 20))


def test_effect_of_a_run_that_has_ended_is_not_tried_without_rest(file: Path) -> None:
    """What an ended run owes makes it stuck when it fails for good; it is not tried without end."""
    tries = []

    def note(_: Note) -> None:
        tries.append(1)
        raise ConnectionError

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        run = await runtime.start(Shelf, key="a")
        await run.send(Finish())
        await runtime.settle()
        await asyncio.sleep(0.05)
        await runtime.settle()
        assert (len(tries), run.status) == (1, "stuck")
        await run.skip()
        assert run.status == "ended"

    run_with(file, act, handle(Note, note, retry=Retry(attempts=1)))


def test_effects_of_a_cancelled_run_are_carried_out(file: Path) -> None:
    """Cancelling a run takes its calls back, not what it has asked for before."""
    ended: list[int] = []
    begun = asyncio.Event()

    async def note(_: Note) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        ended.append(1)

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        run = await runtime.start(Shelf, key="a")
        await run.send(Tell())
        await begun.wait()
        await run.cancel()
        await runtime.settle()
        assert (run.status, ended) == ("cancelled", [1])

    run_with(file, act, handle(Note, note))


def test_answer_that_cannot_be_written_makes_the_run_stuck(file: Path) -> None:
    """An answer whose data JSON cannot carry makes its run stuck, and is not asked for for ever."""

    async def fetch(_: Fetch) -> Put:
        return Put("bad")

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        run = await runtime.start(Shelf, key="a")
        await run.send(Go())
        await runtime.settle()
        assert (run.status, run.configuration) == ("stuck", ("open", "open.fetching"))

    run_with(file, act, handle(Fetch, fetch))


def test_call_of_a_run_that_was_suspended_goes_on_at_once(file: Path) -> None:
    """Resuming a run begins its calls again, even those that were claimed from the store."""
    begun = asyncio.Event()

    async def fetch(_: Fetch) -> Put:
        if not begun.is_set():
            begun.set()
            await asyncio.sleep(60)
        return Put(1)

    with Runs(file, Shelf, effects=(Note,), clock=SimulatedClock(START)) as runs:
        runs.start(Shelf, key="a").send(Go())

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        run = runtime.get("a")
        await begun.wait()
        await run.suspend()
        await run.resume()
        await runtime.settle()
        assert run.configuration == ("open", "open.full")

    run_with(file, act, handle(Fetch, fetch))


def test_claim_by_a_clock_that_was_ahead_does_not_hold(file: Path) -> None:
    """A claim that holds for a year was made by a wrong clock, and anybody may take it."""
    with Runs(file, Shelf, effects=(Note,), clock=SimulatedClock(START)) as runs:
        run = runs.start(Shelf, key="a")
        run.send(Go())
        store = runs._operations.store
        now = (START - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        year = 365 * 86_400_000_000
        names = [("Shelf", "fetch")]
        assert len(store.claim("dead", now + year, now + year + 1, names, 9)) == 1
        assert len(store.claim("mine", now, now + 1, names, 9)) == 1
        assert store.claim("other", now, now + 1, names, 9) == []


def test_effect_by_a_clock_that_was_ahead_is_due(file: Path) -> None:
    """An effect that was never tried is due at once, even if the clock has been set back since."""
    year = timedelta(days=365)
    with Runs(file, Shelf, effects=(Note,), clock=SimulatedClock(START + year)) as runs:
        runs.start(Shelf, key="a").send(Tell())
    done: list[Note] = []

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        await runtime.settle()
        assert done == [Note("told")]

    def note(effect: Note) -> None:
        done.append(effect)

    run_with(file, act, handle(Note, note))


def test_store_that_cannot_be_read_is_no_attempt(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that could not be begun, because the store could not be read, has not failed."""
    attempts = []

    async def fetch(_: Fetch, task: Task[Put]) -> Put:
        attempts.append(task.attempt)
        return Put(1)

    async def act(runtime: Runtime, clock: SimulatedClock) -> None:
        run = await runtime.start(Shelf, key="a")
        with monkeypatch.context() as patch:

            def unreadable(*_: object) -> None:
                raise StoreError("SC806", "here", "it cannot be read", "Wait")

            patch.setattr(Writer, "live", unreadable)
            await run.send(Go())
            await runtime.settle()
        assert attempts == []
        clock.advance(timedelta(seconds=31))
        await runtime.settle()
        assert attempts == [1]

    run_with(file, act, handle(Fetch, fetch, retry=Retry(attempts=1)))


def test_fault_of_ours_in_the_writer_leaves_nobody_waiting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is raised while a batch is written, its senders are told, and the next goes on."""

    async def main() -> None:
        async with Runtime(file, Shelf, effects=(Note,)) as runtime:
            run = await runtime.start(Shelf, key="a")
            with monkeypatch.context() as patch:
                patch.setattr(Draft, "change", lambda _: 1 // 0)
                with pytest.raises(ZeroDivisionError):
                    await run.send(Put(1))
            assert (await run.send(Put(2))).handled

    asyncio.run(asyncio.wait_for(main(), 20))


def forked(act: Callable[[], bool]) -> int:
    """Fork; do something in the new process, which ends with 0 if it holds. Return its number."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if act() else 1
        finally:
            os._exit(code)
    return child


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_process_that_was_forked_loses_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that opened the store may end first: what the other has acknowledged is there."""
    monkeypatch.chdir(tmp_path)
    heard, say = os.pipe()
    runs = Runs(Path(file.name), Shelf, effects=(Note,))
    run = runs.start(Shelf, key="a")

    def child() -> bool:
        os.chdir("/")
        os.read(heard, 1)  # until the store has been closed over there
        return run.send(Put(1)).sequence == 2 and not runs.verify()

    number = forked(child)
    assert run.send(Go()).sequence == 1
    runs.close()
    os.write(say, b".")
    assert os.waitpid(number, 0)[1] == 0
    with Runs(file, Shelf, effects=(Note,)) as later:
        assert [past.sequence for past in later.get("a").history()] == [0, 1, 2]
        assert later.verify() == []
    os.close(heard)
    os.close(say)
    with pytest.raises(StoreError, match="SC807"):
        run.send(Go())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_process_that_was_forked_writes_nothing_of_the_old_one(file: Path) -> None:
    """Events in line at a fork are written once, by the process whose senders wait for them."""
    with Runs(file, Shelf, effects=(Note,)) as runs:
        runs.start(Shelf, key="a")
        runs._operations.writer.put(send(runs, "a", Go()))
        child = forked(lambda: runs.get("a").send(Tell()).sequence == 1)
        assert os.waitpid(child, 0)[1] == 0
        assert runs.get("a").send(Tell()).sequence == 3
        said = [past.event for past in runs.get("a").history()]
        assert said == [None, Tell(), Go(), Tell()]


def leaving(moment: Moment[Any, Any, Any]) -> bool:
    """Guard as somebody does who does not know where they are."""
    if isinstance(moment.event, Put) and moment.event.value != "leave":
        return True
    raise SystemExit(3)


class Rude(Statechart[Put]):
    here = State(initial=True)
    there = State(final=True)
    here.to(there, on=Put, when=leaving)
    here.after(timedelta(hours=1), there, when=leaving)


def test_function_of_a_chart_that_would_end_the_process_fails_its_own_event_alone() -> None:
    """So does one that is called by a timer: the run is stuck, and the worker goes on."""
    clock = SimulatedClock()

    async def sent() -> None:
        async with Runtime("memory:", Rude, clock=clock) as runtime:
            runs = [await runtime.start(Rude, key=key) for key in "abc"]
            sends = (
                run.send(Put(said)) for run, said in zip(runs, ("leave", "stay"), strict=False)
            )
            refused, taken = await asyncio.gather(*sends, return_exceptions=True)
            assert isinstance(refused, RunError)
            assert "SC202" in str(refused)
            assert "SystemExit" in str(refused)
            assert isinstance(taken, Taken)
            clock.advance(timedelta(hours=2))
            await runtime.settle()
            assert [run.status for run in runs] == ["stuck", "ended", "stuck"]
            assert "SystemExit" in runs[0].reason
            await runs[0].skip()
            assert (await runs[0].send(Put("stay"))).configuration == ("there",)

    asyncio.run(asyncio.wait_for(sent(), 30))


def test_answer_that_fails_in_an_unknown_way_makes_the_run_stuck(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler is not asked again and again for what cannot be written."""
    dumps = Protocol.dumps_message

    def broken(protocol: Protocol[Any, Any], message: object) -> bytes:
        if not isinstance(message, Answer):
            return dumps(protocol, message)
        raise ValueError

    monkeypatch.setattr(Protocol, "dumps_message", broken)

    async def asked() -> None:
        asked = []

        async def fetch(call: Fetch) -> Put:
            asked.append(call)
            return Put("never")

        options: dict[str, Any] = {"handlers": {Fetch: fetch}, "effects": (Note,)}
        async with Runtime(file, Shelf, **options) as runtime:
            run = await runtime.start(Shelf, key="a")
            await run.send(Go())
            await runtime.settle()
            assert (run.status, len(asked)) == ("stuck", 1)
            assert "ValueError" in run.reason
            await run.skip()
            assert (await run.send(Finish())).configuration == ("done",)

    asyncio.run(asyncio.wait_for(asked(), 30))


def test_run_is_used_in_a_loop_of_another_thread(file: Path) -> None:
    """As by a plain handler that calls asynchronous code of its own."""

    async def served() -> None:
        async with Runtime(file, Shelf, effects=(Note,), handlers={Fetch: fetch}) as runtime:
            others.append(await runtime.start(Shelf, key="other"))
            run = await runtime.start(Shelf, key="a")
            await run.send(Go())
            await run.wait(Shelf.open.full)
            assert others[0].configuration[-1] == "open.left"

    async def elsewhere() -> Taken:
        wait = asyncio.create_task(others[0].wait(Shelf.open.left))
        await others[0].send(Put(1))
        taken = await others[0].send(Go())
        await wait
        return taken

    def fetch(_: Fetch) -> Put:
        return Put(asyncio.run(elsewhere()).sequence)

    others: list[LiveRun[Any, Any]] = []
    asyncio.run(asyncio.wait_for(served(), 30))


def test_runtime_that_cannot_be_entered_leaves_nothing_open(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def entered() -> None:
        runtime = Runtime(file, Shelf, effects=(Note,))
        monkeypatch.setattr(runtime._operations, "recover", failing)
        with pytest.raises(StoreError, match="SC801"):
            async with runtime:
                pass
        with pytest.raises(StoreError, match="SC807"):
            runtime.store.head("a")

    def failing() -> list[Any]:
        raise StoreError("SC801", "file", "the disk is away", "See to it")

    asyncio.run(entered())


@frozen
class Ring:
    number: int


class Bells(Statechart[Put | Ring]):
    still = State(initial=True, resting=True)
    still.stay(
        on=Put,
        emit=lambda m: [Send(Ring(n), delay=timedelta(hours=1)) for n in range(m.event.value)],
    )
    still.stay(on=Ring)


@pytest.mark.long
def test_any_number_of_timers_may_be_due_at_one_instant() -> None:
    """What ends by itself is no circle, however much it is."""
    clock = SimulatedClock()
    with Runs("memory:", Bells, clock=clock) as runs:
        run = runs.start(Bells, key="a")
        run.send(Put(1_200))
        clock.advance(timedelta(hours=1))
        assert run.send(Put(0)).sequence == 1_202
        rung = [past.event.id for past in run.history()[2:-1]]
        assert rung == [f"send:#{number}" for number in range(1, 1_201)]


def test_clock_that_goes_back_makes_no_time_less_than_none(file: Path) -> None:
    with Runs(file, Shelf, effects=(Note,), clock=SimulatedClock(START)) as runs:
        runs.start(Shelf, key="a").send(Put(1))
    with Runs(file, Shelf, effects=(Note,), clock=SimulatedClock(START - timedelta(9))) as runs:
        run = runs.get("a")
        run.send(Go())
        nothing = timedelta()
        assert [past.lasted for past in run.history()] == [nothing, nothing, None]
        assert set(run.times().values()) == {nothing}
        assert runs.verify() == []


def test_handler_of_a_run_that_was_removed_answers_no_other(file: Path) -> None:
    """A run that is made again under its key has the same keys, and calls of its own."""

    async def act(remove: Callable[[Runtime], Awaitable[object]]) -> None:
        begun, free = asyncio.Event(), asyncio.Event()
        asked: list[int] = []

        async def fetch(_: Fetch) -> Put:
            asked.append(number := len(asked))
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                if number == 0:
                    await free.wait()
            return Put(number)

        lease = timedelta(seconds=2)
        async with Runtime(
            file, Shelf, lease=lease, handlers={Fetch: fetch}, effects=(Note,)
        ) as runtime:
            run = await runtime.start(Shelf, key="a")
            await run.send(Go())
            await begun.wait()
            await remove(runtime)
            run = await runtime.start(Shelf, key="a")
            await run.send(Go())
            free.set()
            snapshot = await run.wait(Shelf.open.full)
            assert snapshot[Shelf.open.full] != Held(0)
            await run.remove()

    async def elsewhere(_: Runtime) -> None:
        with Runs(file, Shelf, effects=(Note,)) as runs:
            runs.get("a").remove()

    for remove in (lambda runtime: runtime.get("a").remove(), elsewhere):
        asyncio.run(asyncio.wait_for(act(remove), 30))


@pytest.mark.parametrize("another", [False, True], ids=["removed", "replaced"])
def test_nothing_is_acknowledged_in_a_file_that_nobody_finds(file: Path, another: bool) -> None:
    """Somebody has moved it, or put a backup in its place, while it was in use."""
    moved = file.with_name("moved.db")
    with Runs(file, Shelf, effects=(Note,)) as runs:
        run = runs.start(Shelf, key="a")
        with contextlib.closing(sqlite3.connect(file)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.rename(moved)
        if another:
            file.write_bytes(moved.read_bytes())
        with pytest.raises(StoreError, match=r"SC801.*has been removed, or another one is in its"):
            run.send(Go())
        moved.rename(file)
        assert run.send(Go()).sequence == 1
        assert runs.verify() == []
