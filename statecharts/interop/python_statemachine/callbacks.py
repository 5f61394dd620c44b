"""Callbacks: the functions that a class names, behind the names that it gives them.

A guard is asked inside the step. An action becomes an effect of its name that calls the function
when it is run, once the step is kept; or it is called inside the step, where that was asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, final

from attrs import field, frozen
from statemachine import Event

from statecharts.interop.python_statemachine.occasions import (
    Occasion,
    Slot,
    Spot,
    event_named,
    occasion,
    parameters,
)
from statecharts.interop.python_statemachine.stages import POSITIONAL, Stage
from statecharts.machine import Machine
from statecharts.model.chart import HISTORY, Chart
from statecharts.model.effects import Action, Effect, Raise, Send
from statecharts.model.errors import ActionError, StatechartError
from statecharts.model.events import NamedEvent
from statecharts.model.generics import K as C
from statecharts.model.hooks import Hook, meaning
from statecharts.model.named import Bound
from statecharts.semantics.snapshot import Microstep, Moment, Step

ERROR = "error.execution"
"""The event that a mistake in a callback becomes, where the class says so and waits for it."""


@final
@frozen
class Function:
    """One thing that a name stands for.

    Attributes:
        code: What it is compared by.
        key: What that library knows it by: in one slot, it is called once.
        call: Calls it, with parameters filled as that library fills them.
        event: The event that it sends, when that is what it is.
    """

    code: Any = field(eq=meaning)
    key: str = field(eq=False)
    call: Callable[..., Any] = field(eq=False)
    event: Event | None = None


@final
@frozen
class Callback:
    """What stands behind a name.

    Attributes:
        name: The name.
        slot: Where in a step it is called.
        functions: What it stands for, in order.
        only: The name of the event that it is for; None for any.
        spot: Where it belongs.
    """

    name: str
    slot: Slot
    functions: tuple[Function, ...]
    only: str | None = None
    spot: Spot = field(eq=False, repr=False, kw_only=True)

    def __call__(self, moment: Moment[Any, Any, Any], **_: Any) -> Any:
        """Answer as a guard, or give the effects of an action."""
        event, shown = moment.event, moment.configuration
        if self.slot in (Slot.COND, Slot.VALIDATOR):
            return self._ask(event, shown)
        if self.only is not None and self.only != event_named(event, self.spot):
            return ()
        given = self._now(event, shown) if self.spot.stage.immediate else self._later(event, shown)
        return tuple(given)

    def _ask(self, event: Any, shown: tuple[str, ...]) -> bool:
        stage = self.spot.stage
        found = occasion(self.slot, self.spot, event, shown)
        args, named = parameters(found, stage)
        with stage.showing(found.shown):
            for function in self.functions:
                answer = function.call(*args, **named)
                if self.slot is Slot.COND and not answer:
                    return False
        stage.taken = self.spot.line or stage.taken
        return True

    def _later(self, event: Any, shown: tuple[str, ...]) -> Iterator[Effect]:
        """Yield what the host does once the step is over, and what the run does by itself."""
        own = [function for function in self.functions if _is_own(function.event)]
        if len(own) < len(self.functions):
            yield Method.of(self, event, shown)
        for function in own:
            yield _sent(function.event, occasion(self.slot, self.spot, event, shown), self.spot)

    def _now(self, event: Any, shown: tuple[str, ...]) -> Iterator[Effect]:
        """Call inside the step, and yield what has been sent meanwhile."""
        stage = self.spot.stage
        stage.taken = self.spot.line or stage.taken
        found = occasion(self.slot, self.spot, event, shown)
        before, stage.waiting = stage.waiting, []
        try:
            self.call(found)
            given: list[Effect] = stage.waiting
        except Exception as error:
            if not stage.catching:
                raise
            given = [*stage.waiting, Raise(NamedEvent(ERROR, {"error": error}))]
        finally:
            stage.waiting = before
        yield from given

    def call(self, found: Occasion) -> None:
        """Call the functions; what they send is noted on the stage."""
        stage = self.spot.stage
        args, named = parameters(found, stage)
        with stage.showing(found.shown):
            plain = [function for function in self.functions if function.event is None]
            results = [function.call(*args, **named) for function in plain]
        for function in self.functions:
            if function.event is not None and (stage.immediate or not _is_own(function.event)):
                stage.waiting.append(_sent(function.event, found, self.spot))
        if plain and self.slot is Slot.ENTER:
            first = next(map(callback_of, stage.chart[self.spot.state].entry), None)
            stage.finish(self.spot.state, results, fresh=first is self)


class Method(Action):
    """An action that methods of the host carry out once the step is over (see `attach`)."""

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
    """Have the methods that a class names called as a machine takes its steps.

    Methods are called once the step is over, in the order of that library: ``before`` in front of
    what is left, ``after`` behind what is entered. What they send waits until all have been called.
    A method that fails does not keep the others from being called. From now on the host knows which
    states are active, and what it sends between two events goes to the machine.

    Args:
        machine: A new machine that runs a chart of `from_class`.

    Returns:
        The machine.

    Raises:
        StatechartError: The machine has taken steps already.
        ActionError: A method that the start asks for failed.
    """
    chart = machine.chart
    callbacks = (callback_of(hook) for node in chart.nodes.values() for hook in node.hooks)
    stage = next((callback.spot.stage for callback in callbacks if callback is not None), None)
    started = machine.started
    if stage is None:
        return machine
    if started is not None and machine.snapshot is not started.snapshot:
        found = "the machine has taken steps before its host was attached to it"
        remedy = "Attach it when it is made: attach(Machine(chart))"
        raise StatechartError("SC502", chart.name, found, remedy)
    stage.machine = machine

    def call_methods(step: Step[Any]) -> None:
        _carry_out(stage, step)

    if not stage.immediate:
        if started is not None:
            call_methods(started)
        machine.subscribe(call_methods)
    return machine


def _carry_out(stage: Stage, step: Step[Any]) -> None:
    """Call the methods that a step asks for, then send what they have sent."""
    failures: list[Exception] = []
    before, stage.waiting = stage.waiting, []
    for method, micro in _in_order(stage, step):
        failed = _perform(method, micro)
        if failed is not None:
            failures.append(failed)
    sent, stage.waiting = stage.waiting, before
    for effect in sent:
        if isinstance(effect, Send):
            stage.machine.send(effect.event)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup(stage.chart.name, failures)


def _perform(method: Method, micro: Microstep | None) -> ActionError | None:
    """Call one method; return its failure where the class does not wait for it."""
    callback = method.callback
    spot, stage = callback.spot, callback.spot.stage
    try:
        callback.call(occasion(callback.slot, spot, method.event, method.shown, micro))
    except Exception as cause:  # noqa: BLE001 - told once the other methods have been called
        if stage.catching and event_named(method.event, spot) != ERROR:
            stage.waiting.append(Send(NamedEvent(ERROR, {"error": cause})))
            return None
        found = f"action {method.name!r} failed: {type(cause).__name__}: {cause}"
        error = ActionError("SC505", stage.chart.name, found, "The step stands; fix the action")
        error.__cause__ = cause
        return error
    return None


def _in_order(stage: Stage, step: Step[Any]) -> Iterator[tuple[Method, Microstep | None]]:
    """Yield the methods that a step asks for, each with its microstep, in that library's order."""
    waiting = deque(effect for effect in step.effects if isinstance(effect, Method))
    for micro in step.microsteps:
        mine: list[Method] = []
        for hook in _hooks(stage.chart, micro):
            if waiting and callback_of(hook) is waiting[0].callback:
                mine.append(waiting.popleft())
        for method in sorted(mine, key=lambda method: _ORDER.get(method.callback.slot, 0)):
            yield method, micro


def _hooks(chart: Chart, micro: Microstep) -> Iterator[Hook]:
    """Yield the actions of a microstep, in the order in which it does them."""
    for state in micro.exited:
        yield from chart[state].exit
    for transition in micro.fired:
        yield from transition.emit
    for state in micro.entered:
        node = chart[state]
        yield from node.entry
        inner = (chart[child] for child in node.children if chart[child].kind in HISTORY)
        for one in (node, *inner):
            yield from () if one.default is None else one.default.emit


_ORDER: Final = {Slot.BEFORE: -1, Slot.AFTER: 1}


def callback_of(hook: Hook) -> Callback | None:
    """Return the callback behind the name that a hook is; None for any other hook."""
    function = hook.function
    behind = function.function if isinstance(function, Bound) else None
    return behind if isinstance(behind, Callback) else None


def _is_own(event: Event | None) -> bool:
    """Tell whether the run itself sees to an event that a callback is: raised, or sent later."""
    return event is not None and bool(event.internal or event.delay)


def _sent(event: Any, found: Occasion, spot: Spot) -> Effect:
    """Return the effect of a callback that is an event: it is sent, with what has been received."""
    args, named = parameters(found, spot.stage)
    kept = ("event_data", "machine", "event", "model", "transition", "state", "source", "target")
    data = {key: value for key, value in named.items() if key not in (*kept, *found.extra)}
    given = NamedEvent(event.id, {**({POSITIONAL: args} if args else {}), **data})
    if event.internal:
        return Raise(given)
    return Send(given, timedelta(milliseconds=event.delay) if event.delay else None)
