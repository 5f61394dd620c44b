"""Hosts: the objects whose methods a chart calls, without the engine that they were made for.

An instance of a class of python-statemachine starts its engine when it is made. Here it is made
without one: what it asks of its engine, such as to send an event, or which states are active, is
answered by whoever runs the chart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast, final

from statemachine import Event, State, StateChart
from statemachine.model import Model
from statemachine.orderedset import OrderedSet
from statemachine.signature import SignatureAdapter
from statemachine.state import InstanceState

from statecharts.interop.python_statemachine.stages import Stage
from statecharts.model.errors import StatechartError

__all__ = ["Unstarted", "give_host", "unstarted"]


class Unstarted(StateChart[Any]):
    """Stands between a class and its engine, and answers in place of the engine."""

    _stage: Stage

    def __init__(
        self,
        model: Any = None,
        state_field: str = "state",
        start_value: Any = None,  # noqa: ARG002 - the chart says where it begins
        listeners: list[object] | None = None,
        **kwargs: Any,
    ) -> None:
        # The engine would be started by the constructor that comes next, which is not called.
        given = vars(self).get("_given_model")
        self.state_field = state_field
        default: Any = Model
        self.model: Any = model if model is not None else default() if given is None else given
        self.history_values = {}
        vars(self)["_given_listeners"] = [*(listeners or ())]
        vars(self)["_given_options"] = kwargs

    # -- what goes out -----------------------------------------------------------------------------

    def send(
        self,
        event: str,
        *args: Any,
        delay: float | None = None,
        send_id: str | None = None,
        internal: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Send an event to whoever runs the chart."""
        known = declared_event(type(self), event)
        if delay is None:
            delay = 0.0 if known is None else known.delay
        if internal is None:
            internal = known is not None and known.internal
        later = timedelta(milliseconds=delay) if delay else None
        self._stage.send(str(event), args, kwargs, later, send_id, internal=internal)

    def raise_(
        self,
        event: str,
        *args: Any,
        delay: float | None = None,
        send_id: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Raise an event in the run; once the step is over, it is sent."""
        self.send(event, *args, delay=delay, send_id=send_id, internal=True, **kwargs)

    def cancel_event(self, send_id: str) -> None:
        """Take back what was sent with a delay."""
        self._stage.cancel(send_id)

    def activate_initial_state(self) -> Any:
        """Do nothing: the chart has been entered by whoever runs it."""

    # -- what is asked -----------------------------------------------------------------------------

    @property
    def configuration(self) -> OrderedSet[State]:
        """The active states."""
        states = vars(self)["_states_by_id"]
        active = (states.get(name) for name in self._stage.active)
        return OrderedSet(state for state in active if state is not None)

    @configuration.setter
    def configuration(self, new_configuration: OrderedSet[State]) -> None:  # noqa: ARG002
        raise self._fixed("configuration")

    @property
    def configuration_values(self) -> OrderedSet[Any]:
        """The values of the active states."""
        return OrderedSet(state.value for state in self.configuration)

    @property
    def current_state_value(self) -> Any:
        """The value of the active state, or the values of several."""
        values = list(self.configuration_values)
        return values[0] if len(values) == 1 else OrderedSet(values) if values else None

    @current_state_value.setter
    def current_state_value(self, value: Any) -> None:  # noqa: ARG002
        raise self._fixed("current_state_value")

    @property
    def current_state(self) -> Any:
        """The active state, or several."""
        states = list(self.configuration)
        return states[0] if len(states) == 1 else OrderedSet(states)

    @current_state.setter
    def current_state(self, value: Any) -> None:  # noqa: ARG002
        raise self._fixed("current_state")

    @property
    def is_terminated(self) -> bool:
        """Whether an outermost final state is active."""
        return any(state.final and state.parent is None for state in self.configuration)

    @property
    def events(self) -> list[Event]:
        """The events of the class, each to be called."""
        return [getattr(self, event.id) for event in events_of(type(self))]

    @property
    def allowed_events(self) -> list[Event]:
        """The events that the active states have transitions for."""
        return list(dict.fromkeys(self._allowed()))

    def _allowed(self) -> Iterator[Event]:
        for state in self.configuration:
            for event in state.transitions.unique_events:
                yield getattr(self, event.id)

    @property
    def active_listeners(self) -> list[object]:
        """The listeners."""
        return list(vars(self).get("_heard", ()))

    def _fixed(self, name: str) -> StatechartError:
        text = f"{name} of {type(self).__name__} was to be set, and it is the chart's that runs"
        remedy = "Begin from a snapshot instead: Machine(chart, snapshot=…)"
        return StatechartError("SC502", type(self).__name__, text, remedy)


@final
class Trigger(Event):
    """An event as an attribute of a host: calling it sends it."""

    host: Any = None

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the event, to be called on a host."""
        if instance is None:
            return self
        bound = Trigger(id=self.id, name=self.name, delay=self.delay, internal=self.internal)
        bound.host = instance
        return bound

    def put(self, *args: Any, send_id: str | None = None, **kwargs: Any) -> Any:
        """Send it."""
        Unstarted.send(self.host, self.id, *args, send_id=send_id, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send it."""
        self.put(*args, **kwargs)


def unstarted(cls: type[StateChart[Any]], model: Any = None, **options: Any) -> Any:
    """Return an instance of a class of python-statemachine whose engine is not started.

    Args:
        cls: The class.
        model: Its model; it takes the place of the one that a constructor without it would make.
        options: What its constructor takes besides.

    >>> from statemachine import State, StateChart
    >>> class Lamp(StateChart):
    ...     dark = State(initial=True)
    ...     lit = State()
    ...     flip = dark.to(lit) | lit.to(dark)
    ...     def __init__(self, watts=5):
    ...         self.watts = watts
    ...         super().__init__()
    >>> unstarted(Lamp, watts=7).watts
    7
    """
    metaclass: Any = type(cls)
    body: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__}
    body["__qualname__"] = cls.__qualname__
    for event in events_of(cls):
        body[event.id] = Trigger(
            id=event.id, name=event.name, delay=event.delay, internal=event.internal
        )
    # Made past the metaclass, which would count the states of the class anew, and note the subclass
    # under its name.
    made: Any = type.__new__(metaclass, cls.__name__, (cls, Unstarted), body)
    instance = made.__new__(made)
    states: dict[Any, State] = {}
    by_id: dict[str, State] = {}
    for state in cls.states_map.values():
        live = InstanceState(state, instance, cast("Any", states))
        states[state.value] = by_id[state.id] = live
        if state.id not in body:
            vars(instance)[state.id] = live
    vars(instance).update(_states_by_id=by_id, _given_model=model)
    Stage(cls).adopt(instance)
    instance.__init__(**options)
    return instance


def declared_event(cls: type[StateChart[Any]], name: str) -> Event | None:
    """Return the event of a class that has a name."""
    return next((event for event in events_of(cls) if event.id == name), None)


def events_of(cls: Any) -> list[Event]:
    """Return the events of a class, in order of declaration."""
    found: list[Event] = cls.events
    return found


def give_host(
    stage: Stage, host: Any, listeners: tuple[object, ...], options: dict[str, Any]
) -> bool:
    """Give a stage its host, and the other objects whose methods are called.

    Returns:
        Whether what the host sends goes to whoever runs the chart.

    Raises:
        TypeError: There is to be a new host, and its constructor takes other options.
    """
    cls = stage.cls
    if not isinstance(host, cls):
        host = unstarted(cls, host, **options)
    own = isinstance(host, Unstarted)
    if not own:
        vars(host)["_states_by_id"] = {state.id: state for state in cls.states_map.values()}
    stage.adopt(host)
    stage.owners = (host, host.model, *_listeners(host, listeners))
    return own


def _listeners(instance: Any, given: tuple[object, ...]) -> list[object]:
    """Return the listeners of a host: those of its class, made anew, and those given."""
    found: list[object] = []
    for entry in _declared(type(instance)):
        if not callable(entry):
            found.append(entry)
            continue
        made = entry()
        setup: Callable[..., Any] | None = getattr(made, "setup", None)
        if setup is not None:
            options = vars(instance).get("_given_options", {})
            bound = SignatureAdapter.from_callable(setup).bind_expected(instance, **options)
            setup(*bound.args, **bound.kwargs)
        found.append(made)
    found += [*vars(instance).get("_given_listeners", ()), *given]
    vars(instance)["_heard"] = found
    return found


def _declared(cls: type) -> list[Any]:
    """Return the listeners that a class declares, those of its bases first."""
    found: list[Any] = []
    for base in reversed(cls.__mro__):
        own = vars(base)
        if not own.get("listeners_inherit", True):
            found.clear()
        listeners = own.get("listeners", ())
        found += listeners if isinstance(listeners, list | tuple) else []
    return found
