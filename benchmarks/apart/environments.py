"""The environments of peers that are measured apart: made on demand, kept in ``build/peers``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import ContestantError, Missing
from benchmarks.timing import Effort

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = ROOT / "build" / "peers"
FRESH: Final = (sys.executable, "-m", "venv")
NEEDED: Final = "attrs==25.4.0"
"""The packages that the benchmarks themselves import in such an environment."""


@frozen
class Apart:
    """A peer that is measured in an environment of its own.

    Attributes:
        name: The name in the first column of a table.
        module: The module that binds its contestant to ``CONTESTANT``.
        requirement: The package and version to install.
    """

    name: str
    module: str
    requirement: str

    @property
    def folder(self) -> Path:
        """The folder of its environment; one for each Python and version."""
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        return PEERS / f"{self.requirement.replace('==', '-')}-{python}"

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    @property
    def is_made(self) -> bool:
        """Whether its environment is complete."""
        return (self.folder / "made").exists()


APART: Final = (
    Apart("harel (in memory)", "benchmarks.apart.harel_peer", "harel==0.9.0"),
    Apart("determa-state", "benchmarks.apart.determa_peer", "determa-state==0.2.0"),
)


STORED: Final = tuple(
    Apart(requirement.partition("==")[0], "benchmarks.apart.stored", requirement)
    for requirement in ("harel==0.9.0", "xstate-statemachine==0.11.0", "dbos==3.4.0")
)
"""Peers that keep what happens in a file of SQLite."""


def make(peer: Apart) -> Missing | None:
    """Make the environment of a peer through pip, unless it is there; say why it cannot be made."""
    if peer.is_made:
        return None
    pip = (str(peer.python), "-m", "pip", "--disable-pip-version-check", "--no-input")
    steps = (
        (*FRESH, "--clear", str(peer.folder)),
        (*pip, "install", "--quiet", peer.requirement, NEEDED),
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            told = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            return Missing(peer.name, f"{peer.requirement} cannot be installed: {told[-1]}")
    (peer.folder / "made").touch()
    return None


def measured(peer: Apart, effort: Effort) -> dict[str, Any] | Missing:
    """Return the numbers of a peer, or say why there are none.

    Raises:
        ContestantError: It fails the benchmark's checks.
    """
    return answer(peer, "benchmarks.apart", peer.module, str(effort.rounds), str(effort.batch_ns))


def answer(peer: Apart, *program: str) -> dict[str, Any] | Missing:
    """Run a module, given with its arguments, in the environment of a peer; return its answer.

    Raises:
        ContestantError: It does not come to its end.
    """
    missing = make(peer)
    if missing is not None:
        return missing
    line = (str(peer.python), "-m", *program)
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no reason given"]
        raise ContestantError(peer.name, "its process", "numbers", told[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
