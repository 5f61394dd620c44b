"""How a query is spelt: one reading, or none."""

from __future__ import annotations

import pytest
from sqlglot import TokenType

from machines.investigator.security import Dialect, SecurityViolation
from machines.investigator.security.reading import agree
from machines.investigator.security.spelling import MAX_NAME, Token, spell


def kinds(sql: str, dialect: Dialect) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in spell(sql, dialect)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a.b", [("word", "a"), ("point", "."), ("word", "b")]),
        ("'it''s'", [("string", "'it''s'")]),
        ('"a""b"', [("quoted", '"a""b"')]),
        ("a--1\n+ 2", [("word", "a"), ("operator", "+"), ("number", "2")]),
        ("a/*1*/b", [("word", "a"), ("word", "b")]),
        ("a - -1", [("word", "a"), ("operator", "-"), ("operator", "-"), ("number", "1")]),
        ("1.5e-3", [("number", "1.5e-3")]),
        ("a;", [("word", "a")]),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_tokens_are_those_of_both_databases(
    sql: str, expected: list[tuple[str, str]], dialect: Dialect
) -> None:
    """What both read alike comes out alike."""
    assert kinds(sql, dialect) == expected


def test_brackets_are_names_in_one_database_and_points_in_the_other() -> None:
    """SQLite quotes names with brackets and backticks, PostgreSQL counts with brackets."""
    assert kinds("[a b]", "sqlite") == [("quoted", "[a b]")]
    assert kinds("`a`", "sqlite") == [("quoted", "`a`")]
    assert [kind for kind, _ in kinds("[1]", "postgres")] == ["point", "number", "point"]
    with pytest.raises(SecurityViolation, match="operator is not part"):
        spell("`a`", "postgres")


@pytest.mark.parametrize(
    ("run", "first"), [("=-", "="), ("*-", "*"), ("<>-", "<>"), ("->>-", "->>"), ("--", None)]
)
def test_operators_end_where_postgres_ends_them(run: str, first: str | None) -> None:
    """A sign at the end of a run belongs to the number after it."""
    tokens = kinds(f"a {run}1", "postgres")
    assert tokens[1:2] == ([("operator", first)] if first else [])


@pytest.mark.parametrize("run", ["@-", "!=-", "||-", "~~", "@@", "&&", "<->", "?|", "#>"])
def test_operators_that_are_not_listed_are_refused(run: str) -> None:
    """Whoever made an operator up may have put any function behind it."""
    with pytest.raises(SecurityViolation, match="operator is not part of a permitted SELECT"):
        spell(f"a {run} 1", "postgres")


@pytest.mark.parametrize("sql", ["a'b'", "1'b'", "'a'\"b\"", 'a"b"', "1 'a''b'x"])
def test_values_that_touch_are_refused(sql: str) -> None:
    """A letter before a quote changes what is inside."""
    with pytest.raises(SecurityViolation, match="prefix can be read in more than one way"):
        spell(sql, "sqlite")


def test_names_that_are_cut_off_are_refused() -> None:
    """PostgreSQL takes 63 bytes of a name, and would find another table by them."""
    spell("a" * 63, "postgres")
    spell('"' + "a" * 63 + '"', "postgres")
    for name in ("a" * 64, '"' + "é" * 32 + '"'):
        with pytest.raises(SecurityViolation, match="name does not name one thing"):
            spell(name, "postgres")
    assert MAX_NAME["sqlite"] > MAX_NAME["postgres"]


@pytest.mark.parametrize(
    ("sql", "theirs", "alike"),
    [
        ("a b", [(TokenType.VAR, 0, 1), (TokenType.VAR, 2, 3)], True),
        ("GROUP BY", [(TokenType.GROUP_BY, 0, 8)], True),
        ("'a'", [(TokenType.STRING, 0, 3)], True),
        ("'a'", [(TokenType.IDENTIFIER, 0, 3)], False),
        ('"a"', [(TokenType.STRING, 0, 3)], False),
        ("a", [(TokenType.STRING, 0, 1)], False),
        ("a b", [(TokenType.VAR, 0, 1)], False),
        ("a", [(TokenType.VAR, 0, 1), (TokenType.VAR, 2, 3)], False),
        ("abc", [(TokenType.VAR, 0, 2), (TokenType.VAR, 2, 3)], False),
        ("abc", [(TokenType.VAR, 1, 3)], False),
        ("a 'b'", [(TokenType.VAR, 0, 5)], False),
        ("ab c", [(TokenType.VAR, 0, 3), (TokenType.VAR, 3, 4)], False),
    ],
)
def test_two_readers_have_to_agree(
    sql: str, theirs: list[tuple[TokenType, int, int]], alike: bool
) -> None:
    """A piece that a parser cuts or takes otherwise is not read any further."""
    assert agree(spell(sql, "sqlite"), theirs) is alike


def test_two_readers_may_split_an_operator() -> None:
    """`!~` is one operator to PostgreSQL, and two to sqlglot; its signs are the same."""
    tokens = spell("a !~ b", "postgres")
    theirs = [(TokenType.VAR, 0, 1), (TokenType.NOT, 2, 3), (TokenType.RLIKE, 3, 4)]
    assert agree(tokens, [*theirs, (TokenType.VAR, 5, 6)])
    assert not agree(tokens, [*theirs, (TokenType.VAR, 3, 6)])


def test_tokens_keep_data_out_of_their_text() -> None:
    """A token in a message is a kind and a place."""
    assert repr(Token("string", "'c4n4ry'", 0, 8)) == "Token(kind='string', start=0, end=8)"
