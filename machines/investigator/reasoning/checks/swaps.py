"""Swapped columns: the numbers of one are in the other from some day on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

from attrs import evolve

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.probes import Finding, Reading

_ALIKE = math.log(1.5)


def find(found: Iterable[Finding], readings: Sequence[Reading]) -> list[Finding]:
    """Find two columns that swap their numbers on one day.

    Args:
        found: The findings of single columns.
        readings: Sizes of numbers by day.
    """
    kinds = (CauseKind.UNIT_CHANGE, CauseKind.BROKEN_JOIN)
    changed = [one for one in found if one.kind in kinds and one.day and one.part is None]
    changed.sort(key=lambda one: one.kind is not CauseKind.UNIT_CHANGE)
    for one, other in combinations(changed, 2):
        if (one.table, one.day) != (other.table, other.day) or one.column == other.column:
            continue
        first, second = _sizes(one, readings), _sizes(other, readings)
        if first is None or second is None:
            continue
        crossed = (first[0], second[1]), (first[1], second[0])
        if all(abs(a - b) < _ALIKE for a, b in crossed) and abs(first[0] - first[1]) > _ALIKE:
            words = f"{one.column} and {other.column} are swapped from {one.day} on"
            probes = tuple(dict.fromkeys((*one.probes, *other.probes)))
            swap = evolve(one, kind=CauseKind.SCHEMA_CHANGE, score=0.99, words=words, probes=probes)
            return [evolve(swap, parent=None, others=(other.column or "",))]
    return []


def _sizes(one: Finding, readings: Sequence[Reading]) -> tuple[float, float] | None:
    """Return the logarithm of a column's usual number before a day, and from it on."""
    for reading in readings:
        if reading.probe.split is None and reading.probe.table == one.table:
            before, here = reading.around(f"{one.column} middle", one)
            if before and here:
                return math.log(median(before)), math.log(median(here))
    return None
