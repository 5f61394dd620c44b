"""Stores: where runs are kept. A store holds bytes, and knows nothing of charts.

`open_store` opens one by its address; `Store` is what all of them do.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from statecharts.model.errors import missing
from statecharts.model.values import repr_of
from statecharts.store.chain import Damage, verify
from statecharts.store.errors import DamageError, StoreError
from statecharts.store.port import Store
from statecharts.store.rows import Change, Entry, Head, Kind, Owed, Run, Status, Timer

__all__ = [
    "Change",
    "Damage",
    "DamageError",
    "Entry",
    "Head",
    "Kind",
    "Owed",
    "Run",
    "Status",
    "Store",
    "StoreError",
    "Timer",
    "open_store",
    "verify",
]

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def open_store(address: str | Path | Store, *, prefix: str = "", create: bool = True) -> Store:
    """Open a store.

    Args:
        address: ``sqlite:///runs.db`` (a path relative to the working directory; four slashes for
            an absolute one), a `Path`, ``postgresql://user@host/database`` for a database that many
            processes share, ``memory:`` for a store that ends with the process, or a store, which
            is returned.
        prefix: The prefix of its table names.
        create: Whether tables that are missing are made.

    Raises:
        StoreError: It cannot be opened (SC801 to SC805).
    """
    if isinstance(address, Path) or (isinstance(address, str) and address.startswith(_SQLITE)):
        from statecharts.store.sqlite import SQLiteStore  # noqa: PLC0415 - needs an extra

        path = address if isinstance(address, Path) else Path(address.removeprefix(_SQLITE))
        return SQLiteStore(path, prefix=prefix, create=create)
    if isinstance(address, str) and address.startswith(_POSTGRES):
        if find_spec("psycopg") is None:
            raise StoreError("SC801", "store", *missing("a store in Postgres", "psycopg"))
        from statecharts.store.postgres import PostgresStore  # noqa: PLC0415 - needs an extra

        return PostgresStore(address, prefix=prefix, create=create)
    if address == "memory:":
        from statecharts.store.memory import MemoryStore  # noqa: PLC0415 - beside the other

        return MemoryStore()
    if isinstance(address, str):
        found = f"{address!r} is the address of no store that is known"
        remedy = (
            "Give sqlite:///FILE, postgresql://HOST/DATABASE, "
            "or memory: for one that ends with the process"
        )
        if "://" not in address:
            remedy = f"Did you mean sqlite:///{address}? {remedy}"
        raise StoreError("SC801", "store", found, remedy)
    given: object = address
    if isinstance(given, type) or not hasattr(given, "write"):
        found = f"{repr_of(given)} is neither the address of a store nor a store"
        remedy = "Give sqlite:///FILE, a Path, postgresql://HOST/DATABASE, memory:, or a Store"
        raise StoreError("SC801", "store", found, remedy)
    return address
