"""Notes: findings, under the name that the XState door has for them."""

from __future__ import annotations

from statecharts.interop.findings import Findings


class Notes(Findings):
    """What is noted about a document while it is read."""

    @property
    def findings(self) -> Findings:
        """These notes."""
        return self
