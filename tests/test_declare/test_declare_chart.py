"""Declaring a tree: what a class body says is what the chart holds."""

from __future__ import annotations

import inspect
from typing import Any, Generic, TypeVar

import pytest
from attrs import frozen

from statecharts import (
    Chart,
    Compound,
    Effect,
    History,
    Parallel,
    State,
    Statechart,
    StatechartError,
    start,
    step,
)
from statecharts.interop.python import dumps
from statecharts.model.chart import Default, StateKind, StateNode


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


@frozen
class Cargo:
    weight: int = 0


@frozen
class Tally:
    count: int = 0


@frozen
class Told(Effect):
    text: str


class Journey(Statechart[Go | Halt, Tally], allow="*"):
    """A way from here to there.

    With a second paragraph.
    """

    home = State(initial=True, doc="Where it begins.", entry=lambda m: Told("in"))

    class road(Compound[Cargo], entry=lambda m: Told("on"), exit=lambda m: Told("off")):
        """On the way."""

        class luggage(Parallel):
            class bag(Compound):
                full = State(Cargo, initial=True)
                empty = State(final=True)

            class box(Compound):
                shut = State(initial=True)
                open = State(resting=True)

        walking = State(initial=True)
        before = History(walking)
        before_all = History(luggage, deep=True)

    class inn(Compound, resting=True):
        only = State(initial=True, resting=True)

    there = State(Cargo, final=True)


CHART = Journey.chart


def test_states_stand_in_document_order() -> None:
    """Ids are dotted paths; a parent comes before its children, siblings as they are written."""
    assert [node.id for node in CHART] == [
        "home",
        "road",
        "road.luggage",
        "road.luggage.bag",
        "road.luggage.bag.full",
        "road.luggage.bag.empty",
        "road.luggage.box",
        "road.luggage.box.shut",
        "road.luggage.box.open",
        "road.walking",
        "road.before",
        "road.before_all",
        "inn",
        "inn.only",
        "there",
    ]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("", StateKind.COMPOUND),
        ("home", StateKind.ATOMIC),
        ("road", StateKind.COMPOUND),
        ("road.luggage", StateKind.PARALLEL),
        ("road.luggage.bag", StateKind.COMPOUND),
        ("road.luggage.bag.empty", StateKind.FINAL),
        ("road.before", StateKind.SHALLOW_HISTORY),
        ("road.before_all", StateKind.DEEP_HISTORY),
        ("there", StateKind.FINAL),
    ],
)
def test_state_has_the_kind_that_it_is_declared_with(state: str, kind: StateKind) -> None:
    """State, Compound, Parallel, History and final= each make their kind."""
    assert CHART[state].kind is kind


def test_tree_is_told_from_both_ends() -> None:
    """Children and parents agree at every depth, and names are the last parts of ids."""
    for node in CHART:
        assert node.parent is not None
        assert node.id in CHART[node.parent].children
        assert node.name == node.id.rpartition(".")[2]
    assert CHART.root.children == ("home", "road", "inn", "there")
    assert CHART.root.name == CHART.name == "Journey"
    assert CHART.root.parent is None


@pytest.mark.parametrize(
    ("state", "initial"),
    [
        ("", ("home",)),
        ("road", ("road.walking",)),
        ("road.luggage", ()),
        ("road.luggage.bag", ("road.luggage.bag.full",)),
        ("road.before", ("road.walking",)),
        ("road.before_all", ("road.luggage",)),
        ("home", ()),
    ],
)
def test_default_leads_to_the_initial_child(state: str, initial: tuple[str, ...]) -> None:
    """A superstate's default is its initial child, a history's is what it was given."""
    node = CHART[state]
    assert node.initial == initial
    if node.default is not None:
        assert (node.default.source, node.default.trigger) == (state, Default())


def test_data_and_context_come_from_the_brackets() -> None:
    """The brackets of a state and of a chart name classes; without them there is nothing."""
    carried = {node.id: node.data for node in CHART if node.data is not None}
    assert carried == {"road": Cargo, "road.luggage.bag.full": Cargo, "there": Cargo}
    assert CHART.context is Tally


def test_parallel_may_carry_data() -> None:
    """Parallel[Data] names the class of its data as Compound[Data] does."""

    class Pair(Statechart):
        class both(Parallel[Cargo], initial=True):
            class left(Compound):
                on = State(initial=True, resting=True)

            class right(Compound[Tally]):
                on = State(initial=True, resting=True)

    assert [node.data for node in Pair.chart] == [Cargo, None, None, Tally, None]


def test_docs_are_kept() -> None:
    """The docstring of a class and the doc= of a state say what they are for."""
    assert CHART.doc == "A way from here to there.\n\nWith a second paragraph."
    assert (CHART["road"].doc, CHART["home"].doc) == ("On the way.", "Where it begins.")
    assert CHART["road.luggage"].doc == CHART["road.walking"].doc == ""


def test_entry_and_exit_are_kept() -> None:
    """Hooks of states and, as class keywords, of superstates are kept under their names."""
    assert [hook.name for hook in CHART["home"].entry] == ["Told('in')"]
    assert [hook.name for hook in CHART["road"].entry] == ["Told('on')"]
    assert [hook.name for hook in CHART["road"].exit] == ["Told('off')"]
    assert CHART["home"].exit == CHART["road.luggage"].entry == ()


def test_resting_is_kept() -> None:
    """What is meant to rest says so, state or superstate."""
    resting = [node.id for node in CHART if node.resting]
    assert resting == ["road.luggage.box.open", "inn", "inn.only"]


def test_location_is_the_line_of_the_declaration() -> None:
    """Each state knows the file and the line that it was written in."""
    lines, first = inspect.getsourcelines(Journey)

    def line(node: StateNode) -> str:
        file, _, number = (node.location or "").rpartition(":")
        assert file == __file__
        return lines[int(number) - first].strip()

    assert line(CHART["home"]).startswith("home = State(")
    assert line(CHART["road"]).startswith("class road(")
    assert line(CHART["road.luggage.bag.full"]).startswith("full = State(")
    assert line(CHART["road.before_all"]).startswith("before_all = History(")


def test_events_are_those_of_the_union() -> None:
    """A union closes the events, in its order, whether the lines name them or not."""
    assert [(known.name, known.cls) for known in CHART.events] == [("go", Go), ("halt", Halt)]
    assert CHART.closed


@pytest.mark.parametrize("events", [Go | Halt, Go | (Halt | Go), "Go | Halt"])
def test_events_are_a_union(events: Any) -> None:
    """However the events are put together, each is known once, in order."""

    class Chosen(Statechart[events], allow="*"):
        only = State(initial=True)

    assert [known.cls for known in Chosen.chart.events] == [Go, Halt]


def test_events_left_out_are_those_that_lines_name() -> None:
    """An open chart knows what its lines name, in document order, and stays open."""

    class Open(Statechart):
        first = State(initial=True)
        second = State()
        second.to(first, on=Go)
        first.to(second, on=Halt)
        first.ignore(on=Go)

    assert [known.cls for known in Open.chart.events] == [Halt, Go]
    assert not Open.chart.closed


class Rooms(Statechart[Go | Halt], allow="*"):
    """A parallel state that is entered through its history, by default in both regions."""

    away = State(initial=True)

    class house(Parallel):
        class up(Compound):
            dark = State(initial=True)
            lit = State()

        class down(Compound):
            dark = State(initial=True)
            lit = State()

        before = History(default=(up.lit, "house.down.lit"), deep=True)

    away.to(house.before, on=Go)
    house.to(away, on=Halt)


class Inherited(Rooms):
    """The same, with states of its own."""


@pytest.mark.parametrize("declared", [Rooms, Inherited])
def test_default_of_a_history_is_in_several_regions(declared: type[Rooms]) -> None:
    """A tuple gives a state for each of several regions of a parallel state."""
    assert declared.chart["house.before"].initial == ("house.up.lit", "house.down.lit")
    then = step(declared, start(declared).snapshot, Go()).snapshot
    assert then.configuration[2::2] == ("house.up.lit", "house.down.lit")


def test_default_of_a_history_is_written_as_a_tuple() -> None:
    """A declaration that is written out has the same default."""
    assert "before = History(default=(up.lit, down.lit), deep=True)" in dumps(Rooms.chart)


def test_state_object_knows_its_id() -> None:
    """Once the chart is built, what names a state in code tells its id; a superstate does too."""
    assert Journey.road.walking.id == "road.walking"
    assert repr(Journey.road.luggage.bag.full) == "<State road.luggage.bag.full>"
    assert repr(Journey.road.before) == "<History road.before>"
    with pytest.raises(StatechartError, match="not a state of a chart"):
        _ = State().id


def test_superstate_names_its_state_as_a_state_object_does() -> None:
    """A compound or parallel class may be asked for in a snapshot, for its data and with `in`."""

    class Pair(Statechart):
        class both(Parallel[Cargo], initial=True):
            class left(Compound[Tally]):
                on = State(initial=True, resting=True)

            class right(Compound):
                on = State(initial=True, resting=True)

    snapshot = start(Pair).snapshot

    assert snapshot[Pair.both] == Cargo()
    assert snapshot[Pair.both.left] == Tally()
    assert snapshot[Pair.both.right] is None
    assert Pair.both.right in snapshot


@pytest.mark.parametrize("stranger", [Compound, Parallel, Journey, Cargo, State()])
def test_what_is_no_state_of_a_chart_names_none(stranger: Any) -> None:
    """A class or an object that no chart has placed is refused, and told so."""
    with pytest.raises(StatechartError, match="not a state of a chart"):
        _ = stranger in start(Journey, Tally()).snapshot


def test_chart_of_the_same_text_is_the_same_chart() -> None:
    """A declaration that is run twice gives equal charts, with the same hash."""

    def declare() -> Chart:
        class Twice(Statechart[Any, Tally]):
            one = State(Cargo, initial=True, entry=lambda m: Told("x"))
            two = State()
            one.to(two, on=Go, when=lambda m: m.data.weight > 1)
            two.to(one, on=Go)

        return Twice.chart

    assert declare() == declare()
    assert declare().hash == declare().hash
    assert declare() is not declare()


def test_class_without_states_is_a_base() -> None:
    """A class without states has no chart; it hands on its context, events and allowances."""

    class House(Statechart[Go | Halt, Tally], allow="SC124"):
        """What the charts of a house share."""

    class Shed(House):
        shut = State(initial=True, resting=True)
        shut.stay(on=Go)

    with pytest.raises(StatechartError) as missing:
        _ = House.chart
    assert str(missing.value) == (
        "[SC120] House: the class has no states. "
        "Declare states in its body, or use a subclass that does."
    )
    assert Shed.chart.context is Tally
    assert [known.cls for known in Shed.chart.events] == [Go, Halt]
    assert [fault.code for fault in Shed.chart.warnings] == ["SC124"]


C = TypeVar("C")


class Anyhow(Statechart[Any, C], Generic[C]):
    """A base that leaves its context open."""


def test_context_may_be_filled_in_by_a_subclass() -> None:
    """A generic base takes its context from the brackets of the class that derives from it."""

    class Counted(Anyhow[Tally]):
        only = State(initial=True, resting=True)

    assert Counted.chart.context is Tally
    assert start(Counted, Tally(2)).snapshot.context == Tally(2)
