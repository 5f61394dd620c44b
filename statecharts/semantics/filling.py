"""Filling by name: where each field of a state's data, or of a call, comes from.

The definition checks and the kernel both ask here, so that what is checked is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias, TypeVar, final

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


@final
class Recipe:
    """How a state's data, or a call, is built by name: one expression for each field.

    Args:
        chart: Name of the chart, for errors.
        cls: The class of the data.
        shown: What is built, for errors: the id of the state, or the name of the call.
        event: The event class that led here; None when it supplies nothing.
        left: Where the data of the states being left stands, innermost first, with its field names.
        context: The class of the context.
        call: Whether a call is built; ``left`` is then the data of the state that makes it.
    """

    __slots__ = ("_supplies", "chart", "cls", "event", "shown")

    def __init__(
        self,
        chart: str,
        cls: type,
        shown: str,
        event: type | None,
        left: Sequence[tuple[int, frozenset[str]]],
        context: type | None,
        *,
        call: bool = False,
    ) -> None:
        self.chart = chart
        self.cls = cls
        self.shown = shown
        self.event = event
        offered = names_of(None if event is NamedEvent else event)
        shared = names_of(context)
        self._supplies = [
            (
                field,
                supply_call(field, offered, left[0][1], shared)
                if call
                else supply(field, offered, left, shared),
            )
            for field in fields_of(cls)
        ]

    @property
    def named(self) -> bool:
        """Whether the payload of a named event is looked into first."""
        return self.event is NamedEvent

    @property
    def positions(self) -> list[int]:
        """Where the data stands, before the microstep, that it takes fields from."""
        return [key for _, (_, key) in self._supplies if key is not None]

    def values(
        self, left: Callable[[int], str], context: str, bind: Callable[[object], str]
    ) -> Iterable[tuple[Field, str]]:
        """Yield the text of what supplies each field; an empty one when its default does.

        Args:
            left: Gives the text of the data that stands at a place before the microstep.
            context: The text of the context.
            bind: Gives a name to an object that the text mentions.
        """
        for field, (kind, key) in self._supplies:
            match kind:
                case Supply.TIME:
                    text = f"({bind(self._lack(field, kind))}() if at is None else at)"
                case Supply.EVENT:
                    text = f"event.{field.name}"
                case Supply.LEFT:
                    text = f"{left(key or 0)}.{field.name}"
                case Supply.CONTEXT:
                    text = f"{context}.{field.name}"
                case Supply.NOTHING:
                    text = f"{bind(self._lack(field, kind))}()"
                case _:
                    text = ""
            yield field, text

    def call(self, left: Callable[[int], str], context: str, bind: Callable[[object], str]) -> str:
        """Return the text of a call of the class, such as ``cls(event.branch, old[1].story)``."""
        arguments: list[str] = []
        positional = True
        for field, text in self.values(left, context, bind):
            positional = positional and not field.keyword and bool(text)
            if self.named and not field.occurred:
                text = _named(field, text)  # noqa: PLW2901 - the payload comes first
            if text:
                keyword = "" if positional or text.startswith("**") else f"{field.argument}="
                arguments.append(keyword + text)
        return f"{bind(self.cls)}({', '.join(arguments)})"

    def builder(self) -> Builder:
        """Return a function that builds it.

        It is one expression, compiled once: what attrs does for ``__init__``, and for the same
        reason.
        """
        names: dict[str, Any] = {}

        def bind(value: object) -> str:
            name = f"k{len(names)}"
            names[name] = value
            return name

        source = self.call(lambda key: f"old[{key}]", "context", bind)
        build: Builder = eval(_compiled(source), names)  # noqa: S307 - of field names only
        return build

    def _lack(self, field: Field, kind: Supply) -> Callable[[], Any]:
        """Return what raises the error for a field that is not supplied after all."""
        chart, shown = self.chart, f"{field.name!r} of {self.shown!r}"

        def lack() -> Any:
            if kind is Supply.TIME:
                raise time_needed(chart, shown)
            remedy = "Send it with the event, or give it a default"
            raise StepError("SC211", chart, f"nothing supplies {shown}", remedy)

        return lack


@lru_cache(maxsize=1024)
def _compiled(source: str) -> CodeType:
    """Compile what builds data; states of the same fields share it."""
    return compile(f"lambda event, old, context, at: {source}", "<statecharts data>", "eval")


def _named(field: Field, otherwise: str) -> str:
    """Return the text that looks into a named event's payload first."""
    if otherwise:
        return named_value(field, otherwise)
    name = repr(field.name)
    return f"**({{{field.argument!r}: event.data[{name}]}} if {name} in event.data else {{}})"


def named_value(field: Field, otherwise: str) -> str:
    """Return the text of a field's value in a named event's payload, or of another value."""
    return f"(event.data[{field.name!r}] if {field.name!r} in event.data else {otherwise})"
