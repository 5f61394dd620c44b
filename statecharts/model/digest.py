"""The digest of a chart: its structure and the fields of its classes as one short text.

What code does, what people are told and where things are declared does not count, so that the
digest of a chart is the same in every process and after every change of wording.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import typing
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import attrs

from statecharts.model.events import wire_name
from statecharts.model.fields import (
    Field,
    annotations_of,
    bare,
    fields_of,
    type_text,
    union_members,
)
from statecharts.model.nodes import After, EventType, OnEvent, StateNode, Transition, Trigger


def digest(
    name: str,
    nodes: Iterable[StateNode],
    events: Iterable[EventType],
    context: type | None,
    *,
    closed: bool,
    times: bool = True,
) -> str:
    """Return the SHA-256 of a chart's structure, in hexadecimal.

    With ``times=False``, fields that take the time count as plain ones.
    """
    canonical = {
        "name": name,
        "states": [_canonical_state(node, times=times) for node in nodes],
        "events": [[event.name, _canonical_fields(event.cls, times=times)] for event in events],
        "closed": closed,
        "context": _canonical_class(context, times=times),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical_state(node: StateNode, *, times: bool) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind.value,
        "data": _canonical_class(node.data, times=times),
        "default": None if node.default is None else _canonical_transition(node.default),
        "transitions": [_canonical_transition(transition) for transition in node.transitions],
    } | ({"invoke": _canonical_calls(node, times=times)} if node.invoke else {})


def _canonical_calls(node: StateNode, *, times: bool) -> list[Any]:
    return [[call.name, _canonical_class(call.call, times=times)] for call in node.invoke]


def part(cls: type | None) -> str | None:
    """Return a short hash of the fields of a class, for telling whether they have changed.

    What decides about the JSON of its instances counts: the names and types of its fields, those of
    the classes that these hold, and the members of enums. The order of fields and of the members of
    unions does not, nor do its own name and its defaults. None for no class.

    >>> from attrs import frozen
    >>> @frozen
    ... class Held:
    ...     count: int
    ...     name: str | None
    >>> @frozen
    ... class Turned:
    ...     name: None | str
    ...     count: int
    >>> part(Held) == part(Turned)
    True
    """
    return None if cls is None else _short(list(_canonical_record(cls, ())))


def former_part(cls: type | None) -> str | None:
    """Return the hash that `part` gave before it knew enums, which stored snapshots may hold."""
    return None if cls is None else _short(_former_part(cls, ()))


def _short(canonical: list[Any]) -> str:
    text = json.dumps(canonical, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:8]


def _canonical_record(cls: type, around: tuple[type, ...]) -> Iterator[list[Any]]:
    """Yield the fields of an attrs class or dataclass that its instances are made of, by name."""
    if attrs.has(cls):
        kinds = {field.name: field.annotation for field in fields_of(cls)}
        texts = {field.name: field.type for field in fields_of(cls)}
    else:
        kinds, texts = annotations_of(cls), {}
    for name, annotation in sorted(kinds.items()):
        kind = texts.get(name, "Any") if annotation is Any else annotation
        yield [name, _canonical_type(kind, (*around, cls))]


def _canonical_type(annotation: Any, around: tuple[type, ...]) -> Any:
    """Return what an annotation says about JSON."""
    members = union_members(bare(annotation))
    if len(members) > 1:
        return ["|", *sorted((_canonical_type(m, around) for m in members), key=repr)]
    annotation = members[0] if members else annotation
    if hasattr(annotation, "__supertype__"):  # a NewType
        return _canonical_type(annotation.__supertype__, around)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ["=", *sorted(map(repr, arguments))]
    cls, inside = origin or annotation, [_canonical_type(one, around) for one in arguments]
    if isinstance(cls, type) and issubclass(cls, enum.Enum):
        return [type_text(cls), _canonical_members(cls)]
    if isinstance(cls, type) and (attrs.has(cls) or dataclasses.is_dataclass(cls)):
        fields = [] if cls in around else list(_canonical_record(cls, around))
        return [type_text(annotation), fields, *inside]
    return [type_text(cls), *inside] if arguments else type_text(annotation)


def _canonical_members(cls: type[enum.Enum]) -> list[Any]:
    """Return the names of the members of an enum, with their values where JSON has these."""
    plain = all(one.value.__class__ in (str, int) for one in cls)
    return sorted([one.name, one.value] if plain else [one.name] for one in cls)


def _former_part(cls: type, around: tuple[type, ...]) -> list[Any]:
    inside = (*around, cls)
    return [
        [field.name, field.type, [_former_part(one, inside) for one in _held(field, inside)]]
        for field in fields_of(cls)
    ]


def _held(field: Field, around: tuple[type, ...]) -> list[type]:
    """Return the attrs classes that an annotation names, each once, without those around it."""
    found: dict[type, None] = {}
    waiting = [field.annotation]
    while waiting:
        one = waiting.pop()
        waiting.extend(reversed(typing.get_args(one)))
        cls = typing.get_origin(one) or one
        if isinstance(cls, type) and attrs.has(cls) and cls not in around:
            found[cls] = None
    return list(found)


def _canonical_transition(transition: Transition) -> list[Any]:
    guarded = transition.guard is not None
    targets = list(transition.targets)
    return [_canonical_trigger(transition.trigger), targets, transition.kind.value, guarded]


def _canonical_trigger(trigger: Trigger) -> list[Any]:
    match trigger:
        case OnEvent(events):
            return ["OnEvent", *(e if isinstance(e, str) else [wire_name(e)] for e in events)]
        case After(timedelta() as delay, _):
            return ["After", str(delay)]
        case After():
            return ["After", "computed"]
        case _:
            return [type(trigger).__name__]


def _canonical_class(cls: type | None, *, times: bool) -> list[Any] | None:
    return None if cls is None else [type_text(cls), _canonical_fields(cls, times=times)]


def _canonical_fields(cls: type | None, *, times: bool) -> list[Any]:
    fields = () if cls is None else fields_of(cls)
    return [[f.name, f.type, f.optional, times and f.occurred] for f in fields]
