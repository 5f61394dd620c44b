"""Statements: guards and hooks written as SCXML says them, or as our namespace does.

Whatever is written is read back at once, and compared: what SCXML would say otherwise is said in
our namespace, and what neither can say is a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, final

import attrs

from statecharts.interop import conditions
from statecharts.interop.css_times import css_text
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.findings import Findings, Losses
from statecharts.interop.literals import NOTHING, literal, literal_text
from statecharts.interop.scxml.content import INTERNAL, Content
from statecharts.interop.scxml.guards import guard_json
from statecharts.interop.scxml.notes import is_name, is_theirs
from statecharts.interop.scxml.printing import bearable, is_bearable
from statecharts.interop.syntax.xml import OURS, Element, read
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Invoke, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Branch, Choose, Give, Named, effect_text, event_name
from statecharts.model.suggestions import Suggestions

WORDS: Final = ("not", "and", "or")
"""What the operators of conditions are called in Python, and nearly everywhere."""

SYMBOLS: Final = ("!", "&&", "||")
"""What they are called in ECMAScript."""

_CODED: Final = ("log", "assign", "script", "send", "cancel")
_SOURCES: Final = (["expr"], ["location"])


Said = Action | CancelInvoke | CancelSend | Invoke | Raise | Send
"""The effects that a document can say."""


@final
class Statements:
    """Writes guards and hooks.

    Args:
        losses: Where what cannot be written is noted.
        name: Gives the id in the document of a state.
        state: Gives the id of a state of the document.
        python: Whether constants and operators are written as Python does, or as ECMAScript.
    """

    def __init__(
        self,
        losses: Losses,
        name: Callable[[str], str],
        state: Callable[[str], str | None],
        *,
        python: bool,
    ) -> None:
        self.losses = losses
        self.name = name
        self.state = state
        self.python = python

    def guard(self, hook: Hook | None, element: Element) -> None:
        """Say a guard in the attributes of an element."""
        if hook is None:
            return
        meant = _meant(hook)
        text = conditions.guard_text(meant, WORDS if self.python else SYMBOLS, self.name)
        element.attributes["cond"] = text
        if self._reads_as(text, meant):
            return
        said = guard_json(meant, self.name)
        if said is None:
            found = f"the guard {hook.name!r} is code, and only its name is written"
            self._lose("SC672", found, "Bind a function to the name, once it is read again")
            named = Hook(Named(text))
            said = None if self._reads_as(text, named) else guard_json(named, self.name)
        if said is not None:
            element.attributes[_GUARD] = said
            element.attributes["cond"] = bearable(text) if text.strip() else "true"

    def _reads_as(self, text: str, hook: Hook) -> bool:
        """Tell whether a condition is read as a guard."""
        unknown: list[str] = []

        def resolve(state: str, quoted: bool) -> str | None:  # noqa: FBT001 - one way to be called
            known = self.state(state)
            if known is None and quoted:  # which the reader refuses, whatever becomes of the text
                unknown.append(state)
            return known

        if not text.strip() or not is_bearable(Element("if", attributes={"cond": text})):
            return False
        return conditions.guard(text, resolve) == hook and not unknown

    def say(self, hooks: Iterable[Hook], parent: Element) -> None:
        """Say what hooks do inside an element."""
        for hook in hooks:
            parent.add(self.element(hook))

    def invoke(self, hook: Hook) -> Element | None:
        """Return the ``<invoke>`` that a hook stands for; None where there is none."""
        effect = getattr(hook.function, "effect", None)
        if not isinstance(effect, Invoke):
            return None
        element = Element("invoke", attributes={"id": effect.id})
        content = Element("content")
        if effect.source.lstrip().startswith("<"):
            content.content = _parsed(effect.source) or []
        elif effect.source:
            element.attributes["src"] = effect.source
        for key, value in effect.data.items():
            if key in ("@content", "@contentexpr"):
                if key == "@content":
                    content.content = [str(value)]
                else:
                    content.attributes["expr"] = str(value)
            elif key.startswith("@"):
                element.attributes[key[1:]] = str(value)
            else:
                self._param(element, key, value)
        if content.content or content.attributes:
            element.add(content)
        checker = _checker()
        if is_name(effect.id) and checker.invoke(element, "")[0] == hook:
            return None if checker.findings.faults else element
        return None

    def data(self, hook: Hook) -> Element | None:
        """Return the ``<data>`` that a hook stands for; None where there is none."""
        action = _action(hook, "data")
        element = None if action is None else self._coded(action)
        return element if element is not None and _checker().data(element) == hook else None

    def donedata(self, hook: Hook) -> Element | None:
        """Return the ``<donedata>`` that a hook stands for; None where there is none."""
        action = _action(hook, "donedata")
        element = None if action is None else self._coded(action)
        return element if element is not None and _checker().donedata(element) == hook else None

    def element(self, hook: Hook) -> Element:
        """Return the element that says what a hook does."""
        function = hook.function.reference if isinstance(hook.function, Bound) else hook.function
        if isinstance(function, Choose):
            return self._if(function.branches)
        if not isinstance(function, Give):
            found = f"the action {hook.name!r} is code, and only its name is written"
            self._lose("SC672", found, "Bind a function to the name, once it is read again")
            return self._named(hook.name, {})
        effect = function.effect
        if not isinstance(effect, Said):
            found = f"the effect {type(effect).__name__} is code, and only its name is written"
            self._lose("SC672", found, "Give an Action of that name instead")
            return self._named(type(effect).__name__, {})
        element = self._effect(effect)
        read = _checker().hook(element)
        if read != Hook(attrs.evolve(function, effect=_plain(effect))):
            found = f"SCXML cannot say {effect_text(effect)!r} exactly"
            self._lose("SC673", found, "Say it as an action that it has")
        # What would be refused when it is read is written as an action that is called so.
        return self._named(effect_text(effect), {}) if read is None else element

    def _effect(self, effect: Said) -> Element:
        match effect:
            case Action():
                return self._action(effect)
            case Raise(event):
                data = self._data(event)
                if not data:
                    return Element("raise", attributes={"event": event_name(event)})
                return self._send(event_name(event), data, {"target": INTERNAL[1]})
            case Send(event, delay):
                said = {
                    "delay": None if delay is None else css_text(max(delay, timedelta(0))),
                    "id": effect.id,
                    "target": effect.target,
                    "type": effect.type,
                }
                kept = {key: value for key, value in said.items() if value is not None}
                return self._send(event_name(event), self._data(event), kept)
            case CancelSend(id):
                return Element("cancel", attributes={"sendid": id})
            case Invoke(id, source, data):
                return self._named(id, data, "invoke", {"source": source} if source else {})
            case CancelInvoke(id):
                return self._named(id, {}, "cancel-invoke")

    def _send(self, event: str, data: Mapping[str, Any], said: dict[str, str]) -> Element:
        element = Element("send", attributes={"event": event, **said})
        for name, value in data.items():
            self._param(element, name, value, raw=False)
        return element

    def _action(self, action: Action) -> Element:
        wanted = Hook(Give(action))
        element = self._coded(action) if action.name in _CODED else _foreign(action)
        if element is not None:
            checker = _checker()
            same = checker.hook(element) == wanted and not checker.findings.faults
            if same and is_bearable(element):
                return element
        return self._named(action.name, action.data)

    def _coded(self, action: Action) -> Element | None:
        """Return the element of SCXML that an action which bears its name stands for."""
        element = Element(action.name)
        for key, value in action.data.items():
            if key == "params" and isinstance(value, dict):
                for name, said in value.items():
                    if not isinstance(said, dict) or not all(map(_is_text, said.values())):
                        return None
                    element.add(Element("param", attributes={"name": name, **said}))
            elif not isinstance(value, str):
                return None
            elif key == "contentexpr":
                element.add(Element("content", attributes={"expr": value}))
            elif key == "content":
                home = element
                if action.name in ("send", "donedata"):
                    home = element.add(Element("content"))
                home.content = _parsed(value) or []
            elif is_name(key):
                element.attributes[key] = value
            else:
                return None
        return element

    def _named(
        self,
        name: str,
        data: Mapping[str, Any],
        tag: str = "action",
        said: Mapping[str, str] | None = None,
    ) -> Element:
        key = "name" if tag == "action" else "id"
        element = Element(tag, OURS, {key: name, **(said or {})})
        for param, value in data.items():
            self._param(element, param, value)
        return element

    def _param(self, element: Element, name: str, value: Any, *, raw: bool = True) -> None:
        if raw and isinstance(value, dict) and list(value) in _SOURCES:
            key, text = next(iter(value.items()))
            said = Element("param", attributes={"name": name, key: text})
            if isinstance(text, str) and is_bearable(said):
                if key == "location" or literal(text) is NOTHING:
                    element.add(said)
                    return
        text = literal_text(value, python=self.python)
        if text is None:
            found = f"{name}={value!r} is no plain data, and only its text is written"
            self._lose("SC671", found, "Use texts, numbers, truth values, lists and dictionaries")
            text = literal_text(str(value)) or ""
        element.add(Element("param", attributes={"name": name, "expr": text}))

    def _data(self, event: Any) -> Mapping[str, Any]:
        if isinstance(event, NamedEvent):
            return event.data
        found = f"the event class {type(event).__name__} is written by its name"
        self._lose("SC671", found, "Send a NamedEvent instead")
        return _fields(event)

    def _if(self, branches: tuple[Branch, ...]) -> Element:
        element = Element("if")
        head = element
        for number, branch in enumerate(branches):
            last = number == len(branches) - 1
            if number:
                plain = branch.guard is None and last
                head = element.add(Element("else" if plain else "elseif"))
            if branch.guard is not None:
                self.guard(branch.guard, head)
            elif head.tag != "else":
                head.attributes |= {"cond": "True" if self.python else "true", _ELSE: "true"}
            self.say(branch.actions, element)
        if not branches:
            self._lose("SC673", "a choice without branches is left out", "Take it away")
            element.attributes["cond"] = "False" if self.python else "false"
        return element

    def _lose(self, code: str, found: str, remedy: str) -> None:
        self.losses.add(code, found, remedy)


_GUARD: Final = f"{{{OURS}}}guard"
_ELSE: Final = f"{{{OURS}}}else"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _meant(hook: Hook) -> Hook:
    """Return a guard with its names in place of the functions behind them."""
    function: Any = hook.function
    if isinstance(function, Bound):
        return Hook(function.reference)
    guards = getattr(function, "guards", None)
    if guards is not None:
        return Hook(type(function)(tuple(map(_meant, guards))))
    inner = getattr(function, "guard", None)
    return hook if inner is None else Hook(type(function)(_meant(inner)))


def _plain(effect: Said) -> Said:
    """Return an effect as reading can give it: an event class is an event by name."""
    if isinstance(effect, Raise | Send) and not isinstance(effect.event, NamedEvent):
        named = NamedEvent(event_name(effect.event), _fields(effect.event))
        return attrs.evolve(effect, event=named)
    return effect


def _fields(event: Any) -> dict[str, Any]:
    """Return the payload of an event that is no `NamedEvent`."""
    return attrs.asdict(event, recurse=False) if attrs.has(type(event)) else {}


def _action(hook: Hook, name: str) -> Action | None:
    effect = getattr(hook.function, "effect", None)
    return effect if isinstance(effect, Action) and effect.name == name else None


def _foreign(action: Action) -> Element | None:
    """Return the element of a foreign namespace that an action was read from."""
    space, brace, tag = action.name.removeprefix("{").rpartition("}")
    if not brace or not is_name(tag) or not is_theirs(space):
        return None
    element = Element(tag, space)
    for key, value in action.data.items():
        inner, brace, local = key.removeprefix("{").rpartition("}")
        if not isinstance(value, str) or not is_name(local) or local == "xmlns":
            return None
        if brace and not is_theirs(inner):
            return None
        if key == "content":
            element.content = _parsed(value) or []
        else:
            element.attributes[key] = value
    return element


def _parsed(text: str) -> list[Element | str] | None:
    """Return what a text that may hold elements is made of."""
    if "<" not in text:
        return [text]
    try:
        content = read(Document.of(f"<x>{text}</x>")).content
    except DocumentError:
        return [text]
    return content if any(isinstance(part, Element) for part in content) else [text]


def _checker() -> Content:
    """Return a reader that notes what is wrong where nobody looks."""
    return Content(Findings(Document.of("")), lambda element: None, Suggestions())  # noqa: ARG005
