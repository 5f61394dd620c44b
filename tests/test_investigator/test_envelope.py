"""Envelopes: what is sent, and the trace that it belongs to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.investigator.envelope import (
    SAMPLED,
    Envelope,
    EnvelopeError,
    Randomness,
    Trace,
    child,
    create_trace,
    parse_trace,
    unwrap,
    wrap,
)

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"
TRACE = Trace(TRACE_ID, SPAN_ID)
CANARY = "c4n4ry"

REFUSED_PARENTS = (
    "",
    "00",
    f"00-{TRACE_ID}-{SPAN_ID}",
    f"00-{TRACE_ID}-{SPAN_ID}-1",
    f"00-{TRACE_ID}-{SPAN_ID}-001",
    f"00-{TRACE_ID}-{SPAN_ID}-0G",
    f"00-{TRACE_ID}-{SPAN_ID}-01-",
    f"00-{TRACE_ID}-{SPAN_ID}-01-extra",
    f"00-{TRACE_ID}-{SPAN_ID}-01\n",
    f" 00-{TRACE_ID}-{SPAN_ID}-01",
    f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
    f"00-{TRACE_ID}-{SPAN_ID.upper()}-01",
    f"00-{TRACE_ID[1:]}-{SPAN_ID}-01",
    f"00-{TRACE_ID}-{SPAN_ID}0-01",
    f"00-{'0' * 32}-{SPAN_ID}-01",
    f"00-{TRACE_ID}-{'0' * 16}-01",
    f"ff-{TRACE_ID}-{SPAN_ID}-01",
    f"0-{TRACE_ID}-{SPAN_ID}-01",
    f"cc-{TRACE_ID}-{SPAN_ID}-01.what",
    f"00_{TRACE_ID}_{SPAN_ID}_01",
    f"00-{TRACE_ID[:-1]}٣-{SPAN_ID}-01",
    None,
    7,
    b"00",
)

REFUSED_STATES = (
    "novalue",
    "=value",
    "Upper=value",
    "key=",
    "key=a=b",
    "key=a\nb",
    "key=ü",
    "a=1,a=2",
    "key= ",
    "1@=x",
    "key" + "x" * 254 + "=1",
    "key=" + "v" * 257,
    ",".join(f"k{number}=1" for number in range(33)),
    7,
    None,
)


def counting() -> Randomness:
    """Return a source of randomness that counts."""
    state = iter(range(1, 100))
    return lambda count: next(state).to_bytes(count, "big")


def test_trace_is_written_as_the_standard_asks() -> None:
    """The example of the standard comes out letter by letter."""
    assert TRACE.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert parse_trace(TRACE.traceparent) == TRACE


def test_trace_takes_its_ids_from_the_caller_or_the_source() -> None:
    """Equal sources give equal traces; what the caller names is not drawn."""
    assert create_trace(counting()) == create_trace(counting())
    assert create_trace(counting()) == Trace("0" * 31 + "1", "0" * 15 + "2")
    assert create_trace(counting(), trace_id=TRACE_ID) == Trace(TRACE_ID, "0" * 15 + "1")
    assert create_trace(trace_id=TRACE_ID, span_id=SPAN_ID, sampled=False).flags == 0


def test_traces_differ_when_nobody_says_otherwise() -> None:
    """The operating system's randomness is the source by default."""
    assert len({create_trace().trace_id for _ in range(100)}) == 100


def test_child_keeps_the_trace_and_changes_the_span() -> None:
    """Work that follows belongs to the same trace, and to a span of its own."""
    parent = Trace(TRACE_ID, SPAN_ID, flags=0, state="vendor=1")
    grown = child(parent, counting())
    assert (grown.trace_id, grown.flags, grown.state) == (TRACE_ID, 0, "vendor=1")
    assert grown.span_id == "0" * 15 + "1"
    assert child(parent, span_id="a" * 16).span_id == "a" * 16
    assert len({child(parent).span_id for _ in range(100)} - {SPAN_ID}) == 100


def test_child_is_not_its_parent() -> None:
    """A span that is its own parent is a mistake of whoever gives out the ids."""
    with pytest.raises(EnvelopeError, match="span_id: it is that of the parent"):
        child(TRACE, span_id=SPAN_ID)


@pytest.mark.parametrize("source", [lambda count: bytes(count), lambda count: b"x", lambda _: b""])
def test_source_that_is_not_random_is_refused(source: Randomness) -> None:
    """No id is all zeros, or short, only because its source is broken."""
    with pytest.raises(EnvelopeError, match="randomness: it did not give 16 random bytes"):
        create_trace(source)


@pytest.mark.parametrize("header", REFUSED_PARENTS)
def test_bad_traceparent_is_refused(header: object) -> None:
    """What the standard does not allow is refused, and not repeated."""
    with pytest.raises(EnvelopeError, match="SC515") as refused:
        parse_trace(header)
    assert not header or str(header) not in str(refused.value)
    with pytest.raises(EnvelopeError, match="SC515"):
        unwrap({"traceparent": header, "payload": None})


@pytest.mark.parametrize("state", REFUSED_STATES)
def test_bad_tracestate_is_refused(state: object) -> None:
    """So is a list of states that is none."""
    with pytest.raises(EnvelopeError, match=r"envelope\.tracestate"):
        parse_trace(TRACE.traceparent, state)


@pytest.mark.parametrize(
    "state",
    [
        "",
        "a=1",
        "a=1,b=2",
        "a=1 , b=2",
        "a=1,,b=2",
        "rojo=00f067aa0ba902b7",
        "1a@vendor=x y",
        "a*/_-=!",
    ],
)
def test_good_tracestate_is_handed_on(state: str) -> None:
    """What others add comes out as it went in."""
    assert unwrap(wrap(1, parse_trace(TRACE.traceparent, state))).trace.state == state


@pytest.mark.parametrize("rest", ["", "-", "-what-will-be"])
def test_version_to_come_is_read_as_far_as_it_is_known(rest: str) -> None:
    """The standard asks for that, and for passing on only what is understood."""
    trace = parse_trace(f"cc-{TRACE_ID}-{SPAN_ID}-ff{rest}")
    assert trace == Trace(TRACE_ID, SPAN_ID, SAMPLED)
    assert trace.traceparent.startswith("00-")


def test_flags_of_this_version_are_kept() -> None:
    """Bits that nobody knows are not lost on the way."""
    trace = parse_trace(f"00-{TRACE_ID}-{SPAN_ID}-fe")
    assert not trace.sampled
    assert trace.traceparent.endswith("-fe")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Trace("x", SPAN_ID), "trace_id: it is not 32 hexadecimal digits"),
        (lambda: Trace(TRACE_ID, "0" * 16), "span_id: it is all zeros"),
        (lambda: create_trace(trace_id="1"), "trace_id: it is not 32"),
        (lambda: create_trace(span_id=""), "span_id: it is not 16"),
        (lambda: child(TRACE, span_id="0" * 16), "span_id: it is all zeros"),
        (lambda: unwrap(None), r"envelope: it is not an object"),
        (lambda: unwrap([]), r"envelope: it is not an object"),
        (lambda: unwrap(""), r"envelope: it is not an object"),
        (lambda: unwrap(b"\xff"), r"envelope: it is not an object"),
        (lambda: unwrap("[" * 100_000), r"envelope: it is not an object"),
        (lambda: unwrap({}), r"envelope\.traceparent: it is missing"),
        (lambda: unwrap({"traceparent": TRACE.traceparent}), r"envelope\.payload: it is missing"),
        (lambda: unwrap(wrap(1, TRACE) | {"x": 1}), "has a field that envelopes do not have"),
        (lambda: unwrap(wrap(1, TRACE) | {"tracestate": None}), r"tracestate: it is not a string"),
        (lambda: unwrap(json.dumps(wrap(1, TRACE)).replace(" 1", " NaN")), "it is not an object"),
        (lambda: wrap({"a": {1, 2}}, TRACE), "payload: it cannot be written as JSON"),
        (lambda: wrap(math.nan, TRACE), "payload: it cannot be written as JSON"),
        (lambda: wrap(object(), TRACE), "payload: it cannot be written as JSON"),
    ],
)
def test_bad_envelope_is_refused(make: Callable[[], object], told: str) -> None:
    """Each mistake has its own words."""
    with pytest.raises(EnvelopeError, match=told):
        make()


def test_refusal_reads_well() -> None:
    """Code, place, what is wrong, and what to do."""
    with pytest.raises(EnvelopeError, match="SC515") as refused:
        unwrap({"traceparent": "ff" + TRACE.traceparent[2:], "payload": 1})
    assert str(refused.value) == (
        "[SC515] envelope.traceparent: it is of version ff, which does not exist. "
        "Send what W3C trace context asks for."
    )


def test_envelope_keeps_its_payload_out_of_its_text() -> None:
    """An envelope in a log says where it comes from, not what is in it."""
    assert CANARY not in repr(Envelope(CANARY, TRACE))
    with pytest.raises(EnvelopeError, match="payload") as refused:
        wrap({CANARY: object()}, TRACE)
    assert CANARY not in str(refused.value)
    assert refused.value.__context__ is None


_ids = st.integers(1, 16**16 - 1)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(payload=_json, trace=_ids, span=_ids, flags=st.integers(0, 255))
def test_what_is_wrapped_is_unwrapped(payload: object, trace: int, span: int, flags: int) -> None:
    """An envelope gives back what was put into it, as an object and as JSON."""
    sent = Envelope(payload, Trace(f"{trace:032x}", f"{span:016x}", flags))
    written = wrap(sent.payload, sent.trace)
    assert unwrap(written) == sent
    assert unwrap(json.dumps(written)) == sent
    assert unwrap(json.dumps(written).encode()) == sent


@given(document=st.text(max_size=80) | st.binary(max_size=80) | _json)
def test_any_document_gets_an_answer(document: object) -> None:
    """Whatever comes, it is an envelope or it is refused."""
    with pytest.raises(EnvelopeError, match="SC515"):
        unwrap(document)
