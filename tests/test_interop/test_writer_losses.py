"""Writers: one thing that a format cannot hold, in charts of which it holds all else."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from statecharts import Chart
from statecharts.interop import scxml, xstate
from statecharts.interop.findings import LossError
from statecharts.model.chart import (
    HISTORY,
    Always,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import Action, CancelTimer, Service
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Branch, Choose, Give, Holds, Named, Not
from statecharts.model.nodes import Invocation
from tests.proof import cases
from tests.test_interop.scxml_charts import random_chart
from tests.test_interop.test_xstate_writing import rich
from tests.test_interop.whole_charts import Ask, Bang, Colour, Fact, code, sound

DOORS = {"scxml": scxml, "xstate": xstate}
SEEDS = 80

Change = Callable[[StateNode], StateNode]

RING: Final = Hook(Give(Action("ring")))
NEVER: Final = Hook(Holds(value=False))
CODE: Final = Hook(code)
COMPOUND: Final = frozenset({StateKind.COMPOUND})
LIVING: Final = frozenset({StateKind.ATOMIC, StateKind.PARALLEL, *COMPOUND})
ANY: Final = frozenset({*LIVING, StateKind.FINAL})


@frozen
class Thing:
    """One thing that a chart may hold.

    Attributes:
        kinds: The kinds of states that it is tried in.
        given: Puts it into a state.
        left: Puts what is left of it there, where something is lost or is meant to go.
        scxml: The code of the loss when it is written as SCXML; empty when nothing is lost.
        xstate: Likewise for XState.
        told: Whether it comes back as it was, when no loss is told.
    """

    kinds: frozenset[StateKind]
    given: Change
    left: Change
    scxml: str = ""
    xstate: str = ""
    told: bool = True


def replaced(node: StateNode, **fields: Any) -> StateNode:
    return evolve(node, **fields)


def has(**fields: Any) -> Change:
    """Return a change of a state; tuples are appended, dictionaries added."""

    def change(node: StateNode) -> StateNode:
        for key, value in fields.items():
            old = getattr(node, key)
            whole = (*old, *value) if isinstance(value, tuple) else value
            said: Any = {**old, **value} if isinstance(value, dict) else whole
            node = replaced(node, **{key: said})
        return node

    return change


def line(trigger: Trigger | None = None, guard: Hook | None = NEVER, **more: Any) -> Change:
    """Return a change that gives a state one more transition."""

    def change(node: StateNode) -> StateNode:
        fields = {"kind": TransitionKind.INTERNAL, "emit": (RING,), "guard": guard, **more}
        added = Transition(node.id, trigger or Always(), **fields)
        return evolve(node, transitions=(*node.transitions, added))

    return change


def default(**more: Any) -> Change:
    """Return a change of a state's default; it is made to lead to the state where it has none."""

    def change(node: StateNode) -> StateNode:
        old = node.default or Transition(node.id, Default(), (node.id,))
        return evolve(node, default=evolve(old, **more))

    return change


def called(service: Service) -> Change:
    """Return a change that gives a state one more call, of a service."""
    return has(invoke=(Invocation("ask", Service, Hook(Give(service))),))


def same(node: StateNode) -> StateNode:
    return node


THINGS: dict[str, Thing] = {
    "entry of a history": Thing(HISTORY, has(entry=(RING,)), same, "SC673"),
    "exit of a history": Thing(HISTORY, has(exit=(RING,)), same, "SC673"),
    "a history that rests": Thing(HISTORY, has(resting=True), same, "", "SC675"),
    "data of a history": Thing(HISTORY, has(data=Fact), same, "SC671", "SC671"),
    "meta of a history": Thing(HISTORY, has(meta={"zz": 1}), same),
    "a default that is guarded": Thing(
        frozenset({*COMPOUND, *HISTORY}), default(guard=NEVER), same, "SC673", "SC673"
    ),
    "a default that is internal": Thing(
        COMPOUND, default(kind=TransitionKind.INTERNAL), same, "SC673", "SC673"
    ),
    "a default that updates": Thing(COMPOUND, default(update=CODE), same, "SC673", "SC673"),
    "a default of a final state": Thing(
        frozenset({StateKind.FINAL}), default(), same, "SC673", "SC673"
    ),
    "a default of a parallel state": Thing(
        frozenset({StateKind.PARALLEL}), default(emit=(RING,)), same, "SC673", "SC673"
    ),
    "data": Thing(ANY, has(data=Fact), same, "SC671", "SC671"),
    "meta that is no data": Thing(ANY, has(meta={"zz": Colour.RED}), same, "SC675", "SC675"),
    "meta that is": Thing(ANY, has(meta={"zz": [1]}), same),
    "an entry that is code": Thing(
        ANY, has(entry=(CODE,)), has(entry=(Hook(Give(Action("code"))),)), "SC672", "SC672"
    ),
    "an exit that is code, and named": Thing(
        ANY,
        has(exit=(Hook(code, "tidy up"),)),
        has(exit=(Hook(Give(Action("tidy up"))),)),
        "SC672",
        "SC672",
    ),
    "an effect of one's own": Thing(
        ANY,
        has(entry=(Hook(Give(Bang())),)),
        has(entry=(Hook(Give(Action("Bang"))),)),
        "SC672",
        "SC672",
    ),
    "an effect of the run's own": Thing(
        ANY,
        has(exit=(Hook(Give(CancelTimer("t"))),)),
        has(exit=(Hook(Give(Action("CancelTimer"))),)),
        "SC672",
        "SC672",
    ),
    "an action with a name beside its own": Thing(
        ANY, has(entry=(Hook(Give(Action("ring")), "bell"),)), has(entry=(RING,)), "SC675", "SC675"
    ),
    "a function behind a name": Thing(
        ANY, has(entry=(Hook(Bound(Give(Action("ring")), code)),)), has(entry=(RING,)), told=False
    ),
    "a service": Thing(LIVING, called(Service("ask", {"n": 1})), called(Service("ask", {"n": 1}))),
    "a call of a class": Thing(
        LIVING, has(invoke=(Invocation("ask", Ask),)), called(Service("ask")), "SC671", "SC671"
    ),
    "a call that is code": Thing(
        LIVING,
        has(invoke=(Invocation("ask", Service, CODE),)),
        called(Service("ask")),
        "SC672",
        "SC672",
    ),
    "a line that defers": Thing(
        LIVING,
        line(OnEvent(("late",)), kind=TransitionKind.DEFERRED, emit=(), guard=None),
        same,
        "SC673",
        "SC673",
    ),
    "a choice of nothing": Thing(
        ANY,
        has(entry=(Hook(Choose(())),)),
        has(entry=(Hook(Choose((Branch(NEVER, ()),))),)),
        "SC673",
    ),
    "a guard that is code": Thing(
        LIVING, line(guard=CODE), line(guard=Hook(Named("code"))), "SC672", "SC672"
    ),
    "a guard with a name beside its own": Thing(
        LIVING,
        line(guard=Hook(Not(Hook(Named("ready"), "set")))),
        line(guard=Hook(Not(Hook(Named("ready"))))),
        "SC675",
        "SC675",
    ),
    "a function behind a guard's name": Thing(
        LIVING,
        line(guard=Hook(Bound(Named("ready"), code))),
        line(guard=Hook(Named("ready"))),
        told=False,
    ),
    "a line that makes data": Thing(
        LIVING,
        lambda node: has(data=Fact)(line(make=CODE)(node)),
        line(),
        "SC671",
        "SC671",
    ),
    "a line that waits for nothing": Thing(LIVING, line(OnEvent(())), same, "SC673", "SC673"),
}


def put(chart: Chart, state: str, change: Change) -> Chart:
    root, *states = (change(n) if n.id == state else n for n in chart.nodes.values())
    return evolve(chart, root=root, states=tuple(states))


def told(name: str, chart: Chart) -> set[str]:
    """Return the codes of what a format cannot hold of a chart."""
    try:
        DOORS[name].dumps(chart)
    except LossError as error:
        return {loss.code for loss in error.losses}
    return set()


@functools.cache
def base(name: str, seed: int) -> Chart | None:
    """Return a chart of which a format can hold everything; None where the seed has another."""
    chart = random_chart(seed) if name == "scxml" else xstate.loads(json.dumps(rich(seed)))
    return chart if sound(chart) and not told(name, chart) else None


@pytest.mark.sampled(22)
@pytest.mark.parametrize("most", cases([2, 12], long=lambda most: most > 2))
@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("name", DOORS)
def test_writers_lose_nothing_but_what_they_tell(name: str, thing: str, most: int) -> None:
    """One loss is told, and all else comes back: what is read is the chart without that thing."""
    this, door, found = THINGS[thing], DOORS[name], 0
    code_ = getattr(this, name)
    for seed in range(SEEDS):
        if found == most:
            break
        chart = base(name, seed)
        if chart is None:
            continue
        states = [node.id for node in chart.nodes.values() if node.kind in this.kinds]
        if not states:
            continue
        state = random.Random(seed).choice(states)
        given, left = put(chart, state, this.given), put(chart, state, this.left)
        expected = left if code_ or not this.told else given
        if not sound(given) or told(name, expected):
            continue
        found += 1
        assert told(name, given) == ({code_} if code_ else set()), chart.name
        assert door.loads(door.dumps(given, allow="*")) == expected, chart.name
    assert found >= min(most, 5)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda chart: evolve(chart, context=Fact), ("SC671", "SC671")),
        (lambda chart: evolve(chart, closed=True), ("", "SC671")),
        (lambda chart: put(chart, "", has(name="other")), ("SC674", "SC674")),
        (lambda chart: put(chart, "", has(resting=True)), ("", "SC675")),
    ],
)
@pytest.mark.parametrize("name", DOORS)
def test_writers_lose_nothing_of_the_chart_but_what_they_tell(
    name: str, change: Callable[[Chart], Chart], codes: tuple[str, str]
) -> None:
    """Keys of the chart itself are kept, or reported as lost."""
    chart = xstate.loads('{"id": "m", "initial": "a", "states": {"a": {"on": {"E": "a"}}}}')
    code_ = codes[list(DOORS).index(name)]
    given = change(chart)
    assert told(name, given) == ({code_} if code_ else set())
    read = DOORS[name].loads(DOORS[name].dumps(given, allow="*"))
    assert read == (chart if code_ else given)
