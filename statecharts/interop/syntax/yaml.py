"""YAML whose mappings know the lines of their keys.

PyYAML composes the nodes, which are made into values here, so that nothing but plain data comes out
and no key is lost. A pass over the parser's events goes first: a document that is too deep or too
large is never composed. ``on``, ``off``, ``yes`` and ``no`` are strings, as they are for
python-statemachine, and so are dates.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, Final, final

from statecharts.interop import limits
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.syntax.located import YAML, Located, shown
from statecharts.model.errors import missing

_PREFIX: Final = "tag:yaml.org,2002:"
_BOOLEAN: Final = f"{_PREFIX}bool"
_STRING: Final = f"{_PREFIX}str"
_MERGE: Final = f"{_PREFIX}merge"
_SCALARS: Final = frozenset(f"{_PREFIX}{kind}" for kind in ("str", "null", "bool", "int", "float"))
_COLLECTIONS: Final = frozenset({f"{_PREFIX}map", f"{_PREFIX}seq"})


def loads(document: Document) -> Any:
    """Return what a YAML document holds; its mappings are `Located`.

    Raises:
        DocumentError: It is not YAML, is too deep or too large, a mapping has the same key twice,
            or it asks for anything but plain data. Or PyYAML is not installed.
    """
    try:
        yaml: Any = importlib.import_module("yaml")
    except ModuleNotFoundError:
        raise document.error("SC607", *missing("YAML", "PyYAML")) from None
    text = document.text.removeprefix("\ufeff")
    try:
        _measure(yaml.parse(text, Loader=_loader()), document)
        loader = _loader()(text)
        try:
            root = loader.get_single_node()
            return None if root is None else _Values(document, loader).of(root)[0]
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        if "nesting depth" in (error.problem or ""):  # the parser's own limit, PyYAML 6.0.4 on
            raise _too_deep(document, line) from None
        found = f"this is not YAML: {error.problem or error.context}"
        raise document.error("SC603", found, "Fix the syntax there", line) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"this is not YAML: {error.reason}"
        raise document.error("SC603", found, "Remove the character", line) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        found = f"character {error.start} is half of a pair"
        raise document.error("SC602", found, "Save the file as UTF-8", line) from None
    except RecursionError:
        raise _too_deep(document) from None


@cache
def _loader() -> Any:
    """Return the class that composes: with libyaml where PyYAML has it."""
    yaml: Any = importlib.import_module("yaml")
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Resolves scalars as python-statemachine does."""

    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, pattern)
            for tag, pattern in found
            if tag != f"{_PREFIX}timestamp" and (tag != _BOOLEAN or first in "tTfF")
        ]
        for first, found in base.yaml_implicit_resolvers.items()
    }
    return Loader


def _measure(events: Any, document: Document) -> None:
    """Refuse a document that is too deep or too large to compose, or that is more than one."""
    deep = many = values = 0
    for event in events:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            many += 1
            if many > 1:
                found = "a second document begins here"
                line = event.start_mark.line + 1
                raise document.error("SC606", found, "Put one chart in a file", line)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            deep -= 1
        elif kind in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent"):
            values += 1
            deep += kind != "ScalarEvent"
            if deep > limits.VALUES_DEEP:
                raise _too_deep(document, event.start_mark.line + 1)
            if values > limits.VALUES:
                raise _too_large(document, event.start_mark.line + 1)


def _too_deep(document: Document, line: int | None = None) -> DocumentError:
    found = f"mappings and lists are nested more than {limits.VALUES_DEEP} deep"
    return document.error("SC604", found, "Flatten the chart", line)


def _too_large(document: Document, line: int) -> DocumentError:
    found = f"the document has more than {limits.VALUES:,} values, aliases counted"
    return document.error("SC604", found, "Remove unrelated data", line)


@final
class _Values:
    """Makes values of the nodes of one document; an alias gives the value of its anchor again."""

    def __init__(self, document: Document, loader: Any) -> None:
        self.document = document
        self.loader = loader
        self.known: dict[int, tuple[Any, int] | None] = {}

    def of(self, node: Any) -> tuple[Any, int]:
        """Return the value of a node, and how many values it holds, itself counted."""
        line = node.start_mark.line + 1
        if id(node) in self.known:
            found = self.known[id(node)]
            if found is None:
                text = "an alias repeats something that contains the alias"
                raise self.document.error("SC604", text, "Name an anchor that has ended", line)
            return found
        if node.id == "scalar":
            return self._scalar(node, line), 1
        if node.tag not in _COLLECTIONS:
            self._refuse(node.tag, line)
        self.known[id(node)] = None
        made = self._mapping(node, line) if node.id == "mapping" else self._list(node)
        if made[1] > limits.VALUES:
            raise _too_large(self.document, line)
        self.known[id(node)] = made
        return made

    def _scalar(self, node: Any, line: int) -> Any:
        if node.tag not in _SCALARS:
            self._refuse(node.tag, line)
        if node.tag == _STRING:
            return node.value
        try:
            return self.loader.construct_object(node)
        except (ValueError, LookupError, OverflowError, importlib.import_module("yaml").YAMLError):
            kind = node.tag.removeprefix(_PREFIX)
            found = f"{node.value[:40]!r} cannot be read as {kind}"
            raise self.document.error("SC603", found, "Fix the value", line) from None

    def _refuse(self, tag: str, line: int) -> None:
        shown_tag = tag.replace(_PREFIX, "!!")
        found = f"the tag {shown_tag!r} asks for something other than plain data"
        remedy = "Remove the tag: nothing in a file is made or run"
        raise self.document.error("SC611", found, remedy, line)

    def _list(self, node: Any) -> tuple[list[Any], int]:
        items, size = [], 1
        for item in node.value:
            value, count = self.of(item)
            items.append(value)
            size += count
        return items, size

    def _mapping(self, node: Any, line: int) -> tuple[Located, int]:
        made, merged, size = Located((), line), [], 1
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                value, count = self.of(value_node)
                merged += self._merged(value, at)
            else:
                key = self._key(key_node, made, at)
                value, count = self.of(value_node)
                made[key] = value
                made.lines[key] = at
            size += 1 + count
        for one in merged:
            for key, value in one.items():
                if key not in made:
                    made[key] = value
                    made.lines[key] = one.at(key)
        return made, size

    def _key(self, node: Any, made: Located, line: int) -> str:
        if node.id != "scalar":
            found = "a mapping or a list is used as a key"
            raise self.document.error("SC612", found, "Write a string", line)
        key = self._scalar(node, line)
        if not isinstance(key, str):
            found = f"the key {shown(key, YAML)} is not a string"
            raise self.document.error("SC612", found, "Quote it", line)
        if key in made:
            found = f"the key {key!r} is already on line {made.at(key)} of the same mapping"
            raise self.document.error("SC614", found, "Rename one of them, or remove it", line)
        return key

    def _merged(self, value: Any, line: int) -> list[Located]:
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, Located) for one in found):
            text = "<< merges mappings only"
            raise self.document.error("SC603", text, "Merge a mapping, or several", line)
        return found
