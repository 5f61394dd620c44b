"""Every store does what the contract says."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts.store.memory import MemoryStore
from statecharts.store.sqlite import SQLiteStore
from statecharts.testing import StoreContract


class TestMemory(StoreContract):
    """In memory."""

    def make(self) -> MemoryStore:
        return MemoryStore()


class TestSQLite(StoreContract):
    """In a file."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.path = tmp_path / "runs.db"

    def make(self) -> SQLiteStore:
        return SQLiteStore(self.path, synchronous="OFF")


class TestSQLiteBesideOthers(StoreContract):
    """In a file that holds other tables, and another store."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.path = tmp_path / "runs.db"

    def make(self) -> SQLiteStore:
        SQLiteStore(self.path).close()
        return SQLiteStore(self.path, prefix="mine_", synchronous="OFF")
