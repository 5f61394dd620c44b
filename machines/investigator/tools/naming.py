"""Names and values in the SQL of tools, quoted."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Quote a name for SQL.

    >>> quoted("order items"), quoted('a"b')
    ('"order items"', '"a""b"')
    """
    return '"' + name.replace('"', '""') + '"'


def table_name(table: str) -> str:
    """Quote a table's name for SQL; the part before a dot is its schema, as in a scope.

    >>> table_name("orders"), table_name("main.order items")
    ('"orders"', '"main"."order items"')
    """
    schema, dot, name = table.partition(".")
    return f"{quoted(schema)}.{quoted(name)}" if dot else quoted(table)


def column_name(column: str, of: str = "t") -> str:
    """Quote a column's name for SQL, with that of its table.

    Without the table, SQLite reads the quoted name of a missing column as a string.

    >>> column_name("amount"), column_name("id", of="o")
    ('t."amount"', 'o."id"')
    """
    return f"{of}.{quoted(column)}"


def literal(text: str) -> str:
    """Quote a string for SQL.

    >>> literal("o'brien")
    "'o''brien'"
    """
    return "'" + text.replace("'", "''") + "'"
