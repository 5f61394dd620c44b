"""Runtime: an investigation carried out in this process, from the question to the result.

`run_local` does it in one go, `LocalInvestigator` round by round. Each tool call is checked before
it runs; attempts have a time limit and are made again after a pause; calls of one phase run side by
side; whatever fails becomes the intent `Error`, and nothing that is raised is lost.
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
