"""Traps of python-statemachine 3.2 that a class may have fallen into: told when it is read.

Each test shows both behaviours. Section numbers are those of
https://www.w3.org/TR/2015/REC-scxml-20150901/; "D" is its Appendix D.
"""

from __future__ import annotations

import types
from typing import Any

import pytest
from statemachine import HistoryState, State
from statemachine.exceptions import InvalidStateValue
from statemachine.transition import Transition

from statecharts import DefinitionError, Machine, NamedEvent
from statecharts.interop.python_statemachine import from_class
from statecharts.model.errors import Fault
from tests.test_interop.psm_samples import Telling, here, there
from tests.test_interop.psm_told import Told


def told(cls: Any, code: str = "SC652") -> list[str]:
    """Return what reading a class tells, without the place."""
    return [
        f"{fault.found}. {fault.remedy}."
        for fault in from_class(cls).warnings
        if fault.code == code
    ]


def refused(cls: Any) -> list[Fault]:
    """Return the faults because of which a class is refused."""
    with pytest.raises(DefinitionError) as caught:
        from_class(cls)
    return list(caught.value.faults)


def test_document_order_is_that_of_the_class_body() -> None:
    """States are entered in document order (D, enterStates); theirs miscounts nested siblings."""

    class Nested(Telling):
        class p(State.Parallel):
            class a(State.Compound):
                class a1(State.Compound):
                    a11 = State(initial=True)

            class b(State.Compound):
                b1 = State(initial=True)

        def on_enter_state(self, state: State) -> None:
            self.tell(state.id)

    assert there(Nested, [])[0][1] == ("p", "a", "a1", "b", "a11", "b1")
    assert here(Nested, [])[0][1] == ("p", "a", "a1", "a11", "b", "b1")
    assert told(Nested) == [
        (
            "that library enters and leaves 'b' out of document order. "
            "Expect document order (SCXML 3.13)."
        )
    ]


def test_the_earlier_region_wins() -> None:
    """Of conflicting transitions the first in document order is taken (D, selectTransitions)."""

    class Regions(Telling):
        class p(State.Parallel):
            class r1(State.Compound):
                a1 = State(initial=True)
                a2 = State()
                tick = a1.to(a2)

            class r2(State.Compound):
                b1 = State(initial=True)

        out1 = State()
        out2 = State()
        go = p.r1.a2.to(out1) | p.r2.b1.to(out2)

    sent: list[Any] = [("tick", {}), ("go", {})]
    assert there(Regions, sent)[-1][0] == ("out2",)
    assert here(Regions, sent)[-1][0] == ("out1",)
    assert told(Regions) == [
        (
            "that library enters and leaves 'r2' out of document order. "
            "Expect document order (SCXML 3.13)."
        ),
        (
            "'r1' and 'r2' both leave it on 'go'; that library prefers the one entered first. "
            "Expect the earlier in the document to win (SCXML 3.13)."
        ),
    ]


class Into(Telling):
    """Leads into history, and does something on the way."""

    class work(State.Compound):
        """Inside."""

        a = State(initial=True)
        h = HistoryState()
        h.to(a)

    out = State()
    off = work.to(out)
    back = out.to(work.h, on="count", after="counted")

    def count(self) -> None:
        """Count."""
        self.tell("count")

    def counted(self) -> None:
        """Tell that it has been."""
        self.tell("counted")


def test_a_transition_into_history_acts_once() -> None:
    """Its content is done once (3.10, D: executeTransitionContent); theirs does it again."""
    sent: list[Any] = [("off", {}), ("back", {})]
    assert there(Into, sent)[-1][1] == ("count", "count", "counted")
    assert here(Into, sent)[-1][1] == ("count", "counted")
    assert told(Into) == [
        (
            "that library runs the actions of its transition to 'work.h' twice. "
            "Expect them once (SCXML 3.10)."
        )
    ]


def test_history_without_a_default_begins_as_its_parent_does() -> None:
    """A history has exactly one default (3.10.2); theirs ends up in no state at all."""

    class Empty(Told):
        out = State(initial=True)

        class work(State.Compound):
            a = State(initial=True)
            h = HistoryState()

        back = out.to(work.h)

    machine = Empty()
    machine.send("back")
    assert machine.active == ""
    assert from_class(Empty)["work.h"].initial == ("work.a",)
    assert told(Empty) == [
        (
            "the history has no default; where it has nothing to remember, its parent's is taken. "
            "Say where to begin."
        )
    ]


def test_two_states_of_one_id_are_refused() -> None:
    """Ids are unique in a document (3.14); theirs has one table, and loses one of the two."""

    class Twins(Told):
        class x(State.Compound):
            idle = State(initial=True)
            work = State()

        class y(State.Compound):
            idle = State(initial=True)
            rest = State()

        swap = x.to(y)
        go = x.idle.to(x.work)

    (fault,) = refused(Twins)
    assert fault.code == "SC614"
    assert fault.found == "two states have the id 'idle', this one and 'x.idle'"
    assert fault.remedy == "Rename one of them: that library has one table of all ids"
    assert fault.where.endswith(" Twins.y.idle")


def test_two_states_of_one_value_are_refused() -> None:
    """Theirs finds states by their values; of two alike, it finds the second."""

    class Alike(Told):
        a = State(initial=True, value=1)
        b = State(value=1)
        go = a.to(b)

    machine = Alike()
    assert machine.active == "b"
    (fault,) = refused(Alike)
    assert (fault.code, fault.found) == ("SC614", "it has the value 1, and so has 'a'")


@pytest.mark.parametrize(
    "name", ["value", "name", "parent", "is_atomic", "is_active", "document_order", "is_descendant"]
)
def test_children_that_shadow_attributes_are_refused(name: str) -> None:
    """3.14 reserves no ids; theirs sets children as attributes of their parent, over its own."""
    body = {name: State(initial=True), "other": State()}

    def make() -> Any:
        inner: Any = types.new_class("x", (State.Compound,), {}, lambda space: space.update(body))
        return types.new_class("Shadowing", (Told,), {}, lambda space: space.update(x=inner))

    faults = refused(make())
    assert {fault.code for fault in faults} == {"SC615"}
    assert any(f"a state is named {name!r}, like an attribute" in f.found for f in faults)
    assert faults[0].remedy == "Rename it: that library would confuse the two"


@pytest.mark.parametrize("name", ["send", "model", "configuration", "events"])
@pytest.mark.parametrize("nested", [False, True])
def test_states_that_shadow_the_machine_are_refused(name: str, nested: bool) -> None:
    """A state of the name of something that every machine has takes its place there."""
    body: dict[str, Any] = {name: State(initial=True), "other": State()}
    if nested:
        inner: Any = types.new_class("x", (State.Compound,), {}, lambda space: space.update(body))
        body = {"x": inner}
    made = types.new_class("Shadowing", (Told,), {}, lambda space: space.update(body))
    faults = refused(made)
    assert {fault.code for fault in faults} == {"SC615"}
    assert any(f"a state is named {name!r}" in fault.found for fault in faults)


@pytest.mark.long
def test_an_eventless_circle_is_refused() -> None:
    """A macrostep has to end (3.13); theirs goes round for ever where no guard stops it."""

    class Circle(Told):
        a = State(initial=True)
        b = State()
        turn = 0
        a.to(b)
        b.to(a, cond="again")

        def again(self) -> bool:
            self.turn += 1
            return self.turn < 2_000

    assert Circle().turn >= 2_000

    class Endless(Told):
        a = State(initial=True)
        b = State()
        a.to(b)
        b.to(a)

    (fault,) = refused(Endless)
    assert fault.code == "SC110"


def test_what_a_subclass_adds_stays_with_it() -> None:
    """A chart that derives from another leaves it as it was; theirs shares its states."""

    class Base(Told):
        a = State(initial=True)
        b = State()
        go = a.to(b)

    alone = from_class(Base)

    class Derived(Base):
        c = State()
        back = Base.b.to(c)
        again = Base.b.to(Base.a)

    machine = Base()
    machine.send("go")
    with pytest.raises(InvalidStateValue, match="'c' is not a valid state value"):
        machine.send("back")
    assert from_class(Base) == alone
    assert told(Base) == [
        (
            "a subclass has added a transition to 'c' to it, which is left out here. "
            "Read the subclass for the chart of the subclass."
        ),
        (
            "a subclass has added a transition on 'again' to it, which is left out here. "
            "Read the subclass for the chart of the subclass."
        ),
    ]
    running = Machine(from_class(Derived))
    running.send(NamedEvent("go"))
    assert running.send(NamedEvent("back")).handled


def test_internal_transitions_to_themselves_stay() -> None:
    """Documented not to leave and not to enter; theirs enters again (3.13 wants both)."""

    class Staying(Telling):
        a = State(initial=True)
        again = a.to(a, internal=True, on="noted")

        def noted(self) -> None:
            self.tell("noted")

        def on_enter_a(self) -> None:
            self.tell("enter")

    assert there(Staying, [("again", {})])[1][1] == ("noted", "enter")
    assert here(Staying, [("again", {})])[1][1] == ("noted",)
    assert told(Staying) == [
        (
            "that library enters it again on an internal transition to itself. "
            "Expect it to stay, as documented."
        )
    ]


def test_several_initial_children_are_refused() -> None:
    """A compound state has one initial child (3.6); theirs silently takes the first."""

    class Two(Told):
        class x(State.Compound):
            a = State(initial=True)
            b = State(initial=True)

    assert Two().active == "x a"
    (fault,) = refused(Two)
    assert fault.code == "SC103"
    assert "has 2 initial children, 'x.a' and 'x.b'" in fault.found


def test_the_default_does_what_it_says() -> None:
    """The content of an initial transition is done (3.6); theirs drops it when it leads deep."""

    class Deep(Telling):
        class c(State.Compound):
            class d(State.Compound):
                e = State(initial=True)
                f = State()

        inner: Any = c
        inner.transitions.add_transitions(Transition(inner, inner.d.f, initial=True, on="mark"))
        del inner

        def mark(self) -> None:
            self.tell("mark")

    assert there(Deep, [])[0] == (("c", "d", "f"), ())
    assert here(Deep, [])[0] == (("c", "d", "f"), ("mark",))
    assert told(Deep) == [
        (
            "that library leaves out the actions of the default transition: the state has a "
            "second one. Expect them to run."
        )
    ]


def test_a_class_without_states_is_refused() -> None:
    """An abstract class, and one whose states were shadowed, are no charts."""

    class Abstract(Told):
        """Nothing."""

    (fault,) = refused(Abstract)
    assert (fault.code, fault.found) == ("SC612", "the class has no states")
