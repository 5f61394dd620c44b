"""Peers: tools that draw charts, too, and what each of them is given and gives back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import Missing
from benchmarks.layout.scores import Sheet
from statecharts.drawing.model import Drawing
from statecharts.model.chart import Chart

NPM: Final = "PEERS"
"""The variable that names the folder in which npm has installed tools."""


@frozen
class Work:
    """A chart to draw, and our drawing of it."""

    chart: Chart
    drawing: Drawing
    sheet: Sheet


@frozen
class Answer:
    """A drawing of a tool.

    Attributes:
        sheet: The drawing.
        size: Bytes of its SVG; 0 where the tool makes none.
        seconds: CPU time that it took.
    """

    sheet: Sheet
    size: int = 0
    seconds: float = 0.0


@frozen
class Peer:
    """A tool that draws charts.

    Attributes:
        name: Its name.
        version: Returns its version, or what is missing.
        draw: Returns its drawings; None for the charts that it cannot draw.
        is_inline: Whether it puts labels on their own lines, which pass behind them.
    """

    name: str
    version: Callable[[], str | Missing]
    draw: Callable[[Sequence[Work]], list[Answer | None]]
    is_inline: bool = False


def npm_version(name: str, package: str) -> str | Missing:
    """Return the version of a tool that npm has installed, or what is missing."""
    folder = os.environ.get(NPM, "")
    found = Path(folder) / "node_modules" / package / "package.json"
    if not folder or not found.exists():
        return Missing(name, f"not installed: npm install {package} in a folder, and {NPM}=folder")
    if shutil.which("node") is None:
        return Missing(name, "node is not installed")
    return str(json.loads(found.read_text(encoding="utf-8"))["version"])


def run_node(script: str, asked: Iterable[object]) -> list[Any]:
    """Run a script of this folder on questions in JSON, and return its answers."""
    done = subprocess.run(  # noqa: S603 - the script is ours
        [shutil.which("node") or "node", str(Path(__file__).parent / script), os.environ[NPM]],
        input="\n".join(map(json.dumps, asked)),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
