"""The errors of stores: SC801 to SC819."""

from __future__ import annotations

from statecharts.model.errors import StatechartError


class StoreError(StatechartError):
    """A store failed; it has written nothing."""


class DamageError(StoreError):
    """The stored data differs from the data that was written."""
