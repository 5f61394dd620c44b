"""Hooks of a chart as callbacks of python-statemachine.

A guard or an action that is more than a name goes over as a callback that knows the hook which it
stands for: python-statemachine calls it, it shows the hook a moment, and does what the hook gives.

Whoever reads such a class again finds the very hook (`carried`), and what its states and events are
called in the chart (`origin_of`). A name that stands on the class with the value None is an action
that nobody has to answer to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from threading import TIMEOUT_MAX
from types import FunctionType, MethodType
from typing import Any, Final, final
from weakref import WeakKeyDictionary

from attrs import Factory, field, frozen
from statemachine.dispatcher import callable_method
from statemachine.event import BoundEvent
from statemachine.exceptions import AttrNotFound, InvalidDefinition

from statecharts.interop.python_statemachine.writing_names import DONE, EFFECT, Names, payload
from statecharts.model.chart import After, Chart
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send
from statecharts.model.events import NamedEvent, StateDone, TimerFired
from statecharts.model.fields import fields_of
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Choose, Named, Not, effects_of, event_name
from statecharts.semantics.configuration import Place
from statecharts.semantics.snapshot import Moment

_COUNTERS: Final[WeakKeyDictionary[Any, tuple[tuple[str, int], ...]]] = WeakKeyDictionary()
"""How many ids each machine has made of each prefix."""


def _ids(origin: Origin) -> dict[str, str]:
    return {name: id for id, name in origin.names.states.items()}


def _timers(origin: Origin) -> frozenset[str]:
    triggers = (transition.trigger for transition in origin.chart.transitions)
    return frozenset(trigger.timer for trigger in triggers if isinstance(trigger, After))


@final
@frozen(eq=False, repr=False)
class Origin:
    """The chart that a class was made of, and what its parts are called in the class.

    Attributes:
        chart: The chart.
        names: The names of its states and events.
        ids: The id of each state in the chart, by its name in the class.
        timers: The names of the events that take delayed transitions.
    """

    chart: Chart
    names: Names
    ids: dict[str, str] = field(init=False, default=Factory(_ids, takes_self=True))
    timers: frozenset[str] = field(init=False, default=Factory(_timers, takes_self=True))

    @property
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
    """What a moment looks at: the configuration of a machine of theirs, without any data."""

    def __init__(self, origin: Origin, machine: Any) -> None:
        active = {origin.ids[state.id] for state in machine.configuration if state.id in origin.ids}
        known = tuple(origin.names.states)
        ids = tuple(id for id in known if id in active)
        self._place = Place(origin.chart.name, ids, known)
        self._values: Any = (None,) * len(ids)
        self._context = None
        self._hidden: frozenset[str] = frozenset()


@frozen(eq=False)
class Carried:
    """What a callback of ours is a method of: each has a method ``call`` for it.

    Attributes:
        hook: The hook that it stands for.
        origin: The chart and its names.
    """

    hook: Hook
    origin: Origin = field(repr=False)

    @property
    def callback(self) -> MethodType:
        """The callback; it bears the name of the hook, for pictures."""
        plain: FunctionType = vars(type(self))["call"]
        return MethodType(FunctionType(plain.__code__, plain.__globals__, self.hook.name), self)

    def moment(self, event: Any, machine: Any, *, counting: bool) -> Moment[Any, Any, Any]:
        """Return the present moment of a machine of theirs."""
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

    Attributes:
        once: Whether a second call for the same transition and event is to be let go: what leads
            into a history state is called twice.
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
    """A delayed transition: waits beside the machine, and sends the event that takes it.

    Attributes:
        trigger: What takes the transition.
    """

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
class CarriedRefusal(Carried):
    """The empty action of a transition that swallows its event."""

    def call(self) -> None:
        """Do nothing."""


def swallow(moment: Any) -> None:
    """Give no effect: the action of a transition that swallows its event."""


def carried(callback: object) -> Carried | None:
    """Return what a callback of ours stands for; None for a callback of anybody else's."""
    owner = getattr(callback, "__self__", None)
    return owner if isinstance(owner, Carried) else None


def origin_of(made: object) -> Origin | None:
    """Return the chart that a class was made of; None for a class that somebody else wrote."""
    found = getattr(made, "_origin", None)
    return found if isinstance(found, Origin) else None


def _holds(guard: Hook, moment: Moment[Any, Any, Any], event_data: Any, names: Names) -> bool:
    """Ask a guard; what it knows by name alone, the machine, its model and its listeners answer."""
    match guard.function:
        case Named(name, data):
            found = tuple(_found(name, event_data, data, names))
            if not found:
                text = f"Did not found name '{name}' from model or statemachine"
                raise AttrNotFound(text)
            return all(function() for function in found)
        case Not(inner):
            return not _holds(inner, moment, event_data, names)
        case AllOf(guards):
            return all(_holds(inner, moment, event_data, names) for inner in guards)
        case AnyOf(guards):
            return any(_holds(inner, moment, event_data, names) for inner in guards)
        case function:
            return bool(function(moment))


def _given(
    action: Hook, moment: Moment[Any, Any, Any], event_data: Any, names: Names
) -> Iterator[Effect]:
    """Yield the effects of an action."""
    if not isinstance(action.function, Choose):
        yield from effects_of(action.function(moment))
        return
    for branch in action.function.branches:
        if branch.guard is None or _holds(branch.guard, moment, event_data, names):
            for inner in branch.actions:
                yield from _given(inner, moment, event_data, names)
            return


def _give(effect: Effect, event_data: Any, names: Names) -> None:
    """Have an effect done: by the machine where it has a word for it, else by those around it."""
    machine = event_data.machine
    match effect:
        case Raise(event):
            _put(machine, names.event(event_name(event)), event, internal=True)
        case Send(event, delay, id, None):
            later = 0.0 if delay is None else delay.total_seconds() * 1000
            _put(machine, names.event(event_name(event)), event, delay=later, send_id=id)
        case CancelSend(id):
            machine.cancel_event(id)
        case Action(name, data):
            for function in _found(name, event_data, data, names):
                function()
        case _:
            for owner in _around(machine):
                tell = getattr(owner, EFFECT, None)
                if callable(tell):
                    tell(effect)


def _put(
    machine: Any,
    name: str,
    event: Any,
    *,
    internal: bool = False,
    delay: float = 0.0,
    send_id: str | None = None,
) -> None:
    """Put an event in line, for the step under way to go on with.

    What `send` and `raise_` do, but for running the machine, which runs; in a coroutine they would
    want to be awaited.
    """
    bound = BoundEvent(id=name, delay=delay, internal=internal, _sm=machine)
    bound.put(send_id=send_id, **payload(event))


def _around(machine: Any) -> Iterable[object]:
    return (machine, machine.model, *machine.active_listeners)


def _found(
    name: str, event_data: Any, data: Mapping[str, Any], names: Names
) -> Iterator[Callable[[], Any]]:
    """Yield what the machine, its model and its listeners have under a name, ready to be called.

    Parameters are filled as that library fills them, with those that the chart gives besides. What
    the machine has as a state, as an event or by itself is not meant.
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
            yield partial(_answer, value)


def _answer(value: object) -> object:
    return value
