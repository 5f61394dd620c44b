"""Converter: writes what crosses Temporal's border as our codec writes it, in plain JSON.

Events of the charts may be passed as they are: ``handle.execute_update("send", Sent(Pay("7")))``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from attrs import fields, has
from cattrs.preconf.json import make_converter
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import (
    AdvancedJSONEncoder,
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

from statecharts.codec import Protocol
from statecharts.model.events import wire_name
from statecharts.runtime.errors import RunError
from statecharts.store.rows import Entry, Run
from statecharts.temporal.errors import ENGINE
from statecharts.temporal.messages import MESSAGES

_HEX: Final = "hex:"
_DIGEST: Final = 32


def _write_bytes(value: bytes) -> str:
    """Return bytes as text: digests, which have 32 bytes, as hexadecimal, JSON as it is."""
    return f"{_HEX}{value.hex()}" if len(value) == _DIGEST else value.decode()


def _read_bytes(value: str, _: Any) -> bytes:
    return bytes.fromhex(value[len(_HEX) :]) if value.startswith(_HEX) else value.encode()


_CONVERTER: Final = make_converter()
_CONVERTER.register_unstructure_hook(bytes, _write_bytes)
_CONVERTER.register_structure_hook(bytes, _read_bytes)


def write_rows(run: Run) -> dict[str, Any]:
    """Return a run's rows as JSON."""
    found: dict[str, Any] = _CONVERTER.unstructure(run)
    return found


def read_rows(value: dict[str, Any]) -> Run:
    """Return a run's rows from JSON."""
    return _CONVERTER.structure(value, Run)


def write_entry(entry: Entry) -> dict[str, Any]:
    """Return an entry of a history as JSON."""
    found: dict[str, Any] = _CONVERTER.unstructure(entry)
    return found


def read_entry(value: dict[str, Any]) -> Entry:
    """Return an entry of a history from JSON."""
    return _CONVERTER.structure(value, Entry)


class _Writer(AdvancedJSONEncoder):
    """Writes messages, and events by their fields and their name; the rest as Temporal does."""

    def default(self, o: Any) -> Any:
        if isinstance(o, MESSAGES):  # what is inside comes here in its turn
            return {one.name: getattr(o, one.name) for one in fields(type(o))}
        if isinstance(o, datetime):
            return o.isoformat()
        if has(type(o)):
            return _write_event(o)
        return super().default(o)


def _write_event(event: Any) -> Any:
    """Return an event as the protocol of any chart writes it."""
    return _EVENTS.get(type(event), _plainly)(event)


def _plainly(event: Any) -> Any:
    return {"type": wire_name(type(event)), **_CONVERTER.unstructure(event)}


_EVENTS: Final[dict[type, Callable[[Any], Any]]] = {}


def teach(protocol: Protocol[Any, Any]) -> None:
    """Let events of a chart be written by its protocol wherever they are passed."""
    chart = getattr(protocol.chart, "chart", protocol.chart)
    for event in chart.events:
        if event.cls is not None:
            _EVENTS.setdefault(event.cls, protocol.dump_event)


class _Json(JSONPlainPayloadConverter):
    """JSON, with our messages among what it reads."""

    def __init__(self) -> None:
        super().__init__(encoder=_Writer)

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        if type_hint in MESSAGES:
            return _CONVERTER.structure(json.loads(payload.data), type_hint)
        return super().from_payload(payload, type_hint)


class ChartPayloadConverter(CompositePayloadConverter):
    """Temporal's converter, with JSON written by our codec."""

    def __init__(self) -> None:
        plain = JSONPlainPayloadConverter().encoding
        others = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_Json() if one.encoding == plain else one for one in others))


def with_codec(converter: DataConverter) -> DataConverter:
    """Return a data converter that writes as our codec does; encryption stays as it was.

    Raises:
        RunError: Its payload converter is another one (SC841).
    """
    cls = converter.payload_converter_class
    if issubclass(cls, ChartPayloadConverter):
        return converter
    if cls is not DefaultPayloadConverter:
        found = f"the client has a payload converter of its own, {cls.__name__}"
        remedy = "Derive it from statecharts.temporal.ChartPayloadConverter"
        raise RunError(ENGINE, "temporal", found, remedy)
    return dataclasses.replace(converter, payload_converter_class=ChartPayloadConverter)


def client_with_codec(client: Client, without: type | tuple[()] = ()) -> Client:
    """Return a client over the same connection that writes as our codec does.

    Args:
        client: The client.
        without: A class of plugins that are left out.
    """
    config = client.config()  # its plugins change it anew
    config["data_converter"] = with_codec(config["data_converter"])
    config["plugins"] = [one for one in config["plugins"] if not isinstance(one, without)]
    return Client(**config)
