"""A chart that works in rounds, with rests between them, and a worker that is there to be killed.

``python -m tests.test_temporal.rounds ADDRESS QUEUE LOG`` is the worker: it writes a line for each
attempt of each call.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from temporalio.client import Client

from statecharts import Call, CallFailed, Compound, State, Statechart
from statecharts.runtime import Task, handle
from statecharts.temporal import TemporalRuntime

LEASE = timedelta(seconds=2)


@frozen
class Worked:
    number: int


@frozen
class Work(Call[Worked]):
    number: int


@frozen
class Begin:
    rounds: int


@frozen
class Poke:
    pass


@frozen
class Close:
    pass


@frozen
class Tally:
    """The counts of a trial.

    Attributes:
        pokes: The pokes that were taken.
        worked: The answers that were taken, in order.
    """

    pokes: int = 0
    worked: tuple[int, ...] = ()


@frozen
class Working:
    rounds: int
    number: int = 1


@frozen
class Resting:
    rounds: int
    number: int


class Rounds(Statechart[Begin | Worked | Poke | Close, Tally]):
    """Rounds of work; it stays open until it is closed, so that no poke comes too late."""

    class active(Compound, initial=True):
        idle = State(initial=True)
        working = State(Working, invoke={Work: lambda m: Work(m.data.number)})
        resting = State(Resting)
        finished = State()

        idle.to(working, on=Begin)
        working.to(
            finished,
            on=Worked,
            when=lambda m: m.data.number >= m.data.rounds,
            update=lambda m: evolve(m.context, worked=(*m.context.worked, m.event.number)),
        )
        working.to(
            resting,
            on=Worked,
            update=lambda m: evolve(m.context, worked=(*m.context.worked, m.event.number)),
        )
        working.to(idle, on=CallFailed)
        resting.after(
            timedelta(milliseconds=300),
            working,
            make=lambda m: Working(m.data.rounds, m.data.number + 1),
        )

    closed = State(final=True)
    active.stay(on=Poke, update=lambda m: evolve(m.context, pokes=m.context.pokes + 1))
    active.finished.to(closed, on=Close)


def runtime(client: Client, queue: str, log: Path | None = None, **more: Any) -> TemporalRuntime:
    """Return a runtime; without a log, one that carries nothing out."""

    async def work(call: Work, task: Task[Any]) -> Worked:
        assert log is not None
        with log.open("a") as file:
            file.write(f"{task.key} {call.number}\n")
        await asyncio.sleep(0.1)
        return Worked(call.number)

    return TemporalRuntime(
        client,
        Rounds,
        handlers=() if log is None else [handle(Work, work)],
        queue=queue,
        lease=LEASE,
        worker=log is not None,
        **more,
    )


async def main(address: str, queue: str, log: str) -> None:
    while True:
        try:
            client = await Client.connect(address)
            break
        except RuntimeError:  # the server has been killed, too
            await asyncio.sleep(0.1)
    options = {"sticky_queue_schedule_to_start_timeout": timedelta(seconds=1)}
    async with runtime(client, queue, Path(log), cap=12, options=options, searched=False):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
