"""Hosts: whose methods are called, and what they can ask and send while they are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from statemachine import Event, State, StateChart

from statecharts import DefinitionError, Kernel, Machine, NamedEvent
from statecharts.interop.python_statemachine import attach, from_class, unstarted
from statecharts.model.effects import Action
from statecharts.model.errors import ActionError, StatechartError, SubscriberError
from tests.test_interop.psm_samples import Orders, Telling, compare, there

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_action_is_an_effect_until_a_machine_is_attached() -> None:
    """The kernel gives effects by name and calls nothing; `attach` has them called, in order."""
    host = unstarted(Orders)
    chart = from_class(Orders, host=host)
    kernel = Kernel(chart)
    step = kernel.step(kernel.start().snapshot, NamedEvent("add", {"amount": 3}))
    names = ("on_exit_waiting", "before_add", "on_enter_waiting")
    assert tuple(effect.name for effect in step.effects if isinstance(effect, Action)) == names
    assert (host.total, host.told) == (0, [])
    machine = attach(Machine(chart))
    assert (host.total, host.told) == (0, ["waiting"])
    machine.send(NamedEvent("add", {"amount": 3}))
    assert (host.total, host.told[1:]) == (3, ["total 3", "not waiting", "waiting"])


def test_a_machine_is_attached_when_it_is_made() -> None:
    """A machine that has taken steps is refused: its methods would never be called for them."""
    chart = from_class(Chain)
    machine = Machine(chart)
    machine.send(NamedEvent("begin"))
    with pytest.raises(
        StatechartError, match=r"\[SC502\] Chain: the machine has taken steps before"
    ):
        attach(machine)
    plain = Machine(from_class(Chain, host=False))
    assert attach(plain) is plain


def test_the_default_host_is_made_without_an_engine() -> None:
    """Its constructor runs, takes options, and enters nothing."""

    class Counting(Telling):
        a = State(initial=True)

        def __init__(self, start: int = 0, **options: Any) -> None:
            self.start = start
            super().__init__(**options)

        def on_enter_a(self) -> None:
            self.tell("entered", self.start)

    host = unstarted(Counting, start=7)
    assert (host.start, host.told, list(host.configuration)) == (7, [], [])
    assert isinstance(host, Counting)
    attach(Machine(from_class(Counting, host=host)))
    assert host.told == ["entered 7"]
    chart = from_class(Counting, start=3)
    assert from_class(Counting, start=3) == chart == from_class(Counting)


def test_a_host_that_cannot_be_made_is_told() -> None:
    """A constructor that wants more is a fault that says what to pass."""

    class Wanting(StateChart[Any]):
        a = State(initial=True, final=True)

        def __init__(self, needed: int) -> None:
            self.needed = needed
            super().__init__()

    with pytest.raises(DefinitionError) as caught:
        from_class(Wanting)
    (fault,) = caught.value.faults
    assert fault.code == "SC612"
    assert fault.found.startswith("an instance of the class cannot be made: ")
    assert "needed" in fault.found
    assert from_class(Wanting, needed=1).name == "Wanting"


class Shop(StateChart[Any]):
    """Declares states and transitions; what is done, its model and its listeners say."""

    cart = State(initial=True, enter="fill")
    paid = State(final=True)
    pay = cart.to(paid, cond="enough", on="charge")


class Account:
    """A model."""

    def __init__(self) -> None:
        self.balance = 100
        self.told: list[str] = []
        self.state: Any = None

    def fill(self) -> None:
        """Note."""
        self.told.append("fill")

    def enough(self, amount: int) -> bool:
        """Answer."""
        return amount <= self.balance

    def charge(self, amount: int, model: Any, target: State) -> None:
        """Pay."""
        assert model is self
        self.balance -= amount
        self.told.append(f"charge {amount} {target.id}")


class Auditor:
    """A listener."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def after_transition(self, event: Event, source: State, target: State) -> None:
        """Note."""
        self.told.append(f"after {event} {source.id} {target.id}")

    def enough(self) -> bool:
        """Answer, too."""
        self.told.append("asked")
        return True


def test_any_object_can_be_the_host() -> None:
    """An object that is not an instance of the class is its model: names are found on it."""
    theirs, ours = Account(), Account()
    machine: Any = Shop(theirs)
    machine.send("pay", amount=300)
    machine.send("pay", amount=30)
    running = attach(Machine(from_class(Shop, host=ours)))
    running.send(NamedEvent("pay", {"amount": 300}))
    assert running.configuration == ("cart",)
    running.send(NamedEvent("pay", {"amount": 30}))
    assert (ours.told, ours.balance) == (theirs.told, theirs.balance)
    assert ours.told == ["fill", "charge 30 paid"]
    assert running.configuration == ("paid",)


def test_listeners_are_called_behind_the_model() -> None:
    """Listeners of the class and those passed are called, and asked: all have to agree."""
    theirs, ours = Account(), Account()
    machine: Any = Shop(theirs, listeners=[Auditor(theirs.told)])
    machine.send("pay", amount=30)
    running = attach(Machine(from_class(Shop, host=ours, listeners=(Auditor(ours.told),))))
    running.send(NamedEvent("pay", {"amount": 30}))
    assert ours.told == theirs.told == ["fill", "asked", "charge 30 paid", "after pay cart paid"]


def test_listeners_of_a_class_are_made_anew() -> None:
    """A class that declares listeners has them made for each host, set up, bases first."""

    class Log:
        def __init__(self) -> None:
            self.told: list[str] = []

        def setup(self, sm: Any, session: str = "none") -> None:
            self.told.append(f"setup {type(sm).__name__} {session}")

        def on_enter_state(self, target: State) -> None:
            self.told.append(f"enter {target.id}")

    class Base(Telling):
        listeners = [Log]  # noqa: RUF012 - as that library documents it
        a = State(initial=True)
        b = State(final=True)
        go = a.to(b)

    class Derived(Base):
        listeners = [Log]  # noqa: RUF012 - as that library documents it

    for cls, count in ((Base, 1), (Derived, 2)):
        theirs: Any = cls(session="x")
        theirs.send("go")
        host = unstarted(cls, session="x")
        attach(Machine(from_class(cls, host=host))).send(NamedEvent("go"))
        assert [log.told for log in host.active_listeners] == [
            log.told for log in theirs.active_listeners
        ]
        assert len(host.active_listeners) == count
        assert host.active_listeners[0].told[0] == f"setup {cls.__name__} x"


class Chain(Telling):
    """Sends events to itself from its actions."""

    one = State(initial=True)
    two = State()
    three = State()
    four = State(final=True)
    begin = one.to(two, after="onward")
    onward = two.to(three)
    finish = Event(three.to(four), name="The end")

    def on_enter_three(self) -> None:
        """Send, by calling the event."""
        self.tell("three", self.three.is_active, self.two.is_active, self.current_state_value)
        self.finish()
        self.send("nobody listens", n=1)
        self.tell("sent")

    def on_enter_four(self, event: Event) -> None:
        """Tell."""
        self.tell("four", event, event.name)


def test_actions_send_to_the_machine_that_runs_them() -> None:
    """``self.send``, calling an event, and an event as a callback reach the running machine."""
    turns = compare(Chain, "begin")
    assert turns[1] == (("four",), ("three True False three", "sent", "four finish The end"))


class Eager(Telling):
    """Sends as soon as it is started, and while a guard is asked."""

    one = State(initial=True)
    two = State()
    three = State()
    go = one.to(two)
    then = one.to(three) | two.to(three, cond="asked") | three.to(one)

    def on_enter_one(self, event: Event) -> None:
        """Send twice; events that the first leads to come after the second."""
        self.tell("one", event)
        if event == "__initial__":
            self.send("go")
            self.send("then")

    def on_enter_two(self) -> None:
        """Send once more."""
        self.tell("two")
        self.send("then")

    def on_enter_three(self) -> None:
        """Tell."""
        self.tell("three")

    def asked(self) -> bool:
        """Send from a guard."""
        self.send("nobody listens")
        return True


def test_what_the_start_sends_is_taken_in_order() -> None:
    """Events that the start sends call their methods, each before what it sends itself."""
    turns = compare(Eager, "unknown", immediate=False)
    assert turns[0] == (("one",), ("one __initial__", "two", "three", "one then"))


def test_a_host_knows_the_machine_that_has_called_it() -> None:
    """Between events an attached host knows which states are active, and can send."""
    host = unstarted(Chain)
    with pytest.raises(StatechartError, match=r"\[SC502\] Chain: the event 'begin' was sent"):
        host.send("begin")
    machine = attach(Machine(from_class(Chain, host=host)))
    machine.send(NamedEvent("begin"))
    assert host.configuration_values == {"four"}
    assert host.four.is_active
    assert host.is_terminated
    assert [event.id for event in host.allowed_events] == []
    with pytest.raises(StatechartError, match=r"\[SC502\] Chain: configuration of Chain cannot"):
        host.configuration = set()


class Raising(Telling):
    """Raises events inside the step."""

    one = State(initial=True)
    two = State()
    three = State()
    begin = one.to(two)
    inner = two.to(three)
    outer = two.to(one) | three.to(three)

    def on_enter_two(self) -> None:
        """Send first, raise second."""
        self.send("outer")
        self.raise_("inner")

    def on_enter_three(self, event: Event) -> None:
        """Tell."""
        self.tell("three by", event)


def test_what_is_raised_is_sent_once_the_step_is_over() -> None:
    """Actions run after the step: what they raise waits in line, and a warning says so."""
    theirs = there(Raising, [("begin", {})])
    assert theirs[1] == (("three",), ("three by inner", "three by outer"))
    chart = from_class(Raising)
    (warning,) = [w for w in chart.warnings if w.code == "SC652"]
    assert warning.found == (
        "what 'on_enter_two' raises is sent once the step is over; "
        "that library handles it inside the step"
    )
    assert warning.remedy == "Pass immediate=True to from_class if that matters"
    machine = attach(Machine(chart))
    machine.send(NamedEvent("begin"))
    assert machine.configuration == ("one",)
    inside = attach(Machine(from_class(Raising, immediate=True)))
    inside.send(NamedEvent("begin"))
    assert inside.configuration == ("three",)
    assert not [w for w in from_class(Raising, immediate=True).warnings if w.code == "SC652"]


class Retrying(Telling):
    """Goes on by itself for as long as a guard says so."""

    trying = State(initial=True)
    failed = State(final=True)
    trying.to(trying, cond="can_retry")
    trying.to(failed, cond="worn_out")
    attempts = 0

    def can_retry(self) -> bool:
        """Ask what actions have changed."""
        return self.attempts < 3

    def worn_out(self) -> bool:
        """Ask what actions have changed."""
        return self.attempts >= 3

    def on_enter_trying(self) -> None:
        """Change it."""
        self.attempts += 1
        self.tell("attempt", self.attempts)


def test_immediate_actions_are_seen_by_the_guards_that_follow() -> None:
    """Inside the step, an eventless guard sees what the actions before it have changed."""
    theirs = there(Retrying, [])
    host = unstarted(Retrying)
    machine = attach(Machine(from_class(Retrying, host=host, immediate=True)))
    assert (machine.configuration, tuple(host.told)) == theirs[0]
    found = [warning.found for warning in from_class(Retrying).warnings if warning.code == "SC652"]
    assert found == [
        (
            "the guard of an eventless transition of 'trying' is asked before the actions of the "
            "step are run; that library asks it after"
        )
    ]


class Later(Telling):
    """Sends with a delay, and takes back."""

    idle = State(initial=True)
    busy = State()
    start = idle.to(busy, on="plan")
    late = busy.to(idle)
    stop = busy.to(busy, internal=True, on="forget")

    def plan(self) -> None:
        """Send later."""
        self.send("late", delay=30, send_id="x", n=1)

    def forget(self) -> None:
        """Take back."""
        self.cancel_event("x")

    def on_late(self, n: int) -> None:
        """Tell."""
        self.tell("late", n)


def test_immediate_actions_send_later() -> None:
    """Inside the step a delayed event starts a timer, which can be taken back."""
    host = unstarted(Later)
    machine = attach(Machine(from_class(Later, host=host, immediate=True), at=NOW))
    machine.send(NamedEvent("start"))
    machine.advance(timedelta(milliseconds=29))
    assert machine.configuration == ("busy",)
    machine.advance(timedelta(milliseconds=1))
    assert (machine.configuration, host.told) == (("idle",), ["late 1"])
    machine.send(NamedEvent("start"))
    machine.send(NamedEvent("stop"))
    machine.advance(timedelta(seconds=9))
    assert machine.configuration == ("busy",)


def test_actions_after_the_step_cannot_send_later() -> None:
    """Once the step is over nobody can start a timer; the error says what to do."""
    machine = attach(Machine(from_class(Later)))
    expected = r"\[SC502\] Later: the event 'late' was to be sent with a delay.* immediate=True"
    with pytest.raises(SubscriberError, match=expected) as caught:
        machine.send(NamedEvent("start"))
    assert isinstance(caught.value.__cause__, ActionError)


def test_a_host_with_an_engine_of_its_own_is_told() -> None:
    """An instance that has been started is called, but what it sends goes to its own engine."""
    started = Chain()
    chart = from_class(Chain, host=started)
    (warning,) = [w for w in chart.warnings if w.code == "SC652"]
    assert warning.found == "the host runs an engine of its own, which takes what the host sends"
    Machine(chart).send(NamedEvent("begin"))


def test_a_coroutine_is_refused() -> None:
    """A step waits for nothing: an asynchronous callback is a fault."""

    class Waiting(StateChart[Any]):
        a = State(initial=True, final=True)

        async def on_enter_a(self) -> None:
            """Wait."""

    with pytest.raises(DefinitionError, match=r"\[SC611\].*'on_enter_a' is a coroutine"):
        from_class(Waiting)
