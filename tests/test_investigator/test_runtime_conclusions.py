"""Conclusions: each cause is in a table that exists, and has evidence about it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from machines.investigation import (
    CallKind,
    Cause,
    CauseKind,
    Concluded,
    Error,
    EvidenceId,
    Finish,
    Investigation,
    Planned,
    Proposed,
    Request,
    Scope,
    Synthesis,
    Verdict,
)
from machines.investigator.reasoning.replies import ReasonerError
from machines.investigator.runtime import Bounds, LocalInvestigator
from machines.investigator.security import GuardedConnection
from machines.investigator.tools import Toolbox
from tests.test_investigation.scripted import Naps, Scripted, end

SCOPE = Scope(
    "u", "t", tools=["describe", "query", "join_coverage"],
    tables=["customers", "Orders", "gone", "main.refunds"],
)  # fmt: skip


def tool(name: str, **arguments: str) -> Request:
    """Return a request for a tool."""
    return Request(CallKind.TOOL, name, arguments)


PLAN = Planned(
    (
        tool("query", sql="WITH refunds AS (SELECT id FROM orders) SELECT id FROM refunds"),
        tool("describe", table="gone"),
        tool(
            "join_coverage", table="orders", column="customer_id",
            other_table="customers", other_column="id",
        ),
    )
)  # fmt: skip


def concluded(shop: Path, *causes: Cause) -> tuple[Investigation, LocalInvestigator]:
    """Run an investigation whose reasoner concludes with these causes."""
    done = Concluded(Synthesis(Verdict.ANOMALY, "something", causes))
    reasoner = Scripted(gather_context=PLAN, generate_hypotheses=Proposed(()), synthesize=done)
    with GuardedConnection(shop, SCOPE) as connection:
        investigator = LocalInvestigator(
            reasoner, Toolbox(connection), bounds=Bounds(), sleep=Naps()
        )
        investigator.start("why?")
        return asyncio.run(investigator.run()), investigator


def cause(table: str, *evidence: str) -> Cause:
    """Return a cause in a table."""
    return Cause(CauseKind.MISSING_DAY, table, evidence=tuple(map(EvidenceId, evidence)))


@pytest.mark.parametrize(
    "causes",
    [
        (cause("orders", "evidence-1"),),
        (cause("ORDERS", "evidence-2", "evidence-1"), cause("main.customers", "evidence-3")),
    ],
)
def test_conclusion_with_evidence_is_taken(causes: tuple[Cause, ...], shop: Path) -> None:
    """A query, or an argument, reads the table of each cause."""
    investigation, _ = concluded(shop, *causes)
    ended = end(investigation)
    assert isinstance(ended, Finish)
    assert ended.synthesis.causes == causes


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("causes", "found"),
    [
        ((cause("invoices", "evidence-1"),), "cause 1 is in a table that the scope does not have"),
        ((cause("orders"),), "cause 1 has no evidence"),
        ((cause("orders", "evidence-9"),), "cause 1 has evidence that does not exist"),
        ((cause("refunds", "evidence-1"),), "cause 1 has no evidence about its table"),
        # A name of a WITH is not a table, and the description of nothing is not evidence.
        ((cause("gone", "evidence-2"),), "cause 1 has no evidence about its table"),
        (
            (cause("orders", "evidence-1"), cause("customers", "evidence-1")),
            "cause 2 has no evidence about its table",
        ),
    ],
)
def test_conclusion_without_evidence_is_refused(
    causes: tuple[Cause, ...], found: str, shop: Path
) -> None:
    """The reasoner is asked again, and in the end the investigation fails by its fault."""
    investigation, investigator = concluded(shop, *causes)
    ended = end(investigation)
    assert isinstance(ended, Error)
    assert f"tried 3 times: [SC525] reasoner: {found}. Ask again" in ended.message
    assert all(isinstance(one.error, ReasonerError) for one in investigator.errors)
