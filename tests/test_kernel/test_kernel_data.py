"""Data: where each field comes from, who makes it, and how long it lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import field, frozen, validators

from statecharts import Compound, Occurred, Parallel, State, Statechart, Step, start, step
from statecharts.model.chart import (
    ROOT,
    Chart,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.errors import CallbackError, StepError, TimeNeededError

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = T0 + timedelta(hours=1)


@frozen
class Go:
    pass


@frozen
class Mark:
    pass


@frozen
class Named:
    name: str


@frozen
class Label:
    name: str = "default"


@frozen
class Outer:
    name: str = "outer"
    size: int = 1


@frozen
class Inner:
    name: str = "inner"


@frozen
class Size:
    size: int = 0


@frozen
class Setting:
    name: str = "context"
    at: datetime = T1


@frozen
class Stamped:
    at: Occurred
    name: str = "-"


@frozen
class Timed:
    at: datetime


@frozen
class Private:
    _name: str = "private"
    kind: str = field(default="k", kw_only=True)
    made: int = field(default=7, init=False)


@frozen
class Reading:
    kind: str = field(kw_only=True)
    name: str
    made: int


def run(chart: type[Statechart[Any, Any]], *events: object, at: datetime | None = T0) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart, at=at)
    for event in events:
        then = step(chart, then.snapshot, event, at=at)
    return then


class Full(Statechart[Named | Go | Timed | Mark, Setting]):
    class outer(Compound[Outer], initial=True):
        inner = State(Inner, initial=True)
        bare = State()
        inner.to(bare, on=Go)
        inner.stay(on=Mark, make=lambda m: Inner("inner"))

    end = State(Label)
    stamped = State(Stamped)
    outer.to(end, on=Named)
    outer.stay(on=Timed, make=lambda m: Outer("outer"))
    outer.bare.to(end, on=Go)
    outer.inner.to(end, on=Timed, when=lambda m: m.event.at == T1)
    end.to(stamped, on=Timed)
    stamped.to(outer.inner, on=Go)


class Bare(Statechart[Go, Setting]):
    here = State(initial=True)
    there = State(Label)
    here.to(there, on=Go)
    there.to(here, on=Go)


class Plain(Statechart[Go]):
    here = State(initial=True)
    there = State(Label)
    here.to(there, on=Go)
    there.to(here, on=Go)


@pytest.mark.parametrize(
    ("events", "name"),
    [
        ((Timed(T0), Mark(), Named("event")), "event"),
        ((Timed(T0), Mark(), Timed(T1)), "inner"),
        ((Timed(T0), Go(), Go()), "outer"),
    ],
)
def test_event_precedes_the_states_left_from_the_inside_out(
    events: tuple[object, ...], name: str
) -> None:
    """A field comes from the event, else from the innermost state left that has it."""
    assert run(Full, *events).snapshot["end"] == Label(name)


@pytest.mark.parametrize(("chart", "name"), [(Bare, "context"), (Plain, "default")])
def test_context_precedes_the_default(chart: type[Statechart[Any, Any]], name: str) -> None:
    """Where neither event nor state left has a field the context fills it, else its default."""
    assert run(chart, Go()).snapshot["there"] == Label(name)


def test_occurred_is_the_moment_whoever_else_has_the_field() -> None:
    """Neither an event nor a context of the same field replaces the time of the moment."""
    assert run(Full, Named("n"), Timed(T1)).snapshot["stamped"] == Stamped(T0, "n")


def test_occurred_without_a_time_is_an_error() -> None:
    """A field that takes the time refuses to make one up, and is named."""
    expected = r"\[SC201\] Full: data of 'stamped'.* on Timed: 'at' of 'stamped' reads the time"
    with pytest.raises(TimeNeededError, match=expected):
        step(Full, run(Full, Named("n")).snapshot, Timed(T1))


def test_entered_by_default_is_filled_as_well() -> None:
    """Ancestors, initial children and regions take the same fields from the same suppliers."""

    class Deep(Statechart[Named]):
        here = State(initial=True)

        class top(Parallel[Label]):
            class left(Compound[Label]):
                one = State(Label, initial=True)

            class right(Compound[Size]):
                two = State(Stamped, initial=True)

        here.to(top.left, on=Named)
        top.to(here, on=Named)

    then = run(Deep, Named("deep"))
    assert dict(then.snapshot.data) == {
        "top": Label("deep"),
        "top.left": Label("deep"),
        "top.left.one": Label("deep"),
        "top.right": Size(0),
        "top.right.two": Stamped(T0, "deep"),
    }


def test_start_fills_from_context_time_and_defaults() -> None:
    """At the start there is no event and nothing to leave."""

    class First(Statechart[Any, Setting]):
        class top(Compound[Outer], initial=True):
            one = State(Stamped, initial=True, resting=True)

    first = start(First, Setting("mine"), at=T0)
    assert dict(first.snapshot.data) == {
        "top": Outer("mine"),
        "top.one": Stamped(T0, "mine"),
    }


def test_context_supplies_what_the_update_has_made_of_it() -> None:
    """An update comes before the data of the states that its transition enters."""

    class Renamed(Statechart[Go, Setting]):
        here = State(initial=True)
        there = State(Label)
        here.to(there, on=Go, update=lambda m: Setting("updated"))
        there.to(here, on=Go)

    assert run(Renamed, Go()).snapshot["there"] == Label("updated")


def test_region_of_the_source_supplies_before_other_regions() -> None:
    """Of several regions left the source's own line comes first, then the deeper states."""

    class Regions(Statechart[Go | Named]):
        class both(Parallel, initial=True):
            class a(Compound):
                class deep(Compound, initial=True):
                    x = State(Outer, initial=True)

            class b(Compound):
                y = State(Inner, initial=True)

        end = State(Label)
        size = State(Size)
        both.b.y.to(end, on=Go)
        both.b.y.to(size, on=Named)
        end.to(both, on=Go)
        size.to(both, on=Go)

    assert run(Regions, Go()).snapshot["end"] == Label("inner")
    assert run(Regions, Named("n")).snapshot["size"] == Size(1)


def test_transition_that_leaves_nothing_else_supplies_its_own_data() -> None:
    """A self transition carries over by name what its state had."""

    class Self(Statechart[Named | Go]):
        one = State(Label, initial=True)
        one.to(one, on=(Named, Go))

    assert run(Self, Named("kept"), Go()).snapshot["one"] == Label("kept")


def test_state_that_stays_active_supplies_nothing() -> None:
    """What is not left is no supplier; its data is carried over untouched."""

    class Staying(Statechart[Go]):
        class outer(Compound[Outer], initial=True):
            one = State(initial=True)
            two = State(Label)
            one.to(two, on=Go)
            two.to(one, on=Go)

    before = run(Staying)
    then = step(Staying, before.snapshot, Go())
    assert then.snapshot["outer.two"] == Label("default")
    assert then.snapshot["outer"] is before.snapshot["outer"]


def test_private_keyword_and_fixed_fields_are_filled_or_left() -> None:
    """Arguments are passed under the names and in the manner that ``__init__`` takes them."""

    @frozen
    class Bring:
        _name: str
        kind: str
        made: int = 1

    class Odd(Statechart[Bring | Named]):
        here = State(initial=True)
        there = State(Private)
        read = State(Reading, resting=True)
        here.to(there, on=Bring)
        there.to(read, on=Named)

    there = run(Odd, Bring("n", "x")).snapshot
    assert there["there"] == Private("n", kind="x")
    assert step(Odd, there, Named("m")).snapshot["read"] == Reading("m", 7, kind="x")


def test_make_builds_the_targets_data() -> None:
    """A make sees the source's data, the event, the time, and the states before the step."""

    class Made(Statechart[Named | Mark]):
        here = State(Label, initial=True)

        class there(Compound[Outer]):
            one = State(Label, initial=True)
            two = State(Label)

        here.to(there, on=Mark)
        here.to(
            there.two,
            on=Named,
            make=lambda m: Label(f"{m.data.name}+{m.event.name}+{m.at.year}+{m['here'].name}"),
        )
        there.to(here, on=Named)

    assert run(Made, Named("n")).snapshot["there.two"] == Label("default+n+2026+default")


def test_make_is_for_the_target_alone() -> None:
    """What is entered along with the target is filled by name."""

    class Made(Statechart[Go]):
        here = State(initial=True)

        class there(Compound[Label]):
            one = State(Label, initial=True)

        here.to(there, on=Go, make=lambda m: Label("made"))
        there.to(here, on=Go)

    assert dict(run(Made, Go()).snapshot.data) == {
        "there": Label("made"),
        "there.one": Label("default"),
    }


def test_make_of_a_superstate_that_stays() -> None:
    """A superstate that stays gets new data while its children keep theirs."""

    class Kept(Statechart[Named | Go]):
        class top(Compound[Label], initial=True):
            one = State(Size, initial=True, resting=True)

        top.stay(on=Named, make=lambda m: Label(m.event.name + m.data.name))
        top.stay(on=Go)

    then = run(Kept, Named("n"))
    assert dict(then.snapshot.data) == {"top": Label("ndefault"), "top.one": Size()}
    assert step(Kept, then.snapshot, Go()).snapshot.data == then.snapshot.data


@pytest.mark.parametrize("wrong", [None, Size(), "label"])
def test_make_of_another_class_is_an_error(wrong: Any) -> None:
    """What make gives has to be the data of the state, for a target and for a stay."""

    class Wrong(Statechart[Go | Named]):
        here = State(Label, initial=True, exit=lambda m: None)
        here.to(here, on=Go, make=lambda m: wrong)
        here.stay(on=Named, make=lambda m: wrong)

    for event in (Go(), Named("n")):
        expected = (
            rf"\[SC208\] Wrong: make of 'here'.* on {type(event).__name__}: make gave .*Label"
        )
        with pytest.raises(CallbackError, match=expected):
            run(Wrong, event)


def test_data_class_that_refuses_is_a_callback_error() -> None:
    """A validator that fails names the state whose data it is, and is chained."""

    @frozen
    class Short:
        name: str = field(validator=validators.max_len(3))

    class Checked(Statechart[Named]):
        here = State(initial=True)
        there = State(Short)
        here.to(there, on=Named)
        there.to(here, on=Named)

    expected = (
        r"\[SC202\] Checked: data of 'there' on the way to 'there' on Named: ValueError: Length"
    )
    with pytest.raises(CallbackError, match=expected) as caught:
        run(Checked, Named("lengthy"))
    cause = caught.value.__cause__
    assert (caught.value.role, type(cause)) == ("data", ValueError)


def test_data_ends_with_its_state() -> None:
    """A state's data is gone when the state is left, and made anew on the next entry."""
    assert dict(run(Plain, Go(), Go()).snapshot.data) == {}
    assert run(Plain, Go(), Go(), Go()).snapshot["there"] == Label()


def test_field_that_nothing_supplies_is_an_error_in_an_unchecked_chart() -> None:
    """A chart that was built by hand fails on the step that lacks a field, and says which."""
    line = Transition("here", OnEvent((Go,)), ("there",))
    states = (
        StateNode("here", StateKind.ATOMIC, "here", transitions=(line,)),
        StateNode("there", StateKind.ATOMIC, "there", data=Named),
    )
    initial = Transition(ROOT, Default(), ("here",))
    root = StateNode(ROOT, StateKind.COMPOUND, "Raw", None, ("here", "there"), initial)
    chart = Chart("Raw", root, states)
    with pytest.raises(StepError, match=r"\[SC211\] Raw: .* nothing supplies 'name' of 'there'"):
        step(chart, start(chart).snapshot, Go())
