"""Content: the guards, actions, invocations and delays of a machine.

Names stay names, with their parameters. Guards and actions that XState has built in (``and``,
``or``, ``not``, ``stateIn``, ``raise``, ``sendTo``, ``cancel``, …) become ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, final

from attrs import frozen

from statecharts.interop import limits
from statecharts.interop.drafts import Draft, all_of
from statecharts.interop.grammar import several
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.structure import Targets, path_of
from statecharts.interop.xstate.syntax import BUILT_IN, CODE, FOUR, INVOCATION, MACHINE, Notes, Spot
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Branch, Choose, Give, Holds, In, Named, Not

INTERNAL: Final = "#_internal"  # the target of what version 4 puts on the run's own queue
_NOTHING: Final = object()
_DONE_HERE: Final = ("xstate.raise", "xstate.send", "xstate.sendTo", "xstate.cancel")


@final
@frozen
class Invoked:
    """One invocation: the id by which transitions name it, its object, and the place of that."""

    id: str
    source: Located
    spot: Spot


@final
@frozen
class Content:
    """Reads guards, actions and invocations."""

    notes: Notes
    targets: Targets

    def guard(self, value: Any, spot: Spot, depth: int = 0) -> Hook | None:
        """Return a guard; None for one that is wrong, which is noted."""
        if depth > limits.CONDITIONS_DEEP:
            found = f"guards are nested more than {limits.CONDITIONS_DEEP} deep"
            self.notes.note("SC612", found, "Give a part of them a name", spot)
            return None
        if isinstance(value, str) and value:
            return Hook(Named(value))
        if not isinstance(value, dict):
            self.notes.wrong("the name of a guard, or an object with a type", value, spot)
            return None
        spot = spot.inside("", value)
        of_four = value.get("type") == "xstate.guard"  # which keeps the name beside the function
        kind = value.get("name" if of_four else "type")
        if isinstance(kind, str) and kind:
            composite = None if of_four else self._composite(kind, value, spot, depth)
            rest = {k: v for k, v in value.items() if not (of_four and k in ("name", "predicate"))}
            return composite or Hook(Named(kind, self.notes.plain(parameters(rest), spot) or {}))
        text = code(value)
        if text is not None:
            return Hook(Named(text))
        return Hook(Named(*self._unnamed("guard", value, spot)))

    def state_in(self, value: Any, spot: Spot) -> Hook:
        """Return the guard that holds while the states of a state value are active."""
        states = self.targets.active(value)
        if states is None or any(state.parent is None for state in states):
            found = f"the guard asks for {value!r}, and never holds: there is no such state"
            remedy = "Name it by its id, '#id', or by its path from the machine"
            if isinstance(value, str):
                suggestions = self.notes.suggestions
                known = self.targets.spellings(spot.draft, suggestions.left)
                remedy = suggestions.remedy(value, known, remedy)
            self.notes.note("SC651", found, remedy, spot)
            states = []
        return all_of(Hook(In(state.id)) for state in states) or Hook(Holds(value=False))

    def _composite(self, kind: str, value: dict[str, Any], spot: Spot, depth: int) -> Hook | None:
        """Return a guard that XState has built in; None for any other."""
        name = kind.removeprefix("xstate.")
        if name in ("and", "or"):
            guards = _field(value, "guards", "children")
            if isinstance(guards, list):
                hooks = []
                for i, one in enumerate(guards):  # null is a function that JSON could not hold
                    inline = spot.inside(f"/guard[{i}]").inline
                    hooks.append(self.guard(inline if one is None else one, spot, depth + 1))
                known = tuple(hook for hook in hooks if hook is not None)
                if not hooks:
                    return Hook(Holds(name == "and"))
                return Hook(AllOf(known) if name == "and" else AnyOf(known))
        elif name == "not":
            guard = _field(value, "guard", "guards")
            if isinstance(guard, list) and len(guard) == 1:
                guard = guard[0]
            if isinstance(guard, str | dict):
                inner = self.guard(guard, spot, depth + 1)
                return Hook(Not(inner or Hook(Holds(value=False))))
        elif name == "stateIn":
            state = _field(value, "stateValue", "state")
            if state is not _NOTHING:
                return self.state_in(state, spot)
        else:
            return None
        if kind != name:
            found = f"the guard {kind!r} lacks its parts"
            remedy = 'Write its "guards", its "guard" or its "stateValue"'
            self.notes.note("SC612", found, remedy, spot)
        return None

    def actions(self, value: Any, spot: Spot, depth: int = 0) -> list[Hook]:
        """Return the actions of a value, in order; what is wrong is noted."""
        if value is None:
            return []
        if not isinstance(value, list):
            return self._action(value, spot, depth)
        places = ((one, spot.inside(f"[{i}]")) for i, one in enumerate(value))
        return [hook for one, at in places for hook in self._action(one, at, depth)]

    def _action(self, value: Any, spot: Spot, depth: int) -> list[Hook]:
        if value is None:
            return [Hook(Give(Action(*self._unnamed("action", None, spot))))]
        if isinstance(value, str) and value:
            return [Hook(Give(Action(value)))]
        if not isinstance(value, dict):
            self.notes.wrong("the name of an action, or an object with a type", value, spot)
            return []
        spot = spot.inside("", value)
        kind = value.get("type")
        if isinstance(kind, str) and kind:
            given = parameters(value)
            if kind == "xstate.choose" and set(given) == {"conds"}:
                if isinstance(given["conds"], list):  # which has a bound of its own
                    return [self._choose(given["conds"], spot, depth)]
            return [self._typed(kind, self.notes.plain(given, spot) or {}, spot)]
        text = code(value)
        if text is not None:
            return [Hook(Give(Action(text)))]
        return [Hook(Give(Action(*self._unnamed("action", value, spot))))]

    def _unnamed(self, role: str, value: Any, spot: Spot) -> tuple[str, dict[str, Any]]:
        """Return a name for a guard or an action that has none, and what the file says of it."""
        what = "null" if value is None else "an object without a type"
        found = f"the {role} is {what}: a function that JSON could not hold"
        self.notes.note("SC652", found, f"Bind the {role} {spot.inline!r} to it", spot)
        return spot.inline, self.notes.plain(value, spot) or {}

    def _typed(self, kind: str, data: dict[str, Any], spot: Spot) -> Hook:
        effect = None
        if set(data) <= BUILT_IN.get(kind, set()):
            effect = self._effect(kind, data, spot)
        if effect is None and kind in _DONE_HERE:
            found = f"{kind} does not say all that it does; it is kept as an action of that name"
            self.notes.note("SC652", found, f"Bind the action {kind!r}, or write it out", spot)
        return Hook(Give(effect or Action(kind, data)))

    def _effect(self, kind: str, data: dict[str, Any], spot: Spot) -> Effect | None:
        """Return the effect of a built-in action; None when only a function could tell."""
        match kind:
            case "xstate.raise" | "xstate.send" | "xstate.sendTo":
                return self._send(kind, data, spot)
            case "xstate.cancel" if isinstance(data.get("sendId"), str):
                return CancelSend(data["sendId"])
            case "xstate.spawnChild" | "xstate.stopChild" | "xstate.stop":
                # Not the call of a state: whoever runs the chart starts and stops it.
                return Action("spawnChild" if "src" in data else "stopChild", data)
        return None

    def _send(self, kind: str, data: dict[str, Any], spot: Spot) -> Effect | None:
        event, name, to = _event(data.get("event")), data.get("id"), data.get("to")
        delay = data.get("delay")
        strings = all(one is None or isinstance(one, str) for one in (name, to))
        if event is None or not strings or not (delay is None or is_number(delay)):
            return None
        if kind == "xstate.sendTo" and to is None:
            return None
        if kind == "xstate.raise" or to == INTERNAL:
            if delay is None:
                return Raise(event)
            to = None
        return Send(event, None if delay is None else self.delay(delay, spot), name, to)

    def _choose(self, conds: list[Any], spot: Spot, depth: int) -> Hook:
        branches: list[Branch] = []
        for i, one in enumerate(conds):
            at = spot.inside(f".conds[{i}]")
            if not isinstance(one, dict):
                self.notes.wrong("an object with actions", one, at)
            elif depth >= limits.CONDITIONS_DEEP:
                found = f"choices are nested more than {limits.CONDITIONS_DEEP} deep"
                self.notes.note("SC612", found, "Give a part of them a name", at)
            else:
                guard = one.get("guard", one.get("cond"))
                hook = None if guard is None else self.guard(guard, at)
                acts = self.actions(one.get("actions"), at, depth + 1)
                branches.append(Branch(hook, tuple(acts)))
        return Hook(Choose(tuple(branches)))

    def delay(self, value: Any, spot: Spot) -> timedelta:
        """Return the time that a number of milliseconds means, at least `SOON`."""
        time = duration(value)
        if time is None:
            self.notes.wrong("a number of milliseconds that a timedelta can hold", value, spot)
        return max(time or SOON, SOON)

    def invocations(self, draft: Draft) -> Iterator[Invoked]:
        """Give a state its calls, and yield them in document order; what is wrong is noted."""
        held, spot = draft.source.get("invoke"), Spot.of(draft, "invoke")
        for i, one in enumerate(several(held)):
            at = spot.inside(f"[{i}]" if isinstance(held, list) else "")
            value = Located({"src": one}, spot.line or 1) if isinstance(one, str) else one
            if isinstance(value, Located):
                yield from self._invocation(value, i, at)
            else:
                self.notes.wrong("the name of a service, or an object with src", one, at)

    def _invocation(self, held: Located, i: int, spot: Spot) -> Iterator[Invoked]:
        value, other = self.notes.take(held, INVOCATION, spot)
        key = "input" if "input" in value else "data"
        given = self.notes.plain(*spot.held(value, key))
        data = given if isinstance(given, dict) else {} if given is None else {key: given}
        source = self._service(value, i, data, spot.at(value.at("src")))
        if source is None:
            return
        if value.get("autoForward"):
            found = "a run ignores 'autoForward' of an invocation; it is kept in its meta"
            remedy = "Have whoever carries out the invocation do it"
            self.notes.note("SC651", found, remedy, spot.at(value.at("autoForward")))
        draft, default = spot.draft, self._default_id(spot.draft, i)
        id = value.get("id") or default
        short = "invoke" if source.startswith("{") else source  # the text of a machine
        name = short if id == default else ""
        calls = len(draft.invoke)
        id = draft.call(id, Service(source, data), self.notes, spot.line, name)
        meta = self.notes.kept(value, other, spot)
        if meta:
            draft.meta.setdefault("invoke", {})[list(draft.invoke)[calls]] = meta
        yield Invoked(id, value, spot)

    def _default_id(self, draft: Draft, i: int) -> str:
        own = draft.source.get("id")
        if not isinstance(own, str) or not own:
            own = ".".join([self.targets.root.name or MACHINE, *path_of(draft)])
        return f"{own}:invocation[{i}]" if self.targets.version == FOUR else f"{i}.{own}"

    def _service(self, value: Located, i: int, data: dict[str, Any], spot: Spot) -> str | None:
        """Return what to start: a name, or the text of a machine; None for neither."""
        source = value.get("src")
        if isinstance(source, str) and source:
            return source
        if isinstance(source, Located) and isinstance(source.get("type"), str):
            if "states" not in source:
                rest = {key: held for key, held in source.items() if key != "type"}
                data.update(self.notes.plain(rest, spot) or {})
                return str(source["type"])
        if isinstance(source, Located) and source:
            return json.dumps(self.notes.plain(source, spot), ensure_ascii=False)
        if source is None:
            name = Spot(spot.draft, spot.line, f"invoke[{i}]").inline
            found = "the invocation does not say what it starts: a function that JSON cannot hold"
            self.notes.note("SC652", found, f"Start what {name!r} means", spot)
            return name
        self.notes.wrong("the name of a service", source, spot)
        return None


def parameters(value: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a guard or an action: its ``params``, and the keys beside them.

    An ``exec`` that is null does not count: version 4 keeps the function of a name there.

    >>> parameters({"type": "atLeast", "params": {"count": 3}, "exec": None})
    {'count': 3}
    """
    rest = {k: v for k, v in value.items() if k not in ("type", "params")}
    rest = {k: v for k, v in rest.items() if (k, v) != ("exec", None)}
    params = value.get("params")
    if isinstance(params, dict):
        return {**rest, **params}
    return rest if params is None else {**rest, "params": params}


def code(value: dict[str, Any]) -> str | None:
    """Return the text of a function that a tool keeps in an object; None when it has none."""
    texts = [value[key] for key in CODE if isinstance(value.get(key), str) and value[key].strip()]
    return texts[0] if len(texts) == 1 else None


def _field(value: dict[str, Any], *names: str) -> Any:
    params = value.get("params")
    held = {**value, **params} if isinstance(params, dict) else value
    return next((held[name] for name in names if name in held), _NOTHING)


def _event(value: Any) -> NamedEvent | None:
    if isinstance(value, str) and value:
        return NamedEvent(value)
    if isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"]:
        return NamedEvent(value["type"], {k: v for k, v in value.items() if k != "type"})
    return None


SOON: Final = timedelta(microseconds=1)
"""The time that a delay of 0 becomes: the event comes when the macrostep is over."""


_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,2})?\s*")
_MOST: Final = 20


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, or a string that JavaScript takes for a number.

    >>> is_number("1000"), is_number(2.5), is_number("patience"), is_number(True)
    (True, True, False, False)
    """
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def duration(value: Any) -> timedelta | None:
    """Return a number of milliseconds as a time; None when it is out of reach.

    >>> duration("1000") == timedelta(seconds=1), duration(1e300) is None
    (True, True)
    """
    number = Decimal(str(value).strip())
    if number and not -_MOST <= number.adjusted() <= _MOST:
        return None
    try:
        return timedelta(microseconds=round(number * 1000))
    except OverflowError:
        return None


def milliseconds(time: timedelta) -> int | float:
    """Return a time as a number of milliseconds.

    >>> milliseconds(timedelta(seconds=2)), milliseconds(timedelta(microseconds=1500))
    (2000, 1.5)
    """
    if time % timedelta(milliseconds=1):
        return time // timedelta(microseconds=1) / 1000
    return time // timedelta(milliseconds=1)
