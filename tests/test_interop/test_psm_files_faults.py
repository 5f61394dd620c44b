"""Faults in YAML and JSON of python-statemachine: all reported at once, with lines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statecharts import DefinitionError
from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.python_statemachine import load, loads
from statecharts.interop.syntax import yaml as yaml_syntax


def faults(text: str, form: str = "yaml") -> list[str]:
    """Return the faults because of which a text is refused."""
    with pytest.raises(DefinitionError) as caught:
        loads(text, format=form)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            (
                "[SC606] <text>:1: the document is not a mapping. "
                "Begin with 'states:', and the states inside it."
            ),
        ),
        (
            "- a",
            (
                "[SC606] <text>:1: the document is not a mapping. "
                "Begin with 'states:', and the states inside it."
            ),
        ),
        (
            "name: x",
            "[SC606] <text>:1: the document has no states. Put the states into a mapping 'states'.",
        ),
        ("statez: {a: {}}", "[SC606] <text>:1: the document has no states. Did you mean 'states'?"),
        (
            "x: 1\nstates: []",
            "[SC606] <text>:2: the document has no states. Put the states into a mapping 'states'.",
        ),
        (
            "states:\n  a: {}\n  a: {}",
            (
                "[SC614] <text>:3: the key 'a' is already on line 2 of the same mapping. "
                "Rename one of them, or remove it."
            ),
        ),
        ("states:\n  1: {}", "[SC612] <text>:2: the key 1 is not a string. Quote it."),
        ("states:\n  true: {}", "[SC612] <text>:2: the key true is not a string. Quote it."),
        (
            "states: {a: !!python/object:os.system {}}",
            (
                "[SC611] <text>:1: the tag '!!python/object:os.system' asks for something other "
                "than plain data. Remove the tag: nothing in a file is made or run."
            ),
        ),
        (
            "states:\n  a: [\n",
            (
                "[SC603] <text>:3: this is not YAML: did not find expected node content. "
                "Fix the syntax there."
            ),
        ),
        (
            "states: {a: {}}\n---\nstates: {}",
            "[SC606] <text>:2: a second document begins here. Put one chart in a file.",
        ),
        (
            "states: {a: *nobody}",
            "[SC603] <text>:1: this is not YAML: found undefined alias. Fix the syntax there.",
        ),
        (
            "states: &s {a: *s}",
            (
                "[SC604] <text>:1: an alias repeats something that contains the alias. "
                "Name an anchor that has ended."
            ),
        ),
        (
            "states:\n  a:\n    <<: 3",
            "[SC603] <text>:3: << merges mappings only. Merge a mapping, or several.",
        ),
        (
            "states: {a: !!int x}",
            "[SC603] <text>:1: 'x' cannot be read as int. Fix the value.",
        ),
    ],
)
def test_texts_that_are_no_document_are_refused(text: str, message: str) -> None:
    """Of such a text nothing can be made; the message says where and what to do."""
    with pytest.raises(DocumentError) as caught:
        loads(text)
    assert str(caught.value) == message


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read YAML with libyaml, or as where PyYAML is without it."""
    if request.param == "python":
        monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    yaml_syntax._loader.cache_clear()
    yield
    yaml_syntax._loader.cache_clear()


def test_yaml_without_its_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, JSON is still read; YAML says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert loads('{"states": {"a": {}}}', format="json").name == "statechart"
    with pytest.raises(DocumentError) as caught:
        loads("states: {a: {}}")
    assert str(caught.value) == (
        "[SC607] <text>: YAML needs PyYAML, which is not installed. "
        f"Install the extra 'yaml': `{sys.executable} -m pip install 'pyyaml>=6.0'`."
    )


def test_yaml_is_plain_data_with_lines(parser: None) -> None:
    """Words and dates are strings, anchors and merges are followed, and lines are kept."""
    text = "a: &a {on: yes, x: 1}\nb:\n  <<: *a\n  x: 2026-01-01\nc: [*a, 1.5, ~, true, '3']\n"
    held = yaml_syntax.loads(Document.of(text))
    assert held == {
        "a": {"on": "yes", "x": 1},
        "b": {"x": "2026-01-01", "on": "yes"},
        "c": [{"on": "yes", "x": 1}, 1.5, None, True, "3"],
    }
    assert (held.lines, held["b"].at("x"), held["b"].at("on")) == ({"a": 1, "b": 2, "c": 5}, 4, 1)


def test_all_faults_of_shape_are_told_at_once() -> None:
    """Unknown keys with the nearest known, wrong values, what is missing: each with its line."""
    text = """
descriptn: no
states:
  a:
    initia: true
    final: maybe
    enter: [5, {assig: {location: x}}, {assign: {expr: "1"}}, {log: a, raise: b}]
    transitions:
      - {event: 3, target: b, on: {if: {then: [name]}}}
      - go
  b: 7
  c: {history: {h: {type: deap}}, donedata: [], invoke: [x], states: []}
"""
    assert faults(text) == [
        "[SC612] <text>:2: the document has no key 'descriptn'. Did you mean 'description'?",
        "[SC612] <text>:5 a: a state has no key 'initia'. Did you mean 'initial'?",
        (
            "[SC612] <text>:6 a: 'final' is 'maybe'; it takes true or false. Write true or "
            "false, or remove it."
        ),
        "[SC612] <text>:7 a: 'enter' is 5; it takes the name of a method or an action. Quote it.",
        (
            "[SC611] <text>:7 a: an action has one key that says what it does; this has "
            "['assig']. Did you mean 'assign'?"
        ),
        "[SC612] <text>:7 a: 'location' is missing. Add location.",
        (
            "[SC611] <text>:7 a: an action has one key that says what it does; this has "
            "['log', 'raise']. Write one of assign, raise, log, if, foreach, send, cancel, "
            "script."
        ),
        "[SC612] <text>:9 a: 'event' is 3; it takes a string. Quote it.",
        "[SC612] <text>:9 a: 'cond' is missing. Add cond.",
        "[SC612] <text>:9 a: 'then' is 'name'; it takes an action. Write an action, or remove it.",
        (
            "[SC612] <text>:8 a: 'transitions' is 'go'; it takes a mapping for each item. "
            "Write a mapping for each item, or remove it."
        ),
        "[SC612] <text>:11 b: 'b' is 7; it takes a mapping. Write a mapping, or remove it.",
        (
            "[SC612] <text>:12 c: 'donedata' is a list; it takes a mapping. Write a "
            "mapping, or remove it."
        ),
        (
            "[SC612] <text>:12 c: 'invoke' is a list; it takes a mapping or a list of "
            "mappings. Write a mapping or a list of mappings, or remove it."
        ),
        (
            "[SC612] <text>:12 c: 'states' is a list; it takes a mapping. Write a mapping, "
            "or remove it."
        ),
        (
            "[SC612] <text>:12 c.h: 'type' is 'deap'; it takes 'shallow' or 'deep'. Did "
            "you mean 'deep'?"
        ),
    ]


def test_names_that_theirs_cannot_bear_are_refused() -> None:
    """Ids are unique over the whole document, and none of that library's own."""
    text = """
states:
  a:
    states:
      x: {}
      value: {}
      send: {}
  b:
    states: {x: {}, "with space": {}}
"""
    assert faults(text) == [
        (
            "[SC615] <text>:6 a.value: that library allows no state named 'value'. "
            "Rename it: that library would confuse it with something of its own."
        ),
        (
            "[SC615] <text>:7 a.send: that library allows no state named 'send'. "
            "Rename it: that library would confuse it with something of its own."
        ),
        (
            "[SC614] <text>:9 b.x: two states have the id 'x', this one and that on line 5. "
            "Rename one of them: that library has one table of all ids."
        ),
        (
            "[SC615] <text>:9 b.with space: that library allows no state named 'with space'. "
            "Rename it: that library would confuse it with something of its own."
        ),
    ]


def test_faults_of_meaning_are_told_with_those_of_the_chart() -> None:
    """Unknown targets, bad delays, sends and cancels: all of it, with lines."""
    text = """
states:
  a:
    exit: [{log: x}]
    transitions:


      - {event: go, target: bb}
      - event: wait
        on: [{send: {}}, {cancel: {}}]
      - event: stay
        on: [{send: {event: x, delay: 1s, target: "#_internal"}}]
  b:
    donedata: {content: "1"}
    history: {h: {}}
"""
    found = faults(text)
    assert [fault.replace("<text>", "t") for fault in found] == [
        (
            "[SC101] t:8 statechart: a on go goes to 'bb', and there is no such state. "
            "Did you mean 'b'?"
        ),
        (
            "[SC109] t:15 statechart: history 'b.h' has no default. "
            "Pass default=, the state to enter while nothing is remembered."
        ),
        (
            "[SC115] t:13 statechart: 'b' is compound and has no states inside. "
            "Declare states in its body, or make it a State."
        ),
        "[SC612] t:10 a: send has no event. Add event.",
        "[SC612] t:10 a: cancel has no sendid. Add sendid.",
        "[SC612] t:12 a: an internal event cannot be delayed. Remove the target, or the delay.",
        "[SC612] t:14 b: only a final state has donedata. Remove it, or make the state final.",
    ]


def test_defaults_have_no_conditions() -> None:
    """A transition that is always taken has no event and no guard."""
    text = """
states:
  a:
    states: {b: {}, c: {}}
    transitions: [{target: c, initial: true, cond: x, event: e}]
  d:
    transitions: [{target: a, initial: true}]
"""
    always = "Remove it: the transition is always taken."
    assert faults(text) == [
        f"[SC612] <text>:5 a: a default transition has no 'event'. {always}",
        f"[SC612] <text>:5 a: a default transition has no 'cond'. {always}",
        (
            "[SC612] <text>:7 d: a state that is not compound has an initial transition. "
            "Remove it, or put states inside."
        ),
    ]


def test_json_is_told_the_same_way() -> None:
    """The same faults in JSON have the lines of JSON."""
    text = '{"states": {"a": {"enter": 5,\n "transitions": {}}, "b": {"final": [1]}}}'
    assert faults(text, "json") == [
        (
            "[SC612] <text>:2 a: 'transitions' is an object; it takes an array of objects. "
            "Write an array of objects, or remove it."
        ),
        "[SC612] <text>:1 a: 'enter' is 5; it takes the name of a method or an action. Quote it.",
        (
            "[SC612] <text>:2 b: 'final' is an array with 1; it takes true or false. Write "
            "true or false, or remove it."
        ),
    ]
    with pytest.raises(DocumentError, match=r"\[SC603\] <text>:1: this is not JSON"):
        loads("{'states': 1}", format="json")
    with pytest.raises(DocumentError) as caught:
        loads("states: {a: {}}", format="ymal")
    assert str(caught.value) == (
        "[SC606] <text>: that library has no format 'ymal'. Did you mean 'yaml'?"
    )


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A file that is not there, and one in another encoding than it says."""
    with pytest.raises(DocumentError, match=r"^\[SC601\] .*none\.yaml: the file cannot be read"):
        load(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes("states: {größe: {}}".encode("latin-1"))
    with pytest.raises(DocumentError, match=r"^\[SC602\] .*latin\.yaml:1: byte 11 is not UTF-8"):
        load(path)
    path.write_bytes("states: {größe: {}}".encode("utf-16"))
    assert load(path)["größe"].name == "größe"


# -- hostile input ---------------------------------------------------------------------------------


def _many(count: int) -> dict[str, Any]:
    return {
        "states": {
            f"s{i}": {"transitions": [{"event": "go", "target": f"s{(i + 1) % count}"}]}
            for i in range(count)
        }
    }


def _deep(depth: int) -> dict[str, Any]:
    held: dict[str, Any] = {"transitions": [{"event": "x", "target": "d0"}]}
    for i in range(depth):
        held = {"states": {f"d{depth - 1 - i}": held}}
    return held


@pytest.mark.long
def test_large_and_deep_charts_are_taken_in() -> None:
    """10,000 states and nesting of 128 are charts, in YAML as in JSON."""
    assert len(loads(json.dumps(_many(10_000)), format="json").states) == 10_000
    yaml = "states:\n" + "".join(
        f"  s{i}:\n    transitions:\n      - {{event: go, target: s{(i + 1) % 10_000}}}\n"
        for i in range(10_000)
    )
    assert len(loads(yaml).states) == 10_000
    assert len(loads(json.dumps(_deep(128)), format="json").states) == 128


def _bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 20)]
    return "\n".join([*lines, "states: {a: {}}"])


@pytest.mark.sampled(7)
@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        (_bomb(), "yaml", "more than 500,000 values, aliases counted"),
        ("[" * 100_000, "yaml", "more than 600 deep"),
        ("{a: " * 100_000, "yaml", "more than 600 deep"),
        ("\n".join(" " * i + "a:" for i in range(2_000)), "yaml", "more than 600 deep"),
        ("[" * 100_000, "json", "more than 600 deep"),
        (json.dumps(_deep(150)), "json", "states are nested more than 128 deep"),
        (json.dumps(_deep(150)), "yaml", "states are nested more than 128 deep"),
        (
            '{"states": {"a": {"enter": ['
            + '{"if": {"cond": "x", "then": [' * 60
            + "]}}" * 60
            + "]}}}",
            "yaml",
            "conditions are nested more than 48 deep",
        ),
    ],
)
def test_bombs_are_refused(text: str, form: str, message: str, parser: None) -> None:
    """A document that would grow too deep or too large is refused before it grows."""
    with pytest.raises(DocumentError, match=rf"^\[SC604\] .*{message}"):
        loads(text, format=form)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_truncated_texts_are_refused_or_taken(form: str) -> None:
    """Wherever a text is cut off, there is a chart or a coded error, and nothing else."""
    path = Path(__file__).parent / "samples" / "python_statemachine" / f"toggle.{form}"
    text = path.read_text(encoding="utf-8")
    names: list[str] = []
    for end in range(len(text) + 1):
        with contextlib.suppress(DocumentError, DefinitionError):
            names.append(loads(text[:end], format=form).name)
    assert names[-1] == "Toggle"
    assert len(names) < len(text)


@pytest.mark.parametrize(
    "text", ["\x00", "a: \x07", "\ud800", "%TAG ! x\n---\na", "%YAML 9.9\n---\na: 1"]
)
def test_strange_characters_are_refused(text: str) -> None:
    """Control characters, halves of characters and directives are told."""
    with pytest.raises(DocumentError, match=r"^\[SC60[236]\]"):
        loads(text)
