"""Legal files are read: parts that cannot run stay as names, or cause a warning."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from statecharts import Chart, DefinitionError, StatechartError
from statecharts.interop import python_statemachine, scxml, swarm, xstate
from statecharts.interop.documents import DocumentError
from statecharts.interop.findings import LossError
from statecharts.interop.writable import service_of
from statecharts.model.chart import OnEvent, StateKind
from statecharts.model.effects import Action
from statecharts.model.named import Holds


def effects(chart: Chart, state: str) -> list[Any]:
    """Return the effects of entering a state."""
    return [getattr(hook.function, "effect", hook) for hook in chart[state].entry]


def told(chart: Chart) -> list[str]:
    """Return the warnings of the reader about a chart."""
    return [one.found for one in chart.warnings if one.code in ("SC651", "SC652")]


# --- SCXML ----------------------------------------------------------------------------------------


def document(*inside: str) -> Chart:
    return scxml.loads(f'<scxml name="x">{"".join(inside)}</scxml>')


@pytest.mark.parametrize(
    ("text", "time"),
    [("2m", 120), (".5h", 1800), ("1d", 86_400), ("90S", 90), ("1500ms", 1.5)],
)
def test_scxml_delays_have_the_units_of_the_schema(text: str, time: float) -> None:
    """The schema of the standard has milliseconds to days."""
    found = document(f'<state id="a"><onentry><send event="e" delay="{text}"/></onentry></state>')
    (send,) = effects(found, "a")
    assert send.delay == timedelta(seconds=time)


@pytest.mark.parametrize("more", ["", ' SYSTEM "scxml.dtd"', ' PUBLIC "-//W3C//DTD" "scxml.dtd"'])
def test_scxml_document_types_that_declare_nothing_are_passed_over(more: str) -> None:
    """Their documents are never fetched; entities of XML's own and characters are read."""
    found = scxml.loads(
        f'<!DOCTYPE scxml{more}>\n<scxml name="x"><state id="a">'
        '<transition cond="x &gt; 1 &#38;&#x26; y" target="a"/></state></scxml>'
    )
    assert found.unbound_guards == ("x > 1", "y")


def test_scxml_params_of_one_name_all_go_out() -> None:
    """A processor includes all of them, duplicates too (6.2.4); so does the document written."""
    params = '<param name="v" expr="2"/><param name="w" expr="1"/><param name="v" location="y"/>'
    found = document(f'<state id="a"><onentry><send event="e">{params}</send></onentry></state>')

    (action,) = effects(found, "a")
    assert action == Action(
        "send",
        {"event": "e", "params": {"v": [{"expr": "2"}, {"location": "y"}], "w": {"expr": "1"}}},
    )
    assert scxml.loads(scxml.dumps(found)) == found


def test_scxml_parallel_without_regions_is_a_state() -> None:
    """Without regions, nothing is in parallel."""
    found = document('<parallel id="p"><transition event="e" target="p"/></parallel>')

    assert found["p"].kind is StateKind.ATOMIC
    assert told(found) == ["a parallel state without regions is read as an ordinary one"]


def test_scxml_final_region_is_read() -> None:
    """The standard does not allow it, other interpreters do; a warning says so."""
    found = document('<parallel id="p"><final id="r"/><state id="s"/></parallel>')

    assert found["p.r"].kind is StateKind.FINAL
    assert told(found) == ["a region that is itself final is not of the standard"]


def test_scxml_initial_transition_of_the_chart_may_act() -> None:
    """It acts once, at the start; the standard ignores it."""
    found = document(
        '<initial><transition target="a"><raise event="x"/></transition></initial>',
        '<state id="a"/>',
    )
    default = found.root.default
    assert default is not None
    assert [hook.name for hook in default.emit] == ["raise x"]
    assert told(found) == ["the initial transition of the chart itself does something, once"]


@pytest.mark.parametrize(
    ("around", "begins"),
    [
        ('<state id="p" initial="b">{}</state>', ("p.b",)),
        ("<state id='p'>{}</state>", ("p.a",)),
        ("<parallel id='p'>{}</parallel>", ("p.a", "p.b")),
    ],
)
def test_scxml_history_without_a_default_begins_as_its_parent_does(
    around: str, begins: tuple[str, ...]
) -> None:
    """Editors leave it out; in the standard's algorithm, nothing would be entered."""
    found = document(around.format('<history id="h"/><state id="a"/><state id="b"/>'))

    assert found["p.h"].initial == begins
    assert len(told(found)) == 1
    assert scxml.loads(scxml.dumps(found)) == found


# --- XState ---------------------------------------------------------------------------------------


def machine(**keys: Any) -> Chart:
    return xstate.loads(json.dumps({"id": "m", **keys}))


@pytest.mark.parametrize(
    "keys",
    [
        {"entry": "x"},
        {"exit": "x"},
        {"invoke": {"src": "x"}},
        {"after": {"10": {"actions": "x"}}},
        {"context": {"n": 0}},
        {"type": "parallel"},
        {"type": "final"},
    ],
)
def test_xstate_machines_need_no_states(keys: dict[str, Any]) -> None:
    """Such a machine is a chart of one state, which is final where the machine is."""
    found = xstate.loads(json.dumps(keys))

    (only,) = found.states
    assert only.kind is (StateKind.FINAL if keys.get("type") == "final" else StateKind.ATOMIC)
    assert xstate.loads(xstate.dumps(found)) == found


def test_xstate_objects_without_a_type_get_names() -> None:
    """JSON cannot hold a function; the keys of the object become the parameters."""
    found = machine(
        initial="a", states={"a": {"entry": [{"n": 1}], "on": {"E": {"guard": {}, "target": "a"}}}}
    )
    assert effects(found, "a") == [Action("inline:a#entry[0]", {"n": 1})]
    assert found.unbound_guards == ("inline:a#on 'E'",)
    assert len(told(found)) == 2


def test_xstate_guards_of_unknown_states_never_hold() -> None:
    """As in SCXML, a state that does not exist is never active."""
    found = machine(initial="a", states={"a": {"on": {"E": {"in": "#zzz", "target": "a"}}}})

    (line,) = found["a"].transitions
    assert line.guard is not None
    assert line.guard.function == Holds(value=False)
    assert told(found) == ["the guard asks for '#zzz', and never holds: there is no such state"]


def test_xstate_versions_are_both_tried() -> None:
    """A target of the machine itself without a dot is version 4's, whatever else says 5."""
    states = {"a": {"on": {"GO": {"target": "b", "guard": "ready"}}}, "b": {}}
    found = machine(initial="a", states=states, on={"E": "b"})

    assert found.root.transitions[0].targets == ("b",)
    assert told(found) == ["XState 5 would refuse this machine; it is read as one for XState 4"]
    with pytest.raises(DefinitionError, match="to 'zz', and there is no such state"):
        machine(initial="a", states=states, on={"E": "zz"})


def test_xstate_4_needs_no_initial_state() -> None:
    """Version 4 enters nothing there, and here it is the first state; version 5 refuses it."""
    text = '{"id": "m", "states": {"a": {"states": {"b": {}}}, "c": {}}}'
    found = xstate.loads(text)

    assert found.root.initial == ("a",)
    assert found["a"].initial == ("a.b",)
    first, *others = told(found)
    assert first == "XState 5 would refuse this machine; it is read as one for XState 4"
    missing = "it does not say which of the states inside it is initial"
    assert others == [f"{missing}; XState 4 enters none, and here it is the first"] * 2
    with pytest.raises(DefinitionError, match=missing):
        xstate.loads(text, version=5)


@pytest.mark.parametrize("kind", ["final", "atomic"])
def test_xstate_states_that_hold_nothing(kind: str) -> None:
    """XState never enters what is inside a final or an atomic state."""
    found = machine(initial="a", states={"a": {"type": kind, "states": {"b": {}}}})

    assert [state.id for state in found.states] == ["a"]
    assert told(found) == [f"XState enters nothing inside a state that is {kind}; that is left out"]


def test_xstate_delimiter_leaves_no_trace() -> None:
    """Version 4's other delimiter is taken out of the targets, and nothing is lost on writing."""
    found = machine(
        delimiter="/",
        initial="a",
        states={
            "a": {"on": {"E": {"target": "b/c", "cond": "x"}}},
            "b": {"initial": "c", "states": {"c": {}}},
        },
    )
    assert found["a"].transitions[0].targets == ("b.c",)
    assert xstate.loads(xstate.dumps(found)) == found


LINES = """
<state id="a">
  <transition event="p q" cond="ready" target="b"/>
  <transition event="r * s.*" target="b"/>
  <invoke id="i" src="s"/>
  <transition event="done.invoke.i error.platform.i" target="b"/>
</state>
<state id="b"/>
"""


@pytest.mark.parametrize("version", [4, 5])
def test_xstate_lines_on_several_events_come_back_as_one(version: int) -> None:
    """Each event has a line of its own there; marks in its meta put them together again."""
    chart = document(LINES)
    text = xstate.dumps(chart, version=version, allow={"SC673"})

    assert [line.events for line in xstate.loads(text)["a"].transitions] == [
        line.events for line in chart["a"].transitions
    ]


def test_xstate_lines_that_somebody_has_changed_stay_apart() -> None:
    """Only lines that are alike are parts of one."""
    held = json.loads(xstate.dumps(document(LINES), allow={"SC673"}))
    held["states"]["a"]["on"]["q"]["target"] = "a"
    lines = xstate.loads(json.dumps(held))["a"].transitions

    assert [(line.events, line.targets) for line in lines[:2]] == [
        (("p",), ("b",)),
        (("q",), ()),
    ]


def test_xstate_4_is_written_as_it_was() -> None:
    """Keys, actions and targets are version 4's, and the text shows that."""
    chart = document(
        """<state id="a"><onentry><send event="t" delay="2s" id="d"/><raise event="u"/></onentry>
        <onexit><cancel sendid="d"/></onexit>
        <transition event="u" cond="In('b')" target="a"/><transition event="v" target="c"/>
        <state id="c"/></state><state id="b"/>"""
    )
    text = xstate.dumps(chart, version=4)
    held = json.loads(text)["states"]["a"]

    assert xstate.version_of(json.loads(text)) == 4
    assert xstate.loads(text) == chart
    assert held["entry"] == [
        {"type": "xstate.send", "event": {"type": "t"}, "delay": 2000, "id": "d"},
        {"type": "xstate.raise", "event": {"type": "u"}},
    ]
    assert held["exit"] == [{"type": "xstate.cancel", "sendId": "d"}]
    assert held["on"] == {
        "u": {"target": "a", "in": "#x.b"},
        "v": {"target": ".c", "internal": False},
    }
    with pytest.raises(StatechartError, match=r"version is 3\. Pass 4 or 5"):
        xstate.dumps(chart, version=3)


def test_xstate_4_has_no_guards_of_guards() -> None:
    """They are written as their text, which is a loss."""
    chart = document('<state id="a"><transition event="e" cond="not x or y" target="a"/></state>')

    with pytest.raises(LossError, match=r"XState 4 has no guard such as 'not x or y'"):
        xstate.dumps(chart, version=4)
    found = xstate.loads(xstate.dumps(chart, version=4, allow="*"))
    assert found.unbound_guards == ("not x or y",)


# --- python-statemachine --------------------------------------------------------------------------


def test_psm_loops_and_finalizers_are_kept() -> None:
    """They need a data model, so they become an action, and a part of the service's data."""
    found = python_statemachine.loads(
        """
states:
  a:
    enter: [{foreach: {array: xs, item: x, do: [{log: x}]}}]
    invoke: {src: s, finalize: [{log: x}]}
    transitions: [{event: go, target: a, cond: "In('zz')"}]
"""
    )
    assert effects(found, "a") == [
        Action("foreach", {"array": "xs", "item": "x", "do": [{"log": "x"}]})
    ]
    (call,) = found["a"].invoke
    assert service_of(call).data == {"@finalize": [{"log": "x"}]}
    assert "In('zz') never holds: there is no such state" in told(found)


def test_psm_params_of_one_name_all_go_out() -> None:
    """Duplicates are kept for whoever evaluates them."""
    send = "{event: e, params: [{name: v, expr: '1'}, {name: v, expr: '2'}]}"
    found = python_statemachine.loads(f"states: {{a: {{enter: [{{send: {send}}}]}}}}")

    (action,) = effects(found, "a")
    assert action.data["params"] == {"v": [{"expr": "1"}, {"expr": "2"}]}


@pytest.mark.parametrize(
    ("given", "told_"),
    [
        (3, "an instance of int was given, not a class of python-statemachine"),
        (int, "int was given, not a class of python-statemachine"),
    ],
)
def test_psm_takes_classes_only(given: Any, told_: str) -> None:
    """The error says what was given instead."""
    with pytest.raises(DocumentError, match=f"SC606.*{told_}. Pass a class that inherits"):
        python_statemachine.from_class(given)


def test_psm_machines_are_told_apart_from_their_class() -> None:
    """An instance has no chart; its class has."""
    from statemachine import State, StateMachine

    class Gate(StateMachine):
        shut = State(initial=True)
        open = State(final=True)
        swing = shut.to(open)

    machine: Any = Gate()
    with pytest.raises(DocumentError, match=r"an instance of Gate was given.* Pass Gate itself"):
        python_statemachine.from_class(machine)


# --- Swarm ----------------------------------------------------------------------------------------


def test_swarm_variables_without_values_stay_names() -> None:
    """Guards, agents and resources named by a variable keep that name; nothing is refused."""
    (found,) = swarm.loads(
        """
[[workflows]]
name = "w"
[workflows.metadata]
initial_state = "A"
[workflows.states.A]
agents = ["${AGENT}"]
required_resources = ["${RESOURCE}"]
handlers = [{ event = "${EVENT}", target = "B", guards = ["${GUARD}"] }]
[workflows.states.B]
terminal = true
[workflows.contracts.C]
input = { size = "u32, or none", tags = "set of ${KIND}" }
"""
    ).values()

    (line,) = found["A"].transitions
    assert line.trigger == OnEvent(("${EVENT}",))
    assert found.unbound_guards == ("${GUARD}",)
    assert [call.name for call in found["A"].invoke] == ["${AGENT}"]
    assert found.root.meta["contracts"]["C"]["input"] == {
        "size": {"type": "u32, or none"},
        "tags": {"type": "set of ${KIND}"},
    }
    assert sum("a variable without a value" in one for one in told(found)) == 3
