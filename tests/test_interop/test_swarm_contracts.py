"""Swarm: the types that contracts tell in texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts.interop import swarm
from statecharts.interop.swarm.contracts import SIMPLE, parse


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        *((name, {"type": name}) for name in SIMPLE),
        (" string ", {"type": "string"}),
        ("array<string>", {"type": "array", "items": {"type": "string"}}),
        (
            "array< array<integer> >",
            {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        ),
        ("enum:['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
        ("enum: [ 'it, [is]', \"it's\", ]", {"type": "string", "enum": ["it, [is]", "it's"]}),
        ("optional:string", {"type": "string", "optional": True}),
        ("optional:enum:['a']", {"type": "string", "enum": ["a"], "optional": True}),
        (
            "array<optional:object>",
            {"type": "array", "items": {"type": "object", "optional": True}},
        ),
    ],
)
def test_types_are_understood(text: str, parsed: dict[str, Any]) -> None:
    """What the format can say of a field becomes data as JSON Schema has it."""
    assert parse(text) == (parsed, None)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("strnig", "strnig"),
        ("", ""),
        ("array", None),
        ("array<>", ""),
        ("array<strnig>", "strnig"),
        ("array<string", "array<string"),
        ("optional:", ""),
        ("optional:array<x>", "x"),
        ("enum:", "enum:"),
        ("enum:[a]", "enum:[a]"),
        ("enum:['a' 'b']", "enum:['a' 'b']"),
        ("enum:['a'", "enum:['a'"),
        ("String", "String"),
    ],
)
def test_types_that_are_none_are_named(text: str, strange: str | None) -> None:
    """The part of a text that says no type is what is told."""
    assert parse(text)[1] == strange


@given(st.text(alphabet="aeilmnopruty:<>['a', ]", max_size=40))
def test_any_text_can_be_asked_for_its_type(text: str) -> None:
    """Nothing that a field holds makes the reader stumble."""
    parsed, strange = parse(text)
    assert parsed["type"] in SIMPLE
    assert strange is None or strange in text


def test_types_too_deep_are_none() -> None:
    """A type nobody could read is told, whatever its depth."""
    text = "array<" * 17 + "string" + ">" * 17
    assert parse(text)[1] == "array<string>"
    assert parse("optional:" * 1_000_000 + "string")[1] is not None


def test_contracts_are_kept_with_the_chart() -> None:
    """Contracts stand in the meta of the chart, whatever else they say as well."""
    chart = swarm.loads(
        """\
[workflow.flow]
initial_state = "A"
[workflow.flow.states.A]
[workflow.flow.contracts.made]
name = "Made"
since = 2
[workflow.flow.contracts.made.input]
who = { name = "string", at = { street = "optional:string" } }
[workflow.flow.contracts.empty]
"""
    )["flow"]
    assert chart.root.meta["contracts"] == {
        "made": {
            "name": "Made",
            "since": 2,
            "input": {
                "who": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "at": {
                            "type": "object",
                            "properties": {"street": {"type": "string", "optional": True}},
                        },
                    },
                }
            },
        },
        "empty": {},
    }
    assert [str(warning) for warning in chart.warnings] == [
        (
            "[SC651] <text>:6 contract 'made': the format has no key 'since'; it is kept as "
            "documentation. It has name, description, input, output."
        )
    ]
