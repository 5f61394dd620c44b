"""XState: charts written as machines of v5, and read again."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from machines.pipeline import Pipeline
from statecharts.checks import faults
from statecharts.interop import xstate
from statecharts.interop.findings import LossError
from statecharts.model.chart import Chart, OnEvent, Transition, TransitionKind
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Choose, Give, Holds, In, Named, Not
from tests.oracle.random_charts import random_chart
from tests.proof import shards
from tests.test_interop.xstate_machines import Maker

GUARDS: list[Any] = [
    "isReady",
    {"type": "atLeast", "params": {"count": 3, "of": ["a", None]}},
    {"type": "xstate.and", "params": {"guards": []}},
    {"type": "xstate.or", "params": {"guards": []}},
    {"type": "xstate.not", "params": {"guard": "isReady"}},
    {"type": "xstate.stateIn", "params": {"stateValue": "#m.a"}},
    {"type": "xstate.and", "params": {"guards": ["x", {"type": "or", "guards": ["y", "z"]}]}},
    "({ context }) => context.count > 3",
]
ACTIONS: list[Any] = [
    "notify",
    {"type": "track", "params": {"event": "seen", "deep": {"a": [1, 2.5, None, True]}}},
    {"type": "xstate.raise", "params": {"event": {"type": "A", "by": 2}}},
    {"type": "xstate.raise", "params": {"event": "B", "delay": 1500, "id": "later"}},
    {"type": "xstate.raise", "params": {"event": "B", "delay": 0.25}},
    {"type": "xstate.send", "params": {"event": {"type": "C"}, "id": "s"}},
    {"type": "xstate.sendTo", "params": {"to": "child", "event": "PING", "delay": 10}},
    {"type": "xstate.cancel", "params": {"sendId": "later"}},
    {"type": "xstate.assign", "assignment": {"count": 3}},
    {"type": "xstate.log", "label": "hm"},
    {"type": "xstate.spawnChild", "params": {"src": "worker", "id": "w", "input": {"n": 1}}},
    {"type": "xstate.stopChild", "params": {"id": "w"}},
    {
        "type": "xstate.choose",
        "params": {"conds": [{"guard": "isReady", "actions": ["go", "on"]}, {"actions": "wait"}]},
    },
    {"__tsx": "() => console.log('x')"},
]


def rich(seed: int) -> dict[str, Any]:
    """Return a random machine that uses all that a file can say."""
    maker = Maker(seed)
    rng = random.Random(f"rich {seed}")
    for path, state in maker.states.items():
        if path and rng.random() < 0.2:
            state["id"] = "own " + "-".join(path)
        describe(rng, state)
        kind = state.get("type")
        if kind == "final":
            state.update({"output": {"n": 1}} if rng.random() < 0.3 else {})
        elif kind != "history":
            act(rng, state)
        for line in state.get("on", {}).values():
            if isinstance(line, dict):
                enrich(rng, line)
    return {**maker.machine, "version": "1.0.0", "context": {"count": 0}}


def describe(rng: random.Random, state: dict[str, Any]) -> None:
    """Say what a state is for, here and there, and what it does on entry and exit."""
    if rng.random() < 0.3:
        state["description"] = rng.choice(["What it is for.", "Zeile\nzwei: ü 🎈", " "])
    if rng.random() < 0.3:
        state["meta"] = rng.choice([{"view": "Form"}, {"tags": [1]}, "text", [1, {"a": None}]])
    if rng.random() < 0.2:
        state["tags"] = ["busy", "red"]
    for key in ("entry", "exit"):
        if state.get("type") != "history" and rng.random() < 0.4:
            state[key] = rng.sample(ACTIONS, rng.randint(1, 3))


def act(rng: random.Random, state: dict[str, Any]) -> None:
    """Give a state services, delays and actions of its initial transition, here and there."""
    if rng.random() < 0.2:
        state["invoke"] = [
            {"src": "first", "input": {"a": [1]}, "onDone": {"actions": "a"}},
            {"src": "second", "id": "two", "systemId": "x", "onError": [{}]},
        ]
    if "initial" in state and rng.random() < 0.2 and "type" not in state:
        state["initial"] = {
            "target": state["initial"],
            "actions": rng.sample(ACTIONS, 2),
            "description": "first",
        }
    if rng.random() < 0.2:
        state["after"] = {"patience": {"actions": "x"}, "0.5": {"actions": "y"}, "70": {}}


def enrich(rng: random.Random, line: dict[str, Any]) -> None:
    """Give a transition guards, actions and documentation, here and there."""
    if rng.random() < 0.5:
        line["actions"] = rng.sample(ACTIONS, rng.randint(1, 3))
    if rng.random() < 0.4:
        line["guard"] = rng.choice(GUARDS)
    if rng.random() < 0.2:
        line |= {"description": "why", "meta": {"k": 1}}


@pytest.mark.parametrize("seeds", shards(6_000, 100, sample=8))
def test_machines_come_back_equal(seeds: range) -> None:
    """In, out and in again: an equal chart, of machines that use everything."""
    for seed in seeds:
        chart = xstate.loads(json.dumps(rich(seed)))
        text = xstate.dumps(chart)
        again = xstate.loads(text)
        assert again == chart, seed
        assert xstate.dumps(again) == text


@pytest.mark.parametrize("seeds", shards(1_500, 75, sample=6))
def test_charts_from_code_come_to_rest_in_the_format(seeds: range) -> None:
    """Whatever a chart is: what is written is read, and written again word for word."""
    for seed in seeds:
        chart = random_chart(seed)
        if any(fault.structural for fault in faults(chart)):
            continue
        text = xstate.dumps(chart, allow="*")
        again = xstate.loads(text)
        assert xstate.loads(xstate.dumps(again, allow="*")) == again, seed
        assert [n.id for n in again] == [n.id for n in chart]


DOOR = xstate.loads(
    '{"id": "door", "initial": "shut", "states": {"shut": {"on": {"PUSH": "open"}}, '
    '"open": {"initial": "wide", "states": {"wide": {}, "ajar": {}}, "on": {"PULL": "shut"}}}}'
)


def with_lines(chart: Chart, state: str, *lines: Transition) -> Chart:
    """Return a chart with other transitions of a state."""
    states = tuple(evolve(n, transitions=lines) if n.id == state else n for n in chart.states)
    return evolve(chart, states=states)


def line(event: str, *targets: str, **more: Any) -> Transition:
    return Transition("open", OnEvent((event,)), targets, **more)


INTERNAL, EXTERNAL = TransitionKind.INTERNAL, TransitionKind.EXTERNAL


@pytest.mark.parametrize(
    ("transition", "said"),
    [
        (line("E", "shut"), "shut"),
        (line("E", "open.ajar", kind=INTERNAL), ".ajar"),
        (line("E", "open.ajar", kind=EXTERNAL), {"target": ".ajar", "reenter": True}),
        (line("E", "open", kind=EXTERNAL), {"target": "open", "reenter": True}),
        (line("E", kind=TransitionKind.FORBIDDEN), {}),
        (
            line("E", kind=INTERNAL, emit=(Hook(Give(Action("x"))),)),
            {"actions": ["x"]},
        ),
    ],
)
def test_transitions_say_how_they_treat_their_source(transition: Transition, said: Any) -> None:
    """A transition that is external in SCXML has reenter in XState; others do not."""
    chart = with_lines(DOOR, "open", transition)
    held = json.loads(xstate.dumps(chart, allow=("SC671",)))
    assert held["states"]["open"]["on"] == {"E": said}
    assert xstate.loads(json.dumps(held))["open"] == chart["open"]


@pytest.mark.parametrize(
    "guard",
    [
        Named("ready"),
        Named("ready", {"n": 1}),
        In("open.ajar"),
        Not(Hook(In("shut"))),
        AllOf((Hook(Named("a")), Hook(AnyOf((Hook(Named("b")), Hook(Holds(False))))))),
        Holds(True),
    ],
)
def test_guards_come_back_equal(guard: Any) -> None:
    """Every guard that is data is written and read."""
    chart = with_lines(DOOR, "open", line("E", "shut", guard=Hook(guard)))
    again = xstate.loads(xstate.dumps(chart, allow=("SC671",)))
    assert again["open"].transitions == chart["open"].transitions


@pytest.mark.parametrize(
    "effect",
    [
        Raise(NamedEvent("E", {"a": 1})),
        Send(NamedEvent("E")),
        Send(NamedEvent("E"), timedelta(seconds=2), "x"),
        Send(NamedEvent("E"), None, None, "#_parent"),
        CancelSend("x"),
        Action("spawnChild", {"src": "source", "id": "i", "input": {"a": 1}}),
        Action("stopChild", {"id": "i"}),
        Action("a", {"b": [1]}),
    ],
)
def test_effects_come_back_equal(effect: Effect) -> None:
    """Every effect that is data is written and read."""
    chart = with_lines(DOOR, "open", line("F", "shut", emit=(Hook(Give(effect)),)))
    again = xstate.loads(xstate.dumps(chart, allow=("SC671",)))
    assert again["open"].transitions == chart["open"].transitions


def test_charts_of_code_are_not_written_without_leave() -> None:
    """Losses of the format are reported, and left out if that is allowed."""
    with pytest.raises(LossError, match=r"^\[SC671\] Pipeline: XState JSON cannot hold all of"):
        xstate.dumps(Pipeline.chart)
    again = xstate.loads(xstate.dumps(Pipeline.chart, allow="*"))
    assert [node.id for node in again] == [node.id for node in Pipeline.chart]


@frozen
class Custom(Effect):
    """An effect of one's own."""


LOSSES: dict[str, tuple[Chart, str]] = {
    "code": (
        with_lines(DOOR, "open", line("PUSH", "shut", guard=Hook(lambda m: True, "sure"))),
        (
            "[SC672] door: the guard 'sure' is code, and is written by its name. "
            "Name it, and bind the function to the name."
        ),
    ),
    "an effect of one's own": (
        with_lines(DOOR, "open", line("PUSH", "shut", emit=(Hook(Give(Custom())),))),
        (
            "[SC672] door: the action 'Custom' is code, and is written by its name. "
            "Name it, and bind the function to the name."
        ),
    ),
    "the order of wildcards": (
        with_lines(DOOR, "open", line("*", "shut"), line("PULL", "open.ajar")),
        ("[SC673] door: '*' comes before 'PULL' in 'open', and XState asks it later. Put it last."),
    ),
    "a transport": (
        with_lines(
            DOOR, "open", line("PULL", emit=(Hook(Give(Send(NamedEvent("PULL"), type="http"))),))
        ),
        ("[SC673] door: send PULL goes by the transport 'http'. Leave out the transport."),
    ),
    "a guard that is called like one of XState's": (
        with_lines(DOOR, "open", line("PULL", "shut", guard=Hook(Named("not", {"guard": "x"})))),
        (
            "[SC674] door: XState would take the guard 'not' for a built-in one, or ignore "
            "it. Rename it."
        ),
    ),
    "an event's own type": (
        with_lines(
            DOOR, "open", line("PULL", emit=(Hook(Give(Raise(NamedEvent("PULL", {"type": 1})))),))
        ),
        (
            "[SC674] door: the event 'PULL' has a field 'type', and that is its name in XState. "
            "Rename the field."
        ),
    ),
    "meta that is no data": (
        evolve(DOOR, root=evolve(DOOR.root, meta={"a": object})),
        (
            "[SC675] door: the meta 'a' of the chart is not plain data, and is left out. Use "
            "plain data."
        ),
    ),
    "events that are all there are": (
        evolve(DOOR, closed=True),
        ("[SC671] door: that the chart has no other events is not written. Leave the events open."),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_told(name: str) -> None:
    """Each thing that would be lost has its code, its place and its remedy."""
    chart, expected = LOSSES[name]
    with pytest.raises(LossError) as caught:
        xstate.dumps(chart)
    assert expected in [str(loss) for loss in caught.value.losses]
    code = expected[1:6]
    xstate.dumps(chart, allow={code, "SC671"})


def test_choices_are_written() -> None:
    """An <if> of SCXML is written as a choice, and comes back."""
    text = json.dumps(
        {"id": "m", "initial": "a", "states": {"a": {"entry": ACTIONS[-2], "on": {"E": "a"}}}}
    )
    (hook,) = xstate.loads(text)["a"].entry
    assert isinstance(hook.function, Choose)
    assert hook.name == "if isReady: go, on; else wait"
