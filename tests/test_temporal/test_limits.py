"""What only an engine with limits of its own has to be tried for."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import new_class
from typing import Any

import pytest
from temporalio.client import Client

from statecharts import Compound, Parallel, State, Statechart
from statecharts.runtime import Retry, RunError, Task, UnknownRunError, handle
from statecharts.temporal import Sent, TemporalRuntime
from statecharts.temporal.workflow import LONGEST_VALUE, STATES, shown
from tests.temporal import Server
from tests.test_runtime.orders import Asked, Charge, Mail, Order, Ordered, Paid, Polite, Tick
from tests.test_runtime.test_family import Player, Seen
from tests.test_temporal.scripts import until


def play(
    server: Server, act: Callable[[Any, Client, str], Awaitable[None]], *charts: Any, **more: Any
) -> None:
    """Do something with a runtime, its client, and a key that nobody has."""

    async def run() -> None:
        key = uuid.uuid4().hex[:8]
        client = await server.connect()
        async with (
            asyncio.timeout(60),
            TemporalRuntime(client, *charts, queue=key, **more) as runtime,
        ):
            await act(runtime, runtime._client, key)

    asyncio.run(run())


def test_states_that_a_search_attribute_has_room_for() -> None:
    """The innermost states are shown first, in document order; JSON with all of them fits."""
    wide = tuple(f"é{n:03}{dot}" for n in range(200) for dot in ("", ".leaf", ".leaf.é"))
    found = shown(wide)
    assert len(json.dumps(found, separators=(",", ":"))) <= LONGEST_VALUE
    assert found == [one for one in wide if one.endswith(".é")][: len(found)]
    assert len(found) == 83
    assert shown(wide[:9]) == [*wide[:9]]
    assert shown(("x" * 3_000,)) == []


def spread() -> Any:
    """Return a chart whose active states are more than a search attribute has room for."""

    def regions(body: dict[str, Any]) -> None:
        for number in range(60):
            name = f"region_with_a_name_{number:02}"
            body[name] = new_class(
                name, (Compound,), {}, lambda one: one.update(on=State(initial=True))
            )

    def chart(body: dict[str, Any]) -> None:
        body["__module__"] = __name__
        body["all"] = new_class("all", (Parallel,), {"initial": True}, regions)
        body["off"] = State(final=True)
        body["all"].to(body["off"], on=Tick)

    return new_class("Spread", (Statechart[Tick],), {}, chart)


@pytest.mark.temporal
def test_a_chart_of_any_width_is_searched(temporal: Server) -> None:
    """Its innermost states are found as far as there is room; it takes its steps."""
    wide = spread()

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(wide, key=key)
        assert len(run.configuration) == 121
        found = (await client.get_workflow_handle(key).describe()).typed_search_attributes[STATES]
        assert {one for one in run.configuration if one.endswith(".on")} <= {*found}
        assert len(found) < 121
        assert (await run.send(Tick())).configuration == ("off",)

    play(temporal, act, wide)


@pytest.mark.temporal
def test_a_signal_that_had_to_wait_is_heard_once(temporal: Server) -> None:
    """The same id is heard once, while the run is suspended, and afterwards."""

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(Order, key=key)
        await run.suspend()
        handle = client.get_workflow_handle(key)
        for _ in range(2):
            await handle.signal("tell", Sent(Asked(), "s"))
        await run.resume()
        await handle.signal("tell", Sent(Asked(), "s"))
        await handle.signal("tell", Sent(Asked(), "t"))
        await until(lambda: len(run.history()) == 7)
        assert [past.id for past in run.history() if past.id] == ["s", "t"]

    play(temporal, act, Order)


@pytest.mark.temporal
def test_attempts_go_on_when_the_workflow_continues_as_new(temporal: Server) -> None:
    """The run counts them, and keeps the time of the next; a text of any length fails but once."""
    asked: list[int] = []
    mails: list[str] = []

    async def charge(call: Charge, task: Task[Any]) -> Paid:
        asked.append(task.attempt)
        raise OSError("x" * 3_000_000)

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(Order, key=key)
        await run.send(Ordered("1"))
        first = (await client.get_workflow_handle(key).describe()).run_id
        await until(lambda: run.owed[0].attempts == 1)
        await run.checkpoint()
        await until(lambda: run.owed[0].attempts == 2)
        await run.checkpoint()
        await until(lambda: mails)
        assert asked == [1, 2, 3]
        assert mails[0].startswith("OSError: xxx")
        assert len(mails[0]) == 2_000
        assert (await client.get_workflow_handle(key).describe()).run_id != first

    retry = Retry(attempts=3, delay=timedelta(milliseconds=400))
    handlers = [handle(Charge, charge, retry=retry), handle(Mail, lambda m: mails.append(m.text))]
    play(temporal, act, Order, handlers=handlers)


@pytest.mark.temporal
def test_a_call_without_a_handler_here_is_offered_again(
    temporal: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has one takes it; and whoever says `answer` may be quicker."""
    from statecharts.temporal import activities

    monkeypatch.setattr(activities, "NOBODY", timedelta(milliseconds=100))
    asked: list[str] = []

    async def charge(call: Charge) -> Paid:
        asked.append(call.card)
        return Paid("late")

    async def act(runtime: Any, client: Client, key: str) -> None:
        runs = [await runtime.start(Order, key=f"{key}-{n}") for n in range(2)]
        for run in runs:
            await run.send(Ordered(run.key[-1]))
        await asyncio.sleep(0.3)
        assert [len(run.calls) for run in runs] == [1, 1]
        [call] = runs[0].calls
        await runs[0].answer(call, Paid("early"))
        runtime._carrier._handlers["charge"] = handle(Charge, charge)
        await runs[1].wait(Order.settled, timeout=timedelta(seconds=20))
        assert asked == ["1"]
        assert runs[0].configuration == ("settled",)

    play(temporal, act, Order, handlers={Mail: lambda _: None}, effects=[Charge])


@pytest.mark.temporal
def test_many_senders_to_one_run_all_get_through(temporal: Server) -> None:
    """A server takes few requests at once, and none while a workflow continues as new."""

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(Polite, key=key)
        taken = await asyncio.gather(*(run.send(Tick(), id=str(n)) for n in range(60)))
        assert sorted(one.sequence for one in taken) == [*range(1, 61)]

    play(temporal, act, Polite, cap=25)


@pytest.mark.temporal
def test_what_a_server_does_not_take_is_refused(temporal: Server) -> None:
    """Messages that are too large say so, and leave the run as it was; so does an answer."""
    large = "x" * 1_000_000

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(Order, key=key)
        with pytest.raises(
            RunError, match=r"SC841.*'send' takes 1,000,0.* bytes.*the most is 1,000"
        ):
            await run.send(Ordered(large))
        with pytest.raises(RunError, match=r"SC841.*the context"):
            await runtime.start(Player, key=f"{key}-1", context=Seen(tuple(range(300_000))))
        with pytest.raises(UnknownRunError):
            runtime.head(f"{key}-1")
        await run.send(Ordered("1"))
        await until(lambda: run.status == "stuck")
        assert "charge cannot be taken: [SC841]" in run.reason
        # What it emits is a bit longer than the receipt, and than what is taken.
        run = await runtime.start(Order, key=f"{key}-2")
        await run.send(Ordered("2"))
        await until(lambda: run.status == "stuck")
        assert "the effect mail takes" in run.reason
        await run.skip()
        assert run.status == "ended"

    async def charge(call: Charge) -> Paid:
        return Paid(large[: -40 if call.card == "2" else None])

    handlers: Any = {Charge: charge, Mail: lambda _: None}
    play(temporal, act, Order, Player, handlers=handlers)


@pytest.mark.temporal
def test_a_run_takes_along_what_there_is_room_for(temporal: Server) -> None:
    """Entries that are too many for the input of a workflow are left out, the oldest first."""

    async def act(runtime: Any, client: Client, key: str) -> None:
        run = await runtime.start(Order, key=key)
        for number in range(8):
            await run.send(Ordered("x" * 400_000), id=f"in-{number}")
            await run.fail(f"open.paying.charge#{number + 1}")
        assert len(run.history()) < 17
        before = (await client.get_workflow_handle(key).describe()).run_id
        await run.checkpoint()
        while (await client.get_workflow_handle(key).describe()).run_id == before:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert (await run.send(Ordered(""), id="in-0")).sequence == 1
        assert run.history()[-1].sequence == 16
        assert len(run.history()) < 10

    handlers: Any = {Mail: lambda _: None}
    play(temporal, act, Order, handlers=handlers, effects=[Charge])
