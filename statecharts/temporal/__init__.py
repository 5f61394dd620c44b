"""Runs on Temporal: the same charts and handlers, on a cluster.

`TemporalRuntime` has the surface of `statecharts.runtime.Runtime`; `ChartPlugin` lets workers,
clients and replayers of one's own run charts. The extra ``temporal`` installs what it needs.
"""

from importlib.util import find_spec

from statecharts.model.errors import StatechartError, missing

if find_spec("temporalio") is None:
    raise StatechartError("SC841", "temporal", *missing("a run on Temporal", "temporalio"))

from statecharts.temporal.converter import ChartPayloadConverter
from statecharts.temporal.messages import Answered, Beginning, Ended, Facts, Order, Sent
from statecharts.temporal.plugin import ChartPlugin
from statecharts.temporal.runtime import TemporalRun, TemporalRuntime
from statecharts.temporal.workflow import ChartWorkflow

__all__ = [
    "Answered",
    "Beginning",
    "ChartPayloadConverter",
    "ChartPlugin",
    "ChartWorkflow",
    "Ended",
    "Facts",
    "Order",
    "Sent",
    "TemporalRun",
    "TemporalRuntime",
]
