"""`statecharts plan`: runs that are started, killed, resumed, replayed and looked at."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from machines.plan.ledger import Ledger
from machines.plan.records import Envelope
from machines.plan.vocabulary import (
    Emitted,
    ErrorInfo,
    NodeCompleted,
    NodeEntered,
    NodeFailed,
    NodeSkipped,
    RunStarted,
)
from machines.planner import Engine, Plan, PlanError, RetryPolicy, Strategy, Work
from machines.planner.command import plan as command
from machines.planner.command import showing
from machines.planner.command.progress import Progress
from machines.planner.pictures import MANY, SIGNS, bars, boxes, gantt_svg, gantt_text, graph_svg
from statecharts.drawing.theme import DARK, FONT_STACK, LIGHT
from statecharts.runtime.clock import SimulatedClock

SVG = "{http://www.w3.org/2000/svg}"
PLAN = """
import time
from pathlib import Path
from machines.planner import NodeError, Plan

def source(work):
    with (Path(work.parameters["log"])).open("a") as log:
        log.write(work.node + "\\n")
    work.io.now(key=f"at/{work.node}")
    return work.parameters.get("n", 1)

def slow(work, given):
    gate = Path(work.parameters["log"] + ".gate")
    while not gate.exists():
        time.sleep(0.01)
    return source(work) + given

def broken(work, given):
    if not Path(work.parameters["log"] + ".repaired").exists():
        raise NodeError("down", "no answer")
    return given

report = Plan("report")
one = report.node("a.read.one", source)
two = report.node("a.read.two", slow, one)
report.node("a.write.out", lambda work, total: work.output("out.txt", f"total {total}\\n"), two)

failing = Plan("failing")
one = failing.node("a.read.one", source)
failing.node("a.read.two", broken, one)

empty = Plan("empty")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans.py").write_text(PLAN)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--db", "plans.db"])


def begun(*arguments: str) -> dict[str, Any]:
    """Start a run, and return what is printed as JSON."""
    done = call("run", *arguments, "--set", "log=log", "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.long
def test_a_run_is_started_inspected_and_replayed(folder: Path) -> None:
    """What a run prints, its output, its pictures, its JSON, and its replay."""
    (folder / "log.gate").touch()
    done = call("run", "plans.py:report", "--set", "log=log", "--set", "n=2", "--set", "s=text")
    assert done.exit_code == 0
    assert "completed  3 nodes, 2 facts" in done.stdout
    assert "outputs: out.txt" in done.stdout
    (listed,) = json.loads(call("inspect", "--json").stdout)
    run = listed["run"]
    assert f"run {run}" in done.stderr
    assert call("inspect", run, "--output", "out.txt").stdout == "total 4\n"
    shown = call("inspect", run, "--graph", "graph.svg", "--gantt", "gantt.svg").stdout
    assert "a.read.two" in shown
    assert "█" in shown
    for name in ("graph.svg", "gantt.svg"):
        assert "a.write.out" in "".join(ET.fromstring((folder / name).read_text()).itertext())
    whole = json.loads(call("inspect", run, "--json", "--events").stdout)
    assert whole["manifest"]["input"] == {"log": "log", "n": 2, "s": "text"}
    assert [one["state"] for one in whole["nodes"]] == ["completed"] * 3
    assert whole["source"] == f"{folder / 'plans.py'}:report"
    assert whole["events"][0]["event"] == "run_started"
    assert [one["sequence"] for one in whole["events"]] == [*range(1, len(whole["events"]) + 1)]
    log = (folder / "log").read_text()
    again = call("replay", run)
    assert again.exit_code == 0
    assert "equal to the byte" in again.stdout
    assert (folder / "log").read_text() != log  # nodes run, the outside is not asked
    assert "report (replay)" in call("inspect").stdout
    assert call("inspect").stdout.count("3 of 3") == 2


def test_the_list_of_runs_counts_the_nodes_that_are_done_of_all(folder: Path) -> None:
    """One that was created and not begun has none, and waits for somebody to carry it out."""
    failed = begun("plans.py:failing")["run"]
    with Engine("sqlite:///plans.db") as engine:
        plan = Plan("created")
        plan.node("a.b.c", lambda _: 1)
        created = engine.create(plan)
    rows = {line.split()[0]: line for line in call("inspect").stdout.splitlines()[2:]}
    assert rows[failed].split()[2:6] == ["failed", "1", "of", "2"]
    assert "waiting  0 of 1" in rows[created]
    shown = call("inspect", created).stdout
    assert f"{created}  waiting" in shown
    assert f"Nobody carries it out. Go on: statecharts plan resume {created} --db" in shown
    with Engine("sqlite:///plans.db") as engine:
        inner = engine.create(plan, parent=created)
    shown = call("inspect", inner).stdout  # who waits for it goes on with it
    assert f"Nobody carries it out. Go on: statecharts plan resume {created} --db" in shown
    listed = {one["run"]: one["phase"] for one in json.loads(call("inspect", "--json").stdout)}
    assert listed == {failed: "failed", created: "waiting", inner: "waiting"}


DIFFERING = """
from machines.planner import Plan

def learn(work):
    n = work.parameters["n"]
    work.io.record("price/eth", {"a.b": [1, n], "note": None})
    work.io.record("key/session", f"hunter{n}", secret=True)
    work.output("report.md", "the same for a long while, and then it is " + str(n))
    if n == 2:
        work.output("more.txt", "x" * 99)
    work.context.write("total", n)

plan = Plan("differing")
plan.node("a.b.c", learn)
"""


def test_values_that_differ_are_shown_short_with_their_places(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text from where it differs, what is only in one of them; what is sealed stays sealed."""
    monkeypatch.setenv("STATECHARTS_PLAN_KEY", base64.b64encode(bytes(64)).decode())
    (folder / "differing.py").write_text(DIFFERING)
    runs = [
        json.loads(call("run", "differing.py", "--set", f"n={n}", "--json").stdout)["run"]
        for n in (1, 2)
    ]
    assert call("diff", *runs).stdout == (
        "2 facts differ: price/eth, key/session\n"
        "  price/eth $['a.b'][1]: 1 → 2\n"
        "  key/session $: sealed → sealed\n"
        "2 outputs differ: report.md, more.txt\n"
        '  report.md $: "…n it is 1" → "…n it is 2"\n'
        f'  more.txt $: nothing → "{"x" * 40}…"\n'
        "They end with another context.\n"
        "  $.total: 1 → 2\n"
    )
    changes = json.loads(call("diff", *runs, "--json").stdout)["changes"]
    said = {"kind": "output", "name": "more.txt", "place": "$", "was": None}
    assert changes[3] == {**said, "now": f'"{"x" * 40}…"'}


def test_the_command_that_goes_on_is_whole_and_tells_no_secret() -> None:
    """It can be pasted: names with blanks are quoted."""
    said = showing.command_line("resume", "r-1", "my plans.db", "a b.py:plan")
    assert said == "statecharts plan resume r-1 --db 'my plans.db' --plan 'a b.py:plan'"
    address = "postgresql://ada:hunter2@host/plans"
    assert "hunter2" not in showing.command_line("resume", "r-1", address)


def test_a_failed_run_is_resumed(folder: Path) -> None:
    """Exit status 1 and the reason; after the repair the rest is carried out."""
    first = begun("plans.py:failing")
    assert first["status"] == "failed"
    assert first["errors"]["a.read.two"]["code"] == "down"
    failed = call("resume", first["run"])
    assert failed.exit_code == 1
    assert "✗ a.read.two: down: no answer" in failed.stdout
    (folder / "log.repaired").touch()
    done = call("resume", first["run"], "--plan", "plans.py:failing")
    assert done.exit_code == 0
    assert (folder / "log").read_text() == "a.read.one\n"
    assert call("resume", first["run"]).exit_code == 2


def test_two_runs_are_compared(folder: Path) -> None:
    """Equal runs give status 0; others name what differs, and give status 1."""
    (folder / "log.gate").touch()
    one, other = begun("plans.py:report"), begun("plans.py:report", "--set", "n=5")
    assert call("diff", one["run"], one["run"]).exit_code == 0
    done = call("diff", one["run"], other["run"])
    assert done.exit_code == 1
    assert "1 output differs: out.txt" in done.stdout
    said = json.loads(call("diff", one["run"], other["run"], "--json").stdout)
    assert (said["outputs"], said["final"]) == (["out.txt"], True)
    assert set(said["facts"]) <= {"at/a.read.one", "at/a.read.two"}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "plans.py:rport"], "plans.py has no plan 'rport'. Did you mean 'report'?"),
        (["run", "plans.py"], "plans.py has no plan 'plan'. It has report, failing, empty."),
        (["run", "gone.py"], "There is no file 'gone.py'."),
        (
            ["run", "bad.py"],
            "bad cannot be imported (bad.py:2): ZeroDivisionError: division by zero",
        ),
        (["run", "half.py"], "SyntaxError: '(' was never closed (half.py, line 1)\n"),
        (["run", "plans.py:empty"], "[SC852] empty: 1 fault: plan: it has no nodes"),
        (["run", "plans.py:report", "--set", "x"], "'x' is not NAME=VALUE."),
        (["run", "plans.py:report", "--set", "password=hunter2"], "[SC853]"),
        (["run", "plans.py:report", "--id", "run-1"], "[SC851]"),
        (["inspect", "7e2c8d8e-0000-0000-0000-000000000000"], "[SC822]"),
        (["inspect", "7e2c8d8e-0000-0000-0000-000000000000"], "inspect' lists the runs of"),
        (["inspect", "--events"], "Name the run"),
        (["resume", "run-1"], "[SC851]"),
        (["run", "leaves.py"], "leaves cannot be imported (leaves.py:1): SystemExit: 7"),
        (["run", "plans.py:report", "--delay", "1e300"], "1e+300 is not in the range 0 to"),
        (["run", "plans.py:report", "--delay", "nan"], "nan is not in the range"),
        (["run", "plans.py:report", "--set", f"x={'[' * 100_000}"], "x is nested too deep"),
        (["run", "plans.py:report", "--backoff", "zz"], "'zz' is not one of 'fixed'"),
        (["run", "plans.py:report", "--checkpoint", "No Tag"], "'No Tag' is not a tag"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    folder: Path, arguments: list[str], said: str
) -> None:
    """No traceback, nothing lost, and never the secret."""
    (folder / "bad.py").write_text("def fails():\n    1 / 0\nfails()\n")
    (folder / "half.py").write_text("plan = (\n")
    (folder / "leaves.py").write_text("import sys; sys.exit(7)\n")
    Engine("sqlite:///plans.db").close()
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "hunter2" not in done.output


def test_a_store_that_is_not_there_is_not_made(folder: Path) -> None:
    """Only `run` makes a store."""
    for store in ("plans.db", "sqlite:///plans.db"):
        done = CliRunner().invoke(command, ["inspect"], env={"STATECHARTS_DB": store})
        assert done.exit_code == 2
        assert "there is no store 'plans.db'." in done.stderr
        assert not (folder / "plans.db").exists()


def test_no_command_makes_the_folder_of_a_store(folder: Path) -> None:
    """A name that was mistyped makes nothing, here as for `statecharts runs`."""
    for store in ("nodir/q.db", "sqlite:///nodir/q.db"):
        done = CliRunner().invoke(command, ["run", "plans.py:report", "--db", store])
        assert done.exit_code == 2
        assert "[SC801] nodir/q.db: the file cannot be opened or made. Make its" in done.stderr
    assert not (folder / "nodir").exists()


def test_a_run_that_cannot_be_read_does_not_hide_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a row of its own, which says why; the list goes on."""
    (folder / "log.gate").touch()
    lost, whole = (begun("plans.py:report")["run"] for _ in range(2))
    read = Engine.ledger

    def ledger(engine: Engine, run: str) -> Ledger:
        if run == lost:
            raise PlanError("SC857", "record", "what is stored is no RunStarted", "Verify it")
        return read(engine, run)

    monkeypatch.setattr(Engine, "ledger", ledger)
    done = call("inspect")
    assert done.exit_code == 0
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()[2:]}
    assert rows[lost][1:3] == ["SC857", "completed"]
    assert rows[whole][1:3] == ["report", "completed"]
    listed = {one["run"]: one for one in json.loads(call("inspect", "--json").stdout)}
    assert "SC857" in listed[lost]["unreadable"]
    assert listed[whole]["final"]


def test_files_that_cannot_be_written_are_told_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stores and pictures in folders that are not there, or are none."""
    (folder / "log.gate").touch()
    run = begun("plans.py:report")["run"]
    for arguments in (
        ["run", "plans.py:report", "--db", "plans.py/x/plans.db"],
        ["run", "plans.py:report", "--db", "."],
        ["inspect", run, "--graph", "gone/x.svg"],
        ["inspect", run, "--gantt", "."],
    ):
        store = [] if "--db" in arguments else ["--db", "plans.db"]
        done = CliRunner().invoke(command, [*arguments, *store])
        assert (done.exit_code, isinstance(done.exception, SystemExit)) == (2, True), arguments
        assert done.stderr.startswith("Error: ")
    done = call("inspect", run, "--graph", "graph.png")
    assert done.exit_code == 2
    assert "'graph.png' would hold an SVG. Name it 'graph.svg'." in " ".join(done.stderr.split())
    assert not Path("graph.png").exists()
    monkeypatch.setenv("STATECHARTS_PLAN_KEY", "!!!!")
    done = call("inspect")
    assert done.exit_code == 2
    assert "STATECHARTS_PLAN_KEY is no base64" in done.stderr
    monkeypatch.setenv("STATECHARTS_PLAN_KEY", base64.urlsafe_b64encode(b"\xff" * 64).decode())
    assert call("inspect").exit_code == 0
    monkeypatch.delenv("STATECHARTS_PLAN_KEY")
    done = call("run", "plans.py:report", "--set", "log=log", "--id", run)
    assert done.exit_code == 2
    assert "[SC821]" in done.stderr
    assert "Choose another --id" in done.stderr


def test_a_run_is_configured_from_the_terminal(folder: Path) -> None:
    """Waits, checkpoints and profiles come to the run as they were said."""
    (folder / "log.gate").touch()
    said = "--delay 300 --backoff fixed --checkpoint report --checkpoint x --record note"
    run = begun("plans.py:report", *said.split(), "--missing-fact-retryable")["run"]
    with Engine("sqlite:///plans.db") as engine:
        config = engine.manifest(run).config
    assert config.retry == RetryPolicy(
        delay=timedelta(minutes=5), backoff="fixed", most=timedelta(minutes=5)
    )
    assert (config.checkpoints, config.profile) == (("report", "x"), ("note",))
    assert config.missing_fact_retryable
    doubled = begun("plans.py:report", "--delay", "300")["run"]
    with Engine("sqlite:///plans.db") as engine:
        assert engine.manifest(doubled).config.retry.wait(1) == timedelta(minutes=5)
    done = call("replay", run, "--missing-fact-retryable", "--json")
    answer = json.loads(done.stdout)
    assert answer["difference"] == {"facts": [], "outputs": [], "final": False, "changes": []}
    with Engine("sqlite:///plans.db") as engine:
        assert engine.manifest(answer["run"]).config.missing_fact_retryable


def test_runs_without_an_end_are_not_said_to_be_equal_in_the_whole(folder: Path) -> None:
    """What is compared is said: a failed run has no last context."""
    run = begun("plans.py:failing")["run"]
    done = call("replay", run)
    assert done.exit_code == 1
    assert f"The run {run} is failed: it is compared as far as it went." in done.stdout
    assert "Facts and outputs are equal to the byte." in done.stdout
    assert "last context" not in done.stdout


def test_events_are_shown_one_a_line(folder: Path) -> None:
    """Number, time, name, and what each says."""
    run = begun("plans.py:failing")["run"]
    lines = call("inspect", run, "--events").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*map(str, range(1, len(lines) + 1))]
    assert "  run_started  {" in lines[0]
    assert '"code": "down"' in "".join(lines)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_narrow_terminal_breaks_no_word_and_no_bar(folder: Path, width: int) -> None:
    """Columns are left out, or rows become lines; what is shown is whole."""
    (folder / "log.gate").touch()
    run = begun("plans.py:report")["run"]
    out = Console(width=width, color_system=None)
    with Engine("sqlite:///plans.db") as engine, out.capture() as captured:
        showing.show_runs(out, engine)
        showing.show_run(out, engine, run, "plans.db")
    words = captured.get().split()
    assert words.count(run) == 2
    for node in ("a.read.one", "a.read.two", "a.write.out"):
        assert node in words
    assert "…" not in captured.get()
    assert ("began" in words, "when" in words) == (width == 120, width >= 80)


def process(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    code = (  # whoever runs the tests may ignore Ctrl-C, and hand that down
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from machines.planner.command import plan; plan()"
    )
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--db", "plans.db"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_process_loses_nothing_and_an_interrupted_one_says_how_to_go_on(
    folder: Path,
) -> None:
    """SIGKILL in the middle of a node, then SIGINT, then to the end: each node counted once."""

    def until_slow(run: str) -> None:
        with Engine("sqlite:///plans.db") as engine:
            for _ in range(1000):
                line = engine.ledger(run).lines.get("a.read.two")
                if line is not None and line.state == "running":
                    return
                time.sleep(0.01)
        raise AssertionError("the node did not begin")

    first = process(folder, "run", "plans.py:report", "--set", "log=log")
    assert first.stderr is not None
    run = first.stderr.readline().split()[1]
    until_slow(run)
    held = call("resume", run)
    assert held.exit_code == 2
    assert "another process carries it out" in held.stderr
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with Engine("sqlite:///plans.db") as engine:
        attempt = engine.ledger(run).lines["a.read.two"].attempt
        assert engine.phase(run) == "stopped"
    shown = call("inspect", run).stdout
    going_on = f"statecharts plan resume {run} --db plans.db"
    assert f"Nobody carries it out. Go on: {going_on}\n" in shown
    assert "‖ stopped" in shown
    assert "running" not in shown + call("inspect").stdout
    node = json.loads(call("inspect", run, "--json").stdout)["nodes"][1]
    assert node["state"] == "stopped"
    assert node["spans_ms"][0][0] == node["spans_ms"][0][1]  # nothing came after its begin

    second = process(folder, "resume", run)
    while True:
        with Engine("sqlite:///plans.db") as engine:
            if engine.ledger(run).lines["a.read.two"].attempt > attempt:
                break
    second.send_signal(signal.SIGINT)
    _, err = second.communicate(timeout=20)
    assert second.returncode == 130
    assert f"Interrupted. Go on: {going_on}\n" in err
    with Engine("sqlite:///plans.db") as engine:
        assert engine.phase(run) == "stopped"

    (folder / "log.gate").touch()
    done = call("resume", run)
    assert done.exit_code == 0, done.output
    assert (folder / "log").read_text() == "a.read.one\na.read.two\n"
    with Engine("sqlite:///plans.db") as engine:
        assert engine.ledger(run).lines["a.read.two"].attempt == attempt + 2


@pytest.mark.long
def test_a_run_is_cancelled_by_another_process(folder: Path) -> None:
    """The one that carries it out stops, and gives status 3."""
    first = process(folder, "run", "plans.py:report", "--set", "log=log")
    assert first.stderr is not None
    run = first.stderr.readline().split()[1]
    with Engine("sqlite:///plans.db") as engine:
        while "a.read.two" not in engine.ledger(run).lines:
            time.sleep(0.01)
    done = call("cancel", run, "--reason", "not needed")
    assert done.exit_code == 0
    assert "cancelled" in done.stdout
    (folder / "log.gate").touch()
    out, _ = first.communicate(timeout=20)
    assert first.returncode == 3
    assert "cancelled" in out
    assert call("cancel", run).exit_code == 2


# -- pictures and progress -------------------------------------------------------------------------


def ledger_of(*events: Any) -> Ledger:
    said = [(RunStarted("many", "0" * 64, "0" * 64), 1_000), *events]
    return Ledger.of(Envelope(n, at, event) for n, (event, at) in enumerate(said, 1))


ERROR = ErrorInfo("down", "unknown", True, "no answer")
LEDGER = ledger_of(
    (NodeEntered("a.b.one", 0, ""), 1_000),
    (NodeFailed("a.b.one", ERROR, None, again=True), 1_100),
    (NodeEntered("a.b.one", 1, ""), 1_200),
    (NodeCompleted("a.b.one", "0" * 64), 1_400),
    (NodeSkipped("a.b.two", "x", "0" * 64), 1_400),
    (NodeEntered("a.b.three", 0, ""), 1_500),
    (NodeEntered("a.b.four", 0, ""), 1_500),
    (NodeFailed("a.b.four", ERROR), 1_900),
)


def test_a_gantt_chart_has_a_bar_for_each_attempt() -> None:
    """Failed attempts, those under way, and nodes that took no time are told apart."""
    said = [[(bar.state, bar.milliseconds) for bar in row] for row in bars(LEDGER)]
    assert said == [
        [("failed", 100), ("completed", 200)],
        [("skipped", 0)],
        [("running", 400)],
        [("failed", 400)],
    ]
    rows = {node: drawn for _, node, drawn, _ in gantt_text(LEDGER, 9)}
    assert rows["a.b.one"] == "▒ ██     "
    assert rows["a.b.three"] == "     ████"
    assert rows["a.b.four"] == "     ▒▒▒▒"
    drawn = ET.fromstring(gantt_svg(LEDGER))
    bars_ = [one.get("class") for one in drawn.iterfind(f"{SVG}g/{SVG}rect")]
    assert bars_[:5] == ["failed", "completed", "skipped", "running", "failed"]


def legend(svg: str) -> list[str | None]:
    (found,) = ET.fromstring(svg).iterfind(f"{SVG}g[@class='legend']")
    return [one.text for one in found.iterfind(f"{SVG}text")]


def test_pictures_have_the_fonts_of_states_a_legend_and_colours_for_dark_pages() -> None:
    """Only the states in it are explained; signs are texts apart, as few fonts have them."""
    plan = Plan("tags")
    for number in range(2):
        plan.node(f"a.b.n_{number}", lambda _: 1, tags=["x"])
    after = {"depends_on": ["x"], "strategy": Strategy.LATEST_SUCCESSFUL}
    plan.node("a.b.last", lambda _: 1, **after)  # type: ignore[call-overload]
    graph = graph_svg(plan.graph().described(), ledger_of((NodeEntered("a.b.n_0", 0, ""), 5)))
    gantt = gantt_svg(LEDGER)
    assert legend(graph) == ["·", "waiting", "▶", "running", "waits for one of them"]
    assert legend(gantt)[1::2] == ["running", "completed", "failed", "skipped"]
    for svg in (graph, gantt):
        assert ET.fromstring(svg).get("font-family") == FONT_STACK
        assert f".paper{{fill:{LIGHT.paper}}}" in svg.partition("@media")[0]
        assert f".paper{{fill:{DARK.paper}}}" in svg.partition("@media")[2]
        texts = [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]
        assert all(one in SIGNS.values() or one.isascii() for one in texts)


def test_a_node_whose_process_has_died_took_until_the_last_event() -> None:
    """It is stopped, also while others go on after somebody has taken the run up."""
    ledger = Ledger()
    begun = (NodeEntered("a.b.one", 0, ""), NodeEntered("a.b.two", 0, ""))
    for number, one in enumerate(begun, 1):
        ledger.take(Envelope(number, 1_000, one, 1))
    ledger.take(Envelope(3, 1_300, Emitted("a.b.one", "note"), 1))
    ledger.take(Envelope(4, 90_000, NodeEntered("a.b.one", 1, ""), 2))
    assert [line.state for line in ledger.lines.values()] == ["running", "stopped"]
    assert [line.spans for line in ledger.lines.values()] == [
        [(1_000, 1_300), (90_000, None)],
        [(1_000, 1_300)],
    ]
    assert [[bar.state for bar in row] for row in bars(ledger)] == [
        ["stopped", "running"],
        ["stopped"],
    ]
    ledger.take(Envelope(5, 91_000, NodeFailed("a.b.two", ERROR), 2))  # the run was cancelled
    assert ledger.lines["a.b.two"].spans == [(1_000, 1_300)]


def test_a_node_at_work_has_taken_until_now() -> None:
    """Also where nothing was recorded since it began."""
    clock, plan = SimulatedClock(), Plan("slow")
    seen: list[Ledger] = []

    def slow(work: Work) -> None:
        clock.advance(timedelta(minutes=5))
        seen.append(engine.seen(run))

    plan.node("a.b.c", slow)
    with Engine("memory:", clock=clock) as engine:
        run = engine.create(plan)
        engine.resume(run, plan)
    ((begin, end),) = seen[0].lines["a.b.c"].spans
    assert (seen[0].lines["a.b.c"].state, end) == ("running", None)
    assert seen[0].last - begin == 300_000


def test_a_large_graph_is_drawn_in_groups() -> None:
    """A thousand nodes of one step are one box, which counts them by state."""
    plan = Plan("many")
    root = plan.node("a.read.root", lambda _: 1)
    leaves = [plan.node(f"a.work.n_{n}", lambda _, one: one, root) for n in range(1_000)]
    plan.node("a.end.join", lambda _, given: sum(given), plan.many(leaves))
    graph = plan.graph().described()
    ledger = ledger_of(
        (NodeEntered("a.work.n_0", 0, ""), 1_000),
        (NodeCompleted("a.work.n_0", None), 1_100),
        (NodeEntered("a.work.n_1", 0, ""), 1_100),
    )
    found, edges = boxes(graph, ledger)
    assert len(graph["nodes"]) > MANY
    assert [one.name for one in found.values()] == ["a.read.root", "a.work.* × 1000", "a.end.join"]
    group = found["a.work.* 1"]
    assert (group.state, group.detail) == ("running", "998 waiting, 1 running, 1 completed")
    assert len(edges) == 2
    text = "".join(ET.fromstring(graph_svg(graph, ledger)).itertext())
    assert "a.work.* × 1000" in text


def test_the_graph_shows_the_state_of_each_node_by_sign_and_colour() -> None:
    """Waiting, running, completed, failed and skipped nodes look different."""
    plan = Plan("five")
    for name in ("one", "two", "three", "four", "five"):
        plan.node(f"a.b.{name}", lambda _: 1)
    text = graph_svg(plan.graph().described(), LEDGER)
    for sign, name, state in (
        ("✓", "one", "completed"),
        ("↷", "two", "skipped"),
        ("▶", "three", "running"),
        ("✗", "four", "failed"),
        ("·", "five", "waiting"),
    ):
        assert re.search(f">{sign}</text><text [^>]*>a.b.{name}</text>", text)
        assert f"<title>a.b.{name}: {state}</title>" in text
    assert "2 attempts" in text


def test_progress_shows_totals_a_row_for_each_node_at_work_and_the_time_left() -> None:
    """At most twelve rows; the time left follows from what was done since it began."""
    progress = Progress(40, quiet=True)
    console = Console(width=120, color_system=None)

    def shown(ledger: Ledger) -> str:
        with console.capture() as captured:
            console.print(progress.drawn(ledger))
        return captured.get()

    first = shown(LEDGER)
    assert "2 of 40 nodes, 1 running, 1 skipped, 1 failed" in first
    assert "▶ a.b.three" in first
    assert "left" not in first
    later = ledger_of(
        *((NodeSkipped(f"a.b.n_{n}", "x", ""), 1_000) for n in range(5)),
        *((NodeEntered(f"a.c.n_{n}", 1, ""), 1_000) for n in range(14)),
    )
    second = shown(later)
    assert "left" in second
    assert "attempt 2" in second
    assert "and 2 more" in second
