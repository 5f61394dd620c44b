"""Writer: a chart as an SCXML document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, final

from attrs import evolve

from statecharts.checks.structure import structural_faults
from statecharts.interop.css_times import css_text
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.findings import Findings, Losses
from statecharts.interop.scxml.ids import document_ids
from statecharts.interop.scxml.notes import is_name, is_text, say_notes, walk
from statecharts.interop.scxml.printing import bearable, printed
from statecharts.interop.scxml.reader import chart_of
from statecharts.interop.scxml.statements import Statements
from statecharts.interop.scxml.structure import KEPT
from statecharts.interop.syntax.xml import OURS, Element
from statecharts.interop.writable import remainder
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Always,
    Chart,
    Default,
    Done,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import CancelInvoke
from statecharts.model.hooks import Hook
from statecharts.model.named import Give

_TAGS: Final = {
    StateKind.ATOMIC: "state",
    StateKind.COMPOUND: "state",
    StateKind.PARALLEL: "parallel",
    StateKind.FINAL: "final",
    StateKind.SHALLOW_HISTORY: "history",
    StateKind.DEEP_HISTORY: "history",
}


def dumps(chart: Chart, *, allow: Iterable[str] = ()) -> str:
    """Return the text of a chart in SCXML; reading it gives an equal chart.

    What SCXML has no word for, and means nothing to a run, stands in a namespace of our own.

    Args:
        chart: The chart.
        allow: The codes of losses that are accepted, or ``*`` for all of them.

    Raises:
        LossError: The chart holds what SCXML does not, and ``allow`` does not name it.

    >>> from statecharts.interop import scxml
    >>> lamp = scxml.loads('<scxml name="lamp"><state id="dark"/></scxml>')
    >>> print(scxml.dumps(lamp), end="")
    <?xml version="1.0" encoding="UTF-8"?>
    <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="lamp" initial="dark">
      <state id="dark"/>
    </scxml>
    """
    losses = Losses(chart, "SCXML")
    root = _Writer(remainder(chart, losses, _word), losses).document()
    _bearable(root, losses)
    losses.settle(allow)
    return printed(root)


@final
class _Writer:
    """Writes one chart."""

    def __init__(self, chart: Chart, losses: Losses) -> None:
        self.chart = chart
        self.losses = losses
        self.wrapped = _needs_wrapper(chart.root)
        self.names = document_ids(chart)
        self.renamed = {one.name for one in chart.states if self.names[one.id] != one.name}
        self.ids = {name: state for state, name in self.names.items()}
        self.python = chart.root.meta.get("datamodel") != "ecmascript"
        self.statements = Statements(
            losses, self.names.__getitem__, self.ids.get, python=self.python
        )
        self.timers = 0

    def document(self) -> Element:
        """Write it all."""
        chart, root = self.chart, self.chart.root
        for event in chart.events:
            if event.cls is not None:
                found = f"the event class {event.cls.__name__} is written by its name"
                self.losses.add("SC671", found, "Send NamedEvents of that name to the chart")
        if not chart.name:
            self.losses.add("SC674", "the chart has no name", "Name it")
        known = {key: root.meta[key] for key in ("version", *KEPT) if is_text(root.meta.get(key))}
        if known.get("version") == "1.0":  # which reading would not keep
            del known["version"]
        scxml = Element("scxml", attributes={"version": "1.0", "name": chart.name, **known})
        self.elements = {ROOT: scxml}
        with self.losses.about(ROOT):
            say_notes(root, scxml, set(known), chart.doc, self.losses)
            entry = self._model(scxml, list(root.entry))
            while entry and (script := self._script(entry[0])) is not None:
                scxml.add(script)
                del entry[:1]
            if self.wrapped or entry:
                self._wrap(scxml, entry)
            else:
                self._default(root, scxml)
            if root.resting:
                self.elements[ROOT].attributes[_own("resting")] = "true"
        for node in chart.states:
            with self.losses.about(node.id):
                self._state(node)
        if self.wrapped or entry:
            self._end(scxml)
        self._typed()
        self._again(scxml)
        return scxml

    def _wrap(self, scxml: Element, entry: list[Hook]) -> None:
        """Put a state around all others, for what a chart does and ``<scxml>`` cannot."""
        root = self.chart.root
        name = self.names[ROOT]
        scxml.attributes["initial"] = name
        outer = scxml.add(Element(_TAGS[root.kind], attributes={"id": name, _own("root"): "true"}))
        self.elements[ROOT] = outer
        self._inside(root, outer, entry)

    def _end(self, scxml: Element) -> None:
        """End the run where an outermost final state does, now that there is a state around it."""
        root = self.chart.root
        ends = any(node.kind is StateKind.FINAL for node in self.chart.children(ROOT))
        if ends and root.kind is StateKind.COMPOUND:
            outer, name = self.elements[ROOT], self.names[ROOT]
            mark = {_own("root"): "true"}
            end = {"event": f"done.state.{name}", "target": f"{name}.end"}
            outer.add(Element("transition", attributes={**end, **mark}))
            scxml.add(Element("final", attributes={"id": f"{name}.end", **mark}))

    def _state(self, node: StateNode) -> None:
        name = self.names[node.id]
        element = Element(_TAGS[node.kind], attributes={"id": name})
        if name != node.name:
            element.attributes[_own("name")] = node.name
        if node.kind is StateKind.DEEP_HISTORY:
            element.attributes["type"] = "deep"
        if node.resting:
            element.attributes[_own("resting")] = "true"
        self.elements[node.parent or ROOT].add(element)
        self.elements[node.id] = element
        say_notes(node, element, set(), node.doc, self.losses)
        entry = list(node.entry)
        if self.chart.root.meta.get("binding") == "late" and node.kind not in HISTORY:
            if node.kind is not StateKind.FINAL:
                entry = self._model(element, entry)
        self._inside(node, element, entry)

    def _inside(self, node: StateNode, element: Element, entry: list[Hook]) -> None:
        """Write what a state does, and where it leads."""
        leaving = list(node.exit)
        if node.kind in HISTORY and (entry or leaving):
            found = f"what entering and leaving history {node.id!r} does is left out"
            self.losses.add("SC673", found, "It is never entered: take it away", node.location)
            entry, leaving = [], []
        invokes = self._invokes(node, entry, leaving)
        donedata = None
        if node.kind is StateKind.FINAL and entry:
            donedata = self.statements.donedata(entry[-1])
            entry = entry if donedata is None else entry[:-1]
        onentry, onexit = Element("onentry"), Element("onexit")
        self.statements.say(entry, onentry)
        self.statements.say(leaving, onexit)
        lines = [self._transition(node, line, onentry, onexit) for line in self._taken(node)]
        for part in (onentry, onexit):
            if part.content:
                element.add(part)
        self._default(node, element)
        for invoke in invokes:
            element.add(invoke)
        if donedata is not None:
            element.add(donedata)
        for line in lines:
            element.add(line)

    def _model(self, element: Element, entry: list[Hook]) -> list[Hook]:
        """Write the data that a state declares; return what else entering it does."""
        model = Element("datamodel")
        while entry:
            data = self.statements.data(entry[0])
            if data is None:
                break
            model.add(data)
            entry = entry[1:]
        if model.content:
            element.add(model)
        return entry

    def _invokes(self, node: StateNode, entry: list[Hook], leaving: list[Hook]) -> list[Element]:
        """Take the services off the ends of what entering and leaving do."""
        found: list[Element] = []
        while entry and leaving and node.kind not in (StateKind.FINAL, *HISTORY):
            element = self.statements.invoke(entry[-1])
            if element is None:
                break
            stop = Hook(Give(CancelInvoke(element.attributes["id"])))
            if leaving[-1] != stop:
                break
            found.insert(0, element)
            del entry[-1], leaving[-1]
        return found

    def _script(self, hook: Hook) -> Element | None:
        effect = getattr(hook.function, "effect", None)
        if getattr(effect, "name", None) != "script":
            return None
        element = self.statements.element(hook)
        return element if element.tag == "script" else None

    def _default(self, node: StateNode, element: Element) -> None:
        default = node.default
        if default is None:
            return
        targets = " ".join(map(self._target, self._led(node, default.targets)))
        if node.kind not in HISTORY and not default.emit:
            element.attributes["initial"] = targets
            return
        line = Element("transition", attributes={"target": targets})
        self.statements.say(default.emit, line)
        home = element if node.kind in HISTORY else element.add(Element("initial"))
        home.add(line)

    def _led(self, node: StateNode, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Return where a default leads; that of a history never to another history."""
        states = [self.chart[target] for target in targets]
        if node.kind not in HISTORY or all(state.kind not in HISTORY for state in states):
            return targets
        found = f"history {node.id!r} leads to another by default, and is written to lead on"
        self.losses.add("SC673", found, "Lead it to a state", node.location)
        inner = (s.initial if s.kind in HISTORY else (s.id,) for s in states)
        return self._led(node, tuple(dict.fromkeys(one for led in inner for one in led)))

    def _taken(self, node: StateNode) -> Iterator[Transition]:
        """Yield the transitions of a state that SCXML has."""
        for line in node.transitions:
            if line.trigger == OnEvent(()):
                found = f"a transition of {node.id or 'the chart'!r} waits for no event"
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
            case Always() | Default():
                pass
        self.statements.guard(line.guard, element)
        if line.targets:
            said["target"] = " ".join(map(self._target, line.targets))
        if line.kind is TransitionKind.INTERNAL:
            said["type"] = "internal"
        elif line.kind is TransitionKind.FORBIDDEN:
            said[_own("kind")] = "forbidden"
        self.statements.say(line.emit, element)
        return element

    def _descriptors(
        self, node: StateNode, events: tuple[type | str, ...], said: dict[str, str]
    ) -> None:
        words = [event for event in events if isinstance(event, str)]
        said["event"] = " ".join(words)
        if words == [f"done.state.{self.names[node.id]}"]:
            said[_own("trigger")] = "event"
        for word in words:
            if word.startswith("done.state.") and word[11:] in self.renamed:
                found = f"{word!r} is about a state whose name SCXML cannot bear as its id"
                self.losses.add("SC674", found, "Rename the state")

    def _after(self, after: After, said: dict[str, str], onentry: Element, onexit: Element) -> None:
        """Write a delayed transition as SCXML does: an event sent on entry, cancelled on exit."""
        self.timers += 1
        event = after.timer if is_name(after.timer) else f"timer.{self.timers}"
        said["event"] = event
        send = {"event": event, "id": event}
        mark = {_own("after"): after.timer}
        if isinstance(after.delay, Hook):
            found = f"the delay {after.delay.name!r} is code, and only its name is written"
            self.losses.add("SC672", found, "Give the delay as a timedelta")
            send["delayexpr"] = after.delay.name
            mark = {}
        else:
            send["delay"] = css_text(after.delay)
        said |= mark
        onentry.add(Element("send", attributes={**send, **mark}))
        onexit.add(Element("cancel", attributes={"sendid": event, **mark}))

    def _target(self, state: str) -> str:
        return self.names.get(state, state)

    def _typed(self) -> None:
        """Note what of the chart is typed Python."""
        chart = self.chart
        if chart.context is not None:
            found = f"the context {chart.context.__name__} is left out"
            self.losses.add("SC671", found, "SCXML has no typed context")
        if chart.root.doc != chart.doc:
            found = "the chart and its root are documented differently; the root's is left out"
            self.losses.add("SC675", found, "Keep one of the texts")
        for node in chart.nodes.values():
            with self.losses.about(node.id):
                self._data(node)

    def _data(self, node: StateNode) -> None:
        """Note what of a state is typed Python."""
        shown = repr(node.id) if node.id else "the chart"
        if node.data is not None:
            found = f"the data {node.data.__name__} of {shown} is left out"
            self.losses.add("SC671", found, "SCXML has no typed data", node.location)
        for line in node.transitions:
            for role in ("make", "update"):
                hook = getattr(line, role)
                if hook is not None:
                    found = f"{role}={hook.name} of a transition of {shown} is left out"
                    self.losses.add("SC671", found, "SCXML has no typed data", line.location)

    def _again(self, scxml: Element) -> None:
        """Read what has been written; write what reading would not find out, and note the rest."""
        chart = self.chart
        try:
            again = chart_of(scxml, chart.name, Findings(Document.of("")))
        except DocumentError as error:
            raise self.losses.refuse(error) from None
        events = [event.name for event in chart.events]
        if [event.name for event in again.events] != events:
            words = list(map(_word, events))
            if words != events:
                found = "an event of the chart has a name that is not one word"
                self.losses.add("SC674", found, "Rename the event")
            scxml.attributes[_own("events")] = " ".join(words)
            again = evolve(again, events=tuple(map(EventType, words)))
        if chart.closed:
            closed = evolve(again, closed=True)
            if any(fault.code == "SC106" for fault in structural_faults(closed)):
                found = "that the events are all there are is not written"
                self.losses.add("SC671", found, "Name the events of all lines among them")
            else:
                scxml.attributes[_own("closed")] = "true"
                again = closed
        self.losses.compare(chart, again)


def _needs_wrapper(root: StateNode) -> bool:
    default = () if root.default is None else root.default.emit
    return bool(root.transitions or root.exit or default or root.kind is StateKind.PARALLEL)


def _own(name: str) -> str:
    return f"{{{OURS}}}{name}"


def _bearable(root: Element, losses: Losses) -> None:
    """Note texts that XML cannot hold."""
    for element in walk(root):
        texts = [*element.attributes.values(), *(p for p in element.content if isinstance(p, str))]
        for text in texts:
            if bearable(text) != text:
                found = f"{text!r} holds a character that XML cannot"
                losses.add("SC674", found, "Take the character out")


def _word(name: str) -> str:
    """Return the name of an event as one word."""
    return "_".join(name.split()) or "_"
