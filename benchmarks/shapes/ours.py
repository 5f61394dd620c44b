"""statecharts: outlines as classes made at run time, stepped by the pure kernel."""

from __future__ import annotations

import types
from collections.abc import Callable
from itertools import repeat
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import AT
from benchmarks.shapes.outline import Node, every
from statecharts import Compound, Kernel, Parallel, State, Statechart


@frozen
class Tick:
    """The one event."""


TICK: Final = Tick()


def body(node: Node) -> Callable[[dict[str, Any]], None]:
    """Return what fills the namespace of the class that stands for a node."""

    def fill(namespace: dict[str, Any]) -> None:
        first = not node.parallel
        for child in node.children:
            namespace[child.name] = declared(child, initial=first)
            first = False
        for child in node.children:
            if child.to is not None:
                namespace[child.name].to(namespace[child.to], on=Tick)

    return fill


def declared(node: Node, *, initial: bool) -> Any:
    """Return the state that stands for a node."""
    if not node.children:
        return State(initial=initial)
    kind: Any = Parallel if node.parallel else Compound
    keywords = {"initial": True} if initial else {}
    return types.new_class(node.name, (kind,), keywords, body(node))


def kernel_of(shape: Node) -> Kernel[Any]:
    """Build a chart's kernel."""
    base, keywords = Statechart[Tick], {"allow": "*"}
    chart: Any = types.new_class(shape.name.title(), (base,), keywords, body(shape))
    return Kernel(chart)


class StatechartsShapes:
    """A kernel for each outline."""

    name = "statecharts"
    version = version_of("statecharts")

    def supports(self, shape: Node) -> bool:
        """Take any outline."""
        del shape
        return True

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Return what sends so many ticks."""
        kernel = kernel_of(shape)
        step, tick, at = kernel.step, TICK, AT
        snapshot = kernel.start(at=at).snapshot

        def run() -> None:
            nonlocal snapshot
            current = snapshot
            for _ in repeat(None, ticks):
                current = step(current, tick, at=at).snapshot
            snapshot = current

        return run

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the innermost active states after so many ticks."""
        kernel = kernel_of(shape)
        snapshot = kernel.start(at=AT).snapshot
        for _ in range(ticks):
            snapshot = kernel.step(snapshot, TICK, at=AT).snapshot
        innermost = {node.name for node in every(shape) if not node.children}
        active = {path.rpartition(".")[2] for path in snapshot.configuration}
        return sorted(active & innermost)


CONTESTANT = StatechartsShapes()
