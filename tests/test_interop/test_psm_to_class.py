"""Charts as classes of python-statemachine: their states, their names, and how they are used."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from attrs import evolve, frozen
from statemachine import HistoryState, StateChart
from statemachine.mixins import MachineMixin

from statecharts import Chart, Compound, History, Parallel, State, Statechart
from statecharts.interop.python_statemachine import to_class
from statecharts.model.chart import EventType, OnEvent, Transition
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Give, In, Named, Not
from tests.oracle.handmade import Row, always, atomic, chart, compound, done, final_state, on
from tests.test_interop.psm_rows import plain, with_hooks


@frozen
class Push:
    """Somebody pushes."""

    force: int = 1


@frozen
class Pull:
    """Somebody pulls."""


class Door(Statechart[Push | Pull], allow="*"):
    """A door."""

    class shut(Compound, initial=True):
        locked = State(initial=True)
        unlocked = State()
        before = History(locked)
        locked.to(unlocked, on=Pull)

    class open(Parallel):
        class light(Compound):
            dim = State(initial=True)
            bright = State()
            dim.to(bright, on=Pull)

        class air(Compound):
            fresh = State(initial=True)
            thick = State()
            fresh.to(thick, on=Pull)

    gone = State(final=True)

    shut.to(open, on=Push, when=lambda m: m.event.force > 2)
    open.to(shut.before, on=Push)


def active(machine: Any) -> str:
    """Return the configuration of a machine of theirs, in document order."""
    return " ".join(s.id for s in sorted(machine.configuration, key=lambda s: s.document_order))


def test_the_class_is_one_of_theirs_and_says_what_the_chart_says() -> None:
    """It has the chart's name and text; its states are that library's, in document order."""
    made: Any = to_class(Door)
    assert issubclass(made, StateChart)
    assert (made.__name__, made.__doc__, made.__module__) == ("Door", "A door.", __name__)
    assert [state.id for state in made.states] == ["shut", "open", "gone"]
    assert made.states_map["open"].parallel
    assert made.states_map["gone"].final
    assert made.states_map["shut"].initial
    (before,) = made.states_map["shut"].history
    assert isinstance(before, HistoryState)
    assert [target.id for t in before.transitions for target in t.targets] == ["locked"]
    assert sorted(event.id for event in made.events) == ["pull", "push"]


def test_states_are_numbered_in_document_order() -> None:
    """Their numbers are those of the document, also after somebody has derived a class."""
    made: Any = to_class(Door)
    order = [node.name for node in Door.chart.states]

    class _Derived(made):  # type: ignore[misc]
        pass

    _Derived()
    found = {"before": made.states_map["shut"].history[0], **made.states_map}
    assert sorted(order, key=lambda name: found[name].document_order) == order
    assert sorted(state.document_order for state in found.values()) == list(range(1, 13))


def test_events_are_sent_by_their_names_with_their_fields() -> None:
    """The fields of an event are keyword arguments, and guards see an instance of its class."""
    machine = to_class(Door)()
    machine.send("push", force=2)
    assert active(machine) == "shut locked"
    machine.send("push", force=3)
    assert active(machine) == "open light dim air fresh"
    machine.send("pull")
    assert active(machine) == "open light bright air thick"


def test_history_comes_back() -> None:
    """The states that were active when a state was left are active again."""
    machine = to_class(Door)()
    for event in ("pull", "push", "push"):
        machine.send(event, force=5) if event == "push" else machine.send(event)
    assert active(machine) == "shut unlocked"


def test_a_model_keeps_the_state() -> None:
    """The names of the active states are kept in a field of the model, and read from there."""

    class Model:
        position: Any = None

    model = Model()
    made = to_class(plain(atomic("a", on("go", "b")), atomic("b")))
    machine = made(model, state_field="position")
    assert model.position == "a"
    machine.send("go")
    assert model.position == "b"
    assert active(made(model, state_field="position")) == "b"


class Ticket(MachineMixin):
    """A model that makes its own machine."""

    state_machine_name = f"{__name__}.Desk"
    bind_events_as_methods = True

    def __init__(self) -> None:
        self.state: Any = None
        self.told: list[str] = []
        super().__init__()  # type: ignore[no-untyped-call]

    def note(self) -> None:
        """Note that it has been called."""
        self.told.append("note")

    def urgent(self) -> bool:
        """Tell whether the ticket is urgent."""
        return True


def test_their_mixin_finds_the_class() -> None:
    """The mixin for models of Django finds the class by the module that made it."""
    rows = (atomic("waiting", on("call", "served")), final_state("served"))
    subject = with_hooks(
        plain(*rows, name="Desk"), "call", guard=Named("urgent"), action=Give(Action("note"))
    )
    _made = to_class(subject)
    ticket: Any = Ticket()
    ticket.call()
    assert (ticket.state, ticket.told) == ("served", ["note"])


Turnstile: Any = to_class(plain(atomic("a", on("go", "b")), atomic("b"), name="Turnstile"))


def test_a_machine_goes_through_a_pickle() -> None:
    """A machine of a class that has been given its own name can be stored, and goes on."""
    machine = Turnstile()
    machine.send("go")
    assert active(pickle.loads(pickle.dumps(machine))) == "b"


class Ready:
    """A listener that answers a guard and carries out an action."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.told: list[Any] = []

    def ready(self) -> bool:
        """Answer."""
        return self.answer

    def note(self, source: Any, target: Any, weight: int = 0) -> None:
        """Note where it was called, and with what."""
        self.told.append((source.id, target.id, weight))


NAMED = with_hooks(
    plain(atomic("a", on("go", "b")), atomic("b")),
    "go",
    guard=Named("ready"),
    action=Give(Action("note")),
)


def test_names_are_found_on_listeners() -> None:
    """A guard and an action by name are called as that library calls them, parameters and all."""
    listener = Ready(answer=True)
    to_class(NAMED)(listeners=[listener]).send("go", weight=7)
    assert listener.told == [("a", "b", 7)]


def test_names_are_found_on_a_derived_class() -> None:
    """A class that derives from the one that is made adds methods to it."""
    made: Any = to_class(NAMED)

    class Bold(made):  # type: ignore[misc]
        told: str = ""

        def ready(self) -> bool:
            return True

        def note(self, event: str) -> None:
            self.told = event

    machine = Bold()
    machine.send("go")
    assert (machine.told, active(machine)) == ("go", "b")


def test_an_action_may_be_missing_and_a_guard_not() -> None:
    """Nothing breaks where nobody answers to an action; a guard has to have an answer."""

    class Answers:
        ready = True

    machine = to_class(NAMED)(Answers())
    machine.send("go")
    assert active(machine) == "b"
    with pytest.raises(Exception, match="Did not found name 'ready'"):
        to_class(NAMED)()


EXPRESSIONS = [
    (Named("p"), "p"),
    (Not(Hook(Named("p"))), "not p"),
    (AllOf((Hook(Named("p")), Hook(Named("q")))), "p and q"),
    (Not(Hook(AnyOf((Hook(Named("p")), Hook(Named("q")))))), "not (p or q)"),
    (
        AnyOf((Hook(AllOf((Hook(Named("p")), Hook(Named("q"))))), Hook(Named("r")))),
        "(p and q) or r",
    ),
]


@pytest.mark.parametrize(("guard", "text"), EXPRESSIONS, ids=lambda one: str(one)[:12])
def test_guards_made_of_names_are_their_expressions(guard: Any, text: str) -> None:
    """Names put together are an expression of that library, which pictures show and people read."""
    subject = with_hooks(plain(atomic("a", on("go", "b")), atomic("b")), "go", guard=guard)
    made: Any = to_class(subject)
    assert [spec.func for spec in made.a.transitions[0].cond] == [text]


class Host:
    """Answers to names that lead that library astray: a state, an event, a word, an attribute."""

    def __init__(self) -> None:
        self.b = self.go = self.v = self.states = self.on_go = lambda: False


@pytest.mark.parametrize("name", ["b", "go", "v", "states", "on_go", "n > 3", "not", "_x"])
def test_guards_of_names_that_mean_something_else_are_callbacks(name: str) -> None:
    """A guard whose name is that of a state, an event or a word is asked, and nothing else is."""
    subject = plain(atomic("a", on("go", "c")), compound("c", "c.b"), atomic("c.b"))
    host = Host()
    setattr(host, name, lambda: False)
    machine = to_class(with_hooks(subject, "go", guard=Named(name)))(host)
    machine.send("go")
    assert active(machine) == "a"
    setattr(host, name, lambda: True)
    machine.send("go")
    assert active(machine) == "c b"


def test_a_guard_asks_for_states() -> None:
    """`In` asks for a state of the chart, whatever it is called in the class."""
    rows = (
        compound("x", "x.idle", on("go", "y")),
        atomic("x.idle", on("step", "x.busy")),
        atomic("x.busy"),
        compound("y", "y.idle"),
        atomic("y.idle"),
    )
    made: Any = to_class(with_hooks(plain(*rows), "go", guard=Not(Hook(In("x.idle")))))
    assert sorted(made.states_map) == ["busy", "x", "x_idle", "y", "y_idle"]
    machine = made()
    machine.send("go")
    assert active(machine) == "x x_idle"
    machine.send("step")
    machine.send("go")
    assert active(machine) == "y y_idle"


NAMES = [
    (("a", "b"), ["a", "b"]),
    (("value", "to", "model"), ["value_2", "to_2", "model_2"]),
    (("two words", "1st", "class", "ü"), ["two_words", "state_1st", "class_2", "ü"]),
    (("two words", "two_words"), ["two_words_2", "two_words"]),
    (("_hidden",), ["hidden"]),
]


@pytest.mark.parametrize(("names", "expected"), NAMES)
def test_states_get_names_that_they_can_bear(names: tuple[str, ...], expected: list[str]) -> None:
    """A name that is taken or not a name is replaced by the path, and then numbered."""
    made: Any = to_class(plain(*(atomic(name) for name in names)))
    assert [state.id for state in made.states] == expected
    machine = made()
    assert active(machine) == expected[0]


def test_a_child_may_be_called_as_its_parent() -> None:
    """Names are told apart through all levels."""
    made: Any = to_class(plain(compound("a", "a.a"), compound("a.a", "a.a.a"), atomic("a.a.a")))
    assert active(made()) == "a a_a a_a_a"


KINDS: list[tuple[Row, ...]] = [
    (atomic("a", on("go", "a")),),
    (atomic("a", on("go")),),
    (atomic("a", on("go").forbidden()),),
    (compound("a", "a.b", on("go", "a.c").internal()), atomic("a.b"), atomic("a.c")),
    (atomic("a", on("go", "b")), atomic("b", always("c")), atomic("c")),
    (
        compound("a", "a.b", done("d")),
        atomic("a.b", on("go", "a.c")),
        final_state("a.c"),
        atomic("d"),
    ),
    (compound("a", "a.b.d"), compound("a.b", "a.b.c"), atomic("a.b.c"), atomic("a.b.d")),
    (atomic("a", on("g.*", "b")), atomic("b", on("*", "a"))),
]


@pytest.mark.parametrize(
    "rows", KINDS, ids=lambda rows: rows[0].arrows[0].name if rows[0].arrows else ""
)
def test_each_kind_of_transition_goes_over(rows: tuple[Row, ...]) -> None:
    """Every kind of transition leads to the same configuration on both sides."""
    from statecharts import Machine, NamedEvent

    subject = plain(*rows)
    mine, theirs = Machine(subject), to_class(subject)()
    for event in ("go", "g.h", "go"):
        mine.send(NamedEvent(event))
        theirs.send(event)
        there: Any = theirs
        ids = [there._origin.ids[name] for name in active(theirs).split()]
        assert ids == list(mine.configuration)


def test_a_forbidding_transition_swallows_the_event() -> None:
    """An event forbidden inside is not handled outside."""
    rows = (compound("a", "a.b", on("go", "c")), atomic("a.b", on("go").forbidden()), atomic("c"))
    machine = to_class(plain(*rows))()
    machine.send("go")
    assert active(machine) == "a b"


@pytest.mark.long
def test_ten_thousand_states_go_over() -> None:
    """A chart of 10,000 states becomes a class within seconds, and the class runs."""
    subject = plain(atomic("s0"))
    names = tuple(f"s{n}" for n in range(10_000))
    go = Transition("s0", OnEvent(("go",)), ("s9999",))
    states = [evolve(subject["s0"], id=name, name=name) for name in names]
    states[0] = evolve(states[0], transitions=(go,))
    root = evolve(subject.root, children=names)
    machine = to_class(Chart("Large", root, tuple(states)))()
    machine.send("go")
    assert active(machine) == "s9999"


def test_the_events_of_a_chart_are_those_of_the_class() -> None:
    """An event that the chart knows by name alone arrives as one of that name."""
    seen: list[Any] = []

    def look(m: Any) -> bool:
        seen.append(m.event)
        return True

    subject = chart("a", atomic("a", on("go", "a").when(look)))
    known = Chart(subject.name, subject.root, subject.states, (EventType("go"),))
    to_class(known)().send("go", count=2)
    assert (seen[0].name, seen[0].data) == ("go", {"count": 2})
