"""Guards give a bool; anything else is an error that says what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Kernel,
    Machine,
    NamedEvent,
    State,
    Statechart,
    StatechartError,
    start,
    step,
)
from statecharts.interop import scxml


@frozen
class Pay:
    amount: int = 1


class Truthy:
    """Is true, and is no bool."""

    def __bool__(self) -> bool:
        return True


async def later() -> bool:
    """Give an answer to whoever awaits it."""
    return False


NO_BOOLS: list[Callable[[], Any]] = [
    lambda: "yes",
    lambda: "",
    lambda: 1,
    lambda: 0,
    lambda: None,
    lambda: NotImplemented,
    list,
    lambda: Truthy(),
    lambda: 1.0,
    lambda: (b for b in (True,)),
    lambda: bool,
]


def chart(answer: Callable[[], Any]) -> Any:
    """Return a chart whose guards give an answer, on every kind of line."""

    class Order(Statechart[Pay], allow="*"):
        class open(Compound, initial=True):
            a = State(initial=True)
            b = State(final=True)
            a.to(b, on=Pay, when=lambda m: m.event.amount > 1)

        paid = State(final=True)
        open.to(paid, on=Pay, when=lambda m: answer())
        open.when_done(paid, when=lambda m: answer())

    return Order


@pytest.mark.parametrize("number", range(len(NO_BOOLS)))
def test_guard_gives_a_bool(number: int) -> None:
    """What is merely true or false counts as neither; the error names the guard's line."""
    order = chart(NO_BOOLS[number])
    snapshot = start(order).snapshot
    for amount in (1, 2):  # by the event itself, and by the completion that follows
        with pytest.raises(StatechartError, match=r"\[SC208\] Order: when .*True or False"):
            step(order, snapshot, Pay(amount))
    machine = Machine(order)
    with pytest.raises(StatechartError, match=r"\[SC208\]"):
        machine.send(Pay())
    assert machine.snapshot == snapshot
    with pytest.raises(StatechartError, match=r"\[SC208\]"):
        snapshot.can(Pay())


@pytest.mark.parametrize("answer", [True, False])
def test_bool_decides(answer: Any) -> None:
    """True and False are what they are."""
    order = chart(lambda: answer)
    assert step(order, start(order).snapshot, Pay()).snapshot.ended is answer
    assert start(order).snapshot.can(Pay()) is answer


def test_coroutine_does_not_count_as_true() -> None:
    """A guard that returns a coroutine does not let everything through."""
    coroutines: list[Any] = []

    def ask() -> Any:
        coroutines.append(later())
        return coroutines[-1]

    order = chart(ask)
    with pytest.raises(StatechartError, match=r"\[SC208\]"):
        step(order, start(order).snapshot, Pay())
    for one in coroutines:
        one.close()


@pytest.mark.parametrize("answer", ["yes", 1, None])
def test_guards_of_always_and_after_give_bools(answer: Any) -> None:
    """Eventless lines are asked the same way, at the start as well."""

    class Light(Statechart[Pay], allow="*"):
        a = State(initial=True)
        b = State(final=True)
        a.always(b, when=lambda m: answer)

    with pytest.raises(StatechartError, match=r"\[SC208\]"):
        start(Light)


@pytest.mark.parametrize("answer", ["yes", 1, None])
def test_bound_guards_give_bools(answer: Any) -> None:
    """A guard that a file names is asked the same way once it is bound."""
    door = scxml.loads(
        '<scxml name="door"><state id="a"><transition event="push" cond="free" target="b"/>'
        '</state><final id="b"/></scxml>'
    )
    bound = door.bind(guards={"free": lambda m: answer})
    with pytest.raises(StatechartError, match=r"\[SC208\]"):
        Kernel(bound).step(Kernel(bound).start().snapshot, NamedEvent("push"))
