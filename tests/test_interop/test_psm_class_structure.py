"""The structure of python-statemachine's classes: states, events, defaults, inheritance."""

from __future__ import annotations

import types
from datetime import timedelta
from enum import Enum
from typing import Any

import pytest
from statemachine import Event, HistoryState, State, StateChart
from statemachine.contrib.timeout import timeout
from statemachine.contrib.weighted import weighted_transitions
from statemachine.states import States

from statecharts import Kernel, Machine, NamedEvent
from statecharts.interop.python_statemachine import attach, from_class
from statecharts.model.chart import Always, Done, OnEvent, StateKind, TransitionKind
from statecharts.model.effects import Invoke, Service
from statecharts.model.events import Answer, CallFailed
from tests.test_interop.psm_samples import (
    Everything,
    Lights,
    Orders,
    Personality,
    Quest,
    Strict,
    Telling,
    compare,
)


def test_states_keep_their_order_kinds_and_names() -> None:
    """The tree is that of the class body; what it calls a state besides is kept as ``meta``."""
    chart = from_class(Personality)
    assert [(node.id, node.kind) for node in chart] == [
        ("realm", StateKind.COMPOUND),
        ("realm.hall", StateKind.COMPOUND),
        ("realm.hall.entrance", StateKind.ATOMIC),
        ("realm.hall.chamber", StateKind.ATOMIC),
        ("realm.bridge", StateKind.ATOMIC),
        ("realm.shallow", StateKind.SHALLOW_HISTORY),
        ("realm.deep", StateKind.DEEP_HISTORY),
        ("outside", StateKind.ATOMIC),
    ]
    assert chart["realm"].initial == ("realm.hall",)
    assert chart["realm.deep"].initial == ("realm.hall",)
    assert (chart["realm.deep"].entry, chart["realm.deep"].exit) == ((), ())
    assert chart.doc == "Two minds, remembered by a shallow and a deep history."
    assert from_class(Orders)["waiting"].meta == {"name": "Waiting for payment"}
    assert (chart["realm.hall"].name, chart["realm.hall"].parent) == ("hall", "realm")


def test_places_are_told_with_file_and_line() -> None:
    """A state knows where its class declares it."""
    node = from_class(Personality)["realm.hall.chamber"]
    assert node.location is not None
    file, _, line = node.location.rpartition(":")
    assert file.endswith("psm_samples.py")
    with open(file, encoding="utf-8") as text:  # noqa: PTH123 - any file
        assert text.read().splitlines()[int(line) - 1].strip() == "chamber = State()"


@pytest.mark.long
def test_events_have_the_names_that_are_sent() -> None:
    """Descriptors, dotted spellings, several events and display names arrive as they are sent."""

    class Named(Telling):
        a = State(initial=True)
        b = State()
        c = State(final=True)
        cycle = Event(a.to(b, event="step one") | b.to(a), name="Loop")
        error_net = a.to(c)
        dotted = Event(b.to(c), id="gate.open")
        anything = Event(c.from_(a), id="*")

    chart = from_class(Named)
    events = [t.trigger.events for t in chart["a"].transitions if isinstance(t.trigger, OnEvent)]
    assert events == [("step", "one", "cycle"), ("error_net", "error.net"), ("*",)]
    for sent in ("one", "step", "cycle"):
        compare(Named, sent, sent, sent)
    compare(Named, "error.net.lost")
    compare(Named, "one", "gate.open.wide")
    compare(Named, "whatever")


def test_completion_is_a_trigger() -> None:
    """``done_state_x`` of the state itself is its completion; on another it is a name."""
    (retreat, done) = from_class(Quest)["war"].transitions
    assert isinstance(retreat.trigger, OnEvent)
    assert isinstance(done.trigger, Done)

    class Elsewhere(Telling):
        class outer(State.Compound):
            class inner(State.Compound):
                x = State(initial=True)
                y = State(final=True)
                go = x.to(y)

            z = State()

        end = State(final=True)
        done_state_inner = outer.to(end)

    (line,) = from_class(Elsewhere)["outer"].transitions
    assert line.trigger == OnEvent(("done_state_inner", "done.state.inner"))
    compare(Elsewhere, "go")


def _stay(state: Any, **options: Any) -> Any:
    return state.to(None, **options)


def test_eventless_and_internal_transitions() -> None:
    """Bare transitions wait for no event; internal ones leave their compound source alone."""

    class Auto(Telling):
        class work(State.Compound):
            a = State(initial=True)
            b = State()
            c = State(final=True)
            a.to(b, cond="ready")

        jump = work.to(work.c, internal=True)
        again = work.to(work.c)
        note = _stay(work, on="noted")
        ready = False

        def noted(self) -> None:
            self.tell("noted")

        def on_exit_work(self) -> None:
            self.tell("left")

    chart = from_class(Auto)
    assert isinstance(chart["work.a"].transitions[0].trigger, Always)
    kinds = [(line.kind, line.targets) for line in chart["work"].transitions]
    assert kinds == [
        (TransitionKind.INTERNAL, ("work.c",)),
        (TransitionKind.EXTERNAL, ("work.c",)),
        (TransitionKind.INTERNAL, ()),
    ]
    compare(Auto, "note", "jump", "again", "note")


class Status(Enum):
    """The status of a campaign."""

    DRAFT = 1
    RUNNING = 2
    CLOSED = 3


def test_states_may_come_from_an_enumeration() -> None:
    """``States.from_enum`` gives states of the names; their values are kept as ``meta``."""

    class Campaign(Telling):
        states_of = States.from_enum(Status, initial=Status.DRAFT, final=Status.CLOSED)
        produce = states_of.DRAFT.to(states_of.RUNNING)
        deliver = states_of.RUNNING.to(states_of.CLOSED)

    chart = from_class(Campaign)
    assert [node.id for node in chart] == ["DRAFT", "RUNNING", "CLOSED"]
    assert chart["RUNNING"].meta == {"value": "<Status.RUNNING: 2>"}
    assert chart.root.initial == ("DRAFT",)
    compare(Campaign, "produce", "deliver")


def test_any_state_is_every_outermost_one() -> None:
    """``from_.any()`` becomes a transition of every state that is not final."""

    class Stoppable(Telling):
        a = State(initial=True)
        b = State()
        end = State(final=True)
        go = a.to(b)
        stop = end.from_.any()  # type: ignore[no-untyped-call]

    chart = from_class(Stoppable)
    assert [len(chart[state].transitions) for state in ("a", "b", "end")] == [2, 1, 0]
    compare(Stoppable, "go", "stop")


def test_a_subclass_has_the_states_of_its_base() -> None:
    """States and transitions are inherited; callbacks of the subclass are found."""

    class Base(Telling):
        a = State(initial=True)
        b = State()
        go = a.to(b)

        def on_go(self) -> None:
            self.tell("base")

    class Derived(Base):
        c = State(final=True)
        end = Base.b.to(c)

        def on_go(self) -> None:
            self.tell("derived")

    assert [node.id for node in from_class(Derived)] == ["a", "b", "c"]
    turns = compare(Derived, "go", "end")
    assert turns[1][1] == ("derived",)


def test_the_start_may_be_somewhere_else() -> None:
    """``start_configuration_values`` says where a class begins."""

    class Elsewhere(Telling):
        class work(State.Compound):
            a = State(initial=True)
            b = State("B", value=7)

        idle = State(initial=True)
        start_configuration_values = [7]  # noqa: RUF012

    assert from_class(Elsewhere).root.initial == ("work.b",)
    compare(Elsewhere)


def test_timeouts_are_events_that_come_later() -> None:
    """A timeout on a state is a delayed event, taken back when the state is left."""

    class Waiting(Telling):
        waiting = State(initial=True, invoke=timeout(5, on="expired"))
        late = State()
        expired = waiting.to(late)
        leave = waiting.to(late) | late.to(waiting)

    machine = attach(Machine(from_class(Waiting)))
    machine.advance(timedelta(seconds=4))
    machine.send(NamedEvent("leave"))
    machine.advance(timedelta(seconds=4))
    machine.send(NamedEvent("leave"))
    machine.advance(timedelta(seconds=4))
    assert machine.configuration == ("waiting",)
    machine.advance(timedelta(seconds=1))
    assert machine.configuration == ("late",)


def test_services_are_asked_for() -> None:
    """Other work of a state is the effect `Invoke`, and ``done.invoke.<state>`` ends it."""

    class Loading(Telling):
        loading = State(initial=True, invoke=lambda: 42)
        ready = State(final=True)
        broken = State(final=True)
        done_invoke_loading = loading.to(ready)
        error_execution = loading.to(broken)

    chart = from_class(Loading)
    kernel = Kernel(chart)
    start, call = kernel.start(), "loading.loading#1"
    assert start.effects == (Invoke(call, Service("42")),)
    step = kernel.step(start.snapshot, Answer(call, NamedEvent("done.invoke.loading.1")))
    assert step.snapshot.configuration == ("ready",)
    failed = kernel.step(start.snapshot, CallFailed(call, "boom"))
    assert failed.snapshot.configuration == ("broken",)
    told = [w.found for w in chart.warnings if w.code == "SC652"]
    assert told[0] == "that library runs '42' in a thread; here the effect Invoke asks for it"


def test_weighted_transitions_roll_the_same_dice() -> None:
    """Guards that another part of that library makes are asked in its order."""

    def dice() -> Any:
        class Dice(Telling):
            a = State(initial=True)
            b = State()
            c = State()
            roll = weighted_transitions(a, (b, 30), (c, 70), seed=5) | b.to(a) | c.to(a)

        return Dice

    theirs, ours = dice()(), attach(Machine(from_class(dice())))
    for _ in range(20):
        theirs.send("roll")
        ours.send(NamedEvent("roll"))
        assert set(ours.configuration) == set(theirs.configuration_values)


def test_flags_of_the_old_kind_are_told() -> None:
    """A different default of `StateMachine` is a warning, not a silent difference."""
    found = [warning.found for warning in from_class(Strict).warnings if warning.code == "SC652"]
    assert found == ["that library raises TransitionNotAllowed for an event that nothing handles"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("cls", [Orders, Lights, Personality, Everything, Quest])
def test_a_class_is_read_without_being_changed(cls: Any) -> None:
    """Reading a class twice gives equal charts, and leaves its own machines as they were."""
    before = [(state.id, state.document_order) for state in cls.states_map.values()]
    assert from_class(cls) == from_class(cls)
    assert [(state.id, state.document_order) for state in cls.states_map.values()] == before
    assert isinstance(cls(), StateChart)


def test_a_history_without_a_record_runs_its_default_once() -> None:
    """The actions of a history's default are done after its parent is entered."""

    class Remembering(Telling):
        out = State(initial=True)

        class work(State.Compound):
            a = State(initial=True)
            b = State()
            h = HistoryState()
            h.to(b, on="afresh")

        back = out.to(work.h)
        off = work.to(out)

        def afresh(self) -> None:
            self.tell("afresh")

        def on_enter_state(self, state: State) -> None:
            self.tell("enter", state.id)

    turns = compare(Remembering, "back", "off", "back")
    assert turns[1][1] == ("enter work", "afresh", "enter b")
    assert turns[3][1] == ("enter work", "enter b")


@pytest.mark.long
def test_a_large_class_is_read() -> None:
    """Reading takes time in proportion to the number of states."""
    count = 3_000
    states = {f"s{i}": State(initial=not i) for i in range(count)}
    ring = [states[f"s{i}"].to(states[f"s{(i + 1) % count}"]) for i in range(count)]
    body: dict[str, Any] = {**states, "go": ring[0]}
    for line in ring[1:]:
        body["go"].add_transitions(line)
    large: Any = types.new_class("Large", (Telling,), {}, lambda space: space.update(body))
    chart = from_class(large)
    assert len(chart.states) == count
    machine = Machine(chart)
    machine.send(NamedEvent("go"))
    assert machine.configuration == ("s1",)
