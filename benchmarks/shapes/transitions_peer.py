"""transitions: outlines as a ``HierarchicalMachine``, or as the plain ``Machine`` when flat."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from transitions import Machine
from transitions.extensions import HierarchicalMachine

from benchmarks.contestant import Run, version_of
from benchmarks.shapes.outline import Node


class Model:
    """A model: the machine gives it its state and its trigger."""

    state: str | list[str]
    tick: Any


def states(node: Node) -> str | dict[str, Any]:
    """Translate a node and all below it."""
    if not node.children:
        return node.name
    children = [states(child) for child in node.children]
    if node.parallel:
        return {"name": node.name, "parallel": children}
    return {"name": node.name, "initial": node.children[0].name, "children": children}


def moves(node: Node, scope: str = "") -> list[dict[str, str]]:
    """Collect the transitions below a node, with the full names of their ends."""
    found = []
    for child in node.children:
        if child.to is not None:
            source, dest = f"{scope}{child.name}", f"{scope}{child.to}"
            found.append({"trigger": "tick", "source": source, "dest": dest})
        found.extend(moves(child, f"{scope}{child.name}_"))
    return found


def started(shape: Node) -> Model:
    """Build a machine with one model."""
    model = Model()
    kind = Machine if shape.flat else HierarchicalMachine
    kind(
        model=model,
        states=[states(child) for child in shape.children],
        transitions=moves(shape),
        initial=shape.children[0].name,
        auto_transitions=False,
    )
    return model


class TransitionsShapes:
    """A model and its machine for each outline."""

    name = "transitions"
    version = version_of("transitions")

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
        model = started(shape)
        for _ in range(ticks):
            model.tick()
        active = model.state if isinstance(model.state, list) else [model.state]
        return sorted(each.rpartition("_")[2] for each in active)


CONTESTANT = TransitionsShapes()
