"""The toolbox: tools by their names, for one scope, over one guarded connection."""

# ruff: noqa: S608 - names and values are quoted, and every query is checked before it runs

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, final

from machines.investigation.scope import Scope, ascii_lower, place
from machines.investigation.vocabulary import Observed
from machines.investigator.security.connection import Column, GuardedConnection, Rows
from machines.investigator.security.statements import validate_query
from machines.investigator.security.tools import (
    Call,
    Describe,
    ListTables,
    RunQuery,
    Tool,
    is_name,
    read_tool_call,
)
from machines.investigator.security.violation import QueryFailedError
from machines.investigator.tools.cells import Source, counted, observe
from machines.investigator.tools.columns import distinct_drift, join_coverage, null_rates
from machines.investigator.tools.days import row_counts_by_day
from machines.investigator.tools.naming import literal

TABLE_COLUMNS: Final = ("table",)
DESCRIBE_COLUMNS: Final = ("column", "type", "not_null", "primary_key")


def list_tables(call: ListTables, source: Source) -> Observed:
    """List the tables and views of the scope that exist: rows of ``(table,)``, by name.

    The SQL in the result is for people who query the database directly; a scope does not permit
    queries of the catalogue.
    """
    tables = source.tables()
    names = ", ".join(map(literal, tables))
    sql = f'SELECT name AS "table" FROM sqlite_schema WHERE name IN ({names}) ORDER BY name'
    found = Rows(TABLE_COLUMNS, tuple((table,) for table in tables))
    return observe(counted(len(tables), "table"), sql, found)


def describe(call: Describe, source: Source) -> Observed:
    """Describe a table: rows of ``(column, type, not_null, primary_key)``, in declared order.

    ``not_null`` is 0 or 1; ``primary_key`` is the column's position in the key, from 1, else 0. A
    table that does not exist has no columns. Columns that no call can name are counted only.
    """
    bare = call.table.rpartition(".")[2] if "." in call.table else call.table
    sql = (
        'SELECT name AS "column", type, "notnull" AS not_null, pk AS primary_key'
        f" FROM pragma_table_info({literal(bare)})"
    )
    columns = source.describe(call.table)
    rows = tuple(
        (each.name, each.type, int(each.required), each.key)
        for each in columns
        if is_name(each.name)
    )
    summary = f"{call.table} has {counted(len(columns), 'column')}"
    if len(rows) < len(columns):
        unnamed = counted(len(columns) - len(rows), "of them has", "of them have")
        summary += f"; {unnamed} a name that does not print, or is too long to be asked for"
    if not columns:
        summary = f"{call.table} does not exist"
    return observe(summary, sql, Rows(DESCRIBE_COLUMNS, rows))


def query(call: RunQuery, source: Source) -> Observed:
    """Run one SELECT: its rows, under the names of its columns."""
    found = source.query(call.sql)
    return observe(counted(len(found.rows), "row"), call.sql, found)


FUNCTIONS: Final[Mapping[str, Callable[[Any, Source], Observed]]] = MappingProxyType(
    {
        "ListTables": list_tables,
        "Describe": describe,
        "RowCountsByDay": row_counts_by_day,
        "NullRates": null_rates,
        "DistinctDrift": distinct_drift,
        "JoinCoverage": join_coverage,
        "RunQuery": query,
    }
)
"""The function of each tool, by the name of its signature."""


@final
class Toolbox:
    """Checks calls of tools, and carries them out.

    Safe to share between threads; queries run one after the other.

    >>> import sqlite3, tempfile
    >>> from contextlib import closing
    >>> from pathlib import Path
    >>> from machines.investigator.security import ToolCall
    >>> path = Path(tempfile.mkdtemp(), "shop.sqlite")
    >>> with closing(sqlite3.connect(path)) as shop:
    ...     _ = shop.executescript("CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT)")
    >>> scope = Scope("u-1", "t-1", tools=["describe"], tables=["orders"])
    >>> with GuardedConnection(path, scope) as connection:
    ...     Toolbox(connection, scope).call(ToolCall("describe", {"table": "orders"})).rows
    (('id', 'INTEGER', 0, 1), ('day', 'TEXT', 0, 0))
    """

    def __init__(self, connection: GuardedConnection, scope: Scope | None = None) -> None:
        """Keep a connection, and the scope of calls; by default, the connection's."""
        self.scope = connection.scope if scope is None else scope
        self._connection = connection
        self._turn = threading.Lock()
        self._mark = threading.Lock()
        self._shares: list[_Share] = []
        self._reading: _Share | None = None

    def call(self, call: Call) -> Observed:
        """Call a tool, and return its result; blocks until then.

        Raises:
            SecurityViolation: It is not permitted, or exceeds the limits of the connection.
            QueryFailedError: The database cannot answer it, or the call was stopped.
        """
        tool = read_tool_call(call, self.scope)
        share = _Share(self, call)
        with self._mark:
            self._shares.append(share)
        try:
            return run(tool, share)
        finally:
            with self._mark:
                self._shares.remove(share)

    def stop(self, call: Call) -> None:
        """Stop a call that runs in another thread, and no other call.

        Nothing happens if it does not run.
        """
        with self._mark:
            for share in self._shares:
                if share.call is call:
                    share.stopped = True
                    if share is self._reading:
                        self._connection.interrupt()

    @contextmanager
    def _its_turn(self, share: _Share) -> Generator[GuardedConnection, None, None]:
        """Give the connection to one call, and remember which."""
        with self._turn:
            with self._mark:
                if share.stopped:
                    raise QueryFailedError("SC512", "query", "it was stopped", "Call again")
                self._reading = share
            try:
                yield self._connection
            finally:
                with self._mark:
                    self._reading = None


class _Share:
    """One call's share of the connection."""

    __slots__ = ("_toolbox", "call", "stopped")

    def __init__(self, toolbox: Toolbox, call: Call) -> None:
        self._toolbox = toolbox
        self.call = call
        self.stopped = False

    def query(self, sql: str) -> Rows:
        validate_query(sql, self._toolbox.scope)
        with self._toolbox._its_turn(self) as connection:  # noqa: SLF001 - a part of the toolbox
            return connection.query(sql)

    def tables(self) -> tuple[str, ...]:
        with self._toolbox._its_turn(self) as connection:  # noqa: SLF001
            found = connection.tables()
        # The connection may have a larger scope.
        permitted = self._toolbox.scope.places("sqlite")
        return tuple(name for name in found if ("main", ascii_lower(name)) in permitted)

    def describe(self, table: str) -> tuple[Column, ...]:
        schema, name = place(table, "sqlite")
        with self._toolbox._its_turn(self) as connection:  # noqa: SLF001
            return connection.describe(name if schema == "main" else table)


def run(tool: Tool, source: Source) -> Observed:
    """Run a tool with valid arguments.

    Only the source limits what is read; `Toolbox.call` also checks the call.
    """
    return FUNCTIONS[type(tool).__name__](tool, source)
