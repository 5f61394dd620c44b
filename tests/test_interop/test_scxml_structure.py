"""SCXML: states, transitions, defaults and documentation, as documents say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts import Chart, Machine, NamedEvent
from statecharts.interop import scxml
from statecharts.model.chart import Always, Done, OnEvent, StateKind, TransitionKind

SAMPLES = Path(__file__).parent / "samples" / "scxml"
START = datetime(2026, 1, 1, tzinfo=UTC)


def read(inside: str, attributes: str = "") -> Chart:
    """Return the chart of the content of an ``<scxml>``."""
    head = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'
    return scxml.loads(f"{head} {attributes}>{inside}</scxml>")


def test_scxml_sample_runs_as_it_reads() -> None:
    """A document with all of it runs, time included."""
    machine: Machine[Any, None] = Machine(scxml.load(SAMPLES / "kettle.scxml"), at=START)
    assert "kettle.water.empty" in machine.snapshot
    machine.send(NamedEvent("fill"))
    assert "kettle.lamp.lamp_on" in machine.snapshot
    machine.advance(timedelta(seconds=1.5))
    assert "kettle.water.heating.warm" in machine.snapshot
    machine.send(NamedEvent("pause"))
    assert "kettle.lamp.lamp_off" in machine.snapshot
    machine.send(NamedEvent("resume"))
    assert "kettle.water.heating.warm" in machine.snapshot
    machine.send(NamedEvent("boil"))
    assert "kettle.water.ready" in machine.snapshot
    machine.send(NamedEvent("unplug"))
    assert machine.configuration == ("unplugged",)


def test_scxml_states_stand_in_document_order() -> None:
    """Children of different kinds keep the order in which the document has them."""
    chart = read(
        '<final id="f"/><state id="a"><history id="h"><transition target="b"/></history>'
        '<parallel id="p"><state id="q"/><state id="r"/></parallel><state id="b"/></state>',
        'initial="a"',
    )
    assert [node.id for node in chart] == ["f", "a", "a.h", "a.p", "a.p.q", "a.p.r", "a.b"]
    assert chart["a"].kind is StateKind.COMPOUND
    assert chart["a.h"].kind is StateKind.SHALLOW_HISTORY


def test_scxml_default_is_the_first_child_in_document_order() -> None:
    """A state without an initial child begins with its first, whatever its kind."""
    chart = read(
        '<state id="a"><history id="h"><transition target="c"/></history>'
        '<parallel id="b"><state id="x"/><state id="y"/></parallel><state id="c"/></state>'
    )
    assert chart.root.initial == ("a",)
    assert chart["a"].initial == ("a.b",)


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        ("", 'initial="x2 y2"'),
        ('<initial><transition target="x2 y2"/></initial>', ""),
    ],
)
def test_scxml_initial_names_several_states(inside: str, attributes: str) -> None:
    """A chart may begin in one state of each region, by attribute or by element."""
    chart = read(
        f'{inside}<parallel id="p"><state id="x"><state id="x1"/><state id="x2"/></state>'
        '<state id="y"><state id="y1"/><state id="y2"/></state></parallel>',
        attributes,
    )
    assert chart.root.initial == ("p.x.x2", "p.y.y2")


def test_scxml_initial_element_does_what_it_holds() -> None:
    """Content of an initial transition is kept, and executed after the entry of its state."""
    chart = read(
        '<state id="a"><onentry><raise event="one"/></onentry>'
        '<initial><transition target="b"><raise event="two"/></transition></initial>'
        '<state id="b"><transition event="one" target="c"/></state>'
        '<state id="c"><transition event="two" target="d"/></state><state id="d"/></state>'
    )
    assert Machine(chart, at=START).configuration == ("a", "a.d")


def test_scxml_states_without_an_id_get_names() -> None:
    """States without an id are counted by their kind, past ids that are taken."""
    chart = read('<state/><state id="state_2"/><state/><final/>')
    assert [node.id for node in chart] == ["state_1", "state_2", "state_3", "final_1"]


def test_scxml_name_is_kept_where_an_id_cannot_hold_it() -> None:
    """A dot in an id is part of the name, not of the path."""
    chart = read('<state id="a.b"><transition event="e" cond="In(\'a.b\')" target="a.b"/></state>')
    assert (chart["a_b"].name, chart["a_b"].transitions[0].targets) == ("a.b", ("a_b",))


def test_scxml_completion_event_of_the_state_itself_is_a_completion_transition() -> None:
    """Only ``done.state.ID`` alone, on ID, is one; elsewhere it is an event like others."""
    chart = read(
        '<state id="a"><transition event="done.state.a" target="z"/>'
        '<transition event="done.state.a go" target="z"/>'
        '<transition event="done.state.z" target="z"/><final id="e"/></state><state id="z"/>'
    )
    first, second, third = (line.trigger for line in chart["a"].transitions)
    assert isinstance(first, Done)
    assert second == OnEvent(("done.state.a", "go"))
    assert third == OnEvent(("done.state.z",))


def test_scxml_transitions_keep_their_kind() -> None:
    """Internal, eventless and targetless transitions are what they are written as."""
    chart = read(
        '<state id="a"><transition type="internal" event="i" target="b"/>'
        '<transition cond="In(\'z\')" target="z"/><transition event="e *.x"/>'
        '<state id="b"/></state><state id="z"/>'
    )
    internal, eventless, targetless = chart["a"].transitions
    assert internal.kind is TransitionKind.INTERNAL
    assert isinstance(eventless.trigger, Always)
    assert (targetless.targets, targetless.kind) == ((), TransitionKind.EXTERNAL)


def test_scxml_without_a_namespace_is_taken_in() -> None:
    """The namespace may be left out, or have a prefix."""
    plain = scxml.loads('<scxml name="x"><state id="a"/></scxml>')
    prefixed = scxml.loads(
        '<s:scxml xmlns:s="http://www.w3.org/2005/07/scxml" name="x"><s:state id="a"/></s:scxml>'
    )
    assert plain == prefixed


def test_scxml_chart_is_called_by_its_name_or_its_file(tmp_path: Path) -> None:
    """A document without a name is called like its file; a text simply chart."""
    text = '<scxml><state id="a"/></scxml>'
    path = tmp_path / "door.scxml"
    path.write_text(text)
    assert (scxml.load(path).name, scxml.loads(text).name) == ("door", "chart")


def test_scxml_places_are_lines_of_the_file() -> None:
    """States and transitions know their lines."""
    chart = scxml.load(SAMPLES / "kettle.scxml")
    assert chart["kettle.water.empty"].location == f"{SAMPLES / 'kettle.scxml'}:7"
    assert chart["kettle.water.empty"].transitions[0].location == f"{SAMPLES / 'kettle.scxml'}:8"


def test_scxml_of_others_is_kept_as_documentation() -> None:
    """Additions of editors are kept in the meta, wherever they were, and reported once a kind."""
    chart = scxml.load(SAMPLES / "editor.scxml")
    qt = "{http://www.qt.io/2015/02/scxml-ext}"
    assert chart.root.meta["datamodel"] == "ecmascript"
    assert chart["clean"].meta[f"{qt}colour"] == "grün"
    assert chart["clean"].meta["elements"][0]["attributes"] == {
        "geometry": "100;50;-60;-50;120;100"
    }
    note = {"elements": [{"element": f"{qt}editorinfo", "attributes": {"movePoint": "1;2"}}]}
    assert chart["clean"].meta["inside"] == {"transition[1]": note}
    told = [str(fault) for fault in chart.warnings if fault.code == "SC651"]
    assert len(told) == 4
    assert "3 times in all" in told[1]


def test_scxml_texts_in_other_encodings_are_read() -> None:
    """UTF-16, and what the declaration names, are read as what they are."""
    text = '<?xml version="1.0" encoding="{}"?><scxml><state id="größe"/></scxml>'
    for encoding in ("UTF-8", "UTF-16", "UTF-16-LE", "ISO-8859-1", "windows-1252"):
        data = text.format(encoding).encode(encoding)
        assert scxml.loads(data)["größe"].kind is StateKind.ATOMIC  # type: ignore[arg-type]


def test_scxml_attributes_that_there_are_not_are_warned_of() -> None:
    """A misspelt attribute means nothing, as in any XML; the warning says what was meant."""
    chart = read('<state id="a" initiol="c"><state id="b"/><state id="c"/></state>')
    assert chart["a"].initial == ("a.b",)
    assert chart["a"].meta == {"initiol": "c"}
    told = [str(fault) for fault in chart.warnings if fault.code == "SC651"]
    assert told == [
        (
            "[SC651] <text>:1 <state id='a'>: <state> has no attribute 'initiol'; it is kept as "
            "documentation. Did you mean 'initial'?"
        )
    ]


def test_scxml_only_states_are_put_around_all_others() -> None:
    """Another element with the mark of such a state is what it is without."""
    mark = 'xmlns:my="urn:my" xmlns:sc="urn:statecharts:scxml:1" sc:root="true"'
    chart = read(f'<my:note {mark}/><script {mark}>f()</script><state id="a"/>')
    assert [node.id for node in chart] == ["a"]
