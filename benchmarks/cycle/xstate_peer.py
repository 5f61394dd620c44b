"""xstate-statemachine: its synchronous interpreter over one shared machine.

Events are built beforehand and sent as objects. The data lie in the context, put there by plain
actions, the quicker of the two documented ways (``assign`` is the other).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from xstate_statemachine import Event, MachineLogic, SyncInterpreter, create_machine

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Archived, Blocked, Merge, Visit
from benchmarks.cycle.payloads import SENDS

CONFIG: Final[dict[str, Any]] = {
    "id": "pipeline",
    "initial": "active",
    "context": {"merge": None, "archived": None},
    "states": {
        "active": {
            "initial": "backlog",
            "on": {"block": {"target": "archived", "actions": "archive"}},
            "states": {
                "backlog": {"on": {"deps_met": "coding"}},
                "coding": {
                    "on": {
                        "gates_started": "qa",
                        "qa_skipped": {"target": "merge", "actions": "start_merge"},
                    }
                },
                "qa": {"on": {"gates_failed": "coding"}},
                "merge": {},
            },
        },
        "archived": {"on": {"unblock": {"target": "active", "guard": "is_blocked"}}},
    },
}

Context = dict[str, Any]


def start_merge(_interpreter: Any, context: Context, event: Any, _action: Any) -> None:
    """Keep the data of ``merge``."""
    payload = event.payload
    context["merge"] = Merge(payload["feature_branch"], payload["commits_ahead"])


def archive(_interpreter: Any, context: Context, event: Any, _action: Any) -> None:
    """Keep the data of ``archived``."""
    payload = event.payload
    context["archived"] = Archived(payload["at"], Blocked(payload["reason"]))


def is_blocked(context: Context, _event: Any) -> bool:
    """Guard what leaves ``archived``."""
    return isinstance(context["archived"].reason, Blocked)


MACHINE: Final = create_machine(
    CONFIG,
    logic=MachineLogic(
        actions={"start_merge": start_merge, "archive": archive},
        guards={"is_blocked": is_blocked},
    ),
)


def started() -> SyncInterpreter[Any]:
    """Return an interpreter in its initial configuration."""
    return SyncInterpreter(MACHINE).start()


def visit(interpreter: SyncInterpreter[Any]) -> Visit:
    """Say where an interpreter is in the words that all contestants share."""
    (leaf,) = interpreter.current_state_ids
    state = leaf.removeprefix("pipeline.")
    return Visit(state, interpreter.context.get(state.rpartition(".")[2]))


class XstatePeer:
    """A ``SyncInterpreter``."""

    name = "xstate-statemachine"
    version = version_of("xstate-statemachine")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        send = started().send
        events = [Event(name, payload) for name, payload in SENDS]

        def run() -> None:
            for event in events:
                send(event)

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        interpreter = started()
        found = []
        for name, payload in SENDS:
            interpreter.send(Event(name, payload))
            found.append(visit(interpreter))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what makes and starts an interpreter."""
        return started


CONTESTANT = XstatePeer()
