"""Content: guards and actions as data, and the functions that are bound to their names."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen

from statecharts import Chart, Effect, Kernel, Machine, NamedEvent, StatechartError
from statecharts.checks import accept
from statecharts.interop import scxml
from statecharts.model.chart import (
    After,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Invoke, Raise, Send, Service
from statecharts.model.errors import CallbackError, StepError
from statecharts.model.hooks import Hook
from statecharts.model.named import (
    AllOf,
    AnyOf,
    Bound,
    Branch,
    Choose,
    Give,
    Holds,
    In,
    Named,
    NamedDelay,
    Not,
    effect_text,
)

GO = NamedEvent("go")
START = datetime(2026, 1, 1, tzinfo=UTC)
READY = Hook(Named("ready"))


@frozen
class Ring(Effect):
    """An effect of one's own."""

    times: int = 1


def chart_of(
    *transitions: Transition, entry: tuple[Hook, ...] = (), root: tuple[Hook, ...] = ()
) -> Chart:
    """Return a chart of two states, ``a`` and ``b``, with these transitions out of ``a``."""
    a = StateNode("a", StateKind.ATOMIC, "a", transitions=transitions)
    b = StateNode("b", StateKind.ATOMIC, "b", entry=entry, resting=True)
    default = Transition("", Default(), ("a",))
    top = StateNode("", StateKind.COMPOUND, "Door", None, ("a", "b"), default, entry=root)
    return accept(Chart("Door", top, (a, b), (EventType("go"),)), "*")


def guarded(guard: Any, *emit: Any) -> Chart:
    """Return a chart that goes from ``a`` to ``b`` when a guard holds."""
    hooks = tuple(map(Hook, emit))
    return chart_of(Transition("a", OnEvent(("go",)), ("b",), guard=Hook(guard), emit=hooks))


def goes(chart: Chart) -> bool:
    """Tell whether ``go`` leads to ``b``."""
    kernel = Kernel(chart)
    return "b" in kernel.step(kernel.start().snapshot, GO).snapshot


@pytest.mark.parametrize(
    ("guard", "answer", "name"),
    [
        (Holds(True), True, "true"),
        (Holds(False), False, "false"),
        (In("a"), True, "In(a)"),
        (In("b"), False, "In(b)"),
        (Not(Hook(In("b"))), True, "not In(b)"),
        (AllOf((Hook(In("a")), Hook(Holds(False)))), False, "In(a) and false"),
        (AllOf(()), True, ""),
        (AnyOf((Hook(In("b")), Hook(Holds(True)))), True, "In(b) or true"),
        (Not(Hook(AnyOf((Hook(In("b")), Hook(In("a")))))), False, "not (In(b) or In(a))"),
    ],
)
def test_guard_answers_and_reads_as_it_says(guard: Any, answer: bool, name: str) -> None:
    """A guard that is data decides like code, and pictures show what it says."""
    assert goes(guarded(guard)) is answer
    assert Hook(guard).name == name


def test_choose_does_what_the_first_branch_says_that_holds() -> None:
    """Only one branch is done, in order; without one that holds nothing is."""

    def choosing(*values: bool) -> tuple[object, ...]:
        branches = [
            Branch(Hook(Holds(value)), (Hook(Give(Action(f"branch {n}"))),))
            for n, value in enumerate(values)
        ]
        chart = guarded(Holds(True), Choose(tuple(branches)))
        kernel = Kernel(chart)
        return kernel.step(kernel.start().snapshot, GO).effects

    assert choosing(False, True, True) == (Action("branch 1"),)
    assert choosing(False, False) == ()
    last = Branch(None, (Hook(Give(Action("else"))), Hook(Give(Action("more")))))
    assert Hook(Choose((Branch(Hook(In("a")), ()), last))).name == (
        "if In(a): nothing; else else, more"
    )


@pytest.mark.parametrize(
    ("given", "effects"),
    [(None, ()), (Ring(), (Ring(),)), ([Ring(1), Ring(2)], (Ring(1), Ring(2)))],
)
def test_choice_of_code_gives_what_the_code_gives(given: object, effects: tuple[Ring, ...]) -> None:
    """A function inside a choice gives one effect, several or no effect, as anywhere else."""
    chart = guarded(Holds(True), Choose((Branch(None, (Hook(lambda m: given),)),)))
    kernel = Kernel(chart)
    assert kernel.step(kernel.start().snapshot, GO).effects == effects


def test_raise_inside_a_choice_reaches_the_queue() -> None:
    """What a branch raises is handled in the same macrostep, as if it stood alone."""
    go_on = Transition("a", OnEvent(("on",)), ("b",))
    choice = Hook(Choose((Branch(None, (Hook(Give(Raise(NamedEvent("on")))),)),)))
    stay = Transition("a", OnEvent(("go",)), (), emit=(choice,))
    assert goes(chart_of(stay, go_on))


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (Action("notify"), "notify"),
        (Action("notify", {"whom": "ada", "times": 2}), "notify(whom='ada', times=2)"),
        (Raise(GO), "raise go"),
        (Send(GO), "send go"),
        (Send(GO, target="#_parent"), "send go to #_parent"),
        (Send(GO, timedelta(seconds=90), "bell"), "send go in 1 min 30 s"),
        (CancelSend("bell"), "cancel bell"),
        (Invoke("fetch", Service("load", {"id": 7})), "invoke load(id=7) as fetch"),
        (Service("load"), "load"),
        (CancelInvoke("fetch"), "stop fetch"),
        (Ring(), "Ring"),
    ],
)
def test_effect_reads_as_it_says(effect: Any, text: str) -> None:
    """Pictures and tables show what an action that is data does."""
    assert effect_text(effect) == Hook(Give(effect)).name == text


def test_unbound_guards_keep_a_chart_from_starting() -> None:
    """The error names every guard that nobody has bound, before anything runs."""
    chart = guarded(AllOf((Hook(Named("ready")), Hook(Not(Hook(Named("late")))))))
    assert chart.unbound_guards == ("ready", "late")
    with pytest.raises(StepError) as caught:
        Kernel(chart).start()
    assert str(caught.value) == (
        "[SC214] Door: its guards 'ready', 'late' have no functions. "
        "Bind them: chart.bind(guards={…}), or bind(default=True) for all of them."
    )


def test_unbound_guard_refuses_when_a_snapshot_brings_it_up() -> None:
    """A run that was begun with another binding is told when the guard is asked."""
    bound = guarded(Named("ready")).bind(default=True)
    snapshot = Kernel(bound).start().snapshot
    with pytest.raises(CallbackError, match=r"\[SC214\] Door: when of 'a' on .*'ready' is not"):
        Kernel(guarded(Named("ready"))).step(snapshot, GO)


def test_bound_guard_takes_one_moment_and_the_parameters_of_the_file() -> None:
    """A function gets the moment first, then what the file says with the name."""

    def at_least(moment: Any, count: int) -> bool:
        return len(moment.event.name) >= count

    for count, answer in ((2, True), (3, False)):
        chart = guarded(Named("atLeast", {"count": count}))
        assert goes(chart.bind(guards={"atLeast": at_least})) is answer


def test_bind_takes_functions_from_an_object() -> None:
    """An object's attributes are its functions; a table comes first; the rest stays open."""
    chart = guarded(Named("ready"), Give(Action("notify")), Give(Action("log")))
    host = SimpleNamespace(ready=lambda m: False, notify=lambda m: Action("told"))
    bound = chart.bind(host)
    assert bound.unbound_guards == ()
    assert bound.unbound_actions == ("log",)
    assert not goes(bound)
    assert goes(chart.bind(host, guards={"ready": lambda m: True}))


@pytest.mark.parametrize(
    ("guard", "ready"),
    [
        (Not(READY), False),
        (AllOf((Hook(In("a")), READY)), True),
        (AnyOf((Hook(In("b")), READY)), True),
        (Not(Hook(AllOf((Hook(AnyOf((READY,))),)))), False),
    ],
)
def test_bind_reaches_the_names_inside_other_guards(guard: Any, ready: bool) -> None:
    """A name is bound wherever it is asked: negated, or joined with others."""
    chart = guarded(guard)
    assert goes(chart.bind(guards={"ready": lambda m: ready}))
    assert not goes(chart.bind(guards={"ready": lambda m: not ready}))


@pytest.mark.parametrize(("default", "answer"), [(True, True), (False, False)])
def test_default_answers_for_guards_without_a_function(default: bool, answer: bool) -> None:
    """A truth value stands in for all of them."""
    assert goes(guarded(Named("ready", {"x": 1})).bind(default=default)) is answer


def test_default_may_be_a_function() -> None:
    """A function stands in as well, with the parameters of the file."""
    chart = guarded(Named("ready", {"x": 1}))
    assert goes(chart.bind(default=lambda m, x: x == 1))


def test_unbound_action_is_an_effect_and_a_bound_one_what_its_function_gives() -> None:
    """A name without a function is handed out; a function gives effects, or none."""
    named = guarded(Holds(True), Give(Action("notify", {"whom": "ada"})))

    def effects(chart: Chart) -> tuple[object, ...]:
        kernel = Kernel(chart)
        return kernel.step(kernel.start().snapshot, GO).effects

    assert effects(named) == (Action("notify", {"whom": "ada"}),)
    for function, given in (
        (lambda m, whom: Action(f"told {whom}"), (Action("told ada"),)),
        (lambda m, whom: None, ()),
    ):
        functions: dict[str, Callable[..., Any]] = {"notify": function}
        assert effects(named.bind(actions=functions)) == given


def test_bound_action_brings_what_its_name_brings() -> None:
    """The data of a completion comes from the file, whatever the function does."""

    def nothing(moment: object) -> None: ...

    assert Bound(Give(Action("donedata"), (3,)), nothing).brings == (3,)
    assert Bound(Named("ready"), nothing).brings == ()


def test_binding_keeps_what_the_file_says() -> None:
    """A bound hook still knows its name, so that writers can say it again."""
    chart = guarded(Named("ready"), Choose((Branch(Hook(Named("so")), ()),)))
    bound = chart.bind(default=True)
    (transition,) = bound["a"].transitions
    assert transition.guard is not None
    assert transition.guard.name == "ready"
    assert isinstance(transition.guard.function, Bound)
    assert transition.guard.function.reference == Named("ready")
    assert bound != chart
    assert bound == chart.bind(default=True)
    assert bound.hash == chart.hash


def waiting(state: str = "a") -> Chart:
    """Return a chart that goes from ``a`` to ``b`` after a delay that has a name alone."""
    delay = Hook(NamedDelay("patience"))
    return chart_of(Transition(state, After(delay, f"{state}.after.1"), ("b",)))


def test_delay_that_is_not_bound_keeps_a_chart_from_waiting() -> None:
    """It is known by its name, and asked for no time until it has one."""
    chart = waiting()
    assert chart.unbound_delays == ("patience",)
    with pytest.raises(StatechartError, match="patience"):
        Machine(chart, at=START)


@pytest.mark.parametrize(
    "bound", [timedelta(seconds=3), lambda m: timedelta(seconds=1 if "b" in m else 3)]
)
def test_delay_is_bound_to_a_time_or_to_a_function(bound: Any) -> None:
    """Either says how long the state waits; the name is open no more."""
    chart = waiting().bind(delays={"patience": bound})
    assert chart.unbound_delays == ()
    machine: Machine[None] = Machine(chart, at=START)
    machine.advance(timedelta(seconds=2))
    assert machine.configuration == ("a",)
    machine.advance(timedelta(seconds=1))
    assert machine.configuration == ("b",)


def test_binding_leaves_other_delays_alone() -> None:
    """Guards are bound beside a delay that is a time, and beside one that is still open."""
    constant = Transition("a", After(timedelta(seconds=3), "a.after.1"), ("b",), guard=READY)
    chart = chart_of(*waiting()["a"].transitions, constant)
    named, timed = chart.bind(guards={"ready": lambda m: True})["a"].transitions
    assert (named, timed.trigger) == (waiting()["a"].transitions[0], constant.trigger)


@pytest.mark.parametrize("bound", [timedelta(0), 3])
def test_delay_that_is_not_a_time_is_refused(bound: Any) -> None:
    """Only a time above zero, or a function, can be waited for."""
    with pytest.raises(
        StatechartError, match=r"\[SC215\] Door: the delay 'patience' cannot be bound"
    ):
        waiting().bind(delays={"patience": bound})


def test_bind_refuses_a_name_that_is_not_open() -> None:
    """A misspelt name is told, with the nearest; nothing is bound in silence."""
    with pytest.raises(StatechartError) as caught:
        guarded(Named("ready")).bind(guards={"raedy": lambda m: True})
    assert str(caught.value) == (
        "[SC215] Door: there is no unbound guard 'raedy'. Did you mean 'ready'?"
    )
    with pytest.raises(StatechartError, match=r"Its unbound actions: none"):
        guarded(Named("ready")).bind(actions={"notify": lambda m: None})


def test_bind_refuses_what_cannot_be_called() -> None:
    """An attribute that is no function is an error at once, not when the guard is asked."""
    with pytest.raises(StatechartError, match=r"\[SC215\] Door: the guard 'ready' cannot be bound"):
        guarded(Named("ready")).bind(SimpleNamespace(ready=True))


def test_content_survives_a_pickle() -> None:
    """A chart of names can be sent to another process."""
    chart = guarded(
        AnyOf((Hook(Named("ready", {"x": 1})), Hook(In("a")))),
        Give(Action("notify", {"whom": "ada"})),
        Choose((Branch(None, (Hook(Give(Raise(GO))),)),)),
    )
    assert pickle.loads(pickle.dumps(chart)) == chart


def test_entry_of_the_chart_itself_runs_at_the_start() -> None:
    """What a file does before anything is entered is done first, once."""
    chart = chart_of(root=(Hook(Give(Action("begin"))),))
    first = Kernel(chart).start()
    assert first.effects == (Action("begin"),)
    assert first.snapshot.configuration == ("a",)


def test_machine_takes_what_the_start_sends() -> None:
    """An event that entering the chart sends is taken at once; its actions are effects."""
    begin = Hook(Give(Action("begin")))
    go = Transition("a", OnEvent(("go",)), ("b",))
    machine = Machine(chart_of(go, root=(begin, Hook(Give(Send(GO))))))
    assert machine.started is not None
    assert machine.started.effects == (Action("begin"), Send(GO))
    assert machine.configuration == ("b",)


async def waits(m: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (waits, "waits is a coroutine function, and a chart never awaits"),
        (lambda: True, r"does not take \(moment\)"),
        (lambda m, other: True, r"does not take \(moment\)"),
        (lambda *, m: True, r"does not take \(moment\)"),
    ],
)
def test_function_that_a_step_could_not_call_is_not_bound(function: Any, said: str) -> None:
    """It is told when it is bound, by whatever way, and not in the step that needs it."""
    chart = closed_door()
    ways: list[Any] = [
        lambda: chart.bind(guards={"free": function}),
        lambda: chart.bind(SimpleNamespace(free=function)),
        lambda: chart.bind(default=function),
    ]
    for way in ways:
        with pytest.raises(
            StatechartError, match=r"\[SC215\].*guard 'free' cannot be bound"
        ) as caught:
            way()
        assert re.search(said, caught.value.found)
    for fine in (lambda m: True, lambda m, more=1: True, lambda *a, **k: True, bool):
        assert chart.bind(guards={"free": fine}).unbound_guards == ()


@pytest.mark.parametrize("key", ["guards", "actions", "delays"])
@pytest.mark.parametrize("table", [[len], "free", 3])
def test_table_of_functions_has_names(key: str, table: Any) -> None:
    """A list of functions does not say which is which."""
    arguments: dict[str, Any] = {key: table}
    with pytest.raises(StatechartError, match=rf"\[SC215\].*{key}= is .*not functions"):
        closed_door().bind(**arguments)


def closed_door() -> Chart:
    """Return a chart with a guard that is not bound."""
    return scxml.loads(
        """<scxml name="door"><state id="shut">
        <transition event="push" cond="free" target="open"/></state><final id="open"/></scxml>"""
    )
