"""Guards of python-statemachine's classes: what they are called, and what they decide."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from statemachine import State, StateChart

from statecharts import DefinitionError, Kernel, Machine, NamedEvent
from statecharts.interop.python_statemachine import attach, from_class, unstarted
from statecharts.interop.python_statemachine.content import ConditionError, condition
from statecharts.model.errors import CallbackError, StepError
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Holds, In, Named, Not
from tests.test_interop.psm_samples import Telling

EXPRESSIONS = (
    "p",
    "not p",
    "p and q",
    "p and not q or r",
    "p and (q or not r)",
    "!(p ^ q)",
    "p v q ^ !r",
    "p or q or r",
    "not not p",
    "p and True",
    "p and n > 1",
    "n == 2 or not n <= 1 and p",
    "1 < n <= 2",
    "n != m",
    "In('a')",
    "In('a', 'root') and p",
    "In('b') or p",
    "label == 'v'",
)


def machine_of(**options: Any) -> Any:
    """Return a class with one guarded transition."""

    class Asked(Telling):
        class root(State.Compound):
            a = State(initial=True)
            b = State()

        go = root.a.to(root.b, **options)
        p = q = r = False
        n, m, label = 1, 2, "v"

    return Asked


@pytest.mark.sampled(5)
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_decide_as_there(text: str) -> None:
    """For all values of its names, an expression is true here when it is there."""
    cls = machine_of(cond=text)
    values = {"p": (False, True), "q": (False, True), "r": (False, True), "n": (1, 2)}
    named = [name for name in values if re.search(rf"\b{name}\b", text)]
    for chosen in itertools.product(*(values[name] for name in named)):
        names = dict(zip(named, chosen, strict=True))
        theirs = cls()
        vars(theirs).update(names)
        machine = attach(Machine(from_class(cls, host=_with(cls, names))))
        machine.send(NamedEvent("go"))
        theirs.send("go")
        moved = machine.configuration == ("root", "root.b")
        assert moved == ("b" in theirs.configuration_values), names


def _with(cls: Any, names: dict[str, Any]) -> Any:
    host = unstarted(cls)
    vars(host).update(names)
    return host


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"cond": "p and not q or r"}, "(p and not q) or r"),
        ({"cond": ["p", "q"]}, "p and q"),
        ({"unless": "p"}, "not p"),
        ({"cond": "p", "unless": ["q", "r"]}, "p and not q and not r"),
        ({"cond": "n > 1"}, "n > 1"),
        ({"cond": "In('a')"}, "In(root.a)"),
        ({"cond": lambda machine: machine.n > 1}, "n > 1"),
        ({"validators": "p", "cond": "q"}, "p and q"),
    ],
)
def test_guards_are_called_what_the_class_calls_them(options: dict[str, Any], name: str) -> None:
    """Pictures show an expression with its operators, and the text of a lambda."""
    (transition,) = from_class(machine_of(**options))["root.a"].transitions
    assert transition.guard is not None
    assert transition.guard.name == name


def test_open_names_are_left_for_bind() -> None:
    """With ``host=False`` guards and actions are names, to be bound to functions of one moment."""

    class Open(StateChart[Any]):
        a = State(initial=True)
        b = State(final=True)
        go = a.to(b, cond="ready and n > 1", on="note")

        def on_enter_b(self) -> None:
            """Be found by its name."""

    chart = from_class(Open, host=False)
    assert chart.unbound_guards == ("ready", "n > 1")
    assert chart.unbound_actions == ("note", "on_enter_b")
    with pytest.raises(StepError, match="SC214"):
        Kernel(chart).start()
    bound = chart.bind(guards={"ready": lambda m: m.event.data["ok"], "n > 1": lambda m: True})
    machine = Machine(bound)
    assert not machine.send(NamedEvent("go", {"ok": False})).handled
    step = machine.send(NamedEvent("go", {"ok": True}))
    assert [str(effect) for effect in step.effects] == [
        "Action(name='note', data={})",
        "Action(name='on_enter_b', data={})",
    ]


class Sorts(Telling):
    """Has guards of every sort."""

    a = State(initial=True)
    b = State()

    @property
    def prop(self) -> bool:
        """Be asked by name."""
        return self.value_of("prop")

    def method(self, **_: Any) -> bool:
        """Be asked by name."""
        return self.value_of("method")

    def value_of(self, name: str) -> bool:
        """Answer, and tell."""
        self.tell(name)
        return name in getattr(self, "yes", ())

    plain = False
    by_property = a.to(b, cond="prop")
    by_property_object = a.to(b, cond=prop)
    by_method = a.to(b, cond=method)
    by_attribute = a.to(b, cond="plain")
    by_decorator = a.to(b)
    by_lambda = a.to(b, cond=lambda machine, ok=False: machine.plain or ok)

    @by_decorator.cond  # type: ignore[untyped-decorator]
    def decorated(self) -> bool:
        """Be asked as decorated."""
        return self.value_of("decorated")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("by_property", {"yes": ["prop"]}),
        ("by_property_object", {"yes": ["prop"]}),
        ("by_method", {"yes": ["method"]}),
        ("by_attribute", {"plain": True}),
        ("by_decorator", {"yes": ["decorated"]}),
        ("by_lambda", {"plain": True}),
    ],
)
def test_guards_of_every_sort_are_asked_as_there(event: str, changes: dict[str, Any]) -> None:
    """Properties, methods, attributes, decorated functions and lambdas: refused, then taken."""
    theirs, host = Sorts(), _with(Sorts, {})
    machine = attach(Machine(from_class(Sorts, host=host)))
    for _ in range(2):
        theirs.send(event)
        machine.send(NamedEvent(event))
        assert host.told == theirs.told
        assert set(machine.configuration) == set(theirs.configuration_values)
        vars(theirs).update(changes)
        vars(host).update(changes)
    assert machine.configuration == ("b",)


def test_validators_raise_what_they_raise() -> None:
    """A validator refuses by raising: its exception is the cause, and nothing has changed."""

    class Checked(StateChart[Any]):
        a = State(initial=True)
        b = State(final=True)
        go = a.to(b, validators="check", cond="asked")

        def check(self, n: int = 0) -> None:
            """Refuse nothing."""
            if n <= 0:
                raise ValueError("n must be positive")

        asked = True

    theirs = Checked()
    with pytest.raises(ValueError, match="n must be positive"):
        theirs.send("go", n=0)
    machine = attach(Machine(from_class(Checked)))
    with pytest.raises(CallbackError, match="ValueError: n must be positive") as caught:
        machine.send(NamedEvent("go", {"n": 0}))
    assert isinstance(caught.value.__cause__, ValueError)
    assert machine.configuration == ("a",)
    assert machine.send(NamedEvent("go", {"n": 1})).handled


def test_conditions_are_values() -> None:
    """A condition is made of guards that writers can say again."""

    def leaf(text: str) -> Any:
        return Hook(Named(text))

    found = condition("a ^ In('s') ^ not False", leaf, leaf, lambda name: f"x.{name}").function
    assert isinstance(found, AllOf)
    a, inside, negated = (hook.function for hook in found.guards)
    assert (a, inside) == (Named("a"), In("x.s"))
    assert isinstance(negated, Not)
    assert negated.guard.function == Holds(value=False)


@pytest.mark.parametrize(
    "text", ["", "a b", "a.b", "f(x)", "a +", "In(a)", "In()", "(" * 400 + "a" + ")" * 400, "x + y"]
)
def test_texts_that_are_no_condition_are_refused(text: str) -> None:
    """An expression without a truth value is reported, not evaluated."""

    def leaf(text: str) -> Any:
        return Hook(Named(text))

    with pytest.raises(ConditionError):
        condition(text, leaf, leaf, str)


@pytest.mark.parametrize("text", ["not " * 20_000 + "a", "a and " * 20_000 + "a", "(" * 50_000])
def test_hostile_conditions_are_refused(text: str) -> None:
    """A text that is too long or too deep is refused before it is read."""
    with pytest.raises(ConditionError, match="too long"):
        condition(text, Exception, Exception, str)  # type: ignore[arg-type]
    with pytest.raises(ConditionError):
        condition("not " * 2_000 + "a", Exception, Exception, str)  # type: ignore[arg-type]


def test_faults_of_guards_are_told_at_once() -> None:
    """Unknown names and states, and texts that are not conditions: all of it, with suggestions."""

    class Faulty(StateChart[Any]):
        a = State(initial=True)
        b = State(final=True)
        one = a.to(b, cond="raedy")
        two = a.to(b, cond="In('c')")
        three = a.to(b, cond="f(x)")
        four = a.to(b, on="nothing_like_it")

        def ready(self) -> bool:
            """Be meant."""
            return True

    with pytest.raises(DefinitionError) as caught:
        from_class(Faulty)
    texts = [f"[{fault.code}] {fault.found}. {fault.remedy}" for fault in caught.value.faults]
    assert texts == [
        (
            "[SC612] 'f(x)' is not a condition: 'f(x)' is neither true nor false. "
            "Write names with not, and, or, and comparisons between them"
        ),
        ("[SC613] neither the host nor a listener has 'raedy'. Did you mean 'ready'?"),
        "[SC613] In() asks for 'c', and there is no such state. Name a state by its id",
        (
            "[SC613] neither the host nor a listener has 'nothing_like_it'. "
            "Define it, pass a host or listeners that have it, or host=False"
        ),
    ]
    assert all(" Faulty.a" in fault.where for fault in caught.value.faults)
