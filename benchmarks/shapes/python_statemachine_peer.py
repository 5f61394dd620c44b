"""python-statemachine: outlines as classes made at run time."""

from __future__ import annotations

import types
from collections.abc import Callable
from itertools import repeat
from typing import Any

from statemachine import State, StateChart

from benchmarks.contestant import Run, version_of
from benchmarks.shapes.outline import Node


def body(node: Node) -> Callable[[dict[str, Any]], None]:
    """Return what fills the namespace of the class that stands for a node."""

    def fill(namespace: dict[str, Any]) -> None:
        first = not node.parallel
        for child in node.children:
            namespace[child.name] = declared(child, initial=first)
            first = False
        ticks = None
        for child in node.children:
            if child.to is not None:
                move = namespace[child.name].to(namespace[child.to])
                ticks = move if ticks is None else ticks | move
        if ticks is not None:
            namespace["tick"] = ticks

    return fill


def declared(node: Node, *, initial: bool) -> Any:
    """Return the state that stands for a node."""
    if not node.children:
        return State(initial=initial)
    kind = State.Parallel if node.parallel else State.Compound
    keywords = {"initial": True} if initial else {}
    return types.new_class(node.name, (kind,), keywords, body(node))


def chart(shape: Node) -> type[StateChart[Any]]:
    """Build a chart's class."""

    def fill(namespace: dict[str, Any]) -> None:
        namespace["catch_errors_as_events"] = False
        namespace["atomic_configuration_update"] = True
        namespace["allow_event_without_transition"] = False
        namespace["enable_self_transition_entries"] = False
        body(shape)(namespace)

    return types.new_class(shape.name.title(), (StateChart,), {}, fill)


def started(shape: Node) -> Any:
    """Build and start a chart."""
    return chart(shape)()


class PythonStatemachineShapes:
    """A ``StateChart`` class for each outline."""

    name = "python-statemachine"
    version = version_of("python-statemachine")

    def supports(self, shape: Node) -> bool:
        """Take any outline."""
        del shape
        return True

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Return what sends so many ticks."""
        tick = started(shape).tick

        def run() -> None:
            for _ in repeat(None, ticks):
                tick()

        return run

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the innermost active states after so many ticks."""
        machine = started(shape)
        for _ in range(ticks):
            machine.tick()
        return sorted(each.id for each in machine.configuration if each.is_atomic)


CONTESTANT = PythonStatemachineShapes()
