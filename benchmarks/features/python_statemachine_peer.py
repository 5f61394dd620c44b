"""python-statemachine: a ``StateChart`` for each case, set up as in the cycle.

It is not asked for the timer: its synchronous engine waits for a delayed event in a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from statemachine import HistoryState, State, StateChart

from benchmarks.contestant import version_of
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown
from benchmarks.features.contestants import of_regions
from benchmarks.shapes.python_statemachine_peer import CONTESTANT as SHAPES


class Quick(StateChart[Any]):
    """The quickest of the documented settings: those of ``StateMachine``."""

    catch_errors_as_events = False
    atomic_configuration_update = True
    allow_event_without_transition = True
    enable_self_transition_entries = False

    n: int | None = None

    def keep(self, n: int) -> None:
        """Keep the number of ``b``."""
        self.n = n


class Work(Quick):
    """History with data."""

    class work(State.Compound):
        """The state that is left and entered again."""

        a = State(initial=True)
        b = State()
        before = HistoryState()

        go = a.to(b, on="keep")
        back = b.to(a)

    away = State()

    pause = work.to(away)
    resume = away.to(work.before)


class Chain(Quick):
    """Four eventless transitions."""

    idle = State(initial=True)
    s0 = State()
    s1 = State()
    s2 = State()
    s3 = State()
    s4 = State()

    go = idle.to(s0)
    s0.to(s1)
    s1.to(s2)
    s2.to(s3)
    s3.to(s4)
    reset = s4.to(idle)


class Named(Quick):
    """Events are known by their names."""

    a = State(initial=True)
    b = State()

    go = a.to(b, on="keep")
    back = b.to(a)


class Grades(Quick):
    """Four guards."""

    idle = State(initial=True)
    a = State()
    b = State()
    c = State()
    d = State()

    grade = (
        idle.to(a, cond="above_90")
        | idle.to(b, cond="above_60")
        | idle.to(c, cond="above_40")
        | idle.to(d, cond="above_30")
    )
    reset = a.to(idle) | b.to(idle) | c.to(idle) | d.to(idle)

    def above_90(self, score: int) -> bool:
        """Guard the best grade."""
        return score > 90

    def above_60(self, score: int) -> bool:
        """Guard the second one."""
        return score > 60

    def above_40(self, score: int) -> bool:
        """Guard the third one."""
        return score > 40

    def above_30(self, score: int) -> bool:
        """Guard the last one."""
        return score > 30


CHARTS: Final[dict[Case, Any]] = {
    cases.HISTORY: Work,
    cases.ALWAYS: Chain,
    cases.UNHANDLED: Grades,
    cases.NAMED: Named,
    cases.GUARDS: Grades,
}


def started(case: Case) -> Started:
    """Start a chart."""
    chart = CHARTS[case]()

    def where() -> str:
        (leaf,) = (each.id for each in chart.configuration if each.is_atomic)
        return shown(leaf, chart.n)

    return [partial(chart.send, name, **payload) for name, payload in case.turn], where


class PythonStatemachineFeatures:
    """A chart for each case."""

    name = "python-statemachine"
    version = version_of("python-statemachine")
    turns: Final[dict[Case, Callable[[], Turn]]] = {
        **builders(CHARTS, started),
        cases.REGIONS: of_regions(SHAPES),
    }


CONTESTANT = PythonStatemachineFeatures()
