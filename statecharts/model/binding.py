"""Binding: functions in place of the names that a file gives to guards, actions and delays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, final

from attrs import evolve

from statecharts.model.effects import Action
from statecharts.model.errors import StatechartError
from statecharts.model.hooks import Hook, function_name
from statecharts.model.named import (
    AllOf,
    AnyOf,
    Bound,
    Branch,
    Choose,
    Give,
    Holds,
    Named,
    NamedDelay,
    Not,
    parameters,
)
from statecharts.model.nodes import After, StateNode, Transition
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of

_NOTHING: Final = object()

Functions = Mapping[str, Callable[..., Any]]


@final
class Binding:
    """Puts functions behind names, and notes which of them were wanted.

    Args:
        chart: Name of the chart.
        host: An object whose attributes are functions; None for none.
        guards: Functions of guards, by name.
        actions: Functions of actions, by name.
        delays: Times of delays, or functions that give them, by name.
        default: What guards without a function answer; None leaves them open.
    """

    def __init__(
        self,
        chart: str,
        host: object,
        guards: Functions,
        actions: Functions,
        delays: Mapping[str, timedelta | Callable[..., Any]],
        *,
        default: bool | Callable[..., Any] | None,
    ) -> None:
        self.chart = chart
        self.host = host
        self.tables: dict[str, Mapping[str, Any]] = {
            "guard": guards,
            "action": actions,
            "delay": delays,
        }
        given: Mapping[str, object] = self.tables
        for role, table in given.items():
            if not isinstance(table, Mapping):
                text = f"{role}s= is {repr_of(table)}, not functions by their names"
                raise StatechartError("SC215", chart, text, f"Give {role}s={{'name': function}}")
        self.default = default
        self.known: dict[str, list[str]] = {role: [] for role in self.tables}

    def node(self, node: StateNode) -> StateNode:
        """Return a state with its hooks bound."""
        return evolve(
            node,
            default=None if node.default is None else self._transition(node.default),
            transitions=tuple(map(self._transition, node.transitions)),
            entry=tuple(map(self._hook, node.entry)),
            exit=tuple(map(self._hook, node.exit)),
        )

    def settle(self) -> None:
        """Refuse functions whose names the chart does not leave open."""
        for role, table in self.tables.items():
            for name in table:
                if name not in self.known[role]:
                    listed = f"Its unbound {role}s: {self._open(role)}"
                    remedy = did_you_mean(name, self.known[role], listed)
                    found = f"there is no unbound {role} {name!r}"
                    raise StatechartError("SC215", self.chart, found, remedy)

    def _open(self, role: str) -> str:
        return ", ".join(dict.fromkeys(self.known[role])) or "none"

    def _transition(self, transition: Transition) -> Transition:
        guard = None if transition.guard is None else self._hook(transition.guard)
        trigger = transition.trigger
        if isinstance(trigger, After):
            trigger = evolve(trigger, delay=self._delay(trigger.delay))
        emit = tuple(map(self._hook, transition.emit))
        return evolve(transition, trigger=trigger, guard=guard, emit=emit)

    def _delay(self, delay: timedelta | Hook) -> timedelta | Hook:
        """Return a delay bound: a time takes the place of the name, a function keeps it."""
        if not isinstance(delay, Hook) or not isinstance(delay.function, NamedDelay):
            return delay
        reference = delay.function
        found = self._given("delay", reference.name)
        if found is _NOTHING:
            return delay
        if isinstance(found, timedelta) and found > timedelta(0):
            return found
        if not callable(found):
            text = f"the delay {reference.name!r} cannot be bound to {repr_of(found)}"
            remedy = "Bind a timedelta above 0, or a function of one moment"
            raise StatechartError("SC215", self.chart, text, remedy)
        self._check("delay", reference, found)
        return evolve(delay, function=Bound(reference, found))

    def _hook(self, hook: Hook) -> Hook:
        match hook.function:
            case Named(name) as reference:
                function = self._function("guard", reference, name)
                if function is not None:
                    return evolve(hook, function=Bound(reference, function))
                if isinstance(self.default, bool):
                    return evolve(hook, function=Bound(reference, Holds(self.default)))
                if self.default is not None:
                    self._check("guard", reference, self.default)
                    return evolve(hook, function=Bound(reference, self.default))
            case Give(Action(name)) as reference:
                function = self._function("action", reference, name)
                if function is not None:
                    return evolve(hook, function=Bound(reference, function))
            case Not(guard):
                return evolve(hook, function=Not(self._hook(guard)))
            case AllOf(guards):
                return evolve(hook, function=AllOf(tuple(map(self._hook, guards))))
            case AnyOf(guards):
                return evolve(hook, function=AnyOf(tuple(map(self._hook, guards))))
            case Choose(branches):
                return evolve(hook, function=Choose(tuple(map(self._branch, branches))))
            case _:
                pass
        return hook

    def _branch(self, branch: Branch) -> Branch:
        guard = None if branch.guard is None else self._hook(branch.guard)
        return Branch(guard, tuple(map(self._hook, branch.actions)))

    def _given(self, role: str, name: str) -> Any:
        """Return what is given for a name."""
        self.known[role].append(name)
        found: Any = self.tables[role].get(name, _NOTHING)
        if found is _NOTHING and self.host is not None:
            found = getattr(self.host, name, _NOTHING)
        return found

    def _function(self, role: str, reference: Named | Give, name: str) -> Callable[..., Any] | None:
        found = self._given(role, name)
        if found is _NOTHING:
            return None
        if not callable(found):
            text = f"the {role} {name!r} cannot be bound to {repr_of(found)}, which is not callable"
            raise StatechartError("SC215", self.chart, text, "Bind a function of one moment")
        self._check(role, reference, found)
        function: Callable[..., Any] = found
        return function

    def _check(
        self, role: str, reference: Named | Give | NamedDelay, function: Callable[..., Any]
    ) -> None:
        """Refuse a function that the chart could not call, or whose answer would have to wait."""
        called = inspect.unwrap(function)
        waits = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
        given = ["moment", *parameters(reference)]
        if any(tell(one) for tell in waits for one in (called, type(called).__call__)):
            text = f"{function_name(function)} is a coroutine function, and a chart never awaits"
        elif not _takes(function, given[1:]):
            text = f"{function_name(function)} does not take ({', '.join(given)})"
        else:
            return
        found = f"the {role} {reference.__name__!r} cannot be bound: {text}"
        remedy = f"Bind a plain function: def {role}({', '.join(given)})"
        raise StatechartError("SC215", self.chart, found, remedy)


def _takes(function: Callable[..., Any], names: list[str]) -> bool:
    """Tell whether a function takes a moment and parameters; yes, where it does not tell."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return True
    try:
        signature.bind(object(), **dict.fromkeys(names))
    except TypeError:
        return False
    return True
