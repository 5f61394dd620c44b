"""Writer: a chart as a class of python-statemachine.

The class is made as a person would make it, of that library's states and transitions, and can be
used as any class of that library: with a model, with listeners, with its Django mixin, as the base
of a class that adds methods. A name of the chart stays a name, looked up on the machine, its model
and its listeners; any other guard or action becomes a callback that knows its hook.

`carried` finds that hook again, and `origin_of` the chart that a class was made of. A name that the
class has with the value None is an action that nobody has to answer.
"""

from __future__ import annotations

import inspect
import re
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from keyword import iskeyword, kwlist
from threading import TIMEOUT_MAX
from types import FunctionType, MethodType
from typing import Any, ClassVar, Final, cast, final
from weakref import WeakKeyDictionary

from attrs import evolve, field, frozen
from statemachine import HistoryState, State, StateChart
from statemachine.dispatcher import callable_method
from statemachine.event import BoundEvent
from statemachine.exceptions import AttrNotFound, InvalidDefinition
from statemachine.transition import Transition as Line

from statecharts.interop.conditions import guard_text
from statecharts.interop.drafts import FAILED, free, own_events
from statecharts.interop.findings import Losses, state_text
from statecharts.interop.python_statemachine.syntax import EFFECT, machine_names, reserved
from statecharts.interop.writable import as_service, note_types, service_of, stays_inside
from statecharts.model import named
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Chart,
    Declaration,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    as_chart,
)
from statecharts.model.effects import (
    Action,
    Call,
    CancelInvoke,
    CancelSend,
    Effect,
    Invoke,
    Raise,
    Send,
    Service,
)
from statecharts.model.events import CallFailed, NamedEvent, StateDone, TimerFired, wire_name
from statecharts.model.fields import fields_of
from statecharts.model.hooks import Hook
from statecharts.model.nodes import Invocation
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.snapshot import Moment

DONE: Final = "done.state."

_OPERATORS: Final = frozenset({"v", "In"})  # words that mean something in its boolean expressions

_PARAMETERS: Final = frozenset(
    {"self", "event", "delay", "send_id", "internal", "event_data", "machine", "model"}
    | {"transition", "state", "source", "target"}
)
"""Fields of a payload that never arrive: ``send`` takes them for itself, or replaces them."""


@final
@frozen
class Names:
    """The names of a chart's states and events in its class.

    Attributes:
        states: The name of each state, by its id in the chart; in document order.
        events: The name of each event that cannot keep its own.
        taken: Names under which no guard or action can be found.
        renamed: The names in the class of states that have another one, by their names here.
    """

    states: dict[str, str]
    events: dict[str, str]
    taken: frozenset[str]
    renamed: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, chart: Chart) -> Names:
        """Find names for the states and events of a chart."""
        states = _state_names(chart)
        declared = (event.name for event in chart.events)
        raised = (event for node in chart.nodes.values() for event in own_events(node))
        own = map(named.event_name, raised)
        known = dict.fromkeys((*_waited(chart), *declared, *own))
        events = _event_names(known)
        ids = tuple(states.values())
        taken = {*machine_names(), *known, *events.values(), *ids, *_conventions(ids, known)}
        renamed: dict[str, tuple[str, ...]] = {}
        for node in chart.states:
            if states[node.id] != node.name:
                renamed[node.name] = (*renamed.get(node.name, ()), states[node.id])
        return cls(states, events, frozenset(taken), renamed)

    def event(self, event: type | str) -> str:
        """Return the name of an event, or of a descriptor of events."""
        name = event if isinstance(event, str) else wire_name(event)
        return self.events.get(name, name)

    def original(self, name: str) -> str:
        """Return the name in the chart of an event that has arrived."""
        return next((ours for ours, theirs in self.events.items() if theirs == name), name)

    def descriptors(self, event: type | str) -> tuple[str, ...]:
        """Return the descriptors in the class that match the same events as one of the chart."""
        name = self.event(event)
        renamed = self.renamed.get(name.removeprefix(DONE), ()) if name.startswith(DONE) else ()
        return tuple(f"{DONE}{state}" for state in renamed) or (name,)

    def done(self, state: str) -> str:
        """Return the name of the completion event of a state."""
        return f"{DONE}{self.states[state]}"

    def free(self, name: str) -> bool:
        """Tell whether a guard or an action can be found by a name."""
        return _is_plain(name) and name not in self.taken and name not in _OPERATORS


def payload(event: Any) -> dict[str, Any]:
    """Return the fields of an event as ``send`` takes them, without those that it cannot take."""
    if isinstance(event, NamedEvent):
        given = dict(event.data)
    else:
        cls: type = type(event)
        given = {field.name: getattr(event, field.name) for field in fields_of(cls)}
    return {name: value for name, value in given.items() if name not in _PARAMETERS}


def unsendable(chart: Chart) -> list[tuple[str, str]]:
    """Return the fields of events that are parameters of ``send``, each with its event."""
    found = [(event.name, field.name) for event in chart.events for field in event.fields]
    for event in (event for node in chart.nodes.values() for event in own_events(node)):
        if isinstance(event, NamedEvent):
            found.extend((event.name, name) for name in event.data)
    return [pair for pair in dict.fromkeys(found) if pair[1] in _PARAMETERS]


def _state_names(chart: Chart) -> dict[str, str]:
    """Keep names that are allowed and unique; name the other states after their paths."""
    counted = Counter(node.name for node in chart.states)
    plain = {name for name, count in counted.items() if count == 1 and _is_plain(name)}
    kept = plain - reserved()
    used, found = {*kept, *reserved(), *kwlist}, dict[str, str]()
    for node in chart.states:
        name = node.name if node.name in kept else free(_path(node), used)
        used.add(name)
        found[node.id] = name
    return found


def _path(node: StateNode) -> str:
    text = re.sub(r"\W", "_", node.id.replace(".", "_")).strip("_")
    return text if text.isidentifier() else f"state_{text}".rstrip("_")


def _is_plain(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name) and not name.startswith("_")


def _event_names(known: Iterable[str]) -> dict[str, str]:
    """Rename the events that would replace an attribute of every machine."""
    names, found = tuple(known), dict[str, str]()
    used = {*names, *machine_names()}
    for name in names:
        if name in machine_names() or not name or re.search(r"\s", name):
            plain = re.sub(r"[^\w.]", "_", name).strip("_")
            found[name] = free(f"{plain}_event".lstrip("_"), used)
            used.add(found[name])
    return found


def _conventions(states: Iterable[str], events: Iterable[str]) -> set[str]:
    """Return the names of methods that that library calls by convention."""
    moments = ("before", "on", "after")
    found = {f"{moment}_{event}" for moment in moments for event in (*events, "transition")}
    for verb in ("enter", "exit", "invoke"):
        found.update(f"on_{verb}_{state}" for state in (*states, "state"))
    return found | {"prepare_event"}


def _waited(chart: Chart) -> Iterable[str]:
    for event in (event for transition in chart.transitions for event in transition.events):
        if event is not CallFailed:
            yield event if isinstance(event, str) else wire_name(event)


# --- Losses ---------------------------------------------------------------------------------------


def note_losses(chart: Chart, names: Names, losses: Losses) -> None:
    """Note all that would be lost, in document order."""
    _root_losses(chart, losses)
    for name, other in names.events.items():
        found = f"the event {name!r} would replace an attribute of every machine"
        losses.add("SC674", found, f"Rename it, or send {other!r}")
    for event, name in unsendable(chart):
        found = f"the field {name!r} of {event} never arrives: send() has a parameter of that name"
        losses.add("SC674", found, "Rename the field")
    note_types(chart, losses)
    for node in chart.states:
        _state_losses(chart, node, losses)
    for node in chart.nodes.values():
        for transition in node.transitions:
            _transition_losses(chart, transition, losses)


def _root_losses(chart: Chart, losses: Losses) -> None:
    root, count = chart.root, len(chart.root.initial)
    around = "Put them into a compound state around all of the others"
    if root.kind is StateKind.PARALLEL:
        found = "the outermost states are regions, and that library has no state around them"
        losses.add("SC673", found, "Put a parallel state around them")
    elif count > 1:
        found = f"the chart begins in {count} states at once; "
        found += "their regions' defaults would be entered"
        losses.add("SC673", found, "Make them the defaults of their regions")
    if root.entry or root.exit:
        losses.add("SC673", "the entry and exit actions of the chart itself have no place", around)
    if root.transitions:
        found = "the chart's own transitions are written as transitions of each outermost state"
        losses.add("SC673", found, around)
    if any(isinstance(transition.trigger, After) for transition in root.transitions):
        losses.add("SC673", "the chart's own delayed transitions have no place", around)
    if root.default is not None and root.default.emit:
        losses.add("SC673", "the chart's own default transition has actions", "Remove them")
    if any(chart[child].kind in HISTORY for child in root.children):
        losses.add("SC673", "an outermost history state has no place", around)
    if root.invoke:
        losses.add("SC673", "the calls of the chart itself have no place", around)
    if root.meta:
        losses.add("SC675", "the notes about the chart have no place")


def _state_losses(chart: Chart, node: StateNode, losses: Losses) -> None:
    shown, at = repr(node.id), node.location
    if node.doc or node.meta:
        losses.add("SC675", f"the documentation of {shown} has no place", "", at)
    if node.resting:
        losses.add("SC675", f"the mark that {shown} is a resting place has no place", "", at)
    for action in node.entry:
        if getattr(action.function, "brings", ()):
            found = f"the completion data that {action.name} gives on entry of {shown} has no place"
            losses.add("SC673", found, "Have a callback return it", at)
    for call in node.invoke:
        as_service(call, losses)
    default = node.default
    if default is None:
        return
    for hook, role in ((default.make, "make"), (default.update, "update")):
        if hook is not None:
            found = f"{role}= of the default of {shown} has nothing to work on"
            losses.add("SC671", found, "", at)
    targets = default.targets
    child = targets[0] in node.children and chart[targets[0]].kind not in HISTORY
    deep = len(targets) == 1 and not child
    if node.kind is StateKind.COMPOUND and deep and default.emit:
        found = f"the actions of the default of {shown} are never done: its target is not a child"
        losses.add("SC673", found, "Make a child the default, or move the actions", at)


def _transition_losses(chart: Chart, transition: Transition, losses: Losses) -> None:
    shown, at = state_text(transition.source), transition.location
    if transition.trigger == OnEvent((CallFailed,)):
        found = f"CallFailed of a transition of {shown} is written as {FAILED!r}"
        losses.add("SC671", found, f"Name {FAILED!r} beside it", at)
    if transition.kind is TransitionKind.DEFERRED:
        found = f"a line of {shown} defers its event, and is left out"
        losses.add("SC673", found, "Take the event, or ignore it", at)
    internal = transition.kind is TransitionKind.INTERNAL and bool(transition.targets)
    if internal and transition.source and not is_internal(chart, transition):
        found = f"an internal transition of {shown} leaves its source, and is written as external"
        losses.add("SC673", found, "Declare it external, which does the same", at)


def is_internal(chart: Chart, transition: Transition) -> bool:
    """Tell whether a transition is internal in that library's sense, and acts as it does here."""
    internal = transition.kind is TransitionKind.INTERNAL and bool(transition.targets)
    compound = chart[transition.source].kind is StateKind.COMPOUND
    return internal and compound and stays_inside(chart, transition)


# --- Guards and actions ---------------------------------------------------------------------------

_COUNTERS: Final[WeakKeyDictionary[Any, tuple[tuple[str, int], ...]]] = WeakKeyDictionary()
"""The number of ids that each machine has made with each prefix."""


@final
@frozen(eq=False, repr=False)
class Origin:
    """The chart that a class was made of, and the names of its parts in the class."""

    chart: Chart
    names: Names

    @cached_property
    def ids(self) -> dict[str, str]:
        """The id of each state in the chart, by its name in the class."""
        return {name: id for id, name in self.names.states.items()}

    @cached_property
    def timers(self) -> frozenset[str]:
        """The names of the events that take delayed transitions."""
        triggers = (transition.trigger for transition in self.chart.transitions)
        return frozenset(trigger.timer for trigger in triggers if isinstance(trigger, After))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The place of each state in document order, from 1, by its name in the class."""
        return {name: number for number, name in enumerate(self.ids, 1)}

    def event(self, trigger: Any) -> Any:
        """Return the event of the chart that has arrived there; None at the start."""
        if trigger.event is None or str(trigger.event) == "__initial__":
            return None
        name, given = self.names.original(str(trigger.event)), dict(trigger.kwargs)
        if name in self.timers:
            return TimerFired(name)
        if name.startswith(DONE) and name.removeprefix(DONE) in self.ids:
            return StateDone(self.ids[name.removeprefix(DONE)])
        for event in self.chart.events:
            if event.name == name and event.cls is not None:
                places = [one.name for one in fields_of(event.cls)]
                return event.cls(**dict(zip(places, trigger.args, strict=False)), **given)
        return NamedEvent(name, given)


class Scene:
    """The configuration of a machine of that library, as a moment reads it; it has no data."""

    def __init__(self, origin: Origin, machine: Any) -> None:
        active = {origin.ids[state.id] for state in machine.configuration if state.id in origin.ids}
        known = tuple(origin.names.states)
        ids = tuple(id for id in known if id in active)
        self._place = Configuration(origin.chart.name, ids, known)
        self._values: Any = (None,) * len(ids)
        self._context = None
        self._hidden: frozenset[str] = frozenset()
        self._call: Call[Any] | None = None


@frozen(eq=False)
class Carried:
    """The base of our callbacks; each has a method ``call``, which runs its hook."""

    hook: Hook
    origin: Origin = field(repr=False)

    @property
    def callback(self) -> MethodType:
        """The callback, named after the hook, which is what pictures show."""
        plain: FunctionType = vars(type(self))["call"]
        return MethodType(FunctionType(plain.__code__, plain.__globals__, self.hook.name), self)

    def moment(self, event: Any, machine: Any, *, counting: bool) -> Moment[Any, Any, Any]:
        """Return the present moment of a machine of that library."""
        counters = _COUNTERS.get(machine, ()) if counting else None
        return Moment(None, event, datetime.now(UTC), Scene(self.origin, machine), counters)


@final
@frozen(eq=False)
class CarriedGuard(Carried):
    """A guard as a callback."""

    def call(self, event_data: Any, machine: Any) -> bool:
        """Ask the guard."""
        event = self.origin.event(event_data.trigger_data)
        moment = self.moment(event, machine, counting=False)
        return _holds(self.hook, moment, event_data, self.origin.names)


@final
@frozen(eq=False)
class CarriedAction(Carried):
    """An action as a callback.

    That library calls the actions of a transition to history twice; ``once`` skips the second call.
    """

    once: bool = False

    def call(self, event_data: Any, machine: Any) -> None:
        """Do what the action gives, effect by effect."""
        if self.once:
            called: set[int] = vars(event_data).setdefault("carried", set())
            if id(self) in called:
                return
            called.add(id(self))
        event = self.origin.event(event_data.trigger_data)
        moment = self.moment(event, machine, counting=True)
        for effect in tuple(_given(self.hook, moment, event_data, self.origin.names)):
            _give(effect, event_data, self.origin.names)
        counters = moment._counters  # noqa: SLF001 - as the kernel keeps them
        if counters:
            _COUNTERS[machine] = counters


@final
@frozen(eq=False)
class CarriedTimer(Carried):
    """A delayed transition: waits beside the machine, and sends the event that takes it."""

    trigger: After

    def call(self, ctx: Any, machine: Any) -> None:
        """Wait until the time has come or the state is left."""
        delay: Any = self.trigger.delay
        if isinstance(delay, Hook):
            delay = delay.function(self.moment(None, machine, counting=False))
        if isinstance(delay, datetime):
            delay = delay - datetime.now(delay.tzinfo)
        seconds = min(max(delay.total_seconds(), 0.0), TIMEOUT_MAX)
        if not ctx.cancelled.wait(seconds):
            machine.send(self.trigger.timer)
            ctx.cancelled.set()  # else it would say as well that it is done


@final
@frozen(eq=False)
class CarriedCall(Carried):
    """A call: handed to ``on_effect``, and cancelled there when the state is left."""

    invocation: Invocation

    def call(self, ctx: Any, machine: Any) -> None:
        """Hand the call on, and wait until the state is left."""
        _tell(machine, Invoke(ctx.invokeid, service_of(self.invocation)))
        ctx.cancelled.wait()
        _tell(machine, CancelInvoke(ctx.invokeid))


def swallow(moment: Any) -> None:
    """Give no effect: the action of a transition that swallows its event."""


def carried(callback: object) -> Carried | None:
    """Return the object behind a callback of ours; None for any other callback."""
    owner = getattr(callback, "__self__", None)
    return owner if isinstance(owner, Carried) else None


def origin_of(made: object) -> Origin | None:
    """Return the chart that a class was made of; None for a class that somebody else wrote."""
    found = getattr(made, "_origin", None)
    return found if isinstance(found, Origin) else None


def _holds(guard: Hook, moment: Moment[Any, Any, Any], event_data: Any, names: Names) -> bool:
    """Ask a guard; the machine, its model and its listeners answer for one that is a name."""
    match guard.function:
        case named.Named(name, data):
            found = tuple(_found(name, event_data, data, names))
            if not found:
                text = f"Did not found name '{name}' from model or statemachine"
                raise AttrNotFound(text)
            return all(function() for function in found)
        case named.Not(inner):
            return not _holds(inner, moment, event_data, names)
        case named.AllOf(guards):
            return all(_holds(inner, moment, event_data, names) for inner in guards)
        case named.AnyOf(guards):
            return any(_holds(inner, moment, event_data, names) for inner in guards)
        case function:
            return bool(function(moment))


def _given(
    action: Hook, moment: Moment[Any, Any, Any], event_data: Any, names: Names
) -> Iterator[Effect]:
    if not isinstance(action.function, named.Choose):
        yield from named.effects_of(action.function(moment))
        return
    for branch in action.function.branches:
        if branch.guard is None or _holds(branch.guard, moment, event_data, names):
            for inner in branch.actions:
                yield from _given(inner, moment, event_data, names)
            return


def _give(effect: Effect, event_data: Any, names: Names) -> None:
    """Carry out an effect: the machine does what it can, ``on_effect`` gets the rest."""
    machine = event_data.machine
    match effect:
        case Raise(event):
            _put(machine, names, event, internal=True)
        case Send(event, delay, id, None):
            later = 0.0 if delay is None else delay.total_seconds() * 1000
            _put(machine, names, event, delay=later, send_id=id)
        case CancelSend(id):
            machine.cancel_event(id)
        case Action(name, data):
            for function in _found(name, event_data, data, names):
                function()
        case _:
            _tell(machine, effect)


def _tell(machine: Any, effect: Effect) -> None:
    for owner in _around(machine):
        tell = getattr(owner, EFFECT, None)
        if callable(tell):
            tell(effect)


def _put(
    machine: Any, names: Names, event: Any, *, send_id: str | None = None, **options: Any
) -> None:
    """Queue an event for the step under way.

    Unlike `send` and `raise_`, this does not run the machine, which runs already.
    """
    bound = BoundEvent(id=names.event(named.event_name(event)), _sm=machine, **options)
    bound.put(send_id=send_id, **payload(event))


def _around(machine: Any) -> Iterable[object]:
    return (machine, machine.model, *machine.active_listeners)


def _found(
    name: str, event_data: Any, data: Mapping[str, Any], names: Names
) -> Iterator[Callable[[], Any]]:
    """Yield what the machine, its model and its listeners have under a name, ready to be called.

    Parameters are filled as that library fills them, and with those that the chart gives. States,
    events and the machine's own attributes are passed over.
    """
    machine = event_data.machine
    injected = {**event_data.extended_kwargs, **data}
    for owner in _around(machine):
        value = getattr(owner, name, None)
        if value is None or (owner is machine and name in names.taken):
            continue
        if callable(value):
            function: Any = callable_method(value)
            if function.is_coroutine:
                text = f"{name!r} is asked for by code of the chart, which cannot wait for it"
                raise InvalidDefinition(text)
            yield partial(function, *event_data.args, **injected)
        else:
            yield partial(getattr, owner, name)


# --- The class ------------------------------------------------------------------------------------

_DOCSTRING_COMMAND: Final = re.compile(r"\{statechart:\w+\}")


class WrittenChart(StateChart[Any]):
    """The base of every class that `to_class` makes."""

    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

    _origin: ClassVar[Origin]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # That library numbers states anew for every subclass, and wrongly once siblings nest; the
        # states belong to all of the classes.
        _number(type(self))
        super().__init__(*args, **kwargs)


def to_class(
    chart: Chart | type[Declaration[Any, Any]], *, allow: Iterable[str] = ()
) -> type[StateChart[Any]]:
    """Return a class of python-statemachine that behaves like a chart, or the chart of a class.

    States keep their names, unless two have the same one, or that library has taken it; such a
    state is named after its path, with underscores. An event is sent by its name on the wire, its
    fields as keyword arguments. Guards and actions that the chart knows by name are looked up on
    the machine, its model and its listeners; a guard must be found there, an action may be missing.
    Effects that the machine cannot carry out are handed to ``on_effect(effect)`` of the machine,
    its model and its listeners, where they have it.

    Derive a class with ``catch_errors_as_events = False`` to have raised what callbacks raise.
    ``allow`` names the codes of losses that are accepted, or is ``*`` for all of them.

    Raises:
        LossError: The chart has something that such a class cannot hold.

    >>> from statecharts.interop import scxml
    >>> push = '<transition event="push" target="open"/>'
    >>> text = f'<scxml name="Door"><state id="shut">{push}</state><state id="open"/></scxml>'
    >>> machine = to_class(scxml.loads(text))()
    >>> machine.send("push")
    >>> [state.id for state in machine.configuration]
    ['open']
    """
    declared = as_chart(chart, "to_class")
    losses = Losses(declared, "A class of python-statemachine")
    names = Names.of(declared)
    note_losses(declared, names, losses)
    losses.settle(allow)
    return _Writer(declared, names).write(_module())


@final
class _Writer:
    def __init__(self, chart: Chart, names: Names) -> None:
        self.chart = chart
        self.names = names
        self.origin = Origin(chart, names)
        self.states: dict[str, State] = {}
        self.open: dict[str, None] = {}
        self.begins = frozenset(_beginnings(chart))

    def write(self, module: str) -> type[StateChart[Any]]:
        """Return the class."""
        chart = self.chart
        for node in reversed(chart.states):
            self.states[node.id] = self._state(node)
        for node in chart.states:
            self._default(node)
            for transition in node.transitions:
                if transition.kind is not TransitionKind.DEFERRED:
                    self._line(transition, node.id)
            if node.parent == ROOT and node.kind is not StateKind.FINAL:
                for transition in chart.root.transitions:
                    internal = transition.kind is TransitionKind.INTERNAL
                    kind = TransitionKind.EXTERNAL if internal else transition.kind
                    waits = transition.kind is TransitionKind.DEFERRED
                    if not waits and not isinstance(transition.trigger, After):
                        self._line(evolve(transition, kind=kind), node.id)
        body: dict[str, Any] = {"__module__": module, "_origin": self.origin}
        if chart.doc and not _DOCSTRING_COMMAND.search(chart.doc):
            body["__doc__"] = chart.doc
        body |= dict.fromkeys(self.open)
        body |= {self.names.states[child]: self.states[child] for child in self._outermost()}
        starts = self._starts()
        if starts:
            body["start_configuration_values"] = starts
        bases = (WrittenChart,)
        name = chart.name or "Chart"
        made: Any = types.new_class(name, bases, None, lambda space: space.update(body))
        _number(made)
        return cast("type[StateChart[Any]]", made)

    def _outermost(self) -> list[str]:
        return [c for c in self.chart.root.children if self.chart[c].kind not in HISTORY]

    def _starts(self) -> list[str]:
        """Return where it begins, where that is not one of the outermost states."""
        root = self.chart.root
        if root.kind is StateKind.PARALLEL:
            return [self.names.states[child] for child in self._outermost()]
        first = root.initial[:1]
        deep = first and first[0] not in self._outermost()
        return [self.names.states[first[0]]] if deep and len(root.initial) == 1 else []

    def _state(self, node: StateNode) -> State:
        if node.kind in HISTORY:
            depth = "deep" if node.kind is StateKind.DEEP_HISTORY else "shallow"
            return HistoryState(type=depth)
        triggers = (transition.trigger for transition in node.transitions)
        timers = list(map(self._timer, (one for one in triggers if isinstance(one, After))))
        calls = map(self._call, () if node.kind is StateKind.FINAL else node.invoke)
        options: dict[str, Any] = {
            "initial": node.id in self.begins,
            "final": node.kind is StateKind.FINAL,
            "enter": self._actions(node.entry),
            "exit": self._actions(node.exit),
            "invoke": (*timers, *calls) or None,
        }
        children = {self.names.states[child]: self.states[child] for child in node.children}
        if not children:
            return State(**options)
        base: Any = State.Parallel if node.kind is StateKind.PARALLEL else State.Compound
        name = self.names.states[node.id]
        made: Any = types.new_class(name, (base,), options, lambda space: space.update(children))
        return cast("State", made)

    def _timer(self, trigger: After) -> Any:
        delay = trigger.delay
        hook = delay if isinstance(delay, Hook) else Hook(swallow, f"after {delay}")
        return CarriedTimer(hook, self.origin, trigger).callback

    def _call(self, call: Invocation) -> Any:
        made = evolve(call, call=Service, make=Hook(named.Give(service_of(call))))
        return CarriedCall(Hook(swallow, f"call {call.name}"), self.origin, made).callback

    def _default(self, node: StateNode) -> None:
        """Write a default, where marking the initial child is not enough."""
        default = node.default
        if default is None:
            return
        source, targets = self.states[node.id], self._targets(default)
        content = self._actions(default.emit)
        if node.kind in HISTORY:
            # That library enters the first target of each transition, and all of them together.
            for number, target in enumerate(targets):
                source.to(target, on=None if number else content)
            return
        first, *others = default.targets
        plain = not others and first in node.children and self.chart[first].kind not in HISTORY
        if content or not plain:
            _add(source, targets, initial=True, on=content)

    def _line(self, transition: Transition, source: str) -> None:
        targets = self._targets(transition)
        into_history = any(self.chart[target].kind in HISTORY for target in transition.targets)
        content = self._actions(transition.emit, once=into_history)
        if transition.kind is TransitionKind.FORBIDDEN:
            refusal = CarriedAction(Hook(swallow), self.origin).callback
            targets, content = [], (refusal, *(content or ()))
        _add(
            self.states[source],
            targets,
            event=self._events(transition),
            internal=is_internal(self.chart, transition),
            cond=None if transition.guard is None else self._guard(transition.guard),
            on=content,
        )

    def _targets(self, transition: Transition) -> list[State]:
        found: list[State] = []
        for target in transition.targets:
            node = self.chart[target]
            if node.kind in HISTORY and node.parent == ROOT:  # of which there is none
                found += [] if node.default is None else self._targets(node.default)
            else:
                found.append(self.states[target])
        return found

    def _events(self, transition: Transition) -> str | None:
        match transition.trigger:
            case OnEvent(events):
                # A class has only names; what fails there is told by an event of such a name.
                words = [event for event in events if event is not CallFailed] or [FAILED]
                found = [one for event in words for one in self.names.descriptors(event)]
                return " ".join(dict.fromkeys(found))
            case Done():
                return self.names.done(transition.source)
            case After(timer=timer):
                return timer
            case _:
                return None

    def _guard(self, guard: Hook) -> Any:
        """Return a boolean expression of that library where names suffice, else a callback."""
        if all(map(self._expressible, named.within(guard))):
            return guard_text(guard, ("not", "and", "or"), str)
        return CarriedGuard(guard, self.origin).callback

    def _expressible(self, guard: Hook) -> bool:
        """Tell whether that library can express a guard, whatever the guard is made of."""
        match guard.function:
            case named.Named(name, data, doc):
                said = not data and not doc and self.names.free(name)
            case named.AllOf(guards) | named.AnyOf(guards):
                said = len(guards) > 1
            case function:
                said = isinstance(function, named.Not)
        return said and guard.given is None

    def _actions(self, hooks: tuple[Hook, ...], *, once: bool = False) -> tuple[Any, ...] | None:
        found: list[Any] = []
        for hook in hooks:
            action = getattr(hook.function, "effect", None)
            plain = isinstance(action, Action) and not (action.data or once or hook.given)
            name = cast("Action", action).name if plain else ""
            if self.names.free(name) and name not in found:  # that library calls a name once
                found.append(name)
                self.open[name] = None
            else:
                found.append(CarriedAction(hook, self.origin, once).callback)
        return tuple(found) or None


def _add(source: State, targets: list[State], **options: Any) -> None:
    target: Any = targets if len(targets) > 1 else targets[0] if targets else None
    source.transitions.add_transitions(Line(source, target, **options))


def _beginnings(chart: Chart) -> Iterator[str]:
    """Yield the children that defaults enter, themselves or on the way to a target."""
    for node in chart.nodes.values():
        if node.kind is StateKind.PARALLEL:
            yield from node.children if node.id else node.children[:1]
        elif node.kind is StateKind.COMPOUND:
            for target in node.initial[:1]:
                child = chart[target]
                while child.parent not in (node.id, None):
                    child = chart[child.parent or ROOT]
                yield child.id


def _number(cls: Any) -> None:
    """Number the states of a class in document order, however they nest."""
    numbers, waiting = cls._origin.numbers, list(cls.states)
    while waiting:
        state = waiting.pop()
        state.document_order = numbers.get(state.id, len(numbers) + state.document_order)
        waiting += [*state.states, *state.history]


def _module() -> str:
    """Return the module that calls `to_class`: that library looks the class up there."""
    frame: types.FrameType | None = inspect.currentframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if not name.startswith("statecharts.interop.python_statemachine"):
            return name
        frame = frame.f_back
    return __name__
