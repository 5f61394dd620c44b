"""Swarm: files that mean no good, and files that have been damaged."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts import Chart, StatechartError
from statecharts.interop import swarm
from tests.proof import cases
from tests.work import counted

SAMPLES = Path(__file__).parent / "samples" / "swarm"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.toml"))]
VARIABLES = dict.fromkeys(["VERSION", "WHO", "MODEL", "HOST", "NEXT", "NOTHING"], "Expert")

CALLS = 10_000_000
"""Calls of functions, at most: what is large takes half of them."""

LONG = (
    "10,000 states",
    "10,000 states on a line each",
    "many headers",
    "line ends",
    "a long circle",
    "many unknown names",
    "many variables",
    "many keys",
    "a text left open",
)
"""What takes seconds, and has others of its kind."""

TEN_THOUSAND = range(10_000)
THOUSAND = range(1_000)
MANY = ["a"] * 20_000


def flow(*lines: str, name: str = "x") -> str:
    """Return a file with one workflow."""
    head = f"[[workflows]]\nname = '{name}'\n[workflows.metadata]\ninitial_state = 'S0'\n"
    return head + "\n".join(lines) + "\n"


def contract(said: str) -> str:
    """Return a file whose contract says something of a field."""
    return flow("[workflows.contracts.c.input]", f'a = "{said}"')


HOSTILE: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "10,000 states": (
        lambda: flow(
            *(
                f"[workflows.states.S{i}]\n[[workflows.states.S{i}.handlers]]\n"
                f'event = "go"\ntarget = "S{(i + 1) % 10_000}"\n'
                for i in TEN_THOUSAND
            )
        ),
        "['x']",
    ),
    "10,000 states on a line each": (
        lambda: flow(
            "[workflows.states]",
            *(
                f"S{i} = {{ handlers = [{{ event = 'go', target = 'S{(i + 1) % 10_000}' }}] }}"
                for i in TEN_THOUSAND
            ),
        ),
        "['x']",
    ),
    "1,000 states in each other": (
        lambda: flow(
            "[workflows.states.S0]",
            *(f"[workflows.states.S{i}]\nparent = 'S{i - 1}'" for i in THOUSAND[1:]),
        ),
        "states are nested more than 128 deep",
    ),
    "a long circle": (
        lambda: flow(
            *(f"[workflows.states.S{i}]\nparent = 'S{(i + 1) % 5_000}'" for i in range(5_000))
        ),
        "[SC616]",
    ),
    "many circles": (
        lambda: flow(*(f"[workflows.states.S{i}]\nparent = 'S{i}'" for i in THOUSAND)),
        "[SC616]",
    ),
    "many unknown names": (
        lambda: flow(
            *(
                f"[workflows.states.S{i}]\nparent = 'T{i}'\nnext_on_success = 'U{i}'"
                for i in THOUSAND
            )
        ),
        "[SC613]",
    ),
    "many misspelt keys": (
        lambda: flow("[workflows.states.S0]", *(f"handler{i} = 1" for i in THOUSAND)),
        "Did you mean 'handlers'?",
    ),
    "many keys": (
        lambda: flow("[workflows.states.S0]", *(f"h{i} = 1" for i in range(300_000))),
        "more than 150,000 keys",
    ),
    "many actions": (
        lambda: flow("[workflows.states.S0]", "terminal = true", f"entry_actions = {MANY}"),
        "['x']",
    ),
    "many agents": (
        lambda: flow("[workflows.states.S0]", "terminal = true", f"agents = {MANY}"),
        "[SC614]",
    ),
    "many workflows": (lambda: "".join(flow(name="x") for _ in THOUSAND), "[SC614]"),
    "many headers": (
        lambda: "".join(f"[a{i}.b.c.d.e]\n" for i in range(200_000)),
        "more than 150,000 keys",
    ),
    "dots": (lambda: f"a{'.a' * 1_000_000} = 1", "more than 16 parts"),
    "brackets": (lambda: "a = " + "[" * 1_000_000, "more than 16 deep"),
    "braces": (lambda: "a = " + "{a=" * 1_000_000, "more than 16 deep"),
    "a text left open": (lambda: 'a = """' + '\\"""' * 100_000, "[SC603]"),
    "backslashes": (lambda: "a = '" + "\\" * 2_000_000 + "'", "[SC606]"),
    "a long number": (lambda: "a = " + "1" * 1_000_000, "[SC604]"),
    "line ends": (lambda: "\n" * 4_000_000, "[SC606]"),
    "a long comment": (lambda: "#" * 5_000_000, "[SC604]"),
    "many variables": (lambda: flow(f"description = '{'${X}' * 500_000}'"), "[SC618]"),
    "dollars": (lambda: flow(f"description = '{'${' * 1_000_000}'"), "[SC612]"),
    "a deep type": (lambda: contract("array<" * 500_000), "[SC612]"),
    "a long list of values": (lambda: contract("enum:[" + "'a'," * 300_000), "[SC612]"),
    "random bytes": (lambda: random.Random(7).randbytes(1_000_000), "[SC60"),
    "zeros": (lambda: b"\0" * 1_000_000, "[SC603]"),
}


def outcome(text: str | bytes) -> dict[str, Chart] | StatechartError:
    """Return the charts of a text, or the error that there is instead."""
    try:
        return swarm.loads(text, VARIABLES)
    except StatechartError as error:
        return error


PROGRAM = """
from tests.test_interop.peaks import peak_kilobytes
from tests.test_interop.test_swarm_hostile import HOSTILE, outcome
before = peak_kilobytes()
for make, _ in HOSTILE.values():
    outcome(make())
print(peak_kilobytes() - before)
"""


@pytest.mark.sampled(14)
@pytest.mark.parametrize("name", cases(HOSTILE, long=lambda name: name in LONG))
def test_hostile_files_end_soon_in_a_chart_or_a_clear_error(name: str) -> None:
    """Whatever is thrown at the reader is answered, for little work."""
    make, expected = HOSTILE[name]
    text = make()
    found, calls = counted(lambda: outcome(text))
    assert expected in (str(found) if isinstance(found, StatechartError) else str(list(found)))
    assert calls < CALLS


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory in kilobytes, as Linux does")
def test_hostile_files_take_little_memory() -> None:
    """All of them, one after the other, need less than 200 MB beside the tests themselves."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        env={key: value for key, value in os.environ.items() if not key.startswith("COV")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(ran.stdout) < 200_000


@given(st.sampled_from(TEXTS), st.data())
def test_damaged_files_give_a_chart_or_a_clear_error(text: str, data: st.DataObject) -> None:
    """Lines dropped, doubled, swapped and cut: what comes out is a chart, or an error of ours."""
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "swap", "cut", "put", "value"])):
            case "drop":
                del lines[at]
                lines = lines or [""]
            case "double":
                lines.insert(other, lines[at])
            case "swap":
                other = min(other, len(lines) - 1)
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "put":
                where = data.draw(st.integers(0, len(lines[at])))
                piece = data.draw(st.text("[]{}=.,'\"${}\\#\n 1ab", max_size=4))
                lines[at] = lines[at][:where] + piece + lines[at][where:]
            case _:
                key, equals, _ = lines[at].partition("=")
                value = data.draw(
                    st.sampled_from(
                        ["1", "-1", "nan", "''", "true", "[]", "{}", "[1]", "[[]]", "[{}]", "1e400"]
                    )
                )
                lines[at] = f"{key}={value}" if equals else lines[at]
    found = outcome("\n".join(lines))
    if not isinstance(found, StatechartError):
        assert found
        assert all(chart.name == name for name, chart in found.items())


@given(st.sampled_from(TEXTS), st.data())
def test_truncated_files_give_a_chart_or_a_clear_error(text: str, data: st.DataObject) -> None:
    """A file may end anywhere, within a character as well."""
    raw = text.encode()
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    found = outcome(raw)
    assert str(found) if isinstance(found, StatechartError) else found


KEYS = st.sampled_from(
    (
        *("A", "B", "name", "type", "model", "parent", "handlers", "event", "target", "guards"),
        *("agents", "terminal", "timeout_seconds", "timeout_target", "next_on_success", "input"),
        *("x", "states", "contracts", "metadata", "initial_state", "description"),
        "parallel_execution",
    )
)
VALUES = st.recursive(
    st.sampled_from(["A", "B", "go", "", "timeout", "string"]) | st.integers(-1, 3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return repr(value)


@given(
    st.dictionaries(
        st.sampled_from(["metadata", "agents", "resources", "workflows", "workflow", "x"]),
        VALUES | st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=6), max_size=3),
        max_size=5,
    )
)
def test_values_in_the_wrong_places_are_told(held: dict[str, object]) -> None:
    """Any table, list or value may be anywhere: only our errors come of it."""
    text = "\n".join(f"{key} = {toml(value)}" for key, value in held.items())
    found = outcome(text)
    assert str(found) if isinstance(found, StatechartError) else found


def test_long_names_are_cut_in_messages() -> None:
    """A message can be read, whatever the file holds."""
    found = outcome(flow(f"[workflows.states.{'S' * 5_000}]", f"parent = '{'P' * 5_000}'"))
    assert isinstance(found, StatechartError)
    assert len(str(found)) < 2_000
