"""Binding: functions in place of the names that a file gives to guards and actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, final

from attrs import evolve

from statecharts.model.effects import Action
from statecharts.model.errors import StatechartError
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Bound, Branch, Choose, Give, Holds, Named, Not
from statecharts.model.nodes import StateNode, Transition
from statecharts.model.suggestions import did_you_mean

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
        default: What guards without a function answer; None leaves them open.
    """

    def __init__(
        self,
        chart: str,
        host: object,
        guards: Functions,
        actions: Functions,
        *,
        default: bool | Callable[..., Any] | None,
    ) -> None:
        self.chart = chart
        self.host = host
        self.tables: dict[str, Functions] = {"guard": guards, "action": actions}
        self.default = default
        self.known: dict[str, list[str]] = {"guard": [], "action": []}

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
                    listed = f"Its open {role}s: {self._open(role)}"
                    remedy = did_you_mean(name, self.known[role], listed)
                    found = f"no {role} of the name {name!r} is open in this chart"
                    raise StatechartError("SC215", self.chart, found, remedy)

    def _open(self, role: str) -> str:
        return ", ".join(dict.fromkeys(self.known[role])) or "none"

    def _transition(self, transition: Transition) -> Transition:
        guard = None if transition.guard is None else self._hook(transition.guard)
        return evolve(transition, guard=guard, emit=tuple(map(self._hook, transition.emit)))

    def _hook(self, hook: Hook) -> Hook:
        match hook.function:
            case Named(name) as reference:
                function = self._function("guard", name)
                if function is not None:
                    return evolve(hook, function=Bound(reference, function))
                if isinstance(self.default, bool):
                    return evolve(hook, function=Bound(reference, Holds(self.default)))
                if self.default is not None:
                    return evolve(hook, function=Bound(reference, self.default))
            case Give(Action(name)) as reference:
                function = self._function("action", name)
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

    def _function(self, role: str, name: str) -> Callable[..., Any] | None:
        self.known[role].append(name)
        found: Any = self.tables[role].get(name, _NOTHING)
        if found is _NOTHING and self.host is not None:
            found = getattr(self.host, name, _NOTHING)
        if found is _NOTHING:
            return None
        if not callable(found):
            text = f"the {role} {name!r} is to be bound to {found!r}, which cannot be called"
            raise StatechartError("SC215", self.chart, text, "Bind a function of one moment")
        function: Callable[..., Any] = found
        return function
