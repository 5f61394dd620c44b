"""What a declaration says of the chart itself, of several targets, and of names that differ."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    DefinitionError,
    Effect,
    History,
    Machine,
    Parallel,
    State,
    Statechart,
)
from statecharts.model.effects import Raise
from statecharts.model.errors import StatechartError
from statecharts.model.events import NamedEvent, wire_name

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - no zone is as good as any


@frozen
class Go: ...


@frozen
class Reset: ...


@frozen
class Expired:
    __wire_name__ = "EXPIRED!"


@frozen
class Later(Expired): ...


@frozen
class Beep(Effect): ...


class Open(Statechart):
    """An open chart, of whose events some are named by its own lines alone."""

    idle = State(initial=True)
    busy = State()
    idle.to(busy, on=Go)
    Statechart.to(idle, on=Reset)
    Statechart.ignore(on=(Expired, Later))


def test_open_chart_knows_the_events_of_its_own_lines() -> None:
    """An event that only lines of the chart itself name is an event of the chart."""
    assert [event.cls for event in Open.chart.events] == [Go, Reset, Expired, Later]


def test_closed_subclass_has_the_events_of_the_chart_wide_lines_of_its_base() -> None:
    """A subclass that names its events adds them to all those of an open base."""

    class Closed(Open, Statechart[Beep]):  # pyright: ignore[reportGeneralTypeIssues]
        Statechart.stay(on=Beep)

    assert {event.cls for event in Closed.chart.events} == {Go, Reset, Expired, Later, Beep}


def test_name_of_a_class_is_told_on_a_line_of_the_chart() -> None:
    """A chart-wide line that gives the name of a class for an event's is told (SC106)."""
    with pytest.raises(DefinitionError, match=r"SC106.*Did you mean 'go'\?"):

        class Named(Statechart):
            idle = State(initial=True)
            busy = State()
            idle.to(busy, on=Go)
            Statechart.to(idle, on="Go")


class Works(Statechart[Go | Reset | Expired | Later], allow="SC131", entry=lambda _: Beep()):
    """A chart with lines of its own."""

    idle = State(initial=True, name="not-busy")

    class both(Parallel, name="side by side"):
        class a(Compound):
            x = State(initial=True)
            y = State()
            before = History(default=x, name="H")

            y.to(x, on=Go)

        class b(Compound):
            x = State(initial=True)
            y = State()

            y.to(x, on=Go)

    idle.to((both.a.y, both.b.y), on=Go)
    idle.after(timedelta(minutes=5), emit=lambda _: (Beep(), Raise(Expired())))
    both.stay(on=Expired)
    both.b.to(both.a.before, on=Later)

    Statechart.to(idle, on=Reset)
    Statechart.after(timedelta(hours=1), emit=lambda _: Beep())
    Statechart.stay(on=Expired, emit=lambda _: Beep())


def test_several_targets_are_entered_at_once() -> None:
    """A tuple of states in different regions is entered with all of its members."""
    machine = Machine(Works, at=NOON)
    machine.send(Go())

    assert machine.configuration == ("both", "both.a", "both.a.y", "both.b", "both.b.y")


def test_lines_of_the_chart_hold_in_every_state_and_come_last() -> None:
    """A line on `Statechart` is taken wherever no state answers first."""
    machine = Machine(Works, at=NOON)

    assert machine.send(Expired()).effects == (Beep(),)
    machine.send(Go())
    assert machine.send(Expired()).effects == ()
    machine.send(Reset())
    assert machine.configuration == ("idle",)
    assert [line.source for line in Works.chart.root.transitions] == ["", "", ""]


def test_entry_of_the_chart_happens_at_the_start() -> None:
    """What the chart does on entry is done once, first of all."""
    started = Machine(Works, at=NOON).started

    assert started is not None
    assert started.effects[0] == Beep()


def test_delayed_line_without_a_target_leaves_nothing() -> None:
    """A timer that fires may give effects only; the state stays, and so do its other timers."""
    machine = Machine(Works, at=NOON)

    steps = machine.advance(timedelta(hours=1))

    assert machine.configuration == ("idle",)
    assert [step.effects for step in steps] == [(Beep(), Beep()), (Beep(),)]


def test_state_has_the_name_that_it_is_given() -> None:
    """The name for people differs from the attribute where the declaration says so."""
    chart = Works.chart

    assert [chart[state].name for state in ("idle", "both", "both.a.before", "both.a")] == [
        "not-busy",
        "side by side",
        "H",
        "a",
    ]


def test_event_class_has_the_wire_name_that_it_gives_itself() -> None:
    """A class names itself on the wire; a class derived from it does not inherit the name."""
    assert (wire_name(Expired), wire_name(Later)) == ("EXPIRED!", "later")
    assert [event.name for event in Works.chart.events] == ["go", "reset", "EXPIRED!", "later"]
    machine = Machine(Works.chart, at=NOON)
    assert not machine.send(NamedEvent("expired")).handled


def test_line_on_the_chart_outside_a_body_is_refused() -> None:
    """A line on `Statechart` belongs to the body that it stands in, and needs one."""
    with pytest.raises(StatechartError, match=r"SC120.*a line on 'the chart' comes after"):
        Statechart.stay(on=Go)


def test_lines_on_the_chart_stay_with_their_chart() -> None:
    """Two charts have their own lines each; a chart that is derived has those of its base."""

    class Other(Statechart):
        a = State(initial=True)
        a.to(a, on=Go)
        Statechart.to(a, on=Reset)

    class Derived(Other):
        Statechart.to(Other.a, on=Expired)

    assert len(Other.chart.root.transitions) == 1
    assert len(Derived.chart.root.transitions) == 2
    assert len(Works.chart.root.transitions) == 3


def test_lines_on_a_base_without_states_belong_to_the_body_they_stand_in() -> None:
    """Two charts may add lines to their common base; neither sees those of the other."""

    class Common(Statechart):
        Statechart.stay(on=Expired)

    class First(Common):
        a = State(initial=True)
        b = State()
        a.to(b, on=Go)
        Common.to(a, on=Reset)

        class c(Compound):
            d = State(initial=True)
            Common.to(d, on=Go)

        b.to(c, on=Go)

    class Second(Common):
        z = State(initial=True)
        z.to(z, on=Go)
        Common.to(z, on=Go)

    class Third(First):
        Common.stay(on="one")
        First.stay(on="other")

    assert [line.targets for line in First.chart.root.transitions] == [(), ("a",), ("c.d",)]
    assert [line.targets for line in Second.chart.root.transitions] == [(), ("z",)]
    assert len(Third.chart.root.transitions) == 5


def test_line_on_a_base_in_another_charts_body_is_refused() -> None:
    """A chart that does not derive from the base is told that it has no such source."""

    class Common(Statechart):
        pass

    with pytest.raises(
        DefinitionError,
        match=r"\[SC101\] Stranger: a line starts at 'Common', which is not a state of this "
        r"chart\. Start it at a state of this chart\.",
    ):

        class Stranger(Statechart):
            a = State(initial=True, resting=True)
            Common.to(a, on=Go)


@pytest.mark.parametrize("name", ["Common", "Works"])
def test_line_on_a_chart_class_outside_a_body_is_refused(name: str) -> None:
    """A line on a chart, or on a mere base of charts, belongs to the body of a subclass."""

    class Common(Statechart):
        pass

    place = rf"{re.escape(__file__)}:\d+"
    with pytest.raises(
        StatechartError,
        match=rf"^\[SC120\] {place}: a line on '{name}' comes after the declaration of its chart\. "
        r"Write it in the chart's class body, or in the body of a subclass\.$",
    ):
        {"Common": Common, "Works": Works}[name].stay(on=Go)


class Twins(Statechart, parallel=True):
    """A chart whose outermost states are regions."""

    class left(Compound):
        x = State(initial=True)
        x.to(x, on=Go)

    class right(Compound):
        x = State(initial=True)
        y = State()
        x.to(y, on=Go)
        y.to(x, on=Reset)


def test_chart_that_is_parallel_is_in_all_of_its_regions() -> None:
    """With `parallel=True` the outermost states are active together."""
    machine = Machine(Twins, at=NOON)
    machine.send(Go())

    assert machine.configuration == ("left", "left.x", "right", "right.y")


def test_chart_that_is_derived_from_a_parallel_one_is_parallel() -> None:
    """What a chart is made of is inherited, and can be said anew."""

    class More(Twins):
        class middle(Compound):
            z = State(initial=True)
            z.to(z, on=Go)

    assert More.chart.root.kind is Twins.chart.root.kind
    assert len(Machine(More, at=NOON).configuration) == 6
