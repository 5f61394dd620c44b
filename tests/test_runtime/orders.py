"""A chart with calls, timers, effects and a history, for the tests of runs."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from statecharts import (
    Call,
    CallFailed,
    Compound,
    Effect,
    History,
    Occurred,
    Send,
    State,
    Statechart,
)


@frozen
class Ordered:
    card: str


@frozen
class Queued:
    place: int


@frozen
class Paid:
    receipt: str


@frozen
class Withdrawn:
    pass


@frozen
class Asked:
    """A question that no state but the basket answers."""


@frozen
class Reminded:
    pass


@frozen
class Charge(Call[Queued | Paid]):
    card: str


@frozen
class Mail(Effect):
    to: str
    text: str


@frozen
class Basket:
    reminders: int = 0


@frozen
class Paying:
    card: str
    since: Occurred
    place: int = 0


@frozen
class Settled:
    receipt: str


class Order(Statechart[Ordered | Queued | Paid | Withdrawn | Asked | Reminded]):
    class open(Compound, initial=True):
        basket = State(Basket, initial=True)
        paying = State(Paying, invoke=Charge)

        basket.to(paying, on=Ordered)
        basket.stay(on=Asked, emit=lambda m: Send(Reminded()))
        basket.stay(on=Reminded, make=lambda m: Basket(m.data.reminders + 1))
        paying.stay(on=Queued, make=lambda m: Paying(m.data.card, m.data.since, m.event.place))
        paying.to(basket, on=CallFailed, emit=lambda m: Mail("shop", m.event.reason))
        patience = basket.after(timedelta(days=3), emit=lambda _: Mail("customer", "still there?"))

    settled = State(Settled, final=True)
    given_up = State(final=True)

    open.paying.to(settled, on=Paid, emit=lambda m: Mail("customer", m.event.receipt))
    open.to(given_up, on=Withdrawn)
    expired = open.after(timedelta(days=30), given_up)


@frozen
class Tick:
    pass


class Daily(Statechart[Tick]):
    """A chart that does something every day, for ever."""

    class on(Compound, initial=True):
        wait = State(initial=True)
        wait.after(timedelta(days=1), wait, emit=lambda m: Mail("log", str(m.at)))

    off = State(final=True)
    on.to(off, on=Tick)


@frozen
class Cancel:
    pass


class Polite(Statechart[Cancel | Tick]):
    """A chart that has an event for being cancelled, and regions with history."""

    class work(Compound, initial=True):
        a = State(initial=True)
        b = State()
        back = History(a)
        a.to(b, on=Tick)

    paused = State()
    cancelled = State(final=True)
    work.b.to(paused, on=Tick)
    paused.to(work.back, on=Tick)
    work.to(cancelled, on=Cancel)
    paused.to(cancelled, on=Cancel)
