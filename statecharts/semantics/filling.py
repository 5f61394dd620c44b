"""Data by name: where each field of a state's data comes from when nothing makes it.

The definition checks and the kernel both ask here, so that what is checked is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from statecharts.model.fields import Field

K = TypeVar("K")


class Supply(Enum):
    """What supplies a field."""

    TIME = "time"
    EVENT = "event"
    LEFT = "left"
    CONTEXT = "context"
    DEFAULT = "default"
    NOTHING = "nothing"


def supply(
    field: Field,
    event: frozenset[str],
    left: Iterable[tuple[K, frozenset[str]]],
    context: frozenset[str],
) -> tuple[Supply, K | None]:
    """Tell what supplies a field: the time, the event, a state being left, the context, a default.

    Args:
        field: The field to fill.
        event: Names of the event's fields.
        left: The states being left, innermost first, each with the names of its data's fields.
        context: Names of the context's fields.

    Returns:
        The kind of supplier, and which of the states left when it is one of those.
    """
    if field.occurred:
        return Supply.TIME, None
    if field.name in event:
        return Supply.EVENT, None
    for key, names in left:
        if field.name in names:
            return Supply.LEFT, key
    if field.name in context:
        return Supply.CONTEXT, None
    return (Supply.DEFAULT if field.optional else Supply.NOTHING), None
