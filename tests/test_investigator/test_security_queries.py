"""Queries: the rules that they are held to, one by one."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.investigator.security import (
    Dialect,
    Scope,
    SecurityViolation,
    read_query,
    validate_query,
)
from machines.investigator.security.spelling import MAX_DEPTH, MAX_LENGTH, MAX_TOKENS
from tests.test_investigator.shop import SCOPE

DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgres")

GOLDEN = {
    "SELECT * FROM payroll": (
        "[SC511] security.table: payroll is not a table of the scope. "
        "Read tables that the scope lists."
    ),
    "SELECT * FROM sqlite_master": (
        "[SC511] security.catalogue: sqlite_master belongs to the database itself. "
        "Use the tools that list and describe tables."
    ),
    "SELECT load_extension('x')": (
        "[SC511] security.function: load_extension is not a permitted function. "
        "Use functions that the allow-list has."
    ),
    "SELECT CAST(id AS money) FROM orders": (
        "[SC511] security.type: money is not a permitted type. "
        "Cast to a plain type, such as text or numeric."
    ),
    "DROP TABLE orders": ("[SC511] security.statement: drop is not a SELECT. Ask with one SELECT."),
    "SELECT 1; SELECT 2": (
        "[SC511] security.stacked: semicolon comes after the end of the statement. "
        "Ask with one SELECT."
    ),
    "SELECT id FROM orders WHERE note MATCH 'x'": (
        "[SC511] security.construct: Match is not part of a permitted SELECT. "
        "Ask with a plain SELECT."
    ),
    "SELECT 1 IN payroll": (
        "[SC511] security.clause: field is not a permitted clause. Ask with a plain SELECT."
    ),
    "SELECT id FROM orders WHERE id = ?": (
        "[SC511] security.placeholder: placeholder has no value. Write the value out."
    ),
    "SELECT 'open": (
        "[SC511] security.syntax: quotes cannot be read beyond doubt. Write it in the simplest way."
    ),
    "SELECT x'00'": (
        "[SC511] security.literal: prefix can be read in more than one way. Write plain literals."
    ),
    "SELECT 1 /* /* */": (
        "[SC511] security.comment: comment can be read in more than one way. Remove the comment."
    ),
    "SELECT \\x": (
        "[SC511] security.character: character is not a permitted character here. Write plain SQL."
    ),
    'SELECT U&"a"': (
        "[SC511] security.name: escapes does not name one thing beyond doubt. Use plain names."
    ),
}


@pytest.mark.parametrize("sql", GOLDEN)
def test_refusal_reads_well(sql: str) -> None:
    """Code, rule, object and remedy are told in one shape."""
    with pytest.raises(SecurityViolation, match="SC511") as refused:
        validate_query(sql, SCOPE)
    assert str(refused.value) == GOLDEN[sql]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT " + "1 + " * MAX_LENGTH + "1", "length"),
        ("SELECT " + "1," * MAX_TOKENS + "1", "length"),
        ("SELECT " + "(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "depth"),
        ("SELECT " + "(" * 900 + "1" + ")" * 900, "depth"),
        ("SELECT " + "NOT " * 1500 + "1", "depth"),
        ("SELECT " + "- " * 1900 + "1", "depth"),
        ("SELECT " + "CASE WHEN 1 THEN " * 350 + "1" + " END" * 350, "depth"),
        ("SELECT 1" + " UNION SELECT 1" * 400, None),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_size_is_bounded(sql: str, rule: str | None, dialect: Dialect) -> None:
    """Neither long nor deep queries get hold of the checker: it answers, in its own words."""
    if rule is None:
        validate_query(sql, SCOPE, dialect)
        return
    with pytest.raises(SecurityViolation, match=rf"security\.{rule}"):
        validate_query(sql, SCOPE, dialect)


def test_depth_that_is_allowed_is_read() -> None:
    """The bound on depth is one that the parser can keep."""
    for opening, closing in (("(", ")"), ("abs(", ")"), ("coalesce((SELECT ", "), 1)")):
        times = MAX_DEPTH // opening.count("(") // 2
        validate_query("SELECT " + opening * times + "1" + closing * times, SCOPE)


@pytest.mark.parametrize("value", [None, 1, b"SELECT 1", ["SELECT 1"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    """A query is a text, whatever came off the wire."""
    with pytest.raises(SecurityViolation, match=r"security\.syntax"):
        validate_query(value, SCOPE)  # type: ignore[arg-type]


def test_dialect_that_is_unknown_is_refused() -> None:
    """No rules, no query."""
    with pytest.raises(ValueError, match="dialect is 'sqlite' or 'postgres'"):
        validate_query("SELECT 1", SCOPE, "mysql")  # type: ignore[arg-type]


def test_empty_scope_permits_no_table() -> None:
    """Deny by default: what nobody listed, nobody reads."""
    nothing = Scope("u-1", "t-1")
    validate_query("SELECT 1", nothing)
    with pytest.raises(SecurityViolation, match="orders is not a table"):
        validate_query("SELECT 1 FROM orders", nothing)


def test_catalogue_is_refused_though_it_is_listed() -> None:
    """A scope cannot hand out the database's own tables, not even by mistake."""
    scope = Scope("u-1", "t-1", tables=["sqlite_master", "pg_authid", "information_schema.tables"])
    for sql, dialect in (
        ("SELECT * FROM sqlite_master", "sqlite"),
        ("SELECT * FROM pg_authid", "postgres"),
        ("SELECT * FROM information_schema.tables", "postgres"),
    ):
        with pytest.raises(SecurityViolation, match=r"security\.catalogue"):
            validate_query(sql, scope, dialect)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "listed", "sqlite", "postgres"),
    [
        ("ORDERS", "orders", True, True),
        ('"ORDERS"', "orders", True, False),
        ("orders", "Orders", True, False),
        ('"Orders"', "Orders", True, True),
        ("main.orders", "orders", True, False),
        ("public.orders", "orders", False, True),
        ("orders", "public.orders", False, True),
        ("orders", "main.orders", True, False),
        ("sales.orders", "orders", False, False),
        ("orders", "sales.orders", False, False),
        ("sales.orders", "sales.orders", True, True),
    ],
)
def test_case_and_schema_are_those_of_the_database(
    written: str, listed: str, sqlite: bool, postgres: bool
) -> None:
    """A name is compared as the database would: neither more nor less is the same table."""
    scope = Scope("u-1", "t-1", tables=[listed])
    for dialect, same in zip(DIALECTS, (sqlite, postgres), strict=True):
        sql = f"SELECT id FROM {written}"
        if same:
            validate_query(sql, scope, dialect)
        else:
            with pytest.raises(SecurityViolation, match=r"security\.table"):
                validate_query(sql, scope, dialect)


def test_query_says_what_it_touches() -> None:
    """Tables, functions and names come out as the database takes them."""
    query = read_query(
        "WITH Daily AS (SELECT day, COUNT(*) AS n FROM main.Orders GROUP BY day)"
        " SELECT max(n) FROM daily, Refunds",
        SCOPE,
    )
    assert query.tables == {("main", "orders"), ("main", "refunds")}
    assert query.functions == {"count", "max"}
    assert query.names == {"daily"}


def test_sqlglot_is_loaded_by_the_first_query() -> None:
    """Whoever only needs a scope does not need, or wait for, the parser."""
    code = (
        "import sys; from machines.investigator.security import Scope; Scope('u', 't');"
        "print('sqlglot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_missing_parser_is_told() -> None:
    """Without the extra there is no checking, and so no query; it is said how to get it."""
    code = (
        "import sys; sys.modules['sqlglot'] = None;"
        "from machines.investigator.security import Scope, validate_query;"
        "validate_query('SELECT 1', Scope('u', 't'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith(
        "[SC513] security: SQL needs sqlglot, which is not installed. "
        f"Install the extra 'investigate': `{sys.executable} -m pip install 'sqlglot>=27'`.\n"
    )


# Queries at random. `⟨e⟩` stands for an expression, `⟨s⟩` for what stands after FROM.

EXPRESSIONS = ("id", "amount", "1", "'text'", "status", "NULL", "count(*)", "(SELECT 1)")
SOURCES = ("orders", "customers", "main_orders", "(SELECT 1 AS id) AS sub")
FORBIDDEN_EXPRESSIONS = (
    "(SELECT salary FROM payroll)",
    "(SELECT 1 FROM pg_catalog.pg_class)",
    "(SELECT 1 FROM sqlite_master)",
    "load_extension('x')",
    "pg_sleep(1)",
    "zeroblob(9)",
    "(1; DROP TABLE orders)",
    "(DELETE FROM orders)",
    "?",
    "$1",
    "U&'a'",
    "1 IN payroll",
    "x OPERATOR(pg_catalog.+) 1",
    "current_user()",
    "(TABLE payroll)",
    "(SELECT 1 FROM orders FOR UPDATE)",
    "1 /* /* */",
)
FORBIDDEN_SOURCES = (
    "payroll",
    "(SELECT * FROM payroll) AS f",
    "main.payroll",
    "other.orders",
    "pg_ls_dir('/')",
    "json_each('[1]')",
    "sqlite_master",
    "information_schema.tables",
    "VALUES orders",
    "orders FOR UPDATE",
    "orders TABLESAMPLE SYSTEM (1)",
    "orders; DROP TABLE orders",
)

_expression = st.recursive(
    st.just("⟨e⟩"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "||", "=", "AND", "LIKE", "<>"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        st.tuples(inner, inner).map("coalesce({0[0]}, {0[1]})".format),
        st.tuples(inner, inner, inner).map("CASE WHEN {0[0]} = {0[1]} THEN {0[2]} END".format),
        inner.map("sum({}) OVER (ORDER BY id)".format),
        inner.map("CAST({} AS text)".format),
        inner.map("(SELECT {} FROM ⟨s⟩)".format),
        st.tuples(inner, inner).map("({0[0]} IN (SELECT {0[1]} FROM ⟨s⟩ WHERE id > 1))".format),
    ),
    max_leaves=4,
)
_query = st.one_of(
    _expression.map("SELECT {} FROM ⟨s⟩".format),
    st.tuples(_expression, _expression).map(
        "SELECT {0[0]} AS a FROM ⟨s⟩ WHERE {0[1]} = 1 GROUP BY id ORDER BY 1 LIMIT 3".format
    ),
    st.tuples(_expression, _expression).map(
        "SELECT {0[0]} FROM ⟨s⟩ UNION ALL SELECT {0[1]} FROM ⟨s⟩".format
    ),
    st.tuples(_expression, _expression).map(
        "WITH w (a) AS (SELECT {0[0]} FROM ⟨s⟩) SELECT a, {0[1]} FROM w".format
    ),
    _expression.map(
        "SELECT x.id FROM (SELECT {} AS id FROM ⟨s⟩) AS x JOIN orders AS y ON 1 = 1".format
    ),
)


def _fill(query: str, choose: st.DataObject, forbidden: int | None = None) -> str:
    """Fill the gaps of a query with honest pieces, and one of them with a forbidden one."""
    parts = query.replace("⟨s⟩", "⟨⟩s").replace("⟨e⟩", "⟨⟩e").split("⟨⟩")
    filled = [parts[0]]
    for number, part in enumerate(parts[1:]):
        bad = number == forbidden
        pieces: tuple[str, ...]
        if part[0] == "s":
            pieces = FORBIDDEN_SOURCES if bad else SOURCES
        else:
            pieces = FORBIDDEN_EXPRESSIONS if bad else EXPRESSIONS
        filled.append(choose.draw(st.sampled_from(pieces)) + part[1:])
    return "".join(filled)


PERMITTED = Scope("u-1", "t-1", tables=["orders", "customers", "main_orders"])


@given(query=_query, dialect=st.sampled_from(DIALECTS), choose=st.data())
def test_honest_pieces_are_allowed_however_they_are_nested(
    query: str, dialect: Dialect, choose: st.DataObject
) -> None:
    """The rules are about pieces: no arrangement of good ones is bad."""
    validate_query(_fill(query, choose), PERMITTED, dialect)


@given(query=_query, dialect=st.sampled_from(DIALECTS), choose=st.data())
def test_forbidden_piece_is_refused_wherever_it_is_put(
    query: str, dialect: Dialect, choose: st.DataObject
) -> None:
    """One bad piece is found in whatever it is wrapped."""
    gaps = query.count("⟨")
    place = choose.draw(st.integers(0, gaps - 1))
    sql = _fill(query, choose, place)
    with pytest.raises(SecurityViolation, match="SC511"):
        validate_query(sql, PERMITTED, dialect)


@given(text=st.text(max_size=60), dialect=st.sampled_from(DIALECTS))
def test_any_text_gets_an_answer(text: str, dialect: Dialect) -> None:
    """Whatever comes, the checker allows it or refuses it; it does not fail."""
    for sql in (text, f"SELECT {text}", f"SELECT '{text}' FROM orders"):
        with contextlib.suppress(SecurityViolation):
            validate_query(sql, PERMITTED, dialect)


class Disguised(str):
    """A query that says of itself that it is another one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("SELECT id FROM orders")


def test_query_what_is_remembered_holds_for_that_query_and_scope_alone() -> None:
    """What was permitted once helps neither another scope nor a text that pretends to be equal."""
    permitted = "SELECT id FROM orders"
    validate_query(permitted, Scope("u-1", "t-1", tables=["orders"]))

    with pytest.raises(SecurityViolation, match=r"security\.table: orders"):
        validate_query(permitted, Scope("u-1", "t-1", tables=["payroll"]))
    with pytest.raises(SecurityViolation, match=r"security\.table: payroll"):
        validate_query(Disguised("SELECT id FROM payroll"), Scope("u-1", "t-1", tables=["orders"]))
