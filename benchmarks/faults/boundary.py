"""Boundaries: the statements by which a store writes, counted: a process can be killed at each.

Nothing in the library knows of this: a child that is to be killed connects to SQLite by a class of
connections that counts, and to Postgres by psycopg with methods that count.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Generator, Iterable
from typing import Any, Final, final

_WRITES: Final = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "CREATE")


def die() -> None:
    """End this process as if by `kill -9`: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


@final
class Boundaries:
    """Counts the statements of all connections that are made from now on.

    Args:
        kill: The boundary to die at, from 0; None for none. Boundary 2k comes before statement k,
            boundary 2k + 1 after it.
    """

    def __init__(self, kill: int | None = None) -> None:
        self.kill = kill
        self.passed = 0
        boundaries = self

        class Connection(sqlite3.Connection):
            """Tells of each statement that writes."""

            def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
                if not sql.startswith(_WRITES):
                    return super().execute(sql, *given)
                boundaries.step()
                done = super().execute(sql, *given)
                boundaries.step()
                return done

            def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
                boundaries.step()
                done = super().executemany(sql, rows)
                boundaries.step()
                return done

        self._connection = Connection
        self._connect = sqlite3.connect

    def step(self) -> None:
        """Pass a boundary, or die at it."""
        if self.passed == self.kill:
            die()
        self.passed += 1

    def install(self, *, of_postgres: bool = False) -> None:
        """Count from now on, in this process."""
        if of_postgres:
            self._install_in_psycopg()
            return

        def connect(*args: Any, **options: Any) -> sqlite3.Connection:
            return self._connect(*args, factory=self._connection, **options)

        sqlite3.connect = connect  # type: ignore[assignment]

    def _install_in_psycopg(self) -> None:
        import psycopg  # noqa: PLC0415 - most rows need none

        execute = psycopg.RawCursor.execute
        executemany = psycopg.RawCursor.executemany
        command = psycopg.Connection._exec_command  # noqa: SLF001 - where it begins and commits
        boundaries = self

        def counted(cursor: Any, sql: Any, *given: Any, **options: Any) -> Any:
            text = sql.decode() if isinstance(sql, bytes) else str(sql)
            if not any(word in text for word in _WRITES):
                return execute(cursor, sql, *given, **options)
            boundaries.step()
            done = execute(cursor, sql, *given, **options)
            boundaries.step()
            return done

        def many(cursor: Any, *given: Any, **options: Any) -> None:
            boundaries.step()
            executemany(cursor, *given, **options)
            boundaries.step()

        def told(connection: Any, text: Any, *given: Any) -> Generator[Any, Any, Any]:
            boundaries.step()
            done = yield from command(connection, text, *given)
            boundaries.step()
            return done

        cls: Any = psycopg.RawCursor
        cls.execute, cls.executemany = counted, many
        setattr(psycopg.Connection, "_exec_command", told)  # noqa: B010 - it is private
