"""Local runs to test with: a reasoner that follows a script, tools that do, and a fake sleep."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from machines.investigation import (
    Call,
    CallKind,
    Case,
    Evidence,
    Investigation,
    Observed,
    Outcome,
    Phase,
    Planned,
    Proposal,
    Proposed,
    Request,
    Scope,
    Synthesis,
    Verdict,
)
from machines.investigation.findings import Cause, CauseKind
from machines.investigation.vocabulary import Concluded, Error, Finish
from machines.investigator.runtime import LocalInvestigator, Progress, Tools

Line: TypeAlias = (
    Outcome | Exception | Callable[[Call], Outcome | Exception | Awaitable[Outcome | Exception]]
)
"""What a call brings, raises, or is answered by."""

SCOPE: Final = Scope(
    "u-1", "t-1", tools=["describe", "query", "row_counts_by_day"], tables=["orders"]
)

COUNT: Final = Request(
    CallKind.TOOL, "query", {"sql": "SELECT day, count(*) AS n FROM orders GROUP BY day"}
)
DESCRIBE: Final = Request(CallKind.TOOL, "describe", {"table": "orders"})
DAYS: Final = Request(CallKind.TOOL, "row_counts_by_day", {"table": "orders", "column": "day"})

PLAN: Final = Planned((DESCRIBE, COUNT))
HYPOTHESES: Final = Proposed(
    (Proposal("a day is missing", DAYS), Proposal("the table has changed", DESCRIBE))
)


NOTHING: Final = Concluded(Synthesis(Verdict.NO_ANOMALY, "Nothing is wrong."))


def conclude(evidence: tuple[Evidence, ...]) -> Concluded:
    """Return a result that rests on all evidence."""
    cause = Cause(
        CauseKind.MISSING_DAY, "orders", "day", None, 0.9, tuple(each.id for each in evidence)
    )
    return Concluded(Synthesis(Verdict.ANOMALY, "A day is missing.", (cause,)))


class Scripted:
    """A reasoner that answers by the name of the call, the same each time it is asked."""

    def __init__(self, **lines: Line) -> None:
        self.lines: Mapping[str, Line] = {
            "gather_context": PLAN,
            "generate_hypotheses": HYPOTHESES,
            **lines,
        }
        self.asked: list[Call] = []
        self.seen: list[tuple[str, ...]] = []

    async def answer(self, call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Outcome:
        self.asked.append(call)
        self.seen.append(tuple(each.id for each in evidence))
        if call.name == "synthesize" and "synthesize" not in self.lines:
            return conclude(evidence)
        return await _play(self.lines[call.name], call)


class Bench:
    """Tools that follow a script, too: by name, or else nothing but their name is found."""

    def __init__(self, scope: Scope = SCOPE, **lines: Callable[[Call], Outcome]) -> None:
        self.scope = scope
        self.lines = lines
        self.called: list[str] = []
        self.stopped: list[str] = []

    def call(self, call: Any) -> Outcome:
        self.called.append(call.tool)
        line = self.lines.get(call.tool)
        return line(call) if line is not None else Observed(f"by {call.tool}")

    def stop(self, call: Any) -> None:
        self.stopped.append(call.tool)


class Naps:
    """A sleep that takes no time, and remembers how long it should have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


class Log:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.told: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.told.append(progress)

    @property
    def kinds(self) -> list[str]:
        return [type(one).__name__ for one in self.told]


async def _play(line: Line, call: Call) -> Outcome:
    given: Any = line
    if callable(line) and not isinstance(line, type):
        given = line(call)
    if inspect.isawaitable(given):
        given = await given
    if isinstance(given, Exception):
        raise given
    return given  # type: ignore[no-any-return]


def looks(count: int) -> Planned:
    """Return a plan of some tasks for the reasoner, side by side."""
    return Planned(tuple(Request(CallKind.LLM, "look", {"n": str(n)}) for n in range(count)))


def ready(reasoner: Scripted, tools: Tools | None = None, **options: Any) -> LocalInvestigator:
    """Return an investigator that has been started, and never sleeps."""
    options = {"sleep": Naps(), "clock": lambda: 0.0, **options}
    investigator = LocalInvestigator(reasoner, tools or Bench(), **options)
    if "snapshot" not in options:
        investigator.start("why did orders drop?")
    return investigator


def end(investigation: Investigation | LocalInvestigator) -> Finish | Error:
    """Return how an investigation has ended."""
    [intent] = investigation.intents
    assert isinstance(intent, Finish | Error)
    return intent


def phase(investigator: LocalInvestigator) -> Phase:
    """Return where an investigation is."""
    return investigator.investigation.current_phase
