"""The charts that the agent platform runs on."""

from machines.execution import Execution
from machines.pipeline import Pipeline

__all__ = ["Execution", "Pipeline"]
