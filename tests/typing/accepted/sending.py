"""What a chart is sent: its events, and the answers to what a run itself has asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, assert_type

from attrs import frozen

from statecharts import (
    Chart,
    Kernel,
    Machine,
    Occurred,
    Snapshot,
    State,
    Statechart,
    Step,
    TimerFired,
    start,
    step,
)
from statecharts.codec import Protocol
from statecharts.model.events import Answer, CallFailed
from tests.typing.vocabulary import Block, Budget, DepsMet, GatesPassed, Unblock

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Since:
    """Data with a time that need not come last."""

    since: Occurred
    title: str = "untitled"


class Door(Statechart[Block | Unblock]):
    """A chart whose events are closed."""

    shut = State(Since, initial=True)
    open = State()
    shut.to(open, on=Unblock)
    open.to(shut, on=Block)


class Till(Statechart[Block, Budget]):
    """A chart that needs a context."""

    idle = State(initial=True, resting=True)
    idle.stay(on=Block, update=lambda m: Budget(1))


class Loose(Statechart):
    """A chart whose events are open."""

    idle = State(initial=True, resting=True)
    idle.stay(on=Block)


E = TypeVar("E")
C = TypeVar("C")


class Base(Statechart[E, C], Generic[E, C]):
    """A base that leaves its events and its context to those who extend it."""

    idle = State(initial=True)
    busy = State()
    idle.to(busy, on=DepsMet)


class Sub(Base[DepsMet | Unblock, Budget]):
    """A chart that extends it."""

    Base.busy.to(Base.idle, on=Unblock)


def send() -> None:
    """Events, timers and answers are what is sent."""
    machine = Machine(Door, at=NOW)
    assert_type(machine, Machine[Block | Unblock, None])
    machine.send(Block("stuck"))
    machine.send(Unblock(), at=NOW)
    machine.send(TimerFired("shut.after"))
    machine.send(Answer("call", Unblock()))
    machine.send(Answer("call", Unblock(), last=False))
    machine.send(CallFailed("call", "no luck"))
    till = Machine(Till, Budget(2))
    assert_type(till, Machine[Block, Budget])
    till.send(Block("empty"))
    Machine(Loose).send(GatesPassed("main", 1))
    Machine(Kernel(Till), Budget()).send(Block("again"))
    sub = Machine(Sub, Budget())
    assert_type(sub, Machine[DepsMet | Unblock, Budget])
    sub.send(Unblock())


def take_steps() -> None:
    """The functions and the kernel take the same."""
    first = start(Door, at=NOW)
    assert_type(first, Step[Block | Unblock, None])
    assert_type(step(Door, first.snapshot, Unblock()), Step[Block | Unblock, None])
    step(Door, first.snapshot, TimerFired("shut.after"))
    kernel = Kernel(Door)
    kernel.step(kernel.start().snapshot, Block("stuck"))
    kernel.step(first.snapshot, CallFailed("call", "no luck"))
    step(Loose, start(Loose).snapshot, GatesPassed("main", 1))
    assert_type(start(Till, Budget()), Step[Block, Budget])
    assert_type(Machine(Till, snapshot=start(Till, Budget()).snapshot), Machine[Block, Budget])


def keep(chart: Chart, kept: Snapshot, known: Snapshot[Block, Budget]) -> None:
    """A chart without its class takes anything; a bare annotation stands for any snapshot."""
    Machine(chart).send(Block("stuck"))
    assert_type(kept.context, Any)
    assert_type(Protocol(Till).load_snapshot({}), Snapshot[Block, Budget])
    Protocol(Till).dump_snapshot(known)
    keep(chart, known, known)
    Since(NOW)
    Since(since=NOW, title="main")
