"""Events: classes, subclasses, unions, and events known by name alone."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import field, frozen

from statecharts import (
    Kernel,
    NamedEvent,
    State,
    Statechart,
    StatechartError,
    Step,
    TimerFired,
    start,
    step,
)
from statecharts.model.errors import StepError
from statecharts.model.events import StateDone


@frozen
class Failure:
    pass


@frozen
class Timeout(Failure):
    seconds: int = 1


@frozen
class LongTimeout(Timeout):
    reason: str = "slow"


@frozen
class Lost:
    pass


@frozen
class GatesPassed:
    count: int = 0


@frozen
class Count:
    count: int


@frozen
class Reasoned:
    seconds: int
    reason: str = "none"


@frozen
class Defaulted:
    count: int = 5
    note: str = field(default="-", kw_only=True)


def goes(chart: type[Statechart], event: object) -> bool:
    """Tell whether the first state of a chart answers to an event."""
    return step(chart, start(chart).snapshot, event).handled


def test_event_matches_by_class_and_subclass() -> None:
    """An event is taken by a line on its class or on any that this derives from."""

    class Handling(Statechart[Failure | Timeout | Lost], allow="*"):
        here = State(initial=True)
        late = State(resting=True)
        broken = State(resting=True)
        here.to(late, on=Timeout)
        here.to(broken, on=Failure)

    ends = {}
    for event in (Failure(), Timeout(), LongTimeout(), Lost()):
        then = step(Handling, start(Handling).snapshot, event)
        ends[type(event).__name__] = then.snapshot.configuration[0]
    assert ends == {
        "Failure": "broken",
        "Timeout": "late",
        "LongTimeout": "late",
        "Lost": "here",
    }


def test_subclass_supplies_the_fields_that_it_adds() -> None:
    """Data is filled from the event that came, not only from the class that the line names."""

    class Fuller(Statechart[Timeout]):
        here = State(initial=True)
        late = State(Reasoned)
        here.to(late, on=Timeout)
        late.to(here, on=Timeout)

    kernel = Kernel(Fuller)
    first = kernel.start().snapshot
    assert kernel.step(first, Timeout(3)).snapshot["late"] == Reasoned(3, "none")
    assert kernel.step(first, LongTimeout(3)).snapshot["late"] == Reasoned(3, "slow")


@pytest.mark.parametrize("on", [Timeout | Lost, (Timeout, Lost), (Timeout | Lost,)])
def test_one_line_takes_several_events(on: Any) -> None:
    """A union and a tuple mean any of their members."""

    class Several(Statechart[Timeout | Lost | GatesPassed], allow="*"):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=on)

    assert goes(Several, Timeout())
    assert goes(Several, Lost())
    assert not goes(Several, GatesPassed())


@pytest.mark.parametrize(
    ("on", "taken"),
    [
        ("a", {"a", "a.b", "a.b.c"}),
        ("a.*", {"a", "a.b", "a.b.c"}),
        ("a.b", {"a.b", "a.b.c"}),
        (("a.b", "ab"), {"a.b", "a.b.c", "ab"}),
        ("*", {"a", "a.b", "a.b.c", "ab"}),
    ],
)
def test_named_event_matches_by_descriptor(on: str | tuple[str, ...], taken: set[str]) -> None:
    """A descriptor takes the names that its dotted tokens are a prefix of; a star takes all."""

    class Named(Statechart):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=on)  # type: ignore[arg-type]

    names = ("a", "a.b", "a.b.c", "ab")
    assert {name for name in names if goes(Named, NamedEvent(name))} == taken


def test_descriptor_matches_the_wire_name_of_a_class() -> None:
    """An event class answers to descriptors by its name in snake case."""

    class Mixed(Statechart):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on="gates_passed.*")

    assert goes(Mixed, GatesPassed())
    assert not goes(Mixed, Lost())


def test_star_takes_every_event_but_those_of_the_kernel() -> None:
    """A star takes classes and names alike, and no timer that nobody started."""

    class Open(Statechart):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on="*")

    assert goes(Open, Lost())
    assert goes(Open, NamedEvent("x"))
    assert not goes(Open, TimerFired("here.after#1"))


def test_named_event_does_not_stand_for_a_class() -> None:
    """A line on a class is not taken by an event that merely bears its name."""

    class Typed(Statechart[GatesPassed]):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=GatesPassed)

    assert not goes(Typed, NamedEvent("gates_passed"))


def test_completion_cannot_be_forged() -> None:
    """The event of a completion, sent from outside, completes nothing."""

    class Typed(Statechart[GatesPassed]):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=GatesPassed)

    assert not goes(Typed, StateDone("here"))


class Filing(Statechart):
    here = State(initial=True)
    counted = State(Count)
    defaulted = State(Defaulted)
    here.to(counted, on="count")
    here.to(defaulted, on="default")
    counted.to(defaulted, on="default")
    defaulted.to(here, on="back")


def filed(name: str, **payload: Any) -> Step[Any]:
    """Return the step that a named event makes of the start of `Filing`."""
    return step(Filing, start(Filing).snapshot, NamedEvent(name, payload))


def test_named_event_fills_data_from_its_payload() -> None:
    """Fields come out of the payload by name; what it lacks comes from the default."""
    assert filed("count", count=3, other=4).snapshot["counted"] == Count(3)
    assert filed("default", note="n").snapshot["defaulted"] == Defaulted(5, note="n")
    assert filed("default", count=2).snapshot["defaulted"] == Defaulted(2)
    assert filed("default").snapshot["defaulted"] == Defaulted()


def test_named_event_without_a_needed_field_is_an_error() -> None:
    """A field that neither the payload nor anything else supplies is named."""
    expected = r"\[SC211\] Filing: data of 'counted'.* on count: nothing supplies 'count'"
    with pytest.raises(StepError, match=expected):
        filed("count", other=4)


def test_payload_precedes_the_states_left() -> None:
    """What the payload does not have comes from the states left, as for an event class."""
    counted = filed("count", count=3).snapshot
    assert step(Filing, counted, NamedEvent("default")).snapshot["defaulted"] == Defaulted(3)
    brought = step(Filing, counted, NamedEvent("default", {"count": 9}))
    assert brought.snapshot["defaulted"] == Defaulted(9)


def test_event_class_is_refused_with_the_remedy() -> None:
    """Sending the class instead of an instance is told as that."""
    with pytest.raises(
        StepError, match=r"\[SC204\] Filing: Lost is a class\. Send an instance: Lo"
    ):
        step(Filing, start(Filing).snapshot, Lost)


@pytest.mark.parametrize("wrong", [None, 3, ("lost",), object()])
def test_what_is_no_event_is_refused(wrong: object) -> None:
    """Something that is no attrs instance is no event."""
    with pytest.raises(StepError, match=r"\[SC204\] Filing: .* is not an event\. Send an instance"):
        step(Filing, start(Filing).snapshot, wrong)


def test_text_that_is_nearly_an_event_gets_the_nearest() -> None:
    """A name sent as text is told which class it was probably meant to be."""

    class Typed(Statechart[GatesPassed]):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=GatesPassed)

    with pytest.raises(
        StatechartError, match=r"'GatesPased' is not an event\. Send an instance: GatesPassed"
    ):
        step(Typed, start(Typed).snapshot, "GatesPased")  # type: ignore[misc]
