"""Arguments of stored runs: what cannot be meant is told at once, with the remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts.model.errors import ArgumentError, StatechartError
from statecharts.model.family import Child, Each, Spawn, Tell
from statecharts.runtime import RunError, Runs, Runtime, SimulatedClock, UnknownRunError
from statecharts.store import Store, StoreError
from statecharts.store.memory import MemoryStore
from tests.test_runtime.conftest import PAID, run_async
from tests.test_runtime.orders import Charge, Daily, Mail, Order, Ordered, Paid, Tick

CALL = "open.paying.charge#1"


@pytest.mark.parametrize("door", [Runs, Runtime])
@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"effects": Mail}, "a tuple of classes of effects, such as"),
        ({"effects": (Mail, Order)}, "a tuple of classes of effects"),
        ({"effects": 3}, "a tuple of classes of effects"),
        ({"clock": SimulatedClock}, "a clock, such as SystemClock()"),
        ({"clock": "noon"}, "a clock"),
        ({"ids": "9"}, "a whole number from 0 on"),
        ({"prefix": 3}, "a text"),
        ({"create_schema": "no"}, "True or False"),
    ],
)
def test_opening_with_what_cannot_be_meant_is_refused(
    door: Any, given: dict[str, Any], remedy: str
) -> None:
    (name,) = given
    with pytest.raises(ArgumentError) as told:
        door("memory:", Order, **given)
    assert told.value.code == "SC221"
    assert told.value.found.startswith(f"{name}=")
    assert told.value.remedy.startswith(f"Pass {remedy}")


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"lease": 30}, "a time above 0, such as timedelta(seconds=30)"),
        ({"lease": timedelta()}, "a time above 0"),
        ({"grace": 10}, "a time that is not negative"),
        ({"observe": "log"}, "a function, or None"),
        ({"handlers": 3}, "a dict of classes and functions"),
        ({"handlers": Mail}, "a dict of classes and functions"),
    ],
)
def test_runtime_with_what_cannot_be_meant_is_refused(given: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ArgumentError) as told:
        Runtime("memory:", Order, **given)
    assert told.value.remedy.startswith(f"Pass {remedy}")


def test_effects_may_be_read_only_once() -> None:
    """A generator of classes is as good as a tuple."""
    with Runs("memory:", Order, effects=(one for one in (Mail,))) as runs:  # type: ignore[arg-type]
        runs.start(Order, key="a").send(Ordered("1"))
        runs.get("a").answer(CALL, Paid("r"))
        assert [one.name for one in runs.get("a").owed] == ["mail"]


@pytest.mark.parametrize("address", [3, None, b"runs.db", MemoryStore])
def test_what_is_no_store_is_refused(address: Any) -> None:
    with pytest.raises(StoreError, match=r"SC801\] store: .* is neither the address of a store"):
        Runs(address, Order)


@pytest.mark.parametrize(
    ("do", "text"),
    [
        (lambda run: run.rollback(to="1"), "rollback: to='1' .* Pass the number of an entry"),
        (lambda run: run.history(tail="2"), "history: tail='2' .* a whole number from 0 on, or"),
        (lambda run: run.history(tail=-1), "history: tail=-1 does not fit"),
        (lambda run: run.points(tail=None), "points: tail=None does not fit"),
        (lambda run: run.at("1"), "at: sequence='1' does not fit"),
        (lambda run: run.prune(before=None), "prune: before=None does not fit"),
        (lambda run: run.suspend(3), "suspend: reason=3 does not fit. Pass a text"),
        (lambda run: run.cancel(None), "cancel: reason=None does not fit"),
        (lambda run: run.fail(CALL, 3), "fail: reason=3 does not fit"),
        (lambda run: run.fail(Charge, ""), "fail: call=<class .* does not fit"),
        (lambda run: run.answer(3, PAID), "answer: call=3 does not fit"),
        (lambda run: run.answer(CALL, PAID, last="no"), "answer: last='no' does not fit"),
        (lambda run: run.artifact(3), "artifact: name=3 does not fit"),
    ],
)
@pytest.mark.parametrize("door", ["Runs", "Runtime"])
@run_async
async def test_run_that_is_asked_what_cannot_be_meant_refuses(
    door: str, do: Callable[[Any], Any], text: str
) -> None:
    """Nothing is written, and the error names the argument and what to pass."""
    store = MemoryStore()
    opened: Any = Runs(store, Order) if door == "Runs" else Runtime(store, Order)

    async def done(what: Any) -> Any:
        return await what if asyncio.iscoroutine(what) else what

    if door == "Runtime":
        await opened.__aenter__()
    await done(opened.start(Order, key="a"))
    before = store.token()
    with pytest.raises(ArgumentError, match=text):
        await done(do(opened.get("a")))
    assert store.token() == before
    await done(opened.close())


@pytest.mark.parametrize(
    ("do", "text"),
    [
        (lambda runs, run: runs.fork(run, to="b"), "fork: .* is no key. Give its key: run.key"),
        (lambda runs, run: runs.fork("a", to=run), "fork: to=.* Give its key: run.key"),
        (lambda runs, run: runs.get(run), "get: key=<Run 'a'> is no key. Give its key: run.key"),
        (lambda runs, _: runs.get(3), "get: key=3 is no key. Give a text that is not empty"),
        (lambda runs, _: runs.get(Order), "get: .* Give a text that is not empty"),
        (lambda runs, run: runs.head(run), "get: .* Give its key: run.key"),
        (lambda runs, _: runs.fork("a", to="b", at="1"), "fork: at='1' does not fit"),
        (lambda runs, _: runs.fork("a", to="b", effects=(Mail,)), "fork: effects=.* True or False"),
        (lambda runs, _: runs.start(Order, key="b", exist_ok=1), "start: exist_ok=1 does not fit"),
        (lambda runs, _: runs.next_due("2026"), "next_due: now='2026' .* with a time zone"),
        (lambda runs, _: runs.list(stuck="no"), "list: stuck='no' does not fit"),
        (lambda runs, _: runs.list(state=3), "list: state=3 .* Pass a state of a chart, or its id"),
        (lambda runs, _: runs.list(chart=3), "list: chart=3 does not fit. Pass a chart"),
    ],
)
def test_runs_that_are_asked_what_cannot_be_meant_refuse(do: Any, text: str) -> None:
    with Runs("memory:", Order) as runs:
        run = runs.start(Order, key="a")
        with pytest.raises((ArgumentError, RunError), match=text):
            do(runs, run)
        assert [one.key for one in runs.list()] == ["a"]


def test_what_is_no_chart_is_refused_where_one_is_asked_for() -> None:
    """The name of a chart is none, and neither is the address of a store."""
    with Runs("memory:", Order) as runs:
        for text, remedy in (
            ("Order", "Pass the class itself: Order."),
            ("ordr", "Pass the class itself: Order."),
            ("Washer", "Pass the class that declares it."),
        ):
            with pytest.raises(RunError) as refused:
                runs.start(text, key="a")  # type: ignore[call-overload]
            assert str(refused.value) == f"[SC829] start: {text!r} is a text, not a chart. {remedy}"
        with pytest.raises(RunError, match=r"SC829.*3 is not .* here: Order\. Pass the class"):
            runs.start(3, key="a")  # type: ignore[call-overload]
        with pytest.raises(RunError, match=r"SC829.*Name it when you open the store"):
            runs.start(Daily, key="a")
    with pytest.raises(StatechartError, match=r"SC213\] runs: 'memory:' has no chart"):
        Runs(Order, "memory:")  # type: ignore[arg-type]


def test_subscriber_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(ArgumentError, match="subscriber=3 does not fit"):
        Runtime("memory:", Order).subscribe(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SimulatedClock("2026-01-31"), "SimulatedClock: at='2026-01-31' .* time zone"),  # type: ignore[arg-type]
        (lambda: SimulatedClock(datetime(2026, 1, 31)), "SimulatedClock: at=.* with a time zone"),  # noqa: DTZ001
        (lambda: SimulatedClock().advance(3), "advance: by=3 .* Pass a timedelta"),  # type: ignore[arg-type]
        (lambda: Tell(Order, Tick()), "Tell: run=<class .* Pass a text"),  # type: ignore[arg-type]
        (lambda: Spawn(Order, key=7), "Spawn: key=7 does not fit"),  # type: ignore[arg-type]
        (lambda: Child(Order, key=None), "Child: key=None does not fit"),  # type: ignore[arg-type]
        (lambda: Child(3), "chart=3 is no chart"),
        (lambda: Spawn(Order, ""), "Spawn: key='' does not fit. Pass a text that is not empty"),
        (lambda: Tell("", PAID), "Tell: run='' does not fit. Pass a text that is not empty"),
        (lambda: Tell("a", Paid), "Tell: event=<class .*Paid'> does not fit. Pass an event"),
        (lambda: Tell("a", None), "Tell: event=None does not fit"),
        (lambda: Each(Charge, over=3), "over=3 does not fit. Pass items"),  # type: ignore[call-overload]
        (lambda: Each(Charge, over="4111"), "over='4111' does not fit. Pass items"),
        (lambda: Each(3), "Each: calls=3 does not fit. Pass calls"),  # type: ignore[call-overload]
        (lambda: Each([3]), "Each: 3 cannot be one of the calls of Each"),  # type: ignore[list-item]
        (lambda: Each([], need="some"), "Each: need='some' does not fit"),  # type: ignore[call-overload]
        (lambda: Each([], need=True), "Each: need=True does not fit"),
    ],
)
def test_value_that_cannot_be_meant_is_refused(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        make()


def test_chart_that_nothing_has_is_not_listed(store: Store, clock: SimulatedClock) -> None:
    """A misspelt chart is an error that names the nearest; one that only runs have is listed."""
    with Runs(store, Daily, clock=clock) as runs:
        runs.start(Daily, key="day")
    with Runs(store, Order, clock=clock) as runs:
        assert [one.key for one in runs.list(chart="Daily")] == ["day"]
        assert [one.key for one in runs.list(chart=Daily)] == ["day"]
        assert not list(runs.list(chart=Order))
        with pytest.raises(RunError, match=r"SC838\] list: no chart here is called Ordr"):
            runs.list(chart="Ordr")
        with pytest.raises(RunError, match=r"SC838.*Did you mean 'Order'\?"):
            runs.list(chart="Ordr")
        with pytest.raises(RunError, match=r"SC838.*no chart here has a state 'on.wait'"):
            runs.list(state=Daily.on.wait)


@run_async
async def test_chart_is_told_where_none_was_named(tmp_path: Path) -> None:
    """An empty list of charts is told in words, in both doors, for new runs and stored ones."""
    with Runs(tmp_path / "runs.db", Order) as runs:
        runs.start(Order, key="a")
    here = "is not one of the charts here: none was named."
    with Runs(tmp_path / "runs.db") as runs:
        with pytest.raises(RunError) as refused:
            runs.start(Order, key="b")
        assert str(refused.value) == (
            f"[SC829] start: {Order!r} {here} Name it when you open the store."
        )
        with pytest.raises(RunError) as refused:
            _ = runs.get("a").snapshot
        assert str(refused.value) == (
            f"[SC829] a: its chart Order {here} Name Order when you open the store."
        )
    async with Runtime(tmp_path / "runs.db") as runtime:
        with pytest.raises(RunError, match=f"SC829.*{here}"):
            await runtime.start(Order, key="b")


@run_async
async def test_wrong_with_is_told_with_the_right_one() -> None:
    """Each door says how it is entered, and what to use in the other kind of code."""
    runtime: Any = Runtime("memory:", Order)
    with pytest.raises(RunError) as refused, runtime:
        raise AssertionError
    assert str(refused.value) == (
        "[SC832] runtime: a Runtime is entered by with, and it is for asynchronous code. "
        "Write: async with Runtime(…) as runtime. In synchronous code use Runs."
    )
    runs: Any = Runs("memory:", Order)
    with pytest.raises(RunError) as refused:
        async with runs:
            raise AssertionError
    assert str(refused.value) == (
        "[SC832] runtime: Runs are entered by async with, and they are for synchronous code. "
        "Write: with Runs(…) as runs. In asynchronous code use Runtime."
    )


@run_async
async def test_run_that_does_not_exist_is_told_when_it_is_asked(store: Store) -> None:
    """`get` looks nothing up; each question does, and `head` at once."""
    async with Runtime(store, Order) as runtime:
        run = runtime.get("nope")
        for ask in (lambda: run.snapshot, lambda: run.history(), lambda: runtime.head("nope")):
            with pytest.raises(UnknownRunError, match=r"SC822\] nope"):
                ask()
        with pytest.raises(UnknownRunError, match="SC822"):
            await run.send(Ordered("1"))
        with pytest.raises(UnknownRunError, match="SC822"):
            await run.wait()


@run_async
async def test_run_of_another_chart_is_not_given(store: Store, clock: SimulatedClock) -> None:
    """Whoever asks for a run by its chart gets none of another, in both doors."""
    with Runs(store, Order, Daily, clock=clock) as runs:
        runs.start(Daily, key="day")
        assert runs.get("day", Daily).status == "running"
        assert runs.get("new", Order).key == "new"
        with pytest.raises(RunError, match=r"SC836\] day: it is a run of Daily, and not of Order"):
            runs.get("day", Order)
    async with Runtime(store, Order, clock=clock) as runtime:
        with pytest.raises(RunError, match=r"SC836.*Get it as Daily"):
            runtime.get("day", Order)
        with pytest.raises(RunError, match=r"SC829.*is not one of the charts here: Order"):
            runtime.get("day", Daily)


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        ("open.payin.charge#1", r"Did you mean 'open.paying.charge#1'\?"),
        ("open.paying.charge", r"Did you mean 'open.paying.charge#1'\?"),
        ("open.paying.charge#2", r"Did you mean 'open.paying.charge#1'\?"),
        ("open.paying.charge#0", r"Did you mean"),
        ("a/1", "Take one of run.calls; under way now: open.paying.charge#1"),
        ("", "Take one of run.calls"),
    ],
)
def test_call_that_was_never_made_is_not_answered(call: str, remedy: str) -> None:
    """It is misspelt; a call that is over is late, and no error."""
    with Runs("memory:", Order, effects=(Mail,)) as runs:
        run = runs.start(Order, key="a")
        run.send(Ordered("1"))
        with pytest.raises(RunError, match=rf"SC835\] a: it has never made a call .* {remedy}"):
            run.answer(call, PAID)
        with pytest.raises(RunError, match="SC835"):
            run.fail(call)
        assert run.answer(CALL, PAID).handled
        assert not run.answer(CALL, PAID).handled
        with pytest.raises(RunError, match="SC835"):
            run.answer(call, PAID)


def test_call_of_a_suspended_run_that_was_never_made_does_not_wait() -> None:
    with Runs("memory:", Order) as runs:
        run = runs.start(Order, key="a")
        run.suspend()
        with pytest.raises(RunError, match=r"SC835.*under way now: none"):
            run.answer(CALL, PAID)
        assert not runs.store.read("a").waiting  # type: ignore[union-attr]
