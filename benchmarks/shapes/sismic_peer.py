"""sismic: outlines as statecharts of its interpreter, contracts not checked."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from sismic.interpreter import Interpreter
from sismic.io.datadict import import_from_dict
from sismic.model import Event

from benchmarks.contestant import Run, version_of
from benchmarks.shapes.outline import Node, initial_leaves


def state(node: Node) -> dict[str, Any]:
    """Translate a node and all below it."""
    found: dict[str, Any] = {"name": node.name}
    if node.to is not None:
        found["transitions"] = [{"target": node.to, "event": "tick"}]
    if node.children:
        key = "parallel states" if node.parallel else "states"
        found[key] = [state(child) for child in node.children]
        if not node.parallel:
            found["initial"] = node.children[0].name
    return found


def started(shape: Node) -> Interpreter:
    """Build and start a chart."""
    chart = import_from_dict({"statechart": {"name": shape.name, "root state": state(shape)}})
    interpreter = Interpreter(chart, ignore_contract=True)
    interpreter.execute_once()
    return interpreter


class SismicShapes:
    """An interpreter for each outline."""

    name = "sismic"
    version = version_of("sismic")

    def supports(self, shape: Node) -> bool:
        """Take any outline."""
        del shape
        return True

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Return what sends so many ticks."""
        interpreter, tick = started(shape), Event("tick")
        queue, execute_once = interpreter.queue, interpreter.execute_once

        def run() -> None:
            for _ in repeat(None, ticks):
                queue(tick)
                execute_once()

        return run

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the innermost active states after so many ticks."""
        interpreter = started(shape)
        for _ in range(ticks):
            interpreter.queue("tick").execute_once()
        count = len(list(initial_leaves(shape)))
        return sorted(interpreter.configuration[-count:])


CONTESTANT = SismicShapes()
