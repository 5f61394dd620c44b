"""Definition checks on charts that no declaration can make, as files and programs can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import frozen

from statecharts import Compound, DefinitionError, History, Kernel, State, Statechart
from statecharts.checks import accept, faults
from statecharts.checks.places import place
from statecharts.model.chart import (
    Always,
    Chart,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from tests.test_checks.fault_cases import Go, Halt

START: Final = Transition("", Default(), ("a",))


def chart(*states: StateNode, start: Transition | None = START) -> Chart:
    """Return a chart of some states."""
    children = tuple(state.id for state in states if "." not in state.id)
    return Chart("Made", StateNode("", StateKind.COMPOUND, "Made", None, children, start), states)


def test_initial_state_outside_its_parent_is_told() -> None:
    """A compound state is entered through a state inside it, nowhere else."""
    inside = Transition("b", Default(), ("a",))
    made = chart(
        StateNode("a", StateKind.FINAL, "a"),
        StateNode("b", StateKind.COMPOUND, "b", "", ("b.c",), inside),
        StateNode("b.c", StateKind.FINAL, "c", "b"),
    )
    told = [str(fault) for fault in faults(made) if fault.code == "SC103"]
    assert told == [
        (
            "[SC103] Made: the initial state of 'b' is 'a', which is not inside it. "
            "Choose one of its children."
        ),
        "[SC103] Made: 'b' has no initial child. Mark 'b.c' with initial=True.",
    ]


def test_one_state_in_each_region_can_be_entered_together() -> None:
    """Several targets are sound when they lie in different regions of a parallel state."""
    leave = Transition("a", OnEvent((Go,)), ("p.left.on", "p.right.on"))
    regions: list[StateNode] = []
    for side in ("left", "right"):
        region = f"p.{side}"
        ids = (f"{region}.off", f"{region}.on")
        first = Transition(region, Default(), ids[:1])
        turn = Transition(ids[0], OnEvent((Halt,)), ids[1:])
        regions += [
            StateNode(region, StateKind.COMPOUND, side, "p", ids, first),
            StateNode(ids[0], StateKind.ATOMIC, "off", region, transitions=(turn,)),
            StateNode(ids[1], StateKind.FINAL, "on", region),
        ]
    made = chart(
        StateNode("a", StateKind.ATOMIC, "a", transitions=(leave,)),
        StateNode("p", StateKind.PARALLEL, "p", "", ("p.left", "p.right")),
        *regions,
    )
    kernel = Kernel(accept(made, "*"))
    after = kernel.step(kernel.start().snapshot, Go()).snapshot
    assert after.configuration == ("p", "p.left", "p.left.on", "p.right", "p.right.on")


def test_eventless_transition_without_a_target_goes_round() -> None:
    """An eventless transition that stays is taken again and again, unless a guard ends it."""
    stay = Transition("a", Always(), (), TransitionKind.INTERNAL)
    made = chart(StateNode("a", StateKind.ATOMIC, "a", transitions=(stay,), resting=True))
    with pytest.raises(DefinitionError, match=r"\[SC110\] Made: .*form a circle: a → a"):
        accept(made)


def test_eventless_transitions_that_a_guard_ends_are_sound() -> None:
    """A circle with a guard in it is no fault: the guard may end it."""

    class Ring(Statechart):
        a = State(initial=True)
        b = State()
        c = State(final=True)
        a.always(b)
        b.always(a, when=lambda m: "a" in m)
        b.after(timedelta(seconds=1), c)

    assert Ring.chart.warnings == ()


def test_chart_without_states_is_told() -> None:
    """A chart with nothing in it cannot be entered, and says so."""
    with pytest.raises(DefinitionError, match=r"\[SC115\] Made: the chart is compound and has no"):
        accept(chart(start=None))


def test_same_fault_is_told_once() -> None:
    """A fault that shows however history stands is one fault, not one for each memory."""

    @frozen
    class Room:
        floor: int

    with pytest.raises(DefinitionError) as caught:

        class House(Statechart[Go | Halt]):
            hall = State(initial=True)

            class room(Compound[Room]):
                one = State(initial=True)
                two = State()
                past = History(default=one)
                one.to(two, on=Halt)

            hall.to(room.past, on=Go)
            room.to(hall, on=Go)

    assert [str(fault) for fault in caught.value.faults] == [
        (
            "[SC104] House: hall on Go goes to 'room.past' and enters 'room', which needs 'floor'; "
            "Go does not supply it. Give it a default, or add it to Go. A history inside 'room' "
            "does not bring its data back; one in a state around it does."
        )
    ]


def test_place_of_a_default_transition_says_so() -> None:
    """Errors name a default transition by the state that it enters."""
    default: Any = Transition("a", Default(), ("a.b",))
    assert place(default) == "a by default"


@frozen
class Sized:
    """Data, and an event that brings it."""

    size: int


@pytest.mark.parametrize("deep", [False, True], ids=["shallow", "deep"])
@pytest.mark.parametrize("around", [False, True], ids=["certain", "uncertain"])
def test_default_that_is_never_needed_needs_no_data(deep: bool, around: bool) -> None:
    """A history that is entered only after its parent was left never uses its default."""

    class Room(Statechart[Go | Halt | Sized], allow=("SC124",)):
        empty = State(initial=True)
        paused = State()

        class busy(Compound):
            first = State(Sized, initial=True)
            second = State()
            past = History(default=first, deep=deep)
            first.to(second, on=Go)

        empty.to(busy, on=Sized)
        busy.to(paused, on=Halt)
        paused.to(busy.past, on=Go)

    assert not [one.code for one in faults(Room.chart) if one.code == "SC104"]
    if around:
        with pytest.raises(DefinitionError, match=r"paused on Go goes to 'busy\.past' and enters"):

            class Wing(Room):
                Room.empty.to(Room.paused, on=Halt)
