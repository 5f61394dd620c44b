"""Callbacks: the functions that a class names, behind the names that it gives them.

A guard is asked inside the step. An action becomes an effect of its name that calls the function
when it is run, once the step is kept; or it is called inside the step, where that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, final

from attrs import field, frozen
from statemachine import Event

from statecharts.interop.python_statemachine.occasions import (
    Occasion,
    Slot,
    Spot,
    occasion,
    parameters,
)
from statecharts.interop.python_statemachine.seams import hooks
from statecharts.interop.python_statemachine.stages import POSITIONAL
from statecharts.kernel.plans import plan_of
from statecharts.model.effects import Action, Effect, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook, meaning
from statecharts.model.named import Bound
from statecharts.semantics.snapshot import Microstep, Moment

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
        if self.slot in (Slot.COND, Slot.VALIDATOR):
            return self._ask(moment)
        return tuple(self._in_turn(moment))

    def _ask(self, moment: Moment[Any, Any, Any]) -> bool:
        stage = self.spot.stage
        found = occasion(self.slot, self.spot, moment, None)
        args, named = parameters(found, stage)
        with stage.showing(found.shown):
            for function in self.functions:
                answer = function.call(*args, **named)
                if self.slot is Slot.COND and not answer:
                    return False
        return True

    def _in_turn(self, moment: Moment[Any, Any, Any]) -> Iterator[Effect]:
        """Give the effects; before what is left comes ``before``, after what is entered ``after``.

        The kernel leaves states, takes transitions and enters states, in this order. That library
        has a slot in front and one behind; what stands in them is given by the first state that
        does anything when it is left, and by the last that does anything when it is entered.
        """
        work = plan_of(moment)
        if work is None:
            yield from self.give(moment, None)
            return
        step = work.microsteps[0]
        first = last = None
        if self.spot.stage.sorted:
            first = next(_callbacks(hooks(work.leaving), Slot.EXIT), None)
            entering = tuple(hooks(work.entering))[::-1]
            last = next(_callbacks(entering, Slot.ENTER, Slot.DEFAULT), None)
        if self.slot is Slot.BEFORE and first is not None:
            return
        if self.slot is Slot.AFTER and last is not None:
            return
        if self is first:
            yield from _taken(step, Slot.BEFORE, moment)
        yield from self.give(moment, step)
        if self is last:
            yield from _taken(step, Slot.AFTER, moment)

    def give(self, moment: Moment[Any, Any, Any], step: Microstep | None) -> Iterator[Effect]:
        """Give the effects, whatever comes before and after them."""
        found = occasion(self.slot, self.spot, moment, step)
        if self.only is not None and found.name != self.only:
            return
        plain = tuple(function for function in self.functions if function.event is None)
        if plain and self.spot.stage.immediate:
            yield from self._now(found, plain)
        elif plain:
            yield Action(self.name, run=partial(self._later, found, plain))
        for function in self.functions:
            if function.event is not None:
                yield _sent(function.event, found, self.spot)

    def _now(self, found: Occasion, functions: tuple[Function, ...]) -> Iterator[Effect]:
        stage = self.spot.stage
        before, stage.waiting = stage.waiting, []
        try:
            self._call(found, functions)
            given: list[Effect] = stage.waiting
        except Exception as error:
            if not stage.catching:
                raise
            given = [*stage.waiting, Raise(NamedEvent(ERROR, {"error": error}))]
        finally:
            stage.waiting = before
        yield from given

    def _later(self, found: Occasion, functions: tuple[Function, ...]) -> None:
        stage = self.spot.stage
        stage.meet()
        try:
            self._call(found, functions)
        except Exception as error:
            if not stage.catching or stage.machine is None or found.name == ERROR:
                raise
            stage.send(ERROR, (), {"error": error}, None, None, internal=True)

    def _call(self, found: Occasion, functions: tuple[Function, ...]) -> None:
        stage = self.spot.stage
        args, named = parameters(found, stage)
        with stage.showing(found.shown):
            results = [function.call(*args, **named) for function in functions]
        if self.slot is Slot.ENTER:
            first = next(map(callback_of, stage.chart[self.spot.state].entry), None)
            stage.finish(self.spot.state, results, fresh=first is self)


def callback_of(hook: Hook) -> Callback | None:
    """Return the callback behind the name that a hook is; None for any other hook."""
    function = hook.function
    behind = function.function if isinstance(function, Bound) else None
    return behind if isinstance(behind, Callback) else None


def _callbacks(given: Iterable[Hook], *slots: Slot) -> Iterator[Callback]:
    """Yield the callbacks of some slots among hooks."""
    for hook in given:
        callback = callback_of(hook)
        if callback is not None and callback.slot in slots:
            yield callback


def _taken(step: Microstep, slot: Slot, moment: Moment[Any, Any, Any]) -> Iterator[Effect]:
    for transition in step.fired:
        for callback in _callbacks(transition.emit, slot):
            yield from callback.give(moment, step)


def _sent(event: Event, found: Occasion, spot: Spot) -> Effect:
    """Return the effect of a callback that is an event: it is sent, with what has been received."""
    args, named = parameters(found, spot.stage)
    kept = ("event_data", "machine", "event", "model", "transition", "state", "source", "target")
    data = {key: value for key, value in named.items() if key not in (*kept, *found.extra)}
    given = NamedEvent(event.id, {**({POSITIONAL: args} if args else {}), **data})
    if event.internal:
        return Raise(given)
    return Send(given, timedelta(milliseconds=event.delay) if event.delay else None)
