"""The charts of runs that start, await and tell each other, and the scripts that drive them."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from benchmarks.faults.charts import Ask, Done, Go, Half, Hold, Mail, Work
from statecharts import Call, CallFailed, Moment, State, Statechart
from statecharts.runtime import Child, ChildDone, ChildFailed, Each, Joined, Spawn, Tell


@frozen
class Cancel:
    """Stop."""


@frozen
class Leg:
    """The number of a leg of a tour."""

    number: int


@frozen
class Parcel:
    """The data of a finished leg."""

    name: str


class Courier(Statechart[Done | Half | Cancel, Leg]):
    """A child with a call and a timer; that of an odd leg takes a year."""

    packing = State(initial=True, invoke={Work: lambda m: Work(f"pack {m.context.number}")})
    driving = State()
    there = State(Parcel, final=True, entry=lambda m: Mail(f"{m.data.name} is there"))
    off = State(final=True, entry=lambda m: Mail(f"leg {m.context.number} is off"))
    packing.to(driving, on=(Done, CallFailed))
    packing.ignore(on=Half)
    driving.after(
        lambda m: timedelta(days=365) if m.context.number % 2 else timedelta(hours=3),
        there,
        make=lambda m: Parcel(f"parcel {m.context.number}"),
    )
    packing.to(off, on=Cancel)
    driving.to(off, on=Cancel)


class Stay(Statechart[Done]):
    """A child that waits for somebody, and has no event for being cancelled."""

    waiting = State(initial=True, invoke={Ask: lambda _: Ask("how long")})
    over = State(final=True)
    waiting.to(over, on=(Done, CallFailed))


@frozen
class Note:
    """Something for the diary; who wants to know is told."""

    place: int
    writer: str = ""


@frozen
class Noted:
    """The diary has it."""

    place: int


@frozen
class Pages:
    """The entries of a diary, in the order in which they came."""

    places: tuple[int, ...] = ()


def _noted(moment: Moment[None, Note, Pages]) -> Pages:
    return Pages((*moment.context.places, moment.event.place))


class Diary(Statechart[Note | Cancel, Pages]):
    """A run that others start and tell things, and that answers them."""

    open = State(initial=True, resting=True)
    shut = State(final=True, entry=lambda m: Mail(f"{len(m.context.places)} notes"))
    open.stay(
        on=Note,
        update=_noted,
        emit=lambda m: (Mail(f"note {m.event.place}"), Tell(m.event.writer, Noted(m.event.place))),
    )
    open.to(shut, on=Cancel)


def _legs(numbers: tuple[int, ...]) -> tuple[Call[ChildDone | ChildFailed], ...]:
    return tuple(Child(Courier, f"leg-{n}", Leg(n)) for n in numbers)


class Tour(Statechart[Go | Hold | ChildDone | ChildFailed | Joined | Noted]):
    """A parent: of one child, of many, of some that it leaves; it starts a run and hears of it."""

    home = State(initial=True)
    first = State(invoke={Child: lambda _: Child(Courier, context=Leg(0))})
    all = State(invoke={Each: lambda _: Each((*_legs((2, 4)), Work("wave")))})
    some = State(invoke={Each: lambda _: Each((*_legs((6, 1, 8, 3)), Child(Stay)), need=2)})
    telling = State(
        entry=lambda _: (
            Spawn(Diary, "diary", Pages()),
            *(Tell("diary", Note(place, "r")) for place in range(3)),
        )
    )
    left = State(invoke={Child: lambda _: Child(Stay, "left")})
    over = State(final=True, entry=lambda _: (Mail("home again"), Tell("diary", Cancel())))

    home.to(first, on=Go)
    first.to(all, on=ChildDone)
    all.to(some, on=Joined)
    some.to(telling, on=Joined)
    telling.to(left, on=Noted, when=lambda m: m.event.place == 2)
    telling.ignore(on=Noted)
    left.to(over, on=Hold)
    left.ignore(on=ChildDone)
    for state in (first, left):
        state.to(over, on=(ChildFailed, CallFailed))
    all.to(over, on=CallFailed)
    some.to(over, on=CallFailed)


FAMILY = (Tour, Courier, Stay, Diary)


# -- two that tell each other ----------------------------------------------------------------------


@frozen
class Serve:
    """Send a ball to the other player, who sends it back so many times."""

    ball: str
    times: int
    other: str


@frozen
class Ball:
    """A ball that comes over the net."""

    ball: str
    left: int
    other: str


@frozen
class Score:
    """The number of balls that a player has had."""

    served: int = 0
    met: int = 0


def _over(moment: Moment[None, Ball, Score]) -> Tell | None:
    ball = moment.event
    if not ball.left:
        return None
    return Tell(ball.other, Ball(ball.ball, ball.left - 1, _self(ball.other)))


def _self(other: str) -> str:
    return "left" if other == "right" else "right"


class Player(Statechart[Serve | Ball, Score]):
    """A run that serves, and returns each ball until it has come over often enough."""

    on = State(initial=True, resting=True)
    on.stay(
        on=Serve,
        update=lambda m: Score(m.context.served + 1, m.context.met),
        emit=lambda m: Tell(m.event.other, Ball(m.event.ball, m.event.times, _self(m.event.other))),
    )
    on.stay(
        on=Ball,
        update=lambda m: Score(m.context.served, m.context.met + 1),
        emit=lambda m: (Mail(f"{m.event.ball} {m.event.left}"), *filter(None, [_over(m)])),
    )
