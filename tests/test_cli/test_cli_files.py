"""Chart files as targets of `check`, `list`, `show` and `render`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli.conftest import Package, Run, lines

DOOR = """\
<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="door" initial="shut">
  <state id="shut">
    <transition event="push" target="open"/>
  </state>
  <state id="open">
    <transition event="push" target="shut"/>
  </state>
  <state id="attic"/>
</scxml>
"""

FLOWS = """\
[metadata]
name = "flows"

[[workflows]]
name = "approval"
[workflows.metadata]
initial_state = "Waiting"
[workflows.states.Waiting]
description = "Somebody has to say ${WORD}"
handlers = [{ event = "approve", target = "Done" }]
[workflows.states.Done]
terminal = true

[[workflows]]
name = "review"
[workflows.metadata]
initial_state = "Open"
[workflows.states.Open]
handlers = [{ event = "close", target = "Closed" }]
[workflows.states.Closed]
terminal = true
"""


@pytest.fixture
def charts(package: Package) -> None:
    """The current directory holds chart files in `charts`, and one beside it."""
    broken = DOOR.replace('target="shut"', 'target="shutt"')
    package(
        {
            "charts/door.scxml": DOOR,
            "charts/broken.scxml": broken,
            "charts/torn.scxml": DOOR[:90],
            "flows.toml": FLOWS,
            "charts/notes.txt": "no chart",
        }
    )


@pytest.mark.usefixtures("charts")
def test_check_of_a_file_shows_warnings_and_passes(run: Run) -> None:
    """An oddity in a file's chart is a warning, with the file and line."""
    result = run("check", "charts/door.scxml")

    assert result.exit_code == 0
    shown = lines(result.stdout)
    assert shown[0] == "door (charts/door.scxml)"
    assert shown[1].startswith("  warning [SC121]")
    assert "door: nothing reaches 'attic'." in shown[1]
    assert shown[2] == "    charts/door.scxml:8"
    assert shown[-1] == "1 chart, 0 faults, 1 warning"


@pytest.mark.usefixtures("charts")
def test_check_strict_counts_the_warnings_of_a_file(run: Run) -> None:
    """With `--strict` the warnings of a file are faults."""
    result = run("check", "charts/door.scxml", "--strict")

    assert result.exit_code == 1
    assert lines(result.stdout)[-1] == "1 chart, 1 fault, 0 warnings"


@pytest.mark.usefixtures("charts")
def test_check_of_a_faulty_file_prints_every_fault_with_its_line(run: Run) -> None:
    """The faults of a file are printed as those of a module are."""
    result = run("check", "charts/broken.scxml")

    assert result.exit_code == 1
    assert "'shutt', and there is no such state. Did you mean 'shut'?" in result.stdout
    assert "    charts/broken.scxml:6" in lines(result.stdout)


@pytest.mark.usefixtures("charts")
def test_check_of_a_file_that_is_no_chart_says_where_it_breaks_off(run: Run) -> None:
    """A file of which nothing can be made is an error, not a traceback."""
    result = run("check", "charts/torn.scxml")

    assert result.exit_code == 1
    assert "[SC603] charts/torn.scxml" in result.stdout
    assert lines(result.stdout)[-1] == "0 charts, 0 faults, 0 warnings, 1 file not imported"


@pytest.mark.usefixtures("charts")
@pytest.mark.parametrize("command", ["check", "list", "show", "import"])
def test_missing_file_is_told_with_the_nearest_one(run: Run, command: str) -> None:
    """A file that is not there is a mistake of the command line."""
    result = run(command, "charts/dor.scxml")

    assert result.exit_code == 2
    assert lines(result.stderr) == [
        "Error: there is no file 'charts/dor.scxml'. Did you mean 'charts/door.scxml'?"
    ]


@pytest.mark.usefixtures("charts")
def test_missing_file_with_no_name_near_is_told_with_what_there_is(run: Run) -> None:
    """If no name is near, the chart files of the folder are listed."""
    result = run("check", "charts/zzzzzzzzzz.json")

    assert result.exit_code == 2
    assert lines(result.stderr) == [
        (
            "Error: there is no file 'zzzzzzzzzz.json' in 'charts'. "
            "Its chart files: broken.scxml, door.scxml, torn.scxml."
        )
    ]


@pytest.mark.usefixtures("charts")
def test_missing_folder_is_told(run: Run) -> None:
    """A folder that is not there is told as such."""
    result = run("check", "chart/door.scxml")

    assert result.exit_code == 2
    assert (
        "there is no file 'chart/door.scxml': the folder 'chart' does not exist." in result.stderr
    )


def test_file_in_an_empty_folder_is_told(run: Run) -> None:
    """A folder without charts is told as such."""
    result = run("check", "door.scxml")

    assert result.exit_code == 2
    assert "there is no file 'door.scxml' in '.'. It has no chart files." in result.stderr


@pytest.mark.usefixtures("charts")
def test_file_of_no_known_format_is_told(run: Run) -> None:
    """A file of another kind is refused with the kinds that are known."""
    result = run("check", "charts/notes.txt")

    assert result.exit_code == 1
    assert "[SC606] charts/notes.txt" in result.stdout


@pytest.mark.usefixtures("charts")
def test_variables_of_a_file_are_set_on_the_command_line(run: Run) -> None:
    """`${NAME}` in a file has the value that `--set` gives; if it gives others, it is a fault."""
    missing = run("check", "flows.toml", "--set", "OTHER=no")
    given = run("show", "flows.toml", "--set", "WORD=yes")

    assert missing.exit_code == 1
    assert "[SC618]" in missing.stdout
    assert given.exit_code == 0
    assert lines(given.stdout)[0] == "approval"


@pytest.mark.usefixtures("charts")
def test_variable_without_a_value_is_a_mistake(run: Run) -> None:
    """`--set` takes a name and a value."""
    result = run("check", "flows.toml", "--set", "WORD")

    assert result.exit_code == 2
    assert "'WORD' is not NAME=VALUE." in result.stderr


def test_the_version_of_xstate_is_set_on_the_command_line(run: Run, package: Package) -> None:
    """In version 5 a transition of the machine itself needs a dot or an id; in 4 it does not."""
    machine = {"id": "m", "initial": "a", "on": {"E": "b"}, "states": {"a": {}, "b": {}}}
    package({"m.json": json.dumps(machine)})

    seen = run("check", "m.json")
    four = run("list", "m.json", "--xstate-version", "4")
    five = run("check", "m.json", "--xstate-version", "5")
    other = run("show", "m.json", "--xstate-version", "3")

    assert (seen.exit_code, four.exit_code) == (0, 0)
    assert five.exit_code == 1
    assert "[SC101]" in five.stdout
    assert "Did you mean '.b'?" in five.stdout
    assert other.exit_code == 2


@pytest.mark.usefixtures("charts")
def test_list_names_each_chart_of_a_file(run: Run) -> None:
    """Every chart of a file has a target of its own."""
    result = run("list", "flows.toml", "--set", "WORD=yes", "--json")

    targets = [chart["target"] for chart in json.loads(result.stdout)["charts"]]
    assert targets == ["flows.toml:approval", "flows.toml:review"]


@pytest.mark.usefixtures("charts")
def test_show_takes_one_chart_of_a_file(run: Run) -> None:
    """A chart of a file is named behind a colon."""
    result = run("show", "flows.toml:review", "--set", "WORD=yes")

    assert result.exit_code == 0
    assert lines(result.stdout)[0] == "review"
    assert "approval" not in result.stdout


@pytest.mark.usefixtures("charts")
def test_chart_that_a_file_does_not_hold_is_told_with_the_nearest(run: Run) -> None:
    """A name that is not in the file is a mistake of the command line."""
    result = run("show", "flows.toml:reviw", "--set", "WORD=yes")

    assert result.exit_code == 2
    assert "there is no chart 'reviw' in 'flows.toml'. Did you mean 'review'?" in result.stderr


@pytest.mark.usefixtures("charts")
def test_render_draws_the_charts_of_a_file(run: Run, tmp_path: Path) -> None:
    """A picture is named after the chart that the file holds."""
    result = run("render", "charts/door.scxml", "-o", "pictures", "-f", "mermaid")

    assert result.exit_code == 0
    assert lines(result.stdout) == ["pictures/door.mmd"]
    assert "push" in (tmp_path / "pictures/door.mmd").read_text(encoding="utf-8")


@pytest.mark.usefixtures("charts")
def test_module_comes_before_a_file_that_does_not_exist(run: Run, package: Package) -> None:
    """A name that ends like a chart file, and is no such file, may be a module."""
    package({"zoo/__init__.py": "", "zoo/json.py": "1 / 0\n"})

    result = run("check", "zoo.json")

    assert "zoo.json cannot be imported" in result.stdout
