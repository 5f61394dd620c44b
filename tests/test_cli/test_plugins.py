"""Commands of other packages: listed by name, imported when called, and told what they lack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest

from statecharts.cli import COMMANDS, main, plugins
from tests.test_cli.conftest import Package, Run

Offer = Callable[..., None]

GREET = '''
import click

@click.command()
@click.argument("name")
@click.option("--loudly", is_flag=True)
@click.pass_context
def greet(context, name, loudly):
    """Greet NAME."""
    click.echo(f"Hello {name}{'!' if loudly else '.'}")
    context.exit(7)
'''


class Distributed(Distribution):
    """A distribution that exists in words alone."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return (
            "Metadata-Version: 2.1\nName: greetings\nVersion: 1\n"
            "Requires-Dist: attrs\n"
            "Requires-Dist: voice_box>=2; extra == 'speech'\n"
        )

    def locate_file(self, path: Any) -> Any:
        return Path(path)


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Declares entry points, by name and value, in the place of those that are installed."""

    def declare(**values: str) -> None:
        found = []
        for name, value in values.items():
            entry = EntryPoint(name, value, plugins.GROUP)
            found.append(entry._for(Distributed()))  # type: ignore[attr-defined]
        monkeypatch.setattr(metadata, "entry_points", lambda group: found)

    return declare


def test_command_of_a_plugin_is_called_like_any_other(
    package: Package, run: Run, offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments, options, help and the exit status are those of the plugin's own command."""
    package({"greetings.py": GREET})
    monkeypatch.syspath_prepend(tmp_path)
    offer(greet="greetings:greet")

    called = run("greet", "Ada", "--loudly")
    told = run("greet", "-h")
    missing = run("greet")

    assert (called.exit_code, called.stdout) == (7, "Hello Ada!\n")
    assert "Usage: statecharts greet [OPTIONS] NAME" in told.stdout
    assert "Greet NAME." in told.stdout
    assert (missing.exit_code, "Missing argument 'NAME'." in missing.stderr) == (2, True)


def test_command_of_a_plugin_is_listed_without_being_imported(
    package: Package, run: Run, offer: Offer
) -> None:
    """Help names it, among the others, and does not import it."""
    package({"greetings.py": "raise RuntimeError"})
    offer(greet="greetings:greet")

    result = run("--help")

    names = [line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines()[1:]]
    assert result.exit_code == 0
    assert names.index("check") < names.index("greet") < names.index("list")
    assert "A command of greetings; see 'statecharts greet -h'." in result.stdout
    assert "greetings" not in sys.modules


@pytest.mark.usefixtures("zoo")
def test_commands_of_our_own_do_not_ask_for_plugins(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is here takes no notice of what is installed besides."""
    monkeypatch.setattr(metadata, "entry_points", lambda group: pytest.fail(group))

    assert run("list", "zoo").exit_code == 0


@pytest.mark.usefixtures("zoo")
def test_plugin_does_not_replace_a_command(run: Run, offer: Offer) -> None:
    """A plugin that takes the name of a command of ours is not called by it."""
    offer(list="nowhere:nothing")

    result = run("list", "zoo")

    assert (result.exit_code, "zoo.lamps:DeskLamp" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import voice_box.loud",
            (
                "'greet' needs voice_box, which is not installed."
                f" Install the extra 'speech': `{sys.executable} -m pip install 'voice_box>=2'`"
            ),
        ),
        (
            "import larynx",
            (
                "'greet' needs larynx, which is not installed."
                " Install it, or remove what provides greetings:greet."
            ),
        ),
        (
            "1 / 0",
            "'greet' cannot be loaded from greetings:greet: ZeroDivisionError: division by zero",
        ),
        (
            "",
            (
                "'greet' cannot be loaded from greetings:greet:"
                " AttributeError: module 'greetings' has no attribute 'greet'"
            ),
        ),
        (
            "greet = print",
            "'greet' is not a command: greetings:greet is a builtin_function_or_method.",
        ),
    ],
)
def test_plugin_that_cannot_be_loaded_says_why(
    source: str,
    message: str,
    package: Package,
    run: Run,
    offer: Offer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line says what is missing and what installs it; the status is 1."""
    package({"greetings.py": source})
    monkeypatch.syspath_prepend(tmp_path)
    offer(greet="greetings:greet")

    result = run("greet", "Ada")

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")


def test_misspelt_command_is_told_with_what_may_be_meant(run: Run, offer: Offer) -> None:
    """The nearest command is named, be it ours or a plugin's."""
    offer(greet="greetings:greet")

    assert "Error: No such command 'gret'. Did you mean 'greet'?" in run("gret").stderr
    assert "Error: No such command 'rendr'. Did you mean 'render'?" in run("rendr").stderr
    assert "Error: No such command 'zebra'." in run("zebra").stderr


def test_investigate_is_installed_as_a_plugin() -> None:
    """The distribution declares `investigate`, and what is declared is a command."""
    entry = plugins._plugins()["investigate"]

    assert entry.value == "machines.investigator.command:investigate"
    assert isinstance(entry.load(), click.Command)


@pytest.mark.long
def test_investigate_names_the_package_that_it_lacks(tmp_path: Path) -> None:
    """Without sqlglot, `investigate` says what to install, and nothing is begun."""
    code = (
        "import sys; sys.modules['sqlglot'] = None; "
        "from statecharts.cli import main; main(sys.argv[1:], prog_name='statecharts')"
    )

    line = [sys.executable, "-c", code, "investigate", "--db", "shop.sqlite", "--question", "why?"]

    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: 'investigate' needs sqlglot, which is not installed."
        f" Install the extra 'investigate': `{sys.executable} -m pip install 'sqlglot>=27'`\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("hiding", ["machines/__init__.py", "machines.py"])
def test_investigate_names_the_package_that_hides_ours(hiding: str, tmp_path: Path) -> None:
    """If the user has a package `machines`, the error names its path and the remedy."""
    file = tmp_path / hiding
    file.parent.mkdir(exist_ok=True)
    file.touch()
    line = [sys.executable, "-m", "statecharts", "investigate", "--help"]
    path = {**os.environ, "PYTHONPATH": str(Path(plugins.__file__).parents[2])}

    done = subprocess.run(line, cwd=tmp_path, env=path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: 'investigate' needs 'machines.investigator' of statecharts, which {file} hides."
        " Rename that 'machines', or run the command where Python does not find it.\n"
    )


@pytest.mark.parametrize("name", list(COMMANDS))
def test_line_of_help_is_that_of_the_command_itself(name: str) -> None:
    """Help lists a command, without importing it, by the first line of its own help."""
    told = main.commands[name]
    assert isinstance(told, plugins.Deferred)
    command = told.load()

    assert command.name == name
    assert command.get_short_help_str(limit=200) == told.get_short_help_str(limit=200)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("line", "spared"),
    [
        ("--help", ("attrs", "rich", "statecharts.model", "machines")),
        ("investigate --help", ("attrs", "rich", "machines.investigation", "sqlglot", "asyncio")),
    ],
)
def test_help_imports_nothing_that_it_does_not_show(line: str, spared: tuple[str, ...]) -> None:
    """Help is quick: it loads no charts, no tables, and nothing that runs an investigation."""
    code = (
        "import sys\nfrom statecharts.cli import main\n"
        f"try: main({line.split()!r}, prog_name='statecharts')\n"
        f"except SystemExit: print([name for name in {spared!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_charts_of_machines_are_declared_when_they_are_asked_for() -> None:
    """Importing the package declares no chart; each of its names brings its own."""
    code = (
        "import sys, machines\n"
        "print('machines.pipeline' in sys.modules)\n"
        "print(machines.Pipeline.__name__, 'machines.execution' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "Pipeline", "False"]
