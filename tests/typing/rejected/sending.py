"""Mistakes in what a chart is sent, and in what it is started with."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import frozen

from statecharts import Kernel, Machine, Occurred, Snapshot, Statechart, TimerFired, start, step
from statecharts.codec import Protocol
from statecharts.model.events import Answer, CallFailed
from tests.typing.accepted.sending import Door, Sub, Till
from tests.typing.vocabulary import Block, Budget, GatesPassed, Unblock

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Since:
    """Data with a time."""

    since: Occurred
    title: str


Since("main")  # mistake: a text for a time, and no title
Since(NOW, "main")
Since(title="main")  # mistake: no time

machine = Machine(Door)
machine.send(Block("stuck"))
machine.send(GatesPassed("main", 1))  # mistake: an event of another chart
machine.send("block")  # mistake: text for an event
machine.send(Block)  # mistake: a class for an event
machine.send(42)  # mistake: a number for an event
machine.send(None)  # mistake: nothing for an event
machine.send(Answer("call"))  # mistake: an answer without an event
machine.send(CallFailed())  # mistake: a failure of no call
machine.send(TimerFired(3))  # mistake: a number for an id
Machine(Till, Budget()).send(Unblock())  # mistake: an event of another chart
Machine(Sub, Budget()).send(Block("stuck"))  # mistake: an event that the base was not extended with

snapshot = start(Door).snapshot
step(Door, snapshot, Unblock())
step(Door, snapshot, GatesPassed("main", 1))  # mistake: an event of another chart
step(Door, snapshot, 42)  # mistake: a number for an event
step(Door, snapshot, Unblock)  # mistake: a class for an event
step(Till, snapshot, Block("stuck"))  # mistake: a snapshot of another chart
Kernel(Door).step(snapshot, GatesPassed("main", 1))  # mistake: an event of another chart
Kernel(Door).step(snapshot, "block")  # mistake: text for an event

start(Till)  # mistake: no context
start(Till, Block("stuck"))  # mistake: an event for the context
start(Sub)  # mistake: no context
Kernel(Till).start()  # mistake: no context
Machine(Till)  # mistake: no context
Machine(Till, None)  # mistake: nothing for the context
Machine(Till, snapshot=snapshot)  # mistake: a snapshot of another chart
Machine(Till, Budget(), snapshot=start(Till, Budget()).snapshot)  # mistake: a context beside a snapshot
Protocol(Till).dump_snapshot(snapshot)  # mistake: a snapshot of another chart


def keep(known: Snapshot[Block, Budget]) -> None:
    """A snapshot knows its events and its context."""
    step(Door, known, Block("stuck"))  # mistake: a snapshot with a context


class Old(Statechart, events=Block):  # mistake: a class keyword that there is not
    """A chart whose events are where they were."""
