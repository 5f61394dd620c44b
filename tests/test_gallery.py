"""The gallery: pictures of the machines that are never out of date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from graphlib import CycleError
from pathlib import Path

import pytest
from attrs import evolve

import diagrams as gallery
from diagrams.rooms import chart_of_rooms
from machines.execution import Execution
from machines.pipeline import Pipeline
from tests.test_drawing import charts


def test_gallery_is_up_to_date() -> None:
    """A chart of `machines` that has changed has a new picture in `diagrams/gallery/`."""
    assert gallery.stale([Pipeline, Execution]) == []


def test_gallery_has_the_charts_of_every_machine() -> None:
    """`python -m diagrams` finds nothing to draw: no machine lacks its picture."""
    assert gallery.stale(gallery.machine_charts()) == []


@pytest.mark.long
def test_gallery_has_the_rooms_of_the_library() -> None:
    """The picture of the rooms in `CONTRIBUTING.md` shows what imports what today."""
    assert gallery.stale([chart_of_rooms()]) == []


@pytest.mark.long
def test_gallery_has_an_index_of_all_pictures() -> None:
    """The page of the gallery shows each picture, and what its chart is for, as of today."""
    charts = [*gallery.machine_charts(), chart_of_rooms()]
    page = (gallery.FOLDER / "README.md").read_text(encoding="utf-8")
    assert page == gallery.index(charts)
    assert {f"({path.name})" for path in gallery.FOLDER.glob("*.svg")} == {
        f"({name})" for name in re.findall(r"!\[\w+\]\(([^)]*)\)", page)
    }


def test_rooms_are_the_folders_and_their_imports(tmp_path: Path) -> None:
    """Each room imports those below it; what is implied, a module's own room and others are not."""
    for name, text in {
        "cli.py": "import house.kernel.run, os\ndef late(): from house import model",
        "kernel/run.py": "from house.model.nodes import Node\nfrom house.kernel import plan",
        "model/__init__.py": "import attrs",
        "__init__.py": "from house.cli import main",
    }.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    chart = chart_of_rooms(tmp_path / "house")
    assert [
        (arrow.source, *arrow.targets) for state in chart.states for arrow in state.transitions
    ] == [
        ("cli", "core.kernel"),
        ("core.kernel", "core.model"),
    ]


def test_rooms_in_a_circle_are_refused(tmp_path: Path) -> None:
    """A picture of layers has no way to show it."""
    for room, other in (("codec", "drawing"), ("drawing", "codec")):
        (tmp_path / f"{room}.py").write_text(f"import {tmp_path.name}.{other}")
    with pytest.raises(CycleError):
        chart_of_rooms(tmp_path)


def test_gallery_notices_a_chart_that_has_changed(tmp_path: Path) -> None:
    """A picture is stale when the chart is another one than was drawn."""
    before = charts.traffic_light()
    gallery.write([before], tmp_path)
    assert gallery.stale([before], tmp_path) == []
    after = evolve(before, states=before.states[::-1])
    (fault,) = gallery.stale([after], tmp_path)
    assert fault.startswith("TrafficLight has changed, and TrafficLight.svg has not.")


def test_gallery_notices_names_that_the_hash_leaves_out(tmp_path: Path) -> None:
    """A picture is stale when it would read differently, though the chart's hash is the same."""
    before = charts.traffic_light()
    gallery.write([before], tmp_path)
    first, *rest = before.states
    after = evolve(before, states=(evolve(first, entry=(charts.named("honk"),)), *rest))
    assert after.hash == before.hash
    (fault,) = gallery.stale([after], tmp_path)
    assert "would look different" in fault


def test_gallery_notices_a_page_that_says_something_else(tmp_path: Path) -> None:
    """The page is stale when it lacks a chart, or tells of it in the words of before."""
    chart = charts.traffic_light()
    gallery.write([chart], tmp_path)
    page = tmp_path / "README.md"
    for text in (page.read_text().replace("TrafficLight.svg", "Light.svg"), ""):
        page.write_text(text)
        (fault,) = gallery.stale([chart], tmp_path)
        assert fault.startswith("README.md does not show TrafficLight as it is now.")
        assert gallery.write([chart], tmp_path) == [page]
        assert gallery.stale([chart], tmp_path) == []


def test_gallery_notices_a_picture_that_is_missing(tmp_path: Path) -> None:
    """A chart without a picture is reported, with the command that draws it."""
    (fault,) = gallery.stale([charts.traffic_light()], tmp_path)
    assert "has no picture" in fault
    assert "python -m diagrams" in fault


def test_gallery_leaves_alone_what_is_not_stale(tmp_path: Path) -> None:
    """Drawing again changes no file, unless it is asked for."""
    chart = charts.traffic_light()
    assert [p.name for p in gallery.write([chart], tmp_path)] == [
        "TrafficLight.svg",
        "TrafficLight.dot",
        "README.md",
    ]
    assert gallery.write([chart], tmp_path) == []
    assert len(gallery.write([chart], tmp_path, anew=True)) == 2


@pytest.mark.long
def test_gallery_command_draws_every_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m diagrams` writes the pictures of all machines and names them."""
    assert gallery.main(folder=tmp_path) == 0
    assert (tmp_path / "Pipeline.svg").exists()
    assert (tmp_path / "Rooms.svg").exists()
    assert str(tmp_path / "Execution.dot") in capsys.readouterr().out


@pytest.mark.parametrize("hiding", ["machines/__init__.py", "machines.py"])
def test_gallery_command_names_the_package_that_hides_ours(hiding: str, tmp_path: Path) -> None:
    """Where another package `machines` is found first, it is named, and nothing is drawn."""
    file = tmp_path / hiding
    file.parent.mkdir(exist_ok=True)
    file.touch()
    path = {**os.environ, "PYTHONPATH": str(gallery.MACHINES.parent)}
    line = [sys.executable, "-m", "diagrams"]

    done = subprocess.run(line, cwd=tmp_path, env=path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"python -m diagrams needs the 'machines' of this repository, which {file} hides."
        f" Rename that 'machines', or run the command in {gallery.MACHINES.parent}.\n"
    )
