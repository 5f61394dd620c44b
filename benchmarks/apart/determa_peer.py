"""determa-state: its pure ``dispatch`` over bundles of format 1, with guards and actions in CEL.

Bundles have neither timers nor eventless transitions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final

import determa.state as ds  # pyright: ignore[reportMissingImports]

from benchmarks.apart.pipeline import Send, turn, visits
from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Visit
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown

Shape = dict[str, Any]


def composite(initial: str, states: Shape, **more: Any) -> Shape:
    """Return a state with states inside."""
    return {
        "type": "composite",
        "initial": {"transition_to": initial},
        "states": states,
        **more,
    }


def to(target: Any, **assigned: str) -> Shape:
    """Return a transition that assigns variables."""
    moved: Shape = {"transition_to": target}
    if assigned:
        moved["action"] = [{"assign": {name: text}} for name, text in assigned.items()]
    return moved


def bundle(root: Shape, events: dict[str, dict[str, str]]) -> Any:
    """Load a bundle with one machine, its events given with the types of their fields."""
    declared = {
        name: {
            "direction": "input",
            "payload": {field: {"type": kind, "required": True} for field, kind in fields.items()},
        }
        for name, fields in events.items()
    }
    machine = {"machine_id": "one", "version": 1, "root": root}
    return ds.load_bundle(
        {"format": 1, "namespace": "bench", "events": declared, "machines": [machine]}
    )


TEXT: Final = {"type": "string", "init": ""}
NUMBER: Final = {"type": "int", "init": 0}

PIPELINE: Final = bundle(
    composite(
        "active",
        {
            "active": composite(
                "backlog",
                {
                    "backlog": {"on_events": {"deps_met": to("coding")}},
                    "coding": {
                        "on_events": {
                            "gates_started": to("qa"),
                            "qa_skipped": to(
                                "merge",
                                feature_branch="event.payload.feature_branch",
                                commits_ahead="event.payload.commits_ahead",
                            ),
                        }
                    },
                    "qa": {"on_events": {"gates_failed": to("coding")}},
                    "merge": {},
                },
                on_events={
                    "block": to(
                        "archived",
                        archived_at="event.payload.at",
                        why="event.payload.reason",
                        kind="'blocked'",
                    )
                },
            ),
            "archived": {"on_events": {"unblock": {**to("active"), "guard": "kind == 'blocked'"}}},
        },
        variables={
            "feature_branch": TEXT,
            "commits_ahead": NUMBER,
            "archived_at": TEXT,
            "why": TEXT,
            "kind": TEXT,
        },
    ),
    {
        "deps_met": {},
        "gates_started": {},
        "gates_failed": {"reason": "string"},
        "qa_skipped": {"feature_branch": "string", "commits_ahead": "int"},
        "block": {"at": "string", "reason": "string"},
        "unblock": {},
    },
)

STEP: Final[Shape] = {
    "a": {"on_events": {"go": to("b", n="event.payload.n")}},
    "b": {"on_events": {"back": to("a")}},
}

GRADES: Final = bundle(
    composite(
        "idle",
        {
            "idle": {
                "on_events": {
                    "grade": [
                        {**to(name), "guard": f"event.payload.score > {least}"}
                        for name, least in (("a", 90), ("b", 60), ("c", 40), ("d", 30))
                    ]
                }
            },
            **{name: {"on_events": {"reset": to("idle")}} for name in "abcd"},
        },
    ),
    {"grade": {"score": "int"}, "reset": {}, "noise": {}},
)

BUNDLES: Final[dict[Case, Any]] = {
    cases.HISTORY: bundle(
        composite(
            "work",
            {
                "work": composite("a", STEP, history="shallow", on_events={"pause": to("away")}),
                "away": {"on_events": {"resume": to({"history": "work"})}},
            },
            variables={"n": NUMBER},
        ),
        {"go": {"n": "int"}, "back": {}, "pause": {}, "resume": {}},
    ),
    cases.UNHANDLED: GRADES,
    cases.NAMED: bundle(
        composite("a", STEP, variables={"n": NUMBER}), {"go": {"n": "int"}, "back": {}}
    ),
    cases.GUARDS: GRADES,
}

Machine = tuple[Send, Callable[[], Shape]]


def started(loaded: Any) -> Machine:
    """Create a machine; return a function that sends it events, and one that returns its root."""
    state = ds.create(
        loaded, machine_id="one", root_instance_id="one", creation_id="one", bindings={}
    )["state"]
    root = {name: state[name] for name in ("root_instance_id", "root_runtime_id")}
    target, numbers = {"root": root}, count()

    def send(name: str, payload: Shape) -> None:
        nonlocal state
        event = {
            "event": name,
            "event_id": f"event {next(numbers)}",
            "target": target,
            "payload": payload,
        }
        state = ds.dispatch(loaded, state, {"input": event})["state"]

    return send, lambda: state["runtimes"][state["root_runtime_id"]]


def played(case: Case) -> Started:
    """Start the machine of a case."""
    send, look = started(BUNDLES[case])

    def where() -> str:
        found = look()
        leaf = found["active"][-1].rpartition(".")[2]
        return shown(leaf, found["scopes"]["root"].get("n"))

    return [partial(send, name, payload) for name, payload in case.turn], where


class DetermaPeer:
    """The pure dispatch."""

    name = "determa-state"
    version = version_of("determa-state")
    turns: Final[dict[Case, Callable[[], Turn]]] = builders(BUNDLES, played)

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        send, _ = started(PIPELINE)
        return turn(send)

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        send, look = started(PIPELINE)
        return visits(send, lambda: (look()["active"][-1], look()["scopes"]["root"]))


CONTESTANT = DetermaPeer()
