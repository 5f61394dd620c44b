"""Mistakes in guards, in effects, and in lines that no event takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from statecharts import Compound, Moment, Parallel, State, Statechart
from tests.typing.vocabulary import (
    Archived,
    Block,
    Budget,
    DepsMet,
    Done,
    GatesPassed,
    Merge,
    Notify,
    QaSkipped,
    Work,
)


def is_large(moment: Moment[Merge, GatesPassed]) -> bool:
    """A guard of one event, on data of one class."""
    return moment.event.commits_ahead > moment.data.commits_ahead


def branch(moment: Moment[Merge, GatesPassed]) -> str:
    """No guard: it gives text."""
    return moment.data.feature_branch


def told(moment: Moment[Merge, GatesPassed]) -> str:
    """No effect: it gives text."""
    return moment.data.feature_branch


class Hooks(Statechart[Any, Budget]):
    """Every line that ends with a comment is wrong; the lines between are right."""

    class active(Compound[Work], initial=True):
        backlog = State(initial=True, entry=lambda m: Notify("here"))
        poor = State(entry=lambda m: Notify(m.data.title))  # mistake: a field where there is no data
        merge = State(Merge, entry=lambda m: Notify(m.data.feature_branch))
        entered = State(Merge, entry=lambda m: Notify(m.data.branch))  # mistake: a field of the data
        left = State(Merge, exit=lambda m: Notify(m.data.branch))  # mistake: a field of the data
        counted = State(Merge, exit=lambda m: m.data.commits_ahead)  # mistake: a number for an effect
        noted = State(Merge, entry=Notify("now"))  # mistake: an effect for a function
        finished = State(Done, final=True)

        merge.to(backlog, on=GatesPassed, when=is_large)
        merge.to(backlog, on=QaSkipped, when=is_large)  # mistake: a guard of another event
        backlog.to(backlog, on=GatesPassed, when=is_large)  # mistake: a guard of other data
        merge.to(backlog, on=GatesPassed, when=branch)  # mistake: a guard that gives text
        merge.to(backlog, on=GatesPassed, when=lambda m: m.data.commits_ahead > 1)
        merge.to(backlog, on=GatesPassed, when=lambda m: m.data.commits > 1)  # mistake: a field of the data
        merge.to(backlog, on=GatesPassed, when=lambda m: m.event.commits > 1)  # mistake: a payload field
        merge.to(backlog, on=(GatesPassed, QaSkipped), when=lambda m: m.data.commits > 1)  # mistake: a field of the data
        merge.to(backlog, on=GatesPassed, when=lambda m: m.data.commits_ahead)  # mistake: a number for an answer
        merge.to(backlog, on=GatesPassed, when=lambda: True)  # mistake: a guard that takes no moment
        merge.to(backlog, on=GatesPassed, when=True)  # mistake: an answer for a guard
        backlog.to(merge, on=GatesPassed, when=lambda m: m.data.commits_ahead > 1)  # mistake: a field where there is no data
        merge.stay(on=GatesPassed, when=lambda m: m.data.commits > 1)  # mistake: a field of the data
        merge.stay(on=GatesPassed, when=lambda m: m.time.year > 1)  # mistake: a moment has no such thing

        merge.to(backlog, on=GatesPassed, emit=lambda m: Notify(m.event.feature_branch))
        merge.to(backlog, on=GatesPassed, emit=lambda m: [Notify("a"), Notify("b")])
        merge.to(backlog, on=GatesPassed, emit=lambda m: "hello")  # mistake: text for an effect
        merge.to(backlog, on=GatesPassed, emit=lambda m: [1])  # mistake: a number for an effect
        merge.to(backlog, on=GatesPassed, emit=lambda m: None)  # mistake: nothing for an effect
        merge.to(backlog, on=GatesPassed, emit=lambda m: Merge("main", 1))  # mistake: data for an effect
        merge.to(backlog, on=GatesPassed, emit=lambda m: Notify(m.event.commits_ahead))  # mistake: a field of another type
        merge.to(backlog, on=GatesPassed, emit=told)  # mistake: text for an effect
        merge.stay(on=GatesPassed, emit=lambda m: m.data)  # mistake: data for an effect
        merge.to(backlog, on=GatesPassed, update=lambda m: Budget(m.event.commits_ahead))
        merge.to(backlog, on=GatesPassed, update=lambda m: Budget(m.event.commits))  # mistake: a payload field
        merge.to(backlog, on=GatesPassed, update=lambda m: Budget(m.data.commits))  # mistake: a field of the data

        merge.always(finished, when=lambda m: m.data.commits_ahead > 1, make=lambda m: Done(m.at))
        merge.always(finished, when=lambda m: m.data.commits > 1)  # mistake: a field of the data
        merge.always(finished, make=lambda m: Merge("main", 1))  # mistake: data of another state
        merge.always(finished, on=GatesPassed)  # mistake: an event for what needs none
        merge.always()  # mistake: no target
        merge.always(finihsed)  # mistake: a mistyped state

        merge.after(timedelta(1), backlog)
        merge.after(3, backlog)  # mistake: a number for a duration
        merge.after(lambda m: 3, backlog)  # mistake: a number for a duration
        merge.after(lambda m: m.data.resume_at, backlog)  # mistake: a field of the data
        merge.after(timedelta(1), merge, make=lambda m: Merge(m.event.branch, 1))  # mistake: a field of the timer's event
        merge.after(timedelta(1), merge, make=lambda m: Done(m.at))  # mistake: data of another state
        merge.after(backlog)  # mistake: no duration

    class both(Parallel[Work]):
        class one(Compound):
            end = State(initial=True, final=True)

    archived = State(Archived)

    active.when_done(archived, make=lambda m: Archived(m.at))
    active.when_done(archived, make=lambda m: Archived(m.event.at))  # mistake: a field of the completion event
    active.when_done(archived, make=lambda m: Work(""))  # mistake: data of another state
    active.when_done(archived, when=lambda m: m.data.name == "")  # mistake: a field of the data
    active.when_done(archived, on=DepsMet)  # mistake: an event for what needs none
    both.when_done(Archived)  # mistake: data for a target
    both.when_done(archived, emit=lambda m: "done")  # mistake: text for an effect
    archived.to(archived, on=Block, when=lambda m: m.event.reason)  # mistake: text for an answer
