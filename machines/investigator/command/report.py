"""The report: a run in Markdown, with its picture, for the person who has to act on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from machines.investigation import (
    CallEnd,
    Cause,
    Evidence,
    HypothesisId,
    Investigation,
    InvestigationChart,
    Phase,
    Verdict,
)
from machines.investigator.command.excerpt import excerpt
from machines.investigator.command.markdown import (
    cell_code,
    code,
    cut,
    fence,
    laid_out,
    plain,
    table,
)
from machines.investigator.command.options import thinking_text
from machines.investigator.command.result import Result
from machines.investigator.command.state import PICTURE, STATE, Run
from machines.investigator.command.wording import (
    DOING,
    NEXT,
    WORK,
    bar,
    kind_of,
    place_of,
    request_text,
    seconds_text,
)
from statecharts import drawing
from statecharts.cli.terminal import count_text

_QUIET: Final = "tested, not confirmed"
_FEW: Final = 10


def report(run: Run, result: Result, when: str) -> str:
    """Return the report of a run, as of some time."""
    parts = [
        *_head(run, result, when),
        *_causes(result),
        *_hypotheses(run, result),
        *_questions(result),
        *_course(run, result),
    ]
    return "\n\n".join(parts) + "\n"


# The result.


def _head(run: Run, result: Result, when: str) -> Iterator[str]:
    yield f"# {plain(run.question)}"
    match result.verdict:
        case Verdict.ANOMALY:
            yield f"**Verdict: something is wrong.** {_sentence(result.summary)}"
        case Verdict.NO_ANOMALY:
            yield f"**Verdict: no anomaly.** {_sentence(result.summary)}"
        case Verdict.INCONCLUSIVE:
            yield f"**Verdict: inconclusive.** {_sentence(result.summary)}"
        case None:
            why = result.trouble.message if result.trouble is not None else "it has not finished"
            yield f"**No verdict: the investigation failed.** {_sentence(why)}"
    if result.warnings:
        yield "\n".join(
            f"> **Note.** {_sentence(note)}" + "  " for note in result.warnings
        ).rstrip()
    investigation = result.investigation
    scope = investigation.case.scope
    tables = ", ".join(cell_code(name) for name in scope.tables) if scope else ""
    seconds = sum(run.phases.values())
    counts = (
        count_text(investigation.case.ledger.count, "call"),
        count_text(len(investigation.hypotheses), "hypothesis", "hypotheses"),
        count_text(len(investigation.evidence), "piece of evidence", "pieces of evidence"),
    )
    work = ", ".join((*counts, seconds_text(seconds)))
    yield table(
        ["", ""],
        [
            ["Database", f"{cell_code(run.database.path)} ({_size(run.database.size)})"],
            ["Tables", tables],
            ["By", plain(thinking_text(run.thinking))],
            ["Work", work],
            ["Written", plain(when)],
        ],
    )


def _causes(result: Result) -> Iterator[str]:
    if not result.causes:
        return
    yield "## Causes"
    yield "The best supported first; a score is from 0 to 1."
    lines = [
        [
            str(number),
            kind_of(cause),
            cell_code(place_of(cause)),
            "" if cause.date is None else cause.date.isoformat(),
            f"{cause.score:.2f}",
            bar(cause.score),
        ]
        for number, cause in enumerate(result.causes, 1)
    ]
    numbers = [True, False, False, False, True, False]
    yield table(["", "Cause", "Where", "Day", "Score", ""], lines, numbers)
    for number, cause in enumerate(result.causes, 1):
        yield from _cause(number, cause, result)


def _cause(number: int, cause: Cause, result: Result) -> Iterator[str]:
    day = "" if cause.date is None else f", {cause.date.isoformat()}"
    yield f"### {number}. {kind_of(cause).capitalize()} in {code(place_of(cause))}{day}"
    yield f"**What to do.** {NEXT[cause.kind]}"
    found = result.of_cause(cause)
    if not found:
        yield "There is no query to show it."
    for one in found:
        yield from _evidence(one, cause, result)


def _evidence(evidence: Evidence, cause: Cause, result: Result) -> Iterator[str]:
    claims = {one.id: one.claim for one in result.investigation.hypotheses}
    about = claims.get(evidence.hypothesis) if evidence.hypothesis is not None else None
    summary = plain(evidence.summary)
    yield f"**Evidence.** {summary if about is None else f'{plain(about)}: {summary}'}"
    if evidence.sql is not None:
        yield fence(laid_out(evidence.sql), "sql")
    if evidence.columns and evidence.rows:
        shown = excerpt(evidence, cause.date, cause.column)
        yield shown.markdown
        if shown.told:
            yield f"*{shown.told} {code(STATE)} has everything.*"
    elif evidence.columns:
        yield "*It returns no rows.*"


# The way to it.


def _hypotheses(run: Run, result: Result) -> Iterator[str]:
    hypotheses = result.investigation.hypotheses
    if not hypotheses:
        return
    outcomes = _outcomes(run, result)
    lines = [(plain(cut(one.claim, 200)), outcomes[one.id]) for one in hypotheses]
    yield "## Hypotheses"
    quiet = [line for line in lines if line[1] == _QUIET]
    loud = [line for line in lines if line[1] != _QUIET]
    if len(quiet) <= _FEW:
        yield table(["Hypothesis", "Outcome"], [*loud, *quiet])
        return
    if loud:
        yield table(["Hypothesis", "Outcome"], loud)
    count = count_text(len(quiet), "hypothesis", "hypotheses")
    yield f"<details><summary>{count} tested, not confirmed</summary>"
    yield "\n".join(f"- {claim}" for claim, _ in quiet)
    yield "</details>"


def _outcomes(run: Run, result: Result) -> dict[HypothesisId, str]:
    """Return the outcome of each hypothesis."""
    outcomes = {one.id: "not tested" for one in result.investigation.hypotheses}
    for settled in result.investigation.case.ledger.settled:
        if settled.call.hypothesis is not None and settled.end is CallEnd.FAILED:
            carried = run.calls.get(settled.call.id)
            why = (carried.failure if carried else None) or "failed"
            outcomes[settled.call.hypothesis] = f"not tested: {plain(cut(why, 200))}"
    for found in result.investigation.evidence:
        if found.hypothesis is not None:
            outcomes[found.hypothesis] = _QUIET
    for number, cause in reversed(list(enumerate(result.causes, 1))):
        for found in result.of_cause(cause):
            if found.hypothesis is not None:
                outcomes[found.hypothesis] = f"**supports cause {number}**"
    return outcomes


def _questions(result: Result) -> Iterator[str]:
    answers = result.investigation.case.answers
    if not answers:
        return
    yield "## Questions to the user"
    yield table(
        ["Asked", "Answered"],
        ([plain(one.prompt), plain(one.text) or "*not known*"] for one in answers),
    )


def _course(run: Run, result: Result) -> Iterator[str]:
    yield "## The course of the run"
    settled = result.investigation.case.ledger.settled
    lines = []
    for phase in WORK:
        mine = [one for one in settled if one.call.phase is phase]
        if mine or phase.value in run.phases:
            failed = sum(one.end is CallEnd.FAILED for one in mine)
            took = seconds_text(run.phases.get(phase.value, 0.0))
            lines.append([DOING[phase], str(len(mine)), str(failed), took])
    waited = run.phases.get(Phase.AWAITING_USER.value)
    if waited is not None:
        lines.append([DOING[Phase.AWAITING_USER], "", "", seconds_text(waited)])
    yield table(["Phase", "Calls", "Failed", "Time"], lines, [False, True, True, True])
    yield f"![The chart of the investigation, with the states it went through]({PICTURE})"
    yield from _calls(run, result)


def _calls(run: Run, result: Result) -> Iterator[str]:
    lines = []
    for settled in result.investigation.case.ledger.settled:
        call, carried = settled.call, run.calls.get(settled.call.id)
        outcome = settled.end.value
        if carried is not None and carried.failure is not None:
            outcome += f": {plain(cut(carried.failure, 200))}"
        lines.append(
            [
                call.id,
                DOING[call.phase],
                cell_code(cut(request_text(call.request), 100)),
                str(call.attempt),
                "" if carried is None else seconds_text(carried.took_s),
                outcome,
            ]
        )
    head = ["Call", "Phase", "What", "Attempt", "Time", "Outcome"]
    count = "The only call" if len(lines) == 1 else f"All {len(lines)} calls"
    yield f"<details><summary>{count}</summary>"
    yield table(head, lines, [False, False, False, True, True, False])
    yield "</details>"


def _sentence(text: str) -> str:
    """Return a string as a sentence."""
    shown = plain(text)
    shown = shown[:1].upper() + shown[1:]
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."


def _size(size: int) -> str:
    """Return a number of bytes in a short form."""
    told = float(size)
    for unit in ("bytes", "kB", "MB"):
        if told < 1000:  # noqa: PLR2004 - the step from one unit to the next
            return count_text(size, "byte") if unit == "bytes" else f"{told:.1f} {unit}"
        told /= 1000
    return f"{told:.1f} GB"


def way(investigation: Investigation) -> tuple[str, ...]:
    """Return the ids of the states that an investigation has been in, in document order."""
    ledger = investigation.case.ledger
    been = {Phase.INIT, investigation.current_phase}
    been.update(one.call.phase for one in ledger.settled)
    been.update(one.phase for one in ledger.pending)
    if investigation.case.answers:
        been.add(Phase.AWAITING_USER)
    return tuple(node.id for node in InvestigationChart.chart if node.name in been)


def draw(investigation: Investigation) -> bytes:
    """Draw the chart as SVG, with these states highlighted."""
    return drawing.render(InvestigationChart, highlight=way(investigation)).encode()
