"""Swarm: the sample files, run from end to end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from statecharts import Effect, Machine, NamedEvent, StartTimer, StatechartError
from statecharts.interop import swarm
from statecharts.model.chart import Chart
from statecharts.model.effects import CancelInvoke, Invoke, Service
from statecharts.model.named import effect_text

SAMPLES = Path(__file__).parent / "samples" / "swarm"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VARIABLES = {
    "VERSION": "1",
    "WHO": "us",
    "MODEL": "small",
    "HOST": "desk.example",
    "NEXT": "Expert",
    "NOTHING": "",
}


def done(effects: Iterable[Effect]) -> str:
    return ", ".join(map(told, (e for e in effects if not type(e).__name__.endswith("Timer"))))


def told(effect: Effect) -> str:
    """Return an effect as text, without what a call or an action is given."""
    match effect:
        case Invoke(_, Service(source)):
            return f"invoke {source}"
        case CancelInvoke(name):
            return f"stop {name.rpartition('.')[2].partition('#')[0]}"
        case _:
            return effect_text(effect).partition("(")[0]


def trace(chart: Chart, *events: str | timedelta) -> list[str]:
    """Return where each event leads and what it does; a time passes instead of an event."""
    machine = Machine(chart, at=NOON)
    assert machine.started is not None
    found = [f"{machine.configuration[-1]}: {done(machine.started.effects)}"]
    for event in events:
        if isinstance(event, str):
            effects: Iterable[Effect] = machine.send(NamedEvent(event)).effects
        else:
            effects = [effect for step in machine.advance(event) for effect in step.effects]
        found.append(f"{machine.configuration[-1]}: {done(effects)}")
    return found


def codes(chart: Chart) -> list[str]:
    """Return the codes of the warnings of a chart."""
    return [warning.code for warning in chart.warnings]


def test_an_approval_acts_on_the_way() -> None:
    """Actions are asked for in the order of the file; agents work while their state is active."""
    chart = swarm.load(SAMPLES / "expense_approval.toml")["expense_approval"]
    assert trace(chart, "nonsense", "approve", "refuse") == [
        "Submitted: open_case, invoke clerk",
        "Submitted: ",
        "Paid: close_case, stop clerk, pay, tell_claimant",
        "Paid: ",
    ]
    assert trace(chart, "refuse") == [
        "Submitted: open_case, invoke clerk",
        "Refused: close_case, stop clerk, tell_claimant",
    ]
    assert codes(chart) == ["SC137"]  # what is to be done when the clerk fails
    assert chart.doc == "From a receipt to a payment"
    assert chart["Paid"].doc == "The money is on its way"


def test_an_approval_lapses_when_the_time_of_the_run_is_over() -> None:
    """The completion timeout raises ``timeout``, no sooner and once only."""
    chart = swarm.load(SAMPLES / "expense_approval.toml")["expense_approval"]
    almost = timedelta(seconds=3599)
    assert trace(chart, almost, timedelta(seconds=1), timedelta(days=1))[1:] == [
        "Submitted: ",
        "Lapsed: close_case, stop clerk",
        "Lapsed: ",
    ]
    assert trace(chart, "approve", timedelta(days=1))[-1] == "Paid: "


def test_agents_are_invoked_with_all_that_the_file_says_of_them() -> None:
    """Model, limits and tags of the agent, and how often to try again, are the data of the call."""
    chart = swarm.load(SAMPLES / "expense_approval.toml")["expense_approval"]
    machine = Machine(chart, at=NOON)
    assert machine.started is not None
    (invoke,) = (e for e in machine.started.effects if isinstance(e, Invoke))
    data = {
        "model": "small-model",
        "max_tokens": 800,
        "temperature": 0.2,
        "tags": ["money", "reading"],
        "max_retries": 2,
        "retry_backoff_seconds": 15,
    }
    assert invoke == Invoke("Submitted.clerk#1", Service("clerk", data))


def test_a_review_asks_its_guards() -> None:
    """All guards of a handler must hold; the next handler of the event is asked when one does not.

    Nothing of what a guard means is evaluated: the names are bound by the caller.
    """
    chart = swarm.load(SAMPLES / "code_review.toml")["code_review"]
    assert chart.unbound_guards == ("enough_votes", "all_green", "small")
    with pytest.raises(StatechartError, match=r"\[SC214\].*'enough_votes', 'all_green', 'small'"):
        Machine(chart)
    asked: list[str] = []

    def bound(**answers: bool) -> Chart:
        def ask(name: str) -> bool:
            asked.append(name)
            return answers[name]

        return chart.bind(
            guards={name: lambda m, name=name: ask(name) for name in chart.unbound_guards}
        )

    merging = bound(enough_votes=True, all_green=True, small=False)
    assert trace(merging, "approve")[-1] == "Merging.Rebasing: stop reviewer, stop security"
    assert asked == ["enough_votes", "all_green"]
    asked.clear()
    staying = bound(enough_votes=False, all_green=True, small=False)
    assert trace(staying, "approve")[-1] == "Open.Reviewing: "
    assert asked == ["enough_votes", "small"]
    small = bound(enough_votes=True, all_green=False, small=True)
    assert trace(small, "approve")[-1] == "Merging.Rebasing: stop reviewer, stop security"


def test_a_review_runs_through_its_superstates() -> None:
    """The handlers of a superstate apply in all states inside; its completion can be waited for."""
    chart = swarm.load(SAMPLES / "code_review.toml")["code_review"].bind(default=True)
    begin = "Open.Reviewing: ask_for_review, invoke reviewer, invoke security"
    stop = "stop reviewer, stop security"
    assert trace(chart, "object", "push", "lint.passed.twice", "approve", "rebased") == [
        begin,
        f"Open.Reworking: {stop}",
        "Open.Linting: invoke linter",
        "Open.Reviewing: stop linter, ask_for_review, invoke reviewer, invoke security",
        f"Merging.Rebasing: {stop}",
        "Merged: reviewer",
    ]
    assert trace(chart, "close") == [begin, f"Closed: {stop}"]
    assert trace(chart, "approve", "close")[-1] == "Merging.Rebasing: "
    assert codes(chart) == [*["SC137"] * 3, "SC652"]


def test_a_review_notices_that_time_is_over() -> None:
    """A timeout goes to its target; one without a target raises ``timeout``."""
    chart = swarm.load(SAMPLES / "code_review.toml")["code_review"].bind(default=True)
    assert trace(chart, timedelta(days=1)) == [
        "Open.Reviewing: ask_for_review, invoke reviewer, invoke security",
        "Open.Stale: stop reviewer, stop security, remind",
    ]
    assert trace(chart, "object", "push", timedelta(seconds=90), timedelta(seconds=0.5))[-2:] == [
        "Open.Linting: ",
        "Open.Reviewing: stop linter, ask_for_review, invoke reviewer, invoke security",
    ]


def test_a_review_keeps_what_does_not_run() -> None:
    """Guards' meanings, resources, contracts and agents can be read from the chart."""
    chart = swarm.load(SAMPLES / "code_review.toml")["code_review"]
    meta = chart.root.meta
    assert list(meta) == ["metadata", "agents", "resources", "settings", "guards", "contracts"]
    assert meta["guards"]["enough_votes"] == "context.votes >= 2"
    assert meta["resources"]["forge"]["secret_key"] == "FORGE_TOKEN"
    assert meta["resources"]["cluster"] == {
        "type": "custom",
        "nodes": 3,
        "zones": ["a", "b"],
        "since": "2024-05-01T10:00:00+00:00",
    }
    assert meta["agents"]["security"] == {"model": "large-model", "temperature": 0}
    assert meta["metadata"]["version"] == "2.0"
    assert meta["settings"] == {"initial_state": "Reviewing"}
    assert chart["Open.Reviewing"].meta == {
        "agents": ["reviewer", "security"],
        "parallel_execution": True,
        "required_resources": ["forge", "ledger"],
    }
    guard = chart["Open.Reviewing"].transitions[0].guard
    assert guard is not None
    assert guard.name == "enough_votes and all_green"
    assert [part.function.doc for part in guard.function.guards] == [  # type: ignore[attr-defined]
        "context.votes >= 2",
        'context.checks.all("passed")',
    ]
    needs = [
        call.make.function.effect.data["required_resources"]  # type: ignore[union-attr]
        for call in chart["Open.Reviewing"].invoke
    ]
    assert needs == [["forge", "ledger"]] * 2


def test_the_shorter_form_goes_on_with_success_and_failure() -> None:
    """A state that nothing leads out of ends the run: the shorter form has no other word for it."""
    chart = swarm.load(SAMPLES / "deployment.toml")["deployment"]
    assert trace(chart, "success", "failure", "success", "success", "success") == [
        "build: ",
        "try_out: ",
        "build: ",
        "try_out: ",
        "roll_out: ",
        "live: ",
    ]
    assert trace(chart, "failure", "success")[-1] == "broken: "
    assert [node.name for node in chart if node.kind.value == "final"] == ["live", "broken"]
    assert chart.warnings == ()


def test_workflows_of_one_file_are_charts_of_their_own() -> None:
    """They share agents and resources, and nothing else; their order is that of the file."""
    charts = swarm.load(SAMPLES / "support.toml", VARIABLES)
    assert list(charts) == ["ticket", "survey"]
    assert trace(charts["ticket"], "raise", "solve") == [
        "New: invoke first_line",
        "Expert: stop first_line, invoke first_line, invoke expert",
        "Solved: stop first_line, stop expert",
    ]
    survey = charts["survey"].bind(default=False)
    assert trace(survey, "answer", timedelta(minutes=1)) == ["Asked: ask", "Asked: ", "Over: "]
    assert codes(charts["ticket"]) == [*["SC137"] * 3, "SC651"]
    assert codes(charts["survey"]) == ["SC651"]


def test_timers_are_named_by_their_states() -> None:
    """The effect of entering a state with a timeout is a timer of the chart's own name for it."""
    survey = swarm.load(SAMPLES / "support.toml", VARIABLES)["survey"].bind(default=True)
    started = Machine(survey, at=NOON).started
    assert started is not None
    assert StartTimer("Asked.after.1#1", NOON + timedelta(minutes=1)) in started.effects


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_files_read_twice_give_equal_charts(sample: Path) -> None:
    """A chart is a value: text and file give the same one, and so does another reading."""
    first = swarm.load(sample, VARIABLES)
    assert first == swarm.loads(sample.read_text(encoding="utf-8"), VARIABLES)
    assert [chart.hash for chart in first.values()] == [
        chart.hash for chart in swarm.load(str(sample), VARIABLES).values()
    ]
