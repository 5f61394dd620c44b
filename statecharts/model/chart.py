"""The chart: an immutable description that every reader takes, and nothing but a description.

A chart is a tree of states, held flat in document order, with the transitions that leave each
state. It knows how to look things up in itself; what it means is the kernel's business, whether it
makes sense is `statecharts.checks`'.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from types import FunctionType, MappingProxyType
from typing import Any, ClassVar, Generic, final

import attrs
from attrs import evolve, field, frozen

from statecharts.model.arguments import shown
from statecharts.model.errors import Fault, StatechartError, UnknownLineError, UnknownStateError
from statecharts.model.generics import C, D, E, defaulting
from statecharts.model.hooks import Hook
from statecharts.model.nodes import (
    COMPOSITE,
    HISTORY,
    ROOT,
    After,
    Always,
    Default,
    Done,
    EventType,
    Invocation,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import Value, repr_of

__all__ = [
    "COMPOSITE",
    "HISTORY",
    "ROOT",
    "After",
    "Always",
    "Chart",
    "Declaration",
    "Default",
    "Done",
    "EventType",
    "Invocation",
    "OnEvent",
    "StateKind",
    "StateNode",
    "StateRef",
    "SuperstateRef",
    "Transition",
    "TransitionKind",
    "Trigger",
    "as_chart",
    "pictured",
    "unknown_state",
]


@final
@frozen(eq=False, repr=False)
class Chart(Value):
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
    _memo: dict[str, Any] = field(factory=dict, init=False, eq=False, repr=False)
    """A cache for readers of the chart; never part of what it says."""

    @property
    def nodes(self) -> dict[str, StateNode]:
        """Every state by its id, the chart itself included, in document order."""
        found: dict[str, StateNode] | None = self._memo.get("nodes")
        if found is None:
            found = self._memo["nodes"] = {node.id: node for node in (self.root, *self.states)}
        return found

    @property
    def hash(self) -> str:
        """SHA-256 over the structure and over the fields of data, events and context.

        The same in every process; the code of hooks, documentation and locations do not count.
        """
        found: str | None = self._memo.get("hash")
        if found is None:
            from statecharts.model.digest import digest  # noqa: PLC0415 - needed once it is asked for

            found = self._memo["hash"] = digest(
                self.name, self.nodes.values(), self.events, self.context, closed=self.closed
            )
        return found

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """All transitions but the default ones, in document order of their sources."""
        return tuple(t for node in self.nodes.values() for t in node.transitions)

    @property
    def lines(self) -> Mapping[str, Transition]:
        """All transitions but the default ones by their ids, in document order.

        Equal ids get ``~2``, ``~3`` in that order: ``qa:passed->merge``, ``qa:passed->merge~2``.
        """
        found: dict[str, Transition] | None = self._memo.get("lines")
        if found is None:
            found = self._memo["lines"] = {}
            counted: dict[str, int] = {}
            for transition in self.transitions:
                name = transition.id
                number = counted[name] = counted.get(name, 0) + 1
                found[name if number == 1 else f"{name}~{number}"] = transition
        return MappingProxyType(found)

    def line(self, line: str) -> Transition:
        """Return a transition by its id.

        Raises:
            UnknownLineError: The chart has no such line.
        """
        found = self.lines.get(line)
        if found is None:
            remedy = did_you_mean(line, list(self.lines), "Name one of its lines by its id")
            raise UnknownLineError("SC219", self.name, f"there is no line {repr_of(line)}", remedy)
        return found

    def __getitem__(self, state: str) -> StateNode:
        """Return a state by its id; raise `UnknownStateError` for an id that there is not."""
        try:
            return self.nodes[state]
        except KeyError:
            raise unknown_state(self.name, state, self.nodes) from None

    def __contains__(self, state: object) -> bool:
        return state in self.nodes

    def __repr__(self) -> str:
        counts = (
            (len(self.states), "state"),
            (len(self.transitions), "line"),
            (len(self.events), "event"),
        )
        told = ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
        return f"<Chart {self.name}: {told}>"

    def __iter__(self) -> Iterator[StateNode]:
        return iter(self.states)

    def __hash__(self) -> int:
        return hash(self.hash)

    def __copy__(self) -> Chart:
        """Return itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Chart:
        """Return itself: it never changes."""
        return self

    def _repr_svg_(self) -> str:
        """Return its picture, which notebooks show."""
        return pictured(self)

    def declared_by(self, cls: type) -> None:
        """Note the class that declares the chart: a pickle then names the class."""
        self._memo["declaration"] = (cls.__module__, cls.__qualname__)

    def __reduce__(self) -> tuple[Any, ...]:
        """Name the class that declares the chart; without one, give all that it says.

        Raises:
            StatechartError: A pickle would lose one of its hooks (SC216).
        """
        home: tuple[str, str] | None = self._memo.get("declaration")
        if home is not None and _imported(*home) is self:
            return _imported, home
        lost = [hook.name for hook in self._hooks() if not hook.portable]
        if lost:
            found = f"the chart cannot be pickled: {lost[0]!r} is not a function of a module"
            remedy = "Declare the chart at the top of a module, or pickle a snapshot instead"
            raise StatechartError("SC216", self.name, found, remedy)
        said = [one.name for one in attrs.fields(Chart) if one.init]
        return _as_said, ({name: getattr(self, name) for name in said},)

    def bind(
        self,
        host: object = None,
        *,
        guards: Mapping[str, Callable[..., Any]] | None = None,
        actions: Mapping[str, Callable[..., Any]] | None = None,
        delays: Mapping[str, timedelta | Callable[..., Any]] | None = None,
        default: bool | Callable[..., Any] | None = None,
    ) -> Chart:
        """Return this chart with functions in place of the names of guards, actions and delays.

        A function takes one `Moment`; the parameters that a file gives with a name arrive as
        keyword arguments. An action that stays unbound gives the effect `Action(name)`.

        Args:
            host: An object whose attributes of those names are the functions.
            guards: The functions of guards, by name; these come before ``host``.
            actions: The functions of actions, by name; likewise.
            delays: The times of delays, or functions that give them, by name; likewise.
            default: What guards without a function answer: a boolean, or a function.

        Raises:
            StatechartError: A name is not one that the chart leaves open, or a thing not callable.

        >>> from statecharts.interop import scxml
        >>> door = scxml.loads('''
        ...     <scxml name="door">
        ...       <state id="shut"><transition event="push" cond="unlocked" target="open"/></state>
        ...       <final id="open"/>
        ...     </scxml>''')
        >>> door.unbound_guards
        ('unlocked',)
        >>> door.bind(guards={"unlocked": lambda m: True}).unbound_guards
        ()
        """
        from statecharts.model.binding import Binding  # noqa: PLC0415 - for charts that name things

        tables = (guards or {}, actions or {}, delays or {})
        binding = Binding(self.name, host, *tables, default=default)
        nodes = tuple(binding.node(node) for node in self.nodes.values())
        binding.settle()
        return evolve(self, root=nodes[0], states=nodes[1:])

    @property
    def unbound_guards(self) -> tuple[str, ...]:
        """The guards that are known by name alone, in document order; a run cannot ask them."""
        return self._unbound("guard")

    @property
    def unbound_actions(self) -> tuple[str, ...]:
        """The actions that are known by name alone; each gives the effect `Action(name)`."""
        return self._unbound("action")

    @property
    def unbound_delays(self) -> tuple[str, ...]:
        """The delays that are known by name alone; no run can wait for them."""
        return self._unbound("delay")

    def _unbound(self, role: str) -> tuple[str, ...]:
        said = [hook for hook in self._hooks() if not isinstance(hook.function, FunctionType)]
        if not said:
            return ()
        from statecharts.model.named import open_names  # noqa: PLC0415 - for charts that name things

        found = (pair for hook in said for pair in open_names(hook))
        return tuple(dict.fromkeys(name for kind, name in found if kind == role))

    def _hooks(self) -> list[Hook]:
        """Return every hook, those that give delays included."""
        hooks = [hook for node in self.nodes.values() for hook in node.hooks]
        triggers = (line.trigger for line in self.transitions)
        delays = (trigger.delay for trigger in triggers if isinstance(trigger, After))
        return hooks + [delay for delay in delays if not isinstance(delay, timedelta)]

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


def _imported(module: str, qualname: str) -> Any:
    """Return the chart of the class that declares it."""
    found: Any = sys.modules.get(module)
    if found is None:
        found = import_module(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return getattr(found, "chart", None)


def _as_said(said: dict[str, Any]) -> Chart:
    """Return a chart from what it says."""
    return Chart(**said)


@defaulting
class Declaration(Generic[E, C]):
    """The base of every class that declares a chart, with the types of its events and context."""

    chart: ClassVar[Chart]


class StateRef(Generic[D]):
    """A name of a state in code, which knows the type of its data."""

    __slots__ = ()


@defaulting
class SuperstateRef(Generic[D]):
    """A name of a compound or parallel state in code: a class that knows the type of its data."""


def as_chart(source: object, reader: str) -> Chart:
    """Return a chart, or that of the class that declares it.

    Raises:
        StatechartError: It is neither (SC213); ``reader`` is who wants a chart.
    """
    found = getattr(source, "chart", source)
    if isinstance(found, Chart):
        return found
    remedy = "Pass a Chart, or a class derived from Statechart"
    raise StatechartError("SC213", reader, f"{shown(source)} has no chart", remedy)


def pictured(chart: Chart, highlight: object = None) -> str:
    """Return a chart as SVG, drawn by the front door: nothing here knows who draws."""
    picture: str = import_module("statecharts").render(chart, highlight=highlight)
    return picture


def unknown_state(chart: str, state: object, known: dict[str, Any]) -> UnknownStateError:
    """Return the error for a state id that a chart does not have, with the nearest that it has."""
    remedy = did_you_mean(state, [i for i in known if i], "Name one of its states by its id")
    return UnknownStateError("SC207", chart, f"there is no state {repr_of(state)}", remedy)
