"""A chart in six versions; each has one more change that stored runs have to live through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import frozen

from statecharts import Call, CallFailed, Compound, Effect, State, Statechart
from statecharts.codec import Protocol, Upcaster

DAY = timedelta(days=1)
NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)


@frozen
class Reply:
    text: str


@frozen
class Close:
    pass


@frozen
class Nudge:
    pass


@frozen
class Note(Effect):
    text: str


@frozen
class Begin:
    topic: str


@frozen
class Open:
    topic: str


@frozen
class Ask(Call[Reply]):
    topic: str


@frozen
class Consult(Call[Reply]):
    topic: str
    n: int


@frozen
class Topic:
    topic: str


@frozen
class Subject:
    topic: str
    urgent: bool


@frozen
class Desk:
    owner: str


@frozen
class Desks:
    owners: list[str]


def first() -> Any:
    class Ticket(Statechart[Begin | Nudge | Close | Reply, Desk]):
        new = State(initial=True)
        asking = State(Topic, invoke=Ask)
        parked = State()
        closed = State(final=True)
        new.to(asking, on=Begin, emit=lambda m: Note(m.event.topic))
        new.to(closed, on=Close)
        asking.to(parked, on=(Reply, CallFailed))
        late = asking.after(DAY, parked)
        parked.stay(on=Nudge)
        parked.to(closed, on=Close)

    return Ticket


def second() -> Any:
    """A state is renamed, with its timer and its call; so is an event."""

    class Ticket(Statechart[Open | Nudge | Close | Reply, Desk]):
        new = State(initial=True)
        waiting = State(Topic, invoke=Ask)
        parked = State()
        closed = State(final=True)
        new.to(waiting, on=Open, emit=lambda m: Note(m.event.topic))
        new.to(closed, on=Close)
        waiting.to(parked, on=(Reply, CallFailed))
        expiry = waiting.after(DAY, parked)
        parked.stay(on=Nudge)
        parked.to(closed, on=Close)

    return Ticket


def third() -> Any:
    """The data of a state and the context have another shape."""

    class Ticket(Statechart[Open | Nudge | Close | Reply, Desks]):
        new = State(initial=True)
        waiting = State(Subject, invoke=Ask)
        parked = State()
        closed = State(final=True)
        new.to(waiting, on=Open, make=_subject, emit=lambda m: Note(m.event.topic))
        new.to(closed, on=Close)
        waiting.to(parked, on=(Reply, CallFailed))
        expiry = waiting.after(DAY, parked)
        parked.stay(on=Nudge)
        parked.to(closed, on=Close)

    return Ticket


def _subject(moment: Any) -> Subject:
    return Subject(moment.event.topic, urgent=False)


def _consult(moment: Any) -> Consult:
    return Consult(moment.data.topic, 1)


def fourth() -> Any:
    """A call is renamed and has another field."""

    class Ticket(Statechart[Open | Nudge | Close | Reply, Desks]):
        new = State(initial=True)
        waiting = State(Subject, invoke={Consult: _consult})
        parked = State()
        closed = State(final=True)
        new.to(waiting, on=Open, make=_subject, emit=lambda m: Note(m.event.topic))
        new.to(closed, on=Close)
        waiting.to(parked, on=(Reply, CallFailed))
        expiry = waiting.after(DAY, parked)
        parked.stay(on=Nudge)
        parked.to(closed, on=Close)

    return Ticket


def fifth() -> Any:
    """The states are wrapped in another one, and one of them has gained a delayed transition."""

    class Ticket(Statechart[Open | Nudge | Close | Reply, Desks]):
        class live(Compound, initial=True):
            new = State(initial=True)
            waiting = State(Subject, invoke={Consult: _consult})
            parked = State()
            new.to(waiting, on=Open, make=_subject, emit=lambda m: Note(m.event.topic))
            waiting.to(parked, on=(Reply, CallFailed))
            expiry = waiting.after(DAY, parked)
            parked.stay(on=Nudge)

        closed = State(final=True)
        live.to(closed, on=Close)
        forgotten = live.parked.after(DAY * 30, closed)

    return Ticket


def sixth() -> Any:
    """A state is gone, and so are an event, and the call of the state."""

    class Ticket(Statechart[Open | Close, Desks]):
        class live(Compound, initial=True):
            new = State(initial=True)
            parked = State()
            new.to(parked, on=Open, emit=lambda m: Note(m.event.topic))

        closed = State(final=True)
        live.to(closed, on=Close)
        forgotten = live.parked.after(DAY * 30, closed)

    return Ticket


def _wrapped(place: dict[str, Any]) -> dict[str, Any]:
    states = place["configuration"]
    live = any(state.startswith("live.") for state in states)
    return {**place, "configuration": ["live", *states] if live else states}


def _parked(place: dict[str, Any]) -> dict[str, Any]:
    states = ["live.parked" if one == "live.waiting" else one for one in place["configuration"]]
    data = {name: held for name, held in place["data"].items() if name != "live.waiting"}
    return {**place, "configuration": states, "data": data}


UPCASTERS: Final = {
    1: Upcaster(
        states={"asking": "waiting"},
        events={"begin": "open"},
        timers={"asking.late": "waiting.expiry"},
    ),
    2: Upcaster(
        data={"waiting": lambda data: {**data, "urgent": False}},
        context=lambda desk: {"owners": [desk["owner"]]},
    ),
    3: Upcaster(calls={"waiting.ask": lambda call: {**call, "type": "consult", "n": 1}}),
    4: Upcaster(
        states={"new": "live.new", "waiting": "live.waiting", "parked": "live.parked"},
        place=_wrapped,
        start={"live.parked.forgotten": lambda _: NEW_YEAR},
    ),
    5: Upcaster(
        place=_parked,
        events={"nudge": None},
        timers={"live.waiting.expiry": None},
        calls={"live.waiting.consult": None},
        start={"live.parked.forgotten": lambda _: NEW_YEAR},
    ),
}
CHARTS: Final[tuple[Callable[[], Any], ...]] = (first, second, third, fourth, fifth, sixth)


def protocol(version: int) -> Protocol[Any, Any]:
    """Return the protocol of a version, from 1, with the upcasters up to it."""
    upcasters = {number: one for number, one in UPCASTERS.items() if number < version}
    return Protocol(CHARTS[version - 1](), effects=(Note,), upcasters=upcasters)
