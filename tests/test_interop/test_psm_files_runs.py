"""Charts from YAML and JSON do here what python-statemachine does with the same text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import statemachine.io

from statecharts import Chart, Machine, NamedEvent
from statecharts.interop.python_statemachine import load, loads
from statecharts.model.effects import Action

SAMPLES = Path(__file__).parent / "samples" / "python_statemachine"
Turn = tuple[tuple[str, ...], tuple[str, ...]]


class Model:
    """Has every method that a text names: tells its name, and answers as it is told to."""

    def __init__(self, names: set[str], answers: dict[str, bool]) -> None:
        self.told: list[str] = []
        self.state: Any = None
        for name in names:
            setattr(self, name, self._telling(name))
        for name, answer in answers.items():
            setattr(self, name, answer)

    def _telling(self, name: str) -> Any:
        def method() -> None:
            self.told.append(name)

        method.__qualname__ = name
        return method


def theirs(text: str, form: str, events: tuple[str, ...], **answers: bool) -> list[Turn]:
    """Return what their machine does."""
    names = {effect for _, told in ours(text, form, events, **answers) for effect in told}
    chart = loads(text, format=form)
    model = Model(names | set(chart.unbound_actions) - {"log"}, answers)
    machine: Any = statemachine.io.load(text, format=form)(model=model)

    def turn() -> Turn:
        told = tuple(model.told)
        model.told.clear()
        return tuple(sorted(machine.configuration_values)), told

    found = [turn()]
    for event in events:
        machine.send(event)
        found.append(turn())
    return found


def ours(text: str, form: str, events: tuple[str, ...], **answers: bool) -> list[Turn]:
    """Return what our machine does."""
    chart: Chart = loads(text, format=form)
    guards = {name: (lambda m, a=answer: a) for name, answer in answers.items()}
    known = {name: guard for name, guard in guards.items() if name in chart.unbound_guards}
    machine = Machine(chart.bind(guards=known, default=True))
    told: list[str] = []

    def note(step: Any) -> None:
        told.extend(effect.name for effect in step.effects if isinstance(effect, Action))

    note(machine.started)
    machine.subscribe(note)

    def turn() -> Turn:
        said = tuple(name for name in told if name != "log")
        told.clear()
        return tuple(sorted(chart[state].name for state in machine.configuration)), said

    found = [turn()]
    for event in events:
        machine.send(NamedEvent(event))
        found.append(turn())
    return found


NESTED = """
states:
  work:
    initial: true
    states:
      writing:
        initial: true
        transitions: [{event: submit, target: reviewing}]
      reviewing:
        transitions: [{event: approve, target: shipped}]
  shipped: {final: true}
"""
LISTS = """
states:
  a:
    enter: [one, two]
    exit: three
    transitions:
      - {event: go, target: b, cond: [yes_1, yes_2], unless: no_1, on: [four, five]}
      - {event: go, target: c}
  b: {enter: six}
  c: {}
"""
CHAIN = """
states:
  a:
    transitions: [{event: begin, target: b, on: [{raise: next}, {send: {event: last}}]}]
  b:
    enter: [{raise: after}]
    transitions: [{event: next, target: c}]
  c:
    transitions: [{event: after, target: d}, {event: last, target: a}]
  d:
    transitions: [{event: last, target: e}]
  e:
    transitions: [{target: f, cond: "In('e')"}]
  f: {}
"""
IF = """
states:
  a:
    enter:
      - if:
          cond: "In('b')"
          then: [{raise: never}]
          elif: [{cond: "In('a')", then: [{raise: second}]}]
          else: [{raise: third}]
    transitions: [{event: never, target: b}, {event: second, target: c}, {event: third, target: d}]
  b: {}
  c: {}
  d: {}
"""
DEFAULTS = """
states:
  out:
    initial: true
    transitions: [{event: in, target: box}, {event: back, target: h}]
  box:
    transitions:
      - {target: right, initial: true, on: opened}
      - {event: leave, target: out}
    states:
      left: {}
      right:
        initial: true
        transitions: [{event: go, target: left}]
    history:
      h: {type: deep, transitions: [{target: right}]}
"""


@pytest.mark.parametrize(
    ("text", "events", "answers"),
    [
        (NESTED, ("submit", "nothing", "approve"), {}),
        (LISTS, ("go",), {"yes_1": True, "yes_2": True, "no_1": False}),
        (LISTS, ("go",), {"yes_1": True, "yes_2": False, "no_1": False}),
        (LISTS, ("go",), {"yes_1": True, "yes_2": True, "no_1": True}),
        (CHAIN, ("begin",), {}),
        (IF, (), {}),
        (DEFAULTS, ("in", "go", "leave", "back", "leave", "in"), {}),
        (DEFAULTS, ("back",), {}),
    ],
)
def test_texts_do_the_same(text: str, events: tuple[str, ...], answers: dict[str, bool]) -> None:
    """Configurations and the order of named actions agree, event by event."""
    assert ours(text, "yaml", events, **answers) == theirs(text, "yaml", events, **answers)


@pytest.mark.parametrize(
    ("name", "events", "answers"),
    [
        ("toggle.yaml", ("flip", "flip", "flip"), {}),
        ("toggle.json", ("flip", "flip", "flip"), {}),
        ("regions.yaml", ("fight", "march.on", "anything"), {}),
        ("regions.yaml", ("flee", "to arms", "march", "fight"), {}),
    ],
)
def test_samples_do_the_same(name: str, events: tuple[str, ...], answers: dict[str, bool]) -> None:
    """The files beside this test agree as well; only the order in regions may differ."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    form = "json" if name.endswith("json") else "yaml"
    here = ours(text, form, events, **answers)
    there = theirs(text, form, events, **answers)
    assert [(active, sorted(told)) for active, told in here] == [
        (active, sorted(told)) for active, told in there
    ]


@pytest.mark.parametrize("approves", [True, False])
def test_review_does_the_same_but_for_what_is_told(approves: bool) -> None:
    """``before`` and ``after`` are done at their transition, as the warning says."""
    text = (SAMPLES / "review.yaml").read_text(encoding="utf-8")
    events = ("submit", "pause", "resume", "submit", "decide")
    here = ours(text, "yaml", events, approves=approves)
    there = theirs(text, "yaml", events, approves=approves)
    assert [(active, sorted(told)) for active, told in here] == [
        (active, sorted(told)) for active, told in there
    ]
    assert here[1][1] == ("validate", "persist", "notify", "summon")
    assert there[1][1] == ("validate", "persist", "summon", "notify")
    assert [w.code for w in load(SAMPLES / "review.yaml").warnings] == ["SC652"]
