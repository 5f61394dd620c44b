"""The report of `statecharts investigate`: whole, readable, and safe from what the data say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from machines.investigation import (
    CallId,
    CallKind,
    Cause,
    CauseKind,
    Concluded,
    Evidence,
    EvidenceId,
    Investigation,
    Observed,
    Phase,
    Planned,
    Proposal,
    Proposed,
    Request,
    Scope,
    Start,
    Synthesis,
    Verdict,
)
from machines.investigator.command.database import Identity
from machines.investigator.command.excerpt import excerpt
from machines.investigator.command.markdown import cell, code, fence, laid_out, plain
from machines.investigator.command.report import draw, report, way
from machines.investigator.command.result import Result
from machines.investigator.command.state import Carried, Run, Thinking
from statecharts.drawing import LayoutWarning
from tests.test_drawing.pictures import lose_engine
from tests.test_investigation.runs import failure, result, within
from tests.test_investigator.command_runs import database, run

NASTY = "a|b\n# <script>alert(1)</script> ![x](http://evil) `c` *d*"
DAYS = [date(2026, 2, 1).replace(day=number).isoformat() for number in range(1, 29)]


def counts(*gone: str, more: int = 0) -> Evidence:
    """Return evidence of twenty-eight days."""
    rows = tuple(
        (day, 100, 0 if day < "2026-02-20" else 60, *[7] * more) for day in DAYS if day not in gone
    )
    columns = ("day", "rows", "lost", *[f"c{number}" for number in range(more)])
    return Evidence(EvidenceId("e"), CallId("c"), None, "rows", "SELECT 1", columns, rows[::-1])


def finished() -> tuple[Run, Investigation]:
    """Return a run over data that would be Markdown if they could."""
    investigation = Investigation()
    tool = Request(CallKind.TOOL, "query", {"sql": 'SELECT `x` FROM "a|b"'})
    investigation.ingest(Start(NASTY, Scope("u", "t", tools=["query"], tables=["a|b"])))
    investigation.ingest(result("call-1", Planned((tool,))))
    investigation.ingest(
        result("call-2", Observed(NASTY, "SELECT '```' AS x", ("day|", NASTY), ((NASTY, None),)))
    )
    investigation.ingest(result("call-3", Proposed((Proposal(NASTY, tool), Proposal("b", tool)))))
    investigation.ingest(result("call-4", Observed("seen", "SELECT 1", ("n",), ((1,),))))
    investigation.ingest(failure("call-5", permanent=True))
    cause = Cause(
        CauseKind.NULL_SPIKE, "a|b", "c`d", date(2026, 3, 2), 0.75, (EvidenceId("evidence-1"),)
    )
    done = Concluded(Synthesis(Verdict.ANOMALY, NASTY, (cause,)))
    investigation.ingest(result("call-6", done))
    assert investigation.current_phase is Phase.FINISHED
    identity = Identity("/data/a|b.sqlite", 1_234_567, 0)
    calls = {"call-2": Carried(0.25), "call-5": Carried(1.5, "no | connection")}
    notes = ["something <b>bold</b>"]
    return Run(NASTY, identity, Thinking(), 60, 10, {}, calls, {}, notes), investigation


def written() -> str:
    """Return the report of that run."""
    run_, investigation = finished()
    told = Result.of(investigation, run_.calls, run_.notes)
    return report(run_, told, "2026-03-03 09:00 UTC")


@pytest.mark.long
def test_report_is_written_beside_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run leaves a report with verdict, causes, evidence, course, and the chart of its way."""
    monkeypatch.chdir(tmp_path)
    path = database(tmp_path / "shop.sqlite")

    done = run("--db", str(path), "--question", "why did orders drop?")

    folder = Path("investigations", "shop")
    assert done.stdout.splitlines()[-1] == f"Report: {folder / 'report.md'}"
    text = (folder / "report.md").read_text(encoding="utf-8")
    for part in (
        "# why did orders drop?",
        "**Verdict: something is wrong.** Missing day in orders: ",
        "| 1 | missing day | `orders` | 2026-03-02 | 0.9",
        "### 1. Missing day in `orders`, 2026-03-02",
        '```sql\nSELECT\n  substr(t."day", 1, 10) AS "day",\n',
        "| **2026-03-02** | **no rows** |  |",
        "*Not shown: 25 of 39 days. `run.json` has everything.*",
        "**supports cause 1**",
        "| gathering context | 4 | 0 | ",
        "![The chart of the investigation, with the states it went through](chart.svg)",
    ):
        assert part in text
    assert (folder / "chart.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.long
def test_report_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--no-report`, the state of the run is all that is written."""
    monkeypatch.chdir(tmp_path)
    path = database(tmp_path / "shop.sqlite")

    run("--db", str(path), "--question", "why?", "--no-report")

    assert [file.name for file in Path("investigations", "shop").iterdir()] == ["run.json"]


def test_report_counts_in_singular_and_plural() -> None:
    """One is one hypothesis, one call, one piece of evidence, one byte; others are several."""
    investigation = Investigation()
    tool = Request(CallKind.TOOL, "query", {"sql": "SELECT 1"})
    investigation.ingest(Start("why?", Scope("u", "t", tools=["query"], tables=["a"])))
    investigation.ingest(result("call-1", Planned((tool,))))
    for size, calls, evidence in ((1, "The only call", "0 pieces"), (2, "All 2 calls", "1 piece")):
        run_ = Run("why?", Identity("a.sqlite", size, 0), Thinking(), 60, 10, {}, {}, {}, [])
        told = Result.of(investigation, run_.calls, run_.notes)
        text = report(run_, told, "2026-03-03 09:00 UTC")
        assert ("(1 byte)" if size == 1 else "(2 bytes)") in text
        assert f"<summary>{calls}</summary>" in text
        assert f"0 hypotheses, {evidence} of evidence, " in text
        if size == 1:
            investigation.ingest(result("call-2", Observed("seen", "SELECT 1", ("n",), ((1,),))))


def test_data_are_never_taken_for_markup() -> None:
    """Bars, fences, headings, images and HTML in data and names stay text."""
    text = written()

    assert "<script>" not in text
    assert "<b>" not in text
    assert "[x]" not in text
    assert "http:" not in text
    assert "&lt;script&gt;" in text
    # A fence within a query does not end the block that shows it.
    assert "````sql\nSELECT '```' AS x\n````" in text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert [line.split()[0] for line in headings] == ["#", "##", "###", "##", "##"]
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    for line in tables:
        assert line.endswith(" |")
    # Each row of the evidence has as many cells as its head.
    at = next(number for number, line in enumerate(tables) if line.startswith("| day\\|"))
    assert {line.replace("\\|", "").count("|") for line in tables[at : at + 3]} == {3}


def test_report_tells_what_came_of_each_hypothesis() -> None:
    """Tested or not, and why not: nothing is passed over."""
    text = written()

    assert "| b | not tested: no \\| connection |" in text
    assert "tested, not confirmed |" in text
    assert "> **Note.** Something &lt;b&gt;bold&lt;/b&gt;." in text
    assert "> **Note.** 1 call could not be carried out." in text
    assert "`/data/a\\|b.sqlite` (1.2 MB)" in text


def test_report_of_a_failure_says_why() -> None:
    """Without a verdict, the report says what ended the run."""
    run_, _ = finished()
    investigation = within(Phase.SYNTHESIZING)
    [pending] = investigation.case.ledger.pending
    investigation.ingest(failure(pending.id, permanent=True))
    told = Result.of(investigation, run_.calls)

    text = report(run_, told, "now")

    assert "**No verdict: the investigation failed.** " in text
    assert "failed, tried once: no connection." in text
    assert "states it went through](chart.svg)" in text


def test_excerpt_shows_the_days_round_the_day() -> None:
    """Seven days on either side, oldest first, the day itself in bold, and what was left out."""
    shown = excerpt(counts(), date(2026, 2, 20), None)

    lines = shown.markdown.splitlines()
    assert lines[0] == "| day | rows | lost | lost |"
    assert lines[2].startswith("| 2026-02-13 | 100 | 0 |  |")
    assert lines[9].startswith("| **2026-02-20** | **100** | **60** | ████████████████ |")
    assert lines[-1].startswith("| 2026-02-27 |")
    assert shown.told == "Not shown: 13 of 28 days."


def test_excerpt_names_a_day_that_is_not_there() -> None:
    """A day without a row gets a line that says so."""
    shown = excerpt(counts("2026-02-10"), date(2026, 2, 10), None)

    assert "| **2026-02-10** | **no rows** |  |  |" in shown.markdown


def test_excerpt_keeps_the_columns_that_stand_out() -> None:
    """Of many columns, those are shown that differ on the day, and those of the cause."""
    shown = excerpt(counts(more=30), date(2026, 2, 20), "c17")

    head = shown.markdown.splitlines()[0]
    assert head.startswith("| day | rows | lost | ")
    assert shown.told.endswith("and 26 of 33 columns.")


def test_excerpt_takes_what_is_no_series() -> None:
    """Rows that have no days are shown from the top."""
    rows = tuple((f"customer {number}", number) for number in range(20))
    found = Evidence(EvidenceId("e"), CallId("c"), None, "x", None, ("name", "n"), rows)

    shown = excerpt(found, date(2026, 3, 2), None)

    assert shown.markdown.splitlines()[2] == "| customer 0 | 0 |"
    assert shown.told == "Not shown: 5 of 20 rows."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<img>", "&lt;img&gt;"),
        ("a\nb\x00", "a b\ufffd"),
        ("www.x.y", "www&#46;x.y"),
        ("x" * 99, "x" * 59 + "…"),
        ("\u202eevil", "\ufffdevil"),
    ],
)
def test_cell_shows_any_text(value: str, shown: str) -> None:
    """Whatever a cell holds, it is one line of text, and not too long."""
    assert cell(value) == shown
    assert "\n" not in plain(value * 3)


def test_code_holds_any_backticks() -> None:
    """Names and blocks with backticks are fenced by more of them."""
    assert code("`a``b`") == "``` `a``b` ```"
    assert fence("````", "sql").startswith("`````sql\n")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, 'x, FROM y' AS b FROM \"from where\" AS t WHERE a IN (SELECT b FROM c) LIMIT 3",
        "WITH n AS (SELECT 1 FROM a WHERE b) SELECT a, b FROM n WHERE a > 1 GROUP BY a ORDER BY b",
        "SELECT [a FROM b], `c, d` FROM x UNION SELECT 1, 2 FROM y WHERE z = 'it''s, FROM here'",
        "SELECT count(*) FROM a -- a comment FROM here that says, well, that ends with the line",
    ],
)
def test_layout_of_a_query_changes_white_space_alone(sql: str) -> None:
    """A query that is laid out is the same query."""
    assert laid_out(sql).split() == sql.split()
    assert laid_out(laid_out(sql)) == laid_out(sql)


def test_way_is_where_the_investigation_was() -> None:
    """The states that were passed are highlighted, those that were not are not."""
    assert way(within(Phase.EVALUATING_HYPOTHESES)) == (
        "active.init",
        "active.working.gathering_context",
        "active.working.generating_hypotheses",
        "active.working.evaluating_hypotheses",
    )


def test_picture_is_drawn_without_a_layout_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine to lay out the chart, its picture is a simple grid."""
    lose_engine(monkeypatch)

    with pytest.warns(LayoutWarning, match="SC703"):
        drawn = draw(within(Phase.GATHERING_CONTEXT))

    assert drawn.startswith(b"<svg ")
