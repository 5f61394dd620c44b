"""Cells: values of SQLite as JSON can carry them, and the results of tools."""

from __future__ import annotations

from math import isfinite
from typing import Final, Protocol

from machines.investigation.calls import Scalar
from machines.investigation.vocabulary import Observed
from machines.investigator.security.connection import Column, Rows, Value

MAX_BYTES: Final = 32
"""Number of bytes of a blob that are shown."""


class Source(Protocol):
    """A source of rows for tools: a `GuardedConnection`, or one call's share of it."""

    def query(self, sql: str) -> Rows:
        """Return the rows of a permitted query."""
        ...

    def tables(self) -> tuple[str, ...]:
        """Return the names of the permitted tables that exist."""
        ...

    def describe(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a permitted table."""
        ...


def scalar(value: Value) -> Scalar:
    """Return a cell for JSON: blobs become SQL literals, cut if long.

    >>> scalar(7), scalar(None), scalar(b"blob"), scalar(float("-inf"))
    (7, None, "x'626c6f62'", '-Infinity')
    >>> print(scalar(bytes(100))[-17:])
    0000… (100 bytes)
    """
    if isinstance(value, bytes):
        shown = value[:MAX_BYTES].hex()
        return f"x'{shown}'" if len(value) <= MAX_BYTES else f"x'{shown}… ({len(value)} bytes)"
    if isinstance(value, float) and not isfinite(value):
        # SQLite has infinities, but no NaN.
        return "Infinity" if value > 0 else "-Infinity"
    return value


def observe(summary: str, sql: str, found: Rows) -> Observed:
    """Return the rows of a query as evidence."""
    if found.truncated:
        summary = f"{summary}; there are more rows than the {len(found.rows)} shown"
    rows = tuple(tuple(map(scalar, row)) for row in found.rows)
    return Observed(summary, sql, found.columns, rows)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(2_000, "row"), counted(2, "query", "queries")
    ('1 row', '2,000 rows', '2 queries')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
