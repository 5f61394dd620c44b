"""Lines for several events, and lines with a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias, assert_type

from attrs import evolve, frozen

from statecharts import Compound, Moment, State, Statechart
from statecharts.declare import Line
from tests.typing.vocabulary import (
    Block,
    Budget,
    DepsMet,
    GatesPassed,
    Merge,
    MergeSucceeded,
    QaSkipped,
    Unblock,
)

Either: TypeAlias = GatesPassed | QaSkipped


@frozen
class Note:
    """Data that two events fill by hand."""

    text: str


def told(moment: Moment[None, Either]) -> Note:
    """Make data of either event."""
    assert_type(moment.event, GatesPassed | QaSkipped)
    return Note(moment.event.feature_branch)


def spend(moment: Moment[Any, Any, Budget]) -> Budget:
    """Update: take one from the budget."""
    return Budget(moment.context.left - 1)


class Several(Statechart[Any, Budget], allow="*"):
    """Lines for one event, for two, for six, for more."""

    class work(Compound, initial=True):
        idle = State(initial=True)
        noted = State(Note)
        merge = State(Merge)

        idle.to(noted, on=(GatesPassed, QaSkipped), make=told)
        idle.to(noted, on=(GatesPassed, QaSkipped), make=lambda m: Note(m.event.feature_branch))
        idle.to(noted, on=GatesPassed | QaSkipped, make=told)
        idle.to(noted, on=Either, make=lambda m: Note(m.event.feature_branch))
        idle.to(noted, on=(Block,), make=lambda m: Note(m.event.reason))
        idle.to(
            noted,
            on=(GatesPassed, QaSkipped, Block, Unblock, DepsMet, MergeSucceeded),
            make=lambda m: Note(m.event.reason if isinstance(m.event, Block) else "none"),
        )
        idle.to(
            noted,
            on=(GatesPassed, QaSkipped, Block, Unblock, DepsMet, MergeSucceeded, Unblock),
            make=lambda m: Note("any"),
        )
        idle.to(noted, on="error.timeout", make=lambda m: Note(m.event.data["text"]))
        idle.to(noted, on=(Block, "error.timeout"), make=lambda m: Note("any"))
        merge.stay(
            on=(GatesPassed, QaSkipped),
            make=lambda m: evolve(m.data, commits_ahead=m.event.commits_ahead),
        )
        idle.stay(on=Block, update=spend)
        idle.stay(on=Block, update=lambda m: Budget(m.context.left - 1))
        idle.stay(on=Block, update=lambda m: evolve(m.context, left=3))
        idle.stay(on=Block, update=lambda m: m.context)

        skip = idle.to(merge, on=QaSkipped)
        deadline = merge.after(timedelta(hours=1), idle)
        noted.always(idle, when=lambda m: not m.data.text)
        for state in (noted, merge):
            state.to(idle, on=MergeSucceeded)

    blocked = State()
    block = work.to(blocked, on=Block)
    Statechart.to(work, on=Unblock)


assert_type(Several.block, Line)
assert_type(Several.work.deadline, Line)


class Fewer(Several, allow="*"):
    """A copy that takes a line back, and writes it anew."""

    Several.block.remove()
    Several.work.skip.remove()
    block = Several.work.to(Several.blocked, on=Block, when=lambda m: m.event.reason != "")
