"""The numbers to reach, and whether a run reached them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import ge, le
from typing import Final

from attrs import frozen

from benchmarks.results import Column, Section, Verdict

OURS: Final = "statecharts"


@frozen
class Target:
    """A bound on one number of ours.

    Attributes:
        what: What is measured.
        section: The table that holds the number.
        key: The column that holds it.
        limit: The bound itself.
        column: How to write the number.
        at_least: Whether the bound is a floor; otherwise it is a ceiling.
    """

    what: str
    section: str
    key: str
    limit: float
    column: Column
    at_least: bool = False

    def judge(self, sections: Iterable[Section]) -> Verdict:
        """Compare with what was measured, if it was."""
        bound = f"{'≥' if self.at_least else '≤'} {self.column.show(self.limit)}"
        values = [
            section.value(OURS, self.key) for section in sections if section.key == self.section
        ]
        value = values[0] if values else None
        if value is None:
            return Verdict(self.what, bound, "not measured", met=None)
        holds = ge if self.at_least else le
        return Verdict(self.what, bound, self.column.show(value), met=holds(value, self.limit))


TIMES: Final = Column("ratio", "", suffix=" ×")
MICROSECONDS: Final = Column("us", "", suffix=" µs")

TARGETS: Final = (
    Target("pure step against the hand-written match", "cycle", "ratio", 1.2, TIMES),
    Target("… and then below it", "cycle", "ratio", 1.0, TIMES),
    Target("against python-statemachine", "cycle", "faster", 50, TIMES, at_least=True),
    Target("three parallel regions to the flat step", "parallel", "ratio", 4, TIMES),
    Target("starting an instance", "instances", "us", 1, MICROSECONDS),
    Target("bytes held", "instances", "bytes", 300, Column("bytes", "", digits=0)),
    Target("10,000 states to 10 (flat, within 50 %)", "growth", "ratio", 1.5, TIMES),
    Target("dumping a snapshot", "codec", "dump", 15, MICROSECONDS),
    Target("loading a snapshot", "codec", "load", 25, MICROSECONDS),
    Target(
        "import over bare Python", "imports", "over", 40, Column("over", "", suffix=" ms", digits=1)
    ),
)


def judge(sections: Sequence[Section], targets: Iterable[Target] = TARGETS) -> tuple[Verdict, ...]:
    """Compare every target with the tables of a run."""
    return tuple(target.judge(sections) for target in targets)
