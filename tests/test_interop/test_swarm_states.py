"""Swarm: what the tables of states mean."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statecharts import DefinitionError, Machine, NamedEvent
from statecharts.interop import swarm
from statecharts.model.chart import Chart, StateKind
from statecharts.model.effects import Action, CancelInvoke, Service
from statecharts.model.events import Answer, CallFailed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

HEAD = """
[agents.a]
model = "m"
[agents.b]
model = "m"
[[workflows]]
name = "flow"
[workflows.metadata]
initial_state = "{initial}"
"""


def chart_of(states: str, initial: str = "A") -> Chart:
    return swarm.loads(HEAD.format(initial=initial) + textwrap.dedent(states))["flow"]


def effects(chart: Chart, state: str, role: str) -> list[Any]:
    return [hook.function.effect for hook in getattr(chart[state], role)]


def calls(chart: Chart, state: str) -> dict[str, Any]:
    """Return the services that a state calls, by name."""
    return {one.name: one.make.function.effect for one in chart[state].invoke}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("initial", "entered"),
    [
        ("A", ("S", "S.A")),
        ("B", ("S", "S.B")),
        ("S", ("S", "S.A")),
        ("D", ("S", "S.T", "S.T.D")),
        ("T", ("S", "S.T", "S.T.C")),
        ("Out", ("Out",)),
    ],
)
def test_superstates_begin_where_the_workflow_does(initial: str, entered: tuple[str, ...]) -> None:
    """A superstate begins in the workflow's first state if that is inside it, else in its own."""
    chart = chart_of(
        """
        [workflows.states.A]
        parent = "S"
        [workflows.states.C]
        parent = "T"
        [workflows.states.S]
        handlers = [{ event = "out", target = "Out" }]
        [workflows.states.Out]
        handlers = [{ event = "in", target = "S" }]
        [workflows.states.T]
        parent = "S"
        [workflows.states.B]
        parent = "S"
        [workflows.states.D]
        parent = "T"
        """,
        initial,
    )
    assert Machine(chart).configuration == entered
    assert [node.id for node in chart] == ["S", "S.A", "S.T", "S.T.C", "S.T.D", "S.B", "Out"]
    assert all(
        set(node.initial) <= set(node.children) for node in (chart.root, *chart) if node.children
    )


def test_states_keep_their_names() -> None:
    """A name may hold anything, dots as well; handlers and parents use it unchanged."""
    chart = chart_of(
        """
        [workflows.states.A]
        handlers = [{ event = "go", target = "v1.0 \\u00e9" }]
        [workflows.states."v1.0 é"]
        [workflows.states.'in "it"']
        parent = "v1.0 é"
        terminal = true
        """
    )
    machine = Machine(chart)
    machine.send(NamedEvent("go"))
    assert machine.configuration == ("v1_0 é", 'v1_0 é.in "it"')
    assert [node.name for node in chart] == ["A", "v1.0 é", 'in "it"']


def test_terminal_states_may_lie_in_a_superstate() -> None:
    """The run goes on; the superstate is done, and what waits for that goes on with it."""
    chart = chart_of(
        """
        [workflows.states.S]
        handlers = [{ event = "done.state.S", target = "End" }]
        [workflows.states.A]
        parent = "S"
        handlers = [{ event = "go", target = "Half" }]
        [workflows.states.Half]
        parent = "S"
        terminal = true
        exit_actions = ["tidy"]
        [workflows.states.End]
        terminal = true
        """
    )
    assert chart["S.Half"].kind is StateKind.FINAL
    machine = Machine(chart)
    machine.send(NamedEvent("go"))
    assert machine.configuration == ("End",)
    assert chart.events[0].name == "go"


def test_timeouts_without_a_target_raise_an_event_where_it_is_handled() -> None:
    """The state itself, one around it or one inside it may handle ``timeout``; else it is told."""
    states = """
        [workflows.states.S]
        {outer}
        [workflows.states.A]
        parent = "S"
        timeout_seconds = 5
        handlers = [{{ event = "go", target = "A" }}]
        [workflows.states.Late]
        terminal = true
        """
    chart = chart_of(states.format(outer='handlers = [{event = "timeout", target = "Late"}]'))
    machine = Machine(chart, at=NOON)
    machine.advance(timedelta(seconds=4))
    machine.send(NamedEvent("go"))
    machine.advance(timedelta(seconds=4))
    assert "S.A" in machine.snapshot
    machine.advance(timedelta(seconds=1))
    assert "Late" in machine.snapshot
    chart = chart_of(states.format(outer='handlers = [{event = "time.out", target = "Late"}]'))
    assert [str(warning) for warning in chart.warnings] == [
        (
            "[SC651] <text>:15 state 'A' of 'flow': 'timeout_seconds' has no 'timeout_target', and "
            "nothing here handles 'timeout'. Write timeout_target = …, or a handler of 'timeout'."
        )
    ]
    assert chart["S.A"].meta == {"timeout_seconds": 5}


def test_targets_of_a_time_that_is_not_given_are_told() -> None:
    """A target without a time is kept and told; it has to be a state all the same."""
    text = "[workflows.states.A]\ntimeout_target = '{}'\nnext_on_success = 'A'"
    chart = chart_of(text.format("A"))
    assert [str(warning) for warning in chart.warnings] == [
        (
            "[SC651] <text>:11 state 'A' of 'flow': 'timeout_target' has no effect without "
            "'timeout_seconds'. Write timeout_seconds = …."
        )
    ]
    assert chart["A"].meta == {"timeout_target": "A"}
    with pytest.raises(DefinitionError, match=r"\[SC613\] .*there is no state 'B'"):
        chart_of(text.format("B"))


def test_times_of_the_run_that_nobody_waits_for_are_told() -> None:
    """A completion timeout is run where a state handles ``timeout``, else kept and told."""
    text = """
        completion_timeout_seconds = 60
        [workflows.states.A]
        handlers = [{ event = "go", target = "A" }]
        """
    chart = chart_of(text)
    assert [str(warning) for warning in chart.warnings] == [
        (
            "[SC651] <text>:11 workflow 'flow': 'completion_timeout_seconds' is kept as "
            "documentation: no state handles 'timeout'. "
            "Write a handler of 'timeout' where the time may run out."
        )
    ]
    assert chart.root.meta["settings"]["completion_timeout_seconds"] == 60
    assert chart.root.transitions == ()


def test_agents_in_turn_are_started_together_and_say_their_order() -> None:
    """A call cannot wait for another; its data says which comes before, and a warning does."""
    chart = chart_of(
        """
        [workflows.states.A]
        agents = ["a", "b"]
        handlers = [{ event = "go", target = "A" }]
        """
    )
    assert calls(chart, "A") == {
        "a": Service("a", {"model": "m"}),
        "b": Service("b", {"model": "m", "after": "a"}),
    }
    assert [str(warning) for warning in chart.warnings if warning.code == "SC651"] == [
        (
            "[SC651] <text>:12 state 'A' of 'flow': its 2 agents work one after the other; a chart "
            "starts them together, and the data of each says which one comes before. "
            "Give each a state of its own, or write parallel_execution = true."
        )
    ]


def test_agents_that_run_inside_themselves_have_ids_of_their_own() -> None:
    """Leaving the inner state stops its agent, and not the one of the same name around it."""
    chart = chart_of(
        """
        [workflows.states.S]
        agents = ["a"]
        [workflows.states.A]
        parent = "S"
        agents = ["a"]
        handlers = [{ event = "go", target = "B" }]
        [workflows.states.B]
        parent = "S"
        handlers = [{ event = "go", target = "A" }]
        """
    )
    step = Machine(chart).send(NamedEvent("go"))
    assert step.effects == (CancelInvoke("S.A.a#2"),)
    assert list(step.snapshot.calls) == ["S.a#1"]
    assert calls(chart, "S") == calls(chart, "S.A") == {"a": Service("a", {"model": "m"})}


def test_agents_answer_for_as_long_as_their_state_is_active() -> None:
    """A failure takes the way of a failure; a superstate takes the call back; late answers drop."""
    chart = chart_of(
        """
        [workflows.states.S]
        handlers = [{ event = "stop", target = "B" }]
        [workflows.states.A]
        parent = "S"
        agents = ["a"]
        next_on_success = "C"
        next_on_failure = "B"
        [workflows.states.B]
        terminal = true
        [workflows.states.C]
        terminal = true
        """
    )
    assert not [warning for warning in chart.warnings if warning.code == "SC137"]
    machine = Machine(chart)
    assert machine.snapshot.calls == {"S.A.a#1": Service("a", {"model": "m"})}
    assert machine.send(Answer("S.A.a#1", NamedEvent("success"))).snapshot.configuration == ("C",)
    assert Machine(chart).send(CallFailed("S.A.a#1")).snapshot.configuration == ("B",)
    stopped = Machine(chart, on_unhandled="raise")
    assert stopped.send(NamedEvent("stop")).effects == (CancelInvoke("S.A.a#1"),)
    assert not stopped.send(Answer("S.A.a#1", NamedEvent("success"))).handled


def test_what_ends_the_run_stops_no_agents() -> None:
    """The last state is never left: nobody waits for its agents, and they are actions."""
    chart = chart_of("[workflows.states.A]\nterminal = true\nagents = ['a']")
    assert effects(chart, "A", "entry") == [Action("a", {"model": "m"})]
    assert chart["A"].exit == ()
    assert [fault.code for fault in chart.warnings] == ["SC652"]


def test_states_that_nothing_reaches_are_told_once_with_their_line() -> None:
    """An unreachable state is a warning that names it, file and line."""
    chart = chart_of(
        """
        [workflows.states.A]
        handlers = [{ event = "go", target = "A" }]
        [workflows.states.Orphan]
        handlers = [{ event = "go", target = "A" }]
        """
    )
    assert [str(warning) for warning in chart.warnings] == [
        (
            "[SC121] <text>:13 flow: nothing reaches 'Orphan'. "
            "Add a line that goes to it, make it initial, or remove it."
        )
    ]
    assert chart.warnings[0].location == "<text>:13"


def test_unknown_keys_are_kept_and_told() -> None:
    """Unknown keys are documentation, in the meta of whatever has them."""
    chart = swarm.loads(
        """
        zoo = 1
        [metadata]
        licence = "MIT"
        [agents.a]
        model = "m"
        nickname = "Al"
        max_token = 3
        [[workflows]]
        name = "flow"
        owner = "us"
        [workflows.metadata]
        initial_state = "A"
        region = "north"
        [workflows.states.A]
        colour = "red"
        since = 2020-02-02
        agents = ["a"]
        handlers = [{ event = "go", target = "A", cost = inf }]
        """
    )["flow"]
    others = [warning for warning in chart.warnings if warning.code != "SC137"]
    told = [(warning.location, warning.found.split("'")[1]) for warning in others]
    assert sorted(told) == [
        ("<text>:11", "owner"),
        ("<text>:14", "region"),
        ("<text>:16", "colour"),
        ("<text>:17", "since"),
        ("<text>:19", "cost"),
        ("<text>:2", "zoo"),
        ("<text>:4", "licence"),
        ("<text>:7", "nickname"),
        ("<text>:8", "max_token"),
    ]
    assert {warning.code for warning in others} == {"SC651"}
    assert "Did you mean 'max_tokens'?" in {warning.remedy for warning in chart.warnings}
    meta = chart.root.meta
    assert meta["file"] == {"zoo": 1}
    assert meta["other"] == {"owner": "us"}
    assert meta["settings"]["region"] == "north"
    assert meta["metadata"]["licence"] == "MIT"
    assert meta["agents"]["a"]["nickname"] == "Al"
    assert chart["A"].meta == {
        "agents": ["a"],
        "colour": "red",
        "since": "2020-02-02",
        "handlers": [{"event": "go", "target": "A", "cost": "inf"}],
    }
    assert calls(chart, "A")["a"].data == {"model": "m"}
