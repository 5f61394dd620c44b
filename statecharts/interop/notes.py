"""Notes: what is wrong with a document, with the nearest name for a misspelt one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.model.errors import nearest

_LONGEST: Final = 100
"""How long a name may be that others are compared with."""

_READABLE: Final = 400


class Notes:
    """What is noted about a document, or about a part of one, while it is read.

    Args:
        document: What is being read.
        comparisons: How many names are compared with misspelt ones, at most, over all of it.
        above: The notes on what this is a part of: with them, ``comparisons`` are shared.
    """

    def __init__(
        self, document: Document, comparisons: int = 50_000, above: Notes | None = None
    ) -> None:
        self.document = document
        self.findings = Findings(document)
        self._left: list[int] = [comparisons] if above is None else above._left  # noqa: SLF001 - of its own class

    @property
    def comparisons(self) -> int:
        """How many more names may be compared."""
        return self._left[0]

    def add(self, code: str, found: str, remedy: str, line: int | None, element: str) -> None:
        """Note a finding (see `Findings.add`); what is too long to be read is cut."""
        self.findings.add(code, _cut(found), _cut(remedy), line, _cut(element))

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """Return the name that a misspelt one is most likely meant to be.

        A file with thousands of mistakes among thousands of names gets no answer in the end.
        """
        if len(known) > self.comparisons or len(word) > _LONGEST:
            return None
        self._left[0] -= len(known)
        return nearest(word, known)

    def remedy(self, word: str, known: Collection[str], otherwise: str) -> str:
        """Return a remedy that names the nearest known name, or ``otherwise``."""
        near = self.nearest(word, known)
        return otherwise if near is None else f"Did you mean {near!r}?"


def _cut(text: str) -> str:
    return text if len(text) <= _READABLE else f"{text[:_READABLE]}…"
