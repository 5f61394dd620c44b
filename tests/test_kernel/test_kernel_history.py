"""History: what a superstate was last in comes back, data included."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Effect,
    History,
    Kernel,
    Parallel,
    Snapshot,
    State,
    Statechart,
    Step,
    start,
    step,
)
from statecharts.model.errors import StepError


@frozen
class Set:
    n: int


@frozen
class Next:
    pass


@frozen
class Leave:
    pass


@frozen
class Deep:
    pass


@frozen
class Shallow:
    pass


@frozen
class Restart:
    pass


@frozen
class Value:
    n: int = 0


@frozen
class Said(Effect):
    text: str


class Player(Statechart[Set | Next | Leave | Deep | Shallow | Restart]):
    class play(Compound[Value], initial=True):
        last = History("intro")
        exact = History("intro", deep=True)
        intro = State(initial=True)

        class song(Compound[Value]):
            verse = State(Value, initial=True)
            chorus = State(Value)
            verse.to(chorus, on=Next)
            verse.stay(on=Set, make=lambda m: Value(m.event.n))
            chorus.stay(on=Set, make=lambda m: Value(m.event.n))

        intro.to(song, on=Next)
        song.stay(on=Restart, make=lambda m: Value(50))

    off = State(initial=False)
    play.to(off, on=Leave)
    off.to(play.last, on=Shallow)
    off.to(play.exact, on=Deep)
    off.to(play, on=Restart)
    play.to(play.exact, on=Deep)


def run(chart: type[Statechart[Any, Any]], *events: object) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart)
    for event in events:
        then = step(chart, then.snapshot, event)
    return then


def test_history_without_memory_takes_its_default() -> None:
    """Before its parent was ever left a history leads to its default, data filled as usual."""

    class Fresh(Statechart[Next | Leave | Set]):
        off = State(initial=True)

        class on(Compound[Value]):
            back = History("low")
            high = State(Value, initial=True)
            low = State(Value)
            high.to(low, on=Next)

        off.to(on.back, on=Set)
        off.to(on, on=Next)
        on.to(off, on=Leave)

    then = run(Fresh, Set(4))
    assert dict(then.snapshot.data) == {"on": Value(4), "on.low": Value(4)}
    assert run(Fresh, Next()).snapshot.configuration == ("on", "on.high")
    assert run(Fresh, Next(), Leave(), Set(5)).snapshot.configuration == ("on", "on.high")


SONG = (Next(), Next(), Set(7), Restart())


def test_shallow_history_restores_the_child_and_its_data() -> None:
    """The child comes back with its data, and what is inside it begins anew."""
    then = run(Player, *SONG, Leave(), Shallow())
    assert then.snapshot.configuration == ("play", "play.song", "play.song.verse")
    assert then.snapshot[Player.play.song.verse] == Value(0)
    assert then.snapshot["play.song"] == Value(50)


def test_deep_history_restores_everything_inside() -> None:
    """The whole configuration comes back, each state with the data that it had."""
    then = run(Player, *SONG, Leave(), Deep())
    assert then.snapshot.configuration == ("play", "play.song", "play.song.chorus")
    assert then.snapshot[Player.play.song.chorus] == Value(7)
    assert then.snapshot["play.song"] == Value(50)


def test_entering_the_parent_itself_forgets_nothing() -> None:
    """The parent itself begins anew; its memory is of the last time that it was left."""
    begun = run(Player, *SONG, Leave(), Restart())
    assert begun.snapshot.configuration == ("play", "play.intro")
    kernel = Kernel(Player)
    left = kernel.step(begun.snapshot, Leave()).snapshot
    assert kernel.step(left, Deep()).snapshot.configuration == ("play", "play.intro")


def test_history_reached_from_inside_restores_what_is_being_left() -> None:
    """A transition to the history of a state that it leaves brings back what it has just left."""
    before = run(Player, *SONG).snapshot
    then = step(Player, before, Deep())
    assert then.snapshot.configuration == before.configuration
    assert then.snapshot[Player.play.song.chorus] == Value(7)
    assert then.microsteps[0].exited[-1] == then.microsteps[0].entered[0] == "play"


def test_parent_of_a_history_is_filled_anew() -> None:
    """The parent itself is not remembered: it gets its data like any state that is entered."""

    class Parent(Statechart[Set | Leave | Next]):
        class on(Compound[Value], initial=True):
            back = History("low")
            low = State(Value, initial=True)

        on.stay(on=Next, make=lambda m: Value(9))
        off = State()
        on.to(off, on=Leave)
        off.to(on.back, on=Set)

    then = run(Parent, Next(), Leave(), Set(3))
    assert dict(then.snapshot.data) == {"on": Value(3), "on.low": Value(0)}


def test_history_is_per_snapshot() -> None:
    """Two runs that share a kernel remember apart: plans hold no data."""
    kernel = Kernel(Player)

    def left(n: int, *before: Any) -> Snapshot[Any]:
        snapshot = kernel.start().snapshot
        for event in (*before, Set(n), Leave()):
            snapshot = kernel.step(snapshot, event).snapshot
        return snapshot

    runs = [left(1, Next()), left(2, Next(), Next()), left(3), left(4, Next())]
    ends = [kernel.step(snapshot, Deep()).snapshot for snapshot in (*runs, *runs)]
    assert [(end.configuration[-1], [v.n for v in end.data.values()]) for end in ends[4:]] == [
        ("play.song.verse", [0, 0, 1]),
        ("play.song.chorus", [0, 0, 2]),
        ("play.intro", [0]),
        ("play.song.verse", [0, 0, 4]),
    ]
    assert ends[:4] == ends[4:]


class Panel(Statechart[Set | Next | Leave | Deep | Shallow]):
    class work(Parallel, initial=True):
        all = History("left", deep=True)
        tops = History("left")

        class left(Compound):
            l1 = State(initial=True)
            l2 = State(Value)
            l1.to(l2, on=Set)

        class right(Compound):
            r1 = State(Value, initial=True)

            class r2(Compound):
                deep = State(initial=True)
                deeper = State(Value)
                deep.to(deeper, on=Set)

            r1.to(r2, on=Next)

    off = State()
    work.to(off, on=Leave)
    off.to(work.all, on=Deep)
    off.to(work.tops, on=Shallow)


@pytest.mark.parametrize(
    ("events", "way", "leaves"),
    [
        ((), Deep(), ("left.l1", "right.r1")),
        ((Set(1),), Deep(), ("left.l2", "right.r1")),
        ((Next(),), Deep(), ("left.l1", "right.r2.deep")),
        ((Next(), Set(3)), Deep(), ("left.l2", "right.r2.deeper")),
        ((Next(), Set(3)), Shallow(), ("left.l1", "right.r1")),
    ],
)
def test_history_of_a_parallel_state(
    events: tuple[object, ...], way: object, leaves: tuple[str, ...]
) -> None:
    """A deep history brings all regions back, a shallow one only enters them."""
    then = run(Panel, *events, Leave(), way)
    inner = [state for state in then.snapshot.configuration if Panel.chart[state].children == ()]
    assert inner == [f"work.{leaf}" for leaf in leaves]


def test_data_of_all_regions_comes_back() -> None:
    """Each region's data is what it was when the parallel state was left."""
    then = run(Panel, Next(), Set(3), Leave(), Deep())
    assert dict(then.snapshot.data) == {"work.left.l2": Value(3), "work.right.r2.deeper": Value(3)}


def test_restored_states_run_their_entry_effects() -> None:
    """States that come back are entered: their entry effects see the data that came back."""

    class Loud(Statechart[Set | Leave | Next]):
        class on(Compound, initial=True, entry=lambda m: Said("on")):
            back = History("low")
            low = State(
                Value,
                initial=True,
                entry=lambda m: Said(f"low {m.data.n}"),
                exit=lambda m: Said(f"not low {m.data.n}"),
            )
            low.stay(on=Set, make=lambda m: Value(m.event.n))

        off = State()
        on.to(off, on=Leave)
        off.to(on.back, on=Next)

    assert run(Loud, Set(6), Leave()).effects == (Said("not low 6"),)
    assert run(Loud, Set(6), Leave(), Next()).effects == (Said("on"), Said("low 6"))


def test_history_as_initial_child() -> None:
    """A superstate entered through its history goes on where it was."""

    class Resume(Statechart[Set | Leave | Next]):
        class on(Compound, initial=True):
            back = History("low", initial=True)
            low = State()
            high = State(Value)
            low.to(high, on=Set)

        off = State()
        on.to(off, on=Leave)
        off.to(on, on=Next)

    assert start(Resume).snapshot.configuration == ("on", "on.low")
    then = run(Resume, Set(8), Leave(), Next())
    assert dict(then.snapshot.data) == {"on.high": Value(8)}


def test_guarded_way_into_history() -> None:
    """Guards decide before memory is asked, and each memory has its own outcome."""

    class Guarded(Statechart[Set | Leave]):
        class on(Compound, initial=True):
            back = History("low")
            low = State(initial=True)
            high = State(Value)
            low.to(high, on=Set, when=lambda m: m.event.n > 0)

        off = State()
        on.to(off, on=Leave)
        off.to(on.back, on=Set, when=lambda m: m.event.n > 1)
        off.to(on.low, on=Set)

    assert run(Guarded, Set(1), Leave(), Set(2)).snapshot["on.high"] == Value(1)
    assert run(Guarded, Set(1), Leave(), Set(1)).snapshot.configuration == ("on", "on.low")
    assert run(Guarded, Leave(), Set(2)).snapshot.configuration == ("on", "on.low")


def homes(first: str = "one", *, remembering: str = "x") -> type[Statechart[Any, Any]]:
    """Return a chart in which one of two superstates has a history."""

    class Homes(Statechart[Leave | Next], allow="*"):
        class x(Compound, initial=True):
            if first == "one":
                one = State(initial=True)
            else:
                two = State(initial=True)
            if remembering == "x":
                last = History(first)

        class y(Compound):
            one = State(initial=True)
            if remembering == "y":
                last = History(one)

        off = State(resting=True)
        x.to(y, on=Next)
        x.to(off, on=Leave)

    return Homes


@pytest.mark.parametrize(
    ("other", "said"),
    [(homes("two"), "'x' does"), (homes(remembering="y"), "'y' does")],
    ids=["renamed", "moved"],
)
def test_memory_of_what_the_chart_does_not_have_is_refused(
    other: type[Statechart[Any, Any]], said: str
) -> None:
    """A snapshot whose history remembers what this chart could not bring back is not of it."""
    there = run(homes(), Leave()).snapshot
    with pytest.raises(StepError, match=rf"\[SC205\] Homes: .*: {said} not remember 'x\.one' here"):
        step(other, there, Leave())
    assert step(homes(), there, Leave()).snapshot is there
