"""The meaning of names after FROM: a table of the database, or a WITH of the query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from machines.investigation.scope import DEFAULT_SCHEMA, Dialect, Place, ascii_lower

_CATALOGUES = {"sqlite": ("sqlite_", "pragma_"), "postgres": ("pg_", "information_schema")}


def fold(identifier: Any, dialect: Dialect) -> str:
    """Return an identifier as the database compares it."""
    name = str(identifier.name)
    if dialect == "postgres" and identifier.args.get("quoted"):
        return name
    return ascii_lower(name)


def read_tables(tree: Any, dialect: Dialect) -> Iterator[Place]:
    """Yield schema and name of each table of the database that a query reads."""
    for node in tree.walk():
        if type(node).__name__ != "Table":
            continue
        name, schema = fold(node.this, dialect), node.args.get("db")
        if schema:
            yield fold(schema, dialect), name
        elif not _is_defined(node, name, dialect):
            yield DEFAULT_SCHEMA[dialect], name


def with_names(tree: Any, dialect: Dialect) -> frozenset[str]:
    """Return the names that a query gives to its WITH clauses."""
    return frozenset(
        fold(node.args["alias"].this, dialect)
        for node in tree.walk()
        if type(node).__name__ == "CTE"
    )


def given_names(tree: Any) -> frozenset[int]:
    """Return the positions of the names that a query gives to tables."""
    aliases = (node.this for node in tree.walk() if type(node).__name__ == "TableAlias")
    starts = (alias.meta.get("start") for alias in aliases if alias is not None)
    return frozenset(start for start in starts if start is not None)


def is_catalogue(place: Place, dialect: Dialect) -> bool:
    """Tell whether a table belongs to the catalogue of the database."""
    return any(part.startswith(_CATALOGUES[dialect]) for part in place)


def _is_defined(table: Any, name: str, dialect: Dialect) -> bool:
    """Tell whether the name of a table is surely that of a WITH around it.

    If the databases differ, the answer is no, and the name must be that of a permitted table:
    within a WITH, only those before it count, and itself with RECURSIVE.
    """
    child, parent = table, table.parent
    while parent is not None:
        if type(parent).__name__ == "With":
            place = next(i for i, each in enumerate(parent.expressions) if each is child)
            before = parent.expressions[: place + bool(parent.args.get("recursive"))]
            if _names(before, name, dialect):
                return True
        elif type(child).__name__ != "With":
            around = parent.args.get("with_") or parent.args.get("with")
            if around is not None and _names(around.expressions, name, dialect):
                return True
        child, parent = parent, parent.parent
    return False


def _names(definitions: list[Any], name: str, dialect: Dialect) -> bool:
    return any(fold(each.args["alias"].this, dialect) == name for each in definitions)
