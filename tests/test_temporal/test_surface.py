"""The surface on Temporal: what cannot be meant is refused, and what was ended outside is told."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.converter import DataConverter, DefaultPayloadConverter
from temporalio.worker import Worker

from statecharts import State, Statechart
from statecharts.model.errors import StatechartError
from statecharts.temporal import ChartPlugin, TemporalRuntime
from tests.temporal import Server
from tests.test_runtime.orders import Ordered
from tests.test_temporal.scripts import CHARTS, World


class Lamp(Statechart[Ordered]):
    """A chart of the name of no other here."""

    off = State(initial=True)
    on = State(final=True)
    off.to(on, on=Ordered)


async def nowhere() -> Client:
    """Return a client that has not connected yet."""
    return await Client.connect("127.0.0.1:1", lazy=True)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"tail": -1}, "tail=-1 does not fit"),
        ({"ids": "x"}, "ids='x' does not fit"),
        ({"cap": 0}, "cap=0 does not fit"),
        ({"lease": timedelta(seconds=-1)}, "lease=.* does not fit"),
        ({"grace": 5}, "grace=5 does not fit"),
        ({"queue": ""}, "queue='' does not fit"),
        ({"options": 5}, "options=5 does not fit"),
        ({"passed": "shop"}, "passed='shop' does not fit"),
        ({"effects": (int,)}, "effects=.* does not fit"),
        ({"searched": "no"}, "searched='no' does not fit"),
    ],
)
def test_arguments_of_another_kind_are_refused(given: dict[str, Any], text: str) -> None:
    """They would go into the input of runs, and hold these up for ever."""

    async def make() -> None:
        TemporalRuntime(await nowhere(), Lamp, **given)

    with pytest.raises(StatechartError, match=rf"SC221.*{text}"):
        asyncio.run(make())


def test_an_address_is_no_client() -> None:
    """The first mistake that one makes, with its remedy."""
    runtime: Any = TemporalRuntime
    with pytest.raises(
        StatechartError, match=r"SC221.*Pass a client, such as await Client\.connect"
    ):
        runtime("localhost:7233", Lamp)


class _Other(DefaultPayloadConverter):
    pass


def test_another_payload_converter_is_refused() -> None:
    """It would be replaced without a word."""

    async def make() -> None:
        converter = DataConverter(payload_converter_class=_Other)
        client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=converter)
        TemporalRuntime(client, Lamp)

    with pytest.raises(StatechartError, match=r"SC841.*_Other.*Derive it from .*ChartPayloadConv"):
        asyncio.run(make())


def test_questions_without_a_server_are_told() -> None:
    """They end in a clear error, and not in that of a connection."""

    async def ask() -> None:
        async with TemporalRuntime(await nowhere(), Lamp, searched=False, worker=False) as runtime:
            run = runtime.get("a")
            for wrong in (
                lambda: run.history(tail=-1),
                lambda: run.points(tail="x"),  # type: ignore[arg-type]
                lambda: run.at("x"),  # type: ignore[arg-type]
                lambda: runtime.subscribe(5),  # type: ignore[arg-type]
                lambda: runtime.list(chart=3),
            ):
                with pytest.raises(StatechartError, match="SC221"):
                    wrong()
            for said in (run.cancel(5), run.fail("x", 3), run.answer("x", 1, last=2)):  # type: ignore[arg-type]
                with pytest.raises(StatechartError, match="SC221"):
                    await said
            with pytest.raises(StatechartError, match=r"SC838.*The charts here: Lamp"):
                runtime.list(chart="Nope")
            with pytest.raises(StatechartError, match=r"SC841.*the server does not answer"):
                await run.remove()
            with pytest.raises(StatechartError, match=r"SC822.*at|SC822.*most"):
                await runtime.start(Lamp, key="x" * 1_001)

    asyncio.run(ask())


@dataclasses.dataclass
class Mine:
    """An argument of a workflow that is not ours."""

    name: str


@workflow.defn(sandboxed=False)
class Own:
    """A workflow of one's own beside charts."""

    @workflow.run
    async def run(self, given: Mine) -> Mine:
        """Return what it was given."""
        return given


@pytest.fixture
def played(
    temporal: Server,
) -> Callable[[Callable[[Client, str], Coroutine[Any, Any, None]]], None]:
    """Play something on the server, on a queue of its own."""

    def play(act: Callable[[Client, str], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            async with asyncio.timeout(60):
                await act(await temporal.connect(), uuid.uuid4().hex[:8])

        asyncio.run(run())

    return play


Play = Callable[[Callable[[Client, str], Coroutine[Any, Any, None]]], None]


@pytest.mark.temporal
@pytest.mark.filterwarnings("ignore:The same plugin type")
def test_other_workflows_of_a_worker_stay_as_they_are(played: Play) -> None:
    """The plugin may be given to client and worker, and leaves dataclasses alone."""

    async def act(client: Client, queue: str) -> None:
        plugin = ChartPlugin(Lamp)
        given = client.config()
        given["plugins"] = [plugin]
        both = Client(**given)
        async with Worker(both, task_queue=queue, plugins=[plugin], workflows=[Own]):
            mine = await both.execute_workflow(Own.run, Mine("x"), id=queue, task_queue=queue)
            key = f"lamp-{queue}"
            lamp = await both.start_workflow(
                "Statechart", {"chart": "Lamp"}, id=key, task_queue=queue
            )
            assert await lamp.query("configuration") == ["off"]
        assert mine == Mine("x")
        async with TemporalRuntime(both, Lamp, queue=f"{queue}-2", searched=False) as runtime:
            run = await runtime.start(Lamp, key=f"again-{queue}")
            assert (await run.send(Ordered("1"))).configuration == ("on",)

    played(act)


@pytest.mark.temporal
def test_a_queue_of_other_charts_is_refused(played: Play) -> None:
    """The worker that has it goes on."""

    async def act(client: Client, queue: str) -> None:
        async with TemporalRuntime(client, Lamp, queue=queue) as runtime:
            world = World(prefix=queue)
            other = TemporalRuntime(client, *CHARTS, handlers=world.handlers, queue=queue)
            with pytest.raises(StatechartError, match=r"SC829.*with Lamp\. Name another queue"):
                await other.__aenter__()
            run = await runtime.start(Lamp, key=f"lamp-{queue}")
            assert (await run.send(Ordered("1"))).configuration == ("on",)

    played(act)


@pytest.mark.temporal
def test_a_run_that_was_ended_outside_is_told(played: Play) -> None:
    """Nothing is acknowledged that nobody takes; a workflow of another kind is left alone."""

    async def act(client: Client, queue: str) -> None:
        async with TemporalRuntime(client, Lamp, queue=queue) as runtime:
            run = await runtime.start(Lamp, key=f"lamp-{queue}")
            assert run.configuration == ("off",)
            await client.get_workflow_handle(run.key).terminate()
            with pytest.raises(StatechartError, match=r"SC841.*its workflow is terminated"):
                await run.send(Ordered("1"), id="x")
            assert (run.status, run.reason, run.ended) == (
                "cancelled",
                "its workflow is terminated",
                True,
            )
            with pytest.raises(StatechartError, match=r"SC841.*its workflow is terminated"):
                await run.wait(Lamp.on, timeout=timedelta(seconds=20))
            other = f"other-{queue}"
            await client.start_workflow("Foreign", id=other, task_queue=f"{queue}-none")
            with pytest.raises(StatechartError, match=r"SC841.*a workflow Foreign"):
                await runtime.get(other).remove()
            with pytest.raises(StatechartError, match=r"SC827.*nobody has answered"):
                await runtime.get(other).wait(timeout=timedelta(seconds=1))
            await client.get_workflow_handle(other).terminate()

    played(act)
