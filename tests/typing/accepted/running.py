"""What start, step, Machine, Kernel and Snapshot give is typed by the chart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, assert_type

from statecharts import Chart, Effect, Kernel, Machine, Moment, Snapshot, Step, start, step
from tests.typing.accepted.declaration import Everything, Pipeline, PipelineEvent
from tests.typing.vocabulary import Archived, Budget, DepsMet, Merge, QaSkipped, Work

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read_data_back(snapshot: Snapshot[Any, Budget], moment: Moment[Merge, DepsMet, Budget]) -> None:
    """The data of a state has the class that its declaration names."""
    assert_type(snapshot[Pipeline.active.merge].commits_ahead, int)
    assert_type(snapshot[Pipeline.archived], Archived)
    assert_type(snapshot[Everything.active], Work)
    assert_type(snapshot[Everything.both].title, str)
    assert_type(snapshot[Pipeline.active.backlog], None)
    assert_type(snapshot.context.left, int)
    assert_type(snapshot.configuration, tuple[str, ...])
    assert_type(Everything.active.merge in snapshot, bool)
    assert_type("active.merge" in snapshot, bool)
    assert_type(moment[Everything.active].title, str)
    assert_type(moment.data.commits_ahead, int)
    assert_type(moment.event, DepsMet)
    assert_type(moment.context, Budget)


def begin_in_the_middle() -> None:
    """States around the first and in other regions follow, each with its data and perhaps event."""
    Snapshot.of(Everything.active, Work(), (Everything.active.merge, Merge("main", 1)), at=NOW)
    Snapshot.of(Pipeline.active.merge, event=QaSkipped("main", 1))
    Snapshot.of(Pipeline.active.merge, None, (Pipeline.active, None, DepsMet()))


def run_without_context() -> None:
    """A chart without a context has the context None."""
    first = start(Pipeline, at=NOW)
    assert_type(first, Step[PipelineEvent, None])
    then = step(Pipeline, first.snapshot, QaSkipped("main", 1), at=NOW)
    assert_type(then, Step[PipelineEvent, None])
    assert_type(then.snapshot.context, None)
    assert_type(then.effects, tuple[Effect, ...])
    assert_type(then.handled, bool)


def run_with_context() -> None:
    """A chart's context goes through whatever runs it."""
    first = start(Everything, Budget(7), at=NOW)
    assert_type(first, Step[Any, Budget])
    assert_type(step(Everything, first.snapshot, DepsMet()), Step[Any, Budget])
    kernel = Kernel(Everything)
    assert_type(kernel, Kernel[Any, Budget])
    assert_type(kernel.step(kernel.start(Budget()).snapshot, DepsMet()), Step[Any, Budget])
    machine = Machine(Everything, Budget(), at=NOW, on_unhandled="raise")
    assert_type(machine.snapshot.context.left, int)
    assert_type(machine.send(DepsMet()), Step[Any, Budget])
    machine.subscribe(lambda taken: taken.snapshot.context.left)
    assert_type(Machine(Everything, snapshot=first.snapshot).snapshot, Snapshot[Any, Budget])


def run_bare_chart() -> None:
    """Of a chart that comes without its class, the context is not known."""
    assert_type(Everything.chart, Chart)
    Machine(Everything.chart, Budget()).send(DepsMet())
    assert_type(start(Everything.chart, Budget()).snapshot.context, Any)
