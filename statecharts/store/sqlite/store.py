"""A store in a file of SQLite.

The file is in WAL mode with ``synchronous=FULL``: what a write returns for is on disk. Any number
of processes may write; a write waits for the others, and nobody is told that the file is locked.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar, final

from statecharts.store.chain import Damage
from statecharts.store.errors import DamageError, StoreError, need_sqlalchemy
from statecharts.store.forks import unwatch, watch
from statecharts.store.relational import PATIENCE, Relational, foreign, unfit
from statecharts.store.rows import Change, Timer
from statecharts.store.statements import STATEMENTS

T = TypeVar("T")

_IN_MEMORY: Final = ":memory:"
"""The path that SQLite takes for no file at all."""

_OTHERS: Final = 1 << 32
"""More writes than a connection has counted: what it counted is not known to the next one."""

_MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of each file of SQLite."""


@final
class SQLiteStore(Relational):
    """A store in a file (see `statecharts.store.port.Store`).

    Args:
        path: The file; made when it is not there.
        prefix: The prefix of its table names.
        create: Whether tables that are missing are made.
        synchronous: ``FULL``, or ``NORMAL``, which may lose the last commits when the machine (not
            the process) goes down.

    Raises:
        StoreError: It cannot be opened (SC801), holds a newer schema (SC802), is full (SC803), or
            has no tables and may not make them (SC805).
        DamageError: It is damaged, or no file of SQLite (SC804).
    """

    joint = True

    def __init__(
        self, path: Path, *, prefix: str = "", create: bool = True, synchronous: str = "FULL"
    ) -> None:
        if not all(one.isalnum() or one == "_" for one in prefix):
            found = f"prefix={prefix!r} has other characters than letters, digits and _"
            raise StoreError("SC801", str(path), found, "Choose another prefix")
        self.path = path
        self.prefix = prefix
        self._synchronous = synchronous
        self._file = path if str(path) == _IN_MEMORY else path.absolute()
        self._sql = {name: text.replace("{p}", prefix) for name, text in STATEMENTS.items()}
        self._lock = threading.RLock()
        self._places: dict[str, int] = {}
        self._writes = 0
        self._guest = self._closed = False
        self._opened: os.stat_result | None = None
        if not path.exists():
            self._check_makeable(create=create)
        try:
            with self._errors():
                self._patiently(lambda: self._db.execute("PRAGMA journal_mode=WAL").fetchone())
                self._patiently(lambda: self._make(create=create))
        except BaseException:
            self.close()
            raise
        if str(path) != _IN_MEMORY:
            self._opened = self._file.stat()
            watch(self)

    @cached_property
    def _db(self) -> sqlite3.Connection:
        """The connection of this process."""
        if self._closed:
            message = "Cannot operate on a closed database."
            raise sqlite3.ProgrammingError(message)
        self._check_place()
        db = sqlite3.connect(
            self._file, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            db.execute(f"PRAGMA synchronous={self._synchronous}")
        except BaseException:  # it is no database that can be read
            db.close()
            raise
        return db

    def _check_place(self) -> None:
        """Refuse to write into a file that nobody finds any more: all of it would be lost.

        Raises:
            StoreError: It has been removed, or another one is in its place (SC801).
        """
        if self._opened is None:
            return
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(self._opened, os.stat(self._file)):  # noqa: PTH116 - half the time
                return
        found = "the file that was opened has been removed, or another one is in its place"
        remedy = "Put it back, or open the store again, to go on with what is there now"
        raise StoreError("SC801", str(self.path), found, remedy)

    def before_fork(self) -> None:
        """Close the connection: SQLite can tell two processes apart, but not one that was forked.

        The new process would not hold the locks that it believes to hold, and lose what it writes.
        """
        self._lock.acquire()
        db = vars(self).pop("_db", None)
        if db is not None:
            db.close()

    def after_fork(self, *, child: bool) -> None:  # noqa: ARG002 - both connect anew
        """Let the next statement connect."""
        self._writes += _OTHERS  # others may have written meanwhile
        self._lock.release()

    def _check_makeable(self, *, create: bool) -> None:
        """Refuse to make a file that could have no tables, before it is there."""
        if not create:
            raise StoreError(
                "SC805", str(self.path), "there is no such file", "Make it, or allow create"
            )
        need_sqlalchemy(str(self.path))

    def _make(self, *, create: bool) -> None:
        """Make the tables, or see that they are ours."""
        known = {
            name
            for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if f"{self.prefix}meta" in known:
            self._check_version(str(self.path), "Give another file, or a prefix=")
            return
        if not create:
            found = f"it has no table {self.prefix}meta"
            remedy = "Make the tables (statecharts runs schema --sql prints how), or allow create"
            raise StoreError("SC805", str(self.path), found, remedy)
        # SQLAlchemy takes long to import, and is only needed to make tables.
        need_sqlalchemy(str(self.path))
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - needs an extra

        from statecharts.store.tables import NAMES, script  # noqa: PLC0415 - needs an extra

        taken = sorted(known & {f"{self.prefix}{name}" for name in NAMES})
        if taken:
            found = f"it has a table {taken[0]} that is not ours"
            raise StoreError("SC805", str(self.path), found, "Give another file, or a prefix=")
        with self._transaction():
            if self._db.execute(
                "SELECT 1 FROM sqlite_master WHERE name = ?", (f"{self.prefix}meta",)
            ).fetchone():
                return  # another process was quicker
            for statement in script(sqlite.dialect(), self.prefix):
                self._db.execute(statement)
        self._check_version(str(self.path), "Give another file, or a prefix=")

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do what SQLite does not itself wait for, once nobody else has the file."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return action()
            except sqlite3.OperationalError as error:
                if not _locked(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    @contextmanager
    def _errors(self) -> Generator[None, None, None]:
        """Tell SQLite's errors as ours."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
        where, name = str(self.path), getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_FULL"):
            found = "the disk is full; nothing of this write was kept"
            return StoreError("SC803", where, found, "Make room, and send again")
        if name == "SQLITE_NOTADB" and not self._was_sqlite():
            found = "it is no store: no file of SQLite begins as this one does"
            return StoreError("SC805", where, found, "Give the file of a store, or a new one")
        # What is no UTF-8 is told without a name; SQLite's own messages may quote it.
        undecodable = isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error)
        if undecodable or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            found = f"the file is damaged ({error})"
            remedy = "Restore a backup; statecharts runs verify tells what is damaged"
            return DamageError("SC804", where, found, remedy)
        if self._guest and _locked(error):
            found = "somebody else has written since this transaction began to read"
            return StoreError("SC806", where, found, "Roll it back, and do it again")
        if _locked(error):
            found = (
                f"a transaction that was begun elsewhere, in this process or another, "
                f"has held the file for {PATIENCE:.0f} seconds"
            )
            remedy = (
                "End it; if it is your own, write through it: start(…, connection=) or "
                "send(…, connection=)"
            )
            return StoreError("SC806", where, found, remedy)
        if name.startswith("SQLITE_READONLY"):
            found = "the file, or its directory, is not writable"
            return StoreError("SC801", where, found, "Let this user write there")
        if name.startswith("SQLITE_CANTOPEN"):
            found = "the file cannot be opened or made"
            remedy = "Make its directory, and let this user write there"
            return StoreError("SC801", where, found, remedy)
        if isinstance(error, sqlite3.ProgrammingError):
            return StoreError("SC807", where, f"the store cannot be used: {error}", "Open it again")
        found = f"SQLite could not write or read: {error} ({name})"
        return StoreError("SC801", where, found, "See to the disk, and try again")

    def _was_sqlite(self) -> bool:
        """Tell whether the file begins much as one of SQLite does: then it is a damaged one."""
        try:
            with self._file.open("rb") as file:
                head = file.read(len(_MAGIC))
        except OSError:
            return True
        return sum(one == two for one, two in zip(head, _MAGIC, strict=False)) > len(_MAGIC) // 2

    def _do(self, name: str, *values: object) -> sqlite3.Cursor:
        return self._db.execute(self._sql[name], values)

    def _do_many(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._db.executemany(self._sql[name], rows)

    def _whole(self, action: Callable[[], T], *, quietly: bool = False) -> T:  # noqa: ARG002
        with self._lock, self._errors(), self._transaction():
            return action()

    def within(self, connection: Any) -> SQLiteStore:
        """Return this store, writing through somebody's own connection to the file.

        What is written there is committed, or not, with what else that connection writes.
        """
        if not isinstance(connection, sqlite3.Connection):
            raise foreign(str(self.path), connection, "to a file of SQLite")
        if connection.isolation_level is None and not connection.in_transaction:
            raise unfit(str(self.path), "connection= commits each statement by itself")
        files = connection.execute("PRAGMA database_list").fetchall()
        file = next(Path(path) for _, name, path in files if name == "main")
        if not (file.is_file() and file.samefile(self._file)):
            raise unfit(str(self.path), f"connection= is to {str(file)!r}")
        inner = copy.copy(self)
        vars(inner).update(_db=connection, _lock=threading.RLock(), _places={}, _guest=True)
        return inner

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        if self._guest:
            yield
            return
        self._check_place()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._places.clear()  # numbers given in a transaction that did not come to be
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # -- writing -----------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], together: int = 0) -> list[bool]:
        """Write changes; see the port."""
        with self._lock, self._errors():
            with self._transaction():
                done = self._write_together(changes[:together]) if together else []
                done += [self._write(change) is not None for change in changes[together:]]
            self._writes += 1
            return done

    def _write_together(self, changes: Sequence[Change]) -> list[bool]:
        """Write all of some changes, or none of them."""
        self._db.execute("SAVEPOINT together")
        done = all(self._write(change) is not None for change in changes)
        if not done:
            self._db.execute("ROLLBACK TO together")
            self._places.clear()
        self._db.execute("RELEASE together")
        return [done] * len(changes)

    # -- reading -----------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Generator[None, None, None]:
        """See one instant, in all statements of the block."""
        if self._guest:
            yield
            return
        with self._lock, self._errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT" if self._db.in_transaction else "SELECT 1")

    def _rows(self, name: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._do(name, *values).fetchall()

    # -- delivery ----------------------------------------------------------------------------------

    def renew(
        self, worker: str, until: int, claims: Iterable[tuple[str, int]]
    ) -> set[tuple[str, int]]:
        """Let claims hold longer; see the port."""
        with self._lock, self._errors(), self._transaction():
            return {
                (run, number)
                for run, number in claims
                if self._do("renew", until, run, number, worker).rowcount
            }

    def held(self, worker: str, claims: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return the claims that a worker still has; see the port."""
        with self._lock, self._errors():
            return {one for one in claims if self._do("held", *one, worker).fetchone() is not None}

    def release(
        self, worker: str, claims: Iterable[tuple[str, int]], *, begun: bool = False
    ) -> None:
        """Give claims back; see the port."""
        with self._lock, self._errors(), self._transaction():
            for run, number in claims:
                self._do("leave" if begun else "release", run, number, worker)

    def forsake(self, dead: Callable[[str], bool]) -> int:
        """Give back all claims of the dead; see the port."""
        gone = [row for row in self._rows("workers") if dead(row[0])]
        if not gone:
            return 0
        with self._lock, self._errors(), self._transaction():
            return sum(self._do("forsake", *row).rowcount for row in gone)

    def due(self, now: int, charts: Iterable[str], limit: int) -> list[tuple[str, Timer]]:
        """Return timers that are due; see the port."""
        wanted = frozenset(charts)
        with self._lock, self._errors():
            rows = (row for row in self._do("due", now) if row[1] in wanted)
            return [(run, Timer(name, due)) for run, _, name, due in islice(rows, limit)]

    def next(self, now: int, charts: Iterable[str]) -> int | None:
        """Return when the next timer or effect falls due; see the port."""
        wanted = frozenset(charts)
        with self._lock, self._errors():
            found = [
                next((due for chart, due in self._do(name, now) if chart in wanted), None)
                for name in ("next_timer", "next_owed")
            ]
        return min((due for due in found if due is not None), default=None)

    def token(self) -> int:
        """Return the number of commits here and elsewhere; see the port."""
        with self._lock, self._errors():
            elsewhere: int = self._db.execute("PRAGMA data_version").fetchone()[0]
            return elsewhere + self._writes

    # -- artifacts ---------------------------------------------------------------------------------

    def put(self, body: bytes) -> bytes:
        """Keep an artifact; see the port."""
        name = hashlib.sha256(body).digest()
        with self._lock, self._errors(), self._transaction():
            self._do("put", name, body)
        return name

    # -- the file ----------------------------------------------------------------------------------

    def check(self) -> list[Damage]:
        """Return what SQLite finds damaged in the file; see the port."""
        try:
            found = [text for (text,) in self._db.execute("PRAGMA integrity_check")]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            found = [str(error)]
        return [Damage("", f"SQLite: {text}") for text in found if text != "ok"]

    def close(self) -> None:
        """Close the file; see the port."""
        unwatch(self)
        with self._lock:
            self._closed = True
            if "_db" in vars(self):
                self._db.close()


def _locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
