"""Grammar: which keys the objects of a format have, and of which kind their values are.

A door declares its format as tables of kinds, and reads each object through the table for it.
Messages name kinds in the words of the document's format (`Words` of ``syntax.located``).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, final

from attrs import field, frozen

from statecharts.interop.findings import Findings
from statecharts.interop.syntax.located import Located, a, shown


@final
@frozen
class Kind:
    """A kind of value.

    Attributes:
        name: Its name in messages, with an article; ``{object}`` and ``{array}`` stand for the
            words of the document, article included, and ``{objects}`` for many.
        choices: The strings that it allows, where it is a choice of strings.
        inside: The table of the objects that it holds.
    """

    name: str
    holds: Callable[[Any], bool] = field(repr=False)
    plural: str = ""
    choices: tuple[str, ...] = ()
    inside: Table | None = field(default=None, repr=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


ANY: Final = Kind("any value", lambda _: True, "values")
STRING: Final = Kind("a string", lambda value: isinstance(value, str), "strings")
NAME: Final = Kind(
    "a string that is not empty", lambda v: STRING.holds(v) and v.strip() != "", "names"
)
BOOLEAN: Final = Kind("true or false", lambda value: isinstance(value, bool), "booleans")
NUMBER: Final = Kind("a number", _is_number, "numbers")
COUNT: Final = Kind(
    "a whole number of 0 or more",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "whole numbers",
)
OBJECT: Final = Kind("{object}", lambda value: isinstance(value, Located), "{objects}")


def list_of(kind: Kind) -> Kind:
    """Return the kind of arrays whose items are all of a kind.

    >>> list_of(STRING).name, list_of(STRING).holds(["a", 2])
    ('{array} of strings', False)
    """
    many = kind.plural or f"values, each {kind.name}"
    return Kind(
        f"{{array}} of {many}",
        lambda value: isinstance(value, list) and all(map(kind.holds, value)),
        inside=kind.inside,
    )


def either(*kinds: Kind) -> Kind:
    """Return the kind of values that are of one of several kinds, at most one with a table.

    >>> either(STRING, list_of(STRING)).name
    'a string or {array} of strings'
    """
    inside = next((kind.inside for kind in kinds if kind.inside is not None), None)
    name = " or ".join(kind.name for kind in kinds)
    return Kind(name, lambda value: any(kind.holds(value) for kind in kinds), inside=inside)


def one_of(*choices: str) -> Kind:
    """Return the kind of strings that are one of several, which messages list."""
    name = " or ".join(map(repr, choices))
    return Kind(name, lambda value: isinstance(value, str) and value in choices, choices=choices)


def several(value: Any) -> list[Any]:
    """Return the values of a key that takes one or a list; none for null."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def object_of(table: Table) -> Kind:
    """Return the kind of objects that `take` reads by a table of their own."""
    return Kind(OBJECT.name, OBJECT.holds, OBJECT.plural, inside=table)


@final
class Unknown(enum.Enum):
    """The treatment of keys that a table does not list."""

    REFUSED = enum.auto()  # an error, SC612
    KEPT = enum.auto()  # documentation, with the warning SC651
    KEPT_UNLESS_NEAR = enum.auto()  # an error where a known key is misspelt


@final
@frozen
class Table:
    """The keys that an object may have, with their kinds, and those that it needs.

    Attributes:
        unknown: The treatment of other keys.
        noun: What messages call the object, with an article.
        nulls: Whether null says the same as leaving the key out.
    """

    keys: Mapping[str, Kind]
    needs: tuple[str, ...] = ()
    unknown: Unknown = Unknown.REFUSED
    noun: str = "the format"
    nulls: bool = False


def take(
    held: Located, table: Table, findings: Findings, element: str
) -> tuple[Located, dict[str, Any]]:
    """Return what an object holds and may hold, and apart from it what other keys it has.

    A value of another kind is noted and left out. Objects that the table of a kind describes are
    read the same way; what other keys they have stays in them.

    >>> from statecharts.interop.documents import Document
    >>> findings = Findings(Document("a.json", ""))
    >>> table = Table({"event": NAME, "target": NAME}, ("event", "target"), noun="a handler")
    >>> take(Located({"event": "go", "taget": 1}), table, findings, "state 'a'")
    ({'event': 'go'}, {'taget': 1})
    >>> [fault.remedy for fault in findings.faults]
    ["Did you mean 'target'?", 'Add target']
    """
    known, other = Located((), held.line, held.lines), dict[str, Any]()
    for key, value in held.items():
        kind = table.keys.get(key)
        if kind is None:
            other[key] = value
            _unknown(key, table, findings, held.at(key), element)
        elif value is None and table.nulls:
            continue
        elif kind.holds(value):
            known[key] = _inside(value, kind.inside, findings, element)
        else:
            wrong(key, value, kind, findings, held.at(key), element)
    for key in table.needs:
        if held.get(key) is None and (key not in held or table.nulls):
            findings.add("SC612", f"{key!r} is missing", f"Add {key}", held.line, element)
    return known, other


def _inside(value: Any, table: Table | None, findings: Findings, element: str) -> Any:
    """Return a value with the objects in it read by their table."""
    if table is not None and isinstance(value, list):
        return [_inside(item, table, findings, element) for item in value]
    if table is None or not isinstance(value, Located):
        return value
    known, other = take(value, table, findings, element)
    known.update(other)
    return known


def _unknown(key: str, table: Table, findings: Findings, line: int, element: str) -> None:
    near = findings.suggestions.nearest(key, table.keys)
    known = f"It has {', '.join(table.keys)}" if table.keys else "Remove it"
    remedy = f"Did you mean {near!r}?" if near is not None else known
    found = f"{table.noun} has no {findings.words.key} {key!r}"
    if table.unknown is Unknown.REFUSED or (near and table.unknown is Unknown.KEPT_UNLESS_NEAR):
        findings.add("SC612", found, remedy, line, element)
    else:
        findings.add("SC651", f"{found}; it is kept as documentation", remedy, line, element)


def wrong(key: str, value: Any, kind: Kind, findings: Findings, line: int, element: str) -> None:
    """Note a value that is not of its kind; a scalar that is a good string needs quotes alone."""
    name = findings.words.told(kind.name)
    remedy = f"Write {name}, or remove it"
    if isinstance(value, str) and kind.choices:
        remedy = findings.suggestions.remedy(value, kind.choices, f"Write {name}")
    elif not isinstance(value, str | list | dict | None) and kind.holds(str(value)):
        remedy = "Quote it"
    found = f"{key!r} is {shown(value, findings.words)}; it takes {name}"
    findings.add("SC612", found, remedy, line, element)


def entries(
    held: Located, noun: str, findings: Findings, kind: Kind = OBJECT
) -> Iterator[tuple[str, Any, int]]:
    """Yield what an object of names holds, such as ``states``: each name, its value, its line.

    ``noun`` says what has those names. An entry of another kind is noted and left out.
    """
    for name, value in held.items():
        line = held.at(name)
        element = f"{noun} {name!r}"
        if not name.strip():
            findings.add("SC612", f"{a(noun)} has no name", "Give it one", line, element)
        elif kind.holds(value):
            yield name, value, value.line if isinstance(value, Located) else line
        else:
            expected = findings.words.told(kind.name)
            found = f"this is {shown(value, findings.words)}; {a(noun)} is {expected}"
            findings.add("SC612", found, f"Write {expected}", line, element)
