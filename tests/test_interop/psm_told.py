"""Classes of python-statemachine that tell what they do, and what we do with the same chart."""

from __future__ import annotations

from typing import Any

from statemachine import StateChart

from statecharts import Chart, Kernel, NamedEvent
from tests.oracle.handmade import Run


class Told(StateChart[Any]):
    """A class of theirs that tells what is entered and left."""

    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

    def __init__(self, **options: Any) -> None:
        self.told: list[str] = []
        super().__init__(**options)

    def on_enter_state(self, target: Any) -> None:
        """Tell it."""
        self.told.append(f"enter {target.id}")

    def on_exit_state(self, source: Any) -> None:
        """Tell it."""
        self.told.append(f"exit {source.id}")

    def last(self, event: str) -> list[str]:
        """Send an event; return what it did."""
        self.told.clear()
        self.send(event)
        return self.told

    @property
    def active(self) -> str:
        """The configuration, in its order."""
        return " ".join(state.id for state in self.configuration)


def ours(subject: Chart, *events: str) -> tuple[list[str], str]:
    """Return what the last event does here, and where it leads; the start when there is none."""
    kernel, oracle = Kernel(subject), Run(subject).send(*events)
    step = kernel.start()
    for event in events:
        step = kernel.step(step.snapshot, NamedEvent(event))
    told, active = list(map(str, step.effects)), " ".join(step.snapshot.configuration)
    assert (told, active) == (oracle.told, oracle.active)
    return told, active
