"""The core's tests on other Pythons: ``python -m tests.matrix [--ends] PATH …``.

Each CPython of at least 3.11 that is on PATH or kept by pyenv gets an environment of its own under
``build/matrix``, and runs the tests at the paths. With ``--ends``, the oldest and the newest do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
OLDEST: Final = (3, 11)
VERSION: Final = (
    "import sys; assert sys.implementation.name == 'cpython' and sys.version_info[3] == 'final'; "
    "print(*sys.version_info[:3])"
)

Version = tuple[int, ...]


def candidates() -> list[str]:
    """Return the programs that may be a Python that we support."""
    minors = range(OLDEST[1], OLDEST[1] + 20)
    named = [shutil.which(f"python3.{minor}") for minor in minors]
    kept = sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python"))
    return [sys.executable, *(name for name in named if name), *map(str, kept)]


def pythons() -> dict[Version, str]:
    """Return the newest Python of each minor version, by its version, the oldest first."""
    found: dict[Version, tuple[Version, str]] = {}
    for program in candidates():
        told = subprocess.run([program, "-c", VERSION], capture_output=True, text=True, check=False)
        version = tuple(map(int, told.stdout.split()))
        if version >= OLDEST and version > found.get(version[:2], ((),))[0]:
            found[version[:2]] = (version, program)
    return dict(sorted(found.values()))


def environment(version: Version, program: str) -> Path:
    """Return the Python of an environment with what the core's tests need."""
    folder = ROOT / "build" / "matrix" / ".".join(map(str, version))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "pyproject.sha256"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([program, "-m", "venv", folder], check=True)
        install = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
        subprocess.run([python, *install, "--editable", f"{ROOT}[matrix]"], check=True)
        stamp.write_text(wanted, encoding="ascii")
    return python


def main(arguments: list[str]) -> int:
    """Run the tests on each Python; return 1 if some failed anywhere."""
    ends = arguments[:1] == ["--ends"]
    found = list(pythons().items())
    failed = []
    for version, program in found[:: max(len(found) - 1, 1)] if ends else found:
        name = ".".join(map(str, version))
        print(f"\n--- Python {name} ({program})", flush=True)
        python = environment(version, program)
        run = (python, "-m", "pytest", "--numprocesses", "auto", "--dist", "worksteal", "--quiet")
        paths = arguments[1:] if ends else arguments
        if subprocess.run([*run, *paths], cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"\nfailed on {', '.join(failed)}" if failed else "\nall is well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
