"""Actions: names, names with parameters, and the actions that XState brings along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, final

from statecharts.interop.drafts import Draft
from statecharts.interop.xstate.delays import SOON, duration, is_number
from statecharts.interop.xstate.guards import DEEPEST, Guards, code, inline, parameters
from statecharts.interop.xstate.notes import Notes, element
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Effect, Invoke, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Branch, Choose, Give

INTERNAL: Final = "#_internal"
"""The target of what v4 puts on the run's own queue."""

_FIELDS: Final = {
    "xstate.raise": {"event", "delay", "id"},
    "xstate.send": {"event", "delay", "id", "to"},
    "xstate.sendTo": {"event", "delay", "id", "to"},
    "xstate.cancel": {"sendId"},
    "xstate.spawnChild": {"src", "id", "input"},
    "xstate.stopChild": {"id", "actorRef"},
    "xstate.stop": {"activity"},
}


@final
class Actions:
    """Reads the actions of one state.

    Args:
        notes: Where what is wrong is noted.
        guards: Reads the guards of actions that choose.
        draft: The state.
    """

    def __init__(self, notes: Notes, guards: Guards, draft: Draft) -> None:
        self.notes = notes
        self.guards = guards
        self.draft = draft

    def read(self, value: Any, line: int | None, place: str, depth: int = 0) -> list[Hook]:
        """Return the actions that a value says, in order; what is wrong is noted."""
        if value is None:
            return []
        if not isinstance(value, list):
            return self._one(value, line, place, depth)
        hooks: list[Hook] = []
        for i, one in enumerate(value):
            hooks += self._one(one, line, f"{place}[{i}]", depth)
        return hooks

    def _one(self, value: Any, line: int | None, place: str, depth: int) -> list[Hook]:
        where = element(self.draft, place)
        if value is None:
            name = inline(self.draft, place)
            found = "an action is null: a function that JSON could not hold"
            self.notes.add("SC652", found, f"Bind the action {name!r} to it", line, where)
            return [Hook(Give(Action(name)))]
        if isinstance(value, str) and value:
            return [Hook(Give(Action(value)))]
        if not isinstance(value, dict):
            self.notes.wrong("the name of an action, or an object with a type", value, line, where)
            return []
        line = getattr(value, "line", line)
        kind = value.get("type")
        if isinstance(kind, str) and kind:
            given = parameters(value)
            if kind == "xstate.choose" and set(given) == {"conds"}:
                if isinstance(given["conds"], list):  # which is bounded in a way of its own
                    return [self._choose(given["conds"], line, place, depth)]
            return [self._typed(kind, self.notes.plain(given, line, where) or {}, line, place)]
        text = code(value)
        if text is None:
            found = "the action is an object without a type"
            remedy = 'Give it a name: {"type": "notify"}'
            self.notes.add("SC611", found, remedy, line, where)
            return []
        return [Hook(Give(Action(text)))]

    def _typed(self, kind: str, data: dict[str, Any], line: int | None, place: str) -> Hook:
        if set(data) <= _FIELDS.get(kind, set()):
            effect = self._effect(kind, data, line, place)
            if effect is not None:
                return Hook(Give(effect))
        if kind in ("xstate.raise", "xstate.send", "xstate.sendTo", "xstate.cancel"):
            found = f"{kind} does not say all that it does; it is kept as an action of that name"
            remedy = f"Bind the action {kind!r}, or write it out"
            self.notes.add("SC652", found, remedy, line, element(self.draft, place))
        return Hook(Give(Action(kind, data)))

    def _effect(
        self, kind: str, data: dict[str, Any], line: int | None, place: str
    ) -> Effect | None:
        """Return what a built-in action does; None when only a function could tell."""
        match kind:
            case "xstate.raise" | "xstate.send" | "xstate.sendTo":
                return self._send(kind, data, line, place)
            case "xstate.cancel" if isinstance(data.get("sendId"), str):
                return CancelSend(data["sendId"])
            case "xstate.spawnChild":
                source, name, given = data.get("src"), data.get("id"), data.get("input", {})
                if isinstance(source, str) and isinstance(name or source, str):
                    given = given if isinstance(given, dict) else {"input": given}
                    return Invoke(name or source, source, given)
            case "xstate.stopChild" | "xstate.stop":
                names = [name for name in data.values() if isinstance(name, str)]
                if len(names) == len(data) == 1:
                    return CancelInvoke(names[0])
        return None

    def _send(self, kind: str, data: dict[str, Any], line: int | None, place: str) -> Effect | None:
        event, name, to = _event(data.get("event")), data.get("id"), data.get("to")
        delay = data.get("delay")
        texts = all(one is None or isinstance(one, str) for one in (name, to))
        if event is None or not texts or not (delay is None or is_number(delay)):
            return None
        if kind == "xstate.sendTo" and to is None:
            return None
        if kind == "xstate.raise" or to == INTERNAL:
            if delay is None:
                return Raise(event)
            to = None
        return Send(event, self._delay(delay, line, place), name, to)

    def _delay(self, delay: Any, line: int | None, place: str) -> timedelta | None:
        if delay is None:
            return None
        time = duration(delay)
        if time is None:
            where = element(self.draft, place)
            self.notes.wrong("a number of milliseconds that can be waited", delay, line, where)
        return max(time or SOON, SOON)

    def _choose(self, conds: list[Any], line: int | None, place: str, depth: int) -> Hook:
        branches: list[Branch] = []
        for i, one in enumerate(conds):
            at = f"{place}.conds[{i}]"
            guard = one.get("guard", one.get("cond")) if isinstance(one, dict) else None
            if depth >= DEEPEST or not isinstance(one, dict):
                wanted = f"an object with actions, and no more than {DEEPEST} of them in each other"
                self.notes.wrong(wanted, one, line, element(self.draft, at))
                continue
            hook = None if guard is None else self.guards.read(guard, line, at)
            actions = self.read(one.get("actions"), line, at, depth + 1)
            branches.append(Branch(hook, tuple(actions)))
        return Hook(Choose(tuple(branches)))


def _event(value: Any) -> NamedEvent | None:
    if isinstance(value, str) and value:
        return NamedEvent(value)
    if isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"]:
        return NamedEvent(value["type"], {k: v for k, v in value.items() if k != "type"})
    return None
