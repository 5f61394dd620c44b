"""Charts by hand: rows in document order, where everything that happens tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve, field, frozen

from statecharts.model.chart import (
    HISTORY,
    ROOT,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from tests.oracle.appendix_d import Interpreter
from tests.oracle.records import Outcome
from tests.oracle.validity import faults
from tests.oracle.vocabulary import Log


@frozen
class Tell:
    """A hook that gives one effect: its text."""

    text: str

    def __call__(self, m: Any) -> Log:
        """Return the effect."""
        return Log(self.text)

    def __str__(self) -> str:
        return f"tell {self.text!r}"


@frozen
class Arrow:
    """A transition whose source is not known yet."""

    trigger: Trigger
    targets: tuple[str, ...]
    name: str
    kind: TransitionKind = TransitionKind.EXTERNAL
    guard: Callable[[Any], bool] | None = None

    def internal(self) -> Arrow:
        """Return the arrow as an internal transition."""
        return evolve(self, kind=TransitionKind.INTERNAL)

    def forbidden(self) -> Arrow:
        """Return the arrow as a forbidden transition."""
        return evolve(self, kind=TransitionKind.FORBIDDEN, name="")

    def when(self, guard: Callable[[Any], bool]) -> Arrow:
        """Return the arrow with a guard."""
        return evolve(self, guard=guard)

    def leaving(self, source: str) -> Transition:
        """Return the transition that it is when it leaves a state."""
        guard = None if self.guard is None else Hook(self.guard)
        emit = tell(f"{self.name} in {source}") if self.name else ()
        return Transition(source, self.trigger, self.targets, self.kind, guard, emit=emit)


@frozen
class Row:
    """One state of a chart by hand: its id, its kind, where it defaults to, and what leaves it."""

    id: str
    kind: StateKind
    defaults: tuple[str, ...] = ()
    arrows: tuple[Arrow, ...] = field(default=())


def on(event: str | type, *targets: str) -> Arrow:
    """Return an arrow that an event takes."""
    name = event if isinstance(event, str) else event.__name__
    return Arrow(OnEvent((event,)), targets, name)


def always(*targets: str) -> Arrow:
    """Return an eventless arrow."""
    return Arrow(Always(), targets, "always")


def done(*targets: str) -> Arrow:
    """Return an arrow that completion takes."""
    return Arrow(Done(), targets, "done")


def atomic(state: str, *arrows: Arrow) -> Row:
    """Return an atomic state."""
    return Row(state, StateKind.ATOMIC, (), arrows)


def final_state(state: str) -> Row:
    """Return a final state."""
    return Row(state, StateKind.FINAL)


def compound(state: str, initial: str, *arrows: Arrow) -> Row:
    """Return a compound state."""
    return Row(state, StateKind.COMPOUND, tuple(initial.split()), arrows)


def parallel(state: str, *arrows: Arrow) -> Row:
    """Return a parallel state."""
    return Row(state, StateKind.PARALLEL, (), arrows)


def shallow(state: str, default: str) -> Row:
    """Return a shallow history state."""
    return Row(state, StateKind.SHALLOW_HISTORY, tuple(default.split()))


def deep(state: str, default: str) -> Row:
    """Return a deep history state."""
    return Row(state, StateKind.DEEP_HISTORY, tuple(default.split()))


def tell(text: str) -> tuple[Hook, ...]:
    """Return hooks that tell a text."""
    return (Hook(Tell(text), text),)


def chart(initial: str, *rows: Row) -> Chart:
    """Return the chart of some rows, which start with those of the outermost states."""
    root = Row(ROOT, StateKind.COMPOUND, tuple(initial.split()))
    nodes = [_node(row, rows) for row in (root, *rows)]
    return Chart("Handmade", nodes[0], tuple(nodes[1:]))


class Run:
    """A run of a chart by the oracle, sent events by their names."""

    def __init__(self, subject: Chart) -> None:
        assert faults(subject) == []
        self.interpreter = Interpreter(subject)
        self.last: Outcome = self.interpreter.interpret()

    def send(self, *events: str | object) -> Run:
        """Send events, and keep what the last of them led to."""
        for event in events:
            named = NamedEvent(event) if isinstance(event, str) else event
            self.last = self.interpreter.send(named)
        return self

    @property
    def told(self) -> list[str]:
        """What happened at the last event, in order."""
        return [str(effect) for effect in self.last.effects]

    @property
    def active(self) -> str:
        """The configuration, in document order."""
        return " ".join(self.last.configuration)


def _node(row: Row, rows: tuple[Row, ...]) -> StateNode:
    real = bool(row.id) and row.kind not in HISTORY
    parent, _, name = row.id.rpartition(".")
    return StateNode(
        row.id,
        row.kind,
        name or "Handmade",
        parent if row.id else None,
        tuple(r.id for r in rows if r.id.rpartition(".")[0] == row.id),
        _default(row),
        tuple(arrow.leaving(row.id) for arrow in row.arrows),
        entry=tell(f"enter {row.id}") if real else (),
        exit=tell(f"exit {row.id}") if real else (),
    )


def _default(row: Row) -> Transition | None:
    if not row.defaults:
        return None
    emit = tell(f"default of {row.id}") if row.id else ()
    return Transition(row.id, Default(), row.defaults, emit=emit)
