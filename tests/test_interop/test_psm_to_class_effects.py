"""Effects and moments of a chart in a class of python-statemachine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, frozen
from statemachine.exceptions import AttrNotFound, InvalidDefinition

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import Chart, Effect, NamedEvent
from statecharts.interop.python_statemachine import from_class, to_class
from statecharts.model.chart import After, Transition
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Invoke, Raise, Send, Service
from statecharts.model.events import StateDone
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Branch, Choose, Give, In, Named, Not
from statecharts.model.nodes import Invocation
from tests.oracle.handmade import (
    atomic,
    compound,
    deep,
    done,
    final_state,
    on,
    parallel,
    shallow,
)
from tests.oracle.handmade import chart as telling
from tests.test_interop.psm_rows import plain, with_hooks
from tests.test_interop.test_psm_to_class import active

WAITING = plain(atomic("a", on("go", "b")), atomic("b"))["a"]
WAY = (atomic("a", on("go", "b")), atomic("b", on("next", "c")), atomic("c"))


def acting(*actions: Any) -> Chart:
    """Return a chart of three states in a row, with actions on the first of its transitions."""
    subject = plain(*WAY)
    first = evolve(subject["a"].transitions[0], emit=tuple(map(Hook, actions)))
    source = evolve(subject["a"], transitions=(first,))
    return evolve(subject, states=(source, *subject.states[1:]))


def notes(seen: list[Any]) -> Callable[[Any], bool]:
    """Return a guard that notes the event, and lets it pass."""

    def note(m: Any) -> bool:
        seen.append(m.event)
        return True

    return note


class Model:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.state: Any = None
        self.told: list[Any] = []

    def note(self, text: str = "", event: str = "") -> None:
        """Note the text and the event."""
        self.told.append((text, str(event)))

    def on_effect(self, effect: Effect) -> None:
        """Note the effect."""
        self.told.append(effect)


def told(subject: Chart, *events: str, model: Any = None, **fields: Any) -> list[Any]:
    """Return what the model of a machine notes of some events."""
    model = Model() if model is None else model
    machine = to_class(subject)(model)
    for event in events:
        machine.send(event, **fields)
    noted: list[Any] = model.told
    return noted


def test_a_raised_event_is_handled_in_the_same_macrostep() -> None:
    """`Raise` is their `raise_`: the event comes before those that wait outside."""
    seen: list[Any] = []
    subject = with_hooks(
        acting(Give(Send(NamedEvent("late"))), Give(Raise(NamedEvent("next", {"n": 1})))),
        "next",
        guard=notes(seen),
    )
    machine = to_class(subject)()
    machine.send("go")
    assert active(machine) == "c"
    assert seen == [NamedEvent("next", {"n": 1})]


def test_a_delayed_send_can_be_taken_back() -> None:
    """`Send` with a delay is their `send(delay=…)`, `CancelSend` their `cancel_event`."""
    later = Give(Send(NamedEvent("next"), timedelta(milliseconds=20), "call"))
    waiting = to_class(acting(later))()
    waiting.send("go")
    assert active(waiting) == "c"
    stopped = to_class(acting(later, Give(CancelSend("call"))))()
    stopped.send("go")
    assert active(stopped) == "b"


def test_parameters_of_an_action_come_with_the_event() -> None:
    """An action with parameters is called with these and with what that library fills in."""
    assert told(acting(Give(Action("note", {"text": "hi"}))), "go") == [("hi", "go")]


def test_an_action_named_twice_is_done_twice() -> None:
    """That library would do it once."""
    assert told(acting(Give(Action("note")), Give(Action("note"))), "go") == [("", "go")] * 2


def test_other_effects_are_handed_on() -> None:
    """An effect that is data goes to `on_effect`; where there is none, nothing breaks."""

    @frozen
    class Mail(Effect):
        to: str

    effects = [Mail("ada"), Send(NamedEvent("x"), target="elsewhere")]
    subject = acting(lambda m: effects)
    assert told(subject, "go") == effects
    to_class(subject)().send("go")


def test_calls_are_handed_on_until_their_state_is_left() -> None:
    """Whoever has ``on_effect`` hears of the call, and when it is taken back."""
    made = Hook(Give(Service("src", {"n": 1})))
    subject = evolve(WAITING, invoke=(Invocation("job", Service, made),))
    chart = plain(*WAY)
    chart = evolve(chart, states=(subject, *chart.states[1:]))
    seen: list[Any] = []

    class Ear:
        def on_effect(self, effect: Effect) -> None:
            seen.append(effect)

    machine = to_class(chart)(listeners=[Ear()])
    machine.send("go")
    (start, stop) = seen
    assert start == Invoke(start.id, Service("src", {"n": 1}))
    assert stop == CancelInvoke(start.id)
    assert from_class(to_class(chart)).states == chart.states


def test_content_that_chooses_asks_for_names() -> None:
    """The guards and the actions of a choice are found as all others are."""
    yes = Branch(Hook(Not(Hook(Named("refuses")))), (Hook(Give(Action("note", {"text": "y"}))),))
    no = Branch(None, (Hook(Give(Action("note", {"text": "n"}))),))
    subject = acting(Choose((yes, no)))
    for answer, text in ((False, "y"), (True, "n")):
        model: Any = Model()
        model.refuses = lambda answer=answer: answer
        assert told(subject, "go", model=model) == [(text, "go")]
    nobody = acting(Choose((Branch(Hook(In("a")), ()), no)))
    assert told(nobody, "go") == [("n", "go")]


def test_bound_names_bring_their_functions() -> None:
    """A name that is bound to a function needs no method."""
    guard = Bound(Named("ready", {"least": 3}), lambda m, least: m.event.data["n"] >= least)
    action = Bound(Give(Action("note")), lambda m: Raise(NamedEvent("next")))
    subject = with_hooks(acting(action), "go", guard=guard)
    machine = to_class(subject)()
    machine.send("go", n=2)
    assert active(machine) == "a"
    machine.send("go", n=3)
    assert active(machine) == "c"


def test_a_guard_that_nobody_answers_is_told() -> None:
    """A name with parameters that nobody has ends in that library's own error."""
    machine = to_class(with_hooks(plain(*WAY), "go", guard=Named("ready", {"least": 3})))()
    with pytest.raises(AttrNotFound, match="Did not found name 'ready' from model"):
        machine.send("go")


def test_a_moment_shows_the_run() -> None:
    """A hook sees the event, the time, the active states and ids that are not given twice."""
    seen: list[Any] = []

    def look(m: Any) -> None:
        seen.append((m.event.name, m.event.data, "a" in m, "b" in m, m.chart, m.context, m.data))
        seen.append((m.new_id("call"), m.new_id("call")))
        assert datetime.now(UTC) - m.at < timedelta(minutes=1)

    to_class(acting(look))().send("go", n=1)
    assert seen == [
        ("go", {"n": 1}, False, False, "Handmade", None, None),
        ("call-1", "call-2"),
    ]


def test_a_completion_is_seen_as_one() -> None:
    """A guard of a completion sees which state is done, by the id that the chart gives it."""
    seen: list[Any] = []
    rows = (
        compound("x", "x.a", done("y").when(notes(seen))),
        atomic("x.a", on("go", "x.end")),
        final_state("x.end"),
        compound("y", "y.a"),
        atomic("y.a"),
    )
    machine = to_class(plain(*rows))()
    machine.send("go")
    assert (seen, active(machine)) == ([StateDone("x")], "y y_a")


def test_actions_into_history_are_done_once() -> None:
    """That library would do the actions on the way into history twice; here they are done once."""
    rows = (
        compound("w", "w.a", on("off", "out")),
        atomic("w.a"),
        shallow("w.h", "w.a"),
        deep("w.d", "w.a"),
        atomic("out", on("back", "w.h"), on("deep", "w.d")),
    )
    by_name = with_hooks(plain(*rows), "back", action=Give(Action("note")))
    assert told(by_name, "off", "back", "off", "back") == [("", "back")] * 2
    in_code = with_hooks(plain(*rows), "deep", action=lambda m: Action("note", {"text": "d"}))
    assert told(in_code, "off", "deep", "off", "deep") == [("d", "deep")] * 2


def test_regions_are_entered_and_left_in_document_order() -> None:
    """Their numbers being right, what happens in regions happens in document order."""
    rows = (
        parallel("p", on("go", "q")),
        compound("p.a", "p.a.a1"),
        compound("p.a.a1", "p.a.a1.a11"),
        atomic("p.a.a1.a11"),
        compound("p.b", "p.b.b1"),
        atomic("p.b.b1"),
        atomic("q"),
    )
    model = Model()
    machine = to_class(telling("p", *rows))(model)
    entered = [effect.text for effect in model.told if effect.text.startswith("enter")]
    states = ["p", "p.a", "p.a.a1", "p.a.a1.a11", "p.b", "p.b.b1"]
    assert entered == [f"enter {state}" for state in states]
    model.told.clear()
    machine.send("go")
    left = [effect.text for effect in model.told if effect.text.startswith("exit")]
    assert left == [f"exit {state}" for state in reversed(states)]


def timed(delay: timedelta | Hook) -> Chart:
    """Return a chart that leaves its first state by itself."""
    subject = plain(atomic("a", on("go", "b")), atomic("b"), atomic("c"))
    line = Transition("a", After(delay, "a.after.1"), ("c",))
    source = evolve(subject["a"], transitions=(*subject["a"].transitions, line))
    return evolve(subject, states=(source, *subject.states[1:]))


class Arrival:
    """A listener that can be waited for."""

    def __init__(self) -> None:
        self.come = threading.Event()

    def on_enter_c(self) -> None:
        """Tell whoever waits."""
        self.come.set()


@pytest.mark.parametrize(
    "delay",
    [
        timedelta(milliseconds=5),
        Hook(lambda m: timedelta(milliseconds=5)),
        Hook(lambda m: datetime.now(UTC)),
    ],
    ids=["constant", "worked out", "a time"],
)
def test_a_delayed_transition_does_not_hold_its_caller(delay: timedelta | Hook) -> None:
    """A delay waits beside the machine, and is over when the state is left."""
    arrival = Arrival()
    machine = to_class(timed(delay))(listeners=[arrival])
    assert arrival.come.wait(60)
    assert active(machine) == "c"


def test_a_delay_is_given_up_when_its_state_is_left() -> None:
    """A delay of an hour does not outlive its state, nor keep the class from being used."""
    machine = to_class(timed(timedelta(hours=1)))()
    waiting = {thread for thread in threading.enumerate() if thread.daemon}
    machine.send("go")
    assert active(machine) == "b"
    assert not any(thread.is_alive() for thread in waiting)


class Slow:
    """A listener of coroutines."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def note(self, event: str) -> None:
        """Note the event, in its own time."""
        await asyncio.sleep(0)
        self.told.append(event)

    async def ready(self) -> bool:
        """Answer in its own time."""
        return True


def test_listeners_may_be_coroutines() -> None:
    """Names are awaited by that library; what the chart does besides goes on as ever."""

    async def run() -> tuple[list[str], str]:
        listener = Slow()
        subject = acting(Give(Action("note")), Give(Raise(NamedEvent("next"))))
        machine: Any = to_class(subject)(listeners=[listener])
        await machine.activate_initial_state()
        await machine.send("go")
        return listener.told, active(machine)

    assert asyncio.run(run()) == (["go"], "c")


def test_code_cannot_wait() -> None:
    """A guard with parameters is asked by us, and an answer that has to be awaited is none."""

    async def run() -> None:
        subject = with_hooks(acting(Give(Action("note"))), "go", guard=Named("ready", {"least": 3}))
        machine: Any = to_class(subject)(listeners=[Slow()])
        await machine.activate_initial_state()
        await machine.send("go")

    with pytest.raises(InvalidDefinition, match="'ready' is asked for by code of the chart"):
        asyncio.run(run())


def test_the_pipeline_runs_over_there() -> None:
    """The pipeline changes its states as it does here, up to where its data would be asked."""
    machine: Any = to_class(Pipeline, allow="*")()
    for event, state in (
        ("deps_met", "coding"),
        ("gates_started", "qa"),
        ("gates_failed", "coding"),
        ("qa_skipped", "merge"),
        ("merge_succeeded", "done"),
        ("accepted", "archived"),
    ):
        machine.send(event)
        assert active(machine).split()[-1] == state


def test_the_execution_runs_over_there() -> None:
    """The chart of an execution goes through its states as a class, and resets."""
    machine: Any = to_class(Execution, allow="*")()
    for event, state in (
        ("spawn_requested", "pending"),
        ("spawned_successfully", "running"),
        ("heartbeat", "running"),
        ("exited", "completed"),
        ("reset", "idle"),
    ):
        machine.send(event)
        assert active(machine) == f"any {state}"


def test_the_chart_is_not_touched() -> None:
    """A chart is the same after it has been written, and can be written again."""
    subject = acting(Give(Action("note")))
    before = subject.hash
    assert to_class(subject) is not to_class(subject)
    assert subject.hash == before
