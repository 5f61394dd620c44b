"""Structure: the tree of states of an SCXML document, before ids are given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, final

from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.scxml.notes import described, is_note
from statecharts.interop.syntax.xml import OURS, SCXML, Element
from statecharts.model.chart import StateKind
from statecharts.model.suggestions import Suggestions

KINDS: Final = {
    "state": StateKind.ATOMIC,
    "parallel": StateKind.PARALLEL,
    "final": StateKind.FINAL,
    "history": StateKind.SHALLOW_HISTORY,
}
"""What the elements are that states are written as."""

STATES: Final = frozenset(KINDS)

_BOTH: Final = ("onentry", "onexit", "transition", "datamodel", "invoke")
_INSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    # A history right inside <scxml> is not in the standard, and harmless.
    "scxml": ("state", "parallel", "final", "history", "initial", "datamodel", "script"),
    "state": ("state", "parallel", "final", "history", "initial", *_BOTH),
    "parallel": ("state", "parallel", "history", *_BOTH),
    # A transition there is told by the checks, which know what a final state is.
    "final": ("onentry", "onexit", "donedata", "transition"),
    "history": ("transition",),
}
_KNOWN: Final = frozenset(
    (
        *("scxml", "state", "parallel", "final", "history", "initial", "transition", "onentry"),
        *("onexit", "datamodel", "data", "script", "invoke", "finalize", "donedata", "param"),
        *("content", "raise", "send", "cancel", "if", "elseif", "else", "foreach", "log"),
        *("assign", "validate"),
    )
)
_ATTRIBUTES: Final = {
    "scxml": ("name", "initial", "datamodel", "binding", "version"),
    "state": ("id", "initial"),
    "parallel": ("id",),
    "final": ("id",),
    "history": ("id", "type"),
}
KEPT: Final = ("datamodel", "binding")
"""The attributes of ``<scxml>`` that mean something to a data model; they are kept in ``meta``."""

_TEXTS: Final = ("script", "content", "data", "assign")
"""The elements that text can stand in."""

_OWN: Final = ("doc", "meta")
_OWN_ATTRIBUTES: Final = (
    *("after", "closed", "else", "events", "guard", "kind", "name", "resting", "root", "trigger"),
)


@final
class Outline:
    """The tree of states of a document.

    Args:
        scxml: The root element.
        name: What the chart is called when the document does not say.
        findings: Where what is wrong is noted.

    Attributes:
        root: The chart itself; the ``source`` of each draft is its element.
        hints: Suggests words for misspelt ones.
        outer: The element whose children the outermost states are.
        by_id: The states by the ids that the document gives them.
    """

    def __init__(self, scxml: Element, name: str, findings: Findings) -> None:
        self.findings = findings
        self.hints = Suggestions()
        self.scxml = scxml
        self.foreign: dict[str, tuple[int, Element]] = {}
        self.by_id: dict[str, Draft] = {}
        self.outer = _wrapped(scxml) or scxml
        self._doubles = 1
        self._unnamed: list[tuple[Draft, str]] = []
        kind = StateKind.PARALLEL if self.outer.tag == "parallel" else StateKind.COMPOUND
        called = scxml.attributes.get("name") or name
        self.root = Draft(called, kind, scxml.line, source=self.outer)
        self._inside(scxml, self.root)
        if self.outer is not scxml:
            self._inside(self.outer, self.root)
            self.by_id[self.outer.attributes.get("id", "")] = self.root
        self._states(self.root, self.outer)
        self._name()
        self._report()

    def _states(self, parent: Draft, element: Element) -> None:
        for child in element.children:
            if child.native and child.tag in STATES and child.own("root") is None:
                draft = parent.add(self._state(child))
                self._inside(child, draft)
                self._states(draft, child)

    def _state(self, element: Element) -> Draft:
        kind = KINDS[element.tag]
        if element.tag == "history":
            depth = element.attributes.get("type", "shallow")
            if depth == "deep":
                kind = StateKind.DEEP_HISTORY
            elif depth != "shallow":
                remedy = self.hints.remedy(depth, ("shallow", "deep"), "Write 'shallow' or 'deep'")
                found = f"the type of a history is {depth!r}"
                self.findings.add("SC612", found, remedy, element.line, element.label)
        name = element.attributes.get("id")
        own = element.own("name")
        draft = Draft(name or "" if own is None else own, kind, element.line, source=element)
        if name is None:
            self._unnamed.append((draft, element.tag))
        elif not name or re.search(r"\s", name):
            found = f"the id {name!r} is not a word, so that nothing can name it"
            self.findings.add(
                "SC612", found, "Give it an id without spaces", element.line, element.label
            )
        elif name in self.by_id:
            first = self.by_id[name].line
            found = f"the state on line {first} bears the id {name!r}, too"
            self.findings.add("SC614", found, "Rename one of them", element.line, element.label)
            self._doubles += 1
            draft.name = f"{name} ({self._doubles})"
        else:
            self.by_id[name] = draft
        return draft

    def _name(self) -> None:
        """Give the states without an id a name each, the same every time."""
        counts: dict[str, int] = {}
        for draft, tag in self._unnamed:
            while not draft.name:
                counts[tag] = counts.get(tag, 0) + 1
                name = f"{tag}_{counts[tag]}"
                draft.name = "" if name in self.by_id else name
            self.by_id.setdefault(draft.name, draft)

    def _inside(self, element: Element, draft: Draft) -> None:
        """Look at what an element has that is no state."""
        self._attributes(element, draft)
        allowed = _INSIDE[element.tag]
        if element.text:
            self._text(element)
        for child in element.children:
            if child.space == OURS:
                self._own(child, draft)
            elif not child.native:
                self._keep(child, draft)
            elif child.tag not in allowed:
                self.misplaced(child, element, allowed)
            elif child.tag not in STATES:
                self._remarks(child, draft)

    def _text(self, element: Element) -> None:
        found = f"text stands here: {element.text[:40]!r}"
        remedy = "Put it in a comment, or take it away"
        self.findings.add("SC612", found, remedy, element.line, element.label)

    def misplaced(self, child: Element, parent: Element, allowed: tuple[str, ...]) -> None:
        """Note an element of SCXML that cannot stand where it does, or that there is not."""
        shown = ", ".join(f"<{tag}>" for tag in allowed)
        if child.tag in _KNOWN:
            remedy = f"Inside <{parent.tag}> can stand {shown}"
            if (parent.tag, child.tag) == ("scxml", "transition"):
                remedy = "Put one <state> around all others, and the transition in there"
            found = f"<{child.tag}> cannot stand in <{parent.tag}>"
            self.findings.add("SC612", found, remedy, child.line, child.label)
        else:
            remedy = self.hints.remedy(
                child.tag, allowed, f"Inside <{parent.tag}> can stand {shown}"
            )
            found = f"SCXML has no element <{child.tag}>"
            self.findings.add("SC611", found, remedy, child.line, child.label)

    def _attributes(self, element: Element, draft: Draft) -> None:
        tag, known = element.tag, _ATTRIBUTES[element.tag]
        version = element.attributes.get("version", "1.0") if tag == "scxml" else "1.0"
        if version != "1.0":
            draft.meta["version"] = version
            self.findings.add(
                "SC651", f"the version is {version!r}", "Taken as SCXML 1.0", element.line
            )
        for name, value in element.attributes.items():
            if name.startswith(f"{{{OURS}}}"):
                self._known(element, name.rpartition("}")[2])
            elif name.startswith("{"):
                draft.meta[name] = value
                self._count(name, element)
            elif tag == "scxml" and name in KEPT:
                draft.meta[name] = value
            elif name not in known:
                draft.meta[name] = value
                found = f"<{tag}> has no attribute {name!r}; it is only kept"
                remedy = self.hints.remedy(name, known, f"It has {', '.join(known)}")
                self.findings.add("SC651", found, remedy, element.line, element.label)

    def _own(self, child: Element, draft: Draft) -> None:
        """Take in what we have written ourselves."""
        if child.tag == "doc":
            draft.doc = "".join(part for part in child.content if isinstance(part, str))
        elif child.tag == "meta":
            try:
                meta = json.loads(child.text)
            except (ValueError, RecursionError):
                meta = None
            if isinstance(meta, dict):
                draft.meta.update(meta)
            else:
                found = "this is not a JSON object"
                self.findings.add("SC612", found, "Mend the text there", child.line, "<sc:meta>")
        else:
            remedy = self.hints.remedy(child.tag, _OWN, f"There are {', '.join(_OWN)}")
            found = f"our namespace has no element <{child.tag}> that stands in a state"
            self.findings.add("SC611", found, remedy, child.line, child.label)

    def _known(self, element: Element, name: str) -> None:
        if name not in _OWN_ATTRIBUTES:
            found = f"our namespace has no attribute {name!r}"
            remedy = self.hints.remedy(name, _OWN_ATTRIBUTES, "Take it away")
            self.findings.add("SC612", found, remedy, element.line, element.label)

    def _keep(self, child: Element, draft: Draft) -> None:
        draft.meta.setdefault("elements", []).append(described(child))
        self._count(f"{{{child.space}}}{child.tag}", child)

    def _remarks(self, element: Element, draft: Draft) -> None:
        """Keep what others say inside transitions and content, under the path to it."""
        for path, inner in _paths(element):
            said: dict[str, Any] = {}
            for name, value in inner.attributes.items():
                if name.startswith(f"{{{OURS}}}"):
                    self._known(inner, name.rpartition("}")[2])
                elif name.startswith("{"):
                    said[name] = value
                    self._count(name, inner)
            notes = [child for child in inner.children if is_note(child)]
            for note in notes:
                self._count(f"{{{note.space}}}{note.tag}", note)
            if inner.text and inner.tag not in _TEXTS:
                self._text(inner)
            if notes:
                said["elements"] = [described(note) for note in notes]
            if said:
                draft.meta.setdefault("inside", {})[path] = said

    def _count(self, name: str, element: Element) -> None:
        count, first = self.foreign.get(name, (0, element))
        self.foreign[name] = (count + 1, first)

    def _report(self) -> None:
        for name, (count, first) in self.foreign.items():
            times = "" if count == 1 else f", {count} times in all,"
            found = f"{name!r}{times} is not SCXML's; it is kept as documentation"
            remedy = "Read it in the meta of the state"
            self.findings.add("SC651", found, remedy, first.line, first.label)


def _wrapped(scxml: Element) -> Element | None:
    """Return the state that stands for the chart itself, in a document that we have written."""
    marked = (one for one in scxml.children if one.own("root") and one.tag in ("state", "parallel"))
    return next(marked, None)


def _paths(element: Element) -> Iterator[tuple[str, Element]]:
    """Yield an element and what SCXML has inside it, each with the path to it."""
    waiting = [(element.step, element)]
    while waiting:
        path, inner = waiting.pop()
        yield path, inner
        children = [
            (f"{path}/{child.step}", child)
            for child in inner.children
            if child.native
            and child.space in (SCXML, "")
            and inner.tag not in ("content", "assign", "data")
        ]
        waiting.extend(reversed(children))
