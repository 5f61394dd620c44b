"""Mistakes in lines for several events, and in what updates the context."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from statecharts import Compound, Moment, State, Statechart
from tests.typing.vocabulary import (
    Block,
    Blocked,
    Budget,
    DepsMet,
    GatesPassed,
    Merge,
    MergeSucceeded,
    QaSkipped,
    Unblock,
)


def of_one(moment: Moment[None, Block]) -> bool:
    """A guard of one event."""
    return moment.event.reason != ""


def text(moment: Moment[Any, Any, Budget]) -> str:
    """An update that gives text."""
    return str(moment.context.left)


def perhaps(moment: Moment[Any, Any, Budget]) -> Budget | None:
    """An update that may give nothing."""
    return moment.context if moment.context.left else None


class Several(Statechart[Any, Budget]):
    """Every line that ends with a comment is wrong; the lines between are right."""

    class work(Compound, initial=True):
        idle = State(initial=True)
        noted = State(Blocked)
        merge = State(Merge)

        idle.to(noted, on=(GatesPassed, QaSkipped), make=lambda m: Blocked(m.event.feature_branch))
        idle.to(noted, on=(GatesPassed, Block), make=lambda m: Blocked(m.event.reason))  # mistake: a field that one of two lacks
        idle.to(noted, on=(GatesPassed, QaSkipped), make=lambda m: Blocked(m.event.commits_ahead))  # mistake: a number for a text
        idle.to(noted, on=(GatesPassed, QaSkipped, Block), make=lambda m: Blocked(m.event.feature_branch))  # mistake: a field that one of three lacks
        idle.to(noted, on=(GatesPassed, QaSkipped, Block, Unblock, DepsMet, MergeSucceeded), make=lambda m: Blocked(m.event.reason))  # mistake: a field that one of six has
        idle.to(merge, on=(Block, Unblock), when=of_one)  # mistake: a guard of one of two events
        idle.to(noted, on=(GatesPassed, QaSkipped), make=lambda m: Merge("main", 1))  # mistake: data of another state
        idle.to(noted, on=(GatesPassed, 3))  # mistake: a number for an event class
        idle.to(noted, on=[GatesPassed, QaSkipped])  # mistake: a list for a tuple
        merge.stay(on=(GatesPassed, Block), when=lambda m: m.event.reason != "")  # mistake: a field that one of two lacks
        merge.stay(on=(GatesPassed, QaSkipped), make=lambda m: Blocked("no"))  # mistake: data of another state
        idle.to(merge, on=Block, guard=of_one)  # mistake: another library's keyword
        idle.ignore(on=Block, when=of_one)  # mistake: what is ignored has no guard

        idle.stay(on=Block, update=text)  # mistake: text for a context
        idle.stay(on=Block, update=perhaps)  # mistake: perhaps nothing for a context
        idle.stay(on=Block, update=lambda m: 3)  # mistake: a number for a context
        idle.stay(on=Block, update=lambda m: None)  # mistake: nothing for a context
        idle.stay(on=Block, update=lambda m: m.event.reason)  # mistake: text for a context
        merge.after(timedelta(hours=1), idle, update=text)  # mistake: text for a context
        merge.after(5, idle)  # mistake: a number for a delay
        merge.after("5s", idle)  # mistake: text for a delay
        merge.after(lambda m: 5, idle)  # mistake: a delay that is a number

        skip = idle.to(merge, on=QaSkipped)
        skip.to(merge, on=QaSkipped)  # mistake: a line for a state
        idle.to(skip, on=QaSkipped)  # mistake: a line for a target


class Fewer(Several):
    """A copy that takes lines back."""

    Several.work.skip.remove()
    Several.work.skpi.remove()  # mistake: a mistyped line
    Several.work.idle.remove()  # mistake: a state for a line
