"""Types: what the checkers accept, and every mistake that they find where it stands."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent
SAMPLES = HERE / "typing"
ACCEPTED = sorted((SAMPLES / "accepted").glob("*.py"))
REJECTED = sorted((SAMPLES / "rejected").glob("*.py"))

MARK = re.compile(r"  # mistake: \S")
TOLD = re.compile(r"(?P<file>.+?):(?P<line>\d+): error: ")

Places = frozenset[tuple[str, int]]
"""Lines of the samples, each as file and line."""


def places(lines: Iterable[tuple[str | Path, int]]) -> Places:
    """Return lines as they are compared: the file by its path inside the samples."""
    found = (((ROOT / file).resolve(), line) for file, line in lines)
    return frozenset(
        (str(file.relative_to(SAMPLES) if file.is_relative_to(SAMPLES) else file), line)
        for file, line in found
    )


def marked() -> Places:
    """Return the lines of the samples that bear a planted mistake."""
    return places(
        (file, number)
        for file in (*ACCEPTED, *REJECTED)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if MARK.search(line)
    )


def run(*command: str | Path) -> str:
    """Run a Python module offline, and return what it prints."""
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode in (0, 1), f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def mypy_lines() -> list[str]:
    """What mypy prints of the samples."""
    # What other modules say of packages without types is not about the samples.
    options = [
        "--strict",
        "--config-file=",
        "--follow-imports=silent",
        f"--cache-dir={os.devnull}",
    ]
    return run("mypy", *options, *ACCEPTED, *REJECTED).splitlines()


@pytest.fixture(scope="module")
def pyright_places() -> Places:
    """The lines that pyright reports."""
    options = ["--outputjson", "--pythonpath", sys.executable]
    printed = run("pyright", "--project", SAMPLES / "pyrightconfig.json", *options)
    found: list[dict[str, Any]] = json.loads(printed)["generalDiagnostics"]
    return places((one["file"], one["range"]["start"]["line"] + 1) for one in found)


@pytest.mark.long
def test_mypy_answers_a_wrong_target_in_one_line(mypy_lines: list[str]) -> None:
    """The answer to a wrong target is one sentence, which says what a target is."""
    wrong = SAMPLES / "rejected" / "wiring.py"
    number = next(
        number
        for number, line in enumerate(wrong.read_text("utf-8").splitlines(), 1)
        if line.endswith("# mistake: data for a target")
    )
    answer = [line for line in mypy_lines if f"wiring.py:{number}:" in line]
    assert len(answer) == 1
    assert len(answer[0]) < 300


def test_samples_have_mistakes_to_find() -> None:
    """There are planted mistakes in every rejected sample, and in no accepted one."""
    files = {file for file, _ in marked()}
    assert files == {f"rejected/{file.name}" for file in REJECTED} - {"rejected/__init__.py"}


@pytest.mark.long
def test_mypy_finds_each_planted_mistake_and_no_other(mypy_lines: list[str]) -> None:
    """As strict as it can be, mypy reports exactly the lines that are marked."""
    told = [found for line in mypy_lines if (found := TOLD.match(line))]
    assert places((one["file"], int(one["line"])) for one in told) == marked()


@pytest.mark.long
def test_pyright_finds_each_planted_mistake_and_no_other(pyright_places: Places) -> None:
    """As strict as it can be, pyright reports exactly the lines that are marked."""
    assert pyright_places == marked()


@pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file.stem)
def test_accepted_sample_can_be_built(file: Path) -> None:
    """What the checkers accept is a chart that can be built as well."""
    module = importlib.import_module(f"tests.typing.accepted.{file.stem}")
    assert module.__doc__
