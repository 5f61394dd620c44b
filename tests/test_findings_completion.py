"""Completion bubbles up through parallel states in every order; `ignore` holds in all regions."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from attrs import frozen, make_class

from statecharts import (
    Compound,
    Effect,
    Machine,
    Parallel,
    Snapshot,
    State,
    Statechart,
    Step,
    start,
    step,
)

E1, E2, E3, E4 = (make_class(name, {}, frozen=True) for name in ("E1", "E2", "E3", "E4"))


@frozen
class Log(Effect):
    line: str


class Ends1(Compound):
    a = State(initial=True)
    z = State(final=True)
    a.to(z, on=E1)


class Ends2(Compound):
    a = State(initial=True)
    z = State(final=True)
    a.to(z, on=E2)


class Ends3(Compound):
    a = State(initial=True)
    z = State(final=True)
    a.to(z, on=E3)


class Ends4(Compound):
    a = State(initial=True)
    z = State(final=True)
    a.to(z, on=E4)


class Inner(Statechart, allow="*"):
    """A parallel state with a parallel region."""

    class outer(Parallel, initial=True):
        class inner(Parallel):
            class r1(Ends1): ...

            class r2(Ends2): ...

        class r3(Ends3): ...

    done = State(final=True)
    outer.when_done(done)


class Two(Statechart, allow="*"):
    """A parallel state of two parallel regions."""

    class outer(Parallel, initial=True):
        class left(Parallel):
            class r1(Ends1): ...

            class r2(Ends2): ...

        class right(Parallel):
            class r3(Ends3): ...

            class r4(Ends4): ...

    done = State(final=True)
    outer.when_done(done)


class Deep(Statechart, allow="*"):
    """Three levels of parallel states."""

    class outer(Parallel, initial=True):
        class middle(Parallel):
            class inner(Parallel):
                class r1(Ends1): ...

                class r2(Ends2): ...

            class r3(Ends3): ...

        class r4(Ends4): ...

    done = State(final=True)
    outer.when_done(done)


class Whole(Statechart, allow="*", parallel=True):
    """A chart that is itself parallel, of parallel states."""

    class left(Parallel):
        class r1(Ends1): ...

        class r2(Ends2): ...

    class right(Parallel):
        class r3(Ends3): ...

        class r4(Ends4): ...


class Mixed(Statechart, allow="*"):
    """A parallel state in a compound region, that goes on to the region's final state."""

    class outer(Parallel, initial=True):
        class left(Compound):
            class work(Parallel, initial=True):
                class r1(Ends1): ...

                class r2(Ends2): ...

            z = State(final=True)
            work.when_done(z)

        class r3(Ends3): ...

    done = State(final=True)
    outer.when_done(done)


ORDERS: list[tuple[Any, tuple[Any, ...]]] = [
    (chart, order)
    for chart, events in (
        (Inner, (E1, E2, E3)),
        (Two, (E1, E2, E3, E4)),
        (Deep, (E1, E2, E3, E4)),
        (Whole, (E1, E2, E3, E4)),
        (Mixed, (E1, E2, E3)),
    )
    for order in itertools.permutations(events)
]


@pytest.mark.parametrize(("chart", "order"), ORDERS)
def test_nested_parallel_states_complete_in_every_order(chart: Any, order: tuple[Any, ...]) -> None:
    """The outermost is done with the last of all regions, however deep, and not before."""
    machine = Machine(chart)
    for event in order[:-1]:
        machine.send(event())
        assert not machine.ended
    machine.send(order[-1]())
    assert machine.ended


class Tells(Statechart, allow="*"):
    """Every parallel state tells when it is done."""

    class outer(Parallel, initial=True):
        class inner(Parallel):
            class r1(Ends1): ...

            class r2(Ends2): ...

        class r3(Ends3): ...

    done = State(final=True, entry=lambda m: Log("done"))
    outer.when_done(done, emit=lambda m: Log(f"{m.event.state} is done"))


@pytest.mark.parametrize("order", list(itertools.permutations((E1, E2, E3))))
def test_completion_is_told_once(order: tuple[Any, ...]) -> None:
    """The completion of the outer state happens once, in the last step."""
    snapshot = start(Tells).snapshot
    effects: list[Any] = []
    for event in order:
        taken = step(Tells, snapshot, event())
        snapshot = taken.snapshot
        effects.append(taken.effects)
    assert effects == [(), (), (Log("outer is done"), Log("done"))]


def test_regions_that_end_in_one_event_complete_all_levels() -> None:
    """One event that ends every region at once ends all levels in one step."""

    class Once(Statechart, allow="*"):
        class outer(Parallel, initial=True):
            class inner(Parallel):
                class r1(Ends1): ...

                class r2(Ends1): ...

            class r3(Ends1): ...

        done = State(final=True)
        outer.when_done(done)

    last = step(Once, start(Once).snapshot, E1())
    assert last.snapshot.ended
    assert len(last.microsteps) == 2


def test_refused_inner_completion_does_not_stop_the_outer() -> None:
    """A guard on the inner completion only decides about its own line."""

    class Guarded(Statechart, allow="*"):
        class outer(Parallel, initial=True):
            class left(Compound):
                class work(Parallel, initial=True):
                    class r1(Ends1): ...

                    class r2(Ends2): ...

                z = State(final=True)
                work.when_done(z, when=lambda m: Guarded.outer.r3.z in m)

            class r3(Ends3): ...

        done = State(final=True)
        outer.when_done(done)

    first, second = Machine(Guarded), Machine(Guarded)
    for event in (E1(), E2(), E3()):
        first.send(event)
    for event in (E3(), E1(), E2()):
        second.send(event)
    # In the first, the completion of `work` was refused before r3 had ended.
    assert (first.ended, second.ended) == (False, True)


def test_region_that_leaves_its_end_is_not_done() -> None:
    """A region that goes on from its final state by a line around it delays the whole."""

    class Back(Statechart, allow="*"):
        class outer(Parallel, initial=True):
            class inner(Parallel):
                class r1(Compound):
                    a = State(initial=True)
                    z = State(final=True)
                    a.to(z, on=E1)

                r1.to(r1.a, on=E4, internal=True)

                class r2(Ends2): ...

            class r3(Ends3): ...

        done = State(final=True)
        outer.when_done(done)

    machine = Machine(Back)
    states = []
    for event in (E1(), E3(), E4(), E2(), E1()):
        machine.send(event)
        states.append(machine.ended)
    assert states == [False, False, False, False, True]


# Ignoring.


@frozen
class Stop:
    by: int = 0


class Held(Statechart, allow="*"):
    """One region ignores an event that the superstate of both would take."""

    class both(Parallel, initial=True):
        class left(Compound):
            a = State(initial=True)
            held = State()
            a.to(held, on=E1)
            held.to(a, on=E2)
            held.ignore(on=Stop)

        class right(Compound):
            b = State(initial=True)
            c = State()
            b.to(c, on=E3)
            c.stay(on=Stop, emit=lambda m: Log("right"))

    off = State(final=True)
    both.to(off, on=Stop)


def held(*states: Any) -> Snapshot[Any, Any]:
    """Return a snapshot of some states of the regions."""
    return Snapshot.of(states[0], None, *((one, None) for one in states[1:]))


def taken(chart: Any, snapshot: Any, event: Any) -> Step[Any, Any]:
    """Return a step."""
    found: Step[Any, Any] = step(chart, snapshot, event)
    return found


LEFT, RIGHT = Held.both.left, Held.both.right


@pytest.mark.parametrize(
    ("states", "off", "effects"),
    [
        ((LEFT.a, RIGHT.b), True, ()),
        ((LEFT.held, RIGHT.b), False, ()),
        ((LEFT.held, RIGHT.c), False, (Log("right"),)),
        ((LEFT.a, RIGHT.c), True, (Log("right"),)),
    ],
)
def test_ignoring_region_keeps_the_event_from_superstates(
    states: tuple[Any, ...], effects: tuple[Any, ...], *, off: bool
) -> None:
    """No superstate of an ignoring state takes the event; another region's own line still does."""
    snapshot = held(*states)
    last = taken(Held, snapshot, Stop())
    assert last.handled
    assert last.snapshot.ended is off
    assert last.effects == effects
    if not off:
        assert last.snapshot.configuration == snapshot.configuration


class Mirror(Statechart, allow="*"):
    """The later region ignores; the earlier one leaves the event to the superstate."""

    class both(Parallel, initial=True):
        class left(Compound):
            a = State(initial=True)

        class right(Compound):
            b = State(initial=True)
            b.ignore(on=Stop)

    off = State(final=True)
    both.to(off, on=Stop)


class Nested(Statechart, allow="*"):
    """A state deep inside ignores; superstates at every level have lines."""

    class top(Compound, initial=True):
        class both(Parallel, initial=True):
            class left(Parallel):
                class one(Compound):
                    a = State(initial=True)
                    a.ignore(on=Stop)

                class two(Compound):
                    b = State(initial=True)

            class right(Compound):
                c = State(initial=True)

            right.stay(on=Stop, emit=lambda m: Log("right"))
            left.two.stay(on=Stop, emit=lambda m: Log("two"))
            left.stay(on=Stop, emit=lambda m: Log("left"))

        both.stay(on=Stop, emit=lambda m: Log("both"))

    off = State(final=True)
    top.to(off, on=Stop)
    Statechart.to(off, on=Stop)


class Region(Statechart, allow="*"):
    """A region itself ignores, for all of its states."""

    class both(Parallel, initial=True):
        class left(Compound):
            a = State(initial=True)

        class right(Compound):
            b = State(initial=True)

        left.ignore(on=Stop)

    off = State(final=True)
    both.to(off, on=Stop)


class OfTheChart(Statechart, allow="*", parallel=True):
    """A line of the chart itself is a superstate's line, too."""

    class left(Compound):
        a = State(initial=True)
        a.ignore(on=Stop)

    class right(Compound):
        b = State(initial=True)
        c = State()

    Statechart.to(right.c, on=Stop)


@frozen
class Special(Stop):
    """A kind of Stop."""


@pytest.mark.parametrize(
    ("chart", "effects"),
    [
        (Mirror, ()),
        (Nested, (Log("two"), Log("right"))),
        (Region, ()),
        (OfTheChart, ()),
    ],
)
@pytest.mark.parametrize("event", [Stop(), Special()])
def test_ignoring_holds_at_every_level_and_in_every_order(
    chart: Any, effects: tuple[Any, ...], event: Any
) -> None:
    """Whatever the place of the ignoring state, no state around it takes the event."""
    before: Any = start(chart)
    last = taken(chart, before.snapshot, event)
    assert last.handled
    assert last.snapshot.configuration == before.snapshot.configuration
    assert last.effects == effects


def test_ignoring_state_that_is_not_active_ignores_nothing() -> None:
    """Once the region has left the ignoring state, the superstate takes the event."""
    snapshot = taken(Held, held(LEFT.held, RIGHT.b), E2()).snapshot
    assert taken(Held, snapshot, Stop()).snapshot.ended


def test_ignored_event_is_not_possible() -> None:
    """`can` says no to what is ignored, though the event is handled."""
    assert not held(LEFT.held, RIGHT.b).can(Stop())
    assert held(LEFT.held, RIGHT.c).can(Stop())
    assert held(LEFT.a, RIGHT.b).can(Stop())
    assert not held(LEFT.held, RIGHT.b).can(Stop)
    assert Stop not in held(LEFT.held, RIGHT.b).enabled
