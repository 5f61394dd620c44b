"""Mistakes in what a line leads to, what takes it, and what it makes."""

from __future__ import annotations

from attrs import evolve

from statecharts import Compound, History, Parallel, State, Statechart
from tests.typing.vocabulary import (
    Archived,
    Block,
    Blocked,
    DepsMet,
    Done,
    GatesPassed,
    Merge,
    MergeSucceeded,
    QaSkipped,
    Unblock,
    Work,
)


class Wiring(Statechart):
    """Every line that ends with a comment is wrong; the lines between are right."""

    class active(Compound[Work], initial=True):
        backlog = State(initial=True)
        coding = State()
        merge = State(Merge)
        unmade = State(Merge("main", 1))  # mistake: an instance for the class of the data
        was = History(backlog)
        never = History(3)  # mistake: a history whose default is no state
        begun = State(start=True)  # mistake: a keyword that there is not

        backlog.to(coding, on=DepsMet)
        backlog.to(codign, on=DepsMet)  # mistake: a mistyped state
        backlog.to(Merge, on=DepsMet)  # mistake: data for a target
        backlog.to("coding", on=DepsMet)  # mistake: text for a target
        backlog.to(coding)  # mistake: nothing takes it
        backlog.to(coding, on=DepsMet())  # mistake: an instance for an event class
        backlog.to(coding, on=(GatesPassed, DepsMet()))  # mistake: an instance among event classes
        backlog.to(coding, on=3)  # mistake: a number for an event class
        backlog.to(coding, on=None)  # mistake: nothing for an event class
        backlog.to(coding, on=DepsMet, wehn=lambda m: True)  # mistake: a mistyped keyword
        backlog.stay()  # mistake: nothing takes it
        backlog.ignore(on=DepsMet())  # mistake: an instance for an event class
        backlog.ignore()  # mistake: nothing to ignore

        coding.to(merge, on=GatesPassed)
        coding.to(merge, on=GatesPassed, make=lambda m: Merge(m.event.feature_branch, 1))
        coding.to(merge, on=GatesPassed, make=lambda m: Merge(m.event.branch, 1))  # mistake: a payload field
        coding.to(merge, on=GatesPassed, make=lambda m: Done(m.at))  # mistake: data of another state
        coding.to(merge, on=GatesPassed, make=lambda m: None)  # mistake: no data
        coding.to(merge, on=GatesPassed, make=lambda m: Merge(m.event.feature_branch))  # mistake: an incomplete merge
        coding.to(merge, on=GatesPassed, make=lambda m: Merge(m.event.commits_ahead, 1))  # mistake: a field of another type
        coding.to(merge, on=(GatesPassed, QaSkipped), make=lambda m: Done(m.at))  # mistake: data of another state
        coding.to(merge, on=GatesPassed | QaSkipped, make=lambda m: Done(m.at))  # mistake: data of another state
        coding.to(merge, on=GatesPassed, make=Done)  # mistake: a class that takes no moment
        merge.to(merge, on=(GatesPassed, QaSkipped), make=lambda m: Merge(m.data.branch, 1))  # mistake: a field of the data
        merge.stay(on=GatesPassed, make=lambda m: evolve(m.data, commits_ahead=2))
        merge.stay(on=GatesPassed, make=lambda m: Merge(m.data.feature_branch, m.event.commits_ahead))
        merge.stay(on=GatesPassed, make=lambda m: Merge(m.data.feature_branch, m.event.ahead))  # mistake: a payload field
        merge.stay(on=GatesPassed, make=lambda m: Done(m.at))  # mistake: data of another state
        merge.stay(merge, on=GatesPassed)  # mistake: a target for what stays

    class both(Parallel[Work]):
        class left(Compound, initial=1):  # mistake: a number for a flag
            end = State(final=True)

        class right(Compound, begin=True):  # mistake: a keyword that there is not
            end = State(final=True)

    done = State(Done)
    archived = State(Archived)

    active.mrege.to(done, on=MergeSucceeded, make=lambda m: Done(m.at))  # mistake: a mistyped state
    active.merge.to(done, on=MergeSucceeded, make=lambda m: Done(m.at))
    active.merge.to(done, on=MergeSucceeded, make=lambda m: Done(m.event.at))  # mistake: a payload field
    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.event.reason)))
    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.event.raeson)))  # mistake: a payload field
    active.to(archived, on=Block, make=lambda m: Archived(m.at, m.event.reason))  # mistake: a field of another type
    active.to(archived, on=Block, make=lambda m: Blocked(m.event.reason))  # mistake: data of another state
    active.to(archived, on=Block, make=lambda m: Archived(m.at, Blocked(m.data.reason)))  # mistake: a field of the data
    active.to(active.mrege, on=Block)  # mistake: a mistyped state
    active.to(active.merge, on=Block, internal="yes")  # mistake: text for a flag
    archived.to(active, on=Unblock, make=lambda m: Work("again"))
    archived.to(active, on=Unblock, make=lambda m: Merge("main", 1))  # mistake: data of another state
    archived.to(both, on=Unblock, make=lambda m: Work(m.data.reason))  # mistake: a field of another type
    archived.to(Statechart, on=Unblock)  # mistake: a chart for a target


class Closed(Statechart, event=DepsMet):  # mistake: a keyword that there is not
    """A chart whose class keyword is mistyped."""
