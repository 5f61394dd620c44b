"""The errors of stores: SC801 to SC819."""

from __future__ import annotations

from statecharts.model.errors import StatechartError


class StoreError(StatechartError):
    """What a store could not do; nothing of it has been written."""


class DamageError(StoreError):
    """What is stored is not what was written."""
