"""Structure: an SCXML document as a tree of states, and the chart that they make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, final

from attrs import evolve

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.scxml.content import Content
from statecharts.interop.scxml.syntax import (
    ELEMENTS,
    STATES,
    check,
    is_foreign,
    is_note,
    named,
    own,
    parts,
    plain,
)
from statecharts.interop.scxml.transitions import Lines
from statecharts.interop.syntax.located import XML
from statecharts.interop.syntax.xml import SCXML, Element, read
from statecharts.model.chart import HISTORY, Chart, EventType, StateKind
from statecharts.model.hooks import Hook

KINDS: Final = {
    "state": StateKind.ATOMIC,
    "parallel": StateKind.PARALLEL,
    "final": StateKind.FINAL,
    "history": StateKind.SHALLOW_HISTORY,
}
KEPT: Final = ("datamodel", "binding")
"""The attributes of ``<scxml>`` that mean something to a data model; they are kept in ``meta``."""


def read_chart(document: Document, name: str) -> Chart:
    """Return the chart that a document holds, by this name if it has none.

    Raises:
        DocumentError: Nothing can be made of the document.
        DefinitionError: The document, or the chart in it, has faults.
    """
    scxml = read(document)
    if scxml.tag != "scxml" or not scxml.native:
        shown = f"{{{scxml.space}}}{scxml.tag}" if scxml.space else scxml.tag
        found = f"the outermost element is {shown!r}, not <scxml>"
        raise document.error("SC606", found, f'Begin with <scxml xmlns="{SCXML}">', scxml.line)
    findings = Findings(document, XML)
    return findings.settle(chart_of(scxml, name, findings))


def chart_of(scxml: Element, name: str, findings: Findings) -> Chart:
    """Return the chart that an element holds, before any checks."""
    chart = assemble(_Reading(scxml, name, findings).whole(), findings)
    events = scxml.own("events")
    if events is not None:
        chart = evolve(chart, events=tuple(map(EventType, events.split())))
    return evolve(chart, closed=True) if scxml.own("closed") == "true" else chart


@final
class _Reading:
    """Reads one document: first the tree of states, then the contents of each.

    Attributes:
        outer: The element whose children the outermost states are.
        foreign: The number of times that each foreign name occurs, and the first element.
    """

    def __init__(self, scxml: Element, name: str, findings: Findings) -> None:
        self.findings = findings
        self.scxml = scxml
        # Our writer puts one state around all others where the chart itself does something.
        around = [*named(scxml, "state"), *named(scxml, "parallel")]
        marked = (one for one in around if one.own("root"))
        self.outer = next(marked, scxml)
        kind = StateKind.PARALLEL if self.outer.tag == "parallel" else StateKind.COMPOUND
        called = scxml.attributes.get("name") or name
        self.root = Draft(called, kind, scxml.line, source=self.outer)
        self.states: dict[str, Draft] = {}
        self.foreign: dict[str, tuple[int, Element]] = {}

    def whole(self) -> Draft:
        """Return the root of the tree, with everything that the document says of each state."""
        self._notes(self.scxml, self.root)
        if self.outer is not self.scxml:
            self._notes(self.outer, self.root)
            self.states[self.outer.attributes.get("id", "")] = self.root
        self._children(self.root)
        self._name()
        drafts = identify(self.root, self.findings.document)
        content = Content(self.findings, {name: one.id for name, one in self.states.items()})
        lines = Lines(self.findings, content, self.states, drafts)
        self._begin(content)
        for draft in self.root.walk():
            self._fill(draft, content, lines)
        self._report(content.coded)
        return self.root

    def _children(self, parent: Draft) -> None:
        for element in parent.source.children:
            if element.native and element.tag in STATES and element.own("root") is None:
                draft = parent.add(self._state(element))
                self._notes(element, draft)
                self._children(draft)

    def _state(self, element: Element) -> Draft:
        kind = KINDS[element.tag]
        if kind in HISTORY and element.attributes.get("type") == "deep":
            kind = StateKind.DEEP_HISTORY
        elif kind is StateKind.PARALLEL and not any(named(element, tag) for tag in STATES[:3]):
            kind = StateKind.ATOMIC
            found = "a parallel state without regions is read as an ordinary one"
            self.findings.add("SC651", found, "Give it regions", element.line, element.label)
        name = element.attributes.get("id", "")
        own_name = element.own("name")
        called = name if own_name is None else own_name
        draft = Draft(called, kind, element.line, source=element)
        if name in self.states:
            found = f"the state on line {self.states[name].line} has the id {name!r}, too"
            self.findings.add("SC614", found, "Rename one of them", element.line, element.label)
        elif name:
            self.states[name] = draft
        return draft

    def _name(self) -> None:
        """Give each state without an id a name, the same every time."""
        counts: dict[str, int] = {}
        for draft in self.root.walk():
            tag = draft.source.tag
            if "id" in draft.source.attributes or draft is self.root:
                continue
            while not draft.name:
                counts[tag] = counts.get(tag, 0) + 1
                name = f"{tag}_{counts[tag]}"
                draft.name = "" if name in self.states else name
            self.states.setdefault(draft.name, draft)

    def _notes(self, element: Element, draft: Draft) -> None:
        """Check an element and its contents; keep its documentation."""
        check(element, self.findings)
        table = ELEMENTS[element.tag].attributes
        known = {} if table is None else table.keys
        for name, value in plain(element).items():
            if name not in known or (element.tag == "scxml" and name in KEPT):
                draft.meta[name] = value
        version = element.attributes.get("version", "1.0")
        if element.tag == "scxml" and version != "1.0":
            draft.meta["version"] = version
            found = f"the version is {version!r}"
            self.findings.add("SC651", found, "It is read as SCXML 1.0", element.line)
        draft.meta |= self._attributes(element)
        for child in element.children:
            if is_foreign(child):
                draft.meta.setdefault("elements", []).append(self._described(child))
        for path, part in parts(element):
            check(part, self.findings)
            if part.key == "sc:doc":
                draft.doc = "".join(text for text in part.content if isinstance(text, str))
            elif part.key == "sc:meta":
                self._meta(part, draft)
            said: dict[str, Any] = self._attributes(part)
            if notes := [self._described(child) for child in part.children if is_note(child)]:
                said["elements"] = notes
            if said:
                draft.meta.setdefault("inside", {})[path] = said

    def _meta(self, element: Element, draft: Draft) -> None:
        try:
            meta = json.loads(element.text)
        except (ValueError, RecursionError):
            meta = None
        if isinstance(meta, dict):
            draft.meta.update(meta)
        else:
            found = "this is not a JSON object"
            self.findings.add("SC612", found, "Fix the syntax there", element.line, element.label)

    def _attributes(self, element: Element) -> dict[str, str]:
        """Return the attributes of foreign namespaces."""
        said = element.attributes.items()
        theirs = (one for one in said if one[0][:1] == "{" and not one[0].startswith(own("")))
        found = dict(theirs)
        for name in found:
            self._count(name, element)
        return found

    def _described(self, element: Element) -> dict[str, Any]:
        self._count(f"{{{element.space}}}{element.tag}", element)
        return described(element)

    def _count(self, name: str, element: Element) -> None:
        count, first = self.foreign.get(name, (0, element))
        self.foreign[name] = (count + 1, first)

    def _begin(self, content: Content) -> None:
        """Let the chart begin with its data and its scripts."""
        late = self.root.meta.get("binding") == "late"
        if self.outer is not self.scxml:
            self.root.entry.extend(_data(self.scxml, content))
        for draft in self.root.walk():
            home = draft if late else self.root
            home.entry.extend(_data(draft.source, content))
        self.root.entry.extend(content.hooks(named(self.scxml, "script")))

    def _fill(self, draft: Draft, content: Content, lines: Lines) -> None:
        element: Element = draft.source
        for block in named(element, "onentry"):
            draft.entry.extend(content.hooks(block.children))
        for block in named(element, "onexit"):
            draft.exit.extend(content.hooks(block.children))
        draft.entry.extend(map(content.donedata, named(element, "donedata")))
        for invoke in named(element, "invoke"):
            id, service = invoke.attributes.get("id", "invoke"), content.service(invoke)
            draft.call(id, service, self.findings, invoke.line)
        if draft.kind not in HISTORY and element.tag != "scxml":
            own_lines = [one for one in named(element, "transition") if one.own("root") is None]
            found = (lines.transition(draft, one) for one in own_lines)
            draft.transitions.extend(line for line in found if line is not None)
        draft.default = lines.default(draft)
        draft.resting = element.own("resting") == "true"

    def _report(self, coded: Element | None) -> None:
        for name, (count, first) in self.foreign.items():
            times = "" if count == 1 else f", {count} times in all,"
            found = f"{name!r}{times} is not SCXML's; it is kept as documentation"
            remedy = "Read it in the meta of the state"
            self.findings.add("SC651", found, remedy, first.line, first.label)
        if coded is not None:
            found = "what it says about a data model is kept as names, and nothing evaluates it"
            remedy = "Bind functions to them: chart.bind(guards={…}, actions={…})"
            self.findings.add("SC651", found, remedy, coded.line, coded.label)


def _data(element: Element, content: Content) -> Iterator[Hook]:
    for model in named(element, "datamodel"):
        yield from map(content.data, named(model, "data"))


def described(element: Element) -> dict[str, Any]:
    """Return an element of a foreign namespace as plain data."""
    content = [part if isinstance(part, str) else described(part) for part in element.content]
    found: dict[str, Any] = {"element": f"{{{element.space}}}{element.tag}"}
    if element.attributes:
        found["attributes"] = dict(element.attributes)
    if content:
        found["content"] = content
    return found
