"""Stages: what a host sees of the run while its methods are called, and what it sends to it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, final
from weakref import ReferenceType, ref

from statemachine import Event, State
from statemachine.orderedset import OrderedSet
from statemachine.transition import Transition as Line

from statecharts.model.chart import Chart, StateKind, Transition
from statecharts.model.effects import CancelSend, Effect, Raise, Send
from statecharts.model.errors import StatechartError
from statecharts.model.events import NamedEvent

POSITIONAL: Final = "*"
"""The key of a payload whose values arrive as positional arguments."""

_KEPT: Final = 256
"""How many events' worth of what `prepare_event` gave is kept."""


@final
class Stage:
    """The run, as the methods of one host know it.

    Args:
        cls: The class that the chart comes from.

    Attributes:
        host: The instance of the class; None when names are left open.
        owners: The objects whose attributes are callbacks: the host, its model, its listeners.
        chart: The chart that the class has become.
        names: What the class calls each state of the chart.
        ids: The id of each state of the class in the chart.
        sources: The state of the class that each state of the chart comes from.
        lines: The transitions of each state, each with that of the class.
        taken: The transition of the class that was last heard of.
        prepare: What adds to the parameters of every call.
        atomic: Whether callbacks see the configuration change all at once.
        immediate: Whether actions run inside the step.
        shown: The active states while a callback is called.
        waiting: What callbacks have sent inside the step.
        done: What the callbacks of final states have returned, by the name of the state finished.
        prepared: What `prepare_event` has added to the parameters, by what it was asked for.
        catching: Whether what callbacks raise becomes the event ``error.execution``.
    """

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.host: Any = None
        self.owners: tuple[Any, ...] = ()
        self.chart: Chart
        self.names: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.sources: dict[str, State] = {}
        self.lines: dict[str, list[tuple[Transition, Line]]] = {}
        self.taken: Line | None = None
        self.prepare: tuple[Callable[..., Any], ...] = ()
        self.atomic = bool(getattr(cls, "atomic_configuration_update", False))
        self.immediate = False
        self.catching = False
        self.shown: tuple[str, ...] = ()
        self.calling = 0
        self.waiting: list[Effect] = []
        self.done: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self.prepared: OrderedDict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = OrderedDict()
        self._machine: ReferenceType[Any] | None = None

    def adopt(self, host: Any) -> None:
        """Make an object the host."""
        self.host = host
        vars(host)["_stage"] = self

    @property
    def active(self) -> tuple[str, ...]:
        """What the class calls the active states, in document order."""
        machine = None if self.calling else self.machine
        ids = self.shown if machine is None else machine.configuration
        return tuple(self.names[state] for state in ids if state in self.names)

    def ordered(self, states: Iterable[str]) -> tuple[str, ...]:
        """Return ids of states in document order."""
        wanted = frozenset(states)
        return tuple(state for state in self.chart.nodes if state in wanted)

    def state(self, id: str) -> State:
        """Return the state of the class that a state of the chart stands for."""
        return self.live(self.sources[id])

    def states(self, ids: Iterable[str]) -> OrderedSet[State]:
        """Return states of the class by their ids in the chart."""
        return OrderedSet(self.state(id) for id in ids)

    def live(self, state: State) -> State:
        """Return a state that knows whether it is active, for one that does not."""
        found: State = vars(self.host)["_states_by_id"].get(state.id, state)
        return found

    def line(self, taken: Transition) -> Line | None:
        """Return the transition of the class that one of the chart stands for."""
        known = self.lines.get(taken.source, [])
        same = [line for ours, line in known if ours is taken]
        return next(iter(same or [line for ours, line in known if ours == taken]), None)

    def event(self, name: str) -> Event:
        """Return the event of the class of a name; one of that name for others."""
        events: list[Event] = self.cls.events
        return next((event for event in events if event.id == name), None) or Event(name)

    def finish(self, state: str, results: list[Any], *, fresh: bool) -> None:
        """Keep what the callbacks of a final state return, for what is told that it is done."""
        node = self.chart[state]
        if node.kind is not StateKind.FINAL or not node.parent:
            return
        above = self.chart[node.parent]
        ends = [above.id]
        if above.parent and self.chart[above.parent].kind is StateKind.PARALLEL:
            ends.append(above.parent)
        for end in ends:
            args, named = ((), {}) if fresh else self.done.get(self.names[end], ((), {}))
            for result in results:
                if isinstance(result, dict):
                    named = {**named, **result}
                elif result:
                    args = (result,)
            self.done[self.names[end]] = (args, named)

    @property
    def machine(self) -> Any:
        """The machine that runs the chart, once it has been attached; None before."""
        return None if self._machine is None else self._machine()

    @machine.setter
    def machine(self, machine: Any) -> None:
        self._machine = ref(machine)

    @contextmanager
    def showing(self, states: tuple[str, ...]) -> Generator[None]:
        """Show some active states while a callback is called."""
        before, self.shown = self.shown, states
        self.calling += 1
        try:
            yield
        finally:
            self.calling -= 1
            if self.calling:
                self.shown = before

    def send(
        self,
        event: str,
        args: tuple[Any, ...],
        payload: Mapping[str, Any],
        delay: timedelta | None,
        send_id: str | None,
        *,
        internal: bool,
    ) -> None:
        """Send an event to the run.

        Raises:
            StatechartError: No machine is known yet, or the event is to come later and only a step
                can see to that.
        """
        data = {**({POSITIONAL: args} if args else {}), **payload}
        named = NamedEvent(event, data)
        if internal and delay is not None:
            text = f"the event {event!r} was to be both delayed and internal"
            remedy = "Drop the delay to raise it now, or send it"
            raise StatechartError("SC502", self.cls.__name__, text, remedy)
        if self.calling and self.immediate:
            self.waiting.append(Raise(named) if internal else Send(named, delay, send_id))
            return
        if delay is not None:
            text = f"the event {event!r} was to be sent with a delay, and its step is over"
            remedy = "Pass immediate=True to from_class: actions then run inside the step"
            raise StatechartError("SC502", self.cls.__name__, text, remedy)
        if self.calling:
            self.waiting.append(Send(named))
            return
        if self.machine is None:
            text = f"the event {event!r} was to be sent, and no machine is attached to this host"
            remedy = "Attach one: attach(Machine(chart))"
            raise StatechartError("SC502", self.cls.__name__, text, remedy)
        self.machine.send(named)

    def cancel(self, send_id: str) -> None:
        """Take back what was sent with a delay."""
        if self.immediate and self.calling:
            self.waiting.append(CancelSend(send_id))
            return
        text = f"the events sent as {send_id!r} were to be taken back, and the step is over"
        remedy = "Pass immediate=True to from_class: actions then run inside the step"
        raise StatechartError("SC502", self.cls.__name__, text, remedy)

    def keep(self, key: tuple[Any, ...], event: Any, found: dict[str, Any]) -> dict[str, Any]:
        """Keep what `prepare_event` has given, with the event that it was asked about."""
        self.prepared[key] = (event, found)
        if len(self.prepared) > _KEPT:
            self.prepared.popitem(last=False)
        return found
