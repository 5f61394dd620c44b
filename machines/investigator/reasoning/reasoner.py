"""The protocol of reasoners: one method."""

from __future__ import annotations

from typing import Protocol

from machines.investigation.findings import Evidence
from machines.investigation.vocabulary import Call, Case, Outcome


class Reasoner(Protocol):
    """Answers all calls but those of tools: requests, hypotheses and the conclusion.

    The chart makes three of them. Their outcomes, besides a `Question` to the user:

    - ``gather_context``: `Planned`, the requests to make; or `Observed`.
    - ``generate_hypotheses``: `Proposed`, each hypothesis with the call that tests it.
    - ``synthesize``: `Concluded`, the result.

    A plan or a test may make calls of other names, of the kind `CallKind.LLM`.

    An exception is a failed attempt: it never ends the investigation by itself, and its text is not
    shown, unless it is an error of ours. A call is not repeated after a `SecurityViolation`.
    """

    async def answer(self, call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Outcome:
        """Return the outcome of a call.

        The same call may be repeated: after a failure, a timeout, or in another process that
        continues from a snapshot. The answer should then be the same.

        Args:
            call: The call, with the answers of the user to its earlier questions.
            case: The question, the scope, the calls so far.
            evidence: The evidence so far, in the order in which it came in.
        """
        ...
