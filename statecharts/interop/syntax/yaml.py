"""YAML: a document as objects that know the lines that they and their keys stand on.

The text is taken apart by PyYAML, as a stream of events; what is made of them is made here, so that
depth, size and aliases are bounded, nothing but plain data can come of it, and no key is lost.
``on``, ``off``, ``yes`` and ``no`` are texts, as they are for that library.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, final

from statecharts.interop import limits
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.syntax.located import Located

_PREFIX: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset(f"{_PREFIX}{kind}" for kind in ("str", "null", "bool", "int", "float"))
_COLLECTIONS: Final = frozenset({f"{_PREFIX}map", f"{_PREFIX}seq"})
_TEXT: Final = f"{_PREFIX}str"
_MERGE: Final = f"{_PREFIX}merge"
_NOTHING: Final = object()


def loads(document: Document) -> Any:
    """Return what a YAML document holds; its mappings are `Located`.

    Raises:
        DocumentError: It is not YAML, is too deep or too large, a mapping has the same key twice,
            or it asks for anything but plain data.
    """
    yaml = _yaml()
    text = document.text.removeprefix("\ufeff")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Tree(document).build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        if "nesting depth" in (error.problem or ""):  # the parser's own bound, PyYAML 6.0.4 on
            raise _too_deep(document, line) from None
        found = f"this is not YAML: {error.problem or error.context}"
        raise document.error("SC603", found, "Mend the text there", line) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"this is not YAML: {error.reason}"
        raise document.error("SC603", found, "Take the character out", line) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        found = f"character {error.start} is half of one"
        raise document.error("SC602", found, "Save the file as UTF-8", line) from None
    except RecursionError:
        raise _too_deep(document) from None


def _too_deep(document: Document, line: int | None = None) -> DocumentError:
    found = f"mappings and lists lie more than {limits.VALUES_DEEP} deep one in the other"
    return document.error("SC604", found, "Flatten the chart: nobody can read it", line)


def _yaml() -> Any:
    return importlib.import_module("yaml")


@cache
def _scalars() -> Any:
    """Return what makes values of plain scalars; only ``true`` and ``false`` are truth values."""
    yaml = _yaml()

    class Scalars(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """Resolves scalars as python-statemachine does."""

    truth = f"{_PREFIX}bool"
    Scalars.yaml_implicit_resolvers = {
        first: [one for one in found if one[0] != truth or first in "tTfF"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Scalars("")


@final
class _Open:
    """A mapping or a list that has not ended yet."""

    __slots__ = ("anchor", "key", "key_line", "merged", "size", "value")

    def __init__(self, value: Located | list[Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: Any = _NOTHING
        self.key_line = 0
        self.merged: list[Any] = []
        self.size = 1


@final
class _Tree:
    """Makes values of the events of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.root: Any = _NOTHING
        self.node: Any = _yaml().ScalarNode

    def build(self, events: Iterable[Any]) -> Any:
        """Return the value of the document."""
        for event in events:
            line = event.start_mark.line + 1
            match type(event).__name__:
                case "ScalarEvent":
                    self._scalar(event, line)
                case "MappingStartEvent":
                    self._start(event, Located((), line), line)
                case "SequenceStartEvent":
                    self._start(event, [], line)
                case "MappingEndEvent" | "SequenceEndEvent":
                    self._end(line)
                case "AliasEvent":
                    self._alias(event.anchor, line)
                case "DocumentStartEvent" if self.root is not _NOTHING:
                    found = "a second document begins here"
                    raise self.document.error("SC606", found, "Put one chart in a file", line)
        return None if self.root is _NOTHING else self.root

    def _scalar(self, event: Any, line: int) -> None:
        loader = _scalars()
        tag = event.tag
        if tag is None or tag == "!":
            tag = loader.resolve(self.node, event.value, event.implicit)
        if tag == _MERGE and self._wants_key():
            self.open[-1].key, self.open[-1].key_line = _MERGE, line
            return
        if tag == f"{_PREFIX}timestamp" and event.tag is None:
            tag = _TEXT  # a date is no part of a chart
        if tag not in _PLAIN:
            self._refuse(tag, line)
        if tag == _TEXT:
            self._put(event.value, event.anchor, line, 1)
            return
        try:
            value = loader.construct_object(self.node(tag, event.value))
        except (ValueError, OverflowError, _yaml().YAMLError):
            found = f"{event.value[:40]!r} is no {tag.removeprefix(_PREFIX)}"
            raise self.document.error("SC603", found, "Mend the value", line) from None
        self._put(value, event.anchor, line, 1)

    def _refuse(self, tag: str, line: int) -> None:
        found = f"the tag {tag.replace(_PREFIX, '!!')!r} asks for something that is no plain data"
        remedy = "Take the tag away: nothing in a file is made or run"
        raise self.document.error("SC611", found, remedy, line)

    def _start(self, event: Any, value: Located | list[Any], line: int) -> None:
        if event.tag not in (None, "!") and event.tag not in _COLLECTIONS:
            self._refuse(event.tag, line)
        if len(self.open) >= limits.VALUES_DEEP:
            raise _too_deep(self.document, line)
        if self._wants_key():
            raise self._no_key(line)
        self.open.append(_Open(value, event.anchor))

    def _end(self, line: int) -> None:
        done = self.open.pop()
        value = done.value
        if isinstance(value, Located):
            for merged in done.merged:
                for key, inner in merged.items():
                    if key not in value:
                        value[key] = inner
                        value.lines[key] = merged.at(key)
        self._put(value, done.anchor, line, done.size)

    def _alias(self, anchor: str, line: int) -> None:
        known = self.anchors.get(anchor)
        if known is None:
            inside = any(one.anchor == anchor for one in self.open)
            found = f"the alias {anchor!r} " + (
                "lies inside what it repeats" if inside else "names no anchor before it"
            )
            remedy = "Name an anchor that has ended"
            raise self.document.error("SC604" if inside else "SC603", found, remedy, line)
        self._put(known[0], None, line, known[1])

    def _put(self, value: Any, anchor: str | None, line: int, size: int) -> None:
        """Put a value where it belongs."""
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.open:
            self.root = value
            return
        top = self.open[-1]
        top.size += size
        if top.size > limits.VALUES:
            found = f"the document has more than {limits.VALUES:,} values, aliases counted"
            raise self.document.error("SC604", found, "Take out what is no chart", line)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is _NOTHING:
            self._key(top, value, line)
        elif top.key is _MERGE:
            self._merge(top, value, line)
            top.key = _NOTHING
        else:
            top.value[top.key] = value
            top.value.lines[top.key] = top.key_line
            top.key = _NOTHING

    def _key(self, top: _Open, key: Any, line: int) -> None:
        if not isinstance(key, str):
            shown = key if isinstance(key, int | float | bool) or key is None else "this"
            found = f"the key {shown!r} is no text"
            if isinstance(key, dict | list):
                raise self._no_key(line)
            raise self.document.error("SC612", found, "Put it in quotes", line)
        assert isinstance(top.value, Located)  # noqa: S101 - lists have no keys
        if key in top.value:
            before = top.value.lines[key]
            found = f"the key {key!r} stands here, and on line {before} of the same mapping"
            raise self.document.error("SC614", found, "Rename one of them, or take it away", line)
        top.key, top.key_line = key, line

    def _merge(self, top: _Open, value: Any, line: int) -> None:
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(one, Located) for one in merged):
            found = "<< merges mappings only"
            raise self.document.error("SC603", found, "Merge a mapping, or several", line)
        top.merged += merged

    def _wants_key(self) -> bool:
        if not self.open:
            return False
        top = self.open[-1]
        return isinstance(top.value, Located) and top.key is _NOTHING

    def _no_key(self, line: int) -> Exception:
        found = "a mapping or a list is used as a key"
        return self.document.error("SC612", found, "Write the name of something", line)
