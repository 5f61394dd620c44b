"""Names that python-statemachine 3.2 takes for one another, and we do not.

Each test shows both, on the same chart; section numbers are those of
https://www.w3.org/TR/2015/REC-scxml-20150901/, "D" is its Appendix D.
"""

from __future__ import annotations

import types
from typing import Any

import pytest
from attrs import evolve
from statemachine import State
from statemachine.exceptions import InvalidStateValue

from statecharts import Kernel, NamedEvent, Statechart
from statecharts import State as DeclaredState
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import Give
from tests.oracle.handmade import atomic, chart, compound, on
from tests.test_interop.psm_told import Told, ours


def test_states_of_one_name_stay_apart() -> None:
    """Two states may have one name in different places; theirs takes the second for both.

    3.14: ids are unique in a document. Theirs does not look, and ends in a state of `y` inside `x`.
    """

    class Theirs(Told):
        class x(State.Compound):
            idle = State(initial=True)
            work = State()
            go = idle.to(work)

        class y(State.Compound):
            idle = State(initial=True)
            rest = State()
            go = idle.to(rest)

        over = x.to(y)

    machine = Theirs()
    assert machine.active == "x idle"
    assert [state.parent.id for state in machine.configuration if state.parent] == ["y"]
    machine.send("go")
    assert machine.active == "x rest"
    rows = (
        compound("x", "x.idle", on("over", "y")),
        atomic("x.idle", on("go", "x.work")),
        atomic("x.work"),
        compound("y", "y.idle"),
        atomic("y.idle", on("go", "y.rest")),
        atomic("y.rest"),
    )
    assert ours(chart("x", *rows), "go")[1] == "x x.work"


@pytest.mark.parametrize(("name", "active"), [("value", "Value value"), ("name", "x name")])
def test_a_state_may_have_the_name_of_an_attribute(name: str, active: str) -> None:
    """A state may be called what theirs calls something of a state; theirs then mixes them up.

    3.14 knows no reserved ids. Inside a compound state of theirs, `value` and `name` replace what
    the compound state goes by; `parent` is lost, `final`, `initial`, `id` and `to` raise errors
    that speak of setters.
    """
    body = {name: State(initial=True), "other": State()}
    inner: Any = types.new_class("x", (State.Compound,), {}, lambda space: space.update(body))
    outer: Any = types.new_class("Theirs", (Told,), {}, lambda space: space.update(x=inner))
    assert " ".join(str(value) for value in outer().configuration_values) == active
    rows = (compound("x", f"x.{name}"), atomic(f"x.{name}"), atomic("x.other"))
    assert ours(chart("x", *rows))[1] == f"x x.{name}"


def test_a_subclass_leaves_its_base_alone() -> None:
    """A chart that derives from another does not change it; theirs shares the states of both.

    The recommendation has no inheritance. Theirs ends in an exception of its own on the base.
    """

    class Base(Told):
        a = State(initial=True)
        b = State()
        go = a.to(b)

    class _Derived(Base):
        c = State()
        back = Base.b.to(c)

    machine = Base()
    machine.send("go")
    with pytest.raises(InvalidStateValue, match="'c' is not a valid state value"):
        machine.send("back")

    class Ours(Statechart, allow="*"):
        a = DeclaredState(initial=True)
        b = DeclaredState()
        a.to(b, on="go")

    class _OursToo(Ours, allow="*"):
        c = DeclaredState()
        Ours.b.to(c, on="back")

    step = Kernel(Ours).step(Kernel(Ours).start().snapshot, NamedEvent("go"))
    assert not Kernel(Ours).step(step.snapshot, NamedEvent("back")).handled


def test_an_event_may_have_the_name_of_a_method() -> None:
    """An event may be called `send`; theirs then sends it whatever is to be sent.

    3.12.1 knows no reserved names but those of the platform.
    """

    class Theirs(Told):
        a = State(initial=True)
        b = State()
        send = a.to(b)

    machine: Any = Theirs()
    machine.send("nothing of the kind")
    assert machine.active == "b"
    rows = (atomic("a", on("send", "b")), atomic("b"))
    assert ours(chart("a", *rows), "nothing of the kind")[1] == "a"


def test_an_action_named_twice_is_done_twice() -> None:
    """An action given twice is done twice; theirs takes equal names for one.

    4 and D, executeContent: executable content is done item by item, in document order.
    """

    class Theirs(Told):
        a = State(initial=True, enter=["tell", "tell"])

        def tell(self) -> None:
            self.told.append("tell")

    assert Theirs().told == ["enter a", "tell"]
    told = (Hook(Give(Action("tell"))),) * 2
    subject = chart("a", atomic("a"))
    twice = evolve(subject, states=(evolve(subject["a"], entry=told),))
    assert Kernel(twice).start().effects == (Action("tell"), Action("tell"))
