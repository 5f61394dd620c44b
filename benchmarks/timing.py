"""Medians of interleaved repetitions.

Every contestant is timed once per round, so that a machine which slows down slows them all alike;
the one that begins changes from round to round, so that none always runs in another's wake.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from time import process_time_ns

from attrs import field, frozen


@frozen
class Effort:
    """How much time to spend: rounds, and the least length of one timed batch."""

    rounds: int
    batch_ns: int


@frozen
class Sample:
    """The nanoseconds that one operation took, one value for each round."""

    values_ns: tuple[float, ...] = field(converter=tuple[float, ...])

    @property
    def median_ns(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values_ns)

    @property
    def median_us(self) -> float:
        """The median over the rounds, in microseconds."""
        return self.median_ns / 1_000

    @property
    def spread(self) -> float:
        """The interquartile range as a share of the median; 0 after a single round."""
        if len(self.values_ns) == 1:
            return 0.0
        low, _, high = statistics.quantiles(self.values_ns, n=4, method="inclusive")
        return (high - low) / self.median_ns

    def ratio_to(self, base: Sample) -> float:
        """Return the median of the ratios within each round.

        Both numbers of a ratio were taken moments apart, so it holds still on a machine whose
        speed does not.
        """
        pairs = zip(self.values_ns, base.values_ns, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


@frozen
class Subject:
    """Something to time.

    Attributes:
        name: The key under which its sample is returned.
        prepare: Builds what is timed; called anew, outside the clock, before every batch.
        operations: How many operations one call counts for, such as six events for a cycle.
        most_calls: Never more calls than this on what one `prepare` has built.
        clock: Returns nanoseconds: the CPU time of this process, or of others.
    """

    name: str
    prepare: Callable[[], Callable[[], object]]
    operations: int = 1
    most_calls: int | None = None
    clock: Callable[[], int] = process_time_ns

    @classmethod
    def ready(cls, name: str, run: Callable[[], object], operations: int = 1) -> Subject:
        """Return a subject that was built, and warmed up, beforehand."""
        return cls(name, lambda: run, operations)


@contextmanager
def quiet_collector() -> Generator[None]:
    """Collect garbage, then keep the collector from running inside the block."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def frozen_heap() -> Generator[None]:
    """Set what exists aside, so that collecting between batches need not walk through it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def time_batch(
    run: Callable[[], object], calls: int, clock: Callable[[], int] = process_time_ns
) -> int:
    """Return the nanoseconds of CPU that so many calls take, the collector kept quiet.

    The time of the process, not that of the wall: other processes take their share of the latter.
    """
    loop = repeat(None, calls)
    with quiet_collector():
        begin = clock()
        for _ in loop:
            run()
        return clock() - begin


def calibrate(subject: Subject, batch_ns: int) -> int:
    """Return how many calls make a batch of the wanted length.

    The calls made here also warm up whatever the subject remembers between batches.
    """
    most = subject.most_calls
    calls = 1
    while True:
        if most is not None and calls >= most:
            return most
        elapsed = time_batch(subject.prepare(), calls, subject.clock)
        if elapsed >= batch_ns:
            return calls
        wanted = calls * 10 if elapsed * 10 < batch_ns else calls * batch_ns // elapsed + 1
        calls = max(calls + 1, wanted)


def measure(subjects: Sequence[Subject], effort: Effort) -> Mapping[str, Sample]:
    """Time all subjects in interleaved rounds.

    Args:
        subjects: What to time; names must differ.
        effort: Rounds and batch length.

    Returns:
        For each name the nanoseconds per operation, round by round.
    """
    if len({subject.name for subject in subjects}) != len(subjects):
        msg = f"subjects need different names: {[subject.name for subject in subjects]}"
        raise ValueError(msg)
    values: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    with frozen_heap():
        calls = {subject.name: calibrate(subject, effort.batch_ns) for subject in subjects}
        for number in range(effort.rounds):
            first = number % len(subjects) if subjects else 0
            for subject in (*subjects[first:], *subjects[:first]):
                count = calls[subject.name]
                elapsed = time_batch(subject.prepare(), count, subject.clock)
                values[subject.name].append(elapsed / count / subject.operations)
    return {name: Sample(tuple(each)) for name, each in values.items()}
