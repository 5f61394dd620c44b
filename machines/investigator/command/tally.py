"""Tally: what a run has done so far, phase by phase, and what is under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, final

from attrs import define, frozen

from machines.investigation import Call, CallEnd, CallId, Investigation, Phase, Request
from machines.investigator.command.wording import request_text
from machines.investigator.runtime import (
    CallEnded,
    CallStarted,
    EvidenceFound,
    PhaseEntered,
    Progress,
)

_KEPT: Final = 4


@define
class Count:
    """What was done in a phase: calls that have ended, those that failed, and what was found."""

    calls: int = 0
    failed: int = 0
    found: int = 0


@frozen
class Ended:
    """A call that has ended, as it is told: what it was, how long it took, why it failed."""

    text: str
    seconds: float
    failure: str | None


@final
class Tally:
    """Counts along with a run."""

    def __init__(self, investigation: Investigation, clock: Callable[[], float]) -> None:
        """Begin with what an investigation has behind it."""
        self.phase = investigation.current_phase
        self.under_way: dict[CallId, tuple[str, float]] = {}
        self.last: deque[Ended] = deque(maxlen=_KEPT)
        self.since = self.began = clock()
        self.seconds: dict[Phase, float] = {}
        self._clock = clock
        self._investigation = investigation
        self._counts: dict[Phase, Count] = {}
        phases: dict[CallId, Phase] = {}
        for one in investigation.case.ledger.settled:
            phases[one.call.id] = one.call.phase
            count = self.count(one.call.phase)
            count.calls += 1
            count.failed += one.end is CallEnd.FAILED
        for found in investigation.evidence:
            self.count(phases[found.call_id]).found += 1

    def count(self, phase: Phase) -> Count:
        """Return what was done in a phase."""
        return self._counts.setdefault(phase, Count())

    @property
    def total(self) -> int:
        """How many calls of the present phase there are, as far as is known."""
        ledger = self._investigation.case.ledger
        settled = sum(one.call.phase is self.phase for one in ledger.settled)
        return settled + len(ledger.pending)

    @property
    def hypotheses(self) -> int:
        """How many hypotheses there are."""
        return len(self._investigation.hypotheses)

    def text(self, call: Call) -> str:
        """Say what a call is for: the hypothesis that it tests, or what it is to do."""
        for one in self._investigation.hypotheses:
            if one.id == call.hypothesis:
                return one.claim
        return request_text(Request(call.kind, call.name, call.arguments))

    def add(self, progress: Progress) -> None:
        """Count something that has happened."""
        match progress:
            case CallStarted(call):
                self.under_way[call.call_id] = (self.text(call), self._clock())
            case CallEnded(call, took, failure):
                self.under_way.pop(call.call_id, None)
                self.last.append(Ended(self.text(call), took.total_seconds(), failure))
                count = self.count(call.phase)
                count.calls += 1
                count.failed += failure is not None
            case EvidenceFound():
                self.count(self.phase).found += 1
            case PhaseEntered(phase):
                now = self._clock()
                self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self.since
                self.phase, self.since = phase, now
                self.last.clear()
            case _:
                pass
