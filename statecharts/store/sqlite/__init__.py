"""The store in a file of SQLite: the default, with nothing to start."""

from statecharts.store.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
