"""Calls of tools: the tool, its arguments, and what they touch."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from machines.investigator.security import (
    TOOLS,
    JoinCoverage,
    RunQuery,
    Scope,
    SecurityViolation,
    ToolCall,
    read_tool_call,
    validate_tool_call,
)
from tests.test_investigator.shop import CANARY, SCOPE

ALL = Scope("u-1", "t-1", tools=TOOLS, tables=SCOPE.tables)

PERMITTED: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("list_tables", {}),
    ("describe", {"table": "orders"}),
    ("describe", {"table": "Orders"}),
    ("describe", {"table": "order items"}),
    ("row_counts_by_day", {"table": "orders", "column": "created_at"}),
    ("row_counts_by_day", {"table": "orders", "column": "day", "first": "2026-03-01"}),
    ("row_counts_by_day", {"table": "orders", "column": "day", "last": None}),
    ("null_rates", {"table": "orders"}),
    ("null_rates", {"table": "orders", "columns": ["note", "a b"], "day_column": "day"}),
    ("distinct_drift", {"table": "orders", "column": "status", "day_column": "day"}),
    (
        "join_coverage",
        {
            "table": "orders",
            "column": "customer_id",
            "other_table": "customers",
            "other_column": "id",
        },
    ),
    ("query", {"sql": "SELECT count(*) FROM orders"}),
)

REFUSED: tuple[tuple[str, object, str, str], ...] = (
    ("drop_tables", {}, "tool", "drop_tables"),
    ("Query", {"sql": "SELECT 1"}, "tool", "Query"),
    (f"x {CANARY}", {}, "tool", "(unprintable)"),
    ("describe", {}, "argument", "describe.table"),
    ("describe", {"table": 1}, "argument", "describe.table"),
    ("describe", {"table": None}, "argument", "describe.table"),
    ("describe", {"table": ""}, "argument", "describe.table"),
    ("describe", {"table": "a\0b"}, "argument", "describe.table"),
    ("describe", {"table": "a" * 129}, "argument", "describe.table"),
    ("describe", {"table": ["orders"]}, "argument", "describe.table"),
    ("describe", {"table": "orders", CANARY: 1}, "argument", "describe"),
    ("describe", {"table": "orders", 1: 1}, "argument", "describe"),
    ("describe", ["orders"], "argument", "describe"),
    ("describe", None, "argument", "describe"),
    ("describe", "orders", "argument", "describe"),
    ("describe", {"table": "payroll"}, "table", "payroll"),
    ("describe", {"table": "hr.orders"}, "table", "hr.orders"),
    ("describe", {"table": "orders; DROP TABLE orders"}, "table", "(unprintable)"),
    ("describe", {"table": "sqlite_master"}, "catalogue", "sqlite_master"),
    ("list_tables", {"table": "orders"}, "argument", "list_tables"),
    ("row_counts_by_day", {"table": "orders"}, "argument", "row_counts_by_day.column"),
    (
        "row_counts_by_day",
        {"table": "orders", "column": "day", "first": "2026-13-01"},
        "argument",
        "row_counts_by_day.first",
    ),
    (
        "row_counts_by_day",
        {"table": "orders", "column": "day", "last": "' OR 1=1"},
        "argument",
        "row_counts_by_day.last",
    ),
    (
        "row_counts_by_day",
        {"table": "orders", "column": "day", "last": 20260301},
        "argument",
        "row_counts_by_day.last",
    ),
    ("null_rates", {"table": "orders", "columns": "note"}, "argument", "null_rates.columns"),
    ("null_rates", {"table": "orders", "columns": [1]}, "argument", "null_rates.columns"),
    ("null_rates", {"table": "orders", "columns": ["a"] * 101}, "argument", "null_rates.columns"),
    ("null_rates", {"table": "orders", "columns": None}, "argument", "null_rates.columns"),
    (
        "join_coverage",
        {"table": "orders", "column": "a", "other_table": "payroll", "other_column": "b"},
        "table",
        "payroll",
    ),
    ("query", {"sql": ""}, "argument", "query.sql"),
    ("query", {"sql": b"SELECT 1"}, "argument", "query.sql"),
    ("query", {"sql": "SELECT 1" + " " * 10_000}, "argument", "query.sql"),
    ("query", {"sql": "SELECT 1", "dialect": "x"}, "argument", "query"),
    ("query", {"sql": "DROP TABLE orders"}, "statement", "drop"),
    ("query", {"sql": f"SELECT '{CANARY}' FROM payroll"}, "table", "payroll"),
)


@pytest.mark.parametrize(("tool", "arguments"), PERMITTED)
def test_permitted_call_passes(tool: str, arguments: Mapping[str, object]) -> None:
    """A listed tool with arguments of its signature, about listed tables, may be called."""
    validate_tool_call(ToolCall(tool, arguments), ALL)


@pytest.mark.parametrize(("tool", "arguments", "rule", "object_"), REFUSED)
def test_other_call_is_refused(tool: str, arguments: object, rule: str, object_: str) -> None:
    """Any other is refused, by the rule that it breaks, and without a word of its arguments."""
    with pytest.raises(SecurityViolation, match="SC511") as refused:
        validate_tool_call(ToolCall(tool, arguments), ALL)  # type: ignore[arg-type]
    assert (refused.value.rule, refused.value.object) == (rule, object_)
    assert CANARY not in str(refused.value) + repr(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_that_is_not_listed_is_refused(tool: str) -> None:
    """Deny by default: without a word about it, no tool may be called."""
    others = [other for other in TOOLS if other != tool]
    for tools in ([], others):
        with pytest.raises(SecurityViolation, match=rf"security\.tool: {tool} is not a tool"):
            validate_tool_call(ToolCall(tool), Scope("u-1", "t-1", tools, SCOPE.tables))


def test_tool_without_a_signature_is_refused() -> None:
    """A scope cannot permit what nobody has described."""
    with pytest.raises(SecurityViolation, match="shell is not a tool"):
        validate_tool_call(ToolCall("shell"), Scope("u-1", "t-1", tools=["shell"]))


@pytest.mark.parametrize(
    "call", [None, "query", {"tool": "query"}, SimpleNamespace(tool=["query"])]
)
def test_what_is_no_call_is_refused(call: object) -> None:
    """Whatever comes instead of a call is refused like a wrong one."""
    with pytest.raises(SecurityViolation, match=r"security\.tool"):
        validate_tool_call(call, ALL)  # type: ignore[arg-type]


def test_anything_with_a_tool_and_arguments_is_a_call() -> None:
    """An effect of a chart need not be turned into a class of this package first."""
    call: Any = SimpleNamespace(tool="describe", arguments={"table": "orders"}, id="call-1")
    validate_tool_call(call, ALL)


def test_call_is_read_into_its_signature() -> None:
    """Whoever runs a tool gets arguments that have their types and defaults."""
    tool = read_tool_call(ToolCall(*PERMITTED[-2]), ALL)
    assert tool == JoinCoverage(
        table="orders", column="customer_id", other_table="customers", other_column="id"
    )


def test_query_is_read_in_the_dialect_that_is_asked_for() -> None:
    """The rules are those of the database that the tool runs on."""
    call = ToolCall("query", {"sql": "SELECT date_trunc('day', created_at) FROM orders"})
    assert isinstance(read_tool_call(call, ALL, "postgres"), RunQuery)
    with pytest.raises(SecurityViolation, match="date_trunc is not a permitted function"):
        validate_tool_call(call, ALL)


def test_call_keeps_its_arguments_out_of_its_text() -> None:
    """A call in a log is the tool's name."""
    call = ToolCall("query", {"sql": f"SELECT '{CANARY}'"})
    assert repr(call) == "ToolCall(tool='query')"
    assert repr(read_tool_call(call, ALL)) == "RunQuery()"
