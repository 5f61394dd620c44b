"""Contents: what the actions and guards of python-statemachine's YAML and JSON mean.

What needs no data model becomes an effect of its kind; what does becomes the action of its name,
with what the file says as parameters, as in SCXML. Nothing is evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, final

from statecharts.interop.conditions import guard
from statecharts.interop.css_times import css_time
from statecharts.interop.findings import Findings
from statecharts.interop.literals import NOTHING, literal, payload_value
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Effect, Invoke, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Branch, Choose, Give, Named, Not, parts
from statecharts.model.suggestions import did_you_mean

_INTERNAL: Final = ("#_internal", "_internal", "internal")
"""The targets that name the run's own queue of internal events."""

_DEEPEST: Final = 48
"""How many conditions may lie one inside the other."""


@final
class Contents:
    """Reads actions and guards.

    Args:
        findings: Where what is wrong is noted.
        ids: The ids in the chart of the states, by the names that the file gives them.
        events: The events that the file names; an action of such a name sends the event.
    """

    def __init__(self, findings: Findings, ids: dict[str, str], events: frozenset[str]) -> None:
        self.findings = findings
        self.ids = ids
        self.events = events
        self.element = ""
        self.coded: tuple[int, str] | None = None
        self.depth = 0

    # -- guards ------------------------------------------------------------------------------------

    def guard(self, item: Located) -> Hook | None:
        """Return the guard of a transition: all of ``cond``, and nothing of ``unless``."""
        found = [self._condition(text, item.at("cond")) for text in _several(item.get("cond"))]
        for text in _several(item.get("unless")):
            found.append(Hook(Not(self._condition(text, item.at("unless")))))
        if len(found) > 1:
            return Hook(AllOf(tuple(found)))
        return found[0] if found else None

    def _condition(self, text: str, line: int) -> Hook:
        if not text.strip():
            found = "the condition is empty"
            remedy = "Write a condition, or take the key away"
            self.findings.add("SC612", found, remedy, line, self.element)

        def resolve(state: str, quoted: bool) -> str | None:  # noqa: FBT001 - one way to be called
            known = self.ids.get(state)
            if known is None and quoted:
                found = f"In() asks for {state!r}, and there is no such state"
                remedy = did_you_mean(state, self.ids, "Name a state by its id")
                self.findings.add("SC613", found, remedy, line, self.element)
            return known

        hook = guard(text, resolve)
        if any(not name.isidentifier() for name in _names(hook)):
            self._note(line)
        return hook

    def _note(self, line: int) -> None:
        self.coded = self.coded or (line, self.element)

    # -- actions -----------------------------------------------------------------------------------

    def actions(self, owner: Located, slot: str) -> list[Hook]:
        """Return the actions of one slot, in the order in which the file says them."""
        items = _several(owner.get(slot))
        found = [hook for item in items for hook in self._action(item, owner.at(slot))]
        named = next((i for i, item in enumerate(items) if isinstance(item, str)), len(items))
        if any(not isinstance(item, str) for item in items[named:]):
            text = f"theirs does what {slot!r} names last, whatever is written behind it"
            remedy = "Expect the order of the file (SCXML 4)"
            self.findings.add("SC652", text, remedy, owner.at(slot), self.element)
        return found

    def donedata(self, done: Located) -> Hook:
        """Return the action that gives the data of a final state."""
        data: dict[str, Any] = {}
        params = self._params(done)
        if params:
            data["params"] = params
        if done.get("content") is not None:
            data["contentexpr"] = done["content"]
        value = payload_value(data)
        if value is NOTHING:
            self._note(done.line)
        brings = () if value is NOTHING or not data else (value,)
        return Hook(Give(Action("donedata", data), brings))

    def data(self, item: dict[str, Any], line: int) -> Hook:
        """Return the action that gives a variable its first value."""
        self._note(line)
        kept = {key: value for key, value in plain(item).items() if value is not None}
        return Hook(Give(Action("data", kept)))

    def invoke(self, item: Located, name: str) -> tuple[Hook, Hook]:
        """Return the hooks that start and stop a service."""
        said = {key: value for key, value in item.items() if value is not None}
        service, source = said.pop("id", name), said.pop("src", "")
        content, params = said.pop("content", None), said.pop("params", None)
        if said.pop("finalize", None):
            found = "what 'finalize' does, it does to a data model"
            remedy = "Take it away, and let transitions on the events do its work"
            self.findings.add("SC611", found, remedy, item.at("finalize"), self.element)
        data: dict[str, Any] = {f"@{key}": value for key, value in said.items()}
        if isinstance(content, dict) and not source:
            source = json.dumps(plain(content), ensure_ascii=False)
        elif content is not None:
            data["@content"] = plain(content)
        if params:
            for param, value in self._params(item).items():
                data[param] = _value(value)
        return Hook(Give(Invoke(service, source, data))), Hook(Give(CancelInvoke(service)))

    def _action(self, item: Any, line: int) -> Iterable[Hook]:
        if isinstance(item, str):
            yield Hook(Give(self._reference(item)))
            return
        for kind, body in item.items():
            if kind == "if":
                yield self._if(body)
            elif kind == "foreach":
                found = "a foreach goes through a list of a data model, and none is kept"
                remedy = "Have one action do it: the name of a method, or a script"
                self.findings.add("SC611", found, remedy, item.line or line, self.element)
            else:
                effect = getattr(self, f"_{kind}")(body, item.at(kind))
                if effect is not None:
                    yield Hook(Give(effect))

    def _reference(self, name: str) -> Effect:
        return Send(NamedEvent(name)) if name in self.events else Action(name)

    def _raise(self, body: Any, _: int) -> Effect:
        return Raise(NamedEvent(body if isinstance(body, str) else body["event"]))

    def _log(self, body: Any, line: int) -> Effect:
        self._note(line)
        return Action("log", {"expr": body} if isinstance(body, str) else _said(body))

    def _assign(self, body: Located, line: int) -> Effect:
        self._note(line)
        return Action("assign", _said(body))

    def _script(self, body: str, line: int) -> Effect:
        self._note(line)
        return Action("script", {"content": body})

    def _cancel(self, body: Located, line: int) -> Effect | None:
        if body.get("sendidexpr") is not None:
            name = literal(body["sendidexpr"])
            return CancelSend(name) if isinstance(name, str) else Action("cancel", _said(body))
        if body.get("sendid") is None:
            found = "cancel has no sendid"
            self.findings.add("SC612", found, "Give it a sendid", line, self.element)
            return None
        return CancelSend(body["sendid"])

    def _send(self, body: Located, line: int) -> Effect | None:
        said = _said(body)
        params = self._params(body)
        said.pop("params", None)
        whole = Action("send", {**said, **({"params": params} if params else {})})
        for name in ("event", "delay"):
            expression = said.pop(f"{name}expr", None)
            if expression is not None:
                said[name] = literal(expression)
                if not isinstance(said[name], str | int | float):
                    self._note(line)
                    return whole
        if not said.get("event"):
            self.findings.add("SC612", "send has no event", "Give it an event", line, self.element)
            return None
        values = {name: _value(value) for name, value in params.items()}
        coded = any(isinstance(value, dict) for value in params.values()) and any(
            values[name] is params[name] for name in params
        )
        if coded or "namelist" in said or "idlocation" in said or "content" in said:
            self._note(line)
            return whole
        return self._sent(said, NamedEvent(str(said["event"]), values), line)

    def _sent(self, said: dict[str, Any], event: NamedEvent, line: int) -> Effect:
        delay = self._delay(said.get("delay"), line)
        target = said.get("target")
        if target not in _INTERNAL:
            return Send(event, delay or None, said.get("id"), target, said.get("type"))
        if delay:
            found = "an internal event cannot be delayed"
            remedy = "Take the target away, or the delay"
            self.findings.add("SC612", found, remedy, line, self.element)
        return Raise(event)

    def _delay(self, text: Any, line: int) -> timedelta | None:
        if text is None:
            return None
        time = css_time(str(text))
        if time is None:
            time = css_time(f"{text}ms")
        if time is None:
            found = f"{text!r} is not a delay"
            remedy = "Write it as CSS does: '1.5s' or '200ms'"
            self.findings.add("SC612", found, remedy, line, self.element)
        return time

    def _if(self, body: Located) -> Hook:
        self.depth += 1
        if self.depth > _DEEPEST:
            found = f"conditions lie more than {_DEEPEST} deep one in the other"
            remedy = "Flatten them: nobody can read it"
            raise self.findings.document.error("SC604", found, remedy, body.line)
        branches = [self._branch(body)]
        branches += [self._branch(branch) for branch in _several(body.get("elif"))]
        if "else" in body:
            branches.append(Branch(None, tuple(self._inside(body, "else"))))
        self.depth -= 1
        return Hook(Choose(tuple(branches)))

    def _branch(self, body: Located) -> Branch:
        asked = self._condition(body["cond"], body.at("cond"))
        return Branch(asked, tuple(self._inside(body, "then")))

    def _inside(self, body: Located, slot: str) -> Iterable[Hook]:
        for item in _several(body.get(slot)):
            yield from self._action(item, body.at(slot))

    def _params(self, owner: Located) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for param in _several(owner.get("params")):
            said = _said(param)
            name = said.pop("name")
            if name in found:
                text = f"two params bear the name {name!r}"
                self.findings.add("SC614", text, "Rename one of them", param.line, self.element)
            elif not said:
                text = f"the param {name!r} has no value"
                remedy = "Give it an expr, or a location"
                self.findings.add("SC612", text, remedy, param.line, self.element)
            found.setdefault(name, said)
        return found


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _said(body: Located) -> dict[str, Any]:
    return {key: value for key, value in plain(body).items() if value is not None}


def _value(said: dict[str, str]) -> Any:
    """Return the value of a param: a literal's, else what the file says."""
    value = literal(said["expr"]) if list(said) == ["expr"] else NOTHING
    return said if value is NOTHING else value


def _names(hook: Hook) -> Iterable[str]:
    if isinstance(hook.function, Named):
        yield hook.function.name
    for part in parts(hook):
        yield from _names(part)
