"""Notes: what is wrong with a file, with the nearest name for a misspelt one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, final

from statecharts.errors import nearest
from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings

COMPARISONS: Final = 50_000
"""How many names are compared with misspelt ones, at most, over a whole file."""

LONGEST: Final = 100
"""How long a name may be that others are compared with."""

_READABLE: Final = 400


@final
class Notes:
    """What is noted about a part of a file.

    Args:
        document: What is being read.
        above: The notes on what this is a part of; they hold the same for the part.
    """

    def __init__(self, document: Document, above: Notes | None = None) -> None:
        self.document = document
        self.findings = Findings(document)
        self.comparisons: list[int] = [COMPARISONS] if above is None else above.comparisons
        """How many more names may be compared: one number, shared by all parts of a file."""

    def add(self, code: str, found: str, remedy: str, line: int, element: str) -> None:
        """Note a finding (see `Findings.add`); what is too long to be read is cut."""
        self.findings.add(code, _cut(found), _cut(remedy), line, _cut(element))

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """Return the name that a misspelt one is most likely meant to be.

        A file with thousands of mistakes among thousands of names gets no answer in the end.
        """
        if len(known) > self.comparisons[0] or len(word) > LONGEST:
            return None
        self.comparisons[0] -= len(known)
        return nearest(word, known)

    def remedy(self, word: str, known: Collection[str], otherwise: str) -> str:
        """Return a remedy that names the nearest known name, or ``otherwise``."""
        near = self.nearest(word, known)
        return otherwise if near is None else f"Did you mean {near!r}?"


def _cut(text: str) -> str:
    return text if len(text) <= _READABLE else f"{text[:_READABLE]}…"
