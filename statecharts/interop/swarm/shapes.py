"""Shapes: which keys each table of a Swarm file may have, and what they may hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final, final

from attrs import field, frozen

from statecharts.interop.notes import Notes
from statecharts.interop.syntax.located import Located


@final
@frozen
class Kind:
    """A kind of value.

    Attributes:
        name: What messages call it.
        holds: Tells whether a value is of the kind.
    """

    name: str
    holds: Callable[[Any], bool] = field(repr=False)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_span(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= _LONGEST.total_seconds()


def _is_delay(value: Any) -> bool:
    # A part of a microsecond is no time at all.
    return _is_span(value) and timedelta(seconds=value) > timedelta(0)


_LONGEST: Final = timedelta(days=365 * 1000)
"""A thousand years: any time that they are added to is still one that Python can name."""

TEXT: Final = Kind("a text", _is_text)
NAME: Final = Kind("a text that is not empty", _is_name)
NAMES: Final = Kind("a list of names", lambda v: isinstance(v, list) and all(map(_is_name, v)))
TEXTS: Final = Kind("a list of texts", lambda v: isinstance(v, list) and all(map(_is_text, v)))
FLAG: Final = Kind("true or false", lambda v: isinstance(v, bool))
NUMBER: Final = Kind("a number", _is_number)
COUNT: Final = Kind("a whole number of 0 or more", _is_count)
SPAN: Final = Kind("a number of seconds, 0 or more", _is_span)
DELAY: Final = Kind("a number of seconds above 0", _is_delay)
LABEL: Final = Kind("a text, a number or a date", lambda v: not isinstance(v, dict | list | bool))
TABLE: Final = Kind("a table", lambda v: isinstance(v, Located))
TABLES: Final = Kind(
    "a list of tables", lambda v: isinstance(v, list) and all(isinstance(i, Located) for i in v)
)


@final
@frozen
class Shape:
    """What a table may hold.

    Attributes:
        keys: The keys that it may have, each with the kind of its value.
        needs: Those that it must have.
        runs: Whether a run depends on it; a misspelt key is refused then, else reported.
    """

    keys: Mapping[str, Kind]
    needs: tuple[str, ...] = ()
    runs: bool = True


_SETTINGS: Final = {
    "initial_state": NAME,
    "completion_timeout_seconds": DELAY,
    "max_retries": COUNT,
    "retry_backoff_seconds": SPAN,
}
_WORKFLOW: Final = {"description": TEXT, "guards": TABLE, "states": TABLE, "contracts": TABLE}

FILE: Final = Shape(
    {
        "metadata": TABLE,
        "agents": TABLE,
        "resources": TABLE,
        "workflows": TABLES,
        "workflow": TABLE,
    }
)
METADATA: Final = Shape(
    {"version": LABEL, "name": TEXT, "description": TEXT, "author": TEXT, "created": LABEL},
    runs=False,
)
AGENT: Final = Shape(
    {"model": NAME, "max_tokens": COUNT, "temperature": NUMBER, "tags": TEXTS},
    ("model",),
    runs=False,
)
RESOURCES: Final = {
    "http": Shape(
        {
            "type": NAME,
            "endpoint": NAME,
            "auth_required": FLAG,
            "secret_key": NAME,
            "description": TEXT,
        },
        ("endpoint",),
        runs=False,
    ),
    "webhook": Shape(
        {"type": NAME, "endpoint": NAME, "description": TEXT}, ("endpoint",), runs=False
    ),
    "database": Shape(
        {"type": NAME, "connection_string": NAME, "pool_size": COUNT, "description": TEXT},
        ("connection_string",),
        runs=False,
    ),
    "custom": None,
}
"""By ``type``; a custom one may hold anything."""

WORKFLOW: Final = Shape({"name": NAME, "metadata": TABLE, **_WORKFLOW}, ("name",))
SHORT: Final = Shape({**_SETTINGS, **_WORKFLOW})
"""A workflow in the shorter form: its name is that of the table, its settings stand in it."""

SETTINGS: Final = Shape(_SETTINGS)
STATE: Final = Shape(
    {
        "description": TEXT,
        "parent": NAME,
        "agents": NAMES,
        "entry_actions": NAMES,
        "exit_actions": NAMES,
        "terminal": FLAG,
        "parallel_execution": FLAG,
        "timeout_seconds": DELAY,
        "timeout_target": NAME,
        "required_resources": NAMES,
        "handlers": TABLES,
        "next_on_success": NAME,
        "next_on_failure": NAME,
    }
)
HANDLER: Final = Shape({"event": NAME, "target": NAME, "guards": NAMES}, ("event", "target"))
CONTRACT: Final = Shape(
    {"name": TEXT, "description": TEXT, "input": TABLE, "output": TABLE}, runs=False
)


def take(
    table: Located, shape: Shape, notes: Notes, element: str
) -> tuple[Located, dict[str, Any]]:
    """Return what a table holds and may hold, and apart from it what else there is.

    Whatever is missing, misspelt, unknown or of another kind is noted; what is of another kind is
    left out.
    """
    known, other = Located((), table.line, table.lines), {}
    for key, value in table.items():
        kind = shape.keys.get(key)
        line = table.at(key)
        if kind is None:
            other[key] = value
            _unknown(key, shape, notes, line, element)
        elif kind.holds(value):
            known[key] = value
        else:
            found = f"{key!r} is {shown(value)}; it takes {kind.name}"
            notes.add("SC612", found, f"Write {kind.name}, or take it away", line, element)
    for key in shape.needs:
        if key not in table:
            found = f"{key!r} is missing"
            notes.add("SC612", found, f"Write {key} = …", table.line, element)
    return known, other


def _unknown(key: str, shape: Shape, notes: Notes, line: int, element: str) -> None:
    near = notes.suggestions.nearest(key, shape.keys)
    found = f"there is no key {key!r}"
    if near is not None and shape.runs:
        notes.add("SC612", found, f"Did you mean {near!r}?", line, element)
        return
    found = f"the format has no key {key!r}; it is kept as documentation"
    remedy = f"Did you mean {near!r}?" if near is not None else f"It has {', '.join(shape.keys)}"
    notes.add("SC651", found, remedy, line, element)


def named(
    table: Located, of: str, notes: Notes, kind: Kind = TABLE
) -> Iterator[tuple[str, Any, int]]:
    """Yield what a table of names holds: each name, what it stands for, and the line.

    Args:
        table: The table.
        of: What its names are the names of, for messages.
        notes: Takes what is of another kind.
        kind: What a name may stand for.
    """
    for name, value in table.items():
        line = table.at(name)
        element = f"{of} {name!r}"
        if not name.strip():
            notes.add("SC612", f"{_a(of)} has no name", "Give it one", line, element)
        elif kind.holds(value):
            yield name, value, value.line if isinstance(value, Located) else line
        else:
            found = f"this is {shown(value)}; {_a(of)} is {kind.name}"
            notes.add("SC612", found, f"Write {kind.name}", line, element)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def shown(value: Any) -> str:
    """Return a value as messages show it: itself when it is short, else what it is.

    >>> shown("approve"), shown(True), shown(["a", 2]), shown({})
    ("'approve'", 'true', 'a list with 2', 'a table')
    """
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            strange = next((v for v in value if not _is_name(v)), None)
            inner = strange is not None and not isinstance(strange, dict | list)
            return f"a list with {shown(strange)}" if inner else "a list"
        case str() if len(value) > _SHORT:
            return f"{value[:_SHORT]!r}…"
        case date() | time():
            return value.isoformat()
        case _:
            return repr(value)


_SHORT: Final = 40


def plain(value: Any) -> Any:
    """Return what a file holds as JSON holds it: dates, and numbers that are none, become texts.

    >>> plain({"since": date(2025, 11, 23), "limits": [1, math.inf]})
    {'since': '2025-11-23', 'limits': [1, 'inf']}
    """
    match value:
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value
