"""What the tools find: each in a database whose incident is known, with the query that found it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from machines.investigation import CallId, CallResult, Observed, protocol
from machines.investigator.security import TOOLS, GuardedConnection, Limits, ListTables, ToolCall
from machines.investigator.tools import FUNCTIONS, Toolbox, run
from tests.test_investigator.incident import SCOPE, open_incident


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the incident."""
    return open_incident(tmp_path_factory.mktemp("incident"))


@pytest.fixture
def toolbox(path: Path) -> Iterator[Toolbox]:
    """Give all tools, over the incident."""
    with GuardedConnection(path, SCOPE) as connection:
        yield Toolbox(connection)


def found(toolbox: Toolbox, tool: str, **arguments: Any) -> Observed:
    """Return what a tool finds; check that it can be kept."""
    observed = toolbox.call(ToolCall(tool, arguments))
    event = CallResult(CallId("call-1"), observed)
    assert protocol().loads_event(protocol().dumps_event(event)) == event
    return observed


def test_every_tool_has_a_function() -> None:
    """What the signatures promise can be called."""
    assert set(FUNCTIONS) == {signature.__name__ for signature in TOOLS.values()}


def test_list_tables(toolbox: Toolbox) -> None:
    """The tables of the scope that exist, and no others."""
    observed = found(toolbox, "list_tables")
    assert observed.columns == ("table",)
    assert observed.rows == (("customers",), ("kinds",), ("order items",), ("orders",))
    assert observed.summary == "4 tables"


def test_describe(toolbox: Toolbox) -> None:
    """Columns with type, NOT NULL and place in the key, in the order of their declaration."""
    observed = found(toolbox, "describe", table="customers")
    assert observed.columns == ("column", "type", "not_null", "primary_key")
    assert observed.rows == (("id", "INTEGER", 0, 1), ("name", "TEXT", 1, 0))
    assert observed.summary == "customers has 2 columns"
    assert found(toolbox, "describe", table="main.Customers").rows == observed.rows
    assert found(toolbox, "describe", table="gone").summary == "gone does not exist"


def test_row_counts_by_day(toolbox: Toolbox) -> None:
    """Rows per day; the day without rows is named, and so are rows without a day."""
    observed = found(toolbox, "row_counts_by_day", table="orders", column="day")
    assert observed.columns == ("day", "rows")
    assert observed.rows == (
        (None, 1),
        ("2026-03-01", 2),
        ("2026-03-03", 3),
        ("2026-03-04", 1),
    )
    assert observed.summary == (
        "orders.day: 3 days from 2026-03-01 to 2026-03-04;"
        " 1 day between without rows: 2026-03-02; 1 row without a day"
    )


def test_row_counts_by_day_within_days(toolbox: Toolbox) -> None:
    """The first and the last day are counted in."""
    days = {"first": "2026-03-02", "last": "2026-03-03"}
    observed = found(toolbox, "row_counts_by_day", table="orders", column="day", **days)
    assert observed.rows == (("2026-03-03", 3),)
    days = {"first": "2030-01-01"}
    observed = found(toolbox, "row_counts_by_day", table="orders", column="day", **days)
    assert (observed.rows, observed.summary) == ((), "orders.day: 0 days")


def test_null_rates(toolbox: Toolbox) -> None:
    """Rows, nulls and their part, for each column or for those that are named."""
    observed = found(toolbox, "null_rates", table="orders")
    assert observed.columns == ("column", "rows", "nulls", "rate")
    assert observed.rows == (
        ("id", 7, 0, 0.0),
        ("customer", 7, 1, 0.142857),
        ("day", 7, 0, 0.0),
        ("status", 7, 0, 0.0),
        ("note", 7, 2, 0.285714),
    )
    assert observed.summary == "orders: 2 of 5 columns with nulls"
    observed = found(toolbox, "null_rates", table="orders", columns=["note"])
    assert observed.rows == (("note", 7, 2, 0.285714),)


def test_null_rates_by_day(toolbox: Toolbox) -> None:
    """A row for each day, with the rate of each column under its name."""
    given = {"columns": ("note", "customer"), "day_column": "day"}
    observed = found(toolbox, "null_rates", table="orders", **given)
    assert observed.columns == ("day", "rows", "note", "customer")
    assert observed.rows == (
        (None, 1, 0.0, 0.0),
        ("2026-03-01", 2, 0.0, 0.0),
        ("2026-03-03", 3, 0.666667, 0.333333),
        ("2026-03-04", 1, 0.0, 0.0),
    )
    observed = found(toolbox, "null_rates", table="orders", day_column="day")
    assert observed.columns == ("day", "rows", "id", "customer", "status", "note")


def test_distinct_drift(toolbox: Toolbox) -> None:
    """Values that come or go stand first, with their first and their last day."""
    observed = found(toolbox, "distinct_drift", table="orders", column="status", day_column="day")
    assert observed.columns == ("value", "first_day", "last_day", "days", "rows")
    assert observed.rows == (
        ("open", "2026-03-01", "2026-03-01", 1, 1),
        ("void", "2026-03-03", "2026-03-03", 1, 1),
        ("paid", "2026-03-01", "2026-03-04", 3, 4),
    )
    assert observed.summary == (
        "orders.status: of 3 values, 1 came after 2026-03-01, 2 went before 2026-03-04"
    )
    observed = found(toolbox, "distinct_drift", table="orders", column="day", day_column="note")
    assert observed.summary == "orders.day: no rows with a day"


def test_distinct_drift_of_many_values(tmp_path: Path) -> None:
    """Of a key, no more than the first values are listed, and no days are told of all."""
    with closing(sqlite3.connect(tmp_path / "many.sqlite")) as database, database:
        database.execute("CREATE TABLE orders (id INT, day TEXT)")
        rows = [(n, f"2026-03-{n % 28 + 1:02}") for n in range(500)]
        database.executemany("INSERT INTO orders VALUES (?, ?)", rows)
    with GuardedConnection(tmp_path / "many.sqlite", SCOPE) as connection:
        arguments = {"table": "orders", "column": "id", "day_column": "day"}
        observed = found(Toolbox(connection), "distinct_drift", **arguments)
    assert len(observed.rows) == 200
    assert observed.summary == "orders.id: 200 values or more, a key or a measure"


def test_join_coverage(toolbox: Toolbox) -> None:
    """Rows, those with no key, and those that find their partner."""
    keys = {"column": "customer", "other_table": "customers", "other_column": "id"}
    observed = found(toolbox, "join_coverage", table="orders", **keys)
    assert observed.columns == ("rows", "nulls", "matched", "coverage")
    assert observed.rows == ((7, 1, 5, 0.714286),)
    assert observed.summary == "orders.customer in customers.id: 5 of 7 rows found"
    observed = found(toolbox, "join_coverage", table="orders", **keys, day_column="day")
    assert observed.columns == ("day", "rows", "nulls", "matched", "coverage")
    assert observed.rows == (
        (None, 1, 0, 1, 1.0),
        ("2026-03-01", 2, 0, 2, 1.0),
        ("2026-03-03", 3, 1, 1, 0.333333),
        ("2026-03-04", 1, 0, 1, 1.0),
    )


def test_join_coverage_counts_several_partners_once(toolbox: Toolbox) -> None:
    """A row that finds three partners is one row."""
    keys = {"column": "id", "other_table": "orders", "other_column": "customer"}
    observed = found(toolbox, "join_coverage", table="customers", **keys)
    assert observed.rows == ((2, 0, 2, 1.0),)


def test_query(toolbox: Toolbox) -> None:
    """Any SELECT that the scope permits, with its columns; each kind of cell becomes JSON's."""
    sql = "SELECT what, typeof(what) AS kind FROM kinds ORDER BY rowid"
    observed = found(toolbox, "query", sql=sql)
    assert observed.sql == sql
    assert observed.columns == ("what", "kind")
    assert [row[0] for row in observed.rows] == ["x'00ff'", "Infinity", 1.5, "text", None, 7]


def test_empty_tables_are_no_matter(tmp_path: Path) -> None:
    """Of no rows, all tools find no rows, or null."""
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as database:
        database.executescript(
            "CREATE TABLE orders (id INT, day TEXT); CREATE TABLE customers (id)"
        )
    keys = {"column": "id", "other_table": "customers", "other_column": "id"}
    with GuardedConnection(tmp_path / "empty.sqlite", SCOPE) as connection:
        toolbox = Toolbox(connection)
        assert found(toolbox, "row_counts_by_day", table="orders", column="day").rows == ()
        assert found(toolbox, "null_rates", table="orders").rows[0] == ("id", 0, 0, None)
        assert found(toolbox, "null_rates", table="orders", day_column="day").rows == ()
        observed = found(toolbox, "join_coverage", table="orders", **keys)
        assert observed.rows == ((0, None, None, None),)
        assert observed.summary.endswith("0 of 0 rows found")
        assert found(toolbox, "null_rates", table="gone").rows == ()


def test_names_of_any_kind_are_names(toolbox: Toolbox) -> None:
    """Blanks, quotes and words of SQL in names do no harm."""
    table, day = "order items", 'the "day"'
    assert len(found(toolbox, "row_counts_by_day", table=table, column=day).rows) == 2
    assert found(toolbox, "null_rates", table=table).rows == (
        (day, 2, 0, 0.0),
        ("o'clock", 2, 1, 0.5),
        ("from", 2, 1, 0.5),
    )
    assert found(toolbox, "null_rates", table=table, day_column=day).columns[2:] == (
        "o'clock",
        "from",
    )
    keys = {"column": "o'clock", "other_table": "orders", "other_column": "id"}
    assert found(toolbox, "join_coverage", table=table, **keys).rows == ((2, 1, 1, 0.5),)


@pytest.mark.long
def test_wide_tables_are_measured_in_parts(tmp_path: Path) -> None:
    """More columns than one query takes are measured all the same, or it is said which are not."""
    names = ", ".join(f"c{n} INT" for n in range(95))
    with closing(sqlite3.connect(tmp_path / "wide.sqlite")) as database:
        database.executescript(f"CREATE TABLE orders ({names}); INSERT INTO orders (c3) VALUES (1)")
    with GuardedConnection(tmp_path / "wide.sqlite", SCOPE) as connection:
        toolbox = Toolbox(connection)
        observed = found(toolbox, "null_rates", table="orders")
        assert [row[0] for row in observed.rows] == [f"c{n}" for n in range(95)]
        assert observed.sql is not None
        assert observed.sql.count(";\n") == 3
        observed = found(toolbox, "null_rates", table="orders", day_column="c3")
        assert len(observed.columns) == 42
        assert observed.summary == "orders: null rates of 40 columns, the first of 94, on 1 day"


def test_rows_left_out_are_told(path: Path) -> None:
    """What the limit of the connection cuts off is said to be cut off."""
    with GuardedConnection(path, SCOPE, Limits(rows=2)) as connection:
        observed = found(Toolbox(connection), "query", sql="SELECT id FROM orders")
    assert observed.summary == "2 rows; there are more rows than the 2 shown"


def test_queries_that_are_shown_are_the_ones_that_found(path: Path, toolbox: Toolbox) -> None:
    """Run by itself, the SQL of each tool gives the rows that came with it."""
    keys = {"column": "customer", "other_table": "customers", "other_column": "id"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("list_tables", {}),
        ("describe", {"table": "orders"}),
        ("row_counts_by_day", {"table": "orders", "column": "day"}),
        ("null_rates", {"table": "orders"}),
        ("null_rates", {"table": "orders", "day_column": "day"}),
        ("distinct_drift", {"table": "orders", "column": "status", "day_column": "day"}),
        ("join_coverage", {"table": "orders", "day_column": "day", **keys}),
    ]
    with closing(sqlite3.connect(path)) as database:
        for tool, arguments in asked:
            observed = found(toolbox, tool, **arguments)
            cursor = database.execute(observed.sql or "")
            assert tuple(column[0] for column in cursor.description) == observed.columns
            assert tuple(cursor) == observed.rows


def test_run_takes_any_source(path: Path) -> None:
    """A tool is a function of its signature and of what it reads from."""
    with GuardedConnection(path, SCOPE) as connection:
        assert run(ListTables(), connection).summary == "4 tables"
