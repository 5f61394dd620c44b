"""The errors of stores: SC801 to SC819."""

from __future__ import annotations

from importlib.util import find_spec

from statecharts.model.errors import StatechartError, missing


class StoreError(StatechartError):
    """A store failed; it has written nothing."""


class UnstorableError(StoreError):
    """A value cannot be kept in this store; what was to be written with it can."""


class DamageError(StoreError):
    """The stored data differs from the data that was written."""


def need_sqlalchemy(where: str) -> None:
    """Refuse to make tables without SQLAlchemy, which writes their statements (SC801)."""
    if find_spec("sqlalchemy") is None:
        raise StoreError("SC801", where, *missing("a new store", "SQLAlchemy"))
