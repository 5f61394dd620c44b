"""The digest of a chart: its structure and the fields of its classes as one short text.

What code does, what people are told and where things are declared does not count, so that the
digest of a chart is the same in every process and after every change of wording.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from statecharts.model.events import wire_name
from statecharts.model.fields import fields_of, type_text
from statecharts.model.nodes import After, EventType, OnEvent, StateNode, Transition, Trigger


def digest(
    name: str,
    nodes: Iterable[StateNode],
    events: Iterable[EventType],
    context: type | None,
    *,
    closed: bool,
) -> str:
    """Return the SHA-256 of a chart's structure, in hexadecimal."""
    canonical = {
        "name": name,
        "states": [_canonical_state(node) for node in nodes],
        "events": [[event.name, _canonical_fields(event.cls)] for event in events],
        "closed": closed,
        "context": _canonical_class(context),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical_state(node: StateNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind.value,
        "data": _canonical_class(node.data),
        "default": None if node.default is None else _canonical_transition(node.default),
        "transitions": [_canonical_transition(transition) for transition in node.transitions],
        "invoke": [[call.name, _canonical_class(call.call)] for call in node.invoke],
    }


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


def _canonical_class(cls: type | None) -> list[Any] | None:
    return None if cls is None else [type_text(cls), _canonical_fields(cls)]


def _canonical_fields(cls: type | None) -> list[Any]:
    fields = () if cls is None else fields_of(cls)
    return [[f.name, f.type, f.optional, f.occurred] for f in fields]
