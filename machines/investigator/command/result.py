"""The result of a run, in JSON for programs and in a few lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from machines.investigation import (
    CallEnd,
    CallKind,
    Cause,
    Error,
    Evidence,
    Finish,
    Investigation,
    Phase,
    RequestUser,
    Verdict,
)
from machines.investigator.command.state import Carried
from machines.investigator.command.wording import bar, kind_of, place_of
from statecharts.cli.terminal import count_text


@frozen
class Trouble:
    """The reason for a missing verdict: a word for programs, and a sentence for people."""

    kind: str
    message: str


@final
@frozen
class Result:
    """The result of a run.

    Attributes:
        investigation: The investigation.
        verdict: The verdict; None if there is none.
        summary: The result in words.
        causes: The causes, the best supported first.
        trouble: The reason for a missing verdict.
        asked: The open question.
        warnings: Notes for the reader.
    """

    investigation: Investigation
    verdict: Verdict | None
    summary: str
    causes: tuple[Cause, ...]
    trouble: Trouble | None = None
    asked: RequestUser | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, investigation: Investigation, calls: Mapping[str, Carried], notes: Sequence[str] = ()
    ) -> Self:
        """Return the result of an investigation.

        Args:
            investigation: The investigation, over or not.
            calls: The attempts, with their failures.
            notes: Notes for the reader.
        """
        warnings = tuple(notes)
        lost = failed_calls(investigation) if investigation.is_terminal else 0
        if lost:
            warnings = (*warnings, f"{count_text(lost, 'call')} could not be carried out")
        return evolve(cls._of(investigation, calls), warnings=warnings)

    @classmethod
    def _of(cls, investigation: Investigation, calls: Mapping[str, Carried]) -> Self:
        asked: RequestUser | None = None
        for intent in investigation.intents:
            match intent:
                case Finish(synthesis):
                    blind = _blind(investigation, calls)
                    if synthesis.verdict is not Verdict.ANOMALY and blind is not None:
                        return cls(investigation, None, "", (), blind)
                    return cls(
                        investigation, synthesis.verdict, synthesis.summary, synthesis.causes
                    )
                case Error(kind, message):
                    return cls(investigation, None, "", (), Trouble(kind.value, message))
                case RequestUser():
                    asked = intent
                case _:
                    pass
        stopped = Trouble("interrupted", "it was interrupted, and --resume continues it")
        return cls(investigation, None, "", (), stopped, asked)

    @property
    def exit_status(self) -> int:
        """The exit status: 0 for a verdict, 3 if it is open, 130 if the run can go on, else 1."""
        if self.verdict is Verdict.INCONCLUSIVE:
            return 3
        if self.verdict is not None:
            return 0
        return 1 if self.investigation.is_terminal else 130

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """All evidence by its id."""
        return {one.id: one for one in self.investigation.evidence}

    def of_cause(self, cause: Cause) -> list[Evidence]:
        """Return the evidence of a cause."""
        known = self.evidence
        return [known[one] for one in cause.evidence if one in known]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, without times, so that equal runs are equal.

        Rows are lists of cells in the order of ``columns``.
        """
        case = self.investigation.case
        told: dict[str, Any] = {
            "verdict": self.verdict,
            "phase": self.investigation.current_phase.value,
            "causes": [
                {
                    "kind": cause.kind.value,
                    "table": cause.table,
                    "column": cause.column,
                    "date": None if cause.date is None else cause.date.isoformat(),
                    "score": cause.score,
                    "evidence": [_evidence_json(one) for one in self.of_cause(cause)],
                }
                for cause in self.causes
            ],
            "question": case.question,
            "summary": self.summary,
            "step": self.investigation.current_step,
            "tables": list(case.scope.tables) if case.scope else [],
            "calls": case.ledger.count,
            "hypotheses": len(self.investigation.hypotheses),
            "warnings": list(self.warnings),
        }
        if self.trouble is not None:
            told["error"] = {"kind": self.trouble.kind, "message": self.trouble.message}
        if self.asked is not None:
            told["asked"] = {
                "id": self.asked.request_id,
                "prompt": self.asked.prompt,
                "choices": list(self.asked.choices),
            }
        return told

    def print(self, out: Console) -> None:
        """Print the verdict and the causes."""
        match self.verdict:
            case Verdict.ANOMALY:
                word = ("ANOMALY", "bold red")
            case Verdict.NO_ANOMALY:
                word = ("NO ANOMALY", "bold green")
            case Verdict.INCONCLUSIVE:
                word = ("INCONCLUSIVE", "bold yellow")
            case None:
                return
        out.print(Text.assemble(word, f"  {_on_one_line(self.summary)}"), soft_wrap=True)
        if not self.causes:
            return
        out.print()
        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(5):
            table.add_column(no_wrap=True)
        for number, cause in enumerate(self.causes, 1):
            table.add_row(
                Text(f" {number}", "bold" if number == 1 else ""),
                Text(kind_of(cause), "bold" if number == 1 else ""),
                _on_one_line(place_of(cause)),
                "" if cause.date is None else cause.date.isoformat(),
                Text.assemble(f"{cause.score:.2f} ", (bar(cause.score), "red")),
            )
        out.print(table)


def _on_one_line(text: str) -> str:
    """Return a text of which nobody takes a part for another message."""
    return " ".join(text.split())


def no_result(kind: str, message: str) -> dict[str, Any]:
    """Return the result in plain JSON values if there was no run."""
    error = {"kind": kind, "message": message}
    return {"verdict": None, "phase": Phase.INIT.value, "causes": [], "error": error}


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "sql": evidence.sql,
        "rows": [list(row) for row in evidence.rows],
        "columns": list(evidence.columns),
        "summary": evidence.summary,
    }


def _blind(investigation: Investigation, calls: Mapping[str, Carried]) -> Trouble | None:
    """Return the trouble if every query failed, so that a verdict would mean nothing."""
    looks = [
        one
        for one in investigation.case.ledger.settled
        if one.call.request.kind is CallKind.TOOL
        and one.call.request.name not in ("list_tables", "describe")
    ]
    if not looks or any(one.end is CallEnd.ANSWERED for one in looks):
        return None
    first = calls.get(looks[0].call.id)
    why = first.failure if first is not None and first.failure else "it failed"
    count = "the one query" if len(looks) == 1 else f"each of the {len(looks)} queries"
    return Trouble("nothing_seen", f"{count} failed, the first because {why}")


def failed_calls(investigation: Investigation) -> int:
    """Return the number of calls that failed in every attempt."""
    lasting = 0
    settled = investigation.case.ledger.settled
    for one in settled:
        if one.end is not CallEnd.FAILED:
            continue
        again = any(
            other.call.request == one.call.request
            and other.call.hypothesis == one.call.hypothesis
            and other.call.attempt > one.call.attempt
            for other in settled
        )
        lasting += not again
    return lasting
