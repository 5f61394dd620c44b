"""SCXML: charts that are written, and read again the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import statemachine.io
from attrs import evolve, frozen

from statecharts import Chart, Compound, Effect, Moment, NamedEvent, State, Statechart
from statecharts.checks import faults
from statecharts.interop import scxml
from statecharts.interop.findings import LossError
from statecharts.model.chart import (
    After,
    Always,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.effects import Action, Raise, Send
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Branch, Choose, Give, Holds, In, Named, Not
from tests.proof import shards
from tests.test_interop.scxml_charts import random_chart

SAMPLES = Path(__file__).parent / "samples" / "scxml"
SCXML = "{http://www.w3.org/2005/07/scxml}"


DOOR = """
<scxml name="door">
  <parallel id="all">
    <state id="door" initial="shut">
      <state id="shut">
        <transition event="push" cond="In('free') and not In('locked')" target="open"/>
      </state>
      <final id="open"/>
    </state>
    <state id="bolt">
      <state id="free"><transition event="turn" target="locked"/></state>
      <state id="locked"><transition event="turn" target="free"/></state>
    </state>
  </parallel>
</scxml>
"""


@frozen
class Go:
    count: int = 0


@frozen
class Note:
    text: str = ""


def again(chart: Chart) -> Chart:
    return scxml.loads(scxml.dumps(chart))


def lamp(**changes: Any) -> Chart:
    """Return a chart whose first state has been changed."""
    chart = scxml.loads(
        '<scxml name="lamp"><state id="dark"><transition event="go" target="lit"/>'
        '</state><state id="lit"><transition event="go" target="dark"/></state></scxml>'
    )
    first, *others = chart.states
    return evolve(chart, states=(evolve(first, **changes), *others))


def doing(*effects: Effect) -> Chart:
    return lamp(entry=tuple(Hook(Give(effect)) for effect in effects))


@pytest.mark.parametrize("seeds", shards(6_000, 200, sample=16))
def test_scxml_charts_come_back_equal(seeds: range) -> None:
    """Whatever the format can say is the same when it is read again, on random charts."""
    checked = 0
    for seed in seeds:
        chart = random_chart(seed)
        if not any(fault.structural for fault in faults(chart)):
            checked += 1
            assert again(chart) == chart, f"seed {seed}"
    assert checked >= len(seeds) * 5 // 6


@pytest.mark.parametrize("sample", ["kettle.scxml", "editor.scxml"])
def test_scxml_samples_come_back_equal(sample: str) -> None:
    """Documents that were written by hand, and their second writing, say the same."""
    chart = scxml.load(SAMPLES / sample)
    text = scxml.dumps(chart)
    assert scxml.loads(text) == chart
    assert scxml.dumps(scxml.loads(text)) == text


def test_scxml_of_editors_is_written_as_it_was() -> None:
    """Attributes and elements of other namespaces are there again for those who wrote them."""
    root = ET.fromstring(scxml.dumps(scxml.load(SAMPLES / "editor.scxml")))
    qt = "{http://www.qt.io/2015/02/scxml-ext}"
    clean = root.find(f"{SCXML}state[@id='clean']")
    assert clean is not None
    assert clean.get(f"{qt}colour") == "grün"
    info = clean.find(f"{qt}editorinfo")
    assert info is not None
    assert "".join(info.itertext()) == "drag me"


def test_scxml_text_is_what_a_person_would_write() -> None:
    """A plain chart is written without a word of ours."""
    assert scxml.dumps(lamp()) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="lamp" initial="dark">\n'
        '  <state id="dark">\n'
        '    <transition event="go" target="lit"/>\n'
        "  </state>\n"
        '  <state id="lit">\n'
        '    <transition event="go" target="dark"/>\n'
        "  </state>\n"
        "</scxml>\n"
    )


def test_scxml_delayed_transitions_are_sends_on_entry() -> None:
    """A timer of a state is written as other interpreters say it, and comes back as a timer."""

    class Patience(Statechart):
        waiting = State(initial=True)
        over = State(final=True)
        waiting.after(timedelta(seconds=90), over)

    text = scxml.dumps(Patience.chart, allow="*")
    timer = "waiting.after.over"
    assert f'<send event="{timer}" id="{timer}" delay="90s" sc:after=' in " ".join(text.split())
    assert f'<cancel sendid="{timer}" sc:after="{timer}"/>' in text
    assert scxml.loads(text)["waiting"].transitions == Patience.chart["waiting"].transitions


def test_scxml_plain_charts_are_opened_by_python_statemachine() -> None:
    """Structure, events and In() guards written by us run in that library."""
    text = scxml.dumps(scxml.loads(DOOR))
    machine = statemachine.io.load(text, format="scxml")()
    for event in ("turn", "push", "turn", "push"):
        machine.send(event)
    assert {state.id for state in machine.configuration} == {"all", "door", "open", "bolt", "free"}


def test_scxml_chart_that_acts_itself_is_put_into_a_state() -> None:
    """One state around all others does what ``<scxml>`` cannot; reading it undoes that."""
    chart = lamp()
    quits = Transition("", OnEvent(("quit",)), ("lit",))
    root = evolve(chart.root, transitions=(quits,), exit=(Hook(Give(Action("bye"))),))
    chart = evolve(chart, root=root, events=(*(EventType("quit"),), *chart.events))
    document = ET.fromstring(scxml.dumps(chart))
    assert [state.get("id") for state in document.iter(f"{SCXML}state")] == ["lamp", "dark", "lit"]
    assert again(chart) == chart


@pytest.mark.parametrize(
    "guard",
    [
        Named("a && b"),
        Named("In('dark')"),
        Named("In('nowhere')"),
        Named("true"),
        Named("x > 1"),
        Named("odd \x00 name"),
        Named("atLeast", {"count": 3}, "Enough of them."),
        Not(Hook(Named("a == b"))),
        Not(Hook(Not(Hook(In("dark"))))),
        AllOf(
            (
                Hook(
                    AnyOf((Hook(In("dark")), Hook(Named("a")))),
                ),
                Hook(Holds(value=True)),
            )
        ),
        AllOf((Hook(Named("alone")),)),
        AnyOf(()),
    ],
)
def test_scxml_guards_come_back_equal(guard: Any) -> None:
    """Guards that a condition cannot say exactly are said exactly beside it."""
    line = Transition("dark", OnEvent(("go",)), ("lit",), guard=Hook(guard))
    assert again(lamp(transitions=(line,)))["dark"].transitions == (line,)


def test_scxml_operators_are_the_data_models() -> None:
    """With an ECMAScript data model, operators and constants are written as it has them."""
    text = (
        '<scxml {}><state id="a"><onentry><send event="e"><param name="p" expr="[true]"/></send>'
        '</onentry><transition event="e" cond="!In(\'a\') &amp;&amp; (x || y)"/></state></scxml>'
    )
    script = scxml.dumps(scxml.loads(text.format('datamodel="ecmascript"')))
    python = scxml.dumps(scxml.loads(text.format("")))
    assert "cond=\"!In('a') &amp;&amp; (x || y)\"" in script
    assert 'expr="[true]"' in script
    assert "cond=\"not In('a') and (x or y)\"" in python
    assert 'expr="[True]"' in python


def same(m: Moment[Any, Any, Any]) -> Any:
    return m.context


def code(m: Moment[Any, Any, Any]) -> bool:
    return m is not None


def test_scxml_losses_are_told_all_at_once() -> None:
    """A chart that SCXML cannot hold is refused in one error that names all losses."""

    class Typed(Statechart[Go, Note]):
        class outer(Compound[Note], initial=True):
            inner = State(initial=True, resting=True)
            inner.stay(on=Go, when=code, update=same)

    with pytest.raises(LossError) as caught:
        scxml.dumps(Typed.chart)
    assert str(caught.value).split("\n") == [
        (
            "[SC671] Typed: SCXML cannot hold all of this chart. "
            "Pass allow=('SC671', 'SC672') to write it without."
        ),
        (
            "  [SC671] Typed: the classes of the events go are left out. "
            "Name events by their names alone."
        ),
        "  [SC671] Typed: the context Note is left out. Keep it where the chart is run.",
        "  [SC671] Typed: the data Note of 'outer' is left out. Keep it where the chart is run.",
        (
            "  [SC671] Typed: update=same of a transition of 'outer.inner' is left out. "
            "Make it a named action."
        ),
        (
            "  [SC672] Typed: the guard 'code' is code, and only its name is written. "
            "Bind a function to the name once it is read again."
        ),
    ]


@pytest.mark.parametrize(
    ("chart", "loss"),
    [
        (lamp(entry=(Hook(code),)), "SC672.*the action 'code' is code"),
        (doing(Raise(Go(2))), "SC671.*the event class Go is written by its name"),
        (doing(Send(NamedEvent("x"), timedelta(0))), "SC673.*SCXML cannot say 'send x in 0 s'"),
        (doing(Raise(NamedEvent("x", {"a": b""}))), "SC671.*a=b'' is not plain data"),
        (lamp(entry=(Hook(Choose(())),)), "SC673.*a choice without branches"),
        (
            lamp(entry=(Hook(Choose((Branch(Hook(Not(Hook(code))), ()),))),)),
            "SC672.*the guard 'not code' is code",
        ),
        (lamp(doc="\x00"), "SC674.*holds a character that XML cannot"),
        (lamp(meta={"a": {1}}), "SC675.*the meta 'a' of 'dark' is not plain data"),
        (
            lamp(transitions=(Transition("dark", OnEvent(("a b",)), ("lit",)),)),
            "SC674.*a transition cannot use the event name 'a b'; it is written 'a_b'",
        ),
    ],
)
def test_scxml_losses_are_told_unless_they_are_allowed(chart: Chart, loss: str) -> None:
    """Each loss is an error that its code allows."""
    with pytest.raises(LossError, match=f"(?s){loss}"):
        scxml.dumps(chart)
    assert isinstance(again_whole(chart), StateNode)


def again_whole(chart: Chart) -> StateNode:
    return scxml.loads(scxml.dumps(chart, allow="*")).root


def test_scxml_bound_names_are_written_as_names() -> None:
    """A name that is bound to a function is written as well."""
    line = Transition("dark", Always(), ("lit",), guard=Hook(Named("ready")))
    open_ = lamp(transitions=(line,), entry=(Hook(Give(Action("ring"))),))
    bound = open_.bind(guards={"ready": code}, actions={"ring": lambda m: None})
    assert scxml.dumps(bound) == scxml.dumps(open_)


def test_scxml_histories_go_to_states_by_default() -> None:
    """The default of a history that goes to another history is written without the detour."""
    text = (
        '<scxml><state id="a" initial="b"><history id="h"><transition target="b"/></history>'
        '<history id="i"><transition target="b"/></history><state id="b"/></state></scxml>'
    )
    chart = scxml.loads(text)
    h = chart["a.h"]
    assert h.default is not None
    lead = evolve(h, default=evolve(h.default, targets=("a.i",)))
    led = evolve(chart, states=tuple(lead if node is h else node for node in chart))
    with pytest.raises(LossError, match=r"SC673\] chart: history 'a.h' goes to another by defau"):
        scxml.dumps(led)
    assert scxml.loads(scxml.dumps(led, allow="*")) == chart


def test_scxml_name_that_asks_for_an_unknown_state_is_written_as_a_name() -> None:
    """A condition that is in doubt as a whole is not refused for a state that it asks for."""
    line = Transition("dark", OnEvent(("go",)), ("lit",), guard=Hook(Named("In('x') and a ? b")))
    assert again(lamp(transitions=(line,)))["dark"].transitions == (line,)


@pytest.mark.parametrize(
    "script", ["if (a < b && c > d) go()", 'document.write("<b></b>")', "<go/>", "a\n  b"]
)
def test_scxml_scripts_are_written_as_text(script: str) -> None:
    """A script stays text, however much it looks like markup, on entry as at the start."""
    text = (
        f"<scxml><script><![CDATA[{script}]]></script><state><onentry><script><![CDATA[{script}]]>"
    )
    chart = scxml.loads(f"{text}</script></onentry></state></scxml>")
    root = ET.fromstring(scxml.dumps(chart))
    assert [one.text for one in root.iter(f"{SCXML}script")] == [script, script]
    assert again(chart) == chart


def test_scxml_content_of_documents_without_a_namespace_gets_one() -> None:
    """The content of ``<foreach>`` and ``<finalize>`` is SCXML's, with or without the namespace."""
    chart = scxml.loads(
        '<scxml><state id="a"><onentry><foreach array="x" item="y"><log expr="y"/></foreach>'
        '</onentry><invoke id="i"><finalize><log expr="z"/></finalize></invoke></state></scxml>'
    )
    root = ET.fromstring(scxml.dumps(chart))
    assert [one.get("expr") for one in root.iter(f"{SCXML}log")] == ["y", "z"]
    assert again(chart) == chart


def test_scxml_final_state_that_is_a_region_is_a_loss() -> None:
    """SCXML has no final state right inside a parallel one: it is written as an ordinary state."""
    chart = scxml.loads(
        '<scxml><parallel id="p"><state id="a"/><state id="b"/><onentry/></parallel></scxml>'
    )
    ring = (Hook(Give(Action("ring"))), Hook(Give(Action("donedata"))))
    states = tuple(
        evolve(node, kind=StateKind.FINAL, entry=ring) if node.id == "p.b" else node
        for node in chart
    )
    with pytest.raises(
        LossError, match=r"SC673\] chart: the final state 'p.b' is a region, and is"
    ):
        scxml.dumps(evolve(chart, states=states))
    read = scxml.loads(scxml.dumps(evolve(chart, states=states), allow="*"))
    assert (read["p.b"].kind, read["p.b"].entry) == (StateKind.ATOMIC, ring)


def test_scxml_hooks_of_a_history_are_a_loss() -> None:
    """A history is never entered nor left: its actions are left out."""
    chart = scxml.loads(
        '<scxml><state id="a"><history id="h"><transition target="b"/></history>'
        '<state id="b"/></state></scxml>'
    )
    ring = (Hook(Give(Action("ring"))),)
    states = tuple(
        evolve(node, entry=ring, exit=ring) if node.id == "a.h" else node for node in chart
    )
    with pytest.raises(LossError, match=r"SC673\] chart: the entry and exit actions of history"):
        scxml.dumps(evolve(chart, states=states))
    assert scxml.loads(scxml.dumps(evolve(chart, states=states), allow="*")) == chart


def test_scxml_that_reading_would_refuse_is_a_loss() -> None:
    """A chart with a fault of its own is not written without a word."""
    line = Transition("dark", After(timedelta(seconds=-1), "t"), ("lit",))
    with pytest.raises(LossError, match=r"SC673\] lamp: the document would be refused: 'delay' is"):
        scxml.dumps(lamp(transitions=(line,)))
