"""XState: what is wrong with a machine, told with file, line and element."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts import DefinitionError, StatechartError
from statecharts.interop import xstate
from statecharts.interop.documents import DocumentError

STATES = '"b": {}, "open": {"initial": "wide", "states": {"wide": {}}}'


def machine(a: str, more: str = "") -> str:
    """Return a machine whose first state, on the fourth line, says something."""
    return f'{{\n"id": "m", "initial": "a"{more},\n"states": {{\n"a": {a},\n{STATES}}}}}'


FAULTS: dict[str, tuple[str, str]] = {
    "an unknown target": (
        machine('{"on": {"E": "opne"}}'),
        (
            "[SC101] <text>:4 'a' on 'E': this goes to 'opne', and there is no such state. "
            "Did you mean 'open'?"
        ),
    ),
    "an unknown id": (
        machine('{"on": {"E": [{"target": "#m.open.wild"}]}}'),
        (
            "[SC101] <text>:4 'a' on 'E'[0]: this goes to '#m.open.wild', and there is no "
            "such state. "
            "Did you mean '#m.open.wide'?"
        ),
    ),
    "a state that is not a sibling": (
        machine('{"on": {"E": "wide"}}'),
        (
            "[SC101] <text>:4 'a' on 'E': this goes to 'wide', and there is no such state. "
            "Did you mean '#m.open.wide'?"
        ),
    ),
    "an unknown initial state": (
        machine('{"initial": "x", "states": {"y": {}}}'),
        (
            "[SC101] <text>:4 'a' initial: the initial state is 'x', not one inside. Name one"
            " of the states inside, such as 'y'."
        ),
    ),
    "an unknown type": (
        machine('{"type": "paralel"}'),
        (
            "[SC612] <text>:4 'a': 'type' is 'paralel'; it takes 'atomic' or 'compound' or "
            "'parallel' or 'final' or 'history'. Did you mean 'parallel'?"
        ),
    ),
    "a final machine": (
        machine("{}", ', "type": "final"'),
        (
            "[SC612] <text>:2 the machine type: the machine itself is final. Make it "
            "compound, or parallel."
        ),
    ),
    "a state that is no object": (
        machine("7"),
        (
            "[SC612] <text>:4 'a': found 7, expected an object for a state. Write an object "
            "for a state."
        ),
    ),
    "a transition that is none": (
        machine('{"on": {"E": true}}'),
        (
            "[SC612] <text>:4 'a' on 'E': found true, expected a target, or an object with "
            "target, guard and actions. Write a target, or an object with target, guard and "
            "actions."
        ),
    ),
    "a delay out of reach": (
        machine('{"after": {"1e99": "b"}}'),
        (
            "[SC612] <text>:4 'a' after: found '1e99', expected a number of milliseconds that"
            " a timedelta can hold. Write a number of milliseconds that a timedelta can hold."
        ),
    ),
    "both guard and cond": (
        machine('{"on": {"E": {"target": "b", "guard": "x", "cond": "y"}}}'),
        (
            "[SC612] <text>:4 'a' on 'E': the transition has both a guard and a cond. "
            "Keep one of them."
        ),
    ),
    "two equal ids": (
        machine('{"id": "x", "initial": "y", "states": {"y": {"id": "x"}}}'),
        (
            "[SC614] <text>:4 'a.y' id: two states have the id 'x'; the other is 'a'. "
            "Rename one of them."
        ),
    ),
    "a history that leads to itself": (
        machine(
            '{"initial": "h", "states": {"h": {"type": "history"}, "x": {}}, "on": {"E": "b"}}'
        ),
        (
            "[SC109] <text>:4 m: the default of history 'a.h' comes back to it through history "
            "states. Give one of them another default."
        ),
    ),
    "an eventless circle": (
        machine('{"always": {"actions": "x"}}'),
        (
            "[SC110] <text>:4 m: eventless transitions without guards form a circle: a → a. "
            "Give one of them a when=."
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_name_line_and_element(name: str) -> None:
    """Each mistake is told with its place and its remedy."""
    text, expected = FAULTS[name]
    with pytest.raises(DefinitionError) as caught:
        xstate.loads(text)
    assert [str(fault) for fault in caught.value.faults] == [expected]


def test_all_faults_are_told_at_once() -> None:
    """One mistake does not hide another, nor those of the chart those of the file."""
    text = machine('{"type": "compound", "on": {"E": "opne", "F": {"guard": 1}}}')
    with pytest.raises(DefinitionError) as caught:
        xstate.loads(text)
    assert [fault.code for fault in caught.value.faults] == ["SC101", "SC115", "SC612"]


UNREADABLE: dict[str, tuple[str, str]] = {
    "another object": (
        '{"nodes": [], "edges": []}',
        (
            "[SC606] <text>:1: this is not a machine of XState: it has no states. Give it "
            '"initial" and "states".'
        ),
    ),
    "a misspelt key": (
        '{"sates": {}}',
        (
            "[SC606] <text>:1: this is not a machine of XState: it has no states. Did you "
            "mean 'states'?"
        ),
    ),
    "a list": (
        "[1]",
        (
            "[SC606] <text>: this is not a machine of XState: it has no states. Give it "
            '"initial" and "states".'
        ),
    ),
    "no JSON": (
        '{\n"id": }',
        "[SC603] <text>:2: this is not JSON: expecting value (column 7). Fix the syntax there.",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_documents_that_are_no_machines_are_refused(name: str) -> None:
    """A document that cannot be read is refused with the reason."""
    text, expected = UNREADABLE[name]
    with pytest.raises(DocumentError) as caught:
        xstate.loads(text)
    assert str(caught.value) == expected


def test_files_are_named(tmp_path: Path) -> None:
    """An error of a file names the file; a chart without an id is called like it."""
    path = tmp_path / "lamp.json"
    path.write_text('{"initial": "a", "states": {"a": {"on": {"E": "c"}}}}', encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"lamp.json:1 'a' on 'E': this goes to 'c'"):
        xstate.load(path)
    path.write_text('{"initial": "a", "states": {"a": {}}}', encoding="utf-8")
    assert xstate.load(path).name == "lamp"


def test_an_unknown_version_is_an_error() -> None:
    """There are two versions that can be passed."""
    with pytest.raises(StatechartError, match=r"version is 3\. Pass 4 or 5, or leave it out"):
        xstate.loads("{}", version=3)


WARNINGS: dict[str, tuple[str, str]] = {
    "output": (
        machine('{"type": "final", "output": {"n": 1}}'),
        (
            "[SC651] <text>:4 'a' output: a run of this chart ignores 'output'; it is kept in"
            " its meta. Have functions do it, with chart.bind(…)."
        ),
    ),
    "an unknown key": (
        machine('{"onn": {"E": "b"}}'),
        (
            "[SC651] <text>:4 'a': a state has no key 'onn'; it is kept as documentation. Did"
            " you mean 'on'?"
        ),
    ),
    "an unknown key of a transition": (
        machine('{"on": {"E": {"target": "b", "gaurd": "x"}}}'),
        (
            "[SC651] <text>:4 'a' on 'E': a transition has no key 'gaurd'; it is kept as "
            "documentation. Did you mean 'guard'?"
        ),
    ),
    "an empty list": (
        machine('{"on": {"E": []}}'),
        (
            "[SC651] <text>:4 'a' on 'E': an empty list of transitions: the event is not "
            "handled. Remove it; {} forbids an event."
        ),
    ),
    "the initial state of a parallel one": (
        machine('{"type": "parallel", "initial": "x", "states": {"x": {}, "y": {}}}'),
        ("[SC651] <text>:4 'a' initial: a state that is parallel has no initial state. Remove it."),
    ),
    "a function that JSON could not hold": (
        machine('{"entry": ["x", null]}'),
        (
            "[SC652] <text>:4 'a' entry[1]: the action is null: a function that JSON could "
            "not hold. "
            "Bind the action 'inline:a#entry[1]' to it."
        ),
    ),
    "a raise without an event": (
        machine('{"entry": {"type": "xstate.raise"}}'),
        (
            "[SC652] <text>:4 'a' entry: xstate.raise does not say all that it does; it is "
            "kept as an "
            "action of that name. Bind the action 'xstate.raise', or write it out."
        ),
    ),
    "a delay of nothing": (
        machine('{"after": {"0": "b"}}'),
        (
            "[SC652] <text>:4 'a' after: XState takes a delay of 0 ms when the macrostep is over. "
            "Here it is taken a microsecond later; write always if that is meant."
        ),
    ),
    "the machine's own end": (
        machine("{}", ', "onDone": {"actions": "x"}'),
        (
            "[SC651] <text>:2 the machine onDone: nothing follows the end of the machine "
            "itself; it is kept in its meta. Remove it."
        ),
    ),
    "v4 and wildcards": (
        machine('{"on": {"ui.*": {"target": "b", "cond": "x"}}}'),
        (
            "[SC652] <text>:4 'a': XState 4 takes 'ui.*' for the name of one event, not for a "
            "wildcard. Name the events."
        ),
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_differences_are_warnings(name: str) -> None:
    """A difference is reported, and does not refuse the chart."""
    text, expected = WARNINGS[name]
    chart = xstate.loads(text)
    told = [str(one) for one in chart.warnings if one.code in ("SC651", "SC652")]
    assert told == [expected]
