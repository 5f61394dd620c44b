"""Content: what SCXML executes on entry, on exit and on transitions, read as hooks.

What needs no data model becomes an effect of its kind. What does (an expression that is no literal)
becomes the action of its element's name, with the attributes as parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, final

from statecharts.interop.css_times import css_time
from statecharts.interop.findings import Findings
from statecharts.interop.literals import NOTHING, literal, payload_value
from statecharts.interop.scxml.notes import is_note
from statecharts.interop.scxml.printing import fragment
from statecharts.interop.syntax.xml import OURS, Element
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Effect, Invoke, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Branch, Choose, Give
from statecharts.model.suggestions import Suggestions

DEEPEST: Final = 48
"""How many conditions may lie one inside the other."""

INTERNAL: Final = ("_internal", "#_internal")
"""The targets that name the run's own queue of internal events."""

_ATTRIBUTES: Final = {
    "raise": ("event",),
    "cancel": ("sendid", "sendidexpr"),
    "if": ("cond",),
    "elseif": ("cond",),
    "else": (),
    "log": ("label", "expr"),
    "assign": ("location", "expr", "attr", "type"),
    "script": ("src",),
    "param": ("name", "expr", "location"),
    "content": ("expr",),
    "donedata": (),
    "data": ("id", "src", "expr"),
    "send": (
        *("event", "eventexpr", "target", "targetexpr", "type", "typeexpr", "id", "idlocation"),
        *("delay", "delayexpr", "namelist"),
    ),
    "invoke": (
        *("id", "idlocation", "type", "typeexpr", "src", "srcexpr", "namelist", "autoforward"),
    ),
}
_EXECUTABLE: Final = ("raise", "send", "cancel", "if", "log", "assign", "script")
_OWN: Final = ("action", "invoke", "cancel-invoke")

Guard = Callable[[Element], "Hook | None"]
"""Reads the guard of an element."""


@final
class Content:
    """Reads executable content.

    Args:
        findings: Where what is wrong is noted.
        guard: Reads the guard of an ``<if>`` or ``<elseif>``.
        hints: Suggests words for misspelt ones.
    """

    def __init__(self, findings: Findings, guard: Guard, hints: Suggestions) -> None:
        self.findings = findings
        self.hints = hints
        self.guard = guard
        self.depth = 0

    def hooks(self, elements: Iterable[Element]) -> list[Hook]:
        """Return what some elements do, in order."""
        found = (self.hook(element) for element in elements)
        return [hook for hook in found if hook is not None]

    def hook(self, element: Element) -> Hook | None:
        """Return what an element does; None for nothing, which is noted where it is wrong."""
        if is_note(element) or element.own("after") is not None:
            return None
        if not element.native:
            return self._foreign(element) if element.space != OURS else self._own(element)
        if element.tag not in _EXECUTABLE:
            self._unknown(element)
            return None
        self._check(element)
        if element.tag == "if":
            return self._if(element)
        effect: Effect | None = getattr(self, f"_{element.tag}")(element)
        return None if effect is None else Hook(Give(effect))

    def data(self, element: Element) -> Hook:
        """Return the action that a ``<data>`` is."""
        self._check(element)
        self.needs(element, "id")
        return Hook(Give(Action("data", self._with_body(element))))

    def donedata(self, element: Element) -> Hook:
        """Return the action that a ``<donedata>`` is; what is literal, the completion brings."""
        self._check(element)
        payload = self._payload(element)
        value = payload_value(payload)
        brings = () if value is NOTHING or not payload else (value,)
        return Hook(Give(Action("donedata", payload), brings))

    def invoke(self, element: Element, name: str) -> tuple[Hook, Hook]:
        """Return the hooks that start and stop what an ``<invoke>`` names.

        Args:
            element: The element.
            name: The id of the service, where the element gives none.
        """
        self._check(element)
        attributes = dict(_plain(element))
        service, source = attributes.pop("id", name), attributes.pop("src", "")
        data: dict[str, Any] = {f"@{key}": value for key, value in attributes.items()}
        for child in element.children:
            if child.native and child.tag == "finalize":
                found = "what a <finalize> does, it does to a data model"
                remedy = "Take it away, and let transitions on the events do its work"
                self.findings.add("SC611", found, remedy, child.line, "<finalize>")
            elif child.native and child.tag == "content" and any(child.children) and not source:
                source = "".join(map(fragment, child.children))
        for key, value in self._payload(element, finalize=True).items():
            if key == "params":
                for param, said in value.items():
                    data[param] = _value_of(said)
            elif key != "content" or source != value:
                data[f"@{key}"] = value
        return Hook(Give(Invoke(service, source, data))), Hook(Give(CancelInvoke(service)))

    def needs(self, element: Element, *names: str) -> bool:
        """Note which of the attributes that an element has to have it lacks."""
        missing = [name for name in names if not element.attributes.get(name, "").strip()]
        for name in missing:
            found = f"<{element.tag}> has no {name}"
            self.findings.add(
                "SC612", found, f"Give it the attribute {name}", element.line, element.label
            )
        return not missing

    def _unknown(self, element: Element) -> None:
        if element.tag == "foreach":
            found = "a <foreach> goes through a list of the data model, and none is kept"
            remedy = "Have one action do it: a <script>, or an element of your own namespace"
        elif element.tag in ("else", "elseif"):
            found, remedy = f"<{element.tag}> stands outside an <if>", "Put it inside the <if>"
        else:
            found = f"<{element.tag}> is nothing that can be executed"
            shown = f"There are {', '.join(f'<{tag}>' for tag in _EXECUTABLE)}"
            remedy = self.hints.remedy(element.tag, _EXECUTABLE, shown)
        self.findings.add("SC611", found, remedy, element.line, element.label)

    def _check(self, element: Element) -> None:
        """Note the attributes that an element does not have in SCXML."""
        known = _ATTRIBUTES[element.tag]
        for name in element.attributes:
            if not name.startswith("{") and name not in known:
                found = f"<{element.tag}> has no attribute {name!r}"
                shown = f"It has {', '.join(known)}" if known else "It has none"
                remedy = self.hints.remedy(name, known, shown)
                self.findings.add("SC612", found, remedy, element.line, element.label)

    def _raise(self, element: Element) -> Effect | None:
        if not self.needs(element, "event"):
            return None
        return Raise(NamedEvent(element.attributes["event"].strip()))

    def _cancel(self, element: Element) -> Effect | None:
        said = element.attributes
        if "sendidexpr" in said:
            name = literal(said["sendidexpr"])
            return CancelSend(name) if isinstance(name, str) else Action("cancel", _plain(element))
        return CancelSend(said["sendid"]) if self.needs(element, "sendid") else None

    def _log(self, element: Element) -> Effect:
        return Action("log", _plain(element))

    def _assign(self, element: Element) -> Effect | None:
        if not self.needs(element, "location"):
            return None
        return Action("assign", self._with_body(element))

    def _script(self, element: Element) -> Effect:
        return Action("script", self._with_body(element))

    def _send(self, element: Element) -> Effect | None:
        said = dict(_plain(element))
        payload = self._payload(element)
        whole = Action("send", {**said, **payload})
        for name in ("event", "target", "type", "delay"):
            expression = said.pop(f"{name}expr", None)
            if expression is not None:
                said[name] = literal(expression)
                if not isinstance(said[name], str):
                    return whole
        if "event" not in said and "content" in payload:
            return whole
        if not said.get("event", "").strip():
            self.needs(Element("send", line=element.line), "event")
            return None
        data = _event_data(payload)
        if data is None or "idlocation" in said or "namelist" in said:
            return whole
        return self._sent(element, said, NamedEvent(said["event"].strip(), data))

    def _sent(self, element: Element, said: dict[str, Any], event: NamedEvent) -> Effect | None:
        delay = self.delay(element, said.get("delay"))
        target = said.get("target")
        if target not in INTERNAL:
            return Send(event, delay or None, said.get("id"), target, said.get("type"))
        if delay:
            found = "an internal event cannot be delayed"
            remedy = "Take the target away, or the delay"
            self.findings.add("SC612", found, remedy, element.line, element.label)
        return Raise(event)

    def delay(self, element: Element, text: str | None) -> timedelta | None:
        """Return a delay; note one that is none."""
        time = None if text is None else css_time(text)
        if text is not None and time is None:
            found = f"{text!r} is not a delay"
            remedy = "Write it as CSS does: '1.5s' or '200ms'"
            self.findings.add("SC612", found, remedy, element.line, element.label)
        return time

    def _if(self, element: Element) -> Hook | None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.depth = 0
            found = f"conditions lie more than {DEEPEST} deep one in the other"
            remedy = "Flatten them: nobody can read it"
            raise self.findings.document.error("SC604", found, remedy, element.line)
        branches: list[Branch] = []
        head: Element = element
        body: list[Element] = []
        for child in (*element.children, None):
            if child is not None and not (child.native and child.tag in ("else", "elseif")):
                body.append(child)
                continue
            branches.append(Branch(self._branch(head), tuple(self.hooks(body))))
            if child is not None:
                if head.tag == "else":
                    found = f"<{child.tag}> stands behind the <else>"
                    remedy = "Put the <else> last"
                    self.findings.add("SC612", found, remedy, child.line, child.label)
                self._check(child)
                head, body = child, []
        self.depth -= 1
        return Hook(Choose(tuple(branches)))

    def _branch(self, head: Element) -> Hook | None:
        if head.tag == "else" or head.own("else") is not None:
            return None
        if head.own("guard") is None:
            self.needs(head, "cond")
        return self.guard(head)

    def _own(self, element: Element) -> Hook | None:
        if element.tag not in _OWN:
            found = f"our namespace has no element <{element.tag}> that can be executed"
            remedy = self.hints.remedy(element.tag, _OWN, f"There are {', '.join(_OWN)}")
            self.findings.add("SC611", found, remedy, element.line, element.label)
            return None
        said, key = element.attributes, "name" if element.tag == "action" else "id"
        if key not in said and not self.needs(element, key):
            return None
        params = self._payload(element).get("params", {})
        data = {name: _value_of(said_) for name, said_ in params.items()}
        if element.tag == "action":
            return Hook(Give(Action(said["name"], data)))
        if element.tag == "invoke":
            return Hook(Give(Invoke(said["id"], said.get("source", ""), data)))
        return Hook(Give(CancelInvoke(said["id"])))

    def _foreign(self, element: Element) -> Hook:
        data: dict[str, Any] = dict(element.attributes)
        if element.content:
            data["content"] = _inner(element)
        return Hook(Give(Action(f"{{{element.space}}}{element.tag}", data)))

    def _with_body(self, element: Element) -> dict[str, Any]:
        found: dict[str, Any] = _plain(element)
        if element.content:
            found["content"] = _inner(element)
        return found

    def _payload(self, element: Element, *, finalize: bool = False) -> dict[str, Any]:
        """Return the ``params`` and the ``content`` of an element, as far as it has them."""
        params: dict[str, dict[str, str]] = {}
        found: dict[str, Any] = {}
        for child in element.children:
            if not child.native or (finalize and child.tag == "finalize"):
                continue
            if child.tag == "param":
                self._param(child, params)
            elif child.tag == "content":
                self._check(child)
                if "expr" in child.attributes:
                    found["contentexpr"] = child.attributes["expr"]
                else:
                    found["content"] = _inner(child)
            else:
                found_ = f"<{child.tag}> cannot stand in <{element.tag}>"
                remedy = "Inside it can stand <param> and <content>"
                self.findings.add("SC612", found_, remedy, child.line, child.label)
        if params:
            found["params"] = params
            if len(found) > 1 and element.tag != "invoke":
                text = f"<{element.tag}> has both params and content"
                remedy = "Take one of them away"
                self.findings.add("SC612", text, remedy, element.line, element.label)
        return found

    def _param(self, element: Element, params: dict[str, dict[str, str]]) -> None:
        self._check(element)
        said = _plain(element)
        name = said.pop("name", None)
        if name is None:
            self.needs(element, "name")
        elif name in params:
            found = f"two params bear the name {name!r}"
            self.findings.add("SC614", found, "Rename one of them", element.line, element.label)
        elif not said:
            found = f"the param {name!r} has no value"
            remedy = "Give it an expr, or a location"
            self.findings.add("SC612", found, remedy, element.line, element.label)
        else:
            params[name] = said


def _plain(element: Element) -> dict[str, str]:
    """Return the attributes that are in no namespace."""
    return {name: said for name, said in element.attributes.items() if not name.startswith("{")}


def _inner(element: Element) -> str:
    """Return what is inside an element, as text."""
    if not any(element.children):
        return element.text
    parts = (part if isinstance(part, str) else fragment(part) for part in element.content)
    return "".join(parts).strip()


def _value_of(said: dict[str, str]) -> Any:
    """Return the value of a param: a literal's, else what the file says."""
    value = literal(said["expr"]) if list(said) == ["expr"] else NOTHING
    return said if value is NOTHING else value


def _event_data(payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return the data of an event whose payload is literal; None for one that is not."""
    found: dict[str, Any] = {}
    for name, said in payload.get("params", {}).items():
        value = literal(said["expr"]) if list(said) == ["expr"] else NOTHING
        if value is NOTHING:
            return None
        found[name] = value
    content = NOTHING
    if "contentexpr" in payload:
        content = literal(payload["contentexpr"])
        if content is NOTHING:
            return None
    elif "content" in payload:
        if payload["content"].startswith("<"):
            return None
        content = literal(payload["content"])
        content = payload["content"] if content is NOTHING else content
    if content is NOTHING:
        return found
    return content if isinstance(content, dict) else {"content": content}
