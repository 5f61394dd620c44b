"""`statecharts import`: chart files as Python, and as other formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli.conftest import Package, Run, lines
from tests.test_cli.test_cli_files import DOOR, FLOWS

PREPARED = """\
<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="house" initial="room">
  <state id="room">
    <initial><transition target="dark"><raise event="entered"/></transition></initial>
    <state id="dark"><transition event="flip" target="lit"/></state>
    <state id="lit"><transition event="flip" target="dark"/></state>
  </state>
</scxml>
"""

STAFFED = """\
[agents.clerk]
model = "small-model"

[[workflows]]
name = "desk"
[workflows.metadata]
initial_state = "Open"
[workflows.states.Open]
agents = ["clerk"]
handlers = [{ event = "close", target = "Closed" }]
[workflows.states.Closed]
terminal = true
"""

GUARDED = """<scxml name="g"><state id="a"><transition event="go" cond="ready" target="b"/></state>
<state id="b"/></scxml>"""

GATE = """
from statemachine import State, StateMachine


class Gate(StateMachine):
    shut = State(initial=True)
    open = State(final=True)
    swing = shut.to(open)
"""


@pytest.fixture
def charts(package: Package) -> None:
    """The current directory holds chart files."""
    package(
        {
            "door.scxml": DOOR,
            "flows.toml": FLOWS,
            "house.scxml": PREPARED,
            "desk.toml": STAFFED,
            "guarded.scxml": GUARDED,
        }
    )


def test_help_names_the_formats_that_can_be_written(run: Run) -> None:
    """The help says what the command writes, and shows commands that can be copied."""
    result = run("import", "-h")

    assert result.exit_code == 0
    assert "Usage: statecharts import [OPTIONS] TARGET" in result.stdout
    assert "    statecharts import machine.json -o machine.scxml" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


@pytest.mark.usefixtures("charts")
def test_import_prints_a_declaration(run: Run) -> None:
    """Without `-o` the module is printed, and warnings stay out of it."""
    result = run("import", "door.scxml")

    assert result.exit_code == 0
    assert result.stdout.startswith('"""Door, from door.scxml."""\n')
    assert "    shut.to(open, on=Push)\n" in result.stdout
    assert "door: nothing reaches 'attic'." in result.stderr
    assert "    door.scxml:8" in lines(result.stderr)


@pytest.mark.usefixtures("charts")
def test_imported_chart_can_be_checked_as_a_module(run: Run, tmp_path: Path) -> None:
    """The command writes a module that the other commands take."""
    written = run("import", "door.scxml", "-o", "house/door.py")
    checked = run("check", "house.door")

    assert (written.exit_code, written.stdout) == (0, "house/door.py\n")
    assert (tmp_path / "house/door.py").read_bytes().count(b"\r") == 0
    assert checked.exit_code == 0
    assert lines(checked.stdout)[-1] == "1 chart, 0 faults, 1 warning"


@pytest.mark.usefixtures("charts")
def test_import_replaces_no_file_unless_told_to(run: Run, tmp_path: Path) -> None:
    """A file that is there stays as it is, until `--force` is given."""
    (tmp_path / "door.py").write_text("mine", encoding="utf-8")

    refused = run("import", "door.scxml", "-o", "door.py")
    assert refused.exit_code == 2
    assert lines(refused.stderr) == ["Error: 'door.py' exists. Pass --force to replace it."]
    assert (tmp_path / "door.py").read_text(encoding="utf-8") == "mine"

    assert run("import", "door.scxml", "-o", "door.py", "--force").exit_code == 0
    assert (tmp_path / "door.py").read_text(encoding="utf-8") != "mine"


@pytest.mark.usefixtures("charts")
def test_import_writes_all_charts_of_a_file(run: Run) -> None:
    """Several charts become one module, in the order of the file."""
    result = run("import", "flows.toml", "--set", "WORD=yes")

    assert result.exit_code == 0
    assert result.stdout.index("class Approval(") < result.stdout.index("class Review(")


@pytest.mark.usefixtures("charts")
def test_import_writes_the_charts_that_are_named(run: Run) -> None:
    """`--name` takes one chart out of a file."""
    result = run("import", "flows.toml", "--set", "WORD=yes", "--name", "review")

    assert "class Review(" in result.stdout
    assert "Approval" not in result.stdout


@pytest.mark.usefixtures("charts")
def test_import_of_an_unknown_name_is_told_with_the_nearest(run: Run) -> None:
    """A chart that the file does not hold is a mistake of the command line."""
    result = run("import", "flows.toml", "--set", "WORD=yes", "--name", "reviw")

    assert result.exit_code == 2
    assert "there is no chart 'reviw' in 'flows.toml'. Did you mean 'review'?" in result.stderr


@pytest.mark.usefixtures("charts")
def test_import_of_a_faulty_file_prints_its_faults(run: Run, package: Package) -> None:
    """All faults are printed, with file and line, and nothing is written."""
    package({"broken.scxml": DOOR.replace('target="shut"', 'target="shutt"')})

    result = run("import", "broken.scxml", "-o", "broken.py")

    assert result.exit_code == 1
    assert "    broken.scxml:6" in lines(result.stderr)
    assert not Path("broken.py").exists()


@pytest.mark.usefixtures("charts")
def test_import_of_what_is_no_chart_is_told(run: Run) -> None:
    """A file of another kind is no target."""
    result = run("import", "door.docx")

    assert result.exit_code == 2
    assert "there is no module 'door'" in result.stderr


def test_import_takes_classes(package: Package, run: Run, tmp_path: Path) -> None:
    """A class of python-statemachine, and a chart of a module, go out like those of files."""
    pytest.importorskip("statemachine")
    package({"gates.py": GATE})

    printed = run("import", "gates:Gate")
    assert printed.exit_code == 0
    assert "class Gate(Statechart[" in printed.stdout
    assert run("import", "gates:Gate", "-o", "gate.json").exit_code == 0
    machine = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    assert machine["states"]["shut"]["on"] == {"swing": "open"}


@pytest.mark.usefixtures("charts")
def test_import_writes_either_version_of_xstate(run: Run, tmp_path: Path) -> None:
    """Version 5 is the default; version 4 says ``cond``, and is read as version 4 again."""
    for version, key in (("4", "cond"), ("5", "guard")):
        out = f"desk{version}.json"
        assert run("import", "guarded.scxml", "-o", out, "--to-xstate", version).exit_code == 0
        machine = json.loads((tmp_path / out).read_text(encoding="utf-8"))
        assert machine["states"]["a"]["on"]["go"][key] == "ready"


@pytest.mark.usefixtures("charts")
def test_import_into_an_unknown_format_is_told(run: Run) -> None:
    """The extension of the output says the format, and has to be a known one."""
    result = run("import", "door.scxml", "-o", "door.docx")

    assert result.exit_code == 2
    assert lines(result.stderr) == [
        "Error: 'door.docx' has no known format. End it in .py, .scxml or .json."
    ]


@pytest.mark.usefixtures("charts")
def test_import_of_several_charts_into_one_document_is_told(run: Run) -> None:
    """SCXML and XState JSON hold one chart each."""
    result = run("import", "flows.toml", "--set", "WORD=yes", "-o", "flows.scxml")

    assert result.exit_code == 2
    assert lines(result.stderr) == [
        "Error: 'flows.scxml' takes one chart. Choose it with --name: approval, review."
    ]


@pytest.mark.usefixtures("charts")
def test_import_of_an_unwritable_file_is_told(run: Run, package: Package) -> None:
    """A file that cannot be written is an error, not a traceback."""
    package({"taken": ""})

    result = run("import", "door.scxml", "-o", "taken/door.py")

    assert result.exit_code == 1
    assert "Error:" in result.stderr


@pytest.mark.usefixtures("charts")
def test_import_turns_one_format_into_another(run: Run, tmp_path: Path) -> None:
    """With another extension the chart goes out by that door."""
    pytest.importorskip("statecharts.interop.xstate")

    result = run("import", "door.scxml", "-o", "door.json")

    assert result.exit_code == 0
    machine = json.loads((tmp_path / "door.json").read_text(encoding="utf-8"))
    assert list(machine["states"]) == ["shut", "open", "attic"]


@pytest.mark.usefixtures("charts")
def test_import_refuses_what_would_lose_meaning(run: Run) -> None:
    """A loss of meaning refuses the file, until it is allowed, and is told even then."""
    refused = run("import", "house.scxml")
    allowed = run("import", "house.scxml", "--allow", "SC673")

    loss = "  loss [SC673] house: 'raise entered' is done on entering 'room' by default."
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert lines(refused.stderr) == [
        loss,
        "    house.scxml:2",
        "Error: a part of house.scxml would be lost. Pass --allow SC673 to accept that.",
    ]
    assert allowed.exit_code == 0
    assert lines(allowed.stderr) == [loss, "    house.scxml:2"]
    assert "class House(" in allowed.stdout


@pytest.mark.usefixtures("charts")
def test_import_tells_what_becomes_a_comment_and_goes_on(run: Run) -> None:
    """Other content of a file is printed as a loss, and does not stop the command."""
    result = run("import", "desk.toml")

    assert result.exit_code == 0
    assert "  loss [SC675] desk: what the file adds to 'Open' becomes a comment" in result.stderr
    assert "    # The file adds agents: " in result.stdout


@pytest.mark.usefixtures("charts")
def test_import_takes_no_unknown_loss(run: Run) -> None:
    """`--allow` takes the codes of losses."""
    result = run("import", "house.scxml", "--allow", "SC121")

    assert result.exit_code == 2
    assert "SC121" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--force",), "--force is about a file. Add -o OUT."),
        (("--to-xstate", "4"), "--to-xstate is for a file in .json. Add -o OUT.json."),
    ],
)
def test_import_refuses_an_option_that_would_do_nothing(
    run: Run, options: tuple[str, ...], message: str
) -> None:
    """Options about a file are refused without a file."""
    result = run("import", "machines.pipeline:Pipeline", *options)
    assert (result.exit_code, result.stderr) == (2, f"Error: {message}\n")
