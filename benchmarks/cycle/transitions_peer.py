"""transitions: one ``HierarchicalMachine`` with the instances as its models.

Set up as its documentation advises for many instances: one machine, models added to it, no
automatic transitions, callbacks given as functions of the model. The data lie on the model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from transitions.extensions import HierarchicalMachine

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Archived, Blocked, Merge, Visit
from benchmarks.cycle.payloads import SENDS

STATES = [
    {
        "name": "active",
        "initial": "backlog",
        "children": ["backlog", "coding", "qa", "merge"],
    },
    "archived",
]


class Pipeline:
    """A model: the machine gives it its state and its triggers."""

    state: str

    def __init__(self) -> None:
        """Begin without data."""
        self.merge: Merge | None = None
        self.archived: Archived | None = None

    def start_merge(self, feature_branch: str, commits_ahead: int) -> None:
        """Keep the data of ``merge``."""
        self.merge = Merge(feature_branch, commits_ahead)

    def archive(self, at: datetime, reason: str) -> None:
        """Keep the data of ``archived``."""
        self.archived = Archived(at, Blocked(reason))

    def is_blocked(self) -> bool:
        """Guard what leaves ``archived``."""
        return self.archived is not None and isinstance(self.archived.reason, Blocked)


TRANSITIONS: list[dict[str, Any]] = [
    {"trigger": "deps_met", "source": "active_backlog", "dest": "active_coding"},
    {"trigger": "gates_started", "source": "active_coding", "dest": "active_qa"},
    {"trigger": "gates_failed", "source": "active_qa", "dest": "active_coding"},
    {
        "trigger": "qa_skipped",
        "source": "active_coding",
        "dest": "active_merge",
        "before": "start_merge",
    },
    {"trigger": "block", "source": "active", "dest": "archived", "before": "archive"},
    {"trigger": "unblock", "source": "archived", "dest": "active", "conditions": "is_blocked"},
]


def machine() -> HierarchicalMachine:
    """Build the machine, without a model."""
    return HierarchicalMachine(
        model=None,
        states=STATES,
        transitions=TRANSITIONS,
        initial="active",
        auto_transitions=False,
    )


def visit(model: Pipeline) -> Visit:
    """Say where a model is in the words that all contestants share."""
    state = model.state.replace("_", ".", 1)
    data = {"active.merge": model.merge, "archived": model.archived}
    return Visit(state, data.get(state))


def triggers(model: Pipeline) -> list[tuple[Callable[..., object], dict[str, Any]]]:
    """Return the six triggers of a turn, which the machine has put on the model."""
    return [(getattr(model, name), payload) for name, payload in SENDS]


class TransitionsPeer:
    """A model driven by a ``HierarchicalMachine``."""

    name = "transitions"
    version = version_of("transitions")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        model = Pipeline()
        machine().add_model(model)
        sends = triggers(model)

        def run() -> None:
            for send, payload in sends:
                send(**payload)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        model = Pipeline()
        machine().add_model(model)
        found = []
        for send, payload in triggers(model):
            send(**payload)
            found.append(visit(model))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what adds a model to a new, shared machine."""
        shared = machine()

        def create() -> Pipeline:
            model = Pipeline()
            shared.add_model(model)
            return model

        return create


CONTESTANT = TransitionsPeer()
