"""Builders: how a state's data is made of what is at hand, worked out once a transition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from statecharts.model.errors import StepError
from statecharts.model.events import NamedEvent
from statecharts.model.fields import Field, fields_of, names_of
from statecharts.semantics.filling import Supply, supply
from statecharts.semantics.snapshot import time_needed

Builder: TypeAlias = Callable[[Any, Sequence[Any], Any, datetime | None], Any]
"""Builds from the event, the data before the microstep, the context, and the time."""


def builder(
    chart: str,
    cls: type,
    state: str,
    event: type | None,
    left: Sequence[tuple[int, frozenset[str]]],
    context: type | None,
) -> Builder:
    """Return a function that builds a state's data by name.

    It is one expression, such as ``cls(event.feature_branch, old[1].story)``, compiled once: what
    attrs does for ``__init__``, and for the same reason.

    Args:
        chart: Name of the chart, for errors.
        cls: The class of the data.
        state: Id of the state, for errors.
        event: The event class that led here; None when it supplies nothing.
        left: Where the data of the states being left stands, innermost first, with its field names.
        context: The class of the context.
    """
    names: dict[str, Any] = {"cls": cls}
    arguments: list[str] = []
    fields = fields_of(cls)
    offered = frozenset[str]() if event is None or event is NamedEvent else names_of(event)
    positional = True
    for number, field in enumerate(fields):
        kind, key = supply(field, offered, left, names_of(context))
        positional = positional and not field.keyword and kind is not Supply.DEFAULT
        text = _expression(field, kind, key)
        if kind in (Supply.TIME, Supply.NOTHING):
            names[f"lack{number}"] = _lack(chart, field, kind, state)
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


def _lack(chart: str, field: Field, kind: Supply, state: str) -> Callable[[], Any]:
    """Return what raises the error for a field that is not supplied after all."""

    def lack() -> Any:
        shown = f"{field.name!r} of {state!r}"
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
