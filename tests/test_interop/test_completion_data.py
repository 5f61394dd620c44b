"""Data that a final state of a file brings to the completion of its parent."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, frozen

from statecharts import Chart, Effect, Machine, NamedEvent
from statecharts.interop import python, python_statemachine, scxml, xstate
from statecharts.interop.findings import LossError
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import Give

REVIEW = """
<scxml name="review">
  <state id="reading" initial="open">
    <state id="open">
      <transition event="pass" target="passed"/>
      <transition event="fail" target="failed"/>
      <transition event="quote" target="quoted"/>
      <transition event="drop" target="dropped"/>
      <transition event="show" target="shown"/>
      <transition event="leave" target="left"/>
      <transition event="nothing" target="empty"/>
    </state>
    <final id="passed">
      <donedata><param name="marks" expr="3"/><param name="by" expr="['ada']"/></donedata>
    </final>
    <final id="failed"><donedata><content>too late</content></donedata></final>
    <final id="quoted"><donedata><content expr="'late'"/></donedata></final>
    <final id="dropped"><donedata><param name="marks" expr="Var1"/></donedata></final>
    <final id="shown"><donedata><content><b xmlns="">now</b></content></donedata></final>
    <final id="left"/>
    <final id="empty"><donedata/></final>
    <transition event="done.state.reading" target="over"/>
  </state>
  <final id="over"/>
</scxml>
"""
YAML = """
name: Review
states:
  reading:
    initial: true
    states:
      open:
        initial: true
        transitions: [{event: pass, target: passed}, {event: drop, target: dropped}]
      passed: {final: true, donedata: {params: [{name: marks, expr: "3"}]}}
      dropped: {final: true, donedata: {content: Var1}}
    transitions: [{event: done.state.reading, target: over}]
  over: {final: true}
"""


@frozen
class Seen(Effect):
    """The data of a completion event."""

    data: Any


def seen(chart: Chart, event: str) -> list[Effect]:
    """Return the effects of an event, with one that tells the data of the completion event."""
    tell = Hook(lambda m: Seen(m.event.data))
    node = chart["reading"]
    lines = tuple(evolve(line, emit=(tell,)) for line in node.transitions)
    states = (evolve(one, transitions=lines) if one is node else one for one in chart)
    return [*Machine(evolve(chart, states=tuple(states))).send(NamedEvent(event)).effects]


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("pass", {"marks": 3, "by": ["ada"]}),
        ("fail", "too late"),
        ("quote", "late"),
        ("drop", None),
        ("show", None),
        ("leave", None),
        ("nothing", None),
    ],
)
def test_donedata_that_is_literal_is_the_data_of_the_completion(event: str, data: Any) -> None:
    """The completion event has it; what needs a data model is an effect only, as all of it is."""
    *given, last = seen(scxml.loads(REVIEW), event)
    assert last == Seen(data)
    named = [effect.name for effect in given if isinstance(effect, Action)]
    assert named == ([] if event == "leave" else ["donedata"])


@pytest.mark.parametrize(("event", "data"), [("pass", {"marks": 3}), ("drop", None)])
def test_donedata_of_yaml_is_the_data_of_the_completion(event: str, data: Any) -> None:
    """The same in the files of python-statemachine."""
    assert seen(python_statemachine.loads(YAML), event)[-1] == Seen(data)


def test_donedata_that_nothing_evaluates_is_told() -> None:
    """A warning gives the place of the first expression; there is none if all is literal."""
    text = REVIEW.replace("Var1", "1")
    shown = '<content><b xmlns="">now</b></content>'
    assert not [w for w in scxml.loads(text.replace(shown, "")).warnings if w.code == "SC651"]
    (told,) = [w for w in scxml.loads(REVIEW).warnings if w.code == "SC651"]
    assert str(told) == (
        "[SC651] <text>:18 <donedata>: what it says about a data model is kept as names, and "
        "nothing evaluates it. Bind functions to them: chart.bind(guards={…}, actions={…})."
    )


def test_function_behind_donedata_leaves_the_completion_as_it_is() -> None:
    """A function bound to the action's name gives effects; the completion stays the same."""
    chart = scxml.loads(REVIEW).bind(actions={"donedata": lambda m, **_: Seen("bound")})
    assert seen(chart, "pass") == [Seen("bound"), Seen({"marks": 3, "by": ["ada"]})]


def test_donedata_comes_back_in_scxml_and_is_told_to_be_lost_elsewhere() -> None:
    """SCXML says it; the other formats say that they do not."""
    chart = scxml.loads(REVIEW)
    assert scxml.loads(scxml.dumps(chart)) == chart
    with pytest.raises(LossError, match=r"SC673\] review: 'reading.passed' is read back with anot"):
        xstate.dumps(chart)
    with pytest.raises(
        LossError, match=r"SC673\] review: what donedata\(.* brings to the completion"
    ):
        python.dumps(chart)
    with pytest.raises(
        LossError,
        match=r"SC673\] review: the completion data that donedata\(.* on entry of 'reading",
    ):
        python_statemachine.to_class(chart)


def test_scxml_action_that_brings_something_elsewhere_is_told() -> None:
    """SCXML has donedata at the end of a final state's entry, and for its own action only."""
    chart = scxml.loads(REVIEW)
    given = Hook(Give(Action("note"), (1,)))
    states = (evolve(one, entry=(given,)) if one.id == "over" else one for one in chart)
    with pytest.raises(LossError, match=r"SC673\] review: SCXML cannot say 'note' exactly"):
        scxml.dumps(evolve(chart, states=tuple(states)))
