"""Filling by name: where each field of a state's data, or of a call, comes from.

The definition checks and the kernel both ask here, so that what is checked is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from statecharts.model.errors import StepError
from statecharts.model.events import NamedEvent
from statecharts.model.fields import Field, fields_of, names_of
from statecharts.semantics.snapshot import time_needed

K = TypeVar("K")


class Supply(Enum):
    """The sources of a field's value."""

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


def supply_call(
    field: Field, event: frozenset[str], data: frozenset[str], context: frozenset[str]
) -> tuple[Supply, int | None]:
    """Tell what supplies a field of a call: the time, the state's data, the event, the context.

    Args:
        field: The field to fill.
        event: Names of the fields of the event that the state was entered by.
        data: Names of the fields of the data of the state that makes the call.
        context: Names of the context's fields.
    """
    kind, key = supply(field, frozenset(), [(0, data)], frozenset())
    if kind in (Supply.TIME, Supply.LEFT):
        return kind, key
    return supply(field, event, (), context)


Builder: TypeAlias = Callable[[Any, Sequence[Any], Any, datetime | None], Any]
"""Builds from the event, the data before the microstep, the context, and the time."""


def builder(
    chart: str,
    cls: type,
    shown: str,
    event: type | None,
    left: Sequence[tuple[int, frozenset[str]]],
    context: type | None,
    *,
    call: bool = False,
) -> Builder:
    """Return a function that builds a state's data, or a call, by name.

    It is one expression, such as ``cls(event.feature_branch, old[1].story)``, compiled once: what
    attrs does for ``__init__``, and for the same reason.

    Args:
        chart: Name of the chart, for errors.
        cls: The class of the data.
        shown: What is built, for errors: the id of the state, or the name of the call.
        event: The event class that led here; None when it supplies nothing.
        left: Where the data of the states being left stands, innermost first, with its field names.
        context: The class of the context.
        call: Whether a call is built; ``left`` is then the data of the state that makes it.
    """
    names: dict[str, Any] = {"cls": cls}
    arguments: list[str] = []
    fields = fields_of(cls)
    offered = names_of(None if event is NamedEvent else event)
    shared = names_of(context)
    positional = True
    for number, field in enumerate(fields):
        kind, key = (
            supply_call(field, offered, left[0][1], shared)
            if call
            else supply(field, offered, left, shared)
        )
        positional = positional and not field.keyword and kind is not Supply.DEFAULT
        text = _expression(field, kind, key)
        if kind in (Supply.TIME, Supply.NOTHING):
            names[f"lack{number}"] = _lack(chart, field, kind, shown)
            text = text.replace("lack", f"lack{number}")
        if event is NamedEvent and not field.occurred:
            text = _named(field, text)
        if text:
            keyword = "" if positional or text.startswith("**") else f"{field.argument}="
            arguments.append(keyword + text)
    source = f"lambda event, old, context, at: cls({', '.join(arguments)})"
    build: Builder = eval(source, names)  # noqa: S307 - of field names only
    return build


def _expression(field: Field, kind: Supply, key: int | None) -> str:
    """Return the text of what supplies a field; empty when its default does."""
    match kind:
        case Supply.TIME:
            return "(lack() if at is None else at)"
        case Supply.EVENT:
            return f"event.{field.name}"
        case Supply.LEFT:
            return f"old[{key}].{field.name}"
        case Supply.CONTEXT:
            return f"context.{field.name}"
        case Supply.NOTHING:
            return "lack()"
        case _:
            return ""


def _lack(chart: str, field: Field, kind: Supply, owner: str) -> Callable[[], Any]:
    """Return what raises the error for a field that is not supplied after all."""

    def lack() -> Any:
        shown = f"{field.name!r} of {owner!r}"
        if kind is Supply.TIME:
            raise time_needed(chart, shown)
        remedy = "Send it with the event, or give it a default"
        raise StepError("SC211", chart, f"nothing supplies {shown}", remedy)

    return lack


def _named(field: Field, otherwise: str) -> str:
    """Return the text that looks into a named event's payload first."""
    name = repr(field.name)
    if otherwise:
        return f"(event.data[{name}] if {name} in event.data else {otherwise})"
    return f"**({{{field.argument!r}: event.data[{name}]}} if {name} in event.data else {{}})"
