"""Queries: one SELECT, spelt beyond doubt, of permitted constructs, functions and tables."""

from __future__ import annotations

from functools import lru_cache

from attrs import frozen

from machines.investigation.scope import DEFAULT_SCHEMA, Dialect, Place, Scope
from machines.investigator.security.spelling import Token, check_values, spell
from machines.investigator.security.violation import SecurityViolation
from statecharts.model.errors import StatechartError, missing


@frozen
class Query:
    """The tables, functions and names of a permitted query.

    Attributes:
        tables: Schema and name of each table that it reads.
        functions: The functions that it calls by name.
        names: Names of its own WITH clauses.
    """

    tables: frozenset[Place]
    functions: frozenset[str]
    names: frozenset[str]


def validate_query(sql: str, scope: Scope, dialect: Dialect = "sqlite") -> None:
    """Refuse a query that is not one SELECT of permitted constructs from permitted tables.

    The verdict depends on the arguments alone; nothing is executed. For PostgreSQL there is no
    guarded connection: run the query under a role that may only read the tables of the scope, with
    a statement timeout.

    Raises:
        SecurityViolation: It breaks a rule.

    >>> scope = Scope("u-1", "t-1", tools=["query"], tables=["orders"])
    >>> validate_query("SELECT count(*) FROM orders WHERE status = 'paid'", scope)
    >>> validate_query("SELECT * FROM orders, payroll", scope)
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.table: payroll is
    >>> validate_query("SELECT pg_read_file('/etc/passwd')", scope, dialect="postgres")
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.function: …
    """
    read_query(sql, scope, dialect)


def read_query(sql: str, scope: Scope, dialect: Dialect = "sqlite") -> Query:
    """Return the tables, functions and names of a permitted query; see `validate_query`.

    >>> scope = Scope("u-1", "t-1", tables=["orders"])
    >>> sorted(read_query("WITH a AS (SELECT id FROM orders) SELECT max(id) FROM a", scope).tables)
    [('main', 'orders')]
    """
    if dialect not in DEFAULT_SCHEMA:
        raise ValueError("dialect is 'sqlite' or 'postgres'")
    # A subclass of str may be equal to another string, so it is not cached.
    return (_judged if type(sql) is str else _judged.__wrapped__)(sql, scope, dialect)


@lru_cache(maxsize=256)
def _judged(sql: str, scope: Scope, dialect: Dialect) -> Query:
    """Judge a query. Several callers ask about each one, so permitted queries are remembered."""
    tokens = spell(sql, dialect)
    first = next((token.word for token in tokens if token.text != "("), "")
    if first not in ("select", "with"):
        raise SecurityViolation("statement", first or "query")
    check_values(tokens)
    return _read(tokens, scope, dialect)


def _read(tokens: tuple[Token, ...], scope: Scope, dialect: Dialect) -> Query:
    # sqlglot is an extra, and is loaded by the first query.
    try:
        from machines.investigator.security import grammar, naming, reading  # noqa: PLC0415
        from machines.investigator.security.functions import (  # noqa: PLC0415
            check_calls,
            check_nesting,
        )
    except ModuleNotFoundError as lack:
        if lack.name != "sqlglot":
            raise
        raise StatechartError("SC513", "security", *missing("SQL", "sqlglot")) from lack
    check_nesting(tokens)
    tree = reading.read(tokens, dialect)
    if type(tree).__name__ not in grammar.QUERIES:
        raise SecurityViolation("statement", type(tree).__name__)
    functions = check_calls(tokens, naming.given_names(tree), dialect)
    for node in tree.walk():
        grammar.check_node(node, dialect)
    permitted = scope.places(dialect)
    tables = set[Place]()
    for place in naming.read_tables(tree, dialect):
        shown = place[1] if place[0] == DEFAULT_SCHEMA[dialect] else ".".join(place)
        if naming.is_catalogue(place, dialect):
            raise SecurityViolation("catalogue", shown)
        if place not in permitted:
            raise SecurityViolation("table", shown)
        tables.add(place)
    return Query(frozenset(tables), functions, naming.with_names(tree, dialect))
