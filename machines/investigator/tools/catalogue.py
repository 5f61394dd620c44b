"""The catalogue: which tables there are, and what they are made of."""

# ruff: noqa: S608 - names and values are quoted, and every query is checked before it runs

from __future__ import annotations

from machines.investigation.vocabulary import Observed
from machines.investigator.security.connection import Rows
from machines.investigator.security.tools import Describe, ListTables
from machines.investigator.tools.cells import Source, counted, observe
from machines.investigator.tools.naming import literal

TABLE_COLUMNS = ("table",)
DESCRIBE_COLUMNS = ("column", "type", "not_null", "primary_key")


def list_tables(call: ListTables, source: Source) -> Observed:
    """List the tables and views of the scope that exist: rows of ``(table,)``, by name.

    The query that comes with it says the same to whoever asks the database directly; a scope does
    not permit to ask about the catalogue.
    """
    tables = source.tables()
    names = ", ".join(map(literal, tables))
    sql = f'SELECT name AS "table" FROM sqlite_schema WHERE name IN ({names}) ORDER BY name'
    found = Rows(TABLE_COLUMNS, tuple((table,) for table in tables))
    return observe(counted(len(tables), "table"), sql, found)


def describe(call: Describe, source: Source) -> Observed:
    """Describe a table: rows of ``(column, type, not_null, primary_key)``, in declared order.

    ``not_null`` is 0 or 1; ``primary_key`` is the column's place in the key, from 1, else 0. A
    table that does not exist has no columns.
    """
    bare = call.table.rpartition(".")[2] if "." in call.table else call.table
    sql = (
        'SELECT name AS "column", type, "notnull" AS not_null, pk AS primary_key'
        f" FROM pragma_table_info({literal(bare)})"
    )
    columns = source.describe(call.table)
    rows = tuple((each.name, each.type, int(each.required), each.key) for each in columns)
    summary = f"{call.table} has {counted(len(rows), 'column')}"
    if not rows:
        summary = f"{call.table} does not exist"
    return observe(summary, sql, Rows(DESCRIBE_COLUMNS, rows))
