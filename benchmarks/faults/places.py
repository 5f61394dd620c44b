"""Places: the store of a trial is a file, or the database that a file beside it names."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.postgres import Server

_ADDRESS = ".address"


@contextmanager
def served(*, own: bool = False) -> Generator[Server, None, None]:
    """Start a server of Postgres, as the tests do.

    Args:
        own: Whether to start one even if another is named: one that may be stopped.
    """
    from tests.postgres import Server  # noqa: PLC0415 - most rows need none

    server = Server("") if own else Server()
    try:
        yield server
    finally:
        server.close()


def put_on(server: Server | None, path: Path) -> None:
    """Let the store of a path be in a schema of its own of a server; without one, a file."""
    if server is not None:
        path.with_suffix(_ADDRESS).write_text(server.database(), encoding="utf-8")


def address_of(path: Path) -> str | Path:
    """Return the address of a store: its path, or what was put beside it."""
    named = path.with_suffix(_ADDRESS)
    return named.read_text(encoding="utf-8") if named.exists() else path


def journal_of(path: Path) -> Path:
    """Return the journal of a store."""
    return path.with_suffix(".journal")


def workplace() -> Path:
    """Return a directory for stores: in memory where there is one, for only processes die here."""
    memory = Path("/dev/shm")  # noqa: S108 - made safe by mkdtemp
    return Path(tempfile.mkdtemp(prefix="faults-", dir=memory if memory.is_dir() else None))


def clear(paths: Iterable[Path], server: Server | None = None) -> None:
    """Remove stores, with all that belongs to them."""
    for path in paths:
        address = address_of(path)
        if server is not None and isinstance(address, str):
            server.drop(address)
        for one in path.parent.glob(f"{path.stem}.*"):
            one.unlink()
