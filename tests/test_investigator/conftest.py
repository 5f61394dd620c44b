"""What tests of investigations share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from machines.investigator.security import GuardedConnection
from tests.test_investigator.shop import SCOPE, open_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the shop's database; nobody may change it."""
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def guarded(shop: Path) -> Iterator[GuardedConnection]:
    """Give a connection to the shop, for its scope; its process serves all tests of a file."""
    with GuardedConnection(shop, SCOPE) as connection:
        yield connection
