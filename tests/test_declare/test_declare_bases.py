"""Several bases: a chart has the lines, states, hooks, events and context of each."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Call,
    Compound,
    DefinitionError,
    Effect,
    History,
    Machine,
    State,
    Statechart,
    start,
)


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


@frozen
class Reset:
    pass


@frozen
class Told(Effect):
    text: str


@frozen
class Tally:
    n: int = 0


@frozen
class Load:
    n: int = 0


@frozen
class Other:
    n: int = 0


class Base(Statechart[Go]):
    """What all share."""

    class work(Compound, initial=True):
        one = State(initial=True)
        two = State()
        one.to(two, on=Go)

    done = State(final=True)
    work.two.to(done, on=Go)


class Cancellable(Base, Statechart[Stop]):  # pyright: ignore[reportGeneralTypeIssues]
    """Adds a state and a line."""

    cancelled = State(final=True)
    Base.work.one.to(cancelled, on=Stop)


class Resettable(Base, Statechart[Reset, Tally]):  # pyright: ignore[reportGeneralTypeIssues]
    """Adds lines, a child, hooks and a context."""

    class work(Base.work, entry=lambda m: Told("resettable")):
        three = State()
        three.to(Base.done, on=Go)

    Statechart.to(work, on=Reset, update=lambda m: Tally(m.context.n + 1))
    Base.work.two.to(work.three, on=Reset)


class Both(Cancellable, Resettable):
    """Has what each of the two has."""


def test_several_bases_are_merged() -> None:
    """Lines, chart-wide lines, children, hooks, events and context of each base are there."""
    assert [state.id for state in Both.chart.states] == [
        "work",
        "work.one",
        "work.two",
        "work.three",
        "done",
        "cancelled",
    ]
    assert {event.cls for event in Both.chart.events} == {Go, Stop, Reset}
    assert Both.chart.closed
    assert Both.chart.context is Tally
    assert start(Both.chart, Tally()).effects == (Told("resettable"),)
    machine = Machine(Both.chart, Tally())
    assert machine.send(Reset()).snapshot.context == Tally(1)
    assert machine.send(Stop()).snapshot.configuration == ("cancelled",)


def test_line_of_a_diamond_counts_once() -> None:
    """What both bases have from one chart is one line."""
    lines = list(Both.chart.lines)
    assert sorted(lines) == sorted(set(Cancellable.chart.lines) | set(Resettable.chart.lines))
    assert not any("~" in line for line in lines)


def test_merged_chart_leaves_its_bases_alone() -> None:
    """A base does not change by what is made of it."""
    assert "work.three" not in Cancellable.chart
    assert "cancelled" not in Resettable.chart
    assert Base.chart.context is None


def test_nearest_declaration_of_a_state_wins() -> None:
    """A state that one base declares anew is what that base says, in any order of the bases."""

    class Loaded(Base):
        done: Any = State(Load, final=True)

    class Left(Loaded, Cancellable):
        pass

    class Right(Cancellable, Loaded):
        pass

    assert Left.chart["done"].data is Right.chart["done"].data is Load


def test_two_data_of_one_state_are_a_fault_that_names_both() -> None:
    """Bases that say different things are told, unless the class says which it is."""

    class Loaded(Base):
        done: Any = State(Load, final=True)

    class Otherwise(Base):
        done: Any = State(Other, final=True)

    with pytest.raises(
        DefinitionError, match="final with Load in Loaded and final with Other in Ot"
    ):

        class Torn(Loaded, Otherwise):
            pass

    class Decided(Loaded, Otherwise):
        done: Any = State(Other, final=True)

    assert Decided.chart["done"].data is Other


def test_states_of_a_plain_mixin_are_states_of_the_chart() -> None:
    """A plain class with states may be a base; each chart has a copy of them."""

    class Mixin:
        paused = State()
        resume = paused.stay(on=Go)

    class One(Mixin, Statechart, allow="*"):
        idle = State(initial=True)
        idle.to(Mixin.paused, on=Stop)

    class Two(Mixin, Statechart, allow="*"):
        begun = State(initial=True)
        begun.to(Mixin.paused, on=Stop)

    assert [state.id for state in One.chart.states] == ["paused", "idle"]
    assert [state.id for state in Two.chart.states] == ["paused", "begun"]
    assert Machine(One).send(Stop()).snapshot.configuration == ("paused",)
    assert list(Two.chart.lines) == ["paused.resume", "begun:stop->paused"]


def test_open_base_adds_the_events_of_its_lines() -> None:
    """A base whose events are open adds what its lines name to those of a closed one."""

    class Audited(Statechart):
        a = State(initial=True, resting=True)
        a.stay(on=Reset)

    class Closed(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go)

    class Whole(Audited, Closed):
        pass

    assert {event.cls for event in Whole.chart.events} == {Go, Reset}
    assert Whole.chart.closed


def test_allowances_of_all_bases_hold() -> None:
    """What a base accepts knowingly stays accepted where its lines are merged."""

    class Attic(Base, allow="SC121"):
        attic = State(resting=True)

    class Cellar(Base, allow="SC122"):
        cellar = State()
        Base.work.one.always(cellar, when=lambda m: False)

    class House(Attic, Cellar):
        pass

    assert {fault.code for fault in House.chart.warnings} == {"SC121", "SC122"}


def test_redeclared_state_keeps_its_lines() -> None:
    """Declared anew, a state is what the subclass says; its lines stay until taken back."""

    class Again(Base):
        class work(Base.work):
            two: Any = State(Load)

    assert Again.chart["work.two"].data is Load
    assert set(Again.chart.lines) == set(Base.chart.lines)


def test_superstate_that_extends_one_base_has_the_states_of_the_other() -> None:
    """A class body that extends a state of one base loses nothing of the other."""

    class Mine(Cancellable, Resettable, allow="*"):
        class work(Cancellable.work):  # pyright: ignore[reportIncompatibleVariableOverride]
            four = State()

    inner = [state.id for state in Mine.chart.children("work")]
    assert inner == ["work.one", "work.two", "work.four", "work.three"]
    assert set(Both.chart.lines) == set(Mine.chart.lines)


@frozen
class Fetch(Call[Stop]):
    n: int = 0


@frozen
class Store(Call[Stop]):
    pass


def log(m: Any) -> Told:
    """An effect that several bases give."""
    return Told("log")


class Left(Statechart, allow="*", entry=lambda m: Told("left"), invoke={Fetch: lambda m: Fetch(1)}):
    """A base with hooks and calls."""

    class work(Compound, initial=True, entry=lambda m: Told("left work"), exit=log, invoke=Fetch):
        leaf = State(initial=True, entry=lambda m: Told("left leaf"), invoke=Fetch)
        last = History(leaf)


class Right(Statechart, allow="*", entry=lambda m: Told("right"), invoke=Store):
    """Another."""

    class work(Compound, initial=True, entry=lambda m: Told("right work"), exit=log, invoke=Store):
        leaf = State(initial=True, exit=lambda m: Told("right leaf"), invoke=(Store, Fetch))
        last = History(leaf)


class Sides(Left, Right, allow="*"):  # type: ignore[misc]
    """Both of them."""


def test_hooks_and_calls_of_each_base_are_merged() -> None:
    """What both bases say of the chart, a superstate or a leaf holds, in their order, once each."""
    work, leaf = Sides.chart["work"], Sides.chart["work.leaf"]
    assert [call.name for call in Sides.chart.root.invoke] == ["fetch", "store"]
    assert Sides.chart.root.invoke[0].make is not None
    assert [call.name for call in work.invoke] == ["fetch", "store"]
    assert [call.name for call in leaf.invoke] == ["fetch", "store"]
    told = [effect.text for effect in start(Sides).effects if isinstance(effect, Told)]
    assert told == ["left", "right", "left work", "right work", "left leaf"]
    assert [hook.function for hook in work.exit] == [log]
    assert len(leaf.exit) == 1

    class Again(Sides, allow="*"):
        """What derives from it has the same."""

    assert Again.chart.states == Sides.chart.states


def test_class_that_says_a_hook_anew_replaces_those_of_its_bases() -> None:
    """A hook of the class itself counts alone, as does that of a base that derives from another."""

    class Deeper(Left, allow="*", entry=lambda m: Told("deeper")):
        """Replaces the hook of its base."""

    class New(Deeper, Right, allow="*", invoke=()):
        class work(Left.work, Right.work, initial=True, entry=lambda m: Told("new")):
            pass

    told = [effect.text for effect in start(New).effects if isinstance(effect, Told)]
    assert told == ["deeper", "right", "new", "left leaf"]
    assert not New.chart.root.invoke


def test_call_that_two_bases_make_differently_is_a_fault() -> None:
    """A state makes a call once, so that two ways to make it cannot both hold."""

    class Other(Statechart, allow="*", invoke={Fetch: lambda m: Fetch(2)}):
        a = State(initial=True)

    with pytest.raises(DefinitionError) as refused:

        class Both(Left, Other, allow="*"):
            class work(Left.work, initial=True):
                pass

    assert "the chart: invoke: Left and Other make the call Fetch differently" in str(refused.value)
    assert "SC142" in str(refused.value)


def test_two_defaults_of_one_history_are_a_fault() -> None:
    """A history has one default; two bases that name different ones are told."""

    class One(Statechart, allow="*"):
        class work(Compound, initial=True):
            a = State(initial=True)
            b = State()
            last = History("a")

    class Two(Statechart, allow="*"):
        class work(Compound, initial=True):
            b = State()
            a = State(initial=True)
            last = History(b)

    with pytest.raises(DefinitionError, match=r"SC142.*'last' is history of 'a' in One.work and "):

        class Both(One, Two, allow="*"):  # type: ignore[misc]
            pass


class Resets:
    """A plain mixin with a line of the chart itself."""

    idle = State(initial=True)
    Statechart.to(idle, on=Reset)


class Halts(Resets):
    """Another, which derives from it."""

    halted = State(final=True)
    [Statechart.to(end, on=one) for end, one in ((halted, Stop),)]


def test_plain_mixin_may_have_lines_of_the_chart_itself() -> None:
    """They are lines of each chart that has the mixin as a base, by way of a superstate as well."""

    class Own(Halts, Statechart):
        busy = State()
        Resets.idle.to(busy, on=Go)

    class Derived(Own):
        pass

    class Inside(Statechart, allow="*"):
        class m(Halts, Compound, initial=True):
            pass

    for chart in (Own, Derived):
        assert list(chart.chart.lines) == [":reset->idle", ":stop->halted", "idle:go->busy"]
    assert list(Inside.chart.lines) == [":reset->m.idle", ":stop->m.halted"]


def test_chart_in_the_body_of_a_chart_is_told() -> None:
    """A whole chart is no state, wherever it was declared."""
    with pytest.raises(DefinitionError, match=r"SC114.*'sub' is a whole chart, not a state"):

        class Whole(Statechart, allow="*"):
            a = State(initial=True)
            sub = Base
