"""The package: built from the files under version control, installed beside PyPI's `diagrams`.

It downloads from the package index, so that only CI runs it, by `make package`.

It uses the Python that runs it, and the newest other CPython of at least 3.11 that it finds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, final

import pytest
from attrs import frozen

from tests import matrix

ROOT: Final = Path(__file__).parent.parent
SHIPPED: Final = {"statecharts", "machines"}
REPOSITORY: Final = {"tests", "examples", "benchmarks", "diagrams"}
OTHERS: Final = "diagrams"
"""The package of the index that has the name of our generator."""


def run(*line: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Return what a command prints, both streams; it must succeed."""
    done = finished(*line, cwd=cwd, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def finished(
    *line: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, where no setting of the caller's reaches it."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "COLUMNS"}
    }
    return subprocess.run(
        line,
        cwd=cwd,
        env={**clean, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **(env or {})},
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )


def pythons() -> list[Path]:
    """Return the Python that runs, and the newest other CPython of at least 3.11 that is found."""
    running = sys.version_info[:2]
    others = [path for version, path in matrix.pythons().items() if version[:2] != running]
    return [Path(sys.executable), *map(Path, others[-1:])]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files under version control, and no others."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("only a clone knows what is under version control")
    folder = tmp_path_factory.mktemp("clone")
    for name in run(git, "ls-files", "-z", cwd=ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)
    return folder


@pytest.fixture(scope="session")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    builder = folder / "builder"
    run(sys.executable, "-m", "venv", builder, cwd=folder)
    python = executable(builder)
    run(python, "-m", "pip", "install", "--quiet", "hatchling>=1.27", cwd=folder)
    run(python, "-m", "hatchling", "build", "-d", folder / "dist", cwd=clone)
    return folder / "dist"


def executable(environment: Path, name: str = "python") -> Path:
    """Return the path of a program in a virtual environment."""
    folder = environment / ("Scripts" if os.name == "nt" else "bin")
    return folder / (f"{name}.exe" if os.name == "nt" else name)


def names_in(wheel: Path) -> set[str]:
    """Return the names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename for info in archive.infolist()}


def test_wheel_has_two_packages(built: Path) -> None:
    """It brings `statecharts`, `machines` and their metadata; what is for the repository stays."""
    (wheel,) = built.glob("*.whl")
    names = names_in(wheel)
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == SHIPPED
    assert {f"{package}/py.typed" for package in SHIPPED} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not REPOSITORY & {part for name in names for part in name.split("/")}


def test_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    """It holds all that a wheel is built from, and that the tests need."""
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", *SHIPPED, *REPOSITORY} <= tops
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, source, cwd=tmp_path)
    (again,) = tmp_path.glob("*.whl")
    assert names_in(again) == names_in(wheel)


@final
@frozen
class Installed:
    """An environment with the wheel and `diagrams` in it, and an empty folder to work in.

    Attributes:
        environment: The folder of the virtual environment.
        folder: Where commands run.
    """

    environment: Path
    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return executable(self.environment)

    def statecharts(self, *arguments: str, **env: str) -> str:
        """Run the command line, with nothing else on PATH, and return what it prints."""
        return run(
            executable(self.environment, "statecharts"),
            *arguments,
            cwd=self.folder,
            env={"PATH": str(self.python.parent), **env},
        )

    def says(self, code: str) -> str:
        """Run a script, with nothing else on PATH, and return what it prints."""
        return run(
            self.python, "-c", code, cwd=self.folder, env={"PATH": str(self.python.parent)}
        ).strip()

    def fails(self, *line: str, **env: str) -> str:
        """Run a Python that must fail, and return what it says."""
        env = {"PATH": str(self.python.parent), **env}
        done = finished(self.python, *line, cwd=self.folder, env=env)
        assert done.returncode != 0, done.stdout
        return done.stderr


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of an installation with every Python that is found."""
    if "installed" in metafunc.fixturenames:
        found = pythons()
        ids = [str(path.resolve().parts[-3]) for path in found]
        metafunc.parametrize("installed", found, indirect=True, ids=ids, scope="session")


@pytest.fixture(scope="session")
def installed(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """The wheel in an environment of its own, beside `diagrams`."""
    home = tmp_path_factory.mktemp("installed")
    (wheel,) = built.glob("*.whl")
    run(request.param, "-m", "venv", home / "venv", cwd=home)
    folder = home / "work"
    folder.mkdir()
    installed = Installed(home / "venv", folder)
    pip = (installed.python, "-m", "pip")
    run(*pip, "install", "--quiet", "--no-compile", wheel, OTHERS, cwd=home)
    run(*pip, "uninstall", "--quiet", "--yes", "pyyaml", cwd=home)  # which `diagrams` brought along
    yield installed
    shutil.rmtree(home)


def test_diagrams_is_the_one_of_the_index(installed: Installed) -> None:
    """Our generator is not installed, so that the other package keeps its name."""
    code = (
        "import diagrams, importlib.metadata as m; "
        "print(hasattr(diagrams, 'Diagram'), m.packages_distributions()['diagrams'])"
    )
    assert installed.says(code) == "True ['diagrams']"


def test_extras_are_not_installed(installed: Installed) -> None:
    """A plain installation takes what it needs, and no more."""
    code = (
        "from importlib.util import find_spec; "
        "print([n for n in ('sqlglot', 'vl_convert', 'yaml', 'tests', 'examples', 'benchmarks') "
        "if find_spec(n)])"
    )
    assert installed.says(code) == "[]"


def test_command_line_checks_shows_and_draws(installed: Installed) -> None:
    """Without Graphviz on the machine, the engine that was installed with us draws."""
    assert shutil.which("dot", path=str(installed.python.parent)) is None
    assert "0 faults" in installed.statecharts("check", "machines.pipeline")
    assert "backlog" in installed.statecharts("show", "machines.pipeline")
    installed.statecharts("render", "machines.pipeline", "-o", "pictures", "-f", "svg")
    (picture,) = installed.folder.glob("pictures/*.svg")
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert ">backlog<" in drawn


def test_chart_runs(installed: Installed) -> None:
    """The front door is all that a run needs."""
    code = (
        "from datetime import UTC, datetime\n"
        "from machines.pipeline import DepsMet, Pipeline\n"
        "from statecharts import start, step\n"
        "at = datetime(2026, 1, 1, tzinfo=UTC)\n"
        "first = start(Pipeline, at=at)\n"
        "print(*step(Pipeline, first.snapshot, DepsMet(), at=at).snapshot.configuration)\n"
    )
    assert installed.says(code) == "active active.coding"


def test_charts_of_python_statemachine_are_read_and_written(installed: Installed) -> None:
    """Its classes become charts, and charts its classes; its YAML is an extra, its JSON is not."""
    code = (
        "from statemachine import State, StateChart\n"
        "from statecharts import Machine, NamedEvent\n"
        "from statecharts.interop.python_statemachine import from_class, loads, to_class\n"
        "class Lamp(StateChart):\n"
        "    dark = State(initial=True)\n"
        "    lit = State()\n"
        "    flip = dark.to(lit) | lit.to(dark)\n"
        "chart = from_class(Lamp)\n"
        "print(*Machine(chart).send(NamedEvent('flip')).snapshot.configuration)\n"
        "print(to_class(chart).__name__)\n"
        'print(loads(\'{"name": "Door", "states": {"shut": {}}}\', "json").name)\n'
    )
    assert installed.says(code).split() == ["lit", "Lamp", "Door"]


def test_what_is_missing_is_told_with_a_command_that_works(installed: Installed) -> None:
    """PNG and YAML say what installs them; what is said for YAML is done, and YAML is read."""
    pip = f"{installed.python} -m pip install"
    png = (
        "from machines.pipeline import Pipeline; import statecharts as s; s.render(Pipeline,'png')"
    )
    said = f"Use format='svg', or install the extra 'pictures': `{pip} 'vl-convert-python>=1.7'`."
    assert said in installed.fails("-c", png)

    (installed.folder / "lamp.yaml").write_text("states: {dark: {}}\n")
    told = installed.fails("-m", "statecharts", "show", "lamp.yaml")
    assert f"Install the extra 'yaml': `{pip} 'pyyaml>=6.0'`." in told
    run(*[word.strip("'") for word in told.split("`")[1].split()], cwd=installed.folder)
    assert "dark" in installed.statecharts("show", "lamp.yaml")


def test_investigate_is_a_command(installed: Installed) -> None:
    """Its help is shown without its extra, which it asks for before it begins."""
    assert "--question" in installed.statecharts("investigate", "--help")
    (installed.folder / "shop.sqlite").touch()
    told = installed.fails(
        *("-m", "statecharts", "investigate", "--db", "shop.sqlite", "--question", "why?")
    )
    assert (
        f"Install the extra 'investigate': `{installed.python} -m pip install 'sqlglot>=27'`"
        in told
    )


def test_machines_of_the_users_own_hide_ours(installed: Installed) -> None:
    """Another package `machines` is named, with what to do about it."""
    hiding = installed.folder / "elsewhere" / "machines" / "__init__.py"
    hiding.parent.mkdir(parents=True)
    hiding.touch()
    told = installed.fails(
        *("-m", "statecharts", "investigate", "--help"), PYTHONPATH=str(hiding.parents[1])
    )
    assert f"of statecharts, which {hiding} hides. Rename that 'machines'" in told
