"""The chart: an immutable description that every reader takes, and nothing but a description.

A chart is a tree of states, held flat in document order, with the transitions that leave each
state. It knows how to look things up in itself; what it means is the kernel's business, whether it
makes sense is `statecharts.checks`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, ClassVar, Final, Generic, final

import attrs
from attrs import field, frozen

from statecharts.errors import Fault, UnknownStateError, did_you_mean
from statecharts.events import wire_name
from statecharts.generics import C, D
from statecharts.hooks import Hook
from statecharts.schema import Field, fields_of, type_text

ROOT: Final = ""
"""Id of the chart itself as a state: the parent of the outermost states."""


class StateKind(Enum):
    """What a state is made of."""

    ATOMIC = "atomic"
    COMPOUND = "compound"
    PARALLEL = "parallel"
    FINAL = "final"
    SHALLOW_HISTORY = "history"
    DEEP_HISTORY = "deep history"


HISTORY: Final = frozenset({StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY})
COMPOSITE: Final = frozenset({StateKind.COMPOUND, StateKind.PARALLEL})


class TransitionKind(Enum):
    """How a transition treats its source."""

    EXTERNAL = "external"
    """The source is left, and entered again where the target lies inside it."""
    INTERNAL = "internal"
    """The source stays active when it is a compound state and the targets lie inside it."""
    FORBIDDEN = "forbidden"
    """The event is swallowed here; no ancestor sees it."""


@final
@frozen
class OnEvent:
    """Trigger: one of several events, each an event class or an SCXML event descriptor."""

    events: tuple[type | str, ...]


@frozen
class BareTrigger:
    """A trigger that says all by being what it is."""


@final
class Always(BareTrigger):
    """Trigger of an eventless transition: taken as soon as its guard holds."""

    __slots__ = ()


@final
@frozen
class After:
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
@frozen
class Transition:
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
    location: str | None = field(default=None, eq=False, repr=False)


@final
@frozen
class StateNode:
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
    location: str | None = field(default=None, eq=False, repr=False)

    @property
    def initial(self) -> tuple[str, ...]:
        """Ids that its default transition enters; empty when it has none."""
        return () if self.default is None else self.default.targets


@final
@frozen
class EventType:
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


@final
@frozen(hash=False)
class Chart:
    """A statechart as data: what it is, not how it runs.

    Two charts are equal when they have the same structure and the same code behind their hooks.

    Attributes:
        name: Name of the chart.
        root: The chart as a state: its children are the outermost states.
        states: All other states, in document order (a parent before its children).
        events: The events that it knows, in order of declaration.
        closed: Whether ``events`` was declared to be all of them.
        context: The attrs class of the extended state.
        doc: What the chart is for.
        warnings: Quality faults that were accepted.
    """

    name: str
    root: StateNode
    states: tuple[StateNode, ...]
    events: tuple[EventType, ...] = ()
    closed: bool = False
    context: type | None = None
    doc: str = ""
    warnings: tuple[Fault, ...] = field(default=(), eq=False)
    memo: dict[str, Any] = field(factory=dict, init=False, eq=False, repr=False)
    """What readers have worked out of this chart; never part of what it says."""

    @property
    def nodes(self) -> dict[str, StateNode]:
        """Every state by its id, the chart itself included, in document order."""
        found: dict[str, StateNode] | None = self.memo.get("nodes")
        if found is None:
            found = self.memo["nodes"] = {node.id: node for node in (self.root, *self.states)}
        return found

    @property
    def hash(self) -> str:
        """SHA-256 over the structure and over the fields of data, events and context.

        The same in every process; the code of hooks, documentation and locations do not count.
        """
        found: str | None = self.memo.get("hash")
        if found is None:
            found = self.memo["hash"] = _digest(self)
        return found

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """All transitions but the default ones, in document order of their sources."""
        return tuple(t for node in self.nodes.values() for t in node.transitions)

    def __getitem__(self, state: str) -> StateNode:
        """Return a state by its id; raise `UnknownStateError` for an id that there is not."""
        try:
            return self.nodes[state]
        except KeyError:
            raise unknown_state(self.name, state, self.nodes) from None

    def __contains__(self, state: object) -> bool:
        return state in self.nodes

    def __iter__(self) -> Iterator[StateNode]:
        return iter(self.states)

    def __hash__(self) -> int:
        return hash(self.hash)

    def __getstate__(self) -> dict[str, Any]:
        names = [attribute.name for attribute in attrs.fields(Chart)]
        return {name: getattr(self, name) for name in names if name != "memo"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in {**state, "memo": {}}.items():
            object.__setattr__(self, name, value)

    def children(self, state: str) -> tuple[StateNode, ...]:
        """Return the children of a state, in document order."""
        return tuple(self[child] for child in self[state].children)

    def ancestors(self, state: str) -> tuple[StateNode, ...]:
        """Return the proper ancestors of a state, innermost first, the chart itself last."""
        found: list[StateNode] = []
        parent = self[state].parent
        while parent is not None:
            node = self[parent]
            found.append(node)
            parent = node.parent
        return tuple(found)

    def is_descendant(self, state: str, ancestor: str) -> bool:
        """Tell whether a state lies properly inside another."""
        return any(node.id == ancestor for node in self.ancestors(state))


class Declaration(Generic[C]):
    """What bears a chart: the base of every class that declares one."""

    chart: ClassVar[Chart]


class StateRef(Generic[D]):
    """What names a state in code and knows the type of its data."""

    __slots__ = ()


class SuperstateRef(Generic[D]):
    """What names a compound or parallel state in code: a class that knows the type of its data."""


def unknown_state(chart: str, state: object, known: dict[str, Any]) -> UnknownStateError:
    """Return the error for a state id that a chart does not have, with the nearest that it has."""
    remedy = did_you_mean(str(state), [i for i in known if i], "Name one of its states by its id")
    return UnknownStateError("SC207", chart, f"there is no state {str(state)!r}", remedy)


def _digest(chart: Chart) -> str:
    import hashlib  # noqa: PLC0415 - needed once a chart's hash is asked for, not to declare it
    import json  # noqa: PLC0415 - likewise

    canonical = {
        "name": chart.name,
        "states": [_canonical_state(node) for node in chart.nodes.values()],
        "events": [[event.name, _canonical_fields(event.cls)] for event in chart.events],
        "closed": chart.closed,
        "context": _canonical_class(chart.context),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical_state(node: StateNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind.value,
        "data": _canonical_class(node.data),
        "default": None if node.default is None else _canonical_transition(node.default),
        "transitions": [_canonical_transition(transition) for transition in node.transitions],
    }


def _canonical_transition(transition: Transition) -> list[Any]:
    guarded = transition.guard is not None
    targets = list(transition.targets)
    return [_canonical_trigger(transition.trigger), targets, transition.kind.value, guarded]


def _canonical_trigger(trigger: Trigger) -> list[Any]:
    match trigger:
        case OnEvent(events):
            return ["OnEvent", *(e if isinstance(e, str) else [wire_name(e)] for e in events)]
        case After(timedelta() as delay, _):
            return ["After", str(delay)]
        case After():
            return ["After", "computed"]
        case _:
            return [type(trigger).__name__]


def _canonical_class(cls: type | None) -> list[Any] | None:
    return None if cls is None else [type_text(cls), _canonical_fields(cls)]


def _canonical_fields(cls: type | None) -> list[Any]:
    fields = () if cls is None else fields_of(cls)
    return [[f.name, f.type, f.optional, f.occurred] for f in fields]
