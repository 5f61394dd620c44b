"""Names: of lines and of their timers, which stay what they are whatever else is declared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import Compound, DefinitionError, Machine, State, Statechart, StatechartError
from statecharts.declare import Line
from statecharts.model.chart import After
from statecharts.model.errors import UnknownLineError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


class Order(Statechart[Go | Stop]):
    """A chart with named lines on every level."""

    class open(Compound, initial=True):
        pending = State(initial=True)
        paid = State()
        pay = pending.to(paid, on=Go)
        deadline = pending.after(HOUR, paid)
        paid.after(HOUR, pending)
        paid.after(HOUR)
        paid.stay(on=Go, when=lambda m: False)
        paid.stay(on=Go)

    cancelled = State(final=True)
    cancel = open.to(cancelled, on=Stop)
    late = Statechart.after(HOUR, cancelled)


def timers(chart: type[Statechart[Go | Stop]]) -> list[str]:
    """Return the names of a chart's timers."""
    triggers = (transition.trigger for transition in chart.chart.transitions)
    return [trigger.timer for trigger in triggers if isinstance(trigger, After)]


def test_verb_returns_its_line_and_a_name_names_it() -> None:
    """A line that a class body binds to a name has that name; others have none."""
    assert isinstance(Order.cancel, Line)
    named = {transition.name: transition.source for transition in Order.chart.transitions}
    assert named == {
        "late": "",
        "cancel": "open",
        "pay": "open.pending",
        "deadline": "open.pending",
        "": "open.paid",
    }


def test_lines_have_ids_of_names() -> None:
    """A named line is its source and its name, another its source, trigger and targets."""
    assert list(Order.chart.lines) == [
        "late",
        "open.cancel",
        "open.pending.pay",
        "open.pending.deadline",
        "open.paid:after->open.pending",
        "open.paid:after",
        "open.paid:go",
        "open.paid:go~2",
    ]
    assert Order.chart.line("open.cancel").targets == ("cancelled",)
    with pytest.raises(
        UnknownLineError, match=r"no line 'open.cancle'. Did you mean 'open.cancel'"
    ):
        Order.chart.line("open.cancle")


def test_timers_are_named_after_their_line_or_its_target() -> None:
    """Neither is a number, so that a new line renames no timer that runs."""
    assert timers(Order) == [
        "late",
        "open.pending.deadline",
        "open.paid.after.pending",
        "open.paid.after",
    ]
    machine = Machine(Order, at=NOON)
    assert list(machine.snapshot.timers) == ["late#1", "open.pending.deadline#2"]


def test_new_line_renames_none_of_the_others() -> None:
    """A subclass that adds lines in front has the parent's timers and ids among its own."""

    class More(Order):
        soon = Order.open.pending.after(timedelta(minutes=1), Order.cancelled)
        Order.open.paid.after(timedelta(minutes=1), Order.cancelled)

    assert set(timers(Order)) < set(timers(More))
    assert set(Order.chart.lines) < set(More.chart.lines)


def test_name_is_part_of_what_a_line_is() -> None:
    """Two lines that differ by name alone are not equal."""
    pay = Order.chart.line("open.pending.pay")
    again = Order.chart["open.pending"].transitions[0]
    assert pay == again
    assert pay.name == "pay"


def test_subclass_takes_a_line_back_and_writes_it_anew() -> None:
    """A line that is taken back is gone from the subclass, and from what derives from it."""

    class Stubborn(Order, allow="*"):
        Order.cancel.remove()

    class Sure(Stubborn, allow="*"):
        cancel = Order.open.to(Order.cancelled, on=Stop, when=lambda m: True)

    assert not Machine(Stubborn, at=NOON).send(Stop()).handled
    assert Machine(Sure, at=NOON).send(Stop()).handled
    assert Sure.chart.line("open.cancel").guard is not None
    assert Machine(Order, at=NOON).send(Stop()).handled
    assert Order.chart.line("open.cancel").guard is None


def test_line_without_a_name_is_taken_back_by_its_id() -> None:
    """What `Chart.line` returns takes itself back, in the body of a subclass."""

    class Fewer(Order):
        Order.chart.line("open.paid:go~2").remove()

    assert set(Order.chart.lines) - set(Fewer.chart.lines) == {"open.paid:go~2"}


def test_line_is_not_taken_back_outside_a_body() -> None:
    """A chart that has been declared is fixed."""
    for line in (Order.cancel, Order.chart.line("open.cancel")):
        with pytest.raises(StatechartError, match=r"SC120.*outside the body of a chart"):
            line.remove()


def test_line_of_another_chart_is_not_taken_back() -> None:
    """Only what a chart inherits can be taken back in its body."""
    with pytest.raises(DefinitionError, match=r"SC101.*a line that this chart does not have"):

        class Door(Statechart):
            shut = State(initial=True, resting=True)
            Order.cancel.remove()


def test_superstate_takes_back_what_it_inherits() -> None:
    """The body of a superstate that extends another takes lines back as well."""

    class Fewer(Order, allow="*"):
        class open(Order.open):
            Order.open.pay.remove()

    assert "open.pending.pay" not in Fewer.chart.lines
    assert "open.pending.pay" in Order.chart.lines


def test_name_of_a_timer_is_not_given_twice() -> None:
    """A line called ``after`` would have the timer of one without a name or a target."""
    for names in (("", "after"), ("after", "")):
        with pytest.raises(DefinitionError, match="SC141") as refused:

            class Door(Statechart):
                shut = State(initial=True, resting=True)
                if names[0]:
                    after = shut.after(timedelta(seconds=1), shut)  # pyright: ignore[reportAssignmentType]
                    shut.after(timedelta(seconds=2))
                else:
                    shut.after(timedelta(seconds=2))
                    after = shut.after(timedelta(seconds=1), shut)  # pyright: ignore[reportAssignmentType]

        assert [fault.found for fault in refused.value.faults] == [
            "shut has two timers 'shut.after': a line is called 'after'"
        ]


def test_targets_with_one_short_name_have_timers_of_their_own() -> None:
    """A timer to an outer state is not that to the state beside the source of the same name."""

    class Door(Statechart, allow="*"):
        x = State()

        class m(Compound, initial=True):
            a = State(initial=True)
            x = State()
            a.after(timedelta(seconds=3), x)

        m.a.after(timedelta(seconds=5), x)
        m.a.after(timedelta(seconds=7), m)
        m.x.after(timedelta(seconds=7), x)

    assert sorted(timers(Door)) == ["m.a.after..x", "m.a.after.m", "m.a.after.x", "m.x.after..x"]
    machine = Machine(Door, at=NOON)
    machine.advance(timedelta(seconds=3))
    assert "m.x" in machine.configuration
    machine.advance(timedelta(seconds=7))
    assert list(machine.configuration) == ["x"]


def test_line_in_a_loop_has_its_name_in_each_round() -> None:
    """A name that a loop binds to a line of each of several states names all of them."""

    def late(state: Any, end: Any) -> Line:
        line: Line = state.after(timedelta(seconds=5), end)
        return line

    class Two(Statechart, allow="*"):
        a = State(initial=True)
        b = State()
        c = State()
        z = State()
        for s in (a, b):
            deadline = s.after(timedelta(seconds=5), z)
        for s in (a, b):
            limit = late(s, z)

    class Three(Two, allow="*"):
        for s in (Two.a, Two.c):
            stop = s.to(Two.z, on=Stop)

    assert sorted(timers(Two)) == ["a.deadline", "a.limit", "b.deadline", "b.limit"]
    assert [line for line in Three.chart.lines if "stop" in line] == ["a.stop", "c.stop"]


def test_name_is_that_of_one_line_where_a_statement_writes_several_on_one_state() -> None:
    """What a function writes besides the line that it returns has no name."""

    def both(state: Any, end: Any) -> Line:
        state.to(end, on=Stop)
        line: Line = state.to(end, on=Go)
        return line

    class Door(Statechart, allow="*"):
        a = State(initial=True)
        b = State(resting=True)
        leave = both(a, b); a.stay(on=Go)  # fmt: skip  # noqa: E702

    assert list(Door.chart.lines) == ["a:stop->b", "a.leave", "a:go"]
