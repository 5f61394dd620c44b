"""Runs for asynchronous code: calls, timers, effects, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from machines.workflow.templates import Notes, Work, Worked, pipeline
from statecharts import Answer, Effect, StatechartError
from statecharts.model.errors import ArgumentError
from statecharts.runtime import (
    NEVER,
    HandlerError,
    Happened,
    LiveRun,
    Retry,
    RunError,
    RunExistsError,
    Runs,
    Runtime,
    SimulatedClock,
    StuckError,
    Task,
    UnknownRunError,
    WaitError,
    handle,
)
from statecharts.runtime.handlers import table
from statecharts.store import Change, Store, StoreError
from statecharts.store.memory import MemoryStore
from tests.test_runtime.conftest import PAID, Bank, run_async, until
from tests.test_runtime.orders import (
    Asked,
    Cancel,
    Charge,
    Daily,
    Mail,
    Order,
    Ordered,
    Paid,
    Paying,
    Polite,
    Queued,
    Reminded,
    Settled,
    Tick,
    Withdrawn,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def runtime(store: Store, clock: SimulatedClock, bank: Bank, **options: Any) -> Runtime:
    handlers = [
        handle(Charge, bank.charge, retry=options.pop("retry", Retry()), **options.pop("how", {})),
        handle(Mail, bank.mail),
    ]
    options.setdefault("grace", timedelta(milliseconds=5))
    return Runtime(store, Order, Daily, Polite, handlers=handlers, clock=clock, **options)


async def ordered(rt: Runtime, key: str = "a", card: str = "1") -> LiveRun[Any, None]:
    """Start an order, and send it to be paid."""
    run: LiveRun[Any, None] = await rt.start(Order, key=key)
    await run.send(Ordered(card))
    return run


async def begun(bank: Bank, *, mails: int = 0) -> None:
    """Return once the bank has been asked, and some mails have been sent."""
    while not bank.tasks or len(bank.mails) < mails:  # noqa: ASYNC110 - a handler sets no event
        await asyncio.sleep(0.001)


def test_wrong_filters_and_times_are_told(
    store: Store, clock: SimulatedClock, tmp_path: Path
) -> None:
    """A misspelt filter is an error that names the nearest, and no empty answer."""
    with Runs(store, Order, clock=clock) as runs:
        runs.start(Order, key="a")
        with pytest.raises(RunError, match=r"SC838.*status='runing'.*Did you mean 'running'"):
            runs.list(status="runing")
        with pytest.raises(RunError, match=r"SC838.*'open.payin'.*Did you mean 'open.paying'"):
            runs.list(state="open.payin")
        with pytest.raises(RunError, match=r"SC838.*stuck=True.*'running'"):
            runs.list(status="running", stuck=True)
        assert [run.key for run in runs.list(state="open.basket", status="running")] == ["a"]
        with pytest.raises(
            RunError, match=r"SC827.*no state .open.baskt.\. Did you mean .open.basket"
        ):
            runs.get("a").wait("open.baskt")
        with pytest.raises(RunError, match=r"SC827.*timeout=1 is no timedelta"):
            runs.get("a").wait(timeout=1)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"SC801.*Did you mean sqlite:///runs.db"):
        Runs("runs.db", Order)
    with pytest.raises(StoreError, match=r"SC805.*no such file"):
        Runs(tmp_path / "none.db", Order, create_schema=False)
    assert not list(tmp_path.glob("none*"))


def test_a_store_that_cannot_be_made_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without SQLAlchemy, the error says how to install it, and no empty file is left."""
    monkeypatch.setattr("statecharts.store.errors.find_spec", lambda _: None)
    needed = r"SC801.*a new store needs SQLAlchemy, which .* Install the extra 'durable': `.*`\."
    with pytest.raises(StoreError, match=needed):
        Runs(tmp_path / "new.db", Order)
    assert not list(tmp_path.iterdir())
    (tmp_path / "own.db").touch()  # a database of somebody's own has no tables yet, either
    with pytest.raises(StoreError, match=needed):
        Runs(tmp_path / "own.db", Order)
    monkeypatch.setattr("statecharts.store.find_spec", lambda _: None)
    needed = r"SC801.*a store in Postgres needs psycopg.*the extra 'postgres': `.*sqlalchemy.*`\."
    with pytest.raises(StoreError, match=needed):
        Runs("postgresql://localhost/runs", Order)


@run_async
async def test_a_run_that_is_made_again_is_not_the_one_that_was(
    store: Store, clock: SimulatedClock
) -> None:
    """Who still holds a run that was removed, and made again since, writes nothing into it."""
    with Runs(store, Polite, clock=clock) as runs:
        runs.start(Polite, key="a").send(Tick())
        old = runs.head("a")
        assert store.remove("a", old.fence)
        clock.advance(HOUR)
        runs.start(Polite, key="a").send(Tick())
        assert runs.head("a").sequence == old.sequence
        assert store.write([Change(old, old.fence)]) == [False]
        assert await asyncio.to_thread(lambda: list(runs.verify())) == []


# --- Events ---------------------------------------------------------------------------------------


@run_async
async def test_a_call_is_carried_out_and_its_answer_moves_the_run(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank(PAID)
    async with runtime(store, clock, bank) as rt:
        run = await rt.start(Order, key="order-7")
        taken = await run.send(Ordered("4111"))
        assert (taken.sequence, taken.handled, taken.configuration) == (
            1,
            True,
            ("open", "open.paying"),
        )
        snapshot = await run.wait(Order.settled, timeout=timedelta(seconds=60))
        assert snapshot[Order.settled] == Settled("r-1")
        await rt.settle()
        assert bank.keys == ["order-7/1"]
        assert bank.mails == [Mail("customer", "r-1")]
        assert (run.status, run.ended) == ("ended", True)
        assert [past.event for past in run.history()] == [
            None,
            Ordered("4111"),
            Answer("open.paying.charge#1", PAID),
        ]
        assert await rt.verify() == []
    assert store.claim("other", 1 << 61, 1 << 61, [("Order", "charge"), ("Order", "mail")], 9) == []


@run_async
async def test_an_event_that_nothing_handles_leaves_no_trace(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await ordered(rt)
        taken = await run.send(Asked(), id="x")
        assert (taken.handled, taken.sequence) == (False, 1)
        assert len(run.history()) == 2


@run_async
async def test_an_id_is_taken_once_and_gets_the_same_answer(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        first, second, third = await asyncio.gather(
            *(run.send(Asked(), id=name) for name in ("x", "x", "y"))
        )
        assert first == second
        assert (first.sequence, third.sequence) == (1, 3)  # each is followed by what it sends
        clock.advance(HOUR)
        assert await run.send(Asked(), id="x") == first
        assert run.snapshot[Order.open.basket].reminders == 2
    async with runtime(store, clock, Bank("wait")) as rt:
        assert await rt.get("a").send(Asked(), id="y") == third


@run_async
async def test_an_id_is_forgotten_after_as_many_entries_as_was_said(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait"), ids=3) as rt:
        run = await rt.start(Polite, key="a")
        first = await run.send(Tick(), id="x")
        await run.send(Tick())
        assert await run.send(Tick(), id="x") == first
        await run.send(Tick())
        await run.send(Tick())
        again = await run.send(Tick(), id="x")
        assert again.sequence == 5


@run_async
async def test_what_a_run_sends_itself_is_taken_in_the_same_commit(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        before = store.head("a")
        taken = await run.send(Asked())
        after = store.head("a")
        assert before is not None
        assert after is not None
        assert (before.sequence, after.sequence, taken.sequence) == (0, 2, 1)
        assert [past.event for past in run.history(tail=2)] == [Asked(), Reminded()]


@run_async
async def test_an_event_that_cannot_be_taken_changes_nothing(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        head = store.head("a")
        with pytest.raises(StatechartError):
            await run.send(Ordered(object()))  # type: ignore[arg-type]
        wrong: Any = Answer("open.paying.charge#1", PAID)
        with pytest.raises(RunError, match="SC831"):
            await run.send(wrong)
        assert store.head("a") == head
        good, bad = await asyncio.gather(
            run.send(Ordered("1")), run.send(wrong_event()), return_exceptions=True
        )
        assert isinstance(bad, StatechartError)
        assert not isinstance(good, BaseException)
        assert run.configuration == ("open", "open.paying")


def wrong_event() -> Any:
    return "no event"


@run_async
async def test_keys_are_taken_once(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        await rt.start(Order, key="a")
        with pytest.raises(RunExistsError, match=r"SC821.*a run of that key"):
            await rt.start(Order, key="a")
        run = await rt.start(Order, key="a", exist_ok=True)
        assert run.configuration == ("open", "open.basket")
        with pytest.raises(RunExistsError):
            await rt.start(Daily, key="a", exist_ok=True)
        with pytest.raises(UnknownRunError, match="SC822"):
            await rt.get("b").send(Tick())
        with pytest.raises(UnknownRunError):
            _ = rt.get("b").snapshot
        for key in ("", 7):
            with pytest.raises(RunError, match="SC822"):
                await rt.start(Order, key=cast("Any", key))


# --- Calls ----------------------------------------------------------------------------------------


@run_async
async def test_leaving_the_state_cancels_the_handler(store: Store, clock: SimulatedClock) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        run = await ordered(rt)
        await begun(bank)
        await run.send(Withdrawn())
        await rt.settle()
        assert bank.cancelled == 1
        assert run.status == "ended"
        stored = store.read("a")
        assert stored is not None
        assert stored.owed == ()
        assert not (await run.answer("open.paying.charge#1", PAID)).handled


@run_async
async def test_a_late_answer_is_dropped(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank(None)) as rt:
        run = await ordered(rt)
        await rt.settle()
        (call,) = run.calls
        assert (await run.fail(call, "no")).handled
        assert run.configuration == ("open", "open.basket")
        assert not (await run.answer(call, PAID)).handled
        assert run.configuration == ("open", "open.basket")
        await run.send(Ordered("2"))
        (again,) = run.calls
        assert again != call
        assert not (await run.answer(call, PAID)).handled
        assert (await run.answer(again, PAID)).handled


@run_async
async def test_progress_is_an_answer_that_does_not_end_the_call(
    store: Store, clock: SimulatedClock
) -> None:
    async def slowly(_: Charge, task: Task[Any]) -> Paid:
        await task.progress(Queued(3))
        await task.progress(Queued(2))
        return PAID

    places: list[int] = []

    def watch(happened: object) -> None:
        if isinstance(happened, Happened) and Order.open.paying in happened.step.snapshot:
            places.append(happened.step.snapshot[Order.open.paying].place)

    async with runtime(store, clock, Bank(slowly), observe=watch) as rt:
        run = await ordered(rt)
        await run.wait(Order.settled)
    assert places == [0, 3, 2]


@run_async
async def test_a_call_that_is_handed_over_waits_for_somebody(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank(None)
    async with runtime(store, clock, bank) as rt:
        run = await ordered(rt)
        await rt.settle()
    async with runtime(store, clock, bank) as rt:
        run = rt.get("a", Order)
        clock.advance(HOUR)
        await rt.settle()
        assert bank.keys == ["a/1"]  # it is not carried out again
        (call,) = run.calls
        await run.answer(call, Queued(4), last=False)
        assert run.snapshot[Order.open.paying].place == 4
        await run.answer(call, PAID)
        assert run.status == "ended"
        assert await rt.verify() == []


@run_async
async def test_a_failure_is_tried_again_and_the_waits_are_recorded(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank(OSError("down"))
    retry = Retry(attempts=4, delay=HOUR, jitter=0)
    async with runtime(store, clock, bank, retry=retry) as rt:
        await ordered(rt)
        await rt.settle()
        clock.advance(HOUR - timedelta(seconds=1))
        await rt.settle()
        assert len(bank.tasks) == 1
    async with runtime(store, clock, bank, retry=retry) as rt:
        await rt.settle()
        assert len(bank.tasks) == 1
        clock.advance(timedelta(seconds=1))
        await rt.settle()
        assert len(bank.tasks) == 2
        clock.advance(2 * HOUR)
        await rt.settle()
        assert [task.attempt for task in bank.tasks] == [1, 2, 3]
        clock.advance(4 * HOUR)
        await rt.settle()
        assert bank.keys == ["a/1"] * 4
        assert rt.get("a").configuration == ("open", "open.basket")
        assert bank.mails == [Mail("shop", "OSError: down")]


@run_async
async def test_a_failing_handler_is_seen_while_it_is_tried_again(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each attempt is logged; its reason is kept with the effect, under the seal."""
    go = asyncio.Event()

    async def broken(*_: object) -> None:
        await go.wait()
        text = "down"
        raise OSError(text)

    retry = Retry(attempts=2, delay=HOUR, jitter=0)
    async with runtime(store, clock, Bank(broken), retry=retry) as rt:
        run = await ordered(rt)
        (begun,) = run.owed
        assert (begun.attempts, begun.reason, begun.claimed) == (
            *(0, ""),
            clock.now() + timedelta(seconds=30),
        )
        go.set()
        await rt.settle()
        (owed,) = run.owed
        assert (owed.key, owed.name, owed.attempts) == ("a/1", "charge", 1)
        assert (owed.call, owed.handed) == ("open.paying.charge#1", False)
        assert (owed.reason, owed.claimed) == ("OSError: down", None)
        assert owed.due == clock.now() + HOUR
        assert await rt.verify() == []
        clock.advance(HOUR)
        await rt.settle()
        assert run.owed == ()
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("WARNING", "a/1 charge: attempt 1 of 2 failed: OSError: down; the next in 1:00:00"),
        ("ERROR", "a/1 charge: attempt 2 of 2 failed: OSError: down; given up"),
    ]


@run_async
async def test_a_run_that_is_stuck_is_logged(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with Runtime(store, Order, clock=clock, handlers={Mail: _unable}) as rt:
        run = await rt.start(Order, key="a")
        clock.advance(4 * DAY)
        await rt.settle()
        for _ in range(4):
            clock.advance(HOUR)
            await rt.settle()
        assert run.status == "stuck"
        assert [one.reason for one in run.owed] == ["OSError: no server"]
        head = rt._operations.head("a")
        assert (head.blocked, head.before) == ("effect 1", "")
    assert caplog.records[-1].getMessage() == "a: stuck on effect 1: OSError: no server"


def _unable(_: Mail) -> None:
    text = "no server"
    raise OSError(text)


@run_async
async def test_some_failures_are_not_worth_another_attempt(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank(ValueError("no such card"))
    retry = Retry(give_up_on=(ValueError,))
    async with runtime(store, clock, bank, retry=retry) as rt:
        await ordered(rt)
        await rt.settle()
        assert len(bank.tasks) == 1
        assert bank.mails == [Mail("shop", "ValueError: no such card")]


@run_async
async def test_an_outcome_that_is_no_answer_is_a_failure(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank("receipt")
    async with runtime(store, clock, bank, retry=NEVER) as rt:
        await ordered(rt)
        await rt.settle()
        (mail,) = bank.mails
        assert "returned 'receipt', and the call is answered by Queued, Paid" in mail.text


@run_async
async def test_an_attempt_may_take_no_longer_than_it_was_given(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank("wait")
    how = {"timeout": timedelta(milliseconds=20)}
    async with runtime(store, clock, bank, retry=NEVER, how=how) as rt:
        run = await ordered(rt)
        await run.wait(Order.open.basket, timeout=timedelta(seconds=60))
        await rt.settle()
        assert bank.mails == [Mail("shop", "TimeoutError: it took longer than 0.02 s")]
        assert bank.cancelled == 1


@run_async
async def test_an_attempt_must_give_heartbeats(clock: SimulatedClock) -> None:
    beats = 0

    async def beating(_: Charge, task: Task[Any]) -> Paid:
        nonlocal beats
        for _number in range(6):
            await asyncio.sleep(0.3)
            task.heartbeat()
            beats += 1
        await asyncio.Event().wait()
        return PAID

    bank = Bank(beating)
    how = {"heartbeat": timedelta(seconds=1.5)}  # less than all beats together
    async with runtime(MemoryStore(), clock, bank, retry=NEVER, how=how) as rt:
        run = await ordered(rt)
        await run.wait(Order.open.basket, timeout=timedelta(seconds=60))
        await rt.settle()
        assert beats == 6
        assert bank.mails == [Mail("shop", "TimeoutError: it gave no heartbeat for 1.5 s")]


@run_async
async def test_plain_functions_run_in_threads(store: Store, clock: SimulatedClock) -> None:
    seen: list[Any] = []

    def charge(call: Charge, task: Task[Any]) -> Paid:
        seen.append(threading.current_thread() is threading.main_thread())
        task.progress_from_thread(Queued(1))
        return Paid(call.card)

    async with Runtime(store, Order, handlers={Charge: charge}, clock=clock) as rt:
        run = await ordered(rt)
        snapshot = await run.wait(Order.settled)
        assert snapshot[Order.settled] == Settled("1")
        assert seen == [False]
        assert [past.event for past in run.history()][2] == Answer(
            "open.paying.charge#1", Queued(1), last=False
        )


@run_async
async def test_a_plain_function_is_told_that_its_call_was_taken_back(
    store: Store, clock: SimulatedClock
) -> None:
    started, stopped = threading.Event(), threading.Event()

    def charge(_: Charge, task: Task[Any]) -> Paid | None:
        started.set()
        try:
            while True:
                time.sleep(0.005)
                task.heartbeat()
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with Runtime(store, Order, handlers={Charge: charge}, clock=clock) as rt:
        run = await ordered(rt)
        assert await asyncio.to_thread(started.wait, 5)
        await run.send(Withdrawn())
        await asyncio.to_thread(stopped.wait, 5)
        assert stopped.is_set()


@run_async
async def test_no_more_handlers_run_at_once_than_was_said(
    store: Store, clock: SimulatedClock
) -> None:
    now = most = 0

    async def charge(call: Charge) -> Paid:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.002)
        now -= 1
        return Paid(call.card)

    handlers = [handle(Charge, charge, at_once=3)]
    async with Runtime(store, Order, handlers=handlers, effects=[Mail], clock=clock) as rt:
        runs = [await rt.start(Order, key=f"r{number}") for number in range(20)]
        await asyncio.gather(*(run.send(Ordered(run.key)) for run in runs))
        await asyncio.gather(*(run.wait(Order.settled) for run in runs))
        assert most == 3
        assert {run.snapshot[Order.settled].receipt for run in runs} == {run.key for run in runs}


@run_async
async def test_handlers_are_checked_when_the_runtime_is_made(
    store: Store, clock: SimulatedClock
) -> None:
    async def wrong(call: Charge) -> Settled:
        raise NotImplementedError

    async def many(call: Charge, task: Task[Any], more: int) -> Paid:
        raise NotImplementedError

    def says(mail: Mail) -> str:
        raise NotImplementedError

    def says_nothing(mail: Mail) -> None:
        raise NotImplementedError

    def make(handlers: Any) -> None:
        Runtime(store, Order, handlers=handlers, clock=clock)

    for handlers, said in (
        ({Charge: wrong}, "returns Settled. The call is answered by Queued, Paid"),
        ({Charge: many}, "Let it take the effect, or the effect and the task"),
        ({Mail: says}, "returns str. Return None"),
        ({Charge: 7}, "cannot be called"),
        ({Paying: wrong}, "is not a class of effects"),
        ([handle(Mail, lambda _: None)] * 2, "has two handlers"),
        (
            {Charge: handle(Mail, says_nothing)},
            "the handler under Charge was made for Mail. Give it",
        ),
        (
            {"Mail": handle(Mail, says_nothing)},
            "the handler under 'Mail' was made for Mail. Give it",
        ),
        ([wrong], "is not a handler"),
    ):
        with pytest.raises(HandlerError, match=said):
            make(handlers)


def takes_mail(call: Mail) -> Paid:
    raise NotImplementedError


def takes_number(call: int | None, task: Task[Any]) -> None:
    raise NotImplementedError


def takes_key(call: Charge, key: str) -> Paid:
    raise NotImplementedError


async def tells_settled(call: Charge, task: Task[Paid | Settled]) -> Paid:
    raise NotImplementedError


def tells_paid(mail: Mail, task: Task[Paid]) -> None:
    raise NotImplementedError


def awaits_settled(call: Charge) -> Coroutine[Any, Any, Settled]:
    raise NotImplementedError


class Bound:
    def __call__(self, call: Mail) -> None:
        raise NotImplementedError

    def method(self, prefix: str, call: Mail) -> None:
        raise NotImplementedError


WRONG_ANNOTATIONS: list[tuple[type, Any, str]] = [
    (Charge, takes_mail, "takes Mail as 'call'. It is given a Charge: annotate 'call' with that"),
    (
        Mail,
        takes_number,
        "takes int | None as 'call'. It is given a Mail: annotate 'call' with that",
    ),
    (Charge, takes_key, "takes str as 'key'. It is given a Task: annotate 'key' with that"),
    (
        Charge,
        tells_settled,
        "takes Task[Paid | Settled] as 'task'. The call is answered by Queued, Paid",
    ),
    (
        Mail,
        tells_paid,
        (
            "takes Task[Paid] as 'task'. Annotate 'task' with Task[None], or derive the effect from"
            " Call: only calls are answered"
        ),
    ),
    (Charge, awaits_settled, "returns Settled. The call is answered by Queued, Paid"),
    (Charge, Bound(), "takes Mail as 'call'. It is given a Charge: annotate 'call' with that"),
    (
        Charge,
        partial(Bound().method, "x"),
        "takes Mail as 'call'. It is given a Charge: annotate 'call' with that",
    ),
]


@pytest.mark.parametrize(("effect", "function", "said"), WRONG_ANNOTATIONS)
def test_annotations_of_handlers_are_compared(effect: type, function: Any, said: str) -> None:
    """What a handler is annotated to take and to answer is told, in a dict and by `handle`."""
    expected = f"[SC828] handlers: the handler of {effect.__name__} {said}."
    for make in (lambda: table({effect: function}), lambda: handle(effect, function)):
        with pytest.raises(HandlerError) as refused:
            make()
        assert str(refused.value) == expected
    with pytest.raises(HandlerError) as refused:
        handle(Charge, lambda call: PAID, undo=takes_mail)
    assert "the handler of undo= of Charge takes Mail as 'call'" in str(refused.value)


def takes_parent(call: Effect, task: Task[Any]) -> Any:
    raise NotImplementedError


def takes_either(call: "Charge | Mail", task: "Nowhere", *more: int) -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821, UP037
    raise NotImplementedError


async def undone(call: Charge, task: Task[Any]) -> str:
    raise NotImplementedError


def awaits_nothing(mail: Mail, task: Task[None]) -> Awaitable[None]:
    raise NotImplementedError


def never(mail: Mail) -> NoReturn:
    raise NotImplementedError


def test_annotations_that_fit_or_cannot_be_read_are_taken() -> None:
    """Parents, unions, what is not annotated, and names that this module does not know."""
    functions: list[Any] = [takes_parent, takes_either, print, lambda call: PAID]
    for function in functions:
        assert table({Charge: function})[Charge].function is function
    functions = [awaits_nothing, never, takes_either, print]
    for function in functions:
        assert table({Mail: function})[Mail].function is function
    assert handle(Charge, takes_parent, undo=undone).undo is not None


# --- Timers ---------------------------------------------------------------------------------------


@run_async
async def test_a_timer_fires_when_it_is_due(store: Store, clock: SimulatedClock) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        run = await rt.start(Order, key="a")
        clock.advance(3 * DAY - HOUR)
        await rt.settle()
        assert bank.mails == []
        clock.advance(HOUR)
        await rt.settle()
        assert bank.mails == [Mail("customer", "still there?")]
        clock.advance(27 * DAY)
        await rt.settle()
        assert run.configuration == ("given_up",)
        stored = store.read("a")
        assert stored is not None
        assert stored.timers == ()


@run_async
async def test_timers_that_fell_due_while_nobody_was_there_fire_at_their_time(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        await rt.start(Daily, key="a")
    clock.advance(3 * DAY + HOUR)
    async with runtime(store, clock, bank) as rt:
        await rt.settle()
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        assert sorted(mail.text for mail in bank.mails) == [  # plain functions run side by side
            str(begin + DAY),
            str(begin + 2 * DAY),
            str(begin + 3 * DAY),
        ]
        pasts = rt.get("a").history()
        assert [past.at for past in pasts] == [begin + number * DAY for number in range(4)]
        assert await rt.verify() == []


@run_async
async def test_a_year_passes_in_a_moment(store: Store, clock: SimulatedClock) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        await rt.start(Daily, key="a")
        for _ in range(12):
            clock.advance(30 * DAY)
            await rt.settle()
        assert len(bank.mails) == 360


@run_async
async def test_due_timers_fire_before_an_event(store: Store, clock: SimulatedClock) -> None:
    with Runs(store, Order, effects=(Mail,), clock=clock) as runs:
        run = runs.start(Order, key="a")
        clock.advance(40 * DAY)
        with pytest.raises(RunError, match=r"SC825.*has ended in \(given_up\)"):
            run.send(Ordered("1"))
        assert run.configuration == ("given_up",)


# --- Stuck ----------------------------------------------------------------------------------------


@run_async
async def test_an_effect_that_fails_for_ever_makes_its_run_stuck_and_no_other(
    store: Store, clock: SimulatedClock
) -> None:
    broken = True

    def mail(mail: Mail) -> None:
        if broken and mail.text == "r-a":
            text = "no server"
            raise OSError(text)
        sent.append(mail.text)

    async def charge(call: Charge) -> Paid:
        return Paid(f"r-{call.card}")

    sent: list[str] = []
    handlers = [handle(Charge, charge), handle(Mail, mail, retry=NEVER)]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        for key in ("a", "b"):
            await ordered(rt, key, key)
        await rt.settle()
        assert sent == ["r-b"]
        (stuck,) = rt.list(stuck=True)
        assert (stuck.key, stuck.reason) == ("a", "OSError: no server")
        broken = False
        await stuck.retry()
        await rt.settle()
        assert sent == ["r-b", "r-a"]
        assert stuck.status == "ended"
        broken = True
        run = await ordered(rt, "c", "a")
        await rt.settle()
        assert run.status == "stuck"
        await run.skip()
        await rt.settle()
        assert run.status == "ended"
        assert await rt.verify() == []


@run_async
async def test_other_effects_of_a_stuck_run_go_on_with_it(
    store: Store, clock: SimulatedClock
) -> None:
    """Their handlers were stopped; they are claimed again at once, not when the lease is over."""
    broken, begun_again = True, asyncio.Event()
    attempts = 0

    async def charge(_: Charge) -> Paid:
        return PAID

    async def mail(_: Mail) -> None:
        nonlocal attempts
        attempts += 1
        if broken and attempts > 1:
            text = "no server"
            raise OSError(text)
        if broken:
            await asyncio.Event().wait()
        begun_again.set()

    async with Runtime(
        store,
        Order,
        handlers=[handle(Charge, charge), handle(Mail, mail, retry=NEVER)],
        clock=clock,
        grace=timedelta(milliseconds=5),
    ) as rt:
        run = await rt.start(Order, key="a")
        clock.advance(3 * DAY)
        while attempts < 1:  # noqa: ASYNC110 - a handler sets no event
            await asyncio.sleep(0.001)
        await run.send(Ordered("1"))
        while run.status != "stuck":  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        broken = False
        await run.retry()
        await begun_again.wait()
        await rt.settle()
        stored = store.read("a")
        assert stored is not None
        assert stored.owed == ()
        assert attempts == 4


@run_async
async def test_a_timer_that_fails_can_be_skipped(store: Store, clock: SimulatedClock) -> None:
    from tests.test_runtime.faulty import Faulty, Go, mended

    async with Runtime(store, Faulty, clock=clock) as rt:
        run = await rt.start(Faulty, key="a")
        other = await rt.start(Faulty, key="b")
        clock.advance(HOUR)
        await rt.settle()
        assert run.status == "stuck"
        assert "broken" in run.reason
        with pytest.raises(StuckError, match=r"SC824.*on timer waiting.deadline#1.*broken"):
            await run.send(Go())
        with pytest.raises(WaitError, match="stuck"):
            await run.wait(Faulty.over)
        await run.retry()
        assert run.status == "stuck"
        await run.skip()
        assert (run.status, run.configuration) == ("running", ("waiting",))
        clock.advance(HOUR)
        await rt.settle()
        assert run.status == "running"
        assert (await run.send(Go())).handled
        assert run.at(0).timers != {}
        mended.append(True)
        await other.retry()
        mended.clear()
        assert other.configuration == ("over",)
        assert await rt.verify() == []
        assert [past.kind for past in run.history()] == ["start", "skip", "event"]
        assert run.at(1).timers == {}


# --- The run as a whole ---------------------------------------------------------------------------


@run_async
async def test_a_suspended_run_lets_events_wait(store: Store, clock: SimulatedClock) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        run = await rt.start(Order, key="a")
        await run.send(Asked())
        await run.suspend("an incident")
        assert (run.status, run.reason) == ("suspended", "an incident")
        taken = await run.send(Ordered("1"), id="x")
        assert (taken.waiting, taken.handled) == (True, False)
        assert await run.send(Ordered("1"), id="x") == taken
        clock.advance(4 * DAY)
        await rt.settle()
        assert run.configuration == ("open", "open.basket")
        assert bank.mails == []
    async with runtime(store, clock, bank) as rt:
        run = rt.get("a", Order)
        await run.resume()
        assert run.configuration == ("open", "open.paying")
        await begun(bank, mails=1)
        assert bank.mails == [Mail("customer", "still there?")]  # the timer was due before
        assert len(bank.tasks) == 1
        assert await rt.verify() == []


@run_async
async def test_a_call_pauses_while_its_run_is_suspended(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank("wait", PAID)
    async with runtime(store, clock, bank) as rt:
        run = await ordered(rt)
        await begun(bank)
        await run.suspend()
        await rt.settle()
        assert bank.cancelled == 1
        await run.resume()
        await run.wait(Order.settled, timeout=timedelta(seconds=60))
        assert bank.keys == ["a/1", "a/1"]


@pytest.mark.parametrize("what", ["leave", "suspend", "cancel", "remove"])
@run_async
async def test_a_call_is_stopped_by_whatever_another_process_does(
    store: Store, clock: SimulatedClock, what: str
) -> None:
    """And at once: long before its claim is to be renewed."""
    bank = Bank("wait")
    async with runtime(store, clock, bank, lease=timedelta(hours=1)) as rt:
        await ordered(rt)
        await begun(bank)
        runs = Runs(store, Order, Polite, effects=(Mail,), clock=clock)
        acts: dict[str, Callable[[], Any]] = {
            "leave": lambda: runs.get("a").send(Withdrawn()),
            "suspend": lambda: runs.get("a").suspend("an incident"),
            "cancel": lambda: runs.get("a").cancel("no more"),
            "remove": lambda: runs.get("a").remove(),
        }
        await asyncio.to_thread(acts[what])
        await until(lambda: bank.cancelled == 1)


@run_async
async def test_a_run_is_cancelled_where_it_is_or_by_its_own_event(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank("wait")
    async with runtime(store, clock, bank) as rt:
        run = await ordered(rt)
        await begun(bank)
        await run.cancel("the shop closes")
        await rt.settle()
        assert (run.status, run.reason, bank.cancelled) == ("cancelled", "the shop closes", 1)
        with pytest.raises(RunError, match=r"SC825.*was cancelled"):
            await run.send(Withdrawn())
        clock.advance(99 * DAY)
        await rt.settle()
        assert run.configuration == ("open", "open.paying")
        polite = await rt.start(Polite, key="b")
        taken = await polite.cancel()
        assert taken.configuration == ("cancelled",)
        assert polite.status == "ended"
        assert polite.history()[-1].event == Cancel()
        with pytest.raises(RunError, match="SC825"):
            await polite.cancel()


@run_async
async def test_waiting_ends_when_it_cannot_come_true(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        with pytest.raises(WaitError, match=r"not in settled in time.*open.basket"):
            await run.wait(Order.settled, timeout=timedelta(milliseconds=30))
        with pytest.raises(WaitError, match="not over in time"):
            await run.wait(timeout=timedelta(milliseconds=30))
        waiter = asyncio.create_task(run.wait("settled"))
        await run.send(Withdrawn())
        with pytest.raises(WaitError, match="will never be in settled"):
            await waiter
        assert (await run.wait()).ended
        with pytest.raises(RunError, match="has no state 'setled'"):
            await run.wait("setled")


# --- History --------------------------------------------------------------------------------------


@run_async
async def test_history_tells_what_happened_and_for_how_long(
    store: Store, clock: SimulatedClock
) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        clock.advance(HOUR)
        await run.send(Ordered("1"), id="click")
        clock.advance(2 * HOUR)
        pasts = run.history()
        assert [(past.kind, past.id, past.lasted) for past in pasts] == [
            ("start", None, HOUR),
            ("event", "click", None),
        ]
        assert run.history(tail=1) == pasts[1:]
        assert run.times() == {
            "open": 3 * HOUR,
            "open.basket": HOUR,
            "open.paying": 2 * HOUR,
        }


@run_async
async def test_the_snapshot_of_any_point_is_there(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Polite, key="a")
        kept = [run.snapshot]
        for _ in range(600):
            clock.advance(timedelta(seconds=1))
            await run.send(Tick())
            kept.append(run.snapshot)
        assert [one.sequence for one in store.checkpoints("a")] == [256, 512]
        for sequence in (0, 1, 255, 256, 257, 300, 511, 512, 599, 600):
            assert run.at(sequence) == kept[sequence]
        for sequence in (-1, 601):
            with pytest.raises(RunError, match="SC830"):
                run.at(sequence)
        assert await run.prune(before=300) == 256
        assert await run.prune(before=300) == 256
        assert run.history()[0].sequence == 256
        for sequence in (256, 300, 600):
            assert run.at(sequence) == kept[sequence]
        with pytest.raises(RunError, match="from entry 256 to 600"):
            run.at(255)
        assert await rt.verify() == []
        await run.send(Tick())
        assert await rt.verify() == []


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(3), GeneratorExit(), asyncio.CancelledError()], ids=repr
)
@run_async
async def test_an_observer_that_raises_stops_neither_the_loop_nor_a_delivery(
    store: Store,
    clock: SimulatedClock,
    error: BaseException,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever an observer raises is logged, and the calls are carried out all the same."""

    def broken(_: object) -> None:
        raise error

    bank = Bank(PAID)
    async with runtime(store, clock, bank, observe=broken) as rt:
        rt.subscribe(broken)
        run = await ordered(rt)
        await rt.settle()
        assert run.status == "ended"
    assert bank.keys == ["a/1"]
    assert {one.exc_info and one.exc_info[1] for one in caplog.records} == {error}
    assert {one.name for one in caplog.records} == {"statecharts.runtime"}


@run_async
async def test_observers_are_told_of_each_step_with_its_cause(
    store: Store, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []

    def broken(_: object) -> None:
        text = "observer"
        raise ValueError(text)

    async with runtime(store, clock, Bank(PAID), observe=broken) as rt:
        end = rt.subscribe(lambda happened: seen.append((happened.sequence, happened.cause)))
        run = await rt.start(Order, key="a")
        await run.send(Asked())
        end()
        end()
        await run.send(Asked())
    assert seen == [(0, None), (1, Asked()), (2, Reminded())]
    told = [str(one.exc_info[1]) for one in caplog.records if one.exc_info]
    assert told == ["observer"] * 5


# --- Several at once ------------------------------------------------------------------------------


@run_async
async def test_synchronous_code_writes_and_a_runtime_carries_out(
    store: Store, clock: SimulatedClock
) -> None:
    bank = Bank(PAID)
    async with runtime(store, clock, bank) as rt:
        with Runs(store, Order, effects=(Mail,), clock=clock) as runs:
            run = await asyncio.to_thread(lambda: runs.start(Order, key="a"))
            await asyncio.to_thread(run.send, Ordered("1"))
            await asyncio.to_thread(run.wait, Order.settled)
        assert rt.get("a").status == "ended"
    assert bank.keys == ["a/1"]


@run_async
async def test_what_one_runtime_left_another_goes_on_with(
    store: Store, clock: SimulatedClock
) -> None:
    first, second = Bank("wait"), Bank(PAID)
    grace = timedelta(milliseconds=1)
    async with runtime(store, clock, first, grace=grace) as rt:
        await ordered(rt)
        await begun(first)
    assert first.cancelled == 1
    async with runtime(store, clock, second) as rt:
        await rt.get("a").wait(Order.settled, timeout=timedelta(seconds=60))
    assert first.keys == second.keys == ["a/1"]


@run_async
async def test_what_a_dead_process_had_claimed_is_taken_over_after_the_lease(
    store: Store, clock: SimulatedClock
) -> None:
    dead = Runtime(store, Order, handlers={Charge: Bank("wait").charge}, clock=clock)
    await dead.__aenter__()
    run = await dead.start(Order, key="a")
    await run.send(Ordered("1"))
    for loop in dead._delivery._loops:  # type: ignore[union-attr]
        loop.cancel()  # it renews nothing any more
    bank = Bank(PAID)
    async with runtime(store, clock, bank) as rt:
        clock.advance(timedelta(seconds=29))
        await rt.settle()
        assert bank.keys == []
        clock.advance(timedelta(seconds=2))
        await rt.settle()
        assert bank.keys == ["a/1"]
        assert rt.get("a").status == "ended"
    await dead._delivery.close(timedelta())  # type: ignore[union-attr]


@run_async
async def test_a_runtime_is_used_inside_its_block_and_once(
    store: Store, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt = runtime(store, clock, Bank("wait"))
    with pytest.raises(RunError, match=r"SC832.*not running"):
        await rt.start(Order, key="a")
    async with rt:
        await rt.start(Order, key="a")
        with pytest.raises(RunError, match=r"SC832.*entered already"):
            await rt.__aenter__()
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("os.getpid", lambda: -1)  # as in one that was forked
            with pytest.raises(RunError, match=r"SC832.*process"):
                await rt.get("a").send(Asked())
    with pytest.raises(RunError, match="SC832"):
        await rt.get("a").send(Asked())


@run_async
async def test_a_chart_that_is_not_known_is_told(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        await rt.start(Daily, key="a")
    async with Runtime(store, Order, clock=clock) as rt:
        run = rt.get("a")
        with pytest.raises(
            RunError, match=r"SC829.*its chart Daily is not one of the charts here: Order"
        ):
            await run.send(Tick())
        assert run.configuration == ("on", "on.wait")
        assert [past.kind for past in run.history()] == ["start"]
        with pytest.raises(RunError, match="SC829"):
            await rt.start(Daily, key="b")
    with pytest.raises(RunError, match="two charts are called Order"):
        Runtime(store, Order, Order)


@run_async
async def test_values_are_kept_with_a_run(store: Store, clock: SimulatedClock) -> None:
    async with runtime(store, clock, Bank("wait")) as rt:
        run = await rt.start(Order, key="a")
        name = await run.attach({"report": [1.0, "ä"]})
        assert await run.attach({"report": [1, "ä"]}) == name  # the same bytes
        assert run.artifacts == (name,)
        assert run.artifact(name) == {"report": [1, "ä"]}
        for wrong in ("", "00" * 32, "no"):
            with pytest.raises(RunError, match="SC833"):
                run.artifact(wrong)
        assert await rt.verify() == []


def test_waits_of_any_number_of_failures_end_at_the_longest() -> None:
    """The wait doubles until it is as long as it may be, however many failures there were."""
    retry = Retry(attempts=10_000, delay=timedelta(seconds=2), most=timedelta(seconds=9), jitter=0)
    waits = [retry.wait("a/1", failures).total_seconds() for failures in (1, 2, 3, 4, 60, 9_999)]
    assert waits == [2, 4, 8, 9, 9, 9]
    for longest in (Retry(delay=timedelta.max, most=timedelta.max), Retry(jitter=1e300)):
        assert timedelta(days=36_525) >= longest.wait("a/1", 1) > timedelta(days=36_500)


@run_async
async def test_an_answer_keeps_artifacts_in_its_own_commit(
    store: Store, clock: SimulatedClock
) -> None:
    """What is kept with an answer is there with it; a late answer keeps nothing."""
    body = b'{"receipt":"r-1"}'
    name = hashlib.sha256(body).hexdigest()
    async with Runtime(store, Order, clock=clock, effects=(Mail,)) as rt:
        run = await rt.start(Order, key="a")
        await run.send(Ordered("4111"))
        (call,) = run.calls
        before = run.artifacts
        assert (await run.answer(call, Paid("r-1"), keep=[body, body])).handled
        assert (before, run.artifacts, run.artifact(name)) == ((), (name,), {"receipt": "r-1"})
        assert not (await run.answer(call, Paid("r-1"), keep=[b"{}"])).handled
        assert run.artifacts == (name,)
        assert await rt.verify() == []


def test_both_surfaces_have_the_same_names() -> None:
    from statecharts.runtime import Run

    def names(cls: type) -> set[str]:
        return {name for name in dir(cls) if not name.startswith("_")}

    assert names(Run) == names(LiveRun)
    assert names(Runs) - {"next_due"} == names(Runtime) - {"settle", "subscribe"}


def test_senders_in_threads_and_tasks_are_written_together_and_none_waits_for_ever(
    store: Store, clock: SimulatedClock
) -> None:
    """Many threads and tasks send at once, by one runtime: each gets its own answer, in order."""
    written: list[int] = []
    write = store.write

    def counted(changes: Any, together: int = 0) -> list[bool]:
        written.append(len(changes))
        time.sleep(0.001)  # as a disk does
        return write(changes, together)

    store.write = counted  # type: ignore[method-assign]

    async def main() -> None:
        async with Runtime(store, Polite, clock=clock) as rt:
            runs = [await rt.start(Polite, key=f"t{number}") for number in range(16)]
            written.clear()

            def send(key: str) -> list[int]:
                operations = rt._operations
                return [
                    operations.writer.do(operations.send(key, Tick(), None)).sequence
                    for _ in range(20)
                ]

            async def task(run: LiveRun[Any, Any]) -> list[int]:
                return [(await run.send(Tick())).sequence for _ in range(20)]

            async with asyncio.timeout(60):
                found = await asyncio.gather(
                    *(asyncio.to_thread(send, run.key) for run in runs[:8]), *map(task, runs[8:])
                )
            assert found == [list(range(1, 21))] * 16
            assert len(written) < 16 * 20 / 2

    asyncio.run(main())


@run_async
async def test_what_its_sender_has_cancelled_is_not_written(
    store: Store, clock: SimulatedClock
) -> None:
    """A cancelled task whose event has not been begun leaves no trace."""
    async with Runtime(store, Polite, clock=clock) as rt:
        run = await rt.start(Polite, key="a")
        with rt._operations.writer._pen:
            sending = asyncio.ensure_future(run.send(Tick()))
            await asyncio.sleep(0)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        await rt.settle()
        assert run.configuration == ("work", "work.a")


# --- Handlers that go wrong in odd ways -----------------------------------------------------------


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError("nothing to say")


@pytest.mark.parametrize(
    ("error", "retry", "reason"),
    [
        (MuteError(), NEVER, "MuteError"),
        (asyncio.CancelledError("by itself"), NEVER, "CancelledError: by itself"),
        (OSError("no"), lambda _: None, "OSError: no; and its retry= failed: TypeError"),
        (OSError("no"), lambda _: 1 / 0, "OSError: no; and its retry= failed: ZeroDivisionError"),
    ],
    ids=["mute", "cancelled", "no retry", "retry raises"],
)
@run_async
async def test_no_failure_goes_unrecorded(
    store: Store, clock: SimulatedClock, error: BaseException, retry: Any, reason: str
) -> None:
    """Whatever a handler raises, and whatever its policy does, the attempt counts and is told."""

    async def charge(call: Charge) -> Paid:
        raise error

    seen: list[Any] = []
    handlers = [handle(Charge, charge, retry=retry), handle(Mail, lambda mail: seen.append(mail))]
    async with Runtime(store, Order, handlers=handlers, clock=clock) as rt:
        await ordered(rt)
        while not seen:  # noqa: ASYNC110 - a handler sets no event
            await asyncio.sleep(0.001)
        assert seen[0].text.startswith(reason)
        assert rt.get("a").configuration[-1] == "open.basket"


class Odd(BaseException):
    """What a library may raise past everybody."""


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
@pytest.mark.parametrize("heartbeat", [None, HOUR], ids=["", "heartbeat"])
@pytest.mark.parametrize("error", [SystemExit(3), Odd("x"), GeneratorExit(), StopIteration()])
@run_async
async def test_no_handler_ends_the_process(
    error: BaseException, plain: bool, heartbeat: timedelta | None
) -> None:
    """What would end the loop, or never reach it, is a failed attempt like any other."""

    def raising(_: Charge) -> Paid:
        raise error

    async def charge(call: Charge) -> Paid:
        return raising(call)

    seen: list[Mail] = []
    how: dict[str, Any] = {"retry": NEVER, "heartbeat": heartbeat}
    handlers = [handle(Charge, raising if plain else charge, **how), handle(Mail, seen.append)]
    async with Runtime("memory:", Order, handlers=handlers) as rt:
        await ordered(rt)
        await rt.settle()
    assert type(error).__name__ in seen[0].text


@run_async
async def test_plain_functions_that_never_end_keep_nobody_waiting(
    store: Store, clock: SimulatedClock
) -> None:
    """Neither other handlers nor, at its end, the process."""
    end, threads, mails = threading.Event(), list[threading.Thread](), list[Mail]()

    def charge(_: Charge) -> None:
        threads.append(threading.current_thread())
        end.wait()

    try:
        handlers = {Charge: charge, Mail: mails.append}
        options: dict[str, Any] = {"clock": clock, "grace": timedelta(0)}
        async with Runtime(store, Order, handlers=handlers, **options) as rt:
            await rt.start(Order, key="basket")
            runs = [await rt.start(Order, key=f"r{number}") for number in range(70)]
            await asyncio.gather(*(run.send(Ordered(run.key)) for run in runs))
            clock.advance(3 * DAY)
            await until(lambda: bool(mails) and len(threads) == len(runs))
        assert all(thread.daemon for thread in threads)
    finally:
        end.set()


@run_async
async def test_handler_that_cannot_be_cancelled_keeps_nobody_waiting(
    store: Store, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was at work on is given back, for others to take over."""
    monkeypatch.setattr("statecharts.runtime.delivery.ENDING", 0.01)
    end = asyncio.Event()

    async def charge(_: Charge) -> None:
        while not end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await end.wait()

    options: dict[str, Any] = {"clock": clock, "grace": timedelta(0)}
    async with Runtime(store, Order, handlers={Charge: charge}, **options) as rt:
        await ordered(rt)
        assert rt.get("a").owed[0].claimed is not None
        await asyncio.sleep(0.01)
    assert [row.held for run in [store.read("a")] if run for row in run.owed] == [False]
    end.set()


class Charger:
    """Charges cards when it is called, or by a method of its class."""

    async def __call__(self, call: Charge) -> Paid:
        return Paid(call.card)

    @classmethod
    async def charge(cls, call: Charge) -> Paid:
        return Paid(call.card)


@pytest.mark.parametrize(
    "function", [Charger(), partial(Charger()), Charger.charge, partial(partial(Charger.charge))]
)
def test_handler_is_awaited_whatever_holds_its_coroutine_function(function: Any) -> None:
    """A partial function of an object that is called is awaited as the object is."""
    assert handle(Charge, function).is_async


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({"retry": 3}, "retry= of the handler of Charge is 3. Give a Retry"),
        ({"timeout": 60}, "timeout= of the handler of Charge is 60. Give a time"),
        ({"timeout": -HOUR}, "timeout= of the handler of Charge"),
        ({"heartbeat": 5}, "heartbeat= of the handler of Charge is 5"),
        ({"at_once": 0}, "at_once= of the handler of Charge is 0. Give a number from 1 on"),
        ({"at_once": "2"}, "at_once= of the handler of Charge is '2'"),
        ({"undo": "refund"}, "undo= of Charge is 'refund', which cannot be called"),
    ],
)
def test_policy_that_means_nothing_is_refused(policy: dict[str, Any], text: str) -> None:
    with pytest.raises(HandlerError, match=text):
        handle(Charge, lambda call: PAID, **policy)


@run_async
async def test_answer_that_cannot_be_written_is_told_with_its_handler(store: Store) -> None:
    """The run is stuck, and the reason says who has answered."""
    chart = pipeline("Report", ["fetch"])
    async with Runtime(store, chart, handlers={Work: lambda _: Worked(object())}) as rt:
        run = await rt.start(chart, key="a", context=Notes())
        while run.status != "stuck":  # noqa: ASYNC110 - `wait` would raise
            await asyncio.sleep(0.001)
    said = "the answer of the handler of work cannot be taken: [SC421] "
    assert run.reason.startswith(said)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"delay": -HOUR}, "a time that is not negative"),
        ({"most": 60}, "a time that is not negative"),
        ({"attempts": 0}, "a whole number from 1 on"),
        ({"backoff": "linear"}, "'fixed' or 'exponential'"),
        ({"jitter": "some"}, "a number from 0 on"),
        ({"give_up_on": ("ValueError",)}, "a tuple of classes of exceptions"),
        ({"give_up_on": ValueError}, "a tuple of classes of exceptions"),
    ],
)
def test_retry_that_means_nothing_is_refused(given: dict[str, Any], remedy: str) -> None:
    (name,) = given
    with pytest.raises(ArgumentError, match=rf"SC221\] Retry: {name}=.* Pass {remedy}"):
        Retry(**given)
