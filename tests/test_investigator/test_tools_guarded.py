"""The toolbox: what it does not call, and how it stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from machines.investigator.security import (
    GuardedConnection,
    Limits,
    QueryFailedError,
    SecurityViolation,
    ToolCall,
)
from machines.investigator.tools import Toolbox
from tests.test_investigator.incident import SCOPE, open_incident

ENDLESS = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(n) FROM r"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[GuardedConnection]:
    """Give a connection to the incident, with more time than a test may take."""
    limits = Limits(seconds=60)
    with GuardedConnection(open_incident(tmp_path), SCOPE, limits) as connection:
        yield connection


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("tool", "arguments", "rule"),
    [
        ("shell", {}, "tool"),
        ("describe", {"table": "payroll"}, "table"),
        ("describe", {"table": "sqlite_schema"}, "catalogue"),
        ("describe", {}, "argument"),
        ("row_counts_by_day", {"table": "orders", "column": ""}, "argument"),
        ("row_counts_by_day", {"table": "orders", "column": "day", "first": "1 or 1"}, "argument"),
        ("null_rates", {"table": "orders", "columns": ["a\nb"]}, "argument"),
        ("query", {"sql": "DELETE FROM orders"}, "statement"),
        ("query", {"sql": "SELECT * FROM payroll"}, "table"),
    ],
)
def test_call_that_is_not_permitted_is_refused(
    tool: str, arguments: dict[str, Any], rule: str, connection: GuardedConnection
) -> None:
    """Whatever the scope does not permit is not called."""
    with pytest.raises(SecurityViolation, match=rf"^\[SC511\] security\.{rule}: "):
        Toolbox(connection).call(ToolCall(tool, arguments))


def test_scope_of_the_toolbox_may_be_narrower(connection: GuardedConnection) -> None:
    """Calls are held to both scopes: that of the toolbox, and that of the connection."""
    narrow = evolve(SCOPE, tables=["orders", "payroll"], tools=["list_tables", "describe", "query"])
    toolbox = Toolbox(connection, narrow)
    assert toolbox.call(ToolCall("list_tables")).rows == (("orders",),)
    with pytest.raises(SecurityViolation, match="customers is not a table of the scope"):
        toolbox.call(ToolCall("describe", {"table": "customers"}))
    with pytest.raises(SecurityViolation, match="payroll is not a table of the scope"):
        toolbox.call(ToolCall("describe", {"table": "payroll"}))
    with pytest.raises(SecurityViolation, match="payroll is not a table of the scope"):
        toolbox.call(ToolCall("query", {"sql": "SELECT salary FROM payroll"}))
    with pytest.raises(SecurityViolation, match="null_rates is not a tool of the scope"):
        toolbox.call(ToolCall("null_rates", {"table": "orders"}))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("row_counts_by_day", {"table": "orders", "column": "salary"}),
        ("null_rates", {"table": "orders", "columns": ["salary"]}),
        ("null_rates", {"table": "orders", "day_column": 'day" FROM payroll --'}),
        ("distinct_drift", {"table": "orders", "column": "salary", "day_column": "day"}),
        ("distinct_drift", {"table": "orders", "column": "x' OR '1", "day_column": "day"}),
    ],
)
def test_column_that_does_not_exist_is_no_text(
    tool: str, arguments: dict[str, Any], connection: GuardedConnection
) -> None:
    """A name that names nothing fails; SQLite would otherwise take it for a text."""
    with pytest.raises(QueryFailedError, match=r"^\[SC512\] query: no such column"):
        Toolbox(connection).call(ToolCall(tool, arguments))


def test_stop_ends_the_query_of_that_call_alone(connection: GuardedConnection) -> None:
    """The call that is stopped fails; the one that waits behind it is answered."""
    toolbox, outcomes = Toolbox(connection), dict[str, object]()
    slow, quick = (
        ToolCall("query", {"sql": ENDLESS}),
        ToolCall("query", {"sql": "SELECT count(*) AS n FROM orders"}),
    )

    def work(name: str, call: ToolCall) -> None:
        try:
            outcomes[name] = toolbox.call(call).rows
        except QueryFailedError as error:
            outcomes[name] = error.found

    threads = [threading.Thread(target=work, args=("slow", slow), daemon=True)]
    threads[0].start()
    while toolbox._reading is None:
        threads[0].join(0.001)
    threads.append(threading.Thread(target=work, args=("quick", quick), daemon=True))
    threads[1].start()
    while threads[0].is_alive():
        # Again, should it have come between two statements.
        toolbox.stop(slow)
        threads[0].join(0.001)
    threads[1].join(60)
    assert outcomes == {"slow": "interrupted", "quick": ((7,),)}


def test_stop_reaches_a_call_that_waits(connection: GuardedConnection) -> None:
    """A call that has not had its turn yet does not take it."""
    toolbox, outcomes = Toolbox(connection), list[str]()
    call = ToolCall("query", {"sql": "SELECT 1 AS one"})

    def work() -> None:
        with pytest.raises(QueryFailedError) as refused:
            toolbox.call(call)
        outcomes.append(str(refused.value))

    thread = threading.Thread(target=work, daemon=True)
    with toolbox._turn:
        thread.start()
        while not toolbox._shares:
            thread.join(0.001)
        toolbox.stop(call)
    thread.join(60)
    assert outcomes == ["[SC512] query: it was stopped. Call again."]


def test_stop_of_a_call_that_is_done_does_nothing(connection: GuardedConnection) -> None:
    """Calls that are over, or were never made, are no matter."""
    toolbox, call = Toolbox(connection), ToolCall("list_tables")
    toolbox.call(call)
    toolbox.stop(call)
    assert toolbox.call(call).summary == "4 tables"
