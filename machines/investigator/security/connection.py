"""A connection that can only read what a scope permits.

It does not depend on the static check: whatever a query looks like, SQLite asks the connection
about each table, column and function before it runs. SQLite runs in a process of its own, which is
killed when the time of a query is up, and whose memory is limited.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeAlias

from attrs import field, frozen
from attrs.validators import ge, gt

from machines.investigation.scope import Scope, ascii_lower
from machines.investigator.security.functions import RUNNING
from machines.investigator.security.naming import is_catalogue
from machines.investigator.security.process import NoReplyError, Process
from machines.investigator.security.statements import read_query
from machines.investigator.security.violation import QueryFailedError, SecurityViolation
from statecharts.model.errors import StatechartError

Value: TypeAlias = int | float | str | bytes | None
"""A cell of SQLite."""

_TOLD: Final = re.compile(
    r"no such (column|table|function)|ambiguous column name|misuse of (aggregate|window function)"
    r"|wrong number of arguments|malformed JSON|integer overflow|LIKE or GLOB pattern too complex"
    r"|database is locked|database disk image is malformed"
)
"""The words of SQLite that are repeated: they have nothing of the query or the data."""


@frozen
class Limits:
    """The limits of one query.

    Attributes:
        rows: Greatest number of rows; further rows are left out.
        seconds: Time limit, of preparing and running together.
        size: Greatest number of bytes in all cells, and in each intermediate string.
        memory: Greatest number of bytes that SQLite may use; with the rows of the result, its
            process uses twice as much at most.
    """

    rows: int = field(default=1_000, validator=gt(0))
    seconds: float = field(default=5.0, validator=gt(0))
    size: int = field(default=1_000_000, validator=gt(0))
    memory: int = field(default=256_000_000, validator=ge(32_000_000))


@frozen
class Rows:
    """The rows of a query.

    Attributes:
        columns: Names of the columns.
        rows: The rows, in order.
        truncated: Whether there are more rows than the limit.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...] = field(repr=False)
    truncated: bool = False


@frozen
class Column:
    """A column of a table, as it was declared.

    Attributes:
        name: Its name.
        type: Its declared type, which SQLite does not enforce; may be empty.
        required: Whether it is declared NOT NULL.
        key: Its position in the primary key, counted from 1; 0 if it is not part of it.
    """

    name: str
    type: str
    required: bool
    key: int


class GuardedConnection:
    """A read-only connection to a SQLite database, for one scope.

    Safe to share between threads: queries run one after the other. A query that takes too long ends
    with its process; the next one starts another.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "shop.sqlite")
    >>> from contextlib import closing
    >>> with closing(sqlite3.connect(path)) as shop:
    ...     _ = shop.executescript("CREATE TABLE orders (id); CREATE TABLE payroll (salary)")
    >>> with GuardedConnection(path, Scope("u-1", "t-1", tables=["orders"])) as connection:
    ...     connection.query("SELECT count(*) AS n FROM orders")
    ...     connection.query("SELECT * FROM payroll")
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.table: payroll is
    """

    mode: ClassVar = "mode=ro"
    """The parameter of SQLite that keeps the file as it is."""

    def __init__(
        self,
        path: Path | str,
        scope: Scope,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a database that exists.

        Args:
            path: The file.
            scope: The tables that may be read.
            limits: The limits of each query.
            clock: Returns seconds, for the time limit.
        """
        self.scope = scope
        self.limits = limits or Limits()
        self._permitted = frozenset(
            name for schema, name in scope.places("sqlite") if schema == "main"
        )
        self._lock = threading.Lock()
        uri = f"{Path(path).resolve().as_uri()}?{self.mode}"
        self._process = Process(settings(uri, self.limits, self._permitted), clock)
        try:
            first = self._process.start()
        except NoReplyError:
            first = {"error": "", "code": None}
        if "error" in first:
            self._process.close()
            found, remedy = "the file cannot be read as a database", "Name one that can"
            if first["code"] == sqlite3.SQLITE_CANTOPEN:
                found, remedy = "the database cannot be opened", "Name a file that exists"
            raise StatechartError("SC513", "security", found, remedy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, and end a query that is running; closing it twice is harmless."""
        self._process.close()

    def interrupt(self) -> None:
        """Stop the query that is running, from another thread."""
        self._process.interrupt()

    def query(self, sql: str) -> Rows:
        """Return the rows of a permitted query, checked first, and guarded while it runs.

        Raises:
            SecurityViolation: It is not permitted, takes too long, or returns too much.
            QueryFailedError: The database cannot answer it.
        """
        return self.execute(sql, read_query(sql, self.scope, "sqlite").names)

    def execute(self, sql: str, names: Collection[str] = ()) -> Rows:
        """Run an unchecked query under guard.

        Args:
            sql: The query.
            names: Names of its WITH clauses; SQLite asks for some of them as for tables.

        Raises:
            SecurityViolation: It is not permitted, takes too long, or returns too much.
            QueryFailedError: The database cannot answer it.
        """
        reply = self._ask({"sql": sql, "names": tuple(names)})
        return Rows(tuple(reply["columns"]), tuple(reply["rows"]), reply["truncated"])

    def tables(self) -> tuple[str, ...]:
        """Return the names of the scope's tables and views that exist, in alphabetical order."""
        sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
        found = self._ask({"sql": sql, "values": ()})["rows"]
        return tuple(sorted(name for (name,) in found if ascii_lower(name) in self._permitted))

    def describe(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a permitted table, in order; empty if it does not exist."""
        if ascii_lower(table) not in self._permitted or is_catalogue(
            ("main", ascii_lower(table)), "sqlite"
        ):
            raise SecurityViolation("table", table)
        asked = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)'
        return tuple(
            Column(name, type_, bool(required), key)
            for name, type_, required, key in self._ask({"sql": asked, "values": (table,)})["rows"]
        )

    def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the reply of the process to a request."""
        end: str | None = None
        reply: Mapping[str, Any] = {}
        with self._lock:
            try:
                reply = self._process.ask(request, self.limits.seconds)
            except NoReplyError as error:
                end = error.end
        # Raised out here, so that no other error is its context.
        if end is not None:
            raise _ended(end)
        if "rows" not in reply:
            raise _verdict(reply)
        return reply


def settings(uri: str, limits: Limits, permitted: Collection[str] = ()) -> dict[str, Any]:
    """Return the settings of a process that reads a database.

    Args:
        uri: The URI of the file, for SQLite.
        limits: The limits of each query.
        permitted: The tables that a query may read, in lower case.
    """
    return {
        "uri": uri,
        "rows": limits.rows,
        "size": limits.size,
        "memory": limits.memory,
        "permitted": frozenset(permitted),
        "functions": RUNNING,
    }


def _ended(end: str) -> StatechartError:
    """Return the error for a query whose process was ended."""
    if end == "time":
        return SecurityViolation("time", "query")
    found = {"interrupted": "interrupted", "closed": "the connection is closed"}.get(
        end, "the process that reads the database broke off"
    )
    remedy = "Open another one" if end == "closed" else "Ask again, or ask for less"
    return QueryFailedError("SC512", "query", found, remedy)


def _verdict(reply: Mapping[str, Any]) -> StatechartError:
    """Return the error for a failed query, without any of its text."""
    if reply.get("refused"):
        rule, object_ = reply["refused"]
        return SecurityViolation(
            rule, _ACTIONS.get(object_, "other") if rule == "action" else object_
        )
    code, text = reply["code"], reply["error"]
    if code == sqlite3.SQLITE_TOOBIG:
        return SecurityViolation("size", "value")
    if code == sqlite3.SQLITE_READONLY:
        return SecurityViolation("action", "write")
    if "one statement at a time" in text:
        return SecurityViolation("stacked", "statement")
    known = _TOLD.match(text)
    found = known.group() if known else "the database cannot answer it"
    remedy = _REMEDIES.get(found, "Fix the query")
    return QueryFailedError("SC512", "query", found, remedy)


_REMEDIES: Final = {
    "database is locked": "Ask again once the other program has finished writing",
    "database disk image is malformed": "Recover the file with 'sqlite3 FILE .recover'",
}

_ACTIONS: Final = {
    str(value): name.removeprefix("SQLITE_").lower()
    for name, value in vars(sqlite3).items()
    if re.fullmatch(
        r"SQLITE_((ALTER|ATTACH|DETACH|ANALYZE|DELETE|INSERT|UPDATE|PRAGMA|REINDEX|SAVEPOINT"
        r"|TRANSACTION)|(CREATE|DROP)_\w+|ALTER_TABLE)",
        name,
    )
}
"""Names of the refused actions."""
