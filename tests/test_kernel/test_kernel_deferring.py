"""Deferring: an event waits until nothing defers it, and is then taken before anything new."""

from __future__ import annotations

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    DefinitionError,
    Kernel,
    Machine,
    Parallel,
    Raise,
    State,
    Statechart,
    StatechartError,
    start,
    step,
)
from statecharts.model.errors import RunawayError


@frozen
class Job:
    number: int = 0


@frozen
class Free: ...


@frozen
class Other: ...


@frozen
class Working:
    number: int


class Worker(Statechart[Job | Free | Other]):
    idle = State(initial=True)
    busy = State(Working)
    stopped = State(resting=True)

    idle.to(busy, on=Job)
    idle.to(stopped, on=Other)
    busy.defer(on=Job)
    busy.to(idle, on=Free)


def test_deferred_event_waits_in_the_snapshot() -> None:
    """It is handled, nothing is taken, and it is there in order."""
    machine = Machine(Worker)
    machine.send(Job(1))
    deferred = machine.send(Job(2))
    machine.send(Job(3))
    assert (deferred.handled, deferred.fired, deferred.effects) == (True, (), ())
    assert machine.snapshot.waiting == (Job(2), Job(3))


def test_deferred_events_are_taken_one_after_the_other() -> None:
    """The oldest first, as soon as nothing defers it; the next waits on."""
    machine = Machine(Worker)
    for number in (1, 2, 3):
        machine.send(Job(number))
    freed = machine.send(Free())
    assert [len(one.fired) for one in freed.microsteps] == [1, 1]
    assert machine.snapshot[Worker.busy] == Working(2)
    assert machine.snapshot.waiting == (Job(3),)
    machine.send(Free())
    machine.send(Free())
    assert Worker.idle in machine.snapshot
    assert not machine.snapshot.waiting


def test_deferred_event_that_nothing_takes_is_dropped() -> None:
    """Reaching a state that does not know it is like sending it there."""

    class Closing(Statechart[Job | Free]):
        busy = State(initial=True)
        closed = State(resting=True)
        open = State()
        busy.defer(on=Job)
        busy.to(closed, on=Free)
        open.to(busy, on=Job)
        busy.always(open, when=lambda _: False)

    machine = Machine(Closing)
    machine.send(Job(1))
    machine.send(Free())
    assert not machine.snapshot.waiting


def test_inner_line_comes_before_the_deferring_superstate() -> None:
    """Inside out, as for every line: what a child takes is not deferred."""

    class Inner(Statechart[Job | Free]):
        class outer(Compound, initial=True):
            a = State(initial=True)
            b = State()
            a.to(b, on=Free)
            b.to(a, on=Job)

        outer.defer(on=Job)

    machine = Machine(Inner)
    machine.send(Job(1))
    assert list(machine.snapshot.waiting) == [Job(1)]
    machine.send(Free())
    assert Inner.outer.a in machine.snapshot
    assert not machine.snapshot.waiting


def test_one_region_defers_for_all() -> None:
    """The event waits as a whole: another region takes it when the first one lets it go."""

    class Pair(Statechart[Job | Free], allow="*"):
        class both(Parallel, initial=True):
            class left(Compound):
                holding = State(initial=True)
                free = State(resting=True)
                holding.defer(on=Job)
                holding.to(free, on=Free)

            class right(Compound):
                waiting = State(initial=True)
                done = State(resting=True)
                waiting.to(done, on=Job)

    machine = Machine(Pair)
    assert machine.send(Job()).fired == ()
    machine.send(Free())
    assert Pair.both.right.done in machine.snapshot


def test_raised_event_can_be_deferred() -> None:
    """What a run says to itself waits like what it is told."""

    class Raising(Statechart[Job | Free | Other]):
        a = State(initial=True)
        b = State()
        c = State(resting=True)
        a.to(b, on=Other, emit=lambda _: Raise(Job(1)))
        b.defer(on=Job)
        b.to(a, on=Free)
        a.to(c, on=Job)

    machine = Machine(Raising)
    machine.send(Other())
    assert machine.snapshot.waiting == (Job(1),)
    machine.send(Free())
    assert Raising.c in machine.snapshot


def test_waiting_events_are_bounded() -> None:
    """Past the bound the step is an error, and the old snapshot still stands."""
    kernel = Kernel(Worker, waiting=2)
    snapshot = kernel.step(kernel.start().snapshot, Job(1)).snapshot
    for number in (2, 3):
        snapshot = kernel.step(snapshot, Job(number)).snapshot
    with pytest.raises(StatechartError, match=r"SC217\] Worker: 2 deferred events wait already"):
        kernel.step(snapshot, Job(4))
    assert snapshot.waiting == (Job(2), Job(3))


@pytest.mark.parametrize("bound", [1, 5])
def test_endless_deferring_is_a_runaway(bound: int) -> None:
    """An event that is taken, and comes and waits once more, is stopped at the bound."""

    class Echo(Statechart[Job | Free]):
        idle = State(initial=True)
        busy = State()
        idle.to(busy, on=Job, emit=lambda _: [Raise(Job(1)), Raise(Free())])
        busy.defer(on=Job)
        busy.to(idle, on=Free)

    kernel = Kernel(Echo, waiting=bound)
    snapshot = kernel.start().snapshot
    # The event itself, then as many that waited as may wait, each with the way back.
    taken = 2 + 2 * bound
    with pytest.raises(RunawayError, match=rf"not come to rest after {taken} microsteps: … .*idle"):
        kernel.step(snapshot, Job())
    assert Echo.idle in snapshot


def test_event_that_no_state_takes_need_not_be_deferred() -> None:
    """The checks tell of an event that waits for nothing."""
    with pytest.raises(DefinitionError, match=r"SC138\] Never: a on Job defers Job, which no"):

        class Never(Statechart[Job | Free]):
            a = State(initial=True)
            b = State(resting=True)
            a.defer(on=Job)
            a.to(b, on=Free)


def test_run_that_ends_waits_for_nothing() -> None:
    """Deferred events end with the run."""

    class Ending(Statechart[Job | Free]):
        a = State(initial=True)
        b = State()
        done = State(final=True)
        a.defer(on=Job)
        a.to(done, on=Free)
        b.to(a, on=Job)
        a.always(b, when=lambda _: False)

    snapshot = step(Ending, start(Ending).snapshot, Job()).snapshot
    ended = step(Ending, snapshot, Free()).snapshot
    assert ended.ended
    assert ended.waiting == ()


def test_can_says_no_to_what_is_deferred() -> None:
    """A deferred event is handled, and no line takes it now."""
    snapshot = step(Worker, start(Worker).snapshot, Job(1)).snapshot
    assert not snapshot.can(Job)
    assert not snapshot.can(Job(2))
    assert [line.id for line in snapshot.selected(Job(2))] == ["busy:job"]
    assert snapshot.enabled == (Free,)
