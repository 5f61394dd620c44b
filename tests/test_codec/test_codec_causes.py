"""Causes: an exception of the caller's code is the cause of our error, however deep it happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from statecharts import Compound, Effect, History, Kernel, Snapshot, State, Statechart
from statecharts.codec import CodecError, Protocol, Upcaster
from statecharts.model.digest import part


class Odd:
    """A class whose carrier fails in both directions."""


class CarrierError(Exception):
    """Raised by the functions of a carrier."""


def refuse(value: object) -> Any:
    """Refuse any value."""
    raise CarrierError(str(value))


@frozen
class Held:
    bare: Odd | None = None
    listed: tuple[Odd, ...] = ()
    pair: tuple[int, Odd] | None = None
    table: dict[str, tuple[Odd, ...]] | None = None
    pairs: dict[int, Odd] | None = None
    either: Odd | dict[str, int] | Deep | None = None


@frozen
class Deep:
    inner: Odd


@frozen
class Put:
    held: Held


@frozen
class Away:
    pass


@frozen
class Told(Effect):
    held: Held


class Shelf(Statechart[Put | Away, Held], allow="*"):
    """A chart that keeps what it is given."""

    class full(Compound):
        past = History("full.held")
        held = State(Held, initial=True)
        held.defer(on=Put)

    empty = State(initial=True)
    empty.to(full.held, on=Put)
    full.to(empty, on=Away)


SHELF: Protocol[Any, Any] = Protocol(Shelf, effects=(Told,), carriers={Odd: (refuse, refuse)})
PARTS = {"context": part(Held), "state:full.held": part(Held)}
HELD = {
    "bare": Held(bare=Odd()),
    "listed": Held(listed=(Odd(),)),
    "pair": Held(pair=(1, Odd())),
    "table": Held(table={"a": (Odd(),)}),
    "pairs": Held(pairs={1: Odd()}),
    "member": Held(either=Deep(Odd())),
}
WRITTEN: dict[str, Any] = {
    "bare": {"bare": 1},
    "listed": {"listed": [1]},
    "pair": {"pair": [1, 1]},
    "table": {"table": {"a": [1]}},
    "pairs": {"pairs": {"1": 1}},
    "member": {"either": {"type": "deep", "inner": 1}},
}


def snapshot(held: Held = Held(), **more: Any) -> Snapshot[Any, Any]:
    """Return a snapshot whose state holds something."""
    return Snapshot.of(Shelf.full.held, held, context=more.get("context", Held()))


def json(**changed: Any) -> Any:
    """Return a snapshot as JSON with something changed."""
    return {**SHELF.dump_snapshot(snapshot()), **changed}


def step(value: Any, *effects: Any) -> Any:
    """Return a step as JSON that did nothing but lead to a snapshot and give effects."""
    rest: dict[str, Any] = {"handled": True, "fired": [], "microsteps": []}
    return {"snapshot": value, "effects": list(effects), **rest}


READS: dict[str, Callable[[Any], object]] = {
    "event": lambda held: SHELF.load_event({"type": "put", "held": held}),
    "message": lambda held: SHELF.load_message({"type": "put", "held": held}),
    "answer": lambda held: SHELF.load_message(
        {"type": "answer", "id": "x#1", "event": {"type": "put", "held": held}}
    ),
    "effect": lambda held: SHELF.load_effect({"type": "told", "held": held}),
    "context": SHELF.load_context,
    "data": lambda held: SHELF.load_snapshot(json(data={"full.held": held})),
    "context of a snapshot": lambda held: SHELF.load_snapshot(json(context=held)),
    "waiting": lambda held: SHELF.load_snapshot(
        json(waiting=[{"type": "put", "held": held}], parts={**PARTS, "event:put": part(Put)})
    ),
    "history": lambda held: SHELF.load_snapshot(
        json(history={"full.past": {"configuration": ["full.held"], "data": {"full.held": held}}})
    ),
    "step": lambda held: SHELF.load_step(step(json(data={"full.held": held}))),
    "effects of a step": lambda held: SHELF.load_step(step(json(), {"type": "told", "held": held})),
}

WRITES: dict[str, Callable[[Held], object]] = {
    "event": lambda held: SHELF.dumps_event(Put(held)),
    "effect": lambda held: SHELF.dumps_effect(Told(held)),
    "context": SHELF.dumps_context,
    "data": lambda held: SHELF.dumps_snapshot(snapshot(held)),
    "context of a snapshot": lambda held: SHELF.dumps_snapshot(snapshot(context=held)),
    "waiting": lambda held: SHELF.dumps_snapshot(
        Kernel(Shelf).step(snapshot(), Put(held)).snapshot
    ),
    "history": lambda held: SHELF.dumps_snapshot(
        Kernel(Shelf).step(snapshot(held), Away()).snapshot
    ),
    "step": lambda held: SHELF.dumps_step(Kernel(Shelf).step(snapshot(held), Away())),
}


@pytest.mark.parametrize("way", READS)
@pytest.mark.parametrize("place", WRITTEN)
def test_cause_of_a_failing_carrier_reaches_who_reads(place: str, way: str) -> None:
    """The exception of a carrier is the cause of the error, however deep the value is."""
    with pytest.raises(CodecError, match="Odd refuses it: 1") as caught:
        READS[way](WRITTEN[place])
    assert isinstance(caught.value.__cause__, CarrierError)


@pytest.mark.parametrize("way", WRITES)
@pytest.mark.parametrize("place", HELD)
def test_cause_of_a_failing_carrier_reaches_who_writes(place: str, way: str) -> None:
    """The exception of a carrier is the cause of the error, however deep the value is."""
    with pytest.raises(CodecError, match="Odd cannot be written") as caught:
        WRITES[way](HELD[place])
    assert isinstance(caught.value.__cause__, CarrierError)


def test_cause_of_a_failing_upcaster_reaches_who_reads_a_step() -> None:
    """The snapshot in a step is upgraded like any other, and a failure says so."""
    dumped = SHELF.dump_step(Kernel(Shelf).start(Held()))
    later: Protocol[Any, Any] = Protocol(
        Shelf,
        effects=(Told,),
        carriers={Odd: (refuse, refuse)},
        upcasters={1: Upcaster(snapshot=lambda value: value["no key"])},
    )
    with pytest.raises(CodecError, match="the upcaster from version 1 failed") as caught:
        later.load_step(dumped)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.path == "$.snapshot.version"


def test_none_beside_a_carried_class_is_null() -> None:
    """A carrier sees no None; what it writes as null could not be told from one, and is refused."""
    protocol: Protocol[Any, Any] = Protocol(Shelf, carriers={Odd: (lambda _: None, refuse)})
    written = protocol.dump_event(Put(Held()))
    assert written["held"]["bare"] is None
    assert protocol.load_event(written) == Put(Held())
    with pytest.raises(CodecError, match="null for a Odd cannot be told from None"):
        protocol.dump_event(Put(Held(bare=Odd())))
