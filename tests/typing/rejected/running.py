"""Mistakes where a chart is run and its data is read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from statecharts import Kernel, Machine, Snapshot, Step, start, step
from statecharts.runtime import Runtime
from tests.typing.accepted.declaration import Everything, Pipeline
from tests.typing.vocabulary import Budget, DepsMet, GatesPassed, Work


def use(value: object) -> None:
    """Take any value."""


def read(snapshot: Snapshot[Any, Budget], taken: Step[Any, Budget]) -> None:
    """Data is read back by the state that carries it."""
    use(snapshot[Pipeline.active.merge].commits_ahead)
    use(snapshot[Pipeline.active.merge].commits)  # mistake: a field of the data
    use(snapshot[Everything.active].title)
    use(snapshot[Everything.active].name)  # mistake: a field of a superstate's data
    use(snapshot[Everything.active.backlog].title)  # mistake: a field where there is no data
    use(snapshot[Pipeline.active.mrege])  # mistake: a mistyped state
    use(snapshot[Pipeline])  # mistake: a chart for a state
    use(snapshot[Budget])  # mistake: a context for a state
    use(snapshot[3])  # mistake: a number for a state
    use(snapshot.context.left)
    use(snapshot.context.right)  # mistake: a field of the context
    use(snapshot.state)  # mistake: a snapshot has no such thing
    use(taken.snapshot.context.right)  # mistake: a field of the context
    use(taken.unhandled)  # mistake: a step has no such thing
    use(Pipeline.active.merge.commits_ahead)  # mistake: data of a state that is only declared
    use(3 in snapshot)  # mistake: a number for a state


def write(snapshot: Snapshot[Any, Budget], event: GatesPassed) -> None:
    """What a run is made of is not changed."""
    snapshot.context = Budget()  # mistake: a snapshot is not changed
    event.commits_ahead = 0  # mistake: an event is not changed
    snapshot[Pipeline.active.merge].commits_ahead = 0  # mistake: data is not changed


def run(snapshot: Snapshot[Any, Budget], bare: Snapshot[Any, None]) -> None:
    """A chart takes its own context, and snapshots that have it."""
    start(Everything, Budget())
    start(Everything, Work())  # mistake: another class for the context
    start(Everything, 3)  # mistake: a number for the context
    start(Pipeline, Budget())  # mistake: a context for a chart without
    start(Everything, at=3)  # mistake: a number for a time
    start(Budget)  # mistake: a class without a chart
    step(Everything, snapshot, DepsMet())
    step(Everything, bare, DepsMet())  # mistake: a snapshot without a context
    step(Pipeline, snapshot, DepsMet())  # mistake: a snapshot with another context
    step(Everything, start(Everything), DepsMet())  # mistake: a step for a snapshot
    step(Everything, snapshot)  # mistake: no event
    Kernel(Everything).start(Work())  # mistake: another class for the context
    Kernel(Everything).step(bare, DepsMet())  # mistake: a snapshot without a context
    Kernel(Everything, plans="many")  # mistake: text for a number
    Machine(Everything, Budget())
    Machine(Everything, Work())  # mistake: another class for the context
    Machine(Pipeline, Budget())  # mistake: a context for a chart without
    Machine(Everything, on_unhandled="rise")  # mistake: a mistyped word
    Machine(Everything, snapshot=bare)  # mistake: a snapshot without a context
    Snapshot.of(Pipeline.active.merge, Work())  # mistake: data of another state
    with Runtime("memory:"):  # mistake: a runtime is entered by async with
        pass
    machine = Machine(Everything, Budget())
    machine.advance(3)  # mistake: a number for a duration
    machine.send(DepsMet(), timedelta(1))  # mistake: a time is passed by name
    machine.subscribe(lambda: None)  # mistake: a subscriber that takes no step
    machine.subscribe(lambda taken: taken.snapshot.context.right)  # mistake: a field of the context
