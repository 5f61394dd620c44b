"""Placement: the timers of a run that a test begins in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Call,
    Compound,
    History,
    Kernel,
    Moment,
    Snapshot,
    State,
    Statechart,
    TimerFired,
    start,
    step,
)
from statecharts.model.errors import StatechartError, StepError, TimeNeededError

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@frozen
class Go:
    pass


@frozen
class Patience:
    minutes: int = 3


def patience(m: Moment[Patience, Any]) -> timedelta:
    """Return how long the state waits, by its data."""
    return m.data.minutes * MINUTE


def until(m: Moment[Patience, Any]) -> datetime:
    """Return the same as a time."""
    return m.at + m.data.minutes * MINUTE


class Waiting(Statechart[Go], allow="*"):
    idle = State(initial=True)
    fixed = State(Patience)
    lengthy = State(Patience)
    dated = State(Patience)
    late = State(resting=True)

    idle.to(fixed, on=Go)
    fixed.after(MINUTE, late)
    lengthy.after(patience, late)
    dated.after(until, late)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (Waiting.fixed, T0 + MINUTE),
        (Waiting.lengthy, T0 + 7 * MINUTE),
        (Waiting.dated, T0 + 7 * MINUTE),
    ],
)
def test_placed_timers_are_due_after_their_delays(state: State[Patience], due: datetime) -> None:
    """A delay that is worked out sees the data that is given; the timer fires like any other."""
    snapshot = Snapshot.of(state, Patience(7), at=T0)
    ((timer, when),) = snapshot.timers.items()
    assert when == due
    assert Waiting.late in step(Waiting, snapshot, TimerFired(timer), at=due).snapshot


def test_placed_timers_are_those_that_entering_starts() -> None:
    """A snapshot that is placed equals one that was reached, up to the clock."""
    kernel = Kernel(Waiting)
    reached = kernel.step(kernel.start().snapshot, Go(), at=T0).snapshot
    placed = Snapshot.of(Waiting.fixed, Patience(), at=T0)
    assert placed.memory == reached.memory
    assert placed.data == reached.data


def test_placed_timer_needs_the_time() -> None:
    """When it is due cannot be told without; a state without timers asks for no time."""
    expected = r"\[SC201\] Waiting: the timer 'fixed\.after\.late' reads the time.*Pass at="
    with pytest.raises(TimeNeededError, match=expected):
        Snapshot.of(Waiting.fixed, Patience())
    assert not Snapshot.of(Waiting.idle).timers


@frozen
class Assigned:
    story: str


@frozen
class Written:
    branch: str


@frozen
class Author(Call[Written]):
    story: str


@frozen
class Watch(Call[Written]):
    branch: str


@frozen
class Working:
    story: str


@frozen
class Review:
    branch: str


@frozen
class Round:
    number: int


@frozen
class Late:
    reason: str


class Story(Statechart[Assigned | Written | Late], allow="*"):
    """Superstates with data, states with data in them, calls that are filled from events."""

    idle = State(initial=True)

    class working(Compound[Working]):
        class writing(Compound[Round], initial=True):
            drafting = State(Review, initial=True, invoke=Watch)
            resting = State(invoke={Author: lambda m: Author(f"{m.event.story}/{m.new_id('a')}")})

        checking = State(invoke=Author)
        last = History(default=checking)

    idle.to(working.checking, on=Assigned)
    working.checking.after(lambda m: timedelta(minutes=len(m.event.story)), idle)


WORKING = Working("login")


def test_placed_superstate_and_its_child_carry_data() -> None:
    """Data of a state and of all that is around it is given in any order."""
    inner = (Story.working.writing.drafting, Review("b"))
    given: Any = [(Story.working, WORKING), (Story.working.writing, Round(2)), inner]
    snapshots = [
        Snapshot.of(*first, *rest)
        for first, *rest in (given, given[::-1], [given[1], given[2], given[0]])
    ]
    assert snapshots[0].data == {
        "working": WORKING,
        "working.writing": Round(2),
        "working.writing.drafting": Review("b"),
    }
    assert all(one == snapshots[0] for one in snapshots)
    assert list(snapshots[0].calls.values()) == [Watch("b")]
    outer = Snapshot.of(
        Story.chart, "working.checking", None, ("working", WORKING), at=T0, event=Assigned("x")
    )
    assert outer.configuration == ("working", "working.checking")


def test_placed_state_takes_fields_from_its_event() -> None:
    """Calls, data and delays see the event, as they do in the run that came here by it."""
    reached = step(Story, start(Story).snapshot, Assigned("login"), at=T0).snapshot
    placed = Snapshot.of(Story.working.checking, at=T0, event=Assigned("login"))
    assert (placed.data, placed.memory) == (reached.data, reached.memory)
    assert list(placed.calls.values()) == [Author("login")]
    assert list(placed.timers.values()) == [T0 + timedelta(minutes=5)]
    assert (
        placed.configuration
        == Snapshot.of(Story.working.last, at=T0, event=Assigned("login")).configuration
    )


def test_placed_states_have_events_of_their_own() -> None:
    """A superstate may have been entered by another event than what is active in it."""
    snapshot = Snapshot.of(
        Story.working.writing.drafting,
        None,
        (Story.working, None, Assigned("login")),
        (Story.working.writing, Round(1)),
        event=Written("b"),
    )
    assert snapshot[Story.working] == WORKING
    assert snapshot[Story.working.writing.drafting] == Review("b")


def test_placed_calls_keep_the_ids_that_they_made() -> None:
    """An id that a callback has asked for is not given again."""
    snapshot = Snapshot.of(
        Story.working.writing.resting,
        None,
        (Story.working, WORKING),
        (Story.working.writing, Round(1)),
        event=Assigned("login"),
    )
    assert list(snapshot.calls.values()) == [Author("login/a-1")]
    assert dict(snapshot.memory.counters) == {"a": 1, "call": 1}


class Plain(Statechart[Assigned | Written], allow="*"):
    idle = State(initial=True)
    only = State(invoke=Author)
    wrong = State(invoke={Author: lambda m: cast("Any", 3)})
    asking = State(invoke={Author: lambda m: Author(str(m["nowhere"]))})

    idle.to(only, on=Assigned)
    idle.to(wrong, on=Written)


DRAFT = (Story.working.writing.drafting, Review("b"))
ROUND = (Story.working.writing, Round(1))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: Snapshot.of(*DRAFT),
            (
                "nothing supplies 'story' of 'working'. Pass ('working', Working(…)), or event="
                " with an event that supplies it."
            ),
        ),
        (
            lambda: Snapshot.of(Story.working.checking, None, (Story.working, WORKING), at=T0),
            (
                "a callback of 'working.checking' raised AttributeError: 'NoneType' object has no"
                " attribute 'story'. Pass event= with the event that it reads."
            ),
        ),
        (
            lambda: Snapshot.of(
                Story.working.writing.resting,
                None,
                (Story.working, WORKING),
                ROUND,
                event=Written("b"),
            ),
            (
                "a callback of 'working.writing.resting' raised AttributeError: 'Written' object"
                " has no attribute 'story'. Correct it."
            ),
        ),
        (
            lambda: Snapshot.of(*DRAFT, ROUND, (Story.working, WORKING), ROUND),
            "'working.writing' is named twice. Name each state once, with its data.",
        ),
        (
            lambda: Snapshot.of(*DRAFT, (Story.working, WORKING, Written)),
            (
                "the event <class 'tests.test_semantics.test_placement.Written'> is not an"
                " instance. Pass an instance of an event class."
            ),
        ),
        (
            lambda: Snapshot.of(*DRAFT, (Story.working.checking, None)),
            (
                "'working.writing.drafting', 'working.checking' cannot be active together. Name one"
                " state, those around it, and at most one more in each region of a parallel state."
            ),
        ),
        (
            lambda: Snapshot.of(Story.chart, "working.last", Round(1), ("working", WORKING)),
            "'working.last' carries no data, and Round(number=1) was given. Pass None.",
        ),
        (
            lambda: Snapshot.of(Story.chart, "working", Round(1)),
            "'working' carries a Working, and Round(number=1) was given. Pass Working(…).",
        ),
        (
            lambda: Snapshot.of(Plain.only),
            (
                "nothing supplies 'story' of 'only.author'. Pass event= with an event that supplies"
                " it."
            ),
        ),
        (
            lambda: Snapshot.of(Plain.wrong),
            "invoke of 'wrong' gave 3. Return a Author.",
        ),
    ],
)
def test_placed_snapshot_that_cannot_be_is_told_with_its_remedy(make: Any, said: str) -> None:
    """Each error says what is missing, and how it is passed to `Snapshot.of`."""
    with pytest.raises(StepError) as refused:
        make()
    assert str(refused.value).partition(": ")[2] == said
    assert refused.value.code == "SC218"


def test_placed_callback_keeps_an_error_of_the_library() -> None:
    """What a callback is told by the library is passed on as it is."""
    with pytest.raises(StatechartError, match=r"\[SC207\] Plain: there is no state 'nowhere'"):
        Snapshot.of(Plain.asking)
