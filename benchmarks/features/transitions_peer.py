"""transitions: a ``HierarchicalMachine`` for each case.

It has neither history nor eventless transitions; its timers are threads, which are not timed here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from transitions.extensions import HierarchicalMachine

from benchmarks.contestant import version_of
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown
from benchmarks.features.contestants import of_regions
from benchmarks.shapes.transitions_peer import CONTESTANT as SHAPES


class Model:
    """A model: the machine gives it its state and its triggers."""

    state: str
    n: int | None = None

    def keep(self, n: int) -> None:
        """Keep the number of ``b``."""
        self.n = n

    def above_90(self, score: int) -> bool:
        """Guard the best grade."""
        return score > 90

    def above_60(self, score: int) -> bool:
        """Guard the second one."""
        return score > 60

    def above_40(self, score: int) -> bool:
        """Guard the third one."""
        return score > 40

    def above_30(self, score: int) -> bool:
        """Guard the last one."""
        return score > 30


GRADES: Final[tuple[list[str], list[dict[str, Any]]]] = (
    ["idle", "a", "b", "c", "d"],
    [
        {"trigger": "grade", "source": "idle", "dest": "a", "conditions": "above_90"},
        {"trigger": "grade", "source": "idle", "dest": "b", "conditions": "above_60"},
        {"trigger": "grade", "source": "idle", "dest": "c", "conditions": "above_40"},
        {"trigger": "grade", "source": "idle", "dest": "d", "conditions": "above_30"},
        {"trigger": "reset", "source": ["a", "b", "c", "d"], "dest": "idle"},
        {"trigger": "noise", "source": "a", "dest": "b"},
    ],
)

PARTS: Final[dict[Case, tuple[list[str], list[dict[str, Any]]]]] = {
    cases.UNHANDLED: GRADES,
    cases.NAMED: (
        ["a", "b"],
        [
            {"trigger": "go", "source": "a", "dest": "b", "before": "keep"},
            {"trigger": "back", "source": "b", "dest": "a"},
        ],
    ),
    cases.GUARDS: GRADES,
}


def started(case: Case) -> Started:
    """Build a machine with one model."""
    states, moves = PARTS[case]
    model = Model()
    HierarchicalMachine(
        model=model,
        states=states,
        transitions=moves,
        initial=states[0],
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    sends = [partial(getattr(model, name), **payload) for name, payload in case.turn]
    return sends, lambda: shown(model.state, model.n)


class TransitionsFeatures:
    """A machine for each case that the library has."""

    name = "transitions"
    version = version_of("transitions")
    turns: Final[dict[Case, Callable[[], Turn]]] = {
        **builders(PARTS, started),
        cases.REGIONS: of_regions(SHAPES),
    }


CONTESTANT = TransitionsFeatures()
