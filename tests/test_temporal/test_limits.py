"""What only an engine with limits of its own has to be tried for."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import Client

from statecharts.temporal import Sent, TemporalRuntime
from tests.temporal import Server
from tests.test_runtime.orders import Asked, Order
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
