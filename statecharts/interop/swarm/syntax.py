"""Syntax: the tables of a Swarm file, with their keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

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

_LONGEST: Final = timedelta(days=365 * 1000)
"""A thousand years: any time that they are added to is still one that Python can name."""


def _is_span(value: Any) -> bool:
    return NUMBER.holds(value) and 0 <= value <= _LONGEST.total_seconds()


def _is_delay(value: Any) -> bool:
    # Less than a microsecond rounds to no time at all.
    return _is_span(value) and timedelta(seconds=value) > timedelta(0)


_SPAN: Final = Kind("a number of seconds, 0 or more", _is_span)
_DELAY: Final = Kind("a number of seconds above 0", _is_delay)
_LABEL: Final = Kind(
    "a string, a number or a date", lambda value: not isinstance(value, dict | list | bool)
)
_NAMES: Final = Kind("{array} of names", list_of(NAME).holds)
_TABLES: Final = list_of(OBJECT)


def _running(keys: dict[str, Kind], *needs: str) -> Table:
    """Return a table that runs depend on: a misspelt key is refused."""
    return Table(keys, needs, Unknown.KEPT_UNLESS_NEAR)


def _described(keys: dict[str, Kind], *needs: str) -> Table:
    """Return a table that is documentation only."""
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
