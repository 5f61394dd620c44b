"""The YAML and JSON of python-statemachine: what becomes of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts import Chart, Kernel, Machine, NamedEvent
from statecharts.interop import files
from statecharts.interop.python_statemachine import load, loads
from statecharts.interop.syntax.located import plain
from statecharts.model.chart import Always, Done, OnEvent, StateKind, TransitionKind
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Raise, Send, Service
from statecharts.model.events import Answer, CallFailed
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Branch, Choose, Give, In, Named, Not

SAMPLES = Path(__file__).parent / "samples" / "python_statemachine"


def given(hooks: tuple[Hook, ...]) -> list[Any]:
    """Return the effects that constant actions give."""
    return [hook.function.effect for hook in hooks if isinstance(hook.function, Give)]


def test_yaml_and_json_of_one_chart_are_equal() -> None:
    """Both serialisations give the same chart, with the same name and documentation."""
    yaml, other = load(SAMPLES / "toggle.yaml"), load(SAMPLES / "toggle.json")
    assert yaml == other
    assert [node.name for node in yaml] == ["on", "off"]
    assert (yaml.name, yaml.doc) == ("Toggle", "A lamp that is on or off.")
    assert yaml["on"].transitions[0].targets == ("off",)
    assert given(yaml["on"].transitions[0].emit) == [Action("note_dark")]
    assert yaml["off"].location == f"{SAMPLES / 'toggle.yaml'}:11"
    assert other["off"].location == f"{SAMPLES / 'toggle.json'}:11"


def test_files_are_opened_by_their_extension() -> None:
    """The common door for files takes them, and names the chart after the file without a name."""
    assert list(files.load(SAMPLES / "toggle.json")) == ["Toggle"]
    assert list(files.load(SAMPLES / "review.yaml")) == ["review"]
    assert loads("states: {a: {}}").name == "statechart"


def test_structure_is_that_of_the_file() -> None:
    """Compound, history and final states, defaults, guards and lists of actions."""
    chart = load(SAMPLES / "review.yaml")
    assert [(node.id, node.kind) for node in chart] == [
        ("work", StateKind.COMPOUND),
        ("work.writing", StateKind.ATOMIC),
        ("work.reviewing", StateKind.ATOMIC),
        ("work.last", StateKind.SHALLOW_HISTORY),
        ("desk", StateKind.ATOMIC),
        ("approved", StateKind.FINAL),
    ]
    assert chart.root.initial == ("work",)
    assert chart["work"].initial == chart["work.last"].initial == ("work.writing",)
    submit = chart["work.writing"].transitions[0]
    assert given(submit.emit) == [Action("validate"), Action("persist"), Action("notify")]
    approve, reject = chart["work.reviewing"].transitions
    assert approve.guard == Hook(Named("approves"))
    refusals = (Hook(Not(Hook(Named("approves")))), Hook(Not(Hook(In("approved")))))
    assert reject.guard == Hook(AllOf(refusals))
    assert chart["desk"].transitions[0].targets == ("work.last",)
    found = [(w.code, w.found, w.where.rpartition(":")[2]) for w in chart.warnings]
    assert found == [
        (
            "SC652",
            "that library runs 'after' after all entries; here it comes after 'on'",
            "8 work.writing",
        )
    ]


def test_regions_completion_and_descriptors() -> None:
    """Parallel states, their completion, dotted and wildcard events, targetless transitions."""
    chart = load(SAMPLES / "regions.yaml")
    done, flee = chart["war"].transitions
    assert isinstance(done.trigger, Done)
    inside = Hook(In("war.battle.fighting"))
    outside = Hook(Not(Hook(In("war.road.arrived"))))
    assert flee.guard == Hook(AllOf((inside, outside)))
    (march,) = chart["war.road.marching"].transitions
    assert march.trigger == OnEvent(("march.*",))
    assert given(march.emit) == [Raise(NamedEvent("news")), Action("log", {"expr": "'there'"})]
    news = chart["war.battle.fighting"].transitions[1]
    assert (news.kind, news.targets) == (TransitionKind.INTERNAL, ())
    (anything,) = chart["camp"].transitions
    assert anything.guard == Hook(Named("_event.name != 'stay'"))
    assert [w.code for w in chart.warnings if w.code > "SC600"] == ["SC651"]


def test_what_needs_a_data_model_is_a_name() -> None:
    """Assignments, logs, scripts, computed values: actions by name, with what the file says."""
    chart = load(SAMPLES / "counter.yaml")
    assert given(chart.root.entry) == [Action("data", {"id": "count", "expr": "0"})]
    counting = chart["counting"]
    tick, enough, poke = counting.transitions
    assert given(tick.emit) == [Action("assign", {"location": "count", "expr": "count + 1"})]
    assert enough.targets == ("done",)
    assert given(poke.emit) == [
        Send(NamedEvent("note", {"n": 1})),
        Action("script", {"content": "count = 0"}),
    ]
    choose = counting.entry[0].function
    later = Send(NamedEvent("poke"), timedelta(seconds=5), "poke")
    assert choose == Choose(
        (
            Branch(Hook(Named("count > 2")), (Hook(Give(Raise(NamedEvent("enough")))),)),
            Branch(Hook(In("done")), (Hook(Give(CancelSend("poke"))),)),
            Branch(
                None,
                (
                    Hook(Give(Action("log", {"label": "count", "expr": "count"}))),
                    Hook(Give(later)),
                ),
            ),
        )
    )
    service = Service("child.yaml", {"start": 2, "at": {"location": "count"}})
    assert [(one.name, one.make) for one in counting.invoke] == [("kid", Hook(Give(service)))]
    data = Action("donedata", {"params": {"total": {"expr": "count"}}})
    assert given(chart["done"].entry) == [data]
    (warning,) = [w for w in chart.warnings if w.code == "SC651"]
    assert str(warning).endswith(
        "counter.yaml:2: content that needs a data model is kept as names, and never evaluated. "
        "Bind functions to them: chart.bind(guards={…}, actions={…})."
    )


def test_names_are_bound_to_functions() -> None:
    """The guards and actions of a file run once functions are bound to them."""
    chart = load(SAMPLES / "counter.yaml")
    count: list[int] = []
    guards = {"count > 2": lambda m: len(count) > 2}
    actions = {"assign": lambda m, location, expr: count.append(1)}
    kernel = Kernel(chart.bind(guards=guards, actions=actions))
    from datetime import UTC, datetime

    at = datetime(2026, 1, 1, tzinfo=UTC)
    step = kernel.start(at=at)
    for _ in range(3):
        step = kernel.step(step.snapshot, NamedEvent("tick"), at=at)
    assert step.snapshot.configuration == ("done",)


ONE = {
    "event": [
        ("{event: go, target: b}", OnEvent(("go",))),
        ("{event: 'go stop.*', target: b}", OnEvent(("go", "stop.*"))),
        ("{target: b}", Always()),
    ],
}


@pytest.mark.parametrize(("text", "trigger"), ONE["event"])
def test_triggers(text: str, trigger: Any) -> None:
    """Events are separated by spaces; without any, the transition is eventless."""
    chart = loads(f"states: {{a: {{transitions: [{text}]}}, b: {{}}}}")
    assert type(chart["a"].transitions[0].trigger) is type(trigger)
    if isinstance(trigger, OnEvent):
        assert chart["a"].transitions[0].trigger == trigger


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("tell", Action("tell")),
        ("go", Send(NamedEvent("go"))),
        ("{raise: x}", Raise(NamedEvent("x"))),
        ("{raise: {event: x}}", Raise(NamedEvent("x"))),
        ("{cancel: {sendid: s}}", CancelSend("s")),
        ("""{cancel: {sendidexpr: "'s'"}}""", CancelSend("s")),
        ("{cancel: {sendidexpr: s}}", Action("cancel", {"sendidexpr": "s"})),
        ("{send: {event: x}}", Send(NamedEvent("x"))),
        ("{send: {event: x, delay: 200ms}}", Send(NamedEvent("x"), timedelta(milliseconds=200))),
        ("{send: {event: x, delay: '200'}}", Send(NamedEvent("x"), timedelta(milliseconds=200))),
        ("{send: {event: x, delay: 0s}}", Send(NamedEvent("x"))),
        ("{send: {event: x, target: '#_internal'}}", Raise(NamedEvent("x"))),
        ("{send: {event: x, target: '#_parent'}}", Send(NamedEvent("x"), target="#_parent")),
        ("""{send: {eventexpr: "'x'", id: i}}""", Send(NamedEvent("x"), id="i")),
        ("{send: {eventexpr: x}}", Action("send", {"eventexpr": "x"})),
        (
            "{send: {event: x, params: [{name: n, expr: m}]}}",
            Action("send", {"event": "x", "params": {"n": {"expr": "m"}}}),
        ),
        ("{send: {event: x, namelist: a b}}", Action("send", {"event": "x", "namelist": "a b"})),
        ("{log: {label: L}}", Action("log", {"label": "L"})),
        (
            "{assign: {location: a.b, expr: '1'}}",
            Action("assign", {"location": "a.b", "expr": "1"}),
        ),
    ],
)
def test_actions(text: str, effect: Any) -> None:
    """Each structured action is an effect of its kind, or an action of its name."""
    chart = loads(f"states: {{a: {{enter: [{text}], transitions: [{{event: go, target: a}}]}}}}")
    assert given(chart["a"].entry) == [effect]


def test_inline_children_are_kept_as_text() -> None:
    """A child machine in the file is the source of the service, as JSON."""
    child = {"states": {"x": {"final": True}}}
    text = json.dumps({"states": {"a": {"invoke": {"content": child}}}})
    (call,) = loads(text, format="json")["a"].invoke
    (effect,) = given((call.make,))  # type: ignore[arg-type]
    assert (call.name, json.loads(effect.source)) == ("invoke", child)


def test_services_answer_for_as_long_as_their_state_is_active() -> None:
    """Answers and failures take lines of the holder; leaving it takes the call back."""
    chart = loads(
        "states: {s: {states: {a: {invoke: {id: job, src: j}, transitions: ["
        "{event: done.invoke.job, target: b}, {event: error.execution, target: c}]}}, "
        "transitions: [{event: stop, target: b}]}, b: {}, c: {}}"
    )
    machine = Machine(chart)
    assert machine.snapshot.calls == {"s.a.job#1": Service("j")}
    machine.send(Answer("s.a.job#1", NamedEvent("done.invoke.job")))
    assert machine.configuration == ("b",)
    assert Machine(chart).send(CallFailed("s.a.job#1")).snapshot.configuration == ("c",)
    stopped = Machine(chart, on_unhandled="raise")
    assert stopped.send(NamedEvent("stop")).effects == (CancelInvoke("s.a.job#1"),)
    assert not stopped.send(Answer("s.a.job#1", NamedEvent("done.invoke.job"))).handled


def test_the_order_of_a_list_is_kept() -> None:
    """Actions are done in the order of the file; theirs does what is named last, and is told."""
    chart = loads("states: {a: {enter: [first, {raise: second}, third]}}")
    order = [Action("first"), Raise(NamedEvent("second")), Action("third")]
    assert given(chart["a"].entry) == order
    (warning,) = [w for w in chart.warnings if w.code == "SC652"]
    assert str(warning) == (
        "[SC652] <text>:1 a: that library calls the methods that 'enter' names last. "
        "Expect the order of the file (SCXML 4)."
    )


def test_anchors_and_merges_are_understood() -> None:
    """An alias repeats its anchor; a merged mapping gives the keys that are not said again."""
    text = """
    states:
      a: &common
        enter: greet
        transitions: &ways [{event: go, target: b}]
      b: {<<: *common, enter: leave}
    """
    chart = loads(text)
    assert given(chart["b"].entry) == [Action("leave")]
    assert chart["b"].transitions[0].targets == chart["a"].transitions[0].targets == ("b",)


def test_documents_are_plain_data() -> None:
    """Charts compare and pickle: nothing of the parser is left in them."""
    import pickle

    chart = load(SAMPLES / "regions.yaml")
    again: Chart = pickle.loads(pickle.dumps(chart))
    assert again == chart
    assert plain({"a": [{}]}) == {"a": [{}]}
