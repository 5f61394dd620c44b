"""The charts that are killed: each has calls and timers, and all but `Ledger` come to an end."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve, frozen

from statecharts import (
    Call,
    CallFailed,
    Compound,
    Effect,
    History,
    Moment,
    Parallel,
    Raise,
    Send,
    State,
    Statechart,
)


@frozen
class Go:
    """Begin, or go on."""


@frozen
class Hold:
    """Wait for `Go`."""


@frozen
class Done:
    """A piece of work is done."""

    what: str


@frozen
class Half:
    """A piece of work is half done."""

    what: str


@frozen
class Tidy:
    """The run tells itself to tidy up."""


@frozen
class Book:
    """Book an amount."""

    amount: int


@frozen
class Work(Call[Done | Half]):
    """Do a piece of work."""

    what: str


@frozen
class Ask(Call[Done]):
    """Ask a person, who answers when it suits."""

    what: str


@frozen
class Mail(Effect):
    """Send a mail."""

    text: str


@frozen
class Charged:
    """Data of a charged order."""

    what: str


class Order(Statechart[Go | Done | Half]):
    """A call, a mail on the way, and a timer."""

    cart = State(initial=True)
    charging = State(invoke={Work: lambda _: Work("charge")})
    paid = State(Charged, entry=lambda m: Mail(f"{m.data.what} is paid"))
    shipped = State(final=True, entry=lambda _: (Mail("shipped"), Mail("invoice")))

    cart.to(charging, on=Go)
    charging.stay(on=Half, emit=lambda m: Mail(f"{m.event.what} is under way"))
    charging.to(paid, on=Done)
    charging.to(cart, on=CallFailed)
    paid.after(timedelta(days=1), shipped)


@frozen
class Count:
    """A count of repetitions."""

    times: int = 0


class Subscription(Statechart[Done | Half, Count]):
    """A timer that starts the same call again and again."""

    resting = State(initial=True)
    renewing = State(invoke={Work: lambda m: Work(f"renew {m.context.times}")})
    over = State(final=True, entry=lambda m: Mail(f"renewed {m.context.times} times"))

    resting.after(timedelta(days=30), renewing)
    renewing.to(
        over,
        on=Done,
        when=lambda m: m.context.times == 2,
        update=lambda m: evolve(m.context, times=3),
    )
    renewing.to(resting, on=Done, update=lambda m: evolve(m.context, times=m.context.times + 1))
    renewing.ignore(on=Half)
    renewing.to(resting, on=CallFailed)


class Build(Statechart[Go | Done | Half]):
    """Two regions, each with a call, one of them with a timer before it."""

    waiting = State(initial=True)

    class building(Parallel):
        """Both at once."""

        class lint(Compound):
            """Style."""

            checking = State(initial=True, invoke={Work: lambda _: Work("lint")})
            clean = State(final=True, entry=lambda _: Mail("clean"))
            checking.to(clean, on=Done)
            checking.to(clean, on=CallFailed)

        class proof(Compound):
            """Tests, after a while."""

            queued = State(initial=True)
            testing = State(invoke={Work: lambda _: Work("test")})
            green = State(final=True, entry=lambda _: Mail("green"))
            queued.after(timedelta(minutes=5), testing)
            testing.to(green, on=Done)
            testing.to(green, on=CallFailed)

        lint.checking.ignore(on=Half)
        proof.testing.ignore(on=Half)

    released = State(final=True, entry=lambda _: Mail("released"))
    waiting.to(building, on=Go)
    building.when_done(released)


class Approval(Statechart[Go | Hold | Done]):
    """A call that a person answers, reminded by a timer that starts itself anew."""

    drafted = State(initial=True)

    class open(Compound):
        """Somebody has been asked."""

        asked = State(initial=True, invoke={Ask: lambda _: Ask("approve")})
        asked.after(timedelta(days=2), asked, emit=lambda _: Mail("remember"))
        held = State()
        asked.to(held, on=Hold)
        held.to(asked, on=Go)

    approved = State(final=True, entry=lambda _: Mail("approved"))
    drafted.to(open, on=Go)
    open.to(approved, on=Done)
    open.to(approved, on=CallFailed)


class Deployment(Statechart[Go | Hold | Done | Half | Tidy, Count]):
    """History, events that the run sends to itself, and work that is taken back and made anew."""

    idle = State(initial=True)

    class active(Compound):
        """Under way; may be held at any point."""

        first = State(initial=True, invoke={Work: lambda _: Work("first")})
        second = State(invoke={Work: lambda _: Work("second")})
        rest = State(
            entry=lambda m: (
                Send(Tidy()),
                Send(Tidy(), delay=timedelta(days=1)),
                Mail(f"rest {m.context.times}"),
            )
        )
        first.to(second, on=Done, update=lambda m: evolve(m.context, times=m.context.times + 1))
        second.to(rest, on=Done, update=lambda m: evolve(m.context, times=m.context.times + 1))
        first.to(second, on=CallFailed)
        second.to(rest, on=CallFailed)
        back = History(default=first, deep=True)

    held = State()
    over = State(final=True, entry=lambda m: (Mail(f"over {m.context.times}"), Raise(Tidy())))
    idle.to(active, on=Go)
    active.stay(
        on=Tidy,
        update=lambda m: evolve(m.context, times=m.context.times + 10),
        emit=lambda m: Mail(f"tidied {m.context.times}"),
    )
    active.ignore(on=Half)
    active.to(held, on=Hold)
    held.to(active.back, on=Go)
    active.rest.after(timedelta(days=2), over)


@frozen
class Sum:
    """The total of the amounts booked, and their number."""

    total: int = 0
    booked: int = 0


def _booked(moment: Moment[None, Book, Sum]) -> Sum:
    context = moment.context
    return Sum(context.total + moment.event.amount, context.booked + 1)


class Ledger(Statechart[Book | Done | Half, Sum]):
    """It never ends: books amounts, and has each third one checked."""

    class open(Compound, initial=True):
        """Books at any time."""

        idle = State(initial=True)
        checking = State(invoke={Work: lambda m: Work(f"check {m.context.booked}")})
        checking.to(idle, on=Done)
        checking.to(idle, on=CallFailed)
        checking.ignore(on=Half)
        checking.after(timedelta(hours=8), idle, emit=lambda _: Mail("not checked"))
        idle.to(
            checking,
            on=Book,
            when=lambda m: m.context.booked % 3 == 2,
            update=_booked,
            emit=lambda m: Mail(f"booked {m.event.amount}"),
        )

    open.stay(on=Book, update=_booked, emit=lambda m: Mail(f"booked {m.event.amount}"))
