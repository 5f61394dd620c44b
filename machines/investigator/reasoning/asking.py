"""Asking: whether only the user can tell which of two findings is meant, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from machines.investigation.vocabulary import Question
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.probes import Finding

_NEARLY: Final = 0.01
"""So little may lie between two scores that neither finding stands before the other."""


def question_of(found: Sequence[Finding], hints: Hints) -> Question | None:
    """Return what has to be asked; None where the findings, or the question, decide.

    Only two that lie in different tables and on different days are two incidents; and only if
    nothing was named can either be meant.
    """
    if len(found) < 2 or hints.days or hints.tables:  # noqa: PLR2004 - one needs no choice
        return None
    first, second = found[:2]
    apart = first.table != second.table and first.day != second.day
    if not apart or first.score - second.score > _NEARLY:
        return None
    choices = (choice_of(first), choice_of(second))
    prompt = "Two things went wrong, and one is as sure as the other. Which of them is meant?"
    return Question(prompt, choices)


def choice_of(one: Finding) -> str:
    """Return a finding as an answer to choose."""
    when = f" on {one.day}" if one.day else ""
    return f"{one.kind.value.replace('_', ' ')} in {one.table}{when}"


def chosen(found: Sequence[Finding], answer: str) -> list[Finding]:
    """Put the finding first that an answer names; any other answer leaves the order.

    An answer may be the choice itself, its number, or the one table that it names.
    """
    said = answer.strip().casefold()
    best = list(found[:2])
    names = [(choice_of(one).casefold(), str(n)) for n, one in enumerate(best, 1)]
    meant = [one for one, name in zip(best, names, strict=True) if said in name]
    if not meant and said:
        meant = [one for one in best if one.table.casefold() in said]
    if len(meant) != 1:
        return list(found)
    return [meant[0], *(one for one in found if one is not meant[0])]
