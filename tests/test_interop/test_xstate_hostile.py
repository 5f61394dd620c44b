"""XState: documents that mean no good, and documents that have been damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts import StatechartError
from statecharts.interop import xstate
from tests.proof import cases
from tests.work import counted

SAMPLES = sorted((Path(__file__).parent / "samples" / "xstate").glob("*.json"))
ROOT = Path(__file__).parents[2]
N = 10_000
CALLS = 10_000_000
"""Calls of functions, at most: what is large takes half of them."""


def machine(states: Any, **more: Any) -> str:
    initial = next(iter(states), "a")
    return json.dumps({"id": "m", "initial": initial, "states": states, **more})


def each(make: Callable[[int], Any]) -> str:
    return machine({f"s{i}": make(i) for i in range(N)})


def nested(depth: int, inside: Any = None) -> str:
    return '{"initial":"a","states":{"a":' * depth + "{}" + "}}" * depth


def wrapped(depth: int, front: str, back: str, middle: str = '"g"') -> str:
    line = '{"initial":"a","states":{"a":{"on":{"E":%s}}}}'
    return line % (front * depth + middle + back * depth)


def regions(count: int, line: Any) -> str:
    inner = {f"r{i}": {"initial": "x", "states": {"x": {"on": line}}} for i in range(count)}
    return machine({"p": {"type": "parallel", "states": inner, "on": {"E": {"actions": "x"}}}})


GUARD = '{"guard":{"type":"xstate.not","params":{"guard":'
HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "10,000 states": (lambda: each(lambda i: {"on": {"E": f"s{(i + 1) % N}"}}), "taken in"),
    "10,000 unknown targets": (lambda: each(lambda i: {"on": {"E": f"t{i}"}}), "SC101"),
    "10,000 unknown keys": (lambda: each(lambda i: {f"k{i}": 1}), "taken in"),
    "10,000 wrong types": (lambda: each(lambda i: {"type": i, "on": 3}), "SC612"),
    "10,000 equal ids": (lambda: each(lambda i: {"id": "same"}), "SC614"),
    "400 events of one state": (
        lambda: machine({"a": {"on": {f"e.{i}": {"actions": "x"} for i in range(400)}}}),
        "taken in",
    ),
    "400 wildcards of one state": (
        lambda: machine({"a": {"on": {f"e{i}.*": {"actions": "x"} for i in range(400)}}}),
        "taken in",
    ),
    "400 histories in a row": (
        lambda: machine(
            {
                "a": {},
                **{f"h{i}": {"type": "history", "target": f"h{(i + 1) % 400}"} for i in range(400)},
            }
        ),
        "SC109",
    ),
    "10,000 delays": (
        lambda: machine({"a": {"after": {str(i): {"actions": "x"} for i in range(1, N)}}}),
        "taken in",
    ),
    "a list of 10,000 targets": (lambda: machine({"a": {"on": {"E": {"target": ["a"] * N}}}}), ""),
    "1,000 regions": (lambda: regions(1_000, {"E": {"actions": "y"}}), "taken in"),
    "a long dotted target": (lambda: machine({"a": {"on": {"E": ".a" * 500_000}}}), "SC101"),
    "a long dotted event": (
        lambda: machine({"a": {"on": {"a." * 5_000: {"actions": "x"}}}}),
        "taken in",
    ),
    "1,000 states deep": (lambda: nested(1_000), "SC604"),
    "200 states deep": (lambda: nested(200), "SC604"),
    "128 states deep": (lambda: nested(128), "taken in"),
    "100,000 objects open": (lambda: '{"a":' * 100_000, "SC604"),
    "guards 140 deep": (
        lambda: wrapped(1, GUARD + '{"type":"not","guard":' * 140, "}" * 143),
        "SC612",
    ),
    "choices 60 deep": (
        lambda: wrapped(
            1,
            '{"actions":' + '{"type":"xstate.choose","conds":[{"actions":' * 60,
            "}]}" * 60 + "}",
        ),
        "SC612",
    ),
    "meta 500 deep": (
        lambda: '{"initial":"a","states":{"a":{"meta":%s}}}' % ('{"m":' * 500 + "1" + "}" * 500),
        "SC612",
    ),
    "parameters 500 deep": (
        lambda: (
            '{"initial":"a","states":{"a":{"entry":{"type":"x","params":%s}}}}'
            % ('{"m":' * 500 + "1" + "}" * 500)
        ),
        "SC612",
    ),
    "state values 500 deep": (
        lambda: wrapped(
            1,
            '{"guard":{"type":"stateIn","stateValue":' + '{"a":' * 500,
            "}" * 500 + "}}",
        ),
        "taken in",
    ),
    "nothing": (lambda: "", "SC603"),
    "an open string": (lambda: '{"id": "', "SC603"),
    "a number": (lambda: "1", "SC606"),
    "null": (lambda: "null", "SC606"),
    "a list": (lambda: "[]", "SC606"),
    "wrappers in each other": (lambda: '{"machine":' * 500 + "{}" + "}" * 500, "SC606"),
    "no number": (lambda: '{"id": NaN}', "SC603"),
    "a number of 100,000 digits": (lambda: f'{{"id": {"9" * 100_000}}}', "SC604"),
    "a delay of 1e999 ms": (lambda: machine({"a": {"after": {"1e99": "a"}}}), "SC612"),
    "half a character": (
        lambda: '{"id": "\\ud800", "initial": "a", "states": {"a": {}}}',
        "taken in",
    ),
    "a key twice": (lambda: '{"id": "a",\n "id": "b"}', "SC614"),
    "a long document": (lambda: " " * (33 * 2**20), "SC604"),
}


def outcome(text: str | bytes) -> str:
    """Return what becomes of a text: ``taken in``, or the codes that it is refused with."""
    try:
        xstate.loads(text)
    except StatechartError as error:
        return str(error)
    return "taken in"


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "name", cases(HOSTILE, long=lambda name: ",000 " in name or "400 " in name)
)
def test_hostile_documents_are_answered_soon(name: str) -> None:
    """Hostile input takes little work, and ends in success or in an error with a code."""
    make, expected = HOSTILE[name]
    text = make()
    told, calls = counted(lambda: outcome(text))
    assert expected in told
    assert calls < CALLS


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"id": "\xff"}', "SC602"),
        ('{"id": "grün", "initial": "a", "states": {"a": {}}}'.encode("utf-16"), "taken in"),
        (b'\xef\xbb\xbf{"id": "x", "initial": "a", "states": {"a": {}}}', "taken in"),
        (b"\x00\x01\x02", "SC603"),
    ],
)
def test_encodings_are_taken_in_or_named(data: bytes, expected: str) -> None:
    """A byte order mark says the encoding; bytes that are not text are refused."""
    assert expected in outcome(data)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_truncated_samples_are_refused(path: Path) -> None:
    """A machine that breaks off anywhere is an error with a code."""
    text = path.read_text(encoding="utf-8").rstrip()
    for end in range(0, len(text), 23):
        assert outcome(text[:end]).startswith("[SC60")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "a", ".", "#", "#m", ".a.b", "*", "x.*", "parallel", "final", "history", "compound"]
    ),
    st.sampled_from(
        [
            "xstate.raise",
            "xstate.send",
            "xstate.cancel",
            "xstate.and",
            "xstate.not",
            "xstate.stateIn",
        ]
    ),
    st.builds(list),
    st.builds(dict),
    st.lists(st.sampled_from(["idle", "cart", None, 1, {}, []]), max_size=3),
    st.dictionaries(
        st.sampled_from(
            ["target", "actions", "guard", "cond", "type", "params", "guards", "event", "delay"]
        ),
        st.sampled_from([None, "a", 1, [], {}, "xstate.raise", [None], {"type": "x"}]),
        max_size=3,
    ),
)
KEYS = st.sampled_from(
    [
        *(
            "on",
            "always",
            "after",
            "onDone",
            "invoke",
            "entry",
            "exit",
            "initial",
            "states",
            "type",
        ),
        *("history", "target", "id", "meta", "description", "tags", "", "*", "guard", "actions"),
        *("params", "event", "key", "order", "transitions", "delimiter", "src", "in", "reenter"),
    ]
)


def fresh(value: Any) -> Any:
    """Return a copy, for what is drawn may be drawn again."""
    return json.loads(json.dumps(value))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a value."""
    found = [path]
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            found += places(inner, (*path, key))
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@given(data=st.data())
def test_mutated_samples_give_charts_or_errors_with_codes(path: Path, data: st.DataObject) -> None:
    """Misplaced values give a chart, or an error of ours."""
    held = json.loads(path.read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(held)[1:] or [()]))
        at = held
        for key in place[:-1]:
            at = at[key]
        if not place:
            break
        if data.draw(st.booleans()) and isinstance(at, dict):
            at[data.draw(KEYS)] = fresh(data.draw(VALUES))
        else:
            at[place[-1]] = fresh(data.draw(VALUES))
    version = data.draw(st.sampled_from([None, 4, 5]))
    try:
        chart = xstate.loads(json.dumps(held), version=version)
    except StatechartError:
        return
    text = xstate.dumps(chart, allow="*")
    again = xstate.loads(text)
    assert xstate.loads(xstate.dumps(again, allow="*")) == again


@pytest.mark.long
def test_ten_thousand_states_need_little_memory() -> None:
    """A machine of ten thousand states is read within 200 MB."""
    code = """
import json
from statecharts.interop import xstate
from tests.proof import cases
from tests.work import counted
from tests.test_interop.peaks import peak_kilobytes
states = {f"s{i}": {"on": {"E": f"s{(i + 1) % 10_000}"}} for i in range(10_000)}
chart = xstate.loads(json.dumps({"id": "m", "initial": "s0", "states": states}))
assert len(chart.states) == 10_000
print(peak_kilobytes())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert int(done.stdout) < 200 * 1024
