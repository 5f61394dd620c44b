"""Deriving charts: a subclass is a copy, to which its body adds; the parent never changes."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    DefinitionError,
    Effect,
    History,
    Parallel,
    State,
    Statechart,
    start,
    step,
)
from statecharts.model.chart import OnEvent, StateKind


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


@frozen
class Fresh:
    pass


@frozen
class Cargo:
    weight: int = 0


@frozen
class Tally:
    count: int = 0


@frozen
class Told(Effect):
    text: str = ""


class Parent(Statechart[Any, Tally], allow="SC122"):
    """What all of this file derives from."""

    class active(Compound[Cargo], initial=True, entry=lambda m: Told("in")):
        """Work under way."""

        one = State(initial=True, doc="The first.")
        two = State(Cargo)
        back = History(one)

        one.to(two, on=Go)
        two.to(one, on=Go)

    off = State()

    active.to(off, on=Halt)
    off.to(active.back, on=Go)


CHART, HASH = Parent.chart, Parent.chart.hash

Lines = list[tuple[str, str, tuple[str, ...]]]


@pytest.fixture(autouse=True)
def parent_stays_as_it_was() -> Any:
    """Whatever a test derives, the parent's chart is the same object and says the same."""
    yield
    assert Parent.chart is CHART
    assert Parent.chart.hash == HASH


def ids(chart: type[Statechart[Any, Any]]) -> list[str]:
    """Return the ids of a chart's states."""
    return [node.id for node in chart.chart]


def lines(chart: type[Statechart[Any, Any]], *sources: str) -> Lines:
    """Return a chart's lines as source, event and targets: all, or those of some sources."""
    return [
        (line.source, getattr(line.trigger.events[0], "__name__", ""), line.targets)
        for line in chart.chart.transitions
        if isinstance(line.trigger, OnEvent) and (not sources or line.source in sources)
    ]


def test_bare_subclass_is_a_copy() -> None:
    """A subclass without a body has the same states and lines, under its own name."""

    class Child(Parent):
        pass

    assert Child.chart.name == "Child"
    assert Child.chart.states == Parent.chart.states
    assert Child.chart.events == Parent.chart.events
    assert Child.chart.context is Tally
    assert Child.active.two is not Parent.active.two
    assert Child.active.two.id == Parent.active.two.id == "active.two"


def test_subclass_adds_states_after_those_it_inherits() -> None:
    """New states stand behind the inherited ones, and lines lead from and to both kinds."""

    class Child(Parent):
        extra = State()
        Parent.off.to(extra, on=Fresh)
        extra.to(Parent.active.two, on=Fresh)

    assert ids(Child) == [*ids(Parent), "extra"]
    assert lines(Child, "off", "extra") == [
        ("off", "Go", ("active.back",)),
        ("off", "Fresh", ("extra",)),
        ("extra", "Fresh", ("active.two",)),
    ]
    assert [known.cls for known in Child.chart.events] == [Halt, Go, Fresh]


def test_line_on_an_inherited_state_belongs_to_the_subclass() -> None:
    """A line in the subclass's body comes after the inherited ones, and is nobody else's."""

    class Child(Parent):
        Parent.active.to(Parent.active.two, on=Fresh)
        Parent.active.one.to(Parent.off, on=Fresh)

    class Sibling(Parent):
        pass

    assert lines(Child, "active", "active.one") == [
        ("active", "Halt", ("off",)),
        ("active", "Fresh", ("active.two",)),
        ("active.one", "Go", ("active.two",)),
        ("active.one", "Fresh", ("off",)),
    ]
    assert lines(Sibling) == lines(Parent)


def test_superstate_may_be_reopened() -> None:
    """A class derived from the inherited superstate adds to it, and keeps what it was."""

    class Child(Parent):
        class active(Parent.active):
            three = State()
            Parent.active.two.to(three, on=Fresh)
            three.to(Parent.active.one, on=Go)

        active.to(active.three, on=Fresh)

    node = Child.chart["active"]
    assert ids(Child)[:5] == ["active", "active.one", "active.two", "active.back", "active.three"]
    assert (node.data, node.doc, node.initial) == (Cargo, "Work under way.", ("active.one",))
    assert [hook.name for hook in node.entry] == ["Told('in')"]
    assert lines(Child, "active", "active.two", "active.three") == [
        ("active", "Halt", ("off",)),
        ("active", "Fresh", ("active.three",)),
        ("active.two", "Go", ("active.one",)),
        ("active.two", "Fresh", ("active.three",)),
        ("active.three", "Go", ("active.one",)),
    ]


def test_reopened_superstate_may_say_other_things_of_itself() -> None:
    """Class keywords, data and docstring of the reopening body take the place of the inherited."""

    class Child(Parent):
        class active(Parent.active, initial=False, entry=lambda m: Told("new")):
            """Other work."""

        off = State(initial=True)
        off.to(active, on=Fresh)

    node = Child.chart["active"]
    assert (node.doc, [hook.name for hook in node.entry]) == ("Other work.", ["Told('new')"])
    assert Child.chart.root.initial == ("off",)


def test_inherited_state_may_be_overridden() -> None:
    """A state of an inherited name takes the old one's place, with its lines in and out."""

    class Child(Parent):
        off = State(Cargo, entry=lambda m: Told("off"))  # type: ignore[arg-type]

    assert ids(Child) == ids(Parent)
    assert Child.chart["off"].data is Cargo
    assert lines(Child) == lines(Parent)
    assert Parent.chart["off"].data is None


def test_state_may_become_a_superstate() -> None:
    """Overriding a state with a class gives it children; what led to it leads to the class."""

    class Child(Parent):
        class off(Compound):
            dim = State(initial=True)
            dark = State()
            dim.to(dark, on=Fresh)

    assert Child.chart["off"].kind is StateKind.COMPOUND
    assert ids(Child)[-3:] == ["off", "off.dim", "off.dark"]
    assert lines(Child, "active", "off") == lines(Parent, "active", "off")
    halted = step(Child, start(Child, Tally()).snapshot, Halt()).snapshot
    assert halted.configuration == ("off", "off.dim")


def test_child_of_a_superstate_may_be_overridden() -> None:
    """Reopening and overriding go together: the one child changes, its siblings stay."""

    class Child(Parent):
        class active(Parent.active):
            two = State(Tally)  # type: ignore[arg-type]

    assert Child.chart["active.two"].data is Tally
    assert lines(Child, "active.one", "active.two") == lines(Parent, "active.one", "active.two")


def test_inherited_state_may_be_taken_away() -> None:
    """A name that is set to None is no state of the subclass, and its lines go with it."""

    class Lent(Statechart, allow="*"):
        home = State(initial=True)

        class away(Compound):
            near = State(initial=True)
            far = State()
            near.to(far, on=Go)
            far.to(near, on=Go)

    class Kept(Lent):
        away = None  # type: ignore[assignment]

    assert ids(Kept) == ["home"]
    assert lines(Kept) == []
    assert ids(Lent) == ["home", "away", "away.near", "away.far"]


def test_line_to_a_state_taken_away_is_a_fault() -> None:
    """What leads to a state that was taken away leads nowhere, and is told."""
    with pytest.raises(DefinitionError, match="'off', which is not a state of this chart"):

        class Child(Parent):
            off = None  # type: ignore[assignment]


def test_grandchild_has_what_both_added() -> None:
    """Each generation adds; lines may start at the parent's states or at the grandparent's."""

    class Child(Parent):
        class active(Parent.active):
            three = State()
            Parent.active.one.to(three, on=Fresh)

        extra = State()
        Parent.off.to(extra, on=Fresh)

    class Grandchild(Child):
        class active(Child.active):
            four = State()
            Child.active.three.to(four, on=Go)
            Parent.active.two.to(four, on=Fresh)

        Child.extra.to(Parent.off, on=Halt)

    assert ids(Grandchild)[4:] == ["active.three", "active.four", "off", "extra"]
    assert lines(Grandchild) == [
        ("active", "Halt", ("off",)),
        ("active.one", "Go", ("active.two",)),
        ("active.one", "Fresh", ("active.three",)),
        ("active.two", "Go", ("active.one",)),
        ("active.two", "Fresh", ("active.four",)),
        ("active.three", "Go", ("active.four",)),
        ("off", "Go", ("active.back",)),
        ("off", "Fresh", ("extra",)),
        ("extra", "Halt", ("off",)),
    ]
    assert ids(Child) == [one for one in ids(Grandchild) if one != "active.four"]


def test_history_of_a_copy_defaults_to_the_copy() -> None:
    """Defaults, initial children and lines of a copy lead to the copy's own states."""

    class Child(Parent):
        pass

    assert Child.chart["active.back"].initial == ("active.one",)
    snapshot = start(Child, Tally()).snapshot
    assert Child.active.one in snapshot
    assert Parent.active.one in snapshot


class Shift(Compound[Cargo]):
    """A superstate that several charts use."""

    begun = State(initial=True)
    ended = State()
    begun.to(ended, on=Go)
    ended.to(begun, on=Go)


def test_superstate_may_be_used_twice_in_one_chart() -> None:
    """Two classes derived from one superstate are two copies; the lines of each stay inside it."""

    class Week(Statechart):
        class early(Shift, initial=True):
            pass

        class late(Shift):
            pause = State()

        early.to(late, on=Halt)
        late.ended.to(late.pause, on=Fresh)
        late.pause.to(early.ended, on=Fresh)

    assert ids(Week) == [
        "early",
        "early.begun",
        "early.ended",
        "late",
        "late.begun",
        "late.ended",
        "late.pause",
    ]
    assert lines(Week) == [
        ("early", "Halt", ("late",)),
        ("early.begun", "Go", ("early.ended",)),
        ("early.ended", "Go", ("early.begun",)),
        ("late.begun", "Go", ("late.ended",)),
        ("late.ended", "Go", ("late.begun",)),
        ("late.ended", "Fresh", ("late.pause",)),
        ("late.pause", "Fresh", ("early.ended",)),
    ]
    assert Week.chart["early"].data is Week.chart["late"].data is Cargo
    assert Week.chart["early"].doc == "A superstate that several charts use."


def test_superstate_may_be_used_in_two_charts_and_in_regions() -> None:
    """A shared superstate gives every chart copies of its own, nested as deep as one likes."""

    class Plain(Statechart):
        class day(Shift, initial=True):
            pass

    class Nested(Statechart):
        class both(Parallel, initial=True):
            class left(Shift):
                pass

            class right(Compound):
                class inner(Shift, initial=True):
                    pass

    assert lines(Plain)[0] == ("day.begun", "Go", ("day.ended",))
    assert lines(Nested) == [
        ("both.left.begun", "Go", ("both.left.ended",)),
        ("both.left.ended", "Go", ("both.left.begun",)),
        ("both.right.inner.begun", "Go", ("both.right.inner.ended",)),
        ("both.right.inner.ended", "Go", ("both.right.inner.begun",)),
    ]


def test_copy_inside_a_copy_keeps_its_own_targets() -> None:
    """A copy nested in another leads to its own states, whatever the names begin with."""

    class Deep(Statechart, allow="*"):
        class outer(Shift, initial=True):
            class beg(Shift):
                pass

            class begun_again(Shift):
                pass

    assert lines(Deep) == [
        (f"{path}.{source}", "Go", (f"{path}.{target}",))
        for path in ("outer", "outer.beg", "outer.begun_again")
        for source, target in (("begun", "ended"), ("ended", "begun"))
    ]
