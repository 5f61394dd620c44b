"""statecharts: the pure step of a kernel for each case, the charts declared as any user would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import version_of
from benchmarks.cycle.domain import AT
from benchmarks.features import cases
from benchmarks.features.cases import DELAY, Case, Turn, shown
from benchmarks.features.domain import (
    Back,
    Begin,
    Cancel,
    Go,
    Grade,
    Noise,
    Pause,
    Reset,
    Resume,
    events,
)
from benchmarks.features.domain import Tick as Ticked
from statecharts import Compound, History, Kernel, NamedEvent, Parallel, State, Statechart


@frozen
class Number:
    """The data of ``b``."""

    n: int


class Work(Statechart[Go | Back | Pause | Resume]):
    """History with data."""

    class work(Compound, initial=True):
        """The state that is left and entered again."""

        a = State(initial=True)
        b = State(Number)
        before = History(default=a)

        a.to(b, on=Go)
        b.to(a, on=Back)

    away = State()

    work.to(away, on=Pause)
    away.to(work.before, on=Resume)


class Chain(Statechart[Go | Reset]):
    """Four eventless transitions."""

    idle = State(initial=True)
    s0, s1, s2, s3, s4 = State(), State(), State(), State(), State()

    idle.to(s0, on=Go)
    s0.always(s1)
    s1.always(s2)
    s2.always(s3)
    s3.always(s4)
    s4.to(idle, on=Reset)


class Timed(Statechart[Begin | Cancel]):
    """A timer."""

    idle = State(initial=True)
    waiting = State()

    idle.to(waiting, on=Begin)
    waiting.to(idle, on=Cancel)
    waiting.after(DELAY, idle)


class Deaf(Statechart[Go | Noise], allow="SC124"):
    """Answers to one of two events."""

    idle = State(initial=True, resting=True)

    idle.stay(on=Go)


class Messages(Statechart):
    """Takes events by their names."""

    a = State(initial=True)
    b = State(Number)

    a.to(b, on="go")
    b.to(a, on="back")


class Grades(Statechart[Grade | Reset]):
    """Four guards."""

    idle = State(initial=True)
    a, b, c, d = State(), State(), State(), State()

    idle.to(a, on=Grade, when=lambda m: m.event.score > 90)
    idle.to(b, on=Grade, when=lambda m: m.event.score > 60)
    idle.to(c, on=Grade, when=lambda m: m.event.score > 40)
    idle.to(d, on=Grade, when=lambda m: m.event.score > 30)
    Statechart.to(idle, on=Reset)


class Ticking(Statechart[Ticked]):
    """Three regions."""

    class wheels(Parallel, initial=True):
        """They move together."""

        class x(Compound):
            """The first."""

            xa, xb = State(initial=True), State()
            xa.to(xb, on=Ticked)
            xb.to(xa, on=Ticked)

        class y(Compound):
            """The second."""

            ya, yb = State(initial=True), State()
            ya.to(yb, on=Ticked)
            yb.to(ya, on=Ticked)

        class z(Compound):
            """The third."""

            za, zb = State(initial=True), State()
            za.to(zb, on=Ticked)
            zb.to(za, on=Ticked)


CHARTS: Final[dict[Case, Any]] = {
    cases.HISTORY: Work,
    cases.ALWAYS: Chain,
    cases.TIMER: Timed,
    cases.UNHANDLED: Deaf,
    cases.NAMED: Messages,
    cases.GUARDS: Grades,
    cases.REGIONS: Ticking,
}


def sent(case: Case) -> Sequence[Any]:
    """Return the events of a turn."""
    if case is cases.NAMED:
        return [NamedEvent(name, payload) for name, payload in case.turn]
    return events(case)


def where(chart: Any, snapshot: Any) -> str:
    """Name the innermost states of a snapshot as all contestants name them."""
    leaves = [s for s in snapshot.configuration if not chart.chart[s].children]
    data = snapshot[leaves[0]]
    return " ".join(shown(leaf.rpartition(".")[2], getattr(data, "n", None)) for leaf in leaves)


def kernel_turn(case: Case) -> Turn:
    """Return the turn of a kernel."""
    chart = CHARTS[case]
    kernel = Kernel(chart)
    step, at, turn = kernel.step, AT, sent(case)
    start = kernel.start(at=at).snapshot

    def run() -> None:
        snapshot = start
        for event in turn:
            snapshot = step(snapshot, event, at=at).snapshot

    def visits() -> list[str]:
        snapshot, found = start, []
        for event in turn:
            snapshot = step(snapshot, event, at=at).snapshot
            found.append(where(chart, snapshot))
        return found

    return Turn(run, visits)


class StatechartsFeatures:
    """``Kernel.step`` for each case."""

    name = "statecharts"
    version = version_of("statecharts")
    turns: Final[dict[Case, Callable[[], Turn]]] = {
        case: partial(kernel_turn, case) for case in cases.CASES
    }


CONTESTANT = StatechartsFeatures()
