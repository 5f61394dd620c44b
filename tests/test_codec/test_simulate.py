"""`statecharts simulate` and `statecharts schema`: charts stepped through, and described."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from machines.pipeline import Pipeline
from statecharts.cli.showing import schema
from statecharts.cli.simulating import simulate
from statecharts.codec import Protocol

Run = Callable[..., Result]

CHARTS = '''\
"""Charts to simulate."""

from datetime import timedelta

from attrs import frozen

from statecharts import Effect, NamedEvent, State, Statechart
from statecharts.model.chart import *
from statecharts.model.named import Give, Named
from statecharts.model.effects import Send
from statecharts.model.hooks import Hook


@frozen
class Press:
    times: int = 1


@frozen
class House:
    owner: str


@frozen
class Light(Effect):
    on: bool


class Lamp(Statechart[Press, House]):
    dark = State(initial=True)
    lit = State(entry=lambda m: Light(True), exit=lambda m: Light(False))
    dark.to(lit, on=Press, when=lambda m: m.event.times > 0)
    dark.ignore(on=Press)
    lit.after(timedelta(minutes=5), dark)
    lit.stay(on=Press)


@frozen
class Sum:
    digits: int


class Counter(Statechart[Press]):
    few = State(initial=True)
    many = State(Sum)
    few.to(many, on=Press, make=lambda m: Sum(10**5000))
    many.to(few, on=Press)


class Broken(Statechart[Press]):
    a = State(initial=True)
    b = State()
    a.to(b, on=Press, emit=lambda m: 1 / 0)
    b.to(a, on=Press)


def line(source, event, *targets, **more):
    return Transition(source, OnEvent((event,)), targets, **more)


def state(id, *lines):
    return StateNode(id, StateKind.ATOMIC, id, transitions=lines)


def chart(name, *states):
    first = Transition("", Default(), (states[0].id,))
    root = StateNode("", StateKind.COMPOUND, name, None, tuple(s.id for s in states), first)
    return Chart(name, root, states)


ping = Hook(Give(Send(NamedEvent("ping"))))
circle = chart("Circle", state("a", line("a", "ping", "a", emit=(ping,))))
relay = chart(
    "Relay", state("a", line("a", "go", "b", emit=(ping,))), state("b", line("b", "ping", "a"))
)
asking = chart("Asking", state("a", line("a", "go", "b", guard=Hook(Named("ready")))), state("b"))
'''


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `simulate` with lines of JSON, in a directory with a module of charts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "codec_charts.py").write_text(CHARTS, encoding="utf-8")

    def invoke(target: str, *arguments: str, lines: list[Any]) -> Result:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        return CliRunner().invoke(simulate, [target, *arguments], input="\n".join(texts))

    return invoke


PIPELINE = "machines.pipeline:Pipeline"
AT = ("--at", "2026-01-31T12:00:00Z")
EVENTS: list[Any] = [
    {"type": "deps_met"},
    {"type": "gates_started"},
    {"type": "gates_passed", "feature_branch": "feature/x", "commits_ahead": 3},
    {"type": "accepted"},
    {"type": "block", "reason": "no keys"},
]

TABLE = """\
line  event          taken                           configuration
0     (start)                                        active.backlog
1     deps_met       active.backlog → active.coding  active.coding
2     gates_started  active.coding → active.qa       active.qa
3     gates_passed   active.qa → active.merge        active.merge
4     accepted       unhandled                       active.merge
5     block          active → archived               archived
"""


def rows(text: str) -> list[str]:
    """Return the lines of a table without its rule and without what ends them."""
    return [line.rstrip() for line in text.splitlines() if "───" not in line]


def test_simulate_prints_a_row_for_each_step(run: Run) -> None:
    """The table shows what each event took, and where it led, the start included."""
    result = run(PIPELINE, *AT, "--wide", lines=EVENTS)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = [
        row[: len("line  event          taken                           ") + 14].rstrip()
        for row in rows(result.stdout)
    ]
    assert shown == [row.rstrip() for row in TABLE.splitlines()]
    assert "Merge(feature_branch=BranchName('feature/x'), commits_ahead=3)" in result.stdout


def test_simulate_json_is_a_line_for_each_step(run: Run) -> None:
    """With ``--json`` each step is what the protocol makes of it, and reads back."""
    result = run(PIPELINE, "--json", *AT, lines=EVENTS)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["line"] for one in found] == [0, 1, 2, 3, 4, 5]
    assert found[0]["event"] is None
    assert [one["event"] for one in found[1:]] == EVENTS
    assert [one["step"]["handled"] for one in found] == [True, True, True, True, False, True]
    assert found[5]["at"] == "2026-01-31T12:00:00Z"
    protocol: Protocol[Any, None] = Protocol(Pipeline)
    steps = [protocol.load_step(one["step"]) for one in found]
    assert steps[-1].snapshot.configuration == ("archived",)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"type": "deps_met"', "[SC401] Pipeline at $: the text is not JSON: "),
        ('{"type": "bloxk"}', '[SC405] Pipeline at $.type: "bloxk" is not a type here.'),
        ('{"type": "block", "reason": 3}', "[SC402] Pipeline at $.reason: 3 is not a string."),
        (
            '{"event": {"type": "block"}, "at": "2026-01-31T12:00:00Z"}',
            "[SC403] Pipeline at $.event.reason: Block needs 'reason'.",
        ),
        ('{"event": {}, "att": 1}', "[SC404] Pipeline at $.att: a line has no field 'att'."),
        ('{"at": "noon"}', '[SC402] Pipeline at $.at: "noon" is not a point in time'),
        ('{"after": "-PT1S"}', "[SC402] Pipeline at $.after: time does not run backwards."),
        ('{"after": "P9999999D"}', "[SC402] Pipeline at $.after: the calendar ends before that."),
        ('{"at": "2026-01-31T12:00:00Z", "after": "PT1S"}', "both 'at' and 'after'"),
        ("[]", "[SC402] Pipeline at $: an array is not an event."),
        ("\udcff", "[SC401] Pipeline at $: the text is not JSON"),
    ],
)
def test_simulate_stops_at_a_bad_line(run: Run, line: str, error: str) -> None:
    """The first bad line ends it with its number, its path and status 1."""
    lines = [{"type": "deps_met"}, "", "BAD", {"type": "gates_started"}]
    texts = [line if one == "BAD" else one for one in lines]
    encoded = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in texts)
    result = CliRunner().invoke(
        simulate, [PIPELINE, *AT], input=encoded.encode("utf-8", "surrogateescape")
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: line 3: ")
    assert error in result.stderr
    assert [row.split()[1] for row in rows(result.stdout)[1:]] == ["(start)", "deps_met"]


def test_simulate_tells_where_it_cannot_save(run: Run) -> None:
    """The steps are printed, then the reason in one line."""
    result = run(PIPELINE, "--save", "none/now.json", lines=EVENTS[:1])
    assert result.exit_code == 1
    assert result.stderr == "Error: none/now.json cannot be written: No such file or directory.\n"


def test_simulate_shows_what_json_cannot_hold(run: Run) -> None:
    """A long integer is named in the table, and refused with its place and line in JSON."""
    press = {"type": "press", "times": 1}
    assert "many: an instance of Sum" in run("codec_charts:Counter", lines=[press]).stdout
    result = run("codec_charts:Counter", "--json", lines=[press])
    assert result.exit_code == 1
    assert "Error: line 1: [SC421] Counter at $.step.snapshot.data.many.digits" in result.stderr


def test_simulate_resumes_from_what_was_saved(run: Run, tmp_path: Path) -> None:
    """``--from`` goes on where ``--save`` ended, or where a printed line was."""
    run(PIPELINE, *AT, "--save", "snapshot.json", lines=EVENTS[:2])
    result = run(PIPELINE, *AT, "--from", "snapshot.json", "--wide", lines=EVENTS[2:3])
    assert [row.split()[0] for row in rows(result.stdout)[1:]] == ["1"]
    assert "active.qa → active.merge" in result.stdout
    printed = run(PIPELINE, *AT, "--json", lines=EVENTS[:2]).stdout.splitlines()[-1]
    (tmp_path / "line.json").write_text(printed, encoding="utf-8")
    assert (
        run(PIPELINE, *AT, "--from", "line.json", "--wide", lines=EVENTS[2:3]).stdout
        == result.stdout
    )


def test_simulate_resumes_from_a_snapshot_of_any_version(run: Run, tmp_path: Path) -> None:
    """The parts say whether a snapshot fits; its version is a matter of the program's protocol."""
    protocol: Protocol[Any, None] = Protocol(Pipeline, version=7)
    run(PIPELINE, *AT, "--save", "snapshot.json", lines=[])
    value = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))
    (tmp_path / "snapshot.json").write_text(json.dumps({**value, "version": 7}), encoding="utf-8")
    result = run(PIPELINE, "--from", "snapshot.json", "--save", "next.json", lines=EVENTS[:1])
    assert result.exit_code == 0
    loaded = protocol.loads_snapshot((tmp_path / "next.json").read_bytes())
    assert loaded.configuration == ("active", "active.coding")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "snapshot.json is not JSON: "),
        ("[]", "snapshot.json: [SC402] Pipeline at $: an array is not a snapshot."),
        ("{}", "snapshot.json: [SC403] Pipeline at $.protocol: a snapshot needs 'protocol'."),
        ('{"protocol": 1, "version": 1, "chart": "X"}', "[SC403] Pipeline at $.hash"),
        ('{"protocol": 2, "version": 1, "chart": "X"}', "[SC403] Pipeline at $.parts"),
    ],
)
def test_simulate_refuses_a_snapshot_that_is_none(
    run: Run, tmp_path: Path, text: str, error: str
) -> None:
    """A snapshot that no run can continue from is refused before any line is read."""
    (tmp_path / "snapshot.json").write_text(text, encoding="utf-8")
    result = run(PIPELINE, "--from", "snapshot.json", lines=EVENTS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert error in result.stderr


def test_simulate_explains_who_handled_an_event_or_why_nobody_did(run: Run) -> None:
    """``--explain`` names the state and its line, the guard that refused, or who waits for it."""
    lines = [*EVENTS, {"type": "unblock"}, {"type": "abandon"}, {"type": "unblock"}]
    result = run(PIPELINE, "--explain", "--json", *AT, lines=lines)
    found = [json.loads(line)["explanation"] for line in result.stdout.splitlines()]
    assert found == [
        "the start: the initial states are entered",
        "active.backlog handles it: DepsMet → active.coding",
        "active.coding handles it: GatesStarted → active.qa",
        "active.qa handles it: GatesPassed(feature_branch, commits_ahead) → active.merge",
        "no active state has a line for it; done has",
        "active handles it: Block(reason) → archived",
        "archived handles it: Unblock [isinstance(data.reason, Blocked)] → active",
        "active handles it: Abandon → archived",
        "the guard of archived does not hold: Unblock [isinstance(data.reason, Blocked)]",
    ]


def test_simulate_lets_time_pass(run: Run, tmp_path: Path) -> None:
    """Timers fire when a line says that time passes, at the time at which they are due."""
    (tmp_path / "house.json").write_text('{"owner": "ada"}', encoding="utf-8")
    lines: list[Any] = [
        {"type": "press", "times": 0},
        {"type": "press"},
        {"after": "PT4M"},
        {"type": "press"},
        {"after": "PT2M"},
        {"event": {"type": "press"}, "at": "2026-01-31T13:00:00Z"},
        {"type": "timer_fired", "id": "none#1"},
    ]
    result = run(
        "codec_charts:Lamp", "--context", "house.json", "--json", "--explain", *AT, lines=lines
    )
    assert result.stderr == ""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    told = [(one["line"], one["at"][11:19], one["explanation"]) for one in found[1:]]
    timer = found[2]["step"]["effects"][1]["id"]
    assert told == [
        (1, "12:00:00", "dark swallows it: Press(times)"),
        (2, "12:00:00", "dark handles it: Press(times) [event.times > 0] → lit"),
        (4, "12:04:00", "lit handles it and stays: Press(times)"),
        (5, "12:05:00", "lit handles it: after 5 min → dark"),
        (6, "13:00:00", "dark handles it: Press(times) [event.times > 0] → lit"),
        (7, "13:00:00", "no such timer runs"),
    ]
    assert found[4]["event"] == {"type": "timer_fired", "id": timer}


def test_simulate_takes_what_a_run_sends_to_itself(run: Run) -> None:
    """An event that the chart sends to itself is the next step, of the same line."""
    result = run("codec_charts:relay", "--json", lines=[{"type": "go"}])
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["line"], (one["event"] or {}).get("type")) for one in found] == [
        (0, None),
        (1, "go"),
        (1, "ping"),
    ]
    assert found[2]["step"]["snapshot"]["configuration"] == ["a"]


@pytest.mark.long
def test_simulate_ends_a_circle(run: Run) -> None:
    """A chart that sends itself events without end is stopped, and says so."""
    result = run("codec_charts:circle", lines=[{"type": "ping"}])
    assert result.exit_code == 1
    assert "line 1: [SC203] Circle: the run has sent itself 1000 events" in result.stderr


def test_simulate_answers_for_guards_that_a_file_only_names(run: Run) -> None:
    """Guards without a function end it at once, unless ``--guards`` answers for them."""
    lines = [{"type": "go"}]
    open_guard = run("codec_charts:asking", lines=lines).stderr
    assert "[SC214] Asking" in open_guard
    assert "Answer for them: --guards true or --guards false." in open_guard
    assert "a → b" in run("codec_charts:asking", "--guards", "true", lines=lines).stdout
    refused = run("codec_charts:asking", "--guards", "false", "--explain", lines=lines)
    assert "the guard of a does not hold: go [ready]" in refused.stdout


def test_simulate_reports_a_step_that_fails(run: Run) -> None:
    """A callback that raises ends it with the line's number."""
    result = run("codec_charts:Broken", lines=[{"type": "press"}])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: line 1: [SC2")
    assert "division by zero" in result.stderr


def test_simulate_needs_the_context_that_the_chart_needs(run: Run, tmp_path: Path) -> None:
    """A context that cannot be made up has to be given, once."""
    missing = run("codec_charts:Lamp", lines=[]).stderr
    assert "[SC212] Lamp" in missing
    assert "Pass it in a file of JSON: --context FILE." in missing
    (tmp_path / "house.json").write_text('{"owner": 1}', encoding="utf-8")
    result = run("codec_charts:Lamp", "--context", "house.json", lines=[])
    assert "house.json: [SC402] Lamp at $.owner: 1 is not a string." in result.stderr
    (tmp_path / "house.json").write_text('{"owner": "ada"}', encoding="utf-8")
    run("codec_charts:Lamp", *AT, "--context", "house.json", "--save", "s.json", lines=[])
    both = run("codec_charts:Lamp", "--from", "s.json", "--context", "house.json", lines=[])
    assert both.exit_code == 1
    assert "--from has a context" in both.stderr


def test_simulate_refuses_a_time_that_is_none(run: Run) -> None:
    """``--at`` takes what the protocol takes."""
    result = run(PIPELINE, "--at", "noon", lines=[])
    assert result.exit_code == 1
    assert (
        '--at: "noon" is not a point in time of RFC 3339. Give date, time and zone' in result.stderr
    )


def test_commands_take_one_chart(run: Run) -> None:
    """A target of several charts is the command line's mistake; a broken module is the module's."""
    result = run("machines", lines=[])
    assert result.exit_code == 2
    assert "charts. Name one of: machines.execution:Execution" in result.stderr
    assert CliRunner().invoke(schema, ["machines"]).exit_code == 2
    Path("codec_broken.py").write_text("1 / 0", encoding="utf-8")
    result = run("codec_broken", lines=[])
    assert result.exit_code == 1
    assert "codec_broken cannot be imported" in result.stderr


def test_schema_command_prints_what_our_dumps_are_valid_by() -> None:
    """The printed document takes the events of the pipeline, and nothing else."""
    result = CliRunner().invoke(schema, [PIPELINE])
    assert result.exit_code == 0
    checked = Draft202012Validator(json.loads(result.stdout))
    assert all(map(checked.is_valid, EVENTS))
    assert not checked.is_valid({"type": "bloxk"})


def test_schema_command_says_what_cannot_be_carried(run: Run) -> None:
    """A chart whose classes JSON cannot carry has no schema; the message says which field."""
    Path("codec_held.py").write_text(
        "from attrs import frozen\n"
        "from statecharts import State, Statechart\n"
        "@frozen\nclass Go:\n    what: complex\n"
        "class Held(Statechart[Go]):\n"
        "    a = State(initial=True)\n    b = State()\n    a.to(b, on=Go)\n    b.to(a, on=Go)\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(schema, ["codec_held"])
    assert result.exit_code == 1
    assert "[SC422] Held at $.what: complex cannot be carried by JSON." in result.stderr
