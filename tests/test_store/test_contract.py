"""Every store does what the contract says."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts.store.memory import MemoryStore
from statecharts.store.postgres import PostgresStore
from statecharts.store.sqlite import SQLiteStore
from statecharts.testing import StoreContract
from tests.postgres import Server


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


class TestPostgres(StoreContract):
    """In a database of a server."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres: Server) -> None:
        self.address = postgres.database()

    def make(self) -> PostgresStore:
        return PostgresStore(self.address)


@pytest.mark.long
class TestPostgresBesideOthers(StoreContract):
    """In a database that holds other tables, and another store."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres: Server) -> None:
        self.address = postgres.database()

    def make(self) -> PostgresStore:
        PostgresStore(self.address).close()
        return PostgresStore(self.address, prefix="Mine_")
