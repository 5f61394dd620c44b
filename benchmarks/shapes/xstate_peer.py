"""xstate-statemachine: outlines as configurations of its synchronous interpreter."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from xstate_statemachine import Event, SyncInterpreter, create_machine

from benchmarks.contestant import Run, version_of
from benchmarks.shapes.outline import Node


def config(node: Node) -> dict[str, Any]:
    """Translate a node and all below it."""
    found: dict[str, Any] = {}
    if node.to is not None:
        found["on"] = {"tick": node.to}
    if node.children:
        found["states"] = {child.name: config(child) for child in node.children}
    if node.parallel:
        found["type"] = "parallel"
    elif node.children:
        found["initial"] = node.children[0].name
    return found


def started(shape: Node) -> SyncInterpreter[Any]:
    """Build and start a chart."""
    return SyncInterpreter(create_machine({"id": shape.name, **config(shape)})).start()


class XstateShapes:
    """A ``SyncInterpreter`` for each outline."""

    name = "xstate-statemachine"
    version = version_of("xstate-statemachine")

    def supports(self, shape: Node) -> bool:
        """Take any outline."""
        del shape
        return True

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Return what sends so many ticks."""
        send, tick = started(shape).send, Event("tick")

        def run() -> None:
            for _ in repeat(None, ticks):
                send(tick)

        return run

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the innermost active states after so many ticks."""
        interpreter = started(shape)
        for _ in range(ticks):
            interpreter.send("tick")
        return sorted(each.rpartition(".")[2] for each in interpreter.current_state_ids)


CONTESTANT = XstateShapes()
