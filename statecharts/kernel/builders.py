"""Builders: how a state's data is made from what is at hand, worked out once for each transition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from statecharts.errors import StepError
from statecharts.events import NamedEvent
from statecharts.filling import Supply, supply
from statecharts.kernel.run import Run
from statecharts.schema import Field, fields_of, names_of

Getter = Callable[[Run], Any]


def builder(
    cls: type,
    state: str,
    event: type | None,
    left: Sequence[tuple[int, frozenset[str]]],
    context: type | None,
) -> Getter:
    """Return a function that builds a state's data by name.

    Args:
        cls: The class of the data.
        state: Id of the state, for errors.
        event: The event class that led here; None when it supplies nothing.
        left: Where the data of the states being left stands, innermost first, with its field names.
        context: The class of the context.
    """
    offered = frozenset() if event is None or event is NamedEvent else names_of(event)
    plan: list[tuple[Field, Getter]] = []
    for field in fields_of(cls):
        kind, key = supply(field, offered, left, names_of(context))
        getter = _getter(field, kind, key, state)
        if event is NamedEvent:
            getter = _named(field, getter)
        if getter is not None:
            plan.append((field, getter))
    names = [field.name for field, _ in plan]
    straight = all(not field.keyword for field, _ in plan) and len(plan) == len(fields_of(cls))
    if straight and names and offered.issuperset(names) and not any(f.occurred for f, _ in plan):
        return _from_event(cls, names)
    positional, keyword = _arguments(cls, plan)
    if not keyword:
        return lambda run: cls(*[get(run) for get in positional])
    return lambda run: cls(
        *[get(run) for get in positional],
        **{name: value for name, get in keyword if (value := get(run)) is not ABSENT},
    )


class Absent:
    """Stands for a value that a named event does not bring and a default makes up for."""


ABSENT = Absent()


def _from_event(cls: type, names: list[str]) -> Getter:
    """Return a builder whose fields all come from the event, in order: the common case."""
    get = attrgetter(*names)
    if len(names) == 1:
        return lambda run: cls(get(run.event))
    return lambda run: cls(*get(run.event))


def _arguments(
    cls: type, plan: list[tuple[Field, Getter]]
) -> tuple[list[Getter], list[tuple[str, Getter]]]:
    """Split into arguments by position, up to the first that is left out, and by keyword."""
    given = {field.name: getter for field, getter in plan}
    positional: list[Getter] = []
    keyword: list[tuple[str, Getter]] = []
    gap = False
    for field in fields_of(cls):
        getter = given.get(field.name)
        gap = gap or getter is None or field.keyword or field.optional
        if getter is not None and gap:
            keyword.append((field.argument, getter))
        elif getter is not None:
            positional.append(getter)
    return positional, keyword


def _getter(field: Field, kind: Supply, key: int | None, state: str) -> Getter | None:
    get = attrgetter(field.name)
    if kind is Supply.TIME:
        reader = f"{field.name!r} of {state!r}"
        return lambda run: run.time(reader)
    if kind is Supply.EVENT:
        return lambda run: get(run.event)
    if kind is Supply.LEFT:
        position = -1 if key is None else key
        return lambda run: get(run.old[position])
    if kind is Supply.CONTEXT:
        return lambda run: get(run.context)
    if kind is Supply.NOTHING:
        return lambda run: _missing(run, field.name, state)
    return None


def _named(field: Field, otherwise: Getter | None) -> Getter:
    """Return a getter that looks into a named event's payload first."""
    name = field.name
    if field.occurred and otherwise is not None:
        return otherwise

    def get(run: Run) -> Any:
        if name in run.event.data:
            return run.event.data[name]
        return ABSENT if otherwise is None else otherwise(run)

    return get


def _missing(run: Run, name: str, state: str) -> Any:
    found = f"nothing supplies {name!r} of {state!r}"
    raise StepError("SC211", run.place.chart, found, "Send it with the event, or give it a default")
