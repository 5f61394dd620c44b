"""What the rule-based reasoner finds in databases with a planted cause, and in clean ones."""

from __future__ import annotations

import asyncio
from itertools import cycle
from pathlib import Path

import pytest

from machines.investigation import (
    Call,
    CallFailed,
    CallKind,
    CallResult,
    CauseKind,
    Error,
    Finish,
    Investigation,
    Observed,
    RequestUser,
    Scope,
    Start,
    Synthesis,
    UserResponse,
    Verdict,
)
from machines.investigator.reasoning import RuleBasedReasoner
from machines.investigator.security.connection import GuardedConnection
from machines.investigator.security.tools import read_tool_call
from machines.investigator.security.violation import SecurityViolation
from machines.investigator.tools import run
from tests.proof import cases
from tests.test_investigator.incidents import Planted, clean, plant

TOOLS = ("list_tables", "describe", "query")


def investigate(
    planted: Planted, *, checked: bool = False, answer: str = ""
) -> tuple[Synthesis, Investigation]:
    """Run an investigation to its end, one call after the other.

    Args:
        planted: The database, and what to ask.
        checked: Whether each query is checked before it runs, too; that takes a while.
        answer: What is said to a question.
    """
    scope = Scope("ada", "acme", tools=TOOLS, tables=planted.tables)
    investigation, reasoner = Investigation(), RuleBasedReasoner()
    todo = list(investigation.ingest(Start(planted.question, scope)))
    with GuardedConnection(planted.path, scope) as connection, asyncio.Runner() as runner:
        while todo:
            intent = todo.pop(0)
            assert not isinstance(intent, Error), intent
            if isinstance(intent, Finish):
                return intent.synthesis, investigation
            if isinstance(intent, RequestUser):
                todo += investigation.ingest(UserResponse(intent.request_id, answer))
            if not isinstance(intent, Call):
                continue
            data = investigation.snapshot.data.get(investigation.snapshot.configuration[-1])
            evidence = getattr(data, "evidence", ())
            if intent.kind is CallKind.LLM:
                outcome = runner.run(reasoner.answer(intent, investigation.case, evidence))
            else:
                try:
                    outcome = look(intent, scope, connection, checked=checked)
                except SecurityViolation as error:
                    if error.rule != "time":
                        raise
                    # A busy machine may take too long for one query, and ends no run by that.
                    failed = CallFailed(intent.call_id, str(error), permanent=True)
                    todo += investigation.ingest(failed)
                    continue
            todo += investigation.ingest(CallResult(intent.call_id, outcome))
    pytest.fail("the investigation has no end")


def look(call: Call, scope: Scope, connection: GuardedConnection, *, checked: bool) -> Observed:
    """Carry out a call of a tool; a query that is refused would be a mistake of the reasoner's."""
    if call.name != "query" or checked:
        return run(read_tool_call(call, scope), connection)
    found = connection.execute(str(call.arguments["sql"]))
    return Observed("rows", str(call.arguments["sql"]), found.columns, tuple(found.rows))  # type: ignore[arg-type]


LONG = (CauseKind.BROKEN_JOIN, CauseKind.UNIT_CHANGE, CauseKind.TIME_ZONE)
"""Kinds that `test_reasoning_strangers` plants in other data, each time."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("style", "kind"),
    [
        pytest.param(
            style, kind, marks=[pytest.mark.long] if style == "grid" or kind in LONG else []
        )
        for style, kind in zip(cycle(["shop", "grid"]), CauseKind, strict=False)
    ],
)
def test_reasoning_finds_the_planted_cause(tmp_path: Path, kind: CauseKind, style: str) -> None:
    """What was done to the data comes first among the causes, with its table."""
    planted = plant(tmp_path / "shop.sqlite", kind, 1, style)
    synthesis, investigation = investigate(planted)
    assert synthesis.verdict is Verdict.ANOMALY
    assert synthesis.causes[0].kind is kind
    assert synthesis.causes[0].table == planted.table
    assert investigation.case.ledger.count < 100


@pytest.mark.long
@pytest.mark.parametrize(
    "name", cases(["shop", "grid", "sparse"], long=lambda name: name == "grid")
)
def test_reasoning_finds_nothing_in_clean_data(tmp_path: Path, name: str) -> None:
    """Weeks, growth, noise and small tables are as usual, even if the question says otherwise."""
    synthesis, _ = investigate(clean(tmp_path / "shop.sqlite", name, 1))
    assert synthesis.verdict is Verdict.NO_ANOMALY, synthesis
    assert synthesis.causes == ()


@pytest.mark.long
def test_reasoning_names_the_evidence_of_each_cause(tmp_path: Path) -> None:
    """Every cause rests on evidence that was found by a query, and scores fall from the first."""
    planted = plant(tmp_path / "shop.sqlite", CauseKind.UNIT_CHANGE, 2)
    synthesis, investigation = investigate(planted, checked=True)
    data = investigation.snapshot.data[investigation.snapshot.configuration[-1]]
    found = {one.id: one for one in data.evidence}
    assert all(cause.evidence for cause in synthesis.causes)
    assert all(found[one].sql for cause in synthesis.causes for one in cause.evidence)
    scores = [cause.score for cause in synthesis.causes]
    assert scores == sorted(scores, reverse=True)


def test_reasoning_without_permission_concludes_nothing() -> None:
    """Where no query is permitted nothing is seen, and that is not called "no anomaly"."""
    investigation, reasoner = Investigation(), RuleBasedReasoner()
    scope = Scope("ada", "acme", tools=["list_tables"], tables=["orders"])
    [call] = investigation.ingest(Start("why?", scope))
    assert isinstance(call, Call)
    planned = asyncio.run(reasoner.answer(call, investigation.case, ()))
    [listing] = investigation.ingest(CallResult(call.call_id, planned))
    assert isinstance(listing, Call)
    [generate] = investigation.ingest(CallFailed(listing.call_id, "no", permanent=True))
    assert isinstance(generate, Call)
    proposed = asyncio.run(reasoner.answer(generate, investigation.case, ()))
    [synthesize] = investigation.ingest(CallResult(generate.call_id, proposed))
    assert isinstance(synthesize, Call)
    concluded = asyncio.run(reasoner.answer(synthesize, investigation.case, ()))
    [finish] = investigation.ingest(CallResult(synthesize.call_id, concluded))
    assert isinstance(finish, Finish)
    assert finish.synthesis.verdict is Verdict.INCONCLUSIVE
    assert finish.synthesis.causes == ()


@pytest.mark.long
def test_reasoning_is_refused_what_the_scope_forbids(tmp_path: Path) -> None:
    """The queries are of the tables in the scope; a smaller scope refuses those of the others."""
    planted = plant(tmp_path / "shop.sqlite", CauseKind.MISSING_DAY, 1)
    _, investigation = investigate(planted)
    smaller = Scope("ada", "acme", tools=TOOLS, tables=["elsewhere"])
    calls = [Call.of(one.call) for one in investigation.case.ledger.settled]
    asked = [one for one in calls if one.name == "query"]
    for call in asked[:3]:
        with pytest.raises(SecurityViolation, match="is not a table of the scope"):
            read_tool_call(call, smaller)
