"""Completion: superstates that have reached their final states."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from statecharts import (
    Compound,
    Effect,
    Moment,
    Parallel,
    State,
    Statechart,
    Step,
    start,
    step,
)
from statecharts.model.hooks import Hook
from statecharts.model.named import Give


@frozen
class Left:
    pass


@frozen
class Right:
    pass


@frozen
class Score:
    points: int


@frozen
class Result:
    points: int = 0


@frozen
class Kept:
    text: str


@frozen
class Said(Effect):
    text: str


def run(chart: type[Statechart[Any, Any]], *events: object) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart)
    for event in events:
        then = step(chart, then.snapshot, event)
    return then


class Game(Statechart[Score]):
    class play(Compound, initial=True):
        on = State(initial=True)
        over = State(Result, final=True)
        on.to(over, on=Score)

    lost = State(Result, resting=True)
    won = State(Kept, resting=True)
    play.when_done(
        won,
        when=lambda m: m.event.data.points > 10,
        make=lambda m: Kept(f"{m.event.state}: {m.event.data.points}"),
        emit=lambda m: Said(f"{type(m.event).__name__} {m.event.data}"),
    )
    play.when_done(lost)


def test_completion_sees_the_data_of_the_final_child() -> None:
    """Guard, make and emit see which state is done and the data of the child that finished it."""
    then = run(Game, Score(11))
    assert then.snapshot["won"] == Kept("play: 11")
    assert then.effects == (Said("StateDone Result(points=11)"),)
    assert [microstep.entered for microstep in then.microsteps] == [("play.over",), ("won",)]


def test_next_completion_is_taken_when_the_first_refuses() -> None:
    """Completion transitions are asked in order; data comes from the final child that is left."""
    then = run(Game, Score(3))
    assert then.snapshot["lost"] == Result(3)
    assert then.effects == ()


def test_completion_that_all_refuse_is_lost() -> None:
    """A completion event that nothing takes is gone: the state stays in its final child."""

    class Refused(Statechart[Left | Right]):
        class box(Compound, initial=True):
            a = State(initial=True)
            end = State(final=True)
            a.to(end, on=Left)

        out = State(resting=True)
        box.when_done(out, when=lambda m: False)
        box.stay(on=Right)

    then = run(Refused, Left())
    assert then.snapshot.configuration == ("box", "box.end")
    assert step(Refused, then.snapshot, Right()).snapshot.configuration == ("box", "box.end")


class Race(Statechart[Left | Right]):
    class both(Parallel, initial=True):
        class left(Compound):
            run = State(initial=True)
            end = State(final=True)
            run.to(end, on=Left)

        class right(Compound):
            run = State(initial=True)
            end = State(final=True)
            run.to(end, on=Right)

    done = State(Kept, resting=True)
    both.when_done(done, make=lambda m: Kept(f"{m.event.state} {m.event.data}"))


def test_parallel_is_done_with_its_last_region() -> None:
    """A parallel state is done when all regions are, in whatever order; it brings no data."""
    assert run(Race, Left()).snapshot.configuration[2] == "both.left.end"
    for events in ((Left(), Right()), (Right(), Left())):
        assert dict(run(Race, *events).snapshot.data) == {"done": Kept("both None")}


def test_region_that_is_done_may_go_on_by_itself() -> None:
    """Regions complete on their own; their completion comes before that of the whole."""

    class Regions(Statechart[Left]):
        class both(Parallel, initial=True):
            class a(Compound):
                class inner(Compound, initial=True):
                    x = State(initial=True)
                    end = State(final=True)
                    x.to(end, on=Left)

                over = State(final=True)
                inner.when_done(over)

            class b(Compound):
                x = State(initial=True)
                end = State(final=True)
                x.to(end, on=Left)

        done = State(resting=True)
        both.when_done(done)

    then = run(Regions, Left())
    assert then.snapshot.configuration == ("done",)
    assert [t.source for t in then.fired] == ["both.a.inner.x", "both.b.x", "both.a.inner", "both"]


def test_eventless_transitions_come_before_completion() -> None:
    """An eventless transition that is enabled goes first; the completion then finds nobody."""

    class Eager(Statechart[Left]):
        class box(Compound, initial=True):
            a = State(initial=True)
            end = State(final=True)
            a.to(end, on=Left)

        aside = State(resting=True)
        done = State(resting=True)
        box.always(aside, when=lambda m: "box.end" in m)
        box.when_done(done)

    assert run(Eager, Left()).snapshot.configuration == ("aside",)


def test_always_after_a_completion_sees_its_event() -> None:
    """What follows a completion sees the completion as its event (SCXML's ``_event``)."""
    seen: list[object] = []

    def note(m: Moment[Any, Any, Any]) -> bool:
        seen.append(type(m.event).__name__)
        return True

    class Noted(Statechart[Left]):
        class box(Compound, initial=True):
            a = State(initial=True)
            end = State(final=True)
            a.to(end, on=Left)

        between = State()
        done = State(resting=True)
        box.when_done(between)
        between.always(done, when=note)

    assert run(Noted, Left()).snapshot.configuration == ("done",)
    assert seen == ["StateDone"]


def test_state_entered_in_its_final_child_is_done_at_once() -> None:
    """A superstate that begins in its final child completes in the same step, at the start too."""

    class Instant(Statechart):
        class box(Compound, initial=True):
            end = State(final=True, initial=True)

        out = State(resting=True)
        box.when_done(out)

    assert start(Instant).snapshot.configuration == ("out",)


def test_end_of_the_chart_drops_what_waits() -> None:
    """With a final state of the outermost level nothing more happens."""

    class Ended(Statechart[Left]):
        class box(Compound, initial=True):
            a = State(initial=True)
            end = State(final=True)
            a.to(end, on=Left)

        over = State(final=True)
        never = State(resting=True)
        box.always(over, when=lambda m: "box.end" in m, emit=lambda m: Said("over"))
        box.when_done(never, emit=lambda m: Said("never"))

    then = run(Ended, Left())
    assert (then.snapshot.configuration, then.effects) == (("over",), (Said("over"),))
    assert not step(Ended, then.snapshot, Left()).handled


def test_completion_brings_what_the_final_state_says_instead_of_its_data() -> None:
    """The last action on entry that brings something is asked; only its parent's event has it."""

    def told(m: Moment[Any, Any, Any]) -> Said:
        return Said(f"{m.event.state} {m.event.data}")

    class Both(Statechart[Left]):
        class all(Parallel, initial=True):
            class one(Compound):
                a = State(initial=True)
                z = State(Result, final=True)
                a.to(z, on=Left)

            class other(Compound):
                b = State(initial=True, final=True)

            one.when_done(emit=told)

        all.when_done(emit=told)

    gives = (Hook(Give(Said("first"), ("x",))), Hook(Give(Said("last"), (None,))))
    states = (evolve(n, entry=gives) if n.id == "all.one.z" else n for n in Both.chart)
    chart = evolve(Both.chart, states=tuple(states))
    then = step(chart, start(chart).snapshot, Left())
    assert [effect.text for effect in then.effects if isinstance(effect, Said)] == [
        *("first", "last"),
        *("all.one None", "all None"),
    ]
    then = step(Both.chart, start(Both.chart).snapshot, Left())
    assert then.effects[0] == Said(f"all.one {Result()}")
