"""The planner: plans in Python, carried out, recorded, resumed and replayed.

`Plan` is made of plain functions; `Engine` carries its runs out, in one store.
"""

from machines.plan.identifiers import PlanError
from machines.plan.vocabulary import (
    NodeError,
    RetryPolicy,
    RunConfig,
    SideEffects,
    SnapshotPolicy,
    Status,
    Strategy,
)
from machines.planner.engine import Difference, Engine, Result
from machines.planner.io import Io, Transport
from machines.planner.plan import Node, Plan, PlanFault, PlanFaultsError
from machines.planner.work import Work

__all__ = [
    "Difference",
    "Engine",
    "Io",
    "Node",
    "NodeError",
    "Plan",
    "PlanError",
    "PlanFault",
    "PlanFaultsError",
    "Result",
    "RetryPolicy",
    "RunConfig",
    "SideEffects",
    "SnapshotPolicy",
    "Status",
    "Strategy",
    "Transport",
    "Work",
]
