"""Machine and time: timers fire when it advances, in the order in which they fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Kernel,
    Machine,
    Occurred,
    Parallel,
    State,
    Statechart,
    StatechartError,
    Step,
    start,
)
from statecharts.model.errors import CallbackError, RunawayError, SubscriberError

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@frozen
class Go:
    pass


@frozen
class Entered:
    at: Occurred


class Lights(Statechart):
    red = State(Entered, initial=True)
    green = State(Entered)
    amber = State(Entered)
    red.after(3 * SECOND, green)
    green.after(2 * SECOND, amber)
    amber.after(1 * SECOND, red)


class Ties(Statechart):
    class all(Parallel, initial=True):
        class a(Compound):
            x = State(initial=True)
            y = State(resting=True)
            x.after(2 * SECOND, y)

        class b(Compound):
            x = State(initial=True)
            y = State(resting=True)
            x.after(1 * SECOND, y)

        class c(Compound):
            x = State(initial=True)
            y = State(resting=True)
            x.after(2 * SECOND, y)


class Alarm(Statechart[Go]):
    idle = State(initial=True)
    armed = State()
    rung = State(Entered, resting=True)
    idle.to(armed, on=Go)
    armed.after(5 * SECOND, rung)


class Past(Statechart):
    a = State(initial=True)
    b = State()
    c = State(Entered, resting=True)
    a.after(5 * SECOND, b)
    b.after(lambda m: T0 + SECOND, c)


def sources(steps: tuple[Step[Any], ...]) -> list[str]:
    """Return the sources of the transitions that steps have fired."""
    return [transition.source for one in steps for transition in one.fired]


def test_time_stands_still_until_it_advances() -> None:
    """A machine that was given a time fires nothing by itself."""
    machine = Machine(Lights, at=T0)
    assert machine.advance(timedelta(0)) == ()
    assert machine.advance(2 * SECOND) == ()
    assert machine.now == T0 + 2 * SECOND
    assert machine.configuration == ("red",)


def test_timers_fire_at_the_time_they_are_due() -> None:
    """Each timer's step happens at its due time, also of those that were started on the way."""
    machine = Machine(Lights, at=T0)
    entered: list[datetime] = []
    machine.subscribe(lambda step: entered.extend(d.at for d in step.snapshot.data.values()))
    steps = machine.advance(9 * SECOND)
    assert sources(steps) == ["red", "green", "amber", "red"]
    assert entered == [T0 + n * SECOND for n in (3, 5, 6, 9)]
    assert (machine.configuration, machine.now) == (("green",), T0 + 9 * SECOND)


def test_advancing_in_parts_is_advancing_at_once() -> None:
    """It does not matter in how many pieces time passes."""
    whole, parts = Machine(Lights, at=T0), Machine(Lights, at=T0)
    whole.advance(20 * SECOND)
    for _ in range(20):
        parts.advance(SECOND)
    assert whole.snapshot == parts.snapshot


def test_timers_fire_by_due_time_then_in_order_of_their_start() -> None:
    """What is due earlier fires earlier; ties go to the timer that was started first."""
    machine = Machine(Ties, at=T0)
    assert sources(machine.advance(5 * SECOND)) == ["all.b.x", "all.a.x", "all.c.x"]


def test_overdue_timer_fires_now() -> None:
    """A timer that fell due before the machine's time fires at that time, not in the past."""
    machine = Machine(Alarm, at=T0)
    machine.send(Go())
    late = Machine(Alarm, snapshot=machine.snapshot, at=T0 + 60 * SECOND)
    (fired,) = late.advance(timedelta(0))
    assert fired.snapshot["rung"] == Entered(T0 + 60 * SECOND)


def test_event_may_bring_its_time() -> None:
    """A time that is passed with an event becomes the machine's, when it stands still."""
    machine = Machine(Alarm, at=T0)
    machine.send(Go(), at=T0 + 10 * SECOND)
    assert machine.now == T0 + 10 * SECOND
    assert dict(machine.snapshot.timers) == {"armed.after.rung#1": T0 + 15 * SECOND}


def test_clock_goes_on_by_itself() -> None:
    """With a clock, advancing runs ahead of it, and a time with an event does not set it."""
    now = [T0]
    machine = Machine(Alarm, clock=lambda: now[0])
    machine.send(Go(), at=T0 + 10 * SECOND)
    assert machine.now == T0
    machine.advance(4 * SECOND)
    now[0] += SECOND
    assert machine.now == T0 + 5 * SECOND
    assert machine.configuration == ("armed",)
    machine.advance(10 * SECOND)
    assert machine.configuration == ("rung",)
    assert machine.snapshot["rung"] == Entered(T0 + 15 * SECOND)


def test_time_goes_forward_only() -> None:
    """A negative timedelta is refused."""
    with pytest.raises(StatechartError, match=r"\[SC503\] Alarm: time was to advance by -1 d"):
        Machine(Alarm, at=T0).advance(timedelta(days=-1))


def test_subscriber_may_not_advance_time() -> None:
    """Time is not moved from inside a step."""
    machine = Machine(Alarm, at=T0)
    machine.subscribe(lambda step: machine.advance(SECOND))
    with pytest.raises(
        SubscriberError, match=r"\[SC503\] .*a subscriber asked for time to advance"
    ):
        machine.send(Go())
    assert machine.configuration == ("armed",)


def test_subscriber_may_send_while_time_advances() -> None:
    """An event that a subscriber sends on the way happens at that time, and may start timers."""
    machine = Machine(Alarm, at=T0)
    lights = Machine(Lights, at=T0)
    lights.subscribe(lambda step: machine.send(Go(), at=lights.now))
    lights.advance(3 * SECOND)
    assert dict(machine.snapshot.timers) == {"armed.after.rung#1": T0 + 8 * SECOND}


def test_timer_that_fails_keeps_running() -> None:
    """A timer whose step fails is not spent: advancing again tries again."""
    failing = [True]

    def fail(m: Any) -> list[Any]:
        if failing:
            raise ValueError("no")
        return []

    class Failing(Statechart):
        a = State(initial=True)
        b = State(resting=True)
        a.after(SECOND, b, emit=fail)

    machine = Machine(Failing, at=T0)
    with pytest.raises(CallbackError, match="emit of 'a'"):
        machine.advance(10 * SECOND)
    assert machine.configuration == ("a",)
    failing.clear()
    assert len(machine.advance(timedelta(0))) == 1


def test_time_never_goes_back_on_the_way() -> None:
    """A timer that was due before the one that started it fires at the same time as that."""
    machine = Machine(Past, at=T0)
    machine.advance(10 * SECOND)
    assert machine.snapshot["c"] == Entered(T0 + 5 * SECOND)


def test_nested_send_happens_no_earlier_than_the_timer() -> None:
    """With a clock too, what a subscriber sends on the way happens at the timer's time."""

    class Relay(Statechart[Go]):
        a = State(initial=True)
        b = State()
        c = State(Entered, resting=True)
        a.after(5 * SECOND, b)
        b.to(c, on=Go)

    machine = Machine(Relay, clock=lambda: T0)
    machine.subscribe(lambda step: "b" in step.snapshot and machine.send(Go()))
    machine.advance(10 * SECOND)
    assert machine.snapshot["c"] == Entered(T0 + 5 * SECOND)


def test_timers_without_delay_that_go_round_are_told() -> None:
    """Delays of nothing that lead in a circle end in an error, not in an endless loop."""

    class Round(Statechart):
        a = State(initial=True)
        b = State()
        a.after(lambda m: timedelta(0), b)
        b.after(lambda m: timedelta(0), a)

    machine = Machine(Kernel(Round, microsteps=50), at=T0)
    with pytest.raises(RunawayError, match=r"\[SC203\] Round: 50 timers have fired at .*more are"):
        machine.advance(timedelta(0))


def test_times_with_and_without_a_zone_do_not_mix() -> None:
    """A machine whose timers have no time zone says so when its clock has one."""

    class Slow(Statechart):
        a = State(initial=True)
        b = State(final=True)
        a.after(timedelta(seconds=1), b)

    naive = start(Slow, at=datetime(2026, 1, 1)).snapshot  # noqa: DTZ001 - that is the point
    with pytest.raises(StatechartError, match=r"\[SC503\] Slow: .*some have a time zone"):
        Machine(Slow, snapshot=naive).advance(timedelta(days=1))


def test_time_set_by_a_waiting_event_is_not_undone_by_the_next() -> None:
    """Events that wait their turn happen in order: the later one no earlier than the one before."""
    machine = Machine(Lamp, at=T0)
    later = T0 + timedelta(seconds=10)

    def twice(step: Step[Any, None]) -> None:
        if step.snapshot.clock == 1:
            machine.send(Flip(), at=later)
            machine.send(Flip())

    machine.subscribe(twice)
    machine.send(Flip())
    assert machine.now == later


def test_nested_send_that_failed_says_so() -> None:
    """What a nested send returned tells that its step could not be taken."""
    machine = Machine(Lamp, at=T0)
    sent: list[Step[Any, None]] = []

    def wrong(step: Step[Any, None]) -> None:
        if not sent:
            sent.append(machine.send("nonsense"))  # type: ignore[arg-type]

    machine.subscribe(wrong)
    with pytest.raises(StatechartError, match="SC204"):
        machine.send(Flip())
    with pytest.raises(StatechartError, match=r"\[SC502\] Lamp: .*could not be taken"):
        _ = sent[0].handled


@frozen
class Flip:
    """Turns the lamp."""


class Lamp(Statechart[Flip]):
    """Dark or lit."""

    dark = State(initial=True)
    lit = State()
    dark.to(lit, on=Flip)
    lit.to(dark, on=Flip)
