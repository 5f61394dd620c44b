"""The library's own values compare, hash and show themselves as attrs would have it."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any

import pytest
from attrs import evolve, field, fields, frozen

from statecharts import (
    Call,
    CallFailed,
    DefinitionError,
    Machine,
    NamedEvent,
    Snapshot,
    StartTimer,
    State,
    Statechart,
    StatechartError,
    TimerFired,
    render,
    start,
    step,
)
from statecharts.drawing import render_film
from statecharts.model import chart, effects, errors, events, hooks, nodes
from statecharts.model import fields as model_fields
from statecharts.model.values import Value


@frozen(eq=False, repr=False)
class Ours(Value):
    """A value."""

    x: int
    y: Any = None
    seen: int = field(default=0, eq=False)
    loose: Any = field(factory=dict, hash=False)
    secret: str = field(default="", repr=False)


@frozen
class Theirs:
    """The same, by attrs alone."""

    x: int
    y: Any = None
    seen: int = field(default=0, eq=False)
    loose: Any = field(factory=dict, hash=False)
    secret: str = field(default="", repr=False)


CASES: list[dict[str, Any]] = [
    {"x": 1},
    {"x": 2},
    {"x": 1, "y": (1,)},
    {"x": 1, "seen": 5},
    {"x": 1, "loose": {"a": 1}},
    {"x": 1, "secret": "s"},
]


@pytest.mark.parametrize("one", CASES, ids=str)
@pytest.mark.parametrize("other", CASES, ids=str)
def test_value_is_equal_where_attrs_says_so(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fields decide, but for those that are left out; equal values have equal hashes."""
    expected = Theirs(**one) == Theirs(**other)
    assert (Ours(**one) == Ours(**other)) is expected
    assert (Ours(**one) != Ours(**other)) is not expected
    assert not expected or hash(Ours(**one)) == hash(Ours(**other))


@pytest.mark.parametrize("given", CASES, ids=str)
def test_value_is_shown_as_attrs_shows_it(given: dict[str, Any]) -> None:
    """The text names the class and the fields, but for those that are left out."""
    assert repr(Ours(**given)) == repr(Theirs(**given)).replace("Theirs", "Ours")


def test_value_is_not_equal_to_another_class() -> None:
    """Equal fields do not make two events of different classes equal."""
    assert TimerFired("a") != CallFailed("a", "")
    assert NamedEvent("go") != ("go", {})
    assert len({TimerFired("a"), TimerFired("a"), TimerFired("b")}) == 2


def test_value_with_a_field_that_cannot_be_hashed_says_so() -> None:
    """A hash is refused as attrs refuses it, not made up."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(NamedEvent("go", {"a": 1}))


def test_value_is_copied_pickled_and_evolved() -> None:
    """It is an attrs class in all that attrs offers."""
    value = Ours(1, (2,), 3)
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert evolve(value, x=4) == Ours(4, (2,), 3)
    assert [one.name for one in fields(StartTimer)] == ["id", "due"]


@pytest.mark.parametrize(
    "module", [chart, effects, errors, events, model_fields, hooks, nodes], ids=lambda m: m.__name__
)
def test_classes_that_leave_methods_to_value_derive_from_it(module: Any) -> None:
    """None of them falls back to identity unawares."""
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            if "__attrs_attrs__" in vars(cls):
                assert getattr(cls, "__eq__") is not object.__eq__  # noqa: B009
                assert getattr(cls, "__hash__") is not object.__hash__  # noqa: B009


class Silent:
    """Its repr has a defect."""

    def __repr__(self) -> str:
        raise RuntimeError


@frozen
class Go:
    """An event, the data of a state, and a call in one."""

    n: Any


@frozen
class Ask(Call[Go]):
    """A call."""

    n: Any


class Asking(Statechart[Go]):
    """Its event, its data and its call hold the value."""

    idle = State(initial=True)
    asking = State(Go, invoke=Ask)
    idle.to(asking, on=Go)
    asking.to(idle, on=Go)
    asking.to(idle, on=CallFailed)


@pytest.mark.parametrize("value", [10**5000, Silent()], ids=["long integer", "defective repr"])
def test_value_without_a_repr_is_named_by_its_class(value: Any) -> None:
    """Whatever shows a machine shows it with any value: its reprs, pictures and errors."""
    machine = Machine(Asking)
    step = machine.send(Go(value))
    assert "asking=an instance of Go" in repr(machine.snapshot)
    assert "call=an instance of Ask" in repr(step)
    assert machine._repr_svg_() and render_film(Asking, [step])  # noqa: PT018
    assert "is under way: an instance of Ask" in render(Asking, highlight=machine)
    machine.subscribe(lambda _: 1 / 0)
    with pytest.raises(StatechartError, match="failed on an instance of Go: ZeroDivisionError"):
        machine.send(Go(value))
    with pytest.raises(StatechartError, match="an instance of Go was given"):
        Machine(Asking.chart, Go(value))


ODD: Any = Silent()
MACHINE = Machine(Asking)


def declared(name: str) -> Any:
    """Declare a chart of which one thing is odd."""
    given = {name: ODD}

    class Odd(Statechart[Go], allow=given.pop("allow", ())):
        here = State(initial=True)
        there = State(given.pop("data", None), entry=given.pop("entry", None))
        here.to(given.pop("to", there), on=given.pop("on", Go), **given)

    return Odd


@pytest.mark.parametrize(
    "call",
    [
        lambda: MACHINE.send(ODD),
        lambda: MACHINE.subscribe(ODD),
        lambda: MACHINE.advance(ODD),
        lambda: MACHINE.snapshot.can(ODD),
        lambda: MACHINE.snapshot[ODD],
        lambda: Machine(ODD),
        lambda: Machine(Asking, ODD),
        lambda: Machine(Asking, on_unhandled=ODD),
        lambda: Machine(Asking, clock=lambda: ODD),
        lambda: step(Asking, ODD, Go(1)),
        lambda: start(Asking, at=ODD),
        lambda: Snapshot.of(ODD),
        lambda: Snapshot.of(Asking.asking, ODD),
        lambda: Asking.chart[ODD],
        lambda: Asking.chart.line(ODD),
        lambda: Asking.chart.bind(guards=ODD),
        lambda: render(Asking, ODD),
        lambda: render(Asking, theme=ODD),
        lambda: render(Asking, focus=ODD),
        lambda: render(Asking, highlight=ODD),
        lambda: render(Asking, direction=ODD),
        *(
            partial(declared, name)
            for name in ["allow", "data", "entry", "to", "on", "when", "make"]
        ),
    ],
)
def test_argument_without_a_repr_is_refused_as_any_other(call: Any) -> None:
    """The error has a code, and names what was given by its class."""
    with pytest.raises((StatechartError, DefinitionError), match="an instance of Silent"):
        call()
