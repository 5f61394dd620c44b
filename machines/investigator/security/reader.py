"""A program that reads one SQLite file, in a process of its own that can be killed.

SQLite looks at a clock only between the instructions of a query: not while it prepares one, and not
within one call of a function. So the process is the bound of time, whatever SQLite is doing, and
its limits are the bound of memory.

It imports the standard library alone, and starts in 20 ms. Requests and replies are values of
`marshal`, each after its length in four bytes; both ends are the same Python.
"""

from __future__ import annotations

import marshal
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO, Final

_RECURSIVE: Final = 33  # SQLITE_RECURSIVE; the module sqlite3 has no name for it
_BUSY_S: Final = 2.0  # wait for another program that writes
_PROGRAM: Final = 16_000_000  # bytes of the interpreter and its libraries, which are not data
_CATALOGUES: Final = ("sqlite_", "pragma_")


def receive(source: BinaryIO) -> Any:
    """Return the next value; raises EOFError if there is none."""
    head = source.read(4)
    body = source.read(int.from_bytes(head, "big"))
    if len(head) < 4 or len(body) < int.from_bytes(head, "big"):  # noqa: PLR2004 - the four bytes
        raise EOFError
    return marshal.loads(body)  # noqa: S302 - both ends are ours


def send(target: BinaryIO, value: Any) -> None:
    """Write a value."""
    body = marshal.dumps(value)
    target.write(len(body).to_bytes(4, "big") + body)
    target.flush()


class TooLargeError(Exception):
    """A result with more bytes than the limit."""


class Reader:
    """Runs queries on a file: those of others under guard, and those of the application."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        """Open the file, and disable everything that a query does not need.

        Args:
            about: The settings: ``uri``, ``rows``, ``size``, ``memory``, and the lower-case names
                that are ``permitted``: tables, and ``functions``.
        """
        self.about = about
        self.names: frozenset[str] = frozenset()
        self.refused: tuple[str, str] | None = None
        self.known: frozenset[str] = frozenset()
        self.views: frozenset[str] = frozenset()
        self.guarded = self._open()
        self._guard(self.guarded)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the reply to a request; an error is one of its values.

        A request has ``sql``; ``names`` of its WITH clauses if it runs under guard, or else
        ``values`` of its placeholders.
        """
        self.refused = None
        try:
            if "values" in request:
                with closing(self._open()) as connection:
                    cursor = connection.execute(request["sql"], request["values"])
                    return {"rows": cursor.fetchall()}
            self.names = frozenset(map(lower, request["names"])) - self.known
            with closing(self.guarded.cursor()) as cursor:
                return self._rows(cursor.execute(request["sql"]))
        except TooLargeError:
            return {"refused": ("size", "result")}
        except MemoryError:
            return {"refused": ("size", "memory")}
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            return {"refused": self.refused, "code": code, "error": str(error)}

    def _rows(self, cursor: sqlite3.Cursor) -> dict[str, Any]:
        """Collect rows until there are no more, or the limit is reached."""
        columns = [each[0] for each in cursor.description or ()]
        rows: list[tuple[Any, ...]] = []
        for row in self._bounded(cursor):
            if len(rows) == self.about["rows"]:
                return {"columns": columns, "rows": rows, "truncated": True}
            rows.append(row)
        return {"columns": columns, "rows": rows, "truncated": False}

    def _bounded(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        """Yield rows until they exceed the limit of size."""
        size = 0
        for row in cursor:
            size += sum(len(cell) if isinstance(cell, (str, bytes)) else 8 for cell in row)
            if size > self.about["size"]:
                raise TooLargeError
            yield row

    # --- Opening ----------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """Open the file for reading only."""
        connection = sqlite3.connect(
            self.about["uri"],
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,
            # SQLite asks for permission when it prepares a statement, so each one is prepared.
            cached_statements=0,
        )
        # A string that is not UTF-8 is data; an error about it would repeat it.
        connection.text_factory = lambda text: text.decode(errors="replace")
        return connection

    def _guard(self, connection: sqlite3.Connection) -> None:
        # Of the whole process.
        connection.execute(f"PRAGMA hard_heap_limit = {self.about['memory']:d}").close()
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        kept = connection.execute("SELECT name, type FROM sqlite_schema").fetchall()
        self.known = frozenset(lower(name) for name, _ in kept)
        self.views = frozenset(lower(name) for name, kind in kept if kind == "view")
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, self.about["size"]),
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
        connection.set_authorizer(self._authorize)

    # --- Permitting -------------------------------------------------------------------------------

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
            forbidden = self._forbidden(lower(first or ""), second, schema, view)
            if forbidden is None:
                return sqlite3.SQLITE_OK
            rule = "catalogue" if forbidden.startswith(_CATALOGUES) else "table"
            return self._refuse(rule, forbidden)
        if action == sqlite3.SQLITE_FUNCTION:
            if lower(second or "") in self.about["functions"]:
                return sqlite3.SQLITE_OK
            return self._refuse("function", second)
        return self._refuse("action", str(action))

    def _forbidden(
        self, table: str, column: str | None, schema: str | None, view: str | None
    ) -> str | None:
        """Return the forbidden table, or the view that it is read through; None if permitted."""
        # A view must be permitted, and so must its tables.
        through = lower(view or "")
        if through in self.views and through not in self.about["permitted"]:
            return through
        if table.startswith(_CATALOGUES):
            return table
        if table in self.about["permitted"] and schema in ("main", None):
            return None
        # If no column is read, SQLite asks about a WITH as well, by its name without a schema.
        if not column and schema is None and table in self.names:
            return None
        return table

    def _refuse(self, rule: str, object_: str | None) -> int:
        """Remember the first refusal: SQLite reports it without a reason."""
        if self.refused is None:
            self.refused = (rule, object_ or "")
        return sqlite3.SQLITE_DENY


def lower(name: str) -> str:
    """Return a name as SQLite compares it: its ASCII letters in lower case.

    >>> lower("ORDERS_İ")
    'orders_İ'
    """
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def confine(memory: int) -> None:
    """Limit the memory of this process, of which SQLite's heap is a part."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # on Windows, SQLite's own limit has to do
        return
    most = 2 * memory - _PROGRAM
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Answer requests until there are no more."""
    # Ctrl-C is for the application, which ends this process if need be.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alarm: Callable[[int, float], object] = getattr(signal, "setitimer", lambda *_: None)
    timer = getattr(signal, "ITIMER_REAL", 0)
    about = receive(source)
    confine(about["memory"])
    # If nobody is left to kill this process, the alarm does.
    alarm(timer, about["seconds"])
    try:
        reader = Reader(about)
    except (sqlite3.Error, MemoryError) as error:
        send(target, {"error": str(error), "code": getattr(error, "sqlite_errorcode", None)})
        return
    send(target, {})
    while True:
        alarm(timer, 0)
        request = receive(source)
        alarm(timer, request["seconds"])
        try:
            send(target, reader.answer(request))
        except MemoryError:  # the reply is written whole, or not at all
            send(target, {"refused": ("size", "memory")})


if __name__ == "__main__":
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, BrokenPipeError):
        sys.exit()
