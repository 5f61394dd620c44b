"""Charts that mean something, though surely not what was meant."""

from __future__ import annotations

from attrs import define, field, frozen

from statecharts import Call, CallFailed, Compound, History, Parallel, State, Statechart
from tests.test_checks.fault_cases.vocabulary import Bang, Go, Halt, case


@case
def unreachable_state() -> object:
    """
    [SC121] Door: nothing reaches 'attic'. Add a line that goes to it, make it initial, or remove it.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)

        class attic(Compound):
            dust = State(initial=True)

        attic.to(closed, on=Go)
        closed.to(closed, on=Go)

    return Door


@case
def dead_end() -> object:
    """
    [SC122] Door: 'stuck' is not final, and nothing leaves it. Add a line that leaves it, or declare it with final=True or resting=True.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        stuck = State()
        closed.to(stuck, on=Go)
        stuck.stay(on=Go)

    return Door


@case
def shadowed_transition() -> object:
    """
    [SC123] Door: room on Go is never taken: every state inside answers first. Remove the line, or give those inside a when=.
    """

    class Door(Statechart[Go | Halt]):
        class room(Compound, initial=True):
            one = State(initial=True)
            two = State()
            one.to(two, on=Go)
            two.ignore(on=Go)

        away = State(resting=True)
        room.to(away, on=Go)
        room.to(away, on=Halt)

    return Door


@case
def unused_event() -> object:
    """[SC124] Door: no line names the event Halt. Use it, or remove it from the events."""

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def transition_behind_an_unguarded_one() -> object:
    """
    [SC125] Door: closed on Go is never taken: an earlier line on it has no guard. Give the earlier line a when=, put it last, or remove one of them.
    [SC125] Door: open always is never taken: an earlier line on it has no guard. Give the earlier line a when=, put it last, or remove one of them.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        open = State()
        ajar = State()
        closed.to(open, on=Go | Halt)
        closed.to(ajar, on=Go)
        open.always(ajar)
        open.always(closed, when=lambda m: True)
        ajar.to(closed, on=Go)

    return Door


@case
def completion_that_never_comes() -> object:
    """
    [SC126] Door: room when done is never taken: 'room' has no final child. Declare a State(final=True) inside, or use another trigger.
    [SC126] Door: both when done is never taken: region 'both.right' cannot finish. Declare a State(final=True) inside, or use another trigger.
    """

    class Door(Statechart[Go]):
        class room(Compound, initial=True):
            one = State(initial=True)

        class both(Parallel):
            class left(Compound):
                a = State(initial=True)
                b = State(final=True)
                a.to(b, on=Go)

            right = State()

        room.when_done(both)
        both.when_done(room)
        room.to(both, on=Go)
        both.to(room, on="*")

    return Door


@case
def parallel_of_one_region() -> object:
    """
    [SC127] Door: 'both' is parallel and has one region only, 'both.left'. Make it compound, or add a region.
    """

    class Door(Statechart):
        class both(Parallel, initial=True):
            left = State(resting=True)

    return Door


@case
def history_of_the_chart_itself() -> object:
    """
    [SC128] Door: history 'past' never remembers anything: the chart itself is never left. Declare it inside the superstate that is left and entered again.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        past = History(default=closed)
        closed.to(past, on=Go)

    return Door


@case
def exit_of_the_last_state() -> object:
    """
    [SC129] Door: the exit effects of 'gone' never happen: the chart ends in it. Make them entry effects.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        gone = State(final=True, exit=lambda m: Bang())
        closed.to(gone, on=Go)

    return Door


@define
class Loose:
    """Data, an event and a context that can be changed."""

    n: int = 0


@case
def what_can_be_changed() -> object:
    """
    [SC130] Door: the data of 'open' is Loose, whose instances can be changed. Declare it with @attrs.frozen.
    [SC130] Door: an event is Loose, whose instances can be changed. Declare it with @attrs.frozen.
    [SC130] Door: the context is Loose, whose instances can be changed. Declare it with @attrs.frozen.
    """

    class Door(Statechart[Loose, Loose]):
        closed = State(initial=True)
        open = State(Loose)
        closed.to(open, on=Loose)
        open.to(closed, on=Loose)

    return Door


@frozen
class Tray:
    """Cannot be changed, but what it holds can."""

    loose: Loose


@case
def what_it_holds_can_be_changed() -> object:
    """
    [SC130] Door: the data of 'open' is Shelf, and its 'all' holds Loose, whose instances can be changed. Declare Loose with @attrs.frozen.
    [SC130] Door: a call of 'open' is Rung, whose instances can be changed. Declare it with @attrs.frozen.
    [SC130] Door: an event is Sent, and its 'loose' holds Loose, whose instances can be changed. Declare Loose with @attrs.frozen.
    """

    @frozen
    class Shelf:
        all: tuple[Tray | None, ...] = ()

    @frozen
    class Sent:
        loose: Loose = field(factory=Loose)

    @define
    class Rung(Call[Go]):
        n: int = 0

    class Door(Statechart[Go | Sent]):
        closed = State(initial=True)
        open = State(Shelf, invoke=Rung)
        closed.to(open, on=Sent)
        open.to(closed, on=(Go, CallFailed))

    return Door


@case
def line_on_a_region() -> object:
    """
    [SC131] Door: room.lamp on Halt leaves and re-enters the other regions, too. Write it on the states inside the region, or pass internal=True.
    [SC131] Door: room.lamp on Halt goes to another region, and so restarts 'room.lamp'. Raise an event that a line there takes: emit=lambda m: Raise(…).
    [SC131] Door: room.lamp on Halt leaves and re-enters the other regions, too. Let it go to a state inside the region, and pass internal=True.
    [SC131] Door: room.lamp on Halt leaves and re-enters the other regions, too. Let it go to a state inside the region, and pass internal=True.
    """

    class Door(Statechart[Go | Halt]):
        class room(Parallel, initial=True):
            class lamp(Compound):
                dark = State(initial=True)
                lit = State()
                dark.to(lit, on=Go)

            class radio(Compound):
                off = State(initial=True)

            lamp.to(lamp.dark, on=Halt, when=lambda m: False)
            lamp.to(radio.off, on=Halt, when=lambda m: False)
            lamp.to((lamp.dark, radio.off), on=Halt, when=lambda m: False)
            lamp.to(lamp, on=Halt, when=lambda m: False)
            lamp.to(lamp, on=Halt, internal=True, when=lambda m: False)
            lamp.to(lamp.dark, on=Halt, internal=True)

        gone = State(final=True)
        room.lamp.to(gone, on=Go)

    return Door


@case
def line_inside_a_region_that_leaves_it() -> object:
    """
    [SC131] Door: lamp.dark on Halt leaves and re-enters the other regions, too. Let it go to a state inside the region.
    [SC131] Door: lamp.dark on Halt goes to another region, and so restarts 'lamp' and 'fan'. Raise an event that a line there takes: emit=lambda m: Raise(…).
    [SC131] Door: lamp.dark on Halt goes to several regions, and so restarts 'fan'. Raise an event that a line there takes: emit=lambda m: Raise(…).
    [SC131] Door: fan on Halt leaves and re-enters the other regions, too. Use stay(), or make the region a Compound.
    """

    class Door(Statechart[Go | Halt], parallel=True):
        class lamp(Compound):
            dark = State(initial=True)
            lit = State()
            dark.to(lit, on=Go)
            lit.to(dark, on=Go)

        class radio(Compound):
            off = State(initial=True)
            playing = State(resting=True)
            off.to(playing, on=Go)

        fan = State()
        lamp.dark.to(lamp, on=Halt, when=lambda m: False)
        lamp.dark.to(radio.off, on=Halt, when=lambda m: False)
        lamp.dark.to((lamp.lit, radio.off), on=Halt, when=lambda m: False)
        lamp.dark.to((lamp.lit, radio.off, fan), on=Halt, when=lambda m: False)
        lamp.dark.to(lamp.lit, on=Halt)
        fan.to(fan, on=Halt)

    return Door


@case
def region_that_is_parallel_itself() -> object:
    """
    [SC131] Door: out.room on Go leaves and re-enters the other regions, too. Write it on the states inside the region.
    [SC131] Door: out.room.left on Go leaves and re-enters the other regions, too. Let it go to a state inside the region, and pass internal=True.
    """

    class Door(Statechart[Go]):
        class out(Parallel, initial=True):
            class room(Parallel):
                class left(Compound):
                    a = State(initial=True)

                class right(Compound):
                    b = State(initial=True)

                left.to(left, on=Go)

            fan = State()
            back = History(fan)
            room.to(room.left.a, on=Go)
            fan.to(back, on=Go)

    return Door


@case
def internal_line_of_a_parallel_state() -> object:
    """
    [SC132] Door: room on Halt is internal, but leaves the parallel state anyway. Write one line in each region, or remove internal=True.
    """

    class Door(Statechart[Go | Halt]):
        class room(Parallel, initial=True):
            class lamp(Compound):
                dark = State(initial=True)
                lit = State()
                dark.to(lit, on=Go)

            class radio(Compound):
                off = State(initial=True)

        room.to(room.lamp, on=Halt, internal=True)

    return Door
