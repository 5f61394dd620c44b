"""Workflows: pieces of work that are begun, interrupted, resumed, and that succeed or fail.

`Workflow` is the chart; `Orchestrator` keeps many of them in one store, where they survive their
process. `machines.workflow.templates` makes charts for work of common shapes, and
`machines.workflow.files` runs the workflows of Swarm TOML.
"""

from machines.workflow.chart import Workflow
from machines.workflow.following import Follower
from machines.workflow.orchestrator import (
    Metadata,
    Metrics,
    Orchestrator,
    Stored,
    Transition,
    WorkflowError,
)
from machines.workflow.vocabulary import (
    FOREVER,
    Cancel,
    Cancelled,
    Complete,
    Completed,
    Context,
    Custom,
    Fail,
    Failed,
    Idle,
    Moved,
    Pause,
    Paused,
    Resume,
    Retry,
    Rollback,
    Running,
    SetContext,
    Start,
    Timeout,
    Waiting,
    WorkflowEvent,
)

__all__ = [
    "FOREVER",
    "Cancel",
    "Cancelled",
    "Complete",
    "Completed",
    "Context",
    "Custom",
    "Fail",
    "Failed",
    "Follower",
    "Idle",
    "Metadata",
    "Metrics",
    "Moved",
    "Orchestrator",
    "Pause",
    "Paused",
    "Resume",
    "Retry",
    "Rollback",
    "Running",
    "SetContext",
    "Start",
    "Stored",
    "Timeout",
    "Transition",
    "Waiting",
    "Workflow",
    "WorkflowError",
    "WorkflowEvent",
]
