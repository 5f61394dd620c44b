"""`statecharts render`: which files are written, and what is said when one cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner

from machines.pipeline import DepsMet, Pipeline
from statecharts import State, Statechart, drawing
from statecharts.cli import main
from statecharts.drawing.overlay import PLAIN
from statecharts.drawing.svg import Options
from statecharts.drawing.theme import THEMES
from statecharts.model.chart import Chart
from statecharts.model.errors import StatechartError
from tests.test_cli.conftest import BROKEN, LAMPS, Package, Run, lines

Drawn = list[tuple[str, dict[str, Any]]]

HOW: dict[str, Any] = {
    "format": "svg",
    "highlight": None,
    "overlay": PLAIN,
    "depth": None,
    "focus": None,
    "compact": False,
    "direction": {},
    "theme": "auto",
    "transparent": False,
    "links": "",
    "tabindex": False,
    "seconds": 10.0,
    "faults": (),
}
"""What `render` is given when nothing is asked for."""


@pytest.fixture
def drawn(zoo: None, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """The calls of `render`, whose pictures are text or bytes that name chart and format."""
    asked: Drawn = []

    def render(chart: Chart, **how: Any) -> str | bytes:
        asked.append((chart.name, how))
        picture = f"{chart.name} → {how['format']}"
        return picture.encode() if how["format"] in {"png", "pdf"} else picture

    monkeypatch.setattr(drawing, "render", render)
    return asked


def test_render_writes_one_svg_for_each_chart(drawn: Drawn, run: Run) -> None:
    """Each chart becomes a file named after it, in a directory that is made, and is printed."""
    result = run("render", "zoo", "-o", "out/pictures")

    assert (result.exit_code, result.stderr) == (0, "")
    assert lines(result.stdout) == ["out/pictures/desk_lamp.svg", "out/pictures/torch.svg"]
    assert Path("out/pictures/desk_lamp.svg").read_text("utf-8") == "DeskLamp → svg"
    assert [asked for _, asked in drawn] == [HOW] * 2


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("name", "form", "options"),
    [
        ("out.png", "png", ()),
        ("new/lamp.SVG", "svg", ()),
        ("lamp.mmd", "mermaid", ()),
        ("lamp.gv", "dot", ("-f", "dot")),
    ],
)
def test_render_writes_one_picture_to_the_file_that_is_named(
    name: str, form: str, options: tuple[str, ...], run: Run
) -> None:
    """A path that ends like a picture is its file, and its format; another replaces it."""
    for _ in range(2):
        result = run("render", "zoo:torch", "-o", name, *options)
        assert (result.exit_code, result.stderr, lines(result.stdout)) == (0, "", [name])
    assert Path(name).read_text("utf-8") == f"Torch → {form}"


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        (
            "zoo",
            ("-o", "out.png"),
            (
                "'out.png' is one file, and 'zoo' has 2 charts. Name a directory, or one of:"
                " zoo.lamps:DeskLamp, zoo.lamps:torch."
            ),
        ),
        (
            "zoo:torch",
            ("-o", "out.png", "-f", "svg", "-f", "png"),
            (
                "'out.png' is a picture in png, and --format says svg, png. Leave --format out, or"
                " name a directory."
            ),
        ),
        (
            "zoo:torch",
            ("-o", "out.jpg"),
            (
                "there is no format 'jpg'. Name a directory, or a file in .svg, .png, .pdf, .dot,"
                " .mmd, .puml."
            ),
        ),
        ("zoo:torch", ("-o", "out.svgz"), "there is no format 'svgz'. Name a directory, or a file"),
        (
            "zoo:torch",
            ("-o", "-"),
            "pictures are not written to standard output. Name a directory, or a file.",
        ),
        (
            "zoo:torch",
            ("-o", "zoo/lamps.py"),
            (
                "'zoo/lamps.py' is a file, not a directory. Name a directory, or a file in .svg,"
                " .png, .pdf, .dot, .mmd, .puml."
            ),
        ),
    ],
)
def test_render_tells_a_file_that_cannot_be_meant(
    target: str, options: tuple[str, ...], said: str, run: Run
) -> None:
    """Several pictures in one file, two formats, an unknown one, and a file of another kind."""
    before = sorted(Path().rglob("*"))
    result = run("render", target, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert sorted(Path().rglob("*")) == before


@pytest.mark.usefixtures("drawn")
def test_render_writes_into_a_directory_whatever_it_is_called(run: Run) -> None:
    """A directory that is there is none of the files; a new one may have a dot in its name."""
    Path("old.png").mkdir()
    for folder in ("old.png", "v1.2"):
        result = run("render", "zoo:torch", "-o", folder)
        assert lines(result.stdout) == [f"{folder}/torch.svg"]


@pytest.mark.usefixtures("drawn")
def test_render_writes_each_format_once(run: Run) -> None:
    """Several formats give several files, text or bytes; Mermaid's end in mmd."""
    formats = ["mermaid", "png", "pdf", "dot", "png"]
    result = run("render", "zoo:torch", "-o", ".", *(f"--format={name}" for name in formats))

    assert result.exit_code == 0
    assert lines(result.stdout) == ["torch.mmd", "torch.png", "torch.pdf", "torch.dot"]
    assert Path("torch.png").read_bytes() == "Torch → png".encode()


def test_render_passes_theme_and_highlight_on(drawn: Drawn, run: Run) -> None:
    """The theme and the states to highlight reach the drawing."""
    states = ["--highlight", "on", "--highlight", "on.low"]
    more = ["--theme", "dark", "--seconds", "0.5", "--transparent", "--tabindex"]
    more += ["--links", "vscode://file{path}:{line}", "--depth", "2", "--focus", "on", "--compact"]
    more += ["--direction", "right", "--direction", "on=down"]
    result = run("render", "zoo:torch", "-o", ".", *more, *states)

    assert result.exit_code == 0
    how = HOW | {"highlight": ["on", "on.low"], "theme": "dark", "seconds": 0.5}
    how |= {"transparent": True, "tabindex": True, "links": "vscode://file{path}:{line}"}
    how |= {"depth": 2, "focus": "on", "compact": True}
    how |= {"direction": {"": "right", "on": "down"}}
    assert drawn == [("Torch", how)]


@pytest.mark.usefixtures("zoo")
def test_render_warns_of_a_simpler_layout(run: Run) -> None:
    """A picture that is not done in time is written all the same, and a warning says so, once."""
    result = run("render", "zoo:torch", "-o", ".", "--seconds", "0", "-f", "svg", "-f", "png")

    assert result.exit_code == 0
    assert lines(result.stdout) == ["torch.svg", "torch.png"]
    assert result.stderr == (
        "Warning: [SC704] picture of Torch: the layout engine does not finish within 0 s, so a"
        " simple grid takes its place in on, the chart itself. Give it more time with seconds="
        " (--seconds), or draw a part of the chart with focus= or depth= (--focus, --depth).\n"
    )


def test_render_refuses_a_state_that_no_chart_has(drawn: Drawn, run: Run) -> None:
    """A misspelt state gets one line with the nearest one, before anything is drawn."""
    result = run("render", "zoo:torch", "-o", ".", "--highlight", "on.lwo")

    assert (result.exit_code, drawn) == (2, [])
    assert result.stderr == (
        "Error: there is no state 'on.lwo' in these charts. Did you mean 'on.low'?\n"
    )


def test_render_calls_charts_of_one_name_by_their_modules(
    package: Package, drawn: Drawn, run: Run
) -> None:
    """Charts of the same name are told apart by module and name; none overwrites another."""
    package({"zoo/more.py": f"{LAMPS}\nother = build('Torch')\ntall = build('TallHTTPLamp 2')\n"})

    result = run("render", "zoo", "-o", ".")

    assert lines(result.stdout) == [
        "zoo.lamps.DeskLamp.svg",
        "zoo.lamps.torch.svg",
        "zoo.more.DeskLamp.svg",
        "zoo.more.torch.svg",
        "zoo.more.other.svg",
        "tall_http_lamp_2.svg",
    ]
    assert len(drawn) == 6


def test_render_goes_on_after_a_faulty_module(package: Package, drawn: Drawn, run: Run) -> None:
    """Sound charts are drawn, the faults are reported, and the exit status is 1."""
    package({"zoo/broken.py": BROKEN})

    result = run("render", "zoo", "-o", ".")

    assert (result.exit_code, len(drawn)) == (1, 2)
    assert lines(result.stdout) == ["desk_lamp.svg", "torch.svg"]
    assert "[SC104] Broken.a on Flip" in result.stderr


def failing(error: Exception) -> Callable[..., str]:
    """Return a drawing that raises."""

    def render(chart: Chart, **_: Any) -> str:
        if chart.name == "Torch":
            raise error
        return "picture"

    return render


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StatechartError("SC701", "Torch", "no engine", "Get one"), "[SC701] Torch: no engine."),
        (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied"),
    ],
)
def test_render_reports_a_picture_that_fails_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    """A picture that cannot be drawn or written gets one line; the others are written."""
    monkeypatch.setattr(drawing, "render", failing(error))

    result = run("render", "zoo", "-o", ".", "-f", "svg", "-f", "dot")

    assert result.exit_code == 1
    assert lines(result.stdout) == ["desk_lamp.svg", "desk_lamp.dot"]
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("zoo")
def test_render_needs_to_know_where(run: Run) -> None:
    """Pictures are never strewn about: the directory has to be named."""
    result = run("render", "zoo")

    assert result.exit_code == 2
    assert "Missing option '-o' / '--output'" in result.stderr


def test_render_knows_the_formats_and_themes_that_there_are(run: Run) -> None:
    """The command offers every format and theme that pictures have, and no other."""
    usage = " ".join(run("render", "--help").stdout.split())

    assert f"--format [{'|'.join(drawing.FORMATS)}]" in usage
    assert f"--theme [{'|'.join(THEMES)}]" in usage


@frozen
class Heat:
    """Switches a kettle on."""


class Kettle(Statechart[Heat]):
    """Passes a state, and keeps warm for some time."""

    cold = State(initial=True)
    boiling = State()
    hot = State()
    gone = State(final=True)

    cold.to(boiling, on=Heat)
    boiling.always(hot)
    hot.after(timedelta(minutes=3), gone)


KETTLE = f"{__name__}:Kettle"
PIPELINE = "machines.pipeline:Pipeline"
EVENTS = '{"type": "deps_met"}\n{"type": "gates_started"}\n'


@pytest.fixture
def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with events, the steps that they make, and the snapshot that they reach."""
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_text(EVENTS, "utf-8")
    command = ["simulate", PIPELINE, "--json", "--save", "now.json"]
    done = CliRunner().invoke(main, command, input=EVENTS)
    Path("steps.jsonl").write_text(done.stdout, "utf-8")
    return tmp_path


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--highlight", "now.json"), 'class="state active"'),
        (("--highlight", "now.json", "--disabled"), 'class="transition disabled"'),
        (("--heat", "steps.jsonl"), ">1 ×<"),
        (("--path", "events.jsonl"), ">3. gates_started → active.qa<"),
        (("--path", "events.jsonl", "--strip"), '<g class="frame"'),
        (("--diff", "machines.execution:Execution"), ">removed<"),
    ],
)
def test_render_shows_what_it_is_asked_for(run: Run, options: tuple[str, ...], shown: str) -> None:
    """A snapshot, counts, a way and an earlier version reach the picture."""
    result = run("render", PIPELINE, "-o", ".", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert shown in Path("pipeline.svg").read_text("utf-8")


def test_render_of_a_difference_knows_the_states_of_both(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that is gone can be highlighted and focused on: the picture shows it."""
    monkeypatch.chdir(tmp_path)
    text = '<scxml name="door"><state id="shut"/>%s</scxml>'
    Path("old.scxml").write_text(text % '<state id="gone"/>', "utf-8")
    Path("new.scxml").write_text(text % "", "utf-8")
    options = ("-o", ".", "--diff", "old.scxml", "--highlight", "gone", "--focus", "gone")
    result = run("render", "new.scxml", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert 'class="state active removed"' in Path("door.svg").read_text("utf-8")


@pytest.mark.sampled(7)
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("machines", ("--heat", "steps.jsonl"), "charts, and --heat is about one. Name it."),
        (PIPELINE, ("--disabled",), "--disabled needs a snapshot. Add --highlight FILE."),
        (PIPELINE, ("--run", "r"), "--run needs the store of the run. Add --db STORE."),
        (PIPELINE, ("--run", "r", "--db", "no.db"), "there is no store 'no.db'."),
        (PIPELINE, ("--heat", "events.jsonl"), "events.jsonl has no counts. It holds"),
        (PIPELINE, ("--heat", "odd.json"), "[SC706] Pipeline: there is no state 'dome'."),
        (PIPELINE, ("--heat", "bad.json"), "bad.json is not JSON"),
        (PIPELINE, ("--heat", "inf.json"), "inf.json has no counts. It holds"),
        (PIPELINE, ("--heat", "true.json"), "true.json has no counts. It holds"),
        (PIPELINE, ("--path", "events.jsonl", "--heat", "odd.json"), "Leave --heat out."),
        (PIPELINE, ("--path", "events.jsonl", "--highlight", "done"), "Leave --highlight out."),
        (PIPELINE, ("--path", "events.jsonl", "--at", "noon"), "--at: "),
        (PIPELINE, ("--at", "2026-01-31T12:00:00Z"), "--at is about the steps of --path."),
        (PIPELINE, ("--strip",), "--strip is about the steps of --path. Add --path FILE."),
        (PIPELINE, ("--path", "events.jsonl", "-f", "png"), "only SVG moves. Add --strip"),
        (PIPELINE, ("--db", "no.db"), "--db is the store of a run. Add --run KEY."),
        (PIPELINE, ("--tabindex", "-f", "png"), "--tabindex is for SVG. Add -f svg."),
        (PIPELINE, ("--transparent", "-f", "mermaid"), "--transparent is not for such texts."),
        (PIPELINE, ("--seconds", "3", "-f", "dot"), "--seconds is for svg, png and pdf."),
        (PIPELINE, ("--direction", "active=right", "-f", "dot"), "Give the WAY alone."),
        (
            PIPELINE,
            ("--highlight", "done", "--focus", "active.backlog"),
            "--focus active.backlog does not show 'done'. Leave that out of --highlight.",
        ),
        (PIPELINE, ("--set", "a=1"), "--set is for .toml files, not for 'machines.pipeline:"),
        (PIPELINE, ("--xstate-version", "4"), "--xstate-version is for .json files"),
        (PIPELINE, ("--path", "bad.jsonl"), "Error: bad.jsonl, line 2: [SC405] Pipeline at $.type"),
        (PIPELINE, ("--path", "bad.json"), "Error: bad.json, line 1: [SC4"),
        (PIPELINE, ("--heat", "lines.jsonl"), "lines.jsonl, line 2, is not JSON: Expecting value"),
        (PIPELINE, ("--heat", "steps.bad"), "steps.bad, line 2: [SC4"),
        (PIPELINE, ("--heat", "odd.json"), "Error: odd.json: [SC706]"),
        (
            PIPELINE,
            ("--highlight", "no.json"),
            "no state 'no.json' in these charts, and no such file.",
        ),
        ("now.svg", (), "[SC606] now.svg: it is a picture, not a chart. Charts are read from"),
    ],
)
def test_render_refuses_what_does_not_fit(
    run: Run, target: str, options: tuple[str, ...], message: str
) -> None:
    """Options that lack something, and files of another kind, get one line."""
    Path("odd.json").write_text('{"states": {"dome": 1}}', "utf-8")
    Path("inf.json").write_text('{"states": {"done": 1e400}}', "utf-8")
    Path("true.json").write_text('{"states": {"done": true}}', "utf-8")
    Path("bad.json").write_text("{", "utf-8")
    Path("now.svg").write_text("<svg/>", "utf-8")
    Path("bad.jsonl").write_text('{"type": "deps_met"}\n{"type": "depsmet"}\n', "utf-8")
    Path("lines.jsonl").write_text('{"step": 1}\nno\n', "utf-8")
    first = Path("steps.jsonl").read_text("utf-8").partition("\n")[0]
    Path("steps.bad").write_text(f'{first}\n{{"step": 1}}\n', "utf-8")
    result = run("render", target, "-o", ".", *options)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "options", "due"),
    [
        ('{"type": "heat"}', ("--at", "2026-01-31T12:00:00Z"), "2026-01-31 12:03"),
        ('{"event": {"type": "heat"}, "at": "2025-07-01T08:00:00Z"}', (), "2025-07-01 08:03"),
        (
            '{"event": {"type": "heat"}, "at": "2025-07-01T08:00:00Z"}',
            ("--at", "2025-07-01T07:00:00Z"),
            "2025-07-01 08:03",
        ),
    ],
)
def test_render_of_a_way_takes_the_time_that_is_given_or_recorded(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    options: tuple[str, ...],
    due: str,
) -> None:
    """A film shows the same due times whenever it is drawn."""
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_text(f"{line}\n", "utf-8")
    result = run("render", KETTLE, "-o", ".", "--path", "events.jsonl", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f">due {due}<" in Path("kettle.svg").read_text("utf-8")


@pytest.mark.long
@pytest.mark.usefixtures("way")
def test_render_of_a_way_has_links_and_tabindex(run: Run) -> None:
    """A film is as open to readers as a picture."""
    options = ("--path", "events.jsonl", "--links", "https://x/{file}#L{line}", "--tabindex")
    assert run("render", PIPELINE, "-o", ".", *options).exit_code == 0
    svg = Path("pipeline.svg").read_text("utf-8")
    assert 'tabindex="0"' in svg
    assert '<a href="https://x/' in svg


@pytest.mark.usefixtures("way")
def test_render_of_a_stored_run_shows_states_that_were_only_passed(run: Run) -> None:
    """A state that a run only went through was active for no time, not never."""
    from statecharts.runtime import Runs, SimulatedClock

    clock = SimulatedClock(datetime(2026, 1, 31, tzinfo=UTC))
    with Runs(Path("runs.db"), Kettle, clock=clock) as runs:
        stored = runs.start(Kettle, key="tea")
        stored.send(Heat())
        clock.advance(timedelta(minutes=1))
        stored.cancel()
    assert run("render", KETTLE, "-o", ".", "--run", "tea", "--db", "runs.db").exit_code == 0
    svg = Path("kettle.svg").read_text("utf-8")
    kinds = dict(re.findall(r'<g id="Kettle-state-(\w+)" class="([^"]*)"', svg))
    assert kinds == {
        "cold": "state heat0", "boiling": "state heat0", "hot": "state active heat4",
        "gone": "final unused",
    }  # fmt: skip


def test_render_suggests_the_nearest_choice(run: Run) -> None:
    """A misspelt value of an option is told with the one that was meant."""
    result = run("render", PIPELINE, "-o", ".", "--format", "pgn")
    assert result.exit_code == 2
    assert "'plantuml'. Did you mean 'png'?" in " ".join(result.stderr.split())
    told = run("render", PIPELINE, "-o", ".", "--format", "zebra").stderr
    assert "Did you mean" not in told


@pytest.mark.usefixtures("way")
def test_render_shows_a_stored_run(run: Run) -> None:
    """A run of a store is shown where it is, with the time that each state lasted."""
    from statecharts.runtime import Runs, SimulatedClock

    clock = SimulatedClock(datetime(2026, 1, 31, tzinfo=UTC))
    with Runs(Path("runs.db"), Pipeline, clock=clock) as runs:
        stored = runs.start(Pipeline, key="story-1")
        clock.advance(timedelta(hours=2))
        stored.send(DepsMet())
        clock.advance(timedelta(minutes=5))
        stored.cancel()
    result = run("render", PIPELINE, "-o", ".", "--run", "story-1", "--db", "runs.db")
    assert (result.exit_code, result.stderr) == (0, "")
    svg = Path("pipeline.svg").read_text("utf-8")
    assert [">2 h<" in svg, ">2 h 5 min<" in svg, ">5 min<" in svg] == [True] * 3
    assert 'class="state active heat' in svg


@pytest.mark.parametrize("links", ["https://x/{fil}", "{", "x/{0}", "{file.x}", "data:{file}"])
def test_render_refuses_links_that_cannot_be_filled_in(drawn: Drawn, run: Run, links: str) -> None:
    result = run("render", "zoo", "--links", links)
    assert result.exit_code == 2
    assert "Pass an address, such as https://" in " ".join(result.stderr.split())
    with pytest.raises(ValueError, match="Pass an address"):
        Options(links=links)


def test_render_refuses_seconds_that_are_no_number(drawn: Drawn, run: Run) -> None:
    result = run("render", "zoo", "-o", ".", "--seconds", "nan")
    assert (result.exit_code, drawn) == (2, [])
    assert "Invalid value for '--seconds': nan is no number of seconds." in result.stderr


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("rights", "there is no direction 'rights'. Did you mean 'right'?"),
        ("activ=right", "there is no state 'activ'"),
        ("=right", "'=right' names no state. Write 'right' for the whole chart."),
    ],
)
def test_render_refuses_a_direction_that_is_none(way: str, said: str, run: Run) -> None:
    """A wrong direction, and a state that no chart has, are told with what was meant."""
    result = run("render", "machines.pipeline:Pipeline", "-o", ".", "--direction", way)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
