"""Others' test documents: fetched once into ``build/test-data``, never committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "build" / "test-data"
SCION = "2.0.16"


def w3c_documents() -> Path:
    """Return the folder of the W3C's SCXML tests that python-statemachine's sources carry."""
    release = version("python-statemachine")
    home = DATA / f"python_statemachine-{release}"
    if not home.is_dir():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        options = ["--no-deps", "--no-binary", "python-statemachine", "--dest", "."]
        _fetch([*pip, "download", *options, f"python-statemachine=={release}"])
        _unpack(f"python_statemachine-{release}.tar.gz", DATA)
    return home / "tests" / "scxml" / "w3c"


def scion_documents() -> Path:
    """Return the folder of SCION's SCXML tests, with their scripts of events."""
    home = DATA / f"scion-test-framework-{SCION}"
    if not home.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("there is no npm to fetch @scion-scxml/test-framework with")
        _fetch([npm, "pack", "--silent", f"@scion-scxml/test-framework@{SCION}"])
        _unpack(f"scion-scxml-test-framework-{SCION}.tgz", home)
    return home / "package" / "test"


def _fetch(command: list[str]) -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(command, cwd=DATA, check=True, capture_output=True, text=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        pytest.skip(f"the documents cannot be fetched: {said[-1] if said else error}")


def _unpack(archive: str, home: Path) -> None:
    found = DATA / archive
    if not found.is_file():
        pytest.skip(f"the documents cannot be fetched: no {archive} came")
    with tarfile.open(found) as tar:
        tar.extractall(home, filter="data")
