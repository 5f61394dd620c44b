"""The database: found, looked at and opened, without a byte being written in it or beside it."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Final, Self, final

from attrs import frozen

from machines.investigation.scope import ascii_lower
from machines.investigator.command.inputs import InputError, is_a_folder, listed, no_such_file
from machines.investigator.security import (
    TOOLS,
    GuardedConnection,
    Limits,
    QueryFailedError,
    Scope,
    SecurityViolation,
)
from machines.investigator.tools.naming import quoted
from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean

_MAGIC: Final = b"SQLite format 3\x00"
_WAL: Final = 2
_LOOK_S: Final = 3.0
_CELLS: Final = 16_000_000  # bytes that the cells of one answer may hold: a sample of long texts


class Way(Enum):
    """How a database can be read without anything being written beside it."""

    IN_PLACE = "mode=ro"
    # SQLite would make the files of a log where there are none, and leave them behind.
    AT_REST = "immutable=1"
    # The log holds what is not yet in the file, and reading it takes another file.
    COPIED = "copied"


@frozen
class Identity:
    """By what a file is known again: where it is, its size, and when it was changed."""

    path: str
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Look at a file; what its log holds counts as part of it."""
        size, modified = 0, 0
        for part in (path, _beside(path, "-wal")):
            if part.exists():
                stat = part.stat()
                # A log without content comes and goes with whoever opens the database.
                if part == path or stat.st_size:
                    size, modified = size + stat.st_size, max(modified, stat.st_mtime_ns)
        return cls(str(path), size, modified)


@frozen
class Table:
    """A table or a view that there is."""

    name: str
    is_view: bool

    @property
    def permitted_as(self) -> str:
        """Its name in a scope, where a dot would end the name of a schema."""
        return f"main.{self.name}" if "." in self.name else self.name


class Unchanging(GuardedConnection):
    """A connection to a file that nobody writes: SQLite makes no locks and no files for it."""

    def _open(self) -> sqlite3.Connection:
        return _connect(self._path, Way.AT_REST)


@final
class Database:
    """A SQLite file that can be read; to be closed when nobody reads any more."""

    def __init__(self, path: Path) -> None:
        """Look at a file.

        Raises:
            InputError: It is missing, is no SQLite database, or cannot be read now.
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
        except (sqlite3.Error, OSError) as error:
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
            return kind(self._file, scope, Limits(seconds=seconds, size=_CELLS))
        except (StatechartError, sqlite3.Error) as error:
            raise InputError(f"{self._name} cannot be read any more: {error}") from None

    def scope(self, named: Iterable[str]) -> tuple[Scope, tuple[str, ...]]:
        """Return the scope for some tables, or for all there are; and what was left out, and why.

        Raises:
            InputError: There is no such table, or none that can be read.
        """
        asked = tuple(dict.fromkeys(named))
        chosen = [self._table(name) for name in asked] if asked else list(self.tables)
        if not chosen:
            raise InputError(f"{self._name} has no tables: there is nothing to look at.")
        left_out: list[str] = []
        held = [one for one in chosen if _holds(one)]
        left_out += [
            f"the table {one.name!r} was left out: a scope cannot hold a name like that"
            for one in chosen
            if one not in held
        ]
        scope = _scope(held)
        readable: list[Table] = []
        with self.connect(scope, seconds=10) as connection:
            for one in held:
                trouble = _trouble(connection, one)
                if trouble is None:
                    readable.append(one)
                else:
                    kind = "view" if one.is_view else "table"
                    left_out.append(f"the {kind} {one.name!r} was left out: {trouble}")
        if not readable or (asked and left_out):
            raise InputError(f"{self._name}: {'; '.join(left_out)}.")
        return _scope(readable), tuple(left_out)

    def damage(self) -> str | None:
        """Look, for a moment, whether the file is damaged; say what was found, if it is."""
        until = time.monotonic() + _LOOK_S
        with closing(_connect(self._file, self.way)) as connection:
            connection.set_progress_handler(lambda: int(time.monotonic() > until), 1_000)
            try:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()
            except sqlite3.OperationalError:  # there was no time for all of it
                return None
            except sqlite3.DatabaseError as error:
                return str(error)
        told = "ok" if found is None else " ".join(str(found[0]).split())
        return None if told == "ok" else told

    def _table(self, name: str) -> Table:
        """Return a table by a name that somebody typed."""
        bare = name.removeprefix("main.")
        for table in self.tables:
            if ascii_lower(table.name) in (ascii_lower(name), ascii_lower(bare)):
                return table
        known = [table.name for table in self.tables]
        if not known:
            raise InputError(f"{self._name} has no tables, and hence no {name!r}.")
        remedy = did_you_mean(name, known, f"There are {listed(known)}.")
        raise InputError(f"{self._name} has no table {name!r}. {remedy}")

    def _list(self) -> tuple[Table, ...]:
        """Return the tables and views, in alphabetical order; those of SQLite itself left out."""
        with closing(_connect(self._file, self.way)) as connection:
            found = connection.execute(
                "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            ).fetchall()
            shadows = set[str]()
            if any(kind == "table" for _, kind in found) and sqlite3.sqlite_version_info >= (3, 37):
                # What a full-text index keeps for itself is no table of anybody's.
                asked = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"
                shadows = {name for (name,) in connection.execute(asked)}
        return tuple(Table(name, kind == "view") for name, kind in found if name not in shadows)


def _found(path: Path) -> Path:
    """Return a file that looks like a database, or say why it is none."""
    try:
        if path.is_dir():
            raise InputError(is_a_folder(path))
        if not path.exists():
            raise InputError(no_such_file(path))
        if not path.is_file():
            raise InputError(f"{str(path)!r} is no regular file. Name a SQLite database.")
        with path.open("rb") as file:
            begin = file.read(100)
        if not begin:
            raise InputError(f"{str(path)!r} is empty: there is no database in it.")
        if not begin.startswith(_MAGIC):
            raise InputError(
                f"{str(path)!r} is no SQLite database: it does not begin like one."
                " One that is encrypted has to be decrypted first."
            )
        return path.resolve()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{str(path)!r} cannot be read: {reason}.") from None


def _way(path: Path) -> Way:
    """Return how a database can be read with nothing written beside it."""
    with path.open("rb") as file:
        read_version = file.read(20)[19:]
    if read_version != bytes([_WAL]):
        return Way.IN_PLACE
    log = _beside(path, "-wal")
    if log.exists() and _beside(path, "-shm").exists():
        return Way.IN_PLACE
    return Way.COPIED if log.exists() and log.stat().st_size else Way.AT_REST


def _connect(path: Path, way: Way) -> sqlite3.Connection:
    mode = Way.IN_PLACE if way is Way.COPIED else way
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{mode.value}",
        uri=True,
        timeout=2.0,
        isolation_level=None,
        check_same_thread=False,
        # Whether a statement is permitted is asked when it is prepared: each time, hence.
        cached_statements=0,
    )


def _copied(path: Path, folder: Path) -> Path:
    """Copy a database with its log, and return the copy."""
    copy = folder / "copy.sqlite"
    shutil.copyfile(path, copy)
    shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))
    return copy


def _why(path: Path, name: str, error: Exception) -> str:
    """Say why a database cannot be read, and what to do."""
    told = str(error)
    if "locked" in told or "busy" in told:
        return f"{name} is locked by another program. Try again once it has finished writing."
    if _beside(path, "-journal").exists():
        return (
            f"{name} was left in the middle of a write: there is a journal beside it. Open it once"
            " with the program that writes it, so that it recovers."
        )
    if isinstance(error, sqlite3.DatabaseError):
        return f"{name} is damaged: {told}. See whether 'sqlite3 FILE .recover' can save it."
    return f"{name} cannot be read: {told}."


def _scope(tables: Iterable[Table]) -> Scope:
    return Scope("local", "local", tools=TOOLS, tables=[one.permitted_as for one in tables])


def _holds(table: Table) -> bool:
    """Tell whether a scope can hold a table."""
    try:
        _scope([table])
    except (TypeError, ValueError):
        return False
    return True


def _trouble(connection: GuardedConnection, table: Table) -> str | None:
    """Say why a table cannot be read; None when it can.

    A view is only prepared: how long its first row takes nobody knows.
    """
    try:
        name = quoted(table.name)
        connection.execute(f"SELECT * FROM {name} LIMIT {int(not table.is_view)}")  # noqa: S608
    except SecurityViolation as error:
        if error.rule in ("time", "size"):
            return None
        if error.rule == "table" and table.is_view:
            return f"it reads the table {error.object!r}, which has to be named as well"
        return f"it is not permitted ({error.rule}: {error.object})"
    except QueryFailedError as error:
        return f"{error.found}; it may be damaged, or refer to what is gone"
    return None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
