"""Hosts: the objects whose methods a chart calls, and what these methods are told and can send.

An instance of a class of python-statemachine starts its engine when it is made. Here it is made
without one: whoever runs the chart answers what it asks of its engine, and takes what it sends. A
guard calls its methods inside the step. An action is an effect, `Method`, whose methods are called
once the step is over; or it calls them inside the step, where `Stage.immediate` says so.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any, Final, cast, final
from weakref import ref

from attrs import field, frozen
from statemachine import Event, State, StateChart
from statemachine.event_data import EventData, TriggerData
from statemachine.model import Model
from statemachine.orderedset import OrderedSet
from statemachine.signature import SignatureAdapter
from statemachine.state import InstanceState
from statemachine.transition import Transition as Line

from statecharts.machine import Machine
from statecharts.model.chart import HISTORY, Always, Chart, StateKind, Transition
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send
from statecharts.model.errors import ActionError, StatechartError
from statecharts.model.events import NamedEvent, StateDone, TimerFired
from statecharts.model.fields import fields_of
from statecharts.model.generics import K as C
from statecharts.model.hooks import Hook, meaning
from statecharts.model.named import Bound, event_name
from statecharts.semantics.snapshot import Microstep, Moment, Step

ERROR: Final = "error.execution"  # what a failure of a callback becomes, if the class waits for it
_INITIAL: Final = "__initial__"  # that library's name for the event of the start
_POSITIONAL: Final = "*"  # the key of a payload whose values arrive as positional arguments
_KEPT: Final = 256  # how many results of `prepare_event` are kept


# --- The run --------------------------------------------------------------------------------------


@final
class Stage:
    """The run as the methods of one host see it.

    Attributes:
        host: The instance of the class; None when names are left open.
        owners: The objects whose attributes are callbacks: the host, its model, its listeners.
        ids: The id of each state in the chart, by its name in the class.
        machine: Returns the machine that answers for the run between events, if there is one.
        sources: The state of the class that each state of the chart comes from.
        lines: The transitions of each state, each with that of the class.
        prepare: Adds to the parameters of every call.
        atomic: Whether callbacks see the configuration change all at once.
        immediate: Whether actions are called inside the step.
        catching: Whether a failure of a callback becomes the event ``error.execution``.
        shown: The states that a callback sees as active.
        calling: How many callbacks are being called.
        waiting: The effects of what callbacks have sent meanwhile, until they are delivered.
        heard: The transition of the class whose callbacks were called last.
        done: The results of final states' callbacks, by the state that is done.
    """

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.host: Any = None
        self.owners: tuple[Any, ...] = ()
        self.chart: Chart
        self.ids: dict[str, str] = {}
        self.sources: dict[str, State] = {}
        self.lines: dict[str, list[tuple[Transition, Line]]] = {}
        self.prepare: tuple[Callable[..., Any], ...] = ()
        self.atomic = bool(getattr(cls, "atomic_configuration_update", False))
        self.immediate = False
        self.catching = False
        self.shown: tuple[str, ...] = ()
        self.calling = 0
        self.waiting: list[Effect] = []
        self.delivering = False
        self.heard: Line | None = None
        self.done: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self.machine: Callable[[], Any] = lambda: None
        self._prepared: OrderedDict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = OrderedDict()

    def adopt(self, host: Any) -> None:
        """Make an object the host."""
        self.host = host
        vars(host)["_stage"] = self

    @property
    def active(self) -> tuple[str, ...]:
        """The names in the class of the active states, in document order."""
        machine = None if self.calling else self.machine()
        ids = self.shown if machine is None else machine.configuration
        return tuple(self.sources[state].id for state in ids if state in self.sources)

    def live(self, state: State) -> State:
        """Return the state of the host, which knows whether it is active."""
        return cast("State", vars(self.host)["_states_by_id"].get(state.id, state))

    def states(self, ids: set[str]) -> OrderedSet[State]:
        """Return states of the host by their ids in the chart, in document order."""
        return OrderedSet(self.live(self.sources[id]) for id in self.ordered(ids))

    def ordered(self, ids: set[str]) -> tuple[str, ...]:
        """Return ids of states in document order."""
        return tuple(state for state in self.chart.nodes if state in ids)

    def line(self, taken: Transition) -> Line | None:
        """Return the transition of the class that one of the chart comes from."""
        known = self.lines.get(taken.source, [])
        return next((line for ours, line in known if ours is taken or ours == taken), None)

    def name(self, event: Any) -> str:
        """Return that library's name for an event."""
        if event is None:
            return _INITIAL
        if isinstance(event, StateDone):
            return f"done.state.{self.sources[event.state].id}"
        return event_name(event)

    def payload(self, event: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and named arguments that come with an event."""
        match event:
            case None | TimerFired():
                return (), {}
            case StateDone(state):
                args, named = self.done.get(state, ((), {}))
                return args, dict(named)
            case NamedEvent(data=data):
                named = dict(data)
                return tuple(named.pop(_POSITIONAL, ())), named
            case _:
                cls: type = type(event)
                return (), {one.name: getattr(event, one.name) for one in fields_of(cls)}

    def prepared(
        self, key: tuple[Any, ...], event: Any, args: tuple[Any, ...], named: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what `prepare_event` adds; it is asked once for the same event and states."""
        if not self.prepare:
            return {}
        if key not in self._prepared:
            found: dict[str, Any] = {}
            for function in self.prepare:
                found |= function(*args, **named)
            self._prepared[key] = (event, found)  # which keeps the id of the event in use
            if len(self._prepared) > _KEPT:
                self._prepared.popitem(last=False)
        return self._prepared[key][1]

    def finish(self, state: str, results: list[Any], *, fresh: bool) -> None:
        """Keep the results of a final state's callbacks for those of its completion event."""
        node = self.chart[state]
        if node.kind is not StateKind.FINAL or not node.parent:
            return
        above = self.chart[node.parent]
        ends = [above.id]
        if above.parent and self.chart[above.parent].kind is StateKind.PARALLEL:
            ends.append(above.parent)
        for end in ends:
            args, named = ((), {}) if fresh else self.done.get(end, ((), {}))
            for result in results:
                if isinstance(result, dict):
                    named = {**named, **result}
                elif result:
                    args = (result,)
            self.done[end] = (args, named)

    @contextmanager
    def showing(self, states: tuple[str, ...]) -> Generator[None]:
        """Show states as active while a callback is called."""
        before, self.shown = self.shown, states
        self.calling += 1
        try:
            yield
        finally:
            self.calling -= 1
            if self.calling:
                self.shown = before

    def put(self, effect: Send | Raise | CancelSend) -> None:
        """Hand what the host sends to the run: at once inside the step, else to the machine.

        Raises:
            StatechartError: No machine is attached, or the step that could delay it is over.
        """
        if self.calling and self.immediate:
            self.waiting.append(effect)
            return
        found = None
        if isinstance(effect, CancelSend):
            found = f"the events sent as {effect.id!r} were to be cancelled"
        elif isinstance(effect, Send) and effect.delay is not None:
            found = f"the event {event_name(effect.event)!r} was to be sent with a delay"
        if found is not None:
            remedy = "Pass immediate=True to from_class: actions then run inside the step"
            raise self.error(f"{found}, and the step is over", remedy)
        event, machine = cast("Send | Raise", effect).event, self.machine()
        if self.calling:
            self.waiting.append(Send(event))
        elif machine is None:
            found = f"the event {event_name(event)!r} was sent, and no machine is attached"
            raise self.error(found, "Attach one: attach(Machine(chart))")
        else:
            machine.send(event)

    def deliver(self) -> None:
        """Send what callbacks have sent, in order; what they send in turn comes last."""
        if self.delivering:
            return
        self.delivering = True
        try:
            while self.waiting:
                self.put(cast("Send", self.waiting.pop(0)))
        finally:
            self.delivering = False

    def error(self, found: str, remedy: str) -> StatechartError:
        """Return the error of a host that asks for something impossible."""
        return StatechartError("SC502", self.cls.__name__, found, remedy)


# --- Callbacks ------------------------------------------------------------------------------------


Slot = Enum("Slot", "VALIDATOR COND BEFORE EXIT ON ENTER DEFAULT AFTER")
"""The moment of a step at which a callback is called."""

_LEAVING: Final = (Slot.BEFORE, Slot.EXIT, Slot.ON)
_ENTERING: Final = (Slot.ENTER, Slot.DEFAULT)
_ORDER: Final = {Slot.BEFORE: -1, Slot.AFTER: 1}

_TOLD: Final = frozenset(
    {"event_data", "machine", "event", "model", "transition", "state", "source", "target"}
    | {"previous_configuration", "new_configuration"}
)
"""The parameters that are not part of a payload."""


@frozen(eq=False)
class Spot:
    """The part of the chart that a callback belongs to: a state, or a line of that state."""

    stage: Stage
    state: str
    line: Line | None = None
    eventless: bool = False


@final
@frozen
class Function:
    """One function behind a name; in one slot, that library calls a key once.

    Attributes:
        code: What it is compared by.
        call: Calls it, with parameters filled as that library fills them.
        event: The event that it sends, when it is an event.
    """

    code: Any = field(eq=meaning)
    key: str = field(eq=False)
    call: Callable[..., Any] = field(eq=False)
    event: Event | None = None

    @property
    def internal(self) -> bool:
        """Whether it is an event that the run raises, or sends later, by itself."""
        return self.event is not None and bool(self.event.internal or self.event.delay)


@final
@frozen
class Callback:
    """The functions that a slot calls in order for a name; itself a function of one moment.

    ``only`` is the name of the one event that it is for, if there is one.
    """

    name: str
    slot: Slot
    functions: tuple[Function, ...]
    only: str | None = None
    spot: Spot = field(eq=False, repr=False, kw_only=True)

    def __call__(self, moment: Moment[Any, Any, Any], **_: Any) -> Any:
        """Answer as a guard, or give the effects of an action."""
        event, shown, stage = moment.event, moment.configuration, self.spot.stage
        if self.slot in (Slot.COND, Slot.VALIDATOR):
            return self._ask(event, shown)
        if self.only is not None and self.only != self.event(event):
            return ()
        if stage.immediate:
            return self._now(event, shown)
        own = [function for function in self.functions if function.internal]
        sent = [self._sent(function, self._told(event, shown)) for function in own]
        return sent if len(own) == len(self.functions) else [Method.of(self, event, shown), *sent]

    def event(self, event: Any) -> str | None:
        """Return that library's name for an event; None where no event causes the call."""
        return None if self.spot.eventless else self.spot.stage.name(event)

    def _ask(self, event: Any, shown: tuple[str, ...]) -> bool:
        stage = self.spot.stage
        shown, args, named = self._told(event, shown)
        with stage.showing(shown):
            for function in self.functions:
                answer = function.call(*args, **named)
                if self.slot is Slot.COND and not answer:
                    return False
        stage.heard = self.spot.line or stage.heard
        return True

    def _now(self, event: Any, shown: tuple[str, ...]) -> list[Effect]:
        """Call the functions inside the step, and return the effects of what they send."""
        stage = self.spot.stage
        stage.heard = self.spot.line or stage.heard
        try:
            self.call(event, shown)
        except Exception as error:
            if not stage.catching:
                stage.waiting.clear()
                raise
            stage.waiting.append(Raise(NamedEvent(ERROR, {"error": error})))
        given, stage.waiting = stage.waiting, []
        return given

    def call(self, event: Any, shown: tuple[str, ...], micro: Microstep | None = None) -> None:
        """Call the functions; the stage keeps what they send.

        ``micro`` is the microstep, once it is over; None while it is under way.
        """
        stage, told = self.spot.stage, self._told(event, shown, micro)
        shown, args, named = told
        plain = [function for function in self.functions if function.event is None]
        with stage.showing(shown):
            results = [function.call(*args, **named) for function in plain]
        for function in self.functions:
            if function.event is not None and (stage.immediate or not function.internal):
                stage.waiting.append(self._sent(function, told))
        if plain and self.slot is Slot.ENTER:
            first = next(map(callback_of, stage.chart[self.spot.state].entry), None)
            stage.finish(self.spot.state, results, fresh=first is self)

    def _sent(self, function: Function, told: _Told) -> Effect:
        """Return the effect of a function that is an event: it passes on what has come."""
        _, args, named = told
        event = cast("Any", function.event)
        data = {key: value for key, value in named.items() if key not in _TOLD}
        given = NamedEvent(event.id, {**({_POSITIONAL: args} if args else {}), **data})
        if event.internal:
            return Raise(given)
        return Send(given, timedelta(milliseconds=event.delay) if event.delay else None)

    def _told(self, event: Any, shown: tuple[str, ...], micro: Microstep | None = None) -> _Told:
        """Return the states that it sees as active, and its arguments."""
        slot, spot, stage = self.slot, self.spot, self.spot.stage
        own = stage.live(stage.sources[spot.state])
        eventless = spot.eventless
        if spot.line is None and micro is not None and micro.fired:
            eventless = isinstance(micro.fired[0].trigger, Always)
        name = None if eventless else stage.name(event)
        event = None if eventless else event
        line = self._line(event, micro) or Line(State(), own, event=_INITIAL)
        source, target = stage.live(line.source), line.target and stage.live(line.target)
        state, extra = source, dict[str, Any]()
        if slot is Slot.EXIT:
            state = source = own
        elif slot in _ENTERING and spot.line is None:
            state = target = own
        elif slot is Slot.AFTER and target is not None:
            state = target
        if micro is not None:
            exited, entered = {*micro.exited}, {*micro.entered}
            before = ({*shown} - (entered - exited)) | exited
            after = (before - exited) | entered
            if slot is Slot.ON:
                extra["previous_configuration"] = stage.states(before)
                extra["new_configuration"] = stage.states(after)
            if slot is Slot.BEFORE or (stage.atomic and slot in _LEAVING):
                shown = stage.ordered(before)
            elif slot is Slot.AFTER or (stage.atomic and slot in _ENTERING):
                shown = stage.ordered(after)
        args, payload = stage.payload(event)
        known = event_of(stage.cls, name)
        sent = None if name is None else known or Event(name)
        trigger = TriggerData(machine=stage.host, event=sent, args=args, kwargs=payload)
        data = EventData(trigger_data=trigger, transition=line)
        data.state, data.source, data.target = state, source, target
        named = data.extended_kwargs
        key = (id(event), name, id(line), state.id, source.id, target and target.id)
        return shown, args, named | stage.prepared(key, event, args, named) | extra

    def _line(self, event: Any, micro: Microstep | None) -> Line | None:
        """Return that library's transition; None at the start."""
        spot, entering = self.spot, self.slot in _ENTERING
        if spot.line is not None:
            return spot.line
        if micro is None:
            return None if event is None else self._guess(spot.stage.name(event))
        default = _default(spot, micro) if entering else None
        if default is not None or not micro.fired:
            return default
        for taken in micro.fired:
            if any(_related(spot.state, end) for end in (taken.source, *taken.targets)):
                return spot.stage.line(taken)
        return spot.stage.line(micro.fired[0])

    def _guess(self, event: str) -> Line | None:
        """Return the transition that most likely leaves or enters the state, mid-step.

        It is the one heard of last, or the first there that waits for the event.
        """
        stage, state = self.spot.stage, self.spot.state
        known = [line for lines in stage.lines.values() for _, line in lines if line.match(event)]
        for line in (*filter(None, [stage.heard]), *known):
            ends = line.targets if self.slot in _ENTERING else [line.source]
            if any(_related(state, stage.ids.get(end.id, end.id)) for end in ends):
                return line
        return None


_Told = tuple[tuple[str, ...], tuple[Any, ...], dict[str, Any]]
"""The states that a call sees as active, its positional and its named arguments."""


def _default(spot: Spot, micro: Microstep) -> Line | None:
    """Return that library's default transition by which a state is entered, or None."""
    stage, state = spot.stage, spot.state
    aims = tuple(_aims(stage, micro))
    while not any(aim == state or aim.startswith(f"{state}.") for aim in aims):
        parent = stage.chart[state].parent
        if not parent or parent not in micro.entered:
            return None
        if stage.chart[parent].kind is StateKind.COMPOUND:
            lines = stage.live(stage.sources[parent]).transitions
            found: list[Line] = [line for line in lines if line.initial]
            return found[0] if found else None
        state = parent
    return None


def _aims(stage: Stage, micro: Microstep) -> Iterator[str]:
    """Yield the states that a microstep aims at: its targets, or what a history restores."""
    targets = [target for transition in micro.fired for target in transition.targets]
    for target in targets or stage.chart.root.initial:
        node = stage.chart[target]
        if node.kind not in HISTORY or not node.parent:
            yield target
        elif node.kind is StateKind.DEEP_HISTORY:
            yield from (s for s in micro.entered if s.startswith(f"{node.parent}."))
        else:
            yield from (s for s in micro.entered if stage.chart[s].parent == node.parent)


def _related(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def callback_of(hook: Hook) -> Callback | None:
    """Return the callback that is bound to the name in a hook; None for any other hook."""
    function = hook.function
    behind = function.function if isinstance(function, Bound) else None
    return behind if isinstance(behind, Callback) else None


# --- Machines -------------------------------------------------------------------------------------


class Method(Action):
    """An action whose methods are called once the step is over (see `attach`)."""

    __slots__ = ("callback", "event", "shown")

    callback: Callback
    event: Any
    shown: tuple[str, ...]

    @classmethod
    def of(cls, callback: Callback, event: Any, shown: tuple[str, ...]) -> Method:
        """Return the effect of a callback, with the event and the states that are active now."""
        made = cls(callback.name)
        for name, value in (("callback", callback), ("event", event), ("shown", shown)):
            object.__setattr__(made, name, value)
        return made


def attach(machine: Machine[C]) -> Machine[C]:
    """Have a new machine call the methods that a class names as it takes its steps; return it.

    Methods are called once the step is over, in the order of that library: ``before`` before all
    exits, ``after`` after all entries. What they send waits until all have been called, and the
    others are called even if one fails. From now on the host knows which states are active, and
    what it sends between two events goes to the machine.

    Raises:
        StatechartError: The machine has taken steps already.
        ActionError: A method that the start calls failed.
    """
    chart, started = machine.chart, machine.started
    callbacks = (callback_of(hook) for node in chart.nodes.values() for hook in node.hooks)
    stage = next((callback.spot.stage for callback in callbacks if callback is not None), None)
    if stage is None:
        return machine
    if started is not None and machine.snapshot is not started.snapshot:
        found = "the machine has taken steps before it was attached to its host"
        raise stage.error(found, "Attach it when it is made: attach(Machine(chart))")
    stage.machine = ref(machine)

    if not stage.immediate:
        machine.subscribe(partial(_call_methods, stage))
        if started is not None:
            _call_methods(stage, started)
    return machine


def _call_methods(stage: Stage, step: Step[Any]) -> None:
    failures: list[Exception] = []
    for method, micro in _in_order(stage.chart, step):
        try:
            method.callback.call(method.event, method.shown, micro)
        except Exception as cause:  # noqa: BLE001 - told once the other methods have been called
            if stage.catching and method.callback.event(method.event) != ERROR:
                stage.waiting.append(Send(NamedEvent(ERROR, {"error": cause})))
                continue
            found = f"action {method.name!r} failed: {type(cause).__name__}: {cause}"
            remedy = "The step counts; fix the action"
            error = ActionError("SC505", stage.chart.name, found, remedy)
            error.__cause__ = cause
            failures.append(error)
    stage.deliver()
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup(stage.chart.name, failures)


def _in_order(chart: Chart, step: Step[Any]) -> Iterator[tuple[Method, Microstep | None]]:
    """Yield the methods that a step calls, each with its microstep, in that library's order."""
    waiting = deque(effect for effect in step.effects if isinstance(effect, Method))
    for micro in step.microsteps:
        mine: list[Method] = []
        for hook in _actions(chart, micro):
            if waiting and callback_of(hook) is waiting[0].callback:
                mine.append(waiting.popleft())
        for method in sorted(mine, key=lambda method: _ORDER.get(method.callback.slot, 0)):
            yield method, micro


def _actions(chart: Chart, micro: Microstep) -> Iterator[Hook]:
    """Yield the actions of a microstep, in document order."""
    for state in micro.exited:
        yield from chart[state].exit
    for transition in micro.fired:
        yield from transition.emit
    for state in micro.entered:
        node = chart[state]
        yield from node.entry
        histories = (chart[child] for child in node.children if chart[child].kind in HISTORY)
        for one in (node, *histories):
            yield from () if one.default is None else one.default.emit


# --- Instances ------------------------------------------------------------------------------------


class Unstarted(StateChart[Any]):
    """Replaces the engine of a class: answers for the run, and passes on what is sent."""

    _stage: Stage

    def __init__(
        self,
        model: Any = None,
        state_field: str = "state",
        start_value: Any = None,  # noqa: ARG002 - the chart says where it begins
        listeners: list[object] | None = None,
        **kwargs: Any,
    ) -> None:
        # The constructor that comes next would start the engine; it is not called.
        given = vars(self).get("_given_model")
        self.state_field = state_field
        default: Any = Model
        self.model: Any = model if model is not None else default() if given is None else given
        self.history_values = {}
        vars(self)["_given_listeners"] = [*(listeners or ())]
        vars(self)["_given_options"] = kwargs

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
        known = event_of(type(self), event)
        wait = (0.0 if known is None else known.delay) if delay is None else delay
        later = timedelta(milliseconds=wait) if wait else None
        given = NamedEvent(str(event), {**({_POSITIONAL: args} if args else {}), **kwargs})
        raised = known is not None and known.internal if internal is None else internal
        if raised and later is not None:
            found = f"the event {given.name!r} was to be both delayed and internal"
            raise self._stage.error(found, "Drop the delay to raise it now, or send it")
        self._stage.put(Raise(given) if raised else Send(given, later, send_id))

    def raise_(self, event: str, *args: Any, **kwargs: Any) -> Any:
        """Raise an event in the run; once the step is over, send it."""
        self.send(event, *args, internal=True, **kwargs)

    def cancel_event(self, send_id: str) -> None:
        """Cancel what was sent with a delay."""
        self._stage.put(CancelSend(send_id))

    def activate_initial_state(self) -> Any:
        """Do nothing: whoever runs the chart has entered it."""

    @property
    def configuration(self) -> OrderedSet[State]:
        """The active states."""
        states = vars(self)["_states_by_id"]
        return OrderedSet(states[name] for name in self._stage.active if name in states)

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
        return _alone(self.configuration_values) if self.configuration else None

    @current_state_value.setter
    def current_state_value(self, value: Any) -> None:  # noqa: ARG002
        raise self._fixed("current_state_value")

    @property
    def current_state(self) -> Any:
        """The active state, or several."""
        return _alone(self.configuration)

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
        lines = (state.transitions.unique_events for state in self.configuration)
        return list(dict.fromkeys(getattr(self, event.id) for found in lines for event in found))

    @property
    def active_listeners(self) -> list[object]:
        """The listeners."""
        return list(vars(self).get("_heard", ()))

    def _fixed(self, name: str) -> StatechartError:
        found = f"{name} of {type(self).__name__} cannot be set: it is that of the chart"
        return self._stage.error(found, "Begin from a snapshot instead: Machine(chart, snapshot=…)")


def _alone(several: OrderedSet[Any]) -> Any:
    return next(iter(several)) if len(several) == 1 else several


@final
class Trigger(Event):
    """An event as an attribute of a host: calling it sends it."""

    host: Any = None

    @classmethod
    def of(cls, event: Event, host: Any = None) -> Trigger:
        """Return an event of a class as that of a host."""
        made = cls(id=event.id, name=event.name, delay=event.delay, internal=event.internal)
        made.host = host
        return made

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the event, to be called on a host."""
        return self if instance is None else Trigger.of(self, instance)

    def put(self, *args: Any, send_id: str | None = None, **kwargs: Any) -> Any:
        """Send it."""
        Unstarted.send(self.host, self.id, *args, send_id=send_id, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send it."""
        self.put(*args, **kwargs)


def unstarted(cls: type[StateChart[Any]], model: Any = None, **options: Any) -> Any:
    """Return an instance of a class of python-statemachine whose engine is not started.

    A model replaces the one that a constructor without it would make; ``options`` are the other
    arguments of that.

    >>> from statemachine import State, StateChart
    >>> class Lamp(StateChart):
    ...     dark = State(initial=True, final=True)
    >>> unstarted(Lamp).dark.id
    'dark'
    """
    metaclass: Any = type(cls)
    body: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__}
    body["__qualname__"] = cls.__qualname__
    body |= {event.id: Trigger.of(event) for event in events_of(cls)}
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


def events_of(cls: Any) -> list[Event]:
    """Return the events of a class, in order of declaration."""
    return cast("list[Event]", cls.events)


def event_of(cls: Any, name: str | None) -> Event | None:
    """Return the event of a class that has a name; None where there is none."""
    return next((one for one in events_of(cls) if one.id == name), None)


def give_host(
    stage: Stage, host: Any, listeners: tuple[object, ...], options: dict[str, Any]
) -> bool:
    """Give a stage its host, and the other objects whose methods are called.

    Returns whether what the host sends goes to whoever runs the chart.

    Raises:
        TypeError: The constructor of the class takes other options.
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
