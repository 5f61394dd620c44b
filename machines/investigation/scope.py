"""The scope: the user of an investigation, and the tools and tables that it may use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

from attrs import Attribute, field, frozen

Dialect: TypeAlias = Literal["sqlite", "postgres"]
"""The dialects of SQL that queries may be written in."""

Place: TypeAlias = tuple[str, str]
"""Schema and name of a table, as the database compares them."""

DEFAULT_SCHEMA: Final[dict[Dialect, str]] = {"sqlite": "main", "postgres": "public"}
"""The schema of a table that is named without one."""


def _listed(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names, each once, so that equal scopes are written equally."""
    if isinstance(names, str):
        raise TypeError("a scope takes a list of names, not one string")
    listed = tuple(names)
    if not all(isinstance(name, str) for name in listed):
        raise TypeError("a scope takes names, and a name is a string")
    return tuple(sorted(set(listed)))


def _named(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse an empty name, and one with characters that do not print."""
    if not (isinstance(value, str) and value and value.isprintable()):
        raise ValueError(f"{attribute.name} of a scope must be printable and not empty")


def _all_named(instance: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """Refuse empty names, and the star, which would permit everything."""
    if not all(name.isprintable() and name.strip(". ") and "*" not in name for name in value):
        raise ValueError(f"{attribute.name} of a scope must be listed one by one, by name")


@frozen
class Scope:
    """The user of an investigation, and the only tools and tables that it may use.

    A table is named as in the database, ``orders`` or ``sales.orders``; without a schema it is in
    ``main`` (SQLite) or ``public`` (PostgreSQL). A view must be listed; a connection also needs
    each table that the view reads.

    Attributes:
        user_id: The user.
        tenant_id: The owner of the data.
        tools: Names of the tools that may be called, in alphabetical order.
        tables: Names of the tables that may be read, in alphabetical order.

    >>> Scope("u-1", "t-1", tools=["query"], tables=["refunds", "orders", "orders"]).tables
    ('orders', 'refunds')
    """

    user_id: str = field(validator=_named)
    tenant_id: str = field(validator=_named)
    tools: tuple[str, ...] = field(default=(), converter=_listed, validator=_all_named)
    tables: tuple[str, ...] = field(default=(), converter=_listed, validator=_all_named)

    def places(self, dialect: Dialect) -> frozenset[Place]:
        """Return the tables as the database compares them.

        >>> sorted(Scope("u", "t", tables=["Orders", "main.refunds"]).places("sqlite"))
        [('main', 'orders'), ('main', 'refunds')]
        """
        return frozenset(place(name, dialect) for name in self.tables)


def place(name: str, dialect: Dialect) -> Place:
    """Return schema and name of a table, as the database compares them.

    SQLite ignores the case of ASCII letters. PostgreSQL does not in quoted names, and those of a
    scope count as quoted: ``Orders`` is the table ``"Orders"``, not ``orders``.

    >>> place("Orders", "sqlite"), place("sales.Orders", "postgres")
    (('main', 'orders'), ('sales', 'Orders'))
    """
    folded = ascii_lower(name) if dialect == "sqlite" else name
    schema, dot, table = folded.partition(".")
    return (schema, table) if dot else (DEFAULT_SCHEMA[dialect], folded)


def ascii_lower(name: str) -> str:
    """Return a name with its ASCII letters in lower case, and all others as they are.

    >>> ascii_lower("ORDERS_İ")
    'orders_İ'
    """
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)
