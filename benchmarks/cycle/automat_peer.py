"""Automat: its typed builder, flat because it has no superstates.

Automat has no guards either. What a guard decides elsewhere is decided here by the method of the
guarded input, which then calls an input of its own. (A state for each reason would do without the
decision and be quicker, but would be another chart.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from automat import TypeMachineBuilder

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import (
    AT,
    BRANCH,
    COMMITS,
    FAILURE,
    OBSTACLE,
    Archived,
    Blocked,
    Merge,
    Visit,
)


class Pipeline(Protocol):
    """The inputs."""

    def deps_met(self) -> None:
        """Begin coding."""

    def gates_started(self) -> None:
        """Begin checking."""

    def gates_failed(self, reason: str) -> None:
        """Go back to coding."""

    def qa_skipped(self, feature_branch: str, commits_ahead: int) -> None:
        """Go on to merging."""

    def block(self, at: datetime, reason: str) -> None:
        """Put aside."""

    def unblock(self) -> None:
        """Take up again, if that is allowed."""

    def resume(self) -> None:
        """Take up again; only the machine itself calls this."""


class Core:
    """The core that all states share; it is empty."""

    __slots__ = ()


def merge_data(_inputs: Pipeline, _core: Core, feature_branch: str, commits_ahead: int) -> Merge:
    """Build the data of ``merge`` from the input that leads there."""
    return Merge(feature_branch, commits_ahead)


def archived_data(_inputs: Pipeline, _core: Core, at: datetime, reason: str) -> Archived:
    """Build the data of ``archived`` from the input that leads there."""
    return Archived(at, Blocked(reason))


def resume_if_blocked(inputs: Pipeline, _core: Core, data: Archived) -> None:
    """Decide what a guard would."""
    if isinstance(data.reason, Blocked):
        inputs.resume()


def build() -> Callable[[Core], Pipeline]:
    """Declare the machine."""
    builder: TypeMachineBuilder[Pipeline, Core] = TypeMachineBuilder(Pipeline, Core)
    backlog = builder.state("active.backlog")
    coding = builder.state("active.coding")
    qa = builder.state("active.qa")
    merge = builder.state("active.merge", merge_data)
    archived = builder.state("archived", archived_data)

    backlog.upon(Pipeline.deps_met).to(coding).returns(None)
    coding.upon(Pipeline.gates_started).to(qa).returns(None)
    coding.upon(Pipeline.qa_skipped).to(merge).returns(None)
    qa.upon(Pipeline.gates_failed).to(coding).returns(None)
    for plain in (backlog, coding, qa):
        plain.upon(Pipeline.block).to(archived).returns(None)
    merge.upon(Pipeline.block, nodata=True).to(archived).returns(None)
    archived.upon(Pipeline.unblock).loop()(resume_if_blocked)
    archived.upon(Pipeline.resume, nodata=True).to(backlog).returns(None)
    return builder.build()


MAKE: Final = build()


def inputs_of(machine: Pipeline) -> tuple[Callable[[], None], ...]:
    """Return the six inputs of a turn, for the walk that is checked."""
    return (
        machine.deps_met,
        machine.gates_started,
        lambda: machine.gates_failed(FAILURE),
        lambda: machine.qa_skipped(BRANCH, COMMITS),
        lambda: machine.block(AT, OBSTACLE),
        machine.unblock,
    )


def visit(machine: Any) -> Visit:
    """Read state and data, which Automat keeps to itself, for the check alone."""
    name = machine.__automat_transitioner__._state.name  # noqa: SLF001
    holds = name in ("active.merge", "archived")
    return Visit(name, machine.__automat_data__ if holds else None)


class AutomatPeer:
    """A machine of Automat's ``TypeMachineBuilder``."""

    name = "Automat (flat)"
    version = version_of("automat")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        machine = MAKE(Core())

        def run() -> None:
            machine.deps_met()
            machine.gates_started()
            machine.gates_failed(FAILURE)
            machine.qa_skipped(BRANCH, COMMITS)
            machine.block(AT, OBSTACLE)
            machine.unblock()

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        machine = MAKE(Core())
        found = []
        for send in inputs_of(machine):
            send()
            found.append(visit(machine))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what makes a machine with its core."""
        return lambda: MAKE(Core())


CONTESTANT = AutomatPeer()
