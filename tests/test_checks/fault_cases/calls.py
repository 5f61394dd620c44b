"""Mistakes in calls and in what waits for later."""

from __future__ import annotations

from attrs import frozen

from statecharts import Call, CallFailed, Compound, Parallel, State, Statechart
from tests.test_checks.fault_cases.vocabulary import Go, Halt, Kick, case


@frozen
class Ring(Call[Kick]):
    """Answered by an event that has payload."""


@frozen
class Knock(Call[Go | Halt]):
    """Answered by one of two events."""


@case
def call_answered_by_a_foreign_event() -> object:
    """
    [SC135] Door: Ring of 'closed' is answered by Kick, which is not one of the chart's events. Add Kick to the chart's events, or correct the Call.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True, invoke=Ring)
        open = State(resting=True)
        closed.to(open, on=Go)
        closed.to(open, on=CallFailed)

    return Door


@case
def call_of_a_final_state() -> object:
    """
    [SC135] Door: 'gone' is final and makes a call. Make the call in a state that stays active.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        gone = State(final=True, invoke=Knock)
        closed.to(gone, on=Go)
        Statechart.stay(on=(Halt, CallFailed))
        Statechart.stay(on=Go)

    return Door


@case
def answer_that_only_another_state_takes() -> object:
    """
    [SC136] Door: Knock of 'closed' may be answered by Halt, which no line there takes. Add a line to the state or a superstate, or correct the Call.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True, invoke=Knock)
        open = State()
        closed.to(open, on=Go)
        closed.to(open, on=CallFailed)
        open.to(closed, on=Halt)

    return Door


@case
def answer_that_only_a_sibling_region_takes() -> object:
    """
    [SC136] Door: Knock of 'both.left' may be answered by Halt, which no line there takes. Add a line to the state or a superstate, or correct the Call.
    [SC137] Door: no line takes the failure of Knock of 'both.left'. Add a line on=CallFailed to the state or a superstate.
    """

    class Door(Statechart[Go | Halt]):
        class both(Parallel, initial=True):
            class left(Compound, invoke=Knock):
                a = State(initial=True, resting=True)
                a.stay(on=Go)

            class right(Compound):
                b = State(initial=True, resting=True)
                b.stay(on=Halt)
                b.stay(on=CallFailed)

    return Door


@case
def answer_that_is_only_deferred() -> object:
    """
    [SC136] Door: Knock of 'closed' may be answered by Halt, which no line there takes. Add a line to the state or a superstate, or correct the Call.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True, invoke=Knock)
        open = State()
        closed.to(open, on=Go)
        closed.stay(on=CallFailed)
        closed.defer(on=Halt)
        open.to(closed, on=Halt)

    return Door


@case
def failure_that_nothing_takes() -> object:
    """
    [SC137] Door: no line takes the failure of Knock of the chart. Add a line on=CallFailed to the state or a superstate.
    [SC137] Door: no line takes the failure of Knock of 'closed'. Add a line on=CallFailed to the state or a superstate.
    """

    class Door(Statechart[Go | Halt], invoke=Knock):
        closed = State(initial=True, invoke=Knock)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=Halt)
        Statechart.stay(on=(Go, Halt))

    return Door


@case
def deferred_event_that_no_state_takes() -> object:
    """
    [SC138] Door: closed on Kick defers Kick, which no line ever takes. Add a line that takes it, or ignore it.
    """

    class Door(Statechart[Go | Kick]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=Go)
        closed.defer(on=Kick)

    return Door
