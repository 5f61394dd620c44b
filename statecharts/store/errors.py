"""The errors of stores: SC801 to SC819."""

from __future__ import annotations

from statecharts.model.errors import StatechartError


class StoreError(StatechartError):
    """A store failed; it has written nothing."""


class UnstorableError(StoreError):
    """A value cannot be kept in this store; what was to be written with it can."""


class DamageError(StoreError):
    """The stored data differs from the data that was written."""
