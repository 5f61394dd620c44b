"""Printing: elements as indented XML text."""

from __future__ import annotations

import re
from typing import Final, final

from statecharts.interop.syntax.xml import OURS, SCXML, XML, Element

WIDTH: Final = 100
"""How long a tag may be before its attributes stand below one another."""

_PREFIXES: Final = {OURS: "sc", XML: "xml"}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def bearable(text: str) -> str:
    """Return a text with what XML cannot hold replaced.

    >>> bearable("a\\x00b") == "a\\N{REPLACEMENT CHARACTER}b"
    True
    """
    return _FORBIDDEN.sub("\ufffd", text)


def is_bearable(element: Element) -> bool:
    """Tell whether XML can hold all the texts of an element and of those inside it."""
    texts = [*element.attributes.values(), *(p for p in element.content if isinstance(p, str))]
    return all(bearable(text) == text for text in texts) and all(map(is_bearable, element.children))


def printed(root: Element) -> str:
    """Return a document as text."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _Printer(root).lines(root, "", None, lines)
    return "\n".join(lines) + "\n"


def fragment(element: Element) -> str:
    """Return an element as text that can stand by itself, without white space of its own."""
    return _Printer(element).inline(element, None)


@final
class _Printer:
    """Prints one tree; foreign namespaces are declared at its root, SCXML's is the default one."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.prefixes = dict(_PREFIXES)
        self.declared: dict[str, str] = {}
        used: set[str] = set()
        waiting = [root]
        while waiting:
            element = waiting.pop()
            used.update({element.space} - {SCXML})
            used.update(_split(name)[0] for name in element.attributes)
            waiting.extend(element.children)
        for space in sorted(used - {"", XML}):
            prefix = self.prefixes.setdefault(space, f"ns{len(self.prefixes) - 1}")
            self.declared[f"xmlns:{prefix}"] = space

    def lines(self, element: Element, margin: str, default: str | None, lines: list[str]) -> None:
        """Add the lines of an element.

        Args:
            element: The element.
            margin: The white space in front of it.
            default: The namespace of names without a prefix, where it stands.
            lines: Where the lines go.
        """
        texts = any(isinstance(part, str) for part in element.content)
        if texts or not element.content or element.space not in ("", SCXML, OURS):
            lines.append(margin + self.inline(element, default, margin))
            return
        lines.append(f"{margin}{self._tag(element, default, margin)}>")
        inside = self._default(element, default)
        for child in element.children:
            self.lines(child, margin + "  ", inside, lines)
        lines.append(f"{margin}</{self._name(element)}>")

    def inline(self, element: Element, default: str | None, margin: str | None = None) -> str:
        """Return an element without white space of our own inside it."""
        tag = self._tag(element, default, margin)
        if not element.content:
            return f"{tag}/>"
        below = self._default(element, default)
        inside = "".join(
            bearable(part).translate(_TEXT) if isinstance(part, str) else self.inline(part, below)
            for part in element.content
        )
        return f"{tag}>{inside}</{self._name(element)}>"

    def _default(self, element: Element, default: str | None) -> str | None:
        return element.space if element.space in ("", SCXML) else default

    def _tag(self, element: Element, default: str | None, margin: str | None) -> str:
        attributes: dict[str, str] = {}
        below = self._default(element, default)
        if below is not None and below != (default or ""):
            attributes["xmlns"] = below
        if element is self.root:
            attributes |= self.declared
        for key, value in element.attributes.items():
            space, local = _split(key)
            attributes[f"{self.prefixes[space]}:{local}" if space else local] = value
        name = self._name(element)
        shown = [f"{key}={_quoted(value)}" for key, value in attributes.items()]
        tag = " ".join([f"<{name}", *shown])
        if margin is None or len(margin) + len(tag) < WIDTH:
            return tag
        return f"<{name} " + f"\n{margin}{' ' * (len(name) + 2)}".join(shown)

    def _name(self, element: Element) -> str:
        if element.space in ("", SCXML):
            return element.tag
        return f"{self.prefixes[element.space]}:{element.tag}"


def _split(name: str) -> tuple[str, str]:
    space, brace, local = name.removeprefix("{").rpartition("}")
    return (space, local) if brace else ("", name)


def _quoted(text: str) -> str:
    said = bearable(text).translate(_ATTRIBUTE)
    if '"' in said and "'" not in said:
        return f"'{said}'"
    return '"' + said.replace('"', "&quot;") + '"'
