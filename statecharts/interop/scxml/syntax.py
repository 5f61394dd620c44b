"""Syntax: the elements of SCXML, their attributes and contents, and printing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, final

from attrs import evolve, frozen

from statecharts.interop import limits
from statecharts.interop.css_times import css_time
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import NAME, STRING, Kind, Table, Unknown, one_of, take
from statecharts.interop.syntax.located import Located
from statecharts.interop.syntax.xml import OURS, SCXML, XML, Element

STATES: Final = ("state", "parallel", "final", "history")

_WORD: Final = Kind("a word without spaces", lambda value: bool(re.fullmatch(r"\S+", value)))
_TARGETS: Final = Kind(
    f"the ids of 1 to {limits.TARGETS} states",
    lambda value: 0 < len(value.split()) <= limits.TARGETS,
)
_DELAY: Final = Kind("a time such as '1.5s' or '200ms'", lambda value: css_time(value) is not None)

_EDITORS: Final = frozenset({"editorinfo"})
"""Elements that editors (Qt Creator) put inside transitions to know where to draw them."""


@final
@frozen
class Syntax:
    """The elements that an element may hold besides foreign ones, and its attributes, if checked.

    An opaque one may hold anything, which is kept as text.
    """

    inside: tuple[str, ...] = ()
    attributes: Table | None = None
    opaque: bool = False


def _table(tag: str, names: str = "", needs: str = "", **kinds: Kind) -> Table:
    needed = needs.split()
    keys = {**dict.fromkeys(needed, NAME), **dict.fromkeys(names.split(), STRING), **kinds}
    return Table(keys, tuple(needed), noun=f"<{tag}>")


def _kept(tag: str, names: str = "", **kinds: Kind) -> Table:
    return evolve(_table(tag, names, "", **kinds), unknown=Unknown.KEPT)


_ACTIONS: Final = ("raise", "send", "cancel", "if", "foreach", "log", "assign", "script")
_CONTENT: Final = (*_ACTIONS, "sc:action")
_PAYLOAD: Final = ("param", "content")
_LIVING: Final = ("onentry", "onexit", "transition", "datamodel", "invoke", "sc:doc", "sc:meta")

ELEMENTS: Final[Mapping[str, Syntax]] = {
    # The standard has no <history> directly inside <scxml>; it does no harm.
    "scxml": Syntax(
        (*STATES, "initial", "datamodel", "script", "sc:doc", "sc:meta"),
        _kept("scxml", "name datamodel binding version", initial=_TARGETS),
    ),
    "state": Syntax((*STATES, "initial", *_LIVING), _kept("state", id=_WORD, initial=_TARGETS)),
    "parallel": Syntax(("state", "parallel", "history", *_LIVING), _kept("parallel", id=_WORD)),
    # The checks refuse a transition there: they know what a final state is.
    "final": Syntax(
        ("onentry", "onexit", "donedata", "transition", "sc:doc", "sc:meta"),
        _kept("final", id=_WORD),
    ),
    "history": Syntax(
        ("transition", "sc:doc", "sc:meta"),
        _kept("history", id=_WORD, type=one_of("shallow", "deep")),
    ),
    "initial": Syntax(("transition",)),
    "transition": Syntax(
        _CONTENT,
        _table(
            "transition", "cond", event=NAME, target=_TARGETS, type=one_of("external", "internal")
        ),
    ),
    "onentry": Syntax(_CONTENT),
    "onexit": Syntax(_CONTENT),
    "datamodel": Syntax(("data",)),
    "donedata": Syntax(_PAYLOAD, _table("donedata")),
    "raise": Syntax((), _table("raise", needs="event")),
    "send": Syntax(
        _PAYLOAD,
        _table(
            "send",
            "eventexpr target targetexpr type typeexpr id idlocation delayexpr namelist",
            event=NAME,
            delay=_DELAY,
        ),
    ),
    "cancel": Syntax((), _table("cancel", "sendidexpr", sendid=NAME)),
    "if": Syntax((*_CONTENT, "elseif", "else"), _table("if", "cond")),
    "elseif": Syntax((), _table("elseif", "cond")),
    "else": Syntax((), _table("else")),
    "foreach": Syntax(_CONTENT, _table("foreach", "index", needs="array item")),
    "log": Syntax((), _table("log", "label expr")),
    "assign": Syntax((), _table("assign", "expr attr type", needs="location"), opaque=True),
    "script": Syntax((), _table("script", "src"), opaque=True),
    "data": Syntax((), _table("data", "src expr", needs="id"), opaque=True),
    "param": Syntax((), _table("param", "expr location", needs="name")),
    "content": Syntax((), _table("content", "expr"), opaque=True),
    "invoke": Syntax(
        (*_PAYLOAD, "finalize"),
        _table("invoke", "id idlocation type typeexpr src srcexpr namelist autoforward"),
    ),
    "finalize": Syntax(_CONTENT),
    "sc:doc": Syntax(opaque=True),
    "sc:meta": Syntax(opaque=True),
    "sc:action": Syntax(("param",), Table({"name": STRING}, ("name",), noun="<sc:action>")),
}
"""The elements of SCXML, and with ``sc:`` those of our namespace."""

_NAMES: Final = "after closed else events guard kind name resting root trigger"
_OWN: Final = Table(dict.fromkeys(_NAMES.split(), STRING), noun="our namespace")
_OURS: Final = f"{{{OURS}}}"


def own(name: str) -> str:
    """Return the whole name of an attribute of our namespace."""
    return _OURS + name


def split(name: str) -> tuple[str, str]:
    """Return the namespace of a whole name, empty for none, and the rest of it."""
    space, brace, local = name.removeprefix("{").rpartition("}")
    return (space, local) if brace else ("", name)


def plain(element: Element) -> dict[str, str]:
    """Return the attributes that are in no namespace."""
    return {name: said for name, said in element.attributes.items() if not name.startswith("{")}


def named(element: Element, tag: str) -> list[Element]:
    """Return the elements of SCXML with a tag directly inside an element."""
    return [child for child in element.children if child.native and child.tag == tag]


def is_foreign(element: Element) -> bool:
    """Tell whether an element is neither SCXML's nor ours."""
    return not element.native and element.space != OURS


def is_note(element: Element) -> bool:
    """Tell whether an element inside a transition is an editor's note, not an action."""
    return is_foreign(element) and element.tag in _EDITORS


def check(element: Element, findings: Findings) -> None:
    """Report the attributes, the text and the elements that an element may not have."""
    syntax, line = _syntax(element), element.line or 1
    if syntax.attributes is not None:
        take(Located(plain(element), line), syntax.attributes, findings, element.label)
    said = {split(n)[1]: value for n, value in element.attributes.items() if n.startswith(_OURS)}
    if said:
        take(Located(said, line), _OWN, findings, element.label)
    if syntax.opaque:
        return
    if element.text:
        found = f"there is text here: {element.text[:40]!r}"
        findings.add("SC612", found, "Put it in a comment, or remove it", line, element.label)
    for child in element.children:
        if child.key not in syntax.inside and not is_foreign(child):
            _misplaced(child, element, syntax.inside, findings)


def _syntax(element: Element) -> Syntax:
    return Syntax(opaque=True) if is_foreign(element) else ELEMENTS[element.key]


def _misplaced(
    child: Element, parent: Element, inside: tuple[str, ...], findings: Findings
) -> None:
    ours = child.space == OURS
    allowed = [key for key in inside if key.startswith("sc:") == ours]
    remedy = f"<{parent.key}> takes {', '.join(f'<{key}>' for key in allowed)}"
    remedy = remedy if allowed else "Remove it"
    executed = "raise" in inside
    if child.key in ELEMENTS:
        found = f"<{child.key}> cannot be inside <{parent.key}>"
        if (parent.tag, child.tag) == ("parallel", "final"):
            found = "a region that is itself final is not of the standard"
            findings.add("SC652", found, "Put it into a <state>", child.line, child.label)
            return
        if (parent.tag, child.tag) == ("scxml", "transition"):
            remedy = "Put one <state> around all others, and the transition in it"
        if child.tag in ("else", "elseif"):
            remedy = "Put it inside an <if>"
        findings.add("SC611" if executed else "SC612", found, remedy, child.line, child.label)
        return
    known = [key.removeprefix("sc:") for key in allowed]
    found = f"{'our namespace' if ours else 'SCXML'} has no element <{child.tag}>"
    remedy = findings.suggestions.remedy(child.tag, known, remedy)
    findings.add("SC611", found, remedy, child.line, child.label)


def parts(element: Element, path: str = "") -> Iterator[tuple[str, Element]]:
    """Yield the elements that an element may hold, except states, each with the path to it."""
    inside, counts = _syntax(element).inside, dict[str, int]()
    for child in element.children:
        number = counts[child.tag] = counts.get(child.tag, 0) + 1
        if child.key in inside and child.tag not in STATES and not is_foreign(child):
            step = f"{path}{child.tag}[{number}]"
            yield step, child
            yield from parts(child, f"{step}/")


WIDTH: Final = 100  # the length of a tag above which each of its attributes gets a line of its own

_PREFIXES: Final = {OURS: "sc", XML: "xml"}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE: Final = _TEXT | str.maketrans({"\n": "&#10;", "\t": "&#9;"})


def bearable(text: str) -> str:
    """Return a text with a replacement for each character that XML cannot hold.

    >>> bearable("a\\x00b") == "a\\N{REPLACEMENT CHARACTER}b"
    True
    """
    return _FORBIDDEN.sub("\ufffd", text)


def printed(root: Element) -> str:
    """Return a document as indented text."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _Printer(root).lines(root, "", None, lines)
    return "\n".join(lines) + "\n"


def fragment(element: Element, default: str | None = None) -> str:
    """Return an element as text by itself, within a default namespace; no white space is added."""
    return _Printer(element).inline(element, default)


def walk(element: Element) -> Iterator[Element]:
    """Yield an element and all elements inside it."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(list(one.children)))


@final
class _Printer:
    """Prints one tree; foreign namespaces are declared at its root, SCXML's is the default."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.prefixes = dict(_PREFIXES)
        self.declared: dict[str, str] = {}
        used: set[str] = set()
        for element in walk(root):
            used.update({element.space} - {SCXML})
            used.update(split(name)[0] for name in element.attributes)
        for space in sorted(used - {"", XML}):
            prefix = self.prefixes.setdefault(space, f"ns{len(self.prefixes) - 1}")
            self.declared[f"xmlns:{prefix}"] = space

    def lines(self, element: Element, margin: str, default: str | None, lines: list[str]) -> None:
        """Append the lines of an element, within a namespace of names without a prefix."""
        texts = any(isinstance(part, str) for part in element.content)
        if texts or not element.content or is_foreign(element):
            lines.append(margin + self.inline(element, default, margin))
            return
        lines.append(f"{margin}{self._tag(element, default, margin)}>")
        inside = _default(element, default)
        for child in element.children:
            self.lines(child, margin + "  ", inside, lines)
        lines.append(f"{margin}</{self._name(element)}>")

    def inline(self, element: Element, default: str | None, margin: str | None = None) -> str:
        """Return an element without white space of our own inside it."""
        tag = self._tag(element, default, margin)
        if not element.content:
            return f"{tag}/>"
        below = _default(element, default)
        inside = "".join(
            bearable(part).translate(_TEXT) if isinstance(part, str) else self.inline(part, below)
            for part in element.content
        )
        return f"{tag}>{inside}</{self._name(element)}>"

    def _tag(self, element: Element, default: str | None, margin: str | None) -> str:
        attributes: dict[str, str] = {}
        below = _default(element, default)
        if below is not None and below != (default or ""):
            attributes["xmlns"] = below
        if element is self.root:
            attributes |= self.declared
        for key, value in element.attributes.items():
            space, local = split(key)
            attributes[f"{self.prefixes[space]}:{local}" if space else local] = value
        name = self._name(element)
        shown = [f"{key}={_quoted(value)}" for key, value in attributes.items()]
        tag = " ".join([f"<{name}", *shown])
        if margin is None or len(margin) + len(tag) < WIDTH:
            return tag
        return f"<{name} " + f"\n{margin}{' ' * (len(name) + 2)}".join(shown)

    def _name(self, element: Element) -> str:
        return element.tag if element.native else f"{self.prefixes[element.space]}:{element.tag}"


def _default(element: Element, default: str | None) -> str | None:
    return element.space if element.native else default


def _quoted(text: str) -> str:
    said = bearable(text).translate(_ATTRIBUTE)
    if '"' in said and "'" not in said:
        return f"'{said}'"
    return '"' + said.replace('"', "&quot;") + '"'
