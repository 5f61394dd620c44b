"""Notes: documentation, and what others write into a document in namespaces of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from statecharts.interop.findings import Losses
from statecharts.interop.literals import literal_text, plain
from statecharts.interop.scxml.printing import bearable, is_bearable
from statecharts.interop.syntax.xml import INCLUDE, OURS, SCXML, Element
from statecharts.model.chart import StateNode

_RESERVED: Final = ("", OURS, SCXML, INCLUDE, "http://www.w3.org/2000/xmlns/")
_EDITORS: Final = frozenset({"editorinfo"})
"""What editors (Qt Creator) put inside transitions as well, to know where to draw them."""


def is_note(element: Element) -> bool:
    """Tell whether an element inside a transition is there for an editor, not to be done."""
    return not element.native and element.space != OURS and element.tag in _EDITORS


def described(element: Element) -> dict[str, Any]:
    """Return an element of a foreign namespace as plain data; `element_of` is the way back."""
    content = [part if isinstance(part, str) else described(part) for part in element.content]
    found: dict[str, Any] = {"element": f"{{{element.space}}}{element.tag}"}
    if element.attributes:
        found["attributes"] = dict(element.attributes)
    if content:
        found["content"] = content
    return found


def element_of(data: Any) -> Element | None:
    """Return the element that data describes; None for other data."""
    if not isinstance(data, dict) or not isinstance(data.get("element"), str):
        return None
    space, brace, tag = data["element"].removeprefix("{").rpartition("}")
    attributes, content = data.get("attributes", {}), data.get("content", [])
    if not brace or not isinstance(attributes, dict) or not isinstance(content, list):
        return None
    names = [tag, *(str(name).rpartition("}")[2] for name in attributes)]
    texts = all(isinstance(value, str) for value in attributes.values())
    if (
        not all(map(is_name, names))
        or not texts
        or set(data) - {"element", "attributes", "content"}
    ):
        return None
    element = Element(tag, space, dict(attributes))
    for part in content:
        inner = part if isinstance(part, str) else element_of(part)
        if inner is None or not inner:
            return None
        element.content.append(inner)
    return element


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of an element, or an id.

    >>> is_name("s1.on"), is_name("1s"), is_name("on hold")
    (True, False, False)
    """
    return re.fullmatch(r"[^\W\d][\w.-]*", text) is not None


def say_notes(node: StateNode, element: Element, taken: set[str], doc: str, losses: Losses) -> None:
    """Write documentation into an element: that of others as they wrote it, the rest in ours.

    Args:
        node: The state.
        element: Its element.
        taken: The keys of its meta that are said already.
        doc: What it is for.
        losses: Where what cannot be written is noted.
    """
    if doc:
        element.add(Element("doc", OURS, content=[doc]))
    rest: dict[str, Any] = {}
    for key, value in node.meta.items():
        if key in taken:
            continue
        space, brace, local = str(key).removeprefix("{").rpartition("}")
        named = brace and key.startswith("{") and is_name(local) and is_theirs(space)
        if named and is_text(value):
            element.attributes[key] = value
        elif key == "elements" and (elements := _elements(value)):
            for one in elements:
                element.add(one)
        else:
            rest[key] = value
    for key in [key for key in rest if not plain({key: rest[key]})]:
        found = f"the meta {key!r} of {node.id or 'the chart'!r} is no plain data, and is left out"
        remedy = "Use texts, numbers, truth values, lists and dictionaries"
        losses.add("SC675", found, remedy, node.location)
        del rest[key]
    if rest:
        element.add(Element("meta", OURS, content=[literal_text(rest) or json.dumps(rest)]))


def _elements(value: Any) -> list[Element] | None:
    """Return the elements that the meta of a state holds, when reading gives the same again."""
    if not isinstance(value, list):
        return None
    found: list[Element] = []
    for one in value:
        element = element_of(one)
        if element is None or described(element) != one or not is_theirs(element.space):
            return None
        if not all(map(_inline, walk(element))) or not is_bearable(element):
            return None
        found.append(element)
    return found


def walk(element: Element) -> Iterable[Element]:
    """Yield an element and all inside it."""
    yield element
    for child in element.children:
        yield from walk(child)


def _inline(element: Element) -> bool:
    """Tell whether an element's texts stay apart, and are not all white."""
    texts = [isinstance(part, str) for part in element.content]
    joined = any(a and b for a, b in pairwise(texts))
    blank = any(not part.strip() for part in element.content if isinstance(part, str))
    return not joined and not blank


def is_theirs(space: str) -> bool:
    """Tell whether a namespace is one that others may have."""
    return is_text(space) and space not in _RESERVED


def is_text(value: Any) -> bool:
    """Tell whether a value is a text that XML can hold."""
    return isinstance(value, str) and bearable(value) == value
