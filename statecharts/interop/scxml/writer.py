"""Writer: a chart as an SCXML document.

Each element is read back as soon as it is written. If SCXML's own element would be read otherwise,
one of our namespace takes its place; if that does not help either, the difference is a loss.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final, cast, final

from attrs import asdict, evolve, has

from statecharts.checks.structure import structural_faults
from statecharts.interop import conditions, limits
from statecharts.interop.css_times import css_text
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.drafts import free
from statecharts.interop.findings import Findings, Losses, state_text
from statecharts.interop.grammar import several
from statecharts.interop.literals import NOTHING, is_plain, literal, literal_text
from statecharts.interop.scxml.content import INTERNAL, Content
from statecharts.interop.scxml.structure import KEPT, KINDS, chart_of, described
from statecharts.interop.scxml.syntax import bearable, check, own, parts, printed, split, walk
from statecharts.interop.syntax.xml import INCLUDE, OURS, SCXML, Element, read
from statecharts.interop.writable import descriptors, file_ids, service_of, writable
from statecharts.model import named
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Chart,
    Declaration,
    Done,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    as_chart,
)
from statecharts.model.effects import Action, CancelSend, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.nodes import Invocation

_TAGS: Final = {
    **{kind: tag for tag, kind in KINDS.items()},
    StateKind.COMPOUND: "state",
    StateKind.DEEP_HISTORY: "history",
}
_PYTHON: Final = ("not", "and", "or")
_ECMASCRIPT: Final = ("!", "&&", "||")
_CODED: Final = ("log", "assign", "script", "foreach", "send", "cancel")
_RESERVED: Final = ("", OURS, SCXML, INCLUDE, "http://www.w3.org/2000/xmlns/")
_PLAIN_DATA: Final = "Use strings, numbers, booleans, lists and dictionaries"

_Said = Action | CancelSend | Raise | Send
"""The effects that a document can say."""

_Reading = Callable[[Content, Element], "Hook | Service | None"]
"""Reads an element as a hook, or as a service."""


def dumps(chart: Chart | type[Declaration[Any, Any]], *, allow: Iterable[str] = ()) -> str:
    """Return the text of a chart in SCXML; reading it gives an equal chart.

    Other interpreters skip the elements and attributes of our own namespace. ``allow`` names the
    codes of losses that are accepted, or is ``*`` for all of them.

    Raises:
        LossError: SCXML cannot hold all of the chart, and ``allow`` does not name the loss.

    >>> from statecharts.interop import scxml
    >>> lamp = scxml.loads('<scxml name="lamp"><state id="dark"/></scxml>')
    >>> scxml.loads(scxml.dumps(lamp)) == lamp
    True
    """
    chart = as_chart(chart, "scxml.dumps")
    losses = Losses(chart, "SCXML")
    root = _Writer(writable(chart, losses, _word), losses).document()
    for element in walk(root):
        for text in _texts(element):
            if not _is_text(text):
                found = f"{text!r} holds a character that XML cannot"
                losses.add("SC674", found, "Remove the character")
    losses.settle(allow)
    return printed(root)


@final
class _Writer:
    def __init__(self, chart: Chart, losses: Losses) -> None:
        self.chart = chart
        self.losses = losses
        self.names = _document_ids(chart)
        self.renamed = {one.name for one in chart.states if self.names[one.id] != one.name}
        python = chart.root.meta.get("datamodel") != "ecmascript"
        self.statements = _Statements(losses, self.names, python=python)
        self.calls = {one.id: file_ids(one) for one in chart.nodes.values()}
        """The ids in the document of the calls of each state, by their names."""
        self.elements: dict[str, Element] = {}
        self.timers = 0

    def document(self) -> Element:
        """Return the root element of the document."""
        chart, root = self.chart, self.chart.root
        if not chart.name:
            self.losses.add("SC674", "the chart has no name", "Name it")
        if root.doc != chart.doc:
            found = "the chart and its root are documented differently; the root's is left out"
            self.losses.add("SC675", found, "Keep one of the texts")
        known = {key: root.meta[key] for key in ("version", *KEPT) if _is_text(root.meta.get(key))}
        if known.get("version") == "1.0":  # which reading would not keep
            del known["version"]
        scxml = Element("scxml", attributes={"version": "1.0", "name": chart.name, **known})
        self.elements[ROOT] = scxml
        with self.losses.about(ROOT):
            self._notes(root, scxml, set(known), chart.doc)
            entry, coded = self._model(scxml, list(root.entry)), self.statements.coded
            while entry and (script := coded(entry[0], "script", Content.hook)):
                scxml.add(script)
                del entry[0]
            begins = root.default is not None and root.default.emit
            does = entry or root.transitions or root.exit or root.invoke or begins
            wrapped = bool(does) or root.kind is StateKind.PARALLEL
            if wrapped:
                self._wrap(scxml, entry)
            else:
                self._default(root, scxml)
            if root.resting:
                self.elements[ROOT].attributes[own("resting")] = "true"
        for node in chart.states:
            with self.losses.about(node.id):
                self._state(node)
        if wrapped:
            self._end(scxml)
        self._again(scxml)
        return scxml

    def _wrap(self, scxml: Element, entry: list[Hook]) -> None:
        """Put a state around all others, which does what ``<scxml>`` cannot."""
        root, name = self.chart.root, self.names[ROOT]
        scxml.attributes["initial"] = name
        outer = scxml.add(Element(_TAGS[root.kind], attributes={"id": name, own("root"): "true"}))
        self.elements[ROOT] = outer
        self._inside(root, outer, entry)

    def _end(self, scxml: Element) -> None:
        """End the run where an outermost final state does, now that there is a state around it."""
        root = self.chart.root
        ends = any(node.kind is StateKind.FINAL for node in self.chart.children(ROOT))
        if ends and root.kind is StateKind.COMPOUND:
            outer, name = self.elements[ROOT], self.names[ROOT]
            mark = {own("root"): "true"}
            end = {"event": f"done.state.{name}", "target": f"{name}.end"}
            outer.add(Element("transition", attributes={**end, **mark}))
            scxml.add(Element("final", attributes={"id": f"{name}.end", **mark}))

    def _state(self, node: StateNode) -> None:
        name = self.names[node.id]
        parent = self.elements[node.parent or ROOT]
        if node.kind is StateKind.FINAL and parent.tag == "parallel":
            found = f"the final state {node.id!r} is a region, and is written as an ordinary state"
            self.losses.add("SC673", found, "Put it into a compound state", node.location)
            node = evolve(node, kind=StateKind.ATOMIC)
        element = parent.add(Element(_TAGS[node.kind], attributes={"id": name}))
        if name != node.name:
            element.attributes[own("name")] = node.name
        if node.kind is StateKind.DEEP_HISTORY:
            element.attributes["type"] = "deep"
        if node.resting:
            element.attributes[own("resting")] = "true"
        self.elements[node.id] = element
        self._notes(node, element, set(), node.doc)
        entry = list(node.entry)
        if self.chart.root.meta.get("binding") == "late" and element.tag in ("state", "parallel"):
            entry = self._model(element, entry)
        self._inside(node, element, entry)

    def _notes(self, node: StateNode, element: Element, taken: set[str], doc: str) -> None:
        """Write documentation: foreign parts as they were, the rest in our namespace.

        The meta of the keys in ``taken`` is written already.
        """
        if doc:
            element.add(Element("doc", OURS, content=[doc]))
        rest: dict[str, Any] = {}
        for key, value in node.meta.items():
            space, local = split(str(key))
            if key in taken:
                continue
            if _is_theirs(space) and is_name(local) and _is_text(value):
                element.attributes[key] = value
            elif key == "elements" and (elements := _elements(value)):
                element.content.extend(elements)
            else:
                rest[key] = value
        for key in [key for key in rest if not is_plain({key: rest[key]})]:
            found = f"the meta {key!r} of {state_text(node.id)} is not plain data, and is left out"
            self.losses.add("SC675", found, _PLAIN_DATA, node.location)
            del rest[key]
        if rest:
            element.add(Element("meta", OURS, content=[literal_text(rest) or json.dumps(rest)]))

    def _inside(self, node: StateNode, element: Element, entry: list[Hook]) -> None:
        leaving = list(node.exit)
        if node.kind in HISTORY and (entry or leaving):
            found = f"the entry and exit actions of history {node.id!r} are left out"
            self.losses.add("SC673", found, "Remove it: history is never entered", node.location)
            entry, leaving = [], []
        donedata = None
        if element.tag == "final" and entry:
            donedata = self.statements.coded(entry[-1], "donedata", Content.donedata)
            entry = entry if donedata is None else entry[:-1]
        onentry, onexit = Element("onentry"), Element("onexit")
        self.statements.write(entry, onentry)
        self.statements.write(leaving, onexit)
        lines = [self._transition(node, line, onentry, onexit) for line in self._taken(node)]
        element.content.extend(part for part in (onentry, onexit) if part.content)
        self._default(node, element)
        ids = self.calls[node.id]
        element.content.extend(self.statements.invoke(one, ids[one.name]) for one in node.invoke)
        if donedata is not None:
            element.add(donedata)
        element.content.extend(lines)

    def _model(self, element: Element, entry: list[Hook]) -> list[Hook]:
        """Write the data that a state declares; return the other hooks of its entry."""
        model = Element("datamodel")
        while entry and (data := self.statements.coded(entry[0], "data", Content.data)):
            model.add(data)
            entry = entry[1:]
        if model.content:
            element.add(model)
        return entry

    def _default(self, node: StateNode, element: Element) -> None:
        default = node.default
        if default is None:
            return
        targets = " ".join(map(self._target, self._entered(node, default.targets)))
        if node.kind not in HISTORY and not default.emit:
            element.attributes["initial"] = targets
            return
        line = Element("transition", attributes={"target": targets})
        self.statements.write(default.emit, line)
        home = element if node.kind in HISTORY else element.add(Element("initial"))
        home.add(line)

    def _entered(self, node: StateNode, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Return the targets of a default; that of a history never goes to another history."""
        states = [self.chart[target] for target in targets]
        if node.kind not in HISTORY or all(state.kind not in HISTORY for state in states):
            return targets
        found = f"history {node.id!r} goes to another by default, and is written without the detour"
        self.losses.add("SC673", found, "Let it go to a state", node.location)
        inner = (s.initial if s.kind in HISTORY else (s.id,) for s in states)
        return self._entered(node, tuple(dict.fromkeys(one for some in inner for one in some)))

    def _taken(self, node: StateNode) -> Iterator[Transition]:
        """Yield the transitions of a state that SCXML can hold."""
        for line in node.transitions:
            if line.trigger == OnEvent(()):
                found = f"a transition of {state_text(node.id)} waits for no event"
                self.losses.add("SC673", f"{found}, and is left out", "Name one", line.location)
            else:
                yield line

    def _transition(
        self, node: StateNode, line: Transition, onentry: Element, onexit: Element
    ) -> Element:
        element = Element("transition")
        said = element.attributes
        match line.trigger:
            case OnEvent(events):
                self._descriptors(node, events, said)
            case Done():
                said["event"] = f"done.state.{self.names[node.id]}"
            case After() as after:
                self._after(after, said, onentry, onexit)
            case _:
                pass
        self.statements.guard(line.guard, element)
        if line.targets:
            said["target"] = " ".join(map(self._target, line.targets))
        if line.kind is TransitionKind.INTERNAL:
            said["type"] = "internal"
        elif line.kind is TransitionKind.FORBIDDEN:
            said[own("kind")] = "forbidden"
        self.statements.write(line.emit, element)
        return element

    def _descriptors(
        self, node: StateNode, events: tuple[type | str, ...], said: dict[str, str]
    ) -> None:
        words = list(descriptors(OnEvent(events), self.calls[node.id]))
        said["event"] = " ".join(words)
        if words == [f"done.state.{self.names[node.id]}"]:
            said[own("trigger")] = "event"
        for word in words:
            if word.startswith("done.state.") and word[11:] in self.renamed:
                found = f"{word!r} is about a state whose name cannot be an id of SCXML"
                self.losses.add("SC674", found, "Rename the state")

    def _after(self, after: After, said: dict[str, str], onentry: Element, onexit: Element) -> None:
        """Write a delayed transition as SCXML does: an event sent on entry, cancelled on exit."""
        self.timers += 1
        event = after.timer if is_name(after.timer) else f"timer.{self.timers}"
        send = {"event": event, "id": event}
        mark = {own("after"): after.timer}
        if isinstance(after.delay, Hook):
            found = f"the delay {after.delay.name!r} is code, and only its name is written"
            self.losses.add("SC672", found, "Give the delay as a timedelta")
            send["delayexpr"] = after.delay.name
            mark = {}
        else:
            send["delay"] = css_text(after.delay)
        said |= {"event": event, **mark}
        onentry.add(Element("send", attributes={**send, **mark}))
        onexit.add(Element("cancel", attributes={"sendid": event, **mark}))

    def _target(self, state: str) -> str:
        return self.names.get(state, state)

    def _again(self, scxml: Element) -> None:
        """Read the document; add the events if reading does not find them, and report the rest."""
        chart = self.chart
        findings = Findings(Document.of(""))
        try:
            again = chart_of(scxml, chart.name, findings)
        except DocumentError as error:
            raise self.losses.refuse(error) from None
        for fault in findings.faults:
            if fault.structural:
                found = f"the document would be refused: {fault.found}"
                self.losses.add("SC673", found, fault.remedy)
        events = [event.name for event in chart.events]
        if [event.name for event in again.events] != events:
            words = list(map(_word, events))
            if words != events:
                found = "an event of the chart has a name that is not one word"
                self.losses.add("SC674", found, "Rename the event")
            scxml.attributes[own("events")] = " ".join(words)
            again = evolve(again, events=tuple(map(EventType, words)))
        if chart.closed:
            closed = evolve(again, closed=True)
            if any(fault.code == "SC106" for fault in structural_faults(closed)):
                found = "the list of events is not written as complete"
                self.losses.add("SC671", found, "Name the events of all lines among them")
            else:
                scxml.attributes[own("closed")] = "true"
                again = closed
        self.losses.compare(chart, again)


@final
class _Statements:
    """Writes guards and hooks, in Python or in ECMAScript, with the ids of states by name."""

    def __init__(self, losses: Losses, names: Mapping[str, str], *, python: bool) -> None:
        self.losses = losses
        self.names = names
        self.ids = {name: state for state, name in names.items()}
        self.python = python

    def guard(self, hook: Hook | None, element: Element) -> None:
        """Write a guard into the attributes of an element."""
        if hook is None:
            return
        words = _PYTHON if self.python else _ECMASCRIPT
        text = conditions.guard_text(hook, words, self.names.__getitem__)
        element.attributes["cond"] = text
        if self._reads_as(text, hook):
            return
        said = _guard_json(hook, self.names.__getitem__)
        if said is None:
            self._code(f"the guard {hook.name!r}")
            alone = Hook(named.Named(text))
            said = None if self._reads_as(text, alone) else _guard_json(alone, str)
        if said is not None:
            element.attributes[own("guard")] = said
            element.attributes["cond"] = bearable(text) if text.strip() else "true"

    def _reads_as(self, text: str, hook: Hook) -> bool:
        element = Element("elseif", attributes={"cond": text})
        return bool(text.strip()) and self._same(element, Content.guard, hook)

    def _read(self, element: Element, reading: _Reading) -> Hook | Service | None:
        """Return what an element is read as; None if it would be refused."""
        findings = Findings(Document.of(""))
        check(element, findings)
        for _, part in parts(element):
            check(part, findings)
        read = reading(Content(findings, self.ids), element)
        return None if findings.refused else read

    def _same(self, element: Element, reading: _Reading, meant: Hook | Service) -> bool:
        """Tell whether an element can be written, and is read as what is meant."""
        return self._read(element, reading) == meant and _is_bearable(element)

    def write(self, hooks: Iterable[Hook], parent: Element) -> None:
        """Write hooks into an element."""
        for hook in hooks:
            parent.add(self.element(hook))

    def invoke(self, call: Invocation, name: str) -> Element:
        """Return the ``<invoke>`` of a call of a service, with an id."""
        effect = service_of(call)
        if not is_name(name):
            name = "_" + re.sub(r"[^\w-]", "_", name)
            found = f"the call {call.name!r} has a name that cannot be an id of SCXML"
            self.losses.add("SC674", found, "Rename it", call.location)
        # The text of a chart goes inside; some texts only an attribute keeps as they are.
        ways = [effect.source.lstrip().startswith("<"), False]
        for inside in ways:
            element = self._service(name, effect, inside=inside)
            if self._same(element, Content.service, effect):
                return element
        self.losses.add("SC673", f"SCXML cannot say {named.effect_text(effect)!r} exactly")
        return Element("invoke", attributes={"id": name, "src": bearable(effect.source)})

    def _service(self, name: str, service: Service, *, inside: bool) -> Element:
        element = Element("invoke", attributes={"id": name})
        content, finalize = Element("content"), Element("finalize")
        if inside:
            content.content = _parsed(service.source)
        elif service.source:
            element.attributes["src"] = service.source
        for key, value in service.data.items():
            match key:
                case "@content":
                    content.content = [str(value)]
                case "@contentexpr":
                    content.attributes["expr"] = str(value)
                case "@finalize":
                    finalize.content = _parsed(str(value), SCXML) if value else []
                case _ if key.startswith("@"):
                    element.attributes[key[1:]] = str(value)
                case _:
                    self._param(element, key, value)
        if content.content or content.attributes:
            element.add(content)
        if "@finalize" in service.data:
            element.add(finalize)
        return element

    def coded(self, hook: Hook, tag: str, reading: _Reading) -> Element | None:
        """Return the element with a tag for a hook; None if there is none."""
        action = getattr(hook.function, "effect", None)
        known = isinstance(action, Action) and action.name == tag
        element = _coded(cast("Action", action)) if known else None
        same = element is not None and self._same(element, reading, hook)
        return element if same else None

    def element(self, hook: Hook) -> Element:
        """Return the element of a hook."""
        function = hook.function
        if isinstance(function, named.Choose):
            return self._if(function.branches)
        if not isinstance(function, named.Give):
            self._code(f"the action {hook.name!r}")
            return self._named(hook.name, {})
        effect = function.effect
        if not isinstance(effect, _Said):
            kind = type(effect).__name__
            self._code(f"the effect {kind}", "Give an Action of that name instead")
            return self._named(kind, {})
        plain = _plain(effect)
        if plain is not effect and isinstance(effect, Raise | Send):
            found = f"the event class {type(effect.event).__name__} is written by its name"
            self.losses.add("SC671", found, "Send a NamedEvent instead")
        element = self._effect(plain)
        read_as = self._read(element, Content.hook)
        if read_as != Hook(evolve(function, effect=plain)):
            told = f"SCXML cannot say {named.effect_text(effect)!r} exactly"
            self.losses.add("SC673", told, "Say it as an action that it has")
        # An element that would be refused becomes an action named after the effect.
        return self._named(named.effect_text(effect), {}) if read_as is None else element

    def _effect(self, effect: _Said) -> Element:
        match effect:
            case Action():
                return self._action(effect)
            case Raise(NamedEvent(name, data)) if not data:
                return Element("raise", attributes={"event": name})
            case Raise(event):
                return self._send(event, {"target": INTERNAL[1]})
            case Send(event, delay, identity, target, kind):
                wait = None if delay is None else css_text(max(delay, timedelta(0)))
                said = {"delay": wait, "id": identity, "target": target, "type": kind}
                return self._send(event, {k: v for k, v in said.items() if v is not None})
            case CancelSend(id):
                return Element("cancel", attributes={"sendid": id})

    def _send(self, event: NamedEvent, said: dict[str, str]) -> Element:
        element = Element("send", attributes={"event": event.name, **said})
        for name, value in event.data.items():
            self._param(element, name, value, raw=False)
        return element

    def _action(self, action: Action) -> Element:
        element = _coded(action) if action.name in _CODED else _foreign(action)
        if element is not None and self._same(element, Content.hook, Hook(named.Give(action))):
            return element
        return self._named(action.name, action.data)

    def _named(self, name: str, data: Mapping[str, Any]) -> Element:
        element = Element("action", OURS, {"name": name})
        for param, value in data.items():
            self._param(element, param, value)
        return element

    def _param(self, element: Element, name: str, value: Any, *, raw: bool = True) -> None:
        if raw and isinstance(value, dict) and list(value) in (["expr"], ["location"]):
            key, text = next(iter(value.items()))
            said = Element("param", attributes={"name": name, key: text})
            if isinstance(text, str) and _is_bearable(said):
                if key == "location" or literal(text) is NOTHING:
                    element.add(said)
                    return
        text = literal_text(value, python=self.python)
        if text is None:
            found = f"{name}={value!r} is not plain data, and only its text is written"
            self.losses.add("SC671", found, _PLAIN_DATA)
            text = literal_text(str(value)) or ""
        element.add(Element("param", attributes={"name": name, "expr": text}))

    def _if(self, branches: tuple[named.Branch, ...]) -> Element:
        element = head = Element("if")
        true, false = ("True", "False") if self.python else ("true", "false")
        for number, branch in enumerate(branches):
            if number:
                last = branch.guard is None and number == len(branches) - 1
                head = element.add(Element("else" if last else "elseif"))
            if branch.guard is not None:
                self.guard(branch.guard, head)
            elif head.tag != "else":
                head.attributes |= {"cond": true, own("else"): "true"}
            self.write(branch.actions, element)
        if not branches:
            self.losses.add("SC673", "a choice without branches is left out", "Remove it")
            element.attributes["cond"] = false
        return element

    def _code(self, what: str, remedy: str = "") -> None:
        found = f"{what} is code, and only its name is written"
        remedy = remedy or "Bind a function to the name once it is read again"
        self.losses.add("SC672", found, remedy)


def _document_ids(chart: Chart) -> dict[str, str]:
    """Return the id in the document of each state: its name, or else its dotted id."""
    counts = Counter(node.name for node in chart.states)
    own = {name for name, count in counts.items() if count == 1 and is_name(name)}
    found = {node.id: node.name for node in chart.states if node.name in own}
    taken = set(found.values())
    for node in (*chart.states, chart.root):
        if node.id not in found:
            wanted = re.sub(r"[^\w.-]", "_", node.id or chart.name)
            found[node.id] = free(wanted if is_name(wanted) else f"_{wanted}", taken)
            taken.add(found[node.id])
    return found


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of an element, or an id.

    >>> is_name("s1.on"), is_name("1s"), is_name("on hold")
    (True, False, False)
    """
    return re.fullmatch(r"[^\W\d][\w.-]*", text) is not None


def _word(name: str) -> str:
    """Return the name of an event as one word."""
    return "_".join(name.split()) or "_"


def _is_text(value: object) -> bool:
    """Tell whether a value is a text that XML can hold."""
    return isinstance(value, str) and bearable(value) == value


def _is_theirs(space: str) -> bool:
    """Tell whether a namespace is one that others may have."""
    return _is_text(space) and space not in _RESERVED


def _texts(element: Element) -> Iterator[str]:
    yield from element.attributes.values()
    yield from (part for part in element.content if isinstance(part, str))


def _is_bearable(element: Element) -> bool:
    """Tell whether XML can hold all the texts of an element and of those inside it."""
    return all(map(_is_text, (text for one in walk(element) for text in _texts(one))))


def _guard_json(hook: Hook, name: Callable[[str], str]) -> str | None:
    """Return a guard as JSON; None for code, and for parameters that are not plain data."""
    said = _guard(hook, name, limits.CONDITIONS_DEEP)
    return json.dumps(said) if is_plain(said, 3 * limits.CONDITIONS_DEEP) else None


def _guard(hook: Hook, name: Callable[[str], str], depth: int) -> Any:
    if depth == 0:
        return NotImplemented  # which is not plain
    match hook.function:
        case named.In(state):
            return {"in": name(state)}
        case named.Holds(value):
            return {"holds": value}
        case named.Not(inner):
            return {"not": _guard(inner, name, depth - 1)}
        case named.AllOf(guards) | named.AnyOf(guards):
            key = "all" if isinstance(hook.function, named.AllOf) else "any"
            return {key: [_guard(one, name, depth - 1) for one in guards]}
        case named.Named(called, data, doc):
            more = {"data": dict(data), "doc": doc}
            return {"named": called, **{key: value for key, value in more.items() if value}}
        case _:
            return NotImplemented


def _plain(effect: _Said) -> _Said:
    """Return an effect as it is read: an event class becomes an event by name."""
    if not isinstance(effect, Raise | Send) or isinstance(effect.event, NamedEvent):
        return effect
    data = asdict(effect.event, recurse=False) if has(type(effect.event)) else {}
    return evolve(effect, event=NamedEvent(named.event_name(effect.event), data))


def _coded(action: Action) -> Element | None:
    """Return the element of SCXML that an action is named after; None if it cannot hold it."""
    element = Element(action.name)
    for key, value in action.data.items():
        if key == "params" and isinstance(value, dict):
            pairs = ((name, one) for name, held in value.items() for one in several(held))
            for name, said in pairs:
                if not isinstance(said, dict) or not all(map(_is_text, said.values())):
                    return None
                element.add(Element("param", attributes={"name": name, **said}))
        elif not isinstance(value, str):
            return None
        elif key == "contentexpr":
            element.add(Element("content", attributes={"expr": value}))
        elif key == "content":
            within = action.name in ("send", "donedata")
            home = element.add(Element("content")) if within else element
            # A script is text, however much it looks like markup.
            space = SCXML if action.name == "foreach" else ""
            home.content = [value] if action.name == "script" else _parsed(value, space)
        elif is_name(key):
            element.attributes[key] = value
        else:
            return None
    return element


def _foreign(action: Action) -> Element | None:
    """Return the element of a foreign namespace that an action was read from."""
    space, tag = split(action.name)
    if not is_name(tag) or not _is_theirs(space):
        return None
    element = Element(tag, space)
    for key, value in action.data.items():
        inner, local = split(key)
        if not isinstance(value, str) or not is_name(local) or local == "xmlns":
            return None
        if inner and not _is_theirs(inner):
            return None
        if key == "content":
            element.content = _parsed(value)
        else:
            element.attributes[key] = value
    return element


def _parsed(text: str, space: str = "") -> list[Element | str]:
    """Return the elements and texts of a text, within a default namespace."""
    if "<" in text:
        try:
            content = read(Document.of(f'<x xmlns="{space}">{text}</x>')).content
        except DocumentError:
            return [text]
        if any(isinstance(part, Element) for part in content):
            return content
    return [text]


def _elements(value: Any) -> list[Element] | None:
    """Return the elements in the meta of a state; None if they would be read otherwise."""
    if not isinstance(value, list):
        return None
    found: list[Element] = []
    for one in value:
        element = _element_of(one)
        if element is None or described(element) != one or not _is_theirs(element.space):
            return None
        if not all(map(_inline, walk(element))) or not _is_bearable(element):
            return None
        found.append(element)
    return found


def _element_of(data: Any) -> Element | None:
    """Return the element that data describes; None for other data."""
    if not isinstance(data, dict) or not isinstance(data.get("element"), str):
        return None
    space, brace, tag = data["element"].removeprefix("{").rpartition("}")
    attributes, content = data.get("attributes", {}), data.get("content", [])
    if not brace or not isinstance(attributes, dict) or not isinstance(content, list):
        return None
    names = [tag, *(split(str(name))[1] for name in attributes)]
    if not all(map(is_name, names)) or not all(isinstance(one, str) for one in attributes.values()):
        return None
    element = Element(tag, space, dict(attributes))
    for part in content:
        inner = part if isinstance(part, str) else _element_of(part)
        if not inner:
            return None
        element.content.append(inner)
    return element


def _inline(element: Element) -> bool:
    """Tell whether the texts of an element are apart from each other, and not blank."""
    texts = [isinstance(part, str) for part in element.content]
    joined = any(a and b for a, b in pairwise(texts))
    blank = any(not part.strip() for part in element.content if isinstance(part, str))
    return not joined and not blank
