"""python-statemachine: a ``StateChart`` on its synchronous engine.

Events are called as methods, which is quicker than ``send``. The data lie on the machine; guard
and actions are methods of it, bound by name as its documentation does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from statemachine import State, StateChart

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Archived, Blocked, Merge, Visit
from benchmarks.cycle.payloads import SENDS


class Pipeline(StateChart[Any]):
    """The chart, with the quickest of the documented settings: those of ``StateMachine``."""

    catch_errors_as_events = False
    atomic_configuration_update = True
    allow_event_without_transition = False
    enable_self_transition_entries = False

    class active(State.Compound):
        """Work under way."""

        backlog = State(initial=True)
        coding = State()
        qa = State()
        merge = State()

        deps_met = backlog.to(coding)
        gates_started = coding.to(qa)
        gates_failed = qa.to(coding)
        qa_skipped = coding.to(merge, on="start_merge")

    archived = State()

    block = active.to(archived, on="archive")
    unblock = archived.to(active, cond="is_blocked")

    merge_data: Merge | None = None
    archived_data: Archived | None = None

    def start_merge(self, feature_branch: str, commits_ahead: int) -> None:
        """Keep the data of ``merge``."""
        self.merge_data = Merge(feature_branch, commits_ahead)

    def archive(self, at: datetime, reason: str) -> None:
        """Keep the data of ``archived``."""
        self.archived_data = Archived(at, Blocked(reason))

    def is_blocked(self) -> bool:
        """Guard what leaves ``archived``."""
        return self.archived_data is not None and isinstance(self.archived_data.reason, Blocked)


def visit(chart: Pipeline) -> Visit:
    """Say where a chart is in the words that all contestants share."""
    state = ".".join(str(each) for each in chart.configuration_values)
    data = {"active.merge": chart.merge_data, "archived": chart.archived_data}
    return Visit(state, data.get(state))


def inputs(chart: Pipeline) -> list[tuple[Callable[..., object], dict[str, Any]]]:
    """Return the six events of a turn, bound to the chart."""
    return [(getattr(chart, name), payload) for name, payload in SENDS]


class PythonStatemachinePeer:
    """A ``StateChart``."""

    name = "python-statemachine"
    version = version_of("python-statemachine")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        sends = inputs(Pipeline())

        def run() -> None:
            for send, payload in sends:
                send(**payload)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        chart = Pipeline()
        found = []
        for send, payload in inputs(chart):
            send(**payload)
            found.append(visit(chart))
        return found

    def creator(self) -> Callable[[], object]:
        """Return the chart's class."""
        return Pipeline


CONTESTANT = PythonStatemachinePeer()
