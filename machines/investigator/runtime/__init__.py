"""Runtime: runs an investigation in this process, from the question to the result.

`run_local` runs it in one go, `LocalInvestigator` round by round. Each tool call is checked before
it runs; attempts have a time limit and are repeated after a pause; calls of one phase run side by
side; failures become the intent `Error`, and every exception is kept.
"""

from machines.investigator.runtime.carrying import Tools
from machines.investigator.runtime.local import (
    AskUser,
    Bounds,
    LocalInvestigator,
    Raised,
    run_local,
)
from machines.investigator.runtime.progress import (
    CallDelayed,
    CallEnded,
    CallStarted,
    Ended,
    EvidenceFound,
    Observer,
    PhaseEntered,
    Progress,
    UserAsked,
)

__all__ = [
    "AskUser",
    "Bounds",
    "CallDelayed",
    "CallEnded",
    "CallStarted",
    "Ended",
    "EvidenceFound",
    "LocalInvestigator",
    "Observer",
    "PhaseEntered",
    "Progress",
    "Raised",
    "Tools",
    "UserAsked",
    "run_local",
]
