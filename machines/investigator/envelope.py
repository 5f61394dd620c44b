"""Envelopes: messages between processes, with the trace that they belong to (W3C trace context).

A trace is a tree of spans over any number of processes. A message names its trace and the span that
sent it; the receiver works in a child of that span. Ids are passed in, or drawn from a source of
randomness that the caller can pass.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from attrs import Attribute, evolve, field, frozen
from attrs.validators import ge, instance_of, le

from statecharts.model.errors import StatechartError

Randomness: TypeAlias = Callable[[int], bytes]
"""Returns as many random bytes as asked for."""

SAMPLED: Final = 0x01
"""The flag that says that the trace is recorded."""

# Trace Context, level 1: https://www.w3.org/TR/trace-context/
_TRACEPARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<rest>-.*)?",
    re.DOTALL,
)
_MEMBER: Final = re.compile(
    r"(?P<key>[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=(?P<value>[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])"
)
_MAX_MEMBERS: Final = 32
_KEYS: Final = frozenset({"traceparent", "tracestate", "payload"})


class EnvelopeError(StatechartError):
    """An envelope, or its trace, that does not conform to the standard (SC515)."""


def _id(digits: int) -> Callable[[object, Attribute[Any], object], None]:
    """Return a validator of ids: so many hexadecimal digits, not all zero."""

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
            raise _bad(attribute.name, f"is not {digits} hexadecimal digits in lower case")
        if not value.strip("0"):
            raise _bad(attribute.name, "is all zeros, which stands for no id")

    return check


def _state(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a tracestate that is not a list of keys and values, each key once."""
    if not isinstance(value, str):
        raise _bad("tracestate", "is not a string")
    members = [member.strip(" \t") for member in value.split(",")]
    listed = [_MEMBER.fullmatch(member) for member in members if member]
    keys = [found["key"] for found in listed if found]
    if len(keys) != len(listed):
        raise _bad("tracestate", "has a member that is not key=value")
    if len(set(keys)) != len(keys):
        raise _bad("tracestate", "has a key twice")
    if len(keys) > _MAX_MEMBERS:
        raise _bad("tracestate", f"has more than {_MAX_MEMBERS} members")


@frozen
class Trace:
    """A span of a trace.

    Attributes:
        trace_id: The trace, in 32 hexadecimal digits.
        span_id: The span, in 16; the standard calls it the parent id.
        flags: One byte; the standard defines `SAMPLED` alone.
        state: Additions of other tracing systems (``tracestate``), passed on unchanged.

    >>> Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7").traceparent
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    """

    trace_id: str = field(validator=_id(32))
    span_id: str = field(validator=_id(16))
    flags: int = field(default=SAMPLED, validator=[instance_of(int), ge(0), le(255)])
    state: str = field(default="", validator=_state)

    @property
    def traceparent(self) -> str:
        """The header of that name, in version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    @property
    def sampled(self) -> bool:
        """Whether the trace is recorded."""
        return bool(self.flags & SAMPLED)


@frozen
class Envelope:
    """A message, and the span that sent it.

    Attributes:
        payload: The message, as plain JSON values. The repr leaves it out: it may hold data.
        trace: The span that sent it.
    """

    payload: Any = field(repr=False)
    trace: Trace


def create_trace(
    randomness: Randomness = os.urandom,
    *,
    trace_id: str | None = None,
    span_id: str | None = None,
    sampled: bool = True,
) -> Trace:
    """Begin a trace; ids that are not given are random.

    Raises:
        EnvelopeError: A given id is invalid.

    >>> create_trace(lambda count: bytes(range(1, count + 1))).traceparent
    '00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01'
    """
    return Trace(
        trace_id=_draw(randomness, 16) if trace_id is None else trace_id,
        span_id=_draw(randomness, 8) if span_id is None else span_id,
        flags=SAMPLED if sampled else 0,
    )


def child(
    trace: Trace, randomness: Randomness = os.urandom, *, span_id: str | None = None
) -> Trace:
    """Return a new span of the same trace; only its id differs.

    Raises:
        EnvelopeError: The given id is invalid, or that of the parent.

    >>> parent = create_trace(trace_id="a" * 32, span_id="b" * 16)
    >>> child(parent, span_id="c" * 16).traceparent
    '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-cccccccccccccccc-01'
    """
    new = _draw(randomness, 8) if span_id is None else span_id
    if new == trace.span_id:
        raise _bad("span_id", "is that of the parent")
    return evolve(trace, span_id=new)


def parse_trace(traceparent: object, tracestate: object = "") -> Trace:
    """Read the headers of a trace.

    Of a later version, the part that it shares with version 00 is read, as the standard asks.

    Raises:
        EnvelopeError: They do not conform to the standard.

    >>> parse_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").sampled
    False
    >>> parse_trace("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-00")
    Traceback (most recent call last):
    machines.investigator.envelope.EnvelopeError: [SC515] envelope.traceparent: it is not …
    """
    if not isinstance(traceparent, str):
        raise _bad("traceparent", "is not a string")
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        raise _bad("traceparent", "is not version-trace-span-flags in lower-case hexadecimal")
    if found["version"] == "ff":
        raise _bad("traceparent", "is of version ff, which does not exist")
    if found["version"] == "00" and found["rest"] is not None:
        raise _bad("traceparent", "is longer than version 00 allows")
    flags = int(found["flags"], 16)
    if found["version"] != "00":
        flags &= SAMPLED  # only that version defines the other flags
    return Trace(found["trace"], found["span"], flags, tracestate)  # type: ignore[arg-type]


def wrap(payload: object, trace: Trace) -> dict[str, Any]:
    """Put a payload into an envelope, ready for JSON.

    Raises:
        EnvelopeError: The payload cannot be written as JSON.

    >>> wrap({"question": "why?"}, create_trace(trace_id="a" * 32, span_id="b" * 16))["payload"]
    {'question': 'why?'}
    """
    # The encoder's error repeats the payload, so it is not chained.
    written = _written(payload)
    if not written:
        raise _bad("payload", "cannot be written as JSON")
    envelope: dict[str, Any] = {"traceparent": trace.traceparent}
    if trace.state:
        envelope["tracestate"] = trace.state
    return envelope | {"payload": payload}


def unwrap(document: object) -> Envelope:
    """Read an envelope: a mapping, or its JSON as a string or bytes.

    Raises:
        EnvelopeError: It is not an envelope, or its trace does not conform to the standard.

    >>> sent = wrap([1, 2], create_trace(trace_id="a" * 32, span_id="b" * 16))
    >>> unwrap(sent).payload, unwrap(json.dumps(sent)).trace.span_id
    ([1, 2], 'bbbbbbbbbbbbbbbb')
    """
    content = _read(document) if isinstance(document, (str, bytes)) else document
    if not isinstance(content, Mapping):
        raise _bad("", "is not an object with a traceparent and a payload")
    if not all(key in _KEYS for key in content):
        raise _bad("", "has a field that envelopes do not have")
    for part in ("traceparent", "payload"):
        if part not in content:
            raise _bad(part, "is missing")
    trace = parse_trace(content["traceparent"], content.get("tracestate", ""))
    return Envelope(content["payload"], trace)


def _draw(randomness: Randomness, count: int) -> str:
    """Draw an id, again if it is all zeros."""
    for _ in range(3):
        drawn = randomness(count)
        if len(drawn) == count and any(drawn):
            return drawn.hex()
    raise _bad("randomness", f"did not give {count} random bytes")


def _written(payload: object) -> bool:
    try:
        json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _read(document: str | bytes) -> object:
    try:
        return json.loads(document, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> object:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(name)


def _bad(part: str, found: str) -> EnvelopeError:
    where = f"envelope.{part}" if part else "envelope"
    return EnvelopeError("SC515", where, f"it {found}", "Send what W3C trace context asks for")
