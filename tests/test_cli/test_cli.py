"""The command line as a whole: help, version, exit status, and being light."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.test_cli.conftest import Run

HELP = """\
Usage: statecharts [OPTIONS] COMMAND [ARGS]...

  Check, list, show, draw and run statecharts of your Python code or of files.

  Every command on charts takes a TARGET, which is one of:

    machines                      a package: the charts of all its modules
    machines.pipeline             a module: the charts declared in it
    machines.pipeline:Pipeline    one chart, by its name in the module; a class
                                  of python-statemachine counts as one
    shop/orders.py                a module, by its file; shop/orders.py:Order
                                  is one chart of it
    charts/door.scxml             a file: SCXML, YAML, XState JSON, Swarm TOML
    workflows.toml:approval       one chart of a file with several

  Modules are imported, also from the current directory, as with 'python -m'.
  Other files are only read: no code in them is run.

  Examples:
    statecharts check machines
    statecharts show machines.pipeline:Pipeline
    statecharts render machines -o gallery --format svg
    statecharts import door.scxml -o door.py
    statecharts simulate machines.pipeline:Pipeline < events.jsonl
    statecharts investigate --db shop.sqlite --question "why did orders drop?"

  Exit status: 0 all is well, 1 faults were found, 2 the command line is wrong.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  check        Look for faults in the charts of TARGET.
  import       Write the charts of TARGET as declarations in Python.
  investigate  A command of machines; see 'statecharts investigate -h'.
  list         List the charts of TARGET.
  plan         A command of machines; see 'statecharts plan -h'.
  render       Draw the charts of TARGET into files.
  runs         See and move the runs of a store.
  schema       Print the JSON Schema of the events and snapshots of TARGET.
  show         Show the charts of TARGET as trees, with their transitions.
  simulate     Send events to the chart of TARGET, and print every step.
  watch        Show the charts of TARGET on a page, drawn anew on saving.
"""


def statecharts(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", "statecharts.cli", *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_help_tells_a_newcomer_what_to_type(run: Run) -> None:
    """The help says what a target is, and shows commands that can be copied."""
    result = run("--help")

    assert result.exit_code == 0
    assert result.stdout == HELP


@pytest.mark.parametrize("command", ["check", "list", "show", "render"])
def test_help_of_each_command_has_an_example(run: Run, command: str) -> None:
    """Each command explains itself and ends its explanation with an example."""
    result = run(command, "-h")

    assert result.exit_code == 0
    assert f"Usage: statecharts {command} [OPTIONS] TARGET" in result.stdout
    assert f"    statecharts {command} machines" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_version_is_that_of_the_distribution(run: Run) -> None:
    """`--version` prints the name and the version, and nothing else."""
    result = run("--version")

    assert (result.exit_code, result.stdout) == (0, f"statecharts {version('statecharts')}\n")


def test_command_line_without_target_is_a_usage_error(run: Run) -> None:
    """A missing target ends with exit status 2 and names what is missing."""
    result = run("check")

    assert result.exit_code == 2
    assert "Error: Missing argument 'TARGET'." in result.stderr


@pytest.mark.usefixtures("zoo")
def test_process_imports_from_its_current_directory(tmp_path: Path) -> None:
    """The current directory can be imported from, and a pipe gets plain text of any width."""
    done = statecharts("list", "zoo", cwd=tmp_path, COLUMNS="20")

    assert (done.returncode, done.stderr) == (0, "")
    assert "A lamp [on a desk]." in done.stdout
    assert "zoo.lamps:DeskLamp" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(("no_color", "escapes"), [("", True), ("1", False)])
def test_colours_can_be_refused(tmp_path: Path, no_color: str, escapes: bool) -> None:
    """With `NO_COLOR` not one escape code is written, even where colours are forced."""
    environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "NO_COLOR": no_color}
    done = statecharts("show", "zoo.lamps:torch", cwd=tmp_path, **environment)

    assert done.returncode == 0
    assert ("\x1b" in done.stdout) is escapes


@pytest.mark.usefixtures("zoo")
def test_pipe_that_cannot_spell_an_arrow_is_no_reason_to_fail(tmp_path: Path) -> None:
    """An output that knows ASCII alone gets question marks, not a traceback."""
    done = statecharts("show", "zoo.lamps:torch", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Flip(room) / count; notify ? on" in done.stdout


def test_import_of_the_library_leaves_the_command_line_alone(tmp_path: Path) -> None:
    """`import statecharts` imports neither the command line nor what it is made with."""
    heavy = "{'statecharts.cli', 'click', 'rich', 'statecharts.drawing', 'graphviz'}"
    code = f"import sys, statecharts; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_help_does_not_wait_for_what_draws(tmp_path: Path) -> None:
    """Asking for help imports nothing that draws."""
    code = (
        "import sys; from statecharts.cli import main; "
        "main(['--help'], standalone_mode=False); "
        "print(sorted({'statecharts.drawing', 'graphviz', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.endswith("\n[]\n")
