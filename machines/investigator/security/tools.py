"""Tools: their signatures, and the checks of calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import attrs
from attrs import Attribute, field, frozen
from attrs.validators import optional

from machines.investigation.scope import DEFAULT_SCHEMA, Dialect, Scope, place
from machines.investigator.security.naming import is_catalogue
from machines.investigator.security.spelling import MAX_LENGTH
from machines.investigator.security.statements import read_query
from machines.investigator.security.violation import SecurityViolation

MAX_NAME: Final = 128
"""Greatest length of the name of a table or a column, in bytes."""
MAX_COLUMNS: Final = 100
"""Greatest number of columns in a call."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Call(Protocol):
    """A call of a tool: its name, and its arguments by name."""

    @property
    def tool(self) -> str:
        """Name of the tool."""
        ...

    @property
    def arguments(self) -> Mapping[str, object]:
        """The arguments, as they came off the wire."""
        ...


@frozen
class ToolCall:
    """A call of a tool by itself.

    The repr leaves out the arguments: they may hold data.

    >>> ToolCall("describe", {"table": "orders"})
    ToolCall(tool='describe')
    """

    tool: str
    arguments: Mapping[str, object] = field(factory=dict, repr=False)


def is_name(value: object) -> bool:
    """Tell whether a call can name a table or a column so: it prints, and is not too long."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value.encode()) <= MAX_NAME


def _is_name(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse an impossible name of a table or a column."""
    if not is_name(value):
        raise ValueError(f"a name has 1 to {MAX_NAME} bytes, of printable characters")


def _is_day(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a value that is not a day of the calendar, written as 2026-03-02."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written as 2026-03-02")
    date.fromisoformat(value)


def _listed(value: Any) -> Any:
    """Turn a list of JSON into a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _are_names(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a value that is not a tuple of a few names."""
    if not isinstance(value, tuple) or len(value) > MAX_COLUMNS:
        raise ValueError(f"at most {MAX_COLUMNS} names")
    for name in value:
        _is_name(instance, attribute, name)


def _is_query(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a query that is too long, or empty, before it is parsed."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LENGTH:
        raise ValueError(f"a query has 1 to {MAX_LENGTH} characters")


def _table() -> Any:
    """Declare an argument that names a table, which must be in the scope."""
    return field(validator=_is_name, metadata={"table": True})


def _column() -> Any:
    """Declare an argument that names a column."""
    return field(validator=_is_name)


@frozen(kw_only=True)
class ListTables:
    """Lists the tables of the scope."""


@frozen(kw_only=True)
class Describe:
    """Describes the columns of a table."""

    table: str = _table()


@frozen(kw_only=True)
class RowCountsByDay:
    """Counts the rows of a table by the day of one of its columns, from one day to another."""

    table: str = _table()
    column: str = _column()
    first: str | None = field(default=None, validator=optional(_is_day))
    last: str | None = field(default=None, validator=optional(_is_day))


@frozen(kw_only=True)
class NullRates:
    """Measures the part of some columns, or of all, that is null; by day, with a column of days."""

    table: str = _table()
    columns: tuple[str, ...] = field(default=(), converter=_listed, validator=_are_names)
    day_column: str | None = field(default=None, validator=optional(_is_name))


@frozen(kw_only=True)
class DistinctDrift:
    """Lists the values of a column that come and go, by the day of another column."""

    table: str = _table()
    column: str = _column()
    day_column: str = _column()


@frozen(kw_only=True)
class JoinCoverage:
    """Measures the part of a table's rows with a partner in another table; by day, if asked for."""

    table: str = _table()
    column: str = _column()
    other_table: str = _table()
    other_column: str = _column()
    day_column: str | None = field(default=None, validator=optional(_is_name))


@frozen(kw_only=True)
class RunQuery:
    """Runs one SELECT."""

    sql: str = field(validator=_is_query, repr=False)


Tool: TypeAlias = (
    ListTables | Describe | RowCountsByDay | NullRates | DistinctDrift | JoinCoverage | RunQuery
)
"""A permitted call with valid arguments."""

TOOLS: Final[Mapping[str, type[Tool]]] = MappingProxyType(
    {
        "list_tables": ListTables,
        "describe": Describe,
        "row_counts_by_day": RowCountsByDay,
        "null_rates": NullRates,
        "distinct_drift": DistinctDrift,
        "join_coverage": JoinCoverage,
        "query": RunQuery,
    }
)
"""The signature of each tool, by its name."""


def validate_tool_call(call: Call, scope: Scope, dialect: Dialect = "sqlite") -> None:
    """Refuse a call of a tool that the scope does not list, or with forbidden arguments.

    Raises:
        SecurityViolation: It breaks a rule.

    >>> scope = Scope("u-1", "t-1", tools=["describe"], tables=["orders"])
    >>> validate_tool_call(ToolCall("describe", {"table": "orders"}), scope)
    >>> validate_tool_call(ToolCall("describe", {"table": "payroll"}), scope)
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.table: payroll is
    >>> validate_tool_call(ToolCall("query", {"sql": "SELECT 1"}), scope)
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.tool: query is not
    """
    read_tool_call(call, scope, dialect)


def read_tool_call(call: Call, scope: Scope, dialect: Dialect = "sqlite") -> Tool:
    """Return a permitted call as an object of its signature.

    >>> scope = Scope("u-1", "t-1", tools=["null_rates"], tables=["orders"])
    >>> read_tool_call(ToolCall("null_rates", {"table": "orders", "columns": ["note"]}), scope)
    NullRates(table='orders', columns=('note',), day_column=None)
    """
    name = getattr(call, "tool", None)
    if not isinstance(name, str) or name not in scope.tools or name not in TOOLS:
        raise SecurityViolation("tool", name if isinstance(name, str) else "")
    tool = _fill(name, getattr(call, "arguments", None))
    for each in attrs.fields(type(tool)):
        if each.metadata.get("table"):
            _check_table(getattr(tool, each.name), scope, dialect)
    if isinstance(tool, RunQuery):
        read_query(tool.sql, scope, dialect)
    return tool


def _fill(name: str, arguments: object) -> Tool:
    """Fill a tool's signature with arguments; refuse one that does not fit."""
    if not isinstance(arguments, Mapping):
        raise SecurityViolation("argument", name)
    signature = TOOLS[name]
    known = attrs.fields_dict(signature)
    if any(key not in known for key in arguments):
        # The name is left out: the caller made it up, and it may hold anything.
        raise SecurityViolation("argument", name)
    for each in known.values():
        if each.default is attrs.NOTHING and each.name not in arguments:
            raise SecurityViolation("argument", f"{name}.{each.name}")
    wrong = next((each for each in known.values() if not _fits(each, arguments)), None)
    if wrong is not None:
        raise SecurityViolation("argument", f"{name}.{wrong.name}")
    return signature(**arguments)


def _fits(each: Attribute[Any], arguments: Mapping[str, object]) -> bool:
    """Tell whether an argument satisfies the signature."""
    if each.name not in arguments or each.validator is None:
        return True
    value = arguments[each.name]
    try:
        each.validator(None, each, _listed(value) if each.converter else value)
    except Exception:  # noqa: BLE001 - the error repeats the value, so it is dropped
        return False
    return True


def _check_table(table: str, scope: Scope, dialect: Dialect) -> None:
    """Refuse a table that is not in the scope."""
    there = place(table, dialect)
    shown = there[1] if there[0] == DEFAULT_SCHEMA[dialect] else ".".join(there)
    if is_catalogue(there, dialect):
        raise SecurityViolation("catalogue", shown)
    if there not in scope.places(dialect):
        raise SecurityViolation("table", shown)
