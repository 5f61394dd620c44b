"""Spelling: guards, actions and targets as XState 5 writes them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, final

from statecharts.interop.findings import Losses
from statecharts.interop.xstate.delays import milliseconds
from statecharts.interop.xstate.notes import DEEPEST, depth
from statecharts.interop.xstate.targets import absolute, escaped
from statecharts.model.chart import Chart, StateNode, Transition, TransitionKind
from statecharts.model.effects import (
    Action,
    CancelInvoke,
    CancelSend,
    Effect,
    Invoke,
    Raise,
    Send,
)
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import (
    AllOf,
    AnyOf,
    Bound,
    Choose,
    Give,
    Holds,
    In,
    Named,
    Not,
    event_name,
)

_GUARDS: Final = frozenset({"and", "or", "not", "stateIn", "guard"})
_ACTIONS: Final = frozenset(
    {"raise", "send", "sendTo", "cancel", "choose", "spawnChild", "stopChild", "stop"}
)
_DEEPEST: Final = 32


@final
class Spelling:
    """Spells what is in a chart.

    Args:
        chart: The chart.
        ids: The ids that states have of their own, by their ids in the chart.
        losses: Where what cannot be said is noted.
    """

    def __init__(self, chart: Chart, ids: Mapping[str, str], losses: Losses) -> None:
        self.chart = chart
        self.ids = ids
        self.losses = losses

    # -- targets -----------------------------------------------------------------------------------

    def state(self, state: str) -> str:
        """Return a state as it is spelt everywhere."""
        if state in self.ids:
            return f"#{escaped(self.ids[state])}"
        return absolute(self.chart.name, self._path(state))

    def target(self, source: StateNode, target: str) -> str:
        """Return a state as a target of another: a sibling, a descendant, or from the machine."""
        path, from_ = self._path(target), self._path(source.id)
        if source.id and path[: len(from_) - 1] == from_[:-1] and len(path) == len(from_):
            name = escaped(path[-1])
            if name[:1] != "#":
                return name
        if len(path) > len(from_) and path[: len(from_)] == from_:
            return "." + ".".join(map(escaped, path[len(from_) :]))
        return self.state(target)

    def _path(self, state: str) -> list[str]:
        line = [self.chart[state], *self.chart.ancestors(state)] if state else []
        return [node.name for node in reversed(line) if node.id]

    # -- guards ------------------------------------------------------------------------------------

    def guard(self, hook: Hook, level: int = 0) -> Any:
        """Return a guard."""
        if level >= _DEEPEST:
            found = f"guards lie more than {_DEEPEST} deep one in the other"
            self.losses.add("SC673", found, "Give a part of them a name")
            return hook.name
        match hook.function:
            case Bound(Named() as reference):
                return self.guard(Hook(reference))
            case Named(name, data):
                composite = name.removeprefix("xstate.") in _GUARDS and data
                return self._called("guard", name, data, "" if composite else name)
            case Holds(value):
                return {"type": "xstate.and" if value else "xstate.or", "params": {"guards": []}}
            case In(state):
                return {"type": "xstate.stateIn", "params": {"stateValue": self.state(state)}}
            case Not(inner):
                return {"type": "xstate.not", "params": {"guard": self.guard(inner, level + 1)}}
            case AllOf(inner) | AnyOf(inner):
                kind = "xstate.and" if isinstance(hook.function, AllOf) else "xstate.or"
                guards = [self.guard(one, level + 1) for one in inner]
                return {"type": kind, "params": {"guards": guards}}
            case _:
                self._code("guard", hook.name)
                return hook.name

    # -- actions -----------------------------------------------------------------------------------

    def actions(self, hooks: tuple[Hook, ...], level: int = 0) -> list[Any]:
        """Return some actions, in order."""
        return [self.action(hook, level) for hook in hooks]

    def action(self, hook: Hook, level: int = 0) -> Any:
        """Return an action."""
        if level >= _DEEPEST:
            found = f"choices lie more than {_DEEPEST} deep one in the other"
            self.losses.add("SC673", found, "Give a part of them a name")
            return hook.name
        match hook.function:
            case Bound(Give() as reference):
                return self.action(Hook(reference))
            case Give(effect):
                return self._effect(effect, hook)
            case Choose(branches):
                conds = []
                for branch in branches:
                    cond: dict[str, Any] = {}
                    if branch.guard is not None:
                        cond["guard"] = self.guard(branch.guard)
                    cond["actions"] = self.actions(branch.actions, level + 1)
                    conds.append(cond)
                return {"type": "xstate.choose", "params": {"conds": conds}}
            case _:
                self._code("action", hook.name)
                return hook.name

    def _effect(self, effect: Effect, hook: Hook) -> Any:
        match effect:
            case Action(name, data):
                short = name.removeprefix("xstate.")
                clash = name.startswith("xstate.") and short in _ACTIONS and data
                return self._called("action", name, data, "" if clash else name)
            case Raise(event):
                return _built_in("raise", event=self._event(event))
            case Send(event, delay, name, target, type_):
                if type_ is not None:
                    found = f"{hook.name} is to be carried by {type_!r}"
                    self.losses.add("SC673", found, "Leave out how it is carried")
                kind = "send" if target is None else "sendTo"
                if target is None and delay is not None:
                    kind = "raise"
                wait = None if delay is None else milliseconds(delay)
                said = self._event(event)
                return _built_in(kind, to=target, event=said, delay=wait, id=name)
            case CancelSend(name):
                return _built_in("cancel", sendId=name)
            case Invoke(name, source, data):
                given = self.plain(data, f"the input of {name!r}") or None
                return _built_in("spawnChild", src=source, id=name, input=given)
            case CancelInvoke(name):
                return _built_in("stopChild", id=name)
            case _:
                self._code("action", hook.name)
                return hook.name

    def _event(self, event: Any) -> dict[str, Any]:
        if not isinstance(event, NamedEvent):
            found = f"{event!r} is an event with typed data; its name is written"
            self.losses.add("SC671", found, "Write it as a NamedEvent")
            return {"type": event_name(event)}
        data = self.plain(event.data, f"the data of {event.name!r}")
        if "type" in data:
            found = f"the event {event.name!r} has a field 'type', and that is its name in XState"
            self.losses.add("SC674", found, "Rename the field")
        return {**data, "type": event.name}

    def _called(self, role: str, name: str, data: Mapping[str, Any], kept: str) -> Any:
        if not name or not kept:
            found = f"XState would take the {role} {name!r} for one of its own, or for none"
            self.losses.add("SC674", found, "Rename it")
            name = f"{name}_"
        given = self.plain(data, f"what is given to {name!r}")
        return {"type": name, "params": given} if given else name

    def _code(self, role: str, name: str) -> None:
        found = f"the {role} {name!r} is code, and is written by its name"
        self.losses.add("SC672", found, "Name it, and bind the function to the name")

    def plain(self, data: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Return data that JSON can hold."""
        if not is_plain(data):
            self.losses.add("SC671", f"{what} is no plain data, and is left out", "Use plain data")
            return {}
        return dict(data)

    def reenters(self, node: StateNode, line: Transition) -> bool:
        """Tell whether a transition has to say that its source is left and entered again."""
        chart = self.chart
        inside = all(t == node.id or chart.is_descendant(t, node.id) for t in line.targets)
        return bool(line.targets) and inside and line.kind is TransitionKind.EXTERNAL


def is_plain(value: Any) -> bool:
    """Tell whether JSON gives back the same value."""
    if depth(value) > DEEPEST:
        return False
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | Mapping):
            if not all(isinstance(key, str) for key in one):
                return False
            waiting.extend(one.values())
        elif type(one) is list:
            waiting.extend(one)
        elif type(one) is float:
            if not isfinite(one):
                return False
        elif one is not None and type(one) not in (str, int, bool):
            return False
    return True


def _built_in(kind: str, **params: Any) -> dict[str, Any]:
    said = {key: value for key, value in params.items() if value is not None}
    return {"type": f"xstate.{kind}", "params": said}
