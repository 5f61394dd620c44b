"""Sizes: what a server of Temporal takes in one piece."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from attrs import asdict, has

from statecharts.runtime.errors import RunError
from statecharts.temporal.errors import ENGINE

T = TypeVar("T")

LARGEST: Final = 1_000_000
"""The most bytes of a message to a run, of its context, of an effect and of an answer, as JSON."""

ROOM: Final = 2_000_000
"""The bytes of JSON that a run may take as it continues as new; a server refuses 2 MiB."""


def size_of(value: Any) -> int:
    """Return the bytes of a value as JSON, as Temporal's converter writes it.

    >>> size_of({"é": [1, 2]})
    16
    """
    return len(json.dumps(value, separators=(",", ":"), default=_plain))


def _plain(value: Any) -> Any:
    return asdict(value, recurse=False) if has(type(value)) else str(value)


def check_size(where: str, what: str, value: Any) -> None:
    """Refuse what is too large.

    Raises:
        RunError: It is larger than `LARGEST` (SC841).
    """
    size = size_of(value)
    if size > LARGEST:
        found = f"{what} takes {size:,} bytes as JSON, and on Temporal the most is {LARGEST:,}"
        remedy = "Keep large values in a store of your own, and pass their names"
        raise RunError(ENGINE, where, found, remedy)


def fitting(values: Sequence[T], room: int) -> list[T]:
    """Return the last values that fit into a list of so many bytes.

    >>> fitting(["a", "bb", "c"], 10)
    ['bb', 'c']
    """
    first, room = len(values), room - 1
    while first > 0:
        room -= size_of(values[first - 1]) + 1
        if room < 0:
            break
        first -= 1
    return list(values[first:])
