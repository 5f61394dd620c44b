"""Rows: the findings of each part of the proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

SHOWN: Final = 20
"""The most violations of a row that are printed."""


@frozen
class Effort:
    """The share of the proof to carry out.

    Attributes:
        share: The part of each row that is tried, above 0; 1 is the whole proof.
        jobs: The number of processes at work at once.
    """

    share: float = 1.0
    jobs: int = 2

    def of(self, whole: int, least: int = 1) -> int:
        """Return the share of a number."""
        return max(round(whole * self.share), min(least, whole))

    @property
    def every(self) -> int:
        """The distance between trials, where the whole proof tries one place after the other."""
        return max(round(1 / self.share), 1)


@frozen
class Row:
    """One row of the proof.

    Attributes:
        name: Its title: the harm done to the runs.
        how: The method, in a sentence or two.
        figures: The counts, in order.
        wrong: The violations, in sentences.
    """

    name: str
    how: str
    figures: Mapping[str, int]
    wrong: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


Work = Callable[[Effort, Path], Row]
"""A function that works a row out; the path is a directory for its stores."""
