"""Swarm: the values of ``${NAME}``."""

from __future__ import annotations

from typing import Any

import pytest

from statecharts import DefinitionError
from statecharts.interop import swarm
from statecharts.model.chart import Chart

TEXT = """\
[agents.a]
model = "{model}"
[[workflows]]
name = "flow"
description = '{description}'
[workflows.metadata]
initial_state = "A"
[workflows.states.A]
terminal = true
"""


def chart_of(
    variables: dict[str, str], model: str = "m", description: str = "d", **options: Any
) -> Chart:
    text = TEXT.format(model=model, description=description)
    return swarm.loads(text, variables, **options)["flow"]


@pytest.mark.parametrize(
    "value",
    [
        '"\n[agents.b]\nmodel = "x',
        "a\nb",
        "'''",
        '"""',
        "\\u0041",
        "${X}",
        "$${X}",
        "{",
        "",
        "é\x00",
    ],
)
def test_values_never_change_what_a_file_means(value: str) -> None:
    """Whatever a value holds, it is the text of that one place, and is not looked into."""
    chart = chart_of({"X": value}, model="<${X}>", description="${X}${X}")
    assert chart.root.meta["agents"] == {"a": {"model": f"<{value}>"}}
    assert chart.doc == value * 2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("$${X}", "${X}"),
        ("$$${X}", "$${X}"),
        ("$$X $X {X} $", "$$X $X {X} $"),
        ("${X", "${X"),
        ("${X}}", "x}"),
        ("${ X }", "spaced"),
        ("\\u0024{X}", "x"),
    ],
)
def test_variables_are_told_from_other_text(written: str, read: str) -> None:
    """A name in braces after a dollar is a variable; two dollars before a brace mean one."""
    chart = chart_of({"X": "x", " X ": "spaced"}, model=written)
    assert chart.root.meta["agents"]["a"]["model"] == read


def test_variables_without_a_value_are_all_named() -> None:
    """Each is told once, where it is first used, with the nearest name that was passed."""
    with pytest.raises(DefinitionError) as caught:
        chart_of({"MODELS": "x"}, model="${MODEL}", description="${NONE} ${MODEL}")
    assert [str(fault) for fault in caught.value.faults] == [
        "[SC618] <text>:2 ${MODEL}: the variable 'MODEL' has no value. Did you mean 'MODELS'?",
        ("[SC618] <text>:5 ${NONE}: the variable 'NONE' has no value. Pass variables={'NONE': …}."),
    ]


def test_variables_without_a_value_are_the_only_fault_of_their_place() -> None:
    """A name that is not filled in is not told again as one that nobody declares."""
    text = TEXT.replace("terminal = true", "handlers = [{{event = 'go', target = '${{NEXT}}'}}]")
    for variables in ({}, {"OTHER": "x"}):
        with pytest.raises(DefinitionError) as caught:
            swarm.loads(text.format(model="m", description="d"), variables)
        (fault,) = caught.value.faults
        assert (fault.code, fault.location) == ("SC618", "<text>:9")
        assert fault.found == "the variable 'NEXT' has no value"
        assert fault.remedy == "Pass variables={'NEXT': …}"


def test_without_values_variables_stay_as_they_are() -> None:
    """A file can be checked, shown and drawn by those who have no values for it."""
    chart = chart_of({}, model="${MODEL}", description="the flow of ${TEAM}, for $${X}")
    assert chart.root.meta["agents"] == {"a": {"model": "${MODEL}"}}
    assert chart.doc == "the flow of ${TEAM}, for $${X}"
    assert chart.warnings == ()


def test_values_that_are_no_text_are_refused() -> None:
    """A number is not silently made a text."""
    with pytest.raises(
        DefinitionError, match=r"\[SC618\] .*the value of the variable 'X' is 7. Pass a string"
    ):
        chart_of({"X": 7}, model="${X}")  # type: ignore[dict-item]


def test_the_environment_is_asked_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot read the environment unless the caller says so; passed values come first."""
    monkeypatch.setenv("SWARM_MODEL", "from outside")
    chart = chart_of({}, model="${SWARM_MODEL}")
    assert chart.root.meta["agents"]["a"]["model"] == "${SWARM_MODEL}"
    with pytest.raises(DefinitionError, match="SC618"):
        chart_of({"OTHER": "x"}, model="${SWARM_MODEL}")
    chart = chart_of({}, model="${SWARM_MODEL}", environment=True)
    assert chart.root.meta["agents"]["a"]["model"] == "from outside"
    chart = chart_of({"SWARM_MODEL": "passed"}, model="${SWARM_MODEL}", environment=True)
    assert chart.root.meta["agents"]["a"]["model"] == "passed"


def test_variables_stand_in_every_text_and_in_no_key() -> None:
    """Names of states and targets may come from variables; the keys of tables stay as they are."""
    text = """\
[[workflows]]
name = "${NAME}"
[workflows.metadata]
initial_state = "${FIRST}"
[workflows.states."${FIRST}"]
handlers = [{ event = "${EVENT}", target = "B" }]
[workflows.states.B]
handlers = [{ event = "go", target = "${FIRST}" }]
"""
    with pytest.raises(DefinitionError) as caught:
        swarm.loads(text, {"NAME": "flow", "FIRST": "A", "EVENT": "go"})
    assert [fault.found for fault in caught.value.faults] == [
        "its initial state is 'A', and there is no such state",
        "there is no state 'A'",
    ]
    first = {"FIRST": "${FIRST}"}
    chart = swarm.loads(text, {"NAME": "flow", "EVENT": "go", **first})["flow"]
    assert [node.id for node in chart] == ["${FIRST}", "B"]
