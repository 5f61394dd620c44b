"""Syntax: the tables of a Swarm file with their keys, and the variables in its strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, final

from attrs import evolve

from statecharts.interop.findings import Findings
from statecharts.interop.grammar import (
    BOOLEAN,
    COUNT,
    NAME,
    NUMBER,
    OBJECT,
    STRING,
    Kind,
    Table,
    Unknown,
    list_of,
)
from statecharts.interop.syntax.located import Located
from statecharts.model.errors import Fault

_LONGEST: Final = timedelta(days=365 * 1000)
"""A thousand years: any time that they are added to is still one that Python can name."""


def _is_span(value: Any) -> bool:
    return NUMBER.holds(value) and 0 <= value <= _LONGEST.total_seconds()


def _is_delay(value: Any) -> bool:
    # Less than a microsecond rounds to no time at all.
    return _is_span(value) and timedelta(seconds=value) > timedelta(0)


_SPAN: Final = Kind("a number of seconds, 0 or more", _is_span)
_DELAY: Final = Kind("a number of seconds above 0", _is_delay)
_NOT_LABELS: Final = (dict, list, bool)
_LABEL: Final = Kind("a string, a number or a date", lambda v: not isinstance(v, _NOT_LABELS))
_NAMES: Final = Kind("{array} of names", list_of(NAME).holds)
_TABLES: Final = list_of(OBJECT)


def _running(keys: dict[str, Kind], *needs: str) -> Table:
    return Table(keys, needs, Unknown.KEPT_UNLESS_NEAR)


def _described(keys: dict[str, Kind], *needs: str) -> Table:
    return Table(keys, needs, Unknown.KEPT)


_SETTINGS: Final = {
    "initial_state": NAME,
    "completion_timeout_seconds": _DELAY,
    "max_retries": COUNT,
    "retry_backoff_seconds": _SPAN,
}
_WORKFLOW: Final = {"description": STRING, "guards": OBJECT, "states": OBJECT, "contracts": OBJECT}

FILE: Final = _running(
    {
        "metadata": OBJECT,
        "agents": OBJECT,
        "resources": OBJECT,
        "workflows": _TABLES,
        "workflow": OBJECT,
    }
)
METADATA: Final = _described(
    {"version": _LABEL, "name": STRING, "description": STRING, "author": STRING, "created": _LABEL}
)
AGENT: Final = _described(
    {"model": NAME, "max_tokens": COUNT, "temperature": NUMBER, "tags": list_of(STRING)}, "model"
)
_RESOURCE: Final = {"type": NAME, "description": STRING}
RESOURCES: Final = {
    "http": _described(
        {**_RESOURCE, "endpoint": NAME, "auth_required": BOOLEAN, "secret_key": NAME}, "endpoint"
    ),
    "webhook": _described({**_RESOURCE, "endpoint": NAME}, "endpoint"),
    "database": _described(
        {**_RESOURCE, "connection_string": NAME, "pool_size": COUNT}, "connection_string"
    ),
    "custom": None,
}
"""By ``type``; a custom one may hold anything."""

WORKFLOW: Final = _running({"name": NAME, "metadata": OBJECT, **_WORKFLOW}, "name")
SHORT: Final = _running({**_SETTINGS, **_WORKFLOW})
"""A workflow in the shorter form: its table has its name, and holds its settings."""

SETTINGS: Final = _running(_SETTINGS)
STATE: Final = _running(
    {
        "description": STRING,
        "parent": NAME,
        "agents": _NAMES,
        "entry_actions": _NAMES,
        "exit_actions": _NAMES,
        "terminal": BOOLEAN,
        "parallel_execution": BOOLEAN,
        "timeout_seconds": _DELAY,
        "timeout_target": NAME,
        "required_resources": _NAMES,
        "handlers": _TABLES,
        "next_on_success": NAME,
        "next_on_failure": NAME,
    }
)
HANDLER: Final = _running({"event": NAME, "target": NAME, "guards": _NAMES}, "event", "target")
CONTRACT: Final = _described(
    {"name": STRING, "description": STRING, "input": OBJECT, "output": OBJECT}
)


_VARIABLE: Final = re.compile(r"\$(?P<escaped>\$(?=\{))|\$\{(?P<name>[^{}\n]*)\}")


@final
class Variables:
    """Fills in ``${NAME}`` in the strings of a document, and notes names without a value.

    They are filled in once the document is parsed, so that no value can change its structure; what
    a value holds is not filled in again. Where no values are passed, strings stay as they are.
    """

    def __init__(self, values: Mapping[str, str], findings: Findings) -> None:
        self.values = values
        self.findings = findings
        self.missing: set[str] = set()

    def fill(self, table: Located) -> Located:
        """Return a table with all strings in it filled in; keys stay as they are."""
        return self._table(table) if self.values else table

    def explain(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """Yield the faults of a document; one about a name with a variable blames the variable."""
        for fault in faults:
            names = [match["name"] for match in _VARIABLE.finditer(fault.found) if match["name"]]
            if self.values and any(name in self.missing for name in names):
                continue  # noted when it was filled in
            if self.values or not names:
                yield fault
                continue
            found = f"the variable {names[0]!r} has no value"
            yield evolve(fault, code="SC618", found=found, remedy=_pass(names[0]))

    def _table(self, table: Located) -> Located:
        held = ((key, self._value(value, table.at(key))) for key, value in table.items())
        return Located(held, table.line, table.lines)

    def _value(self, value: Any, line: int) -> Any:
        match value:
            case str() if "${" in value:
                return _VARIABLE.sub(lambda found: self._filled(found, line), value)
            case Located():
                return self._table(value)
            case list():
                return [self._value(inner, line) for inner in value]
            case _:
                return value

    def _filled(self, found: re.Match[str], line: int) -> str:
        name = found["name"]
        if name is None:
            return "$"
        value: Any = self.values.get(name)
        if isinstance(value, str):
            return value
        if name not in self.missing:
            self.missing.add(name)
            text, remedy = f"the value of the variable {name!r} is {value!r}", "Pass a string"
            if value is None:
                text = f"the variable {name!r} has no value"
                remedy = self.findings.suggestions.remedy(name, tuple(self.values), _pass(name))
            self.findings.add("SC618", text, remedy, line, f"${{{name}}}")
        return found[0]


def _pass(name: str) -> str:
    return f"Pass variables={{{name!r}: …}}"
