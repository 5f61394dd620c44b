"""Automat: its typed builder, for the cases that need neither hierarchy nor guards nor time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from automat import NoTransition, TypeMachineBuilder

from benchmarks.contestant import version_of
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown


class Inputs(Protocol):
    """The inputs."""

    def go(self, n: int) -> None:
        """Go to ``b``."""

    def back(self) -> None:
        """Go back to ``a``."""

    def noise(self) -> None:
        """Change nothing."""


class Core:
    """The core that all states share; it is empty."""

    __slots__ = ()


def number(_inputs: Inputs, _core: Core, n: int) -> int:
    """Build the data of ``b``."""
    return n


def build() -> Callable[[Core], Inputs]:
    """Declare the machine."""
    builder: TypeMachineBuilder[Inputs, Core] = TypeMachineBuilder(Inputs, Core)
    a, b = builder.state("a"), builder.state("b", number)
    a.upon(Inputs.go).to(b).returns(None)
    b.upon(Inputs.back, nodata=True).to(a).returns(None)
    b.upon(Inputs.noise).loop().returns(None)
    return builder.build()


MAKE: Final = build()


def started(case: Case) -> Started:
    """Make a machine; one that has no transition raises, which a turn has to endure."""
    machine: Any = MAKE(Core())
    sends = [partial(getattr(machine, name), **payload) for name, payload in case.turn]

    def endure(send: Callable[[], object]) -> None:
        with suppress(NoTransition):
            send()

    def where() -> str:
        state = str(machine.__automat_transitioner__._state.name)  # noqa: SLF001
        if case is cases.UNHANDLED:
            return {"a": "idle"}[state]
        return shown(state, machine.__automat_data__ if state == "b" else None)

    return ([partial(endure, each) for each in sends] if case is cases.UNHANDLED else sends), where


class AutomatFeatures:
    """A machine for each case that the library has."""

    name = "Automat (flat)"
    version = version_of("automat")
    turns: Final[dict[Case, Callable[[], Turn]]] = builders((cases.UNHANDLED, cases.NAMED), started)


CONTESTANT = AutomatFeatures()
