"""Notes: what is wrong with a document, with the nearest name for a misspelt one."""

from __future__ import annotations

from statecharts.interop import limits
from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.model.suggestions import Suggestions


class Notes:
    """What is noted about a document, or about a part of one, while it is read.

    Args:
        document: What is being read.
        above: The notes on what this is a part of, with which it shares a budget of suggestions.
    """

    def __init__(self, document: Document, above: Notes | None = None) -> None:
        self.document = document
        self.findings = Findings(document)
        self.suggestions: Suggestions = Suggestions() if above is None else above.suggestions

    def add(self, code: str, found: str, remedy: str, line: int | None, element: str) -> None:
        """Note a finding (see `Findings.add`); what is too long to be read is cut."""
        self.findings.add(code, _cut(found), _cut(remedy), line, _cut(element))


def _cut(text: str) -> str:
    return text if len(text) <= limits.MESSAGE else f"{text[: limits.MESSAGE]}…"
