"""Files: any chart file, opened by its extension."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from statecharts import DefinitionError
from statecharts.interop import files
from statecharts.interop.documents import DocumentError
from statecharts.model.chart import Chart, StateKind, StateNode

SWARM = Path(__file__).parent / "samples" / "swarm"

SCXML = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"><final id="a"/></scxml>'


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has doors made of wood: each notes that it was opened, and gives a chart of its name."""
    doors: list[str] = []

    def stub(name: str) -> Any:
        def load(path: object) -> Chart:
            doors.append(name.rpartition(".")[2])
            return Chart("chart", StateNode("", StateKind.COMPOUND, "chart", None), ())

        return SimpleNamespace(load=load)

    monkeypatch.setattr(files, "import_module", stub)
    return doors


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("a.scxml", "scxml"),
        ("a.xml", "scxml"),
        ("a.b.XML", "scxml"),
        ("a.yaml", "python_statemachine"),
        ("a.YML", "python_statemachine"),
    ],
)
def test_extensions_name_the_door(opened: list[str], name: str, door: str) -> None:
    """The last extension decides, whatever its case; the chart is found by its name."""
    assert list(files.load(name)) == ["chart"]
    assert opened == [door]


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ('{"states": {"a": {"initial": true}}}', "python_statemachine"),
        ('{"name": "m", "states": {"a": {}}}', "python_statemachine"),
        ('{"description": "d", "datamodel": {}, "states": {"a": {}}}', "python_statemachine"),
        ('{"states": {"a": {}, "b": {"transitions": []}}}', "python_statemachine"),
        ('{"states": {"a": {"states": {"b": {"enter": "x"}}}}}', "python_statemachine"),
        ('{"states": {"a": {"final": true}}}', "python_statemachine"),
        ('{"id": "m", "initial": "a", "states": {"a": {}}}', "xstate"),
        ('{"initial": "a", "states": {"a": {"initial": true}}}', "xstate"),
        ('{"states": {"a": {"on": {"go": "b"}}, "b": {"initial": true}}}', "xstate"),
        ('{"states": {"a": {"initial": "b", "states": {"b": {}}}}}', "xstate"),
        ('{"states": {"a": {"type": "final"}}}', "xstate"),
        ('{"type": "parallel", "states": {"a": {"transitions": []}}}', "xstate"),
        ('{"states": {"a": {"entry": "x", "exit": "y"}}}', "xstate"),
        ('{"states": {"a": {}}}', "xstate"),
        ('{"states": {"a": {"exit": "x"}}}', "xstate"),
        ('{"states": ["a"]}', "xstate"),
        ('{"states": {"a": 1, "b": null}}', "xstate"),
        ("{}", "xstate"),
        ("[]", "xstate"),
        ("1", "xstate"),
    ],
)
def test_json_files_show_what_they_are(
    opened: list[str], tmp_path: Path, text: str, door: str
) -> None:
    """The keys tell python-statemachine's files from XState's; what could be either is XState's."""
    path = tmp_path / "chart.json"
    path.write_text(text, encoding="utf-8")
    files.load(path)
    assert opened == [door]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "chart.docx",
            (
                "[SC606] chart.docx: no format has the extension '.docx'. "
                "Charts are read from .scxml, .xml, .yaml, .yml, .json, .toml."
            ),
        ),
        (
            "chart.tmol",
            (
                "[SC606] chart.tmol: no format has the extension '.tmol'. "
                "Did you mean .toml? Charts are read from .scxml, .xml, .yaml, .yml, .json, .toml."
            ),
        ),
        (
            "chart.svg",
            (
                "[SC606] chart.svg: it is a picture, not a chart. "
                "Charts are read from .scxml, .xml, .yaml, .yml, .json, .toml."
            ),
        ),
        (
            "chart",
            (
                "[SC606] chart: it has no extension. "
                "Charts are read from .scxml, .xml, .yaml, .yml, .json, .toml."
            ),
        ),
    ],
)
def test_other_extensions_are_told_with_those_that_are_known(name: str, message: str) -> None:
    """A file of no format is refused before it is read."""
    with pytest.raises(DocumentError) as caught:
        files.load(name)
    assert str(caught.value) == message


@pytest.mark.parametrize("extension", files.FORMATS)
def test_files_that_are_not_there_are_told(tmp_path: Path, extension: str) -> None:
    """A known extension without a file is an error that names the path."""
    with pytest.raises(DocumentError, match=rf"^\[SC601\] .*none\{extension}: the file cannot be"):
        files.load(tmp_path / f"none{extension}")


def test_json_files_that_are_not_json_are_told(tmp_path: Path) -> None:
    """A broken file is told before a door is chosen."""
    path = tmp_path / "chart.json"
    path.write_text('{"states": {', encoding="utf-8")
    with pytest.raises(DocumentError, match=r"^\[SC603\] .*chart.json:1: this is not JSON"):
        files.load(path)


def test_swarm_files_give_all_their_charts() -> None:
    """A file of workflows gives a chart for each; its variables may be passed along."""
    variables = dict.fromkeys(["VERSION", "WHO", "MODEL", "HOST", "NEXT", "NOTHING"], "Expert")
    assert list(files.load(SWARM / "support.toml", variables)) == ["ticket", "survey"]
    assert list(files.load(str(SWARM / "deployment.toml"))) == ["deployment"]
    with pytest.raises(DefinitionError, match="SC618"):
        files.load(SWARM / "support.toml")


def test_scxml_files_give_their_chart(tmp_path: Path) -> None:
    """The chart of an SCXML file is found by its own name."""
    path = tmp_path / "end.scxml"
    path.write_text(SCXML, encoding="utf-8")
    ((name, chart),) = files.load(path).items()
    assert name == chart.name
    assert [node.name for node in chart] == ["a"]


def test_doors_that_are_not_needed_stay_shut() -> None:
    """Opening a file imports its own door only, and none of what the others need."""
    program = (
        "import sys\n"
        "from statecharts.interop import files\n"
        "before = [name for name in sys.modules if name.startswith('statecharts.interop.')]\n"
        f"files.load({str(SWARM / 'deployment.toml')!r})\n"
        "print(sorted(name.split('.')[2] for name in before))\n"
        "print([name for name in ('yaml', 'statemachine', 'xml.etree.ElementTree')"
        " if name in sys.modules])\n"
        "print([name for name in ('scxml', 'xstate', 'python_statemachine')"
        " if f'statecharts.interop.{name}' in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == ["['documents', 'files', 'limits']", "[]", "[]"]
