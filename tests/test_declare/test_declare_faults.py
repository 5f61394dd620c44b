"""Faults that only a declaration has: lost names, reserved names, wrong classes."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Call,
    CallFailed,
    Compound,
    DefinitionError,
    History,
    Parallel,
    State,
    Statechart,
)


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


@frozen
class Cargo:
    weight: int = 0


class Plain:
    pass


def faults(
    body: Callable[[dict[str, Any]], object], base: Any = Statechart, **keywords: Any
) -> list[str]:
    """Return the faults of a chart with a sound state ``a`` and whatever else a body declares."""

    def whole(namespace: dict[str, Any]) -> None:
        namespace["a"] = State(initial=True, resting=True)
        body(namespace)

    with pytest.raises(DefinitionError) as refused:
        types.new_class("Door", (base,), {"allow": "*", **keywords}, whole)
    assert refused.value.chart == "Door"
    return [str(fault) for fault in refused.value.faults if fault.structural]


def test_second_name_of_a_state_declares_nothing() -> None:
    """A state has the name that it is bound to first; a loop variable is no further state."""

    class Door(Statechart):
        a = State(initial=True)
        b = State()
        also = b

        class work(Compound):
            c = inner = State(initial=True)

        play = work
        first = work.c
        for source in (a, b, work):
            source.to(b, on=Go)
        a.to(work, on=Halt)

    assert [state.id for state in Door.chart.states] == ["a", "b", "work", "work.c"]
    assert [len(Door.chart[name].transitions) for name in ("a", "b", "work")] == [2, 1, 1]
    assert Door.source is Door.work


def test_state_that_loses_its_name_is_told_with_its_line() -> None:
    """Binding a name anew, or not at all, loses a state; each is told where it was declared."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart, allow="*"):
            a = State(initial=True, resting=True)
            a = State(initial=True, resting=True)  # noqa: PIE794 - that is the mistake
            State()
            kept = (State(), History(a))

            class work(Compound):  # pyright: ignore[reportRedeclaration]
                b = State(initial=True, resting=True)

            class work(Parallel):  # type: ignore[no-redef] # noqa: F811 - that is the mistake
                class b(Compound):
                    c = State(initial=True, resting=True)
                    State()

    found = [fault for fault in refused.value.faults if fault.structural]
    first = int((found[0].location or "").rpartition(":")[2])
    for fault, line, body in zip(
        found,
        (first, first + 2, first + 3, first + 3, first + 5, first + 11),
        ("Door", "Door", "Door", "Door", "Door", "work.b"),
        strict=True,
    ):
        assert str(fault) == (
            f"[SC102] Door: a state declared in the body of {body}, at line {line}, has no name "
            "any more. Give each state a name of its own: a name that is used twice hides the "
            "first state, and a list or a dict gives no names."
        )
        assert fault.location == f"{__file__}:{line}"


VERBS = ("to", "stay", "always", "after", "when_done", "ignore", "defer")


@pytest.mark.parametrize("verb", VERBS)
def test_verb_cannot_name_a_state(verb: str) -> None:
    """A state that bore the name of a verb would hide it."""

    def body(names: dict[str, Any]) -> None:
        names[verb] = State(resting=True)
        names["work"] = types.new_class("work", (Compound,), {}, inner)

    def inner(names: dict[str, Any]) -> None:
        names[verb] = State(initial=True, resting=True)

    assert faults(body) == [
        (
            f"[SC113] Door: '{verb}' is a reserved name. Choose a name other than "
            f"{', '.join(VERBS)}, chart."
        ),
        (
            f"[SC113] Door: 'work.{verb}' is a reserved name. Choose a name other than "
            f"{', '.join(VERBS)}."
        ),
    ]


def test_chart_names_a_state_only_inside_a_superstate() -> None:
    """The chart itself has an attribute of that name; a superstate has none."""

    def body(names: dict[str, Any]) -> None:
        names["chart"] = State(resting=True)
        names["work"] = types.new_class("work", (Compound,), {}, inner)

    def inner(names: dict[str, Any]) -> None:
        names["chart"] = State(initial=True, resting=True)

    assert faults(body) == [
        (
            "[SC113] Door: 'chart' is a reserved name. Choose a name other than "
            f"{', '.join(VERBS)}, chart."
        )
    ]


def not_attrs(what: str, shown: str, remedy: str) -> str:
    return f"[SC114] Door: {what} is {shown}, which is not an attrs class. {remedy}."


MISTAKES: list[tuple[object, str, str]] = [
    (Plain, "Plain", "Declare Plain with @attrs.frozen"),
    (int, "int", "Pass an event class"),
    (Go(), "Go()", "Pass the class itself: Go"),
    (7, "7", "Pass an event class"),
]


@pytest.mark.parametrize(("given", "shown", "remedy"), MISTAKES)
def test_event_that_is_no_attrs_class_is_told(given: Any, shown: str, remedy: str) -> None:
    """`on=` takes attrs classes; an instance or any other class is a fault.

    A class that lacks its decorator is told once, wherever it is used.
    """

    def body(names: dict[str, Any]) -> None:
        names["a"].stay(on=given)
        names["a"].ignore(on=(Go, given))

    times = 1 if given is Plain else 2
    assert faults(body) == [not_attrs("a line on 'a': on", shown, remedy)] * times


@pytest.mark.parametrize(("given", "shown", "remedy"), MISTAKES[:4])
def test_events_that_are_no_attrs_classes_are_told(given: Any, shown: str, remedy: str) -> None:
    """Events are attrs classes."""
    told = faults(lambda names: None, Statechart[given])
    assert told == [not_attrs("an event", shown, remedy)]


@pytest.mark.parametrize(("given", "shown", "remedy"), MISTAKES)
def test_data_that_is_no_attrs_class_is_told(given: Any, shown: str, remedy: str) -> None:
    """What State() takes is an attrs class, not an instance of one."""

    def body(names: dict[str, Any]) -> None:
        names["b"] = State(given, resting=True)

    remedy = remedy.replace("an event class", "an attrs class")
    assert faults(body) == [not_attrs("the data of 'b'", shown, remedy)]


@pytest.mark.parametrize(
    ("given", "shown", "remedy"),
    [
        (Cargo(), "Cargo(weight=0)", "Pass the class itself: Cargo"),
        ([Cargo], "[Cargo]", "Pass an attrs class"),
        ({}, "{}", "Pass an attrs class"),
    ],
)
def test_data_that_is_none_is_told_where_lines_lead(given: Any, shown: str, remedy: str) -> None:
    """The checks of what lines supply go on."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart[Go]):
            a = State(given, initial=True)
            b = State(given, final=True)
            a.to(b, on=Go)

    assert [str(fault) for fault in refused.value.faults] == [
        not_attrs("the data of 'a'", shown, remedy),
        not_attrs("the data of 'b'", shown, remedy),
    ]


def test_brackets_take_attrs_classes() -> None:
    """The class in the brackets of a chart or a superstate is checked as well."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart[Any, Plain]):
            class work(Compound[int], initial=True):
                a = State(initial=True, resting=True)

    assert [str(fault) for fault in refused.value.faults] == [
        not_attrs("the data of 'work'", "int", "Pass an attrs class"),
        not_attrs("the context", "Plain", "Declare Plain with @attrs.frozen"),
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [(7, "7"), ("b", "'b'"), (Cargo(), "Cargo(weight=0)"), ([], "[]"), (True, "True")],
)
@pytest.mark.parametrize("hook", ["when", "make", "update", "emit"])
def test_hook_that_is_no_function_is_told(hook: str, given: object, shown: str) -> None:
    """Hooks are functions of one moment; a value is not taken for one."""

    def body(names: dict[str, Any]) -> None:
        names["a"].stay(on=Go, **{hook: given})

    assert faults(body)[:1] == [
        (
            f"[SC114] Door: a line on 'a': {hook} is {shown}, not a function. "
            "Pass a function of one moment: lambda m: …."
        )
    ]


@pytest.mark.parametrize("hook", ["entry", "exit"])
def test_hook_of_a_state_that_is_no_function_is_told(hook: str) -> None:
    """Entry and exit are functions too, on states and on superstates."""

    def body(names: dict[str, Any]) -> None:
        keywords: dict[str, Any] = {hook: 7}
        names["b"] = State(resting=True, **keywords)
        names["work"] = types.new_class("work", (Compound,), {hook: "x"}, inner)

    def inner(names: dict[str, Any]) -> None:
        names["c"] = State(initial=True, resting=True)

    remedy = "not a function. Pass a function of one moment: lambda m: …."
    assert faults(body) == [
        f"[SC114] Door: 'b': {hook} is 7, {remedy}",
        f"[SC114] Door: 'work': {hook} is 'x', {remedy}",
    ]


@pytest.mark.parametrize(
    ("target", "shown"), [(7, "7"), (Cargo, "Cargo"), (Statechart, "Statechart"), (None, "None")]
)
@pytest.mark.parametrize("verb", ["to", "always"])
def test_target_that_is_no_state_is_told(verb: str, target: object, shown: str) -> None:
    """A line leads to a state; data, a chart or nothing at all is told."""

    def body(names: dict[str, Any]) -> None:
        keywords = {"on": Go} if verb == "to" else {"when": lambda m: False}
        getattr(names["a"], verb)(target, **keywords)

    assert faults(body)[:1] == [
        (
            f"[SC114] Door: a line on 'a' goes to {shown}, which is not a state. "
            "Pass a State, a History, or a class derived from Compound or Parallel."
        )
    ]


def test_faults_of_a_declaration_come_with_those_of_its_chart() -> None:
    """What the body and what the chart has wrong is told at once, by code."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart):
            a = State()
            State()
            b = State(Plain)
            a.to(b, on=7)  # type: ignore[arg-type]

    codes = [fault.code for fault in refused.value.faults]
    assert codes == sorted(codes)
    assert {"SC102", "SC103", "SC114"} <= set(codes)


@pytest.mark.parametrize("nothing", [None, ()])
def test_line_that_names_no_event_is_told(nothing: Any) -> None:
    """A line with nothing for an event could never be taken."""

    def body(names: dict[str, Any]) -> None:
        names["a"].stay(on=nothing)

    assert len(faults(body)) == 1


@pytest.mark.parametrize("events", [Go | None, None])
def test_events_that_are_no_classes_at_all_are_told(events: Any) -> None:
    """Whatever is passed as the events, the answer is a fault and not a crash."""
    assert len(faults(lambda names: None, Statechart[events])) == 1


def test_events_of_one_wire_name_are_told_without_a_union_too() -> None:
    """Two classes of one name cannot be told apart on the wire, wherever they were named."""
    other: Any = frozen(type("Go", (), {}))

    def body(names: dict[str, Any]) -> None:
        names["a"].stay(on=Go)
        names["a"].stay(on=other)

    assert faults(body) == [
        "[SC116] Door: two events have the name 'go' on the wire. Rename one of the two classes."
    ]


@pytest.mark.parametrize("argument", ["Cargo", Cargo | Go, dict[str, int]])
def test_brackets_take_nothing_that_is_no_class(argument: Any) -> None:
    """A name, a union or a generic in the brackets is told, not passed over."""

    def body(names: dict[str, Any]) -> None:
        bases = (Compound[argument],)
        names["work"] = types.new_class("work", bases, {}, inner)

    def inner(names: dict[str, Any]) -> None:
        names["c"] = State(initial=True, resting=True)

    assert len(faults(body)) == 1


@frozen
class Work(Call[Go]):
    """A call."""


@pytest.mark.parametrize(
    ("given", "shown", "remedy"),
    [
        ([Work], "[Work]", "Pass several as a tuple: (One, Other)"),
        ({Work}, "{Work}", "Pass several as a tuple: (One, Other)"),
        (([Work],), "[Work]", "Pass several as a tuple: (One, Other)"),
        (Work(), "Work()", "Pass the class itself: Work"),
    ],
)
def test_calls_in_something_else_than_a_tuple_are_told(given: Any, shown: str, remedy: str) -> None:
    """Several calls are a tuple or a mapping of classes."""

    def body(names: dict[str, Any]) -> None:
        names["b"] = State(invoke=given)
        names["b"].to(names["a"], on=CallFailed)

    what = f"'b': invoke is {shown}, which is not an attrs class of calls"
    assert faults(body) == [f"[SC114] Door: {what}. {remedy}."]
    chart_wide = "[SC114] Door: the chart: invoke is"
    told = faults(lambda names: None, invoke=given)
    assert [one.startswith(chart_wide) for one in told] == [True]


@pytest.mark.parametrize("given", [[Go, Halt], {Go}, {Go: Halt}])
def test_brackets_that_hold_a_collection_are_told(given: Any) -> None:
    """Events are a union, not a list."""
    for brackets in (given, (Go, given)):
        with pytest.raises(DefinitionError, match=r"SC114.*its brackets hold a .* of Go") as told:

            class Door(Statechart[brackets], allow="*"):  # type: ignore[valid-type]
                a = State(initial=True)

        assert len(told.value.faults) == 1
    with pytest.raises(DefinitionError, match=r"SC114.*the data of 'work' is"):

        class Shop(Statechart, allow="*"):
            class work(Compound[given], initial=True):
                a = State(initial=True)


def test_targets_that_are_none_or_twice_the_same_are_told() -> None:
    """A line without a target is stay(), and a state is gone to once."""

    def body(names: dict[str, Any]) -> None:
        names["b"] = State()
        a, b = names["a"], names["b"]
        a.to((), on=Go)
        a.to((b, b), on=Go)

    where = "[SC114] Door: a line on 'a' goes to"
    assert faults(body) == [
        f"{where} (), which is not a state. Pass a state, or use stay(), which leads nowhere.",
        f"{where} 'b' twice. Name it once.",
    ]


def test_mistakes_of_the_chart_itself_call_it_the_chart() -> None:
    """A fault of the outermost level names it, and is not doubled."""
    with pytest.raises(DefinitionError) as refused:

        class Door(Statechart, allow="*", entry=3):  # type: ignore[arg-type]
            a = State(initial=True, resting=True)
            Statechart.after(7, a)  # type: ignore[call-overload]
            Statechart.to(7, on=Go)  # type: ignore[arg-type]
            Statechart.stay(on=Go, make=lambda m: None, when=lambda m: False)

    assert [fault.found for fault in refused.value.faults if fault.structural] == [
        "the chart on Go stays in the chart, which has no data, but make= is given",
        "a line on the chart: the delay is 7",
        "a line on the chart goes to 7, which is not a state",
        "the chart: entry is 3, not a function",
    ]


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("", "Name one"),
        ("  ", "Name one"),
        ("go | halt", "Pass several as a tuple: on=('go', 'halt')"),
        ("Go|Halt|Stop", "Pass several as a tuple: on=('Go', 'Halt', 'Stop')"),
    ],
)
def test_text_that_names_no_event_is_told(given: str, remedy: str) -> None:
    """An open chart takes any name, but neither none nor several in one text."""
    told = faults(lambda names: names["a"].stay(on=(Go, given)))
    where = "[SC114] Door: a line on 'a'"
    assert told == [f"{where}: on={given!r} is not the name of an event. {remedy}."]
