"""Quality faults on charts of every shape: which are told, and of which honest chart none is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve, field, frozen

from statecharts import (
    Answer,
    Call,
    CallFailed,
    Chart,
    Compound,
    History,
    Parallel,
    State,
    Statechart,
)
from statecharts.checks import faults

SECOND = timedelta(seconds=1)

CASES: Final[list[tuple[Callable[[], Any], tuple[str, ...]]]] = []


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


@frozen
class Special(Go):
    pass


@frozen
class Work(Call[Stop]):
    pass


def told(*expected: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Say which faults a chart has, each by its code and a piece of its text."""

    def add(make: Callable[[], Any]) -> Callable[[], Any]:
        CASES.append((make, expected))
        return make

    return add


@told()
def lines_of_the_chart_reach() -> Any:
    """A state that only a line of the chart itself reaches, and that only such a line leaves."""

    class C(Statechart[Go | Stop], allow="*"):
        a = State(initial=True)
        b = State()
        Statechart.to(b, on=Go)
        Statechart.to(a, on=Stop)

    return C


@told("SC121 'outer.lost'")
def inner_state_that_nothing_reaches() -> Any:
    """A state inside a superstate that is reached."""

    class C(Statechart[Go], allow="*"):
        class outer(Compound, initial=True):
            a = State(initial=True)
            lost = State()
            a.stay(on=Go, when=lambda m: False)
            lost.to(a, on=Go)

        end = State(final=True)
        outer.to(end, on=Go)

    return C


@told("SC121 'lost'")
def superstate_that_nothing_reaches() -> Any:
    """Of a superstate that nothing reaches, what is inside is not told as well."""

    class C(Statechart[Go], allow="*"):
        a = State(initial=True)
        end = State(final=True)
        a.to(end, on=Go)

        class lost(Compound):
            x = State(initial=True)
            y = State()
            x.to(y, on=Go)
            y.to(x, on=Go)

    return C


@told()
def history_reaches_by_its_default() -> Any:
    """A state that is only entered as the default of a history state."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            b = State()
            back = History(default=b)
            a.stay(on=Go)
            b.to(a, on=Go)

        off = State()
        on.to(off, on=Stop)
        off.to(on.back, on=Go)

    return C


@told("SC122 'a'")
def line_that_stays_leaves_nothing() -> Any:
    """`stay`, and an internal line of a superstate to where one is, do not leave."""

    class C(Statechart[Go], allow="*"):
        a = State(initial=True)
        a.stay(on=Go)

    return C


@told()
def internal_line_of_a_superstate_leaves_its_children() -> Any:
    """What is inside the source is left, the source itself is not."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            b = State()
            a.to(b, on=Go)

        on.to(on.a, on=Stop, internal=True)

    return C


@told()
def regions_leave_together() -> Any:
    """A line out of one region, the first, the middle or the last, leaves the others as well."""

    class C(Statechart[Go | Stop], allow="*"):
        class both(Parallel, initial=True):
            class left(Compound):
                a = State(initial=True)

            class middle(Compound):
                b = State(initial=True)

            class right(Compound):
                c = State(initial=True)

        off = State()
        both.middle.b.to(off, on=Go)
        off.to(both, on=Stop)

    return C


@told("SC122 'both.left.a'", "SC122 'both.right.c'")
def line_within_a_region_leaves_no_other() -> Any:
    """What goes on in one region does not leave its siblings."""

    class C(Statechart[Go], allow="*"):
        class both(Parallel, initial=True):
            class left(Compound):
                a = State(initial=True)

            class middle(Compound):
                b = State(initial=True)
                d = State()
                b.to(d, on=Go)
                d.to(b, on=Go)

            class right(Compound):
                c = State(initial=True)

    return C


@told()
def inner_line_beside_a_sibling_without_one() -> Any:
    """A superstate's line counts where one of its states leaves the event to it."""

    class C(Statechart[Go], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            b = State()
            a.to(b, on=Go)

        off = State(final=True)
        on.to(off, on=Go)

    return C


@told("SC121 'on.lost'", "SC123 on on Go")
def shadowed_by_all_that_is_reached() -> Any:
    """A state that is never active does not keep a line alive."""

    class C(Statechart[Go], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            lost = State(resting=True)
            a.stay(on=Go)

        off = State(final=True)
        on.to(off, on=Go)
        on.after(SECOND, off)

    return C


@told("SC123 on on Go")
def shadowed_at_every_depth() -> Any:
    """Inner superstates shadow as well, by their own lines or by those of all inside."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            class deep(Compound, initial=True):
                a = State(initial=True)
                b = State()
                a.to(b, on=Go)
                b.to(a, on=Go)

            class other(Compound):
                c = State(initial=True)

            deep.to(other, on=Stop)
            other.to(deep, on=(Go, Stop))

        off = State(final=True)
        on.to(off, on=Go)
        on.after(SECOND, off)

    return C


@told()
def shadowed_for_one_event_of_two() -> Any:
    """A line on two events is alive as long as one of them gets to it."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            a.stay(on=Go)

        off = State(final=True)
        on.to(off, on=(Go, Stop))

    return C


@told()
def guarded_line_shadows_nothing() -> Any:
    """A guard may refuse."""

    class C(Statechart[Go], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            a.stay(on=Go, when=lambda m: False)

        off = State(final=True)
        on.to(off, on=Go)

    return C


@told("SC123 on on Special")
def line_on_a_class_shadows_its_kinds() -> Any:
    """A line on Go takes Special; the other way round it does not."""

    class C(Statechart[Go | Special], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            a.stay(on=Go)

        off = State(final=True)
        on.to(off, on=Special)
        on.after(SECOND, off)

    return C


@told()
def line_on_a_kind_leaves_the_others() -> Any:
    """A line on Special leaves other kinds of Go to the superstate."""

    class C(Statechart[Go | Special], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            a.stay(on=Special)

        off = State(final=True)
        on.to(off, on=Go)

    return C


@told()
def eventless_and_event_lines_do_not_shadow_each_other() -> Any:
    """An eventless line inside is no answer to an event, nor a completion to another's."""

    class C(Statechart, allow="*"):
        class on(Compound, initial=True):
            class deep(Compound, initial=True):
                a = State(initial=True)
                z = State(final=True)
                a.to(z, on="deep")

            y = State(final=True)
            deep.when_done(y)
            deep.stay(on="*", when=lambda m: False)

        off = State(final=True)
        on.when_done(off)
        on.always(off, when=lambda m: False)

    return C


@told("SC125 a on Go")
def line_behind_one_without_a_guard() -> Any:
    """Only a line without a guard hides those behind it."""

    class C(Statechart[Go], allow="*"):
        a = State(initial=True)
        b = State(final=True)
        a.stay(on=Go, when=lambda m: False)
        a.stay(on=Go)
        a.to(b, on=Go)
        a.after(SECOND, b)

    return C


@told()
def line_behind_one_on_some_of_its_events() -> Any:
    """What is left over of a line's events keeps it alive."""

    class C(Statechart[Go | Stop], allow="*"):
        a = State(initial=True)
        b = State(final=True)
        a.stay(on=Go)
        a.to(b, on=(Go, Stop))

    return C


@told("SC125 a on Special", "SC125 a on x.y.z")
def line_behind_a_wider_one() -> Any:
    """Classes hide their subclasses, descriptors the names that they are prefixes of."""

    class C(Statechart, allow="*"):
        a = State(initial=True)
        b = State(final=True)
        a.stay(on=Go)
        a.stay(on="x.*")
        a.to(b, on=Special)
        a.to(b, on="x.y.z")
        a.to(b, on="xy")

    return C


@told("SC124 Stop")
def event_that_only_a_kind_of_it_names() -> Any:
    """A line on a class names its kinds; a line on a kind does not name the class."""

    class C(Statechart[Go | Special | Stop], allow="*"):
        a = State(initial=True)
        b = State(final=True)
        a.to(b, on=Go)

    return C


@told("SC126 both when done")
def parallel_with_a_region_that_cannot_finish() -> Any:
    """Every region has to be able to finish."""

    class C(Statechart[Go], allow="*"):
        class both(Parallel, initial=True):
            class left(Compound):
                a = State(initial=True)
                z = State(final=True)
                a.to(z, on=Go)

            class right(Compound):
                b = State(initial=True)
                b.stay(on=Go)

        off = State(final=True)
        both.when_done(off)
        both.after(SECOND, off)

    return C


@told()
def superstate_that_finishes_by_one_of_its_children() -> Any:
    """One final child is enough."""

    class C(Statechart[Go], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            z = State(final=True)
            a.to(z, on=Go)

        off = State(final=True)
        on.when_done(off)

    return C


@told()
def exits_of_states_that_are_left() -> Any:
    """Exit effects of states that are not final do happen."""

    class C(Statechart[Go], allow="*"):
        a = State(initial=True, exit=lambda m: ())
        b = State(final=True)
        a.to(b, on=Go)

    return C


@told()
def answers_that_superstates_or_children_take() -> Any:
    """Lines around the state that calls, and inside it, hear answers and failures."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            class mid(Compound, initial=True, invoke=Work):
                a = State(initial=True)
                a.stay(on=CallFailed)

        off = State(final=True)
        on.to(off, on=Stop)
        on.stay(on=Go)

    return C


@told()
def answers_that_a_line_on_all_answers_takes() -> Any:
    """A line may name `Answer` itself, and then hears every one."""

    class C(Statechart[Go | Stop], allow="*"):
        a = State(initial=True, invoke=Work)
        b = State(final=True)
        a.to(b, on=Answer)
        a.to(b, on=CallFailed)
        b_ = State()
        a.to(b_, on=Go)
        b_.to(b, on=Stop)

    return C


@told()
def answers_that_descriptors_take() -> Any:
    """A line by name hears an answer of that name on the wire."""

    class C(Statechart, allow="*"):
        a = State(initial=True, invoke=Work)
        b = State(final=True)
        a.to(b, on="stop")
        a.to(b, on="call_failed")

    return C


@told()
def deferred_event_that_a_kind_takes() -> Any:
    """A deferred class is taken where a line takes some kinds of it."""

    class C(Statechart[Go | Special | Stop], allow="*"):
        a = State(initial=True)
        b = State()
        c = State(final=True)
        a.defer(on=Go)
        a.to(b, on=Stop)
        b.to(c, on=Special)

    return C


@frozen
class Hot:
    heat: int = 0


@frozen
class Warm:
    heat: str = ""


@frozen
class Heat:
    heat: int = 0


@frozen
class Needs:
    need: int


@frozen
class Brings:
    need: int


@told()
def descriptor_shadows_no_eventless_line() -> Any:
    """A line on every event takes events only: no completion, no eventless line."""

    class C(Statechart, allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            a.stay(on="*")

        off = State(final=True)
        on.always(off, when=lambda m: False)

    return C


@told()
def eventless_line_of_the_chart_that_ends_it() -> Any:
    """A run that has ended goes round no more."""

    class C(Statechart, allow="*"):
        a = State(initial=True)
        z = State(final=True)
        Statechart.always(z)

    return C


@told()
def history_that_restores_data() -> Any:
    """What comes back through history has its data, and needs nothing to supply it."""

    class C(Statechart[Go | Stop | Brings], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            b = State(Needs)
            back = History(default=a)
            a.to(b, on=Brings)
            b.to(a, on=Go)

        off = State()
        on.to(off, on=Stop)
        off.to(on.back, on=Go)

    return C


@told()
def data_of_all_states_inside_comes_first() -> Any:
    """Where every state inside supplies a field, that of the superstate is never asked."""

    class C(Statechart[Go | Stop], allow="*"):
        class on(Compound[Warm], initial=True):
            a = State(Hot, initial=True)
            b = State(Hot)
            a.to(b, on=Stop)
            b.to(a, on=Stop)

        off = State(Hot, final=True)
        on.to(off, on=Go)

    return C


@told()
def data_of_the_source_comes_before_those_around_it() -> Any:
    """The innermost state that is left supplies a field."""

    class C(Statechart[Go], allow="*"):
        class on(Compound[Warm], initial=True):
            a = State(Hot, initial=True)

        off = State(Hot, final=True)
        on.a.to(off, on=Go)

    return C


@told()
def data_of_a_region_comes_before_the_context() -> Any:
    """A region that is left with the source supplies a field, whatever the context has."""

    class C(Statechart[Go | Heat, Warm], allow="*"):
        idle = State(initial=True)

        class both(Parallel):
            class left(Compound):
                a = State(initial=True)

            class right(Compound[Hot]):
                b = State(initial=True)

        off = State(Hot, final=True)
        idle.to(both, on=Heat)
        both.left.a.to(off, on=Go)

    return C


@told()
def data_inside_a_region_comes_before_that_around_it() -> Any:
    """Of a region beside, the innermost data counts where all of its states have some."""

    class C(Statechart[Go | Heat], allow="*"):
        idle = State(initial=True)

        class both(Parallel):
            class left(Compound):
                a = State(initial=True)

            class right(Compound[Warm]):
                b = State(Hot, initial=True)

        off = State(Hot, final=True)
        idle.to((both.left.a, both.right.b), on=Go)
        both.left.a.to(off, on=Heat)
        both.left.a.to(off, on=Go)

    return C


@told()
def regions_of_a_region_supply_together() -> Any:
    """A parallel region beside has what any of its own regions has."""

    class C(Statechart[Go | Brings], allow="*"):
        idle = State(initial=True)

        class both(Parallel):
            class left(Compound):
                a = State(initial=True)

            class right(Parallel):
                class upper(Compound):
                    b = State(initial=True)

                class lower(Compound[Needs]):
                    c = State(initial=True)

        off = State(Needs, final=True)
        idle.to(both, on=Brings)
        both.left.a.to(off, on=Go)

    return C


@told()
def converter_takes_what_it_is_given() -> Any:
    """What a converter accepts is its own affair."""

    @frozen
    class Converted:
        heat: int = field(default=0, converter=int)

    class C(Statechart[Go, Warm], allow="*"):
        a = State(initial=True)
        z = State(Converted, final=True)
        a.to(z, on=Go)

    return C


@told("SC117 Warm supplies str")
def context_of_another_type() -> Any:
    """Where no state that is left has a field for certain, the context may supply it."""

    class C(Statechart[Go | Stop, Warm], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            b = State(Hot)
            a.to(b, on=Stop, make=lambda m: Hot(1))
            b.to(a, on=Stop)

        off = State(Hot, final=True)
        on.to(off, on=Go)

    return C


@told()
def internal_lines_leave_what_is_inside() -> Any:
    """A superstate's internal line fills its target from the children that it leaves."""

    class C(Statechart[Go | Stop | Brings], allow="*"):
        class on(Compound, initial=True):
            class first(Compound, initial=True):
                x = State(initial=True)

            b = State(Needs)
            c = State(Needs)
            first.to(b, on=Brings)
            b.to(c, on=Go)
            c.to(first, on=Go)

        on.to(on.first, on=Stop, internal=True)

    return C


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_chart_has_these_quality_faults_alone(
    make: Callable[[], Any], expected: tuple[str, ...]
) -> None:
    """Each fault that is expected is told, once, and no other."""
    chart: Chart = make().chart
    found = [f"{one.code} {one.found}" for one in chart.warnings]
    assert len(found) == len(expected), found
    for text, one in zip(found, expected, strict=True):
        code, _, piece = one.partition(" ")
        assert text.startswith(code)
        assert piece in text


def test_open_chart_may_know_events_that_no_line_names() -> None:
    """Only a union that was declared to be all of the events is held to its lines."""

    class Named(Statechart[Go | Stop], allow="SC124"):
        a = State(initial=True)
        b = State(final=True)
        a.to(b, on=Go)

    assert [one.code for one in faults(Named.chart)] == ["SC124"]
    assert faults(evolve(Named.chart, closed=False)) == ()
