"""The corpus: every attack is refused, and every honest query is allowed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from machines.investigator.security import (
    Dialect,
    GuardedConnection,
    QueryFailedError,
    SecurityViolation,
    validate_query,
)
from machines.investigator.security.violation import RULES
from tests.test_investigator.shop import CANARY, SCOPE, Attack, Honest, attacks, honest

RUN = [attack for attack in attacks() if "sqlite" in attack.dialects]


def _refused(queries: Iterable[Attack | Honest]) -> dict[tuple[Dialect, str], str]:
    """Return the rules that refuse queries in each of their dialects; nothing where none does."""
    return {(each, one.sql): _refusal(one.sql, each) for one in queries for each in one.dialects}


def test_corpus_is_as_large_as_was_promised() -> None:
    """Each dialect has at least 150 attacks and 60 honest queries, no two alike."""
    for kind, least in ((attacks(), 150), (honest(), 60)):
        for dialect in ("sqlite", "postgres"):
            texts = [query.sql for query in kind if dialect in query.dialects]
            assert len(texts) == len(set(texts))
            assert len(texts) >= least


@pytest.mark.long
def test_corpus_breaks_every_rule_of_queries() -> None:
    """No rule stands untried; those for sizes, tools and time have tests of their own."""
    elsewhere = {"action", "argument", "depth", "length", "size", "time", "tool"}
    seen = Counter(_refused(attacks()).values())
    assert set(seen) == set(RULES) - elsewhere


@pytest.mark.long
def test_attacks_are_refused_before_they_run() -> None:
    """Whatever the attack, it is refused, and for the reason that it should be."""
    expected = {(each, one.sql): one.rule_in(each) for one in attacks() for each in one.dialects}
    assert _refused(attacks()) == expected


@pytest.mark.sampled(7)
@pytest.mark.parametrize(
    "attack", RUN, ids=lambda attack: attack.sql[:40].encode("ascii", "replace")
)
def test_attack_is_refused_where_it_runs(
    attack: Attack, guarded: GuardedConnection, shop: Path
) -> None:
    """Were the static check not there, SQLite would give nothing away and change nothing."""
    before = _digest(shop)
    match attack.run:
        case "deny":
            with pytest.raises(SecurityViolation, match="SC511"):
                guarded.execute(attack.sql)
        case "fail":
            with pytest.raises(QueryFailedError, match="SC512"):
                guarded.execute(attack.sql)
        case _:
            assert CANARY not in str(guarded.execute(attack.sql).rows)
    assert _digest(shop) == before


@pytest.mark.long
def test_honest_queries_are_allowed() -> None:
    """What an investigator asks is not mistaken for an attack."""
    assert {query: rule for query, rule in _refused(honest()).items() if rule} == {}


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "query", [query for query in honest() if "sqlite" in query.dialects], ids=lambda q: q.sql[:40]
)
def test_honest_query_runs_under_guard(query: Honest, guarded: GuardedConnection) -> None:
    """What is allowed does run: the guard refuses no part of it."""
    rows = guarded.query(query.sql)
    assert rows.columns
    assert not rows.truncated


def _refusal(sql: str, dialect: Dialect) -> str:
    try:
        validate_query(sql, SCOPE, dialect)
    except SecurityViolation as refused:
        return refused.rule if "SC511" in str(refused) else str(refused)
    return ""


def _digest(shop: Path) -> str:
    beside = sorted(path.name for path in shop.parent.iterdir())
    return hashlib.sha256(shop.read_bytes()).hexdigest() + str(beside)
