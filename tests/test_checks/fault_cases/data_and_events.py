"""Mistakes in data, events, callbacks and the context."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from statecharts import (
    Call,
    CallFailed,
    Compound,
    History,
    Occurred,
    Parallel,
    State,
    Statechart,
    TimerFired,
)
from statecharts.model.events import StateDone
from tests.test_checks.fault_cases.vocabulary import (
    Go,
    Halt,
    Hurt,
    Kick,
    Named,
    Plain,
    Text,
    case,
    loose,
)


@frozen
class Opened:
    """Data that does not always take the time."""

    since: Occurred | None
    until: Occurred = datetime(2026, 1, 1, tzinfo=UTC)


@case
def field_that_the_event_lacks() -> object:
    """
    [SC104] Door: closed on Kick goes to 'open', which needs 'name' and 'colour'; Kick does not supply them. Give them a default, add them to Kick, or pass make=.
    """

    class Door(Statechart[Kick]):
        closed = State(initial=True)
        open = State(Named)
        closed.to(open, on=Kick)
        open.to(closed, on=Kick)

    return Door


@case
def field_that_one_of_two_events_lacks() -> object:
    """
    [SC104] Door: closed on Go goes to 'open', which needs 'force'; Go does not supply it. Give it a default, add it to Go, or pass make=.
    """

    class Door(Statechart[Kick | Go]):
        closed = State(initial=True)
        open = State(Hurt)
        closed.to(open, on=Kick | Go)
        open.to(closed, on=Kick)

    return Door


@case
def field_that_only_one_child_has() -> object:
    """
    [SC104] Door: busy on Go goes to 'archive', which needs 'force'; Go does not supply it. Give it a default, add it to Go, or pass make=.
    """

    class Door(Statechart[Kick | Go]):
        class busy(Compound, initial=True):
            calm = State(initial=True)
            sore = State(Hurt)
            calm.to(sore, on=Kick)

        archive = State(Hurt, resting=True)
        busy.to(archive, on=Go)

    return Door


@case
def field_of_a_state_entered_by_default() -> object:
    """
    [SC104] Door: the start enters 'busy.sore', which needs 'force'; nothing supplies it. Give it a default, or add it to the context.
    [SC104] Door: closed on Go goes to 'busy' and enters 'busy.sore', which needs 'force'; Go does not supply it. Give it a default, or add it to Go.
    """

    class Door(Statechart[Kick | Go]):
        class busy(Compound, initial=True):
            sore = State(Hurt, initial=True)

        closed = State()
        busy.to(closed, on=Kick)
        closed.to(busy, on=Go)

    return Door


@case
def field_behind_a_remembered_child() -> object:
    """
    [SC104] Door: away on Go goes to 'room.past' and enters 'room.inner.sore', which needs 'force'; Go does not supply it. Give it a default, or add it to Go.
    """

    class Door(Statechart[Kick | Go]):
        class room(Compound, initial=True):
            calm = State(initial=True)

            class inner(Compound):
                sore = State(Hurt, initial=True)

            past = History(default=calm)
            calm.to(inner, on=Kick)

        away = State()
        room.to(away, on=Go)
        away.to(room.past, on=Go)

    return Door


@case
def make_without_data() -> object:
    """
    [SC105] Door: closed on Kick goes to 'open', which has no data, but make= is given. Remove make=, or declare data for the state.
    [SC105] Door: open on Kick stays in 'open', which has no data, but make= is given. Remove make=, or declare data for the state.
    [SC105] Door: open on Go goes to history 'inner.past', which restores its data, but make= is given. Remove make=.
    """

    class Door(Statechart[Kick | Go]):
        closed = State(initial=True)
        open = State()

        class inner(Compound):
            one = State(initial=True)
            past = History(default=one)

        closed.to(open, on=Kick, make=loose(lambda m: Hurt(1)))
        open.stay(on=Kick, make=loose(lambda m: Hurt(1)))
        open.to(inner.past, on=Go, make=loose(lambda m: Hurt(1)))
        inner.to(closed, on=Go)

    return Door


@case
def one_make_for_several_data() -> object:
    """
    [SC105] Door: closed on Kick has one make=, and goes to 'both.left.one' and 'both.right.two', which all have data. Remove make=, so that each is filled by name.
    """

    class Door(Statechart[Kick | Go]):
        closed = State(initial=True)

        class both(Parallel):
            class left(Compound):
                one = State(Hurt, initial=True)

            class right(Compound):
                two = State(Hurt, initial=True)

        closed.to((both.left.one, both.right.two), on=Kick, make=loose(lambda m: Hurt(1)))
        both.to(closed, on=Go)

    return Door


@case
def event_outside_the_union() -> object:
    """
    [SC106] Door: closed on Kick: Kick is not one of the chart's events. Add Kick to the events.
    [SC106] Door: closed on gone: no event of the chart is called 'gone'. Did you mean 'go'?
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Kick)
        closed.to(open, on="gone")
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def event_that_every_run_accepts() -> object:
    """
    [SC106] Door: TimerFired is among the chart's events. Remove it: a run always accepts what its own timers and calls say.
    """

    class Door(Statechart[Go | TimerFired]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=TimerFired)

    return Door


@case
def things_that_are_something_else() -> object:
    """
    [SC114] Door: the data of 'closed' is Plain, which is not an attrs class. Declare Plain with @attrs.frozen.
    [SC114] Door: a line on 'open' goes to 5, which is not a state. Pass a State, a History, or a class derived from Compound or Parallel.
    [SC114] Door: a line on 'open': on is Go(), which is not an attrs class. Pass the class itself: Go.
    [SC114] Door: a line on 'open': on is 7, which is not an attrs class. Pass an event class.
    [SC114] Door: a line on 'open': when is 4, not a function. Pass a function of one moment: lambda m: ….
    """

    class Door(Statechart[Go | Halt | Kick]):
        closed = State(Plain, initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(loose(5), on=Go)
        open.to(closed, on=loose(Go()))
        open.to(closed, on=loose(7))
        open.to(closed, on=Halt, when=loose(4))
        open.stay(on=Kick)

    return Door


@case
def two_events_of_one_name() -> object:
    """[SC116] Door: two events have the name 'go' on the wire. Rename one of the two classes."""
    other: Any = frozen(type("Go", (), {}))

    class Door(Statechart[Go | other]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=other)

    return Door


@case
def field_of_another_type() -> object:
    """
    [SC117] Door: closed on Kick goes to 'open', whose 'force' is str; Kick supplies int. Give both the same type, rename one of them, or pass make=.
    """

    class Door(Statechart[Kick]):
        closed = State(initial=True)
        open = State(Text)
        closed.to(open, on=Kick)
        open.to(closed, on=Kick)

    return Door


@frozen
class Push(Call[Go]):
    """A call whose field something of the same name fills."""

    force: str


@case
def call_filled_with_the_wrong_type() -> object:
    """
    [SC117] Door: 'hurt' invokes Push, whose 'force' is str; Hurt supplies int. Give both the same type, rename one of them, or pass invoke={Push: lambda m: …}.
    [SC117] Door: 'open' invokes Push, whose 'force' is str; Kick supplies int. Give both the same type, rename one of them, or pass invoke={Push: lambda m: …}.
    """

    class Door(Statechart[Kick | Go]):
        closed = State(initial=True)
        hurt = State(Hurt, invoke=Push)
        open = State(invoke=Push)
        good = State(Text, invoke=Push)
        closed.to(hurt, on=Go, make=lambda m: Hurt(1))
        closed.to(open, on=Kick)
        hurt.to(good, on=Go, make=lambda m: Text("1"))
        Statechart.to(closed, on=(Go, CallFailed))

    return Door


@case
def call_filled_with_the_wrong_type_from_the_context() -> object:
    """
    [SC117] Door: the chart invokes Push, whose 'force' is str; Hurt supplies int. Give both the same type, rename one of them, or pass invoke={Push: lambda m: …}.
    """

    class Door(Statechart[Go, Hurt], invoke=Push):
        closed = State(initial=True)
        Statechart.to(closed, on=(Go, CallFailed))

    return Door


@case
def update_without_a_context() -> object:
    """
    [SC118] Door: closed on Go updates the context, and the chart has none. Declare it: class Door(Statechart[Events, Context]).
    """

    class Door(Statechart[Go]):
        closed = State(initial=True, resting=True)
        closed.stay(on=Go, update=lambda m: 1)  # type: ignore[arg-type, return-value]

    return Door


@case
def allow_of_the_wrong_code() -> object:
    """
    [SC119] Door: allow= names SC101, a structural fault, which cannot be allowed. Fix the fault instead.
    [SC119] Door: allow= names 'SC12', and there is no such code. Did you mean 'SC132'?
    """

    class Door(Statechart, allow=("SC101", "SC12")):
        closed = State(initial=True, resting=True)

    return Door


@case
def completion_on_a_line() -> object:
    """
    [SC106] Door: closed on StateDone: StateDone cannot trigger a line. Use when_done().
    """

    class Door(Statechart):
        closed = State(initial=True, resting=True)
        closed.stay(on=StateDone)

    return Door


@case
def events_that_cannot_be_found() -> object:
    """
    [SC112] Door: a type argument cannot be resolved: 'Go | Hlat' raises NameError("name 'Hlat' is not defined"). Define the names before the class, or import them outside TYPE_CHECKING.
    """

    class Door(Statechart["Go | Hlat"]):  # type: ignore[name-defined]
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def bases_with_two_contexts() -> object:
    """
    [SC142] Door: its bases have the contexts Hurt and Named. Give it one context, which derives from those of its bases.
    """

    class Counting(Statechart[Go, Hurt]):
        pass

    class Naming(Statechart[Go, Named]):
        pass

    class Door(Counting, Naming):  # pyright: ignore[reportGeneralTypeIssues]
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def time_that_may_be_missing() -> object:
    """
    [SC143] Door: the data of 'open': 'since' always takes the time, but is declared as Occurred | None. Declare it as since: Occurred, or give it another type.
    [SC143] Door: the data of 'open': 'until' always takes the time, but has a default. Declare it as until: Occurred, or give it another type.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(Opened)
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@frozen
class Watched(Call[Go]):
    """A call with the time, which may be missing."""

    since: Occurred | None = None


@case
def time_of_a_call_or_a_context_that_may_be_missing() -> object:
    """
    [SC143] Door: 'closed': invoke, Watched: 'since' always takes the time, but is declared as Occurred | None. Declare it as since: Occurred, or give it another type.
    [SC143] Door: the context: 'since' asks for the time, and nothing fills a context. Declare it as since: datetime, or give it another type.
    [SC143] Door: the context: 'until' asks for the time, and nothing fills a context. Declare it as until: datetime, or give it another type.
    """

    class Door(Statechart[Go, Opened]):
        closed = State(initial=True, invoke=Watched)
        open = State()
        closed.to(open, on=(Go, CallFailed))
        open.to(closed, on=Go)

    return Door


@frozen
class Hot:
    """Data whose field is a number."""

    heat: int = 0


@frozen
class Warm:
    """Data whose field of that name is a text."""

    heat: str = ""


@frozen
class Heated(Go):
    """A kind of Go that brings the field, as a text."""

    heat: str = "much"


@case
def wrong_type_from_a_state_inside() -> object:
    """
    [SC117] Oven: on on Go goes to 'off', whose 'heat' is int; Warm supplies str. Give both the same type, rename one of them, or pass make=.
    """

    class Oven(Statechart[Go | Halt]):
        class on(Compound[Hot], initial=True):
            low = State(initial=True)
            high = State(Warm)
            low.to(high, on=Halt, make=lambda m: Warm("very"))
            high.to(low, on=Halt)

        off = State(Hot, resting=True)
        on.to(off, on=Go)

    return Oven


@case
def wrong_type_from_a_region_beside() -> object:
    """
    [SC117] Oven: both.left on Go goes to 'off', whose 'heat' is int; Warm supplies str. Give both the same type, rename one of them, or pass make=.
    """

    class Oven(Statechart[Go]):
        class both(Parallel, initial=True):
            class left(Compound):
                a = State(initial=True)

            class right(Compound):
                b = State(Warm, initial=True)

        off = State(Hot, resting=True)
        both.left.to(off, on=Go)

    return Oven


@case
def wrong_type_from_a_kind_of_the_event() -> object:
    """
    [SC117] Oven: on on Heated goes to 'off', whose 'heat' is int; Heated supplies str. Give both the same type, rename one of them, or pass make=.
    """

    class Oven(Statechart[Go | Heated]):
        on = State(Hot, initial=True)
        off = State(Hot, resting=True)
        on.to(off, on=Go)

    return Oven
