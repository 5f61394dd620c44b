"""Machine: a snapshot held, events in line, subscribers told."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Kernel,
    Machine,
    NamedEvent,
    State,
    Statechart,
    StatechartError,
    Step,
    UnhandledEventError,
    start,
    step,
)
from statecharts.codec import Protocol
from statecharts.model.errors import CallbackError, StepError, SubscriberError

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Add:
    n: int = 1


@frozen
class Fail:
    pass


@frozen
class Pause:
    pass


@frozen
class Nothing:
    pass


@frozen
class Sum:
    total: int = 0


def fail(m: Any) -> Sum:
    raise ValueError("no")


class Adder(Statechart[Add | Fail | Pause, Sum]):
    on = State(initial=True)
    off = State()
    on.stay(on=Add, update=lambda m: Sum(m.context.total + m.event.n))
    on.stay(on=Fail, update=fail)
    on.to(off, on=Pause)
    off.to(on, on=Pause)


class Listener:
    """Keeps what it was told, and may react to it."""

    def __init__(self, react: Callable[[Step[Any]], object] = lambda step: None) -> None:
        self.totals: list[int] = []
        self.react = react

    def __call__(self, step: Step[Any]) -> None:
        self.totals.append(step.snapshot.context.total)
        self.react(step)


def test_machine_starts_and_sends() -> None:
    """A machine gives the steps that the pure functions give, and holds the last snapshot."""
    machine = Machine(Adder, Sum(), at=T0)
    first = start(Adder, Sum(), at=T0)
    assert machine.started == first
    assert machine.snapshot == first.snapshot
    assert machine.send(Add(3)) == step(Adder, first.snapshot, Add(3), at=T0)
    assert machine.snapshot.context == Sum(3)
    assert machine.configuration == ("on",)


def test_machine_takes_a_context() -> None:
    """The extended state to begin with is passed at the start."""
    assert Machine(Adder, Sum(5)).snapshot.context == Sum(5)


@pytest.mark.parametrize("source", [Adder, Adder.chart, Kernel(Adder)], ids=["class", "chart", "k"])
def test_machine_takes_a_class_a_chart_or_a_kernel(source: Any) -> None:
    """Whatever bears a chart can be run, and several machines share a kernel."""
    machine, other = Machine(source), Machine(source)
    machine.send(Add())
    assert machine.chart is Adder.chart
    assert (machine.snapshot.context, other.snapshot.context) == (Sum(1), Sum(0))


def test_machine_goes_on_from_a_snapshot() -> None:
    """A machine that is given a snapshot does not start; it has no first step."""
    there = Machine(Adder, Sum())
    there.send(Add(4))
    machine = Machine(Adder, snapshot=there.snapshot)
    assert machine.started is None
    assert machine.send(Add()).snapshot.context == Sum(5)
    assert there.snapshot.context == Sum(4)


def test_machine_refuses_a_context_beside_a_snapshot() -> None:
    """A snapshot has a context; a second one would be lost."""
    with pytest.raises(StatechartError, match=r"\[SC501\] Adder: both a snapshot and a context"):
        Machine(Adder, Sum(), snapshot=start(Adder, Sum()).snapshot)  # type: ignore[call-overload]


def test_machine_refuses_another_policy() -> None:
    """A misspelt policy is told with the one that was meant."""
    with pytest.raises(StatechartError, match=r"\[SC501\] .*'rais'\. Did you mean 'raise'"):
        Machine(Adder, Sum(), on_unhandled=cast("Any", "rais"))


def test_start_that_fails_makes_no_machine() -> None:
    """An error of the start is raised by the constructor."""

    class Failing(Statechart):
        on = State(initial=True, resting=True, entry=cast("Any", fail))

    with pytest.raises(CallbackError, match="at the start"):
        Machine(Failing)


def test_unhandled_event_is_ignored_by_default() -> None:
    """An event that nothing handles leaves everything as it is, and subscribers are told."""
    machine, told = Machine(Adder, Sum()), Listener()
    machine.subscribe(told)
    before = machine.snapshot
    assert not machine.send(Nothing()).handled  # type: ignore[arg-type]
    assert machine.snapshot is before
    assert told.totals == [0]


@pytest.mark.parametrize(
    ("event", "shown"), [(Nothing(), "Nothing"), (NamedEvent("no.thing"), r"no\.thing")]
)
def test_unhandled_event_can_be_an_error(event: Any, shown: str) -> None:
    """The error names event, configuration and what would be handled, after all are told."""
    machine, told = Machine(Adder, Sum(), on_unhandled="raise"), Listener()
    machine.subscribe(told)
    expected = (
        rf"\[SC209\] Adder: nothing in \(on\) handles {shown}\. It answers to Add, Fail, Pause"
    )
    with pytest.raises(UnhandledEventError, match=expected) as caught:
        machine.send(event)
    assert (caught.value.event, caught.value.configuration) == (event, ("on",))
    assert told.totals == [0]
    assert machine.send(Add()).handled


def test_unhandled_event_where_nothing_is_handled() -> None:
    """A configuration that answers to no event says so."""

    class Mute(Statechart):
        on = State(initial=True, resting=True)

    with pytest.raises(UnhandledEventError, match=r"It answers to no event\.$"):
        Machine(Mute, on_unhandled="raise").send(Add())


def test_subscribers_are_told_in_order_of_subscription() -> None:
    """Every subscriber sees every step from its subscription on."""
    machine = Machine(Adder, Sum())
    told: list[tuple[str, int]] = []
    machine.subscribe(lambda step: told.append(("a", step.snapshot.context.total)))
    machine.send(Add())
    machine.subscribe(lambda step: told.append(("b", step.snapshot.context.total)))
    machine.send(Add())
    assert told == [("a", 1), ("a", 2), ("b", 2)]


def test_subscription_ends_once() -> None:
    """Who has unsubscribed is told no more, and may do so twice; a twin keeps its own."""
    machine, told = Machine(Adder, Sum()), Listener()
    unsubscribe, _ = machine.subscribe(told), machine.subscribe(told)
    machine.send(Add())
    unsubscribe()
    machine.send(Add())
    assert told.totals == [1, 1, 2]


def test_subscription_may_be_ended_twice() -> None:
    """Ending what has ended changes nothing."""
    machine, told = Machine(Adder, Sum()), Listener()
    unsubscribe = machine.subscribe(told)
    unsubscribe()
    unsubscribe()
    machine.send(Add())
    assert told.totals == []


def test_unsubscribing_while_being_told_counts_from_the_next_step() -> None:
    """All who were subscribed when a step was made are told of it."""
    machine, last = Machine(Adder, Sum()), Listener()
    machine.subscribe(lambda step: leave())
    leave = machine.subscribe(last)
    machine.send(Add())
    machine.send(Add())
    assert last.totals == [1]


def test_send_from_a_subscriber_waits_its_turn() -> None:
    """All subscribers are told of one step before the next event is taken."""
    machine = Machine(Adder, Sum())
    told: list[tuple[str, int]] = []

    def eager(step: Step[Any, Sum]) -> None:
        told.append(("eager", step.snapshot.context.total))
        if step.snapshot.context.total < 3:
            machine.send(Add())
            told.append(("sent", machine.snapshot.context.total))

    machine.subscribe(eager)
    machine.subscribe(lambda step: told.append(("last", step.snapshot.context.total)))
    outer = machine.send(Add())
    assert told == [
        *(("eager", 1), ("sent", 1), ("last", 1)),
        *(("eager", 2), ("sent", 2), ("last", 2)),
        *(("eager", 3), ("last", 3)),
    ]
    assert outer.snapshot.context == Sum(1)
    assert machine.snapshot.context == Sum(3)


def test_events_of_several_subscribers_come_in_order_of_sending() -> None:
    """Events in line are taken first come, first served."""
    machine = Machine(Adder, Sum())
    taken: list[int] = []

    def sender(*numbers: int) -> Callable[[Step[Any, Sum]], None]:
        def tell(step: Step[Any, Sum]) -> None:
            if step.snapshot.context.total == 1:
                for number in numbers:
                    machine.send(Add(number))

        return tell

    machine.subscribe(sender(10, 20))
    machine.subscribe(sender(30))
    machine.subscribe(lambda step: taken.append(step.snapshot.context.total))
    machine.send(Add())
    assert taken == [1, 11, 31, 61]


def test_result_of_a_nested_send_can_be_read_later() -> None:
    """What a subscriber got from `send` reads as the step once the event has had its turn."""
    machine = Machine(Adder, Sum())
    sent: list[Step[Any, Sum]] = []

    def once(step: Step[Any, Sum]) -> None:
        if not sent:
            sent.append(machine.send(Add(5)))
            with pytest.raises(StatechartError, match=r"\[SC502\] .* before its turn had come"):
                _ = sent[0].handled

    machine.subscribe(once)
    machine.send(Add())
    assert sent[0].snapshot.context == Sum(6)
    assert (sent[0].handled, len(sent[0].fired), sent[0].effects) == (True, 1, ())
    with pytest.raises(AttributeError, match="nonsense"):
        _ = cast("Any", sent[0]).nonsense


def test_failing_callback_leaves_the_machine_where_it_was() -> None:
    """The error is raised, nobody is told, and the machine goes on."""
    machine, told = Machine(Adder, Sum(1)), Listener()
    machine.subscribe(told)
    before = machine.snapshot
    with pytest.raises(CallbackError, match="update of 'on' on Fail: ValueError"):
        machine.send(Fail())
    assert machine.snapshot is before
    assert told.totals == []
    assert machine.send(Add()).snapshot.context == Sum(2)


def test_event_that_is_none_is_refused() -> None:
    """What the kernel refuses the machine refuses, and stays where it was."""
    machine = Machine(Adder, Sum())
    with pytest.raises(StepError, match="SC204"):
        machine.send("add")  # type: ignore[arg-type]
    assert machine.snapshot == start(Adder, Sum()).snapshot


def test_failing_subscriber_does_not_undo_the_step() -> None:
    """The step stands, the others are told, and the failure is raised with its cause."""
    machine, told = Machine(Adder, Sum()), Listener()

    def broken(step: Step[Any, Sum]) -> None:
        raise KeyError("gone")

    machine.subscribe(broken)
    machine.subscribe(told)
    with pytest.raises(
        SubscriberError, match=r"\[SC504\] Adder: subscriber .*broken failed on Add"
    ):
        machine.send(Add())
    assert machine.snapshot.context == Sum(1)
    assert told.totals == [1]


def test_subscriber_error_chains_its_cause() -> None:
    """A subscriber without a name is shown as it is; what it raised is the cause."""
    machine = Machine(Adder, Sum())

    def raising(step: Step[Any]) -> object:
        raise ValueError("no")

    machine.subscribe(Listener(raising))
    with pytest.raises(SubscriberError, match=r"Listener object .*ValueError: no") as caught:
        machine.send(Add())
    assert isinstance(caught.value.__cause__, ValueError)


def test_several_failures_are_raised_together() -> None:
    """All that went wrong while the line was emptied is raised as one group, in order."""
    machine = Machine(Adder, Sum())

    def broken(step: Step[Any, Sum]) -> None:
        if step.snapshot.context.total == 1:
            machine.send(Fail())
            machine.send(Add())
            raise KeyError("gone")

    machine.subscribe(broken)
    with pytest.raises(ExceptionGroup, match="Adder: 2 failures") as caught:
        machine.send(Add())
    assert [type(error) for error in caught.value.exceptions] == [SubscriberError, CallbackError]
    assert machine.snapshot.context == Sum(2)


def test_interrupted_machine_takes_up_its_line() -> None:
    """An interrupt ends the send; what waited is taken with the next event."""
    machine = Machine(Adder, Sum())

    def interrupt(step: Step[Any, Sum]) -> None:
        if step.snapshot.context.total == 1:
            machine.send(Add(10))
            raise KeyboardInterrupt

    machine.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt):
        machine.send(Add())
    assert machine.snapshot.context == Sum(1)
    assert machine.send(Add(100)).snapshot.context == Sum(111)


def test_sends_from_several_threads_are_serialised() -> None:
    """No event is lost, and no two are taken at once."""
    machine, told = Machine(Adder, Sum()), Listener()
    machine.subscribe(told)

    def work() -> None:
        for _ in range(50):
            assert machine.send(Add()).handled

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.totals == list(range(1, 401))
    assert machine.snapshot.clock == 400


def test_machine_tells_its_time() -> None:
    """A time that is given stands still; without one a clock tells it, by default in UTC."""
    assert Machine(Adder, Sum(), at=T0).now == T0
    ticks = iter(T0 + timedelta(seconds=n) for n in range(9))
    machine = Machine(Adder, Sum(), clock=lambda: next(ticks))
    assert (machine.now, machine.now) == (T0 + timedelta(seconds=1), T0 + timedelta(seconds=2))
    assert Machine(Adder, Sum()).now.tzinfo is UTC


@pytest.mark.parametrize("subscribed", [False, True])
@pytest.mark.parametrize("role", ["when", "emit", "make"])
def test_callback_that_sends_to_its_own_machine_is_refused(role: str, *, subscribed: bool) -> None:
    """The step is lost and says so; the machine is where it was, and goes on."""
    given: list[Any] = [None]

    def send(m: Any) -> Any:
        if given[0] is not None:
            given[0].send(Poke())
        return {"when": True, "emit": None, "make": Poked()}[role]

    acting: dict[str, Any] = {role: send}

    class Nested(Statechart[Poke]):
        here = State(Poked, initial=True, resting=True)
        there = State(Poked)
        here.to(there, on=Poke, **acting)
        there.to(here, on=Poke, make=lambda m: Poked())

    machine = given[0] = Machine(Nested)
    heard: list[Any] = []
    if subscribed:
        machine.subscribe(heard.append)
    before = machine.snapshot
    for _ in range(2):
        with pytest.raises(
            CallbackError, match=r"\[SC508\].*sends Poke to its own machine"
        ) as caught:
            machine.send(Poke())
        assert caught.value.role == role
    assert machine.snapshot is before
    assert heard == []
    given[0] = None
    assert machine.send(Poke()).snapshot.configuration == ("there",)


@frozen
class Poke: ...


@frozen
class Poked: ...


def test_instance_of_a_chart_class_is_refused() -> None:
    """A run is a machine or a snapshot; the class is what declares its chart."""
    instance: Any = Adder()
    for use in (Machine, Kernel, start):
        with pytest.raises(StatechartError, match=r"\[SC213\].*an instance of Adder.*Pass Adder"):
            use(instance)


def test_kernel_and_protocol_say_whose_they_are() -> None:
    """Their texts are short, and a copy is the thing itself."""
    kernel, protocol = Kernel(Adder), Protocol(Adder)
    assert repr(kernel) == "<Kernel of Adder>"
    assert repr(protocol) == "<Protocol of Adder, version 1>"
    assert copy.copy(protocol) is protocol
