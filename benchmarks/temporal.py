"""Ours on Temporal beside a workflow written by hand for the same chart, in one run.

``python -m benchmarks.temporal`` starts a development server; ``TEMPORAL_ADDRESS`` names another.
Both take the same events under ids, in a sandbox, on one server, in turn; ratios are of medians.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from attrs import evolve, frozen
from temporalio.client import Client
from temporalio.worker import Worker

from benchmarks.temporal_by_hand import HandWritten, do_work
from statecharts import Call, CallFailed, Compound, State, Statechart
from statecharts.runtime import handle
from statecharts.temporal import TemporalRuntime
from tests.temporal import Server

ROUNDS: Final = 5
SENDS: Final = 60
RUNS: Final = 20

# --- Ours -----------------------------------------------------------------------------------------


@frozen
class Worked:
    """The answer to `Work`."""

    number: int


@frozen
class Work(Call[Worked]):
    """A piece of work."""

    number: int


@frozen
class Begin:
    """Begin the work of a number."""

    number: int


@frozen
class Poke:
    """Something to count."""


@frozen
class Tally:
    """What has been counted."""

    pokes: int = 0


@frozen
class Working:
    """The work under way."""

    number: int


class Job(Statechart[Begin | Worked | Poke, Tally]):
    """Counts pokes, does one piece of work, and ends."""

    class active(Compound, initial=True):
        """Pokes are counted here, once."""

        idle = State(initial=True)
        working = State(Working, invoke=Work)
        idle.to(working, on=Begin)
        working.to(idle, on=CallFailed)

    done = State(final=True)
    active.stay(on=Poke, update=lambda m: evolve(m.context, pokes=m.context.pokes + 1))
    active.working.to(done, on=Worked)


async def work(call: Work) -> Worked:
    """Do a piece of work, which takes no time."""
    return Worked(call.number)


# --- Measuring ------------------------------------------------------------------------------------

Sender = Callable[[str, str], Awaitable[Any]]


@frozen
class Side:
    """One of the two that are measured.

    Attributes:
        name: Its name.
        start: Starts a run; returns what sends it an event under an id, and what awaits its end.
    """

    name: str
    start: Callable[[], Awaitable[tuple[Sender, Callable[[], Awaitable[Any]]]]]


async def latency(side: Side) -> float:
    """Return the median of the milliseconds of one event after the other."""
    send, _ = await side.start()
    await send("first", "poke")
    found = []
    for number in range(SENDS):
        began = time.perf_counter()
        await send(f"p{number}", "poke")
        found.append((time.perf_counter() - began) * 1e3)
    return statistics.median(found)


async def events(side: Side) -> float:
    """Return the milliseconds of one event where many runs take many at once."""
    started = [await side.start() for _ in range(RUNS)]
    began = time.perf_counter()
    await asyncio.gather(
        *(send(f"p{number}", "poke") for send, _ in started for number in range(10))
    )
    return (time.perf_counter() - began) * 1e3 / (RUNS * 10)


async def runs(side: Side) -> float:
    """Return the milliseconds of a whole run: start, event, activity, end."""

    async def one() -> None:
        send, ended = await side.start()
        await send("begin", "begin")
        await ended()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(RUNS)))
    return (time.perf_counter() - began) * 1e3 / RUNS


MEASURED: Final = {
    "one event after the other, ms": latency,
    "an event among many, ms": events,
    "a whole run among many, ms": runs,
}


async def measure(client: Client) -> None:
    """Measure both in turn, and print the table."""
    ours_queue, theirs_queue = uuid.uuid4().hex, uuid.uuid4().hex
    runtime = TemporalRuntime(
        client, Job, handlers=[handle(Work, work)], queue=ours_queue, searched=False
    )
    by_hand = Worker(client, task_queue=theirs_queue, workflows=[HandWritten], activities=[do_work])

    async def start_ours() -> tuple[Sender, Callable[[], Awaitable[Any]]]:
        run = await runtime.start(Job, key=uuid.uuid4().hex, context=Tally())
        said: dict[str, Any] = {"poke": Poke(), "begin": Begin(1)}
        handle = client.get_workflow_handle(run.key)
        return (lambda id, event: run.send(said[event], id=id)), handle.result

    async def start_theirs() -> tuple[Sender, Callable[[], Awaitable[Any]]]:
        handle = await client.start_workflow(
            HandWritten.run, id=uuid.uuid4().hex, task_queue=theirs_queue
        )

        def send(id: str, event: str) -> Awaitable[Any]:
            return handle.execute_update(HandWritten.send, args=[id, event])

        return send, handle.result

    async with runtime, by_hand:
        ours, theirs = Side("ours", start_ours), Side("by hand", start_theirs)
        found: dict[tuple[str, str], list[float]] = {}
        for turn in range(ROUNDS + 1):  # the first one warms up
            for name, function in MEASURED.items():
                for side in (ours, theirs) if turn % 2 else (theirs, ours):
                    taken = await function(side)
                    if turn:
                        found.setdefault((name, side.name), []).append(taken)
    print("| | by hand | ours | × |\n|---|--:|--:|--:|")
    for name in MEASURED:
        hand = statistics.median(found[name, "by hand"])
        our = statistics.median(found[name, "ours"])
        print(f"| {name} | {hand:.2f} | {our:.2f} | {our / hand:.2f} |")


async def main() -> None:
    """Measure on a server of its own, or on the one that is named."""
    server = Server()
    try:
        await measure(await server.connect())
    finally:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
