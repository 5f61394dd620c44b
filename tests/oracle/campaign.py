"""Many charts, one after the other or several at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import final

from attrs import field, frozen

from tests.oracle.compare import MakeSubject, Mismatch, find_mismatch, kernel_of
from tests.oracle.random_charts import random_chart, random_events

BATCH = 25
"""Charts that one task compares."""


@final
@frozen
class Findings:
    """What a number of charts have brought to light.

    Attributes:
        counts: How often each feature was exercised, and how many charts and events there were.
        failed: The seeds of the charts on which the two sides part.
    """

    counts: Counter[str] = field(factory=lambda: Counter[str]())
    failed: tuple[int, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.counts + other.counts, self.failed + other.failed)


def compare_seed(
    seed: int, events: int, make: MakeSubject = kernel_of, counts: Counter[str] | None = None
) -> Mismatch | None:
    """Compare a subject with the oracle on the chart and the events of one seed."""
    chart = random_chart(seed)
    return find_mismatch(chart, random_events(seed, chart, events), make, counts)


def compare_seeds(seeds: range, events: int, make: MakeSubject = kernel_of) -> Findings:
    """Compare on the charts of a range of seeds."""
    counts: Counter[str] = Counter(charts=len(seeds))
    failed = [seed for seed in seeds if compare_seed(seed, events, make, counts) is not None]
    return Findings(counts, tuple(failed))


def campaign(
    seeds: range, events: int, jobs: int, make: MakeSubject = kernel_of
) -> Iterator[Findings]:
    """Compare on the charts of a range of seeds, and yield the findings batch by batch."""
    batches = [seeds[n : n + BATCH] for n in range(0, len(seeds), BATCH)]
    if jobs == 1:
        yield from (compare_seeds(batch, events, make) for batch in batches)
        return
    with ProcessPoolExecutor(jobs) as pool:
        running = [pool.submit(compare_seeds, batch, events, make) for batch in batches]
        for task in as_completed(running):
            yield task.result()
