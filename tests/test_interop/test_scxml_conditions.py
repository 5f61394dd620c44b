"""SCXML: conditions, taken apart as far as that is certain, and never evaluated."""

from __future__ import annotations

import pytest

from statecharts import Chart
from statecharts.interop import scxml
from statecharts.interop.conditions import guard
from statecharts.model.hooks import Hook


def shown(text: str) -> str:
    """Return a guard with its parts told apart."""
    return _shown(guard(text, {"a": "a", "b": "b", "b.c": "b.c"})[0])


def _shown(hook: Hook) -> str:
    function = hook.function
    kind = type(function).__name__
    for parts in (getattr(function, "guards", None), getattr(function, "guard", None)):
        if isinstance(parts, tuple):
            return f"{kind}({', '.join(map(_shown, parts))})"
        if isinstance(parts, Hook):
            return f"{kind}({_shown(parts)})"
    return f"{kind}({getattr(function, 'name', getattr(function, 'state', hook.name))})"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("In('a')", "In(a)"),
        ('In( "b.c" )', "In(b.c)"),
        ("In(a)", "In(a)"),
        ("In(x)", "Named(In(x))"),
        ("true", "Holds(true)"),
        ("False", "Holds(false)"),
        ("not In('a')", "Not(In(a))"),
        ("!In('a')", "Not(In(a))"),
        ("!!ready", "Not(Not(Named(ready)))"),
        ("In('a') && In('b') || true", "AnyOf(AllOf(In(a), In(b)), Holds(true))"),
        ("In('a') and (In('b') or x)", "AllOf(In(a), AnyOf(In(b), Named(x)))"),
        ("((In('a')))", "In(a)"),
        ("x > 1 && In('a')", "AllOf(Named(x > 1), In(a))"),
        ("f(a && b, [1, {}]) || y", "AnyOf(Named(f(a && b, [1, {}])), Named(y))"),
        ("(x + 1) * 2 == y and z", "AllOf(Named((x + 1) * 2 == y), Named(z))"),
        ("x not in y and z", "AllOf(Named(x not in y), Named(z))"),
        ("x is not None or In('a')", "AnyOf(Named(x is not None), In(a))"),
        ("x == 'a && b' && y", "AllOf(Named(x == 'a && b'), Named(y))"),
        ("!(x > 1)", "Not(Named(x > 1))"),
        ("android and order", "AllOf(Named(android), Named(order))"),
        ("In('a') == true && b", "AllOf(Named(In('a') == true), Named(b))"),
        (" Var1==1 ", "Named(Var1==1)"),
    ],
)
def test_conditions_are_taken_apart(text: str, meaning: str) -> None:
    """Understood conditions become guards of their kind, the rest names."""
    assert shown(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "a ? b && c : d",  # binds weaker than &&
        "(a ? b && c : d) || e",
        "x = a || b",
        "f(x) => a && b",
        "a if b and c else d",
        "lambda: a and b",
        "!x == y",  # (!x) == y in ECMAScript, not (x == y) to the eye
        "not x == y",  # the same, in Lua
        "!x in y",
        "/a&&b/.test(x) && y",
        "`a && b`",
        "a /* && */ && b",
        "a && 'unended",
        "a && (b",
        "a) && (b",
        "a &&",
        "&& a",
        "a not b",
        "()",
        "(" * 10 + "a" + ")" * 9,
        "not " * 100 + "a",
        "(" * 100 + "a" + ")" * 100,
        "a and " * 3000 + "b",
    ],
)
def test_conditions_in_doubt_are_one_name(text: str) -> None:
    """If operators might bind differently, the whole text is one name."""
    assert shown(text) == f"Named({text.strip()})"


def test_conditions_of_transitions_are_guards() -> None:
    """Transitions and ``<if>`` read their conditions alike; states are told by their ids."""
    text = "In('inner') and ready"
    chart = _read(
        f'<state id="a"><onentry><if cond="{text}"><raise event="x"/></if></onentry>'
        f'<transition event="e" cond="{text}"/><state id="inner"/></state>'
    )
    line = chart["a"].transitions[0].guard
    assert line is not None
    assert line.name == "In(a.inner) and ready"
    assert chart.unbound_guards == ("ready",)


@pytest.mark.parametrize(
    ("cond", "guard", "told"),
    [
        (
            "In('inne')",
            "false",
            "In('inne') never holds: there is no such state. Did you mean 'inner'?",
        ),
        (
            "!In('nowhere') or x",
            "not false or x",
            "In('nowhere') never holds: there is no such state. Name a state by its id.",
        ),
        ("In('x') and a ? b", "In('x') and a ? b", ""),
        (" ", None, "the cond is empty, and always holds. Write a condition, or remove cond."),
    ],
)
def test_conditions_that_cannot_change_are_warned_of(
    cond: str, guard: str | None, told: str
) -> None:
    """A state that there is not is never active, and what says nothing always holds."""
    chart = _read(f'<state id="a"><transition event="e" cond="{cond}"/><state id="inner"/></state>')
    line = chart["a"].transitions[0]
    assert (line.guard.name if line.guard else None) == guard
    warnings = [fault for fault in chart.warnings if "data model" not in fault.found]
    assert [
        f"{one.found}. {one.remedy.rstrip('.?')}" for one in warnings if one.code == "SC651"
    ] == ([told.rstrip(".?")] if told else [])
    assert scxml.loads(scxml.dumps(chart)) == chart


def _read(inside: str) -> Chart:
    return scxml.loads(f"<scxml>{inside}</scxml>")
