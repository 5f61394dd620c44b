"""How much work a call is: calls of functions are counted, for a clock tells of the machine too."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def counted(function: Callable[[], T]) -> tuple[T, int]:
    """Return what a function returns, and how many calls of functions that takes, C's included."""
    profile = cProfile.Profile()
    with profile:
        found = function()
    return found, sum(entry.callcount for entry in profile.getstats())
