"""Time: late messages are harmless, and times that cannot be are refused at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Answer,
    Call,
    CallFailed,
    Compound,
    Kernel,
    Machine,
    Occurred,
    Send,
    Snapshot,
    State,
    Statechart,
    StatechartError,
    TimerFired,
    UnhandledEventError,
    start,
    step,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - a time without a zone is what is tested
MINUTE = timedelta(minutes=1)


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


@frozen
class Work(Call[Go]):
    pass


@frozen
class Since:
    at: Occurred


class Job(Statechart[Go | Stop], allow="*"):
    class on(Compound, initial=True):
        a = State(Since, initial=True, invoke=Work)
        b = State(Since)
        a.to(b, on=Go)
        a.to(b, on=CallFailed)
        a.after(MINUTE, b)
        b.after(2 * MINUTE, a)

    off = State()
    on.to(off, on=Stop)
    off.to(on, on=Go)


def late(way: tuple[Any, ...], *, pickled: bool = False) -> tuple[Machine[Any, Any], str, str]:
    """Return a machine that raises, after some events, and the first timer and call of its run."""
    machine: Machine[Any, Any] = Machine(Job, at=NOW, on_unhandled="raise")
    (timer,), (call,) = machine.snapshot.timers, machine.snapshot.calls
    for event in way:
        machine.send(event)
    if pickled:
        again: Machine[Any, Any] = Machine(
            Job, snapshot=machine.snapshot, at=NOW, on_unhandled="raise"
        )
        return again, timer, call
    return machine, timer, call


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("way", [(Stop(),), (Go(),), (Stop(), Go()), (Stop(), Go(), Stop())])
def test_late_messages_are_no_mistake(way: tuple[Any, ...], *, restored: bool) -> None:
    """Timers, answers, progress and failures of what is over are unhandled, and never raise."""
    machine, timer, call = late(way, pickled=restored)
    before = machine.snapshot
    told: list[Any] = []
    machine.subscribe(told.append)
    for message in (
        TimerFired(timer),
        Answer(call, Go()),
        Answer(call, Go(), last=False),
        Answer(call, Stop()),
        CallFailed(call, "late"),
        TimerFired("never.was#7"),
        Answer("never.was#7", Go()),
    ):
        taken = machine.send(message)
        assert (taken.handled, taken.effects, taken.fired) == (False, (), ())
        assert machine.snapshot == before
    assert len(told) == 7


def test_second_answer_and_second_firing_are_late() -> None:
    """What has been answered or has fired is over."""
    machine, timer, call = late((), pickled=False)
    machine.send(Answer(call, Go()))
    assert not machine.send(Answer(call, Go())).handled
    assert not machine.send(TimerFired(timer)).handled


@frozen
class Anything(Call[Any]): ...


def test_progress_that_nothing_takes_is_a_mistake() -> None:
    """The call is under way, so its answer is not late: it raises, as an event does."""

    class Asking(Statechart[Go], allow="*"):
        a = State(initial=True, invoke=Anything)
        b = State()
        a.to(b, on=Go)

    machine = Machine(Asking, at=NOW, on_unhandled="raise")
    with pytest.raises(UnhandledEventError):
        machine.send(Answer("a.anything#1", Since(NOW), last=False))
    with pytest.raises(UnhandledEventError):
        cast("Any", machine).send(Since(NOW))


def test_late_delivery_of_a_delayed_event_is_harmless() -> None:
    """The timer of a delayed event fires once; a second firing is late."""

    class Bell(Statechart[Go], allow="*"):
        a = State(initial=True, entry=lambda m: Send(Go(), MINUTE))
        b = State()
        a.to(b, on=Go)

    machine = Machine(Bell, at=NOW, on_unhandled="raise")
    (timer,) = machine.snapshot.timers
    assert machine.send(TimerFired(timer)).handled
    assert not machine.send(TimerFired(timer)).handled


WRONG_TIMES: list[Any] = ["now", 0, 1767268800.0, date(2026, 1, 1), timedelta(0), True, NOW.time()]


@pytest.mark.parametrize("wrong", WRONG_TIMES)
@pytest.mark.parametrize(
    "use",
    [
        lambda at: start(Job, at=at),
        lambda at: step(Job, start(Job, at=NOW).snapshot, Stop(), at=at),
        lambda at: step(Job, start(Job, at=NOW).snapshot, TimerFired("x#1"), at=at),
        lambda at: Kernel(Job).start(at=at),
        lambda at: Machine(Job, at=at),
        lambda at: Machine(Job, at=NOW).send(Stop(), at=at),
        lambda at: Snapshot.of(Job.on.a, at=at),
    ],
    ids=["start", "step", "timer", "kernel", "machine", "send", "of"],
)
def test_what_is_no_time_is_refused_at_once(use: Callable[[Any], Any], wrong: Any) -> None:
    """Whether or not anything reads the time, `at=` takes a datetime, and the error says so."""
    with pytest.raises(StatechartError, match="at=") as refused:
        use(wrong)
    assert refused.value.code in ("SC208", "SC503")


@pytest.mark.parametrize("by", [30, 1.5, "PT5M", None, NOW])
def test_time_advances_by_timedeltas(by: Any) -> None:
    """A number has no unit: only a timedelta is taken, and the machine stays where it was."""
    machine = Machine(Job, at=NOW)
    before = machine.snapshot
    with pytest.raises(StatechartError, match=r"\[SC503\] .* Give a timedelta"):
        machine.advance(by)
    assert (machine.snapshot, machine.now) == (before, NOW)


def test_wrong_clock_is_refused_at_once() -> None:
    """A clock that gives no datetime is found when the machine asks it first."""
    for clock in (lambda: 1767268800.0, lambda: None, lambda: "now"):
        with pytest.raises(StatechartError):
            Machine(Job, clock=clock)  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), [(NOW, NAIVE), (NAIVE, NOW)])
def test_times_with_and_without_a_zone_do_not_mix(first: datetime, second: datetime) -> None:
    """A run that has begun with one kind of time does not take the other."""
    machine = Machine(Job, at=first)
    with pytest.raises(StatechartError) as refused:
        machine.send(Stop(), at=second)
    assert refused.value.code == "SC503"
    assert Job.on.a in machine.snapshot


def test_restored_machine_does_not_mix_times() -> None:
    """Timers of a snapshot and the machine's time are compared; a mixture is an error."""
    snapshot = start(Job, at=NAIVE).snapshot
    with pytest.raises(StatechartError, match=r"\[SC503\] .* time zone"):
        Machine(Job, snapshot=snapshot, at=NOW)


def test_zones_may_differ() -> None:
    """Any zone will do: what counts is the instant."""
    east = timezone(timedelta(hours=9))
    machine = Machine(Job, at=NOW)
    machine.send(Stop(), at=(NOW + MINUTE).astimezone(east))
    machine.send(Go(), at=NOW + 2 * MINUTE)
    assert Job.on.a in machine.snapshot
    (fired,) = machine.advance(MINUTE)
    assert fired.snapshot[Job.on.b].at == NOW + 3 * MINUTE


def test_chart_that_reads_no_time_takes_any_kind_of_time() -> None:
    """Times are compared only where there are two of them."""

    class Plain(Statechart[Go], allow="*"):
        a = State(initial=True)
        b = State()
        a.to(b, on=Go)

    for at in (None, NOW, NAIVE):
        assert step(Plain, start(Plain, at=at).snapshot, Go(), at=at).handled


def test_delay_of_the_other_kind_is_refused() -> None:
    """A computed time without a zone cannot be compared with one that has a zone."""

    class Until(Statechart[Go], allow="*"):
        a = State(initial=True)
        b = State()
        a.after(lambda m: NAIVE, b)

    with pytest.raises(StatechartError, match="time zone"):
        start(Until, at=NOW)
    assert start(Until, at=NAIVE).snapshot.timers


@pytest.mark.parametrize(("begun", "now"), [(NOW, NAIVE), (NAIVE, NOW)])
def test_time_that_cannot_be_compared_with_the_timers_is_refused(
    begun: datetime, now: datetime
) -> None:
    """A run has a time zone in all of its times or in none: steps, `can` and machines say so."""

    class Slow(Statechart[Go | Stop]):
        a = State(initial=True)
        b = State(resting=True)
        a.to(b, on=Go)
        a.stay(on=Stop)
        a.after(MINUTE, b)

    kernels: list[Kernel[Any, Any]] = [Kernel(Slow, **more) for more in ({}, {"_moves": False})]
    for kernel in kernels:
        before = kernel.start(at=begun).snapshot
        timer = next(iter(before.timers))
        for event in (Stop(), Go(), TimerFired(timer)) * 3:
            with pytest.raises(StatechartError, match=r"\[SC208\].*at= is .*the timer .*a\.after"):
                kernel.step(before, event, at=now)
            assert kernel.step(before, event, at=begun + MINUTE).handled
            with pytest.raises(StatechartError, match=r"\[SC208\].*Give all times a time zone"):
                before.can(event, at=now)
            assert before.can(event, at=begun)
        after = kernel.step(before, Go()).snapshot
        assert kernel.step(after, Go(), at=now).snapshot is after  # no timer runs any more
    before = kernels[0].start(at=begun).snapshot
    with pytest.raises(StatechartError, match=r"\[SC503\].*some have a time zone"):
        Machine(Slow, snapshot=before, at=now)
    with pytest.raises(StatechartError, match=r"\[SC503\].*some have a time zone"):
        Machine(Slow, snapshot=before, clock=lambda: now)
    assert Machine(Slow, snapshot=before, at=begun).send(Go()).handled


@pytest.mark.parametrize("wrong", ["now", 3, NOW.date()])
def test_can_wants_a_datetime(wrong: Any) -> None:
    """What is no time is refused before any guard sees it."""
    with pytest.raises(StatechartError, match=r"\[SC208\].*not a datetime"):
        start(Job, at=NOW).snapshot.can(Go(), at=wrong)


@pytest.mark.parametrize("by", [timedelta.max, timedelta(days=4_000_000)])
def test_time_does_not_advance_beyond_its_end(by: timedelta) -> None:
    """It is told as any other time that cannot be, and nothing happens."""
    machine = Machine(Job, at=NOW)
    before = machine.snapshot
    with pytest.raises(StatechartError, match=r"\[SC503\].*Give a shorter time"):
        machine.advance(by)
    assert (machine.snapshot, machine.now) == (before, NOW)


@pytest.mark.parametrize("wrong", [3, None, b"on.a.work#1"])
def test_id_of_a_message_is_a_string(wrong: Any) -> None:
    """What has another id is told, and not answered with an error of Python's own."""
    machine = Machine(Job, at=NOW)
    for message in (TimerFired(wrong), Answer(wrong, Go()), CallFailed(wrong)):
        for use in (machine.send, machine.snapshot.can):
            with pytest.raises(StatechartError, match=r"\[SC204\].*which is not a string"):
                use(message)
