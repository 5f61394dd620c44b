"""Names and values in the SQL that tools write: quoted, so that they are names and values only."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return a name as SQL has it.

    >>> quoted("order items"), quoted('a"b')
    ('"order items"', '"a""b"')
    """
    return '"' + name.replace('"', '""') + '"'


def table_name(table: str) -> str:
    """Return a table's name as SQL has it; what stands before a dot is its schema, as in a scope.

    >>> table_name("orders"), table_name("main.order items")
    ('"orders"', '"main"."order items"')
    """
    schema, dot, name = table.partition(".")
    return f"{quoted(schema)}.{quoted(name)}" if dot else quoted(table)


def column_name(column: str, of: str = "t") -> str:
    """Return a column's name as SQL has it, with that of its table.

    Without the table, SQLite takes the quoted name of a column that does not exist for a text.

    >>> column_name("amount"), column_name("id", of="o")
    ('t."amount"', 'o."id"')
    """
    return f"{of}.{quoted(column)}"


def literal(text: str) -> str:
    """Return a text as SQL has it.

    >>> literal("o'brien")
    "'o''brien'"
    """
    return "'" + text.replace("'", "''") + "'"
