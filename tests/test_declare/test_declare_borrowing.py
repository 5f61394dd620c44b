"""Charts keep to themselves: no chart changes another, whether it is accepted or refused."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    DefinitionError,
    History,
    Parallel,
    State,
    Statechart,
    StatechartError,
    start,
    step,
)
from statecharts.model.chart import OnEvent


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


class Lamp(Statechart):
    """A sound chart, whose states others borrow."""

    dark = State(initial=True)
    lit = State()
    dark.to(lit, on=Go)
    lit.to(dark, on=Go)


def test_state_of_another_chart_cannot_be_borrowed() -> None:
    """A chart that borrows a state is refused, and the chart that it belongs to still runs."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart, allow="*"):
            a = State(initial=True)
            lamp = Lamp.lit

    assert [str(fault) for fault in refused.value.faults if fault.code == "SC102"] == [
        "[SC102] Door: the state of 'lamp' already is 'lit' of a chart. Declare a new State here."
    ]
    assert Lamp.lit.id == "lit"
    assert Lamp.lit in step(Lamp, start(Lamp).snapshot, Go()).snapshot


def test_state_of_another_chart_cannot_be_borrowed_under_its_own_name() -> None:
    """A borrowed state is told even where it would stand at the same place."""
    with pytest.raises(DefinitionError, match="SC102"):

        class Door(Statechart, allow="*"):
            a = State(initial=True)
            lit = Lamp.lit


def test_line_may_neither_lead_to_another_chart_nor_start_there() -> None:
    """Lines stay inside their chart, at both ends."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart):
            a = State(initial=True)
            a.to(Lamp.dark, on=Go)
            Lamp.lit.to(a, on=Go)
            back = History(Lamp.dark)

    assert [fault.found for fault in refused.value.faults if fault.code == "SC101"] == [
        "a line starts at 'lit', which is not a state of this chart",
        "a line on 'a' goes to 'dark', which is not a state of this chart",
        "the default of 'back' goes to 'dark', which is not a state of this chart",
    ]
    assert len(Lamp.chart.transitions) == 2


def test_chart_that_is_refused_leaves_its_parent_alone() -> None:
    """A subclass with faults is no chart; its parent stays as it was, and can be derived from."""
    before = Lamp.chart
    for _ in range(2):
        with pytest.raises(DefinitionError, match="Broken: 1 fault"):

            class Broken(Lamp):
                Lamp.dark.stay(on=7)  # type: ignore[arg-type]

    class Sound(Lamp):
        pass

    assert Lamp.chart is before
    assert Sound.chart.states == before.states


class Shift(Compound):
    """A superstate that several charts use."""

    begun = State(initial=True)
    ended = State()
    begun.to(ended, on=Go)
    ended.to(begun, on=Go)


class Plain(Statechart):
    """The first chart that uses the shared superstate, and closes it."""

    class day(Shift, initial=True):
        pass


def test_line_on_a_shared_superstate_belongs_to_the_chart_that_writes_it() -> None:
    """A line on a shared state holds for every copy in the chart it stands in, and in no other."""

    class Week(Statechart):
        class early(Shift, initial=True):
            pass

        class late(Shift):
            pass

        early.to(late, on=Halt)
        late.to(early, on=Halt)
        Shift.ended.to(Shift.begun, on=Halt)

    halting = [line.source for line in Week.chart.transitions if line.trigger == OnEvent((Halt,))]
    assert halting == ["early", "early.ended", "late", "late.ended"]
    assert Week.chart["late.ended"].transitions[-1].targets == ("late.begun",)
    assert [known.cls for known in Plain.chart.events] == [Go]


def test_late_line_in_a_body_that_is_no_chart_is_told() -> None:
    """A line in the body of some other class belongs to no chart, and is not passed over."""
    with pytest.raises((StatechartError, RuntimeError)) as late:

        class Elsewhere:
            Lamp.dark.stay(on=Go)

    # Python 3.11 wraps what is raised while a class is made.
    found = late.value if isinstance(late.value, StatechartError) else late.value.__cause__
    assert "SC120" in str(found)


class Race(Compound):
    """A template of which a chart has several copies."""

    a = State(initial=True)
    b = State(final=True)
    win = a.to(b, on=Go)


class Runner:
    """The same, as a plain class."""

    a = State(initial=True)
    b = State(final=True)
    win = a.to(b, on=Go)


class Races(Statechart, allow="*"):
    """Two copies of a template, the first with one line more."""

    class all(Parallel, initial=True):
        class eu(Race):
            halt = Race.a.to(Race.b, on=Halt)

        class us(Race): ...


class Runners(Statechart, allow="*"):
    """Two superstates with one mixin."""

    class all(Parallel, initial=True):
        class eu(Runner, Compound):
            halt = Runner.a.to(Runner.b, on=Halt)

        class us(Runner, Compound): ...


@pytest.mark.parametrize("chart", [Races, Runners])
def test_line_on_a_template_in_the_body_of_one_copy_is_a_line_of_that_copy(chart: Any) -> None:
    """A body speaks of the copies inside it; the template and its other copies stay as they are."""
    assert list(chart.chart.lines) == ["all.eu.a.win", "all.eu.a.halt", "all.us.a.win"]

    class Alone(Statechart, allow="*"):
        class one(Race, initial=True): ...

    assert list(Alone.chart.lines) == ["one.a.win"]


@pytest.mark.parametrize("chart", [Races, Runners])
def test_line_of_one_copy_is_taken_back_alone(chart: Any) -> None:
    """A line is named by way of the copy, or by its id; one of the template stands for all."""

    class Named(chart, allow="*"):  # type: ignore[misc, call-arg]
        chart.all.eu.win.remove()
        chart.all.eu.halt.remove()

    class Known(chart, allow="*"):  # type: ignore[misc, call-arg]
        chart.chart.line("all.us.a.win").remove()

    class Further(Known, allow="*"):  # type: ignore[call-arg]
        Known.all.eu.win.remove()

    class Every(chart, allow="*"):  # type: ignore[misc, call-arg]
        Race.win.remove() if chart is Races else Runner.win.remove()

    assert list(Named.chart.lines) == ["all.us.a.win"]
    assert list(Known.chart.lines) == ["all.eu.a.win", "all.eu.a.halt"]
    assert list(Further.chart.lines) == list(Every.chart.lines) == ["all.eu.a.halt"]


def test_copy_takes_back_a_line_of_its_template() -> None:
    """In the body of a copy, a line of the template is the copy's."""

    class Fewer(Statechart, allow="*"):
        class all(Parallel, initial=True):
            class eu(Race):
                Race.win.remove()

            class us(Race): ...

    assert list(Fewer.chart.lines) == ["all.us.a.win"]
