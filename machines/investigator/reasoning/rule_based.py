"""A reasoner without a model: it examines numbers by day, and reports anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

from attrs import evolve

from machines.investigation.calls import CallEnd, CallKind
from machines.investigation.findings import Cause, Evidence, Synthesis, Verdict
from machines.investigation.vocabulary import (
    Call,
    Case,
    Concluded,
    Observed,
    Outcome,
    Planned,
    Proposed,
    Question,
)
from machines.investigator.reasoning.checks import dates
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.plan import (
    first_look,
    probes_of,
    proposals_of,
    tables_of,
)
from machines.investigator.reasoning.probes import MOST_DAYS, Finding, Reading, read_probe
from machines.investigator.reasoning.reading import findings_of
from machines.investigator.reasoning.tables import Table

_MOST = 5  # causes that are reported


@final
class RuleBasedReasoner:
    """Finds causes in the profiles of tables, and reports "no anomaly" if all is as usual.

    It depends on values, not on names: columns of dates are found by their values, keys by
    uniqueness and inclusion. It begins with the tables and days that the question names. It is a
    function of the case and the evidence: equal ones get equal answers.
    """

    async def answer(self, call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Outcome:
        """Return the outcome of a call.

        Args:
            call: The call.
            case: The question, the scope, the calls so far.
            evidence: The evidence so far.
        """
        match call.name:
            case "gather_context":
                requests = first_look(case)
                return Planned(requests) if requests else Observed("there is nothing to look at")
            case "generate_hypotheses":
                return Proposed(proposals_of(case, tables_of(case, evidence)))
            case "synthesize":
                return conclude(call, case, evidence)
            case _:
                return Observed(f"there is no rule for {call.name}")


def conclude(call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Concluded | Question:
    """Return the conclusion from the evidence, or a question that must be asked first."""
    tables = tables_of(case, evidence)
    readings, sources = _read(case, evidence, tables)
    hints = Hints.read(case.question, [table.name for table in tables])
    found = findings_of(tables, readings, hints)[:_MOST]
    left = _left_out(case, tables, readings)
    if not found:
        return Concluded(_nothing(tables, readings, left))
    question = question_of(found, hints)
    if question is not None:
        if not call.answers:
            return question
        found = chosen(found, call.answers[-1].text)
    found = [evolve(one, score=min(one.score, found[0].score)) for one in found]
    causes = tuple(_cause(one, sources) for one in found)
    best = found[0]
    elsewhere = hints.days and not any(hints.near(one.day, one.last) for one in found)
    kind = best.kind.value.replace("_", " ")
    summary = f"{kind} in {best.table}: {best.words}"
    if elsewhere:
        summary = f"nothing on the day that the question names, but {summary}"
    summary += "".join(f"; not looked at: {one}" for one in left)
    return Concluded(Synthesis(Verdict.ANOMALY, summary, causes))


def _left_out(case: Case, tables: Sequence[Table], readings: Sequence[Reading]) -> list[str]:
    """Return what was not looked at, and why: columns, days, refused queries."""
    found: list[str] = []
    for table in tables:
        found += table.unread
        if table.left:
            found.append(f"{len(table.left)} columns of {table.name}, which no query can name")
        days = [one.daily.days for one in readings if one.probe.table == table.name]
        if any(len(one) >= MOST_DAYS for one in days):
            first = max(one[0] for one in days if len(one) >= MOST_DAYS)
            found.append(f"{table.name} before {first}")
        if table.until and any(one and one[-1] == table.until for one in days):
            found.append(f"{table.name} after {table.until}")
    found += [
        f"{n} rows of {one.probe.table}, whose {one.probe.day} cannot be read like the others"
        for one in readings
        if one.probe.check == "dates" and (n := dates.left_out(one))
    ]
    ends = [one.end for one in case.ledger.settled if one.call.request.kind is CallKind.TOOL]
    if failed := ends.count(CallEnd.FAILED):
        found.append(f"what {failed} of {len(ends)} queries ask, which failed or took too long")
    return found


def _nothing(
    tables: Sequence[Table], readings: Sequence[Reading], more: Sequence[str]
) -> Synthesis:
    """Return the conclusion without a finding, which says what was not looked at, and why."""
    told = {one.probe.table for one in readings if one.daily.days}
    left = [
        f"{one.name} ({'no dates that can be read by day' if one.sampled else 'no rows'})"
        for one in tables
        if one.name not in told
    ]
    left += more
    rest = f"; not looked at by day: {', '.join(left)}" if left else ""
    if not told:
        return Synthesis(Verdict.INCONCLUSIVE, f"nothing could be compared from day to day{rest}")
    summary = f"nothing unusual in {len(readings)} series of {len(told)} tables{rest}"
    return Synthesis(Verdict.NO_ANOMALY, summary)


def _read(
    case: Case, evidence: tuple[Evidence, ...], tables: list[Table]
) -> tuple[list[Reading], dict[str, Evidence]]:
    """Find the answers to the probes among the evidence."""
    probes = {probe.sql: probe for probe in probes_of(tables)}
    asked = {one.call.id: one.call.request for one in case.ledger.settled}
    readings, sources = [], dict[str, Evidence]()
    for one in evidence:
        request = asked.get(one.call_id)
        probe = probes.get(str(request.arguments.get("sql"))) if request else None
        if probe is not None:
            readings += read_probe(probe, one.rows)
            sources[probe.sql] = one
    return readings, sources


def _cause(one: Finding, sources: dict[str, Evidence]) -> Cause:
    return Cause(
        one.kind,
        one.table,
        one.column,
        one.day,
        min(max(one.score, 0.0), 1.0),
        tuple(sources[probe.sql].id for probe in one.probes),
    )


_NEARLY: Final = 0.01
"""Difference of two scores below which neither finding comes first."""


def question_of(found: Sequence[Finding], hints: Hints) -> Question | None:
    """Return the question to ask; None if the findings, or the user's question, decide.

    Only findings in different tables and on different days are two incidents; and only if the
    question names no table and no day can either be meant.
    """
    if len(found) < 2 or hints.days or hints.tables:  # noqa: PLR2004 - one needs no choice
        return None
    first, second = found[:2]
    apart = first.table != second.table and first.day != second.day
    if not apart or first.score - second.score > _NEARLY:
        return None
    choices = (choice_of(first), choice_of(second))
    prompt = "There are two anomalies, one as likely as the other. Which one do you mean?"
    return Question(prompt, choices)


def choice_of(one: Finding) -> str:
    """Return a finding as a choice."""
    when = f" on {one.day}" if one.day else ""
    return f"{one.kind.value.replace('_', ' ')} in {one.table}{when}"


def chosen(found: Sequence[Finding], answer: str) -> list[Finding]:
    """Move the finding that an answer names to the front; another answer keeps the order.

    An answer may be the choice itself, its number, or the one table that it names.
    """
    said = answer.strip().casefold()
    best = list(found[:2])
    names = [(choice_of(one).casefold(), str(n)) for n, one in enumerate(best, 1)]
    meant = [one for one, name in zip(best, names, strict=True) if said in name]
    if not meant and said:
        meant = [one for one in best if one.table.casefold() in said]
    if len(meant) != 1:
        return list(found)
    return [meant[0], *(one for one in found if one is not meant[0])]
