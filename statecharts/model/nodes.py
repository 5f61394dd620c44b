"""The parts that a chart is made of: states, transitions, triggers, events.

Frozen values, flat and small, without behaviour: a transition names its source and its targets by
id, and only the chart that holds them knows what the ids mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Final, final

from attrs import field, frozen

from statecharts.model.effects import Call
from statecharts.model.errors import StatechartError
from statecharts.model.events import wire_name
from statecharts.model.fields import Field, fields_of
from statecharts.model.hooks import Hook
from statecharts.model.values import Value

ROOT: Final = ""
"""Id of the chart itself as a state: the parent of the outermost states."""


def take_back(line: Transition) -> None:
    """Tell the declaration that a class body takes a line back."""
    if not REMOVERS:
        raise late_removal(line.id)
    REMOVERS[-1](line)


def late_removal(where: str) -> StatechartError:
    """Return the error for a line that is taken back where no class body is executed."""
    found = "remove() is called outside the body of a chart"
    remedy = "Call it in the body of a subclass; a declared chart does not change"
    return StatechartError("SC120", where, found, remedy)


REMOVERS: Final[list[Callable[[Transition], None]]] = []
"""Functions that take a line back; `statecharts.declare` adds its own when it is imported."""


class StateKind(Enum):
    """The kinds of states."""

    ATOMIC = "atomic"
    COMPOUND = "compound"
    PARALLEL = "parallel"
    FINAL = "final"
    SHALLOW_HISTORY = "history"
    DEEP_HISTORY = "deep history"

    __hash__ = object.__hash__
    """Members are compared by identity; Enum's own hash is Python code, and asked for often."""


HISTORY: Final = frozenset({StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY})
COMPOSITE: Final = frozenset({StateKind.COMPOUND, StateKind.PARALLEL})


class TransitionKind(Enum):
    """The ways in which a transition treats its source."""

    EXTERNAL = "external"
    """The source is left, and entered again where the target lies inside it."""
    INTERNAL = "internal"
    """The source stays active when it is a compound state and the targets lie inside it."""
    FORBIDDEN = "forbidden"
    """The event is swallowed here; no ancestor sees it."""
    DEFERRED = "deferred"
    """The event waits until no active state defers it (UML 2.5.1, 14.2.3.4.4)."""

    __hash__ = object.__hash__


@final
@frozen(eq=False, repr=False)
class OnEvent(Value):
    """Trigger: one of several events, each an event class or an SCXML event descriptor."""

    events: tuple[type | str, ...]


@frozen(eq=False, repr=False)
class BareTrigger(Value):
    """A trigger without attributes: its class says it all."""


@final
class Always(BareTrigger):
    """Trigger of an eventless transition: taken as soon as its guard holds."""

    __slots__ = ()


@final
@frozen(eq=False, repr=False)
class After(Value):
    """Trigger of a delayed transition.

    Attributes:
        delay: How long after the source was entered; a hook gives a timedelta or a datetime.
        timer: Name of the timer, unique within the chart; a run's id is the name and a number.
    """

    delay: timedelta | Hook
    timer: str


@final
class Done(BareTrigger):
    """Trigger of a completion transition: the source has reached its final states."""

    __slots__ = ()


@final
class Default(BareTrigger):
    """Trigger of the transition that a compound state's initial or a history's default is."""

    __slots__ = ()


Trigger = OnEvent | Always | After | Done | Default


@final
@frozen(eq=False, repr=False)
class Transition(Value):
    """One transition: what takes it, from where to where, and what is done on the way.

    Attributes:
        source: Id of the state that it leaves.
        trigger: What takes it.
        targets: Ids of the states that it enters; none when it stays.
        kind: External, internal or forbidden.
        guard: Decides whether it may be taken; None always lets it.
        make: Builds the target's data (the source's, when there is no target); None fills by name.
        update: Builds the chart's next context.
        emit: Give the effects that taking it has, in order.
        name: The name that its class body gives it; most have none.
        location: ``file:line`` where it is declared, when that is known.
    """

    source: str
    trigger: Trigger
    targets: tuple[str, ...] = ()
    kind: TransitionKind = TransitionKind.EXTERNAL
    guard: Hook | None = None
    make: Hook | None = None
    update: Hook | None = None
    emit: tuple[Hook, ...] = ()
    name: str = ""
    location: str | None = field(default=None, eq=False, repr=False)

    @property
    def id(self) -> str:
        """Its name behind its source; without one, its source, trigger and targets.

        Among the lines of a chart, equal ones are told apart by their order (`Chart.lines`).

        >>> Transition("qa", OnEvent(("passed",)), ("merge",)).id, Transition("qa", Always()).id
        ('qa:passed->merge', 'qa:always')
        >>> Transition("qa", Always(), name="retry").id
        'qa.retry'
        """
        if self.name:
            return f"{self.source}.{self.name}" if self.source else self.name
        match self.trigger:
            case OnEvent(events):
                what = "|".join(e if isinstance(e, str) else wire_name(e) for e in events)
            case trigger:
                what = type(trigger).__name__.lower()
        return f"{self.source}:{what}" + (f"->{'+'.join(self.targets)}" if self.targets else "")

    def remove(self) -> None:
        """Take the line back, in the body of a subclass of its chart.

        Raises:
            StatechartError: No class body is being executed.
        """
        take_back(self)

    @property
    def events(self) -> tuple[type | str, ...]:
        """The events that take it; empty for any other trigger."""
        return self.trigger.events if isinstance(self.trigger, OnEvent) else ()

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """Its hooks in the order in which they are called: guard, update, emit, make."""
        before = (hook for hook in (self.guard, self.update) if hook is not None)
        return (*before, *self.emit, *(() if self.make is None else (self.make,)))


@final
@frozen(eq=False, repr=False)
class Invocation(Value):
    """A call that a state makes when it is entered.

    Attributes:
        name: Name of the call within its state: the class's name on the wire, or what a file says.
        call: The class of the call.
        make: Gives the call; None fills its fields by name.
        location: ``file:line`` where it is declared, when that is known.
    """

    name: str
    call: type[Call[Any]]
    make: Hook | None = None
    location: str | None = field(default=None, eq=False, repr=False)


@final
@frozen(eq=False, repr=False)
class StateNode(Value):
    """One state of a chart.

    Attributes:
        id: Dotted path from the chart, ``active.merge``; the chart itself is ``""``.
        kind: Atomic, compound, parallel, final, or history of either depth.
        name: Last part of the id, or the name that a file gave it.
        parent: Id of the parent; None for the chart itself.
        children: Ids of the children, in document order.
        default: Enters the initial child of a compound state, or a history that is still empty.
        transitions: What leaves it, in document order.
        data: The attrs class that it carries while it is active.
        entry: Give the effects of entering it, in order.
        exit: Give the effects of leaving it, in order.
        resting: Whether it is meant that nothing leaves it, though it is not final.
        doc: What it is for.
        meta: What a file says about it besides, for people and tools; it means nothing to a run.
        invoke: The calls that it makes, in order.
        location: ``file:line`` where it is declared, when that is known.
    """

    id: str
    kind: StateKind
    name: str
    parent: str | None = ROOT
    children: tuple[str, ...] = ()
    default: Transition | None = None
    transitions: tuple[Transition, ...] = ()
    data: type | None = None
    entry: tuple[Hook, ...] = ()
    exit: tuple[Hook, ...] = ()
    resting: bool = False
    doc: str = ""
    meta: Mapping[str, Any] = field(factory=dict, hash=False)
    invoke: tuple[Invocation, ...] = ()
    location: str | None = field(default=None, eq=False, repr=False)

    @property
    def initial(self) -> tuple[str, ...]:
        """Ids that its default transition enters; empty when it has none."""
        return () if self.default is None else self.default.targets

    def call_name(self, call: Invocation) -> str:
        """Return the name of one of its calls in the chart; each run of it has a number behind.

        >>> StateNode("any.pending", StateKind.ATOMIC, "pending").call_name(Invocation("ask", Call))
        'any.pending.ask'
        """
        return f"{self.id}.{call.name}" if self.id else call.name

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """Every hook of the state and its transitions: entry, exit, calls, default, transitions."""
        lines = self.transitions if self.default is None else (self.default, *self.transitions)
        calls = (one.make for one in self.invoke if one.make is not None)
        return (*self.entry, *self.exit, *calls, *(hook for line in lines for hook in line.hooks))


@final
@frozen(eq=False, repr=False)
class EventType(Value):
    """One event that a chart knows.

    Attributes:
        name: Name on the wire, in snake case.
        cls: The attrs class, or None for an event that is known by name alone.
    """

    name: str
    cls: type | None = None

    @classmethod
    def of(cls, event: type) -> EventType:
        """Return the event type that an event class stands for."""
        return cls(wire_name(event), event)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The payload, field by field."""
        return () if self.cls is None else fields_of(self.cls)
