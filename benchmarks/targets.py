"""The numbers to reach, and whether a run reached them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from operator import ge, le
from typing import Final

from attrs import frozen

from benchmarks.results import Column, Section, Verdict
from benchmarks.sections import layout
from benchmarks.sections.plans import FIRST, PAIRS

OURS: Final = "statecharts"


@frozen
class Target:
    """A bound on one number of ours: what was known to be within reach, and is to stay so.

    Attributes:
        what: What is measured.
        section: The table that holds the number.
        key: The column that holds it.
        limit: The bound itself.
        column: How to write the number.
        row: The contestant.
        at_least: Whether the bound is a floor; otherwise it is a ceiling.
    """

    what: str
    section: str
    key: str
    limit: float
    column: Column
    row: str = OURS
    at_least: bool = False

    def judge(self, sections: Iterable[Section]) -> Verdict:
        """Compare with what was measured, if it was."""
        bound = f"{'≥' if self.at_least else '≤'} {self.column.show(self.limit)}"
        values = [
            section.value(self.row, self.key) for section in sections if section.key == self.section
        ]
        value = values[0] if values else None
        if value is None:
            return Verdict(self.what, bound, "not measured", met=None)
        holds = ge if self.at_least else le
        return Verdict(self.what, bound, self.column.show(value), met=holds(value, self.limit))


COUNT: Final = Column("count", "", digits=0)
TIMES: Final = Column("ratio", "", suffix=" ×")
SECONDS: Final = Column("s", "", suffix=" s")
MILLISECONDS: Final = Column("ms", "", suffix=" ms", digits=0)
PERCENT: Final = Column("%", "", digits=0, suffix=" %")
MACHINE: Final = "statecharts Machine"
NEWER: Final = sys.version_info >= (3, 13)

TARGETS: Final = (
    Target("pure step, × match", "cycle", "ratio", 0.9 if NEWER else 0.75, TIMES),
    Target("Machine with the time given, × match", "cycle", "ratio", 1.5, TIMES, MACHINE),
    Target("Machine by the clock, × match", "cycle", "ratio", 2.0, TIMES, "… by the clock"),
    Target("history with data, × match", "features", "history", 1.7, TIMES),
    Target("eventless chain of 4, × match", "features", "always", 0.6, TIMES),
    Target("timer started and cancelled, × match", "features", "timer", 1.5, TIMES),
    Target("unhandled event, × match", "features", "unhandled", 1.0, TIMES),
    Target("named event, × match", "features", "named", 1.3, TIMES),
    Target(
        "first step of a loaded snapshot, × warm",
        "plans",
        "ratio",
        2.0,
        TIMES,
        FIRST,
    ),
    Target(
        "50,000 pairs in turn, × with room for all",
        "plans",
        "ratio",
        4.0,
        TIMES,
        PAIRS,
    ),
    Target("declaring 10,000 states", "definition", "s", 0.6, SECONDS, "ring of 10,000 states"),
    Target("import over attrs", "imports", "over_attrs", 25, MILLISECONDS),
    Target("--help", "imports", "ms", 120, MILLISECONDS, "statecharts --help"),
    Target(
        "investigate --help", "imports", "ms", 200, MILLISECONDS, "statecharts investigate --help"
    ),
    *(
        Target(f"{what}, × orjson + cattrs", "codec_ratio", key, 2.0, TIMES)
        for what, key in (
            ("dumping a snapshot", "dumps"),
            ("loading a snapshot", "loads"),
            ("dumping an event", "event_dumps"),
            ("loading an event", "event_loads"),
        )
    ),
    Target(
        "stored event, one sender, × raw append",
        "durable_ratio",
        "ratio",
        0.7,
        TIMES,
        at_least=True,
    ),
    Target(
        "stored events, 64 senders, × raw append",
        "durable_ratio",
        "ratio",
        3.0,
        TIMES,
        "statecharts, 64 threads",
        at_least=True,
    ),
    Target("replay, events a second of CPU", "durable", "replay", 150_000, COUNT, at_least=True),
    Target("bytes of a stored run", "durable", "run", 1_024, COUNT),
    Target("bytes of a stored transition", "durable", "transition", 200, COUNT),
    Target("node of a plan, side by side, × DBOS", "nodes", "fan_ratio", 0.2, TIMES),
    Target("node of a plan, in a chain, × DBOS", "nodes", "chain_ratio", 0.2, TIMES),
    Target("1,000 nodes side by side, ms a node", "nodes", "fan_wall", 2.0, Column("ms", "")),
    *(
        Target(what, "layout", key, limit, column, layout.WORDS[row], at_least=at_least)
        for what, key, row, limit, column, at_least in (
            ("charts with hard faults in their drawings", "ours", "faulty", 1, PERCENT, False),
            ("crossings more than ELK's", "over", "crossings", 0, COUNT, False),
            ("merged lines more than ELK's", "over", "merged", 0, COUNT, False),
            ("wiggles", "ours", "wiggles", 0, COUNT, False),
            ("drawings between 1:2 and 2:1", "ours", "pages", 90, PERCENT, True),
            ("drawing 60 states", "ours", "at60", 1, SECONDS, False),
            ("drawing 500 states", "ours", "at500", 10, SECONDS, False),
        )
    ),
    Target("bytes held by an instance", "instances", "bytes", 80, Column("bytes", "", digits=0)),
)


def judge(sections: Sequence[Section], targets: Iterable[Target] = TARGETS) -> tuple[Verdict, ...]:
    """Compare every target with the tables of a run."""
    return tuple(target.judge(sections) for target in targets)
