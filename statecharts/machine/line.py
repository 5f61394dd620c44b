"""Line: the events that wait for their turn."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic

from statecharts.model.errors import StatechartError
from statecharts.model.generics import K as C
from statecharts.semantics.snapshot import Step


class Sent(Generic[C]):
    """An event in line; what `Machine.send` returns to a subscriber.

    Once its turn has come it reads as the step that it made; before that, reading it is an error.
    """

    def __init__(self, event: object, at: datetime | None, chart: str) -> None:
        self.event = event
        self.at = at
        self.chart = chart
        self.not_before: datetime | None = None
        self.own = False
        self.failed = False
        self.step: Step[C] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in Step._fields:
            raise AttributeError(name)
        if self.failed:
            found = f"the step of {self.event!r} could not be taken"
            remedy = "What the first send raises says why"
            raise StatechartError("SC502", self.chart, found, remedy)
        if self.step is None:
            found = f"the step of {self.event!r} was read before its turn had come"
            remedy = "Events sent from a subscriber wait; subscribe to see their steps"
            raise StatechartError("SC502", self.chart, found, remedy)
        return getattr(self.step, name)
