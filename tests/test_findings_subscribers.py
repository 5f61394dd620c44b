"""Subscribers are told outside the lock, in order, one thread at a time."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen

from statecharts import Machine, State, Statechart, StatechartError, Step
from statecharts.model.errors import SubscriberError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 20.0
"""Seconds after which threads that wait for each other count as stuck."""


@frozen
class Tick:
    by: int = 1


class Clock(Statechart[Tick], allow="*"):
    on = State(initial=True)
    on.stay(on=Tick)


@pytest.fixture(autouse=True)
def restless_threads() -> Iterator[None]:
    """Has threads switch as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*works: Callable[[], Any]) -> None:
    """Run each work in a thread of its own; fail when they do not end."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> None:
        gate.wait(PATIENCE)
        work()

    threads = [threading.Thread(target=begin, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "the threads wait for each other"


def clock() -> Machine[Tick, None]:
    """Return a machine of its own."""
    return Machine(Clock, at=NOW)


def test_two_machines_may_send_to_each_other() -> None:
    """Two threads, two machines, each of which sends to the other: nobody waits for ever."""
    one, two = clock(), clock()
    one.subscribe(lambda step: two.send(Tick()) if step.snapshot.clock % 2 else None)
    two.subscribe(lambda step: one.send(Tick()) if step.snapshot.clock % 2 else None)

    def hammer(machine: Machine[Tick, None]) -> None:
        for _ in range(100):
            machine.send(Tick())

    together(lambda: hammer(one), lambda: hammer(two))
    assert one.snapshot.clock >= 100
    assert two.snapshot.clock >= 100


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_subscribers_are_all_told_before_the_program_ends(kind: type[BaseException]) -> None:
    """SystemExit is raised unchanged once all have been told, and no failure is lost."""
    machine, told = clock(), list[int]()

    def end(_: Step[Tick, None]) -> None:
        raise kind(3)

    def fail(_: Step[Tick, None]) -> None:
        raise OSError("disk full")

    leave = [machine.subscribe(end), machine.subscribe(fail)]
    machine.subscribe(lambda step: told.append(step.snapshot.clock))
    with pytest.raises(kind, match="3") as ended:
        machine.send(Tick())
    assert told == [1]
    assert "disk full" in ended.value.__notes__[0]
    for one in leave:
        one()
    machine.send(Tick())
    assert told == [1, 2]


def test_three_machines_in_a_ring_may_send_to_each_other() -> None:
    """A ring of machines, each hammered by a thread of its own."""
    ring = [clock() for _ in range(3)]
    for machine, following in zip(ring, ring[1:] + ring[:1], strict=True):
        machine.subscribe(functools.partial(passing, following))
    together(*(functools.partial(hammer, machine, 60) for machine in ring))
    assert all(machine.snapshot.clock >= 60 for machine in ring)


def passing(following: Machine[Tick, None], step: Step[Any, Any]) -> None:
    """Send every third step on."""
    if step.snapshot.clock % 3 == 0:
        following.send(Tick())


def hammer(machine: Machine[Tick, None], times: int) -> None:
    """Send many events."""
    for _ in range(times):
        machine.send(Tick())


def test_subscriber_may_wait_for_another_thread_that_sends() -> None:
    """A subscriber that waits for a worker does not keep the worker from its send."""
    machine = clock()
    with ThreadPoolExecutor(1) as pool:
        waited: list[Any] = []

        def ask(step: Step[Any, Any]) -> None:
            if step.snapshot.clock == 1:
                waited.append(pool.submit(machine.send, Tick()).result(PATIENCE))

        machine.subscribe(ask)
        machine.send(Tick())
    assert [step.snapshot.clock for step in waited] == [2]


def test_subscribers_hear_every_step_once_and_in_order() -> None:
    """Whoever sends, from however many threads, steps are told in the order of their clock."""
    machine, heard, also = clock(), list[int](), list[int]()
    machine.subscribe(lambda step: heard.append(step.snapshot.clock))
    machine.subscribe(lambda step: also.append(step.snapshot.clock))
    together(*(functools.partial(hammer, machine, 50) for _ in range(4)))
    assert heard == also == list(range(1, 201))


def test_no_two_threads_tell_at_once() -> None:
    """Subscribers need no lock of their own."""
    machine, inside, most = clock(), [0], [0]

    def enter(step: Step[Any, Any]) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        for _ in range(20):
            pass
        inside[0] -= 1

    machine.subscribe(enter)
    together(*(functools.partial(hammer, machine, 50) for _ in range(4)))
    assert most == [1]


def test_nested_sends_come_after_the_present_step() -> None:
    """A step is told to all subscribers before the next event is taken."""
    machine, heard = clock(), list[str]()

    def first(step: Step[Any, Any]) -> None:
        heard.append(f"first {step.snapshot.clock}")
        if step.snapshot.clock < 4:
            machine.send(Tick())

    machine.subscribe(first)
    machine.subscribe(lambda step: heard.append(f"second {step.snapshot.clock}"))
    machine.send(Tick())
    assert heard == [f"{who} {n}" for n in (1, 2, 3, 4) for who in ("first", "second")]


def test_subscribing_and_leaving_while_being_told() -> None:
    """Who subscribes hears the next step first; who leaves hears the present one last."""
    machine, heard = clock(), list[str]()
    leave: list[Callable[[], None]] = []

    def first(step: Step[Any, Any]) -> None:
        heard.append(f"first {step.snapshot.clock}")
        if step.snapshot.clock == 1:
            machine.subscribe(lambda step: heard.append(f"third {step.snapshot.clock}"))
            leave[0]()

    machine.subscribe(first)
    leave.append(machine.subscribe(lambda step: heard.append(f"second {step.snapshot.clock}")))
    machine.send(Tick())
    machine.send(Tick())
    assert heard == ["first 1", "second 1", "first 2", "third 2"]


def test_ending_a_subscription_twice_ends_no_other() -> None:
    """One function subscribed twice is told twice; each subscription ends by itself, once."""
    machine, heard = clock(), list[int]()

    def hear(step: Step[Any, Any]) -> None:
        heard.append(step.snapshot.clock)

    one, two = machine.subscribe(hear), machine.subscribe(hear)
    machine.send(Tick())
    one()
    one()
    machine.send(Tick())
    two()
    one()
    machine.send(Tick())
    assert heard == [1, 1, 2]


def test_equal_subscribers_are_different_subscriptions() -> None:
    """Bound methods and equal objects are told for each subscription."""
    machine = clock()
    heard: list[Any] = []
    ends = [machine.subscribe(heard.append) for _ in range(3)]
    ends[1]()
    ends[1]()
    machine.send(Tick())
    assert len(heard) == 2


class Awaits:
    """Has subscribers that are coroutine functions in every disguise."""

    async def method(self, step: Step[Any, Any]) -> None:
        """Hear nothing."""

    async def __call__(self, step: Step[Any, Any]) -> None:
        """Hear nothing."""


async def hear(step: Step[Any, Any], by: int = 1) -> None:
    """Hear nothing."""


@functools.wraps(hear)
def wrapped(step: Step[Any, Any]) -> Any:
    """Hear by way of another."""
    return hear(step)


@pytest.mark.parametrize(
    "subscriber",
    [hear, Awaits().method, functools.partial(hear, by=2), Awaits(), wrapped],
    ids=["function", "method", "partial", "callable", "wrapped"],
)
def test_coroutine_functions_are_refused(subscriber: Any) -> None:
    """A subscriber that nobody would await is refused when it subscribes."""
    with pytest.raises(StatechartError, match=r"\[SC506\]"):
        clock().subscribe(subscriber)


def numbers(step: Any) -> Any:
    yield step


async def more_numbers(step: Any) -> Any:
    yield step


class Counts:
    def __call__(self, step: Any) -> Any:
        yield step


@pytest.mark.parametrize(
    ("subscriber", "said"),
    [
        (numbers, "is a generator function, which nobody iterates over"),
        (functools.partial(numbers), "is a generator function"),
        (Counts(), "is a generator function"),
        (more_numbers, "is an async generator function, which nobody iterates over"),
        (None, "subscriber None cannot be called"),
        (3, "subscriber 3 cannot be called"),
    ],
)
def test_subscriber_that_would_not_run_is_refused(subscriber: Any, said: str) -> None:
    """It is told when it subscribes, and not when the first event comes."""
    machine = clock()
    with pytest.raises(StatechartError, match=r"\[SC506\]") as caught:
        machine.subscribe(subscriber)
    assert said in caught.value.found


@pytest.mark.parametrize("function", [numbers, more_numbers])
def test_subscriber_that_returns_a_generator_fails(function: Any) -> None:
    """A plain function may hide one; nothing of it would run."""
    machine = clock()
    machine.subscribe(lambda step: function(step))
    with pytest.raises(SubscriberError, match="a generator, which nobody iterates over"):
        machine.send(Tick())


def test_subscriber_that_returns_a_coroutine_fails() -> None:
    """A function that turns out to give a coroutine is an error when it is told."""
    machine = clock()
    machine.subscribe(lambda step: hear(step))
    with pytest.raises(SubscriberError, match="coroutine"):
        machine.send(Tick())
    assert machine.snapshot.clock == 1


def test_failing_subscriber_leaves_the_others_and_the_machine_well() -> None:
    """All are told of all steps; the error comes afterwards; the machine goes on."""
    machine, heard = clock(), list[int]()

    def fail(step: Step[Any, Any]) -> None:
        raise OSError("disk full")

    end = machine.subscribe(fail)
    machine.subscribe(lambda step: heard.append(step.snapshot.clock))
    for _ in range(2):
        with pytest.raises(SubscriberError, match="disk full"):
            machine.send(Tick())
    end()
    machine.send(Tick())
    assert heard == [1, 2, 3]


def test_machine_survives_a_subscriber_that_is_interrupted() -> None:
    """Ctrl-C in a subscriber does not leave the machine deaf."""
    machine, heard = clock(), list[int]()

    def interrupt(step: Step[Any, Any]) -> None:
        if step.snapshot.clock == 1:
            raise KeyboardInterrupt

    machine.subscribe(interrupt)
    machine.subscribe(lambda step: heard.append(step.snapshot.clock))
    with pytest.raises(KeyboardInterrupt):
        machine.send(Tick())
    machine.send(Tick())
    assert heard[-1] == 2
