"""Timers: delayed transitions as effects and events, never as a clock."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    CancelTimer,
    Compound,
    Effect,
    Kernel,
    Parallel,
    Snapshot,
    StartTimer,
    State,
    Statechart,
    Step,
    TimerFired,
    start,
    step,
)
from statecharts.model.errors import CallbackError, TimeNeededError

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@frozen
class Go:
    n: int = 0


@frozen
class Patience:
    n: int = 3


@frozen
class Said(Effect):
    text: str


class Wait(Statechart[Go]):
    idle = State(initial=True)
    busy = State(entry=lambda m: Said("in"), exit=lambda m: Said("out"))
    late = State()
    idle.to(busy, on=Go)
    busy.after(MINUTE, late)
    busy.to(idle, on=Go)
    late.to(busy, on=Go)


class Two(Statechart[Go]):
    class box(Compound, initial=True):
        one = State(initial=True)
        two = State()
        soon = one.after(MINUTE, two, when=lambda m: m.at > T0 + MINUTE)
        later = one.after(HOUR, two)

    out = State(resting=True)
    box.after(2 * HOUR, out)
    box.to(box.one, on=Go, internal=True)


def run(chart: type[Statechart[Any, Any]], *events: object, at: datetime = T0) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart, at=at)
    for event in events:
        then = step(chart, then.snapshot, event, at=at)
    return then


def test_entering_starts_the_timer() -> None:
    """The effect comes after the entry effects, and the snapshot knows the timer."""
    then = run(Wait, Go())
    assert then.effects == (Said("in"), StartTimer("busy.after.late#1", T0 + MINUTE))
    assert dict(then.snapshot.timers) == {"busy.after.late#1": T0 + MINUTE}


def test_leaving_cancels_the_timer() -> None:
    """The effect comes after the exit effects, and the snapshot forgets the timer."""
    then = run(Wait, Go(), Go())
    assert then.effects == (Said("out"), CancelTimer("busy.after.late#1"))
    assert dict(then.snapshot.timers) == {}


def test_fired_timer_takes_the_transition() -> None:
    """The timer that fired is spent: leaving cancels only what still runs."""
    busy = run(Wait, Go())
    then = step(Wait, busy.snapshot, TimerFired("busy.after.late#1"), at=T0 + MINUTE)
    assert then.snapshot.configuration == ("late",)
    assert then.effects == (Said("out"),)
    assert dict(then.snapshot.timers) == {}


def test_entering_again_starts_another_run_of_the_timer() -> None:
    """No id is given twice in the life of a run."""
    then = run(Wait, Go(), Go(), Go())
    assert list(then.snapshot.timers) == ["busy.after.late#2"]


@pytest.mark.parametrize(
    "stale", ["busy.after.late#1", "busy.after.late#3", "busy.after", "idle.after#2", "", "#2"]
)
def test_timer_that_does_not_run_is_unhandled(stale: str) -> None:
    """An id that was cancelled, or was never given, changes nothing."""
    busy = run(Wait, Go(), Go(), Go()).snapshot
    then = step(Wait, busy, TimerFired(stale), at=T0)
    assert then.snapshot is busy
    assert (then.handled, then.effects, then.fired) == (False, (), ())


def test_timer_fires_once() -> None:
    """The same id sent again is unhandled."""
    busy = run(Wait, Go()).snapshot
    late = step(Wait, busy, TimerFired("busy.after.late#1"), at=T0).snapshot
    assert not step(Wait, late, TimerFired("busy.after.late#1"), at=T0).handled


def test_several_timers_of_one_state_are_told_apart() -> None:
    """Each delayed transition has a timer of its own, numbered in document order."""
    first = run(Two)
    assert first.effects == (
        StartTimer("box.after.out#1", T0 + 2 * HOUR),
        StartTimer("box.one.soon#2", T0 + MINUTE),
        StartTimer("box.one.later#3", T0 + HOUR),
    )
    then = step(Two, first.snapshot, TimerFired("box.one.later#3"), at=T0 + HOUR)
    assert then.snapshot.configuration == ("box", "box.two")
    assert then.effects == (CancelTimer("box.one.soon#2"),)
    assert list(then.snapshot.timers) == ["box.after.out#1"]


def test_timer_that_its_guard_refuses_is_spent() -> None:
    """The event is handled, nothing fires, and the timer runs no more."""
    first = run(Two).snapshot
    then = step(Two, first, TimerFired("box.one.soon#2"), at=T0 + MINUTE)
    assert (then.handled, then.fired, then.effects, then.microsteps) == (True, (), (), ())
    assert then.snapshot.configuration == first.configuration
    assert list(then.snapshot.timers) == ["box.after.out#1", "box.one.later#3"]
    assert then.snapshot.clock == first.clock + 1
    assert not step(Two, then.snapshot, TimerFired("box.one.soon#2"), at=T0 + HOUR).handled


def test_timer_of_a_superstate_runs_on_inside() -> None:
    """A superstate's timer survives moves among its children, and fires from any of them."""
    first = run(Two).snapshot
    moved = step(Two, first, TimerFired("box.one.later#3"), at=T0 + HOUR).snapshot
    again = step(Two, moved, Go(), at=T0 + HOUR)
    assert list(again.snapshot.timers) == [
        "box.after.out#1",
        "box.one.soon#4",
        "box.one.later#5",
    ]
    then = step(Two, again.snapshot, TimerFired("box.after.out#1"), at=T0 + 2 * HOUR)
    assert then.snapshot.configuration == ("out",)
    assert then.effects == (CancelTimer("box.one.soon#4"), CancelTimer("box.one.later#5"))


def computed(delay: Callable[[Any], Any]) -> type[Statechart]:
    """Return a chart whose delay is worked out."""

    class Computed(Statechart[Go]):
        idle = State(initial=True)
        busy = State(Patience)
        idle.to(busy, on=Go)
        busy.after(delay, idle)

    return Computed


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        (lambda m: m.data.n * MINUTE, T0 + 5 * MINUTE),
        (lambda m: m.at + HOUR, T0 + HOUR),
        (lambda m: T0 - HOUR, T0 - HOUR),
        (lambda m: timedelta(0), T0),
    ],
)
def test_delay_is_worked_out_on_entry(delay: Callable[[Any], Any], due: datetime) -> None:
    """A function gives how long, or until when, and sees the data of the state entered."""
    assert run(computed(delay), Go(5)).effects == (StartTimer("busy.after.idle#1", due),)


@pytest.mark.parametrize("wrong", [None, 5, "soon"])
def test_delay_of_another_type_is_an_error(wrong: object) -> None:
    """A function that gives neither a timedelta nor a datetime is named."""
    expected = r"\[SC208\] Computed: after of 'busy' on Go: after gave .*timedelta is expected"
    with pytest.raises(CallbackError, match=expected):
        run(computed(lambda m: wrong), Go())


@pytest.mark.parametrize("naive_due", [True, False])
def test_delay_and_time_agree_on_having_a_zone(naive_due: bool) -> None:
    """A naive datetime beside an aware one is an error where it is made."""
    naive = T0.replace(tzinfo=None)
    chart = computed(lambda m: naive if naive_due else T0)
    with pytest.raises(CallbackError, match=r"\[SC208\] .*Give both a time zone, or neither"):
        run(chart, Go(), at=T0 if naive_due else naive)
    both = run(computed(lambda m: naive), Go(), at=naive)
    assert both.effects == (StartTimer("busy.after.idle#1", naive),)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("early", [-MINUTE, timedelta(microseconds=-1)])
def test_delay_of_less_than_nothing_is_an_error(early: timedelta, *, moves: bool) -> None:
    """A computed delay is held to what a declared one is; only a datetime may be past."""

    class Early(Statechart[Go]):
        idle = State(initial=True)
        busy = State()
        late = State(resting=True)
        idle.to(busy, on=Go)
        busy.after(lambda m: early, late)

    hidden: dict[str, Any] = {"_moves": moves}
    kernel: Kernel[Any, Any] = Kernel(Early, **hidden)
    snapshot = kernel.start(at=T0).snapshot
    for _ in range(3):
        with pytest.raises(CallbackError, match=r"\[SC208\] .*after of 'busy'.*the delay is -"):
            kernel.step(snapshot, Go(), at=T0)


def test_delay_needs_the_time() -> None:
    """A chart that starts a timer refuses to begin it in 1970."""
    expected = r"\[SC201\] Wait: after of 'busy' on Go: the delayed transition of 'busy' reads the"
    with pytest.raises(TimeNeededError, match=expected):
        step(Wait, start(Wait).snapshot, Go())


def test_delayed_transition_sees_the_event_of_its_timer() -> None:
    """Make, emit and guard of a delayed transition see `TimerFired`, and fill nothing from it."""

    @frozen
    class Ided:
        id: str = "none"

    class Seen(Statechart):
        wait = State(initial=True)
        end = State(Ided, resting=True)
        wait.after(MINUTE, end, when=lambda m: bool(m.event.id), emit=lambda m: Said(m.event.id))

    then = run(Seen, TimerFired("wait.after.end#1"))
    assert then.effects == (Said("wait.after.end#1"),)
    assert then.snapshot["end"] == Ided("none")


def test_internal_delayed_transition_does_not_start_again() -> None:
    """A source that stays active keeps its other timers, and its spent one stays spent."""

    class Inside(Statechart):
        class box(Compound, initial=True):
            one = State(initial=True)
            two = State(resting=True)
            one.after(HOUR, two)

        box.after(MINUTE, box.two, internal=True)

    then = run(Inside, TimerFired("box.after.box.two#1"))
    assert then.snapshot.configuration == ("box", "box.two")
    assert then.effects == (CancelTimer("box.one.after.two#2"),)
    assert dict(then.snapshot.timers) == {}


def test_self_transition_restarts_the_timer() -> None:
    """A state that is left and entered again has its timer cancelled and started anew."""

    class Again(Statechart[Go]):
        one = State(initial=True)
        two = State(resting=True)
        one.after(MINUTE, two)
        one.to(one, on=Go)

    then = run(Again, Go())
    assert then.effects == (
        CancelTimer("one.after.two#1"),
        StartTimer("one.after.two#2", T0 + MINUTE),
    )


def test_timers_of_regions_are_cancelled_inside_out() -> None:
    """Leaving a parallel state cancels in reverse document order, as it exits."""

    class Regions(Statechart[Go]):
        class both(Parallel, initial=True):
            class a(Compound):
                x = State(initial=True)
                y = State(resting=True)
                x.after(MINUTE, y)

            class b(Compound):
                x = State(initial=True)
                y = State(resting=True)
                x.after(MINUTE, y)

        off = State(resting=True)
        both.to(off, on=Go)

    first = run(Regions)
    assert list(first.snapshot.timers) == ["both.a.x.after.y#1", "both.b.x.after.y#2"]
    assert step(Regions, first.snapshot, Go(), at=T0).effects == (
        CancelTimer("both.b.x.after.y#2"),
        CancelTimer("both.a.x.after.y#1"),
    )


def test_unpickled_timers_go_on() -> None:
    """A kernel that never saw a run takes its timers up."""
    busy: Snapshot[Any] = pickle.loads(pickle.dumps(run(Wait, Go()).snapshot))
    then = Kernel(Wait).step(busy, TimerFired("busy.after.late#1"), at=T0)
    assert then.snapshot.configuration == ("late",)


def test_failing_step_leaves_the_timer_running() -> None:
    """A step that fails has not spent its timer."""

    def fail(m: Any) -> Said:
        raise ValueError("no")

    class Failing(Statechart):
        one = State(initial=True)
        two = State(resting=True)
        one.after(MINUTE, two, emit=fail)

    first = run(Failing).snapshot
    for _ in range(2):
        with pytest.raises(CallbackError, match="emit of 'one' on the way to 'two' on TimerFired"):
            step(Failing, first, TimerFired("one.after.two#1"), at=T0)
    assert list(first.timers) == ["one.after.two#1"]


def test_subclass_of_the_timer_event_spends_the_timer() -> None:
    """An event derived from `TimerFired` is one."""

    @frozen
    class Fired(TimerFired):
        pass

    busy = run(Wait, Go()).snapshot
    assert step(Wait, busy, Fired("busy.after.late#1"), at=T0).effects == (Said("out"),)


def test_delayed_line_without_a_target_leaves_nothing() -> None:
    """It is taken once, does what it says, and its state stays active, data and all."""

    class Nag(Statechart[Go]):
        waiting = State(Patience, initial=True)
        over = State(resting=True)
        waiting.after(timedelta(minutes=1), emit=lambda m: Said("well?"))
        waiting.to(over, on=Go)

    kernel = Kernel(Nag)
    first = kernel.start(at=T0).snapshot
    (timer,) = first.timers
    asked = kernel.step(first, TimerFired(timer), at=T0)
    assert asked.effects == (Said("well?"),)
    assert asked.snapshot.configuration == ("waiting",)
    assert asked.snapshot.data == first.data
    assert asked.snapshot.timers == {}


def test_line_on_timers_fills_data_from_the_event() -> None:
    """A line on `TimerFired` takes any timer of the run, and its event has an id to give."""

    @frozen
    class Told:
        id: str

    class Either(Statechart):
        busy = State(initial=True)
        told = State(Told, resting=True)
        never = State(resting=True)
        busy.to(told, on=TimerFired)
        busy.after(MINUTE, never)

    first = start(Either, at=T0).snapshot
    then = step(Either, first, TimerFired("busy.after.never#1"), at=T0 + MINUTE).snapshot
    assert then[Either.told] == Told("busy.after.never#1")
