"""The database: found, checked and opened, without writing a byte into it or beside it."""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Final, Self, final

from attrs import frozen

from machines.investigation.scope import ascii_lower
from machines.investigation.vocabulary import Observed
from machines.investigator.command.inputs import InputError, is_a_folder, listed, no_such_file
from machines.investigator.security import (
    TOOLS,
    GuardedConnection,
    Limits,
    QueryFailedError,
    Scope,
    SecurityViolation,
)
from machines.investigator.security.connection import settings
from machines.investigator.security.process import NoReplyError, Process, head_of
from machines.investigator.security.spelling import MAX_NAME
from machines.investigator.security.tools import Call
from machines.investigator.tools import Toolbox
from machines.investigator.tools.naming import quoted
from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean

_MAGIC: Final = b"SQLite format 3\x00"
_WAL: Final = 2
_PARTS: Final = (
    "config content data docsize idx node parent rowid segdir segments stat".split()  # noqa: SIM905
)
"""Names of the tables within a virtual table: FTS3 to FTS5, R*Tree, Geopoly."""
_LOOK_S: Final = 3.0
_OPEN_S: Final = 10.0  # for the names of all tables
_VIEW_S: Final = 1.0  # for the preparation of one view
_VIEWS_S: Final = 5.0  # of all views
_MEMORY: Final = 512_000_000  # of one query: enough to sort some million rows
_CELLS: Final = 16_000_000  # bytes in the cells of one result: enough for a sample of long texts


class Way(Enum):
    """A way to read a database without writing anything beside it."""

    IN_PLACE = "mode=ro"
    # SQLite would create the files of a log if there are none, and leave them behind.
    AT_REST = "immutable=1"
    # The log has changes that are not yet in the file, and reading it takes another file.
    COPIED = "copied"


@frozen
class Identity:
    """The path, size and time of change of a file, by which it is recognized."""

    path: str
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the identity of a file; its log counts as part of it."""
        size, modified = 0, 0
        for part in (path, _beside(path, "-wal")):
            if part.exists():
                stat = part.stat()
                # An empty log comes and goes with each program that opens the database.
                if part == path or stat.st_size:
                    size, modified = size + stat.st_size, max(modified, stat.st_mtime_ns)
        return cls(str(path), size, modified)


@frozen
class Table:
    """A table or a view of the database."""

    name: str
    is_view: bool

    @property
    def permitted_as(self) -> str:
        """Its name in a scope, in which a dot ends the name of a schema."""
        return f"main.{self.name}" if "." in self.name else self.name


class Unchanging(GuardedConnection):
    """A connection to a file that nobody writes: SQLite creates no locks and no files for it."""

    mode: ClassVar = Way.AT_REST.value


@final
class Database:
    """A SQLite file that can be read; close it when nobody reads any more."""

    def __init__(self, path: Path) -> None:
        """Check a file.

        Raises:
            InputError: It is missing, is not a SQLite database, or cannot be read now.
        """
        self.path = _found(path)
        self._name = repr(str(path))
        self.identity = Identity.of(self.path)
        self.way = _way(self.path)
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._file = self.path
        try:
            if self.way is Way.COPIED:
                self._copy = tempfile.TemporaryDirectory(prefix="statecharts-")
                self._file = _copied(self.path, Path(self._copy.name))
            self.tables = self._list()
        except (_UnreadableError, OSError) as error:
            self.close()
            raise InputError(_why(self.path, self._name, error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy, if there is one."""
        if self._copy is not None:
            self._copy.cleanup()

    def connect(self, scope: Scope, seconds: float) -> GuardedConnection:
        """Open a guarded connection.

        Raises:
            InputError: It cannot be opened any more.
        """
        kind = Unchanging if self.way is Way.AT_REST else GuardedConnection
        try:
            limits = Limits(seconds=seconds, size=_CELLS, memory=_MEMORY)
            return kind(self._file, scope, limits)
        except StatechartError as error:
            raise InputError(f"{self._name} cannot be read any more: {error}") from None

    def scope(self, named: Iterable[str]) -> tuple[Scope, tuple[str, ...]]:
        """Return the scope of some tables, or of all; and notes on tables that were left out.

        Raises:
            InputError: There is no such table, or no table can be read.
        """
        asked = tuple(dict.fromkeys(named))
        chosen = [self._table(name) for name in asked] if asked else list(self.tables)
        if not chosen:
            raise InputError(f"{self._name} has no tables.")
        left_out: list[str] = []
        held: list[Table] = []
        for one in chosen:
            trouble = _unfit(one)
            if trouble is None:
                held.append(one)
            else:
                left_out.append(f"the table {one.name!r} was left out: {trouble}")
        scope = _scope(held)
        readable: list[Table] = []
        until = time.monotonic() + _VIEWS_S
        with self.connect(scope, seconds=_VIEW_S) as connection:
            for one in held:
                late = one.is_view and time.monotonic() > until
                over = "there was no time left to look at it"
                trouble = over if late else _trouble(connection, one)
                if trouble is None:
                    readable.append(one)
                else:
                    kind = "view" if one.is_view else "table"
                    left_out.append(f"the {kind} {one.name!r} was left out: {trouble}")
        if not readable or (asked and left_out):
            raise InputError(f"{self._name}: {'; '.join(left_out)}.")
        return _scope(readable), tuple(left_out)

    def damage(self) -> str | None:
        """Check briefly whether the file is damaged; return the damage, or None."""
        try:
            [found] = self._ask(_LOOK_S, "PRAGMA quick_check(1)")
        except _UnreadableError as error:
            return None if error.end == "time" else str(error)
        told = " ".join(" ".join(map(str, *found)).split())
        return None if told == "ok" else told

    def _table(self, name: str) -> Table:
        """Return a table by the name that the user typed."""
        bare = name.removeprefix("main.")
        for table in self.tables:
            if ascii_lower(table.name) in (ascii_lower(name), ascii_lower(bare)):
                return table
        known = [table.name for table in self.tables]
        if not known:
            raise InputError(f"{self._name} has no tables, and no {name!r}.")
        remedy = did_you_mean(name, known, f"Known: {listed(known)}.")
        raise InputError(f"{self._name} has no table {name!r}. {remedy}")

    def _list(self) -> tuple[Table, ...]:
        """Return the tables and views, in alphabetical order, without those of SQLite itself."""
        found, virtual = self._ask(
            _OPEN_S,
            "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name",
            "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'",
        )
        # The internal tables of an index of texts or places are not the user's. SQLite's own list
        # of them would prepare every view.
        inner = {f"{name}_{part}" for (name,) in virtual for part in _PARTS}
        return tuple(
            Table(name, kind == "view")
            for name, kind in found
            if name not in inner and not ascii_lower(name).startswith("sqlite_")
        )

    def _ask(self, seconds: float, *asked: str) -> list[list[tuple[Any, ...]]]:
        """Return the rows of queries of ours, made in a process of their own.

        Raises:
            _UnreadableError: The database cannot answer, or not in time.
        """
        mode = Way.IN_PLACE if self.way is Way.COPIED else self.way
        uri = f"{self._file.resolve().as_uri()}?{mode.value}"
        found: list[list[tuple[Any, ...]]] = []
        try:
            with closing(Process(settings(uri, Limits(memory=_MEMORY)))) as process:
                for sql in asked:
                    reply = process.ask({"sql": sql, "values": ()}, seconds)
                    if "rows" not in reply:
                        raise _UnreadableError(reply.get("error", "it is too large"))
                    found.append(reply["rows"])
        except NoReplyError as error:
            late = f"it took longer than {seconds:g} s"
            found_out = late if error.end == "time" else "the process that reads it broke off"
            raise _UnreadableError(found_out, error.end) from None
        return found


class _UnreadableError(Exception):
    """The reason of SQLite, or of its process, why a database cannot be read."""

    def __init__(self, text: str, end: str | None = None) -> None:
        super().__init__(text)
        self.end = end


def _found(path: Path) -> Path:
    """Return the path of a file that looks like a database.

    Raises:
        InputError: It does not.
    """
    try:
        if path.is_dir():
            raise InputError(is_a_folder(path))
        if not path.exists():
            raise InputError(no_such_file(path))
        if not path.is_file():
            raise InputError(f"{str(path)!r} is not a regular file. Name a SQLite database.")
        begin = head_of(path, len(_MAGIC))
        if not begin:
            raise InputError(f"{str(path)!r} is empty. Name a SQLite database.")
        if not begin.startswith(_MAGIC):
            raise InputError(
                f"{str(path)!r} is not a SQLite database: it does not begin like one."
                " Decrypt an encrypted one first."
            )
        return path.resolve()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{str(path)!r} cannot be read: {reason}.") from None


def _way(path: Path) -> Way:
    """Return the way to read a database without writing anything beside it."""
    if head_of(path, 20)[19:] != bytes([_WAL]):
        return Way.IN_PLACE
    log = _beside(path, "-wal")
    if log.exists() and _beside(path, "-shm").exists():
        return Way.IN_PLACE
    return Way.COPIED if log.exists() and log.stat().st_size else Way.AT_REST


def _copied(path: Path, folder: Path) -> Path:
    """Copy a database with its log, and return the copy."""
    copy = folder / "copy.sqlite"
    shutil.copyfile(path, copy)
    shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))
    return copy


def _why(path: Path, name: str, error: Exception) -> str:
    """Say why a database cannot be read, with the remedy."""
    told = str(error)
    if "locked" in told or "busy" in told:
        return f"{name} is locked by another program. Try again once it has finished writing."
    if _beside(path, "-journal").exists():
        return (
            f"{name} was left in the middle of a write: there is a journal beside it. Open it once"
            " with the program that writes it, to recover it."
        )
    if isinstance(error, _UnreadableError) and error.end is None:
        return f"{name} is damaged: {told}. Try to recover it with 'sqlite3 FILE .recover'."
    return f"{name} cannot be read: {told}."


def _scope(tables: Iterable[Table]) -> Scope:
    return Scope("local", "local", tools=TOOLS, tables=[one.permitted_as for one in tables])


def _unfit(table: Table) -> str | None:
    """Say why no query can name a table; None if one can."""
    if len(table.name.encode("utf-8", "replace")) > MAX_NAME["sqlite"]:
        return f"its name is longer than {MAX_NAME['sqlite']} bytes"
    try:
        _scope([table])
    except (TypeError, ValueError):
        return "a scope cannot have such a name"
    return None


def _trouble(connection: GuardedConnection, table: Table) -> str | None:
    """Say why a table cannot be read; None if it can.

    A view is only prepared: its first row may take any time. Even to prepare it may take too long,
    if it reads views that read views.
    """
    what = f"SELECT * FROM {quoted(table.name)}"  # noqa: S608 - it is quoted
    try:
        connection.execute(f"EXPLAIN {what}" if table.is_view else f"{what} LIMIT 1")
    except SecurityViolation as error:
        if error.rule in ("time", "size"):
            return "it takes too long, or too much memory, to prepare" if table.is_view else None
        if error.rule == "table" and table.is_view:
            return f"it reads the table {error.object!r}, which must be named as well"
        return f"it is not permitted ({error.rule}: {error.object})"
    except QueryFailedError as error:
        return f"{error.found}; it may be damaged, or refer to a table that does not exist"
    return None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


_MOST: Final = 4  # more would not read faster from one disk


@final
class Toolboxes:
    """Calls tools, each call on a connection of its own, so that queries run side by side.

    A call waits for a free connection. With no more calls at once than connections, no call waits,
    and each has its whole time limit.
    """

    def __init__(self, database: Database, scope: Scope, seconds: float, count: int = 0) -> None:
        """Open the connections.

        Args:
            database: The database.
            scope: The tables that may be read.
            seconds: Time limit of one query.
            count: Number of connections; 0 for one per processor, up to four.
        """
        self.scope = scope
        self.count = count or max(1, min(_MOST, os.cpu_count() or 1))
        self._connections: list[GuardedConnection] = []
        self._free: queue.SimpleQueue[Toolbox] = queue.SimpleQueue()
        for _ in range(self.count):
            self._connections.append(database.connect(scope, seconds))
        self._toolboxes = tuple(Toolbox(one) for one in self._connections)
        for toolbox in self._toolboxes:
            self._free.put(toolbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, call: Call) -> Observed:
        """Call a tool, and return its result; blocks until then."""
        toolbox = self._free.get()
        try:
            return toolbox.call(call)
        finally:
            self._free.put(toolbox)

    def stop(self, call: Call) -> None:
        """Stop a call that runs in another thread."""
        for toolbox in self._toolboxes:
            toolbox.stop(call)

    def close(self) -> None:
        """Close the connections, and end the calls that are under way."""
        for connection in self._connections:
            connection.close()
