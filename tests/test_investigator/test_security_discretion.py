"""Discretion: what is said of a refusal names the rule and the object, and never the data."""

from __future__ import annotations

import gc
import logging
import pickle
import re
import traceback

import pytest

from machines.investigator.security import (
    GuardedConnection,
    QueryFailedError,
    SecurityViolation,
    validate_query,
)
from machines.investigator.security.violation import RULES, plain
from tests.test_investigator.shop import CANARY, SCOPE, attacks

HIDING_PLACES = (
    "SELECT '{}' FROM payroll",
    "SELECT '{}",
    "SELECT {}'x'",
    "SELECT 1 /* {} */ FROM payroll",
    "SELECT 1 -- {}\n FROM payroll",
    "DROP TABLE payroll -- {}",
    "SELECT 1; SELECT '{}'",
    "SELECT $${}$$",
    "SELECT ?{}",
    "SELECT 1{}",
    "SELECT pg_sleep('{}')",
    "SELECT load_extension('{}')",
    "SELECT CAST('{}' AS money)",
    'SELECT "{} x" FROM payroll',
    'SELECT * FROM "{} x"',
    "SELECT * FROM '{} x'",
    "SELECT '{}' 'x'",
    "SELECT payload -> '$..{}[[' FROM payroll",
    "SELECT json_extract(payload, '$[{}') FROM payroll",
    "SELECT date_trunc('{}', day) FROM payroll",
    "SELECT extract('{}' FROM day) FROM payroll",
    "WITH x AS (VACUUM '{}') SELECT 1",
    "EXPLAIN SELECT '{}'",
    "SELECT (((((((((((((((((((((((((('{}'))))))))))))))))))))))))))",
    "SELECT * FROM orders WHERE id IN payroll AND note = '{}'",
)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize("place", HIDING_PLACES)
def test_refusal_never_repeats_the_query(
    place: str, dialect: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither its text, nor what is chained to it, nor any log holds a word of the data."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SecurityViolation, match="SC511") as refused:
        validate_query(place.format(CANARY), SCOPE, dialect)  # type: ignore[arg-type]
    error = refused.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    written = capfd.readouterr()
    assert CANARY not in "\n".join([*told, caplog.text, written.out, written.err])


@pytest.mark.long
def test_no_refusal_of_the_corpus_repeats_a_literal(caplog: pytest.LogCaptureFixture) -> None:
    """The same holds for every attack that we know of."""
    caplog.set_level(logging.DEBUG)
    for attack in attacks():
        for dialect in attack.dialects:
            with pytest.raises(SecurityViolation, match="SC511") as refused:
                validate_query(attack.sql, SCOPE, dialect)
            found = refused.value.found.replace(refused.value.object, "")
            for literal in re.findall(r"'([^']{4,})'|(\d{3,})", attack.sql):
                assert literal[0] + literal[1] not in found
            assert refused.value.__context__ is None
    assert caplog.text == ""


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_guard_never_repeats_the_query(
    place: str, guarded: GuardedConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """What SQLite says of a query that nobody has checked stays with SQLite."""
    caplog.set_level(logging.DEBUG)
    told = _told(guarded, place.format(CANARY))
    assert CANARY not in told + caplog.text


def _told(guarded: GuardedConnection, sql: str) -> str:
    """Return all that can be read off a refusal; nothing when there is an answer."""
    try:
        guarded.execute(sql)
    except (SecurityViolation, QueryFailedError) as error:
        return "".join(traceback.format_exception(error)) + repr((vars(error), error.__context__))
    return ""


def test_others_may_still_hear_of_sqlglot(caplog: pytest.LogCaptureFixture) -> None:
    """Only what is said of our queries is kept back: the parser is not silenced for good."""
    import sqlglot

    validate_query("SELECT 1", SCOPE)
    with caplog.at_level(logging.WARNING, "sqlglot"):
        sqlglot.parse("VACUUM orders", read="postgres")
    assert "unsupported syntax" in caplog.text


@pytest.mark.parametrize(
    "name",
    ["two words", "o'brien", "a;b", "", "1a", "ü", "a\nb", "a" * 64, "a.b.c.d.e", None, 1],
)
def test_name_that_is_not_plain_is_not_printed(name: object) -> None:
    """A name may be data in disguise; only plain ones are told."""
    assert plain(name) == "(unprintable)"
    assert SecurityViolation("table", name).object == "(unprintable)"  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", [*RULES, "other"])
def test_refusal_survives_a_pickle(rule: str) -> None:
    """A refusal in a worker reaches whoever sent the work, as it was."""
    error = SecurityViolation(rule, "main.orders")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.rule, copy.object, str(copy)) == (rule, "main.orders", str(error))


def test_nothing_of_a_query_is_kept(guarded: GuardedConnection) -> None:
    """When a query has been answered or refused, no object of ours holds on to it."""
    marked = f"SELECT count(*) FROM orders WHERE note = '{CANARY}{CANARY}'"
    guarded.query(marked)
    with pytest.raises(SecurityViolation, match="payroll"):
        validate_query(marked.replace("orders", "payroll"), SCOPE)
    gc.collect()
    assert CANARY not in repr(vars(guarded))
