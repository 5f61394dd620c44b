"""Mistakes that are easily made: each is told at the definition, with what to write instead."""

from __future__ import annotations

import dataclasses
import functools
import re
import types
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar

import pytest
from attrs import define, field, frozen

from statecharts import (
    Compound,
    DefinitionError,
    History,
    Machine,
    Parallel,
    State,
    Statechart,
    StatechartError,
)
from statecharts.model.errors import KeywordError

T = TypeVar("T")


@frozen
class Go:
    n: int = 0


@frozen
class Stop:
    n: int = 0


@frozen
class Box(Generic[T]):
    inside: T


@frozen
class IntBox(Box[int]):
    pass


@frozen
class Carry:
    inside: str


async def later(m: Any) -> bool:
    return m is not None


async def many(m: Any) -> AsyncIterator[Any]:
    yield m


class Waiting:
    async def __call__(self, m: Any) -> bool:
        return m is not None

    async def method(self, m: Any) -> bool:
        return m is not None


class Answering:
    def __call__(self, m: Any) -> bool:
        return m is not None

    def method(self, m: Any, more: int = 0) -> bool:
        return more == 0 and m is not None


WAITS: dict[str, Any] = {
    "function": later,
    "partial": functools.partial(later),
    "partial of a partial": functools.partial(functools.partial(later)),
    "generator": many,
    "callable": Waiting(),
    "method": Waiting().method,
    "partial of a callable": functools.partial(Waiting()),
}

OTHERS: dict[str, tuple[Any, str]] = {
    "none": (lambda: True, "takes no argument"),
    "two": (lambda m, e: True, "takes 2 arguments"),
    "keyword": (lambda *, m: True, "takes an argument by name alone"),
    "text": ("is_open", "'is_open', not a function"),
    "number": (3, "3, not a function"),
    "class": (Carry, "the class Carry, not a function"),
}

HONEST: dict[str, Callable[..., Any]] = {
    "default": lambda m, more=1: True,
    "several": lambda *m: True,
    "any": lambda *m, **more: True,
    "partial": functools.partial(lambda more, m: True, 3),
    "callable": Answering(),
    "method": Answering().method,
}


def told(body: Callable[[dict[str, Any]], object], base: Any = Statechart) -> list[str]:
    """Return the structural faults of a chart with a sound state ``a``."""

    def whole(namespace: dict[str, Any]) -> None:
        namespace["a"] = State(initial=True, resting=True)
        body(namespace)

    with pytest.raises(DefinitionError) as refused:
        types.new_class("Door", (base,), {"allow": "*"}, whole)
    return [str(fault) for fault in refused.value.faults if fault.structural]


@pytest.mark.parametrize("role", ["when", "make", "update", "emit", "entry", "exit", "delay"])
@pytest.mark.parametrize("function", WAITS.values(), ids=WAITS)
def test_coroutine_function_is_a_fault_in_every_role(function: Any, role: str) -> None:
    """A chart waits for nothing: what has to be awaited is refused, however it is wrapped."""

    def body(names: dict[str, Any]) -> None:
        hooks = {role: function} if role in ("entry", "exit") else {}
        names["b"] = b = State(Go, resting=True, **hooks)
        if role == "delay":
            names["a"].after(function, b)
        else:
            names["a"].to(b, on=Go, **({} if hooks else {role: function}))

    (fault,) = [one for one in told(body, Statechart[Go, Go]) if "SC114" in one]
    assert "coroutine function" in fault


@pytest.mark.parametrize("role", ["when", "emit", "entry", "exit"])
@pytest.mark.parametrize(("function", "said"), OTHERS.values(), ids=OTHERS)
def test_function_of_other_arguments_is_a_fault(function: Any, said: str, role: str) -> None:
    """A callback takes one moment, and nothing else that has to be given."""

    def body(names: dict[str, Any]) -> None:
        hooks = {role: function} if role in ("entry", "exit") else {}
        names["b"] = State(resting=True, **hooks)
        names["a"].to(names["b"], on=Go, **({} if hooks else {role: function}))

    (fault,) = told(body)
    assert "SC114" in fault
    assert said in fault


@pytest.mark.parametrize("function", HONEST.values(), ids=HONEST)
def test_function_that_accepts_one_argument_is_a_guard(function: Any) -> None:
    """Defaults, ``*args`` and partials are fine, as long as one moment is enough."""

    class Door(Statechart):
        shut = State(initial=True)
        open = State(final=True)
        shut.to(open, on=Go, when=function)

    assert Machine(Door).send(Go()).handled


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("guard", "when"),
        ("cond", "when"),
        ("wehn", "when"),
        ("action", "emit"),
        ("mkae", "make"),
        ("updates", "update"),
    ],
)
def test_misspelt_keyword_is_told_with_the_right_one(written: str, meant: str) -> None:
    """Keywords of other libraries, and slips of the pen, are answered with ours."""

    def write(line: Callable[..., Any]) -> None:
        with pytest.raises(KeywordError, match=rf"SC120.*no keyword '{written}'.*mean '{meant}'"):
            line(**{written: lambda m: True})

    class Door(Statechart):
        a = State(initial=True, resting=True)
        write(functools.partial(a.to, a, on=Go))
        write(functools.partial(a.stay, on=Go))
        write(functools.partial(a.always, a))
        write(functools.partial(a.after, timedelta(1), a))
        write(functools.partial(Statechart.to, a, on=Go))

    assert not Door.chart.transitions


def test_misspelt_class_keyword_is_told_with_the_right_one() -> None:
    """So are those of classes."""
    with pytest.raises(KeywordError, match=r"no keyword 'alow'. Did you mean 'allow'"):
        types.new_class("Door", (Statechart,), {"alow": "*"})
    with pytest.raises(KeywordError, match=r"no keyword 'inital'. Did you mean 'initial'"):
        types.new_class("work", (Compound,), {"inital": True})
    with pytest.raises(KeywordError, match=r"Write class Door\(Statechart\[Go \| Stop\]\)"):
        types.new_class("Door", (Statechart,), {"events": Go | Stop})


@pytest.mark.parametrize(
    ("verb", "keyword", "found", "remedy"),
    [
        ("to", "event", "to() has no keyword 'event'", "Did you mean 'on'?"),
        ("to", "internl", "to() has no keyword 'internl'", "Did you mean 'internal'?"),
        ("to", None, "to() has no event", "Pass on=; always() needs no event."),
        (
            "to",
            "zzz",
            "to() has no keyword 'zzz'",
            "It takes on, internal, when, make, update, emit.",
        ),
        ("stay", "events", "stay() has no keyword 'events'", "Did you mean 'on'?"),
        (
            "stay",
            "zzz",
            "stay() has no keyword 'zzz'",
            "It takes on, when, make, update, emit.",
        ),
        (
            "after",
            "zzz",
            "after() has no keyword 'zzz'",
            "It takes internal, when, make, update, emit.",
        ),
    ],
)
def test_keywords_of_a_verb_are_all_known(
    verb: str, keyword: str | None, found: str, remedy: str
) -> None:
    """The event and ``internal`` are among what is suggested, and what is listed."""
    a: Any = State(initial=True)
    given: dict[str, Any] = {} if keyword is None else {keyword: Go}
    target = {"to": (a,), "stay": (), "after": (timedelta(1), a)}[verb]
    with pytest.raises(KeywordError) as caught:
        getattr(a, verb)(*target, **given)
    assert str(caught.value).partition(": ")[2] == f"{found}. {remedy}"


def test_keyword_of_a_superstate_may_be_invoke() -> None:
    """A superstate makes calls as well, so that the keyword is suggested and listed."""
    with pytest.raises(KeywordError, match="Did you mean 'invoke'"):
        types.new_class("work", (Compound,), {"invokes": None})
    with pytest.raises(KeywordError, match=r"Use one of .*exit, invoke, name"):
        types.new_class("work", (Parallel,), {"zzz": None})


NAMED = "Name the code of a quality fault, or several as a tuple"


@pytest.mark.parametrize("allow", [3, (3,), {"SC121": 1}, b"SC121"])
def test_allow_that_holds_no_codes_is_told(allow: Any) -> None:
    """What is allowed is a code, or several."""
    for states in (True, False):
        with pytest.raises(DefinitionError) as refused:

            class Door(Statechart, allow=allow):
                if states:
                    a = State(initial=True, resting=True)

        assert [str(fault) for fault in refused.value.faults] == [
            f"[SC119] Door: allow= is {allow!r}, which is not a code. {NAMED}."
        ]


@pytest.mark.parametrize(
    ("kind", "keyword", "remedy"),
    [
        (State, "inital", "Did you mean 'initial'?"),
        (State, "on_entry", "Did you mean 'entry'?"),
        (State, "leave", "Did you mean 'exit'?"),
        (History, "defalt", "Did you mean 'default'?"),
        (History, "zzz", "Use one of default, deep, initial, doc, name."),
    ],
)
def test_misspelt_keyword_of_a_state_is_told_with_the_right_one(
    kind: Any, keyword: str, remedy: str
) -> None:
    """So are those of states, and the words of other libraries."""
    with pytest.raises(KeywordError) as caught:
        kind(**{keyword: None})
    found = f"{kind.__name__}() has no keyword {keyword!r}. {remedy}"
    assert str(caught.value).partition(": ")[2] == found
    assert f"{__file__}:" in str(caught.value)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda a: a.to(a, Go), "to() takes its event as on=. Write on=Go."),
        (lambda a: a.stay("go"), "stay() takes its event as on=. Write on=Event."),
        (lambda a: a.to(a), "to() has no event. Pass on=; always() needs no event."),
        (lambda a: a.stay(), "stay() has no event. Pass on=; always() needs no event."),
    ],
)
def test_event_without_its_keyword_is_told(write: Callable[[Any], object], told: str) -> None:
    """An event in the second place, or none at all, is told with what to write."""
    with pytest.raises(KeywordError) as caught:
        write(State())
    assert str(caught.value).partition(": ")[2] == told


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (State, "goes to State, which is not a state. Call it: State()."),
        (History, "goes to History, which is not a state. Call it: History()."),
        (
            Compound,
            "goes to Compound, which is not a state. Derive a class from it: class work(Compound).",
        ),
        (
            Parallel(),
            (
                "goes to Parallel(), which is not a state. "
                "Derive a class from it: class work(Parallel)."
            ),
        ),
        ([], "goes to [], which is not a state. Pass several as a tuple: (one, other)."),
    ],
)
def test_target_that_is_no_state_is_told_with_what_to_write(target: Any, expected: str) -> None:
    """A kind of states, or a list of them, is easily written for a state."""

    def body(names: dict[str, Any]) -> None:
        names["a"].to(target, on=Go)

    assert expected in told(body)[0]


def test_name_of_a_class_as_text_is_told() -> None:
    """An event's name on the wire is in snake case; the class itself is better."""
    expected = "on='Stop' is the name of a class, not of an event. Did you mean 'stop'?"

    def body(names: dict[str, Any]) -> None:
        names["a"].stay(on=Stop)
        names["a"].stay(on="Stop")

    assert [fault[-len(expected) :] for fault in told(body)] == [expected]
    assert "Did you mean 'stop'?" in told(body, Statechart[Stop])[0]


def test_list_of_events_is_told() -> None:
    """Several events are a tuple or a union."""
    (fault,) = told(lambda names: names["a"].stay(on=[Go, Stop]))
    assert "Pass several as a tuple, or as a union" in fault


@pytest.mark.parametrize("delay", [5, 1.5, "5s", None, timedelta(0), timedelta(-1)])
def test_what_is_not_a_delay_is_told(delay: Any) -> None:
    """A delay is a positive timedelta, or a function."""
    (fault,) = told(lambda names: names["a"].after(delay, names["a"]))
    assert "SC111" in fault


def test_one_make_for_several_data_is_told() -> None:
    """A function gives the data of one state."""

    def body(names: dict[str, Any]) -> None:
        class both(Parallel):
            left = State(Go, resting=True)
            right = State(Stop, resting=True)

        names["both"] = both
        names["a"].to((both.left, both.right), on=Go, make=lambda m: Go(1))

    (fault,) = told(body)
    assert "SC105" in fault
    assert "both.left" in fault
    assert "both.right" in fault


def test_class_that_is_not_of_attrs_is_told_wherever_it_is() -> None:
    """A data class of the standard library is refused as data, not met later."""

    @dataclasses.dataclass(frozen=True)
    class Old:
        n: int = 0

    def body(names: dict[str, Any]) -> None:
        names["b"] = b = State(loose(Old))
        names["c"] = State(Stop, resting=True)
        names["a"].to(b, on=Go)
        b.to(names["c"], on=Go)

    (fault,) = told(body)
    assert "the data of 'b' is Old, which is not an attrs class" in fault


def loose(value: Any) -> Any:
    """Pass something where type checkers would refuse it."""
    return value


def test_generic_class_with_arguments_is_told_truly() -> None:
    """A run cannot tell Box[int] from Box[str]; a class of one's own can be told."""

    def body(names: dict[str, Any]) -> None:
        names["b"] = b = State(Box[int], resting=True)
        names["a"].to(b, on=Box[int])

    faults = told(body)
    assert [fault[:7] for fault in faults] == ["[SC114]"] * 2
    assert "Box[int], and a run cannot tell it from any other Box" in faults[0]
    assert "class OwnBox(Box[int])" in faults[0]


def test_generic_class_is_data_and_event_by_itself_or_derived() -> None:
    """A generic class is a class as it is; the fields of one that derives from it are known."""

    class Plain(Statechart):
        a = State(initial=True)
        b = State(Box, final=True)
        a.to(b, on=Box)

    assert Machine(Plain).send(Box(3)).snapshot[Plain.b] == Box(3)
    with pytest.raises(DefinitionError, match=r"SC117.*whose 'inside' is str; IntBox supplies int"):

        class Wrong(Statechart[IntBox]):
            a = State(initial=True)
            b = State(Carry, final=True)
            a.to(b, on=IntBox)


def test_line_on_the_class_of_states_is_told() -> None:
    """State is called; Compound is derived from."""
    kinds: dict[Any, str] = {State: "Call it: State()", Compound: "Derive a class from it"}
    for kind, remedy in kinds.items():
        with pytest.raises(StatechartError, match=r"SC120.*not a state") as caught:
            kind.to(kind, on=Go)
        assert remedy in str(caught.value)


def test_converter_takes_what_it_takes() -> None:
    """SC117 does not judge a field with a converter, and may be allowed for others."""

    @frozen
    class Counted:
        inside: int = field(converter=int)

    @frozen
    class Told:
        inside: str

    class Door(Statechart[Told]):
        a = State(initial=True)
        b = State(Counted, final=True)
        a.to(b, on=Told)

    assert Machine(Door).send(Told("3")).snapshot[Door.b] == Counted(3)

    class Knowing(Statechart[IntBox], allow=("SC117",)):
        a = State(initial=True)
        b = State(Carry, final=True)
        a.to(b, on=IntBox)

    assert [fault.code for fault in Knowing.chart.warnings] == ["SC117"]


def test_mutable_data_may_be_allowed() -> None:
    """Data that can be changed is accepted knowingly; without fields there is nothing to change."""

    @define
    class Count:
        n: int = 0

    @define
    class Empty:
        pass

    class Door(Statechart, allow="SC130"):
        a = State(initial=True)
        b = State(Count, final=True)
        a.to(b, on=Empty)

    assert [fault.found for fault in Door.chart.warnings] == [
        "the data of 'b' is Count, whose instances can be changed"
    ]


@pytest.mark.parametrize("verb", ["to", "stay", "always", "after", "when_done", "ignore", "defer"])
def test_line_on_a_history_state_is_told(verb: str) -> None:
    """Nothing leaves a history state; the state around it is what a line is for."""
    found = rf"SC107.*{re.escape(__file__)}:.*{verb}\(\) is called on a history state"
    for history in (History, History("a"), History("a", deep=True)):
        with pytest.raises(StatechartError, match=found):
            getattr(history, verb)
        assert not hasattr(history, verb)
