"""A store in a database of Postgres, for many processes at once.

A write is one transaction. Its fence is the sequence and the epoch of each head, so that of two
processes that have worked on the same run one misses, and works again; nobody waits for a lock that
somebody else holds while it thinks. Claims skip the rows that others are claiming.
"""

from __future__ import annotations

import copy
import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar, final

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from statecharts.store.chain import Damage
from statecharts.store.errors import StoreError, UnstorableError, need_sqlalchemy
from statecharts.store.forks import unwatch, watch
from statecharts.store.relational import PATIENCE, Relational, foreign, unfit
from statecharts.store.rows import LOST, Change, Timer
from statecharts.store.statements import STATEMENTS, free

T = TypeVar("T")

CHANNEL: Final = "statecharts_{p}written"
"""The channel on which a store tells the others that it has written."""

_PATIENCE: Final = f"{PATIENCE:.0f}s"
_WITHIN: Final = (TransactionStatus.INTRANS, TransactionStatus.INERROR)

ATTEMPTS: Final = 3
"""Times that something is tried whose connection is lost on the way."""

RETURN: Final = 10.0
"""Seconds in which a server may come back that went away while it was to commit."""

COLLISIONS: Final = 30
"""Times that something is tried that others keep getting in the way of."""

_AWAY: Final = ("08", "57")
"""The classes of errors by which a server says that it goes; one that is away says nothing."""

_PAIRS: Final = (
    "SELECT value ->> 0, value ->> 1 FROM json_array_elements(CAST(?2 AS json)) AS value"
)
_NUMBERS: Final = (
    "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(?3 AS json)) AS value"
)
_OWN: Final = {
    "look": free(_PAIRS, _NUMBERS),
    "free": f"{free(_PAIRS, _NUMBERS)} FOR UPDATE OF owed SKIP LOCKED",
    "due": "SELECT runs.run, timers.id, timers.due FROM {p}timers AS timers"
    " JOIN {p}runs AS runs ON runs.number = timers.run"
    " WHERE timers.due <= ? AND status = 'running' AND chart = ANY(?)"
    " ORDER BY timers.due, runs.run LIMIT ?",
    "next_timer": "SELECT min(timers.due) FROM {p}timers AS timers"
    " JOIN {p}runs AS runs ON runs.number = timers.run"
    " WHERE timers.due > ? AND status = 'running' AND chart = ANY(?)",
    "next_owed": "SELECT min(greatest(owed.due, owed.until)) FROM {p}owed AS owed"
    " JOIN {p}runs AS runs ON runs.number = owed.run"
    " WHERE handed = 0 AND greatest(owed.due, owed.until) > ?1"
    " AND status NOT IN ('suspended', 'stuck') AND chart = ANY(?2)",
    "held": "SELECT runs.run, owed.number FROM unnest(CAST(? AS text[]), CAST(? AS bigint[]))"
    " AS asked (run, number) JOIN {p}runs AS runs ON runs.run = asked.run"
    " JOIN {p}owed AS owed ON owed.run = runs.number AND owed.number = asked.number"
    f" WHERE worker = ? AND until > {LOST} AND status NOT IN ('suspended', 'stuck')",
    "unbegun": f"{STATEMENTS['unbegun']} FOR UPDATE",
    "tell": f"NOTIFY {CHANNEL}",
    "listen": f"LISTEN {CHANNEL}",
    "ask": "SELECT 1",
    "place_of_tables": "SELECT pg_postmaster_start_time(), current_database(),"
    " CAST(to_regclass('{p}runs') AS oid)",
    "patience": "SELECT set_config('lock_timeout', ?, false)",
    # As long as its transaction lasts, unless it has a time of its own.
    "guest_patience": "SELECT set_config('lock_timeout', ?, true)"
    " WHERE current_setting('lock_timeout') = '0'",
}


@final
class PostgresStore(Relational):
    """A store in a database (see `statecharts.store.port.Store`).

    Args:
        address: Its address, ``postgresql://user@host/database``, as libpq takes it.
        prefix: The prefix of its table names.
        create: Whether tables that are missing are made.

    Raises:
        StoreError: It cannot be reached (SC801), holds a newer schema (SC802), or has no tables and
            may not make them (SC805).
    """

    joint = False
    """Not: two that write many runs each would wait for each other too often."""

    def __init__(self, address: str, *, prefix: str = "", create: bool = True) -> None:
        if not all(one.isascii() and (one.isalnum() or one == "_") for one in prefix):
            found = f"prefix={prefix!r} has other characters than letters, digits and _"
            raise StoreError("SC801", "store", found, "Choose another prefix")
        self.prefix = prefix
        self._address = address
        self._where = re.sub(r"//[^@/]*@", "//", address.partition("?")[0])
        self._sql = {
            name: _numbered(text.replace("{p}", prefix.lower()))
            for name, text in {**STATEMENTS, **_OWN}.items()
        }
        self._lock = threading.RLock()
        self._hearing = threading.Lock()
        self._places: dict[str, int] = {}
        self._writes = self._heard = 0
        self._closed = False
        self._host: PostgresStore | None = None
        with self._errors():
            try:
                self._db = self._connect()
                self._ear = self._connect()
                self._ear.execute(self._sql["listen"])
                self._make(create=create)
            except BaseException:
                self.close()
                self._closed = False  # what is told is why it could not be opened
                raise
        watch(self)

    def before_fork(self) -> None:
        """Close the connections: two processes would read each other's answers from them."""
        self._lock.acquire()
        self._hearing.acquire()
        self._db.connection.close()
        self._ear.connection.close()

    def after_fork(self, *, child: bool) -> None:  # noqa: ARG002 - both connect anew
        """Let the next statement connect, as after a connection that was lost."""
        self._heard += 1  # others may have written meanwhile
        self._hearing.release()
        self._lock.release()

    def _connect(self) -> psycopg.RawCursor[Any]:
        """Connect; return what runs statements."""
        connection = psycopg.connect(self._address, autocommit=True, connect_timeout=10)
        try:
            cursor = _cursor(connection)
            cursor.execute(self._sql["patience"], (_PATIENCE,))
        except BaseException:
            connection.close()
            raise
        return cursor

    def _make(self, *, create: bool) -> None:
        """Make the tables, or see that they are ours."""
        known = self._db.execute(
            "SELECT to_regclass($1) IS NOT NULL", (f"{self.prefix.lower()}meta",)
        ).fetchone()
        if known != (True,):
            if not create:
                found = f"it has no table {self.prefix}meta"
                remedy = "Make the tables (statecharts runs schema --sql --dialect postgresql "
                remedy += "prints how), or allow create"
                raise StoreError("SC805", self._where, found, remedy)
            # SQLAlchemy takes long to import, and is only needed to make tables.
            need_sqlalchemy(self._where)
            from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - needs an extra

            from statecharts.store.tables import script  # noqa: PLC0415 - needs an extra

            dialect: Any = postgresql
            with self._transaction():
                self._db.execute("SELECT pg_advisory_xact_lock(727468)")
                made = self._db.execute(
                    "SELECT to_regclass($1) IS NOT NULL", (f"{self.prefix.lower()}meta",)
                ).fetchone()
                if made != (True,):  # else another process was quicker
                    for statement in script(dialect.dialect(), self.prefix.lower()):
                        self._db.execute(statement.encode())
        self._check_version(self._where, "Give another database, or a prefix=")

    # -- errors and connections --------------------------------------------------------------------

    @contextmanager
    def _errors(self) -> Generator[None, None, None]:
        """Tell the errors of Postgres as ours."""
        try:
            yield
        except (psycopg.Error, UnicodeError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> StoreError:
        said = " ".join(str(error).split())
        if isinstance(error, (errors.DiskFull, errors.OutOfMemory)):
            found = f"the server has no room ({said}); nothing of this write was kept"
            return StoreError("SC803", self._where, found, "Make room, and send again")
        if isinstance(error, errors.SerializationFailure):
            found = "somebody else has written since this transaction began to read"
            return StoreError("SC806", self._where, found, "Roll it back, and do it again")
        if isinstance(error, errors.LockNotAvailable):
            found = f"somebody's transaction has held what is to be written for {PATIENCE:.0f} s"
            return StoreError(
                "SC806", self._where, found, "End it, or write through it: connection="
            )
        state = getattr(error, "sqlstate", None) or ""
        if isinstance(error, (UnicodeError, psycopg.DataError, errors.ProgramLimitExceeded)):
            found = f"Postgres cannot keep a value: {said}"
            return UnstorableError("SC801", self._where, found, "Give another value")
        if self._closed:
            return StoreError("SC807", self._where, "the store has been closed", "Open it again")
        away = not state or state.startswith(_AWAY)
        if isinstance(error, psycopg.OperationalError) and away:
            found = f"the server cannot be reached: {said}"
            return StoreError("SC801", self._where, found, "See that it runs, and try again")
        if isinstance(error, (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
            return StoreError("SC801", self._where, said, "Let this user write there")
        found = f"Postgres could not write or read: {said}"
        return StoreError("SC801", self._where, found, "See to the database, and try again")

    def within(self, connection: Any) -> PostgresStore:
        """Return this store, writing through somebody's own connection to the database.

        What is written there is committed, or not, with what else that connection writes.
        """
        if not isinstance(connection, psycopg.Connection):
            raise foreign(self._where, connection, "to Postgres by psycopg")
        if connection.autocommit:
            raise unfit(self._where, "connection= commits each statement by itself")
        inner = copy.copy(self)
        vars(inner).update(_db=_cursor(connection), _lock=threading.RLock(), _host=self)
        with inner._errors():
            if inner._do("place_of_tables").fetchone() != self._rows("place_of_tables")[0]:
                raise unfit(self._where, f"connection= is to {connection.info.dbname!r}")
            inner._do("guest_patience", _PATIENCE)
        return inner

    @property
    def _guest(self) -> bool:
        return self._host is not None

    def _place(self, states: str) -> int:
        """Return the number of a configuration; a guest's host writes it, at once and for all."""
        if self._host is None:
            return super()._place(states)
        host = self._host
        with host._lock, host._errors():
            return host._patiently(lambda: host._place(states))

    def _patiently(
        self, action: Callable[[], T], written: Callable[[], T | None] | None = None
    ) -> T:
        """Do something; if the connection is lost on the way, connect and do it again.

        Args:
            action: What to do.
            written: Finds out whether a write whose answer was lost has come to be.
        """
        if self._guest:
            return action()
        for attempt in count(1):
            try:
                return action()
            except (errors.DeadlockDetected, errors.SerializationFailure):
                if attempt == COLLISIONS:
                    raise
                time.sleep(random.random() * 0.001 * attempt)  # noqa: S311 - it is no secret
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if self._closed or not self._db.connection.closed or attempt >= ATTEMPTS:
                    raise
                if isinstance(error, errors.QueryCanceled):
                    raise
                self._connect_again(in_doubt=written is not None)
                self._heard += 1  # others may have written meanwhile
                if written is not None and (done := written()) is not None:
                    return done
        raise AssertionError

    def _connect_again(self, *, in_doubt: bool) -> None:
        """Connect anew; where it has to be found out what was written, wait for the server.

        Raises:
            StoreError: It does not come back in time.
            psycopg.Error: It is away.
        """
        deadline = time.monotonic() + RETURN
        while True:
            try:
                self._db = self._connect()
            except psycopg.OperationalError as error:
                if not in_doubt:
                    raise
                if time.monotonic() > deadline:
                    found = (
                        f"the server went away while it wrote, and has not been back for {RETURN:g}"
                        " seconds: whether this was written is not known"
                    )
                    remedy = "Look once it is back; what is sent again with its id= is taken once"
                    raise StoreError("SC801", self._where, found, remedy) from error
                time.sleep(0.1)
            else:
                return

    def _do(self, name: str, *values: object) -> psycopg.RawCursor[Any]:
        return self._db.execute(self._sql[name], values)

    def _do_many(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            self._do(name, *rows[0])
        else:
            self._db.executemany(self._sql[name], rows)

    def _whole(self, action: Callable[[], T], *, quietly: bool = False) -> T:
        def whole() -> T:
            with self._transaction(quietly=quietly):
                return action()

        with self._lock, self._errors():
            return self._patiently(whole)

    @contextmanager
    def _transaction(self, *, quietly: bool = False) -> Generator[None, None, None]:
        """Write in one transaction, and tell the others of it."""
        if self._guest:
            yield
            self._do("tell")
            return
        try:
            with self._db.connection.transaction():
                yield
                if not quietly:
                    self._do("tell")
        except BaseException:
            self._places.clear()  # numbers given in a transaction that did not come to be
            raise

    # -- writing -----------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], together: int = 0) -> list[bool]:  # noqa: ARG002
        """Write changes; see the port."""
        with self._lock, self._errors():
            done = self._patiently(
                lambda: self._written(changes), lambda: self._found_written(changes)
            )
            self._writes += 1
            return done

    def _written(self, changes: Sequence[Change]) -> list[bool]:
        done = [False] * len(changes)
        places = {one.head.configuration for one in changes}
        places |= {entry.configuration for one in changes for entry in one.entries}
        for place in sorted(places):  # outside the transaction: nobody is to wait for a name
            self._place(place)
        with self._transaction():
            # In one order everywhere, so that two writers never wait for each other.
            for number, change in sorted(enumerate(changes), key=lambda one: one[1].head.run):
                done[number] = self._write(change) is not None
        return done

    def _found_written(self, changes: Sequence[Change]) -> list[bool] | None:
        """Return what a write has done whose answer was lost; None if nothing was written."""
        done = []
        for change in changes:
            run, last = change.head.run, change.entries[-1] if change.entries else None
            if last is not None:  # somebody else may have written more since then
                found = self.entries(run, last.sequence - 1, 1)
                done.append(bool(found) and found[0].link == last.link)
            else:
                head = self.head(run)
                done.append(head is not None and head.seal == change.head.seal)
        return done if any(done) else None

    # -- reading -----------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Generator[None, None, None]:
        """See one instant, in all statements of the block."""
        if self._guest:
            yield
            return
        with self._lock, self._errors():
            self._patiently(lambda: self._do("ask"))
            with self._db.connection.transaction():
                self._db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield

    def _rows(self, name: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._lock, self._errors():
            if self._db.connection.info.transaction_status in _WITHIN:
                return self._do(name, *values).fetchall()
            return self._patiently(lambda: self._do(name, *values).fetchall())

    # -- delivery ----------------------------------------------------------------------------------

    def renew(
        self, worker: str, until: int, claims: Iterable[tuple[str, int]]
    ) -> set[tuple[str, int]]:
        """Let claims hold longer; see the port."""
        held = list(claims)

        def renew() -> set[tuple[str, int]]:
            return {
                (run, number)
                for run, number in held
                if self._do("renew", until, run, number, worker).rowcount
            }

        with self._lock, self._errors():
            return self._patiently(renew)

    def held(self, worker: str, claims: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return the claims that a worker still has; see the port."""
        asked = [*claims]
        runs, numbers = [run for run, _ in asked], [number for _, number in asked]
        return {(run, number) for run, number in self._rows("held", runs, numbers, worker)}

    def release(
        self, worker: str, claims: Iterable[tuple[str, int]], *, begun: bool = False
    ) -> None:
        """Give claims back; see the port."""
        held = list(claims)

        def release() -> None:
            for run, number in held:
                self._do("leave" if begun else "release", run, number, worker)
            self._do("tell")

        with self._lock, self._errors():
            self._patiently(release)

    def forsake(self, dead: Callable[[str], bool]) -> int:
        """Give back all claims of the dead; see the port."""
        gone = [row for row in self._rows("workers") if dead(row[0])]
        with self._lock, self._errors():
            done = [self._patiently(partial(self._do, "forsake", *row)) for row in gone]
        return sum(one.rowcount for one in done)

    def due(self, now: int, charts: Iterable[str], limit: int) -> list[tuple[str, Timer]]:
        """Return timers that are due; see the port."""
        rows = self._rows("due", now, list(charts), limit)
        return [(run, Timer(name, due)) for run, name, due in rows]

    def next(self, now: int, charts: Iterable[str]) -> int | None:
        """Return when the next timer or effect falls due; see the port."""
        wanted = list(charts)
        found = [self._rows(name, now, wanted)[0][0] for name in ("next_timer", "next_owed")]
        return min((due for due in found if due is not None), default=None)

    def token(self) -> int:
        """Return the number of commits here and elsewhere; see the port."""
        with self._hearing, self._errors():
            try:
                self._ear.execute(self._sql["ask"])
                own = self._db.connection.info.backend_pid
                heard = self._ear.connection.notifies(timeout=0)
                self._heard += sum(1 for one in heard if one.pid != own)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._closed:
                    raise
                self._ear = self._connect()
                self._ear.execute(self._sql["listen"])
                self._heard += 1  # others may have written meanwhile
            return self._heard + self._writes

    # -- artifacts ---------------------------------------------------------------------------------

    def put(self, body: bytes) -> bytes:
        """Keep an artifact; see the port."""
        name = hashlib.sha256(body).digest()
        with self._lock, self._errors():
            self._patiently(lambda: self._do("put", name, body))
        return name

    # -- the connection ----------------------------------------------------------------------------

    def check(self) -> list[Damage]:
        """Return nothing: Postgres finds damage in its pages when it reads them; see the port."""
        self._rows("ask")
        return []

    def close(self) -> None:
        """Close the connections; see the port."""
        unwatch(self)
        self._closed = True
        with self._lock:
            for cursor in (getattr(self, "_db", None), getattr(self, "_ear", None)):
                if cursor is not None:
                    cursor.connection.close()


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.RawCursor[Any]:
    """Return what runs our statements on a connection."""
    cursor: psycopg.RawCursor[Any] = psycopg.RawCursor(connection)
    cursor.adapters.register_dumper(bool, Int8Dumper)
    return cursor


def _numbered(text: str) -> bytes:
    """Return a statement with its values as Postgres numbers them.

    >>> _numbered("a = ? AND b = ?"), _numbered("a = ?2 OR a = ?1")
    (b'a = $1 AND b = $2', b'a = $2 OR a = $1')
    """
    numbers = count(1)
    return re.sub(r"\?(\d*)", lambda one: f"${one[1] or next(numbers)}", text).encode()
