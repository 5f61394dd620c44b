"""Swarm: the types of the fields in contracts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts.interop import swarm
from statecharts.interop.swarm.content import SIMPLE, type_of


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
    """The type of a field becomes data as in JSON Schema."""
    assert type_of(text) == parsed


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("story id", {"type": "story id"}),
        (" String ", {"type": "String"}),
        ("", {"type": ""}),
        ("array<>", {"type": "array", "items": {"type": ""}}),
        ("array<int>", {"type": "array", "items": {"type": "int"}}),
        ("array<string", {"type": "array<string"}),
        ("optional:", {"type": "", "optional": True}),
        ("optional:array<x>", {"type": "array", "items": {"type": "x"}, "optional": True}),
        ("enum:", {"type": "enum:"}),
        ("enum:[a]", {"type": "enum:[a]"}),
        ("enum:['a' 'b']", {"type": "enum:['a' 'b']"}),
        ("enum:['a'", {"type": "enum:['a'"}),
        ("a ${KIND} of type", {"type": "a ${KIND} of type"}),
    ],
)
def test_types_are_free_text(text: str, parsed: dict[str, Any]) -> None:
    """An unknown type keeps its name, and does not refuse a file."""
    assert type_of(text) == parsed
    chart = swarm.loads(
        f"""\
[workflow.flow]
initial_state = "A"
[workflow.flow.states.A]
[workflow.flow.contracts.made]
input = {{ size = {json.dumps(text)} }}
"""
    )["flow"]
    assert chart.root.meta["contracts"]["made"]["input"] == {"size": parsed}
    assert chart.warnings == ()


@given(st.text(alphabet="aeilmnopruty:<>['a', ]", max_size=40))
def test_any_text_can_be_asked_for_its_type(text: str) -> None:
    """Nothing that a field holds makes the reader stumble."""
    parsed = type_of(text)
    while "items" in parsed:
        parsed = parsed["items"]
    assert parsed["type"] in text or (parsed["type"] == "string" and "enum" in parsed)


def test_types_too_deep_are_names() -> None:
    """A type that is nested too deep is kept as it is."""
    parsed = type_of("array<" * 17 + "string" + ">" * 17)
    for _ in range(16):
        parsed = parsed["items"]
    assert parsed == {"type": "array<string>"}
    rest = type_of("optional:" * 1_000_000 + "string")
    assert rest["type"].startswith("optional:")


def test_contracts_are_kept_with_the_chart() -> None:
    """Contracts are kept in the meta of the chart, with all their keys."""
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
