"""xstate-statemachine: a synchronous interpreter for each case; events are known by name.

It is not asked for the timer: its synchronous interpreter has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from xstate_statemachine import Event, MachineLogic, SyncInterpreter, create_machine

from benchmarks.contestant import version_of
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown
from benchmarks.features.contestants import of_regions
from benchmarks.shapes.xstate_peer import CONTESTANT as SHAPES

STEP: Final = {
    "a": {"on": {"go": {"target": "b", "actions": "keep"}}},
    "b": {"on": {"back": "a"}},
}
RESET: Final = {"on": {"reset": "idle"}}

GUARDS: Final[dict[str, Any]] = {
    "id": "grades",
    "initial": "idle",
    "states": {
        "idle": {
            "on": {
                "grade": [
                    {"target": name, "guard": f"above_{least}"}
                    for name, least in (("a", 90), ("b", 60), ("c", 40), ("d", 30))
                ]
            }
        },
        **dict.fromkeys("abcd", RESET),
    },
}

CONFIGS: Final[dict[Case, dict[str, Any]]] = {
    cases.HISTORY: {
        "id": "work",
        "initial": "work",
        "context": {"n": None},
        "states": {
            "work": {
                "initial": "a",
                "on": {"pause": "away"},
                "states": {**STEP, "before": {"type": "history", "target": "a"}},
            },
            "away": {"on": {"resume": "work.before"}},
        },
    },
    cases.ALWAYS: {
        "id": "chain",
        "initial": "idle",
        "states": {
            "idle": {"on": {"go": "s0"}},
            **{f"s{i}": {"always": [{"target": f"s{i + 1}"}]} for i in range(4)},
            "s4": RESET,
        },
    },
    cases.UNHANDLED: GUARDS,
    cases.NAMED: {"id": "named", "initial": "a", "context": {"n": None}, "states": STEP},
    cases.GUARDS: GUARDS,
}


def keep(_interpreter: Any, context: dict[str, Any], event: Any, _action: Any) -> None:
    """Keep the number of ``b``."""
    context["n"] = event.payload["n"]


def above(least: int, _context: Any, event: Any) -> bool:
    """Guard a grade."""
    return bool(event.payload["score"] > least)


LOGIC: Final[Any] = MachineLogic(
    actions={"keep": keep},
    guards={f"above_{least}": partial(above, least) for least in (90, 60, 40, 30)},
)


def started(case: Case) -> Started:
    """Start an interpreter."""
    interpreter = SyncInterpreter(create_machine(CONFIGS[case], logic=LOGIC)).start()

    def where() -> str:
        (leaf,) = interpreter.current_state_ids
        return shown(leaf.rpartition(".")[2], (interpreter.context or {}).get("n"))

    return [partial(interpreter.send, Event(*one)) for one in case.turn], where


class XstateFeatures:
    """An interpreter for each case."""

    name = "xstate-statemachine"
    version = version_of("xstate-statemachine")
    turns: Final[dict[Case, Callable[[], Turn]]] = {
        **builders(CONFIGS, started),
        cases.REGIONS: of_regions(SHAPES),
    }


CONTESTANT = XstateFeatures()
