"""An interpreter of Appendix D in the clothes of a kernel, to try the comparison itself on."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, final

from attrs import frozen

from statecharts.model.chart import Chart
from statecharts.model.effects import Effect
from statecharts.model.errors import RunawayError
from tests.oracle.appendix_d import BOUND, EndlessMacrostepError, Interpreter
from tests.oracle.records import Outcome


@final
@frozen
class ReplicaSnapshot:
    """A run that has come to rest.

    Attributes:
        configuration: Ids of the active states, in document order.
        context: The extended state.
        run: The interpreter; every step works on a copy.
    """

    configuration: tuple[str, ...]
    context: Any
    run: Interpreter

    @property
    def timers(self) -> Mapping[str, Any]:
        """The timers that run."""
        return self.run.timers

    @property
    def calls(self) -> Mapping[str, Any]:
        """The invocations under way."""
        return self.run.invocations

    @property
    def waiting(self) -> Sequence[Any]:
        """The deferred events."""
        return self.run.deferred


@final
@frozen
class ReplicaStep:
    """The result of one event."""

    snapshot: ReplicaSnapshot
    effects: tuple[Effect, ...]
    handled: bool


@final
@frozen
class Replica:
    """A pure step over snapshots, made from a class of interpreters.

    Attributes:
        chart: The chart that is run.
        interpreter: The class that runs it; a subclass with a defect makes a defective replica.
        bound: Microsteps that one macrostep may take.
    """

    chart: Chart
    interpreter: type[Interpreter] = Interpreter
    bound: int = BOUND

    def start(self, context: Any, *, at: datetime) -> ReplicaStep:
        """Return the first step."""
        return self._step(self.interpreter(self.chart, context, self.bound), None)

    def step(self, snapshot: ReplicaSnapshot, event: object, *, at: datetime) -> ReplicaStep:
        """Return the step that an event leads to."""
        run = copy.copy(snapshot.run)
        run.configuration = copy.deepcopy(run.configuration)
        run.history_value = dict(run.history_value)
        run.internal_queue = run.internal_queue.copy()
        run.timers = dict(run.timers)
        run.invocations = dict(run.invocations)
        run.deferred = list(run.deferred)
        run._numbers = dict(run._numbers)
        return self._step(run, event)

    def _step(self, run: Interpreter, event: object) -> ReplicaStep:
        try:
            outcome: Outcome = run.interpret() if event is None else run.send(event)
        except EndlessMacrostepError as error:
            raise RunawayError("SC299", self.chart.name, str(error)) from error
        snapshot = ReplicaSnapshot(outcome.configuration, outcome.context, run)
        return ReplicaStep(snapshot, outcome.effects, outcome.handled)
