"""Toolboxes: several connections to one database, so that queries run side by side."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Self, final

from machines.investigation.vocabulary import Observed
from machines.investigator.command.database import Database
from machines.investigator.security import GuardedConnection, Scope
from machines.investigator.security.tools import Call
from machines.investigator.tools import Toolbox

_MOST: Final = 4  # more of them would not read faster from one disk
_PATIENCE_S: Final = 2.0  # so long a query that has been stopped may take to notice


@final
class Toolboxes:
    """Calls tools, each call with a connection to itself.

    A call waits for a connection that is free. Where no more calls are made at once than there are
    connections, none waits, and the time that a call may take is all its own.
    """

    def __init__(self, database: Database, scope: Scope, seconds: float, count: int = 0) -> None:
        """Open the connections.

        Args:
            database: What is read.
            scope: What of it may be read.
            seconds: How long one query may take.
            count: How many connections there are; as many as there are processors, if 0.
        """
        self.scope = scope
        self.count = count or max(1, min(_MOST, os.cpu_count() or 1))
        self._connections: list[GuardedConnection] = []
        self._free: queue.SimpleQueue[Toolbox] = queue.SimpleQueue()
        self._quiet = threading.Condition()
        self._active = 0
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
        """Call a tool, and return what it found; blocks until then."""
        with self._counted():
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
        """Close the connections, once nobody reads; they are left alone if somebody goes on."""
        with self._quiet:
            quiet = self._quiet.wait_for(lambda: not self._active, timeout=_PATIENCE_S)
        if quiet:
            for connection in self._connections:
                connection.close()

    @contextmanager
    def _counted(self) -> Generator[None, None, None]:
        with self._quiet:
            self._active += 1
        try:
            yield
        finally:
            with self._quiet:
                self._active -= 1
                self._quiet.notify_all()
