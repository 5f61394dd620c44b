"""TOML whose tables know the lines of their keys.

The standard library parses the text; a pass over its tokens finds the lines. That pass goes first,
so that a document that is too large or too deep never reaches the parser. It checks nothing: text
that is not TOML gives useless lines, and then the parser refuses it.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final, final

from attrs import define, field

from statecharts.interop import limits
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.syntax.located import Located

_AT: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TWICE: Final = re.compile(r"^Cannot (?:overwrite|declare|mutate|extend)|^Duplicate")


def loads(document: Document) -> Located:
    """Return the tables of a TOML document as `Located`.

    Raises:
        DocumentError: It is not TOML, is too long or nested too deep, or has a key twice.
    """
    text = document.text.removeprefix("\ufeff")
    if len(text) > limits.TOML_LENGTH:
        found = f"the document is longer than {limits.TOML_LENGTH // 2**20} MiB"
        raise document.error("SC604", found, "Split it, or remove unrelated data")
    found_places = places(text, document)
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, document) from None
    except ValueError as error:  # a number of too many digits
        found = f"this cannot be read: {error}"
        raise document.error("SC604", found, "Remove unrelated data") from None
    located: Located = _located(held, found_places)
    return located


def _not_toml(message: str, text: str, document: Document) -> DocumentError:
    at = _AT.search(message)
    line, column = text.count("\n") + 1, ""
    if at is not None and at["line"] is not None:
        line, column = int(at["line"]), f" (column {at['column']})"
    said = message if at is None else message[: at.start()]
    if _TWICE.match(said):
        found = f"the document has this table or key already: {said}{column}"
        return document.error("SC614", found, "Rename one of them, or remove it", line)
    found = f"this is not TOML: {said[:1].lower()}{said[1:]}{column}"
    return document.error("SC603", found, "Fix the syntax there", line)


def _located(value: Any, place: Place) -> Any:
    """Return a value with its places; finding those has bounded its depth."""
    if isinstance(value, dict):
        held = {key: _located(inner, place.keys.get(key, place)) for key, inner in value.items()}
        return Located(held, place.line, place.lines)
    if isinstance(value, list):
        items = iter(place.items)
        nested = (isinstance(inner, dict | list) for inner in value)
        inside = (next(items, place) if deep else place for deep in nested)
        return list(map(_located, value, inside))
    return value


# Strings come first, for they may hold anything. The first three closing marks of a longer row
# close a long one; three marks alone are left open, and end the pass. No group with
# a choice in it is possessive: Python 3.11.2 goes wrong there.
_TOKENS: Final = re.compile(
    r"""
    (?P<long>\"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*\"""(?:""?)?
        | '''[^']*+(?:'(?!'')[^']*+)*'''(?:''?)?)
    | (?P<open>\"""|''')
    | (?P<text>"[^"\\\n]*+(?:\\.[^"\\\n]*+)*" | '[^'\n]*+')
    | (?P<comment>\#[^\n]*+)
    | (?P<mark>\n++|[\[\]{}=,])
    | (?P<bare>[^\s\[\]{}=,."'\#]++)
    """,
    re.VERBOSE | re.DOTALL,
)


@final
@define(eq=False)
class Place:
    """The line of a table or an array, of each key of it, and the places of what is in it."""

    line: int
    lines: dict[str, int] = field(factory=dict)
    keys: dict[str, Place] = field(factory=dict)
    items: list[Place] = field(factory=list)

    def open(self, parts: list[str], line: int) -> Place:
        """Return the place of a dotted key; make those on the way that are new."""
        found = self
        for part in parts:
            # A header goes on inside the last table of an array.
            within = found.items[-1] if found.items else found
            within.lines.setdefault(part, line)
            place = within.keys.get(part)
            if place is None:
                place = within.keys[part] = Place(line)
            found = place
        return found


def places(text: str, document: Document) -> Place:
    """Return the places in a TOML document.

    Raises:
        DocumentError: It has too many keys, or is nested too deep.

    >>> found = places("[a]\\n\\n[a.b]\\nc = 1", Document("a.toml", ""))
    >>> found.lines["a"], found.keys["a"].keys["b"].lines["c"]
    (1, 4)
    """
    reading = _Reading(document)
    for token in _TOKENS.finditer(text):
        match token.lastgroup:
            case "open":
                break
            case "mark":
                reading.mark(token[0])
            case "long":
                reading.line += token[0].count("\n")
            case "text" | "bare" if reading.naming:
                reading.name(token[0] if token.lastgroup == "bare" else _unquoted(token[0]))
    return reading.root


@final
class _Reading:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.line = 1
        self.root = self.table = Place(1)
        self.within: list[tuple[Place, bool]] = []
        """The inline tables (True) and arrays that are open, outermost first."""
        self.parts: list[str] = []
        self.begun = 1
        self.brackets = 0
        self.count = 0
        self.naming = True
        """Whether a key comes next or goes on; else a value does."""
        self.owner, self.key = self.root, ""
        """The table of the value that comes next, and its key there."""

    def name(self, part: str) -> None:
        """Take a part of a key."""
        if not self.parts:
            self.begun = self.line
        if len(self.parts) == limits.TABLES_DEEP:
            raise self._too_much(f"a key has more than {limits.TABLES_DEEP} parts")
        self.count += 1
        if self.count > limits.KEYS:
            raise self._too_much(f"the document has more than {limits.KEYS:,} keys")
        self.parts.append(part)

    def mark(self, mark: str) -> None:
        """Take a bracket, a comma, an equals sign, or line ends."""
        match mark:
            case "=":
                if self.naming and self.parts:
                    self._assign()
            case "[" if self.naming and not self.within:
                self.brackets += 1
            case "]" if self.brackets:
                if self.parts:
                    self._header()
            case "[" | "{":
                self._enter(table=mark == "{")
            case "]" | "}":
                del self.within[-1:]
                self.parts, self.naming = [], False
            case ",":
                if self.within:
                    self.parts = []
                    self.naming = self.within[-1][1]
            case _:
                self.line += len(mark)
                if not self.within:
                    self.parts, self.brackets, self.naming = [], 0, True

    def _assign(self) -> None:
        table = self.within[-1][0] if self.within else self.table
        *above, self.key = self.parts
        self.owner = table.open(above, self.begun)
        self.owner.lines.setdefault(self.key, self.begun)
        self.parts, self.naming = [], False

    def _header(self) -> None:
        place = self.root.open(self.parts, self.begun)
        if self.brackets > 1:
            place.items.append(Place(self.begun))
            self.table = place.items[-1]
        else:
            # Not the line of a table inside it that came first.
            place.line = self.begun
            self.table = place
        self.parts, self.brackets, self.naming = [], 0, False

    def _enter(self, *, table: bool) -> None:
        if len(self.within) == limits.TABLES_DEEP:
            found = f"tables and arrays are nested more than {limits.TABLES_DEEP} deep"
            raise self._too_much(found)
        if self.within and not self.within[-1][1]:
            place = Place(self.line)
            self.within[-1][0].items.append(place)
        else:
            place = self.owner.keys[self.key] = Place(self.line)
        self.within.append((place, table))
        self.parts, self.naming = [], table

    def _too_much(self, found: str) -> DocumentError:
        return self.document.error("SC604", found, "Split it, or flatten it", self.line)


def _unquoted(token: str) -> str:
    if "\\" not in token or token[0] == "'":
        return token[1:-1]
    try:
        key: str = tomllib.loads(f"key = {token}")["key"]
    except tomllib.TOMLDecodeError:  # the parser says so, when its turn comes
        return token
    return key
