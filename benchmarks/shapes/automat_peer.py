"""Automat: flat outlines through its typed builder."""

from __future__ import annotations

from itertools import repeat
from typing import Any, Protocol

from automat import TypeMachineBuilder

from benchmarks.contestant import Run, version_of
from benchmarks.shapes.outline import Node


class Ticking(Protocol):
    """The one input."""

    def tick(self) -> None:
        """Move on."""


class Core:
    """What all states share: nothing."""

    __slots__ = ()


def started(shape: Node) -> Ticking:
    """Build and start a machine."""
    builder: TypeMachineBuilder[Ticking, Core] = TypeMachineBuilder(Ticking, Core)
    states = {child.name: builder.state(child.name) for child in shape.children}
    for child in shape.children:
        if child.to is not None:
            states[child.name].upon(Ticking.tick).to(states[child.to]).returns(None)
    return builder.build()(Core())


def leaf(machine: Any) -> str:
    """Read the state, which Automat keeps to itself, for the check alone."""
    return str(machine.__automat_transitioner__._state.name)  # noqa: SLF001


class AutomatShapes:
    """A machine of Automat's ``TypeMachineBuilder`` for each outline."""

    name = "Automat (flat)"
    version = version_of("automat")

    def supports(self, shape: Node) -> bool:
        """Take flat outlines only: Automat has no hierarchy."""
        return shape.flat

    def prepare(self, shape: Node, ticks: int) -> Run:
        """Return what sends so many ticks."""
        tick = started(shape).tick

        def run() -> None:
            for _ in repeat(None, ticks):
                tick()

        return run

    def leaves(self, shape: Node, ticks: int) -> list[str]:
        """Return the active state after so many ticks."""
        machine = started(shape)
        for _ in range(ticks):
            machine.tick()
        return [leaf(machine)]


CONTESTANT = AutomatShapes()
