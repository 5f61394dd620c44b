"""Tests for those who extend this library."""

from statecharts.testing.store_contract import StoreContract

__all__ = ["StoreContract"]
