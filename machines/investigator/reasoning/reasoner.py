"""Reasoner: who thinks in an investigation, behind one method."""

from __future__ import annotations

from typing import Protocol

from machines.investigation.findings import Evidence
from machines.investigation.vocabulary import Call, Case, Outcome


class Reasoner(Protocol):
    """Answers the calls that are no tools: what to look at, what to suppose, what to conclude.

    The chart makes three of them. What they may bring, besides a `Question` to the user:

    - ``gather_context``: `Planned`, what to look at; or `Observed`.
    - ``generate_hypotheses``: `Proposed`, each hypothesis with the call that tests it.
    - ``synthesize``: `Concluded`, the result.

    A plan or a test may ask for calls by other names, too, of the kind `CallKind.LLM`.

    An exception counts as a failed attempt: it never ends the investigation by itself, and its text
    is kept to itself, unless it is an error of ours. A `SecurityViolation` is not tried again.
    """

    async def answer(self, call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Outcome:
        """Return what a call brings.

        The same call may be asked again: after a failure, a timeout, or in another process that
        goes on from a snapshot. Then the answer should be the same.

        Args:
            call: What is asked, and what the user has said to the questions that it asked before.
            case: The question, the scope, the calls so far.
            evidence: All that was found so far, in the order in which it came in.
        """
        ...
