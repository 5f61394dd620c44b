"""A connection that can only read what a scope permits.

It does not depend on the static check: whatever a query looks like, SQLite asks the connection
about each table, column and function before it runs.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from attrs import field, frozen
from attrs.validators import gt

from machines.investigation.scope import Scope, ascii_lower
from machines.investigator.security.functions import RUNNING
from machines.investigator.security.naming import is_catalogue
from machines.investigator.security.statements import read_query
from machines.investigator.security.violation import QueryFailedError, SecurityViolation
from statecharts.model.errors import StatechartError

Value: TypeAlias = int | float | str | bytes | None
"""A cell of SQLite."""

_RECURSIVE: Final = 33  # SQLITE_RECURSIVE; the module sqlite3 has no name for it
_TICK: Final = 1_000
"""Number of instructions of SQLite's machine between two checks of the time."""

_TOLD: Final = re.compile(
    r"no such (column|table|function)|ambiguous column name|misuse of (aggregate|window function)"
    r"|wrong number of arguments|malformed JSON|integer overflow|LIKE or GLOB pattern too complex"
    r"|interrupted"
)
"""The words of SQLite that are repeated: they have nothing of the query or the data."""


@frozen
class Limits:
    """The limits of one query.

    Attributes:
        rows: Greatest number of rows; further rows are left out.
        seconds: Time limit.
        size: Greatest number of bytes in all cells, and in each intermediate string.
    """

    rows: int = field(default=1_000, validator=gt(0))
    seconds: float = field(default=5.0, validator=gt(0))
    size: int = field(default=1_000_000, validator=gt(0))


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

    Safe to share between threads: queries run one after the other.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "shop.sqlite")
    >>> with closing(sqlite3.connect(path)) as shop:
    ...     _ = shop.executescript("CREATE TABLE orders (id); CREATE TABLE payroll (salary)")
    >>> with GuardedConnection(path, Scope("u-1", "t-1", tables=["orders"])) as connection:
    ...     connection.query("SELECT count(*) AS n FROM orders")
    ...     connection.query("SELECT * FROM payroll")
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.table: payroll is
    """

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
        self._path = Path(path)
        self._clock = clock
        self._permitted = frozenset(
            name for schema, name in scope.places("sqlite") if schema == "main"
        )
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._views: frozenset[str] = frozenset()
        self._names: Collection[str] = ()
        self._refused: tuple[str, str] | None = None
        self._deadline = 0.0
        self._late = False
        self._connection = self._open()
        try:
            self._guard()
        except sqlite3.Error:
            self._connection.close()
            raise StatechartError(
                "SC513", "security", "the file cannot be read as a database", "Name one that can"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; closing it twice is harmless."""
        self._connection.close()

    def interrupt(self) -> None:
        """Stop the query that is running, from another thread."""
        self._connection.interrupt()

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
        with self._lock:
            self._names = frozenset(ascii_lower(name) for name in names) - self._known
            self._refused, self._late = None, False
            self._deadline = self._clock() + self.limits.seconds
            rows: Rows | None = None
            failure: Exception | None = None
            try:
                rows = self._run(sql)
            except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
                failure = error
            # Raised out here, so that SQLite's error, which repeats the query, is not its context.
            if rows is None:
                raise self._verdict(failure)
            return rows

    def tables(self) -> tuple[str, ...]:
        """Return the names of the scope's tables and views that exist, in alphabetical order."""
        found = self._ask("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
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
            for name, type_, required, key in self._ask(asked, table)
        )

    # --- Opening ----------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """Open the file for reading only."""
        try:
            return sqlite3.connect(
                f"{self._path.resolve().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=0,
            )
        except sqlite3.Error:
            raise StatechartError(
                "SC513", "security", "the database cannot be opened", "Name a file that exists"
            ) from None

    def _ask(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """Query the catalogue of the database, with SQL of our own, without the guard."""
        with closing(self._open()) as connection:
            return connection.execute(sql, values).fetchall()

    def _guard(self) -> None:
        """Disable everything that a query does not need."""
        connection = self._connection
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        kept = connection.execute("SELECT name, type FROM sqlite_schema").fetchall()
        self._known = frozenset(ascii_lower(name) for name, _ in kept)
        self._views = frozenset(ascii_lower(name) for name, kind in kept if kind == "view")
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, self.limits.size),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
            (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
            (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0),
            (sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 0),
            (sqlite3.SQLITE_LIMIT_VDBE_OP, 50_000),
            (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
        ):
            connection.setlimit(limit, most)
        # A string that is not UTF-8 is data; an error about it would repeat it.
        connection.text_factory = lambda text: text.decode(errors="replace")
        connection.set_progress_handler(self._tick, _TICK)
        connection.set_authorizer(self._authorize)

    # --- Running ----------------------------------------------------------------------------------

    def _run(self, sql: str) -> Rows:
        """Collect rows until there are no more, or the limit is reached."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql)
            columns = tuple(each[0] for each in cursor.description or ())
            rows: list[tuple[Value, ...]] = []
            for row in self._bounded(cursor):
                if len(rows) == self.limits.rows:
                    return Rows(columns, tuple(rows), truncated=True)
                rows.append(row)
            return Rows(columns, tuple(rows))

    def _bounded(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Value, ...]]:
        """Yield rows until they exceed the limit of size."""
        size = 0
        for row in cursor:
            size += sum(len(cell) if isinstance(cell, (str, bytes)) else 8 for cell in row)
            if size > self.limits.size:
                raise SecurityViolation("size", "result")
            yield row

    def _tick(self) -> int:
        """Stop the query once its time is up; SQLite calls this regularly."""
        self._late = self._late or self._clock() > self._deadline
        return int(self._late)

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        schema: str | None,
        view: str | None,
    ) -> int:
        """Answer SQLite, which asks about each action of a statement."""
        if action in (sqlite3.SQLITE_SELECT, _RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            forbidden = self._forbidden(ascii_lower(first or ""), second, schema, view)
            if forbidden is None:
                return sqlite3.SQLITE_OK
            rule = "catalogue" if is_catalogue(("main", forbidden), "sqlite") else "table"
            return self._refuse(rule, forbidden)
        if action == sqlite3.SQLITE_FUNCTION:
            if ascii_lower(second or "") in RUNNING:
                return sqlite3.SQLITE_OK
            return self._refuse("function", second)
        return self._refuse("action", _ACTIONS.get(action, "other"))

    def _forbidden(
        self, table: str, column: str | None, schema: str | None, view: str | None
    ) -> str | None:
        """Return the forbidden table, or the view that it is read through; None if permitted."""
        # A view must be permitted, and so must its tables.
        through = ascii_lower(view or "")
        if through in self._views and through not in self._permitted:
            return through
        if is_catalogue(("main", table), "sqlite"):
            return table
        if table in self._permitted and schema in ("main", None):
            return None
        # If no column is read, SQLite asks about a WITH as well, by its name without a schema.
        if not column and schema is None and table in self._names:
            return None
        return table

    def _refuse(self, rule: str, object_: str | None) -> int:
        """Remember the first refusal: SQLite reports it without a reason."""
        if self._refused is None:
            self._refused = (rule, object_ or "")
        return sqlite3.SQLITE_DENY

    def _verdict(self, failure: Exception | None) -> StatechartError:
        """Return the error for a failed query, without any of its text."""
        if self._refused is not None:
            return SecurityViolation(*self._refused)
        if self._late:
            return SecurityViolation("time", "query")
        code = getattr(failure, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_TOOBIG:
            return SecurityViolation("size", "value")
        if code == sqlite3.SQLITE_READONLY:
            return SecurityViolation("action", "write")
        if "one statement at a time" in str(failure):
            return SecurityViolation("stacked", "statement")
        known = _TOLD.match(str(failure))
        found = known.group() if known else "the database cannot answer it"
        return QueryFailedError("SC512", "query", found, "Fix the query")


_ACTIONS: Final = {
    value: name.removeprefix("SQLITE_").lower()
    for name, value in vars(sqlite3).items()
    if re.fullmatch(
        r"SQLITE_((ALTER|ATTACH|DETACH|ANALYZE|DELETE|INSERT|UPDATE|PRAGMA|REINDEX|SAVEPOINT"
        r"|TRANSACTION)|(CREATE|DROP)_\w+|ALTER_TABLE)",
        name,
    )
}
"""Names of the refused actions."""
