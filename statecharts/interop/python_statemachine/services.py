"""Services: what a class starts with a state and stops with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from statemachine import State

from statecharts.interop.python_statemachine.writing_hooks import CarriedTimer, carried
from statecharts.model.effects import CancelInvoke, CancelSend, Invoke, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook, function_name
from statecharts.model.named import Give


def services(
    state: State, owners: tuple[Any, ...], tell: Callable[[str], None]
) -> Iterator[tuple[Hook, Hook]]:
    """Yield the hooks that start and stop each service of a state.

    A timeout is an event that is sent later, unless the state is left. Everything else is a service
    that somebody has to run; the first bears the name of the state, as ``done.invoke.<state>`` says
    that it is done.

    Args:
        state: The state.
        owners: The objects that have the callbacks.
        tell: Told the name of each service that somebody has to run.
    """
    number = 0
    for spec in state.invoke:
        if isinstance(carried(spec.func), CarriedTimer):
            continue
        if spec.is_convention and not any(hasattr(owner, spec.attr_name) for owner in owners):
            continue
        number += 1
        name = state.id if number == 1 else f"{state.id}.{number}"
        handler = _handler(spec.func)
        delay, event = getattr(handler, "duration", None), getattr(handler, "on", None)
        if isinstance(delay, int | float) and isinstance(event, str | None):
            timer = f"timeout.{name}"
            sent = NamedEvent(event or f"done.invoke.{name}")
            later = Send(sent, timedelta(seconds=delay), timer)
            yield Hook(Give(later)), Hook(Give(CancelSend(timer)))
            continue
        called = handler if isinstance(handler, str) else function_name(handler)
        tell(called)
        yield Hook(Give(Invoke(name, called))), Hook(Give(CancelInvoke(name)))


def _handler(given: Any) -> Any:
    """Return what has been passed as ``invoke=``: handlers come wrapped."""
    return given() if type(given).__name__ == "_InvokeCallableWrapper" else given
