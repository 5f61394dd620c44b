"""Random classes with callbacks in every slot do here what they do there, in the same order."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from statecharts.interop.python_statemachine import from_class
from tests.proof import shards
from tests.test_interop import psm_classes
from tests.test_interop.psm_charts import Trace, difference

COUNT = 60


class Wiring(psm_classes._Wiring):
    """Draws up a class with ``before`` and ``after`` callbacks as well."""

    def _line(self, draft: Any, **asked: Any) -> Any:
        for slot in ("before", "after"):
            if self.rng.random() < 0.4:
                asked[slot] = self._callbacks(slot)
        return super()._line(draft, **asked)

    def _conventions(self) -> None:
        super()._conventions()
        for event in (*psm_classes.EVENTS, "transition"):
            for slot in ("before", "after"):
                if self.rng.random() < 0.25:
                    name = f"{slot}_{event}"
                    self.methods[name] = self._method(name)


@pytest.mark.parametrize("immediate", [False, True])
@pytest.mark.parametrize("seeds", shards(10 * COUNT, 25, sample=5))
def test_random_classes_do_the_same(seeds: range, immediate: bool) -> None:
    """Configurations, parameters and the order of callbacks agree, event by event.

    With ``immediate=True`` the same callbacks are called.
    """
    for seed in seeds:
        subject = Wiring(Random(f"slots {seed}"), seed).subject()
        there = psm_classes.theirs(subject, seed)
        chart = from_class(subject.cls, immediate=immediate)
        here = psm_classes.ours(subject, chart, seed)
        if immediate:
            here, there = names(here), names(there)
        assert difference(here, there) is None, seed


def names(trace: Trace) -> Trace:
    """Return which callbacks have been called, whatever they were told, and in whatever order."""
    return [(active, tuple(sorted(one.split()[0] for one in told))) for active, told in trace]


@pytest.mark.long
def test_the_classes_use_every_slot() -> None:
    """Every slot comes up, or agreement would mean nothing."""
    told = set[str]()
    for seed in range(COUNT):
        subject = Wiring(Random(f"slots {seed}"), seed).subject()
        for _, said in psm_classes.theirs(subject, seed):
            told.update(text.split("_")[0] for text in said)
    assert {"before", "after", "enter", "leave", "take", "on"} <= told
