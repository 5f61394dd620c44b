"""The guarded connection: what a scope does not permit does not happen, whatever was checked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from machines.investigator.security import (
    GuardedConnection,
    Limits,
    QueryFailedError,
    Scope,
    SecurityViolation,
)
from statecharts.model.errors import StatechartError
from tests.test_investigator.shop import CANARY, SCOPE

ENDLESS = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(n) FROM r"
SLOW = (
    "SELECT count(a.id) FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g,"
    " orders h, orders i, orders j, orders k, orders l, orders m, orders n, orders o, orders p"
)


def ticking(step: float) -> Callable[[], float]:
    """Return a clock on which that many seconds go by each time it is looked at."""
    ticks = count()
    return lambda: next(ticks) * step


def test_rows_come_with_their_columns(guarded: GuardedConnection) -> None:
    """A permitted query is answered."""
    rows = guarded.query("SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY n")
    assert rows.columns == ("status", "n")
    assert rows.rows == (("open", 1), ("paid", 2))
    assert not rows.truncated


def test_rows_keep_data_out_of_their_text(guarded: GuardedConnection) -> None:
    """A result in a log is its columns."""
    assert repr(guarded.query("SELECT name FROM customers")) == (
        "Rows(columns=('name',), truncated=False)"
    )


@pytest.mark.parametrize(("limit", "truncated"), [(1, True), (2, True), (3, False), (4, False)])
def test_rows_are_limited(shop: Path, limit: int, truncated: bool) -> None:
    """No more rows come back than the limit says, and it is told whether there are more."""
    with GuardedConnection(shop, SCOPE, Limits(rows=limit)) as connection:
        rows = connection.query("SELECT id FROM orders")
    assert len(rows.rows) == min(limit, 3)
    assert rows.truncated is truncated


@pytest.mark.sampled(2)
@pytest.mark.parametrize("sql", [ENDLESS, SLOW])
def test_time_is_limited(shop: Path, sql: str) -> None:
    """A query whose time is up is stopped, recursive or not."""
    with GuardedConnection(shop, SCOPE, Limits(seconds=1), ticking(0.3)) as connection:
        with pytest.raises(SecurityViolation, match=r"security\.time: query takes too long"):
            connection.query(sql)
        assert connection.execute("SELECT 1").rows == ((1,),)


TENFOLD = "'aaaaaaaaaa', 'a', 'aaaaaaaaaa')"
TO_ONE_THOUSAND = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000)"
LARGE = (
    "SELECT replace(replace(replace(replace(replace(" + TENFOLD + ", 'a', 'aaaaaaaaaa')" * 4,
    "WITH RECURSIVE r (n) AS (SELECT 'aaaa' UNION ALL SELECT n || n FROM r) SELECT n FROM r",
    f"{TO_ONE_THOUSAND} SELECT group_concat(a.n) FROM r AS a, r AS b",
    f"{TO_ONE_THOUSAND} SELECT n, replace({TENFOLD} FROM r",
)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("sql", LARGE)
def test_size_is_limited(shop: Path, sql: str) -> None:
    """Neither one value nor all of them together grow beyond the limit."""
    with (
        GuardedConnection(shop, SCOPE, Limits(size=100_000)) as connection,
        pytest.raises(SecurityViolation, match=r"security\.size"),
    ):
        connection.query(sql)


def test_limits_are_limits() -> None:
    """No limit is no limit at all, and is refused."""
    for wrong in ({"rows": 0}, {"seconds": 0}, {"size": -1}):
        with pytest.raises(ValueError, match="must be > 0"):
            Limits(**wrong)


@pytest.mark.parametrize(
    ("sql", "object_"),
    [
        ("SELECT * FROM payroll_view", "payroll_view"),
        ("SELECT count(*) FROM payroll_view", "payroll_view"),
        ("SELECT * FROM open_payroll", "payroll"),
        ("SELECT count(*) FROM open_payroll", "payroll"),
        ("SELECT id FROM all_orders", "all_orders"),
        ("SELECT count(*) FROM all_orders", "all_orders"),
        ("WITH all_orders AS (SELECT 1 AS a) SELECT a FROM main.all_orders", "all_orders"),
    ],
)
def test_view_is_permitted_with_all_that_it_reads(
    sql: str, object_: str, guarded: GuardedConnection
) -> None:
    """A view needs to be listed, and so does each table below it."""
    with pytest.raises(SecurityViolation, match=r"security\.table") as refused:
        guarded.execute(sql, ["all_orders"])
    assert refused.value.object == object_


def test_names_of_withs_do_not_open_tables(guarded: GuardedConnection) -> None:
    """Counting a WITH is allowed by its name, unless a table of the database bears it."""
    sql = "WITH daily AS (SELECT 1 AS a) SELECT count(*) FROM daily"
    assert guarded.query(sql).rows == ((1,),)
    with pytest.raises(SecurityViolation, match="daily is not a table"):
        guarded.execute(sql)
    with pytest.raises(SecurityViolation, match="payroll is not a table"):
        guarded.execute("SELECT count(*) FROM payroll", ["payroll"])


def test_statement_that_ran_is_asked_about_again(guarded: GuardedConnection) -> None:
    """What one call permitted is not remembered for the next."""
    sql = "WITH daily AS (SELECT 1 AS a) SELECT count(*) FROM daily"
    guarded.query(sql)
    with pytest.raises(SecurityViolation, match="daily is not a table"):
        guarded.execute(sql)


def test_what_was_refused_does_no_harm_to_the_next(guarded: GuardedConnection) -> None:
    """A refusal belongs to one query."""
    with pytest.raises(SecurityViolation, match="payroll"):
        guarded.execute("SELECT * FROM payroll")
    with pytest.raises(QueryFailedError, match="no such column"):
        guarded.query("SELECT missing FROM orders")
    assert guarded.query("SELECT 1").rows == ((1,),)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (f"SELECT {CANARY} FROM orders", "no such column"),
        (f"SELECT {CANARY}.id FROM orders", "no such column"),
        (f"SELECT '{CANARY}' FROM customers AS a, customers AS b WHERE id = 1", "ambiguous"),
        (f"SELECT json_extract('{CANARY}', '$.a')", "malformed JSON"),
        (f"SELECT '{CANARY}' FROM orders GROUP BY 9", "the database cannot answer it"),
        (f"SELECT abs(-9223372036854775808), '{CANARY}'", "integer overflow"),
    ],
)
def test_failure_says_nothing_of_the_query(sql: str, told: str, guarded: GuardedConnection) -> None:
    """SQLite's own words repeat parts of the query; ours do not, and no other is chained."""
    with pytest.raises(QueryFailedError, match=told) as failed:
        guarded.query(sql)
    assert CANARY not in str(failed.value) + repr(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_text_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are data, not an error that shows them."""
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))")
        database.commit()
    with GuardedConnection(path, Scope("u", "t", tables=["t"])) as connection:
        assert connection.query("SELECT a FROM t").rows == (("a\ufffd",),)


def test_tables_are_those_of_the_scope(guarded: GuardedConnection) -> None:
    """What is not listed does not exist, and what does not exist is not listed."""
    assert guarded.tables() == (
        "customers", "open_payroll", "order items", "orders", "paid_orders", "refunds",
    )  # fmt: skip


def test_columns_are_described(guarded: GuardedConnection) -> None:
    """Name, type, and whether it must be there."""
    id_, name, country = guarded.describe("Customers")
    assert (id_.name, id_.type, id_.key) == ("id", "INTEGER", 1)
    assert (name.name, name.required, country.required) == ("name", True, False)
    assert guarded.describe("Ledger") == ()


@pytest.mark.parametrize("table", ["payroll", "sqlite_master", "orders'); DROP TABLE orders; --"])
def test_columns_of_other_tables_are_not_described(table: str, guarded: GuardedConnection) -> None:
    """Not even the names of forbidden columns are told."""
    with pytest.raises(SecurityViolation, match=r"security\.table"):
        guarded.describe(table)


def test_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A wrong name is an error, not an empty database."""
    path = tmp_path / "missing.sqlite"
    with pytest.raises(StatechartError, match=r"\[SC513\] security: the database cannot be opened"):
        GuardedConnection(path, SCOPE)
    assert not path.exists()


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Neither is just any file."""
    path = tmp_path / "notes.txt"
    path.write_text(CANARY * 100)
    with pytest.raises(StatechartError, match=r"\[SC513\] security: the file cannot be read"):
        GuardedConnection(path, SCOPE)


def test_name_of_a_file_is_no_address(tmp_path: Path) -> None:
    """A question mark in a name does not turn into an option of SQLite."""
    path = tmp_path / "a?mode=rwc&x=#.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE orders (id); INSERT INTO orders VALUES (7)")
    with GuardedConnection(path, SCOPE) as connection:
        assert connection.query("SELECT id FROM orders").rows == ((7,),)
        with pytest.raises(SecurityViolation, match=r"security\.action: delete is not a permitted"):
            connection.execute("DELETE FROM orders")


def test_query_can_be_interrupted_from_another_thread(shop: Path) -> None:
    """Whoever waits for an answer can stop waiting."""
    running = threading.Event()

    def clock() -> float:
        running.set()
        return 0.0

    connection = GuardedConnection(shop, SCOPE, clock=clock)
    failures: list[BaseException] = []

    def run() -> None:
        with pytest.raises(QueryFailedError, match="interrupted") as failed:
            connection.query(ENDLESS)
        failures.append(failed.value)

    thread = threading.Thread(target=run)
    thread.start()
    assert running.wait(60)
    while thread.is_alive():
        connection.interrupt()
        thread.join(0.01)
    connection.close()
    assert len(failures) == 1


def test_threads_take_turns(guarded: GuardedConnection) -> None:
    """Queries of several threads are answered, each its own."""
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = guarded.query(f"SELECT {number}, count(*) FROM orders").rows

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: ((number, 3),) for number in range(8)}


def test_connection_that_is_closed_says_so(shop: Path) -> None:
    """After the end there are no answers; closing twice is fine."""
    connection = GuardedConnection(shop, SCOPE)
    connection.close()
    connection.close()
    with pytest.raises(QueryFailedError, match="SC512"):
        connection.query("SELECT 1")
