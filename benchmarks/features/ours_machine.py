"""statecharts: a ``Machine`` for each case, with the time given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.contestant import version_of
from benchmarks.cycle.domain import AT
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders
from benchmarks.features.ours import CHARTS, sent, where
from statecharts import Machine


def started(case: Case) -> Started:
    """Start a machine."""
    chart = CHARTS[case]
    machine = Machine(chart, at=AT)
    sends = [partial(machine.send, event, at=AT) for event in sent(case)]
    return sends, lambda: where(chart, machine.snapshot)


class StatechartsMachines:
    """``Machine.send`` for each case."""

    name = "statecharts Machine"
    version = version_of("statecharts")
    turns: Final[dict[Case, Callable[[], Turn]]] = builders(cases.CASES, started)


CONTESTANT = StatechartsMachines()
