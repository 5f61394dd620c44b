"""Bounds: how much a local run may take, and how long it waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import ge, instance_of


def _some_time(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a time that is none."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise ValueError(f"{attribute.name} is a timedelta above zero, not {value!r}")


@frozen
class Bounds:
    """What a local run bears. How often a call is tried is the investigation's own `Policy`.

    Attributes:
        steps: How many events there may be in all, those before a restart included.
        timeout: How long one attempt at a call may take.
        backoff: How long to wait before the second attempt; before each further, twice as long.
        longest: How long to wait at most.
        at_once: How many calls are made side by side.

    >>> [Bounds().pause(attempt).total_seconds() for attempt in (1, 2, 3, 4, 99)]
    [0.0, 0.5, 1.0, 2.0, 10.0]
    """

    steps: int = field(default=1_000, validator=[instance_of(int), ge(1)])
    timeout: timedelta = field(default=timedelta(seconds=60), validator=_some_time)
    backoff: timedelta = field(default=timedelta(seconds=0.5), validator=_some_time)
    longest: timedelta = field(default=timedelta(seconds=10), validator=_some_time)
    at_once: int = field(default=8, validator=[instance_of(int), ge(1)])

    def pause(self, attempt: int) -> timedelta:
        """Return how long to wait before an attempt, counted from 1."""
        if attempt <= 1:
            return timedelta(0)
        # Beyond 2**30 times the first pause, it is the longest in any case.
        doubled = min(attempt - 2, 30)
        seconds = self.backoff.total_seconds() * 2.0**doubled
        return timedelta(seconds=min(seconds, self.longest.total_seconds()))
