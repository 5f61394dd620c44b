"""Context: the extended state that a chart carries for its whole life."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from statecharts import Kernel, Parallel, State, Statechart, start, step
from statecharts.kernel import Kernel as SameKernel
from statecharts.model.errors import CallbackError, StepError


@frozen
class Add:
    n: int = 1


@frozen
class Sum:
    total: int = 0


@frozen
class Budget:
    limit: int


@frozen
class BigSum(Sum):
    note: str = ""


class Adder(Statechart[Add, Sum]):
    on = State(initial=True)
    full = State(resting=True)
    on.stay(on=Add, update=lambda m: Sum(m.context.total + m.event.n))
    on.always(full, when=lambda m: m.context.total > 9)


class Strict(Statechart[Add, Budget]):
    on = State(initial=True, resting=True)
    on.stay(on=Add, update=lambda m: m.context)


class Free(Statechart[Add]):
    on = State(initial=True, resting=True)
    on.stay(on=Add)


def test_context_may_be_left_out_when_it_can_be_built() -> None:
    """A class whose fields all have defaults is built for the start."""
    assert start(Adder, Sum()).snapshot.context == Sum(0)
    assert start(Adder, Sum(4)).snapshot.context == Sum(4)


@pytest.mark.parametrize("wrong", [None, 5, Sum()])
def test_context_of_another_class_is_refused(wrong: Any) -> None:
    """A context that is missing or of another class is told with the class to pass."""
    expected = (
        r"\[SC212\] Strict: the chart's context is a Budget, and .* was given\. Start it with"
    )
    with pytest.raises(StepError, match=expected):
        start(Strict, wrong)


def test_context_may_be_of_a_subclass() -> None:
    """Whatever is an instance of the class will do."""
    assert start(Adder, BigSum(2, "n")).snapshot.context == BigSum(2, "n")


def test_chart_without_context_has_none() -> None:
    """The context of a chart that declares none is None."""
    first = start(Free)
    assert first.snapshot.context is None
    assert step(Free, first.snapshot, Add()).snapshot.context is None


def test_update_gives_the_next_context() -> None:
    """Each update builds on the one before; the old snapshot keeps its own."""
    first = start(Adder, Sum()).snapshot
    second = step(Adder, first, Add(2)).snapshot
    third = step(Adder, second, Add(3)).snapshot
    assert [s.context.total for s in (first, second, third)] == [0, 2, 5]


def test_context_that_nothing_updates_is_the_same_object() -> None:
    """A step without an update carries the context on untouched."""
    budget = Budget(3)
    first = start(Strict, budget).snapshot
    assert step(Strict, first, Add()).snapshot.context is budget


def test_eventless_guard_sees_the_updated_context() -> None:
    """What an update has made decides what follows in the same step."""
    then = step(Adder, start(Adder, Sum()).snapshot, Add(10))
    assert then.snapshot.configuration == ("full",)


def test_updates_of_regions_come_in_document_order() -> None:
    """Several updates in one microstep see each other's result, the first region first."""

    class Regions(Statechart[Add, Sum]):
        class both(Parallel, initial=True):
            a = State(resting=True)
            b = State(resting=True)
            a.stay(on=Add, update=lambda m: Sum(m.context.total + m.event.n))
            b.stay(on=Add, update=lambda m: Sum(m.context.total * 10))

    then = step(Regions, start(Regions, Sum(1)).snapshot, Add(2))
    assert then.snapshot.context == Sum(30)


@pytest.mark.parametrize("wrong", [None, 7, Budget(1)])
def test_update_of_another_class_is_an_error(wrong: Any) -> None:
    """What update gives has to be a context of the chart."""

    class Wrong(Statechart[Add, Sum]):
        on = State(initial=True, resting=True)
        on.stay(on=Add, update=lambda m: wrong)

    expected = r"\[SC208\] Wrong: update of 'on' on Add: update gave .*; an instance of Sum is exp"
    with pytest.raises(CallbackError, match=expected):
        step(Wrong, start(Wrong, Sum()).snapshot, Add())


def test_kernel_is_one_class() -> None:
    """The front door leads to the kernel itself."""
    assert Kernel is SameKernel


def test_context_for_a_chart_without_one_is_refused() -> None:
    """A context that the chart has no place for is an error, not silently kept."""

    class Plain(Statechart):
        a = State(initial=True, resting=True)

    with pytest.raises(StepError, match=r"\[SC212\] Plain: the chart has no context, and 5"):
        start(Plain.chart, 5)
