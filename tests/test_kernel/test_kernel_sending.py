"""Raise, send, cancel: what a run says to itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Answer,
    Call,
    CancelTimer,
    Compound,
    Effect,
    Invoke,
    Kernel,
    Machine,
    Moment,
    NamedEvent,
    Parallel,
    StartTimer,
    State,
    Statechart,
    TimerFired,
    start,
    step,
)
from statecharts.model.effects import CancelSend, Raise, Send
from statecharts.model.errors import CallbackError, RunawayError, TimeNeededError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@frozen
class Go:
    pass


@frozen
class First:
    pass


@frozen
class Second:
    pass


@frozen
class Stop:
    pass


@frozen
class Note(Effect):
    text: str


class Relay(Statechart):
    """Go raises two events; each is met where the one before has led."""

    idle = State(initial=True)
    one = State()
    two = State()
    three = State(resting=True)

    idle.to(one, on=Go, emit=lambda m: [Raise(First()), Note("gone"), Raise(Second())])
    one.to(two, on=First, emit=lambda m: Note("first"))
    two.to(three, on=Second, emit=lambda m: Note("second"))


def test_raised_events_are_handled_in_order_in_the_same_macrostep() -> None:
    """What is raised is met before the step ends, first come first served, and is no effect."""
    done = step(Relay, start(Relay).snapshot, Go())
    assert done.snapshot.configuration == ("three",)
    assert done.effects == (Note("gone"), Note("first"), Note("second"))
    assert [t.source for t in done.fired] == ["idle", "one", "two"]
    assert len(done.microsteps) == 3
    assert done.snapshot.clock == 1


def test_raised_event_that_nothing_meets_is_dropped() -> None:
    """An internal event without an answer changes nothing and does not trouble the step."""

    class Deaf(Statechart):
        idle = State(initial=True)
        there = State(resting=True)
        idle.to(there, on=Go, emit=lambda m: Raise(NamedEvent("nobody.listens")))

    done = step(Deaf, start(Deaf).snapshot, Go())
    assert done.handled
    assert done.snapshot.configuration == ("there",)
    assert done.effects == ()


def test_calls_around_a_state_that_raises_are_made_each_time() -> None:
    """A state that raises as it is entered takes no call from the state around it."""

    @frozen
    class Ask(Call[First]):
        """Work for somebody else."""

    class Shop(Statechart, allow="SC137"):
        class asking(Compound, invoke=Ask):
            heard = State(initial=True, entry=lambda m: Raise(Second()))
            waiting = State()
            heard.to(waiting, on=Second)

        idle = State(initial=True)
        idle.to(asking, on=Go)
        asking.to(idle, on=Stop)
        asking.to(idle, on=First)

    kernel = Kernel(Shop)
    snapshot = kernel.start().snapshot
    for number in range(1, 8):  # by operations at first, then by a move
        asked = kernel.step(snapshot, Go())
        assert asked.snapshot.configuration == ("asking", "asking.waiting")
        assert asked.effects == (Invoke(f"asking.ask#{number}", Ask()),)
        snapshot = kernel.step(asked.snapshot, Stop()).snapshot


def test_callbacks_see_the_raised_event() -> None:
    """In what an internal event leads to, the moment's event is that one, payload and all."""

    def loud(m: Moment[None, NamedEvent]) -> Note:
        return Note(f"{m.event.name} {m.event.data['volume']}")

    class Horn(Statechart):
        idle = State(initial=True)
        there = State(resting=True, entry=loud)
        idle.stay(on=Go, emit=lambda m: Raise(NamedEvent("horn.blown", {"volume": 11})))
        idle.to(there, on="horn")

    done = step(Horn, start(Horn).snapshot, Go())
    assert done.effects == (Note("horn.blown 11"),)


def test_raised_and_completion_events_wait_in_one_line() -> None:
    """A final state's completion stands behind what was raised on the way to it (SCXML 3.7)."""

    class Work(Statechart):
        class doing(Compound, initial=True):
            busy = State(initial=True)
            over = State(final=True)
            busy.to(over, on=Go, emit=lambda m: Raise(First()))

        raised = State(resting=True)
        completed = State(resting=True)
        doing.to(raised, on=First)
        doing.when_done(completed)

    assert step(Work, start(Work).snapshot, Go()).snapshot.configuration == ("raised",)


def test_eventless_transitions_come_before_raised_events() -> None:
    """The run's own events wait until no eventless transition is left (Appendix D)."""

    class Work(Statechart):
        idle = State(initial=True)
        through = State()
        end = State(resting=True)
        wrong = State(resting=True)
        idle.to(through, on=Go, emit=lambda m: Raise(First()))
        through.to(wrong, on=First)
        through.always(end)

    assert step(Work, start(Work).snapshot, Go()).snapshot.configuration == ("end",)


def test_endless_raising_is_a_runaway() -> None:
    """An event that raises itself again is stopped at the bound, and the snapshot stands."""

    class Echo(Statechart):
        idle = State(initial=True, resting=True)
        idle.stay(on=Go, emit=lambda m: Raise(Go()))

    kernel = Kernel(Echo, microsteps=50)
    snapshot = kernel.start().snapshot
    with pytest.raises(RunawayError, match=r"has not come to rest after 50 microsteps"):
        kernel.step(snapshot, Go())


def test_descriptors_meet_completion_events() -> None:
    """`done.state.<name>` and its prefixes meet the completion of a superstate, as in SCXML."""
    for descriptor in ("done.state.doing", "done.state", "done.*", "*"):

        class Work(Statechart):
            class doing(Compound, initial=True):
                busy = State(initial=True)
                over = State(final=True)
                busy.to(over, on=Go)

            end = State(resting=True)
            doing.to(end, on=descriptor)

        kernel = Kernel(Work)
        assert kernel.step(kernel.start().snapshot, Go()).snapshot.configuration == ("end",)


class Alarm(Statechart):
    """Sends itself an event that comes later."""

    quiet = State(initial=True)
    armed = State()
    ringing = State(resting=True)

    quiet.to(armed, on=Go, emit=lambda m: Send(NamedEvent("ring", {"loud": True}), MINUTE, "bell"))
    armed.to(ringing, on="ring", emit=lambda m: Note(str(m.event)))
    armed.stay(on=Stop, emit=lambda m: CancelSend("bell"))


def test_delayed_send_is_kept_by_the_run_until_its_timer_fires() -> None:
    """The snapshot holds what was sent; the timer's event delivers it, once."""
    armed = step(Alarm, start(Alarm).snapshot, Go(), at=NOW)
    (timer,) = armed.effects
    assert timer == StartTimer("send:bell#1", NOW + MINUTE)
    assert dict(armed.snapshot.timers) == {"send:bell#1": NOW + MINUTE}
    rung = step(Alarm, armed.snapshot, TimerFired("send:bell#1"), at=NOW + MINUTE)
    assert rung.snapshot.configuration == ("ringing",)
    assert rung.effects == (Note("NamedEvent(name='ring', data={'loud': True})"),)
    assert rung.snapshot.memory.timers == ()
    assert rung.snapshot.memory.sent == ()
    again = step(Alarm, rung.snapshot, TimerFired("send:bell#1"), at=NOW + MINUTE)
    assert not again.handled


def test_can_knows_what_was_sent_with_a_delay() -> None:
    """The timer stands for the event that it delivers, which a line takes or none."""
    armed = step(Alarm, start(Alarm).snapshot, Go(), at=NOW).snapshot
    assert armed.can(TimerFired("send:bell#1"))
    assert not armed.can(TimerFired("send:bell#2"))

    class Late(Statechart):
        idle = State(initial=True)
        gone = State(resting=True)
        idle.to(gone, on=Go, emit=lambda m: Send(NamedEvent("late"), MINUTE))

    gone = step(Late, start(Late).snapshot, Go(), at=NOW).snapshot
    assert list(gone.timers) == ["send:#1"]
    assert not gone.can(TimerFired("send:#1"))


def test_cancelled_send_never_comes() -> None:
    """Taking a send back stops its timer; other timers go on."""
    armed = step(Alarm, start(Alarm).snapshot, Go(), at=NOW)
    calm = step(Alarm, armed.snapshot, Stop(), at=NOW)
    assert calm.effects == (CancelTimer("send:bell#1"),)
    assert calm.snapshot.memory.sent == ()
    assert not step(Alarm, calm.snapshot, TimerFired("send:bell#1"), at=NOW + MINUTE).handled


def test_cancelling_what_was_never_sent_does_nothing() -> None:
    """SCXML 6.3: a cancel that matches nothing is no error."""

    class Calm(Statechart):
        idle = State(initial=True, resting=True)
        idle.stay(on=Stop, emit=lambda m: CancelSend("nothing"))

    done = step(Calm, start(Calm).snapshot, Stop())
    assert done.handled
    assert done.effects == ()


def test_delivery_that_nothing_meets_spends_the_timer() -> None:
    """An event that comes when nobody waits for it is gone, and its timer with it."""

    class Late(Statechart):
        idle = State(initial=True)
        gone = State(resting=True)
        idle.to(gone, on=Go, emit=lambda m: Send(NamedEvent("late"), MINUTE))

    gone = step(Late, start(Late).snapshot, Go(), at=NOW)
    after = step(Late, gone.snapshot, TimerFired("send:#1"), at=NOW + MINUTE)
    assert after.handled
    assert after.fired == ()
    assert after.snapshot.timers == {}
    assert after.snapshot.clock == 2


def test_delayed_send_needs_the_time() -> None:
    """Without the time of the step a delay cannot be counted, and the error says so."""
    with pytest.raises(TimeNeededError, match=r"a delayed send reads the time"):
        step(Alarm, start(Alarm).snapshot, Go())


def test_send_without_delay_or_to_somebody_else_is_an_effect() -> None:
    """Only what the run has to remember stays in it."""

    class Post(Statechart):
        idle = State(initial=True, resting=True)
        idle.stay(on=Go, emit=lambda m: Send(First()))
        idle.stay(on=Stop, emit=lambda m: Send(First(), MINUTE, target="#_parent"))

    first = start(Post).snapshot
    assert step(Post, first, Go()).effects == (Send(First()),)
    assert step(Post, first, Stop()).effects == (Send(First(), MINUTE, target="#_parent"),)


def test_snapshot_with_something_sent_goes_on_elsewhere() -> None:
    """A snapshot that another kernel takes up still delivers what was sent."""
    armed = Kernel(Alarm).step(Kernel(Alarm).start().snapshot, Go(), at=NOW).snapshot
    rung = Kernel(Alarm).step(armed, TimerFired("send:bell#1"), at=NOW)
    assert rung.snapshot.configuration == ("ringing",)


def test_machine_takes_what_the_run_sends_to_itself() -> None:
    """A machine puts sent events in line behind the step that sent them."""

    class Chain(Statechart):
        one = State(initial=True)
        two = State()
        three = State(resting=True)
        one.to(two, on=Go, emit=lambda m: Send(First()))
        two.to(three, on=First)

    machine = Machine(Chain)
    seen: list[tuple[str, ...]] = []
    machine.subscribe(lambda done: seen.append(done.snapshot.configuration))
    assert machine.send(Go()).snapshot.configuration == ("two",)
    assert machine.configuration == ("three",)
    assert seen == [("two",), ("three",)]


def test_machine_delivers_delayed_events_as_time_passes() -> None:
    """Advancing past the due time fires the send like any timer."""
    machine = Machine(Alarm, at=NOW)
    machine.send(Go())
    (rung,) = machine.advance(MINUTE)
    assert rung.snapshot.configuration == ("ringing",)


def test_machine_stops_a_run_that_sends_for_ever() -> None:
    """A run that answers itself without end is stopped, and what it was stands."""

    class Echo(Statechart):
        idle = State(initial=True, resting=True)
        idle.stay(on=Go, emit=lambda m: Send(Go()))

    machine = Machine(Kernel(Echo, microsteps=20))
    with pytest.raises(RunawayError, match=r"has sent itself 20 events"):
        machine.send(Go())
    assert machine.configuration == ("idle",)


def test_send_leaves_the_timers_of_states_alone() -> None:
    """A send whose id is the name of a delayed transition's timer does not touch that timer."""

    class Both(Statechart):
        class region(Parallel, initial=True):
            class a(Compound):
                wait = State(initial=True)
                over = State(resting=True)
                wait.after(MINUTE, over)

            class b(Compound):
                idle = State(initial=True, resting=True)
                idle.stay(on=Stop, emit=lambda m: CancelSend("region.a.wait.after.1"))

    first = start(Both, at=NOW).snapshot
    assert step(Both, first, Stop(), at=NOW).snapshot.timers == first.timers


def test_timer_that_is_none_of_those_sent_is_looked_for_further() -> None:
    """While something waits to be delivered, other timers fire as ever, and late ones do not."""

    class Both(Statechart):
        idle = State(initial=True)
        over = State(resting=True)
        idle.stay(on=Go, emit=lambda m: Send(NamedEvent("ring"), MINUTE))
        idle.after(MINUTE, over)

    first = start(Both, at=NOW).snapshot
    sent = step(Both, step(Both, first, Go(), at=NOW).snapshot, Go(), at=NOW).snapshot
    assert not step(Both, sent, TimerFired("nobody#9"), at=NOW).handled
    second = step(Both, sent, TimerFired(list(sent.timers)[2]), at=NOW).snapshot
    assert len(second.memory.sent) == 1
    assert step(Both, sent, TimerFired("idle.after.over#1"), at=NOW).snapshot.configuration == (
        "over",
    )


def test_data_is_filled_from_the_completion_event_that_a_descriptor_meets() -> None:
    """The event of a completion has fields like any other: the state that is done, and its data."""

    @frozen
    class Report:
        state: str

    class Work(Statechart):
        class doing(Compound, initial=True):
            busy = State(initial=True)
            over = State(final=True)
            busy.to(over, on=Go)

        told = State(Report, resting=True)
        doing.to(told, on="done.state.doing")

    done = step(Work, start(Work).snapshot, Go())
    assert done.snapshot["told"] == Report("doing")


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize(
    ("sends", "said"),
    [
        (lambda: Send(Go(), cast("Any", 5)), "the delay is 5; a timedelta of 0 or more"),
        (lambda: Send(Go(), cast("Any", "1s")), "the delay is '1s'; a timedelta"),
        (lambda: Send(Go(), -MINUTE), "the delay is -1 min; a timedelta"),
        (lambda: Send(Answer("x#1", Go())), "Answer.* is for whoever carries out"),
        (lambda: Send(TimerFired("x#1"), MINUTE), "TimerFired.* is for whoever carries out"),
    ],
)
def test_send_that_cannot_be_delivered_is_an_error(sends: Any, said: str, *, moves: bool) -> None:
    """It is told in the step that gives it, the first time and later."""

    class Sender(Statechart[Go | Stop]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=lambda m: sends())
        a.stay(on=Stop)

    hidden: dict[str, Any] = {"_moves": moves}
    kernel: Kernel[Any, Any] = Kernel(Sender, **hidden)
    snapshot = kernel.start(at=NOW).snapshot
    for _ in range(3):
        with pytest.raises(CallbackError, match=r"\[SC208\] Sender: emit of 'a'.*" + said):
            kernel.step(snapshot, Go(), at=NOW)
        assert kernel.step(snapshot, Stop(), at=NOW).handled


def test_send_of_no_delay_at_all_falls_due_at_once() -> None:
    """Zero is a delay: the run keeps the event, and its timer is due now."""

    class Prompt(Statechart[Go | Stop]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=lambda m: Send(Stop(), timedelta(0)))
        a.stay(on=Stop)

    after = step(Prompt, start(Prompt).snapshot, Go(), at=NOW).snapshot
    assert list(after.timers.values()) == [NOW]
