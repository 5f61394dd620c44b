"""Proofs that take long: `make test` runs a sample of each, `make prove` the rest.

A test takes part by the marker ``long`` (``tests/conftest.py`` selects by it), or by taking its
seeds from `shards`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings

T = TypeVar("T")

fraction = 0.0
"""The fraction of the long proofs to run; `make test` runs none of them."""


def cases(given: Iterable[T], long: Callable[[T], object]) -> list[ParameterSet]:
    """Return the cases of a test, and mark those that are long."""
    return [pytest.param(case, marks=[pytest.mark.long] if long(case) else []) for case in given]


def rarely(property_: T) -> T:
    """Try a property that takes long with a tenth of the examples that others are tried with."""
    return settings(max_examples=max(settings.default.max_examples // 10, 3))(property_)  # type: ignore[union-attr]


def shards(count: int, size: int, sample: int | None = None) -> list[ParameterSet]:
    """Return the seeds below a count, in ranges that can run side by side.

    The first range is the sample of ``make test``. The others are long, and end where the fraction
    does that is to be run: a tenth of the proof is the first tenth of the seeds. The last range has
    at least as many as the sample.

    Args:
        count: How many seeds the whole proof has.
        size: How many seeds a range has.
        sample: How many seeds the first range has, where that is not the same.
    """
    first = size if sample is None else sample
    end = max(ceil(count * fraction), first)
    rest, least = (end - first) % size, min(first, size)
    if 0 < rest < least:  # so few seeds may meet nothing
        end = min(end - rest + least, count)
    starts = [0, *range(first, end, size)]
    parts = [range(*pair) for pair in zip(starts, [*starts[1:], end], strict=True)]
    return [
        pytest.param(
            part,
            id=f"{part.start}-{part.stop - 1}",
            marks=[pytest.mark.long] if part.start else [],
        )
        for part in parts
    ]
