"""The digest of a chart: its structure and the fields of its classes as one short text.

What code does, what people are told and where things are declared does not count, so that the
digest of a chart is the same in every process and after every change of wording.
"""

from __future__ import annotations

import hashlib
import json
import typing
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs

from statecharts.model.events import wire_name
from statecharts.model.fields import Field, fields_of, type_text
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

    The names and types of its fields count, and those of the classes that these hold; its own name
    and its defaults do not. None for no class.
    """
    if cls is None:
        return None
    text = json.dumps(_canonical_part(cls, ()), separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:8]


def _canonical_part(cls: type, around: tuple[type, ...]) -> list[Any]:
    inside = (*around, cls)
    return [
        [field.name, field.type, [_canonical_part(one, inside) for one in _held(field, inside)]]
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
