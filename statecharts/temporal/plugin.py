"""Plugin: makes a client, a worker or a replayer of Temporal run charts."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import ReplayerConfig, Worker, WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from statecharts.runtime.errors import RunError
from statecharts.runtime.handlers import Handlers, table
from statecharts.temporal.activities import Carrier
from statecharts.temporal.converter import client_with_codec, teach, with_codec
from statecharts.temporal.registry import Charts, check_free, registered, replaying
from statecharts.temporal.workflow import ChartWorkflow

_SOON: Final = timedelta(milliseconds=500)
"""The time between two heartbeats that reach the server."""

PASSED: Final = ("statecharts", "attr", "attrs", "cattr", "cattrs")
"""The modules that a sandbox takes as they are: they are pure, and hold what charts are made of."""


class ChartPlugin(SimplePlugin):
    """Lets workers and replayers run charts, and clients talk to their runs.

    It sets the converter that writes as our codec does, tells the sandbox what to pass through
    (the modules of the charts, their events and data among them), makes kernel and protocol of
    each chart, and adds the workflow and its activities.

    Args:
        charts: Classes, charts, or protocols, for charts with upcasters.
        handlers: The handlers of effects and calls, as a `Runtime` takes them.
        effects: Classes of effects that the charts emit and that have no handler here.
        passed: Names of further modules that the sandbox takes as they are.
        carrier: Carries effects out; by default one made of the handlers.

    Raises:
        HandlerError: A handler does not fit what it is to handle (SC828).
        RunError: Two charts have one name (SC829).
    """

    def __init__(
        self,
        *charts: Any,
        handlers: Handlers = (),
        effects: Iterable[type] = (),
        passed: Iterable[str] = (),
        carrier: Carrier | None = None,
        known: Charts | None = None,
    ) -> None:
        found = table(handlers)
        self.charts = known or Charts.of(charts, (*effects, *found))
        self.carrier = carrier or Carrier(self.charts, found)
        self._modules = modules_of(self.charts) | {*passed}
        for program in self.charts.programs.values():
            teach(program.protocol)
        super().__init__(
            "statecharts.ChartPlugin",
            data_converter=_converter,
            workflows=[ChartWorkflow],
            activities=self.carrier.activities,
            workflow_runner=self._runner,
        )

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """Add workflow and activities, once; refuse a queue that is taken here.

        Raises:
            RunError: Another plugin has added them, or another worker of this process has the
                queue, with other charts (SC829).
        """
        if self.carrier.activities[0] in config.get("activities", ()):
            return config  # the client has this plugin, too
        if ChartWorkflow in config.get("workflows", ()):
            found = "the client has a ChartPlugin already"
            raise RunError("SC829", "plugin", found, "Give it to the client or to the worker")
        client: Any = config.get("client")
        check_free((client.namespace, config.get("task_queue", "")), self.charts)
        config["client"] = client_with_codec(client)
        # A call that is taken back is told so with the next heartbeat.
        config["max_heartbeat_throttle_interval"] = _SOON
        config["default_heartbeat_throttle_interval"] = _SOON
        return super().configure_worker(config)

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:
        """Let the workflows of the queue find their charts while the worker runs."""
        with registered((worker.client.namespace, worker.task_queue), self.charts):
            await super().run_worker(worker, next)

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        """Add the workflow, and let it find its charts."""
        replaying(self.charts)
        return super().configure_replayer(config)

    def _runner(self, runner: WorkflowRunner | None) -> WorkflowRunner:
        found = runner or SandboxedWorkflowRunner()
        if not isinstance(found, SandboxedWorkflowRunner):
            return found
        passed = found.restrictions.with_passthrough_modules(*PASSED, *sorted(self._modules))
        return dataclasses.replace(found, restrictions=passed)


def _converter(given: DataConverter | None) -> DataConverter:
    return with_codec(given or DataConverter.default)


def modules_of(charts: Charts) -> set[str]:
    """Return the modules that define charts, and their events, data, context and calls."""
    found: set[str] = set()
    for program in charts.programs.values():
        chart = program.kernel.chart
        classes: list[Any] = [program.chart, chart.context]
        classes += [event.cls for event in chart.events]
        for node in chart.nodes.values():
            classes += [node.data, *(one.call for one in node.invoke)]
        found |= {one.__module__ for one in classes if isinstance(one, type)}
    return {name for name in found if name not in ("builtins", "__main__")}
