"""Classes that are never written: the codec refuses them everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Generic, NewType, TypeVar

import pytest
from attrs import field, frozen

from statecharts import Effect, Machine, NamedEvent, State, Statechart
from statecharts.codec import Protocol, UnwritableError
from statecharts.model.effects import Send

T = TypeVar("T")


class Key:
    """A class that says it is never written."""

    __never_written__ = True


class SpareKey(Key):
    """One that inherits it."""


@frozen
class Pair:
    """An attrs class that says so, too, and could be written otherwise."""

    __never_written__ = True

    user: str
    word: str


@frozen
class Kept:
    """A class that says that it may be written."""

    __never_written__ = False

    user: str


@frozen
class Box(Generic[T]):
    """Something with something in it."""

    value: T
    rest: int = 0


@frozen
class Loose:
    """A class that may hold anything."""

    what: Any = None


@frozen
class Given(Effect):
    """An effect that may hold anything."""

    what: Any


Alias = NewType("Alias", Pair)


def chart(cls: Any) -> Any:
    """Return a chart with an event that has a field of a class."""
    event: Any = frozen(type("Go", (), {"__annotations__": {"what": cls}, "what": field()}))

    class Holder(Statechart[event], allow="*"):
        a = State(initial=True)
        b = State()
        a.to(b, on=event)

    return Holder


ANNOTATIONS: dict[str, Any] = {
    "itself": Key,
    "inherited": SpareKey,
    "attrs class": Pair,
    "NewType": Alias,
    "annotated": Annotated[Key, "it"],
    "optional": Key | None,
    "union": Key | str,
    "union of records": Pair | Box[int],
    "list": list[Key],
    "tuple": tuple[int, Pair],
    "set": frozenset[Key],
    "dict": dict[str, Key],
    "key of a dict": dict[Key, int],
    "mapping of lists": Mapping[str, list[Key]],
    "generic": Box[Key],
    "deep": Box[Box[Pair | None]],
}


@pytest.mark.parametrize("annotation", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_chart_that_declares_it_has_no_protocol(annotation: Any) -> None:
    """If an event declares it, however wrapped, no protocol of the chart can be made."""
    with pytest.raises(UnwritableError, match=r"\[SC424\] Holder at \$\.what.*never written"):
        Protocol(chart(annotation))


@pytest.mark.parametrize("cls", [Key, SpareKey, Pair])
def test_carrier_does_not_help(cls: Any) -> None:
    """A carrier cannot override what the class says."""
    with pytest.raises(UnwritableError, match="SC424"):
        Protocol(chart(cls), carriers={cls: (str, cls)})


def test_class_that_may_be_written_is() -> None:
    """Only the word True forbids it."""
    protocol = Protocol(chart(Kept))
    assert json.loads(protocol.dumps_event(protocol.load_event(_event({"user": "ada"}))))


def _event(what: Any) -> dict[str, Any]:
    return {"type": "go", "what": what}


class Open(Statechart[Loose, Loose], allow="*"):
    """A chart whose classes say nothing of what they hold."""

    a = State(initial=True)
    b = State(Loose)
    a.to(b, on=Loose, emit=lambda m: Given(m.event.what), update=lambda m: m.event)


HIDDEN: dict[str, Any] = {
    "itself": Key(),
    "attrs class": Pair("ada", "pass"),
    "in a list": [1, [Key()]],
    "in a dict": {"a": {"b": Key()}},
    "as a key": {Key(): 1},
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_value_that_nothing_declares_is_refused(hidden: Any) -> None:
    """If a field may hold anything, and holds that, each dump refuses."""
    protocol = Protocol(Open, effects=(Given,))
    step = Machine(Open, Loose()).send(Loose(hidden))
    for dump in (
        lambda: protocol.dump_event(Loose(hidden)),
        lambda: protocol.dump_effect(Given(hidden)),
        lambda: protocol.dump_effect(Send(Loose(hidden))),
        lambda: protocol.dump_effect(Send(NamedEvent("go", {"what": hidden}))),
        lambda: protocol.dump_context(Loose(hidden)),
        lambda: protocol.dumps_snapshot(step.snapshot),
        lambda: protocol.dumps_step(step),
    ):
        with pytest.raises(UnwritableError, match=r"\[SC42[14]\] Open at \$"):
            dump()


def test_value_in_place_of_another_is_refused() -> None:
    """If a field is declared as text, and holds that, the message does not ask for the text."""

    @frozen
    class Go:
        what: str

    class Holder(Statechart[Go], allow="*"):
        a = State(initial=True)
        b = State()
        a.to(b, on=Go)

    key: Any = Key()
    with pytest.raises(UnwritableError, match=r"\[SC424\] Holder at \$\.what: a Key is never"):
        Protocol(Holder).dump_event(Go(key))


def test_carrier_that_gives_it_is_refused() -> None:
    """A carrier whose result is such a value is refused."""
    protocol = Protocol(chart(complex), carriers={complex: (lambda _: Key(), complex)})
    event = protocol.load_event(_event("1j"))
    with pytest.raises(UnwritableError, match=r"\[SC424\] Holder at \$\.what: a Key is never"):
        protocol.dump_event(event)
