"""Content: guards and executable content, read as hooks.

An element that works without a data model becomes an effect of its kind. One that needs it, such as
an expression that is not a literal, becomes an action named after the element, with its attributes
as parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, final

from attrs import define

from statecharts.interop import conditions, limits
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import several
from statecharts.interop.literals import NOTHING, cancelled, param_value, payload_value, sent
from statecharts.interop.scxml.syntax import fragment, is_note, named, plain, walk
from statecharts.interop.syntax.xml import OURS, SCXML, Element
from statecharts.model.effects import Action, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Branch, Choose, Give, Holds, In, Named, Not

INTERNAL: Final = ("_internal", "#_internal")
"""The targets that name the run's own queue of internal events."""


@final
@define(eq=False)
class Content:
    """Reads executable content and guards; `syntax.check` has checked their elements.

    Attributes:
        ids: The ids of the states by those that the document gives them.
        coded: The first element that only a data model could evaluate.
    """

    findings: Findings
    ids: Mapping[str, str]
    coded: Element | None = None

    def guard(self, element: Element) -> Hook | None:
        """Return the guard of a transition, ``<if>`` or ``<elseif>``."""
        stated = element.own("guard")
        if stated is not None:
            hook = _guard_of(stated, self.ids.get)
            if hook is None:
                found = "sc:guard cannot be read"
                self._add("SC612", found, "Remove sc:guard; cond says the same", element)
            return hook
        text = element.attributes.get("cond")
        if text is None:
            return None
        if not text.strip():
            found = "the cond is empty, and always holds"
            self._add("SC651", found, "Write a condition, or remove cond", element)
            return None
        hook, unknown = conditions.guard(text, self.ids)
        if isinstance(hook.function, Named):
            self.coded = self.coded or element
        for state in unknown:
            found = f"In({state!r}) never holds: there is no such state"
            remedy = self.findings.suggestions.remedy(state, self.ids, "Name a state by its id")
            self._add("SC651", found, remedy, element)
        return hook

    def hooks(self, elements: Iterable[Element], depth: int = 0) -> list[Hook]:
        """Return the hooks of elements, in order, inside a number of ``<if>``."""
        found = (self.hook(element, depth) for element in elements)
        return [hook for hook in found if hook is not None]

    def hook(self, element: Element, depth: int = 0) -> Hook | None:
        """Return the hook of an element; None for one that does nothing, or is wrong."""
        if is_note(element) or element.own("after") is not None:
            return None
        if element.native and element.tag == "if":
            return self._if(element, depth + 1)
        effect = self._effect(element)
        return None if effect is None else Hook(Give(effect))

    def _effect(self, element: Element) -> Effect | None:
        said = element.attributes
        if element.space == OURS:
            return self._own(element)
        if not element.native:
            body = _with_body(element, element.attributes)
            return Action(f"{{{element.space}}}{element.tag}", body)
        match element.tag:
            case "raise":
                event = said.get("event", "").strip()
                return Raise(NamedEvent(event)) if event else None
            case "send":
                return self._send(element)
            case "cancel":
                effect = cancelled(plain(element))
                if effect is None:
                    self.missing(element, "sendid")
                return effect
            case "foreach":
                self.coded = self.coded or element
                return Action("foreach", {**plain(element), "content": _executable(element)})
            case "log" | "assign" | "script":
                return Action(element.tag, _with_body(element))
            case _:
                return None

    def data(self, element: Element) -> Hook:
        """Return the action that a ``<data>`` is."""
        self.coded = self.coded or element
        return Hook(Give(Action("data", _with_body(element))))

    def donedata(self, element: Element) -> Hook:
        """Return the action that a ``<donedata>`` is; the completion event carries literal data."""
        payload = self._payload(element)
        value = payload_value(payload)
        brings = () if value is NOTHING or not payload else (value,)
        if element.content and not brings:
            self.coded = self.coded or element
        return Hook(Give(Action("donedata", payload), brings))

    def service(self, element: Element) -> Service:
        """Return the service of an ``<invoke>``."""
        attributes = plain(element)
        source = attributes.pop("src", "")
        attributes.pop("id", None)
        data: dict[str, Any] = {f"@{key}": value for key, value in attributes.items()}
        for child in named(element, "content"):
            if any(child.children) and not source:
                source = "".join(map(fragment, child.children))
        for key, value in self._payload(element).items():
            if key == "params":
                data |= {param: param_value(said) for param, said in value.items()}
            elif key != "content" or source != value:
                data[f"@{key}"] = value
        for child in named(element, "finalize"):
            found = "a <finalize> works on a data model; it is kept in the data of the service"
            remedy = "Do its work on the transitions that take the events of the service"
            self._add("SC651", found, remedy, child)
            data["@finalize"] = _executable(child)
        return Service(source, data)

    def missing(self, element: Element, name: str) -> None:
        """Report an attribute that an element needs and does not have."""
        self._add("SC612", f"{name!r} is missing", f"Add {name}", element)

    def _add(self, code: str, found: str, remedy: str, element: Element) -> None:
        self.findings.add(code, found, remedy, element.line, element.label)

    def _send(self, element: Element) -> Effect | None:
        said, payload = plain(element), self._payload(element)
        effect = sent(said, payload)
        if isinstance(effect, Action):
            # Only SCXML's own processor needs the name of an event.
            told = {"event", "eventexpr", "typeexpr"} & said.keys()
            told |= {"content", "contentexpr"} & payload.keys()
            if not told and Send(None, type=said.get("type")).own:
                self.missing(element, "event")
            return effect
        if effect.target not in INTERNAL:
            return effect
        if effect.delay:
            found = "an internal event cannot be delayed"
            self._add("SC612", found, "Remove the target, or the delay", element)
        return Raise(effect.event)

    def _if(self, element: Element, depth: int) -> Hook:
        if depth > limits.CONDITIONS_DEEP:
            found = f"conditions are nested more than {limits.CONDITIONS_DEEP} deep"
            raise self.findings.document.error("SC604", found, "Flatten them", element.line)
        branches: list[Branch] = []
        head: Element = element
        body: list[Element] = []
        for child in (*element.children, None):
            if child is not None and not (child.native and child.tag in ("else", "elseif")):
                body.append(child)
                continue
            branches.append(Branch(self._branch(head), tuple(self.hooks(body, depth))))
            if child is not None:
                if head.tag == "else":
                    found = f"<{child.tag}> comes after the <else>"
                    self._add("SC612", found, "Put the <else> last", child)
                head, body = child, []
        return Hook(Choose(tuple(branches)))

    def _branch(self, head: Element) -> Hook | None:
        if head.tag == "else" or head.own("else") is not None:
            return None
        if head.own("guard") is None and "cond" not in head.attributes:
            self.missing(head, "cond")
        return self.guard(head)

    def _own(self, element: Element) -> Effect | None:
        params = self._payload(element).get("params", {})
        data = {name: param_value(one) for name, one in params.items()}
        return Action(element.attributes.get("name", ""), data)

    def _payload(self, element: Element) -> dict[str, Any]:
        """Return the ``params`` and the ``content`` of an element, each if it has them."""
        params: dict[str, Any] = {}
        found: dict[str, Any] = {}
        for child in named(element, "param"):
            self._param(child, params)
        for child in named(element, "content"):
            if "expr" in child.attributes:
                found["contentexpr"] = child.attributes["expr"]
            else:
                found["content"] = _inner(child)
        if params:
            if found and element.tag != "invoke":
                text = f"<{element.tag}> has both params and content"
                self._add("SC612", text, "Keep one of them", element)
            found["params"] = params
        return found

    def _param(self, element: Element, params: dict[str, Any]) -> None:
        said = plain(element)
        name = said.pop("name", "")
        if not said:
            found = f"the param {name!r} has no value"
            self._add("SC612", found, "Give it an expr, or a location", element)
        elif name in params:  # both values go out (SCXML 6.2.4)
            params[name] = [*several(params[name]), said]
        else:
            params[name] = said


def _with_body(element: Element, attributes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the attributes of an element, those in no namespace by default, and its content."""
    content = {"content": _inner(element)} if element.content else {}
    return {**(plain(element) if attributes is None else attributes), **content}


def _inner(element: Element) -> str:
    if not any(element.children):
        return element.text
    inside = (part if isinstance(part, str) else fragment(part) for part in element.content)
    return "".join(inside).strip()


def _executable(element: Element) -> str:
    """Return the executable content of an element as text, without SCXML's namespace."""
    if not element.space:  # then the whole document has no namespace
        for one in walk(element):
            one.space = one.space or SCXML
    return "".join(fragment(child, SCXML) for child in element.children)


def _guard_of(text: str, resolve: Callable[[str], str | None]) -> Hook | None:
    """Return the guard in a JSON text; None if there is no guard in it."""
    try:
        return _guard(json.loads(text), resolve, limits.CONDITIONS_DEEP)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _guard(said: Any, resolve: Callable[[str], str | None], depth: int) -> Hook:
    if depth == 0 or not isinstance(said, dict):
        raise ValueError(said)
    kind, value = next(iter(said.items()), ("", None))
    match kind, value:
        case "in", str():
            state = resolve(value)
            if state is None:
                raise KeyError(value)
            return Hook(In(state))
        case "holds", bool():
            return Hook(Holds(value))
        case "not", dict():
            return Hook(Not(_guard(value, resolve, depth - 1)))
        case "all" | "any", list():
            guards = tuple(_guard(one, resolve, depth - 1) for one in value)
            return Hook(AllOf(guards) if kind == "all" else AnyOf(guards))
        case "named", str():
            data, doc = said.get("data", {}), said.get("doc", "")
            if not isinstance(data, dict) or not isinstance(doc, str):
                raise TypeError(said)
            return Hook(Named(value, data, doc))
        case _:
            raise ValueError(said)
