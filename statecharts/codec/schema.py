"""The JSON Schema (2020-12) of what a protocol writes and reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from statecharts.codec.events import Effects, Events
from statecharts.codec.places import Places
from statecharts.codec.shapes import Definitions, JsonSchema
from statecharts.codec.snapshots import CALL, PROTOCOL, REQUIRED, SENT, TIMER, Snapshots
from statecharts.codec.steps import MICROSTEP
from statecharts.codec.times import DATETIME
from statecharts.model.chart import Chart

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_HISTORY: Final = ("configuration",)
_STEP: Final = ("snapshot", "effects", "handled", "microsteps")


def schema_of(
    chart: Chart,
    version: int,
    places: Places,
    events: Events,
    effects: Effects,
    snapshots: Snapshots,
) -> JsonSchema:
    """Return the schema of one chart's events and snapshots.

    The document itself takes either; ``$defs`` has ``event``, ``message``, ``effect``,
    ``snapshot`` and ``step``, and every class.
    """
    definitions = Definitions()

    def snapshot(inner: Definitions) -> JsonSchema:
        return _snapshot(chart, version, places, events, effects, snapshots, inner)

    either = [
        events.schema(definitions),
        definitions.ref(snapshots, "snapshot", snapshot),
    ]
    definitions.ref(effects, "effect", effects.schema)
    events.message_schema(definitions)
    definitions.ref(chart.hash, "step", _step)
    document: JsonSchema = {
        "$schema": DIALECT,
        "title": chart.name,
        "anyOf": either,
        "$defs": definitions.schemas,
    }
    doc = chart.doc.strip().partition("\n")[0]
    return {**document, "description": doc} if doc else document


def _snapshot(
    chart: Chart,
    version: int,
    places: Places,
    events: Events,
    effects: Effects,
    snapshots: Snapshots,
    definitions: Definitions,
) -> JsonSchema:
    states = [node.id for node in chart.states if node.id not in places.histories]
    ids = {"type": "array", "items": {"enum": states}, "uniqueItems": True}
    data = _object({s: r.schema(definitions) for s, r in snapshots.records.items()})
    context = snapshots.context
    remembered = _object({"configuration": ids, "data": data}, _HISTORY)
    event = events.kept_schema(definitions)
    properties: JsonSchema = {
        "protocol": {"const": PROTOCOL},
        "chart": {"const": chart.name},
        "version": {"const": version},
        "parts": {"type": "object", "additionalProperties": _TEXT},
        "configuration": {**ids, "minItems": 1},
        "data": data,
        "context": {"type": "null"} if context is None else context.schema(definitions),
        "history": _object(dict.fromkeys(places.histories, remembered)),
        "timers": _array(_object({"id": _TEXT, "due": DATETIME.schema(definitions)}, TIMER)),
        "sent": _array(_object({"timer": _TEXT, "id": _TEXT, "event": event}, SENT)),
        "calls": _array(_object({"id": _TEXT, "call": effects.call_schema(definitions)}, CALL)),
        "waiting": _array(event),
        "clock": _COUNT,
        "counters": {"type": "object", "additionalProperties": _COUNT},
    }
    return _object(properties, REQUIRED)


def _step(_: Definitions) -> JsonSchema:
    ids = _array(_TEXT)
    line = _object({"line": _COUNT, "source": _TEXT, "trigger": _TEXT, "targets": ids}, ("line",))
    lines = _array(_COUNT)
    microstep = _object({"exited": ids, "fired": lines, "entered": ids}, MICROSTEP)
    properties = {
        "snapshot": {"$ref": "#/$defs/snapshot"},
        "effects": _array({"$ref": "#/$defs/effect"}),
        "handled": {"type": "boolean"},
        "fired": _array(line),
        "microsteps": _array(microstep),
    }
    return _object(properties, _STEP)


def _object(properties: Mapping[str, Any], required: Iterable[str] = ()) -> JsonSchema:
    found: JsonSchema = {"type": "object", "properties": dict(properties)}
    if required:
        found["required"] = list(required)
    return {**found, "additionalProperties": False}


def _array(items: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": items}
